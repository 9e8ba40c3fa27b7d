/**
 * Linux 6.1 drivers/remoteproc/remoteproc_sysfs.c: /sys/class/remoteproc/remoteprocN with coredump, recovery, firmware, state and name.
 */
import type { Attribute, Device } from '../linux/fs/device-model.ts';
import { ERRNO, type KernelCode } from '../linux/kernel.ts';
import type { RprocDumpMechanism } from './remoteproc.ts';
import { rprocCdev } from './remoteproc-cdev.ts';
import type { Rproc } from './remoteproc-core.ts';

const DUMP_MECHANISMS: readonly string[] = ['disabled', 'enabled', 'inline'] satisfies RprocDumpMechanism[];

/** What `sysfs_streq` compares: up to a NUL, without one newline at the end. */
export function sysfsWord(text: string): string {
  return text.split('\0', 1)[0]!.replace(/\n$/, '');
}

/** The class device `remoteprocN`, below the platform device where there is one. */
export function rprocDevice(rproc: Rproc): Device {
  const { parentDevice, index } = rproc.env;
  return {
    name: rproc.device,
    class: 'remoteproc',
    attributes: [
      attribute(
        'coredump',
        () => rproc.dumpConf,
        (text) => storeCoredump(rproc, text),
      ),
      attribute(
        'recovery',
        () => recoveryText(rproc),
        (text) => storeRecovery(rproc, sysfsWord(text)),
      ),
      attribute(
        'firmware',
        () => (rproc.state === 'attached' ? 'unknown' : rproc.firmware),
        (text) => rproc.setFirmware(text),
      ),
      attribute(
        'state',
        () => rproc.state,
        (text) => rproc.storeState(text),
      ),
      attribute('name', () => rproc.name),
    ],
    uevent: () => ['DEVTYPE=remoteproc'],
    ...(parentDevice ? { parent: parentDevice } : {}),
    ...(rproc.kernel.flavour.remoteproc.cdev ? { node: rprocCdev(rproc, index) } : {}),
  };
}

/** `show` without its newline; `store` gives 0 or a negative errno. */
function attribute(name: string, show: () => string, store?: (text: string) => KernelCode<number>): Attribute {
  return {
    name,
    *show() {
      return `${show()}\n`;
    },
    ...(store
      ? {
          *store(text: string) {
            return (yield* store(text)) || text.length;
          },
        }
      : {}),
  };
}

/** `recovery_show`. */
export function recoveryText(rproc: Rproc): 'enabled' | 'disabled' {
  return rproc.recoveryDisabled ? 'disabled' : 'enabled';
}

/** `recovery_store`, here and in debugfs: what recovering gave is not told. */
export function* storeRecovery(rproc: Rproc, word: string): KernelCode<number> {
  if (word === 'disabled') rproc.recoveryDisabled = true;
  else if (word === 'enabled' || word === 'recover') {
    if (word === 'enabled') rproc.recoveryDisabled = false;
    yield* rproc.triggerRecovery();
  } else return ERRNO.EINVAL;
  return 0;
}

function* storeCoredump(rproc: Rproc, text: string): KernelCode<number> {
  return setCoredump(rproc, sysfsWord(text));
}

/** `coredump_store`, here and in debugfs. */
export function setCoredump(rproc: Rproc, word: string): number {
  if (rproc.state === 'crashed') {
    rproc.log(3, "can't change coredump configuration");
    return ERRNO.EBUSY;
  }
  if (!DUMP_MECHANISMS.includes(word)) {
    rproc.log(3, 'Invalid coredump configuration');
    return ERRNO.EINVAL;
  }
  rproc.dumpConf = word as RprocDumpMechanism;
  return 0;
}
