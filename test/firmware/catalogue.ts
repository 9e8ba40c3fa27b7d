/**
 * What real firmware promises on its consoles, by the names that its builders give the ELFs and by texts in them.
 *
 * The lines are those that the sources of Zephyr 3.4 and of the MCUXpresso SDK 2.9 to 24.12 print.
 */

/** One run of a firmware. */
export interface FirmwareRun {
  /** `--send` arguments. */
  readonly send?: readonly string[];
  /** Line that ends the run. */
  readonly until: RegExp;
  /** Lines that must have come by then, on any console or in dmesg, in any order. */
  readonly also?: readonly RegExp[];
  /** Virtual time that it may take. */
  readonly timeout?: string;
}

/** A kind of firmware. */
export interface FirmwareKind {
  readonly kind: string;
  /** File names that it has. */
  readonly name: RegExp;
  /** A text in the ELF that tells when the name does not. */
  readonly marker?: string;
  readonly runs: readonly FirmwareRun[];
  /** Scripts of test/e2e/seeds that are about it. */
  readonly seeds?: readonly string[];
}

const ZEPHYR_BANNER = /^\*\*\* Booting Zephyr OS/;

/** Kinds, the more particular first. */
export const FIRMWARE: readonly FirmwareKind[] = [
  {
    kind: 'Zephyr hello_world',
    name: /hello_world.*(zephyr|mimx8mp_evk)/,
    marker: 'Hello World! %s',
    runs: [{ until: /^Hello World! mimx8mp_evk/, also: [ZEPHYR_BANNER] }],
  },
  {
    kind: 'FreeRTOS hello',
    name: /freertos_hello/,
    runs: [{ until: /^Hello world\.$/ }],
  },
  {
    kind: 'MCUXpresso hello_world',
    name: /hello_world/,
    marker: 'hello world.\r\n',
    runs: [{ send: ['console=xyzzy'], until: /^xyzzy$/, also: [/^hello world\.$/] }],
  },
  {
    kind: 'Zephyr openamp_rsc_table',
    name: /openamp_rsc_table|openamp-rsc-table/,
    marker: 'OpenAMP Linux sample client responder ended',
    seeds: ['openamp-rsc-table'],
    runs: [
      {
        until: /rpmsg_client_sample .*: goodbye!$/,
        also: [
          ZEPHYR_BANNER,
          /^OpenAMP\[remote\] Linux sample client responder started$/,
          /^remoteproc remoteproc0: remote processor imx-rproc is now up$/,
          /^virtio_rpmsg_bus virtio0: creating channel rpmsg-client-sample addr 0x400$/,
          /^rpmsg_client_sample .*: incoming msg 100 \(src: 0x400\)$/,
        ],
      },
      { send: ['ttyRPMSG0=Hello Zephyr'], until: /^TTY 0x0401: Hello Zephyr/ },
    ],
  },
  {
    kind: 'rpmsg_lite_str_echo_rtos',
    name: /str_echo/,
    marker: 'RPMSG String Echo FreeRTOS RTOS API Demo...',
    seeds: ['verdin-str-echo', 'char-driver'],
    runs: [
      {
        send: ['ttyRPMSG30=Toradex!'],
        until: /^Get Message From Master Side : "Toradex!" \[len : 8\]$/,
        also: [
          /^RPMSG String Echo FreeRTOS RTOS API Demo\.\.\.$/,
          /^Nameservice sent, ready for incoming messages\.\.\.$/,
          /^imx_rpmsg_tty virtio0\.rpmsg-virtual-tty-channel-1\.-1\.30: new channel: 0x400 -> 0x1e!$/,
          /^Get Message From Master Side : "hello world!" \[len : 12\]$/,
        ],
        timeout: '5s',
      },
      { send: ['ttyRPMSG30=ping back'], until: /^(hello world!)?ping back$/, timeout: '5s' },
    ],
  },
  {
    kind: 'rpmsg_lite_pingpong_rtos',
    name: /pingpong/,
    marker: 'RPMSG Ping-Pong FreeRTOS RTOS API Demo...',
    seeds: ['verdin-pingpong'],
    runs: [
      {
        until: /^Looping forever\.\.\.$/,
        also: [
          /^RPMSG Ping-Pong FreeRTOS RTOS API Demo\.\.\.$/,
          /^Link is up!$/,
          /^Nameservice announce sent\.$/,
          /^Sending pong\.\.\.$/,
          /^Ping pong done, deinitializing\.\.\.$/,
          /^get 101 \(src: 0x1e\)$/,
          /^imx_rpmsg_pingpong virtio0\.rpmsg-openamp-demo-channel\.-1\.30: goodbye!$/,
        ],
        timeout: '5s',
      },
    ],
  },
  {
    kind: 'Zephyr synchronization',
    name: /synchronization/,
    marker: 'Hello World from cpu %d on %s!',
    runs: [
      {
        until: /^thread_b: Hello World from cpu 0 on mimx8mp_evk!$/,
        also: [ZEPHYR_BANNER, /^thread_a: Hello World from cpu 0 on mimx8mp_evk!$/],
        timeout: '2s',
      },
    ],
  },
  {
    kind: 'Zephyr shell_module',
    name: /shell_module|shell-module/,
    runs: [
      { send: ['console=demo ping\\n'], until: /^pong$/, timeout: '2s' },
      { send: ['console=help\\n'], until: /^ *kernel +:/, also: [/uart:~\$ +help/], timeout: '2s' },
    ],
  },
  {
    kind: 'Zephyr philosophers',
    name: /philosophers/,
    runs: [{ until: /Philosopher \d.*EATING/, also: [/Demo Description/], timeout: '2s' }],
  },
  {
    kind: 'FreeRTOS semaphores',
    name: /freertos_sem/,
    runs: [{ until: /^Producer released item\.$/, also: [/^Producer_task created\.$/, /^Consumer 0 accepted item\.$/] }],
  },
  {
    kind: 'FreeRTOS mutex',
    name: /freertos_mutex/,
    runs: [{ until: /^(1234 \| 5678|ABCD \| EFGH)$/ }],
  },
  { kind: 'FreeRTOS queue', name: /freertos_queue/, runs: [{ until: /^Log 9: Task2 Message 4$/, also: [/^Log 0: Task1 Message 0$/] }] },
  { kind: 'FreeRTOS event', name: /freertos_event/, runs: [{ until: /^Bit B1 is set\.$/, also: [/^Bit B0 is set\.$/], timeout: '5s' }] },
  { kind: 'FreeRTOS software timer', name: /freertos_swtimer/, runs: [{ until: /^Tick\.$/, timeout: '3s' }] },
  { kind: 'FreeRTOS generic', name: /freertos_generic/, runs: [{ until: /^Receive message counter: 2\.$/, timeout: '2s' }] },
  {
    kind: 'FreeRTOS tickless',
    name: /freertos_tickless/,
    runs: [{ send: ['console=x'], until: /^5000$/, also: [/^Tickless Demo example$/], timeout: '25s' }],
  },
  { kind: 'GPT timer', name: /gpt_timer/, runs: [{ send: ['console=x'], until: /GPT interrupt is occurr/, timeout: '4s' }] },
  { kind: 'GPT capture', name: /gpt_capture/, runs: [{ until: /^GPT input capture example$/ }] },
  {
    kind: 'ECSPI loopback',
    name: /ecspi_loopback/,
    runs: [{ until: /^ECSPI loopback test pass!$/, also: [/^\*\*\*ECSPI Loopback Demo\*\*\*$/] }],
  },
  { kind: 'GPIO output', name: /gpio_led_output/, runs: [{ until: /^ *The LED is blinking\.$/, also: [/^ *GPIO Driver example$/] }] },
  {
    kind: 'UART polling',
    name: /uart_polling/,
    runs: [{ send: ['console=xyzzy'], until: /^xyzzy$/, also: [/^Uart polling example$/] }],
  },
  {
    kind: 'UART interrupts',
    name: /uart_interrupt-/,
    runs: [{ send: ['console=xyzzy'], until: /^xyzzy$/, also: [/^Now please input:$/] }],
  },
  {
    kind: 'UART ring buffer',
    name: /uart_interrupt_rb/,
    runs: [{ send: ['console=01234567'], until: /01234567/, also: [/^UART RX ring buffer example$/] }],
  },
  {
    kind: 'UART transfers',
    name: /uart_interrupt_transfer/,
    runs: [{ send: ['console=01234567'], until: /01234567/, also: [/^Uart interrupt (transfer )?example$/] }],
  },
  {
    kind: 'watchdog',
    name: /wdog/,
    runs: [{ until: /^WDOG has be refreshed!$/, also: [/^- 3\.Test the WDOG refresh function by using interrupt\.$/], timeout: '20s' }],
  },
  // Access rights are kept, and not enforced (docs/fidelity.md): the example goes no further.
  { kind: 'RDC', name: /rdc/, runs: [{ until: /^RDC Peripheral access control$/, also: [/^RDC Example:$/] }] },
];

/** Options that a file name asks for: Variscite's builds name their board. */
export function firmwareOptions(name: string): string[] {
  return name.includes('dart_mx8mp') ? ['--board', 'dart-mx8mp'] : [];
}

/** The kind of the ELF called `name` with these bytes, or undefined for one nobody has described. */
export function firmwareKind(name: string, bytes: Buffer): FirmwareKind | undefined {
  return FIRMWARE.find((kind) => kind.name.test(name)) ?? FIRMWARE.find(({ marker }) => marker !== undefined && bytes.includes(marker));
}
