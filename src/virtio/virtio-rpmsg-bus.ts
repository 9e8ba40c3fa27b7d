/**
 * The virtio driver behind rpmsg, drivers/rpmsg/virtio_rpmsg_bus.c (6.1): probe, receiving, remove.
 *
 * Buffers are 512 bytes, 16 of them header; half are for each direction. Endpoints and sending are in `virtproc-info.ts`.
 */
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import { ERRNO, sleep } from '../linux/kernel.ts';
import { hex } from '../memory/bits.ts';
import { type AddressSpace, BUS_FAULT } from '../memory/bus.ts';
import { int32, Ratelimit } from './driver-core.ts';
import type { RpmsgBus } from './rpmsg-bus.ts';
import { RPMSG_NS_ADDR } from './rpmsg-ns.ts';
import type { VirtioDevice, VirtioDriver } from './virtio.ts';
import { VIRTIO_ID_RPMSG } from './virtio.ts';
import { virtioDeviceReady, virtioHasFeature, virtioResetDevice } from './virtio-bus.ts';
import {
  MAX_RPMSG_BUF_SIZE,
  MAX_RPMSG_NUM_BUFS,
  RPMSG_HDR_SIZE,
  VIRTIO_RPMSG_BUS,
  VIRTIO_RPMSG_F_NS,
  VirtprocInfo,
} from './virtproc-info.ts';
import type { VirtioDriverQueue } from './virtqueue.ts';

/** A word of a header; 0 where nothing answers. */
function wordOf(memory: AddressSpace, address: number): number {
  const value = memory.read(address, 4);
  return value === BUS_FAULT ? 0 : value;
}

/** Distinct findings that are reported at most. */
const MAX_EXPLANATIONS = 100;

/** `virtio_rpmsg_bus`, for all rpmsg devices of one kernel. */
export class VirtioRpmsgBus implements VirtioDriver {
  readonly name = VIRTIO_RPMSG_BUS;
  readonly ids = [VIRTIO_ID_RPMSG];
  readonly features = 1 << VIRTIO_RPMSG_F_NS;
  private readonly bus: RpmsgBus;
  private readonly noRecipient: Ratelimit;
  private readonly explain: (text: string) => void;
  private readonly hosts = new Map<VirtioDevice, VirtprocInfo>();

  /** `onViolation` hears, in plain words, what a dropped message was and who listens where. */
  constructor(kernel: Kernel, bus: RpmsgBus, onViolation: (text: string) => void = () => {}) {
    this.bus = bus;
    const explained = new Set<string>();
    this.explain = (text) => {
      if (explained.has(text) || explained.size >= MAX_EXPLANATIONS) return;
      explained.add(text);
      onViolation(text);
    };
    this.noRecipient = new Ratelimit(kernel, 'rpmsg_recv_single');
  }

  /** State of each device that was probed. */
  get virtprocs(): readonly VirtprocInfo[] {
    return [...this.hosts.values()];
  }

  /** `rpmsg_probe`. */
  *probe(vdev: VirtioDevice): KernelCode<number> {
    const queues = vdev.config.findVqs([
      { name: 'input', callback: () => this.recvDone(vdev) },
      { name: 'output', callback: () => this.xmitDone(vdev) },
    ]);
    if (typeof queues === 'number') return queues;
    const [rvq, svq] = queues;
    if (!rvq || !svq) return ERRNO.ENOENT;
    rvq.owner = this.name;
    svq.owner = this.name;
    if (rvq.num !== svq.num)
      this.explain(`${vdev.name}: the vrings have ${rvq.num} and ${svq.num} descriptors; Linux expects the same number`);
    const numBufs = rvq.num < MAX_RPMSG_NUM_BUFS / 2 ? rvq.num * 2 : MAX_RPMSG_NUM_BUFS;
    const buffers = vdev.allocateBuffers(numBufs * MAX_RPMSG_BUF_SIZE);
    if (buffers === undefined) {
      this.explain(
        `${vdev.name}: ${numBufs} buffers of ${MAX_RPMSG_BUF_SIZE} bytes (${numBufs * MAX_RPMSG_BUF_SIZE}) do not fit the buffer region`,
      );
      this.dropQueues(vdev, [rvq, svq]);
      return ERRNO.ENOMEM;
    }
    const vrp = new VirtprocInfo(vdev, this.bus, [rvq, svq], { address: buffers, count: numBufs }, this.explain);
    for (let i = 0; i < numBufs / 2; i++) rvq.addInbuf(buffers + i * vrp.bufSize, vrp.bufSize);
    svq.disableCb();
    this.hosts.set(vdev, vrp);
    yield* this.bus.registerDevice(vrp.channel({ name: '', src: 0, dst: 0 }, { driverOverride: 'rpmsg_ctrl' }));
    if (virtioHasFeature(vdev, VIRTIO_RPMSG_F_NS)) {
      yield* this.bus.registerDevice(vrp.channel({ name: '', src: RPMSG_NS_ADDR, dst: RPMSG_NS_ADDR }, { driverOverride: 'rpmsg_ns' }));
    }
    // The kick waits until the core may look at the ring.
    const notify = rvq.kickPrepare();
    const { driverReadyNs } = vrp.kernel.faults;
    if (driverReadyNs > 0) yield* sleep(driverReadyNs);
    virtioDeviceReady(vdev);
    if (notify) yield* rvq.notify();
    vrp.dev(6, 'rpmsg host is online');
    return 0;
  }

