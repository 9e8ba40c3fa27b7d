/**
 * A shell on a machine, from power-on to its `exit`: lines of a script or of somebody who types, a terminal, and the machine that runs
 * meanwhile. The command line is one user of it, a page can be another; nothing here needs Node.
 *
 * What the terminal shows is what a board's serial console shows: prompt and command, output, and kernel messages as they come.
 */
import type { MachineEvent } from '../events.ts';
import { WaitQueue } from '../linux/kernel.ts';
import type { Machine, StopReason } from '../machine.ts';
import { createUserLand, endShell, startShell } from '../shell/create.ts';
import { nullFile } from '../shell/redirect.ts';
import type { Shell } from '../shell/shell.ts';
import type { Statement } from '../shell/syntax.ts';
import { Terminal } from '../shell/terminal.ts';
import type { UserLand } from '../shell/user-land.ts';
import { UBOOT_CONSOLE } from '../uboot/uboot.ts';
import { EXIT } from './exit.ts';
import { codeAt, type Disassemble, findings } from './explain.ts';
import { FirmwareAdvice } from './firmware-advice.ts';
import { dmesgTimestamp, LineAssembler, type OutputLine } from './lines.ts';
import type { Renderer } from './renderer.ts';
import { CANCELLED, CONTINUATION, type CommandLines, nextCommand } from './shell-commands.ts';
import { Statistics } from './statistics.ts';
import { TraceHash } from './trace-hash.ts';
import { conditionText, type LineCondition, matches } from './until.ts';

/** Modules that a board has loaded before anybody logs in; the rest is for `modprobe`. */
export const SHELL_MODULES: readonly string[] = ['rpmsg_ns', 'virtio_rpmsg_bus', 'rpmsg_char', 'rpmsg_ctrl'];

/** Virtual time from power-on to the login, in ns: drivers have probed by then. */
const LOGIN_NS = 100e6;
/** Virtual time between two looks at whether the boot loader has started Linux, in ns. */
const BOOT_LOOK_NS = 1e6;
/** Virtual time between two turns of the host, in ns. */
const CHUNK_NS = 5e6;
/** A console that printed part of a line and then nothing for so long shows it, in ns. */
const PARTIAL_NS = 10e6;
/** A line of a script is typed when nothing was printed for so long, or after so long, in ns. */
const QUIET_NS = 100e6;
const PATIENCE_NS = 1e9;

/** How a shell session runs. */
export interface ShellSessionOptions {
  readonly machine: Machine;
  /** After `root@`. */
  readonly hostName: string;
  /** Lines that are executed one after the other, shown as they would be typed. */
  readonly script?: string;
  /** The script is not shown, and its output goes to no terminal, as `sh -c`. */
  readonly quiet?: boolean;
  /** Somebody types: `typed` gives lines. */
  readonly interactive?: boolean;
  readonly until?: LineCondition;
  /** The device tree is the user's, not the one that is built in for the board. */
  readonly userTree?: boolean;
  /** Virtual time that ends it, in ns; may be infinite. */
  readonly timeout: number;
  readonly stats?: boolean;
  readonly traceHash?: boolean;
}

/** What surrounds it. */
export interface ShellHost {
  readonly renderer: Renderer;
  /** What the terminal shows, as it comes. */
  output(text: string): void;
  /** Standard error of `quiet`. */
  error(text: string): void;
  /** A line that is no program's output: of the kernel or of a core's console. */
  line(text: string): void;
  readonly disassemble: Disassemble;
  /** The host's time in ms, for the statistics alone. */
  now(): number;
  /** Called between slices with the seconds of virtual time. */
  pause(seconds: number): Promise<void>;
  /** The shell wants a line; the prompt is to be shown. `typed` are keys that came before and nobody has read. */
  prompt?(text: string, typed: Uint8Array): void;
}

interface Ending {
  readonly status: number;
  readonly reason: string;
  readonly report: readonly string[];
}

