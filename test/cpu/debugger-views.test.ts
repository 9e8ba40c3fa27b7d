/** What a debugger shows of a core: registers by group, the table of exceptions, entries and returns as they happen. */
import { describe, expect, it } from 'vitest';
import type { Core } from '../../src/cpu/core.ts';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import type { ExceptionEvent } from '../../src/cpu/exception-table.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { CORTEX_M4, CORTEX_M7, CORTEX_M33, type CoreProfile } from '../../src/cpu/profile.ts';
import type { RegisterDescription } from '../../src/cpu/register-groups.ts';
import { UsageError } from '../../src/errors.ts';
import { Rig, SRAM } from '../support/core-harness.ts';
import { MIXTURE, rigOf, SUBJECTS, stateOf } from './instruments/programs.ts';

function coreOf(profile: CoreProfile): { rig: Rig; core: Core } {
  const rig = new Rig(interpreterFactory, { profile });
  for (let number = 0; number < 256; number++) rig.bus.write(4 * number, number === 0 ? SRAM + 0x8000 : 0x401 + 16 * number, 4);
  rig.core.start(0);
  return { rig, core: rig.core };
}

const registers = (core: Core): RegisterDescription[] => core.registerGroups().flatMap((group) => [...group.registers]);
const names = (core: Core, group: string) =>
  core
    .registerGroups()
    .find(({ name }) => name === group)
    ?.registers.map(({ name }) => name);

