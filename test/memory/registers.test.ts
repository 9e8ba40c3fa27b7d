import { beforeEach, describe, expect, it } from 'vitest';
import { Diagnostics } from '../../src/diagnostics.ts';
import { SocDescriptionError } from '../../src/errors.ts';
import { bit, defineRegisters, field, RegisterFile } from '../../src/memory/registers.ts';

const MAP = defineRegisters({
  CTRL: { offset: 0x00, reset: 0x0000_00f0, fields: { EN: bit(0), MODE: field(4, 4) } },
  STAT: { offset: 0x04, reset: 0x8000_0003, access: 'ro', fields: { DONE: bit(0, 'w1c'), ERR: bit(1, 'w1c'), BUSY: bit(31, 'ro') } },
  DATA: { offset: 0x08, access: 'wo' },
  GATE: { offset: 0x10, setClearToggle: true },
  FIFO: { offset: 0x20, count: 3, stride: 8 },
  HALF: { offset: 0x40, width: 2, reset: 0xabcd },
  HALF2: { offset: 0x42, width: 2 },
  BYTE: { offset: 0x44, count: 2, width: 1 },
  FUTURE: { offset: 0x50, unimplemented: true },
});

let diagnostics: Diagnostics;
let file: RegisterFile<typeof MAP>;
let log: string[];

beforeEach(() => {
  log = [];
  diagnostics = new Diagnostics({ now: () => 0, pc: () => 0x100 });
  file = new RegisterFile(MAP, {
    name: 'BLOCK',
    diagnostics,
    resets: { HALF2: 0x1111 },
    behaviour: {
      FIFO: {
        value: (index) => 0x100 + index,
        read: (index) => log.push(`pop ${index}`),
        write: (next, previous, index, written, lanes) => log.push(`push ${index} ${next} ${previous} ${written} ${lanes}`),
      },
      STAT: { write: (next, previous, _index, written) => log.push(`stat ${next >>> 0} ${previous} ${written}`) },
    },
  });
});

const complaints = (): string[] => diagnostics.all.map(({ kind, register, text }) => `${kind} ${register}: ${text}`);

describe('defineRegisters', () => {
  it('refuses registers that share a byte', () => {
    expect(() => defineRegisters({ A: { offset: 0 }, B: { offset: 2, width: 2 } })).toThrow(SocDescriptionError);
    expect(() => defineRegisters({ A: { offset: 0, setClearToggle: true }, B: { offset: 0xc } })).toThrow(/B overlaps A at offset 0xc/);
    expect(() => defineRegisters({ A: { offset: 0, count: 4 }, B: { offset: 0xc } })).toThrow(/overlaps/);
  });

  it('refuses fields that overlap or leave the register', () => {
    expect(() => defineRegisters({ A: { offset: 0, fields: { X: field(0, 4), Y: bit(3) } } })).toThrow(/A\.Y/);
    expect(() => defineRegisters({ A: { offset: 0, fields: { X: field(30, 4) } } })).toThrow(/A\.X/);
    expect(() => defineRegisters({ A: { offset: 0, width: 2, fields: { X: bit(16) } } })).toThrow(/A\.X/);
  });
});

