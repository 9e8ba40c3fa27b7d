/**
 * The driver model as sysfs shows it (drivers/base/core.c, bus.c, class.c): devices, buses, classes, drivers, attributes, and the nodes
 * that devtmpfs makes for them in /dev.
 *
 * A driver describes its device; the model makes /sys/devices/..., the links in /sys/class and /sys/bus, `uevent`, `subsystem`, `driver`, and
 * /dev/<node>. Attributes are kernel code: `show` and `store` may sleep.
 */
import type { KernelCode } from '../kernel.ts';
import { AttributeNode, removeFiles, sysfsDirectory } from './sysfs.ts';
import { ChrdevNode, type DirectoryNode, type OpenFile, SymlinkNode, type Vfs } from './vfs.ts';

/** `DEVICE_ATTR`: a file in a device's, driver's or bus's directory. */
export interface Attribute {
  readonly name: string;
  /** Permission bits; 0o644 when both ways are there, else 0o444 or 0o200. */
  readonly mode?: number;
  /** The text, with its newline, or a negative errno. */
  readonly show?: () => KernelCode<string | number>;
  /** Bytes consumed (all of them, as a rule), or a negative errno. `text` is what was written, newline included. */
  readonly store?: (text: string) => KernelCode<number>;
}

/** The node in /dev. */
export interface DeviceNode {
  /** Below /dev: `ttyRPMSG0`. */
  readonly name: string;
  readonly major: number;
  readonly minor: number;
  /** 0o600 unless given. */
  readonly mode?: number;
  /** Sets the open file's operations; 0 or a negative errno. */
  readonly open: (file: OpenFile) => KernelCode<number>;
}

/** `struct device`. */
export interface Device {
  /** `dev_name`. */
  readonly name: string;
  /** Undefined for one directly below /sys/devices/platform (platform bus), /sys/devices (soc bus) or /sys/devices/virtual/<class>. */
  readonly parent?: Device;
  /** Name of the bus that it is on (`rpmsg`, `virtio`, `platform`). */
  readonly bus?: string;
  /** Name of its class (`remoteproc`, `tty`, `rpmsg`); its directory is then `<parent>/<class>/<name>`, as class devices of other devices have it. */
  readonly class?: string;
  readonly attributes?: readonly Attribute[];
  readonly node?: DeviceNode;
  /** Path of its node in the device tree (`/soc@0/bus@30800000/mailbox@30aa0000`), for the link `of_node`. */
  readonly ofNode?: string;
  /** Lines of `uevent` beside MAJOR, MINOR, DEVNAME and DRIVER (`MODALIAS=rpmsg:rpmsg-tty`). */
  readonly uevent?: () => readonly string[];
}

/** Attributes of a bus driver, beside `bind`, `unbind` and `uevent`, which every driver has; bind and unbind get device names. */
export interface DriverEntry {
  readonly bus: string;
  readonly name: string;
  readonly module?: string;
  readonly bind?: (device: string) => KernelCode<number>;
  readonly unbind?: (device: string) => KernelCode<number>;
}

/** Where devices without a parent are, by their bus; those of a class are below /sys/devices/virtual. */
const ROOTS: Readonly<Record<string, string>> = { platform: '/sys/devices/platform', soc: '/sys/devices' };

/** All devices of one kernel. */
export class DeviceModel {
  private readonly vfs: Vfs;
  private readonly places = new Map<Device, { readonly directory: DirectoryNode; readonly path: string; driver: string | undefined }>();

  private readonly nodes = new Map<Device, ChrdevNode>();
  private readonly listeners: ((device: Device) => void)[] = [];

  constructor(vfs: Vfs) {
    this.vfs = vfs;
    for (const path of ['/sys/devices/platform', '/sys/devices/virtual', '/sys/class', '/sys/bus']) vfs.directory(path, sysfsDirectory);
  }

  /** `class_register` of a class that is there before its devices. */
  addClass(name: string): void {
    this.vfs.directory(`/sys/class/${name}`, sysfsDirectory);
  }

  /** Has `listener` told of each device that is added (`kobject_uevent`, KOBJ_ADD). */
  onAdd(listener: (device: Device) => void): void {
    this.listeners.push(listener);
  }

  /** `device_add`. The name must be new in its place. */
  add(device: Device): void {
    this.show(device);
    for (const listener of this.listeners) listener(device);
  }

  private show(device: Device): void {
    const path = this.pathFor(device);
    const directory = this.vfs.directory(path, sysfsDirectory);
    this.places.set(device, { directory, path, driver: undefined });
    for (const attribute of device.attributes ?? []) directory.add(attribute.name, new AttributeNode(attribute));
    directory.add('uevent', new AttributeNode({ name: 'uevent', mode: 0o644, show: () => this.uevent(device), store: accept }));
    const { node, bus, class: its } = device;
    if (bus) {
      this.link(`/sys/bus/${bus}/devices`, device.name, path);
      this.link(path, 'subsystem', `/sys/bus/${bus}`);
    }
    if (its) {
      this.link(`/sys/class/${its}`, device.name, path);
      this.link(path, 'subsystem', `/sys/class/${its}`);
    }
    if (device.parent && its) this.link(path, 'device', this.path(device.parent));
    if (device.ofNode) this.link(path, 'of_node', `/sys/firmware/devicetree/base${device.ofNode}`);
    if (!node) return;
    directory.add('dev', new AttributeNode({ name: 'dev', show: () => text(`${node.major}:${node.minor}\n`) }));
    this.makeNode(device, node);
  }

