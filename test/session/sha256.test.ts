import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Sha256 } from '../../src/session/sha256.ts';
import { random } from '../remoteproc/elf-builder.ts';

const sha256 = (...parts: Uint8Array[]): string => {
  const hash = new Sha256();
  for (const part of parts) hash.update(part);
  return hash.digest();
};

describe('Sha256', () => {
  it('gives the examples of FIPS 180', () => {
    const text = (value: string) => sha256(new TextEncoder().encode(value));
    expect(text('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(text('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(text('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')).toBe(
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    );
    expect(text('a'.repeat(1_000_000))).toBe('cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0');
  });

  it('agrees with Node on every length up to three blocks, in one part and in several', () => {
    const next = random(0x5a5a_0001);
    for (let length = 0; length <= 192; length++) {
      const bytes = Uint8Array.from({ length }, next);
      const expected = createHash('sha256').update(bytes).digest('hex');
      const cut = next() % (length + 1);
      expect([sha256(bytes), sha256(bytes.subarray(0, cut), bytes.subarray(cut))], `length ${length}`).toEqual([expected, expected]);
    }
  });
});
