/** /dev/ttyRPMSGN through system calls: settings, blocking, ioctls, poll, hangup; each test names the kernel function that it checks. */
import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/linux/errno.ts';
import { O, POLL } from '../../src/linux/fs/vfs.ts';
import { SIGNAL } from '../../src/linux/process.ts';
import {
  CC_INDEX,
  CFLAG,
  copyTermios,
  decodeTermios,
  encodeTermios,
  RAW,
  TERMIO_SIZE,
  TERMIOS_SIZE,
  TERMIOS2_SIZE,
  type Termios,
  TTY_STD_TERMIOS,
} from '../../src/virtio/termios.ts';
import { TTY_FLOW, TTY_FLUSH, TTY_IOCTL } from '../../src/virtio/tty-ioctl.ts';
import { random } from './ring-fixture.ts';
import { createStack, createUser, type User } from './rpmsg-fixture.ts';

const T = TTY_IOCTL;
const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));

/** ttyRPMSG0 of rpmsg_tty, or ttyRPMSG30 of imx_rpmsg_tty, with nobody reading it. */
function board(which: 'mainline' | 'nxp' = 'mainline') {
  const host = createStack({ reader: 'none' });
  host.run(host.modules.loadAll(), 0.001);
  const { remote, vdev } = host.attach();
  const [name, addr, path] =
    which === 'nxp' ? ['rpmsg-virtual-tty-channel-1', 0x1e, '/dev/ttyRPMSG30'] : ['rpmsg-tty', 0x401, '/dev/ttyRPMSG0'];
  const announce = (flags = 0) => {
    remote.announce(name as string, addr as number, flags);
    host.settle(0.01);
  };
  announce();
  const user = createUser(host);
  const receive = (text: string, seconds = 0.001) => {
    remote.send(addr as number, 0x400, text);
    host.settle(seconds);
  };
  return { ...host, remote, vdev, user, announce, receive, path: path as string };
}

function settings(user: User, fd: number, change?: Partial<Termios>, command: number = T.TCSETS): Termios {
  const bytes = new Uint8Array(TERMIOS2_SIZE);
  expect(user.ioctl(fd, T.TCGETS2, bytes)).toBe(0);
  const termios = decodeTermios(bytes);
  if (!change) return termios;
  expect(user.ioctl(fd, command, encodeTermios({ ...termios, ...change }))).toBe(0);
  return settings(user, fd);
}

function characters(change: Partial<Record<keyof typeof CC_INDEX, number>>): Uint8Array {
  const cc = TTY_STD_TERMIOS.cc.slice();
  for (const [name, value] of Object.entries(change)) cc[CC_INDEX[name as keyof typeof CC_INDEX]] = value!;
  return cc;
}

const int = (value: number) => new Uint8Array(new Int32Array([value]).buffer);
const asInt = (bytes: Uint8Array) => new DataView(bytes.buffer).getInt32(0, true);

describe('nodes', () => {
  test('tty_port_register_device: class tty below the channel, one major for the driver and a minor for each', () => {
    const { user, remote, settle } = board();
    remote.announce('rpmsg-tty', 0x402);
    settle(0.01);
    expect(user.ls('/dev').filter((name) => name.startsWith('ttyRPMSG'))).toEqual(['ttyRPMSG0', 'ttyRPMSG1']);
    expect(['ttyRPMSG0', 'ttyRPMSG1'].map((name) => user.cat(`/sys/class/tty/${name}/dev`))).toEqual(['238:0\n', '238:1\n']);
    expect(user.ls('/sys/bus/rpmsg/devices/virtio0.rpmsg-tty.-1.1026/tty')).toEqual(['ttyRPMSG1']);
    const dev = new Uint8Array(4);
    user.ioctl(user.open('/dev/ttyRPMSG1'), T.TIOCGDEV, dev);
    expect(asInt(dev)).toBe((238 << 8) | 1);
  });

  test("NXP's driver registers a tty driver for each channel: a major of its own, no parent", () => {
    const { user, announce } = board('nxp');
    expect(user.cat('/sys/class/tty/ttyRPMSG30/uevent')).toBe('MAJOR=237\nMINOR=0\nDEVNAME=ttyRPMSG30\n');
    expect(user.ls('/sys/devices/virtual/tty')).toEqual(['ttyRPMSG30']);
    announce(1);
    expect(user.ls('/sys/class/tty')).toEqual([]);
    expect(user.open('/dev/ttyRPMSG30')).toBe(ERRNO.ENOENT);
  });
});

