/**
 * A SoC description and a firmware become a running machine: the only file that wires blocks together.
 *
 * Every core has its own view of the memories and devices, Linux has another; the scheduler is the one clock for all. Nothing here
 * knows ARM, a messaging unit's registers or RPMsg: it hands each model what that model's constructor asks for.
 */
import { CorePower } from './core-power.ts';
import type { Core, CoreStop } from './cpu/core.ts';
import { createCore } from './cpu/create-core.ts';
import type { EngineFactory } from './cpu/engine.ts';
import { jitFactory } from './cpu/jit/index.ts';
import type { EngineDifference } from './cpu/lockstep/index.ts';
import type { SemihostingHost } from './cpu/semihosting.ts';
import type { WatchHit } from './cpu/watchpoints.ts';
import { Diagnostics } from './diagnostics.ts';
import { EnginesDiffer, FirmwareError, HostMemoryExhausted, invariant, UsageError } from './errors.ts';
import { EventHub } from './events.ts';
import { FaultPort } from './faults/port.ts';
import type { HistoryTarget, LinuxHistory, RecordedHistory } from './history/linux-history.ts';
import { LinuxMemory, LinuxStores } from './history/linux-memory.ts';
import type { Kernel } from './linux/kernel.ts';
import type { Linux } from './linux/linux.ts';
import { Arena, DEFAULT_ARENA_SIZE } from './memory/arena.ts';
import { hex, hex32 } from './memory/bits.ts';
import { AddressSpace, type BusDevice } from './memory/bus.ts';
import { Ram } from './memory/ram.ts';
import { MessagingUnit } from './mu/messaging-unit.ts';
import { MU_LAYOUTS } from './mu/mu-layout.ts';
import { DeviceDefinitions } from './peripherals/attached/definitions.ts';
import { CanBuses } from './peripherals/can-bus.ts';
import { createPeripheral, type DmaDirection, type Peripheral, type PeripheralSpec } from './peripherals/catalogue.ts';
import { ClockTree } from './peripherals/clock-tree.ts';
import { DmaFace } from './peripherals/dma-face.ts';
import { Pins } from './peripherals/pins.ts';
import type { Firmware } from './remoteproc/elf-loader.ts';
import { LoadedFirmware } from './remoteproc/loaded-firmware.ts';
import { findVectors } from './remoteproc/vectors.ts';
import {
  type BoardDescription,
  baseIn,
  type CoreDescription,
  findBoard,
  type Interrupts,
  type Located,
  type MuSide,
  muWindow,
  type SocDescription,
} from './soc/soc.ts';
import { type LinuxState, Software, type SoftwareOptions } from './software.ts';
import type { Symbols } from './symbols.ts';
import { Scheduler, type Timer } from './time/scheduler.ts';
import { UBOOT_CONSOLE, type UBoot } from './uboot/uboot.ts';

/** What a machine is made of. */
export interface MachineOptions extends SoftwareOptions {
  readonly soc: SocDescription;
  /** Name of one of the SoC's boards; the first unless given. */
  readonly board?: string;
  /** What executes instructions; the translating engine unless given. */
  readonly engine?: EngineFactory;
  /** Core that runs the firmware; the SoC's first unless given. */
  readonly core?: string;
  /** False: no Linux, the firmware is loaded directly. Bare cores never have one. */
  readonly linux?: boolean;
  /**
   * Whether Linux hears that a core crashed: `none` (the default) as on 8M boards, where nothing tells it and a crash ends the run; `report`
   * as on 8QM and 8QXP, where the SCU does.
   */
  readonly crashDetection?: 'none' | 'report';
  /** Serves BKPT 0xAB when given. */
  readonly semihosting?: SemihostingHost;
  /** False: every round of a polling loop is executed; the trace is the same, only later. */
  readonly fastForward?: boolean;
  /** Bytes of host memory for guest RAM. */
  readonly hostMemory?: number;
  /** What devices on I2C and SPI are made of; those that come with imx-sim unless given. */
  readonly devices?: DeviceDefinitions;
  /** Text of the instruction at an address, for reports. */
  readonly disassemble?: (address: number, bytes: Uint8Array) => string | undefined;
}

