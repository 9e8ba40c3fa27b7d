/**
 * The tty devices of the modelled Linux, as far as RPMsg needs them: /dev entries, open, read, write, flip buffer, hangup
 * (drivers/tty/tty_io.c, tty_port.c), and the program that shows what arrives.
 *
 * Default user of a device ("reader: raw-input"): a program opens each tty as soon as it appears, turns echo and input processing off, as
 * `stty -echo -icanon ...` would, and prints all it reads. Without that, a fresh imx_rpmsg_tty echoes what the core sends back to the
 * core, which with an echo firmware never ends. Output processing stays as the driver set it. With "cooked" nothing is changed; with
 * "none" nobody opens the device, and data stays in the flip buffer.
 */
import type { Kernel, KernelCode, Work } from '../linux/kernel.ts';
import { ERRNO, Mutex, WaitQueue, Workqueue, waitEvent } from '../linux/kernel.ts';
import { LATENCY } from '../linux/latencies.ts';
import { NTty, type TtyOperations } from './n-tty.ts';
import { RAW_INPUT, type Termios } from './termios.ts';
import { TtyBuffer } from './tty-buffer.ts';

/** Bytes that one step of a write passes to the line discipline (`iterate_tty_write`). */
const WRITE_CHUNK = 2048;
/** Bytes that the reader asks for. */
const READ_CHUNK = 4096;

/** Who opens ttys when they appear. */
export type TtyReader = 'raw-input' | 'cooked' | 'none';

/** One tty: `/dev/<name>`. */
export class TtyDevice {
  readonly name: string;
  /** Settings; they outlive a close, as the tty driver keeps them. */
  readonly termios: Termios;
  /** True from when the driver is done with its probe until the channel goes. */
  ready = false;
  /** The channel is gone: reads end, writes fail. */
  hungUp = false;
  /** Bytes from the core that the flip buffer had no room for. */
  droppedBytes = 0;
  /** Called when the channel is gone and nobody has the device open any more. */
  onRelease: (() => void) | undefined;
  private readonly ops: TtyOperations;
  private readonly flip: TtyBuffer;
  private readonly worker: Workqueue;
  private readonly flush: Work;
  private readonly writeLock: Mutex;
  private readonly note: (text: string) => void;
  private ldisc: NTty | undefined;
  private openCount = 0;

  constructor(kernel: Kernel, name: string, ops: TtyOperations, termios: Readonly<Termios>, flip: TtyBuffer, note: (text: string) => void) {
    this.name = name;
    this.ops = ops;
    this.termios = { ...termios };
    this.flip = flip;
    this.note = note;
    this.worker = new Workqueue(kernel, `flush_to_ldisc ${name}`);
    this.flush = { name: 'flush_to_ldisc', code: () => this.flushToLdisc() };
    this.writeLock = new Mutex(`atomic_write_lock of ${name}`);
  }

  /** `tty_open`: 0, or -EIO when it is hung up. */
  *open(): KernelCode<number> {
    if (this.hungUp) return ERRNO.EIO;
    if (this.openCount++ === 0) {
      this.ldisc = new NTty(this.name, this.ops, this.termios, (byte, how) => {
        this.note(`${this.name}: byte 0x${byte.toString(16).padStart(2, '0')} from the core ${how}; "stty raw" passes every byte`);
      });
    }
    return 0;
  }

  /** `tty_release`. */
  *close(): KernelCode {
    if (this.openCount === 0 || --this.openCount > 0) return;
    this.ldisc = undefined;
    this.releaseIfGone();
  }

  /** `tcsetattr`. */
  setTermios(change: Readonly<Partial<Termios>>): void {
    const { icanon } = this.termios;
    Object.assign(this.termios, change);
    this.ldisc?.modeChanged(icanon);
  }

  /** `write(2)`: bytes written, or a negative errno; the device must be open. */
  *write(data: Uint8Array): KernelCode<number> {
    yield* this.writeLock.lock();
    let written = 0;
    let err = 0;
    while (written < data.length) {
      if (!this.ldisc || this.hungUp) {
        err = ERRNO.EIO;
        break;
      }
      const chunk = data.subarray(written, written + WRITE_CHUNK);
      const count = yield* this.ldisc.write(chunk);
      if (count <= 0) {
        err = count;
        break;
      }
      written += count;
      if (count < chunk.length) break;
    }
    this.writeLock.unlock();
    return written || err;
  }

  /** `read(2)`: sleeps until there is something; empty at an end of file or when the channel is gone. */
  *read(count: number): KernelCode<Uint8Array> {
    const { ldisc } = this;
    if (!ldisc) return new Uint8Array(0);
    yield* waitEvent(ldisc.readWait, () => ldisc.readable || this.hungUp);
    const data = ldisc.readable ? ldisc.take(count) : new Uint8Array(0);
    if (this.flip.peek().length > 0) this.worker.queue(this.flush);
    return data;
  }

  /** `tty_insert_flip_string` and `tty_flip_buffer_push`: the number of bytes taken. */
  insertFlipString(data: Uint8Array): number {
    return this.received(data, this.flip.insert(data));
  }