describe('termios', () => {
  test('the struct is that of arm64: stty -a of a fresh tty, word by word', () => {
    const { user, path } = board('nxp');
    const bytes = new Uint8Array(TERMIOS_SIZE);
    expect(user.ioctl(user.open(path), T.TCGETS, bytes)).toBe(0);
    const words = [0, 4, 8, 12].map((at) => new DataView(bytes.buffer).getUint32(at, true));
    expect(words).toEqual([0o2400, 0o5, 0o2277, 0o105073]);
    expect([...bytes.subarray(16)]).toEqual([0, 3, 0x1c, 0x7f, 0x15, 4, 0, 1, 0, 0x11, 0x13, 0x1a, 0, 0x12, 0x0f, 0x17, 0x16, 0, 0, 0]);
  });

  test('rpmsg_tty_init: no echo, no icanon, no opost, no onlcr', () => {
    const { user, path } = board();
    const { echo, icanon, opost, onlcr, isig, icrnl, ispeed } = settings(user, user.open(path));
    expect({ echo, icanon, opost, onlcr, isig, icrnl, ispeed }).toEqual({
      echo: false,
      icanon: false,
      opost: false,
      onlcr: false,
      isig: true,
      icrnl: true,
      ispeed: 38_400,
    });
  });

  test('tty_termios_copy_hw: speed, size and parity stay as they are, which makes stty complain', () => {
    const { user, path } = board();
    const fd = user.open(path);
    const cflag = 0x1002 | 0x20 | 0x100 | CFLAG.CLOCAL;
    const now = settings(user, fd, { cflag, ispeed: 115_200, ospeed: 115_200, icanon: true }, T.TCSETS2);
    expect(now).toMatchObject({ cflag: CFLAG.B38400 | CFLAG.CS8 | CFLAG.CLOCAL, ispeed: 38_400, ospeed: 38_400, icanon: true });
    const soft = new Uint8Array(4);
    user.ioctl(fd, T.TIOCGSOFTCAR, soft);
    expect(asInt(soft)).toBe(1);
    expect(user.ioctl(fd, T.TIOCSSOFTCAR, int(0))).toBe(0);
    expect(settings(user, fd).cflag & CFLAG.CLOCAL).toBe(0);
  });

  test('encode and decode are inverse for what has a name, and hostile bytes do no harm', () => {
    const next = random(0x7e12);
    for (let i = 0; i < 200; i++) {
      const bytes = Uint8Array.from({ length: TERMIOS2_SIZE }, () => next(256));
      const once = decodeTermios(bytes);
      expect(decodeTermios(encodeTermios(once))).toEqual(once);
    }
    expect(decodeTermios(encodeTermios(TTY_STD_TERMIOS))).toEqual(TTY_STD_TERMIOS);
    const copy = copyTermios(TTY_STD_TERMIOS);
    copy.cc[0] = 99;
    expect(TTY_STD_TERMIOS.cc[0]).toBe(3);
  });

  test('TCGETA, TCSETA: the old struct changes 16 bits of each word', () => {
    const { user, path } = board('nxp');
    const fd = user.open(path);
    const old = new Uint8Array(TERMIO_SIZE);
    expect(user.ioctl(fd, T.TCGETA, old)).toBe(0);
    expect([...old.subarray(0, 12)]).toEqual([0, 5, 5, 0, 0xbf, 4, 0x3b, 0x8a, 0, 3, 0x1c, 0x7f]);
    old[6] = 0x33;
    expect(user.ioctl(fd, T.TCSETA, old)).toBe(0);
    expect(settings(user, fd)).toMatchObject({ echo: false, icanon: true, echoctl: true });
  });

  test('tty_free_termios: settings outlive the close, for rpmsg_tty even the channel; the last close drops what was not read', () => {
    const { user, path, announce, receive } = board();
    const fd = user.open(path);
    settings(user, fd, { icanon: true, echo: true });
    receive('unread\n');
    user.close(fd);
    const again = user.open(path);
    expect(settings(user, again)).toMatchObject({ icanon: true, echo: true });
    expect(user.poll(again, POLL.IN)).toBe(0);
    user.close(again);
    announce(1);
    announce();
    expect(settings(user, user.open(path))).toMatchObject({ icanon: true, echo: true });
  });
});

