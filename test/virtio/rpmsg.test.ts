/** The rpmsg bus, its virtio backend, the name service and the client sample against a scripted remote. */
import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/linux/kernel.ts';
import { createRpmsgClientSample } from '../../src/virtio/rpmsg-client-sample.ts';
import type { RpmsgDevice, RpmsgDriver } from '../../src/virtio/rpmsg-core.ts';
import { createRpmsgNs, encodeNsMsg } from '../../src/virtio/rpmsg-ns.ts';
import { VirtioRpmsgBus } from '../../src/virtio/virtio-rpmsg-bus.ts';
import { SHARED } from './ring-fixture.ts';
import type { RemoteOptions } from './rpmsg-fixture.ts';
import { createHost } from './rpmsg-fixture.ts';

/** A host that is online with `drivers` loaded. */
function online(drivers: RpmsgDriver[] = [], options: RemoteOptions = {}) {
  const host = createHost();
  const virtioRpmsg = new VirtioRpmsgBus(host.kernel, host.rpmsgBus, (text) => host.violations.push(text));
  for (const driver of [createRpmsgNs(), ...drivers]) host.run(host.rpmsgBus.registerDriver(driver), 0.001);
  host.run(host.virtioBus.registerDriver(virtioRpmsg), 0.001);
  const attached = host.attach(options);
  return { ...host, ...attached, virtioRpmsg };
}

/** A driver that only records; sends are made by the test. */
function recorder(name: string, id: string) {
  const devices: RpmsgDevice[] = [];
  const messages: string[] = [];
  const driver: RpmsgDriver = {
    name,
    idTable: [id],
    *callback(_rpdev, data, src) {
      messages.push(`${src.toString(16)}:${String.fromCharCode(...data)}`);
      return 0;
    },
    *probe(rpdev) {
      devices.push(rpdev);
      return 0;
    },
  };
  return { driver, devices, messages };
}

const DEV = 'virtio_rpmsg_bus virtio0';
const CLIENT = 'rpmsg_client_sample virtio0.rpmsg-client-sample.-1.1024';

describe('rpmsg_probe', () => {
  test('"rpmsg host is online"; status goes ACKNOWLEDGE, DRIVER, DRIVER_OK; RX buffers are lent, TX interrupts off', () => {
    const { dmesg, statuses, remote, rpmsgBus } = online();
    expect(dmesg()).toEqual([`${DEV}: rpmsg host is online`]);
    expect(statuses).toEqual([0, 1, 3, 7]);
    expect(remote.tx.available).toBe(8);
    expect(remote.tx.take()!.segments).toEqual([{ address: SHARED + 0x4_0000, length: 512, writable: true }]);
    expect(remote.rx.available).toBe(0);
    expect(remote.rx.vring.availFlags).toBe(1);
    expect(rpmsgBus.devices.map(({ name, driver }) => [name, driver?.name])).toEqual([
      ['virtio0.rpmsg_ctrl.0.0', undefined],
      ['virtio0.rpmsg_ns.53.53', 'rpmsg_ns'],
    ]);
  });

  test('MAX_RPMSG_NUM_BUFS: 256 descriptors or more give 256 buffers each way', () => {
    const { remote, violations } = online([], { num: 512, align: 4096 });
    expect(remote.tx.available).toBe(256);
    expect(violations).toEqual([]);
  });

  test('without VIRTIO_RPMSG_F_NS there is no name service', () => {
    const { rpmsgBus, dmesg } = online([], { features: 0 });
    expect(rpmsgBus.devices.map(({ id }) => id)).toEqual(['rpmsg_ctrl']);
    expect(dmesg()).toEqual([`${DEV}: rpmsg host is online`]);
  });

  test('call_driver_probe: buffers that do not fit give "probe of virtio0 failed with error -12" and FAILED', () => {
    const { dmesg, statuses, violations } = online([], { pool: 0x1fff });
    expect(dmesg()).toEqual(['virtio_rpmsg_bus: probe of virtio0 failed with error -12']);
    expect(statuses.at(-1)).toBe(0x83);
    expect(violations[0]).toContain('16 buffers of 512 bytes (8192) do not fit');
  });

  test('call_driver_probe: too few queues, and features that the transport refuses', () => {
    expect(online([], { queues: 1 }).dmesg()).toEqual(['virtio_rpmsg_bus: probe of virtio0 failed with error -22']);
    const { dmesg, statuses } = online([], { finalize: ERRNO.EINVAL });
    expect(dmesg()).toEqual(['virtio_rpmsg_bus: probe of virtio0 failed with error -22']);
    expect(statuses).toEqual([0, 1, 3, 0x83]);
  });

  test('register_virtio_device before the driver: modprobe virtio_rpmsg_bus binds it', () => {
    const host = createHost();
    const { vdev } = host.attach();
    expect(host.statuses).toEqual([0, 1]);
    const driver = new VirtioRpmsgBus(host.kernel, host.rpmsgBus);
    host.run(host.virtioBus.registerDriver(driver), 0.01);
    expect(host.dmesg()).toEqual([`${DEV}: rpmsg host is online`]);
    expect(host.virtioBus.driverOf(vdev)).toBe(driver);
    host.run(host.virtioBus.unregisterDriver(driver), 0.01);
    expect(host.virtioBus.driverOf(vdev)).toBeUndefined();
    // virtio_dev_remove: the driver reset it, the bus acknowledges it again.
    expect(host.statuses.slice(-2)).toEqual([0, 1]);
  });

  test('vrings of different length: more TX buffers than descriptors end in "virtqueue_add_outbuf failed: -28"', () => {
    const { driver, devices } = recorder('probe', 'svc');
    const host = online([driver], { num: 8, txNum: 4 });
    expect(host.violations[0]).toContain('the vrings have 8 and 4 descriptors');
    host.remote.draining = false;
    host.remote.announce('svc', 0x400);
    host.settle(0.01);
    const { ept } = devices[0]!;
    for (let i = 0; i < 4; i++) expect(host.run(ept!.trysend(new Uint8Array(1)), 0.01)).toBe(0);
    expect(host.run(ept!.trysend(new Uint8Array(1)), 0.01)).toBe(ERRNO.ENOSPC);
    expect(host.dmesg().at(-1)).toBe('probe virtio0.svc.-1.1024: virtqueue_add_outbuf failed: -28');
  });
});

