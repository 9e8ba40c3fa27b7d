/**
 * Linux 6.1 drivers/remoteproc/remoteproc_virtio.c: the rproc-virtio platform device behind each vdev of a resource table.
 *
 * It gives virtio its status byte, features and queues out of the table in effect. A vring must have a carveout; buffers come from
 * the region `vdevNbuffer`. What the firmware writes into its table after the start is not trusted: sizes are those parsed before.
 */
import type { KernLevel } from '../events.ts';
import { DmaPool } from '../linux/dma-pool.ts';
import type { Device } from '../linux/fs/device-model.ts';
import { ERRNO, type Kernel, type KernelCode, sleep } from '../linux/kernel.ts';
import { LATENCY } from '../linux/latencies.ts';
import type { Ida } from '../linux/platform.ts';
import { readOnly } from '../virtio/bus-sysfs.ts';
import { probeFailed } from '../virtio/driver-core.ts';
import type { VirtioConfigOps, VirtioDevice } from '../virtio/virtio.ts';
import type { VirtioBus } from '../virtio/virtio-bus.ts';
import { VirtioDriverQueue } from '../virtio/virtqueue.ts';
import { vringSize } from '../virtio/vring.ts';
import type { Rproc, RprocNotifyTarget, RprocSubdev, RprocVdevData, RprocVdevHandle } from './remoteproc-core.ts';
import { LoadedTable, pageAlign, type TableMemory, VDEV, VDEV_SIZE, VRING, VRING_SIZE } from './resource-table.ts';
import {
  RVDEV_NUM_VRINGS,
  rprocAllocCarveout,
  rprocCheckCarveoutDa,
  rprocFindCarveoutByName,
  rprocMemEntryInit,
  rprocReleaseCarveout,
} from './rproc-resources.ts';

/** A reserved-memory node that can be given to a device (compatible `shared-dma-pool`). */
export interface SharedDmaPool {
  /** With its unit address: `vdev0buffer@55400000`. */
  readonly node: string;
  readonly pool: DmaPool;
}

/** What the driver needs of the kernel around it. */
export interface RprocVirtioEnvironment {
  readonly bus: VirtioBus;
  /** Numbers of `PLATFORM_DEVID_AUTO`. */
  readonly autoIds: Ida;
  /** `of_reserved_mem_device_init_by_idx` on the remoteproc's node: its memory-region that is a shared-dma-pool. */
  readonly reservedMemory: SharedDmaPool | undefined;
  /** The pool for everything else. */
  readonly globalPool: DmaPool;
  /** Hears what the other side did to a ring against the rules. */
  readonly onViolation?: (text: string) => void;
}

/** `RPROC_VIRTIO`: name of the platform driver and stem of its devices. */
const DRIVER = 'rproc-virtio';
/** More devices than any table needs; a hostile one with more runs out of memory here. */
const MOST_VDEVS = 64;
/** More descriptors than 16-bit ring indices can count make `vring_new_virtqueue` fail. */
const MOST_DESCRIPTORS = 65_536;

/** `struct rproc_vring`. */
class RprocVring implements RprocNotifyTarget {
  readonly num: number;
  readonly align: number;
  notifyid = 0;
  vq: VirtioDriverQueue | undefined;

  constructor(num: number, align: number) {
    this.num = num;
    this.align = align;
  }

  /** Bytes of the ring, in the kernel's 32-bit arithmetic. */
  get size(): number {
    return vringSize(this.num, this.align) >>> 0;
  }

  *interrupt(): KernelCode<boolean> {
    return this.vq ? yield* this.vq.vringInterrupt() : false;
  }
}

/** `struct rproc_vdev`: the device, its vrings, and the virtio device while the remote processor runs. */
export class RprocVdev implements RprocSubdev, RprocVdevHandle, VirtioConfigOps {
  readonly device: string;
  readonly index: number;
  readonly vrings: RprocVring[] = [];
  virtio: VirtioDevice | undefined;
  private readonly rproc: Rproc;
  private readonly env: RprocVirtioEnvironment;
  private readonly kernel: Kernel;
  private readonly data: RprocVdevData;
  private readonly autoId: number;
  /** The platform device in sysfs. */
  private readonly platform: Device;

  constructor(rproc: Rproc, data: RprocVdevData, env: RprocVirtioEnvironment) {
    this.rproc = rproc;
    this.kernel = rproc.kernel;
    this.env = env;
    this.data = data;
    this.index = data.index;
    this.autoId = env.autoIds.alloc();
    this.device = `${DRIVER}.${this.autoId}.auto`;
    this.platform = {
      name: this.device,
      bus: 'platform',
      ...(rproc.model ? { parent: rproc.model } : {}),
      attributes: [readOnly('modalias', () => `platform:${DRIVER}\n`)],
      uevent: () => [`MODALIAS=platform:${DRIVER}`],
    };
    this.kernel.devices.add(this.platform);
  }

