/**
 * What images there are, as data: sources, memory map, compiler options, and what a run of each shows.
 *
 * `until` are regular expressions of lines that come, in this order, on any console or in dmesg. `exit` is what the program returns
 * through semihosting. `patch` makes a variant of another image by overwriting words of a section: no tool has to be able to build it.
 */

const M7 = ['-mcpu=cortex-m7', '-mfloat-abi=soft', '-Os', '-g'];

const UART = ['common/start.c', 'common/string.c', 'common/print.c', 'common/uart.c'];
const RPMSG = [...UART, 'common/mpu.c', 'common/mu.c', 'common/vring.c', 'common/rpmsg.c', 'common/trace.c'];

const imx8mp = (name, directory, rest) => ({
  name: `imx8mp_${name}`,
  soc: ['imx8mp'],
  core: 'm7',
  flags: M7,
  map: 'common/itcm.ld',
  sources: [`${directory}/main.c`, ...UART],
  ...rest,
});

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
];