describe('n_tty_read', () => {
  const raw = (min: number, time: number) => ({ ...RAW, cc: characters({ min, time }) });

  test('O_NONBLOCK: -EAGAIN without data, and while another reads (atomic_read_lock)', () => {
    const { user, path, receive } = board();
    const fd = user.open(path, O.RDWR | O.NONBLOCK);
    expect(user.read(fd)).toBe(ERRNO.EAGAIN);
    receive('abc');
    expect([user.read(fd, 2), user.read(fd), user.read(fd)]).toEqual(['ab', 'c', ERRNO.EAGAIN]);
    const sleeper = user.start(user.process.read(user.open(path), 10));
    expect(user.read(fd)).toBe(ERRNO.EAGAIN);
    receive('x');
    expect(sleeper.result).toEqual(latin1('x'));
  });

  test('VMIN: a read sleeps until so many bytes are there; with less asked for it does not', () => {
    const { user, path, receive } = board();
    const fd = user.open(path);
    settings(user, fd, raw(5, 0));
    const reader = user.start(user.process.read(fd, 100));
    receive('abc', 1);
    expect(reader.done).toBe(false);
    expect(user.poll(fd, POLL.IN)).toBe(0);
    receive('defg');
    expect(reader.result).toEqual(latin1('abcdefg'));
    receive('hi');
    expect(user.read(fd, 2)).toBe('hi');
    // kernel_buf of iterate_tty_read has 64 bytes: a greater VMIN ends with the first pass.
    settings(user, fd, raw(100, 0));
    receive('y'.repeat(70));
    expect(user.read(fd, 200)).toBe('y'.repeat(64));
  });

  test('VTIME without VMIN: an empty read after so many tenths, or at once', () => {
    const { user, path, scheduler, receive } = board();
    const fd = user.open(path);
    settings(user, fd, raw(0, 0));
    expect(user.read(fd)).toBe('');
    settings(user, fd, raw(0, 5));
    const before = scheduler.now;
    expect(user.call(user.process.read(fd, 10), 0.49)).toBeUndefined();
    expect((scheduler.now - before) / scheduler.hz).toBeCloseTo(0.49, 3);
    const reader = user.start(user.process.read(fd, 10));
    receive('', 0.6);
    expect(reader.result).toEqual(new Uint8Array(0));
    const other = user.start(user.process.read(fd, 10));
    receive('z');
    expect(other.result).toEqual(latin1('z'));
  });

  test('VTIME: what wakes the reader without a byte does not begin the time again (wait_woken)', () => {
    const { user, path, settle } = board();
    const fd = user.open(path);
    settings(user, fd, raw(0, 5));
    const reader = user.start(user.process.read(fd, 10));
    settle(0.3);
    settings(user, fd, raw(0, 5));
    settle(0.15);
    expect(reader.done).toBe(false);
    settle(0.06);
    expect(reader.result).toEqual(new Uint8Array(0));
  });

  test('VTIME with VMIN: the time runs between bytes and gives what came', () => {
    const { user, path, receive, settle } = board();
    const fd = user.open(path);
    settings(user, fd, raw(10, 2));
    const reader = user.start(user.process.read(fd, 100));
    settle(1);
    expect(reader.done).toBe(false);
    receive('ab', 0.15);
    receive('cd', 0.15);
    expect(reader.done).toBe(false);
    settle(0.1);
    expect(reader.result).toEqual(latin1('abcd'));
  });

  test('a signal ends a read without data (-ERESTARTSYS), not one that has some', () => {
    const { user, path, receive, settle } = board();
    const fd = user.open(path);
    const empty = user.start(user.process.read(fd, 10));
    empty.signal();
    settle(0.001);
    expect(empty.result).toBe(ERRNO.EINTR);
    settings(user, fd, raw(10, 0));
    const some = user.start(user.process.read(fd, 100));
    receive('ab');
    some.signal();
    settle(0.001);
    expect(some.result).toEqual(latin1('ab'));
  });

  test('several readers take turns; each byte goes to one', () => {
    const { user, path, receive } = board('nxp');
    const fd = user.open(path);
    settings(user, fd, { echo: false });
    const readers = [0, 1, 2].map(() => user.start(user.process.read(fd, 100)));
    receive('one\ntwo\nthree\n');
    const texts = readers.map(({ result }) => String.fromCharCode(...(result as Uint8Array)));
    expect(texts.sort()).toEqual(['one\n', 'three\n', 'two\n']);
  });

  test('canonical: the characters of c_cc count, EOL and EOL2 end lines, 0 is none', () => {
    const { user, path, receive } = board('nxp');
    const fd = user.open(path);
    settings(user, fd, { echo: false, cc: characters({ erase: 0x23, eof: 0x25, eol: 0x3b, eol2: 0x7c, kill: 0 }) });
    receive('ab#c;x|y\u0015z\nend%%');
    expect([user.read(fd), user.read(fd), user.read(fd), user.read(fd), user.read(fd)]).toEqual(['ac;', 'x|', 'y\u0015z\n', 'end', '']);
  });

  test('iuclc, parmrk, olcuc, onocr, onlret, XTABS', () => {
    const { user, path, receive, remote } = board();
    const fd = user.open(path);
    settings(user, fd, { ...RAW, iexten: true, iuclc: true, parmrk: true, opost: true, olcuc: true, onocr: true, delays: 0x1800 });
    receive('ABc\u00ff');
    expect(user.read(fd)).toBe('abc\u00ff\u00ff');
    const before = remote.received.length;
    for (const part of ['\rx', 'y\t', 'z\r']) user.write(fd, part);
    expect(
      remote.received
        .slice(before)
        .map(({ text }) => text)
        .join(''),
    ).toBe(`XY${' '.repeat(6)}Z\r`);
  });
});

