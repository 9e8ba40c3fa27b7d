/**
 * The platform bus (drivers/base/platform.c, dd.c, core.c): devices of the device tree meet their drivers, with deferred probing.
 *
 * A probe that returns -EPROBE_DEFER is tried again after each probe that succeeds. fw_devlink: a consumer is probed after its suppliers, and
 * loses its driver before they lose theirs. Automatic device numbers (PLATFORM_DEVID_AUTO, `name.N.auto`) come from one counter for all
 * devices, lowest free number first. Not modelled: power management, asynchronous probing.
 */
import type { DeviceTreeNode } from '../devicetree/tree.ts';
import { driverSetOverride, readOnly, registerBus } from '../virtio/bus-sysfs.ts';
import { probeFailed } from '../virtio/driver-core.ts';
import type { Attribute, Device } from './fs/device-model.ts';
import { ERRNO, type Kernel, type KernelCode, Mutex, WaitQueue } from './kernel.ts';
import { LATENCY } from './latencies.ts';

/** A device; `properties` is whatever its driver expects to find in the device tree. */
export interface PlatformDevice<T = unknown> {
  /** As in /sys/bus/platform/devices: `30aa0000.mailbox`, `remoteproc-cm7`. */
  readonly name: string;
  readonly compatible: string;
  readonly properties: T;
  /** Names of devices that must have their drivers first (fw_devlink: `mboxes`). */
  readonly suppliers?: readonly string[];
  /** The bus that it is on in /sys/devices; directly below /sys/devices/platform unless given. */
  readonly parent?: PlatformDevice;
  /** Its node in the device tree. */
  readonly node?: DeviceTreeNode;
}

/** A driver: `probe` gives 0 or a negative errno; `remove` undoes it. */
export interface PlatformDriver<T = unknown> {
  readonly name: string;
  matches(device: PlatformDevice): device is PlatformDevice<T>;
  probe(device: PlatformDevice<T>): KernelCode<number>;
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

interface Entry {
  readonly device: PlatformDevice;
  readonly model: Device;
  /** The driver that it has. */
  driver: PlatformDriver | undefined;
  override: string | undefined;
  state: 'new' | 'probing' | 'failed' | 'deferred' | 'bound';
  /** `device_lock`: held while a driver probes or is removed. */
  readonly lock: Mutex;
}

/** All platform devices and drivers of one kernel. */
export class PlatformBus {
  /** Numbers of `PLATFORM_DEVID_AUTO`. */
  readonly autoIds = new Ida();
  /** Woken whenever a device got its driver, lost it or failed. */
  readonly progress = new WaitQueue('device probing');
  private readonly kernel: Kernel;
  private readonly entries = new Map<string, Entry>();
  private readonly drivers = new Map<string, PlatformDriver>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    registerBus(kernel, 'platform', (device) => this.rescan(device));
  }

  /** Adds a device of the device tree, before its driver is registered. */
  addDevice(device: PlatformDevice): void {
    const { name, node } = device;
    const parent = device.parent && this.deviceOf(device.parent.name);
    const model: Device = {
      name,
      bus: 'platform',
      ...(parent ? { parent } : {}),
      ...(node ? { ofNode: node.path } : {}),
      attributes: this.attributes(name, device),
      uevent: () => uevent(device),
    };
    this.entries.set(name, { device, model, driver: undefined, override: undefined, state: 'new', lock: new Mutex(name) });
    this.kernel.devices.add(model);
  }

  /** `platform_driver_register`: probes its devices in the order in which they were added. */
  *registerDriver(driver: PlatformDriver): KernelCode {
    if (!this.drivers.has(driver.name)) {
      this.drivers.set(driver.name, driver);
      this.kernel.devices.addDriver({
        bus: 'platform',
        name: driver.name,
        bind: (device) => this.bind(driver, device),
        unbind: (device) => this.unbind(driver, device),
      });
    }
    for (const entry of [...this.entries.values()]) {
      if (entry.state === 'new' && this.match(entry, driver)) yield* this.probe(entry, driver);
    }
  }

