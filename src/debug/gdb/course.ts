/**
 * Lets the machine go on for GDB, and steps as GDB expects it: over the exceptions that come in between, as if the handler were no part of the
 * program (a step that ended in whatever interrupt comes next would be of no use), forward and backward. Faults are stepped into.
 */
import { isFault } from '../../cpu/exception-numbers.ts';
import { DebuggerRefusal } from '../../errors.ts';
import type { HaltReason, Resume } from '../types.ts';
import { coreOf, type GdbTarget, wordAt } from './target.ts';
import type { Threads } from './threads.ts';
import { exitsOf } from './thumb-exits.ts';

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Longest range whose exits are looked for, in bytes. */
const LONGEST_RANGE = 4096;
/** Exceptions that one step goes over, and returns to its address that are not its own. */
const MOST_EXCEPTIONS = 256;
const MOST_RETURNS = 100_000;
/** Bytes above the stack pointer in which the frame of an exception that has just begun is looked for. */
const FRAME_SEARCH = 0x100;
const FRAME_PC = 0x18;
const FRAME_XPSR = 0x1c;
const XPSR_THUMB = 0x0100_0000;
const EXCEPTION_BITS = 0x1ff;

/** What tells whether a step is where it began. */
interface Moment {
  readonly pc: number;
  readonly exception: number;
  readonly thread: number;
  readonly entries: number;
}

function within({ from, to }: Range, pc: number): boolean {
  return pc >= from && pc < to;
}

/** The course of the machine, as one GDB wants it. */
export class Course {
  /** Steps end in the handler of an exception that comes in between. */
  intoExceptions = false;
  private readonly target: GdbTarget;
  private readonly threads: Threads;
  private readonly owner: string;
  private readonly say: (text: string) => void;
  private interrupted = false;
  /** This GDB is gone: whatever it had under way ends where it is. */
  private over = false;
  private endWaiting = (): void => {};

  /** `say` takes lines for the user. */
  constructor(target: GdbTarget, threads: Threads, owner: string, say: (text: string) => void) {
    this.target = target;
    this.threads = threads;
    this.owner = owner;
    this.say = say;
  }

  /** Ctrl-C. */
  interrupt(): void {
    this.interrupted = true;
    void this.target.debugger.halt();
  }

  /** The client has left; who else is there has the machine for itself. */
  close(): void {
    this.over = true;
    this.endWaiting();
  }

  /** Halts the machine if it runs. */
  halt(): Promise<HaltReason> {
    return this.target.debugger.halt();
  }

  /** Goes on until the machine stands still for a reason that is GDB's business; `thread` is the one to step, where that is not the live one. */
  async run(how: Resume, thread?: number): Promise<HaltReason> {
    this.interrupted = false;
    if (how.kind === 'step' && thread !== undefined) {
      const end = await this.switchTo(thread);
      if (end) return end;
    }
    switch (how.kind) {
      case 'continue':
      case 'reverse-continue':
        return this.go(how);
      case 'step':
        return this.step(how.range);
      case 'reverse-step':
        return this.stepBack();
    }
  }

  private async go(how: Resume): Promise<HaltReason> {
    const { debugger: api } = this.target;
    const { halted } = api;
    if (this.interrupted || this.over) return { kind: 'request' };
    if (!halted) return this.nextHalt();
    try {
      const reason = await api.resume(how);
      return this.interrupted && reason.kind === 'step' ? { kind: 'request' } : reason;
    } catch (error) {
      if (!(error instanceof DebuggerRefusal)) throw error;
      this.say(error.remedy ? `${error.message}: ${error.remedy}` : error.message);
      return halted;
    }
  }

  /** Somebody else has the machine run. */
  private nextHalt(): Promise<HaltReason> {
    return new Promise((resolve) => {
      const end = this.target.debugger.subscribe((event) => {
        if (event.type !== 'halted') return;
        end();
        resolve(event.reason);
      });
      this.endWaiting = () => {
        end();
        resolve({ kind: 'request' });
      };
    });
  }

  private get moment(): Moment {
    const { threads } = this;
    const { pc, entries } = coreOf(this.target);
    return { pc, exception: threads.exception, thread: threads.live(), entries };
  }

  private async step(range: Range | undefined): Promise<HaltReason> {
    const inside = range !== undefined && within(range, this.moment.pc);
    if (!inside || this.intoExceptions || range.to - range.from > LONGEST_RANGE) return this.singleStep(range);
    return this.rangeStep(range);
  }

  /** Until the PC has left the range, with breakpoints where code leaves it. */
  private async rangeStep(range: Range): Promise<HaltReason> {
    const { debugger: api, core } = this.target;
    const { targets, indirect } = exitsOf(api.readMemory(core, range.from, range.to - range.from + 2), range.from, range.to - range.from);
    const faults = coreOf(this.target)
      .exceptionTable()
      .flatMap(({ number, handler }) => (isFault(number) && handler !== undefined ? [(handler & ~1) >>> 0] : []));
    const stops = new Set([...targets, ...indirect, ...faults]);
    for (;;) {
      const before = this.moment;
      if (indirect.has(before.pc)) {
        const reason = await this.singleStep(undefined);
        if (reason.kind !== 'step') return reason;
      } else {
        const end = await this.runTo(stops, before);
        if (end) return end;
      }
      const now = this.moment;
      if (!within(range, now.pc) || now.exception !== before.exception) return { kind: 'step', core };
    }
  }

