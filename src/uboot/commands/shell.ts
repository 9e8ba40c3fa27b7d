/**
 * Commands of the shell itself: echo, help, version, test, itest, true, false, exit, sleep, run, setexpr
 * (cmd/{echo,help,version,test,itest,exit,sleep,setexpr}.c).
 *
 * Not modelled: regular expressions and formats of setexpr.
 */
import { type KernelCode, sleep } from '../../linux/kernel.ts';
import { type Command, dataSize, FAILURE, findCommand, type Invocation, MAX_ARGS, SUCCESS, USAGE, usageText } from '../command.ts';
import { EXIT_HUSH } from '../hush.ts';
import { decimalNumber, hexNumber, hexText, parseSigned, parseUnsigned } from '../numbers.ts';
import type { UBoot } from '../uboot.ts';
import { fileExists } from './filesystem.ts';

function echo(uboot: UBoot, { argv }: Invocation): number {
  const silent = argv[1] === '-n';
  uboot.print(argv.slice(silent ? 2 : 1).join(' ') + (silent ? '' : '\n'));
  return SUCCESS;
}

/** CONFIG_SYS_HELP_CMD_WIDTH. */
const NAME_WIDTH = 10;

function* help(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  const commands = [...uboot.commands].sort((a, b) => (a.name < b.name ? -1 : 1));
  if (argv.length === 1) {
    for (const { name, usage } of commands) {
      uboot.print(`${name.padEnd(NAME_WIDTH)}- ${usage}\n`);
      if (yield* uboot.settle()) return FAILURE;
    }
    return SUCCESS;
  }
  let code = SUCCESS;
  for (const name of argv.slice(1)) {
    const command = findCommand(name, commands);
    uboot.print(
      command ? usageText(command) : `Unknown command '${name}' - try 'help' without arguments for list of all known commands\n\n`,
    );
    code = FAILURE;
  }
  return code;
}

const completeCommand = (uboot: UBoot): readonly string[] => uboot.commands.map(({ name }) => name);
const completeVariable = (uboot: UBoot): readonly string[] => uboot.environment.names;

function version(uboot: UBoot): number {
  const { board } = uboot;
  uboot.print(`U-Boot ${board.version} (${board.date})\n\n${board.compiler.map((line) => `${line}\n`).join('')}`);
  return SUCCESS;
}

type Comparison = (a: string, b: string) => boolean;
const TEXT: Readonly<Record<string, Comparison>> = {
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
};
const NUMBER: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  '-eq': (a, b) => a === b,
  '-ne': (a, b) => a !== b,
  '-lt': (a, b) => a < b,
  '-le': (a, b) => a <= b,
  '-gt': (a, b) => a > b,
  '-ge': (a, b) => a >= b,
};

/** One test at the beginning of `words`: whether it holds, and how many words it takes. */
function simpleTest(uboot: UBoot, words: readonly string[]): { holds: boolean; taken: number } | undefined {
  const [first = '', second = '', third = ''] = words;
  if (words.length >= 3 && TEXT[second]) return { holds: TEXT[second](first, third), taken: 3 };
  if (words.length >= 3 && NUMBER[second]) return { holds: NUMBER[second](parseSigned(first), parseSigned(third)), taken: 3 };
  if (first === '-z' && words.length >= 2) return { holds: second === '', taken: 2 };
  if (first === '-n' && words.length >= 2) return { holds: second !== '', taken: 2 };
  if (first === '-e' && words.length >= 4) return { holds: fileExists(uboot, second, third, words[3]!), taken: 4 };
  return undefined;
}

/** `test`: no precedence between -a and -o; what is no test holds, as does one that is incomplete. */
function test(uboot: UBoot, { argv }: Invocation): number {
  if (argv.length < 3) return FAILURE;
  let words = argv.slice(1);
  let result = false;
  let previous = false;
  let negate = false;
  let join: string | undefined;
  while (words.length > 0) {
    const found = simpleTest(uboot, words);
    const first = words[0]!;
    if (found) {
      result = negate ? !found.holds : found.holds;
      negate = false;
      if (join === '-o') result = previous || result;
      if (join === '-a') result = previous && result;
      join = undefined;
      words = words.slice(found.taken);
      continue;
    }
    if (first === '!') negate = !negate;
    else if (first === '-o' || first === '-a') {
      previous = result;
      join = first;
    } else return SUCCESS;
    words = words.slice(1);
  }
  return result ? SUCCESS : FAILURE;
}

