/**
 * `imx-sim run <elf>`: one firmware on one machine, from power-on to the line, the exit, the fault or the time that ends it.
 */
import type { SemihostingHost } from '../../cpu/semihosting.ts';
import { UsageError } from '../../errors.ts';
import type { MachineEvent } from '../../events.ts';
import { type LintFinding, lintFirmware } from '../../linux/firmware-lint.ts';
import { Machine, type StopReason } from '../../machine.ts';
import type { Firmware } from '../../remoteproc/elf-loader.ts';
import type { Timer } from '../../time/scheduler.ts';
import { chooseEngine } from '../engines.ts';
import { EXIT } from '../exit.ts';
import { codeAt, findings, lastEvents, whatWaits } from '../explain.ts';
import { readFirmware } from '../firmware-file.ts';
import { InputQueue } from '../input.ts';
import { type KernelHint, kernelHint } from '../kernel-messages.ts';
import { Keyboard } from '../keyboard.ts';
import { LineAssembler, type OutputLine, stripControls } from '../lines.ts';
import type { RunOptions } from '../options.ts';
import { HumanRenderer, JsonRenderer, type Renderer } from '../renderer.ts';
import { Statistics } from '../statistics.ts';
import { chooseTarget, type Target } from '../target.ts';
import { TraceHash } from '../trace-hash.ts';

/** Virtual time when no `--timeout` is given, in ns. */
const DEFAULT_TIMEOUT_NS = 10e9;
/** Virtual time between two looks at the host (signals, keyboard, stuck firmware), in ns. */
const CHUNK_NS = 5e6;
/** A console that printed part of a line and then nothing for so long shows it, in ns. */
const PARTIAL_NS = 10e6;
/** Events kept for a report. */
const HISTORY = 20;
/** Name of the console that semihosting writes to. */
const SEMIHOSTING = 'semihosting';

/** How a run ended: the process's exit status, the word for it in `--json`, and what to tell the user. */
interface Ending {
  readonly status: number;
  readonly reason: string;
  readonly report: readonly string[];
}

/** Runs the command and returns the exit status. @throws {ImxSimError} for bad usage or input. */
export async function run(path: string, options: RunOptions): Promise<number> {
  const firmware = readFirmware(path);
  const session = new Session(firmware, chooseTarget(firmware, options), options);
  try {
    return await session.run();
  } finally {
    session.dispose();
  }
}

/** One run with its outputs, inputs and end. */
class Session {
  private readonly options: RunOptions;
  private readonly machine: Machine;
  private readonly renderer: Renderer;
  private readonly lines: LineAssembler;
  private readonly input: InputQueue;
  private readonly statistics = new Statistics();
  private readonly trace = new TraceHash();
  private readonly history: MachineEvent[] = [];
  private readonly quiet: Timer;
  /** What is wrong with the firmware, as far as the ELF tells; the errors were shown at the start. */
  private readonly lint: readonly LintFinding[];
  /** Kernel messages that were explained already. */
  private readonly hinted = new Set<KernelHint>();
  private matched: OutputLine | undefined;
  private interrupted = false;

  constructor(firmware: Firmware, target: Target, options: RunOptions) {
    this.options = options;
    const out = (text: string) => void process.stdout.write(text);
    const err = (text: string) => void process.stderr.write(text);
    const { soc, core, board } = target;
    this.renderer = options.json ? new JsonRenderer(out, soc.baseHz) : new HumanRenderer({ out, err, color: options.color });
    const engine = chooseEngine(options.cpu);
    this.machine = new Machine({
      soc,
      core,
      engine,
      firmware,
      linux: options.linux,
      fastForward: options.fastForward,
      ...(board ? { board } : {}),
      ...(options.modules ? { modules: options.modules } : {}),
      ...(options.semihosting ? { semihosting: this.semihostingHost() } : {}),
      ...(options.hostMemory ? { hostMemory: options.hostMemory } : {}),
    });
    const { machine } = this;
    this.lines = new LineAssembler(soc.baseHz, (line) => this.line(line));
    this.quiet = machine.scheduler.timer('partial lines', () => this.flushQuietLines());
    machine.events.subscribe((event) => this.event(event));
    machine.diagnostics.onFirst = (diagnostic) => this.renderer.diagnostic(diagnostic);
    this.input = new InputQueue(machine);
    for (const { device, bytes } of options.send) this.input.send(this.consoleName(device), bytes);
    const where = machine.linux ? `board ${machine.board!.name}` : 'without Linux';
    this.renderer.note(`${soc.name} ${machine.core.name} (${target.reasons.join('; ')}), ${where}, engine ${engine.name}`);
    this.lint = machine.linux ? lintFirmware(firmware, soc, machine.board!, core) : [];
    for (const finding of this.lint) if (finding.severity === 'error') this.renderer.finding(finding);
  }

