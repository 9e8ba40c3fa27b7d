/**
 * RDC: which master belongs to which resource domain, and what each domain may access; enforced for the cores, Linux and SDMA.
 *
 * Described in the RDC chapters of the reference manuals. STAT.DID shows each master its own domain. A refused access to a peripheral is a bus error; one
 * to memory is so where SEC_ERR_RESP of the SoC's GPR10 says so, else a read gives 0 and a write is lost; MRVS keeps the first. Bus errors of cores are
 * precise. Where regions overlap all of them must allow an access. The interrupt tells of the restoration after a power-down, which never happens here.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { hex32 } from '../memory/bits.ts';
import type { AddressSpace, BusDevice, Region } from '../memory/bus.ts';
import type { Ram } from '../memory/ram.ts';
import { bit, defineRegisters, field, RegisterFile } from '../memory/registers.ts';
import type { DmaFace } from './dma-face.ts';
import { ALL_RIGHTS, type Closed, type ClosedBlock, type ClosedRange, RdcGuard } from './rdc-guard.ts';
import { RDC_LAYOUTS, type RdcLayout, type RdcLayoutName, regionCount } from './rdc-layouts.ts';
import type { RdcSemaphore } from './rdc-semaphore.ts';

const DOMAINS = 4;
const GATES = 64;

/** Registers in manual order. */
function registersOf(layout: RdcLayout) {
  const { masters, peripherals } = layout;
  const count = regionCount(layout);
  const region = { count, stride: 0x10 };
  return defineRegisters({
    VIR: { offset: 0x000, access: 'ro', reset: DOMAINS | (masters << 4) | (peripherals << 12) | (count << 20) },
    STAT: { offset: 0x024, access: 'ro', fields: { DID: field(0, 4, 'ro'), PDS: bit(8, 'ro') } },
    INTCTRL: { offset: 0x028, access: 'ro', fields: { RCI_EN: bit(0) } },
    INTSTAT: { offset: 0x02c, access: 'ro', fields: { INT: bit(0, 'w1c') } },
    MDA: { offset: 0x200, count: masters, access: 'ro', fields: { DID: field(0, 2), LCK: bit(31) } },
    PDAP: {
      offset: 0x400,
      count: peripherals,
      reset: 0x0000_00ff,
      access: 'ro',
      fields: { PERMISSIONS: field(0, 8), SREQ: bit(30), LCK: bit(31) },
    },
    MRSA: { offset: 0x800, ...region, access: 'ro', fields: { SADR: field(7, 25) } },
    MREA: { offset: 0x804, ...region, access: 'ro', fields: { EADR: field(7, 25) } },
    MRC: { offset: 0x808, ...region, reset: 0x0000_00ff, access: 'ro', fields: { PERMISSIONS: field(0, 8), ENA: bit(30), LCK: bit(31) } },
    MRVS: { offset: 0x80c, ...region, access: 'ro', fields: { VDID: field(0, 2, 'ro'), AD: bit(4, 'w1c'), VADR: field(5, 27, 'ro') } },
  });
}

type Registers = ReturnType<typeof registersOf>;

const MAPS = new Map<RdcLayout, Registers>();

function mapOf(layout: RdcLayout): Registers {
  const map = MAPS.get(layout) ?? registersOf(layout);
  MAPS.set(layout, map);
  return map;
}

const STAT_OFFSET = 0x024;
const LOCK = 0x8000_0000;
/** PDAP: the semaphore is required. */
const SREQ = 1 << 30;
/** MRC: the region counts. */
const ENA = 1 << 30;
/** PDAP and MRC: two bits for each domain. */
const PERMISSIONS = 0xff;
/** STAT.PDS: the power-down domain is on. */
const POWERED = 1 << 8;
/** MRVS.VADR. */
const VIOLATION_ADDRESS = 0xffff_ffe0;

/** Index of MDA by view, and by port of an SDMA (`SDMA1 burst`). */
export type RdcMasters = Readonly<Record<string, number>>;