/** Why `Machine.run` returned. */
export type StopReason =
  | { readonly kind: 'requested' }
  /** The limit was reached. */
  | { readonly kind: 'limit' }
  /** Nothing is left that could ever happen. */
  | { readonly kind: 'deadlock' }
  | { readonly kind: 'exit'; readonly status: number }
  /** A hook of the core asked for it (`Core.addHook`). */
  | { readonly kind: 'hook'; readonly core: string; readonly address: number }
  /** A watchpoint of the core asked for it (`Core.addWatchpoint`). */
  | ({ readonly kind: 'watch'; readonly core: string } & WatchHit)
  /** The core has executed as many instructions as `Core.stopAt` was given. */
  | { readonly kind: 'step'; readonly core: string }
  | { readonly kind: 'crashed'; readonly core: string; readonly reason: string; readonly report: readonly string[] }
  /** A block (a watchdog) reset the whole SoC, Linux included. */
  | { readonly kind: 'system-reset'; readonly block: string; readonly cause: string }
  /** Engines in lockstep did not do the same: one of them is wrong. */
  | {
      readonly kind: 'difference';
      readonly difference: EngineDifference;
      readonly report: readonly string[];
      readonly remedy: string;
    }
  | { readonly kind: 'host-memory'; readonly text: string; readonly remedy: string };

/** Whether a device takes input: `busy` has some that it has not read yet, `idle` is there but did not ask for any. */
export type InputState = 'absent' | 'busy' | 'idle' | 'listening';

/** U-Boot reads keys at its prompt, and while it counts down to autoboot. */
const UBOOT_INPUT: Readonly<Record<UBoot['state'], InputState>> = { prompt: 'listening', busy: 'busy', left: 'absent' };

/** Base-clock cycles for which one core runs before the others get their turn, on machines with several. */
const QUANTUM = 10_000;

const NO_CORES: readonly Core[] = [];

/** A running SoC. */
export class Machine {
  /** Fields that a snapshot keeps; blocks, memory and Linux are kept for themselves. */
  static readonly state = ['power', 'ahead', 'paused', 'frozen', 'stopper', 'stopWanted', 'pendingReset'];
  readonly soc: SocDescription;
  readonly board: BoardDescription | undefined;
  readonly scheduler: Scheduler;
  /** For timers of whoever looks at the machine or feeds it, and is no part of it: a snapshot is without them. */
  readonly watchers: Scheduler;
  readonly events = new EventHub();
  readonly diagnostics: Diagnostics;
  readonly arena: Arena;
  /** Cores in the order of the SoC's description. */
  readonly cores: readonly Core[];
  readonly peripherals: readonly Peripheral[];
  /** Watches what Linux stores to memory. */
  readonly linuxStores = new LinuxStores();
  /** What is outside of the GPIO pins. */
  readonly pins = new Pins();
  /** What CAN controllers are connected with. */
  readonly canBuses = new CanBuses();
  /** What devices on I2C and SPI are made of. */
  readonly devices: DeviceDefinitions;
  /** The SoC's clocks, without those of its cores. */
  readonly clocks = new ClockTree();
  /** Faults that are injected, as data; see faults/faults.ts. */
  readonly faultPort: FaultPort;
  /** Core that runs the firmware. */
  readonly core: Core;
  /** What it was made of. */
  readonly options: MachineOptions;
  private readonly views = new Map<string, AddressSpace>();
  /** What masters other than cores and Linux see, by their names. */
  private readonly faces = new Map<string, DmaFace>();
  private readonly interruptSinks = new Map<string, (line: number, level: boolean) => void>();
  private readonly power: CorePower;
  /** Cycle up to which each core has run, where that is beyond the clock. */
  private readonly ahead = new Map<Core, number>();
  private running: Core | undefined;
  /** The core that runs the firmware stands still. */
  private paused = false;
  /** Names of cores that a debugger lets stand still. */
  private readonly frozen: string[] = [];
  /** Linux and what belongs to it alone; absent without one. */
  private software: Software | undefined;
  private readonly messagingUnits: { readonly unit: MessagingUnit; readonly a: MuSide; readonly b: MuSide }[] = [];
  private readonly stopper: Timer;
  private stopWanted = false;
  /** The firmware whose symbols are known. */
  private readonly loaded: LoadedFirmware;
  private pendingReset: { readonly block: string; readonly cause: string } | undefined;

