/**
 * System instructions, exclusives and acquire/release as WebAssembly: what critical sections and locks are made of. As system.ts and
 * transfers.ts do them; whatever may stop (masks that the core watches, FAULTMASK, CONTROL, stack pointers) is their handler's.
 */
import { READ, WRITE } from '../core-memory.ts';
import { CELL } from '../core-registers.ts';
import { TRANSFER_PRE, TRANSFER_WRITE_BACK } from '../interpreter/transfers.ts';
import { SFPA, SYSM } from '../special-registers.ts';
import type { Emitter } from './emit.ts';
import { cell, d, m, n, setCell, t } from './emit-registers.ts';
import type { Generator } from './generator.ts';
import { CONTROL } from './layout.ts';
import type { Step } from './region.ts';
import { type Code, OP } from './wasm-builder.ts';

/** SYSm of APSR alone. */
const APSR = 0;

/** Puts 1 on the stack in Thread mode with CONTROL.nPRIV. */
function unprivileged(g: Generator): Code {
  cell(g, CELL.IPSR).op(OP.I32_EQZ);
  return cell(g, CELL.CONTROL).op(OP.I32_AND).i32(1).op(OP.I32_AND);
}

/** Rd = what `value` puts on the stack; 0 for unprivileged code. */
function privilegedRead(g: Generator, step: Step, value: () => void): void {
  const { code } = g;
  value();
  code.i32(0);
  unprivileged(g).op(OP.I32_EQZ, OP.SELECT);
  g.setR(d(step));
}

/** Puts MSP or PSP on the stack. */
function stackPointer(g: Generator, process: boolean): void {
  const active = (): void => void g.r(13);
  const inactive = (): void => void cell(g, CELL.BANKED_SP);
  (process ? active : inactive)();
  (process ? inactive : active)();
  cell(g, CELL.CONTROL).i32(1).op(OP.I32_SHR_U);
  cell(g, CELL.IPSR).op(OP.I32_EQZ, OP.I32_AND, OP.SELECT);
}

const readSpecial: Emitter = (g, step) => {
  switch (step.w2) {
    case APSR:
      g.flags.packed();
      cell(g, CELL.APSR).i32(0x0fff_ffff).op(OP.I32_AND, OP.I32_OR);
      g.setR(d(step));
      return;
    case SYSM.IPSR:
      cell(g, CELL.IPSR);
      g.setR(d(step));
      return;
    case SYSM.CONTROL:
      cell(g, CELL.CONTROL).i32(-1).i32(~SFPA);
      cell(g, CELL.SECURE).op(OP.SELECT, OP.I32_AND);
      g.setR(d(step));
      return;
    case SYSM.MSP:
    case SYSM.PSP:
      privilegedRead(g, step, () => stackPointer(g, step.w2 === SYSM.PSP));
      return;
    case SYSM.PRIMASK:
      privilegedRead(g, step, () => cell(g, CELL.PRIMASK));
      return;
    case SYSM.BASEPRI:
    case SYSM.BASEPRI_MAX:
      privilegedRead(g, step, () => cell(g, CELL.BASEPRI));
      return;
    default:
      g.handler(step.name);
  }
};

/** Runs `write`, or the handler where it may have to stop, or for unprivileged code. */
function maskWrite(g: Generator, step: Step, write: () => void): void {
  const { code } = g;
  unprivileged(g).i32(0).memory(OP.I32_LOAD, g.control(CONTROL.WATCH)).op(OP.I32_OR).when();
  g.quietHandler(step.name, true);
  code.else();
  write();
  code.end();
}

const writeSpecial: Emitter = (g, step) => {
  const { code, local } = g;
  const priority = (): Code => g.r(n(step)).i32(0xff & (0xff00 >>> g.surroundings.priorityBits)).op(OP.I32_AND);
  switch (step.w2) {
    case SYSM.PRIMASK:
      maskWrite(g, step, () => setCell(g, CELL.PRIMASK, () => g.r(n(step)).i32(1).op(OP.I32_AND)));
      return;
    case SYSM.BASEPRI:
      maskWrite(g, step, () => setCell(g, CELL.BASEPRI, () => void priority()));
      return;
    case SYSM.BASEPRI_MAX:
      maskWrite(g, step, () => {
        priority().tee(local.t).i32(0).op(OP.I32_NE);
        // Less than the present one, where 0 counts as highest.
        code.get(local.t).i32(1).op(OP.I32_SUB);
        cell(g, CELL.BASEPRI).i32(1).op(OP.I32_SUB, OP.I32_LT_U, OP.I32_AND).when();
        setCell(g, CELL.BASEPRI, () => code.get(local.t));
        code.end();
      });
      return;
    default:
      g.handler(step.name);
  }
};

const changeState: Emitter = (g, step) => {
  if (step.w2 !== 2) {
    g.handler(step.name);
    return;
  }
  maskWrite(g, step, () => setCell(g, CELL.PRIMASK, () => g.code.i32((step.w3 >>> 4) & 1)));
};

