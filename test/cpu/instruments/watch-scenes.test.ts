/** Watchpoints together with everything else: exceptions, hooks, steps, devices, faults, loops that are not executed, lists of registers, two states. */
import { describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { CORTEX_M33 } from '../../../src/cpu/profile.ts';
import type { WatchHit } from '../../../src/cpu/watchpoints.ts';
import { UsageError } from '../../../src/errors.ts';
import { PROBE, RAM_SIZE, Rig, SRAM } from '../../support/core-harness.ts';
import { MIXTURE, rigOf, SUBJECTS, stateOf } from './programs.ts';

const STACK = SRAM + RAM_SIZE;

/** Accesses to the probe, by several words too, and one to nothing; R0 to R5 are what a list must not have changed. */
const DEVICES = `
  adr r0, words
  ldmia r0, {r1, r2, r3, r4}
  movs r0, #0
probe:
  str r1, [r6]
list:
  stmia r6, {r0, r1, r2}
  add r9, r6, #0x18
loads:
  ldmia r9, {r1, r2, r3, r4}
double:
  ldrd r4, r5, [r9, #4]
  ldr r9, =0x50000000
hole:
  ldr r5, [r9]
  b .
  .align 2
words:
  .word 11, 22, 33, 44
busfault:
hardfault:
  movs r5, #99
  b .
`;

/** A loop that polls one word, and one that waits on another in the same page. */
const POLLING = `
poll:
  ldr r0, [r7]
  cmp r0, #0
  beq poll
  str r0, [r7, #0x10]
  ldr r1, =30000
delay:
  ldr r2, [r7, #8]
  subs r1, #1
  bne delay
done:
  str r1, [r7, #0x14]
  b .
`;

/** A loop that reads a literal and a register of a device. */
const LITERAL = `
loop:
  ldr r0, literal
device:
  ldr r1, [r6, #0x20]
  cmp r1, r0
  bne loop
  b .
  .align 2
literal:
  .word 0x12345678
`;

describe.each(SUBJECTS)('a watchpoint on $name', ({ factory }) => {
  it('tells of the frame of an exception when it is entered and returned from, and stops there', () => {
    const { rig, symbols } = rigOf(factory, MIXTURE);
    const { rig: other } = rigOf(interpreterFactory, MIXTURE);
    const { core } = rig;
    for (const each of [rig, other]) each.run(5000);
    // With a place for the floating-point registers.
    const frame = ((core.readRegister('sp') - 0x68) & ~7) >>> 0;
    const { instructions } = core;
    const interrupted = core.pc;
    // The word in which the interrupted PC stands.
    core.addWatchpoint({ address: frame + 0x18, size: 4, access: 'access' }, (_, { pc }) => (pc === undefined ? 'stop' : 'continue'));
    for (const each of [rig, other]) each.core.setInterrupt(1, true);
    expect(rig.run()).toEqual({ kind: 'watch', address: frame + 0x18, size: 4, access: 'write', value: interrupted });
    expect([core.pc, core.instructions]).toEqual([symbols['irq1'], instructions]);
    expect(rig.run()).toEqual({ kind: 'watch', address: frame + 0x18, size: 4, access: 'read' });
    expect(core.pc).toBe(interrupted);
    core.clearInstruments();
    rig.run(500);
    other.run(rig.scheduler.now - other.scheduler.now);
    expect(stateOf(rig)).toEqual(stateOf(other));
    core.dispose();
  });

  it('stops behind the step and the hook at the same instruction, each once', () => {
    const { rig, symbols } = rigOf(factory, MIXTURE);
    const { core } = rig;
    const at = symbols['work']!;
    rig.run(5000);
    core.addHook(at, () => 'stop');
    core.addWatchpoint({ address: STACK - 0x400, size: 0x400, access: 'write' }, (_, { pc }) => (pc === at ? 'stop' : 'continue'));
    expect(rig.run()).toEqual({ kind: 'hook', address: at });
    const { instructions } = core;
    core.stopAt(instructions);
    expect(rig.run()).toEqual({ kind: 'step' });
    core.stopAt(instructions + 1);
    expect(rig.run()).toMatchObject({ kind: 'watch', access: 'write', size: 4, pc: at });
    expect([core.instructions, core.pc]).toEqual([instructions, at]);
    expect(rig.run()).toEqual({ kind: 'step' });
    expect([core.instructions, core.pc]).toEqual([instructions + 1, at + 2]);
    core.stopAt(undefined);
    expect(rig.run()).toEqual({ kind: 'hook', address: at });
    core.dispose();
  });

  it('lets an interrupt that came while it had stopped go first, as if it had not', () => {
    const { rig, symbols } = rigOf(factory, MIXTURE);
    const { core } = rig;
    const at = symbols['work']!;
    rig.run(5000);
    const seen: number[] = [];
    core.addWatchpoint({ address: STACK - 0x400, size: 0x400, access: 'write' }, (_, { pc }) => {
      if (pc !== at) return 'continue';
      // Each word that it pushes is told.
      if (seen.at(-1) !== core.instructions) seen.push(core.instructions);
      return 'stop';
    });
    expect(rig.run()).toMatchObject({ kind: 'watch', pc: at });
    core.setInterrupt(1, true);
    core.stopAt(core.instructions, core.entries + 1);
    expect(rig.run()).toEqual({ kind: 'step' });
    expect(core.pc).toBe(symbols['irq1']);
    core.stopAt(undefined);
    // The instruction begins anew when the handler has returned.
    expect(rig.run()).toMatchObject({ kind: 'watch', pc: at });
    expect(seen).toHaveLength(2);
    expect(seen[1]! - seen[0]!).toBe(7);
    core.dispose();
  });

  it('may change registers and memory, come and go, and is told in order with others', () => {
    const { rig, symbols } = rigOf(factory, MIXTURE);
    const { core } = rig;
    const area = { address: SRAM + 16, size: 4, access: 'access' } as const;
    const order: string[] = [];
    rig.run(5000);
    core.addWatchpoint(area, (_, { access, value }) => {
      order.push(`first ${access}`);
      if (access === 'read') rig.bus.write(SRAM + 16, 1000, 4);
      else expect(value).toBe(1001);
      return 'continue';
    });
    const remove = core.addWatchpoint(area, () => {
      order.push('second');
      remove();
      removeThird();
      core.addWatchpoint({ ...area, access: 'write' }, () => {
        order.push('new');
        return 'stop';
      });
      return 'continue';
    });
    const removeThird = core.addWatchpoint(area, () => {
      order.push('third');
      return 'stop';
    });
    core.addWatchpoint({ ...area, size: 1 }, (each, { access, pc }) => {
      order.push('last');
      if (access === 'write') each.writeRegister('pc', pc! + 2);
      return 'continue';
    });
    core.setInterrupt(1, true);
    expect(rig.run()).toMatchObject({ kind: 'watch', access: 'write', value: 1001 });
    expect(order).toEqual(['first read', 'second', 'last', 'first write', 'last', 'new']);
    // The store was stepped over by hand.
    expect(core.pc).toBe(symbols['irq1']! + 12);
    core.stopAt(core.instructions + 1);
    expect(rig.run()).toEqual({ kind: 'step' });
    expect(rig.peek(SRAM + 16)).toBe(1000);
    core.dispose();
  });

  it('on a device comes before the access, of which nothing is done twice', () => {
    const { rig, symbols } = rigOf(factory, DEVICES);
    const { core } = rig;
    const device = rig.bus.find(PROBE.TRACE)!.device!;
    const reads: number[] = [];
    const { read } = device;
    device.read = (offset, size) => {
      reads.push(offset);
      return read.call(device, offset, size);
    };
    core.addWatchpoint({ address: PROBE.TRACE, size: 4, access: 'write' }, () => 'stop');
    core.addWatchpoint({ address: PROBE.TRACE + 8, size: 1, access: 'write' }, () => 'stop');
    core.addWatchpoint({ address: PROBE.TRACE + 0x22, size: 1, access: 'read' }, () => 'stop');
    expect(rig.run()).toEqual({ kind: 'watch', address: PROBE.TRACE, size: 4, access: 'write', pc: symbols['probe'], value: 11 });
    expect(rig.trace).toEqual([]);
    // Two words of the list are watched: one stop.
    expect(rig.run()).toMatchObject({ address: PROBE.TRACE, pc: symbols['list'], value: 0 });
    expect(rig.trace).toEqual([11]);
    expect(rig.run()).toMatchObject({ address: PROBE.TRACE + 0x20, size: 4, access: 'read', pc: symbols['loads'] });
    expect([reads, rig.trace]).toEqual([[], [11, 0]]);
    expect([1, 2, 3, 4].map((r) => core.readRegister(r))).toEqual([11, 22, 33, 44]);
    expect(rig.run()).toMatchObject({ address: PROBE.TRACE + 0x20, pc: symbols['double'] });
    expect([reads, core.readRegister(4), core.readRegister(5)]).toEqual([[0x18, 0x1c, 0x20, 0x24], 0, 0]);
    core.stopAt(core.instructions + 1);
    expect(rig.run()).toEqual({ kind: 'step' });
    expect(reads.slice(4)).toEqual([0x1c, 0x20]);
    core.dispose();
  });

  it('on nothing comes before the fault; where the MPU refuses, there is none', () => {
    const { rig, symbols } = rigOf(factory, DEVICES);
    const { core } = rig;
    const hits: WatchHit[] = [];
    core.addWatchpoint({ address: 0x4fff_fffc, size: 16, access: 'read' }, (_, hit) => {
      hits.push(hit);
      return 'continue';
    });
    rig.run(200);
    expect(hits).toEqual([{ address: 0x5000_0000, size: 4, access: 'read', pc: symbols['hole'] }]);
    expect(core.readRegister(5)).toBe(99);
    const { rig: guarded } = rigOf(factory, DEVICES);
    guarded.core.addWatchpoint({ address: 0x5000_0000, size: 4, access: 'read' }, () => 'stop');
    // Region 0: 256 MiB at 0x5000_0000 that nobody may access; the rest as without an MPU.
    for (const [register, value] of [
      [0xe000_ed98, 0],
      [0xe000_ed9c, 0x5000_0000],
      [0xe000_eda0, 0x0000_0037],
      [0xe000_ed94, 5],
    ] as const)
      guarded.write(register, value);
    expect(guarded.run(200)).toEqual({ kind: 'slice' });
    expect(guarded.core.readRegister(5)).toBe(99);
    core.dispose();
    guarded.core.dispose();
  });

  it('sees each round of a loop that polls what it watches, and has loops beside it skipped', () => {
    const { rig, symbols } = rigOf(factory, POLLING);
    const { core } = rig;
    rig.run(2000);
    const end = core.addWatchpoint({ address: SRAM, size: 4, access: 'read' }, (_, { pc }) => {
      expect(pc).toBe(symbols['poll']);
      hits++;
      return 'continue';
    });
    let hits = 0;
    rig.run(3000);
    expect(hits).toBe(1000);
    end();
    rig.bus.write(SRAM, 1, 4);
    core.addWatchpoint({ address: SRAM + 0x14, size: 4, access: 'write' }, () => 'stop');
    const skipped = core.skipped;
    const from = rig.scheduler.now;
    expect(rig.run(1_000_000)).toMatchObject({ kind: 'watch', pc: symbols['done'], value: 0 });
    expect(rig.scheduler.now - from).toBeGreaterThan(90_000);
    expect(core.skipped - skipped).toBeGreaterThan(30_000);
    core.dispose();
  });

  it('sees literals and registers that code which runs already reads, and of which it is known that they stay', () => {
    const { rig, symbols } = rigOf(factory, LITERAL);
    const { core } = rig;
    rig.bus.find(PROBE.TRACE)!.device!.steady = () => true;
    rig.run(200_000);
    expect(core.skipped).toBeGreaterThan(100_000);
    const seen = { literal: 0, device: 0 };
    for (const name of ['literal', 'device'] as const) {
      const area = { address: name === 'device' ? PROBE.TRACE + 0x20 : symbols[name]! + 3, size: 1, access: 'read' } as const;
      const end = core.addWatchpoint(area, (_, { pc }) => {
        if (pc === symbols[name === 'device' ? 'device' : 'loop']) seen[name]++;
        return 'continue';
      });
      rig.run(24_000);
      end();
      rig.run(200_000);
    }
    expect(seen).toEqual({ literal: 6000, device: 6000 });
    core.dispose();
  });

  it('goes when the core is given to somebody else', () => {
    const { rig } = rigOf(factory, MIXTURE);
    const { core } = rig;
    let told = 0;
    core.addWatchpoint({ address: SRAM, size: RAM_SIZE, access: 'access' }, () => 'stop');
    core.onException(() => told++);
    core.stopAt(100);
    core.clearInstruments();
    expect(rig.run(9000)).toEqual({ kind: 'slice' });
    expect([told, core.memory.watch]).toEqual([0, undefined]);
    const { rig: other } = rigOf(interpreterFactory, MIXTURE);
    other.run(9000);
    expect(stateOf(rig)).toEqual(stateOf(other));
    core.dispose();
  });
});

describe('an area', () => {
  it.each([0, -1, 1.5, 2 ** 31 + 1])('of %d bytes at 0x8000_0000 is none', (size) => {
    const { rig } = rigOf(interpreterFactory, MIXTURE);
    expect(() => rig.core.addWatchpoint({ address: 0x8000_0000, size, access: 'read' }, () => 'stop')).toThrow(UsageError);
  });

  it('may be everything there is', () => {
    const { rig } = rigOf(interpreterFactory, MIXTURE);
    rig.core.addWatchpoint({ address: 0, size: 2 ** 32, access: 'access' }, () => 'stop');
    expect(rig.run()).toMatchObject({ kind: 'watch', access: 'read' });
  });

  it('cannot be added in the middle of an instruction', () => {
    const { rig } = rigOf(interpreterFactory, MIXTURE);
    const device = rig.bus.find(PROBE.TRACE)!.device!;
    device.write = () => {
      rig.core.addWatchpoint({ address: 0, size: 1, access: 'read' }, () => 'stop');
      return true;
    };
    expect(() => rig.run()).toThrow(/between instructions/);
  });
});

/** `str r1, [r2]`, `ldr r3, [r4]`, `push {r0-r3}`, `b .` for a Cortex-M33, whose RAM is seen at two addresses. */
const SECURE_CODE = [0x6011, 0x6823, 0xb40f, 0xe7fe];

describe.each(SUBJECTS)('on a Cortex-M33, a watchpoint on $name', ({ factory }) => {
  function secureRig(): Rig {
    const rig = new Rig(factory, { profile: CORTEX_M33 });
    const handlers = Array.from({ length: 16 }, () => 0x1000_0207);
    rig.bus.writeBytes(0x1000_0000, new Uint8Array(Uint32Array.from([0x3800_8000, 0x1000_0201, ...handlers]).buffer));
    rig.bus.writeBytes(0x1000_0200, new Uint8Array(Uint16Array.from(SECURE_CODE).buffer));
    rig.core.start(0x1000_0000);
    return rig;
  }

  it('sees the same byte under the address of either state', () => {
    const rig = secureRig();
    const { core } = rig;
    const hits: string[] = [];
    core.addWatchpoint({ address: 0x2800_0101, size: 1, access: 'access' }, (_, { access, address }) => {
      hits.push(`${access} ${address.toString(16)}`);
      return 'continue';
    });
    core.writeRegister('r1', 0x1234_5678);
    core.writeRegister('r2', 0x3800_0100);
    core.writeRegister('r4', 0x2000_0100);
    rig.run(10);
    expect(hits).toEqual(['write 38000100', 'read 20000100']);
    expect(core.readRegister('r3')).toBe(0x1234_5678);
    core.dispose();
  });

  it('is told afterwards of what goes beyond the limit of a stack that is to be ignored', () => {
    const rig = secureRig();
    const { core } = rig;
    const hits: WatchHit[] = [];
    core.addWatchpoint({ address: 0x3800_7ff4, size: 4, access: 'write' }, (_, hit) => {
      hits.push(hit);
      return 'stop';
    });
    core.writeRegister('r2', 0x3800_0100);
    core.writeRegister('r4', 0x3800_0100);
    core.writeRegister('r1', 77);
    core.writeRegister('msplim', 0x3800_8000);
    // CCR.STKOFHFNMIGN, and the priority of HardFault.
    rig.write(0xe000_ed14, 0x0000_0601);
    core.writeRegister('faultmask', 1);
    expect(rig.run(10)).toEqual({ kind: 'watch', address: 0x3800_7ff4, size: 4, access: 'write', value: 77 });
    expect([hits.length, core.pc, rig.peek(0x3800_7ff4)]).toEqual([1, 0x1000_0206, 77]);
    core.dispose();
  });
});
