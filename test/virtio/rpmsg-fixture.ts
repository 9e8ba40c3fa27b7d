/**
 * A modelled Linux with its rpmsg modules and a remote that the test scripts: a transport without remoteproc, rings and buffers in
 * shared memory, doorbells that take 10 us each way.
 */
import type { KernelCode } from '../../src/linux/kernel.ts';
import { Workqueue } from '../../src/linux/kernel.ts';
import { VirtioModules } from '../../src/virtio/modules.ts';
import { RpmsgBus } from '../../src/virtio/rpmsg-core.ts';
import { encodeNsMsg, RPMSG_NS_ADDR } from '../../src/virtio/rpmsg-ns.ts';
import type { TtyReader } from '../../src/virtio/tty.ts';
import type { VirtioConfigOps, VirtioDevice } from '../../src/virtio/virtio.ts';
import { VIRTIO_ID_RPMSG } from '../../src/virtio/virtio.ts';
import { VirtioBus } from '../../src/virtio/virtio-bus.ts';
import type { DeviceBuffer } from '../../src/virtio/virtio-device-queue.ts';
import { VirtioDeviceQueue } from '../../src/virtio/virtio-device-queue.ts';
import { VirtioDriverQueue } from '../../src/virtio/virtqueue.ts';
import { vringSize } from '../../src/virtio/vring.ts';
import type { World } from './ring-fixture.ts';
import { createWorld, SHARED } from './ring-fixture.ts';

const BUFFERS = SHARED + 0x4_0000;
const DOORBELL_NS = 10_000;
const MU_WORK = 'imx_rproc';

export interface Message {
  readonly src: number;
  readonly dst: number;
  readonly data: Uint8Array;
  readonly text: string;
}

export interface RemoteOptions {
  readonly num?: number;
  readonly txNum?: number;
  readonly align?: number;
  readonly features?: number;
  /** Bytes of the buffer region. */
  readonly pool?: number;
  readonly queues?: number;
  readonly finalize?: number;
}

/** The scripted core: it answers from `onMessage`, or the test calls its methods. */
export class Remote {
  /** From the core to Linux. */
  readonly tx: VirtioDeviceQueue;
  /** From Linux to the core. */
  readonly rx: VirtioDeviceQueue;
  readonly received: Message[] = [];
  /** Called for each message; without it they pile up in `received`. */
  onMessage: ((message: Message) => void) | undefined;
  /** When false, the core does not look at its RX ring. */
  draining = true;
  private readonly interrupt: () => void;
  private readonly world: World;

  constructor(world: World, options: Required<Pick<RemoteOptions, 'num' | 'txNum' | 'align'>>, interrupt: () => void) {
    const { memory } = world;
    this.world = world;
    this.interrupt = interrupt;
    this.tx = new VirtioDeviceQueue({ memory, address: SHARED, num: options.num, align: options.align });
    this.rx = new VirtioDeviceQueue({ memory, address: SHARED + 0x1_0000, num: options.txNum, align: options.align });
  }

  /** Sends a message with whatever header the test wants; false when Linux offers no buffer. */
  sendRaw(message: { src: number; dst: number; data: Uint8Array; len?: number; used?: number }): boolean {
    const buffer = this.tx.take();
    if (!buffer) return false;
    const bytes = new Uint8Array(16 + message.data.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, message.src, true);
    view.setUint32(4, message.dst, true);
    view.setUint16(12, message.len ?? message.data.length, true);
    bytes.set(message.data, 16);
    const written = this.tx.write(buffer, bytes);
    if (this.tx.give(buffer.head, message.used ?? written)) this.interrupt();
    return true;
  }

  send(src: number, dst: number, data: string | Uint8Array): boolean {
    return this.sendRaw({ src, dst, data: typeof data === 'string' ? Uint8Array.from(data, (c) => c.charCodeAt(0)) : data });
  }

  announce(name: string, addr: number, flags = 0): boolean {
    return this.send(addr, RPMSG_NS_ADDR, encodeNsMsg(name, addr, flags));
  }

