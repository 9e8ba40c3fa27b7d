/** A core that Linux starts and stops a thousand times, with messages in between, does the same each time, on every engine, and nothing grows. */
import { spawnSync } from 'node:child_process';
import { describe, expect, inject, it } from 'vitest';
import { ENGINES } from '../support/engines.ts';

interface Result {
  readonly cycles: number;
  readonly echoes: number;
  readonly trace: string;
  readonly timers: number;
  readonly tasks: number;
  readonly findings: number;
  readonly channels: number;
  readonly failures: readonly string[];
}

/** Messages of a cycle: six on each of eight endpoints, and those of a second batch that come back before the stop. */
const MESSAGES = 48;

function startStop(engine: string, cycles: number): Result {
  const env = { ...process.env, IMX_SIM_DIST: inject('dist') };
  const options = ['--engine', engine, '--cycles', String(cycles)];
  const { stdout, stderr } = spawnSync(process.execPath, ['bench/start-stop.mjs', ...options], { encoding: 'utf8', env });
  expect(stdout, stderr).toMatch(/^{/);
  return JSON.parse(stdout) as Result;
}

function expectSound({ failures, timers, tasks, findings, channels, echoes }: Result, cycles: number): void {
  expect(failures).toEqual([]);
  expect({ timers, tasks, findings, channels }).toEqual({ timers: 0, tasks: 0, findings: 0, channels: 0 });
  expect(echoes).toBeGreaterThan(MESSAGES * cycles);
  // Each cycle is cut short at the same place.
  expect(echoes % cycles).toBe(0);
}

describe('start and stop', () => {
  it('1,000 cycles: no message is lost, none comes twice, nothing grows, and all have one trace hash, on every engine', () => {
    const whole = startStop('jit', 1000);
    expectSound(whole, 1000);
    for (const { name } of ENGINES) {
      const few = startStop(name, 40);
      expectSound(few, 40);
      expect([name, few.trace]).toEqual([name, whole.trace]);
    }
  });
});
