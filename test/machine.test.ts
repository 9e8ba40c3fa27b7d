import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FirmwareError, UsageError } from '../src/errors.ts';
import type { MachineEvent } from '../src/events.ts';
import { Machine, type MachineOptions, type StopReason } from '../src/machine.ts';
import { MiB } from '../src/memory/bits.ts';
import { parseFirmware } from '../src/remoteproc/elf-loader.ts';
import { BARE_CORTEX_M4 } from '../src/soc/cortex-m.ts';
import { IMX8MP } from '../src/soc/imx8mp.ts';
import { buildElf, words } from './remoteproc/elf-builder.ts';
import { ENGINES } from './support/engines.ts';
import { ThumbPrograms } from './support/thumb.ts';

const [interpreter] = ENGINES;
const engine = interpreter!;
const MS = 800_000;

const image = (name: string) => parseFirmware(new Uint8Array(readFileSync(`images/${name}.elf`)), `${name}.elf`);
const imx8mp = (more: Partial<MachineOptions> = {}) => new Machine({ soc: IMX8MP, engine, ...more });

const programs = new ThumbPrograms('machine', (source) => `.syntax unified\n.thumb\n.cpu cortex-m7\n.text\n${source}`);

/** A bare core with `source` at address 0, behind a vector table whose faults lead to `handler`. */
function bare(source: string, more: Partial<MachineOptions> = {}, handler = 'b fault'): Machine {
  const { code, symbols } = programs.get(`
    .word 0x20001000, start + 1, fault + 1, fault + 1, fault + 1, fault + 1, fault + 1
    .thumb_func
  fault:
    ${handler}
    .thumb_func
  start:
    ${source}
    .ltorg`);
  const firmware = parseFirmware(buildElf({ entry: symbols['start']! | 1, segments: [{ da: 0, data: code }] }).bytes, 'bare.elf');
  return new Machine({ soc: BARE_CORTEX_M4, engine, firmware, ...more });
}

/** Runs to the end of what can happen, looking every millisecond of 25 MHz. */
function runToEnd(machine: Machine, limit = 1_000_000): StopReason {
  for (;;) {
    const stop = machine.run(Math.min(limit, machine.scheduler.now + 25_000));
    if (stop.kind !== 'limit' || machine.scheduler.now >= limit) return stop;
  }
}

describe('building a machine', () => {
  it('refuses a core that the SoC does not have', () => {
    expect(() => imx8mp({ core: 'm9' })).toThrow(UsageError);
    expect(() => imx8mp({ core: 'm9' })).toThrow(/imx8mp has no core m9/);
  });

  it('refuses a board that the SoC does not have', () => {
    expect(() => imx8mp({ board: 'raspi' })).toThrow(UsageError);
  });

  it('refuses a kernel module that does not exist', () => {
    expect(() => imx8mp({ modules: ['rpmsg_nonsense'] })).toThrow(/no kernel module rpmsg_nonsense/);
  });

  it('refuses a segment outside of the memory when there is no Linux to refuse it', () => {
    const firmware = parseFirmware(buildElf({ segments: [{ da: 0x7000_0000, data: words(1, 2) }] }).bytes, 'x.elf');
    expect(() => new Machine({ soc: BARE_CORTEX_M4, engine, firmware })).toThrow(FirmwareError);
  });

  it('takes the first board and core unless told otherwise', () => {
    const machine = imx8mp();
    expect([machine.board?.name, machine.core.name]).toEqual(['evk', 'm7']);
    expect(imx8mp({ board: 'verdin-hmp' }).board?.name).toBe('verdin-hmp');
  });

  it('has no Linux on a bare core, nor when told so', () => {
    expect(new Machine({ soc: BARE_CORTEX_M4, engine }).linux).toBeUndefined();
    expect(imx8mp({ linux: false }).linux).toBeUndefined();
    expect(imx8mp().linux).toBeDefined();
  });
});

