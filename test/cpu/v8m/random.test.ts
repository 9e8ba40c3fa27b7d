/**
 * Random programs on the border between two worlds (images/trustzone_random.elf): calls, interrupts, supervisor calls, masks, priorities,
 * faults and floating point of both states in any order. What each handler sees is the same on every engine, and on QEMU's mps2-an505 where
 * it is installed. A program that locks the core up is compared up to there, without QEMU. IMX_SIM_SEED and IMX_SIM_PROGRAMS choose others.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { EngineFactory } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { jitWith } from '../../../src/cpu/jit/jit.ts';
import { parseFirmware } from '../../../src/remoteproc/elf-loader.ts';
import { BARE_CORTEX_M33 } from '../../../src/soc/cortex-m.ts';
import { Rig } from '../../support/core-harness.ts';
import { ENGINES } from '../../support/engines.ts';
import { Random } from '../../support/random-thumb.ts';

const BYTES = new Uint8Array(readFileSync(new URL('../../../images/trustzone_random.elf', import.meta.url)));
const FIRST_SEED = Number(process.env['IMX_SIM_SEED'] ?? 1);
const PROGRAMS = Number(process.env['IMX_SIM_PROGRAMS'] ?? 24);
const { profile, vectors } = BARE_CORTEX_M33.cores[0]!;

/** Where in the file the script is. */
const SCRIPT = (() => {
  const { symbols, segments } = parseFirmware(BYTES, 'trustzone_random.elf');
  const { address, size } = symbols.find(({ name }) => name === 'script')!;
  const { da, offset } = segments.find((segment) => address >= segment.da && address < segment.da + segment.filesz)!;
  return { at: offset + address - da, size };
})();

/** The image with a script of its own. */
function program(seed: number): Uint8Array {
  const random = new Random(seed);
  const bytes = BYTES.slice();
  for (let at = 0; at < SCRIPT.size; at++) bytes[SCRIPT.at + at] = random.below(256);
  return bytes;
}

/** What a run prints, how it ends, and what must be the same on every engine. */
function run(engine: EngineFactory, bytes: Uint8Array) {
  let text = '';
  const write = (_fd: number, written: Uint8Array) => {
    text += Buffer.from(written).toString();
  };
  const rig = new Rig(engine, { profile, semihosting: { write, read: () => new Uint8Array(0), readable: true } });
  for (const { da, data } of parseFirmware(bytes, 'program').segments) rig.bus.writeBytes(da, data);
  rig.core.start(vectors);
  const stop = rig.run(2_000_000);
  rig.core.sync();
  const { registers, instructions, faultsTaken, exceptions } = rig.core;
  const state = {
    stop: stop.kind,
    reason: stop.kind === 'crashed' ? stop.reason : '',
    now: rig.scheduler.now,
    instructions,
    faultsTaken,
    taken: exceptions.taken,
    cells: [...registers.cells],
    log: rig.bus.readBytes(0x2808_0000, 0x4100),
  };
  rig.core.dispose();
  return { text, stop, state };
}

function runInQemu(bytes: Uint8Array): string {
  const directory = mkdtempSync(join(tmpdir(), 'v8m-'));
  try {
    const path = join(directory, 'program.elf');
    writeFileSync(path, bytes);
    const args = ['-M', 'mps2-an505', '-semihosting', '-nographic', '-monitor', 'none', '-serial', 'none', '-kernel', path];
    const { stdout, stderr } = spawnSync('qemu-system-arm', args, { encoding: 'utf8', timeout: 10_000 });
    return `${stdout}${stderr}`.replaceAll(/^Invalid (read|write) at addr .*\n/gm, '');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const qemu = spawnSync('qemu-system-arm', ['-M', 'help'], { encoding: 'utf8' }).stdout?.includes('mps2-an505') ?? false;
const others: readonly EngineFactory[] = [jitWith({ threshold: 1 }), ...ENGINES.filter(({ name }) => name === 'unicorn')];

describe.each(Array.from({ length: PROGRAMS }, (_, index) => FIRST_SEED + index))('random program of seed %i', (seed) => {
  const bytes = program(seed);
  const reference = run(interpreterFactory, bytes);

  it('is the same on every engine', () => {
    for (const engine of others) {
      const { text, state } = run(engine, bytes);
      expect(text, engine.name).toBe(reference.text);
      expect(state, engine.name).toEqual(reference.state);
    }
  });

  it.skipIf(!qemu || reference.stop.kind !== 'exit')('is the same on QEMU', () => {
    expect(runInQemu(bytes)).toBe(reference.text);
  });
});
