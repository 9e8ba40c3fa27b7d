/**
 * drivers/rpmsg/rpmsg_char.c (6.1): endpoints as /dev/rpmsgN, made by rpmsg_ctrl or by a channel "rpmsg-raw".
 *
 * Opening a device makes its endpoint, closing it ends it; each read takes one message, whose rest is lost when the reader wants less. As in
 * 6.1 on virtio, poll never says POLLOUT. Messages that nobody reads pile up without limit in a kernel; here the memory for them is
 * `SKB_MEMORY`. A second RPMSG_DESTROY_EPT_IOCTL, which corrupts a kernel's memory, does nothing.
 */
import type { Device } from '../linux/fs/device-model.ts';
import { type OpenFile, POLL } from '../linux/fs/vfs.ts';
import { ERRNO, type Kernel, type KernelCode, Mutex, WaitQueue } from '../linux/kernel.ts';
import { Ida } from '../linux/platform.ts';
import { readOnly } from './bus-sysfs.ts';
import type { CharMajors } from './char-majors.ts';
import { int32, type ModuleRefs } from './driver-core.ts';
import type { RpmsgChannelInfo, RpmsgDevice, RpmsgDriver, RpmsgEndpoint } from './rpmsg-core.ts';
import { RPMSG_DESTROY_EPT_IOCTL, RPMSG_DEV_MAX } from './rpmsg-ioctl.ts';

/** Bytes of messages that wait on all devices together; above it `alloc_skb` fails. */
const SKB_MEMORY = 16 * 1024 * 1024;
/** What an skb costs beside its data (`sizeof(struct sk_buff)` and the shared info). */
const SKB_OVERHEAD = 576;

/** `struct rpmsg_eptdev`. */
class RpmsgEptdev {
  readonly chinfo: RpmsgChannelInfo;
  readonly device: Device;
  rpdev: RpmsgDevice | undefined;
  ept: RpmsgEndpoint | undefined;
  /** The channel's own endpoint, which is not made or destroyed here. */
  readonly defaultEpt: RpmsgEndpoint | undefined;
  readonly queue: Uint8Array[] = [];
  readonly readq: WaitQueue;
  readonly eptLock: Mutex;
  /** References to the device: its own, and one for each open file; its number is free when none is left. */
  references = 1;
  deleted = false;

  constructor(rpdev: RpmsgDevice, defaultEpt: RpmsgEndpoint | undefined, chinfo: RpmsgChannelInfo, device: Device) {
    this.rpdev = rpdev;
    this.defaultEpt = defaultEpt;
    this.chinfo = chinfo;
    this.device = device;
    this.readq = new WaitQueue(`a message on ${device.name}`);
    this.eptLock = new Mutex(`ept_lock of ${device.name}`);
  }
}

/** The module rpmsg_char: its driver, and what rpmsg_ctrl uses of it. */
export class RpmsgChar {
  /** `rpmsg_chrdev_driver`. */
  readonly driver: RpmsgDriver;
  readonly refs: ModuleRefs = { count: 0 };
  private readonly kernel: Kernel;
  private readonly majors: CharMajors;
  private readonly devMax: number;
  private major = 0;
  private readonly eptIda = new Ida();
  private readonly minorIda = new Ida();
  private readonly eptdevs = new Set<RpmsgEptdev>();
  /** `priv` of the channels' own endpoints. */
  private readonly byChannel = new Map<RpmsgDevice, RpmsgEptdev>();
  private readonly skbLimit: number;
  private skbMemory = 0;

  /** `devMax` and `skbMemory` are limits that tests may lower. */
  constructor(kernel: Kernel, majors: CharMajors, { devMax = RPMSG_DEV_MAX, skbMemory = SKB_MEMORY } = {}) {
    this.kernel = kernel;
    this.majors = majors;
    this.devMax = devMax;
    this.skbLimit = skbMemory;
    const char = this;
    this.driver = {
      name: 'rpmsg_chrdev',
      module: 'rpmsg_char',
      idTable: ['rpmsg-raw'],
      *callback(rpdev, data) {
        const eptdev = char.byChannel.get(rpdev);
        return eptdev ? char.received(eptdev, data) : 0;
      },
      *probe(rpdev) {
        const chinfo = { name: rpdev.id, src: rpdev.src, dst: rpdev.dst };
        const eptdev = char.add(rpdev, rpdev.device, chinfo, rpdev.ept);
        if (typeof eptdev === 'number') return eptdev;
        char.byChannel.set(rpdev, eptdev);
        return 0;
      },
      *remove(rpdev) {
        char.byChannel.delete(rpdev);
        yield* char.destroyChildren(rpdev.device);
      },
    };
  }