  /** `platform_driver_unregister`: all its devices lose it. */
  *unregisterDriver(driver: PlatformDriver): KernelCode {
    for (const entry of [...this.entries.values()]) {
      if (entry.driver === driver) yield* this.release(entry, driver);
      else if (entry.state === 'deferred' && this.match(entry, driver)) entry.state = 'new';
    }
    if (this.drivers.get(driver.name) !== driver) return;
    this.drivers.delete(driver.name);
    this.kernel.devices.removeDriver('platform', driver.name);
  }

  /** Devices whose probe waits for another one (`/sys/kernel/debug/devices_deferred`), with those that they wait for. */
  get devicesDeferred(): readonly { readonly name: string; readonly suppliers: readonly string[] }[] {
    return [...this.entries.values()]
      .filter(({ state }) => state === 'deferred')
      .map(({ device: { name, suppliers = [] } }) => ({ name, suppliers: suppliers.filter((supplier) => !this.driverOf(supplier)) }));
  }

  /** Devices that have a driver, in the order in which they were added. */
  get bound(): readonly PlatformDevice[] {
    return [...this.entries.values()].filter(({ driver }) => driver).map(({ device }) => device);
  }

  /** Driver bound to the device of that name. */
  driverOf(name: string): string | undefined {
    return this.entries.get(name)?.driver?.name;
  }

  /** The device tree node of the device of that name. */
  nodeOf(name: string): DeviceTreeNode | undefined {
    return this.entries.get(name)?.device.node;
  }

  /** The device of that name as the driver model has it. */
  deviceOf(name: string): Device | undefined {
    return this.entries.get(name)?.model;
  }

  /** `platform_match`. */
  private match({ device, override }: Entry, driver: PlatformDriver): boolean {
    return override === undefined ? driver.matches(device) : override === driver.name;
  }

  /** `__driver_probe_device` and the work on deferred devices that a success sets off: what the driver said, -EBUSY where there is one. */
  private *probe(entry: Entry, driver: PlatformDriver): KernelCode<number> {
    yield* entry.lock.lock();
    const err = entry.driver ? ERRNO.EBUSY : yield* this.reallyProbe(entry, driver);
    entry.lock.unlock();
    if (err === 0) yield* this.probeDeferred();
    return err;
  }

  /** `really_probe`. */
  private *reallyProbe(entry: Entry, driver: PlatformDriver): KernelCode<number> {
    const { device } = entry;
    const missing = device.suppliers?.some((name) => this.driverOf(name) === undefined);
    entry.state = 'probing';
    if (!missing) yield { timeoutNs: LATENCY.probe };
    // A driver that was forced on the device finds no data of its own for it.
    const matched = driver.matches(device);
    const err = missing ? ERRNO.EPROBE_DEFER : matched ? yield* driver.probe(device) : ERRNO.EINVAL;
    if (err === 0) {
      entry.state = 'bound';
      entry.driver = driver;
      this.kernel.devices.setDriver(entry.model, driver.name);
    } else if (err === ERRNO.EPROBE_DEFER) entry.state = 'deferred';
    else {
      entry.state = 'failed';
      probeFailed(this.kernel, driver.name, device.name, err);
    }
    this.progress.wakeAll();
    return err;
  }

  /** `deferred_probe_work_func`. */
  private *probeDeferred(): KernelCode {
    for (const entry of [...this.entries.values()]) {
      if (entry.state !== 'deferred') continue;
      const driver = this.driverFor(entry);
      if (driver) yield* this.probe(entry, driver);
    }
  }

  private driverFor(entry: Entry): PlatformDriver | undefined {
    return [...this.drivers.values()].find((driver) => this.match(entry, driver));
  }

