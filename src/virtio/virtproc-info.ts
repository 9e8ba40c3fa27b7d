/**
 * State of one rpmsg virtio device (`struct virtproc_info` of drivers/rpmsg/virtio_rpmsg_bus.c, 6.1): endpoints, TX buffers, sending.
 *
 * The receiving half, probe and remove are in `virtio-rpmsg-bus.ts`.
 */
import type { Device } from '../linux/fs/device-model.ts';
import type { Kernel, KernelCode, Wake } from '../linux/kernel.ts';
import { ERRNO, Mutex, WaitQueue } from '../linux/kernel.ts';
import type { RpmsgBus } from './rpmsg-bus.ts';
import { RPMSG_ADDR_ANY, type RpmsgChannelInfo, RpmsgDevice, RpmsgEndpoint, type RpmsgParent, type RpmsgRxCallback } from './rpmsg-core.ts';
import { encodeNsMsg, RPMSG_NS_ADDR, RPMSG_NS_DESTROY } from './rpmsg-ns.ts';
import type { VirtioDevice } from './virtio.ts';
import { virtioHasFeature } from './virtio-bus.ts';
import type { VirtioDriverQueue } from './virtqueue.ts';

/** Feature bit: the remote announces its services. */
export const VIRTIO_RPMSG_F_NS = 0;
/** Largest number of buffers, both directions together. */
export const MAX_RPMSG_NUM_BUFS = 512;
/** Bytes of a buffer, header included. */
export const MAX_RPMSG_BUF_SIZE = 512;
/** Bytes of `struct rpmsg_hdr`: src, dst, reserved, len, flags. */
export const RPMSG_HDR_SIZE = 16;
/** First address that is given out dynamically. */
export const RPMSG_RESERVED_ADDRESSES = 1024;
/** Most channels of one device: a kernel runs out of memory some time later. */
export const MAX_CHANNELS = 4096;
/** How long a sender waits for a buffer, in milliseconds. */
const TX_TIMEOUT_MS = 15_000;

/** Name of the driver, for messages. */
export const VIRTIO_RPMSG_BUS = 'virtio_rpmsg_bus';

/** A virtio device with its two queues, buffers and endpoints; also the parent of its channels. */
export class VirtprocInfo implements RpmsgParent {
  readonly vdev: VirtioDevice;
  readonly bus: RpmsgBus;
  readonly driver = VIRTIO_RPMSG_BUS;
  /** `rvq`: from the core; `svq`: to the core. */
  readonly rvq: VirtioDriverQueue;
  readonly svq: VirtioDriverQueue;
  readonly numBufs: number;
  readonly bufSize = MAX_RPMSG_BUF_SIZE;
  /** System address of the RX buffers; the TX buffers follow. */
  readonly rbufs: number;
  readonly endpoints = new Map<number, RpmsgEndpoint>();
  /** Where senders sleep for a buffer. */
  readonly sendq: WaitQueue;
  private readonly explain: (text: string) => void;
  private readonly endpointsLock: Mutex;
  private readonly txLock: Mutex;
  private lastSbuf = 0;
  private sleepers = 0;
  /** All dynamic addresses below it are taken. */
  private firstFree = RPMSG_RESERVED_ADDRESSES;

  constructor(
    vdev: VirtioDevice,
    bus: RpmsgBus,
    queues: readonly [VirtioDriverQueue, VirtioDriverQueue],
    buffers: { readonly address: number; readonly count: number },
    explain: (text: string) => void,
  ) {
    this.vdev = vdev;
    this.bus = bus;
    this.rvq = queues[0];
    this.svq = queues[1];
    this.numBufs = buffers.count;
    this.rbufs = buffers.address;
    this.explain = explain;
    this.sendq = new WaitQueue(`a TX buffer of ${vdev.name}`);
    this.endpointsLock = new Mutex(`endpoints_lock of ${vdev.name}`);
    this.txLock = new Mutex(`tx_lock of ${vdev.name}`);
  }

  get kernel(): Kernel {
    return this.vdev.kernel;
  }

  get name(): string {
    return this.vdev.name;
  }

  get device(): Device | undefined {
    return this.vdev.device;
  }

