/**
 * What runs beside the firmware and is modelled, not executed: Linux, and the boot loader before it. It has a clock domain of its own, its view of
 * the memory, interrupts, and a hand on the cores; when a history is kept, all that reaches it goes through there.
 */
import { transportOf } from './devicetree/built-in-tree.ts';
import { chooseTree, type TreeInput } from './devicetree/load.ts';
import type { Diagnostics } from './diagnostics.ts';
import { invariant, SnapshotError } from './errors.ts';
import type { EventHub } from './events.ts';
import { diverged, type HistoryTarget, LinuxHistory, type RecordedHistory } from './history/linux-history.ts';
import type { LinuxMemory } from './history/linux-memory.ts';
import { Kernel } from './linux/kernel.ts';
import type { KernelFlavour } from './linux/kernel-flavour.ts';
import { Linux } from './linux/linux.ts';
import type { ClockworkStop } from './linux/user-space.ts';
import type { Firmware } from './remoteproc/elf-loader.ts';
import type { CoreControl } from './remoteproc/imx-rproc.ts';
import { type CrashRegisters, RPROC_CRASH_TYPES, type RprocCrashType } from './remoteproc/remoteproc.ts';
import type { BoardDescription, SocDescription } from './soc/soc.ts';
import type { ArmedTimer, Scheduler } from './time/scheduler.ts';
import { type BootStage, cards, ubootBoard } from './uboot/stage.ts';
import { UBOOT_CONSOLE, UBoot } from './uboot/uboot.ts';
import { VirtioModules } from './virtio/modules.ts';
import type { TtyReader } from './virtio/tty.ts';

/** What of a machine's options is for Linux and the boot loader. */
export interface SoftwareOptions {
  readonly firmware?: Firmware;
  /** What runs before Linux; nothing unless given. With a U-Boot, Linux starts no firmware by itself. */
  readonly boot?: BootStage;
  /** Lines that are typed at U-Boot's prompt; without any it boots by itself unless a key comes. */
  readonly ubootScript?: readonly string[];
  /** Files on U-Boot's card beside the firmware, and in /lib/firmware of it. */
  readonly bootFiles?: ReadonlyMap<string, Uint8Array>;
  /** Kernel modules to load; all that the samples talk to unless given. */
  readonly modules?: readonly string[];
  /** True: udev loads modules for the channels that appear, besides. */
  readonly udev?: boolean;
  /** Who opens ttys of Linux when they appear; a program that shows what arrives unless given, nobody with a shell. */
  readonly ttyReader?: TtyReader;
  /** Device tree that Linux boots with, as a tree, a blob or a source; the one that is built in for the board unless given. */
  readonly dtb?: TreeInput;
  /** Overlays, merged into the tree in their order. */
  readonly overlays?: readonly TreeInput[];
  /** Whose kernel Linux is; mainline unless given. */
  readonly kernelFlavour?: KernelFlavour;
  /** True: what reaches Linux is noted, so that a snapshot can be taken at any time. */
  readonly history?: boolean;
}

/** The machine around it. */
export interface SoftwareEnvironment {
  readonly options: SoftwareOptions;
  readonly soc: SocDescription;
  readonly board: BoardDescription;
  /** Core that runs the firmware. */
  readonly core: string;
  readonly cores: readonly string[];
  readonly scheduler: Scheduler;
  readonly memory: LinuxMemory;
  readonly events: EventHub;
  readonly diagnostics: Diagnostics;
  readonly control: Required<CoreControl>;
  readonly completeDump: boolean;
  readonly run: (limit: number) => ClockworkStop;
  readonly requestStop: () => void;
  /** U-Boot's `reset`. */
  readonly reset: (cause: string) => void;
  /** The history through which it is going to live, if it does not live for the first time. */
  readonly recorded?: RecordedHistory;
}

/** Linux as data: its history, and what tells whether living through it led to the same. */
export interface LinuxState {
  readonly history: RecordedHistory;
  /** Its armed timers in the order of arming. */
  readonly timers: readonly ArmedTimer[];
  readonly fired: number;
}

const NO_HISTORY: RecordedHistory = { entries: [], data: [], calls: [], asynchronous: false };

/** A boot loader, if there is one, and Linux. */
export class Software {
  readonly scheduler: Scheduler;
  readonly kernel: Kernel;
  readonly linux: Linux;
  readonly uboot: UBoot | undefined;
  readonly history: LinuxHistory | undefined;
  private readonly environment: SoftwareEnvironment;

