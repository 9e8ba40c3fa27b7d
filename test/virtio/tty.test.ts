/** Channels as terminals: NXP's driver, the mainline driver, the line discipline between them and a program, the flip buffer. */
import { describe, expect, test } from 'vitest';
import { O } from '../../src/linux/fs/vfs.ts';
import type { KernelCode } from '../../src/linux/kernel.ts';
import { ERRNO } from '../../src/linux/kernel.ts';
import { NTty } from '../../src/virtio/n-tty.ts';
import { RAW, type Termios, TTY_STD_TERMIOS } from '../../src/virtio/termios.ts';
import type { TtyReader } from '../../src/virtio/tty.ts';
import { TtyLayer } from '../../src/virtio/tty.ts';
import { TtyBuffer } from '../../src/virtio/tty-buffer.ts';
import { createWorld } from './ring-fixture.ts';
import { createStack, createUser } from './rpmsg-fixture.ts';

const latin1 = (text: string) => Uint8Array.from(text, (c) => c.charCodeAt(0));
const text = (bytes: Iterable<number>) => String.fromCharCode(...bytes);

function tty(service: string, addr: number, options: { reader?: TtyReader } = {}) {
  const host = createStack(options);
  host.run(host.modules.loadAll(), 0.01);
  const { remote, vdev } = host.attach();
  remote.announce(service, addr);
  host.settle(0.01);
  const console = () => text(host.events.flatMap((event) => (event.type === 'console' ? [event.byte] : [])));
  return { ...host, remote, vdev, console };
}

