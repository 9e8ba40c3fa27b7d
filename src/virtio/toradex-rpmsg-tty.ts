/**
 * imx_rpmsg_tty as Toradex had it in linux-toradex 4.9 (Colibri iMX7): one channel "rpmsg-openamp-demo-channel" as /dev/ttyRPMSG.
 *
 * Against NXP's later driver: no echo, messages of up to 496 bytes, the greeting comes before the device, bytes that come while nobody has
 * it open are dropped, and of those that do not fit the flip buffer (64 KiB in that kernel) it says `RX copy to tty layer failed`. The module
 * is called imx_rpmsg_tty there, too; both cannot be loaded.
 */
import type { Kernel } from '../linux/kernel.ts';
import { ERRNO } from '../linux/kernel.ts';
import { type ModuleRefs, Ratelimit } from './driver-core.ts';
import { sendAll } from './imx-rpmsg-tty.ts';
import type { RpmsgDevice, RpmsgDriver } from './rpmsg-core.ts';
import { TTY_STD_TERMIOS } from './termios.ts';
import type { TtyDevice, TtyLayer } from './tty.ts';

/** Largest message that a write makes, in bytes. */
const RPMSG_MAX_SIZE = 496;
/** `TTYB_DEFAULT_MEM_LIMIT` of 4.9. */
const FLIP_LIMIT = 65_536;
/** `TTYAUX_MAJOR` and the driver's `minor_start`. */
const MAJOR = 5;
const MINOR = 3;
const MSG = new TextEncoder().encode('hello world!');

/** The `imx_rpmsg_tty` driver of linux-toradex 4.9; an open tty counts in `refs`. */
export function createToradexRpmsgTty(kernel: Kernel, ttys: TtyLayer, refs: ModuleRefs = { count: 0 }): RpmsgDriver {
  const failed = new Ratelimit(kernel, 'rpmsg_tty_cb');
  /** `rpmsg_tty_port`, of which there is one. */
  let port: { readonly rpdev: RpmsgDevice; readonly tty: TtyDevice } | undefined;

  return {
    name: 'imx_rpmsg_tty',
    module: 'toradex_imx_rpmsg_tty',
    idTable: ['rpmsg-openamp-demo-channel'],
    *callback(rpdev, data) {
      if (!port?.tty.opened || data.length === 0) return 0;
      if (port.tty.insertFlipString(data) !== data.length && failed.allow()) rpdev.dev(3, 'RX copy to tty layer failed');
      return 0;
    },
    *probe(rpdev) {
      rpdev.dev(6, `new channel: 0x${rpdev.src.toString(16)} -> 0x${rpdev.dst.toString(16)}!`);
      const err = yield* sendAll(rpdev, MSG, RPMSG_MAX_SIZE);
      if (err < 0) return err;
      const ops = {
        write: (data: Uint8Array) => sendAll(rpdev, data, RPMSG_MAX_SIZE),
        writeRoom: () => RPMSG_MAX_SIZE,
      };
      const place = { major: MAJOR, minor: MINOR, flipLimit: FLIP_LIMIT, refs };
      const tty = port ? undefined : ttys.register('ttyRPMSG', ops, { ...TTY_STD_TERMIOS, echo: false }, place);
      if (!tty) {
        kernel.printk(3, `Couldn't install rpmsg tty driver: err ${ERRNO.EBUSY}`);
        return ERRNO.EBUSY;
      }
      port = { rpdev, tty };
      kernel.printk(6, 'Install rpmsg tty driver!');
      ttys.markReady(tty);
      return 0;
    },
    *remove(rpdev) {
      rpdev.dev(6, 'rpmsg tty driver is removed');
      if (port?.rpdev !== rpdev) return;
      const { tty } = port;
      port = undefined;
      ttys.unregister(tty);
    },
  };
}
