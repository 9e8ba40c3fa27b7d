/**
 * Threads that run trials; who asked gets each answer, whichever thread it came from.
 */
import { Worker } from 'node:worker_threads';
import { runTrial, type TrialResult } from '../faults/trial.ts';
import { type TrialSource, trialOptions } from './trial-options.ts';

/** What a worker is asked. */
export interface TrialRequest {
  readonly id: number;
  readonly plan: readonly string[];
  readonly seed: number;
  /** Virtual time that the run has, in ns. */
  readonly timeout: number | undefined;
}

/** What it answers. */
export type TrialAnswer =
  | { readonly id: number; readonly result: TrialResult; readonly error?: undefined }
  | { readonly id: number; readonly error: Error; readonly result?: undefined };

interface Waiting {
  readonly request: TrialRequest;
  readonly resolve: (result: TrialResult) => void;
  readonly reject: (error: Error) => void;
}

/** Runs trials on `workers` threads; on none of their own with 0. */
export class TrialPool {
  private readonly source: TrialSource;
  private readonly idle: Worker[] = [];
  private readonly all: Worker[] = [];
  private readonly queue: Waiting[] = [];
  private readonly running = new Map<number, Waiting>();
  private next = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(source: TrialSource, workers: number) {
    this.source = source;
    for (let index = 0; index < workers; index++) this.start();
  }

  /** Runs the firmware with a plan. @throws {ImxSimError} for plans that make no sense */
  run(plan: readonly string[], seed: number, timeout?: number): Promise<TrialResult> {
    if (this.all.length === 0) return this.here(plan, seed, timeout);
    return new Promise((resolve, reject) => {
      this.queue.push({ request: { id: this.next++, plan, seed, timeout }, resolve, reject });
      this.hand();
    });
  }

  /** Ends the threads. */
  async close(): Promise<void> {
    await Promise.all(this.all.map((worker) => worker.terminate()));
  }

  private here(plan: readonly string[], seed: number, timeout: number | undefined): Promise<TrialResult> {
    const run = this.last.then(async () => {
      const options = await trialOptions(this.source);
      return runTrial({ ...options, ...(timeout === undefined ? {} : { timeout }) }, plan, seed);
    });
    this.last = run.catch(() => {});
    return run;
  }

  private start(): void {
    const worker = new Worker(new URL('./explore-worker.js', workerBase()), { workerData: this.source });
    worker.on('message', (answer: TrialAnswer) => this.answered(worker, answer));
    worker.on('error', (error) => this.failed(error instanceof Error ? error : new Error(String(error))));
    this.all.push(worker);
    this.idle.push(worker);
  }

  private hand(): void {
    while (this.idle.length > 0 && this.queue.length > 0) {
      const worker = this.idle.shift()!;
      const waiting = this.queue.shift()!;
      this.running.set(waiting.request.id, waiting);
      worker.postMessage(waiting.request);
    }
  }

  private answered(worker: Worker, { id, result, error }: TrialAnswer): void {
    const waiting = this.running.get(id);
    this.running.delete(id);
    this.idle.push(worker);
    this.hand();
    if (error) waiting?.reject(error);
    else waiting?.resolve(result);
  }

  /** A thread has died, which is our own bug. */
  private failed(error: Error): void {
    for (const { reject } of [...this.running.values(), ...this.queue.splice(0)]) reject(error);
    this.running.clear();
  }
}

/** In the bundle the worker stands beside this file, in dist/cli in a directory of commands. */
function workerBase(): URL {
  const here = new URL(import.meta.url);
  return here.pathname.endsWith('/cli/explore-pool.js') ? new URL('./commands/', here) : here;
}
