/**
 * The interpreter: one switch over pre-decoded micro-operations.
 *
 * Breaks house rules on purpose. Case labels are literal numbers (micro-ops.ts; a test compares the names in the comments), because
 * V8 makes a jump table only of literals; the switch is one function, because registers, flags and counters then stay in locals:
 * 3 to 4 times the speed of handlers in functions. `continue` ends an instruction; `break` leads to the slow part behind the switch.
 * Flags are kept as: N the sign of `fn`, Z `fz` being zero, C `fc` 0 or 1, V the sign of `fv`.
 */
import { Arena } from '../../memory/arena.ts';
import { CELL } from '../core-registers.ts';
import { featuresOf } from '../encodings/index.ts';
import { type Engine, type EngineFactory, type EngineHost, STOP, type StopCode } from '../engine.ts';
import { movesStack } from '../stack-moves.ts';
import { type CodePage, CodePages } from './code-pages.ts';
import { Context, DONE, FAULT, STOPPED } from './context.ts';
import { FIRST_FLOAT, FIRST_HANDLER, HANDLERS, OPERATION } from './handlers.ts';
import { multiplyHigh, shiftImmediate } from './integer.ts';
import { Observer } from './observer.ts';
import { warmUp } from './warm-up.ts';

/** Values of `slow` in the main loop: what is left to do after the switch. 1 to 8 are `ACCESS`. */
const HANDLER = 16;
const INTERWORK = 17;
const STOPPING = 18;

const N = 1 << 31;
const Z = 1 << 30;
const V = 1 << 28;

const BKPT = OPERATION.get('BKPT()')!;
const SG = OPERATION.get('SG')!;
const HOOK = OPERATION.get('HOOK')!;
const LDM_SLOW = OPERATION.get('LDM_SLOW()')!;
const STM_SLOW = OPERATION.get('STM_SLOW()')!;
const DUAL = OPERATION.get('DUAL()')!;
const TRANSFER = OPERATION.get('TRANSFER()')!;
const TABLE_BRANCH = OPERATION.get('TABLE_BRANCH()')!;

/** What `interpret` returns where translated code begins: nothing of the instruction was executed. Not one of `STOP`. */
export const ENTERED = -1;

/** Bits of `events`. */
export const STOP_REQUESTED = 1;
export const TRANSLATIONS_CHANGED = 2;

/** True when condition `condition` (0..15) holds for the flags. */
function passes(condition: number, fn: number, fz: number, fc: number, fv: number): boolean {
  switch (condition) {
    case 0:
      return fz === 0;
    case 1:
      return fz !== 0;
    case 2:
      return fc !== 0;
    case 3:
      return fc === 0;
    case 4:
      return fn < 0;
    case 5:
      return fn >= 0;
    case 6:
      return fv < 0;
    case 7:
      return fv >= 0;
    case 8:
      return fc !== 0 && fz !== 0;
    case 9:
      return fc === 0 || fz === 0;
    case 10:
      return (fn ^ fv) >= 0;
    case 11:
      return (fn ^ fv) < 0;
    case 12:
      return fz !== 0 && (fn ^ fv) >= 0;
    case 13:
      return fz === 0 || (fn ^ fv) < 0;
    default:
      return true;
  }
}

/** Executes instructions on the registers and memory of one core. */
export class Interpreter extends Context implements Engine {
  readonly name = 'interpreter';
  readonly speed = 40;
  passHook = false;
  /** Shared with the translating engine. */
  readonly code: CodePages;
  /** Told of every instruction while somebody wants to know; shared, too. */
  readonly observer: Observer | undefined;
  /** The observer is to be told of what executes now. */
  private watched = false;
  private budget = 0;
  /** Budget that was left before the current instruction. */
  private left = 0;
  /** Shared with the translating engine: what has to be seen to after the current instruction. */
  events = 0;

  constructor(host: EngineHost) {
    super(host, host.memory.bus.regions.find((region) => region.ram)?.ram?.arena ?? new Arena(1));
    const { instruments, memory } = host;
    const features = featuresOf(host.profile);
    this.code = new CodePages(memory, features, instruments?.hooks);
    if (instruments) this.observer = new Observer(instruments, host.registers, (pc) => movesStack(memory.bus, features, pc));
    host.memory.onCodeWritten = (at, length) => this.code.invalidate(at, length);
    host.memory.onFlush = () => {
      this.code.forgetTranslations();
      this.events |= TRANSLATIONS_CHANGED;
    };
  }

  get executed(): number {
    return this.budget - this.left;
  }

  get detail(): number {
    return this.stopDetail;
  }

  get address(): number {
    return this.stopAddress;
  }

  get pc(): number {
    return this.cells[CELL.PC]! >>> 0;
  }

  requestStop(): void {
    this.events |= STOP_REQUESTED;
  }

  /** The cells are the engine's own registers: nothing to bring over. */
  pull(): void {}

  push(): void {}

  dispose(): void {
    this.memory.onCodeWritten = undefined;
    this.memory.onFlush = undefined;
  }

  /** Starts a run of the translating engine, which executes some of the instructions itself. */
  begin(): void {
    this.events = 0;
    this.code.beginRun();
  }

  /** Events since the last call; for the translating engine. */
  takeEvents(): number {
    const { events } = this;
    this.events = 0;
    return events;
  }

  /** True when a branch to `target` (BX, POP or LDR to PC) returns from an exception or a function call of the other security state. */
  isExceptionReturn(target: number): boolean {
    return target >>> 28 === 15 && this.isReturn(target);
  }

  /** Stops for the exception return `target`. */
  leaveException(target: number): StopCode {
    this.stopDetail = target >>> 0;
    return STOP.EXC_RETURN;
  }

  /** The micro-operations of the page at `address`, which must be executable; for warm-up. */
  slotsAt(address: number): Int32Array {
    return this.code.find(address)!.slots;
  }

