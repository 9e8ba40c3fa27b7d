/**
 * A root shell on the Linux of a run, beside everything else that happens there: somebody's terminal, as one that came by ssh. Its keys are inputs of the
 * run (run-inputs.ts), so recordings and ways back have it, too; opened with the first key.
 *
 * Kernel messages are not shown on it. Not modelled: several of them, job control with Ctrl-Z.
 */
import { MachineEnded } from '../errors.ts';
import { WaitQueue } from '../linux/kernel.ts';
import type { Linux } from '../linux/linux.ts';
import type { Machine } from '../machine.ts';
import type { complete } from '../shell/complete.ts';
import type { Shell } from '../shell/shell.ts';
import { Terminal } from '../shell/terminal.ts';
import type { UserLand } from '../shell/user-land.ts';
import { LineEdit } from './line-edit.ts';
import { CANCELLED, type CommandLines, nextCommand } from './shell-commands.ts';

/** Name of its console. */
export const SHELL = 'shell';

const CTRL_Z = 26;
/** Virtual time between two looks at whether the boot loader has started Linux, in ns. */
const BOOT_LOOK_NS = 1e6;
/** Lines that are remembered. */
const MOST_HISTORY = 1000;
/** Keys that wait for somebody to read them; more are lost, as in a tty. */
const MOST_KEYS = 65_536;
const HOME = '/root';

const encoder = new TextEncoder();
const SHELLS = new WeakMap<Machine, RunShell>();

/** The shell of a machine's Linux; there is one, which may not be open. */
export function runShell(machine: Machine): RunShell {
  const known = SHELLS.get(machine);
  if (known) return known;
  const shell = new RunShell(machine);
  SHELLS.set(machine, shell);
  return shell;
}

export class RunShell {
  /** Hears what its terminal shows. */
  onOutput: (bytes: Uint8Array) => void = () => {};
  private readonly machine: Machine;
  private login: Login | undefined;
  private size = { columns: 80, rows: 24 };
  /** Bytes that it has shown since Linux began, and those that were heard: in a past that is lived through again they come again. */
  private shown = 0;
  private heard = 0;
  private shownOn: Linux | undefined;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  /** Whether it takes keys: `idle` is not open, and opened by the first. */
  get state(): 'absent' | 'idle' | 'busy' | 'listening' {
    const { linux } = this.machine;
    if (!linux) return 'absent';
    const { login } = this;
    if (login?.linux !== linux || login.over) return 'idle';
    return login.asking ? 'listening' : 'busy';
  }

  /** Another future begins here: what is shown from now on is new. */
  forgetShown(): void {
    this.heard = this.shown;
  }

  /** Does one of its inputs; false for one that is none. */
  input(kind: string, args: readonly unknown[]): boolean {
    const [first, second] = args;
    if (kind === 'shell.keys' && first instanceof Uint8Array) this.keys(first);
    else if (kind === 'shell.resize' && isSize(first) && isSize(second)) this.resize(first, second);
    else return false;
    return true;
  }

  /** Keys from a terminal; to be called through the inputs of the run. */
  keys(bytes: Uint8Array): void {
    const { linux } = this.machine;
    if (!linux) return;
    this.machine.linuxHistory?.call('shell.keys', [bytes]);
    if (this.login && this.login.linux === linux && !this.login.over) {
      this.login.keys(bytes);
      return;
    }
    this.login?.close();
    this.login = new Login(this.machine, linux, this.size, (output) => this.show(linux, output));
    // The key that opens it is for nobody, unless it is text.
    this.login.keys(bytes.filter((byte) => byte >= 32));
  }

  /** True when that is another size than its terminal has. */
  resized(columns: number, rows: number): boolean {
    return columns !== this.size.columns || rows !== this.size.rows;
  }

  /** The terminal has another size; to be called through the inputs of the run. */
  resize(columns: number, rows: number): void {
    this.size = { columns, rows };
    if (!this.machine.linux) return;
    this.machine.linuxHistory?.call('shell.resize', [columns, rows]);
    this.login?.resize(this.size);
  }

  private show(linux: Linux, output: Uint8Array): void {
    if (this.shownOn !== linux) this.shown = 0;
    this.shownOn = linux;
    this.shown += output.length;
    const fresh = Math.min(output.length, this.shown - this.heard);
    if (fresh <= 0) return;
    this.heard = this.shown;
    this.onOutput(output.subarray(output.length - fresh));
  }
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 10_000;
}

/** A shell on one Linux, from the login to its exit. */
class Login {
  readonly linux: Linux;
  over = false;
  private readonly machine: Machine;
  private readonly terminal = new Terminal();
  private readonly editor: LineEdit;
  private readonly output: (bytes: Uint8Array) => void;
  private readonly lineWait = new WaitQueue('a command line');
  private readonly lines: string[] = [];
  private readonly history: string[] = [];
  private complete: typeof complete | undefined;
  private shell: Shell | undefined;
  private land: UserLand | undefined;
  private inputOver = false;
  private midLine = false;

