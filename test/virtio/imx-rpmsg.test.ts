import { describe, expect, it } from 'vitest';
import { DmaPool } from '../../src/linux/dma-pool.ts';
import { ERRNO, type KernelCode, sleep } from '../../src/linux/kernel.ts';
import { Mailboxes, MboxChan, type MboxSpecifiers } from '../../src/linux/mailbox.ts';
import { ImxRpmsg, type ImxRpmsgProperties } from '../../src/virtio/imx-rpmsg.ts';
import type { VirtioModules } from '../../src/virtio/modules.ts';
import { SHARED } from './ring-fixture.ts';
import { createStack } from './rpmsg-fixture.ts';

const SPECIFIERS: MboxSpecifiers = {
  tx: { node: 'MU1', args: [0, 1] },
  rx: { node: 'MU1', args: [1, 1] },
  rxdb: { node: 'MU1', args: [3, 1] },
};
const REG = { base: SHARED, size: 0x1_0000 };

/** A kernel with an MU of channels that the test answers, the modules, and the driver on one device. */
function board(properties: Partial<ImxRpmsgProperties> = {}, { reads = true, poolBytes = 0x4_0000 } = {}) {
  const host = createStack({ reader: 'none' });
  const { kernel, scheduler, memory, modules } = host;
  host.run(modules.loadAll(['rpmsg_ns', 'virtio_rpmsg_bus']), 0.01);
  const mailboxes = new Mailboxes();
  const words: { readonly word: number; readonly ms: number }[] = [];
  const core = { reads };
  const channels = new Map<string, MboxChan>();
  const channel = (type: number, index: number): MboxChan => {
    const key = `${type}-${index}`;
    const known = channels.get(key);
    if (known) return known;
    const answer = scheduler.timer(`core reads ${key}`, () => {
      made.txDone(0);
    });
    const made: MboxChan = new MboxChan(kernel, 'imx_mu 30aa0000.mailbox', `MU1 channel ${key}`, {
      sendData(word) {
        words.push({ word, ms: (scheduler.now / scheduler.hz) * 1000 });
        if (core.reads) answer.armIn(scheduler.cyclesFromNs(10_000));
        return 0;
      },
      startup: () => 0,
      shutdown: () => {},
    });
    channels.set(key, made);
    return made;
  };
  mailboxes.register({ node: 'MU1', device: 'imx_mu 30aa0000.mailbox', xlate: channel, freeChannels() {} });
  const findings: string[] = [];
  const pool = { node: 'rpmsg_dma@55040000', pool: new DmaPool(memory, SHARED + 0x4_0000, poolBytes) };
  const imx = new ImxRpmsg(
    {
      kernel,
      mailboxes,
      bus: modules.virtioBus,
      globalPool: pool.pool,
      device: undefined,
      onFinding: (text) => findings.push(text),
    },
    '55000000.rpmsg',
    { vdevNums: 1, mboxes: SPECIFIERS, reg: REG, ...properties },
  );
  const probe = (seconds = 0.5): number | undefined => host.run(imx.probe(), seconds);
  return { ...host, mailboxes, imx, words, core, findings, pool, channel, probe };
}

/** A byte from the name service's endpoint to `dst`. */
function* sendTo(modules: VirtioModules, dst: number): KernelCode<number> {
  const rpdev = modules.rpmsgBus.devices.find(({ id }) => id === 'rpmsg_ns');
  return yield* rpdev!.ept!.trysendto(Uint8Array.of(1), dst);
}

