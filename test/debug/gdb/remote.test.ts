/** What a GDB asks of a run, packet by packet. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readFirmware } from '../../../src/cli/firmware-file.ts';
import { PACKET_SIZE } from '../../../src/debug/gdb/framing.ts';
import { GdbServer } from '../../../src/debug/gdb/server.ts';
import { parseThread } from '../../../src/debug/gdb/text.ts';
import type { SessionOptions } from '../../../src/session/session.ts';
import { debugged } from '../support.ts';
import { Client, frame } from './client.ts';

const [SP, LR, PC, XPSR] = [13, 14, 15, 25];
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A client of a run that waits before its first instruction. */
function connect(image = 'imx8mp_hello', options: Partial<SessionOptions> = {}) {
  const run = debugged(image, options);
  const { debug, inputs, machine, session } = run;
  // The client alone is what holds the run.
  const type = (device: string, bytes: Uint8Array) => void inputs.perform('console.send', device, bytes);
  const notes: string[] = [];
  const server = new GdbServer({ debugger: debug, machine, type, note: (text) => void notes.push(text) });
  const client = new Client(server);
  ends.push(() => {
    session.stop(0);
    session.dispose();
  });
  const firmware = readFirmware(`images/${image}.elf`);
  const symbol = (name: string): number => firmware.symbols.find((each) => each.name === name)!.address;
  return { ...run, server, client, notes, symbol };
}

const hex = (value: number): string => value.toString(16);
const little = (value: number): string => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value >>> 0);
  return buffer.toString('hex');
};

describe('the beginning', () => {
  it('says what it can do, and stops acknowledging when asked', async () => {
    const { client, debug } = connect();
    const features = (await client.ask('qSupported:multiprocess+;swbreak+;hwbreak+;vContSupported+')).split(';');
    expect(features).toEqual(
      expect.arrayContaining([
        'PacketSize=4000',
        'QStartNoAckMode+',
        'swbreak+',
        'hwbreak+',
        'qXfer:features:read+',
        'qXfer:memory-map:read+',
      ]),
    );
    expect(features.includes('ReverseContinue+')).toBe(debug.noWayBack === undefined);
    expect(client.wire.acks).toBe(1);
    expect(await client.ask('QStartNoAckMode')).toBe('OK');
    expect(client.wire.acks).toBe(2);
    expect(await client.ask('?')).toMatch(/^T05thread:1;/);
    expect(client.wire.acks).toBe(2);
    expect(await client.ask('vMustReplyEmpty')).toBe('');
    expect(await client.ask('vCont?')).toBe('vCont;c;C;s;S;r');
    expect(await client.ask('QNonStop:0')).toBe('OK');
    expect(await client.ask('QNonStop:1')).toMatch(/^E\./);
    expect(await client.ask('qAttached')).toBe('1');
    expect(await client.ask('qOffsets')).toBe('Text=0;Data=0;Bss=0');
  });

  it('describes registers as the core has them, and packets of them have that size', async () => {
    const { client } = connect();
    const xml = await client.object('features', 'target.xml');
    expect(xml).toContain('<architecture>arm</architecture>');
    for (const feature of ['arm.m-profile', 'arm.vfp', 'arm.m-system']) expect(xml).toContain(`<feature name="org.gnu.gdb.${feature}">`);
    expect(xml).not.toContain('secext');
    const registers = [...xml.matchAll(/<reg name="(\w+)" bitsize="(\d+)" regnum="(\d+)"/g)].map(([, name, bits, number]) => ({
      name,
      bits: Number(bits),
      number: Number(number),
    }));
    expect(registers.slice(0, 17).map(({ name }) => name)).toEqual([
      ...Array.from({ length: 13 }, (_, n) => `r${n}`),
      'sp',
      'lr',
      'pc',
      'xpsr',
    ]);
    expect(registers.find(({ name }) => name === 'xpsr')?.number).toBe(XPSR);
    expect(registers.filter(({ name }) => /^d\d+$/.test(name!))).toHaveLength(16);
    for (const name of ['fpscr', 'msp', 'psp', 'primask', 'basepri', 'faultmask', 'control'])
      expect(registers.map((each) => each.name)).toContain(name);
    expect(new Set(registers.map(({ number }) => number)).size).toBe(registers.length);
    await client.ask('?');
    expect(await client.ask('g')).toHaveLength(registers.reduce((sum, { bits }) => sum + bits / 4, 0));
    expect(await client.object('features', 'other.xml')).toBe('E00');
  });

  it('describes memory: RAM and devices, without the holes', async () => {
    const { client, machine } = connect();
    const map = await client.object('memory-map');
    const regions = [...map.matchAll(/<memory type="ram" start="(0x\w+)" length="(0x\w+)"\/>/g)].map(
      ([, start, length]) => [Number(start), Number(length)] as const,
    );
    const inside = (address: number): boolean => regions.some(([start, length]) => address >= start && address < start + length);
    for (const { base, size } of machine.view('m7').regions) expect(inside(base) && inside(base + size - 1)).toBe(true);
    expect(inside(0xe000_e000)).toBe(true);
    expect(inside(0xf000_0000)).toBe(false);
    for (const [index, [start]] of regions.entries())
      expect(index === 0 || start > regions[index - 1]![0] + regions[index - 1]![1]).toBe(true);
  });

  it('has the ELF for a GDB without one, and no other file', async () => {
    const { client, machine } = connect();
    const name = await client.object('exec-file');
    expect(name).toBe('/imx-sim/imx8mp_hello.elf');
    const open = async (path: string, flags = '0'): Promise<string> =>
      client.ask(`vFile:open:${Buffer.from(path).toString('hex')},${flags},0`);
    for (const path of ['/etc/passwd', '/imx-sim/../etc/passwd', '', `${name}\0`]) expect(await open(path)).toBe('F-1,2');
    expect(await open(name, '1')).toBe('F-1,d');
    expect(await open(name)).toBe('F3');
    expect(await open(name)).toBe('F4');
    expect(await client.ask('vFile:close:3')).toBe('F0');
    const stat = Buffer.from(await client.ask('vFile:fstat:4'), 'latin1');
    expect(stat.subarray(0, 4).toString()).toBe('F40;');
    expect(stat.readUInt32BE(4 + 32)).toBe(machine.firmwareFile!.length);
    let file = Buffer.alloc(0);
    for (;;) {
      const part = Buffer.from(await client.ask(`vFile:pread:4,1000,${hex(file.length)}`), 'latin1');
      const data = part.subarray(part.indexOf(';') + 1);
      if (data.length === 0) break;
      file = Buffer.concat([file, data]);
    }
    expect(file.equals(machine.firmwareFile!)).toBe(true);
    expect(await client.ask('vFile:pread:9,10,0')).toBe('F-1,9');
    expect(await client.ask('vFile:unlink:2f')).toBe('');
  });
});

