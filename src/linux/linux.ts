/**
 * One running Linux: the devices of the board's device tree, the drivers in their order, and the user who starts the cores.
 *
 * What happened before the drivers' probes (LATENCY.boot) is not modelled. The user does what the documentation says:
 * `echo name > /sys/class/remoteproc/remoteprocN/firmware`, `echo start > .../state`.
 */
import { type ImxMuProperties, imxMuDriver } from '../mu/imx-mailbox.ts';
import { MU_LAYOUTS, type MuLayoutName } from '../mu/mu-layout.ts';
import { type CoreControl, ImxRproc, type ImxRprocProperties, isVdevBuffer } from '../remoteproc/imx-rproc.ts';
import type { Rproc } from '../remoteproc/remoteproc-core.ts';
import { registerRprocVirtio, type SharedDmaPool } from '../remoteproc/remoteproc-virtio.ts';
import type { BoardDescription, ReservedMemory, SocDescription } from '../soc/soc.ts';
import type { VirtioModules } from '../virtio/modules.ts';
import { DevCoredumps } from './devcoredump.ts';
import { DmaPool } from './dma-pool.ts';
import { Dmesg } from './dmesg.ts';
import { type FirmwareFiles, FirmwareLoader } from './firmware-loader.ts';
import { type Kernel, type KernelCode, sleep, Workqueue, waitEvent } from './kernel.ts';
import { LATENCY } from './latencies.ts';
import { LinuxApi, type LinuxProcess, type OpenMode, type SpawnOptions } from './linux-api.ts';
import type { LinuxFile } from './linux-file.ts';
import { Mailboxes } from './mailbox.ts';
import { Ida, PlatformBus, type PlatformDevice, type PlatformDriver } from './platform.ts';
import type { Program } from './process.ts';
import { type CallOptions, type Clockwork, UserSpace } from './user-space.ts';

/** A firmware file and the core for which the user starts it once its remoteproc is there. */
export interface Autostart {
  readonly core: string;
  /** Name in /lib/firmware. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** What a `Linux` is made of. */
export interface LinuxOptions {
  readonly kernel: Kernel;
  readonly soc: SocDescription;
  readonly board: BoardDescription;
  readonly control: CoreControl;
  readonly modules: VirtioModules;
  /** Runs the machine while host code waits for something that happens in Linux. */
  readonly clockwork: Clockwork;
  /** Modules to load at boot; the default ones unless given. */
  readonly moduleNames?: readonly string[];
  readonly autostart?: Autostart;
  /** True: a boot loader runs first and calls `boot`. */
  readonly deferred?: boolean;
  /** Core dumps hold all memories of the core and its registers; else what the kernel's driver puts there, which is nothing. */
  readonly completeDump?: boolean;
  /** Hears, in plain words, what the other side did to a ring against the rules. */
  readonly onFinding?: (text: string) => void;
}

/** A command of the user, while it runs and after. */
export interface Command {
  readonly text: string;
  /** 0 or the negative errno of the write; undefined while it runs. */
  readonly result: number | undefined;
}

/** Bytes of the pool for DMA outside of reserved memory (`cma=16M`). */
const GLOBAL_POOL = 16 * 1024 * 1024;

/** The kernel's modelled parts, wired for one machine. It boots by itself once the clock runs. */
export class Linux {
  readonly kernel: Kernel;
  readonly modules: VirtioModules;
  /** /lib/firmware by file name. */
  readonly firmwareFiles: FirmwareFiles;
  /** remoteproc0, remoteproc1, ... in the order of their probes. */
  readonly remoteprocs: ImxRproc[] = [];
  readonly platform: PlatformBus;
  readonly mailboxes = new Mailboxes();
  /** By which host code waits for things in virtual time. */
  readonly userSpace: UserSpace;
  /** What host code can do in this Linux: `open`, `readFile`, `writeFile`, `stat`, `spawn` ... */
  readonly api: LinuxApi;
  /** /sys/class/devcoredump. */
  readonly devCoredumps: DevCoredumps;
  private readonly options: LinuxOptions;
  private readonly firmware: FirmwareLoader;
  private readonly rprocIndices = new Ida();
  private readonly recoveryWq: Workqueue;
  private readonly globalPool: DmaPool;
  private readonly loadModules: KernelCode;
  private up = false;
  private readonly input = new Map<string, { readonly pending: Uint8Array[]; busy: boolean }>();

