/**
 * NXP's drivers/rpmsg/imx_rpmsg.c (lf-6.1.55; the same from 5.10 to 6.6): RPMsg for firmware without a resource table.
 *
 * The vrings are where the node's `reg` says, 256 descriptors each, and a doorbell's word names the queue. Nothing tells the remote that Linux
 * is ready but the first doorbell; nothing tells Linux whether there is a remote. Not modelled: the reset of a partition that the SCU
 * reports on 8QM and 8QXP (`imx_rpmsg_restore`), and the older generations that drive the MU themselves (BSP 1.0.1's own kernel).
 */
import type { DmaPool } from '../linux/dma-pool.ts';
import type { Device } from '../linux/fs/device-model.ts';
import { ERRNO, type Kernel, type KernelCode, Workqueue } from '../linux/kernel.ts';
import { heldUp } from '../linux/kernel-faults.ts';
import type { Mailboxes, MboxChan, MboxClient, MboxSpecifiers } from '../linux/mailbox.ts';
import type { PlatformDevice, PlatformDriver } from '../linux/platform.ts';
import { hex } from '../memory/bits.ts';
import type { VirtioConfigOps, VirtioDevice } from './virtio.ts';
import { VIRTIO_ID_RPMSG } from './virtio.ts';
import type { VirtioBus } from './virtio-bus.ts';
import { VirtioDriverQueue } from './virtqueue.ts';
import { vringSize } from './vring.ts';

/** Its match table, and one entry that no kernel of NXP's has: 8M Plus trees of NXP say `fsl,imx8mq-rpmsg`, but people write this. */
export const IMX_RPMSG_COMPATIBLES: readonly string[] = [
  ...['imx8qm', 'imx8qxp', 'imx8mq', 'imx8mm', 'imx7ulp', 'imx7d', 'imx6sx'].map((soc) => `fsl,${soc}-rpmsg`),
  'fsl,imx8mp-rpmsg',
];

/** Bytes of one vring, and of the two of a vdev. */
const RPMSG_RING_BYTES = 0x8000;
const VDEV_BYTES = 0x1_0000;
/** `RPMSG_NUM_BUFS` / 2, `RPMSG_VRING_ALIGN`. */
const NUM_DESCRIPTORS = 256;
const RPMSG_VRING_ALIGN = 4096;
const MAX_VDEV_NUMS = 8;
/** Words that the receive buffer of a page holds. */
const RX_WORDS = 1023;
/** tx_tout for the first doorbell of each vdev, and afterwards, in ms. */
const FIRST_TX_TOUT_MS = 20;
const TX_TOUT_MS = 1000;
/** VIRTIO_RPMSG_F_NS and the transport's bits. */
const FEATURES = 1;

/** What the driver finds in its node. */
export interface ImxRpmsgProperties {
  /** The first `reg`, as a system address. */
  readonly reg?: { readonly base: number; readonly size: number };
  readonly vdevNums: number;
  /** `mboxes` by name; absent when the node has no `mbox-names`. */
  readonly mboxes?: MboxSpecifiers;
  /** The first `memory-region`, when it is a pool. */
  readonly pool?: { readonly node: string; readonly pool: DmaPool };
}

/** What the driver needs of the kernel around it. */
export interface ImxRpmsgEnvironment {
  readonly kernel: Kernel;
  readonly mailboxes: Mailboxes;
  readonly bus: VirtioBus;
  readonly globalPool: DmaPool;
  /** The place of the device in sysfs. */
  readonly device: Device | undefined;
  /** Hears, in plain words, what makes no sense and is not printed by the driver. */
  readonly onFinding?: (text: string) => void;
}

/** `struct imx_rpmsg_vproc`: one device of the tree with its virtio devices. */
export class ImxRpmsg {
  readonly name: string;
  readonly vdevs: ImxVirdev[] = [];
  readonly environment: ImxRpmsgEnvironment;
  private readonly properties: ImxRpmsgProperties;
  private readonly worker: Workqueue;
  private readonly words: number[] = [];
  private readonly channels: MboxChan[] = [];
  private tx: MboxChan | undefined;
  private txTout = FIRST_TX_TOUT_MS;
  private firstNotify: number;
  private unread = false;

  constructor(environment: ImxRpmsgEnvironment, name: string, properties: ImxRpmsgProperties) {
    this.environment = environment;
    this.name = name;
    this.properties = properties;
    this.firstNotify = properties.vdevNums;
    this.worker = new Workqueue(environment.kernel, `imx_rpmsg ${name}`);
  }

  private error(text: string): void {
    this.environment.kernel.dev(3, `imx-rpmsg ${this.name}`, text);
  }

