import { describe, expect, it } from 'vitest';
import { IMX6SX } from '../../src/soc/imx6sx.ts';
import { IMX7D } from '../../src/soc/imx7d.ts';
import { Bench, get, put } from './bench.ts';

/** Offsets of SET, CLR and TOG views. */
const [SET, CLR, TOG] = [4, 8, 12];
const LOCK = 2 ** 31;

describe('CCM of the 6SoloX', () => {
  it('starts with the bus clocks that U-Boot leaves', () => {
    const bench = new Bench(IMX6SX);
    bench.make('CCM');
    const clocks = ['ARM_CLK_ROOT', 'AHB_CLK_ROOT', 'IPG_CLK_ROOT', 'PERCLK_CLK_ROOT', 'UART_CLK_ROOT', 'MMDC_CLK_ROOT', 'ECSPI_CLK_ROOT'];
    expect(clocks.map((name) => bench.clocks.hz(name) / 1e6)).toEqual([996, 132, 66, 24, 80, 396, 60]);
  });

  it('follows multiplexers and dividers: the values that the BSP writes for UART, CAN, ECSPI and EPIT', () => {
    const bench = new Bench(IMX6SX);
    const { device } = bench.make('CCM');
    const field = (offset: number, lsb: number, width: number, value: number): void => {
      const mask = (2 ** width - 1) * 2 ** lsb;
      put(device, offset, ((get(device, offset) & ~mask) | (value * 2 ** lsb)) >>> 0);
    };
    field(0x24, 6, 1, 1);
    expect(bench.clocks.hz('UART_CLK_ROOT')).toBe(24e6);
    field(0x24, 0, 6, 3);
    expect(bench.clocks.hz('UART_CLK_ROOT')).toBe(6e6);
    field(0x20, 8, 2, 1);
    field(0x20, 2, 6, 0);
    expect(bench.clocks.hz('CAN_CLK_ROOT')).toBe(24e6);
    field(0x20, 8, 2, 3);
    expect(bench.clocks.hz('CAN_CLK_ROOT')).toBe(0);
    field(0x38, 18, 1, 1);
    expect(bench.clocks.hz('ECSPI_CLK_ROOT')).toBe(24e6);
    field(0x1c, 6, 1, 0);
    expect(bench.clocks.hz('PERCLK_CLK_ROOT')).toBe(66e6);
    field(0x14, 25, 1, 1);
    field(0x18, 12, 2, 1);
    expect([bench.clocks.hz('AHB_CLK_ROOT'), bench.clocks.hz('IPG_CLK_ROOT')]).toEqual([6e6, 3e6]);
    field(0x0c, 2, 1, 1);
    field(0x10, 0, 3, 1);
    expect(bench.clocks.hz('ARM_CLK_ROOT')).toBe(12e6);
  });

  it('tells those who run on a clock, has no switch under way, and stores gates', () => {
    const bench = new Bench(IMX6SX);
    const { device, reset } = bench.make('CCM');
    let told = 0;
    bench.clocks.onChange(() => told++);
    put(device, 0x24, get(device, 0x24));
    put(device, 0x74, 0x1234_5678);
    expect([told, get(device, 0x74), get(device, 0x48), get(device, 0x08) & 0x10]).toEqual([0, 0x1234_5678, 0, 0x10]);
    put(device, 0x24, 0x40);
    expect([told, bench.clocks.hz('UART_CLK_ROOT')]).toEqual([1, 24e6]);
    reset();
    expect([get(device, 0x74), bench.clocks.hz('UART_CLK_ROOT')]).toEqual([0xffff_ffff, 80e6]);
    expect(bench.complaints).toEqual([]);
  });
});

