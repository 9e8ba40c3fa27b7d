import { describe, expect, it } from 'vitest';
import { LinuxError, LinuxTimeout, UsageError } from '../../src/errors.ts';
import { POLL } from '../../src/linux/fs/vfs.ts';
import { failure, machine } from './support.ts';

describe('Linux of a machine', () => {
  it('files and directories', async () => {
    const { linux } = await machine('imx8mp_rpmsg');
    await linux.writeFile('/tmp/note', 'one\n');
    await linux.writeFile('/tmp/note', 'two\n', { mode: 'a' });
    expect(await linux.readText('/tmp/note')).toBe('one\ntwo\n');
    expect(await linux.readFile('/tmp/note')).toHaveLength(8);
    expect(await linux.exists('/tmp/note')).toBe(true);
    expect(await linux.exists('/tmp/other')).toBe(false);
    expect(await linux.stat('/tmp/note')).toMatchObject({ type: 'file', size: 8 });
    expect(await linux.readdir('/tmp')).toContain('note');
  });

  it('calls run the machine until they are done, and no further', async () => {
    const m = await machine('imx8mp_rpmsg');
    await m.linux.waitFor('/dev/ttyRPMSG0');
    expect(m.now).toBeGreaterThan(10e6);
    expect(m.now).toBeLessThan(30e6);
    expect(m.linux.state()).toBe('running');
    expect(String(m.linux.dmesg)).toContain('remote processor imx-rproc is now up');
  });

  it('command lines, in shells of their own and in one that remembers', async () => {
    const m = await machine('imx8mp_rpmsg');
    await m.linux.waitFor('/dev/ttyRPMSG0');
    const { linux } = m;
    expect(await linux.exec('cat /sys/class/remoteproc/remoteproc0/state; exit 3')).toEqual({ stdout: 'running\n', stderr: '', status: 3 });
    const shell = await linux.shell();
    await shell.exec('cd /sys/class; x=5');
    expect((await shell.exec('pwd; echo $x')).stdout).toBe('/sys/class\n5\n');
    expect(await shell.close()).toBe(0);
    const slow = await failure<LinuxTimeout>(linux.exec('sleep 5', { within: '100ms' }));
    expect(slow).toBeInstanceOf(LinuxTimeout);
  });

  it('a tty that the test has for itself', async () => {
    const m = await machine('imx8mp_rpmsg', { ttyReader: 'none' });
    await m.linux.waitFor('/dev/ttyRPMSG0');
    const tty = await m.linux.open('/dev/ttyRPMSG0', 'r+');
    await tty.writeAll('ping\n');
    expect(await tty.poll(POLL.IN, '50ms')).toBe(POLL.IN);
    expect(await tty.readText()).toContain('ping');
    expect(await tty.poll(POLL.IN, '50ms')).toBe(0);
    await tty.close();
    expect(await failure(tty.read())).toMatchObject({ name: 'EBADF' });
  });

  it('a tty that a program of imx-sim reads: the error says so', async () => {
    const m = await machine('imx8mp_rpmsg', { modules: ['rpmsg_ns', 'virtio_rpmsg_bus', 'rpmsg_tty'] });
    await m.linux.waitFor('/dev/ttyRPMSG0');
    const tty = await m.linux.open('/dev/ttyRPMSG0', 'r+');
    const error = await failure<LinuxTimeout>(tty.read(10, { within: '20ms' }));
    expect(error).toBeInstanceOf(LinuxTimeout);
    expect(error.message).toContain("give createMachine ttyReader: 'none'");
  });

  it('stop, start, another firmware', async () => {
    const m = await machine('imx8mp_rpmsg');
    await m.until('uart4', 'responder started');
    await m.linux.stop();
    expect(m.linux.state()).toBe('offline');
    const { firmware } = await machine('imx8mp_hello').then(({ configuration }) => configuration);
    m.linux.addFirmware('hello.elf', firmware!.bytes);
    await m.linux.start({ firmware: 'hello.elf' });
    expect(m.linux.state()).toBe('running');
    expect((await m.until('uart4', 'hello world')).time).toBeGreaterThan(0);
  });

  it('suspend and resume', async () => {
    const m = await machine('imx8mp_rpmsg');
    await m.until('linux', 'goodbye!');
    await m.linux.suspend('mem');
    const asleep = m.now;
    await m.advance('50ms');
    await m.linux.resume();
    expect(m.now - asleep).toBeGreaterThanOrEqual(50e6);
    expect(String(m.linux.dmesg)).toMatch(/PM: suspend entry \(deep\)[\s\S]*PM: suspend exit/);
  });

  it('errors are those of Linux', async () => {
    const { linux } = await machine('imx8mp_rpmsg');
    expect(await failure(linux.readText('/none'))).toMatchObject({ code: 'E_ERRNO', name: 'ENOENT' });
    expect(await failure(linux.open('/none/x', 'w'))).toBeInstanceOf(LinuxError);
    await linux.waitFor('/sys/class/remoteproc/remoteproc0');
    expect(await failure(linux.start({ firmware: 'none.elf' }))).toMatchObject({ code: 'E_ERRNO' });
    expect(await failure(linux.waitFor('/none', { within: '5ms' }))).toBeInstanceOf(LinuxTimeout);
  });

  it('a machine without one', async () => {
    const m = await machine('imx8mp_hello', { linux: false });
    await m.until('uart4', 'hello world');
    expect(await failure(m.linux.exec('true'))).toBeInstanceOf(UsageError);
    expect(() => m.linux.dmesg).toThrow('this machine has no Linux');
    expect(m.rpmsg.channels).toEqual([]);
  });

  it('alone, without a firmware', async () => {
    const { createMachine } = await import('../../src/kit/create.ts');
    const m = await createMachine({ soc: 'imx8mp' });
    expect((await m.linux.exec('uname -s')).stdout).toBe('Linux\n');
    m.dispose();
  });

  it('the same calls at the same virtual times, whatever the host does between them', async () => {
    const run = async (pause: () => Promise<void>): Promise<string> => {
      const m = await machine('imx8mp_rpmsg');
      await pause();
      await Promise.all([m.until('uart4', 'msg 5:'), m.linux.exec('for i in 1 2 3; do echo $i > /tmp/$i; done')]);
      await pause();
      await m.linux.exec('cat /tmp/*');
      await m.advance('10ms');
      return m.traceHash();
    };
    const quick = await run(async () => {});
    expect(await run(() => new Promise((resolve) => setTimeout(resolve, 20)))).toBe(quick);
  });
});
