/**
 * Programs for devices: stty (coreutils), microcom, picocom and minicom as far as talking to a tty goes, devmem (busybox), and the tools of
 * rpmsg-utils for /dev/rpmsg_ctrlN.
 */
import { strerror } from '../../linux/errno.ts';
import { O, POLL } from '../../linux/fs/vfs.ts';
import type { KernelCode } from '../../linux/kernel.ts';
import type { Process, Program } from '../../linux/process.ts';
import { BUS_FAULT } from '../../memory/bus.ts';
import {
  encodeEndpointInfo,
  RPMSG_CREATE_DEV_IOCTL,
  RPMSG_CREATE_EPT_IOCTL,
  RPMSG_DESTROY_EPT_IOCTL,
  RPMSG_RELEASE_DEV_IOCTL,
} from '../../virtio/rpmsg-ioctl.ts';
import { CC_INDEX, decodeTermios, encodeTermios, type Termios } from '../../virtio/termios.ts';
import { complain, finish, getopt, print, READ_SIZE, usage, writeAll } from '../io.ts';
import type { System } from './system.ts';

const TCGETS = 0x5401;
const TCSETSW = 0x5403;
/** Bytes of what TCGETS gives, with room for TCGETS2. */
const TERMIOS_BYTES = 44;

/** Settings of `stty raw` and `stty cooked`, as coreutils has them. */
const RAW_OFF = [
  'ignbrk',
  'brkint',
  'ignpar',
  'parmrk',
  'inpck',
  'istrip',
  'inlcr',
  'igncr',
  'icrnl',
  'ixon',
  'ixoff',
  'icanon',
  'opost',
  'isig',
  'iuclc',
  'ixany',
  'imaxbel',
  'xcase',
] as const;
const COOKED_ON = ['brkint', 'ignpar', 'istrip', 'icrnl', 'ixon', 'isig', 'icanon', 'opost'] as const;
const SANE_ON = [
  'brkint',
  'icrnl',
  'imaxbel',
  'opost',
  'onlcr',
  'isig',
  'icanon',
  'iexten',
  'echo',
  'echoe',
  'echok',
  'echoctl',
  'echoke',
] as const;
const SANE_OFF = [
  'ignbrk',
  'inlcr',
  'igncr',
  'iutf8',
  'ixoff',
  'iuclc',
  'ixany',
  'olcuc',
  'ocrnl',
  'ofill',
  'onocr',
  'onlret',
  'xcase',
  'echonl',
  'noflsh',
  'tostop',
  'echoprt',
  'extproc',
  'flusho',
] as const;

/** Rows of `stty -a`. */
const SHOWN: readonly (readonly (keyof Termios)[])[] = [
  [
    'ignbrk',
    'brkint',
    'ignpar',
    'parmrk',
    'inpck',
    'istrip',
    'inlcr',
    'igncr',
    'icrnl',
    'ixon',
    'ixoff',
    'iuclc',
    'ixany',
    'imaxbel',
    'iutf8',
  ],
  ['opost', 'olcuc', 'ocrnl', 'onlcr', 'onocr', 'onlret', 'ofill', 'ofdel'],
  [
    'isig',
    'icanon',
    'iexten',
    'echo',
    'echoe',
    'echok',
    'echonl',
    'noflsh',
    'xcase',
    'tostop',
    'echoprt',
    'echoctl',
    'echoke',
    'flusho',
    'extproc',
  ],
];
const CHARACTERS = [
  'intr',
  'quit',
  'erase',
  'kill',
  'eof',
  'eol',
  'eol2',
  'swtc',
  'start',
  'stop',
  'susp',
  'reprint',
  'werase',
  'lnext',
  'discard',
] as const;

function characterText(code: number): string {
  if (code === 0) return '<undef>';
  if (code === 127) return '^?';
  return code < 32 ? `^${String.fromCharCode(code + 64)}` : String.fromCharCode(code);
}

