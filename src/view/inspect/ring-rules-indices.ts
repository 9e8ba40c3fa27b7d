/** Rules of a ring's indices and flags, and of the available ring, which is Linux's alone. */
import { hex } from '../../memory/bits.ts';
import { VRING_USED_F_NO_NOTIFY } from '../../virtio/vring.ts';
import type { Breach, RingRule } from './ring-rules.ts';
import { availEntry, type RingState, slotOf } from './ring-state.ts';

const ROLE =
  'the available ring belongs to the driver, which is Linux: see that the firmware takes the role of the device (rpmsg_lite_remote_init, VIRTIO_DEV_DEVICE, RPMSG_REMOTE)';

/** True when the used index has moved further than there were buffers to return. */
export function isUsedAhead({ returned, linux }: RingState): boolean {
  return returned <= 0x8000 && returned > linux.lent.size;
}

/** True when the used index lies behind the one up to which Linux has read. */
export function wentBack({ returned }: RingState): boolean {
  return returned > 0x8000;
}

function usedIndexAt({ used }: RingState): { readonly address: number; readonly size: number } {
  return { address: used + 2, size: 2 };
}

/** Entries of the available ring that Linux has written last and for buffers that are out still, with what stands there now. */
function* offered(ring: RingState): Generator<{ slot: number; head: number; now: number }> {
  const { linux, num } = ring;
  for (const [head, { offered: index }] of linux.lent) {
    // Older ones were overwritten by Linux itself.
    if (((linux.availIdx - index) & 0xffff) > num) continue;
    const slot = slotOf(index, num);
    const now = availEntry(ring, slot);
    if (now !== head) yield { slot, head, now };
  }
}

function availEntryAt({ avail }: RingState, slot: number): { readonly address: number; readonly size: number } {
  return { address: avail + 4 + 2 * slot, size: 2 };
}

export const INDEX_RULES: readonly RingRule[] = [
  {
    name: 'used-index-went-back',
    consequence:
      'Linux only asks whether the index is another one, and reads old elements as new ones until its own count gets there, up to 65,535: messages arrive again, or it gives the queue up for good at a buffer that it has already ("id N is not a head!")',
    remedy:
      'a core that starts over has to be stopped and started by Linux (echo stop > state, echo start > state), which makes both sides begin at 0; within a run used.idx only grows',
    *find(ring) {
      if (!wentBack(ring)) return;
      const { linux, usedIndex } = ring;
      yield { text: `used.idx is ${usedIndex}, and Linux has read up to ${linux.lastUsedIdx} already`, ...usedIndexAt(ring) };
    },
  },
  {
    name: 'used-ahead-of-avail',
    consequence:
      'Linux reads old elements as new ones: messages arrive again and the two sides count differently from then on, or it gives the queue up for good at a buffer that it has already ("id N is not a head!")',
    remedy: 'move used.idx by one for each buffer that is returned, after its element was written (a barrier in between)',
    *find(ring) {
      if (!isUsedAhead(ring)) return;
      const { linux, usedIndex, returned } = ring;
      yield {
        text: `used.idx is ${usedIndex}, where avail.idx is ${linux.availIdx}: ${returned} buffers returned since ${linux.lastUsedIdx}, of ${linux.lent.size} that the core had`,
        ...usedIndexAt(ring),
      };
    },
  },
  {
    name: 'used-flags',
    consequence: 'none in Linux, which looks at bit 0 (NO_NOTIFY) alone; what wrote it may have written more',
    remedy: 'write used.flags as a 16-bit word of 0 or 1; a pointer that is off by some bytes writes here, too',
    *find({ usedFlags, used }) {
      if ((usedFlags & ~VRING_USED_F_NO_NOTIFY) === 0) return;
      yield { text: `used.flags is ${hex(usedFlags)}; only bit 0 has a meaning`, address: used, size: 2 };
    },
  },
  {
    name: 'avail-index-changed',
    consequence:
      'none in Linux, which never reads it back and overwrites it with the next buffer; until then the core takes descriptors that nobody has offered, or does not see those that were',
    remedy: ROLE,
    *find({ availIndex, linux, avail }) {
      if (availIndex === linux.availIdx) return;
      yield { text: `avail.idx is ${availIndex}, where Linux wrote ${linux.availIdx}`, address: avail + 2, size: 2 };
    },
  },
  {
    name: 'avail-flags-changed',
    consequence:
      'a core that honours NO_INTERRUPT does not ring any more when it returns buffers: Linux hears nothing, without a word in dmesg',
    remedy: ROLE,
    *find({ availFlags, linux, avail }) {
      if (availFlags === linux.availFlags) return;
      yield { text: `avail.flags is ${hex(availFlags)}, where Linux wrote ${hex(linux.availFlags)}`, address: avail, size: 2 };
    },
  },
  {
    name: 'avail-entry-out-of-range',
    consequence:
      'the core takes a descriptor that does not exist and reads whatever lies behind the table as address and length; Linux notices nothing',
    remedy: ROLE,
    *find(ring) {
      for (const { slot, head, now } of offered(ring)) if (now >= ring.num) yield changed(ring, slot, head, now);
    },
  },
  {
    name: 'avail-entry-changed',
    consequence:
      'the core takes one buffer twice and another one never: a message is overwritten; in the queue to the core Linux says "id N is not a head!" when it comes back the second time, and gives it up for good',
    remedy: ROLE,
    *find(ring) {
      for (const { slot, head, now } of offered(ring)) if (now < ring.num) yield changed(ring, slot, head, now);
    },
  },
];

function changed(ring: RingState, slot: number, head: number, now: number): Breach {
  const text = `entry ${slot} of the available ring is ${now}, where Linux wrote ${head}${now >= ring.num ? `; the ring has ${ring.num} descriptors` : ''}`;
  return { text, ...availEntryAt(ring, slot), descriptor: head };
}
