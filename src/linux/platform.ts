/**
 * The platform bus (drivers/base/platform.c, dd.c): devices of the device tree meet their drivers, with deferred probing.
 *
 * A probe that returns -EPROBE_DEFER is tried again after each probe that succeeds. Automatic device numbers (PLATFORM_DEVID_AUTO,
 * `name.N.auto`) come from one counter for all devices, lowest free number first.
 */
import { probeFailed } from '../virtio/driver-core.ts';
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
}

/** A driver: `probe` gives 0 or a negative errno. */
export interface PlatformDriver<T = unknown> {
  readonly name: string;
  matches(device: PlatformDevice): device is PlatformDevice<T>;
  probe(device: PlatformDevice<T>): KernelCode<number>;
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

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Adds a device of the device tree, before its driver is registered. */
  addDevice(device: PlatformDevice): void {
    this.devices.push(device);
  }

  /** `platform_driver_register`: probes its devices in the order in which they were added. */
  *registerDriver(driver: PlatformDriver): KernelCode {
    this.drivers.push(driver);
    for (const device of [...this.devices]) {
      if (!this.bound.has(device) && !this.failed.has(device) && driver.matches(device)) yield* this.probe(device, driver);
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

  /** `really_probe` and the work on deferred devices that a success sets off. */
  private *probe(device: PlatformDevice, driver: PlatformDriver): KernelCode {
    const missing = device.suppliers?.some((name) => this.driverOf(name) === undefined);
    if (!missing) yield { timeoutNs: LATENCY.probe };
    const err = missing ? ERRNO.EPROBE_DEFER : yield* driver.probe(device);
    this.deferred.delete(device);
    if (err === 0) this.bound.set(device, driver);
    else if (err === ERRNO.EPROBE_DEFER) this.deferred.set(device, driver);
    else {
      this.failed.add(device);
      probeFailed(this.kernel, driver.name, device.name, err);
    }
    this.progress.wakeAll();
    if (err !== 0) return;
    for (const [waiting, its] of [...this.deferred]) {
      if (this.deferred.has(waiting)) yield* this.probe(waiting, its);
    }
  }
}
