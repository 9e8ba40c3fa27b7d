/**
 * Linux 6.1 drivers/remoteproc/remoteproc_core.c: a remote processor's life, from `rproc_add` through boot, stop, attach, detach and recovery to
 * `rproc_del`.
 *
 * Functions, order of steps, messages, levels and errnos are the kernel's. The resource handlers and carveouts, which are in the same
 * file there, are in rproc-resources.ts. Not modelled: IOMMUs, the panic notifier.
 */
import type { KernLevel } from '../events.ts';
import type { Device } from '../linux/fs/device-model.ts';
import { ERRNO, type Kernel, type KernelCode, Mutex } from '../linux/kernel.ts';
import { LATENCY } from '../linux/latencies.ts';
import type {
  RprocCrashType,
  RprocDumpMechanism,
  RprocDumpSegment,
  RprocEnvironment,
  RprocMemEntry,
  RprocNotifyTarget,
  RprocOps,
  RprocState,
  RprocSubdev,
  RprocTrace,
  RprocVdevHandle,
} from './remoteproc.ts';
import { rprocCoredump } from './remoteproc-coredump.ts';
import { createDebugDir, type DebugDir } from './remoteproc-debugfs.ts';
import type { FirmwareImage } from './remoteproc-elf-loader.ts';
import { rprocElfGetBootAddr, rprocElfLoadSegments, rprocElfSanityCheck } from './remoteproc-elf-loader.ts';
import { rprocDevice, sysfsWord } from './remoteproc-sysfs.ts';
import { rprocAllocRegisteredCarveouts, rprocDaToVa, rprocHandleResources, rprocResourceCleanup } from './rproc-resources.ts';
import { RprocTable } from './rproc-table.ts';
import { findVectors, type LoadedPart } from './vectors.ts';

export type * from './remoteproc.ts';

/** `struct rproc`. */
export class Rproc {
  readonly env: RprocEnvironment;
  readonly kernel: Kernel;
  /** `remoteproc0` and so on. */
  readonly device: string;
  readonly name: string;
  readonly ops: RprocOps;
  firmware: string;
  state: RprocState = 'offline';
  autoBoot = true;
  recoveryDisabled = false;
  dumpConf: RprocDumpMechanism = 'disabled';
  readonly dumpSegments: RprocDumpSegment[] = [];
  /** `rproc_coredump_set_elf_info`; without it there is no dump. */
  elf: { readonly class: 1 | 2; readonly machine: number } | undefined;
  /** `RPROC_FEAT_ATTACH_ON_RECOVERY`. */
  attachOnRecovery = false;
  /** A file of the character device that is closed shuts down or detaches. */
  cdevPutOnRelease = false;
  crashCnt = 0;
  bootaddr = 0;
  /** Device address of the vector table in the image that was loaded last; not in the kernel, which leaves it to the hardware. */
  vectors: number | undefined;
  readonly carveouts: RprocMemEntry[] = [];
  readonly traces: RprocTrace[] = [];
  readonly rvdevs: RprocVdevHandle[] = [];
  readonly subdevs: RprocSubdev[] = [];
  readonly notifyids = new Map<number, RprocNotifyTarget>();
  maxNotifyid = -1;
  nbVdev = 0;
  readonly table = new RprocTable();
  /** Its directory in debugfs, from `add` to `del`. */
  debugDir: DebugDir | undefined;
  /** Its device in sysfs, from `add` to `del`. */
  model: Device | undefined;
  private power = 0;
  private deleting = false;
  private readonly lock: Mutex;
  private readonly crashHandler: { readonly name: string; readonly code: () => KernelCode };

  constructor(env: RprocEnvironment) {
    this.env = env;
    this.kernel = env.kernel;
    this.name = env.name;
    this.ops = env.ops;
    this.device = `remoteproc${env.index}`;
    this.firmware = `rproc-${env.name}-fw`;
    this.lock = new Mutex(`${this.device} lock`);
    this.crashHandler = { name: `${this.device} crash`, code: () => this.crashHandlerWork() };
  }

  /** `dev_printk` of the remoteproc device. */
  log(level: KernLevel, text: string): void {
    this.kernel.dev(level, `remoteproc ${this.device}`, text);
  }

  /** `dev_printk` of its parent, the platform device. */
  logParent(level: KernLevel, text: string): void {
    this.kernel.dev(level, this.env.parent, text);
  }

  /** `rproc_add`: 0, -EINVAL for a state that makes no sense, or what attaching within it gave. */
  *add(): KernelCode<number> {
    if (!this.valid()) return ERRNO.EINVAL;
    this.model = rprocDevice(this);
    this.kernel.devices.add(this.model);
    this.log(6, `${this.name} is available`);
    this.debugDir = createDebugDir(this);
    const ret = this.autoBoot ? yield* this.triggerAutoBoot() : 0;
    if (ret < 0) this.unregister();
    return ret;
  }

