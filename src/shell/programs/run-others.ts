/**
 * Programs that run other programs: sudo, env, nohup, nice, timeout, watch, xargs, sh and bash.
 */
import { strerror } from '../../linux/errno.ts';
import type { KernelCode } from '../../linux/kernel.ts';
import { Process, type Program, SIGNAL } from '../../linux/process.ts';
import { dateAt } from '../clock.ts';
import { complain, finish, getopt, isTerminal, latin1, print, readAll, readFile, shellNames, usage, writeAll } from '../io.ts';
import { shareFiles } from '../redirect.ts';
import { parseSignal } from '../signals.ts';
import { hostProgram } from '../user-land.ts';
import { parseDuration } from './basic.ts';
import { cTime } from './date.ts';
import type { System } from './system.ts';

/** The program that `argv` names, or undefined. */
function find(system: System, process: Process, name: string): Program | undefined {
  const land = system.land();
  const plain = name.replace(/^\/(?:usr\/)?s?bin\//, '');
  const program = land.programs.get(plain);
  if (program) return program;
  if (land.filters.has(plain) || typeof process.stat(name) !== 'number') return shellWith(system, 'exec "$0" "$@"', [name]);
  return undefined;
}

/** `sh -c script args...`. */
function shellWith(system: System, script: string, args: readonly string[]): Program {
  return (process, argv) => runShell(system, process, { text: script, name: args[0] ?? 'sh', positional: argv.slice(1) });
}

/** A child of `process` that runs `argv`; undefined when there is no such program. */
function* start(system: System, process: Process, argv: readonly string[]): KernelCode<Process | undefined> {
  const program = find(system, process, argv[0]!);
  if (!program) return undefined;
  const child = new Process(process.kernel, { name: argv[0]!, cwd: process.cwd, env: process.env });
  shareFiles(process, child);
  shellNames.set(child, shellNames.get(process) ?? 'bash');
  child.start(program, argv);
  return child;
}

/** Waits for a child and passes signals on to it; its status. */
function* waitFor(process: Process, child: Process, timeoutNs?: number): KernelCode<number | 'timeout'> {
  const { kernel } = process;
  const deadline = timeoutNs === undefined ? undefined : kernel.now + timeoutNs;
  let passed = false;
  while (child.status === undefined) {
    const left = deadline === undefined ? undefined : deadline - kernel.now;
    if (left !== undefined && left <= 0) return 'timeout';
    const woken = yield {
      queue: child.ended,
      interruptible: !passed,
      ...(left === undefined || !Number.isFinite(left) ? {} : { timeoutNs: left }),
    };
    if (woken !== 'signal' || passed) continue;
    passed = true;
    child.kill(process.killedBy ?? SIGNAL.TERM);
  }
  return child.status;
}

function* runIn(system: System, process: Process, argv: readonly string[], own: string): KernelCode<number> {
  const child = yield* start(system, process, argv);
  if (!child)
    return yield* complain(
      process,
      own,
      `${argv[0]}: ${own === 'sudo' ? 'command not found' : 'No such file or directory'}`,
      own === 'sudo' ? 1 : 127,
    );
  const status = yield* waitFor(process, child);
  return status === 'timeout' ? 1 : status;
}

/** Everybody is root. */
function sudo(system: System): Program {
  return function* (process, argv) {
    const { flags, operands, error } = getopt(argv, 'EHSknbiu:g:s', {}, { first: true });
    if (error) return yield* complain(process, 'sudo', error);
    const words = [...operands];
    while (/^\w+=/.test(words[0] ?? '')) {
      const [name, ...value] = words.shift()!.split('=');
      process.env.set(name!, value.join('='));
    }
    if (words.length === 0)
      return flags.has('i') || flags.has('s')
        ? yield* runShell(system, process, { text: '', name: 'bash', positional: [] })
        : yield* complain(process, 'usage', 'sudo command');
    return yield* runIn(system, process, words, 'sudo');
  };
}

function env(system: System): Program {
  return function* (process, argv) {
    const { flags, operands, error } = getopt(argv, 'iu:0', { 'unset=': 'u', 'ignore-environment': 'i' }, { first: true });
    if (error) return yield* usage(process, 'env', error, 125);
    if (flags.has('i')) process.env.clear();
    if (flags.has('u')) process.env.delete(flags.get('u')!);
    const words = [...operands];
    while (/^\w+=/.test(words[0] ?? '')) {
      const [name, ...value] = words.shift()!.split('=');
      process.env.set(name!, value.join('='));
    }
    if (words.length > 0) return yield* runIn(system, process, words, 'env');
    return yield* finish(process, 'env', [...process.env].map(([name, value]) => `${name}=${value}\n`).join(''));
  };
}

const printenv: Program = function* (process, argv) {
  const names = argv.slice(1);
  if (names.length === 0) return yield* finish(process, 'printenv', [...process.env].map(([name, value]) => `${name}=${value}\n`).join(''));
  const known = names.filter((name) => process.env.has(name));
  return yield* finish(
    process,
    'printenv',
    known.map((name) => `${process.env.get(name)}\n`).join(''),
    known.length === names.length ? 0 : 1,
  );
};

/** Programs that only pass on: `nohup`, `nice`, `setsid`, `stdbuf`. */
function passing(system: System, name: string, letters: string): Program {
  return function* (process, argv) {
    const { operands, error } = getopt(argv, letters, {}, { first: true });
    if (error) return yield* usage(process, name, error, 125);
    if (operands.length === 0) return yield* usage(process, name, 'missing operand', 125);
    return yield* runIn(system, process, operands, name);
  };
}

function timeout(system: System): Program {
  return function* (process, argv) {
    const { flags, operands, error } = getopt(
      argv,
      's:k:v',
      { 'signal=': 's', 'kill-after=': 'k', 'preserve-status': 'p', foreground: 'f', verbose: 'v' },
      { first: true },
    );
    if (error) return yield* usage(process, 'timeout', error, 125);
    const [limit, ...words] = operands;
    if (limit === undefined || words.length === 0)
      return yield* usage(process, 'timeout', limit === undefined ? 'missing operand' : `missing operand after '${limit}'`, 125);
    const ns = parseDuration(limit);
    if (ns === undefined) return yield* usage(process, 'timeout', `invalid time interval '${limit}'`, 125);
    const signal = parseSignal(flags.get('s') ?? 'TERM');
    if (signal === undefined) return yield* usage(process, 'timeout', `${flags.get('s')}: invalid signal`, 125);
    const child = yield* start(system, process, words);
    if (!child) return yield* complain(process, 'timeout', `failed to run command '${words[0]}': No such file or directory`, 127);
    const status = yield* waitFor(process, child, ns === 0 ? undefined : ns);
    if (status !== 'timeout') return status;
    if (flags.has('v')) yield* complain(process, 'timeout', `sending signal ${flags.get('s') ?? 'TERM'} to command '${words[0]}'`);
    child.kill(signal);
    const after = yield* waitFor(process, child);
    return flags.has('p') && after !== 'timeout' ? after : signal === SIGNAL.KILL ? 137 : 124;
  };
}

function watch(system: System): Program {
  return function* (process, argv) {
    const { flags, operands, error } = getopt(argv, 'n:tdegcx', { 'interval=': 'n', 'no-title': 't' }, { first: true });
    if (error) return yield* usage(process, 'watch', error);
    if (operands.length === 0) return yield* usage(process, 'watch', 'missing command');
    const interval = parseDuration(flags.get('n') ?? '2');
    if (interval === undefined) return yield* complain(process, 'watch', `failed to parse argument: '${flags.get('n')}'`);
    const command = operands.join(' ');
    const terminal = yield* isTerminal(process, 1);
    while (!process.dying) {
      const title = `Every ${(interval / 1e9).toFixed(1)}s: ${command.padEnd(40)}${system.hostName}: ${cTime(dateAt(process.kernel.now))}\n\n`;
      const err = yield* print(process, `${terminal ? '\x1b[H\x1b[2J' : ''}${flags.has('t') ? '' : title}`);
      if (err < 0) return 1;
      const child = new Process(process.kernel, { name: 'sh', cwd: process.cwd, env: process.env });
      shareFiles(process, child);
      child.start(shellWith(system, command, ['sh']), ['sh', '-c', command]);
      // The real one writes what the command prints itself, and ends with its reader.
      if ((yield* waitFor(process, child)) === 128 + SIGNAL.PIPE) return 1;
      if ((yield* process.sleep(Math.max(interval, 1e8))) < 0) break;
    }
    return 0;
  };
}

function xargs(system: System): Program {
  return function* (process, argv) {
    const { flags, operands, error } = getopt(
      argv,
      '0rtn:I:L:P:d:p',
      { null: '0', 'no-run-if-empty': 'r', 'max-args=': 'n', 'replace=': 'I', verbose: 't' },
      { first: true },
    );
    if (error) return yield* usage(process, 'xargs', error);
    const input = yield* readAll(process, 0);
    if (typeof input === 'number') return yield* complain(process, 'xargs', strerror(input));
    const text = latin1(input);
    const replace = flags.get('I');
    const split = flags.has('0')
      ? text.split('\0')
      : flags.has('d')
        ? text.split(flags.get('d')!.replace('\\n', '\n'))
        : replace !== undefined || flags.has('L')
          ? text.split('\n').map((line) => line.trim())
          : words(text);
    const items = split.filter((item) => item !== '');
    const command = operands.length > 0 ? operands : ['echo'];
    const size = replace !== undefined ? 1 : Number(flags.get('n') ?? flags.get('L') ?? (items.length || 1));
    if (!(size > 0)) return yield* complain(process, 'xargs', `value ${flags.get('n')} for -n option should be >= 1`);
    const groups: string[][] = [];
    for (let at = 0; at < items.length; at += size) groups.push(items.slice(at, at + size));
    if (groups.length === 0 && !flags.has('r') && replace === undefined) groups.push([]);
    let status = 0;
    for (const group of groups) {
      const line = replace !== undefined ? command.map((word) => word.replaceAll(replace, group[0]!)) : [...command, ...group];
      if (flags.has('t')) yield* writeAll(process, 2, new TextEncoder().encode(`${line.join(' ')}\n`));
      const one = yield* runIn(system, process, line, 'xargs');
      if (process.dying) return 1;
      if (one === 127) return 127;
      if (one !== 0) status = 123;
    }
    return status;
  };
}

/** Words with quotes and backslashes, as xargs reads them. */
function words(text: string): string[] {
  const result: string[] = [];
  for (const [, word] of text.matchAll(/((?:[^\s'"\\]|\\[\s\S]|'[^'\n]*'|"[^"\n]*")+)/g))
    result.push(word!.replace(/\\([\s\S])|'([^']*)'|"([^"]*)"/g, (_all, a, b, c) => a ?? b ?? c));
  return result;
}

/** Runs a script in a shell of its own on `process`. */
function runShell(
  system: System,
  process: Process,
  { text, name, positional }: { readonly text: string; readonly name: string; readonly positional: readonly string[] },
): KernelCode<number> {
  const land = system.land();
  let interrupt: (signal: number) => void = () => {};
  return hostProgram(
    land,
    process,
    async (flow) => {
      const shell = land.newShell({ process, flow, name, positional });
      interrupt = (signal) => shell.interrupt(signal);
      const parsed = land.parse(text);
      if (parsed.kind === 'ok') return shell.runStatements(parsed.statements);
      await shell.complain(`line ${parsed.kind === 'error' ? parsed.line : text.split('\n').length}: ${parsed.message}`);
      return 2;
    },
    (signal) => interrupt(signal),
  );
}

function bash(system: System): Program {
  return function* (process, argv) {
    const own = argv[0]!.replace(/^.*\//, '');
    const { flags, operands, error } = getopt(argv, 'c:lexuis', { login: 'l', norc: 'l', noprofile: 'l', posix: 'l' }, { first: true });
    if (error) return yield* complain(process, own, error.replace(/^invalid option -- '(.)'/, '-$1: invalid option'), 2);
    const options = [...'exu'].filter((letter) => flags.has(letter)).map((letter) => `set -${letter}; `);
    const script = flags.get('c');
    if (script !== undefined)
      return yield* runShell(system, process, { text: options.join('') + script, name: operands[0] ?? own, positional: operands.slice(1) });
    const path = operands[0];
    const input = path === undefined ? yield* readAll(process, 0) : yield* readFile(process, path);
    if (typeof input === 'number') return yield* complain(process, own, `${path ?? 'stdin'}: ${strerror(input)}`, 127);
    return yield* runShell(system, process, {
      text: options.join('') + new TextDecoder().decode(input),
      name: path ?? own,
      positional: operands.slice(1),
    });
  };
}

/** By name. */
export function runningPrograms(system: System): Readonly<Record<string, Program>> {
  const shell = bash(system);
  return {
    sudo: sudo(system),
    env: env(system),
    printenv,
    nohup: passing(system, 'nohup', ''),
    nice: passing(system, 'nice', 'n:'),
    setsid: passing(system, 'setsid', 'fcw'),
    stdbuf: passing(system, 'stdbuf', 'i:o:e:'),
    timeout: timeout(system),
    watch: watch(system),
    xargs: xargs(system),
    bash: shell,
    sh: shell,
  };
}
