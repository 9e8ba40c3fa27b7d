/**
 * What scenarios in Thumb code have in common, with one security state (thumb-scenario.ts) and with two (secure-scenario.ts): a program is run
 * on an engine and judged by the values that it wrote to the probe, and every engine must give the same trace, cycles and registers.
 *
 * All but those marked `qemu: false` (they use the probe's interrupt lines, or count cycles) also become images for QEMU (qemu-images.ts).
 */
import { expect } from 'vitest';
import type { CoreStop } from '../../src/cpu/core.ts';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import type { CoreProfile } from '../../src/cpu/profile.ts';
import type { Rig, RigOptions } from './core-harness.ts';
import { QemuImages } from './qemu-images.ts';
import type { Segment } from './thumb.ts';

/** Ours: what is traced goes to the probe, `done` stops the rig. `trace` clobbers r0 and r1, `tracer` r0. */
export const PROBE_MACROS = `
  .macro settle
  .endm
  .macro trace value
    ldr r0, =0x40000000
    ldr r1, =\\value
    str r1, [r0]
  .endm
  .macro tracer register
    ldr r0, =0x40000000
    str \\register, [r0]
  .endm
  .macro done
    ldr r0, =0x4000000c
    str r0, [r0]
    b .
  .endm
`;

/** Options of a scenario. */
export interface ScenarioOptions extends RigOptions {
  /** False: nothing for QEMU. A text: QEMU is known to do otherwise, and how. */
  readonly qemu?: boolean | string;
  /** Cycles to run at most; 20,000 unless given. */
  readonly cycles?: number;
  /** Called before the first instruction. */
  readonly before?: (rig: Rig) => void;
}

/** What a scenario left behind. */
export interface Outcome {
  readonly rig: Rig;
  readonly stop: CoreStop;
  readonly trace: readonly number[];
  readonly symbols: Readonly<Record<string, number>>;
}

/** The scenarios of one test file, which `name` identifies, with sources of some kind. */
export abstract class ScenarioFile<Source> {
  private readonly images: QemuImages;
  private readonly outcomes = new Map<string, string>();

  constructor(name: string) {
    this.images = new QemuImages(name);
  }

  /** A text that no other source, and this one on no other core, has. */
  protected abstract keyOf(source: Source, profile: CoreProfile | undefined): string;
  /** A rig that is about to execute `source`. */
  protected abstract start(engine: EngineFactory, source: Source, options: RigOptions): Pick<Outcome, 'rig' | 'symbols'>;
  /** The images of `source` for QEMU, by core. */
  protected abstract imagesOf(
    source: Source,
    profile: CoreProfile | undefined,
  ): readonly (readonly [core: string, image: readonly Segment[]])[];

  /** Runs `source` from its beginning until `done`; checks that every engine that ran it before did the same. */
  run(engine: EngineFactory, source: Source, options: ScenarioOptions = {}): Outcome {
    const { qemu = true, cycles = 20_000, before, ...rigOptions } = options;
    const { profile } = rigOptions;
    const { rig, symbols } = this.start(engine, source, rigOptions);
    before?.(rig);
    const stop = rig.run(cycles);
    rig.core.sync();
    const { trace } = rig;
    const state = { stop, trace, now: rig.scheduler.now, instructions: rig.core.instructions, cells: [...rig.core.registers.cells] };
    const outcome = JSON.stringify(state);
    const key = this.keyOf(source, profile);
    const earlier = this.outcomes.get(key);
    if (earlier !== undefined) expect(JSON.parse(outcome), `${engine.name} against the engine before`).toEqual(JSON.parse(earlier));
    else if (qemu && before === undefined && Object.keys(rigOptions).every((name) => name === 'profile'))
      this.images.need(key, testName(engine), () => this.imagesOf(source, profile), qemu);
    this.outcomes.set(key, outcome);
    return { rig, stop, trace, symbols };
  }

  /** The trace of `source`; the scenario must end with `done`. */
  trace(engine: EngineFactory, source: Source, options: ScenarioOptions = {}): readonly number[] {
    const { trace, stop } = this.run(engine, source, options);
    expect(stop.kind).toBe('slice');
    return trace;
  }
}

/** The running test's name without the engine. */
function testName(engine: EngineFactory): string {
  return expect.getState().currentTestName!.replace(` on '${engine.name}'`, '').replaceAll(' > ', ': ');
}
