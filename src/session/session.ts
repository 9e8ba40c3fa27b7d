/**
 * One firmware on one machine, from power-on to the line, the exit, the fault or the time that ends it, and why it ended so.
 *
 * The command line and a page in a browser run the same session; what each has of its own (output, keys, signals, the host's clock, a
 * disassembler) it hands in as `SessionHost`. Nothing here needs Node.
 */
import { UsageError } from '../errors.ts';
import type { MachineEvent } from '../events.ts';
import { Faults } from '../faults/faults.ts';
import { diverged } from '../history/linux-history.ts';
import { type LintFinding, lintWithoutLinux } from '../linux/firmware-lint.ts';
import { Machine, type MachineOptions, type StopReason } from '../machine.ts';
import type { RecordedEnd } from '../snapshot/recording.ts';
import { restoreSystem, saveSystem, systemAtStart } from '../snapshot/system-state.ts';
import type { Timer } from '../time/scheduler.ts';
import { Endings } from './endings.ts';
import { EXIT } from './exit.ts';
import { type Disassemble, worthTelling } from './explain.ts';
import { InputQueue } from './input.ts';
import { type KernelHint, kernelHint } from './kernel-messages.ts';
import { LineAssembler, type OutputLine, PARTIAL_NS } from './lines.ts';
import { LinuxTurns } from './linux-turns.ts';
import {
  bootChoice,
  findConsole,
  lintRun,
  machineOptions,
  type RunConfiguration,
  SEMIHOSTING,
  semihostingConsole,
} from './machine-options.ts';
import type { Renderer } from './renderer.ts';
import type { RunControl } from './run-control.ts';
import type { RunScript } from './run-inputs.ts';
import { runShell } from './run-shell.ts';
import { type Ending, HISTORY, type SessionMark, type SessionState } from './session-state.ts';
import { Statistics } from './statistics.ts';
import { briefReasons } from './target.ts';
import { TraceHash } from './trace-hash.ts';
import { type LineCondition, matches } from './until.ts';

export { type Ending, HISTORY, type SessionMark, type SessionState } from './session-state.ts';

/** Virtual time when no limit is given, in ns. */
const DEFAULT_TIMEOUT_NS = 10e9;
/** Virtual time between two looks at the host and at whether the firmware is stuck, in ns. */
const CHUNK_NS = 5e6;
/** What runs, and when it ends. */
export interface SessionOptions extends RunConfiguration {
  readonly semihosting?: boolean;
  /** A line that ends the run with success: of any console or dmesg, or of the device that is named. */
  readonly until?: RegExp | LineCondition;
  /** Virtual time that ends the run, in ns; may be infinite. */
  readonly timeout?: number;
  /** What goes wrong on purpose, as `--faults` has it; docs/faults.md. */
  readonly faults?: readonly string[];
  /** Decides what the faults leave open. */
  readonly seed?: number;
  readonly stats?: boolean;
  readonly traceHash?: boolean;
  /** True: `save` can be called, and `restore`. */
  readonly snapshots?: boolean;
  /** Of the machine, ready made, for a session that is going to be restored; else they come from the options above. */
  readonly machine?: MachineOptions;
  /** Called when the run has ended, before what is said at the end; `end` has the trace hash. */
  readonly onEnd?: (end: RecordedEnd) => Promise<void>;
}

/** What a session needs of its surroundings. */
export interface SessionHost {
  readonly renderer: Renderer;
  readonly disassemble: Disassemble;
  /** The host's time in ms, for the statistics alone. */
  now(): number;
  /** Called between slices with the seconds of virtual time: lets the host handle keys, signals and output. `idle`: only a key makes anything happen. */
  pause(seconds: number, idle: boolean): Promise<void>;
}

