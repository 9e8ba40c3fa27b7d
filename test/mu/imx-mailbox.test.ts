import { describe, expect, it } from 'vitest';
import { Diagnostics } from '../../src/diagnostics.ts';
import { EventHub } from '../../src/events.ts';
import { Kernel } from '../../src/linux/kernel.ts';
import type { MboxChan } from '../../src/linux/mailbox.ts';
import { AddressSpace } from '../../src/memory/bus.ts';
import { ImxMu } from '../../src/mu/imx-mailbox.ts';
import { MessagingUnit } from '../../src/mu/messaging-unit.ts';
import { MU_LAYOUTS, type MuLayoutName } from '../../src/mu/mu-layout.ts';
import { Scheduler } from '../../src/time/scheduler.ts';

const BASE = 0x30aa_0000;
const SPI = 88;

/** Offsets of the driver's dcfg in imx-mailbox.c, independent of mu-layout.ts. */
const DCFG = {
  imx6sx: { tr: 0x0, rr: 0x10, gsr: 0x20, tsr: 0x20, rsr: 0x20, gier: 0x24, gcr: 0x24, tcr: 0x24, rcr: 0x24, v2: false },
  imx7ulp: { tr: 0x20, rr: 0x40, gsr: 0x60, tsr: 0x60, rsr: 0x60, gier: 0x64, gcr: 0x64, tcr: 0x64, rcr: 0x64, v2: false },
  imx8ulp: { tr: 0x200, rr: 0x280, gsr: 0x118, tsr: 0x124, rsr: 0x12c, gier: 0x110, gcr: 0x114, tcr: 0x120, rcr: 0x128, v2: true },
} as const;

function fixture(layout: keyof typeof DCFG) {
  const scheduler = new Scheduler(1_000_000_000);
  const memory = new AddressSpace('linux');
  const events = new EventHub();
  const kernel = new Kernel({ scheduler, memory, events });
  const mu = new MessagingUnit({
    name: 'MU1',
    layout: MU_LAYOUTS[layout satisfies MuLayoutName],
    now: () => scheduler.now,
    diagnostics: new Diagnostics({ now: () => 0, pc: () => undefined }),
    events,
    interruptA: (level) => kernel.setInterrupt(SPI, level),
    interruptB: () => {},
  });
  memory.mapDevice(BASE, MU_LAYOUTS[layout].window, mu.a, 'MU1_A');
  const settle = (): void => {
    for (let i = 0; scheduler.nextDeadline < Number.POSITIVE_INFINITY; i++) {
      if (i > 1000) throw new Error('interrupt storm');
      scheduler.advanceTo(scheduler.nextDeadline);
      scheduler.fireDue();
    }
  };
  const create = (): ImxMu =>
    new ImxMu(kernel, 'imx_mu 30aa0000.mailbox', { node: 'MU1', base: BASE, irq: SPI, layout: MU_LAYOUTS[layout] });
  return { kernel, mu, settle, create };
}

/** Bit of channel n in the 4-bit field at `lsb` on v1, or in its own register on v2. */
const bit = (v2: boolean, lsb: number, n: number): number => (v2 ? 1 << n : (1 << (lsb + 3 - n)) >>> 0);

function take(mu: ImxMu, type: number, index: number): MboxChan {
  const chan = mu.xlate(type, index);
  if (typeof chan === 'number') throw new Error(`no channel ${type}-${index}`);
  return chan;
}

const client = { device: 'test', txBlock: false, txTout: 0 };