describe('imx_rpmsg_tty', () => {
  const imx = (options: { reader?: TtyReader } = {}) => tty('rpmsg-virtual-tty-channel-1', 0x1e, options);

  test('rpmsg_tty_probe: messages, greeting, /dev/ttyRPMSG30 for remote address 30', () => {
    const { dmesg, remote, modules } = imx();
    expect(dmesg()).toEqual([
      'virtio_rpmsg_bus virtio0: rpmsg host is online',
      'virtio_rpmsg_bus virtio0: creating channel rpmsg-virtual-tty-channel-1 addr 0x1e',
      // rpmsg_tty_probe
      'imx_rpmsg_tty virtio0.rpmsg-virtual-tty-channel-1.-1.30: new channel: 0x400 -> 0x1e!',
      'Install rpmsg tty driver!',
    ]);
    expect(remote.received.map((message) => message.text)).toEqual(['hello world!']);
    expect(modules.ttys.names).toEqual(['ttyRPMSG30']);
    expect(modules.ttys.ready('ttyRPMSG30')).toBe(true);
  });

  test('echo Toradex! > /dev/ttyRPMSG30: n_tty_write makes two messages of it, the text and CR LF', () => {
    const { remote, run, modules } = imx();
    expect(run(modules.ttys.send('ttyRPMSG30', latin1('Toradex!\n')), 0.1)).toBe(9);
    expect(remote.received.map((message) => message.text)).toEqual(['hello world!', 'Toradex!', '\r\n']);
  });

  test('a newline alone costs an empty message, a tab one of its own (process_output_block, do-while in rpmsgtty_write)', () => {
    const { remote, run, modules } = imx();
    run(modules.ttys.send('ttyRPMSG30', latin1('\na\tb')), 0.1);
    expect(remote.received.slice(1).map((message) => message.text)).toEqual(['', '\r\n', 'a', '\t', 'b']);
  });

  test('what the core sends is what cat prints: every byte, nothing echoed', () => {
    const { remote, settle, console, violations } = imx();
    const all = text(Array.from({ length: 256 }, (_, i) => i));
    remote.send(0x1e, 0x400, all);
    remote.send(0x1e, 0x400, '');
    settle(0.1);
    expect(console()).toBe(all);
    expect(remote.received).toHaveLength(1);
    expect(violations).toEqual([]);
  });

  test('a write of 600 bytes is three messages of at most 256 and waits for buffers', () => {
    const { remote, run, modules, settle, kernel } = imx();
    remote.draining = false;
    modules.ttys.get('ttyRPMSG30')!.setTermios(RAW);
    expect(run(modules.ttys.send('ttyRPMSG30', new Uint8Array(600).fill(65)), 0.1)).toBe(600);
    const results: number[] = [];
    kernel.spawn(
      'writer',
      (function* () {
        results.push(yield* modules.ttys.send('ttyRPMSG30', new Uint8Array(3000).fill(66)));
      })(),
    );
    settle(1);
    expect(results).toEqual([]);
    remote.draining = true;
    remote.drain();
    settle(1);
    expect(results).toEqual([3000]);
    const sizes = remote.received.slice(1).map(({ data }) => data.length);
    expect(sizes.slice(0, 3)).toEqual([256, 256, 88]);
    // iterate_tty_write passes 2048 bytes at a time.
    expect(sizes.slice(3)).toEqual([...Array(8).fill(256), 256, 256, 256, 184]);
  });

  test('rpmsgtty_write: a core that takes nothing ends in "rpmsg_send failed: -512" after 15 s', () => {
    const { remote, run, modules, dmesg } = imx();
    remote.draining = false;
    modules.ttys.get('ttyRPMSG30')!.setTermios(RAW);
    expect(run(modules.ttys.send('ttyRPMSG30', new Uint8Array(2048)), 20)).toBe(2048);
    expect(run(modules.ttys.send('ttyRPMSG30', new Uint8Array(1)), 20)).toBe(ERRNO.ERESTARTSYS);
    const dev = 'imx_rpmsg_tty virtio0.rpmsg-virtual-tty-channel-1.-1.30';
    expect(dmesg().slice(-2)).toEqual([`${dev}: timeout waiting for a tx buffer`, `${dev}: rpmsg_send failed: -512`]);
  });

  test('left cooked, the tty echoes to the core byte by byte and changes what is read; each change is explained', () => {
    const { remote, settle, console, violations } = imx({ reader: 'cooked' });
    remote.send(0x1e, 0x400, 'ab\r\u0003\u0013c\n');
    settle(0.1);
    expect(remote.received.slice(1).map((message) => message.text)).toEqual(['^', 'C', 'c', '\r\n']);
    expect(console()).toBe('c\n');
    expect(violations).toEqual([
      'ttyRPMSG30: byte 0x0d from the core becomes 0x0a (icrnl); "stty raw" passes every byte',
      'ttyRPMSG30: byte 0x03 from the core becomes a signal and empties the input buffer (isig); "stty raw" passes every byte',
      'ttyRPMSG30: byte 0x13 from the core is taken as STOP (ixon); "stty raw" passes every byte',
    ]);
  });

  test('cooked and an echo firmware: the loop that users see, as long as time passes and no longer', () => {
    const { remote, settle } = imx({ reader: 'cooked' });
    let count = 0;
    remote.onMessage = ({ src, dst, text: data }) => {
      count++;
      remote.send(dst, src, data);
    };
    remote.send(0x1e, 0x400, 'x\n');
    settle(0.05);
    const before = count;
    settle(0.05);
    expect(before).toBeGreaterThan(100);
    expect(count).toBeGreaterThan(before);
  });

  test('rpmsg_tty_cb: a full flip buffer, "No memory for tty_prepare_flip_string", and what was lost is counted', () => {
    const { remote, settle, dmesg, modules, violations } = imx({ reader: 'none' });
    for (let i = 0; i < 3000; i++) {
      remote.send(0x1e, 0x400, 'x'.repeat(496));
      settle(0.0001);
    }
    const device = modules.ttys.get('ttyRPMSG30')!;
    // Buffers of 512 bytes hold two messages; the limit of 640 KiB counts half of what they hold.
    const kept = 1281 * 2;
    // One more message finds the 32 bytes that the last buffer has left.
    expect(device.droppedBytes).toBe((3000 - kept) * 496 - 32);
    expect(dmesg().filter((line) => line.endsWith('No memory for tty_prepare_flip_string'))).toHaveLength(3000 - kept - 1);
    expect(violations).toEqual([
      'ttyRPMSG30: the flip buffer is full and bytes from the core are lost; nothing reads the tty, and RPMsg ttys have no flow control',
    ]);
  });

  test('rpmsg_tty_remove: "rpmsg tty driver is removed", the reader ends, a later write fails, the device comes back', () => {
    const { remote, settle, dmesg, modules, run } = imx();
    const device = modules.ttys.get('ttyRPMSG30')!;
    run(device.open(), 0.001);
    remote.announce('rpmsg-virtual-tty-channel-1', 0x1e, 1);
    settle(0.1);
    expect(dmesg().at(-1)).toBe('imx_rpmsg_tty virtio0.rpmsg-virtual-tty-channel-1.-1.30: rpmsg tty driver is removed');
    expect(modules.ttys.names).toEqual([]);
    expect(run(device.write(latin1('x')), 0.1)).toBe(ERRNO.EIO);
    expect(run(device.read(10), 0.1)).toEqual(new Uint8Array(0));
    remote.announce('rpmsg-virtual-tty-channel-1', 0x1e);
    settle(0.1);
    expect(modules.ttys.ready('ttyRPMSG30')).toBe(true);
  });

  test('a send that waits for a device that is not there yet', () => {
    const host = createStack();
    host.run(host.modules.loadAll(), 0.01);
    const results: number[] = [];
    host.kernel.spawn(
      'send',
      (function* () {
        results.push(yield* host.modules.ttys.send('ttyRPMSG30', latin1('now')));
      })(),
    );
    host.settle(1);
    expect(results).toEqual([]);
    const { remote } = host.attach();
    remote.announce('rpmsg-virtual-tty-channel', 0x1e);
    host.settle(1);
    expect(results).toEqual([3]);
    expect(remote.received.map((message) => message.text)).toEqual(['hello world!', 'now']);
  });

  test('two channels with one remote address: "Couldn\'t install rpmsg tty driver: ret -17"', () => {
    const { remote, settle, dmesg } = imx();
    remote.announce('rpmsg-virtual-tty-channel', 0x1e);
    settle(0.01);
    const dev = 'virtio0.rpmsg-virtual-tty-channel.-1.30';
    expect(dmesg().slice(-4)).toEqual([
      `imx_rpmsg_tty ${dev}: new channel: 0x401 -> 0x1e!`,
      "Couldn't install rpmsg tty driver: ret -17",
      `imx_rpmsg_tty ${dev}: rpmsg_dev_probe: failed: -17`,
      `imx_rpmsg_tty: probe of ${dev} failed with error -17`,
    ]);
  });
});