  /** `devtmpfs_create_node`: a file that a user made under that name stays (-EEXIST). */
  private makeNode(device: Device, { name, major, minor, mode, open }: DeviceNode): void {
    const directory = this.vfs.directory('/dev');
    if (directory.lookup(name)) return;
    this.nodes.set(device, directory.add(name, new ChrdevNode(major, minor, mode ?? 0o600, open)));
  }

  /** `devtmpfs_delete_node`: only the node that the kernel made. */
  private dropNode(device: Device, { name }: DeviceNode): void {
    const directory = this.vfs.directory('/dev');
    if (directory.lookup(name) === this.nodes.get(device)) directory.drop(name);
    this.nodes.delete(device);
  }

  /** `device_del`, with what is below it. */
  remove(device: Device): void {
    const place = this.places.get(device);
    if (!place) return;
    for (const child of [...this.places.keys()]) if (child.parent === device) this.remove(child);
    this.setDriver(device, undefined);
    this.places.delete(device);
    const { bus, class: its, node } = device;
    if (bus) this.vfs.directory(`/sys/bus/${bus}/devices`, sysfsDirectory).drop(device.name);
    if (its) this.vfs.directory(`/sys/class/${its}`, sysfsDirectory).drop(device.name);
    if (node) this.dropNode(device, node);
    removeFiles(place.directory);
    const above = this.drop(place.path);
    // cleanup_glue_dir
    if (its && above.path.endsWith(`/${its}`) && above.directory.children.size === 0) this.drop(above.path);
  }

  /** Takes a directory out of the one above it. */
  private drop(path: string): { readonly path: string; readonly directory: DirectoryNode } {
    const at = path.lastIndexOf('/');
    const above = { path: path.slice(0, at), directory: this.vfs.directory(path.slice(0, at), sysfsDirectory) };
    above.directory.drop(path.slice(at + 1));
    return above;
  }

  /** Majors of all devices with nodes, with who asked for them. */
  get majors(): readonly { readonly major: number; readonly owner: string }[] {
    return [...this.places.keys()].flatMap(({ node, class: its }) => (node ? [{ major: node.major, owner: its ?? node.name }] : []));
  }

  /** The device got that driver, or lost the one that it had. */
  setDriver(device: Device, driver: string | undefined): void {
    const place = this.places.get(device);
    const { bus } = device;
    if (!place || !bus) return;
    if (place.driver !== undefined) {
      this.vfs.directory(`/sys/bus/${bus}/drivers/${place.driver}`, sysfsDirectory).drop(device.name);
      place.directory.drop('driver');
    }
    place.driver = driver;
    if (driver === undefined) return;
    this.link(`/sys/bus/${bus}/drivers/${driver}`, device.name, place.path);
    this.link(place.path, 'driver', `/sys/bus/${bus}/drivers/${driver}`);
  }

  /** `driver_register`, and its end. */
  addDriver({ bus, name, bind, unbind }: DriverEntry): void {
    const directory = this.vfs.directory(`/sys/bus/${bus}/drivers/${name}`, sysfsDirectory);
    for (const [file, action] of [
      ['bind', bind],
      ['unbind', unbind],
    ] as const) {
      if (action) directory.add(file, new AttributeNode({ name: file, mode: 0o200, store: (written) => byName(written, action) }));
    }
    directory.add('uevent', new AttributeNode({ name: 'uevent', mode: 0o200, store: accept }));
  }

  removeDriver(bus: string, name: string): void {
    this.vfs.directory(`/sys/bus/${bus}/drivers`, sysfsDirectory).drop(name);
  }

  /** Where a device is below /sys. */
  path(device: Device): string {
    return this.places.get(device)?.path ?? this.pathFor(device);
  }

  private pathFor({ name, parent, bus, class: its }: Device): string {
    const root = ROOTS[bus ?? ''] ?? `/sys/devices/virtual/${its ?? bus ?? 'misc'}`;
    const base = parent ? this.path(parent) : root;
    // get_device_parent: a class device of a class device lies directly in it.
    return parent && its && !parent.class ? `${base}/${its}/${name}` : `${base}/${name}`;
  }

  /** A link, as sysfs makes them; hardly any is ever read. */
  private link(directory: string, name: string, target: string): void {
    this.vfs.directory(directory, sysfsDirectory).add(name, new SymlinkNode(() => relativePath(directory, target)));
  }

  private *uevent(device: Device): KernelCode<string> {
    const { node } = device;
    const lines = node ? [`MAJOR=${node.major}`, `MINOR=${node.minor}`, `DEVNAME=${node.name}`] : [];
    const driver = this.places.get(device)?.driver;
    if (driver !== undefined) lines.push(`DRIVER=${driver}`);
    return [...lines, ...(device.uevent?.() ?? [])].map((line) => `${line}\n`).join('');
  }
}

/** The way from a directory to `target`. */
function relativePath(directory: string, target: string): string {
  const from = directory.split('/').filter(Boolean);
  const to = target.split('/').filter(Boolean);
  let same = 0;
  // `kernfs_get_target_path` goes up to a directory above the target, never to the target itself.
  while (same < from.length && same < to.length - 1 && from[same] === to[same]) same++;
  return [...from.slice(same).map(() => '..'), ...to.slice(same)].join('/');
}

function* text(value: string): KernelCode<string> {
  return value;
}

function* accept(written: string): KernelCode<number> {
  return written.length;
}

/** `bind_store` and `unbind_store`: the name without its newline; the whole write is consumed when it worked. */
function* byName(written: string, action: (device: string) => KernelCode<number>): KernelCode<number> {
  const err = yield* action(written.replace(/\n$/, ''));
  return err < 0 ? err : written.length;
}