/** One session. */
export class ShellSession {
  readonly terminal = new Terminal();
  readonly machine: Machine;
  /** Once it has begun. */
  land: UserLand | undefined;
  shell: Shell | undefined;
  private readonly options: ShellSessionOptions;
  private readonly host: ShellHost;
  private readonly lines: LineAssembler;
  private readonly statistics: Statistics;
  private readonly trace: TraceHash | undefined;
  private readonly advice: FirmwareAdvice;
  private readonly typed: string[] = [];
  /** Of the script, those that are still to come. */
  private readonly scriptLines: string[];
  private readonly lineWait = new WaitQueue('a command line');
  private readonly history: string[] = [];
  private inputOver = false;
  /** Cycle at which anything was last printed. */
  private lastOutput = 0;
  private ending: Ending | undefined;
  private readonly decoder = new TextDecoder();
  private shown = '';

  constructor(options: ShellSessionOptions, host: ShellHost) {
    this.options = options;
    this.host = host;
    this.scriptLines = (options.script ?? '').replace(/\n$/, '').split('\n');
    const { machine } = options;
    this.machine = machine;
    this.statistics = new Statistics(() => host.now());
    this.trace = options.traceHash ? new TraceHash() : undefined;
    this.lines = new LineAssembler(machine.soc.baseHz, (line) => this.line(line));
    const linux = machine.linux!;
    const ownTree = !options.userTree && !machine.uboot;
    this.advice = new FirmwareAdvice({
      soc: machine.soc,
      board: machine.board!,
      core: machine.core.name,
      tree: () => (ownTree ? undefined : linux.deviceTree),
      firmwareName: (device) => linux.remoteprocs.find(({ rproc }) => rproc.device === device)?.rproc.firmware,
      firmware: (name) => linux.firmwareFiles.get(name),
    });
    const quiet = machine.watchers.timer('partial lines', () => {
      this.lines.flushQuiet(machine.scheduler.now - machine.scheduler.cyclesFromNs(PARTIAL_NS));
      if (this.lines.pending) quiet.armIn(machine.scheduler.cyclesFromNs(PARTIAL_NS));
    });
    machine.events.subscribe((event) => {
      this.event(event);
      if (!quiet.armed && this.lines.pending) quiet.armIn(machine.scheduler.cyclesFromNs(PARTIAL_NS));
    });
    machine.diagnostics.onFirst = (diagnostic) => host.renderer.diagnostic(diagnostic);
    this.terminal.onOutput = (bytes) => this.programOutput(this.decoder.decode(bytes, { stream: true }));
    this.terminal.onInterrupt = () => this.interrupt();
  }

  /** A line from whoever types. */
  type(line: string): void {
    this.typed.push(line);
    this.lineWait.wakeAll();
  }

  /** Keys while no line is asked for: U-Boot's, before Linux has its terminal. */
  keys(bytes: Uint8Array): void {
    if (this.inBootLoader) this.machine.send(UBOOT_CONSOLE, bytes);
    else this.terminal.keys(bytes);
  }

  /** Ctrl-C at a prompt: what was typed of a command is forgotten. */
  cancelLine(): void {
    if (this.shell) this.shell.status = 130;
    this.type(CANCELLED);
  }

  /** There are no more lines: Ctrl-D. */
  endOfInput(): void {
    this.inputOver = true;
    this.lineWait.wakeAll();
  }

  /** Ctrl-C: ends what runs in the foreground. */
  interrupt(): void {
    this.shell?.interrupt();
  }

  /** Ends the session, as the user wants. */
  stop(status: number, reason = 'interrupted'): void {
    this.ending ??= { status, reason, report: [] };
  }