describe('running', () => {
  it('stops at breakpoints without a change to memory, steps, and goes on', async () => {
    const { client, symbol, machine } = connect();
    await client.ask('qSupported:swbreak+');
    expect(await client.ask('?')).toMatch(/^T05thread:1;/);
    const main = symbol('main');
    for (const type of [0, 1]) expect(await client.ask(`Z${type},${hex(main)},2`)).toBe('OK');
    expect(await client.ask(`z1,${hex(main)},2`)).toBe('OK');
    expect(await client.ask('vCont;c')).toMatch(/^T05swbreak:;thread:1;/);
    expect(await client.register(PC)).toBe(main);
    const code = await client.ask(`m${hex(main)},8`);
    expect(Buffer.from(code, 'hex')).toEqual(Buffer.from(machine.view('m7').readBytes(main, 8)!));
    const { instructions } = machine.core;
    expect(await client.ask('vCont;s:1;c')).toMatch(/^T05thread:1;/);
    expect(machine.core.instructions).toBe(instructions + 1);
    const pc = await client.register(PC);
    expect(await client.ask(`vCont;r${hex(pc)},${hex(pc + 4)}:1;c`)).toMatch(/^T05thread/);
    expect(await client.register(PC)).not.toBe(pc);
    expect(await client.ask(`z0,${hex(main)},2`)).toBe('OK');
    client.send('vCont;c');
    client.raw('\x03');
    expect(await client.answer()).toMatch(/^T02thread:1;/);
  });

  it('is interrupted by Ctrl-C at any time, also while it stands still', async () => {
    const { client } = connect();
    await client.ask('?');
    client.raw('\x03\x03');
    client.send('c');
    client.raw('\x03');
    expect(await client.answer()).toMatch(/^T02/);
    expect(await client.ask('p f')).toBe('E01');
  });

  it('tells watchpoints by the bytes that are watched', async () => {
    const { client, symbol } = connect('imx8mp_threads_freertos');
    await client.ask('?');
    // What clears .bss is a store, too.
    await client.ask(`Z0,${hex(symbol('main'))},2`);
    await client.ask('c');
    const produced = symbol('produced');
    expect(await client.ask(`Z2,${hex(produced)},4`)).toBe('OK');
    expect(await client.ask('vCont;c')).toMatch(new RegExp(`^T05watch:${hex(produced)};`));
    const before = await client.ask(`m${hex(produced)},4`);
    expect(await client.ask(`z2,${hex(produced)},4`)).toBe('OK');
    await client.ask('vCont;s');
    expect(await client.ask(`m${hex(produced)},4`)).not.toBe(before);
    for (const [type, kind] of [
      [3, 'rwatch'],
      [4, 'awatch'],
    ] as const) {
      expect(await client.ask(`Z${type},${hex(produced)},4`)).toBe('OK');
      expect(await client.ask('c')).toMatch(new RegExp(`^T05${kind}:${hex(produced)};`));
      expect(await client.ask(`z${type},${hex(produced)},4`)).toBe('OK');
    }
    expect(await client.ask('Z2,0,0')).toBe('OK');
    expect(await client.ask('Z2,ffffffff,10')).toMatch(/^E/);
    expect(await client.ask('Z5,0,4')).toBe('');
    expect(await client.ask('Z0,zz,2')).toBe('E01');
  });

  it('goes back as well as forth', async () => {
    const { client, symbol, debug } = connect('imx8mp_threads_freertos');
    await client.ask('?');
    expect(debug.noWayBack).toBeUndefined();
    const point = hex(symbol('item_give'));
    await client.ask(`Z0,${point},2`);
    await client.ask('c');
    const first = debug.position();
    await client.ask('c');
    expect(debug.position().instructions).toBeGreaterThan(first.instructions);
    expect(await client.ask('bc')).toMatch(/^T05/);
    expect(debug.position()).toEqual(first);
    expect(await client.ask('bs')).toMatch(/^T05/);
    expect(debug.position().instructions).toBe(first.instructions - 1);
    await client.ask(`z0,${point},2`);
    expect(await client.ask('bc')).toMatch(/^T05replaylog:begin;/);
    expect(await client.ask('c')).toMatch(/^T05replaylog:end;/);
  });

  it('says how firmware failed: by signal and in words', async () => {
    const { client } = connect('imx8mp_fault');
    await client.ask('?');
    client.send('c');
    let text = '';
    for (;;) {
      const answer = await client.answer();
      if (!answer.startsWith('O')) {
        // A bus fault.
        expect(answer).toMatch(/^T0athread/);
        break;
      }
      text += Buffer.from(answer.slice(1), 'hex').toString();
    }
    expect(text).toContain('PRECISERR');
    expect(await client.ask('c')).toMatch(/^T0athread/);
    expect(await client.ask('k'.replace('k', 'qC'))).toBe('QC1');
  });

  it('ends with the exit status of the firmware', async () => {
    const { client } = connect('semihosting_exit7', { semihosting: true });
    await client.ask('?');
    expect(await client.ask('vCont;c')).toBe('W07');
  });
});

