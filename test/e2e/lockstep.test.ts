/** `--cpu lockstep` in whole runs: the output of one engine alone, and status 5 with a report when the engines differ. */
import { describe, expect, it } from 'vitest';
import { readFirmware } from '../../src/cli/firmware-file.ts';
import { JsonRenderer } from '../../src/cli/renderer.ts';
import { CELL } from '../../src/cpu/core-registers.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { lockstepFactory } from '../../src/cpu/lockstep/index.ts';
import { unicornAvailable } from '../../src/cpu/unicorn/index.ts';
import { EXIT } from '../../src/session/exit.ts';
import { Session } from '../../src/session/session.ts';
import { chooseTarget } from '../../src/session/target.ts';
import { type Plot, saboteurFactory } from '../cpu/lockstep/saboteur.ts';
import { linesOf } from '../support/run-cli.ts';
import { imagePath, runFirmware } from './session.ts';

describe('--cpu lockstep', () => {
  const options = ['--send', 'ttyRPMSG0=Hello\\n', '--until', 'goodbye!', '--trace-hash'];
  const pairs = [[], ['--lockstep', 'interpreter,jit'], ...(unicornAvailable() ? [['--lockstep', 'unicorn,jit']] : [])];

  it.each(pairs.map((pair) => ({ pair })))('$pair: the output of one engine, and how much was compared', async ({ pair }) => {
    const alone = await runFirmware('imx8mp_rpmsg', ['--cpu', 'interpreter', ...options]);
    const both = await runFirmware('imx8mp_rpmsg', ['--cpu', 'lockstep', ...pair, ...options]);
    expect(both.status, both.stderr).toBe(EXIT.OK);
    expect(both.stdout).toBe(alone.stdout);
    const [first, second] = (pair[1] ?? 'jit,interpreter').split(',');
    expect(both.stderr).toContain(`engine lockstep of ${first} and ${second}\n`);
    expect(both.stderr).toMatch(
      /lockstep: no difference in 1\d\d,\d{3} instructions, compared at [\d,]{3,} places with [\d,]{6,} accesses/,
    );
  });

  it('--json ends with the result all the same', async () => {
    const { stdout } = await runFirmware('imx8mp_hello', ['--cpu', 'lockstep', '--until', 'hello', '--json']);
    expect(JSON.parse(linesOf(stdout).at(-1)!)).toMatchObject({ type: 'result', reason: 'until', status: 0 });
  });
});

describe('a difference', () => {
  it('ends the run with status 5 and says where it is, with symbols', async () => {
    const firmware = readFirmware(imagePath('imx8mp_rpmsg'));
    const send = firmware.symbols.find(({ name }) => name === 'mu_send')!;
    const plot: Plot = {
      pc: send.address,
      deed: (host, _engine, proceed) => {
        const stop = proceed();
        host.registers.cells[CELL.R0 + 11]! ^= 0x10;
        return stop;
      },
    };
    const help = { symbolise: (address: number) => (address === send.address ? 'mu_send' : undefined) };
    const lines: Record<string, unknown>[] = [];
    const session = new Session(
      {
        firmware,
        target: chooseTarget(firmware, {}),
        engine: lockstepFactory(interpreterFactory, saboteurFactory(plot), help),
      },
      {
        renderer: new JsonRenderer((text) => void lines.push(JSON.parse(text) as Record<string, unknown>), 1),
        disassemble: async () => [],
        now: () => 0,
        pause: async () => {},
      },
    );
    const status = await session.run(false);
    session.dispose();
    expect(status).toBe(EXIT.DIFFERENCE);
    expect(lines.at(-1)).toMatchObject({ type: 'result', reason: 'difference', status: 5 });
    const report = (lines.find(({ type }) => type === 'report') as unknown as { lines: string[] }).lines;
    expect(report[0]).toMatch(/^interpreter and saboteur differ in instruction [\d,]+$/);
    expect(report[1]).toMatch(/^=> 0x[0-9a-f]{8} .*mu_send$/);
    expect(report.join('\n')).toMatch(/^\* r11 /m);
    expect(report.at(-1)).toMatch(/^remedy: please report it/);
  });
});
