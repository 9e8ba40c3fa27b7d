/**
 * The system of an ARMv8-M core with the Security Extension: two of what is banked, one of what is not, and the SAU between them.
 */
import { CoreMemory } from './core-memory.ts';
import { type CoreSystem, type SystemHost, sysTickOptions } from './core-system.ts';
import { EXCEPTION, NON_SECURE } from './exception-numbers.ts';
import { SecureExceptionUnit } from './exceptions-v8m.ts';
import { FpContextV8 } from './fp-context-v8m.ts';
import { Nvic } from './nvic.ts';
import { MpuV8 } from './pmsav8.ts';
import type { SecurityProfile } from './profile.ts';
import { SecureProtection } from './protection-v8m.ts';
import { SecurityAttributionUnit } from './sau.ts';
import { BankedScb } from './scb-v8m.ts';
import { SecurityState } from './security.ts';
import { SysTick } from './systick.ts';

/** The system of a core whose profile has `extension`. */
export function secureSystem(host: SystemHost, extension: SecurityProfile): CoreSystem {
  const { profile, registers, diagnostics } = host;
  const nvic = new Nvic(profile, diagnostics);
  const sau = new SecurityAttributionUnit(extension, diagnostics);
  const secureMpu = new MpuV8('MPU', profile.mpuRegions, diagnostics);
  const nonSecureMpu = new MpuV8('MPU_NS', profile.mpuRegions, diagnostics);
  const protection = new SecureProtection(sau, secureMpu, nonSecureMpu);
  const security = new SecurityState(registers, profile);
  const scbHost = {
    currentException: () => host.currentException(),
    vectPending: () => host.vectPending(),
    configurationChanged: () => host.configurationChanged(),
    systemReset: () => host.systemReset(),
    secure: () => registers.secure,
  };
  const scb = new BankedScb(profile, nvic, sau, scbHost, diagnostics);
  const fp = new FpContextV8(profile, diagnostics, {
    faultsNonSecure: () => scb.faultsNonSecure,
    monitorNonSecure: () => false,
    changed: () => host.configurationChanged(),
  });
  const sysTick = new SysTick(sysTickOptions(host, 'SysTick', () => nvic.setPending(EXCEPTION.SYS_TICK)));
  const nonSecureSysTick = new SysTick(sysTickOptions(host, 'SysTick_NS', () => nvic.setPending(NON_SECURE + EXCEPTION.SYS_TICK)));
  const memory = new CoreMemory(host.bus, protection);
  const monitorEnabled = () => host.monitorEnabled();
  const parts = { registers, memory, nvic, scb, fp, security, protection, monitorEnabled };
  const exceptions = new SecureExceptionUnit(parts, (id, context) => host.noteFault(id, context));
  protection.privilegedIn = (secure) => security.privileged(secure);
  protection.onChange = () => host.protectionChanged();
  security.floatingPointShared = () => scb.fpShared;
  security.onChange = () => {
    protection.secure = registers.secure;
    memory.setPrivileged(registers.privileged);
    memory.flush();
    host.configurationChanged();
  };
  return {
    nvic,
    scb,
    exceptions,
    memory,
    sysTicks: [
      { id: EXCEPTION.SYS_TICK, counter: sysTick },
      { id: NON_SECURE + EXCEPTION.SYS_TICK, counter: nonSecureSysTick },
    ],
    blocks: [
      sysTick.registers,
      nvic.registers,
      nvic.targetRegisters!,
      scb.secureRegisters,
      scb.sharedRegisters,
      secureMpu.registers,
      sau.registers,
      fp.secureRegisters,
    ],
    nonSecureBlocks: [
      nonSecureSysTick.registers,
      nvic.nonSecureRegisters!,
      scb.nonSecureRegisters,
      nonSecureMpu.registers,
      fp.nonSecureRegisters,
    ],
    banked: security,
    security,
    vectorTable: (secure) => scb.vectorTable(secure),
    stackPointer: (name, secure) => security.get(name, secure),
    reset: (vectors) => {
      security.reset();
      scb.reset(vectors);
      fp.reset();
      sysTick.reset();
      nonSecureSysTick.reset();
      protection.reset();
      nvic.reset();
      exceptions.reset();
    },
  };
}
