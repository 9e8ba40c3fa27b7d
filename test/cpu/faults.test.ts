/** Faults in real Thumb code: status registers, escalation, lockup, derived exceptions, traps of CCR, BKPT. */
import { describe, expect, it } from 'vitest';
import type { Rig } from '../support/core-harness.ts';
import { ENGINES } from '../support/engines.ts';
import { Scenarios } from '../support/thumb-scenario.ts';

const scenarios = new Scenarios('faults');
const ENABLE_ALL = 0x7_0000;
const FORCED = 0x4000_0000;

/** Traces exception number, CFSR, HFSR, MMFAR or BFAR when valid, and the offset of the stacked PC from `here`. */
const REPORT = `
hardfault:
memmanage:
busfault:
usagefault:
  mrs r1, ipsr
  tracer r1
  get r2, CFSR
  tracer r2
  tracem HFSR
  tst r2, #0x80
  beq 1f
  tracem MMFAR
1:tst r2, #0x8000
  beq 2f
  tracem BFAR
2:ldr r1, [sp, #24]
  ldr r2, =here
  subs r1, r2
  tracer r1
  done
`;

describe.each(ENGINES)('faults on $name', (engine) => {
  const trace = (source: string, options = {}) => scenarios.trace(engine, source, options);
  const run = (source: string, options = {}) => scenarios.run(engine, source, options);
  const fault = (code: string, enabled = ENABLE_ALL, options = {}) =>
    trace(`\nreset:\n  put SHCSR, ${enabled}\n  ${code}\n  trace 0xbad\n  done\n  .ltorg\n${REPORT}`, options);

  const causes: readonly [string, string, readonly number[], object?][] = [
    ['a load from nowhere: PRECISERR', 'ldr r2, =0x70000004\nhere:\n ldr r3, [r2]', [5, 0x8200, 0, 0x7000_0004, 0]],
    ['a store to nowhere: PRECISERR', 'ldr r2, =0x70000008\nhere:\n str r3, [r2]', [5, 0x8200, 0, 0x7000_0008, 0]],
    ['a fetch from nowhere: IBUSERR', '.equ here, 0x70000000\n ldr r2, =here + 1\n bx r2', [5, 0x100, 0, 0]],
    ['a fetch from a peripheral: IACCVIOL', '.equ here, 0x40000000\n ldr r2, =here + 1\n bx r2', [4, 1, 0, 0]],
    ['an undefined instruction: UNDEFINSTR', 'here:\n udf #3', [6, 0x1_0000, 0, 0]],
    ['a wide undefined instruction: UNDEFINSTR', 'here:\n udf.w #3', [6, 0x1_0000, 0, 0]],
    ['a branch to an even address: INVSTATE', 'ldr r2, =here\n bx r2\n.align 2\nhere:\n nop', [6, 0x2_0000, 0, 0]],
    ['another coprocessor: NOCP', 'here:\n mcr p7, 0, r0, c0, c0', [6, 0x8_0000, 0, 0]],
    ['unaligned LDM: UNALIGNED', 'ldr r2, =0x20000002\nhere:\n ldmia r2, {r3, r4}', [6, 0x100_0000, 0, 0]],
    ['unaligned LDRD: UNALIGNED', 'ldr r2, =0x20000002\nhere:\n ldrd r3, r4, [r2]', [6, 0x100_0000, 0, 0]],
    ['unaligned LDREX: UNALIGNED', 'ldr r2, =0x20000002\nhere:\n ldrex r3, [r2]', [6, 0x100_0000, 0, 0]],
    [
      'an unaligned word in a peripheral: UNALIGNED',
      'ldr r2, =0x40000002\nhere:\n ldr r3, [r2]',
      [6, 0x100_0000, 0, 0],
      { qemu: 'takes unaligned accesses to devices' },
    ],
    ['division by zero with DIV_0_TRP: DIVBYZERO', 'put CCR, 0x210\n movs r2, #0\nhere:\n udiv r3, r2, r2', [6, 0x200_0000, 0, 0]],
    ['an unaligned LDR with UNALIGN_TRP: UNALIGNED', 'put CCR, 0x208\n ldr r2, =0x20000002\nhere:\n ldr r3, [r2]', [6, 0x100_0000, 0, 0]],
  ];

  it.each(causes)('%s', (_name, code, expected, options = {}) => {
    expect(fault(code, ENABLE_ALL, options)).toEqual(expected);
  });

  it('divides by zero to zero and loads unaligned words unless CCR traps them', () => {
    expect(fault('movs r2, #0\n movs r3, #9\n udiv r3, r3, r2\n tracer r3\n ldr r2, =0x20000002\n ldr r3, [r2]\nhere:\n')).toEqual([
      0, 0xbad,
    ]);
  });

  it('escalates each configurable fault that is disabled', () => {
    expect(fault('ldr r2, =0x70000004\nhere:\n ldr r3, [r2]', 0)).toEqual([3, 0x8200, FORCED, 0x7000_0004, 0]);
    expect(fault('here:\n udf #3', 0)).toEqual([3, 0x1_0000, FORCED, 0]);
    expect(fault('.equ here, 0x40000000\n ldr r2, =here + 1\n bx r2', 0)).toEqual([3, 1, FORCED, 0]);
  });

  it('escalates a fault whose priority is not above what runs', () => {
    expect(
      trace(`
reset:
  put SHCSR, ${ENABLE_ALL}
  putb SHPR1+1, 0x40
  putb IPR, 0x20
  put ISER, 1
  put ISPR, 1
irq0:
  ldr r2, =0x70000000
here:
  ldr r2, [r2]
${REPORT}`),
    ).toEqual([3, 0x8200, FORCED, 0x7000_0000, 0]);
    expect(fault('movs r2, #0x10\n msr basepri, r2\n putb SHPR1+2, 0x10\nhere:\n udf #0')).toEqual([3, 0x1_0000, FORCED, 0]);
    expect(fault('cpsid i\nhere:\n udf #0')).toEqual([3, 0x1_0000, FORCED, 0]);
  });

  it('nests faults of different priorities', () => {
    expect(
      trace(`
reset:
  put SHCSR, ${ENABLE_ALL}
  put SHPR1, 0x00002040
  udf #0
  trace 9
  done
usagefault:
  trace 6
  ldr r2, [sp, #24]
  adds r2, #2
  str r2, [sp, #24]
  bx lr
busfault:
  trace 5
  udf #0
  ldr r2, [sp, #24]
  adds r2, #2
  str r2, [sp, #24]
  bx lr
memmanage:
  trace 4
  ldr r2, =0x70000000
  ldr r2, [r2]
  ldr r2, =0x01000000 + after
  bx lr
after:
  nop`),
    ).toEqual([6, 9]);
  });

  it('clears status bits by writing ones, byte-wise too', () => {
    expect(
      trace(`
reset:
  put SHCSR, ${ENABLE_ALL}
  ldr r2, =0x70000000
  ldr r3, [r2]
  udf #0
  done
busfault:
  tracem CFSR
  putb CFSR+1, 0x02
  tracem CFSR
1:ldr r2, [sp, #24]
  adds r2, #2
  str r2, [sp, #24]
  bx lr
usagefault:
  tracem CFSR
  put CFSR, 0x00010000
  tracem CFSR
  tracem SHCSR
  b 1b`),
    ).toEqual([0x8200, 0x8000, 0x1_8000, 0x8000, 0x7_0008]);
  });

  it('runs a fault handler through SHCSR pending bits, and not while it is disabled', () => {
    expect(
      trace(`
reset:
  put SHCSR, 0x4000          @ BUSFAULTPENDED, disabled
  tracem SHCSR
  put SHCSR, 0x24000         @ enabled
  trace 2
  tracem SHCSR
  done
busfault:
  trace 1
  tracem SHCSR
  bx lr`),
    ).toEqual([0x4000, 1, 0x2_0002, 2, 0x2_0000]);
  });

  it('skips precise bus faults at negative priority with BFHFNMIGN, leaving BFSR set', () => {
    expect(
      trace(
        `
reset:
  put CCR, 0x300
  cpsid f
  movs r3, #5
  ldr r2, =0x70000000
  ldr r3, [r2]
  ldr.w r3, [r2, #8]
  cmp r3, #5
  ite eq
  streq r3, [r2]
  movne r3, #7
  tracer r3
  tracem CFSR
  tracem BFAR
  cpsie f
here:
  str r3, [r2]
${REPORT}`,
        { qemu: 'has no BFHFNMIGN' },
      ),
    ).toEqual([5, 0x8200, 0x7000_0000, 3, 0x8200, FORCED, 0x7000_0000, 0]);
  });

  describe('on the stack', () => {
    it('STKERR: the exception is entered after the derived fault that its stacking caused', () => {
      expect(
        trace(`
reset:
  put SHCSR, ${ENABLE_ALL}
  ldr r2, =0x70000100
  msr psp, r2
  movs r2, #2
  msr control, r2
  isb
  putb SHPR2+3, 0x40
  svc 0
busfault:
  trace 5
  tracem CFSR
  tracem SHCSR
  mov r1, sp
  tracer r1
  mrs r1, psp
  tracer r1
  bx lr
svcall:
  trace 11
  tracer lr
  done`),
      ).toEqual([5, 0x1000, 0x7_8002, 0x2010_0000, 0x7000_00e0, 11, 0xffff_fffd]);
    });

    it('STKERR: the original comes first when its priority is higher', () => {
      expect(
        trace(`
reset:
  put SHCSR, ${ENABLE_ALL}
  ldr r2, =0x70000100
  msr psp, r2
  movs r2, #2
  msr control, r2
  isb
  putb SHPR1+1, 0x40
  svc 0
svcall:
  trace 11
  tracem SHCSR
  bx lr
busfault:
  trace 5
  tracem CFSR
  done`),
      ).toEqual([11, 0x7_4080, 5, 0x1000]);
    });

    it('UNSTKERR: the return is abandoned and the fault is chained with the same EXC_RETURN', () => {
      expect(
        trace(`
reset:
  put SHCSR, ${ENABLE_ALL}
  svc 0
svcall:
  ldr r2, =0x70000100
  msr psp, r2
  ldr lr, =0xfffffffd
  bx lr
busfault:
  tracem CFSR
  tracer lr
  mrs r1, psp
  tracer r1
  done`),
      ).toEqual([0x800, 0xffff_fffd, 0x7000_0100]);
    });

    it('a stack that is nowhere: HardFault is entered, with nothing stacked', () => {
      expect(
        trace(`
reset:
  ldr r2, =0x70000000
  mov sp, r2
  ldr r3, [r2]
hardfault:
  mov r4, sp
  ldr r2, =0x20080000
  mov sp, r2
  tracem HFSR
  tracem CFSR
  tracer r4
  mrs r1, ipsr
  tracer r1
  done`),
      ).toEqual([FORCED, 0x9200, 0x6fff_ffe0, 3]);
    });

    it('MSTKERR and MUNSTKERR: the same by the MPU', () => {
      expect(
        trace(`
reset:
  put SHCSR, ${ENABLE_ALL}
  put MPU+0xc, 0x20008010    @ region 0: 32 KiB at 0x20008000, no access
  put MPU+0x10, 0x0000001d
  put MPU+4, 5
  ldr r2, =0x20008100
  msr psp, r2
  movs r2, #2
  msr control, r2
  isb
  putb SHPR2+3, 0x40
  svc 0
memmanage:
  tracem CFSR
  put CFSR, 0xff
  tst lr, #2
  bx lr
svcall:
  trace 11
  ldr r0, =memmanage2
  ldr r1, =0x20001000
  movs r2, #0
1:ldr r3, [r2]
  str r3, [r1, r2]
  adds r2, #4
  cmp r2, #0x60
  bne 1b
  adds r0, #1
  str r0, [r1, #16]
  put VTOR, 0x20001000
  bx lr
memmanage2:
  tracem CFSR
  done`),
      ).toEqual([0x10, 11, 0x08]);
    });
  });

  it('VECTTBL: an unreadable vector table is a HardFault, an unreadable one of HardFault a lockup', () => {
    const { stop } = run(
      `
reset:
  put VTOR, 0x70000000
  svc 0
  done`,
      { qemu: false },
    );
    expect(stop).toMatchObject({ kind: 'crashed', reason: 'lockup: unreadable vector of HardFault' });
  });

  it('VECTTBL: HardFault is entered when only the other vector is out of reach', () => {
    const { rig } = run(
      `
reset:
  put VTOR, 0x200fff80       @ the RAM ends behind vector 31
  put ISER+4, 1
  put ISPR+4, 1              @ line 32 is exception 48
  b .
hardfault:
  tracem HFSR
  tracem ISPR+4
  mrs r1, ipsr
  tracer r1
  done`,
      { qemu: false, before: (rig: Rig) => rig.write(0x200f_ff8c, rig.peek(0xc)) },
    );
    expect(rig.trace).toEqual([2, 1, 3]);
    expect(rig.core.faultLog[0]).toMatchObject({ name: 'HardFault', hfsr: 2 });
  });

  describe('lockup', () => {
    it.each([
      ['a fault in HardFault', 'reset:\n udf #0\nhardfault:\n ldr r2, =0x70000000\n ldr r2, [r2]', 'lockup: BusFault in HardFault'],
      ['a fault in NMI', 'reset:\n put ICSR, 0x80000000\nnmi:\n udf #0', 'lockup: UsageFault in NMI'],
      ['a fault with FAULTMASK', 'reset:\n cpsid f\n udf #0', 'lockup: UsageFault with FAULTMASK set'],
      ['SVC in HardFault', 'reset:\n udf #0\nhardfault:\n svc 0', 'lockup: SVCall in HardFault'],
      ['BKPT in HardFault', 'reset:\n udf #0\nhardfault:\n bkpt 0', 'lockup: BKPT in HardFault'],
    ])('%s', (_name, source, reason) => {
      const { stop, rig, symbols } = run(`\n${source}\n`, { qemu: false });
      expect(stop).toMatchObject({ kind: 'crashed', reason });
      expect(rig.core.run(10)).toBe(stop);
      rig.core.start(0);
      expect(rig.core.pc).toBe(symbols['reset']);
      expect(rig.core.faultLog).toEqual([]);
    });
  });

  it('BKPT without debugger: HardFault with DEBUGEVT, or DebugMonitor when that is enabled', () => {
    expect(
      trace(
        `
reset:
  bkpt 1
  put DEMCR, 0x10000
  bkpt 2
  trace 9
  done
hardfault:
  trace 3
  tracem HFSR
1:tracem DFSR
  ldr r2, [sp, #24]
  adds r2, #2
  str r2, [sp, #24]
  bx lr
debugmonitor:
  trace 12
  b 1b`,
        { qemu: 'escalates BKPT to HardFault with FORCED, and never to DebugMonitor' },
      ),
    ).toEqual([3, 0x8000_0000, 2, 12, 2, 9]);
  });

  it('logs every fault taken, with registers and status', () => {
    const { rig, symbols } = run(`
reset:
  put SHCSR, ${ENABLE_ALL}
  movs r5, #55
  ldr r2, =0x70000004
where:
  ldr r3, [r2]
  udf #0
  done
busfault:
usagefault:
  ldr r2, [sp, #24]
  adds r2, #2
  str r2, [sp, #24]
  bx lr`);
    const { faultLog } = rig.core;
    expect(faultLog.map(({ name }) => name)).toEqual(['BusFault', 'UsageFault']);
    expect(faultLog[0]).toMatchObject({ exception: 5, cfsr: 0x8200, hfsr: 0, bfar: 0x7000_0004 });
    expect(faultLog[0]!.context.r[15]).toBe(symbols['where']);
    expect(faultLog[0]!.context.r[5]).toBe(55);
    expect(faultLog[0]!.cycle).toBe(5);
    expect(faultLog[1]!.cfsr).toBe(0x1_8200);
  });
});
