/**
 * The terminal settings that matter on a line without wires: `struct ktermios` as named booleans, and the kernel's defaults.
 *
 * Speeds, parity and delays are left out: nothing on an RPMsg tty looks at them.
 */

/** Input, output and local modes under their names from termios(3), in lower case as stty(1) writes them. */
export interface Termios {
  istrip: boolean;
  inlcr: boolean;
  igncr: boolean;
  icrnl: boolean;
  ixon: boolean;
  opost: boolean;
  onlcr: boolean;
  ocrnl: boolean;
  isig: boolean;
  icanon: boolean;
  echo: boolean;
  echoe: boolean;
  echok: boolean;
  echonl: boolean;
  echoctl: boolean;
  echoke: boolean;
  iexten: boolean;
}

/** `INIT_C_CC`: the special characters. */
export const CC = {
  intr: 0x03,
  quit: 0x1c,
  erase: 0x7f,
  kill: 0x15,
  eof: 0x04,
  start: 0x11,
  stop: 0x13,
  susp: 0x1a,
  reprint: 0x12,
  werase: 0x17,
  lnext: 0x16,
} as const;

/** `tty_std_termios`: what a fresh tty has when its driver changes nothing. */
export const TTY_STD_TERMIOS: Readonly<Termios> = {
  istrip: false,
  inlcr: false,
  igncr: false,
  icrnl: true,
  ixon: true,
  opost: true,
  onlcr: true,
  ocrnl: false,
  isig: true,
  icanon: true,
  echo: true,
  echoe: true,
  echok: true,
  echonl: false,
  echoctl: true,
  echoke: true,
  iexten: true,
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
