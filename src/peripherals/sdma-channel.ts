/**
 * What the scripts of SDMA's channels do with their buffer descriptors, a piece at a time, and the commands of channel 0.
 *
 * Addresses and watermark of a peripheral come from the channel's context (r6, r7), as NXP's fsl_sdma and Linux's imx-sdma load it. Not modelled:
 * the scripts of SPDIF, and code in SDMA's RAM, which is stored and never executed.
 */
import { hex32 } from '../memory/bits.ts';
import { BUS_FAULT } from '../memory/bus.ts';
import { BD, type BufferDescriptor, type DmaMemory, type DmaPorts, type SdmaRam } from './sdma-memory.ts';
import type { SdmaScript } from './sdma-scripts.ts';

/** Bytes that a channel moves from memory to memory before one of a higher priority gets its turn. */
const PIECE = 256;
/** First word of the channels' contexts in data memory. */
const CONTEXTS = 0x800;
/** Words of a context up to the general registers. */
const GENERAL = 2;
/** Low bits of r7: bytes that a request asks for. */
const WATERMARK = 0xfff;
/** URXD: a character is there, and it came with an error. */
const CHARRDY = 1 << 15;
const ERR = 1 << 14;
/** Registers from URXD on: UCR4 with IDDMAEN, USR1 with AGTIM, USR2 with IDLE. */
const UCR4 = 0x8c;
const IDDMAEN = 1 << 6;
const USR1 = 0x94;
const AGTIM = 1 << 8;
const USR2 = 0x98;
const IDLE = 1 << 12;
/** Characters that an i.MX UART can hold. */
const UART_FIFO = 32;

/** A channel's context, as far as scripts use it. */
export interface ChannelContext {
  readonly pc: number;
  /** r6: the peripheral's register. */
  readonly peripheral: number;
  /** r7: bytes for each request. */
  readonly watermark: number;
}

/** The context of a channel; `size` words each (CHN0ADDR.SMSZ). */
export function contextOf(ram: SdmaRam, channel: number, size: number): ChannelContext {
  const at = CONTEXTS + channel * size;
  return {
    pc: ram.word(at) & 0x3fff,
    peripheral: ram.word(at + GENERAL + 6),
    watermark: ram.word(at + GENERAL + 7) & WATERMARK,
  };
}

/** Channels whose contexts lie in `count` words from `address` on, as bits. */
export function channelsIn(address: number, count: number, size: number): number {
  const first = Math.max(0, Math.floor((address - CONTEXTS) / size));
  const last = Math.min(31, Math.floor((address + count - 1 - CONTEXTS) / size));
  let channels = 0;
  for (let channel = first; channel <= last; channel++) channels |= 1 << channel;
  return channels >>> 0;
}

/** An access that nobody answered, or that was refused. */
export interface BusError {
  readonly address: number;
  readonly write: boolean;
}

/** A bus error in words. */
export function describeBusError({ address, write }: BusError): string {
  return `bus error on a ${write ? 'write to' : 'read of'} ${hex32(address)}`;
}

function failed(bytes: number, address: number, write: boolean): Piece {
  return { bytes, error: true, fault: { address: address >>> 0, write } };
}

/** What became of a piece of a descriptor. */
export interface Piece {
  /** Bytes moved. */
  readonly bytes: number;
  /** A bus error, or a character that came with one. */
  readonly error?: boolean;
  /** The access that was the bus error. */
  readonly fault?: BusError;
  /** The descriptor is over, although there is room in it. */
  readonly closes?: boolean;
}

/** Moves the next piece of a descriptor from memory to memory; `done` bytes were moved before. */
export function memoryPiece(memory: DmaMemory, { count, buffer, extended }: BufferDescriptor, done: number): Piece {
  const bytes = Math.min(PIECE, count - done);
  const from = (buffer + done) >>> 0;
  const to = (extended + done) >>> 0;
  const data = memory.readBytes(from, bytes);
  if (data && memory.writeBytes(to, data)) return { bytes };
  for (let at = 0; at < bytes; ) {
    const size = (from | to | at) % 4 === 0 && bytes - at >= 4 ? 4 : 1;
    const value = memory.read((from + at) >>> 0, size);
    if (value === BUS_FAULT) return failed(at, from + at, false);
    if (!memory.write((to + at) >>> 0, value, size)) return failed(at, to + at, true);
    at += size;
  }
  return { bytes };
}

