/**
 * What images there are, as data: sources, memory map, compiler options, and what a run of each shows.
 *
 * `until` are regular expressions of lines that come, in this order, on any console or in dmesg. `exit` is what the program returns
 * through semihosting. `patch` makes a variant of another image by overwriting words of a section: no tool has to be able to build it.
 */

const M7 = ['-mcpu=cortex-m7', '-mfloat-abi=soft', '-Os', '-g'];

const FLOAT = ['-mcpu=cortex-m7', '-mfpu=fpv5-d16', '-mfloat-abi=softfp', '-Os', '-g', '-Ithreads'];

const BARE = ['-mcpu=cortex-m4', '-mfloat-abi=soft', '-Os', '-g'];

const M33 = ['-mcpu=cortex-m33', '-mcmse', '-mfpu=fpv5-sp-d16', '-mfloat-abi=softfp', '-Os', '-Wl,--strip-debug'];

/** The library's debug information holds paths of the machine that built the compiler. */
const BENCH = ['-mcpu=cortex-m4', '-mfloat-abi=soft', '-O2', '-Wl,--strip-debug'];
const SOFT = [...BENCH, '-DREAL=double', '-DROUNDS=60000u'];
const SINGLE = ['-mcpu=cortex-m4', '-mfpu=fpv4-sp-d16', '-mfloat-abi=hard', '-O2', '-ffp-contract=off', '-Wl,--strip-debug'];
const DOUBLE = ['-mcpu=cortex-m7', '-mfpu=fpv5-d16', '-mfloat-abi=hard', '-O2', '-ffp-contract=off', '-DREAL=double', '-Wl,--strip-debug'];

const SEMIHOSTED = ['common/start.c', 'common/string.c', 'common/print.c', 'common/semihosting.c'];
const UART = ['common/start.c', 'common/string.c', 'common/print.c', 'common/uart.c'];
const RPMSG = [...UART, 'common/mpu.c', 'common/mu.c', 'common/vring.c', 'common/rpmsg.c', 'common/trace.c'];

/** With a messaging unit driver of its own. */
const RPMSG_WITHOUT_MU = RPMSG.filter((source) => source !== 'common/mu.c');

const imx8mp = (name, directory, rest) => ({
  name: `imx8mp_${name}`,
  soc: ['imx8mp'],
  core: 'm7',
  flags: M7,
  map: 'common/itcm.ld',
  sources: [`${directory}/main.c`, ...UART],
  ...rest,
});

const M4 = ['-mcpu=cortex-m4', '-mfloat-abi=soft', '-Os', '-g'];

/** The other SoCs: core, compiler options, memory map, and where imx_rpmsg's vrings are on boards that have some. */
const FAMILY = {
  imx8mm: { core: 'm4', flags: M4, map: 'common/tcm-128k.ld' },
  imx8mn: { core: 'm7', flags: M7, map: 'common/itcm.ld' },
  imx8mq: { core: 'm4', flags: M4, map: 'common/tcm-128k.ld' },
  imx7d: { core: 'm4', flags: M4, map: 'common/tcm-32k.ld', vrings: '0x8FFF0000u' },
  imx6sx: { core: 'm4', flags: M4, map: 'common/tcm-32k.ld', vrings: '0xBFFF0000u' },
};

/** The example `directory` for another SoC. */
const other = (soc, directory, rest) => {
  const { core, flags, map } = FAMILY[soc];
  const header = `-DSOC_HEADER="${soc}.h"`;
  return {
    name: `${soc}_${directory}`,
    soc: [soc],
    core,
    flags: [...flags, header],
    map,
    sources: [`${directory}/main.c`, ...UART],
    ...rest,
  };
};