/** One run with its outputs, inputs and end. */
export class Session {
  readonly machine: Machine;
  readonly input: InputQueue;
  readonly faults: Faults;
  /** The turns of whoever waits for things in Linux. */
  readonly turns: LinuxTurns;
  /** Who decides when the machine runs, beside the session. */
  control: RunControl | undefined;
  /** Where the keyboard goes; undefined when the machine has no console. */
  readonly keyboardDevice: string | undefined;
  private readonly until: LineCondition | undefined;
  private readonly options: SessionOptions;
  private readonly host: SessionHost;
  private readonly lines: LineAssembler;
  private readonly statistics: Statistics;
  private trace: TraceHash | undefined;
  private readonly history: MachineEvent[] = [];
  private readonly ends: Endings;
  private readonly quiet: Timer;
  /** What is wrong with the firmware, as far as the ELF tells; the errors were shown at the start. */
  private readonly lint: readonly LintFinding[];
  /** Kernel messages that were explained already. */
  private readonly hinted = new Set<KernelHint>();
  private matched: OutputLine | undefined;
  /** What happened behind the line that ended the run, in the same instant: it belongs to whoever goes on from here. */
  private readonly late: MachineEvent[] = [];
  private stopped: { readonly status: number; readonly report: boolean } | undefined;
  /** Has a run that stands still go on to its end. */
  private wake: (() => void) | undefined;
  /** The end that the run has come to, while its control keeps it from ending. */
  kept: Ending | undefined;
  private script: RunScript | undefined;
  /** Somebody at a keyboard was told that only a key makes anything happen. */
  private toldIdle = false;
  private awaited = '';
  /** Output up to this cycle was shown; -1 unless the machine was put back. */
  private shown = -1;
  /** A line comes of an event, not of a timer. */
  private hearing = false;
  private finished = false;
  /** How the core failed before Linux had taken over, unless it was started again since. */
  private failed: Ending | undefined;

  /** Builds the machine and says what it is. @throws {ImxSimError} when that cannot be done */
  constructor(options: SessionOptions, host: SessionHost) {
    this.options = options;
    this.host = host;
    const { firmware, target, engine, linux } = options;
    const { soc } = target;
    this.statistics = new Statistics(() => host.now());
    this.trace = options.traceHash || options.snapshots || options.onEnd ? new TraceHash() : undefined;
    this.machine = new Machine({
      ...(options.machine ?? machineOptions(options)),
      ...(options.semihosting ? { semihosting: semihostingConsole(() => this.machine) } : {}),
      ...(options.snapshots ? { history: true } : {}),
    });
    const { machine } = this;
    this.turns = new LinuxTurns(machine);
    this.lines = new LineAssembler(soc.baseHz, (line) => this.line(line));
    this.quiet = machine.watchers.timer('partial lines', () => this.flushQuietLines());
    machine.events.subscribeParticipant((event) => this.event(event));
    machine.diagnostics.onFirst = (diagnostic) => host.renderer.diagnostic(diagnostic);
    this.input = new InputQueue(machine);
    this.faults = new Faults(machine, options.seed);
    this.addFaults();
    for (const { device, bytes } of options.send ?? []) this.input.send(this.consoleName(device), bytes);
    this.keyboardDevice = options.console === undefined ? this.findConsole('console') : this.consoleName(options.console, '--console');
    this.until = options.until && this.condition(options.until);
    this.ends = new Endings({
      machine,
      semihosting: options.semihosting ?? false,
      disassemble: host.disassemble,
      until: this.until,
      unsent: () => this.input.pending,
      messagesToLinux: () => this.statistics.messagesToLinux,
      lastEvents: () => this.history,
    });
    const where = machine.linux
      ? `board ${machine.board!.name}${machine.uboot ? `, U-Boot ${machine.uboot.board.version}` : ''}`
      : 'without Linux';
    host.renderer.note(`${soc.name} ${machine.core.name} (${briefReasons(target.reasons)}), ${where}, engine ${engine.name}`);
    const { note } = options.machine ? {} : bootChoice(options);
    if (note) host.renderer.note(note);
    this.lint = lintRun(options, machine);
    for (const finding of this.lint) if (finding.severity === 'error') host.renderer.finding(finding);
    if (linux === false && soc.remoteprocs.length > 0) for (const finding of lintWithoutLinux(firmware)) host.renderer.finding(finding);
  }

  /** The device that `name` means; `console` is the M core's UART. @throws {UsageError} when the machine has no such console. */
  consoleName(name: string, option: '--send' | '--console' = '--send'): string {
    const device = this.findConsole(name);
    if (device !== undefined) return device;
    const { machine } = this;
    const known = machine.consoles.join(', ');
    throw new UsageError(
      option === '--console' ? `no console ${name}` : `no device ${name} to send to`,
      known ? `this machine has ${known}` : `${machine.soc.name} has no console`,
      option === '--console' ? option : `device ${name}`,
    );
  }

