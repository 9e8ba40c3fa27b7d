import { describe, expect, it } from 'vitest';
import { UsageError, type WaitTimeout } from '../../src/errors.ts';
import { failure, machine } from './support.ts';

/** Nothing that binds to the channels. */
const BUS = ['rpmsg_ns', 'virtio_rpmsg_bus'];

describe('rpmsg of a machine', () => {
  it('channels as the firmware announced them', async () => {
    const m = await machine('imx8mp_rpmsg');
    const tty = await m.rpmsg.waitFor('rpmsg-tty');
    expect(tty).toMatchObject({ name: 'rpmsg-tty', dst: 0x401, device: 'virtio0', open: true });
    expect(tty.announcedAt).toBeLessThanOrEqual(m.now);
    await m.until(() => tty.driver);
    expect(m.rpmsg.channel('rpmsg-tty')).toMatchObject({ src: expect.any(Number), driver: 'rpmsg_tty' });
    expect(m.rpmsg.channels.map(({ name }) => name)).toEqual(['rpmsg-client-sample', 'rpmsg-tty']);
    await m.linux.stop();
    expect(tty.open).toBe(false);
    expect(m.rpmsg.channels).toEqual([]);
  });

  it('messages in both directions', async () => {
    const m = await machine('imx8mp_rpmsg');
    await m.until('linux', 'goodbye!');
    const sample = m.rpmsg.messages.filter(({ text }) => text === 'hello world!');
    expect(sample.filter(({ direction }) => direction === 'tx')).toHaveLength(100);
    expect(m.rpmsg.sent).toHaveLength(100);
    expect(m.rpmsg.received.filter(({ dst }) => dst === 53).map(({ bytes }) => bytes.length)).toEqual([40, 40, 40]);
    expect(sample.every(({ cycle, time }, index) => index === 0 || (cycle >= sample[index - 1]!.cycle && time > 0))).toBe(true);
  });

  it('sends by the endpoint of the driver, and gives the answers one by one', async () => {
    const m = await machine('imx8mp_rpmsg');
    const tty = await m.rpmsg.waitFor('rpmsg-tty');
    await m.until(() => tty.driver);
    await tty.send('one');
    await tty.send(new TextEncoder().encode('two'));
    expect((await tty.next()).text).toBe('TTY 0x0401: one');
    expect((await tty.next()).text).toBe('TTY 0x0401: two');
    expect(tty.sent.map(({ text, src }) => [text, src])).toEqual([
      ['one', tty.src],
      ['two', tty.src],
    ]);
    expect(tty.received.map(({ text }) => text)).toEqual(['TTY 0x0401: one', 'TTY 0x0401: two']);
    const none = await failure<WaitTimeout>(tty.next({ within: '5ms' }));
    expect(none.message).toContain('a message of rpmsg-tty (0x401)');
    expect(none.code).toMatch(/E_WAIT_TIMEOUT|E_DEADLOCK/);
  });

  it('sends on a channel without driver', async () => {
    const m = await machine('imx8mp_rpmsg', { modules: BUS });
    const tty = await m.rpmsg.waitFor('rpmsg-tty');
    expect([tty.driver, tty.src]).toEqual([undefined, undefined]);
    await tty.send('alone');
    expect((await tty.next()).text).toContain('alone');
    expect(tty.sent[0]!.src).toBeGreaterThanOrEqual(1024);
  });

  it('what a message cannot be', async () => {
    const m = await machine('imx8mp_rpmsg', { modules: BUS });
    const tty = await m.rpmsg.waitFor('rpmsg-tty');
    expect(await failure(tty.send(new Uint8Array(497)))).toMatchObject({ name: 'EMSGSIZE' });
    await m.linux.stop();
    expect(await failure(tty.send('x'))).toMatchObject({ name: 'ENODEV' });
  });

  it('a channel that there is not', async () => {
    const m = await machine('imx8mp_rpmsg');
    expect(() => m.rpmsg.channel('rpmsg-tty')).toThrow(UsageError);
    await m.rpmsg.waitFor('rpmsg-tty');
    const error = await failure<UsageError>((async () => m.rpmsg.channel({ name: 'rpmsg-tty', dst: 0x999 }))());
    expect(error.message).toBe('there is no channel rpmsg-tty (dst 0x999)');
    expect(error.remedy).toContain('rpmsg-tty (dst 0x401)');
    expect(await failure(m.rpmsg.waitFor('nix', { within: '5ms' }))).toMatchObject({ awaited: 'rpmsg channel nix' });
  });
});
