/** Functions of the firmware called by the host, and by the host in their place: arguments, results, and a core that is as it was before. */
import { describe, expect, it } from 'vitest';
import { type Argument, layOut } from '../../../src/cpu/aapcs.ts';
import { CELL } from '../../../src/cpu/core-registers.ts';
import type { CortexM } from '../../../src/cpu/cortex-m.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { CallRefused, UsageError } from '../../../src/errors.ts';
import type { Rig } from '../../support/core-harness.ts';
import { rigOf, SUBJECTS, stateOf } from './programs.ts';

const SOURCE = `
  put SCB + 0x88, 0x00f00000
  dsb
  isb
  put 0xe000e100, 3
  vmov.f32 s1, #1.25
  vmov.f32 s16, #2.5
  movs r0, #0
  movs r4, #9
again:
  adds r0, #1
  cmp r0, #10
  itt eq
  moveq r5, r0
spot:
  moveq r0, #0
  bne again
  wfi
  b again
@ word, 64 bits in r2:r3, stack: word, 64 bits aligned
mix:
  push {r4, r5, lr}
  sub sp, #12
  bl count
  ldr r1, [sp, #24]
  adds r0, r0, r1
  ldrd r4, r5, [sp, #32]
  adds r0, r0, r2
  adc r1, r3, #0
  adds r0, r0, r4
  adcs r1, r1, r5
  movs r2, #0x55
  movs r3, #0x66
  add sp, #12
  pop {r4, r5, pc}
count:
  movs r1, #1
  str r1, [r6, #4]
  nop
  bx lr
@ hard float: s0 * d1 + s1, as a double
fused:
  vcvt.f64.f32 d3, s0
  vcvt.f64.f32 d2, s1
  vmla.f64 d2, d3, d1
  vmov.f64 d0, d2
  bx lr
forever:
  b forever
caller:
  push {r7, lr}
  sub sp, #16
  movs r0, #1
  movs r2, #2
  movs r3, #3
  bl mix
  str r0, [r7, #32]
  str r1, [r7, #36]
  add sp, #16
  pop {r7, pc}
irq1:
  movs r1, #1
  str r1, [r6, #8]
  ldr r1, [r7, #16]
  adds r1, #1
  str r1, [r7, #16]
  bx lr
`;

function finish(rig: Rig, call: { readonly returned: boolean }): void {
  expect(rig.run()).toMatchObject({ kind: 'hook' });
  expect(call.returned).toBe(true);
}

/** All of a core but its event register, which exceptions set. */
function everything(core: CortexM): unknown {
  core.sync();
  return [...core.registers.cells.map((value, cell) => (cell === CELL.EVENT ? 0 : value)), core.sleep];
}

describe.each(SUBJECTS)('calls on $name', ({ factory }) => {
  it('pass words, double words and what goes to the stack, with interrupts taken meanwhile', () => {
    const { rig, symbols } = rigOf(factory, SOURCE);
    rig.run(30);
    const before = everything(rig.core);
    const call = rig.core.beginCall(symbols['mix']!, [1000, 0x1_0000_0002n, -1, 0xffff_ffff_ffff_fff0n]);
    expect(() => call.result).toThrow(UsageError);
    finish(rig, call);
    expect(call.result.doubleWord).toBe(BigInt.asUintN(64, 1000n + 0xffff_ffffn + 0x1_0000_0002n - 16n - 0x1_0000_0000n));
    expect(call.result.word).toBe(1000 - 1 + 2 - 16);
    expect(rig.peek(0x2000_0010)).toBe(1);
    call.restore();
    call.restore();
    expect(everything(rig.core)).toEqual(before);
    rig.core.dispose();
  });

  it('wake a core that sleeps, and let it sleep again', () => {
    const { rig, symbols } = rigOf(factory, SOURCE);
    expect(rig.run(2000)).toEqual({ kind: 'asleep' });
    const before = everything(rig.core);
    for (const [float, double, plus] of [
      [1.5, 4, 0.25],
      [-2, 1e10, 3],
    ] as const) {
      const call = rig.core.beginCall(symbols['fused']!, [{ float }, { double }, { float: plus }], { hardFloat: true });
      finish(rig, call);
      expect(call.result.double).toBe(float * double + plus);
      call.restore();
      expect(everything(rig.core)).toEqual(before);
    }
    expect(rig.core.asleep).toBe(true);
    const other = rigOf(factory, SOURCE).rig;
    other.run(rig.scheduler.now);
    expect((stateOf(rig) as { cells: unknown }).cells).toEqual((stateOf(other) as { cells: unknown }).cells);
    rig.core.dispose();
    other.core.dispose();
  });

  it('are made within an IT block and at a hook, which is not asked again', () => {
    const { rig, symbols } = rigOf(factory, SOURCE);
    let hooks = 0;
    rig.core.addHook(symbols['spot']!, () => {
      hooks++;
      return 'stop';
    });
    expect(rig.run(2000)).toMatchObject({ kind: 'hook', address: symbols['spot'] });
    const before = everything(rig.core);
    const call = rig.core.beginCall(symbols['mix']!, [1, 2n, 3, 4n]);
    finish(rig, call);
    call.restore();
    expect(everything(rig.core)).toEqual(before);
    expect(hooks).toBe(1);
    expect(rig.run(1)).toEqual({ kind: 'slice' });
    expect([hooks, rig.core.pc]).toEqual([1, symbols['spot']! + 2]);
    rig.core.dispose();
  });

  it('can be given up', () => {
    const { rig, symbols } = rigOf(factory, SOURCE);
    rig.run(50);
    const before = everything(rig.core);
    const call = rig.core.beginCall(symbols['forever']!);
    expect(rig.run(2000)).toEqual({ kind: 'slice' });
    call.restore();
    expect(everything(rig.core)).toEqual(before);
    rig.core.dispose();
  });

  it('within each other return in their order', () => {
    const { rig, symbols } = rigOf(factory, SOURCE);
    rig.run(50);
    const outer = rig.core.beginCall(symbols['caller']!);
    const remove = rig.core.addHook(symbols['mix']!, () => 'stop');
    expect(rig.run()).toMatchObject({ address: symbols['mix'] });
    remove();
    const inner = rig.core.beginCall(symbols['mix']!, [1, 2n, 3, 4n]);
    finish(rig, inner);
    expect([inner.result.word, outer.returned]).toEqual([10, false]);
    inner.restore();
    finish(rig, outer);
    outer.restore();
    rig.core.dispose();
  });

  it('of stubs are answered by the host, with its arguments', () => {
    const { rig, symbols } = rigOf(factory, SOURCE);
    rig.run(50);
    const seen: unknown[] = [];
    rig.core.addHook(symbols['mix']!, (core) => {
      seen.push(...core.functionArguments(['word', 'double word', 'word', 'double word']));
      core.stubReturn(0x1234_5678_9abc_def0n);
      return 'redirected';
    });
    finish(rig, rig.core.beginCall(symbols['caller']!));
    expect(seen.slice(0, 2)).toEqual([1, 0x3_0000_0002n]);
    expect([rig.peek(0x2000_0020), rig.peek(0x2000_0024)]).toEqual([0x9abc_def0, 0x1234_5678]);
    const call = rig.core.beginCall(symbols['mix']!, [7, 8n, 0x9000_0000, -1n]);
    finish(rig, call);
    expect(seen.slice(4)).toEqual([7, 8n, 0x9000_0000, 0xffff_ffff_ffff_ffffn]);
    rig.core.dispose();
  });

  it('of a stub of an interrupt handler return from the exception', () => {
    const { rig, symbols } = rigOf(factory, SOURCE);
    rig.run(50);
    rig.core.addHook(symbols['irq1']!, (core) => {
      rig.core.setInterrupt(1, false);
      core.stubReturn();
      return 'redirected';
    });
    const call = rig.core.beginCall(symbols['mix']!, [1, 2n, 3, 4n]);
    finish(rig, call);
    expect(call.result.word).toBe(10);
    expect(rig.peek(0x2000_0010)).toBe(0);
    rig.core.dispose();
  });
});

