/**
 * The 8M Nano against numbers typed from other places: Linux 6.1's imx_rproc.c, imx8mn.dtsi and gpcv2.c, NXP's fsl_clock.h and clock_config.c.
 */
import { describe, expect, it } from 'vitest';
import { IMX8MN } from '../../src/soc/imx8mn.ts';
import { Bench, get, put } from '../peripherals/bench.ts';
import { attOf, attRows, memoryAt, number, regionsOf, rows } from './support.ts';

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

/** Name, base, GIC_SPI of the device tree, which is the core's IRQn, too. */
const BLOCKS = `
GPIO1 30200000 64
GPIO2 30210000 66
GPIO3 30220000 68
GPIO4 30230000 70
GPIO5 30240000 72
TMU 30260000 49
WDOG1 30280000 78
WDOG2 30290000 79
WDOG3 302a0000 10
SDMA3 302b0000 34
SDMA2 302c0000 103
GPT1 302d0000 55
GPT2 302e0000 54
GPT3 302f0000 53
IOMUXC 30330000 -
IOMUXC_GPR 30340000 -
OCOTP 30350000 -
CCM_ANALOG 30360000 -
SNVS 30370000 19
CCM 30380000 -
SRC 30390000 89
GPC 303a0000 87
RDC 303d0000 39
PWM1 30660000 81
PWM2 30670000 82
PWM3 30680000 83
PWM4 30690000 84
SYS_CTR 306a0000 47
GPT6 306e0000 46
GPT5 306f0000 51
GPT4 30700000 52
ECSPI1 30820000 31
ECSPI2 30830000 32
ECSPI3 30840000 33
UART1 30860000 26
UART3 30880000 28
UART2 30890000 27
I2C1 30a20000 35
I2C2 30a30000 36
I2C3 30a40000 37
I2C4 30a50000 38
UART4 30a60000 29
USDHC1 30b40000 -
USDHC2 30b50000 -
USDHC3 30b60000 -
SDMA1 30bd0000 2
`;

/** Index of ROOT in fsl_clock.h, value of its rootmux enumeration, rate in MHz, our name. */
const ROOTS = `
1 7 600 ARM_M7_CLK_ROOT
16 1 333.333333 MAIN_AXI_CLK_ROOT
26 4 500 NOC_CLK_ROOT
32 3 400 AHB_CLK_ROOT
34 4 166.666667 AUDIO_AHB_CLK_ROOT
83 2 50 ENET_REF_CLK_ROOT
85 3 200 ENET_PHY_CLK_ROOT
87 5 266.666667 QSPI_CLK_ROOT
90 1 160 I2C1_CLK_ROOT
93 7 133.333333 I2C4_CLK_ROOT
94 1 80 UART1_CLK_ROOT
97 4 600 UART4_CLK_ROOT
101 2 40 ECSPI1_CLK_ROOT
131 6 250 ECSPI3_CLK_ROOT
105 3 40 PWM3_CLK_ROOT
107 1 100 GPT1_CLK_ROOT
112 5 80 GPT6_CLK_ROOT
114 7 166.666667 WDOG_CLK_ROOT
132 1 100 PDM_CLK_ROOT
`;

/** SDMA1's events in the device tree: receive, transmit. */
const EVENTS = `
UART1 22 23
UART3 26 27
UART4 28 29
ECSPI2 2 3
ECSPI3 4 5
`;

