/**
 * One tty of the modelled Linux (drivers/tty/tty_io.c, tty_port.c, 6.1): open, read, write, poll, ioctl, flip buffer, hangup.
 *
 * Reads and writes are system calls on the node's files, or generators for code of the kernel's own (`read`, `write`). NXP's driver does not
 * hang up when its channel goes, and then uses freed memory; here it does as rpmsg_tty.
 */
import type { Device } from '../linux/fs/device-model.ts';
import { type OpenFile, POLL, type PollState } from '../linux/fs/vfs.ts';
import type { Kernel, KernelCode, Task, Work } from '../linux/kernel.ts';
import { ERRNO, Mutex, WaitQueue, Workqueue } from '../linux/kernel.ts';
import type { Process } from '../linux/process.ts';
import type { ModuleRefs } from './driver-core.ts';
import { EchoWatch } from './echo-watch.ts';
import { NTty, type TtyReadFile } from './n-tty.ts';
import type { TtyOperations } from './n-tty-output.ts';
import { CC_INDEX, CFLAG, copyTermios, type Termios } from './termios.ts';
import type { TtyBuffer } from './tty-buffer.ts';
import { TTY_IOCTL, type TtyControl, ttyIoctl } from './tty-ioctl.ts';

/** Bytes that one step of a write passes to the line discipline (`iterate_tty_write`). */
const WRITE_CHUNK = 2048;
/** Bytes of `struct winsize`. */
const WINSIZE_SIZE = 8;
/** Modes of `c_cflag` that a driver without `set_termios` lets users change (`tty_termios_copy_hw`). */
const SOFT_CFLAGS = CFLAG.HUPCL | CFLAG.CREAD | CFLAG.CLOCAL;
const SIGTSTP = 20;

/** What a tty needs of all ttys. */
export interface TtyHost {
  /** Says something about bytes once. */
  note(text: string): void;
  /** Programs are root's. */
  readonly capSysAdmin: boolean;
}

/** Where a tty is in /sys and /dev, and who owns its operations. */
export interface TtyPlace {
  /** Number of the driver; a number of its own while the tty is there unless given. */
  readonly major?: number;
  readonly minor?: number;
  readonly parent?: Device;
  readonly refs?: ModuleRefs;
  /** Bytes of the flip buffer, as `tty_buffer_set_limit` counts them. */
  readonly flipLimit?: number;
}

/** One tty: `/dev/<name>`. */
export class TtyDevice implements TtyControl {
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
  /** TIOCEXCL. */
  exclusive = false;
  controller: Process | Task | undefined;
  readonly winsize = new Uint8Array(WINSIZE_SIZE);
  readonly devnum: number;
  readonly major: number;
  /** Its place in sysfs and /dev. */
  readonly device: Device;
  private readonly kernel: Kernel;
  private readonly ops: TtyOperations;
  private readonly echoes: EchoWatch;
  private readonly flip: TtyBuffer;
  private readonly worker: Workqueue;
  private readonly flush: Work;
  private readonly writeLock: Mutex;
  private readonly writeWait: WaitQueue;
  private readonly host: TtyHost;
  private readonly refs: ModuleRefs;
  private ldisc: NTty | undefined;
  private openCount = 0;
  /** Files of an older generation were hung up with TIOCVHANGUP, or closed. */
  private generation = 0;

