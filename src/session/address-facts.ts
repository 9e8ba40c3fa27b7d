/**
 * What an address is on a SoC, in every view: memory with all its other addresses, a block with its register, or nothing.
 *
 * Made from a machine, so that it says what an access would find. For `imx-sim addr`.
 */
import { UsageError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import { translateDa } from '../memory/address-map.ts';
import type { AddressSpace, Region } from '../memory/bus.ts';
import { type BoardDescription, baseIn } from '../soc/soc.ts';

/** What answers at an address in one view. */
export interface PlaceInView {
  readonly view: string;
  /** Absent where nothing answers. */
  readonly found?: {
    /** Name of the memory or block in the manual. */
    readonly name: string;
    /** Kind of the model, `memory`, or `core` for the core's own bus. */
    readonly kind: string;
    /** First address and bytes of the window. */
    readonly base: number;
    readonly size: number;
    /** Byte of the memory, or offset in the block. */
    readonly offset: number;
    /** Register in the manual's name; absent in memories, and where the block has none. */
    readonly register?: string;
    /** Interrupt lines of the block by view. */
    readonly interrupts?: Readonly<Record<string, number>>;
    /** Number of its permissions in the RDC. */
    readonly pdap?: number;
  };
}

/** An address with everything that is to be known of it. */
export interface AddressFacts {
  readonly address: number;
  readonly views: readonly PlaceInView[];
  /** Where else the same byte of memory is, view by view. */
  readonly aliases: readonly { readonly view: string; readonly address: number }[];
  /** What imx_rproc makes of it as a device address, by core; `sa` is absent where it says `Translation failed`. */
  readonly translations: readonly { readonly core: string; readonly sa?: number; readonly own?: true }[];
  /** Reserved memory of boards that holds the byte. */
  readonly reserved: readonly { readonly board: string; readonly region: string; readonly base: number; readonly size: number }[];
}

/** Everything about `address` (u32). */
export function addressFacts(machine: Machine, address: number): AddressFacts {
  const { soc } = machine;
  const views = [...machine.spaces].map(([view, space]) => placeIn(machine, view, space, address));
  const translations = soc.remoteprocs.map(({ core, att }) => {
    const row = att.find(({ da, size }) => address >= da && address + 4 < da + size);
    return { core, ...(row ? { sa: translateDa(att, address, 4)!, ...(row.own ? { own: true as const } : {}) } : {}) };
  });
  const aliases = aliasesOf(machine, address);
  const system = new Set(aliases.filter(({ view }) => view === 'linux').map((alias) => alias.address));
  const linux = machine.spaces.get('linux')?.find(address);
  if (linux?.ram) system.add(address);
  return {
    address,
    views,
    aliases: aliases.filter((alias) => alias.address !== address),
    translations,
    reserved: soc.boards.flatMap((board) => reservedBy(board, system)),
  };
}

/**
 * Address of `UART4`, `UART4.UCR2`, `MU_B.SR`, `MU` (the side that is the view's), `CCM.CCGR[3]`, `TCML` or, on the core's own bus, `NVIC_ISER[0]`, as `view` sees
 * it. @throws {UsageError} when there is none of that name
 */
export function addressOfName(machine: Machine, name: string, view: string): number {
  const [block = '', register] = name.split('.');
  const space = machine.spaces.get(view)!;
  const wanted = (sideOf(machine, block, view) ?? block).toLowerCase();
  const region = space.regions.find((each) => each.name.toLowerCase() === wanted);
  if (!region) {
    const own = register === undefined && ownRegister(space, block);
    if (typeof own === 'number') return own;
    throw unknownName(machine, space, block, view);
  }
  if (register === undefined) return region.base;
  const at = registerCalled(region, register);
  if (at !== undefined) return at;
  throw new UsageError(
    `${region.name} has no register ${register}`,
    `imx-sim addr ${region.name} --soc ${machine.soc.name} shows those that it has`,
    name,
  );
}

/** The side of a messaging unit on which `view` is, when `block` names the unit alone. */
function sideOf({ soc }: Machine, block: string, view: string): string | undefined {
  const unit = soc.mus.find(({ name }) => name.toLowerCase() === block.toLowerCase());
  if (!unit) return undefined;
  return `${unit.name}_${view in unit.b.interrupts ? 'B' : 'A'}`;
}

function registerCalled({ base, size, device }: Region, name: string): number | undefined {
  const wanted = name.toLowerCase();
  for (let offset = 0; offset < size; offset += 4) if (device?.registerName?.(offset)?.toLowerCase() === wanted) return base + offset;
  return undefined;
}

/** A register of the core's own bus, which goes by its name alone. */
function ownRegister(space: AddressSpace, name: string): number | undefined {
  const bus = space.regions.find((each) => each.name === PRIVATE_BUS);
  return bus && (registerCalled(bus, name) ?? registerCalled(bus, `${name}[0]`));
}

/** Name of the region of the core's own bus. */
const PRIVATE_BUS = 'PPB';
/** Names that are proposed in place of one that does not exist. */
const PROPOSED = 8;

function unknownName({ soc }: Machine, { regions }: AddressSpace, name: string, view: string): UsageError {
  if (!/^[a-z]\w*$/i.test(name)) return new UsageError(`${name} is no address and no name`, 'an address is hexadecimal: 0x30a60084', name);
  const names = [...new Set(regions.map((each) => each.name))].filter((each) => each !== PRIVATE_BUS);
  const alike = names.filter((each) => likeness(each.toLowerCase(), name.toLowerCase()) >= Math.min(3, name.length)).slice(0, PROPOSED);
  return new UsageError(
    `${soc.name}'s ${view} sees no block or memory ${name}`,
    `${alike.length > 0 ? `it sees ${alike.join(', ')}; ` : ''}imx-sim socs ${soc.name} lists all`,
    name,
  );
}

/** Characters with which two names begin alike. */
function likeness(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

function placeIn(machine: Machine, view: string, space: AddressSpace, address: number): PlaceInView {
  const region = space.find(address);
  if (!region) return { view };
  const { name, base, size } = region;
  const offset = region.ramOffset + address - base;
  if (region.ram) return { view, found: { name, kind: 'memory', base, size, offset } };
  const spec = machine.soc.peripherals.find((each) => each.name === name && baseIn(each, view) === base);
  const unit = machine.soc.mus.find((each) => name === `${each.name}_A` || name === `${each.name}_B`);
  const interrupts = spec?.interrupts ?? (unit && (name.endsWith('_A') ? unit.a : unit.b).interrupts);
  const register = registerAt(region, address - base);
  const kind = spec?.kind ?? (unit ? 'messaging unit' : 'core');
  return {
    view,
    found: {
      name,
      kind,
      base,
      size,
      offset,
      ...(register === undefined ? {} : { register }),
      ...(interrupts ? { interrupts } : {}),
      ...(spec?.pdap === undefined ? {} : { pdap: spec.pdap }),
    },
  };
}

/** The register whose bytes hold `offset`. */
function registerAt({ device }: Region, offset: number): string | undefined {
  return device?.registerName?.(offset) ?? device?.registerName?.(offset & ~3);
}

/** Every address at which a view shows the byte that is at `address` in some view: of a memory, or of a block, which goes by its name. */
function aliasesOf(machine: Machine, address: number): { view: string; address: number }[] {
  const bytes = [...machine.spaces.values()].flatMap((space) => {
    const region = space.find(address);
    if (!region || region.name === PRIVATE_BUS) return [];
    return [{ of: region.ram ?? region.name, offset: region.ramOffset + address - region.base }];
  });
  return [...machine.spaces].flatMap(([view, space]) =>
    space.regions.flatMap(({ name, ram, ramOffset, base, size }) => {
      const byte = bytes.find(({ of, offset }) => of === (ram ?? name) && offset >= ramOffset && offset < ramOffset + size);
      return byte ? [{ view, address: base + byte.offset - ramOffset }] : [];
    }),
  );
}

function reservedBy(board: BoardDescription, system: ReadonlySet<number>): AddressFacts['reserved'] {
  const regions = Object.values(board.remoteprocs).flatMap(({ memoryRegions }) => memoryRegions);
  return regions
    .filter(({ base, size }) => [...system].some((sa) => sa >= base && sa < base + size))
    .map(({ name, base, size }) => ({ board: board.name, region: name, base, size }));
}
