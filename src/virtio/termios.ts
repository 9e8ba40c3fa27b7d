/**
 * The settings of a terminal: `struct ktermios` as named booleans and characters, the kernel's defaults, and the structs of
 * TCGETS, TCGETS2 and TCGETA as arm64 has them (include/uapi/asm-generic/termbits.h, 6.1).
 *
 * Speed, size of characters and parity are kept and shown; nothing on an RPMsg tty looks at them.
 */

/** Bits of `c_iflag` under their names from termios(3), in lower case as stty(1) writes them. */
const IFLAG = {
  ignbrk: 0x1,
  brkint: 0x2,
  ignpar: 0x4,
  parmrk: 0x8,
  inpck: 0x10,
  istrip: 0x20,
  inlcr: 0x40,
  igncr: 0x80,
  icrnl: 0x100,
  iuclc: 0x200,
  ixon: 0x400,
  ixany: 0x800,
  ixoff: 0x1000,
  imaxbel: 0x2000,
  iutf8: 0x4000,
} as const;

/** Bits of `c_oflag`; the delays are in `Termios.delays`. */
const OFLAG = { opost: 0x1, olcuc: 0x2, onlcr: 0x4, ocrnl: 0x8, onocr: 0x10, onlret: 0x20, ofill: 0x40, ofdel: 0x80 } as const;

/** Bits of `c_lflag`. */
const LFLAG = {
  isig: 0x1,
  icanon: 0x2,
  xcase: 0x4,
  echo: 0x8,
  echoe: 0x10,
  echok: 0x20,
  echonl: 0x40,
  noflsh: 0x80,
  tostop: 0x100,
  echoctl: 0x200,
  echoprt: 0x400,
  echoke: 0x800,
  flusho: 0x1000,
  pendin: 0x4000,
  iexten: 0x8000,
  extproc: 0x1_0000,
} as const;

/** In `delays`: tabs become spaces (`XTABS`). */
export const TABDLY = 0x1800;
/** Bits of `c_cflag` that matter here. */
export const CFLAG = { B38400: 0xf, CS8: 0x30, CREAD: 0x80, HUPCL: 0x400, CLOCAL: 0x800 } as const;

/** Places in `c_cc`. */
export const CC_INDEX = {
  intr: 0,
  quit: 1,
  erase: 2,
  kill: 3,
  eof: 4,
  time: 5,
  min: 6,
  swtc: 7,
  start: 8,
  stop: 9,
  susp: 10,
  eol: 11,
  reprint: 12,
  discard: 13,
  werase: 14,
  lnext: 15,
  eol2: 16,
} as const;

/** `NCCS`. */
const NCCS = 19;
/** `NCC`: characters of the old `struct termio`. */
const NCC = 8;
/** Bytes of `struct termios` (TCGETS), `struct termios2` (TCGETS2) and `struct termio` (TCGETA). */
export const TERMIOS_SIZE = 36;
export const TERMIOS2_SIZE = 44;
export const TERMIO_SIZE = 18;

type FlagName = keyof typeof IFLAG | keyof typeof OFLAG | keyof typeof LFLAG;

/** Input, output and local modes, the special characters, and the rest as numbers. */
export type Termios = { [name in FlagName]: boolean } & {
  /** Bits of `c_oflag` that say how long which character takes. */
  delays: number;
  cflag: number;
  line: number;
  /** `c_cc`, by `CC_INDEX`; 0 is no character (`_POSIX_VDISABLE`). */
  cc: Uint8Array;
  ispeed: number;
  ospeed: number;
};

/** `INIT_C_CC`. */
function initialCharacters(): Uint8Array {
  const cc = new Uint8Array(NCCS);
  const { intr, quit, erase, kill, eof, min, start, stop, susp, reprint, discard, werase, lnext } = CC_INDEX;
  cc[intr] = 0x03;
  cc[quit] = 0x1c;
  cc[erase] = 0x7f;
  cc[kill] = 0x15;
  cc[eof] = 0x04;
  cc[min] = 1;
  cc[start] = 0x11;
  cc[stop] = 0x13;
  cc[susp] = 0x1a;
  cc[reprint] = 0x12;
  cc[discard] = 0x0f;
  cc[werase] = 0x17;
  cc[lnext] = 0x16;
  return cc;
}