describe('toradex_imx_rpmsg_tty (linux-toradex 4.9)', () => {
  function toradex() {
    const host = createStack({ reader: 'none' });
    host.run(host.modules.loadAll(['virtio_rpmsg_bus', 'toradex_imx_rpmsg_tty']), 0.01);
    const { remote } = host.attach();
    remote.announce('rpmsg-openamp-demo-channel', 0);
    host.settle(0.01);
    return { ...host, remote, user: createUser(host) };
  }

  test('rpmsg_tty_cb: what comes while nobody reads is dropped, beyond 64 KiB "RX copy to tty layer failed"', () => {
    const { remote, settle, dmesg, user, modules } = toradex();
    const dev = 'imx_rpmsg_tty virtio0.rpmsg-openamp-demo-channel.-1.0';
    expect(dmesg().slice(2)).toEqual([`${dev}: new channel: 0x400 -> 0x0!`, 'Install rpmsg tty driver!']);
    expect(user.cat('/sys/class/tty/ttyRPMSG/dev')).toBe('5:3\n');
    remote.send(0, 0x400, 'nobody');
    settle(0.001);
    const fd = user.open('/dev/ttyRPMSG', O.RDWR | O.NONBLOCK);
    expect(user.read(fd)).toBe(ERRNO.EAGAIN);
    for (let i = 0; i < 400; i++) {
      remote.send(0, 0x400, `${'x'.repeat(495)}\n`);
      settle(0.0001);
    }
    expect(dmesg().slice(4)).toEqual(Array(10).fill(`${dev}: RX copy to tty layer failed`));
    // The line discipline's 4096 bytes and 129 buffers of 1024.
    const dropped = modules.ttys.get('ttyRPMSG')!.droppedBytes;
    expect(400 * 496 - dropped).toBeGreaterThan(65_536 * 2);
    expect(400 * 496 - dropped).toBeLessThan(65_536 * 2 + 4096 + 2048);
  });

  test('rpmsgtty_write: up to 496 bytes a message; a second channel finds the device taken', () => {
    const { remote, settle, dmesg, user } = toradex();
    const fd = user.open('/dev/ttyRPMSG');
    user.write(fd, 'a\n');
    expect(remote.received.map((message) => message.text)).toEqual(['hello world!', 'a', '\r\n']);
    remote.send(0, 0x400, 'no echo\n');
    settle(0.001);
    expect(user.read(fd)).toBe('no echo\n');
    expect(remote.received).toHaveLength(3);
    remote.announce('rpmsg-openamp-demo-channel', 1);
    settle(0.01);
    expect(dmesg().slice(-3)).toEqual([
      "Couldn't install rpmsg tty driver: err -16",
      'imx_rpmsg_tty virtio0.rpmsg-openamp-demo-channel.-1.1: rpmsg_dev_probe: failed: -16',
      'imx_rpmsg_tty: probe of virtio0.rpmsg-openamp-demo-channel.-1.1 failed with error -16',
    ]);
    remote.announce('rpmsg-openamp-demo-channel', 0, 1);
    settle(0.01);
    expect(dmesg().at(-1)).toBe('imx_rpmsg_tty virtio0.rpmsg-openamp-demo-channel.-1.0: rpmsg tty driver is removed');
    expect(user.read(fd)).toBe('');
  });

  test('driver_register: two drivers of one name do not go together', () => {
    const { run, modules, dmesg } = toradex();
    expect(run(modules.insert('imx_rpmsg_tty'), 0.01)).toBe(ERRNO.EBUSY);
    expect(dmesg().at(-1)).toBe("Error: Driver 'imx_rpmsg_tty' is already registered, aborting...");
    expect(modules.loaded).toEqual(['rpmsg_ns', 'virtio_rpmsg_bus', 'toradex_imx_rpmsg_tty']);
  });
});

