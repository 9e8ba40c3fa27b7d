/**
 * The build attributes of an ARM ELF (`.ARM.attributes`; "Addenda to, and Errata in, the ABI for the Arm Architecture", IHI 0045): for which
 * architecture compiler and linker thought they were working. Only those that decide which core can execute the code.
 */
import { cString, u32 } from './file-bytes.ts';

/** What the linker merged from all objects; a tag that is absent reads as 0. */
export interface BuildAttributes {
  /** Tag_CPU_name as the tools wrote it (`8-M.MAIN`, `Cortex-M33`). */
  readonly cpuName: string;
  /** Tag_CPU_arch, see `CPU_ARCH`. */
  readonly architecture: number;
  /** Tag_CPU_arch_profile: `M`, `A`, `R`, or empty. */
  readonly profile: string;
  /** Tag_FP_arch, see `FP_ARCH`. */
  readonly floatingPoint: number;
  /** Tag_ABI_HardFP_use is 1: single precision only, whatever the architecture has. */
  readonly singleOnly: boolean;
}

/** Values of Tag_CPU_arch that M-profile code has. */
export const CPU_ARCH = { V7: 10, V6_M: 11, V6S_M: 12, V7E_M: 13, V8_M_BASE: 16, V8_M_MAIN: 17, V8_1_M_MAIN: 21 } as const;

/** Values of Tag_FP_arch: FPv4 and FPv5 with all or half of the registers. */
export const FP_ARCH = { V4: 5, V4_D16: 6, V5: 7, V5_D16: 8 } as const;

const TAG = { FILE: 1, CPU_NAME: 5, CPU_ARCH: 6, CPU_ARCH_PROFILE: 7, FP_ARCH: 10, HARD_FP_USE: 27, COMPATIBILITY: 32 } as const;
/** Tags below 32 that are strings; from there on the odd ones are. */
const STRING_TAGS: readonly number[] = [4, TAG.CPU_NAME];
const FORMAT_A = 0x41;
const LONGEST = 256;

/** Reads the contents of the section; undefined where they are none, or not of the format that the tools write. */
export function readBuildAttributes(section: Uint8Array): BuildAttributes | undefined {
  if (section[0] !== FORMAT_A) return undefined;
  for (let at = 1; at + 4 < section.length; ) {
    const length = u32(section, at);
    if (length < 5) return undefined;
    const vendor = cString(section, at + 4, LONGEST);
    const found = vendor === 'aeabi' ? fileAttributes(section, at + 5 + vendor.length, Math.min(at + length, section.length)) : undefined;
    if (found) return found;
    at += length;
  }
  return undefined;
}

/** The attributes of the whole file among the vendor's subsections from `start` to `end`. */
function fileAttributes(section: Uint8Array, start: number, end: number): BuildAttributes | undefined {
  for (let at = start; at + 5 <= end; ) {
    const size = u32(section, at + 1);
    if (size < 5) return undefined;
    if (section[at] === TAG.FILE) return attributes(section, at + 5, Math.min(at + size, end));
    at += size;
  }
  return undefined;
}

function attributes(section: Uint8Array, start: number, end: number): BuildAttributes {
  const numbers = new Map<number, number>();
  let cpuName = '';
  let at = start;
  const number = (): number => {
    let value = 0;
    for (let shift = 0; at < end; shift += 7) {
      const byte = section[at++]!;
      if (shift < 28) value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  const string = (): string => {
    const text = cString(section, at, end - at);
    at += text.length + 1;
    return text;
  };
  while (at < end) {
    const tag = number();
    if (tag === TAG.COMPATIBILITY) {
      number();
      string();
    } else if (STRING_TAGS.includes(tag) || (tag > TAG.COMPATIBILITY && tag % 2 === 1)) {
      const text = string();
      if (tag === TAG.CPU_NAME) cpuName = text;
    } else numbers.set(tag, number());
  }
  const profile = numbers.get(TAG.CPU_ARCH_PROFILE) ?? 0;
  return {
    cpuName,
    architecture: numbers.get(TAG.CPU_ARCH) ?? 0,
    profile: profile === 0 ? '' : String.fromCharCode(profile),
    floatingPoint: numbers.get(TAG.FP_ARCH) ?? 0,
    singleOnly: numbers.get(TAG.HARD_FP_USE) === 1,
  };
}
