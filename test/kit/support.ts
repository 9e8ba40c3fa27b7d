/** Machines for tests of the kit, which are disposed of after each test. */
import { afterEach } from 'vitest';
import { createMachine, type NodeSimulationOptions } from '../../src/cli/create-machine.ts';
import type { Simulation } from '../../src/kit/simulation.ts';

const made: Simulation[] = [];

afterEach(() => {
  for (const simulation of made.splice(0)) simulation.dispose();
});

/** A machine that runs one of our images. */
export async function machine(image: string, options: NodeSimulationOptions = {}): Promise<Simulation> {
  const simulation = await createMachine({ firmware: `images/${image}.elf`, ...options });
  made.push(simulation);
  return simulation;
}

/** The error that `promise` is rejected with. */
export async function failure<E extends Error>(promise: Promise<unknown>): Promise<E> {
  try {
    await promise;
  } catch (error) {
    return error as E;
  }
  throw new Error('it was not rejected');
}
