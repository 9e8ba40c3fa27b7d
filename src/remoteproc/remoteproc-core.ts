/**
 * Linux 6.1 drivers/remoteproc/remoteproc_core.c: a remote processor's life, from `rproc_add` through boot, stop, attach and recovery.
 *
 * Functions, order of steps, messages, levels and errnos are the kernel's. The resource handlers and carveouts, which are in the same
 * file there, are in rproc-resources.ts. Not modelled: IOMMUs, core dumps (off by default), the character device.
 */
import type { KernLevel } from '../events.ts';
import { ERRNO, type Kernel, type KernelCode, Mutex, type Workqueue } from '../linux/kernel.ts';
import { LATENCY } from '../linux/latencies.ts';
import type { FirmwareImage } from './remoteproc-elf-loader.ts';
import { rprocElfGetBootAddr, rprocElfLoadSegments, rprocElfSanityCheck } from './remoteproc-elf-loader.ts';
import { CachedTable, type LoadedTable, type TableMemory } from './resource-table.ts';
import { rprocAllocRegisteredCarveouts, rprocDaToVa, rprocHandleResources, rprocResourceCleanup } from './rproc-resources.ts';
import { findVectors, type LoadedPart } from './vectors.ts';

/** `enum rproc_state`, as sysfs spells it. */
export type RprocState = 'offline' | 'suspended' | 'running' | 'crashed' | 'attached' | 'detached';

/** `enum rproc_crash_type`, as `rproc_crash_to_string` spells it. */
export type RprocCrashType = 'mmufault' | 'watchdog' | 'fatal error';

/** `struct rproc_mem_entry`: a piece of memory shared with the remote processor. Addresses of Linux are system addresses. */
export interface RprocMemEntry {
  readonly name: string;
  /** Where Linux has it mapped, undefined until it is allocated. */
  va: number | undefined;
  dma: number;
  da: number;
  readonly len: number;
  /** Offset of the entry's payload in the resource table, or FW_RSC_ADDR_ANY. */
  rscOffset: number;
  flags: number;
  readonly alloc?: (rproc: Rproc, mem: RprocMemEntry) => number;
  readonly release?: (rproc: Rproc, mem: RprocMemEntry) => void;
}

/** `struct rproc_debug_trace`: a buffer into which the firmware writes text. */
export interface RprocTrace {
  readonly name: string;
  readonly da: number;
  readonly len: number;
}

/** `struct rproc_vdev_data`: what the rproc-virtio driver is told about a vdev. */
export interface RprocVdevData {
  readonly id: number;
  readonly index: number;
  readonly rscOffset: number;
}

/** `struct rproc_subdev`. */
export interface RprocSubdev {
  start(): KernelCode<number>;
  stop(crashed: boolean): KernelCode;
}

/** A vdev in use; `unregister` is `platform_device_unregister`. */
export interface RprocVdevHandle {
  unregister(): void;
}

/** A vring with a notify id; `interrupt` is `vring_interrupt` of its queue, false while it has none. */
export interface RprocNotifyTarget {
  interrupt(): KernelCode<boolean>;
}

/** `struct rproc_ops`: what the platform driver does; errors are negative errnos. */
export interface RprocOps {
  prepare?(): number;
  start(): KernelCode<number>;
  stop(): KernelCode<number>;
  attach?(): number;
  detach?(): number;
  kick?(vqid: number): KernelCode;
  daToVa(da: number, length: number): number | undefined;
  parseFw(fw: FirmwareImage): number;
  findLoadedRscTable(fw: FirmwareImage): LoadedTable | undefined;
  getLoadedRscTable?(): LoadedTable | undefined;
}

