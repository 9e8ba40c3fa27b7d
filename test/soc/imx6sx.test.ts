/**
 * The 6SoloX against numbers typed from other places: Linux 6.1's imx_rproc.c, imx6sx.dtsi and clk-imx6sx.c, NXP's imx6sx-sdb-m4.dts, Zephyr's
 * nxp_imx6sx_m4.dtsi (the M4's addresses), what the BSP's clock code writes.
 */
import { describe, expect, it } from 'vitest';
import { IMX6SX } from '../../src/soc/imx6sx.ts';
import { baseIn } from '../../src/soc/soc.ts';
import { Bench, get, put } from '../peripherals/bench.ts';
import { attOf, attRows, memoryAt, number, regionsOf, rows } from './support.ts';

/** imx_rproc_att_imx6sx: da, sa, size, ATT_OWN. */
const ATT = `
00000000 007F8000 00008000 -
00180000 008F8000 00004000 -
00180000 008FC000 00004000 -
1FFF8000 007F8000 00008000 own
10000000 80000000 0FFF8000 -
20000000 00800000 00008000 own
208F8000 008F8000 00004000 -
80000000 80000000 60000000 -
`;

/** Name, base for Linux and for the M4, GIC_SPIs of the device tree, which are the core's IRQns, too. */
const BLOCKS = `
ECSPI1 02008000 42008000 31 -
ECSPI2 0200c000 4200c000 32 -
ECSPI3 02010000 42010000 33 -
ECSPI4 02014000 42014000 34 -
UART1 02020000 42020000 26 -
PWM1 02080000 42080000 83 -
PWM2 02084000 42084000 84 -
PWM3 02088000 42088000 85 -
PWM4 0208c000 4208c000 86 -
FLEXCAN1 02090000 42090000 110 -
FLEXCAN2 02094000 42094000 111 -
GPT 02098000 42098000 55 -
GPIO1 0209c000 4209c000 66 67
GPIO2 020a0000 420a0000 68 69
GPIO3 020a4000 420a4000 70 71
GPIO4 020a8000 420a8000 72 73
GPIO5 020ac000 420ac000 74 75
GPIO6 020b0000 420b0000 76 77
GPIO7 020b4000 420b4000 78 79
WDOG1 020bc000 420bc000 80 -
WDOG2 020c0000 420c0000 81 -
CCM 020c4000 420c4000 87 88
CCM_ANALOG 020c8000 420c8000 49 54
SNVS 020cc000 420cc000 19 -
EPIT1 020d0000 420d0000 56 -
EPIT2 020d4000 420d4000 57 -
SRC 020d8000 420d8000 91 -
GPC 020dc000 420dc000 89 -
IOMUXC 020e0000 420e0000 - -
IOMUXC_GPR 020e4000 420e4000 - -
SDMA 020ec000 420ec000 2 -
RDC 020fc000 420fc000 39 -
I2C1 021a0000 421a0000 36 -
I2C2 021a4000 421a4000 37 -
I2C3 021a8000 421a8000 38 -
OCOTP 021bc000 421bc000 - -
UART2 021e8000 421e8000 27 -
UART3 021ec000 421ec000 28 -
UART4 021f0000 421f0000 29 -
UART5 021f4000 421f4000 30 -
I2C4 021f8000 421f8000 35 -
ADC1 02280000 42280000 100 -
ADC2 02284000 42284000 101 -
WDOG3 02288000 42288000 11 -
ECSPI5 0228c000 4228c000 18 -
UART6 022a0000 422a0000 17 -
PWM5 022a4000 422a4000 83 -
PWM6 022a8000 422a8000 84 -
PWM7 022ac000 422ac000 85 -
PWM8 022b0000 422b0000 86 -
GPU 01800000 41800000 - -
MMDC 021b0000 421b0000 - -
LCDIF1 02220000 42220000 - -
`;

