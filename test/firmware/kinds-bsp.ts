/**
 * NXP's FreeRTOS BSP 1.0.1 for 7D and 6SX, and Toradex' and Variscite's trees of it.
 */
import {
  ACCELEROMETER_6SX,
  ACCELEROMETER_7D,
  BSP_SPI_MASTER,
  BSP_SPI_SLAVE,
  CAN_NODE,
  CLOCK,
  EEPROM,
  FLASH,
  KEY,
  VOLTAGE,
} from './benches.ts';
import type { FirmwareKind, FirmwareRun } from './catalogue.ts';

/** What is not about Linux runs without it: U-Boot and a Linux that knocks in vain would only take time. */
const BARE = ['--no-linux'];
/** Two drivers know the channel, and the ping-pong is loaded first unless told otherwise. */
const TTY = ['--modules', 'virtio_rpmsg_bus,rpmsg_ns,imx_rpmsg_tty'];
/** NXP's imx_rpmsg rings the core while it probes, whatever the core runs. */
const NO_RPMSG = /^guest-error: Linux rpmsg imx-rpmsg \w+\.rpmsg: the core did not read the doorbell/;

/** The SABRE-AI's transceivers are switched by an expander on I2C3. */
const EXPANDER = /^unimplemented: I2C3 address 0x32 no device is attached/;
/** Toradex' trees print no floating point numbers. Half a g in x, a quarter in y, one in z. */
const SENSOR = [/WHO_AM_I check\.\.\. OK$/, /^2G MODE: X= *(?:0\.500g Y= *0\.250g Z= *1\.000|fg Y=fg Z=f)g$/];

/** Printed once Linux' first message, which is dropped, has told the peer's address. */
const HANDSHAKE = /^Name service handshake is done, M4 has setup a rpmsg channel \[\d+ ---> 1024\]$/;

function strEcho(title: RegExp, slot: string): readonly FirmwareRun[] {
  return [
    {
      send: ['ttyRPMSG0=Toradex!'],
      options: TTY,
      until: new RegExp(`^Get Message From Master Side : "Toradex!" \\[len : 8\\]${slot}$`),
      also: [title, /^RPMSG Init as Remote$/, HANDSHAKE],
      timeout: '5s',
    },
    { send: ['ttyRPMSG0=ping back'], options: TTY, until: /^(hello world!)?ping back$/, timeout: '5s' },
  ];
}

function pingPong(title: RegExp): readonly FirmwareRun[] {
  return [
    {
      until: /^Get Data From Master Side : 100$/,
      also: [title, /^RPMSG Init as Remote$/, HANDSHAKE, /^Get Data From Master Side : 0$/],
      timeout: '5s',
    },
  ];
}

