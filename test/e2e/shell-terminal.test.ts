/** `imx-sim shell` for somebody at a terminal: prompt, editing, completion, Ctrl-C, Ctrl-D, jobs, history. util-linux's `script` is the terminal. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { imagePath } from './session.ts';

/** Wall time after which a session is ended by force; its status is then null. */
const LONGEST_MS = 90_000;
const CTRL_C = '\x03';
const CTRL_D = '\x04';
const LEAVE = '\x1d';
const PROMPT = 'root@imx8mp-evk:~# ';

const absent = spawnSync('script', ['--version']).status !== 0 && process.env['CI'] !== 'true';
if (absent) console.warn("skipped: util-linux's script is not installed");

const state = mkdtempSync(join(tmpdir(), 'imx-sim-state-'));
afterAll(() => rmSync(state, { recursive: true, force: true }));

/** Types each text once what stands before it has come, behind what the text before waited for. */
function typed(options: string, keys: readonly (readonly [after: string, text: string])[]) {
  const command = `'${process.execPath}' '${join(inject('dist'), 'command/main.js')}' shell ${options}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { ...process.env, NO_COLOR: '1', NODE_V8_COVERAGE: '', SHELL: '/bin/sh', XDG_STATE_HOME: state, TERM: 'xterm' },
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  const waiting = [...keys];
  let output = '';
  let from = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what readline moves the cursor with
    output += text.replace(/\x1b\[[0-9;]*[A-Za-z]/g, '').replaceAll('\r', '');
    for (let at = waiting[0] ? output.indexOf(waiting[0][0], from) : -1; at >= 0; ) {
      // What stands behind it may have come with it, in one piece.
      from = at + waiting[0]![0].length;
      child.stdin.write(waiting.shift()![1]);
      at = waiting[0] ? output.indexOf(waiting[0][0], from) : -1;
    }
  });
  return new Promise<{ status: number | null; output: string }>((resolve, reject) => {
    child.on('error', reject).on('close', (status) => resolve({ status, output }));
  });
}

describe.skipIf(absent)('a shell at a terminal', () => {
  it('completes also when keys come at once; Tabs in lines that are pasted are text', async () => {
    const { status, output } = await typed('', [
      [PROMPT, 'cd /sys/class/rem\t\t'],
      ['remoteproc0/', '\r'],
      ['remoteproc0# ', "echo 'a\tb' | wc -c\rexit 4\r"],
    ]);
    expect(output).toMatch(/\n4\n/);
    expect(status).toBe(4);
  });

  it('takes lines, completes paths and commands, and ends with exit', async () => {
    const { status, output } = await typed(imagePath('imx8mp_rpmsg'), [
      [PROMPT, 'cat /sys/class/remotep\t'],
      ['remoteproc/', '\t'],
      ['remoteproc0/', 'na\t'],
      ['name ', '\r'],
      ['imx-rproc\n', 'lsmo\t'],
      ['lsmod ', '| head -1\r'],
      ['Used by\n', 'nosuch\r'],
      ['command not found', 'exit 3\r'],
    ]);
    expect(output).toContain('-bash: nosuch: command not found\n');
    expect(status).toBe(3);
  });

  it('Ctrl-C ends the program in the foreground and the line, jobs go on, Ctrl-D ends it', async () => {
    const { status, output } = await typed('--soc imx8mp', [
      [PROMPT, 'sleep 1000\r'],
      ['sleep 1000\n', CTRL_C],
      [PROMPT, 'echo $?\r'],
      ['130\n', 'sleep 500 &\r'],
      ['[1] ', ''],
      [PROMPT, 'not this'],
      ['not this', CTRL_C],
      [PROMPT, 'jobs\r'],
      ['Running                 sleep 500 &\n', 'cat\r'],
      ['cat\n', 'typed\r'],
      ['typed\n', CTRL_D],
      [PROMPT, 'true\r'],
      ['true\n', ''],
      [PROMPT, CTRL_D],
    ]);
    expect(output).toContain('typed\ntyped\n');
    expect(output).not.toContain('not: command not found');
    expect(status).toBe(0);
    expect(readFileSync(join(state, 'imx-sim/shell_history'), 'utf8')).toContain('sleep 1000\n');
  });

  it('messages of the kernel and lines of the core stand above the prompt; Ctrl-] leaves', async () => {
    const { status, output } = await typed(imagePath('imx8mp_rpmsg'), [
      [PROMPT, 'cd /sys/class/remoteproc/remoteproc0; echo imx8mp_rpmsg.elf > firmware; echo start > state\r'],
      ['Linux TTY responder started', LEAVE],
    ]);
    expect(output).toMatch(/^\[ {4}\d\.\d{6}\] remoteproc remoteproc0: remote processor imx-rproc is now up$/m);
    expect(output).toMatch(/\[uart4\] OpenAMP\[remote\] Linux TTY responder started$/m);
    expect(status).toBe(0);
  });
});
