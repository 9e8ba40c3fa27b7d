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
  /** Where the innermost function that was called returns to, and the stack pointer there, as far as the stack tells. */
  caller(core: string): Promise<{ readonly address: number; readonly sp: number | undefined } | undefined>;
}

/** Stretches of code that a step to a line may go through. */
const MOST_PARTS = 200;
const EXCEPTION_NUMBER = 0x1ff;
/** Words of an exception's frame before the return address. */
const STACKED_PC = 0x18;
/** Bytes of an exception's frame, without and with FP registers. */
const BASIC_FRAME = 0x20;
const EXTENDED_FRAME = 0x68;
const VTOR = 0xe000_ed08;

/** A stretch of code of one line, `to` excluded. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/** Where a core is. */
interface Standing {
  readonly pc: number;
  readonly sp: number;
  readonly lr: number;
  readonly exception: number;
  /** Exceptions that were entered so far. */
  readonly entries: number;
  readonly file?: string;
  readonly line?: number;
  readonly range?: Range;
  /** A statement begins here. */
  readonly statement?: boolean;
}

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
    let before = begin;
    for (let part = 0; ; part++) {
      const range = before.range!;
      const reason = await debug.resume({ kind: 'step', core: this.core, range });
      if (reason.kind !== 'step' || part >= MOST_PARTS) return reason;
      let now = this.place();
      let left: { readonly reason: HaltReason; readonly stop: boolean } | undefined;
      if (now.exception !== begin.exception && now.exception !== 0 && isReturn(now.lr)) {
        const { pc, sp } = this.interrupted(now.lr);
        left = await this.runTo(pc, sp);
      } else if (this.hasCalled(now, before)) {
        if ((!over && now.range) || this.stopsAt(now.pc)) return reason;
        left = await this.runTo((now.lr & ~1) >>> 0, now.sp);
      } else if (over && this.hasJumped(now, before)) left = await this.runTo((now.lr & ~1) >>> 0, now.sp);
      if (left?.stop) return left.reason;
      if (left) now = this.place();
      // In the middle of a statement nobody wants to stand: behind a return, or where a jump leads.
      const same = now.line === begin.line && now.file === begin.file;
      if (!now.range || (!same && now.statement)) return debug.halted ?? reason;
      before = now;
    }
  }

  /** To the beginning of the line, or of the one before: where `line` would have stood. */
  async back(): Promise<HaltReason> {
    const { core } = this;
    const { debugger: debug } = this.host;
    let here = this.place();
    if (!here.range) return debug.resume({ kind: 'reverse-step', core });
    let last: HaltReason | undefined;
    let within = !here.statement;
    for (let part = 0; part < MOST_PARTS; part++) {
      if (!within) {
        last = await debug.resume({ kind: 'reverse-step', core });
        if (last.kind !== 'step') return last;
        const skipped = await this.skipBack(here);
        if (skipped) return skipped;
        here = this.place();
        if (!here.range) return debug.halted ?? last;
      }
      last = await debug.resume({ kind: 'reverse-step', core, range: here.range! });
      if (last.kind !== 'step') return last;
      const outside = this.place();
      const { instructions } = debug.position(core);
      last = await debug.goTo({ core, instructions: instructions + 1 });
      if (last.kind !== 'step' && last.kind !== 'request') return last;
      here = this.place();
      const same = outside.line === here.line && outside.file === here.file && outside.sp === here.sp;
      if (here.statement && !same) return last;
      within = false;
    }
    return last!;
  }

  /**
   * Back over what `line` does not go into: handlers that had come in between, and functions without debug information. `behind` is where they returned to.
   * Undefined when that is done, or was not to be; else why the machine stands.
   */
  private async skipBack(behind: Standing): Promise<HaltReason | undefined> {
    const { debugger: debug } = this.host;
    for (let part = 0; part < MOST_PARTS; part++) {
      const now = this.place();
      let to: readonly number[];
      const handler = now.exception !== 0 && now.exception !== behind.exception && now.entries === behind.entries;
      if (handler) {
        const entry = this.vector(now.exception);
        if (entry === undefined) return undefined;
        to = [entry];
      } else if (!now.range && this.lineOf(behind.pc - 2).range) to = [behind.pc - 4, behind.pc - 2];
      else return undefined;
      const ids = to.map((address) => debug.add({ kind: 'breakpoint', core: this.core, address: address >>> 0 }, VIEW));
      try {
        for (;;) {
          const reason = await debug.resume({ kind: 'reverse-continue' });
          if (reason.kind !== 'breakpoint' || !reason.ids.every((id) => ids.includes(id))) return reason;
          if (handler ? isReturn(this.register('lr')) : this.register('sp') === behind.sp) break;
        }
      } finally {
        for (const id of ids) debug.remove(id);
      }
      if (!handler) return undefined;
      const reason = await debug.resume({ kind: 'reverse-step', core: this.core });
      if (reason.kind !== 'step') return reason;
      // Now it stands where it was before, or in the handler that came before that one.
      if (this.place().exception !== behind.exception) continue;
      if (this.place().pc !== behind.pc) return undefined;
      const further = await debug.resume({ kind: 'reverse-step', core: this.core });
      if (further.kind !== 'step') return further;
    }
    return undefined;
  }

  /** To where the function was called from; of one that the compiler has put into another: to what follows it there. */
  async out(): Promise<HaltReason> {
    const { dwarf } = this.host;
    const inlined = (): number => dwarf?.lineAt(this.register('pc'))?.inlinedFrom.length ?? 0;
    const caller = await this.host.caller(this.core);
    const depth = inlined();
    if (depth > 0) {
      const { sp } = this.place();
      for (let part = 0; ; part++) {
        const reason = await this.forward(true);
        const left = inlined() < depth || this.register('sp') > sp;
        if (reason.kind !== 'step' || left || part >= MOST_PARTS) return this.host.debugger.halted ?? reason;
      }
    }
    if (!caller) throw new DebuggerRefusal('nobody has called this function', 'step by line or instruction');
    return (await this.runTo(caller.address, caller.sp)).reason;
  }

  /**
   * Runs to an address, to the frame whose stack pointer is `sp` there: a function that calls itself comes there more often, and so do other threads. `stop`:
   * something else was first.
   */
  private async runTo(address: number, sp: number | undefined): Promise<{ readonly reason: HaltReason; readonly stop: boolean }> {
    const { debugger: debug } = this.host;
    const id = debug.add({ kind: 'breakpoint', core: this.core, address }, VIEW);
    try {
      for (;;) {
        const reason = await debug.resume({ kind: 'continue' });
        const ours = reason.kind === 'breakpoint' && reason.ids.length === 1 && reason.ids[0] === id;
        if (!ours) return { reason, stop: true };
        if (sp === undefined || this.register('sp') === sp) return { reason, stop: false };
      }
    } finally {
      debug.remove(id);
    }
  }

  private register(name: string): number {
    return this.host.debugger.readRegister(this.core, name);
  }

  private place(): Standing {
    const pc = this.register('pc');
    return {
      pc,
      sp: this.register('sp'),
      lr: this.register('lr'),
      exception: this.register('xpsr') & EXCEPTION_NUMBER,
      entries: this.host.machine.cores.find(({ name }) => name === this.core)?.entries ?? 0,
      ...this.lineOf(pc),
    };
  }

  /** The line of an address, and the stretch of code around it that is of that line. */
  private lineOf(pc: number): Pick<Standing, 'file' | 'line' | 'range' | 'statement'> {
    const { dwarf } = this.host;
    const row = dwarf?.rowAt(pc);
    const sequence = row && dwarf!.lineTable().find(({ low, high, rows }) => pc >= low && pc < high && rows.includes(row));
    if (!sequence || row.line === 0) return {};
    const { file, line } = row;
    const { rows, high } = sequence;
    const isSame = (address: number): boolean => {
      const other = dwarf!.rowAt(address);
      return other?.file === file && other.line === line;
    };
    const next = (address: number): number => rows.find((each) => each.address > address)?.address ?? high;
    let from = row.address;
    for (;;) {
      const before = rows.findLast(({ address }) => address < from)?.address;
      if (before === undefined || !isSame(before)) break;
      from = before;
    }
    let to = next(pc);
    while (to < high && isSame(to)) to = next(to);
    return { file, line, range: { from, to }, statement: row.address === pc && row.isStatement };
  }

  /**
   * True when the core has just been called from where it was before: it stands at a function's first instruction, or its link register has just been set,
   * and returns to behind the call. Leaf functions leave that register as it was.
   */
  private hasCalled(now: Standing, before: Standing): boolean {
    const { from, to } = before.range!;
    const back = (now.lr & ~1) >>> 0;
    if (isReturn(now.lr) || back <= from || back > to || now.pc === back) return false;
    return now.lr !== before.lr || this.host.machine.symbols.find(now.pc)?.address === now.pc;
  }

  /** True when somebody wants the machine to stand here; who is resumed here goes on. */
  private stopsAt(pc: number): boolean {
    return this.host.debugger.stoppers.some(
      (each) => each.kind === 'breakpoint' && each.core === this.core && each.address === pc && each.hits >= (each.ignore ?? 0),
    );
  }

  /** True when the core has left its function for the beginning of another, which returns in its place. */
  private hasJumped(now: Standing, before: Standing): boolean {
    const { symbols } = this.host.machine;
    const there = symbols.find(now.pc);
    return !isReturn(now.lr) && there?.address === now.pc && symbols.find(before.pc)?.address !== there.address && (now.lr & ~1) !== now.pc;
  }

  /** Where the core was when the exception came, and its stack pointer there. */
  private interrupted(lr: number): { readonly pc: number; readonly sp: number | undefined } {
    const stack = this.register(lr & 4 ? 'psp' : 'msp');
    const bytes = this.host.debugger.readMemory(this.core, (stack + STACKED_PC) >>> 0, 8);
    if (bytes.length < 8) throw new DebuggerRefusal(`the frame of an exception at ${hex32(stack)} cannot be read`, 'step by instruction');
    const words = new DataView(bytes.buffer, bytes.byteOffset);
    const padding = words.getUint32(4, true) & 0x200 ? 4 : 0;
    const size = (lr & 0x10) === 0 ? EXTENDED_FRAME : BASIC_FRAME;
    return { pc: (words.getUint32(0, true) & ~1) >>> 0, sp: (stack + size + padding) >>> 0 };
  }

  /** The first instruction of an exception's handler. */
  private vector(exception: number): number | undefined {
    const word = (address: number): number | undefined => {
      const bytes = this.host.debugger.readMemory(this.core, address >>> 0, 4);
      return bytes.length < 4 ? undefined : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    };
    const table = word(VTOR);
    const entry = table === undefined ? undefined : word(table + 4 * exception);
    return entry === undefined ? undefined : (entry & ~1) >>> 0;
  }
}

/** EXC_RETURN. */
function isReturn(lr: number): boolean {
  return lr >>> 24 === 0xff;
}
