/**
 * images/trustzone.elf, a Secure and a Non-secure C program on a Cortex-M33: the same lines on every engine, translated before anything is
 * executed, on two engines side by side, and on QEMU's mps2-an505 where it is installed. The lines are in trustzone.txt.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { EngineFactory } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../../src/cpu/jit/index.ts';
import { jitWith } from '../../../src/cpu/jit/jit.ts';
import { lockstepFactory } from '../../../src/cpu/lockstep/index.ts';
import { unicornFactory } from '../../../src/cpu/unicorn/index.ts';
import { parseFirmware } from '../../../src/remoteproc/elf-loader.ts';
import { BARE_CORTEX_M33 } from '../../../src/soc/cortex-m.ts';
import { ACCELERATED, type AcceleratedEngine } from '../../support/accelerated.ts';
import { Rig } from '../../support/core-harness.ts';
import { ENGINES } from '../../support/engines.ts';

const IMAGE = new URL('../../../images/trustzone.elf', import.meta.url).pathname;
const EXPECTED = readFileSync(new URL('trustzone.txt', import.meta.url), 'utf8').split('\n');
const { profile, vectors } = BARE_CORTEX_M33.cores[0]!;

/** What a run prints, and what must be the same on every engine. */
function run(engine: EngineFactory): { readonly lines: string[]; readonly state: { readonly instructions: number } } {
  let text = '';
  const write = (_fd: number, bytes: Uint8Array) => {
    text += Buffer.from(bytes).toString();
  };
  const rig = new Rig(engine, { profile, semihosting: { write, read: () => new Uint8Array(0), readable: true } });
  const { segments } = parseFirmware(new Uint8Array(readFileSync(IMAGE)), 'trustzone.elf');
  for (const { da, data } of segments) expect(rig.bus.writeBytes(da, data)).toBe(true);
  rig.core.start(vectors);
  const stop = rig.run(5_000_000);
  rig.core.sync();
  const { registers, instructions, faultsTaken, exceptions } = rig.core;
  const state = { stop, now: rig.scheduler.now, instructions, faultsTaken, taken: exceptions.taken, cells: [...registers.cells] };
  rig.core.dispose();
  return { lines: text.split('\n'), state };
}

describe('images/trustzone.elf', () => {
  const reference = run(interpreterFactory);

  it('shows both worlds as the architecture has them', () => {
    expect(reference.lines).toEqual(EXPECTED);
    expect(reference.state).toMatchObject({ stop: { kind: 'exit', status: 0 } });
  });

  const others: readonly (readonly [string, EngineFactory])[] = [
    ...ENGINES.filter(({ name }) => name !== 'interpreter').map((engine) => [engine.name, engine] as const),
    ['jit that translates at once', jitWith({ threshold: 0 })],
    ['jit that translates soon', jitWith({ threshold: 1 })],
    ['lockstep of jit and interpreter', lockstepFactory(jitWith({ threshold: 1 }), interpreterFactory)],
    ...(ENGINES.includes(unicornFactory)
      ? [['lockstep of jit and unicorn', lockstepFactory(jitFactory, unicornFactory, { slice: 1000 })] as const]
      : []),
  ];
  it.each(others)('is the same on %s', (_name, engine) => {
    const { lines, state } = run(engine);
    expect(lines).toEqual(EXPECTED);
    expect(state).toEqual(reference.state);
  });

  it.each(ACCELERATED.filter(({ name }) => name !== 'interpreter'))(
    'is executed by $name itself in the main, across the border too',
    (kind) => {
      let made: AcceleratedEngine | undefined;
      const create: EngineFactory['create'] = (host) => {
        made = kind.create(host);
        return made.engine;
      };
      const { lines, state } = run({ name: kind.name, create });
      expect(lines).toEqual(EXPECTED);
      expect(state).toEqual(reference.state);
      expect(made!.accelerated() / state.instructions).toBeGreaterThan(0.5);
    },
  );

  const qemu = spawnSync('qemu-system-arm', ['-M', 'help'], { encoding: 'utf8' });
  it.skipIf(!qemu.stdout?.includes('mps2-an505'))('is the same on QEMU’s mps2-an505, but for SFAR', () => {
    const args = ['-M', 'mps2-an505', '-semihosting', '-nographic', '-monitor', 'none', '-serial', 'none', '-kernel', IMAGE];
    const { stdout, stderr, status } = spawnSync('qemu-system-arm', args, { encoding: 'utf8', timeout: 15_000 });
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => !/^Invalid read at addr /.test(line));
    // QEMU 7.2 leaves SFAR and SFARVALID alone when it sets AUVIOL; DDI 0553B (D1.2.218) has them show the address.
    expect(lines).toEqual(EXPECTED.map((line) => line.replace('SFSR 48', 'SFSR 08')));
    expect(status).toBe(0);
  });
});
