/** Floating-point context in real Thumb code: automatic and lazy state preservation, CPACR, the registers behind them. */
import { describe, expect, it } from 'vitest';
import { CORTEX_M4 } from '../../src/cpu/profile.ts';
import { ENGINES } from '../support/engines.ts';
import { Scenarios } from '../support/thumb-scenario.ts';

const scenarios = new Scenarios('floating-point-context');
const NOCP = 1 << 19;
const STACK = 0x2010_0000;

describe.each(ENGINES)('floating-point context on $name', (engine) => {
  const trace = (source: string, options = {}) => scenarios.trace(engine, source, options);

  it('denies access by CPACR until it is enabled', () => {
    expect(
      trace(`
reset:
  put SHCSR, 0x40000
  vmov s0, r0
  trace 2
  vmov s0, r0
  trace 3
  done
usagefault:
  tracem CFSR
  put CFSR, 0xffffffff
  put CPACR, 0x00f00000
  bx lr`),
    ).toEqual([NOCP, 2, 3]);
  });

  it('lets privileged code in with CPACR 0b01, unprivileged code not', () => {
    expect(
      trace(`
reset:
  put SHCSR, 0x40000
  put CPACR, 0x00500000
  isb
  vmov s0, r0
  trace 1
  movs r2, #1
  msr control, r2
  isb
  vmov s0, r0
  done
usagefault:
  tracem CFSR
  mrs r2, control
  tracer r2
  done`),
    ).toEqual([1, NOCP, 1]);
  });

  it('sets CONTROL.FPCA by the first instruction and starts with the modes of FPDSCR', () => {
    expect(
      trace(`
reset:
  put CPACR, 0x00f00000
  put FPDSCR, 0x03c00000
  isb
  mrs r2, control
  tracer r2
  vmrs r3, fpscr
  tracer r3
  mrs r2, control
  tracer r2
  movs r2, #0
  msr control, r2
  isb
  put FPDSCR, 0
  vmrs r3, fpscr
  tracer r3
  mrs r2, control
  tracer r2
  done`),
    ).toEqual([0, 0x03c0_0000, 4, 0, 4]);
  });

  it('leaves FPCA alone with ASPEN clear', () => {
    expect(
      trace(`
reset:
  put CPACR, 0x00f00000
  put FPCCR, 0
  isb
  vmov s0, r0
  mrs r2, control
  tracer r2
  svc 0
  done
svcall:
  tracer lr
  bx lr`),
    ).toEqual([0, 0xffff_fff9]);
  });

  it('reserves the space lazily and never writes it when the handler uses no floating point', () => {
    expect(
      trace(
        `
reset:
  put CPACR, 0x00f00000
  isb
  ldr r2, =0x3f800000
  vmov s0, r2
  vmov s15, r2
  svc 0
  tracem FPCCR
  mrs r2, control
  tracer r2
  vmov r2, s15
  tracer r2
  mov r2, sp
  tracer r2
  done
svcall:
  tracer lr
  mov r2, sp
  tracer r2
  mrs r2, control
  tracer r2
  tracem FPCCR
  tracem FPCAR
  ldr r2, [sp, #0x20]
  tracer r2
  bx lr`,
      ),
    ).toEqual([0xffff_ffe9, STACK - 0x68, 0, 0xc000_0019, STACK - 0x48, 0, 0xc000_0018, 4, 0x3f80_0000, STACK]);
  });

  it('writes it when the handler does, and restores S0-S15 and FPSCR on return; S16 stays', () => {
    expect(
      trace(`
reset:
  put CPACR, 0x00f00000
  isb
  movs r2, #10
  vmov s0, r2
  movs r2, #25
  vmov s15, r2
  movs r2, #36
  vmov s16, r2
  ldr r2, =0x80000000
  vmsr fpscr, r2
  svc 0
  vmov r2, s0
  tracer r2
  vmov r2, s15
  tracer r2
  vmov r2, s16
  tracer r2
  vmrs r2, fpscr
  tracer r2
  done
svcall:
  movs r2, #99
  vmov s0, r2
  vmov s15, r2
  vmov s16, r2
  mrs r2, control
  tracer r2
  get r2, FPCCR
  and r2, #1
  tracer r2
  ldr r2, [sp, #0x20]
  tracer r2
  ldr r2, [sp, #0x5c]
  tracer r2
  ldr r2, [sp, #0x60]
  tracer r2
  vmrs r2, fpscr
  tracer r2
  bx lr`),
    ).toEqual([4, 0, 10, 25, 0x8000_0000, 0, 10, 25, 99, 0x8000_0000]);
  });

  it('writes it at once with LSPEN clear', () => {
    expect(
      trace(`
reset:
  put CPACR, 0x00f00000
  put FPCCR, 0x80000000
  isb
  movs r2, #10
  vmov s0, r2
  svc 0
  vmov r2, s0
  tracer r2
  done
svcall:
  get r2, FPCCR
  and r2, #1
  tracer r2
  ldr r2, [sp, #0x20]
  tracer r2
  bx lr`),
    ).toEqual([0, 10, 10]);
  });

  it('keeps each context apart through nested handlers', () => {
    expect(
      trace(`
reset:
  put CPACR, 0x00f00000
  putb IPR, 0x40
  putb IPR+1, 0x20
  put ISER, 3
  movs r2, #1
  vmov s0, r2
  put ISPR, 1
  vmov r2, s0
  tracer r2
  done
irq0:
  movs r2, #2
  vmov s0, r2
  put ISPR, 2
  vmov r2, s0
  tracer r2
  bx lr
irq1:
  tracer lr
  movs r2, #3
  vmov s0, r2
  bx lr`),
    ).toEqual([0xffff_ffe1, 2, 1]);
  });

  it('saves the interrupted thread when a second handler, and not the first, uses floating point', () => {
    expect(
      trace(`
reset:
  put CPACR, 0x00f00000
  putb IPR, 0x40
  putb IPR+1, 0x20
  put ISER, 3
  movs r2, #1
  vmov s0, r2
  put ISPR, 1
  vmov r2, s0
  tracer r2
  done
irq0:
  put ISPR, 2
  tracer lr
  ldr r2, [sp, #0x20]
  tracer r2
  bx lr
irq1:
  tracer lr
  movs r2, #3
  vmov s0, r2
  bx lr`),
    ).toEqual([0xffff_fff1, 0xffff_ffe9, 1, 1]);
  });

  it('switches contexts as RTOSes do, by EXC_RETURN bit 4 and VSTMDB/VLDMIA of S16-S31', () => {
    expect(
      trace(`
reset:
  put CPACR, 0x00f00000
  ldr r2, =0x20008000        @ second thread: basic frame, no floating point yet
  sub r2, #0x20
  ldr r3, =thread
  str r3, [r2, #24]
  ldr r3, =0x01000000
  str r3, [r2, #28]
  ldr r4, =0x20000100
  str r2, [r4]
  ldr r3, =0xfffffffd
  str r3, [r4, #4]
  ldr r2, =0x20010000
  msr psp, r2
  movs r2, #2
  msr control, r2
  isb
  movs r2, #11
  vmov s1, r2
  movs r2, #22
  vmov s17, r2
  svc 0
  vmov r2, s1
  tracer r2
  vmov r2, s17
  tracer r2
  svc 0
  vmov r2, s17
  tracer r2
  done
thread:
  trace 1
  svc 0
  movs r2, #33
  vmov s1, r2
  vmov s17, r2
  svc 0
svcall:
  mrs r0, psp
  tst lr, #0x10
  it eq
  vstmdbeq r0!, {s16-s31}
  ldr r4, =0x20000100
  ldr r5, [r4]
  ldr r6, [r4, #4]
  str r0, [r4]
  str lr, [r4, #4]
  tst r6, #0x10
  it eq
  vldmiaeq r5!, {s16-s31}
  msr psp, r5
  tracer r6
  bx r6`),
    ).toEqual([0xffff_fffd, 1, 0xffff_ffed, 11, 22, 0xffff_fffd, 0xffff_ffed, 22]);
  });

  it('refuses EXC_RETURN with an extended frame when CPACR denies access', () => {
    expect(
      trace(`
reset:
  put CPACR, 0x00f00000
  put SHCSR, 0x40000
  isb
  vmov s0, r0
  svc 0
  trace 9
  done
svcall:
  vmov s0, r0
  put CPACR, 0
  isb
  bx lr
usagefault:
  tracem CFSR
  tracer lr
  put CPACR, 0x00f00000
  isb
  bx lr`),
    ).toEqual([NOCP, 0xffff_ffe9, 9]);
  });

  it('reports a lazy save to memory that is gone, judged by the ready bits of the entry', () => {
    const source = (shcsr: number) => `
reset:
  put CPACR, 0x00f00000
  put SHCSR, ${shcsr}
  put SHPR2, 0x80000000      @ SVCall below BusFault
  isb
  vmov s0, r0
  svc 0
  done
svcall:
  put FPCAR, 0x70000000
  vmov s1, r0
  done
busfault:
  trace 5
  tracem CFSR
  get r1, FPCCR
  and r1, #0x71
  tracer r1
  done
hardfault:
  trace 3
  tracem CFSR
  tracem HFSR
  done`;
    expect(trace(source(0x2_0000))).toEqual([5, 0x2000, 0x51]);
    expect(trace(source(0))).toEqual([3, 0x2000, 0x4000_0000]);
  });

  it('has the feature registers of its floating-point unit', () => {
    const source = `
reset:
  tracem 0xe000ef40
  tracem 0xe000ef44
  tracem 0xe000ef48
  done`;
    expect(trace(source)).toEqual([0x1011_0221, 0x1200_0011, 0x40]);
    expect(trace(source, { profile: CORTEX_M4 })).toEqual([0x1011_0021, 0x1100_0011, 0]);
  });
});
