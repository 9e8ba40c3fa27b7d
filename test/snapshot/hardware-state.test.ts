/**
 * The hardware of a machine as data: saved at random cycles of firmware of ours, loaded into fresh and used machines and into those of other engines,
 * which then do the same to the cycle; bytes of it that were damaged are refused.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../src/cpu/jit/index.ts';
import { lockstepFactory } from '../../src/cpu/lockstep/index.ts';
import { SnapshotError } from '../../src/errors.ts';
import { Machine } from '../../src/machine.ts';
import { type HardwareState, loadHardware, type StateValue, saveHardware } from '../../src/snapshot/hardware-state.ts';
import { decodeState, encodeState } from '../../src/snapshot/hardware-state-bytes.ts';
import { BARE_CORTEX_M4 } from '../../src/soc/cortex-m.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import { SOCS } from '../../src/soc/index.ts';
import { ENGINES } from '../support/engines.ts';
import { differenceOf, generator, Run, SCENARIOS, type Scenario, sameMemory } from './hardware-rig.ts';

const LOCKSTEP = lockstepFactory(interpreterFactory, jitFactory);
const HELLO = SCENARIOS.find(({ name }) => name === 'imx8mp_hello')!;

/** What a machine in the state of `bytes` shows until `end` and is then, against what the one that was saved did. */
function follow(run: Run, state: HardwareState, end: number, pieces: readonly number[] = []) {
  const from = run.shown.length;
  loadHardware(run.machine, state);
  run.to(end, pieces);
  return run.state(from);
}

describe.each(SCENARIOS)('$name', (scenario: Scenario) => {
  const { cycles } = scenario;
  // Two engines side by side take their time; where they are worth it.
  const side = ['imx8mp_wfi_tick', 'trustzone', 'bench_exceptions'].includes(scenario.name);
  // Machines are used again and again, as tests of firmware do.
  const used = new Map<EngineFactory, Run>();
  const on = (engine: EngineFactory): Run => {
    const run = used.get(engine) ?? new Run(scenario, engine);
    used.set(engine, run);
    return run;
  };
  afterAll(() => {
    for (const run of used.values()) run.dispose();
  });

  let first: HardwareState;

  it('goes on as if nothing had been, in fresh and used machines and on every engine', () => {
    const random = generator(0x5eed);
    const original = new Run(scenario, scenario.cycles % 3 === 0 ? interpreterFactory : jitFactory);
    for (const round of [0, 1, 2]) {
      const start = original.shown.length;
      if (round > 0) loadHardware(original.machine, first);
      else first = saveHardware(original.machine);
      original.to(Math.floor(random() * cycles));
      const from = original.shown.length;
      expect(from).toBeGreaterThanOrEqual(start);
      const state = saveHardware(original.machine);
      const bytes = encodeState(state);
      const { now } = original.machine.scheduler;
      const middle = now + Math.floor(random() * (cycles - now));
      original.to(cycles, [middle]);
      const expected = original.state(from);
      const targets = round === 0 ? [...ENGINES, ...(side ? [LOCKSTEP] : [])] : [ENGINES[(round + cycles) % ENGINES.length]!];
      for (const engine of targets) {
        const target = on(engine);
        const { text, bytes: reached } = follow(target, round === 1 ? state : decodeState(bytes), cycles, [middle]);
        expect(text, engine.name).toBe(expected.text);
        if (Buffer.compare(reached, expected.bytes) !== 0)
          expect.fail(`${engine.name}: the states differ: ${differenceOf(original, target)}`);
        if (round === 0) expect(sameMemory(target, original)).toBe(true);
      }
    }
    original.dispose();
  });

  it('is not changed by being saved', () => {
    const random = generator(0xfeed);
    const watched = on(jitFactory);
    const expected = follow(on(interpreterFactory), first, cycles);
    const from = watched.shown.length;
    loadHardware(watched.machine, first);
    const moments = Array.from({ length: 5 }, () => Math.floor(random() * cycles)).sort((a, b) => a - b);
    for (const moment of moments) {
      watched.to(moment);
      if (watched.stop?.kind === 'limit') saveHardware(watched.machine);
      else break;
    }
    if (watched.stop?.kind === 'limit') watched.to(cycles);
    const { text, bytes } = watched.state(from);
    expect(text).toBe(expected.text);
    expect(Buffer.compare(bytes, expected.bytes)).toBe(0);
  });
});

