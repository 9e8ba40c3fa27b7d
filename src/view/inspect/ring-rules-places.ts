/** Rules of where a ring and its buffers lie: alignment, whether both sides see them at all and at the same place, and what else is there. */
import { hex, hex32 } from '../../memory/bits.ts';
import type { AddressSpace } from '../../memory/bus.ts';
import { VRING } from '../../remoteproc/resource-table.ts';
import { codeOf } from './code.ts';
import type { Breach, RingRule } from './ring-rules.ts';
import { addressIn, isSameRam, type RingState, ramAt, ringPlaces } from './ring-state.ts';

/** `sizeof(struct fw_rsc_vdev)` up to its vrings, and of one of those. */
const VDEV_BYTES = 24;
const VRING_BYTES = 20;

const MOVE =
  'give each its own reserved-memory node, large enough and apart from the others, and link the firmware outside of all of them (`imx-sim info` shows both)';

/** A stretch of Linux's addresses with a name. */
interface Stretch {
  readonly what: string;
  readonly base: number;
  readonly size: number;
}

function overlaps(a: Stretch, b: Stretch): boolean {
  return a.base < b.base + b.size && b.base < a.base + a.size;
}

function ringName({ queue }: { readonly queue: RingState['queue'] }): string {
  return `vring${queue.index}`;
}

function own(ring: RingState): Stretch {
  return { what: ringName(ring), base: ring.desc, size: ring.end - ring.desc };
}

/** Where two stretches begin to overlap, as bytes to ask for the writer of. */
function common(a: Stretch, b: Stretch): { readonly address: number; readonly size: number } {
  const address = Math.max(a.base, b.base);
  return { address, size: Math.max(1, Math.min(64, Math.min(a.base + a.size, b.base + b.size) - address)) };
}

function* overlapping(ring: RingState, others: Iterable<Stretch>): Generator<Breach> {
  const self = own(ring);
  for (const other of others) {
    if (!overlaps(self, other)) continue;
    const range = ({ base, size }: Stretch): string => `${hex32(base)} to ${hex32(base + size - 1)}`;
    yield { text: `${self.what} (${range(self)}) overlaps ${other.what} (${range(other)})`, ...common(self, other) };
  }
}

function* otherRings(ring: RingState): Generator<Stretch> {
  for (const { queue, device } of ringPlaces(ring.machine)) {
    if (queue === ring.queue) continue;
    yield { what: `vring${queue.index} of ${device}`, base: queue.vring.desc, size: queue.vring.size };
  }
}

/** What the firmware's file put into memory, where Linux sees it. */
function* firmwareParts({ machine, linuxView, coreView }: RingState): Generator<Stretch> {
  for (const { da, data, index } of codeOf(machine)?.firmware?.segments ?? []) {
    if (data.length === 0) continue;
    const base = addressIn(linuxView, coreView, da);
    if (base !== undefined) yield { what: `segment ${index} of the firmware`, base, size: data.length };
  }
}

/** Carve-outs of the remote processor that are not this ring's own. */
function* carveOuts({ rproc, vdev, queue }: RingState): Generator<Stretch> {
  for (const { name, va, len } of rproc?.rproc.carveouts ?? []) {
    if (va !== undefined && name !== `vdev${vdev?.index}vring${queue.index}`) yield { what: `carve-out ${name}`, base: va, size: len };
  }
}

/** A word of the resource table that the firmware sees, `at` bytes into the entry of this vring. */
function tableWord(ring: RingState, at: number): { readonly value: number; readonly address: number } | undefined {
  const { vdev, queue, linuxView } = ring;
  const start = vdev?.addressInTable;
  if (start === undefined) return undefined;
  const address = start + VDEV_BYTES + VRING_BYTES * queue.index + at;
  const value = linuxView.peek(address, 4);
  return value < 0 ? undefined : { value, address };
}

function* tableSays(ring: RingState, at: number, expected: number, what: string): Generator<Breach> {
  const word = tableWord(ring, at);
  if (!word || word.value === expected) return;
  yield {
    text: `the resource table says ${what} ${hex(word.value)} of ${ringName(ring)}, and Linux goes by ${hex(expected)}`,
    address: word.address,
    size: 4,
  };
}

function* unmapped(view: AddressSpace, linux: AddressSpace, { what, base, size }: Stretch): Generator<Breach> {
  for (const address of [base, base + size - 1]) {
    if (isSameRam(linux, address, view, address)) continue;
    const elsewhere = addressIn(view, linux, address);
    const text =
      elsewhere === undefined
        ? `${view.name} does not see ${what} at ${hex32(address)}${ramAt(view, address) ? ': other memory is there' : ''}`
        : `${view.name} sees ${what} at ${hex32(elsewhere)}, not at ${hex32(address)}, which is the address that it is told`;
    yield { text, address, size: 1 };
    return;
  }
}

