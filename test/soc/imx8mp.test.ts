/**
 * The 8M Plus against numbers typed from other places: Linux 6.1's imx_rproc.c and imx8mp.dtsi, NXP's MIMX8ML8_cm7_COMMON.h.
 */
import { describe, expect, it } from 'vitest';
import { translateDa } from '../../src/memory/address-map.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';

/** imx_rproc_att_imx8mn: da, sa, size, ATT_OWN. */
const ATT = `
00000000 007E0000 00020000 own
00180000 00180000 00009000 -
00900000 00900000 00020000 -
00920000 00920000 00020000 -
00940000 00940000 00050000 -
08000000 08000000 08000000 -
10000000 40000000 0FFE0000 -
20000000 00800000 00020000 own
20180000 00180000 00008000 own
20200000 00900000 00020000 own
20220000 00920000 00020000 own
20240000 00940000 00040000 own
40000000 40000000 80000000 -
`;

/** Name, base, interrupt on the M7 (IRQn of the header) and in Linux (GIC_SPI of the dtsi, where it has a node). */
const BLOCKS = `
GPIO1 30200000 64 64
GPIO2 30210000 66 66
GPIO3 30220000 68 68
GPIO4 30230000 70 70
GPIO5 30240000 72 72
WDOG1 30280000 78 78
WDOG2 30290000 79 79
WDOG3 302A0000 10 10
GPT1 302D0000 55 55
GPT2 302E0000 54 54
GPT3 302F0000 53 53
GPT4 30700000 52 52
GPT5 306F0000 51 51
GPT6 306E0000 46 46
UART1 30860000 26 26
UART2 30890000 27 27
UART3 30880000 28 28
UART4 30A60000 29 29
IOMUXC 30330000 - -
IOMUXC_GPR 30340000 - -
CCM_ANALOG 30360000 - -
SNVS 30370000 19 19
CCM 30380000 - -
SRC 30390000 89 89
GPC 303A0000 87 87
RDC 303D0000 39 39
SYS_CTR 306A0000 47 47
SEMA4 30AC0000 - 116
AUDIOMIX 30E20000 - -
TMU 30260000 49 49
OCOTP 30350000 - -
PWM1 30660000 81 81
ECSPI1 30820000 31 31
ECSPI2 30830000 32 32
ECSPI3 30840000 33 33
I2C1 30A20000 35 35
I2C2 30A30000 36 36
I2C3 30A40000 37 37
I2C4 30A50000 38 38
I2C5 30AD0000 76 76
I2C6 30AE0000 77 77
USDHC3 30B60000 - -
FLEXSPI 30BB0000 - -
SDMA1 30BD0000 2 2
SDMA2 30E10000 103 103
SDMA3 30E00000 34 34
ENET1 30BE0000 - -
SAI7 30C80000 - -
EDMA1 30E30000 - -
MU2_A 30E60000 - -
`;

const rows = (table: string): string[][] =>
  table
    .trim()
    .split('\n')
    .map((line) => line.split(' '));
const number = (text: string): number | undefined => (text === '-' ? undefined : Number(text));