  async run(): Promise<number> {
    const { options, machine } = this;
    const device = this.consoleName(options.console ?? 'console', options.console !== undefined);
    const interactive = Boolean(process.stdin.isTTY && process.stdout.isTTY && !options.json) && device !== undefined;
    const endless = interactive && options.until === undefined && options.timeout === undefined;
    if (!process.stdin.isTTY && options.console !== undefined && device) await Keyboard.piped(this.input, device);
    const keyboard = interactive && device ? Keyboard.interactive(machine, device) : undefined;
    if (keyboard) this.renderer.note(`keys go to ${device}; Ctrl-] ends the run`);
    const onSignal = () => {
      this.interrupted = true;
    };
    process.on('SIGINT', onSignal);
    let ending: Ending;
    try {
      const limit = endless ? Number.POSITIVE_INFINITY : machine.scheduler.cyclesFromNs(options.timeout ?? DEFAULT_TIMEOUT_NS);
      ending = await this.runUntil(limit, keyboard);
    } finally {
      keyboard?.close();
      process.off('SIGINT', onSignal);
    }
    return this.finish(ending);
  }

  dispose(): void {
    this.machine.dispose();
  }

  private async runUntil(limit: number, keyboard: Keyboard | undefined): Promise<Ending> {
    const { machine } = this;
    const { scheduler } = machine;
    const chunk = scheduler.cyclesFromNs(CHUNK_NS);
    const pace = limit === Number.POSITIVE_INFINITY ? new Pace(scheduler.seconds) : undefined;
    for (;;) {
      const stop = machine.run(Math.min(limit, scheduler.now + chunk));
      if (this.matched) return { status: EXIT.OK, reason: 'until', report: [] };
      if (stop.kind !== 'limit') {
        if (stop.kind === 'deadlock' && keyboard) scheduler.advanceTo(scheduler.now + chunk);
        else if (stop.kind !== 'requested') return this.ended(stop);
      }
      if (this.interrupted || keyboard?.left)
        return { status: keyboard?.left ? EXIT.OK : EXIT.INTERRUPTED, reason: 'interrupted', report: [] };
      if (scheduler.now >= limit) return this.timedOut();
      const stuck = machine.core.stuckLoop();
      if (stuck?.inFault && !keyboard) return this.stuckInFault(stuck.pc);
      await (pace ? pace.wait(scheduler.seconds) : nextTurn());
    }
  }

  private async ended(stop: StopReason): Promise<Ending> {
    const { machine } = this;
    switch (stop.kind) {
      case 'exit':
        return { status: stop.status & 0xff, reason: 'exit', report: [] };
      case 'crashed':
        return {
          status: EXIT.FIRMWARE,
          reason: 'crashed',
          report: [`firmware failed: ${stop.core}: ${stop.reason}`, ...stop.report, ...(await this.details())],
        };
      case 'system-reset':
        return {
          status: EXIT.FIRMWARE,
          reason: 'system-reset',
          report: [`firmware failed: ${stop.block} reset the SoC: ${stop.cause}`, ...this.waits(), ...(await this.details())],
        };
      case 'host-memory':
        return { status: EXIT.USAGE, reason: 'host-memory', report: [stop.text, `remedy: ${stop.remedy}`] };
      case 'deadlock':
        return (
          this.refused() ?? {
            status: EXIT.TIMEOUT,
            reason: 'deadlock',
            report: [
              `nothing can happen any more at ${machine.scheduler.seconds.toFixed(6)} s${this.untilText()}`,
              ...this.waits(),
              ...this.context(),
            ],
          }
        );
      default:
        return { status: EXIT.INTERNAL, reason: stop.kind, report: [`unexpected stop: ${stop.kind}`] };
    }
  }

  /** The end of a run in which Linux did not start the firmware at all. */
  private refused(): Ending | undefined {
    const { linux, kernel, core } = this.machine;
    if (!linux || !kernel || !core.halted || linux.remoteproc(core.name)?.state !== 'offline') return undefined;
    const said = kernel.log.filter(({ level }) => level <= 3).map(({ text }) => `  ${text}`);
    // Still on its way: the time was too short for Linux to start it.
    if (said.length === 0) return undefined;
    return { status: EXIT.USAGE, reason: 'refused', report: ['Linux refused the firmware:', ...said] };
  }

