/**
 * What a loop that repeats itself depends on: when it is entered again, a special register, a stack limit or the mode may be another. With
 * fast-forward and without it, the state at every cut is the same.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { CELL, type CoreRegisters } from '../../src/cpu/core-registers.ts';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { CORTEX_M7, CORTEX_M33, type CoreProfile } from '../../src/cpu/profile.ts';
import { UnmodelledBlock } from '../../src/peripherals/unmodelled-block.ts';
import { Rig, SRAM } from '../support/core-harness.ts';
import { ENGINES } from '../support/engines.ts';
import { stateOf } from '../support/loop-firmware.ts';
import { ThumbPrograms } from '../support/thumb.ts';

/** R6 is the probe, R2 the word that is polled; SysTick's handler sets that at every third tick of 20000 cycles. */
const programs = new ThumbPrograms(
  'fast-forward-dependencies',
  (source) => `
.syntax unified
.cpu cortex-m33
.thumb
.word 0x20100000, reset + 1
.rept 9
.word fault + 1
.endr
.word svc + 1, fault + 1, fault + 1, fault + 1, tick + 1
.macro ticks
  ldr r4, =0xe000e010
  ldr r5, =20000
  str r5, [r4, #4]
  movs r5, #7
  str r5, [r4]
.endm
.thumb_func
reset:
  ldr r6, =0x40000000
  ldr r2, =0x20000100
${source}

.thumb_func
fault:
  movs r5, #0x77
  str r5, [r6]
  str r5, [r6, #0x10]
halt: b halt
.thumb_func
tick:
  ldr r3, =0x20000200
  ldr r12, [r3]
  add r12, #1
  str r12, [r3]
  cmp r12, #3
  it eq
  streq r12, [r2]
  bx lr
.ltorg
`,
);

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.core.dispose();
});

interface Part {
  readonly cycles: number;
  /** What happens before it. */
  readonly act?: (rig: Rig) => void;
}

/** Runs a program with fast-forward and without it, and compares the two after every part; the rig with fast-forward is returned. */
function compare(engine: EngineFactory, profile: CoreProfile, source: string, parts: readonly Part[], prepare?: (rig: Rig) => void): Rig {
  const { code } = programs.get(source);
  const [quick, slow] = [true, false].map((fastForward) => {
    const rig = new Rig(engine, { profile, fastForward });
    rigs.push(rig);
    prepare?.(rig);
    rig.bus.writeBytes(0, code);
    rig.core.start(0);
    return rig;
  }) as [Rig, Rig];
  for (const [index, { cycles, act }] of parts.entries()) {
    for (const rig of [quick, slow]) {
      rig.core.sync();
      act?.(rig);
      rig.core.registersChanged();
    }
    expect(quick.run(cycles)).toEqual(slow.run(cycles));
    expect(stateOf(quick), `after part ${index}`).toEqual(stateOf(slow));
    expect(quick.diagnostics.all, `after part ${index}`).toEqual(slow.diagnostics.all);
  }
  expect(slow.core.skipped).toBe(0);
  return quick;
}

const cell =
  (index: number, value: number) =>
  ({ cells }: CoreRegisters): void => {
    cells[index] = value;
  };
const control =
  (value: number) =>
  (registers: CoreRegisters): void =>
    registers.setMode(registers.cells[CELL.IPSR]!, value);
const ipsr =
  (value: number) =>
  (registers: CoreRegisters): void =>
    registers.setMode(value, registers.cells[CELL.CONTROL]!);

type Change = (registers: CoreRegisters) => void;

/** Special registers, and what happens to each while a loop reads it. */
const SPECIAL: Readonly<Record<string, readonly Change[]>> = {
  xpsr: [ipsr(11), cell(CELL.APSR, 0x1000_0000), ipsr(0)],
  ipsr: [ipsr(11), ipsr(15), ipsr(0)],
  msp: [cell(CELL.SP, 0x2000_8000), control(2), cell(CELL.BANKED_SP, 0x2000_9000)],
  psp: [cell(CELL.BANKED_SP, 0x2000_8000), control(2), cell(CELL.SP, 0x2000_9000)],
  primask: [cell(CELL.PRIMASK, 1), control(1), control(0), cell(CELL.PRIMASK, 0)],
  basepri: [cell(CELL.BASEPRI, 0x40), cell(CELL.BASEPRI, 0x80), control(1), ipsr(11)],
  basepri_max: [cell(CELL.BASEPRI, 0x40), cell(CELL.BASEPRI, 0)],
  faultmask: [cell(CELL.FAULTMASK, 1), control(1), control(0), cell(CELL.FAULTMASK, 0)],
  control: [control(4), control(2), control(1), control(0)],
};
const SPECIAL_V8: typeof SPECIAL = {
  ...SPECIAL,
  msplim: [cell(CELL.SPLIM, 0x2000_0100), cell(CELL.SPLIM, 0x2000_0200), control(2)],
  psplim: [cell(CELL.BANKED_SPLIM, 0x2000_0100), control(2), cell(CELL.SPLIM, 0x2000_0200)],
  // SFPA is there for Secure code only.
  control: [...SPECIAL['control']!, control(8), cell(CELL.SECURE, 0), control(12), cell(CELL.SECURE, 1)],
};
/** Those that loops are followed through. */
const FOLLOWED = new Set(['ipsr', 'primask', 'basepri', 'basepri_max', 'faultmask', 'control']);

