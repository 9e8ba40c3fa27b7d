/** Bridges of a replay: clients that do what the recording says, to the machine's side of real bridges. */
import { describe, expect, it } from 'vitest';
import { ReplayedBridges } from '../../src/cli/bridges/replayed.ts';
import { readFirmware } from '../../src/cli/firmware-file.ts';
import { Machine } from '../../src/machine.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';

const image = new URL('../../images/imx8mp_hello.elf', import.meta.url).pathname;

function bridged(rpmsgSock = false) {
  const machine = new Machine({ soc: IMX8MP, firmware: readFirmware(image) });
  const findConsole = (name: string) => (machine.hasConsole(name) ? name : undefined);
  const make = (device: string) =>
    new ReplayedBridges({ tty: [{ device, cooked: false }], rpmsgSock }, { machine, findConsole, note: () => {} });
  return { machine, make };
}

const diverged = expect.objectContaining({ code: 'E_SNAPSHOT_DIVERGED' });

describe('bridges of a replay', () => {
  it('give a UART what the client sent, and take what it took', () => {
    const { machine, make } = bridged();
    const bridges = make('uart4');
    let printed = '';
    machine.events.subscribe((event) => {
      if (event.type === 'console') printed += String.fromCharCode(event.byte);
    });
    const second = machine.scheduler.hz;
    machine.run(second / 50);
    bridges.enter('uart4', 'open', undefined, undefined);
    const before = printed.length;
    // What was printed before the client came is for it.
    machine.run(machine.scheduler.now + second / 1000);
    bridges.flush();
    expect(() => bridges.enter('uart4', 'room', undefined, before + 1)).toThrow(diverged);
    bridges.enter('uart4', 'room', undefined, before);
    bridges.enter('uart4', 'data', Buffer.from('abc'), undefined);
    for (let slice = 0; slice < 50; slice++) {
      machine.run(machine.scheduler.now + second / 1000);
      bridges.flush();
    }
    expect(printed.slice(before)).toContain('abc');
    bridges.enter('uart4', 'end', undefined, undefined);
    bridges.enter('uart4', 'close', undefined, undefined);
    machine.dispose();
  });

  it('refuse what no client of theirs can do', () => {
    const { machine, make } = bridged(true);
    const bridges = make('uart4');
    for (const [source, kind, bytes] of [
      ['uart4', 'data', Uint8Array.of(1)],
      ['uart4', 'close', undefined],
      ['uart1', 'open', undefined],
      ['rpmsg-sock 1', 'data', Uint8Array.of(1)],
    ] as const)
      expect(() => bridges.enter(source, kind, bytes, undefined)).toThrow(diverged);
    bridges.enter('rpmsg-sock 1', 'open', undefined, undefined);
    bridges.enter('uart4', 'open', undefined, undefined);
    for (const source of ['uart4', 'rpmsg-sock 1']) {
      expect(() => bridges.enter(source, 'open', undefined, undefined)).toThrow(diverged);
      expect(() => bridges.enter(source, 'dance', undefined, undefined)).toThrow(diverged);
      expect(() => bridges.enter(source, 'room', undefined, 1)).toThrow(diverged);
    }
    machine.dispose();
  });

  it('are not made for a device that is not there', () => {
    const { machine, make } = bridged();
    expect(() => make('uart9')).toThrow('no device uart9 to bridge');
    machine.dispose();
  });
});
