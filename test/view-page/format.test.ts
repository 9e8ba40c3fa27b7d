/** How the page writes numbers, and small logic of its frame. */
import { expect, test } from 'vitest';
import type { MachineState } from '../../src/view/protocol.ts';
import { tableRows } from '../../view/src/components/virtual-rows.ts';
import {
  bytes,
  count,
  dump,
  duration,
  frequency,
  fromBase64,
  hex,
  moment,
  offset,
  saying,
  speed,
  textToBase64,
  toBase64,
} from '../../view/src/format.ts';
import { matches } from '../../view/src/frame/matches.ts';
import { haltHue, haltTitle, saysLittle } from '../../view/src/frame/words.ts';
import { inputHint, noInput, tidy } from '../../view/src/panes/consoles/input-words.ts';

test('numbers', () => {
  expect(hex(0x5500_0000)).toBe('0x55000000');
  expect(hex(0xffff_fff0)).toBe('0xfffffff0');
  expect(hex(30, 1)).toBe('0x1e');
  expect(moment(1.5)).toBe('1.500000 s');
  expect([0, 12e-9, 1.234e-5, 0.0042, 3.5].map(duration)).toEqual(['0 s', '12.0 ns', '12.3 µs', '4.20 ms', '3.50 s']);
  expect([offset(-0.0042), offset(2e-6)]).toEqual(['−4.20 ms', '+2.00 µs']);
  expect([0, 999, 9999, 12_345, 4.56e6, 211e9].map(count)).toEqual(['0', '999', '9,999', '12.3 k', '4.56 M', '211 G']);
  expect([12, 65_536, 1.5 * 1024 ** 2, 2 * 1024 ** 3].map(bytes)).toEqual(
    ['12 B', '64 KiB', '1.5 MiB', '2 GiB'].map((text, index) => (index === 2 ? '1.50 MiB' : text)),
  );
  expect([800e6, 266e6, 1.2e9, 32_768].map(frequency)).toEqual(['800 MHz', '266 MHz', '1.2 GHz', '32.8 kHz']);
  expect([0.012, 1, 14.2, 350].map(speed)).toEqual(['0.012×', '1.0×', '14×', '350×']);
});

test('bytes', () => {
  const all = Uint8Array.from({ length: 20_000 }, (_, index) => index & 255);
  expect(fromBase64(toBase64(all))).toEqual(all);
  expect(fromBase64('not base64!')).toEqual(new Uint8Array());
  expect(textToBase64('ü')).toBe('w7w=');
  expect(dump(new TextEncoder().encode('hello world!\n\x7f567'))).toEqual([
    { offset: '0000', hex: '68 65 6c 6c 6f 20 77 6f 72 6c 64 21 0a 7f 35 36', text: 'hello world!··56' },
    { offset: '0010', hex: '37', text: '7' },
  ]);
});

test('what a message says: text, unless that is not all of it', () => {
  const of = (content: string, text?: string) => saying({ data: textToBase64(content), length: content.length, text });
  expect(of('hello', 'hello')).toEqual({ text: 'hello', quoted: true });
  expect(of('hello\0', 'hello')).toEqual({ text: 'hello', quoted: true });
  expect(of('e\0\0\0', 'e')).toEqual({ text: '65 00 00 00', quoted: false });
  expect(of('\x01\x02\x03\x04\x05\x06\x07\x08\x09')).toEqual({ text: '01 02 03 04 05 06 07 08 … 9 B', quoted: false });
  expect(of('')).toEqual({ text: '0 bytes', quoted: false });
});

test('rows in sight, with a margin, never beyond the list', () => {
  expect(tableRows(100_000, { top: 22_000, height: 440, row: 22 })).toEqual({ from: 980, to: 1040 });
  expect(tableRows(5, { top: 0, height: 440, row: 22 })).toEqual({ from: 0, to: 5 });
  const end = tableRows(1000, { top: 999_999, height: 440, row: 22 });
  expect(end.to).toBe(1000);
  expect(end.from).toBeLessThan(1000);
});

test('commands by the letters of their names', () => {
  expect(matches('Step over calls', 'so')).toBe(true);
  expect(matches('Step over calls', 'OVER')).toBe(true);
  expect(matches('Step over calls', 'vo')).toBe(false);
  expect(matches('Run', '')).toBe(true);
});

test('states in words', () => {
  const base: MachineState = { cycle: 0, seconds: 0, speed: 0, running: true, linuxWhileHalted: 'held', pace: 0, clients: 1 };
  expect([haltTitle(base), haltHue(base)]).toEqual(['Running', 'message']);
  const stop = (kind: string): MachineState => ({ ...base, running: false, halt: { kind, text: '' } });
  expect([haltTitle(stop('breakpoint')), haltHue(stop('breakpoint'))]).toEqual(['Breakpoint', 'accent']);
  expect([haltTitle(stop('crashed')), haltHue(stop('crashed'))]).toEqual(['Crashed', 'error']);
  expect(haltTitle({ ...stop('step'), present: { cycle: 1, seconds: 1 } })).toBe('Stepped · in the past');
  expect(haltTitle(stop('something new'))).toBe('something new');
  expect(saysLittle({ kind: 'history-end', text: 'back in the present' }, haltTitle(stop('history-end')))).toBe(true);
  expect(saysLittle({ kind: 'breakpoint', text: 'breakpoint 2 at main' }, haltTitle(stop('breakpoint')))).toBe(false);
});

test('consoles say why they take no keys', () => {
  expect(noInput({ kind: 'dmesg', input: 'never', device: 'linux' })).toContain('shell');
  expect(noInput({ kind: 'tty', input: 'absent', device: 'ttyRPMSG0' })).toContain('/dev/ttyRPMSG0');
  expect(noInput({ kind: 'uboot', input: 'absent', device: 'uboot' })).toContain('U-Boot has left');
  for (const input of ['busy', 'idle', 'listening'] as const) expect(noInput({ kind: 'uart', input, device: 'uart4' })).toBeUndefined();
  expect(inputHint({ kind: 'uart', input: 'idle' })).toContain('keys wait');
  expect(inputHint({ kind: 'uart', input: 'listening' })).toBeUndefined();
  expect(tidy(['a  ', '', 'b', '   ', ''])).toBe('a\n\nb');
});
