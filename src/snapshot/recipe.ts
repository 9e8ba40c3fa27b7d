/**
 * What a machine was made of, as data: with it another one can be made elsewhere, on any engine.
 */
import type { EngineFactory } from '../cpu/engine.ts';
import type { SemihostingHost } from '../cpu/semihosting.ts';
import { loadTree, type TreeInput } from '../devicetree/load.ts';
import { DeviceTree } from '../devicetree/tree.ts';
import { writeDtb } from '../devicetree/write-dtb.ts';
import { SnapshotError } from '../errors.ts';
import { findKernelFlavour, type KernelFlavour } from '../linux/kernel-flavour.ts';
import type { MachineOptions } from '../machine.ts';
import { parseFirmware } from '../remoteproc/elf-loader.ts';
import { SOCS } from '../soc/index.ts';
import type { SocDescription } from '../soc/soc.ts';
import type { BootStage } from '../uboot/stage.ts';
import type { TtyReader } from '../virtio/tty.ts';

/** A file by its name. */
export interface NamedFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** The options of a machine, but for what belongs to the host that it runs on. */
export interface Recipe {
  readonly soc: string;
  readonly board?: string;
  readonly core?: string;
  readonly firmware?: NamedFile;
  readonly linux?: boolean;
  readonly boot?: BootStage;
  readonly ubootScript?: readonly string[];
  readonly bootFiles?: readonly NamedFile[];
  readonly modules?: readonly string[];
  readonly udev?: boolean;
  readonly ttyReader?: TtyReader;
  /** A blob. */
  readonly dtb?: NamedFile;
  readonly overlays?: readonly NamedFile[];
  readonly kernel?: KernelFlavour['name'];
  readonly crashDetection?: 'none' | 'report';
  readonly semihosting?: boolean;
  readonly fastForward?: boolean;
}

/** Where a recipe has each option of a machine; false: it belongs to the host. An option that is new does not compile until it is here. */
export const RECIPE_OF: Readonly<Record<keyof MachineOptions, keyof Recipe | false>> = {
  soc: 'soc',
  board: 'board',
  core: 'core',
  firmware: 'firmware',
  linux: 'linux',
  boot: 'boot',
  ubootScript: 'ubootScript',
  bootFiles: 'bootFiles',
  modules: 'modules',
  udev: 'udev',
  ttyReader: 'ttyReader',
  dtb: 'dtb',
  overlays: 'overlays',
  kernelFlavour: 'kernel',
  crashDetection: 'crashDetection',
  semihosting: 'semihosting',
  fastForward: 'fastForward',
  history: false,
  engine: false,
  hostMemory: false,
  devices: false,
  disassemble: false,
};

/** What the host adds when it makes a machine by a recipe. */
export interface RecipeHost {
  readonly engine?: EngineFactory;
  /** For a SoC that imx-sim does not know by name. */
  readonly soc?: SocDescription;
  readonly semihosting?: SemihostingHost;
  readonly hostMemory?: number;
  readonly disassemble?: NonNullable<MachineOptions['disassemble']>;
}

/** The recipe of a machine with these options. */
export function recipeOf(options: MachineOptions): Recipe {
  const { soc, board, core, firmware, linux, boot, ubootScript, bootFiles, modules, udev, ttyReader, dtb, overlays } = options;
  const { kernelFlavour, crashDetection, semihosting, fastForward } = options;
  return {
    soc: soc.name,
    ...(board === undefined ? {} : { board }),
    ...(core === undefined ? {} : { core }),
    ...(firmware ? { firmware: { name: firmware.name, bytes: firmware.bytes } } : {}),
    ...(linux === undefined ? {} : { linux }),
    ...(boot === undefined ? {} : { boot }),
    ...(ubootScript ? { ubootScript } : {}),
    ...(bootFiles ? { bootFiles: [...bootFiles].map(([name, bytes]) => ({ name, bytes })) } : {}),
    ...(modules ? { modules } : {}),
    ...(udev === undefined ? {} : { udev }),
    ...(ttyReader ? { ttyReader } : {}),
    ...(dtb ? { dtb: blobOf(dtb, 'device tree') } : {}),
    ...(overlays ? { overlays: overlays.map((overlay, index) => blobOf(overlay, `overlay ${index + 1}`)) } : {}),
    ...(kernelFlavour ? { kernel: kernelFlavour.name } : {}),
    ...(crashDetection ? { crashDetection } : {}),
    ...(semihosting ? { semihosting: true } : {}),
    ...(fastForward === undefined ? {} : { fastForward }),
  };
}

/** Options for a machine made by `recipe`. @throws {SnapshotError} when this imx-sim cannot make it; other errors for bad files in it */
export function optionsOf(recipe: Recipe, host: RecipeHost = {}): MachineOptions {
  const { board, core, firmware, linux, boot, ubootScript, modules, udev, ttyReader, kernel, crashDetection, fastForward } = recipe;
  const soc = host.soc?.name === recipe.soc ? host.soc : SOCS.find(({ name }) => name === recipe.soc);
  if (!soc) {
    throw new SnapshotError(
      'E_SNAPSHOT_MACHINE',
      `it is of a ${recipe.soc}, which this imx-sim does not know`,
      'restore it with the version that made it, or give the description of that SoC',
      recipe.soc,
    );
  }
  const { engine, semihosting, hostMemory, disassemble } = host;
  return {
    soc,
    ...(engine ? { engine } : {}),
    ...(hostMemory ? { hostMemory } : {}),
    ...(disassemble ? { disassemble } : {}),
    ...(recipe.semihosting && semihosting ? { semihosting } : {}),
    ...(board === undefined ? {} : { board }),
    ...(core === undefined ? {} : { core }),
    ...(firmware ? { firmware: parseFirmware(firmware.bytes, firmware.name) } : {}),
    ...(linux === undefined ? {} : { linux }),
    ...(boot === undefined ? {} : { boot }),
    ...(ubootScript ? { ubootScript } : {}),
    ...filesOf(recipe),
    ...(modules ? { modules } : {}),
    ...(udev === undefined ? {} : { udev }),
    ...(ttyReader ? { ttyReader } : {}),
    ...(kernel ? { kernelFlavour: findKernelFlavour(kernel) } : {}),
    ...(crashDetection ? { crashDetection } : {}),
    ...(fastForward === undefined ? {} : { fastForward }),
    history: true,
  };
}

/** The trees and files of a recipe, as machines and simulations take them. @throws {DeviceTreeError} */
export function filesOf({ dtb, overlays, bootFiles }: Recipe): Pick<MachineOptions, 'dtb' | 'overlays' | 'bootFiles'> {
  return {
    ...(dtb ? { dtb: { name: dtb.name, tree: loadTree(dtb.bytes, dtb.name) } } : {}),
    ...(overlays ? { overlays: overlays.map(({ name, bytes }) => ({ name, tree: loadTree(bytes, name) })) } : {}),
    ...(bootFiles ? { bootFiles: new Map(bootFiles.map(({ name, bytes }) => [name, bytes])) } : {}),
  };
}

function blobOf(input: TreeInput, fallback: string): NamedFile {
  if (input instanceof Uint8Array) return { name: fallback, bytes: writeDtb(loadTree(input, fallback)) };
  if (input instanceof DeviceTree) return { name: fallback, bytes: writeDtb(input) };
  return { name: input.name, bytes: writeDtb(input.tree) };
}
