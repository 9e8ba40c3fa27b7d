/**
 * The translating engine: runs hot code as WebAssembly and everything else in the interpreter, with the same result.
 *
 * The interpreter runs in short turns; where it is found again and again, or where translated code keeps leaving to, a region is formed
 * and translated. The first operation of a region is replaced by ENTER in the interpreter's decoded page, which brings it here.
 * Inside a bus callback the general registers of `host.registers` may be older than the instruction; PC and system registers are right.
 */
import { EngineUnavailable } from '../../errors.ts';
import { NORMAL } from '../core-memory.ts';
import { CELL } from '../core-registers.ts';
import { type Engine, type EngineFactory, type EngineHost, STOP, type StopCode } from '../engine.ts';
import type { Instruments } from '../instruments.ts';
import { BRANCH, DONE, FAULT } from '../interpreter/context.ts';
import { FIRST_HANDLER, HANDLERS } from '../interpreter/handlers.ts';
import { ENTERED, Interpreter, interpreterFactory, STOP_REQUESTED } from '../interpreter/interpreter.ts';
import { ACCESS } from '../interpreter/micro-ops.ts';
import { createFloatRuntime } from './float-runtime.ts';
import {
  CONTROL,
  CONTROL_WORDS,
  decodeExit,
  EXIT,
  FAULTED,
  LAZY,
  NO_PAGE,
  OK,
  resolveKinds,
  type Site,
  STOPPING,
  TAGS,
  TAGS_END,
} from './layout.ts';
import { createRuntime, type Runtime } from './runtime.ts';
import { type JitStatistics, Translations } from './translations.ts';

/** Instructions that the interpreter executes before somebody looks where it is. */
const TURN = 1024;
/** Most instructions that translated code executes at once: V8 replaces a function by its optimised form only when it is entered. */
const STRETCH = 1 << 20;
/** Turns that end near one place, and exits to one address, before it is translated. */
const HOT_TURNS = 10;
const HOT_EXITS = 24;
/** As many times more where translated code goes by that is entered somewhere else: as a rule it will be, the next time. More for each copy. */
const PATIENCE = 16;
const MORE_PATIENCE = 4;
const COPIES = 5;
/** Samples at the beginning for which a place has to be in one of so many to be translated. */
const EARLY = 200;
const EARLY_SHARE = 4;
/** As many times fewer to the functions that translated code calls. */
const EAGERNESS = 4;
/** More than any translated code needs to begin. */
const SHORT_OF = 1024;
/** Instructions after which code that was rewritten, or that could not be translated, gets another chance. */
const FORGIVENESS = 1 << 26;
/** Instructions within which a sampled place becomes the target of a branch; how often a stop may cut that short. */
const SETTLE = 64;
const SETTLES = 8;
const COUNTERS = 4096;

/** Options for tests and benches. */
export interface JitOptions {
  /** Turns and exits before a place is translated; 1 translates soon, 0 before anything is executed. */
  readonly threshold?: number;
}

/** Executes instructions as WebAssembly where that pays. */
export class Jit implements Engine {
  readonly name = 'jit';
  loose = false;
  passHook = false;
  private readonly interpreter: Interpreter;
  private readonly instruments: Instruments | undefined;
  private counting = false;
  private runtime!: Runtime;
  private readonly translations: Translations;
  private readonly cells: Int32Array;
  private readonly control: Int32Array;
  private readonly turns = new Map<number, number>();
  private readonly exits = new Map<number, number>();
  private readonly hotTurns: number;
  private readonly hotExits: number;
  private readonly turn: number;
  private readonly eager: boolean;
  private readonly impatient: boolean;
  private budget = 0;
  /** Instructions of this run before the interpreter's turn, or before the instruction that made a callback. */
  private before = 0;
  private interpreting = false;
  /** Instructions of this run that the dispatcher was not given. */
  private withheld = 0;
  private wasm = 0;

