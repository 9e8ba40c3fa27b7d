/** Semihosting that GDB carries out: what it is asked for, and what the firmware gets. */
import { afterEach, describe, expect, it } from 'vitest';
import { readFirmware } from '../../../src/cli/firmware-file.ts';
import { GdbServer } from '../../../src/debug/gdb/server.ts';
import { debugged } from '../support.ts';
import { Client } from './client.ts';

const BKPT = 0xbeab;
const BLOCK = 0x2000_8000;
const TEXT = 0x2000_8100;
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** A core that stands at a call; `call` performs one and answers GDB's requests. */
async function connect() {
  const { debug, machine, session } = debugged('semihosting', { semihosting: true });
  ends.push(() => {
    session.stop(0);
    session.dispose();
  });
  const client = new Client(new GdbServer({ debugger: debug, machine }));
  await client.ask('?');
  expect(await client.monitor('semihosting gdb')).toContain('gdb carries out');
  const { segments } = readFirmware('images/semihosting.elf');
  const code = segments.flatMap(({ da, data }) =>
    Array.from(data, (byte, index) => [da + index, byte | ((data[index + 1] ?? 0) << 8)] as const),
  );
  const at = code.find(([address, halfword]) => address % 2 === 0 && halfword === BKPT)![0];
  const little = (words: readonly number[]): string => {
    const buffer = Buffer.alloc(4 * words.length);
    words.forEach((word, index) => void buffer.writeUInt32LE(word >>> 0, 4 * index));
    return buffer.toString('hex');
  };
  const call = async (
    operation: number,
    block: readonly number[] | number,
    replies: readonly (string | ((request: string) => Promise<string>))[],
  ) => {
    if (typeof block !== 'number') await client.ask(`M${BLOCK.toString(16)},${(4 * block.length).toString(16)}:${little(block)}`);
    await client.ask(`P0=${little([operation])}`);
    await client.ask(`P1=${little([typeof block === 'number' ? block : BLOCK])}`);
    await client.ask(`Pf=${little([at])}`);
    const requests: string[] = [];
    let answer = await client.ask('vCont;s:1');
    for (const reply of replies) {
      requests.push(answer);
      answer = await client.ask(typeof reply === 'string' ? reply : await reply(answer));
    }
    expect(answer).toMatch(/^T0/);
    expect(await client.register(15)).toBe(at + 2);
    return { requests, result: await client.register(0), answer };
  };
  const text = async (content: string): Promise<number> => {
    await client.ask(`M${TEXT.toString(16)},${(content.length + 1).toString(16)}:${Buffer.from(`${content}\0`).toString('hex')}`);
    return content.length;
  };
  return { client, call, text, debug, machine };
}

describe('semihosting through GDB', () => {
  it('opens, writes, reads, seeks, measures and closes files', async () => {
    const { call, text } = await connect();
    const length = await text('out.bin');
    // wb
    expect(await call(0x01, [TEXT, 5, length], ['F7'])).toMatchObject({ requests: ['Fopen,20008100/8,601,1a4'], result: 8 });
    expect(await call(0x05, [8, TEXT, 7], ['F5'])).toMatchObject({ requests: ['Fwrite,7,20008100,7'], result: 2 });
    expect(await call(0x0a, [8, 3], ['F3'])).toMatchObject({ requests: ['Flseek,7,3,0'], result: 0 });
    expect(await call(0x0c, [8], ['F3', 'F1234', 'F3'])).toMatchObject({
      requests: ['Flseek,7,0,1', 'Flseek,7,0,2', 'Flseek,7,3,0'],
      result: 0x1234,
    });
    expect(await call(0x09, [8], ['F0'])).toMatchObject({ requests: ['Fisatty,7'], result: 0 });
    expect(await call(0x02, [8], ['F0'])).toMatchObject({ requests: ['Fclose,7'], result: 0 });
    expect(await call(0x0e, [TEXT, length], ['F0'])).toMatchObject({ requests: ['Funlink,20008100/8'], result: 0 });
    expect(await call(0x0f, [TEXT, 3, TEXT, 7], ['F0'])).toMatchObject({ requests: ['Frename,20008100/4,20008100/8'], result: 0 });
    expect(await call(0x12, [TEXT, length], ['F2'])).toMatchObject({ requests: ['Fsystem,20008100/8'], result: 2 });
  });

  it('puts what GDB reads where the firmware wants it', async () => {
    const { call, client } = await connect();
    const write = async (): Promise<string> => {
      await client.ask('M20008100,3:616263');
      return 'F3';
    };
    expect(await call(0x06, [4, TEXT, 8], [write])).toMatchObject({ requests: ['Fread,3,20008100,8'], result: 5 });
    expect(await client.ask('m20008100,3')).toBe('616263');
  });

  it('takes time and characters through bytes that are not in the memory', async () => {
    const { call, client } = await connect();
    const at = (request: string): string => request.split(',').at(request.startsWith('Fread') ? 2 : 1)!;
    let before = '';
    const time = async (request: string): Promise<string> => {
      before = await client.ask(`m20008000,10`);
      expect(await client.ask(`M${at(request)},c:65e00000000000000000abcd`)).toBe('OK');
      return 'F0';
    };
    expect((await call(0x11, BLOCK, [time])).result).toBe(0x65e0_0000);
    expect(await client.ask('m20008000,10')).toBe(before);
    const key = async (request: string): Promise<string> => {
      await client.ask(`M${at(request)},1:51`);
      return 'F1';
    };
    expect((await call(0x07, 0, [key])).result).toBe(0x51);
  });

  it('prints, knows the console without asking, and keeps errors for SYS_ERRNO', async () => {
    const { call, text } = await connect();
    await text(':tt');
    for (const [mode, handle] of [
      [0, 1],
      [4, 2],
      [8, 3],
    ] as const)
      expect(await call(0x01, [TEXT, mode, 3], [])).toMatchObject({ requests: [], result: handle });
    await text('hello');
    expect(await call(0x04, TEXT, ['F5'])).toMatchObject({ requests: ['Fwrite,1,20008100,5'], result: 0 });
    expect(await call(0x03, TEXT, ['F1'])).toMatchObject({ requests: ['Fwrite,1,20008100,1'], result: 0 });
    expect((await call(0x01, [TEXT, 0, 5], ['F-1,2'])).result).toBe(0xffff_ffff);
    expect(await call(0x13, 0, [])).toMatchObject({ requests: [], result: 2 });
    expect((await call(0x01, [TEXT, 12, 5], [])).result).toBe(0xffff_ffff);
    expect((await call(0x02, 0xf000_0000, [])).result).toBe(0xffff_ffff);
  });

  it('leaves the rest to the run, and all of it when GDB is not to', async () => {
    const { call, client } = await connect();
    // SYS_CLOCK and SYS_ISERROR
    expect(await call(0x10, 0, [])).toMatchObject({ requests: [] });
    expect(await call(0x08, [0xffff_ffff], [])).toMatchObject({ requests: [], result: 1 });
    expect(await client.monitor('semihosting run')).toContain('as the run has it');
    expect(await call(0x04, TEXT, [])).toMatchObject({ requests: [], result: 0 });
  });

  it('can be interrupted while GDB works', async () => {
    const { call, text } = await connect();
    await text('hello');
    const { answer, result } = await call(0x04, TEXT, ['F-1,4,C']);
    expect(answer).toMatch(/^T02/);
    expect(result).toBe(0);
  });
});