  /** Devices that are there, with what waits in them; for tests and for people who look. */
  get devices(): readonly { readonly name: string; readonly src: number | undefined; readonly dst: number; readonly queued: number }[] {
    return [...this.eptdevs].map(({ device, ept, chinfo, queue }) => ({
      name: device.name,
      src: ept?.addr,
      dst: chinfo.dst,
      queued: queue.length,
    }));
  }

  /** `rpmsg_chrdev_init`, before the driver is registered. */
  init(): number {
    const major = this.majors.alloc('rpmsg_char');
    if (major < 0) {
      this.kernel.printk(3, 'rpmsg_char: failed to allocate char dev region');
      return major;
    }
    this.major = major;
    return 0;
  }

  /** `rpmsg_chrdev_exit`, after the driver is gone. */
  exit(): void {
    this.majors.free(this.major);
  }

  /** `rpmsg_chrdev_eptdev_create`: 0, or -ENOSPC when all minor numbers are taken. */
  createEptdev(rpdev: RpmsgDevice, parent: Device, chinfo: RpmsgChannelInfo): number {
    const eptdev = this.add(rpdev, parent, chinfo, undefined);
    return typeof eptdev === 'number' ? eptdev : 0;
  }

  /** `device_for_each_child(parent, rpmsg_chrdev_eptdev_destroy)`. */
  *destroyChildren(parent: Device): KernelCode {
    for (const eptdev of [...this.eptdevs]) if (eptdev.device.parent === parent) yield* this.destroy(eptdev);
  }

  /** `rpmsg_chrdev_eptdev_alloc` and `_add`. */
  private add(rpdev: RpmsgDevice, parent: Device, chinfo: RpmsgChannelInfo, defaultEpt: RpmsgEndpoint | undefined): RpmsgEptdev | number {
    const minor = this.minorIda.alloc();
    if (minor >= this.devMax) {
      this.minorIda.free(minor);
      return ERRNO.ENOSPC;
    }
    const name = `rpmsg${this.eptIda.alloc()}`;
    const eptdev: RpmsgEptdev = new RpmsgEptdev(rpdev, defaultEpt, chinfo, {
      name,
      parent,
      class: 'rpmsg',
      attributes: [
        readOnly('name', () => `${chinfo.name}\n`),
        readOnly('src', () => `${int32(chinfo.src)}\n`),
        readOnly('dst', () => `${int32(chinfo.dst)}\n`),
      ],
      node: { name, major: this.major, minor, open: (file) => this.open(eptdev, file) },
    });
    this.eptdevs.add(eptdev);
    this.kernel.devices.add(eptdev.device);
    return eptdev;
  }

  /** `rpmsg_chrdev_eptdev_destroy`: readers are woken and find the endpoint gone. */
  private *destroy(eptdev: RpmsgEptdev): KernelCode<number> {
    yield* eptdev.eptLock.lock();
    eptdev.rpdev = undefined;
    yield* this.dropEndpoint(eptdev);
    eptdev.eptLock.unlock();
    eptdev.readq.wakeAll();
    if (eptdev.deleted) return 0;
    eptdev.deleted = true;
    this.eptdevs.delete(eptdev);
    this.kernel.devices.remove(eptdev.device);
    this.put(eptdev);
    return 0;
  }

  private *dropEndpoint(eptdev: RpmsgEptdev): KernelCode {
    const { ept } = eptdev;
    eptdev.ept = undefined;
    if (ept && !eptdev.defaultEpt) yield* ept.destroy();
  }

  /**
   * `put_device`, and `rpmsg_eptdev_release_device` with the last one. A kernel loses the memory of messages to a channel whose device nobody
   * ever opened; here it is free again.
   */
  private put(eptdev: RpmsgEptdev): void {
    if (--eptdev.references > 0) return;
    while (this.dequeue(eptdev));
    const { node } = eptdev.device;
    this.eptIda.free(Number(eptdev.device.name.slice('rpmsg'.length)));
    if (node) this.minorIda.free(node.minor);
  }

  /** `rpmsg_ept_cb`. */
  private received(eptdev: RpmsgEptdev, data: Uint8Array): number {
    if (this.skbMemory + data.length + SKB_OVERHEAD > this.skbLimit) return ERRNO.ENOMEM;
    this.skbMemory += data.length + SKB_OVERHEAD;
    eptdev.queue.push(data.slice());
    eptdev.readq.wakeAll();
    return 0;
  }