const ITEST: Readonly<Record<string, '-eq' | '-ne' | '-lt' | '-le' | '-gt' | '-ge'>> = {
  '-lt': '-lt',
  '<': '-lt',
  '-gt': '-gt',
  '>': '-gt',
  '-eq': '-eq',
  '==': '-eq',
  '-ne': '-ne',
  '!=': '-ne',
  '<>': '-ne',
  '-ge': '-ge',
  '>=': '-ge',
  '-le': '-le',
  '<=': '-le',
};

/** A value, or what is in memory at `*address`. @throws {DataAbort} */
function evaluate(uboot: UBoot, text: string, size: number): bigint {
  if (text.startsWith('*')) return uboot.memory.read(hexNumber(text.slice(1)), size);
  return BigInt.asUintN(8 * size, parseUnsigned(text, 16).value);
}

function itest(uboot: UBoot, { argv }: Invocation): number {
  if (argv.length !== 4) return USAGE;
  const [name, left, operator, right] = argv as [string, string, string, string];
  const size = dataSize(name, 4);
  if (size === undefined || (size === 8 && uboot.board.bits === 32)) {
    uboot.print('Invalid data width specifier\n');
    return FAILURE;
  }
  const meaning = ITEST[operator];
  if (!meaning) {
    uboot.print(`Unknown operator '${operator}'\n`);
    return FAILURE;
  }
  let order: bigint;
  if (size === 's') {
    const text = (value: string): string => (value.startsWith('*') ? uboot.memory.text(hexNumber(value.slice(1)), 0x1_0000) : value);
    const [a, b] = [text(left), text(right)];
    order = a < b ? -1n : a > b ? 1n : 0n;
  } else order = BigInt.asIntN(64, evaluate(uboot, left, size)) - BigInt.asIntN(64, evaluate(uboot, right, size));
  return NUMBER[meaning]!(order, 0n) ? SUCCESS : FAILURE;
}

function* sleepSeconds(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  if (argv.length !== 2) return USAGE;
  const match = /^(\d*)(?:\.(\d*)(.)?)?/.exec(argv[1]!)!;
  // A fraction with anything but digits in it does not count.
  const fraction = match[3] === undefined ? (match[2] ?? '').slice(0, 3).padEnd(3, '0') : '0';
  const end = decimalNumber(match[1]!) * 1000 + Number(fraction);
  for (let done = 0; done < end; ) {
    const step = Math.min(100, end - done);
    yield* sleep(step * 1e6);
    done += step;
    if (uboot.interrupted) return FAILURE;
  }
  return SUCCESS;
}

function* run(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  if (argv.length < 2) return USAGE;
  for (const name of argv.slice(1)) {
    const script = uboot.environment.get(name);
    if (script === undefined) {
      uboot.print(`## Error: "${name}" not defined\n`);
      return FAILURE;
    }
    if ((yield* uboot.hush.run(script)) !== 0) return FAILURE;
  }
  return SUCCESS;
}

function exit(uboot: UBoot, { argv }: Invocation): number {
  const code = argv[1] === undefined ? 0 : decimalNumber(argv[1]);
  return uboot.board.text.exitEnds ? EXIT_HUSH - code : code;
}

type Arithmetic = (a: bigint, b: bigint) => bigint | undefined;
const OPERATORS: Readonly<Record<string, Arithmetic>> = {
  '|': (a, b) => a | b,
  '&': (a, b) => a & b,
  '+': (a, b) => a + b,
  '^': (a, b) => a ^ b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  // ARM divides by zero without a word.
  '/': (a, b) => (b === 0n ? 0n : a / b),
  '%': (a, b) => (b === 0n ? a : a % b),
};

