/**
 * How many messages go to the firmware and come back in a second of the host: of 1 byte and of 496, on one endpoint and on eight?
 *
 * The whole machine takes part: images/imx8mp_echo8.elf on the M7, the MU, rings and buffers in DDR, the modelled Linux with all its events. On one
 * endpoint each message waits for the echo of the one before; on eight, eight tasks do so at the same time.
 *
 *   node bench/echo.mjs [--rounds 5] [--messages 20000] [--engine jit]      one JSON line: round trips per second
 */
import { parseArgs } from 'node:util';
import { CHANNELS, EchoMachine } from './echo-machine.mjs';
import { engines } from './in-process.mjs';
import { clock, spread, whenRunAlone } from './measure.mjs';

/** Bytes of the largest message: a buffer of 512 less its header. */
const LARGEST = 496;
/** What is asked, by the words of the tables. */
const QUESTIONS = {
  '1 byte, one endpoint': { length: 1, endpoints: 1 },
  '496 bytes, one endpoint': { length: LARGEST, endpoints: 1 },
  '1 byte, eight endpoints': { length: 1, endpoints: CHANNELS },
  '496 bytes, eight endpoints': { length: LARGEST, endpoints: CHANNELS },
};
/** Round trips of a run of the translating engine; of a slower one, and of a quick run, a quarter. */
const MESSAGES = 40_000;
const SHARE = 0.25;
/** Round trips before the clock is looked at: what is hot is translated then, and V8 has optimised the models. */
const WARM_UP = 8000;

/** Messages that differ from those before and after them in the first bytes. */
function messages(length) {
  const bytes = new Uint8Array(length).map((_, i) => 31 * i);
  return (i) => {
    const message = bytes.slice();
    for (let byte = 0; byte < Math.min(length, 4); byte++) message[byte] = i >>> (8 * byte);
    return message;
  };
}

/** Round trips per second of wall and CPU time, and cycles of the M7 and of virtual time for each. */
function run(engine, { length, endpoints }, count) {
  const echo = new EchoMachine(engines[engine]);
  const { machine } = echo;
  try {
    echo.online();
    echo.exchange(endpoints, WARM_UP / endpoints, messages(length));
    const { core, scheduler } = machine;
    const before = { echoes: echo.echoes, instructions: core.instructions, skipped: core.skipped, cycle: scheduler.now, clock: clock() };
    echo.exchange(endpoints, count / endpoints, messages(length));
    const { wall, cpu } = clock(before.clock);
    const done = echo.echoes - before.echoes;
    if (done !== count || echo.failures.length > 0) throw new Error(`${done} echoes of ${count}; ${echo.failures.slice(0, 3).join(', ')}`);
    return {
      perSecond: done / wall,
      perCpuSecond: done / cpu,
      instructions: (core.instructions - before.instructions - (core.skipped - before.skipped)) / done,
      virtualMicroseconds: ((scheduler.now - before.cycle) / scheduler.hz / done) * 1e6,
    };
  } finally {
    machine.dispose();
  }
}

/** `{ question: { engine: { runs, perSecond, perCpuSecond, instructions, virtualMicroseconds } } }`. */
export function echoes({ rounds = 5, quick = false, count = quick ? MESSAGES * SHARE : MESSAGES, names = Object.keys(engines) } = {}) {
  return Object.fromEntries(
    Object.entries(QUESTIONS).map(([question, asked]) => {
      const runs = Object.fromEntries(names.map((engine) => [engine, []]));
      for (let round = 0; round < rounds; round++)
        for (const engine of names) runs[engine].push(run(engine, asked, engine === 'jit' ? count : count * SHARE));
      const figures = (list) => ({
        runs: list.length,
        perSecond: spread(list.map(({ perSecond }) => perSecond)),
        perCpuSecond: spread(list.map(({ perCpuSecond }) => perCpuSecond)),
        instructions: list[0].instructions,
        virtualMicroseconds: list[0].virtualMicroseconds,
      });
      return [question, Object.fromEntries(Object.entries(runs).map(([engine, list]) => [engine, figures(list)]))];
    }),
  );
}

await whenRunAlone(import.meta.url, () => {
  const { values } = parseArgs({ options: { rounds: { type: 'string' }, messages: { type: 'string' }, engine: { type: 'string' } } });
  const { rounds, messages: count, engine } = values;
  return {
    question: 'echo',
    roundTrips: echoes({
      ...(rounds ? { rounds: Number(rounds) } : {}),
      ...(count ? { count: Number(count) } : {}),
      ...(engine ? { names: [engine] } : {}),
    }),
  };
});
