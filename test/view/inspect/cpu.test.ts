import capstone from '@alexaltea/capstone-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../../src/machine.ts';
import { fromBase64 } from '../../../src/view/base64.ts';
import { codeOf } from '../../../src/view/inspect/code.ts';
import type { InspectContext } from '../../../src/view/inspect/context.ts';
import { capstoneInstructions } from '../../../src/view/inspect/disassembly.ts';
import { METHODS } from '../../../src/view/inspect/methods.ts';
import { contextOf, image, MS, machineOf, runToDoorbell } from './support.ts';

const disassemble = capstoneInstructions(() => capstone());

let machine: Machine;
let context: InspectContext;
const symbol = (name: string) => machine.symbols.lookup(name)!.address;

// The core stands in mu_send, behind the store that rings the doorbell.
beforeAll(() => {
  machine = machineOf('imx8mp_rpmsg');
  runToDoorbell(machine, 30);
  context = contextOf(machine, { disassemble });
});

afterAll(() => machine.dispose());

describe('registers', () => {
  it('come in groups, with fields and what they point to', async () => {
    const registers = await METHODS['cpu.registers'](context, {});
    const by = (name: string) => registers.find((register) => register.name === name)!;
    expect(new Set(registers.map(({ group }) => group))).toEqual(new Set(['core', 'float', 'system']));
    expect(by('pc')).toMatchObject({ value: machine.core.pc, bits: 32, text: expect.stringMatching(/^mu_send\+0x/) });
    expect(by('lr').text).toMatch(/^rpmsg_send\+0x/);
    expect(by('r0')).toEqual({ name: 'r0', group: 'core', value: 0, bits: 32 });
    expect(by('xpsr').fields).toContainEqual({ name: 'T', value: 1, text: 'Thumb state' });
    expect(by('control').fields).toContainEqual({ name: 'SPSEL', value: 0, text: 'stack of Thread mode: MSP' });
    machine.core.writeRegister('s0', 0x4048_f5c3);
    machine.core.writeRegister('s2', 0x5444_2d18);
    machine.core.writeRegister('s3', 0x4009_21fb);
    const floats = await METHODS['cpu.registers'](context, {});
    expect(floats.find(({ name }) => name === 's0')!.text).toBe('3.140000104904175');
    expect(floats.find(({ name }) => name === 'd1')).toMatchObject({
      value: 0x5444_2d18,
      high: 0x4009_21fb,
      bits: 64,
      text: '3.141592653589793',
    });
  });

  it('of a core that there is not are refused', () => {
    expect(() => METHODS['cpu.registers'](context, { core: 'm9' })).toThrow(
      expect.objectContaining({ message: 'no core m9', remedy: 'its cores: m7' }),
    );
  });

  it('are not written without a debugger', () => {
    expect(() => METHODS['cpu.setRegister'](context, { register: 'r0', value: 1 })).toThrow('nothing can be changed here');
  });
});

describe('instructions', () => {
  it('stand around the PC, with targets, literals and source lines', async () => {
    const lines = await METHODS['cpu.disassemble'](context, { count: 16, before: 8 });
    expect(lines[8]!.place.address).toBe(machine.core.pc);
    expect(lines.map(({ place }) => place.address)).toEqual([...lines.map(({ place }) => place.address)].sort((a, b) => a - b));
    const branch = lines.find(({ text }) => text.startsWith('bpl'))!;
    expect(branch.target).toMatchObject({ symbol: expect.stringMatching(/^mu_send\+0x/), line: expect.any(Number) });
    expect(lines.find(({ text }) => text.startsWith('ldr r2, [pc'))!.text).toMatch(/; 0x30ab0000$/);
    expect(lines[8]!.place).toMatchObject({ file: expect.stringContaining('common/mu.c'), symbol: expect.stringMatching(/^mu_send\+/) });
    for (const { bytes } of lines) expect([2, 4]).toContain(fromBase64(bytes).length);
  });

  it('are counted backwards as they are forwards, over the ends of functions and their literals', async () => {
    const start = symbol('mu_wait');
    const forward = await METHODS['cpu.disassemble'](context, { address: start, count: 40 });
    const last = forward.at(-1)!.place.address;
    for (const at of [25, 31, 39]) {
      const { address } = forward[at]!.place;
      const backward = await METHODS['cpu.disassemble'](context, { address, count: 21, before: 20 });
      expect(backward).toEqual(forward.slice(at - 20, at + 1));
    }
    expect(last).toBeGreaterThan(start);
    // What the compiler put behind the code is data.
    expect(forward.some(({ text }) => text === '.word 0x30ab0000')).toBe(true);
  });

  it('that are none, or outside of memory, end nothing', async () => {
    expect(await METHODS['cpu.disassemble'](context, { address: 0xf000_0000, count: 4 })).toEqual([]);
    const lines = await METHODS['cpu.disassemble']({ ...context, disassemble: undefined }, { count: 2 });
    expect(lines[0]!.text).toMatch(/^\.short 0x[0-9a-f]{4}/);
    // Only one can be before this address.
    const low = await METHODS['cpu.disassemble'](context, { address: 2, count: 8, before: 6 });
    expect(low.map(({ place }) => place.address).slice(0, 2)).toEqual([0, 2]);
    expect(low).toHaveLength(8);
  });
});

