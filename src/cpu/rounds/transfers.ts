/** Loads and stores on paper (ARMv7-M ARM, A7.7): aligned ones at addresses that stay the same. */
import { type Affine, add, constant, isConstant, scale } from './affine.ts';
import type { Operation } from './alu.ts';
import { branchTo } from './control.ts';
import type { Instruction } from './instruction.ts';
import type { RoundState } from './round-state.ts';

/** Address of an instruction, or undefined. */
type AddressOf = (state: RoundState, i: Instruction) => Affine | undefined;

const atImmediate: AddressOf = (state, i) => {
  const base = state.read(i.n);
  return base && add(base, constant(i.offset), 0);
};

const atRegister: AddressOf = (state, i) => {
  const base = state.read(i.n);
  const index = state.read(i.m);
  return base && index && add(base, scale(index, 1 << i.imm), 0);
};

const atLiteral: AddressOf = (state, i) => constant(((state.pc + 4) & ~3) + i.offset);

/** Brings a loaded value into a register, PC included. */
function deliver(state: RoundState, register: number, value: Affine): boolean {
  return register === 15 ? isConstant(value) && branchTo(state, value.c) : state.write(register, value);
}

function load(where: AddressOf, size: number, signed: boolean): Operation {
  return (state, i) => {
    const address = where(state, i);
    const value = address && state.load(address, size);
    return value !== undefined && deliver(state, i.t, signed ? extend(value, size) : value);
  };
}

function extend(value: Affine, size: number): Affine {
  return isConstant(value) ? constant((value.c << (32 - 8 * size)) >> (32 - 8 * size)) : value;
}

function store(where: AddressOf, size: number): Operation {
  return (state, i) => {
    const address = where(state, i);
    const value = state.read(i.t);
    return address !== undefined && value !== undefined && state.store(address, value, size);
  };
}

function writeBack(loads: boolean, size: number, signed: boolean): Operation {
  return (state, i) => {
    const base = state.read(i.n);
    if (!base) return false;
    const indexed = add(base, constant(i.offset), 0);
    const address = i.index ? indexed : base;
    if (loads) {
      const value = state.load(address, size);
      return value !== undefined && state.write(i.n, indexed) && deliver(state, i.t, signed ? extend(value, size) : value);
    }
    const value = state.read(i.t);
    return value !== undefined && state.store(address, value, size) && state.write(i.n, indexed);
  };
}

/** LDRD and STRD. */
function dual(loads: boolean): Operation {
  return (state, i) => {
    const base = i.n === 15 ? constant((state.pc + 4) & ~3) : state.read(i.n);
    if (!base) return false;
    const indexed = add(base, constant(i.offset), 0);
    const address = i.index ? indexed : base;
    const second = add(address, constant(4), 0);
    if (loads) {
      const low = state.load(address, 4);
      const high = low && state.load(second, 4);
      if (!low || !high || !state.write(i.t, low) || !state.write(i.u, high)) return false;
    } else {
      const [low, high] = [state.read(i.t), state.read(i.u)];
      if (!low || !high || !state.store(address, low, 4) || !state.store(second, high, 4)) return false;
    }
    return !i.writeBack || state.write(i.n, indexed);
  };
}

function bitCount(list: number): number {
  let count = 0;
  for (let rest = list; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** LDM and STM, up or down; a base in the list is left to the engine. */
function multiple(loads: boolean, down: boolean): Operation {
  return (state, i) => {
    const list = i.imm & 0xffff;
    const base = state.read(i.n);
    if (!base || ((list >>> i.n) & 1) !== 0) return false;
    const bytes = 4 * bitCount(list);
    const newBase = add(base, constant(down ? -bytes : bytes), 0);
    let address = down ? newBase : base;
    let target: Affine | undefined;
    // A push checks the stack pointer before it stores.
    if (!loads && i.writeBack && !state.write(i.n, newBase)) return false;
    for (let register = 0; register < 16; register++) {
      if (((list >>> register) & 1) === 0) continue;
      const value = loads ? state.load(address, 4) : state.read(register);
      if (!value) return false;
      if (!loads) {
        if (!state.store(address, value, 4)) return false;
      } else if (register === 15) target = value;
      else if (!state.write(register, value)) return false;
      address = add(address, constant(4), 0);
    }
    if (loads && i.writeBack && !state.write(i.n, newBase)) return false;
    return target === undefined || deliver(state, 15, target);
  };
}

const SINGLE = { LDR: [4, false], LDRH: [2, false], LDRB: [1, false], LDRSH: [2, true], LDRSB: [1, true] } as const;
const STORES = { STR: 4, STRH: 2, STRB: 1 } as const;

/** Loads and stores by operation. */
export const TRANSFERS: Readonly<Record<string, Operation>> = {
  ...Object.fromEntries(
    Object.entries(SINGLE).flatMap(([name, [size, signed]]) => [
      [`${name}_IMM`, load(atImmediate, size, signed)],
      [`${name}_REG`, load(atRegister, size, signed)],
      [`${name}_LIT`, load(atLiteral, size, signed)],
      [`${name}_WB`, writeBack(true, size, signed)],
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(STORES).flatMap(([name, size]) => [
      [`${name}_IMM`, store(atImmediate, size)],
      [`${name}_REG`, store(atRegister, size)],
      [`${name}_WB`, writeBack(false, size, false)],
    ]),
  ),
  LDRD: dual(true),
  STRD: dual(false),
  LDM: multiple(true, false),
  LDMDB: multiple(true, true),
  STM: multiple(false, false),
  STMDB: multiple(false, true),
};