  /** `dev_printk` of the virtio device. */
  dev(level: 3 | 4 | 6, text: string): void {
    this.kernel.dev(level, `${VIRTIO_RPMSG_BUS} ${this.name}`, text);
  }

  /** Makes a device that uses this backend. */
  channel(chinfo: RpmsgChannelInfo, options: { announce?: boolean; driverOverride?: string }): RpmsgDevice {
    return new RpmsgDevice(this, chinfo, this, options);
  }

  /** `__rpmsg_create_channel`. */
  *createChannel(_rpdev: RpmsgDevice, chinfo: RpmsgChannelInfo): KernelCode<RpmsgDevice | undefined> {
    if (this.bus.findDevice(this, chinfo)) {
      this.dev(3, `channel ${chinfo.name}:${chinfo.src.toString(16)}:${chinfo.dst.toString(16)} already exist`);
      return undefined;
    }
    if (this.bus.childrenOf(this).size >= MAX_CHANNELS) {
      this.explain(`${this.name}: ${MAX_CHANNELS} channels are the most that are modelled; the core announces services without end`);
      return undefined;
    }
    const rpdev = this.channel(chinfo, { announce: chinfo.src !== RPMSG_ADDR_ANY });
    return (yield* this.bus.registerDevice(rpdev)) ? undefined : rpdev;
  }

  /** `virtio_rpmsg_release_channel`. */
  releaseChannel(rpdev: RpmsgDevice, chinfo: RpmsgChannelInfo): KernelCode<number> {
    // rpmsg_ctrl can release itself; only the name service is inside its own callback.
    if (rpdev.driver?.name === 'rpmsg_ns' && this.bus.findDevice(this, chinfo) === rpdev) {
      this.explain(`${this.name}: the core withdrew the name service itself; Linux 6.1 then waits for its own callback for ever`);
    }
    return this.bus.unregisterChannel(this, chinfo);
  }

  /** `__rpmsg_create_ept`: at `chinfo.src`, or at the lowest free address from 0x400 on. */
  *createEpt(rpdev: RpmsgDevice, cb: RpmsgRxCallback, chinfo: RpmsgChannelInfo): KernelCode<RpmsgEndpoint | undefined> {
    yield* this.endpointsLock.lock();
    let addr = chinfo.src;
    if (addr === RPMSG_ADDR_ANY) {
      for (addr = this.firstFree; this.endpoints.has(addr); ) addr++;
      this.firstFree = addr;
    }
    // idr_alloc works with int.
    const err = addr > 0x7fff_ffff ? ERRNO.EINVAL : this.endpoints.has(addr) ? ERRNO.ENOSPC : 0;
    const ept = err ? undefined : new RpmsgEndpoint(rpdev, addr, cb, this);
    if (ept) this.endpoints.set(addr, ept);
    else rpdev.dev(3, `idr_alloc failed: ${err}`);
    this.endpointsLock.unlock();
    return ept;
  }

  /** `__rpmsg_destroy_ept`: new messages no longer find it; waits for the callback that is running. */
  *destroyEpt(ept: RpmsgEndpoint): KernelCode {
    yield* this.endpointsLock.lock();
    if (this.endpoints.get(ept.addr) === ept) {
      this.endpoints.delete(ept.addr);
      if (ept.addr >= RPMSG_RESERVED_ADDRESSES) this.firstFree = Math.min(this.firstFree, ept.addr);
    }
    this.endpointsLock.unlock();
    yield* ept.cbLock.lock();
    ept.cb = undefined;
    ept.cbLock.unlock();
  }

  announceCreate(rpdev: RpmsgDevice): KernelCode<number> {
    return this.announce(rpdev, 0);
  }

  announceDestroy(rpdev: RpmsgDevice): KernelCode<number> {
    return this.announce(rpdev, RPMSG_NS_DESTROY);
  }

  /** `virtio_rpmsg_announce_create` and `_destroy`: only for channels with a fixed local address. */
  private *announce(rpdev: RpmsgDevice, flags: number): KernelCode<number> {
    if (!rpdev.announce || !rpdev.ept || !virtioHasFeature(this.vdev, VIRTIO_RPMSG_F_NS)) return 0;
    const err = yield* rpdev.ept.sendto(encodeNsMsg(rpdev.id, rpdev.ept.addr, flags), RPMSG_NS_ADDR);
    if (err) rpdev.dev(3, `failed to announce service ${err}`);
    return err;
  }

