/**
 * From what a user asks for to the options of a machine: one set of rules and defaults for `imx-sim run`, a page and the test kit.
 */
import type { EngineFactory } from '../cpu/engine.ts';
import type { SemihostingHost } from '../cpu/semihosting.ts';
import type { TreeInput } from '../devicetree/load.ts';
import { UsageError } from '../errors.ts';
import { type LintFinding, lintFirmware } from '../linux/firmware-lint.ts';
import { findKernelFlavour, type KernelFlavour } from '../linux/kernel-flavour.ts';
import { lintOnTree } from '../linux/tree-lint.ts';
import type { Machine, MachineOptions } from '../machine.ts';
import type { Firmware } from '../remoteproc/elf-loader.ts';
import { decodeResourceTable } from '../remoteproc/resource-table-report.ts';
import { findBoard } from '../soc/soc.ts';
import { findUBootBoard } from '../uboot/boards.ts';
import { type BootStage, documentedSequence, ubootBoard } from '../uboot/stage.ts';
import { UBOOT_CONSOLE } from '../uboot/uboot.ts';
import { DEFAULT_MODULES } from '../virtio/modules.ts';
import type { DeviceInput } from './input.ts';
import type { Target } from './target.ts';

/** Name of the console that semihosting writes to. */
export const SEMIHOSTING = 'semihosting';

/** What runs, and on what. */
export interface RunConfiguration {
  readonly firmware: Firmware;
  readonly target: Target;
  readonly engine: EngineFactory;
  /** False: no Linux, the firmware is loaded directly. */
  readonly linux?: boolean;
  readonly modules?: readonly string[];
  /** Device tree that Linux boots with; the one that is built in for the board unless given. */
  readonly dtb?: TreeInput;
  /** Overlays, merged into the tree in their order. */
  readonly overlays?: readonly TreeInput[];
  /**
   * What runs before Linux; with a U-Boot, it starts the firmware as the board's documentation says, unless a script or keys do otherwise.
   * What firmware and board need, unless given; see `bootChoice`.
   */
  readonly boot?: BootStage;
  /** Lines that are typed at U-Boot's prompt. */
  readonly ubootScript?: readonly string[];
  /** Whose kernel Linux is. */
  readonly kernel?: KernelFlavour['name'];
  /** Linux hears of crashes of the core and recovers it. */
  readonly recover?: boolean;
  readonly fastForward?: boolean;
  readonly hostMemory?: number;
  /** Text for consoles, each given once the device is there and ready. */
  readonly send?: readonly DeviceInput[];
  /** Console that the keyboard goes to; the core's UART unless given. */
  readonly console?: string;
}

/** The machine for a run; `semihosting` serves its calls if it has any. @throws {UsageError} for options that contradict each other */
export function machineOptions(run: RunConfiguration, semihosting?: SemihostingHost): MachineOptions {
  const { firmware, target, engine, linux, fastForward, hostMemory, dtb, overlays, recover } = run;
  const { boot, kernel } = bootChoice(run);
  const kernelFlavour = kernel && findKernelFlavour(kernel);
  const { soc, core, board } = target;
  const modules = run.modules ?? ttyModules(run);
  const bare = linux === false || soc.remoteprocs.length === 0;
  if (modules && bare) {
    const remedy = `leave out --modules${linux === false ? ', or --no-linux' : ''}`;
    throw new UsageError('kernel modules, but no Linux to load them', remedy, '--modules');
  }
  if ((dtb || overlays) && bare)
    throw new UsageError('a device tree, but no Linux to boot with it', 'leave out --dtb and --overlay, or --no-linux', '--dtb');
  if (recover && bare) throw new UsageError('--recover, but no Linux to tell of crashes', 'leave it out', '--recover');
  return {
    soc,
    core,
    engine,
    firmware,
    ...(linux === undefined ? {} : { linux }),
    ...(fastForward === undefined ? {} : { fastForward }),
    ...(board ? { board } : {}),
    ...(modules ? { modules } : {}),
    ...(dtb ? { dtb } : {}),
    ...(overlays ? { overlays } : {}),
    ...bootLoader(run, boot),
    ...(kernelFlavour ? { kernelFlavour } : {}),
    ...(recover ? { crashDetection: 'report' as const } : {}),
    ...(semihosting ? { semihosting } : {}),
    ...(hostMemory ? { hostMemory } : {}),
  };
}

/** What runs before Linux, and whose kernel that is. */
export interface BootChoice {
  readonly boot: BootStage;
  readonly kernel?: KernelFlavour['name'];
  /** Why, when nobody asked for it. */
  readonly note?: string;
}

/**
 * What the user said; otherwise remoteproc of mainline, but for firmware without a vdev in a resource table on a board whose tree has NXP's
 * imx_rpmsg: there bootaux starts it, and NXP's kernel talks to it if it knows RPMsg.
 */