  constructor(environment: SoftwareEnvironment) {
    this.environment = environment;
    const { options, events, memory, recorded } = environment;
    const scheduler = environment.scheduler.domain();
    this.scheduler = scheduler;
    const history = options.history || recorded ? new LinuxHistory(() => scheduler.now) : undefined;
    this.history = history;
    memory.history = history;
    if (recorded) history?.open(recorded);
    if (history) scheduler.onFire = () => history.fire();
    const { kernelFlavour } = options;
    this.kernel = new Kernel({ scheduler, memory, events, ...(kernelFlavour ? { flavour: kernelFlavour } : {}) });
    this.linux = this.buildLinux();
    if (history) {
      this.linux.userSpace.witness = history;
      history.setInterrupt = (line, level) => this.kernel.setInterrupt(line, level);
    }
    const { bootLoader } = this;
    if (bootLoader) this.uboot = this.buildUBoot(bootLoader);
  }

  /** The stage before Linux, if there is one. */
  private get bootLoader(): BootStage | undefined {
    const { boot } = this.environment.options;
    return boot === 'linux' ? undefined : boot;
  }

  private buildLinux(): Linux {
    const { kernel, scheduler, bootLoader } = this;
    const { soc, board, core, diagnostics, completeDump, run, requestStop } = this.environment;
    const { firmware, modules, ttyReader, dtb, overlays, udev } = this.environment.options;
    const transport = transportOf(board, bootLoader !== undefined);
    const onFinding = (text: string) => diagnostics.guestError('Linux', 'rpmsg', text);
    kernel.onFinding = (text) => diagnostics.guestError('Linux', 'open', text);
    const linux = new Linux({
      kernel,
      deferred: bootLoader !== undefined,
      soc,
      board,
      control: this.control(),
      clockwork: { scheduler, run, requestStop },
      modules: new VirtioModules(kernel, { onFinding, ...(ttyReader ? { reader: ttyReader } : {}) }),
      onFinding,
      ...(dtb || overlays || transport !== 'remoteproc'
        ? { deviceTree: chooseTree(soc, board, { transport, ...(dtb ? { dtb } : {}), ...(overlays ? { overlays } : {}) }) }
        : {}),
      ownTree: dtb === undefined,
      ...(completeDump ? { completeDump: true } : {}),
      ...(modules ? { moduleNames: modules } : {}),
      ...(udev ? { udev } : {}),
      ...(firmware && !bootLoader ? { autostart: { core, name: firmware.name, bytes: firmware.bytes } } : {}),
    });
    if (firmware) linux.firmwareFiles.set(firmware.name, firmware.bytes);
    return linux;
  }

  private buildUBoot(stage: BootStage): UBoot {
    const { kernel, linux } = this;
    const { soc, core, diagnostics, reset } = this.environment;
    const { firmware, bootFiles, ubootScript } = this.environment.options;
    const board = ubootBoard(soc, this.environment.board.name, stage);
    const files = { core, tree: linux.deviceTree, ...(firmware ? { firmware } : {}), ...(bootFiles ? { others: bootFiles } : {}) };
    return new UBoot({
      kernel,
      board,
      slots: cards(board, soc, files),
      control: this.control(),
      handOver: (tree) => {
        linux.deviceTree = tree;
        linux.boot();
      },
      reset: (cause) => {
        if (!this.history?.replaying) reset(cause);
      },
      onFinding: (text) => diagnostics.guestError('U-Boot', 'board', text),
      ...(ubootScript ? { script: ubootScript } : {}),
    });
  }

  /** The hand on the cores, with its answers noted in the history, or given by it; then nothing is done to the cores. */
  private control(): CoreControl {
    const { history } = this;
    const { control } = this.environment;
    if (!history) return control;
    return {
      announceBoot: (core, boot) => {
        if (!history.replaying) control.announceBoot(core, boot);
      },
      startCore: (core, boot) => history.value(() => control.startCore(core, boot)),
      stopCore: (core) => {
        const value = history.value(() => {
          const { error, forced } = control.stopCore(core);
          return 2 * error + Number(forced);
        });
        return { error: Math.floor(value / 2), forced: value % 2 === 1 };
      },
      coreStarted: (core) => history.value(() => Number(control.coreStarted(core))) === 1,
      crashRegisters: (core) => {
        let registers: CrashRegisters = [];
        const count = history.value(() => {
          const found = control.crashRegisters(core);
          if (found) registers = found;
          return found?.length ?? -1;
        });
        return count < 0 ? undefined : Array.from({ length: count }, (_, index) => history.value(() => registers[index]! >>> 0));
      },
    };
  }

