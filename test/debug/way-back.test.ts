/** The way back: to breakpoints, to stores, with what comes from outside; and what there is when the past is changed. */
import { describe, expect, it } from 'vitest';
import { DebuggerRefusal } from '../../src/errors.ts';
import { debugged, stateOf, straight, turns } from './support.ts';

const UNTIL = { until: /goodbye/ };

function at(run: ReturnType<typeof debugged>, name: string): number {
  return run.machine.symbols.lookup(name)!.address & ~1;
}

describe('the way back', () => {
  it('leads to the store that last changed a variable, and to whoever else stored there', async () => {
    const run = debugged('imx8mp_rpmsg', UNTIL);
    const { debug, machine, session } = run;
    debug.add({ kind: 'breakpoint', core: 'm7', address: at(run, 'main') }, 'test');
    await debug.resume({ kind: 'continue' });
    await Promise.race([debug.resume({ kind: 'continue' }), turns(6)]);
    await debug.halt();
    const here = stateOf(machine);
    expect(machine.linux!.remoteproc('m7')!.state).toBe('running');
    // The index of the used ring of vring0, which the core moves, and of its available ring, which Linux does.
    const used = 0x5500_0000;
    const found = await debug.lastAccess({ core: 'm7', address: used, size: 0x8000, access: 'write' });
    expect(found?.by).toBe('linux');
    const mine = await debug.lastAccess({ core: 'm7', address: used, size: 0x8000, access: 'write', others: false });
    expect(mine?.by).toBe('m7');
    expect(stateOf(machine)).toBe(here);
    expect(debug.present).toBeUndefined();
    let pc = 0;
    await debug.lastAccess({ core: 'm7', address: used, size: 0x8000, access: 'write', others: false }, () => {
      pc = machine.core.pc;
    });
    expect(pc).toBe(mine?.pc);
    const id = debug.add({ kind: 'watchpoint', core: 'm7', address: used, size: 0x8000, access: 'write', others: false }, 'test');
    expect(await debug.resume({ kind: 'reverse-continue' })).toMatchObject({ kind: 'watchpoint', ids: [id], by: 'm7', pc: mine!.pc! });
    expect(debug.position()).toEqual(mine!.position);
    expect(machine.core.pc).toBe(mine!.pc);
    session.dispose();
  });

  it('stops for GDB behind a store that it comes to backwards, so that a step back undoes it', async () => {
    const run = debugged('imx8mp_hello', { timeout: 50e6 });
    const { debug, machine, session } = run;
    debug.add({ kind: 'breakpoint', core: 'm7', address: at(run, 'main') }, 'test');
    await debug.resume({ kind: 'continue' });
    const sp = machine.core.readRegister('sp');
    const id = debug.add({ kind: 'watchpoint', core: 'm7', address: sp - 64, size: 64, access: 'write' }, 'test');
    const hit = await debug.resume({ kind: 'continue' });
    expect(hit).toMatchObject({ kind: 'watchpoint', access: 'write', by: 'm7', pc: machine.core.pc });
    const before = debug.readMemory('m7', sp - 64, 64);
    await debug.resume({ kind: 'step', core: 'm7' });
    const after = debug.readMemory('m7', sp - 64, 64);
    expect(after).not.toEqual(before);
    const place = stateOf(machine);
    for (let i = 0; i < 3; i++) await debug.resume({ kind: 'step', core: 'm7' });
    expect(await debug.resume({ kind: 'reverse-continue', after: true })).toMatchObject({ kind: 'watchpoint', ids: [id] });
    expect(debug.readMemory('m7', sp - 64, 64)).not.toEqual(before);
    await debug.resume({ kind: 'reverse-step', core: 'm7' });
    debug.remove(id);
    expect(place).not.toBe(stateOf(machine));
    session.dispose();
  });

  it('ends at the beginning of the run, and starts it again from there', async () => {
    const alone = await straight('imx8mp_rpmsg', UNTIL);
    const run = debugged('imx8mp_rpmsg', UNTIL);
    const { debug, machine, session, heard, status, result } = run;
    const start = stateOf(machine);
    const main = at(run, 'main');
    debug.add({ kind: 'breakpoint', core: 'm7', address: main }, 'test');
    await debug.resume({ kind: 'continue' });
    debug.writeRegister('m7', 'r12', 7);
    expect(await debug.resume({ kind: 'reverse-continue' })).toEqual({ kind: 'history-start' });
    expect(stateOf(machine)).toBe(start);
    expect(await debug.resume({ kind: 'reverse-step', core: 'm7' })).toEqual({ kind: 'history-start' });
    expect(await debug.resume({ kind: 'continue' })).toEqual({ kind: 'history-end' });
    expect(machine.core.pc).toBe(main);
    expect(debug.readRegister('m7', 'r12')).toBe(7);
    expect(await debug.restart()).toEqual({ kind: 'start' });
    expect(heard.some(({ type }) => type === 'forgotten')).toBe(true);
    expect(await debug.resume({ kind: 'continue' })).toMatchObject({ kind: 'breakpoint', address: main });
    expect(debug.readRegister('m7', 'r12')).not.toBe(7);
    debug.detach('test');
    expect([await status, result()['trace']]).toEqual([alone.status, alone.result()['trace']]);
    session.dispose();
  });

  it('is taken from the end of a run, too, which then ends as it would have', async () => {
    const alone = await straight('imx8mp_fault');
    const run = debugged('imx8mp_fault');
    const { debug, machine, session, status, result, shown } = run;
    expect(await debug.resume({ kind: 'continue' })).toMatchObject({ kind: 'crashed', core: 'm7' });
    await expect(debug.resume({ kind: 'continue' })).rejects.toThrow(DebuggerRefusal);
    const end = stateOf(machine);
    const id = debug.add({ kind: 'breakpoint', core: 'm7', address: at(run, 'main') }, 'test');
    expect(await debug.resume({ kind: 'reverse-continue' })).toMatchObject({ kind: 'breakpoint' });
    debug.remove(id);
    expect(await debug.resume({ kind: 'continue' })).toMatchObject({ kind: 'crashed' });
    expect(stateOf(machine)).toBe(end);
    debug.detach('test');
    expect([await status, result()['trace'], shown]).toEqual([alone.status, alone.result()['trace'], alone.shown]);
    session.dispose();
  });

  it('forgets the future when something is done in the past, and says so', async () => {
    const run = debugged('imx8mp_hello', { timeout: 60e6 });
    const { debug, session, heard, inputs, status } = run;
    const main = at(run, 'main');
    debug.add({ kind: 'breakpoint', core: 'm7', address: main }, 'test');
    await debug.resume({ kind: 'continue' });
    for (let i = 0; i < 5; i++) await debug.resume({ kind: 'step', core: 'm7' });
    debug.writeRegister('m7', 'r11', 1);
    const present = debug.position();
    await debug.goTo({ core: 'm7', instructions: present.instructions - 3 });
    expect(debug.present).toEqual(present);
    debug.writeMemory('m7', 0x2000_0000, Uint8Array.of(1, 2, 3));
    expect(debug.present).toBeUndefined();
    expect(heard.filter(({ type }) => type === 'forgotten' || type === 'notice').map(({ type }) => type)).toEqual(['forgotten', 'notice']);
    expect(inputs.entries.map(({ kind }) => kind)).toEqual(['debug.memory']);
    expect([...debug.readMemory('m7', 0x2000_0000, 3)]).toEqual([1, 2, 3]);
    await expect(debug.goTo({ core: 'm7', instructions: present.instructions })).rejects.toThrow(/not got there/);
    debug.detach('test');
    await status;
    session.dispose();
  });

  it('is cancelled by whoever wants to halt, or the run to end; what comes from outside on the way is lost', async () => {
    const run = debugged('imx8mp_wfi_tick', { timeout: 60e9 });
    const { debug, machine, session, heard, inputs, status } = run;
    const timer = machine.watchers.timer('test', () => void debug.halt());
    timer.armAt(machine.scheduler.cyclesFromNs(3e9));
    await debug.resume({ kind: 'continue' });
    const here = stateOf(machine);
    const present = debug.position();
    const underWay = (): Promise<void> =>
      new Promise((resolve) => {
        const end = debug.subscribe(({ type }) => {
          if (type !== 'progress') return;
          end();
          resolve();
        });
      });
    let halfway = underWay();
    const searching = debug.lastAccess({ core: 'm7', address: 0x2001_0000, size: 4, access: 'write' });
    expect(debug.busy).toBe(true);
    await expect(debug.resume({ kind: 'continue' })).rejects.toThrow(/on its way/);
    expect(() => debug.writeRegister('m7', 'r0', 1)).toThrow(/on its way/);
    await halfway;
    await debug.halt();
    expect(await searching).toBeUndefined();
    expect([debug.busy, stateOf(machine)]).toEqual([false, here]);
    halfway = underWay();
    const going = debug.goTo({ cycle: Math.floor(present.cycle * 0.45) });
    await halfway;
    inputs.perform('console.send', 'uart4', Uint8Array.of(65));
    expect(await going).toEqual({ kind: 'request' });
    expect(debug.position().cycle).toBeLessThan(Math.floor(present.cycle * 0.45));
    expect(debug.present).toEqual(present);
    expect(inputs.entries).toEqual([]);
    expect(heard.some((event) => event.type === 'notice' && /lost/.test(event.text))).toBe(true);
    halfway = underWay();
    const back = debug.goTo({ cycle: present.cycle });
    await halfway;
    inputs.perform('stop', 130, false);
    await back;
    expect(await status).toBe(130);
    expect(inputs.entries.map(({ kind }) => kind)).toEqual(['stop']);
    session.dispose();
  });

  it('is refused by name where there is none', async () => {
    const { debug, session, status } = debugged('imx8mp_hello', { timeout: 20e6 }, undefined, { noWayBack: 'uart4 has a bridge' });
    expect(debug.noWayBack).toBe('uart4 has a bridge');
    await expect(debug.goTo({ cycle: 0 })).rejects.toThrow('uart4 has a bridge');
    await expect(debug.resume({ kind: 'reverse-step', core: 'm7' })).rejects.toThrow(DebuggerRefusal);
    debug.detach('test');
    await status;
    session.dispose();
  });
});
