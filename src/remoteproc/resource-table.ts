/**
 * The resource table of remoteproc (include/linux/rsc_table.h of 6.1): its layout, and views of it in a file and in guest memory.
 *
 * All access goes through `TableMemory`, which bounds every read and write: outside of the table zeros are read and writes are lost,
 * so that no table, however broken, can reach beyond itself.
 */
import type { AddressSpace } from '../memory/bus.ts';
import { BUS_FAULT } from '../memory/bus.ts';

/** `enum fw_resource_type`. */
export const RSC_CARVEOUT = 0;
export const RSC_DEVMEM = 1;
export const RSC_TRACE = 2;
export const RSC_VDEV = 3;
export const RSC_LAST = 4;
export const RSC_VENDOR_START = 128;
export const RSC_VENDOR_END = 512;

/** A device address that the firmware leaves to Linux (`FW_RSC_ADDR_ANY`). */
export const FW_RSC_ADDR_ANY = 0xffff_ffff;

/** Bytes of `struct resource_table` before the offsets, of `struct fw_rsc_hdr`, and of each entry without its header. */
export const TABLE_HEADER_SIZE = 16;
export const RSC_HEADER_SIZE = 4;
export const CARVEOUT_SIZE = 52;
export const DEVMEM_SIZE = 52;
export const TRACE_SIZE = 44;
export const VDEV_SIZE = 24;
export const VRING_SIZE = 20;

/** Offsets in `struct fw_rsc_vdev`. */
export const VDEV = { id: 0, notifyid: 4, dfeatures: 8, gfeatures: 12, configLen: 16, status: 20, numOfVrings: 21, reserved: 22 } as const;
/** Offsets in `struct fw_rsc_vdev_vring`. */
export const VRING = { da: 0, align: 4, num: 8, notifyid: 12, pa: 16 } as const;

/** Bytes that hold a table; every access is bounded. */
export interface TableMemory {
  readonly size: number;
  get8(offset: number): number;
  get32(offset: number): number;
  set8(offset: number, value: number): void;
  set32(offset: number, value: number): void;
}

/** A table in Linux's own memory: `cached_table`. */
export class CachedTable implements TableMemory {
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get size(): number {
    return this.bytes.length;
  }

  private holds(offset: number, length: number): boolean {
    return offset >= 0 && offset + length <= this.size;
  }

  get8(offset: number): number {
    return this.holds(offset, 1) ? this.view.getUint8(offset) : 0;
  }

  get32(offset: number): number {
    return this.holds(offset, 4) ? this.view.getUint32(offset, true) : 0;
  }

  set8(offset: number, value: number): void {
    if (this.holds(offset, 1)) this.view.setUint8(offset, value);
  }

  set32(offset: number, value: number): void {
    if (this.holds(offset, 4)) this.view.setUint32(offset, value, true);
  }
}

/** A copy of the table in `bytes` with `offset` added to the address of vring `vring` of each vdev; one that is left to Linux becomes `offset`. */
export function misaddressed(bytes: Uint8Array, { vring, offset }: { readonly vring: number; readonly offset: number }): Uint8Array {
  const table = new CachedTable(bytes.slice());
  for (let index = 0; index < table.get32(4); index++) {
    const entry = tableEntry(table, index);
    if (!entry) break;
    if (entry.type !== RSC_VDEV) continue;
    const at = entry.offset + VDEV_SIZE + VRING_SIZE * vring + VRING.da;
    const da = table.get32(at);
    table.set32(at, ((da === FW_RSC_ADDR_ANY ? 0 : da) + offset) >>> 0);
  }
  return table.bytes;
}

/**
 * A table in memory that the core sees. It may lie at several addresses: reads are from the first, writes reach all, so that
 * firmware finds them in whichever copy it looks at.
 */
export class LoadedTable implements TableMemory {
  readonly size: number;
  /** System addresses of the copies. */
  readonly addresses: readonly number[];
  private readonly memory: AddressSpace;

  constructor(memory: AddressSpace, addresses: readonly number[], size: number) {
    this.memory = memory;
    this.addresses = addresses;
    this.size = size;
  }

  private get(offset: number, length: number): number {
    const [address] = this.addresses;
    if (address === undefined || offset < 0 || offset + length > this.size) return 0;
    const value = this.memory.peek(address + offset, length);
    return value === BUS_FAULT ? 0 : value;
  }

  private set(offset: number, value: number, length: number): void {
    if (offset < 0 || offset + length > this.size) return;
    for (const address of this.addresses) this.memory.write(address + offset, value, length);
  }

  get8(offset: number): number {
    return this.get(offset, 1);
  }

  get32(offset: number): number {
    return this.get(offset, 4);
  }

  set8(offset: number, value: number): void {
    this.set(offset, value, 1);
  }

  set32(offset: number, value: number): void {
    this.set(offset, value, 4);
  }

  /** Overwrites all copies. */
  write(bytes: Uint8Array): void {
    for (const address of this.addresses) this.memory.writeBytes(address, bytes.subarray(0, this.size));
  }
}

/** The NUL-terminated name of 32 bytes at `offset`. */
export function tableName(table: TableMemory, offset: number): string {
  let name = '';
  for (let i = 0; i < 32; i++) {
    const byte = table.get8(offset + i);
    if (byte === 0) break;
    name += String.fromCharCode(byte);
  }
  return name;
}

/** An entry of the table: `offset` and `avail` are those of its payload, behind `struct fw_rsc_hdr`. */
export interface TableEntry {
  readonly type: number;
  readonly offset: number;
  readonly avail: number;
}

/** Entry `index`, or undefined where `rsc_table_for_each_entry` finds the table truncated. */
export function tableEntry(table: TableMemory, index: number): TableEntry | undefined {
  const offset = table.get32(TABLE_HEADER_SIZE + 4 * index);
  if (offset < TABLE_HEADER_SIZE || offset >= table.size || table.size - offset < RSC_HEADER_SIZE) return undefined;
  return { type: table.get32(offset), offset: offset + RSC_HEADER_SIZE, avail: table.size - offset - RSC_HEADER_SIZE };
}

/** `PAGE_ALIGN` for 4 KiB pages. */
export function pageAlign(size: number): number {
  return Math.ceil(size / 4096) * 4096;
}
