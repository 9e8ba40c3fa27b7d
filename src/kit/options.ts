/**
 * What `createMachine` takes, and what it makes of it: the same rules and defaults as `imx-sim run`.
 */
import type { EngineFactory } from '../cpu/engine.ts';
import { interpreterFactory } from '../cpu/interpreter/index.ts';
import { jitFactory } from '../cpu/jit/index.ts';
import type { TreeInput } from '../devicetree/load.ts';
import { UsageError } from '../errors.ts';
import type { KernelFlavour } from '../linux/kernel-flavour.ts';
import { Machine } from '../machine.ts';
import type { DeviceDefinitions } from '../peripherals/attached/definitions.ts';
import { type Firmware, parseFirmware } from '../remoteproc/elf-loader.ts';
import { machineOptions, type RunConfiguration, semihostingConsole } from '../session/machine-options.ts';
import { chooseTarget, type Target } from '../session/target.ts';
import { findSoc } from '../soc/index.ts';
import type { BootStage } from '../uboot/stage.ts';
import type { TtyReader } from '../virtio/tty.ts';
import { type DevicesOption, definitionsOf } from './devices.ts';
import { inOptionWords } from './option-words.ts';

/** A firmware file: parsed, or its bytes, with the name that it has in /lib/firmware. */
export type FirmwareInput = Firmware | Uint8Array | { readonly name: string; readonly bytes: Uint8Array };

/** What a machine is made of. Every default is that of `imx-sim run`. */
export interface SimulationOptions {
  /** ELF of the Cortex-M core. May be absent when `soc` is given: a Linux alone. */
  readonly firmware?: FirmwareInput;
  /** `imx8mp`; found from the ELF unless given. */
  readonly soc?: string;
  /** Board whose device tree Linux boots with. */
  readonly board?: string;
  /** Core that runs the firmware, on SoCs with several. */
  readonly core?: string;
  /** What executes instructions: `jit` unless given. */
  readonly engine?: 'jit' | 'interpreter' | EngineFactory;
  /** False: no Linux, the firmware is loaded directly. */
  readonly linux?: boolean;
  /** Kernel modules to load. */
  readonly modules?: readonly string[];
  /** Loads modules for channels that appear, besides. */
  readonly udev?: boolean;
  /** Who reads ttys of Linux: a program that shows what arrives, so that `until('ttyRPMSG30', ...)` sees it, unless given; `none` leaves them to the test. */
  readonly ttyReader?: TtyReader;
  /** Device tree that Linux boots with. */
  readonly dtb?: TreeInput;
  readonly overlays?: readonly TreeInput[];
  /** What runs before Linux; a U-Boot starts the firmware as the board's documentation says, unless `ubootScript` does otherwise. */
  readonly boot?: BootStage;
  readonly ubootScript?: readonly string[];
  /** Further files on U-Boot's card, and in /lib/firmware there. */
  readonly bootFiles?: ReadonlyMap<string, Uint8Array>;
  /** Whose kernel Linux is: `mainline` unless given. */
  readonly kernel?: KernelFlavour['name'];
  /** Linux hears of crashes of the core and recovers it. */
  readonly recover?: boolean;
  /** Serves semihosting calls; output is the console `semihosting`. */
  readonly semihosting?: boolean;
  readonly fastForward?: boolean;
  /** Bytes of host memory for guest RAM. */
  readonly hostMemory?: number;
  /** Counts what the core executes, for `coverage()`. */
  readonly coverage?: boolean;
  /** Of everything random that a test asks for: 1 unless given. */
  readonly seed?: number;
  /** Faults from power-on, each as `--faults` has it: `doorbell-drop@doorbell#3` (docs/faults.md). */
  readonly faults?: readonly string[];
  /** Devices on I2C and SPI, attached from the beginning. */
  readonly devices?: DevicesOption;
  /** Text of the instruction at an address, for reports. */
  readonly disassemble?: (address: number, bytes: Uint8Array) => string | undefined;
}

/** Options, checked and complete: any number of machines can be made of it. */
export interface Configuration {
  readonly options: SimulationOptions;
  readonly target: Target;
  readonly firmware: Firmware | undefined;
  readonly engine: EngineFactory;
  /** For lint and defaults; undefined without firmware. */
  readonly run: RunConfiguration | undefined;
  readonly seed: number;
  /** What devices on I2C and SPI are made of, for every machine that is made of this. */
  readonly definitions: DeviceDefinitions;
}

