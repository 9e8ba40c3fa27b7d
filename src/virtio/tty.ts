/**
 * All ttys of the modelled Linux, as far as RPMsg needs them: which there are, and the program that shows what arrives.
 *
 * Default user of a device ("reader: raw-input"): a program opens each tty as soon as it appears, turns echo and input processing off, as
 * `stty -echo -icanon ...` would, and prints all it reads. Without that, a fresh imx_rpmsg_tty echoes what the core sends back to the
 * core, which with an echo firmware never ends. Output processing stays as the driver set it. With "cooked" nothing is changed; with
 * "none" nobody opens the device, and data stays in the flip buffer.
 */
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import { WaitQueue, waitEvent } from '../linux/kernel.ts';
import { LATENCY } from '../linux/latencies.ts';
import { CharMajors } from './char-majors.ts';
import type { TtyOperations } from './n-tty-output.ts';
import { RAW_INPUT, type Termios } from './termios.ts';
import { TtyBuffer } from './tty-buffer.ts';
import { TtyDevice, type TtyHost, type TtyPlace } from './tty-device.ts';

export type { TtyDevice, TtyPlace } from './tty-device.ts';

/** Bytes that the reader asks for. */
const READ_CHUNK = 4096;

/** Who opens ttys when they appear. */
export type TtyReader = 'raw-input' | 'cooked' | 'none';

/** How ttys are used. */
export interface TtyLayerOptions {
  readonly reader?: TtyReader;
  /** Bytes of the flip buffer, as `tty_buffer_set_limit` counts them. */
  readonly flipLimit?: number;
  readonly majors?: CharMajors;
  /** Hears, in plain words, what went wrong. */
  readonly onFinding?: (text: string) => void;
}

/** All ttys of one kernel. */
export class TtyLayer implements TtyHost {
  private readonly kernel: Kernel;
  private readonly reader: TtyReader;
  private readonly flipLimit: number | undefined;
  private readonly majors: CharMajors;
  /** Says something about the bytes of a tty once. */
  readonly note: (text: string) => void;
  /** Programs are root's; false makes TIOCEXCL mean something to them. */
  capSysAdmin = true;
  /** Names of ttys that a program of its own reads: no reader is started for them. */
  readonly readElsewhere = new Set<string>();
  private readonly devices = new Map<string, TtyDevice>();
  /** Those that have a major number for themselves. */
  private readonly ownMajors = new Set<TtyDevice>();
  private readonly ranges = new Map<number, { readonly name: string; readonly count: number }>();
  private readonly readyWait: WaitQueue;

  /** `onFinding` hears, in plain words and once each, what happened to bytes on their way to the reader. */
  constructor(kernel: Kernel, options: TtyLayerOptions = {}) {
    this.kernel = kernel;
    this.reader = options.reader ?? 'raw-input';
    this.flipLimit = options.flipLimit;
    this.majors = options.majors ?? new CharMajors();
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

  /** Registered drivers by major: the name of their devices without number, and how many there may be. */
  get drivers(): readonly { readonly name: string; readonly major: number; readonly count: number }[] {
    return [...this.ranges].map(([major, range]) => ({ major, ...range }));
  }

  /** `tty_register_driver` of `count` devices with no major number; its end is `freeMajor`. */
  allocMajor(name: string, count: number): number {
    const major = this.majors.alloc(name);
    if (major > 0) this.ranges.set(major, { name, count });
    return major;
  }

  freeMajor(major: number): void {
    this.ranges.delete(major);
    this.majors.free(major);
  }

  /** `tty_register_device`: undefined when the name is taken (-EEXIST). */
  register(name: string, ops: TtyOperations, termios: Readonly<Termios>, place: TtyPlace = {}): TtyDevice | undefined {
    if (this.devices.has(name)) return undefined;
    const major = place.major ?? this.allocMajor(name, 1);
    const where = { ...place, major, minor: place.minor ?? 0 };
    const device = new TtyDevice(this, this.kernel, name, ops, termios, new TtyBuffer(place.flipLimit ?? this.flipLimit), where);
    this.devices.set(name, device);
    if (place.major === undefined) this.ownMajors.add(device);
    this.kernel.devices.add(device.device);
    if (this.reader !== 'none' && !this.readElsewhere.has(name)) this.kernel.spawn(`reader of ${name}`, this.cat(device), 0);
    return device;
  }

  /** The driver has finished its probe. */
  markReady(device: TtyDevice): void {
    device.ready = true;
    this.readyWait.wakeAll();
  }

  /** `tty_unregister_device` with the hangup of whoever has it open. */
  unregister(device: TtyDevice): void {
    if (this.devices.get(device.name) === device) {
      this.devices.delete(device.name);
      this.kernel.devices.remove(device.device);
    }
    if (this.ownMajors.delete(device)) this.freeMajor(device.major);
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
