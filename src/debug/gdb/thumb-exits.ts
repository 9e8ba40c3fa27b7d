/**
 * Where Thumb code leaves a stretch of itself (ARMv7-M ARM, A5 and A7.7; ARMv8-M has the same): for steps through a source line, which then cost what its
 * execution costs and not a stop for each instruction.
 *
 * Every halfword is taken for the beginning of an instruction, since data may lie between them: what is found has all exits, and some that are none.
 */

/** The exits of a stretch of code. */
export interface Exits {
  /** Addresses outside of it at which execution may come out. */
  readonly targets: ReadonlySet<number>;
  /** Instructions in it that go where a register or memory says, or raise an exception. */
  readonly indirect: ReadonlySet<number>;
}

/** The exits of `code`, which is at `address`; `code` goes one halfword further than the stretch, for an instruction that begins at its end. */
export function exitsOf(code: Uint8Array, address: number, length: number): Exits {
  const end = address + length;
  const targets = new Set<number>([end >>> 0]);
  const indirect = new Set<number>();
  const halfword = (at: number): number => (code[at] ?? 0) | ((code[at + 1] ?? 0) << 8);
  for (let at = 0; at < length; at += 2) {
    const first = halfword(at);
    const second = halfword(at + 2);
    const here = address + at;
    const wide = first >= 0xe800;
    if (wide ? isIndirectWide(first, second) : isIndirect(first)) indirect.add(here);
    const distance = wide ? branchWide(first, second) : branch(first);
    if (distance === undefined) continue;
    const target = (here + 4 + distance) >>> 0;
    if (target < address || target >= end) targets.add(target);
  }
  return { targets, indirect };
}

/** BX, BLX, POP with the PC, MOV and ADD to the PC, SVC, BKPT, UDF. */
function isIndirect(code: number): boolean {
  const high = code >> 8;
  if (high === 0x47 || high === 0xbd || high === 0xdf || high === 0xde || high === 0xbe) return true;
  return (high === 0x46 || high === 0x44) && (code & 0x87) === 0x87;
}

/** LDM, LDR and TBB, TBH that load the PC; some neighbours of theirs, too. */
function isIndirectWide(first: number, second: number): boolean {
  if ((first & 0xfff0) === 0xe8d0 && (second & 0xffe0) === 0xf000) return true;
  if ((first & 0xfe50) === 0xe810) return (second & 0x8000) !== 0;
  return (first & 0xfe50) === 0xf850 && second >> 12 === 15;
}

function signed(value: number, bits: number): number {
  return (value << (32 - bits)) >> (32 - bits);
}

/** From the instruction's PC (its address + 4) to where it branches; undefined when it is no branch. */
function branch(code: number): number | undefined {
  // B with a condition; 14 and 15 are UDF and SVC.
  if (code >> 12 === 0xd && ((code >> 8) & 15) < 14) return signed(code & 0xff, 8) * 2;
  if (code >> 11 === 0x1c) return signed(code & 0x7ff, 11) * 2;
  // CBZ, CBNZ
  if ((code & 0xf500) === 0xb100) return (((code >> 3) & 0x1f) | ((code >> 4) & 0x20)) * 2;
  return undefined;
}

/** B.W and BL. */
function branchWide(first: number, second: number): number | undefined {
  if (first >> 11 !== 0x1e || (second & 0x8000) === 0) return undefined;
  const sign = (first >> 10) & 1;
  const [j1, j2] = [(second >> 13) & 1, (second >> 11) & 1];
  const low = second & 0x7ff;
  if ((second & 0x1000) === 0) {
    // With a condition; 14 and 15 are MSR, hints, barriers.
    if ((second & 0x4000) !== 0 || ((first >> 6) & 15) >= 14) return undefined;
    return signed((sign << 19) | (j2 << 18) | (j1 << 17) | ((first & 0x3f) << 11) | low, 20) * 2;
  }
  const i1 = ~(j1 ^ sign) & 1;
  const i2 = ~(j2 ^ sign) & 1;
  return signed((sign << 23) | (i1 << 22) | (i2 << 21) | ((first & 0x3ff) << 11) | low, 24) * 2;
}