describe('rpmsg_tty', () => {
  const mainline = (options: { reader?: TtyReader } = {}) => tty('rpmsg-tty', 0x401, options);

  test('no greeting, no echo, no output processing; both ways', () => {
    const { remote, settle, run, modules, console, dmesg } = mainline({ reader: 'cooked' });
    expect(dmesg()).toHaveLength(2);
    expect(modules.ttys.names).toEqual(['ttyRPMSG0']);
    expect(run(modules.ttys.send('ttyRPMSG0', latin1('Hello Zephyr\n')), 0.1)).toBe(13);
    expect(remote.received.map(({ src, dst, text: data }) => [src, dst, data])).toEqual([[0x400, 0x401, 'Hello Zephyr\n']]);
    remote.send(0x401, 0x400, 'TTY 0x0401: Hello Zephyr\n\0');
    settle(0.1);
    expect(console()).toBe('TTY 0x0401: Hello Zephyr\n\0');
    expect(remote.received).toHaveLength(1);
  });

  test('rpmsg_tty_write: messages of 496 bytes; with no buffer -ENOMEM at once, after what went through', () => {
    const { remote, run, modules } = mainline();
    remote.draining = false;
    expect(run(modules.ttys.send('ttyRPMSG0', new Uint8Array(1000)), 0.1)).toBe(1000);
    expect(run(modules.ttys.send('ttyRPMSG0', new Uint8Array(4096)), 0.1)).toBe(496 * 4 + 64 + 0);
    expect(run(modules.ttys.send('ttyRPMSG0', new Uint8Array(1)), 0.1)).toBe(ERRNO.ENOMEM);
    remote.draining = true;
    remote.drain();
    expect(remote.received.map(({ data }) => data.length)).toEqual([496, 496, 8, 496, 496, 496, 496, 64]);
  });

  test('rpmsg_tty_cb: "Trunc buffer: available space is %d"', () => {
    const { remote, settle, dmesg, modules } = mainline({ reader: 'none' });
    for (let i = 0; i < 2700; i++) {
      remote.send(0x401, 0x400, 'x'.repeat(490));
      settle(0.0001);
    }
    const dev = 'rpmsg_tty virtio0.rpmsg-tty.-1.1025';
    const lines = dmesg().slice(2);
    expect(lines).toHaveLength(10);
    // The last buffer has 1024 - 2 * 490 bytes left.
    expect(lines.slice(0, 2)).toEqual([`${dev}: Trunc buffer: available space is 44`, `${dev}: Trunc buffer: available space is 0`]);
    expect(modules.ttys.get('ttyRPMSG0')!.droppedBytes).toBeGreaterThan(490);
  });

  test('numbers: the lowest free one; a number stays taken while a program has the old device open; 32 at most', () => {
    const { remote, settle, run, modules, dmesg } = mainline();
    const held = modules.ttys.get('ttyRPMSG0')!;
    run(held.open(), 0.01);
    remote.announce('rpmsg-tty', 0x401, 1);
    settle(0.01);
    remote.announce('rpmsg-tty', 0x401);
    settle(0.01);
    expect(modules.ttys.names).toEqual(['ttyRPMSG1']);
    run(held.close(), 0.01);
    for (let i = 0; i < 32; i++) {
      remote.announce('rpmsg-tty', 0x500 + i);
      settle(0.01);
    }
    expect(modules.ttys.names).toHaveLength(32);
    expect(modules.ttys.names[1]).toBe('ttyRPMSG0');
    expect(dmesg().slice(-3)).toEqual([
      'rpmsg_tty virtio0.rpmsg-tty.-1.1311: error -ENOSPC: Failed to alloc tty port',
      'rpmsg_tty virtio0.rpmsg-tty.-1.1311: rpmsg_dev_probe: failed: -28',
      'rpmsg_tty: probe of virtio0.rpmsg-tty.-1.1311 failed with error -28',
    ]);
  });

  test('data that comes while nobody has it open waits in the flip buffer until more comes after the open', () => {
    const { remote, settle, run, modules } = mainline({ reader: 'none' });
    const device = modules.ttys.get('ttyRPMSG0')!;
    remote.send(0x401, 0x400, 'early ');
    settle(0.01);
    run(device.open(), 0.01);
    remote.send(0x401, 0x400, 'late');
    settle(0.01);
    expect(text(run(device.read(100), 0.01)!)).toBe('early late');
  });
});

