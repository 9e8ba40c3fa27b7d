/** Fast-forward is exact: with it and without it, a core is in the same state at the same cycle, on every engine. */
import { describe, expect, it } from 'vitest';
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
    const view = machine.view('m7');
    return {
      state: {
        stop: stop.kind,
        now: machine.scheduler.now,
        pc: core.pc,
        instructions: core.instructions,
        counter: view.peek(0x2000_0000, 4),
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
    // ldr r1, [r0]; adds r1, #1; str r1, [r0]; b .-6
    { what: 'a counter in RAM', code: [...BASE, 0x6801, 0x3101, 0x6001, 0xe7fb], skips: false },
    // adds r1, #1; b .-2: all registers come round again after 2^32 rounds only
    { what: 'a counter in a register', code: [0x3101, 0xe7fd], skips: false },
    // ldr r2, [r0, #0x18]; b .-2: SYST_CVR changes by itself
    { what: 'a poll of SysTick', code: [...SCS, 0x6982, 0xe7fd], skips: false },
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
