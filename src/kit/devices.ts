/**
 * Pins (`pin-views.ts`) and buses as a test sees them: devices written in TypeScript on I2C and SPI.
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
import type { SelectPin } from '../peripherals/spi-bus.ts';
import { type Duration, nanoseconds } from '../time/duration.ts';
import { AdcView, CanView } from './analog-views.ts';
import { blockOf, known, selectOf } from './device-inputs.ts';
import { type DevicesHost, GpioView, PinView, type PinWatcher, PwmView } from './pin-views.ts';
import { SerialView } from './serial-view.ts';

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

  /** A pin by its name: of a GPIO bank (`GPIO1.5`), or a signal of another block (`GPT1_CAPTURE1`). @throws {UsageError} */
  pin(name: string): PinView {
    const pin = this.#host.machine.pins.find(name);
    return new PinView(this.#host, pin, (watcher) => this.#watch(`${pin.bank} ${pin.pin}`, watcher));
  }

  /** A PWM (`PWM4`). @throws {UsageError} */
  pwm(name: string): PwmView {
    blockOf(this.#host.machine, 'pwm', name);
    return new PwmView(this.#host, name.toUpperCase());
  }

  /** The line of a UART (`UART3`). @throws {UsageError} */
  serial(name: string): SerialView {
    blockOf(this.#host.machine, 'uart', name);
    return new SerialView(this.#host, name.toUpperCase());
  }

  /** An ADC (`ADC1`). @throws {UsageError} */
  adc(name: string): AdcView {
    blockOf(this.#host.machine, 'analog', name);
    return new AdcView(this.#host, name.toUpperCase());
  }

  /** A CAN controller with its bus (`FLEXCAN1`). @throws {UsageError} */
  can(name: string): CanView {
    blockOf(this.#host.machine, 'flexcan', name);
    return new CanView(this.#host, name.toUpperCase());
  }

  /** Makes the silicon as warm as `degrees` Celsius, or one site of its thermal monitor. @throws {UsageError} */
  warm(degrees: number, site?: number): void {
    const tmu = this.#host.machine.peripherals.find((peripheral) => peripheral.tmu)?.tmu;
    if (!tmu) throw new UsageError(`${this.#host.machine.soc.name} has no thermal monitor`, 'choose another SoC', 'temperature');
    if (!Number.isFinite(degrees)) throw new UsageError(`${degrees} is no temperature`, 'give degrees Celsius', 'temperature');
    if (site !== undefined && !(site >= 0 && site < tmu.sites))
      throw new UsageError(`no site ${site}`, `sites are 0 to ${tmu.sites - 1}`, 'temperature');
    this.#host.input('temperature', degrees, site ?? -1);
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

/** How another SPI master transfers. */
export interface SpiMasterOptions {
  /** Bits of a word: 8 unless given. */
  readonly bits?: number;
  /** Rate of SCLK: 1 MHz unless given. */
  readonly hz?: number;
  /** Time from a word to the next. */
  readonly gap?: Duration;
  /** SS goes up after each word. */
  readonly release?: boolean;
}

/** What became of a transfer of another SPI master so far. */
export interface SpiMasterTransfer {
  readonly done: boolean;
  /** Words that the controller has answered. */
  readonly received: readonly number[];
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

  /**
   * Another master shifts words through the controller, which firmware has made a slave: SS goes down now (after the transfers before) and up after the
   * last word, or after each with `release`. @throws {UsageError}
   */
  master(words: Iterable<number>, { bits = 8, hz = 1_000_000, gap = 0, release = false }: SpiMasterOptions = {}): SpiMasterTransfer {
    if (!(bits >= 1 && bits <= 32)) throw new UsageError(`words of ${bits} bits`, 'give 1 to 32', this.name);
    if (!(hz > 0)) throw new UsageError(`SCLK of ${hz} Hz`, 'give a rate', this.name);
    const cycles = this.#host.machine.scheduler.cyclesFromNs(nanoseconds(gap, 'gap'));
    const options = { bits, hz, gap: cycles, release };
    const id = this.#host.input('spi.master', this.name, [...words], options) as number;
    const find = () => blockOf(this.#host.machine, 'ecspi', this.name).outside.list.find((request) => request.id === id);
    return {
      get done() {
        return find()?.done ?? true;
      },
      get received() {
        return [...(find()?.received ?? [])];
      },
    };
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