  /** `rproc_validate`. */
  private valid(): boolean {
    return this.state === 'detached' ? this.ops.attach !== undefined && !this.table.hasCached : this.state === 'offline';
  }

  private unregister(): void {
    this.debugDir?.remove();
    this.debugDir = undefined;
    if (this.model) this.kernel.devices.remove(this.model);
    this.model = undefined;
  }

  /** `rproc_trigger_auto_boot`: what comes of it is seen later, unless the kernel attaches at once. */
  private *triggerAutoBoot(): KernelCode<number> {
    if (this.state !== 'detached') this.kernel.spawn(`${this.device} auto boot`, this.autoBootCallback(), LATENCY.work);
    else if (this.kernel.flavour.remoteproc.attachesByWork) this.kernel.spawn(`${this.device} attach`, this.boot(), LATENCY.work);
    else return yield* this.boot();
    return 0;
  }

  /** `request_firmware_nowait` and `rproc_auto_boot_callback`, which boots whether the file was found or not. */
  private *autoBootCallback(): KernelCode {
    yield* this.requestFirmware();
    yield* this.boot();
  }

  /** `rproc_del`: crashes are not heard of any more, then it is shut down; with several users it goes on running. */
  *del(): KernelCode {
    this.deleting = true;
    yield* this.env.recoveryWq.cancelSync(this.crashHandler);
    yield* this.shutdown();
    this.unregister();
  }

  /** `rproc_type_release`, when the last reference is gone. */
  release(): void {
    this.log(6, `releasing ${this.name}`);
  }

  /** `mutex_lock_interruptible`: 0 or -EINTR. */
  private *lockInterruptible(): KernelCode<number> {
    return (yield* this.lock.lockInterruptible()) ? 0 : ERRNO.EINTR;
  }

  /** As `lockInterruptible`, with what most callers print. */
  private *lockOrSay(): KernelCode<number> {
    const ret = yield* this.lockInterruptible();
    if (ret) this.log(3, `can't lock rproc ${this.name}: ${ret}`);
    return ret;
  }

  /** `rproc_boot`: 0 or a negative errno. Further calls while it is up only count. */
  *boot(): KernelCode<number> {
    let ret = yield* this.lockOrSay();
    if (ret) return ret;
    if (this.deleting) {
      this.log(3, `can't boot deleting rproc ${this.name}`);
      ret = ERRNO.ENODEV;
    } else if (++this.power === 1) {
      ret = yield* this.powerUp();
      if (ret) this.power--;
    }
    this.lock.unlock();
    return ret;
  }

  private *powerUp(): KernelCode<number> {
    if (this.state === 'detached') {
      this.log(6, `attaching to ${this.name}`);
      return yield* this.attach();
    }
    this.log(6, `powering up ${this.name}`);
    const fw = yield* this.requestFirmware();
    if (typeof fw === 'number') {
      this.log(3, `request_firmware failed: ${fw}`);
      return fw;
    }
    return yield* this.fwBoot(fw);
  }

  private requestFirmware(): KernelCode<FirmwareImage | number> {
    return this.env.requestFirmware(this.firmware, `remoteproc ${this.device}`);
  }

  private prepare(): number {
    const ret = this.ops.prepare?.() ?? 0;
    if (ret) this.log(3, `can't prepare rproc ${this.name}: ${ret}`);
    return ret;
  }

  /** `rproc_fw_boot`. */
  private *fwBoot(fw: FirmwareImage): KernelCode<number> {
    const sane = rprocElfSanityCheck(this.log.bind(this), fw);
    if (sane) return sane;
    this.log(6, `Booting fw image ${this.firmware}, size ${fw.data.length}`);
    const prepared = this.prepare();
    if (prepared) return prepared;
    this.bootaddr = this.ops.getBootAddr?.(fw) ?? rprocElfGetBootAddr(fw);
    const parsed = this.ops.parseFw(fw);
    if (parsed) return parsed;
    let ret = this.handleResources();
    if (!ret) ret = yield* this.start(fw);
    if (ret) {
      rprocResourceCleanup(this);
      this.table.forget();
    }
    return ret;
  }

  /** The steps that boot and attach share: resources, then the carveouts that they asked for. */
  private handleResources(): number {
    this.maxNotifyid = -1;
    this.nbVdev = 0;
    let ret = rprocHandleResources(this);
    if (ret) {
      this.log(3, `Failed to process resources: ${ret}`);
      return ret;
    }
    ret = rprocAllocRegisteredCarveouts(this);
    if (ret) this.log(3, `Failed to allocate associated carveouts: ${ret}`);
    return ret;
  }