  /** `imx_rpmsg_probe`: 0 or a negative errno. */
  *probe(): KernelCode<number> {
    const { kernel, bus, device, globalPool } = this.environment;
    const { vdevNums, pool } = this.properties;
    let err = this.requestTxRx();
    if (err) return this.fail(err);
    if (vdevNums > MAX_VDEV_NUMS) {
      this.error('vdev-nums exceed the max 8');
      return this.fail(ERRNO.EINVAL);
    }
    const rings = this.vringAddresses();
    if (!rings) {
      this.error('No vring buffer.');
      return this.fail(ERRNO.ENOMEM);
    }
    if (pool) kernel.dev(6, `imx-rpmsg ${this.name}`, `assigned reserved memory node ${pool.node}`);
    for (const [index, base] of rings.entries()) {
      const vdev = new ImxVirdev({ ...this.environment, base, baseVqId: index * 2, pool: pool?.pool ?? globalPool, device }, (id) =>
        this.notify(id),
      );
      this.vdevs.push(vdev);
      err = yield* bus.registerDevice(vdev.virtio);
      if (err) this.error(`imx_rpmsg_probe failed to register rpdev: ${err}`);
      if (err) return this.fail(err);
    }
    // The virtio devices stay when this last step fails, as they do there.
    return this.fail(this.requestRxdb());
  }

  /** The driver is unbound: NXP's has no `remove` before 6.12; this is what 6.12's does. */
  *remove(): KernelCode {
    for (const { virtio } of [...this.vdevs].reverse()) yield* this.environment.bus.unregisterDevice(virtio);
    this.fail(ERRNO.ENODEV);
    // No channel is there any more that would add to them.
    this.words.length = 0;
    this.vdevs.length = 0;
  }

  /** `err_out`: gives the channels back, unless all is well. */
  private fail(err: number): number {
    if (err) for (const channel of this.channels.splice(0)) channel.free();
    return err;
  }

  /** `imx_rpmsg_xtr_channel_init`. */
  private requestTxRx(): number {
    const imx = this;
    const client: MboxClient = {
      device: `imx-rpmsg ${this.name}`,
      txBlock: true,
      get txTout() {
        return imx.txTout;
      },
      rxCallback: (word) => this.received(word),
    };
    const tx = this.request(client, 'tx');
    if (typeof tx === 'number') return tx;
    this.tx = tx;
    const rx = this.request(client, 'rx');
    return typeof rx === 'number' ? rx : 0;
  }

  /** `imx_rpmsg_rxdb_channel_init`: the remote says that it is ready again after a reset of its partition. */
  private requestRxdb(): number {
    const rxdb = this.request({ device: `imx-rpmsg ${this.name}`, txBlock: false, txTout: 0 }, 'rxdb');
    return typeof rxdb === 'number' ? rxdb : 0;
  }

  private request(client: MboxClient, name: string): MboxChan | number {
    const { kernel, mailboxes, onFinding } = this.environment;
    const { mboxes } = this.properties;
    if (!mboxes) {
      kernel.dev(3, client.device, 'mbox_request_channel_byname() requires an "mbox-names" property');
      return ERRNO.EINVAL;
    }
    const channel = mailboxes.requestByName(kernel, client, mboxes, name);
    if (typeof channel !== 'number') this.channels.push(channel);
    else if (channel === ERRNO.EBUSY)
      onFinding?.(
        `imx-rpmsg ${this.name}: the mailbox channel "${name}" is taken by another node (that of the remoteproc names the same channels): disable one of the two`,
      );
    return channel;
  }

  /** `set_vring_phy_buf`: the address of each vdev's vrings, or undefined where `reg` is absent or too small. */
  private vringAddresses(): number[] | undefined {
    const { reg, vdevNums } = this.properties;
    if (!reg || this.environment.kernel.faults.wrongAddress?.where === 'file') return undefined;
    const bases: number[] = [];
    for (let start = reg.base; bases.length < vdevNums; ) {
      bases.push(start);
      start += VDEV_BYTES;
      if (start <= reg.base + reg.size) continue;
      this.error(`Too small memory size ${reg.size.toString(16)}!`);
      return undefined;
    }
    return bases;
  }

  /** `imx_rpmsg_notify`: false breaks the queue for good. Nothing is printed about a remote that does not read. */
  private *notify(vqId: number): KernelCode<boolean> {
    const first = this.firstNotify > 0;
    if (first) this.firstNotify--;
    this.txTout = first ? FIRST_TX_TOUT_MS : TX_TOUT_MS;
    const err = this.tx ? yield* this.tx.send((vqId << 16) >>> 0) : ERRNO.EINVAL;
    if (err >= 0) return true;
    if (!this.unread) {
      this.unread = true;
      this.environment.onFinding?.(
        `imx-rpmsg ${this.name}: the core did not read the doorbell for queue ${vqId} within ${this.txTout} ms (${err}), and imx_rpmsg gives the queue up for good without a word: the core has to run, with its MU interrupt on, before Linux probes the driver (bootaux)`,
      );
    }
    return false;
  }

  /** `imx_rpmsg_rx_callback`: the word waits in a buffer for the work. */
  private received(word: number): void {
    if (this.words.length >= RX_WORDS) this.error('RPMSG RX overflow!');
    else this.words.push(word);
    this.worker.queue(this.work);
  }