export function bootChoice({ boot, kernel, linux, firmware, target, dtb, recover, ubootScript }: RunConfiguration): BootChoice {
  const { soc, core } = target;
  const said = { boot: boot ?? 'linux', ...(kernel ? { kernel } : {}) } as const;
  const board = linux === false ? undefined : findBoard(soc, target.board);
  if (boot !== undefined && boot !== 'linux' && dtb === undefined && board?.rpmsg?.core === core && hasVdev(firmware)) {
    const tree = `behind U-Boot this board's tree has imx_rpmsg in place of a remoteproc, and Linux does not look at the resource table of ${firmware.name}`;
    return { ...said, note: `${tree}; without --boot remoteproc starts it` };
  }
  const asked = boot !== undefined || kernel === 'mainline' || dtb !== undefined || recover || ubootScript !== undefined;
  if (board?.rpmsg?.core !== core || hasVdev(firmware) || !findUBootBoard(soc.name, board.name)) return said;
  // Nobody has said how it starts, and the tree alone does not.
  if (dtb !== undefined && boot === undefined && !recover && ubootScript === undefined)
    return { ...said, note: `with --dtb remoteproc starts ${firmware.name}; --boot uboot --kernel nxp does as the board` };
  if (asked) return said;
  const how = `${firmware.name} has no resource table for remoteproc: as on this board, U-Boot starts it (bootaux)`;
  const otherwise = '--boot linux has remoteproc start it';
  if (!mayUseRpmsg(firmware, board.rpmsg.base)) return { ...said, boot: 'uboot', note: `${how}; ${otherwise}` };
  return { boot: 'uboot', kernel: 'nxp', note: `${how}, and NXP's kernel talks to it (imx_rpmsg); ${otherwise}` };
}

/** False when nothing in the ELF is called after RPMsg, or, in one without names, has the address of the vrings: then nobody answers imx_rpmsg. */
function mayUseRpmsg({ bytes, segments, symbols }: Firmware, vrings: number): boolean {
  if (/rpmsg/i.test(new TextDecoder('latin1').decode(bytes))) return true;
  if (symbols.length > 0) return false;
  return segments.some(({ data }) => {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at + 4 <= data.byteLength; at += 4) if (view.getUint32(at, true) === vrings) return true;
    return false;
  });
}

/**
 * On boards with imx_rpmsg, firmware for ping-pong and for a tty announces the same channel, and their manuals have the user load one driver or the
 * other: the tty's, when a tty is talked to.
 */
function ttyModules({ send = [], console: keyboard, linux, target: { soc, board } }: RunConfiguration): readonly string[] | undefined {
  const devices = [...send.map(({ device }) => device), keyboard ?? ''];
  if (linux === false || !findBoard(soc, board)?.rpmsg || !devices.some((device) => device.startsWith('ttyRPMSG'))) return undefined;
  return DEFAULT_MODULES.filter((name) => name !== 'imx_rpmsg_pingpong');
}

function hasVdev({ resourceTable }: Firmware): boolean {
  return resourceTable !== undefined && decodeResourceTable(resourceTable.bytes).resources.some(({ kind }) => kind === 'vdev');
}

/** The stage before Linux, and what is typed at it. @throws {UsageError} when there is none for this board */
function bootLoader(run: RunConfiguration, boot: BootStage): Pick<MachineOptions, 'boot' | 'ubootScript'> {
  const { ubootScript, linux, firmware, target, send, console: keyboard } = run;
  const { soc, core } = target;
  if (boot === 'linux') {
    if (ubootScript) throw new UsageError('a script for U-Boot, but no U-Boot', 'add --boot uboot', '--uboot-script');
    return {};
  }
  if (linux === false || soc.remoteprocs.length === 0)
    throw new UsageError('a boot loader, but no Linux to boot', 'leave out --boot', '--boot');
  const board = ubootBoard(soc, target.board ?? soc.boards[0]!.name, boot);
  const byHand = keyboard === UBOOT_CONSOLE || send?.some(({ device }) => device === UBOOT_CONSOLE);
  const script = ubootScript ?? (byHand ? undefined : documentedSequence(board, soc, firmware, core));
  return { boot, ...(script ? { ubootScript: script } : {}) };
}

/** What is wrong with the firmware on the tree that the machine's Linux boots with, and with that tree if it is the user's. */
export function lintRun({ firmware, target, dtb, overlays }: RunConfiguration, { board, linux, uboot }: Machine): LintFinding[] {
  if (!linux || !board) return [];
  // The tree that the board's U-Boot boots has no remoteproc.
  if (uboot && board.rpmsg && !dtb) return [];
  const { soc, core } = target;
  if (!dtb && !overlays) return lintFirmware(firmware, soc, board, core);
  return lintOnTree(firmware, linux.deviceTree, soc, board, core);
}

/** Console output of semihosting, as events of the machine; it has no input. */
export function semihostingConsole(machine: () => Pick<Machine, 'events' | 'scheduler'>): SemihostingHost {
  return {
    write: (_fd, bytes) => {
      const { events, scheduler } = machine();
      for (const byte of bytes) events.emit({ type: 'console', cycle: scheduler.now, device: SEMIHOSTING, byte });
    },
    read: () => new Uint8Array(),
    readable: true,
  };
}

/** The device that `name` means, `console` being the core's UART; undefined when the machine has no such console. */
export function findConsole(machine: Machine, name: string): string | undefined {
  const device = name === 'console' ? machine.consoleName : name;
  return device !== undefined && machine.hasConsole(device) ? device : undefined;
}