  /** `rproc_start`. */
  private *start(fw: FirmwareImage): KernelCode<number> {
    const loaded = this.loadSegments(fw);
    if (loaded) {
      this.log(3, `Failed to load program segments: ${loaded}`);
      return loaded;
    }
    this.table.install(this.ops.findLoadedRscTable(fw));
    let ret = yield* this.ops.start();
    if (ret) {
      this.log(3, `can't start rproc ${this.name}: ${ret}`);
    } else {
      ret = yield* this.startSubdevices();
      if (!ret) {
        this.state = 'running';
        this.log(6, `remote processor ${this.name} is now up`);
        return 0;
      }
      this.log(3, `failed to probe subdevices for ${this.name}: ${ret}`);
      yield* this.ops.stop();
    }
    this.table.uninstall();
    return ret;
  }

  private loadSegments(fw: FirmwareImage): number {
    const { memory } = this.kernel;
    const parts: LoadedPart[] = [];
    let da = 0;
    const ret = rprocElfLoadSegments(this.log.bind(this), fw, {
      daToVa: (address, length) => {
        da = address;
        return rprocDaToVa(this, address, length);
      },
      write: (address, data) => {
        parts.push({ da, data });
        memory.writeBytes(address, data);
      },
      zero: (address, length) => void memory.fill(address, 0, length),
    });
    this.vectors = findVectors(parts, this.bootaddr);
    return ret;
  }

  /** `rproc_attach`. */
  private *attach(): KernelCode<number> {
    const prepared = this.prepare();
    if (prepared) return prepared;
    this.table.adopt(this.ops.getLoadedRscTable?.(), this.ops.detach !== undefined);
    let ret = this.handleResources();
    if (!ret) ret = yield* this.attachDevice();
    if (ret) rprocResourceCleanup(this);
    return ret;
  }

  /** `__rproc_attach`. */
  private *attachDevice(): KernelCode<number> {
    let ret = this.ops.attach ? yield* this.ops.attach() : 0;
    if (ret) {
      this.log(3, `can't attach to rproc ${this.name}: ${ret}`);
      return ret;
    }
    ret = yield* this.startSubdevices();
    if (ret) {
      this.log(3, `failed to probe subdevices for ${this.name}: ${ret}`);
      yield* this.ops.stop();
      return ret;
    }
    this.state = 'attached';
    this.log(6, `remote processor ${this.name} is now attached`);
    return 0;
  }

  /** `rproc_start_subdevices`: in order; on an error those before are stopped again. */
  private *startSubdevices(): KernelCode<number> {
    const started: RprocSubdev[] = [];
    for (const subdev of [...this.subdevs]) {
      const ret = yield* subdev.start();
      if (ret) {
        for (const other of started.reverse()) yield* other.stop(true);
        return ret;
      }
      started.push(subdev);
    }
    return 0;
  }

  /** `rproc_stop_subdevices`. */
  private *stopSubdevices(crashed: boolean): KernelCode {
    for (const subdev of [...this.subdevs].reverse()) yield* subdev.stop(crashed);
  }

  /** `rproc_stop`. */
  private *stop(crashed: boolean): KernelCode<number> {
    yield* this.stopSubdevices(crashed);
    this.table.resetOnStop();
    const ret = yield* this.ops.stop();
    if (ret) {
      this.log(3, `can't stop rproc: ${ret}`);
      return ret;
    }
    this.state = 'offline';
    this.log(6, `stopped remote processor ${this.name}`);
    return 0;
  }

  /** `rproc_shutdown`: 0, -EINVAL when it is not up, or what stopping it gave. */
  *shutdown(): KernelCode<number> {
    const locked = yield* this.lockOrSay();
    if (locked) return locked;
    const ret = yield* this.shutdownLocked();
    this.lock.unlock();
    return ret;
  }

  private *shutdownLocked(): KernelCode<number> {
    const crashed = this.state === 'crashed';
    const up = this.state === 'running' || this.state === 'attached' || (crashed && this.kernel.flavour.remoteproc.stopsCrashed);
    if (!up) return ERRNO.EINVAL;
    if (--this.power > 0) return 0;
    const ret = yield* this.stop(crashed);
    if (ret) {
      this.power++;
      return ret;
    }
    rprocResourceCleanup(this);
    this.table.forget();
    return 0;
  }

