/**
 * Loads and stores off the main switch's fast paths: into PC and SP, write-back, dual, multiple, exclusive and unprivileged ones.
 *
 * A refused access leaves the base as it was; of an LDM the registers that were already loaded stay loaded, except the base. While accesses are
 * watched, all words of an instruction are looked at before the first is accessed. The stack
 * limit of ARMv8-M (0 elsewhere) is held against the lower of SP before and after a write-back, before any access (DDI 0553B, B3.21).
 */
import { CELL } from '../core-registers.ts';
import { BRANCH, type Context, DONE, FAULT, type Handler } from './context.ts';
import { ACCESS } from './micro-ops.ts';

/** Bits of word 3 of the general single transfer, `TRANSFER`: kind 3:0, then these; the shift of Rm is in 9:8. */
export const TRANSFER_PRE = 1 << 4;
export const TRANSFER_WRITE_BACK = 1 << 5;
export const TRANSFER_REGISTER = 1 << 6;
export const TRANSFER_LITERAL = 1 << 7;

/** Any single transfer: Rt 3:0, Rn 7:4, Rm 11:8 of word 1; signed offset in word 2. */
const TRANSFER: Handler = (context, w1, w2, w3) => {
  const { cells } = context;
  const t = w1 & 15;
  const n = (w1 >> 4) & 15;
  const base = (w3 & TRANSFER_LITERAL) !== 0 ? (cells[CELL.PC]! + 4) & ~3 : cells[n]!;
  const offset = (w3 & TRANSFER_REGISTER) !== 0 ? cells[(w1 >> 8) & 15]! << ((w3 >> 8) & 3) : w2;
  const indexed = (base + offset) | 0;
  const address = (w3 & TRANSFER_PRE) !== 0 ? indexed : base;
  if (n === 13 && (w3 & TRANSFER_WRITE_BACK) !== 0 && context.checkLimit(w2 < 0 ? indexed : base) !== DONE) return FAULT;
  if (t === 15) {
    if (context.loadAligned(address) !== DONE) return FAULT;
    context.target = context.loaded;
  } else if (context.access(w3 & 15, address, t) !== DONE) return FAULT;
  if ((w3 & TRANSFER_WRITE_BACK) !== 0) cells[n] = n === 13 ? indexed & ~3 : indexed;
  return t === 15 ? BRANCH : DONE;
};

/** LDRD, STRD: Rt 3:0, Rn 7:4, Rt2 11:8; offset in word 2; word 3 has TRANSFER's PRE and WRITE_BACK, and bit 0 for a load. */
const DUAL: Handler = (context, w1, w2, w3) => {
  const { cells } = context;
  const n = (w1 >> 4) & 15;
  const base = n === 15 ? (cells[CELL.PC]! + 4) & ~3 : cells[n]!;
  const indexed = (base + w2) | 0;
  const address = (w3 & TRANSFER_PRE) !== 0 ? indexed : base;
  if (n === 13 && (w3 & TRANSFER_WRITE_BACK) !== 0 && context.checkLimit(w2 < 0 ? indexed : base) !== DONE) return FAULT;
  const t = w1 & 15;
  const u = (w1 >> 8) & 15;
  if (context.memory.watch && context.lookAhead(address, 2, (w3 & 1) !== 0 ? undefined : [cells[t]!, cells[u]!]) !== DONE) return FAULT;
  if ((w3 & 1) !== 0) {
    if (context.loadAligned(address) !== DONE) return FAULT;
    const first = context.loaded;
    if (context.loadAligned(address + 4) !== DONE) return FAULT;
    cells[t] = first;
    cells[u] = context.loaded;
  } else {
    if (context.storeAligned(address, cells[t]!) !== DONE) return FAULT;
    if (context.storeAligned(address + 4, cells[u]!) !== DONE) return FAULT;
  }
  if ((w3 & TRANSFER_WRITE_BACK) !== 0) cells[n] = n === 13 ? indexed & ~3 : indexed;
  return DONE;
};

/** LDM: Rn 7:4, write-back in bit 8, decrement in bit 9 of word 1; list in word 2; bytes in word 3. */
const LDM_SLOW: Handler = (context, w1, w2, w3) => {
  const { cells } = context;
  const n = (w1 >> 4) & 15;
  const base = cells[n]!;
  const down = (w1 & 0x200) !== 0;
  let address = down ? base - w3 : base;
  let newBase = down ? base - w3 : base + w3;
  if (n === 13 && (w1 & 0x100) !== 0 && context.checkLimit(address) !== DONE) return FAULT;
  if (context.memory.watch && context.lookAhead(address, w3 >>> 2) !== DONE) return FAULT;
  for (let r = 0; r < 16; r++) {
    if (((w2 >> r) & 1) === 0) continue;
    if (context.loadAligned(address) !== DONE) return FAULT;
    address += 4;
    if (r === 15) context.target = context.loaded;
    else if (r === n) newBase = context.loaded;
    else cells[r] = context.loaded;
  }
  if ((w1 & 0x100) !== 0 || ((w2 >> n) & 1) !== 0) cells[n] = n === 13 ? newBase & ~3 : newBase;
  return (w2 & 0x8000) !== 0 ? BRANCH : DONE;
};

