/** /dev/rpmsg_ctrlN and /dev/rpmsgN through system calls; each test names the kernel function whose answer it checks. */
import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/linux/errno.ts';
import { O, POLL } from '../../src/linux/fs/vfs.ts';
import { CharMajors } from '../../src/virtio/char-majors.ts';
import { RpmsgChar } from '../../src/virtio/rpmsg-char.ts';
import { RPMSG_ADDR_ANY } from '../../src/virtio/rpmsg-core.ts';
import {
  encodeEndpointInfo,
  RPMSG_CREATE_DEV_IOCTL,
  RPMSG_CREATE_EPT_IOCTL,
  RPMSG_DESTROY_EPT_IOCTL,
  RPMSG_RELEASE_DEV_IOCTL,
} from '../../src/virtio/rpmsg-ioctl.ts';
import { createStack, createUser } from './rpmsg-fixture.ts';

const ANY = RPMSG_ADDR_ANY;
const CTRL = '/sys/class/rpmsg/rpmsg_ctrl0';

function board(modules: readonly string[] = ['virtio_rpmsg_bus', 'rpmsg_char', 'rpmsg_ctrl']) {
  const host = createStack({ reader: 'none' });
  host.run(host.modules.loadAll(modules), 0.001);
  return { ...host, ...host.attach(), user: createUser(host) };
}

/** With one endpoint device, /dev/rpmsg0 from `src` to `dst`. */
function withEndpoint(src: number = ANY, dst = 0x1e) {
  const host = board();
  const { user } = host;
  const ctrl = user.open('/dev/rpmsg_ctrl0');
  const create = (name: string, from: number, to: number) =>
    user.ioctl(ctrl, RPMSG_CREATE_EPT_IOCTL, encodeEndpointInfo({ name, src: from, dst: to }));
  expect(create('chan', src, dst)).toBe(0);
  return { ...host, ctrl, create };
}

