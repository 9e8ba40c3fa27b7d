/**
 * What a SoC is, as data: identity, cores, memories with every view, messaging units, peripherals, remoteprocs, boards.
 *
 * A view is an address space: `linux` is the Cortex-A cluster's, every other is named after the core whose it is. Linux's words
 * `da` (device address, the M core's) and `sa` (system address, Linux's) are kept, so that a reader can diff against imx_rproc.c.
 */
import type { CoreProfile } from '../cpu/profile.ts';
import { SocDescriptionError, UsageError } from '../errors.ts';
import { hex32 } from '../memory/bits.ts';
import { MU_LAYOUTS, type MuLayoutName } from '../mu/mu-layout.ts';
import type { PeripheralSpec } from '../peripherals/catalogue.ts';

/** Interrupt numbers by view: for a core its NVIC line (0-based), for `linux` the GIC SPI number. */
export type Interrupts = Readonly<Record<string, number>>;

/** A processor core that the emulator runs. */
export interface CoreDescription {
  /** Also the name of its view (`m7`). */
  readonly name: string;
  readonly profile: CoreProfile;
  /** Core clock in Hz. */
  readonly hz: number;
  /** SysTick's external reference clock in Hz; absent when the SoC ties NOREF. */
  readonly systickReferenceHz?: number;
  /** Address in the core's view from which SP and PC are fetched when Linux or U-Boot starts it. */
  readonly vectors: number;
}

/** One appearance of a memory in a view. */
export interface MemoryWindow {
  readonly base: number;
  /** Byte of the memory at which the window starts; 0 unless given. */
  readonly offset?: number;
  /** Bytes; the rest of the memory unless given. */
  readonly size?: number;
}

/** A RAM with its appearances. */
export interface MemoryDescription {
  readonly name: string;
  readonly size: number;
  readonly views: Readonly<Record<string, readonly MemoryWindow[]>>;
}

/** Where a block stands: at one address for every master, unless some see it elsewhere. */
export interface Located {
  readonly base: number;
  /** In views that see it elsewhere (`base` is Linux's, the system address): the M4 of the i.MX 6SoloX finds the A9's 0x0200_0000 at 0x4200_0000. */
  readonly bases?: Readonly<Record<string, number>>;
}

/** Base address of a block or of a unit's side as the master of `view` sees it. */
export function baseIn({ base, bases }: Located, view: string): number {
  return bases?.[view] ?? base;
}

/** One side of a messaging unit. */
export interface MuSide extends Located {
  readonly interrupts: Interrupts;
  /** Views that see this side; all unless given. */
  readonly views?: readonly string[];
  /** Number of its permissions in the RDC (PDAP). */
  readonly pdap?: number;
}

/** A messaging unit. Side A is what the manual calls MUA (Linux's on 8M parts), B is MUB. */
export interface MuDescription {
  readonly name: string;
  /** Name of a layout in `mu/mu-layout.ts`. */
  readonly layout: MuLayoutName;
  /** Bytes that each side has on the bus; those of the layout unless given (16 KiB on the i.MX 6SoloX). */
  readonly window?: number;
  readonly a: MuSide;
  readonly b: MuSide;
}

/** Bytes that each side of a unit has on the bus. */
export function muWindow({ layout, window }: MuDescription): number {
  return window ?? MU_LAYOUTS[layout].window;
}

/** Row of imx_rproc_att: device address -> system address. `own` marks the core's own memories (ATT_OWN: mapped at probe). */
export interface AttEntry {
  readonly da: number;
  readonly sa: number;
  readonly size: number;
  readonly own?: true;
}

/** What Linux's imx_rproc knows of a core (its `imx_rproc_dcfg`). */
export interface RemoteprocDescription {
  /** Core it drives. */
  readonly core: string;
  /** `compatible` of its device tree node. */
  readonly compatible: string;
  /** `compatible`s of other SoCs' cores that have the same data in imx_rproc: NXP's trees for the 8M Plus say `fsl,imx8mn-cm7`. */
  readonly alsoCompatible?: readonly string[];
  /** Name of the device tree node, which is the platform device's name in dmesg. */
  readonly node: string;
  readonly method: 'mmio' | 'smc' | 'none';
  /** `mmio`: register that starts and stops the core. */
  readonly src?: { readonly address: number; readonly mask: number; readonly start: number; readonly stop: number };
  readonly att: readonly AttEntry[];
  /** The watchdog that is the core's own: its timeout resets the core, not the SoC (SRC_M7RCR.WDOG3_RST_OPTION). */
  readonly watchdog?: string;
  /** Number of the core's clock in the clock controller's binding. */
  readonly clock?: number;
}

