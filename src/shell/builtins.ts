/**
 * Builtins of bash that just-bash lacks or cannot do on a kernel's descriptors: read, jobs and their control, trap, umask, history, help.
 */
import { strerror } from '../linux/errno.ts';
import { POLL } from '../linux/fs/vfs.ts';
import type { KernelCode } from '../linux/kernel.ts';
import { type Process, SIGNAL } from '../linux/process.ts';
import { helpText } from './help.ts';
import { complain, getopt, isTerminal, print } from './io.ts';
import type { Job } from './jobs.ts';
import type { CommandContext } from './just-bash.ts';
import type { Shell } from './shell.ts';
import { jobsKilledBy, parseSignal, SIGNAL_NAMES } from './signals.ts';

/** One call of a builtin: `process` has the redirections of its command. */
export interface Invocation {
  readonly shell: Shell;
  readonly process: Process;
  readonly argv: readonly string[];
  readonly context: CommandContext;
}

export type Builtin = (invocation: Invocation) => Promise<number>;

function out({ shell, process }: Invocation, text: string): Promise<number> {
  return shell.call('write', print(process, text));
}

function wrong({ shell, process, argv }: Invocation, text: string, status = 1): Promise<number> {
  const to = process.status === undefined ? process : shell.process;
  return shell.call('write', complain(to, `${shell.name}: ${argv[0]}`, text, status));
}

/** Reads one line as bash does, byte by byte, so that what follows it is left for the next reader. */
function* readLine(
  process: Process,
  fd: number,
  { delimiter, raw, count, timeoutNs }: { delimiter: number; raw: boolean; count: number | undefined; timeoutNs: number | undefined },
): KernelCode<{
  readonly bytes: Uint8Array;
  readonly escaped: ReadonlySet<number>;
  readonly end: 'delimiter' | 'eof' | 'timeout' | 'signal' | number;
}> {
  const parts: number[] = [];
  const escaped = new Set<number>();
  const { kernel } = process;
  const deadline = timeoutNs === undefined ? undefined : kernel.now + timeoutNs;
  let escaping = false;
  const result = (end: 'delimiter' | 'eof' | 'timeout' | 'signal' | number) => ({ bytes: Uint8Array.from(parts), escaped, end });
  for (;;) {
    if (deadline !== undefined) {
      if (kernel.now > deadline) return result('timeout');
      const ready = yield* process.poll([{ fd, events: POLL.IN }], Math.max(0, deadline - kernel.now));
      if (typeof ready === 'number') return result('signal');
      if (ready[0] === 0) return result('timeout');
    }
    const data = yield* process.read(fd, 1);
    if (typeof data === 'number') return result(process.dying ? 'signal' : data);
    const byte = data[0];
    if (byte === undefined) return result('eof');
    if (escaping) {
      escaping = false;
      if (byte === 10) continue;
      escaped.add(parts.length);
      parts.push(byte);
    } else if (!raw && byte === 0x5c) escaping = true;
    else if (byte === delimiter) return result('delimiter');
    else parts.push(byte);
    if (count !== undefined && parts.length >= count) return result('delimiter');
  }
}

/** Splits a line into as many fields as there are names, the last with the rest. */
function fields(text: string, ifs: string, count: number): string[] {
  if (count === 1 && ifs === '') return [text];
  const white = [...ifs].filter((character) => ' \t\n'.includes(character)).join('');
  const isWhite = (character: string): boolean => white.includes(character);
  const isIfs = (character: string): boolean => ifs.includes(character);
  let at = 0;
  let end = text.length;
  while (at < end && isWhite(text[at]!)) at++;
  while (end > at && isWhite(text[end - 1]!)) end--;
  const result: string[] = [];
  while (result.length < count - 1 && at < end) {
    const start = at;
    while (at < end && !isIfs(text[at]!)) at++;
    result.push(text.slice(start, at));
    while (at < end && isWhite(text[at]!)) at++;
    if (at < end && isIfs(text[at]!) && !isWhite(text[at]!)) at++;
    while (at < end && isWhite(text[at]!)) at++;
  }
  result.push(text.slice(at, end));
  return result;
}

