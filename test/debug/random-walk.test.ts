/** Random walks through a run, back and forth, end in the same states as before in the same moments, and the run ends as it does undisturbed, or as its recording does. */
import { describe, expect, it } from 'vitest';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../src/cpu/jit/index.ts';
import { RunScript } from '../../src/session/run-inputs.ts';
import type { SessionOptions } from '../../src/session/session.ts';
import { debugged, sessionOf, stateOf, straight, turns } from './support.ts';

/** Numbers from 0 on, below `limit`: the same for the same seed. */
function randomly(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

type Run = ReturnType<typeof debugged>;

/** What a walk remembers: states by what `stateOf` says first (cycle, instructions, entries), and places in the code. */
interface Memory {
  readonly states: Map<string, string>;
  readonly visited: number[];
  readonly trail: string[];
}

function note({ machine }: Run, { states, visited, trail }: Memory, what: string): void {
  const state = stateOf(machine);
  visited.push(machine.core.pc);
  const place = `${state.split(' ').slice(0, 3).join(' ')} ${machine.core.halted}`;
  trail.push(`${what} -> ${place}`);
  const before = states.get(place);
  if (before === undefined) states.set(place, state);
  else expect(state, trail.slice(-40).join('\n')).toBe(before);
}

/** One thing that somebody at a debugger does; false when the run has ended. */
async function move(run: Run, memory: Memory, random: (limit: number) => number, changes: boolean): Promise<boolean> {
  const { debug, machine } = run;
  const core = 'm7';
  const { halted } = debug;
  const over = halted?.kind === 'ended' || halted?.kind === 'crashed';
  if (halted?.kind === 'ended' && halted.stop.kind === 'requested') return false;
  const choice = over ? 5 + random(4) : random(changes ? 11 : 9);
  const place = (): number => memory.visited[random(memory.visited.length)]!;
  const stopped = (): boolean => debug.halted?.kind === 'ended' && debug.halted.stop.kind === 'requested';
  if (choice === 0) {
    const id = debug.add({ kind: 'breakpoint', core, address: place() }, 'test');
    const running = debug.resume({ kind: 'continue' });
    await Promise.race([running, turns(8)]);
    await Promise.race([debug.halt(), running]);
    debug.remove(id);
  } else if (choice <= 2) await debug.resume({ kind: 'step', core });
  else if (choice === 3) {
    for (let times = 0; times < 8 && debug.halted?.kind !== 'ended' && debug.halted?.kind !== 'crashed'; times++) {
      await debug.resume({ kind: 'step', core });
      if (stopped()) return false;
      note(run, memory, 'steps');
    }
  } else if (choice === 4) {
    const running = debug.resume({ kind: 'continue' });
    await turns(1 + random(4));
    await Promise.race([debug.halt(), running]);
  } else if (choice === 5) await debug.resume({ kind: 'reverse-step', core });
  else if (choice === 6) {
    const id = debug.add({ kind: 'breakpoint', core, address: place() }, 'test');
    await debug.resume({ kind: 'reverse-continue' });
    debug.remove(id);
  } else if (choice <= 8) {
    const end = (debug.present ?? debug.position()).instructions;
    // Most of what is interesting is where others have been.
    await debug.goTo({ core, instructions: random(2) === 0 ? random(end + 1) : Math.max(0, end - random(50)) });
  } else {
    // Another future: what was noted of it is no more.
    const { cycle, instructions } = debug.position();
    if (choice === 9) run.inputs.perform('console.send', 'uart4', Uint8Array.of(65 + random(26)));
    else debug.writeRegister(core, 'r12', random(2 ** 32));
    for (const known of [...memory.states.keys()]) {
      const [at, executed] = known.split(' ').map(Number);
      if (at! > cycle || (at === cycle && executed! >= instructions)) memory.states.delete(known);
    }
  }
  if (stopped()) return false;
  note(
    run,
    memory,
    `${['continue', 'step', 'step', 'steps', 'halt', 'reverse-step', 'reverse-continue', 'goTo', 'goTo', 'key', 'r12'][choice]}`,
  );
  expect(machine.scheduler.inSlice).toBe(false);
  return true;
}

async function walk(image: string, options: Partial<SessionOptions>, engine: EngineFactory, seed: number, changes: boolean): Promise<void> {
  const run = debugged(image, options, engine);
  const { debug, machine, status, result, session, inputs } = run;
  const memory: Memory = { states: new Map(), visited: [machine.symbols.lookup('main')!.address & ~1], trail: [] };
  const random = randomly(seed);
  await turns(1);
  for (let i = 0; i < 36; i++) if (!(await move(run, memory, random, changes))) break;
  expect(memory.states.size, memory.trail.join('\n')).toBeGreaterThan(5);
  debug.detach('test');
  const ended = await status;
  session.dispose();
  if (!changes) {
    const alone = await straight(image, options, engine);
    expect([ended, result()['trace']], memory.trail.join('\n')).toEqual([await alone.status, alone.result()['trace']]);
    expect(run.events).toEqual(alone.events);
    const printed = (lines: readonly string[]): string[] => lines.filter((line) => !line.startsWith('note'));
    expect(printed(run.shown)).toEqual(printed(alone.shown));
    return;
  }
  const replay = sessionOf(image, options, engine);
  replay.session.follow(new RunScript({ session: replay.session }, inputs.entries, Number.POSITIVE_INFINITY));
  expect([await replay.session.run(), replay.result()['trace']], memory.trail.join('\n')).toEqual([ended, result()['trace']]);
  replay.session.dispose();
}

const RPMSG = { until: /goodbye/ };

describe('a random walk', () => {
  it.each([
    [1, jitFactory],
    [2, interpreterFactory],
  ] as const)('through an RPMsg dialogue, seed %i', (seed, engine) => walk('imx8mp_rpmsg', RPMSG, engine, seed, false));
  it.each([[3, jitFactory]] as const)('through a run that ends in a fault, seed %i', (seed, engine) =>
    walk('imx8mp_fault', {}, engine, seed, false),
  );
  it.each([
    [4, jitFactory],
    [9, interpreterFactory],
  ] as const)('through a lockup, seed %i', (seed, engine) => walk('imx8mp_lockup', {}, engine, seed, false));
  it.each([
    [5, jitFactory],
    [10, interpreterFactory],
  ] as const)('through a run with ticks and sleep, seed %i', (seed, engine) =>
    walk('imx8mp_wfi_tick', { timeout: 300e6 }, engine, seed, false),
  );
  it.each([
    [6, jitFactory],
    [7, interpreterFactory],
  ] as const)('that changes a dialogue, seed %i', (seed, engine) => walk('imx8mp_rpmsg', RPMSG, engine, seed, true));
  it.each([[8, jitFactory]] as const)('that changes an echo, seed %i', (seed, engine) =>
    walk('imx8mp_hello', { timeout: 60e6 }, engine, seed, true),
  );
});