describe('writing', () => {
  test('rpmsg_tty_write: -ENOMEM, never a sleep, without a TX buffer', () => {
    const { user, path, remote } = board();
    remote.draining = false;
    const fd = user.open(path);
    // Eight buffers: passes of 2048 bytes end in a short message.
    expect(user.write(fd, new Uint8Array(4096))).toBe(496 * 4 + 64 + 496 * 3);
    expect(user.write(fd, 'x')).toBe(ERRNO.ENOMEM);
    // tty_write_room does not know.
    expect(user.poll(fd, POLL.OUT)).toBe(POLL.OUT);
  });

  test('tty_write_lock: a second writer sleeps, with O_NONBLOCK it is -EAGAIN; a signal is -ERESTARTSYS', () => {
    const { user, path, remote, settle } = board('nxp');
    remote.draining = false;
    const fd = user.open(path);
    settings(user, fd, RAW);
    const first = user.start(user.process.write(fd, new Uint8Array(256 * 9)));
    expect(first.done).toBe(false);
    expect(user.poll(fd, POLL.OUT)).toBe(0);
    expect(user.write(user.open(path, O.RDWR | O.NONBLOCK), 'x')).toBe(ERRNO.EAGAIN);
    const second = user.start(user.process.write(fd, Uint8Array.of(1)));
    second.signal();
    settle(0.001);
    expect(second.result).toBe(ERRNO.EINTR);
    const poller = user.start(user.process.poll([{ fd, events: POLL.OUT }]));
    expect(poller.done).toBe(false);
    remote.draining = true;
    remote.drain();
    settle(0.01);
    expect([first.result, poller.result]).toEqual([256 * 9, [POLL.OUT]]);
  });
});