describe('rpmsg_ctrl', () => {
  test('rpmsg_ctrldev_probe: one for each virtio device, in class rpmsg below its channel', () => {
    const { attach, user } = board();
    const { ls } = user;
    expect(ls('/dev').filter((name) => name.startsWith('rpmsg'))).toEqual(['rpmsg_ctrl0']);
    attach({ base: 0x8_0000 });
    expect(ls('/sys/class/rpmsg')).toEqual(['rpmsg_ctrl0', 'rpmsg_ctrl1']);
    expect(user.cat('/sys/class/rpmsg/rpmsg_ctrl1/uevent')).toBe('MAJOR=239\nMINOR=1\nDEVNAME=rpmsg_ctrl1\n');
    expect(user.cat('/sys/class/rpmsg/rpmsg_ctrl1/dev')).toBe('239:1\n');
    expect(ls('/sys/bus/rpmsg/drivers/rpmsg_ctrl')).toEqual([
      'bind',
      'uevent',
      'unbind',
      'virtio0.rpmsg_ctrl.0.0',
      'virtio1.rpmsg_ctrl.0.0',
    ]);
    expect(ls('/sys/bus/rpmsg/devices/virtio1.rpmsg_ctrl.0.0/rpmsg')).toEqual(['rpmsg_ctrl1']);
  });

  test('rpmsg_ctrldev_fops: neither read nor write (vfs_read, vfs_write), poll is always ready', () => {
    const { user } = board();
    const fd = user.open('/dev/rpmsg_ctrl0');
    expect(user.read(fd)).toBe(ERRNO.EINVAL);
    expect(user.write(fd, 'x')).toBe(ERRNO.EINVAL);
    expect(user.poll(fd)).toBe(POLL.IN | POLL.OUT);
  });

  test('rpmsg_ctrldev_ioctl: the struct is copied first (-EFAULT), then the command is looked at (-EINVAL)', () => {
    const { user, dmesg } = board();
    const fd = user.open('/dev/rpmsg_ctrl0');
    expect(user.ioctl(fd, RPMSG_CREATE_EPT_IOCTL)).toBe(ERRNO.EFAULT);
    expect(user.ioctl(fd, 0x5401, 0)).toBe(ERRNO.EFAULT);
    expect(user.ioctl(fd, RPMSG_CREATE_EPT_IOCTL, new Uint8Array(39))).toBe(ERRNO.EFAULT);
    const info = encodeEndpointInfo({ name: 'x', src: ANY, dst: ANY });
    for (const command of [0, 0x5401, RPMSG_DESTROY_EPT_IOCTL, 0x4028_b505, 0x0000_b501]) {
      expect(user.ioctl(fd, command, info)).toBe(ERRNO.EINVAL);
    }
    expect(user.ls('/dev')).not.toContain('rpmsg0');
    expect(dmesg()).toEqual(['virtio_rpmsg_bus virtio0: rpmsg host is online']);
  });

  test('RPMSG_CREATE_EPT_IOCTL: /dev/rpmsgN with name, src and dst (%d), the name cut to 31 bytes', () => {
    const { user, create } = withEndpoint();
    expect(create('n'.repeat(40), 0x8000_0001, 7)).toBe(0);
    const full = new Uint8Array(40).fill(0x41);
    expect(user.ioctl(user.open('/dev/rpmsg_ctrl0'), RPMSG_CREATE_EPT_IOCTL, full)).toBe(0);
    expect(user.ls(CTRL)).toEqual(['dev', 'device', 'rpmsg0', 'rpmsg1', 'rpmsg2', 'subsystem', 'uevent']);
    const show = (device: string) => ['name', 'src', 'dst'].map((file) => user.cat(`/sys/class/rpmsg/${device}/${file}`));
    expect(show('rpmsg0')).toEqual(['chan\n', '-1\n', '30\n']);
    expect(show('rpmsg1')).toEqual([`${'n'.repeat(31)}\n`, '-2147483647\n', '7\n']);
    expect(show('rpmsg2')).toEqual([`${'A'.repeat(31)}\n`, '1094795585\n', '1094795585\n']);
    expect(user.echo('x', '/sys/class/rpmsg/rpmsg0/name')).toBe(ERRNO.EACCES);
    expect(user.cat('/sys/class/rpmsg/rpmsg2/dev')).toBe('240:2\n');
  });

  test('RPMSG_CREATE_DEV_IOCTL: a channel with its driver, which is announced to the core (virtio_rpmsg_announce_create)', () => {
    const { user, remote, rpmsgBus } = board();
    const fd = user.open('/dev/rpmsg_ctrl0');
    const info = encodeEndpointInfo({ name: 'rpmsg-raw', src: 0x40, dst: 0x1e });
    expect(user.ioctl(fd, RPMSG_CREATE_DEV_IOCTL, info)).toBe(0);
    expect(rpmsgBus.devices.at(-1)).toMatchObject({ name: 'virtio0.rpmsg-raw.64.30', announce: true, driver: { name: 'rpmsg_chrdev' } });
    expect(remote.received).toMatchObject([{ src: 0x40, dst: 53 }]);
    expect(remote.received[0]!.text.slice(0, 9)).toBe('rpmsg-raw');
    expect([...remote.received[0]!.data.subarray(32)]).toEqual([0x40, 0, 0, 0, 0, 0, 0, 0]);
    expect(user.ioctl(fd, RPMSG_RELEASE_DEV_IOCTL, info)).toBe(0);
    expect(rpmsgBus.devices.map(({ id }) => id)).toEqual(['rpmsg_ctrl', 'rpmsg_ns']);
    expect([...remote.received[1]!.data.subarray(36)]).toEqual([1, 0, 0, 0]);
  });

  test('__rpmsg_create_channel, rpmsg_release_channel: "already exist", -ENXIO, "failed to release" -EINVAL', () => {
    const { user, dmesg } = board();
    const fd = user.open('/dev/rpmsg_ctrl0');
    const make = (src: number, dst: number) => user.ioctl(fd, RPMSG_CREATE_DEV_IOCTL, encodeEndpointInfo({ name: 'mine', src, dst }));
    expect(make(ANY, 5)).toBe(0);
    expect(make(ANY, 5)).toBe(ERRNO.ENXIO);
    expect(make(9, 5)).toBe(0);
    expect(make(9, 5)).toBe(ERRNO.ENXIO);
    expect(user.ioctl(fd, RPMSG_RELEASE_DEV_IOCTL, encodeEndpointInfo({ name: 'other', src: ANY, dst: 5 }))).toBe(ERRNO.EINVAL);
    expect(dmesg().slice(1)).toEqual([
      'virtio_rpmsg_bus virtio0: channel mine:ffffffff:5 already exist',
      'rpmsg rpmsg_ctrl0: failed to create mine channel',
      'virtio_rpmsg_bus virtio0: channel mine:9:5 already exist',
      'rpmsg rpmsg_ctrl0: failed to create mine channel',
      'rpmsg rpmsg_ctrl0: failed to release other channel (-22)',
    ]);
  });

  test('rpmsg_ctrl can release its own device; the file that is open is of no use any more', () => {
    const { user, violations } = board();
    const fd = user.open('/dev/rpmsg_ctrl0');
    const own = encodeEndpointInfo({ name: 'rpmsg_ctrl', src: 0, dst: 0 });
    expect(user.ioctl(fd, RPMSG_RELEASE_DEV_IOCTL, own)).toBe(0);
    expect(user.ls('/dev')).not.toContain('rpmsg_ctrl0');
    expect(user.ioctl(fd, RPMSG_CREATE_EPT_IOCTL, own)).toBe(ERRNO.ENODEV);
    expect(violations).toEqual([]);
  });

  test('rpmsg_ctrldev_release_device: an open file keeps its number, so the next device is rpmsg_ctrl1', () => {
    const { user, vdev, detach, attach } = board();
    const fd = user.open('/dev/rpmsg_ctrl0');
    detach(vdev);
    expect(user.ls('/sys/class/rpmsg')).toEqual([]);
    const again = attach();
    expect(user.ls('/dev').filter((name) => name.startsWith('rpmsg'))).toEqual(['rpmsg_ctrl1']);
    user.close(fd);
    detach(again.vdev);
    attach();
    expect(user.ls('/dev').filter((name) => name.startsWith('rpmsg'))).toEqual(['rpmsg_ctrl0']);
  });
});

