import { describe, expect, it } from 'vitest';
import { cString, meanings, rpmsgHeader } from '../../view/src/panes/memory/inspect-value.ts';

function message(
  src: number,
  dst: number,
  data: Uint8Array,
  more: { reserved?: number; flags?: number; length?: number } = {},
): Uint8Array {
  const bytes = new Uint8Array(16 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, src, true);
  view.setUint32(4, dst, true);
  view.setUint32(8, more.reserved ?? 0, true);
  view.setUint16(12, more.length ?? data.length, true);
  view.setUint16(14, more.flags ?? 0, true);
  bytes.set(data, 16);
  return bytes;
}

const text = (value: string) => new TextEncoder().encode(value);

describe('the value inspector', () => {
  it('shows all sizes, little-endian', () => {
    const found = Object.fromEntries(meanings(Uint8Array.of(0x80, 0xff, 0xc0, 0x3f, 0, 0, 0, 0x80)).map((each) => [each.name, each.text]));
    expect(found).toMatchObject({
      u8: '128  0x80',
      i8: '-128',
      u16: '65408  0xff80',
      i16: '-128',
      u32: '1069612928  0x3fc0ff80',
      i32: '1069612928',
      u64: '9223372037924388736  0x800000003fc0ff80',
      i64: '-9223372035785162880',
      bits: '1000_0000',
      pointer: '0x3fc0ff80',
    });
    expect(found['text']).toBeUndefined();
  });

  it('leaves out what there are not enough bytes for', () => {
    expect(meanings(Uint8Array.of(1)).map(({ name }) => name)).toEqual(['u8', 'i8', 'bits']);
    expect(meanings(new Uint8Array())).toEqual([]);
  });

  it('finds text', () => {
    expect(cString(text('hello world!\0x'))).toBe('hello world!');
    expect(cString(text('ab'))).toBeUndefined();
    expect(cString(text('ab\0'))).toBe('ab');
    expect(cString(Uint8Array.of(0, 65, 65))).toBeUndefined();
  });

  it('reads headers of rpmsg', () => {
    expect(rpmsgHeader(message(0x400, 0x1e, text('hello world!')))).toEqual({
      src: 0x400,
      dst: 0x1e,
      reserved: 0,
      length: 12,
      flags: 0,
      text: 'hello world!',
    });
    const name = new Uint8Array(40);
    name.set(text('rpmsg-tty'));
    new DataView(name.buffer).setUint32(32, 0x1e, true);
    expect(rpmsgHeader(message(0x1e, 0x35, name))).toMatchObject({ nameService: { name: 'rpmsg-tty', address: 0x1e, flags: 'create' } });
    expect(rpmsgHeader(new Uint8Array(15))).toBeUndefined();
  });

  it('doubts what is none', () => {
    expect(rpmsgHeader(new Uint8Array(16))?.doubt).toBe('all zero');
    expect(rpmsgHeader(message(1, 2, text('x'), { length: 600 }))?.doubt).toMatch(/600 does not fit/);
    expect(rpmsgHeader(message(1, 2, text('x'), { reserved: 9 }))?.doubt).toMatch(/reserved/);
    expect(rpmsgHeader(message(1, 2, text('x'), { flags: 1 }))?.doubt).toMatch(/flags/);
  });
});
