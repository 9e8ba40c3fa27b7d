/** `.ARM.attributes`: what GNU tools write, and what nobody should. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CPU_ARCH, FP_ARCH, readBuildAttributes } from '../../src/remoteproc/build-attributes.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';

const image = (name: string) =>
  parseFirmware(new Uint8Array(readFileSync(new URL(`../../images/${name}.elf`, import.meta.url))), name).buildAttributes;

const word = (value: number) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
const text = (value: string) => [...new TextEncoder().encode(value), 0];
const vendor = (name: string, body: readonly number[]) => [...word(4 + name.length + 1 + body.length), ...text(name), ...body];
const file = (body: readonly number[]) => [1, ...word(5 + body.length), ...body];
const section = (...parts: readonly number[]) => Uint8Array.from([0x41, ...parts]);

describe('build attributes', () => {
  it('of our own images', () => {
    expect(image('trustzone')).toEqual({
      cpuName: '8-M.MAIN',
      architecture: CPU_ARCH.V8_M_MAIN,
      profile: 'M',
      floatingPoint: FP_ARCH.V5_D16,
      singleOnly: true,
    });
    expect(image('imx8mp_hello')).toMatchObject({ architecture: CPU_ARCH.V7E_M, profile: 'M', floatingPoint: 0 });
    expect(image('bench_float_double')).toMatchObject({ floatingPoint: FP_ARCH.V5_D16, singleOnly: false });
    expect(image('bench_float_single')).toMatchObject({ floatingPoint: FP_ARCH.V4_D16, singleOnly: true });
  });

  it('are found behind those of other vendors and of single sections, and strings are stepped over', () => {
    const ours = [32, 1, ...text('gnu'), 67, ...text('2.09'), 5, ...text('X'), 6, 0x91, 0, 7, 0x4d, 34, 1];
    const bytes = section(...vendor('gnu', file([6, 13])), ...vendor('aeabi', [2, ...word(7), 1, 0, ...file(ours)]));
    expect(readBuildAttributes(bytes)).toEqual({ cpuName: 'X', architecture: 17, profile: 'M', floatingPoint: 0, singleOnly: false });
  });

  it('are not there in other formats, and without a subsection for the file', () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(0x42, 1, 2, 3), section(...vendor('gnu', file([6, 13]))), section(0, 0, 0, 0)]) {
      expect(readBuildAttributes(bytes)).toBeUndefined();
    }
    expect(readBuildAttributes(section(...vendor('aeabi', [2, ...word(7), 1, 0])))).toBeUndefined();
    expect(readBuildAttributes(section(...vendor('aeabi', [1, ...word(2), 6, 13])))).toBeUndefined();
  });

  it('end where the section ends, whatever the lengths say', () => {
    const whole = [...vendor('aeabi', file([5, ...text('7E-M'), 6, 13, 7, 0x4d, 10, 8]))];
    for (let cut = 0; cut < whole.length; cut++) readBuildAttributes(section(...whole.slice(0, cut)));
    const endless = section(...word(0xffff_ffff), ...text('aeabi'), 1, ...word(0xffff_ffff), 6, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    expect(readBuildAttributes(endless)?.profile).toBe('');
  });
});