/** What the description of a SoC says of its RDC. */
export interface RdcConfiguration {
  readonly layout: RdcLayoutName;
  readonly masters: RdcMasters;
  /** Domains as the boot loader assigned them, by index of MDA. */
  readonly assignments: Readonly<Record<number, number>>;
  /** PDAP as the boot loader wrote it, by index. */
  readonly permissions?: Readonly<Record<number, number>>;
  /** Memories by the name of the group of regions that guards them. */
  readonly memories?: Readonly<Record<string, readonly string[]>>;
  /** Names of the semaphores, for PDAP 0 to 63 and from 64 on. */
  readonly semaphores?: readonly string[];
  /** The bit that makes a refused access to memory a bus error: SEC_ERR_RESP. `address` is Linux's. */
  readonly errorResponse?: { readonly address: number; readonly mask: number };
}

/** What the RDC is to guard. */
export interface RdcSurroundings {
  /** Address spaces by view. */
  readonly spaces: ReadonlyMap<string, AddressSpace>;
  /** What masters other than cores and Linux see, by their names. */
  readonly faces?: ReadonlyMap<string, DmaFace>;
  /** Blocks that have permissions, as they are called in the address spaces. */
  readonly blocks: readonly { readonly name: string; readonly pdap: number }[];
  readonly semaphore: (name: string) => RdcSemaphore | undefined;
  /** A boot loader has run. */
  readonly booted: boolean;
}

/** What a master sees, as far as it is guarded. */
type Guarded = Pick<AddressSpace, 'regions' | 'setGuard'>;

/** A block with its PDAP, which is not open to everybody. */
interface RestrictedBlock {
  readonly name: string;
  readonly pdap: number;
  readonly word: number;
}

/** A memory with the regions that close parts of it to somebody; `word` is MRC, addresses are bytes of the RAM. */
interface RestrictedMemory {
  readonly ram: Ram;
  readonly ranges: readonly { readonly index: number; readonly start: number; readonly end: number; readonly word: number }[];
  readonly tightlyCoupled: boolean;
}

/** The block. */
export class Rdc {
  static readonly wiring = ['configuration', 'layout', 'booted', 'surroundings', 'semaphores', 'shown'];
  /** As a master of domain 0 sees it. */
  readonly device: RegisterFile<Registers>;
  private readonly name: string;
  private readonly configuration: RdcConfiguration;
  private readonly layout: RdcLayout;
  private readonly diagnostics: Diagnostics;
  private booted = true;
  private surroundings: RdcSurroundings | undefined;
  private semaphores: readonly (RdcSemaphore | undefined)[] = [];
  /** What each view's guard was made of, as text. */
  private readonly shown = new Map<string, string>();

  constructor(options: { name: string; configuration: RdcConfiguration; diagnostics: Diagnostics }) {
    const { name, configuration, diagnostics } = options;
    this.name = name;
    this.configuration = configuration;
    this.layout = RDC_LAYOUTS[configuration.layout];
    this.diagnostics = diagnostics;
    const guarded = (register: 'MDA' | 'PDAP' | 'MRSA' | 'MREA' | 'MRC') => ({
      write: (_next: number, previous: number, index: number) => {
        const lock = register === 'MRSA' || register === 'MREA' ? this.device.get('MRC', index) : previous;
        if ((lock & LOCK) === 0) this.update();
        else {
          this.device.set(register, previous, index);
          diagnostics.guestError(name, `${register}[${index}]`, 'written while locked: ignored');
        }
      },
    });
    this.device = new RegisterFile(mapOf(this.layout), {
      name,
      diagnostics,
      behaviour: {
        STAT: { value: () => POWERED },
        MDA: guarded('MDA'),
        PDAP: guarded('PDAP'),
        MRSA: guarded('MRSA'),
        MREA: guarded('MREA'),
        MRC: guarded('MRC'),
      },
    });
    this.reset();
  }

  /** The block as the master of `view` sees it: STAT.DID is its own domain. */
  deviceFor(view: string): BusDevice {
    const did = (offset: number): number => (offset === STAT_OFFSET ? this.domain(view) : 0);
    return {
      guards: true,
      read: (offset, size) => (this.device.read(offset, size) | did(offset)) >>> 0,
      peek: (offset, size) => (this.device.peek(offset, size) | did(offset)) >>> 0,
      write: (offset, value, size) => this.device.write(offset, value, size),
      registerName: (offset) => this.device.registerName(offset),
    };
  }

  /** Domain of the master of `view`. */
  domain(view: string): number {
    const master = this.configuration.masters[view];
    return master === undefined ? 0 : this.device.field('MDA', 'DID', master);
  }