describe('N_TTY', () => {
  function discipline(change: Partial<Termios> = {}, driver = { room: 256 }) {
    const world = createWorld();
    const sent: string[] = [];
    const altered: string[] = [];
    const termios = { ...TTY_STD_TERMIOS, ...change };
    const ops = {
      *write(data: Uint8Array): KernelCode<number> {
        sent.push(text(data));
        return data.length;
      },
      writeRoom: () => driver.room,
    };
    const ldisc = new NTty('tty', ops, termios, (byte, how) => altered.push(`${byte} ${how}`));
    return {
      ldisc,
      sent,
      altered,
      receive: (data: string) => world.run(ldisc.receiveBuf(latin1(data)), 0.01),
      read: () => (ldisc.readable ? text(ldisc.take(4096)) : undefined),
      write: (data: string) => world.run(ldisc.write(latin1(data)), 0.01),
      set(now: Partial<Termios>) {
        const { icanon } = termios;
        Object.assign(termios, now);
        ldisc.modeChanged(icanon);
      },
    };
  }

  test('canonical input comes line by line; an end of file ends a line or is one', () => {
    const { receive, read } = discipline();
    receive('one\ntwo\nthr');
    expect([read(), read(), read()]).toEqual(['one\n', 'two\n', undefined]);
    receive('ee\u0004\u0004');
    expect([read(), read(), read()]).toEqual(['three', '', undefined]);
  });

  test.each([
    ['erase', 'abc\u007fd\n', 'abd\n'],
    ['erase at the start', '\u007fa\n', 'a\n'],
    ['word erase', 'one two_2  \u0017x\n', 'one x\n'],
    ['kill', 'wrong\u0015right\n', 'right\n'],
    ['literal next', 'a\u0016\u0003b\n', 'a\u0003b\n'],
  ])('line editing: %s', (_, input, output) => {
    const { receive, read } = discipline();
    receive(input);
    expect(read()).toBe(output);
  });

  test('echo: control characters as ^X, erasing as backspace space backspace, CR as NL', () => {
    const { receive, sent } = discipline();
    receive('a\u0001b\u007f\r');
    expect(sent.join('|')).toBe('a|^|A|b|\b| |\b|\r\n');
  });

  test('without room the echo waits for the next time', () => {
    const { receive, sent, write } = discipline({ icanon: false });
    receive('x'.repeat(300));
    expect(sent).toHaveLength(256);
    write('y');
    expect(sent).toHaveLength(301);
    expect(sent.at(-1)).toBe('y');
  });

  test('echoes that a driver has no room for are kept up to N_TTY_BUF_SIZE, those of erased characters, too', () => {
    const driver = { room: 0 };
    const { receive, sent, write } = discipline({}, driver);
    receive('x'.repeat(3000) + '\u007f'.repeat(3000));
    driver.room = 100_000;
    write('y');
    expect(sent).toHaveLength(4097);
    expect(sent.slice(0, 4)).toEqual(['\b', '\b', ' ', '\b']);
    expect(sent.slice(-3)).toEqual([' ', '\b', 'y']);
  });

  test('input modes: igncr, inlcr, istrip, raw', () => {
    const ign = discipline({ igncr: true, inlcr: true, istrip: true, icanon: false, echo: false });
    ign.receive('a\r\n\u00c2');
    expect(ign.read()).toBe('a\rB');
    const raw = discipline(RAW as Partial<Termios>);
    raw.set({ icrnl: false, ixon: false, isig: false, iexten: false, icanon: false, echo: false });
    raw.receive('\r\n\u0003\u0011\u0013\u007f\u00ff');
    expect(raw.read()).toBe('\r\n\u0003\u0011\u0013\u007f\u00ff');
    expect(raw.altered).toEqual([]);
    expect(raw.sent).toEqual([]);
  });

  test('output modes: opost off passes all, ocrnl, onlcr off', () => {
    const raw = discipline({ opost: false });
    raw.write('a\n\r\t');
    expect(raw.sent).toEqual(['a\n\r\t']);
    const other = discipline({ onlcr: false, ocrnl: true });
    other.write('a\nb\rc');
    expect(other.sent).toEqual(['a\nb', '\n', 'c']);
  });

  test('a change of mode keeps what is buffered', () => {
    const { receive, read, set } = discipline();
    receive('half');
    set({ icanon: false });
    expect(read()).toBe('half');
    receive('rest');
    set({ icanon: true });
    expect(read()).toBe('rest');
  });

  test('the read buffer holds 4095 bytes: raw input stays below, a canonical line loses its end', () => {
    const raw = discipline({ icanon: false, echo: false });
    expect(raw.receive('x'.repeat(5000))).toBe(4095);
    expect(raw.read()).toHaveLength(4095);
    const cooked = discipline({ echo: false });
    expect(cooked.receive(`${'x'.repeat(5000)}\n`)).toBe(5001);
    expect(cooked.read()).toHaveLength(4096);
    expect(cooked.altered[0]).toContain('is lost');
  });
});

