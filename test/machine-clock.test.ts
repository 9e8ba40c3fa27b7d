/** The machine's clock: several cores on it, resets at their own cycle, and that the pieces in which it is run leave no trace. */
import { describe, expect, it } from 'vitest';
import { CORTEX_M4, CORTEX_M7 } from '../src/cpu/profile.ts';
import { Machine } from '../src/machine.ts';
import type { Firmware } from '../src/remoteproc/elf-loader.ts';
import { BARE_CORTEX_M7 } from '../src/soc/cortex-m.ts';
import { defineSoc } from '../src/soc/soc.ts';
import { ENGINES } from './support/engines.ts';

const CODE = 0x100;

/** A firmware of Thumb halfwords at `base` + 0x100 behind a vector table. */
function firmware(code: readonly number[], base = 0): Firmware {
  const data = new Uint8Array(CODE + 2 * code.length);
  const view = new DataView(data.buffer);
  view.setUint32(0, 0x2000_4000, true);
  view.setUint32(4, base + CODE + 1, true);
  for (const [index, half] of code.entries()) view.setUint16(CODE + 2 * index, half, true);
  const segment = { index: 0, da: base, vaddr: base, offset: 0, filesz: data.length, memsz: data.length, data };
  return {
    name: 'test',
    bytes: data,
    entry: base + CODE + 1,
    segments: [segment],
    sections: [],
    symbols: [],
    resourceTable: undefined,
    notes: [],
  };
}

/** ldr r0, =0xe000ed0c; ldr r1, =0x05fa0004; str r1, [r0]; b .: AIRCR.SYSRESETREQ. */
const SELF_RESET = [0x4801, 0x4902, 0x6001, 0xe7fe, 0xed0c, 0xe000, 0x0004, 0x05fa];

describe.each(ENGINES)('a machine on $name', (engine) => {
  it('restarts a core that resets itself at once, whatever the pieces in which it runs', () => {
    const times = (piece: number): number[] => {
      const machine = new Machine({ soc: BARE_CORTEX_M7, engine, firmware: firmware(SELF_RESET) });
      const started: number[] = [];
      machine.events.subscribe((event) => event.type === 'core' && event.state === 'started' && started.push(event.cycle));
      for (let limit = piece; limit <= 60; limit += piece) machine.run(limit);
      machine.dispose();
      return started;
    };
    expect(times(60).slice(0, 4)).toEqual([3, 6, 9, 12]);
    expect(times(4)).toEqual(times(60));
    expect(times(1)).toEqual(times(60));
  });

  it('runs two cores of different rates on one clock, without giving either more than its time', () => {
    const soc = defineSoc({
      ...BARE_CORTEX_M7,
      name: 'two-cores',
      baseHz: 800e6,
      cores: [
        { name: 'm7', profile: CORTEX_M7, hz: 800e6, vectors: 0 },
        { name: 'm4', profile: CORTEX_M4, hz: 400e6, vectors: 0 },
      ],
      memories: BARE_CORTEX_M7.memories.map((memory) => ({ ...memory, views: { m7: memory.views['m7']!, m4: memory.views['m7']! } })),
    });
    // adds r1, #1; b .-2 on both: neither may be skipped over.
    const machine = new Machine({ soc, engine, firmware: firmware([0x3101, 0xe7fd]) });
    const [m7, m4] = machine.cores;
    m4!.start(0);
    machine.run(1_000_001);
    expect([m7!.instructions, m4!.instructions]).toEqual([1_000_001, 500_001]);
    expect(machine.scheduler.now).toBe(1_000_001);
    // Timers that move the end of slices do not change what the cores get.
    const ticks = machine.scheduler.timer('tick', () => ticks.armIn(777));
    ticks.armIn(777);
    machine.run(2_000_000);
    expect(m7!.instructions).toBe(2_000_000);
    expect(Math.abs(m4!.instructions - 1_000_000)).toBeLessThanOrEqual(1);
    machine.dispose();
  });
});

describe.each(ENGINES)('a core that has run away on $name', (engine) => {
  it('goes through memory that was never written at once, and says so', () => {
    // ldr r0, =0x1000; subs r1, r1, r1; bx r0 (with the Thumb bit): into the zeros behind the code.
    const machine = new Machine({ soc: BARE_CORTEX_M7, engine, firmware: firmware([0x4801, 0x1a49, 0x4700, 0x0000, 0x0001, 0x0010]) });
    const { used } = machine.arena;
    machine.run(500_003);
    const { core } = machine;
    expect({ instructions: core.instructions, pc: core.pc }).toEqual({ instructions: 500_003, pc: 0x10_0000 + 2 * 500_000 });
    const [finding] = machine.diagnostics.all;
    expect(finding).toMatchObject({ kind: 'guest-error', block: 'm7', register: 'PC' });
    expect(finding!.pc! - 0x10_0000).toBeLessThan(1024);
    expect(machine.view('m7').peek(0x10_0000, 4)).toBe(0);
    // What an engine has for itself aside: the code, the stack and tables for a page or two.
    expect(machine.arena.used - used).toBeLessThan(256 << 10);
    machine.dispose();
  });
});
