/** A planted difference is found and reported with the instructions that it takes, and the same again from its seed alone. */
import { expect, it } from 'vitest';
import type { EngineHost } from '../../src/cpu/engine.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { CORTEX_M7 } from '../../src/cpu/profile.ts';
import { LockStep } from './lock-step.ts';

/** An interpreter that never traps division by zero. */
function lenient(host: EngineHost) {
  const engine = interpreterFactory.create(host);
  Object.defineProperty(engine, 'divideTrap', { get: () => false, set: () => {} });
  return engine;
}

function firstDifference(from: number): { seed: number; text: string } {
  const lockStep = new LockStep((host) => interpreterFactory.create(host), lenient, { profile: CORTEX_M7 });
  try {
    for (let seed = from; ; seed++) {
      const difference = lockStep.run(seed);
      if (difference) return { seed, text: lockStep.explain(difference) };
    }
  } finally {
    lockStep.dispose();
  }
}

it('makes a difference as small as it goes', () => {
  const { seed, text } = firstDifference(1);
  expect(text).toMatch(new RegExp(`^seed ${seed}, [1-8] of \\d+ instructions:`));
  expect(text).toMatch(/^ {2}fb[9b][0-9a-f]{5} {2}[SU]DIV/m);
  expect(text).toMatch(/stop DIVIDE_BY_ZERO \/ /);
  expect(firstDifference(seed)).toEqual({ seed, text });
});
