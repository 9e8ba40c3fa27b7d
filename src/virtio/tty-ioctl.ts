/**
 * ioctls of terminals with their numbers on arm64 (include/uapi/asm-generic/ioctls.h, 6.1), and what they do to a tty
 * (`tty_ioctl` of drivers/tty/tty_io.c, `n_tty_ioctl`, `tty_mode_ioctl` of tty_ioctl.c, `tty_jobctrl_ioctl`).
 *
 * There are no sessions here: a tty is the controlling terminal of the process that asked for it with TIOCSCTTY, and of no other. Not modelled: locked settings,
 * packet mode, redirection of the console, RS485.
 */
import type { IoctlArgument } from '../linux/fs/vfs.ts';
import { ERRNO, type KernelCode, type Task } from '../linux/kernel.ts';
import type { Process } from '../linux/process.ts';
import {
  CFLAG,
  decodeTermio,
  decodeTermios,
  encodeTermio,
  encodeTermios,
  TERMIO_SIZE,
  TERMIOS_SIZE,
  TERMIOS2_SIZE,
  type Termios,
} from './termios.ts';

/** Commands. */
export const TTY_IOCTL = {
  TCGETS: 0x5401,
  TCSETS: 0x5402,
  TCSETSW: 0x5403,
  TCSETSF: 0x5404,
  TCGETA: 0x5405,
  TCSETA: 0x5406,
  TCSETAW: 0x5407,
  TCSETAF: 0x5408,
  TCSBRK: 0x5409,
  TCXONC: 0x540a,
  TCFLSH: 0x540b,
  TIOCEXCL: 0x540c,
  TIOCNXCL: 0x540d,
  TIOCSCTTY: 0x540e,
  TIOCGPGRP: 0x540f,
  TIOCSPGRP: 0x5410,
  TIOCOUTQ: 0x5411,
  TIOCSTI: 0x5412,
  TIOCGWINSZ: 0x5413,
  TIOCSWINSZ: 0x5414,
  TIOCMGET: 0x5415,
  TIOCGSOFTCAR: 0x5419,
  TIOCSSOFTCAR: 0x541a,
  TIOCINQ: 0x541b,
  FIONREAD: 0x541b,
  TIOCGSERIAL: 0x541e,
  TIOCNOTTY: 0x5422,
  TIOCSETD: 0x5423,
  TIOCGETD: 0x5424,
  TCSBRKP: 0x5425,
  TIOCSBRK: 0x5427,
  TIOCCBRK: 0x5428,
  TIOCGSID: 0x5429,
  TCGETS2: 0x802c_542a,
  TCSETS2: 0x402c_542b,
  TCSETSW2: 0x402c_542c,
  TCSETSF2: 0x402c_542d,
  TIOCGDEV: 0x8004_5432,
  TIOCVHANGUP: 0x5437,
  TIOCGEXCL: 0x8004_5440,
} as const;

/** Arguments of TCFLSH and TCXONC. */
export const TTY_FLUSH = { TCIFLUSH: 0, TCOFLUSH: 1, TCIOFLUSH: 2 } as const;
export const TTY_FLOW = { TCOOFF: 0, TCOON: 1, TCIOFF: 2, TCION: 3 } as const;

const WINSIZE_SIZE = 8;
const INT_SIZE = 4;
/** Line disciplines that numbers exist for; all but N_TTY (0) would be modules that are not there. */
const NR_LDISCS = 30;

/** What the ioctls do to a tty. */
export interface TtyControl {
  readonly termios: Readonly<Termios>;
  readonly winsize: Uint8Array;
  exclusive: boolean;
  /** Whose controlling terminal it is: the process, or kernel code that asked in nobody's name. */
  controller: Process | Task | undefined;
  /** `tty_devnum`. */
  readonly devnum: number;
  /** `tty_set_termios`. */
  applyTermios(termios: Readonly<Termios>): void;
  /** `n_tty_flush_buffer`. */
  flushInput(): void;
  /** `tty_buffer_flush`. */
  flushFlip(): void;
  /** Bytes that a read would find (`TIOCINQ`). */
  readonly inputQueued: number;
  /** `send_prio_char`: 0 or a negative errno. */
  sendPrioChar(which: 'start' | 'stop'): KernelCode<number>;
  /** `ld->ops->receive_buf` with one byte that a process typed (TIOCSTI). */
  typed(byte: number): KernelCode;
  /** `tty_vhangup`. */
  vhangup(): void;
}

