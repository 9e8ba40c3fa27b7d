/**
 * One ring as data: what stands in its memory at this moment, what Linux's virtqueue remembers by itself, and what is around both.
 *
 * Read from memory behind Linux's view in one piece, without an access that anybody could notice. Rules (ring-rules*.ts) judge it, vrings.ts shows it.
 */
import type { Machine } from '../../machine.ts';
import type { AddressSpace, Region } from '../../memory/bus.ts';
import type { ImxRproc } from '../../remoteproc/imx-rproc.ts';
import { RprocVdev } from '../../remoteproc/remoteproc-virtio.ts';
import type { VirtprocInfo } from '../../virtio/virtproc-info.ts';
import type { DriverQueueState, VirtioDriverQueue } from '../../virtio/virtqueue.ts';
import { type InspectContext, observationsOf } from './context.ts';

/** A row of the descriptor table. */
export interface RingRow {
  readonly address: number;
  readonly addressHigh: number;
  readonly length: number;
  readonly flags: number;
  readonly next: number;
}

/** An element of the used ring that Linux has not looked at yet. */
export interface PendingElement {
  /** Used index under which Linux will read it. */
  readonly index: number;
  /** Its place in the ring. */
  readonly slot: number;
  readonly id: number;
  readonly length: number;
}

/** Where a queue belongs to. */
export interface RingPlace {
  readonly machine: Machine;
  /** `virtio0`. */
  readonly device: string;
  readonly queue: VirtioDriverQueue;
  /** Who fills the buffers: the core those of vring0. */
  readonly direction: 'to-linux' | 'to-core';
  readonly rpmsg: VirtprocInfo;
  /** Of remoteproc; absent for imx_rpmsg, which has no table. */
  readonly vdev: RprocVdev | undefined;
  readonly rproc: ImxRproc | undefined;
  /** Name of the core on the other side. */
  readonly core: string;
}

/** Everything that rules and pictures of one ring are made from. */
export interface RingState extends RingPlace {
  readonly num: number;
  readonly align: number;
  /** Linux's addresses of the parts, and the first behind the ring. */
  readonly desc: number;
  readonly avail: number;
  readonly used: number;
  readonly end: number;
  /** The memory of the ring, from `desc` to `end`. */
  readonly bytes: DataView;
  readonly availFlags: number;
  readonly availIndex: number;
  readonly usedFlags: number;
  readonly usedIndex: number;
  readonly linux: DriverQueueState;
  /** Buffers returned and not taken back yet as the indices say, modulo 65536; `pending` has the first `num` of them at most. */
  readonly returned: number;
  readonly pending: readonly PendingElement[];
  /** The buffers of both directions. */
  readonly buffers: { readonly base: number; readonly size: number; readonly each: number };
  readonly linuxView: AddressSpace;
  readonly coreView: AddressSpace;
  /** Seconds for which `what` has been `value`, as far as anybody has looked; 0 the first time. */
  readonly standsFor: (what: string, value: number) => number;
}

const DESC_SIZE = 16;

/** The queues of all rpmsg devices that Linux drives now. */
export function ringPlaces(machine: Machine): RingPlace[] {
  const { linux } = machine;
  if (!linux) return [];
  return linux.modules.virtioRpmsgBus.virtprocs.flatMap((rpmsg) => {
    const owner = ownerOf(machine, rpmsg);
    const common = { machine, device: rpmsg.name, rpmsg, ...owner };
    return [
      { ...common, queue: rpmsg.rvq, direction: 'to-linux' as const },
      { ...common, queue: rpmsg.svq, direction: 'to-core' as const },
    ];
  });
}

function ownerOf(machine: Machine, rpmsg: VirtprocInfo): Pick<RingPlace, 'vdev' | 'rproc' | 'core'> {
  for (const rproc of machine.linux?.remoteprocs ?? []) {
    for (const vdev of rproc.rproc.rvdevs) {
      if (vdev instanceof RprocVdev && vdev.virtio === rpmsg.vdev) return { vdev, rproc, core: rproc.properties.description.core };
    }
  }
  return { vdev: undefined, rproc: undefined, core: machine.core.name };
}

