/** Rules of what should have happened: buffers that nobody was told of, doorbells that nobody reads, buffers that do not come back. */
import { hex, hex32 } from '../../memory/bits.ts';
import { VRING_AVAIL_F_NO_INTERRUPT } from '../../virtio/vring.ts';
import type { RingRule } from './ring-rules.ts';
import { isUsedAhead, wentBack } from './ring-rules-indices.ts';
import { headerAt } from './ring-rules-messages.ts';
import { type RingState, rowOf } from './ring-state.ts';
import { muSide } from './units.ts';

/** Virtual time after which something is late, in seconds: `tx_tout` of imx_rproc. */
const LATE = 0.1;

/** The messaging unit between Linux and the core of the ring; undefined where Linux has another way. */
function unitOf({ machine, core }: RingState) {
  const name = machine.board?.remoteprocs[core]?.mu;
  return machine.units.find(({ unit, linux }) => linux !== undefined && unit.name === name);
}

/** The words that a side has received and not read, as channels. */
function fullChannels(ring: RingState, whose: 'linux' | 'core'): number[] {
  const found = unitOf(ring);
  if (!found?.linux) return [];
  const { unit, linux } = found;
  const full =
    muSide(whose === 'linux' ? (linux === 'A' ? unit.a : unit.b) : linux === 'A' ? unit.b : unit.a, unit.layout).flags['RFn'] ?? [];
  return full.flatMap((isFull, channel) => (isFull ? [channel] : []));
}

/** Linux is about to look at the ring, or does so: a worker has work, or everything stands still. */
function linuxAtWork({ machine, rproc }: RingState): boolean {
  const { kernel } = machine;
  if (!kernel || machine.linuxHeld || kernel.pm.sleeping || kernel.faults.stalledUntil > kernel.now) return true;
  const worker = rproc ? rproc.name : 'imx_rpmsg ';
  return [...kernel.tasks].some(({ name }) => (rproc ? name === worker : name.startsWith(worker)));
}

function coreRests({ machine, core }: RingState): boolean {
  const found = machine.cores.find(({ name }) => name === core);
  return found !== undefined && (found.halted || found.asleep);
}

export const DOORBELL_RULES: readonly RingRule[] = [
  {
    name: 'buffer-lost',
    consequence:
      'Linux has dropped a message ("inbound msg too big") and kept its buffer: after as many as there are the core cannot send any more',
    remedy: 'rpmsg_hdr.len is the payload alone, at most 496; the length in the used ring is that and the 16 bytes of the header',
    *find(ring) {
      const { direction, linux, num, queue } = ring;
      if (direction !== 'to-linux' || linux.lent.size === num || queue.broken || linuxAtWork(ring)) return;
      for (let id = 0; id < num; id++) {
        if (linux.lent.has(id)) continue;
        const { address, length } = rowOf(ring, id);
        const says = headerAt(ring, address)?.length ?? 0;
        yield {
          text: `the buffer of descriptor ${id} (${hex32(address)}+${length}) is not in use any more: Linux has dropped the message in it, whose header says ${says} bytes`,
          address: address + 12,
          size: 2,
          descriptor: id,
        };
      }
    },
  },
  {
    name: 'not-kicked',
    consequence: 'Linux does not look: the messages stay where they are, without a word in dmesg, until the next doorbell of any kind',
    remedy:
      'ring after used.idx was written (virtqueue_notify, MU TR1): rpmsg_lite and OpenAMP do so at the end of a send; look for a send that fails before, or a doorbell that is lost (--faults doorbell-drop does that on purpose)',
    *find(ring) {
      const { direction, returned, linux, queue } = ring;
      const idle = direction === 'to-linux' && returned > 0 && !wentBack(ring) && !isUsedAhead(ring) && !queue.broken;
      if (!idle || linux.availFlags & VRING_AVAIL_F_NO_INTERRUPT || linuxAtWork(ring) || fullChannels(ring, 'linux').length > 0) return;
      const seconds = ring.standsFor('used', ring.usedIndex * 0x1_0000 + linux.lastUsedIdx);
      // A core that sleeps is not between writing the index and ringing.
      if (seconds < LATE && !coreRests(ring)) return;
      yield {
        text: `${returned} buffer${returned === 1 ? '' : 's'} returned (used.idx ${ring.usedIndex}), of which Linux was not told: no doorbell is on its way${seconds >= LATE ? `, for ${seconds.toFixed(1)} s now` : ' and the core sleeps'}`,
        address: ring.used + 2,
        size: 2,
      };
    },
  },
  {
    name: 'doorbell-unread',
    consequence:
      '"imx_rproc_kick: failed (N, err:-62)" after 100 ms for each message; with imx_rpmsg the queue is given up for good after the first, without a word',
    remedy:
      'the core has to read RR of the MU, in its interrupt handler: is the MU interrupt enabled, in the NVIC and as RIE, before Linux rings?',
    *find(ring) {
      if (ring.direction !== 'to-core') return;
      const [channel] = fullChannels(ring, 'core');
      const unit = unitOf(ring)?.unit;
      const seconds = ring.standsFor('unread', channel ?? -1);
      if (channel === undefined || !unit || seconds < LATE) return;
      yield {
        text: `a doorbell on channel ${channel} of ${unit.name} has not been read by ${ring.core} for ${seconds.toFixed(1)} s`,
        address: ring.avail + 2,
        size: 2,
      };
    },
  },
  {
    name: 'buffers-not-returned',
    consequence: '"timeout waiting for a tx buffer" after 15 s: Linux cannot send any more while the core keeps all buffers',
    remedy: 'give each received buffer back to the used ring (rpmsg_lite_release_rx_buffer, rpmsg_release_rx_buffer), and ring',
    *find(ring) {
      if (ring.direction !== 'to-core') return;
      const waiting = ring.rpmsg.sendq.length;
      const seconds = ring.standsFor('kept', waiting > 0 ? ring.usedIndex : -1);
      if (waiting === 0 || ring.returned > 0 || seconds < LATE) return;
      yield {
        text: `the core has ${ring.linux.lent.size} of ${ring.num} buffers and has returned none for ${seconds.toFixed(1)} s (used.idx ${hex(ring.usedIndex)}); somebody in Linux waits for one`,
        address: ring.used + 2,
        size: 2,
      };
    },
  },
];