  constructor(host: EngineHost, options: JitOptions = {}) {
    const base = interpreterFactory.create(host);
    if (!(base instanceof Interpreter)) throw new TypeError('the translating engine needs the interpreter');
    this.interpreter = base;
    this.instruments = host.instruments;
    const { arena } = base;
    this.cells = host.registers.cells;
    const at = arena.allocate(CONTROL_WORDS * 4, 'translated code: control block');
    this.control = new Int32Array(arena.memory.buffer, at, CONTROL_WORDS);
    this.control[CONTROL.UNALIGNED] = NORMAL;
    const places = {
      cells: host.registers.offset,
      control: at,
      pages: host.memory.pages.byteOffset,
      map: arena.allocate(1 << 22, 'translated code: map'),
    };
    this.translations = new Translations({
      memory: host.memory,
      arena,
      interpreter: base,
      link: () => {
        const table = new WebAssembly.Table({ element: 'anyfunc', initial: 64 });
        const runtime = createRuntime(arena.memory, table, places);
        this.runtime = runtime;
        return { table, settle: runtime.settle, flags: runtime.flags as unknown as WebAssembly.ExportValue, keep: runtime.keep };
      },
      places,
      stackLimits: host.profile.architecture === 'armv8-m',
      instruments: host.instruments,
      movesStack: (pc) => base.observer!.moves(pc),
      imports: {
        load: (address, code, remaining) => this.load(address, code, remaining),
        store: (address, value, code, remaining) => this.store(address, value, code, remaining),
        handler: (code, remaining) => this.handler(code, remaining),
        stack: (sp, moves) => this.stack(sp, moves),
        float: createFloatRuntime(arena.memory, places.cells),
      },
    });
    this.hotTurns = options.threshold ?? HOT_TURNS;
    this.hotExits = options.threshold ?? HOT_EXITS;
    this.turn = options.threshold === undefined ? TURN : Math.min(TURN, Math.max(1, 16 * options.threshold));
    this.eager = options.threshold === 0;
    this.impatient = options.threshold !== undefined;
    const { memory } = host;
    const written = memory.onCodeWritten;
    memory.onCodeWritten = (offset, length) => {
      this.translations.invalidate(offset, length, this.running);
      written?.(offset, length);
    };
    const flush = memory.onFlush;
    memory.onFlush = () => {
      this.translations.unlink();
      flush?.();
    };
  }

  get executed(): number {
    return this.interpreting ? this.before + this.interpreter.executed : this.before;
  }

  get detail(): number {
    return this.interpreter.detail;
  }

  get address(): number {
    return this.interpreter.address;
  }

  get pc(): number {
    return this.cells[CELL.PC]! >>> 0;
  }

  get watchMasks(): boolean {
    return this.interpreter.watchMasks;
  }

  set watchMasks(on: boolean) {
    this.interpreter.watchMasks = on;
    this.control[CONTROL.WATCH] = on ? 1 : 0;
  }

  get fpTrap(): boolean {
    return this.interpreter.fpTrap;
  }

  set fpTrap(on: boolean) {
    this.interpreter.fpTrap = on;
    this.control[CONTROL.FP_TRAP] = on ? 1 : 0;
  }

  get divideTrap(): boolean {
    return this.interpreter.divideTrap;
  }

  set divideTrap(on: boolean) {
    this.interpreter.divideTrap = on;
  }

  get unalignedTrap(): boolean {
    return this.interpreter.unalignedTrap;
  }

  set unalignedTrap(on: boolean) {
    this.interpreter.unalignedTrap = on;
    this.control[CONTROL.UNALIGNED] = on ? 0 : NORMAL;
  }

  /** What was translated so far; for benches and tests. */
  get statistics(): JitStatistics {
    return { ...this.translations.statistics, executed: this.wasm };
  }

  requestStop(): void {
    this.interpreter.requestStop();
  }

  /** The cells are what there is between runs. */
  pull(): void {}

  push(): void {}

  dispose(): void {
    this.translations.dispose();
    this.interpreter.dispose();
  }