  private log(level: KernLevel, text: string): void {
    this.kernel.dev(level, `${DRIVER} ${this.device}`, text);
  }

  private get table(): TableMemory | undefined {
    return this.rproc.table.inEffect;
  }

  private get(field: number): number {
    return this.table?.get32(this.data.rscOffset + field) ?? 0;
  }

  private set(field: number, value: number): void {
    this.table?.set32(this.data.rscOffset + field, value);
  }

  private vringField(vring: number, field: number): number {
    return VDEV_SIZE + VRING_SIZE * vring + field;
  }

  /** System address of this vdev in the table that the firmware sees; undefined while the one in effect is a copy of Linux's own. */
  get addressInTable(): number | undefined {
    const [address] = this.table instanceof LoadedTable ? this.table.addresses : [];
    return address === undefined ? undefined : address + this.data.rscOffset;
  }

  /** `rproc_virtio_probe`: 0 or a negative errno. */
  probe(): number {
    const count = this.table?.get8(this.data.rscOffset + VDEV.numOfVrings) ?? 0;
    for (let i = 0; i < count; i++) {
      // rproc_parse_vring
      const num = this.get(this.vringField(i, VRING.num));
      const align = this.get(this.vringField(i, VRING.align));
      if (num === 0 || align === 0) {
        this.rproc.log(3, `invalid qsz (${num | 0}) or alignment (${align | 0})`);
        return ERRNO.EINVAL;
      }
      this.vrings.push(new RprocVring(num, align));
    }
    for (const [i, vring] of this.vrings.entries()) {
      const ret = this.allocVring(i, vring);
      if (ret === 0) continue;
      for (let done = i - 1; done >= 0; done--) this.freeVring(done);
      return ret;
    }
    this.rproc.rvdevs.push(this);
    this.rproc.subdevs.push(this);
    this.kernel.devices.setDriver(this.platform, DRIVER);
    return 0;
  }

  /** `rproc_alloc_vring`: finds or registers the carveout and assigns the notify id. */
  private allocVring(i: number, vring: RprocVring): number {
    const { rproc } = this;
    const size = pageAlign(vring.size);
    const name = `vdev${this.index}vring${i}`;
    const da = this.get(this.vringField(i, VRING.da));
    const mem = rprocFindCarveoutByName(rproc, name);
    if (mem) {
      if (rprocCheckCarveoutDa(rproc, mem, da, size)) return ERRNO.ENOMEM;
    } else {
      rproc.carveouts.push(rprocMemEntryInit({ name, dma: 0, len: size, da, alloc: rprocAllocCarveout, release: rprocReleaseCarveout }));
    }
    let notifyid = 0;
    while (rproc.notifyids.has(notifyid)) notifyid++;
    rproc.notifyids.set(notifyid, vring);
    rproc.maxNotifyid = Math.max(rproc.maxNotifyid, notifyid);
    vring.notifyid = notifyid;
    this.set(this.vringField(i, VRING.notifyid), notifyid);
    return 0;
  }

  /** `rproc_free_vring`. */
  private freeVring(i: number): void {
    const vring = this.vrings[i];
    if (!vring) return;
    this.rproc.notifyids.delete(vring.notifyid);
    this.set(this.vringField(i, VRING.da), 0);
    this.set(this.vringField(i, VRING.notifyid), 0xffff_ffff);
  }

  /** `rproc_virtio_remove`, through `platform_device_unregister`. */
  unregister(): void {
    for (const i of this.vrings.keys()) this.freeVring(i);
    remove(this.rproc.subdevs, this);
    remove(this.rproc.rvdevs, this);
    this.kernel.devices.remove(this.platform);
    this.env.autoIds.free(this.autoId);
  }

  /** `rproc_vdev_do_start`, that is `rproc_add_virtio_dev`. */
  *start(): KernelCode<number> {
    if (!this.rproc.ops.kick) {
      this.log(3, `.kick method not defined for ${this.rproc.name}`);
      return ERRNO.EINVAL;
    }
    const { bus } = this.env;
    const pool = this.bufferPool();
    const index = bus.nextIndex();
    const virtio: VirtioDevice = {
      kernel: this.kernel,
      index,
      name: `virtio${index}`,
      deviceId: this.data.id,
      config: this,
      features: 0,
      parent: this.platform,
      allocateBuffers: (bytes) => pool.allocate(bytes),
      freeBuffers: (address) => pool.free(address),
    };
    this.virtio = virtio;
    yield* sleep(LATENCY.vdev);
    const err = yield* bus.registerDevice(virtio);
    if (err) {
      this.log(3, `failed to register vdev: ${err}`);
      return err;
    }
    this.log(6, `registered ${virtio.name} (type ${this.data.id | 0})`);
    return 0;
  }

