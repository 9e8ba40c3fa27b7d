/** How often instructions are executed and branches taken: every engine against the interpreter that is stepped and counted by the test. */
import { describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { type Rig, SRAM } from '../../support/core-harness.ts';
import { type Counts, countsOf, Oracle } from './oracle.ts';
import { MIXTURE, rigOf, SUBJECTS, type Subject, stateOf } from './programs.ts';
import { stepperFactory } from './stepper.ts';

/** Single instructions, odd numbers of them, long runs. */
const CYCLES = [1, 2, 3, 994, 3000, 1, 9000, 3, 7777, 13, 20_000];

interface Expectation {
  readonly counts: Counts;
  readonly states: readonly unknown[];
}

type Act = (rig: Rig, index: number, symbols: Readonly<Record<string, number>>) => void;

function expected(source: string, cycles = CYCLES, act: Act = () => {}): Expectation {
  const oracle = new Oracle();
  const factory = stepperFactory(oracle.observer, (host) => oracle.before(host));
  const { rig, symbols } = rigOf(factory, source, { fastForward: false });
  const states = cycles.map((count, index) => {
    act(rig, index, symbols);
    rig.run(count);
    return stateOf(rig);
  });
  return { counts: oracle.counts(rig), states };
}

function compare({ factory }: Subject, source: string, expectation: Expectation, cycles = CYCLES, act: Act = () => {}): Rig {
  const { rig, symbols } = rigOf(factory, source);
  rig.core.count(true);
  for (const [index, count] of cycles.entries()) {
    act(rig, index, symbols);
    rig.run(count);
    expect(stateOf(rig), `after run ${index}`).toEqual(expectation.states[index]);
  }
  expect(countsOf(rig)).toEqual(expectation.counts);
  expect(countsOf(rig), 'asked twice').toEqual(expectation.counts);
  const total = [...rig.core.executionCounts()].reduce((sum, { executed }) => sum + executed, 0);
  expect(total).toBe(rig.core.instructions);
  rig.core.dispose();
  return rig;
}

const SHAPES: Readonly<Record<string, { source: string; cycles?: number[]; act?: Act }>> = {
  'a bit of everything, with interrupts from a device': { source: MIXTURE },
  'interrupts between any two instructions': {
    source: MIXTURE.replace('irq1:', 'pendsv:'),
    cycles: [3000, ...Array.from({ length: 120 }, (_, i) => 61 + (i & 1)), 2000],
    act: (rig, index) => void (index > 0 && rig.write(0xe000_ed04, 1 << 28)),
  },
  'faults in the middle of blocks, of LDM, of a load in a loop': {
    source: `
  put SCB + 0x24, 0x70000
  movs r0, #0
  movs r2, #1
again:
  adds r0, #1
  tst r0, #7
  ite eq
  ldreq r1, =0xb0000000
  movne r1, r7
  adds r2, #3
  ldr r3, [r1, #4]
  adds r2, r2, r3
  ldm r1, {r3, r4, r5}
  adds r2, #5
  udf #3
  cmp r2, #0
  bne again
  b again
busfault:
  ldr r1, [sp, #24]
  adds r1, #2
  ldrh r3, [r1, #-2]
  cmp r3, #0xe800
  it hs
  addhs r1, #2
  str r1, [sp, #24]
  bx lr
usagefault:
  ldr r1, [sp, #24]
  adds r1, #2
  str r1, [sp, #24]
  bx lr
  .ltorg`,
  },
  'loops that are taken in one step': {
    source: `
  ldr r0, =20000
1:
  subs r0, #1
  bne 1b
  movs r2, #0
  ldr r3, =0xe000e018
  put 0xe000e014, 999
  put 0xe000e010, 5
  ldr r1, [r3]
2:
  ldr r4, [r3]
  subs r5, r1, r4
  cmp r5, #900
  it hs
  movhs r5, r1
  cmp r5, #800
  blo 2b
  adds r2, #1
3:
  ldr r5, [r7, #64]
  cbz r5, 4f
  b 3b
4:
  bl pause
  b 4b
pause:
  movs r4, #77
5:
  subs r4, #1
  cbnz r4, 5b + 6
  bx lr
  nop
  b 5b
  .ltorg`.replace('cbnz r4, 5b + 6', 'it ne\n  bne 5b'),
  },
};

describe.each(Object.entries(SHAPES))('counts of %s', (_, { source, cycles, act }) => {
  const expectation = expected(source, cycles, act);

  it('are worth comparing', () => {
    expect(expectation.counts.executions.length).toBeGreaterThan(10);
    expect(expectation.counts.branches.length).toBeGreaterThan(0);
  });

  it.each(SUBJECTS)('are exact on $name', (subject) => {
    compare(subject, source, expectation, cycles, act);
  });
});

describe.each(SUBJECTS)('counting on $name', ({ factory }) => {
  it('begins and ends at any time, and begins anew', () => {
    const { rig } = rigOf(factory, MIXTURE);
    const total = (): number => [...rig.core.executionCounts()].reduce((sum, { executed }) => sum + executed, 0);
    rig.run(12_345);
    expect(total()).toBe(0);
    rig.core.count(true);
    const before = rig.core.instructions;
    rig.run(10_000);
    expect(total()).toBe(rig.core.instructions - before);
    rig.core.count(false);
    const counted = countsOf(rig);
    rig.run(10_000);
    expect(countsOf(rig)).toEqual(counted);
    rig.core.count(true);
    rig.run(777);
    expect(total()).toBe(777);
    const { rig: other } = rigOf(interpreterFactory, MIXTURE);
    other.run(rig.scheduler.now);
    expect(stateOf(rig)).toEqual(stateOf(other));
    rig.core.dispose();
  });

  it('goes on when hooks come and go and code is written again', () => {
    const { rig, symbols } = rigOf(factory, MIXTURE);
    rig.core.count(true);
    let stops = 0;
    for (let round = 0; round < 12; round++) {
      const remove = rig.core.addHook(symbols[['leaf', 'work', 'inner', 'loop'][round % 4]!]!, () => {
        stops++;
        return 'continue';
      });
      rig.run(700 + 13 * round);
      remove();
      const half = rig.bus.read(symbols['inner']!, 2);
      rig.bus.write(symbols['inner']!, half, 2);
      rig.run(500);
    }
    expect(stops).toBeGreaterThan(12);
    const oracle = new Oracle();
    const { rig: other } = rigOf(
      stepperFactory(oracle.observer, (host) => oracle.before(host)),
      MIXTURE,
      { fastForward: false },
    );
    other.run(rig.scheduler.now);
    expect(countsOf(rig)).toEqual(oracle.counts(other));
    rig.core.dispose();
  });

  it('counts memory that was never written, each halfword of it', () => {
    const { rig } = rigOf(factory, 'ldr r1, =0x20080f01\nbx r1\n.ltorg');
    rig.core.count(true);
    rig.run(1000);
    const counts = [...rig.core.executionCounts()].filter(({ address }) => address >= SRAM);
    expect(counts).toHaveLength(1000 - 4);
    expect(counts.every(({ executed, address }, i) => executed === 1 && address === SRAM + 0x8_0f00 + 2 * i)).toBe(true);
    rig.core.dispose();
  });
});