/** What the kernel around it gives a remote processor. */
export interface RprocEnvironment {
  readonly kernel: Kernel;
  /** N of remoteprocN. */
  readonly index: number;
  readonly name: string;
  /** Driver and name of the platform device, for its messages. */
  readonly parent: string;
  readonly ops: RprocOps;
  /** `rproc_recovery_wq`. */
  readonly recoveryWq: Workqueue;
  /** `request_firmware`: the file, or a negative errno. */
  requestFirmware(name: string, device: string): KernelCode<FirmwareImage | number>;
  /** `platform_device_register_data` of an rproc-virtio device, which probes it at once; the probe's error stays there, as in the kernel. */
  registerVdev(rproc: Rproc, data: RprocVdevData): number;
  /** `dma_alloc_coherent` and `dma_free_coherent` of the platform device. */
  dmaAlloc(length: number): number | undefined;
  dmaFree(address: number): void;
}

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
  cachedTable: CachedTable | undefined;
  /** The table in effect: the cached one, or the one that the firmware sees. */
  tablePtr: TableMemory | undefined;
  private power = 0;
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

  /** `rproc_add`; the caller starts what `autoBoot` asks for. */
  add(): number {
    if (this.state === 'detached' ? !this.ops.attach || this.cachedTable : this.state !== 'offline') return ERRNO.EINVAL;
    this.log(6, `${this.name} is available`);
    if (this.autoBoot) this.kernel.spawn(`${this.device} auto boot`, this.boot(), LATENCY.work);
    return 0;
  }

  /** `rproc_boot`: 0 or a negative errno. Further calls while it is up only count. */
  *boot(): KernelCode<number> {
    yield* this.lock.lock();
    if (++this.power > 1) {
      this.lock.unlock();
      return 0;
    }
    let ret: number;
    if (this.state === 'detached') {
      this.log(6, `attaching to ${this.name}`);
      ret = yield* this.attach();
    } else {
      this.log(6, `powering up ${this.name}`);
      ret = yield* this.loadAndBoot();
    }
    if (ret) this.power--;
    this.lock.unlock();
    return ret;
  }

  private *loadAndBoot(): KernelCode<number> {
    const fw = yield* this.env.requestFirmware(this.firmware, `remoteproc ${this.device}`);
    if (typeof fw === 'number') {
      this.log(3, `request_firmware failed: ${fw}`);
      return fw;
    }
    return yield* this.fwBoot(fw);
  }

  /** `rproc_fw_boot`. */
  private *fwBoot(fw: FirmwareImage): KernelCode<number> {
    const log = this.log.bind(this);
    const sane = rprocElfSanityCheck(log, fw);
    if (sane) return sane;
    this.log(6, `Booting fw image ${this.firmware}, size ${fw.data.length}`);
    const prepared = this.ops.prepare?.() ?? 0;
    if (prepared) {
      this.log(3, `can't prepare rproc ${this.name}: ${prepared}`);
      return prepared;
    }
    this.bootaddr = rprocElfGetBootAddr(fw);
    const parsed = this.ops.parseFw(fw);
    if (parsed) return parsed;
    let ret = this.handleResources();
    if (!ret) ret = yield* this.start(fw);
    if (ret) {
      rprocResourceCleanup(this);
      this.forgetTable();
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
    const table = this.ops.findLoadedRscTable(fw);
    if (table && this.cachedTable) {
      table.write(this.cachedTable.bytes);
      this.tablePtr = table;
    }
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
    this.tablePtr = this.cachedTable;
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
    const prepared = this.ops.prepare?.() ?? 0;
    if (prepared) {
      this.log(3, `can't prepare rproc ${this.name}: ${prepared}`);
      return prepared;
    }
    // rproc_set_rsc_table: what another boot stage installed is used in place.
    const table = this.ops.getLoadedRscTable?.();
    if (table) {
      this.cachedTable = undefined;
      this.tablePtr = table;
    }
    let ret = this.handleResources();
    if (!ret) ret = yield* this.attachDevice();
    if (ret) rprocResourceCleanup(this);
    return ret;
  }

  /** `__rproc_attach`. */
  private *attachDevice(): KernelCode<number> {
    let ret = this.ops.attach?.() ?? 0;
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
    // rproc_reset_rsc_table_on_stop: the rest of the shutdown works on a copy.
    if (this.tablePtr) {
      this.cachedTable ??= copyOf(this.tablePtr);
      this.tablePtr = this.cachedTable;
    }
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
    yield* this.lock.lock();
    const ret = yield* this.shutdownLocked();
    this.lock.unlock();
    return ret;
  }

  private *shutdownLocked(): KernelCode<number> {
    if (this.state !== 'running' && this.state !== 'attached' && this.state !== 'crashed') return ERRNO.EINVAL;
    if (--this.power > 0) return 0;
    const ret = yield* this.stop(this.state === 'crashed');
    if (ret) {
      this.power++;
      return ret;
    }
    rprocResourceCleanup(this);
    this.forgetTable();
    return 0;
  }

  /** `rproc_detach`: 0, or -EINVAL when it is not attached or the platform cannot detach. */
  *detach(): KernelCode<number> {
    yield* this.lock.lock();
    let ret: number = ERRNO.EINVAL;
    if (this.state === 'attached') {
      ret = --this.power > 0 ? 0 : yield* this.detachDevice();
      if (ret) this.power++;
    }
    this.lock.unlock();
    return ret;
  }

  /** `__rproc_detach`, for platforms that have the operation. */
  private *detachDevice(): KernelCode<number> {
    if (!this.ops.detach) return ERRNO.EINVAL;
    yield* this.stopSubdevices(false);
    if (this.tablePtr) this.tablePtr = this.cachedTable = copyOf(this.tablePtr);
    const ret = this.ops.detach();
    if (ret) {
      this.log(3, `can't detach from rproc: ${ret}`);
      return ret;
    }
    this.state = 'detached';
    this.log(6, `detached remote processor ${this.name}`);
    rprocResourceCleanup(this);
    this.forgetTable();
    return 0;
  }

  /** `rproc_set_firmware`: what is written to `firmware` in sysfs. */
  *setFirmware(name: string): KernelCode<number> {
    yield* this.lock.lock();
    const line = name.split('\n', 1)[0]!;
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
    const command = text.replace(/\n$/, '');
    if (command === 'start') {
      const ret = yield* this.boot();
      if (ret) this.log(3, `Boot failed: ${ret}`);
      return ret;
    }
    if (command === 'stop') return yield* this.shutdown();
    if (command === 'detach') return yield* this.detach();
    this.log(3, `Unrecognised option: ${text}`);
    return ERRNO.EINVAL;
  }

  /** `rproc_report_crash`: for whatever notices that the remote processor died. Recovery follows on a workqueue. */
  reportCrash(type: RprocCrashType): void {
    this.env.recoveryWq.queue(this.crashHandler);
    this.log(3, `crash detected in ${this.name}: type ${type}`);
  }

  /** `rproc_crash_handler_work`. */
  private *crashHandlerWork(): KernelCode {
    yield* this.lock.lock();
    const alive = this.state !== 'crashed' && this.state !== 'offline';
    if (alive) {
      this.state = 'crashed';
      this.log(3, `handling crash #${++this.crashCnt} in ${this.name}`);
    }
    this.lock.unlock();
    if (alive && !this.recoveryDisabled) yield* this.triggerRecovery();
  }

  /** `rproc_trigger_recovery`: stop, load and start again; the vdevs stay. 0 or a negative errno. */
  *triggerRecovery(): KernelCode<number> {
    yield* this.lock.lock();
    let ret = 0;
    if (this.state === 'crashed') {
      this.log(3, `recovering ${this.name}`);
      ret = yield* this.bootRecovery();
    }
    this.lock.unlock();
    return ret;
  }

  /** `rproc_boot_recovery`. */
  private *bootRecovery(): KernelCode<number> {
    const ret = yield* this.stop(true);
    if (ret) return ret;
    const fw = yield* this.env.requestFirmware(this.firmware, `remoteproc ${this.device}`);
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

  /** `rproc_trace_read`: the text in trace buffer `index`, as debugfs shows it. */
  readTrace(index: number): string {
    const trace = this.traces[index];
    const va = trace && rprocDaToVa(this, trace.da, trace.len);
    const bytes = va === undefined ? undefined : this.kernel.memory.readBytes(va, trace!.len);
    if (!trace || !bytes) return `Trace ${trace?.name ?? `trace${index}`} not available\n`;
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }

  private forgetTable(): void {
    this.cachedTable = undefined;
    this.tablePtr = undefined;
  }
}

function* nothing(): KernelCode<boolean> {
  return false;
}

function copyOf(table: TableMemory): CachedTable {
  const bytes = new Uint8Array(table.size);
  for (let i = 0; i < bytes.length; i++) bytes[i] = table.get8(i);
  return new CachedTable(bytes);
}
