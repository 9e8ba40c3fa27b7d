/** Modules by name, who gets which channel, NXP's ping-pong, channels without a driver, and a remote gone mad. */
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { DEFAULT_MODULES } from '../../src/virtio/modules.ts';
import { encodeNsMsg } from '../../src/virtio/rpmsg-ns.ts';
import { random, SHARED } from './ring-fixture.ts';
import { createStack } from './rpmsg-fixture.ts';

function loaded(names: readonly string[] = DEFAULT_MODULES) {
  const host = createStack();
  host.run(host.modules.loadAll(names), 0.01);
  return { ...host, ...host.attach() };
}

const word = (value: number) => Uint8Array.of(value, value >> 8, value >> 16, value >> 24);

describe('imx_rpmsg_pingpong', () => {
  test('the dialogue with the SDK\'s sample: "hello world!", 0, 2 ... 100, "goodbye!"', () => {
    const { remote, settle, dmesg } = loaded();
    let rounds = 0;
    remote.onMessage = ({ src, dst, data, text }) => {
      if (text === 'hello world!') return;
      const value = new DataView(data.buffer).getUint32(0, true);
      expect(value).toBe(2 * rounds++);
      remote.send(dst, src, word(value + 1));
    };
    remote.announce('rpmsg-openamp-demo-channel', 0x1e);
    settle(1);
    const dev = 'imx_rpmsg_pingpong virtio0.rpmsg-openamp-demo-channel.-1.30';
    expect(dmesg().slice(1)).toEqual([
      'virtio_rpmsg_bus virtio0: creating channel rpmsg-openamp-demo-channel addr 0x1e',
      // rpmsg_pingpong_probe
      `${dev}: new channel: 0x400 -> 0x1e!`,
      // rpmsg_pingpong_cb, pr_info without a prefix
      ...Array.from({ length: 51 }, (_, i) => `get ${2 * i + 1} (src: 0x1e)`),
      `${dev}: goodbye!`,
    ]);
    expect(rounds).toBe(51);
    remote.announce('rpmsg-openamp-demo-channel', 0x1e, 1);
    settle(1);
    // rpmsg_pingpong_remove
    expect(dmesg().at(-1)).toBe(`${dev}: rpmsg pingpong driver is removed`);
  });

  test('a negative number is printed with %d and, being unsigned, ends it; a short message reads as zeros', () => {
    const { remote, settle, dmesg } = loaded();
    remote.announce('rpmsg-openamp-demo-channel', 0x1e);
    settle(0.01);
    remote.send(0x1e, 0x400, Uint8Array.of(7));
    remote.send(0x1e, 0x400, word(-2));
    settle(0.01);
    expect(dmesg().slice(-3)).toEqual([
      'get 7 (src: 0x1e)',
      'get -2 (src: 0x1e)',
      'imx_rpmsg_pingpong virtio0.rpmsg-openamp-demo-channel.-1.30: goodbye!',
    ]);
    expect(remote.received.at(-1)!.data).toEqual(word(8));
  });
});

