/**
 * A machine in the hands of a test: it runs in virtual time while something is awaited, and stands still otherwise.
 *
 * All that changes it from outside goes through its inputs (src/history/inputs.ts). What it remembers of the past is its log; a fork goes on with
 * a copy of that, and has a machine only once it is used.
 */
import { invariant, type Situation, UsageError } from '../errors.ts';
import type { EventListener, MachineEvent } from '../events.ts';
import type { Injection } from '../faults/port.ts';
import type { InputEntry, InputLog, InputValue } from '../history/inputs.ts';
import type { Machine } from '../machine.ts';
import { lintRun, SEMIHOSTING } from '../session/machine-options.ts';
import type { Duration } from '../time/duration.ts';
import type { AdcView, CanView } from './analog-views.ts';
import { codeReader } from './code-reader.ts';
import { DevicesView, type I2cView, type SpiView } from './devices.ts';
import type { WaitEnd } from './driver.ts';
import { figuresOf, traceHashOf, traceOf } from './figures.ts';
import { FirmwareAccess } from './firmware-access.ts';
import { callGoal, type Goal } from './goals.ts';
import { type InputHost, InputHost as Inputs, inputsOf } from './inputs.ts';
import { LinuxView } from './linux-view.ts';
import { SimulationLog } from './log.ts';
import type { Configuration } from './options.ts';
import type { GpioView, PinView, PwmView } from './pin-views.ts';
import { Recorder } from './recorder.ts';
import { playTo, recordingOf } from './recordings.ts';
import { RpmsgView } from './rpmsg.ts';
import type { SerialView } from './serial-view.ts';
import { situationOf } from './situation.ts';
import { type MachineSource, type PreparedMachine, Snapshot, snapshotParts } from './snapshots.ts';
import { consoleName } from './sources.ts';
import { ConsoleView } from './uart.ts';
import { waitError } from './wait-errors.ts';

/** What belongs to one machine. */
interface Attached {
  readonly machine: Machine;
  readonly host: InputHost;
  readonly inputs: InputLog<InputHost>;
  readonly recorder: Recorder;
  readonly release: () => void;
}

/** A machine that a test drives. Made by `createMachine`, and by forks. */
export class Simulation extends FirmwareAccess {
  readonly configuration: Configuration;
  /** What happened so far. */
  readonly log: SimulationLog;
  readonly linux: LinuxView;
  readonly rpmsg: RpmsgView;
  private readonly devices: DevicesView;
  private readonly source: MachineSource<Simulation>;
  private readonly listeners = new Set<EventListener>();
  private attached: Attached | undefined;
  private attaching: Promise<void> | undefined;
  private disposed = false;

  /** @internal See `createMachine`. `source` is asked when the machine is first needed. */
  constructor(configuration: Configuration, source: MachineSource<Simulation>, log = new SimulationLog()) {
    super();
    this.configuration = configuration;
    this.source = source;
    this.log = log;
    const host = this.viewHost();
    this.linux = new LinuxView(host);
    this.rpmsg = new RpmsgView(host);
    this.devices = new DevicesView(this);
  }

  /** The machine itself, for what the kit has no method for. Whoever changes it by hand leaves recordings and snapshots without that change. */
  get machine(): Machine {
    return this.attach().machine;
  }

  /** Resolves when the machine is there; whoever awaits anything else of the simulation need not. */
  async ready(): Promise<void> {
    await this.begin();
  }

  /** The virtual time, in ns. */
  get now(): number {
    const { scheduler } = this.machine;
    return scheduler.nsFromCycles(scheduler.now);
  }

  /** The same in cycles of the base clock. */
  get cycle(): number {
    return this.machine.scheduler.now;
  }

  /** A console by name: a UART (`uart4`), `console`, a tty of Linux, `uboot`, `semihosting`. @throws {UsageError} when there is none of that name */
  uart(name: string): ConsoleView {
    const found = consoleName(this.machine, name);
    const send = (device: string, bytes: Uint8Array): void => {
      if (device === SEMIHOSTING) throw new UsageError('semihosting has no input', 'send to another console', 'uart');
      this.attach().recorder.queue(device, bytes);
    };
    return new ConsoleView({ log: this.log, send }, found);
  }

  /** A GPIO bank (`GPIO1`): pins to drive and to watch. @throws {UsageError} when there is none of that name */
  gpio(name: string): GpioView {
    return this.devices.gpio(name);
  }

  /** A pin by its name: of a GPIO bank (`GPIO1.5`), or a signal of another block (`GPT1_CAPTURE1`, `PWM4_OUT`). @throws {UsageError} */
  pin(name: string): PinView {
    return this.devices.pin(name);
  }

  /** A PWM (`PWM4`): rate and duty of its output. @throws {UsageError} when there is none of that name */
  pwm(name: string): PwmView {
    return this.devices.pwm(name);
  }

