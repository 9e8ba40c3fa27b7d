/**
 * The virtio bus of drivers/virtio/virtio.c (6.1): numbering, matching by device id, status byte and feature negotiation; devices and
 * drivers in /sys/bus/virtio.
 *
 * Not modelled: config space changes, suspend, legacy feature tables, vendor ids (remoteproc's are all 0).
 */
import type { Device } from '../linux/fs/device-model.ts';
import { ERRNO, type Kernel, type KernelCode, Mutex } from '../linux/kernel.ts';
import { LATENCY } from '../linux/latencies.ts';
import { type BusControl, readOnly, registerBus } from './bus-sysfs.ts';
import { probeFailed } from './driver-core.ts';
import type { VirtioDevice, VirtioDriver } from './virtio.ts';
import { VIRTIO_CONFIG_S_ACKNOWLEDGE, VIRTIO_CONFIG_S_DRIVER, VIRTIO_CONFIG_S_DRIVER_OK, VIRTIO_CONFIG_S_FAILED } from './virtio.ts';

/** Bits VIRTIO_TRANSPORT_F_START (28) and up, as far as 32 bits go: kept for the transport, whatever the driver knows. */
const TRANSPORT_FEATURES = 0xf000_0000;

/** Name of the bus in sysfs. */
const VIRTIO_BUS = 'virtio';
/** Feature bits that sysfs shows. */
const FEATURE_BITS = 64;

/** `virtio_add_status`. */
function virtioAddStatus(device: VirtioDevice, status: number): void {
  device.config.setStatus(device.config.getStatus() | status);
}

/** `virtio_device_ready`: DRIVER_OK, from where on the device may use its queues. */
export function virtioDeviceReady(device: VirtioDevice): void {
  virtioAddStatus(device, VIRTIO_CONFIG_S_DRIVER_OK);
}

/** `virtio_reset_device`. */
export function virtioResetDevice(device: VirtioDevice): void {
  device.config.reset();
}

/** `virtio_has_feature`, for bits 0 to 31. */
export function virtioHasFeature(device: VirtioDevice, bit: number): boolean {
  return ((device.features >>> bit) & 1) !== 0;
}

/** What the driver core knows of a device. */
interface Binding {
  driver: VirtioDriver | undefined;
  /** `device_lock`: held while a driver probes or is removed. */
  readonly lock: Mutex;
}

/** All virtio devices and drivers of one kernel. */
export class VirtioBus {
  private readonly kernel: Kernel;
  private readonly drivers: VirtioDriver[] = [];
  private readonly devices = new Map<VirtioDevice, Binding>();
  /** `virtio_index_ida`. */
  private readonly indices = new Set<number>();

