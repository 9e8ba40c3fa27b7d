/**
 * Random loops end in the same state at the same cycle with and without fast-forward, wherever they are stopped.
 *
 * IMX_SIM_LOOPS sets their number (for a longer run), IMX_SIM_SEED the seed.
 */
import { describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { LOOP_PROFILES, loopRig, RandomLoops, stateOf } from '../../support/loop-firmware.ts';
import { Random } from '../../support/random-thumb.ts';

const COUNT = Number(process.env['IMX_SIM_LOOPS'] ?? 200);
const SEED = Number(process.env['IMX_SIM_SEED'] ?? 1);
const STOPS = [700, 1501, 20_000, 20_001, 61_111];

describe('random loops', () => {
  it(`are the same with and without fast-forward (seed ${SEED})`, () => {
    let skipped = 0;
    let skipping = 0;
    let instructions = 0;
    for (let number = 0; number < COUNT; number++) {
      const random = new Random(SEED * 1_000_003 + number);
      const code = new RandomLoops(random).program();
      const options = { profile: random.pick(LOOP_PROFILES), cyclesPerInstruction: random.pick([1, 1, 2, 3]) };
      const quick = loopRig(interpreterFactory, code, { ...options, fastForward: true });
      const slow = loopRig(interpreterFactory, code, { ...options, fastForward: false });
      for (const cycles of STOPS) {
        expect(quick.run(cycles)).toEqual(slow.run(cycles));
        const text = code.map((half) => half.toString(16).padStart(4, '0')).join(' ');
        expect(stateOf(quick), `loop ${number} of seed ${SEED}: ${text}`).toEqual(stateOf(slow));
      }
      skipped += quick.core.skipped;
      instructions += quick.core.instructions;
      if (quick.core.skipped > 0) skipping++;
      quick.core.dispose();
      slow.core.dispose();
    }
    expect(skipping / COUNT).toBeGreaterThan(0.2);
    expect(skipped / instructions).toBeGreaterThan(0.2);
  }, 120_000);
});