describe('RegisterFile', () => {
  it('starts with the reset values, those of the instance over those of the map', () => {
    expect(file.read(0x00, 4)).toBe(0xf0);
    expect(file.read(0x40, 2)).toBe(0xabcd);
    expect(file.read(0x42, 2)).toBe(0x1111);
    file.write(0x00, 1, 4);
    file.reset();
    expect(file.get('CTRL')).toBe(0xf0);
  });

  it('applies access per field', () => {
    file.write(0x04, 0x7fff_fffd, 4);
    expect(file.read(0x04, 4)).toBe(0x8000_0002);
    file.write(0x08, 0x1234, 4);
    expect(file.read(0x08, 4)).toBe(0);
    expect(file.get('DATA')).toBe(0x1234);
    file.write(0x00, 0xffff_ffff, 4);
    expect(file.read(0x00, 4)).toBe(0xffff_ffff);
  });

  it('acts only on the lanes of a narrow access', () => {
    file.write(0x01, 0xaa, 1);
    expect(file.read(0x00, 4)).toBe(0xaaf0);
    file.write(0x02, 0xbbcc, 2);
    expect(file.read(0x00, 4)).toBe(0xbbcc_aaf0);
    expect([file.read(0x01, 1), file.read(0x02, 2)]).toEqual([0xaa, 0xbbcc]);
    file.write(0x07, 0xff, 1);
    expect(file.get('STAT')).toBe(0x8000_0003);
  });

  it('spreads a wide access over narrow registers', () => {
    expect(file.read(0x40, 4)).toBe(0x1111_abcd);
    file.write(0x40, 0x2222_3333, 4);
    expect([file.get('HALF'), file.get('HALF2')]).toEqual([0x3333, 0x2222]);
    file.write(0x44, 0x0201, 2);
    expect([file.get('BYTE', 0), file.get('BYTE', 1)]).toEqual([1, 2]);
  });

  it('has set, clear and toggle views', () => {
    file.write(0x10, 0xf0f0, 4);
    file.write(0x14, 0x000f, 4);
    expect(file.read(0x10, 4)).toBe(0xf0ff);
    file.write(0x18, 0x00ff, 4);
    expect(file.read(0x14, 4)).toBe(0xf000);
    file.write(0x1c, 0xffff_0000, 4);
    expect(file.read(0x1c, 4)).toBe(0xffff_f000);
  });

  it('keeps value and side effect apart, so that a debugger changes nothing', () => {
    expect(file.peek(0x28, 4)).toBe(0x101);
    expect(file.peek(0x24, 4)).toBe(0);
    expect(log).toEqual([]);
    expect(complaints()).toEqual([]);
    expect(file.read(0x28, 4)).toBe(0x101);
    expect(log).toEqual(['pop 1']);
  });

  it('tells behaviour what was written where', () => {
    file.write(0x30, 0xdead_beef, 4);
    file.write(0x31, 0x55, 1);
    expect(log).toEqual([
      `push 2 ${0xdead_beef} 0 ${0xdead_beef} ${0xffff_ffff}`,
      `push 2 ${0xdead_55ef} ${0xdead_beef} ${0x5500} ${0xff00}`,
    ]);
    log.length = 0;
    file.write(0x04, 3, 4);
    expect(log).toEqual([`stat ${0x8000_0000} ${0x8000_0003} 3`]);
  });

  it('reports unimplemented registers once by name, and stores them', () => {
    file.write(0x50, 5, 4);
    expect(file.read(0x50, 4)).toBe(5);
    expect(complaints()).toEqual(['unimplemented FUTURE: is stored but has no effect in this model']);
    expect(diagnostics.all[0]).toMatchObject({ block: 'BLOCK', pc: 0x100, count: 2 });
  });

  it('reports offsets without a register as guest errors that read 0', () => {
    expect(file.read(0x60, 4)).toBe(0);
    expect(file.write(0x64, 0x12, 4)).toBe(true);
    expect(complaints()).toEqual([
      'guest-error +0x60: no register at this offset; read',
      'guest-error +0x64: no register at this offset; written',
    ]);
  });

  it('gives fields and places by name', () => {
    expect(file.field('CTRL', 'MODE')).toBe(0xf);
    file.setField('CTRL', 'MODE', 0x5);
    expect(file.get('CTRL')).toBe(0x50);
    file.set('FIFO', 9, 2);
    expect(file.get('FIFO', 2)).toBe(9);
    expect(file.locate(0x2a)).toEqual({ name: 'FIFO', index: 1, offset: 0x28 });
    expect(file.locate(0x60)).toBeUndefined();
  });
});