describe('imx8mn', () => {
  it('translates addresses by the rows of imx_rproc_att_imx8mn, in their order', () => {
    expect(attOf(IMX8MN)).toEqual(attRows(ATT));
    expect(IMX8MN.remoteprocs[0]).toMatchObject({ core: 'm7', compatible: 'fsl,imx8mn-cm7', method: 'smc' });
  });

  it.each(rows(BLOCKS))('has %s at %s on the line of the device tree', (name, base, line) => {
    const block = IMX8MN.peripherals.find((candidate) => candidate.name === name)!;
    expect(block.base).toBe(Number.parseInt(base!, 16));
    expect([block.interrupts?.['m7'], block.interrupts?.['linux']]).toEqual([number(line!), number(line!)]);
  });

  it('has the second lines, and SDMA1 hears the events of the device tree', () => {
    const block = (name: string) => IMX8MN.peripherals.find((candidate) => candidate.name === name)!;
    const high = (name: string) => block(name).highInterrupts;
    expect([1, 2, 3, 4, 5].map((n) => high(`GPIO${n}`))).toEqual([65, 67, 69, 71, 73].map((line) => ({ m7: line, linux: line })));
    expect([block('SEMA4').interrupts, high('SEMA4'), high('SYS_CTR')]).toEqual([{ linux: 116 }, { m7: 11 }, { m7: 48, linux: 48 }]);
    for (const [name, receive, transmit] of rows(EVENTS))
      expect(block(name!).dma).toEqual({ SDMA1: { receive: Number(receive), transmit: Number(transmit) } });
  });

  it('has the MU between Linux (A, SPI 88) and the core (B, IRQ 97)', () => {
    expect(IMX8MN.mus).toMatchObject([
      { layout: 'imx6sx', a: { base: 0x30aa_0000, interrupts: { linux: 88 } }, b: { base: 0x30ab_0000, interrupts: { m7: 97 } } },
    ]);
  });

  it('shows memory to both sides where the address table says it is the same memory', () => {
    for (const { da, sa } of attRows(ATT)) {
      const own = memoryAt(IMX8MN, 'm7', da);
      expect(memoryAt(IMX8MN, 'linux', sa)).toBe(own);
    }
    expect([memoryAt(IMX8MN, 'm7', 0x2027_fffc), memoryAt(IMX8MN, 'm7', 0x2018_7ffc)]).toEqual(['OCRAM+7fffc', 'OCRAM_S+7ffc']);
    expect(memoryAt(IMX8MN, 'm7', 0x2000_0000)).toBe('DTCM+0');
    expect(memoryAt(IMX8MN, 'm7', 0x1ffe_0000)).toBeUndefined();
  });

  it.each([
    ['evk', 0xb800_0000, 0x8000_0000, 'm_core'],
    ['som-mx8mn', 0x4000_0000, 0x7e00_0000, 'm_core'],
  ] as const)('reserves memory on %s as its device tree does', (board, vrings, code, region) => {
    expect(regionsOf(IMX8MN, board)).toEqual({
      vdev0buffer: [vrings + 0x40_0000, 0x10_0000],
      vdev0vring0: [vrings, 0x8000],
      vdev0vring1: [vrings + 0x8000, 0x8000],
      'rsc-table': [vrings + 0xf_f000, 0x1000],
      [region]: [code, 0x100_0000],
    });
  });

  it("has the consoles of the boards' board.h", () => {
    expect(IMX8MN.boards.map(({ console }) => console)).toEqual('uart4 uart3'.split(' '));
  });

  it('has a core of 128 interrupts', () => {
    expect(IMX8MN.cores).toMatchObject([{ name: 'm7', hz: 600_000_000, vectors: 0, profile: { interrupts: 128 } }]);
  });

  it.each(rows(ROOTS))('takes root %s from source %s at %s MHz', (index, mux, mhz, name) => {
    const bench = new Bench(IMX8MN);
    const { device } = bench.make('CCM');
    put(device, 0x8000 + 0x80 * Number(index), (0x1000_0000 | (Number(mux) << 24)) >>> 0);
    expect(bench.clocks.hz(name!) / 1e6).toBeCloseTo(Number(mhz), 5);
    expect(bench.complaints).toEqual([]);
  });

  it('has its PLLs as U-Boot leaves them, and M7_ALT_PLL where the 8M Mini has VPU_PLL', () => {
    const bench = new Bench(IMX8MN);
    bench.make('CCM');
    const { device } = bench.make('CCM_ANALOG');
    const mhz = (name: string): number => bench.clocks.hz(name) / 1e6;
    expect(['SYS_PLL1', 'SYS_PLL2', 'SYS_PLL3', 'ARM_PLL', 'M7_ALT_PLL'].map(mhz)).toEqual([800, 1000, 600, 1200, 24]);
    expect(mhz('ARM_M7_CLK_ROOT')).toBe(600);
    put(device, 0x78, (375 << 12) | (3 << 4) | 2);
    put(device, 0x74, 0x0a00);
    expect(mhz('M7_ALT_PLL')).toBe(750);
    expect(get(device, 0x74)).toBe(0x0a00);
    bench.milliseconds(1);
    expect(get(device, 0x74)).toBe(0x8000_0a00);
    const ccm = bench.make('CCM').device;
    put(ccm, 0x8080, 0x1300_0000);
    expect(mhz('ARM_M7_CLK_ROOT')).toBe(750);
  });

  it('answers the handshakes of gpcv2.c', () => {
    const { device } = new Bench(IMX8MN).make('GPC');
    for (const [request, acknowledge] of [
      [(1 << 11) | (1 << 9), (1 << 29) | (1 << 27)],
      [1 << 7, 1 << 25],
      [1 << 5, 1 << 23],
      [1 << 4, 1 << 21],
      [1 << 3, 1 << 22],
    ] as const) {
      put(device, 0x1fc, request);
      expect(get(device, 0x1fc)).toBe((request | acknowledge) >>> 0);
    }
  });
});