  /** The line of a UART (`UART3`): its rates, a wire to another one. @throws {UsageError} when there is none of that name */
  serial(name: string): SerialView {
    return this.devices.serial(name);
  }

  /** An ADC (`ADC1`): the voltages at its inputs. @throws {UsageError} when there is none of that name */
  adc(name: string): AdcView {
    return this.devices.adc(name);
  }

  /** A CAN controller (`FLEXCAN1`) and its bus, on which the test can be another node. @throws {UsageError} when there is none of that name */
  can(name: string): CanView {
    return this.devices.can(name);
  }

  /** Makes the silicon, or one site of its thermal monitor, as warm as `degrees` Celsius: 35 until then. @throws {UsageError} */
  temperature(degrees: number, site?: number): void {
    this.devices.warm(degrees, site);
  }

  /** An I2C controller (`I2C3`): devices on its bus, what went over it. @throws {UsageError} when there is none of that name */
  i2c(name: string): I2cView {
    return this.devices.i2c(name);
  }

  /** A SPI controller (`ECSPI2`) and its devices. @throws {UsageError} when there is none of that name */
  spi(name: string): SpiView {
    return this.devices.spi(name);
  }

  /** Hears every event from now on, in the middle of a run: it must not change anything. What it gives unsubscribes. */
  onEvent(listener: EventListener): () => void {
    this.attach();
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** All events so far. */
  get events(): readonly MachineEvent[] {
    return this.log.events.from(0);
  }

  /** The trace so far, as text lines: consoles, dmesg, messaging units, rings, each with its cycle. */
  get trace(): readonly string[] {
    return traceOf(this.log);
  }

  /** The hash of the trace so far, which `imx-sim run --trace-hash` gives for the same run. */
  traceHash(): string {
    return traceHashOf(this.log);
  }

  /** What models noticed: guest errors, and what is not modelled. */
  get diagnostics() {
    return this.machine.diagnostics.all;
  }

  /** Figures of the run so far. */
  get stats(): Readonly<Record<string, number>> {
    return figuresOf(this.log, this.machine);
  }

  /** The simulation as it is, for others that go on from here. @throws {UsageError} while something is awaited */
  snapshot(): Snapshot<Simulation> {
    const { attached, source } = this;
    if (!attached && source.origin && !this.disposed) return source.origin;
    if (this.driver.busy)
      throw new UsageError(
        'a snapshot while something is awaited',
        'await it first: a snapshot is made while time stands still',
        'snapshot',
      );
    const { machine, inputs, host } = this.attach();
    if (host.calls.size > 0)
      throw new UsageError('a snapshot while a function that was called has not returned', 'make it before the call', 'snapshot');
    const parts = snapshotParts(this, machine, inputs.entries, source.origin?.pool);
    const stubs = this.functions.copy();
    return new Snapshot(parts, (from, log) => {
      const fork = new Simulation(this.configuration, from, log);
      fork.functions.inherit(stubs);
      return fork;
    });
  }

  /** Another simulation that goes on from here: `snapshot` and `Snapshot.fork`. */
  fork(): Simulation {
    return this.snapshot().fork();
  }

  /** The simulation as a file, which `restoreMachine` reads: `snapshot` and `Snapshot.save`. */
  save(): Promise<Uint8Array> {
    return this.snapshot().save();
  }

  /** All that was done to the machine since its power-on, as a file, which `replayMachine` and `imx-sim replay` do again. `reason`: why it ends here. */
  record(reason = 'recorded', status = 0): Promise<Uint8Array> {
    const { machine, inputs } = this.attach();
    return recordingOf({ machine, inputs }, { end: { reason, status, trace: this.traceHash() }, seed: this.configuration.seed });
  }

  /** @internal Does `entries` to the machine, which is at its power-on, each at its moment, and runs it to cycle `end`. */
  async play(entries: readonly InputEntry[], end: number): Promise<void> {
    await this.ready();
    await playTo(this.attach(), entries, end);
  }

  /** Where the machine stands: pc, callers, last events, what both sides wait for. */
  get situation(): Situation {
    const { machine } = this.attach();
    const { run } = this.configuration;
    const lint = run ? lintRun(run, machine) : [];
    const code = codeReader(machine, () => this.debugInformation());
    return situationOf({ machine, log: this.log, lint, code, semihosting: this.configuration.options.semihosting ?? false });
  }

  /** The same as text. */
  explain(): string {
    return this.situation.lines.join('\n');
  }

  /**
   * Lets a fault happen, or several, as `--faults` has them (docs/faults.md): `m.fault('core-pause:for=2ms@doorbell#3')`. A time counts from
   * power-on, one with a plus from now; a moment that has passed is now. @throws {UsageError} for what is no fault, or cannot be on this machine
   */
  fault(spec: string): void {
    this.input('fault', spec);
  }

  /** What faults have done so far, oldest first. */
  get injections(): readonly Injection[] {
    return this.machine.faultPort.injections;
  }

  /** @internal Everything from outside goes through here: see src/kit/inputs.ts. */
  input(kind: string, ...args: readonly InputValue[]): unknown {
    return this.attach().inputs.perform(kind, ...args);
  }

  protected get inputHost(): InputHost {
    return this.attach().host;
  }

  /** @internal The inputs of its machine. */
  get inputs(): InputLog<InputHost> {
    return this.attach().inputs;
  }

  /** @internal Lets go of the machine, which may serve another simulation then; undefined when there is none. */
  detach(): Machine | undefined {
    const { attached } = this;
    this.attached = undefined;
    attached?.release();
    return attached?.machine;
  }

  /** Ends it: what is awaited rejects, native resources are freed. */
  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    // What was begun and not awaited would go on in whoever gets the machine next.
    const { busy } = this.driver;
    this.driver.dispose(new UsageError('the machine was disposed of', 'await what is to happen before', 'dispose'));
    const sound = !busy && !this.log.failure?.final && this.log.failure?.kind !== 'host-memory';
    const machine = this.detach();
    if (machine) this.source.give(machine, sound);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
  }

