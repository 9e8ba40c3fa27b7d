/**
 * `createMachine` for Node: firmware and device trees may be paths, and there is the engine `unicorn`.
 */

import { unicornFactory } from '../cpu/unicorn/index.ts';
import type { TreeInput } from '../devicetree/load.ts';
import { createMachine as create } from '../kit/create.ts';
import type { FirmwareInput, SimulationOptions } from '../kit/options.ts';
import type { Simulation } from '../kit/simulation.ts';
import { readFirmware } from './firmware-file.ts';
import { readTree } from './tree-file.ts';

/** As `SimulationOptions`; files may be given by their paths. */
export interface NodeSimulationOptions extends Omit<SimulationOptions, 'firmware' | 'dtb' | 'overlays' | 'engine'> {
  /** ELF of the Cortex-M core, as a path or bytes. */
  readonly firmware?: string | FirmwareInput;
  /** Device tree, `.dtb` or `.dts`. */
  readonly dtb?: string | TreeInput;
  readonly overlays?: readonly (string | TreeInput)[];
  /** `unicorn` where libunicorn 2 is installed; `jit` unless given. */
  readonly engine?: SimulationOptions['engine'] | 'unicorn';
}

/** Options with all files read. @throws {UsageError | FirmwareError | DeviceTreeError} */
export function readOptions(options: NodeSimulationOptions): SimulationOptions {
  const { firmware, dtb, overlays, engine, ...rest } = options;
  return {
    ...rest,
    ...(firmware === undefined ? {} : { firmware: typeof firmware === 'string' ? readFirmware(firmware) : firmware }),
    ...(dtb === undefined ? {} : { dtb: typeof dtb === 'string' ? readTree(dtb, 'dtb').tree : dtb }),
    ...(overlays ? { overlays: overlays.map((each) => (typeof each === 'string' ? readTree(each, 'overlays') : each)) } : {}),
    ...(engine === undefined ? {} : { engine: engine === 'unicorn' ? unicornFactory : engine }),
  };
}

/**
 * A machine at its power-on, with the defaults of `imx-sim run`. No time passes before something is awaited.
 * @throws {UsageError | FirmwareError | DeviceTreeError} for options and files that make no sense, each with its remedy
 */
export async function createMachine(options: NodeSimulationOptions): Promise<Simulation> {
  return create(readOptions(options));
}
