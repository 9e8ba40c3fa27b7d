/**
 * What U-Boot is on a board: version, prompt, memory, environment, cards, how the M core is started, what is done to Linux's tree.
 *
 * The boards themselves are data in boards-nxp.ts and boards-toradex.ts.
 */
import type { BoardSetup } from './fix-ups.ts';

/** A window of the M core's addresses in the A core's (`struct rproc_att` of mach-imx). */
export interface HostMapping {
  readonly da: number;
  readonly sa: number;
  readonly size: number;
}

/** How `bootaux` starts the core. */
export interface AuxiliaryCore {
  /** Name in the SoC's description. */
  readonly core: string;
  /** MCU_BOOTROM_BASE_ADDR: where the core finds SP and PC. */
  readonly bootRom: number;
  readonly method:
    | { readonly kind: 'smc' }
    | { readonly kind: 'src'; readonly register: number; readonly nonSclrRst: number; readonly enable: number };
  /** Segments of an ELF are copied through it; without one, everything is a raw image. */
  readonly elf?: {
    readonly hostMap: readonly HostMapping[];
    /** The SP that is printed and written: 0, or the first word of the first segment (64-bit builds since 2023.04). */
    readonly stack: 'zero' | 'first-word';
    /** Whether a line ends after `Invalid aux core address`. */
    readonly newline: boolean;
  };
}

/** A card or eMMC of the board. */
export interface CardDescription {
  readonly slot: number;
  readonly kind: 'SD' | 'eMMC';
  readonly name: string;
  readonly manufacturer: number;
  readonly oem: number;
  readonly bytes: number;
  readonly signature: number;
}

/** The boot loader of one board. */
export interface UBootBoard {
  /** Boards in the SoC descriptions that it belongs to, as `soc/board`. */
  readonly boards: readonly string[];
  readonly version: string;
  readonly date: string;
  readonly compiler: readonly string[];
  readonly bits: 32 | 64;
  readonly prompt: string;
  /** Lines between the banner and `Net:`. */
  readonly banner: readonly string[];
  /** After `Net:`; NXP's u-boot says `Normal Boot` before it counts. */
  readonly afterNet: readonly string[];
  readonly bootDelay: number;
  readonly dram: readonly { readonly base: number; readonly size: number }[];
  /** From here to the end of its bank U-Boot itself lies: code, heap, stack. */
  readonly reservedFrom: number;
  readonly relocation: { readonly address: number; readonly offset: number };
  readonly loadAddress: number;
  readonly environment: Readonly<Record<string, string>>;
  /** Variable that its scripts put among the kernel's arguments, for its user to set; `mcore_clk` unless given. */
  readonly argumentsVariable?: string;
  readonly environmentSize: number;
  /** CONFIG_ENV_OVERWRITE. */
  readonly environmentOverwrite: boolean;
  readonly environmentDevice: number;
  /** Numbers of its controllers. */
  readonly slots: readonly number[];
  readonly cards: readonly CardDescription[];
  /** Slot whose first partition holds kernel, trees and firmware. */
  readonly bootSlot: number;
  readonly kernel: { readonly kind: 'Image' | 'zImage'; readonly size: number };
  /** Names under which the tree in effect is on the boot partition. */
  readonly trees: readonly string[];
  readonly auxiliary: AuxiliaryCore;
  /** What the board's manual has its user give to `bootaux`. An ELF is started without a stack, which not every start-up code can do without. */
  readonly manualStarts: 'elf' | 'raw';
  /** Texts that changed between releases. */
  readonly text: {
    /** Spaces between hexadecimal and ASCII in `md`: 4 before 2021.10. */
    readonly dumpGap: number;
    /** `fdt addr` says `Working FDT set to` (2023.01). */
    readonly workingFdt: boolean;
    /** `exit` ends a script (2023.01); before, it was a command with a result. */
    readonly exitEnds: boolean;
  };
  /** Commands that its configuration leaves out. */
  readonly without: readonly string[];
  /** `ft_board_setup`. */
  readonly setup?: BoardSetup;
}