describe('CCM_ANALOG of the 6SoloX', () => {
  it('has the PFDs by their names in clk-imx6sx.c', () => {
    const bench = new Bench(IMX6SX);
    bench.make('CCM_ANALOG');
    const mhz = (name: string): number => Math.floor(bench.clocks.hz(name) / 1e6);
    expect([0, 1, 2, 3].map((n) => mhz(`PLL_SYS_PFD${n}`))).toEqual([352, 594, 396, 594]);
    expect([0, 1, 2, 3].map((n) => mhz(`PLL_USB1_PFD${n}`))).toEqual([720, 540, 508, 454]);
    expect(['PLL_ARM', 'PLL_SYS', 'PLL_USB1', 'PLL_USB2', 'PLL_ENET', 'PLL_AUDIO'].map(mhz)).toEqual([996, 528, 480, 24, 24, 0]);
  });

  it('closes a PFD, takes another fraction at once and turns STABLE over', () => {
    const bench = new Bench(IMX6SX);
    const { device } = bench.make('CCM_ANALOG');
    put(device, 0xf0 + SET, 0x80);
    expect(bench.clocks.hz('PLL_USB1_PFD0')).toBe(0);
    put(device, 0xf0 + CLR, 0x80);
    put(device, 0xf0 + TOG, 0x0c ^ 0x12);
    expect([bench.clocks.hz('PLL_USB1_PFD0'), get(device, 0xf0)]).toEqual([480e6, 0x1311_1052]);
    put(device, 0xf0 + CLR, 0x3f);
    expect([bench.clocks.hz('PLL_USB1_PFD0'), get(device, 0xf0)]).toEqual([0, 0x1311_1000]);
  });

  it('powers the audio PLL up: lock after 11250 cycles of the crystal, fraction and post dividers', () => {
    const bench = new Bench(IMX6SX);
    const { device } = bench.make('CCM_ANALOG');
    // 786.432 MHz, as Linux sets it for 393.216 MHz by 2.
    put(device, 0x80, 768_000);
    put(device, 0x90, 1_000_000);
    put(device, 0x70, (1 << 19) | (1 << 16) | (1 << 13) | (1 << 12) | 32);
    expect(bench.clocks.hz('PLL_AUDIO_MAIN')).toBe(24e6);
    put(device, 0x70 + CLR, 1 << 12);
    expect(get(device, 0x70) & LOCK).toBe(0);
    bench.milliseconds(0.468);
    expect(get(device, 0x70) & LOCK).toBe(0);
    bench.milliseconds(0.001);
    expect(get(device, 0x70) >>> 31).toBe(1);
    put(device, 0x70 + CLR, 1 << 16);
    expect([bench.clocks.hz('PLL_AUDIO_MAIN'), bench.clocks.hz('PLL_AUDIO')]).toEqual([786_432_000, 393_216_000]);
    put(device, 0x170 + SET, 1 << 15);
    expect(bench.clocks.hz('PLL_AUDIO')).toBe(196_608_000);
    put(device, 0x70 + CLR, 1 << 13);
    expect(bench.clocks.hz('PLL_AUDIO')).toBe(0);
    // Another divider locks anew; what is written to LOCK is not kept.
    put(device, 0x70, 0x8000_0000 | (1 << 13) | 33);
    expect(get(device, 0x70) & LOCK).toBe(0);
  });

  it('makes Ethernet and PCIe references', () => {
    const bench = new Bench(IMX6SX);
    const { device } = bench.make('CCM_ANALOG');
    put(device, 0xe0, (1 << 21) | (1 << 20) | (1 << 19) | (1 << 13) | (1 << 2) | 3);
    expect(['ENET1_REF', 'ENET2_REF', 'PCIE_REF', 'ENET_PTP'].map((name) => bench.clocks.hz(name))).toEqual([125e6, 50e6, 100e6, 25e6]);
    put(device, 0xe0 + CLR, 1 << 20);
    expect(bench.clocks.hz('ENET2_REF')).toBe(0);
    put(device, 0xe0 + SET, (1 << 16) | (1 << 14));
    expect(bench.clocks.hz('ENET1_REF')).toBe(0);
  });

  it('knows its chip, reports the temperature sensor and forgets what was written at a reset', () => {
    const bench = new Bench(IMX6SX);
    const { device, reset } = bench.make('CCM_ANALOG');
    expect([get(device, 0x260), get(device, 0x00)]).toEqual([0x0062_0002, 0x8000_2053]);
    put(device, 0x00 + SET, 1 << 12);
    expect([get(device, 0x00), bench.clocks.hz('PLL_ARM')]).toEqual([0x3053, 0]);
    reset();
    expect([get(device, 0x00), bench.clocks.hz('PLL_ARM')]).toEqual([0x8000_2053, 996e6]);
    put(device, 0x180 + SET, 1 << 1);
    expect(bench.complaints).toEqual(['unimplemented CCM_ANALOG TEMPSENSE0']);
  });
});

describe('CCM_ANALOG of the 7Dual', () => {
  it('closes divided outputs by bits that are set, and Ethernet outputs by bits that are clear', () => {
    const bench = new Bench(IMX7D);
    const { device } = bench.make('CCM_ANALOG');
    const rates = (...names: string[]): number[] => names.map((name) => bench.clocks.hz(name));
    put(device, 0xb0 + SET, (1 << 5) | (1 << 26));
    expect(rates('PLL_SYS_MAIN_480M', 'PLL_SYS_MAIN_240M', 'PLL_SYS_MAIN_120M', 'PLL_SYS_PFD0_196M')).toEqual([480e6, 0, 120e6, 0]);
    put(device, 0xe0 + CLR, 1 << 9);
    expect(rates('PLL_ENET_MAIN_100M', 'PLL_ENET_MAIN_40M')).toEqual([0, 40e6]);
    put(device, 0xe0 + SET, 1 << 5);
    expect([...rates('PLL_ENET_MAIN_40M'), get(device, 0xe0) >>> 31]).toEqual([0, 0]);
    put(device, 0xe0 + CLR, 1 << 5);
    bench.milliseconds(0.094);
    expect([...rates('PLL_ENET_MAIN_40M'), get(device, 0xe0) >>> 31]).toEqual([40e6, 1]);
  });

  it('computes the frequency of the DDR PLL from its fraction, and those of audio from both post dividers', () => {
    const bench = new Bench(IMX7D);
    const { device } = bench.make('CCM_ANALOG');
    expect(Math.round(bench.clocks.hz('PLL_DRAM_MAIN') / 1e6)).toBe(1066);
    put(device, 0x110, 250_000);
    put(device, 0x120, 1_000_000);
    put(device, 0xf0, (1 << 22) | (1 << 19) | (1 << 13) | 30);
    expect(bench.clocks.hz('PLL_AUDIO_MAIN')).toBe((24e6 * 30.25) / 4);
    put(device, 0x120, 0);
    expect(bench.clocks.hz('PLL_AUDIO_MAIN')).toBe((24e6 * 30) / 4);
    expect(get(device, 0x800)).toBe(0x0072_0013);
  });

  it('opens PFD 5 as U-Boot would', () => {
    const bench = new Bench(IMX7D);
    const { device } = bench.make('CCM_ANALOG');
    expect(bench.clocks.hz('PLL_SYS_PFD5')).toBe(0);
    put(device, 0xd0, 0xa0a0_1b16);
    expect(bench.clocks.hz('PLL_SYS_PFD5')).toBe(320e6);
  });
});