/** Bytes of one access to a peripheral, by the descriptor's command. */
function width({ command }: BufferDescriptor): number {
  return command & 3 || 4;
}

/** The ways that a script with a peripheral takes. */
export interface Ways {
  readonly memory: DmaMemory;
  readonly registers: DmaMemory;
}

/** Those of a script. */
export function waysOf(ports: DmaPorts, { port = 'peripheral' }: SdmaScript): Ways {
  return { memory: ports.burst, registers: ports[port] };
}

/** Moves what one request asks for from a peripheral's register to memory, or the other way. */
export function peripheralPiece(
  { memory, registers }: Ways,
  descriptor: BufferDescriptor,
  done: number,
  { peripheral, watermark }: ChannelContext,
  direction: 'from-peripheral' | 'to-peripheral',
): Piece {
  const size = width(descriptor);
  // 24 bits are the lower ones of a 32-bit register.
  const access = size === 3 ? 4 : size;
  const bytes = Math.min(Math.max(watermark, size), descriptor.count - done);
  for (let at = 0; at < bytes; at += size) {
    const address = (descriptor.buffer + done + at) >>> 0;
    const [source, target] = direction === 'from-peripheral' ? [peripheral, address] : [address, peripheral];
    const value = direction === 'from-peripheral' ? registers.read(peripheral, access) : load(memory, address, size);
    if (value === BUS_FAULT) return failed(at, source, false);
    const taken = direction === 'from-peripheral' ? store(memory, address, value, size) : registers.write(peripheral, value, access);
    if (!taken) return failed(at, target, true);
  }
  return { bytes };
}

function load(memory: DmaMemory, address: number, size: number): number {
  if (size !== 3) return memory.read(address, size);
  const low = memory.read(address, 2);
  const high = memory.read(address + 2, 1);
  return low === BUS_FAULT || high === BUS_FAULT ? BUS_FAULT : low | (high << 16);
}

function store(memory: DmaMemory, address: number, value: number, size: number): boolean {
  if (size !== 3) return memory.write(address, value, size);
  return memory.write(address, value & 0xffff, 2) && memory.write(address + 2, (value >>> 16) & 0xff, 1);
}

/** True when the line being idle is what a UART asks for. */
function idles(registers: DmaMemory, urxd: number): boolean {
  const [control, status] = [registers.read((urxd + UCR4) >>> 0, 4), registers.read((urxd + USR2) >>> 0, 4)];
  return control !== BUS_FAULT && status !== BUS_FAULT && (control & IDDMAEN) !== 0 && (status & IDLE) !== 0;
}

/**
 * Takes characters from a UART: a watermark of them, or, when they have been there for long (AGTIM), all, which ends the buffer. So does an idle line
 * (IDDMAEN), which counts as one character more: NXP's driver subtracts it.
 */
export function uartPiece({ memory, registers }: Ways, { buffer, count }: BufferDescriptor, done: number, context: ChannelContext): Piece {
  const { peripheral, watermark } = context;
  const status = registers.read((peripheral + USR1) >>> 0, 4);
  if (status === BUS_FAULT) return failed(0, peripheral + USR1, false);
  const aged = (status & AGTIM) !== 0;
  const idle = !aged && idles(registers, peripheral);
  const most = Math.min(count - done, aged ? UART_FIFO : Math.max(watermark, 1));
  let bytes = 0;
  let error = false;
  while (bytes < most) {
    const character = registers.read(peripheral, 4);
    if (character === BUS_FAULT) return failed(bytes, peripheral, false);
    if (!(character & CHARRDY)) break;
    error ||= (character & ERR) !== 0;
    if (!memory.write((buffer + done + bytes) >>> 0, character & 0xff, 1)) return failed(bytes, buffer + done + bytes, true);
    bytes++;
  }
  if (aged) registers.write((peripheral + USR1) >>> 0, AGTIM, 4);
  if (idle && bytes === 0 && done < count) return { bytes: 1, closes: true };
  return { bytes, error, closes: error || (aged && done + bytes > 0) };
}