  constructor(options: LinuxOptions) {
    const { kernel, board, autostart } = options;
    this.options = options;
    this.kernel = kernel;
    this.modules = options.modules;
    this.userSpace = new UserSpace({ kernel, clockwork: options.clockwork, waitingFor: () => this.waitingFor() });
    this.api = new LinuxApi(this.userSpace);
    this.platform = new PlatformBus(kernel);
    this.firmware = new FirmwareLoader(kernel);
    this.firmwareFiles = this.firmware.files;
    this.devCoredumps = new DevCoredumps(kernel);
    this.recoveryWq = new Workqueue(kernel, 'rproc_recovery_wq');
    const reserved = Object.values(board.remoteprocs).flatMap(({ memoryRegions }) => memoryRegions);
    this.globalPool = globalPool(kernel, board, reserved);
    this.loadModules = this.modules.loadAll(options.moduleNames);
    if (autostart) this.firmwareFiles.set(autostart.name, autostart.bytes);
    if (!options.deferred) this.boot();
  }

  /** The kernel log as it is now; as text, what `dmesg` prints. */
  get dmesg(): Dmesg {
    return new Dmesg(this.kernel);
  }

  /** `LinuxApi.open`. */
  open(path: string, mode?: OpenMode, options?: CallOptions): Promise<LinuxFile> {
    return this.api.open(path, mode, options);
  }

  /** `LinuxApi.spawn`. */
  spawn(program: Program, argv: readonly string[], options?: SpawnOptions): LinuxProcess {
    return this.api.spawn(program, argv, options);
  }

  /** True from when the boot loader has handed over. */
  get booted(): boolean {
    return this.up;
  }

  /** The boot loader hands over: the devices of the tree as it is now, then `init` and the user. Further calls do nothing. */
  boot(): void {
    if (this.up) return;
    this.up = true;
    const { soc, board, autostart } = this.options;
    this.addDevices(soc, board);
    this.kernel.spawn('init', this.init(), LATENCY.boot);
    if (autostart) this.user(`start ${autostart.core}`, this.startWhenAvailable(autostart));
  }

  private addDevices(soc: SocDescription, board: BoardDescription): void {
    const muName = (base: number): string => `${base.toString(16)}.mailbox`;
    for (const { name, layout, a } of soc.mus) {
      const irq = a.interrupts['linux'];
      if (irq === undefined) continue;
      const properties: ImxMuProperties = { node: name, base: a.base, irq, layout: MU_LAYOUTS[layout as MuLayoutName] };
      this.platform.addDevice({ name: muName(a.base), compatible: `fsl,${layout}-mu`, properties });
    }
    for (const description of soc.remoteprocs) {
      const node = board.remoteprocs[description.core];
      if (!node) continue;
      const mu = soc.mus.find(({ name }) => name === node.mu);
      const properties: ImxRprocProperties = {
        description,
        mboxes: { tx: { node: node.mu, args: [0, 1] }, rx: { node: node.mu, args: [1, 1] }, rxdb: { node: node.mu, args: [3, 1] } },
        memoryRegions: node.memoryRegions,
        ...(node.alsoReceives ? { alsoReceives: node.alsoReceives } : {}),
      };
      this.platform.addDevice({
        name: description.node,
        compatible: description.compatible,
        properties,
        suppliers: [mu ? muName(mu.a.base) : node.mu],
      });
    }
  }

  private *init(): KernelCode {
    yield* this.loadModules;
    yield* this.platform.registerDriver(imxMuDriver(this.kernel, this.mailboxes) as PlatformDriver);
    yield* this.platform.registerDriver(this.imxRprocDriver() as PlatformDriver);
  }

