/**
 * The transcripts of people who run these boards, as scripts: what they typed, with which firmware, and what they were shown. For the images of
 * this repository (seeds.test.ts) and for real firmware (test/firmware).
 */
import { join } from 'node:path';

/** One of them. */
export interface SeedScript {
  /** `seeds/<name>.sh`; beside it its console, `.txt`. */
  readonly name: string;
  readonly title: string;
  /** Name under which the script loads its firmware; undefined when it loads none. */
  readonly file?: string;
  /** The image of this repository that goes by that name. */
  readonly image?: string;
  readonly options: readonly string[];
  /** Commands, with the lines that the author was shown, to the letter but for times. */
  readonly shows: readonly (readonly [command: string, lines: readonly string[]])[];
  /** Lines that come in this order, on the core's console or between commands. */
  readonly says: readonly (string | RegExp)[];
}

/** Directory of the scripts. */
export const SEEDS = join(import.meta.dirname, 'seeds');

const CLIENT = 'rpmsg_client_sample virtio0.rpmsg-client-sample.-1.1024';
const messages = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${CLIENT}: incoming msg ${from + index} (src: 0x400)`);

/** All of them. */
export const SEED_SCRIPTS: readonly SeedScript[] = [
  {
    name: 'verdin-str-echo',
    title: 'Verdin iMX8M Plus: str_echo over /dev/ttyRPMSG30',
    file: 'str_echo.elf',
    image: 'imx8mp_echo_verdin',
    options: ['--kernel', 'nxp', '--board', 'verdin-hmp'],
    shows: [
      [
        'dmesg | grep -i rpmsg',
        [
          'imx rpmsg driver is registered.',
          'virtio_rpmsg_bus virtio0: rpmsg host is online',
          'virtio_rpmsg_bus virtio0: creating channel rpmsg-virtual-tty-channel-1 addr 0x1e',
        ],
      ],
      ['ls /dev/ttyRPMSG*', ['/dev/ttyRPMSG30']],
      ['echo Toradex! > /dev/ttyRPMSG30', []],
    ],
    says: [
      'Get Message From Master Side : "hello world!" [len : 12]',
      'Get Message From Master Side : "Toradex!" [len : 8]',
      'Get New Line From Master Side',
      'Get Message From Master Side : "this is a test from Linux" [len : 25]',
      /^(hello world!)?this is a test from Linux$/,
      /stopped remote processor imx-rproc$/,
    ],
  },
  {
    name: 'verdin-pingpong',
    title: 'Verdin iMX8M Plus: ping-pong',
    file: 'pingpong.elf',
    image: 'imx8mp_pingpong',
    options: ['--kernel', 'nxp', '--board', 'verdin-hmp'],
    shows: [
      ['dmesg | grep -c "get .* (src: 0x1e)"', ['51']],
      [`dmesg | grep "get " | sed -n '1p;$p'`, ['get 1 (src: 0x1e)', 'get 101 (src: 0x1e)']],
      ['dmesg | grep goodbye', ['imx_rpmsg_pingpong virtio0.rpmsg-openamp-demo-channel.-1.30: goodbye!']],
    ],
    says: ['Link is up!', 'Nameservice announce sent.', 'Sending pong...', 'Ping pong done, deinitializing...', 'Looping forever...'],
  },
  {
    name: 'openamp-rsc-table',
    title: '8M Plus: openamp_rsc_table, client sample and tty',
    file: 'zephyr_openamp_rsc_table.elf',
    image: 'imx8mp_rpmsg',
    options: [],
    shows: [
      [
        'ls -la /sys/class/remoteproc/',
        [
          'total 0',
          'drwxr-xr-x N root root 0 Oct  7 06:59 .',
          'drwxr-xr-x N root root 0 Oct  7 06:59 ..',
          'lrwxrwxrwx 1 root root 0 Oct  7 06:59 remoteproc0 -> ../../devices/platform/imx8mp-cm7/remoteproc/remoteproc0',
        ],
      ],
      ['ls /dev/ttyRPMSG*', ['/dev/ttyRPMSG0']],
      ['cat /dev/ttyRPMSG0 &', ['[1] PID']],
      ['echo "Hello Zephyr" > /dev/ttyRPMSG0', ['TTY 0x0401: Hello Zephyr']],
    ],
    says: [
      'remoteproc remoteproc0: powering up imx-rproc',
      /^remoteproc remoteproc0: Booting fw image zephyr_openamp_rsc_table\.elf, size \d+$/,
      'rproc-virtio rproc-virtio.0.auto: assigned reserved memory node vdev0buffer@55400000',
      'virtio_rpmsg_bus virtio0: rpmsg host is online',
      'rproc-virtio rproc-virtio.0.auto: registered virtio0 (type 7)',
      'remoteproc remoteproc0: remote processor imx-rproc is now up',
      'virtio_rpmsg_bus virtio0: creating channel rpmsg-client-sample addr 0x400',
      `${CLIENT}: new channel: 0x400 -> 0x400!`,
      ...messages(1, 100),
      `${CLIENT}: goodbye!`,
      'virtio_rpmsg_bus virtio0: destroying channel rpmsg-client-sample addr 0x400',
      `${CLIENT}: rpmsg sample client driver is removed`,
      // Zephyr 3.4 sends one byte too many.
      /^TTY 0x0401: Hello Zephyr/,
    ],
  },
  {
    name: 'start-stop',
    title: 'start and stop by sysfs, firmware from a home directory, and what is refused',
    file: 'zephyr_openamp_rsc_table.elf',
    image: 'imx8mp_rpmsg',
    options: [],
    shows: [
      ['cat name state firmware', ['imx-rproc', 'offline', 'rproc-imx-rproc-fw']],
      ['echo ~/zephyr.elf > firmware', []],
      ['echo zephyr.elf > firmware', []],
      ['cat state', ['running']],
      [
        'echo other.elf > firmware',
        ["imx-rproc imx8mp-cm7: can't change firmware while running", '-bash: echo: write error: Device or resource busy'],
      ],
      ['echo stop > state', []],
    ],
    says: [
      'remoteproc remoteproc0: Direct firmware load for /root/zephyr.elf failed with error -2',
      'remoteproc remoteproc0: Boot failed: -2',
      '-bash: echo: write error: No such file or directory',
      'remoteproc remoteproc0: stopped remote processor imx-rproc',
      '-bash: echo: write error: Invalid argument',
      'remoteproc remoteproc0: Unrecognised option: maybe',
      '-bash: echo: write error: Invalid argument',
      '      3 running',
    ],
  },
  {
    name: 'char-driver',
    title: 'an endpoint through /dev/rpmsg_ctrl0',
    file: 'str_echo.elf',
    image: 'imx8mp_echo',
    options: [],
    shows: [
      ['rpmsg_export_ept /dev/rpmsg_ctrl0 rpmsg-openamp-demo-channel 2 30', []],
      ['dd bs=496 count=1 status=none <&3; echo', ['Hello World!']],
      ['cat /dev/rpmsg0', ['cat: /dev/rpmsg0: Device or resource busy']],
      ['exec 4<>/dev/rpmsg_ctrl0', []],
    ],
    says: [
      "ls: cannot access '/dev/rpmsg_ctrl0': No such file or directory",
      /^crw------- 1 root root 240, +0 Oct +7 06:59 \/dev\/rpmsg0$/,
      '/dev/rpmsg0  /dev/rpmsg_ctrl0',
      '/dev/rpmsg_ctrl0',
      '/dev/rpmsg_ctrl1',
    ],
  },
  {
    name: 'bootaux',
    title: "U-Boot's bootaux, then Linux attaches",
    file: 'hello_world.elf',
    image: 'imx8mp_attach',
    options: ['--boot', 'uboot', '--uboot-script', join(SEEDS, 'bootaux.uboot')],
    shows: [
      ['cat /sys/class/remoteproc/remoteproc0/state', ['attached']],
      [
        'dmesg | grep remoteproc',
        ['imx-rproc is available', 'attaching to imx-rproc', 'remote processor imx-rproc is now attached'].map(
          (text) => `remoteproc remoteproc0: ${text}`,
        ),
      ],
      ['echo detach > /sys/class/remoteproc/remoteproc0/state', ['-bash: echo: write error: Invalid argument']],
    ],
    says: [
      'u-boot=> mw.l 0x7f8000 0x11223344',
      'u-boot=> md.l 0x7f8000',
      '007f8000: 11223344 00000000 00000000 00000000  D3".............',
      'u-boot=> fatload mmc 1:1 0x7F8000 hello_world.bin',
      '** Reading file would overwrite reserved memory **',
      "Failed to load 'hello_world.bin'",
      /^## Starting auxiliary core stack = 0x20020000, pc = 0x0000[0-9A-F]{4}\.\.\.$/,
      'Starting kernel ...',
      'Hello Zephyr',
      'offline',
    ],
  },
  {
    name: 'first-rpmsg',
    title: 'PICO-IMX7D: imx_rpmsg: the status that Linux sees, and no vring buffer',
    options: ['--soc', 'imx7d', '--board', 'pico-pi', '--kernel', 'nxp', '--overlay', join(SEEDS, 'first-rpmsg.dts')],
    shows: [
      [
        'dmesg | grep -i rpmsg',
        [
          'imx-rpmsg 30800000.bus:rpmsg: No vring buffer.',
          'imx-rpmsg: probe of 30800000.bus:rpmsg failed with error -12',
          'imx rpmsg driver is registered.',
        ],
      ],
    ],
    says: ['okay^@'],
  },
  {
    name: 'second-rpmsg',
    title: 'Colibri iMX7: imx_rpmsg: the second node of the workaround, firmware without a resource table',
    file: 'fixed.elf',
    image: 'imx7d_fixed',
    options: ['--boot', 'uboot', '--kernel', 'nxp', '--overlay', join(SEEDS, 'second-rpmsg.dts')],
    shows: [
      ['ls /sys/class/remoteproc', []],
      [
        'dmesg | grep -i rpmsg',
        [
          'virtio_rpmsg_bus virtio0: rpmsg host is online',
          'imx rpmsg driver is registered.',
          'virtio_rpmsg_bus virtio0: creating channel rpmsg-virtual-tty-channel-1 addr 0x1e',
        ],
      ],
    ],
    says: ['disabled^@', 'okay^@', 'Get Message From Master Side : "Toradex!" [len : 8]', 'Toradex!'],
  },
  {
    name: 'colibri-status',
    title: 'Colibri iMX7: the tree says okay, and Linux sees disabled, as U-Boot did not start the M4',
    file: 'fixed.elf',
    image: 'imx7d_fixed',
    options: ['--boot', 'uboot', '--kernel', 'nxp', '--uboot-script', join(SEEDS, 'colibri-status.uboot')],
    shows: [
      ['dmesg | grep -i rpmsg', ['imx rpmsg driver is registered.']],
      ['ls /sys/bus/rpmsg/devices', []],
      ['cat /sys/devices/soc0/soc_id', ['i.MX7D']],
      ['uname -m', ['armv7l']],
    ],
    says: ['Colibri iMX7 # fdt print /soc/bus@30800000/rpmsg status', 'status = "okay"', 'Starting kernel ...', 'disabled^@'],
  },
  {
    name: 'colibri-bootaux',
    title: "Colibri iMX7: fatload refuses the M4's memory, bootaux takes the ELF from anywhere in RAM",
    file: 'hello_world.elf',
    image: 'imx7d_hello',
    options: ['--boot', 'uboot', '--kernel', 'nxp', '--uboot-script', join(SEEDS, 'colibri-bootaux.uboot')],
    shows: [['dmesg | grep -ic "rpmsg host is online"', ['1']]],
    says: [
      'Colibri iMX7 # mw.l 0x7f8000 0x11223344',
      'Colibri iMX7 # md.l 0x7f8000 4',
      '007f8000: 11223344 00000000 00000000 00000000  D3".............',
      'Colibri iMX7 # fatload mmc 0:1 0x7F8000 hello_world.bin',
      '** Reading file would overwrite reserved memory **',
      "Failed to load 'hello_world.bin'",
      '** Reading file would overwrite reserved memory **',
      /^## Starting auxiliary core stack = 0x00000000, pc = 0x1FFF8[0-9A-F]{3}\.\.\.$/,
      'hello world.',
      'Starting kernel ...',
      'okay^@',
      '00000000  80 00 00 00 0f f0 00 00  90 00 00 00 30 00 00 00  |............0...|',
    ],
  },
];

/** Console of a run without what depends on timing: times, process numbers, link counts; NUL as `cat -v` shows it. */
export function withoutTimes(stdout: string): string {
  return stdout
    .replaceAll('\0', '^@')
    .replace(/^\[ *\d+\.\d{6}\]/gm, '[T]')
    .replace(/^(\[\d+\]) \d+$/gm, '$1 PID')
    .replace(/^(drwxr-xr-x) +\d+ /gm, '$1 N ');
}

/** Lines of a console without times and names of devices. */
export function spokenLines(stdout: string): string[] {
  return withoutTimes(stdout)
    .split('\n')
    .map((line) => line.replace(/^\[(?:T|uart\d)\] /, ''));
}

/** What a command showed on the terminal before the next prompt; undefined when it was not typed. */
export function shownBy(stdout: string, command: string): string[] | undefined {
  const lines = withoutTimes(stdout)
    .split('\n')
    .filter((line) => !/^(\[uart\d\]|trace )/.test(line));
  // Zephyr 3.4 sends one byte too many, a NUL.
  const isPrompt = (line: string): boolean => /^(\^@)?root@[\w-]+:\S*# /.test(line);
  const at = lines.findIndex((line) => isPrompt(line) && line.replace(/^\S+ /, '') === command);
  if (at < 0) return undefined;
  const end = lines.findIndex((line, index) => index > at && isPrompt(line));
  const shown = lines.slice(at + 1, end < 0 ? undefined : end).map((line) => line.replace(/^\[T\] /, ''));
  return end < 0 && shown.at(-1) === '' ? shown.slice(0, -1) : shown;
}
