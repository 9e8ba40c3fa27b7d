/**
 * The 7Dual against numbers typed from other places: Linux 6.1's imx_rproc.c, imx7s.dtsi, imx7d.dtsi and clk-imx7d.c, NXP's imx7d-sdb-m4.dtsi, Toradex'
 * imx7-colibri.dtsi, what the BSP's clock code writes and computes.
 */
import { describe, expect, it } from 'vitest';
import { IMX7D } from '../../src/soc/imx7d.ts';
import { Bench, get, put } from '../peripherals/bench.ts';
import { attOf, attRows, memoryAt, number, regionsOf, rows } from './support.ts';

/** imx_rproc_att_imx7d: da, sa, size, ATT_OWN. */
const ATT = `
00000000 00180000 00008000 -
00180000 00180000 00008000 own
00900000 00900000 00020000 -
00920000 00920000 00020000 -
00940000 00940000 00008000 -
1FFF8000 007F8000 00008000 own
10000000 80000000 0FFF0000 -
20000000 00800000 00008000 own
20200000 00900000 00020000 -
20220000 00920000 00020000 -
20240000 00940000 00008000 -
80000000 80000000 60000000 -
`;

/** Name, base, GIC_SPIs of the device tree, which are the core's IRQns, too. */
const BLOCKS = `
GPIO1 30200000 64 65
GPIO2 30210000 66 67
GPIO3 30220000 68 69
GPIO4 30230000 70 71
GPIO5 30240000 72 73
GPIO6 30250000 74 75
GPIO7 30260000 76 77
WDOG1 30280000 78 -
WDOG2 30290000 79 -
WDOG3 302a0000 10 -
WDOG4 302b0000 109 -
IOMUXC_LPSR 302c0000 - -
GPT1 302d0000 55 -
GPT2 302e0000 54 -
GPT3 302f0000 53 -
GPT4 30300000 52 -
IOMUXC 30330000 - -
IOMUXC_GPR 30340000 - -
OCOTP 30350000 - -
CCM_ANALOG 30360000 49 51
SNVS 30370000 19 -
CCM 30380000 85 86
SRC 30390000 89 -
GPC 303a0000 87 -
ADC1 30610000 98 -
ADC2 30620000 99 -
ECSPI4 30630000 34 -
PWM1 30660000 81 -
PWM2 30670000 82 -
PWM3 30680000 83 -
PWM4 30690000 84 -
ECSPI1 30820000 31 -
ECSPI2 30830000 32 -
ECSPI3 30840000 33 -
UART1 30860000 26 -
UART2 30890000 27 -
UART3 30880000 28 -
FLEXCAN1 30a00000 110 -
FLEXCAN2 30a10000 111 -
I2C1 30a20000 35 -
I2C2 30a30000 36 -
I2C3 30a40000 37 -
I2C4 30a50000 38 -
UART4 30a60000 29 -
UART5 30a70000 30 -
UART6 30a80000 16 -
UART7 30a90000 126 -
SDMA 30bd0000 2 -
USDHC1 30b40000 - -
QUADSPI 30bb0000 - -
ENET1 30be0000 - -
APBH 33000000 - -
`;