  constructor(options: MachineOptions) {
    const { soc } = options;
    this.options = options;
    this.soc = soc;
    this.board = findBoard(soc, options.board);
    this.scheduler = new Scheduler(soc.baseHz);
    this.watchers = this.scheduler.domain();
    this.faultPort = new FaultPort(this.scheduler);
    this.stopper = this.scheduler.timer('stop', () => {});
    this.power = this.corePower();
    this.arena = new Arena(options.hostMemory ?? DEFAULT_ARENA_SIZE);
    this.diagnostics = new Diagnostics({ now: () => this.scheduler.now, pc: () => this.running?.pc });
    this.loaded = new LoadedFirmware(options.firmware);
    const linux = (options.linux ?? true) && soc.remoteprocs.length > 0;
    for (const name of ['linux', ...soc.cores.map((core) => core.name)]) this.views.set(name, new AddressSpace(name));
    this.devices = options.devices ?? new DeviceDefinitions();
    this.mapMemories();
    this.mapMessagingUnits();
    this.peripherals = this.mapPeripherals();
    this.cores = soc.cores.map((core) => this.buildCore(core));
    this.guardAccesses(linux);
    const chosen = this.cores.find((core) => core.name === (options.core ?? soc.cores[0]!.name));
    if (!chosen)
      throw new UsageError(`${soc.name} has no core ${options.core}`, `its cores: ${soc.cores.map((c) => c.name).join(', ')}`, '--core');
    this.core = chosen;
    if (linux) this.powerLinux();
    else if (options.firmware) this.loadDirectly(options.firmware);
  }

  get kernel(): Kernel | undefined {
    return this.software?.kernel;
  }

  get linux(): Linux | undefined {
    return this.software?.linux;
  }

  /** The boot loader, when one runs before Linux. */
  get uboot(): UBoot | undefined {
    return this.software?.uboot;
  }

  /** Timers of Linux that have fired so far: with the cycle, a position in the run. */
  get linuxTurns(): number {
    return this.software?.scheduler.fired ?? 0;
  }

  /** Linux as it is, for a snapshot; undefined without one. @throws {SnapshotError} when the machine keeps no history */
  saveLinux(): LinuxState | undefined {
    return this.software?.save();
  }

  /** Linux, which has not run yet, as data, whether a history is kept or not; undefined without one. */
  linuxAtStart(): LinuxState | undefined {
    return this.software?.atStart();
  }

  /** What reached Linux so far, when that is noted. */
  get linuxHistory(): LinuxHistory | undefined {
    return this.software?.history;
  }

  /** A Linux at its very beginning, in the place of the one that there was; with `recorded`, it begins to live through that history. */
  private powerLinux(recorded?: RecordedHistory): Software {
    const { options, events, soc, board, core, scheduler, diagnostics, cores } = this;
    if (!board) throw new UsageError(`${soc.name} has no board for Linux to run on`, 'use --no-linux');
    if (this.software) scheduler.remove(this.software.scheduler);
    events.dropInsiders();
    const software = new Software({
      options,
      soc,
      board,
      core: core.name,
      cores: cores.map(({ name }) => name),
      scheduler,
      memory: new LinuxMemory(this.view('linux'), this.linuxStores),
      events,
      diagnostics,
      control: this.power.control(),
      completeDump: options.crashDetection === 'report',
      run: (limit) => this.run(limit),
      requestStop: () => this.requestStop(),
      reset: (cause) => this.systemReset('U-Boot', cause),
      ...(recorded ? { recorded } : {}),
    });
    this.software = software;
    this.interruptSinks.set('linux', (line, level) => software.setInterrupt(line, level));
    return software;
  }

  /**
   * A new Linux in the place of the present one, which lives through the history of `state` and then is where that one was; `call` does what users did.
   * The hardware is not touched, and is to be put in its place afterwards. From then on a history is kept, if there was none. Gives a promise when host
   * code is a part of that history.
   * @throws {SnapshotError} when it does not get there
   */
  restoreLinux(state: LinuxState, call: HistoryTarget['call']): Promise<void> | undefined {
    const { events, diagnostics, scheduler } = this;
    const live = (on: boolean): void => {
      events.insideOnly = !on;
      diagnostics.muted = !on;
    };
    live(false);
    let later: Promise<void> | undefined;
    try {
      scheduler.moveTo({ now: 0 });
      later = this.powerLinux(state.history).live(state, call);
    } finally {
      if (!later) live(true);
    }
    return later?.finally(() => live(true));
  }

