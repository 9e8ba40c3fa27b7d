/**
 * The name service of rpmsg, drivers/rpmsg/rpmsg_ns.c (6.1): announcements at address 0x35 create and destroy channels.
 */
import type { KernelCode } from '../linux/kernel.ts';
import { ERRNO } from '../linux/kernel.ts';
import { printable } from './driver-core.ts';
import { RPMSG_ADDR_ANY, RPMSG_NAME_SIZE, type RpmsgDevice, type RpmsgDriver } from './rpmsg-core.ts';

/** Address of the name service on both sides. */
export const RPMSG_NS_ADDR = 53;
/** Bytes of `struct rpmsg_ns_msg`: name, address, flags. */
export const RPMSG_NS_MSG_SIZE = RPMSG_NAME_SIZE + 8;
/** In `flags`: the service is going away. */
export const RPMSG_NS_DESTROY = 1;

/** An announcement as bytes. */
export function encodeNsMsg(name: string, addr: number, flags: number): Uint8Array {
  const data = new Uint8Array(RPMSG_NS_MSG_SIZE);
  data.set(new TextEncoder().encode(name).subarray(0, RPMSG_NAME_SIZE));
  const view = new DataView(data.buffer);
  view.setUint32(RPMSG_NAME_SIZE, addr, true);
  view.setUint32(RPMSG_NAME_SIZE + 4, flags, true);
  return data;
}

/** `rpmsg_ns_cb`. */
function* rpmsgNsCallback(rpdev: RpmsgDevice, data: Uint8Array): KernelCode<number> {
  const { parent } = rpdev;
  const dev = (level: 3 | 6, text: string) => parent.kernel.dev(level, `${parent.driver} ${parent.name}`, text);
  if (data.length !== RPMSG_NS_MSG_SIZE) {
    dev(3, `malformed ns msg (${data.length})`);
    return ERRNO.EINVAL;
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const name = printable(data.subarray(0, RPMSG_NAME_SIZE - 1));
  const chinfo = { name, src: RPMSG_ADDR_ANY, dst: view.getUint32(RPMSG_NAME_SIZE, true) };
  const destroy = (view.getUint32(RPMSG_NAME_SIZE + 4, true) & RPMSG_NS_DESTROY) !== 0;
  dev(6, `${destroy ? 'destroy' : 'creat'}ing channel ${name} addr 0x${chinfo.dst.toString(16)}`);
  if (destroy) {
    const err = yield* rpdev.ops.releaseChannel(rpdev, chinfo);
    if (err) dev(3, `rpmsg_destroy_channel failed: ${err}`);
  } else if (!(yield* rpdev.ops.createChannel(rpdev, chinfo))) {
    dev(3, 'rpmsg_create_channel failed');
  }
  return 0;
}

/** The `rpmsg_ns` driver; it binds by override only. */
export function createRpmsgNs(): RpmsgDriver {
  return {
    name: 'rpmsg_ns',
    idTable: [],
    *probe(rpdev) {
      const ept = yield* rpdev.createEpt(rpmsgNsCallback, { name: 'name_service', src: RPMSG_NS_ADDR, dst: RPMSG_NS_ADDR });
      if (!ept) {
        rpdev.dev(3, 'failed to create the ns ept');
        return ERRNO.ENOMEM;
      }
      rpdev.ept = ept;
      return 0;
    },
  };
}