describe('imx7d', () => {
  it('translates addresses by the rows of imx_rproc_att_imx7d, in their order', () => {
    expect(attOf(IMX7D)).toEqual(attRows(ATT));
    const start = (1 << 3) | (1 << 2) | (1 << 1);
    expect(IMX7D.remoteprocs[0]).toMatchObject({
      core: 'm4',
      compatible: 'fsl,imx7d-cm4',
      method: 'mmio',
      src: { address: 0x3039_0000 + 0x0c, mask: start | 1, start, stop: (1 << 3) | (1 << 1) | (1 << 0) },
    });
  });

  it.each(rows(BLOCKS))('has %s at %s on the lines of the device tree', (name, base, line, second) => {
    const block = IMX7D.peripherals.find((candidate) => candidate.name === name)!;
    const both = (text: string) => (number(text) === undefined ? undefined : { m4: Number(text), linux: Number(text) });
    expect([block.base, block.interrupts, block.highInterrupts]).toEqual([Number.parseInt(base!, 16), both(line!), both(second!)]);
  });

  it('has the MU between Linux (A, SPI 88) and the M4 (B, IRQ 97), SEMA4 on 116 and 11', () => {
    expect(IMX7D.mus).toEqual([
      {
        name: 'MU',
        layout: 'imx6sx',
        a: { base: 0x30aa_0000, interrupts: { linux: 88 }, pdap: 74 },
        b: { base: 0x30ab_0000, interrupts: { m4: 97 }, pdap: 75 },
      },
    ]);
    const sema4 = IMX7D.peripherals.find(({ name }) => name === 'SEMA4')!;
    expect([sema4.interrupts, sema4.highInterrupts]).toEqual([{ linux: 116 }, { m4: 11 }]);
  });

  it("has the DMA requests of UARTs and ECSPIs that NXP's imx7s.dtsi names", () => {
    const events = Object.fromEntries(IMX7D.peripherals.flatMap(({ name, dma }) => (dma ? [[name, dma['SDMA']]] : [])));
    expect(events).toMatchObject({
      ECSPI4: { receive: 6, transmit: 7 },
      UART2: { receive: 24, transmit: 25 },
      UART7: { receive: 34, transmit: 35 },
    });
  });

  it('shows memory to both sides where the address table says it is the same memory, and nothing between', () => {
    for (const { da, sa, size } of IMX7D.remoteprocs[0]!.att) {
      for (const offset of [0, size - 4]) expect(memoryAt(IMX7D, 'm4', da + offset)).toBe(memoryAt(IMX7D, 'linux', sa + offset));
    }
    expect(memoryAt(IMX7D, 'm4', 0x1ff0_0000)).toBe('DDR+ff00000');
    expect([0x8000, 0x1fff_0000, 0x2000_8000, 0xe000_0000].map((address) => memoryAt(IMX7D, 'm4', address))).toEqual(
      Array(4).fill(undefined),
    );
  });

  it('reserves memory per board as the trees and the firmware have it', () => {
    expect(regionsOf(IMX7D, 'sdb')).toMatchObject({ m4: [0x9ff0_0000, 0x10_0000], vdev0vring0: [0xbfff_0000, 0x8000] });
    expect(regionsOf(IMX7D, 'colibri-imx7')).toMatchObject({ vdev0vring0: [0x9ff0_0000, 0x8000], 'rsc-table': [0x9fff_f000, 0x1000] });
    const rings = IMX7D.boards.map(({ name, rpmsg }) => [name, rpmsg?.base]);
    expect(Object.fromEntries(rings)).toMatchObject({ 'colibri-imx7': 0x8fff_0000, sdb: 0xbfff_0000, 'var-som-mx7': 0xbfff_0000 });
    expect(IMX7D.boards[0]!.name).toBe('colibri-imx7');
    expect(IMX7D.boards.map(({ console }) => console)).toEqual(['uart2', 'uart2', 'uart6', 'uart2', 'uart2']);
  });

  it('has a core of 128 interrupts at the 240 MHz that SystemInit chooses', () => {
    const bench = new Bench(IMX7D);
    put(bench.make('CCM').device, 0x8080, 0x1100_0000);
    expect(bench.clocks.hz('ARM_M4_CLK_ROOT')).toBe(IMX7D.cores[0]!.hz);
    expect(IMX7D.cores).toMatchObject([{ name: 'm4', vectors: 0, profile: { name: 'cortex-m4', interrupts: 128, lmem: true } }]);
  });

  it('makes the frequencies that their names in clk-imx7d.c say', () => {
    const bench = new Bench(IMX7D);
    bench.make('CCM');
    const mhz = (name: string): number => Math.floor(bench.clocks.hz(name) / 1e6);
    const named = [
      'PLL_SYS_PFD0_392M',
      'PLL_SYS_PFD0_196M',
      'PLL_SYS_PFD1_332M',
      'PLL_SYS_PFD1_166M',
      'PLL_SYS_PFD2_270M',
      'PLL_SYS_PFD2_135M',
    ];
    expect(named.map(mhz)).toEqual([392, 196, 332, 166, 270, 135]);
    expect([500, 250, 125, 100, 50, 40, 25].map((rate) => mhz(`PLL_ENET_MAIN_${rate}M`))).toEqual([500, 250, 125, 100, 50, 40, 25]);
    expect(['PLL_SYS_MAIN_480M', 'PLL_SYS_MAIN_120M', 'PLL_ARM_MAIN', 'PLL_DRAM_MAIN_533M'].map(mhz)).toEqual([480, 120, 792, 533]);
    expect(['UART2_CLK_ROOT', 'ECSPI3_CLK_ROOT', 'IPG_CLK_ROOT'].map((root) => bench.clocks.hz(root))).toEqual([24e6, 60e6, 67.5e6]);
  });

  it('has for each clock root the sources that exist, and every one of them is made by somebody', () => {
    const bench = new Bench(IMX7D);
    bench.make('CCM');
    const spec = IMX7D.peripherals.find(({ kind }) => kind === 'ccm')!;
    if (spec.kind !== 'ccm') throw new Error('no CCM');
    const sources = spec.roots.flatMap((root) => root.sources).filter((source) => source !== null);
    expect(sources.filter((source) => !bench.clocks.has(source))).toEqual([]);
    // clk-imx7d.c: base + 0xb300 is ecspi1, 0xbb80 wdog, 0xae00 i2c2.
    const at = (offset: number) => spec.roots.find(({ index }) => 0x8000 + 0x80 * index === offset)!.name;
    expect([0xb300, 0xbb80, 0xae00, 0xac80].map(at)).toEqual(['ECSPI1_CLK_ROOT', 'WDOG_CLK_ROOT', 'I2C2_CLK_ROOT', 'CAN1_CLK_ROOT']);
  });

  it('gives the frequency that the gpt example computes from what its hardware_init writes', () => {
    const bench = new Bench(IMX7D);
    const { device } = bench.make('CCM');
    // GPT4: PFD0 of the system PLL by 2 by 2; the example divides by 2 once more and prints 49090907.
    put(device, 0x8000 + 0x80 * 117, 0x1201_0001);
    expect(Math.floor(bench.clocks.hz('GPT4_CLK_ROOT') / 2)).toBe(49_090_909);
    expect(get(device, 0x8000 + 0x80 * 117)).toBe(0x1201_0001);
  });

  it('leaves the errata peripherals to domain 0, as U-Boot does', () => {
    const { device } = new Bench(IMX7D).make('RDC');
    const pdap = (index: number): number => get(device, 0x400 + 4 * index);
    expect([10, 105, 72, 95].map(pdap)).toEqual([0x03, 0x03, 0x03, 0x03]);
    expect([0, 75, 76, 64].map(pdap)).toEqual([0xff, 0xff, 0xff, 0xff]);
  });

  it('starts and stops the M4 by the words that Linux and U-Boot write to SRC_M4RCR', () => {
    const bench = new Bench(IMX7D);
    const { device } = bench.make('SRC');
    expect(get(device, 0x0c)).toBe(0xab);
    put(device, 0x0c, 0xae);
    expect([bench.coreResets, get(device, 0x0c)]).toEqual([[false], 0xa8]);
    put(device, 0x0c, 0xab);
    expect([bench.coreResets, get(device, 0x0c)]).toEqual([[false, true], 0xab]);
    put(device, 0x0c, 0xaa);
    expect(bench.coreResets).toEqual([false, true, false]);
  });

  it('powers the PHYs of GPC on request, as gpcv2.c asks', () => {
    const bench = new Bench(IMX7D);
    const { device } = bench.make('GPC');
    put(device, 0xf8, 1 << 1);
    expect(get(device, 0xf8)).toBe(1 << 1);
    bench.advance(2400);
    expect(get(device, 0xf8)).toBe(0);
  });
});
