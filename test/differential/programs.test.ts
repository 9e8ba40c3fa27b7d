/**
 * Compiled C programs (images/bench_*.elf, sources in images/bench) on the interpreter and on Unicorn with the same random budgets:
 * registers after every budget, all of memory at the end. Semihosting calls are stepped over on both.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CELL, CELL_COUNT } from '../../src/cpu/core-registers.ts';
import { type EngineHost, STOP } from '../../src/cpu/engine.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { DEFAULT_TUNING, UnicornEngine } from '../../src/cpu/unicorn/engine.ts';
import { unicornAvailable } from '../../src/cpu/unicorn/index.ts';
import { parseFirmware } from '../../src/remoteproc/elf-loader.ts';
import { Random } from '../support/random-thumb.ts';
import { type BareCore, bareCore, DATA_BASE } from './bare-core.ts';

const IMAGES = new URL('../../images/', import.meta.url);
/** All but those that are about exceptions and devices, which this core does not have. */
const PROGRAMS = (
  JSON.parse(readFileSync(new URL('manifest.json', IMAGES), 'utf8')) as { images: { file: string; group?: string }[] }
).images
  .filter(({ group }) => group === 'integer' || group === 'float')
  .map(({ file }) => file);
const INSTRUCTIONS = Number(process.env['IMX_SIM_DIFFERENTIAL'] ?? 400_000);
const FIRST_SEED = Number(process.env['IMX_SIM_SEED'] ?? 1);

function load(core: BareCore, name: string): void {
  for (const { da, data } of parseFirmware(new Uint8Array(readFileSync(new URL(name, IMAGES))), name).segments) {
    expect(core.host.memory.bus.writeBytes(da, data)).toBe(true);
  }
  core.host.registers.setR(13, core.word(0));
  core.jump(core.word(4) & ~1);
}

describe.skipIf(!unicornAvailable())('compiled programs (needs libunicorn2)', () => {
  it.each(PROGRAMS)('%s', (name) => {
    let unicorn: UnicornEngine | undefined;
    const create = (host: EngineHost) => {
      unicorn = new UnicornEngine(host, interpreterFactory, DEFAULT_TUNING);
      return unicorn;
    };
    const cores = [bareCore((host) => interpreterFactory.create(host)), bareCore(create)] as const;
    for (const core of cores) load(core, name);
    const random = new Random(FIRST_SEED);
    let executed = 0;
    while (executed < INSTRUCTIONS) {
      const budget = 1 + random.below(random.chance(0.2) ? 50 : 20_000);
      const [a, b] = cores.map(({ engine }) => engine.run(budget));
      expect(b, `stop after ${executed} instructions, seed ${FIRST_SEED}`).toBe(a);
      expect(cores[1].engine.executed).toBe(cores[0].engine.executed);
      executed += cores[0].engine.executed;
      for (let cell = 0; cell < CELL_COUNT; cell++) {
        if (cores[0].host.registers.cells[cell] === cores[1].host.registers.cells[cell]) continue;
        expect.fail(`cell ${cell} differs after ${executed} instructions, seed ${FIRST_SEED}`);
      }
      if (a === STOP.BKPT) for (const { host } of cores) host.registers.cells[CELL.PC]! += 2;
      else if (a !== STOP.BUDGET) break;
    }
    expect(executed).toBeGreaterThan(INSTRUCTIONS / 2);
    expect(unicorn!.nativeInstructions / executed).toBeGreaterThan(0.5);
    for (const [base, size] of [
      [0, cores[0].code.size],
      [DATA_BASE, cores[0].data.size],
    ] as const) {
      const [x, y] = cores.map(({ host }) => host.memory.bus.readBytes(base, size)!);
      expect(Buffer.compare(x!, y!)).toBe(0);
    }
    for (const core of cores) core.dispose();
  });
});