/** The kinds. */
export const BSP: readonly FirmwareKind[] = [
  {
    // U-Boot's manual has nothing of the flash that the core executes in place.
    kind: 'BSP hello_world in QSPI flash',
    name: /hello_world_qspi/,
    marker: 'Hello World!\n\n\r',
    runs: [{ send: ['console=xyzzy'], until: /^xyzzy$/, also: [/^Hello World!$/], options: BARE }],
  },
  {
    // Toradex' master takes what is at the linker's symbols for their addresses, and bars Linux from its own memory.
    kind: 'BSP hello_world in DDR of a Colibri',
    name: /colibri-master\/hello_world_ddr/,
    marker: 'Hello World!\n\n\r',
    findings: [NO_RPMSG, /^guest-error: RDC MRC\[0\] linux \(domain 0\): (?:read of|write to) DDR/],
    runs: [{ send: ['console=xyzzy'], until: /^xyzzy$/, also: [/^Hello World!$/], options: BARE }],
  },
  {
    kind: 'BSP hello_world',
    name: /hello_world/,
    marker: 'Hello World!\n\n\r',
    findings: [NO_RPMSG],
    runs: [
      { send: ['console=xyzzy'], until: /^xyzzy$/, also: [/^Hello World!$/] },
      { send: ['console=xyzzy'], until: /^xyzzy$/, also: [/^Hello World!$/], options: BARE },
    ],
  },
  {
    kind: 'BSP str_echo, FreeRTOS',
    name: /rpmsg_str_echo_freertos/,
    runs: strEcho(/^RPMSG String Echo FreeRTOS RTOS API Demo\.\.\.$/, ''),
  },
  {
    kind: 'BSP str_echo, bare metal',
    name: /rpmsg_str_echo_bm/,
    runs: strEcho(/^RPMSG String Echo Bare Metal Demo\.\.\.$/, ' from slot \\d'),
  },
  {
    kind: 'BSP pingpong, FreeRTOS',
    name: /rpmsg_pingpong_freertos/,
    runs: pingPong(/^RPMSG PingPong FreeRTOS RTOS API Demo\.\.\.$/),
  },
  { kind: 'BSP pingpong, bare metal', name: /rpmsg_pingpong_bm/, runs: pingPong(/^RPMSG PingPong Bare Metal Demo\.\.\.$/) },
  {
    kind: 'BSP UART',
    name: /uart_imx_uart_(?:polling|interrupt)/,
    runs: [{ options: BARE, send: ['console=xyzzy'], until: /xyzzy$/, also: [/UART Send\/Receive (Polling|Interrupt Driven) Example/] }],
  },
  {
    kind: 'BSP GPT',
    name: /(?:^|\/)gpt\.elf/,
    runs: [
      { until: /^GPT example finished\.\.\.$/, also: [/^GPT timer will now start$/, /GPT A freq 6000000, counter \d+\./], timeout: '8s' },
    ],
  },
  {
    kind: 'BSP EPIT',
    name: /(?:^|\/)epit\.elf/,
    runs: [
      {
        options: BARE,
        until: /^EPIT example finished\.\.\.$/,
        also: [/EPIT A freq \d+, counter \d+\./, /EPIT B freq 16384, counter \d+\./],
        timeout: '8s',
      },
    ],
  },
  {
    // It may ask several times before it looks at what was typed.
    kind: 'BSP ECSPI master',
    name: /ecspi_ecspi_\w+_master/,
    runs: [
      {
        bench: BSP_SPI_SLAVE,
        send: ['console=s'],
        until: /: Received +data: 18 *$/,
        also: [/^Press "s" when (?:spi|SPI) slave is ready\.$/, /^MASTER: Transmited data: 20 $/, /: Received +data: 255 *$/],
      },
    ],
  },
  {
    kind: 'BSP ECSPI slave',
    name: /ecspi_ecspi_\w+_slave/,
    runs: [{ bench: BSP_SPI_MASTER, until: /^ *: Currently received data: 20$/, also: [/^SLAVE: Next step transmit data: 19$/] }],
  },
  {
    kind: 'BSP ECSPI flash',
    name: /ecspi_flash_demo/,
    runs: [{ bench: FLASH, until: /^Finish Flash Memory Operating!$/, also: [/^Start Flash Memory Operating!$/], timeout: '60s' }],
  },
  {
    kind: 'BSP I2C sensor of 6SX boards',
    name: /i2c_imx_i2c_\w+_sensor_imx6sx/,
    runs: [{ bench: ACCELEROMETER_6SX, until: /^Example finished!!!$/, also: SENSOR, timeout: '10s' }],
  },
  {
    kind: 'BSP I2C sensor',
    name: /i2c_imx_i2c_\w+_sensor/,
    runs: [{ bench: ACCELEROMETER_7D, until: /^Example finished!!!$/, also: SENSOR, timeout: '10s' }],
  },
  {
    kind: 'BSP I2C clock',
    name: /i2c_imx_i2c_\w+_rtc/,
    runs: [{ bench: CLOCK, until: /^Example finished!!!$/, also: [/^DATE \[.*\]: 01\/02\/2017 12:34:56$/], timeout: '10s' }],
  },
  {
    kind: 'BSP I2C EEPROM',
    name: /i2c_imx_i2c_\w+_eeprom/,
    runs: [{ bench: EEPROM, until: /txBuf and rxBuf are same, example passed!!!$/, timeout: '10s' }],
  },
  {
    // The SABRE-AI has no key.
    kind: 'BSP GPIO without a key',
    name: /6sx\/gpio_imx/,
    runs: [{ options: BARE, send: ['console=abc'], until: /GPIO Functionality/, also: [/^Button pressed 3 time\. $/] }],
  },
  {
    kind: 'BSP GPIO',
    name: /gpio_imx/,
    runs: [{ bench: KEY, until: /GPIO Functionality/, also: [/GPIO Example/, /^Button pressed 3 time\. $/], timeout: '5s' }],
  },
  { kind: 'BSP GPIO bank 2', name: /gpio_bank2_imx/, runs: [{ options: BARE, until: /GPIO Bank 2 Example/ }] },
  { kind: 'BSP GPIO with RPMsg', name: /rpmsg_gpio_freertos/, runs: [{ until: HANDSHAKE, also: [/GPIO FreeRtos and MCC Example/] }] },
  {
    kind: 'BSP blinking',
    name: /blinking_imx_demo/,
    runs: [{ options: BARE, until: /Blinking interval 100ms/, also: [/Blinking Demo/] }],
  },
  {
    kind: 'BSP watchdog',
    name: /wdog_imx/,
    runs: [
      {
        options: BARE,
        until: /^Counter down to 0, WDOG is starved now\.\.\.$/,
        also: [/^WDOG with timeout 1\.5 seconds will now start$/, /^WDOG was refreshed 4$/, /^WDOG was refreshed 0$/],
        timeout: '8s',
      },
    ],
  },
  {
    kind: 'BSP SEMA4',
    name: /sema4_demo/,
    runs: [{ options: BARE, send: ['console=m'], until: /^\.\.\.SEMA4 mutex lock successfully!$/, also: [/SEMA4 demo/] }],
  },
  {
    kind: 'BSP ADC',
    name: /adc_imx/,
    runs: [{ bench: VOLTAGE, until: /^Current analog value: (?:0\.(?:89|90)|f)v$/, also: [/ADC imx\w+ driver example/], timeout: '5s' }],
  },
  {
    kind: 'BSP FlexCAN loopback',
    name: /flexcan_loopback/,
    findings: [EXPANDER],
    runs: [
      {
        options: BARE,
        until: /^RX MB data: 0x2/,
        also: [/FLEXCAN LOOPBACK TEST/, /^DLC=1, mb_idx=0x123$/, /^RX MB data: 0x0/],
        timeout: '8s',
      },
    ],
  },
  {
    kind: 'BSP FlexCAN network',
    name: /flexcan_network/,
    findings: [EXPANDER],
    runs: [{ bench: CAN_NODE, until: /^RX MB data: 0x7/, also: [/FLEXCAN NETWORK TEST/, /^NODE is 1/], timeout: '5s' }],
  },
  {
    // NXP's busfreq driver of Linux, with which it goes on, is not modelled.
    kind: 'BSP low power with CAN',
    name: /low_power_imx6sx_can/,
    findings: [EXPANDER],
    runs: [{ options: BARE, until: /^(?:Waiting for A9 Side Ready\.\.\.|\s*Operation Mode: TX --> Normal *)$/ }],
  },
  { kind: 'BSP low power on 6SX', name: /low_power_imx6sx/, runs: [{ options: BARE, until: /^Waiting for A9 Side Ready\.\.\.$/ }] },
  { kind: 'BSP low power on 7D', name: /low_power_imx7d/, runs: [{ options: BARE, until: /Press "S" to start the demo/ }] },
  {
    // Its display is on ECSPI3.
    kind: 'Toradex low power',
    name: /low_power_demo/,
    findings: [/^unimplemented: ECSPI3 SS0 no device is attached/],
    runs: [{ options: BARE, until: /^After init$/, also: [/^=> Low Power Demo$/] }],
  },
  {
    // Only the menu: the boards' sensors are more than registers behind a pointer.
    kind: 'BSP sensors',
    name: /sensor_demo/,
    findings: [/^unimplemented: I2C[23] address 0x\w+ no device is attached/],
    runs: [{ options: BARE, until: /^Please select the sensor demo you want to run:$/, also: [/on board sensor example/] }],
  },
];