  /** The firmware that the machine was made with. */
  get firmware(): Firmware | undefined {
    return this.options.firmware;
  }

  /** The messaging units, with the side on which Linux is, if it is on one. */
  get units(): readonly { readonly unit: MessagingUnit; readonly linux: 'A' | 'B' | undefined }[] {
    return this.messagingUnits.map(({ unit, a, b }) => ({
      unit,
      linux: 'linux' in a.interrupts ? 'A' : 'linux' in b.interrupts ? 'B' : undefined,
    }));
  }

  /** What the hardware consists of beside its memory, by name; for a snapshot. */
  get blocks(): ReadonlyMap<string, object> {
    return new Map<string, object>([
      ...this.messagingUnits.map(({ unit }) => [unit.name, unit] as const),
      ...this.peripherals.map(({ name, model }) => [name, model] as const),
      ...this.cores.map((core) => [`core ${core.name}`, core] as const),
      ['clocks', this.clocks],
      ['diagnostics', this.diagnostics],
      ['faults', this.faultPort],
      ['machine', this],
    ]);
  }

  /** The address spaces, by the name of who sees them. */
  get spaces(): ReadonlyMap<string, AddressSpace> {
    return this.views;
  }

  /** Lets the core that runs the firmware stand still between two instructions, or go on; not while it executes. */
  pauseCore(paused: boolean): void {
    this.paused = paused;
  }

  /** Lets a core stand still between two instructions for a debugger, or go on; not while it executes. Linux and time go on. */
  freezeCore({ name }: Core, frozen: boolean): void {
    const at = this.frozen.indexOf(name);
    if (frozen && at < 0) this.frozen.push(name);
    else if (!frozen && at >= 0) this.frozen.splice(at, 1);
  }

  /** True while `freezeCore` lets it stand still. */
  isFrozen({ name }: Core): boolean {
    return this.frozen.includes(name);
  }

  /** Puts the core that runs the firmware into reset, of which nobody is told; not while it executes. */
  killCore(detail: string): void {
    this.power.stop(this.core, detail);
  }

  /** Lets Linux stand still (its timers and interrupts wait), or go on. */
  holdLinux(held: boolean): void {
    this.software?.hold(held);
  }

  /** True while Linux is made to stand still. */
  get linuxHeld(): boolean {
    return this.software?.scheduler.frozen ?? false;
  }

  /** The address space of a core, or of `linux`. */
  view(name: string): AddressSpace {
    const view = this.views.get(name);
    invariant(view, `view ${name}`);
    return view;
  }

  /** Names in the firmware that the core runs: the file that Linux has started it with, else the one that the machine was made with. */
  get symbols(): Symbols {
    return this.present.symbols;
  }

  private get present(): LoadedFirmware {
    const rproc = this.linux?.remoteproc(this.core.name);
    const bytes = rproc && rproc.state !== 'attached' ? this.linux?.firmwareFiles.get(rproc.firmware) : undefined;
    if (bytes) this.loaded.replace(bytes);
    return this.loaded;
  }

  /** The ELF file of that firmware. */
  get firmwareFile(): Uint8Array | undefined {
    return this.present.bytes;
  }

  /** True when `device` is a console of this machine: a UART (`uart4`) or a tty that Linux can have (`ttyRPMSG30`). */
  hasConsole(device: string): boolean {
    if (device === UBOOT_CONSOLE) return this.uboot !== undefined;
    return this.uart(device) !== undefined || (this.linux !== undefined && /^ttyRPMSG\d+$/.test(device));
  }

  /** Devices that input can be sent to; ttys of Linux are named when they exist. */
  get consoles(): readonly string[] {
    const uarts = this.peripherals.filter(({ uart }) => uart).map(({ name }) => name.toLowerCase());
    if (this.uboot) uarts.push(UBOOT_CONSOLE);
    return this.linux ? [...uarts, 'ttyRPMSG0, ttyRPMSG30 ... (when Linux has them)'] : uarts;
  }

  /** What `console` stands for: the UART on which the board's firmware talks. */
  get consoleName(): string | undefined {
    return this.board?.console ?? this.peripherals.find(({ uart }) => uart)?.name.toLowerCase();
  }

