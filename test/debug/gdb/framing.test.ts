/** Packets out of streams: cut anywhere, damaged, endless. */
import { describe, expect, it } from 'vitest';
import { encodePacket, FrameReader, PACKET_SIZE } from '../../../src/debug/gdb/framing.ts';
import { bytesOf, decode, frame } from './client.ts';

const latin = (bytes: Uint8Array): string => Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');

/** What a reader finds in `pieces`. */
function found(...pieces: readonly (string | Uint8Array)[]): string[] {
  const seen: string[] = [];
  const reader = new FrameReader({
    packet: (payload) => void seen.push(`packet ${latin(payload)}`),
    damaged: () => void seen.push('damaged'),
    oversized: () => void seen.push('oversized'),
    acknowledged: () => void seen.push('+'),
    rejected: () => void seen.push('-'),
    interrupt: () => void seen.push('interrupt'),
  });
  for (const piece of pieces) reader.feed(typeof piece === 'string' ? bytesOf(piece) : piece);
  return seen;
}

describe('FrameReader', () => {
  it('takes packets, acknowledgements and Ctrl-C apart, wherever the stream is cut', () => {
    const stream = `+${frame('qSupported')}\x03-${frame('m0,4')}${frame('')}`;
    const expected = ['+', 'packet qSupported', 'interrupt', '-', 'packet m0,4', 'packet '];
    expect(found(stream)).toEqual(expected);
    expect(found(...stream)).toEqual(expected);
    for (let at = 1; at < stream.length; at++) expect(found(stream.slice(0, at), stream.slice(at))).toEqual(expected);
  });

  it('resolves escapes, and takes every other byte as it is', () => {
    const data = Uint8Array.from({ length: 256 }, (_, index) => index);
    const escaped = latin(data).replace(/[#$*}]/g, (character) => `}${String.fromCharCode(character.charCodeAt(0) ^ 0x20)}`);
    expect(found(frame(`X0,100:${escaped}`))).toEqual([`packet X0,100:${latin(data)}`]);
    expect(found(frame('a}'))).toEqual(['packet a}']);
  });

  it('notices damage: wrong checksums, checksums that are none, packets without an end', () => {
    expect(found('$g#00')).toEqual(['damaged']);
    expect(found('$g#zz', frame('?'))).toEqual(['damaged', 'packet ?']);
    expect(found('$g#6', '7')).toEqual(['packet g']);
    expect(found(`$never ends${frame('?')}`)).toEqual(['packet ?']);
    expect(found('#67 garbage \x00\xff#', frame('g'))).toEqual(['packet g']);
    expect(found('$$$$$$$$', frame('g'))).toEqual(['packet g']);
  });

  it('keeps no more than a packet of what never ends', () => {
    expect(found('$', 'a'.repeat(3 * PACKET_SIZE), '#00', frame('g'))).toEqual(['oversized', 'packet g']);
    expect(found(frame('a'.repeat(PACKET_SIZE)))).toEqual([`packet ${'a'.repeat(PACKET_SIZE)}`]);
  });
});

describe('encodePacket', () => {
  const payloadOf = (packet: string): string => {
    const [, payload = ''] = /^\$([^#]*)#[0-9a-f]{2}$/.exec(packet) ?? [];
    expect(packet).toBe(frame(payload));
    return payload;
  };

  it('escapes what has a meaning, and shortens runs without counts that have one', () => {
    for (let length = 0; length < 300; length++) {
      const text = 'x'.repeat(length);
      expect(decode(payloadOf(latin(encodePacket(bytesOf(text)))))).toBe(text);
    }
    expect(payloadOf(latin(encodePacket(bytesOf('0000'))))).toBe('0* ');
    expect(payloadOf(latin(encodePacket(bytesOf('000'))))).toBe('000');
    // Six more would be '#', seven '$'.
    expect(payloadOf(latin(encodePacket(bytesOf('0000000'))))).toBe('0*"0');
    for (const length of [15, 17]) expect(payloadOf(latin(encodePacket(bytesOf('1'.repeat(length)))))).not.toMatch(/\*[+-]/);
  });

  it('gives back every payload, however binary', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
      return (seed >>> 8) % below;
    };
    for (let round = 0; round < 300; round++) {
      const payload = Array.from({ length: random(40) }, () =>
        String.fromCharCode(random(256)).repeat(1 + (random(3) === 0 ? random(120) : 0)),
      ).join('');
      expect(decode(payloadOf(latin(encodePacket(bytesOf(payload)))))).toBe(payload);
    }
  });
});
