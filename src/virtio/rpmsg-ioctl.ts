/**
 * ioctls of /dev/rpmsg_ctrlN and /dev/rpmsgN (include/uapi/linux/rpmsg.h, 6.1) with the struct that they take.
 */
import { RPMSG_NAME_SIZE, type RpmsgChannelInfo } from './rpmsg-core.ts';

/** `struct rpmsg_endpoint_info`: `name` in 32 bytes, `src`, `dst`. */
export const RPMSG_ENDPOINT_INFO_SIZE = RPMSG_NAME_SIZE + 8;
/** `_IOW(0xb5, 1, struct rpmsg_endpoint_info)`: makes /dev/rpmsgN. */
export const RPMSG_CREATE_EPT_IOCTL = 0x4028_b501;
/** `_IO(0xb5, 2)`, on /dev/rpmsgN: ends it. */
export const RPMSG_DESTROY_EPT_IOCTL = 0x0000_b502;
/** `_IOW(0xb5, 3, struct rpmsg_endpoint_info)`: makes a channel. */
export const RPMSG_CREATE_DEV_IOCTL = 0x4028_b503;
/** `_IOW(0xb5, 4, struct rpmsg_endpoint_info)`: ends a channel. */
export const RPMSG_RELEASE_DEV_IOCTL = 0x4028_b504;
/** Minor numbers of each of the two drivers. */
export const RPMSG_DEV_MAX = 1 << 20;

/** The struct as bytes; a longer name is cut to 31. */
export function encodeEndpointInfo({ name, src, dst }: RpmsgChannelInfo): Uint8Array {
  const bytes = new Uint8Array(RPMSG_ENDPOINT_INFO_SIZE);
  bytes.set(new TextEncoder().encode(name).subarray(0, RPMSG_NAME_SIZE - 1));
  const view = new DataView(bytes.buffer);
  view.setUint32(RPMSG_NAME_SIZE, src, true);
  view.setUint32(RPMSG_NAME_SIZE + 4, dst, true);
  return bytes;
}