  /** The same with `tty_prepare_flip_string`, which wants one piece of buffer. */
  prepareFlipString(data: Uint8Array): number {
    return this.received(data, this.flip.prepare(data));
  }

  private received(data: Uint8Array, taken: number): number {
    if (taken < data.length) {
      this.droppedBytes += data.length - taken;
      this.note(
        `${this.name}: the flip buffer is full and bytes from the core are lost; nothing reads the tty, and RPMsg ttys have no flow control`,
      );
    }
    this.flip.push();
    this.worker.queue(this.flush);
    return taken;
  }

  /** `tty_port_tty_hangup` and `tty_unregister_device`. */
  hangup(): void {
    this.ready = false;
    this.hungUp = true;
    this.ldisc?.readWait.wakeAll();
    this.releaseIfGone();
  }

  private releaseIfGone(): void {
    if (!this.hungUp || this.openCount > 0) return;
    this.onRelease?.();
    this.onRelease = undefined;
  }

  /** `flush_to_ldisc`: while the tty is closed, or its reader is behind, data stays in the flip buffer. */
  private *flushToLdisc(): KernelCode {
    for (let data = this.flip.peek(); data.length > 0; data = this.flip.peek()) {
      if (!this.ldisc) return;
      const taken = yield* this.ldisc.receiveBuf(data);
      this.flip.consume(taken);
      if (taken < data.length) return;
    }
  }
}

/** All ttys of one kernel. */
export class TtyLayer {
  private readonly kernel: Kernel;
  private readonly reader: TtyReader;
  private readonly flipLimit: number | undefined;
  private readonly note: (text: string) => void;
  private readonly devices = new Map<string, TtyDevice>();
  private readonly readyWait: WaitQueue;

  /** `onFinding` hears, in plain words and once each, what happened to bytes on their way to the reader. */
  constructor(kernel: Kernel, options: { reader?: TtyReader; flipLimit?: number; onFinding?: (text: string) => void } = {}) {
    this.kernel = kernel;
    this.reader = options.reader ?? 'raw-input';
    this.flipLimit = options.flipLimit;
    this.readyWait = new WaitQueue('a tty');
    const { onFinding } = options;
    const found = new Set<string>();
    this.note = (text) => {
      if (found.has(text)) return;
      found.add(text);
      onFinding?.(text);
    };
  }

  /** Names of all devices under /dev. */
  get names(): readonly string[] {
    return [...this.devices.keys()];
  }

  /** The device of that name, if it is there. */
  get(name: string): TtyDevice | undefined {
    return this.devices.get(name);
  }

  /** True when the device is there and its channel is up. */
  ready(name: string): boolean {
    return this.devices.get(name)?.ready ?? false;
  }

  /** `tty_register_device`: undefined when the name is taken (-EEXIST). */
  register(name: string, ops: TtyOperations, termios: Readonly<Termios>): TtyDevice | undefined {
    if (this.devices.has(name)) return undefined;
    const device = new TtyDevice(this.kernel, name, ops, termios, new TtyBuffer(this.flipLimit), this.note);
    this.devices.set(name, device);
    if (this.reader !== 'none') this.kernel.spawn(`reader of ${name}`, this.cat(device), 0);
    return device;
  }

  /** The driver has finished its probe. */
  markReady(device: TtyDevice): void {
    device.ready = true;
    this.readyWait.wakeAll();
  }

  /** `tty_unregister_device` with the hangup of whoever has it open. */
  unregister(device: TtyDevice): void {
    if (this.devices.get(device.name) === device) this.devices.delete(device.name);
    device.hangup();
  }

  /** Sleeps until the device is there and ready. */
  *waitReady(name: string): KernelCode<TtyDevice> {
    yield* waitEvent(this.readyWait, () => this.ready(name));
    return this.devices.get(name)!;
  }

  /** `printf text > /dev/name`, started when the device is ready: bytes written, or the negative errno of a write that failed at once. */
  *send(name: string, data: Uint8Array): KernelCode<number> {
    const device = yield* this.waitReady(name);
    yield { timeoutNs: LATENCY.user };
    const err = yield* device.open();
    if (err) return err;
    let written = 0;
    let count = 1;
    while (written < data.length && count > 0) {
      count = yield* device.write(data.subarray(written));
      if (count > 0) written += count;
    }
    yield* device.close();
    return written || Math.min(count, 0);
  }

  /** The program that shows a device: `cat /dev/name`. */
  private *cat(device: TtyDevice): KernelCode {
    if (yield* device.open()) return;
    if (this.reader === 'raw-input') device.setTermios(RAW_INPUT);
    const { events, scheduler } = this.kernel;
    while (!device.hungUp) {
      const data = yield* device.read(READ_CHUNK);
      for (const byte of data) events.emit({ type: 'console', cycle: scheduler.now, device: device.name, byte });
      // An end of file ends cat; the data behind it stays unread.
      if (data.length === 0) break;
    }
    yield* device.close();
  }
}
