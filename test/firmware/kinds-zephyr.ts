/**
 * Zephyr 3.4's samples, on any board.
 */
import type { FirmwareKind, FirmwareRun } from './catalogue.ts';

const BANNER = /^\*\*\* Booting Zephyr OS/;

/** The pinmux data of 3.4 for 6SX has a register too few: one is written at the block's base. */
const PINMUX = /^guest-error: IOMUXC \+0x0 no register at this offset; written/;

/** The IPM driver rings the channel of a vring's number; mainline device trees have Linux listen on channel 1 alone. */
const CHANNEL_0 = /^guest-error: Linux rpmsg the firmware rings MU channel 0;/;

const SHELL: readonly FirmwareRun[] = [
  { send: ['console=demo ping\\n'], until: /^pong$/, timeout: '2s' },
  { send: ['console=help\\n'], until: /^ *kernel +:/, also: [/uart:~\$ +help/], timeout: '2s' },
];

/** The kinds. */
export const ZEPHYR: readonly FirmwareKind[] = [
  {
    kind: 'Zephyr hello_world',
    name: /hello_world/,
    findings: [PINMUX],
    marker: 'Hello World! %s',
    runs: [{ until: /^Hello World! \w+$/, also: [BANNER] }],
  },
  {
    kind: 'Zephyr openamp_rsc_table with its console in memory',
    name: /openamp_rsc_table_ramconsole/,
    findings: [CHANNEL_0],
    runs: [{ until: /rpmsg_client_sample .*: goodbye!$/ }, { send: ['ttyRPMSG0=Hello Zephyr'], until: /^TTY 0x0401: Hello Zephyr/ }],
  },
  {
    kind: 'Zephyr openamp_rsc_table',
    name: /openamp_rsc_table|openamp-rsc-table/,
    marker: 'OpenAMP Linux sample client responder ended',
    seeds: ['openamp-rsc-table'],
    findings: [CHANNEL_0],
    runs: [
      {
        until: /rpmsg_client_sample .*: goodbye!$/,
        also: [
          BANNER,
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
    kind: 'Zephyr synchronization',
    name: /synchronization/,
    findings: [PINMUX],
    marker: 'Hello World from cpu %d on %s!',
    runs: [
      {
        until: /^thread_b: Hello World from cpu 0 on \w+!$/,
        also: [BANNER, /^thread_a: Hello World from cpu 0 on \w+!$/],
        timeout: '2s',
      },
    ],
  },
  {
    // Linux of these boards has not set that memory aside, and refuses to load there.
    kind: 'Zephyr shell_module outside of the TCM',
    name: /shell_module_(?:ocram|ddr)/,
    runs: SHELL.map((run) => ({ ...run, options: ['--no-linux'] })),
  },
  { kind: 'Zephyr shell_module', name: /shell_module|shell-module/, findings: [PINMUX], runs: SHELL },
  {
    kind: 'Zephyr philosophers',
    name: /philosophers/,
    findings: [PINMUX],
    runs: [{ until: /Philosopher \d.*EATING/, also: [/Demo Description/], timeout: '2s' }],
  },
];
