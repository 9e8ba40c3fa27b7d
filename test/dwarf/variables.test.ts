/** Variables of a program: values in JavaScript, writes with their checks, paths, names and what their errors say. */
import { describe, expect, it } from 'vitest';
import { Variables } from '../../src/dwarf/variables.ts';
import { SymbolError } from '../../src/errors.ts';
import { dwarfOf, variablesOf } from './support.ts';

const NAME = 'c-dwarf5-O0';

/** Code, remedy and candidates of what `action` throws. */
function errorOf(action: () => unknown): SymbolError {
  try {
    action();
  } catch (error) {
    if (error instanceof SymbolError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('values', () => {
  const variables = variablesOf(NAME);

  it('are objects, names, numbers, text and arrays', () => {
    expect(variables.find('state').value).toMatchObject({
      id: 7,
      mode: 'MODE_RUN',
      name: 'uart4',
      corner: [
        { x: 1, y: -2 },
        { x: 300, y: -400 },
      ],
      bits: { a: 5, b: 100, c: -3, wide: 0x12_3456_789a, on: true, mode: 'MODE_STOP', last: -1 },
      word: { all: 0x3f80_0001, bytes: [1, 0, 0x80, 0x3f], low: 1, high: 0x3f80 },
      ticks: 0xfedc_ba98_7654_3210n,
      offset: -9007199254740993n,
      ratio: -0.1,
      gain: 2.5,
      ready: true,
      inner: -5,
      one: 65,
      two: 65,
      matrix: [
        [1, 2, 3],
        [-4, -5, -6],
      ],
      temperature: 'COLD',
      flags: 5,
      raw: [1, 2, 0xfe, 0xff],
    });
  });

  it.each([
    ['small64', 12],
    ['huge', -9007199254740993n],
    ['modes', ['MODE_IDLE', 'MODE_STOP', 77]],
    ['truths', [true, false]],
    ['letter', 120],
    ['small', -7],
    ['wide', 'ok!'],
    ['full', 'abcd'],
    ['message', 'hello'],
    ['rotation', { real: 1, imaginary: 2 }],
    ['only_in_assembly', 4711],
    ['state.head->next->id', 3],
    ['*state.head', { next: expect.any(Number), name: expect.any(Number), id: 2 }],
    ['pool[2].next', 0],
    ['grid[1][0]', [5, 6]],
    ['rows[1][2]', -6],
    ['names[1]', expect.any(Number)],
    ['state.bits.wide', 0x12_3456_789a],
    ['next_id::serial', 100],
    ["'other.c'::counter", 22],
    ['fixtures/state.c:counter', 11],
    ['packet.length', 3],
  ])('of %s', (name, value) => {
    expect(variables.find(name).value).toEqual(value);
  });

  it('have their text', () => {
    expect(variables.find('names[1]').text).toBe('green');
    expect(variables.find('state.head').field('name').text).toBe('second');
    expect(variables.find('state.text').text).toBe('tab\there "quoted" \\ \u0001');
    expect(errorOf(() => variables.find('now').text).code).toBe('E_SYMBOL_FIELD');
  });

  it('have bytes, address, size and type', () => {
    const corner = variables.find('state').field('corner[1]');
    expect([corner.name, corner.size, corner.type, corner.address - variables.find('state').address]).toEqual([
      'state.corner[1]',
      4,
      'struct point',
      22,
    ]);
    expect([...corner.bytes]).toEqual([0x2c, 1, 0x70, 0xfe]);
    expect(variables.find('state.operation').deref().type).toBe('int (int, int)');
  });

  it('exist of functions, too', () => {
    const add = variables.find('add');
    expect([add.type, add.value, add.size > 0]).toEqual(['int (int, int)', add.address, true]);
    expect(variables.find('handlers[0]').value).toBe(add.address + 1);
    expect(String(variables.find('handlers[0]'))).toMatch(/<add>$/);
  });

  it('are read from any address by the name of a type', () => {
    const at = variables.at(variables.find('state').address, 'struct state');
    expect(at.field('id').value).toBe(7);
    expect(variables.at(variables.find('now').address, 'tick_t').value).toBe(1000);
    expect(errorOf(() => variables.at(0, 'struct nonesuch')).code).toBe('E_SYMBOL_UNKNOWN');
  });
});

describe('writes', () => {
  it.each([
    ['state.id', 255],
    ['state.mode', 'MODE_STOP'],
    ['state.name', 'spi'],
    ['state.bits.c', -16],
    ['state.bits.wide', 0xff_ffff_ffff],
    ['state.ticks', 2n ** 64n - 1n],
    ['state.gain', -1.5],
    ['state.ratio', Math.PI],
    ['state.ready', false],
    ['state.matrix[1]', [7, 8, 9]],
    ['modes[0]', 200 - 123],
    ['letter', 65],
    ['rotation', { real: -1, imaginary: 0.5 }],
    ['wide', 'xyz'],
  ])('of %s change it and nothing beside it', (name, value) => {
    const variables = variablesOf(NAME);
    const before = variables.find('state').value as Record<string, unknown>;
    variables.find(name).set(value);
    expect(variables.find(name).value).toEqual(value);
    const after = variables.find('state').value as Record<string, unknown>;
    const top = name.split(/[.[]/)[1]!;
    for (const field of Object.keys(before)) if (field !== top) expect(after[field], field).toEqual(before[field]);
  });

  it('of a struct take the fields that are named', () => {
    const variables = variablesOf(NAME);
    variables.find('state').set({ bits: { b: 1 }, inner: 9, two: 'z', head: variables.find('pool[2]'), corner: [{ x: 4 }] });
    expect(variables.find('state').value).toMatchObject({
      bits: { a: 5, b: 1, c: -3, wide: 0x12_3456_789a },
      inner: 9,
      two: 122,
      corner: [
        { x: 4, y: -2 },
        { x: 300, y: -400 },
      ],
    });
    expect(variables.find('state.head->id').value).toBe(3);
    variables.find('state.raw').set(Uint8Array.of(9, 8));
    expect(variables.find('state.raw').value).toEqual([9, 8, 0xfe, 0xff]);
  });

  it.each([
    ['state.id', 256, 'state.id: 256 is no value of type uint8_t', 'it holds integers from 0 to 255'],
    ['state.id', -1, 'state.id: -1 is no value of type uint8_t', 'it holds integers from 0 to 255'],
    ['state.corner[0].x', 40000, 'state.corner[0].x: 40000 is no value of type int16_t', 'it holds integers from -32768 to 32767'],
    ['state.bits.a', 8, 'state.bits.a: 8 is no value of type unsigned int', 'it holds integers from 0 to 7'],
    ['state.mode', 'MODE_RUNS', 'state.mode: "MODE_RUNS" is no value of type enum mode', 'its values are MODE_IDLE, MODE_RUN, MODE_STOP'],
    [
      'state.name',
      'a text of seventeen',
      'state.name: "a text of seventeen" is no value of type char [16]',
      'it has room for 16 characters, the text takes 19',
    ],
    ['state.ready', 2, 'state.ready: 2 is no value of type _Bool', 'give true or false'],
    ['state.gain', '1', 'state.gain: "1" is no value of type float', 'give a number'],
    ['state.matrix', [1, 2], 'state.matrix[0]: 1 is no value of type int [3]', 'give an array'],
    ['now', 1.5, 'now: 1.5 is no value of type tick_t', 'it holds integers from 0 to 4294967295'],
    ['state', 5, 'state: 5 is no value of type struct state', 'give an object of its fields'],
  ])('of %s refuse %j', (name, value, message, remedy) => {
    const error = errorOf(() => variablesOf(NAME).find(name).set(value));
    expect([error.code, error.message, error.remedy]).toEqual(['E_SYMBOL_VALUE', message, remedy]);
  });

  it('name fields that there are not', () => {
    const error = errorOf(() => variablesOf(NAME).find('pool[0]').set({ nmae: 0 }));
    expect([error.code, error.message, error.remedy]).toEqual([
      'E_SYMBOL_FIELD',
      'pool[0]: struct node has no field nmae',
      'it has next, name, id',
    ]);
  });
});

describe('names', () => {
  const variables = variablesOf(NAME);

  it('that several have list them', () => {
    const error = errorOf(() => variables.find('counter'));
    expect(error.code).toBe('E_SYMBOL_AMBIGUOUS');
    expect(error.candidates).toEqual(['other.c:counter (/fixtures/other.c:4)', 'state.c:counter (/fixtures/state.c:32)']);
    expect(errorOf(() => variables.find('serial')).candidates).toEqual([
      'next_id::serial (/fixtures/state.c:63)',
      'next_ticket::serial (/fixtures/state.c:70)',
    ]);
  });

  it('that nothing has suggest others', () => {
    const error = errorOf(() => variables.find('mesage'));
    expect([error.code, error.message, error.remedy]).toEqual([
      'E_SYMBOL_UNKNOWN',
      'no variable mesage in this firmware',
      'did you mean message?',
    ]);
  });

  it.each([
    ['state.nonesuch', 'E_SYMBOL_FIELD', 'state: struct state has no field nonesuch'],
    ['pool[3]', 'E_SYMBOL_FIELD', 'pool[3]: struct node [3] has elements 0 to 2'],
    ['now.x', 'E_SYMBOL_FIELD', 'now of type tick_t has no fields'],
    ['now[0]', 'E_SYMBOL_FIELD', 'now[0]: now has type tick_t'],
    ['*now', 'E_SYMBOL_FIELD', '*now: now has type tick_t'],
    ['*state.opaque', 'E_SYMBOL_FIELD', '*state.opaque: state.opaque has type void *'],
    ['pool[2].next->id', 'E_SYMBOL_MEMORY', 'pool[2].next is a null pointer'],
    ['state.hidden->x', 'E_SYMBOL_MEMORY', 'state.hidden is a null pointer'],
  ])('%s is %s', (name, code, message) => {
    const error = errorOf(() => variables.find(name).value);
    expect([error.code, error.message]).toEqual([code, message]);
  });

  it('of what the compiler keeps nowhere say so', () => {
    const optimised = errorOf(() => variablesOf('c-dwarf4-O2').find("'other.c'::counter").value);
    expect([optimised.code, optimised.message]).toEqual([
      'E_SYMBOL_NO_PLACE',
      'other.c:counter has no place: the compiler keeps it nowhere: it was optimised out',
    ]);
    const constant = variablesOf('c-dwarf4-O2').find('next_id::only_here');
    expect(constant.value).toBe(1);
    expect(errorOf(() => constant.set(2)).code).toBe('E_SYMBOL_NO_PLACE');
    expect(errorOf(() => constant.address).code).toBe('E_SYMBOL_NO_PLACE');
  });

  it('of memory that nothing answers say so', () => {
    const dead = new Variables(dwarfOf(NAME), [], { read: () => undefined, write: () => false });
    expect(errorOf(() => dead.find('now').value).message).toMatch(/^now cannot be read: nothing answers at 0x2000/);
  });
});

describe('without debug information', () => {
  it('symbols are integers of their size, and bytes', () => {
    const variables = variablesOf(NAME, { debug: false });
    const now = variables.find('now');
    expect([now.value, now.type, now.size, String(now)]).toEqual([1000, 'uint32_t', 4, '1000']);
    now.set(5);
    expect(now.value).toBe(5);
    expect(variables.find('huge').value).toBe(2n ** 64n - 9007199254740993n);
    expect(variables.find('message').text).toBe('hello');
    expect(variables.find('message').value).toBeInstanceOf(Uint8Array);
    expect(errorOf(() => now.set(-1)).remedy).toBe('without debug information it takes integers from 0 to 4294967295');
    expect(errorOf(() => variables.find('nonesuch')).code).toBe('E_SYMBOL_UNKNOWN');
  });
});

describe('C++', () => {
  const variables = variablesOf('cpp-clang-dwarf5-O0');

  it('has namespaces, classes, bases, templates and enum classes', () => {
    expect(variables.find('ui::Base::count').value).toBe(5);
    expect(variables.find('ui::Panel::Part::parts').value).toBe(9);
    expect(variables.find('bytes_ring').type).toBe('ui::Ring<unsigned char, 2>');
    variables.find('panel').set({ width_: 640, mixed: 7, colour: 'Blue', ring: { items: [1, -2] } });
    expect(variables.find('panel').value).toMatchObject({ width_: 640, mixed: 7, colour: 'Blue', ring: { items: [1, -2, 0], head: 0 } });
    expect(variables.find('alias').deref().address).toBe(variables.find('panel').address);
    expect(errorOf(() => variables.find('ui::Base::cuont')).remedy).toBe('did you mean count?');
  });
});
