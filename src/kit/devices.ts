/**
 * Pins and buses as a test sees them: GPIO pins to drive and watch, devices written in TypeScript on I2C and SPI.
 *
 * Everything that changes something is an input (`device-inputs.ts`), so that recordings and snapshots have it. What is read here is a copy.
 */
import { UsageError } from '../errors.ts';
import type { InputValue } from '../history/inputs.ts';
import type { Machine } from '../machine.ts';
import type { AttachedDevice, DeviceState, I2cDevice, SpiDevice } from '../peripherals/attached/attached-device.ts';
import { copyState } from '../peripherals/attached/attached-device.ts';
import { DeviceDefinitions } from '../peripherals/attached/definitions.ts';
import type { I2cTransaction } from '../peripherals/i2c-bus.ts';
import type { PinName } from '../peripherals/pins.ts';
import type { SelectPin } from '../peripherals/spi-bus.ts';
import { type Duration, nanoseconds } from '../time/duration.ts';
import { blockOf, known, pinOf, selectOf } from './device-inputs.ts';

/** Devices of `createMachine`: attached before anything runs. */
export interface DevicesOption {
  /** By controller (`I2C3`) and 7-bit address. */
  readonly i2c?: Readonly<Record<string, Readonly<Record<number, I2cDevice>>>>;
  /** By controller (`ECSPI2`) and chip select: its number, or `GPIO5.13` for a GPIO that firmware drives low to select. */
  readonly spi?: Readonly<Record<string, Readonly<Record<number | string, SpiDevice>>>>;
  /** Definitions that are not attached here, but in a recording or snapshot that is to be used. */
  readonly known?: readonly AttachedDevice[];
}

/** The definitions of a machine and of all that are forked from it. */
export function definitionsOf({ i2c = {}, spi = {}, known: others = [] }: DevicesOption = {}): DeviceDefinitions {
  const attached = [...Object.values(i2c), ...Object.values(spi)].flatMap((devices): AttachedDevice[] => Object.values(devices));
  return new DeviceDefinitions([...attached, ...others]);
}

/** Attaches what the options say; inputs like all others, so that a recording has them. @throws {UsageError} for what the SoC does not have */
export function attachDevices(host: DevicesHost, { i2c = {}, spi = {} }: DevicesOption): void {
  for (const [bus, devices] of Object.entries(i2c))
    for (const [address, device] of Object.entries(devices)) new I2cView(host, bus.toUpperCase()).attach(Number(address), device);
  for (const [controller, devices] of Object.entries(spi))
    for (const [select, device] of Object.entries(devices)) new SpiView(host, controller.toUpperCase()).attach(select, device);
}

/** What the views need of their simulation. */
export interface DevicesHost {
  readonly machine: Machine;
  input(kind: string, ...args: readonly InputValue[]): unknown;
}

/** A change of a pin. */
export interface PinEvent {
  readonly level: 0 | 1;
  /** Virtual time in ns. */
  readonly time: number;
  readonly cycle: number;
}

/** Hears of changes of a pin, in the middle of a run. */
export type PinWatcher = (event: PinEvent) => void;

/** A train of pulses on a pin. */
export interface PulseOptions {
  /** How long a pulse lasts. */
  readonly width: Duration;
  /** How long it is from a pulse to the next; as long as a pulse unless given. */
  readonly gap?: Duration;
  /** Pulses: 1 unless given, `Infinity` for a clock. */
  readonly count?: number;
  /** Level of a pulse: 1 unless given. */
  readonly level?: 0 | 1;
}

/** The pins and buses of a simulation. */
export class DevicesView {
  readonly #host: DevicesHost;
  /** By pin, as `GPIO3 16`. */
  readonly #watchers = new Map<string, Set<PinWatcher>>();

  /** @internal Made by `Simulation`. */
  constructor(host: DevicesHost) {
    this.#host = host;
  }

  /** @internal Listens to the pins of a machine from now on; what it gives ends that. */
  connect(machine: Machine): () => void {
    machine.pins.onChange = (bank, pin, level) => {
      const watchers = this.#watchers.get(`${bank} ${pin}`);
      if (!watchers) return;
      const { scheduler } = machine;
      const cycle = scheduler.now;
      for (const watcher of watchers) watcher({ level: level ? 1 : 0, time: scheduler.nsFromCycles(cycle), cycle });
    };
    return () => {
      machine.pins.onChange = undefined;
    };
  }

