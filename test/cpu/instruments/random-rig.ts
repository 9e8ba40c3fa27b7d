/** Random programs on a whole core, with a SysTick that interrupts them: one after the other on one rig, as many as are asked for. */
import { CELL } from '../../../src/cpu/core-registers.ts';
import { featuresOf } from '../../../src/cpu/encodings/index.ts';
import type { EngineFactory } from '../../../src/cpu/engine.ts';
import { CORTEX_M7 } from '../../../src/cpu/profile.ts';
import { RAM_SIZE, Rig, SRAM } from '../../support/core-harness.ts';
import { halfwordsOf, interestingWord, Random, RandomThumb, randomTable } from '../../support/random-thumb.ts';

/** Data that programs access, around the middle of which their base registers point. */
export const DATA = SRAM + 0x4000;
const STACK = SRAM + 0x7000;
const CODE = 0x400;
const STRIDE = 0x200;
/** `bx lr`, `b .` */
const RETURN = 0x80;
const REST = 0x84;
const FEATURES = featuresOf(CORTEX_M7);
const TABLE = randomTable(FEATURES);

/** Instructions of a program, about. */
export const LENGTH = 60;

/** A rig for random programs. */
export class RandomRig {
  readonly rig: Rig;
  private programs = 0;

  constructor(factory: EngineFactory) {
    this.rig = new Rig(factory);
    const { bus } = this.rig;
    for (let number = 2; number < 16; number++) bus.write(4 * number, (number === 11 || number >= 14 ? RETURN : REST) | 1, 4);
    bus.write(0, STACK, 4);
    bus.write(RETURN, 0x4770, 2);
    bus.write(REST, 0xe7fe, 2);
  }

  /** Loads the program of `seed` behind those that were there before, and starts the core. */
  load(seed: number): void {
    const { rig } = this;
    const random = new Random(seed);
    const at = CODE + STRIDE * (this.programs++ % ((RAM_SIZE - CODE) / STRIDE - 2));
    const halfwords = halfwordsOf(new RandomThumb(random, FEATURES, TABLE).program(LENGTH));
    rig.bus.writeBytes(at, new Uint8Array(Uint16Array.from(halfwords).buffer));
    rig.bus.write(4, at | 1, 4);
    for (let word = 0; word < 0x400; word += 4) rig.bus.write(DATA - 0x200 + word, interestingWord(random), 4);
    rig.core.start(0);
    rig.trace.length = 0;
    const { cells } = rig.core.registers;
    for (let register = 0; register < 13; register++) cells[register] = interestingWord(random);
    for (const base of [7, 10]) cells[base] = DATA + random.below(16);
    for (const index of [6, 11]) cells[index] = random.below(16);
    for (let single = 0; single < 32; single++) cells[CELL.S0 + single] = random.u32();
    rig.core.registersChanged();
    rig.write(0xe000_ed88, 0x00f0_0000);
    rig.write(0xe000_e014, 13 + random.below(60));
    rig.write(0xe000_e018, 0);
    rig.write(0xe000_e010, 7);
  }

  /** Everything that a program can have changed, and how long it took from `start`. */
  state(start: { readonly cycle: number; readonly instructions: number }): string {
    const { core, scheduler, bus } = this.rig;
    core.sync();
    const cells = [...core.registers.cells].slice(0, CELL.S0 + 32);
    if (cells[CELL.EXCLUSIVE] === 0) cells[CELL.EXCLUSIVE_ADDRESS] = 0;
    const memory = Buffer.from(bus.readBytes(DATA - 0x1000, STACK + 0x200 - DATA + 0x1000)!).toString('latin1');
    return JSON.stringify({ cells, cycles: scheduler.now - start.cycle, executed: core.instructions - start.instructions, memory });
  }
}
