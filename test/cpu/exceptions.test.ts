/** Exception entry and return in real Thumb code: frames, alignment, EXC_RETURN and its checks, what entry and return clear. */
import { describe, expect, it } from 'vitest';
import { CORTEX_M4 } from '../../src/cpu/profile.ts';
import { ENGINES } from '../support/engines.ts';
import { Scenarios } from '../support/thumb-scenario.ts';

const scenarios = new Scenarios('exceptions');
const INVPC = 1 << 18;

describe.each(ENGINES)('exception entry and return on $name', (engine) => {
  const trace = (source: string, options = {}) => scenarios.trace(engine, source, options);

  it('stacks R0-R3, R12, LR, the return address and xPSR, and restores them', () => {
    const { trace: values, symbols } = scenarios.run(
      engine,
      `
reset:
  ldr r0, =0x10101010
  ldr r1, =0x11111111
  ldr r2, =0x12121212
  ldr r3, =0x13131313
  ldr r12, =0x1c1c1c1c
  ldr lr, =0x1e1e1e1e
  movs r4, #0
  subs r4, #1                @ N set, C clear
  svc 5
after:
  mov r5, r0
  mov r6, r1
  mrs r7, apsr
  tracer r5
  tracer r6
  tracer r2
  tracer r3
  tracer r12
  tracer lr
  tracer r7
  done
svcall:
  mov r4, sp
  movs r6, #8
  movs r0, #0
  mov r12, r0
1:ldr r5, [r4], #4
  tracer r5
  subs r6, #1
  bne 1b
  tracer lr
  mov r5, sp
  tracer r5
  movs r2, #0
  movs r3, #0
  bx lr`,
    );
    const registers = [0x1010_1010, 0x1111_1111, 0x1212_1212, 0x1313_1313, 0x1c1c_1c1c, 0x1e1e_1e1e];
    expect(values).toEqual([...registers, symbols['after'], 0x8100_0000, 0xffff_fff9, 0x200f_ffe0, ...registers, 0x8000_0000]);
  });

  it('uses the process stack of Thread mode and the main stack of handlers', () => {
    expect(
      trace(`
reset:
  ldr r2, =0x20008000
  msr psp, r2
  movs r2, #2
  msr control, r2
  isb
  movs r1, #77
  svc 0
  mov r3, sp
  tracer r3
  mrs r3, control
  tracer r3
  done
svcall:
  tracer lr
  mov r3, sp
  tracer r3
  mrs r3, psp
  tracer r3
  ldr r3, [r3, #4]
  tracer r3
  mrs r3, control
  tracer r3
  bx lr`),
    ).toEqual([0xffff_fffd, 0x2010_0000, 0x2000_7fe0, 77, 0, 0x2000_8000, 2]);
  });

  it('changes the stack of Thread mode by the EXC_RETURN that a handler returns with', () => {
    expect(
      trace(`
reset:
  svc 0
  b .
thread:
  mov r3, sp
  tracer r3
  mrs r3, control
  tracer r3
  done
svcall:
  ldr r2, =0x20008000
  ldr r3, =thread
  str r3, [r2, #24]
  ldr r3, =0x01000000
  str r3, [r2, #28]
  msr psp, r2
  ldr lr, =0xfffffffd
  bx lr`),
    ).toEqual([0x2000_8020, 2]);
  });

  it('aligns the frame to 8 bytes and remembers it in the stacked xPSR', () => {
    expect(
      trace(`
reset:
  sub sp, #4
  movs r0, #1
  svc 0
  mov r3, sp
  tracer r3
  done
svcall:
  mov r3, sp
  tracer r3
  ldr r3, [r3, #28]
  tracer r3
  bx lr`),
    ).toEqual([0x200f_ffd8, 0x0100_0200, 0x200f_fffc]);
  });

  it('does not align on a Cortex-M4 with STKALIGN clear; on an M7 that bit is fixed', () => {
    const source = `
reset:
  put CCR, 0
  tracem CCR
  sub sp, #4
  movs r0, #1
  svc 0
  mov r3, sp
  tracer r3
  done
svcall:
  mov r3, sp
  tracer r3
  ldr r3, [r3, #28]
  tracer r3
  bx lr`;
    expect(trace(source, { profile: CORTEX_M4 })).toEqual([0, 0x200f_ffdc, 0x0100_0000, 0x200f_fffc]);
    expect(trace(source, { qemu: 'lets CCR.STKALIGN of an M7 be cleared' })).toEqual([0x4_0200, 0x200f_ffd8, 0x0100_0200, 0x200f_fffc]);
  });

  it('saves ITSTATE in the middle of an IT block and goes on in it', () => {
    expect(
      trace(`
reset:
  movs r2, #1
  movs r3, #0
  cmp r2, #1
  itett eq
  addeq r3, #1
  addne r3, #16
  svceq 0
  addeq r3, #2
  tracer r3
  done
svcall:
  ldr r1, [sp, #28]
  ubfx r2, r1, #10, #6       @ IT[7:2]
  tracer r2
  ubfx r2, r1, #25, #2       @ IT[1:0]
  tracer r2
  cmp r1, #0
  bx lr`),
    ).toEqual([0b000010, 0, 3]);
  });

  it('clears the exclusive monitor on entry and on return', () => {
    expect(
      trace(`
reset:
  ldr r2, =0x20000100
  ldrex r3, [r2]
  strex r4, r3, [r2]
  tracer r4
  ldrex r3, [r2]
  svc 0
  strex r4, r3, [r2]
  tracer r4
  ldrex r3, [r2]
  svc 1
  strex r4, r3, [r2]
  tracer r4
  done
svcall:
  ldr r2, =0x20000100
  ldrex r5, [r2]
  bx lr`),
    ).toEqual([0, 1, 1]);
  });

  it('sets the event register on entry and return, so that the next WFE falls through', () => {
    expect(
      trace(`
reset:
  svc 0
  wfe
  trace 1
  sev
  wfe
  trace 2
  done
svcall:
  bx lr`),
    ).toEqual([1, 2]);
  });

  it('escalates SVC that cannot be taken to HardFault', () => {
    expect(
      trace(`
reset:
  cpsid i
  svc 0
  trace 3
  done
hardfault:
  trace 1
  tracem HFSR
  put HFSR, 0xffffffff
  tracem HFSR
  mrs r1, primask
  tracer r1
  bx lr`),
    ).toEqual([1, 0x4000_0000, 0, 1, 3]);
  });

  describe('EXC_RETURN', () => {
    const badReturn = (inHandler: string, more = '') => `
reset:
  put SHCSR, 0x40000
  ${more}
  svc 0
  trace 9
  done
svcall:
  ${inHandler}
usagefault:
  tracem CFSR
  tracer lr
  mov r3, sp
  tracer r3
  put CFSR, 0xffffffff
  tracem SHCSR
  ldr lr, =0xfffffff9
  bx lr`;

    it.each([0xffff_fff0, 0xffff_fff3, 0xffff_fff5, 0xffff_ffff])(
      '%#x is no way to return: UsageFault INVPC with the frame still there',
      (value) => {
        expect(trace(badReturn(`ldr lr, =${value}\n  bx lr\n  .ltorg`))).toEqual([INVPC, value, 0x200f_ffe0, 0x4_0008, 9]);
      },
    );

    it('with reserved bits clear is refused too', () => {
      expect(trace(badReturn('ldr lr, =0xff0ffff9\n  bx lr\n  .ltorg'), { qemu: 'takes EXC_RETURN with reserved bits clear' })).toEqual([
        INVPC,
        0xff0f_fff9,
        0x200f_ffe0,
        0x4_0008,
        9,
      ]);
    });

    it('from a handler that is not active any more is refused', () => {
      expect(trace(badReturn('put SHCSR, 0x40000\n  bx lr\n  .ltorg'))).toEqual([INVPC, 0xffff_fff9, 0x200f_ffe0, 0x4_0008, 9]);
    });

    it('to a handler whose stacked IPSR is 0 is refused', () => {
      expect(trace(badReturn('ldr lr, =0xfffffff1\n  bx lr\n  .ltorg'))).toEqual([INVPC, 0xffff_fff1, 0x200f_ffe0, 0x4_0008, 9]);
    });

    it('to Thread mode with a stacked IPSR that is not 0 is refused', () => {
      const values = trace(`
reset:
  put SHCSR, 0x40000
  svc 0
  trace 9
  done
svcall:
  ldr r3, =0x0100000b
  str r3, [sp, #28]
  bx lr
usagefault:
  tracem CFSR
  tracer lr
  ldr r3, =0x01000000
  str r3, [sp, #28]
  bx lr`);
      expect(values).toEqual([INVPC, 0xffff_fff9, 9]);
    });

    it('to Thread mode from a nested handler is refused unless NONBASETHRDENA', () => {
      const source = (ccr: number) => `
reset:
  put SHCSR, 0x40000
  put CCR, ${ccr}
  putb SHPR2+3, 0x20
  put ISER, 1
  putb IPR, 0x40
  put ISPR, 1
  trace 9
  done
irq0:
  svc 0
  trace 8
  tracem SHCSR
  mrs r3, ipsr
  tracer r3
  done
svcall:
  ldr r3, =0x01000000
  str r3, [sp, #28]
  ldr lr, =0xfffffff9
  bx lr
usagefault:
  tracem CFSR
  done`;
      expect(trace(source(0x200))).toEqual([INVPC]);
      expect(trace(source(0x201))).toEqual([8, 0x4_0000, 0]);
    });

    it('works with POP, LDM and LDR to PC, and means nothing in Thread mode', () => {
      expect(
        trace(`
reset:
  put SHCSR, 0x70000
  svc 0
  trace 1
  svc 1
  trace 2
  svc 2
  trace 3
  ldr r2, =0xfffffff9
  bx r2
  b .
svcall:
  ldr r3, [sp, #24]
  ldrb r3, [r3, #-2]
  cmp r3, #1
  beq 1f
  bhi 2f
  push {r4, lr}
  pop {r4, pc}
1:ldr r3, =0x20000200
  str lr, [r3, #4]
  ldmia r3, {r2, pc}
2:str lr, [sp, #-4]!
  ldr pc, [sp], #4
memmanage:
  tracem CFSR
  ldr r1, [sp, #24]
  tracer r1
  done`),
      ).toEqual([1, 2, 3, 1, 0xffff_fff8]);
    });
  });

  it('goes to HardFault for a bad return when UsageFault is disabled', () => {
    expect(
      trace(`
reset:
  svc 0
  trace 9
  done
svcall:
  ldr lr, =0xfffffff3
  bx lr
hardfault:
  tracem CFSR
  tracem HFSR
  ldr lr, =0xfffffff9
  bx lr`),
    ).toEqual([INVPC, 0x4000_0000, 9]);
  });

  it('ignores CPSID f at negative priority', () => {
    expect(
      trace(
        `
reset:
  put ICSR, 0x80000000
  svc 0
  done
nmi:
  cpsid f
  mrs r2, faultmask
  tracer r2
  bx lr
svcall:
  cpsid f
  mrs r2, faultmask
  tracer r2
  bx lr`,
        { qemu: 'sets FAULTMASK in NMI' },
      ),
    ).toEqual([0, 1]);
  });
});
