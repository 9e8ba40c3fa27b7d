/** Small loops in Thumb halfwords for tests of fast-forward, and a bare core that runs them with and without it. */
import { CELL } from '../../src/cpu/core-registers.ts';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { CORTEX_M4, CORTEX_M7, type CoreProfile } from '../../src/cpu/profile.ts';
import { RAM_SIZE, Rig, SRAM } from './core-harness.ts';
import type { Random } from './random-thumb.ts';

/** Where programs begin; the vector table is below. */
export const ORIGIN = 0x200;
/** Where the SysTick handler stands. */
const HANDLER = 0x180;
/** Word that the SysTick handler counts in. */
export const TICKS = SRAM;

/** Encoders for the few instructions that loops are made of. */
export const T = {
  movs: (d: number, imm: number) => 0x2000 | (d << 8) | imm,
  adds: (d: number, imm: number) => 0x3000 | (d << 8) | imm,
  subs: (d: number, imm: number) => 0x3800 | (d << 8) | imm,
  cmp: (n: number, imm: number) => 0x2800 | (n << 8) | imm,
  addReg: (d: number, n: number, m: number) => 0x1800 | (m << 6) | (n << 3) | d,
  subReg: (d: number, n: number, m: number) => 0x1a00 | (m << 6) | (n << 3) | d,
  cmpReg: (n: number, m: number) => 0x4280 | (m << 3) | n,
  mov: (d: number, m: number) => 0x4600 | (m << 3) | d,
  lsls: (d: number, m: number, by: number) => (by << 6) | (m << 3) | d,
  lsrs: (d: number, m: number, by: number) => 0x0800 | (by << 6) | (m << 3) | d,
  /** Data processing on two low registers: 0 AND, 1 EOR, 5 ADC, 6 SBC, 8 TST, 9 RSB, 12 ORR, 13 MUL, 14 BIC, 15 MVN. */
  alu: (op: number, d: number, m: number) => 0x4000 | (op << 6) | (m << 3) | d,
  uxtb: (d: number, m: number) => 0xb2c0 | (m << 3) | d,
  uxth: (d: number, m: number) => 0xb280 | (m << 3) | d,
  ldrSp: (t: number, words: number) => 0x9800 | (t << 8) | words,
  strSp: (t: number, words: number) => 0x9000 | (t << 8) | words,
  ldr: (t: number, n: number, words: number) => 0x6800 | (words << 6) | (n << 3) | t,
  str: (t: number, n: number, words: number) => 0x6000 | (words << 6) | (n << 3) | t,
  strb: (t: number, n: number, bytes: number) => 0x7000 | (bytes << 6) | (n << 3) | t,
  ldrb: (t: number, n: number, bytes: number) => 0x7800 | (bytes << 6) | (n << 3) | t,
  push: (list: number) => 0xb400 | list,
  pop: (list: number) => 0xbc00 | list,
  it: (condition: number, mask: number) => 0xbf00 | (condition << 4) | mask,
  /** Branch over `halfwords` from the next but one halfword. */
  b: (halfwords: number) => 0xe000 | (halfwords & 0x7ff),
  bCond: (condition: number, halfwords: number) => 0xd000 | (condition << 8) | (halfwords & 0xff),
  cpsid: 0xb672,
  cpsie: 0xb662,
  nop: 0xbf00,
} as const;

/** Condition codes. */
export const EQ = 0;
export const NE = 1;
export const CS = 2;
export const CC = 3;
export const MI = 4;
export const PL = 5;
export const HI = 8;
export const LS = 9;
export const GE = 10;
export const LT = 11;
export const GT = 12;
export const LE = 13;

/** What a loop rig is like. */
export interface LoopRigOptions {
  readonly fastForward: boolean;
  readonly profile?: CoreProfile;
  /** Base-clock cycles of an instruction. */
  readonly cyclesPerInstruction?: number;
  /** Registers at the start. */
  readonly registers?: readonly (number | undefined)[];
}

/** A core about to execute `code`. R7 is 0xE000_E000, R6 the DWT, SP has room; SysTick's handler counts in TICKS. */
export function loopRig(engine: EngineFactory, code: readonly number[], options: LoopRigOptions): Rig {
  const rig = new Rig(engine, {
    fastForward: options.fastForward,
    profile: options.profile ?? CORTEX_M7,
    cyclesPerInstruction: options.cyclesPerInstruction ?? 1,
  });
  const vectors = new Uint32Array(16).fill(ORIGIN + 1);
  vectors[0] = SRAM + RAM_SIZE / 2;
  vectors[15] = HANDLER + 1;
  rig.bus.writeBytes(0, new Uint8Array(vectors.buffer));
  // movs r0, #0x20; lsls r0, r0, #24; ldr r1, [r0]; adds r1, #1; str r1, [r0]; bx lr
  rig.bus.writeBytes(HANDLER, halfwords([T.movs(0, 0x20), T.lsls(0, 0, 24), T.ldr(1, 0, 0), T.adds(1, 1), T.str(1, 0, 0), 0x4770]));
  rig.bus.writeBytes(ORIGIN, halfwords(code));
  rig.core.start(0);
  const { cells } = rig.core.registers;
  for (const [index, value] of (options.registers ?? []).entries()) if (value !== undefined) cells[index] = value;
  cells[CELL.R0 + 7] = 0xe000_e000 | 0;
  cells[CELL.R0 + 6] = 0xe000_1000 | 0;
  rig.write(0xe000_edfc, 1 << 24);
  rig.write(0xe000_1000, 1);
  return rig;
}

