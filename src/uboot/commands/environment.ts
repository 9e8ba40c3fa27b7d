/**
 * Commands on the environment (cmd/nvedit.c, env/mmc.c): printenv, setenv, editenv, saveenv, and env with its subcommands.
 *
 * Not modelled: import, flags, callbacks, erase, and UEFI variables.
 */
import { type KernelCode, sleep } from '../../linux/kernel.ts';
import { type Command, FAILURE, findCommand, type Invocation, MAX_ARGS, SUCCESS, USAGE } from '../command.ts';
import { decimalNumber, hexNumber } from '../numbers.ts';
import { TIMING } from '../timing.ts';
import type { UBoot } from '../uboot.ts';

const completeVariable = (uboot: UBoot): readonly string[] => uboot.environment.names;

function* print(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  const { environment } = uboot;
  const all = argv[1]?.startsWith('-a') ?? false;
  const names = argv.slice(all ? 2 : 1);
  if (names.length === 0) {
    // Names that begin with a dot are hidden unless asked for.
    const shown = environment.names.filter((name) => all || !name.startsWith('.'));
    for (const name of shown) {
      uboot.print(environment.text([name]));
      if (yield* uboot.settle()) return FAILURE;
    }
    uboot.print(`\nEnvironment size: ${environment.text(shown).length}/${uboot.board.environmentSize} bytes\n`);
    return SUCCESS;
  }
  let missing = 0;
  for (const name of names) {
    if (environment.get(name) === undefined) {
      uboot.print(`## Error: "${name}" not defined\n`);
      missing++;
    } else uboot.print(environment.text([name]));
  }
  return missing;
}

/** Leading options of `letters`: those found and the words behind them, or undefined for one that is unknown. */
function options(words: readonly string[], letters: string): { readonly found: string; readonly rest: readonly string[] } | undefined {
  let found = '';
  let at = 0;
  for (; words[at]?.startsWith('-'); at++) {
    for (const letter of words[at]!.slice(1)) {
      if (!letters.includes(letter)) return undefined;
      found += letter;
    }
  }
  return { found, rest: words.slice(at) };
}

/** `_do_env_set`. */
function assign(uboot: UBoot, name: string, values: readonly string[], force = false): number {
  if (name.includes('=')) {
    uboot.print(`## Error: illegal character '='in variable name "${name}"\n`);
    return FAILURE;
  }
  const value = values.join(' ');
  const refused = values.length === 0 ? uboot.environment.delete(name, force) : uboot.environment.set(name, value, force);
  if (refused) uboot.print(refused);
  return refused ? FAILURE : SUCCESS;
}

function set(uboot: UBoot, { argv }: Invocation): number {
  if (argv.length < 2) return USAGE;
  const parsed = options(argv.slice(1), 'f');
  if (!parsed || parsed.rest.length === 0) return USAGE;
  return assign(uboot, parsed.rest[0]!, parsed.rest.slice(1), parsed.found.includes('f'));
}

function* edit(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  const [, name] = argv;
  if (name === undefined) return USAGE;
  const text = yield* uboot.readLine('edit: ', uboot.environment.get(name) ?? '');
  if (text === undefined) return FAILURE;
  return assign(uboot, name, text === '' ? [] : [text]);
}

function* ask(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  const [, name, ...words] = argv;
  if (name === undefined) return USAGE;
  const size = /^\d+$/.test(words.at(-1) ?? '') ? decimalNumber(words.pop()!) : 2047;
  if (size <= 0) return FAILURE;
  const text = yield* uboot.readLine(words.length === 0 ? `Please enter '${name}': ` : `${words.join(' ')} `);
  return text === undefined ? FAILURE : assign(uboot, name, text === '' ? [] : [text.slice(0, size)]);
}

function* save(uboot: UBoot): KernelCode<number> {
  const { environmentDevice } = uboot.board;
  uboot.print('Saving Environment to MMC... ');
  yield* uboot.settle();
  if (!uboot.slots.some(({ number, device }) => number === environmentDevice && device)) {
    uboot.print('No MMC card found\n');
    return FAILURE;
  }
  if (uboot.environment.text().length > uboot.board.environmentSize) {
    uboot.print(`Env export buffer too small: ${uboot.board.environmentSize}, but need ${uboot.environment.text().length}\n`);
    uboot.print('## Error: Cannot export environment: errno = 12\n');
    return FAILURE;
  }
  uboot.print(`Writing to MMC(${environmentDevice})... `);
  yield* sleep(TIMING.save);
  uboot.environment.save();
  uboot.print('OK\n');
  return SUCCESS;
}

function standard(uboot: UBoot, { argv }: Invocation): number {
  const parsed = options(argv.slice(1), 'af');
  if (!parsed) return USAGE;
  const all = parsed.found.includes('a');
  if (all === parsed.rest.length > 0) return USAGE;
  if (all) {
    uboot.print('## Resetting to default environment\n');
    uboot.environment.reset();
    return SUCCESS;
  }
  for (const name of parsed.rest) {
    if (!uboot.environment.resetOne(name)) {
      uboot.print(`WARNING: '${name}' not in imported env, deleting it!\n`);
      uboot.environment.delete(name);
    }
  }
  return SUCCESS;
}

function remove(uboot: UBoot, { argv }: Invocation): number {
  const parsed = options(argv.slice(1), 'f');
  if (!parsed) return USAGE;
  let code = SUCCESS;
  for (const name of parsed.rest) {
    const known = uboot.environment.get(name) !== undefined;
    const refused = uboot.environment.delete(name, parsed.found.includes('f'));
    if (refused) uboot.print(refused);
    if (refused || !known) code = FAILURE;
  }
  return code;
}