describe('imx_rpmsg_probe', () => {
  it('has its vrings where reg says, 256 descriptors each, and rings for the first', () => {
    const { probe, words, dmesg, imx, memory, modules, run } = board();
    expect(probe()).toBe(0);
    expect(words.map(({ word }) => word)).toEqual([0]);
    expect(dmesg()).toContain('virtio_rpmsg_bus virtio0: rpmsg host is online');
    expect(imx.vdevs[0]!.virtqueues.map(({ name, num }) => [name, num])).toEqual([
      ['input', 256],
      ['output', 256],
    ]);
    // Descriptor 0 and avail.idx of the first ring: all buffers of the pool's first half are lent.
    expect([memory.read(SHARED, 4), memory.read(SHARED + 4096 + 2, 2)]).toEqual([SHARED + 0x4_0000, 256]);
    expect(run(sendTo(modules, 30), 1)).toBe(0);
    expect([memory.read(SHARED + 0x8000, 4), memory.read(SHARED + 0x8000 + 4096 + 2, 2)]).toEqual([SHARED + 0x6_0000, 1]);
  });

  it('takes buffers from the pool of memory-region, and says so', () => {
    const plain = board();
    const { probe, dmesg } = board({ pool: plain.pool });
    expect(probe()).toBe(0);
    expect(dmesg()).toContain('imx-rpmsg 55000000.rpmsg: assigned reserved memory node rpmsg_dma@55040000');
  });

  it('without reg: "No vring buffer." and -ENOMEM (set_vring_phy_buf)', () => {
    const { imx, run, dmesg, channel } = board();
    const without = new ImxRpmsg(imx.environment, 'rpmsg', { vdevNums: 1, mboxes: SPECIFIERS });
    expect(run(without.probe(), 0.1)).toBe(ERRNO.ENOMEM);
    expect(dmesg()).toContain('imx-rpmsg rpmsg: No vring buffer.');
    expect(channel(0, 1).client).toBeUndefined();
  });

  it('with the fault of a wrong address: the same', () => {
    const { imx, probe, dmesg } = board();
    imx.environment.kernel.faults.wrongAddress = { vring: 0, offset: 0x1_0000, where: 'file' };
    expect(probe()).toBe(ERRNO.ENOMEM);
    expect(dmesg()).toContain('imx-rpmsg 55000000.rpmsg: No vring buffer.');
  });

  it('with the fault of a worker that is held up: looks at the rings later', () => {
    const { imx, probe, dmesg, run, channel } = board();
    expect(probe()).toBe(0);
    const { kernel } = imx.environment;
    kernel.faults.stalledUntil = kernel.now + 40e6;
    channel(1, 1).receivedData(0);
    const interrupted: number[] = [];
    imx.vdevs[0]!.interrupt = function* () {
      interrupted.push(kernel.now);
    };
    const before = kernel.now;
    run(sleep(100e6), 1);
    expect(interrupted).toHaveLength(1);
    expect(interrupted[0]! - before).toBeGreaterThanOrEqual(40e6);
    expect(dmesg().filter((line) => /overflow/i.test(line))).toEqual([]);
  });

  it('with too small a reg: its size, then "No vring buffer." and -ENOMEM (set_vring_phy_buf)', () => {
    const { probe, dmesg } = board({ vdevNums: 2 });
    expect(probe()).toBe(ERRNO.ENOMEM);
    expect(dmesg().slice(-2)).toEqual([
      'imx-rpmsg 55000000.rpmsg: Too small memory size 10000!',
      'imx-rpmsg 55000000.rpmsg: No vring buffer.',
    ]);
  });

  it('refuses more than 8 vdevs with -EINVAL', () => {
    const { probe, dmesg } = board({ vdevNums: 9, reg: { base: SHARED, size: 0x10_0000 } });
    expect(probe()).toBe(ERRNO.EINVAL);
    expect(dmesg()).toContain('imx-rpmsg 55000000.rpmsg: vdev-nums exceed the max 8');
  });

  it('makes nothing of vdev-nums = <0>', () => {
    const { probe, imx } = board({ vdevNums: 0 });
    expect(probe()).toBe(0);
    expect(imx.vdevs).toHaveLength(0);
  });

  it('-EBUSY when the remoteproc has the channels, with the reason in plain words (mbox_request_channel)', () => {
    const { probe, channel, findings } = board();
    channel(0, 1).bind({ device: 'imx-rproc imx8mp-cm7', txBlock: true, txTout: 100 });
    expect(probe()).toBe(ERRNO.EBUSY);
    expect(findings.join()).toContain('the mailbox channel "tx" is taken by another node');
  });

  it('-EPROBE_DEFER while there is no mailbox', () => {
    const { probe } = board({ mboxes: { ...SPECIFIERS, tx: { node: 'MU2', args: [0, 1] } } });
    expect(probe()).toBe(ERRNO.EPROBE_DEFER);
  });

  it('-EINVAL without mbox-names, and for a name that is not there (mbox_request_channel_byname)', () => {
    const { imx, run, dmesg } = board();
    expect(run(new ImxRpmsg(imx.environment, 'rpmsg', { vdevNums: 1, reg: REG }).probe(), 0.1)).toBe(ERRNO.EINVAL);
    expect(dmesg().at(-1)).toBe('imx-rpmsg rpmsg: mbox_request_channel_byname() requires an "mbox-names" property');
    const { tx } = SPECIFIERS;
    expect(run(new ImxRpmsg(imx.environment, 'rpmsg', { vdevNums: 1, reg: REG, mboxes: { tx: tx! } }).probe(), 0.1)).toBe(ERRNO.EINVAL);
    expect(dmesg().at(-1)).toBe('imx-rpmsg rpmsg: mbox_request_channel_byname() could not locate channel named "rx"');
  });

  it('without rxdb it fails at its end, and the virtio device stays', () => {
    const { tx, rx } = SPECIFIERS;
    const { probe, imx } = board({ mboxes: { tx: tx!, rx: rx! } });
    expect(probe()).toBe(ERRNO.EINVAL);
    expect(imx.vdevs).toHaveLength(1);
  });

  it('buffers that do not fit the pool fail the probe of virtio_rpmsg_bus, not this one', () => {
    const { probe, dmesg } = board({}, { poolBytes: 0x2_0000 });
    expect(probe()).toBe(0);
    expect(dmesg()).toContain('virtio_rpmsg_bus: probe of virtio0 failed with error -12');
  });

  it('a core that does not read the first doorbell within 20 ms: the queue is broken for good, and nothing is printed', () => {
    const { probe, words, imx, findings, dmesg } = board({}, { reads: false });
    expect(probe()).toBe(0);
    expect(words).toHaveLength(1);
    expect(imx.vdevs[0]!.virtqueues[0]!.broken).toBe(true);
    expect(dmesg().at(-1)).toBe('virtio_rpmsg_bus virtio0: rpmsg host is online');
    expect(findings.join()).toContain('did not read the doorbell for queue 0 within 20 ms (-62)');
  });
});

