/** Rules of the elements that the core has put into the used ring and Linux has not taken yet, and of lengths that it has taken. */
import { VRING_DESC_F_WRITE } from '../../virtio/vring.ts';
import { RPMSG_HEADER_SIZE } from '../rpmsg-bytes.ts';
import type { Breach, RingRule } from './ring-rules.ts';
import { isUsedAhead, wentBack } from './ring-rules-indices.ts';
import { type PendingElement, type RingState, slotOf, usedElement, usedElementAt } from './ring-state.ts';

/** What is wrong with the number in an element. */
type IdFault = 'out-of-range' | 'twice' | 'not-outstanding';

/** The elements that Linux is going to read and believe, with what is wrong with their numbers. */
export function* elements(ring: RingState): Generator<{ readonly element: PendingElement; readonly fault: IdFault | undefined }> {
  // Which elements those are nobody knows when the index is wrong.
  if (wentBack(ring) || isUsedAhead(ring)) return;
  const { linux, num } = ring;
  const seen = new Set<number>();
  for (const element of ring.pending) {
    const { id } = element;
    const fault: IdFault | undefined =
      id >= num ? 'out-of-range' : seen.has(id) ? 'twice' : linux.lent.has(id) ? undefined : 'not-outstanding';
    seen.add(id);
    yield { element, fault };
  }
}

/** The elements that are in order, with the buffer that each returns. */
export function* goodElements(ring: RingState): Generator<PendingElement & { readonly address: number }> {
  for (const { element, fault } of elements(ring)) if (!fault) yield { ...element, address: ring.linux.lent.get(element.id)!.address };
}

function* faulty(ring: RingState, wanted: IdFault): Generator<PendingElement> {
  for (const { element, fault } of elements(ring)) if (fault === wanted) yield element;
}

/** `virtio_rpmsg_bus virtio0: input`: how the kernel begins what it says of a queue. */
export function kernelName({ queue, device }: RingState): string {
  return `${queue.owner} ${device}: ${queue.name}`;
}

function idAt(ring: RingState, slot: number): { readonly address: number; readonly size: number } {
  return { address: usedElementAt(ring, slot).address, size: 4 };
}

function lengthAt(ring: RingState, slot: number): { readonly address: number; readonly size: number } {
  return { address: usedElementAt(ring, slot).address + 4, size: 4 };
}

const DEAD = 'and the queue is given up for good, without another word: nothing is received any more until the core is stopped and started';

/** Elements that Linux has taken and that still stand there, the youngest first; not those that are pending. */
function* taken(ring: RingState): Generator<{ slot: number; id: number; length: number; index: number }> {
  const { linux, num, pending } = ring;
  for (let back = 1; back <= num - pending.length; back++) {
    const index = (linux.lastUsedIdx - back) & 0xffff;
    const slot = slotOf(index, num);
    yield { slot, index, ...usedElement(ring, slot) };
  }
}

export const USED_RULES: readonly RingRule[] = [
  {
    name: 'used-id-out-of-range',
    consequence: `"id N out of range" ${DEAD}`,
    remedy: 'return the number that stood in the available ring: 32 bits, less than the size of the ring',
    *find(ring) {
      for (const { slot, id, index } of faulty(ring, 'out-of-range')) {
        yield {
          text: `used element ${index} returns descriptor ${id}; the ring has ${ring.num}`,
          ...idAt(ring, slot),
          consequence: `"${kernelName(ring)}:id ${id} out of range" ${DEAD}`,
        };
      }
    },
  },
  {
    name: 'used-id-twice',
    consequence:
      'Linux takes the buffer, offers it again at once and takes it again: the message is received twice, and the core is offered one buffer twice, so that two messages share it later',
    remedy: 'return each buffer once for each time that it was offered; an interrupt handler and a thread that share a ring need a lock',
    *find(ring) {
      for (const { slot, id, index } of faulty(ring, 'twice'))
        yield twice(ring, slot, id, `used element ${index} returns descriptor ${id}, as one before it does already`);
    },
  },
  {
    name: 'used-id-not-outstanding',
    consequence: `"id N is not a head!" ${DEAD}`,
    remedy: 'return only what was taken out of the available ring, by the number that stood there (not by its place in the ring)',
    *find(ring) {
      for (const { slot, id, index } of faulty(ring, 'not-outstanding'))
        yield notHead(
          ring,
          slot,
          id,
          `used element ${index} returns descriptor ${id}, which the core does not have: Linux has not offered it since it came back`,
        );
    },
  },
  {
    name: 'used-length-beyond-buffer',
    consequence:
      '"inbound msg too big": the message is dropped, its buffer never goes back to the core, and what waits behind it is not looked at before the next doorbell',
    remedy: 'put the number of bytes that were written into len: 16 of the header and the payload, at most 512',
    *find(ring) {
      if (ring.direction !== 'to-linux') return;
      for (const { slot, id, length, index } of goodElements(ring)) {
        const lent = ring.linux.lent.get(id)!;
        if (!(lent.flags & VRING_DESC_F_WRITE) || length <= lent.length) continue;
        yield tooLong(ring, slot, id, length, index, 'says');
      }
      for (const { slot, id, length, index } of taken(ring))
        if (id < ring.num && length > ring.buffers.each) yield tooLong(ring, slot, id, length, index, 'which Linux has taken, said');
    },
  },
  {
    name: 'used-length-below-header',
    consequence:
      'none that anybody sees: len - 16 wraps in Linux 6.1, which then believes any length in the header and reads what lies behind the buffer',
    remedy: 'put the number of bytes that were written into len, the 16 of the header included',
    *find(ring) {
      if (ring.direction !== 'to-linux') return;
      for (const { slot, id, length, index } of goodElements(ring)) {
        if (length >= RPMSG_HEADER_SIZE) continue;
        const text = `used element ${index} says that ${length} bytes were written to descriptor ${id}, less than a header`;
        yield { text, ...lengthAt(ring, slot), descriptor: id };
      }
    },
  },
];

function notHead(ring: RingState, slot: number, id: number, text: string): Breach {
  return { text, ...idAt(ring, slot), descriptor: id, consequence: `"${kernelName(ring)}:id ${id} is not a head!" ${DEAD}` };
}

/** Buffers for messages to the core are not offered again before somebody sends. */
function twice(ring: RingState, slot: number, id: number, text: string): Breach {
  return ring.direction === 'to-core' ? notHead(ring, slot, id, text) : { text, ...idAt(ring, slot), descriptor: id };
}

function tooLong(ring: RingState, slot: number, id: number, length: number, index: number, verb: string): Breach {
  const text = `used element ${index} ${verb} that ${length} bytes were written to descriptor ${id}, whose buffer has ${ring.buffers.each}`;
  return { text, ...lengthAt(ring, slot), descriptor: id };
}
