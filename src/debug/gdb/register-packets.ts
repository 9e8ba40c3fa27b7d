/** `g G p P`: registers of the thread that GDB has chosen. What a thread that does not run has stored nowhere is unavailable (`xx`). */
import { RegisterSet } from './registers.ts';
import { coreOf, type GdbTarget } from './target.ts';
import { fromHex, parseHex, toHex, wordHex } from './text.ts';
import type { ThreadRegisters, Threads } from './threads.ts';

/** Registers that a stop reply brings along. */
const EXPEDITED = ['r7', 'sp', 'lr', 'pc', 'xpsr'];
/** Registers of the core that no thread has for itself. */
const SHARED = /^(msp|msplim|primask|basepri|faultmask|control|fpscr)|_n?s$/;
const BAD = 'E01';

/** Answers packets about registers. */
export class RegisterPackets {
  readonly set: RegisterSet;
  private readonly target: GdbTarget;
  private readonly threads: Threads;

  constructor(target: GdbTarget, threads: Threads) {
    this.target = target;
    this.threads = threads;
    this.set = new RegisterSet(coreOf(target).registerGroups());
  }

  /** `g`. */
  readAll(thread: number): string {
    const source = this.threads.registers(thread);
    return this.set.registers.map((register) => this.hex(register.parts, register.bits, source)).join('');
  }

  /** `p number`. */
  read(thread: number, text: string): string {
    const register = this.set.find(parseHex(text, 0xffff) ?? -1);
    return register ? this.hex(register.parts, register.bits, this.threads.registers(thread)) : BAD;
  }

  /** `P number=value`. */
  write(thread: number, text: string): string {
    const [number, value = ''] = text.split('=');
    const register = this.set.find(parseHex(number, 0xffff) ?? -1);
    const bytes = fromHex(value);
    if (!register || !bytes || bytes.length !== register.bits / 8) return BAD;
    return this.store(register.parts, bytes, this.threads.registers(thread))
      ? 'OK'
      : 'E.that thread does not run, and has stored this register nowhere';
  }

  /** `G`. */
  writeAll(thread: number, text: string): string {
    const source = this.threads.registers(thread);
    if (text.length !== this.set.registers.reduce((sum, { bits }) => sum + bits / 4, 0)) return BAD;
    let at = 0;
    for (const { bits, parts } of this.set.registers) {
      const value = text.slice(at, at + bits / 4);
      at += bits / 4;
      // What is as it was need not be stored, and may have no place.
      if (value === this.hex(parts, bits, source)) continue;
      const bytes = fromHex(value);
      if (!bytes || !this.store(parts, bytes, source)) return BAD;
    }
    return 'OK';
  }

  /** Registers for a stop reply. */
  expedited(): string {
    const wanted = this.set.registers.filter(({ name }) => EXPEDITED.includes(name));
    return wanted.map(({ number, parts, bits }) => `${number.toString(16)}:${this.hex(parts, bits, 'live')};`).join('');
  }

  private hex(parts: readonly string[], bits: number, source: ThreadRegisters): string {
    return parts.map((part) => this.part(part, bits / parts.length, source)).join('');
  }

  private part(name: string, bits: number, source: ThreadRegisters): string {
    const value = this.value(name, source);
    return value === undefined ? 'x'.repeat(bits / 4) : wordHex(value, bits);
  }

  private value(name: string, source: ThreadRegisters): number | undefined {
    if (source === 'live') return this.target.debugger.readRegister(this.target.core, name);
    const saved = source?.get(name);
    if (saved) return saved.value;
    return SHARED.test(name) ? this.target.debugger.readRegister(this.target.core, name) : undefined;
  }

  private store(parts: readonly string[], bytes: Uint8Array, source: ThreadRegisters): boolean {
    const { debugger: api, core } = this.target;
    const size = bytes.length / parts.length;
    return parts.every((part, index) => {
      const own = bytes.subarray(index * size, (index + 1) * size);
      if (source === 'live') {
        api.writeRegister(core, part, Number.parseInt(toHex(own.slice().reverse()), 16));
        return true;
      }
      const address = source?.get(part)?.address;
      return address !== undefined && api.writeMemory(core, address, own);
    });
  }
}
