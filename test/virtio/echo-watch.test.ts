/** A tty that echoes to firmware which echoes: seen as the circle that it is, and nothing else is taken for one. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/machine.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import { EchoWatch } from '../../src/virtio/echo-watch.ts';

const FINDING = /ttyRPMSG30: the tty echoes to the core what the core sends, .* "stty -F \/dev\/ttyRPMSG30 raw -echo"/;

async function findings(echo: boolean): Promise<string[]> {
  const firmware = parseFirmware(new Uint8Array(readFileSync('images/imx8mp_echo.elf')), 'imx8mp_echo.elf');
  const modules = ['rpmsg_ns', 'virtio_rpmsg_bus', 'imx_rpmsg_tty'];
  const machine = new Machine({ soc: IMX8MP, firmware, modules, ttyReader: 'none' });
  const { api, modules: loaded } = machine.linux!;
  await api.waitFor('/dev/ttyRPMSG30');
  const tty = await api.open('/dev/ttyRPMSG30', 'r+');
  if (!echo) loaded.ttys.get('ttyRPMSG30')!.setTermios({ echo: false, icanon: false, icrnl: false, opost: false });
  await tty.write('Toradex!\r\n');
  machine.run(machine.scheduler.now + machine.scheduler.cyclesFromNs(1e9));
  const found = machine.diagnostics.all.filter(({ text }) => FINDING.test(text)).map(({ text, count }) => `${count} ${text}`);
  machine.dispose();
  return found;
}

describe('a tty and firmware that echo to each other', () => {
  it('are found out once, with the remedy', async () => {
    expect(await findings(true)).toEqual([expect.stringMatching(/^1 /)]);
  });

  it('are well once the tty is raw', async () => {
    expect(await findings(false)).toEqual([]);
  });
});

describe('EchoWatch', () => {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

  /** Rounds in which the tty echoes `echo`, and after `ns` the core sends `answer`; how often it was called endless. */
  function rounds(count: number, echo: string, ns: number, answer: string): number {
    let now = 0;
    let endless = 0;
    const watch = new EchoWatch(
      () => now,
      () => endless++,
    );
    for (let i = 0; i < count; i++) {
      watch.echoed(bytes(echo));
      now += ns;
      watch.received(bytes(answer));
    }
    return endless;
  }

  it.each([
    ['echoes that come back', 1000, 'ab', 1e6, 'ab', 1],
    ['few of them', 15, 'ab', 1e6, 'ab', 0],
    ['lines that are printed now and then, whatever is sent', 1000, 'tick\r\n\r\n', 0.5e9, 'tick\r\n', 0],
    ['what comes after a long time', 1000, 'tick', 3e9, 'tick', 0],
    ['answers', 1000, 'on', 1e6, '[x]', 0],
  ])('%s', (_title, count, echo, ns, answer, endless) => {
    expect(rounds(count, echo, ns, answer)).toBe(endless);
  });
});
