/** `monitor` commands: what GDB has no words for. `monitor help` lists them; docs/gdb.md has them with examples. */
import { ImxSimError } from '../../errors.ts';
import type { Course } from './course.ts';
import { LINUX_COMMANDS } from './monitor/linux.ts';
import { MACHINE_COMMANDS } from './monitor/machine.ts';
import { PERIPHERAL_COMMANDS } from './monitor/peripherals.ts';
import { TIME_COMMANDS } from './monitor/time.ts';
import type { SemihostingFiles } from './semihosting-files.ts';
import type { GdbTarget } from './target.ts';
import type { Threads } from './threads.ts';

/** What commands work on. */
export interface MonitorContext {
  readonly target: GdbTarget;
  readonly threads: Threads;
  readonly course: Course;
  readonly semihosting: SemihostingFiles;
}

/** A command. */
export interface MonitorCommand {
  /** `info irq`. */
  readonly name: string;
  /** What follows the name: `<time|cycle>`. */
  readonly operands?: string;
  /** One line. */
  readonly help: string;
  /** More, for `help <name>`. */
  readonly more?: readonly string[];
  run(context: MonitorContext, words: readonly string[], text: string): string | Promise<string>;
}

/** Longest answer, in characters. */
const LONGEST = 512 * 1024;
/** Edits between what was typed and what there is. */
const NEAR = 2;

/** All commands, in the order of their help. */
export const MONITOR_COMMANDS: readonly MonitorCommand[] = [
  { name: 'help', operands: '[command]', help: 'this list, or more about one command', run: (_, words) => help(words.join(' ')) },
  ...MACHINE_COMMANDS,
  ...TIME_COMMANDS,
  ...PERIPHERAL_COMMANDS,
  ...LINUX_COMMANDS,
];

/** Carries out commands. */
export class Monitor {
  private readonly context: MonitorContext;

  constructor(context: MonitorContext) {
    this.context = context;
  }

  /** The text that it answers with; mistakes are told in it. */
  async run(line: string): Promise<string> {
    const text = line.trim();
    if (text === '') return help('');
    const command = find(text);
    if (!command) return unknown(text);
    const rest = text.slice(command.name.length).trim();
    try {
      const answer = await command.run(this.context, rest === '' ? [] : rest.split(/\s+/), rest);
      return answer.length <= LONGEST ? answer : `${answer.slice(0, LONGEST)}\n... (${answer.length - LONGEST} characters more)`;
    } catch (error) {
      if (!(error instanceof ImxSimError)) throw error;
      return error.remedy ? `${error.message}: ${error.remedy}` : error.message;
    }
  }
}

/** The command whose name the line begins with; of `info` and `info irq` the longer one. */
function find(text: string): MonitorCommand | undefined {
  const fits = MONITOR_COMMANDS.filter(({ name }) => text === name || text.startsWith(`${name} `));
  return fits.sort((a, b) => b.name.length - a.name.length)[0];
}

function help(name: string): string {
  if (name === '') {
    const width = Math.max(...MONITOR_COMMANDS.map((command) => usage(command).length));
    const lines = MONITOR_COMMANDS.map((command) => `  ${usage(command).padEnd(width)}  ${command.help}`);
    return ['monitor commands of imx-sim (monitor help <command> says more):', ...lines].join('\n');
  }
  const command = MONITOR_COMMANDS.find((each) => each.name === name);
  if (!command) return unknown(name);
  return [`monitor ${usage(command)}`, `  ${command.help}`, ...(command.more ?? []).map((line) => `  ${line}`)].join('\n');
}

function usage({ name, operands }: MonitorCommand): string {
  return operands ? `${name} ${operands}` : name;
}

function unknown(text: string): string {
  const word = text.split(/\s+/, 1)[0]!.slice(0, 40);
  const near = MONITOR_COMMANDS.filter(({ name }) => name.startsWith(word) || name.split(' ').some((part) => distance(part, word) <= NEAR));
  const names = (near.length > 0 ? near : MONITOR_COMMANDS).map(({ name }) => name).join(', ');
  return near.length > 0 ? `no command '${word}'; did you mean ${names}?` : `no command '${word}'; there are ${names}`;
}

/** Edits that make one word of another. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}
