/**
 * Registers of a thread that does not run, as its RTOS has stored them: FreeRTOS on the thread's stack, Zephyr in its control block; the rest is the
 * frame that the core pushed when the thread was interrupted (ARMv7-M ARM B1.5.6, ARMv8-M ARM B3.19).
 *
 * Not read: the additional frame of Secure threads interrupted by Non-secure state, contexts of FreeRTOS's MPU ports.
 */

/** A register, and where it is stored; without an address it is computed. */
export interface SavedRegister {
  readonly value: number;
  readonly address?: number;
}

/** By the core's names; what is missing is not stored anywhere. */
export type SavedRegisters = ReadonlyMap<string, SavedRegister>;

/** A word (u32) of memory; undefined in a hole. */
export type ReadWord = (address: number) => number | undefined;

const FRAME = ['r0', 'r1', 'r2', 'r3', 'r12', 'lr', 'pc', 'xpsr'];
const CALLEE_SAVED = ['r4', 'r5', 'r6', 'r7', 'r8', 'r9', 'r10', 'r11'];
const LOW_SINGLES = Array.from({ length: 16 }, (_, index) => `s${index}`);
const HIGH_SINGLES = Array.from({ length: 16 }, (_, index) => `s${16 + index}`);
const BASIC_FRAME = 0x20;
const EXTENDED_FRAME = 0x68;
const FPSCR_OFFSET = 0x60;
const XPSR_OFFSET = 0x1c;
const PC_OFFSET = 0x18;
const XPSR_THUMB = 0x0100_0000;
const XPSR_ALIGNED = 0x200;
const XPSR_EXCEPTION = 0x1ff;
/** EXC_RETURN.FType: a frame without floating-point registers. */
const BASIC = 0x10;

/** True for an EXC_RETURN that leads to a thread on its own stack. */
function returnsToThread(value: number): boolean {
  return value >>> 7 === 0x1ff_ffff && (value & 0xe) === 0xc;
}

class Context {
  readonly registers = new Map<string, SavedRegister>();
  private readonly read: ReadWord;

  constructor(read: ReadWord) {
    this.read = read;
  }

  /** Registers in a row; the address behind them. */
  take(names: readonly string[], address: number): number {
    let at = address;
    for (const name of names) {
      const value = this.read(at);
      if (value !== undefined) this.registers.set(name, { value, address: at });
      at = (at + 4) >>> 0;
    }
    return at;
  }

  /** The core's frame at `sp`; false when there is none. */
  frame(sp: number, withFloat: boolean): boolean {
    const xpsr = this.read((sp + XPSR_OFFSET) >>> 0);
    const pc = this.read((sp + PC_OFFSET) >>> 0);
    if (xpsr === undefined || pc === undefined || (xpsr & XPSR_THUMB) === 0 || (xpsr & XPSR_EXCEPTION) !== 0) return false;
    this.take(FRAME, sp);
    if (withFloat) {
      this.take(LOW_SINGLES, (sp + BASIC_FRAME) >>> 0);
      this.take(['fpscr'], (sp + FPSCR_OFFSET) >>> 0);
    }
    const above = sp + (withFloat ? EXTENDED_FRAME : BASIC_FRAME) + ((xpsr & XPSR_ALIGNED) === 0 ? 0 : 4);
    for (const name of ['sp', 'psp']) this.registers.set(name, { value: above >>> 0 });
    return true;
  }
}

/** Words below the callee-saved registers of a FreeRTOS context, and which of them or behind them is EXC_RETURN. */
const FREERTOS_LAYOUTS: readonly { readonly before: number; readonly excReturn: 'before' | 'behind' | 'none' }[] = [
  // ARM_CM4F, ARM_CM7: r4 to r11, EXC_RETURN, s16 to s31 if the thread uses them.
  { before: 0, excReturn: 'behind' },
  // ARM_CM33_NTZ: PSPLIM, EXC_RETURN; then r4 to r11.
  { before: 2, excReturn: 'before' },
  // ARM_CM33: the Secure context before these.
  { before: 3, excReturn: 'before' },
  // ARM_CM3, ARM_CM0: r4 to r11.
  { before: 0, excReturn: 'none' },
];

/** Of a FreeRTOS task whose `pxTopOfStack` is `top`: in the first layout of its ports that makes sense there. */
export function freeRtosContext(read: ReadWord, top: number): SavedRegisters | undefined {
  for (const { before, excReturn } of FREERTOS_LAYOUTS) {
    const context = new Context(read);
    const callee = (top + 4 * before) >>> 0;
    let at = context.take(CALLEE_SAVED, callee);
    let value = 0xffff_fffd;
    if (excReturn !== 'none') {
      value = read(excReturn === 'before' ? (callee - 4) >>> 0 : at) ?? 0;
      if (!returnsToThread(value)) continue;
      if (excReturn === 'behind') at += 4;
    }
    const withFloat = (value & BASIC) === 0;
    if (withFloat) at = context.take(HIGH_SINGLES, at >>> 0);
    if (context.frame(at >>> 0, withFloat)) return context.registers;
  }
  return undefined;
}

/** Where Zephyr keeps what of a thread, in bytes from its control block. */
export interface ZephyrOffsets {
  /** `callee_saved.psp`, the last of the callee-saved registers. */
  readonly stackPointer: number;
  /** The byte that is the low one of EXC_RETURN (`arch.mode_exc_return`), where the kernel keeps it. */
  readonly excReturn?: number | undefined;
  /** `arch.preempt_float`: s16 to s31. */
  readonly preemptFloat?: number | undefined;
}

/** Of the Zephyr thread whose control block is at `thread`. */
export function zephyrContext(read: ReadWord, thread: number, offsets: ZephyrOffsets): SavedRegisters | undefined {
  const context = new Context(read);
  const spAt = thread + offsets.stackPointer;
  context.take(CALLEE_SAVED, (spAt - 4 * CALLEE_SAVED.length) >>> 0);
  const sp = read(spAt >>> 0);
  if (sp === undefined || sp === 0 || sp % 4 !== 0) return undefined;
  const withFloat = offsets.excReturn !== undefined && (byteAt(read, thread + offsets.excReturn) & BASIC) === 0;
  if (withFloat && offsets.preemptFloat !== undefined) context.take(HIGH_SINGLES, (thread + offsets.preemptFloat) >>> 0);
  return context.frame(sp, withFloat) ? context.registers : undefined;
}

function byteAt(read: ReadWord, address: number): number {
  // What cannot be read is a frame without floating point.
  const word = read((address & ~3) >>> 0) ?? 0xffff_ffff;
  return (word >>> (8 * (address & 3))) & 0xff;
}
