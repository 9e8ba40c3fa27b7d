/**
 * The test kit: machines that a test drives in virtual time. It runs in Node and in a browser alike.
 */

export type { Variable, VariableValue } from '../dwarf/variables.ts';
export type {
  AttachedDevice,
  DeviceContext,
  DeviceState,
  I2cDevice,
  I2cDirection,
  SpiContext,
  SpiDevice,
} from '../peripherals/attached/attached-device.ts';
export { defineI2cDevice, defineSpiDevice } from '../peripherals/attached/attached-device.ts';
export { type Ds1337State, ds1337 } from '../peripherals/attached/ds1337.ts';
export { type EepromPart, type EepromState, eeprom } from '../peripherals/attached/eeprom-24c.ts';
export { type Axes, fxas21002, fxos8700, mag3110, mma8451q, mpl3115, type SensorState } from '../peripherals/attached/nxp-sensors.ts';
export { type RegisterFileState, registerFile } from '../peripherals/attached/register-file.ts';
export { type SpiFlashPart, type SpiFlashState, spiFlash } from '../peripherals/attached/spi-flash.ts';
export { type SpiLoopbackState, spiLoopback } from '../peripherals/attached/spi-loopback.ts';
export { type Tmp102State, tmp102 } from '../peripherals/attached/tmp102.ts';
export type { CanFrame } from '../peripherals/can-bus.ts';
export type { I2cTransaction } from '../peripherals/i2c-bus.ts';
export type { SelectPin } from '../peripherals/spi-bus.ts';
export type { AdcView, CanMessage, CanView } from './analog-views.ts';
export { createMachine } from './create.ts';
export type { Prototype } from './debug.ts';
export type {
  DeviceHandle,
  DevicesOption,
  I2cView,
  MasterTransfer,
  SpiMasterOptions,
  SpiMasterTransfer,
  SpiView,
} from './devices.ts';
export type { FunctionName } from './functions.ts';
export type { FoundLine } from './goals.ts';
export type { CallLimit, ExecLimit, FileView, LinuxView, ShellView } from './linux-view.ts';
export type { Configuration, FirmwareInput, SimulationOptions } from './options.ts';
export type { GpioView, PinEvent, PinView, PinWatcher, PulseOptions, PwmView } from './pin-views.ts';
export { type Replay, type RestoreOptions, replayMachine, restoreMachine, restoreSnapshot } from './restore.ts';
export type { ChannelName, RpmsgChannel, RpmsgMessage, RpmsgView } from './rpmsg.ts';
export type { SerialView } from './serial-view.ts';
export { Simulation } from './simulation.ts';
export type { Snapshot } from './snapshots.ts';
export type { Stub, StubCall, StubFunction } from './stubs.ts';
export type { ConsoleView } from './uart.ts';
export type { ConditionOptions, CoreFailure, UntilOptions, WaitOptions } from './waiting.ts';
