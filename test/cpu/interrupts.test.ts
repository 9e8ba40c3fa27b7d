/** Interrupts in real Thumb code: priorities, masks, preemption, tail-chaining, late arrival, software triggers, level inputs. */
import { describe, expect, it } from 'vitest';
import { ENGINES } from '../support/engines.ts';
import { Scenarios } from '../support/thumb-scenario.ts';

const scenarios = new Scenarios('interrupts');

describe.each(ENGINES)('interrupts on $name', (engine) => {
  const trace = (source: string, options = {}) => scenarios.trace(engine, source, options);

  it('preempts by a higher priority, and resumes the interrupted handler', () => {
    expect(
      trace(`
reset:
  putb IPR, 0x40
  putb IPR+1, 0x20
  put ISER, 3
  put ISPR, 1
  trace 9
  done
irq0:
  trace 1
  put ISPR, 2
  trace 3
  bx lr
irq1:
  trace 2
  mrs r1, ipsr
  tracer r1
  bx lr`),
    ).toEqual([1, 2, 17, 3, 9]);
  });

  it('does not preempt by the same or a lower priority, but chains it afterwards, lower number first', () => {
    expect(
      trace(`
reset:
  putb IPR, 0x20
  putb IPR+1, 0x20
  putb IPR+2, 0x10
  putb IPR+3, 0x30
  put ISER, 15
  put ISPR, 1
  trace 9
  done
irq0:
  trace 1
  put ISPR, 0xa
  trace 2
  bx lr
irq1:
  trace 3
  put ISPR, 4
  trace 5
  bx lr
irq2:
  trace 4
  bx lr
irq3:
  trace 6
  bx lr`),
    ).toEqual([1, 2, 3, 4, 5, 6, 9]);
  });

  it('lets only the group part of a priority preempt', () => {
    expect(
      trace(`
reset:
  put AIRCR, 0x05fa0500      @ PRIGROUP 5: bits 7:6 are the group
  putb IPR, 0x60
  putb IPR+1, 0x40
  putb IPR+2, 0x00
  put ISER, 7
  put ISPR, 1
  trace 9
  done
irq0:
  trace 1
  put ISPR, 2                @ same group: must wait
  trace 2
  put ISPR, 4                @ other group: preempts
  trace 4
  bx lr
irq1:
  trace 5
  bx lr
irq2:
  trace 3
  bx lr`),
    ).toEqual([1, 2, 3, 4, 5, 9]);
  });

  it('holds back everything but faults and NMI with PRIMASK, and releases right after CPSIE', () => {
    expect(
      trace(`
reset:
  put ISER, 1
  cpsid i
  put ISPR, 1
  put ICSR, 0x80000000
  trace 1
  movs r2, #1
  cpsie i
  movs r2, #2
  done
nmi:
  trace 100
  bx lr
irq0:
  tracer r2
  bx lr`),
    ).toEqual([100, 1, 1]);
  });

  it('holds back priorities at or below BASEPRI; BASEPRI_MAX only ever raises', () => {
    expect(
      trace(`
reset:
  putb IPR, 0x40
  putb IPR+1, 0x30
  put ISER, 3
  movs r2, #0x40
  msr basepri, r2
  put ISPR, 1
  trace 1
  put ISPR, 2
  trace 3
  movs r2, #0x60
  msr basepri_max, r2         @ would lower: ignored
  mrs r3, basepri
  tracer r3
  movs r2, #0x20
  msr basepri_max, r2
  mrs r3, basepri
  tracer r3
  movs r2, #0
  msr basepri_max, r2         @ zero: ignored
  mrs r3, basepri
  tracer r3
  movs r2, #0x50
  msr basepri, r2
  movs r3, #0
  msr basepri, r3
  trace 5
  done
irq0:
  trace 4
  tracer r2
  bx lr
irq1:
  trace 2
  bx lr`),
    ).toEqual([1, 2, 3, 0x40, 0x20, 0x20, 4, 0x50, 5]);
  });

  it('ignores unimplemented bits of BASEPRI', () => {
    expect(
      trace(
        `
reset:
  movs r2, #0x1f
  msr basepri, r2
  mrs r3, basepri
  tracer r3
  movs r2, #0x0f
  msr basepri, r2
  mrs r3, basepri
  tracer r3
  put ISER, 1
  put ISPR, 1
  trace 2
  done
irq0:
  trace 1
  bx lr`,
        { qemu: 'implements all 8 bits of BASEPRI' },
      ),
    ).toEqual([0x10, 0, 1, 2]);
  });

  it('takes PendSV before the instruction after MSR BASEPRI; ISB, as Zephyr swaps threads', () => {
    expect(
      trace(`
reset:
  putb SHPR3+2, 0xf0
  movs r2, #0x10
  msr basepri, r2
  movs r4, #0
  put ICSR, PENDSVSET
  trace 1
  movs r2, #0
  msr basepri, r2
  isb
  mov r3, r4
  tracer r3
  done
pendsv:
  movs r4, #42
  bx lr`),
    ).toEqual([1, 42]);
  });

  it('masks all but NMI with FAULTMASK, which any return but NMI clears', () => {
    expect(
      trace(`
reset:
  put ISER, 3
  cpsid f
  put ISPR, 1
  put ICSR, 0x80000000
  mrs r2, faultmask
  tracer r2
  cpsie f
  trace 4
  done
nmi:
  trace 1
  bx lr
irq0:
  trace 2
  cpsid f
  put ISPR, 2
  trace 3
  bx lr
irq1:
  mrs r2, faultmask
  tracer r2
  bx lr`),
    ).toEqual([1, 1, 2, 3, 0, 4]);
  });

  it('tail-chains without touching the frame or the scratch registers', () => {
    expect(
      trace(`
reset:
  putb IPR, 0x10
  putb IPR+1, 0x20
  put ISER, 3
  movs r2, #7
  put ISPR, 1
  tracer r2
  done
irq0:
  put ISPR, 2
  tracer lr
  mov r3, sp
  tracer r3
  ldr r1, =0x1234
  mov r12, r1
  movs r2, #99
  bx lr
irq1:
  tracer lr
  mov r3, sp
  tracer r3
  tracer r12
  tracer r2
  bx lr`),
    ).toEqual([0xffff_fff9, 0x200f_ffe0, 0xffff_fff9, 0x200f_ffe0, 0x1234, 99, 7]);
  });

  it('enters the higher of two that are unmasked together, then chains the other', () => {
    expect(
      trace(`
reset:
  putb IPR, 0x30
  putb IPR+3, 0x10
  put ISER, 9
  cpsid i
  put ISPR, 9
  cpsie i
  trace 3
  done
irq0:
  trace 2
  bx lr
irq3:
  trace 1
  tracem ISPR
  bx lr`),
    ).toEqual([1, 1, 2, 3]);
  });

  it('enters the late arrival: an interrupt that becomes pending while another is being stacked', () => {
    // The frame lies over the probe: the words for R1 and R2 raise and lower interrupt line 5.
    expect(
      trace(
        `
reset:
  putb IPR, 0x40
  putb IPR+5, 0x20
  put ISER, 0x21
  ldr r4, =0x40000020
  msr psp, r4
  movs r4, #2
  msr control, r4
  isb
  ldr r4, =ISPR
  movs r5, #1
  movs r0, #0x77
  movs r1, #5
  movs r2, #5
  movs r3, #0
  str r5, [r4]
  b .
irq5:
  trace 1
  tracem IABR
  tracem ISPR
  bx lr
irq0:
  trace 2
  tracem IABR
  done`,
        { qemu: false },
      ).filter((value, index) => index !== 1 && value !== 0x77),
    ).toEqual([1, 0x20, 1, 2, 1]);
  });

  it('takes SVCall, PendSV and SysTick by their priorities: preempting, then chained, lower number first', () => {
    // SVCall 0x40; SysTick 0x20 preempts it; PendSV 0x60 and IRQ 0 at 0x60 wait for both, 14 before 16.
    expect(
      trace(`
reset:
  putb SHPR2+3, 0x40
  putb SHPR3+3, 0x20
  putb SHPR3+2, 0x60
  putb IPR, 0x60
  put ISER, 1
  svc 7
  trace 9
  done
svcall:
  trace 1
  put ISPR, 1
  put ICSR, PENDSVSET
  trace 2
  put ICSR, 0x04000000       @ PENDSTSET
  trace 3
  tracem SHCSR
  bx lr
systick:
  trace 4
  tracem SHCSR
  tracer lr
  bx lr
pendsv:
  trace 5
  tracem SHCSR
  tracer lr
  bx lr
irq0:
  trace 6
  tracem SHCSR
  tracer lr
  bx lr`),
    ).toEqual([1, 2, 4, 0x880, 0xffff_fff1, 3, 0x80, 5, 0x400, 0xffff_fff9, 6, 0, 0xffff_fff9, 9]);
  });

  it('triggers by STIR', () => {
    expect(
      trace(`
reset:
  put ISER, 8
  put STIR, 3
  trace 2
  done
irq3:
  trace 1
  bx lr`),
    ).toEqual([1, 2]);
  });

  it('lets unprivileged code use STIR only with USERSETMPEND', () => {
    expect(
      trace(`
reset:
  put ISER, 8
  put SHCSR, 0x20000
  put CCR, 0x202
  movs r2, #1
  msr control, r2
  isb
  put STIR, 3
  svc 0
  put STIR, 3
  done
svcall:
  put CCR, 0x200
  bx lr
irq3:
  trace 1
  bx lr
busfault:
  tracem CFSR
  tracem BFAR
  done`),
    ).toEqual([1, 0x8200, 0xe000_ef00]);
  });

  it('re-enters a handler as long as its line is high', () => {
    expect(
      trace(
        `
reset:
  put ISER, 2
  movs r4, #0
  put 0x40000004, 1
  trace 9
  done
irq1:
  adds r4, #1
  tracer r4
  cmp r4, #3
  bne 1f
  put 0x40000008, 1
1:bx lr`,
        { qemu: false },
      ),
    ).toEqual([1, 2, 3, 9]);
  });

  it('enters once for a line that fell before the handler began', () => {
    expect(
      trace(
        `
reset:
  put 0x40000004, 1
  put 0x40000008, 1
  tracem ISPR
  put ISER, 2
  trace 9
  done
irq1:
  trace 1
  bx lr`,
        { qemu: false },
      ),
    ).toEqual([2, 1, 9]);
  });

  it('shows in ICSR what is active and pending', () => {
    expect(
      trace(
        `
reset:
  tracem ICSR
  putb IPR, 0x20
  putb IPR+1, 0x10
  putb IPR+2, 0x30
  put ISER, 7
  put ISPR, 1
  tracem ICSR
  done
irq0:
  tracem ICSR                @ active 16, base level
  cpsid i
  put ISPR, 6
  tracem ICSR                @ pending 17, PRIMASK does not hide it
  movs r2, #0x10
  msr basepri, r2
  tracem ICSR                @ BASEPRI does
  movs r2, #0
  msr basepri, r2
  put ICSR, 0x04000000       @ PENDSTSET
  tracem ICSR
  put ICSR, 0x02000000       @ PENDSTCLR
  cpsie i
  bx lr
irq1:
  tracem ICSR                @ active 17 over 16: RETTOBASE clear
  bx lr
irq2:
  bx lr`,
        { qemu: 'leaves BASEPRI out of ICSR.VECTPENDING' },
      ),
    ).toEqual([0x800, 0x810, 0x41_1810, 0x40_0810, 0x440_f810, 0x41_2011, 0x800]);
  });

  it('moves the vector table with VTOR', () => {
    expect(
      trace(`
reset:
  ldr r2, =0x20001000
  ldr r3, =other + 1
  str r3, [r2, #44]          @ SVCall
  put VTOR, 0x20001000
  svc 0
  tracem VTOR
  put VTOR, 0x20001055
  tracem VTOR
  done
other:
  trace 1
  bx lr`),
    ).toEqual([1, 0x2000_1000, 0x2000_1000]);
  });

  it('reads unimplemented priority bits as zero, in bytes and words', () => {
    expect(
      trace(
        `
reset:
  putb IPR+5, 0xff
  ldr r2, =IPR
  ldrb r1, [r2, #5]
  tracer r1
  ldr r1, [r2, #4]
  tracer r1
  put SHPR2, 0xffffffff
  tracem SHPR2
  putb SHPR3+2, 0xa7
  tracem SHPR3
  put SHPR1, 0xffffffff
  tracem SHPR1
  done`,
        { qemu: 'implements all 8 bits of priorities' },
      ),
    ).toEqual([0xf0, 0xf000, 0xf000_0000, 0x00a0_0000, 0x00f0_f0f0]);
  });
});