describe('ioctl', () => {
  test('tty_ioctl: -ENOTTY for what it does not know, -EFAULT without memory', () => {
    const { user, path } = board();
    const fd = user.open(path);
    for (const command of [0, 0x5415, 0x541e, 0x5420, 0x5430, 0xb501, T.TIOCGPGRP, T.TIOCSPGRP, T.TIOCGSID, T.TIOCNOTTY]) {
      expect(user.ioctl(fd, command, new Uint8Array(64))).toBe(ERRNO.ENOTTY);
    }
    const { TCGETS, TCSETS, TCGETS2, TCSETSF2, TCGETA, TCSETAW, TIOCGWINSZ, TIOCSWINSZ, TIOCINQ, TIOCOUTQ, TIOCGETD, TIOCSETD, TIOCSTI } =
      T;
    for (const command of [TCGETS, TCSETS, TCGETS2, TCSETSF2, TCGETA, TCSETAW, TIOCGWINSZ, TIOCSWINSZ]) {
      expect(user.ioctl(fd, command, 0)).toBe(ERRNO.EFAULT);
      expect(user.ioctl(fd, command, new Uint8Array(7))).toBe(ERRNO.EFAULT);
    }
    for (const command of [TIOCINQ, TIOCOUTQ, TIOCGETD, TIOCSETD, TIOCSTI, T.TIOCGSOFTCAR, T.TIOCSSOFTCAR, T.TIOCGDEV, T.TIOCGEXCL]) {
      expect(user.ioctl(fd, command, 0)).toBe(ERRNO.EFAULT);
    }
  });

  test('FIONREAD (n_tty_ioctl): bytes, in canonical mode those of whole lines; TIOCOUTQ is 0', () => {
    const { user, path, receive } = board('nxp');
    const fd = user.open(path);
    settings(user, fd, { echo: false });
    const count = (command: number) => {
      const bytes = int(-1);
      expect(user.ioctl(fd, command, bytes)).toBe(0);
      return asInt(bytes);
    };
    receive('one\ntw');
    expect([count(T.FIONREAD), count(T.TIOCOUTQ)]).toEqual([4, 0]);
    settings(user, fd, { icanon: false });
    expect(count(T.TIOCINQ)).toBe(6);
  });

  test('TIOCSWINSZ and TIOCGWINSZ: kept while the tty is open', () => {
    const { user, path } = board();
    const fd = user.open(path);
    const size = new Uint8Array(new Uint16Array([24, 80, 640, 480]).buffer);
    expect(user.ioctl(fd, T.TIOCSWINSZ, size)).toBe(0);
    const got = new Uint8Array(8);
    user.ioctl(fd, T.TIOCGWINSZ, got);
    expect(got).toEqual(size);
    user.close(fd);
    user.ioctl(user.open(path), T.TIOCGWINSZ, got);
    expect(got).toEqual(new Uint8Array(8));
  });

  test('TCFLSH (tty_perform_flush), TCSETSF: input is thrown away; other arguments are -EINVAL', () => {
    const { user, path, receive } = board();
    const fd = user.open(path, O.RDWR | O.NONBLOCK);
    receive('gone');
    expect(user.ioctl(fd, T.TCFLSH, TTY_FLUSH.TCOFLUSH)).toBe(0);
    expect(user.poll(fd, POLL.IN)).toBe(POLL.IN);
    expect(user.ioctl(fd, T.TCFLSH, TTY_FLUSH.TCIFLUSH)).toBe(0);
    expect(user.read(fd)).toBe(ERRNO.EAGAIN);
    receive('gone');
    settings(user, fd, {}, T.TCSETSF);
    expect(user.read(fd)).toBe(ERRNO.EAGAIN);
    receive('gone');
    expect([T.TCFLSH, T.TCFLSH].map((command, i) => user.ioctl(fd, command, [TTY_FLUSH.TCIOFLUSH, 3][i]!))).toEqual([0, ERRNO.EINVAL]);
    expect(user.read(fd)).toBe(ERRNO.EAGAIN);
  });

  test('TCXONC (n_tty_ioctl_helper): sends STOP and START to the core; TCSBRK without break_ctl is 0', () => {
    const { user, path, remote } = board();
    const fd = user.open(path);
    const { TCOOFF, TCOON, TCIOFF, TCION } = TTY_FLOW;
    expect([TCOOFF, TCOON, TCIOFF, TCION, 4].map((action) => user.ioctl(fd, T.TCXONC, action))).toEqual([0, 0, 0, 0, ERRNO.EINVAL]);
    expect(remote.received.map(({ text }) => text)).toEqual(['\u0013', '\u0011']);
    expect([T.TCSBRK, T.TCSBRKP, T.TIOCSBRK, T.TIOCCBRK].map((command) => user.ioctl(fd, command, 1))).toEqual([0, 0, 0, 0]);
  });

  test('tty_set_ldisc: N_TTY is 0, no other line discipline is there (-EINVAL)', () => {
    const { user, path } = board();
    const fd = user.open(path);
    const got = int(9);
    user.ioctl(fd, T.TIOCGETD, got);
    expect(asInt(got)).toBe(0);
    expect([0, 3, 21, 30, -1].map((disc) => user.ioctl(fd, T.TIOCSETD, int(disc)))).toEqual([0, -22, -22, -22, -22]);
  });

  test('TIOCEXCL (tty_reopen): -EBUSY for others, but not for root, until TIOCNXCL or the last close', () => {
    const { user, path, modules } = board();
    const fd = user.open(path);
    expect(user.ioctl(fd, T.TIOCEXCL)).toBe(0);
    const state = int(0);
    user.ioctl(fd, T.TIOCGEXCL, state);
    expect(asInt(state)).toBe(1);
    const root = user.open(path);
    expect(root).toBeGreaterThan(0);
    modules.ttys.capSysAdmin = false;
    expect(user.open(path)).toBe(ERRNO.EBUSY);
    user.ioctl(fd, T.TIOCNXCL);
    const third = user.open(path);
    expect(third).toBeGreaterThan(0);
    user.ioctl(fd, T.TIOCEXCL);
    for (const each of [fd, root, third]) user.close(each);
    expect(user.open(path)).toBeGreaterThanOrEqual(0);
    expect([T.TIOCSTI, T.TIOCVHANGUP].map((command) => user.ioctl(0, command, new Uint8Array(4)))).toEqual([ERRNO.EPERM, ERRNO.EPERM]);
  });

  test('TIOCSTI (tiocsti): a byte as if the core had sent it', () => {
    const { user, path } = board();
    const fd = user.open(path);
    expect(user.ioctl(fd, T.TIOCSTI, Uint8Array.of(0x41))).toBe(0);
    expect(user.read(fd)).toBe('A');
  });
});