  constructor(
    machine: Machine,
    linux: Linux,
    size: { readonly columns: number; readonly rows: number },
    output: (bytes: Uint8Array) => void,
  ) {
    this.machine = machine;
    this.linux = linux;
    this.output = output;
    this.resize(size);
    this.editor = new LineEdit({
      write: (text) => this.write(text),
      columns: () => this.terminal.columns,
      complete: (line) => (this.shell && this.complete?.(this.shell, line, linux.modules.available)) || [[], line],
      history: () => this.history,
      accept: (line) => this.type(line),
      cancel: () => {
        if (this.shell) this.shell.status = 130;
        this.type(CANCELLED);
      },
      end: () => {
        this.inputOver = true;
        this.lineWait.wakeAll();
      },
    });
    this.terminal.onOutput = (bytes) => this.write(bytes);
    this.terminal.onInterrupt = () => this.shell?.interrupt();
    // From here on virtual time waits for this flow, however long its parts take to be loaded.
    const flow = linux.userSpace.enter('login');
    void this.live(flow).catch((error: unknown) => {
      if (!(error instanceof MachineEnded) && !this.land?.closed) this.write(`\r\nimx-sim: the shell failed: ${String(error)}\r\n`);
      flow.leave();
      this.close();
    });
  }

  get asking(): boolean {
    return this.editor.asking;
  }

  resize({ columns, rows }: { readonly columns: number; readonly rows: number }): void {
    this.terminal.columns = columns;
    this.terminal.rows = rows;
  }

  keys(bytes: Uint8Array): void {
    const rest = this.editor.asking ? this.editor.keys(bytes) : bytes;
    if (rest.includes(CTRL_Z))
      this.write('\r\nimx-sim: nothing can be stopped and continued here; begin it with & at its end, or end it with Ctrl-C\r\n');
    const kept = rest.filter((byte) => byte !== CTRL_Z);
    if (kept.length > 0 && this.terminal.unread + kept.length <= MOST_KEYS) this.terminal.keys(kept);
  }

  /** It is over: another Linux has taken the place of its own, or it has ended. */
  close(): void {
    this.over = true;
    this.editor.asking = false;
    if (this.land) this.land.closed = true;
    this.terminal.onOutput = () => {};
  }

  private write(output: string | Uint8Array): void {
    if (this.over) return;
    const bytes = typeof output === 'string' ? encoder.encode(output) : withReturns(output);
    if (bytes.length === 0) return;
    this.midLine = bytes.at(-1) !== 10;
    this.output(bytes);
  }

  private type(line: string): void {
    this.lines.push(line);
    this.lineWait.wakeAll();
  }

  private async live(flow: ReturnType<Linux['userSpace']['enter']>): Promise<void> {
    const { linux, machine, terminal } = this;
    const [{ createUserLand, endShell, startShell }, completion] = await Promise.all([
      import('../shell/create.ts'),
      import('../shell/complete.ts'),
    ]);
    this.complete = completion.complete;
    const land = await createUserLand({
      linux,
      hostName: this.hostName,
      requestStop: () => machine.requestStop(),
      powerOff: () => this.write('\r\nimx-sim: the run is ended from outside\r\n'),
    });
    this.land = land;
    await flow.call('boot', awaitBoot(linux), { timeoutNs: Number.POSITIVE_INFINITY });
    const starting = startShell(
      land,
      { stdin: terminal.open(), stdout: terminal.open(), stderr: terminal.open() },
      { name: '-bash', interactive: true },
    );
    // The shell's own flow goes on from here.
    flow.leave();
    const shell = await starting;
    this.shell = shell;
    shell.history = this.history;
    const lines = this.commandLines(shell);
    await shell.run(() => nextCommand(shell, lines));
    await endShell(shell);
    this.write('the shell has ended; a key opens another\r\n');
    this.close();
  }

  private get hostName(): string {
    const { soc, board } = this.machine;
    return `${soc.name}-${board!.name}`;
  }

  private get prompt(): string {
    const cwd = this.shell?.process.cwd ?? HOME;
    const shown = cwd === HOME ? '~' : cwd.startsWith(`${HOME}/`) ? `~${cwd.slice(HOME.length)}` : cwd;
    return `root@${this.hostName}:${shown}# `;
  }

  /** Where commands come from. */
  private commandLines(shell: Shell): CommandLines {
    return {
      prompt: () => this.prompt,
      report: (text) => this.write(encoder.encode(text)),
      ask: (prompt) => this.nextLine(shell, prompt),
      remember: (text) => this.remember(text),
      ended: () => this.write('exit\r\n'),
    };
  }

  private remember(text: string): void {
    if (this.history.at(-1) !== text) this.history.push(text);
    if (this.history.length > MOST_HISTORY) this.history.shift();
  }

  private async nextLine(shell: Shell, prompt: string): Promise<string | undefined> {
    const typed = this.terminal.take();
    if (this.midLine) this.write('\r\n');
    this.editor.ask(prompt);
    if (typed.length > 0) this.keys(typed);
    await shell.call('readline', this.awaitLine());
    return this.lines.shift();
  }

  private *awaitLine() {
    while (this.lines.length === 0 && !this.inputOver) yield { queue: this.lineWait };
  }
}

function* awaitBoot(linux: Linux) {
  while (!linux.booted) yield { timeoutNs: BOOT_LOOK_NS };
}

/** What a terminal's driver makes of ends of lines (ONLCR). */
function withReturns(bytes: Uint8Array): Uint8Array {
  const ends = bytes.reduce((count, byte) => count + Number(byte === 10), 0);
  if (ends === 0) return bytes;
  const out = new Uint8Array(bytes.length + ends);
  let at = 0;
  for (const byte of bytes) {
    if (byte === 10) out[at++] = 13;
    out[at++] = byte;
  }
  return out;
}
