/**
 * Examples of the MCUXpresso SDK for the 8M family: what is not about a driver first.
 */
import type { FirmwareKind } from './catalogue.ts';
import { MCUXPRESSO_DRIVERS } from './kinds-mcuxpresso-drivers.ts';

/** The kinds. */
export const MCUXPRESSO: readonly FirmwareKind[] = [
  { kind: 'FreeRTOS hello', name: /freertos_hello/, runs: [{ until: /^Hello world\.$/ }] },
  {
    kind: 'MCUXpresso hello_world',
    name: /hello_world/,
    marker: 'hello world.\r\n',
    runs: [{ send: ['console=xyzzy'], until: /^xyzzy$/, also: [/^hello world\.$/] }],
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
    kind: 'FreeRTOS semaphores',
    name: /freertos_sem/,
    runs: [{ until: /^Producer released item\.$/, also: [/^Producer_task created\.$/, /^Consumer 0 accepted item\.$/] }],
  },
  { kind: 'FreeRTOS mutex', name: /freertos_mutex/, runs: [{ until: /^1234 \| 5678$/ }, { until: /^ABCD \| EFGH$/ }] },
  { kind: 'FreeRTOS queue', name: /freertos_queue/, runs: [{ until: /^Log 9: Task2 Message 4$/, also: [/^Log 0: Task1 Message 0$/] }] },
  { kind: 'FreeRTOS event', name: /freertos_event/, runs: [{ until: /^Bit B1 is set\.$/, also: [/^Bit B0 is set\.$/], timeout: '5s' }] },
  { kind: 'FreeRTOS software timer', name: /freertos_swtimer/, runs: [{ until: /^Tick\.$/, timeout: '3s' }] },
  {
    kind: 'FreeRTOS generic',
    name: /freertos_generic/,
    runs: [{ until: /^Receive message counter: 2\.$/, also: [/^Event task is running\.$/], timeout: '2s' }],
  },
  {
    // The SDK reckons with half of IPG for the timer's 8 MHz: the 5 s are 21 s, and 42 s on the Quad.
    kind: 'FreeRTOS tickless',
    name: /freertos_tickless/,
    runs: [{ send: ['console=x'], until: /^5000$/, also: [/^Tickless Demo example$/], timeout: '60s' }],
  },
  ...MCUXPRESSO_DRIVERS,
];