  /** One instruction, or the range as the debugger steps it. */
  private async singleStep(range: Range | undefined): Promise<HaltReason> {
    const { core } = this.target;
    for (let exceptions = 0; ; exceptions++) {
      const before = this.moment;
      const reason = await this.go({ kind: 'step', core, ...(range ? { range } : {}) });
      if (reason.kind !== 'step' || this.intoExceptions || exceptions >= MOST_EXCEPTIONS) return reason;
      const now = this.moment;
      if (now.entries === before.entries || now.exception === before.exception || isFault(now.exception)) return reason;
      const address = this.returnAddress(before, range);
      if (address === undefined) return reason;
      const end = await this.runTo([address], before);
      if (end) return end;
      // The exception came before the instruction, or in the middle of the range: there is still something to step.
      const { pc } = this.moment;
      if (range ? !within(range, pc) : pc !== before.pc) return reason;
    }
  }

  /** Until the scheduler has chosen `thread` and it goes on where it was; why it did not get there. */
  private async switchTo(thread: number): Promise<HaltReason | undefined> {
    const registers = this.threads.registers(thread);
    const pc = registers === 'live' ? undefined : registers?.get('pc')?.value;
    return pc === undefined ? undefined : this.runTo([pc], { ...this.moment, exception: 0, thread });
  }

  /** To one of `addresses`, on the same thread and in the same exception, or in a fault; why it did not get there. */
  private async runTo(addresses: Iterable<number>, before: Moment): Promise<HaltReason | undefined> {
    const { debugger: api, core } = this.target;
    const own = new Set(Array.from(addresses, (address) => api.add({ kind: 'breakpoint', core, address }, this.owner)));
    try {
      for (let returns = 0; returns < MOST_RETURNS; returns++) {
        const reason = await this.go({ kind: 'continue' });
        if (reason.kind !== 'breakpoint' || !reason.ids.some((id) => own.has(id))) return reason;
        // There may be a breakpoint of the user's at the same place.
        const others = reason.ids.filter((id) => !own.has(id));
        if (others.length > 0) return { ...reason, ids: others };
        const now = this.moment;
        // Else it is code that another thread or a handler executes, too.
        if (now.exception === before.exception ? now.thread === before.thread : isFault(now.exception)) return undefined;
      }
      return { kind: 'step', core };
    } finally {
      for (const id of own) api.remove(id);
    }
  }

  /** Where the code that an exception has just interrupted goes on. */
  private returnAddress(before: Moment, range: Range | undefined): number | undefined {
    const { target } = this;
    const { debugger: api, core } = target;
    const lr = api.readRegister(core, 'lr');
    if (lr >>> 8 !== 0xff_ffff) return undefined;
    const sp = api.readRegister(core, (lr & 4) === 0 ? 'msp' : 'psp');
    for (let at = sp; at < sp + FRAME_SEARCH; at += 4) {
      const xpsr = wordAt(target, at + FRAME_XPSR);
      const pc = wordAt(target, at + FRAME_PC);
      if (xpsr === undefined || pc === undefined) return undefined;
      if ((xpsr & XPSR_THUMB) === 0 || (xpsr & EXCEPTION_BITS) !== before.exception) continue;
      const possible = range ? pc >= range.from && pc < range.to : pc >= before.pc && pc <= before.pc + 4;
      if (possible) return (pc & ~1) >>> 0;
    }
    return undefined;
  }

  private async stepBack(): Promise<HaltReason> {
    const { core } = this.target;
    const before = this.moment;
    const beginsHandler = before.exception !== 0 && before.pc === this.handler(before.exception);
    for (let exceptions = 0; ; exceptions++) {
      const reason = await this.go({ kind: 'reverse-step', core });
      const { exception } = this.moment;
      const done = exception === before.exception || exception === 0 || (beginsHandler && exceptions === 0) || isFault(exception);
      if (reason.kind !== 'step' || done || this.intoExceptions || exceptions >= MOST_EXCEPTIONS) return reason;
      const end = await this.backToBegin(exception);
      if (end) return end;
    }
  }

  /** Back to where the handler begins in which the core is; why it did not get there. */
  private async backToBegin(exception: number): Promise<HaltReason | undefined> {
    const { debugger: api, core } = this.target;
    const address = this.handler(exception);
    if (address === undefined) return { kind: 'step', core };
    const id = api.add({ kind: 'breakpoint', core, address }, this.owner);
    try {
      for (let tries = 0; tries < MOST_RETURNS; tries++) {
        const reason = await this.go({ kind: 'reverse-continue' });
        if (reason.kind !== 'breakpoint' || !reason.ids.includes(id)) return reason;
        if (this.moment.exception === exception) return undefined;
      }
      return { kind: 'step', core };
    } finally {
      api.remove(id);
    }
  }

  private handler(exception: number): number | undefined {
    const rows = coreOf(this.target)
      .exceptionTable()
      .filter(({ number }) => number === exception);
    const entry = (rows.find(({ active }) => active) ?? rows[0])?.handler;
    return entry === undefined ? undefined : (entry & ~1) >>> 0;
  }
}
