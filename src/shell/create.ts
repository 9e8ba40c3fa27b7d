/**
 * Sets up the user space of a machine: programs in /usr/bin, a host name, and shells on it.
 */

import { TmpfsDirectory, TmpfsFile } from '../linux/fs/tmpfs.ts';
import { OpenableNode, type OpenFile, SymlinkNode } from '../linux/fs/vfs.ts';
import type { KernelCode } from '../linux/kernel.ts';
import type { Linux } from '../linux/linux.ts';
import { Process, type Program } from '../linux/process.ts';
import type { Bash, BashOptions, JustBash } from './just-bash.ts';
import { loadJustBash } from './just-bash.ts';
import { Parser } from './parse.ts';
import { allPrograms, FILTERS } from './programs/index.ts';
import { put } from './redirect.ts';
import { Shell } from './shell.ts';
import { UserLand } from './user-land.ts';

/** What a user space is made for. */
export interface UserLandHost {
  readonly linux: Linux;
  /** `imx8mp-evk`. */
  readonly hostName: string;
  /** Lets the machine pause. */
  readonly requestStop: () => void;
  /** `reboot` and `poweroff`. */
  readonly powerOff?: (reboot: boolean) => void;
}

/** A program's file: it can be found and read, but what runs is ours. */
class ProgramNode extends OpenableNode {
  readonly type = 'file';

  constructor() {
    super(0o755);
  }

  *open(file: OpenFile): KernelCode<number> {
    file.ops = {
      seekable: true,
      *read() {
        return new Uint8Array(0);
      },
    };
    return 0;
  }
}

/** Programs that are found in /usr/sbin. */
const SYSTEM = new Set(['modprobe', 'insmod', 'rmmod', 'lsmod', 'modinfo', 'reboot', 'poweroff', 'halt', 'depmod', 'sysctl']);

/** Loads the language and makes the user space. */
export async function createUserLand(host: UserLandHost): Promise<UserLand> {
  const justBash = await loadJustBash();
  const { linux, hostName, requestStop } = host;
  const { kernel, userSpace } = linux;
  let land: UserLand | undefined;
  const programs = new Map<string, Program>(
    Object.entries(
      allPrograms({
        linux,
        hostName,
        powerOff: host.powerOff ?? (() => {}),
        land: () => land!,
      }),
    ),
  );
  const filters = new Set(FILTERS.filter((name) => !programs.has(name)));
  land = new UserLand({
    kernel,
    userSpace,
    requestStop,
    justBash,
    parser: new Parser(parserBash(justBash)),
    hostName,
    programs,
    filters,
    console: {
      get loglevel() {
        return kernel.syslog.consoleLoglevel;
      },
    },
  });
  const made = land;
  land.newShell = ({ process, flow, name, positional }) => {
    const variables = new Map(process.env);
    variables.set('IFS', ' \t\n');
    variables.set('OPTIND', '1');
    for (const [index, value] of positional.entries()) variables.set(String(index + 1), value);
    variables.set('#', String(positional.length));
    variables.set('@', positional.join(' '));
    variables.set('*', positional.join(' '));
    variables.set('0', name);
    return new Shell({
      land: made,
      process,
      flow,
      name,
      state: { variables, exported: new Set(process.env.keys()), functions: new Map(), status: 0, arrays: '' },
    });
  };
  const bin = kernel.vfs.directory('/usr/bin');
  const sbin = kernel.vfs.directory('/usr/sbin');
  for (const name of [...programs.keys(), ...filters].sort()) (SYSTEM.has(name) ? sbin : bin).add(name, new ProgramNode());
  const etc = kernel.vfs.find('/etc');
  for (const [name, text] of Object.entries(etcFiles(hostName))) {
    if (!(etc instanceof TmpfsDirectory) || etc.lookup(name)) continue;
    const file = etc.create(name, 'file', 0o644);
    if (file instanceof TmpfsFile) file.fill(new TextEncoder().encode(text));
  }
  const dev = kernel.vfs.directory('/dev');
  for (const [name, target] of Object.entries({
    fd: '/proc/self/fd',
    stdin: '/proc/self/fd/0',
    stdout: '/proc/self/fd/1',
    stderr: '/proc/self/fd/2',
  }))
    if (!dev.lookup(name)) dev.add(name, new SymlinkNode(target));
  return land;
}

/** What scripts look up in /etc; it claims to be no distribution. */
function etcFiles(hostName: string): Readonly<Record<string, string>> {
  return {
    hostname: `${hostName}\n`,
    'os-release': 'NAME="imx-sim"\nID=imx-sim\nPRETTY_NAME="imx-sim, a modelled Linux"\n',
    passwd: 'root:x:0:0:root:/root:/bin/bash\n',
  };
}

function parserBash({ Bash: Class }: JustBash): Bash {
  const options: BashOptions = {
    fs: undefined,
    cwd: '/',
    env: {},
    customCommands: [],
    commands: [],
    executionLimits: {},
    defenseInDepth: false,
    processInfo: { pid: 1, ppid: 0, uid: 0, gid: 0 },
    sleep: async () => {},
  };
  return new Class(options);
}

/** Files of a new shell: standard input, output and error, each with one reference that becomes the shell's. */
export interface ShellFiles {
  readonly stdin: OpenFile;
  readonly stdout: OpenFile;
  readonly stderr: OpenFile;
}

/** Starts a shell in /root. It is over when its `run` has resolved and `endShell` was called. */
export async function startShell(
  land: UserLand,
  files: ShellFiles,
  {
    name = 'bash',
    interactive = false,
    cwd = '/root',
  }: { readonly name?: string; readonly interactive?: boolean; readonly cwd?: string } = {},
): Promise<Shell> {
  const flow = land.userSpace.enter(name);
  const process = new Process(land.kernel, { name: 'bash', cwd });
  process.argv = [name];
  const { stdin, stdout, stderr } = files;
  await flow.call(
    'login',
    (function* (): KernelCode {
      yield* put(process, stdin, 0);
      yield* put(process, stdout, 1);
      yield* put(process, stderr, 2);
    })(),
  );
  return new Shell({ land, process, flow, name, interactive });
}

/** Closes the files of a shell and lets virtual time go on without it. */
export async function endShell(shell: Shell): Promise<void> {
  await shell.call('exit', shell.process.exit(shell.status));
  shell.flow.leave();
}

/** What is wrong with a script, before any of it runs. */
export async function checkSyntax(text: string): Promise<{ readonly message: string; readonly line: number } | undefined> {
  const parsed = new Parser(parserBash(await loadJustBash())).parse(text);
  if (parsed.kind === 'ok') return undefined;
  if (parsed.kind === 'error') return parsed;
  return { message: parsed.message, line: text.replace(/\n$/, '').split('\n').length + 1 };
}