  /** From now on the masters are kept away from what is not theirs. */
  guard(surroundings: RdcSurroundings): void {
    this.surroundings = surroundings;
    this.booted = surroundings.booted;
    this.semaphores = (this.configuration.semaphores ?? []).map((name) => surroundings.semaphore(name));
    for (const [block, semaphore] of this.semaphores.entries()) {
      if (!semaphore) continue;
      semaphore.domainOf = (view) => this.domain(view);
      semaphore.onChange = (gate) => this.gateChanged(block, gate);
    }
    this.reset();
  }

  /** Reset of the SoC, with what the boot loader then did. */
  reset(): void {
    this.device.reset();
    const { assignments, permissions = {} } = this.configuration;
    if (this.booted) {
      for (const [index, domain] of Object.entries(assignments)) this.device.set('MDA', domain, Number(index));
      for (const [index, value] of Object.entries(permissions)) this.device.set('PDAP', value, Number(index));
    }
    this.update();
  }

  /** After a snapshot was loaded. */
  restored(): void {
    this.update();
  }

  /** A gate was locked or opened; all of them unless given. */
  private gateChanged(block: number, gate: number | undefined): void {
    if (gate === undefined || (this.device.get('PDAP', block * GATES + gate) & SREQ) !== 0) this.update();
  }

  /** Tells every address space what is closed to its master now, if that is other than before. */
  private update(): void {
    const { surroundings } = this;
    if (!surroundings) return;
    const blocks = this.restrictedBlocks(surroundings);
    const memories = this.restrictedMemories(surroundings);
    const found = new Map<string, { closed: Closed; text: string }>();
    for (const view of Object.keys(this.configuration.masters)) {
      const space = surroundings.spaces.get(view) ?? surroundings.faces?.get(view);
      if (!space) continue;
      const domain = this.domain(view);
      const core = surroundings.spaces.has(view) && view !== 'linux';
      // All but cores have the same map.
      const key = `${core ? view : ''} ${domain}`;
      const known = found.get(key);
      const closed = known?.closed ?? {
        blocks: this.closedBlocks(blocks, space, domain),
        memories: closedMemories(memories, space, domain, core),
      };
      const text = known?.text ?? textOf(closed, domain);
      found.set(key, { closed, text });
      if (text === (this.shown.get(view) ?? '')) continue;
      this.shown.set(view, text);
      space.setGuard(text === '' ? undefined : this.guardFor(view, domain, closed));
    }
  }

  /** Blocks that some domain may not use, or not without a semaphore. */
  private restrictedBlocks({ blocks }: RdcSurroundings): RestrictedBlock[] {
    const restricted: RestrictedBlock[] = [];
    for (const { name, pdap } of blocks) {
      const word = this.device.get('PDAP', pdap);
      if ((word & (SREQ | PERMISSIONS)) !== PERMISSIONS) restricted.push({ name, pdap, word });
    }
    return restricted;
  }

  private closedBlocks(restricted: readonly RestrictedBlock[], space: Guarded, domain: number): Map<Region, ClosedBlock> {
    const closed = new Map<Region, ClosedBlock>();
    for (const { name, pdap, word } of restricted) {
      const rights = rightsIn(word, domain);
      const semaphore = (word & SREQ) !== 0 && this.semaphores[Math.floor(pdap / GATES)]?.holder(pdap % GATES) !== domain;
      if (rights === ALL_RIGHTS && !semaphore) continue;
      const region = space.regions.find((candidate) => candidate.name === name && candidate.device);
      if (region) closed.set(region, { pdap, rights: semaphore ? 0 : rights, semaphore: semaphore && rights !== 0 });
    }
    return closed;
  }

  /** Memories of which regions that are enabled close a part to some domain. */
  private restrictedMemories({ spaces }: RdcSurroundings): RestrictedMemory[] {
    const restricted: RestrictedMemory[] = [];
    const { groups, addressShift = 0 } = this.layout;
    let index = 0;
    for (const { name, regions, tightlyCoupled = false } of groups) {
      const enabled: number[] = [];
      for (const end = index + regions; index < end; index++)
        if ((this.device.get('MRC', index) & ENA) !== 0 && (this.device.get('MRC', index) & PERMISSIONS) !== PERMISSIONS)
          enabled.push(index);
      if (enabled.length === 0) continue;
      for (const memory of this.configuration.memories?.[name] ?? []) {
        const known = spaces.get('linux')?.regions.find((region) => region.name === memory && region.ram);
        if (!known?.ram) continue;
        const base = known.base - known.ramOffset;
        const ranges = enabled.map((number) => ({
          index: number,
          start: this.device.get('MRSA', number) * 2 ** addressShift - base,
          end: this.device.get('MREA', number) * 2 ** addressShift - base,
          word: this.device.get('MRC', number),
        }));
        restricted.push({ ram: known.ram, ranges, tightlyCoupled });
      }
    }
    return restricted;
  }