  /** What ends the run, with the device as the machine calls it. @throws {UsageError} when the machine has no such device. */
  private condition(until: RegExp | LineCondition): LineCondition {
    if (until instanceof RegExp) return { pattern: until };
    const { device, pattern } = until;
    if (device === undefined) return until;
    const known = this.findConsole(device);
    if (known !== undefined) return { device: known, pattern };
    const { machine, options } = this;
    const others = [...(machine.linux ? ['linux'] : []), ...(options.semihosting ? [SEMIHOSTING] : [])];
    if (others.includes(device)) return until;
    const names = [...machine.consoles, ...others].join(', ');
    const has = names ? `this machine has ${names}` : `${machine.soc.name} has no console`;
    throw new UsageError(
      `no device ${device} whose lines could match`,
      `${device === SEMIHOSTING ? 'give --semihosting' : has}; an expression that begins so is ${device}[=]...`,
      '--until',
    );
  }

  /** As `consoleName`, or undefined. */
  findConsole(name: string): string | undefined {
    return findConsole(this.machine, name);
  }

  /**
   * Runs to the end and returns the exit status. With somebody at a keyboard (`interactive`), a machine in which nothing can happen by
   * itself does not end it, nor does time unless a limit was given; `awaited` is what could make something happen then.
   */
  async run(interactive = false, awaited = 'a key is typed'): Promise<number> {
    this.awaited = awaited;
    const ending = await this.runUntil(this.limit(interactive), interactive);
    await this.options.onEnd?.(this.recordedEnd(ending));
    return this.finish(ending);
  }

  /** Has inputs of a recorded run come in again, at their moments, before `run`. */
  follow(script: RunScript): void {
    this.script = script;
  }

  /** True when only the user ends an interactive run. */
  get endless(): boolean {
    return this.options.until === undefined && this.options.timeout === undefined;
  }

  /** Ends the run at the next slice, as the user wants; `status` is what `run` returns, `report` tells what was going on. */
  stop(status: number, report = false): void {
    this.stopped = { status, report };
    this.wake?.();
  }

  private addFaults(): void {
    for (const fault of this.options.faults ?? []) this.faults.add(fault);
  }

  /** The session as it is, between two runs. @throws {SnapshotError} when it was made without `snapshots` */
  save(): SessionState {
    return { system: saveSystem(this.machine), ...this.memory() };
  }

  /** The session as it is, to be put back here; before it has run, also without `snapshots`. */
  mark(): SessionMark {
    const { machine, failed, script } = this;
    const begun = machine.linuxHistory !== undefined || machine.scheduler.now > 0;
    const timers = this.timers().map(({ deadline, sequence }) => ({ deadline, sequence }));
    const system = begun ? saveSystem(machine) : systemAtStart(machine);
    return { system, ...this.memory(), failed, events: machine.events.count, timers, script: script?.position };
  }

  /** Puts it back to where it was, or forward again; what it has shown is not shown again. @throws {SnapshotError} */
  async rewind({ system, trace, counts, partials, input, history, late, failed, events, timers, script }: SessionMark): Promise<void> {
    const { machine } = this;
    this.turns.abandon();
    await restoreSystem(machine, system, (kind, args) => {
      if (!runShell(machine).input(kind, args)) throw diverged(`a user did ${kind}, which a session cannot do`);
    });
    if (trace) this.trace = TraceHash.from(trace);
    this.statistics.load(counts);
    this.lines.rewind(partials);
    this.input.rewind(input);
    this.history.splice(0, this.history.length, ...history);
    this.late.splice(0, this.late.length, ...late);
    this.failed = failed;
    this.kept = undefined;
    machine.events.count = events;
    for (const [index, timer] of this.timers().entries()) timer.scheduler.restoreTimer(timer, timers[index]!);
    if (this.script && script !== undefined) this.script.position = script;
  }

  /** What was shown up to now is not shown again when the machine is put back. */
  keepShown(): void {
    const { events, diagnostics, scheduler } = this.machine;
    events.heard = Math.max(events.heard, events.count);
    diagnostics.keepTold();
    this.shown = Math.max(this.shown, scheduler.now);
  }

  /** What follows is new, whatever has been shown. */
  forgetShown(): void {
    const { events, scheduler } = this.machine;
    events.heard = events.count;
    runShell(this.machine).forgetShown();
    this.shown = scheduler.now;
  }

  private timers(): readonly Timer[] {
    return [this.quiet, this.input.poll];
  }

  private memory(): Omit<SessionState, 'system'> {
    return {
      trace: this.trace?.save(),
      counts: this.statistics.save(),
      partials: this.lines.save(),
      input: this.input.save(),
      history: [...this.history],
      late: [...this.late],
    };
  }