describe('imx6sx', () => {
  it('translates addresses by the rows of imx_rproc_att_imx6sx, in their order', () => {
    expect(attOf(IMX6SX)).toEqual(attRows(ATT));
    const start = (1 << 22) | (1 << 12) | (1 << 3);
    expect(IMX6SX.remoteprocs[0]).toMatchObject({
      core: 'm4',
      compatible: 'fsl,imx6sx-cm4',
      method: 'mmio',
      src: { address: 0x020d_8000, mask: start | (1 << 4), start, stop: (1 << 22) | (1 << 4) | (1 << 3) },
    });
  });

  it.each(rows(BLOCKS))('has %s at %s, for the M4 at %s, on the lines of the device tree', (name, linux, m4, line, second) => {
    const block = IMX6SX.peripherals.find((candidate) => candidate.name === name)!;
    const both = (text: string) => (number(text) === undefined ? undefined : { m4: Number(text), linux: Number(text) });
    expect([baseIn(block, 'linux'), baseIn(block, 'm4')]).toEqual([Number.parseInt(linux!, 16), Number.parseInt(m4!, 16)]);
    expect([block.interrupts, block.highInterrupts]).toEqual([both(line!), both(second!)]);
  });

  it('has the MU between Linux (A, SPI 90) and the M4 (B, IRQ 99), SEMA4 on 116 and 12', () => {
    expect(IMX6SX.mus).toMatchObject([
      {
        layout: 'imx6sx',
        a: { base: 0x0229_4000, bases: { m4: 0x4229_4000 }, interrupts: { linux: 90 } },
        b: { base: 0x0229_c000, bases: { m4: 0x4229_c000 }, interrupts: { m4: 99 } },
      },
    ]);
    const sema4 = IMX6SX.peripherals.find(({ name }) => name === 'SEMA4')!;
    expect([sema4.interrupts, sema4.highInterrupts]).toEqual([{ linux: 116 }, { m4: 12 }]);
  });

  it('has the DMA requests of UARTs that imx6sx.dtsi names', () => {
    const events = Object.fromEntries(IMX6SX.peripherals.flatMap(({ name, dma }) => (dma ? [[name, dma['SDMA']]] : [])));
    expect(events).toMatchObject({
      UART1: { receive: 25, transmit: 26 },
      UART5: { receive: 33, transmit: 34 },
      UART6: { receive: 0, transmit: 47 },
    });
  });

  it('shows memory to both sides where the address table says it is the same memory', () => {
    for (const { da, sa, size } of IMX6SX.remoteprocs[0]!.att) {
      for (const offset of [0, size - 4]) expect(memoryAt(IMX6SX, 'm4', da + offset)).toBe(memoryAt(IMX6SX, 'linux', sa + offset));
    }
    // Zephyr's ocram and ocram_s, the linker files' OCRAM and flashes.
    const places = [0x2090_0000, 0x208f_8000, 0x0091_0000, 0x6800_0000, 0x7800_0000].map((address) => memoryAt(IMX6SX, 'm4', address));
    expect(places).toEqual(['OCRAM+0', 'OCRAM_S+0', 'OCRAM+10000', 'QSPI1+8000000', 'QSPI2+8000000']);
  });

  it('reserves memory as imx6sx-sdb-m4.dts does', () => {
    expect(regionsOf(IMX6SX, 'sdb')).toMatchObject({ m4: [0x9ff0_0000, 0x10_0000], vdev0vring1: [0xbfff_8000, 0x8000] });
    expect(IMX6SX.boards.map(({ console, rpmsg }) => [console, rpmsg?.base])).toEqual([
      ['uart2', 0xbfff_0000],
      ['uart5', 0xbfff_0000],
    ]);
  });

  it('starts and stops the M4 by the words that Linux and U-Boot write to SRC_SCR', () => {
    const bench = new Bench(IMX6SX);
    const { device } = bench.make('SRC');
    const { mask, start, stop } = IMX6SX.remoteprocs[0]!.src!;
    const update = (value: number): void => void put(device, 0, ((get(device, 0) & ~mask) | value) >>> 0);
    expect((get(device, 0) & mask) >>> 0).toBe(stop);
    update(start);
    expect([bench.coreResets, get(device, 0) & mask]).toEqual([[false], 1 << 22]);
    update(stop);
    expect([bench.coreResets, get(device, 0) & mask]).toEqual([[false, true], stop]);
    put(device, 0, (get(device, 0) & ~(1 << 4)) >>> 0);
    expect(bench.coreResets).toEqual([false, true, false]);
  });

  it('has a core of 128 interrupts at 227 MHz, which CCM makes from PFD3 of PLL3', () => {
    const bench = new Bench(IMX6SX);
    bench.make('CCM');
    expect(Math.floor(bench.clocks.hz('M4_CLK_ROOT') / 1e6)).toBe(227);
    expect(IMX6SX.cores).toMatchObject([
      { name: 'm4', hz: 227_000_000, vectors: 0, profile: { name: 'cortex-m4', interrupts: 128, lmem: true } },
    ]);
  });

  it('has sources that somebody makes for every clock', () => {
    const bench = new Bench(IMX6SX);
    bench.make('CCM');
    const spec = IMX6SX.peripherals.find(({ kind }) => kind === 'imx6-ccm')!;
    if (spec.kind !== 'imx6-ccm') throw new Error('no CCM');
    const sources = spec.clocks.flatMap((clock) => clock.sources).filter((source) => source !== null);
    expect(sources.filter((source) => !bench.clocks.has(source))).toEqual([]);
    expect(spec.clocks.filter(({ name }) => !Number.isFinite(bench.clocks.hz(name)))).toEqual([]);
  });
});
