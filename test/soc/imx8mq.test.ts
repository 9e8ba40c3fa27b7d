/**
 * The 8M Quad against numbers typed from other places: Linux 6.1's imx_rproc.c, imx8mq.dtsi and gpcv2.c, NXP's fsl_clock.h and clock_config.c.
 */
import { describe, expect, it } from 'vitest';
import { IMX8MQ } from '../../src/soc/imx8mq.ts';
import { Bench, get, put } from '../peripherals/bench.ts';
import { attOf, attRows, memoryAt, number, regionsOf, rows } from './support.ts';

/** imx_rproc_att_imx8mq: da, sa, size, ATT_OWN. */
const ATT = `
00000000 007E0000 00020000 -
00180000 00180000 00008000 -
00900000 00900000 00020000 -
00920000 00920000 00020000 -
08000000 08000000 08000000 -
10000000 40000000 0FFE0000 -
1FFE0000 007E0000 00020000 own
20000000 00800000 00020000 own
20180000 00180000 00008000 own
20200000 00900000 00020000 own
20220000 00920000 00020000 own
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
SDMA1 30bd0000 2
`;

/** Index of ROOT in fsl_clock.h, value of its rootmux enumeration, rate in MHz, our name. */
const ROOTS = `
1 3 266.666667 ARM_M4_CLK_ROOT
16 3 250 MAIN_AXI_CLK_ROOT
26 1 800 NOC_CLK_ROOT
32 4 125 AHB_CLK_ROOT
87 2 800 QSPI_CLK_ROOT
90 1 160 I2C1_CLK_ROOT
93 2 50 I2C4_CLK_ROOT
94 2 200 UART1_CLK_ROOT
95 1 80 UART2_CLK_ROOT
97 0 25 UART4_CLK_ROOT
101 2 40 ECSPI1_CLK_ROOT
131 6 250 ECSPI3_CLK_ROOT
105 3 40 PWM3_CLK_ROOT
75 5 27 SAI1_CLK_ROOT
107 1 100 GPT1_CLK_ROOT
112 5 80 GPT6_CLK_ROOT
114 7 166.666667 WDOG_CLK_ROOT
`;

/** SDMA1's events in the device tree: receive, transmit. */
const EVENTS = `
UART1 22 23
UART3 26 27
UART4 28 29
ECSPI2 2 3
ECSPI3 4 5
`;