describe('flip buffer (tty_buffer.c)', () => {
  test('data becomes readable with the push, in order, across buffers', () => {
    const flip = new TtyBuffer();
    expect(flip.insert(latin1('ab'))).toBe(2);
    expect(flip.peek()).toHaveLength(0);
    flip.push();
    flip.insert(new Uint8Array(5000).fill(1));
    flip.push();
    let total = '';
    for (let data = flip.peek(); data.length > 0; data = flip.peek()) {
      total += text(data);
      flip.consume(data);
    }
    expect(total).toBe(`ab${'\u0001'.repeat(5000)}`);
  });

  test('tty_buffer_flush while the line discipline works: what came since is not taken with what was flushed', () => {
    const flip = new TtyBuffer();
    flip.insert(latin1('flushed'));
    flip.push();
    const given = flip.peek();
    flip.clear();
    flip.insert(latin1('new'));
    flip.push();
    flip.consume(given);
    expect(text(flip.peek())).toBe('new');
  });

  test('beyond the limit nothing is taken, and room comes back with reading', () => {
    const flip = new TtyBuffer(1024);
    let taken = 0;
    for (let n = flip.insert(new Uint8Array(500)); n > 0; n = flip.insert(new Uint8Array(500))) taken += n;
    // Buffers of 2 * 512 bytes while no more than 1024 are counted: three, and only the last one is filled up.
    expect(taken).toBe(2 * 1000 + 1024);
    flip.push();
    for (let data = flip.peek(); data.length > 0; data = flip.peek()) flip.consume(data);
    expect(flip.insert(new Uint8Array(500))).toBe(500);
  });
});

describe('tty layer', () => {
  test('a name is there once; unregistering frees it', () => {
    const { kernel } = createWorld();
    const ttys = new TtyLayer(kernel, { reader: 'none' });
    const ops = {
      *write(): KernelCode<number> {
        return 0;
      },
      writeRoom: () => 0,
    };
    const device = ttys.register('ttyRPMSG0', ops, TTY_STD_TERMIOS)!;
    expect(ttys.register('ttyRPMSG0', ops, TTY_STD_TERMIOS)).toBeUndefined();
    ttys.unregister(device);
    expect(ttys.get('ttyRPMSG0')).toBeUndefined();
    expect(ttys.register('ttyRPMSG0', ops, TTY_STD_TERMIOS)).toBeDefined();
  });
});
