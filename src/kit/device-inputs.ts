/**
 * What reaches pins and buses of a machine from outside, as inputs that can be recorded (src/history/inputs.ts).
 */
import { UsageError } from '../errors.ts';
import type { InputKind, InputValue } from '../history/inputs.ts';
import type { Machine } from '../machine.ts';
import { type AttachedDevice, copyState, type DeviceState } from '../peripherals/attached/attached-device.ts';
import type { CanFrame } from '../peripherals/can-bus.ts';
import type { Peripheral } from '../peripherals/catalogue.ts';
import type { PinName } from '../peripherals/pins.ts';
import type { SelectPin } from '../peripherals/spi-bus.ts';

/** What these inputs act on. */
export interface DeviceHost {
  readonly machine: Machine;
}

type Kind = InputKind<DeviceHost>;
type Model = 'gpio' | 'i2c' | 'ecspi' | 'pwm' | 'uart' | 'flexcan' | 'analog';

const WHAT: Record<Model, string> = {
  gpio: 'GPIO bank',
  i2c: 'I2C controller',
  ecspi: 'SPI controller',
  pwm: 'PWM',
  uart: 'UART',
  flexcan: 'CAN controller',
  analog: 'ADC',
};

/** The block called `name` (in any case) that has the model `model`. @throws {UsageError} */
export function blockOf<M extends Model>(machine: Machine, model: M, name: string): NonNullable<Peripheral[M]> {
  const found = machine.peripherals.find((peripheral) => peripheral[model] && peripheral.name === name.toUpperCase())?.[model];
  if (found) return found;
  const names = machine.peripherals.filter((peripheral) => peripheral[model]).map((peripheral) => peripheral.name);
  const remedy = names.length > 0 ? `there are ${names.join(', ')}` : 'choose another SoC';
  throw new UsageError(`${machine.soc.name} has no ${WHAT[model]} ${name}`, remedy, name);
}

/** A chip select in a text: `0`, or `GPIO5.13` for a GPIO that is active low. @throws {UsageError} */
export function selectOf(select: number | string | SelectPin): number | SelectPin {
  if (typeof select === 'object') return select;
  if (typeof select === 'number' || /^\d+$/.test(select)) return Number(select);
  return pinOf(select);
}

/** A GPIO in a text: `GPIO5.13`. @throws {UsageError} */
function pinOf(text: string): PinName {
  const match = /^([A-Za-z]+\d+)\.(\d+)$/.exec(text);
  const pin = Number(match?.[2]);
  if (!match || pin > 31) throw new UsageError(`${text} is no pin`, 'write GPIO5.13 for pin 13 of GPIO5', text);
  return { bank: match[1]!.toUpperCase(), pin };
}

/** Attaches a device to an I2C controller. @throws {UsageError} */
function attachI2c(machine: Machine, bus: string, address: number, id: string, state: object): void {
  if (!Number.isInteger(address) || address < 0 || address > 0x7f)
    throw new UsageError(`${address} is no 7-bit I2C address`, 'give the address without the read bit, 0 to 0x7f', bus);
  machine.devices.i2c(id);
  blockOf(machine, 'i2c', bus).bus.attach(address, id, copyState(state, id));
}

/** Attaches a device to a chip select of a SPI controller. @throws {UsageError} */
function attachSpi(machine: Machine, controller: string, select: number | SelectPin, id: string, state: object): void {
  machine.devices.spi(id);
  const { bus } = blockOf(machine, 'ecspi', controller);
  let active = false;
  if (typeof select === 'object') active = machine.pins.bank(select.bank).pad(select.pin) === (select.activeHigh ?? false);
  bus.attach(select, id, copyState(state, id), active);
}

/** Makes a device known to `machine`; its name in inputs. */
export function known(machine: Machine, device: AttachedDevice): string {
  return machine.devices.add(device);
}

function kind<A extends readonly unknown[]>(apply: (machine: Machine, ...args: A) => unknown): Kind {
  return { side: 'hardware', apply: ({ machine }, ...args: readonly InputValue[]) => apply(machine, ...(args as unknown as A)) };
}

/** A pulse train as an input has it, in cycles of the base clock. */
export interface PulseInput {
  readonly first: boolean;
  readonly high: number;
  readonly low: number;
  /** Negative without end. */
  readonly count: number;
}