describe('a running imx_rpmsg', () => {
  it('a second vdev rings with its own numbers', () => {
    const { probe, words } = board({ vdevNums: 2, reg: { base: SHARED, size: 0x2_0000 } }, { poolBytes: 0x8_0000 });
    expect(probe()).toBe(0);
    expect(words.map(({ word }) => word)).toEqual([0, 0x2_0000]);
  });

  it('a word that names no queue is told of and changes nothing', () => {
    const { probe, channel, settle, findings } = board();
    probe();
    channel(1, 1).receivedData(0x0009_0000);
    settle(0.01);
    expect(findings.join()).toContain('the core rang with 0x90000, which names queue 9; there are 2');
  });

  it('more words than its buffer holds: "RPMSG RX overflow!" (imx_rpmsg_rx_callback)', () => {
    const { probe, channel, dmesg, settle } = board();
    probe();
    for (let i = 0; i < 1024; i++) channel(1, 1).receivedData(0);
    settle(0.01);
    expect(dmesg().filter((line) => line === 'imx-rpmsg 55000000.rpmsg: RPMSG RX overflow!')).toHaveLength(1);
  });

  it('an endpoint sends, and waits a second for a core that has stopped reading; then the queue is broken: -EIO', () => {
    const { probe, core, words, imx, run, modules, dmesg } = board();
    probe();
    core.reads = false;
    expect(run(sendTo(modules, 30), 3)).toBe(0);
    expect(words.at(-1)!.word).toBe(0x1_0000);
    expect(imx.vdevs[0]!.virtqueues[1]!.broken).toBe(true);
    expect(run(sendTo(modules, 30), 3)).toBe(ERRNO.EIO);
    expect(dmesg().at(-1)).toMatch(/virtqueue_add_outbuf failed: -5$/);
  });

  it('remove gives everything back: a second probe works', () => {
    const { imx, probe, run, channel, settle, findings } = board();
    probe();
    imx.environment.kernel.spawn('unbind', imx.remove());
    channel(1, 1).receivedData(0);
    settle(0.1);
    expect([imx.vdevs, findings]).toEqual([[], []]);
    expect(channel(0, 1).client).toBeUndefined();
    expect(run(new ImxRpmsg(imx.environment, 'rpmsg', { vdevNums: 1, mboxes: SPECIFIERS, reg: REG }).probe(), 0.5)).toBe(0);
  });
});