describe('registerGroups', () => {
  const plain = ['msp', 'psp', 'primask', 'basepri', 'faultmask', 'control'];
  const v8 = ['msp', 'psp', 'msplim', 'psplim', 'primask', 'basepri', 'faultmask', 'control'];

  it.each([
    ['a Cortex-M7', CORTEX_M7, ['core', 'float', 'system'], plain],
    ['a Cortex-M4 without floating point', { ...CORTEX_M4, fpu: 'none' } as const, ['core', 'system'], plain],
    ['a Cortex-M33', CORTEX_M33, ['core', 'float', 'system', 'secure'], v8],
    ['a Cortex-M33 with one state', { ...CORTEX_M33, security: undefined } as unknown as CoreProfile, ['core', 'float', 'system'], v8],
  ])('are those of %s', (_, profile, groups, system) => {
    const { core } = coreOf(profile);
    expect(core.registerGroups().map(({ name }) => name)).toEqual(groups);
    expect(names(core, 'core')).toEqual([...Array.from({ length: 13 }, (_each, index) => `r${index}`), 'sp', 'lr', 'pc', 'xpsr']);
    expect(names(core, 'system')).toEqual(system);
    if (groups.includes('secure'))
      expect(names(core, 'secure')).toEqual([...v8.map((name) => `${name}_s`), ...v8.map((name) => `${name}_ns`)]);
    if (groups.includes('float')) expect(names(core, 'float')).toHaveLength(32 + 16 + 1);
  });

  it.each([
    ['Cortex-M7', CORTEX_M7],
    ['Cortex-M33', CORTEX_M33],
  ])('of a %s can all be read and written, within the bits that they have', (_, profile) => {
    const { core } = coreOf(profile);
    const fixed = new Set(['pc', 'sp', 'msp', 'psp', 'xpsr', 'basepri', 'fpscr']);
    for (const { name, bits, parts } of registers(core)) {
      if (parts) {
        expect(parts.map((part) => registers(core).find((each) => each.name === part)?.bits)).toEqual([32, 32]);
        continue;
      }
      // CONTROL last: it says which stack pointer is SP.
      if (name.startsWith('control')) continue;
      core.writeRegister(name, 0xffff_ffff);
      const value = core.readRegister(name);
      expect(value, name).toBeLessThan(2 ** bits);
      if (fixed.has(name.replace(/_.*/, ''))) expect(value, name).not.toBe(0);
      else expect(value, name).toBe(name.includes('lim') ? 0xffff_fff8 : 2 ** bits - 1);
      core.writeRegister(name, 0);
    }
    expect(() => core.readRegister('d0')).toThrow(UsageError);
    expect(() => core.readRegister('msp_nonsecure')).toThrow(UsageError);
  });

  it('have priorities and CONTROL as wide as the core implements them', () => {
    const { core } = coreOf(CORTEX_M7);
    core.writeRegister('basepri', 0xff);
    core.writeRegister('control', 0xff);
    expect([core.readRegister('basepri'), core.readRegister('control')]).toEqual([0xf0, 7]);
    const { core: bare } = coreOf({ ...CORTEX_M4, fpu: 'none' });
    bare.writeRegister('control', 0xff);
    expect(bare.readRegister('control')).toBe(3);
    expect(() => bare.readRegister('msplim')).toThrow(UsageError);
  });

  it("of each security state are that state's, whichever is the current one", () => {
    const { core } = coreOf(CORTEX_M33);
    expect([core.readRegister('msp'), core.readRegister('msp_s'), core.readRegister('msp_ns')]).toEqual([SRAM + 0x8000, SRAM + 0x8000, 0]);
    core.writeRegister('msp_ns', 0x2000_1003);
    core.writeRegister('msp_s', 0x2000_2002);
    core.writeRegister('basepri_ns', 0xff);
    core.writeRegister('msplim_ns', 0x2000_0fff);
    expect(['msp', 'sp', 'msp_s', 'msp_ns', 'basepri', 'basepri_ns', 'msplim', 'msplim_ns'].map((name) => core.readRegister(name))).toEqual(
      [0x2000_2000, 0x2000_2000, 0x2000_2000, 0x2000_1000, 0, 0xf0, 0, 0x2000_0ff8],
    );
    core.writeRegister('psp_s', 0x2000_3000);
    core.writeRegister('control_s', 2);
    expect([core.readRegister('sp'), core.readRegister('msp'), core.readRegister('control_ns')]).toEqual([0x2000_3000, 0x2000_2000, 0]);
  });

  it('have fields that do not overlap and cover what xPSR, FPSCR and CONTROL have', () => {
    const { core } = coreOf(CORTEX_M33);
    const masks: Record<string, number> = {};
    for (const { name, bits, fields } of registers(core)) {
      if (!fields) continue;
      let mask = 0;
      for (const { lsb, width } of fields) {
        const own = (2 ** width - 1) * 2 ** lsb;
        expect((mask & own) >>> 0, name).toBe(0);
        expect(lsb + width).toBeLessThanOrEqual(bits);
        mask = (mask | own) >>> 0;
      }
      masks[name] = mask;
    }
    expect(masks).toEqual({ xpsr: 0xff0f_fdff, fpscr: 0xf7c0_009f, control: 15, control_s: 3, control_ns: 3 });
  });
});

