/**
 * Who starts, stops and resets the cores of a machine, and who is told of it: the SRC, TF-A, watchdogs, the SCU of boards that has Linux hear of crashes.
 */
import type { Core, CoreStop } from './cpu/core.ts';
import { invariant } from './errors.ts';
import type { CoreControl } from './remoteproc/imx-rproc.ts';
import type { CrashRegisters, RprocCrashType } from './remoteproc/remoteproc.ts';
import type { SocDescription } from './soc/soc.ts';
import type { Scheduler, Timer } from './time/scheduler.ts';

/** Virtual time between two looks at whether a core is stuck in a fault handler, in ns. */
const CRASH_WATCH_NS = 5e6;

/** The machine around the cores. */
export interface CorePowerHost {
  readonly soc: SocDescription;
  readonly scheduler: Scheduler;
  /** Linux hears of crashes, where it has a remoteproc for the core. */
  readonly detection: boolean;
  cores(): readonly Core[];
  /** A word of a core's memory. */
  peek(core: Core, address: number): number;
  /** A core has started, stopped or crashed: its peers see it, and everybody hears it. */
  changed(core: Core, state: 'started' | 'stopped' | 'crashed', detail: string, cycle: number): void;
  /** Whether Linux has a remoteproc for the core. */
  known(core: Core): boolean;
  reportCrash(core: Core, type: RprocCrashType): void;
  resetBlock(name: string): void;
  systemReset(block: string, cause: string): void;
}

/** Registers of the code whose fault a core cannot recover from, which is what a debugger wants to see; its present ones if there was none. */
function faultRegisters(core: Core): CrashRegisters {
  const fault = core.faults().at(-1);
  return fault ? Object.values(fault.registers) : core.registerValues();
}

/** Power and reset of the cores. */
export class CorePower {
  /** Fields that a snapshot keeps. */
  static readonly state = ['startedAt', 'bootWords', 'crashWatch', 'lastRegisters'];
  private readonly host: CorePowerHost;
  /** Vector table with which each core was last started. */
  private readonly startedAt = new Map<Core, number>();
  /** What was where each core itself looks for SP and PC, at that time. */
  private readonly bootWords = new Map<Core, string>();
  /** Registers of cores at their crash or stop, until they start again. */
  private readonly lastRegisters = new Map<Core, CrashRegisters>();
  /** Looks for cores that Linux should hear have crashed; there only when it does hear. */
  private readonly crashWatch: Timer | undefined;

  constructor(host: CorePowerHost) {
    this.host = host;
    if (host.detection) this.crashWatch = host.scheduler.timer('crash detection', () => this.findStuckCores());
  }

  /** What TF-A and the SRC do for Linux: cores leave and enter reset. */
  control(): Required<CoreControl> {
    const core = (name: string): Core => {
      const found = this.host.cores().find((candidate) => candidate.name === name);
      invariant(found, `core ${name}`);
      return found;
    };
    return {
      // What the SRC does when the driver writes its register next.
      announceBoot: (name, boot) => {
        if (boot.vectors !== undefined) this.noteStart(core(name), boot.vectors);
      },
      startCore: (name, boot) => {
        this.start(core(name), boot.vectors);
        return 0;
      },
      stopCore: (name) => {
        const forced = !core(name).asleep;
        if (!this.lastRegisters.has(core(name))) this.lastRegisters.set(core(name), core(name).registerValues());
        core(name).halt();
        this.changed(core(name), 'stopped', '');
        return { error: 0, forced };
      },
      coreStarted: (name) => !core(name).halted,
      crashRegisters: (name) => this.lastRegisters.get(core(name)),
    };
  }

  /**
   * Starts `core` at the vector table `vectors`, or at its own address when the image has none.
   *
   * Silicon always starts at the core's own address: for an image that is linked elsewhere, U-Boot's bootaux and NXP's TF-A copy its first two
   * words there. Starting at the image's own table comes to the same, as every start-up code sets VTOR before it needs it.
   */
  start(core: Core, vectors: number | undefined): void {
    const table = vectors ?? this.ownVectors(core);
    this.noteStart(core, table);
    this.lastRegisters.delete(core);
    core.start(table);
    this.changed(core, 'started', '');
  }

