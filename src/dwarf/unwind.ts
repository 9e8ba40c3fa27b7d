/**
 * The stack of a stopped Cortex-M core: call frame information, the prologue where there is none, and the frames that exceptions push
 * (Armv7-M B1.5.6, Armv8-M B3.19).
 *
 * Not walked: functions that move their stack pointer in ways which neither describes; the FP registers of callers.
 */
import { callerRegister, cfaOf, type FrameRules, type RegisterFile, wordAt } from './frame-rules.ts';
import type { Backtrace, UnwindFrame, UnwindStart } from './model.ts';
import { readPrologue } from './prologue.ts';

const SP = 13;
const LR = 14;
const PC = 15;

/** Bits of EXC_RETURN; those from DCRS on are ones in Armv7-M. */
const EXC_RETURN = { SPSEL: 1 << 2, FTYPE: 1 << 4, DCRS: 1 << 5, S: 1 << 6 } as const;

const BASIC_FRAME = 0x20;
const EXTENDED_FRAME = 0x68;
const ADDITIONAL_CONTEXT = 0x28;

/** What the unwinder asks of the file. */
export interface UnwindSource {
  rulesAt(pc: number): FrameRules | undefined;
  functionName(pc: number): string | undefined;
  /** Where the symbol begins that holds `pc`. */
  symbolStart(pc: number): number | undefined;
  isCode(address: number): boolean;
}

type Registers = readonly (number | undefined)[];

/** Where the caller is. */
interface Caller {
  readonly registers: Registers;
  readonly cfa: number | undefined;
  readonly by: UnwindFrame['by'];
}

/** The link register is all ones after a reset. */
const isExcReturn = (value: number): boolean => value >>> 8 === 0xff_ffff && (value & 2) === 0;

/** r4 to r11 survive a call, nothing else does. */
function calleeSaved(registers: Registers): (number | undefined)[] {
  return registers.map((value, index) => (index >= 4 && index <= 11 ? value : undefined));
}

class Unwinder {
  private readonly source: UnwindSource;
  private readonly start: UnwindStart;
  private readonly frames: UnwindFrame[] = [];

  constructor(source: UnwindSource, start: UnwindStart) {
    this.source = source;
    this.start = start;
  }

  private file(registers: Registers): RegisterFile {
    return { register: (index) => registers[index], read: (address, length) => this.start.read(address, length) };
  }

  /** By call frame information. */
  private byRules(registers: Registers, lookup: number): Caller | undefined {
    const rules = this.source.rulesAt(lookup);
    if (rules === undefined) return undefined;
    const frame = this.file(registers);
    const cfa = cfaOf(rules, frame);
    if (cfa === undefined) return undefined;
    const saved = calleeSaved(registers);
    const caller = saved.map((value, index) => callerRegister(rules, index, cfa, frame, value));
    caller[PC] = callerRegister(rules, rules.returnRegister, cfa, frame, registers[rules.returnRegister]);
    caller[SP] = cfa;
    caller[LR] = undefined;
    return { registers: caller, cfa, by: 'debug-frame' };
  }

  /** By what the function has pushed up to here. */
  private byPrologue(registers: Registers, lookup: number): Caller | undefined {
    const start = this.source.symbolStart(lookup);
    const sp = registers[SP];
    if (start === undefined || sp === undefined) return undefined;
    const frame = this.file(registers);
    const state = readPrologue(start, lookup, frame);
    if (state === undefined) return undefined;
    const cfa = (sp + state.depth) >>> 0;
    const caller = calleeSaved(registers);
    for (const [register, below] of state.saved) caller[register] = wordAt(frame, cfa - below);
    caller[PC] = state.saved.has(LR) ? caller[LR] : registers[LR];
    caller[SP] = cfa;
    caller[LR] = undefined;
    return caller[PC] === undefined ? undefined : { registers: caller, cfa, by: 'prologue' };
  }

  /** A function that was just entered, or a jump to nowhere: the link register knows who called. */
  private byLink(registers: Registers): Caller | undefined {
    if (registers[LR] === undefined) return undefined;
    const caller = calleeSaved(registers);
    caller[PC] = registers[LR];
    caller[SP] = registers[SP];
    return { registers: caller, cfa: registers[SP], by: 'link-register' };
  }

