/** `imx-sim run` for somebody at a terminal: keys, colours, and what does and does not end the run. util-linux's `script` is the terminal. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { imagePath } from './session.ts';

/** Wall time after which a run is ended by force; its status is then null. */
const LONGEST_MS = 100_000;
const CTRL_C = '\x03';
const LEAVE = '\x1d';

const absent = spawnSync('script', ['--version']).status !== 0 && process.env['CI'] !== 'true';
if (absent) console.warn("skipped: util-linux's script is not installed");

/** Runs an image in a terminal and types each text once what stands before it was printed; `redirect` is the shell's. */
function typed(image: string, options: string, keys: readonly (readonly [after: string, text: string])[], redirect = '') {
  const command = `'${process.execPath}' '${join(inject('dist'), 'command/main.js')}' run '${imagePath(image)}' ${options} ${redirect}`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], {
    env: { ...process.env, NO_COLOR: '', NODE_V8_COVERAGE: '', SHELL: '/bin/sh' },
    timeout: LONGEST_MS,
    killSignal: 'SIGKILL',
  });
  const waiting = [...keys];
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text.replaceAll('\r', '');
    while (waiting[0] && output.includes(waiting[0][0])) child.stdin.write(waiting.shift()![1]);
  });
  return new Promise<{ status: number | null; output: string; plain: string }>((resolve, reject) => {
    child.on('error', reject).on('close', (status) => {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what colours are
      resolve({ status, output, plain: output.replace(/\x1b\[\d+m/g, '') });
    });
  });
}

describe.skipIf(absent)('at a terminal', () => {
  it('keys go to the console, and Ctrl-] ends the run', async () => {
    const { status, output, plain } = await typed('imx8mp_hello', '', [
      ['hello world', 'xyzzy'],
      ['xyzzy', LEAVE],
    ]);
    expect(plain).toContain('imx-sim: keys go to uart4; Ctrl-] ends the run, as does Ctrl-C twice\n');
    expect(plain).toMatch(/^\[uart4\] xyzzy/m);
    expect(output).toContain('\x1b[');
    expect(status).toBe(0);
  });

  it('one Ctrl-C is a key for the firmware, two end the run', async () => {
    const { status } = await typed('imx8mp_hello', '', [['hello world', CTRL_C + CTRL_C]]);
    expect(status).toBe(0);
  });

  it('--until ends it too', async () => {
    const { status, plain } = await typed('imx8mp_hello', '--until xyz', [['hello world', 'xyz\r']]);
    expect(plain).toMatch(/^\[uart4\] xyz/m);
    expect(status).toBe(0);
  });

  it('a firmware that sleeps for ever is said to wait for a key', async () => {
    const idle = 'imx-sim: nothing happens any more until a key is typed\n';
    const { status, plain } = await typed('imx8mp_rpmsg', '--no-color', [['until a key is typed', LEAVE]]);
    expect(plain.indexOf('sample client responder ended')).toBeLessThan(plain.indexOf(idle));
    expect(plain.split(idle)).toHaveLength(2);
    expect(status).toBe(0);
  });

  it('--timeout ends it at that time, although nothing happens then', async () => {
    const { status, plain } = await typed('imx8mp_hello', '--timeout 123456us', []);
    expect(plain).toContain('timed out after 0.123456 s of virtual time\n');
    expect(status).toBe(4);
  });

  it('a fault ends it with the report: no key gets the firmware out of there', async () => {
    const { status, plain } = await typed('imx8mp_fault', '', []);
    expect(plain).toContain('firmware failed: m7 took a fault and its handler loops at HardFault_Handler\n');
    expect(status).toBe(1);
  });

  it('colours go to the terminal only, on either stream', async () => {
    const errors = await typed('imx8mp_hello', '--until hello', [], '>/dev/null');
    expect(errors.output).toContain('\x1b[2mimx-sim:\x1b[22m imx8mp');
    const lines = await typed('imx8mp_hello', '--until hello', [], '2>&1 >/dev/tty | cat');
    expect(lines.output).toContain('\x1b[36m[linux]');
    expect(lines.output).toMatch(/^imx-sim: imx8mp m7/m);
    expect((await typed('imx8mp_hello', '--until hello --no-color', [])).output).not.toContain('\x1b[');
  });
});
