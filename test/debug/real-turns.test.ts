/** Turns of the host's event loop on long ways through the past. */
import { expect, it } from 'vitest';
import { RealTurns } from '../../src/debug/real-turns.ts';

it('let everything else of the host have its turn', async () => {
  const turns = new RealTurns();
  let others = 0;
  let waiting = true;
  const other = (): void => {
    others++;
    if (waiting) setImmediate(other);
  };
  setImmediate(other);
  for (let turn = 0; turn < 1000; turn++) await turns.next();
  waiting = false;
  turns.close();
  expect(others).toBeGreaterThan(250);
});
