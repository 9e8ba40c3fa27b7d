/**
 * A thread of `imx-sim explore`: runs the firmware with the plans that it is given, one after the other.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { runTrial } from '../../faults/trial.ts';
import type { TrialAnswer, TrialRequest } from '../explore-pool.ts';
import { type TrialSource, trialOptions } from '../trial-options.ts';

const options = await trialOptions(workerData as TrialSource);
const port = parentPort!;

port.on('message', async ({ id, plan, seed, timeout }: TrialRequest) => {
  let answer: TrialAnswer;
  try {
    answer = { id, result: await runTrial({ ...options, ...(timeout === undefined ? {} : { timeout }) }, plan, seed) };
  } catch (error) {
    answer = { id, error: error instanceof Error ? error : new Error(String(error)) };
  }
  port.postMessage(answer);
});
