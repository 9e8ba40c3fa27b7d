/**
 * The test kit: machines that a test drives in virtual time. It runs in Node and in a browser alike.
 */
export { createMachine } from './create.ts';
export type { FoundLine } from './goals.ts';
export type { CallLimit, ExecLimit, FileView, LinuxView, ShellView } from './linux-view.ts';
export type { Configuration, FirmwareInput, SimulationOptions } from './options.ts';
export type { ChannelName, RpmsgChannel, RpmsgMessage, RpmsgView } from './rpmsg.ts';
export { type ConditionOptions, type CoreFailure, Simulation, type UntilOptions, type WaitOptions } from './simulation.ts';
export type { ConsoleView } from './uart.ts';