  private readonly work = { name: 'rpmsg_work_handler', code: () => this.handleWords() };

  /** `rpmsg_work_handler`. */
  private *handleWords(): KernelCode {
    yield* heldUp(this.environment.kernel);
    for (let word = this.words.shift(); word !== undefined; word = this.words.shift()) {
      const vqId = word >>> 16;
      const vdev = this.vdevs[vqId >>> 1];
      if (vdev) yield* vdev.interrupt(vqId & 1);
      else
        this.environment.onFinding?.(
          `imx-rpmsg ${this.name}: the core rang with ${hex(word)}, which names queue ${vqId}; there are ${this.vdevs.length * 2}. The driver does not check it and would crash Linux`,
        );
    }
  }
}

interface VirdevOptions extends ImxRpmsgEnvironment {
  /** System address of the first vring. */
  readonly base: number;
  readonly baseVqId: number;
  readonly pool: DmaPool;
}

/** `struct imx_virdev`: a virtio device without configuration, whose status nobody sees. */
export class ImxVirdev implements VirtioConfigOps {
  readonly virtio: VirtioDevice;
  private readonly options: VirdevOptions;
  private readonly notify: (vqId: number) => KernelCode<boolean>;
  private queues: readonly VirtioDriverQueue[] = [];

  constructor(options: VirdevOptions, notify: (vqId: number) => KernelCode<boolean>) {
    const { kernel, bus, pool, device } = options;
    this.options = options;
    this.notify = notify;
    const index = bus.nextIndex();
    this.virtio = {
      kernel,
      index,
      name: `virtio${index}`,
      deviceId: VIRTIO_ID_RPMSG,
      config: this,
      features: 0,
      ...(device ? { parent: device } : {}),
      allocateBuffers: (bytes) => pool.allocate(bytes),
      freeBuffers: (address) => pool.free(address),
    };
  }

  /** Its queues, while a driver has them. */
  get virtqueues(): readonly VirtioDriverQueue[] {
    return this.queues;
  }

  getStatus(): number {
    return 0;
  }

  setStatus(): void {}

  reset(): void {}

  getFeatures(): number {
    return FEATURES;
  }

  finalizeFeatures(): number {
    return 0;
  }

  /** `imx_rpmsg_find_vqs`: two queues at fixed places, cleared. */
  findVqs(requests: readonly { name: string; callback: (queue: VirtioDriverQueue) => KernelCode }[]): VirtioDriverQueue[] | number {
    const { kernel, base, baseVqId, onFinding } = this.options;
    if (requests.length !== 2) return ERRNO.EINVAL;
    const addresses = requests.map((_request, id) => base + id * RPMSG_RING_BYTES);
    const isMemory = (at: number): boolean =>
      kernel.memory.regions.some((region) => region.ram && at >= region.base && at + RPMSG_RING_BYTES <= region.base + region.size);
    // ioremap of what is no memory succeeds on a board, and the first access ends in an SError; here the queue is refused.
    if (!addresses.every(isMemory)) return ERRNO.ENOMEM;
    this.queues = requests.map(({ name, callback }, id) => {
      const address = addresses[id]!;
      kernel.memory.fill(address, 0, vringSize(NUM_DESCRIPTORS, RPMSG_VRING_ALIGN));
      return new VirtioDriverQueue({
        kernel,
        device: this.virtio.name,
        name,
        index: id,
        address,
        num: NUM_DESCRIPTORS,
        align: RPMSG_VRING_ALIGN,
        features: this.virtio.features,
        notify: () => this.notify(baseVqId + id),
        callback,
        ...(onFinding ? { onViolation: onFinding } : {}),
      });
    });
    return [...this.queues];
  }

  deleteVqs(): void {
    this.queues = [];
  }

  *interrupt(id: number): KernelCode {
    yield* this.queues[id]?.vringInterrupt() ?? nothing();
  }
}

function* nothing(): KernelCode<boolean> {
  return false;
}

/** The platform driver; `properties` reads a node, `environment` gives the rest. */
export function createImxRpmsg(
  properties: (device: PlatformDevice) => ImxRpmsgProperties,
  environment: (device: PlatformDevice) => ImxRpmsgEnvironment,
): PlatformDriver & { readonly instances: ReadonlyMap<string, ImxRpmsg> } {
  const instances = new Map<string, ImxRpmsg>();
  return {
    name: 'imx-rpmsg',
    instances,
    matches: (device): device is PlatformDevice => device.node?.compatible.some((each) => IMX_RPMSG_COMPATIBLES.includes(each)) ?? false,
    *probe(device) {
      const imx = new ImxRpmsg(environment(device), device.name, properties(device));
      const err = yield* imx.probe();
      if (err === 0) instances.set(device.name, imx);
      return err;
    },
    *remove(device) {
      const imx = instances.get(device.name);
      instances.delete(device.name);
      if (imx) yield* imx.remove();
    },
  };
}