describe('the stack', () => {
  it('has frames with inlined ones, lines and variables', async () => {
    const frames = await METHODS['cpu.stack'](context, { locals: true });
    expect(frames.map((frame) => frame.function)).toEqual([
      'mu_send',
      'rpmsg_send',
      'client_receive',
      'rpmsg_poll',
      'main',
      'Reset_Handler',
    ]);
    const [, send, receive] = frames;
    expect(send!.locals).toContainEqual({ name: 'destination', type: 'uint32_t', value: '1024' });
    expect(send!.locals!.find(({ name }) => name === 'message')!.value).toMatch(
      /capacity = 496, buffer = \{data = 0x55403a00, len = 512, id = 29\}/,
    );
    expect(receive!.locals).toContainEqual({ name: 'count', type: 'uint32_t', value: expect.stringMatching(/^\d+$/) });
    expect(receive!.place).toMatchObject({ file: expect.stringContaining('rpmsg/main.c'), line: expect.any(Number) });
  });

  it('goes on behind an exception, which is named', async () => {
    const other = machineOf('imx8mp_fault');
    other.run(300 * MS);
    const frames = await METHODS['cpu.stack'](contextOf(other), {});
    const at = frames.findIndex(({ exception }) => exception !== undefined);
    expect(frames[at]!.exception).toBe('HardFault');
    expect(at).toBeGreaterThan(0);
    expect(frames.slice(at).some(({ function: name }) => name === 'main')).toBe(true);
    const [fault] = await METHODS['cpu.faults'](contextOf(other), {});
    expect(fault).toMatchObject({ exception: 'HardFault', place: { file: expect.stringContaining('fault/main.c') } });
    expect(fault!.causes.map(({ name }) => name)).toEqual(expect.arrayContaining(['PRECISERR', 'FORCED']));
    expect(fault!.address!.register).toBe('BFAR');
    expect(fault!.backtrace.length).toBeGreaterThan(2);
    expect((await METHODS['system.overview'](contextOf(other), {})).cores[0]).toMatchObject({ state: 'crashed', exception: 'HardFault' });
    other.dispose();
  });
});

describe('exceptions', () => {
  it('have the names of what is connected to their lines', async () => {
    const rows = await METHODS['cpu.exceptions'](context, {});
    expect(rows.find(({ number }) => number === 16 + 97)).toMatchObject({
      name: 'IRQ 97',
      source: 'MU1',
      enabled: true,
      pending: false,
      handler: { symbol: expect.stringContaining('MU') },
    });
    expect(rows.find(({ number }) => number === 15)).toMatchObject({ name: 'SysTick', enabled: expect.any(Boolean) });
    expect(rows.find(({ source }) => source === 'UART4')).toMatchObject({ number: 16 + 29 });
  });
});

