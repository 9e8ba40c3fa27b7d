/**
 * Pins and buses as a test of firmware sees them: images/devices with devices attached, watched, changed, forked.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  createMachine,
  type DevicesOption,
  defineI2cDevice,
  defineSpiDevice,
  eeprom,
  registerFile,
  replayMachine,
  restoreMachine,
  type Simulation,
  spiFlash,
  spiLoopback,
  tmp102,
} from '../../src/kit/index.ts';

const IMAGE = new Uint8Array(readFileSync(new URL('../../images/imx8mp_devices.elf', import.meta.url)));
const BOARD: DevicesOption = {
  i2c: { I2C3: { 72: tmp102({ celsius: -3.5 }), 80: eeprom('24C02') } },
  spi: { ECSPI2: { 0: spiFlash('W25Q64') } },
};

const make = (devices: DevicesOption = BOARD, engine: 'jit' | 'interpreter' = 'jit'): Promise<Simulation> =>
  createMachine({ firmware: IMAGE, soc: 'imx8mp', linux: false, devices, engine });

const READY = /devices: ready/;

describe('firmware with devices', () => {
  it.each(['jit', 'interpreter'] as const)('reads, writes and polls what is attached (%s)', async (engine) => {
    await using m = await make(BOARD, engine);
    await m.until('console', READY);
    expect(m.uart('console').lines.slice(1)).toEqual([
      'devices on I2C3, ECSPI2 and GPIO',
      'temperature: -3.5000 C',
      'eeprom: "written page by page", 138 polls',
      'loopback: 64 words came back',
      'flash: ef4017, "flashed", busy meanwhile',
      'devices: ready',
    ]);
    const { memory } = m.i2c('I2C3').device<{ memory: Uint8Array }>(0x50).state;
    expect(new TextDecoder().decode(memory.subarray(0x40, 0x54))).toBe('written page by page');
    const { sectors } = m.spi('ecspi2').device<{ sectors: Record<string, Uint8Array> }>(0).state;
    expect(Object.keys(sectors)).toEqual(['1']);
    expect(new TextDecoder().decode(sectors['1']!.subarray(0x234, 0x23b))).toBe('flashed');
    expect([m.i2c('I2C3').hz, m.spi('ECSPI2').hz]).toEqual([100_000, 4_000_000]);
    // All polls but the last of each page are addresses that the EEPROM does not acknowledge.
    const polls = m.i2c('I2C3').transactions.filter(({ address, bytes }) => address === 0x50 && bytes.length === 0);
    expect(polls.filter(({ acknowledged }) => acknowledged)).toHaveLength(3);
    expect(m.diagnostics).toEqual([]);
  });

  it('says what is missing, and works without', async () => {
    await using m = await make({});
    await m.until('console', READY);
    expect(m.uart('console').lines.slice(2)).toEqual([
      'temperature: no sensor',
      'eeprom: no acknowledgement',
      'loopback: 64 words came back',
      'flash: none',
      'devices: ready',
    ]);
    expect(m.diagnostics.map(({ kind, block, register }) => `${kind} ${block} ${register}`)).toEqual([
      'unimplemented I2C3 address 0x48',
      'unimplemented I2C3 address 0x50',
      'unimplemented ECSPI2 SS0',
    ]);
  });

  it('sees a button, toggles a LED, and feels the temperature of the moment', async () => {
    await using m = await make();
    await m.until('console', READY);
    const led = m.gpio('GPIO3').pin(16);
    const button = m.gpio('gpio1').pin(5);
    expect([led.direction, led.level, button.direction, button.level]).toEqual(['out', 0, 'in', 0]);
    const seen: number[] = [];
    const unwatch = led.onChange(({ level }) => seen.push(level));
    m.i2c('I2C3').device<{ celsius: number }>(0x48).set({ celsius: 100.0625 });
    const pressed = m.now;
    button.drive(1);
    await m.until('console', /temperature: 100\.0625 C/);
    expect(led.level).toBe(1);
    // The interrupt comes within instructions of the edge.
    expect(led.history.at(-1)!.time - pressed).toBeLessThan(1000);
    button.release();
    button.pulse({ width: '1ms', gap: '9ms', count: 3 });
    await m.until('console', /button: 4/);
    expect(seen).toEqual([1, 0, 1, 0]);
    unwatch();
    const edges = button.history.map(({ level, time }) => [level, Math.round((time - pressed) / 1e5) / 10]);
    const start = edges[2]![1]!;
    expect(edges.slice(2).map(([level, ms]) => [level, ms! - start])).toEqual([
      [1, 0],
      [0, 1],
      [1, 10],
      [0, 11],
      [1, 20],
    ]);
    await m.advance('50ms');
    expect(button.level).toBe(0);
    expect(seen).toHaveLength(4);
  });

  it('has pins that are connected, pulled and driven from a watcher', async () => {
    await using m = await make();
    await m.until('console', READY);
    const [led, button, far] = [m.gpio('GPIO3').pin(16), m.gpio('GPIO1').pin(5), m.gpio('GPIO4').pin(1)];
    led.connect(far);
    led.connect('GPIO2.7');
    button.pull('up');
    await m.until('console', /button: 1/);
    expect([far.level, m.gpio('GPIO2').pin(7).level, button.level]).toEqual([1, 1, 1]);
    led.disconnect(far);
    button.drive(0);
    // A debouncing circuit of the test's: the LED presses the button again, once.
    let left = 1;
    led.onChange(() => {
      if (left-- > 0) m.gpio('GPIO1').pin(5).pulse({ width: '2ms', gap: '1ms', level: 0 });
    });
    button.drive(1);
    await m.until('console', /button: 3/);
    expect([far.level, m.gpio('GPIO2').pin(7).level]).toEqual([0, 1]);
  });

  it('forks with its devices, each with a state of its own', async () => {
    await using m = await make();
    await m.until('console', READY);
    const snapshot = m.snapshot();
    const [warm, cold] = [snapshot.fork(), snapshot.fork()];
    warm.i2c('I2C3').device<{ celsius: number }>(0x48).set({ celsius: 50 });
    cold.i2c('I2C3').attach(0x48, tmp102({ celsius: -20 }));
    for (const fork of [warm, cold]) fork.gpio('GPIO1').pin(5).pulse({ width: '1ms' });
    await warm.until('console', /temperature: 50\.0000 C/);
    await cold.until('console', /temperature: -20\.0000 C/);
    expect(m.i2c('I2C3').device<{ celsius: number }>(0x48).state.celsius).toBe(-3.5);
    expect(m.gpio('GPIO1').pin(5).history).toEqual([]);
    expect(warm.i2c('I2C3').transactions.length).toBe(m.i2c('I2C3').transactions.length + 2);
    warm.dispose();
    cold.dispose();
  });

  it('forks within a byte and a write cycle, and all go on alike', async () => {
    await using m = await make();
    await m.until('console', /temperature/);
    const forks: Simulation[] = [];
    for (const time of ['1.23ms', '8.88ms', '0.07ms']) {
      await m.advance(time);
      forks.push(m.fork());
    }
    await m.until('console', READY);
    for (const fork of forks) {
      await fork.until('console', READY);
      expect(fork.traceHash()).toBe(m.traceHash());
      expect(fork.i2c('I2C3').transactions).toEqual(m.i2c('I2C3').transactions);
      fork.dispose();
    }
  });

  it('is saved and restored, and happens again from a recording, with devices of the test by their names', async () => {
    const own = defineI2cDevice({ name: 'own', state: { reads: 0 }, write: () => true, read: (state) => ++state.reads });
    const m = await make({ i2c: { I2C3: { 72: own } }, spi: BOARD.spi! });
    await m.until('console', READY);
    m.gpio('GPIO1').pin(5).pulse({ width: '1ms', gap: '3ms', count: 2 });
    const file = await m.save();
    await m.until('console', /button: 2/);
    const recording = await m.record();
    await expect(restoreMachine(file)).rejects.toThrow('no device is called own');
    const restored = await restoreMachine(file, { engine: 'interpreter', devices: { known: [own] } });
    await restored.until('console', /button: 2/);
    expect(restored.traceHash()).toBe(m.traceHash());
    expect(restored.i2c('I2C3').device(0x48).state).toEqual(m.i2c('I2C3').device(0x48).state);
    const { simulation, same } = await replayMachine(recording, { engine: 'interpreter', devices: { known: [own] } });
    expect(same).toBe(true);
    expect(simulation.gpio('GPIO1').pin(5).history).toEqual(m.gpio('GPIO1').pin(5).history);
    for (const each of [simulation, restored, m]) each.dispose();
  });

  it('takes devices of the test, and gives them up', async () => {
    await using m = await make({});
    const bus = m.i2c('I2C3');
    const counter = defineI2cDevice({ state: { reads: 0 }, write: () => true, read: (state) => ++state.reads });
    const handle = bus.attach(0x48, counter, { reads: 15 });
    m.spi('ECSPI2').attach(0, defineSpiDevice({ state: {}, transfer: (_state, _word, bits) => (bits === 32 ? 0x00c2_2018 : 0) }));
    await m.until('console', READY);
    expect(m.uart('console').text).toContain('temperature: 16.0625 C');
    expect(m.uart('console').text).toContain('flash: c22018');
    expect(handle.state).toEqual({ reads: 17 });
    expect(counter.state.reads).toBe(0);
    bus.detach(0x48);
    expect(() => handle.state).toThrow('no device at 0x48 of I2C3');
    m.gpio('GPIO1').pin(5).drive(true);
    await m.until('console', /button: 1/);
    await m.until('console', /no sensor/);
  });

  it('is a target of another master, and loses a bus to it', async () => {
    await using m = await make();
    await m.until('console', READY);
    const transfer = m.i2c('I2C3').master(0x11, { write: [1, 2] });
    expect(transfer.done).toBe(false);
    await m.advance('1ms');
    expect(transfer).toMatchObject({ done: true, acknowledged: false, written: 0 });
    m.i2c('I2C3').hold();
    m.gpio('GPIO1').pin(5).drive(1);
    await m.advance('20ms');
    // The driver sets MSTA on a busy bus, loses arbitration, writes without owning the bus, and waits for an IIF that has come.
    expect(m.uart('console').lines.at(-1)).toMatch(/^(button: 1|temperature: no sensor)$/);
    expect(m.diagnostics.map(({ register, text }) => `${register} ${text}`)).toContain('I2DR written without owning the bus');
  });

  it('has pins of other blocks and serial lines by name, in forks, too', async () => {
    await using m = await make({});
    await m.until('console', READY);
    const [gpt, uart] = [0x302d_0000, 0x3088_0000].map((base) => (offset: number, value?: number) => {
      const view = m.machine.view('m7');
      return value === undefined ? view.read(base + offset, 4) : view.write(base + offset, value, 4);
    });
    gpt!(0, 1 | (5 << 6) | (1 << 9) | (1 << 10) | (3 << 16));
    m.pin('gpt1_capture1').pulse({ width: '10us', gap: '30us', count: 2 });
    m.gpio('GPIO1').pin(7).connect('GPT2_CLK');
    m.gpio('GPIO1').pin(7).drive(1);
    uart!(0x90, 0x0a81);
    uart!(0x84, 0x6027);
    uart!(0x80, 1);
    m.serial('uart3').connect('UART3');
    expect(m.serial('UART3').baud).toBeGreaterThan(0);
    m.pin('UART3_CTS_B').connect(m.pin('UART3_RTS_B'));
    await m.advance('5us');
    await using fork = m.fork();
    for (const each of [m, fork]) {
      await each.advance('1ms');
      expect(each.pin('GPT1_CAPTURE1').history.map(({ level }) => level)).toEqual([1, 0, 1, 0]);
      expect([each.pin('GPT2_CLK').level, each.pin('GPT2_CLK').direction, each.pin('PWM4_OUT').direction]).toEqual([1, 'in', 'out']);
      expect([each.pwm('PWM4').hz, each.pwm('PWM4').duty]).toEqual([0, 0]);
      const view = each.machine.view('m7');
      expect(view.read(0x302d_0008, 4) & 8).toBe(8);
      view.write(0x3088_0040, 0x41, 4);
      await each.advance('2ms');
      expect(view.read(0x3088_0000, 4)).toBe(0x8041);
      expect([each.pin('UART3_CTS_B').name, each.pin('UART3_RTS_B').level]).toEqual(['UART3_CTS_B', 0]);
    }
    expect(() => m.pin('GPT1_CAPTURE3')).toThrow('GPT1_CAPTURE3 is no pin');
    expect(() => m.pwm('PWM9')).toThrow(/has no PWM PWM9/);
    expect(() => m.serial('UART3').type(0)).toThrow('0 is no rate');
    expect(() => m.serial('UART3').connect('I2C1')).toThrow(/has no UART I2C1/);
    expect(() => m.spi('ECSPI1').master([1], { bits: 33 })).toThrow('words of 33 bits');
  });

  it('tells mistakes by name', async () => {
    await using m = await make();
    expect(() => m.gpio('GPIO9')).toThrow(/imx8mp has no GPIO bank GPIO9/);
    expect(() => m.i2c('I2C7')).toThrow(/no I2C controller I2C7/);
    expect(() => m.spi('UART4')).toThrow(/no SPI controller UART4/);
    expect(() => m.gpio('GPIO1').pin(32)).toThrow('GPIO1 has no pin 32');
    expect(() => m.gpio('GPIO1').pin(1).connect('LED')).toThrow('LED is no pin');
    expect(() => m.gpio('GPIO1').pin(1).pulse({ width: 'long' })).toThrow(/pulse: "long" is no time/);
    expect(() => m.i2c('I2C1').attach(0x90, registerFile())).toThrow(/144 is no 7-bit I2C address/);
    const closure = defineI2cDevice({ name: 'closure', state: { f: () => 1 }, write: () => true, read: () => 0 });
    expect(() => m.i2c('I2C1').attach(0x10, closure)).toThrow('the state of closure holds a function');
    await expect(make({ i2c: { I2C9: { 1: registerFile() } } })).rejects.toThrow(/no I2C controller I2C9/);
    await expect(make({ spi: { ECSPI1: { somewhere: spiLoopback() } } })).rejects.toThrow('somewhere is no pin');
  });
});