describe('signals (isig)', () => {
  test('a tty that controls nobody signals nobody; ^C empties the input all the same', () => {
    const { user, path, receive } = board();
    const fd = user.open(path);
    receive('lost\u0003kept');
    expect(user.read(fd)).toBe('kept');
    settings(user, fd, { noflsh: true });
    receive('kept\u0003too');
    expect(user.read(fd)).toBe('kepttoo');
    expect(user.process.dying).toBe(false);
  });

  test('TIOCSCTTY: ^C and ^\\ end the process whose terminal it is, in the middle of a read', () => {
    const host = board();
    const { path, receive, user } = host;
    const reader = createUser(host, 'minicom');
    const status: number[] = [];
    reader.process.start(
      function* (process) {
        const fd = yield* process.open(path, O.RDWR);
        status.push(yield* process.ioctl(fd, T.TIOCSCTTY, 0));
        status.push((yield* process.read(fd, 10)) as number);
        return 7;
      },
      ['minicom'],
    );
    host.settle(0.01);
    // Another's terminal is only taken with the argument 1.
    expect(user.ioctl(user.open(path), T.TIOCSCTTY, 0)).toBe(ERRNO.EPERM);
    receive('\u001a');
    expect(status).toEqual([0]);
    receive('\u0003');
    expect(status).toEqual([0, ERRNO.EINTR]);
    expect([reader.process.killedBy, reader.process.status]).toEqual([SIGNAL.INT, 130]);
    const fd = user.open(path);
    expect(user.ioctl(fd, T.TIOCSCTTY, 0)).toBe(0);
    expect(user.ioctl(fd, T.TIOCSCTTY, 0)).toBe(0);
    expect(user.ioctl(fd, T.TIOCNOTTY)).toBe(0);
    expect(user.ioctl(fd, T.TIOCNOTTY)).toBe(ERRNO.ENOTTY);
  });
});