describe('modules', () => {
  test('the default order: who gets which channel', () => {
    const { remote, settle, rpmsgBus, modules } = loaded();
    const names = [
      'rpmsg-client-sample',
      'rpmsg-tty',
      'rpmsg-openamp-demo-channel',
      'rpmsg-virtual-tty-channel-1',
      'rpmsg-virtual-tty-channel',
    ];
    names.forEach((name, i) => {
      remote.announce(name, 0x20 + i);
      settle(0.01);
    });
    const drivers = new Map(rpmsgBus.devices.map(({ id, driver }) => [id, driver?.name]));
    expect(names.map((name) => drivers.get(name))).toEqual([
      'rpmsg_client_sample',
      'rpmsg_tty',
      'imx_rpmsg_pingpong',
      'imx_rpmsg_tty',
      'imx_rpmsg_tty',
    ]);
    expect(modules.unboundChannels()).toEqual([]);
    expect(modules.ttys.names).toEqual(['ttyRPMSG0', 'ttyRPMSG35', 'ttyRPMSG36']);
  });

  test('other modules: without pingpong the demo channel becomes a tty', () => {
    const { remote, settle, modules } = loaded(['virtio_rpmsg_bus', 'imx-rpmsg-tty']);
    expect(modules.loaded).toEqual(['rpmsg_ns', 'virtio_rpmsg_bus', 'imx_rpmsg_tty']);
    remote.announce('rpmsg-openamp-demo-channel', 0x1e);
    settle(0.01);
    expect(modules.ttys.names).toEqual(['ttyRPMSG30']);
  });

  test("unknown names are the caller's mistake and say what there is", () => {
    const { modules } = createStack();
    expect(() => modules.load('rpmsg_foo')).toThrow(UsageError);
    expect(() => modules.loadAll(['rpmsg_tty', 'nope'])).toThrow('no kernel module nope');
    expect(() => modules.unload('nope')).toThrow(UsageError);
  });

  test('rmmod virtio_rpmsg_bus takes the channels away, modprobe brings the host back', () => {
    const { remote, settle, run, modules, dmesg, rpmsgBus } = loaded();
    remote.announce('rpmsg-client-sample', 0x400);
    settle(0.01);
    run(modules.unload('virtio_rpmsg_bus'), 0.1);
    expect(dmesg().at(-1)).toContain('rpmsg sample client driver is removed');
    expect(rpmsgBus.devices).toEqual([]);
    run(modules.load('virtio_rpmsg_bus'), 0.1);
    expect(dmesg().at(-1)).toBe('virtio_rpmsg_bus virtio0: rpmsg host is online');
    run(modules.load('virtio_rpmsg_bus'), 0.1);
    expect(dmesg().filter((line) => line.endsWith('rpmsg host is online'))).toHaveLength(2);
  });

  test('unboundChannels: a module that would bind, a name that is nearly right, a name nobody knows', () => {
    const { remote, settle, modules, run } = loaded(['virtio_rpmsg_bus', 'rpmsg_tty']);
    for (const name of ['rpmsg-client-sample', 'rpmsg-tty-channel', 'my-own-protocol']) {
      remote.announce(name, 0x1e);
      settle(0.01);
    }
    const [sample, typo, own] = modules.unboundChannels();
    expect(sample).toMatchObject({ name: 'rpmsg-client-sample', src: 0x1e, modules: ['rpmsg_client_sample'] });
    expect(sample!.text).toBe('channel "rpmsg-client-sample" (remote 0x1e) has no driver: load rpmsg_client_sample');
    expect(typo!.similar[0]).toEqual({ name: 'rpmsg-virtual-tty-channel', module: 'imx_rpmsg_tty' });
    expect(typo!.modules).toEqual([]);
    expect(own!.text).toBe('channel "my-own-protocol" (remote 0x1e) has no driver: no module knows this service name');
    run(modules.load('rpmsg_client_sample'), 0.1);
    expect(modules.unboundChannels().map(({ name }) => name)).toEqual(['rpmsg-tty-channel', 'my-own-protocol']);
  });
});

describe('robustness', () => {
  test('1,000 remotes gone mad: mutated rings, headers, announcements; Linux survives each and can start over', () => {
    const seed = 0x5eed_1000;
    const names = ['rpmsg-client-sample', 'rpmsg-tty', 'rpmsg-openamp-demo-channel', 'rpmsg-virtual-tty-channel-1', '\u0001/../%s'];
    for (let round = 0; round < 1000; round++) {
      const next = random(seed + round);
      const pick = (below: number) => Math.floor(next(below));
      const host = createStack({ reader: pick(2) ? 'cooked' : 'raw-input' });
      host.run(host.modules.loadAll(), 0.001);
      const { remote, vdev } = host.attach({ num: [2, 8, 16][pick(3)]! });
      for (let step = 0; step < 12; step++) {
        for (let i = pick(3); i > 0; i--) {
          const ring = pick(2) ? remote.tx.vring : remote.rx.vring;
          host.memory.write(ring.desc + pick(ring.size), pick(256), 1);
        }
        const action = pick(6);
        if (action === 0) remote.announce(names[pick(names.length)]!, pick(3) ? 0x1e : pick(0x1_0000_0000), pick(3));
        else if (action === 1)
          remote.sendRaw({
            src: pick(0x500),
            dst: [53, 0x400, 0x401, pick(0x1_0000_0000)][pick(4)]!,
            data: new Uint8Array(pick(500)).fill(pick(256)),
            len: pick(600),
            used: pick(600),
          });
        else if (action === 2) remote.tx.give(pick(20), pick(0x1_0000_0000));
        else if (action === 3) host.memory.write(SHARED + 0x4_0000 + pick(0x2000), pick(0x1_0000_0000), 4);
        else if (action === 4)
          remote.sendRaw({ src: 1, dst: 53, data: Uint8Array.from(encodeNsMsg('x', 1, 0), (byte) => (pick(8) ? byte : pick(256))) });
        else remote.draining = !remote.draining;
        remote.ring();
      }
      try {
        host.settle(40);
        host.detach(vdev);
        // A sender that blocks in a callback holds up the removal, as in the kernel, for 15 s each.
        host.settle(200);
        const again = host.attach();
        expect(host.dmesg().at(-1)).toBe(`virtio_rpmsg_bus ${again.vdev.name}: rpmsg host is online`);
      } catch (error) {
        throw new Error(`seed ${seed + round}`, { cause: error });
      }
    }
  });
});