  /** Puts the session, which has not run yet, where another one was. @throws {SnapshotError} */
  async restore(state: SessionState): Promise<void> {
    const { machine, history } = this;
    await restoreSystem(machine, state.system, (kind, args) => {
      if (!runShell(machine).input(kind, args)) throw diverged(`a user did ${kind}, which a session cannot do`);
    });
    if (this.trace && state.trace) this.trace = TraceHash.from(state.trace);
    this.statistics.load(state.counts);
    this.lines.load(state.partials);
    this.input.load(state.input);
    this.addFaults();
    history.push(...state.history);
    for (const event of state.late) this.event(event);
    if (this.lines.pending && !this.quiet.armed) this.quiet.armIn(machine.scheduler.cyclesFromNs(PARTIAL_NS));
  }

  /** Frees native resources. */
  dispose(): void {
    this.machine.dispose();
  }

  private limit(interactive: boolean): number {
    const { timeout = interactive && this.endless ? Number.POSITIVE_INFINITY : DEFAULT_TIMEOUT_NS } = this.options;
    const { scheduler } = this.machine;
    return Number.isFinite(timeout) ? scheduler.now + scheduler.cyclesFromNs(timeout) : timeout;
  }

  /** Runs the machine for whoever waits for things in its Linux, too. */
  private async runUntil(limit: number, interactive: boolean): Promise<Ending> {
    try {
      const ending = await this.runSlices(limit, interactive);
      this.turns.ended(ending.reason);
      this.control?.over({ kind: 'requested' });
      return ending;
    } finally {
      this.turns.release();
    }
  }

  private recordedEnd({ reason, status }: Ending): RecordedEnd {
    const { trace } = this;
    const hash = trace ? { trace: TraceHash.from(trace.save()).digest() } : {};
    return { cycle: this.machine.scheduler.now, reason, status, ...hash };
  }

  private async runSlices(limit: number, interactive: boolean): Promise<Ending> {
    const { machine, host } = this;
    const { scheduler } = machine;
    const chunk = scheduler.cyclesFromNs(CHUNK_NS);
    for (;;) {
      const released = await this.released();
      if (released) return released;
      const furthest = Math.min(limit, this.script?.due() ?? limit, this.control?.due() ?? limit);
      const settled = this.turns.settled();
      if (settled) await settled;
      const grid = (Math.floor(scheduler.now / chunk) + 1) * chunk;
      const stop = (this.control ?? machine).run(Math.min(furthest, grid));
      const quiet = this.turns.quiet();
      if (quiet) await quiet;
      const idle = stop.kind === 'deadlock' && interactive;
      if (this.matched) return { status: EXIT.OK, reason: 'until', report: [] };
      if (stop.kind !== 'limit') {
        if (idle) this.idle(Math.min(furthest, grid));
        else if (stop.kind === 'crashed' && this.beforeLinux) this.outlive(await this.ends.of(stop, this.failed));
        else if (stop.kind !== 'requested') {
          const ending = await this.ends.of(stop, this.failed);
          if (!this.keeps(ending, stop)) return ending;
        }
      }
      if (this.stopped) return this.ends.interrupted(this.stopped);
      if (scheduler.now >= limit) return this.ends.timedOut(this.failed);
      const ending = scheduler.now >= grid ? await this.stuck(interactive) : undefined;
      if (ending && !this.keeps(ending)) return ending;
      await host.pause(scheduler.seconds, idle);
    }
  }

  /** Waits until the machine may run; the end of the run, when that is what it goes on to. */
  private async released(): Promise<Ending | undefined> {
    for (let standing = this.control?.ready(); standing; standing = this.control?.ready()) {
      const stopping = new Promise<void>((resolve) => {
        this.wake = resolve;
      });
      await Promise.race([standing, stopping]);
      this.wake = undefined;
      if (!this.stopped) continue;
      await this.control?.calm();
      return this.kept ?? this.ends.interrupted(this.stopped);
    }
    return this.kept;
  }

  /** True when the run is not to end so, or not yet. */
  private keeps(ending: Ending, stop?: StopReason): boolean {
    if (!this.control?.keeps({ ...ending, ...(stop ? { stop } : {}) })) return false;
    this.kept = ending;
    return true;
  }

  /** U-Boot works or reads commands: what the core does is nothing to it. */
  private get beforeLinux(): boolean {
    const { uboot, linux } = this.machine;
    return uboot !== undefined && !linux?.booted;
  }