  /** The SoC drives GIC SPI `line`. */
  setInterrupt(line: number, level: boolean): void {
    this.history?.interrupt(line, level);
    this.kernel.setInterrupt(line, level);
  }

  /** Linux is told of a crash, as the SCU of 8QM and 8QXP does. */
  reportCrash(core: string, type: RprocCrashType): void {
    this.history?.crash(this.environment.cores.indexOf(core), RPROC_CRASH_TYPES.indexOf(type));
    this.linux.remoteproc(core)?.reportCrash(type);
  }

  /** Somebody types at U-Boot or writes to a tty. */
  send(device: string, bytes: Uint8Array): void {
    this.history?.send(device, bytes);
    if (device === UBOOT_CONSOLE) this.uboot?.type(bytes);
    else this.linux.writeTty(device, bytes);
  }

  /** Lets it stand still (its timers and interrupts wait), or go on. */
  hold(held: boolean): void {
    if (this.scheduler.frozen === held) return;
    this.history?.hold(held);
    this.scheduler.frozen = held;
  }

  /** All of it, as data. @throws {SnapshotError} when no history is kept */
  save(): LinuxState {
    const { history, scheduler } = this;
    if (!history) {
      throw new SnapshotError(
        'E_SNAPSHOT_UNSAVEABLE',
        'this machine keeps no history of its Linux, without which there is no snapshot of it',
        'make it with history: true',
      );
    }
    return { history: history.recorded, timers: this.timers(), fired: scheduler.fired };
  }

  /** The same before anything has reached it, whether a history is kept or not. */
  atStart(): LinuxState {
    const { scheduler } = this;
    invariant(scheduler.fired === 0, 'a Linux that has not run');
    return { history: NO_HISTORY, timers: this.timers(), fired: 0 };
  }

  private timers(): readonly ArmedTimer[] {
    return this.scheduler.armed().map(({ name, deadline, sequence }) => ({ name, deadline, sequence }));
  }

  /**
   * Lives through the history of `state`, with which it was made. Gives a promise when host code is a part of it.
   * @throws {SnapshotError} when it does not get where the other one was
   */
  live(state: LinuxState, call: HistoryTarget['call']): Promise<void> | undefined {
    const { history } = this;
    const target = this.target(call);
    this.linux.userSpace.standStill();
    if (!state.history.asynchronous) {
      history?.replay(state.history, target);
      this.arrive(state);
      return undefined;
    }
    return history?.replayInTurns(state.history, target).then(() => this.arrive(state));
  }

  private target(call: HistoryTarget['call']): HistoryTarget {
    const { scheduler, linux } = this;
    const { cores } = this.environment;
    return {
      moveTo: (now) => scheduler.moveTo({ now }),
      fire: () => {
        if (scheduler.empty) throw diverged('a timer is missing');
        scheduler.fireTop();
      },
      reportCrash: (core, type) => {
        const crash = RPROC_CRASH_TYPES[type];
        if (crash) linux.remoteproc(cores[core] ?? '')?.reportCrash(crash);
      },
      send: (device, bytes) => this.send(device, bytes),
      hold: (held) => this.hold(held),
      call,
      unsettled: () => linux.userSpace.unsettled,
      quiet: () => linux.userSpace.quiet(),
      begin: async (count) => {
        if (!(await linux.userSpace.beginAgain(count))) throw diverged('host code does not do again what it did');
      },
    };
  }

  /** The timers must be those of the other one, which also tells in which order those of one cycle fire. */
  private arrive({ timers, fired }: LinuxState): void {
    const { scheduler } = this;
    const armed = scheduler.armed();
    if (scheduler.fired !== fired || armed.length !== timers.length) throw diverged(`${armed.length} timers, not ${timers.length}`);
    for (const [index, timer] of armed.entries()) {
      const { name, deadline, sequence } = timers[index]!;
      if (timer.name !== name || timer.deadline !== deadline)
        throw diverged(`timer ${timer.name} at ${timer.deadline}, not ${name} at ${deadline}`);
      scheduler.restoreTimer(timer, { deadline, sequence });
    }
  }
}
