/**
 * The rpmsg bus of drivers/rpmsg/rpmsg_core.c (6.1): channels as devices, drivers matched by service name, endpoints.
 *
 * A backend (virtio-rpmsg-bus) supplies the operations. Channels are in /sys/bus/rpmsg with their attributes; drivers can be bound and
 * unbound there. Not modelled: device-tree matching, power domains.
 */
import type { KernLevel } from '../events.ts';
import type { Attribute, Device } from '../linux/fs/device-model.ts';
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import { ERRNO, Mutex } from '../linux/kernel.ts';
import { LATENCY } from '../linux/latencies.ts';
import { type BusControl, driverSetOverride, readOnly, registerBus } from './bus-sysfs.ts';
import { int32, probeFailed } from './driver-core.ts';

/** "Any address": the address is not known yet, or any will do. */
export const RPMSG_ADDR_ANY = 0xffff_ffff;
/** Bytes of a service name, its final NUL included. */
export const RPMSG_NAME_SIZE = 32;
/** Name of the bus in sysfs. */
const RPMSG_BUS = 'rpmsg';

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

/** `rpmsg_device_match`. */
function deviceMatches(rpdev: RpmsgDevice, chinfo: RpmsgChannelInfo): boolean {
  if (chinfo.src !== RPMSG_ADDR_ANY && chinfo.src !== rpdev.src) return false;
  if (chinfo.dst !== RPMSG_ADDR_ANY && chinfo.dst !== rpdev.dst) return false;
  return chinfo.name === rpdev.id;
}

/** All channels and rpmsg drivers of one kernel. */
export class RpmsgBus {
  readonly drivers: RpmsgDriver[] = [];
  private readonly kernel: Kernel;
  private readonly control: BusControl;
  private readonly registered = new Set<RpmsgDevice>();
  /** Names that sysfs still has: a device that is going keeps its own until its driver has let go of it. */
  private readonly names = new Set<string>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.control = registerBus(kernel, RPMSG_BUS, (name) => this.rescan(name));
  }

  /** All channels in the order of their creation, the name service's and the control device included. */
  get devices(): readonly RpmsgDevice[] {
    return [...this.registered];
  }

  /** `rpmsg_find_device`. */
  findDevice(parent: RpmsgParent, chinfo: RpmsgChannelInfo): RpmsgDevice | undefined {
    for (const rpdev of this.registered) {
      if (rpdev.parent === parent && deviceMatches(rpdev, chinfo)) return rpdev;
    }
    return undefined;
  }

  /** `register_rpmsg_driver`: probes it with every channel that has no driver. 0, or -EBUSY when there is one of that name. */
  *registerDriver(driver: RpmsgDriver): KernelCode<number> {
    if (this.drivers.some(({ name }) => name === driver.name)) {
      this.kernel.printk(3, `Error: Driver '${driver.name}' is already registered, aborting...`);
      return ERRNO.EBUSY;
    }
    this.drivers.push(driver);
    this.kernel.devices.addDriver({
      bus: RPMSG_BUS,
      name: driver.name,
      ...(driver.module === undefined ? {} : { module: driver.module }),
      bind: (name) => this.bind(name, driver),
      unbind: (name) => this.unbind(name, driver),
    });
    if (!this.control.autoprobe) return 0;
    for (const rpdev of this.devices) {
      if (!rpdev.driver && rpmsgDevMatch(rpdev, driver)) yield* this.probe(rpdev, driver);
    }
    return 0;
  }

  /** `unregister_rpmsg_driver`: removes it from its channels. */
  *unregisterDriver(driver: RpmsgDriver): KernelCode {
    const at = this.drivers.indexOf(driver);
    if (at >= 0) this.drivers.splice(at, 1);
    for (const rpdev of this.devices) {
      if (rpdev.driver === driver) yield* this.release(rpdev, driver);
    }
    this.kernel.devices.removeDriver(RPMSG_BUS, driver.name);
  }

  /** `rpmsg_register_device`: adds the channel and probes drivers in the order in which they were registered. 0 or -EEXIST. */
  *registerDevice(rpdev: RpmsgDevice): KernelCode<number> {
    if (this.names.has(rpdev.name)) {
      const { kernel } = this;
      kernel.printk(4, `sysfs: cannot create duplicate filename '${kernel.devices.path(rpdev.device).replace(/^\/sys/, '')}'`);
      kernel.printk(
        3,
        `kobject_add_internal failed for ${rpdev.name} with -EEXIST, don't try to register things with the same name in the same directory.`,
      );
      rpdev.dev(3, `device_add failed: ${ERRNO.EEXIST}`);
      return ERRNO.EEXIST;
    }
    this.names.add(rpdev.name);
    this.registered.add(rpdev);
    this.kernel.devices.add(rpdev.device);
    yield { timeoutNs: LATENCY.probe };
    if (this.control.autoprobe) yield* this.attach(rpdev);
    return 0;
  }

  /** `device_unregister` of a channel. */
  *unregisterDevice(rpdev: RpmsgDevice): KernelCode {
    if (!this.registered.delete(rpdev)) return;
    rpdev.gone = true;
    yield* this.release(rpdev);
    this.kernel.devices.remove(rpdev.device);
    this.names.delete(rpdev.name);
  }

  /** `device_for_each_child(parent, rpmsg_remove_device)`: also channels that a callback registers meanwhile. */
  *unregisterChildren(parent: RpmsgParent): KernelCode {
    for (const rpdev of this.registered) if (rpdev.parent === parent) yield* this.unregisterDevice(rpdev);
  }

  /** `rpmsg_unregister_device`: 0, or -EINVAL when there is no such channel. */
  *unregisterChannel(parent: RpmsgParent, chinfo: RpmsgChannelInfo): KernelCode<number> {
    const rpdev = this.findDevice(parent, chinfo);
    if (!rpdev) return ERRNO.EINVAL;
    yield* this.unregisterDevice(rpdev);
    return 0;
  }

  /** `device_attach`: the first driver that matches and whose probe succeeds. */
  private *attach(rpdev: RpmsgDevice): KernelCode {
    for (const driver of [...this.drivers]) {
      if (rpdev.driver || rpdev.gone) break;
      if (rpmsgDevMatch(rpdev, driver)) yield* this.probe(rpdev, driver);
    }
  }

  private byName(name: string): RpmsgDevice | undefined {
    for (const rpdev of this.registered) if (rpdev.name === name) return rpdev;
    return undefined;
  }

  /** `drivers_probe_store`. */
  private *rescan(name: string): KernelCode<number> {
    const rpdev = this.byName(name);
    if (!rpdev) return ERRNO.ENODEV;
    yield* this.attach(rpdev);
    return 0;
  }

  /** `bind_store`. */
  private *bind(name: string, driver: RpmsgDriver): KernelCode<number> {
    const rpdev = this.byName(name);
    if (!rpdev || !rpmsgDevMatch(rpdev, driver)) return ERRNO.ENODEV;
    const err = yield* this.probe(rpdev, driver);
    return err === ERRNO.EPROBE_DEFER ? ERRNO.EAGAIN : err;
  }

  /** `unbind_store`. */
  private *unbind(name: string, driver: RpmsgDriver): KernelCode<number> {
    const rpdev = this.byName(name);
    if (rpdev?.driver !== driver) return ERRNO.ENODEV;
    yield* this.release(rpdev, driver);
    return 0;
  }

  /** `__driver_probe_device`: what the probe returned, -ENODEV for a device that is gone, -EBUSY for one that has a driver. */
  private *probe(rpdev: RpmsgDevice, driver: RpmsgDriver): KernelCode<number> {
    yield* rpdev.lock.lock();
    let err: number = rpdev.gone ? ERRNO.ENODEV : ERRNO.EBUSY;
    if (!rpdev.driver && !rpdev.gone && this.drivers.includes(driver)) {
      const { devices } = this.kernel;
      rpdev.driver = driver;
      devices.setDriver(rpdev.device, driver.name);
      err = yield* rpmsgDevProbe(rpdev, driver);
      if (err) {
        devices.setDriver(rpdev.device, undefined);
        rpdev.driver = undefined;
        probeFailed(rpdev.kernel, driver.name, rpdev.name, err);
      }
    }
    rpdev.lock.unlock();
    return err;
  }

  /** `device_release_driver`; with `driver`, only if it is still that one. */
  private *release(rpdev: RpmsgDevice, driver?: RpmsgDriver): KernelCode {
    yield* rpdev.lock.lock();
    if (rpdev.driver && (driver === undefined || rpdev.driver === driver)) {
      this.kernel.devices.setDriver(rpdev.device, undefined);
      yield* rpmsgDevRemove(rpdev, rpdev.driver);
      rpdev.driver = undefined;
    }
    rpdev.lock.unlock();
  }
}

