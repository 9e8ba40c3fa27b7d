/**
 * What threads of a firmware are, and how its memory is read for them.
 *
 * Read from the firmware's own structures when somebody asks; layouts come from its debug information, and without that are those of the
 * releases that the SDKs have. Everything read is hostile: lists end, and what makes no sense is left out.
 */
import type { Dwarf } from '../dwarf/dwarf.ts';
import type { StructType, Type } from '../dwarf/model.ts';
import type { FirmwareSymbol } from '../remoteproc/elf-loader.ts';

/** A thread. */
export interface ThreadFacts {
  /** Address of its control block. */
  readonly id: number;
  readonly name: string;
  /** Lowest address of its stack, and bytes from there; absent when the firmware does not keep them. */
  readonly stack: { readonly start: number; readonly size: number | undefined } | undefined;
}

/** What schedules threads. */
export interface ThreadSource {
  readonly system: 'Zephyr' | 'FreeRTOS';
  /** Control block of the current thread. */
  current(): number | undefined;
  /** All that can be found, and those of `seen`. */
  list(seen: Iterable<number>): ThreadFacts[];
  name(id: number): string;
}

/** What threads are read with. */
export interface FirmwareView {
  readonly symbols: readonly FirmwareSymbol[];
  readonly dwarf: Dwarf;
  /** Memory as the core sees it. */
  read(address: number, length: number): Uint8Array | undefined;
}

/** Reads of a firmware's memory that check what they get. */
export class GuestReader {
  private readonly view: FirmwareView;

  constructor(view: FirmwareView) {
    this.view = view;
  }

  /** A word, u32. */
  word(address: number): number | undefined {
    const bytes = this.view.read(address >>> 0, 4);
    return bytes && new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  }

  /** A printable name of at most `length` characters; undefined when there is none. */
  text(address: number, length: number): string | undefined {
    const bytes = this.view.read(address >>> 0, length);
    if (!bytes) return undefined;
    const end = bytes.indexOf(0);
    const text = String.fromCharCode(...bytes.subarray(0, end < 0 ? length : end));
    return /^[\x20-\x7e]+$/.test(text) ? text : undefined;
  }

  symbol(name: string): FirmwareSymbol | undefined {
    return this.view.symbols.find((symbol) => symbol.name === name);
  }

  /** The object that holds `address`. */
  symbolAt(address: number): FirmwareSymbol | undefined {
    return this.view.symbols.find((symbol) => symbol.size > 0 && address >= symbol.address && address < symbol.address + symbol.size);
  }

  /** Offset, size and type of a member, by its names from outside in; undefined where the debug information does not have it. */
  member(type: string, ...path: readonly string[]): { readonly offset: number; readonly type: Type } | undefined {
    let current: Type | undefined;
    try {
      current = this.view.dwarf.typeNamed(type);
    } catch {
      return undefined;
    }
    let offset = 0;
    for (const name of path) {
      const found = memberOf(current && plain(current), name);
      if (!found) return undefined;
      offset += found.offset;
      current = found.type;
    }
    return current && { offset, type: plain(current) };
  }
}

/** Without typedefs, qualifiers and arrays around it. */
function plain(type: Type): Type {
  let current = type;
  for (let depth = 0; depth < 16 && (current.kind === 'typedef' || current.kind === 'qualified'); depth++) current = current.target;
  return current;
}

function memberOf(type: Type | undefined, name: string): { readonly offset: number; readonly type: Type } | undefined {
  const struct: Type | undefined = type?.kind === 'array' ? plain(type.element) : type;
  if (struct?.kind !== 'struct') return undefined;
  for (const member of (struct as StructType).members) {
    if (member.name === name) return { offset: member.offset, type: member.type };
    const inner = member.name === '' ? memberOf(plain(member.type), name) : undefined;
    if (inner) return { offset: member.offset + inner.offset, type: inner.type };
  }
  return undefined;
}
