/**
 * Programs that run long enough to be translated, cut into uneven runs, on every engine against the interpreter: the same registers, memory,
 * counts, device accesses and cycles at every cut.
 */
import { expect } from 'vitest';
import { CELL } from '../../../src/cpu/core-registers.ts';
import type { EngineFactory } from '../../../src/cpu/engine.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import { Jit, type JitOptions } from '../../../src/cpu/jit/jit.ts';
import { unicornAvailable, unicornFactory } from '../../../src/cpu/unicorn/index.ts';
import { KiB } from '../../../src/memory/bits.ts';
import type { Ram } from '../../../src/memory/ram.ts';
import { RAM_SIZE, Rig, type RigOptions, SRAM } from '../../support/core-harness.ts';
import { type ThumbProgram, ThumbPrograms } from '../../support/thumb.ts';

/** Where the code RAM is seen a second time. */
export const ALIAS = 0x1000_0000;
/** Bytes of each RAM, from its start, that are compared, and of the stack from its end. */
const COMPARED = 64 * KiB;

/** Code stands behind the vector table; a handler that is not there ends in `unexpected`. R7 is SRAM, R6 the probe. */
function wrap(source: string): string {
  const vector = (name: string) => `.ifdef ${name}\n.word ${name} + 1\n.else\n.word unexpected + 1\n.endif`;
  return `.syntax unified
.cpu cortex-m7
.fpu fpv5-d16
.thumb
.equ SCB, 0xe000ed00
.equ ALIAS, 0x10000000
.macro put address, value
  ldr r4, =\\address
  ldr r5, =\\value
  str r5, [r4]
.endm
.text 1
reset:
  ldr r7, =0x20000000
  ldr r6, =0x40000000
${source}
unexpected:
  mrs r1, ipsr
  add r1, r1, #0xe00
  str r1, [r6]
  str r1, [r6, #0xc]
  b .
  .ltorg
.text 0
.word 0x20100000, reset + 1, unexpected + 1
${['hardfault', 'memmanage', 'busfault', 'usagefault'].map(vector).join('\n')}
.word 0, 0, 0, 0
${vector('svcall')}
.word 0, 0
${['pendsv', 'systick', 'irq0', 'irq1'].map(vector).join('\n')}
.balign 64
`;
}

/** An engine as it is or driven to extremes. */
export interface Variant {
  readonly name: string;
  /** Translates whatever it comes to: a part at least of each program has to run as WebAssembly. */
  readonly eager: boolean;
  /** A factory, and the share of instructions that ran as WebAssembly on the engine that it made last. */
  make(): { readonly factory: EngineFactory; share(instructions: number): number | undefined };
}

function translating(name: string, options: JitOptions): Variant {
  return {
    name,
    eager: options.threshold === 0,
    make: () => {
      let jit: Jit | undefined;
      const create: EngineFactory['create'] = (host) => {
        jit = new Jit(host, options);
        return jit;
      };
      return { factory: { name: 'jit', create }, share: (instructions) => jit!.statistics.executed / instructions };
    },
  };
}

/** What is held against the interpreter. */
export const VARIANTS: readonly Variant[] = [
  translating('jit', {}),
  translating('jit, translating at once', { threshold: 1 }),
  translating('jit, translating everything', { threshold: 0 }),
  ...(unicornAvailable() ? [{ name: 'unicorn', eager: false, make: () => ({ factory: unicornFactory, share: () => undefined }) }] : []),
];

/** The programs of one test file. */
export class HotPrograms {
  private readonly programs: ThumbPrograms;

  constructor(name: string) {
    this.programs = new ThumbPrograms(name, wrap);
  }

  get(source: string): ThumbProgram {
    return this.programs.get(source);
  }
}

/** Cycles of the runs: single instructions and odd numbers of them in cold and in translated code, and long runs. */
export const CUTS: readonly number[] = [1, 2, 3, 50, 997, 1, 5_000, 30_000, 1, 1, 2, 3, 5, 7, 11, 1023, 13, 20_000, 1, 29, 4096, 1, 20_000];

export interface HotOptions extends RigOptions {
  /** Cycles of each run; `CUTS` unless given. */
  readonly cuts?: readonly number[];
  /** Share of instructions that has to run as WebAssembly with the jit's own thresholds. */
  readonly share?: number;
  /** Before run `index`. */
  readonly act?: (rig: Rig, index: number, symbols: ThumbProgram['symbols']) => void;
}

/** Runs `program` on `variant` and on the interpreter; returns the latter's rig. */
export function compareHot(variant: Variant, program: ThumbProgram, options: HotOptions = {}): Rig {
  const { cuts = CUTS, share: wanted, act, ...rigOptions } = options;
  const { factory, share } = variant.make();
  const [tested, reference] = [factory, interpreterFactory].map((engine) => {
    const rig = new Rig(engine, { fastForward: false, ...rigOptions });
    const code = rig.bus.find(0)!.ram!;
    if (!rig.bus.find(ALIAS)) rig.bus.mapRam(ALIAS, code);
    rig.bus.writeBytes(0, program.code);
    rig.core.start(0);
    return rig;
  }) as [Rig, Rig];
  try {
    for (const [index, cycles] of cuts.entries()) {
      for (const rig of [tested, reference]) act?.(rig, index, program.symbols);
      const stop = tested.run(cycles);
      expect(stop, `stop of run ${index}`).toEqual(reference.run(cycles));
      expect(stateOf(tested), `after run ${index} of ${cycles} cycles`).toEqual(stateOf(reference));
      for (const base of [0, SRAM, SRAM + RAM_SIZE - COMPARED]) {
        expect(firstDifference(tested, reference, base), `memory after run ${index} of ${cycles} cycles`).toBeUndefined();
      }
    }
    const ran = share(tested.core.instructions);
    const least = variant.name === 'jit' ? wanted : variant.eager ? 0 : undefined;
    if (least !== undefined) expect(ran, 'share that ran as WebAssembly').toBeGreaterThan(least);
    return reference;
  } finally {
    tested.core.dispose();
  }
}

function stateOf(rig: Rig): unknown {
  const { core, scheduler, trace } = rig;
  core.sync();
  const cells = [...core.registers.cells];
  // Without a reservation it means nothing.
  if (cells[CELL.EXCLUSIVE] === 0) cells[CELL.EXCLUSIVE_ADDRESS] = 0;
  return { pc: core.pc, cells, trace, now: scheduler.now, instructions: core.instructions };
}

function firstDifference(a: Rig, b: Rig, base: number): string | undefined {
  const bytes = (rig: Rig) => {
    const { ram, ramOffset, base: start } = rig.bus.find(base)!;
    return Buffer.from((ram as Ram).readBytes(ramOffset + base - start, COMPARED));
  };
  const [left, right] = [bytes(a), bytes(b)];
  if (left.equals(right)) return undefined;
  const at = left.findIndex((byte, i) => byte !== right[i]);
  return `0x${(base + at).toString(16)}: ${left[at]} and ${right[at]}`;
}
