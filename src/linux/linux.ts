/**
 * One running Linux: the devices of the board's device tree, the drivers in their order, and the user who starts the cores.
 *
 * What happened before the drivers' probes (LATENCY.boot) is not modelled. The user does what the documentation says:
 * `echo name > /sys/class/remoteproc/remoteprocN/firmware`, `echo start > .../state`.
 */
import { builtInTree } from '../devicetree/built-in-tree.ts';
import type { DeviceTree } from '../devicetree/tree.ts';
import type { CoreControl, ImxRproc } from '../remoteproc/imx-rproc.ts';
import { RPROC_MAJOR } from '../remoteproc/remoteproc-cdev.ts';
import type { Rproc } from '../remoteproc/remoteproc-core.ts';
import type { ExecOptions, LinuxShell, LinuxShellHost, ShellResult } from '../shell/api.ts';
import type { BoardDescription, SocDescription } from '../soc/soc.ts';
import type { VirtioModules } from '../virtio/modules.ts';
import { DevCoredumps } from './devcoredump.ts';
import { Dmesg } from './dmesg.ts';
import { errnoName } from './errno.ts';
import { type FirmwareFiles, FirmwareLoader } from './firmware-loader.ts';
import { type BootTree, ImxDrivers } from './imx-drivers.ts';
import { type Kernel, type KernelCode, sleep, Workqueue, waitEvent } from './kernel.ts';
import { LATENCY } from './latencies.ts';
import { LinuxApi, type LinuxProcess, type OpenMode, type SpawnOptions } from './linux-api.ts';
import type { LinuxFile } from './linux-file.ts';
import { Mailboxes } from './mailbox.ts';
import { OfTree } from './of.ts';
import { boardBanks, globalPool, memoryBanks, platformDevices } from './of-platform.ts';
import { PlatformBus } from './platform.ts';
import { machineHardware } from './proc/facts.ts';
import type { Program } from './process.ts';
import { ReservedMemories } from './reserved-memory.ts';
import { addRtc } from './rtc.ts';
import { addSocDevice } from './soc-device.ts';
import type { SleepState } from './suspend.ts';
import { addSystemFiles } from './system-files.ts';
import { startUdev } from './udev.ts';
import { type CallOptions, type Clockwork, UserSpace } from './user-space.ts';
import { waits } from './waits.ts';

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
  /** Starts udev, which loads further ones. */
  readonly udev?: boolean;
  readonly autostart?: Autostart;
  /** The tree that it boots with; the one that is built in for SoC and board unless given. */
  readonly deviceTree?: DeviceTree;
  /** Whether the tree is the one that is built in, perhaps with overlays; when none is given it is. */
  readonly ownTree?: boolean;
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

/** The kernel's modelled parts, wired for one machine. It boots by itself once the clock runs. */
export class Linux {
  readonly kernel: Kernel;
  readonly modules: VirtioModules;
  /** /lib/firmware by file name. */
  readonly firmwareFiles: FirmwareFiles;
  /** remoteproc0, remoteproc1, ... in the order of their probes. */
  readonly remoteprocs: ImxRproc[] = [];
  readonly platform: PlatformBus;
  /** What the boot loader hands over, and /sys/firmware/devicetree shows; Linux reads it when it boots. */
  deviceTree: DeviceTree;
  readonly mailboxes = new Mailboxes();
  /** By which host code waits for things in virtual time. */
  readonly userSpace: UserSpace;
  /** What host code can do in this Linux: `open`, `readFile`, `writeFile`, `stat`, `spawn` ... */
  readonly api: LinuxApi;
  /** /sys/class/devcoredump. */
  readonly devCoredumps: DevCoredumps;
  private readonly options: LinuxOptions;
  private readonly firmware: FirmwareLoader;
  private readonly recoveryWq: Workqueue;
  /** The tree that is built in, not one of the user's. */
  private readonly ownTree: boolean;
  private tree: BootTree | undefined;
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
    // rproc_init_sysfs and rpmsg_init: both are built in.
    for (const name of ['remoteproc', 'rpmsg']) kernel.devices.addClass(name);
    // rproc_init_cdev
    if (kernel.flavour.remoteproc.cdev) this.modules.majors.take(RPROC_MAJOR, 'remoteproc');
    addRtc(kernel);
    this.recoveryWq = new Workqueue(kernel, 'rproc_recovery_wq', true);
    this.ownTree = options.ownTree ?? options.deviceTree === undefined;
    this.deviceTree = options.deviceTree ?? builtInTree(options.soc, board);
    kernel.machine = machineHardware(this.deviceTree);
    kernel.hostname = `${options.soc.name}-${board.name}`;
    addSystemFiles(kernel, {
      deviceTree: () => this.deviceTree,
      platform: this.platform,
      modules: () => this.modules.info(),
      majors: () => this.modules.majors.list,
      ttyDrivers: () => this.modules.ttys.drivers,
      machineName: options.soc.deviceTree?.kernelNames?.machine,
    });
    this.loadModules = this.modules.loadAll(options.moduleNames);
    if (options.udev) startUdev(kernel, this.modules);
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