  /** Whether `device` can take input now. */
  inputState(device: string): InputState {
    if (device === UBOOT_CONSOLE) return UBOOT_INPUT[this.uboot?.state ?? 'left'];
    const uart = this.uart(device);
    if (uart && !uart.ready) return 'absent';
    if (uart && uart.waiting > 0) return 'busy';
    if (uart) return uart.interruptsOnReceive ? 'listening' : 'idle';
    return this.linux?.ttyInputState(device) ?? 'absent';
  }

  /** Gives input to a UART or a tty of Linux; what cannot be taken at once is kept and delivered in order. */
  send(device: string, bytes: Uint8Array): void {
    const uart = device === UBOOT_CONSOLE ? undefined : this.uart(device);
    if (uart) {
      uart.receive(bytes);
      return;
    }
    this.software?.send(device, bytes);
  }

  /** From an event listener or a timer: `run` returns once the current instruction is complete. */
  requestStop(): void {
    if (this.linuxHistory?.replaying) return;
    this.stopWanted = true;
    this.stopper.armIn(0);
  }

  /** Runs until the clock reaches `limit` (cycle), or something ends the run before. */
  run(limit: number): StopReason {
    try {
      return this.runCores(limit);
    } catch (error) {
      if (error instanceof EnginesDiffer) {
        return { kind: 'difference', difference: error.difference, report: error.report, remedy: error.remedy };
      }
      if (error instanceof HostMemoryExhausted) return { kind: 'host-memory', text: error.message, remedy: error.remedy };
      throw error;
    }
  }

  /** Frees native resources; its memory may become that of another machine. */
  dispose(): void {
    for (const core of this.cores) core.dispose();
    this.arena.dispose();
  }

  /** The UART called `name` in lower case, if there is one. */
  private uart(name: string): Peripheral['uart'] {
    return this.peripherals.find((peripheral) => peripheral.name.toLowerCase() === name)?.uart;
  }

  private mapMemories(): void {
    for (const { name, size, views } of this.soc.memories) {
      const ram = new Ram(name, size, this.arena);
      for (const [view, windows] of Object.entries(views)) {
        for (const window of windows) this.view(view).mapRam(window.base, ram, window.offset ?? 0, window.size);
      }
    }
  }

  private mapMessagingUnits(): void {
    for (const mu of this.soc.mus) {
      const { name, layout, a, b } = mu;
      const unit = new MessagingUnit({
        name,
        layout: MU_LAYOUTS[layout],
        now: () => this.scheduler.now,
        diagnostics: this.diagnostics,
        events: this.events,
        interruptA: this.interruptLine(a.interrupts),
        interruptB: this.interruptLine(b.interrupts),
      });
      this.messagingUnits.push({ unit, a, b });
      for (const core of this.soc.cores) this.showState(core.name, 'reset');
      this.mapDevice(a, muWindow(mu), unit.a, `${name}_A`);
      this.mapDevice(b, muWindow(mu), unit.b, `${name}_B`);
    }
  }

  private coreCalled(name: string): Core {
    const core = this.cores.find((candidate) => candidate.name === name);
    invariant(core, `core ${name}`);
    return core;
  }

  private mapDevice(at: Located & { readonly views?: readonly string[] }, size: number, device: BusDevice, name: string): void {
    for (const view of at.views ?? this.views.keys()) this.view(view).mapDevice(baseIn(at, view), size, device, name);
  }

  /** A function that drives the inputs named by `interrupts`, whichever core or kernel they belong to. */
  private interruptLine(interrupts: Interrupts): (level: boolean) => void {
    const inputs = Object.entries(interrupts);
    return (level) => {
      for (const [view, line] of inputs) this.interruptSinks.get(view)?.(line, level);
    };
  }

  private mapPeripherals(): Peripheral[] {
    const { clocks } = this;
    for (const [name, hz] of Object.entries(this.soc.oscillators ?? {})) clocks.define(name, () => hz);
    return this.soc.peripherals.map((spec) => {
      const peripheral = createPeripheral(spec, {
        scheduler: this.scheduler,
        diagnostics: this.diagnostics,
        events: this.events,
        clocks,
        interrupt: this.interruptLine(spec.interrupts ?? {}),
        coreReset: (name, held) => this.power.hold(this.coreCalled(name), held),
        requestReset: (cause) => this.power.resetRequested(spec.name, cause),
        pins: this.pins,
        canBuses: this.canBuses,
        devices: this.devices,
        dma: (port) => this.dmaFace(`${spec.name} ${port}`),
        ...(spec.dma ? { dmaRequest: this.dmaRequests(spec.dma) } : {}),
        ...(spec.highInterrupts ? { highInterrupt: this.interruptLine(spec.highInterrupts) } : {}),
        ...('pinInterrupts' in spec ? { pinInterrupts: spec.pinInterrupts?.map((lines) => this.interruptLine(lines)) ?? [] } : {}),
      });
      for (const view of spec.views ?? this.views.keys()) {
        this.view(view).mapDevice(baseIn(spec, view), spec.size, peripheral.deviceFor?.(view) ?? peripheral.device, spec.name);
      }
      return peripheral;
    });
  }

