/** What machines cost the host in memory: little, all of it given back, and a clear word where it has none to give. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, inject, it } from 'vitest';
import { EXIT } from '../../src/session/exit.ts';
import { linesOf } from '../support/run-cli.ts';
import { imagePath } from './session.ts';

/** Address space that holds Node and no WebAssembly memory behind guard regions. */
const KIB_OF_ADDRESSES = 8_000_000;
const RUN = ['run', imagePath('imx8mp_hello'), '--until', 'hello', '--trace-hash'];

/** Runs the command with little address space. */
function confined(args: readonly string[], env: Record<string, string> = {}) {
  const command = [process.execPath, join(inject('dist'), 'command/main.js'), ...args];
  const script = `ulimit -v ${KIB_OF_ADDRESSES} && exec "$@"`;
  return spawnSync('sh', ['-c', script, 'sh', ...command], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', ...env } });
}

describe.runIf(process.platform === 'linux')('little address space', () => {
  it('is named, with what to do', () => {
    const { status, stderr, stdout } = confined(RUN);
    expect(stdout).toBe('');
    expect(linesOf(stderr)).toEqual([
      'imx-sim: no WebAssembly memory of 256 MiB: WebAssembly.Memory(): could not allocate memory [E_HOST_REFUSES]',
      expect.stringMatching(
        /^ {2}remedy: V8 reserves 10 GiB of address space for each: lift the limit \(ulimit -v\), or set NODE_OPTIONS=/,
      ),
    ]);
    expect(status).toBe(EXIT.USAGE);
    const { stdout: json } = confined([...RUN, '--json']);
    expect(JSON.parse(linesOf(json).at(-1)!)).toMatchObject({ type: 'result', reason: 'bad-input', error: { code: 'E_HOST_REFUSES' } });
  });

  it('is enough without guard regions, as the remedy says', () => {
    const { status, stdout } = confined(RUN, { NODE_OPTIONS: '--disable-wasm-trap-handler' });
    expect(status).toBe(EXIT.OK);
    const free = spawnSync(process.execPath, [join(inject('dist'), 'command/main.js'), ...RUN], { encoding: 'utf8' });
    expect(stdout).toBe(free.stdout);
  });
});

/** Builds, runs and drops machines, and prints the resident set in MiB after the first tenth of them and at the end. */
const MANY = `
  const { Machine, findSoc, readFirmware, jitFactory, interpreterFactory, lockstepFactory } = await import(process.argv[1]);
  const firmware = readFirmware(process.argv[2]);
  const engines = [jitFactory, interpreterFactory, lockstepFactory(jitFactory, interpreterFactory)];
  const sizes = [];
  for (let i = 0; i < 60; i++) {
    const machine = new Machine({ soc: findSoc('imx8mp'), engine: engines[i % 3], firmware });
    machine.run(machine.scheduler.cyclesFromNs(30e6));
    if (machine.core.instructions < 1000) throw new Error('nothing ran');
    machine.dispose();
    if (i % 6 === 5) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      gc();
      sizes.push(process.memoryUsage.rss() / 2 ** 20);
    }
  }
  console.log(JSON.stringify(sizes));
`;
/** Builds machines that all live, and runs them in turns. */
const ALIVE = `
  const { Machine, findSoc, readFirmware, jitFactory, interpreterFactory } = await import(process.argv[1]);
  const firmware = readFirmware(process.argv[2]);
  const engines = [jitFactory, interpreterFactory];
  const machines = Array.from({ length: 20 }, (_, i) => new Machine({ soc: findSoc('imx8mp'), engine: engines[i % 2], firmware }));
  for (let turn = 1; turn <= 10; turn++) for (const machine of machines) machine.run(machine.scheduler.cyclesFromNs(4e6 * turn));
  const states = machines.map(({ core, scheduler, arena }) => [core.instructions, core.pc, scheduler.now, arena.used - arena.used % 2 ** 24].join());
  console.log(JSON.stringify({ count: machines.length, states: [...new Set(states)], rss: process.memoryUsage.rss() / 2 ** 20 }));
`;

function inNode(script: string): unknown {
  const library = pathToFileURL(join(inject('dist'), 'node.js')).href;
  const args = ['--expose-gc', '--input-type=module', '-e', script, library, imagePath('imx8mp_rpmsg')];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

describe('machines in one process', () => {
  it('give back what they had: 60 one after the other', () => {
    const sizes = inNode(MANY) as number[];
    expect(sizes).toHaveLength(10);
    // Guest memory alone would be another 500 MiB.
    expect(Math.max(...sizes.slice(5)) - sizes[1]!, sizes.join(' ')).toBeLessThan(60);
  });

  it('do not disturb one another: 20 at once', () => {
    const { count, states, rss } = inNode(ALIVE) as { count: number; states: string[]; rss: number };
    expect(count).toBe(20);
    expect(states).toHaveLength(1);
    expect(rss).toBeLessThan(500);
  });
});
