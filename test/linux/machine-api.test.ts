/** Host code in the Linux of a whole machine with real firmware: alone, and beside a session. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { MachineEnded } from '../../src/errors.ts';
import { POLL } from '../../src/linux/fs/vfs.ts';
import { Machine } from '../../src/machine.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { Session, type SessionHost } from '../../src/session/session.ts';
import { chooseTarget } from '../../src/session/target.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';

const image = (name: string) => parseFirmware(new Uint8Array(readFileSync(`images/${name}.elf`)), `${name}.elf`);
const machine = (name: string): Machine =>
  new Machine({ soc: IMX8MP, engine: interpreterFactory, firmware: image(name), ttyReader: 'none' });
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const TCGETS = 0x5401;
const TCSETS = 0x5402;

describe('a machine', () => {
  it('runs while host code waits: a tty, its settings, an echo', async () => {
    const { linux, scheduler } = machine('imx8mp_echo');
    const { api } = linux!;
    await api.waitFor('/dev/ttyRPMSG30');
    const tty = await linux!.open('/dev/ttyRPMSG30', 'r+');
    const termios = new Uint8Array(36);
    await tty.ioctl(TCGETS, termios);
    const flags = new Uint32Array(termios.buffer);
    // cfmakeraw
    flags[0]! &= ~0o2753;
    flags[1]! &= ~1;
    flags[3]! &= ~0o100113;
    await tty.ioctl(TCSETS, termios);
    // What the driver itself sends at its probe.
    expect(text(await tty.read())).toBe('hello world!');
    for (const message of ['Toradex!', 'second']) {
      await tty.write(message);
      expect(await tty.poll(POLL.IN)).toBe(POLL.IN);
      expect(text(await tty.read())).toBe(message);
    }
    expect(await tty.poll(POLL.IN, 1e6)).toBe(0);
    await tty.close();
    expect(await api.readText('/sys/class/remoteproc/remoteproc0/state')).toBe('running\n');
    await api.writeFile('/sys/class/remoteproc/remoteproc0/state', 'stop\n');
    expect(await api.exists('/dev/ttyRPMSG30')).toBe(false);
    expect(linux!.dmesg.lines.at(-1)!.text).toMatch(/^remoteproc remoteproc0: stopped remote processor imx-rproc$/);
    await expect(api.writeFile('/sys/class/remoteproc/remoteproc0/state', 'stop\n')).rejects.toMatchObject({ name: 'EINVAL' });
    expect(scheduler.seconds).toBeLessThan(1);
  });

  it('takes firmware from the files that host code writes, as `echo ~/zephyr.elf > firmware` finds out', async () => {
    const { linux } = machine('imx8mp_hello');
    const { api } = linux!;
    const remoteproc = '/sys/class/remoteproc/remoteproc0';
    await api.waitFor(`${remoteproc}/state`);
    while ((await api.readText(`${remoteproc}/state`)) !== 'running\n') await api.readText('/proc/uptime');
    await api.writeFile(`${remoteproc}/state`, 'stop');
    await api.writeFile('/root/zephyr.elf', new Uint8Array(readFileSync('images/imx8mp_echo.elf')));
    await api.writeFile(`${remoteproc}/firmware`, '/root/zephyr.elf\n');
    await expect(api.writeFile(`${remoteproc}/state`, 'start')).rejects.toMatchObject({ name: 'ENOENT' });
    expect(linux!.dmesg.lines.slice(-3).map((line) => line.text)).toEqual([
      'remoteproc remoteproc0: Direct firmware load for /root/zephyr.elf failed with error -2',
      'remoteproc remoteproc0: request_firmware failed: -2',
      'remoteproc remoteproc0: Boot failed: -2',
    ]);
    await api.writeFile('/sys/module/firmware_class/parameters/path', '/root');
    await api.writeFile(`${remoteproc}/firmware`, 'zephyr.elf');
    await api.writeFile(`${remoteproc}/state`, 'start');
    await api.waitFor('/dev/ttyRPMSG30');
  });

  it('rejects what waits when the firmware locks up, and goes on', async () => {
    const { linux } = machine('imx8mp_lockup');
    const waiting = linux!.api.waitFor('/dev/ttyRPMSG0');
    const error = await waiting.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(MachineEnded);
    expect(error).toMatchObject({ kind: 'crashed', message: expect.stringMatching(/^the machine ended: crashed: m7: /) });
    expect((error as MachineEnded).waits.length).toBeGreaterThan(0);
    expect(await linux!.api.readText('/proc/sys/kernel/ostype')).toBe('Linux\n');
  });
});

describe('a session', () => {
  const host = (turns: number): SessionHost => ({
    renderer: {
      line() {},
      event() {},
      note() {},
      diagnostic() {},
      finding() {},
      report() {},
      finish(result) {
        Object.assign(this, { result });
      },
    },
    disassemble: async () => [],
    now: () => 0,
    pause: async () => {
      for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
    },
  });

  async function run(hostDelay: number, turns: number): Promise<{ readonly trace: string; readonly seen: readonly string[] }> {
    const firmware = image('imx8mp_rpmsg');
    const its = host(turns);
    const session = new Session(
      { firmware, target: chooseTarget(firmware, {}), engine: interpreterFactory, timeout: 0.2e9, traceHash: true },
      its,
    );
    const { linux } = session.machine;
    const seen: string[] = [];
    const program = async (name: string, file: string): Promise<void> => {
      const flow = linux!.userSpace.enter(name);
      for (let i = 0; i < 5; i++) {
        for (let delay = 0; delay < hostDelay; delay++) await new Promise((resolve) => setImmediate(resolve));
        const { process } = linux!.api;
        const line = await flow.call(
          'cat',
          (function* () {
            const fd = yield* process.open(file);
            const data = yield* process.read(fd, 100);
            yield* process.close(fd);
            yield* process.sleep(20_000_000);
            return typeof data === 'number' ? `${data}` : text(data);
          })(),
        );
        seen.push(`${name} ${line}`);
      }
      flow.leave();
    };
    const programs = [program('a', '/proc/uptime'), program('b', '/sys/class/remoteproc/remoteproc0/state')];
    expect(await session.run()).toBe(4);
    await Promise.all(programs);
    const { result } = its.renderer as unknown as { readonly result: { readonly trace: string } };
    return { trace: result.trace, seen: seen.sort() };
  }

  it('waits for host code that acts as a program, so that the trace does not depend on the host', async () => {
    const reference = await run(0, 1);
    expect(reference.seen).toHaveLength(10);
    expect(reference.seen).toContain('b running\n');
    expect(await run(7, 1)).toEqual(reference);
    expect(await run(2, 5)).toEqual(reference);
  });

  it('ends what still waits when it ends', async () => {
    const firmware = image('imx8mp_hello');
    const session = new Session(
      { firmware, target: chooseTarget(firmware, {}), engine: interpreterFactory, until: /hello world/ },
      host(1),
    );
    const waiting = session.machine.linux!.api.waitFor('/dev/ttyRPMSG7');
    const rejected = expect(waiting).rejects.toMatchObject({ kind: 'until' });
    expect(await session.run()).toBe(0);
    await rejected;
  });
});
