/** Standing still: of the machine, of the core alone, in WFI, at stores of Linux; stoppers and their owners. */
import { describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../src/cpu/jit/index.ts';
import { RunScript } from '../../src/session/run-inputs.ts';
import { debugged, sessionOf, turns } from './support.ts';

const UNTIL = { until: /goodbye/ };
const CORE = 'm7';

describe.each([jitFactory, interpreterFactory])('on $name', (engine) => {
  it('a step through WFI ends when the core wakes, and one into a handler before its first instruction', async () => {
    const { debug, machine, session, status } = debugged('imx8mp_wfi_tick', { timeout: 200e6 }, engine);
    debug.add({ kind: 'breakpoint', core: CORE, address: machine.symbols.lookup('main')!.address & ~1 }, 'test');
    await debug.resume({ kind: 'continue' });
    let slept = 0;
    let entered = 0;
    for (let i = 0; i < 20_000 && (slept === 0 || entered === 0); i++) {
      const { core, scheduler } = machine;
      const { now } = scheduler;
      const { instructions, entries } = core;
      expect(await debug.resume({ kind: 'step', core: CORE })).toEqual({ kind: 'step', core: CORE });
      expect(core.asleep).toBe(false);
      expect(core.instructions - instructions + (core.entries - entries)).toBe(1);
      if (scheduler.now - now > 100) slept++;
      if (core.entries > entries) {
        entered++;
        expect(core.readRegister('ipsr')).toBeGreaterThanOrEqual(15);
      }
    }
    expect([slept, entered]).toEqual([1, 1]);
    debug.detach('test');
    await status;
    session.dispose();
  });

  it('a range is left by a step, however many instructions that takes', async () => {
    const { debug, machine, session, status } = debugged('imx8mp_rpmsg', UNTIL, engine);
    const main = machine.symbols.lookup('main')!;
    const [from, to] = [main.address & ~1, (main.address & ~1) + main.size];
    debug.add({ kind: 'breakpoint', core: CORE, address: from }, 'test');
    await debug.resume({ kind: 'continue' });
    const before = debug.position();
    await debug.resume({ kind: 'step', core: CORE, range: { from, to } });
    const { pc } = machine.core;
    expect(pc < from || pc >= to).toBe(true);
    expect(debug.position().instructions).toBeGreaterThan(before.instructions + 1);
    await debug.resume({ kind: 'reverse-step', core: CORE, range: { from: pc, to: pc + 2 } });
    expect(machine.core.pc).toBeGreaterThanOrEqual(from);
    await debug.resume({ kind: 'reverse-step', core: CORE, range: { from, to } });
    expect(machine.core.pc < from || machine.core.pc >= to).toBe(true);
    expect(debug.position().instructions).toBe(before.instructions - 1);
    debug.detach('test');
    await status;
    session.dispose();
  });
});

describe('a machine under a debugger', () => {
  it.each(['step', 'breakpoint'] as const)('goes on to its end when the last client leaves in the middle of a %s', async (kind) => {
    const { debug, machine, session, status } = debugged('imx8mp_rpmsg', UNTIL);
    const address = machine.symbols.lookup('mu_wait')!.address & ~1;
    const id = debug.add({ kind: 'breakpoint', core: CORE, address }, 'test');
    await debug.resume({ kind: 'continue' });
    if (kind === 'step') debug.remove(id);
    const range = { from: 0, to: 0x2000_0000 };
    void debug.resume(kind === 'step' ? { kind, core: CORE, range } : { kind: 'continue' });
    debug.detach('test');
    expect(await status).toBe(0);
    session.dispose();
  });

  it('stops at stores of Linux and of the core, before or after them', async () => {
    const { debug, session, status } = debugged('imx8mp_rpmsg', UNTIL);
    const id = debug.add({ kind: 'watchpoint', core: CORE, address: 0x5500_0000, size: 0x8000, access: 'write' }, 'test');
    const first = await debug.resume({ kind: 'continue' });
    expect(first).toMatchObject({ kind: 'watchpoint', ids: [id], by: 'linux', access: 'write' });
    expect(first).not.toHaveProperty('pc');
    let hit = first;
    for (let i = 0; i < 3000 && hit.kind === 'watchpoint' && hit.by === 'linux'; i++) hit = await debug.resume({ kind: 'continue' });
    expect(hit).toMatchObject({ kind: 'watchpoint', by: CORE, pc: expect.any(Number) });
    expect(debug.stoppers[0]!.hits).toBeGreaterThan(1);
    debug.detach('test');
    expect(debug.stoppers).toEqual([]);
    expect(await status).toBe(0);
    session.dispose();
  });

  it('counts hits, lets some pass, and removes what is for one', async () => {
    const { debug, machine, session, status, heard } = debugged('imx8mp_rpmsg', UNTIL);
    const place = (name: string) => machine.symbols.lookup(name)!.address & ~1;
    const [main, handler] = [place('main'), place('MU1_M7_IRQHandler')];
    const one = debug.add({ kind: 'breakpoint', core: CORE, address: main, temporary: true }, 'a');
    const two = debug.add({ kind: 'breakpoint', core: CORE, address: handler, ignore: 2 }, 'b');
    const three = debug.add({ kind: 'breakpoint', core: CORE, address: handler, ignore: 2 }, 'a');
    expect(await debug.resume({ kind: 'continue' })).toEqual({ kind: 'breakpoint', core: CORE, address: main, ids: [one] });
    expect(debug.stoppers.map(({ id }) => id)).toEqual([two, three]);
    expect(await debug.resume({ kind: 'continue' })).toEqual({ kind: 'breakpoint', core: CORE, address: handler, ids: [two, three] });
    expect(debug.stoppers.map(({ hits }) => hits)).toEqual([3, 3]);
    debug.removeAll('a');
    expect(debug.stoppers.map(({ id }) => id)).toEqual([two]);
    debug.removeAll('b');
    expect(debug.stoppers).toEqual([]);
    expect(debug.remove(two)).toBe(false);
    expect(heard.filter(({ type }) => type === 'halted')).toHaveLength(2);
    debug.detach('test');
    expect(await status).toBe(0);
    session.dispose();
  });

  it('lets Linux and its time go on by choice, which a recording has, too', async () => {
    const waited: number[] = [];
    const pace = () => ({
      wait(seconds: number) {
        waited.push(seconds);
        return turns(1);
      },
    });
    const { debug, machine, session, status, result, inputs } = debugged('imx8mp_rpmsg', UNTIL, jitFactory, { pace });
    debug.linuxWhileHalted = 'runs';
    debug.add({ kind: 'breakpoint', core: CORE, address: machine.symbols.lookup('main')!.address & ~1 }, 'test');
    await debug.resume({ kind: 'continue' });
    const { cycle, instructions } = debug.position();
    await turns(60);
    const later = debug.position();
    expect(later.instructions).toBe(instructions);
    expect(later.cycle).toBeGreaterThan(cycle);
    expect(waited.length).toBeGreaterThan(2);
    expect(debug.halted).toMatchObject({ kind: 'breakpoint' });
    debug.linuxWhileHalted = 'held';
    await turns(2);
    const held = debug.position();
    await turns(20);
    expect(debug.position()).toEqual(held);
    debug.linuxWhileHalted = 'runs';
    await turns(20);
    // In its past everything stands still, but where the core stood still alone.
    const there = await debug.goTo({ cycle: cycle - 10 });
    expect(there).toEqual({ kind: 'request' });
    await turns(10);
    expect(debug.position().cycle).toBe(cycle - 10);
    expect(await debug.resume({ kind: 'continue' })).toMatchObject({ kind: 'breakpoint' });
    expect(debug.position()).toMatchObject({ cycle, instructions });
    expect(await debug.resume({ kind: 'continue' })).toEqual({ kind: 'history-end' });
    expect(inputs.entries.map(({ kind }) => kind).slice(0, 3)).toEqual(['debug.pause', 'debug.pause', 'debug.pause']);
    debug.detach('test');
    expect(await status).toBe(0);
    const replay = sessionOf('imx8mp_rpmsg', UNTIL);
    replay.session.follow(new RunScript({ session: replay.session }, inputs.entries, Number.POSITIVE_INFINITY));
    expect(await replay.session.run()).toBe(0);
    expect(replay.result()['trace']).toBe(result()['trace']);
    replay.session.dispose();
    session.dispose();
  });

  it('writes to a core that stands at an interrupt are done again exactly there', async () => {
    const { debug, machine, session, status, result, inputs } = debugged('imx8mp_rpmsg', UNTIL);
    const { core } = machine;
    const handler = machine.symbols.lookup('MU1_M7_IRQHandler')!.address & ~1;
    debug.add({ kind: 'breakpoint', core: CORE, address: handler }, 'test');
    await debug.resume({ kind: 'continue' });
    const { entries } = core;
    expect(entries).toBeGreaterThan(0);
    debug.writeRegister(CORE, 'r12', 0x1234_5678);
    debug.writeMemory(CORE, 0x2000_0000, Uint8Array.of(9));
    expect(inputs.entries.map(({ entries: had }) => had)).toEqual([entries, entries]);
    debug.detach('test');
    expect(await status).toBe(0);
    const replay = sessionOf('imx8mp_rpmsg', UNTIL);
    replay.session.follow(new RunScript({ session: replay.session }, inputs.entries, Number.POSITIVE_INFINITY));
    expect(await replay.session.run()).toBe(0);
    expect(replay.result()['trace']).toBe(result()['trace']);
    replay.session.dispose();
    session.dispose();
  });
});