  private get hz(): number {
    return this.machine.scheduler.hz;
  }

  private attach(): Attached {
    if (!this.attached) void this.begin();
    if (this.attached) return this.attached;
    throw new UsageError('this fork is not ready, as a shell is part of its past', 'await fork.ready() first', 'fork');
  }

  /** Asks for a machine unless there is one; a promise when it is still to be made. */
  private begin(): Promise<void> | undefined {
    if (this.attached) return undefined;
    if (this.disposed) throw new UsageError('the machine was disposed of', 'use it before', 'dispose');
    if (this.attaching) return this.attaching;
    const prepared = this.source.take();
    if (!(prepared instanceof Promise)) {
      this.attached = this.connect(prepared);
      return undefined;
    }
    this.attaching = this.attachLater(prepared);
    // Whoever awaits it hears of a failure.
    this.attaching.catch(() => {});
    return this.attaching;
  }

  /** Attaches a machine when it is made; gives it back when this has been disposed of meanwhile. */
  private async attachLater(prepared: Promise<PreparedMachine>): Promise<void> {
    const made = await prepared;
    if (this.disposed) {
      this.source.give(made.machine, true);
      throw new UsageError('the machine was disposed of', 'await ready() before', 'dispose');
    }
    this.attached = this.connect(made);
  }

  private connect({ machine, host = new Inputs(machine), inputs = inputsOf(host) }: PreparedMachine): Attached {
    const { log, driver, listeners } = this;
    inputs.onLinux = (kind, args) => machine.linuxHistory?.call(kind, args);
    const listener = {
      event: (event: MachineEvent) => {
        for (const each of listeners) each(event);
        driver.event(event);
      },
      line: driver.line.bind(driver),
    };
    const give = (device: string, bytes: Uint8Array) => void inputs.perform('console.send', device, bytes);
    const recorder = new Recorder(machine, log, { listener, give });
    const leave = machine.linux?.userSpace.takeOver();
    const unwatch = this.devices.connect(machine);
    this.functions.connect(host);
    this.measure(machine, true);
    const release = (): void => {
      recorder.stop();
      host.removeStubs();
      this.measure(machine, false);
      unwatch();
      leave?.();
    };
    return { machine, host, inputs, recorder, release };
  }

  protected driven() {
    const { attached, log, configuration } = this;
    invariant(attached, 'a driven simulation has a machine');
    const { machine, recorder } = attached;
    const error = (goal: Goal, end: WaitEnd): Error => {
      const within = this.limitOf(goal);
      const earlier = log.failure?.told && log.failure !== end ? log.failure : undefined;
      return waitError({ machine, goal, end, within, situation: this.situation, earlier: typeof end === 'string' ? earlier : undefined });
    };
    const hooked = () => this.functions.hooked();
    return { machine, log, recorder, recovers: configuration.options.recover ?? false, error, hooked };
  }

  private viewHost() {
    const simulation = this;
    return {
      get linux() {
        return simulation.machine.linux;
      },
      get hz() {
        return simulation.hz;
      },
      ready: () => this.ready(),
      log: this.log,
      ttyReader: this.configuration.options.ttyReader ?? 'raw-input',
      input: (kind: string, ...args: readonly InputValue[]) => this.input(kind, ...args),
      call: async <T>(awaited: string, kind: string, ...args: readonly InputValue[]): Promise<T> => {
        await this.ready();
        return this.driver.await(callGoal(awaited, this.input(kind, ...args) as Promise<T>));
      },
      condition: async <T>(name: string, condition: () => T | undefined, within: Duration | undefined): Promise<T> => {
        const options = { name, ...(within === undefined ? {} : { within }), every: '1ms' };
        return (await this.until(condition, options)) as T;
      },
      hold: <T>(work: () => Promise<T>) => this.driver.hold(work),
      newHandle: () => ++this.log.handles,
    };
  }
}