/** How another SPI master transfers; `gap` in cycles of the base clock. */
export interface SpiMasterInput {
  readonly bits: number;
  readonly hz: number;
  readonly gap: number;
  readonly release: boolean;
}

/** All kinds, by name. */
export const DEVICE_INPUTS: Readonly<Record<string, Kind>> = {
  'gpio.drive': kind((machine, bank: string, pin: number, level: boolean) => machine.pins.bank(bank).setInput(pin, level)),
  'gpio.release': kind((machine, bank: string, pin: number) => machine.pins.bank(bank).release(pin)),
  'gpio.pull': kind((machine, bank: string, pin: number, up: boolean) => machine.pins.bank(bank).pull(pin, up)),
  'gpio.watch': kind((machine, bank: string, pin: number) => machine.pins.bank(bank).watch?.(pin)),
  'gpio.pulse': kind((machine, bank: string, pin: number, train: PulseInput) =>
    machine.pins.bank(bank).pulse(pin, { ...train, count: train.count < 0 ? Number.POSITIVE_INFINITY : train.count }),
  ),
  'gpio.connect': kind((machine, from: PinName, to: PinName) => machine.pins.connect(from, to)),
  'gpio.disconnect': kind((machine, from: PinName, to: PinName) => machine.pins.disconnect(from, to)),
  'uart.baud': kind((machine, uart: string, baud: number) => {
    blockOf(machine, 'uart', uart).hostBaud = baud;
  }),
  'uart.connect': kind((machine, from: string, to: string) => blockOf(machine, 'uart', from).wire(blockOf(machine, 'uart', to))),
  'uart.disconnect': kind((machine, from: string, to: string) => blockOf(machine, 'uart', from).unwire(blockOf(machine, 'uart', to))),
  'i2c.attach': kind((machine, bus: string, address: number, id: string, state: DeviceState) =>
    attachI2c(machine, bus, address, id, state),
  ),
  'i2c.detach': kind((machine, bus: string, address: number) => blockOf(machine, 'i2c', bus).bus.detach(address)),
  'i2c.set': kind((machine, bus: string, address: number, patch: DeviceState) => {
    const device = blockOf(machine, 'i2c', bus).bus.at(address);
    if (device) Object.assign(device.state, copyState(patch, device.id));
  }),
  'i2c.arbitration': kind((machine, bus: string) => blockOf(machine, 'i2c', bus).loseArbitration()),
  'i2c.hold': kind((machine, bus: string, held: boolean) => blockOf(machine, 'i2c', bus).hold(held)),
  'i2c.master': kind((machine, bus: string, address: number, write: readonly number[], read: number, hz: number) =>
    blockOf(machine, 'i2c', bus).outside.request(address, write, read, hz),
  ),
  'spi.master': kind((machine, controller: string, words: readonly number[], options: SpiMasterInput) =>
    blockOf(machine, 'ecspi', controller).outside.request({ words, ...options }),
  ),
  'spi.attach': kind((machine, controller: string, select: number | SelectPin, id: string, state: DeviceState) =>
    attachSpi(machine, controller, select, id, state),
  ),
  'spi.detach': kind((machine, controller: string, select: number | SelectPin) => blockOf(machine, 'ecspi', controller).bus.detach(select)),
  'spi.set': kind((machine, controller: string, select: number | SelectPin, patch: DeviceState) => {
    const device = blockOf(machine, 'ecspi', controller).bus.at(select);
    if (device) Object.assign(device.state, copyState(patch, device.id));
  }),
  'adc.set': kind((machine, adc: string, input: number, volts: number) => blockOf(machine, 'analog', adc).set(input, volts)),
  'can.connect': kind((machine, from: string, to: string) => machine.canBuses.connect(from, to)),
  'can.listen': kind((machine, controller: string) => machine.canBuses.listen(controller)),
  'can.send': kind((machine, controller: string, frame: CanFrame) => machine.canBuses.send(controller, frame)),
  temperature: kind((machine, degrees: number, site: number) => {
    for (const { tmu } of machine.peripherals) tmu?.setTemperature(degrees, site < 0 ? undefined : site);
  }),
};