describe('rpmsg_char', () => {
  test('rpmsg_eptdev_open: makes the endpoint, -EBUSY for a second open, and release ends it', () => {
    const { user, remote, rpmsgBus, settle, dmesg, modules } = withEndpoint();
    const fd = user.open('/dev/rpmsg0');
    expect(user.open('/dev/rpmsg0')).toBe(ERRNO.EBUSY);
    expect(user.write(fd, 'hello')).toBe(5);
    expect(remote.received).toMatchObject([{ src: 0x400, dst: 0x1e, text: 'hello' }]);
    expect(modules.rpmsgChar.devices).toEqual([{ name: 'rpmsg0', src: 0x400, dst: 0x1e, queued: 0 }]);
    remote.send(0x1e, 0x400, 'answer');
    settle(0.001);
    expect(user.read(fd)).toBe('answer');
    expect(user.close(fd)).toBe(0);
    remote.send(0x1e, 0x400, 'too late');
    settle(0.001);
    expect(dmesg().at(-1)).toBe('virtio_rpmsg_bus virtio0: msg received with no recipient');
    const again = user.open('/dev/rpmsg0');
    expect(again).toBeGreaterThanOrEqual(0);
    // skb_queue_purge and a new endpoint: nothing is left of before.
    expect(user.poll(again)).toBe(0);
    expect(rpmsgBus.devices).toHaveLength(2);
  });

  test('rpmsg_eptdev_open: an address that is taken is "idr_alloc failed: -28", "failed to open", -EINVAL', () => {
    const { user, create, dmesg } = withEndpoint(0x2);
    expect(create('second', 0x2, 0x1e)).toBe(0);
    expect(create('high', 0x8000_0000, 0x1e)).toBe(0);
    expect(user.open('/dev/rpmsg0')).toBeGreaterThanOrEqual(0);
    expect(user.open('/dev/rpmsg1')).toBe(ERRNO.EINVAL);
    expect(user.open('/dev/rpmsg2')).toBe(ERRNO.EINVAL);
    expect(dmesg().slice(1)).toEqual([
      'rpmsg_ctrl virtio0.rpmsg_ctrl.0.0: idr_alloc failed: -28',
      'rpmsg rpmsg1: failed to open second',
      'rpmsg_ctrl virtio0.rpmsg_ctrl.0.0: idr_alloc failed: -22',
      'rpmsg rpmsg2: failed to open high',
    ]);
  });

  test('rpmsg_eptdev_read_iter: one message a read, its rest is lost; O_NONBLOCK -EAGAIN', () => {
    const { user, remote, settle } = withEndpoint();
    const fd = user.open('/dev/rpmsg0', O.RDWR | O.NONBLOCK);
    expect(user.read(fd)).toBe(ERRNO.EAGAIN);
    for (const message of ['first', '', 'third']) remote.send(1, 0x400, message);
    settle(0.001);
    expect([user.read(fd, 3), user.read(fd), user.read(fd), user.read(fd)]).toEqual(['fir', '', 'third', ERRNO.EAGAIN]);
  });

  test('rpmsg_eptdev_read_iter: several readers, each message goes to one; a signal is -ERESTARTSYS', () => {
    const { user, remote, settle } = withEndpoint();
    const fd = user.open('/dev/rpmsg0');
    const readers = [0, 1, 2].map(() => user.start(user.process.read(fd, 100)));
    remote.send(1, 0x400, 'a');
    settle(0.001);
    expect(readers.filter(({ done }) => done)).toHaveLength(1);
    remote.send(1, 0x400, 'b');
    settle(0.001);
    const asleep = readers.filter(({ done }) => !done);
    expect(asleep).toHaveLength(1);
    asleep[0]!.signal();
    settle(0.001);
    expect(asleep[0]!.result).toBe(ERRNO.EINTR);
    const texts = readers.map(({ result }) => result).filter((result) => typeof result !== 'number');
    expect(texts.map((data) => String.fromCharCode(...(data as Uint8Array))).sort()).toEqual(['a', 'b']);
  });

  test('rpmsg_send_offchannel_raw behind write: -EMSGSIZE above 496 bytes, -EINVAL to any address', () => {
    const { user, create, dmesg, remote } = withEndpoint();
    create('nowhere', ANY, ANY);
    const fd = user.open('/dev/rpmsg0');
    expect(user.write(fd, new Uint8Array(496))).toBe(496);
    expect(user.write(fd, new Uint8Array(497))).toBe(ERRNO.EMSGSIZE);
    expect(user.write(fd, '')).toBe(0);
    expect(user.write(user.open('/dev/rpmsg1'), 'x')).toBe(ERRNO.EINVAL);
    const dev = 'rpmsg_ctrl virtio0.rpmsg_ctrl.0.0';
    expect(dmesg().slice(1)).toEqual([`${dev}: message is too big (497)`, `${dev}: invalid addr (src 0x401, dst 0xffffffff)`]);
    expect(remote.received.map(({ data }) => data.length)).toEqual([496, 0]);
  });

  test('rpmsg_eptdev_write_iter without a buffer: -EAGAIN with O_NONBLOCK, else it sleeps, 15 s at most', () => {
    const { user, remote, settle, dmesg } = withEndpoint();
    remote.draining = false;
    const fd = user.open('/dev/rpmsg0');
    const file = user.process.file(fd)!;
    for (let i = 0; i < 8; i++) expect(user.write(fd, 'x')).toBe(1);
    file.flags |= O.NONBLOCK;
    expect(user.write(fd, 'x')).toBe(ERRNO.EAGAIN);
    file.flags &= ~O.NONBLOCK;
    const writer = user.start(user.process.write(fd, Uint8Array.of(1)));
    const second = user.start(user.process.write(fd, Uint8Array.of(2)));
    settle(14.9);
    expect([writer.done, second.done]).toEqual([false, false]);
    settle(0.2);
    // Nobody sent a signal: the program sees the kernel's own number.
    expect(writer.result).toBe(ERRNO.ERESTARTSYS);
    expect(dmesg().at(-1)).toBe('rpmsg_ctrl virtio0.rpmsg_ctrl.0.0: timeout waiting for a tx buffer');
    remote.draining = true;
    remote.drain();
    settle(0.01);
    expect(second.result).toBe(1);
  });

  test('signals: one ends the wait for ept_lock (mutex_lock_interruptible), none the wait for a TX buffer', () => {
    const { user, remote, settle, violations } = withEndpoint();
    remote.draining = false;
    const fd = user.open('/dev/rpmsg0');
    for (let i = 0; i < 8; i++) user.write(fd, 'x');
    const holder = user.start(user.process.write(fd, Uint8Array.of(1)));
    const waiter = user.start(user.process.write(fd, Uint8Array.of(2)));
    waiter.signal();
    holder.signal();
    settle(0.001);
    expect(waiter.result).toBe(ERRNO.EINTR);
    expect(holder.done).toBe(false);
    expect(violations).toEqual([expect.stringContaining('a signal came to a sender that waits for a TX buffer')]);
    remote.draining = true;
    remote.drain();
    settle(0.01);
    expect(holder.result).toBe(1);
  });

  test('rpmsg_eptdev_poll: POLLIN for a message, POLLERR without endpoint, never POLLOUT (rpmsg_poll: no ops->poll)', () => {
    const { user, remote, settle } = withEndpoint();
    const fd = user.open('/dev/rpmsg0');
    expect(user.poll(fd)).toBe(0);
    const sleeper = user.start(user.process.poll([{ fd, events: POLL.IN }]));
    expect(sleeper.done).toBe(false);
    remote.send(1, 0x400, 'x');
    settle(0.001);
    expect(sleeper.result).toEqual([POLL.IN]);
    user.read(fd);
    const other = user.start(user.process.poll([{ fd, events: POLL.IN }]));
    expect(user.ioctl(fd, RPMSG_DESTROY_EPT_IOCTL)).toBe(0);
    expect(other.result).toEqual([POLL.ERR]);
  });

  test('rpmsg_chrdev_eptdev_destroy while open: readers get -EPIPE, the node goes, the number stays until close', () => {
    const { user, create, remote, settle, violations } = withEndpoint();
    const fd = user.open('/dev/rpmsg0');
    const reader = user.start(user.process.read(fd, 10));
    expect(user.ioctl(fd, RPMSG_DESTROY_EPT_IOCTL)).toBe(0);
    expect(reader.result).toBe(ERRNO.EPIPE);
    expect([user.read(fd), user.write(fd, 'x')]).toEqual([ERRNO.EPIPE, ERRNO.EPIPE]);
    expect(user.open('/dev/rpmsg0')).toBe(ERRNO.ENOENT);
    expect(user.ls(CTRL)).not.toContain('rpmsg0');
    expect(user.ioctl(fd, RPMSG_DESTROY_EPT_IOCTL)).toBe(0);
    create('next', ANY, 1);
    expect(user.ls('/sys/class/rpmsg')).toEqual(['rpmsg1', 'rpmsg_ctrl0']);
    user.close(fd);
    create('again', ANY, 1);
    expect(user.ls('/sys/class/rpmsg')).toEqual(['rpmsg0', 'rpmsg1', 'rpmsg_ctrl0']);
    remote.send(1, 0x400, 'nobody');
    settle(0.001);
    expect(violations).toEqual([expect.stringContaining('Linux has no endpoint 0x400')]);
  });

  test('rpmsg_eptdev_open: -ENETRESET when the device went while the open waited', () => {
    const { user, kernel } = withEndpoint();
    const node = kernel.vfs.find('/dev/rpmsg0');
    const fd = user.open('/dev/rpmsg0');
    user.ioctl(fd, RPMSG_DESTROY_EPT_IOCTL);
    kernel.vfs.directory('/dev').add('stale', node as never);
    expect(user.open('/dev/stale')).toBe(ERRNO.ENETRESET);
  });

  test('a close under a reader leaves nobody asleep', () => {
    const { user, kernel, settle } = withEndpoint();
    const fd = user.open('/dev/rpmsg0');
    const reader = user.start(user.process.read(fd, 10));
    const poller = user.start(user.process.poll([{ fd, events: POLL.IN }]));
    user.close(fd);
    settle(0.001);
    expect([reader.result, poller.result]).toEqual([ERRNO.EPIPE, [POLL.NVAL]]);
    expect(kernel.tasks.size).toBe(0);
  });

  test('rpmsg_eptdev_ioctl: nothing but RPMSG_DESTROY_EPT_IOCTL', () => {
    const { user } = withEndpoint();
    const fd = user.open('/dev/rpmsg0');
    for (const command of [RPMSG_CREATE_EPT_IOCTL, 0x5401, 0x541b, 0]) {
      expect(user.ioctl(fd, command, new Uint8Array(64))).toBe(ERRNO.EINVAL);
    }
  });

  test('rpmsg_remove with files open: -EPIPE and POLLERR for all, -ENODEV for the control device; nothing is left after close', () => {
    const { user, ctrl, create, vdev, detach, attach, modules } = withEndpoint();
    const fd = user.open('/dev/rpmsg0');
    const reader = user.start(user.process.read(fd, 10));
    detach(vdev);
    expect(reader.result).toBe(ERRNO.EPIPE);
    expect(user.poll(fd)).toBe(POLL.ERR);
    expect(create('x', ANY, 1)).toBe(ERRNO.ENODEV);
    expect(user.ls('/sys/class/rpmsg')).toEqual([]);
    expect(user.ls('/sys/bus/rpmsg/devices')).toEqual([]);
    expect(modules.info().map(({ name, refcount }) => `${name} ${refcount}`)).toEqual([
      'rpmsg_ctrl 1',
      'rpmsg_char 2',
      'virtio_rpmsg_bus 0',
      'rpmsg_ns 1',
    ]);
    user.close(fd);
    user.close(ctrl);
    attach();
    expect(user.ls('/dev').filter((name) => name.startsWith('rpmsg'))).toEqual(['rpmsg_ctrl0']);
  });

  test('rpmsg_ctrldev_remove (unbind, rmmod): its endpoints go with it, while a writer that waits holds it up', () => {
    const { user, ctrl, remote, run, settle, modules, kernel } = withEndpoint();
    const fd = user.open('/dev/rpmsg0');
    expect(run(modules.remove('rpmsg_ctrl'), 0.01)).toBe(ERRNO.EAGAIN);
    user.close(ctrl);
    remote.draining = false;
    for (let i = 0; i < 8; i++) user.write(fd, 'x');
    const writer = user.start(user.process.write(fd, Uint8Array.of(1)));
    let removed: number | undefined;
    kernel.spawn(
      'rmmod',
      (function* () {
        removed = yield* modules.remove('rpmsg_ctrl');
      })(),
    );
    settle(10);
    expect(removed).toBeUndefined();
    expect(run(modules.remove('rpmsg_ctrl'), 0.01)).toBe(ERRNO.EBUSY);
    settle(10);
    expect([writer.result, removed]).toEqual([ERRNO.ERESTARTSYS, 0]);
    expect(user.read(fd)).toBe(ERRNO.EPIPE);
    expect(user.ls('/dev').filter((name) => name.startsWith('rpmsg'))).toEqual([]);
  });

  test('rpmsg_chrdev_eptdev_add: -ENOSPC without a minor number; rpmsg_ept_cb: -ENOMEM without memory loses the message', () => {
    const { kernel, rpmsgBus, remote, user, settle } = board(['virtio_rpmsg_bus']);
    const char = new RpmsgChar(kernel, new CharMajors(), { devMax: 2, skbMemory: 2 * 576 + 3 });
    char.init();
    const rpdev = rpmsgBus.devices[0]!;
    const chinfo = { name: 'x', src: ANY, dst: 1 };
    expect([0, 1, 2].map(() => char.createEptdev(rpdev, rpdev.device, chinfo))).toEqual([0, 0, ERRNO.ENOSPC]);
    const fd = user.open('/dev/rpmsg0', O.RDWR | O.NONBLOCK);
    for (const message of ['ab', 'cd', 'e', 'f']) remote.send(1, 0x400, message);
    settle(0.01);
    expect([user.read(fd), user.read(fd), user.read(fd)]).toEqual(['ab', 'e', ERRNO.EAGAIN]);
  });
});

