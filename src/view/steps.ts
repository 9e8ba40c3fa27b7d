/**
 * Steps as somebody who reads sources wants them: to the next line, over calls, out of the function. Without debug information all of them are steps of
 * one instruction, and `out` needs a return address that the stack tells.
 *
 * They are made of what the debugger does by itself, steps through a stretch of code and breakpoints of their own, and end where somebody else's is hit.
 */
import type { DebuggerApi, HaltReason } from '../debug/types.ts';
import type { Dwarf } from '../dwarf/dwarf.ts';
import { DebuggerRefusal } from '../errors.ts';
import type { Machine } from '../machine.ts';
import { hex32 } from '../memory/bits.ts';
import { VIEW } from './control.ts';
import type { Methods } from './protocol.ts';

export type StepKind = Methods['control.step']['params']['what'];

/** What steps need. */
export interface StepHost {
  readonly debugger: DebuggerApi;
  readonly machine: Machine;
  readonly dwarf: Dwarf | undefined;
  /** Return address of the innermost frame, when the stack tells. */
  returnAddress(core: string): Promise<number | undefined>;
}

/** Stretches of code that a step to a line may go through. */
const MOST_PARTS = 200;
const EXCEPTION_NUMBER = 0x1ff;
/** Words of an exception's frame before the return address. */
const STACKED_PC = 0x18;

/** Makes a step; the reason for which the machine stands then. @throws {DebuggerRefusal} */
export function step(host: StepHost, core: string, what: StepKind): Promise<HaltReason> {
  const stepping = new LineStep(host, core);
  switch (what) {
    case 'instruction':
      return host.debugger.resume({ kind: 'step', core });
    case 'back':
      return host.debugger.resume({ kind: 'reverse-step', core });
    case 'back-line':
      return stepping.back();
    case 'out':
      return stepping.out();
    default:
      return stepping.forward(what === 'over');
  }
}

/** One step of one core. */
class LineStep {
  private readonly host: StepHost;
  private readonly core: string;

  constructor(host: StepHost, core: string) {
    this.host = host;
    this.core = core;
  }

  /** To the first instruction of another line; `over`: not into functions that are called. */
  async forward(over: boolean): Promise<HaltReason> {
    const { debugger: debug } = this.host;
    const begin = this.place();
    if (!begin.range) return debug.resume({ kind: 'step', core: this.core });
    let range = begin.range;
    for (let part = 0; ; part++) {
      const reason = await debug.resume({ kind: 'step', core: this.core, range });
      if (reason.kind !== 'step' || part >= MOST_PARTS) return reason;
      let now = this.place();
      if (now.exception !== begin.exception && now.exception !== 0 && isReturn(now.lr)) {
        const left = await this.runTo(this.interrupted(now.lr), begin.sp);
        if (left.stop) return left.reason;
        now = this.place();
      } else if (this.hasCalled(now, range) && (over || !now.range)) {
        const left = await this.runTo((now.lr & ~1) >>> 0, begin.sp);
        if (left.stop) return left.reason;
        now = this.place();
      }
      const same = now.line === begin.line && now.file === begin.file && now.sp >= begin.sp;
      // In the middle of a line nobody wants to stand: behind a return, or where a jump leads.
      if (now.range && (same || now.pc !== now.range.from)) range = now.range;
      else return debug.halted ?? reason;
    }
  }

  /** To the beginning of the line, or of the one before. */
  back(): Promise<HaltReason> {
    const { range } = this.place();
    return this.host.debugger.resume({ kind: 'reverse-step', core: this.core, ...(range ? { range } : {}) });
  }

  /** To where the function was called from. */
  async out(): Promise<HaltReason> {
    const address = await this.host.returnAddress(this.core);
    if (address === undefined) throw new DebuggerRefusal('nobody has called this function', 'step by line or instruction');
    const { sp } = this.place();
    return (await this.runTo(address, sp)).reason;
  }

  /**
   * Runs to an address, with the stack at least as far unwound as `sp`: a function that calls itself comes there more often. `stop`: something else was
   * first.
   */
  private async runTo(address: number, sp: number): Promise<{ readonly reason: HaltReason; readonly stop: boolean }> {
    const { debugger: debug } = this.host;
    const id = debug.add({ kind: 'breakpoint', core: this.core, address }, VIEW);
    try {
      for (;;) {
        const reason = await debug.resume({ kind: 'continue' });
        const ours = reason.kind === 'breakpoint' && reason.ids.length === 1 && reason.ids[0] === id;
        if (!ours) return { reason, stop: true };
        if (this.register('sp') >= sp) return { reason, stop: false };
      }
    } finally {
      debug.remove(id);
    }
  }

  private register(name: string): number {
    return this.host.debugger.readRegister(this.core, name);
  }

  private place() {
    const pc = this.register('pc');
    return {
      pc,
      sp: this.register('sp'),
      lr: this.register('lr'),
      exception: this.register('xpsr') & EXCEPTION_NUMBER,
      ...this.lineOf(pc),
    };
  }

  /** The line of an address, and the stretch of code around it that is of that line. */
  private lineOf(pc: number): {
    readonly file?: string;
    readonly line?: number;
    readonly range?: { readonly from: number; readonly to: number };
  } {
    const { dwarf } = this.host;
    const sequence = dwarf?.lineTable().find(({ low, high }) => pc >= low && pc < high);
    if (!sequence) return {};
    const { rows } = sequence;
    let first = rows.findLastIndex(({ address }) => address <= pc);
    const { file, line } = rows[first]!;
    if (line === 0) return {};
    const isSame = (at: number): boolean => rows[at]?.file === file && rows[at]?.line === line;
    let last = first;
    while (isSame(first - 1)) first--;
    while (isSame(last + 1)) last++;
    return { file, line, range: { from: rows[first]!.address, to: rows[last + 1]?.address ?? sequence.high } };
  }

  /** True when the core has just been called from `range`: it stands at a function's first instruction, with a return address behind the call. */
  private hasCalled(
    { pc, lr }: { readonly pc: number; readonly lr: number },
    range: { readonly from: number; readonly to: number },
  ): boolean {
    const back = (lr & ~1) >>> 0;
    if (isReturn(lr) || back <= range.from || back > range.to) return false;
    const { machine } = this.host;
    return machine.symbols.find(pc)?.address === pc || pc < range.from || pc >= range.to;
  }

  /** Where the core was when the exception came. */
  private interrupted(lr: number): number {
    const stack = this.register(lr & 4 ? 'psp' : 'msp');
    const bytes = this.host.debugger.readMemory(this.core, (stack + STACKED_PC) >>> 0, 4);
    if (bytes.length < 4) throw new DebuggerRefusal(`the frame of an exception at ${hex32(stack)} cannot be read`, 'step by instruction');
    return (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) & ~1) >>> 0;
  }
}

/** EXC_RETURN. */
function isReturn(lr: number): boolean {
  return lr >>> 24 === 0xff;
}
