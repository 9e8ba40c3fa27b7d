import { describe, expect, it } from 'vitest';
import { crc32 } from '../../src/memory/crc32.ts';

const bytes = new TextEncoder().encode('123456789');

describe('crc32', () => {
  it('has the check value of its catalogue, and 0 for nothing', () => {
    expect(crc32(bytes)).toBe(0xcbf4_3926);
    expect(crc32(new Uint8Array())).toBe(0);
  });

  it('goes on from the checksum of what was before, wherever it is divided', () => {
    for (let at = 0; at <= bytes.length; at++) expect(crc32(bytes.subarray(at), crc32(bytes.subarray(0, at)))).toBe(0xcbf4_3926);
  });
});