  private dequeue(eptdev: RpmsgEptdev): Uint8Array | undefined {
    const skb = eptdev.queue.shift();
    if (skb) this.skbMemory -= skb.length + SKB_OVERHEAD;
    return skb;
  }

  /** `rpmsg_eptdev_open`. */
  private *open(eptdev: RpmsgEptdev, file: OpenFile): KernelCode<number> {
    yield* eptdev.eptLock.lock();
    const err = eptdev.ept ? ERRNO.EBUSY : eptdev.rpdev ? 0 : ERRNO.ENETRESET;
    const ept = err || !eptdev.rpdev ? undefined : (eptdev.defaultEpt ?? (yield* this.createEpt(eptdev, eptdev.rpdev)));
    if (ept) {
      eptdev.references++;
      eptdev.ept = ept;
    }
    eptdev.eptLock.unlock();
    if (err) return err;
    if (!ept) {
      this.kernel.dev(3, `rpmsg ${eptdev.device.name}`, `failed to open ${eptdev.chinfo.name}`);
      return ERRNO.EINVAL;
    }
    this.refs.count++;
    file.ops = {
      read: (its, count) => this.read(eptdev, its, count),
      write: (its, data) => this.write(eptdev, its, data),
      poll: () => ({
        mask: eptdev.ept ? (eptdev.queue.length > 0 ? POLL.IN : 0) : POLL.ERR,
        queues: [eptdev.readq],
      }),
      ioctl: (_its, command) => this.ioctl(eptdev, command),
      release: () => this.release(eptdev),
    };
    return 0;
  }

  private createEpt(eptdev: RpmsgEptdev, rpdev: RpmsgDevice): KernelCode<RpmsgEndpoint | undefined> {
    const char = this;
    return rpdev.createEpt(function* (_rpdev, data) {
      return char.received(eptdev, data);
    }, eptdev.chinfo);
  }

  /** `rpmsg_eptdev_release`. */
  private *release(eptdev: RpmsgEptdev): KernelCode {
    yield* eptdev.eptLock.lock();
    yield* this.dropEndpoint(eptdev);
    eptdev.eptLock.unlock();
    while (this.dequeue(eptdev));
    // A kernel's read holds the file; here a close under a reader ends its sleep.
    eptdev.readq.wakeAll();
    this.put(eptdev);
    this.refs.count--;
  }

  /** `rpmsg_eptdev_read_iter`. */
  private *read(eptdev: RpmsgEptdev, file: OpenFile, count: number): KernelCode<Uint8Array | number> {
    if (!eptdev.ept) return ERRNO.EPIPE;
    if (eptdev.queue.length === 0) {
      if (file.nonblocking) return ERRNO.EAGAIN;
      while (eptdev.queue.length === 0 && eptdev.ept) {
        if ((yield { queue: eptdev.readq, interruptible: true }) === 'signal') return ERRNO.ERESTARTSYS;
      }
      if (!eptdev.ept) return ERRNO.EPIPE;
    }
    return this.dequeue(eptdev)?.subarray(0, count) ?? ERRNO.EFAULT;
  }

  /** `rpmsg_eptdev_write_iter`: one message to the destination of the device, whatever the channel's is. */
  private *write(eptdev: RpmsgEptdev, file: OpenFile, data: Uint8Array): KernelCode<number> {
    if (!(yield* eptdev.eptLock.lockInterruptible())) return ERRNO.ERESTARTSYS;
    const { ept, chinfo } = eptdev;
    let ret: number = ERRNO.EPIPE;
    if (ept && file.nonblocking) {
      ret = yield* ept.trysendto(data, chinfo.dst);
      if (ret === ERRNO.ENOMEM) ret = ERRNO.EAGAIN;
    } else if (ept) {
      ret = yield* ept.sendto(data, chinfo.dst);
    }
    eptdev.eptLock.unlock();
    return ret < 0 ? ret : data.length;
  }

  /** `rpmsg_eptdev_ioctl`. */
  private *ioctl(eptdev: RpmsgEptdev, command: number): KernelCode<number> {
    if (command !== RPMSG_DESTROY_EPT_IOCTL || eptdev.defaultEpt) return ERRNO.EINVAL;
    return yield* this.destroy(eptdev);
  }
}
