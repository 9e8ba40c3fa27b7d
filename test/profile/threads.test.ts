/** Threads of Zephyr and FreeRTOS, read from memory as their kernels lay it out. */
import { describe, expect, it } from 'vitest';
import type { Dwarf } from '../../src/dwarf/dwarf.ts';
import type { Type } from '../../src/dwarf/model.ts';
import type { FirmwareView } from '../../src/profile/thread-reader.ts';
import { findThreads } from '../../src/profile/threads.ts';

const BASE = 0x2000_0000;

/** Memory of 4 KiB whose words and texts are set by hand. */
class Ram {
  private readonly bytes = new Uint8Array(4096);

  word(address: number, value: number): this {
    new DataView(this.bytes.buffer).setUint32(address - BASE, value, true);
    return this;
  }

  text(address: number, text: string): this {
    this.bytes.set(new TextEncoder().encode(text), address - BASE);
    return this;
  }

  read = (address: number, length: number): Uint8Array | undefined =>
    address >= BASE && address + length <= BASE + this.bytes.length
      ? this.bytes.subarray(address - BASE, address - BASE + length)
      : undefined;
}

const NO_DEBUG = { typeNamed: () => undefined, variables: () => [] } as unknown as Dwarf;

const view = (ram: Ram, symbols: readonly (readonly [string, number, number])[], dwarf: Dwarf = NO_DEBUG): FirmwareView => ({
  symbols: symbols.map(([name, address, size]) => ({ name, address, size })),
  dwarf,
  read: ram.read,
});

describe('FreeRTOS', () => {
  const [first, second] = [BASE + 0x400, BASE + 0x500];
  const ready = BASE + 0x100;
  const delayed = BASE + 0x200;
  const item = (task: number) => task + 4;
  const build = () => {
    const ram = new Ram().word(BASE, first);
    // The second priority's list holds the first task, the delayed list the second.
    for (const list of [ready, ready + 20, delayed]) ram.word(list + 12, list + 8);
    ram
      .word(ready + 20 + 12, item(first))
      .word(item(first) + 4, ready + 28)
      .word(item(first) + 12, first);
    ram
      .word(delayed + 12, item(second))
      .word(item(second) + 4, delayed + 8)
      .word(item(second) + 12, second);
    ram
      .word(first + 0x30, BASE + 0x800)
      .text(first + 0x34, 'APP_TASK')
      .word(BASE + 0x7fc, 0x8000_0108);
    ram.word(second + 0x30, BASE + 0xa00).text(second + 0x34, 'IDLE');
    return ram;
  };
  const symbols = [
    ['pxCurrentTCB', BASE, 4],
    ['pxReadyTasksLists', ready, 40],
    ['xDelayedTaskList1', delayed, 20],
    ['xIdleStack', BASE + 0xa00, 0x80],
  ] as const;

  it('has its tasks in lists, with stacks from its heap or of objects', () => {
    const threads = findThreads(view(build(), symbols))!;
    expect(threads.system).toBe('FreeRTOS');
    expect(threads.current()).toBe(first);
    expect(threads.list([])).toEqual([
      { id: first, name: 'APP_TASK', stack: { start: BASE + 0x800, size: 0x100 } },
      { id: second, name: 'IDLE', stack: { start: BASE + 0xa00, size: 0x80 } },
    ]);
  });

  it('whose lists lead in circles or nowhere ends', () => {
    const ram = build()
      .word(item(first) + 4, item(first))
      .word(delayed + 12, 0xdead_0000);
    expect(
      findThreads(view(ram, symbols))!
        .list([])
        .map(({ name }) => name),
    ).toEqual(['APP_TASK']);
  });

  it('with a task that is gone names it by its address', () => {
    expect(findThreads(view(build(), symbols))!.name(0x1234)).toBe('task 0x1234');
  });
});

describe('Zephyr', () => {
  const main = BASE + 0x100;
  const other = BASE + 0x200;
  const member = (name: string, offset: number, type: Type) => ({ name, type, offset, bitSize: undefined, bitOffset: 0, base: false });
  const word: Type = { kind: 'base', name: 'unsigned int', size: 4, encoding: 'unsigned' };
  const char: Type = { kind: 'base', name: 'char', size: 1, encoding: 'char' };
  const struct = (name: string, size: number, members: ReturnType<typeof member>[]): Type => ({
    kind: 'struct',
    keyword: 'struct',
    name,
    size,
    incomplete: false,
    members,
  });
  const array = (element: Type, count: number): Type => ({
    kind: 'array',
    name: 'array',
    size: element.size * count,
    element,
    count,
    vector: false,
  });
  const info = struct('struct _thread_stack_info', 12, [member('start', 0, word), member('size', 4, word)]);
  const thread = struct('struct k_thread', 0x80, [member('stack_info', 0x50, info), member('name', 0x60, array(char, 16))]);
  const kernel = struct('struct z_kernel', 32, [member('cpus', 0, array(struct('struct _cpu', 16, [member('current', 12, word)]), 1))]);
  const dwarf = {
    typeNamed: (name: string) => ({ 'struct k_thread': thread, 'struct z_kernel': kernel })[name],
    variables: () => [
      { type: thread, location: { kind: 'memory', address: main } },
      { type: array(thread, 2), location: { kind: 'memory', address: other } },
      { type: word, location: { kind: 'memory', address: BASE } },
      { type: thread, location: { kind: 'optimised-out', reason: '' } },
    ],
  } as unknown as Dwarf;
  const symbols = [
    ['_kernel', BASE, 32],
    ['z_main_thread', main, 0x80],
    ['_k_thread_obj_blink', other, 0x80],
  ] as const;
  const build = () =>
    new Ram()
      .word(BASE + 12, main)
      .word(main + 0x50, BASE + 0x800)
      .word(main + 0x54, 0x400)
      .word(other + 0x50, BASE + 0x600)
      .word(other + 0x54, 0x100);

  it('has its threads as objects, those that were started with a stack', () => {
    const threads = findThreads(view(build().text(main + 0x60, 'main'), symbols, dwarf))!;
    expect(threads.system).toBe('Zephyr');
    expect(threads.current()).toBe(main);
    expect(threads.list([])).toEqual([
      { id: main, name: 'main', stack: { start: BASE + 0x800, size: 0x400 } },
      { id: other, name: 'blink', stack: { start: BASE + 0x600, size: 0x100 } },
    ]);
  });

  it('without debug information knows the current one by its object', () => {
    const threads = findThreads(view(new Ram().word(BASE + 8, main), symbols))!;
    expect(threads.current()).toBe(main);
    expect(threads.list([main])).toEqual([{ id: main, name: 'main', stack: undefined }]);
  });
});

it('a bare program has none', () => {
  expect(findThreads(view(new Ram(), [['main', 0, 10]]))).toBeUndefined();
});