  run(budget: number): StopCode {
    if (this.passHook) return this.runHooked(budget);
    const { cells, interpreter, translations, control } = this;
    this.budget = budget;
    this.before = 0;
    this.running = true;
    interpreter.begin();
    let remaining = budget;
    let stop: number = STOP.BUDGET;
    // Where the interpreter has to take one step because what is translated there cannot begin.
    let alone = false;
    while (remaining > 0) {
      const pc = cells[CELL.PC]! & ~1;
      if (!alone && cells[CELL.ITSTATE] === 0 && cells[CELL.T] !== 0 && translations.linked(pc)) {
        const given = Math.min(remaining, STRETCH);
        this.withheld = remaining - given;
        interpreter.events = 0;
        translations.changed = false;
        control.fill(NO_PAGE, TAGS, TAGS_END);
        const value = this.runtime.dispatch(pc, given);
        const left = control[CONTROL.REMAINING]! + this.withheld;
        if ((value & 1) === 0) {
          this.settleFlags();
          cells[CELL.PC] = value;
          this.wasm += remaining - left;
          remaining = left;
          this.before = budget - remaining;
          this.countExit(value);
          continue;
        }
        const { region, site: number, exit } = decodeExit(value);
        const site = translations.site(region, number);
        const done = exit === EXIT.DONE || (exit === EXIT.HANDLED && this.outcome !== FAULT) || exit === EXIT.BRANCH;
        if (this.counting) {
          if (done) site.done++;
          else site.notDone++;
        }
        const rest = left + site.counted - (done ? 1 : 0);
        this.wasm += remaining - rest;
        remaining = rest;
        this.before = budget - remaining;
        stop = this.leave(site, exit, region);
        if (stop === GO_ON) continue;
        if (stop === SHORT) {
          // The end of a stretch, not of the budget.
          if (remaining >= SHORT_OF) continue;
          if (this.loose) {
            stop = STOP.BUDGET;
            break;
          }
          remaining = this.interpretShort(remaining);
          stop = this.lastStop;
          if (stop === STOP.BUDGET) continue;
          break;
        }
        if (stop === ALONE) {
          alone = true;
          continue;
        }
        break;
      }
      if (this.hot && !alone && remaining > SETTLE) {
        remaining = this.settle(remaining);
      } else if (alone) {
        alone = false;
        remaining = this.interpret(remaining, 1, pc);
      } else {
        const region = translations.at(pc) ?? (this.eager ? translations.translate(pc) : undefined);
        if (region && cells[CELL.ITSTATE] === 0 && cells[CELL.T] !== 0) {
          if (translations.link(region)) continue;
          remaining = this.interpret(remaining, 1, pc);
        } else remaining = this.interpret(remaining, Math.max(1, this.turn - this.interpreted));
      }
      stop = this.lastStop;
      if (stop === ENTERED) {
        const at = cells[CELL.PC]! & ~1;
        const region = translations.at(at);
        if (!region || !translations.link(region)) {
          this.countExit(at);
          alone = !translations.linked(at);
        }
        continue;
      }
      if (stop !== STOP.BUDGET) break;
      if (!this.hot && this.interpreted >= this.turn) this.hot = this.sample();
    }
    if (remaining <= 0 && (stop === ENTERED || stop === GO_ON || stop === SHORT || stop === ALONE)) stop = STOP.BUDGET;
    translations.resume();
    this.before = budget - remaining;
    this.running = false;
    this.age += this.before;
    if (this.age >= FORGIVENESS) {
      this.age = 0;
      translations.forgive();
    }
    return stop as StopCode;
  }

  hookChanged(address: number): void {
    this.interpreter.hookChanged(address);
  }

  /** The interpreter executes an instruction that has a hook. */
  private runHooked(budget: number): StopCode {
    const { interpreter } = this;
    this.passHook = false;
    this.before = 0;
    this.budget = budget;
    this.running = this.interpreting = true;
    interpreter.passHook = true;
    try {
      return interpreter.run(budget);
    } finally {
      this.running = this.interpreting = false;
      this.before = interpreter.executed;
      this.translations.resume();
    }
  }

  instrumentsChanged(): void {
    this.counting = this.instruments?.counts !== undefined;
    this.translations.instrumentsChanged();
  }

  collectCounts(): void {
    this.translations.collect();
  }

  private lastStop = 0;
  private running = false;
  private samples = 0;
  /** Looks for a branch that a stop has cut short. */
  private settled = 0;
  /** Instructions since code that was rewritten too often was last forgiven. */
  private age = 0;
  /** Instructions that the interpreter executed since the last sample; whether the last sample was of a hot place. */
  private interpreted = 0;
  private hot = false;

  /** A turn of the interpreter of at most `count` instructions; what is left then. `alone`: the first one, at this address, is not entered. */
  private interpret(remaining: number, count: number, alone = -1): number {
    const { interpreter, translations } = this;
    if (alone !== -1) translations.suspend(alone);
    this.before = this.budget - remaining;
    this.interpreting = true;
    const turn = Math.min(remaining, count);
    this.lastStop = interpreter.interpret(turn);
    this.interpreting = false;
    if (alone !== -1) translations.resume();
    this.interpreted += interpreter.executed;
    return remaining - interpreter.executed;
  }

  /** Executes what is left, which is too little for translated code. */
  private interpretShort(remaining: number): number {
    let left = remaining;
    for (;;) {
      this.translations.suspend(this.cells[CELL.PC]! & ~1);
      left = this.interpret(left, left);
      if (this.lastStop !== ENTERED || left <= 0) break;
      const region = this.translations.at(this.cells[CELL.PC]! & ~1);
      if (region && region.need <= left) {
        // Another loop, for which it suffices.
        this.lastStop = STOP.BUDGET;
        break;
      }
    }
    if (this.lastStop === ENTERED) this.lastStop = STOP.BUDGET;
    return left;
  }