function setexpr(uboot: UBoot, { argv }: Invocation): number {
  const { length } = argv;
  if (length < 3 || length === 4 || length > 6) return USAGE;
  const [command, name, first, operator, second] = argv as [string, string, string, string, string];
  const size = dataSize(command, 4);
  if (size === 's') return setexprText(uboot, argv);
  const word = uboot.board.bits / 8;
  // Values that are typed are as wide as an unsigned long, whatever the letter says.
  const value = (text: string): bigint => evaluate(uboot, text, text.startsWith('*') ? (size ?? word) : word);
  if (length === 3) {
    uboot.environment.assign(name, hexText(value(first)));
    return SUCCESS;
  }
  if (first === 'gsub' || first === 'sub') {
    uboot.print('imx-sim: setexpr without regular expressions: gsub and sub are not modelled\n');
    return FAILURE;
  }
  if (length !== 5 || operator.length !== 1) return USAGE;
  const [a, b] = [value(first), value(second)];
  const result = OPERATORS[operator]?.(a, b);
  if (result === undefined) {
    uboot.print('invalid op\n');
    return FAILURE;
  }
  uboot.environment.assign(name, hexText(BigInt.asUintN(uboot.board.bits, result)));
  return SUCCESS;
}

function setexprText(uboot: UBoot, argv: readonly string[]): number {
  const [, name, first, operator, second] = argv as [string, string, string, string, string];
  const text = (value: string): string | undefined =>
    value.startsWith('*') ? uboot.memory.text(hexNumber(value.slice(1)), 0x1_0000) : undefined;
  const a = text(first);
  if (a === undefined) return FAILURE;
  if (argv.length === 3) {
    uboot.environment.assign(name, a);
    return SUCCESS;
  }
  if (argv.length !== 5 || operator.length !== 1) return USAGE;
  const b = text(second);
  if (b === undefined) return FAILURE;
  if (operator !== '+') {
    uboot.print('invalid op\n');
    return FAILURE;
  }
  uboot.environment.assign(name, a + b);
  return SUCCESS;
}

const HELP_TEXT = "\n\t- print brief description of all commands\nhelp command ...\n\t- print detailed usage of 'command'";

/** The commands. */
export const SHELL_COMMANDS: readonly Command[] = [
  { name: '?', usage: "alias for 'help'", help: '', maxArgs: MAX_ARGS, repeatable: true, run: help, complete: completeCommand },
  {
    name: 'echo',
    usage: 'echo args to console',
    help: '[-n] [args..]\n    - echo args to console; -n suppresses newline',
    maxArgs: MAX_ARGS,
    repeatable: true,
    run: echo,
  },
  {
    name: 'exit',
    usage: 'exit script',
    help: '',
    maxArgs: 2,
    repeatable: true,
    run: exit,
  },
  { name: 'false', usage: 'do nothing, unsuccessfully', maxArgs: MAX_ARGS, repeatable: true, run: () => FAILURE },
  {
    name: 'help',
    usage: 'print command description/usage',
    help: HELP_TEXT,
    maxArgs: MAX_ARGS,
    repeatable: true,
    run: help,
    complete: completeCommand,
  },
  {
    name: 'itest',
    usage: 'return true/false on integer compare',
    help: '[.b, .w, .l, .q, .s] [*]value1 <op> [*]value2',
    maxArgs: 4,
    run: itest,
  },
  {
    name: 'run',
    usage: 'run commands in an environment variable',
    help: "var [...]\n    - run the commands in the environment variable(s) 'var'",
    maxArgs: MAX_ARGS,
    repeatable: true,
    run,
    complete: completeVariable,
  },
  {
    name: 'setexpr',
    usage: 'set environment variable as the result of eval expression',
    help: "[.b, .w, .l, .s] name [*]value1 <op> [*]value2\n    - set environment variable 'name' to the result of the evaluated\n      expression specified by <op>.  <op> can be &, |, ^, +, -, *, /, %\n      (for strings only + is supported)\n      size argument is only meaningful if value1 and/or value2 are\n      memory addresses (*)\nsetexpr[.b, .w, .l] name [*]value\n    - load a value into a variable",
    maxArgs: 8,
    run: setexpr,
  },
  {
    name: 'sleep',
    usage: 'delay execution for some time',
    help: 'N\n    - delay execution for N seconds (N is _decimal_ and can be\n      fractional)',
    maxArgs: 2,
    repeatable: true,
    run: sleepSeconds,
  },
  { name: 'test', usage: 'minimal test like /bin/sh', help: '[args..]', maxArgs: MAX_ARGS, repeatable: true, run: test },
  { name: 'true', usage: 'do nothing, successfully', maxArgs: MAX_ARGS, repeatable: true, run: () => SUCCESS },
  { name: 'version', usage: 'print monitor, compiler and linker version', help: '', maxArgs: 1, repeatable: true, run: version },
];
