/**
 * A program of the modelled Linux that does for one client of `--rpmsg-sock` what it asks: ioctls of /dev/rpmsg_ctrlN, one open /dev/rpmsgN, and
 * reads and writes there, so that every error is the kernel's.
 *
 * Frames are served in their order by one task; another reads messages while the client has room for them.
 */
import { DirectoryNode, O, type OpenFile, POLL } from '../../linux/fs/vfs.ts';
import { ERRNO, type Kernel, type KernelCode, type Mutex, WaitQueue, waitEvent } from '../../linux/kernel.ts';
import { Process } from '../../linux/process.ts';
import { RPMSG_CREATE_EPT_IOCTL, RPMSG_DESTROY_EPT_IOCTL, RPMSG_ENDPOINT_INFO_SIZE } from '../../virtio/rpmsg-ioctl.ts';
import type { HostPort } from './host-port.ts';
import { listChannels } from './rpmsg-channels.ts';
import {
  encodeFrame,
  errorFrame,
  FLAG,
  FRAME,
  type Frame,
  FrameReader,
  MAGIC,
  MAX_PAYLOAD,
  VERSION,
  WINDOW,
  words,
} from './rpmsg-frames.ts';

/** Bytes taken from the client at once. */
const CHUNK = 4096;
/** Virtual time between two looks for a device that is not there, in ns. */
const LOOK_NS = 1_000_000;
/** No device. */
const NONE = 0xffff_ffff;
/** Protocol error. */
const EPROTO = -71;

/** What the programs of one machine share. */
export interface RpmsgPrograms {
  readonly kernel: Kernel;
  /** Whoever makes an endpoint device looks which one it is, and nobody else makes one meanwhile. */
  readonly creating: Mutex;
}

/** Starts the program of a client; it ends with the connection. */
export function startRpmsgProgram(shared: RpmsgPrograms, port: HostPort): Process {
  const process = new Process(shared.kernel, { name: port.name });
  process.start(() => new RpmsgProgram(shared, process, port).main(), [port.name]);
  return process;
}

class RpmsgProgram {
  private readonly shared: RpmsgPrograms;
  private readonly process: Process;
  private readonly port: HostPort;
  private readonly frames = new FrameReader();
  private readonly finished = new WaitQueue('the reader of a client');
  private readonly host: number;
  /** Ends the reader. */
  private readonly finish: () => void;
  private greeted = false;
  private over = false;
  /** Descriptor of the endpoint device. */
  private endpoint: number | undefined;
  /** The device goes with the connection. */
  private own = false;
  private reading = false;
  private received = 0;

  constructor(shared: RpmsgPrograms, process: Process, port: HostPort) {
    this.shared = shared;
    this.process = process;
    this.port = port;
    const { file, finish } = port.open();
    this.host = process.install(file);
    this.finish = finish;
  }

  *main(): KernelCode<number> {
    while (!this.over) {
      const frame = yield* this.nextFrame();
      if (!frame) break;
      yield* this.serve(frame);
    }
    this.over = true;
    this.finish();
    yield* waitEvent(this.finished, () => !this.reading);
    if (this.own && this.endpoint !== undefined) yield* this.process.ioctl(this.endpoint, RPMSG_DESTROY_EPT_IOCTL);
    this.port.hangUp();
    return 0;
  }

  /** The next frame, once the client has room for its answer; undefined when there will be none. */
  private *nextFrame(): KernelCode<Frame | undefined> {
    const { process, port, host, frames } = this;
    for (;;) {
      const room = port.room > 0;
      const masks = yield* process.poll([{ fd: host, events: room ? POLL.IN : POLL.OUT }]);
      if (typeof masks === 'number') return undefined;
      const [client = 0] = masks;
      if (client & POLL.IN && room) {
        const { taken, frame, oversized } = frames.take(port.peek(CHUNK));
        port.consume(taken);
        if (oversized !== undefined) this.fail(`a frame of ${oversized} bytes; the limit is ${MAX_PAYLOAD}`);
        if (frame || oversized !== undefined) return frame;
      } else if (client & POLL.HUP) return undefined;
    }
  }

  private *serve({ type, flags, id, payload }: Frame): KernelCode {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    if (!this.greeted) {
      this.hello(type, id, view);
      return;
    }
    const wait = (flags & FLAG.WAIT) !== 0;
    const size = SIZES[type];
    if (size === undefined || (size >= 0 && payload.length !== size)) {
      this.fail(size === undefined ? `no frame of type ${type}` : `a frame of type ${type} has ${size} bytes, not ${payload.length}`, id);
      return;
    }
    switch (type) {
      case FRAME.LIST:
        this.reply(type, id, yield* listChannels(this.process));
        break;
      case FRAME.IOCTL: {
        const [result, device] = yield* this.control(view.getUint32(0, true), view.getUint32(4, true), payload.slice(8), wait);
        this.reply(type, id, words(result, device));
        break;
      }
      case FRAME.OPEN:
        this.reply(type, id, words(yield* this.open(view.getUint32(0, true), wait)));
        break;
      case FRAME.CREATE: {
        const [result, device] = yield* this.create(view.getUint32(0, true), payload.slice(4), wait);
        this.reply(type, id, words(result, device));
        break;
      }
      case FRAME.DATA:
        this.reply(FRAME.WRITTEN, id, words(yield* this.write(payload, (flags & FLAG.NONBLOCK) !== 0)));
        break;
      default: {
        const { endpoint } = this;
        this.reply(type, id, words(endpoint === undefined ? ERRNO.EBADF : yield* this.process.ioctl(endpoint, RPMSG_DESTROY_EPT_IOCTL)));
      }
    }
  }