function allText(termios: Termios): string {
  const characters = CHARACTERS.map((name) => `${name} = ${characterText(termios.cc[CC_INDEX[name]]!)};`);
  const wrapped = [characters.slice(0, 7), characters.slice(7, 13), characters.slice(13)].map((row) => row.join(' '));
  const minimum = `min = ${termios.cc[CC_INDEX.min]}; time = ${termios.cc[CC_INDEX.time]};`;
  const flags = SHOWN.map((row) => row.map((name) => `${termios[name] ? '' : '-'}${name}`).join(' '));
  return [
    'speed 38400 baud; rows 24; columns 80; line = 0;',
    ...wrapped.slice(0, 2),
    `${wrapped[2]} ${minimum}`,
    '-parenb -parodd -cmspar cs8 hupcl -cstopb cread -clocal -crtscts',
    ...flags,
    '',
  ].join('\n');
}

function set(termios: Termios, names: readonly (keyof Termios)[], value: boolean): void {
  for (const name of names) (termios as Record<string, unknown>)[name] = value;
}

/** Applies one setting of stty's command line; false for one that there is not. */
function apply(termios: Termios, word: string, next: () => string | undefined): boolean {
  const plain = word.replace(/^-/, '');
  const on = plain === word;
  const known = [...SHOWN.flat()] as string[];
  if (word === 'raw' || word === '-cooked') {
    set(termios, RAW_OFF, false);
    termios.cc[CC_INDEX.min] = 1;
    termios.cc[CC_INDEX.time] = 0;
  } else if (word === 'cooked' || word === '-raw') set(termios, COOKED_ON, true);
  else if (word === 'sane') {
    set(termios, SANE_ON, true);
    set(termios, SANE_OFF, false);
  } else if (word === 'cbreak' || word === '-icanon') set(termios, ['icanon'], false);
  else if (word === '-cbreak') set(termios, ['icanon'], true);
  else if (plain === 'nl') {
    set(termios, ['icrnl', 'onlcr'], !on);
  } else if (plain === 'crterase' || plain === 'crtkill' || plain === 'ctlecho')
    set(termios, [{ crterase: 'echoe', crtkill: 'echoke', ctlecho: 'echoctl' }[plain] as keyof Termios], on);
  else if (known.includes(plain)) set(termios, [plain as keyof Termios], on);
  else if (['parenb', 'parodd', 'cmspar', 'hupcl', 'cstopb', 'cread', 'clocal', 'crtscts', 'cs5', 'cs6', 'cs7', 'cs8'].includes(plain))
    return true;
  else if (/^\d+$/.test(word)) return true;
  else if (['ispeed', 'ospeed', 'rows', 'cols', 'columns', 'line'].includes(word)) return /^\d+$/.test(next() ?? '');
  else if (word === 'min' || word === 'time' || (CHARACTERS as readonly string[]).includes(word)) {
    const value = next();
    if (value === undefined) return false;
    const code =
      word === 'min' || word === 'time'
        ? Number(value)
        : value === 'undef' || value === '^-'
          ? 0
          : /^\^.$/.test(value)
            ? value === '^?'
              ? 127
              : value.charCodeAt(1) & 0x1f
            : /^\d+$/.test(value) && value.length > 1
              ? Number(value)
              : value.charCodeAt(0);
    termios.cc[CC_INDEX[word as keyof typeof CC_INDEX]] = code;
  } else return false;
  return true;
}

