/** Hooks at addresses, on every engine: when they run, what they may do, and that they leave no trace when they only watch. */
import { describe, expect, it } from 'vitest';
import { CELL } from '../../../src/cpu/core-registers.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { UsageError } from '../../../src/errors.ts';
import { SRAM } from '../../support/core-harness.ts';
import { Random } from '../../support/random-thumb.ts';
import { MIXTURE, rigOf, SUBJECTS, stateOf } from './programs.ts';
import { stepperFactory } from './stepper.ts';

const CYCLES = [1, 999, 3000, 1, 6000, 3, 1777];

/** Executions by address, as the stepper saw them, and the state at the end of each run. */
function reference(source: string): { executed: Map<number, number>; states: unknown[] } {
  const executed = new Map<number, number>();
  const { rig } = rigOf(
    stepperFactory((pc) => executed.set(pc, (executed.get(pc) ?? 0) + 1)),
    source,
    { fastForward: false },
  );
  const states = CYCLES.map((cycles) => {
    rig.run(cycles);
    return stateOf(rig);
  });
  return { executed, states };
}

const MIXED = reference(MIXTURE);

function noting(note: () => unknown): 'continue' {
  note();
  return 'continue';
}

describe.each(SUBJECTS)('hooks on $name', ({ factory }) => {
  it('run as often as the instruction is executed, and leave no trace', () => {
    const { rig } = rigOf(factory, MIXTURE);
    const addresses = [...MIXED.executed.keys()].toSorted((a, b) => a - b);
    const random = new Random(7);
    const seen = new Map<number, number>();
    const cycles = new Map<number, number>();
    for (const address of addresses) {
      if (random.below(4) !== 0) continue;
      seen.set(address, 0);
      rig.core.addHook(address, (core, at) => {
        if (core.readRegister('pc') !== at) throw new Error(`the PC is 0x${core.readRegister('pc').toString(16)}`);
        seen.set(at, seen.get(at)! + 1);
        cycles.set(rig.scheduler.now, at);
        return 'continue';
      });
    }
    for (const [index, run] of CYCLES.entries()) {
      rig.run(run);
      expect(stateOf(rig), `after run ${index}`).toEqual(MIXED.states[index]);
    }
    for (const [address, count] of seen) expect(count, `0x${address.toString(16)}`).toBe(MIXED.executed.get(address));
    // An instruction takes a cycle: no two hooks share one.
    expect(cycles.size).toBe([...seen.values()].reduce((sum, count) => sum + count, 0));
    rig.core.dispose();
  });

  it('stop the core before the instruction, which executes when it is run again', () => {
    const { rig, symbols } = rigOf(factory, MIXTURE);
    const at = symbols['work']!;
    rig.run(5000);
    const remove = rig.core.addHook(at, () => 'stop');
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      expect(rig.run()).toEqual({ kind: 'hook', address: at });
      expect(rig.core.pc).toBe(at);
      times.push(rig.scheduler.now);
    }
    expect(new Set(times).size).toBe(5);
    remove();
    remove();
    expect(rig.run(1000)).toEqual({ kind: 'slice' });
    const { rig: other } = rigOf(interpreterFactory, MIXTURE);
    other.run(rig.scheduler.now);
    expect(stateOf(rig)).toEqual(stateOf(other));
    rig.core.dispose();
  });

  it('redirect, change registers and memory, and act in order; some go while others run', () => {
    const { rig, symbols } = rigOf(factory, MIXTURE);
    const { core } = rig;
    const order: string[] = [];
    const at = symbols['leaf']!;
    core.addHook(at, () => noting(() => order.push('first')));
    const remove = core.addHook(at, () => {
      order.push('second');
      remove();
      removeThird();
      return 'continue';
    });
    const removeThird = core.addHook(at, () => noting(() => order.push('third')));
    core.addHook(at, (c) => {
      order.push('last');
      c.writeRegister('r2', 0x1234);
      rig.write(SRAM + 0x80, 0x55);
      c.branch(c.readRegister('lr'));
      return 'redirected';
    });
    core.addHook(at, () => noting(() => order.push('never')));
    core.addHook(symbols['work']!, (c) => {
      expect(c.readRegister(2)).toBe(0x1234);
      return 'stop';
    });
    expect(rig.run()).toEqual({ kind: 'hook', address: symbols['work'] });
    expect(rig.peek(SRAM + 0x80)).toBe(0x55);
    expect(order).toEqual(['first', 'second', 'last']);
    rig.run();
    expect(order).toEqual(['first', 'second', 'last', 'first', 'last']);
    rig.core.dispose();
  });

  it('come behind an interrupt that is pending, and see it as the core does', () => {
    const { rig, symbols } = rigOf(factory, MIXTURE);
    const { core } = rig;
    rig.run(5000);
    const seen: number[] = [];
    core.addHook(symbols['work']!, (c) => {
      seen.push(c.readRegister('ipsr'));
      // Pending from here on: the instruction comes first, and its hook not a second time.
      core.setInterrupt(1, true);
      return seen.length < 5 ? 'continue' : 'stop';
    });
    core.addHook(symbols['irq1']!, (c) => {
      seen.push(c.readRegister('ipsr'));
      expect(rig.peek(c.readRegister('sp') + 24)).toBe(symbols['work']! + 2);
      return 'continue';
    });
    expect(rig.run()).toEqual({ kind: 'hook', address: symbols['work'] });
    expect(seen).toEqual([0, 17, 0, 17, 0]);
    rig.core.dispose();
  });

  it('can be put anywhere while code runs that is translated already', () => {
    const { rig } = rigOf(factory, MIXTURE);
    const random = new Random(3);
    const addresses = [...MIXED.executed].flatMap(([address, count]) => (count > 20 ? [address] : []));
    rig.run(20_000);
    for (let round = 0; round < 16; round++) {
      const address = addresses[random.below(addresses.length)]!;
      const remove = rig.core.addHook(address, () => 'stop');
      expect(rig.run(), `0x${address.toString(16)}`).toEqual({ kind: 'hook', address });
      expect(rig.run(), `0x${address.toString(16)} again`).toEqual({ kind: 'hook', address });
      remove();
      expect(rig.run(500 + random.below(3000))).toEqual({ kind: 'slice' });
    }
    const { rig: other } = rigOf(interpreterFactory, MIXTURE);
    other.run(rig.scheduler.now);
    expect(stateOf(rig)).toEqual(stateOf(other));
    rig.core.dispose();
  });

  it('count in a loop that would be taken in one step', () => {
    const { rig, symbols } = rigOf(factory, 'ldr r0, =100000\nspin: subs r0, #1\nbne spin\ndone: b done\n.ltorg');
    let count = 0;
    const remove = rig.core.addHook(symbols['spin']!, () => (++count === 1000 ? 'stop' : 'continue'));
    expect(rig.run(1_000_000)).toEqual({ kind: 'hook', address: symbols['spin'] });
    expect(rig.r(0)).toBe(100_000 - 999);
    remove();
    rig.core.addHook(symbols['done']!, () => 'stop');
    expect(rig.run(1_000_000)).toEqual({ kind: 'hook', address: symbols['done'] });
    expect(rig.scheduler.now).toBe(3 + 200_000);
    rig.core.dispose();
  });

  it('run where nothing can be fetched, before the fault; and in memory that was never written', () => {
    const { rig } = rigOf(factory, 'ldr r0, =0xa0000001\nmov r4, #7\nblx r0\nldr r1, =0x20080001\nbx r1\n.ltorg');
    const { core } = rig;
    core.addHook(0xa000_0000, (c) => {
      expect(c.readRegister('r4')).toBe(7);
      c.branch(c.readRegister('lr'));
      return 'redirected';
    });
    const remove = core.addHook(SRAM + 0x8_0100, () => 'stop');
    core.addHook(SRAM + 0x8_0102, () => 'stop');
    expect(rig.run()).toEqual({ kind: 'hook', address: SRAM + 0x8_0100 });
    const { now } = rig.scheduler;
    remove();
    expect(rig.run()).toEqual({ kind: 'hook', address: SRAM + 0x8_0102 });
    expect(rig.scheduler.now).toBe(now + 1);
    expect(core.faultsTaken).toBe(0);
    rig.core.dispose();
  });

  it('are asked again for an instruction that faulted and is executed again', () => {
    const { rig, symbols } = rigOf(
      factory,
      `
  put SCB + 0x14, 0x10
  put SCB + 0x24, 0x40000
  movs r0, #8
  movs r1, #0
divide:
  udiv r2, r0, r1
  b divide
usagefault:
  put SCB + 0x14, 0
  bx lr
  .ltorg`,
    );
    const seen: number[] = [];
    rig.core.addHook(symbols['divide']!, () => (seen.push(rig.scheduler.now) === 3 ? 'stop' : 'continue'));
    expect(rig.run()).toMatchObject({ kind: 'hook' });
    // The fault's handler has six instructions or so, and the third time is a round later.
    expect(rig.core.faultsTaken).toBe(1);
    expect(seen[2]! - seen[1]!).toBe(2);
    expect(seen[1]! - seen[0]!).toBe(4);
    rig.core.dispose();
  });

  it('are not asked again when lazy state had to be saved first, or when the core slept in the instruction', () => {
    const { rig, symbols } = rigOf(
      factory,
      `
  put SCB + 0x88, 0x00f00000
  dsb
  isb
  put 0xe000e100, 3
  vmov.f32 s0, #1.0
  movs r1, #1
  str r1, [r6, #4]
  nop
  b .
irq1:
  str r1, [r6, #8]
lazy:
  vmov.f32 s1, #2.0
  bx lr
  .ltorg`,
    );
    let count = 0;
    rig.core.addHook(symbols['lazy']!, () => noting(() => count++));
    rig.run(1000);
    expect(count).toBe(1);
    expect(rig.core.registers.cells[CELL.S0]).toBe(0x3f80_0000);
    rig.core.dispose();
  });

  it('throw what their handlers throw, and nothing is lost', () => {
    const { rig, symbols } = rigOf(factory, MIXTURE);
    let once = true;
    rig.core.addHook(symbols['work']!, () => {
      if (once) {
        once = false;
        throw new RangeError('from a handler');
      }
      return 'stop';
    });
    expect(() => rig.run()).toThrow(RangeError);
    expect(rig.core.pc).toBe(symbols['work']);
    expect(rig.run()).toEqual({ kind: 'hook', address: symbols['work'] });
    rig.core.dispose();
  });
});