  getMtu(): number {
    return this.bufSize - RPMSG_HDR_SIZE;
  }

  /** `rpmsg_send_offchannel_raw`. */
  *sendOffchannel(ept: RpmsgEndpoint, src: number, dst: number, data: Uint8Array, wait: boolean): KernelCode<number> {
    const { rpdev } = ept;
    if (src === RPMSG_ADDR_ANY || dst === RPMSG_ADDR_ANY) {
      rpdev.dev(3, `invalid addr (src 0x${src.toString(16)}, dst 0x${dst.toString(16)})`);
      return ERRNO.EINVAL;
    }
    if (data.length > this.getMtu()) {
      rpdev.dev(3, `message is too big (${data.length})`);
      return ERRNO.EMSGSIZE;
    }
    let buffer = yield* this.getATxBuf();
    if (buffer === undefined) {
      if (!wait) return ERRNO.ENOMEM;
      buffer = yield* this.waitForATxBuf();
      if (buffer === undefined) {
        rpdev.dev(3, 'timeout waiting for a tx buffer');
        return ERRNO.ERESTARTSYS;
      }
    }
    this.fill(buffer, src, dst, data);
    yield* this.txLock.lock();
    const err = yield* this.svq.addOutbuf(buffer, RPMSG_HDR_SIZE + data.length);
    if (err) {
      rpdev.dev(3, `virtqueue_add_outbuf failed: ${err}`);
    } else {
      const { events, scheduler } = this.kernel;
      events.emit({ type: 'message', cycle: scheduler.now, device: this.name, direction: 'tx', src, dst, data: data.slice() });
      yield* this.svq.kick();
    }
    this.txLock.unlock();
    return err;
  }

  /** Writes header and payload (little-endian: the device is legacy, and so is every core here). */
  private fill(buffer: number, src: number, dst: number, data: Uint8Array): void {
    const { memory } = this.kernel;
    memory.write(buffer, src, 4);
    memory.write(buffer + 4, dst, 4);
    memory.write(buffer + 8, 0, 4);
    memory.write(buffer + 12, data.length, 4);
    memory.writeBytes(buffer + RPMSG_HDR_SIZE, data);
  }

  /** Whoever held all buffers has given them back. */
  buffersReturned(): void {
    this.sendq.wakeAll();
  }

  /** `get_a_tx_buf`: a buffer that was never used, else one that the core returned. */
  private *getATxBuf(): KernelCode<number | undefined> {
    if (this.kernel.faults.buffersHeld) return undefined;
    yield* this.txLock.lock();
    const half = this.numBufs / 2;
    const buffer = this.lastSbuf < half ? this.rbufs + this.bufSize * (half + this.lastSbuf++) : this.svq.getBuf()?.address;
    this.txLock.unlock();
    return buffer;
  }

  /**
   * The sleep in `rpmsg_send_offchannel_raw`: TX-complete interrupts are on while anybody waits. A signal does not end it; in a kernel it
   * ends the 15 s instead, which hold here.
   */
  private *waitForATxBuf(): KernelCode<number | undefined> {
    const { scheduler } = this.kernel;
    yield* this.txLock.lock();
    if (++this.sleepers === 1) this.svq.enableCb();
    this.txLock.unlock();
    const deadline = scheduler.now + scheduler.cyclesFromNs(TX_TIMEOUT_MS * 1e6);
    let signalled = false;
    let buffer = yield* this.getATxBuf();
    for (let left = deadline - scheduler.now; buffer === undefined && left > 0; left = deadline - scheduler.now) {
      const wake: Wake = yield { queue: this.sendq, timeoutNs: scheduler.nsFromCycles(left), interruptible: !signalled };
      if (wake === 'signal') {
        signalled = true;
        this.explain(
          `${this.name}: a signal came to a sender that waits for a TX buffer; Linux 6.1 does not stop waiting, but spins until the core returns one`,
        );
      }
      buffer = yield* this.getATxBuf();
    }
    yield* this.txLock.lock();
    if (--this.sleepers === 0) this.svq.disableCb();
    this.txLock.unlock();
    return buffer;
  }
}