  private hello(type: number, id: number, view: DataView): void {
    if (type !== FRAME.HELLO || view.byteLength !== HELLO_SIZE || view.getUint32(0, true) !== MAGIC) {
      this.fail('the first frame is HELLO, with IMXR and a version', id);
      return;
    }
    const version = view.getUint16(4, true);
    if (version < 1) {
      this.fail(`there is no version ${version}`, id);
      return;
    }
    this.greeted = true;
    const answer = new Uint8Array(12);
    const out = new DataView(answer.buffer);
    out.setUint32(0, MAGIC, true);
    out.setUint16(4, VERSION, true);
    out.setUint16(6, WINDOW, true);
    out.setUint16(8, MAX_PAYLOAD, true);
    this.reply(FRAME.HELLO, id, answer);
  }

  /** `ioctl` of a control device: what it gives, and the number of the endpoint device that it made. */
  private *control(
    number: number,
    command: number,
    info: Uint8Array,
    wait: boolean,
  ): KernelCode<readonly [result: number, device: number]> {
    const { process } = this;
    const path = `/dev/rpmsg_ctrl${number}`;
    if (wait) yield* this.waitFor(path);
    const fd = yield* process.open(path, O.RDWR);
    if (fd < 0) return [fd, NONE];
    const { creating } = this.shared;
    yield* creating.lock();
    const before = new Set(this.endpointDevices());
    const result = yield* process.ioctl(fd, command, info);
    const made = command === RPMSG_CREATE_EPT_IOCTL && result >= 0 ? this.endpointDevices().find((each) => !before.has(each)) : undefined;
    creating.unlock();
    yield* process.close(fd);
    return [result, made ?? NONE];
  }

  /** N of each /dev/rpmsgN. */
  private endpointDevices(): number[] {
    const node = this.process.stat('/dev');
    if (!(node instanceof DirectoryNode)) return [];
    return [...node.names()].flatMap((name) => (/^rpmsg\d+$/.test(name) ? [Number(name.slice('rpmsg'.length))] : []));
  }

  private *open(number: number, wait: boolean): KernelCode<number> {
    if (this.endpoint !== undefined) return ERRNO.EBUSY;
    const path = `/dev/rpmsg${number}`;
    if (wait) yield* this.waitFor(path);
    const fd = yield* this.process.open(path, O.RDWR);
    if (fd < 0) return fd;
    this.endpoint = fd;
    this.reading = true;
    this.shared.kernel.spawn(`reader of ${this.port.name}`, this.reader(fd)).process = this.process;
    return 0;
  }

  /** CREATE_EPT and open; a device that cannot be opened is gone again. */
  private *create(number: number, info: Uint8Array, wait: boolean): KernelCode<readonly [result: number, device: number]> {
    if (this.endpoint !== undefined) return [ERRNO.EBUSY, NONE];
    const [result, device] = yield* this.control(number, RPMSG_CREATE_EPT_IOCTL, info, wait);
    if (result < 0) return [result, NONE];
    const err = yield* this.open(device, false);
    if (err < 0) return [err, NONE];
    this.own = true;
    return [0, device];
  }

  private *write(message: Uint8Array, nonblocking: boolean): KernelCode<number> {
    const { process, endpoint, port } = this;
    if (endpoint === undefined) return ERRNO.EBADF;
    const file = process.file(endpoint);
    // Nobody waits any more for what a client that left has sent.
    if (file) setNonblocking(file, nonblocking || !port.connected);
    return yield* process.write(endpoint, message);
  }

  /** `read` after `read`. */
  private *reader(fd: number): KernelCode {
    const { process, port, host } = this;
    for (;;) {
      const room = port.room > 0;
      const masks = yield* process.poll([
        { fd, events: room ? POLL.IN : 0 },
        { fd: host, events: room ? 0 : POLL.OUT },
      ]);
      if (this.over || typeof masks === 'number') break;
      const [device = 0, client = 0] = masks;
      if (client & POLL.HUP) break;
      if (!room || (device & (POLL.IN | POLL.ERR | POLL.HUP)) === 0) continue;
      const data = yield* process.read(fd, MAX_PAYLOAD);
      if (typeof data === 'number') {
        if (data === ERRNO.EAGAIN) continue;
        this.reply(FRAME.HANGUP, 0, words(data));
        break;
      }
      this.reply(FRAME.DATA, this.received++, data);
    }
    this.reading = false;
    this.finished.wakeAll();
  }

  /** Until the device is there or the client gone. */
  private *waitFor(path: string): KernelCode {
    while (this.port.connected && typeof this.process.stat(path) === 'number') if ((yield* this.process.sleep(LOOK_NS)) < 0) return;
  }

  private reply(type: number, id: number, payload: Uint8Array): void {
    this.port.put(encodeFrame(type, id, payload), type === FRAME.WRITTEN);
  }

  /** The client broke the rules: says how, and ends the connection. */
  private fail(text: string, id = 0): void {
    this.port.put(errorFrame(EPROTO, text, id));
    this.over = true;
  }
}

const HELLO_SIZE = 8;

/** Bytes of payload of what a client may send after HELLO; -1: any number. */
const SIZES: Readonly<Record<number, number>> = {
  [FRAME.LIST]: 0,
  [FRAME.IOCTL]: 8 + RPMSG_ENDPOINT_INFO_SIZE,
  [FRAME.OPEN]: 4,
  [FRAME.CREATE]: 4 + RPMSG_ENDPOINT_INFO_SIZE,
  [FRAME.DATA]: -1,
  [FRAME.DESTROY]: 0,
};

/** `fcntl(F_SETFL)`. */
function setNonblocking(file: OpenFile, on: boolean): void {
  file.flags = on ? file.flags | O.NONBLOCK : file.flags & ~O.NONBLOCK;
}