describe('hooks', () => {
  it('that lead to each other without end are a mistake', () => {
    const { rig, symbols } = rigOf(interpreterFactory, MIXTURE);
    const { core } = rig;
    const to = (name: string) => (): 'redirected' => {
      core.branch(symbols[name]! | 1);
      return 'redirected';
    };
    core.addHook(symbols['work']!, to('leaf'));
    core.addHook(symbols['leaf']!, to('work'));
    expect(() => rig.run()).toThrow(UsageError);
  });

  it('know the registers by name and number', () => {
    const { rig } = rigOf(interpreterFactory, MIXTURE);
    const { core } = rig;
    core.writeRegister('s3', 0x4048_f5c3);
    expect(core.readRegister('S3')).toBe(0x4048_f5c3);
    core.writeRegister(13, SRAM + 0x103);
    expect([core.readRegister('sp'), core.readRegister('msp'), core.readRegister('r13')]).toEqual(Array(3).fill(SRAM + 0x100));
    core.writeRegister('xpsr', 0xf100_0000);
    expect(core.readRegister(16)).toBe(0xf100_0000);
    expect(core.readRegister('apsr')).toBe(0xf000_0000);
    for (const bad of ['r16', 'x0', 17, -1]) expect(() => core.readRegister(bad)).toThrow(UsageError);
  });
});
