/**
 * NXP's drivers/rpmsg/imx_rpmsg_pingpong.c (linux-imx 4.14 to 5.10): sends "hello world!", then 0, then each number it gets plus one,
 * until it gets one above 100.
 */
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import { int32 } from './driver-core.ts';
import type { RpmsgDevice, RpmsgDriver } from './rpmsg-core.ts';

const MSG = new TextEncoder().encode('hello world!');
/** The last number that is answered. */
const LAST = 100;

function word(value: number): Uint8Array {
  const data = new Uint8Array(4);
  new DataView(data.buffer).setUint32(0, value, true);
  return data;
}

/** The `imx_rpmsg_pingpong` driver. */
export function createImxRpmsgPingpong(kernel: Kernel): RpmsgDriver {
  function* sendto(rpdev: RpmsgDevice, data: Uint8Array, dst: number): KernelCode<number> {
    const err = yield* rpdev.ept!.sendto(data, dst);
    if (err) rpdev.dev(3, `rpmsg_send failed: ${err}`);
    return err;
  }

  return {
    name: 'imx_rpmsg_pingpong',
    idTable: ['rpmsg-openamp-demo-channel', 'rpmsg-openamp-demo-channel-1'],
    *callback(rpdev, data, src) {
      // The driver reads four bytes whatever the length; here what is missing is 0.
      const bytes = new Uint8Array(4);
      bytes.set(data.subarray(0, 4));
      const value = new DataView(bytes.buffer).getUint32(0, true);
      kernel.printk(6, `get ${int32(value)} (src: 0x${src.toString(16)})`);
      if (value > LAST) {
        rpdev.dev(6, 'goodbye!');
        return 0;
      }
      return yield* sendto(rpdev, word(value + 1), src);
    },
    *probe(rpdev) {
      rpdev.dev(6, `new channel: 0x${rpdev.src.toString(16)} -> 0x${rpdev.dst.toString(16)}!`);
      const err = yield* sendto(rpdev, MSG, rpdev.dst);
      return err || (yield* sendto(rpdev, word(0), rpdev.dst));
    },
    *remove(rpdev) {
      rpdev.dev(6, 'rpmsg pingpong driver is removed');
    },
  };
}