describe('registers and memory', () => {
  it('are written as they are read', async () => {
    const { client, machine, symbol } = connect();
    await client.ask('?');
    await client.ask(`Z0,${hex(symbol('main'))},2`);
    await client.ask('c');
    expect(await client.ask(`P0=${little(0xdead_beef)}`)).toBe('OK');
    expect(machine.core.readRegister('r0')).toBe(0xdead_beef);
    const all = await client.ask('g');
    expect(all.startsWith(little(0xdead_beef))).toBe(true);
    expect(await client.ask(`G${little(0x1234_5678)}${all.slice(8)}`)).toBe('OK');
    expect(await client.ask('g')).toBe(`${little(0x1234_5678)}${all.slice(8)}`);
    expect(await client.ask('G00')).toBe('E01');
    // d0, of two single ones.
    expect(await client.ask('P1a=000102030405060f')).toBe('OK');
    expect(machine.core.readRegister('s0')).toBe(0x0302_0100);
    expect(machine.core.readRegister('s1')).toBe(0x0f06_0504);
    expect(await client.ask('p1a')).toBe('000102030405060f');
    for (const bad of ['p63', 'pzz', 'P0=00', 'P0', 'P63=00000000']) expect(await client.ask(bad)).toBe('E01');
  });

  it('hold what is written, in hex and binary, and holes refuse', async () => {
    const { client } = connect();
    await client.ask('?');
    expect(await client.ask('M20001000,4:01020304')).toBe('OK');
    expect(await client.ask('m20001000,4')).toBe('01020304');
    expect(await client.ask('X20001004,6:}\x03}\x04}\n}]\x00\xff')).toBe('OK');
    expect(await client.ask('m20001004,6')).toBe('23242a7d00ff');
    expect(await client.ask('x20001000,4')).toBe('b\x01\x02\x03\x04');
    expect(await client.ask('X20001000,0:')).toBe('OK');
    for (const hole of ['mf0000000,4', 'Mf0000000,4:00000000', 'Xf0000000,1:a']) expect(await client.ask(hole)).toMatch(/^E0e$/);
    for (const bad of ['m', 'm0', 'm0,', 'm-1,4', 'mffffffffffffffff,1', 'M0,4:00', 'M0,1:zz', 'X0,5:a'])
      expect(await client.ask(bad)).toBe('E01');
    // As much as fits before the end of a region.
    expect(await client.ask('m2001fffe,8')).toHaveLength(4);
    expect((await client.ask('m20000000,ffffffff')).length).toBeLessThan(PACKET_SIZE);
  });

  it('are compared, searched, and written as flash', async () => {
    const { client, machine, debug } = connect();
    await client.ask('?');
    // The check value of CRC-32/MPEG-2.
    expect(await client.ask(`M20001000,9:${Buffer.from('123456789').toString('hex')}`)).toBe('OK');
    expect(await client.ask('qCRC:20001000,9')).toBe('C0376e6e7');
    expect(await client.ask('qCRC:f0000000,4')).toBe('E0e');
    expect(await client.ask('qCRC:40000000,ffffffff')).toBe('E01');
    expect(await client.ask('qSearch:memory:20000000;10000;456')).toBe('1,20001003');
    expect(await client.ask('qSearch:memory:20000000;10000;4567x')).toBe('0');
    expect(await client.ask('qSearch:memory:20000000;10000;')).toBe('E01');
    // Fits almost everywhere; a search that went back for each place would take minutes.
    expect(await client.ask(`qSearch:memory:90000000;400000;${'\0'.repeat(8000)}x`)).toBe('0');
    expect(await client.ask('vFlashErase:20002000,10')).toBe('OK');
    expect(await client.ask('vFlashWrite:20002004:ab}\x03')).toBe('OK');
    expect(machine.view('m7').readBytes(0x2000_2000, 4)).toEqual(Uint8Array.of(0, 0, 0, 0));
    expect(await client.ask('vFlashDone')).toBe('OK');
    expect(await client.ask('m20002000,8')).toBe('ffffffff616223ff');
    expect(await client.ask('vFlashErase:f0000000,10')).toBe('E.memtype');
    // Nothing to write is nothing to keep, or there could be any number of it.
    const writes = vi.spyOn(debug, 'writeMemory');
    expect(await client.ask('vFlashWrite:20002000:')).toBe('OK');
    expect(await client.ask('vFlashDone')).toBe('OK');
    expect(writes).not.toHaveBeenCalled();
    expect(await client.ask('vFlashErase:20002000,ffffffff')).toMatch(/^E\./);
  });
});

