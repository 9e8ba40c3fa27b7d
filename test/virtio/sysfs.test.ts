/** The rpmsg and virtio buses as /sys shows them; each test names the kernel function whose answer it checks. */
import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/linux/errno.ts';
import { O } from '../../src/linux/fs/vfs.ts';
import { Process } from '../../src/linux/process.ts';
import type { RpmsgDriver } from '../../src/virtio/rpmsg-core.ts';
import { encodeEndpointInfo, RPMSG_CREATE_DEV_IOCTL } from '../../src/virtio/rpmsg-ioctl.ts';
import { createStack, createUser } from './rpmsg-fixture.ts';

const SAMPLE = 'virtio0.rpmsg-client-sample.-1.1024';

function board(modules: readonly string[] = ['virtio_rpmsg_bus', 'rpmsg_char', 'rpmsg_ctrl', 'rpmsg_client_sample']) {
  const host = createStack({ reader: 'none' });
  host.run(host.modules.loadAll(modules), 0.001);
  const attached = { ...host, ...host.attach(), user: createUser(host) };
  attached.remote.announce('rpmsg-client-sample', 1024);
  host.settle(0.01);
  return attached;
}

describe('/sys/bus/rpmsg', () => {
  test('rpmsg_dev_attrs, rpmsg_uevent: what a channel shows', () => {
    const { user } = board();
    const at = `/sys/bus/rpmsg/devices/${SAMPLE}`;
    const files = ['announce', 'driver_override', 'dst', 'modalias', 'name', 'src', 'uevent'];
    expect(user.ls(`${at}/`)).toEqual(expect.arrayContaining([...files, 'driver', 'subsystem']));
    expect(files.map((file) => user.cat(`${at}/${file}`))).toEqual([
      'false\n',
      '(null)\n',
      '0x400\n',
      'rpmsg:rpmsg-client-sample\n',
      'rpmsg-client-sample\n',
      // The endpoint's address, once a driver is bound.
      '0x400\n',
      'DRIVER=rpmsg_client_sample\nMODALIAS=rpmsg:rpmsg-client-sample\n',
    ]);
    expect(user.echo('x', `${at}/src`)).toBe(ERRNO.EACCES);
    expect(user.ls('/sys/bus/rpmsg/devices')).toEqual([SAMPLE, 'virtio0.rpmsg_ctrl.0.0', 'virtio0.rpmsg_ns.53.53']);
    expect(user.cat('/sys/bus/rpmsg/devices/virtio0.rpmsg_ns.53.53/driver_override')).toBe('rpmsg_ns\n');
  });

  test('announce is true for a channel with an address of its own', () => {
    const { user } = board();
    const info = encodeEndpointInfo({ name: 'mine', src: 7, dst: 0xffff_ffff });
    user.ioctl(user.open('/dev/rpmsg_ctrl0'), RPMSG_CREATE_DEV_IOCTL, info);
    const show = (file: string) => user.cat(`/sys/bus/rpmsg/devices/virtio0.mine.7.-1/${file}`);
    expect([show('announce'), show('src'), show('dst')]).toEqual(['true\n', '0x7\n', '0xffffffff\n']);
  });

  test('bind_store, unbind_store: -ENODEV for what is not there, does not match or is not its own; -EBUSY for what is bound', () => {
    const { user, dmesg } = board();
    const drivers = '/sys/bus/rpmsg/drivers';
    const bind = (driver: string, device: string) => user.echo(device, `${drivers}/${driver}/bind`);
    const unbind = (driver: string, device: string) => user.echo(device, `${drivers}/${driver}/unbind`);
    expect(bind('rpmsg_client_sample', SAMPLE)).toBe(ERRNO.EBUSY);
    expect(bind('rpmsg_chrdev', SAMPLE)).toBe(ERRNO.ENODEV);
    expect(bind('rpmsg_client_sample', 'virtio0.nothing.0.0')).toBe(ERRNO.ENODEV);
    expect(unbind('rpmsg_chrdev', SAMPLE)).toBe(ERRNO.ENODEV);
    expect(unbind('rpmsg_client_sample', `${SAMPLE}\n`)).toBe(SAMPLE.length + 1);
    expect(dmesg().at(-1)).toBe(`rpmsg_client_sample ${SAMPLE}: rpmsg sample client driver is removed`);
    expect(user.ls(`${drivers}/rpmsg_client_sample`)).toEqual(['bind', 'uevent', 'unbind']);
    expect(user.cat(`/sys/bus/rpmsg/devices/${SAMPLE}/uevent`)).toBe('MODALIAS=rpmsg:rpmsg-client-sample\n');
    expect(unbind('rpmsg_client_sample', SAMPLE)).toBe(ERRNO.ENODEV);
    expect(bind('rpmsg_client_sample', SAMPLE)).toBe(SAMPLE.length);
    expect(dmesg().at(-1)).toBe(`rpmsg_client_sample ${SAMPLE}: new channel: 0x400 -> 0x400!`);
    expect(user.cat(`${drivers}/rpmsg_client_sample/bind`)).toBe(ERRNO.EACCES);
  });

  test('__driver_probe_device: -ENODEV for a channel that went while the bind waited for device_lock', () => {
    const { kernel, remote, settle, rpmsgBus, run } = board();
    const calls: string[] = [];
    const driver: RpmsgDriver = {
      name: 'slow',
      idTable: ['slow'],
      *probe() {
        calls.push('probe');
        return 0;
      },
      *remove() {
        yield { timeoutNs: 1e6 };
        calls.push('removed');
      },
    };
    run(rpmsgBus.registerDriver(driver), 0.001);
    remote.announce('slow', 7);
    settle(0.01);
    const results: string[] = [];
    for (const file of ['unbind', 'bind']) {
      new Process(kernel, { name: file }).start(
        function* (self) {
          const fd = yield* self.open(`/sys/bus/rpmsg/drivers/slow/${file}`, O.WRONLY);
          results.push(`${file} ${yield* self.write(fd, new TextEncoder().encode('virtio0.slow.-1.7'))}`);
          return 0;
        },
        [file],
      );
      settle(0.0001);
    }
    remote.announce('slow', 7, 1);
    settle(0.01);
    expect(results).toEqual(['unbind 17', `bind ${ERRNO.ENODEV}`]);
    expect(calls).toEqual(['probe', 'removed']);
    expect(rpmsgBus.devices.map(({ id }) => id)).not.toContain('slow');
  });

  test('bind_store of a driver whose probe fails: its error, and "probe of ... failed"', () => {
    const { user, dmesg, remote } = board();
    const drivers = '/sys/bus/rpmsg/drivers/rpmsg_client_sample';
    user.echo(SAMPLE, `${drivers}/unbind`);
    remote.draining = false;
    const info = encodeEndpointInfo({ name: 'rpmsg-client-sample', src: 0x8000_0000, dst: 3 });
    user.ioctl(user.open('/dev/rpmsg_ctrl0'), RPMSG_CREATE_DEV_IOCTL, info);
    expect(user.echo('virtio0.rpmsg-client-sample.-2147483648.3', `${drivers}/bind`)).toBe(ERRNO.ENOMEM);
    const dev = 'rpmsg_client_sample virtio0.rpmsg-client-sample.-2147483648.3';
    expect(dmesg().slice(-3)).toEqual([
      `${dev}: idr_alloc failed: -22`,
      `${dev}: failed to create endpoint`,
      'rpmsg_client_sample: probe of virtio0.rpmsg-client-sample.-2147483648.3 failed with error -12',
    ]);
  });

  test('driver_set_override: the first line; an empty one clears it; 4095 bytes are -EINVAL; nothing is rebound by itself', () => {
    const { user } = board();
    const file = `/sys/bus/rpmsg/devices/${SAMPLE}/driver_override`;
    const set = (text: string) => [user.echo(text, file), user.cat(file)];
    expect(set('rpmsg_chrdev')).toEqual([12, 'rpmsg_chrdev\n']);
    expect(set('a\nb\n')).toEqual([4, 'a\n']);
    expect(set('\n')).toEqual([1, '(null)\n']);
    expect(set('x'.repeat(4095))).toEqual([ERRNO.EINVAL, '(null)\n']);
    expect(set('y'.repeat(4094))).toEqual([4094, `${'y'.repeat(4094)}\n`]);
    expect(user.cat(`/sys/bus/rpmsg/devices/${SAMPLE}/uevent`)).toContain('DRIVER=rpmsg_client_sample\n');
  });

  test('driver_override decides at the next match: rpmsg_dev_match by name alone', () => {
    const { user, dmesg } = board();
    const at = `/sys/bus/rpmsg/devices/${SAMPLE}`;
    user.echo('rpmsg_chrdev', `${at}/driver_override`);
    user.echo(SAMPLE, '/sys/bus/rpmsg/drivers/rpmsg_client_sample/unbind');
    expect(user.echo(SAMPLE, '/sys/bus/rpmsg/drivers/rpmsg_client_sample/bind')).toBe(ERRNO.ENODEV);
    // bus_rescan_devices_helper
    expect(user.echo(`${SAMPLE}\n`, '/sys/bus/rpmsg/drivers_probe')).toBe(SAMPLE.length + 1);
    expect(user.ls(`${at}/rpmsg`)).toEqual(['rpmsg0']);
    expect(user.echo('nothing', '/sys/bus/rpmsg/drivers_probe')).toBe(ERRNO.ENODEV);
    expect(dmesg().at(-1)).toBe(`rpmsg_client_sample ${SAMPLE}: rpmsg sample client driver is removed`);
  });

  test('drivers_autoprobe 0: neither new devices nor new drivers are matched (bus_probe_device, bus_add_driver)', () => {
    const { user, remote, settle, run, modules } = board();
    expect(user.cat('/sys/bus/rpmsg/drivers_autoprobe')).toBe('1\n');
    expect(user.echo('0\n', '/sys/bus/rpmsg/drivers_autoprobe')).toBe(2);
    expect(user.cat('/sys/bus/rpmsg/drivers_autoprobe')).toBe('0\n');
    remote.announce('rpmsg-client-sample', 1025);
    remote.announce('rpmsg-tty', 1026);
    settle(0.01);
    run(modules.insert('rpmsg_tty'), 0.01);
    expect(user.cat('/sys/bus/rpmsg/devices/virtio0.rpmsg-client-sample.-1.1025/uevent')).toBe('MODALIAS=rpmsg:rpmsg-client-sample\n');
    expect(user.ls('/dev').filter((name) => name.startsWith('tty'))).not.toContain('ttyRPMSG0');
    user.echo('1', '/sys/bus/rpmsg/drivers_autoprobe');
    expect(user.echo('virtio0.rpmsg-tty.-1.1026', '/sys/bus/rpmsg/drivers_probe')).toBe(25);
    expect(user.ls('/dev')).toContain('ttyRPMSG0');
  });

  test('create_dir, kobject_add_internal: two names that sysfs cannot tell apart are -EEXIST', () => {
    const { remote, settle, dmesg } = board();
    remote.announce('a/b', 5);
    settle(0.01);
    remote.announce('a!b', 5);
    settle(0.01);
    expect(dmesg().slice(-4)).toEqual([
      "sysfs: cannot create duplicate filename '/devices/virtual/virtio/virtio0/virtio0.a!b.-1.5'",
      "kobject_add_internal failed for virtio0.a!b.-1.5 with -EEXIST, don't try to register things with the same name in the same directory.",
      'rpmsg virtio0.a!b.-1.5: device_add failed: -17',
      'virtio_rpmsg_bus virtio0: rpmsg_create_channel failed',
    ]);
  });
});