describe('memories and devices', () => {
  it('are the same behind the views of Linux and of the core', () => {
    const machine = imx8mp({ linux: false });
    const [m7, linux] = [machine.view('m7'), machine.view('linux')];
    for (const [da, sa] of [
      [0x0000_1000, 0x007e_1000],
      [0x2000_1000, 0x0080_1000],
      [0x5500_0000, 0x5500_0000],
      [0x8000_0000, 0x8000_0000],
    ] as const) {
      linux.write(sa, (0x1234_5678 ^ da) >>> 0, 4);
      expect(m7.peek(da, 4)).toBe((0x1234_5678 ^ da) >>> 0);
    }
  });

  it('carry a word through the MU from one side to the other', () => {
    const machine = imx8mp({ linux: false });
    const events: MachineEvent[] = [];
    machine.events.subscribe((event) => events.push(event));
    machine.view('linux').write(0x30aa_0004, 0x1_0000, 4);
    expect(machine.view('m7').read(0x30ab_0014, 4)).toBe(0x1_0000);
    expect(events).toMatchObject([
      { type: 'mu', mu: 'MU1', side: 'A', action: 'transmit', channel: 1, value: 0x1_0000 },
      { type: 'mu', mu: 'MU1', side: 'B', action: 'receive', channel: 1, value: 0x1_0000 },
    ]);
  });

  it('knows its consoles', () => {
    const machine = imx8mp();
    expect(machine.consoleName).toBe('uart4');
    expect(['uart1', 'uart4', 'ttyRPMSG0', 'ttyRPMSG30'].map((name) => machine.hasConsole(name))).toEqual([true, true, true, true]);
    expect(['uart5', 'UART4', 'ttyRPMSG', 'tty'].map((name) => machine.hasConsole(name))).toEqual([false, false, false, false]);
    expect(imx8mp({ linux: false }).hasConsole('ttyRPMSG0')).toBe(false);
    expect(new Machine({ soc: BARE_CORTEX_M4, engine }).consoleName).toBeUndefined();
  });

  it('says when a console takes input', () => {
    const machine = imx8mp({ firmware: image('imx8mp_hello') });
    expect(machine.inputState('uart4')).toBe('absent');
    machine.run(12 * MS);
    expect(machine.inputState('uart4')).not.toBe('absent');
    expect(machine.inputState('ttyRPMSG0')).toBe('absent');
  });
});

