import { describe, expect, it } from 'vitest';
import { LATENCY } from '../../src/linux/latencies.ts';
import { startUdev } from '../../src/linux/udev.ts';
import { createStack } from '../virtio/rpmsg-fixture.ts';

/** A kernel with the bus alone, udev, and a remote. */
function board(modules: readonly string[] = ['rpmsg_ns', 'virtio_rpmsg_bus']) {
  const host = createStack({ reader: 'none' });
  host.run(host.modules.loadAll(modules), 0.01);
  startUdev(host.kernel, host.modules);
  return { ...host, ...host.attach() };
}

describe('udev', () => {
  it('loads what names a new channel in an alias, after its time, and the module binds', () => {
    const { remote, modules, settle, dmesg } = board();
    remote.announce('rpmsg-tty', 0x401);
    settle((LATENCY.udev / 1e9) * 0.9);
    expect(modules.loaded).not.toContain('rpmsg_tty');
    settle(0.1);
    expect(modules.loaded).toContain('rpmsg_tty');
    expect(modules.ttys.names).toEqual(['ttyRPMSG0']);
    remote.announce('rpmsg-client-sample', 0x400);
    settle(0.1);
    expect(dmesg().at(-1)).toMatch(/^rpmsg_client_sample virtio0\.rpmsg-client-sample\.-1\.1024: new channel: 0x[0-9a-f]+ -> 0x400!$/);
  });

  it("knows rpmsg_ctrl's device, and that rpmsg_ctrl needs rpmsg_char", () => {
    const { modules, settle } = board();
    settle(0.1);
    expect(modules.loaded).toEqual(['rpmsg_ns', 'virtio_rpmsg_bus', 'rpmsg_char', 'rpmsg_ctrl']);
  });

  it("loads nothing for the channels of NXP's modules, which have no alias", () => {
    const { remote, modules, settle } = board();
    remote.announce('rpmsg-virtual-tty-channel-1', 30);
    remote.announce('rpmsg-openamp-demo-channel', 31);
    settle(0.1);
    expect(modules.loaded).not.toContain('imx_rpmsg_tty');
    expect(modules.loaded).not.toContain('imx_rpmsg_pingpong');
  });

  it('leaves a module that was removed alone until a new device wants it', () => {
    const { remote, modules, run, settle } = board();
    remote.announce('rpmsg-tty', 0x401);
    settle(0.1);
    expect(run(modules.remove('rpmsg_tty'), 0.1)).toBe(0);
    settle(0.1);
    expect(modules.loaded).not.toContain('rpmsg_tty');
    remote.announce('rpmsg-tty', 0x402);
    settle(0.1);
    expect(modules.ttys.names).toEqual(['ttyRPMSG0', 'ttyRPMSG1']);
  });
});