  run(budget: number): StopCode {
    return this.passHook ? this.runHooked(budget) : (this.interpret(budget) as StopCode);
  }

  hookChanged(address: number): void {
    const place = this.memory.ramAt(address);
    place?.ram.noteWrite(place.offset, 2);
  }

  /** As `run`, for an instruction that has a hook. */
  private runHooked(budget: number): StopCode {
    this.passHook = false;
    const { code } = this;
    code.pass(this.cells[CELL.PC]! & ~1);
    try {
      return this.interpret(budget) as StopCode;
    } finally {
      code.pass(-1);
    }
  }

  /** As `run`; returns ENTERED too, where somebody has put the operation ENTER. */
  interpret(budget: number): number {
    const R = this.cells;
    const { pages } = this.memory;
    const { i32, u16, u8 } = this.arena;
    const { code } = this;
    this.budget = budget;
    this.events = 0;
    code.beginRun();
    this.watched = this.observer?.wanted === true;
    if (this.watched) this.observer!.begin();
    let pause = 0;

    let remaining = budget;
    let pc = R[15]! & ~1;
    let it = R[18]!;
    let itBefore = it;
    let apsr = R[16]!;
    let fn = apsr;
    let fz = ~apsr & Z;
    let fc = (apsr >>> 29) & 1;
    let fv = apsr << 3;

    let page: CodePage | undefined;
    let slots: Int32Array;
    let base = 0;
    let index = 0;
    let current = 0;
    let w0 = 0;
    let w1 = 0;
    let op = 0;
    let slow = 0;
    let address = 0;
    let stop: number = STOP.BUDGET;

    outer: for (;;) {
      if (remaining <= 0) break;
      if (R[19] === 0) {
        stop = STOP.INVALID_STATE;
        break;
      }
      R[15] = pc;
      this.left = remaining;
      if (this.watched) pause = remaining;
      page = code.find(pc);
      if (page === undefined) {
        this.fetchFault();
        stop = STOP.FETCH_FAULT;
        break;
      }
      // Marking a page flushes the page table: nothing derived from it is held here yet.
      this.events &= ~TRANSLATIONS_CHANGED;
      slots = page.slots;
      base = pc & -4096;
      index = (pc & 0xffe) << 1;

      for (;;) {
        current = index;
        w0 = slots[current]!;
        op = w0 & 0xfff;
        // The end of the budget; an observer is told here of every instruction, so that nobody else pays for it.
        if (remaining === pause) {
          if (this.watched) {
            this.observer!.reach((base + (current >>> 1)) | 0, w0, it !== 0, remaining);
            pause = remaining - 1;
          }
          if (remaining === 0) {
            pc = base + (index >>> 1);
            break outer;
          }
        }
        itBefore = it;
        if (it !== 0 && op > 1) {
          op = w0 >>> 16;
          const condition = it >>> 4;
          it = (it & 7) === 0 ? 0 : (it & 0xe0) | ((it << 1) & 0x1f);
          if (!passes(condition, fn, fz, fc, fv) && op !== BKPT && op !== SG && op !== HOOK) {
            index = current + ((w0 >>> 10) & 0xc);
            remaining--;
            if (this.watched) this.observer!.fail();
            continue;
          }
        }
        w1 = slots[current + 1]!;
        index = current + ((w0 >>> 10) & 0xc);
        remaining--;

        switch (op) {
          case 0: {
            // DECODE
            remaining++;
            if (this.watched) pause = remaining;
            pc = base + (current >>> 1);
            R[15] = pc;
            this.left = remaining;
            if (!code.decode(page, pc)) {
              this.fetchFault();
              stop = STOP.FETCH_FAULT;
              break outer;
            }
            index = current;
            if ((this.events & TRANSLATIONS_CHANGED) !== 0) continue outer;
            continue;
          }
          case 1: // PAGE_END
            remaining++;
            pc = base + (current >>> 1);
            continue outer;
          case 2: // UNDEFINED
            stop = STOP.UNDEFINED;
            slow = STOPPING;
            break;
          case 3: // NOP
            continue;
          case 4: // IT
            it = slots[current + 2]!;
            continue;

          case 5: // MOV_I
            R[w1 & 15] = slots[current + 2]!;
            continue;
          case 6: {
            // MOVS_I
            const r = slots[current + 2]!;
            const carry = slots[current + 3]!;
            R[w1 & 15] = r;
            fn = fz = r;
            if (carry >= 0) fc = carry;
            continue;
          }
          case 7: // MOV_R
            R[w1 & 15] = R[(w1 >> 8) & 15]!;
            continue;
          case 8: // MOVS_R
            R[w1 & 15] = fn = fz = R[(w1 >> 8) & 15]!;
            continue;
          case 9: // MVN_R
            R[w1 & 15] = ~R[(w1 >> 8) & 15]!;
            continue;
          case 10: // MVNS_R
            R[w1 & 15] = fn = fz = ~R[(w1 >> 8) & 15]!;
            continue;

          case 11: // ADD_I
            R[w1 & 15] = (R[(w1 >> 4) & 15]! + slots[current + 2]!) | 0;
            continue;
          case 12: {
            // ADDS_I
            const a = R[(w1 >> 4) & 15]!;
            const b = slots[current + 2]!;
            const r = (a + b) | 0;
            R[w1 & 15] = fn = fz = r;
            fc = r >>> 0 < a >>> 0 ? 1 : 0;
            fv = (a ^ r) & (b ^ r);
            continue;
          }
          case 13: {
            // SUBS_I
            const a = R[(w1 >> 4) & 15]!;
            const b = -slots[current + 2]! | 0;
            const r = (a - b) | 0;
            R[w1 & 15] = fn = fz = r;
            fc = a >>> 0 >= b >>> 0 ? 1 : 0;
            fv = (a ^ b) & (a ^ r);
            continue;
          }
          case 14: // ADD_R
            R[w1 & 15] = (R[(w1 >> 4) & 15]! + R[(w1 >> 8) & 15]!) | 0;
            continue;
          case 15: {
            // ADDS_R
            const a = R[(w1 >> 4) & 15]!;
            const b = R[(w1 >> 8) & 15]!;
            const r = (a + b) | 0;
            R[w1 & 15] = fn = fz = r;
            fc = r >>> 0 < a >>> 0 ? 1 : 0;
            fv = (a ^ r) & (b ^ r);
            continue;
          }
          case 16: // SUB_R
            R[w1 & 15] = (R[(w1 >> 4) & 15]! - R[(w1 >> 8) & 15]!) | 0;
            continue;
          case 17: {
            // SUBS_R
            const a = R[(w1 >> 4) & 15]!;
            const b = R[(w1 >> 8) & 15]!;
            const r = (a - b) | 0;
            R[w1 & 15] = fn = fz = r;
            fc = a >>> 0 >= b >>> 0 ? 1 : 0;
            fv = (a ^ b) & (a ^ r);
            continue;
          }
          case 18: // RSB_I
            R[w1 & 15] = (slots[current + 2]! - R[(w1 >> 4) & 15]!) | 0;
            continue;
          case 19: {
            // RSBS_I
            const a = slots[current + 2]!;
            const b = R[(w1 >> 4) & 15]!;
            const r = (a - b) | 0;
            R[w1 & 15] = fn = fz = r;
            fc = a >>> 0 >= b >>> 0 ? 1 : 0;
            fv = (a ^ b) & (a ^ r);
            continue;
          }
          case 20: {
            // CMP_I
            const a = R[(w1 >> 4) & 15]!;
            const b = slots[current + 2]!;
            const r = (a - b) | 0;
            fn = fz = r;
            fc = a >>> 0 >= b >>> 0 ? 1 : 0;
            fv = (a ^ b) & (a ^ r);
            continue;
          }
          case 21: {
            // CMP_R
            const a = R[(w1 >> 4) & 15]!;
            const b = R[(w1 >> 8) & 15]!;
            const r = (a - b) | 0;
            fn = fz = r;
            fc = a >>> 0 >= b >>> 0 ? 1 : 0;
            fv = (a ^ b) & (a ^ r);
            continue;
          }
          case 22: {
            // CMN_R
            const a = R[(w1 >> 4) & 15]!;
            const b = R[(w1 >> 8) & 15]!;
            const r = (a + b) | 0;
            fn = fz = r;
            fc = r >>> 0 < a >>> 0 ? 1 : 0;
            fv = (a ^ r) & (b ^ r);
            continue;
          }
          case 23: {
            // TST_I
            const carry = slots[current + 3]!;
            fn = fz = R[(w1 >> 4) & 15]! & slots[current + 2]!;
            if (carry >= 0) fc = carry;
            continue;
          }
          case 24: // TST_R
            fn = fz = R[(w1 >> 4) & 15]! & R[(w1 >> 8) & 15]!;
            continue;

          case 25: // AND_I
            R[w1 & 15] = R[(w1 >> 4) & 15]! & slots[current + 2]!;
            continue;
          case 26: // ORR_I
            R[w1 & 15] = R[(w1 >> 4) & 15]! | slots[current + 2]!;
            continue;
          case 27: // EOR_I
            R[w1 & 15] = R[(w1 >> 4) & 15]! ^ slots[current + 2]!;
            continue;
          case 28: {
            // ANDS_I
            const carry = slots[current + 3]!;
            R[w1 & 15] = fn = fz = R[(w1 >> 4) & 15]! & slots[current + 2]!;
            if (carry >= 0) fc = carry;
            continue;
          }
          case 29: {
            // ORRS_I
            const carry = slots[current + 3]!;
            R[w1 & 15] = fn = fz = R[(w1 >> 4) & 15]! | slots[current + 2]!;
            if (carry >= 0) fc = carry;
            continue;
          }
          case 30: {
            // EORS_I
            const carry = slots[current + 3]!;
            R[w1 & 15] = fn = fz = R[(w1 >> 4) & 15]! ^ slots[current + 2]!;
            if (carry >= 0) fc = carry;
            continue;
          }
          case 31: // AND_R
            R[w1 & 15] = R[(w1 >> 4) & 15]! & R[(w1 >> 8) & 15]!;
            continue;
          case 32: // ORR_R
            R[w1 & 15] = R[(w1 >> 4) & 15]! | R[(w1 >> 8) & 15]!;
            continue;
          case 33: // EOR_R
            R[w1 & 15] = R[(w1 >> 4) & 15]! ^ R[(w1 >> 8) & 15]!;
            continue;
          case 34: // BIC_R
            R[w1 & 15] = R[(w1 >> 4) & 15]! & ~R[(w1 >> 8) & 15]!;
            continue;
          case 35: // ANDS_R
            R[w1 & 15] = fn = fz = R[(w1 >> 4) & 15]! & R[(w1 >> 8) & 15]!;
            continue;
          case 36: // ORRS_R
            R[w1 & 15] = fn = fz = R[(w1 >> 4) & 15]! | R[(w1 >> 8) & 15]!;
            continue;
          case 37: // EORS_R
            R[w1 & 15] = fn = fz = R[(w1 >> 4) & 15]! ^ R[(w1 >> 8) & 15]!;
            continue;
          case 38: // BICS_R
            R[w1 & 15] = fn = fz = R[(w1 >> 4) & 15]! & ~R[(w1 >> 8) & 15]!;
            continue;
          case 39: // ADC_R
            R[w1 & 15] = (R[(w1 >> 4) & 15]! + R[(w1 >> 8) & 15]! + fc) | 0;
            continue;
          case 40: // SBC_R
            R[w1 & 15] = (R[(w1 >> 4) & 15]! - R[(w1 >> 8) & 15]! - 1 + fc) | 0;
            continue;
          case 41: {
            // ADCS_R
            const a = R[(w1 >> 4) & 15]!;
            const b = R[(w1 >> 8) & 15]!;
            const r = (a + b + fc) | 0;
            R[w1 & 15] = fn = fz = r;
            // Carry out of a + b + c: the majority of the top bits of a, b and the complement of r.
            fc = ((a & b) | ((a | b) & ~r)) >>> 31;
            fv = (a ^ r) & (b ^ r);
            continue;
          }
          case 42: {
            // SBCS_R
            const a = R[(w1 >> 4) & 15]!;
            const b = ~R[(w1 >> 8) & 15]!;
            const r = (a + b + fc) | 0;
            R[w1 & 15] = fn = fz = r;
            fc = ((a & b) | ((a | b) & ~r)) >>> 31;
            fv = (a ^ r) & (b ^ r);
            continue;
          }

          case 43: // MOV_X
          case 44: // ADD_X
          case 45: // SUB_X
          case 46: // RSB_X
          case 47: // AND_X
          case 48: // ORR_X
          case 49: // EOR_X
          case 50: {
            // CMP_X
            const shift = slots[current + 3]!;
            const a = R[(w1 >> 4) & 15]!;
            const b = shiftImmediate(R[(w1 >> 8) & 15]!, shift & 3, shift >> 2, fc) | 0;
            if (op === 50 /* CMP_X */) {
              const r = (a - b) | 0;
              fn = fz = r;
              fc = a >>> 0 >= b >>> 0 ? 1 : 0;
              fv = (a ^ b) & (a ^ r);
              continue;
            }
            let r = b;
            if (op === 44 /* ADD_X */) r = (a + b) | 0;
            else if (op === 48 /* ORR_X */) r = a | b;
            else if (op === 45 /* SUB_X */) r = (a - b) | 0;
            else if (op === 49 /* EOR_X */) r = a ^ b;
            else if (op === 46 /* RSB_X */) r = (b - a) | 0;
            else if (op === 47 /* AND_X */) r = a & b;
            R[w1 & 15] = r;
            continue;
          }

          case 51: // LSL_I
            R[w1 & 15] = R[(w1 >> 8) & 15]! << slots[current + 2]!;
            continue;
          case 52: // LSR_I
            R[w1 & 15] = (R[(w1 >> 8) & 15]! >>> (slots[current + 2]! - 1)) >>> 1;
            continue;
          case 53: // ASR_I
            R[w1 & 15] = (R[(w1 >> 8) & 15]! >> (slots[current + 2]! - 1)) >> 1;
            continue;
          case 54: {
            // LSLS_I
            const v = R[(w1 >> 8) & 15]!;
            const amount = slots[current + 2]!;
            R[w1 & 15] = fn = fz = v << amount;
            fc = (v >>> (32 - amount)) & 1;
            continue;
          }
          case 55: {
            // LSRS_I
            const v = R[(w1 >> 8) & 15]! >>> (slots[current + 2]! - 1);
            R[w1 & 15] = fn = fz = v >>> 1;
            fc = v & 1;
            continue;
          }
          case 56: {
            // ASRS_I
            const v = R[(w1 >> 8) & 15]! >> (slots[current + 2]! - 1);
            R[w1 & 15] = fn = fz = v >> 1;
            fc = v & 1;
            continue;
          }
          case 57: {
            // LSL_R
            const amount = R[(w1 >> 8) & 15]! & 0xff;
            R[w1 & 15] = amount > 31 ? 0 : R[(w1 >> 4) & 15]! << amount;
            continue;
          }
          case 58: {
            // LSR_R
            const amount = R[(w1 >> 8) & 15]! & 0xff;
            R[w1 & 15] = amount > 31 ? 0 : R[(w1 >> 4) & 15]! >>> amount;
            continue;
          }
          case 59: {
            // ASR_R
            const amount = R[(w1 >> 8) & 15]! & 0xff;
            R[w1 & 15] = R[(w1 >> 4) & 15]! >> Math.min(amount, 31);
            continue;
          }
          case 60: {
            // LSLS_R
            const amount = R[(w1 >> 8) & 15]! & 0xff;
            const v = R[(w1 >> 4) & 15]!;
            const r = amount > 31 ? 0 : v << amount;
            R[w1 & 15] = fn = fz = r;
            if (amount !== 0) fc = amount > 32 ? 0 : (v >>> (32 - amount)) & 1;
            continue;
          }
          case 61: {
            // LSRS_R
            const amount = R[(w1 >> 8) & 15]! & 0xff;
            const v = R[(w1 >> 4) & 15]!;
            const r = amount > 31 ? 0 : (v >>> amount) | 0;
            R[w1 & 15] = fn = fz = r;
            if (amount !== 0) fc = amount > 32 ? 0 : (v >>> (amount - 1)) & 1;
            continue;
          }
          case 62: {
            // ASRS_R
            const amount = R[(w1 >> 8) & 15]! & 0xff;
            const v = R[(w1 >> 4) & 15]!;
            R[w1 & 15] = fn = fz = v >> Math.min(amount, 31);
            if (amount !== 0) fc = (v >> Math.min(amount - 1, 31)) & 1;
            continue;
          }

          case 63: // MUL
            R[w1 & 15] = Math.imul(R[(w1 >> 4) & 15]!, R[(w1 >> 8) & 15]!);
            continue;
          case 64: // MULS
            R[w1 & 15] = fn = fz = Math.imul(R[(w1 >> 4) & 15]!, R[(w1 >> 8) & 15]!);
            continue;
          case 65: // MLA
            R[w1 & 15] = (R[(w1 >> 12) & 15]! + Math.imul(R[(w1 >> 4) & 15]!, R[(w1 >> 8) & 15]!)) | 0;
            continue;
          case 66: // MLS
            R[w1 & 15] = (R[(w1 >> 12) & 15]! - Math.imul(R[(w1 >> 4) & 15]!, R[(w1 >> 8) & 15]!)) | 0;
            continue;
          case 67: // UMULL
          case 68: {
            // SMULL
            const a = R[(w1 >> 4) & 15]!;
            const b = R[(w1 >> 8) & 15]!;
            let high = multiplyHigh(a, b);
            if (op === 68 /* SMULL */) high -= (a < 0 ? b : 0) + (b < 0 ? a : 0);
            R[(w1 >> 12) & 15] = Math.imul(a, b);
            R[w1 & 15] = high;
            continue;
          }
          case 69: {
            // SDIV
            const b = R[(w1 >> 8) & 15]!;
            if (b === 0) {
              if (this.divideTrap) {
                stop = STOP.DIVIDE_BY_ZERO;
                slow = STOPPING;
                break;
              }
              R[w1 & 15] = 0;
              continue;
            }
            R[w1 & 15] = (R[(w1 >> 4) & 15]! / b) | 0;
            continue;
          }
          case 70: {
            // UDIV
            const b = R[(w1 >> 8) & 15]! >>> 0;
            if (b === 0) {
              if (this.divideTrap) {
                stop = STOP.DIVIDE_BY_ZERO;
                slow = STOPPING;
                break;
              }
              R[w1 & 15] = 0;
              continue;
            }
            R[w1 & 15] = ((R[(w1 >> 4) & 15]! >>> 0) / b) >>> 0;
            continue;
          }

          case 71: // SXTB
            R[w1 & 15] = (R[(w1 >> 8) & 15]! << 24) >> 24;
            continue;
          case 72: // SXTH
            R[w1 & 15] = (R[(w1 >> 8) & 15]! << 16) >> 16;
            continue;
          case 73: // UXTB
            R[w1 & 15] = R[(w1 >> 8) & 15]! & 0xff;
            continue;
          case 74: // UXTH
            R[w1 & 15] = R[(w1 >> 8) & 15]! & 0xffff;
            continue;
          case 75: // UBFX
            R[w1 & 15] = (R[(w1 >> 4) & 15]! >>> slots[current + 2]!) & slots[current + 3]!;
            continue;
          case 76: // SBFX
            R[w1 & 15] = (R[(w1 >> 4) & 15]! << slots[current + 2]!) >> slots[current + 3]!;
            continue;
          case 77: {
            // BFI
            const mask = slots[current + 3]!;
            R[w1 & 15] = (R[w1 & 15]! & ~mask) | ((R[(w1 >> 4) & 15]! << slots[current + 2]!) & mask);
            continue;
          }
          case 78: // CLZ
            R[w1 & 15] = Math.clz32(R[(w1 >> 8) & 15]!);
            continue;
          case 79: {
            // REV
            const v = R[(w1 >> 8) & 15]!;
            R[w1 & 15] = (v << 24) | ((v & 0xff00) << 8) | ((v >>> 8) & 0xff00) | (v >>> 24);
            continue;
          }
          case 80: // MOVT
            R[w1 & 15] = (R[w1 & 15]! & 0xffff) | slots[current + 2]!;
            continue;
          case 81: // ADR
            R[w1 & 15] = (((base + (current >>> 1) + 4) & slots[current + 3]!) + slots[current + 2]!) | 0;
            continue;
          case 82: // ADD_PC
            R[w1 & 15] = (R[w1 & 15]! + base + (current >>> 1) + 4) | 0;
            continue;

          case 83: {
            // JUMP
            // MOV PC, ADD PC: no interworking. BX PC clears T.
            const kind = slots[current + 2 + 1]!;
            const here = base + (current >>> 1) + 4;
            if (kind === 2) R[19] = 0;
            pc = (kind === 0 ? R[(w1 >> 8) & 15]! : kind === 1 ? here + R[(w1 >> 8) & 15]! : here) & ~1;
            continue outer;
          }
          case 84: // B
            index = w1;
            continue;
          case 85: // B_FAR
            pc = (base + (current >>> 1) + 4 + slots[current + 2]!) | 0;
            continue outer;
          case 86: // B_EQ
            if (fz === 0) index = w1;
            continue;
          case 87: // B_NE
            if (fz !== 0) index = w1;
            continue;
          case 88: // B_CS
            if (fc !== 0) index = w1;
            continue;
          case 89: // B_CC
            if (fc === 0) index = w1;
            continue;
          case 90: // B_MI
            if (fn < 0) index = w1;
            continue;
          case 91: // B_PL
            if (fn >= 0) index = w1;
            continue;
          case 92: // B_VS
            if (fv < 0) index = w1;
            continue;
          case 93: // B_VC
            if (fv >= 0) index = w1;
            continue;
          case 94: // B_HI
            if (fc !== 0 && fz !== 0) index = w1;
            continue;
          case 95: // B_LS
            if (fc === 0 || fz === 0) index = w1;
            continue;
          case 96: // B_GE
            if ((fn ^ fv) >= 0) index = w1;
            continue;
          case 97: // B_LT
            if ((fn ^ fv) < 0) index = w1;
            continue;
          case 98: // B_GT
            if (fz !== 0 && (fn ^ fv) >= 0) index = w1;
            continue;
          case 99: // B_LE
            if (fz === 0 || (fn ^ fv) < 0) index = w1;
            continue;
          case 100: // B_COND_FAR
            if (!passes(w1, fn, fz, fc, fv)) continue;
            pc = (base + (current >>> 1) + 4 + slots[current + 2]!) | 0;
            continue outer;
          case 101: // BL
            R[14] = (base + (index >>> 1)) | 1;
            index = w1;
            continue;
          case 102: // BL_FAR
            R[14] = (base + (index >>> 1)) | 1;
            pc = (base + (current >>> 1) + 4 + slots[current + 2]!) | 0;
            continue outer;
          case 103: // BX
            address = R[(w1 >> 8) & 15]!;
            slow = INTERWORK;
            break;
          case 104: // BLX
            address = R[(w1 >> 8) & 15]!;
            R[14] = (base + (index >>> 1)) | 1;
            // BLX never returns from an exception.
            if ((address & 1) === 0) R[19] = 0;
            pc = address & ~1;
            continue outer;
          case 105: // CBZ
            if (R[w1]! === 0) index = slots[current + 2]!;
            continue;
          case 106: // CBNZ
            if (R[w1]! !== 0) index = slots[current + 2]!;
            continue;
          case 107: // CB_FAR
            if ((R[w1 & 15]! !== 0) !== ((w1 & 0x100) !== 0)) continue;
            pc = (base + (current >>> 1) + 4 + slots[current + 2]!) | 0;
            continue outer;
          case 108: {
            // TB
            const wide = slots[current + 3]!;
            const here = base + (current >>> 1) + 4;
            const n = (w1 >> 4) & 15;
            const a = ((n === 15 ? here : R[n]!) + (R[(w1 >> 8) & 15]! << wide)) | 0;
            const entry = pages[a >>> 12]!;
            if ((entry & 1) === 0 || (a & wide) !== 0) {
              op = TABLE_BRANCH;
              slow = HANDLER;
              break;
            }
            const at = ((entry & -4096) | (a & 4095)) >>> 0;
            pc = (here + 2 * (wide !== 0 ? u16[at >>> 1]! : u8[at]!)) | 0;
            if (((pc ^ base) & -4096) !== 0) continue outer;
            index = (pc & 0xffe) << 1;
            continue;
          }

          case 109: {
            // LDR_I
            address = (R[(w1 >> 4) & 15]! + slots[current + 2]!) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 1) !== 0 && (address & 3) === 0) {
              R[w1 & 15] = i32[((entry & -4096) | (address & 4095)) >>> 2]!;
              continue;
            }
            slow = 1;
            break;
          }
          case 110: {
            // LDRH_I
            address = (R[(w1 >> 4) & 15]! + slots[current + 2]!) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 1) !== 0 && (address & 1) === 0) {
              R[w1 & 15] = u16[((entry & -4096) | (address & 4095)) >>> 1]!;
              continue;
            }
            slow = 2;
            break;
          }
          case 111: {
            // LDRB_I
            address = (R[(w1 >> 4) & 15]! + slots[current + 2]!) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 1) !== 0) {
              R[w1 & 15] = u8[((entry & -4096) | (address & 4095)) >>> 0]!;
              continue;
            }
            slow = 3;
            break;
          }
          case 112: {
            // LDRSH_I
            address = (R[(w1 >> 4) & 15]! + slots[current + 2]!) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 1) !== 0 && (address & 1) === 0) {
              R[w1 & 15] = (u16[((entry & -4096) | (address & 4095)) >>> 1]! << 16) >> 16;
              continue;
            }
            slow = 4;
            break;
          }
          case 113: {
            // LDRSB_I
            address = (R[(w1 >> 4) & 15]! + slots[current + 2]!) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 1) !== 0) {
              R[w1 & 15] = (u8[((entry & -4096) | (address & 4095)) >>> 0]! << 24) >> 24;
              continue;
            }
            slow = 5;
            break;
          }
          case 114: {
            // LDR_R
            address = (R[(w1 >> 4) & 15]! + (R[(w1 >> 8) & 15]! << slots[current + 2]!)) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 1) !== 0 && (address & 3) === 0) {
              R[w1 & 15] = i32[((entry & -4096) | (address & 4095)) >>> 2]!;
              continue;
            }
            slow = 1;
            break;
          }
          case 115: {
            // LDRH_R
            address = (R[(w1 >> 4) & 15]! + (R[(w1 >> 8) & 15]! << slots[current + 2]!)) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 1) !== 0 && (address & 1) === 0) {
              R[w1 & 15] = u16[((entry & -4096) | (address & 4095)) >>> 1]!;
              continue;
            }
            slow = 2;
            break;
          }
          case 116: {
            // LDRB_R
            address = (R[(w1 >> 4) & 15]! + (R[(w1 >> 8) & 15]! << slots[current + 2]!)) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 1) !== 0) {
              R[w1 & 15] = u8[((entry & -4096) | (address & 4095)) >>> 0]!;
              continue;
            }
            slow = 3;
            break;
          }
          case 117: {
            // LDRSH_R
            address = (R[(w1 >> 4) & 15]! + (R[(w1 >> 8) & 15]! << slots[current + 2]!)) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 1) !== 0 && (address & 1) === 0) {
              R[w1 & 15] = (u16[((entry & -4096) | (address & 4095)) >>> 1]! << 16) >> 16;
              continue;
            }
            slow = 4;
            break;
          }
          case 118: {
            // LDRSB_R
            address = (R[(w1 >> 4) & 15]! + (R[(w1 >> 8) & 15]! << slots[current + 2]!)) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 1) !== 0) {
              R[w1 & 15] = (u8[((entry & -4096) | (address & 4095)) >>> 0]! << 24) >> 24;
              continue;
            }
            slow = 5;
            break;
          }
          case 119: {
            // LDR_L
            address = (((base + (current >>> 1) + 4) & ~3) + slots[current + 2]!) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 1) !== 0 && (address & 3) === 0) {
              R[w1 & 15] = i32[((entry & -4096) | (address & 4095)) >>> 2]!;
              continue;
            }
            slow = 1;
            break;
          }
          case 120: {
            // LDR_WB
            const w3 = slots[current + 3]!;
            const kind = w3 & 15;
            const n = (w1 >> 4) & 15;
            const from = R[n]!;
            const to = (from + slots[current + 2]!) | 0;
            const a = (w3 & 16) !== 0 ? to : from;
            const entry = pages[a >>> 12]!;
            const at = ((entry & -4096) | (a & 4095)) >>> 0;
            let direct = (entry & 1) !== 0;
            let v = 0;
            if (kind === 1) {
              if ((a & 3) !== 0) direct = false;
              v = i32[at >>> 2]!;
            } else if (kind === 3) v = u8[at]!;
            else if (kind === 5) v = (u8[at]! << 24) >> 24;
            else {
              if ((a & 1) !== 0) direct = false;
              v = u16[at >>> 1]!;
              if (kind === 4) v = (v << 16) >> 16;
            }
            if (!direct) {
              op = TRANSFER;
              slow = HANDLER;
              break;
            }
            R[n] = n === 13 ? to & ~3 : to;
            R[w1 & 15] = v;
            continue;
          }

          case 121: {
            // STR_I
            address = (R[(w1 >> 4) & 15]! + slots[current + 2]!) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 2) !== 0 && (address & 3) === 0) {
              i32[((entry & -4096) | (address & 4095)) >>> 2] = R[w1 & 15]!;
              continue;
            }
            slow = 6;
            break;
          }
          case 122: {
            // STRH_I
            address = (R[(w1 >> 4) & 15]! + slots[current + 2]!) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 2) !== 0 && (address & 1) === 0) {
              u16[((entry & -4096) | (address & 4095)) >>> 1] = R[w1 & 15]!;
              continue;
            }
            slow = 7;
            break;
          }
          case 123: {
            // STRB_I
            address = (R[(w1 >> 4) & 15]! + slots[current + 2]!) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 2) !== 0) {
              u8[((entry & -4096) | (address & 4095)) >>> 0] = R[w1 & 15]!;
              continue;
            }
            slow = 8;
            break;
          }
          case 124: {
            // STR_R
            address = (R[(w1 >> 4) & 15]! + (R[(w1 >> 8) & 15]! << slots[current + 2]!)) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 2) !== 0 && (address & 3) === 0) {
              i32[((entry & -4096) | (address & 4095)) >>> 2] = R[w1 & 15]!;
              continue;
            }
            slow = 6;
            break;
          }
          case 125: {
            // STRH_R
            address = (R[(w1 >> 4) & 15]! + (R[(w1 >> 8) & 15]! << slots[current + 2]!)) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 2) !== 0 && (address & 1) === 0) {
              u16[((entry & -4096) | (address & 4095)) >>> 1] = R[w1 & 15]!;
              continue;
            }
            slow = 7;
            break;
          }
          case 126: {
            // STRB_R
            address = (R[(w1 >> 4) & 15]! + (R[(w1 >> 8) & 15]! << slots[current + 2]!)) | 0;
            const entry = pages[address >>> 12]!;
            if ((entry & 2) !== 0) {
              u8[((entry & -4096) | (address & 4095)) >>> 0] = R[w1 & 15]!;
              continue;
            }
            slow = 8;
            break;
          }
          case 127: {
            // STR_WB
            const w3 = slots[current + 3]!;
            const kind = w3 & 15;
            const n = (w1 >> 4) & 15;
            const from = R[n]!;
            const to = (from + slots[current + 2]!) | 0;
            const a = (w3 & 16) !== 0 ? to : from;
            const entry = pages[a >>> 12]!;
            const at = ((entry & -4096) | (a & 4095)) >>> 0;
            if ((entry & 2) === 0 || (a & (kind === 6 ? 3 : kind === 7 ? 1 : 0)) !== 0) {
              op = TRANSFER;
              slow = HANDLER;
              break;
            }
            const v = R[w1 & 15]!;
            if (kind === 6) i32[at >>> 2] = v;
            else if (kind === 7) u16[at >>> 1] = v;
            else u8[at] = v;
            R[n] = n === 13 ? to & ~3 : to;
            continue;
          }
          case 128: {
            // LDRD
            const a = (R[(w1 >> 4) & 15]! + slots[current + 2]!) | 0;
            const entry = pages[a >>> 12]!;
            if ((entry & 1) === 0 || (a & 3) !== 0 || (a & 4095) === 4092) {
              op = DUAL;
              slow = HANDLER;
              break;
            }
            const at = ((entry & -4096) | (a & 4095)) >>> 2;
            R[w1 & 15] = i32[at]!;
            R[(w1 >> 8) & 15] = i32[at + 1]!;
            continue;
          }
          case 129: {
            // STRD
            const a = (R[(w1 >> 4) & 15]! + slots[current + 2]!) | 0;
            const entry = pages[a >>> 12]!;
            if ((entry & 2) === 0 || (a & 3) !== 0 || (a & 4095) === 4092) {
              op = DUAL;
              slow = HANDLER;
              break;
            }
            const at = ((entry & -4096) | (a & 4095)) >>> 2;
            i32[at] = R[w1 & 15]!;
            i32[at + 1] = R[(w1 >> 8) & 15]!;
            continue;
          }
          case 130: {
            // LDM
            const bytes = slots[current + 3]!;
            const n = (w1 >> 4) & 15;
            const from = R[n]!;
            const low = (w1 & 0x200) !== 0 ? (from - bytes) | 0 : from;
            const entry = pages[low >>> 12]!;
            if ((entry & 1) === 0 || (low & 3) !== 0 || (low & 4095) + bytes > 4096) {
              op = LDM_SLOW;
              slow = HANDLER;
              break;
            }
            const list = slots[current + 2]!;
            let at = ((entry & -4096) | (low & 4095)) >>> 2;
            if ((w1 & 0x100) !== 0) R[n] = (w1 & 0x200) !== 0 ? low : from + bytes;
            for (let rest = list & 0x7fff; rest !== 0; rest &= rest - 1) R[31 - Math.clz32(rest & -rest)] = i32[at++]!;
            if ((list & 0x8000) === 0) continue;
            address = i32[at]!;
            slow = INTERWORK;
            break;
          }
          case 131: {
            // STM
            const bytes = slots[current + 3]!;
            const n = (w1 >> 4) & 15;
            const from = R[n]!;
            const low = (w1 & 0x200) !== 0 ? (from - bytes) | 0 : from;
            const entry = pages[low >>> 12]!;
            if ((entry & 2) === 0 || (low & 3) !== 0 || (low & 4095) + bytes > 4096) {
              op = STM_SLOW;
              slow = HANDLER;
              break;
            }
            let at = ((entry & -4096) | (low & 4095)) >>> 2;
            for (let rest = slots[current + 2]!; rest !== 0; rest &= rest - 1) i32[at++] = R[31 - Math.clz32(rest & -rest)]!;
            if ((w1 & 0x100) !== 0) R[n] = (w1 & 0x200) !== 0 ? low : from + bytes;
            continue;
          }
          case 132: // ENTER
            remaining++;
            pc = base + (current >>> 1);
            stop = ENTERED;
            break outer;
          case 133: // SG
            // In Secure state it ends an IT block, executed whatever the condition; elsewhere it does nothing.
            if (R[29] !== 0) it = 0;
            continue;
          case 134: {
            // ADD_SP
            const r = (R[13]! + slots[current + 2]!) | 0;
            if (r >>> 0 < R[30]! >>> 0) {
              stop = STOP.STACK_LIMIT;
              slow = STOPPING;
              break;
            }
            R[13] = r;
            continue;
          }
          case 135: {
            // LDM_SP
            const bytes = slots[current + 3]!;
            const from = R[13]!;
            const low = (w1 & 0x200) !== 0 ? (from - bytes) | 0 : from;
            if (low >>> 0 < R[30]! >>> 0) {
              stop = STOP.STACK_LIMIT;
              slow = STOPPING;
              break;
            }
            const entry = pages[low >>> 12]!;
            if ((entry & 1) === 0 || (low & 3) !== 0 || (low & 4095) + bytes > 4096) {
              op = LDM_SLOW;
              slow = HANDLER;
              break;
            }
            const list = slots[current + 2]!;
            let at = ((entry & -4096) | (low & 4095)) >>> 2;
            R[13] = (w1 & 0x200) !== 0 ? low : from + bytes;
            for (let rest = list & 0x7fff; rest !== 0; rest &= rest - 1) R[31 - Math.clz32(rest & -rest)] = i32[at++]!;
            if ((list & 0x8000) === 0) continue;
            address = i32[at]!;
            slow = INTERWORK;
            break;
          }
          case 136: {
            // STM_SP
            const bytes = slots[current + 3]!;
            const from = R[13]!;
            const low = (w1 & 0x200) !== 0 ? (from - bytes) | 0 : from;
            if (low >>> 0 < R[30]! >>> 0) {
              stop = STOP.STACK_LIMIT;
              slow = STOPPING;
              break;
            }
            const entry = pages[low >>> 12]!;
            if ((entry & 2) === 0 || (low & 3) !== 0 || (low & 4095) + bytes > 4096) {
              op = STM_SLOW;
              slow = HANDLER;
              break;
            }
            let at = ((entry & -4096) | (low & 4095)) >>> 2;
            for (let rest = slots[current + 2]!; rest !== 0; rest &= rest - 1) i32[at++] = R[31 - Math.clz32(rest & -rest)]!;
            R[13] = (w1 & 0x200) !== 0 ? low : from + bytes;
            continue;
          }
          case 137: // HOOK
            remaining++;
            it = itBefore;
            pc = base + (current >>> 1);
            stop = STOP.HOOK;
            break outer;
          default:
            slow = HANDLER;
            break;
        }

        const action = slow;
        slow = 0;
        if (action !== INTERWORK) {
          let result = FAULT;
          if (action !== STOPPING) {
            R[15] = base + (current >>> 1);
            this.left = remaining + 1;
            R[18] = itBefore;
            R[16] = (R[16]! & 0x0fff_ffff) | (fn & N) | (fz === 0 ? Z : 0) | (fc << 29) | ((fv >>> 3) & V);
            if (action !== HANDLER) result = this.access(action, address, w1 & 15);
            else if (op >= FIRST_FLOAT && this.fpTrap) result = this.fail(STOP.FP_ACCESS);
            else {
              result = HANDLERS[op - FIRST_HANDLER]!(this, w1, slots[current + 2]!, slots[current + 3]!);
              apsr = R[16]!;
              fn = apsr;
              fz = ~apsr & Z;
              fc = (apsr >>> 29) & 1;
              fv = apsr << 3;
            }
            stop = this.stop;
          }
          if (result === FAULT) {
            remaining++;
            if (this.watched) this.observer!.undo();
            it = itBefore;
            pc = base + (current >>> 1);
            break outer;
          }
          pc = base + (index >>> 1);
          if (result === STOPPED) break outer;
          stop = STOP.BUDGET;
          if (result === DONE) {
            if (this.events === 0) continue;
            if ((this.events & STOP_REQUESTED) === 0) continue outer;
            stop = STOP.REQUESTED;
            break outer;
          }
          address = this.target;
        }

        // BXWritePC: an exception or function return, else a branch that may leave Thumb state.
        if (address >>> 28 === 15 && this.isReturn(address)) {
          this.stopDetail = address >>> 0;
          stop = STOP.EXC_RETURN;
          pc = address & ~1;
          break outer;
        }
        pc = address & ~1;
        if ((address & 1) === 0) R[19] = 0;
        if ((this.events & STOP_REQUESTED) !== 0) {
          stop = STOP.REQUESTED;
          break outer;
        }
        if (this.events !== 0 || (address & 1) === 0 || ((pc ^ base) & -4096) !== 0) continue outer;
        index = (pc & 0xffe) << 1;
      }
    }

    R[15] = pc;
    R[16] = (R[16]! & 0x0fff_ffff) | (fn & N) | (fz === 0 ? Z : 0) | (fc << 29) | ((fv >>> 3) & V);
    R[18] = it;
    this.left = remaining;
    if (this.watched) this.observer!.end(pc | 0);
    return stop;
  }
}

/** Builds the interpreter: always available. */
export const interpreterFactory: EngineFactory = {
  name: 'interpreter',
  create: (host) => {
    warmUp((scratch) => new Interpreter(scratch));
    return new Interpreter(host);
  },
};