  /** Linux rang: takes what it sent and returns the buffers. */
  drain(): void {
    let wanted = false;
    for (let buffer: DeviceBuffer | undefined; this.draining; ) {
      buffer = this.rx.take();
      if (!buffer) break;
      const bytes = this.rx.read(buffer) ?? new Uint8Array(0);
      if (bytes.length < 16) {
        this.rx.give(buffer.head, 0);
        continue;
      }
      const view = new DataView(bytes.buffer);
      const data = bytes.slice(16, 16 + view.getUint16(12, true));
      const message = { src: view.getUint32(0, true), dst: view.getUint32(4, true), data, text: String.fromCharCode(...data) };
      wanted = this.rx.give(buffer.head, bytes.length) || wanted;
      this.received.push(message);
      this.onMessage?.(message);
    }
    if (wanted) this.interrupt();
  }

  /** Rings although nothing is there. */
  ring(): void {
    this.interrupt();
    this.world.settle(0.001);
  }
}

/** Everything a test touches. */
export interface Host extends World {
  readonly virtioBus: VirtioBus;
  readonly rpmsgBus: RpmsgBus;
  readonly violations: string[];
  /** Every value that Linux wrote to the status byte. */
  readonly statuses: number[];
  /** Registers a virtio device with a fresh remote, as remoteproc does when it starts the core. */
  attach(options?: RemoteOptions): { remote: Remote; vdev: VirtioDevice; queues: VirtioDriverQueue[] };
  detach(vdev: VirtioDevice): void;
}

export function createHost(): Host {
  const world = createWorld();
  return hostOf(world, new VirtioBus(world.kernel), new RpmsgBus(world.kernel), []);
}

/** A host with the modules of the product, none of them loaded. */
export function createStack(options: { reader?: TtyReader } = {}): Host & { readonly modules: VirtioModules } {
  const world = createWorld();
  const violations: string[] = [];
  const modules = new VirtioModules(world.kernel, { ...options, onFinding: (text) => violations.push(text) });
  return { ...hostOf(world, modules.virtioBus, modules.rpmsgBus, violations), modules };
}

function hostOf(world: World, virtioBus: VirtioBus, rpmsgBus: RpmsgBus, violations: string[]): Host {
  const { kernel, memory, scheduler } = world;
  const statuses: number[] = [];
  const workqueue = new Workqueue(kernel, MU_WORK);

  function attach(options: RemoteOptions = {}) {
    const { num = 8, align = 16, features = 1, pool = 0x4_0000, queues: count = 2, finalize = 0 } = options;
    const txNum = options.txNum ?? num;
    const index = virtioBus.nextIndex();
    const queues: VirtioDriverQueue[] = [];
    let status = 0;
    const work = {
      name: 'vq work',
      *code(): KernelCode {
        for (const queue of [...queues]) yield* queue.vringInterrupt();
      },
    };
    const toLinux = scheduler.timer('mu to linux', () => workqueue.queue(work));
    const remote = new Remote(world, { num, txNum, align }, () => toLinux.armIn(scheduler.cyclesFromNs(DOORBELL_NS)));
    const toCore = scheduler.timer('mu to core', () => remote.drain());
    const config: VirtioConfigOps = {
      getStatus: () => status,
      setStatus(value) {
        status = value;
        statuses.push(value);
      },
      reset() {
        status = 0;
        statuses.push(0);
      },
      getFeatures: () => features,
      finalizeFeatures: () => finalize,
      findVqs(requests) {
        if (requests.length > count) return -22;
        requests.forEach(({ name, callback }, i) => {
          const address = SHARED + 0x1_0000 * i;
          const length = i === 0 ? num : txNum;
          memory.fill(address, 0, vringSize(length, align));
          queues.push(
            new VirtioDriverQueue({
              kernel,
              device: vdev.name,
              name,
              index: i,
              address,
              num: length,
              align,
              features: vdev.features,
              callback,
              *notify() {
                toCore.armIn(scheduler.cyclesFromNs(DOORBELL_NS));
                return true;
              },
              onViolation: (text) => violations.push(text),
            }),
          );
        });
        return [...queues];
      },
      deleteVqs() {
        queues.length = 0;
      },
    };
    const vdev: VirtioDevice = {
      kernel,
      index,
      name: `virtio${index}`,
      deviceId: VIRTIO_ID_RPMSG,
      config,
      features: 0,
      allocateBuffers: (bytes) => (bytes <= pool ? BUFFERS : undefined),
      freeBuffers: () => {},
    };
    world.run(virtioBus.registerDevice(vdev), 0.01);
    return { remote, vdev, queues };
  }

  return {
    ...world,
    virtioBus,
    rpmsgBus,
    violations,
    statuses,
    attach,
    detach(vdev) {
      world.run(virtioBus.unregisterDevice(vdev), 0.01);
    },
  };
}
