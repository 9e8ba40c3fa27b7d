/**
 * Driver examples of the MCUXpresso SDK for the 8M family.
 */
import { CAPTURE, I2C_MASTER, I2C_SLAVE, SPI_MASTER, SPI_SLAVE, UART_LOOP, WARM } from './benches.ts';
import type { FirmwareKind } from './catalogue.ts';

/** The SDK's clock driver writes to the clock root that the TMU does not have, far behind the CCM. */
const GATE = /^(?:guest-error: AIPS3 reserved there is no block|unimplemented: CSI2 block is not modelled: writes)/;

/** Echoes in blocks of eight characters. */
const EIGHT = { send: ['console=01234567'], until: /01234567/ };

/** What the example has its user type. */
const SEMA4 = ['mw.b 0x30ac0000 1 1', 'sleep 1', 'mw.b 0x30ac0000 0 1', 'sleep 1'];

/** Lines at U-Boot's prompt. */
const uboot = (...lines: string[]): string[] => ['--boot', 'uboot', ...lines.flatMap((line) => ['--uboot-cmd', line])];

/** The kinds. */
export const MCUXPRESSO_DRIVERS: readonly FirmwareKind[] = [
  {
    kind: 'UART polling',
    name: /uart_polling/,
    marker: 'Uart polling example',
    runs: [{ send: ['console=xyzzy'], until: /^xyzzy$/, also: [/^Uart polling example$/] }],
  },
  {
    kind: 'UART interrupts',
    name: /uart_interrupt-/,
    runs: [{ send: ['console=xyzzy'], until: /^xyzzy$/, also: [/^Now please input:$/] }],
  },
  { kind: 'UART ring buffer', name: /uart_interrupt_rb/, runs: [{ ...EIGHT, also: [/^UART RX ring buffer example$/] }] },
  { kind: 'CMSIS UART', name: /cmsis_uart_interrupt_transfer/, runs: [{ ...EIGHT, also: [/^USART CMSIS interrupt example$/] }] },
  { kind: 'UART transfers', name: /uart_interrupt_transfer/, runs: [{ ...EIGHT, also: [/^Uart interrupt (transfer )?example$/] }] },
  {
    kind: 'UART idle line with SDMA',
    name: /uart_idle_detect_sdma/,
    runs: [
      { ...EIGHT, also: [/^Uart sdma transfer example!$/] },
      { send: ['console=abc'], until: /abc/ },
    ],
  },
  { kind: 'UART with SDMA', name: /uart_sdma_transfer/, runs: [{ ...EIGHT, also: [/sdma transfer example|USART CMSIS SDMA example/i] }] },
  {
    kind: 'UART auto baud rate',
    name: /uart_auto_baudrate/,
    runs: [
      {
        send: ['console=axyzzy'],
        until: /^a?xyzzy$/,
        also: [/^UART has detected one character a$/, /^Baud rate has been set automatic!$/],
      },
    ],
  },
  {
    kind: 'UART flow control',
    name: /uart_hardware_flow_control/,
    runs: [{ until: /^Data matched! Transfer successfully\.$/, bench: UART_LOOP }],
  },
  {
    kind: 'GPT timer',
    name: /gpt_timer/,
    runs: [{ send: ['console=x'], until: /^ *GPT interrupt is occurr/, also: [/^Starting GPT timer/], timeout: '4s' }],
  },
  { kind: 'GPT capture', name: /gpt_capture/, runs: [{ until: /^ *Capture value =[0-9a-f]+$/, bench: CAPTURE }] },
  { kind: 'PWM', name: /(?:^|\/)pwm-/, runs: [{ until: /^PWM driver example\.$/ }] },
  {
    kind: 'ECSPI loopback',
    name: /ecspi_loopback/,
    runs: [
      {
        until: /^(FreeRTOS )?ECSPI loopback test pass!$/,
        also: [/^\*\*\*(FreeRTOS )?ECSPI Loopback Demo\*\*\*$/],
      },
    ],
  },
  {
    kind: 'CMSIS ECSPI',
    name: /cmsis_ecspi/,
    runs: [{ until: /^ECSPI transfer all data matched! *$/, also: [/^Start transfer\.\.\.$/, /^Transfer completed! *$/] }],
  },
  {
    kind: 'ECSPI between boards, master',
    name: /ecspi_\w+_b2b_transfer_master/,
    runs: [{ until: /^ *Press any key to run again/, also: [/^ECSPI transfer all data matched! *$/], bench: SPI_SLAVE }],
  },
  {
    kind: 'ECSPI between boards, slave',
    name: /ecspi_\w+_b2b_transfer_slave/,
    runs: [{ until: /^ *30 31 32 33 34 35 36 37 38 39 3A 3B 3C 3D 3E 3F$/, also: [/^ *Slave receive(d)?:/], bench: SPI_MASTER }],
  },
  {
    kind: 'I2C between boards, master',
    name: /i2c_\w+_b2b_transfer_master/,
    runs: [
      {
        until: /^End of I2C example \.$/,
        also: [/^0x18 +0x19 +0x1a +0x1b/, /^Receive sent data from slave :$/],
        never: [/^Error occurred/],
        bench: I2C_SLAVE,
      },
    ],
  },
  {
    kind: 'I2C between boards, slave',
    name: /i2c_\w+_b2b_transfer_slave/,
    runs: [{ until: /^End of I2C example \.$/, also: [/^Slave received data :$/, /^0x18 +0x19 +0x1a +0x1b/], bench: I2C_MASTER }],
  },
  { kind: 'GPIO output', name: /gpio_led_output/, runs: [{ until: /^ *The LED is blinking\.$/, also: [/^ *GPIO Driver example$/] }] },
  {
    kind: 'watchdog',
    name: /wdog-/,
    runs: [
      {
        until: /^ ?WDOG has be refreshed!$/,
        also: [/^System reset by: Power On Reset!$/, /^- 3\.Test the WDOG refresh function by using interrupt\.$/],
        timeout: '20s',
      },
    ],
  },
  {
    kind: 'RDC',
    name: /(?:^|\/)rdc-/,
    // Being refused is what it is about.
    findings: [/^guest-error: RDC (?:PDAP\[0\]|MRC\[\d+\]) m[47] \(domain 1\): read of (?:GPIO1|OCRAM)/],
    runs: [
      {
        until: /^RDC Example Success$/,
        also: [/^RDC Peripheral access control$/, /^RDC Peripheral access control with SEMA42$/, /^RDC memory region access control$/],
      },
    ],
  },
  {
    kind: 'SEMA4 with U-Boot',
    name: /sema4_uboot/,
    runs: [
      {
        until: /^SEMA4 uboot example success$/,
        also: [/^Lock sema4 gate in uboot using:$/, /^Unlock sema4 gate in uboot using:$/],
        options: (file) => uboot(`fatload mmc 1:1 0x48000000 ${file}`, 'cp.b 0x48000000 0x7e0000 20000', 'bootaux 0x7e0000', ...SEMA4),
      },
    ],
  },
  {
    kind: 'TMU polling',
    name: /tmu_temperature_polling/,
    findings: [GATE],
    runs: [
      { until: /^Average temperature is (positive )?35 celsius degree/, also: [/^TMU temperature polling example\.$/], timeout: '5s' },
    ],
  },
  {
    kind: 'TMU threshold',
    name: /tmu_monitor_threshold/,
    findings: [GATE],
    runs: [
      {
        until: /^(?:Threshold reached, average temperature is 60 celsius degree|High temperature average threshold to be reached\.)/,
        bench: WARM,
      },
    ],
  },
  {
    kind: 'TMU report',
    name: /tmu_monitor_report/,
    findings: [GATE],
    runs: [{ until: /^site 1 immediate temperature is too high\. 35 celsius degree/, also: [/^TMU monitor report example\.$/] }],
  },
  {
    kind: 'SDMA memory to memory',
    name: /sdma_memory_to_memory/,
    runs: [{ until: /^1\t2\t3\t4/, also: [/^SDMA memory to memory transfer example finish\.$/] }],
  },
  {
    kind: 'SDMA scatter and gather',
    name: /sdma_scatter_gather/,
    runs: [{ until: /^0\t1\t2\t3.*15/, also: [/^sdma scatter gather transfer example finish\.$/] }],
  },
];
