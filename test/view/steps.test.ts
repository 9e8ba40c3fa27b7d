/** Steps by lines of sources: where they end, what they go over, what ends them early, and back again. */
import { afterEach, describe, expect, it } from 'vitest';
import type { HaltReason } from '../../src/debug/types.ts';
import type { Dwarf } from '../../src/dwarf/dwarf.ts';
import type { Session, SessionOptions } from '../../src/session/session.ts';
import { codeOf } from '../../src/view/inspect/code.ts';
import { METHODS } from '../../src/view/inspect/methods.ts';
import { type StepKind, step } from '../../src/view/steps.ts';
import { debugged, turns } from '../debug/support.ts';

const open: { session: Session; status: Promise<number> }[] = [];
afterEach(async () => {
  for (const { session, status } of open.splice(0)) {
    session.stop(0);
    await status.catch(() => {});
    session.dispose();
  }
});

/** A run that stands at `place`; `by` steps, and says where it stands then: `main.c:12`. */
async function at(image: string, place: string, lines?: Dwarf | 'none', options: Partial<SessionOptions> = {}) {
  const run = debugged(image, { timeout: Number.POSITIVE_INFINITY, ...options });
  open.push(run);
  const { debug, machine } = run;
  const [core] = debug.cores as [string];
  const addressOf = (name: string): number => (machine.symbols.lookup(name)!.address & ~1) >>> 0;
  const runTo = async (name: string): Promise<HaltReason> => {
    const id = debug.add({ kind: 'breakpoint', core, address: addressOf(name) }, 'test');
    const reason = await debug.resume({ kind: 'continue' });
    debug.remove(id);
    return reason;
  };
  await runTo(place);
  const dwarf = codeOf(machine)!.dwarf!;
  const here = (): string => {
    const row = dwarf.rowAt(machine.core.pc);
    return row ? `${row.file.replace(/.*\//, '')}:${row.line}` : '?';
  };
  const context = { machine, debugger: debug, messages: { tx: 0, rx: 0 }, readSource: async () => undefined };
  const host = {
    debugger: debug,
    machine,
    dwarf: lines === 'none' ? undefined : (lines ?? dwarf),
    caller: async () => {
      const frames = await METHODS['cpu.stack'](context, {});
      const own = frames.findIndex(({ inlined }) => !inlined);
      const caller = frames[own + 1];
      return caller && { address: caller.place.address, sp: frames[own]!.cfa };
    },
  };
  const by = (what: StepKind) => step(host, core, what);
  const function_ = (): string | undefined => machine.symbols.find(machine.core.pc)?.name;
  return { ...run, core, dwarf, here, by, runTo, addressOf, within: function_ };
}

