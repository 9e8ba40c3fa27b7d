/**
 * NXP's drivers/rpmsg/imx_rpmsg_tty.c (linux-imx 5.10 to 6.6): a channel as /dev/ttyRPMSG<address of the remote>, so ttyRPMSG30 for
 * the SDK's samples, cooked and echoing like any fresh tty.
 *
 * It greets the remote with "hello world!"; a write is sent in messages of at most 256 bytes and waits for buffers. Where the flip buffer
 * has room for a part of a message only, NXP's driver writes past it; here the rest is dropped.
 */
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import { ERRNO } from '../linux/kernel.ts';
import { int32, type ModuleRefs } from './driver-core.ts';
import type { RpmsgDevice, RpmsgDriver } from './rpmsg-core.ts';
import { TTY_STD_TERMIOS } from './termios.ts';
import type { TtyDevice, TtyLayer } from './tty.ts';

/** Largest message that a write makes, in bytes. */
const RPMSG_MAX_SIZE = 256;
const MSG = new TextEncoder().encode('hello world!');

/** `rpmsgtty_write`: `data` in messages of at most `size` bytes; bytes sent, or the negative errno of a message that failed. */
export function* sendAll(rpdev: RpmsgDevice, data: Uint8Array, size: number): KernelCode<number> {
  let at = 0;
  // Once even for no bytes: the driver's loop is do-while.
  do {
    const err = rpdev.ept ? yield* rpdev.ept.send(data.subarray(at, at + size)) : ERRNO.EINVAL;
    if (err) {
      rpdev.dev(3, `rpmsg_send failed: ${err}`);
      return err;
    }
    at += size;
  } while (at < data.length);
  return data.length;
}

/** The `imx_rpmsg_tty` driver; open ttys count in `refs`. */
export function createImxRpmsgTty(kernel: Kernel, ttys: TtyLayer, refs: ModuleRefs = { count: 0 }): RpmsgDriver {
  const ports = new Map<RpmsgDevice, TtyDevice>();

  return {
    name: 'imx_rpmsg_tty',
    idTable: ['rpmsg-virtual-tty-channel-1', 'rpmsg-virtual-tty-channel', 'rpmsg-openamp-demo-channel'],
    *callback(rpdev, data) {
      const port = ports.get(rpdev);
      if (!port || data.length === 0) return 0;
      if (port.prepareFlipString(data) > 0) return 0;
      rpdev.dev(3, 'No memory for tty_prepare_flip_string');
      return ERRNO.ENOMEM;
    },
    *probe(rpdev) {
      rpdev.dev(6, `new channel: 0x${rpdev.src.toString(16)} -> 0x${rpdev.dst.toString(16)}!`);
      const ops = {
        write: (data: Uint8Array) => sendAll(rpdev, data, RPMSG_MAX_SIZE),
        writeRoom: () => RPMSG_MAX_SIZE,
      };
      const port = ttys.register(`ttyRPMSG${int32(rpdev.dst)}`, ops, TTY_STD_TERMIOS, { refs });
      if (!port) {
        kernel.printk(3, `Couldn't install rpmsg tty driver: ret ${ERRNO.EEXIST}`);
        return ERRNO.EEXIST;
      }
      ports.set(rpdev, port);
      kernel.printk(6, 'Install rpmsg tty driver!');
      const err = yield* sendAll(rpdev, MSG, RPMSG_MAX_SIZE);
      if (err < 0) {
        ports.delete(rpdev);
        ttys.unregister(port);
        return err;
      }
      ttys.markReady(port);
      return 0;
    },
    *remove(rpdev) {
      rpdev.dev(6, 'rpmsg tty driver is removed');
      const port = ports.get(rpdev);
      if (!port) return;
      ports.delete(rpdev);
      ttys.unregister(port);
    },
  };
}
