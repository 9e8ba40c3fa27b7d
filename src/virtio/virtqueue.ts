/**
 * Linux's side of a split virtqueue: drivers/virtio/virtio_ring.c (the `_split` half) of 6.1, with its checks and its messages.
 *
 * The free list, the lengths and the avail index are private copies, as in the kernel, so the other side cannot corrupt them; the
 * one loop of the kernel that trusts the shared table (detach_buf_split) is bounded here. A buffer is one descriptor, which is all
 * that rpmsg uses. Not modelled: packed rings, indirect tables, chains, resizing.
 */
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import { ERRNO } from '../linux/kernel.ts';
import {
  VIRTIO_RING_F_EVENT_IDX,
  VRING_AVAIL_F_NO_INTERRUPT,
  VRING_DESC_F_NEXT,
  VRING_DESC_F_WRITE,
  VRING_USED_F_NO_NOTIFY,
  Vring,
  vringNeedEvent,
} from './vring.ts';
import { type LentBuffer, VringChecker } from './vring-checker.ts';

/** What a transport hands to a queue. */
export interface VirtioDriverQueueOptions {
  readonly kernel: Kernel;
  /** Name of the virtio device, as `virtio0`. */
  readonly device: string;
  /** Name that the driver asked for, as `input`. */
  readonly name: string;
  /** Index of the queue in its device. */
  readonly index: number;
  /** System address of the ring. */
  readonly address: number;
  /** Number of descriptors, 1 to 65536; `align` is any positive number. */
  readonly num: number;
  readonly align: number;
  /** Negotiated features of the device; only VIRTIO_RING_F_EVENT_IDX matters here. */
  readonly features?: number;
  /** Rings the doorbell; false when that failed. */
  readonly notify: (queue: VirtioDriverQueue) => KernelCode<boolean>;
  /** Called from `vringInterrupt`. */
  readonly callback: (queue: VirtioDriverQueue) => KernelCode;
  /** Hears, in plain words, what the other side did to the ring against the rules. */
  readonly onViolation?: (text: string) => void;
}

/** What the driver remembers by itself, which the other side cannot change: for whoever looks at the ring. */
export interface DriverQueueState {
  readonly lastUsedIdx: number;
  readonly availIdx: number;
  readonly availFlags: number;
  /** Descriptors in the hands of the device, by their number, with the place in the available ring under which each was offered. */
  readonly lent: ReadonlyMap<number, OfferedBuffer>;
}

/** A buffer that is lent out, and the available index under which it was offered. */
export interface OfferedBuffer extends LentBuffer {
  readonly offered: number;
}

/** A virtqueue as its driver sees it. */
export class VirtioDriverQueue {
  readonly device: string;
  readonly name: string;
  readonly index: number;
  readonly vring: Vring;
  /** Driver that owns the device, for messages (`dev_driver_string`); the driver sets it when it gets its queues. */
  owner = 'virtio';
  /** Set when the ring cannot be trusted or the doorbell failed; nothing is added or taken any more. */
  broken = false;
  private readonly kernel: Kernel;
  private readonly doorbell: (queue: VirtioDriverQueue) => KernelCode<boolean>;
  private readonly callback: (queue: VirtioDriverQueue) => KernelCode;
  private readonly checker: VringChecker | undefined;
  private readonly event: boolean;
  /** `desc_state` and `desc_extra` of the descriptors in use. */
  private readonly lent = new Map<number, OfferedBuffer>();
  /** `desc_extra[i].next` where it is not the initial `i + 1`. */
  private readonly next = new Map<number, number>();
  private freeHead = 0;
  private free: number;
  private numAdded = 0;
  private lastUsedIdx = 0;
  private availIdxShadow = 0;
  private availFlagsShadow = 0;
  private eventTriggered = false;