  /** Runs to the end; the exit status. */
  async run(): Promise<number> {
    const { machine, options } = this;
    const linux = machine.linux!;
    for (const finding of this.advice.atStart()) this.host.renderer.finding(finding);
    const release = linux.userSpace.takeOver();
    const over = this.user();
    let status: number | undefined;
    let failure: unknown;
    over.then(
      (value) => {
        status = value;
      },
      (error: unknown) => {
        failure = error;
      },
    );
    const { scheduler } = machine;
    const limit = Number.isFinite(options.timeout) ? scheduler.cyclesFromNs(options.timeout) : Number.POSITIVE_INFINITY;
    const chunk = scheduler.cyclesFromNs(CHUNK_NS);
    try {
      while (status === undefined && failure === undefined && !this.ending) {
        await linux.userSpace.settled();
        if (status !== undefined || failure !== undefined || this.ending) break;
        const end = Math.min(limit, scheduler.now + chunk);
        await this.stopped(machine.run(end), end);
        if (scheduler.now >= limit) this.ending ??= this.timedOut();
        await this.host.pause(scheduler.seconds);
      }
    } finally {
      // Jobs in the background get no further.
      if (this.land) this.land.closed = true;
      this.terminal.onOutput = () => {};
      linux.userSpace.ended({ kind: this.ending?.reason ?? 'exit' });
      release();
    }
    if (failure !== undefined) throw failure;
    return this.finish(this.ending ?? { status: status!, reason: 'exit', report: [] });
  }

  /** What the prompt is before a line. */
  get promptText(): string {
    const home = '/root';
    const cwd = this.shell?.process.cwd ?? home;
    const shown = cwd === home ? '~' : cwd.startsWith(`${home}/`) ? `~${cwd.slice(home.length)}` : cwd;
    return `root@${this.options.hostName}:${shown}# `;
  }

  /** Logs in and executes lines until the shell ends; its status. */
  private async user(): Promise<number> {
    const { machine, options } = this;
    const linux = machine.linux!;
    const flow = linux.userSpace.enter('login');
    this.land = await createUserLand({
      linux,
      hostName: options.hostName,
      requestStop: () => machine.requestStop(),
      powerOff: (reboot) => this.stop(EXIT.OK, reboot ? 'reboot' : 'poweroff'),
    });
    const bootEnded = (): boolean => this.bootEnded();
    await flow.call(
      'boot',
      (function* () {
        while (!linux.booted && !bootEnded()) yield { timeoutNs: BOOT_LOOK_NS };
        yield { timeoutNs: LOGIN_NS };
      })(),
      { timeoutNs: Number.POSITIVE_INFINITY },
    );
    const { quiet = false } = options;
    const stdout = quiet ? this.plain((text) => this.programOutput(text)) : this.terminal.open();
    const stderr = quiet ? this.plain((text) => this.host.error(text)) : this.terminal.open();
    const stdin = options.interactive ? this.terminal.open() : quiet ? nullFile() : this.terminal.open();
    if (!options.interactive) this.terminal.end();
    const starting = startShell(this.land, { stdin, stdout, stderr }, { name: quiet ? 'bash' : '-bash', interactive: !quiet });
    // The shell's own flow goes on from here.
    flow.leave();
    const shell = await starting;
    this.shell = shell;
    shell.history = this.history;
    const lines = this.commandLines(shell);
    const status = await shell.run(quiet ? this.wholeScript(this.land) : () => nextCommand(shell, lines));
    await endShell(shell);
    return status;
  }

  private plain(take: (text: string) => void) {
    const decoder = new TextDecoder();
    const file = nullFile();
    file.ops = {
      *write(_file, data) {
        take(decoder.decode(data, { stream: true }));
        return data.length;
      },
    };
    return file;
  }

  private wholeScript(land: UserLand): () => Promise<readonly Statement[] | undefined> {
    let given = false;
    let wrong: string | undefined;
    return async () => {
      if (wrong !== undefined) {
        this.host.error(wrong);
        this.ending = { status: EXIT.USAGE, reason: 'syntax error', report: [] };
      }
      if (given) return undefined;
      given = true;
      const parsed = land.parse(this.options.script ?? '');
      if (parsed.kind === 'ok') return parsed.statements;
      const lines = (this.options.script ?? '').split('\n');
      const line = parsed.kind === 'error' ? parsed.line : lines.length;
      wrong = `bash: -c: line ${line}: ${parsed.message}\n`;
      // As bash does, the commands before it are executed.
      for (let count = Math.min(line, lines.length) - 1; count > 0; count--) {
        const before = land.parse(lines.slice(0, count).join('\n'));
        if (before.kind === 'ok') return before.statements;
      }
      return [];
    };
  }

