/**
 * A user's program of community.toradex.com ("RPMSG character driver on Apalis IMX8QM"): an endpoint 0x2 -> 0x1e by rpmsg_ctrl, a message,
 * the end of the endpoint; first against the firmware here that listens at 0x1e, then on a system with two cores, where it has to be
 * rpmsg_ctrl1. The same calls, with what each returns.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/linux/errno.ts';
import { O, POLL } from '../../src/linux/fs/vfs.ts';
import { Machine } from '../../src/machine.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { findSoc } from '../../src/soc/index.ts';
import { encodeEndpointInfo, RPMSG_CREATE_EPT_IOCTL, RPMSG_DESTROY_EPT_IOCTL } from '../../src/virtio/rpmsg-ioctl.ts';
import { createStack, createUser, type User } from './rpmsg-fixture.ts';

const EPT_INFO = encodeEndpointInfo({ name: 'rpmsg-openamp-demo-channel', src: 0x2, dst: 0x1e });
/** `msg_data_t`: the text with its NUL in a larger array. */
const DATA = new Uint8Array(32);
DATA.set(new TextEncoder().encode('Hello World!'));

function machineWith(image: string): Machine {
  const bytes = new Uint8Array(readFileSync(new URL(`../../images/${image}.elf`, import.meta.url)));
  return new Machine({ soc: findSoc('imx8mp'), board: 'evk', firmware: parseFirmware(bytes, `${image}.elf`), ttyReader: 'none' });
}

describe('with firmware', () => {
  test('imx8mp_echo answers at the address that the program chose, beside the tty of its channel', async () => {
    const { linux } = machineWith('imx8mp_echo');
    if (!linux) throw new Error('no Linux');
    await linux.api.waitFor('/dev/ttyRPMSG30');
    const ctrl = await linux.open('/dev/rpmsg_ctrl0', O.RDWR);
    expect(await ctrl.ioctl(RPMSG_CREATE_EPT_IOCTL, EPT_INFO)).toBe(0);
    const ept = await linux.open('/dev/rpmsg0', O.RDWR);
    await expect(linux.open('/dev/rpmsg0', O.RDWR)).rejects.toMatchObject({ name: 'EBUSY' });
    expect(await ept.write(DATA)).toBe(DATA.length);
    expect(await ept.read()).toEqual(DATA);
    // The channel's own tty goes on meanwhile, with an endpoint of its own.
    const tty = await linux.open('/dev/ttyRPMSG30', O.RDWR);
    await tty.write('for the tty\n');
    expect(await ept.poll(POLL.IN, 1e6)).toBe(0);
    expect(await ept.ioctl(RPMSG_DESTROY_EPT_IOCTL)).toBe(0);
    await expect(ept.read()).rejects.toMatchObject({ name: 'EPIPE' });
    await ept.close();
    expect(await linux.api.exists('/dev/rpmsg0')).toBe(false);
    // One core, one control device.
    await expect(linux.open('/dev/rpmsg_ctrl1', O.RDWR)).rejects.toMatchObject({ name: 'ENOENT' });
  });

  test('imx8mp_rpmsg: the client sample and the tty have drivers; a third address is nobody, which only the core could know', async () => {
    const { linux } = machineWith('imx8mp_rpmsg');
    if (!linux) throw new Error('no Linux');
    await linux.api.waitFor('/dev/ttyRPMSG0');
    const ctrl = await linux.open('/dev/rpmsg_ctrl0', O.RDWR);
    await ctrl.ioctl(RPMSG_CREATE_EPT_IOCTL, EPT_INFO);
    const ept = await linux.open('/dev/rpmsg0', O.RDWR | O.NONBLOCK);
    expect(await ept.write(DATA)).toBe(DATA.length);
    expect(await ept.poll(POLL.IN, 50e6)).toBe(0);
    await expect(ept.read()).rejects.toMatchObject({ errno: ERRNO.EAGAIN });
    expect(await linux.api.readText('/sys/class/rpmsg/rpmsg0/dst')).toBe('30\n');
    const found = linux.kernel.vfs.resolve('/sys/bus/rpmsg/devices/virtio0.rpmsg-client-sample.-1.1024');
    expect(typeof found === 'object' && found.path).toBe(
      '/sys/devices/platform/imx8mp-cm7/remoteproc/remoteproc0/rproc-virtio.0.auto/virtio0/virtio0.rpmsg-client-sample.-1.1024',
    );
    await linux.api.writeFile('/sys/class/remoteproc/remoteproc0/state', 'stop', O.WRONLY);
    await expect(ept.read()).rejects.toMatchObject({ name: 'EPIPE' });
    expect(await ept.poll(POLL.IN, 1e6)).toBe(POLL.ERR);
    expect(await linux.api.readdir('/sys/bus/rpmsg/devices')).toEqual([]);
  });
});

describe('with two cores', () => {
  /** The program of the thread; what it read, if anything. */
  function program(user: User, control: string) {
    const fd = user.open(control);
    expect(user.ioctl(fd, RPMSG_CREATE_EPT_IOCTL, EPT_INFO)).toBe(0);
    const ept = user.open('/dev/rpmsg0', O.RDWR | O.NONBLOCK);
    expect(user.write(ept, DATA)).toBe(DATA.length);
    const answer = user.read(ept);
    expect(user.ioctl(ept, RPMSG_DESTROY_EPT_IOCTL)).toBe(0);
    user.close(ept);
    user.close(fd);
    return answer;
  }

  test('rpmsg_ctrl0 belongs to the core that came first and says nothing of the other: success, and no answer; rpmsg_ctrl1 it is', () => {
    const host = createStack({ reader: 'none' });
    host.run(host.modules.loadAll(), 0.001);
    const other = host.attach();
    const demo = host.attach({ base: 0x8_0000 });
    const heard: string[] = [];
    demo.remote.onMessage = ({ src, dst, text, data }) => {
      heard.push(text);
      if (dst === 0x1e) demo.remote.send(0x1e, src, data);
    };
    demo.remote.announce('rpmsg-openamp-demo-channel', 0x1e);
    host.settle(0.01);
    const user = createUser(host);
    const before = heard.length;
    expect(program(user, '/dev/rpmsg_ctrl0')).toBe(ERRNO.EAGAIN);
    expect(heard).toHaveLength(before);
    expect(other.remote.received).toMatchObject([{ src: 0x2, dst: 0x1e }]);
    expect(program(user, '/dev/rpmsg_ctrl1')).toBe(String.fromCharCode(...DATA));
    expect(heard).toHaveLength(before + 1);
    expect(host.violations).toEqual([]);
  });
});