/** STM: as LDM. */
const STM_SLOW: Handler = (context, w1, w2, w3) => {
  const { cells } = context;
  const n = (w1 >> 4) & 15;
  const base = cells[n]!;
  const down = (w1 & 0x200) !== 0;
  let address = down ? base - w3 : base;
  const newBase = down ? base - w3 : base + w3;
  if (n === 13 && (w1 & 0x100) !== 0 && context.checkLimit(address) !== DONE) return FAULT;
  // T1 with the base in the list but not lowest stores an UNKNOWN value: the new base, as implementations do.
  const lowest = w2 & -w2;
  const stored = (r: number): number => (r === n && (w1 & 0x100) !== 0 && lowest !== 1 << r ? newBase : cells[r]!);
  if (context.memory.watch && context.lookAhead(address, w3 >>> 2, registersIn(w2).map(stored)) !== DONE) return FAULT;
  for (let r = 0; r < 16; r++) {
    if (((w2 >> r) & 1) === 0) continue;
    if (context.storeAligned(address, stored(r)) !== DONE) return FAULT;
    address += 4;
  }
  if ((w1 & 0x100) !== 0) cells[n] = newBase;
  return DONE;
};

/** Registers of a list, ascending. */
function registersIn(list: number): number[] {
  return Array.from({ length: 16 }, (_, r) => r).filter((r) => ((list >> r) & 1) !== 0);
}

/** TBB (word 3 is 0) and TBH (1): Rn 7:4, Rm 11:8. */
const TABLE_BRANCH: Handler = (context, w1, _w2, w3) => {
  const { cells } = context;
  const n = (w1 >> 4) & 15;
  const pc = cells[CELL.PC]! + 4;
  const address = (n === 15 ? pc : cells[n]!) + (cells[(w1 >> 8) & 15]! << w3);
  if (context.load(address, 1 << w3) !== DONE) return FAULT;
  context.target = (pc + context.loaded * 2) | 1;
  return BRANCH;
};

const exclusiveLoad = (size: number): Handler => {
  return (context, w1, w2) => {
    const { cells } = context;
    const address = (cells[(w1 >> 4) & 15]! + w2) | 0;
    if ((address & (size - 1)) !== 0) return context.unaligned(address);
    if (context.load(address, size) !== DONE) return FAULT;
    cells[(w1 >> 16) & 15] = context.loaded;
    cells[CELL.EXCLUSIVE] = 1;
    cells[CELL.EXCLUSIVE_ADDRESS] = address;
    return DONE;
  };
};

const exclusiveStore = (size: number): Handler => {
  return (context, w1, w2) => {
    const { cells } = context;
    const address = (cells[(w1 >> 4) & 15]! + w2) | 0;
    if ((address & (size - 1)) !== 0) return context.unaligned(address);
    const passes = cells[CELL.EXCLUSIVE] !== 0 && cells[CELL.EXCLUSIVE_ADDRESS] === address;
    if (passes && context.store(address, cells[(w1 >> 16) & 15]!, size) !== DONE) return FAULT;
    cells[CELL.EXCLUSIVE] = 0;
    cells[w1 & 15] = passes ? 0 : 1;
    return DONE;
  };
};

const acquire = (size: number): Handler => {
  return (context, w1) => {
    const { cells } = context;
    const address = cells[(w1 >> 4) & 15]!;
    if ((address & (size - 1)) !== 0) return context.unaligned(address);
    if (context.load(address, size) !== DONE) return FAULT;
    cells[(w1 >> 16) & 15] = context.loaded;
    return DONE;
  };
};

const release = (size: number): Handler => {
  return (context, w1) => {
    const address = context.cells[(w1 >> 4) & 15]!;
    if ((address & (size - 1)) !== 0) return context.unaligned(address);
    return context.store(address, context.cells[(w1 >> 16) & 15]!, size);
  };
};

const unprivilegedLoad = (kind: number): Handler => {
  const size = kind === ACCESS.LDR ? 4 : kind === ACCESS.LDRH || kind === ACCESS.LDRSH ? 2 : 1;
  return (context, w1, w2) => {
    const { cells } = context;
    if (context.loadUnprivileged((cells[(w1 >> 4) & 15]! + w2) | 0, size) !== DONE) return FAULT;
    const value = context.loaded;
    cells[(w1 >> 16) & 15] = kind === ACCESS.LDRSH ? (value << 16) >> 16 : kind === ACCESS.LDRSB ? (value << 24) >> 24 : value;
    return DONE;
  };
};

const unprivilegedStore = (size: number): Handler => {
  return (context: Context, w1, w2) => {
    const { cells } = context;
    return context.storeUnprivileged((cells[(w1 >> 4) & 15]! + w2) | 0, cells[(w1 >> 16) & 15]!, size);
  };
};

/** Handlers by micro-operation name. */
export const TRANSFERS: Readonly<Record<string, Handler>> = {
  TRANSFER,
  DUAL,
  LDM_SLOW,
  STM_SLOW,
  TABLE_BRANCH,
  LDREX: exclusiveLoad(4),
  LDREXH: exclusiveLoad(2),
  LDREXB: exclusiveLoad(1),
  STREX: exclusiveStore(4),
  STREXH: exclusiveStore(2),
  STREXB: exclusiveStore(1),
  LDA: acquire(4),
  LDAH: acquire(2),
  LDAB: acquire(1),
  LDAEX: exclusiveLoad(4),
  LDAEXH: exclusiveLoad(2),
  LDAEXB: exclusiveLoad(1),
  STL: release(4),
  STLH: release(2),
  STLB: release(1),
  STLEX: exclusiveStore(4),
  STLEXH: exclusiveStore(2),
  STLEXB: exclusiveStore(1),
  LDRT: unprivilegedLoad(ACCESS.LDR),
  LDRHT: unprivilegedLoad(ACCESS.LDRH),
  LDRBT: unprivilegedLoad(ACCESS.LDRB),
  LDRSHT: unprivilegedLoad(ACCESS.LDRSH),
  LDRSBT: unprivilegedLoad(ACCESS.LDRSB),
  STRT: unprivilegedStore(4),
  STRHT: unprivilegedStore(2),
  STRBT: unprivilegedStore(1),
};