  /** `rproc_detach`: 0, or -EINVAL when it is not attached or the platform cannot detach. */
  *detach(): KernelCode<number> {
    const locked = yield* this.lockOrSay();
    if (locked) return locked;
    let ret: number = ERRNO.EINVAL;
    if (this.state === 'attached') {
      const last = --this.power === 0;
      ret = last ? yield* this.detachDevice() : 0;
      if (ret) this.power++;
      else if (last) {
        rprocResourceCleanup(this);
        this.table.forget();
      }
    }
    this.lock.unlock();
    return ret;
  }

  /** `__rproc_detach`, for platforms that have the operation. */
  private *detachDevice(): KernelCode<number> {
    if (!this.ops.detach) return ERRNO.EINVAL;
    yield* this.stopSubdevices(false);
    const reset = this.table.resetOnDetach();
    if (reset) {
      this.log(3, `can't reset resource table: ${reset}`);
      return reset;
    }
    const ret = yield* this.ops.detach();
    if (ret) {
      this.log(3, `can't detach from rproc: ${ret}`);
      return ret;
    }
    this.state = 'detached';
    this.log(6, `detached remote processor ${this.name}`);
    return 0;
  }

  /** `rproc_set_firmware`: what is written to `firmware` in sysfs. */
  *setFirmware(name: string): KernelCode<number> {
    const locked = yield* this.lockInterruptible();
    if (locked) {
      this.logParent(3, `can't lock rproc ${this.name}: ${locked}`);
      return ERRNO.EINVAL;
    }
    const line = name.split(/[\n\0]/, 1)[0]!;
    let ret = 0;
    if (this.state !== 'offline') {
      this.logParent(3, "can't change firmware while running");
      ret = ERRNO.EBUSY;
    } else if (line === '') {
      this.logParent(3, "can't provide empty string for firmware name");
      ret = ERRNO.EINVAL;
    } else {
      this.firmware = line;
    }
    this.lock.unlock();
    return ret;
  }

  /** `state_store`: what `echo start > state` does; 0 or a negative errno. */
  *storeState(text: string): KernelCode<number> {
    const command = sysfsWord(text);
    if (command === 'start') {
      const ret = yield* this.boot();
      if (ret) this.log(3, `Boot failed: ${ret}`);
      return ret;
    }
    if (command === 'stop') return yield* this.shutdown();
    if (command === 'detach') return yield* this.detach();
    this.log(3, `Unrecognised option: ${text.split('\0', 1)[0]}`);
    return ERRNO.EINVAL;
  }

  /** `rproc_report_crash`: for whatever notices that the remote processor died. Recovery follows on a workqueue. */
  reportCrash(type: RprocCrashType): void {
    if (this.deleting) return;
    this.env.recoveryWq.queue(this.crashHandler);
    this.log(3, `crash detected in ${this.name}: type ${type}`);
  }

  /** `rproc_crash_handler_work`. */
  private *crashHandlerWork(): KernelCode {
    yield* this.lock.lock();
    const alive = !this.deleting && this.state !== 'crashed' && this.state !== 'offline';
    if (alive) {
      this.state = 'crashed';
      this.log(3, `handling crash #${++this.crashCnt} in ${this.name}`);
    }
    this.lock.unlock();
    if (alive && !this.recoveryDisabled) yield* this.triggerRecovery();
  }

  /** `rproc_trigger_recovery`: stop, dump, load and start again, or attach again; the vdevs stay. 0 or a negative errno. */
  *triggerRecovery(): KernelCode<number> {
    let ret = yield* this.lockInterruptible();
    if (ret) return ret;
    if (this.deleting) ret = ERRNO.ENODEV;
    else if (this.state === 'crashed') {
      this.log(3, `recovering ${this.name}`);
      ret = this.attachOnRecovery ? yield* this.attachRecovery() : yield* this.bootRecovery();
    }
    this.lock.unlock();
    return ret;
  }

  /** `rproc_attach_recovery`. */
  private *attachRecovery(): KernelCode<number> {
    const ret = yield* this.detachDevice();
    return ret || (yield* this.attachDevice());
  }

  /** `rproc_boot_recovery`. When it fails the users still count: a start does nothing and a stop is refused until the driver is bound again. */
  private *bootRecovery(): KernelCode<number> {
    const ret = yield* this.stop(true);
    if (ret) return ret;
    yield* rprocCoredump(this);
    const fw = yield* this.requestFirmware();
    if (typeof fw === 'number') {
      this.log(3, `request_firmware failed: ${fw}`);
      return fw;
    }
    return yield* this.start(fw);
  }

  /** `rproc_vq_interrupt`: true when the vring with that notify id had something. */
  *vqInterrupt(notifyid: number): KernelCode<boolean> {
    return (yield* this.notifyids.get(notifyid)?.interrupt() ?? nothing()) ?? false;
  }
}

function* nothing(): KernelCode<boolean> {
  return false;
}
