/** Loads, stores, exclusives and table branches (ARM DDI 0403E, A7.7), integer and floating-point. */
import { Align, bit, SignExtend } from './bits.ts';
import { type Machine, Stop } from './machine.ts';
import type { Instruction, Operation, Operations } from './operation.ts';

type Access = readonly [size: 1 | 2 | 4, signed: boolean];
const ACCESS: Readonly<Record<string, Access>> = {
  LDR: [4, false],
  LDRH: [2, false],
  LDRB: [1, false],
  LDRSH: [2, true],
  LDRSB: [1, true],
  STR: [4, false],
  STRH: [2, false],
  STRB: [1, false],
};

/** Puts a loaded value where it belongs: an aligned word into the PC, everything else into its register. */
function loaded(m: Machine, t: number, value: number, address: number): void {
  if (t !== 15) {
    m.setR(t, value);
    return;
  }
  if (address % 4 !== 0) throw new Error('UNPREDICTABLE: PC from an unaligned address');
  m.bxWritePC(value);
}

/** A write-back: if to SP, neither the old nor the new value is below the limit. */
function moves(m: Machine, i: Instruction, to: number): void {
  if (i.f('n') === 13) m.checkLimit(Math.min(m.R(13), Align(to, 4)));
}

function transfer(name: string, m: Machine, i: Instruction, address: number, writeBack?: number): void {
  if (writeBack !== undefined) moves(m, i, writeBack);
  const [size, signed] = ACCESS[name]!;
  const t = i.f('t');
  if (name.startsWith('STR')) {
    m.writeU(address, size, m.R(t) % 2 ** (8 * size));
    if (writeBack !== undefined) m.setR(i.f('n'), writeBack);
    return;
  }
  const value = t === 15 ? m.readA(address, 4) : m.readU(address, size);
  if (writeBack !== undefined) m.setR(i.f('n'), writeBack);
  loaded(m, t, signed ? SignExtend(value, 8 * size) : value, address);
}

function singles(name: string): [string, Operation][] {
  return [
    [`${name}_IMM`, (m, i) => transfer(name, m, i, i.indexed(m, !(i.has('U') && i.f('U') === 0)).offset)],
    [`${name}_LIT`, (m, i) => transfer(name, m, i, (m.literalBase + (i.f('U') === 1 ? i.imm : -i.imm) + 2 ** 32) % 2 ** 32)],
    [`${name}_REG`, (m, i) => transfer(name, m, i, (m.R(i.f('n')) + m.R(i.f('m')) * 2 ** i.f('i')) % 2 ** 32)],
    [
      `${name}_WB`,
      (m, i) => {
        const { base, offset } = i.indexed(m, i.f('U') === 1);
        transfer(name, m, i, i.f('P') === 1 ? offset : base, offset);
      },
    ],
    [`${name}T`, (m, i) => transfer(name, m, i, i.indexed(m, true).offset)],
  ];
}

const dual = (load: boolean): Operation => {
  return (m, i) => {
    const { base, offset } = i.indexed(m, i.f('U') === 1);
    const address = i.f('P') === 1 ? offset : base;
    const [t, u] = [i.f('t'), i.f('u')];
    if (i.f('W') === 1) moves(m, i, offset);
    if (load) {
      const first = m.readA(address, 4);
      // When the second access faults the first register is UNKNOWN, unless it is the base.
      m.unknown.add(`r${t}`);
      const second = m.readA((address + 4) % 2 ** 32, 4);
      m.unknown.delete(`r${t}`);
      m.setR(t, first);
      m.setR(u, second);
    } else {
      m.writeA(address, 4, m.R(t));
      m.writeA((address + 4) % 2 ** 32, 4, m.R(u));
    }
    if (i.f('W') === 1) m.setR(i.f('n'), offset);
  };
};

const list = (i: Instruction): number[] => Array.from({ length: 16 }, (_, r) => r).filter((r) => bit(i.imm, r));

