/**
 * What the rpmsg bus of drivers/rpmsg/rpmsg_core.c (6.1) is made of: channels as devices, drivers, endpoints.
 *
 * A backend (virtio-rpmsg-bus) supplies the operations. Who is bound to whom is in `rpmsg-bus.ts`. Not modelled: device-tree matching, power domains.
 */
import type { KernLevel } from '../events.ts';
import type { Attribute, Device } from '../linux/fs/device-model.ts';
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import { Mutex } from '../linux/kernel.ts';
import { driverSetOverride, readOnly } from './bus-sysfs.ts';
import { int32 } from './driver-core.ts';

/** "Any address": the address is not known yet, or any will do. */
export const RPMSG_ADDR_ANY = 0xffff_ffff;
/** Bytes of a service name, its final NUL included. */
export const RPMSG_NAME_SIZE = 32;
/** Name of the bus in sysfs. */
export const RPMSG_BUS = 'rpmsg';

/** `struct rpmsg_channel_info`. */
export interface RpmsgChannelInfo {
  readonly name: string;
  readonly src: number;
  readonly dst: number;
}

/** `rpmsg_rx_cb_t`; the result is ignored, as in the kernel. */
export type RpmsgRxCallback = (rpdev: RpmsgDevice, data: Uint8Array, src: number) => KernelCode<number>;

/** `struct rpmsg_endpoint_ops`, with the six sends of the kernel as one. */
export interface RpmsgEndpointOps {
  destroyEpt(ept: RpmsgEndpoint): KernelCode;
  /** 0 or a negative errno; `wait` sleeps for a buffer, else -ENOMEM. */
  sendOffchannel(ept: RpmsgEndpoint, src: number, dst: number, data: Uint8Array, wait: boolean): KernelCode<number>;
  getMtu(ept: RpmsgEndpoint): number;
}

/** `struct rpmsg_device_ops`. */
export interface RpmsgDeviceOps {
  createChannel(rpdev: RpmsgDevice, chinfo: RpmsgChannelInfo): KernelCode<RpmsgDevice | undefined>;
  releaseChannel(rpdev: RpmsgDevice, chinfo: RpmsgChannelInfo): KernelCode<number>;
  createEpt(rpdev: RpmsgDevice, cb: RpmsgRxCallback, chinfo: RpmsgChannelInfo): KernelCode<RpmsgEndpoint | undefined>;
  announceCreate(rpdev: RpmsgDevice): KernelCode<number>;
  announceDestroy(rpdev: RpmsgDevice): KernelCode<number>;
}

/** `struct rpmsg_endpoint`: a local address and who listens there. */
export class RpmsgEndpoint {
  readonly rpdev: RpmsgDevice;
  readonly addr: number;
  /** Held while the callback runs, so that nobody destroys the endpoint under it. */
  readonly cbLock: Mutex;
  cb: RpmsgRxCallback | undefined;
  private readonly ops: RpmsgEndpointOps;

  constructor(rpdev: RpmsgDevice, addr: number, cb: RpmsgRxCallback, ops: RpmsgEndpointOps) {
    this.rpdev = rpdev;
    this.addr = addr;
    this.cb = cb;
    this.ops = ops;
    this.cbLock = new Mutex(`cb_lock of endpoint 0x${addr.toString(16)}`);
  }

  /** `rpmsg_send`: to the channel's destination; sleeps up to 15 s for a buffer. */
  send(data: Uint8Array): KernelCode<number> {
    return this.ops.sendOffchannel(this, this.addr, this.rpdev.dst, data, true);
  }

  /** `rpmsg_sendto`. */
  sendto(data: Uint8Array, dst: number): KernelCode<number> {
    return this.ops.sendOffchannel(this, this.addr, dst, data, true);
  }

  /** `rpmsg_trysend`: -ENOMEM when no buffer is free. */
  trysend(data: Uint8Array): KernelCode<number> {
    return this.ops.sendOffchannel(this, this.addr, this.rpdev.dst, data, false);
  }

  /** `rpmsg_trysendto`. */
  trysendto(data: Uint8Array, dst: number): KernelCode<number> {
    return this.ops.sendOffchannel(this, this.addr, dst, data, false);
  }

  /** `rpmsg_get_mtu`: the largest payload in bytes. */
  get mtu(): number {
    return this.ops.getMtu(this);
  }