export const PLACE_RULES: readonly RingRule[] = [
  {
    name: 'ring-misaligned',
    consequence:
      'both sides compute the place of the used ring from the alignment; where they do so from different addresses they look at different rings, and neither hears of the other',
    remedy: 'let the ring begin at a multiple of its alignment, which is 4096 as a rule: the reg of its reserved-memory node',
    *find(ring) {
      const { desc, align } = ring;
      if (desc % align === 0 && desc % 16 === 0) return;
      yield {
        text: `${ringName(ring)} begins at ${hex32(desc)}, which is no multiple of ${desc % align === 0 ? 16 : hex(align)}`,
        address: desc,
        size: 1,
      };
    },
  },
  {
    name: 'ring-unmapped',
    consequence:
      'the core cannot reach the ring: a BusFault at its first look, or nothing at all; Linux rings ("imx_rproc_kick: failed (N, err:-62)" when nobody reads) and hears nothing',
    remedy:
      'put the ring into memory that the core sees at the same address: DDR below 2 GiB of the core on most i.MX; the reg of its reserved-memory node',
    find: (ring) => unmapped(ring.coreView, ring.linuxView, own(ring)),
  },
  {
    name: 'buffers-unmapped',
    consequence: 'the core cannot reach the buffers: a BusFault when it uses the first; no message arrives on either side',
    remedy:
      'give the remoteproc node a memory-region vdev0buffer (compatible shared-dma-pool) in memory that the core sees at the same address',
    find: (ring) => unmapped(ring.coreView, ring.linuxView, { what: 'the buffers', ...ring.buffers }),
  },
  {
    name: 'ring-address-differs',
    consequence: 'the core works on another memory than Linux: both are silent; Linux waits for an announcement that never comes',
    remedy:
      'take the address of the ring from the resource table after DRIVER_OK, and write nothing to the table; a fixed address in the firmware (VDEV0_VRING_BASE) has to be that of the device tree',
    *find(ring) {
      const word = tableWord(ring, VRING.da);
      if (!word || isSameRam(ring.coreView, word.value, ring.linuxView, ring.desc)) return;
      yield {
        text: `the resource table tells the core that ${ringName(ring)} is at ${hex32(word.value)}, and Linux has it at ${hex32(ring.desc)}`,
        address: word.address,
        size: 4,
      };
    },
  },
  {
    name: 'table-ring-changed',
    consequence:
      'a core that reads the table now lays the ring out otherwise than Linux: elements are written where Linux does not look, in silence',
    remedy: 'the table belongs to Linux once the core runs: keep it in a section of its own, and out of the reach of stacks and arrays',
    *find(ring) {
      yield* tableSays(ring, VRING.num, ring.num, 'size');
      yield* tableSays(ring, VRING.align, ring.align, 'alignment');
    },
  },
  {
    name: 'notify-id-changed',
    consequence:
      'the core rings with another number than the queue has; imx_rproc looks at all queues whatever the number is, other kernels and imx_rpmsg at the wrong one',
    remedy: 'read notifyid from the table after Linux has filled it in, and never write it',
    *find(ring) {
      const expected = ring.vdev?.vrings[ring.queue.index]?.notifyid;
      if (expected !== undefined) yield* tableSays(ring, VRING.notifyid, expected, 'notify id');
    },
  },
  {
    name: 'ring-overlaps-code',
    consequence:
      'Linux clears the ring when its driver starts: the code or data of the firmware that was there is gone, and the core fails at some later time',
    remedy: MOVE,
    find: (ring) => overlapping(ring, firmwareParts(ring)),
  },
  {
    name: 'ring-overlaps-ring',
    consequence:
      'the two directions overwrite each other: "id N is not a head!" or "id N out of range", and the queue is given up for good',
    remedy: MOVE,
    find: (ring) => overlapping(ring, otherRings(ring)),
  },
  {
    name: 'ring-overlaps-buffers',
    consequence: 'messages overwrite the ring: "id N is not a head!" or "id N out of range", and the queue is given up for good',
    remedy: MOVE,
    find: (ring) => overlapping(ring, [{ what: 'the buffers', ...ring.buffers }]),
  },
  {
    name: 'ring-overlaps-carve-out',
    consequence:
      'what the firmware keeps in its carve-out (a trace buffer, its own data) overwrites the ring, and Linux clears it with the ring',
    remedy: MOVE,
    find: (ring) => overlapping(ring, carveOutsApart(ring)),
  },
];

/** Without those that the rules above speak of: rings of the same device, and its buffers. */
function* carveOutsApart(ring: RingState): Generator<Stretch> {
  const { base, size } = ring.buffers;
  const told = [...otherRings(ring)];
  for (const stretch of carveOuts(ring)) {
    const isTold =
      told.some((other) => other.base === stretch.base) || (stretch.base <= base && base + size <= stretch.base + stretch.size);
    if (!isTold) yield stretch;
  }
}