/** Names of the options: one that is misspelt would do nothing, and nobody would notice. */
const OPTION_NAMES: Readonly<Record<keyof SimulationOptions, true>> = {
  firmware: true,
  soc: true,
  board: true,
  core: true,
  engine: true,
  linux: true,
  modules: true,
  udev: true,
  ttyReader: true,
  dtb: true,
  overlays: true,
  boot: true,
  ubootScript: true,
  bootFiles: true,
  kernel: true,
  recover: true,
  semihosting: true,
  fastForward: true,
  hostMemory: true,
  coverage: true,
  seed: true,
  faults: true,
  devices: true,
  disassemble: true,
};

/** @throws {UsageError} for an option that there is not */
export function refuseUnknownOptions(options: object): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(OPTION_NAMES, name));
  if (unknown === undefined) return;
  throw new UsageError(`no option ${unknown}`, `there are ${Object.keys(OPTION_NAMES).join(', ')}`, unknown);
}

/** Checks the options. @throws {UsageError | FirmwareError | DeviceTreeError} */
export function configure(options: SimulationOptions): Configuration {
  return inOptionWords(() => {
    const { seed = 1 } = options;
    if (!Number.isSafeInteger(seed) || seed < 0) throw new UsageError(`seed: ${seed} is no seed`, 'give a whole number from 0 on', 'seed');
    const firmware = firmwareOf(options.firmware);
    const engine = engineOf(options.engine);
    const target = targetOf(firmware, options);
    return {
      options,
      target,
      firmware,
      engine,
      run: firmware && { ...options, firmware, target, engine },
      seed,
      definitions: definitionsOf(options.devices),
    };
  });
}

/** A machine at its power-on, with the history that snapshots need. @throws {ImxSimError} when it cannot be made */
export function powerOn({ options, target, engine, run, definitions, seed }: Configuration): Machine {
  return inOptionWords(() => {
    const { udev, ttyReader, bootFiles, disassemble, semihosting } = options;
    let machine: Machine | undefined;
    const console = semihosting ? semihostingConsole(() => machine!) : undefined;
    const { soc, core, board } = target;
    const base = run ? machineOptions(run, console) : { soc, core, engine, ...(board ? { board } : {}), ...withoutFirmware(options) };
    machine = new Machine({
      ...base,
      history: true,
      devices: definitions,
      ...(udev ? { udev } : {}),
      ...(ttyReader ? { ttyReader } : {}),
      ...(bootFiles ? { bootFiles } : {}),
      ...(disassemble ? { disassemble } : {}),
    });
    machine.faultPort.seed = seed;
    return machine;
  });
}

/** Of the options, those that make sense for a Linux alone. */
function withoutFirmware({ linux, modules, dtb, overlays, hostMemory }: SimulationOptions) {
  return {
    ...(linux === undefined ? {} : { linux }),
    ...(modules ? { modules } : {}),
    ...(dtb ? { dtb } : {}),
    ...(overlays ? { overlays } : {}),
    ...(hostMemory ? { hostMemory } : {}),
  };
}

function firmwareOf(input: SimulationOptions['firmware']): Firmware | undefined {
  if (input === undefined) return undefined;
  if (typeof input === 'string')
    throw new UsageError(
      'firmware: a path, but no files here',
      "import createMachine of 'imx-sim/node', or give the bytes of the ELF",
      'firmware',
    );
  if (input instanceof Uint8Array) return parseFirmware(input, 'firmware.elf');
  return 'segments' in input ? input : parseFirmware(input.bytes, input.name);
}

function engineOf(engine: SimulationOptions['engine'] | string = 'jit'): EngineFactory {
  if (typeof engine !== 'string') return engine;
  const factory = { jit: jitFactory, interpreter: interpreterFactory }[engine];
  if (factory) return factory;
  const remedy = "there are 'jit' and 'interpreter', and in imx-sim/node 'unicorn'";
  throw new UsageError(`engine: no engine ${engine}`, remedy, 'engine');
}

function targetOf(firmware: Firmware | undefined, options: SimulationOptions): Target {
  const { soc, core, board } = options;
  const named = {
    ...(soc === undefined ? {} : { soc }),
    ...(core === undefined ? {} : { core }),
    ...(board === undefined ? {} : { board }),
  };
  if (firmware) return chooseTarget(firmware, named);
  if (soc === undefined)
    throw new UsageError('neither a firmware nor a SoC', "give firmware, or soc: 'imx8mp' for a Linux alone", 'firmware');
  const found = findSoc(soc);
  return { soc: found, core: core ?? found.cores[0]!.name, reasons: ['as soc says'], ...(board === undefined ? {} : { board }) };
}