/** Who calls. */
export interface TtyCaller {
  readonly current: Process | Task | undefined;
  readonly capSysAdmin: boolean;
}

const { TIOCGETD, TIOCGEXCL, TIOCGDEV, TIOCOUTQ, TIOCINQ, TIOCGSOFTCAR } = TTY_IOCTL;

/** `tty_ioctl`: 0 or a negative errno. */
export function* ttyIoctl(tty: TtyControl, caller: TtyCaller, command: number, argument: IoctlArgument): KernelCode<number> {
  const mode = modeIoctl(tty, command, argument);
  if (mode !== undefined) return mode;
  const job = jobControlIoctl(tty, caller, command, argument);
  if (job !== undefined) return job;
  switch (command) {
    case TTY_IOCTL.TIOCEXCL:
      tty.exclusive = true;
      return 0;
    case TTY_IOCTL.TIOCNXCL:
      tty.exclusive = false;
      return 0;
    case TIOCGEXCL:
      return putInt(argument, Number(tty.exclusive));
    case TIOCGETD:
      return putInt(argument, 0);
    case TTY_IOCTL.TIOCSETD:
      return setLdisc(argument);
    case TIOCGDEV:
      return putInt(argument, tty.devnum);
    case TIOCOUTQ:
      return putInt(argument, 0);
    case TIOCINQ:
      return putInt(argument, tty.inputQueued);
    case TTY_IOCTL.TIOCGWINSZ:
      return put(argument, tty.winsize);
    case TTY_IOCTL.TIOCSWINSZ:
      if (typeof argument === 'number' || argument.length < WINSIZE_SIZE) return ERRNO.EFAULT;
      tty.winsize.set(argument.subarray(0, WINSIZE_SIZE));
      return 0;
    // Without break_ctl of the driver these do nothing.
    case TTY_IOCTL.TCSBRK:
    case TTY_IOCTL.TCSBRKP:
    case TTY_IOCTL.TIOCSBRK:
    case TTY_IOCTL.TIOCCBRK:
      return 0;
    case TTY_IOCTL.TCFLSH:
      return flush(tty, argument);
    case TTY_IOCTL.TCXONC:
      return yield* flow(tty, argument);
    case TTY_IOCTL.TIOCSTI:
      if (!caller.capSysAdmin && !controls(tty, caller)) return ERRNO.EPERM;
      if (typeof argument === 'number' || argument.length < 1) return ERRNO.EFAULT;
      yield* tty.typed(argument[0]!);
      return 0;
    case TTY_IOCTL.TIOCVHANGUP:
      if (!caller.capSysAdmin) return ERRNO.EPERM;
      tty.vhangup();
      return 0;
    default:
      return ERRNO.ENOTTY;
  }
}

/** `tty_mode_ioctl`; undefined for what it does not know. */
function modeIoctl(tty: TtyControl, command: number, argument: IoctlArgument): number | undefined {
  const { TCGETS, TCGETS2, TCGETA, TCSETS, TCSETSW, TCSETSF, TCSETS2, TCSETSW2, TCSETSF2, TCSETA, TCSETAW, TCSETAF } = TTY_IOCTL;
  switch (command) {
    case TCGETS:
      return put(argument, encodeTermios(tty.termios).subarray(0, TERMIOS_SIZE));
    case TCGETS2:
      return put(argument, encodeTermios(tty.termios));
    case TCGETA: {
      const old = new Uint8Array(TERMIO_SIZE);
      encodeTermio(tty.termios, old);
      return put(argument, old);
    }
    case TCSETS:
    case TCSETSW:
    case TCSETSF:
      return setTermios(tty, argument, TERMIOS_SIZE, command === TCSETSF);
    case TCSETS2:
    case TCSETSW2:
    case TCSETSF2:
      return setTermios(tty, argument, TERMIOS2_SIZE, command === TCSETSF2);
    case TCSETA:
    case TCSETAW:
    case TCSETAF:
      return setTermios(tty, argument, TERMIO_SIZE, command === TCSETAF);
    case TIOCGSOFTCAR:
      return putInt(argument, tty.termios.cflag & CFLAG.CLOCAL ? 1 : 0);
    case TTY_IOCTL.TIOCSSOFTCAR: {
      const on = getInt(argument);
      if (on === undefined) return ERRNO.EFAULT;
      const cflag = (tty.termios.cflag & ~CFLAG.CLOCAL) | (on ? CFLAG.CLOCAL : 0);
      tty.applyTermios({ ...tty.termios, cflag: cflag >>> 0 });
      return 0;
    }
    default:
      return undefined;
  }
}

