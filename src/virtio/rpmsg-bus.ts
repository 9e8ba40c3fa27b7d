/**
 * The bus itself, drivers/rpmsg/rpmsg_core.c and drivers/base/dd.c (6.1): which channels and drivers there are, who is bound to whom, and
 * /sys/bus/rpmsg. Channels and endpoints are in `rpmsg-core.ts`.
 */
import { ERRNO, type Kernel, type KernelCode } from '../linux/kernel.ts';
import { LATENCY } from '../linux/latencies.ts';
import { type BusControl, registerBus } from './bus-sysfs.ts';
import { probeFailed } from './driver-core.ts';
import {
  RPMSG_ADDR_ANY,
  RPMSG_BUS,
  type RpmsgChannelInfo,
  type RpmsgDevice,
  type RpmsgDriver,
  type RpmsgEndpoint,
  type RpmsgParent,
} from './rpmsg-core.ts';

/** `rpmsg_device_match`. */
function deviceMatches(rpdev: RpmsgDevice, chinfo: RpmsgChannelInfo): boolean {
  if (chinfo.src !== RPMSG_ADDR_ANY && chinfo.src !== rpdev.src) return false;
  if (chinfo.dst !== RPMSG_ADDR_ANY && chinfo.dst !== rpdev.dst) return false;
  return chinfo.name === rpdev.id;
}

/** What a channel of a known destination is found by: a core may announce thousands. */
function serviceKey(parent: RpmsgParent, id: string, dst: number): string {
  return `${parent.name} ${dst} ${id}`;
}

/** All channels and rpmsg drivers of one kernel. */
export class RpmsgBus {
  readonly drivers: RpmsgDriver[] = [];
  private readonly kernel: Kernel;
  private readonly control: BusControl;
  /** By name, in the order of their creation. */
  private readonly registered = new Map<string, RpmsgDevice>();
  private readonly children = new WeakMap<RpmsgParent, Set<RpmsgDevice>>();
  /** By `serviceKey`. */
  private readonly services = new Map<string, Set<RpmsgDevice>>();
  /** Names that sysfs still has: a device that is going keeps its own until its driver has let go of it. */
  private readonly names = new Set<string>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.control = registerBus(kernel, RPMSG_BUS, (name) => this.rescan(name));
  }

  /** All channels in the order of their creation, the name service's and the control device included. */
  get devices(): readonly RpmsgDevice[] {
    return [...this.registered.values()];
  }

  /** `rpmsg_find_device`. */
  findDevice(parent: RpmsgParent, chinfo: RpmsgChannelInfo): RpmsgDevice | undefined {
    const known = chinfo.dst === RPMSG_ADDR_ANY ? this.childrenOf(parent) : this.services.get(serviceKey(parent, chinfo.name, chinfo.dst));
    for (const rpdev of known ?? []) if (rpdev.parent === parent && deviceMatches(rpdev, chinfo)) return rpdev;
    return undefined;
  }

  /** Channels of a parent, the name service's and the control device included. */
  childrenOf(parent: RpmsgParent): ReadonlySet<RpmsgDevice> {
    return this.siblings(parent);
  }

  private siblings(parent: RpmsgParent): Set<RpmsgDevice> {
    const known = this.children.get(parent);
    if (known) return known;
    const made = new Set<RpmsgDevice>();
    this.children.set(parent, made);
    return made;
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
    this.enlist(rpdev);
    this.kernel.devices.add(rpdev.device);
    yield { timeoutNs: LATENCY.probe };
    if (this.control.autoprobe) yield* this.attach(rpdev);
    return 0;
  }

  /** `device_unregister` of a channel. */
  *unregisterDevice(rpdev: RpmsgDevice): KernelCode {
    if (!this.delist(rpdev)) return;
    rpdev.gone = true;
    yield* this.release(rpdev);
    this.kernel.devices.remove(rpdev.device);
    this.names.delete(rpdev.name);
  }

  /** `device_for_each_child(parent, rpmsg_remove_device)`: also channels that a callback registers meanwhile. */
  *unregisterChildren(parent: RpmsgParent): KernelCode {
    for (const rpdev of this.childrenOf(parent)) yield* this.unregisterDevice(rpdev);
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

  private enlist(rpdev: RpmsgDevice): void {
    const { parent, name, id, dst } = rpdev;
    this.registered.set(name, rpdev);
    this.siblings(parent).add(rpdev);
    const key = serviceKey(parent, id, dst);
    this.services.set(key, (this.services.get(key) ?? new Set()).add(rpdev));
  }

  /** False when it is not registered. */
  private delist(rpdev: RpmsgDevice): boolean {
    const { parent, name, id, dst } = rpdev;
    if (this.registered.get(name) !== rpdev) return false;
    this.registered.delete(name);
    this.siblings(parent).delete(rpdev);
    const key = serviceKey(parent, id, dst);
    const same = this.services.get(key);
    same?.delete(rpdev);
    if (same?.size === 0) this.services.delete(key);
    return true;
  }

  /** `drivers_probe_store`. */
  private *rescan(name: string): KernelCode<number> {
    const rpdev = this.registered.get(name);
    if (!rpdev) return ERRNO.ENODEV;
    yield* this.attach(rpdev);
    return 0;
  }

  /** `bind_store`. */
  private *bind(name: string, driver: RpmsgDriver): KernelCode<number> {
    const rpdev = this.registered.get(name);
    if (!rpdev || !rpmsgDevMatch(rpdev, driver)) return ERRNO.ENODEV;
    const err = yield* this.probe(rpdev, driver);
    return err === ERRNO.EPROBE_DEFER ? ERRNO.EAGAIN : err;
  }

  /** `unbind_store`. */
  private *unbind(name: string, driver: RpmsgDriver): KernelCode<number> {
    const rpdev = this.registered.get(name);
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
function rpmsgDevMatch(rpdev: RpmsgDevice, driver: RpmsgDriver): boolean {
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
