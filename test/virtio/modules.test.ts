/** Modules by name, who gets which channel, NXP's ping-pong, channels without a driver, and a remote gone mad. */
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { ERRNO } from '../../src/linux/errno.ts';
import { kstrtoint } from '../../src/virtio/module-parameters.ts';
import { DEFAULT_MODULES } from '../../src/virtio/modules.ts';
import { encodeNsMsg } from '../../src/virtio/rpmsg-ns.ts';
import { random, SHARED } from './ring-fixture.ts';
import { createStack, createUser } from './rpmsg-fixture.ts';

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

  const lines = (modules: ReturnType<typeof loaded>['modules']) =>
    modules.info().map(({ name, size, refcount, usedBy }) => `${name} ${size} ${refcount} ${usedBy.join(',')}`.trim());

  test('m_show (/proc/modules): the youngest first, with users and references', () => {
    const { modules } = loaded();
    expect(lines(modules)).toEqual([
      'imx_rpmsg_tty 16384 0',
      'imx_rpmsg_pingpong 16384 0',
      'rpmsg_tty 16384 0',
      'rpmsg_client_sample 16384 0',
      'rpmsg_ctrl 16384 0',
      'rpmsg_char 20480 1 rpmsg_ctrl',
      'virtio_rpmsg_bus 20480 0',
      'rpmsg_ns 16384 1 virtio_rpmsg_bus',
    ]);
    expect(modules.dependencies('rpmsg-ctrl')).toEqual(['rpmsg_char']);
  });

  test('init_module: dependencies first, -EEXIST when it is there, -ENOENT for no module, nothing for one that is built in', () => {
    const { modules, run } = createStack();
    const insert = (name: string, parameters?: string) => run(modules.insert(name, parameters), 0.001);
    expect(insert('rpmsg-ctrl')).toBe(0);
    expect(modules.loaded).toEqual(['rpmsg_char', 'rpmsg_ctrl']);
    expect([insert('rpmsg_ctrl'), insert('rpmsg_char')]).toEqual([ERRNO.EEXIST, ERRNO.EEXIST]);
    expect(insert('rpmsg_foo')).toBe(ERRNO.ENOENT);
    expect([insert('rpmsg_core'), insert('imx-rproc')]).toEqual([0, 0]);
    expect(modules.loaded).toHaveLength(2);
  });

  test('delete_module: -ENOENT, -EAGAIN while a module or an open file uses it, -EBUSY while it goes', () => {
    const host = loaded();
    const { modules, run, remote, settle, kernel } = host;
    const remove = (name: string) => run(modules.remove(name), 0.01);
    expect([remove('rpmsg_foo'), remove('rpmsg_core')]).toEqual([ERRNO.ENOENT, ERRNO.ENOENT]);
    expect([remove('rpmsg_ns'), remove('rpmsg_char')]).toEqual([ERRNO.EAGAIN, ERRNO.EAGAIN]);
    const user = createUser(host);
    const ctrl = user.open('/dev/rpmsg_ctrl0');
    expect(remove('rpmsg_ctrl')).toBe(ERRNO.EAGAIN);
    expect(lines(modules)).toContain('rpmsg_ctrl 16384 1');
    user.close(ctrl);
    expect([remove('rpmsg_ctrl'), remove('rpmsg_char'), remove('rpmsg_char')]).toEqual([0, 0, ERRNO.ENOENT]);
    // The reader of the tty has it open.
    remote.announce('rpmsg-tty', 0x40);
    settle(0.01);
    expect(remove('rpmsg_tty')).toBe(ERRNO.EAGAIN);
    remote.announce('rpmsg-tty', 0x40, 1);
    settle(0.01);
    expect(remove('rpmsg_tty')).toBe(0);
    // So it is with NXP's, and with the file of a user.
    remote.announce('rpmsg-virtual-tty-channel-1', 0x1e);
    settle(0.01);
    expect(remove('imx_rpmsg_tty')).toBe(ERRNO.EAGAIN);
    const tty = user.open('/dev/ttyRPMSG30');
    expect(lines(modules)).toContain('imx_rpmsg_tty 16384 2');
    remote.announce('rpmsg-virtual-tty-channel-1', 0x1e, 1);
    settle(0.01);
    expect(remove('imx_rpmsg_tty')).toBe(ERRNO.EAGAIN);
    user.close(tty);
    expect(remove('imx_rpmsg_tty')).toBe(0);
    // A driver that sleeps in remove keeps its module going.
    remote.announce('rpmsg-client-sample', 0x41);
    settle(0.01);
    remote.draining = false;
    for (let i = 0; i < 9; i++) {
      remote.send(0x41, 0x400, 'again');
      settle(0.001);
    }
    const results: (number | undefined)[] = [];
    for (let i = 0; i < 2; i++) {
      kernel.spawn(
        'rmmod',
        (function* () {
          results.push(yield* modules.remove('rpmsg_client_sample'));
        })(),
      );
    }
    settle(0.01);
    expect(results).toEqual([ERRNO.EBUSY]);
    expect(modules.info().find(({ name }) => name === 'rpmsg_client_sample')).toMatchObject({ state: 'Unloading' });
    // add_unformed_module waits for it to be gone.
    let loadedAgain: number | undefined;
    kernel.spawn(
      'modprobe',
      (function* () {
        loadedAgain = yield* modules.insert('rpmsg_client_sample');
      })(),
    );
    settle(1);
    expect(loadedAgain).toBeUndefined();
    settle(100);
    expect([results, loadedAgain]).toEqual([[ERRNO.EBUSY, 0], 0]);
  });

  test('parse_args: count of rpmsg_client_sample, unknown parameters, bad numbers', () => {
    const { modules, run, dmesg, kernel } = createStack();
    const insert = (parameters: string) => run(modules.insert('rpmsg_client_sample', parameters), 0.001);
    expect(insert('count=x')).toBe(ERRNO.EINVAL);
    expect(insert('count')).toBe(ERRNO.EINVAL);
    expect(insert('count=4294967296')).toBe(ERRNO.ERANGE);
    expect(modules.loaded).toEqual([]);
    expect(insert('count=0x10  speed=9')).toBe(0);
    expect(dmesg()).toEqual([
      "rpmsg_client_sample: `x' invalid for parameter `count'",
      "rpmsg_client_sample: `' invalid for parameter `count'",
      "rpmsg_client_sample: `4294967296' invalid for parameter `count'",
      "rpmsg_client_sample: unknown parameter 'speed' ignored",
    ]);
    expect(kernel.log.map(({ level }) => level)).toEqual([3, 3, 3, 4]);
  });

  test('module_param: /sys/module/rpmsg_client_sample/parameters/count decides when it says goodbye', () => {
    const host = createStack();
    host.run(host.modules.insert('virtio_rpmsg_bus'), 0.001);
    host.run(host.modules.insert('rpmsg_client_sample', 'count=2'), 0.001);
    const { remote } = host.attach();
    const user = createUser(host);
    const at = '/sys/module/rpmsg_client_sample';
    expect(user.ls(at)).toEqual(['coresize', 'holders', 'initstate', 'parameters', 'refcnt']);
    expect(['coresize', 'initstate', 'refcnt'].map((file) => user.cat(`${at}/${file}`))).toEqual(['16384\n', 'live\n', '0\n']);
    const count = `${at}/parameters/count`;
    expect(user.cat(count)).toBe('2\n');
    expect([user.echo('zz', count), user.echo('99999999999', count), user.echo('3\n', count)]).toEqual([ERRNO.EINVAL, ERRNO.ERANGE, 2]);
    remote.announce('rpmsg-client-sample', 0x41);
    host.settle(0.01);
    for (let i = 0; i < 3; i++) remote.send(0x41, 0x400, 'x');
    host.settle(0.01);
    expect(host.dmesg().at(-1)).toContain('goodbye!');
    expect(user.ls('/sys/module/rpmsg_ns/holders')).toEqual(['virtio_rpmsg_bus']);
    host.run(host.modules.remove('virtio_rpmsg_bus'), 0.1);
    expect(user.ls('/sys/module/rpmsg_ns/holders')).toEqual([]);
    expect(user.ls('/sys/module')).not.toContain('virtio_rpmsg_bus');
  });

  test.each([
    ['10', 10, 0],
    ['-0x7f\n', -127, 0],
    ['+017', 15, 0],
    ['2147483647', 2_147_483_647, 0],
    ['-2147483648', -2_147_483_648, 0],
    ['2147483648', 0, ERRNO.ERANGE],
    ['', 0, ERRNO.EINVAL],
    ['08', 0, ERRNO.EINVAL],
    ['1 ', 0, ERRNO.EINVAL],
    ['0x', 0, ERRNO.EINVAL],
  ])('kstrtoint(%j)', (given, value, err) => {
    expect(kstrtoint(given)).toEqual({ value, err });
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
  }, 60_000);
});
