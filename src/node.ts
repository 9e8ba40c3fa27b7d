/**
 * What needs Node: native Unicorn, and firmware from files.
 */

export { createMachine, type NodeSimulationOptions, readOptions } from './cli/create-machine.ts';
export { readFirmware } from './cli/firmware-file.ts';
export { unicornAvailable, unicornFactory } from './cpu/unicorn/index.ts';
export * from './index.ts';