describe('arguments', () => {
  const places = (kinds: readonly ('w' | 'l' | 'f' | 'd')[], hardFloat: boolean): string => {
    const names = { w: 'word', l: 'double word', f: 'float', d: 'double' } as const;
    const { places: all, stackBytes } = layOut(
      kinds.map((kind) => names[kind]),
      hardFloat,
    );
    return `${all.map(({ in: kind, at, words }) => `${{ core: 'r', float: 's', stack: '+' }[kind]}${at}${words === 2 ? 'w' : ''}`).join(' ')} | ${stackBytes}`;
  };

  it.each([
    ['wwwww', false, 'r0 r1 r2 r3 +0 | 4'],
    ['wlw', false, 'r0 r2w +0 | 4'],
    ['wwwlw', false, 'r0 r1 r2 +0w +8 | 12'],
    ['lwlw', false, 'r0w r2 +0w +8 | 12'],
    ['fdf', false, 'r0 r2w +0 | 4'],
    ['wdwf', true, 'r0 s0w r1 s2 | 0'],
    ['fdfd', true, 's0 s2w s1 s4w | 0'],
    ['dddddddff', true, 's0w s2w s4w s6w s8w s10w s12w s14 s15 | 0'],
    ['fddddddddf', true, 's0 s2w s4w s6w s8w s10w s12w s14w +0w +8 | 12'],
    ['wwwwwlwd', true, 'r0 r1 r2 r3 +0 +8w +16 s0w | 20'],
  ] as const)('%s, hard float %s: %s', (kinds, hardFloat, expected) => {
    expect(places([...kinds] as ('w' | 'l' | 'f' | 'd')[], hardFloat)).toBe(expected);
  });

  it.each([2 ** 32, -(2 ** 31) - 1, 0.5, Number.NaN])('that are no words are refused: %s', (bad) => {
    const { rig, symbols } = rigOf(interpreterFactory, SOURCE);
    rig.run(50);
    const before = everything(rig.core);
    expect(() => rig.core.beginCall(symbols['mix']!, [bad as Argument])).toThrow(UsageError);
    expect(everything(rig.core)).toEqual(before);
  });
});

describe('no function can be called', () => {
  it('in a handler, in reset, locked up, in the middle of an instruction, without a stack', () => {
    const { rig, symbols } = rigOf(interpreterFactory, SOURCE);
    const { core } = rig;
    rig.run(50);
    const remove = core.addHook(symbols['irq1']!, () => 'stop');
    finish(rig, { returned: rig.core.setInterrupt(1, true) === undefined });
    expect(() => core.beginCall(symbols['mix']!)).toThrow(CallRefused);
    remove();
    rig.run(500);
    core.writeRegister('sp', 0x5000_0000);
    const before = everything(core);
    expect(() => core.beginCall(symbols['mix']!, [1, 2, 3, 4, 5])).toThrow(CallRefused);
    expect(everything(core)).toEqual(before);
    core.halt();
    expect(() => core.beginCall(symbols['mix']!)).toThrow(CallRefused);
  });
});