const cases = [
  ...Object.entries(SPECIAL).map(([name, changes]) => ({ profile: CORTEX_M7, name, changes })),
  ...Object.entries(SPECIAL_V8).map(([name, changes]) => ({ profile: CORTEX_M33, name, changes })),
];

/**
 * Waits for the word at R2 in `body`, for which Thread mode and the SVC handler use the same code. Each wait ends the run (R5 is not 0), so
 * that the next one begins with a look at a loop that is known.
 */
const TWICE = (body: string): string => `
  ticks
  movs r0, #0
  bl wait
  movs r0, #0
  str r0, [r2]
  svc 0
  str r0, [r6]
  str r0, [r6, #0x10]
  bl wait
  str r0, [r6, #0x10]
  b halt
.balign 4
.thumb_func
wait:
  str r5, [r6, #0xc]
1: ${body}
  ldr r1, [r2]
  cmp r1, #0
  beq 1b
2: bx lr
.thumb_func
svc:
  push {r4, lr}
  bl wait
  str r0, [r6]
  str r0, [r6, #0x10]
  pop {r4, pc}`;

describe.each(ENGINES)('$name', (engine) => {
  it.each(cases)('a loop that reads $name on a $profile.name', ({ profile, name, changes }) => {
    const source = `1: mrs r0, ${name}\n mov r4, r0\n ldr r1, [r2]\n cmp r1, #0\n beq 1b\n.set svc, fault`;
    const parts = changes.flatMap((change, index) => [
      { cycles: 5003 + index, act: ({ core }: Rig) => change(core.registers) },
      { cycles: 3001 + index },
    ]);
    const quick = compare(engine, profile, source, [{ cycles: 8000 }, ...parts]);
    if (FOLLOWED.has(name)) expect(quick.core.skipped).toBeGreaterThan(quick.core.instructions / 2);
  });

  it.each([CORTEX_M7, CORTEX_M33])('one loop in Thread mode, then in Handler mode, on a $name', (profile) => {
    const parts = [1000, 50_000, 30_001, 60_000, 1000, 40_000].map((cycles) => ({ cycles }));
    const ends = compare(engine, profile, TWICE('mrs r0, ipsr\n cbnz r0, 2f'), parts);
    // The handler leaves at once, at the first tick that sets the word or before it.
    expect(ends.trace[0]).toBe(11);
    expect(ends.trace[1]).toBeLessThan(60_100);
    const waits = compare(engine, profile, TWICE('push {r0, r4}\n pop {r0, r4}'), parts);
    expect(waits.trace).not.toContain(0x77);
    expect(waits.core.skipped).toBeGreaterThan(50_000);
  });

  it('a loop that pushes below a limit that is raised', () => {
    const source = `
  ticks
  bl wait
  movs r1, #0
  str r1, [r2]
  ldr r5, =0x200ffff8
  msr msplim, r5
  bl wait
  b halt
.thumb_func
wait:
  str r5, [r6, #0xc]
1: push {r0, r1, r3, r7}
  pop {r0, r1, r3, r7}
  ldr r1, [r2]
  cmp r1, #0
  beq 1b
  bx lr
.set svc, fault`;
    const quick = compare(
      engine,
      CORTEX_M33,
      source,
      [1000, 100_000, 30_001, 10_000].map((cycles) => ({ cycles })),
    );
    expect(quick.core.skipped).toBeGreaterThan(50_000);
    // The fault comes with the first push of the second wait.
    expect(quick.trace[0]).toBe(0x77);
    expect(quick.trace[1]).toBeLessThan(60_100);
  });

  it('reads of a block that is not modelled are counted, those that are left out too', () => {
    const source = `
  movw r7, #0
  movt r7, #0x5000
  ticks
1: ldr r0, [r7, #0x24]
  ldrb r3, [r7, #0x20]
  cmp r0, #0
  beq 1b
.set svc, fault`;
    const map = ({ bus, diagnostics }: Rig): void => {
      bus.mapDevice(0x5000_0000, 0x1000, new UnmodelledBlock({ name: 'TMU', diagnostics }), 'TMU');
    };
    const parts = [7, 1000, 50_001, 30_003, 100_000].map((cycles) => ({ cycles }));
    const quick = compare(engine, CORTEX_M7, source, parts, map);
    expect(quick.core.skipped).toBeGreaterThan(150_000);
    const [finding, ...others] = quick.diagnostics.all;
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ kind: 'unimplemented', block: 'TMU', register: 'block' });
    expect(finding!.count).toBeGreaterThan(85_000);
    expect(quick.peek(SRAM + 0x200)).toBe(9);
    expect(quick.core.describe().slice(-2)).toEqual([
      '    reads 0x50000024 TMU+0x24, which is 0x00000000 for ever: TMU is not modelled',
      '    reads 0x50000020 TMU+0x20, which is 0x00 for ever: TMU is not modelled',
    ]);
  });
});
