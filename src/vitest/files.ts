/**
 * Options with names of files, as a test project has them: relative to the root of the vitest project, or URLs
 * (`new URL('../build/fw.elf', import.meta.url)`).
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readFirmware } from '../cli/firmware-file.ts';
import { readTree } from '../cli/tree-file.ts';
import { unicornFactory } from '../cpu/unicorn/index.ts';
import type { TreeInput } from '../devicetree/load.ts';
import { UsageError } from '../errors.ts';
import type { FirmwareInput, SimulationOptions } from '../kit/options.ts';

/** A file by its path or `file:` URL. */
export type FileName = string | URL;

/** The options of `createMachine`, with files by name as well. */
export interface FileOptions extends Omit<SimulationOptions, 'firmware' | 'dtb' | 'overlays' | 'engine'> {
  /** ELF of the Cortex-M core: a path, a URL, or what `createMachine` takes. */
  readonly firmware?: FileName | FirmwareInput;
  /** Device tree that Linux boots with, as .dtb or .dts. */
  readonly dtb?: FileName | TreeInput;
  readonly overlays?: readonly (FileName | TreeInput)[];
  /** What executes instructions; IMX_SIM_ENGINE, or `jit`, unless given. */
  readonly engine?: SimulationOptions['engine'] | 'unicorn';
}

const isName = (value: unknown): value is FileName => typeof value === 'string' || value instanceof URL;

/** Where paths begin: the root of the vitest project. */
function root(): string {
  const worker = (globalThis as { __vitest_worker__?: { config?: { root?: string } } }).__vitest_worker__;
  return worker?.config?.root ?? process.cwd();
}

function pathOf(name: FileName): string {
  return typeof name === 'string' && !name.startsWith('file:') ? resolve(root(), name) : fileURLToPath(name);
}

function firmware(name: FileName): FirmwareInput {
  const path = pathOf(name);
  if (!existsSync(path)) {
    const remedy = 'build it first; paths are relative to the root of the vitest project; or give new URL(path, import.meta.url)';
    throw new UsageError(`${path}: no such file`, remedy, 'firmware');
  }
  return readFirmware(path);
}

const tree = (input: FileName | TreeInput, option: string): TreeInput => (isName(input) ? readTree(pathOf(input), option) : input);

function engineOf(engine: FileOptions['engine'] | string): SimulationOptions['engine'] {
  return engine === 'unicorn' ? unicornFactory : (engine as SimulationOptions['engine']);
}

/** The options with all files read. @throws {UsageError | FirmwareError | DeviceTreeError} */
export function readOptions(options: FileOptions): SimulationOptions {
  const { firmware: elf, dtb, overlays, engine = process.env['IMX_SIM_ENGINE'] || undefined, ...rest } = options;
  return {
    ...rest,
    ...(elf === undefined ? {} : { firmware: isName(elf) ? firmware(elf) : elf }),
    ...(dtb === undefined ? {} : { dtb: tree(dtb, 'dtb') }),
    ...(overlays ? { overlays: overlays.map((each) => tree(each, 'overlays')) } : {}),
    ...(engine === undefined ? {} : { engine: engineOf(engine) }),
  };
}
