/**
 * The Private Peripheral Bus of one core, 0xE000_0000 to 0xE00F_FFFF: ITM, DWT, FPB, System Control Space, TPIU.
 *
 * With the Security Extension the System Control Space shows the registers of the state that accesses it, and at 0xE002_E000 Secure code sees
 * the Non-secure ones. Only privileged code may access it; unprivileged accesses are bus faults, except a write to STIR when CCR.USERSETMPEND allows it. A SoC
 * may add blocks of its own (the LMEM cache controller of some Cortex-M4 parts at 0xE008_2000).
 */
import type { Diagnostics } from '../diagnostics.ts';
import { hex32 } from '../memory/bits.ts';
import { BUS_FAULT, type BusDevice, type Progress } from '../memory/bus.ts';

/** Where the bus stands in every core's address space. */
export const PPB_BASE = 0xe000_0000;
/** Its size in bytes. */
export const PPB_SIZE = 0x10_0000;

const PAGE = 0x1000;
const SCS_PAGE = 0xe;
/** Where Secure code finds the Non-secure registers. */
const SCS_NS_PAGE = 0x2e;
const STIR = 0xf00;
/** Peripheral and component identification: reads as zero, not worth a report. */
const IDENTIFICATION = 0xfd0;

/** A block of the SCS page: the registers that it has. */
export interface LocatedDevice extends BusDevice {
  readonly offsets: Iterable<number>;
}

/** A device in one or more 4 KiB pages of the bus; its offsets count from the first page's start. */
export interface PrivateDevice {
  /** Offset from 0xE000_0000, a multiple of 4 KiB. */
  readonly offset: number;
  readonly size: number;
  readonly device: BusDevice;
}

/** What a `PrivateBus` needs. */
export interface PrivateBusOptions {
  readonly diagnostics: Diagnostics;
  /** Blocks of the System Control Space; offsets from 0xE000_E000. */
  readonly systemControl: readonly LocatedDevice[];
  /** Those that Non-secure code sees; absent on cores with one security state. */
  readonly nonSecure?: readonly LocatedDevice[] | undefined;
  /** The core is in Secure state, or knows one state only. */
  readonly secure: () => boolean;
  readonly devices: readonly PrivateDevice[];
  /** Privilege of the access in progress. */
  readonly privileged: () => boolean;
  /** CCR.USERSETMPEND. */
  readonly userMayTrigger: () => boolean;
}

type Page = readonly (BusDevice | undefined)[];

/** A register that the other view has and this one hides. */
const HIDDEN: BusDevice = { read: () => 0, write: () => true, peek: () => 0, steady: () => true };
/** What Non-secure code finds at 0xE002_E000. */
const NOTHING: Page = new Array<BusDevice>(PAGE / 4).fill(HIDDEN);

/** Decodes the bus for one core. */
export class PrivateBus implements BusDevice {
  private readonly options: PrivateBusOptions;
  /** The block that answers for each word of the SCS page. */
  private readonly systemControl: Page;
  private readonly nonSecure: Page | undefined;

  constructor(options: PrivateBusOptions) {
    this.options = options;
    const page = (blocks: readonly LocatedDevice[]): (BusDevice | undefined)[] => {
      const devices = new Array<BusDevice | undefined>(PAGE / 4).fill(undefined);
      for (const block of blocks) for (const offset of block.offsets) devices[offset >>> 2] ??= block;
      return devices;
    };
    this.systemControl = page(options.systemControl);
    this.nonSecure = options.nonSecure && page(options.nonSecure).map((device, word) => device ?? (this.systemControl[word] && HIDDEN));
  }

  read(offset: number, size: number): number {
    if (!this.options.privileged()) return BUS_FAULT;
    const device = this.deviceAt(offset);
    if (device) return device.read(this.offsetIn(offset), size);
    this.unknown(offset, 'read');
    return 0;
  }

  write(offset: number, value: number, size: number): boolean {
    if (!this.options.privileged() && !(this.isStir(offset) && this.options.userMayTrigger())) return false;
    const device = this.deviceAt(offset);
    if (device) return device.write(this.offsetIn(offset), value, size);
    this.unknown(offset, 'written');
    return true;
  }

  peek(offset: number, size: number): number {
    return this.deviceAt(offset)?.peek(this.offsetIn(offset), size) ?? 0;
  }

  steady(offset: number): boolean {
    return this.options.privileged() && (this.deviceAt(offset)?.steady?.(this.offsetIn(offset)) ?? false);
  }

  progress(offset: number, size: number): Progress | undefined {
    return this.options.privileged() ? this.deviceAt(offset)?.progress?.(this.offsetIn(offset), size) : undefined;
  }

  registerName(offset: number): string | undefined {
    return this.deviceAt(offset)?.registerName?.(this.offsetIn(offset));
  }

  private deviceAt(offset: number): BusDevice | undefined {
    const page = this.systemPage(offset);
    if (page) return page[(offset & (PAGE - 1)) >>> 2];
    return (offset & (PAGE - 1)) < IDENTIFICATION ? this.entryAt(offset)?.device : undefined;
  }

  /** The view of the System Control Space that `offset` is in for the code that runs; undefined elsewhere. */
  private systemPage(offset: number): Page | undefined {
    const page = offset >>> 12;
    if (page === SCS_PAGE) return this.nonSecure && !this.options.secure() ? this.nonSecure : this.systemControl;
    if (page !== SCS_NS_PAGE || !this.nonSecure) return undefined;
    return this.options.secure() ? this.nonSecure : NOTHING;
  }

  private isStir(offset: number): boolean {
    return (offset & (PAGE - 1)) === STIR && this.systemPage(offset) !== undefined;
  }

  /** Offset from the start of the device that answers at `offset`. */
  private offsetIn(offset: number): number {
    return this.systemPage(offset) ? offset & (PAGE - 1) : offset - this.entryAt(offset)!.offset;
  }

  private entryAt(offset: number): PrivateDevice | undefined {
    return this.options.devices.find((entry) => offset >= entry.offset && offset < entry.offset + entry.size);
  }

  private unknown(offset: number, verb: string): void {
    if ((offset & (PAGE - 1)) >= IDENTIFICATION) return;
    this.options.diagnostics.guestError('PPB', hex32(PPB_BASE + offset), `no register at this address; ${verb}`);
  }
}
