/**
 * Whether a core executes what an ELF was built for, as its build attributes say: ARMv8-M code on a Cortex-M7, double precision on a
 * Cortex-M4. A mismatch need not be fatal (code of one architecture may well use the instructions of another), so it is said and not refused.
 */
import type { CoreProfile } from '../cpu/profile.ts';
import { type BuildAttributes, CPU_ARCH, FP_ARCH } from '../remoteproc/build-attributes.ts';

const NAMES: Readonly<Record<number, string>> = {
  [CPU_ARCH.V7]: 'ARMv7',
  [CPU_ARCH.V6_M]: 'ARMv6-M',
  [CPU_ARCH.V6S_M]: 'ARMv6S-M',
  [CPU_ARCH.V7E_M]: 'ARMv7E-M',
  [CPU_ARCH.V8_M_BASE]: 'ARMv8-M Baseline',
  [CPU_ARCH.V8_M_MAIN]: 'ARMv8-M Mainline',
  [CPU_ARCH.V8_1_M_MAIN]: 'ARMv8.1-M Mainline',
};
const CORES: Readonly<Record<CoreProfile['architecture'], string>> = { 'armv7e-m': 'ARMv7E-M', 'armv8-m': 'ARMv8-M Mainline' };
/** Architectures that a core of each executes, its own last. */
const EXECUTES: Readonly<Record<CoreProfile['architecture'], readonly number[]>> = {
  'armv7e-m': [CPU_ARCH.V6_M, CPU_ARCH.V6S_M, CPU_ARCH.V7, CPU_ARCH.V7E_M],
  'armv8-m': [CPU_ARCH.V6_M, CPU_ARCH.V6S_M, CPU_ARCH.V7, CPU_ARCH.V7E_M, CPU_ARCH.V8_M_BASE, CPU_ARCH.V8_M_MAIN],
};
const FPV5: readonly number[] = [FP_ARCH.V5, FP_ARCH.V5_D16];
const HALF: readonly CoreProfile['fpu'][] = ['fpv4-sp', 'fpv5-sp'];

/** What the ELF was built for, as text; undefined where the attributes do not say. */
export function builtFor({ architecture, profile }: BuildAttributes): string | undefined {
  if (profile === 'A' || profile === 'R') return `the ${profile} profile`;
  return NAMES[architecture];
}

/** True when the ELF was built for exactly the architecture of `profile`. */
export function isBuiltFor(attributes: BuildAttributes, profile: CoreProfile): boolean {
  return attributes.architecture === EXECUTES[profile.architecture].at(-1) && !mismatch(attributes, profile);
}

/** Why a core of `profile` does not execute everything that the ELF may hold, as `built for X, which ...`; undefined when it does. */
export function mismatch(attributes: BuildAttributes, profile: CoreProfile): string | undefined {
  const { architecture, profile: family, floatingPoint, singleOnly } = attributes;
  const target = builtFor(attributes);
  if (target === undefined) return undefined;
  if (family === 'A' || family === 'R' || !EXECUTES[profile.architecture].includes(architecture)) {
    return `built for ${target}, which a ${profile.name} (${CORES[profile.architecture]}) does not execute`;
  }
  if (floatingPoint === 0) return undefined;
  if (profile.fpu === 'none') return `built for a floating-point unit, which the ${profile.name} does not have`;
  if (!singleOnly && HALF.includes(profile.fpu))
    return `built for a double-precision floating-point unit, which the ${profile.name} does not have`;
  if (FPV5.includes(floatingPoint) && profile.fpu === 'fpv4-sp') return `built for FPv5, which the ${profile.name} (FPv4) does not execute`;
  return undefined;
}