  constructor(options: VirtioDriverQueueOptions) {
    this.kernel = options.kernel;
    this.device = options.device;
    this.name = options.name;
    this.index = options.index;
    this.vring = new Vring(options.kernel.memory, options.address, options.num, options.align);
    this.free = options.num;
    this.doorbell = options.notify;
    this.callback = options.callback;
    this.event = ((options.features ?? 0) & (1 << VIRTIO_RING_F_EVENT_IDX)) !== 0;
    const { onViolation } = options;
    this.checker = onViolation && new VringChecker(this.vring, `${options.device} ${options.name}`, onViolation);
  }

  /** `virtqueue_get_vring_size`. */
  get num(): number {
    return this.vring.num;
  }

  /** Descriptors that can still be added. */
  get numFree(): number {
    return this.free;
  }

  /** The private state as it is now; `lent` goes on changing. */
  get state(): DriverQueueState {
    const { lastUsedIdx, availIdxShadow: availIdx, lent } = this;
    return { lastUsedIdx, availIdx, availFlags: this.event ? 0 : this.availFlagsShadow, lent };
  }

  /** `virtqueue_add_inbuf`: lends `length` bytes at `address` for the device to write; 0, -EIO (broken) or -ENOSPC. */
  addInbuf(address: number, length: number): number {
    return this.add(address, length, VRING_DESC_F_WRITE);
  }

  /** `virtqueue_add_outbuf`: lends bytes for the device to read; 0, -EIO (broken) or -ENOSPC, the latter after a doorbell. */
  *addOutbuf(address: number, length: number): KernelCode<number> {
    const err = this.add(address, length, 0);
    // For historical reasons the kernel notifies here whatever the flags say.
    if (err === ERRNO.ENOSPC) yield* this.doorbell(this);
    return err;
  }

  private add(address: number, length: number, flags: number): number {
    if (this.broken) return ERRNO.EIO;
    if (this.free === 0) return ERRNO.ENOSPC;
    const { vring } = this;
    const head = this.freeHead;
    const next = this.nextOf(head);
    vring.setDescriptor(head, { address, addressHigh: 0, length, flags, next });
    this.free--;
    this.freeHead = next;
    this.lent.set(head, { address, length, flags, offered: this.availIdxShadow });
    vring.setAvailEntry(this.slot(this.availIdxShadow), head);
    this.availIdxShadow = (this.availIdxShadow + 1) & 0xffff;
    vring.availIdx = this.availIdxShadow;
    this.numAdded++;
    this.emit('avail', head, length);
    return 0;
  }

  /** `virtqueue_kick_prepare`: does the device want a kick for what was added since the last one? */
  kickPrepare(): boolean {
    const now = this.availIdxShadow;
    const old = (now - this.numAdded) & 0xffff;
    this.numAdded = 0;
    return this.event ? vringNeedEvent(this.vring.availEvent, now, old) : (this.vring.usedFlags & VRING_USED_F_NO_NOTIFY) === 0;
  }

  /** `virtqueue_notify`: false when the queue is broken, which a failed doorbell makes it. */
  *notify(): KernelCode<boolean> {
    if (this.broken) return false;
    this.emit('kick', 0, 0);
    if (!(yield* this.doorbell(this))) {
      this.broken = true;
      return false;
    }
    return true;
  }

  /** `virtqueue_kick`. */
  *kick(): KernelCode<boolean> {
    return this.kickPrepare() ? yield* this.notify() : true;
  }

  /** `more_used`. */
  get moreUsed(): boolean {
    return this.lastUsedIdx !== this.vring.usedIdx;
  }

  /** `virtqueue_get_buf`: the next buffer that the device returned, with the length it claims (u32, unchecked), or undefined. */
  getBuf(): { address: number; length: number } | undefined {
    if (this.broken || !this.moreUsed) return undefined;
    const { vring, lastUsedIdx } = this;
    const { id, length } = vring.usedElement(this.slot(lastUsedIdx));
    const lent = this.lent.get(id);
    this.checker?.element(lastUsedIdx, id, length, lent);
    if (id >= vring.num) return this.badRing(`id ${id} out of range`);
    if (!lent) return this.badRing(`id ${id} is not a head!`);
    this.detachBuf(id);
    this.lastUsedIdx = (lastUsedIdx + 1) & 0xffff;
    if (!(this.availFlagsShadow & VRING_AVAIL_F_NO_INTERRUPT)) vring.usedEvent = this.lastUsedIdx;
    this.emit('used', id, length);
    return { address: lent.address, length };
  }

