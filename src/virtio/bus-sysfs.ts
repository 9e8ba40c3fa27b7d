/**
 * What a bus of the driver model shows of itself in /sys/bus/<name> (drivers/base/bus.c, 6.1): `drivers_autoprobe`, `drivers_probe`,
 * `uevent`, and the attributes of devices that the buses here share.
 */
import { ERRNO } from '../linux/errno.ts';
import type { Attribute } from '../linux/fs/device-model.ts';
import { AttributeNode, PAGE_SIZE, sysfsDirectory } from '../linux/fs/sysfs.ts';
import type { Kernel, KernelCode } from '../linux/kernel.ts';

/** State of a bus that users can change. */
export interface BusControl {
  /** Devices and drivers that are new look for each other. */
  autoprobe: boolean;
}

/** `bus_register`; `rescan` is `bus_rescan_devices_helper` for the device of that name: 0 or a negative errno. */
export function registerBus(kernel: Kernel, name: string, rescan: (device: string) => KernelCode<number>): BusControl {
  const control: BusControl = { autoprobe: true };
  const directory = kernel.vfs.directory(`/sys/bus/${name}`, sysfsDirectory);
  for (const below of ['devices', 'drivers']) kernel.vfs.directory(`/sys/bus/${name}/${below}`, sysfsDirectory);
  const attributes: Attribute[] = [
    {
      name: 'drivers_autoprobe',
      *show() {
        return `${Number(control.autoprobe)}\n`;
      },
      *store(text) {
        control.autoprobe = text[0] !== '0';
        return text.length;
      },
    },
    {
      name: 'drivers_probe',
      mode: 0o200,
      *store(text) {
        return (yield* rescan(text.replace(/\n$/, ''))) || text.length;
      },
    },
    {
      name: 'uevent',
      mode: 0o200,
      *store(text) {
        return text.length;
      },
    },
  ];
  for (const attribute of attributes) directory.add(attribute.name, new AttributeNode(attribute));
  return control;
}

/** `DEVICE_ATTR_RO` whose text is at hand. */
export function readOnly(name: string, show: () => string): Attribute {
  return {
    name,
    *show() {
      return show();
    },
  };
}

/** `driver_set_override`: the new override, undefined for none, or -EINVAL for text that would not fit the page when shown. */
export function driverSetOverride(text: string): string | undefined | number {
  if (text.length >= PAGE_SIZE - 1) return ERRNO.EINVAL;
  const override = text.split('\n', 1)[0];
  return override === '' ? undefined : override;
}