  /** A GPIO bank (`GPIO1`). @throws {UsageError} */
  gpio(name: string): GpioView {
    blockOf(this.#host.machine, 'gpio', name);
    return new GpioView(this.#host, name.toUpperCase(), (pin, watcher) => this.#watch(`${name.toUpperCase()} ${pin}`, watcher));
  }

  /** An I2C controller with its bus (`I2C3`). @throws {UsageError} */
  i2c(name: string): I2cView {
    blockOf(this.#host.machine, 'i2c', name);
    return new I2cView(this.#host, name.toUpperCase());
  }

  /** A SPI controller with its devices (`ECSPI2`). @throws {UsageError} */
  spi(name: string): SpiView {
    blockOf(this.#host.machine, 'ecspi', name);
    return new SpiView(this.#host, name.toUpperCase());
  }

  #watch(key: string, watcher: PinWatcher): () => void {
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers);
    watchers.add(watcher);
    return () => watchers.delete(watcher);
  }
}

/** A bank of pins. */
export class GpioView {
  readonly name: string;
  readonly #host: DevicesHost;
  readonly #watch: (pin: number, watcher: PinWatcher) => () => void;

  /** @internal */
  constructor(host: DevicesHost, name: string, watch: (pin: number, watcher: PinWatcher) => () => void) {
    this.#host = host;
    this.name = name;
    this.#watch = watch;
  }

  /** Pin 0 to 31. @throws {UsageError} */
  pin(pin: number): PinView {
    if (!Number.isInteger(pin) || pin < 0 || pin > 31)
      throw new UsageError(`${this.name} has no pin ${pin}`, 'pins are 0 to 31', this.name);
    return new PinView(this.#host, { bank: this.name, pin }, (watcher) => this.#watch(pin, watcher));
  }
}

/** A pin. */
export class PinView {
  /** `GPIO3.16`. */
  readonly name: string;
  readonly #host: DevicesHost;
  readonly #pin: PinName;
  readonly #watch: (watcher: PinWatcher) => () => void;

  /** @internal */
  constructor(host: DevicesHost, pin: PinName, watch: (watcher: PinWatcher) => () => void) {
    this.#host = host;
    this.#pin = pin;
    this.#watch = watch;
    this.name = `${pin.bank}.${pin.pin}`;
  }

  /** What a probe on the pad sees. */
  get level(): 0 | 1 {
    return this.#bank.pad(this.#pin.pin) ? 1 : 0;
  }

  /** Whether firmware drives it (`out`) or listens to it. */
  get direction(): 'in' | 'out' {
    return this.#bank.isOutput(this.#pin.pin) ? 'out' : 'in';
  }

  /** Changes of its level so far, oldest first; of a bank's last 4096 at least. */
  get history(): readonly PinEvent[] {
    const { scheduler } = this.#host.machine;
    return this.#bank.history
      .filter(({ pin }) => pin === this.#pin.pin)
      .map(({ level, cycle }) => ({ level: level ? 1 : 0, time: scheduler.nsFromCycles(cycle), cycle }));
  }

  /** Drives it from outside, until another level, `release` or a pulse. */
  drive(level: 0 | 1 | boolean): void {
    this.#input('gpio.drive', level === 1 || level === true);
  }

  /** Nobody drives it: it has its pull. */
  release(): void {
    this.#input('gpio.release');
  }

  /** What it is pulled to while nobody drives it: down unless said otherwise (IOMUXC is not asked). */
  pull(direction: 'up' | 'down'): void {
    this.#input('gpio.pull', direction === 'up');
  }

  /** Drives pulses from now on, while virtual time passes; another level or pulse ends them. */
  pulse({ width, gap = width, count = 1, level = 1 }: PulseOptions): void {
    const { scheduler } = this.#host.machine;
    const [long, short] = [width, gap].map((time) => Math.max(1, scheduler.cyclesFromNs(nanoseconds(time, 'pulse'))));
    const first = level === 1;
    const [high, low] = first ? [long!, short!] : [short!, long!];
    if (!(count >= 1)) throw new UsageError(`${count} pulses`, 'give a count of 1 or more', 'pulse');
    this.#input('gpio.pulse', { first, high, low, count: Number.isFinite(count) ? Math.floor(count) : -1 });
  }

  /** Lays a wire from this pin to another (`GPIO4.3`): that one has the level of this one from now on. */
  connect(to: PinView | string): void {
    this.#host.input('gpio.connect', { ...this.#pin }, { ...targetOf(to) });
  }

  /** Takes a wire away. */
  disconnect(to: PinView | string): void {
    this.#host.input('gpio.disconnect', { ...this.#pin }, { ...targetOf(to) });
  }

  /** Hears of every change from now on, in the middle of a run; drives may be made there. What it gives ends that. */
  onChange(watcher: PinWatcher): () => void {
    // A fork has no machine before it is used.
    void this.#host.machine;
    return this.#watch(watcher);
  }

  get #bank() {
    return blockOf(this.#host.machine, 'gpio', this.#pin.bank);
  }

  #input(kind: string, ...args: readonly InputValue[]): void {
    this.#host.input(kind, this.#pin.bank, this.#pin.pin, ...args);
  }
}

function targetOf(to: PinView | string): PinName {
  return pinOf(typeof to === 'string' ? to : to.name);
}

/** A device that is attached. */
export interface DeviceHandle<S extends object> {
  /** A copy of its present state. @throws {UsageError} when it was taken away */
  readonly state: S;
  /** Changes its state from outside: a temperature, a fault. */
  set(changes: Partial<S>): void;
}

/** An I2C controller and its bus. */
export class I2cView {
  readonly name: string;
  readonly #host: DevicesHost;

  /** @internal */
  constructor(host: DevicesHost, name: string) {
    this.#host = host;
    this.name = name;
  }

  /** Rate of SCL as the firmware has set it. */
  get hz(): number {
    return this.#controller.hz;
  }

  /** What went over the bus, oldest first; the last 256 transactions, from a START to the next START or STOP each. */
  get transactions(): readonly I2cTransaction[] {
    return this.#controller.bus.transactions.map((transaction) => ({ ...transaction, bytes: [...transaction.bytes] }));
  }

  /** Attaches a device, in place of one at the same address; `state` changes its initial state. */
  attach<S extends object>(address: number, device: I2cDevice<S>, state: Partial<S> = {}): DeviceHandle<S> {
    const id = known(this.#host.machine, device);
    this.#host.input('i2c.attach', this.name, address, id, copyState({ ...device.state, ...state }, id) as InputValue);
    return this.device(address);
  }

  /** Takes a device away. */
  detach(address: number): void {
    this.#host.input('i2c.detach', this.name, address);
  }

  /** The device at an address. */
  device<S extends object = DeviceState>(address: number): DeviceHandle<S> {
    const host = this.#host;
    const { name } = this;
    return {
      get state() {
        const device = blockOf(host.machine, 'i2c', name).bus.at(address);
        if (!device) throw new UsageError(`no device at 0x${address.toString(16)} of ${name}`, 'attach one', name);
        return copyState(device.state, device.id) as S;
      },
      set: (changes) => void host.input('i2c.set', name, address, changes as InputValue),
    };
  }

  /** The next byte of the controller, or the one under way, loses arbitration to another master. */
  loseArbitration(): void {
    this.#host.input('i2c.arbitration', this.name);
  }

  /** Somebody holds SDA low (the bus stays busy) until it is let go with `false`. */
  hold(held = true): void {
    this.#host.input('i2c.hold', this.name, held);
  }

  /** Another master addresses the controller: writes bytes, or reads some, or both with a repeated START; begins when the bus is free. */
  master(
    address: number,
    { write = [], read = 0, hz = 100_000 }: { write?: Iterable<number>; read?: number; hz?: number },
  ): MasterTransfer {
    const id = this.#host.input('i2c.master', this.name, address, [...write], read, hz) as number;
    const find = () => this.#controller.outside.list.find((request) => request.id === id);
    return {
      get done() {
        return find()?.done ?? true;
      },
      get acknowledged() {
        return find()?.acknowledged ?? false;
      },
      get written() {
        return find()?.written ?? 0;
      },
      get received() {
        return Uint8Array.from(find()?.received ?? []);
      },
    };
  }

  get #controller() {
    return blockOf(this.#host.machine, 'i2c', this.name);
  }
}

/** What became of a transfer of another master so far. */
export interface MasterTransfer {
  readonly done: boolean;
  readonly acknowledged: boolean;
  /** Bytes that the controller acknowledged. */
  readonly written: number;
  readonly received: Uint8Array;
}

/** A SPI controller and its devices. */
export class SpiView {
  readonly name: string;
  readonly #host: DevicesHost;

  /** @internal */
  constructor(host: DevicesHost, name: string) {
    this.#host = host;
    this.name = name;
  }

  /** Rate of SCLK as the firmware has set it. */
  get hz(): number {
    return blockOf(this.#host.machine, 'ecspi', this.name).hz;
  }

  /** Attaches a device to a chip select: the controller's by number, or a GPIO (`GPIO5.13`, active low); in place of one that is there. */
  attach<S extends object>(select: number | string | SelectPin, device: SpiDevice<S>, state: Partial<S> = {}): DeviceHandle<S> {
    const id = known(this.#host.machine, device);
    const initial = copyState({ ...device.state, ...state }, id) as InputValue;
    this.#host.input('spi.attach', this.name, selectValue(select), id, initial);
    return this.device(select);
  }

  /** Takes a device away. */
  detach(select: number | string | SelectPin): void {
    this.#host.input('spi.detach', this.name, selectValue(select));
  }

  /** The device on a chip select. */
  device<S extends object = DeviceState>(select: number | string | SelectPin): DeviceHandle<S> {
    const host = this.#host;
    const { name } = this;
    return {
      get state() {
        const device = blockOf(host.machine, 'ecspi', name).bus.at(selectOf(select));
        if (!device) throw new UsageError(`no device on chip select ${JSON.stringify(select)} of ${name}`, 'attach one', name);
        return copyState(device.state, device.id) as S;
      },
      set: (changes) => void host.input('spi.set', name, selectValue(select), changes as InputValue),
    };
  }
}

function selectValue(select: number | string | SelectPin): InputValue {
  const found = selectOf(select);
  return typeof found === 'number' ? found : { ...found };
}
