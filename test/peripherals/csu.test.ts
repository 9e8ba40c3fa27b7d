import { describe, expect, it } from 'vitest';
import { Bench, get, put } from './bench.ts';

const CSL = 0x000;
const SA = 0x218;

describe('CSU', () => {
  it('says to firmware that its core is secure, and that everybody may use every block, as TF-A leaves it', () => {
    const { device } = new Bench().make('CSU');
    expect([get(device, SA), get(device, CSL), get(device, CSL + 4 * 63)]).toEqual([0, 0x00ff_00ff, 0x00ff_00ff]);
  });

  it('keeps each half of a CSL, and each setting elsewhere, that is locked', () => {
    const bench = new Bench();
    const { device, reset } = bench.make('CSU');
    put(device, CSL, 0x00ff_013b);
    put(device, CSL, 0x0033_00ff);
    put(device, SA, 0b1100);
    put(device, SA, 0b0001);
    expect([get(device, CSL), get(device, SA)]).toEqual([0x0033_013b, 0b1101]);
    expect(bench.complaints).toEqual(['guest-error CSU CSL[0]', 'guest-error CSU SA[0]']);
    reset();
    expect([get(device, CSL), get(device, SA)]).toEqual([0x00ff_00ff, 0]);
  });
});