describe('run', () => {
  it('stops at its limit, to the cycle', () => {
    const machine = bare('b .');
    for (const limit of [1, 2, 1000, 123_457]) {
      expect(machine.run(limit)).toEqual({ kind: 'limit' });
      expect(machine.scheduler.now).toBe(limit);
      expect(machine.core.instructions).toBe(limit);
    }
  });

  it('ends when nothing can happen any more', () => {
    expect(new Machine({ soc: BARE_CORTEX_M4, engine }).run(1000)).toEqual({ kind: 'deadlock' });
    const asleep = bare('wfi\n b .');
    expect(runToEnd(asleep)).toEqual({ kind: 'deadlock' });
    expect(asleep.core.instructions).toBe(1);
  });

  it('returns soon after requestStop, and goes on afterwards as if nothing had been', () => {
    const trace = (stopping: boolean): MachineEvent[] => {
      const machine = imx8mp({ firmware: image('imx8mp_rpmsg') });
      const events: MachineEvent[] = [];
      machine.events.subscribe((event) => {
        events.push(event);
        if (stopping && events.length % 100 === 0) machine.requestStop();
      });
      let stops = 0;
      while (machine.run(100 * MS).kind === 'requested') stops++;
      expect(stops > 5).toBe(stopping);
      machine.dispose();
      return events;
    };
    expect(trace(true)).toEqual(trace(false));
  });

  it('gives the same events however it is cut into slices', () => {
    const trace = (slice: number): MachineEvent[] => {
      const machine = imx8mp({ firmware: image('imx8mp_pingpong') });
      const events: MachineEvent[] = [];
      machine.events.subscribe((event) => events.push(event));
      for (let limit = slice; limit < 60 * MS; limit += slice) machine.run(limit);
      machine.run(60 * MS);
      machine.dispose();
      return events;
    };
    const whole = trace(60 * MS);
    expect(whole.length).toBeGreaterThan(300);
    expect(trace(MS)).toEqual(whole);
    expect(trace(77_777)).toEqual(whole);
  });

  it('reports a breakpoint without semihosting as a fault, and semihosting by its status', () => {
    const exit = 'movs r0, #0x20\n ldr r1, =block\n bkpt 0xab\n b .\n .balign 4\n block: .word 0x20026, 5';
    const served = bare(exit, { semihosting: { write: () => {}, read: () => new Uint8Array(), readable: false } });
    expect(served.run(10_000)).toEqual({ kind: 'exit', status: 5 });
    const alone = bare(exit);
    runToEnd(alone);
    expect(alone.core.stuckLoop()?.inFault).toBe(true);
    expect(alone.core.faultReport().join('\n')).toContain('DEBUGEVT');
  });

  it('ends with a lockup, which halts the core', () => {
    const machine = bare('udf #0', {}, 'udf #1');
    const events: MachineEvent[] = [];
    machine.events.subscribe((event) => events.push(event));
    const stop = runToEnd(machine);
    expect(stop).toMatchObject({ kind: 'crashed', core: 'm4', reason: expect.stringMatching(/^lockup: /) });
    expect(machine.core.halted).toBe(true);
    expect(events.at(-1)).toMatchObject({ type: 'core', core: 'm4', state: 'crashed' });
    expect(machine.run(machine.scheduler.now + 1000)).toEqual({ kind: 'deadlock' });
  });

  it('starts a core again that asks for its reset, with memory as it is', () => {
    const machine = bare(`
      ldr r4, =0x20002000
      ldr r5, [r4]
      adds r5, #1
      str r5, [r4]
      cmp r5, #3
      beq done
      ldr r0, =0xe000ed0c
      ldr r1, =0x05fa0004
      str r1, [r0]
    again: b again
    done:
      wfi
      b done`);
    const states: string[] = [];
    machine.events.subscribe((event) => event.type === 'core' && states.push(`${event.state} ${event.detail}`.trim()));
    expect(runToEnd(machine)).toEqual({ kind: 'deadlock' });
    expect(machine.view('m4').peek(0x2000_2000, 4)).toBe(3);
    expect(states).toEqual(['stopped system reset request', 'started', 'stopped system reset request', 'started']);
  });

  it('ends when a watchdog resets the SoC', () => {
    const machine = imx8mp({ linux: false });
    machine.view('m7').write(0x3028_0000, 0x0034, 2);
    machine.view('m7').write(0x3028_0000, 0x0024, 2);
    expect(machine.run(MS)).toMatchObject({ kind: 'system-reset', block: 'WDOG1' });
  });

  it('ends with a remedy when the guest wants more memory than the host gives', () => {
    const machine = imx8mp({ linux: false, hostMemory: 16 * MiB });
    machine.scheduler
      .timer('greedy', () => {
        for (let address = 0x8000_0000; address < 0x8400_0000; address += 0x1_0000) machine.view('m7').write(address, 1, 4);
      })
      .armIn(1);
    expect(machine.run(MS)).toMatchObject({ kind: 'host-memory', remedy: expect.stringContaining('--host-memory') });
  });
});

describe.each(ENGINES.map((factory) => ({ factory, name: factory.name })))('on $name', ({ factory }) => {
  it('counts the same instructions in the same virtual time, and frees what it took', () => {
    const machine = imx8mp({ firmware: image('imx8mp_hello'), engine: factory });
    machine.run(20 * MS);
    const reference = imx8mp({ firmware: image('imx8mp_hello') });
    reference.run(20 * MS);
    expect(machine.core.instructions).toBe(reference.core.instructions);
    expect(machine.core.instructions).toBeGreaterThan(500);
    machine.dispose();
    reference.dispose();
  });
});