const read: Builtin = async (invocation) => {
  const { shell, process, argv, context } = invocation;
  const { flags, operands, error } = getopt(argv, 'rsed:n:N:p:t:u:a:i:', {}, { first: true });
  if (error) return wrong(invocation, error.replace(/.*'(.)'.*/, '-$1: invalid option'), 2);
  const fd = Number(flags.get('u') ?? 0);
  const timeout = flags.has('t') ? Number(flags.get('t')) : undefined;
  if (timeout !== undefined && !(timeout >= 0)) return wrong(invocation, `${flags.get('t')}: invalid timeout specification`);
  const prompt = flags.get('p');
  if (prompt !== undefined && (await shell.call('isatty', isTerminal(process, fd)))) await shell.write(2, prompt);
  const exact = flags.has('N');
  const countText = flags.get('N') ?? flags.get('n');
  const delimiter = exact ? -1 : flags.has('d') ? flags.get('d')!.charCodeAt(0) || 0 : 10;
  const options = {
    delimiter,
    raw: flags.has('r'),
    count: countText === undefined ? undefined : Number(countText),
    timeoutNs: timeout === undefined ? undefined : timeout * 1e9,
  };
  const { bytes, end } = await shell.execution.inForeground(process, readLine(process, fd, options));
  if (typeof end === 'number') return wrong(invocation, `read error: ${fd}: ${strerror(end)}`);
  if (end === 'signal') return 130;
  const text = new TextDecoder().decode(bytes);
  const assign = async (name: string, value: string, subscript?: string) => context.assignShellVariable?.(name, value, subscript);
  const ifs = context.env.get('IFS') ?? ' \t\n';
  const array = flags.get('a');
  if (array !== undefined) {
    const values = fields(text, ifs, Number.MAX_SAFE_INTEGER).filter((value, index, all) => value !== '' || index < all.length - 1);
    for (const [index, value] of values.entries()) await assign(array, value, String(index));
  } else if (operands.length === 0 || exact) {
    await assign(operands[0] ?? 'REPLY', text);
    for (const name of operands.slice(1)) await assign(name, '');
  } else {
    const values = fields(text, ifs, operands.length);
    for (const [index, name] of operands.entries()) await assign(name, values[index] ?? '');
  }
  if (end === 'timeout') return 142;
  return end === 'delimiter' ? 0 : 1;
};

const jobs: Builtin = async (invocation) => {
  const { shell, argv } = invocation;
  const { flags, operands } = getopt(argv, 'lprsn');
  const chosen = operands.length === 0 ? shell.jobs.list : operands.map((spec) => shell.jobs.find(spec));
  let status = 0;
  for (const [index, job] of chosen.entries()) {
    if (!job) status = await wrong(invocation, `${operands[index]}: no such job`);
    else if (!(flags.has('r') && job.process.status !== undefined))
      await out(invocation, flags.has('p') ? `${job.process.pid}\n` : shell.jobs.line(job, flags.has('l')));
  }
  for (const job of [...shell.jobs.list]) if (job.process.status !== undefined) shell.jobs.remove(job);
  return status;
};

const fg: Builtin = async (invocation) => {
  const { shell, argv } = invocation;
  const job = shell.jobs.find(argv[1]);
  if (!job) return wrong(invocation, `${argv[1] ?? 'current'}: no such job`);
  await out(invocation, `${job.text}\n`);
  return shell.jobs.wait(job);
};

const bg: Builtin = async (invocation) => {
  const { shell, argv } = invocation;
  const job = shell.jobs.find(argv[1]);
  if (!job) return wrong(invocation, `${argv[1] ?? 'current'}: no such job`);
  return wrong(invocation, `job ${job.number} already in background`, 0);
};

const wait: Builtin = async (invocation) => {
  const { shell, argv } = invocation;
  const specs = argv.slice(1).filter((word) => word !== '-n' && word !== '-f');
  if (argv.includes('-n') && shell.jobs.list.length > 0) return shell.jobs.wait(await shell.execution.firstToEnd(shell.jobs.list));
  if (specs.length === 0) {
    for (const job of [...shell.jobs.list]) await shell.jobs.wait(job);
    return 0;
  }
  let status = 0;
  for (const spec of specs) {
    const job: Job | undefined = spec.startsWith('%') ? shell.jobs.find(spec) : shell.jobs.byPid(Number(spec));
    if (job) status = await shell.jobs.wait(job);
    else if (spec.startsWith('%')) status = await wrong(invocation, `${spec}: no such job`, 127);
    else if (!/^\d+$/.test(spec)) status = await wrong(invocation, `\`${spec}': not a pid or valid job spec`, 1);
    else status = await wrong(invocation, `pid ${spec} is not a child of this shell`, 127);
  }
  return status;
};

const disown: Builtin = async (invocation) => {
  const { shell, argv } = invocation;
  const specs = argv.slice(1).filter((word) => !word.startsWith('-'));
  const chosen = argv.includes('-a')
    ? [...shell.jobs.list]
    : (specs.length === 0 ? [undefined] : specs).map((spec) => shell.jobs.find(spec));
  for (const [index, job] of chosen.entries()) {
    if (!job) return wrong(invocation, `${specs[index] ?? 'current'}: no such job`);
    shell.jobs.remove(job);
  }
  return 0;
};

