/** Rules of the rpmsg headers in buffers that Linux is about to take: what makes it drop a message. */
import { hex, hex32 } from '../../memory/bits.ts';
import { RPMSG_NS_ADDR, RPMSG_NS_MSG_SIZE } from '../../virtio/rpmsg-ns.ts';
import { RPMSG_HEADER_SIZE, type RpmsgHeader, readHeader } from '../rpmsg-bytes.ts';
import type { RingRule } from './ring-rules.ts';
import { goodElements } from './ring-rules-used.ts';
import type { PendingElement, RingState } from './ring-state.ts';

/** The header in the buffer at `address` (Linux's); undefined where there is no memory. */
export function headerAt({ linuxView }: Pick<RingState, 'linuxView'>, address: number): RpmsgHeader | undefined {
  const bytes = linuxView.readBytes(address, RPMSG_HEADER_SIZE);
  return bytes && readHeader(bytes);
}

interface Message extends PendingElement {
  readonly address: number;
  readonly header: RpmsgHeader;
}

/** Messages whose used length is right, oldest first. */
function* messages(ring: RingState): Generator<Message> {
  if (ring.direction !== 'to-linux') return;
  for (const element of goodElements(ring)) {
    if (element.length < RPMSG_HEADER_SIZE || element.length > ring.buffers.each) continue;
    const header = headerAt(ring, element.address);
    if (header) yield { ...element, header };
  }
}

const fits = ({ header, length }: Message): boolean => header.length <= length - RPMSG_HEADER_SIZE;

const TOO_BIG =
  'the message is dropped, its buffer never goes back to the core, and what waits behind it is not looked at before the next doorbell';

function tooBig({ device, queue }: RingState, { length, header }: Message): string {
  return `"${queue.owner} ${device}: inbound msg too big: (${length}, ${header.length})": ${TOO_BIG}`;
}

/** Somebody who makes or takes away endpoints is at it: who is there changes. */
function endpointsChange({ rpmsg }: RingState): boolean {
  return rpmsg.endpoints.get(RPMSG_NS_ADDR)?.cbLock.locked ?? false;
}

export const MESSAGE_RULES: readonly RingRule[] = [
  {
    name: 'header-length-beyond-buffer',
    consequence: `"inbound msg too big": ${TOO_BIG}`,
    remedy: 'rpmsg_hdr.len is the payload alone, 16 bits, at most 496',
    *find(ring) {
      for (const message of messages(ring)) {
        const { id, header, address } = message;
        if (header.length <= ring.buffers.each - RPMSG_HEADER_SIZE) continue;
        yield {
          text: `the message in descriptor ${id} says that it has ${header.length} bytes; a buffer has room for ${ring.buffers.each - RPMSG_HEADER_SIZE}`,
          address: address + 12,
          size: 2,
          descriptor: id,
          consequence: tooBig(ring, message),
        };
      }
    },
  },
  {
    name: 'header-length-beyond-used',
    consequence: `"inbound msg too big": ${TOO_BIG}`,
    remedy: 'rpmsg_hdr.len is the payload alone; the length in the used ring is that and the 16 bytes of the header',
    *find(ring) {
      for (const message of messages(ring)) {
        const { id, header, address, length } = message;
        if (fits(message) || header.length > ring.buffers.each - RPMSG_HEADER_SIZE) continue;
        yield {
          text: `the message in descriptor ${id} says that it has ${header.length} bytes, and the used ring that ${length} were written, header included`,
          address: address + 12,
          size: 2,
          descriptor: id,
          consequence: tooBig(ring, message),
        };
      }
    },
  },
  {
    name: 'no-recipient',
    consequence: '"msg received with no recipient": the message is dropped',
    remedy:
      "answer to the address from which Linux's first message came; Linux learns of a service by its announcement, and its driver's endpoint is there only then",
    *find(ring) {
      const { rpmsg, device, queue } = ring;
      if (endpointsChange(ring)) return;
      for (const message of messages(ring)) {
        const { header, id, address } = message;
        // What stands behind an announcement may be for the endpoint that it brings about.
        if (header.dst === RPMSG_NS_ADDR) return;
        if (!fits(message) || rpmsg.endpoints.has(header.dst)) continue;
        const there = [...rpmsg.endpoints.keys()].sort((a, b) => a - b).slice(0, 16);
        yield {
          text: `the message in descriptor ${id} goes from ${hex(header.src)} to ${hex(header.dst)}, where Linux has no endpoint; it has ${there.map(hex).join(', ') || 'none'}`,
          address: address + 4,
          size: 4,
          descriptor: id,
          consequence: `"${queue.owner} ${device}: msg received with no recipient": the message is dropped`,
        };
      }
    },
  },
  {
    name: 'announcement-malformed',
    consequence: '"malformed ns msg": the announcement is dropped, and no channel appears',
    remedy: `an announcement is ${RPMSG_NS_MSG_SIZE} bytes: a name of 32, the address, the flags`,
    *find(ring) {
      const { device, queue } = ring;
      for (const message of messages(ring)) {
        const { header, id, address } = message;
        if (header.dst !== RPMSG_NS_ADDR || !fits(message) || header.length === RPMSG_NS_MSG_SIZE) continue;
        yield {
          text: `the announcement in descriptor ${id} (at ${hex32(address)}) has ${header.length} bytes instead of ${RPMSG_NS_MSG_SIZE}`,
          address: address + 12,
          size: 2,
          descriptor: id,
          consequence: `"${queue.owner} ${device}: malformed ns msg (${header.length})": the announcement is dropped, and no channel appears`,
        };
      }
    },
  },
];
