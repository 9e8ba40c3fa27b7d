/** Floating-point state of two security states in real Thumb code: who owns it, who may use it, what is saved lazily and hidden. */
import { describe, expect, it } from 'vitest';
import { SFSR, UFSR } from '../../src/cpu/fault-status.ts';
import { ENGINES } from '../support/engines.ts';
import type { ScenarioOptions } from '../support/scenario.ts';
import { SECURE_MAP, SecureScenarios, type SecureSource } from '../support/secure-scenario.ts';

const scenarios = new SecureScenarios('security-floating-point');
const { secureStack, nonSecureStack } = SECURE_MAP;

const FAULTS = 'put SHCSR, 0x000f0000\nput SHCSR + ALIAS, 0x00070000';
/** Both states may use the FPU. */
const FPU = 'put CPACR, 0x00f00000\nput CPACR + ALIAS, 0x00f00000\nput NSACR, 0xc00\nisb';
const LINES = 'put ITNS, 0x2\nput ISER, 0xf';
const LEAVE = 'ldr r4, =ns_main\nbxns r4';
const tracers = (...registers: string[]): string => registers.map((register) => `  tracer ${register}`).join('\n');
/** S0, S15, S16 and S31 get recognisable values. */
const FILL = `
  ldr r0, =0x3f800000
  vmov s0, r0
  ldr r0, =0x40000000
  vmov s15, r0
  ldr r0, =0x40400000
  vmov s16, r0
  ldr r0, =0x40800000
  vmov s31, r0`;

