/**
 * The identification registers of the System Control Block: what features an implementation has (Technical Reference Manuals).
 *
 * Offsets are from 0xE000_E000. CPUID is part of the profile.
 */
import type { CoreProfile } from './profile.ts';

/** The registers, for the definition of a block. */
export const IDENTIFICATION_REGISTERS = {
  ID_PFR: { offset: 0xd40, count: 2, access: 'ro' },
  ID_DFR0: { offset: 0xd48, access: 'ro' },
  ID_AFR0: { offset: 0xd4c, access: 'ro' },
  ID_MMFR: { offset: 0xd50, count: 4, access: 'ro' },
  ID_ISAR: { offset: 0xd60, count: 6, access: 'ro' },
} as const;

interface Identification {
  readonly pfr: readonly number[];
  readonly dfr: number;
  readonly mmfr: readonly number[];
  readonly isar: readonly number[];
}

const IDENTIFICATION: Readonly<Record<CoreProfile['name'], Identification>> = {
  'cortex-m4': {
    pfr: [0x30, 0x200],
    dfr: 0x0010_0000,
    mmfr: [0x0010_0030, 0, 0x0100_0000, 0],
    isar: [0x0114_1110, 0x0211_2000, 0x2123_2231, 0x0111_1131, 0x0131_0102, 0],
  },
  'cortex-m7': {
    pfr: [0x30, 0x200],
    dfr: 0x0010_0000,
    mmfr: [0x0010_0030, 0, 0x0100_0000, 0],
    isar: [0x0110_1110, 0x0211_2000, 0x2023_2231, 0x0111_1131, 0x0131_0132, 0],
  },
  'cortex-m33': {
    pfr: [0x30, 0x210],
    dfr: 0x0020_0000,
    mmfr: [0x0010_1f40, 0, 0x0100_0000, 0],
    isar: [0x0110_1110, 0x0221_2000, 0x2023_2232, 0x0111_1131, 0x0131_0132, 0],
  },
};

/** What the registers of an implementation read as, for the behaviour of a block. */
export function identification({ name }: CoreProfile) {
  const { pfr, dfr, mmfr, isar } = IDENTIFICATION[name];
  return {
    ID_PFR: { value: (index: number) => pfr[index]! },
    ID_DFR0: { value: () => dfr },
    ID_MMFR: { value: (index: number) => mmfr[index]! },
    ID_ISAR: { value: (index: number) => isar[index]! },
  };
}
