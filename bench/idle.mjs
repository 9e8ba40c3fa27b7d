/**
 * What does idle time cost: seconds of the host for a virtual minute of a firmware that only ticks, a thousand times a second?
 *
 * The firmware is what a FreeRTOS port does then, at 800 MHz: SysTick's handler raises BASEPRI, counts, compares and lowers it again; the idle
 * task looks for something to delete and for others to run in a loop, or sleeps with WFI.
 */
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { engines } from './in-process.mjs';
import { clock, dist, spread, whenRunAlone } from './measure.mjs';

const { findSoc, Machine } = await import(pathToFileURL(`${dist}/node.js`).href);

export const TICK_HZ = 1000;
const CORE_HZ = 800e6;
const CODE = 0x100;

/** Halfwords from `CODE` on; `idle` begins at +0x10, `sleep` at +0x1c, SysTick's handler at +0x2a. */
const PROGRAM = [
  // reset: ldr r0, =0xe000e010; ldr r1, =799999; str r1, [r0, #4]; str r1, [r0, #8]; movs r1, #7; str r1, [r0]; mov r5, #0x20000000
  ...[0x4815, 0x4916, 0x6041, 0x6081, 0x2107, 0x6001, 0xf04f, 0x5500],
  // idle: bl check; ldr r3, [r5, #8]; cmp r3, #1; bls idle; b idle
  ...[0xf000, 0xf806, 0x68ab, 0x2b01, 0xd9fa, 0xe7f9],
  // sleep: wfi; b sleep
  ...[0xbf30, 0xe7fd],
  // check: push {r7, lr}; ldr r2, [r5, #4]; cbz r2, none; str r3, [r5, #4]; none: pop {r7, pc}
  ...[0xb580, 0x686a, 0xb102, 0x606b, 0xbd80],
  // push {r7, lr}; movs r3, #32; mrs r7, basepri; msr basepri, r3; isb; dsb; mov r3, #0x20000000; ldr r2, [r3]; adds r2, #1; str r2, [r3]
  ...[0xb580, 0x2320, 0xf3ef, 0x8711, 0xf383, 0x8811, 0xf3bf, 0x8f6f, 0xf3bf, 0x8f4f, 0xf04f, 0x5300, 0x681a, 0x3201, 0x601a],
  // ldr r1, [r3, #12]; cmp r2, r1; bcc .+2; nop; msr basepri, r7; pop {r7, pc}
  ...[0x68d9, 0x428a, 0xd300, 0xbf00, 0xf387, 0x8811, 0xbd80, 0x0000],
  ...[0xe010, 0xe000, 0x34ff, 0x000c],
];
/** Index of `bl check`, and WFI with a NOP for it. */
const IDLE = 8;
const SLEEP = [0xbf30, 0xbf00];

function firmware(sleeps) {
  const code = [...PROGRAM];
  if (sleeps) code.splice(IDLE, SLEEP.length, ...SLEEP);
  const data = new Uint8Array(CODE + 2 * code.length);
  const view = new DataView(data.buffer);
  view.setUint32(0, 0x2000_4000, true);
  view.setUint32(4, CODE + 1, true);
  view.setUint32(4 * 15, CODE + 0x2a + 1, true);
  for (const [index, half] of code.entries()) view.setUint16(CODE + 2 * index, half, true);
  const segment = { index: 0, da: 0, vaddr: 0, offset: 0, filesz: data.length, memsz: data.length, data };
  return {
    name: 'idle',
    bytes: data,
    entry: CODE + 1,
    segments: [segment],
    sections: [],
    symbols: [],
    resourceTable: undefined,
    notes: [],
  };
}

/** Virtual seconds of a run: many, for a tick costs little. */
export const idleSeconds = (quick) => (quick ? 120 : 600);

/** Seconds of the host for a virtual minute, from the second half of `seconds` virtual ones. */
function idle(engine, sleeps, seconds) {
  const machine = new Machine({ soc: findSoc('cortex-m7'), engine: engines[engine], firmware: firmware(sleeps) });
  const { hz } = machine.scheduler;
  machine.run((seconds / 2) * hz);
  const start = clock();
  machine.run(seconds * hz);
  const { wall, cpu } = clock(start);
  const ticks = machine.view('m7').peek(0x2000_0000, 4);
  machine.dispose();
  const wanted = Math.floor((seconds * hz) / (CORE_HZ / TICK_HZ));
  if (Math.abs(ticks - wanted) > 1) throw new Error(`${ticks} ticks instead of ${wanted}`);
  return { wall: (wall * 60) / (seconds / 2), cpu: (cpu * 60) / (seconds / 2) };
}

/** `{ question: { engine: { wall, cpu } } }` in seconds per virtual minute. `quick`: runs are a fifth as long. */
export function idleCosts({ rounds = 5, quick = false } = {}) {
  const seconds = idleSeconds(quick);
  const questions = { 'idle loop': false, WFI: true };
  return Object.fromEntries(
    Object.entries(questions).map(([question, sleeps]) => {
      const runs = Object.fromEntries(Object.keys(engines).map((engine) => [engine, []]));
      for (let round = 0; round < rounds; round++)
        for (const engine of Object.keys(engines)) runs[engine].push(idle(engine, sleeps, seconds));
      const figures = (list) => ({ wall: spread(list.map((run) => run.wall)), cpu: spread(list.map((run) => run.cpu)) });
      return [question, Object.fromEntries(Object.entries(runs).map(([engine, list]) => [engine, figures(list)]))];
    }),
  );
}

await whenRunAlone(import.meta.url, async () => {
  const { values } = parseArgs({ options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string' } } });
  return { question: 'idle', idle: idleCosts({ quick: values.quick, rounds: Number(values.rounds ?? 5) }) };
});