describe('steps', () => {
  it('over go through main line by line, and over what it calls', async () => {
    const { by, here, dwarf, machine, within } = await at('imx8mp_rpmsg', 'main');
    const lines: string[] = [];
    for (let i = 0; i < 14; i++) {
      const sp = machine.core.readRegister('sp');
      await by('over');
      const row = dwarf.rowAt(machine.core.pc)!;
      expect([row.address, row.isStatement, within()]).toEqual([machine.core.pc, true, 'main']);
      expect(sp - machine.core.readRegister('sp')).toBe(i === 0 ? 8 : 0);
      lines.push(here());
    }
    const numbers = lines.map((line) => Number(line.split(':')[1]));
    expect(lines.every((line) => line.startsWith('main.c:'))).toBe(true);
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it('line goes into what is called, out comes back, back-line undoes all of it', async () => {
    const { by, here, debug, within, addressOf, machine } = await at('imx8mp_rpmsg', 'main');
    const stops: { pc: number; instructions: number; here: string; within: string | undefined }[] = [];
    const note = (): void => {
      const { pc } = machine.core;
      stops.push({ pc, instructions: debug.position().instructions, here: here(), within: within() });
    };
    note();
    for (let i = 0; i < 12; i++) {
      expect(await by('line')).toMatchObject({ kind: expect.stringMatching(/^(step|breakpoint)$/) });
      note();
    }
    expect(stops.some((stop) => stop.pc === addressOf('mpu_init'))).toBe(true);
    expect(stops.every(({ here: place }) => /\.[ch]:\d+$/.test(place))).toBe(true);
    for (const stop of stops.slice(0, -1).reverse()) {
      await by('back-line');
      expect([here(), machine.core.pc, debug.position().instructions]).toEqual([stop.here, stop.pc, stop.instructions]);
    }
    expect(debug.stoppers).toEqual([]);
  });

  it('out returns to the caller', async () => {
    const { by, within, runTo, machine, addressOf } = await at('imx8mp_rpmsg', 'print');
    const lr = (machine.core.readRegister('lr') & ~1) >>> 0;
    const sp = machine.core.readRegister('sp');
    await by('over');
    await by('out');
    expect([machine.core.pc, machine.core.readRegister('sp'), within()]).toEqual([lr, sp, 'main']);
    await runTo('MU1_M7_IRQHandler');
    expect(machine.core.pc).toBe(addressOf('MU1_M7_IRQHandler'));
    await by('out');
    expect(machine.core.readRegister('ipsr')).toBe(0);
  });

  it('over and out of a function that calls itself are those of its frame', async () => {
    // Its image has no debug information: the call and what comes before and after it are three lines.
    const [entry, call, behind, high] = [0x2c0, 0x2ce, 0x2d2, 0x2e4] as const;
    const rows = [entry, call, behind].map((address, n) => ({ address, file: 'fibonacci.c', line: n + 1, isStatement: true }));
    const lines = {
      rowAt: (pc: number) => (pc < high ? rows.findLast(({ address }) => address <= pc) : undefined),
      lineTable: () => [{ low: entry, high, rows }],
      lineAt: () => undefined,
    } as unknown as Dwarf;
    const { by, machine, within, addressOf, runTo } = await at('bench_calls', 'fibonacci', lines, { semihosting: true });
    const { core } = machine;
    expect([core.pc, addressOf('fibonacci')]).toEqual([entry, entry]);
    for (let i = 0; i < 40 && core.readRegister('r0') > 6; i++) await runTo('fibonacci');
    const [lr, top] = [core.readRegister('lr'), core.readRegister('sp')];
    await by('over');
    const sp = core.readRegister('sp');
    expect([core.pc, sp < top]).toEqual([call, true]);
    // All that it calls comes behind the call, too, and is not this frame.
    const { instructions } = core;
    await by('over');
    expect([core.pc, core.readRegister('sp')]).toEqual([behind, sp]);
    expect(core.instructions - instructions).toBeGreaterThan(50);
    await by('out');
    expect([core.pc, core.readRegister('sp'), within()]).toEqual([lr - 1, top, 'fibonacci']);
    await runTo('fibonacci');
    await by('line');
    await by('line');
    expect(core.pc).toBe(entry);
  });

  it('over go over interrupts that come in between, and back over them', async () => {
    const { by, machine, debug, within } = await at('imx8mp_wfi_tick', 'main');
    const { core } = machine;
    const stops: number[] = [core.instructions];
    const { entries } = core;
    for (let i = 0; i < 40 && core.entries < entries + 2; i++) {
      expect(await by('over')).toMatchObject({ kind: expect.stringMatching(/^(step|breakpoint)$/) });
      expect([core.readRegister('ipsr'), within()]).toEqual([0, 'main']);
      stops.push(core.instructions);
    }
    expect(core.entries).toBeGreaterThanOrEqual(entries + 2);
    for (let i = 0; i < 3; i++) {
      await by('back-line');
      expect(core.readRegister('ipsr')).toBe(0);
      expect(debug.position().instructions).toBeLessThan(stops.at(-1)!);
    }
  });

  it('without debug information are instructions', async () => {
    const { by, debug } = await at('imx8mp_rpmsg', 'main', 'none');
    for (const what of ['line', 'over'] as const) {
      const { instructions } = debug.position();
      expect(await by(what)).toMatchObject({ kind: 'step' });
      expect(debug.position().instructions).toBe(instructions + 1);
    }
    await by('back-line');
    const { instructions } = debug.position();
    await by('line');
    expect(debug.position().instructions).toBe(instructions + 1);
  });

  it('over ends at a breakpoint inside, and leaves none of its own', async () => {
    const { by, debug, core, addressOf, machine, within } = await at('imx8mp_rpmsg', 'main');
    const id = debug.add({ kind: 'breakpoint', core, address: addressOf('uart_init') }, 'test');
    for (let i = 0; i < 6 && machine.core.pc !== addressOf('uart_init'); i++) await by('over');
    expect([machine.core.pc, debug.halted?.kind]).toEqual([addressOf('uart_init'), 'step']);
    // It begins with what is inlined there.
    await by('out');
    expect(within()).toBe('uart_init');
    await by('out');
    expect(within()).toBe('main');
    const inner = debug.add({ kind: 'breakpoint', core, address: addressOf('uart_putc') }, 'test');
    for (let i = 0; i < 3 && machine.core.pc !== addressOf('uart_putc'); i++) await by('over');
    expect(debug.halted).toEqual({ kind: 'breakpoint', core, address: addressOf('uart_putc'), ids: [inner] });
    debug.remove(inner);
    expect(debug.stoppers.map((each) => each.id)).toEqual([id]);
  });

  it('end where they are paused', async () => {
    const { by, debug, within } = await at('imx8mp_hang', 'main');
    let stepped: HaltReason | undefined;
    for (let i = 0; i < 40 && stepped?.kind !== 'request'; i++) {
      stepped = undefined;
      const under = by('over').then((reason) => {
        stepped = reason;
      });
      for (let turn = 0; turn < 200 && !stepped; turn++) await turns(1);
      if (!stepped) await debug.halt();
      await under;
    }
    expect(stepped).toEqual({ kind: 'request' });
    expect(debug.halted).toEqual({ kind: 'request' });
    expect(debug.stoppers).toEqual([]);
    expect(within()).toBeDefined();
  });

  it('end with the run, and say why', async () => {
    const crash = await at('imx8mp_lockup', 'main');
    let reason = await crash.by('over');
    for (let i = 0; i < 60 && (reason.kind === 'step' || reason.kind === 'breakpoint'); i++) reason = await crash.by('over');
    expect(reason).toMatchObject({ kind: 'crashed', core: crash.core });
    const ended = await at('semihosting_exit7', 'main', undefined, { semihosting: true });
    reason = await ended.by('over');
    for (let i = 0; i < 60 && (reason.kind === 'step' || reason.kind === 'breakpoint'); i++) reason = await ended.by('over');
    expect(reason).toMatchObject({ kind: 'ended' });
    await expect(ended.by('over')).rejects.toThrow('the run is over');
  });
});
