/** Fast-forward is exact: with it and without it, a core is in the same state at the same cycle, on every engine. */
import { describe, expect, it } from 'vitest';
import type { CortexM } from '../../src/cpu/cortex-m.ts';
import { Machine } from '../../src/machine.ts';
import type { Firmware } from '../../src/remoteproc/elf-loader.ts';
import { BARE_CORTEX_M7 } from '../../src/soc/cortex-m.ts';
import { ENGINES } from '../support/engines.ts';

const CODE = 0x100;
const LIMIT = 1_000_000;

/** A firmware of Thumb halfwords at 0x100 behind a vector table. */
function firmware(...code: number[]): Firmware {
  const data = new Uint8Array(CODE + 2 * code.length);
  const view = new DataView(data.buffer);
  view.setUint32(0, 0x2000_4000, true);
  view.setUint32(4, CODE | 1, true);
  for (const [index, half] of code.entries()) view.setUint16(CODE + 2 * index, half, true);
  const segment = { index: 0, da: 0, vaddr: 0, offset: 0, filesz: data.length, memsz: data.length, data };
  return {
    name: 'loop',
    bytes: data,
    entry: CODE | 1,
    segments: [segment],
    sections: [],
    symbols: [],
    resourceTable: undefined,
    notes: [],
  };
}

function run(engine: (typeof ENGINES)[number], fastForward: boolean, code: readonly number[]) {
  const machine = new Machine({ soc: BARE_CORTEX_M7, engine, firmware: firmware(...code), fastForward });
  try {
    const stop = machine.run(LIMIT);
    const { core } = machine;
    (core as CortexM).sync();
    const view = machine.view('m7');
    return {
      state: {
        stop: stop.kind,
        now: machine.scheduler.now,
        pc: core.pc,
        instructions: core.instructions,
        counter: view.peek(0x2000_0000, 4),
        registers: [...(core as CortexM).registers.cells],
      },
      skipped: core.skipped,
    };
  } finally {
    machine.dispose();
  }
}

/** movs r0, #0x20; lsls r0, r0, #24: r0 = 0x2000_0000. */
const BASE = [0x2020, 0x0600];
/** movs r0, #0xe0; lsls r0, r0, #24; movs r1, #0xe0; lsls r1, r1, #8; adds r0, r0, r1: r0 = 0xe000_e000. */
const SCS = [0x20e0, 0x0600, 0x21e0, 0x0209, 0x1840];

describe.each(ENGINES)('$name', (engine) => {
  const cases = [
    { what: 'b .', code: [0xe7fe], skips: true },
    // ldr r1, [r0]; cmp r1, #0; beq .-4
    { what: 'a poll of RAM', code: [...BASE, 0x6801, 0x2900, 0xd0fc], skips: true },
    // ldr r1, [r0]; str r1, [r0]; b .-4
    { what: 'a store of what is there already', code: [...BASE, 0x6801, 0x6001, 0xe7fc], skips: true },
    // str r0, [r0]; ldr r1, [r0]; adds r1, #1; str r1, [r0]; b .-6
    { what: 'a counter in RAM', code: [...BASE, 0x6000, 0x6801, 0x3101, 0x6001, 0xe7fb], skips: true },
    // adds r1, #1; b .-2
    { what: 'a counter in a register', code: [0x3101, 0xe7fd], skips: true },
    // ldr r2, [r0, #0x18]; b .-2: SYST_CVR, which stands still
    { what: 'a poll of SysTick', code: [...SCS, 0x6982, 0xe7fd], skips: true },
    // movs r2, #5; str r2, [r0, #0x10]; ldr r3, [r0, #0x14]; mvn r3, r3; lsrs r3, #8; str r3, [r0, #0x14]; str r3, [r0, #0x18]; ldr r2, [r0, #0x18]; b .-2
    {
      what: 'a poll of SysTick that runs',
      code: [...SCS, 0x2205, 0x6943, 0x43db, 0x0a1b, 0x6143, 0x6183, 0x6102, 0x6982, 0xe7fd],
      skips: true,
    },
    // movs r0, #1; lsls r2, r0, #13; eors r0, r2; lsrs r2, r0, #17; eors r0, r2; lsls r2, r0, #5; eors r0, r2; b .-12
    { what: 'a generator of random numbers', code: [0x2001, 0x0342, 0x4050, 0x0c42, 0x4050, 0x0142, 0x4050, 0xe7f8], skips: false },
    // str r1, [r0]; adds r0, #4; lsls r2, r0, #22; bne .-6; movs r0, #0x20; lsls r0, #24; b .-12: a store to ever new places
    { what: 'a fill of memory', code: [...BASE, 0x6001, 0x3004, 0x0582, 0xd1fb, 0x2020, 0x0600, 0xe7f8], skips: false },
  ];

  it.each(cases)('$what', ({ code, skips }) => {
    const quick = run(engine, true, code);
    const slow = run(engine, false, code);
    expect(quick.state).toEqual(slow.state);
    expect(quick.state).toMatchObject({ stop: 'limit', now: LIMIT, instructions: LIMIT });
    expect(slow.skipped).toBe(0);
    if (skips) expect(quick.skipped).toBeGreaterThan(LIMIT * 0.9);
    else expect(quick.skipped).toBe(0);
  });
});