  private imxRprocDriver(): PlatformDriver<ImxRprocProperties> {
    const compatibles = new Set(this.options.soc.remoteprocs.map(({ compatible }) => compatible));
    return {
      name: 'imx-rproc',
      matches: (device): device is PlatformDevice<ImxRprocProperties> => compatibles.has(device.compatible),
      probe: ({ name, properties }) => this.probeImxRproc(name, properties),
      remove: ({ name }) => this.removeImxRproc(name),
    };
  }

  private *probeImxRproc(name: string, properties: ImxRprocProperties): KernelCode<number> {
    const index = this.rprocIndices.alloc();
    const { kernel, mailboxes, recoveryWq, globalPool, modules, platform } = this;
    const { onFinding, completeDump } = this.options;
    const parentDevice = platform.deviceOf(name);
    const imx = new ImxRproc(
      {
        kernel,
        mailboxes,
        recoveryWq,
        control: this.options.control,
        devCoredumps: this.devCoredumps,
        ...(completeDump ? { completeDump } : {}),
        ...(parentDevice ? { parentDevice } : {}),
        requestFirmware: (file, device) => this.firmware.request(file, device),
        dmaAlloc: (length) => globalPool.allocate(length),
        dmaFree: (address) => globalPool.free(address),
        ...(onFinding ? { onFinding } : {}),
        registerVdev: (_imx, rproc, data) =>
          registerRprocVirtio(rproc, data, {
            bus: modules.virtioBus,
            autoIds: platform.autoIds,
            reservedMemory,
            globalPool,
            ...(onFinding ? { onViolation: onFinding } : {}),
          }),
      },
      index,
      name,
      properties,
    );
    const reservedMemory = sharedDmaPool(kernel, properties.memoryRegions);
    const err = yield* imx.probe();
    if (err) this.rprocIndices.free(index);
    else this.remoteprocs.splice(index, 0, imx);
    return err;
  }

  private *removeImxRproc(name: string): KernelCode {
    const at = this.remoteprocs.findIndex((imx) => imx.name === name);
    const [imx] = at < 0 ? [] : this.remoteprocs.splice(at, 1);
    if (!imx) return;
    yield* imx.remove();
    this.rprocIndices.free(imx.rproc.env.index);
  }

  /** The remoteproc of a core, once its driver has probed it. */
  remoteproc(core: string): Rproc | undefined {
    return this.remoteprocs.find(({ properties }) => properties.description.core === core)?.rproc;
  }

  private *startWhenAvailable({ core, name }: Autostart): KernelCode<number> {
    yield* waitEvent(this.platform.progress, () => this.remoteproc(core) !== undefined);
    yield* sleep(LATENCY.user);
    const rproc = this.remoteproc(core)!;
    if (rproc.state !== 'offline') return 0;
    const err = yield* rproc.setFirmware(name);
    return err || (yield* rproc.storeState('start'));
  }

  /** `echo start > /sys/class/remoteproc/remoteprocN/state`, after `echo firmware > .../firmware` when one is named. */
  start(index: number, firmware?: string): Command {
    return this.user(`echo start > remoteproc${index}/state`, this.write(index, 'start', firmware));
  }

  /** `echo stop > /sys/class/remoteproc/remoteprocN/state`. */
  stop(index: number): Command {
    return this.user(`echo stop > remoteproc${index}/state`, this.write(index, 'stop'));
  }

  private *write(index: number, state: string, firmware?: string): KernelCode<number> {
    const rproc = this.remoteprocs.find((imx) => imx.rproc.env.index === index)?.rproc;
    // The shell's "No such file or directory".
    if (!rproc) return -2;
    const err = firmware === undefined ? 0 : yield* rproc.setFirmware(firmware);
    return err || (yield* rproc.storeState(state));
  }

  private user(text: string, code: KernelCode<number>): Command {
    const command: { text: string; result: number | undefined } = { text, result: undefined };
    this.kernel.spawn(
      `sh: ${text}`,
      (function* (): KernelCode {
        command.result = yield* code;
      })(),
      LATENCY.user,
    );
    return command;
  }

