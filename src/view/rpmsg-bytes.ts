/**
 * Messages of rpmsg as bytes: `struct rpmsg_hdr` and `struct rpmsg_ns_msg` of Linux (drivers/rpmsg), which all that speak rpmsg use. One reader for the view's
 * events, its vring inspector and the page.
 */
import { RPMSG_NAME_SIZE } from '../virtio/rpmsg-core.ts';
import { RPMSG_NS_DESTROY, RPMSG_NS_MSG_SIZE } from '../virtio/rpmsg-ns.ts';

/** Bytes of `struct rpmsg_hdr`. */
export const RPMSG_HEADER_SIZE = 16;

/** `struct rpmsg_hdr`: le32 src, dst, reserved; le16 len, flags. */
export interface RpmsgHeader {
  readonly src: number;
  readonly dst: number;
  readonly reserved: number;
  readonly length: number;
  readonly flags: number;
}

/** The header at the beginning of bytes; undefined when there are not enough. */
export function readHeader(bytes: Uint8Array): RpmsgHeader | undefined {
  if (bytes.length < RPMSG_HEADER_SIZE) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, RPMSG_HEADER_SIZE);
  return {
    src: view.getUint32(0, true),
    dst: view.getUint32(4, true),
    reserved: view.getUint32(8, true),
    length: view.getUint16(12, true),
    flags: view.getUint16(14, true),
  };
}

/** What the name service is told: a channel comes or goes. */
export interface Announcement {
  readonly name: string;
  readonly address: number;
  readonly flags: 'create' | 'destroy';
}

/** An announcement from the data of a message to the name service; undefined when there are not enough bytes. */
export function readAnnouncement(data: Uint8Array): Announcement | undefined {
  if (data.length < RPMSG_NS_MSG_SIZE) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const end = data.subarray(0, RPMSG_NAME_SIZE).indexOf(0);
  const name = new TextDecoder().decode(data.subarray(0, end < 0 ? RPMSG_NAME_SIZE : end));
  const flags = view.getUint32(RPMSG_NAME_SIZE + 4, true) & RPMSG_NS_DESTROY ? 'destroy' : 'create';
  return { name, address: view.getUint32(RPMSG_NAME_SIZE, true), flags };
}
