/** What bytes mean: numbers of all sizes, a float, a pointer, text, the header of an rpmsg. No DOM. */
import { type Announcement, RPMSG_HEADER_SIZE, type RpmsgHeader, readAnnouncement, readHeader } from '../../../../src/view/rpmsg-bytes.ts';
import { RPMSG_NS_ADDR, RPMSG_NS_MSG_SIZE } from '../../../../src/virtio/rpmsg-ns.ts';
import { hex } from '../../format.ts';
import { binary, float32, float64 } from '../cpu/numbers.ts';
import { printable } from './hex-layout.ts';

export interface Meaning {
  readonly name: string;
  readonly text: string;
  /** Bytes that it covers. */
  readonly size: number;
  /** A word that could be an address. */
  readonly pointer?: number;
}

/** All meanings of the bytes, little-endian; those for which there are not enough are left out. */
export function meanings(bytes: Uint8Array): Meaning[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const result: Meaning[] = [];
  const number = (size: number, bits: string, unsigned: () => bigint | number, signed: () => bigint | number) => {
    if (bytes.length < size) return;
    const value = unsigned();
    result.push({ name: `u${bits}`, size, text: `${value}  0x${value.toString(16).padStart(size * 2, '0')}` });
    result.push({ name: `i${bits}`, size, text: String(signed()) });
  };
  number(
    1,
    '8',
    () => view.getUint8(0),
    () => view.getInt8(0),
  );
  number(
    2,
    '16',
    () => view.getUint16(0, true),
    () => view.getInt16(0, true),
  );
  number(
    4,
    '32',
    () => view.getUint32(0, true),
    () => view.getInt32(0, true),
  );
  number(
    8,
    '64',
    () => view.getBigUint64(0, true),
    () => view.getBigInt64(0, true),
  );
  if (bytes.length >= 1) result.push({ name: 'bits', size: 1, text: binary(bytes[0]!, 8) });
  if (bytes.length >= 4) {
    const word = view.getUint32(0, true);
    result.push({ name: 'float', size: 4, text: float32(word) });
    if (bytes.length >= 8) result.push({ name: 'double', size: 8, text: float64(word, view.getUint32(4, true)) });
    result.push({ name: 'pointer', size: 4, text: hex(word, 8), pointer: word });
  }
  const text = cString(bytes);
  if (text !== undefined) result.push({ name: 'text', size: text.length, text: `"${text}"` });
  return result;
}

/** The printable characters from the first byte on, if there are at least four or they are ended by NUL. */
export function cString(bytes: Uint8Array): string | undefined {
  let length = 0;
  while (length < bytes.length && length < 64 && bytes[length]! >= 0x20 && bytes[length]! < 0x7f) length += 1;
  if (length < 2 || (length < 4 && bytes[length] !== 0)) return undefined;
  return String.fromCharCode(...bytes.subarray(0, length));
}

/** The header of an rpmsg, and what its data says. */
export interface RpmsgMessage extends RpmsgHeader {
  /** The start of its data, as text with dots. */
  readonly text: string;
  readonly nameService?: Announcement;
  /** Why it is hardly one; undefined when it may be. */
  readonly doubt?: string;
}

/** Buffers of rpmsg have 512 bytes. */
const MOST = 512 - RPMSG_HEADER_SIZE;

/** The bytes as an rpmsg. Undefined when there are less than a header. */
export function rpmsgHeader(bytes: Uint8Array): RpmsgMessage | undefined {
  const header = readHeader(bytes);
  if (header === undefined) return undefined;
  const data = bytes.subarray(RPMSG_HEADER_SIZE, RPMSG_HEADER_SIZE + header.length);
  const text = [...data.subarray(0, 48)].map(printable).join('');
  const reason = doubt(header);
  const nameService = header.dst === RPMSG_NS_ADDR && header.length === RPMSG_NS_MSG_SIZE ? readAnnouncement(data) : undefined;
  return { ...header, text, ...(nameService === undefined ? {} : { nameService }), ...(reason === undefined ? {} : { doubt: reason }) };
}

function doubt(header: RpmsgHeader): string | undefined {
  if (header.src === 0 && header.dst === 0 && header.length === 0) return 'all zero';
  if (header.length > MOST) return `a length of ${header.length} does not fit a buffer of 512 bytes`;
  if (header.reserved !== 0) return 'its reserved word is not 0';
  if (header.flags !== 0) return 'it has flags, which rpmsg does not use';
  return undefined;
}