describe('threads', () => {
  it('are one before the kernel runs, and then those of the RTOS with their own registers', async () => {
    for (const image of ['imx8mp_threads_freertos', 'imx8mp_threads_zephyr']) {
      const { client, symbol, machine } = connect(image);
      await client.ask('?');
      expect(await client.ask('qfThreadInfo')).toBe('m1');
      await client.ask(`Z0,${hex(symbol('main'))},2`);
      await client.ask('c');
      expect(await client.ask('qC')).toBe('QC1');
      await client.ask(`Z0,${hex(symbol('item_give'))},2`);
      expect(await client.ask('c')).toMatch(/^T05.*thread:2000/);
      const ids = (await client.ask('qfThreadInfo')).slice(1).split(',');
      expect(ids).toHaveLength(4);
      const xml = await client.object('threads');
      for (const name of ['producer', 'consumer', 'calculator', 'IDLE']) expect(xml).toContain(`name="${name}"`);
      const live = (await client.ask('qC')).slice(2);
      const idOf = (name: string): string => new RegExp(`id="(\\w+)" core="0" name="${name}"`).exec(xml)![1]!;
      expect(live).toBe(idOf('producer'));
      expect(Buffer.from(await client.ask(`qThreadExtraInfo,${live}`), 'hex').toString()).toMatch(/^producer: running, priority \d/);
      expect(await client.ask(`T${idOf('IDLE')}`)).toBe('OK');
      expect(await client.ask('T1234')).toBe('E01');
      expect(await client.ask('Hg1234')).toBe('E01');
      expect(await client.ask(`Hg${idOf('calculator')}`)).toBe('OK');
      // It was interrupted in its loop, with floating-point registers in its frame.
      const pc = await client.register(PC);
      expect(machine.symbols.name(pc)).toMatch(/^calculator\+/);
      const sp = await client.register(SP);
      expect(machine.symbols.name(sp)).toMatch(/^stacks/);
      const all = await client.ask('g');
      expect(all.slice(8 * PC, 8 * PC + 8)).toBe(little(pc));
      // What the thread has stored is changed where it is stored.
      expect(await client.ask(`P4=${little(0x0bad_cafe)}`)).toBe('OK');
      expect(await client.register(4)).toBe(0x0bad_cafe);
      expect(machine.core.readRegister('r4')).not.toBe(0x0bad_cafe);
      expect(await client.ask(`P${hex(SP)}=${little(0)}`)).toMatch(/^E\./);
      expect(await client.ask(`Hg${idOf('consumer')}`)).toBe('OK');
      expect(machine.symbols.name(await client.register(PC))).toMatch(/^item_take/);
      expect(await client.ask('Hg0')).toBe('OK');
      expect(await client.register(LR)).toBe(machine.core.readRegister('lr'));
    }
  });

  it('are stepped over interrupts, switches of threads included', async () => {
    const { client, symbol, machine } = connect('imx8mp_threads_zephyr');
    await client.ask('?');
    const calculator = symbol('calculator');
    await client.ask(`Z0,${hex(calculator)},2`);
    const thread = /thread:(\w+);/.exec(await client.ask('c'))![1]!;
    const { size } = readFirmware('images/imx8mp_threads_zephyr.elf').symbols.find(({ name }) => name === 'calculator')!;
    const entries = machine.core.entries;
    // Through all of its loop, which takes several ticks.
    expect(await client.ask(`vCont;r${hex(calculator)},${hex(calculator + size)}:${thread};c`)).toMatch(
      new RegExp(`^T05thread:${thread};`),
    );
    expect(machine.core.entries).toBeGreaterThan(entries + 4);
    expect(await client.register(PC)).toBe(symbol('thread_sleep'));
  });

  it('are stepped into interrupts on request', async () => {
    const { client, symbol } = connect('imx8mp_threads_zephyr');
    await client.ask('?');
    expect(await client.monitor('stepping into')).toContain('into exceptions');
    const idle = symbol('idle');
    await client.ask(`Z0,${hex(idle)},2`);
    const thread = /thread:(\w+);/.exec(await client.ask('c'))![1]!;
    // It sleeps until an interrupt comes, and would never leave its loop.
    await client.ask(`vCont;r${hex(idle)},${hex(idle + 8)}:${thread};c`);
    expect((await client.register(XPSR)) & 0x1ff).toBe(15);
    expect(Buffer.from(await client.ask(`qThreadExtraInfo,${thread}`), 'hex').toString()).toMatch(/in SysTick$/);
  });

  it('have ids beyond 0x7fffffff as GDB writes them', () => {
    expect(['1', '20001428', '80200178', '-7fdffe88', '-80000000'].map(parseThread)).toEqual([
      1, 0x2000_1428, 0x8020_0178, 0x8020_0178, 0x8000_0000,
    ]);
    expect(['0', '-1', '', '-', 'p1.1', '-ffffffff1', 'zz'].map(parseThread)).toEqual([
      'any',
      'any',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('that does not run is stepped when it is its turn', async () => {
    const { client, symbol } = connect('imx8mp_threads_freertos');
    await client.ask('?');
    await client.ask(`Z0,${hex(symbol('item_give'))},2`);
    await client.ask('c');
    await client.ask(`z0,${hex(symbol('item_give'))},2`);
    const consumer = /id="(\w+)" core="0" name="consumer"/.exec(await client.object('threads'))![1]!;
    expect(await client.ask(`vCont;s:${consumer}`)).toMatch(new RegExp(`^T05thread:${consumer};`));
  });
});

describe('clients', () => {
  it('come one at a time; the second is told', async () => {
    const { client, server } = connect();
    await client.ask('?');
    const second = new Client(server);
    expect(await second.ask('qSupported')).toMatch(/^E\.imx-sim: m7 has a GDB client already/);
    expect(second.dropped).toBe(true);
    second.leave();
    expect(client.dropped).toBe(false);
    client.leave();
    expect(await new Client(server).ask('?')).toMatch(/^T05/);
  });

  it.each([
    ['detach', async (client: Client) => expect(await client.ask('D;1')).toBe('OK')],
    ['kill', async (client: Client) => client.send('k')],
    ['vanish', async (client: Client) => client.leave()],
  ])('that %s leave nothing behind', async (_, leave) => {
    const { client, debug, symbol, server, status } = connect('imx8mp_hello', { timeout: 5e7 });
    debug.detach('test');
    await client.ask('?').catch(() => {});
    await client.ask(`Z0,${hex(symbol('main'))},2`);
    await client.ask(`Z2,20000000,100`);
    await leave(client);
    expect(debug.stoppers).toEqual([]);
    expect(debug.halted).toBeUndefined();
    expect(server.connected).toBe(false);
    await status;
  });

  it('that are still there when the run ends are told', async () => {
    const { client, server } = connect();
    await client.ask('?');
    client.send('c');
    server.close();
    expect(await client.answer()).toBe('W00');
    expect(client.dropped).toBe(true);
  });

  it('that want a packet again get it, a few times', async () => {
    const { client } = connect();
    const reply = await client.ask('qC');
    client.raw('-');
    expect(await client.answer()).toBe(reply);
    client.raw('$qC#00');
    expect(client.wire.rejects).toBe(1);
    client.raw('-'.repeat(1000));
    expect(client.dropped).toBe(true);
    expect(client.wire.packets.length).toBeLessThan(20);
  });

  it('that take nothing, or send without end, are dropped', async () => {
    const { client, server, notes } = connect();
    client.buffered = 1 << 30;
    client.send('qC');
    expect(client.dropped).toBe(true);
    expect(client.wire.bytes).toBe(0);
    expect(notes).toEqual([expect.stringContaining('does not take')]);
    const flood = new Client(server);
    await flood.ask('?');
    flood.raw(frame('vCont;c') + frame('g').repeat(1000));
    expect(flood.dropped).toBe(true);
    expect(server.connected).toBe(false);
  });

  it('of target extended-remote run and attach again', async () => {
    const { client, debug, symbol } = connect();
    expect(await client.ask('vRun;')).toBe('');
    expect(await client.ask('!')).toBe('OK');
    await client.ask('?');
    await client.ask(`Z0,${hex(symbol('main'))},2`);
    await client.ask('c');
    expect(await client.ask('vKill;1')).toBe('OK');
    expect(client.dropped).toBe(false);
    expect(debug.stoppers).toEqual([]);
    expect(await client.ask('vAttach;1')).toMatch(/^T05/);
    expect(await client.ask('vRun;')).toMatch(/^T05/);
    expect(debug.position().cycle).toBe(0);
    await client.ask(`Z0,${hex(symbol('main'))},2`);
    expect(await client.ask('c')).toMatch(/^T05/);
    expect(await client.register(PC)).toBe(symbol('main'));
  });
});