/** Puts Rn plus the offset into local `a`. */
function address(g: Generator, step: Step, offset: number): void {
  g.r(n(step));
  if (offset !== 0) g.code.i32(offset).op(OP.I32_ADD);
  g.code.set(g.local.a);
}

const LOAD = { 1: OP.I32_LOAD8_U, 2: OP.I32_LOAD16_U, 4: OP.I32_LOAD } as const;
const STORE = { 1: OP.I32_STORE8, 2: OP.I32_STORE16, 4: OP.I32_STORE } as const;
type Size = keyof typeof LOAD;

/** LDREX, LDAEX, or LDA. */
const load = (size: Size, exclusive: boolean): Emitter => {
  return (g, step) => {
    const { code, local } = g;
    address(g, step, exclusive ? step.w2 : 0);
    g.memory.reach(n(step), READ, size, size, (at) => {
      if (exclusive) {
        setCell(g, CELL.EXCLUSIVE, () => code.i32(1));
        setCell(g, CELL.EXCLUSIVE_ADDRESS, () => code.get(local.a));
      }
      at().memory(LOAD[size], 0);
      g.setR(t(step));
    }, () => g.slowHandler(step.name), true);
  };
};

/** STL. */
const store = (size: Size): Emitter => {
  return (g, step) => {
    address(g, step, 0);
    g.memory.reach(n(step), WRITE, size, size, (at) => {
      at();
      g.r(t(step)).memory(STORE[size], 0);
    }, () => g.quietHandler(step.name, true), true);
  };
};

/** STREX, STLEX. */
const exclusiveStore = (size: Size): Emitter => {
  return (g, step) => {
    const { code, local } = g;
    address(g, step, step.w2);
    g.memory.reach(n(step), WRITE, size, size, (at) => {
      cell(g, CELL.EXCLUSIVE).i32(0).op(OP.I32_NE);
      cell(g, CELL.EXCLUSIVE_ADDRESS).get(local.a).op(OP.I32_EQ, OP.I32_AND).tee(local.u).when();
      at();
      g.r(t(step)).memory(STORE[size], 0).end();
      setCell(g, CELL.EXCLUSIVE, () => code.i32(0));
      code.get(local.u).op(OP.I32_EQZ);
      g.setR(d(step));
    }, () => g.slowHandler(step.name), true);
  };
};

/** LDRD, STRD with every kind of address but a literal. */
const dual: Emitter = (g, step) => {
  const { code, local } = g;
  const { w2, w3 } = step;
  const base = n(step);
  if (base === 15) {
    g.handler(step.name);
    return;
  }
  const writeBack = (w3 & TRANSFER_WRITE_BACK) !== 0;
  if (base === 13 && writeBack) {
    address(g, step, w2 < 0 ? w2 : 0);
    g.limit(local.a);
  }
  address(g, step, (w3 & TRANSFER_PRE) !== 0 ? w2 : 0);
  const back = (): void => {
    if (!writeBack) return;
    g.r(base).i32(w2).op(OP.I32_ADD);
    if (base === 13) code.i32(-4).op(OP.I32_AND);
    g.setR(base);
  };
  const loads = (w3 & 1) !== 0;
  g.memory.reach(base, loads ? READ : WRITE, 8, 4, (at) => {
    at().set(local.b);
    if (loads) {
      code.get(local.b).memory(OP.I32_LOAD, 0);
      g.setR(d(step));
      code.get(local.b).memory(OP.I32_LOAD, 4);
      g.setR(m(step));
    } else {
      code.get(local.b);
      g.r(d(step)).memory(OP.I32_STORE, 0).get(local.b);
      g.r(m(step)).memory(OP.I32_STORE, 4);
    }
    back();
  }, () => g.slowHandler(step.name), true);
};

const SIZES = [
  ['', 4],
  ['H', 2],
  ['B', 1],
] as const;

const ALL: [string, Emitter][] = [
  ['MRS()', readSpecial],
  ['MSR()', writeSpecial],
  ['CPS()', changeState],
  ['CLREX()', (g) => setCell(g, CELL.EXCLUSIVE, () => g.code.i32(0))],
  ['DUAL()', dual],
  ...SIZES.flatMap(([suffix, size]): [string, Emitter][] => [
    [`LDREX${suffix}()`, load(size, true)],
    [`STREX${suffix}()`, exclusiveStore(size)],
    [`LDAEX${suffix}()`, load(size, true)],
    [`STLEX${suffix}()`, exclusiveStore(size)],
    [`LDA${suffix}()`, load(size, false)],
    [`STL${suffix}()`, store(size)],
  ]),
  [
    'ADD_SP',
    (g, step) => {
      address(g, step, step.w2);
      g.limit(g.local.a);
      g.code.get(g.local.a);
      g.setR(13);
    },
  ],
];

/** Emitters by micro-operation. */
export const EMIT_SYSTEM: readonly (readonly [string, Emitter])[] = ALL;

