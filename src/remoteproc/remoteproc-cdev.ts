/**
 * Linux 6.1 drivers/remoteproc/remoteproc_cdev.c: /dev/remoteprocN, by which a process starts and stops a remote processor, and may have it
 * shut down when the file is closed. The ioctls are those of include/uapi/linux/remoteproc_cdev.h.
 */
import type { DeviceNode } from '../linux/fs/device-model.ts';
import type { FileOperations } from '../linux/fs/vfs.ts';
import { ERRNO, type KernelCode } from '../linux/kernel.ts';
import type { Rproc } from './remoteproc-core.ts';

/** `_IOW(0xB7, 1, __s32)`. */
export const RPROC_SET_SHUTDOWN_ON_RELEASE = 0x4004_b701;
/** `_IOR(0xB7, 2, __s32)`. */
export const RPROC_GET_SHUTDOWN_ON_RELEASE = 0x8004_b702;

/** What `alloc_chrdev_region` gives at boot (`rproc_init_cdev`), before any module asks for one. */
export const RPROC_MAJOR = 243;
/** Bytes of the buffer for a command. */
const LONGEST = 10;

/** The node of remoteproc `minor`. */
export function rprocCdev(rproc: Rproc, minor: number): DeviceNode {
  return {
    name: rproc.device,
    major: RPROC_MAJOR,
    minor,
    *open(file) {
      file.ops = operations(rproc);
      return 0;
    },
  };
}

function operations(rproc: Rproc): FileOperations {
  return {
    *write(_file, data) {
      // rproc_cdev_write: as many bytes of the command as were written are compared.
      if (data.length === 0 || data.length > LONGEST) return ERRNO.EINVAL;
      const ret = yield* command(rproc, data);
      return ret || data.length;
    },
    *ioctl(_file, request, argument) {
      return deviceIoctl(rproc, request, argument);
    },
    *release() {
      if (!rproc.cdevPutOnRelease) return;
      if (rproc.state === 'running') yield* rproc.shutdown();
      else if (rproc.state === 'attached') yield* rproc.detach();
    },
  };
}

function* command(rproc: Rproc, data: Uint8Array): KernelCode<number> {
  if (comparesTo(data, 'start')) return yield* rproc.boot();
  if (comparesTo(data, 'stop')) return yield* rproc.shutdown();
  if (comparesTo(data, 'detach')) return yield* rproc.detach();
  rproc.log(3, 'Unrecognized option');
  return ERRNO.EINVAL;
}

/** `!strncmp(data, word, data.length)`: a beginning of the word is taken for it, a newline behind it is not. */
function comparesTo(data: Uint8Array, word: string): boolean {
  for (const [i, byte] of data.entries()) {
    if (byte !== (i < word.length ? word.charCodeAt(i) : 0)) return false;
    if (byte === 0) break;
  }
  return true;
}

/** `rproc_device_ioctl`. */
function deviceIoctl(rproc: Rproc, request: number, argument: Uint8Array | number): number {
  if (request !== RPROC_SET_SHUTDOWN_ON_RELEASE && request !== RPROC_GET_SHUTDOWN_ON_RELEASE) {
    rproc.log(3, 'Unsupported ioctl');
    return ERRNO.EINVAL;
  }
  if (typeof argument === 'number' || argument.length < 4) return ERRNO.EFAULT;
  const view = new DataView(argument.buffer, argument.byteOffset, 4);
  if (request === RPROC_SET_SHUTDOWN_ON_RELEASE) rproc.cdevPutOnRelease = view.getInt32(0, true) !== 0;
  else view.setInt32(0, Number(rproc.cdevPutOnRelease), true);
  return 0;
}
