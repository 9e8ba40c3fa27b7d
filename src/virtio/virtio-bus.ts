/**
 * The virtio bus of drivers/virtio/virtio.c (6.1): numbering, matching by device id, status byte and feature negotiation.
 *
 * Not modelled: config space changes, suspend, legacy feature tables, vendor ids (remoteproc's are all 0).
 */
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import { LATENCY } from '../linux/latencies.ts';
import { probeFailed } from './driver-core.ts';
import type { VirtioDevice, VirtioDriver } from './virtio.ts';
import { VIRTIO_CONFIG_S_ACKNOWLEDGE, VIRTIO_CONFIG_S_DRIVER, VIRTIO_CONFIG_S_DRIVER_OK, VIRTIO_CONFIG_S_FAILED } from './virtio.ts';

/** Bits VIRTIO_TRANSPORT_F_START (28) and up, as far as 32 bits go: kept for the transport, whatever the driver knows. */
const TRANSPORT_FEATURES = 0xf000_0000;

/** `virtio_add_status`. */
export function virtioAddStatus(device: VirtioDevice, status: number): void {
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

/** All virtio devices and drivers of one kernel. */
export class VirtioBus {
  private readonly kernel: Kernel;
  private readonly drivers: VirtioDriver[] = [];
  private readonly devices = new Map<VirtioDevice, VirtioDriver | undefined>();
  /** `virtio_index_ida`. */
  private readonly indices = new Set<number>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
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
    return this.devices.get(device);
  }

  /** `register_virtio_driver`: probes it with every device that has no driver. */
  *registerDriver(driver: VirtioDriver): KernelCode {
    this.drivers.push(driver);
    for (const [device, bound] of [...this.devices]) {
      if (!bound && this.devices.has(device) && driver.ids.includes(device.deviceId)) yield* this.probe(device, driver);
    }
  }

  /** `unregister_virtio_driver`: removes it from its devices. */
  *unregisterDriver(driver: VirtioDriver): KernelCode {
    const at = this.drivers.indexOf(driver);
    if (at >= 0) this.drivers.splice(at, 1);
    for (const [device, bound] of [...this.devices]) {
      if (bound === driver) yield* this.remove(device, driver);
    }
  }

  /** `register_virtio_device`: resets the device, acknowledges it and probes its driver. 0, also when the probe failed. */
  *registerDevice(device: VirtioDevice): KernelCode<number> {
    this.indices.add(device.index);
    virtioResetDevice(device);
    virtioAddStatus(device, VIRTIO_CONFIG_S_ACKNOWLEDGE);
    this.devices.set(device, undefined);
    for (const driver of [...this.drivers]) {
      if (driver.ids.includes(device.deviceId) && (yield* this.probe(device, driver))) break;
    }
    return 0;
  }

  /** `unregister_virtio_device`: removes the driver and frees the index. */
  *unregisterDevice(device: VirtioDevice): KernelCode {
    const driver = this.devices.get(device);
    if (driver) yield* this.remove(device, driver);
    this.devices.delete(device);
    this.indices.delete(device.index);
  }

  /** `virtio_dev_probe`; true when the driver took the device. */
  private *probe(device: VirtioDevice, driver: VirtioDriver): KernelCode<boolean> {
    yield { timeoutNs: LATENCY.probe };
    // The driver is bound while it probes, so that its messages carry its name.
    this.devices.set(device, driver);
    const err = yield* this.devProbe(device, driver);
    if (err === 0) return true;
    virtioAddStatus(device, VIRTIO_CONFIG_S_FAILED);
    if (this.devices.has(device)) this.devices.set(device, undefined);
    probeFailed(this.kernel, driver.name, device.name, err);
    return false;
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

  /** `virtio_dev_remove`. */
  private *remove(device: VirtioDevice, driver: VirtioDriver): KernelCode {
    yield* driver.remove(device);
    if (this.devices.has(device)) this.devices.set(device, undefined);
    virtioAddStatus(device, VIRTIO_CONFIG_S_ACKNOWLEDGE);
  }
}
