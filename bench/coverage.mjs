/**
 * What does coverage cost: how much longer does a run take when every instruction and branch is counted?
 *
 * Each pair is a plain run and a counted one, in turns, each in a Node process of its own, so that neither is given the other's compiled code. Two
 * programs that only compute, and one that only exchanges messages with Linux. The report is made once, at the end, and timed apart.
 *
 *   node bench/coverage.mjs [--rounds 5] [--engine jit] [--quick]      one JSON line: counted time / plain time
 */
import { parseArgs } from 'node:util';
import { clock, geometricMean, mustEndWith, program, spread, timed, whenRunAlone } from './measure.mjs';

const SCRIPT = import.meta.filename;
const SAMPLE = '--sample';

/** `repeat`: for a second or so; the echo exchanges messages of 16 bytes on eight endpoints. */
const SUBJECTS = {
  blend: { title: 'lists, matrices, a scanner, CRC-16', repeat: 24 },
  state: { title: 'state machines of a framed protocol', repeat: 40 },
  echo: { title: 'messages to the firmware and back', messages: 24_000 },
};
/** Messages before the clock is looked at. */
const WARM_UP = 4000;

/** One run; seconds of wall and CPU time. */
async function run({ subject, engine, counted, part }) {
  const { repeat, messages } = SUBJECTS[subject];
  if (messages === undefined) {
    const { runInProcess } = await import('./in-process.mjs');
    const { wall, cpu } = await runInProcess(engine, program(subject), { repeat: Math.ceil(repeat * part), counted });
    return { wall, cpu };
  }
  const { CHANNELS, EchoMachine } = await import('./echo-machine.mjs');
  const { engines } = await import('./in-process.mjs');
  const echo = new EchoMachine(engines[engine]);
  if (counted) echo.machine.core.count(true);
  const message = (i) => new Uint8Array(16).fill(i);
  try {
    echo.online();
    echo.exchange(CHANNELS, WARM_UP / CHANNELS, message);
    const before = clock();
    echo.exchange(CHANNELS, Math.ceil((messages * part) / CHANNELS), message);
    return clock(before);
  } finally {
    echo.machine.dispose();
  }
}

function sample(what) {
  return JSON.parse(mustEndWith(timed(process.execPath, [SCRIPT, SAMPLE, JSON.stringify(what)])).stdout);
}

/** Ratios of each subject, round by round: what disturbs one run of a pair disturbs both. */
export function coverage({ rounds = 5, engine = 'jit', quick = false } = {}) {
  const part = quick ? 0.25 : 1;
  const results = {};
  for (const [subject, { title }] of Object.entries(SUBJECTS)) {
    const pairs = Array.from({ length: rounds }, (_, round) => {
      // The one that comes first changes, for a machine that gets warmer or busier.
      const order = round % 2 === 0 ? [false, true] : [true, false];
      const runs = order.map((counted) => sample({ subject, engine, counted, part }));
      const [plain, counted] = round % 2 === 0 ? runs : runs.reverse();
      return { plain, counted };
    });
    const ratio = (unit) => spread(pairs.map(({ plain, counted }) => counted[unit] / plain[unit]));
    results[subject] = { title, wall: ratio('wall'), cpu: ratio('cpu'), seconds: spread(pairs.map(({ plain }) => plain.wall)) };
  }
  const mean = geometricMean(Object.values(results).map(({ cpu }) => cpu.median));
  return { engine, subjects: results, overhead: mean - 1 };
}

if (process.argv[2] === SAMPLE) console.log(JSON.stringify(await run(JSON.parse(process.argv[3]))));
else {
  await whenRunAlone(import.meta.url, () => {
    const { values } = parseArgs({ options: { rounds: { type: 'string' }, engine: { type: 'string' }, quick: { type: 'boolean' } } });
    const { rounds, ...more } = values;
    return { question: 'coverage', coverage: coverage({ ...more, ...(rounds ? { rounds: Number(rounds) } : {}) }) };
  });
}