const multiple = (load: boolean, down: boolean): Operation => {
  return (m, i) => {
    const n = i.f('n');
    const registers = list(i);
    const base = m.R(n);
    const start = down ? (base - 4 * registers.length + 2 ** 32) % 2 ** 32 : base;
    const newBase = down ? start : (base + 4 * registers.length) % 2 ** 32;
    if (i.f('W') === 1) moves(m, i, newBase);
    const values: [number, number][] = [];
    for (const [index, r] of registers.entries()) {
      const address = (start + 4 * index) % 2 ** 32;
      if (load) {
        values.push([r, m.readA(address, 4)]);
        if (r !== n && r !== 15) m.unknown.add(`r${r}`);
      } else {
        // A base that is stored after others by an instruction that changes it: UNKNOWN.
        if (r === n && i.f('W') === 1 && index > 0) m.unknown.add(`m${address}`);
        m.writeA(address, 4, m.R(r));
      }
    }
    if (i.f('W') === 1) m.setR(n, newBase);
    for (const [r, value] of values) {
      m.unknown.delete(`r${r}`);
      if (r === 15) m.bxWritePC(value);
      else m.setR(r, value);
    }
  };
};

const loadExclusive = (size: number): Operation => {
  return (m, i) => {
    const address = i.indexed(m, true).offset;
    const value = m.readA(address, size);
    m.exclusive = address;
    m.setR(i.f('t'), value);
  };
};

/** The tag of the local monitor is the exact address, which the architecture permits. */
const storeExclusive = (size: number): Operation => {
  return (m, i) => {
    const address = i.indexed(m, true).offset;
    if (address % size !== 0) m.readA(address, size);
    const passes = m.exclusive === address;
    if (passes) m.writeA(address, size, m.R(i.f('t')) % 2 ** (8 * size));
    m.exclusive = undefined;
    m.setR(i.f('d'), passes ? 0 : 1);
  };
};

const tableBranch = (size: 1 | 2): Operation => {
  return (m, i) => {
    const halfwords = m.readU((m.R(i.f('n')) + m.R(i.f('m')) * size) % 2 ** 32, size);
    m.branchWritePC((m.R(15) + 2 * halfwords) % 2 ** 32);
  };
};

/** Singles and doubles: their first register in units of S. */
const floats = (i: Instruction, letter: 'd' | 'm', double: boolean): number => {
  const odd = i.has(letter.toUpperCase()) ? i.f(letter.toUpperCase()) : 0;
  return double ? 2 * i.f(letter) : 2 * i.f(letter) + odd;
};

const floatSingle = (load: boolean, double: boolean): Operation => {
  return (m, i) => {
    const { offset } = i.indexed(m, i.f('U') === 1);
    const first = floats(i, 'd', double);
    floatBlock(m, load, first, double ? 2 : 1, offset);
  };
};

function floatBlock(m: Machine, load: boolean, first: number, count: number, start: number): void {
  const values: number[] = [];
  for (let k = 0; k < count; k++) {
    const address = (start + 4 * k) % 2 ** 32;
    if (load) {
      values.push(m.readA(address, 4));
      m.unknown.add(`s${first + k}`);
    } else m.writeA(address, 4, m.s[first + k]!);
  }
  for (const [k, value] of values.entries()) {
    m.unknown.delete(`s${first + k}`);
    m.s[first + k] = value;
  }
}

/** With an odd number of words a double-precision list is FLDMX or FSTMX: the last word counts only for the base. */
const floatMultiple = (load: boolean, double: boolean): Operation => {
  return (m, i) => {
    const words = i.f('i');
    const { base, offset } = i.indexed(m, i.f('U') === 1, 4 * words);
    if (i.f('W') === 1) moves(m, i, offset);
    floatBlock(m, load, floats(i, 'd', double), double ? words - (words % 2) : words, i.f('U') === 1 ? base : offset);
    if (i.f('W') === 1) m.setR(i.f('n'), offset);
  };
};

export const MEMORY: Operations = {
  ...Object.fromEntries(Object.keys(ACCESS).flatMap(singles)),
  LDRD: dual(true),
  STRD: dual(false),
  LDM: multiple(true, false),
  LDMDB: multiple(true, true),
  STM: multiple(false, false),
  STMDB: multiple(false, true),
  LDREX: loadExclusive(4),
  LDREXH: loadExclusive(2),
  LDREXB: loadExclusive(1),
  STREX: storeExclusive(4),
  STREXH: storeExclusive(2),
  STREXB: storeExclusive(1),
  TBB: tableBranch(1),
  TBH: tableBranch(2),
  VLDR_F32: floatSingle(true, false),
  VLDR_F64: floatSingle(true, true),
  VSTR_F32: floatSingle(false, false),
  VSTR_F64: floatSingle(false, true),
  VLDM_F32: floatMultiple(true, false),
  VLDM_F64: floatMultiple(true, true),
  VSTM_F32: floatMultiple(false, false),
  VSTM_F64: floatMultiple(false, true),
};

export { floats, Stop };