/** `set_termios`; there is no output that it would have to wait for. */
function setTermios(tty: TtyControl, argument: IoctlArgument, size: number, flushes: boolean): number {
  if (typeof argument === 'number' || argument.length < size) return ERRNO.EFAULT;
  const bytes = argument.subarray(0, size);
  const wanted = size === TERMIO_SIZE ? decodeTermio(bytes, tty.termios) : decodeTermios(bytes);
  if (flushes) tty.flushInput();
  tty.applyTermios(wanted);
  return 0;
}

/** `tty_jobctrl_ioctl`; undefined for what it does not know. */
function jobControlIoctl(tty: TtyControl, caller: TtyCaller, command: number, argument: IoctlArgument): number | undefined {
  switch (command) {
    case TTY_IOCTL.TIOCSCTTY:
      if (controls(tty, caller)) return 0;
      // Another's is taken away by root with the argument 1 only.
      if (tty.controller && alive(tty.controller) && !(caller.capSysAdmin && argument === 1)) return ERRNO.EPERM;
      tty.controller = caller.current;
      return 0;
    case TTY_IOCTL.TIOCNOTTY:
      if (!controls(tty, caller)) return ERRNO.ENOTTY;
      tty.controller = undefined;
      return 0;
    case TTY_IOCTL.TIOCGPGRP:
    case TTY_IOCTL.TIOCSPGRP:
    case TTY_IOCTL.TIOCGSID:
      return ERRNO.ENOTTY;
    default:
      return undefined;
  }
}

function controls(tty: TtyControl, { current }: TtyCaller): boolean {
  return current !== undefined && tty.controller === current;
}

function alive(owner: Process | Task): boolean {
  return 'status' in owner ? owner.status === undefined : owner.busy;
}

/** `tiocsetd` and `tty_set_ldisc`. */
function setLdisc(argument: IoctlArgument): number {
  const disc = getInt(argument);
  if (disc === undefined) return ERRNO.EFAULT;
  if (disc < 0 || disc >= NR_LDISCS) return ERRNO.EINVAL;
  return disc === 0 ? 0 : ERRNO.EINVAL;
}

/** `tty_perform_flush`. */
function flush(tty: TtyControl, argument: IoctlArgument): number {
  if (argument === TTY_FLUSH.TCOFLUSH) return 0;
  if (argument !== TTY_FLUSH.TCIFLUSH && argument !== TTY_FLUSH.TCIOFLUSH) return ERRNO.EINVAL;
  tty.flushFlip();
  tty.flushInput();
  return 0;
}

/** TCXONC of `n_tty_ioctl_helper`; stopping the output of a driver without `stop` changes nothing. */
function* flow(tty: TtyControl, argument: IoctlArgument): KernelCode<number> {
  if (argument === TTY_FLOW.TCOOFF || argument === TTY_FLOW.TCOON) return 0;
  if (argument === TTY_FLOW.TCIOFF) return yield* tty.sendPrioChar('stop');
  if (argument === TTY_FLOW.TCION) return yield* tty.sendPrioChar('start');
  return ERRNO.EINVAL;
}

/** `copy_to_user`. */
function put(argument: IoctlArgument, bytes: Uint8Array): number {
  if (typeof argument === 'number' || argument.length < bytes.length) return ERRNO.EFAULT;
  argument.set(bytes);
  return 0;
}

function putInt(argument: IoctlArgument, value: number): number {
  const bytes = new Uint8Array(INT_SIZE);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return put(argument, bytes);
}

/** `get_user` of an int. */
function getInt(argument: IoctlArgument): number | undefined {
  if (typeof argument === 'number' || argument.length < INT_SIZE) return undefined;
  return new DataView(argument.buffer, argument.byteOffset, INT_SIZE).getInt32(0, true);
}
