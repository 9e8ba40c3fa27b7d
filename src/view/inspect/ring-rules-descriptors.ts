/** Rules of the descriptor table, which is Linux's alone: the rows of buffers that the core has are as Linux wrote them. */
import { hex, hex32 } from '../../memory/bits.ts';
import { VRING_DESC_F_NEXT, VRING_DESC_F_WRITE } from '../../virtio/vring.ts';
import type { Breach, RingRule } from './ring-rules.ts';
import { descriptorAt, type RingRow, type RingState, ramAt, rowOf } from './ring-state.ts';

/** The row is a table of further descriptors, which has to be negotiated. */
const VRING_DESC_F_INDIRECT = 4;

const TABLE =
  'the descriptor table belongs to the driver, which is Linux: the firmware reads it and never writes; look for a pointer or a length that is off in whatever wrote here';

type AddressFault = 'unmapped' | 'overlap' | 'outside' | 'changed';
type FlagsFault = 'loop' | 'chained' | 'indirect' | 'write' | 'other';

/** A row that is not as Linux wrote it. */
interface Changed {
  readonly id: number;
  readonly row: RingRow;
  readonly wrote: { readonly address: number; readonly length: number; readonly flags: number };
}

function changedRows(ring: RingState): readonly Changed[] {
  const known = changed.get(ring);
  if (known) return known;
  const { linux, bytes } = ring;
  const found: Changed[] = [];
  for (const [id, wrote] of linux.lent) {
    const at = 16 * id;
    if (
      bytes.getUint32(at, true) !== wrote.address ||
      bytes.getUint32(at + 4, true) !== 0 ||
      bytes.getUint32(at + 8, true) !== wrote.length ||
      bytes.getUint16(at + 12, true) !== wrote.flags
    )
      found.push({ id, row: rowOf(ring, id), wrote });
  }
  changed.set(ring, found);
  return found;
}

/** Twelve rules ask the same. */
const changed = new WeakMap<RingState, readonly Changed[]>();

function addressFault(ring: RingState, { id, row, wrote }: Changed): AddressFault | undefined {
  if (row.address === wrote.address && row.addressHigh === 0) return undefined;
  if (row.addressHigh !== 0 || !ramAt(ring.linuxView, row.address) || !ramAt(ring.coreView, row.address)) return 'unmapped';
  for (const [other, lent] of ring.linux.lent) {
    if (other !== id && row.address < lent.address + lent.length && lent.address < row.address + Math.max(1, row.length)) return 'overlap';
  }
  const { base, size } = ring.buffers;
  return row.address < base || row.address + row.length > base + size ? 'outside' : 'changed';
}

function flagsFault(ring: RingState, { id, row, wrote }: Changed): FlagsFault | undefined {
  const difference = row.flags ^ wrote.flags;
  if (difference === 0) return undefined;
  if (difference & VRING_DESC_F_NEXT) return loops(ring, id) ? 'loop' : 'chained';
  if (difference & VRING_DESC_F_INDIRECT) return 'indirect';
  return difference & VRING_DESC_F_WRITE ? 'write' : 'other';
}

/** True when the chain from `head` on never ends. */
function loops(ring: RingState, head: number): boolean {
  let at = head;
  for (let steps = 0; steps <= ring.num; steps++) {
    if (at >= ring.num) return false;
    const { flags, next } = rowOf(ring, at);
    if (!(flags & VRING_DESC_F_NEXT)) return false;
    at = next;
  }
  return true;
}

function* withAddress(ring: RingState, fault: AddressFault, why: string): Generator<Breach> {
  for (const each of changedRows(ring)) {
    if (addressFault(ring, each) !== fault) continue;
    const { id, row, wrote } = each;
    const high = row.addressHigh === 0 ? '' : `${hex(row.addressHigh)}:`;
    yield {
      text: `descriptor ${id} points to ${high}${hex32(row.address)}, where Linux wrote ${hex32(wrote.address)}: ${why}`,
      ...descriptorAt(ring, id, 0, 8),
      descriptor: id,
    };
  }
}

function* withFlags(ring: RingState, fault: FlagsFault, why: string): Generator<Breach> {
  for (const each of changedRows(ring)) {
    if (flagsFault(ring, each) !== fault) continue;
    const { id, row, wrote } = each;
    yield {
      text: `descriptor ${id} has flags ${hex(row.flags)}${fault === 'loop' || fault === 'chained' ? ` and goes on at ${row.next}` : ''}, where Linux wrote ${hex(wrote.flags)}: ${why}`,
      ...descriptorAt(ring, id, 12, 2),
      descriptor: id,
    };
  }
}

