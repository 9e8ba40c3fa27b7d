/** Recordings: the same run again, from what was done to it, on every engine. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createMachine, replayMachine, restoreMachine } from '../../src/kit/index.ts';
import { ENGINES } from '../support/engines.ts';

const elf = (name: string) => ({
  name: `${name}.elf`,
  bytes: new Uint8Array(readFileSync(new URL(`../../images/${name}.elf`, import.meta.url))),
});

describe('a recording', () => {
  it('of shells, files, consoles and memory leads to the same trace on every engine, also when it was made of a fork', async () => {
    const m = await createMachine({ firmware: elf('imx8mp_echo'), ttyReader: 'none' });
    await m.until('linux', /creating channel/);
    await m.linux.waitFor('/dev/ttyRPMSG30');
    const tty = await m.linux.open('/dev/ttyRPMSG30', 'r+');
    await tty.write('first\n');
    await Promise.all([m.linux.exec('for i in 1 2 3; do echo $i > /tmp/$i; done; dmesg | tail -1'), m.advance('3ms')]);
    const fork = m.fork();
    const { stdout } = await fork.linux.exec('cat /tmp/2');
    expect(stdout).toBe('2\n');
    await expect(fork.linux.readText('/nowhere')).rejects.toThrow('No such file');
    fork.write(0x2000_0100, Uint8Array.of(1, 2, 3));
    await fork.advance('2.5ms');
    const file = await fork.record('recorded', 0);
    for (const engine of ENGINES) {
      const { simulation, end, same } = await replayMachine(file, { engine });
      expect({ same, end }).toMatchObject({
        same: true,
        end: { reason: 'recorded', status: 0, cycle: fork.cycle, trace: fork.traceHash() },
      });
      expect(simulation.machine.kernel?.log).toEqual(fork.machine.kernel?.log);
      expect(simulation.read(0x2000_0100, 3)).toEqual(Uint8Array.of(1, 2, 3));
      simulation.dispose();
    }
    fork.dispose();
    m.dispose();
  });

  it('of text for a UART has it at the same cycles', async () => {
    const m = await createMachine({ firmware: elf('imx8mp_soak') });
    m.uart('uart4').send('a line\r');
    await m.advance('50ms');
    m.uart('uart4').send('b');
    await m.advance('20ms');
    const { simulation, same } = await replayMachine(await m.record());
    expect(same).toBe(true);
    expect(simulation.inputs.entries).toEqual(m.inputs.entries);
    simulation.dispose();
    m.dispose();
  });

  it('of a failed run fails again', async () => {
    const m = await createMachine({ firmware: elf('imx8mp_fault') });
    await expect(m.until('uart4', 'step 9')).rejects.toThrow();
    const { simulation, same } = await replayMachine(await m.record('crashed', 1));
    expect(same).toBe(true);
    expect(simulation.machine.core.faultReport()).toEqual(m.machine.core.faultReport());
    simulation.dispose();
    m.dispose();
  });

  it('in which a watcher drives a pin, which is code of the test, is refused by name; also of a fork', async () => {
    const m = await createMachine({ firmware: elf('imx8mp_devices') });
    const [led, button, other] = [m.gpio('GPIO3').pin(16), m.gpio('GPIO1').pin(5), m.gpio('GPIO1').pin(6)];
    led.onChange(({ level }) => other.drive(level));
    await m.advance('50ms');
    for (const level of [1, 0, 1] as const) {
      button.drive(level);
      await m.advance('5ms');
    }
    expect(led.history.length).toBeGreaterThan(1);
    expect(m.inputs.entries.map(({ byCode = false }) => byCode)).toEqual([false, true, false, false]);
    const fork = m.fork();
    for (const each of [m, fork]) {
      const again = replayMachine(await each.record(), {}, 'x.rec');
      await expect(again).rejects.toMatchObject({ code: 'E_SNAPSHOT_MACHINE', message: expect.stringContaining('gpio.drive') });
      each.dispose();
    }
  });

  it('is refused when it is no recording, or does not fit', async () => {
    const m = await createMachine({ firmware: elf('imx8mp_echo') });
    await m.advance('1ms');
    const snapshot = await m.save();
    const recording = await m.record();
    m.dispose();
    await expect(replayMachine(snapshot, {}, 'x.snap')).rejects.toMatchObject({
      code: 'E_SNAPSHOT_FORMAT',
      message: 'x.snap is a snapshot, not a recording',
    });
    await expect(restoreMachine(recording, {}, 'x.rec')).rejects.toMatchObject({ message: 'x.rec is a recording, not a snapshot' });
    await expect(replayMachine(recording.slice(0, -5), {}, 'x.rec')).rejects.toMatchObject({ code: 'E_SNAPSHOT_DAMAGED' });
  });
});
