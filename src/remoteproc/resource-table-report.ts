/**
 * A resource table in plain words for `imx-sim info`: its entries, what is wrong with it, and what Linux prints about each fault.
 *
 * The checks are those of Linux 6.1 (rproc_elf_load_rsc_table, rproc_handle_resources and the rproc_handle_* functions), in their order.
 */
import { hex } from '../memory/bits.ts';
import { vringSize } from '../virtio/vring.ts';
import {
  CARVEOUT_SIZE,
  CachedTable,
  DEVMEM_SIZE,
  FW_RSC_ADDR_ANY,
  pageAlign,
  RSC_CARVEOUT,
  RSC_DEVMEM,
  RSC_TRACE,
  RSC_VDEV,
  RSC_VENDOR_END,
  RSC_VENDOR_START,
  TABLE_HEADER_SIZE,
  type TableEntry,
  type TableMemory,
  TRACE_SIZE,
  tableEntry,
  tableName,
  VDEV,
  VDEV_SIZE,
  VRING,
  VRING_SIZE,
} from './resource-table.ts';

/** A vring as the table asks for it. */
export interface VringRequest {
  readonly da: number;
  readonly align: number;
  readonly num: number;
  readonly notifyid: number;
  /** Bytes that Linux reserves for it, 0 when num or align is 0. */
  readonly bytes: number;
}

/** One decoded entry. */
export type DecodedResource =
  | {
      readonly kind: 'carveout' | 'devmem';
      readonly name: string;
      readonly da: number;
      readonly pa: number;
      readonly len: number;
      readonly flags: number;
    }
  | { readonly kind: 'trace'; readonly name: string; readonly da: number; readonly len: number }
  | {
      readonly kind: 'vdev';
      readonly id: number;
      readonly notifyid: number;
      readonly features: number;
      readonly configLength: number;
      readonly status: number;
      readonly vrings: readonly VringRequest[];
    }
  | { readonly kind: 'vendor' | 'unknown'; readonly type: number };

/** Something wrong with the table. `fatal` says that Linux does not start the firmware, or starts it without this resource. */
export interface TableProblem {
  /** `header`, `entry 0`, `entry 0 vring 1`. */
  readonly place: string;
  readonly text: string;
  readonly remedy: string;
  readonly fatal: boolean;
  /** The line of dmesg, without its device. */
  readonly linux?: string;
}

/** What `decodeResourceTable` returns. */
export interface DecodedTable {
  readonly version: number;
  /** Number of entries that the header announces. */
  readonly count: number;
  readonly resources: readonly DecodedResource[];
  readonly problems: readonly TableProblem[];
}

const MAX_SHOWN = 64;

/** Decodes the bytes of a `.resource_table` section. Never throws; what cannot be read is a problem. */
export function decodeResourceTable(bytes: Uint8Array): DecodedTable {
  const table = new CachedTable(bytes);
  const problems: TableProblem[] = [];
  const resources: DecodedResource[] = [];
  const version = table.get32(0);
  const count = table.get32(4);
  const header = headerProblem(table);
  if (header) return { version, count, resources, problems: [header] };
  for (let i = 0; i < count; i++) {
    const entry = tableEntry(table, i);
    if (!entry) {
      problems.push({
        place: `entry ${i}`,
        text: `its offset ${hex(table.get32(TABLE_HEADER_SIZE + 4 * i))} lies outside of the table's ${table.size} bytes`,
        remedy: 'let the compiler compute it: offsetof(struct table, entry)',
        fatal: true,
        linux: 'rsc table is truncated',
      });
      break;
    }
    if (i >= MAX_SHOWN) continue;
    const resource = decodeEntry(table, entry, `entry ${i}`, problems);
    if (resource) resources.push(resource);
  }
  return { version, count, resources, problems };
}

function headerProblem(table: TableMemory): TableProblem | undefined {
  const problem = (text: string, remedy: string, linux: string): TableProblem => ({ place: 'header', text, remedy, fatal: false, linux });
  if (table.size < TABLE_HEADER_SIZE) {
    const text =
      table.size === 0
        ? 'the section .resource_table is empty'
        : `the table has ${table.size} bytes, less than its header of ${TABLE_HEADER_SIZE}`;
    return problem(text, 'fill it in, or leave the section away if the firmware does not talk to Linux', 'header-less resource table');
  }
  const version = table.get32(0);
  if (version !== 1)
    return problem(`the table has version ${version | 0}`, 'set ver to 1, the only one there is', `unsupported fw ver: ${version | 0}`);
  if (table.get32(8) !== 0 || table.get32(12) !== 0) {
    return problem('its reserved words are not zero', 'set reserved[0] and reserved[1] to 0', 'non zero reserved bytes');
  }
  const count = table.get32(4);
  if (TABLE_HEADER_SIZE + 4 * count > table.size) {
    const text = `it announces ${count} entries, whose offsets alone need ${TABLE_HEADER_SIZE + 4 * count} bytes; the table has ${table.size}`;
    return problem(text, 'set num to the number of entries', 'resource table incomplete');
  }
  return undefined;
}