function* withLength(ring: RingState, isZero: boolean): Generator<Breach> {
  for (const { id, row, wrote } of changedRows(ring)) {
    if (row.length === wrote.length || (row.length === 0) !== isZero) continue;
    yield {
      text: `descriptor ${id} has a buffer of ${row.length} bytes, where Linux wrote ${wrote.length}`,
      ...descriptorAt(ring, id, 8, 4),
      descriptor: id,
    };
  }
}

const ELSEWHERE =
  'the core uses the memory that the row says, Linux its own copy of the address: the message is not where Linux reads it, and what it reads is old, without a word in dmesg';

export const DESCRIPTOR_RULES: readonly RingRule[] = [
  {
    name: 'descriptor-unmapped',
    consequence:
      'a BusFault (or HardFault) of the core when it uses the buffer; Linux goes on with its own copy of the address and notices nothing',
    remedy: TABLE,
    find: (ring) => withAddress(ring, 'unmapped', 'there is no memory there for both sides'),
  },
  {
    name: 'descriptor-overlap',
    consequence: `two messages in one buffer: ${ELSEWHERE}`,
    remedy: TABLE,
    find: (ring) => withAddress(ring, 'overlap', 'that is the buffer of another descriptor that is out, too'),
  },
  {
    name: 'descriptor-outside-buffers',
    consequence: `memory of somebody else is overwritten (or read as a message): ${ELSEWHERE}`,
    remedy: TABLE,
    find: (ring) =>
      withAddress(ring, 'outside', `the buffers are ${hex32(ring.buffers.base)} to ${hex32(ring.buffers.base + ring.buffers.size - 1)}`),
  },
  {
    name: 'descriptor-address-changed',
    consequence: ELSEWHERE,
    remedy: TABLE,
    find: (ring) => withAddress(ring, 'changed', 'that is among the buffers, and not its own'),
  },
  {
    name: 'descriptor-length-zero',
    consequence: 'firmware that checks the length has no room for a message and drops it, or a send fails; Linux notices nothing',
    remedy: TABLE,
    find: (ring) => withLength(ring, true),
  },
  {
    name: 'descriptor-length-changed',
    consequence:
      'the core writes beyond the buffer, or cuts messages off; Linux goes by its own copy and notices only a used length above 512 ("inbound msg too big")',
    remedy: TABLE,
    find: (ring) => withLength(ring, false),
  },
];

/** Rules of what a row's flags say. */
export const CHAIN_RULES: readonly RingRule[] = [
  {
    name: 'descriptor-loop',
    consequence:
      'Linux walks the chain in the shared table when the buffer comes back and never leaves it: the kernel hangs in detach_buf_split',
    remedy: TABLE,
    find: (ring) => withFlags(ring, 'loop', 'the chain never ends'),
  },
  {
    name: 'descriptor-chained',
    consequence:
      'Linux walks the chain in the shared table when the buffer comes back and frees descriptors that the core still has: later "id N is not a head!", and the queue is given up for good',
    remedy: TABLE,
    find: (ring) => withFlags(ring, 'chained', 'rpmsg has no chains'),
  },
  {
    name: 'descriptor-indirect',
    consequence: 'a core that knows indirect descriptors takes the buffer for a table; Linux notices nothing',
    remedy: TABLE,
    find: (ring) => withFlags(ring, 'indirect', 'VIRTIO_RING_F_INDIRECT_DESC was not negotiated'),
  },
  {
    name: 'descriptor-write-flag',
    consequence: 'a core that checks the direction refuses the buffer; rpmsg_lite and OpenAMP do not check, and Linux goes by its own copy',
    remedy: TABLE,
    find: (ring) =>
      withFlags(
        ring,
        'write',
        ring.direction === 'to-linux'
          ? 'buffers of this queue are for the core to write'
          : 'buffers of this queue are for the core to read',
      ),
  },
  {
    name: 'descriptor-flags',
    consequence: 'none in Linux, which goes by its own copy; bits beyond the three that there are mean nothing to anybody',
    remedy: TABLE,
    find: (ring) => withFlags(ring, 'other', 'no such flag'),
  },
];
