/**
 * What is wired to the SoC in runs that need more than a console: devices of the boards, and the other board of examples for two.
 */
import {
  type createMachine,
  defineI2cDevice,
  defineSpiDevice,
  eeprom,
  registerFile,
  type Simulation,
  spiFlash,
} from '../../src/kit/index.ts';

type Machine = Awaited<ReturnType<typeof createMachine>>;

/** Wires something up; may let time pass. */
export type Bench = (machine: Simulation) => void | Promise<void>;

/** Examples differ in the controller that they use, by board: all have the device. */
const I2C = ['I2C1', 'I2C2', 'I2C3', 'I2C4'];
const SPI = ['ECSPI1', 'ECSPI2', 'ECSPI3'];

const onEveryI2c =
  (address: number, device: Parameters<ReturnType<Machine['i2c']>['attach']>[1]): Bench =>
  (machine) => {
    for (const bus of I2C) machine.i2c(bus).attach(address, device);
  };

const onEverySpi =
  (device: Parameters<ReturnType<Machine['spi']>['attach']>[1]): Bench =>
  (machine) => {
    for (const controller of SPI) machine.spi(controller).attach(0, device);
  };

/** NXP's FXOS8700CQ, lying flat: half a g in x, a quarter in y, one in z, as 14 bits to the left. */
export const ACCELEROMETER_7D = onEveryI2c(0x1e, registerFile({ values: { 1: 0x20, 3: 0x10, 5: 0x40, 13: 0xc7 } }));

/** NXP's MMA8451Q, the same. */
export const ACCELEROMETER_6SX = onEveryI2c(0x1c, registerFile({ values: { 1: 0x20, 3: 0x10, 5: 0x40, 13: 0x1a } }));

/** A clock of the DS1337 family at 12:34:56 of the first of February 2017. */
export const CLOCK = onEveryI2c(0x68, registerFile({ values: { 0: 0x56, 1: 0x34, 2: 0x12, 3: 4, 4: 0x01, 5: 0x02, 6: 0x17 } }));

/** An EEPROM that is read right behind the write, which one with a write cycle would not answer. */
export const EEPROM = onEveryI2c(0x50, eeprom('24C256', { writeMs: 0 }));

/** The NOR flash of a validation board. */
export const FLASH = onEverySpi(spiFlash('W25Q32'));

/** The slave of NXP's I2C examples for two boards: gives back what has come. */
export const I2C_SLAVE = onEveryI2c(
  0x7e,
  defineI2cDevice({
    name: 'slave-board',
    state: { message: [] as number[], at: 0 },
    start(state, direction) {
      if (direction === 'write') state.message = [];
      state.at = 0;
      return true;
    },
    write(state, byte) {
      state.message.push(byte);
      return true;
    },
    read: (state) => state.message[state.at++] ?? 0xff,
  }),
);

/** Their master. */
export const I2C_MASTER: Bench = async (machine) => {
  await machine.until('console', 'Slave transfer.');
  await machine.advance('5ms');
  const data = Array.from({ length: 32 }, (_, index) => index);
  for (const bus of ['I2C2', 'I2C3']) machine.i2c(bus).master(0x7e, { write: data });
  await machine.advance('50ms');
  for (const bus of ['I2C2', 'I2C3']) machine.i2c(bus).master(0x7e, { read: data.length });
};

/** The slave of NXP's ECSPI examples for two boards: sends back what has come, word by word, once all of it has. */
export const SPI_SLAVE = onEverySpi(
  defineSpiDevice({
    name: 'slave-board',
    state: { words: [] as number[], sent: 0 },
    transfer(state, word) {
      if (state.words.length === 64) return state.words[state.sent++ % 64]!;
      state.words.push(word);
      return 0;
    },
  }),
);

/** Their master. */
export const SPI_MASTER: Bench = async (machine) => {
  await machine.until('console', 'Slave starts to receive data!');
  await machine.advance('5ms');
  const words = Array.from({ length: 64 }, (_, index) => index);
  for (const controller of ['ECSPI1', 'ECSPI2']) machine.spi(controller).master(words, { bits: 8, hz: 500_000, gap: '10us' });
  await machine.until('console', 'Slave starts to transmit data!');
  await machine.advance('5ms');
  for (const controller of ['ECSPI1', 'ECSPI2'])
    machine.spi(controller).master(new Array(64).fill(0), { bits: 8, hz: 500_000, gap: '10us' });
};

/** The slave of the BSP's: 255 first, then 0, 1, 2 and so on. */
export const BSP_SPI_SLAVE = onEverySpi(
  defineSpiDevice({
    name: 'counting-board',
    state: { next: 255 },
    transfer(state) {
      const word = state.next;
      state.next = (state.next + 1) % 256;
      return word;
    },
  }),
);

/** Its master: 1 to 20, each in a burst of its own. */
export const BSP_SPI_MASTER: Bench = async (machine) => {
  await machine.until('console', 'SLAVE: Initial transmit data: 255');
  await machine.advance('5ms');
  const words = Array.from({ length: 20 }, (_, index) => index + 1);
  for (const controller of ['ECSPI1', 'ECSPI2']) machine.spi(controller).master(words, { bits: 8, hz: 500_000, gap: '1ms', release: true });
};

/** TXD of UART3 on its RXD. */
export const UART_LOOP: Bench = (machine) => machine.serial('UART3').connect('UART3');

/** A square wave at the first capture input of GPT1. */
export const CAPTURE: Bench = async (machine) => {
  await machine.until('console', 'GPT input capture example');
  machine.pin('GPT1_CAPTURE1').pulse({ width: '10ms', gap: '10ms', count: 20 });
  machine.pin('GPT1_CAPTURE2').pulse({ width: '10ms', gap: '10ms', count: 20 });
};

/** A pressed key every 300 ms, on each pin that a board has one at. */
export const KEY: Bench = async (machine) => {
  await machine.until('console', /3 times to continue/);
  for (const [bank, pin] of [
    ['GPIO2', 26],
    ['GPIO5', 11],
    ['GPIO1', 11],
    ['GPIO1', 14],
  ] as const)
    machine.gpio(bank).pin(pin).drive(1);
  for (let press = 0; press < 3; press++) {
    await machine.advance('150ms');
    for (const [bank, pin] of [
      ['GPIO2', 26],
      ['GPIO5', 11],
      ['GPIO1', 11],
      ['GPIO1', 14],
    ] as const)
      machine.gpio(bank).pin(pin).pulse({ width: '100ms', level: 0 });
    await machine.advance('150ms');
  }
};

/** 0.9 V at the input of the ADC examples. */
export const VOLTAGE: Bench = (machine) => machine.adc('ADC1').set(3, 0.9);

/** Another node on both CAN buses: it acknowledges, and sends what the example waits for. */
export const CAN_NODE: Bench = async (machine) => {
  for (const controller of ['FLEXCAN1', 'FLEXCAN2']) machine.can(controller).listen();
  await machine.until('console', /NODE is 1/);
  await machine.advance('1500ms');
  for (const controller of ['FLEXCAN1', 'FLEXCAN2']) machine.can(controller).send({ id: 0x321, data: [7] });
};

/** Silicon that is too warm. */
export const WARM: Bench = (machine) => machine.temperature(60);
