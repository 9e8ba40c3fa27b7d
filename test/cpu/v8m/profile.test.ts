/** What a SoC says of its ARMv8-M core: regions, IDAU, where both states start. A new SoC is data; nothing here is special to one. */
import { describe, expect, it } from 'vitest';
import { CELL } from '../../../src/cpu/core-registers.ts';
import { bit28Idau, CORTEX_M33, type CoreProfile, type SecurityProfile } from '../../../src/cpu/profile.ts';
import { BARE_CORTEX_M33 } from '../../../src/soc/cortex-m.ts';
import { type Rig, scriptedRig } from '../../support/core-harness.ts';

const ALIAS = 0x2_0000;
const VTOR = 0xe000_ed08;
const ICSR = 0xe000_ed04;

const rigWith = (security: SecurityProfile, more: Partial<CoreProfile> = {}): Rig =>
  scriptedRig(new Map(), { profile: { ...CORTEX_M33, ...more, security } });

describe('an IDAU by address bit 28', () => {
  const ranges = bit28Idau([1, 3]);

  it('covers all addresses once', () => {
    let next = 0;
    for (const { base, size } of ranges) {
      expect(base).toBe(next);
      next = base + size;
    }
    expect(next).toBe(2 ** 32);
  });

  it('says what is Secure, callable and neither', () => {
    const at = (address: number) => ranges.find(({ base, size }) => address >= base && address < base + size);
    expect(at(0x0ffe_0000)).toMatchObject({ region: 0, attribution: 'non-secure' });
    expect(at(0x1ffe_0000)).toMatchObject({ region: 1, attribution: 'non-secure-callable' });
    expect(at(0x5000_0000)).toMatchObject({ region: 5, attribution: 'secure' });
    expect(at(0xe000_e000)?.attribution).toBe('exempt');
    expect(at(0xf000_0000)?.attribution).toBe('exempt');
    expect(at(0xf010_0000)).toMatchObject({ region: 15, attribution: 'secure' });
  });
});

describe('a SoC’s ARMv8-M core', () => {
  it('starts at the vectors that the SoC names, in Secure state, with its Non-secure vectors where INITNSVTOR has them', () => {
    const rig = rigWith({ sauRegions: 4, nonSecureVectors: 0x0ffe_0040 });
    rig.core.start(0x1000_0000);
    expect(rig.core.registers.cells[CELL.SECURE]).toBe(1);
    expect(rig.read(VTOR)).toBe(0x1000_0000);
    expect(rig.read(VTOR + ALIAS)).toBe(0x0ffe_0000);
    expect(rigWith({ sauRegions: 4 }).read(VTOR + ALIAS)).toBe(0);
  });

  it('has as many SAU and MPU regions as it says', () => {
    const rig = rigWith({ sauRegions: 4 }, { mpuRegions: 16 });
    expect(rig.read(0xe000_edd4)).toBe(4);
    expect([rig.read(0xe000_ed90), rig.read(0xe000_ed90 + ALIAS)]).toEqual([0x1000, 0x1000]);
    const none = rigWith({ sauRegions: 0 }, { mpuRegions: 0, fpu: 'none' });
    expect([none.read(0xe000_edd4), none.read(0xe000_ed90), none.read(0xe000_ef34)]).toEqual([0, 0, 0]);
  });

  it('that has no cache says so, and stores CPPWR', () => {
    const rig = rigWith({ sauRegions: 8 });
    expect([rig.read(0xe000_ed78), rig.read(0xe000_ed7c)]).toEqual([0, 0x8000_c000]);
    rig.write(0xe000_e00c, 0x0030_0000);
    expect(rig.read(0xe000_e00c)).toBe(0x0030_0000);
    expect(rig.diagnostics.all).toEqual([]);
  });

  it('takes a pending NMI back (ICSR.PENDNMICLR)', () => {
    const rig = rigWith({ sauRegions: 8 });
    rig.write(ICSR, 0x8000_0000);
    expect(rig.read(ICSR) >>> 31).toBe(1);
    rig.write(ICSR, 0x4000_0000);
    expect(rig.read(ICSR) >>> 31).toBe(0);
  });

  it('is what the bare one is, with AN505’s IDAU', () => {
    const { profile, vectors } = BARE_CORTEX_M33.cores[0]!;
    expect(vectors).toBe(0x1000_0000);
    expect(profile).toEqual({ ...CORTEX_M33, security: { sauRegions: 8, idau: bit28Idau([1, 3]) } });
  });
});
