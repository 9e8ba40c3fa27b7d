/**
 * drivers/tty/rpmsg_tty.c (6.1): the channel "rpmsg-tty" as /dev/ttyRPMSG0 and up, without echo, line editing and output processing.
 *
 * A write is one message of at most 496 bytes and never waits for a buffer (rpmsg_trysend).
 */
import type { Kernel } from '../linux/kernel.ts';
import { ERRNO } from '../linux/kernel.ts';
import { type ModuleRefs, Ratelimit } from './driver-core.ts';
import type { RpmsgDevice, RpmsgDriver } from './rpmsg-core.ts';
import { copyTermios, type Termios, TTY_STD_TERMIOS } from './termios.ts';
import type { TtyDevice, TtyLayer } from './tty.ts';

/** Ports at most. */
const MAX_TTY_RPMSG = 32;
const TERMIOS = { ...TTY_STD_TERMIOS, echo: false, icanon: false, opost: false, onlcr: false };

/** The driver, and what its module does around it. */
export interface RpmsgTty extends RpmsgDriver {
  readonly refs: ModuleRefs;
  /** `rpmsg_tty_init`: 0 or a negative errno. */
  init(): number;
  /** `rpmsg_tty_exit`. */
  exit(): void;
}

/** The `rpmsg_tty` driver. */
export function createRpmsgTty(kernel: Kernel, ttys: TtyLayer): RpmsgTty {
  const refs: ModuleRefs = { count: 0 };
  let major = 0;
  /** `driver->termios`: settings by number; they stay while the module does. */
  const saved = new Map<number, Termios>();
  const ports = new Map<RpmsgDevice, TtyDevice>();
  /** `tty_idr`: a number stays taken until the last user of the old device has closed it. */
  const ids = new Set<number>();
  const truncated = new Ratelimit(kernel, 'rpmsg_tty_cb');

  return {
    name: 'rpmsg_tty',
    refs,
    init() {
      major = ttys.allocMajor('ttyRPMSG', MAX_TTY_RPMSG);
      if (major < 0) kernel.printk(3, `rpmsg_tty: Couldn't install driver: ${major}`);
      return Math.min(major, 0);
    },
    exit() {
      ttys.freeMajor(major);
      saved.clear();
    },
    idTable: ['rpmsg-tty'],
    *callback(rpdev, data) {
      const port = ports.get(rpdev);
      if (!port || data.length === 0) return ERRNO.EINVAL;
      const copied = port.insertFlipString(data);
      if (copied !== data.length && truncated.allow()) rpdev.dev(3, `Trunc buffer: available space is ${copied}`);
      return 0;
    },
    *probe(rpdev) {
      let id = 0;
      while (ids.has(id)) id++;
      if (id >= MAX_TTY_RPMSG) {
        rpdev.dev(3, 'error -ENOSPC: Failed to alloc tty port');
        return ERRNO.ENOSPC;
      }
      const ops = {
        *write(data: Uint8Array) {
          const { ept } = rpdev;
          if (!ept) return ERRNO.EINVAL;
          const part = data.subarray(0, ept.mtu);
          return (yield* ept.trysend(part)) || part.length;
        },
        writeRoom: () => rpdev.ept?.mtu ?? 0,
      };
      const port = ttys.register(`ttyRPMSG${id}`, ops, saved.get(id) ?? TERMIOS, { major, minor: id, parent: rpdev.device, refs });
      if (!port) {
        rpdev.dev(3, 'error -EEXIST: Failed to register tty port');
        return ERRNO.EEXIST;
      }
      ids.add(id);
      port.onRelease = () => {
        ids.delete(id);
        saved.set(id, copyTermios(port.termios));
      };
      ports.set(rpdev, port);
      ttys.markReady(port);
      return 0;
    },
    *remove(rpdev) {
      const port = ports.get(rpdev);
      if (!port) return;
      ports.delete(rpdev);
      ttys.unregister(port);
    },
  };
}