describe('hangup', () => {
  test('__tty_hangup when the channel goes: reads end empty, what was not read is lost, hung_up_tty_fops answer', () => {
    const { user, path, announce, receive } = board('nxp');
    const fd = user.open(path);
    settings(user, fd, { echo: false });
    receive('half a line');
    const reader = user.start(user.process.read(fd, 100));
    const poller = user.start(user.process.poll([{ fd, events: POLL.IN }]));
    announce(1);
    expect(reader.result).toEqual(new Uint8Array(0));
    expect(poller.result).toEqual([POLL.IN | POLL.ERR | POLL.HUP]);
    expect(user.read(fd)).toBe('');
    expect(user.write(fd, 'x')).toBe(ERRNO.EIO);
    expect(user.poll(fd)).toBe(POLL.IN | POLL.OUT | POLL.ERR | POLL.HUP);
    expect([T.TCGETS, T.TIOCSPGRP, 0].map((command) => user.ioctl(fd, command, new Uint8Array(64)))).toEqual([
      ERRNO.EIO,
      ERRNO.ENOTTY,
      ERRNO.EIO,
    ]);
    expect(user.open(path)).toBe(ERRNO.ENOENT);
    announce();
    expect(user.read(fd)).toBe('');
    expect(user.open(path)).toBeGreaterThan(fd);
    expect(user.close(fd)).toBe(0);
  });

  test('n_tty_write: a writer that sleeps in the driver when the core stops fails with -EIO', () => {
    const { user, path, remote, virtioBus, vdev, settle, kernel } = board('nxp');
    remote.draining = false;
    const fd = user.open(path);
    settings(user, fd, RAW);
    const writer = user.start(user.process.write(fd, new Uint8Array(2048 + 600)));
    expect(writer.done).toBe(false);
    kernel.spawn('stop', virtioBus.unregisterDevice(vdev));
    settle(40);
    // The first pass of 2048 bytes had its eight buffers.
    expect(writer.result).toBe(2048);
    expect(user.write(fd, 'x')).toBe(ERRNO.EIO);
  });

  test('a close under a reader leaves nobody asleep', () => {
    const { user, path, kernel } = board();
    const fd = user.open(path);
    const reader = user.start(user.process.read(fd, 10));
    user.close(fd);
    expect(reader.result).toEqual(new Uint8Array(0));
    expect(kernel.tasks.size).toBe(0);
    expect(user.poll(user.open(path))).toBe(POLL.OUT);
  });

  test('TIOCVHANGUP (tty_vhangup): older descriptors are dead, new ones are not', () => {
    const { user, path, receive } = board();
    const fd = user.open(path);
    const reader = user.start(user.process.read(fd, 10));
    expect(user.ioctl(fd, T.TIOCVHANGUP)).toBe(0);
    expect(reader.result).toEqual(new Uint8Array(0));
    expect([user.read(fd), user.write(fd, 'x')]).toEqual(['', ERRNO.EIO]);
    const fresh = user.open(path);
    receive('alive');
    expect(user.read(fresh)).toBe('alive');
  });
});