  /** `rpmsg_destroy_ept`: waits for a callback that is running. */
  destroy(): KernelCode {
    return this.ops.destroyEpt(this);
  }
}

/** `struct rpmsg_driver`. */
export interface RpmsgDriver {
  readonly name: string;
  /** Its kernel module, where that has another name. */
  readonly module?: string;
  /** Service names that it binds to. */
  readonly idTable: readonly string[];
  /** With a callback, the bus creates the channel's endpoint before `probe`. */
  readonly callback?: RpmsgRxCallback;
  /** 0 or a negative errno. */
  probe(rpdev: RpmsgDevice): KernelCode<number>;
  remove?(rpdev: RpmsgDevice): KernelCode;
}

/** The device that channels hang on, `virtio0`, with the name of its driver for messages. */
export interface RpmsgParent {
  readonly kernel: Kernel;
  readonly name: string;
  readonly driver: string;
  /** Its place in sysfs. */
  readonly device?: Device | undefined;
}

/** `struct rpmsg_device`: a channel. */
export class RpmsgDevice {
  readonly parent: RpmsgParent;
  /** Service name, `id.name`. */
  readonly id: string;
  readonly ops: RpmsgDeviceOps;
  /** Tells the remote's name service about this channel. */
  readonly announce: boolean;
  /** Forces the match with the driver of this name; users may change it (`driver_override`). */
  driverOverride: string | undefined;
  /** Its place in sysfs. */
  readonly device: Device;
  /** `dev_name`: `virtio0.rpmsg-client-sample.-1.1024`; it keeps the addresses that the channel was created with. */
  readonly name: string;
  /** Held while a driver probes or is removed (`device_lock`). */
  readonly lock: Mutex;
  src: number;
  readonly dst: number;
  ept: RpmsgEndpoint | undefined;
  driver: RpmsgDriver | undefined;
  /** Unregistered; never probed again. */
  gone = false;

  constructor(
    parent: RpmsgParent,
    chinfo: RpmsgChannelInfo,
    ops: RpmsgDeviceOps,
    options: { announce?: boolean; driverOverride?: string } = {},
  ) {
    this.parent = parent;
    this.id = options.driverOverride ?? chinfo.name;
    this.src = chinfo.src;
    this.dst = chinfo.dst;
    this.ops = ops;
    this.announce = options.announce ?? false;
    this.driverOverride = options.driverOverride;
    // kobject_set_name: a slash would make a directory.
    this.name = `${parent.name}.${this.id}.${int32(chinfo.src)}.${int32(chinfo.dst)}`.replaceAll('/', '!');
    this.lock = new Mutex(this.name);
    this.device = {
      name: this.name,
      ...(parent.device ? { parent: parent.device } : {}),
      bus: RPMSG_BUS,
      attributes: this.attributes(),
      uevent: () => [`MODALIAS=rpmsg:${this.id}`],
    };
  }

  /** `rpmsg_dev_attrs`. */
  private attributes(): readonly Attribute[] {
    const rpdev = this;
    return [
      readOnly('name', () => `${this.id}\n`),
      readOnly('modalias', () => `rpmsg:${this.id}\n`),
      readOnly('dst', () => `0x${this.dst.toString(16)}\n`),
      readOnly('src', () => `0x${this.src.toString(16)}\n`),
      readOnly('announce', () => `${this.announce}\n`),
      {
        name: 'driver_override',
        *show() {
          yield* rpdev.lock.lock();
          rpdev.lock.unlock();
          return `${rpdev.driverOverride ?? '(null)'}\n`;
        },
        *store(text) {
          const override = driverSetOverride(text);
          if (typeof override === 'number') return override;
          yield* rpdev.lock.lock();
          rpdev.driverOverride = override;
          rpdev.lock.unlock();
          return text.length;
        },
      },
    ];
  }

  get kernel(): Kernel {
    return this.parent.kernel;
  }

  /** `dev_printk`. */
  dev(level: KernLevel, text: string): void {
    this.kernel.dev(level, `${this.driver?.name ?? 'rpmsg'} ${this.name}`, text);
  }

  /** `rpmsg_create_ept`; undefined when the address is taken. */
  createEpt(cb: RpmsgRxCallback, chinfo: RpmsgChannelInfo): KernelCode<RpmsgEndpoint | undefined> {
    return this.ops.createEpt(this, cb, chinfo);
  }
}