  /** Counts an exit of translated code to `pc`, and translates what is hot. */
  private countExit(pc: number): void {
    const { exits } = this;
    const count = (exits.get(pc) ?? 0) + 1;
    if (count < this.enoughExits(pc)) {
      if (exits.size >= COUNTERS) exits.clear();
      exits.set(pc, count);
      return;
    }
    exits.delete(pc);
    // What it contains need not be translated, too, because it was hot by the same way.
    if (!this.translations.at(pc)) for (const place of this.translations.translate(pc)?.places ?? []) exits.delete(place);
  }

  /** Functions are translated early: until then each call ends its caller's translated code, and the interpreter has what follows, too. */
  private enoughExits(pc: number): number {
    const { translations } = this;
    const exits = this.hotExits * translations.reluctance;
    return translations.isCalled(pc) ? Math.ceil(exits / EAGERNESS) : exits * patience(translations.copies(pc));
  }

  /** The interpreter has had a whole turn: true when it is often where it is now. */
  private sample(): boolean {
    this.interpreted = 0;
    const { turns, cells, translations } = this;
    const place = cells[CELL.PC]! >>> 6;
    const count = (turns.get(place) ?? 0) + 1;
    // A short run is over before it pays, unless it is one loop.
    const early = ++this.samples < EARLY && EARLY_SHARE * count < this.samples && !this.impatient;
    if (early || count < this.hotTurns * translations.reluctance * patience(translations.copies(cells[CELL.PC]! & ~1))) {
      if (turns.size >= COUNTERS) turns.clear();
      turns.set(place, count);
      return false;
    }
    turns.delete(place);
    return true;
  }

  /** Steps on to the target of a branch and translates what begins there; what is left of the budget. */
  private settle(remaining: number): number {
    const { cells } = this;
    let left = remaining;
    this.hot = false;
    for (let steps = 0; steps < SETTLE; steps++) {
      const from = cells[CELL.PC]! & ~1;
      left = this.interpret(left, 1, from);
      if (this.lastStop !== STOP.BUDGET) {
        // Where every round of a loop stops, its branch is found in one of the next runs.
        this.hot = ++this.settled < SETTLES;
        break;
      }
      const to = cells[CELL.PC]! & ~1;
      if (to === from + 2 || to === from + 4 || cells[CELL.ITSTATE] !== 0) continue;
      this.settled = 0;
      if (!this.translations.at(to)) this.translations.translate(to);
      break;
    }
    return left;
  }

  /** Flags that translated code has left as operands go to APSR. */
  private settleFlags(): void {
    const { control, cells } = this;
    if (control[CONTROL.FLAG_KINDS] === 0) return;
    const flags = this.runtime.flags(LAZY, 0, 0, 0, 0, 0);
    cells[CELL.APSR] = (cells[CELL.APSR]! & 0x0fff_ffff) | flags;
    control[CONTROL.FLAG_KINDS] = 0;
  }

  /** Flags at an exit for which the region left its locals in the control block. */
  private coldFlags(word: number): void {
    const { control, cells } = this;
    const flags = this.runtime.flags(
      resolveKinds(word, control[CONTROL.COLD_KINDS]!),
      control[CONTROL.COLD_NZ]!,
      control[CONTROL.COLD_CA]!,
      control[CONTROL.COLD_CB]!,
      control[CONTROL.COLD_CC]!,
      control[CONTROL.COLD_VA]!,
    );
    cells[CELL.APSR] = (cells[CELL.APSR]! & 0x0fff_ffff) | flags;
    control[CONTROL.FLAG_KINDS] = 0;
  }

  /** Completes the state at an exit; what `run` is to do. */
  private leave(site: Site, exit: number, region: number): number {
    const { cells, interpreter } = this;
    const { step } = site;
    this.coldFlags(exit === EXIT.DONE || exit === EXIT.HANDLED ? site.flagsAfter : site.flags);
    cells[CELL.PC] = step.pc;
    cells[CELL.ITSTATE] = step.it;
    switch (exit) {
      case EXIT.SHORT:
        return SHORT;
      case EXIT.INTERPRET:
        return ALONE;
      case EXIT.RETRY:
        this.translations.noteSlow(region, step.pc);
        return ALONE;
      case EXIT.FAULT:
        return interpreter.stop;
      case EXIT.BRANCH:
        cells[CELL.ITSTATE] = step.itNext;
        return this.branch(this.control[CONTROL.TARGET]!, step.name === 'BLX');
      case EXIT.HANDLED:
        if (this.outcome === FAULT) return interpreter.stop;
        cells[CELL.ITSTATE] = step.itNext;
        if (this.outcome === BRANCH) return this.branch(interpreter.target, false);
        cells[CELL.PC] = step.next;
        if (this.outcome !== DONE) return interpreter.stop;
        return this.eventStop();
      default:
        cells[CELL.ITSTATE] = step.itNext;
        cells[CELL.PC] = step.next;
        return this.eventStop();
    }
  }