/** Reads the ring at `place` as it is now. */
export function readRing(place: RingPlace, context: Pick<InspectContext, 'machine' | 'observations'>): RingState {
  const observations = observationsOf(context);
  const { machine, queue, rpmsg, device } = place;
  const { num, align, desc, avail, used, size } = queue.vring;
  const linuxView = machine.view('linux');
  const bytes = linuxView.readBytes(desc, size) ?? new Uint8Array(size).fill(0xff);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const availAt = avail - desc;
  const usedAt = used - desc;
  const linux = queue.state;
  const usedIndex = view.getUint16(usedAt + 2, true);
  const returned = (usedIndex - linux.lastUsedIdx) & 0xffff;
  const { now } = machine.scheduler;
  return {
    ...place,
    num,
    align,
    desc,
    avail,
    used,
    end: desc + size,
    bytes: view,
    availFlags: view.getUint16(availAt, true),
    availIndex: view.getUint16(availAt + 2, true),
    usedFlags: view.getUint16(usedAt, true),
    usedIndex,
    linux,
    returned,
    pending: pendingOf(view, usedAt, linux.lastUsedIdx, Math.min(returned, num), num),
    buffers: { base: rpmsg.rbufs, size: rpmsg.numBufs * rpmsg.bufSize, each: rpmsg.bufSize },
    linuxView,
    coreView: machine.view(place.core),
    standsFor: (what, value) => (now - observations.since(`${device}.${queue.index} ${what}`, value, now)) / machine.scheduler.hz,
  };
}

/** Row `index` of the descriptor table, `index` < `num`. */
export function rowOf({ bytes }: RingState, index: number): RingRow {
  const at = index * DESC_SIZE;
  return {
    address: bytes.getUint32(at, true),
    addressHigh: bytes.getUint32(at + 4, true),
    length: bytes.getUint32(at + 8, true),
    flags: bytes.getUint16(at + 12, true),
    next: bytes.getUint16(at + 14, true),
  };
}

/** `ring.avail.ring[slot]`. */
export function availEntry({ bytes, avail, desc }: RingState, slot: number): number {
  return bytes.getUint16(avail - desc + 4 + 2 * slot, true);
}

/** `ring.used.ring[slot]`. */
export function usedElement({ bytes, used, desc }: RingState, slot: number): { readonly id: number; readonly length: number } {
  const at = used - desc + 4 + 8 * slot;
  return { id: bytes.getUint32(at, true), length: bytes.getUint32(at + 4, true) };
}

function pendingOf(view: DataView, usedAt: number, from: number, count: number, num: number): PendingElement[] {
  return Array.from({ length: count }, (_, n) => {
    const index = (from + n) & 0xffff;
    const slot = slotOf(index, num);
    const at = usedAt + 4 + 8 * slot;
    return { index, slot, id: view.getUint32(at, true), length: view.getUint32(at + 4, true) };
  });
}

/** The place in a ring of an index, as Linux computes it. */
export function slotOf(index: number, num: number): number {
  return (index & (num - 1)) >>> 0;
}

/** Where `ring.used.ring[slot]` is. */
export function usedElementAt(ring: RingState, slot: number): { readonly address: number; readonly size: number } {
  return { address: ring.used + 4 + 8 * slot, size: 8 };
}

/** Bytes `from` to `from + size` of row `index`. */
export function descriptorAt(
  ring: RingState,
  index: number,
  from = 0,
  size = DESC_SIZE,
): { readonly address: number; readonly size: number } {
  return { address: ring.desc + DESC_SIZE * index + from, size };
}

/** A stretch of RAM behind an address. */
export interface RamPlace {
  readonly region: Region;
  readonly offset: number;
}

/** The byte of RAM that `view` has at `address`; undefined where it has none. */
export function ramAt(view: AddressSpace, address: number): RamPlace | undefined {
  const region = view.find(address);
  return region?.ram ? { region, offset: region.ramOffset + address - region.base } : undefined;
}

/** True when both views have the same byte of the same RAM at these addresses. */
export function isSameRam(view: AddressSpace, address: number, other: AddressSpace, otherAddress: number): boolean {
  const a = ramAt(view, address);
  const b = ramAt(other, otherAddress);
  return a !== undefined && b !== undefined && a.region.ram === b.region.ram && a.offset === b.offset;
}

/** Where `view` sees the byte that `from` has at `address`; undefined where it does not see it. */
export function addressIn(view: AddressSpace, from: AddressSpace, address: number): number | undefined {
  const place = ramAt(from, address);
  if (!place) return undefined;
  // The same address first: a view may have several windows onto one memory.
  if (isSameRam(from, address, view, address)) return address;
  for (const { ram, ramOffset, base, size } of view.regions) {
    const offset = place.offset - ramOffset;
    if (ram === place.region.ram && offset >= 0 && offset < size) return base + offset;
  }
  return undefined;
}