  /** @internal Made by `TtyLayer.register`. */
  constructor(
    host: TtyHost,
    kernel: Kernel,
    name: string,
    ops: TtyOperations,
    termios: Readonly<Termios>,
    flip: TtyBuffer,
    place: Required<Pick<TtyPlace, 'major' | 'minor'>> & TtyPlace,
  ) {
    const { major, minor } = place;
    this.host = host;
    this.kernel = kernel;
    this.name = name;
    this.echoes = new EchoWatch(
      () => kernel.now,
      () =>
        host.note(
          `${name}: the tty echoes to the core what the core sends, as NXP's imx_rpmsg_tty leaves it, and the core sends that back, for ever; "stty -F /dev/${name} raw -echo" before the first message ends it`,
        ),
    );
    this.ops = {
      write: (data) => {
        if (this.ldisc?.echoing) this.echoes.echoed(data);
        return ops.write(data);
      },
      writeRoom: () => ops.writeRoom(),
    };
    this.termios = copyTermios(termios);
    this.flip = flip;
    this.refs = place.refs ?? { count: 0 };
    this.major = major;
    // new_encode_dev
    this.devnum = ((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0;
    this.worker = new Workqueue(kernel, `flush_to_ldisc ${name}`);
    this.flush = { name: 'flush_to_ldisc', code: () => this.flushToLdisc() };
    this.writeLock = new Mutex(`atomic_write_lock of ${name}`);
    this.writeWait = new WaitQueue(`output on ${name}`);
    this.device = {
      name,
      ...(place.parent ? { parent: place.parent } : {}),
      class: 'tty',
      node: { name, major, minor, open: (file) => this.openFile(file) },
    };
  }

  /** `tty_open`: 0, or -EIO when it is hung up. */
  *open(): KernelCode<number> {
    if (this.hungUp) return ERRNO.EIO;
    this.refs.count++;
    if (this.openCount++ === 0) {
      this.ldisc = new NTty(
        this.name,
        this.ops,
        this.termios,
        (byte, how) => {
          const hex = byte.toString(16).padStart(2, '0');
          this.host.note(`${this.name}: byte 0x${hex} from the core ${how}; "stty raw" passes every byte`);
        },
        (signal) => deliver(this.controller, signal),
      );
    }
    return 0;
  }

  /** `tty_release`: the last one drops what was not read (`tty_port_close_end`). */
  *close(): KernelCode {
    if (this.openCount === 0) return;
    this.refs.count--;
    if (--this.openCount > 0) return;
    // A kernel's read holds the file; here a close under a reader ends its sleep.
    this.generation++;
    this.wakeHungUp();
    this.ldisc = undefined;
    this.flip.clear();
    this.exclusive = false;
    this.controller = undefined;
    this.winsize.fill(0);
    this.releaseIfGone();
  }

  /** `open(2)` of the node: gives the file its operations; 0, -EBUSY after TIOCEXCL, which does not keep root out, or -EIO. */
  *openFile(file: OpenFile): KernelCode<number> {
    if (this.exclusive && this.openCount > 0 && !this.host.capSysAdmin) return ERRNO.EBUSY;
    const err = yield* this.open();
    if (err) return err;
    const tty = this;
    const { generation } = this;
    const its: TtyReadFile = {
      get nonblocking() {
        return file.nonblocking;
      },
      get hungUp() {
        return tty.hungUp || generation !== tty.generation;
      },
      now: () => this.kernel.now,
    };
    file.ops = {
      read: (_file, count) => this.readFile(its, count),
      write: (_file, data) => this.writeFile(its, data),
      poll: () => this.poll(its),
      ioctl: (_file, command, argument) => this.ioctl(its, command, argument),
      release: () => this.close(),
    };
    return 0;
  }

  /** `tcsetattr` without a struct: changes what is named. */
  setTermios(change: Readonly<Partial<Termios>>): void {
    const { icanon } = this.termios;
    Object.assign(this.termios, change, change.cc ? { cc: change.cc.slice() } : {});
    this.ldisc?.modeChanged(icanon);
  }

  /** `write(2)`: bytes written, or a negative errno; the device must be open. */
  write(data: Uint8Array): KernelCode<number> {
    return this.writeFile(this.kernelFile, data);
  }

  /** `read(2)`: sleeps until there is something; empty at an end of file or when the channel is gone. */
  *read(count: number): KernelCode<Uint8Array> {
    const data = yield* this.readFile(this.kernelFile, count);
    return typeof data === 'number' ? new Uint8Array(0) : data;
  }

  /** A blocking file for callers inside the kernel. */
  private get kernelFile(): TtyReadFile {
    const tty = this;
    return {
      nonblocking: false,
      get hungUp() {
        return tty.hungUp;
      },
      now: () => this.kernel.now,
    };
  }

  /** `file_tty_write` and `iterate_tty_write`; `hung_up_tty_write`. */
  private *writeFile(file: TtyReadFile, data: Uint8Array): KernelCode<number> {
    if (file.hungUp) return ERRNO.EIO;
    if (file.nonblocking) {
      if (!this.writeLock.tryLock()) return ERRNO.EAGAIN;
    } else if (!(yield* this.writeLock.lockInterruptible())) {
      return ERRNO.ERESTARTSYS;
    }
    let written = 0;
    let err = 0;
    while (written < data.length) {
      err = this.kernel.current?.signalPending ? ERRNO.ERESTARTSYS : !this.ldisc || file.hungUp ? ERRNO.EIO : 0;
      if (err || !this.ldisc) break;
      const count = yield* this.ldisc.write(data.subarray(written, written + WRITE_CHUNK), () => file.hungUp);
      if (count <= 0) {
        err = count;
        break;
      }
      written += count;
    }
    this.writeLock.unlock();
    this.writeWait.wakeAll();
    return written || err;
  }

  /** `tty_read`; `hung_up_tty_read`. */
  private *readFile(file: TtyReadFile, count: number): KernelCode<Uint8Array | number> {
    const { ldisc } = this;
    if (!ldisc || file.hungUp) return new Uint8Array(0);
    const data = yield* ldisc.read(file, count);
    if (this.flip.peek().length > 0) this.worker.queue(this.flush);
    return data;
  }

  /** `n_tty_poll`; `hung_up_tty_poll`. */
  private poll(file: TtyReadFile): PollState {
    const { ldisc, writeWait } = this;
    if (!ldisc || file.hungUp) return { mask: POLL.IN | POLL.OUT | POLL.ERR | POLL.HUP, queues: [] };
    const writable = !this.writeLock.locked && this.ops.writeRoom() > 0;
    return { mask: (ldisc.pollable ? POLL.IN : 0) | (writable ? POLL.OUT : 0), queues: [ldisc.readWait, writeWait] };
  }

  /** `tty_ioctl`; `hung_up_tty_ioctl`. */
  private *ioctl(file: TtyReadFile, command: number, argument: Uint8Array | number): KernelCode<number> {
    if (file.hungUp) return command === TTY_IOCTL.TIOCSPGRP ? ERRNO.ENOTTY : ERRNO.EIO;
    const { current } = this.kernel;
    const caller = { current: current?.process ?? current, capSysAdmin: this.host.capSysAdmin };
    return yield* ttyIoctl(this, caller, command, argument);
  }

  /** `tty_set_termios` for a user's struct: as the rpmsg drivers have no `set_termios`, `tty_termios_copy_hw` keeps speed and size. */
  applyTermios(wanted: Readonly<Termios>): void {
    const { cflag, ispeed, ospeed } = this.termios;
    const mixed = ((cflag & ~SOFT_CFLAGS) | (wanted.cflag & SOFT_CFLAGS)) >>> 0;
    this.setTermios({ ...wanted, cflag: mixed, ispeed, ospeed });
  }

  /** Somebody has it open. */
  get opened(): boolean {
    return this.openCount > 0;
  }

  get inputQueued(): number {
    return this.ldisc?.inputQueued ?? 0;
  }

  flushInput(): void {
    this.ldisc?.flushBuffer();
    if (this.flip.peek().length > 0) this.worker.queue(this.flush);
  }

  flushFlip(): void {
    this.flip.clear();
  }

  *sendPrioChar(which: 'start' | 'stop'): KernelCode<number> {
    const byte = this.termios.cc[CC_INDEX[which]]!;
    if (byte === 0) return 0;
    if (!(yield* this.writeLock.lockInterruptible())) return ERRNO.ERESTARTSYS;
    yield* this.ops.write(Uint8Array.of(byte));
    this.writeLock.unlock();
    this.writeWait.wakeAll();
    return 0;
  }

  *typed(byte: number): KernelCode {
    if (this.ldisc) yield* this.ldisc.receiveBuf(Uint8Array.of(byte));
  }

  vhangup(): void {
    this.generation++;
    this.controller = undefined;
    this.wakeHungUp();
  }

  /** `tty_ldisc_hangup`: what was not read is lost, and who sleeps looks again. */
  private wakeHungUp(): void {
    this.ldisc?.flushBuffer();
    this.ldisc?.readWait.wakeAll();
    this.writeWait.wakeAll();
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
    this.echoes.received(data);
    if (taken < data.length) {
      this.droppedBytes += data.length - taken;
      this.host.note(
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
    this.wakeHungUp();
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
      this.flip.consume(data.subarray(0, taken));
      if (taken < data.length) return;
    }
  }
}

/** `kill_pgrp` for the one process that is controlled; nobody can be stopped here, so SIGTSTP does nothing. */
function deliver(controller: Process | Task | undefined, signal: number): void {
  if (!controller || signal === SIGTSTP) return;
  if ('kill' in controller) controller.kill(signal);
  else controller.signal();
}