/** `rpmsg_dev_match`: by override, else by service name. */
export function rpmsgDevMatch(rpdev: RpmsgDevice, driver: RpmsgDriver): boolean {
  return rpdev.driverOverride !== undefined ? rpdev.driverOverride === driver.name : driver.idTable.includes(rpdev.id);
}

function* rpmsgDevProbe(rpdev: RpmsgDevice, driver: RpmsgDriver): KernelCode<number> {
  let ept: RpmsgEndpoint | undefined;
  if (driver.callback) {
    ept = yield* rpdev.createEpt(driver.callback, { name: rpdev.id, src: rpdev.src, dst: RPMSG_ADDR_ANY });
    if (!ept) {
      rpdev.dev(3, 'failed to create endpoint');
      return ERRNO.ENOMEM;
    }
    rpdev.ept = ept;
    rpdev.src = ept.addr;
  }
  let err = yield* driver.probe(rpdev);
  if (err) {
    rpdev.dev(3, `rpmsg_dev_probe: failed: ${err}`);
  } else if (ept) {
    err = yield* rpdev.ops.announceCreate(rpdev);
    if (err) {
      rpdev.dev(3, 'failed to announce creation');
      if (driver.remove) yield* driver.remove(rpdev);
    }
  }
  if (err && ept) {
    yield* ept.destroy();
    rpdev.ept = undefined;
  }
  return err;
}

function* rpmsgDevRemove(rpdev: RpmsgDevice, driver: RpmsgDriver): KernelCode {
  yield* rpdev.ops.announceDestroy(rpdev);
  if (driver.remove) yield* driver.remove(rpdev);
  if (rpdev.ept) yield* rpdev.ept.destroy();
  rpdev.ept = undefined;
}