describe('imx8mq', () => {
  it('translates addresses by the rows of imx_rproc_att_imx8mq, in their order', () => {
    expect(attOf(IMX8MQ)).toEqual(attRows(ATT));
    expect(IMX8MQ.remoteprocs[0]).toMatchObject({
      core: 'm4',
      compatible: 'fsl,imx8mq-cm4',
      method: 'mmio',
      // IMX7D_SRC_SCR, IMX7D_M4_RST_MASK, IMX7D_M4_START, IMX7D_M4_STOP.
      src: { address: 0x3039_0000 + 0x0c, mask: 0b1111, start: 0b1110, stop: 0b1011 },
    });
  });

  it.each(rows(BLOCKS))('has %s at %s on the line of the device tree', (name, base, line) => {
    const block = IMX8MQ.peripherals.find((candidate) => candidate.name === name)!;
    expect(block.base).toBe(Number.parseInt(base!, 16));
    expect([block.interrupts?.['m4'], block.interrupts?.['linux']]).toEqual([number(line!), number(line!)]);
  });

  it('has the second lines, and SDMA1 hears the events of the device tree', () => {
    const block = (name: string) => IMX8MQ.peripherals.find((candidate) => candidate.name === name)!;
    const high = (name: string) => block(name).highInterrupts;
    expect([1, 2, 3, 4, 5].map((n) => high(`GPIO${n}`))).toEqual([65, 67, 69, 71, 73].map((line) => ({ m4: line, linux: line })));
    expect([block('SEMA4').interrupts, high('SEMA4'), high('SYS_CTR')]).toEqual([{ linux: 116 }, { m4: 11 }, { m4: 48, linux: 48 }]);
    for (const [name, receive, transmit] of rows(EVENTS))
      expect(block(name!).dma).toEqual({ SDMA1: { receive: Number(receive), transmit: Number(transmit) } });
  });

  it('has the MU between Linux (A, SPI 88) and the core (B, IRQ 97)', () => {
    expect(IMX8MQ.mus).toMatchObject([
      { layout: 'imx6sx', a: { base: 0x30aa_0000, interrupts: { linux: 88 } }, b: { base: 0x30ab_0000, interrupts: { m4: 97 } } },
    ]);
  });

  it('shows memory to both sides where the address table says it is the same memory', () => {
    for (const { da, sa } of attRows(ATT)) {
      const own = memoryAt(IMX8MQ, 'm4', da);
      expect(memoryAt(IMX8MQ, 'linux', sa)).toBe(own);
    }
    expect([memoryAt(IMX8MQ, 'm4', 0x2021_fffc), memoryAt(IMX8MQ, 'm4', 0x2018_7ffc)]).toEqual(['OCRAM+1fffc', 'OCRAM_S+7ffc']);
    expect(memoryAt(IMX8MQ, 'm4', 0x1ffe_0000)).toBe('TCML+0');
    expect(memoryAt(IMX8MQ, 'm4', 0x1ffd_fffc)).toBe('DDR+ffdfffc');
  });

  it.each([
    ['evk', 0xb800_0000, 0x8000_0000, 'm4'],
    ['dart-mx8m', 0x4000_0000, 0x7e00_0000, 'm4'],
  ] as const)('reserves memory on %s as its device tree does', (board, vrings, code, region) => {
    expect(regionsOf(IMX8MQ, board)).toEqual({
      vdev0buffer: [vrings + 0x40_0000, 0x10_0000],
      vdev0vring0: [vrings, 0x8000],
      vdev0vring1: [vrings + 0x8000, 0x8000],
      'rsc-table': [vrings + 0xf_f000, 0x1000],
      [region]: [code, 0x100_0000],
    });
  });

  it("has the consoles of the boards' board.h", () => {
    expect(IMX8MQ.boards.map(({ console }) => console)).toEqual('uart2 uart2'.split(' '));
  });

  it('has a core of 128 interrupts', () => {
    expect(IMX8MQ.cores).toMatchObject([{ name: 'm4', hz: 266_000_000, vectors: 0, profile: { interrupts: 128 } }]);
  });

  it.each(rows(ROOTS))('takes root %s from source %s at %s MHz', (index, mux, mhz, name) => {
    const bench = new Bench(IMX8MQ);
    const { device } = bench.make('CCM');
    put(device, 0x8000 + 0x80 * Number(index), (0x1000_0000 | (Number(mux) << 24)) >>> 0);
    expect(bench.clocks.hz(name!) / 1e6).toBeCloseTo(Number(mhz), 5);
    expect(bench.complaints).toEqual([]);
  });

  it('is held in reset as imx_rproc_detect_mode expects of a core that was never started, and starts and stops by SRC_M4RCR', () => {
    const bench = new Bench(IMX8MQ);
    const { device } = bench.make('SRC');
    expect(get(device, 0x0c) & 0x0f).toBe(0x0b);
    put(device, 0x0c, (get(device, 0x0c) & ~0x0f) | 0x0e);
    expect([bench.coreResets, get(device, 0x0c)]).toEqual([[false], 0xa8]);
    put(device, 0x0c, (get(device, 0x0c) & ~0x0f) | 0x0b);
    expect([bench.coreResets, get(device, 0x0c) & 0x0f]).toEqual([[false, true], 0x0b]);
  });

  it('has its PLLs as U-Boot leaves them: SSCG system PLLs with all outputs, ARM_PLL at 1 GHz', () => {
    const bench = new Bench(IMX8MQ);
    bench.make('CCM');
    const { device } = bench.make('CCM_ANALOG');
    const mhz = (name: string): number => Math.round(bench.clocks.hz(name) / 1e3) / 1e3;
    expect(['SYS_PLL1', 'SYS_PLL2', 'SYS_PLL3', 'ARM_PLL', 'AUDIO_PLL1'].map(mhz)).toEqual([800, 1000, 0, 1000, 0]);
    expect([2, 3, 4, 5, 6, 8, 10, 20].map((divider) => mhz(`SYS_PLL2_DIV${divider}`))).toEqual([
      500, 333.333, 250, 200, 166.667, 125, 100, 50,
    ]);
    expect([mhz('ARM_M4_CLK_ROOT'), mhz('UART2_CLK_ROOT')]).toEqual([266.667, 25]);
    for (const offset of [0x28, 0x30, 0x3c]) expect(get(device, offset) >>> 31).toBe(1);
    for (const offset of [0x00, 0x48]) expect(get(device, offset) >>> 31).toBe(0);
    put(device, 0x30, get(device, 0x30) & ~(1 << 11));
    expect([mhz('SYS_PLL1_DIV10'), mhz('SYS_PLL1_DIV8'), mhz('SYS_PLL1')]).toEqual([0, 100, 800]);
  });

  it("starts a fractional PLL as CLOCK_InitFracPll does, at 650 MHz as in NXP's clock_config.c, and acknowledges new dividers", () => {
    const bench = new Bench(IMX8MQ);
    const { device } = bench.make('CCM_ANALOG');
    // REF / 5, INT 64, OUT / 4: 25 MHz / 5 * 8 * 65 / 4; powered up, output open.
    put(device, 0x04, 64);
    put(device, 0x00, (1 << 21) | (1 << 12) | (4 << 5) | 1);
    expect(bench.clocks.hz('AUDIO_PLL1')).toBe(650e6);
    expect(get(device, 0x00) & 0x8000_0800).toBe(0);
    bench.milliseconds(0.05);
    expect((get(device, 0x00) & 0x8000_0800) >>> 0).toBe(0x8000_0800);
    // DIVF of half: FRAC_DIV_CTL is of 2^24, from bit 7 on.
    put(device, 0x04, 64 | (1 << 30));
    expect(bench.clocks.hz('AUDIO_PLL1')).toBe((5e6 * 8 * 65.5) / 4);
    expect(get(device, 0x00) >>> 31).toBe(1);
    put(device, 0x00, (1 << 21) | (1 << 14));
    expect(bench.clocks.hz('AUDIO_PLL1')).toBe(25e6);
    put(device, 0x00, (1 << 21) | (1 << 14) | (1 << 16));
    expect(bench.clocks.hz('AUDIO_PLL1')).toBe(27e6);
    put(device, 0x00, 1 << 19);
    expect([bench.clocks.hz('AUDIO_PLL1'), get(device, 0x00) >>> 31]).toEqual([0, 0]);
  });

  it("starts an SSCG PLL at the 1000 MHz of NXP's clock_config.c; its bypasses, spread spectrum and dividers count", () => {
    const bench = new Bench(IMX8MQ);
    const { device } = bench.make('CCM_ANALOG');
    const hz = (): number => bench.clocks.hz('SYS_PLL3');
    // 25 MHz / 1 * 2 * 32 / 16 * 10 / 1.
    put(device, 0x50, (15 << 19) | (31 << 13) | (9 << 7));
    put(device, 0x48, 1 << 9);
    expect([hz(), get(device, 0x48) >>> 31]).toEqual([1000e6, 0]);
    bench.milliseconds(0.05);
    expect(get(device, 0x48) >>> 31).toBe(1);
    put(device, 0x50, (1 << 25) | (15 << 19) | (31 << 13) | (9 << 7) | (1 << 1));
    expect(hz()).toBe(250e6);
    expect(get(device, 0x48) >>> 31).toBe(0);
    put(device, 0x4c, 1);
    expect(hz()).toBe(1000e6);
    put(device, 0x48, (1 << 9) | (1 << 5));
    expect(hz()).toBe(((25e6 / 16) * 10) / 2);
    put(device, 0x48, (1 << 9) | (1 << 4));
    expect(hz()).toBe(25e6);
    put(device, 0x48, 1 << 5);
    expect(hz()).toBe(0);
  });

  it('divides the crystals in XTALOSC, under PLLs and roots alike', () => {
    const bench = new Bench(IMX8MQ);
    bench.make('CCM');
    const { device, reset } = bench.make('XTALOSC');
    put(device, 0x0000, (get(device, 0) & ~0x1f00) | (1 << 8) | (1 << 31));
    expect([bench.clocks.hz('UART2_CLK_ROOT'), bench.clocks.hz('SYS_PLL1')]).toEqual([12.5e6, 400e6]);
    put(device, 0x8000, 2 << 8);
    expect(bench.clocks.hz('OSC_27M')).toBe(9e6);
    put(device, 0x8004, 0x8000_0000);
    reset();
    expect([bench.clocks.hz('OSC_25M'), bench.clocks.hz('OSC_27M'), get(device, 0x8004), bench.complaints]).toEqual([25e6, 27e6, 0, []]);
  });

  it('counts a third of 25 MHz in the system counter', () => {
    const bench = new Bench(IMX8MQ);
    const { device } = bench.make('SYS_CTR');
    bench.milliseconds(3);
    expect([get(device, 0), get(device, 0x2_0020)]).toEqual([25_000, 8_333_333]);
  });

  it('answers the handshakes of gpcv2.c', () => {
    const { device } = new Bench(IMX8MQ).make('GPC');
    for (const [request, acknowledge] of [
      [1 << 6, 1 << 26],
      [1 << 5, 1 << 25],
      [1 << 4, 1 << 24],
    ] as const) {
      put(device, 0x1fc, request);
      expect(get(device, 0x1fc)).toBe(request | acknowledge);
    }
  });
});
