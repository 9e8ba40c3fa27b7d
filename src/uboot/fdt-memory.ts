/**
 * The device tree that U-Boot works on: a blob in memory, which every `fdt` command reads, changes and writes back (cmd/fdt.c, libfdt).
 *
 * The header's totalsize is the room that it has, as with libfdt: what does not fit is FDT_ERR_NOSPACE until `fdt resize`. The blob is laid
 * out anew by each change, so offsets within it may differ from libfdt's.
 */
import { parseDtb } from '../devicetree/parse-dtb.ts';
import type { DeviceTree, DeviceTreeNode } from '../devicetree/tree.ts';
import { writeDtb } from '../devicetree/write-dtb.ts';
import { DeviceTreeError } from '../errors.ts';
import type { Environment } from './environment.ts';
import type { PhysicalMemory } from './memory-access.ts';

/** Name of a libfdt error. */
export type FdtError = `FDT_ERR_${string}`;

/** A tree as it was read from memory, with the room that its blob has. */
export interface WorkingTree {
  readonly tree: DeviceTree;
  readonly address: number;
  readonly room: number;
}

/** Words of the header (`fdt_member_table`). */
export const FDT_MEMBERS = [
  'magic',
  'totalsize',
  'off_dt_struct',
  'off_dt_strings',
  'off_mem_rsvmap',
  'version',
  'last_comp_version',
  'boot_cpuid_phys',
  'size_dt_strings',
  'size_dt_struct',
] as const;

const MAGIC = 0xd00d_feed;
const HEADER_BYTES = 40;
/** Bytes that a blob may claim; larger ones are damaged. */
const LARGEST = 8 * 1024 * 1024;

/** `working_fdt`. */
export class FdtMemory {
  /** Where it is; undefined before `fdt addr`. */
  address: number | undefined;
  private readonly memory: PhysicalMemory;
  private readonly environment: Environment;

  constructor(memory: PhysicalMemory, environment: Environment) {
    this.memory = memory;
    this.environment = environment;
  }

  /** `set_working_fdt_addr`. */
  use(address: number): void {
    this.address = address;
    this.environment.assign('fdtaddr', address.toString(16));
  }

  /** A word of the header by its place in `FDT_MEMBERS`. */
  member(address: number, index: number): number {
    const bytes = this.memory.bytes(address + 4 * index, 4);
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  }

  /** `fdt_check_header`. */
  check(address: number): FdtError | undefined {
    const [magic, total, structure, strings, reservations, version, compatible] = FDT_MEMBERS.map((_, index) =>
      this.member(address, index),
    );
    if (magic !== MAGIC) return 'FDT_ERR_BADMAGIC';
    if (version! < 16 || compatible! > 17) return 'FDT_ERR_BADVERSION';
    if (total! < HEADER_BYTES || total! > LARGEST) return 'FDT_ERR_TRUNCATED';
    return [structure!, strings!, reservations!].some((offset) => offset > total!) ? 'FDT_ERR_TRUNCATED' : undefined;
  }

  /** Reads the tree at `address`, or says why it cannot be. */
  read(address: number): WorkingTree | FdtError {
    const problem = this.check(address);
    if (problem) return problem;
    const room = this.member(address, 1);
    try {
      return { tree: parseDtb(this.memory.bytes(address, room).slice()), address, room };
    } catch (error) {
      if (!(error instanceof DeviceTreeError)) throw error;
      return fdtErrorOf(error);
    }
  }

  /** Writes a changed tree to where it was; with `room`, that is the new size. */
  write({ tree, address, room }: WorkingTree, newRoom = room): FdtError | undefined {
    const blob = writeDtb(tree);
    if (blob.length > newRoom || newRoom > LARGEST) return 'FDT_ERR_NOSPACE';
    const padded = new Uint8Array(newRoom);
    padded.set(blob);
    new DataView(padded.buffer).setUint32(4, newRoom);
    this.memory.put(address, padded);
    return undefined;
  }

  /** `fdt_shrink_to_minimum`: room up to the end of a page behind the blob, and `extra` more. */
  resize(working: WorkingTree, extra: number): FdtError | undefined {
    const used = writeDtb(working.tree).length + 5 * 16 + extra;
    const within = working.address % 4096;
    return this.write(working, Math.ceil((used + within) / 4096) * 4096 - within);
  }

  /** What a failed `fdt apply` leaves behind: a tree without its magic. */
  damage(address: number): void {
    this.memory.put(address, new Uint8Array([0xff, 0xff, 0xff, 0xff]));
  }
}

/** libfdt's name of what a reader or an overlay found. */
export function fdtErrorOf(error: DeviceTreeError): FdtError {
  return (/FDT_ERR_[A-Z]+/.exec(error.message)?.[0] as FdtError | undefined) ?? 'FDT_ERR_BADSTRUCTURE';
}

/** `fdt_path_offset`: a path, or an alias. */
export function fdtNode(tree: DeviceTree, path: string): DeviceTreeNode | FdtError {
  return tree.find(path) ?? (path.startsWith('/') ? 'FDT_ERR_NOTFOUND' : 'FDT_ERR_BADPATH');
}
