/**
 * Loads and stores of core registers and branches to computed addresses as WebAssembly, as interpreter.ts and transfers.ts do them.
 *
 * A register that an instruction writes is written when nothing can fault any more. What branches leaves its target in local `t`; where
 * that leads is the matter of generator.ts.
 */
import { READ, WRITE } from '../core-memory.ts';
import { ACCESS } from '../interpreter/micro-ops.ts';
import { TRANSFER_LITERAL, TRANSFER_PRE, TRANSFER_REGISTER, TRANSFER_WRITE_BACK } from '../interpreter/transfers.ts';
import type { Emitter } from './emit.ts';
import { d, m, n } from './emit-registers.ts';
import type { Generator } from './generator.ts';
import type { Step } from './region.ts';
import { OP } from './wasm-builder.ts';

const LOADS = ['LDR', 'LDRH', 'LDRB', 'LDRSH', 'LDRSB'] as const;
const STORES = ['STR', 'STRH', 'STRB'] as const;

function indexed(g: Generator, step: Step): void {
  const { w2 } = step;
  g.r(n(step));
  g.r(m(step));
  if (w2 !== 0) g.code.i32(w2).op(OP.I32_SHL);
  g.code.op(OP.I32_ADD).set(g.local.a);
}

function offset(g: Generator, step: Step): void {
  g.r(n(step));
  if (step.w2 !== 0) g.code.i32(step.w2).op(OP.I32_ADD);
  g.code.set(g.local.a);
}

const loadFrom = (kind: number, address: Emitter): Emitter => {
  return (g, step) => {
    address(g, step);
    g.memory.load(kind, n(step), () => {
      g.code.get(g.local.t);
      g.setR(d(step));
    });
  };
};

const storeTo = (kind: number, address: Emitter): Emitter => {
  return (g, step) => {
    address(g, step);
    g.r(d(step)).set(g.local.t);
    g.memory.store(kind, n(step), () => {});
  };
};

/** Sets the base of a write-back access: Rn plus the offset. */
function writeBack(g: Generator, step: Step): void {
  g.r(n(step)).i32(step.w2).op(OP.I32_ADD);
  if (n(step) === 13) g.code.i32(-4).op(OP.I32_AND);
  g.setR(n(step));
}

const loadWriteBack: Emitter = (g, step) => {
  g.r(n(step));
  if (step.w3 & TRANSFER_PRE) g.code.i32(step.w2).op(OP.I32_ADD);
  g.code.set(g.local.a);
  g.memory.load(step.w3 & 15, n(step), () => {
    writeBack(g, step);
    g.code.get(g.local.t);
    g.setR(d(step));
  });
};

const storeWriteBack: Emitter = (g, step) => {
  g.r(n(step));
  if (step.w3 & TRANSFER_PRE) g.code.i32(step.w2).op(OP.I32_ADD);
  g.code.set(g.local.a);
  g.r(d(step)).set(g.local.t);
  g.memory.store(step.w3 & 15, n(step), () => writeBack(g, step));
};

const literal: Emitter = (g, step) => {
  const address = (((step.pc + 4) & ~3) + step.w2) | 0;
  const value = g.surroundings.literal(g.region, address);
  if (value !== undefined) {
    g.code.i32(value);
    g.setR(d(step));
    return;
  }
  g.code.i32(address).set(g.local.a);
  g.memory.load(ACCESS.LDR, 15, () => {
    g.code.get(g.local.t);
    g.setR(d(step));
  });
};

/** LDRD, STRD at Rn plus an offset. */
const dual = (loads: boolean): Emitter => {
  return (g, step) => {
    const { code, local } = g;
    offset(g, step);
    g.memory.reach(n(step), loads ? READ : WRITE, 8, 4, (at) => {
      at().tee(local.b);
      if (loads) {
        code.memory(OP.I32_LOAD, 0);
        g.setR(d(step));
        code.get(local.b).memory(OP.I32_LOAD, 4);
        g.setR(m(step));
      } else {
        g.r(d(step)).memory(OP.I32_STORE, 0).get(local.b);
        g.r(m(step)).memory(OP.I32_STORE, 4);
      }
    }, () => g.slowHandler(step.name));
  };
};

/** Registers of a list, ascending, without PC. */
function listed(list: number): number[] {
  return Array.from({ length: 15 }, (_, r) => r).filter((r) => (list >> r) & 1);
}