describe('exceptionTable', () => {
  it('shows each exception as the NVIC and the vector table have it, and changes nothing', () => {
    const { rig, core } = coreOf(CORTEX_M7);
    rig.write(0xe000_e100, 1 << 3);
    rig.write(0xe000_e403, 0x5f, 1);
    rig.write(0xe000_ed23, 0xa0, 1);
    rig.write(0xe000_ed24, 1 << 18);
    core.setInterrupt(5, true);
    const before = JSON.stringify(stateOf(rig));
    const rows = core.exceptionTable();
    expect(rows.slice(0, 9).map(({ number, name }) => `${number} ${name}`)).toEqual([
      '2 NMI', '3 HardFault', '4 MemManage', '5 BusFault', '6 UsageFault', '11 SVCall', '12 DebugMonitor', '14 PendSV', '15 SysTick',
    ]); // biome-ignore format: a list
    expect(rows).toHaveLength(9 + 240);
    const row = (number: number) => rows.find((each) => each.number === number);
    const quiet = { enabled: false, pending: false, active: false };
    expect(row(3)).toEqual({ number: 3, name: 'HardFault', ...quiet, enabled: true, priority: -1, handler: 0x431 });
    expect(row(6)).toEqual({ number: 6, name: 'UsageFault', ...quiet, enabled: true, priority: 0, handler: 0x461 });
    expect(row(15)).toMatchObject({ priority: 0xa0, enabled: true });
    expect(row(19)).toEqual({ number: 19, name: 'IRQ 3', ...quiet, enabled: true, asserted: false, priority: 0x50, handler: 0x531 });
    expect(row(21)).toEqual({ number: 21, name: 'IRQ 5', ...quiet, pending: true, asserted: true, priority: 0, handler: 0x551 });
    expect(JSON.stringify(stateOf(rig))).toBe(before);
  });

  it('has no handlers where no table can be read, and shows what is active', () => {
    const { rig, symbols } = rigOf(interpreterFactory, MIXTURE);
    rig.run(5000);
    const { core } = rig;
    core.setInterrupt(1, true);
    core.stopAt(core.instructions + 1);
    rig.run();
    const active = core.exceptionTable().filter((row) => row.active);
    expect(active).toEqual([
      {
        number: 17,
        name: 'IRQ 1',
        enabled: true,
        pending: false,
        active: true,
        asserted: true,
        priority: 0,
        handler: symbols['irq1']! + 1,
      },
    ]);
    rig.write(0xe000_ed08, 0x6000_0000);
    expect(core.exceptionTable().every(({ handler }) => handler === undefined)).toBe(true);
  });

  it('has a row for each state where there are two', () => {
    const { rig, core } = coreOf(CORTEX_M33);
    rig.bus.write(0x2000_0000 + 4 * 11, 0x1235, 4);
    // ITNS: line 0 is Non-secure; VTOR_NS.
    rig.write(0xe000_e380, 1);
    rig.write(0xe002_ed08, 0x2000_0000);
    const rows = core.exceptionTable();
    const calls = rows.filter(({ number }) => number === 11);
    expect(calls.map(({ name, secure, handler }) => [name, secure, handler])).toEqual([
      ['SVCall', true, 0x4b1],
      ['Non-secure SVCall', false, 0x1235],
    ]);
    expect(rows.filter(({ number }) => number === 7)).toHaveLength(1);
    expect(rows.filter(({ number }) => number === 16 || number === 17).map(({ secure }) => secure)).toEqual([false, true]);
  });
});

describe.each(SUBJECTS)('onException on $name', ({ factory }: { factory: EngineFactory }) => {
  it('tells each entry and return, nested and chained, at its cycle, until it is ended', () => {
    const { rig } = rigOf(factory, MIXTURE);
    const { core, scheduler } = rig;
    const events: (ExceptionEvent & { cycle: number; instructions: number })[] = [];
    const listener = (event: ExceptionEvent) => events.push({ ...event, cycle: scheduler.now, instructions: core.instructions });
    const end = core.onException(listener);
    let second = 0;
    const endSecond = core.onException(() => second++);
    rig.run(5000);
    const before = events.length;
    expect(before).toBeGreaterThan(4);
    for (const [index, event] of events.entries()) {
      expect(event).toMatchObject({ phase: index % 2 === 0 ? 'enter' : 'exit', number: 17, name: 'IRQ 1' });
      // Seven instructions, the last of which returns; one is a cycle.
      const { cycle, instructions } = events[index - (index % 2)]!;
      expect([event.cycle - cycle, event.instructions - instructions]).toEqual(index % 2 === 0 ? [0, 0] : [7, 7]);
    }
    core.setInterrupt(1, true);
    const at = scheduler.now;
    rig.run(1);
    expect(events.at(-1)).toMatchObject({ phase: 'enter', cycle: at });
    endSecond();
    const told = second;
    rig.run(20);
    expect([events.length, second]).toEqual([before + 2, told]);
    end();
    end();
    core.setInterrupt(1, true);
    rig.run(100);
    expect(events).toHaveLength(before + 2);
    core.dispose();
  });
});
