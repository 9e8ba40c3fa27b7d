/**
 * U-Boot on the A core before Linux: banner, autoboot, a shell on the console `uboot`, commands on the machine's memory, the hand-over.
 *
 * For those who drive it: `type(bytes)` is the keyboard of its console (echo, editing, prompt and output come as console events of `uboot`);
 * `execute(line)` runs a line without typing it, as KernelCode<number> that gives its result; `complete(words)` is its Tab. `state` tells
 * whether it reads keys (`prompt`), works (`busy`), or has handed over or been reset (`left`). Not modelled: SPL, networks, USB, images.
 */

import type { DeviceTree } from '../devicetree/tree.ts';
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import { sleep, WaitQueue, waitEvent } from '../linux/kernel.ts';
import type { CoreControl } from '../remoteproc/imx-rproc.ts';
import type { UBootBoard } from './board-description.ts';
import { type Command, findCommand, type Invocation, SUCCESS, USAGE, usageText } from './command.ts';
import { COMMANDS } from './commands/index.ts';
import { Environment } from './environment.ts';
import { FdtMemory } from './fdt-memory.ts';
import { Hush } from './hush.ts';
import { type KeyResult, LineEditor } from './line-editor.ts';
import type { MmcSlot } from './media.ts';
import { DataAbort, PhysicalMemory } from './memory-access.ts';
import { TIMING } from './timing.ts';

/** Console on which U-Boot talks. */
export const UBOOT_CONSOLE = 'uboot';

/** What a `UBoot` is made of. */
export interface UBootOptions {
  /** Tasks, clock, memory and events of the A core. */
  readonly kernel: Kernel;
  readonly board: UBootBoard;
  readonly slots: readonly MmcSlot[];
  readonly control: Pick<CoreControl, 'startCore' | 'coreStarted'>;
  /** Lines that are typed at its prompts, from the first on; autoboot is stopped for them. */
  readonly script?: readonly string[];
  /** Starts Linux with the tree that was prepared. */
  readonly handOver: (tree: DeviceTree) => void;
  /** The whole SoC is reset. */
  readonly reset: (cause: string) => void;
  /** Hears, in plain words, what a board would not survive or what is not modelled. */
  readonly onFinding?: (text: string) => void;
}

/** What it does: reads a line, works, or is gone. */
export type UBootState = 'busy' | 'prompt' | 'left';

/** One boot loader. */
export class UBoot {
  readonly board: UBootBoard;
  readonly options: UBootOptions;
  readonly kernel: Kernel;
  readonly environment: Environment;
  readonly memory: PhysicalMemory;
  readonly fdt: FdtMemory;
  readonly hush: Hush;
  readonly slots: readonly MmcSlot[];
  /** `base`: added to every address of md, mw, cp and their like. */
  baseAddress = 0;
  /** `mmc dev`; U-Boot begins with the first. */
  mmcDevice: number;
  /** Cards that were looked at, whose kind `mmc list` knows. */
  readonly knownCards = new Set<number>();
  /** Caches that a user has switched off, by name. */
  readonly cachesOff = new Set<string>();
  /** Where `md` stopped. */
  display = { address: 0, size: 4, length: 0x40 };
  private readonly keys: number[] = [];
  private readonly keyboard = new WaitQueue('a key at U-Boot');
  private readonly script: string[];
  private readonly editor: LineEditor;
  private currentState: UBootState = 'busy';
  /** Autoboot waits for a key. */
  private counting = false;
  private stopped = false;
  private debt = 0;
  /** Running inside of `boot`; a second one would be a circle. */
  private booting = false;
  private last: { readonly line: string; repeatable: boolean } = { line: '', repeatable: false };
  private repeating = false;
  private prompt: string;

  constructor(options: UBootOptions) {
    const { board, kernel } = options;
    this.options = options;
    this.board = board;
    this.kernel = kernel;
    this.prompt = board.prompt;
    this.slots = options.slots;
    this.mmcDevice = board.environmentDevice;
    this.knownCards.add(board.environmentDevice);
    this.environment = new Environment(board.environment, board.environmentOverwrite);
    this.memory = new PhysicalMemory(kernel.memory);
    this.fdt = new FdtMemory(this.memory, this.environment);
    this.script = [...(options.script ?? [])];
    const uboot = this;
    this.hush = new Hush({
      lookup: (name) => this.environment.get(name),
      command: (words) => this.command(words),
      print: (text) => this.print(text),
      get interrupted() {
        return uboot.interrupted;
      },
      spend: (characters) => this.spend(characters * TIMING.parse),
    });
    this.editor = new LineEditor({
      echo: (text) => this.emit(text),
      complete: (words) => this.complete(words),
      get prompt() {
        return uboot.prompt;
      },
    });
    kernel.spawn('u-boot', this.main(), TIMING.powerOn);
  }