describe.each(ENGINES)('floating-point state and security on $name', (engine) => {
  const trace = (source: SecureSource, options: ScenarioOptions = {}) => scenarios.trace(engine, source, options);

  it('Secure code that uses the FPU sets FPCA and SFPA, Non-secure code FPCA alone', () => {
    const values = trace({
      secure: `
main:
  ${FPU}
  vmov.f32 s0, #1.0
  mrs r5, control
  tracer r5
  ${LEAVE}`,
      nonSecure: `
ns_main:
  mrs r5, control
  tracer r5
  vmov.f32 s0, #1.0
  mrs r5, control
  tracer r5
  done`,
    });
    expect(values).toEqual([0xc, 4, 4]);
  });

  it('NSACR and CPACR: a Secure UsageFault when NSACR denies, a Non-secure one when CPACR_NS does', () => {
    const source = (grant: string) => ({
      secure: `
main:
  ${FAULTS}
  put CPACR, 0x00f00000
  ${grant}
  ${LEAVE}
usagefault:
  trace 0x10
  tracem CFSR
  done`,
      nonSecure: `
ns_main:
  vmov.f32 s0, #1.0
  done
ns_usagefault:
  trace 0x20
  tracem CFSR
  done`,
    });
    expect(trace(source('put CPACR + ALIAS, 0x00f00000'))).toEqual([0x10, UFSR.NOCP]);
    expect(trace(source('put NSACR, 0xc00'))).toEqual([0x20, UFSR.NOCP]);
  });

  it('a new context takes FPSCR from the FPDSCR of its state', () => {
    const values = trace({
      secure: `
main:
  ${FPU}
  put FPDSCR, 0x02000000
  put FPDSCR + ALIAS, 0x01c00000
  vmrs r5, fpscr
  tracer r5
  ldr r4, =ns_function
  mrs r0, control
  bics r0, r0, #4
  msr control, r0
  isb
  blxns r4
  done`,
      nonSecure: `
ns_function:
  vmrs r5, fpscr
  tracer r5
  bx lr`,
    });
    expect(values).toEqual([0x0200_0000, 0x01c0_0000]);
  });

  it('an interrupt reserves space on the Secure stack; the Non-secure handler that uses the FPU has the state saved there', () => {
    const values = trace({
      secure: `
main:
  ${FPU}
  ${LINES}
  ${FILL}
  put ISPR, 2
  vmov r4, s0
  vmov r5, s15
  vmov r6, s16
${tracers('r4', 'r5', 'r6')}
  tracem FPCCR
  tracem FPCAR
  mov r6, sp
  tracer r6
  done`,
      nonSecure: `
ns_irq1:
${tracers('lr')}
  vmov.f32 s0, #3.0
  mrs r5, control
${tracers('r5')}
  bx lr`,
    });
    expect(values.slice(0, 5)).toEqual([0xffff_ffe8, 4, 0x3f80_0000, 0x4000_0000, 0x4040_0000]);
    expect(values[5]! & 1).toBe(0);
    expect(values.slice(6)).toEqual([secureStack - 0x48, secureStack]);
  });

  it('FPCCR.TS stacks S16-S31 too and clears all of them before Non-secure code sees any', () => {
    const values = trace({
      secure: `
main:
  ${FPU}
  put FPCCR, 0xc4000000
  ${LINES}
  ${FILL}
  put ISPR, 2
  vmov r4, s0
  vmov r5, s15
  vmov r6, s16
  vmov r7, s31
${tracers('r4', 'r5', 'r6', 'r7')}
  tracem FPCAR
  mov r6, sp
  tracer r6
  done`,
      nonSecure: `
ns_irq1:
  vmov r4, s0
  vmov r5, s15
  vmov r6, s16
  vmov r7, s31
  vmrs r8, fpscr
${tracers('lr', 'r4', 'r5', 'r6', 'r7', 'r8')}
  vmov.f32 s31, #3.0
  bx lr`,
    });
    expect(values).toEqual([
      0xffff_ffe8,
      0,
      0,
      0,
      0,
      0,
      0x3f80_0000,
      0x4000_0000,
      0x4040_0000,
      0x4080_0000,
      secureStack - 0x88,
      secureStack,
    ]);
  });

  it('without LSPEN the state is stacked at entry', () => {
    const values = trace({
      secure: `
main:
  ${FPU}
  put FPCCR, 0x80000000
  ${FILL}
  svc 0
  vmov r4, s0
  vmov r5, s15
${tracers('r4', 'r5')}
  done
svcall:
  ldr r4, [sp, #0x20]
  ldr r5, [sp, #0x5c]
  vmov.f32 s0, #3.0
  vmov.f32 s15, #3.0
${tracers('lr', 'r4', 'r5')}
  bx lr`,
    });
    expect(values).toEqual([0xffff_ffe9, 0x3f80_0000, 0x4000_0000, 0x3f80_0000, 0x4000_0000]);
  });

  it('CLRONRET clears the registers that a handler leaves', () => {
    const values = trace({
      secure: `
main:
  ${FPU}
  put FPCCR, 0x90000000
  svc 0
  vmov r4, s0
  tracer r4
  done
svcall:
  vmov.f32 s0, #3.0
  bx lr`,
    });
    expect(values).toEqual([0]);
  });

  it('a Non-secure return to code with Secure lazy state is refused: LSERR', () => {
    const values = trace({
      secure: `
main:
  ${FAULTS}
  ${FPU}
  ${LINES}
  ${FILL}
  put ISPR, 2
  done
securefault:
  tracem SFSR
  done`,
      nonSecure: `
ns_irq1:
  bic lr, lr, #0x40
  bx lr`,
    });
    expect(values).toEqual([SFSR.LSERR]);
  });

  it('VLSTM saves Secure state around a call of Non-secure code when that uses the FPU, VLLDM restores it', () => {
    const source = (body: string) => ({
      secure: `
main:
  ${FPU}
  ${FILL}
  sub sp, #0x88
  vlstm sp
  mrs r5, control
  tracer r5
  tracem FPCAR
  ldr r4, =ns_function
  blxns r4
  vlldm sp
  add sp, #0x88
  mrs r5, control
  vmov r4, s0
  vmov r6, s15
${tracers('r5', 'r4', 'r6')}
  done`,
      nonSecure: `
ns_function:
  ${body}
  bx lr`,
    });
    const kept = [8, secureStack - 0x88, 0xc, 0x3f80_0000, 0x4000_0000];
    expect(trace(source('nop'))).toEqual(kept);
    expect(trace(source('vmov.f32 s0, #3.0'))).toEqual(kept);
  });

  it('VLSTM and VLLDM do nothing without Secure floating-point state, and are undefined in Non-secure state', () => {
    const values = trace({
      secure: `
main:
  ${FAULTS}
  ${FPU}
  movs r4, #0
  vlstm r4
  vlldm r4
  trace 1
  ${LEAVE}`,
      nonSecure: `
ns_main:
  vlstm r4
  done
ns_usagefault:
  tracem CFSR
  done`,
    });
    expect(values).toEqual([1, UFSR.UNDEFINSTR]);
  });

  it('what a Non-secure handler has saved lazily lands on the Secure stack', () => {
    const values = trace({
      secure: `
main:
  ${FPU}
  ${LINES}
  ${FILL}
  put ISPR, 2
  ldr r4, [sp, #-0x48]
  ldr r5, [sp, #-0xc]
${tracers('r4', 'r5')}
  done`,
      nonSecure: `
ns_irq1:
  vmov.f32 s0, #3.0
  mov r6, sp
  tracer r6
  bx lr`,
    });
    expect(values).toEqual([nonSecureStack, 0x3f80_0000, 0x4000_0000]);
  });
});
