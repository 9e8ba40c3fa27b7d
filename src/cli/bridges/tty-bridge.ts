/**
 * A tty of the modelled Linux on the host: a program there that has the device open while a client is connected, and moves bytes both ways.
 *
 * It does what `socat /dev/ttyRPMSG30,raw -` does on a board: opens the device when it is there, sets it raw, and opens it again after a
 * restart of the core. While nobody is connected the device is closed: data stays in the flip buffer, and is lost above its limit.
 */

import { O, POLL } from '../../linux/fs/vfs.ts';
import { ERRNO, type Kernel, type KernelCode, WaitQueue, waitEvent } from '../../linux/kernel.ts';
import { Process } from '../../linux/process.ts';
import { decodeTermios, encodeTermios, RAW, TERMIOS2_SIZE } from '../../virtio/termios.ts';
import type { TtyLayer } from '../../virtio/tty.ts';
import { TTY_IOCTL } from '../../virtio/tty-ioctl.ts';
import type { HostPort } from './host-port.ts';

/** Most bytes of one read or write. */
const CHUNK = 4096;
/** Before a write that found no buffer is tried again, in ns. */
const RETRY_NS = 200_000;
/** Between a device that was closed, or could not be opened, and the next open, in ns. */
const REOPEN_NS = 1_000_000;

/** What the bridge of a tty is made of. */
export interface TtyBridgeOptions {
  readonly kernel: Kernel;
  readonly ttys: TtyLayer;
  /** `ttyRPMSG30`. */
  readonly device: string;
  readonly port: HostPort;
  /** The settings of the device stay as the driver made them. */
  readonly cooked?: boolean;
  /** What is read is no console output of the machine. */
  readonly silent?: boolean;
}

/** Starts the program; it runs as long as the machine. Nobody else shows the device. */
export function startTtyBridge(options: TtyBridgeOptions): Process {
  const { kernel, ttys, device } = options;
  ttys.readElsewhere.add(device);
  const process = new Process(kernel, { name: `bridge of ${device}` });
  process.start(() => serve(options, process), [process.name]);
  return process;
}

function* serve(options: TtyBridgeOptions, process: Process): KernelCode<number> {
  const { kernel, ttys, device, port, cooked } = options;
  while (!process.dying) {
    yield* waitEvent(port.changed, () => port.active);
    yield* ttys.waitReady(device);
    if (!port.active) continue;
    const fd = yield* process.open(`/dev/${device}`, O.RDWR | O.NONBLOCK);
    if (fd < 0) {
      yield* process.sleep(REOPEN_NS);
      continue;
    }
    if (!cooked) yield* setRaw(process, fd);
    const finished = new WaitQueue(`the bridge of ${device}`);
    const { file, finish } = port.open();
    const host = process.install(file);
    const session = new Session(kernel, process, options, fd, host);
    let running = 2;
    for (const [name, code] of [
      ['reader', session.reader()],
      ['writer', session.writer()],
    ] as const) {
      const life = function* (): KernelCode {
        yield* code;
        running--;
        finish();
        finished.wakeAll();
      };
      kernel.spawn(`${name} of ${device}`, life()).process = process;
    }
    yield* waitEvent(finished, () => running === 0);
    yield* process.close(host);
    yield* process.close(fd);
    yield* process.sleep(REOPEN_NS);
  }
  return 0;
}

/** `stty raw -echo`. */
function* setRaw(process: Process, fd: number): KernelCode<number> {
  const bytes = new Uint8Array(TERMIOS2_SIZE);
  const err = yield* process.ioctl(fd, TTY_IOCTL.TCGETS2, bytes);
  if (err < 0) return err;
  return yield* process.ioctl(fd, TTY_IOCTL.TCSETS2, encodeTermios({ ...decodeTermios(bytes), ...RAW }));
}

/** The device, open, until the client leaves or the device goes. */
class Session {
  private readonly kernel: Kernel;
  private readonly process: Process;
  private readonly device: string;
  private readonly port: HostPort;
  private readonly fd: number;
  private readonly host: number;
  private readonly silent: boolean;

  constructor(kernel: Kernel, process: Process, { device, port, silent = false }: TtyBridgeOptions, fd: number, host: number) {
    this.kernel = kernel;
    this.process = process;
    this.device = device;
    this.port = port;
    this.fd = fd;
    this.host = host;
    this.silent = silent;
  }

  /** From the device to the client; with a client that is behind, nothing is read. */
  *reader(): KernelCode {
    const { process, port, fd, host, device, silent } = this;
    const { events, scheduler } = this.kernel;
    for (;;) {
      const room = Math.min(CHUNK, port.room);
      const masks = yield* process.poll([
        { fd, events: room > 0 ? POLL.IN : 0 },
        { fd: host, events: room > 0 ? 0 : POLL.OUT },
      ]);
      if (typeof masks === 'number') return;
      const [tty = 0, client = 0] = masks;
      if (client & POLL.HUP) return;
      if (room > 0 && tty & POLL.IN) {
        const data = yield* process.read(fd, room);
        if (typeof data === 'number' ? data !== ERRNO.EAGAIN : data.length === 0 && tty & POLL.HUP) return;
        if (typeof data === 'number') continue;
        if (!silent) for (const byte of data) events.emit({ type: 'console', cycle: scheduler.now, device, byte });
        port.put(data);
      } else if (tty & POLL.HUP) return;
    }
  }

  /** From the client to the device. A driver without a buffer (-ENOMEM of rpmsg_tty) is asked again. */
  *writer(): KernelCode {
    const { process, port, fd, host } = this;
    for (;;) {
      const masks = yield* process.poll([
        { fd, events: 0 },
        { fd: host, events: POLL.IN },
      ]);
      if (typeof masks === 'number') return;
      const [tty = 0, client = 0] = masks;
      if ((tty | client) & POLL.HUP) return;
      if (!(client & POLL.IN)) continue;
      const count = yield* process.write(fd, port.peek(CHUNK));
      if (count > 0) port.consume(count);
      else if (count === ERRNO.ENOMEM || count === ERRNO.EAGAIN || count === 0) yield* process.sleep(RETRY_NS);
      else return;
    }
  }
}