  /** `virtqueue_disable_cb`: asks the device not to interrupt; a hint only. */
  disableCb(): void {
    if (this.availFlagsShadow & VRING_AVAIL_F_NO_INTERRUPT) return;
    this.availFlagsShadow |= VRING_AVAIL_F_NO_INTERRUPT;
    if (this.eventTriggered) return;
    if (this.event) this.vring.usedEvent = 0;
    else this.vring.availFlags = this.availFlagsShadow;
  }

  /** `virtqueue_enable_cb`: false when buffers came back in the meantime. */
  enableCb(): boolean {
    this.eventTriggered = false;
    if (this.availFlagsShadow & VRING_AVAIL_F_NO_INTERRUPT) {
      this.availFlagsShadow &= ~VRING_AVAIL_F_NO_INTERRUPT;
      if (!this.event) this.vring.availFlags = this.availFlagsShadow;
    }
    this.vring.usedEvent = this.lastUsedIdx;
    return this.broken || !this.moreUsed;
  }

  /** `virtqueue_detach_unused_buf`: takes back one buffer that the device did not return, or undefined; for a stopped device. */
  detachUnusedBuf(): number | undefined {
    let head = Number.POSITIVE_INFINITY;
    for (const id of this.lent.keys()) head = Math.min(head, id);
    const lent = this.lent.get(head);
    if (!lent) return undefined;
    this.detachBuf(head);
    this.availIdxShadow = (this.availIdxShadow - 1) & 0xffff;
    this.vring.availIdx = this.availIdxShadow;
    return lent.address;
  }

  /** `vring_interrupt`: true when there was something to do (IRQ_HANDLED). */
  *vringInterrupt(): KernelCode<boolean> {
    this.checker?.indices(this.lastUsedIdx, this.availIdxShadow, this.event ? 0 : this.availFlagsShadow, this.lent.size);
    if (!this.moreUsed) return false;
    if (this.broken) return true;
    if (this.event) this.eventTriggered = true;
    yield* this.callback(this);
    return true;
  }

  /** `__virtqueue_break`. */
  break(): void {
    this.broken = true;
  }

  /** `detach_buf_split`: back to the free list. */
  private detachBuf(head: number): void {
    this.lent.delete(head);
    let last = head;
    // The kernel walks on while the *shared* table says NEXT, and so can be made to hang; here it ends after one lap.
    for (let steps = 0; this.vring.descriptorFlags(last) & VRING_DESC_F_NEXT; steps++) {
      if (steps === this.num) {
        this.checker?.loop(head);
        this.broken = true;
        break;
      }
      last = this.nextOf(last);
      this.free++;
    }
    this.next.set(last, this.freeHead);
    this.freeHead = head;
    this.free++;
  }

  private badRing(text: string): undefined {
    this.kernel.dev(3, `${this.owner} ${this.device}`, `${this.name}:${text}`);
    this.broken = true;
    return undefined;
  }

  private nextOf(index: number): number {
    return this.next.get(index) ?? (index + 1 < this.num ? index + 1 : 0);
  }

  /** The kernel's `idx & (num - 1)`, also where `num` is not a power of two. */
  private slot(idx: number): number {
    return (idx & (this.num - 1)) >>> 0;
  }

  private emit(action: 'avail' | 'used' | 'kick', id: number, length: number): void {
    const { kernel, device, index: queue } = this;
    kernel.events.emit({ type: 'vring', cycle: kernel.scheduler.now, device, queue, action, id, length });
  }
}