describe('imx8mp', () => {
  it('translates addresses by the rows of imx_rproc_att_imx8mn, in their order', () => {
    const [remoteproc] = IMX8MP.remoteprocs;
    expect(remoteproc!.att.map(({ da, sa, size, own }) => ({ da, sa, size, own: own ?? false }))).toEqual(
      rows(ATT).map(([da, sa, size, own]) => ({
        da: Number.parseInt(da!, 16),
        sa: Number.parseInt(sa!, 16),
        size: Number.parseInt(size!, 16),
        own: own === 'own',
      })),
    );
    expect(remoteproc).toMatchObject({ core: 'm7', compatible: 'fsl,imx8mp-cm7', method: 'smc' });
  });

  it.each(rows(BLOCKS))('has %s at %s on the lines of the header and the device tree', (name, base, m7, linux) => {
    const block = IMX8MP.peripherals.find((candidate) => candidate.name === name)!;
    expect(block.base).toBe(Number.parseInt(base!, 16));
    expect([block.interrupts?.['m7'], block.interrupts?.['linux']]).toEqual([number(m7!), number(linux!)]);
  });

  it('has the second lines: GPIO pins 16 to 31, SEMA4 of the M core', () => {
    const second = (name: string): unknown => IMX8MP.peripherals.find((candidate) => candidate.name === name)!.highInterrupts;
    expect([1, 2, 3, 4, 5].map((n) => second(`GPIO${n}`))).toEqual([65, 67, 69, 71, 73].map((line) => ({ m7: line, linux: line })));
    expect(second('SEMA4')).toEqual({ m7: 11 });
  });

  it('has MU1 between Linux (A, SPI 88) and the M7 (B, IRQ 97)', () => {
    expect(IMX8MP.mus).toEqual([
      {
        name: 'MU1',
        layout: 'imx6sx',
        a: { base: 0x30aa_0000, interrupts: { linux: 88 }, pdap: 74 },
        b: { base: 0x30ab_0000, interrupts: { m7: 97 }, pdap: 75 },
      },
    ]);
  });

  it('shows memory to both sides where the address table says it is the same memory', () => {
    const owner = (view: string, address: number): string | undefined => {
      for (const { name, size: whole, views } of IMX8MP.memories) {
        for (const { base, offset = 0, size = whole - offset } of views[view] ?? []) {
          if (address >= base && address < base + size) return `${name}+${(address - base + offset).toString(16)}`;
        }
      }
      return undefined;
    };
    for (const { da, sa, size } of IMX8MP.remoteprocs[0]!.att) {
      if (da === 0x0800_0000) continue;
      for (const offset of [0, size - 4]) {
        expect(owner('m7', da + offset)).toBeDefined();
        expect(owner('linux', sa + offset)).toBe(owner('m7', da + offset));
      }
    }
    expect(owner('linux', 0xffff_fffc)).toBe('DDR+bffffffc');
    expect(owner('m7', 0xe000_0000)).toBeUndefined();
    expect(owner('m7', 0x1ffe_0000)).toBeUndefined();
  });

  it('translates what real firmware loads and refuses the rest', () => {
    const { att } = IMX8MP.remoteprocs[0]!;
    expect(translateDa(att, 0x0000_0400, 0x5120)).toBe(0x007e_0400);
    expect(translateDa(att, 0x2000_0000, 0x100)).toBe(0x0080_0000);
    expect(translateDa(att, 0x8000_0400, 0x9f90)).toBe(0x8000_0400);
    expect(translateDa(att, 0x7e00_0400, 0x9f90)).toBe(0x7e00_0400);
    expect(translateDa(att, 0x1ffe_0000, 4)).toBeUndefined();
    expect(translateDa(att, 0x0001_bc08, 0xd868)).toBeUndefined();
  });

  it('reserves memory per board as the device trees do', () => {
    const regions = (board: string): Record<string, number[]> =>
      Object.fromEntries(
        IMX8MP.boards
          .find(({ name }) => name === board)!
          .remoteprocs['m7']!.memoryRegions.map(({ name, base, size }) => [name, [base, size]]),
      );
    expect(regions('evk')).toMatchObject({
      vdev0vring0: [0x5500_0000, 0x8000],
      vdev0vring1: [0x5500_8000, 0x8000],
      vdev0buffer: [0x5540_0000, 0x10_0000],
      'rsc-table': [0x550f_f000, 0x1000],
    });
    expect(regions('verdin-hmp')).toMatchObject({
      vdev0vring0: [0xb800_0000, 0x8000],
      vdev0vring1: [0xb800_8000, 0x8000],
      vdev0buffer: [0xb840_0000, 0x10_0000],
      'rsc-table': [0xb80f_f000, 0x1000],
    });
    for (const { console } of IMX8MP.boards) expect(IMX8MP.peripherals.some(({ name }) => name.toLowerCase() === console)).toBe(true);
  });

  it('has a core of 160 interrupts at 800 MHz', () => {
    expect(IMX8MP.cores).toMatchObject([{ name: 'm7', hz: 800_000_000, vectors: 0, profile: { name: 'cortex-m7', interrupts: 160 } }]);
  });
});