describe('/sys/bus/virtio', () => {
  test('virtio_dev_attrs, virtio_uevent', () => {
    const { user } = board();
    const at = '/sys/bus/virtio/devices/virtio0';
    expect(['device', 'vendor', 'status', 'modalias', 'uevent'].map((file) => user.cat(`${at}/${file}`))).toEqual([
      '0x0007\n',
      '0x0000\n',
      '0x00000007\n',
      'virtio:d00000007v00000000\n',
      'DRIVER=virtio_rpmsg_bus\nMODALIAS=virtio:d00000007v00000000\n',
    ]);
    expect(user.cat(`${at}/features`)).toBe(`1${'0'.repeat(63)}\n`);
  });

  test('unbind_store and bind_store of virtio_rpmsg_bus: all channels go, the host comes back', () => {
    const { user, dmesg, statuses } = board();
    const driver = '/sys/bus/virtio/drivers/virtio_rpmsg_bus';
    expect(user.echo('virtio0', `${driver}/bind`)).toBe(ERRNO.EBUSY);
    expect(user.echo('virtio9', `${driver}/unbind`)).toBe(ERRNO.ENODEV);
    expect(user.echo('virtio0', `${driver}/unbind`)).toBe(7);
    expect(user.ls('/sys/bus/rpmsg/devices')).toEqual([]);
    expect(user.ls('/dev').filter((name) => name.startsWith('rpmsg'))).toEqual([]);
    // virtio_dev_remove acknowledges the device again.
    expect(user.cat('/sys/bus/virtio/devices/virtio0/status')).toBe('0x00000001\n');
    expect(user.echo('virtio0', `${driver}/unbind`)).toBe(ERRNO.ENODEV);
    const before = statuses.length;
    expect(
      user.call(
        (function* () {
          const fd = yield* user.process.open(`${driver}/bind`, 1);
          return yield* user.process.write(fd, new TextEncoder().encode('virtio0'));
        })(),
        0.1,
      ),
    ).toBe(7);
    expect(statuses.slice(before)).toEqual([3, 7]);
    expect(dmesg().at(-1)).toBe('virtio_rpmsg_bus virtio0: rpmsg host is online');
  });

  test('the order of teardown (rpmsg_remove): reset, channels in the order of their creation, then the device', () => {
    const { user, vdev, detach, dmesg, remote, settle, statuses } = board();
    remote.announce('rpmsg-client-sample', 1030);
    settle(0.01);
    const before = statuses.length;
    detach(vdev);
    expect(statuses.slice(before)).toEqual([0, 1]);
    expect(dmesg().slice(-2)).toEqual([
      `rpmsg_client_sample ${SAMPLE}: rpmsg sample client driver is removed`,
      'rpmsg_client_sample virtio0.rpmsg-client-sample.-1.1030: rpmsg sample client driver is removed',
    ]);
    for (const bus of ['rpmsg', 'virtio']) expect(user.ls(`/sys/bus/${bus}/devices`)).toEqual([]);
    expect(user.ls('/sys/devices/virtual/virtio')).toEqual([]);
  });
});
