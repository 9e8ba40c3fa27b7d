/** Questions of debuggers and of coverage: breakpoints, functions with their inlined calls, locals, expressions of all kinds. */
import { describe, expect, it } from 'vitest';
import { type ExpressionContext, evaluate } from '../../src/dwarf/expression.ts';
import { normalisePath, pathMatches } from '../../src/dwarf/paths.ts';
import { C_FIXTURES, dwarfOf } from './support.ts';

describe.each(C_FIXTURES)('functions of %s', (name) => {
  const dwarf = dwarfOf(name);

  it('are those of the program, without what the linker discarded', () => {
    const names = dwarf.functions().map((each) => each.name);
    for (const each of ['main', 'Reset_Handler', 'SVC_Handler', 'descend', 'called_back']) expect(names).toContain(each);
    expect(names).not.toContain('never_called');
    const ranges = dwarf.codeRanges();
    expect(ranges.every(({ low, high }, n) => low < high && (n === 0 || ranges[n - 1]!.high < low))).toBe(true);
    for (const each of dwarf.functions()) expect(dwarf.functionAt(each.ranges[0]!.low)?.name).toBe(each.name);
  });

  it('have parameters, types and places', () => {
    const descend = dwarf.functionNamed('descend');
    expect(descend.parameters.map((each) => `${each.type.name} ${each.name}`)).toEqual(['int depth', 'uint8_t * pad']);
    expect([descend.returnType.name, descend.variadic, descend.external, descend.declaration.file, descend.declaration.line]).toEqual([
      'int',
      false,
      true,
      '/fixtures/other.c',
      40,
    ]);
  });

  it('begin statements where breakpoints can stand', () => {
    const { addresses, line } = dwarf.addressesOf('other.c', 45);
    expect(line).toBe(45);
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(dwarf.rowAt(address)).toMatchObject({ file: '/fixtures/other.c', line: 45 });
    expect(dwarf.addressesOf('nonesuch.c', 1).addresses).toEqual([]);
    // A comment: the next line with code answers.
    expect(dwarf.addressesOf('main.c', 19)).toMatchObject({ file: '/fixtures/main.c', line: 20 });
  });
});

describe('inlined calls', () => {
  const dwarf = dwarfOf('c-dwarf5-O0');

  it('nest, with the places that they were called at', () => {
    const total = dwarf.functionNamed('other_total');
    expect(
      total.inlined.map(({ name, call, inlined }) => [name, call.line, inlined.map((inner) => [inner.name, inner.call.line])]),
    ).toEqual([
      [
        'sum_of_squares',
        20,
        [
          ['square', 14],
          ['square', 15],
        ],
      ],
    ]);
    const square = total.inlined[0]!.inlined[1]!;
    const place = dwarf.lineAt(square.ranges[0]!.low + 4);
    expect(place).toMatchObject({ function: 'square', line: 8 });
    expect(place?.inlinedFrom.map((frame) => [frame.function, frame.line])).toEqual([
      ['sum_of_squares', 15],
      ['other_total', 20],
    ]);
    expect(dwarf.localsAt(square.ranges[0]!.low + 4).map((each) => each.name)).toEqual(['value', 'product']);
  });
});

