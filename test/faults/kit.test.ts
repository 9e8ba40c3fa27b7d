/** Faults through the test kit: from power-on, at any time, on forks, and in the trace. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createMachine, type Simulation, type Snapshot } from '../../src/kit/index.ts';

const firmware = { name: 'imx8mp_rpmsg.elf', bytes: new Uint8Array(readFileSync('images/imx8mp_rpmsg.elf')) };

describe('faults of a simulation', () => {
  let booted: Simulation;
  let snapshot: Snapshot<Simulation>;

  beforeAll(async () => {
    booted = await createMachine({ firmware, seed: 3 });
    await booted.until('linux', /incoming msg 2 /);
    snapshot = booted.snapshot();
  });
  afterAll(() => {
    booted.dispose();
    snapshot.dispose();
  });

  it('are given from power-on', async () => {
    const m = await createMachine({ firmware, faults: ['doorbell-delay:by=150ms@doorbell#1'] });
    await m.until('linux', 'imx_rproc_kick: failed (0, err:-62)');
    expect(m.injections).toEqual([
      { cycle: expect.any(Number), fault: 'doorbell-delay', text: 'word 0x00000000 of Linux on MU1 channel 1 arrives 150ms later' },
    ]);
    m.dispose();
  });

  it('act on a fork, and on no other one', async () => {
    const [sound, broken] = [snapshot.fork(), snapshot.fork()];
    broken.fault('core-kill');
    await sound.until('linux', /incoming msg 4 /);
    await expect(broken.until('linux', /incoming msg 4 /)).rejects.toMatchObject({ code: 'E_DEADLOCK' });
    expect(broken.injections.map(({ text }) => text)).toEqual(['m7 is in reset for good']);
    expect(sound.injections).toEqual([]);
    sound.dispose();
    broken.dispose();
    const later = snapshot.fork();
    await later.until('linux', /incoming msg 4 /);
    later.dispose();
  });

  it('that overlap end with the last of them, or never', async () => {
    const m = snapshot.fork();
    m.fault('core-pause:for=2ms@+1ms,core-pause:for=6ms@+2ms');
    await m.advance('5ms');
    const { instructions } = m.machine.core;
    await m.advance('2.9ms');
    expect(m.machine.core.instructions).toBe(instructions);
    await m.advance('2ms');
    expect(m.machine.core.instructions).toBeGreaterThan(instructions);
    expect(m.injections.map(({ text }) => text)).toEqual(['m7 stands still for 2ms', 'm7 stands still for 6ms', 'm7 goes on']);
    m.fault('bus-error:block=GPT1,for=0@+1ms,bus-error:block=GPT1,for=1ms@+2ms');
    await m.advance('5ms');
    expect(m.machine.view('m7').regions.some(({ name, broken }) => name === 'GPT1' && broken)).toBe(true);
    m.dispose();
  });

  it('go on in the fork of a fork', async () => {
    const first = snapshot.fork();
    first.fault('linux-pause:for=5ms@+1ms,core-pause@random:30ms..60ms');
    await first.advance('2ms');
    const second = first.snapshot();
    const fork = second.fork();
    await Promise.all([first.advance('40ms'), fork.advance('40ms')]);
    expect(first.injections.length).toBe(4);
    expect(fork.injections).toEqual(first.injections);
    expect(fork.traceHash()).toBe(first.traceHash());
    for (const each of [first, fork, second]) each.dispose();
  });

  it('a Linux that stands still for good ends what is asked of it, whatever the core does', async () => {
    const fork = snapshot.fork();
    fork.fault('linux-kill');
    await expect(fork.linux.exists('/proc/uptime')).rejects.toMatchObject({ code: 'E_MACHINE_ENDED', kind: 'deadlock' });
    fork.dispose();
    const busy = await createMachine({ firmware: { name: 'hang.elf', bytes: new Uint8Array(readFileSync('images/imx8mp_hang.elf')) } });
    await busy.advance('50ms');
    busy.fault('linux-pause:for=200ms');
    expect(await busy.linux.exists('/proc/uptime')).toBe(true);
    busy.fault('linux-kill');
    const begun = busy.now;
    const message = expect.stringContaining('linux: it stands still, as a fault has it');
    await expect(busy.linux.exists('/proc/uptime')).rejects.toMatchObject({ code: 'E_WAIT_TIMEOUT', message });
    expect(busy.now - begun).toBeGreaterThanOrEqual(10e9);
    expect(busy.now - begun).toBeLessThan(11e9);
    busy.dispose();
  });

  it('are refused with what there is', () => {
    const fork = snapshot.fork();
    expect(() => fork.fault('doorbell-lost')).toThrow(/there is no doorbell-lost/);
    expect(() => fork.fault('core-pause@symbol=nowhere')).toThrow(/no symbol nowhere/);
    expect(() => fork.fault('clock-gate:block=GPIO1')).toThrow(/GPIO1 has no clock of its own/);
    expect(() => fork.fault('bus-error:block=UART9')).toThrow(/sees no block UART9/);
    expect(() => fork.fault('ram-bit-flip:symbol=nothing')).toThrow(/no symbol nothing/);
    expect(() => fork.fault('ram-bit-flip:address=0xf0000000')).toThrow(/0xf0000000 is no memory/);
    expect(() => fork.fault('uart-overrun:block=GPT1')).toThrow(/GPT1 is no UART/);
    expect(fork.injections).toEqual([]);
    fork.dispose();
  });
});
