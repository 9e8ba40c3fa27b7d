import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { briefReasons, chooseTarget } from '../../src/session/target.ts';
import { buildElf, rpmsgTable, words } from '../remoteproc/elf-builder.ts';

const image = (name: string) => parseFirmware(new Uint8Array(readFileSync(`images/${name}.elf`)), `${name}.elf`);
const built = (...args: Parameters<typeof buildElf>) => parseFirmware(buildElf(...args).bytes, 'built.elf');
const code = words(0x2002_0000, 0x401, 0x401, 0x401);

describe('chooseTarget', () => {
  it('finds SoC and core from the ELF and says why', () => {
    const { soc, core, reasons } = chooseTarget(image('imx8mp_rpmsg'), {});
    expect([soc.name, core]).toEqual(['imx8mp', 'm7']);
    expect(reasons[0]).toMatch(/its segments lie in ITCM, DTCM of imx8mp's m7/);
  });

  it('does what --soc, --core and --board say', () => {
    const target = chooseTarget(image('imx8mp_rpmsg'), { soc: 'cortex-m4', core: 'm4', board: 'none' });
    expect(target).toMatchObject({ core: 'm4', board: 'none', reasons: ['as --soc says', expect.any(String)] });
    expect(target.soc.name).toBe('cortex-m4');
  });

  it('says when the ELF speaks for another SoC than --soc', () => {
    const { reasons } = chooseTarget(image('imx8mp_rpmsg'), { soc: 'cortex-m7' });
    expect(reasons[1]).toMatch(/^the ELF looks like one for imx8mp: it holds the constant 0x550ff000/);
    expect(chooseTarget(image('imx8mp_rpmsg'), { soc: 'imx8mp' }).reasons).toEqual(['as --soc says']);
    expect(chooseTarget(image('bench_alu'), { soc: 'cortex-m4' }).reasons).toEqual(['as --soc says']);
  });

  it('says when the core that --soc names does not execute what the ELF was built for', () => {
    expect(chooseTarget(image('trustzone'), { soc: 'cortex-m7' }).reasons).toEqual([
      'as --soc says',
      'but the ELF is built for ARMv8-M Mainline, which a cortex-m7 (ARMv7E-M) does not execute',
    ]);
    expect(chooseTarget(image('bench_float_double'), { soc: 'cortex-m33' }).reasons[1]).toMatch(/double-precision/);
    expect(chooseTarget(image('trustzone'), { soc: 'cortex-m33' }).reasons).toEqual(['as --soc says']);
  });

  it('takes the board whose vrings the resource table names, unless --board says otherwise', () => {
    const data = rpmsgTable({ da0: 0xb800_0000, da1: 0xb800_8000 });
    const firmware = built({
      segments: [
        { da: 0, data: code },
        { da: 0x400, data },
      ],
      sections: [{ name: '.resource_table', addr: 0x400, data }],
    });
    expect(chooseTarget(firmware, {}).board).toBe('verdin-hmp');
    expect(chooseTarget(firmware, { board: 'evk' }).board).toBe('evk');
  });

  it('refuses an unknown SoC and names those there are', () => {
    expect(() => chooseTarget(image('imx8mp_rpmsg'), { soc: 'imx9' })).toThrow(UsageError);
    expect(() => chooseTarget(image('imx8mp_rpmsg'), { soc: 'imx9' })).toThrow(/unknown SoC imx9/);
  });

  it('refuses an ELF that fits no SoC', () => {
    const firmware = built({ segments: [{ da: 0xf000_0000, data: code }] });
    expect(() => chooseTarget(firmware, {})).toThrow(/built.elf: it fits the memory map of no SoC that is modelled/);
  });
});

describe('briefReasons', () => {
  const where = "its segments lie in ITCM of imx8mp's m7";
  const constant = 'it holds the constant 0x30e20000: AUDIOMIX, which only the 8M Plus has';
  const addresses = `it holds the addresses of ${'WDOG1 (0x30280000), '.repeat(30)}`;

  it('are the first and what there is room for, and count the others', () => {
    expect(briefReasons([where, constant, 'it holds the text "mimx8mp"', addresses])).toBe(
      `${where}; it holds the text "mimx8mp"; 2 more in imx-sim info`,
    );
    expect(briefReasons([where])).toBe(where);
    expect(briefReasons([where, 'it holds the text "x"'])).toBe(`${where}; it holds the text "x"`);
  });

  it('leave out no doubt', () => {
    const doubts = [`but its initial stack pointer ${'is nowhere '.repeat(20)}`, 'it would also fit cortex-m4: --soc decides'];
    expect(briefReasons([where, addresses, ...doubts])).toBe([where, ...doubts, '1 more in imx-sim info'].join('; '));
  });

  it.each(['imx8mp_rpmsg', 'imx8mp_echo', 'imx8mp_hello', 'trustzone', 'bench_alu'])('of %s fit on the line of a run', (name) => {
    expect(briefReasons(chooseTarget(image(name), {}).reasons).length).toBeLessThanOrEqual(115);
  });
});