describe('a state', () => {
  let run: Run;
  let state: HardwareState;
  let bytes: Uint8Array;
  beforeAll(() => {
    run = new Run(HELLO, interpreterFactory);
    run.to(700_000);
    state = saveHardware(run.machine);
    bytes = encodeState(state);
  });
  afterAll(() => run.dispose());

  it('is plain data, and the same after a way through bytes', () => {
    expect(structuredClone(state)).toEqual(state);
    const again = decodeState(bytes);
    expect(Buffer.compare(encodeState(again), bytes)).toBe(0);
    expect(again.blocks).toEqual(state.blocks);
    expect(again.now).toBe(700_000);
    expect(bytes.length).toBeLessThan(100_000);
  });

  it('keeps numbers as they are', () => {
    const values = [0, -0, 1, -1, 0.5, 2 ** 53, -(2 ** 53) + 1, 2 ** 52 + 0.5, Number.POSITIVE_INFINITY, Number.NaN, 127, 128, 2 ** 32];
    const odd: StateValue = { values, deep: [[[{ a: null, b: undefined, c: true, d: '', e: 'ü\0' }]]], typed: Float64Array.of(-0, 1e300) };
    expect(decodeState(encodeState({ ...state, blocks: { odd } })).blocks['odd']).toEqual(odd);
  });

  it('is refused, or is the same, however its bytes are cut and changed', () => {
    const random = generator(7);
    const refusals = new Set<string>();
    for (let round = 0; round < 1000; round++) {
      const broken = round % 3 === 0 ? bytes.slice(0, Math.floor(random() * bytes.length)) : bytes.slice();
      if (round % 3 === 2) broken.set(broken.slice(0, 64), Math.floor(random() * (broken.length - 64)));
      for (let times = round % 3 === 0 ? 0 : 1 + Math.floor(random() * 4); times > 0; times--) {
        broken[Math.floor(random() * (round % 7 === 1 ? 5 : broken.length))]! ^= 1 << Math.floor(random() * 8);
      }
      try {
        expect(Buffer.compare(encodeState(decodeState(broken)), bytes)).toBe(0);
      } catch (error) {
        if (!(error instanceof SnapshotError)) throw error;
        refusals.add(error.code);
      }
    }
    expect([...refusals].sort()).toEqual(['E_SNAPSHOT_DAMAGED', 'E_SNAPSHOT_FORMAT', 'E_SNAPSHOT_VERSION']);
  });

  it('is refused without a hang or a waste of memory when its bytes lie and have the right checksum', () => {
    const random = generator(8);
    let refused = 0;
    const small = new Run({ name: 'bench_alu', soc: BARE_CORTEX_M4 }, interpreterFactory);
    const honest = encodeState(saveHardware(small.machine));
    for (let round = 0; round < 500; round++) {
      const lying = honest.slice(0, honest.length - 4);
      for (let times = 1 + Math.floor(random() * 3); times > 0; times--) {
        lying[5 + Math.floor(random() * Math.min(lying.length - 5, 6000))] = round % 2 === 0 ? 0xff : Math.floor(random() * 256);
      }
      try {
        // What can be read is data, whatever it says, and only a machine can refuse it.
        loadHardware(small.machine, decodeState(sealed(lying)));
      } catch (error) {
        expect(error).toBeInstanceOf(SnapshotError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
    loadHardware(small.machine, decodeState(honest));
    expect(Buffer.compare(encodeState(saveHardware(small.machine)), honest)).toBe(0);
    small.dispose();
  });

  it('names block and field where it does not fit the machine', () => {
    const { blocks } = state;
    const uart = blocks['UART4'] as Record<string, StateValue>;
    const { resetUntil, ...less } = uart;
    const load = (changed: Partial<HardwareState>) => () => loadHardware(run.machine, { ...state, ...changed });
    const withUart = (value: StateValue) => load({ blocks: { ...blocks, UART4: value } });
    const { UART4: _, ...others } = blocks;
    expect(resetUntil).toBeDefined();
    expect(load({ soc: 'imx93' })).toThrow(/^SoC imx93 is not this machine's imx8mp: the snapshot comes from another/);
    expect(load({ board: 'other' })).toThrow(/^board other is not this machine's/);
    expect(load({ blocks: others })).toThrow(/^UART4 is missing/);
    expect(load({ blocks: { ...blocks, UART9: uart } })).toThrow(/^UART9 is not there in this machine/);
    expect(withUart(less)).toThrow(/^UART4.resetUntil is missing/);
    expect(withUart({ ...uart, dma: 1 })).toThrow(/^UART4.dma is not there in this machine/);
    expect(withUart({ ...uart, resetUntil: 'no' })).toThrow(/^UART4.resetUntil is of another type/);
    expect(withUart({ ...uart, device: 3 })).toThrow(/^UART4.device is of another type/);
    expect(withUart({ ...uart, device: { $: 'model', cells: new Uint32Array(3) } })).toThrow(/^UART4.device.cells is of another size/);
    expect(withUart({ ...uart, requests: { $: 'ref', path: ['UART4', 'nobody'] } })).toThrow(
      /^UART4.requests refers to UART4.nobody, which is not there/,
    );
    expect(withUart({ ...uart, level: { $: 'what' } })).toThrow(/^UART4.level is of an unknown kind/);
    expect(load({ memory: { ...state.memory, FLASH: [] } })).toThrow(/^memory FLASH is not there/);
    const chunk = { index: 1e6, bytes: new Uint8Array(65536) };
    expect(load({ memory: { ...state.memory, DTCM: [chunk] } })).toThrow(/^memory DTCM has no chunk 1000000 of 65536 bytes/);
    expect(load({ soc: 'imx93' })).toThrow(SnapshotError);
  });

  it('has all blocks of every SoC, each with its fields', () => {
    for (const soc of SOCS) {
      const machine = new Machine({ soc, engine: interpreterFactory, linux: false });
      const saved = saveHardware(machine);
      const names = [...soc.peripherals, ...soc.mus].map(({ name }) => name);
      expect(Object.keys(saved.blocks)).toEqual(expect.arrayContaining([...names, ...soc.cores.map(({ name }) => `core ${name}`)]));
      for (const name of names) expect(Object.keys(saved.blocks[name] as object).length, `${soc.name} ${name}`).toBeGreaterThan(1);
      machine.dispose();
    }
  });

  it('names the field that no snapshot can keep', () => {
    const other = new Run({ name: 'bench_alu', soc: BARE_CORTEX_M4 }, interpreterFactory);
    const [core] = other.machine.cores;
    const put = (value: unknown) => () => {
      Object.assign((core as unknown as { debug: object }).debug, { count: value });
      saveHardware(other.machine);
    };
    expect(put(Promise.resolve())).toThrow('core m4.debug.count holds a Promise, which no snapshot can keep');
    expect(put({ list: [new Date(0)] })).toThrow('core m4.debug.count.list.0 holds a Date');
    expect(put(1n)).toThrow('core m4.debug.count holds a bigint');
    expect(put(new Map([[{}, 1]]))).toThrow('core m4.debug.count holds a map by something that is no data');
    other.dispose();
  });

  it('has no timer that belongs to nobody', () => {
    const other = new Run(HELLO, interpreterFactory);
    other.machine.scheduler.timer('stray', () => {}).armIn(5);
    expect(() => saveHardware(other.machine)).toThrow('timer stray is armed and belongs to no block');
    other.dispose();
  });
});

describe('a machine that is used again', () => {
  it('takes no more memory, and a load costs nearly nothing, 1,000 times over', () => {
    const run = new Run(HELLO, jitFactory);
    run.to(400_000);
    const early = saveHardware(run.machine);
    run.to(900_000);
    const late = saveHardware(run.machine);
    const { arena } = run.machine;
    const { used } = arena;
    const end = late.now + 2000;
    for (let round = 0; round < 1000; round++) {
      loadHardware(run.machine, round % 2 === 0 ? early : late);
      if (round % 50 === 0) run.to(end);
    }
    expect(arena.used).toBeLessThanOrEqual(used + (1 << 18));
    run.dispose();
  });

  it('keeps nothing of another firmware, code included', () => {
    for (const engine of [...ENGINES, LOCKSTEP]) {
      const runs = ['bench_alu', 'bench_crc', 'bench_sieve'].map((name) => new Run({ name, soc: BARE_CORTEX_M4 }, engine));
      const states = runs.map(({ machine }) => saveHardware(machine));
      const [target] = runs;
      for (const [index, run] of runs.entries()) if (index > 0) run.to(60_000);
      for (const index of [1, 2, 1]) {
        loadHardware(target!.machine, states[index]!);
        target!.to(60_000);
        expect(differenceOf(runs[index]!, target!), `${engine.name} ${index}`).toBeUndefined();
      }
      for (const run of runs) run.dispose();
    }
  });

  it('hands out the same findings and reports to nobody else', () => {
    const run = new Run(SCENARIOS.find(({ name }) => name === 'imx8mp_lockup')!, interpreterFactory);
    const begin = saveHardware(run.machine);
    run.to(2_000_000);
    const { stop } = run;
    const text = JSON.stringify([stop, run.machine.diagnostics.all]);
    const kept = run.machine.diagnostics.all;
    loadHardware(run.machine, begin);
    expect(run.machine.diagnostics.all).toEqual([]);
    run.to(1000);
    expect(JSON.stringify([stop, kept])).toBe(text);
    run.dispose();
  });
});

describe('input that waits', () => {
  it('is a part of the state', () => {
    const scenario = { name: 'imx8mp_hello', soc: IMX8MP };
    const a = new Run(scenario, interpreterFactory);
    a.machine.send('uart4', Uint8Array.of(1, 2, 3));
    const b = new Run(scenario, jitFactory);
    loadHardware(b.machine, saveHardware(a.machine));
    expect(b.machine.peripherals.find(({ name }) => name === 'UART4')?.uart?.waiting).toBe(3);
    a.machine.pauseCore(true);
    a.machine.clocks.gate('OSC_24M', true);
    loadHardware(b.machine, saveHardware(a.machine));
    expect(b.machine.clocks.hz('OSC_24M')).toBe(0);
    a.to(100_000);
    b.to(100_000);
    expect(b.machine.core.instructions).toBe(0);
    expect(differenceOf(a, b)).toBeUndefined();
    a.dispose();
    b.dispose();
  });
});

/** `bytes` with the checksum that a state has. */
function sealed(bytes: Uint8Array): Uint8Array {
  let value = 0xffff_ffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit++) value = (value & 1) !== 0 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  }
  const out = new Uint8Array(bytes.length + 4);
  out.set(bytes);
  new DataView(out.buffer).setUint32(bytes.length, ~value >>> 0, true);
  return out;
}
