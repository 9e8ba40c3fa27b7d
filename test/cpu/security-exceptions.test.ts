/** Exceptions between the security states in real Thumb code: frames, what is hidden, tail-chaining, priorities, banked and forged returns. */
import { describe, expect, it } from 'vitest';
import { MMFSR, SFSR, UFSR } from '../../src/cpu/fault-status.ts';
import { ENGINES } from '../support/engines.ts';
import type { ScenarioOptions } from '../support/scenario.ts';
import { SECURE_MAP, SecureScenarios, type SecureSource } from '../support/secure-scenario.ts';

const scenarios = new SecureScenarios('security-exceptions');
const { secureStack, nonSecureStack } = SECURE_MAP;

const FAULTS = 'put SHCSR, 0x000f0000';
const NS_FAULTS = 'put SHCSR + ALIAS, 0x00070000';
const LEAVE = `
  ldr r4, =ns_main
  bxns r4`;
/** Interrupt 1 is Non-secure; 0 to 3 are enabled. */
const LINES = `
  put ITNS, 0x2
  put ISER, 0xf`;

/** Traces the register that is named, and those after it. */
const tracers = (...registers: string[]): string => registers.map((register) => `  tracer ${register}`).join('\n');

describe.each(ENGINES)('exceptions between security states on $name', (engine) => {
  const trace = (source: SecureSource, options: ScenarioOptions = {}) => scenarios.trace(engine, source, options);

  it('a Non-secure interrupt of Secure code sees none of its registers, and gives them back', () => {
    const values = trace({
      secure: `
main:
  ${LINES}
  ldr r0, =ISPR
  movs r1, #2
  ldr r2, =0x22222222
  ldr r3, =0x33333333
  ldr r4, =0x44444444
  ldr r7, =0x77777777
  ldr r11, =0xbbbbbbbb
  ldr r12, =0xcccccccc
  ldr lr, =0xeeeeeeee
  cmp r1, r1
  str r1, [r0]
  settle
  mov r5, r0
  mov r6, r1
  mrs r8, apsr
${tracers('r2', 'r3', 'r4', 'r7', 'r11', 'r12', 'lr', 'r8')}
  mov r6, sp
${tracers('r6')}
  done`,
      nonSecure: `
ns_irq1:
  orr r0, r0, r1
  orr r0, r0, r2
  orr r0, r0, r3
  orr r0, r0, r4
  orr r0, r0, r5
  orr r0, r0, r6
  orr r0, r0, r7
  orr r0, r0, r8
  orr r0, r0, r9
  orr r0, r0, r10
  orr r0, r0, r11
  orr r0, r0, r12
  mov r6, r0
  mov r7, sp
${tracers('r6', 'lr', 'r7')}
  bx lr`,
    });
    expect(values).toEqual([
      0,
      0xffff_fff8,
      nonSecureStack,
      0x2222_2222,
      0x3333_3333,
      0x4444_4444,
      0x7777_7777,
      0xbbbb_bbbb,
      0xcccc_cccc,
      0xeeee_eeee,
      0x6000_0000,
      secureStack,
    ]);
  });

  it('its frame has the callee registers below an integrity signature', () => {
    const values = trace({
      secure: `
main:
  ${LINES}
  ldr r4, =0x44444444
  ldr r11, =0xbbbbbbbb
  put ISPR, 2
  done`,
      callable: `
gate:
  sg
  mov r6, sp
  ldr r4, [r6]
  ldr r5, [r6, #8]
  ldr r7, [r6, #36]
  ldr r8, [r6, #40]
${tracers('r6', 'r4', 'r5', 'r7', 'r8')}
  done
  ending c, S_STACK`,
      nonSecure: `
ns_irq1:
  ldr r4, =gate + 1
  blx r4`,
    });
    expect(values).toEqual([secureStack - 0x48, 0xfefa_125b, 0x4444_4444, 0xbbbb_bbbb, 0xe000_e200]);
  });

  it('a Secure interrupt of Non-secure code stacks on the Non-secure stack and keeps the registers', () => {
    const values = trace({
      secure: `
main:
  ${LINES}
  ${LEAVE}
irq0:
  mrs r6, msp_ns
  ldr r7, [r6, #8]
${tracers('lr', 'r2', 'r4', 'r6', 'r7')}
  bx lr`,
      nonSecure: `
ns_main:
  ldr r2, =0x22222222
  ldr r4, =0x44444444
  ldr r5, =gate + 1
  blx r5
  mov r5, sp
${tracers('r2', 'r4', 'r5')}
  done`,
      callable: `
gate:
  sg
  put ISPR, 1
  bxns lr`,
    });
    // The interrupt comes in the Secure function that pends it.
    expect(values.slice(0, 3)).toEqual([0xffff_fff9, 0x2222_2222, 0x4444_4444]);
    expect(values.slice(5)).toEqual([0x2222_2222, 0x4444_4444, nonSecureStack]);
  });

  it('a Secure SysTick interrupts a Non-secure loop', () => {
    // QEMU's SysTick may fire twice before the handler has switched it off.
    const values = trace(
      {
        secure: `
main:
  put SYST + 4, 500
  put SYST + 8, 0
  put SYST, 7
  ${LEAVE}
systick:
  put SYST, 0
  mrs r6, msp_ns
  ldr r7, [r6, #8]
${tracers('lr', 'r2', 'r4', 'r6', 'r7')}
  mrs r7, control
${tracers('r7')}
  bx lr`,
        nonSecure: `
ns_main:
  movs r6, #0
  ldr r2, =0x22222222
  ldr r4, =0x44444444
  movs r3, #0
1:cmp r6, #0
  beq 1b
  mov r5, sp
${tracers('r2', 'r4', 'r5')}
  done`,
      },
      { qemu: false },
    );
    expect(values).toEqual([
      0xffff_ffb9,
      0x2222_2222,
      0x4444_4444,
      nonSecureStack - 0x20,
      0x2222_2222,
      0,
      0x2222_2222,
      0x4444_4444,
      nonSecureStack,
    ]);
  });

  it('tail-chains from Non-secure to Secure and back without losing the callee registers', () => {
    const values = trace({
      secure: `
main:
  put ITNS, 0xa
  put ISER, 0xf
  put IPR, 0x60402000
  cpsid i
  put ISPR, 0xe
  ldr r4, =0x44444444
  ldr r11, =0xbbbbbbbb
  cpsie i
  settle
${tracers('r4', 'r11')}
  mov r6, sp
${tracers('r6')}
  done
irq2:
  movs r4, #2
  mov r6, sp
${tracers('lr', 'r4', 'r6')}
  bx lr`,
      nonSecure: `
ns_irq1:
  movs r4, #1
${tracers('lr', 'r4')}
  bx lr
ns_irq3:
${tracers('lr', 'r4')}
  bx lr`,
    });
    expect(values).toEqual([0xffff_fff8, 1, 0xffff_ffd9, 2, secureStack - 0x48, 0xffff_fff8, 0, 0x4444_4444, 0xbbbb_bbbb, secureStack]);
  });

  it('tail-chains from Secure to Non-secure, stacking the callee registers late', () => {
    const values = trace({
      secure: `
main:
  put ITNS, 0x8
  put ISER, 0xf
  put IPR, 0x60402000
  cpsid i
  put ISPR, 0xc
  ldr r4, =0x44444444
  ldr r11, =0xbbbbbbbb
  cpsie i
  settle
${tracers('r4', 'r11')}
  done
irq2:
${tracers('lr', 'r4')}
  bx lr`,
      nonSecure: `
ns_irq3:
${tracers('lr', 'r4')}
  bx lr`,
    });
    expect(values).toEqual([0xffff_fff9, 0x4444_4444, 0xffff_fff8, 0, 0x4444_4444, 0xbbbb_bbbb]);
  });

  it('keeps the process stacks of both states apart', () => {
    const values = trace({
      secure: `
main:
  ${LINES}
  ldr r0, =S_STACK - 0x1000
  msr psp, r0
  movs r0, #2
  msr control, r0
  msr control_ns, r0
  isb
  put ISPR, 2
  mov r6, sp
  mrs r7, control_ns
${tracers('r6', 'r7')}
  ${LEAVE}`,
      nonSecure: `
ns_main:
  mov r6, sp
  tracer r6
  svc 0
  mov r6, sp
  tracer r6
  done
ns_irq1:
  mov r6, sp
${tracers('lr', 'r6')}
  bx lr
ns_svcall:
  mov r6, sp
${tracers('lr', 'r6')}
  bx lr`,
    });
    const process = SECURE_MAP.nonSecureProcessStack;
    expect(values).toEqual([0xffff_fffc, nonSecureStack, secureStack - 0x1000, 2, process, 0xffff_ffbc, nonSecureStack, process]);
  });

  it('SVC, PendSV and SysTick are banked: each state has its own, with its own priority', () => {
    const values = trace({
      secure: `
main:
  put SHPR3, 0x40200000
  put SHPR3 + ALIAS, 0x80600000
  cpsid i
  put ICSR + ALIAS, 0x14000000
  put ICSR, 0x14000000
  tracem ICSR
  tracem ICSR + ALIAS
  cpsie i
  settle
  svc 1
  ${LEAVE}
svcall:
  trace 0x11
  bx lr
pendsv:
  trace 0x14
  bx lr
systick:
  trace 0x15
  bx lr`,
      nonSecure: `
ns_main:
  svc 1
  done
ns_svcall:
  trace 0x21
  bx lr
ns_pendsv:
  trace 0x24
  bx lr
ns_systick:
  trace 0x25
  bx lr`,
    });
    expect(values.slice(2)).toEqual([0x14, 0x15, 0x24, 0x25, 0x11, 0x21]);
    expect(values.slice(0, 2).map((value) => value & 0xf01f_f000)).toEqual([0x1000_e000, 0x1000_e000]);
  });

  it('AIRCR.PRIS puts Non-secure interrupts below Secure ones', () => {
    const source = (pris: string) => ({
      secure: `
main:
  put AIRCR, ${pris}
  put ITNS, 0x2
  put ISER, 3
  put IPR, 0x00002060
  cpsid i
  put ISPR, 3
  cpsie i
  settle
  done
irq0:
  trace 0x10
  bx lr`,
      nonSecure: `
ns_irq1:
  trace 0x21
  bx lr`,
    });
    expect(trace(source('0x05fa0000'))).toEqual([0x21, 0x10]);
    expect(trace(source('0x05fa4000'))).toEqual([0x10, 0x21]);
  });

  it('PRIS keeps a Non-secure handler, PRIMASK and BASEPRI from holding Secure interrupts up', () => {
    const values = trace(
      {
        secure: `
main:
  put AIRCR, 0x05fa4000
  put ISER, 1
  put IPR, 0x60
  ${LEAVE}
irq0:
  trace 0x10
  bx lr
`,
        callable: `
gate:
  sg
  put ISPR, 1
  trace 0x30
  bxns lr`,
        nonSecure: `
ns_main:
  cpsid i
  ldr r4, =gate + 1
  blx r4
  cpsie i
  movs r0, #0x10
  msr basepri, r0
  blx r4
  movs r0, #0
  msr basepri, r0
  cpsid f
  blx r4
  svc 0
  done
ns_hardfault:
  done
ns_svcall:
  done`,
      },
      { cycles: 2000 },
    );
    expect(values.slice(0, 6)).toEqual([0x10, 0x30, 0x10, 0x30, 0x10, 0x30]);
  });

  it('without PRIS the Non-secure PRIMASK holds everything up', () => {
    const values = trace({
      secure: `
main:
  put ISER, 1
  put IPR, 0x20
  ${LEAVE}
irq0:
  trace 0x10
  bx lr`,
      callable: `
gate:
  sg
  put ISPR, 1
  trace 0x30
  bxns lr`,
      nonSecure: `
ns_main:
  cpsid i
  ldr r4, =gate + 1
  blx r4
  trace 0x31
  cpsie i
  settle
  trace 0x32
  done`,
    });
    expect(values).toEqual([0x30, 0x31, 0x10, 0x32]);
  });

  it('HardFault is Secure for everybody, and banked with BFHFNMINS', () => {
    const source = (key: string) => ({
      secure: `
main:
  put AIRCR, ${key}
  ${LEAVE}
hardfault:
  trace 0x10
  tracer lr
  tracem HFSR
  tracem CFSR + ALIAS
  done`,
      nonSecure: `
ns_main:
  udf #0
ns_hardfault:
  trace 0x20
  tracer lr
  tracem HFSR
  tracem CFSR
  done`,
    });
    expect(trace(source('0x05fa0000'))).toEqual([0x10, 0xffff_ffb9, 0x4000_0000, UFSR.UNDEFINSTR]);
    expect(trace(source('0x05fa2000'))).toEqual([0x20, 0xffff_ffb8, 0x4000_0000, UFSR.UNDEFINSTR]);
  });

  it('UsageFault and MemManage go to the state that caused them', () => {
    const values = trace({
      secure: `
main:
  ${FAULTS}
  ${NS_FAULTS}
  movs r7, #0
  udf #0
  ${LEAVE}
usagefault:
  trace 0x10
  tracem CFSR
  ldr r1, [sp, #24]
  adds r1, #2
  str r1, [sp, #24]
  put CFSR, 0xffffffff
  bx lr`,
      nonSecure: `
ns_main:
  udf #0
  ldr r0, =0xe0100000
  bx r0
ns_usagefault:
  trace 0x20
  tracem CFSR
  ldr r1, =0xe0100001
  str r1, [sp, #24]
  bx lr
ns_memmanage:
  trace 0x24
  get r1, CFSR
  ands r1, r1, #0xff
  tracer r1
  done`,
    });
    expect(values).toEqual([0x10, UFSR.UNDEFINSTR, 0x20, UFSR.UNDEFINSTR, 0x24, MMFSR.IACCVIOL]);
  });

  it('refuses EXC_RETURN values that Non-secure code must not use', () => {
    const source = (bits: string) => ({
      secure: `
main:
  ${FAULTS}
  ${LINES}
  put ISPR, 2
  done
securefault:
  tracem SFSR
  tracer lr
  done`,
      nonSecure: `
ns_irq1:
  ${bits}
  bx lr`,
    });
    // ES claims a Secure exception, DCRS clear other frames than there are.
    expect(trace(source('orr lr, lr, #1'))).toEqual([SFSR.INVER, 0xffff_ffd9]);
    expect(trace(source('bic lr, lr, #0x20'))).toEqual([SFSR.INVER, 0xffff_ffd9]);
  });

  it('checks the integrity signature on return to Secure state', () => {
    const values = trace({
      secure: `
main:
  ${FAULTS}
  ${LEAVE}
securefault:
  tracem SFSR
  tracer lr
  done`,
      nonSecure: `
ns_main:
  svc 0
  done
ns_svcall:
  orr lr, lr, #0x40
  bx lr`,
    });
    expect(values).toEqual([SFSR.INVIS, 0xffff_ffd9]);
  });

  it('returns that fit nothing are INVPC UsageFaults', () => {
    const source = (secure: string) => ({
      secure: `main:\n${FAULTS}\nsvc 0\ndone\nsvcall:\n${secure}\nhardfault:\nusagefault:\ntracem CFSR\ntracer lr\ndone`,
    });
    // To Handler mode with a Thread frame; a reserved bit; ES of the other state.
    expect(trace(source('ldr r0, =0xfffffff1\nbx r0'))).toEqual([UFSR.INVPC, 0xffff_fff1]);
    expect(trace(source('ldr r0, =0xfffffffb\nbx r0'))).toEqual([UFSR.INVPC, 0xffff_fffb]);
    expect(trace(source('ldr r0, =0xfffffff8\nbx r0'))).toEqual([UFSR.INVPC, 0xffff_ffd9]);
  });

  it('a frame that would go below the stack limit is not written: STKOF', () => {
    const values = trace({
      secure: `
main:
  ${FAULTS}
  put SHPR2, 0x80000000
  ldr r0, =S_STACK - 0x18
  msr msplim, r0
  ldr r0, =0x12345678
  str r0, [sp, #-16]
  svc 0
  done
svcall:
  trace 0x11
  done
usagefault:
  mov r6, sp
  movs r0, #0
  msr msplim, r0
  ldr r7, =S_STACK
  ldr r7, [r7, #-16]
  tracer r6
  tracer r7
  tracem CFSR
  tracer lr
  done`,
    });
    expect(values).toEqual([secureStack - 0x18, 0x1234_5678, UFSR.STKOF, 0xffff_fff9]);
  });

  it('a stack limit holds instructions up, but not where STKOFHFNMIGN ignores it', () => {
    const values = trace({
      secure: `
main:
  ${FAULTS}
  mov r7, sp
  ldr r0, =S_STACK - 0x40
  msr msplim, r0
  sub sp, #0x40
  push {r0}
  done
usagefault:
  movs r0, #0
  msr msplim, r0
  tracem CFSR
  put CFSR, 0xffffffff
  put CCR, 0x400
  ldr r0, =S_STACK - 0x60
  msr msplim, r0
  cpsid f
  push {r0, r1}
  push {r0, r1}
  mrs r6, msplim
  mov r5, sp
  ldr r0, =S_STACK
  mov sp, r0
  tracer r6
  tracer r5
  tracem CFSR
  done`,
    });
    expect(values).toEqual([UFSR.STKOF, secureStack - 0x60, secureStack - 0x50, 0]);
  });

  it('FAULTMASK of the state that an exception belonged to is cleared on return', () => {
    const values = trace({
      secure: `
main:
  ${FAULTS}
  svc 0
  mrs r6, faultmask
  tracer r6
  done
svcall:
  cpsid f
  mrs r6, faultmask
  tracer r6
  bx lr`,
    });
    expect(values).toEqual([1, 0]);
  });

  it('unprivileged code of either state is so again after an exception, and after calls', () => {
    const values = trace({
      secure: `
main:
  ${FAULTS}
  movs r0, #1
  msr control_ns, r0
  msr control, r0
  isb
  svc 0
  movs r7, #1
  get r1, VTOR
  ldr r4, =ns_function
  blxns r4
  movs r7, #3
  get r1, VTOR
  udf #0
usagefault:
  done
svcall:
  trace 0x11
  bx lr
busfault:
  tracer r7
  mov r0, sp
  tst lr, #0x40
  it eq
  mrseq r0, msp_ns
  ldr r1, [r0, #24]
  adds r1, #2
  str r1, [r0, #24]
  bx lr`,
      nonSecure: `
ns_function:
  svc 0
  movs r7, #2
  get r1, VTOR
  bx lr
ns_svcall:
  trace 0x21
  bx lr`,
    });
    expect(values).toEqual([0x11, 1, 0x21, 2, 3]);
  });

  it('an unprivileged Secure function called through SG, and its Non-secure caller, keep their privileges', () => {
    const values = trace({
      secure: `
main:
  ${FAULTS}
  movs r0, #1
  msr control, r0
  isb
  ${LEAVE}
busfault:
  tracer r7
  ldr r1, [sp, #24]
  adds r1, #2
  str r1, [sp, #24]
  bx lr`,
      callable: `
gate:
  sg
  movs r7, #1
  get r1, VTOR
  bxns lr`,
      nonSecure: `
ns_main:
  ldr r4, =gate + 1
  blx r4
  movs r7, #2
  get r1, VTOR
  tracer r1
  done`,
    });
    expect(values).toEqual([1, 0x0008_0000]);
  });

  it('Non-secure vectors are read from Non-secure memory only', () => {
    const values = trace({
      secure: `
main:
  put VTOR + ALIAS, 0x10000000
  ${LEAVE}
hardfault:
  tracem HFSR
  tracer lr
  done`,
      nonSecure: `
ns_main:
  svc 0
  done`,
    });
    expect(values).toEqual([0x4000_0002, 0xffff_ffb9]);
  });
});
