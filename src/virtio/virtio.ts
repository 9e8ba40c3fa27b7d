/**
 * The virtio core as drivers/virtio/virtio.c has it: devices, drivers, status byte and feature negotiation.
 *
 * A transport (remoteproc-virtio) implements `VirtioConfigOps`; a driver (virtio_rpmsg_bus) gets virtqueues through it.
 */
import type { Device } from '../linux/fs/device-model.ts';
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import type { VirtioDriverQueue } from './virtqueue.ts';

/** Device status bits (VIRTIO_CONFIG_S_*). */
export const VIRTIO_CONFIG_S_ACKNOWLEDGE = 1;
export const VIRTIO_CONFIG_S_DRIVER = 2;
export const VIRTIO_CONFIG_S_DRIVER_OK = 4;
export const VIRTIO_CONFIG_S_FAILED = 0x80;
/** Device id of rpmsg. */
export const VIRTIO_ID_RPMSG = 7;

/** What a transport does for a virtio device (`struct virtio_config_ops`). */
export interface VirtioConfigOps {
  getStatus(): number;
  setStatus(status: number): void;
  reset(): void;
  /** Feature bits 0..31 that the device offers. */
  getFeatures(): number;
  /** Tells the device what the driver took; 0 or a negative errno. */
  finalizeFeatures(features: number): number;
  /** Creates the queues in order; a negative errno when the device has too few or their memory is unusable. */
  findVqs(requests: readonly { name: string; callback: (queue: VirtioDriverQueue) => KernelCode }[]): VirtioDriverQueue[] | number;
  deleteVqs(): void;
}

/** `struct virtio_device`. `name` is `virtio0` and so on, unique in the kernel. */
export interface VirtioDevice {
  readonly kernel: Kernel;
  readonly index: number;
  readonly name: string;
  readonly deviceId: number;
  readonly config: VirtioConfigOps;
  /** Features after negotiation. */
  features: number;
  /** The device that the transport is (`rproc-virtio.0.auto`), below which this one is in sysfs. */
  readonly parent?: Device | undefined;
  /** Its place in sysfs, while it is registered; set by the bus. */
  device?: Device | undefined;
  /** `dma_alloc_coherent` from the device's pool (vdev0buffer): system address, or undefined when it does not fit. */
  allocateBuffers(bytes: number): number | undefined;
  freeBuffers(address: number): void;
}

/** `struct virtio_driver`. */
export interface VirtioDriver {
  readonly name: string;
  /** Its kernel module, where that has another name. */
  readonly module?: string;
  readonly ids: readonly number[];
  /** Feature bits it understands. */
  readonly features: number;
  /** 0 or a negative errno. */
  probe(device: VirtioDevice): KernelCode<number>;
  remove(device: VirtioDevice): KernelCode;
}