const stty: Program = function* (process, argv) {
  const words = argv.slice(1);
  let device: string | undefined;
  const at = words.findIndex((word) => word === '-F' || word.startsWith('-F') || word.startsWith('--file'));
  if (at >= 0) {
    const attached = words[at]!.replace(/^(?:-F|--file=?)/, '');
    const taken = words.splice(at, attached === '' ? 2 : 1);
    device = attached === '' ? taken[1] : attached;
    if (device === undefined) return yield* usage(process, 'stty', "option requires an argument -- 'F'");
  }
  let fd = 0;
  if (device !== undefined) {
    fd = yield* process.open(device, O.RDONLY | O.NONBLOCK);
    if (fd < 0) return yield* complain(process, 'stty', `${device}: ${strerror(fd)}`);
  }
  const name = device ?? "'standard input'";
  const bytes = new Uint8Array(TERMIOS_BYTES);
  const err = yield* process.ioctl(fd, TCGETS, bytes);
  if (err < 0) return yield* complain(process, 'stty', `${name}: ${strerror(err)}`);
  const termios = decodeTermios(bytes);
  if (words.length === 0) {
    const standard = { ...termios };
    const unusual = SHOWN.flat().filter((each) => {
      const sane = { ...standard };
      set(sane, SANE_ON, true);
      set(sane, SANE_OFF, false);
      return sane[each] !== termios[each];
    });
    return yield* finish(
      process,
      'stty',
      `speed 38400 baud; line = 0;\n${unusual.length > 0 ? `${unusual.map((each) => `${termios[each] ? '' : '-'}${each}`).join(' ')}\n` : ''}`,
    );
  }
  if (words[0] === '-a' || words[0] === '--all') return yield* finish(process, 'stty', allText(termios));
  if (words[0] === '-g')
    return yield* finish(process, 'stty', `${[...bytes.subarray(0, 36)].map((byte) => byte.toString(16)).join(':')}\n`);
  if (words[0] === 'size') return yield* finish(process, 'stty', '24 80\n');
  for (let index = 0; index < words.length; index++) {
    if (!apply(termios, words[index]!, () => words[++index]))
      return yield* usage(process, 'stty', `invalid argument '${words[index] ?? words.at(-1)}'`);
  }
  const set_ = yield* process.ioctl(fd, TCSETSW, encodeTermios(termios));
  return set_ < 0 ? yield* complain(process, 'stty', `${name}: ${strerror(set_)}`) : 0;
};

/** Ctrl-X of microcom; Ctrl-A before Ctrl-X, q or x of picocom and minicom. */
const CTRL_A = 1;
const CTRL_X = 24;

/** Passes bytes between the terminal and a tty until the user leaves, or the tty is gone. */
function* talk(process: Process, tty: number, name: string): KernelCode<number> {
  let escaped = false;
  for (;;) {
    const ready = yield* process.poll([
      { fd: 0, events: POLL.IN },
      { fd: tty, events: POLL.IN },
    ]);
    if (typeof ready === 'number') return 130;
    if (ready[1]! & (POLL.IN | POLL.HUP | POLL.ERR)) {
      const data = yield* process.read(tty, READ_SIZE);
      if (typeof data === 'number' || data.length === 0)
        return yield* complain(
          process,
          name,
          typeof data === 'number' ? `read from port failed: ${strerror(data)}` : 'read zero bytes from port: the tty is gone',
        );
      yield* writeAll(process, 1, data);
    }
    if (!(ready[0]! & (POLL.IN | POLL.HUP))) continue;
    const keys = yield* process.read(0, READ_SIZE);
    if (typeof keys === 'number') return 130;
    // Input that is no terminal ends the talk once the tty has had time to answer.
    if (keys.length === 0) return yield* linger(process, tty);
    const sent: number[] = [];
    for (const byte of keys) {
      if (escaped ? [CTRL_X, 0x71, 0x78, 0x51, 0x58].includes(byte) : name === 'microcom' && byte === CTRL_X) {
        yield* writeAll(process, tty, Uint8Array.from(sent));
        return 0;
      }
      if (name !== 'microcom' && byte === CTRL_A && !escaped) escaped = true;
      else {
        escaped = false;
        sent.push(byte);
      }
    }
    const err = sent.length > 0 ? yield* writeAll(process, tty, Uint8Array.from(sent)) : 0;
    if (err < 0) return yield* complain(process, name, `write to port failed: ${strerror(err)}`);
  }
}

/** Virtual time without an answer after which a talk without keyboard ends, in ns. */
const LINGER_NS = 1e9;