  /** `device_driver_attach`, as `bind_store` calls it. */
  private *bind(driver: PlatformDriver, name: string): KernelCode<number> {
    const entry = this.entries.get(name);
    if (!entry || !this.match(entry, driver)) return ERRNO.ENODEV;
    const err = yield* this.probe(entry, driver);
    return err === ERRNO.EPROBE_DEFER ? ERRNO.EAGAIN : err;
  }

  /** `unbind_store`. */
  private *unbind(driver: PlatformDriver, name: string): KernelCode<number> {
    const entry = this.entries.get(name);
    if (entry?.driver !== driver) return ERRNO.ENODEV;
    yield* this.release(entry, driver);
    return 0;
  }

  /** `__device_release_driver`, if it has `driver`: first its consumers, which are probed again once it has a driver again. */
  private *release(entry: Entry, driver: PlatformDriver, after: Entry['state'] = 'new'): KernelCode {
    for (const other of [...this.entries.values()]) {
      if (other.driver && other.device.suppliers?.includes(entry.device.name)) yield* this.release(other, other.driver, 'deferred');
    }
    yield* entry.lock.lock();
    if (entry.driver === driver) {
      yield* driver.remove?.(entry.device) ?? nothing();
      entry.driver = undefined;
      entry.state = after;
      this.kernel.devices.setDriver(entry.model, undefined);
      this.progress.wakeAll();
    }
    entry.lock.unlock();
  }

  /** `bus_rescan_devices_helper`: 0, or -ENODEV for a name that is not there, -EINVAL when its probe failed. */
  private *rescan(name: string): KernelCode<number> {
    const entry = this.entries.get(name);
    if (!entry) return ERRNO.ENODEV;
    const driver = this.driverFor(entry);
    if (!driver || entry.driver || entry.state === 'probing') return 0;
    const err = yield* this.probe(entry, driver);
    return err === 0 || err === ERRNO.EPROBE_DEFER || err === ERRNO.ENODEV || err === ERRNO.ENXIO ? 0 : ERRNO.EINVAL;
  }

  private attributes(name: string, device: PlatformDevice): Attribute[] {
    const { entries } = this;
    return [
      readOnly('modalias', () => `${modalias(device)}\n`),
      {
        name: 'driver_override',
        *show() {
          return `${entries.get(name)?.override ?? '(null)'}\n`;
        },
        *store(text) {
          const override = driverSetOverride(text);
          if (typeof override === 'number') return override;
          const entry = entries.get(name);
          if (entry) entry.override = override;
          return text.length;
        },
      },
    ];
  }
}

function* nothing(): KernelCode {}

/** What the kernel takes of the node for names: name without unit address, path, type, compatibles. */
function ofFacts({ name, compatible, node }: PlatformDevice) {
  const baseName = name.slice(name.indexOf('.') + 1);
  if (!node) return { baseName, path: `/${baseName}`, type: undefined, compatibles: [compatible] };
  return { baseName: node.baseName, path: node.path, type: node.string('device_type'), compatibles: node.strings('compatible') };
}

/** `of_device_get_modalias`. */
function modalias(device: PlatformDevice): string {
  const { baseName, type, compatibles } = ofFacts(device);
  return `of:N${baseName}T${type ?? '(null)'}${compatibles.map((each) => `C${each.replaceAll(' ', '_')}`).join('')}`;
}

/** `of_device_uevent` and `of_device_uevent_modalias`. */
function uevent(device: PlatformDevice): string[] {
  const { baseName, path, type, compatibles } = ofFacts(device);
  return [
    `OF_NAME=${baseName}`,
    `OF_FULLNAME=${path}`,
    ...(type === undefined ? [] : [`OF_TYPE=${type}`]),
    ...compatibles.map((each, index) => `OF_COMPATIBLE_${index}=${each}`),
    `OF_COMPATIBLE_N=${compatibles.length}`,
    `MODALIAS=${modalias(device)}`,
  ];
}
