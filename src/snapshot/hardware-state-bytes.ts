/**
 * A hardware state as bytes and back: plain data, memory without its pages of zeros, a checksum at the end.
 *
 * What is read is hostile: bytes that are no state cost no more than sixteen times their length (a chunk of memory with one page), and are refused.
 */
import { SnapshotError } from '../errors.ts';
import { crc32 } from '../memory/crc32.ts';
import { CHUNK_SIZE, PAGE_SIZE, ZEROS } from '../memory/ram.ts';
import type { HardwareState, MemoryChunk, StateValue } from './hardware-state.ts';
import { decodePlain, encodePlain } from './plain-data.ts';

/** `IMXH`, and the version of what follows. */
const MAGIC = [0x49, 0x4d, 0x58, 0x48] as const;
const VERSION = 1;
const HEADER = MAGIC.length + 1;
const CHECKSUM = 4;
const WHAT = 'the state of the hardware';

/** A chunk without its pages of zeros: `used` has a bit for each of the others, which follow each other in `bytes`. */
interface PackedChunk {
  readonly index: number;
  readonly length: number;
  readonly used: number;
  readonly bytes: Uint8Array;
}

/** `state` as bytes. */
export function encodeState(state: HardwareState): Uint8Array {
  const { memory, ...rest } = state;
  const packed = Object.entries(memory).map(([name, chunks]) => ({ name, chunks: chunks.map(pack) }));
  const data = encodePlain({ ...rest, memory: packed });
  const bytes = new Uint8Array(HEADER + data.length + CHECKSUM);
  bytes.set([...MAGIC, VERSION]);
  bytes.set(data, HEADER);
  const end = HEADER + data.length;
  new DataView(bytes.buffer).setUint32(end, crc32(bytes.subarray(0, end)), true);
  return bytes;
}

/** The state that `encodeState` made `bytes` of. @throws {SnapshotError} when they are not that, or were damaged. */
export function decodeState(bytes: Uint8Array): HardwareState {
  if (bytes.length < HEADER + CHECKSUM || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new SnapshotError('E_SNAPSHOT_FORMAT', 'this is no state of a machine', 'give a snapshot that imx-sim has made');
  }
  if (bytes[MAGIC.length] !== VERSION) {
    const text = `${WHAT} is of version ${bytes[MAGIC.length]}, this imx-sim reads version ${VERSION}`;
    throw new SnapshotError('E_SNAPSHOT_VERSION', text, 'make the snapshot again with this version');
  }
  const end = bytes.length - CHECKSUM;
  const checksum = new DataView(bytes.buffer, bytes.byteOffset + end, CHECKSUM).getUint32(0, true);
  if (checksum !== crc32(bytes.subarray(0, end))) throw damaged('its checksum is wrong');
  const { memory, ...rest } = fields(decodePlain(bytes.subarray(HEADER, end), WHAT));
  if (!isState(rest)) throw damaged('it lacks something');
  return { ...rest, memory: Object.fromEntries(list(memory).map(readMemory)) };
}

function readMemory(value: unknown): [string, readonly MemoryChunk[]] {
  const { name, chunks } = fields(value);
  if (typeof name !== 'string') throw damaged('a memory has no name');
  return [name, list(chunks).map(unpack)];
}

function pack({ index, bytes }: MemoryChunk): PackedChunk {
  const pages: Uint8Array[] = [];
  let used = 0;
  for (let page = 0; page * PAGE_SIZE < bytes.length; page++) {
    const content = bytes.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
    if (isZero(content)) continue;
    used |= 1 << page;
    pages.push(content);
  }
  const packed = new Uint8Array(pages.reduce((length, page) => length + page.length, 0));
  let at = 0;
  for (const page of pages) {
    packed.set(page, at);
    at += page.length;
  }
  return { index, length: bytes.length, used, bytes: packed };
}

function unpack(value: unknown): MemoryChunk {
  const { index, length, used, bytes: packed } = fields(value);
  if (!isCount(index) || !isCount(length) || !isCount(used) || !(packed instanceof Uint8Array))
    throw damaged('a chunk of memory lacks something');
  if (length > CHUNK_SIZE || used >= 1 << Math.ceil(length / PAGE_SIZE)) throw damaged('a chunk of memory is too large');
  if (used === 0) return { index, bytes: length === CHUNK_SIZE ? ZEROS : ZEROS.subarray(0, length) };
  const bytes = new Uint8Array(length);
  let at = 0;
  for (let page = 0; page * PAGE_SIZE < length; page++) {
    if (((used >>> page) & 1) === 0) continue;
    const size = Math.min(PAGE_SIZE, length - page * PAGE_SIZE);
    bytes.set(packed.subarray(at, at + size), page * PAGE_SIZE);
    at += size;
  }
  if (at !== packed.length) throw damaged('a chunk of memory is cut off');
  return { index, bytes };
}

function isState(value: Record<string, unknown>): value is Omit<HardwareState, 'memory'> & Record<string, StateValue> {
  const { soc, board, now, sequence, blocks, broken } = value;
  if (typeof soc !== 'string' || (board !== undefined && typeof board !== 'string')) return false;
  if (!isCount(now) || !isCount(sequence) || !isObject(blocks)) return false;
  return Array.isArray(broken) && broken.every((each) => isObject(each) && typeof each['space'] === 'string' && isCount(each['base']));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

function fields(value: unknown): Record<string, unknown> {
  if (!isObject(value)) throw damaged('it lacks something');
  return value;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw damaged('it lacks something');
  return value;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function damaged(why: string): SnapshotError {
  return new SnapshotError('E_SNAPSHOT_DAMAGED', `${WHAT} is damaged: ${why}`, 'copy the snapshot again in binary mode, or make it again');
}

function isZero(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index++) if (bytes[index] !== 0) return false;
  return true;
}