function decodeEntry(table: TableMemory, entry: TableEntry, place: string, problems: TableProblem[]): DecodedResource | undefined {
  const { type, offset, avail } = entry;
  const bad = (text: string, remedy: string, linux?: string): undefined => {
    problems.push({ place, text, remedy, fatal: true, ...(linux === undefined ? {} : { linux }) });
  };
  const word = (at: number): number => table.get32(offset + at);
  const cutOff = (what: string, size: number): undefined =>
    bad(
      `the ${what} needs ${size} bytes, ${avail} are left in the table`,
      'let the section hold the whole table',
      `${what} rsc is truncated`,
    );
  const reserved = (what: string): undefined =>
    bad('its reserved word is not zero', 'set it to 0', `${what} rsc has non zero reserved bytes`);
  if (type === RSC_CARVEOUT || type === RSC_DEVMEM) {
    const kind = type === RSC_CARVEOUT ? 'carveout' : 'devmem';
    if (avail < (type === RSC_CARVEOUT ? CARVEOUT_SIZE : DEVMEM_SIZE)) return cutOff(kind, CARVEOUT_SIZE);
    if (word(16) !== 0) return reserved(kind);
    if (kind === 'devmem') {
      bad(
        'it maps device memory, which needs an IOMMU; the i.MX remoteproc has none and Linux refuses the whole table',
        'remove the entry',
      );
    }
    return { kind, da: word(0), pa: word(4), len: word(8), flags: word(12), name: tableName(table, offset + 20) };
  }
  if (type === RSC_TRACE) {
    if (avail < TRACE_SIZE) return cutOff('trace', TRACE_SIZE);
    if (word(8) !== 0) return reserved('trace');
    return { kind: 'trace', da: word(0), len: word(4), name: tableName(table, offset + 12) };
  }
  if (type === RSC_VDEV) return decodeVdev(table, entry, place, problems);
  const vendor = type >= RSC_VENDOR_START && type <= RSC_VENDOR_END;
  problems.push({
    place,
    text: `resource type ${type | 0} is ${vendor ? "a vendor's, which the i.MX remoteproc does not know" : 'unknown'}; Linux skips it`,
    remedy: 'remove the entry, or use carveout (0), devmem (1), trace (2) or vdev (3)',
    fatal: false,
    linux: `unsupported ${vendor ? 'vendor ' : ''}resource ${type | 0}`,
  });
  return { kind: vendor ? 'vendor' : 'unknown', type };
}

function decodeVdev(table: TableMemory, entry: TableEntry, place: string, problems: TableProblem[]): DecodedResource | undefined {
  const { offset, avail } = entry;
  const count = table.get8(offset + VDEV.numOfVrings);
  const configLength = table.get32(offset + VDEV.configLen);
  const bad = (where: string, text: string, remedy: string, linux?: string): void => {
    problems.push({ place: where, text, remedy, fatal: true, ...(linux === undefined ? {} : { linux }) });
  };
  const need = VDEV_SIZE + VRING_SIZE * count + configLength;
  if (need > avail) {
    const text = `the vdev with ${count} vrings and a config space of ${configLength} bytes needs ${need} bytes, ${avail} are left in the table`;
    return void bad(place, text, 'let the section hold the whole table, or correct num_of_vrings and config_len', 'vdev rsc is truncated');
  }
  if (table.get8(offset + VDEV.reserved) !== 0 || table.get8(offset + VDEV.reserved + 1) !== 0) {
    return void bad(
      place,
      'its reserved bytes are not zero',
      'set reserved[0] and reserved[1] to 0',
      'vdev rsc has non zero reserved bytes',
    );
  }
  if (count > 2) return void bad(place, `it has ${count} vrings; Linux supports two`, 'use two vrings', `too many vrings: ${count}`);
  const vrings: VringRequest[] = [];
  for (let i = 0; i < count; i++) {
    const at = offset + VDEV_SIZE + VRING_SIZE * i;
    const [da, align, num] = [table.get32(at + VRING.da), table.get32(at + VRING.align), table.get32(at + VRING.num)];
    const usable = num !== 0 && align !== 0;
    if (!usable) {
      bad(
        `${place} vring ${i}`,
        `it has ${num | 0} descriptors and alignment ${align | 0}; neither may be 0`,
        'set num and align, for example 256 and 0x1000',
        `invalid qsz (${num | 0}) or alignment (${align | 0})`,
      );
    } else if ((num & (num - 1)) !== 0) {
      bad(
        `${place} vring ${i}`,
        `it has ${num} descriptors, not a power of two; ring indices then wrap at different places`,
        'use a power of two',
      );
    }
    vrings.push({ da, align, num, notifyid: table.get32(at + VRING.notifyid), bytes: usable ? pageAlign(vringSize(num, align)) : 0 });
  }
  const id = table.get32(offset + VDEV.id);
  if (id === 7 && count < 2) bad(place, `the rpmsg device (id 7) has ${count} vrings and needs two`, 'add the missing vring');
  const status = table.get8(offset + VDEV.status);
  if (status !== 0) {
    bad(
      place,
      `its status byte is ${hex(status)} instead of 0: the firmware may take Linux for ready before it is`,
      'initialise status with 0',
    );
  }
  return {
    kind: 'vdev',
    id,
    notifyid: table.get32(offset + VDEV.notifyid),
    features: table.get32(offset + VDEV.dfeatures),
    configLength,
    status,
    vrings,
  };
}

/** `any` for an address that Linux chooses, else hexadecimal. */
export function addressText(da: number): string {
  return da === FW_RSC_ADDR_ANY ? 'any' : hex(da);
}