  private async stuckInFault(pc: number): Promise<Ending> {
    const { machine } = this;
    const fault = machine.core.faultReport();
    const breakpoint = !this.options.semihosting && fault.some((text) => text.includes('DEBUGEVT'));
    return {
      status: EXIT.FIRMWARE,
      reason: 'fault',
      report: [
        `firmware failed: ${machine.core.name} took a fault and its handler loops at ${machine.symbols.name(pc) ?? 'an address without symbol'}`,
        ...fault,
        ...(breakpoint ? ['remedy: if that is a semihosting call, --semihosting serves it'] : []),
        ...(await this.details()),
      ],
    };
  }

  private timedOut(): Ending {
    const { machine } = this;
    const text = `timed out after ${machine.scheduler.seconds} s of virtual time${this.untilText()}`;
    return this.refused() ?? { status: EXIT.TIMEOUT, reason: 'timeout', report: [text, ...this.waits(), ...this.context()] };
  }

  private waits(): string[] {
    return whatWaits(this.machine, this.statistics.messagesToLinux);
  }

  private untilText(): string {
    const { until } = this.options;
    const unsent = this.input.pending;
    const missing = until ? `; no line matched /${until.source}/` : '';
    return unsent.length > 0 ? `${missing}; never sent: ${unsent.join(', ')} was not ready` : missing;
  }

  private async details(): Promise<string[]> {
    return [...(await codeAt(this.machine, this.machine.core.pc)), ...this.context()];
  }

  private context(): string[] {
    return [...findings(this.machine), ...lastEvents(this.history, this.machine.scheduler.hz)];
  }

  private finish({ status, reason, report }: Ending): number {
    const { machine, options } = this;
    this.lines.flushQuiet(Number.POSITIVE_INFINITY);
    if (report.length > 0) {
      this.renderer.report(report);
      for (const finding of this.lint) if (finding.severity === 'warning') this.renderer.finding(finding);
    }
    const trace = options.traceHash ? { trace: this.trace.digest() } : {};
    const stats = options.stats ? { stats: this.statistics.figures(machine) } : {};
    const lines = [...(options.stats ? this.statistics.lines(machine) : []), ...(trace.trace ? [`trace ${trace.trace}`] : [])];
    this.renderer.finish({ reason, status, cycle: machine.scheduler.now, time: machine.scheduler.seconds, ...stats, ...trace }, lines);
    return status;
  }

  private event(event: MachineEvent): void {
    if (this.matched) return;
    this.statistics.add(event);
    this.trace.add(event);
    this.renderer.event(event);
    const filler = event.type === 'vring' && event.action === 'avail';
    if (event.type !== 'console' && event.type !== 'dmesg' && !filler) {
      this.history.push(event);
      if (this.history.length > HISTORY) this.history.shift();
    }
    this.lines.add(event);
    if (!this.quiet.armed && this.lines.pending) this.quiet.armIn(this.machine.scheduler.cyclesFromNs(PARTIAL_NS));
  }

  private line(line: OutputLine): void {
    this.renderer.line(line);
    const hint = line.source === 'linux' ? kernelHint(line.text) : undefined;
    if (hint && !this.hinted.has(hint)) {
      this.hinted.add(hint);
      this.renderer.finding({ severity: 'warning', place: 'dmesg', text: hint.text, remedy: hint.remedy });
    }
    const { until } = this.options;
    if (this.matched || !until) return;
    if (!until.test(line.text) && !until.test(stripControls(line.text))) return;
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

  /** The device that `name` means; `console` is the M core's UART. @throws {UsageError} when the machine has no such console. */
  private consoleName(name: string): string;
  private consoleName(name: string, required: boolean): string | undefined;
  private consoleName(name: string, required = true): string | undefined {
    const { machine } = this;
    const device = name === 'console' ? machine.consoleName : name;
    if (device !== undefined && machine.hasConsole(device)) return device;
    if (!required) return undefined;
    const known = machine.consoles.join(', ');
    throw new UsageError(`no device ${name} to send to`, known ? `this machine has ${known}` : `${machine.soc.name} has no console`);
  }

  private semihostingHost(): SemihostingHost {
    return {
      write: (_fd, bytes) => {
        const { events, scheduler } = this.machine;
        for (const byte of bytes) events.emit({ type: 'console', cycle: scheduler.now, device: SEMIHOSTING, byte });
      },
      read: () => new Uint8Array(),
      readable: true,
    };
  }
}

/** Lets the host handle signals, keys and output. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Keeps virtual time from running ahead of the host's, for somebody at a keyboard. */
class Pace {
  private readonly startWall = performance.now();
  private readonly startVirtual: number;

  constructor(seconds: number) {
    this.startVirtual = seconds;
  }

  wait(seconds: number): Promise<void> {
    const ahead = (seconds - this.startVirtual) * 1000 - (performance.now() - this.startWall);
    return ahead > 1 ? new Promise((resolve) => setTimeout(resolve, Math.min(ahead, 50))) : nextTurn();
  }
}