  /** What an exception interrupted: the registers that it stacked. */
  private interrupted(excReturn: number, registers: Registers): Registers | undefined {
    const onProcessStack = (excReturn & EXC_RETURN.SPSEL) !== 0;
    const frame = this.file(registers);
    let at = onProcessStack ? this.start.psp : (registers[SP] ?? this.start.msp);
    if (at === undefined) return undefined;
    const before = calleeSaved(registers);
    if ((excReturn & EXC_RETURN.DCRS) === 0 && (excReturn & EXC_RETURN.S) !== 0) {
      for (let n = 4; n <= 11; n++) before[n] = wordAt(frame, at + 8 + (n - 4) * 4);
      at += ADDITIONAL_CONTEXT;
    }
    const words = [0, 1, 2, 3, 12, LR, PC].map((register, n) => [register, wordAt(frame, at! + n * 4)] as const);
    const xpsr = wordAt(frame, at + 28);
    if (xpsr === undefined || words.some(([, value]) => value === undefined)) return undefined;
    for (const [register, value] of words) before[register] = value;
    const size = excReturn & EXC_RETURN.FTYPE ? BASIC_FRAME : EXTENDED_FRAME;
    before[SP] = (at + size + (xpsr & (1 << 9) ? 4 : 0)) >>> 0;
    return before;
  }

  private add(registers: Registers, lookup: number, cfa: number | undefined, by: UnwindFrame['by'], interrupted: number | undefined): void {
    this.frames.push({
      pc: registers[PC]!,
      lookup,
      sp: registers[SP] ?? 0,
      cfa,
      registers,
      interrupted,
      function: this.source.functionName(lookup),
      by,
    });
  }

  run(depth: number): Backtrace {
    const registers = this.start.registers.slice(0, 16);
    while (registers.length < 16) registers.push(undefined);
    registers[PC] = this.start.pc >>> 0;
    let current: Registers = registers;
    let lookup = this.start.pc >>> 0;
    let interrupted: number | undefined;
    let exact = true;
    while (this.frames.length < depth) {
      const caller =
        this.byRules(current, lookup) ??
        (this.source.isCode(lookup) ? this.byPrologue(current, lookup) : undefined) ??
        (exact ? this.byLink(current) : undefined);
      const target = caller?.registers[PC];
      this.add(current, lookup, caller?.cfa, target === undefined ? 'end' : caller!.by, interrupted);
      if (caller === undefined) return this.end('nothing describes the frame of this function');
      if (target === undefined) return this.end(this.noReturn(lookup));
      interrupted = undefined;
      if (isExcReturn(target)) {
        const before = this.interrupted(target, caller.registers);
        if (before === undefined)
          return this.end(`the frame that the exception pushed (EXC_RETURN ${hexadecimal(target)}) is not in memory`);
        current = before;
        lookup = before[PC]!;
        interrupted = target;
        exact = true;
        continue;
      }
      if ((target & 1) === 0 || !this.source.isCode((target & ~1) >>> 0)) return this.end(endText(target));
      if (caller.cfa === current[SP] && (target & ~1) >>> 0 === current[PC]) return this.end('the function returns to itself');
      const pc = (target & ~1) >>> 0;
      current = caller.registers.map((value, index) => (index === PC ? pc : value));
      lookup = this.lookupOf(pc) >>> 0;
      exact = false;
    }
    return this.end(`more than ${depth} frames`);
  }

  /** Why there is no return address: the function kept none, or the stack cannot be read. */
  private noReturn(lookup: number): string {
    const rules = this.source.rulesAt(lookup);
    const rule = rules?.registers.get(rules.returnRegister);
    return rule?.kind === 'offset' ? 'the stack cannot be read' : 'the outermost function: it keeps no return address';
  }

  /**
   * An address within the call that returns to `pc`: the instruction after it may belong to another line, or another function. A kernel that
   * lets a task return into a function of its own writes the function's address there, and nothing calls it.
   */
  private lookupOf(pc: number): number {
    if (this.source.symbolStart(pc) !== pc) return pc - 2;
    const code = this.start.read(pc - 4, 4);
    if (code === undefined || code.length < 4) return pc - 2;
    const first = code[0]! | (code[1]! << 8);
    const second = code[2]! | (code[3]! << 8);
    const isCall = ((first & 0xf800) === 0xf000 && (second & 0xd000) === 0xd000) || (second & 0xff87) === 0x4780;
    return isCall ? pc - 2 : pc;
  }

  private end(end: string): Backtrace {
    return { frames: this.frames, end };
  }
}

const hexadecimal = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

function endText(target: number): string {
  if (target === 0 || target === 0xffff_ffff) return 'the outermost function: its return address is that of a reset or a new thread';
  return `the return address ${hexadecimal(target)} is no code of this file`;
}

/** Walks the stack from `start`, at most `depth` frames. */
export function unwind(source: UnwindSource, start: UnwindStart, depth: number): Backtrace {
  return new Unwinder(source, start).run(Math.max(1, Math.min(depth, 1024)));
}
