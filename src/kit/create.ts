/**
 * `createMachine`: a firmware on a SoC with its Linux, ready to be driven by a test.
 */
import { attachDevices } from './devices.ts';
import { configure, powerOn, refuseUnknownOptions, type SimulationOptions } from './options.ts';
import { Simulation } from './simulation.ts';

/**
 * A machine at its power-on, with the defaults of `imx-sim run`. No time passes before something is awaited.
 * @throws {UsageError | FirmwareError | DeviceTreeError} for options that make no sense, each with its remedy
 */
export async function createMachine(options: SimulationOptions): Promise<Simulation> {
  refuseUnknownOptions(options);
  const configuration = configure(options);
  const machine = powerOn(configuration);
  const simulation = new Simulation(configuration, { take: () => ({ machine }), give: () => machine.dispose() });
  await simulation.ready();
  if (options.devices) attachDevices(simulation, options.devices);
  for (const fault of options.faults ?? []) simulation.fault(fault);
  return simulation;
}
