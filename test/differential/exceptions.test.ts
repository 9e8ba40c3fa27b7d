/**
 * Exception entry and return, priorities, faults, lazy floating-point state, stack limits and both security states, in Thumb code: the same
 * image on every engine and under `qemu-system-arm -semihosting`, compared by what it prints.
 *
 * The scenarios stand in test/cpu/*.test.ts, which also say what must come; their images are made by test/support/qemu-images.ts.
 */
import { afterAll, describe, expect, it } from 'vitest';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { Jit } from '../../src/cpu/jit/jit.ts';
import { UnicornEngine } from '../../src/cpu/unicorn/engine.ts';
import { unicornAvailable } from '../../src/cpu/unicorn/index.ts';
import { KiB } from '../../src/memory/bits.ts';
import type { BusDevice } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { Rig, TestConsole } from '../support/core-harness.ts';
import { QEMU_BOARDS, type QemuBoard, type QemuCase, qemuCases, qemuVersion, runInQemu } from '../support/qemu-images.ts';
import { NATIVE_TUNING } from './tuning.ts';

const QEMU = qemuVersion();
const ENGINES: readonly EngineFactory[] = [
  interpreterFactory,
  { name: 'jit', create: (host) => new Jit(host, { threshold: 0 }) },
  ...(unicornAvailable()
    ? [{ name: 'unicorn', create: (host) => new UnicornEngine(host, interpreterFactory, NATIVE_TUNING) } satisfies EngineFactory]
    : []),
];

/** Printing included. */
const CYCLES = 10_000_000;
/** Stack from which images print, and the controllers that give AN505's memory to Non-secure code. */
const PRINT_STACK = { 'armv7e-m': 0x202f_f000, 'armv8-m': 0x382f_f000 } as const;
const CONTROLLERS = [0x5008_0000, 0x5800_7000, 0x5800_8000] as const;
const NOTHING: BusDevice = { read: () => 0, write: () => true, peek: () => 0 };

/** Lines that the image prints on an engine. */
function run(engine: EngineFactory, { profile, vectors, buffer }: QemuBoard, { segments }: QemuCase): readonly string[] {
  const console = new TestConsole();
  const rig = new Rig(engine, { profile, semihosting: console });
  rig.bus.mapRam(buffer, new Ram('collected values', 64 * KiB, rig.arena));
  rig.bus.mapRam(PRINT_STACK[profile.architecture], new Ram('stack to print from', 4 * KiB, rig.arena));
  if (profile.architecture === 'armv8-m')
    for (const base of CONTROLLERS) rig.bus.mapDevice(base, 0x1000, NOTHING, `controller at ${base.toString(16)}`);
  for (const { address, bytes } of segments) rig.bus.writeBytes(address, bytes);
  rig.core.start(vectors);
  const stop = rig.run(CYCLES);
  rig.core.dispose();
  const lines = console.output.split('\n').filter((line) => line !== '');
  return stop.kind === 'exit' ? lines : [...lines, `(no end: ${stop.kind})`];
}

describe.each(QEMU_BOARDS.map((board) => ({ name: `${board.profile.name} (${board.machine})`, board })))('$name', ({ board }) => {
  const cases = qemuCases(board);
  let compared = 0;
  const deviations: string[] = [];

  afterAll(() => {
    const qemu = QEMU ? `${compared} as in QEMU ${QEMU}, ${deviations.length} known to differ` : 'no qemu-system-arm to compare with';
    const engines = ENGINES.map(({ name }) => name).join(', ');
    console.log([`${board.profile.name}: ${cases.length} exception scenarios on ${engines}; ${qemu}`, ...deviations].join('\n'));
  });

  describe('on every engine', () => {
    it.each(cases)('$name', (scenario) => {
      const [first, ...others] = ENGINES;
      const lines = run(first!, board, scenario);
      for (const line of lines) expect(line).toMatch(/^[0-9a-f]{8}$/);
      for (const engine of others) expect(run(engine, board, scenario), engine.name).toEqual(lines);
    });
  });

  describe.skipIf(QEMU === undefined)('as in QEMU (needs qemu-system-arm)', () => {
    it.each(cases)('$name', (scenario) => {
      const theirs = runInQemu(board, scenario.segments);
      const ours = run(interpreterFactory, board, scenario);
      // A newer QEMU may have come round.
      if (scenario.deviation !== undefined && JSON.stringify(ours) !== JSON.stringify(theirs))
        deviations.push(`  ${scenario.name}: ${scenario.deviation}`);
      else {
        expect(ours).toEqual(theirs);
        compared++;
      }
    });
  });
});
