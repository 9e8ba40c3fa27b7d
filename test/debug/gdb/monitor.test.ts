/** `monitor` commands: what they say, what they do, and that the manual has them all. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { MONITOR_COMMANDS } from '../../../src/debug/gdb/monitor.ts';
import { RegisterSet } from '../../../src/debug/gdb/registers.ts';
import { GdbServer } from '../../../src/debug/gdb/server.ts';
import { debugged } from '../support.ts';
import { Client } from './client.ts';

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

async function connect(image: string, options: Parameters<typeof debugged>[1] = {}) {
  const run = debugged(image, options);
  const { debug, machine, session, inputs } = run;
  ends.push(() => {
    session.stop(0);
    session.dispose();
  });
  const type = (device: string, bytes: Uint8Array): void => void inputs.perform('console.send', device, bytes);
  const client = new Client(new GdbServer({ debugger: debug, machine, type }));
  await client.ask('?');
  const until = async (symbol: string): Promise<void> => {
    const at = machine.symbols.lookup(symbol)!.address.toString(16);
    await client.ask(`Z0,${at},2`);
    expect(await client.ask('c')).toMatch(/^T05/);
    await client.ask(`z0,${at},2`);
  };
  return { ...run, client, until };
}

describe('monitor', () => {
  it('has the commands that docs/gdb.md lists, and each has help', async () => {
    const manual = readFileSync('docs/gdb.md', 'utf8');
    const listed = [...manual.matchAll(/^\| `monitor ([^`]+)` \|/gm)].map(([, usage]) => usage!.replaceAll('\\|', '|'));
    expect(listed).toEqual(MONITOR_COMMANDS.map(({ name, operands }) => (operands ? `${name} ${operands}` : name)));
    const { client } = await connect('imx8mp_hello');
    const all = await client.monitor('help');
    for (const { name, help } of MONITOR_COMMANDS) {
      expect(all).toContain(help);
      expect(await client.monitor(`help ${name}`)).toContain(`monitor ${name}`);
    }
    expect(await client.monitor('')).toBe(all);
    expect(await client.monitor('reste')).toContain('did you mean reset?');
    expect(await client.monitor('frobnicate')).toContain('there are help, reset');
    expect(await client.monitor('help frobnicate')).toContain('no command');
  });

  it('tells time, goes to moments, and finds who wrote a variable', async () => {
    const { client, until, debug, machine } = await connect('imx8mp_threads_freertos');
    await until('item_give');
    const { cycle, instructions } = debug.position();
    expect(await client.monitor('time')).toContain(`cycle ${cycle} (`);
    expect(await client.monitor('time')).toContain(`${instructions} instructions`);
    expect(await client.monitor('who produced')).toMatch(
      /^produced \(4 bytes\) was written last by m7 at 0x\w{8} producer\+0x\w+ \(.*threads\/main\.c:22\), cycle \d+ \(0\.\d{9} s\)\n$/,
    );
    expect(debug.position()).toEqual({ core: 'm7', cycle, instructions });
    // Linux has loaded them.
    expect(await client.monitor('who vectors')).toMatch(/^vectors \(704 bytes\) was written last by linux, cycle \d+/);
    expect(await client.monitor('who 0x50000000 8')).toContain('0x50000000 (8 bytes) was not written');
    expect(await client.monitor('who nobody')).toContain('no symbol nobody');
    expect(await client.monitor('goto -1us')).toContain(`cycle ${cycle - 800}`);
    expect(debug.position().cycle).toBe(cycle - 800);
    expect(await client.monitor('time')).toContain(`the present is at cycle ${cycle} (`);
    expect(await client.monitor('goto present')).toContain(`cycle ${cycle}`);
    expect(await client.monitor('goto 3ms')).toContain(`cycle ${3e-3 * machine.scheduler.hz} (0.003000000 s)`);
    expect(await client.monitor('goto nowhere')).toContain('give a time');
    expect(await client.monitor('reset')).toContain('at the beginning of the run');
    expect(debug.position().cycle).toBe(0);
    expect(await client.monitor('reset run')).toContain('reset halts');
  });

  it('shows registers of blocks without reading them, and the core`s interrupts', async () => {
    const { client, until, machine } = await connect('imx8mp_rpmsg');
    await until('client_receive');
    const before = machine.scheduler.now;
    expect(await client.monitor('peripherals uart4 ucr1')).toMatch(/^UCR1 at 0x30a60080: 0x\w{8} \(reset 0x\w{8}, rw\)\n {2}\w+ +\[\d+/);
    expect(await client.monitor('peripherals UART4 NONE')).toMatch(/UART4 has no register NONE: it has URXD/);
    expect(await client.monitor('peripherals NONE')).toContain('NONE');
    expect(await client.monitor('peripherals')).toMatch(/^MU1_A +0x30aa0000 +0x10000 .*\nMU1_B +0x30ab0000 /m);
    expect(await client.monitor('peripherals MU1')).toMatch(/MU1_A or MU1_B/);
    expect(await client.monitor('peripherals MU1_B TR1')).toMatch(/^TR1 at 0x30ab0004/);
    expect(await client.monitor('info irq all')).toMatch(/^105 +IRQ 89 +SRC /m);
    expect(await client.monitor('info irq what')).toContain('info irq all');
    expect(await client.monitor('vring virtio0 1')).toMatch(/^virtio0 vring1 \(Linux to core\)/);
    expect(await client.monitor('vring virtio7 1')).toContain('there are virtio0 0, virtio0 1');
    expect(machine.scheduler.now).toBe(before);
  });

  it('types on consoles, and says what they are', async () => {
    const { client, until, shown } = await connect('imx8mp_hello');
    await until('main');
    expect(await client.monitor('console')).toContain('uart4');
    expect(await client.monitor('console nowhere x')).toContain('no console nowhere');
    expect(await client.monitor('console uart4')).toContain('nothing to type');
    await until('uart_getc');
    expect(await client.monitor('console console a\\x62\\r')).toBe('3 bytes for uart4\n');
    await client.ask('c');
    expect(shown).toContain('uart4: ab');
  });

  it('lets Linux go on or stand still', async () => {
    const { client, debug } = await connect('imx8mp_rpmsg');
    expect(await client.monitor('linux')).toContain('Linux stands still');
    expect(await client.monitor('linux run')).toContain('Linux goes on');
    expect(debug.linuxWhileHalted).toBe('runs');
    expect(await client.monitor('linux hold')).toContain('Linux stands still');
    expect(debug.linuxWhileHalted).toBe('held');
    expect(await client.monitor('linux what')).toContain('linux hold, or linux run');
    expect(await client.monitor('dmesg 0')).toContain('give a number');
    expect(await client.monitor('rpmsg')).toContain('no rpmsg device');
  });

  it('says so where there is no Linux', async () => {
    const { client } = await connect('semihosting');
    for (const command of ['linux', 'rpmsg', 'dmesg']) expect(await client.monitor(command)).toBe('this machine has no Linux\n');
    expect(await client.monitor('info mu')).toContain('has no messaging unit');
    expect(await client.monitor('vring')).toContain('no vring');
  });
});

it('a core with two security states has registers of both', () => {
  const { machine, session } = debugged('trustzone', { semihosting: true });
  const { description, registers } = new RegisterSet(machine.core.registerGroups());
  expect(description).toContain('<feature name="org.gnu.gdb.arm.secext">');
  const names = registers.map(({ name }) => name);
  for (const name of ['msp_ns', 'psp_ns', 'msp_s', 'psp_s', 'control_ns', 'msplim_s', 'psplim']) expect(names).toContain(name);
  for (const { parts } of registers) for (const part of parts) expect(() => machine.core.readRegister(part)).not.toThrow();
  session.stop(0);
  session.dispose();
});
