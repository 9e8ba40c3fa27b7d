/** Whether a core executes what an ELF was built for, and what SoC detection makes of it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CORTEX_M4, CORTEX_M7, CORTEX_M33, type CoreProfile } from '../../src/cpu/profile.ts';
import { type BuildAttributes, CPU_ARCH, FP_ARCH } from '../../src/remoteproc/build-attributes.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { builtFor, isBuiltFor, mismatch } from '../../src/soc/built-for.ts';
import { detectSoc } from '../../src/soc/detect.ts';

const attributes = (architecture: number, more: Partial<BuildAttributes> = {}): BuildAttributes => ({
  cpuName: '',
  architecture,
  profile: 'M',
  floatingPoint: 0,
  singleOnly: false,
  ...more,
});

const image = (name: string) => parseFirmware(new Uint8Array(readFileSync(new URL(`../../images/${name}.elf`, import.meta.url))), name);

describe('built for', () => {
  it.each<[number, CoreProfile, string | undefined]>([
    [CPU_ARCH.V7E_M, CORTEX_M4, undefined],
    [CPU_ARCH.V6_M, CORTEX_M7, undefined],
    [CPU_ARCH.V7E_M, CORTEX_M33, undefined],
    [CPU_ARCH.V8_M_BASE, CORTEX_M33, undefined],
    [CPU_ARCH.V8_M_MAIN, CORTEX_M33, undefined],
    [CPU_ARCH.V8_M_MAIN, CORTEX_M7, 'built for ARMv8-M Mainline, which a cortex-m7 (ARMv7E-M) does not execute'],
    [CPU_ARCH.V8_M_BASE, CORTEX_M4, 'built for ARMv8-M Baseline, which a cortex-m4 (ARMv7E-M) does not execute'],
    [CPU_ARCH.V8_1_M_MAIN, CORTEX_M33, 'built for ARMv8.1-M Mainline, which a cortex-m33 (ARMv8-M Mainline) does not execute'],
    [0, CORTEX_M7, undefined],
  ])('Tag_CPU_arch %i on a %o', (architecture, profile, expected) => {
    expect(mismatch(attributes(architecture), profile)).toBe(expected);
  });

  it('knows code of other profiles', () => {
    expect(builtFor(attributes(CPU_ARCH.V7, { profile: 'A' }))).toBe('the A profile');
    expect(mismatch(attributes(14, { profile: 'A' }), CORTEX_M7)).toMatch(/^built for the A profile, which/);
  });

  it('knows what floating-point units lack', () => {
    const single = { floatingPoint: FP_ARCH.V5_D16, singleOnly: true };
    const both = { floatingPoint: FP_ARCH.V5_D16 };
    expect(mismatch(attributes(CPU_ARCH.V7E_M, single), CORTEX_M33)).toBeUndefined();
    expect(mismatch(attributes(CPU_ARCH.V7E_M, both), CORTEX_M7)).toBeUndefined();
    expect(mismatch(attributes(CPU_ARCH.V7E_M, both), CORTEX_M33)).toMatch(/double-precision/);
    expect(mismatch(attributes(CPU_ARCH.V7E_M, single), CORTEX_M4)).toBe('built for FPv5, which the cortex-m4 (FPv4) does not execute');
    expect(mismatch(attributes(CPU_ARCH.V7E_M, single), { ...CORTEX_M4, fpu: 'none' })).toMatch(/does not have$/);
  });

  it('is exact for one architecture', () => {
    expect(isBuiltFor(attributes(CPU_ARCH.V8_M_MAIN), CORTEX_M33)).toBe(true);
    expect(isBuiltFor(attributes(CPU_ARCH.V7E_M), CORTEX_M33)).toBe(false);
    expect(isBuiltFor(attributes(CPU_ARCH.V7E_M), CORTEX_M4)).toBe(true);
  });
});

describe('detection by build attributes', () => {
  const anywhere = [{ da: 0, memsz: 8, data: new Uint8Array(8) }];

  it('takes the Cortex-M33 for ARMv8-M code that fits everywhere, and says why', () => {
    const found = detectSoc({ segments: anywhere, buildAttributes: attributes(CPU_ARCH.V8_M_MAIN) })!;
    expect(found.soc.name).toBe('cortex-m33');
    expect(found.reasons).toEqual(["its segments lie in CODE of cortex-m33's m33", 'it is built for ARMv8-M Mainline']);
    expect(found.ambiguous).toBeUndefined();
  });

  it('does not offer a Cortex-M33 for ARMv7E-M code', () => {
    const found = detectSoc({ segments: anywhere, buildAttributes: attributes(CPU_ARCH.V7E_M) })!;
    const fits = [found.soc.name, ...found.ambiguous!.map(({ name }) => name)];
    expect(fits).toEqual(expect.arrayContaining(['imx8mp', 'cortex-m7', 'cortex-m4']));
    expect(fits).not.toContain('cortex-m33');
  });

  it('says what is wrong where nothing else fits', () => {
    const segments = [{ da: 0x8000_0000, memsz: 8, data: new Uint8Array(8) }];
    const found = detectSoc({ segments, buildAttributes: attributes(CPU_ARCH.V8_M_MAIN) })!;
    expect(found.soc.name).toBe('imx8mp');
    expect(found.reasons).toContain('but it is built for ARMv8-M Mainline, which a cortex-m7 (ARMv7E-M) does not execute');
  });

  it('finds the cores of our own images', () => {
    expect(detectSoc(image('trustzone'))!.reasons).toEqual([
      "its segments lie in CODE, SSRAM of cortex-m33's m33",
      'it is built for ARMv8-M Mainline',
      'its vectors are where CODE begins',
    ]);
    const double = detectSoc(image('bench_float_double'))!;
    expect([double.soc.name, double.ambiguous]).toEqual(['cortex-m7', undefined]);
  });
});