  /**
   * Executes command lines of bash in a shell of their own, in virtual time; runs the machine meanwhile unless somebody else does. What the
   * commands read from standard input is empty. Ttys belong to the shell's programs when the machine was made with `ttyReader: 'none'`.
   * Rejects with `LinuxTimeout` after 10 s of virtual time, unless `options` say otherwise.
   */
  async exec(text: string, options?: ExecOptions): Promise<ShellResult> {
    const { execute } = await import('../shell/api.ts');
    return execute(this.shellHost, text, options);
  }

  /** A shell that keeps its variables, functions, directory and jobs between command lines. */
  async shell(): Promise<LinuxShell> {
    const { openShell } = await import('../shell/api.ts');
    return openShell(this.shellHost);
  }

  private get shellHost(): LinuxShellHost {
    const { soc, board, clockwork } = this.options;
    return { linux: this, hostName: `${soc.name}-${board.name}`, requestStop: () => clockwork.requestStop() };
  }

  /** True from when the boot loader has handed over. */
  get booted(): boolean {
    return this.up;
  }

  /** The boot loader hands over: the devices of the tree as it is now, then `init` and the user. Further calls do nothing. */
  boot(): void {
    if (this.up) return;
    this.up = true;
    this.kernel.start();
    const { autostart, deferred } = this.options;
    if (!deferred) this.deviceTree = this.withBootargs();
    const tree = this.readTree();
    this.tree = tree;
    addSocDevice(this.kernel, this.deviceTree, this.options.soc);
    for (const device of platformDevices(tree.of)) this.platform.addDevice(device);
    this.kernel.spawn('swapper', this.earlyMessages(tree.reserved), 0);
    this.kernel.spawn('init', this.init(tree), LATENCY.boot);
    if (autostart) this.user(`start ${autostart.core}`, this.startWhenAvailable(autostart));
  }

  /** The tree with the command line of the board's boot loader, unless it has one; the user's own is left alone. */
  private withBootargs(): DeviceTree {
    const { bootargs } = this.options.board;
    if (bootargs === undefined || this.deviceTree.node('/chosen')?.has('bootargs')) return this.deviceTree;
    const tree = this.ownTree ? this.deviceTree : this.deviceTree.clone();
    (tree.node('/chosen') ?? tree.root.add('chosen')).set('bootargs', bootargs);
    return tree;
  }

  /** `setup_arch`: memory and reservations. Without a U-Boot stage the tree has not been told the board's memory. */
  private readTree(): BootTree {
    const { kernel, deviceTree } = this;
    const { soc, board, deferred } = this.options;
    // The tree that is built in has it.
    const told = deferred || this.options.deviceTree === undefined;
    const banks = told ? memoryBanks(deviceTree) : [];
    if (banks.length === 0) banks.push(...boardBanks(soc, board));
    const reserved = new ReservedMemories(deviceTree, banks);
    return {
      of: new OfTree(deviceTree, (text) => kernel.printk(3, text)),
      reserved,
      globalPool: globalPool(kernel.memory, banks, reserved),
    };
  }

  private *earlyMessages({ log }: ReservedMemories): KernelCode {
    for (const { level, text } of log) this.kernel.printk(level, text);
  }

  private *init(tree: BootTree): KernelCode {
    const { kernel, modules, mailboxes, platform, firmware, devCoredumps, recoveryWq, remoteprocs, ownTree } = this;
    yield* this.loadModules;
    const around = { kernel, modules, mailboxes, platform, firmware, devCoredumps, recoveryWq, remoteprocs, ownTree };
    yield* new ImxDrivers({ ...this.options, ...around }, tree).register();
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

  /** `echo mem > /sys/power/state` (or freeze): done when the system is awake again. */
  suspend(state: SleepState): Command {
    return this.user(`echo ${state} > /sys/power/state`, this.kernel.pm.suspend(state));
  }

  /** Somebody presses the power key, a wakeup source. */
  resume(): void {
    this.kernel.pm.systemWakeup();
  }

  private user(text: string, code: KernelCode<number>): Command {
    const command: { text: string; result: number | undefined } = { text, result: undefined };
    const shell = this.kernel.spawn(
      `sh: ${text}`,
      (function* (): KernelCode {
        command.result = yield* code;
      })(),
      LATENCY.user,
    );
    shell.freezable = true;
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
    if (!queue.busy) this.kernel.spawn(`printf > /dev/${device}`, this.writeInput(device, queue), LATENCY.user).freezable = true;
    queue.busy = true;
  }

  private *writeInput(device: string, queue: { readonly pending: Uint8Array[]; busy: boolean }): KernelCode {
    for (let bytes = queue.pending.shift(); bytes; bytes = queue.pending.shift()) {
      const result = yield* this.modules.ttys.send(device, bytes);
      const lost = bytes.length - Math.max(result, 0);
      const why = result < 0 ? ` (${errnoName(result)})` : '';
      if (lost > 0) this.options.onFinding?.(`/dev/${device}: ${lost} of ${bytes.length} bytes of input are lost: the write failed${why}`);
    }
    queue.busy = false;
  }

  /** What Linux waits for, in plain words, the cause before the symptom; empty when it waits for nothing in particular. */
  waitingFor(): string[] {
    return waits(this, this.tree?.of);
  }
}
