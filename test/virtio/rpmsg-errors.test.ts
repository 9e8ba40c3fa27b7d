/** Errors of the rpmsg bus and its drivers that no remote provokes by itself, with the kernel's lines for them. */
import { describe, expect, it } from 'vitest';
import { createRpmsgClientSample } from '../../src/virtio/rpmsg-client-sample.ts';
import type { RpmsgDevice, RpmsgDriver } from '../../src/virtio/rpmsg-core.ts';
import { createRpmsgNs } from '../../src/virtio/rpmsg-ns.ts';
import { createRpmsgTty } from '../../src/virtio/rpmsg-tty.ts';
import type { TtyLayer } from '../../src/virtio/tty.ts';
import { VirtioRpmsgBus } from '../../src/virtio/virtio-rpmsg-bus.ts';
import { createHost } from './rpmsg-fixture.ts';

const CHANNEL = 'virtio0.errors.-1.1024';

/** A host that is online, whose driver for the channel `errors` runs `onProbe`. */
function online(onProbe: (rpdev: RpmsgDevice) => void = () => {}) {
  const host = createHost();
  const devices: RpmsgDevice[] = [];
  const driver: RpmsgDriver = {
    name: 'errors',
    idTable: ['errors'],
    *callback() {
      return 0;
    },
    *probe(rpdev) {
      devices.push(rpdev);
      onProbe(rpdev);
      return 0;
    },
  };
  for (const each of [createRpmsgNs(), driver, createRpmsgClientSample()]) host.run(host.rpmsgBus.registerDriver(each), 0.001);
  host.run(host.virtioBus.registerDriver(new VirtioRpmsgBus(host.kernel, host.rpmsgBus)), 0.001);
  const attached = host.attach();
  const lines = (): string[] => host.kernel.log.map(({ text }) => text);
  const announce = (): void => {
    attached.remote.announce('errors', 0x400);
    host.settle(0.01);
  };
  return { ...host, ...attached, devices, lines, announce };
}

function* failing(): Generator<never, number> {
  yield* [];
  return -12;
}

/** A channel of which a driver sees only what it asks for; what it prints goes to `lines`. */
function bareChannel(lines: string[]): RpmsgDevice {
  const rpdev = {
    name: CHANNEL,
    id: 'errors',
    *createEpt() {
      yield* [];
      return undefined;
    },
    dev: (level: number, text: string) => lines.push(`<${level}>${text}`),
  };
  return rpdev as unknown as RpmsgDevice;
}

describe('errors inside of Linux', () => {
  it('rpmsg_recv_single: the buffer cannot be given back', () => {
    const host = online();
    Object.assign(host.queues[0]!, { addInbuf: () => -28 });
    host.announce();
    expect(host.lines()).toContain('virtio_rpmsg_bus virtio0: failed to add a virtqueue buffer: -28');
  });

  it('rpmsg_register_device: the name is taken', () => {
    const host = online();
    host.announce();
    host.run(host.rpmsgBus.registerDevice(host.devices[0]!), 0.01);
    expect(host.lines().filter((line) => line.endsWith('device_add failed: -17'))).toHaveLength(1);
  });

  it('rpmsg_dev_probe: the announcement fails', () => {
    const host = online((rpdev) => Object.assign(rpdev.ops, { announceCreate: failing }));
    host.announce();
    expect(host.lines().filter((line) => line.endsWith(`${CHANNEL}: failed to announce creation`))).toHaveLength(1);
  });

  it('virtio_rpmsg_announce_create: the message cannot be sent', () => {
    const host = online((rpdev) => {
      Object.assign(rpdev, { announce: true });
      Object.assign(rpdev.ept!, { sendto: failing });
    });
    host.announce();
    expect(host.lines().filter((line) => line.endsWith(`${CHANNEL}: failed to announce service -12`))).toHaveLength(1);
  });

  it('rpmsg_ns_probe: no endpoint', () => {
    const lines: string[] = [];
    const host = createHost();
    host.run(createRpmsgNs().probe(bareChannel(lines)), 0.001);
    expect(lines).toEqual(['<3>failed to create the ns ept']);
  });

  it('rpmsg_tty_probe: the port cannot be registered', () => {
    const lines: string[] = [];
    const host = createHost();
    const ttys = { register: () => undefined } as unknown as TtyLayer;
    host.run(createRpmsgTty(host.kernel, ttys).probe(bareChannel(lines)), 0.001);
    expect(lines).toEqual(['<3>error -EEXIST: Failed to register tty port']);
  });
});
