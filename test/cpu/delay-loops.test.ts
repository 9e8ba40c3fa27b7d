/**
 * Delay loops as firmware has them: taken in one step, and in the same state at the same cycle as when every round is executed, wherever
 * the run is cut and whatever interrupts it.
 */
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { CORTEX_M4, CORTEX_M7, CORTEX_M33 } from '../../src/cpu/profile.ts';
import type { BusDevice } from '../../src/memory/bus.ts';
import { PROBE, type Rig, SRAM } from '../support/core-harness.ts';
import { ENGINES } from '../support/engines.ts';
import { type LoopRigOptions, loopRig, stateOf, TICKS } from '../support/loop-firmware.ts';
import { ThumbPrograms } from '../support/thumb.ts';

/** R7 is 0xE000_E000 (SysTick at +0x10), R6 0xE000_1000 (CYCCNT at +4), R0 the count. */
const programs = new ThumbPrograms('delay-loops', (source) => `.syntax unified\n.cpu cortex-m4\n.thumb\n${source}\nend: b end\n`);

/** Uneven parts into which a run of a million cycles is cut. */
const CUTS = [777, 2_001, 40_000, 57_223, 399_999, 500_000];
const TOTAL = CUTS.reduce((sum, part) => sum + part, 0);

interface Scenario extends Partial<LoopRigOptions> {
  readonly source: string;
  readonly count?: number;
  /** Part of the run that must be skipped. */
  readonly skips?: number;
  readonly prepare?: (rig: Rig) => void;
}

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.core.dispose();
});

/** Runs a program both ways and returns the rig with fast-forward; every cut compares the two. */
function compare(engine: EngineFactory, { source, count, skips, prepare, ...options }: Scenario): Rig {
  const { code } = programs.get(source);
  const halves = [...new Uint16Array(code.buffer, 0, code.length >>> 1)];
  const [quick, slow] = [true, false].map((fastForward) => {
    const rig = loopRig(engine, halves, { registers: [count ?? 0], ...options, fastForward });
    prepare?.(rig);
    rigs.push(rig);
    return rig;
  }) as [Rig, Rig];
  for (const cycles of CUTS) {
    expect(quick.run(cycles)).toEqual(slow.run(cycles));
    expect(stateOf(quick)).toEqual(stateOf(slow));
  }
  expect(slow.core.skipped).toBe(0);
  if (skips !== undefined) expect(quick.core.skipped / quick.core.instructions).toBeGreaterThanOrEqual(skips);
  return quick;
}

const SDK = 'loop: sub.w r0, r0, #1\n cmp r0, #0\n bne loop';
const ENABLE = (control: number): string =>
  `movw r1, #4999\n str r1, [r7, #0x14]\n str r1, [r7, #0x18]\n movs r1, #${control}\n str r1, [r7, #0x10]\n`;

/** The cycle counter of a kernel: SysTick with its overflow checks, inside a lock by BASEPRI. */
const CYCLES = `cycles: push {r4, lr}
 mov r3, #16
 mrs r4, basepri
 msr basepri_max, r3
 isb
 bl elapsed
 ldr r3, [r5]
 add r0, r3
 msr basepri, r4
 isb
 pop {r4, pc}
elapsed: push {r4, lr}
 ldr r2, [r7, #0x18]
 ldr r1, [r7, #0x10]
 ldr r0, [r7, #0x18]
 tst.w r1, #0x10000
 bne wrapped
 cmp r2, r0
 bcs same
wrapped: ldr r2, [r5, #4]
 movw r1, #5000
 add r2, r1
 str r2, [r5, #4]
same: ldr r3, [r5, #4]
 movw r2, #4999
 add r3, r2
 subs r0, r3, r0
 pop {r4, pc}`;

