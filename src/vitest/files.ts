/**
 * Options with names of files, as a test project has them: relative to the root of the vitest project, or URLs
 * (`new URL('../build/fw.elf', import.meta.url)`).
 */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type NodeSimulationOptions, readOptions as read } from '../cli/create-machine.ts';
import type { TreeInput } from '../devicetree/load.ts';
import { UsageError } from '../errors.ts';
import type { FirmwareInput, SimulationOptions } from '../kit/options.ts';

/** A file by its path or `file:` URL. */
export type FileName = string | URL;

/** The options of `createMachine`, with files by name. */
export interface FileOptions extends Omit<NodeSimulationOptions, 'firmware' | 'dtb' | 'overlays'> {
  /** ELF of the Cortex-M core: a path, a URL, or bytes. */
  readonly firmware?: FileName | FirmwareInput;
  /** Device tree that Linux boots with, `.dtb` or `.dts`. */
  readonly dtb?: FileName | TreeInput;
  readonly overlays?: readonly (FileName | TreeInput)[];
}

/** Where paths begin: the root of the vitest project. */
function root(): string {
  const worker = (globalThis as { __vitest_worker__?: { config?: { root?: string } } }).__vitest_worker__;
  return worker?.config?.root ?? process.cwd();
}

/** A name as a path; anything else as it is. */
function path<T>(input: FileName | T): string | T {
  if (input instanceof URL) return fileURLToPath(input);
  if (typeof input !== 'string') return input;
  return input.startsWith('file:') ? fileURLToPath(input) : resolve(root(), input);
}

/** The options with all files read. @throws {UsageError | FirmwareError | DeviceTreeError} */
export function readOptions(options: FileOptions): SimulationOptions {
  const { firmware, dtb, overlays, engine = process.env['IMX_SIM_ENGINE'] || undefined, ...rest } = options;
  const elf = firmware === undefined ? undefined : path<FirmwareInput>(firmware);
  if (typeof elf === 'string' && !existsSync(elf)) {
    const remedy = 'build it first; paths are relative to the root of the vitest project; or give new URL(path, import.meta.url)';
    throw new UsageError(`${elf}: no such file`, remedy, 'firmware');
  }
  return read({
    ...rest,
    ...(elf === undefined ? {} : { firmware: elf }),
    ...(dtb === undefined ? {} : { dtb: path<TreeInput>(dtb) }),
    ...(overlays ? { overlays: overlays.map((each) => path<TreeInput>(each)) } : {}),
    ...(engine === undefined ? {} : { engine: engine as NonNullable<FileOptions['engine']> }),
  });
}