const family = Object.entries(FAMILY).flatMap(([soc, { flags, vrings }]) => [
  other(soc, 'hello', {
    title: `Hello world, ${soc}`,
    shows: 'The same program on the console of its first board.',
    until: ['^hello world\\.$'],
  }),
  other(soc, 'rpmsg', {
    title: `RPMsg remote for rpmsg_client_sample and rpmsg_tty, ${soc}`,
    shows: 'The same program: messaging unit, vrings and memory are those of this SoC.',
    sources: ['rpmsg/main.c', ...RPMSG],
    until: ['incoming msg 100: hello world!', 'goodbye!'],
  }),
  ...(vrings === undefined
    ? []
    : [
        other(soc, 'fixed', {
          title: `Echo for NXP's imx_rpmsg, ${soc}`,
          shows: `No resource table: vrings at ${vrings.replace('u', '')} by agreement, as FreeRTOS BSP 1.0.1 has them there.`,
          sources: ['fixed/main.c', ...RPMSG],
          flags: [...flags, `-DSOC_HEADER="${soc}.h"`, `-DVRINGS=${vrings}`],
          until: ['^RPMSG String Echo without a resource table$'],
        }),
      ]),
]);

/**
 * Benches: name, title, group, millions of instructions of one repetition, checksum. The figures of `npm run bench` that compare engines are those of the group `integer`. Where
 * `virtualTime` is set, the program waits for SysTick, so that its speed means nothing on an emulator whose clock is the host's.
 */
const BENCHES = [
  ['alu', 'Arithmetic in registers', 'integer', 57, 'e5ce8fa6'],
  ['blend', 'Lists, matrices, a scanner, CRC-16', 'integer', 23.6, 'ea5d123b'],
  ['mix', 'A scanner and sorting', 'integer', 31.3, '269894e6'],
  ['chase', 'Pointer chasing', 'integer', 48.3, 'd3ec21ad'],
  ['copy', 'Block copies', 'integer', 32.8, '009be625'],
  ['matrix', 'Integer matrices', 'integer', 28.3, 'f9d937c2'],
  ['sieve', 'Sieve of Eratosthenes', 'integer', 22.6, 'c7199734'],
  ['crc', 'CRC-32', 'integer', 30.1, '8ed71701'],
  ['state', 'State machines of a framed protocol', 'integer', 14.7, 'cbbc6b90'],
  ['calls', 'Calls and recursion', 'integer', 22.8, '8f4f849e'],
  ['switch', 'Interpreter with table branches', 'integer', 69.9, 'a11b91e8'],
  ['dsp', '64-bit products and DSP instructions', 'integer', 28.3, '432c3810'],
  ['float_soft', 'Floating point in software', 'float', 79.9, '0eebc9fc', { source: 'float', flags: SOFT }],
  ['float_single', 'Single precision in the FPU', 'float', 27.2, 'f04c6867', { source: 'float', flags: SINGLE }],
  ['float_double', 'Double precision in the FPU', 'float', 24, 'ba1bf4bd', { source: 'float', flags: DOUBLE, soc: ['cortex-m7'] }],
  ['interrupts', 'SysTick every 1,000 cycles', 'system', 14.2, '148648a3', { virtualTime: true }],
  ['exceptions', 'PendSV every 700 instructions', 'system', 14.3, '148648a3'],
  ['mmio', 'Registers of a device', 'system', 4.5, '0b02aa19'],
  ['poll', 'Polling of a status register', 'system', 2, '2306fb5d', { virtualTime: true }],
  ['sleep', 'Sleep until an interrupt', 'system', 0.2, 'c275e765', { virtualTime: true }],
];

