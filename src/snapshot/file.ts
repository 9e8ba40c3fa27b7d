/**
 * The files of imx-sim: snapshots and recordings. A line of text that says what it is (`imx-sim snapshot 1 {...}`), then plain data, deflated.
 *
 * The line can be read with `head -1`: SoC, firmware, time, lengths. The checksum is of the data as it stands in the file.
 */
import { SnapshotError } from '../errors.ts';
import { crc32 } from '../memory/crc32.ts';
import { decodePlain, encodePlain } from './plain-data.ts';

/** What a file holds. */
export type FileKind = 'snapshot' | 'recording';

/** What its first line tells beside that. */
export interface FileFacts {
  readonly soc: string;
  readonly board?: string;
  readonly firmware?: string;
  /** Cycle at which it was made. */
  readonly cycle: number;
  /** Seconds of virtual time. */
  readonly seconds: number;
}

const FORMAT = 1;
/** Behind a first line that is longer than this there is no snapshot. */
const LONGEST_LINE = 4096;
/** Data of a file when it is unpacked, at most, in bytes. */
const MOST = 1024 * 1024 * 1024;
const MAKE_AGAIN = 'make it again';

interface FirstLine extends FileFacts {
  readonly bytes: number;
  readonly unpacked: number;
  readonly checksum: number;
}

/** A file that holds `data`, which is plain. */
export async function encodeFile(kind: FileKind, facts: FileFacts, data: unknown): Promise<Uint8Array> {
  const plain = encodePlain(data);
  const packed = await through(plain, new CompressionStream('deflate'));
  const first: FirstLine = { ...facts, bytes: packed.length, unpacked: plain.length, checksum: crc32(packed) };
  const line = new TextEncoder().encode(`imx-sim ${kind} ${FORMAT} ${JSON.stringify(first)}\n`);
  const file = new Uint8Array(line.length + packed.length);
  file.set(line);
  file.set(packed, line.length);
  return file;
}

/** What `encodeFile` was given; `name` is what the file is called in errors. @throws {SnapshotError} when it is not such a file, or damaged */
export async function decodeFile(
  kind: FileKind,
  file: Uint8Array,
  name: string = kind,
): Promise<{ readonly facts: FileFacts; readonly data: unknown }> {
  const { first, start } = firstLine(kind, file, name);
  const packed = file.subarray(start);
  if (packed.length !== first.bytes) {
    const [what, remedy] = packed.length < first.bytes ? ['cut off', 'copy it again, or make it again'] : ['too long', MAKE_AGAIN];
    throw damaged(name, `it is ${what}: ${packed.length} of ${first.bytes} bytes behind the first line`, remedy);
  }
  if (crc32(packed) !== first.checksum) throw damaged(name, 'its checksum is wrong');
  let plain: Uint8Array;
  try {
    plain = await through(packed, new DecompressionStream('deflate'), Math.min(MOST, first.unpacked));
  } catch (error) {
    throw damaged(name, error instanceof Error ? error.message : String(error));
  }
  if (plain.length !== first.unpacked) throw damaged(name, `${plain.length} bytes of ${first.unpacked} are in it`);
  return { facts: first, data: decodePlain(plain, name) };
}

function firstLine(kind: FileKind, file: Uint8Array, name: string): { readonly first: FirstLine; readonly start: number } {
  const end = file.subarray(0, LONGEST_LINE).indexOf(10);
  const text = new TextDecoder().decode(file.subarray(0, Math.max(end, 0)));
  const match = /^imx-sim (\w+) (\d+) (\{.*\})$/.exec(text);
  if (!match) {
    const elf = file[0] === 0x7f && file[1] === 0x45 && file[2] === 0x4c && file[3] === 0x46;
    const is = file.length === 0 ? 'it is empty' : elf ? 'it is an ELF file' : `it begins with ${beginning(file)}`;
    const remedy = elf
      ? 'give it to imx-sim run as firmware'
      : `give a file that imx-sim wrote${kind === 'snapshot' ? ' (run --save-snapshot)' : ' (run --record)'}`;
    throw new SnapshotError('E_SNAPSHOT_FORMAT', `${name} is no ${kind} of imx-sim: ${is}`, remedy, name);
  }
  if (match[1] !== kind) {
    const remedy = match[1] === 'snapshot' ? 'imx-sim run --restore continues it' : 'imx-sim replay runs it again';
    throw new SnapshotError('E_SNAPSHOT_FORMAT', `${name} is a ${match[1]}, not a ${kind}`, remedy, name);
  }
  if (Number(match[2]) !== FORMAT) {
    throw new SnapshotError(
      'E_SNAPSHOT_VERSION',
      `${name} has format ${match[2]}, and this imx-sim reads format ${FORMAT}`,
      'use the version of imx-sim that wrote it, or make it again with this one',
      name,
    );
  }
  let first: unknown;
  try {
    first = JSON.parse(match[3]!);
  } catch {
    throw damaged(name, 'its first line is');
  }
  if (!isFirstLine(first)) throw damaged(name, 'its first line lacks something');
  return { first, start: end + 1 };
}

function isFirstLine(value: unknown): value is FirstLine {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<string, unknown>;
  const numbers = ['cycle', 'seconds', 'bytes', 'unpacked', 'checksum'].every((name) => typeof fields[name] === 'number');
  return numbers && typeof fields['soc'] === 'string';
}

function damaged(name: string, why: string, remedy = MAKE_AGAIN): SnapshotError {
  return new SnapshotError('E_SNAPSHOT_DAMAGED', `${name} is damaged: ${why}`, remedy, name);
}

function beginning(file: Uint8Array): string {
  return [...file.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** `bytes` through a transformation. @throws when it does not like them, or gives more than `most` bytes */
async function through(bytes: Uint8Array, stream: CompressionStream | DecompressionStream, most = MOST): Promise<Uint8Array> {
  const writer = stream.writable.getWriter();
  // What goes wrong is seen by whoever reads, too.
  const written = writer
    .write(bytes as Uint8Array<ArrayBuffer>)
    .then(() => writer.close())
    .catch(() => {});
  const reader = stream.readable.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    length += part.value.length;
    if (length > most) {
      await reader.cancel().catch(() => {});
      throw new Error(`there is more in it than ${most} bytes`);
    }
  }
  await written;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
