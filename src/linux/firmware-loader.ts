/**
 * `request_firmware` (drivers/base/firmware_loader/main.c of 6.1) over the files in /lib/firmware.
 */
import type { FirmwareImage } from '../remoteproc/remoteproc-elf-loader.ts';
import { ERRNO, type Kernel, type KernelCode, sleep } from './kernel.ts';
import { LATENCY } from './latencies.ts';

/** /lib/firmware. */
export class FirmwareLoader {
  readonly files = new Map<string, Uint8Array>();
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** The file, or -ENOENT (-EINVAL when it is empty) after the loader's own message for `device`. */
  *request(name: string, device: string): KernelCode<FirmwareImage | number> {
    yield* sleep(LATENCY.firmware);
    const data = this.files.get(name);
    if (data && data.length > 0) return { name, data };
    const err = data ? ERRNO.EINVAL : ERRNO.ENOENT;
    this.kernel.dev(4, device, `Direct firmware load for ${name} failed with error ${err}`);
    return err;
  }
}