function* linger(process: Process, tty: number): KernelCode<number> {
  for (;;) {
    const ready = yield* process.poll([{ fd: tty, events: POLL.IN }], LINGER_NS);
    if (typeof ready === 'number' || !(ready[0]! & POLL.IN)) return 0;
    const data = yield* process.read(tty, READ_SIZE);
    if (typeof data === 'number' || data.length === 0) return 0;
    yield* writeAll(process, 1, data);
  }
}

const microcom: Program = function* (process, argv) {
  const own = argv[0]!;
  const { flags, operands, error } = getopt(argv, own === 'microcom' ? 's:t:dXp:' : 'b:D:p:f:d:e:cwosth8', {
    'imap=': 'i',
    'omap=': 'o',
    'baud=': 'b',
    'device=': 'D',
    echo: 'c',
  });
  if (error) return yield* usage(process, own, error);
  const device = flags.get('D') ?? (own === 'microcom' ? flags.get('p') : undefined) ?? operands[0];
  if (device === undefined) return yield* complain(process, own, 'no port given');
  const tty = yield* process.open(device.startsWith('/') ? device : device, O.RDWR);
  if (tty < 0)
    return yield* complain(
      process,
      own,
      own === 'microcom' ? `can't open '${device}': ${strerror(tty)}` : `cannot open ${device}: ${strerror(tty)}`,
    );
  const before: (Uint8Array | undefined)[] = [];
  for (const fd of [0, tty]) {
    const bytes = new Uint8Array(TERMIOS_BYTES);
    before.push((yield* process.ioctl(fd, TCGETS, bytes)) < 0 ? undefined : bytes.slice());
    const termios = decodeTermios(bytes);
    set(termios, [...RAW_OFF, 'echo', 'echoe', 'echok', 'echonl', 'iexten'], false);
    termios.cc[CC_INDEX.min] = 1;
    if (before.at(-1)) yield* process.ioctl(fd, TCSETSW, encodeTermios(termios));
  }
  const leave = own === 'microcom' ? 'Ctrl-X' : 'Ctrl-A Ctrl-X';
  if (before[0]) yield* print(process, `${own}: ${device}; ${leave} ends it\r\n`);
  const status = yield* talk(process, tty, own);
  if (before[0]) yield* process.ioctl(0, TCSETSW, before[0]);
  if (before[0]) yield* print(process, '\r\n');
  return status;
};

/** `devmem ADDRESS [WIDTH [VALUE]]` of busybox, on the bus of the Cortex-A cores; an abort there is a SIGBUS of the program. */
function devmem({ linux: { kernel } }: System): Program {
  return function* (process, argv) {
    const [addressText, widthText, valueText] = argv.slice(1);
    if (addressText === undefined) return yield* complain(process, 'usage', 'devmem ADDRESS [WIDTH [VALUE]]');
    const address = Number(addressText);
    const letters: Readonly<Record<string, number>> = { b: 8, h: 16, w: 32, l: 32 };
    const width = widthText === undefined ? 32 : (letters[widthText] ?? Number(widthText));
    if (!Number.isSafeInteger(address) || address < 0) return yield* complain(process, argv[0]!, `invalid number '${addressText}'`);
    if (width !== 8 && width !== 16 && width !== 32) return yield* complain(process, argv[0]!, `bad width '${widthText}'`);
    const size = (width / 8) as 1 | 2 | 4;
    if (address % size !== 0) return yield* complain(process, argv[0]!, 'Bus error', 135);
    if (valueText !== undefined) {
      const value = Number(valueText);
      if (!Number.isSafeInteger(value)) return yield* complain(process, argv[0]!, `invalid number '${valueText}'`);
      return kernel.memory.write(address, value >>> 0, size) ? 0 : yield* complain(process, argv[0]!, 'Bus error', 135);
    }
    const value = kernel.memory.read(address, size);
    if (value === BUS_FAULT) return yield* complain(process, argv[0]!, 'Bus error', 135);
    return yield* finish(
      process,
      argv[0]!,
      `0x${(value >>> 0)
        .toString(16)
        .toUpperCase()
        .padStart(size * 2, '0')}\n`,
    );
  };
}

