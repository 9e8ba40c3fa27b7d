/**
 * The kernel modules around virtio and rpmsg by their kernel names: what each registers, in which order they are loaded, and why a
 * channel has no driver.
 *
 * The order matters where two drivers name the same service: "rpmsg-openamp-demo-channel" goes to imx_rpmsg_pingpong, which is loaded
 * before imx_rpmsg_tty. How /proc/modules, `modprobe` and `rmmod` see them is kernel/module/main.c and /sys/module.
 */
import { UsageError } from '../errors.ts';
import { AttributeNode, sysfsDirectory } from '../linux/fs/sysfs.ts';
import { SymlinkNode } from '../linux/fs/vfs.ts';
import { ERRNO, type Kernel, type KernelCode, WaitQueue, waitEvent } from '../linux/kernel.ts';
import { readOnly } from './bus-sysfs.ts';
import { CharMajors } from './char-majors.ts';
import type { ModuleRefs } from './driver-core.ts';
import { createImxRpmsgPingpong } from './imx-rpmsg-pingpong.ts';
import { createImxRpmsgTty } from './imx-rpmsg-tty.ts';
import { explainUnbound, type UnboundChannel } from './module-hints.ts';
import { kstrtoint, parseArgs } from './module-parameters.ts';
import { RpmsgBus } from './rpmsg-bus.ts';
import { RpmsgChar } from './rpmsg-char.ts';
import { createRpmsgClientSample } from './rpmsg-client-sample.ts';
import type { RpmsgDriver } from './rpmsg-core.ts';
import { RpmsgCtrl } from './rpmsg-ctrl.ts';
import { createRpmsgNs } from './rpmsg-ns.ts';
import { createRpmsgTty } from './rpmsg-tty.ts';
import { createToradexRpmsgTty } from './toradex-rpmsg-tty.ts';
import { TtyLayer, type TtyReader } from './tty.ts';
import { VirtioBus } from './virtio-bus.ts';
import { VirtioRpmsgBus } from './virtio-rpmsg-bus.ts';

/** What is loaded when nothing else is asked for, in this order. */
export const DEFAULT_MODULES = [
  'rpmsg_ns',
  'virtio_rpmsg_bus',
  'rpmsg_char',
  'rpmsg_ctrl',
  'rpmsg_client_sample',
  'rpmsg_tty',
  'imx_rpmsg_pingpong',
  'imx_rpmsg_tty',
] as const;

/** Parts of the kernel that could be modules and are not, as arm64's defconfig has it: no `lsmod`, no `rmmod`, nothing to load. */
export const BUILTIN_MODULES = ['virtio', 'virtio_ring', 'remoteproc', 'imx_rproc', 'imx_mailbox', 'rpmsg_core'] as const;

/** One line of /proc/modules. */
export interface ModuleInfo {
  readonly name: string;
  /** Bytes, of the order that arm64 builds have. */
  readonly size: number;
  /** Modules that use it, and open files of its devices. */
  readonly refcount: number;
  /** Names of the modules that use it, the youngest first. */
  readonly usedBy: readonly string[];
  readonly state: 'Live' | 'Loading' | 'Unloading';
}

/** A module: what it is, and what its `init` and `exit` do. */
interface Module {
  readonly name: string;
  readonly size: number;
  readonly depends: readonly string[];
  readonly refs?: ModuleRefs;
  readonly parameters?: Record<string, number>;
  readonly rpmsgDriver?: RpmsgDriver;
  /** It has aliases for its devices (MODULE_DEVICE_TABLE, MODULE_ALIAS), by which udev finds it. */
  readonly aliases?: readonly string[];
  /** Another kernel's version of a module; nobody is told to load it. */
  readonly variant?: boolean;
  readonly init: () => KernelCode<number>;
  readonly exit: () => KernelCode;
}

/** virtio and rpmsg of one kernel, with the modules that can be loaded. */
export class VirtioModules {
  readonly virtioBus: VirtioBus;
  readonly rpmsgBus: RpmsgBus;
  /** Major numbers that drivers were given. */
  readonly majors = new CharMajors();
  readonly ttys: TtyLayer;
  readonly virtioRpmsgBus: VirtioRpmsgBus;
  readonly rpmsgChar: RpmsgChar;
  readonly rpmsgCtrl: RpmsgCtrl;
  private readonly kernel: Kernel;
  private readonly modules: ReadonlyMap<string, Module>;
  /** State of each module that is in the kernel, in the order of loading. */
  private readonly states = new Map<string, ModuleInfo['state']>();
  /** `module_wq`: woken when a module has finished loading or unloading. */
  private readonly moduleWait = new WaitQueue('a module');