  /** Keeps for the end that the core failed; the run goes on, as a board does. */
  private outlive(failed: Ending): void {
    // Start-up code that pushes before it has loaded SP from its vector table needs one from whoever starts it.
    const withoutStack = this.machine.uboot?.board.auxiliary.elf?.stack === 'zero';
    const hint = withoutStack ? ' (bootaux of an ELF starts the core with SP = 0: docs/uboot.md)' : '';
    this.host.renderer.note(`${failed.report[0]}${hint}; U-Boot goes on, as on a board, and the report comes at the end`);
    this.failed = failed;
  }

  /** The machine stopped so on the way to another moment of the run. */
  async passed(stop: StopReason): Promise<void> {
    if (stop.kind === 'crashed' && this.beforeLinux) this.failed = await this.ends.of(stop, this.failed);
  }

  /** The end that it makes of the run that the core loops in a fault handler, if it does. */
  private async stuck(interactive: boolean): Promise<Ending | undefined> {
    const { machine, options } = this;
    const stuck = machine.core.stuckLoop();
    if (!stuck?.inFault || options.recover) return undefined;
    if (!this.failed) {
      const ending = await this.ends.stuckInFault(stuck.pc);
      if (!this.beforeLinux) return ending;
      this.outlive(ending);
    }
    const over = !interactive && machine.scheduler.nextDeadline === Number.POSITIVE_INFINITY;
    return over ? this.ends.afterwards(this.failed!, `nothing else can happen any more${this.ends.untilText}`) : undefined;
  }

  /** Lets time pass for somebody who may type: nothing else will happen. */
  private idle(until: number): void {
    if (!this.toldIdle) this.host.renderer.note(`nothing happens any more until ${this.awaited}`);
    this.toldIdle = true;
    this.machine.scheduler.advanceTo(until);
  }

  private finish({ status, reason, report }: Ending): number {
    const { machine, options } = this;
    const { renderer } = this.host;
    this.finished = true;
    this.lines.flushQuiet(Number.POSITIVE_INFINITY);
    if (report.length > 0) {
      renderer.report(
        report,
        machine.cores.flatMap((core) => core.faults().map((fault) => ({ core: core.name, ...fault }))),
      );
      for (const finding of this.lint) if (finding.severity === 'warning') renderer.finding(finding);
    }
    const trace = this.trace && options.traceHash ? { trace: this.trace.digest() } : {};
    const line = this.matched ? { line: { device: this.matched.source, text: this.matched.text } } : {};
    const stats = options.stats ? { stats: this.statistics.figures(machine) } : {};
    const lines = [...(options.stats ? this.statistics.lines(machine) : []), ...(trace.trace ? [`trace ${trace.trace}`] : [])];
    renderer.finish({ reason, status, cycle: machine.scheduler.now, time: machine.scheduler.seconds, ...line, ...stats, ...trace }, lines);
    return status;
  }

  private event(event: MachineEvent): void {
    if (this.matched) {
      if (this.options.snapshots) this.late.push(event);
      return;
    }
    this.statistics.add(event);
    this.trace?.add(event);
    if (!this.machine.events.again) this.host.renderer.event(event, event.cycle / this.machine.scheduler.hz);
    if (event.type === 'core' && event.state === 'started') this.failed = undefined;
    if (worthTelling(event)) {
      this.history.push(event);
      if (this.history.length > HISTORY) this.history.shift();
    }
    this.hearing = true;
    this.lines.add(event);
    this.hearing = false;
    if (!this.quiet.armed && this.lines.pending) this.quiet.armIn(this.machine.scheduler.cyclesFromNs(PARTIAL_NS));
  }

  private line(line: OutputLine): void {
    const { renderer } = this.host;
    const { events, scheduler } = this.machine;
    const again = this.hearing ? events.again : !this.finished && scheduler.now <= this.shown;
    if (!again) renderer.line(line);
    const hint = line.source === 'linux' && !again ? kernelHint(line.text) : undefined;
    if (hint && !this.hinted.has(hint)) {
      this.hinted.add(hint);
      renderer.finding({ severity: 'warning', place: 'dmesg', text: hint.text, remedy: hint.remedy });
    }
    if (this.matched || again || !this.until || !matches(this.until, line)) return;
    this.matched = line;
    this.machine.requestStop();
  }

  /** Shows unfinished lines of consoles that have been quiet for a while; looks again later while there are others. */
  private flushQuietLines(): void {
    const { scheduler } = this.machine;
    const age = scheduler.cyclesFromNs(PARTIAL_NS);
    this.lines.flushQuiet(scheduler.now - age);
    if (this.lines.pending) this.quiet.armIn(age);
  }
}