describe('threads', () => {
  it('of a firmware without any are none', async () => {
    expect(await METHODS['cpu.threads'](context, {})).toEqual({ threads: [] });
  });

  it('of Zephyr are told with state, stack and place, and those that do not run have a stack of calls', async () => {
    const other = machineOf('imx8mp_threads_zephyr');
    other.run(100 * MS);
    const { system, threads } = await METHODS['cpu.threads'](contextOf(other), {});
    expect(system).toBe('Zephyr');
    expect(threads.filter(({ current }) => current)).toHaveLength(1);
    const waiting = threads.find(({ current, place }) => !current && place?.file !== undefined)!;
    expect(waiting.stack!.size).toBeGreaterThan(0);
    const frames = await METHODS['cpu.stack'](contextOf(other), { thread: waiting.id });
    expect(frames[0]!.place.address).toBe(waiting.place!.address);
    expect((await METHODS['system.overview'](contextOf(other), {})).cores[0]!.thread).toBe(threads.find(({ current }) => current)!.name);
    other.dispose();
  });
});

describe('names', () => {
  it('are found by a part of them, the best first', async () => {
    const found = await METHODS['symbols.search'](context, { text: 'MU_', limit: 3 });
    expect(found.map(({ symbol: name }) => name)).toEqual(['mu_init', 'mu_send', 'mu_wait']);
    expect(found[1]).toMatchObject({ address: symbol('mu_send'), size: expect.any(Number), file: expect.stringContaining('common/mu.c') });
    expect((await METHODS['symbols.search'](context, { text: 'main' }))[0]!.symbol).toBe('main');
    expect(await METHODS['symbols.search'](context, { text: 'no such thing' })).toEqual([]);
  });

  it('of variables give their values as gdb prints them', async () => {
    expect(await METHODS['symbols.value'](context, { name: 'client.name' })).toMatchObject({
      type: 'const char *',
      text: expect.stringContaining('"rpmsg-client-sample"'),
    });
    const { address, text } = await METHODS['symbols.value'](context, { name: 'client_receive::count' });
    expect(machine.view('m7').peek(address, 4)).toBe(Number(text));
    expect(() => METHODS['symbols.value'](context, { name: 'nonsense' })).toThrow(/nonsense/);
  });

  it('of source files are those that the debug information has, and no others', async () => {
    const asked: string[] = [];
    const readSource = async (file: string) => {
      asked.push(file);
      return 'one\ntwo\n';
    };
    const { file } = (await METHODS['cpu.stack'](context, {}))[0]!.place;
    expect(await METHODS['source.read']({ ...context, readSource }, { file: file! })).toEqual({ file, lines: ['one', 'two'] });
    for (const other of ['/etc/passwd', '../../etc/passwd', `${file}/../../../x`]) {
      expect((await METHODS['source.read']({ ...context, readSource }, { file: other })).why).toMatch(/names no such file/);
    }
    expect(asked).toEqual([file]);
    expect((await METHODS['source.read'](context, { file: file! })).why).toMatch(/--source-map/);
  });
  it('of source files are never those of a firmware that somebody has put into Linux', async () => {
    const other = machineOf('imx8mp_rpmsg');
    runToDoorbell(other, 1);
    const { firmware, dwarf } = codeOf(other)!;
    other.linux!.firmwareFiles.set(firmware!.name, image('imx8mp_bad_ring').bytes);
    const foreign = codeOf(other)!.dwarf!.files.find((file) => file.endsWith('bad-ring/main.c'))!;
    const own = dwarf!.files.find((file) => !codeOf(other)!.dwarf!.files.includes(file))!;
    const asked: string[] = [];
    const readSource = async (file: string) => {
      asked.push(file);
      return 'text';
    };
    const answer = await METHODS['source.read'](contextOf(other, { readSource }), { file: foreign });
    expect(answer).toEqual({ file: foreign, why: expect.stringContaining('the one that the run was given does not') });
    expect(asked).toEqual([]);
    // Whose sources they are that the run was given has not changed.
    expect(await METHODS['source.read'](contextOf(other, { readSource }), { file: own })).toEqual({ file: own, lines: ['text'] });
    other.dispose();
  });

  it('of files that are no text are not shown', async () => {
    const [file] = codeOf(machine)!.dwarf!.files;
    const read = (text: string) => METHODS['source.read']({ ...context, readSource: async () => text }, { file: file! });
    expect((await read('\x7fELF\0')).why).toBe('it is no text');
    expect((await read('x'.repeat(9_000_000))).why).toMatch(/longer than a source/);
  });
});