describe.each(ENGINES)('$name', (engine) => {
  it('counts down as SDK_DelayAtLeastUs does, and goes on after it', () => {
    const rig = compare(engine, { source: `${SDK}\n movs r1, #77`, count: 300_000, skips: 0.99 });
    expect(rig.r(0)).toBe(0);
    expect(rig.r(1)).toBe(77);
    expect(compare(engine, { source: SDK, count: 0xffff_ffff, skips: 0.99 }).r(0)).toBe(0xffff_ffff - Math.floor((TOTAL + 2) / 3));
  });

  it.each([0, 1, 2, 3, 255, 256, 257])('leaves a countdown from %i at the right round', (count) => {
    const rig = compare(engine, { source: `${SDK}\n adds r1, #1\n b over\n over: nop\n movs r2, #9`, count });
    // From 0 it goes all the way round.
    if (count > 0) expect([rig.r(0), rig.r(1), rig.r(2)]).toEqual([0, 1, 9]);
  });

  it.each([
    ['unsigned below', 'adds r0, #3\n cmp r0, r1\n bcc loop', 0, 600_000],
    ['unsigned higher', 'subs r0, #3\n cmp r0, r1\n bhi loop', 600_000, 5],
    ['signed less, from below zero', 'adds r0, #3\n cmp r0, r1\n blt loop', -300_000, 300_000],
    ['signed greater or equal', 'subs r0, #1\n cmp r0, r1\n bge loop', 100_000, -100_000],
    ['signed less or equal', 'adds r0, #1\n cmp r0, r1\n ble loop', -200_001, -1],
    ['signed greater', 'subs r0, #1\n cmp r0, r1\n bgt loop', -1, -200_002],
    ['plus', 'subs r0, #2\n nop\n bpl loop', 400_001, 0],
    ['minus', 'adds r0, #2\n nop\n bmi loop', -400_001, 0],
    ['no overflow', 'adds r0, #1\n nop\n bvc loop', 0x7fff_ffff - 200_000, 0],
    ['carry', 'subs r0, #1\n nop\n bcs loop', 200_000, 0],
    ['not equal in steps of three', 'adds r0, #3\n cmp r0, r1\n bne loop', 1, 600_001],
    ['two counters that meet', 'adds r0, #1\n subs r1, #1\n cmp r0, r1\n bne loop', 0, 300_000],
    ['one counter in a compare with the other', 'adds r0, #2\n adds r1, #1\n cmp r0, r1\n bcc loop', 0, 150_000],
    ['the sum of a shifted counter', 'adds r0, #1\n add.w r2, r1, r0, lsl #4\n cmp r2, #0\n bpl loop', 0, 0x7fff_ffff - 16 * 150_000],
    ['a product', 'adds r0, #1\n movs r2, #12\n mul r3, r0, r2\n cmp r3, r1\n bcc loop', 0, 12 * 100_000],
    ['64 bits', 'subs r0, #1\n sbc r2, r2, #0\n orrs r3, r0, r2\n bne loop', 150_000, 0],
    ['64 bits, compared', 'adds r0, #1\n adc r2, r2, #0\n cmp r0, r1\n sbcs r3, r2, #0\n bcc loop', 0, 120_000],
    ['a bit that is tested', 'adds r0, #1\n tst r0, #0x20000\n beq loop', 0, 0],
    ['bits above a shift', 'adds r0, #1\n lsrs r2, r0, #17\n cmp r2, #1\n bne loop', 0, 0],
    [
      'a masked difference',
      'subs r0, #7\n sub.w r2, r1, r0\n bic r2, r2, #0xff000000\n cmp.w r2, #0xf0000\n bcc loop',
      5_000_000,
      5_000_000,
    ],
    ['a conditional instruction', 'adds r0, #1\n cmp r0, #40000\n it hi\n addhi r2, #1\n cmp r0, r1\n bcc loop', 0, 120_000],
    ['compare and branch on zero', 'subs r0, #1\n cbz r0, out\n b loop\nout: nop', 200_000, 0],
  ])('%s', (_name, body, count, limit) => {
    const source = `loop: ${body.replace('cmp r0, #40000', 'movw r3, #40000\n cmp r0, r3')}\n mov r8, r0`;
    const rig = compare(engine, { source, registers: [count, limit], skips: 0.95 });
    expect(rig.r(8), 'the end was reached').toBe(rig.r(0));
  });

  it('a volatile counter on the stack', () => {
    const source = `movw r1, #0\n movt r1, #2\n sub sp, #8\n movs r2, #0\n str r2, [sp, #4]\n b test
loop: ldr r2, [sp, #4]\n adds r2, #1\n str r2, [sp, #4]\ntest: ldr r2, [sp, #4]\n cmp r2, r1\n blt loop\n mov r8, r2`;
    expect(compare(engine, { source, skips: 0.95 }).r(8)).toBe(0x2_0000);
  });

  it('calls with pushes of changing values', () => {
    const source = `movw r1, #50000\nloop: bl leaf\n cmp r0, r1\n bne loop\n mov r8, r0\n b end
leaf: push {r0, r4, lr}\n mov r4, r0\n adds r0, r4, #1\n ldr r4, [sp]\n add sp, #4\n pop {r4, pc}`;
    expect(compare(engine, { source, skips: 0.9 }).r(8)).toBe(50_000);
  });

  it('the cycle counter', () => {
    const source = `ldr r1, [r6, #4]\nloop: ldr r2, [r6, #4]\n subs r2, r2, r1\n cmp r2, r0\n bcc loop\n mov r8, r2`;
    for (const cyclesPerInstruction of [1, 3]) {
      const rig = compare(engine, { source, count: 200_000, cyclesPerInstruction, skips: 0.95 });
      expect(rig.r(8)).toBeGreaterThanOrEqual(200_000);
      expect(rig.r(8)).toBeLessThan(200_004);
    }
  });

  it.each([
    ['polled', 5, 0.8],
    ['with its interrupt', 7, 0.8],
  ])('a kernel that waits on SysTick under a lock, SysTick %s', (_name, control, skips) => {
    const source = `movw r5, #0x100\n movt r5, #0x2000\n movs r2, #0\n str r2, [r5]\n str r2, [r5, #4]\n ${ENABLE(control)} bl cycles\n mov r9, r0
loop: bl cycles\n sub.w r3, r0, r9\n movw r2, #0x2000\n movt r2, #1\n cmp r3, r2\n bcc loop\n mov r8, r3\n b end\n${CYCLES}`;
    const rig = compare(engine, { source, skips });
    if (control === 5) expect(rig.r(8)).toBeGreaterThanOrEqual(0x1_2000);
    else expect(rig.peek(TICKS)).toBe(Math.floor((TOTAL - 5) / 5000));
  });

  it('an interrupt in the middle of a countdown', () => {
    const rig = compare(engine, { source: `${ENABLE(7)}${SDK}\n mov r8, r0`, count: 250_000, skips: 0.9 });
    expect(rig.peek(TICKS)).toBeGreaterThan(190);
  });

  it.each([
    ['looks for work', 'bl check\n ldr r3, [r5, #8]\n cmp r3, #1\n bls idle', 0.9],
    ['counts its rounds', 'ldr r3, [r5, #12]\n adds r3, #1\n str r3, [r5, #12]\n b idle', 0.9],
    ['sleeps', 'wfi\n bl check\n b idle', 0],
  ])('an idle task that %s, with a tick', (_name, idle, skips) => {
    const source = `movw r5, #0x100\n movt r5, #0x2000\n movs r2, #0\n str r2, [r5]\n str r2, [r5, #8]\n str r2, [r5, #12]\n ${ENABLE(7)}
idle: ${idle}\n b end\ncheck: push {r7, lr}\n ldr r2, [r5]\n cbz r2, none\n str r3, [r5]\nnone: pop {r7, pc}`;
    const rig = compare(engine, { source, skips });
    expect(rig.peek(TICKS)).toBe(Math.floor((TOTAL - 10) / 5000));
  });

  it('does not jump over a store to a device', () => {
    const source = `movs r1, #0x40\n lsls r1, #24\nloop: str r0, [r1]\n subs r0, #1\n bne loop`;
    const rig = compare(engine, { source, count: 1000 });
    expect(rig.trace.length).toBe(1000);
    expect(rig.trace.slice(0, 3)).toEqual([1000, 999, 998]);
    expect(PROBE.TRACE).toBe(0x4000_0000);
  });

  it('does not jump over stores to ever new places', () => {
    const source = `movs r1, #0x20\n lsls r1, #24\n adds r1, #64\n movw r0, #5000\nloop: str r0, [r1], #4\n subs r0, #1\n bne loop\n mov r8, r1`;
    const rig = compare(engine, { source });
    expect(rig.r(8)).toBe(SRAM + 64 + 4 * 5000);
    expect(rig.peek(SRAM + 64 + 4 * 4999)).toBe(1);
  });

  it('a loop that changes its own instructions is executed', () => {
    const source = `adr r1, loop\n movw r2, #0x3101\nloop: subs r0, #1\n strh r2, [r1]\n bne loop`;
    compare(engine, { source, count: 5000 });
  });

  it('a counter whose rate is no whole number of cycles', () => {
    const counter = (rig: Rig): BusDevice => {
      const read = (): number => Math.floor((rig.scheduler.now * 3) / 100);
      return { read, peek: read, write: () => true, progress: () => ({ ticks: 3, cycles: 100, until: Number.POSITIVE_INFINITY }) };
    };
    const source = `movw r1, #0\n movt r1, #0x4001\n ldr r2, [r1]\nloop: ldr r3, [r1]\n subs r3, r3, r2\n cmp r3, r0\n bcc loop\n mov r8, r3`;
    const prepare = (rig: Rig): void => void rig.bus.mapDevice(0x4001_0000, 0x1000, counter(rig), 'counter');
    expect(compare(engine, { source, count: 20_000, skips: 0.95, prepare }).r(8)).toBe(20_000);
  });

  it('a counter that will soon do something else is followed until then', () => {
    const counter = (rig: Rig): BusDevice => {
      const read = (): number => rig.scheduler.now % 10_000;
      const progress = () => ({ ticks: 1, cycles: 1, until: 10_000 - (rig.scheduler.now % 10_000) });
      return { read, peek: read, write: () => true, progress };
    };
    const source = 'movw r1, #0\n movt r1, #0x4001\nloop: ldr r3, [r1]\n cmp r3, #20\n bcs loop\n adds r0, #1\n b loop';
    const prepare = (rig: Rig): void => void rig.bus.mapDevice(0x4001_0000, 0x1000, counter(rig), 'counter');
    expect(compare(engine, { source, skips: 0.8, prepare }).r(0)).toBeGreaterThan(90);
  });

  it.each([CORTEX_M4, CORTEX_M7, CORTEX_M33])('on a $name', (profile) => {
    compare(engine, { source: SDK, count: 200_000, profile, skips: 0.99 });
  });
});