test('levels: dev_err and pr_err are 3, dev_warn is 4, dev_info is 6', () => {
  const { user, kernel, create, remote, settle } = withEndpoint(2);
  create('second', 2, 1);
  const fd = user.open('/dev/rpmsg0');
  user.open('/dev/rpmsg1');
  user.write(fd, new Uint8Array(600));
  user.ioctl(user.open('/dev/rpmsg_ctrl0'), RPMSG_RELEASE_DEV_IOCTL, encodeEndpointInfo({ name: 'none', src: 1, dst: 1 }));
  remote.send(1, 0x777, 'x');
  settle(0.001);
  expect(kernel.log.map(({ level, text }) => `${level} ${text.replace(/.*?: /, '')}`)).toEqual([
    '6 rpmsg host is online',
    '3 idr_alloc failed: -28',
    '3 failed to open second',
    '3 message is too big (600)',
    '3 failed to release none channel (-22)',
    '4 msg received with no recipient',
  ]);
});

describe('rpmsg-raw (rpmsg_chrdev_driver)', () => {
  function raw() {
    const host = board();
    host.remote.announce('rpmsg-raw', 0x1e);
    host.settle(0.01);
    return host;
  }

  test('rpmsg_chrdev_probe: the device of the channel uses its endpoint, and messages wait before anybody opens it', () => {
    const { user, remote, settle } = raw();
    expect(user.ls('/sys/bus/rpmsg/devices/virtio0.rpmsg-raw.-1.30/rpmsg')).toEqual(['rpmsg0']);
    expect(['name', 'src', 'dst'].map((file) => user.cat(`/sys/class/rpmsg/rpmsg0/${file}`))).toEqual(['rpmsg-raw\n', '1024\n', '30\n']);
    remote.send(0x1e, 0x400, 'early');
    settle(0.001);
    const fd = user.open('/dev/rpmsg0');
    expect(user.read(fd)).toBe('early');
    expect(user.open('/dev/rpmsg0')).toBe(ERRNO.EBUSY);
    expect(user.write(fd, 'out')).toBe(3);
    expect(remote.received.at(-1)).toMatchObject({ src: 0x400, dst: 0x1e, text: 'out' });
    remote.send(0x1e, 0x400, 'unread');
    settle(0.001);
    user.close(fd);
    // The endpoint stays; what was not read is gone (skb_queue_purge), what comes later is not.
    remote.send(0x1e, 0x400, 'later');
    settle(0.001);
    expect(user.read(user.open('/dev/rpmsg0'))).toBe('later');
  });

  test('rpmsg_eptdev_ioctl: a default endpoint is not destroyed, -EINVAL', () => {
    const { user } = raw();
    const fd = user.open('/dev/rpmsg0');
    expect(user.ioctl(fd, RPMSG_DESTROY_EPT_IOCTL)).toBe(ERRNO.EINVAL);
    expect(user.write(fd, 'still')).toBe(5);
  });

  test('rpmsg_chrdev_remove: the core withdraws the channel', () => {
    const { user, remote, settle, vdev, detach } = raw();
    const fd = user.open('/dev/rpmsg0');
    const reader = user.start(user.process.read(fd, 10));
    remote.announce('rpmsg-raw', 0x1e, 1);
    settle(0.01);
    expect(reader.result).toBe(ERRNO.EPIPE);
    expect(user.ls('/dev')).not.toContain('rpmsg0');
    remote.announce('rpmsg-raw', 0x1f);
    settle(0.01);
    expect(user.ls('/dev').filter((name) => name.startsWith('rpmsg'))).toEqual(['rpmsg1', 'rpmsg_ctrl0']);
    detach(vdev);
    expect(user.close(fd)).toBe(0);
  });

  test('messages that nobody read take no memory once the channel is gone, device opened or not', () => {
    const { kernel, modules, rpmsgBus, remote, settle, run, user } = board(['virtio_rpmsg_bus']);
    const char = new RpmsgChar(kernel, modules.majors, { skbMemory: 2 * (576 + 4) });
    run(rpmsgBus.registerDriver(char.driver), 0.001);
    for (let round = 0; round < 3; round++) {
      remote.announce('rpmsg-raw', 0x1e);
      settle(0.01);
      const src = rpmsgBus.devices.at(-1)!.src;
      for (let i = 0; i < 3; i++) remote.send(0x1e, src, 'text');
      settle(0.001);
      expect(char.devices).toMatchObject([{ queued: 2 }]);
      const fd = round === 1 ? user.open('/dev/rpmsg0') : undefined;
      remote.announce('rpmsg-raw', 0x1e, 1);
      settle(0.01);
      if (fd !== undefined) expect(user.close(fd)).toBe(0);
      expect(char.devices).toEqual([]);
    }
  });

  test('driver_override (6.1): any channel becomes a raw one, bound by hand', () => {
    const { user, remote, settle } = board();
    remote.announce('my-protocol', 0x20);
    settle(0.01);
    const at = '/sys/bus/rpmsg/devices/virtio0.my-protocol.-1.32';
    expect(user.echo('virtio0.my-protocol.-1.32', '/sys/bus/rpmsg/drivers/rpmsg_chrdev/bind')).toBe(ERRNO.ENODEV);
    expect(user.echo('rpmsg_chrdev\n', `${at}/driver_override`)).toBe(13);
    expect(user.echo('virtio0.my-protocol.-1.32\n', '/sys/bus/rpmsg/drivers/rpmsg_chrdev/bind')).toBe(26);
    const fd = user.open('/dev/rpmsg0');
    expect(user.write(fd, 'hi')).toBe(2);
    expect(remote.received.at(-1)).toMatchObject({ src: 0x400, dst: 0x20, text: 'hi' });
  });
});