  /** Where the buffers come from: a carveout of the right name, else the remoteproc's first memory-region, else anywhere. */
  private bufferPool(): DmaPool {
    const { reservedMemory, globalPool } = this.env;
    const mem = rprocFindCarveoutByName(this.rproc, `vdev${this.index}buffer`);
    if (mem) {
      if (mem.va !== undefined) this.log(4, `vdev ${this.index} buffer already mapped`);
      return new DmaPool(this.kernel.memory, mem.va ?? mem.dma, mem.len);
    }
    if (!reservedMemory) return globalPool;
    this.log(6, `assigned reserved memory node ${reservedMemory.node}`);
    return reservedMemory.pool;
  }

  /** `rproc_vdev_do_stop`. */
  *stop(): KernelCode {
    const { virtio } = this;
    this.virtio = undefined;
    if (virtio) yield* this.env.bus.unregisterDevice(virtio);
  }

  /** `rproc_virtio_get_status`. */
  getStatus(): number {
    return this.table?.get8(this.data.rscOffset + VDEV.status) ?? 0;
  }

  /** `rproc_virtio_set_status`: the byte that firmware polls for DRIVER_OK. */
  setStatus(status: number): void {
    this.table?.set8(this.data.rscOffset + VDEV.status, status);
  }

  /** `rproc_virtio_reset`. */
  reset(): void {
    this.setStatus(0);
  }

  /** `rproc_virtio_get_features`. */
  getFeatures(): number {
    return this.get(VDEV.dfeatures);
  }

  /** `rproc_virtio_finalize_features`. */
  finalizeFeatures(features: number): number {
    const accepted = features & TRANSPORT_MASK;
    if (this.virtio) this.virtio.features = accepted >>> 0;
    this.set(VDEV.gfeatures, accepted);
    return 0;
  }

  /** `rproc_virtio_find_vqs`. */
  findVqs(requests: readonly { name: string; callback: (queue: VirtioDriverQueue) => KernelCode }[]): VirtioDriverQueue[] | number {
    const queues: VirtioDriverQueue[] = [];
    for (const [id, { name, callback }] of requests.entries()) {
      const queue = this.findVq(id, name, callback);
      if (typeof queue === 'number') {
        this.deleteVqs();
        return queue;
      }
      queues.push(queue);
    }
    return queues;
  }

  /** `rp_find_vq`. */
  private findVq(id: number, name: string, callback: (queue: VirtioDriverQueue) => KernelCode): VirtioDriverQueue | number {
    const { rproc, kernel, virtio } = this;
    if (id >= RVDEV_NUM_VRINGS) return ERRNO.EINVAL;
    const mem = rprocFindCarveoutByName(rproc, `vdev${this.index}vring${id}`);
    const vring = this.vrings[id];
    // The kernel goes on with a vring that the table does not have, if a region happens to be there, and divides by its zero size.
    if (mem?.va === undefined || !vring || !virtio) return ERRNO.ENOMEM;
    kernel.memory.fill(mem.va, 0, vring.size);
    if (vring.num > MOST_DESCRIPTORS) {
      rproc.log(3, `vring_new_virtqueue ${name} failed`);
      this.freeVring(id);
      return ERRNO.ENOMEM;
    }
    const { onViolation } = this.env;
    vring.vq = new VirtioDriverQueue({
      kernel,
      device: virtio.name,
      name,
      index: id,
      address: mem.va,
      num: vring.num,
      align: vring.align,
      features: virtio.features,
      notify: () => this.notify(vring),
      callback,
      ...(onViolation ? { onViolation } : {}),
    });
    const wrong = kernel.faults.wrongAddress;
    const offset = wrong?.where === 'loaded' && wrong.vring === id ? wrong.offset : 0;
    this.set(this.vringField(id, VRING.da), (mem.da + offset) >>> 0);
    return vring.vq;
  }

  /** `rproc_virtio_notify`: always true, a failed kick is only printed. */
  private *notify(vring: RprocVring): KernelCode<boolean> {
    yield* this.rproc.ops.kick!(vring.notifyid);
    return true;
  }

  /** `rproc_virtio_del_vqs`. */
  deleteVqs(): void {
    for (const vring of this.vrings) vring.vq = undefined;
  }
}

/** Bits that `vring_transport_features` and `rproc_transport_features` let through: below 28, indirect descriptors, event index. */
const TRANSPORT_MASK = 0x3fff_ffff;

function remove<T>(list: T[], item: T): void {
  const at = list.indexOf(item);
  if (at >= 0) list.splice(at, 1);
}

/** `platform_device_register_data` for a vdev: its probe fails for itself, as every probe does. 0 or -ENOMEM. */
export function registerRprocVirtio(rproc: Rproc, data: RprocVdevData, env: RprocVirtioEnvironment): number {
  if (data.index >= MOST_VDEVS) return ERRNO.ENOMEM;
  const rvdev = new RprocVdev(rproc, data, env);
  const err = rvdev.probe();
  if (err) probeFailed(rproc.kernel, DRIVER, rvdev.device, err);
  return 0;
}
