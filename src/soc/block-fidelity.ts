/**
 * How well each kind of block is modelled, feature by feature, and which test shows it: what docs/fidelity.md and `imx-sim socs` say of blocks.
 *
 * The page is made from this list (`IMX_SIM_WRITE_DOCS=1 npm test -- --project unit test/docs`); its beginning says what the four states mean.
 */
import type { PeripheralSpec } from '../peripherals/catalogue.ts';

/** How near a model is to the hardware; docs/fidelity.md defines the words. */
export type FidelityState = 'exact' | 'approximate' | 'stub' | 'absent';

/** One feature of one kind of block, or of several. */
export interface BlockFeature {
  readonly kinds: readonly PeripheralSpec['kind'][];
  /** What it is, in Markdown. */
  readonly feature: string;
  readonly state: FidelityState;
  /** How it differs from the hardware, in Markdown. */
  readonly difference?: string;
  /** Paths from the root of the repository. */
  readonly tests: readonly string[];
}

/** All features, kind by kind. */
export const BLOCK_FEATURES: readonly BlockFeature[] = [
  {
    kinds: ['imx-uart'],
    feature:
      'FIFOs of 32, baud from the clock tree, frame length, TRDY, TXDC, TXFE, RRDY, RDR, AGTIM, IDLE, AWAKE, WAKE, errors, loopback, software reset, interrupts',
    state: 'exact',
    difference:
      'bytes reach the console when written, in loopback too; the line waits while the receive FIFO is full, as with flow control',
    tests: ['test/peripherals/imx-uart.test.ts'],
  },
  {
    kinds: ['imx-uart'],
    feature:
      'automatic baud rate detection, escape sequences, breaks, RTS_B and CTS_B (UCR2.IRTS, RTEC, CTS, CTSC; docs/devices.md), wires from UART to UART, DMA requests',
    state: 'exact',
    difference: 'a UART whose rate is off by more than 4 % receives framing errors; the host always has the right rate, and sees no breaks',
    tests: ['test/peripherals/imx-uart-line.test.ts'],
  },
  {
    kinds: ['imx-uart'],
    feature: 'IrDA, RS-485',
    state: 'stub',
    difference: 'reported when switched on',
    tests: ['test/peripherals/imx-uart.test.ts'],
  },
  {
    kinds: ['imx-uart'],
    feature: 'DTR, DSR, DCD, RI',
    state: 'stub',
    difference: 'silently: the carrier is always there',
    tests: ['test/peripherals/imx-uart.test.ts'],
  },
  {
    kinds: ['gpt'],
    feature:
      'counter from five sources and an external clock, prescalers, restart and free-run, three compares, two captures, output pins, rollover, software reset. Pins by name (`GPT1_CAPTURE1`, docs/devices.md)',
    state: 'exact',
    difference: 'a pulse of OMn = 1xx is as long as a tick of the counter',
    tests: ['test/peripherals/gpt.test.ts'],
  },
  {
    kinds: ['gpt'],
    feature: 'WAITEN, DOZEEN, STOPEN, DBGEN',
    state: 'stub',
    difference: 'silently',
    tests: ['test/peripherals/gpt.test.ts'],
  },
  {
    kinds: ['pwm'],
    feature:
      'prescaled counter from three sources, period, FIFO of four samples, REPEAT, byte swaps, FE, ROV, CMP and FWE with their interrupts, software reset, level of the output',
    state: 'exact',
    difference: 'PWMSAR reads as the sample in use',
    tests: ['test/peripherals/pwm.test.ts'],
  },
  {
    kinds: ['pwm'],
    feature: 'DBGEN, WAITEN, DOZEN, STOPEN',
    state: 'stub',
    difference: 'silently',
    tests: ['test/peripherals/pwm.test.ts'],
  },
  {
    kinds: ['epit'],
    feature:
      'down-counter from three sources, prescaler, both load modes, IOVW, ENMOD, compare and its interrupt, level of the output, software reset',
    state: 'exact',
    tests: ['test/peripherals/epit.test.ts'],
  },
  { kinds: ['epit'], feature: 'DBGEN, WAITEN, STOPEN', state: 'stub', difference: 'silently', tests: ['test/peripherals/epit.test.ts'] },
  {
    kinds: ['gpio'],
    feature: "data, direction, levels, edges, both interrupt lines, the separate lines of GPIO1's pins 0 to 7",
    state: 'exact',
    difference:
      'pins that nobody drives are low, or what a test pulls them to, whatever IOMUXC says; a level that IMR holds back is not kept in ISR once it is over',
    tests: ['test/peripherals/gpio.test.ts', 'test/kit/devices.test.ts'],
  },
  {
    kinds: ['gpio'],
    feature: 'wires between pins, pulses, history (`peripherals/pins.ts`)',
    state: 'exact',
    difference: 'levels only: the last change wins where two sides drive',
    tests: ['test/peripherals/gpio.test.ts', 'test/kit/devices.test.ts'],
  },
  {
    kinds: ['imx-i2c'],
    feature:
      "IADR, IFDR, I2CR, I2SR, I2DR: master transmit and receive, repeated START, acknowledgements, busy, arbitration lost, IIF and its interrupt, software reset, target of another master; SCL from IFDR and the clock root. Used by NXP's fsl_i2c (polling and interrupts, master and slave)",
    state: 'exact',
    difference:
      'START, repeated START and STOP take a period of SCL each; arbitration is lost when a test says so; a byte reaches the device at its ninth clock',
    tests: ['test/peripherals/imx-i2c.test.ts', 'test/kit/devices.test.ts'],
  },
  {
    kinds: ['imx-i2c'],
    feature: 'clock stretching by devices, 10-bit addresses, general call',
    state: 'absent',
    difference: 'such addresses are not acknowledged, which is reported',
    tests: ['test/peripherals/imx-i2c.test.ts'],
  },
  {
    kinds: ['ecspi'],
    feature:
      "FIFOs of 64 words, bursts of 1 to 4096 bits, SMC and XCH, SS_CTL, waits (CSD_CTL, SAMPLE_PERIOD), every flag and interrupt, loopback, reset by EN; SCLK from both dividers and the clock root. Used by NXP's fsl_ecspi (polling, interrupts, loopback)",
    state: 'exact',
    difference: 'chip select goes up after each burst; a word reaches the device with its last bit',
    tests: ['test/peripherals/ecspi.test.ts', 'test/kit/devices.test.ts'],
  },
  {
    kinds: ['ecspi'],
    feature: 'slave mode, for a master of a test (docs/devices.md); DMA requests',
    state: 'approximate',
    difference:
      'a word of the master is taken and answered as a whole, with zeroes where TXFIFO is empty; the tail of a transfer (RXTDEN) is what is left when a burst is over',
    tests: ['test/peripherals/ecspi.test.ts'],
  },
  {
    kinds: ['ecspi'],
    feature: 'SPI_RDY, HT mode with MSGDATA',
    state: 'stub',
    difference: 'reported',
    tests: ['test/peripherals/ecspi.test.ts'],
  },
  {
    kinds: ['ecspi'],
    feature: 'polarity and phase, polarity of the chip select, idle levels',
    state: 'stub',
    difference: 'silently; devices are told the mode',
    tests: ['test/peripherals/ecspi.test.ts'],
  },
  {
    kinds: ['imx-i2c', 'ecspi'],
    feature: 'devices that a test attaches (`peripherals/attached/attached-device.ts`), on chip selects that are GPIOs, too',
    state: 'exact',
    difference: 'without one, an address is not acknowledged and MISO reads as ones, each reported by name',
    tests: ['test/peripherals/attached.test.ts', 'test/kit/devices.test.ts'],
  },
  {
    kinds: ['imx-i2c'],
    feature: 'MMA8451Q, FXOS8700, FXAS21002, MAG3110, MPL3115A2, DS1337 (ISL12057)',
    state: 'approximate',
    difference:
      'sensors have what a test says at once, without noise, data rates, FIFOs, events and interrupt pins; no alarms of the clock',
    tests: ['test/peripherals/sensors.test.ts'],
  },
  {
    kinds: ['imx-i2c'],
    feature: '24C01, 24C02 and 24C32 to 24C512, TMP102, register files',
    state: 'approximate',
    difference: 'no write protection; a TMP102 converts at once and without its fault queue',
    tests: ['test/peripherals/attached.test.ts'],
  },
  {
    kinds: ['ecspi'],
    feature: 'W25Q80 to W25Q128, a wire from MOSI to MISO',
    state: 'approximate',
    difference: 'no dual and quad instructions, block protection, SFDP',
    tests: ['test/peripherals/attached.test.ts'],
  },
  {
    kinds: ['wdog'],
    feature: 'service sequence, timeout, interrupt before it, SRS, write-once bits',
    state: 'exact',
    difference: 'the reset ends the run',
    tests: ['test/peripherals/wdog.test.ts'],
  },
  {
    kinds: ['wdog'],
    feature: 'WDOG_B pin, power-down counter, stopping in low-power and debug modes',
    state: 'stub',
    difference: 'silently',
    tests: ['test/peripherals/wdog.test.ts'],
  },
  {
    kinds: ['sdma'],
    feature:
      "32 channels by priority, starts by software and by 48 DMA requests, overrides, stop, lost requests, interrupts; channel control blocks and buffer descriptors (D, W, C, I, R); channel 0 with all its commands, lock; software reset. Used by NXP's fsl_sdma",
    state: 'approximate',
    difference:
      'scripts of the ROM are known by address and not executed: `ap_2_ap`, `app_2_mcu`, `mcu_2_app`, `shp_2_mcu`, `mcu_2_shp`, `uart_2_mcu`, `uartsh_2_mcu` (`peripherals/sdma-scripts.ts`); a channel costs 48 cycles of the SDMA clock, a word between memories 4, a byte of a peripheral 8; a channel of higher priority waits for 256 bytes at most; an error ends a channel and is told with its address; to the RDC descriptors and memory belong to the burst port, peripherals to the shared port for the scripts `shp` and `uartsh`, else to the peripheral one',
    tests: ['test/peripherals/sdma.test.ts'],
  },
  {
    kinds: ['sdma'],
    feature: 'scripts of SPDIF, code in its RAM, OnCE, cross-triggers, hardware DONE events',
    state: 'stub',
    difference: 'code is stored and can be read back; a channel that would execute it is reported and stands still',
    tests: ['test/peripherals/sdma.test.ts'],
  },
  {
    kinds: ['tmu'],
    feature:
      "three units (`peripherals/tmu-layouts.ts`): temperature and average of each site, ALPF, three thresholds with flags and interrupts; capture registers and interval of the 8M Quad's. Used by NXP's three fsl_tmu",
    state: 'approximate',
    difference:
      "35 °C unless a test sets another (`temperature`); a measurement takes 100 µs, and none is made while nothing changes; the 8M Quad's interval is 16 ms times 2^TMI; the temperature of 8M Mini and Nano has the offset of 21 that NXP's examples subtract and Linux's driver does not",
    tests: ['test/peripherals/tmu.test.ts'],
  },
  {
    kinds: ['tmu'],
    feature: 'calibration: TASR, TCALIV, TRIM, TTCFGR, TSCFGR, TTRCR; TSCR',
    state: 'stub',
    difference: 'silently; TSCR is reported',
    tests: ['test/peripherals/tmu.test.ts'],
  },
  {
    kinds: ['ocotp'],
    feature: 'shadow registers, reading, programming and reloading fuses, BUSY and ERROR',
    state: 'approximate',
    difference:
      "fuses that the SoC's description does not name are 0: serial number, speed grade, calibration; LOCK and sticky bits hold nothing back; a read takes 1 µs, programming 15 µs, reloading 50 µs",
    tests: ['test/peripherals/ocotp.test.ts'],
  },
  {
    kinds: ['flexcan'],
    feature:
      '64 message buffers with all codes, locks, overrun, abort, remote frames and answers; global, individual and the two separate masks; receive FIFO with filters A to C; freeze, disable, soft reset; loopback, listen-only; arbitration, priorities; error counters, interrupts, time stamps',
    state: 'approximate',
    difference:
      'frames take their bits at the programmed rate, stuff bits left out; the only error on a bus is that nobody acknowledges; controllers with different bit rates understand each other; a frame stands still with the clock and then begins anew',
    tests: ['test/peripherals/flexcan.test.ts'],
  },
  {
    kinds: ['flexcan'],
    feature: 'CAN FD, error injection and CRCR; wake-up, glitch filter, sampling, BOFF_REC',
    state: 'stub',
    difference: 'the latter silently',
    tests: ['test/peripherals/flexcan.test.ts'],
  },
  {
    kinds: ['imx7d-adc'],
    feature:
      "four logical channels, once or continuously, averages of 4 to 32, comparison with AUTO_DIS, software channel, power and clock down, interrupts. Used by NXP's adc_imx7d",
    state: 'approximate',
    difference: 'inputs have the voltage that a test sets, 0 V before; full scale is 1.8 V; channels do not wait for each other',
    tests: ['test/peripherals/adc.test.ts'],
  },
  { kinds: ['imx7d-adc'], feature: 'FIFO for DMA, time-outs', state: 'stub', tests: ['test/peripherals/adc.test.ts'] },
  {
    kinds: ['vf610-adc'],
    feature:
      "conversions of 8, 10 and 12 bits with their times, averages, continuous conversion, comparison, offset, calibration, interrupt. Used by NXP's adc_imx6sx",
    state: 'approximate',
    difference: 'inputs have the voltage that a test sets, 0 V before; full scale is 3.3 V; calibration finds nothing to correct',
    tests: ['test/peripherals/adc.test.ts'],
  },
  { kinds: ['vf610-adc'], feature: 'hardware triggers, DMA requests', state: 'stub', tests: ['test/peripherals/adc.test.ts'] },
  {
    kinds: ['sema4'],
    feature: '16 gates, ownership by bus master, notification, both reset sequences',
    state: 'exact',
    tests: ['test/peripherals/sema4.test.ts'],
  },
  {
    kinds: ['ccm'],
    feature: 'roots: multiplexer, both dividers, enable, SET/CLR/TOG, views POST and PRE',
    state: 'exact',
    difference: 'switches at once; BUSY never reads 1',
    tests: ['test/peripherals/clocks.test.ts'],
  },
  {
    kinds: ['ccm'],
    feature: 'gates (CCGR), PLL gates, domain access control, second branch of the glitchless multiplexers',
    state: 'stub',
    difference: 'silently',
    tests: ['test/peripherals/clocks.test.ts'],
  },
  {
    kinds: ['ccm-analog'],
    feature: 'ten PLLs: dividers, fraction, bypass, enables, LOCK 50 µs after reset; divided outputs',
    state: 'exact',
    difference: 'starts as U-Boot leaves it',
    tests: ['test/peripherals/clocks.test.ts'],
  },
  {
    kinds: ['ccm-analog'],
    feature: 'spread spectrum, monitors, other reference clocks',
    state: 'stub',
    difference: 'silently; ANAMIX_PLL_MNIT_CTL is reported',
    tests: ['test/peripherals/clocks.test.ts'],
  },
  {
    kinds: ['imx6-ccm'],
    feature: 'clocks of the 6SoloX: multiplexers and dividers of CCSR, CACRR, CBCDR, CBCMR, CSCMR, CSCDR, CS1CDR, CS2CDR, CDCDR, CHSCCDR',
    state: 'exact',
    difference: 'switches at once: CDHIPR reads 0; starts as U-Boot leaves it',
    tests: ['test/peripherals/imx6-clocks.test.ts', 'test/soc/imx6sx.test.ts'],
  },
  {
    kinds: ['imx6-ccm'],
    feature: 'gates (CCGR), low-power modes, CISR and its interrupts, clock outputs',
    state: 'stub',
    difference: 'silently',
    tests: ['test/peripherals/imx6-clocks.test.ts'],
  },
  {
    kinds: ['imx6-anatop'],
    feature:
      'PLLs of 6SX and 7D with power, bypass, fraction and LOCK after the times of the 6SoloX manual; PFDs; divided outputs with their gates',
    state: 'exact',
    difference: 'starts as U-Boot leaves it; PFDs and dividers change at once',
    tests: ['test/peripherals/imx6-clocks.test.ts', 'test/soc/imx7d.test.ts'],
  },
  {
    kinds: ['imx6-anatop'],
    feature: 'bypass sources other than the crystal, spread spectrum, regulators, temperature sensor, analogue part of USB',
    state: 'stub',
    difference: 'the sensor and USB are reported, the rest is stored silently; such a bypass stands still',
    tests: ['test/peripherals/imx6-clocks.test.ts'],
  },
  {
    kinds: ['audiomix'],
    feature: 'SAI PLL',
    state: 'exact',
    tests: ['test/peripherals/clocks.test.ts'],
  },
  {
    kinds: ['audiomix'],
    feature: 'clock enables, multiplexers, audio DSP control',
    state: 'stub',
    difference: 'enables silently',
    tests: ['test/peripherals/clocks.test.ts'],
  },
  {
    kinds: ['iomuxc'],
    feature: 'pad multiplexing, electrics, daisy chains',
    state: 'stub',
    difference: 'silently: every block is connected whatever the pads say',
    tests: ['test/peripherals/system-blocks.test.ts'],
  },
  {
    kinds: ['iomuxc-gpr'],
    feature: 'general-purpose registers',
    state: 'stub',
    difference: 'silently',
    tests: ['test/peripherals/system-blocks.test.ts'],
  },
  {
    kinds: ['nic301'],
    feature: 'settings of the interconnects (GPV)',
    state: 'stub',
    difference: 'silently: FORCE_INCR, priorities and limits have nothing to act on, since accesses are not bursts and never wait',
    tests: ['test/soc/imx8mm.test.ts'],
  },
  {
    kinds: ['xtalosc'],
    feature: 'dividers of the 25 MHz and 27 MHz oscillators',
    state: 'exact',
    tests: ['test/soc/imx8mq.test.ts'],
  },
  {
    kinds: ['xtalosc'],
    feature: 'gain, hysteresis, bypass of a crystal, test registers',
    state: 'stub',
    difference: 'silently',
    tests: ['test/soc/imx8mq.test.ts'],
  },
  {
    kinds: ['rdc'],
    feature: 'domains of masters, PDAP, memory regions, locks, SREQ, MRVS; enforced for every core, Linux and each port of an SDMA',
    state: 'exact',
    difference:
      'bus errors of cores are precise, for writes too; all regions that hold a byte must allow an access; debuggers are not subject to it',
    tests: [
      'test/peripherals/rdc.test.ts',
      'test/peripherals/sdma.test.ts',
      'test/cpu/resource-domains.test.ts',
      'test/memory/access-guard.test.ts',
    ],
  },
  {
    kinds: ['rdc'],
    feature: 'domains and permissions that the boot loader sets (TF-A on the 8M family, U-Boot on the 7Dual)',
    state: 'approximate',
    difference:
      'only where Linux or U-Boot runs; RDC itself stays open to the M core, which TF-A has closed since 2021, as SDK 2.9 writes MDA unasked; so do the UARTs of 8M Mini and Nano, of which TF-A gives each to one side',
    tests: ['test/peripherals/rdc.test.ts'],
  },
  {
    kinds: ['rdc'],
    feature: 'masters other than cores, Linux and SDMA; secure state, restoration after power-down and its interrupt',
    state: 'absent',
    tests: ['test/peripherals/rdc.test.ts'],
  },
  {
    kinds: ['csu'],
    feature: 'CSL, HP, SA, HPCONTROL with their locks',
    state: 'stub',
    difference: 'silently: starts as TF-A and U-Boot leave it, and refuses nobody anything',
    tests: ['test/peripherals/csu.test.ts'],
  },
  {
    kinds: ['rdc-semaphore'],
    feature: '64 gates, ownership by bus master, its domain, reset sequence',
    state: 'exact',
    tests: ['test/peripherals/rdc.test.ts'],
  },
  {
    kinds: ['gpc'],
    feature: 'power requests that clear themselves after 2 µs, handshakes',
    state: 'approximate',
    difference: 'nothing loses power; masks, sequences and mappings are stored silently, status registers reported',
    tests: ['test/peripherals/system-blocks.test.ts'],
  },
  {
    kinds: ['gpc'],
    feature: 'interrupt, wake-up, low-power modes',
    state: 'absent',
    tests: [],
  },
  {
    kinds: ['src'],
    feature: 'reset cause, boot registers, the reset of the M core (M4RCR, M7RCR, SCR of the 6SoloX)',
    state: 'approximate',
    difference: 'WDOG3 resets the SoC whatever its reset option says',
    tests: ['test/peripherals/system-blocks.test.ts'],
  },
  {
    kinds: ['src'],
    feature: 'resets of other parts, interrupt',
    state: 'stub',
    difference: 'silently',
    tests: [],
  },
  {
    kinds: ['snvs'],
    feature: 'SRTC and HPRTC, 47 bits at 32.768 kHz, alarms, periodic interrupt, HP_TS, general-purpose storage',
    state: 'exact',
    difference: 'both start at 0',
    tests: ['test/peripherals/snvs.test.ts', 'test/peripherals/system-blocks.test.ts'],
  },
  {
    kinds: ['snvs'],
    feature: 'security state, tamper, power button, calibration',
    state: 'stub',
    difference: 'silently',
    tests: [],
  },
  {
    kinds: ['system-counter'],
    feature: '8 MHz counter, two compares, three frames',
    state: 'approximate',
    difference: '53 bits of 56; no slow modes',
    tests: ['test/peripherals/system-blocks.test.ts'],
  },
  {
    kinds: ['unmodelled'],
    feature:
      'everything else that the manual places: SAI, ENET, USDHC, MU2, MU3, CAAM, display, camera, USB, PCIe, GPU, VPU, NPU, DDR controller ...',
    state: 'absent',
    difference: 'reads 0, writes vanish, each reported once by name; the list is `soc/imx8mp-unmodelled.ts`',
    tests: ['test/peripherals/system-blocks.test.ts'],
  },
  {
    kinds: ['reserved'],
    feature: 'a window that answers on the board although nothing is there',
    state: 'approximate',
    difference: 'reads 0, reported',
    tests: ['test/peripherals/system-blocks.test.ts'],
  },
];
