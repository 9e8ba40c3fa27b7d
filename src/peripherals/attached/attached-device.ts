/**
 * What can be attached to an I2C or SPI controller from outside: a device as plain state and functions on it, written in TypeScript.
 *
 * Snapshots save the state and the name of the definition, never a function; whoever restores one knows the definitions by their names.
 * So a definition's functions must keep everything in `state`, must not read the host's time or randomness, and must not throw.
 */
import { UsageError } from '../../errors.ts';

/** What a device's state may hold: whatever can be written to a file. */
export type StateValue = undefined | null | boolean | number | string | Uint8Array | StateValue[] | { [key: string]: StateValue };

/** State of a device. */
export type DeviceState = Record<string, StateValue>;

/** What a device's functions may know beside its state. */
export interface DeviceContext {
  /** Virtual time in ns. */
  readonly now: number;
}

/** What a device on SPI may know of the transfer. */
export interface SpiContext extends DeviceContext {
  /** Clock polarity and phase, as SPI modes are numbered: 0 to 3. */
  readonly mode: number;
  /** Rate of SCLK. */
  readonly hz: number;
}

/** Who drives data after the address: the controller (`write`) or the device (`read`). */
export type I2cDirection = 'write' | 'read';

/** A device on an I2C bus. */
export interface I2cDevice<S extends object = object> {
  /** Names it in snapshots, recordings and findings. */
  readonly name: string;
  /** State at the time of attaching; each attached device gets its own copy. */
  readonly state: S;
  /** A START or repeated START with its address; false does not acknowledge it. */
  start?(state: S, direction: I2cDirection, context: DeviceContext): boolean | undefined;
  /** A byte for it; false does not acknowledge it. */
  write(state: S, byte: number, context: DeviceContext): boolean;
  /** The next byte from it. */
  read(state: S, context: DeviceContext): number;
  /** A STOP after it was addressed. */
  stop?(state: S, context: DeviceContext): void;
}

/** A device on SPI. */
export interface SpiDevice<S extends object = object> {
  /** Names it in snapshots, recordings and findings. */
  readonly name: string;
  /** State at the time of attaching; each attached device gets its own copy. */
  readonly state: S;
  /** Bits of its words, to which longer words of the controller are cut (most significant first); the controller's words as they are unless given. */
  readonly wordBits?: number;
  /** Its chip select became active. */
  select?(state: S, context: SpiContext): void;
  /** `bits` bits for it in the low bits of `word`; returns the bits that it sends meanwhile. */
  transfer(state: S, word: number, bits: number, context: SpiContext): number;
  /** Its chip select became inactive. */
  deselect?(state: S, context: SpiContext): void;
}

/** A device of either bus. */
export type AttachedDevice = I2cDevice | SpiDevice;

/** A device whose name may be left out, when no file is to name it. */
type Named<D extends AttachedDevice> = Omit<D, 'name'> & { readonly name?: string };

/** An I2C device with the types of its state inferred; called `i2c-device` unless it has a name. */
export function defineI2cDevice<S extends object>(device: Named<I2cDevice<S>>): I2cDevice<S> {
  return { name: 'i2c-device', ...device };
}

/** A SPI device with the types of its state inferred; called `spi-device` unless it has a name. */
export function defineSpiDevice<S extends object>(device: Named<SpiDevice<S>>): SpiDevice<S> {
  return { name: 'spi-device', ...device };
}

/** A copy of a state that shares nothing with it. @throws {UsageError} for what a snapshot cannot save */
export function copyState(state: object, device: string): DeviceState {
  return copyValue(state as StateValue, device) as DeviceState;
}

function copyValue(value: StateValue, device: string): StateValue {
  if (value instanceof Uint8Array) return value.slice();
  if (Array.isArray(value)) return value.map((each) => copyValue(each, device));
  if (typeof value === 'object' && value !== null) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null)
      return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copyValue(each, device)]));
  }
  if (typeof value === 'object' ? value === null : typeof value !== 'function' && typeof value !== 'symbol' && typeof value !== 'bigint')
    return value;
  const what = typeof value === 'object' ? (value as object).constructor.name : typeof value;
  throw new UsageError(
    `the state of ${device} holds a ${what}`,
    'keep numbers, strings, booleans, Uint8Arrays, arrays and plain objects there',
  );
}