const kill: Builtin = async (invocation) => {
  const { shell, argv } = invocation;
  const words = argv.slice(1);
  if ((words[0] === '-l' || words[0] === '-L') && words.length > 1) {
    const names = words.slice(1).map((word) => (/^\d+$/.test(word) ? SIGNAL_NAMES[Number(word) & 0x7f] : parseSignal(word)?.toString()));
    const bad = names.indexOf(undefined);
    return bad >= 0 ? wrong(invocation, `${words[bad + 1]}: invalid signal specification`) : out(invocation, `${names.join('\n')}\n`);
  }
  if (words[0] === '-l' || words[0] === '-L') {
    const known = SIGNAL_NAMES.map((name, number) => `${String(number).padStart(2)}) SIG${name}`).slice(1);
    return out(invocation, `${known.map((text, index) => text + ((index + 1) % 5 === 0 ? '\n' : '\t')).join('')}\n`);
  }
  let signal: number | undefined = SIGNAL.TERM;
  if (words[0] === '-s' || words[0] === '-n') signal = parseSignal(words.splice(0, 2)[1] ?? '');
  else if (words[0]?.startsWith('-') && words[0] !== '--') signal = parseSignal(words.shift()!.slice(1));
  if (words[0] === '--') words.shift();
  if (signal === undefined) return wrong(invocation, `${argv[1] === '-s' ? argv[2] : argv[1]!.slice(1)}: invalid signal specification`);
  if (words.length === 0) {
    await shell.call(
      'write',
      complain(invocation.process, 'kill', 'usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ... or kill -l [sigspec]'),
    );
    return 2;
  }
  let status = 0;
  for (const spec of words) status = (await killOne(invocation, spec, signal)) || status;
  return status;
};

async function killOne(invocation: Invocation, spec: string, signal: number): Promise<number> {
  const { shell } = invocation;
  if (spec.startsWith('%')) {
    const job = shell.jobs.find(spec);
    if (!job || job.process.status !== undefined) return wrong(invocation, `${spec}: no such job`);
    if (signal !== 0) shell.jobs.kill(job, signal);
    return 0;
  }
  if (!/^-?\d+$/.test(spec)) return wrong(invocation, `${spec}: arguments must be process or job IDs`);
  const found = jobsKilledBy(shell.land.kernel, Math.abs(Number(spec)));
  if (!found) return wrong(invocation, `(${spec}) - No such process`);
  if (signal !== 0 && found !== shell.process) found.kill(signal);
  return 0;
}

const trap: Builtin = async (invocation) => {
  const { shell, argv } = invocation;
  const words = argv.slice(1).filter((word) => word !== '--');
  if (words.length === 0 || words[0] === '-p') {
    const lines = [...shell.traps].map(([name, code]) => `trap -- '${code.replaceAll("'", "'\\''")}' ${name}\n`);
    return out(invocation, lines.join(''));
  }
  const [code, ...names] = words;
  for (const name of names) {
    const known = name === '0' ? 'EXIT' : name.replace(/^SIG/, '').toUpperCase();
    if (known !== 'EXIT' && parseSignal(known) === undefined) return wrong(invocation, `${name}: invalid signal specification`);
    if (code === '-') shell.traps.delete(known);
    else shell.traps.set(known, code!);
  }
  return 0;
};

const umask: Builtin = async (invocation) => {
  const { shell, argv } = invocation;
  const [text] = argv.slice(1).filter((word) => !word.startsWith('-'));
  if (text === undefined) return out(invocation, `${shell.process.umask.toString(8).padStart(4, '0')}\n`);
  if (!/^[0-7]{1,4}$/.test(text)) return wrong(invocation, `${text}: octal number out of range`);
  shell.process.umask = Number.parseInt(text, 8) & 0o777;
  return 0;
};

const ulimit: Builtin = async (invocation) => {
  const option = invocation.argv.find((word) => /^-[a-zA-Z]$/.test(word));
  return out(invocation, option === '-n' ? '1024\n' : option === '-s' ? '8192\n' : option === '-c' ? '0\n' : 'unlimited\n');
};

const times: Builtin = (invocation) => out(invocation, '0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n');

const history: Builtin = async (invocation) => {
  const { shell, argv } = invocation;
  const lines = shell.history.map((line, index) => `${String(index + 1).padStart(5)}  ${line}\n`);
  const count = Number(argv[1]);
  return out(invocation, (argv[1] !== undefined && count >= 0 ? lines.slice(-count || lines.length) : lines).join(''));
};

const help: Builtin = (invocation) => out(invocation, helpText(invocation.shell.land));

/** Builtins that `__run` executes, by name. `exec` is the execution's own. */
export const OWN_BUILTINS: ReadonlyMap<string, Builtin> = new Map([
  ['read', read],
  ['jobs', jobs],
  ['fg', fg],
  ['bg', bg],
  ['wait', wait],
  ['disown', disown],
  ['kill', kill],
  ['trap', trap],
  ['umask', umask],
  ['ulimit', ulimit],
  ['times', times],
  ['history', history],
  ['help', help],
  ['exec', async () => 0],
]);