  /** What the master called `name` sees. */
  private dmaFace(name: string): DmaFace {
    const face = new DmaFace(this.view('linux'));
    this.faces.set(name, face);
    return face;
  }

  /** A function that drives the DMA requests named by `requests`, whichever SDMA they belong to. */
  private dmaRequests(requests: NonNullable<PeripheralSpec['dma']>): (direction: DmaDirection, level: boolean) => void {
    return (direction, level) => {
      for (const [sdma, events] of Object.entries(requests)) {
        const event = events[direction];
        if (event !== undefined) this.peripherals.find(({ name }) => name === sdma)?.sdma?.request(event, level);
      }
    };
  }

  /** Resource domain controllers keep masters away from what is not theirs. */
  private guardAccesses(booted: boolean): void {
    const { soc, peripherals, views, faces } = this;
    const sides = soc.mus.flatMap(({ name, a, b }) => [
      { name: `${name}_A`, pdap: a.pdap },
      { name: `${name}_B`, pdap: b.pdap },
    ]);
    const blocks = [...soc.peripherals, ...sides].flatMap(({ name, pdap }) => (pdap === undefined ? [] : [{ name, pdap }]));
    const semaphore = (name: string) => peripherals.find((peripheral) => peripheral.name === name)?.rdcSemaphore;
    for (const { rdc } of peripherals) rdc?.guard({ spaces: views, faces, blocks, semaphore, booted });
  }

  private buildCore(description: CoreDescription): Core {
    const { name, profile, hz, systickReferenceHz } = description;
    const { engine = jitFactory, semihosting, disassemble, fastForward } = this.options;
    const core = createCore({
      name,
      profile,
      bus: this.view(name),
      arena: this.arena,
      scheduler: this.scheduler,
      cyclesPerInstruction: this.soc.baseHz / hz,
      engine,
      diagnostics: this.diagnostics,
      symbolise: (address) => this.symbols.name(address),
      onSendEvent: () => {
        for (const other of this.cores) if (other !== core) other.signalEvent();
      },
      ...(systickReferenceHz === undefined ? {} : { sysTickReferenceHz: systickReferenceHz }),
      ...(semihosting ? { semihosting } : {}),
      ...(fastForward === undefined ? {} : { fastForward }),
      ...(disassemble ? { disassemble } : {}),
    });
    this.interruptSinks.set(name, (line, level) => core.setInterrupt(line, level));
    return core;
  }

  private runCores(limit: number): StopReason {
    const { scheduler } = this;
    for (;;) {
      scheduler.fireDue();
      if (this.stopWanted) {
        this.stopWanted = false;
        return { kind: 'requested' };
      }
      if (this.pendingReset) return { kind: 'system-reset', ...this.pendingReset };
      if (scheduler.now >= limit) return { kind: 'limit' };
      const awake = this.awakeCores();
      if (awake.length > 0) this.power.watch();
      const deadline = scheduler.nextDeadline;
      if (awake.length === 0) {
        // Whoever has frozen a core lets it go on.
        const last = deadline === Number.POSITIVE_INFINITY && (this.frozen.length === 0 || limit === Number.POSITIVE_INFINITY);
        if (last) return { kind: 'deadlock' };
        scheduler.advanceTo(Math.min(deadline, limit));
        continue;
      }
      const stop = this.slice(awake, Math.min(deadline, limit));
      if (stop) return stop;
    }
  }

  private awakeCores(): readonly Core[] {
    const { cores, paused, frozen } = this;
    // Of one core there is nothing to be sorted out.
    if (cores.length === 1) return paused || frozen.length > 0 || cores[0]!.halted || cores[0]!.asleep ? NO_CORES : cores;
    return cores.filter((core) => !core.halted && !core.asleep && !(paused && core === this.core) && !frozen.includes(core.name));
  }

