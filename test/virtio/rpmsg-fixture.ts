/**
 * A modelled Linux with its rpmsg modules and a remote that the test scripts: a transport without remoteproc, rings and buffers in
 * shared memory, doorbells that take 10 us each way.
 */
import { DirectoryNode, type IoctlArgument, O, POLL } from '../../src/linux/fs/vfs.ts';
import type { KernelCode } from '../../src/linux/kernel.ts';
import { Workqueue } from '../../src/linux/kernel.ts';
import { Process } from '../../src/linux/process.ts';
import { VirtioModules } from '../../src/virtio/modules.ts';
import { RpmsgBus } from '../../src/virtio/rpmsg-bus.ts';
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
  /** Where rings and buffers are in shared memory, as an offset; for a second device. */
  readonly base?: number;
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

  constructor(world: World, options: Required<Pick<RemoteOptions, 'num' | 'txNum' | 'align' | 'base'>>, interrupt: () => void) {
    const { memory } = world;
    this.world = world;
    this.interrupt = interrupt;
    this.tx = new VirtioDeviceQueue({ memory, address: SHARED + options.base, num: options.num, align: options.align });
    this.rx = new VirtioDeviceQueue({ memory, address: SHARED + options.base + 0x1_0000, num: options.txNum, align: options.align });
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
    const { num = 8, align = 16, features = 1, pool = 0x4_0000, queues: count = 2, finalize = 0, base = 0 } = options;
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
    const remote = new Remote(world, { num, txNum, align, base }, () => toLinux.armIn(scheduler.cyclesFromNs(DOORBELL_NS)));
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
          const address = SHARED + base + 0x1_0000 * i;
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
      allocateBuffers: (bytes) => (bytes <= pool ? BUFFERS + base : undefined),
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

/** A process whose system calls the test makes one after the other, or leaves asleep. */
export interface User {
  readonly process: Process;
  /** Makes a call and lets `seconds` pass; its result, or undefined while it sleeps. */
  call<T>(code: KernelCode<T>, seconds?: number): T | undefined;
  /** Starts a call; the result appears in the object once it is there. */
  start<T>(code: KernelCode<T>): { readonly result: T | undefined; readonly done: boolean; signal(): void };
  open(path: string, flags?: number): number;
  read(fd: number, count?: number): string | number | undefined;
  write(fd: number, data: string | Uint8Array): number | undefined;
  ioctl(fd: number, command: number, argument?: IoctlArgument): number | undefined;
  close(fd: number): number | undefined;
  /** Text of a file, or the negative errno. */
  cat(path: string): string | number | undefined;
  /** `printf text > path`: what the write returned. */
  echo(text: string, path: string): number | undefined;
  /** Names in a directory, in order; [] where there is none. */
  ls(path: string): string[];
  poll(fd: number, events?: number): number | undefined;
}

const latin1 = (data: string | Uint8Array) => (typeof data === 'string' ? Uint8Array.from(data, (c) => c.charCodeAt(0)) : data);
const text = (data: Uint8Array | number) => (typeof data === 'number' ? data : String.fromCharCode(...data));

export function createUser({ kernel, settle }: World, name = 'test'): User {
  const process = new Process(kernel, { name });
  const start = <T>(code: KernelCode<T>, seconds = 0.001) => {
    const state: { result: T | undefined; done: boolean; signal(): void } = { result: undefined, done: false, signal: () => task.signal() };
    const task = kernel.spawn(
      name,
      (function* (): KernelCode {
        state.result = yield* code;
        state.done = true;
      })(),
    );
    task.process = process;
    settle(seconds);
    return state;
  };
  const call = <T>(code: KernelCode<T>, seconds = 0.001) => start(code, seconds).result;
  const open = (path: string, flags: number = O.RDWR) => call(process.open(path, flags)) as number;
  const read = (fd: number, count = 4096) => {
    const data = call(process.read(fd, count));
    return data === undefined ? undefined : text(data);
  };
  const write = (fd: number, data: string | Uint8Array) => call(process.write(fd, latin1(data)));
  const close = (fd: number) => call(process.close(fd));
  return {
    process,
    call,
    open,
    read,
    write,
    close,
    start: (code) => start(code),
    ioctl: (fd, command, argument = 0) => call(process.ioctl(fd, command, argument)),
    cat(path) {
      const fd = open(path, O.RDONLY);
      if (fd < 0) return fd;
      const content = read(fd);
      close(fd);
      return content;
    },
    echo(content, path) {
      const fd = open(path, O.WRONLY);
      if (fd < 0) return fd;
      const written = write(fd, content);
      close(fd);
      return written;
    },
    ls(path) {
      const node = process.stat(path);
      return node instanceof DirectoryNode ? [...node.names()].sort() : [];
    },
    poll(fd, events = POLL.IN | POLL.OUT) {
      const revents = call(process.poll([{ fd, events }], 0));
      return typeof revents === 'number' ? revents : revents?.[0];
    },
  };
}
