/** Halting, stepping, break- and watchpoints, and the way back. */
import { describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../src/cpu/jit/index.ts';
import { debugged, stateOf, straight } from './support.ts';

describe.each([jitFactory, interpreterFactory])('a debugger on $name', (engine) => {
  it('stops at a function, steps, and lets the run end as it would have', async () => {
    const alone = await straight('imx8mp_rpmsg', { until: /goodbye/ }, engine);
    const { debug, machine, status, result, shown, session } = debugged('imx8mp_rpmsg', { until: /goodbye/ }, engine);
    expect(debug.halted).toEqual({ kind: 'start' });
    const main = machine.symbols.lookup('main')!.address & ~1;
    const id = debug.add({ kind: 'breakpoint', core: 'm7', address: main }, 'test');
    expect(await debug.resume({ kind: 'continue' })).toEqual({ kind: 'breakpoint', core: 'm7', address: main, ids: [id] });
    expect(machine.core.pc).toBe(main);
    const before = debug.position();
    expect(await debug.resume({ kind: 'step', core: 'm7' })).toEqual({ kind: 'step', core: 'm7' });
    expect(debug.position().instructions).toBe(before.instructions + 1);
    debug.detach('test');
    expect(await status).toBe(alone.status);
    expect(result()['trace']).toBe(alone.result()['trace']);
    expect(shown).toEqual(alone.shown);
    session.dispose();
  });

  it('goes back and forth, and the run ends as it would have', async () => {
    const alone = await straight('imx8mp_rpmsg', { until: /goodbye/ }, engine);
    const { debug, machine, status, result, shown, session } = debugged('imx8mp_rpmsg', { until: /goodbye/ }, engine);
    const main = machine.symbols.lookup('main')!.address & ~1;
    debug.add({ kind: 'breakpoint', core: 'm7', address: main, temporary: true }, 'test');
    await debug.resume({ kind: 'continue' });
    const atMain = stateOf(machine);
    const states = [atMain];
    for (let i = 0; i < 5; i++) {
      await debug.resume({ kind: 'step', core: 'm7' });
      states.push(stateOf(machine));
    }
    for (let i = 4; i >= 0; i--) {
      await debug.resume({ kind: 'reverse-step', core: 'm7' });
      expect(stateOf(machine)).toBe(states[i]);
    }
    expect(debug.present?.instructions).toBe(debug.position().instructions + 5);
    for (let i = 1; i <= 4; i++) {
      await debug.resume({ kind: 'step', core: 'm7' });
      expect(stateOf(machine)).toBe(states[i]);
    }
    expect(await debug.resume({ kind: 'continue' })).toEqual({ kind: 'history-end' });
    expect(stateOf(machine)).toBe(states[5]);
    expect(debug.present).toBeUndefined();
    debug.detach('test');
    expect(await status).toBe(alone.status);
    expect(result()['trace']).toBe(alone.result()['trace']);
    expect(shown).toEqual(alone.shown);
    session.dispose();
  });
});