  private readonly control: BusControl;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.control = registerBus(kernel, VIRTIO_BUS, (name) => this.rescan(name));
  }

  /** Reserves the lowest free index: the N of `virtioN` for the device that is registered next. It is free again after unregistering. */
  nextIndex(): number {
    let index = 0;
    while (this.indices.has(index)) index++;
    this.indices.add(index);
    return index;
  }

  /** Driver that is bound to `device`, if any. */
  driverOf(device: VirtioDevice): VirtioDriver | undefined {
    return this.devices.get(device)?.driver;
  }

  /** `register_virtio_driver`: probes it with every device that has no driver. */
  *registerDriver(driver: VirtioDriver): KernelCode {
    this.drivers.push(driver);
    this.kernel.devices.addDriver({
      bus: VIRTIO_BUS,
      name: driver.name,
      ...(driver.module === undefined ? {} : { module: driver.module }),
      bind: (name) => this.bind(name, driver),
      unbind: (name) => this.unbind(name, driver),
    });
    if (!this.control.autoprobe) return;
    for (const [device, bound] of [...this.devices]) {
      if (!bound.driver && this.devices.has(device) && driver.ids.includes(device.deviceId)) yield* this.probe(device, driver);
    }
  }

  /** `unregister_virtio_driver`: removes it from its devices. */
  *unregisterDriver(driver: VirtioDriver): KernelCode {
    const at = this.drivers.indexOf(driver);
    if (at >= 0) this.drivers.splice(at, 1);
    for (const device of [...this.devices.keys()]) yield* this.remove(device, driver);
    this.kernel.devices.removeDriver(VIRTIO_BUS, driver.name);
  }

  /** `register_virtio_device`: resets the device, acknowledges it and probes its driver. 0, also when the probe failed. */
  *registerDevice(device: VirtioDevice): KernelCode<number> {
    this.indices.add(device.index);
    virtioResetDevice(device);
    virtioAddStatus(device, VIRTIO_CONFIG_S_ACKNOWLEDGE);
    this.devices.set(device, { driver: undefined, lock: new Mutex(device.name) });
    device.device = virtioDevice(device);
    this.kernel.devices.add(device.device);
    if (this.control.autoprobe) yield* this.attach(device);
    return 0;
  }

  /** `device_attach`. */
  private *attach(device: VirtioDevice): KernelCode {
    for (const driver of [...this.drivers]) {
      if (driver.ids.includes(device.deviceId) && (yield* this.probe(device, driver)) === 0) break;
    }
  }

  private byName(name: string): VirtioDevice | undefined {
    for (const device of this.devices.keys()) if (device.name === name) return device;
    return undefined;
  }

  /** `drivers_probe_store`. */
  private *rescan(name: string): KernelCode<number> {
    const device = this.byName(name);
    if (!device) return ERRNO.ENODEV;
    yield* this.attach(device);
    return 0;
  }

  /** `bind_store`. */
  private *bind(name: string, driver: VirtioDriver): KernelCode<number> {
    const device = this.byName(name);
    if (!device || !driver.ids.includes(device.deviceId)) return ERRNO.ENODEV;
    return yield* this.probe(device, driver);
  }

  /** `unbind_store`. */
  private *unbind(name: string, driver: VirtioDriver): KernelCode<number> {
    const device = this.byName(name);
    if (!device || this.driverOf(device) !== driver) return ERRNO.ENODEV;
    yield* this.remove(device, driver);
    return 0;
  }

  /** `unregister_virtio_device`: removes the driver and frees the index. */
  *unregisterDevice(device: VirtioDevice): KernelCode {
    yield* this.remove(device);
    this.devices.delete(device);
    if (device.device) this.kernel.devices.remove(device.device);
    device.device = undefined;
    this.indices.delete(device.index);
  }

  /** `__driver_probe_device` and `virtio_dev_probe`: 0 when the driver took the device, -EBUSY when it has one. */
  private *probe(device: VirtioDevice, driver: VirtioDriver): KernelCode<number> {
    const binding = this.devices.get(device);
    if (!binding) return ERRNO.ENODEV;
    yield* binding.lock.lock();
    let err: number = ERRNO.EBUSY;
    if (!this.devices.has(device) || !this.drivers.includes(driver)) err = ERRNO.ENODEV;
    else if (!binding.driver) {
      yield { timeoutNs: LATENCY.probe };
      // The driver is bound while it probes, so that its messages carry its name.
      binding.driver = driver;
      this.setDriver(device, driver.name);
      err = yield* this.devProbe(device, driver);
      if (err) {
        virtioAddStatus(device, VIRTIO_CONFIG_S_FAILED);
        this.setDriver(device, undefined);
        binding.driver = undefined;
        probeFailed(this.kernel, driver.name, device.name, err);
      }
    }
    binding.lock.unlock();
    return err;
  }

  private setDriver(device: VirtioDevice, driver: string | undefined): void {
    if (device.device) this.kernel.devices.setDriver(device.device, driver);
  }

  private *devProbe(device: VirtioDevice, driver: VirtioDriver): KernelCode<number> {
    const { config } = device;
    virtioAddStatus(device, VIRTIO_CONFIG_S_DRIVER);
    const offered = config.getFeatures();
    device.features = ((driver.features & offered) | (offered & TRANSPORT_FEATURES)) >>> 0;
    const err = config.finalizeFeatures(device.features);
    if (err) return err;
    // FEATURES_OK is for VIRTIO_F_VERSION_1 (bit 32), which remoteproc's 32 feature bits cannot offer.
    const probed = yield* driver.probe(device);
    if (probed) return probed;
    if (!(config.getStatus() & VIRTIO_CONFIG_S_DRIVER_OK)) virtioDeviceReady(device);
    return 0;
  }

  /** `device_release_driver` and `virtio_dev_remove`; with `driver`, only if it is that one. */
  private *remove(device: VirtioDevice, driver?: VirtioDriver): KernelCode {
    const binding = this.devices.get(device);
    if (!binding) return;
    yield* binding.lock.lock();
    const bound = binding.driver;
    if (bound && (driver === undefined || bound === driver)) {
      this.setDriver(device, undefined);
      yield* bound.remove(device);
      binding.driver = undefined;
      virtioAddStatus(device, VIRTIO_CONFIG_S_ACKNOWLEDGE);
    }
    binding.lock.unlock();
  }
}

/** `virtio_dev_groups` and `virtio_uevent`. */
function virtioDevice(device: VirtioDevice): Device {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  const modalias = `virtio:d${hex(device.deviceId, 8).toUpperCase()}v${'0'.repeat(8)}`;
  const bits = Array.from({ length: FEATURE_BITS }, (_, bit) => bit);
  return {
    name: device.name,
    ...(device.parent ? { parent: device.parent } : {}),
    bus: VIRTIO_BUS,
    attributes: [
      readOnly('device', () => `0x${hex(device.deviceId, 4)}\n`),
      readOnly('vendor', () => '0x0000\n'),
      readOnly('status', () => `0x${hex(device.config.getStatus(), 8)}\n`),
      readOnly('modalias', () => `${modalias}\n`),
      readOnly('features', () => `${bits.map((bit) => Number(bit < 32 && virtioHasFeature(device, bit))).join('')}\n`),
    ],
    uevent: () => [`MODALIAS=${modalias}`],
  };
}