  private eventStop(): number {
    const events = this.interpreter.takeEvents();
    return (events & STOP_REQUESTED) !== 0 ? STOP.REQUESTED : GO_ON;
  }

  /** BXWritePC; BLX never returns from an exception. */
  private branch(target: number, link: boolean): number {
    const { cells, interpreter } = this;
    cells[CELL.PC] = target & ~1;
    if (!link && interpreter.isExceptionReturn(target)) return interpreter.leaveException(target);
    if ((target & 1) === 0) cells[CELL.T] = 0;
    const stop = this.eventStop();
    return stop === GO_ON && cells[CELL.T] === 0 ? ALONE : stop;
  }

  // ---- what translated code calls

  private outcome = DONE;

  private enter(code: number, remaining: number): Site {
    const { region, site: number } = decodeExit(code);
    const site = this.translations.site(region, number);
    this.before = this.budget - (remaining + site.counted + this.withheld);
    this.cells[CELL.PC] = site.step.pc;
    return site;
  }

  private load(address: number, code: number, remaining: number): number {
    const { interpreter, control } = this;
    this.enter(code, remaining);
    const kind = (code >>> 1) & 7;
    const size = kind === ACCESS.LDR ? 4 : kind === ACCESS.LDRH || kind === ACCESS.LDRSH ? 2 : 1;
    if (interpreter.load(address, size) !== DONE) {
      control[CONTROL.STATUS] = FAULTED;
      return 0;
    }
    control[CONTROL.STATUS] = interpreter.events === 0 && !this.translations.changed ? OK : STOPPING;
    const value = interpreter.loaded;
    if (kind === ACCESS.LDRSH) return (value << 16) >> 16;
    return kind === ACCESS.LDRSB ? (value << 24) >> 24 : value;
  }

  private store(address: number, value: number, code: number, remaining: number): number {
    const { interpreter } = this;
    this.enter(code, remaining);
    const kind = ((code >>> 1) & 7) + ACCESS.LDRSB;
    if (interpreter.store(address, value, kind === ACCESS.STR ? 4 : kind === ACCESS.STRH ? 2 : 1) !== DONE) return FAULTED;
    return interpreter.events === 0 && !this.translations.changed ? OK : STOPPING;
  }

  private stack(sp: number, moves: number): void {
    const stacks = this.instruments!.stacks!;
    if (moves !== 0) stacks.move(sp);
    else stacks.load(sp, !this.interpreter.registers.usesPsp);
  }

  private handler(code: number, remaining: number): number {
    const { interpreter } = this;
    const { step, handler } = this.enter(code, remaining);
    this.outcome = HANDLERS[handler - FIRST_HANDLER]!(interpreter, step.w1, step.w2, step.w3);
    const stacks = this.instruments?.stacks;
    if (stacks && !stacks.holds(this.cells[CELL.SP]!)) interpreter.observer!.moved(step.pc);
    return this.outcome === DONE && interpreter.events === 0 && !this.translations.changed ? 0 : 1;
  }
}

function patience(copies: number): number {
  return copies === 0 ? 1 : PATIENCE * MORE_PATIENCE ** Math.min(copies - 1, COPIES);
}

/** Values beside `STOP` in `run`. */
const GO_ON = -2;
const SHORT = -3;
const ALONE = -4;

/** Builds the translating engine: available wherever WebAssembly may be compiled. @throws {EngineUnavailable} where a page's policy forbids it */
export const jitFactory: EngineFactory = {
  name: 'jit',
  create: (host) => {
    try {
      return new Jit(host);
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error;
      throw new EngineUnavailable(
        'jit',
        error.message,
        "allow 'wasm-unsafe-eval' in script-src of the page's policy, or use the interpreter",
      );
    }
  },
};

/** A factory with options, for tests. */
export function jitWith(options: JitOptions): EngineFactory {
  return { name: 'jit', create: (host) => new Jit(host, options) };
}