  /** Whether the tty takes input: `busy` while a program still writes what was sent before. */
  ttyInputState(device: string): 'absent' | 'busy' | 'listening' {
    if (!this.modules.ttys.ready(device)) return 'absent';
    return this.input.get(device)?.busy ? 'busy' : 'listening';
  }

  /** `printf bytes > /dev/<device>`, as soon as the device is ready and what was sent before is written. */
  writeTty(device: string, bytes: Uint8Array): void {
    let queue = this.input.get(device);
    if (!queue) {
      queue = { pending: [], busy: false };
      this.input.set(device, queue);
    }
    queue.pending.push(bytes);
    if (!queue.busy) this.kernel.spawn(`printf > /dev/${device}`, this.writeInput(device, queue), LATENCY.user);
    queue.busy = true;
  }

  private *writeInput(device: string, queue: { readonly pending: Uint8Array[]; busy: boolean }): KernelCode {
    for (let bytes = queue.pending.shift(); bytes; bytes = queue.pending.shift()) yield* this.modules.ttys.send(device, bytes);
    queue.busy = false;
  }

  /** What Linux waits for, in plain words, the cause before the symptom; empty when it waits for nothing in particular. */
  waitingFor(): string[] {
    const waits: string[] = [];
    for (const { name, suppliers } of this.platform.devicesDeferred) {
      waits.push(`the probe of ${name} waits for ${suppliers.join(', ') || 'another driver'}, which has no driver or does not exist`);
    }
    for (const { rproc } of this.remoteprocs) waits.push(...rprocWaits(rproc), ...this.driverless(rproc));
    for (const { text } of this.modules.unboundChannels()) waits.push(text);
    for (const { name, waitingFor } of this.kernel.tasks) {
      if (waitingFor !== undefined && /^(mailbox|a TX buffer|mutex|a tty$)/.test(waitingFor)) waits.push(`${name} waits for ${waitingFor}`);
    }
    return waits;
  }

  /** Said of a virtio device that waits for a driver which was not loaded. */
  private driverless({ device, rvdevs }: Rproc): string[] {
    if (rvdevs.length === 0 || this.modules.loaded.includes('virtio_rpmsg_bus')) return [];
    return [
      `${device}: its virtio device has no driver, since the module virtio_rpmsg_bus is not loaded (--modules), so firmware that waits for DRIVER_OK waits for ever`,
    ];
  }
}

function rprocWaits(rproc: Rproc): string[] {
  const { device, state } = rproc;
  if (state === 'offline') return [`${device} is offline: it was not started, its start is still under way, or it failed`];
  if (state === 'crashed') return [`${device} has crashed and was not recovered`];
  if (rproc.rvdevs.length === 0)
    return [`${device} is ${state}, but has no virtio device: the firmware has no resource table with a vdev that Linux accepted`];
  return [];
}

/** The node that the rproc-virtio device is given. The kernel takes the first memory-region; here it is the buffer's wherever it stands. */
function sharedDmaPool(kernel: Kernel, regions: readonly ReservedMemory[]): SharedDmaPool | undefined {
  const region = regions.find(isVdevBuffer);
  return region && { node: `${region.name}@${region.base.toString(16)}`, pool: new DmaPool(kernel.memory, region.base, region.size) };
}

/** The highest 16 MiB of the board's DDR that no reserved region touches; what the default CMA area comes down to. */
function globalPool(kernel: Kernel, board: BoardDescription, reserved: readonly ReservedMemory[]): DmaPool {
  let best = { base: 0, size: 0 };
  for (const { ram, base, size } of kernel.memory.regions) if (ram && size > best.size) best = { base, size };
  const end = best.base + Math.min(best.size, board.ddr);
  let base = Math.floor((end - GLOBAL_POOL) / GLOBAL_POOL) * GLOBAL_POOL;
  const taken = (at: number): boolean => reserved.some((region) => at < region.base + region.size && region.base < at + GLOBAL_POOL);
  while (base > best.base && taken(base)) base -= GLOBAL_POOL;
  return base >= best.base && !taken(base) ? new DmaPool(kernel.memory, base, GLOBAL_POOL) : new DmaPool(kernel.memory, best.base, 0);
}