  /** `rpmsg_remove`. */
  *remove(vdev: VirtioDevice): KernelCode {
    const vrp = this.hosts.get(vdev);
    if (!vrp) return;
    virtioResetDevice(vdev);
    yield* this.bus.unregisterChildren(vrp);
    vrp.endpoints.clear();
    this.hosts.delete(vdev);
    this.dropQueues(vdev, [vrp.rvq, vrp.svq]);
    vdev.freeBuffers(vrp.rbufs);
  }

  private dropQueues(vdev: VirtioDevice, queues: readonly VirtioDriverQueue[]): void {
    // Whoever still holds a queue (a sender asleep) finds it unusable; in the kernel this would be freed memory.
    for (const queue of queues) queue.break();
    vdev.config.deleteVqs();
  }

  /** `rpmsg_recv_done`: the core returned RX buffers, each with a message. */
  private *recvDone(vdev: VirtioDevice): KernelCode {
    const vrp = this.hosts.get(vdev);
    if (!vrp) return;
    let received = 0;
    let buffer = vrp.rvq.getBuf();
    if (!buffer) {
      vrp.dev(3, 'uhm, incoming signal, but no used buffer ?');
      return;
    }
    while (buffer) {
      if (yield* this.recvSingle(vrp, buffer.address, buffer.length)) break;
      received++;
      buffer = vrp.rvq.getBuf();
    }
    if (received) yield* vrp.rvq.kick();
  }

  /** `rpmsg_xmit_done`: the core returned TX buffers while a sender waits. */
  private *xmitDone(vdev: VirtioDevice): KernelCode {
    this.hosts.get(vdev)?.sendq.wakeAll();
  }

  /** `rpmsg_recv_single`: hands the message to its endpoint and the buffer back to the core; 0 or a negative errno. */
  private *recvSingle(vrp: VirtprocInfo, address: number, len: number): KernelCode<number> {
    const { memory, events, scheduler } = vrp.kernel;
    const src = wordOf(memory, address);
    const dst = wordOf(memory, address + 4);
    const msgLen = wordOf(memory, address + 12) & 0xffff;
    // `len - sizeof(struct rpmsg_hdr)` is unsigned: below 16 it wraps, and the kernel then believes any msg->len.
    if (len > vrp.bufSize || (len >= RPMSG_HDR_SIZE && msgLen > len - RPMSG_HDR_SIZE)) {
      vrp.dev(4, `inbound msg too big: (${int32(len)}, ${msgLen})`);
      return ERRNO.EINVAL;
    }
    if (len < RPMSG_HDR_SIZE) {
      this.explain(
        `${vrp.name}: a message was returned with used length ${len}, less than its header; Linux 6.1 does not notice and reads ${msgLen} bytes`,
      );
    }
    const data = memory.readBytes(address + RPMSG_HDR_SIZE, msgLen) ?? new Uint8Array(0);
    events.emit({ type: 'message', cycle: scheduler.now, device: vrp.name, direction: 'rx', src, dst, data });
    const ept = vrp.endpoints.get(dst);
    if (ept) {
      yield* ept.cbLock.lock();
      if (ept.cb) yield* ept.cb(ept.rpdev, data, src);
      ept.cbLock.unlock();
    } else {
      if (this.noRecipient.allow()) vrp.dev(4, 'msg received with no recipient');
      this.explain(this.explainNoRecipient(vrp, src, dst));
    }
    const err = vrp.rvq.addInbuf(address, vrp.bufSize);
    if (err) vrp.dev(3, `failed to add a virtqueue buffer: ${err}`);
    return err;
  }

  private explainNoRecipient(vrp: VirtprocInfo, src: number, dst: number): string {
    const known = [...vrp.endpoints.values()]
      .sort((a, b) => a.addr - b.addr)
      .slice(0, 16)
      .map((ept) => `${hex(ept.addr)} (${ept.rpdev.driver?.name ?? 'no driver'}, channel ${ept.rpdev.id}, remote ${hex(ept.rpdev.dst)})`);
    return `${vrp.name}: a message from ${hex(src)} to ${hex(dst)} was dropped: Linux has no endpoint ${hex(dst)}; it has ${known.join(', ') || 'none'}`;
  }
}