  /** `onFinding` hears what went wrong in plain words. */
  constructor(kernel: Kernel, options: { reader?: TtyReader; sampleCount?: number; onFinding?: (text: string) => void } = {}) {
    const { onFinding, sampleCount = 100 } = options;
    const { majors } = this;
    this.kernel = kernel;
    this.virtioBus = new VirtioBus(kernel);
    this.rpmsgBus = new RpmsgBus(kernel);
    this.ttys = new TtyLayer(kernel, { ...options, majors });
    this.virtioRpmsgBus = new VirtioRpmsgBus(kernel, this.rpmsgBus, onFinding);
    this.rpmsgChar = new RpmsgChar(kernel, majors);
    this.rpmsgCtrl = new RpmsgCtrl(kernel, majors, this.rpmsgChar);
    const sample = { count: sampleCount };
    const imxRefs: ModuleRefs = { count: 0 };
    const toradexRefs: ModuleRefs = { count: 0 };
    const rpmsgTty = createRpmsgTty(kernel, this.ttys);
    const list: Module[] = [
      {
        name: 'virtio_rpmsg_bus',
        size: 20_480,
        depends: ['rpmsg_ns'],
        init: () => ok(this.virtioBus.registerDriver(this.virtioRpmsgBus)),
        exit: () => this.virtioBus.unregisterDriver(this.virtioRpmsgBus),
      },
      this.driverModule('rpmsg_ns', createRpmsgNs()),
      this.driverModule('rpmsg_char', this.rpmsgChar.driver, { size: 20_480, aliases: ['rpmsg_chrdev'], ...lifeOf(this.rpmsgChar) }),
      this.driverModule('rpmsg_ctrl', this.rpmsgCtrl.driver, {
        depends: ['rpmsg_char'],
        aliases: ['rpmsg_ctrl'],
        ...lifeOf(this.rpmsgCtrl),
      }),
      this.driverModule('rpmsg_client_sample', createRpmsgClientSample(sample), { parameters: sample, aliases: ['rpmsg-client-sample'] }),
      this.driverModule('rpmsg_tty', rpmsgTty, { aliases: ['rpmsg-tty'], ...lifeOf(rpmsgTty) }),
      this.driverModule('imx_rpmsg_pingpong', createImxRpmsgPingpong(kernel)),
      this.driverModule('imx_rpmsg_tty', createImxRpmsgTty(kernel, this.ttys, imxRefs), { refs: imxRefs }),
      this.driverModule('toradex_imx_rpmsg_tty', createToradexRpmsgTty(kernel, this.ttys, toradexRefs), {
        variant: true,
        refs: toradexRefs,
      }),
    ];
    this.modules = new Map(list.map((module) => [module.name, module]));
  }

  /** A module that registers one rpmsg driver between `init` and `exit` of its own. */
  private driverModule(
    name: string,
    driver: RpmsgDriver,
    options: Partial<Omit<Module, 'init' | 'exit'>> & { init?: () => number; exit?: () => void } = {},
  ): Module {
    const bus = this.rpmsgBus;
    const { init, exit, ...rest } = options;
    return {
      name,
      size: 16_384,
      depends: [],
      rpmsgDriver: driver,
      ...rest,
      *init() {
        const err = init?.() ?? 0;
        if (err) return err;
        const failed = yield* bus.registerDriver(driver);
        if (failed) exit?.();
        return failed;
      },
      *exit() {
        yield* bus.unregisterDriver(driver);
        exit?.();
      },
    };
  }

  /** Names of all modules that can be loaded. */
  get available(): readonly string[] {
    return [...this.modules.keys()];
  }

  /** The module with that alias (`rpmsg:rpmsg-tty`), if there is one. */
  byAlias(modalias: string): string | undefined {
    const [bus, name = ''] = modalias.split(':');
    if (bus !== 'rpmsg') return undefined;
    return [...this.modules.values()].find(({ aliases }) => aliases?.includes(name))?.name;
  }

  /** Names of the modules that are loaded, in order. */
  get loaded(): readonly string[] {
    return [...this.states.keys()];
  }

  /** What `lsmod` shows, the youngest first. */
  info(): readonly ModuleInfo[] {
    return [...this.states]
      .map(([name, state]) => {
        const { size, refs } = this.modules.get(name)!;
        const usedBy = this.usersOf(name);
        return { name, size, usedBy, refcount: usedBy.length + (refs?.count ?? 0), state };
      })
      .reverse();
  }

  /** Modules that `name` needs, the first to load first; for `modprobe -r` and `modinfo`. */
  dependencies(name: string): readonly string[] {
    return (this.modules.get(canonical(name))?.depends ?? []).flatMap((each) => [...this.dependencies(each), each]);
  }

  /**
   * `init_module` for what is not loaded of the module and those that it needs. 0; -ENOENT for a name without a module, -EEXIST when it is
   * loaded already, or what a parameter or its `init` gave. `parameters` is the text after the name: `count=3`. One that is built in is 0.
   */
  *insert(name: string, parameters = ''): KernelCode<number> {
    const module = this.modules.get(canonical(name));
    if (!module) return isBuiltin(name) ? 0 : ERRNO.ENOENT;
    for (const needed of this.dependencies(module.name)) {
      const err = yield* this.initModule(this.modules.get(needed)!, '');
      if (err && err !== ERRNO.EEXIST) return err;
    }
    return yield* this.initModule(module, parameters);
  }

