import { describe, expect, it } from 'vitest';
import { EventHub } from '../../src/events.ts';
import { DmaPool } from '../../src/linux/dma-pool.ts';
import { Kernel } from '../../src/linux/kernel.ts';
import { Ida, PlatformBus, type PlatformDevice, type PlatformDriver } from '../../src/linux/platform.ts';
import { Arena } from '../../src/memory/arena.ts';
import { AddressSpace } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { Scheduler } from '../../src/time/scheduler.ts';

function fixture() {
  const scheduler = new Scheduler(1_000_000_000);
  const memory = new AddressSpace('linux');
  memory.mapRam(0x1000_0000, new Ram('ddr', 0x10_0000, new Arena(0x40_0000)));
  const kernel = new Kernel({ scheduler, memory, events: new EventHub() });
  const bus = new PlatformBus(kernel);
  const probed: string[] = [];
  const driver = (name: string, result: (device: string) => number): PlatformDriver => ({
    name,
    matches: (device): device is PlatformDevice => device.compatible === name,
    *probe(device) {
      probed.push(device.name);
      return result(device.name);
    },
  });
  const register = (...drivers: PlatformDriver[]): void => {
    kernel.spawn(
      'init',
      (function* () {
        for (const each of drivers) yield* bus.registerDriver(each);
      })(),
    );
    while (scheduler.nextDeadline < Number.POSITIVE_INFINITY) {
      scheduler.advanceTo(scheduler.nextDeadline);
      scheduler.fireDue();
    }
  };
  const add = (name: string, compatible: string, suppliers?: string[]): void =>
    bus.addDevice({ name, compatible, properties: undefined, ...(suppliers ? { suppliers } : {}) });
  return { kernel, memory, bus, probed, driver, register, add };
}

describe('PlatformBus', () => {
  it('probes a driver with its devices in their order, once', () => {
    const { bus, probed, driver, register, add } = fixture();
    add('a0', 'a');
    add('b0', 'b');
    add('a1', 'a');
    register(
      driver('a', () => 0),
      driver('b', () => 0),
      driver('a', () => 0),
    );
    expect(probed).toEqual(['a0', 'a1', 'b0']);
    expect(bus.driverOf('b0')).toBe('b');
    expect(bus.driverOf('c0')).toBeUndefined();
  });

  it('prints a failed probe and does not try again', () => {
    const { kernel, probed, driver, register, add } = fixture();
    add('a0', 'a');
    register(
      driver('a', () => -22),
      driver('a', () => 0),
    );
    expect(probed).toEqual(['a0']);
    expect(kernel.log.map(({ text }) => text)).toEqual(['a: probe of a0 failed with error -22']); // call_driver_probe
  });

  it('defers a probe, in silence, until another one succeeds', () => {
    const { kernel, bus, probed, driver, register, add } = fixture();
    let ready = false;
    add('consumer', 'c');
    add('supplier', 's');
    register(driver('c', () => (ready ? 0 : -517)));
    expect(bus.devicesDeferred).toEqual([{ name: 'consumer', suppliers: [] }]);
    ready = true;
    register(driver('s', () => 0));
    expect(probed).toEqual(['consumer', 'supplier', 'consumer']);
    expect(bus.devicesDeferred).toEqual([]);
    expect(kernel.log).toEqual([]);
  });

  it('does not even probe before the suppliers (fw_devlink)', () => {
    const { bus, probed, driver, register, add } = fixture();
    add('consumer', 'c', ['supplier']);
    add('supplier', 's');
    register(driver('c', () => 0));
    expect(probed).toEqual([]);
    expect(bus.devicesDeferred).toEqual([{ name: 'consumer', suppliers: ['supplier'] }]);
    register(driver('s', () => 0));
    expect(probed).toEqual(['supplier', 'consumer']);
  });
});

it('Ida gives the lowest free number', () => {
  const ida = new Ida();
  expect([ida.alloc(), ida.alloc(), ida.alloc()]).toEqual([0, 1, 2]);
  ida.free(1);
  expect([ida.alloc(), ida.alloc()]).toEqual([1, 3]);
});

describe('DmaPool', () => {
  it('gives powers of two of pages, aligned to their size, first fit, zeroed', () => {
    const { memory } = fixture();
    memory.fill(0x1000_0000, 0xff, 0x2_0000);
    const pool = new DmaPool(memory, 0x1000_0000, 0x1_0000);
    expect(pool.allocate(1)).toBe(0x1000_0000);
    expect(pool.allocate(0x3000)).toBe(0x1000_4000);
    expect(memory.read(0x1000_4000, 4)).toBe(0);
    expect(memory.read(0x1000_7000, 4)).toBe(0xffff_ffff);
    expect(pool.allocate(0x1000)).toBe(0x1000_1000);
    expect(pool.allocate(0x8001)).toBeUndefined();
    expect(pool.allocate(0x8000)).toBe(0x1000_8000);
    pool.free(0x1000_4000);
    pool.free(0x1234);
    expect(pool.allocate(0x4000)).toBe(0x1000_4000);
    expect(pool.allocate(2 ** 40)).toBeUndefined();
  });
});