  /**
   * Lets each core of `awake` run over the same stretch of time, which ends at `end` or where the first of them stopped. A core that has run
   * further than that by then waits until the clock has caught up with it.
   */
  private slice(awake: readonly Core[], end: number): StopReason | undefined {
    const { scheduler, ahead } = this;
    const start = scheduler.now;
    let until = awake.length > 1 ? Math.min(end, start + QUANTUM) : end;
    let reason: StopReason | undefined;
    for (const core of awake) {
      const from = Math.max(start, ahead.get(core) ?? 0);
      if (from >= until) continue;
      let stop = { kind: 'slice' } as CoreStop;
      this.running = core;
      const go = (): void => {
        stop = core.run(until - from);
      };
      const elapsed = scheduler.runSlice(core, until, go, from);
      this.running = undefined;
      ahead.set(core, from + elapsed);
      // A core that sleeps lets time pass; every other stop is a moment at which something has to be done.
      if (stop.kind !== 'asleep') until = Math.min(until, Math.max(start, from + elapsed));
      reason ??= this.handle(core, stop, from + elapsed);
    }
    scheduler.advanceTo(until);
    return reason;
  }

  private handle(core: Core, stop: CoreStop, cycle: number): StopReason | undefined {
    switch (stop.kind) {
      case 'slice':
      case 'asleep':
        return undefined;
      case 'reset-request':
        this.power.resetRequestedBy(core, cycle);
        return undefined;
      case 'crashed':
        if (this.power.failed(core, stop, cycle)) return undefined;
        return { kind: 'crashed', core: core.name, reason: stop.reason, report: stop.report };
      case 'exit':
        return { kind: 'exit', status: stop.status };
      case 'hook':
        return { kind: 'hook', core: core.name, address: stop.address };
      case 'watch':
      case 'step':
        return { ...stop, core: core.name };
    }
  }

  /** Puts the firmware's segments where they are linked, as a debugger would, and starts its core. */
  private loadDirectly(firmware: Firmware): void {
    const view = this.view(this.core.name);
    for (const { index, da, data, memsz } of firmware.segments) {
      if (!view.writeBytes(da, data) || !view.fill(da + data.length, 0, memsz - data.length)) {
        throw new FirmwareError(
          'E_SEGMENT_OUTSIDE',
          `${firmware.name}: segment ${index} (${hex32(da)}, ${hex(memsz)} bytes) lies outside the memory of ${this.soc.name} ${this.core.name}`,
          'link it for this SoC, or choose another with --soc; `imx-sim info` shows the segments against the map',
          [],
          `${firmware.name}: segment ${index}`,
        );
      }
    }
    this.power.start(this.core, findVectors(firmware.segments, firmware.entry));
  }

  /** A block asked for a reset of the SoC (a watchdog that ran out): the run ends, as Linux would be reset too. */
  private systemReset(block: string, cause: string): void {
    if (this.linuxHistory?.replaying) return;
    this.pendingReset = { block, cause };
    this.stopper.armIn(0);
  }

  /** The peer of a core's side sees in the MU whether the core runs or is in reset. */
  private showState(core: string, state: 'run' | 'reset'): void {
    for (const { unit, a, b } of this.messagingUnits) {
      if (core in a.interrupts) unit.setProcessorState('A', state);
      if (core in b.interrupts) unit.setProcessorState('B', state);
    }
  }

  private corePower(): CorePower {
    const { soc, scheduler, events } = this;
    return new CorePower({
      soc,
      scheduler,
      detection: this.options.crashDetection === 'report',
      cores: () => this.cores,
      peek: ({ name }, address) => this.view(name).peek(address, 4),
      changed: ({ name }, state, detail, cycle) => {
        this.showState(name, state === 'started' ? 'run' : 'reset');
        events.emit({ type: 'core', cycle, core: name, state, detail });
      },
      known: ({ name }) => this.linux?.remoteproc(name) !== undefined,
      reportCrash: ({ name }, type) => this.software?.reportCrash(name, type),
      resetBlock: (block) => this.peripherals.find(({ name }) => name === block)?.reset(),
      systemReset: (block, cause) => this.systemReset(block, cause),
    });
  }
}
