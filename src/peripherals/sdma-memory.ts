/**
 * What SDMA reads and writes: the system's memory, with channel control blocks and buffer descriptors in it, and its own RAM with scripts and
 * channel contexts. A buffer descriptor has 12 bytes: count (16 bits), status and command; address; extended address.
 */
import { type AddressSpace, BUS_FAULT } from '../memory/bus.ts';

/** The part of an address space that a bus master needs. */
export type DmaMemory = Pick<AddressSpace, 'read' | 'write' | 'readBytes' | 'writeBytes'>;

/** Ways of an SDMA onto the buses, each a master of its own for the RDC: to memory, to peripherals, to the peripherals that it shares (SPBA). */
export type DmaPort = 'burst' | 'peripheral' | 'shared';

/** What is behind each of them. */
export type DmaPorts = Readonly<Record<DmaPort, DmaMemory>>;

/** Bits of a descriptor's status. */
export const BD = { D: 1, W: 2, C: 4, I: 8, R: 0x10, L: 0x20, EXT: 0x80 } as const;
const BD_SIZE = 12;
const CCB_SIZE = 16;

/** A buffer descriptor as it was read. */
export interface BufferDescriptor {
  readonly at: number;
  readonly count: number;
  readonly status: number;
  readonly command: number;
  readonly buffer: number;
  readonly extended: number;
}

/** A word of the system's memory, or undefined after a bus error. */
function word(memory: DmaMemory, address: number): number | undefined {
  const value = memory.read(address >>> 0, 4);
  return value === BUS_FAULT ? undefined : value;
}

/** The current descriptor of a channel whose control block is at `mc0ptr`; undefined after a bus error, or where it has none. */
export function currentDescriptor(memory: DmaMemory, mc0ptr: number, channel: number): BufferDescriptor | undefined {
  const at = word(memory, mc0ptr + channel * CCB_SIZE);
  if (!at) return undefined;
  const [mode, buffer, extended] = [word(memory, at), word(memory, at + 4), word(memory, at + 8)];
  if (mode === undefined || buffer === undefined || extended === undefined) return undefined;
  return { at, count: mode & 0xffff, status: (mode >>> 16) & 0xff, command: mode >>> 24, buffer, extended };
}

/** Gives a descriptor back to software and makes the next one current: the first after one with W. The address that did not take it, if there is one. */
export function closeDescriptor(
  memory: DmaMemory,
  mc0ptr: number,
  channel: number,
  descriptor: BufferDescriptor,
  { count, error }: { readonly count: number; readonly error: boolean },
): number | undefined {
  const { at, status, command } = descriptor;
  const ccb = mc0ptr + channel * CCB_SIZE;
  const next = (status & ~(BD.D | BD.R)) | (error ? BD.R : 0);
  if (!memory.write(at, ((command << 24) | (next << 16) | (count & 0xffff)) >>> 0, 4)) return at;
  const base = word(memory, ccb + 4) ?? at;
  return memory.write(ccb >>> 0, status & BD.W ? base : (at + BD_SIZE) >>> 0, 4) ? undefined : ccb >>> 0;
}

/** First word of the RAM in SDMA's data memory; the same bytes are half-words from twice that on in its program memory. */
export const SDMA_RAM_BASE = 0x800;
/** Words of the RAM. */
const RAM_WORDS = 0x800;

/** SDMA's own RAM of 8 KiB. */
export class SdmaRam {
  private readonly words = new Uint32Array(RAM_WORDS);

  /** A word of data memory; 0 outside of the RAM, as the ROM's contents are not known. */
  word(address: number): number {
    return this.words[address - SDMA_RAM_BASE] ?? 0;
  }

  /** False outside of the RAM. */
  setWord(address: number, value: number): boolean {
    if (address < SDMA_RAM_BASE || address >= SDMA_RAM_BASE + RAM_WORDS) return false;
    this.words[address - SDMA_RAM_BASE] = value;
    return true;
  }

  /** A half-word of program memory; the first of a word is the upper one, as the core is big-endian. */
  instruction(address: number): number {
    return (this.word(address >>> 1) >>> (address & 1 ? 0 : 16)) & 0xffff;
  }

  /** False outside of the RAM. */
  setInstruction(address: number, value: number): boolean {
    const old = this.word(address >>> 1);
    const next = address & 1 ? (old & 0xffff_0000) | value : (old & 0xffff) | (value << 16);
    return this.setWord(address >>> 1, next >>> 0);
  }

  clear(): void {
    this.words.fill(0);
  }
}