/** Everything that a loop may have changed. */
export function stateOf(rig: Rig): unknown {
  rig.core.sync();
  return {
    now: rig.scheduler.now,
    instructions: rig.core.instructions,
    cells: [...rig.core.registers.cells],
    sram: Array.from({ length: 64 }, (_, word) => rig.peek(SRAM + 4 * word)),
    stack: Array.from({ length: 64 }, (_, word) => rig.peek(SRAM + RAM_SIZE / 2 - 128 + 4 * word)),
    sysTick: [0x10, 0x14, 0x18].map((offset) => rig.peek(0xe000_e000 + offset)),
    trace: rig.trace,
  };
}

function halfwords(code: readonly number[]): Uint8Array {
  return new Uint8Array(Uint16Array.from(code).buffer);
}

/** Random loops: a set-up, a loop of a few instructions with an exit, and a branch back to the set-up. */
export class RandomLoops {
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** A program that never ends. */
  program(): number[] {
    const { random } = this;
    const setUp: number[] = [T.cpsie];
    for (let register = 0; register < 6; register++) {
      if (random.chance(0.3)) continue;
      setUp.push(T.movs(register, random.below(256)));
      if (random.chance(0.4)) setUp.push(T.lsls(register, register, random.below(25)));
      if (random.chance(0.2)) setUp.push(T.alu(15, register, register));
    }
    for (let word = 0; word < 3; word++) setUp.push(T.strSp(random.below(6), word));
    if (random.chance(0.4)) setUp.push(...this.sysTick());
    const body = this.body();
    const exit = body.length + 1;
    const loop = random.chance(0.7)
      ? [...body, T.bCond(random.pick([EQ, NE, NE, CS, CC, MI, PL, HI, LS, GE, LT, GT, LE]), -exit - 1)]
      : [...body, T.bCond(random.pick([EQ, CS, CC, MI, HI, LS, GE, LT]), 0), T.b(-exit - 2)];
    const program = [...setUp, ...loop];
    return [...program, T.b(-program.length - 2)];
  }

  /** Starts SysTick with a random reload value, sometimes with its interrupt. */
  private sysTick(): number[] {
    const { random } = this;
    const control = random.pick([5, 5, 7]);
    const reload = [T.movs(5, 1 + random.below(255)), T.lsls(5, 5, random.below(10)), T.adds(5, 200)];
    return [...reload, T.str(5, 7, 5), T.str(5, 7, 6), T.movs(5, control), T.str(5, 7, 4)];
  }

  private body(): number[] {
    const body: number[] = [];
    const length = 1 + this.random.below(7);
    while (body.length < length) body.push(...this.piece());
    if (this.random.chance(0.6)) body.push(...this.compare());
    return body;
  }

  private compare(): number[] {
    const { random } = this;
    const [n, m] = [random.below(6), random.below(6)];
    return [random.pick([T.cmp(n, random.below(256)), T.cmp(n, 0), T.cmpReg(n, m), T.alu(8, n, m), T.subs(n, 1)])];
  }

  private piece(): number[] {
    const { random } = this;
    const [d, n, m] = [random.below(6), random.below(6), random.below(6)];
    const small = random.pick([1, 1, 1, 2, 3, 4, 16, 255]);
    switch (random.below(22)) {
      case 0:
      case 1:
      case 2:
        return [T.adds(d, small)];
      case 3:
      case 4:
      case 5:
        return [T.subs(d, small)];
      case 6:
        return [T.addReg(d, n, m)];
      case 7:
        return [T.subReg(d, n, m)];
      case 8:
        return [T.mov(d, m)];
      case 9:
        return [T.alu(random.pick([0, 1, 5, 6, 9, 12, 13, 14, 15]), d, m)];
      case 10:
        return [random.pick([T.lsls(d, m, random.below(32)), T.lsrs(d, m, random.below(32)), T.uxtb(d, m), T.uxth(d, m)])];
      case 11:
        return [T.ldr(d, 6, 1)];
      case 12:
        return [T.ldr(d, 7, random.pick([4, 5, 6, 6]))];
      case 13:
      case 14: {
        const word = random.below(3);
        return [T.ldrSp(d, word), random.chance(0.5) ? T.adds(d, small) : T.subs(d, small), T.strSp(d, word)];
      }
      case 15:
        return [T.push(1 << d), T.mov(d, m), T.pop(1 << n)];
      case 16:
        return [T.movs(d, small)];
      case 17:
        return [T.it(random.pick([EQ, NE, CS, CC, MI, GE, LT]), 8), T.adds(d, small)];
      case 18:
        return [T.cmp(n, random.below(256)), T.bCond(random.pick([EQ, NE, CS, CC, GE, LT]), 0), T.adds(d, 1)];
      case 19:
        return [T.cpsid, T.adds(d, 1), T.cpsie];
      case 20:
        return [T.strSp(d, random.below(3))];
      default:
        return [T.mov(8, 13), T.mov(d, 8), T.strb(n, d, random.below(4)), T.ldrb(n, d, random.below(4))];
    }
  }
}

/** Cores that loops are tried on. */
export const LOOP_PROFILES: readonly CoreProfile[] = [CORTEX_M7, CORTEX_M4];
