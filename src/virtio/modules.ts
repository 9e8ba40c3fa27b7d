/**
 * The kernel modules around virtio and rpmsg by their kernel names: what each registers, in which order they are loaded, and why a
 * channel has no driver.
 *
 * The order matters where two drivers name the same service: "rpmsg-openamp-demo-channel" goes to imx_rpmsg_pingpong, which is loaded
 * before imx_rpmsg_tty.
 */
import { UsageError } from '../errors.ts';
import type { Kernel, KernelCode } from '../linux/kernel.ts';
import { createImxRpmsgPingpong } from './imx-rpmsg-pingpong.ts';
import { createImxRpmsgTty } from './imx-rpmsg-tty.ts';
import { createRpmsgClientSample } from './rpmsg-client-sample.ts';
import { RpmsgBus, type RpmsgDriver } from './rpmsg-core.ts';
import { createRpmsgNs } from './rpmsg-ns.ts';
import { createRpmsgTty } from './rpmsg-tty.ts';
import { TtyLayer, type TtyReader } from './tty.ts';
import { VirtioBus } from './virtio-bus.ts';
import { VirtioRpmsgBus } from './virtio-rpmsg-bus.ts';

/** What is loaded when nothing else is asked for, in this order. */
export const DEFAULT_MODULES = [
  'rpmsg_ns',
  'virtio_rpmsg_bus',
  'rpmsg_client_sample',
  'rpmsg_tty',
  'imx_rpmsg_pingpong',
  'imx_rpmsg_tty',
] as const;

/** A channel that no loaded driver took. */
export interface UnboundChannel {
  /** Service name as announced. */
  readonly name: string;
  /** Address of the remote. */
  readonly src: number;
  /** Modules that are not loaded and would bind. */
  readonly modules: readonly string[];
  /** Known service names that look like it, the most similar first, each with its module. */
  readonly similar: readonly { readonly name: string; readonly module: string }[];
  /** The above as a sentence. */
  readonly text: string;
}

/** virtio and rpmsg of one kernel, with the modules that can be loaded. */
export class VirtioModules {
  readonly virtioBus: VirtioBus;
  readonly rpmsgBus: RpmsgBus;
  readonly ttys: TtyLayer;
  readonly virtioRpmsgBus: VirtioRpmsgBus;
  private readonly drivers: ReadonlyMap<string, RpmsgDriver>;
  private readonly loadedNames: string[] = [];

  /** `onFinding` hears what went wrong in plain words. */
  constructor(kernel: Kernel, options: { reader?: TtyReader; sampleCount?: number; onFinding?: (text: string) => void } = {}) {
    const { onFinding } = options;
    this.virtioBus = new VirtioBus(kernel);
    this.rpmsgBus = new RpmsgBus(kernel);
    this.ttys = new TtyLayer(kernel, options);
    this.virtioRpmsgBus = new VirtioRpmsgBus(kernel, this.rpmsgBus, onFinding);
    const drivers = [
      createRpmsgNs(),
      createRpmsgClientSample(options.sampleCount),
      createRpmsgTty(kernel, this.ttys),
      createImxRpmsgPingpong(kernel),
      createImxRpmsgTty(kernel, this.ttys),
    ];
    this.drivers = new Map(drivers.map((driver) => [driver.name, driver]));
  }

  /** Names of all modules that can be loaded. */
  get available(): readonly string[] {
    return ['virtio_rpmsg_bus', ...this.drivers.keys()];
  }

  /** Names of the modules that are loaded, in order. */
  get loaded(): readonly string[] {
    return this.loadedNames;
  }

  /**
   * `modprobe`, with what the module depends on; nothing when it is loaded already.
   * @throws {UsageError} for an unknown name, before any code runs.
   */
  load(name: string): KernelCode {
    const module = this.check(name);
    return this.insert(module);
  }

  /** Loads `names` in their order. @throws {UsageError} for an unknown name, before any code runs. */
  loadAll(names: readonly string[] = DEFAULT_MODULES): KernelCode {
    const modules = names.map((name) => this.check(name));
    const insert = (module: string) => this.insert(module);
    return (function* () {
      for (const module of modules) yield* insert(module);
    })();
  }

  /** `rmmod`. @throws {UsageError} for an unknown name, before any code runs. */
  unload(name: string): KernelCode {
    const module = this.check(name);
    return this.remove(module);
  }

  /** Channels that were announced and have no driver, each with the reason and the remedy. */
  unboundChannels(): UnboundChannel[] {
    const unbound = this.rpmsgBus.devices.filter(({ driver, driverOverride }) => !driver && driverOverride === undefined);
    return unbound.map(({ id, dst }) => this.explain(id, dst));
  }

  private check(name: string): string {
    // As modprobe does, dashes and underscores are the same.
    const module = name.replaceAll('-', '_');
    if (this.available.includes(module)) return module;
    throw new UsageError(`no kernel module ${name}`, `modules: ${this.available.join(', ')}`, '--modules');
  }

  private *insert(name: string): KernelCode {
    if (this.loadedNames.includes(name)) return;
    if (name === 'virtio_rpmsg_bus') yield* this.insert('rpmsg_ns');
    this.loadedNames.push(name);
    const driver = this.drivers.get(name);
    if (driver) yield* this.rpmsgBus.registerDriver(driver);
    else yield* this.virtioBus.registerDriver(this.virtioRpmsgBus);
  }

  private *remove(name: string): KernelCode {
    const at = this.loadedNames.indexOf(name);
    if (at < 0) return;
    this.loadedNames.splice(at, 1);
    const driver = this.drivers.get(name);
    if (driver) yield* this.rpmsgBus.unregisterDriver(driver);
    else yield* this.virtioBus.unregisterDriver(this.virtioRpmsgBus);
  }

  private explain(name: string, src: number): UnboundChannel {
    const modules: string[] = [];
    const known = new Map<string, string>();
    for (const driver of this.drivers.values()) {
      if (driver.idTable.includes(name) && !this.loadedNames.includes(driver.name)) modules.push(driver.name);
      for (const id of driver.idTable) if (!known.has(id)) known.set(id, driver.name);
    }
    const similar = [...known]
      .map(([id, module]) => ({ name: id, module, distance: editDistance(name, id) }))
      .filter(({ name: id, distance }) => distance > 0 && distance <= id.length / 2)
      .sort((a, b) => a.distance - b.distance)
      .slice(0, 3)
      .map(({ name: id, module }) => ({ name: id, module }));
    const text = `channel "${name}" (remote 0x${src.toString(16)}) has no driver: ${this.reason(modules, similar)}`;
    return { name, src, modules, similar, text };
  }

  private reason(modules: readonly string[], similar: UnboundChannel['similar']): string {
    if (modules.length > 0) return `load ${modules.join(' or ')}`;
    if (similar.length === 0) return 'no module knows this service name';
    return `no module knows this name; known and similar: ${similar.map(({ name, module }) => `"${name}" (${module})`).join(', ')}`;
  }
}

/** Levenshtein distance of two short names. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