export const IMAGES = [
  imx8mp('hello', 'hello', {
    title: 'Hello world',
    shows: 'A line on UART4, then an echo of what is typed there, asleep in between.',
    until: ['^hello world\\.$'],
  }),
  imx8mp('rpmsg', 'rpmsg', {
    title: 'RPMsg remote for rpmsg_client_sample and rpmsg_tty',
    shows: 'Name service, 100 messages to and fro, a teletype, a trace buffer; vrings wherever the device tree puts them.',
    sources: ['rpmsg/main.c', ...RPMSG],
    until: ['incoming msg 100: hello world!', 'goodbye!'],
  }),
  imx8mp('rpmsg_ddr', 'rpmsg', {
    title: 'The RPMsg remote, run from DDR',
    shows: 'The same program linked at 0x80000000: segments in DDR, code fetched through the MPU region.',
    sources: ['rpmsg/main.c', ...RPMSG],
    map: 'common/ddr.ld',
    until: ['incoming msg 100: hello world!', 'goodbye!'],
  }),
  imx8mp('attach', 'attach', {
    title: 'RPMsg remote that U-Boot may start',
    shows: 'The resource table copied to where a Linux that finds the core running looks for it; echo on two channels.',
    sources: ['attach/main.c', ...RPMSG],
    until: ['^started by Linux$', 'incoming msg 100', 'goodbye!'],
  }),
  imx8mp('echo', 'echo', {
    title: "Echo on NXP's teletype channel",
    shows: 'rpmsg-virtual-tty-channel-1 on endpoint 30, vring addresses fixed in the table.',
    sources: ['echo/main.c', ...RPMSG],
    until: ['^Nameservice sent, ready for incoming messages\\.\\.\\.$'],
  }),
  imx8mp('echo_verdin', 'echo', {
    title: "Echo on NXP's teletype channel, for a Verdin",
    shows: "The same program with the vring addresses of Toradex' HMP overlay: for --board verdin-hmp.",
    sources: [],
    flags: [],
    patch: {
      of: 'imx8mp_echo',
      section: '.resource_table',
      words: [
        [48, 0xb800_0000],
        [68, 0xb800_8000],
      ],
    },
    until: ['^Nameservice sent, ready for incoming messages\\.\\.\\.$'],
  }),
  imx8mp('fixed', 'fixed', {
    title: "Echo for NXP's imx_rpmsg",
    shows:
      'No resource table: vrings at 0x55000000 by agreement, the first doorbell says that they are ready. For U-Boot and a tree with the rpmsg node.',
    sources: ['fixed/main.c', ...RPMSG],
    until: ['^RPMSG String Echo without a resource table$'],
  }),
  imx8mp('echo8', 'echo8', {
    title: 'Echo on eight endpoints',
    shows: 'Eight channels imx-sim-echo that send back what comes, without a word: for bench/echo.mjs and bench/start-stop.mjs.',
    sources: ['echo8/main.c', ...RPMSG],
    until: ['^echo8: 8 endpoints$'],
  }),
  imx8mp('pingpong', 'pingpong', {
    title: "Ping-pong with NXP's imx_rpmsg_pingpong",
    shows: 'rpmsg-openamp-demo-channel on endpoint 30; numbers go to and fro up to 101, then the channel is destroyed.',
    sources: ['pingpong/main.c', ...RPMSG],
    until: ['^Looping forever\\.\\.\\.$'],
  }),
  imx8mp('fault', 'fault', {
    title: 'Precise bus fault',
    shows: 'A read from a hole in the memory map, four calls deep, escalated to HardFault; the handler loops.',
    until: ['^step 1 done$'],
  }),
  imx8mp('lockup', 'lockup', {
    title: 'Lockup',
    shows: 'A fault inside the HardFault handler.',
    until: ['^lockup: '],
  }),
  imx8mp('hang', 'hang', {
    title: 'Firmware that never announces anything',
    shows: 'An endless loop with interrupts on, after Linux has brought up the RPMsg device.',
    sources: ['hang/main.c', ...UART, 'common/mu.c'],
    until: ['^hang: waiting for the sensor'],
  }),
  imx8mp('no_table', 'no-table', {
    title: 'No resource table',
    shows: 'Linux starts the core without virtio devices.',
    until: ['No resource table in elf', '^no table, no vring, but running$'],
  }),
  imx8mp('wfi_tick', 'wfi-tick', {
    title: 'Sleep and tick',
    shows: 'SysTick at 100 Hz, WFI in between, a line each second: long virtual times at little cost.',
    until: ['^up 1 s$', '^up 60 s$'],
  }),
  ...[
    ['freertos', 'FreeRTOS'],
    ['zephyr', 'Zephyr'],
  ].map(([name, system]) =>
    imx8mp(`threads_${name}`, 'threads', {
      title: `Threads with the data structures of ${system}`,
      shows: `Four threads that a debugger which knows ${system} finds: waiting, sleeping, interrupted in floating point, idle. The kernel is our own.`,
      flags: FLOAT,
      sources: ['threads/main.c', `threads/${name}.c`, ...UART],
      until: ['^threads: four of them$', '^item 20$'],
    }),
  ),
  imx8mp('devices', 'devices', {
    title: 'Devices on I2C, SPI and GPIO',
    shows:
      'A temperature sensor, an EEPROM, SPI loopback and flash, a button that interrupts and a LED; says of each what is not attached.',
    sources: ['devices/main.c', 'devices/i2c.c', 'devices/spi.c', ...UART],
    until: ['^loopback: 64 words came back$', '^devices: ready$'],
  }),
  imx8mp('soak', 'soak', {
    title: 'Soak',
    shows:
      'Ticks, messages, and a routine that it rewrites every five seconds and checks: for bench/soak.mjs, which restarts it over and over.',
    sources: ['soak/main.c', ...RPMSG],
    until: ['incoming msg 100: hello world!', '^up 600 s, 121 rewrites, 100 messages$'],
  }),
  imx8mp('lost_doorbell', 'lost-doorbell', {
    title: 'A bug: a doorbell is forgotten',
    shows: 'What imx-sim explore finds: 300 messages to and fro, unless the core is held up at the wrong moment.',
    sources: ['lost-doorbell/main.c', ...RPMSG_WITHOUT_MU],
    until: ['^all channels done$'],
  }),
  imx8mp('leak', 'leak', {
    title: 'A bug: an error path gives no buffers back',
    shows: 'What imx-sim explore finds: 500 messages to and fro, unless Linux is once too busy to take a doorbell.',
    sources: ['leak/main.c', ...RPMSG],
    until: ['^500 messages answered$'],
  }),
  imx8mp('stop_race', 'stop-race', {
    title: 'A bug: a heartbeat does not mind whether Linux listens',
    shows: 'What imx-sim explore finds: doorbells written over each other while Linux sleeps.',
    sources: ['stop-race/main.c', ...RPMSG_WITHOUT_MU],
    until: ['^beat 100$'],
  }),
  imx8mp('bad_ring', 'bad-ring', {
    title: 'A bug: it writes into the descriptor table',
    shows:
      'What the vring inspector explains: a descriptor that is not as Linux wrote it; what is written to ttyRPMSG0 spoils the used ring.',
    sources: ['bad-ring/main.c', ...RPMSG],
    until: ['^bad ring: descriptor 200 has a buffer of the firmware$', 'incoming msg 100: hello world!', 'goodbye!'],
  }),
  imx8mp('bad_table', 'bad-table', {
    title: 'The sound table of which the broken ones are made',
    shows: 'Linux brings up the RPMsg device although nobody takes messages from the MU: its first kick times out.',
    sources: ['bad-table/main.c', 'common/start.c'],
    until: ['imx_rproc_kick: failed \\(0, err:-62\\)', 'rpmsg host is online'],
  }),
  ...[
    ['version', 'version 2', { words: [[0, 2]] }, 'unsupported fw ver: 2'],
    ['reserved', 'a reserved word that is not zero', { words: [[8, 1]] }, 'non zero reserved bytes'],
    ['count', 'a count of 0x10000000 entries', { words: [[4, 0x1000_0000]] }, 'resource table incomplete'],
    ['header', 'a section that ends within the header', { size: 12 }, 'header-less resource table'],
    ['section', 'a section that is longer than the file', { size: 0x0100_0000 }, 'resource table truncated'],
    ['offset', 'an entry offset far outside', { words: [[16, 0x7fff_0000]] }, 'rsc table is truncated'],
    ['truncated', 'a section that ends within the device entry', { size: 48 }, 'vdev rsc is truncated'],
    [
      'vdev_reserved',
      'a device entry whose reserved bytes are not zero',
      { words: [[44, 0x0001_0200]] },
      'vdev rsc has non zero reserved bytes',
    ],
    ['vrings', 'a device with three vrings', { words: [[44, 0x0000_0300]] }, 'too many vrings: 3'],
    ['queue', 'a vring of no descriptors', { words: [[56, 0]] }, 'invalid qsz \\(0\\) or alignment \\(4096\\)'],
  ].map(([name, what, change, message]) =>
    imx8mp(`bad_table_${name}`, 'bad-table', {
      title: `Broken resource table: ${what}`,
      shows: 'What Linux prints, and that it stays whole.',
      sources: [],
      flags: [],
      patch: { of: 'imx8mp_bad_table', section: '.resource_table', ...change },
      until: [message],
    }),
  ),
  ...[0, 7].map((status) => ({
    name: status === 0 ? 'semihosting' : `semihosting_exit${status}`,
    title: `Semihosting, exit status ${status}`,
    shows: 'Text and exit status through the emulator, on a bare core.',
    soc: ['cortex-m4', 'cortex-m7', 'cortex-m33'],
    flags: [...BARE, `-DEXIT_STATUS=${status}`],
    map: 'common/bare.ld',
    sources: ['semihosting/main.c', ...SEMIHOSTED],
    until: ['^hello from semihosting, -1 text 00c0ffee$', `^leaving with status ${status}$`],
    exit: status,
  })),
  {
    name: 'trustzone',
    title: 'Two worlds on a Cortex-M33',
    shows: 'Secure and Non-secure code that call each other, interrupt each other and break every rule of the border between them.',
    soc: ['cortex-m33'],
    flags: M33,
    map: 'trustzone/an505.ld',
    sources: ['trustzone/start.c', 'trustzone/secure.c', 'trustzone/nonsecure.c', ...SEMIHOSTED.slice(1)],
    until: ['^callback: 12345$', '^CRC over 4000 calls: 1d5d6fcb$', '^trustzone: all done$'],
    exit: 0,
  },
  {
    name: 'trustzone_random',
    title: 'Random programs on the border between two worlds',
    shows: 'Runs the script that a test has filled with random bytes: calls, interrupts, masks, priorities and faults of both worlds.',
    soc: ['cortex-m33'],
    flags: M33,
    map: 'trustzone/an505.ld',
    sources: ['trustzone/random-start.c', 'trustzone/random-nonsecure.c', ...SEMIHOSTED.slice(1)],
    until: ['^random: \\d+ words$'],
    exit: 0,
  },
  ...BENCHES.map(([name, title, group, millions, checksum, more = {}]) => ({
    name: `bench_${name}`,
    title: `Bench: ${title}`,
    shows:
      group === 'system'
        ? 'What an access, an exception or sleep costs on a bare core; the checksum tells whether it was right.'
        : 'Pure computation on a bare core; the checksum tells whether every instruction did what it should.',
    soc: more.soc ?? ['cortex-m4', 'cortex-m33', 'cortex-m7'],
    group,
    millions,
    ...(more.virtualTime ? { virtualTime: true } : {}),
    flags: [...(more.flags ?? BENCH), `-DCHECKSUM=0x${checksum}u`],
    map: 'common/bench.ld',
    sources: [`bench/${more.source ?? name}.c`, 'bench/main.c', ...SEMIHOSTED],
    until: [`^checksum ${checksum}$`],
    exit: 0,
  })),
  ...family,
];
