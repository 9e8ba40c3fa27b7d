/**
 * The definitions that a machine's devices are made of, by name: those that come with imx-sim, and those of whoever makes the machine.
 */
import { UsageError } from '../../errors.ts';
import type { AttachedDevice, I2cDevice, SpiDevice } from './attached-device.ts';
import { DS1337 } from './ds1337.ts';
import { EEPROM_24C } from './eeprom-24c.ts';
import { FXAS21002, FXOS8700, MAG3110, MMA8451Q, MPL3115 } from './nxp-sensors.ts';
import { REGISTER_FILE } from './register-file.ts';
import { SPI_FLASH } from './spi-flash.ts';
import { SPI_LOOPBACK } from './spi-loopback.ts';
import { TMP102 } from './tmp102.ts';

/** Devices that come with imx-sim. */
const READY_MADE: readonly AttachedDevice[] = [
  ...[REGISTER_FILE, EEPROM_24C, TMP102, DS1337],
  ...[MMA8451Q, FXOS8700, FXAS21002, MAG3110, MPL3115],
  ...[SPI_FLASH, SPI_LOOPBACK],
];

/** Definitions by name. One of these serves a machine and all that are forked from it. */
export class DeviceDefinitions {
  private readonly byName = new Map<string, AttachedDevice>();

  constructor(known: Iterable<AttachedDevice> = []) {
    for (const device of [...READY_MADE, ...known]) this.add(device);
  }

  /** Makes `device` known and returns the name under which it is; the same functions under the same name are the same definition. */
  add(device: AttachedDevice): string {
    for (let count = 1; ; count++) {
      const name = count === 1 ? device.name : `${device.name}#${count}`;
      const other = this.byName.get(name);
      if (other && !sameBehaviour(other, device)) continue;
      if (!other) this.byName.set(name, device);
      return name;
    }
  }

  /** True when there is one of that name. */
  knows(name: string): boolean {
    return this.byName.has(name);
  }

  /** The I2C device of that name. @throws {UsageError} */
  i2c(name: string): I2cDevice {
    const device = this.get(name);
    if ('read' in device) return device;
    throw new UsageError(`${name} is a device for SPI`, 'attach it to an ECSPI');
  }

  /** The SPI device of that name. @throws {UsageError} */
  spi(name: string): SpiDevice {
    const device = this.get(name);
    if ('transfer' in device) return device;
    throw new UsageError(`${name} is a device for I2C`, 'attach it to an I2C controller');
  }

  private get(name: string): AttachedDevice {
    const device = this.byName.get(name);
    if (!device)
      throw new UsageError(
        `no device is called ${name}`,
        'give its definition as devices: { known: [...] } to createMachine, restoreMachine or replayMachine',
      );
    return device;
  }
}

/** True for copies of one definition, which may differ in their initial state. */
function sameBehaviour(a: AttachedDevice, b: AttachedDevice): boolean {
  const functions = ['start', 'write', 'read', 'stop', 'select', 'transfer', 'deselect', 'wordBits'];
  return functions.every((name) => Reflect.get(a, name) === Reflect.get(b, name));
}