function flagsOf<T extends string>(bits: Readonly<Record<T, number>>, word: number): Record<T, boolean> {
  const entries = Object.entries<number>(bits).map(([name, bit]) => [name, (word & bit) !== 0]);
  return Object.fromEntries(entries) as Record<T, boolean>;
}

function wordOf<T extends string>(bits: Readonly<Record<T, number>>, flags: Readonly<Record<NoInfer<T>, boolean>>): number {
  let word = 0;
  for (const [name, bit] of Object.entries<number>(bits)) if (flags[name as T]) word |= bit;
  return word;
}

/** `tty_std_termios`: what a fresh tty has when its driver changes nothing. */
export const TTY_STD_TERMIOS: Readonly<Termios> = {
  ...flagsOf(IFLAG, IFLAG.icrnl | IFLAG.ixon),
  ...flagsOf(OFLAG, OFLAG.opost | OFLAG.onlcr),
  ...flagsOf(LFLAG, 0x8a3b),
  delays: 0,
  cflag: CFLAG.B38400 | CFLAG.CS8 | CFLAG.CREAD | CFLAG.HUPCL,
  line: 0,
  cc: initialCharacters(),
  ispeed: 38_400,
  ospeed: 38_400,
};

/** `stty -echo -icanon -isig -iexten -icrnl -inlcr -igncr -istrip -ixon`: every byte arrives; output is left as it is. */
export const RAW_INPUT: Readonly<Partial<Termios>> = {
  istrip: false,
  inlcr: false,
  igncr: false,
  icrnl: false,
  ixon: false,
  isig: false,
  icanon: false,
  echo: false,
  iexten: false,
};

/** `stty raw -echo`. */
export const RAW: Readonly<Partial<Termios>> = { ...RAW_INPUT, opost: false };

/** A copy that shares nothing. */
export function copyTermios(termios: Readonly<Termios>): Termios {
  return { ...termios, cc: termios.cc.slice() };
}

/** `kernel_termios_to_user_termios`: fills `struct termios`, `struct termios2` if there is room for it. */
export function encodeTermios(termios: Readonly<Termios>, bytes: Uint8Array = new Uint8Array(TERMIOS2_SIZE)): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint32(0, wordOf(IFLAG, termios), true);
  view.setUint32(4, wordOf(OFLAG, termios) | termios.delays, true);
  view.setUint32(8, termios.cflag, true);
  view.setUint32(12, wordOf(LFLAG, termios), true);
  bytes[16] = termios.line;
  bytes.set(termios.cc.subarray(0, NCCS), 17);
  if (bytes.length >= TERMIOS2_SIZE) {
    view.setUint32(36, termios.ispeed, true);
    view.setUint32(40, termios.ospeed, true);
  }
  return bytes;
}

/** `user_termios_to_kernel_termios`: the settings in a `struct termios` or `termios2`; bits that Linux gives no meaning are lost. */
export function decodeTermios(bytes: Uint8Array): Termios {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const oflag = view.getUint32(4, true);
  const both = bytes.length >= TERMIOS2_SIZE;
  return {
    ...flagsOf(IFLAG, view.getUint32(0, true)),
    ...flagsOf(OFLAG, oflag),
    ...flagsOf(LFLAG, view.getUint32(12, true)),
    delays: oflag & 0xff00,
    cflag: view.getUint32(8, true),
    line: bytes[16]!,
    cc: bytes.slice(17, 17 + NCCS),
    ispeed: both ? view.getUint32(36, true) : 0,
    ospeed: both ? view.getUint32(40, true) : 0,
  };
}

/** `kernel_termios_to_user_termio`: fills the old `struct termio`, 16 bits of each word and 8 characters. */
export function encodeTermio(termios: Readonly<Termios>, bytes: Uint8Array): void {
  const full = encodeTermios(termios);
  for (let word = 0; word < 4; word++) bytes.set(full.subarray(4 * word, 4 * word + 2), 2 * word);
  bytes.set(full.subarray(16, 17 + NCC), 8);
}

/** `user_termio_to_kernel_termios`: what the old struct does not hold stays as in `current`. */
export function decodeTermio(bytes: Uint8Array, current: Readonly<Termios>): Termios {
  const full = encodeTermios(current);
  for (let word = 0; word < 4; word++) full.set(bytes.subarray(2 * word, 2 * word + 2), 4 * word);
  full.set(bytes.subarray(8, 9 + NCC), 16);
  return decodeTermios(full);
}