/** Standard error without a line end, as rpmsg-utils leaves it. */
function* fail(process: Process, text: string): KernelCode<number> {
  yield* writeAll(process, 2, new TextEncoder().encode(text));
  return 1;
}

/** rpmsg_export_ept and rpmsg_export_dev of rpmsg-utils: one ioctl with a name and two addresses; without addresses any that are free. */
function exporter(kind: 'endpoint' | 'device'): Program {
  return function* (process, argv) {
    const release = kind === 'device' && argv[2] === '-d';
    const words = release ? [argv[1], ...argv.slice(3)] : argv.slice(1);
    const [control, name, source, destination] = words;
    if (
      control === undefined ||
      name === undefined ||
      (words.length !== 2 && words.length !== 4) ||
      [source, destination].some((text) => text !== undefined && !/^\d+$/.test(text))
    )
      return yield* fail(process, `${argv[0]} <ctrl> ${kind === 'device' ? '[-d] ' : ''}<name> [<src> <dst>]\n`);
    const fd = yield* process.open(control, O.RDWR);
    if (fd < 0) return yield* fail(process, `${argv[0]}: failed to open ${control}\n: ${strerror(fd)}\n`);
    const ioctl = kind === 'endpoint' ? RPMSG_CREATE_EPT_IOCTL : release ? RPMSG_RELEASE_DEV_IOCTL : RPMSG_CREATE_DEV_IOCTL;
    const address = (text: string | undefined): number => (text === undefined ? 0xffff_ffff : Number(text) >>> 0);
    const err = yield* process.ioctl(fd, ioctl, encodeEndpointInfo({ name, src: address(source), dst: address(destination) }));
    if (err >= 0) return 0;
    return yield* fail(
      process,
      kind === 'endpoint' ? 'failed to create endpoint\n' : `failed to ${release ? 'release' : 'create'} rpmsg device\n`,
    );
  };
}

const destroyEndpoint: Program = function* (process, argv) {
  const [, device] = argv;
  if (device === undefined) return yield* fail(process, `${argv[0]} <ctrl>\n`);
  const fd = yield* process.open(device, O.RDWR);
  if (fd < 0) return yield* fail(process, `${argv[0]}: failed to open ${device}\n: ${strerror(fd)}\n`);
  return (yield* process.ioctl(fd, RPMSG_DESTROY_EPT_IOCTL)) < 0 ? yield* fail(process, 'failed to destroy endpoint\n') : 0;
};

const ping: Program = function* (process, argv) {
  const [, device] = argv;
  if (device === undefined) return yield* fail(process, `${argv[0]} <dev>\n`);
  const fd = yield* process.open(device, O.RDWR);
  if (fd < 0) return yield* fail(process, `${argv[0]}: failed to open ${device}\n: ${strerror(fd)}\n`);
  const sent = yield* process.write(fd, new TextEncoder().encode(`ping ${device}`));
  if (sent < 0) return yield* fail(process, `failed to write endpoint  ${strerror(sent)}\n`);
  const answer = yield* process.read(fd, 256);
  if (typeof answer === 'number') return yield* fail(process, `failed to read endpoint ${strerror(answer)}\n`);
  yield* fail(process, `message received: "${new TextDecoder().decode(answer)}"\n`);
  return 0;
};

/** By name. */
export function devicePrograms(system: System): Readonly<Record<string, Program>> {
  return {
    stty,
    microcom,
    picocom: microcom,
    minicom: microcom,
    devmem: devmem(system),
    devmem2: devmem(system),
    rpmsg_export_ept: exporter('endpoint'),
    rpmsgexport: exporter('endpoint'),
    rpmsg_export_dev: exporter('device'),
    rpmsg_destroy_ept: destroyEndpoint,
    rpmsgdestroyept: destroyEndpoint,
    rpmsg_ping: ping,
  };
}