/** `env export`: as text, or with a NUL behind each variable; sets `filesize`. */
function exportAll(uboot: UBoot, { argv }: Invocation): number {
  let at = 1;
  let size = 0;
  let formats = '';
  for (; argv[at]?.startsWith('-'); at++) {
    for (const letter of argv[at]!.slice(1)) {
      if (letter === 's') {
        if (argv[at + 1] === undefined) return USAGE;
        size = hexNumber(argv[++at]!);
        break;
      }
      if (!'bct'.includes(letter)) return USAGE;
      formats += letter;
    }
  }
  if (formats.length > 1) {
    uboot.print(`## Error: ${argv[0]}: only one of "-b", "-c" or "-t" allowed\n`);
    return FAILURE;
  }
  if (argv[at] === undefined) return USAGE;
  if (formats === 'c') {
    uboot.print('imx-sim: env export -c is not modelled; -t and -b are\n');
    return FAILURE;
  }
  const wanted = argv.slice(at + 1);
  const names = uboot.environment.names.filter((name) => wanted.length === 0 || wanted.includes(name));
  const separator = formats === 'b' ? '\0' : '\n';
  const text = `${names.map((name) => `${name}=${uboot.environment.get(name)}${separator}`).join('')}\0`;
  if (size > 0 && text.length > size) {
    uboot.print(`Env export buffer too small: ${size}, but need ${text.length}\n## Error: Cannot export environment: errno = 12\n`);
    return FAILURE;
  }
  const most = Math.min(size, 1 << 20);
  uboot.memory.put(
    hexNumber(argv[at]!),
    Uint8Array.from({ length: Math.max(text.length, most) }, (_, index) => text.charCodeAt(index) || 0),
  );
  uboot.environment.assign('filesize', Math.max(text.length, size).toString(16).toUpperCase());
  return SUCCESS;
}

function exists(uboot: UBoot, { argv }: Invocation): number {
  return argv[1] === undefined ? USAGE : uboot.environment.get(argv[1]) === undefined ? FAILURE : SUCCESS;
}

function grep(uboot: UBoot, { argv }: Invocation): number {
  const parsed = options(argv.slice(1), 'nvb');
  if (!parsed || argv.length < 2) return USAGE;
  const { environment } = uboot;
  const matches = (name: string, word: string): boolean =>
    (!parsed.found.includes('v') && name.includes(word)) || (!parsed.found.includes('n') && environment.get(name)!.includes(word));
  const names = environment.names.filter((name) => parsed.rest.some((word) => matches(name, word)));
  uboot.print(environment.text(names));
  return names.length > 0 ? SUCCESS : FAILURE;
}

function* runVariable(uboot: UBoot, { argv }: Invocation): KernelCode<number> {
  return yield* uboot.hush.run(`run ${argv.slice(1).join(' ')}`);
}

const SUBCOMMANDS = [
  { name: 'ask', run: ask },
  { name: 'default', run: standard },
  { name: 'delete', run: remove },
  { name: 'edit', run: edit },
  { name: 'exists', run: exists },
  { name: 'export', run: exportAll },
  { name: 'grep', run: grep },
  { name: 'print', run: print },
  { name: 'run', run: runVariable },
  { name: 'save', run: save },
  { name: 'set', run: set },
] as const;

function env(uboot: UBoot, { argv, repeated }: Invocation): ReturnType<Command['run']> {
  const found = argv[1] === undefined ? undefined : findCommand(argv[1], SUBCOMMANDS);
  return found ? found.run(uboot, { argv: argv.slice(1), repeated }) : USAGE;
}

const ENV_HELP = `ask name [message] [size] - ask for environment variable
env default [-f] -a - [forcibly] reset default environment
env default [-f] var [...] - [forcibly] reset variable(s) to their default values
env delete [-f] var [...] - [forcibly] delete variable(s)
env edit name - edit environment variable
env exists name - tests for existence of variable
env export [-t | -b | -c] [-s size] addr [var ...] - export environment
env grep [-n | -v | -b] string [...] - search environment
env print [-a | name ...] - print environment
env run var [...] - run commands in an environment variable
env save - save environment
env set [-f] name [arg ...]
`;

/** The commands. */
export const ENVIRONMENT_COMMANDS: readonly Command[] = [
  {
    name: 'askenv',
    usage: 'get environment variables from stdin',
    help: "name [message] [size]\n    - get environment variable 'name' from stdin (max 'size' chars)",
    maxArgs: MAX_ARGS,
    repeatable: true,
    run: ask,
  },
  {
    name: 'editenv',
    usage: 'edit environment variable',
    help: "name\n    - edit environment variable 'name'",
    maxArgs: 2,
    run: edit,
    complete: completeVariable,
  },
  { name: 'env', usage: 'environment handling commands', help: ENV_HELP, maxArgs: MAX_ARGS, repeatable: true, run: env },
  {
    name: 'printenv',
    usage: 'print environment variables',
    help: "[-a]\n    - print [all] values of all environment variables\nprintenv name ...\n    - print value of environment variable 'name'",
    maxArgs: MAX_ARGS,
    repeatable: true,
    run: print,
    complete: completeVariable,
  },
  { name: 'saveenv', usage: 'save environment variables to persistent storage', help: '', maxArgs: 1, run: save },
  {
    name: 'setenv',
    usage: 'set environment variables',
    help: "setenv [-f] name value ...\n    - [forcibly] set environment variable 'name' to 'value ...'\nsetenv [-f] name\n    - [forcibly] delete environment variable 'name'",
    maxArgs: MAX_ARGS,
    run: set,
    complete: completeVariable,
  },
];
