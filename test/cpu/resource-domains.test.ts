/** Code that runs into RDC, with Thumb code on every engine and on two at once: loads, stores, fetches, and rights that change under a loop. */
import { afterEach, describe, expect, it } from 'vitest';
import type { CortexM } from '../../src/cpu/cortex-m.ts';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { jitFactory } from '../../src/cpu/jit/index.ts';
import { lockstepFactory } from '../../src/cpu/lockstep/index.ts';
import { Machine } from '../../src/machine.ts';
import { BUS_FAULT } from '../../src/memory/bus.ts';
import { loadHardware, saveHardware } from '../../src/snapshot/hardware-state.ts';
import { IMX8MN } from '../../src/soc/imx8mn.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import { ENGINES } from '../support/engines.ts';
import { ThumbPrograms } from '../support/thumb.ts';

/** The program's notes: words in OCRAM_S, which is open. */
const NOTES = 0x0018_0000;

const GPIO1 = 0x3020_0000;
const GPIO2 = 0x3021_0000;

const programs = new ThumbPrograms(
  'resource-domains',
  (source) => `
  .syntax unified
  .cpu cortex-m7
  .thumb
  .equ RDC, 0x303d0000
  .equ GPIO1, 0x30200000
  .equ CLOSED, 0x400000f3
  .equ READ_ONLY, 0x400000fb
  .equ OPEN, 0x400000ff
  .macro put address, value
    ldr r0, =\\address
    ldr r1, =\\value
    str r1, [r0]
  .endm
  .macro note register
    str \\register, [r7], #4
  .endm
  .macro notem address
    ldr r0, =\\address
    ldr r1, [r0]
    note r1
  .endm
  .macro control value
    put RDC+0x8c8, \\value
  .endm
  .word 0x20001000, reset + 1, 0, fault + 1, 0, fault + 1
  @ Notes CFSR, BFAR and MRVS and clears them, then opens everything.
fault:
  notem 0xe000ed28
  put 0xe000ed28, 0xffffffff
  notem 0xe000ed38
  notem RDC+0x8cc
  put RDC+0x8cc, 0x10
  control OPEN
  put RDC+0x400, 0xff
  bx lr
  .ltorg
reset:
  ldr r7, =${NOTES}
  put 0xe000ed24, 0x70000
  put RDC+0x204, 1
  put 0x30340028, 4
  put RDC+0x8c0, 0x480800
  put RDC+0x8c4, 0x481000
  ${source}
  b .
  .ltorg
`,
);

let machine: Machine | undefined;
afterEach(() => machine?.dispose());

/** What the program noted, where it ended and how many instructions that took. */
function run(
  engine: EngineFactory,
  source: string,
  fastForward = true,
): { notes: number[]; pc: number; instructions: number; findings: string[] } {
  machine = new Machine({ soc: IMX8MP, engine, linux: false, fastForward });
  const view = machine.view('m7');
  const { code } = programs.get(source);
  view.writeBytes(0, code);
  machine.core.start(0);
  machine.run(40_000);
  const core = machine.core as CortexM;
  core.sync();
  const notes: number[] = [];
  for (let at = NOTES; at < core.registers.r(7); at += 4) notes.push(view.peek(at, 4));
  const { pc, instructions } = core;
  return { notes, pc, instructions, findings: machine.diagnostics.all.map(({ register, count }) => `${register} ${count}`) };
}

const BUS_READ = 0x8200;
const BUS_FETCH = 0x0100;
/** What MRVS holds of 0x90_1000 for domain 1. */
const VIOLATION = 0x0048_0811;

describe.each([...ENGINES, lockstepFactory(jitFactory, interpreterFactory)])('RDC on $name', (engine) => {
  it('makes a load of closed memory a precise BusFault, which goes on once the memory is open', () => {
    const { notes, findings } = run(
      engine,
      `
  ldr r4, =0x901000
  ldr r5, =0x1234567
  str r5, [r4, #4]
  ldr r6, [r4, #4]
  control CLOSED
  ldr r6, [r4, #4]
  note r6`,
    );
    expect(notes).toEqual([BUS_READ, 0x0090_1004, VIOLATION, 0x0123_4567]);
    expect(findings).toEqual(['MRC[12] 1']);
  });

  it('lets the first closed store of a loop fault, whichever way the M7 sees the memory', () => {
    const { notes } = run(
      engine,
      `
  ldr r4, =0x20201000
  movs r5, #0
1:str r5, [r4, r5, lsl #2]
  adds r5, #1
  cmp r5, #40
  bne 2f
  control READ_ONLY
2:cmp r5, #60
  bne 1b
  ldr r6, [r4, #160]
  ldr r5, [r4, #236]
  note r6
  note r5`,
    );
    // 0x90_10a0.
    expect(notes).toEqual([BUS_READ, 0x2020_10a0, 0x0048_0851, 40, 59]);
  });

  it('fetches no code from closed memory', () => {
    const { notes, findings } = run(
      engine,
      `
  ldr r4, =0x901000
  ldr r5, =0x47703601    @ adds r6, #1; bx lr
  str r5, [r4]
  dsb
  isb
  movs r6, #1
  adds r4, #1
  movs r5, #20
1:blx r4
  subs r5, #1
  bne 1b
  control CLOSED
  blx r4
  note r6`,
    );
    expect(notes).toEqual([BUS_FETCH, 0, VIOLATION, 22]);
    expect(findings).toEqual(['MRC[12] 1']);
  });

  it('closes registers under a loop that polls them, with and without fast-forward', () => {
    const source = `
  ldr r4, =GPIO1
  movs r5, #30
1:ldr r6, [r4, #4]
  subs r5, #1
  bne 1b
  put RDC+0x400, 0xf3
2:ldr r6, [r4, #4]
  cmp r6, #0
  bne 2b
  movs r6, #77
  note r6
3:ldr r6, [r4, #4]
  b 3b`;
    const { notes, pc, instructions, findings } = run(engine, source);
    expect(notes).toEqual([BUS_READ, 0x3020_0004, 0, 77]);
    expect(findings).toEqual(['PDAP[0] 1']);
    machine?.dispose();
    expect(run(engine, source, false)).toMatchObject({ notes, pc, instructions });
  });
});

describe('RDC in a snapshot', () => {
  it('closes what was closed, in a machine where it was open', () => {
    machine = new Machine({ soc: IMX8MN, linux: false, engine: interpreterFactory });
    const { core } = machine;
    const [m7, linux] = [machine.view('m7'), machine.view('linux')];
    linux.write(0x303d_0204, 1, 4);
    linux.write(0x303d_0400, 0x4000_00ff, 4);
    m7.write(0x303b_0000, 7, 1);
    linux.write(0x303d_0404, 0xf3, 4);
    const rights = () => [m7.read(GPIO1, 4), linux.read(GPIO1, 4), m7.read(GPIO2, 4)].map((value) => value !== BUS_FAULT);
    expect(rights()).toEqual([true, false, false]);
    const state = saveHardware(machine);
    m7.write(0x303b_0000, 0, 1);
    linux.write(0x303d_0404, 0xff, 4);
    expect(rights()).toEqual([false, false, true]);
    loadHardware(machine, state);
    expect([...rights(), machine.core]).toEqual([true, false, false, core]);
  });
});
