/** A short soak: Linux stops, reloads and starts firmware that rewrites its own code, over and over; the same on every engine. */
import { execFileSync } from 'node:child_process';
import { describe, expect, inject, it } from 'vitest';
import { ENGINES } from '../support/engines.ts';

interface Result {
  readonly restarts: number;
  readonly messages: number;
  readonly instructions: number;
  readonly findings: number;
  readonly failures: readonly string[];
  readonly trace: string;
}

const HOURS = 0.25;
const RESTART_MINUTES = 0.5;

function soak(engine: string): Result {
  const options = ['--hours', String(HOURS), '--restart', String(RESTART_MINUTES), '--engine', engine];
  const env = { ...process.env, IMX_SIM_DIST: inject('dist') };
  return JSON.parse(execFileSync(process.execPath, ['bench/soak.mjs', ...options], { encoding: 'utf8', env })) as Result;
}

describe('soak', () => {
  it('the core is stopped, loaded and started again 30 times, and every engine does the same', () => {
    const results = ENGINES.map(({ name }) => soak(name));
    for (const { restarts, messages, findings, failures } of results) {
      expect(failures).toEqual([]);
      expect(findings).toBe(0);
      expect(restarts).toBe((HOURS * 60) / RESTART_MINUTES);
      // The client's 100 messages and their answers, every time.
      expect(messages).toBeGreaterThan(200 * restarts);
    }
    expect(new Set(results.map(({ trace }) => trace)).size).toBe(1);
    expect(new Set(results.map(({ instructions }) => instructions)).size).toBe(1);
  });
});