/** LDM, STM. */
const multiple = (loads: boolean): Emitter => {
  return (g, step) => {
    const { code, local } = g;
    const { w1, w2: list, w3: bytes } = step;
    const down = (w1 & 0x200) !== 0;
    const writesBack = (w1 & 0x100) !== 0;
    g.r(n(step));
    if (down) code.i32(bytes).op(OP.I32_SUB);
    code.set(local.a);
    if (n(step) === 13 && writesBack) g.limit(local.a);
    const back = (): void => {
      if (!writesBack) return;
      code.get(local.a);
      if (!down) code.i32(bytes).op(OP.I32_ADD);
      g.setR(n(step));
    };
    g.memory.reach(n(step), loads ? READ : WRITE, bytes, 4, (at) => {
      at().set(local.b);
      // What is stored is the base as it was.
      if (loads) back();
      let word = 0;
      for (const r of listed(list)) {
        code.get(local.b);
        if (loads) {
          code.memory(OP.I32_LOAD, word);
          g.setR(r);
        } else g.r(r).memory(OP.I32_STORE, word);
        word += 4;
      }
      if (!loads) back();
      else if (list & 0x8000) code.get(local.b).memory(OP.I32_LOAD, word).set(local.t);
    }, () => g.slowHandler(step.name), true);
  };
};

/** Any single transfer; into PC the target is left in local `t`. */
const transfer: Emitter = (g, step) => {
  const { code, local } = g;
  const { w2, w3 } = step;
  const kind = w3 & 15;
  const address = (): void => {
    if (w3 & TRANSFER_LITERAL) code.i32((step.pc + 4) & ~3);
    else g.r(n(step));
    if (w3 & TRANSFER_REGISTER) {
      g.r(m(step));
      if ((w3 >> 8) & 3) code.i32((w3 >> 8) & 3).op(OP.I32_SHL);
    } else code.i32(w2);
    code.op(OP.I32_ADD);
  };
  if (n(step) === 13 && w3 & TRANSFER_WRITE_BACK) {
    if (w2 < 0) address();
    else g.r(13);
    code.set(local.a);
    g.limit(local.a);
  }
  if (w3 & TRANSFER_PRE) address();
  else g.r(n(step));
  code.set(local.a);
  const back = (): void => {
    if ((w3 & TRANSFER_WRITE_BACK) === 0) return;
    address();
    if (n(step) === 13) code.i32(-4).op(OP.I32_AND);
    g.setR(n(step));
  };
  const key = w3 & TRANSFER_LITERAL ? 15 : n(step);
  if (d(step) === 15) {
    g.memory.reach(key, READ, 4, 4, (at) => {
      at().memory(OP.I32_LOAD, 0).set(local.t);
      back();
    }, () => g.slowHandler(step.name), true);
    return;
  }
  if (kind >= ACCESS.STR) {
    g.r(d(step)).set(local.t);
    g.memory.store(kind, key, back);
    return;
  }
  g.memory.load(kind, key, () => {
    code.get(local.t);
    if (d(step) === 13) code.i32(-4).op(OP.I32_AND);
    g.setR(d(step));
    back();
  });
};

const tableBranch: Emitter = (g, step) => {
  const { code, local } = g;
  const wide = step.w3 !== 0;
  const here = (step.pc + 4) | 0;
  if (n(step) === 15) code.i32(here);
  else g.r(n(step));
  g.r(m(step));
  if (wide) code.i32(1).op(OP.I32_SHL);
  code.op(OP.I32_ADD).set(local.a);
  const bytes = wide ? 2 : 1;
  g.memory.reach(n(step), READ, bytes, bytes, (at) => {
    at().memory(wide ? OP.I32_LOAD16_U : OP.I32_LOAD8_U, 0);
    code.i32(1).op(OP.I32_SHL).i32(here).op(OP.I32_ADD).set(local.t);
  }, () => g.slowHandler(step.name));
};

const jump: Emitter = (g, step) => {
  g.r(m(step));
  if (step.w3 === 1) g.code.i32((step.pc + 4) | 0).op(OP.I32_ADD);
  g.code.set(g.local.t);
};

const ALL: [string, Emitter][] = [
  ['JUMP', jump],
  ['BX', (g, step) => { g.r(m(step)); g.code.set(g.local.t); }],
  ['TB', tableBranch],
  ...LOADS.flatMap((name): [string, Emitter][] => [
    [`${name}_I`, loadFrom(ACCESS[name], offset)],
    [`${name}_R`, loadFrom(ACCESS[name], indexed)],
  ]),
  ...STORES.flatMap((name): [string, Emitter][] => [
    [`${name}_I`, storeTo(ACCESS[name], offset)],
    [`${name}_R`, storeTo(ACCESS[name], indexed)],
  ]),
  ['LDR_L', literal],
  ['LDR_WB', loadWriteBack],
  ['STR_WB', storeWriteBack],
  ['LDRD', dual(true)],
  ['STRD', dual(false)],
  ['LDM', multiple(true)],
  ['STM', multiple(false)],
  ['TRANSFER()', transfer],
];

/** Emitters by micro-operation. */
export const EMIT_TRANSFERS: readonly (readonly [string, Emitter])[] = ALL;
