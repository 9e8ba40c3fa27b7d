/**
 * The platform bus (drivers/base/platform.c, dd.c): devices of the device tree meet their drivers, with deferred probing, and part again
 * (bind and unbind in sysfs, driver_override).
 *
 * A probe that returns -EPROBE_DEFER is tried again after each probe that succeeds. Automatic device numbers (PLATFORM_DEVID_AUTO,
 * `name.N.auto`) come from one counter for all devices, lowest free number first.
 */
import { probeFailed } from '../virtio/driver-core.ts';
import type { Device } from './fs/device-model.ts';
import { ERRNO, type Kernel, type KernelCode, WaitQueue } from './kernel.ts';
import { LATENCY } from './latencies.ts';

/** A device; `properties` is whatever its driver expects to find in the device tree. */
export interface PlatformDevice<T = unknown> {
  /** As in /sys/bus/platform/devices: `30aa0000.mailbox`, `remoteproc-cm7`. */
  readonly name: string;
  readonly compatible: string;
  readonly properties: T;
  /** Names of devices that must have their drivers first (fw_devlink: `mboxes`). */
  readonly suppliers?: readonly string[];
  /** Full name of the device tree node, for `uevent`. */
  readonly ofFullName?: string;
}

/** A driver: `probe` gives 0 or a negative errno. */
export interface PlatformDriver<T = unknown> {
  readonly name: string;
  matches(device: PlatformDevice): device is PlatformDevice<T>;
  probe(device: PlatformDevice<T>): KernelCode<number>;
  /** Undoes a probe; absent for a driver that cannot be unbound (`suppress_bind_attrs`). */
  remove?(device: PlatformDevice<T>): KernelCode;
}

/** Lowest-free-number allocator (`struct ida`). */
export class Ida {
  private readonly used = new Set<number>();

  alloc(): number {
    let id = 0;
    while (this.used.has(id)) id++;
    this.used.add(id);
    return id;
  }

  free(id: number): void {
    this.used.delete(id);
  }
}

/** All platform devices and drivers of one kernel. */
export class PlatformBus {
  /** Numbers of `PLATFORM_DEVID_AUTO`. */
  readonly autoIds = new Ida();
  /** Woken whenever a device got its driver or failed. */
  readonly progress = new WaitQueue('device probing');
  private readonly kernel: Kernel;
  private readonly devices: PlatformDevice[] = [];
  private readonly drivers: PlatformDriver[] = [];
  private readonly bound = new Map<PlatformDevice, PlatformDriver>();
  private readonly failed = new Set<PlatformDevice>();
  private readonly deferred = new Map<PlatformDevice, PlatformDriver>();
  private readonly models = new Map<PlatformDevice, Device>();
  private readonly overrides = new Map<PlatformDevice, string>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Adds a device of the device tree, before its driver is registered. */
  addDevice(device: PlatformDevice): void {
    this.devices.push(device);
    const model = this.model(device);
    this.models.set(device, model);
    this.kernel.devices.add(model);
  }

  /** The device in /sys/devices/platform, for what its driver hangs below it. */
  deviceOf(name: string): Device | undefined {
    for (const [device, model] of this.models) if (device.name === name) return model;
    return undefined;
  }

  /** `platform_driver_register`: probes its devices in the order in which they were added. */
  *registerDriver(driver: PlatformDriver): KernelCode {
    this.drivers.push(driver);
    this.kernel.devices.addDriver({
      bus: 'platform',
      name: driver.name,
      bind: (name) => this.bind(driver, name),
      unbind: (name) => this.unbind(driver, name),
    });
    for (const device of [...this.devices]) {
      if (!this.bound.has(device) && !this.failed.has(device) && this.matches(driver, device)) yield* this.probe(device, driver);
    }
  }

  /** Devices whose probe waits for another one (`/sys/kernel/debug/devices_deferred`), with those that they wait for. */
  get devicesDeferred(): readonly { readonly name: string; readonly suppliers: readonly string[] }[] {
    return [...this.deferred.keys()].map(({ name, suppliers = [] }) => ({
      name,
      suppliers: suppliers.filter((supplier) => this.driverOf(supplier) === undefined),
    }));
  }

  /** Driver bound to the device of that name. */
  driverOf(name: string): string | undefined {
    for (const [device, driver] of this.bound) if (device.name === name) return driver.name;
    return undefined;
  }