describe.each(Object.keys(DCFG) as (keyof typeof DCFG)[])('imx_mu on %s', (layout) => {
  const dcfg = DCFG[layout];

  it('imx_mu_shutdown: a unit that never comes out of its reset', () => {
    const { kernel, create } = fixture(layout);
    const chan = take(create(), 4, 0);
    chan.bind(client);
    Object.assign(kernel, { readl: () => 0xffff_ffff });
    chan.free();
    expect(kernel.log.map(({ text }) => text)).toEqual(['imx_mu 30aa0000.mailbox: RST channel timeout']);
  });

  it.each([0, 1, 2, 3])('imx_mu_generic_tx: channel %i writes its TR and is told when the peer has read it', (n) => {
    const { kernel, mu, settle, create } = fixture(layout);
    const done: number[] = [];
    const chan = take(create(), 0, n);
    chan.bind({ ...client, txDone: (message) => done.push(message) });
    const tie = bit(dcfg.v2, 20, n);
    kernel.spawn('send', chan.send(0x1_0000));
    settle();
    expect(kernel.readl(BASE + dcfg.tcr) & tie).toBe(tie);
    expect(done).toEqual([]);
    expect(mu.b.read(dcfg.rr + 4 * n, 4)).toBe(0x1_0000);
    settle();
    expect(done).toEqual([0x1_0000]);
    expect(kernel.readl(BASE + dcfg.tcr) & tie).toBe(0);
  });

  it('imx_mu_generic_rx: the interrupt reads RR and hands the word on', () => {
    const { kernel, mu, settle, create } = fixture(layout);
    const received: number[] = [];
    const chan = take(create(), 1, 1);
    chan.bind({ ...client, rxCallback: (message) => received.push(message) });
    expect(kernel.readl(BASE + dcfg.rcr)).toBe(bit(dcfg.v2, 24, 1));
    mu.b.write(dcfg.tr + 4, 0x1234_5678, 4);
    settle();
    expect(received).toEqual([0x1234_5678]);
    mu.b.write(dcfg.tr, 1, 4);
    settle();
    expect(received).toHaveLength(1);
    expect(kernel.interrupts).toMatchObject([{ spi: SPI, names: ['imx_mu_chan[1-1]'], count: 1 }]);
    chan.free();
    expect(kernel.readl(BASE + dcfg.rcr) & bit(dcfg.v2, 24, 1)).toBe(0);
    expect(kernel.interrupts).toMatchObject([{ spi: SPI, names: [], count: 1 }]);
  });

  it('imx_mu_generic_rxdb: acknowledges the general interrupt', () => {
    const { kernel, mu, settle, create } = fixture(layout);
    let rings = 0;
    const chan = take(create(), 3, 1);
    chan.bind({ ...client, rxCallback: () => rings++ });
    mu.b.write(dcfg.gcr, bit(dcfg.v2, 16, 1), 4);
    settle();
    expect(rings).toBe(1);
    expect(kernel.readl(BASE + dcfg.gsr) & bit(dcfg.v2, 28, 1)).toBe(0);
    expect(mu.b.read(dcfg.gcr, 4) & bit(dcfg.v2, 16, 1)).toBe(0);
    chan.free();
    expect(kernel.readl(BASE + dcfg.gier)).toBe(0);
  });

  it('a doorbell is done at once', () => {
    const { mu, kernel, settle, create } = fixture(layout);
    const done: number[] = [];
    const chan = take(create(), 2, 0);
    chan.bind({ ...client, txDone: (message) => done.push(message) });
    kernel.spawn('send', chan.send(5));
    settle();
    expect(done).toEqual([5]);
    expect((mu.b.read(dcfg.gsr, 4) & bit(dcfg.v2, 28, 0)) !== 0).toBe(true);
    chan.free();
  });

  it('imx_mu_init_generic: drops what is left from before', () => {
    const { kernel, mu, settle, create } = fixture(layout);
    mu.b.write(dcfg.tr, 1, 4);
    mu.b.write(dcfg.tr + 12, 2, 4);
    mu.b.write(dcfg.gcr, bit(dcfg.v2, 16, 2), 4);
    kernel.writel(bit(dcfg.v2, 24, 0), BASE + dcfg.rcr);
    create();
    settle();
    expect(kernel.readl(BASE + dcfg.rcr)).toBe(0);
    expect(kernel.readl(BASE + dcfg.rsr) & (bit(dcfg.v2, 24, 0) | bit(dcfg.v2, 24, 3))).toBe(0);
    expect(kernel.readl(BASE + dcfg.gsr) & bit(dcfg.v2, 28, 2)).toBe(0);
    expect(mu.b.read(dcfg.tsr, 4) & bit(dcfg.v2, 20, 0)).not.toBe(0);
  });

  it('tx and rx share one interrupt', () => {
    const { kernel, mu, settle, create } = fixture(layout);
    const log: string[] = [];
    const unit = create();
    const tx = take(unit, 0, 1);
    const rx = take(unit, 1, 1);
    tx.bind({ ...client, txDone: () => log.push('sent') });
    rx.bind({ ...client, rxCallback: () => log.push('received') });
    kernel.spawn('send', tx.send(1));
    settle();
    mu.b.read(dcfg.rr + 4, 4);
    mu.b.write(dcfg.tr + 4, 2, 4);
    settle();
    expect(log).toEqual(['sent', 'received']);
    tx.free();
    mu.b.write(dcfg.tr + 4, 3, 4);
    settle();
    expect(log).toEqual(['sent', 'received', 'received']);
  });

  it('refuses channels that do not exist, and words on a receive channel', () => {
    const { kernel, settle, create } = fixture(layout);
    const unit = create();
    expect(unit.xlate(4, 1)).toBe(-22);
    expect(kernel.log.at(-1)!.text).toBe('imx_mu 30aa0000.mailbox: Not supported channel number: 17. (type: 4, idx: 1)'); // imx_mu_xlate
    const rx = take(unit, 1, 0);
    rx.bind(client);
    kernel.spawn('send', rx.send(1));
    settle();
    expect(kernel.log.at(-1)!.text).toBe('imx_mu 30aa0000.mailbox: Send data on wrong channel type: 1'); // imx_mu_generic_tx
  });

  it('the reset channel resets both sides', () => {
    const { mu, kernel, create } = fixture(layout);
    const chan = take(create(), 4, 0);
    chan.bind(client);
    mu.b.write(dcfg.rcr, bit(dcfg.v2, 24, 1), 4);
    chan.free();
    expect(mu.b.read(dcfg.rcr, 4)).toBe(0);
    expect(kernel.log).toEqual([]);
  });
});