  /** Whether it reads keys, works, or has handed over or been reset. */
  get state(): UBootState {
    return this.currentState;
  }

  /** True once Ctrl-C was typed at a working command, or U-Boot has gone. */
  get interrupted(): boolean {
    return this.stopped || this.currentState === 'left';
  }

  /** What it waits for, in plain words; empty when it works or has gone. */
  get waitingFor(): string[] {
    if (this.currentState !== 'prompt' || this.counting) return [];
    return [`U-Boot waits for a command at its prompt (${this.prompt.trim()}); Linux has not been booted`];
  }

  /** Keys for the console. */
  type(bytes: Uint8Array): void {
    if (this.currentState === 'left') return;
    if (this.currentState === 'busy' && bytes.includes(3)) {
      this.stopped = true;
      this.keys.length = 0;
    } else this.keys.push(...bytes);
    this.keyboard.wakeAll();
  }

  /** Runs a line as if it had been typed: 0 or 1. Gives 1 at once when U-Boot has gone. */
  *execute(line: string): KernelCode<number> {
    if (this.currentState === 'left') return 1;
    this.stopped = false;
    const code = yield* this.hush.run(line);
    yield* this.settle();
    return code;
  }

  /** What could stand in place of the last of `words`: commands, variables, what a command knows. */
  complete(words: readonly string[]): readonly string[] {
    const last = words.at(-1) ?? '';
    if (words.length <= 1) return this.commands.map(({ name }) => name).filter((name) => name.startsWith(last));
    const variable = /^(.*\$\{?)(\w*)$/.exec(last);
    if (variable) return this.environment.names.filter((name) => name.startsWith(variable[2]!)).map((name) => variable[1]! + name);
    const found = findCommand(words[0]!, this.commands)?.complete?.(this, words) ?? [];
    return found.filter((word) => word.startsWith(last));
  }

  /** The commands of this board. */
  get commands(): readonly Command[] {
    return COMMANDS.filter(({ name }) => !this.board.without.includes(name));
  }

  /** Writes to the console; the time that it takes is charged by the next `settle`. */
  print(text: string): void {
    if (this.currentState !== 'left') this.emit(text.replaceAll('\n', '\r\n'));
  }

  /** Lets the time pass that was spent so far; true when the command has to end. */
  *settle(): KernelCode<boolean> {
    const { debt } = this;
    this.debt = 0;
    if (debt > 0) yield* sleep(debt);
    return this.interrupted;
  }

  /** Charges time. */
  *spend(ns: number): KernelCode {
    this.debt += ns;
    if (this.debt > TIMING.command) yield* this.settle();
  }

  /** Says that something would not be well on a board, or is not modelled. */
  finding(text: string): void {
    this.options.onFinding?.(text);
  }

  /** `cli_readline`: undefined for Ctrl-C. */
  *readLine(prompt: string, initial = ''): KernelCode<string | undefined> {
    this.prompt = prompt;
    this.print(prompt);
    yield* this.settle();
    const typed = this.script.shift();
    if (typed !== undefined) {
      this.print(`${typed}\n`);
      yield* this.settle();
      return typed;
    }
    this.editor.start(initial);
    this.currentState = 'prompt';
    for (;;) {
      yield* waitEvent(this.keyboard, () => this.keys.length > 0);
      yield* sleep(TIMING.key);
      const key = this.keys.shift();
      if (key === undefined) continue;
      const result: KeyResult = this.editor.key(key);
      if (result.kind === 'more') continue;
      this.currentState = 'busy';
      this.debt = 0;
      if (result.kind === 'line') return result.text;
      this.print('<INTERRUPT>\n');
      return undefined;
    }
  }

  /** `bootd`, `boot`: runs bootcmd. */
  *boot(): KernelCode<number> {
    if (this.booting) {
      this.print("'bootd' recursion detected\n");
      return 1;
    }
    this.booting = true;
    const code = yield* this.hush.run(this.environment.get('bootcmd') ?? '');
    this.booting = false;
    return code;
  }

  /** Linux takes over; nothing of U-Boot runs any more. */
  *leave(tree: DeviceTree): KernelCode {
    yield* this.settle();
    yield* sleep(TIMING.handOver);
    this.currentState = 'left';
    this.options.handOver(tree);
  }

  /** `do_reset`. */
  reset(cause: string): void {
    this.print('resetting ...\n');
    this.currentState = 'left';
    this.options.reset(cause);
  }

  private emit(text: string): void {
    const { events, scheduler } = this.kernel;
    for (let at = 0; at < text.length; at++) {
      events.emit({ type: 'console', cycle: scheduler.now, device: UBOOT_CONSOLE, byte: text.charCodeAt(at) & 0xff });
    }
    this.debt += text.length * TIMING.character;
  }

  private *main(): KernelCode {
    const { board } = this;
    this.print(`\n\nU-Boot ${board.version} (${board.date})\n\n`);
    for (const line of board.banner) {
      this.print(`${line}\n`);
      yield* this.settle();
    }
    for (const line of board.afterNet) this.print(`${line}\n`);
    const preboot = this.environment.get('preboot');
    if (preboot) yield* this.hush.run(preboot);
    if (!(yield* this.keyStopsAutoboot())) yield* this.boot();
    while (this.currentState !== 'left') yield* this.promptOnce();
  }

  /** `abortboot_single_key`. */
  private *keyStopsAutoboot(): KernelCode<boolean> {
    const text = (left: number): string => `${String(left).padStart(2)} `;
    const bootDelay = Number.parseInt(this.environment.get('bootdelay') ?? '0', 10);
    if (!(bootDelay >= 0)) return bootDelay < 0;
    this.print(`Hit any key to stop autoboot: ${text(bootDelay)}`);
    yield* this.settle();
    let stopped = this.script.length > 0 || this.takeKey();
    if (stopped) this.print('\b\b\b 0');
    this.currentState = 'prompt';
    this.counting = true;
    for (let left = bootDelay; left > 0 && !stopped; ) {
      left--;
      for (let tenth = 0; tenth < 100 && !stopped; tenth++) {
        yield* sleep(10_000_000);
        stopped = this.takeKey();
      }
      if (stopped) left = 0;
      this.print(`\b\b\b${text(left)}`);
    }
    this.currentState = 'busy';
    this.counting = false;
    this.print('\n');
    yield* this.settle();
    return stopped;
  }

  private takeKey(): boolean {
    return this.keys.shift() !== undefined;
  }

  /** One prompt, with `> ` for the lines that complete a command, and what was typed. */
  private *promptOnce(): KernelCode {
    this.stopped = false;
    let line = yield* this.readLine(this.board.prompt);
    while (line !== undefined && this.hush.incomplete(line)) {
      const more = yield* this.readLine('> ');
      line = more === undefined ? undefined : `${line}\n${more}`;
    }
    if (line === undefined) return;
    this.repeating = line.trim() === '';
    if (this.repeating && !this.last.repeatable) return;
    const text = this.repeating ? this.last.line : line;
    this.last = { line: text, repeatable: true };
    yield* this.hush.run(text);
    this.repeating = false;
    yield* this.settle();
  }

  /** `cmd_process`. */
  private *command(words: readonly string[]): KernelCode<number> {
    yield* this.spend(TIMING.command);
    const command = findCommand(words[0]!, this.commands);
    if (!command) {
      this.print(`Unknown command '${words[0]}' - try 'help'\n`);
      this.last.repeatable = false;
      return 1;
    }
    if (!command.repeatable) this.last.repeatable = false;
    let code: number = USAGE;
    if (words.length <= command.maxArgs) code = yield* this.invoke(command, { argv: words, repeated: this.repeating });
    if (code === USAGE) {
      this.print(usageText(command));
      code = 1;
    }
    yield* this.settle();
    return code;
  }

  private *invoke(command: Command, invocation: Invocation): KernelCode<number> {
    try {
      const result = command.run(this, invocation);
      return typeof result === 'number' ? result : yield* result;
    } catch (error) {
      if (!(error instanceof DataAbort)) throw error;
      this.abort(error);
      return SUCCESS;
    }
  }

  /** The exception handler of arch/arm: it says what it knows and resets. */
  private abort({ address, write, message }: DataAbort): void {
    this.finding(`U-Boot's ${write ? 'write' : 'read'} faulted: ${message}`);
    if (this.board.bits === 32) this.print('data abort\n');
    else this.print(`"Synchronous Abort" handler, esr 0x96000${write ? '250' : '210'}, far 0x${address.toString(16)}\n`);
    this.print('Resetting CPU ...\n\n');
    this.reset(`an access of U-Boot to 0x${address.toString(16)}, where nothing answers`);
  }
}