/** What a command of channel 0 has done. */
export interface BootResult {
  readonly error: boolean;
  /** Channels whose contexts were loaded, as bits. */
  readonly loaded: number;
  /** Something that the manual does not describe, for a report. */
  readonly complaint?: string;
}

/** A command of channel 0: loads or dumps SDMA's RAM; counts are words of data memory, half-words of program memory. */
export function bootCommand(
  memory: DmaMemory,
  ram: SdmaRam,
  descriptor: BufferDescriptor,
  { contextSize, locked }: { readonly contextSize: number; readonly locked: boolean },
): BootResult {
  const { command, count, extended } = descriptor;
  switch (command & 7) {
    case 1:
      return loadWords(memory, ram, descriptor, extended, contextSize);
    case 2:
      return dumpWords(memory, ram, descriptor, extended);
    case 3:
      return dumpWords(memory, ram, descriptor, CONTEXTS + (command >>> 3) * contextSize);
    case 4:
      if (locked) return { error: true, loaded: 0, complaint: 'SDMA_LOCK.LOCK is set: the program memory cannot be loaded' };
      return programMemory(descriptor, (at, address) => {
        const value = memory.read(address, 2);
        return value === BUS_FAULT ? undefined : ram.setInstruction(extended + at, value);
      });
    case 6:
      return programMemory(descriptor, (at, address) => memory.write(address, ram.instruction(extended + at), 2) || undefined, true);
    case 7:
      return loadWords(memory, ram, descriptor, CONTEXTS + (command >>> 3) * contextSize, contextSize);
    default:
      return { error: true, loaded: 0, complaint: `channel 0 has no command ${command} (count ${count})` };
  }
}

function notLoaded(address: number, write: boolean): BootResult {
  return { error: true, loaded: 0, complaint: describeBusError({ address: address >>> 0, write }) };
}

function loadWords(memory: DmaMemory, ram: SdmaRam, { count, buffer }: BufferDescriptor, to: number, contextSize: number): BootResult {
  let inside = true;
  for (let n = 0; n < count; n++) {
    const value = memory.read((buffer + 4 * n) >>> 0, 4);
    if (value === BUS_FAULT) return notLoaded(buffer + 4 * n, false);
    inside = ram.setWord(to + n, value) && inside;
  }
  return { error: false, loaded: channelsIn(to, count, contextSize), ...outside(inside) };
}

function dumpWords(memory: DmaMemory, ram: SdmaRam, { count, buffer }: BufferDescriptor, from: number): BootResult {
  for (let n = 0; n < count; n++) if (!memory.write((buffer + 4 * n) >>> 0, ram.word(from + n), 4)) return notLoaded(buffer + 4 * n, true);
  return { error: false, loaded: 0 };
}

/** `each` gives undefined after a bus error, and false outside of the RAM. */
function programMemory(
  { count, buffer }: BufferDescriptor,
  each: (at: number, address: number) => boolean | undefined,
  write = false,
): BootResult {
  let inside = true;
  for (let n = 0; n < count; n++) {
    const done = each(n, (buffer + 2 * n) >>> 0);
    if (done === undefined) return notLoaded(buffer + 2 * n, write);
    inside = done && inside;
  }
  return { error: false, loaded: 0, ...outside(inside) };
}

function outside(inside: boolean): { complaint?: string } {
  return inside ? {} : { complaint: 'channel 0 was told to load more than the RAM holds; the rest is dropped' };
}

/** True while SDMA owns the descriptor. */
export function isOwned(descriptor: BufferDescriptor | undefined): descriptor is BufferDescriptor {
  return descriptor !== undefined && (descriptor.status & BD.D) !== 0;
}

/** Bytes that the next piece of a descriptor will move at most, for the time that it takes. */
export function pieceSize(descriptor: BufferDescriptor, done: number, memoryToMemory: boolean, watermark: number): number {
  return Math.min(descriptor.count - done, memoryToMemory ? PIECE : Math.max(watermark, 1));
}