  /** `platform_match`. */
  private matches(driver: PlatformDriver, device: PlatformDevice): boolean {
    const override = this.overrides.get(device);
    return override === undefined ? driver.matches(device) : override === driver.name;
  }

  /** `bind_store`: -ENODEV for a device that does not match, -EBUSY for one that has a driver, or what the probe gives. */
  private *bind(driver: PlatformDriver, name: string): KernelCode<number> {
    const device = this.devices.find((candidate) => candidate.name === name);
    if (!device || !this.matches(driver, device)) return ERRNO.ENODEV;
    if (this.bound.has(device)) return ERRNO.EBUSY;
    const err = yield* this.probe(device, driver);
    return err === ERRNO.EPROBE_DEFER ? ERRNO.EAGAIN : err;
  }

  /** `unbind_store`: 0, or -ENODEV for a device that the driver does not have. */
  private *unbind(driver: PlatformDriver, name: string): KernelCode<number> {
    const device = this.devices.find((candidate) => candidate.name === name);
    if (!device || this.bound.get(device) !== driver) return ERRNO.ENODEV;
    yield* this.release(device, driver);
    return 0;
  }

  /** `device_release_driver_internal`: those that depend on the device lose their drivers first, and wait for it to come back. */
  private *release(device: PlatformDevice, driver: PlatformDriver): KernelCode {
    for (const [consumer, its] of [...this.bound]) {
      if (!consumer.suppliers?.includes(device.name)) continue;
      yield* this.release(consumer, its);
      this.deferred.set(consumer, its);
    }
    this.bound.delete(device);
    if (driver.remove) yield* driver.remove(device);
    const model = this.models.get(device);
    if (model) this.kernel.devices.setDriver(model, undefined);
    this.progress.wakeAll();
  }

  /** `really_probe` and the work on deferred devices that a success sets off. */
  private *probe(device: PlatformDevice, driver: PlatformDriver): KernelCode<number> {
    const missing = device.suppliers?.some((name) => this.driverOf(name) === undefined);
    if (!missing) yield { timeoutNs: LATENCY.probe };
    // A driver that was forced on the device finds no data of its own for it.
    const matched = driver.matches(device);
    const err = missing ? ERRNO.EPROBE_DEFER : matched ? yield* driver.probe(device) : ERRNO.EINVAL;
    this.deferred.delete(device);
    this.failed.delete(device);
    if (err === 0) this.attached(device, driver);
    else if (err === ERRNO.EPROBE_DEFER) this.deferred.set(device, driver);
    else {
      this.failed.add(device);
      probeFailed(this.kernel, driver.name, device.name, err);
    }
    this.progress.wakeAll();
    if (err !== 0) return err;
    for (const [waiting, its] of [...this.deferred]) {
      if (this.deferred.has(waiting)) yield* this.probe(waiting, its);
    }
    return 0;
  }

  private attached(device: PlatformDevice, driver: PlatformDriver): void {
    this.bound.set(device, driver);
    const model = this.models.get(device);
    if (model) this.kernel.devices.setDriver(model, driver.name);
  }

  /** `platform_dev_attrs` and `platform_uevent` of a device that the device tree describes. */
  private model(device: PlatformDevice): Device {
    const { name, compatible, ofFullName } = device;
    const node = name.slice(name.indexOf('.') + 1);
    const modalias = `of:N${node}T(null)C${compatible}`;
    const { overrides } = this;
    return {
      name,
      bus: 'platform',
      attributes: [
        {
          name: 'driver_override',
          *show() {
            return `${overrides.get(device) ?? '(null)'}\n`;
          },
          // driver_set_override: an empty line takes it away.
          *store(text) {
            const override = text.split('\n', 1)[0]!;
            if (override === '') overrides.delete(device);
            else overrides.set(device, override);
            return text.length;
          },
        },
        {
          name: 'modalias',
          *show() {
            return `${modalias}\n`;
          },
        },
      ],
      uevent: () => [
        `OF_NAME=${node}`,
        `OF_FULLNAME=${ofFullName ?? `/${node}`}`,
        `OF_COMPATIBLE_0=${compatible}`,
        'OF_COMPATIBLE_N=1',
        `MODALIAS=${modalias}`,
      ],
    };
  }
}
