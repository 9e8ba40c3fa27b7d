/** Calls between the security states in real Thumb code: SG, BXNS, BLXNS, FNC_RETURN, TT, and what each refuses. */
import { describe, expect, it } from 'vitest';
import { SFSR, UFSR } from '../../src/cpu/fault-status.ts';
import { ENGINES } from '../support/engines.ts';
import type { ScenarioOptions } from '../support/scenario.ts';
import { SECURE_MAP, SecureScenarios, type SecureSource } from '../support/secure-scenario.ts';

const scenarios = new SecureScenarios('security-calls');
const { secureStack, nonSecureStack, secureCode, callable: CALLABLE, nonSecureCode } = SECURE_MAP;

/** Enables all configurable faults of Secure state. */
const FAULTS = 'put SHCSR, 0x000f0000';

/** Calls `ns_main` in Thread mode and never comes back. */
const LEAVE = `
  ldr r4, =ns_main
  bxns r4`;

describe.each(ENGINES)('calls between security states on $name', (engine) => {
  const trace = (source: SecureSource, options: ScenarioOptions = {}) => scenarios.trace(engine, source, options);

  it('BLXNS calls Non-secure code, which returns through FNC_RETURN', () => {
    const values = trace({
      secure: `
main:
  ldr r4, =ns_function
  movs r5, #5
  blxns r4
  mrs r6, control
  tracer r5
  tracer r6
  mov r6, sp
  tracer r6
  done`,
      nonSecure: `
ns_function:
  tracer lr
  mov r6, sp
  tracer r6
  adds r5, #1
  bx lr`,
    });
    expect(values).toEqual([0xfeff_ffff, nonSecureStack, 6, 0, secureStack]);
  });

  it('BLXNS stacks the return address and the exception number on the Secure stack', () => {
    const values = trace({
      secure: `
main:
  ldr r4, =ns_function
  blxns r4
after:
  mov r6, sp
  ldr r5, [r6, #-8]
  ldr r7, [r6, #-4]
  ldr r0, =after
  subs r5, r0
  tracer r5
  tracer r7
  done`,
      nonSecure: 'ns_function: bx lr',
    });
    expect(values).toEqual([1, 0]);
  });

  it('BLXNS and BXNS to an odd address stay in Secure state', () => {
    const values = trace({
      secure: `
main:
  ldr r4, =secure_function + 1
  blxns r4
  ldr r4, =secure_end + 1
  bxns r4
secure_function:
  trace 1
  bx lr
secure_end:
  mrs r6, msplim
  mov r6, sp
  tracer r6
  done`,
    });
    expect(values).toEqual([1, secureStack]);
  });

  it('SG in a callable region enters Secure state, BXNS LR returns', () => {
    const values = trace({
      secure: `
main:
  ${LEAVE}
secure_service:
  tracer lr
  mov r6, sp
  tracer r6
  adds r5, #10
  bxns lr`,
      callable: `
gate:
  sg
  b.w secure_service`,
      nonSecure: `
ns_main:
  movs r5, #1
  ldr r4, =gate + 1
  blx r4
ns_after:
  tracer r5
  mrs r6, control
  tracer r6
  done`,
    });
    expect(values[0]! & 1).toBe(0);
    expect(values.slice(1)).toEqual([secureStack, 11, 0]);
  });

  it('SG in Secure state, and in Non-secure memory, does nothing', () => {
    const values = trace({
      secure: `
main:
  movs r5, #1
  sg
  adds r5, #1
  tracer r5
  ${LEAVE}`,
      nonSecure: `
ns_main:
  sg
  adds r5, #1
  tracer r5
  done`,
    });
    expect(values).toEqual([2, 3]);
  });

  describe('a SecureFault', () => {
    const secureFault = `
securefault:
  tracer lr
  tracem SFSR
  ldr r1, [sp, #24]
  mrs r2, psp
  tracer r2
  done`;

    it.each([
      ['a branch to Secure memory that is not callable', 'ldr r4, =secure_service + 1', 'secure_service: bx lr', ''],
      ['a branch to callable memory without an SG', 'ldr r4, =gate + 1', '', 'gate: nop\n bx lr'],
      ['a branch to half an SG', 'ldr r4, =gate + 3', '', 'gate: sg\n bx lr'],
    ])('comes of %s', (_title, branch, secure, callable) => {
      const values = trace({
        secure: `
main:
  ${FAULTS}
  ${LEAVE}
${secure}
${secureFault}`,
        callable,
        nonSecure: `
ns_main:
  ${branch}
  blx r4
  done`,
      });
      expect(values).toEqual([0xffff_ffb9, SFSR.INVEP, 0]);
    });

    it('comes of a Secure branch into Non-secure memory', () => {
      const values = trace({
        secure: `
main:
  ${FAULTS}
  ldr r4, =ns_main + 1
  bx r4
${secureFault}`,
        nonSecure: 'ns_main: done',
      });
      expect(values).toEqual([0xffff_fff9, SFSR.INVTRAN, 0]);
    });

    it('comes of a Non-secure access to Secure memory, with its address', () => {
      // QEMU 7.2 leaves SFAR alone.
      const values = trace(
        {
          secure: `
main:
  ${FAULTS}
  ${LEAVE}
securefault:
  tracem SFSR
  tracem SFAR
  mrs r4, msp_ns
  ldr r5, [r4, #24]
  tracer r5
  done`,
          nonSecure: `
ns_main:
  ldr r4, =S_DATA + 0x10
ns_access:
  ldr r5, [r4]
  done`,
        },
        { qemu: 'leaves SFAR alone' },
      );
      const { symbols } = scenarios.run(engine, { secure: 'main: trace 0\n done' });
      expect(symbols['main']).toBeDefined();
      expect(values.slice(0, 2)).toEqual([SFSR.AUVIOL | SFSR.SFARVALID, 0x3800_0010]);
      expect(values[2]! - (values[2]! % 0x100)).toBe(nonSecureCode);
    });

    it('becomes a Secure HardFault where it is not enabled', () => {
      const values = trace({
        secure: `
main:
  ${LEAVE}
hardfault:
  tracer lr
  tracem HFSR
  tracem SFSR
  done`,
        nonSecure: `
ns_main:
  ldr r4, =0x10000000
  bx r4
  done`,
      });
      expect(values).toEqual([0xffff_ffb9, 0x4000_0000, SFSR.INVEP]);
    });
  });

  it('a Secure handler calls Non-secure code, which sees exception 1', () => {
    const values = trace({
      secure: `
main:
  svc 0
  mrs r6, ipsr
  tracer r6
  done
svcall:
  push {r4, lr}
  ldr r4, =ns_function
  blxns r4
  mrs r6, ipsr
  tracer r6
  pop {r4, pc}`,
      nonSecure: `
ns_function:
  mrs r6, ipsr
  tracer r6
  bx lr`,
    });
    expect(values).toEqual([1, 11, 0]);
  });

  it('FNC_RETURN that does not fit the mode is a UsageFault', () => {
    const values = trace({
      secure: `
main:
  ${FAULTS}
  put SHCSR + ALIAS, 0x00070000
  movs r4, #3
  push {r4}
  ldr r4, =main + 1
  push {r4}
  ${LEAVE}`,
      nonSecure: `
ns_main:
  ldr r4, =0xfeffffff
  bx r4
ns_usagefault:
  tracem CFSR
  tracer lr
  done`,
    });
    expect(values).toEqual([UFSR.INVPC, 0xffff_ffb8]);
  });

  it('BLXNS checks the stack limit', () => {
    const values = trace({
      secure: `
main:
  ${FAULTS}
  mov r0, sp
  subs r0, #0x100
  mov sp, r0
  msr msplim, r0
  ldr r4, =ns_function
  ldr r5, =0
  b call
  .balign 8
call:
  blxns r4
usagefault:
  movs r0, #0
  msr msplim, r0
  tracem CFSR
  done`,
      nonSecure: 'ns_function: bx lr',
    });
    expect(values).toEqual([UFSR.STKOF]);
  });

  it('BXNS, BLXNS and TTA are undefined in Non-secure state', () => {
    const values = trace({
      secure: `
main:
  put SHCSR + ALIAS, 0x00070000
  ${LEAVE}`,
      nonSecure: `
ns_main:
  movs r7, #0
  bxns lr
  blxns lr
  tta r0, r1
  tracer r7
  done
ns_usagefault:
  adds r7, #1
  ldr r2, [sp, #24]
  ldrh r3, [r2]
  lsrs r3, #11
  cmp r3, #0x1d
  ite hs
  addhs r2, #4
  addlo r2, #2
  str r2, [sp, #24]
  tracem CFSR
  bx lr`,
    });
    expect(values).toEqual([UFSR.UNDEFINSTR, UFSR.UNDEFINSTR, UFSR.UNDEFINSTR, 3]);
  });

  it('TT tells Secure code of security, SAU region and rights', () => {
    const values = trace({
      secure: `
  @ Traces the answer without the IDAU's part, which AN505 has.
  .macro answer
  lsls r5, #9
  lsrs r5, #9
  tracer r5
  .endm
main:
  ldr r4, =0x00080000
  tt r5, r4
  answer
  tta r5, r4
  answer
  ldr r4, =0x10008000
  tt r5, r4
  answer
  ldr r4, =0x10000000
  tt r5, r4
  answer
  ${LEAVE}`,
      nonSecure: `
ns_main:
  ldr r4, =0x00080000
  tt r5, r4
  answer
  ldr r4, =0x10000000
  tt r5, r4
  answer
  done`,
    });
    const [r, rw, nsr, nsrw, s, srvalid] = [1 << 18, 1 << 19, 1 << 20, 1 << 21, 1 << 22, 1 << 17];
    expect(values).toEqual([
      r | rw | nsr | nsrw | srvalid,
      r | rw | nsr | nsrw | srvalid,
      r | rw | s | srvalid | (2 << 8),
      r | rw | s,
      r | rw,
      r | rw,
    ]);
  });

  it('MRS and MSR reach the Non-secure registers from Secure state, and read as zero there', () => {
    const values = trace({
      secure: `
main:
  mrs r4, msp_ns
  tracer r4
  mrs r4, psp_ns
  tracer r4
  ldr r4, =0x28088007
  msr msplim_ns, r4
  mrs r4, msplim_ns
  tracer r4
  movs r4, #1
  msr primask_ns, r4
  movs r4, #0x40
  msr basepri_ns, r4
  mrs r4, primask
  tracer r4
  movs r4, #2
  msr control_ns, r4
  mrs r4, sp_ns
  tracer r4
  ${LEAVE}`,
      nonSecure: `
ns_main:
  mov r4, sp
  tracer r4
  mrs r4, msplim
  tracer r4
  mrs r4, primask
  tracer r4
  mrs r4, basepri
  tracer r4
  mrs r4, control
  tracer r4
  mrs r4, msp_ns
  tracer r4
  done`,
    });
    const { nonSecureProcessStack } = SECURE_MAP;
    expect(values).toEqual([
      nonSecureStack,
      nonSecureProcessStack,
      0x2808_8000,
      0,
      nonSecureProcessStack,
      nonSecureProcessStack,
      0x2808_8000,
      1,
      0x40,
      2,
      0,
    ]);
  });

  it('knows its places', () => {
    const { symbols } = scenarios.run(engine, { secure: 'main: done', callable: 'gate: sg', nonSecure: 'ns_main: bx lr' });
    expect(symbols['gate']).toBe(CALLABLE);
    expect(symbols['main']! >= secureCode && symbols['ns_main']! >= nonSecureCode).toBe(true);
  });
});