  /** Where commands come from. */
  private commandLines(shell: Shell): CommandLines {
    return {
      prompt: () => this.promptText,
      report: (text) => this.programOutput(text),
      ask: (prompt) => this.readLine(shell, prompt),
      remember: (text) => void this.history.push(text),
      ended: () => {
        if (this.options.interactive) this.programOutput('exit\n');
      },
    };
  }

  private async readLine(shell: Shell, prompt: string): Promise<string | undefined> {
    if (this.options.interactive) {
      const ready = this.typed[0];
      // Lines that were pasted: the editor has them already.
      if (ready !== undefined && ready !== CANCELLED) this.programOutput(`${prompt}${ready}\n`);
      else if (ready === undefined) this.host.prompt?.(prompt, this.terminal.take());
      await shell.call('readline', this.awaitLine());
      return this.typed.shift();
    }
    const lines = this.scriptLines;
    // Comments and empty lines between commands are for the script's readers; within one, in a here-document, they are its own.
    if (prompt !== CONTINUATION) while (lines.length > 0 && /^\s*(?:#.*)?$/.test(lines[0]!)) lines.shift();
    const line = lines.shift();
    if (line === undefined) return undefined;
    if (prompt !== CONTINUATION) await shell.call('readline', this.awaitQuiet());
    this.programOutput(`${prompt}${line}\n`);
    return line;
  }

  /** Somebody who types reads what comes before the next line: so does a script, for a while. */
  private *awaitQuiet() {
    const { scheduler } = this.machine;
    const quiet = scheduler.cyclesFromNs(QUIET_NS);
    const end = scheduler.now + scheduler.cyclesFromNs(PATIENCE_NS);
    for (;;) {
      const left = Math.min(this.lastOutput + quiet, end) - scheduler.now;
      if (left <= 0) return;
      yield { timeoutNs: scheduler.nsFromCycles(left) };
    }
  }

  private *awaitLine() {
    while (this.typed.length === 0 && !this.inputOver) yield { queue: this.lineWait };
  }

  private programOutput(text: string): void {
    if (text === '') return;
    this.lastOutput = this.machine.scheduler.now;
    this.host.output(text);
    if (!this.options.until) return;
    const lines = (this.shown + text).split('\n');
    this.shown = lines.pop()!;
    const { scheduler } = this.machine;
    for (const line of lines) this.match({ source: 'shell', cycle: scheduler.now, seconds: scheduler.seconds, text: line, complete: true });
  }

  private get inBootLoader(): boolean {
    const { uboot } = this.machine;
    return uboot !== undefined && uboot.state !== 'left';
  }

  /** A byte of U-Boot's: a terminal gets carriage returns, too. */
  private bootOutput(byte: number): void {
    if (byte !== 0x0d || this.options.interactive) this.host.output(String.fromCharCode(byte));
  }

  /** U-Boot has nobody who could answer its prompt. */
  private bootEnded(): boolean {
    const { waitingFor = [] } = this.machine.uboot ?? {};
    if (this.options.interactive || waitingFor.length === 0) return false;
    this.ending ??= { status: EXIT.TIMEOUT, reason: 'uboot', report: waitingFor };
    return true;
  }

  private event(event: MachineEvent): void {
    if (this.ending?.reason === 'until') return;
    // The serial console is U-Boot's until Linux has it.
    if (event.type === 'console' && event.device === UBOOT_CONSOLE && !this.options.quiet) this.bootOutput(event.byte);
    if (event.type === 'console' || event.type === 'dmesg') this.lastOutput = event.cycle;
    if (event.type === 'core' && event.state === 'crashed') {
      this.crash = event.detail;
      this.machine.requestStop();
    }
    this.statistics.add(event);
    this.trace?.add(event);
    this.host.renderer.event(event, event.cycle / this.machine.scheduler.hz);
    this.lines.add(event);
  }

  private line(line: OutputLine): void {
    const { source, text, level = 0, seconds, complete } = line;
    if (!complete) return;
    if (source === UBOOT_CONSOLE) this.match(line);
    if (source === UBOOT_CONSOLE) return;
    if (source !== 'linux') this.host.line(`[${source}] ${text}`);
    else if (!this.options.quiet && level < (this.land?.console.loglevel ?? 7) && this.shell)
      this.host.line(`${dmesgTimestamp(seconds)}${text}`);
    if (source === 'linux') for (const finding of this.advice.line(text)) this.host.renderer.finding(finding);
    this.match(line);
  }

  private match(line: OutputLine): void {
    const { until } = this.options;
    if (!until || this.ending || !matches(until, line)) return;
    this.ending = { status: EXIT.OK, reason: 'until', report: [] };
    this.machine.requestStop();
  }

  /** What the machine's stop means for the session: most do not end it, as Linux lives on. */
  private async stopped(stop: StopReason, end: number): Promise<void> {
    const { machine, host } = this;
    switch (stop.kind) {
      case 'limit':
      case 'requested':
        return this.stuck();
      case 'deadlock':
        // Somebody may type; a script has nobody to wait for.
        if (this.options.interactive) machine.scheduler.advanceTo(end);
        else this.ending ??= { status: EXIT.TIMEOUT, reason: 'deadlock', report: this.waits('nothing can happen any more') };
        return;
      case 'crashed':
        host.renderer.report(
          [`${stop.core} failed: ${stop.reason}`, ...stop.report, ...(await codeAt(machine, machine.core.pc, host.disassemble))],
          [],
        );
        return;
      case 'exit':
        this.ending ??= { status: stop.status & 0xff, reason: 'exit', report: [] };
        return;
      case 'system-reset':
        this.ending ??= { status: EXIT.FIRMWARE, reason: 'system-reset', report: [`${stop.block} reset the SoC: ${stop.cause}`] };
        return;
      case 'host-memory':
        this.ending ??= { status: EXIT.USAGE, reason: 'host-memory', report: [stop.text, `remedy: ${stop.remedy}`] };
        return;
      case 'difference':
        this.ending ??= { status: EXIT.DIFFERENCE, reason: 'difference', report: [...stop.report, `remedy: ${stop.remedy}`] };
    }
  }

  /** What a core that crashed since the last look failed with. */
  private crash: string | undefined;
  private readonly reported = new Set<string>();

  /** Says of each failure of the core once why; a core that Linux starts again may fail in the same way any number of times. */
  private stuck(): void {
    const { core } = this.machine;
    const detail = this.crash ?? (core.stuckLoop()?.inFault ? 'took a fault and its handler loops' : undefined);
    this.crash = undefined;
    if (detail === undefined) return;
    const report = core.faults().length > 0 ? core.faultReport() : [];
    const failure = [detail, ...report].join('\n').replaceAll(/ in cycle \d+/g, '');
    if (this.reported.has(failure)) return;
    this.reported.add(failure);
    this.host.renderer.report([`${core.name} failed: ${detail}`, ...report], []);
  }

  private timedOut(): Ending {
    return {
      status: EXIT.TIMEOUT,
      reason: 'timeout',
      report: this.waits(`timed out after ${this.machine.scheduler.seconds} s of virtual time`),
    };
  }

  private waits(text: string): string[] {
    const { machine, options } = this;
    const running = this.shell?.execution.running ?? [];
    return [
      `${text} at ${machine.scheduler.seconds.toFixed(6)} s${options.until ? `; ${conditionText(options.until)}` : ''}`,
      ...running.map((name) => `the shell waits for ${name}`),
      ...machine.linux!.waitingFor(),
      ...findings(machine),
    ];
  }

  private finish({ status, reason, report }: Ending): number {
    const { machine, options } = this;
    const { renderer } = this.host;
    this.lines.flushQuiet(Number.POSITIVE_INFINITY);
    if (report.length > 0) renderer.report(report, []);
    const trace = this.trace ? { trace: this.trace.digest() } : {};
    const stats = options.stats ? { stats: this.statistics.figures(machine) } : {};
    const lines = [...(options.stats ? this.statistics.lines(machine) : []), ...(trace.trace ? [`trace ${trace.trace}`] : [])];
    renderer.finish({ reason, status, cycle: machine.scheduler.now, time: machine.scheduler.seconds, ...stats, ...trace }, lines);
    return status;
  }
}