describe('rpmsg_ns_cb', () => {
  test('"creating channel %s addr 0x%x", the sample\'s dialogue to "goodbye!", "destroying channel"', () => {
    const { remote, settle, dmesg, events } = online([createRpmsgClientSample()]);
    let answered = 0;
    remote.onMessage = ({ src, dst, text }) => {
      expect([src, dst, text]).toEqual([0x400, 0x400, 'hello world!']);
      answered++;
      remote.send(dst, src, text);
    };
    remote.announce('rpmsg-client-sample', 0x400);
    settle(1);
    remote.announce('rpmsg-client-sample', 0x400, 1);
    settle(1);
    expect(dmesg()).toEqual([
      `${DEV}: rpmsg host is online`,
      // rpmsg_ns_cb
      `${DEV}: creating channel rpmsg-client-sample addr 0x400`,
      // rpmsg_sample_probe
      `${CLIENT}: new channel: 0x400 -> 0x400!`,
      // rpmsg_sample_cb
      ...Array.from({ length: 100 }, (_, i) => `${CLIENT}: incoming msg ${i + 1} (src: 0x400)`),
      `${CLIENT}: goodbye!`,
      // rpmsg_ns_cb
      `${DEV}: destroying channel rpmsg-client-sample addr 0x400`,
      // rpmsg_sample_remove
      `${CLIENT}: rpmsg sample client driver is removed`,
    ]);
    expect(answered).toBe(100);
    const messages = events.filter((event) => event.type === 'message');
    expect(messages.filter(({ direction }) => direction === 'tx')).toHaveLength(100);
    expect(messages.filter(({ direction, dst }) => direction === 'rx' && dst === 0x400)).toHaveLength(100);
    expect(messages[0]).toMatchObject({ device: 'virtio0', direction: 'rx', src: 0x400, dst: 53 });
  });

  test('a message to the destroyed endpoint: rpmsg_recv_single says "msg received with no recipient", and we say who listens', () => {
    const { driver } = recorder('probe', 'svc');
    const { remote, settle, dmesg, violations } = online([driver]);
    remote.announce('svc', 0x1e);
    settle(0.01);
    remote.send(0x1e, 0x401, 'lost');
    settle(0.01);
    expect(dmesg().at(-1)).toBe(`${DEV}: msg received with no recipient`);
    expect(violations).toEqual([
      'virtio0: a message from 0x1e to 0x401 was dropped: Linux has no endpoint 0x401; it has ' +
        '0x35 (rpmsg_ns, channel rpmsg_ns, remote 0x35), 0x400 (probe, channel svc, remote 0x1e)',
    ]);
    expect(remote.tx.available).toBe(8);
  });

  test('dev_warn_ratelimited: ten times in 5 s, then "rpmsg_recv_single: %d callbacks suppressed"', () => {
    const { remote, settle, dmesg } = online();
    for (let i = 0; i < 25; i++) {
      remote.send(1, 2, 'x');
      settle(0.01);
    }
    settle(6);
    remote.send(1, 2, 'x');
    settle(0.01);
    const lines = dmesg().slice(1);
    expect(lines.filter((line) => line.endsWith('no recipient'))).toHaveLength(11);
    expect(lines.at(-2)).toBe('rpmsg_recv_single: 15 callbacks suppressed');
  });

  test('"malformed ns msg (%d)"', () => {
    const { remote, settle, dmesg } = online();
    remote.send(0x400, 53, encodeNsMsg('svc', 1, 0).subarray(0, 39));
    remote.send(0x400, 53, new Uint8Array(0));
    settle(0.01);
    expect(dmesg().slice(1)).toEqual([`${DEV}: malformed ns msg (39)`, `${DEV}: malformed ns msg (0)`]);
  });

  test('__rpmsg_create_channel: "channel %s:%x:%x already exist"', () => {
    const { remote, settle, dmesg } = online();
    remote.announce('svc', 0x1e);
    remote.announce('svc', 0x1e);
    settle(0.01);
    expect(dmesg().slice(2)).toEqual([
      `${DEV}: creating channel svc addr 0x1e`,
      `${DEV}: channel svc:ffffffff:1e already exist`,
      `${DEV}: rpmsg_create_channel failed`,
    ]);
  });

  test('services without end: 4096 channels of a device, one finding, and all of them go with it', () => {
    const { remote, vdev, settle, detach, rpmsgBus, violations, dmesg } = online();
    for (let addr = 0; addr < 4200; addr++) {
      remote.announce('svc', addr);
      settle(0.001);
    }
    expect(rpmsgBus.devices).toHaveLength(4096);
    expect(violations).toEqual(['virtio0: 4096 channels are the most that are modelled; the core announces services without end']);
    expect(dmesg().slice(-2)).toEqual([`${DEV}: creating channel svc addr 0x1067`, `${DEV}: rpmsg_create_channel failed`]);
    remote.announce('svc', 7, 1);
    remote.announce('other', 7);
    settle(0.01);
    expect(rpmsgBus.devices.at(-1)?.name).toBe('virtio0.other.-1.7');
    detach(vdev);
    expect(rpmsgBus.devices).toEqual([]);
  });

  test('idr_alloc: an endpoint gets the lowest address that is free from 0x400 on', () => {
    const { devices, driver } = recorder('r', 'svc');
    const { remote, settle } = online([driver]);
    const announce = (addr: number, flags = 0) => {
      remote.announce('svc', addr, flags);
      settle(0.01);
    };
    for (const addr of [1, 2, 3]) announce(addr);
    announce(2, 1);
    announce(1, 1);
    for (const addr of [4, 5, 6]) announce(addr);
    expect(devices.map(({ dst, src }) => [dst, src])).toEqual([1024, 1025, 1026, 1024, 1025, 1027].map((src, i) => [i + 1, src]));
  });

  test('"rpmsg_destroy_channel failed: %d" for a channel that is not there', () => {
    const { remote, settle, dmesg } = online();
    remote.announce('svc', 0x1e, 1);
    settle(0.01);
    expect(dmesg().slice(1)).toEqual([`${DEV}: destroying channel svc addr 0x1e`, `${DEV}: rpmsg_destroy_channel failed: -22`]);
  });

  test('a core that withdraws the name service itself stops the receiving worker, as in the kernel, and nothing else', () => {
    const { remote, settle, violations, rpmsgBus, scheduler } = online();
    remote.announce('rpmsg_ns', 53, 1);
    settle(1);
    remote.announce('svc', 1);
    settle(1);
    expect(violations).toEqual(['virtio0: the core withdrew the name service itself; Linux 6.1 then waits for its own callback for ever']);
    expect(rpmsgBus.devices.map(({ id }) => id)).toEqual(['rpmsg_ctrl']);
    expect(scheduler.nextDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  test('a name without NUL, with control characters and with a slash stays one printable line', () => {
    const { remote, settle, dmesg, rpmsgBus } = online();
    remote.send(1, 53, encodeNsMsg('x'.repeat(32), 1, 0));
    remote.send(1, 53, encodeNsMsg('a\n\u001b[2J/b', 0xffff_fffe, 0));
    settle(0.01);
    expect(dmesg().slice(1)).toEqual([
      `${DEV}: creating channel ${'x'.repeat(31)} addr 0x1`,
      `${DEV}: creating channel a\\x0a\\x1b[2J/b addr 0xfffffffe`,
    ]);
    expect(rpmsgBus.devices.at(-1)!.name).toBe('virtio0.a\\x0a\\x1b[2J!b.-1.-2');
  });
});

describe('rpmsg_send_offchannel_raw', () => {
  function channel(options: RemoteOptions = {}) {
    const { driver, devices, messages } = recorder('probe', 'svc');
    const host = online([driver], options);
    host.remote.announce('svc', 0x1e);
    host.settle(0.01);
    return { ...host, rpdev: devices[0]!, ept: devices[0]!.ept!, messages };
  }

  test('bytes on the ring: header, payload, length; the buffers of both directions', () => {
    const { run, ept, remote, memory } = channel();
    remote.draining = false;
    expect(run(ept.send(Uint8Array.of(1, 2, 3)), 0.01)).toBe(0);
    const [segment] = remote.rx.take()!.segments;
    expect(segment).toEqual({ address: SHARED + 0x4_0000 + 8 * 512, length: 19, writable: false });
    expect([...memory.readBytes(segment!.address, 19)!]).toEqual([0, 4, 0, 0, 0x1e, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 1, 2, 3]);
  });

  test('"message is too big (%d)" from 497 bytes on; 496 go through', () => {
    const { run, ept, remote, dmesg } = channel();
    expect(ept.mtu).toBe(496);
    expect(run(ept.send(new Uint8Array(497)), 0.01)).toBe(ERRNO.EMSGSIZE);
    expect(dmesg().at(-1)).toBe('probe virtio0.svc.-1.30: message is too big (497)');
    expect(run(ept.send(new Uint8Array(496).fill(7)), 0.01)).toBe(0);
    expect(remote.received.at(-1)!.data).toEqual(new Uint8Array(496).fill(7));
  });

  test('"invalid addr (src 0x%x, dst 0x%x)" for a broadcast', () => {
    const { run, ept, dmesg } = channel();
    expect(run(ept.sendto(Uint8Array.of(1), 0xffff_ffff), 0.01)).toBe(ERRNO.EINVAL);
    expect(dmesg().at(-1)).toBe('probe virtio0.svc.-1.30: invalid addr (src 0x400, dst 0xffffffff)');
  });

  test('a core that takes nothing: trysend gives -ENOMEM, send waits 15 s and says "timeout waiting for a tx buffer"', () => {
    const { run, ept, remote, dmesg, scheduler, spawned } = { ...channel(), spawned: 0 };
    remote.draining = false;
    for (let i = 0; i < 8; i++) expect(run(ept.trysend(Uint8Array.of(i)), 0.001)).toBe(0);
    expect(run(ept.trysend(Uint8Array.of(9)), 0.001)).toBe(ERRNO.ENOMEM);
    const begin = scheduler.now;
    let end = spawned;
    const result = run(
      (function* () {
        const err = yield* ept.send(Uint8Array.of(9));
        end = scheduler.now;
        return err;
      })(),
      20,
    );
    expect(result).toBe(ERRNO.ERESTARTSYS);
    expect((end - begin) / scheduler.hz).toBeCloseTo(15, 4);
    expect(dmesg().at(-1)).toBe('probe virtio0.svc.-1.30: timeout waiting for a tx buffer');
    expect(remote.rx.vring.availFlags).toBe(1);
  });

  test('rpmsg_xmit_done wakes the sleepers in turn; TX interrupts are on only while somebody sleeps', () => {
    const { kernel, run, ept, remote, settle, dmesg } = channel();
    remote.draining = false;
    for (let i = 0; i < 8; i++) run(ept.send(Uint8Array.of(i)), 0.001);
    const results: number[] = [];
    for (let i = 8; i < 11; i++) {
      kernel.spawn(
        `sender ${i}`,
        (function* () {
          results.push(yield* ept.send(Uint8Array.of(i)));
        })(),
      );
    }
    settle(1);
    expect(results).toEqual([]);
    expect(remote.rx.vring.availFlags).toBe(0);
    remote.draining = true;
    remote.drain();
    settle(1);
    expect(results).toEqual([0, 0, 0]);
    expect(remote.received.map(({ data }) => data[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(remote.rx.vring.availFlags).toBe(1);
    expect(dmesg().filter((line) => line.includes('timeout'))).toEqual([]);
  });

  test('a buffer that came back without an interrupt is found when the 15 s end (wait_event checks once more)', () => {
    const { run, ept, remote, kernel, settle } = channel();
    remote.draining = false;
    for (let i = 0; i < 8; i++) run(ept.send(Uint8Array.of(i)), 0.001);
    const results: number[] = [];
    kernel.spawn(
      'sender',
      (function* () {
        results.push(yield* ept.send(Uint8Array.of(9)));
      })(),
    );
    settle(1);
    remote.rx.give(remote.rx.take()!.head, 0);
    settle(10);
    expect(results).toEqual([]);
    settle(5);
    expect(results).toEqual([0]);
  });

  test('messages reach the endpoint with their source, also empty ones', () => {
    const { remote, settle, messages } = channel();
    remote.send(0x1e, 0x400, 'one');
    remote.send(0x77, 0x400, '');
    settle(0.01);
    expect(messages).toEqual(['1e:one', '77:']);
  });
});

describe('rpmsg_recv_single and rpmsg_recv_done on bad input', () => {
  test('"inbound msg too big: (%d, %d)": payload longer than what was used, and used longer than the buffer', () => {
    const { remote, settle, dmesg } = online();
    remote.sendRaw({ src: 1, dst: 53, data: new Uint8Array(4), len: 5 });
    settle(0.01);
    remote.sendRaw({ src: 1, dst: 53, data: new Uint8Array(4), used: 513 });
    settle(0.01);
    remote.sendRaw({ src: 1, dst: 53, data: new Uint8Array(4), used: 0xffff_ffff });
    settle(0.01);
    expect(dmesg().slice(1)).toEqual([
      `${DEV}: inbound msg too big: (20, 5)`,
      `${DEV}: inbound msg too big: (513, 4)`,
      `${DEV}: inbound msg too big: (-1, 4)`,
    ]);
    // As in the kernel, such a buffer is never offered again.
    expect(remote.tx.available).toBe(5);
  });

  test('a used length below the header wraps in the kernel: the message is taken as it says, and we say so', () => {
    const { remote, settle, dmesg, violations } = online();
    remote.sendRaw({ src: 1, dst: 53, data: encodeNsMsg('svc', 2, 0), used: 0 });
    settle(0.01);
    expect(dmesg().at(-1)).toBe(`${DEV}: creating channel svc addr 0x2`);
    expect(violations[0]).toContain('used length 0, less than its header');
  });

  test('"uhm, incoming signal, but no used buffer ?" follows a broken ring, which stays silent from then on', () => {
    const { remote, settle, dmesg } = online();
    const buffer = remote.tx.take()!;
    remote.tx.give(buffer.head, 16);
    remote.tx.give(buffer.head, 16);
    remote.tx.give(48, 16);
    remote.ring();
    settle(0.01);
    remote.ring();
    expect(dmesg().slice(1)).toEqual([
      `${DEV}: msg received with no recipient`,
      // The first message's buffer was offered again at once, so its second return is legal; 48 is beyond the ring.
      `${DEV}: msg received with no recipient`,
      `${DEV}: input:id 48 out of range`,
    ]);
    const other = online();
    other.remote.tx.give(9, 16);
    other.remote.ring();
    expect(other.dmesg().slice(1)).toEqual([`${DEV}: input:id 9 out of range`, `${DEV}: uhm, incoming signal, but no used buffer ?`]);
  });

  test('a broken ring is whole again after remove and re-add', () => {
    const { remote, vdev, attach, detach, dmesg, settle } = online([createRpmsgClientSample({ count: 1 })]);
    remote.tx.give(9, 16);
    remote.ring();
    detach(vdev);
    const { remote: again } = attach();
    again.onMessage = ({ src, dst }) => again.send(dst, src, 'x');
    again.announce('rpmsg-client-sample', 0x400);
    settle(0.1);
    expect(dmesg().at(-1)).toBe(`${CLIENT}: goodbye!`);
  });
});

describe('rpmsg_remove', () => {
  test('removes every channel, resets the device, frees the index: virtio0 comes back', () => {
    const { remote, vdev, detach, attach, statuses, dmesg, settle, rpmsgBus, virtioRpmsg } = online([createRpmsgClientSample()]);
    remote.announce('rpmsg-client-sample', 0x400);
    settle(0.01);
    detach(vdev);
    expect(dmesg().at(-1)).toBe(`${CLIENT}: rpmsg sample client driver is removed`);
    expect(statuses.slice(-2)).toEqual([0, 1]);
    expect(rpmsgBus.devices).toEqual([]);
    expect(virtioRpmsg.virtprocs).toEqual([]);
    expect(attach().vdev.name).toBe('virtio0');
    expect(attach().vdev.name).toBe('virtio1');
    expect(dmesg().at(-1)).toBe('virtio_rpmsg_bus virtio1: rpmsg host is online');
  });
});

describe('rpmsg_dev_probe', () => {
  test('"%s: failed: %d" and the driver core\'s line; the next driver gets its chance', () => {
    const failing: RpmsgDriver = {
      name: 'bad',
      idTable: ['svc'],
      *callback() {
        return 0;
      },
      *probe() {
        return ERRNO.ENOMEM;
      },
    };
    const { driver, devices } = recorder('good', 'svc');
    const { remote, settle, dmesg } = online([failing, driver]);
    remote.announce('svc', 2);
    settle(0.01);
    expect(dmesg().slice(2)).toEqual([
      'bad virtio0.svc.-1.2: rpmsg_dev_probe: failed: -12',
      'bad: probe of virtio0.svc.-1.2 failed with error -12',
    ]);
    expect(devices).toHaveLength(1);
  });

  test('a channel with a fixed address is announced to the remote and withdrawn; a taken address fails', () => {
    const { driver, devices } = recorder('server', 'my-service');
    const { remote, run, settle, virtioRpmsg, rpmsgBus, dmesg } = online([driver]);
    const [vrp] = virtioRpmsg.virtprocs;
    const ns = rpmsgBus.devices.find(({ id }) => id === 'rpmsg_ns')!;
    run(vrp!.createChannel(ns, { name: 'my-service', src: 0x77, dst: 0xffff_ffff }), 0.01);
    expect(remote.received.map(({ src, dst }) => [src, dst])).toEqual([[0x77, 53]]);
    expect(remote.received[0]!.data).toEqual(encodeNsMsg('my-service', 0x77, 0));
    run(vrp!.createChannel(ns, { name: 'my-service', src: 0x77, dst: 5 }), 0.01);
    // __rpmsg_create_ept, rpmsg_dev_probe, call_driver_probe
    expect(dmesg().slice(-3)).toEqual([
      'server virtio0.my-service.119.5: idr_alloc failed: -28',
      'server virtio0.my-service.119.5: failed to create endpoint',
      'server: probe of virtio0.my-service.119.5 failed with error -12',
    ]);
    run(rpmsgBus.unregisterDevice(devices[0]!), 0.01);
    expect(remote.received.at(-1)!.data).toEqual(encodeNsMsg('my-service', 0x77, 1));
    settle(0.01);
  });

  test('modprobe after the announcement binds, rmmod unbinds', () => {
    const { remote, settle, run, rpmsgBus, dmesg } = online();
    remote.announce('rpmsg-client-sample', 0x400);
    settle(0.01);
    expect(rpmsgBus.devices.at(-1)!.driver).toBeUndefined();
    const driver = createRpmsgClientSample();
    run(rpmsgBus.registerDriver(driver), 0.01);
    expect(dmesg().at(-1)).toBe(`${CLIENT}: new channel: 0x400 -> 0x400!`);
    run(rpmsgBus.unregisterDriver(driver), 0.01);
    expect(dmesg().at(-1)).toBe(`${CLIENT}: rpmsg sample client driver is removed`);
  });
});
