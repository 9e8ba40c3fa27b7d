/** `imx-sim explore` as a process: threads, output, statuses, and recordings that `imx-sim replay` runs again. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { spawnCli } from '../support/run-cli.ts';

const dist = inject('dist');
let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'imx-sim-explore-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const explore = (...more: string[]) =>
  spawnCli(dist, [
    'explore',
    'images/imx8mp_stop_race.elf',
    '--until',
    'ttyRPMSG30=beat 100',
    '--first-seed',
    '2',
    '--replay-dir',
    directory,
    ...more,
  ]);

/** One fault that finds it, and little to make smaller. */
const DELAY = ['--faults', 'doorbell-delay:from=core,by=1ms@doorbell#20'];

describe('imx-sim explore', () => {
  it('gives the same on one thread and on three, and a recording that replays', async () => {
    const [one, three] = [
      await explore(...DELAY, '--seeds', '2', '--workers', '1', '--json'),
      await explore(...DELAY, '--seeds', '2', '--workers', '3', '--json'),
    ];
    expect(one.status, one.stderr).toBe(1);
    expect(three).toMatchObject({ status: 1, stdout: one.stdout });
    const { failures } = JSON.parse(one.stdout) as {
      failures: { kind: string; faults: string[]; replay: string; result: { trace: string } }[];
    };
    expect(failures).toHaveLength(1);
    expect(failures[0]).toMatchObject({ kind: 'guest-error', faults: [expect.stringMatching(/^doorbell-delay/)] });
    expect(readdirSync(directory)).toEqual(['guest-error-2.imxrec']);
    const again = await spawnCli(dist, ['replay', failures[0]!.replay, '--cpu', 'interpreter']);
    expect(again.status, again.stderr).toBe(0);
    expect(again.stdout).toContain('[ttyRPMSG30] beat 100');
    expect(again.stderr).toContain(`the same run as was recorded, trace ${failures[0]!.result.trace}`);
    expect(again.stderr).toContain('fault: doorbell-delay');
    expect(again.stderr).toContain('written while TE is 0');
  });

  it('says in words what it found, and nothing on standard error where that is no terminal', async () => {
    const { status, stdout, stderr } = await explore(...DELAY, '--seeds', '1', '--workers', '2');
    expect(status).toBe(1);
    expect(stderr).toBe('');
    expect(stdout).toMatch(
      /^imx-sim: imx8mp m7 \(.*\), 1 seeds from 2 on, 2 workers\nwithout faults: the line of --until came at 34\.\d+ ms, /,
    );
    expect(stdout).toContain('\nFAILURE guest-error: MU1_B TR1: written while TE is 0: the peer loses the word that it has not read\n');
    expect(stdout).toMatch(/\n {2}again: imx-sim replay \S+guest-error-2\.imxrec\n\n1 runs, 1 failed, in 1 way\n$/);
  });

  it('says so when nothing failed', async () => {
    const { status, stdout } = await explore('--seeds', '2', '--faults', 'core-pause:for=100us', '--workers', '1');
    expect([status, stdout.split('\n').at(-2)]).toEqual([0, '2 runs, none failed']);
  });

  it.each([
    [['--faults', 'core-nap'], /there is no core-nap/],
    [['--fail-on', 'boredom'], /They are some of crash, hang/],
    [['--fail-on', 'toString'], /They are some of crash, hang/],
    [['--seeds', '0'], /whole number from 1/],
  ])('refuses %j', async (more, message) => {
    const { status, stderr } = await explore(...more);
    expect(status).toBe(2);
    expect(stderr).toMatch(message);
  });
});

describe('imx-sim run --faults', () => {
  it('shows each injection, and what Linux makes of it', async () => {
    const { status, stdout, stderr } = await spawnCli(dist, [
      'run',
      'images/imx8mp_rpmsg.elf',
      '--faults',
      'core-kill@linux=/rpmsg host is online/,doorbell-drop@1s',
      '--timeout',
      '300ms',
    ]);
    expect(status).toBe(4);
    expect(stderr).toMatch(/^imx-sim: fault: core-kill: m7 is in reset for good at 14\.\d+ ms$/m);
    expect(stdout).not.toContain('incoming msg');
  });
});