describe('expressions', () => {
  const unknown = (): undefined => undefined;
  const context: ExpressionContext = {
    unit: undefined,
    addressSize: 4,
    register: (index) => (index < 16 ? 0x1000 * index : undefined),
    read: (address, length) => (address === 0x2008 ? Uint8Array.of(0x78, 0x56, 0x34, 0x12).subarray(0, length) : undefined),
    frameBase: () => 0x3000,
    frameAddress: () => 0x4000,
  };
  const run = (...bytes: number[]) => evaluate(Uint8Array.from(bytes), context);
  const memory = (address: number) => ({ kind: 'memory', address });
  const lost = (reason: RegExp) => ({ kind: 'optimised-out', reason: expect.stringMatching(reason) });

  it.each([
    ['addr', [0x03, 4, 3, 2, 1], memory(0x0102_0304)],
    ['fbreg -8', [0x91, 0x78], memory(0x2ff8)],
    ['call_frame_cfa; plus_uconst 300', [0x9c, 0x23, 0xac, 0x02], memory(0x412c)],
    ['breg2 8; deref', [0x72, 8, 0x06], memory(0x1234_5678)],
    ['breg2 8; deref_size 1', [0x72, 8, 0x94, 1], memory(0x78)],
    ['reg5', [0x55], { kind: 'register', register: 5 }],
    ['regx 64', [0x90, 64], { kind: 'register', register: 64 }],
    [
      'lit3; lit5; minus; stack_value',
      [0x33, 0x35, 0x1c, 0x9f],
      { kind: 'value', bytes: Uint8Array.of(0xfe, 0xff, 0xff, 0xff, 0, 0, 0, 0) },
    ],
    ['const1s -6; lit4; div', [0x09, 0xfa, 0x34, 0x1b], memory(0xffff_ffff)],
    ['const4u; lit4; shra', [0x0c, 0, 0, 0, 0x80, 0x34, 0x26], memory(0xf800_0000)],
    ['lit1; lit2; lit3; rot; drop; swap; over', [0x31, 0x32, 0x33, 0x17, 0x13, 0x16, 0x14], memory(1)],
    ['lit1; bra +2; const1u 7; lit9', [0x31, 0x28, 2, 0, 0x08, 7, 0x39], memory(9)],
    ['implicit_value', [0x9e, 2, 7, 8], { kind: 'value', bytes: Uint8Array.of(7, 8) }],
    [
      'reg0; piece 4; piece 4; lit1; stack_value; bit_piece 3, 2',
      [0x50, 0x93, 4, 0x93, 4, 0x31, 0x9f, 0x9d, 3, 2],
      {
        kind: 'pieces',
        pieces: [
          { location: { kind: 'register', register: 0 }, bitSize: 32, bitOffset: 0 },
          { location: lost(/did not keep it/), bitSize: 32, bitOffset: 0 },
          { location: { kind: 'value', bytes: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0) }, bitSize: 3, bitOffset: 2 },
        ],
      },
    ],
    ['entry_value reg0', [0xa3, 1, 0x50, 0x9f], lost(/value at the entry of the function/)],
    ['implicit_pointer', [0xa0, 1, 0, 0, 0, 0], lost(/points to something/)],
    ['push_tls_address', [0x30, 0xe0], lost(/thread-local/)],
    ['bregx 77', [0x92, 77, 0], lost(/register 77 of this frame is not known/)],
    ['deref of nothing', [0x30, 0x06], lost(/memory that nothing answers/)],
    ['division by zero', [0x31, 0x30, 0x1b], lost(/divides by zero/)],
    ['an endless loop', [0x2f, 0xfd, 0xff], lost(/does not end/)],
    ['an empty stack', [0x22], lost(/takes more than it has/)],
    ['half an operand', [0x03, 1], lost(/damaged/)],
    ['nothing', [], lost(/did not keep it/)],
  ])('%s', (_name, bytes, location) => {
    expect(run(...bytes)).toEqual(location);
  });

  it('without a frame say so', () => {
    expect(evaluate(Uint8Array.of(0x91, 0), { ...context, frameBase: unknown })).toEqual(lost(/frame of its function is not known/));
  });
});

describe('paths', () => {
  it.each([
    ['main.c', ['/src/app'], '/src/app/main.c'],
    ['../lib/./a.c', ['drivers', '/src/app'], '/src/app/lib/a.c'],
    ['C:\\firmware\\app\\..\\main.c', ['D:\\x'], 'C:/firmware/main.c'],
    ['a.c', ['sub', 'C:\\firmware'], 'C:/firmware/sub/a.c'],
    ['/../../a.c', [], '/a.c'],
    ['../a.c', [], '../a.c'],
    ['', ['/src'], ''],
  ])('%s below %j is %s', (path, directories, full) => {
    expect(normalisePath(path, ...directories)).toBe(full);
  });

  it('match by their end, at a directory', () => {
    expect(['main.c', 'app/main.c', '/src/app/main.c', './main.c', 'app\\main.c'].every((end) => pathMatches('/src/app/main.c', end))).toBe(
      true,
    );
    expect(['ain.c', 'lib/main.c', 'main'].some((end) => pathMatches('/src/app/main.c', end))).toBe(false);
  });
});
