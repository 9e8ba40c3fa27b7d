import { describe, expect, it } from 'vitest';
import { EventHub } from '../../src/events.ts';
import { DmaPool } from '../../src/linux/dma-pool.ts';
import { ERRNO } from '../../src/linux/errno.ts';
import { O } from '../../src/linux/fs/vfs.ts';
import { Kernel } from '../../src/linux/kernel.ts';
import { Ida, PlatformBus, type PlatformDevice, type PlatformDriver } from '../../src/linux/platform.ts';
import { Process } from '../../src/linux/process.ts';
import { Arena } from '../../src/memory/arena.ts';
import { AddressSpace } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { Scheduler } from '../../src/time/scheduler.ts';
import { kernelFixture } from './kernel-fixture.ts';

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

describe('platform devices in sysfs', () => {
  function board() {
    const kernel = kernelFixture();
    const bus = new PlatformBus(kernel.kernel);
    const calls: string[] = [];
    let result = 0;
    const driver = (name: string, removable = true): PlatformDriver => ({
      name,
      matches: (device): device is PlatformDevice => device.compatible === name,
      *probe(device) {
        calls.push(`probe ${device.name}`);
        return result;
      },
      ...(removable
        ? {
            *remove(device) {
              calls.push(`remove ${device.name}`);
            },
          }
        : {}),
    });
    bus.addDevice({ name: '30aa0000.mailbox', compatible: 'mu', properties: undefined });
    bus.addDevice({ name: 'imx8mp-cm7', compatible: 'imx-rproc', properties: undefined, suppliers: ['30aa0000.mailbox'] });
    const drivers = { mu: driver('mu'), rproc: driver('imx-rproc') };
    kernel.run(bus.registerDriver(drivers.mu));
    kernel.run(bus.registerDriver(drivers.rproc));
    const store = (file: string, text: string) => kernel.write(`/sys/bus/platform/${file}`, text, O.WRONLY);
    const link = (path: string) => kernel.process.readlink(path);
    return {
      ...kernel,
      bus,
      calls,
      drivers,
      store,
      link,
      fail: (err: number) => {
        result = err;
      },
    };
  }

  it('are linked with their drivers', () => {
    const { kernel, link, read } = board();
    expect(link('/sys/bus/platform/devices/imx8mp-cm7')).toBe('../../../devices/platform/imx8mp-cm7');
    expect(link('/sys/devices/platform/imx8mp-cm7/driver')).toBe('../../../bus/platform/drivers/imx-rproc');
    expect(link('/sys/devices/platform/imx8mp-cm7/subsystem')).toBe('../../../bus/platform');
    expect(link('/sys/bus/platform/drivers/imx-rproc/imx8mp-cm7')).toBe('../../../../devices/platform/imx8mp-cm7');
    expect(kernel.vfs.find('/sys/bus/platform/drivers/imx-rproc/imx8mp-cm7/driver_override')).not.toBe(ERRNO.ENOENT);
    expect(read('/sys/devices/platform/30aa0000.mailbox/modalias')).toBe('of:NmailboxT(null)Cmu\n');
    expect(read('/sys/devices/platform/30aa0000.mailbox/uevent')).toBe(
      'DRIVER=mu\nOF_NAME=mailbox\nOF_FULLNAME=/mailbox\nOF_COMPATIBLE_0=mu\nOF_COMPATIBLE_N=1\nMODALIAS=of:NmailboxT(null)Cmu\n',
    );
  });

  it('lose and get their driver by unbind_store and bind_store', () => {
    const { bus, calls, kernel, store } = board();
    calls.length = 0;
    expect(store('drivers/imx-rproc/unbind', 'imx8mp-cm7\n')).toBe(11);
    expect(bus.driverOf('imx8mp-cm7')).toBeUndefined();
    expect(kernel.vfs.find('/sys/devices/platform/imx8mp-cm7/driver')).toBe(ERRNO.ENOENT);
    expect(kernel.vfs.find('/sys/bus/platform/drivers/imx-rproc/imx8mp-cm7')).toBe(ERRNO.ENOENT);
    expect(store('drivers/imx-rproc/unbind', 'imx8mp-cm7')).toBe(ERRNO.ENODEV);
    expect(store('drivers/imx-rproc/bind', 'imx8mp-cm7')).toBe(10);
    expect(store('drivers/imx-rproc/bind', 'imx8mp-cm7')).toBe(ERRNO.EBUSY);
    expect(store('drivers/imx-rproc/bind', '30aa0000.mailbox')).toBe(ERRNO.ENODEV);
    expect(store('drivers/imx-rproc/bind', 'none')).toBe(ERRNO.ENODEV);
    expect(store('drivers/imx-rproc/unbind', '30aa0000.mailbox')).toBe(ERRNO.ENODEV);
    expect(calls).toEqual(['remove imx8mp-cm7', 'probe imx8mp-cm7']);
  });

  it('lose it before their supplier does, and get it back with it (device_links_unbind_consumers)', () => {
    const { bus, calls, store } = board();
    calls.length = 0;
    store('drivers/mu/unbind', '30aa0000.mailbox');
    expect(calls).toEqual(['remove imx8mp-cm7', 'remove 30aa0000.mailbox']);
    expect(bus.devicesDeferred).toEqual([{ name: 'imx8mp-cm7', suppliers: ['30aa0000.mailbox'] }]);
    expect(store('drivers/imx-rproc/bind', 'imx8mp-cm7')).toBe(ERRNO.EAGAIN);
    store('drivers/mu/bind', '30aa0000.mailbox');
    expect(calls.slice(2)).toEqual(['probe 30aa0000.mailbox', 'probe imx8mp-cm7']);
  });

  it('have one user at a time (device_lock): an unbind or a bind waits for the unbind that is under way', () => {
    const { bus, calls, drivers, kernel, pass } = board();
    calls.length = 0;
    drivers.rproc.remove = function* ({ name }) {
      calls.push(`remove ${name}`);
      yield { timeoutNs: 1e6 };
      calls.push(`removed ${name}`);
    };
    const results: string[] = [];
    const user = (file: 'bind' | 'unbind') => {
      const process = new Process(kernel, { name: file });
      process.start(
        function* (self) {
          const fd = yield* self.open(`/sys/bus/platform/drivers/imx-rproc/${file}`, O.WRONLY);
          results.push(`${file} ${yield* self.write(fd, new TextEncoder().encode('imx8mp-cm7'))}`);
          return 0;
        },
        [file],
      );
      pass(1e5);
    };
    user('unbind');
    user('unbind');
    user('bind');
    expect([results, calls, bus.driverOf('imx8mp-cm7')]).toEqual([[], ['remove imx8mp-cm7'], 'imx-rproc']);
    pass(5e6);
    expect(results.sort()).toEqual(['bind 10', 'unbind 10', 'unbind 10']);
    expect(calls).toEqual(['remove imx8mp-cm7', 'removed imx8mp-cm7', 'probe imx8mp-cm7']);
    expect(bus.driverOf('imx8mp-cm7')).toBe('imx-rproc');
  });

  it('give the errno of a probe that fails (device_driver_attach, drivers_probe_store)', () => {
    const { fail, log, store } = board();
    store('drivers/imx-rproc/unbind', 'imx8mp-cm7');
    fail(-12);
    expect(store('drivers/imx-rproc/bind', 'imx8mp-cm7')).toBe(-12);
    expect(log().at(-1)).toBe('imx-rproc: probe of imx8mp-cm7 failed with error -12');
    expect(store('drivers_probe', 'imx8mp-cm7')).toBe(ERRNO.EINVAL);
    expect(store('drivers_probe', 'none')).toBe(ERRNO.ENODEV);
    fail(0);
    expect(store('drivers_probe', 'imx8mp-cm7\n')).toBe(11);
  });

  it('go to the driver that driver_override names (platform_match)', () => {
    const { bus, read, store } = board();
    const override = '/sys/devices/platform/imx8mp-cm7/driver_override';
    expect(read(override)).toBe('(null)\n');
    store('drivers/imx-rproc/unbind', 'imx8mp-cm7');
    store('devices/imx8mp-cm7/driver_override', 'other\n');
    expect(read(override)).toBe('other\n');
    expect(store('drivers/imx-rproc/bind', 'imx8mp-cm7')).toBe(ERRNO.ENODEV);
    store('devices/imx8mp-cm7/driver_override', 'mu');
    expect(store('drivers/mu/bind', 'imx8mp-cm7')).toBe(ERRNO.EINVAL);
    store('devices/imx8mp-cm7/driver_override', '\n');
    expect(store('drivers/imx-rproc/bind', 'imx8mp-cm7')).toBe(10);
    expect(bus.driverOf('imx8mp-cm7')).toBe('imx-rproc');
  });

  it('lose a driver that is unregistered', () => {
    const { bus, calls, drivers, kernel, run } = board();
    calls.length = 0;
    run(bus.unregisterDriver(drivers.rproc));
    expect(calls).toEqual(['remove imx8mp-cm7']);
    expect(kernel.vfs.find('/sys/bus/platform/drivers/imx-rproc')).toBe(ERRNO.ENOENT);
    run(bus.registerDriver(drivers.rproc));
    expect(calls).toEqual(['remove imx8mp-cm7', 'probe imx8mp-cm7']);
  });
});