  /** `delete_module`: 0; -ENOENT when it is not loaded or built in, -EAGAIN when something uses it, -EBUSY while it comes or goes. */
  *remove(name: string): KernelCode<number> {
    const module = this.modules.get(canonical(name));
    const state = module && this.states.get(module.name);
    if (!module || !state) return ERRNO.ENOENT;
    // Its users come before its state.
    if (this.usersOf(module.name).length > 0) return ERRNO.EAGAIN;
    if (state !== 'Live') return ERRNO.EBUSY;
    if ((module.refs?.count ?? 0) > 0) return ERRNO.EAGAIN;
    this.states.set(module.name, 'Unloading');
    yield* module.exit();
    this.forget(module);
    return 0;
  }

  /**
   * `modprobe`, with what the module depends on; nothing when it is loaded already.
   * @throws {UsageError} for an unknown name, before any code runs.
   */
  load(name: string): KernelCode<number> {
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

  /** `rmmod`: as `remove`. @throws {UsageError} for an unknown name, before any code runs. */
  unload(name: string): KernelCode<number> {
    const module = this.check(name);
    return this.remove(module);
  }

  /** Channels that were announced and have no driver, each with the reason and the remedy. */
  unboundChannels(): UnboundChannel[] {
    const unbound = this.rpmsgBus.devices.filter(({ driver, driverOverride }) => !driver && driverOverride === undefined);
    const known = [...this.modules.values()]
      .filter(({ variant }) => !variant)
      .map(({ name, rpmsgDriver }) => ({ name, services: rpmsgDriver?.idTable ?? [], loaded: this.states.has(name) }));
    return unbound.map(({ id, dst }) => explainUnbound(id, dst, known));
  }

  private check(name: string): string {
    const module = canonical(name);
    if (this.modules.has(module) || isBuiltin(module)) return module;
    throw new UsageError(`no kernel module ${name}`, `modules: ${this.available.join(', ')}`, '--modules');
  }

  /** `load_module` and `do_init_module`. */
  private *initModule(module: Module, parameters: string): KernelCode<number> {
    const { name } = module;
    // add_unformed_module: one that is coming or going is waited for.
    yield* waitEvent(this.moduleWait, () => (this.states.get(name) ?? 'Live') === 'Live');
    if (this.states.has(name)) return ERRNO.EEXIST;
    const before = { ...module.parameters };
    const err = module.parameters
      ? parseArgs(this.kernel, name, parameters, module.parameters)
      : parseArgs(this.kernel, name, parameters, {});
    if (err) {
      Object.assign(module.parameters ?? {}, before);
      return err;
    }
    this.states.set(name, 'Loading');
    this.show(module);
    const failed = yield* module.init();
    if (failed) {
      this.forget(module);
      return failed;
    }
    this.states.set(name, 'Live');
    this.moduleWait.wakeAll();
    return 0;
  }

  /** Modules that are in the kernel and need `name`, the youngest first. */
  private usersOf(name: string): string[] {
    return [...this.states.keys()].filter((user) => this.modules.get(user)!.depends.includes(name)).reverse();
  }

  private forget(module: Module): void {
    this.states.delete(module.name);
    const { vfs } = this.kernel;
    vfs.directory('/sys/module', sysfsDirectory).drop(module.name);
    for (const needed of module.depends) vfs.directory(`/sys/module/${needed}/holders`, sysfsDirectory).drop(module.name);
    this.moduleWait.wakeAll();
  }

  /** `mod_sysfs_setup`: /sys/module/<name>. */
  private show({ name, size, depends, parameters }: Module): void {
    const { vfs } = this.kernel;
    const at = (path: string) => vfs.directory(`/sys/module/${path}`, sysfsDirectory);
    const find = () => this.info().find((each) => each.name === name);
    const attributes = [
      readOnly('coresize', () => `${size}\n`),
      readOnly('initstate', () => `${{ Live: 'live', Loading: 'coming', Unloading: 'going' }[find()?.state ?? 'Unloading']}\n`),
      readOnly('refcnt', () => `${find()?.refcount ?? 0}\n`),
    ];
    for (const attribute of attributes) at(name).add(attribute.name, new AttributeNode(attribute));
    at(`${name}/holders`);
    for (const needed of depends) at(`${needed}/holders`).add(name, new SymlinkNode(`../../${name}`));
    for (const parameter of Object.keys(parameters ?? {})) {
      const attribute = {
        ...readOnly(parameter, () => `${parameters![parameter]}\n`),
        *store(text: string) {
          const { value, err } = kstrtoint(text);
          if (err) return err;
          parameters![parameter] = value;
          return text.length;
        },
      };
      at(`${name}/parameters`).add(parameter, new AttributeNode(attribute));
    }
  }
}

/** As modprobe does: dashes and underscores are the same. */
function canonical(name: string): string {
  return name.replaceAll('-', '_');
}

function isBuiltin(name: string): boolean {
  return (BUILTIN_MODULES as readonly string[]).includes(canonical(name));
}

/** `init` and `exit` of a driver that has something to set up, and its references. */
function lifeOf(owner: { readonly refs: ModuleRefs; init(): number; exit(): void }) {
  return { refs: owner.refs, init: () => owner.init(), exit: () => owner.exit() };
}

function* ok(code: KernelCode): KernelCode<number> {
  yield* code;
  return 0;
}