/** What a device tree says of the SoC beside cores, memories, MUs and blocks. */
export interface DeviceTreeDescription {
  /** Cells of an address at the root: 2 for 64-bit Linux, 1 for 32-bit. */
  readonly cells: 1 | 2;
  /** Cores that run Linux. */
  readonly cpus: { readonly count: number; readonly compatible: string };
  /** Interrupt controller: distributor, then redistributors or CPU interface. */
  readonly gic: { readonly compatible: string; readonly reg: readonly (readonly [base: number, size: number])[] };
  /** What the kernel calls the SoC: `soc_id` and `revision` of /sys/devices/soc0, and the machine descriptor of a 32-bit kernel (DT_MACHINE_START). */
  readonly kernelNames?: { readonly socId: string; readonly revision: string; readonly machine?: string };
  /** AIPS bridges, by the labels that Linux's trees give them. */
  readonly buses: readonly { readonly name: string; readonly base: number; readonly size: number }[];
  /** Labels of nodes whose kinds have others on this SoC (`ccm: 'clks'`, `gic: 'intc'`). */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A reserved-memory node; `base` is a system address. */
export interface ReservedMemory {
  /** Name of the node without the unit address (`vdev0buffer`). */
  readonly name: string;
  readonly base: number;
  readonly size: number;
}

/**
 * The node of NXP's imx_rpmsg in a board's device tree: RPMsg with rings at fixed places, for firmware without a resource table, which the boot
 * loader (bootaux) or m4fwloader has started.
 */
export interface ImxRpmsgDescription {
  readonly compatible: string;
  /** Core that it talks to. */
  readonly core: string;
  /** MU whose channels are `tx` (0), `rx` (1), `rxdb` (3), each on index 1. */
  readonly mu: string;
  /** `reg`: 64 KiB for the two vrings of one vdev. */
  readonly base: number;
  readonly size: number;
  /** Bridge under which the node stands; the root unless given. */
  readonly bus?: string;
  /** Memory that the tree keeps from Linux for it. */
  readonly reserved: readonly ReservedMemory[];
}

/** A board: what its device tree gives to the SoC's remoteprocs and consoles. */
export interface BoardDescription {
  readonly name: string;
  readonly title: string;
  readonly ddr: number;
  /** UART that the M core's firmware uses as console (`uart4`). */
  readonly console: string;
  /** `model` of the device tree; the title unless given. */
  readonly model?: string;
  /** `compatible`s of the board, before the SoC's. */
  readonly compatible?: readonly string[];
  /** Texts that only firmware built for this board holds, or whose sources' paths do: `colibri_imx7d`. */
  readonly texts?: readonly string[];
  /** UART of Linux's own console (`stdout-path`). */
  readonly linuxConsole?: string;
  /** The kernel's command line, as the board's boot loader writes it. */
  readonly bootargs?: string;
  /**
   * imx_rpmsg in the tree that the board's U-Boot loads, which has no remoteproc node then: both need the same MU. Without a U-Boot, Linux has
   * the remoteproc node and this one is disabled.
   */
  readonly rpmsg?: ImxRpmsgDescription;
  /** By core name: mailbox and `memory-region`s of the remoteproc node. */
  readonly remoteprocs: Readonly<
    Record<
      string,
      {
        /** MU whose channels are `tx` (0), `rx` (1), `rxdb` (3), each on index 1. */
        readonly mu: string;
        /**
         * Channels on which Linux also hears the core's doorbell. Mainline trees name channel 1 alone, but Zephyr 3.4's openamp_rsc_table rings
         * channel 0 for vring 0; that such a kick is lost on those trees is reported when it comes.
         */
        readonly alsoReceives?: readonly number[];
        readonly memoryRegions: readonly ReservedMemory[];
        /** `fsl,startup-delay-ms`, which NXP's kernel sleeps after each start. */
        readonly startupDelayMs?: number;
      }
    >
  >;
}

/** Constants that betray for which SoC and core an ELF was built; see `soc/detect.ts`. */
export interface DetectionHints {
  readonly core: string;
  /** Word constants in code or data that only this SoC's firmware has, with what they are (`MU_B`, `UART4`). */
  readonly constants: readonly { readonly value: number; readonly meaning: string }[];
  /** Substrings of the firmware's texts or build paths (`mimx8mp`). */
  readonly texts: readonly string[];
}

/** A whole SoC. */
export interface SocDescription {
  readonly name: string;
  readonly title: string;
  /** `compatible` of the device tree's root; absent for bare cores. */
  readonly compatible?: string;
  /** Rate of the machine's clock, a multiple of every core's `hz`. */
  readonly baseHz: number;
  /** Crystals by name in the clock tree, in Hz. */
  readonly oscillators?: Readonly<Record<string, number>>;
  readonly cores: readonly CoreDescription[];
  readonly memories: readonly MemoryDescription[];
  readonly mus: readonly MuDescription[];
  readonly peripherals: readonly PeripheralSpec[];
  readonly remoteprocs: readonly RemoteprocDescription[];
  readonly deviceTree?: DeviceTreeDescription;
  /** The first is the default. */
  readonly boards: readonly BoardDescription[];
  readonly detection: readonly DetectionHints[];
  /** Interrupt lines that several blocks drive on purpose, as `view line` (`m7 49`): their levels are ORed. */
  readonly sharedInterrupts?: readonly string[];
}

/** Checks a description (names, views, overlaps, interrupts twice on one line) and returns it. @throws {SocDescriptionError} */
export function defineSoc(soc: SocDescription): SocDescription {
  const views = new Set(['linux', ...soc.cores.map((core) => core.name)]);
  const fail = (text: string): never => {
    throw new SocDescriptionError(`${soc.name}: ${text}`);
  };
  const names = new Set<string>();
  for (const { name } of [...soc.memories, ...soc.mus, ...soc.peripherals]) {
    if (names.has(name)) fail(`two blocks are called ${name}`);
    names.add(name);
  }
  for (const core of soc.cores) {
    if (soc.baseHz % core.hz !== 0) fail(`base clock ${soc.baseHz} is no multiple of ${core.name}'s ${core.hz}`);
  }
  const lines = new Map<string, string>();
  const windows: Placed[] = [];
  const wire = (block: string, interrupts: Interrupts): void => {
    for (const [view, line] of Object.entries(interrupts)) {
      if (!views.has(view)) fail(`${block} interrupts an unknown view ${view}`);
      const core = soc.cores.find(({ name }) => name === view);
      if (core && line >= core.profile.interrupts) fail(`${block}: ${view} has no interrupt ${line}`);
      const key = `${view} ${line}`;
      const other = lines.get(key);
      if (other && other !== block && !soc.sharedInterrupts?.includes(key))
        fail(`${block} and ${other} share interrupt ${line} of ${view}`);
      lines.set(key, block);
    }
  };
  for (const memory of soc.memories) {
    for (const [view, appearances] of Object.entries(memory.views)) {
      if (!views.has(view)) fail(`${memory.name} appears in an unknown view ${view}`);
      for (const { base, offset = 0, size = memory.size - offset } of appearances) {
        if (offset + size > memory.size || size <= 0) fail(`${memory.name} window at ${hex32(base)} leaves the memory`);
        windows.push({ view, name: memory.name, base, size });
      }
    }
  }
  for (const mu of soc.mus) {
    wire(`${mu.name}_A`, mu.a.interrupts);
    wire(`${mu.name}_B`, mu.b.interrupts);
    const size = muWindow(mu);
    for (const view of mu.a.views ?? views) windows.push({ view, name: `${mu.name}_A`, base: baseIn(mu.a, view), size });
    for (const view of mu.b.views ?? views) windows.push({ view, name: `${mu.name}_B`, base: baseIn(mu.b, view), size });
  }
  for (const peripheral of soc.peripherals) {
    const { name, size, views: seenBy, interrupts, highInterrupts } = peripheral;
    wire(name, interrupts ?? {});
    wire(`${name} (high)`, highInterrupts ?? {});
    if ('pinInterrupts' in peripheral)
      for (const [pin, lines] of peripheral.pinInterrupts?.entries() ?? []) wire(`${name} pin ${pin}`, lines);
    for (const view of seenBy ?? views) windows.push({ view, name, base: baseIn(peripheral, view), size });
  }
  for (const [a, b] of overlaps(windows)) fail(`${a.name} at ${hex32(a.base)} overlaps ${b.name} at ${hex32(b.base)} in view ${a.view}`);
  for (const board of soc.boards)
    for (const { mu } of Object.values(board.remoteprocs))
      if (!soc.mus.some(({ name }) => name === mu)) fail(`board ${board.name} names a messaging unit ${mu} that does not exist`);
  for (const { name, rpmsg } of soc.boards)
    if (rpmsg && !soc.mus.some((mu) => mu.name === rpmsg.mu)) fail(`board ${name} names a messaging unit ${rpmsg.mu} that does not exist`);
  for (const { core } of soc.remoteprocs) if (!views.has(core)) fail(`remoteproc of an unknown core ${core}`);
  for (const spec of soc.peripherals)
    if (spec.kind === 'src' && !views.has(spec.core)) fail(`${spec.name} resets an unknown core ${spec.core}`);
  return soc;
}

interface Placed {
  readonly view: string;
  readonly name: string;
  readonly base: number;
  readonly size: number;
}

/** Neighbours in one view that claim the same address. */
function overlaps(windows: readonly Placed[]): [Placed, Placed][] {
  const sorted = [...windows].sort((a, b) => (a.view < b.view ? -1 : a.view > b.view ? 1 : a.base - b.base));
  const found: [Placed, Placed][] = [];
  for (const [index, window] of sorted.entries()) {
    const next = sorted[index + 1];
    if (next && next.view === window.view && window.base + window.size > next.base) found.push([window, next]);
  }
  return found;
}

/** The board called `name`, the SoC's first when none is named, undefined for a bare core. @throws {UsageError} */
export function findBoard(soc: SocDescription, name: string | undefined): BoardDescription | undefined {
  if (name === undefined) return soc.boards[0];
  const board = soc.boards.find((candidate) => candidate.name === name);
  if (board) return board;
  const known = soc.boards.map((candidate) => candidate.name).join(', ');
  throw new UsageError(`${soc.name} has no board ${name}`, known ? `its boards: ${known}` : 'it is a bare core without boards', '--board');
}