  private guardFor(view: string, domain: number, closed: Closed): RdcGuard {
    const { diagnostics, name, device, layout } = this;
    const who = `${view} (domain ${domain})`;
    const errors = () => this.memoryFails;
    return new RdcGuard(closed, {
      blockRefused: ({ pdap, semaphore }, block, write) => {
        const access = write ? 'write to' : 'read of';
        const why = semaphore
          ? `it needs gate ${pdap % GATES} of ${this.configuration.semaphores?.[Math.floor(pdap / GATES)] ?? 'a semaphore'}, which its domain does not hold`
          : 'its domain has no permission';
        diagnostics.guestError(name, `PDAP[${pdap}]`, `${who}: ${access} ${block} refused with a bus error: ${why}`);
      },
      memoryRefused: ({ index, start, end }, region, offset, write) => {
        const base = this.systemBase(region);
        if (device.field('MRVS', 'AD', index) === 0) {
          const address = Math.floor((base + offset) / 2 ** (layout.addressShift ?? 0));
          device.set('MRVS', ((address & VIOLATION_ADDRESS) | (1 << 4) | domain) >>> 0, index);
        }
        const answer = errors() ? 'with a bus error' : write ? 'and lost' : 'and answered with 0';
        const range = `${hex32(base + Math.max(start, 0))} to ${hex32(base + end - 1)}`;
        diagnostics.guestError(
          name,
          `MRC[${index}]`,
          `${who}: ${write ? 'write to' : 'read of'} ${region.name}, ${range}, refused ${answer}`,
        );
      },
      get memoryFails() {
        return errors();
      },
    });
  }

  /** SEC_ERR_RESP; a SoC whose description names no such bit answers with bus errors. */
  private get memoryFails(): boolean {
    const { errorResponse } = this.configuration;
    if (!errorResponse) return true;
    return ((this.surroundings?.spaces.get('linux')?.peek(errorResponse.address, 4) ?? 0) & errorResponse.mask) !== 0;
  }

  /** System address of byte 0 of a region's RAM. */
  private systemBase(region: Region): number {
    const known = this.surroundings?.spaces.get('linux')?.regions.find(({ ram }) => ram === region.ram);
    return known ? known.base - known.ramOffset : 0;
  }
}

/** What a domain may do by a PDAP or MRC, as rights. */
function rightsIn(word: number, domain: number): number {
  const pair = (word & PERMISSIONS) >>> (2 * domain);
  // DnW is the lower bit of the two.
  return ((pair >>> 1) & 1) | ((pair & 1) << 1);
}

/** What of the memories is closed to a domain; a `core` reaches its own tightly coupled one past the bus. */
function closedMemories(
  restricted: readonly RestrictedMemory[],
  space: Guarded,
  domain: number,
  core: boolean,
): Map<Region, readonly ClosedRange[]> {
  const closed = new Map<Region, readonly ClosedRange[]>();
  for (const { ram, ranges, tightlyCoupled } of restricted) {
    if (tightlyCoupled && core) continue;
    const own: ClosedRange[] = [];
    for (const { index, start, end, word } of ranges) {
      const rights = rightsIn(word, domain);
      if (rights !== ALL_RIGHTS && end > Math.max(start, 0) && start < ram.size) own.push({ index, start, end, rights });
    }
    if (own.length > 0) for (const region of space.regions) if (region.ram === ram) closed.set(region, own);
  }
  return closed;
}

/** What is closed to a domain, as a text that is the same for the same; empty when nothing is. */
function textOf({ blocks, memories }: Closed, domain: number): string {
  const parts = [...blocks].map(([region, { rights, semaphore }]) => `${region.base} ${rights} ${semaphore}`);
  for (const [region, ranges] of memories)
    parts.push(...ranges.map(({ index, start, end, rights }) => `${region.base} ${index} ${start} ${end} ${rights}`));
  return parts.length === 0 ? '' : `${domain}: ${parts.join()}`;
}