  private ownVectors({ name }: Core): number {
    return this.host.soc.cores.find((core) => core.name === name)!.vectors;
  }

  private noteStart(core: Core, table: number): void {
    this.startedAt.set(core, table);
    this.bootWords.set(core, this.wordsFor(core));
  }

  private wordsFor(core: Core): string {
    const at = this.ownVectors(core);
    return `${this.host.peek(core, at)} ${this.host.peek(core, at + 4)}`;
  }

  /** Puts `core` into reset, of which Linux is not told. */
  stop(core: Core, detail: string): void {
    if (core.halted) return;
    core.halt();
    this.changed(core, 'stopped', detail);
  }

  /**
   * The SRC puts `core` into reset or lets it go: where it was told to start, or last started, unless somebody has since written another SP and PC
   * where the core looks for them (bootaux, m4fwloader).
   */
  hold(core: Core, held: boolean): void {
    if (held) this.stop(core, 'held in reset by the SRC');
    else this.start(core, this.bootWords.get(core) === this.wordsFor(core) ? this.startedAt.get(core) : undefined);
  }

  /** The core asked for its own reset: the SCU reports it as it reports a watchdog, else it starts again where it last started, with memory as it is. */
  resetRequestedBy(core: Core, cycle: number): void {
    if (this.hears(core)) {
      this.crashed(core, 'watchdog', 'system reset request', cycle);
      return;
    }
    const vectors = this.startedAt.get(core);
    if (vectors === undefined) return;
    core.halt();
    this.changed(core, 'stopped', 'system reset request', cycle);
    core.start(vectors);
    this.changed(core, 'started', '', cycle);
  }

  /** The core cannot go on; true when Linux was told, and deals with it. */
  failed(core: Core, { reason }: Extract<CoreStop, { kind: 'crashed' }>, cycle: number): boolean {
    this.lastRegisters.set(core, faultRegisters(core));
    core.halt();
    this.changed(core, 'crashed', reason, cycle);
    return this.tellLinux(core, 'fatal error');
  }

  /** A block asked for a reset. The watchdog of a core resets that core alone, if there is a Linux that hears of it. */
  resetRequested(block: string, cause: string): void {
    const { soc } = this.host;
    const owner = soc.remoteprocs.find(({ watchdog }) => watchdog === block)?.core;
    const core = this.host.cores().find(({ name }) => name === owner);
    if (core && this.hears(core)) {
      this.host.resetBlock(block);
      this.crashed(core, 'watchdog', cause);
    } else this.host.systemReset(block, cause);
  }

  /** Cores are going to run: those that come to loop in fault handlers are found. */
  watch(): void {
    const { crashWatch, host } = this;
    if (crashWatch && !crashWatch.armed) crashWatch.armIn(host.scheduler.cyclesFromNs(CRASH_WATCH_NS));
  }

  /** Fault handlers that loop look like any loop to the core; what it sleeps in or cannot leave is looked at now and then. */
  private findStuckCores(): void {
    for (const core of this.host.cores()) {
      if (core.stuckLoop()?.inFault && this.hears(core)) this.crashed(core, 'fatal error', 'took a fault and its handler loops');
    }
  }

  /** The core is held in reset from now on, and Linux is told. */
  private crashed(core: Core, type: RprocCrashType, detail: string, cycle?: number): void {
    this.lastRegisters.set(core, type === 'watchdog' ? core.registerValues() : faultRegisters(core));
    core.halt();
    this.changed(core, 'crashed', detail, cycle);
    this.tellLinux(core, type);
  }

  private hears(core: Core): boolean {
    return this.crashWatch !== undefined && this.host.known(core);
  }

  /** What the SCU does on 8QM and 8QXP; false where there is nobody to tell. */
  private tellLinux(core: Core, type: RprocCrashType): boolean {
    if (!this.hears(core)) return false;
    this.host.reportCrash(core, type);
    return true;
  }

  private changed(core: Core, state: 'started' | 'stopped' | 'crashed', detail: string, cycle = this.host.scheduler.now): void {
    this.host.changed(core, state, detail, cycle);
  }
}
