/**
 * Scenarios in Thumb code: a program is run on an engine and judged by the values that it wrote to the probe.
 *
 * The same scenario must give the same trace, cycles and registers on every engine. With THUMB_QEMU=1 in the environment and
 * qemu-system-arm installed, the trace is also compared with what QEMU's mps2-an500 says (scenarios marked `qemu: false` excepted: they
 * use the probe's interrupt lines, or test something that QEMU does not model).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { CoreStop } from '../../src/cpu/core.ts';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { Rig, type RigOptions } from './core-harness.ts';
import { assembleElf, ThumbPrograms } from './thumb.ts';

const COMMON = `
  .syntax unified
  .cpu cortex-m7
  .fpu fpv5-d16
  .thumb
  .equ SCS, 0xe000e000
  .equ ICSR, 0xe000ed04
  .equ VTOR, 0xe000ed08
  .equ AIRCR, 0xe000ed0c
  .equ SCR, 0xe000ed10
  .equ CCR, 0xe000ed14
  .equ SHPR1, 0xe000ed18
  .equ SHPR2, 0xe000ed1c
  .equ SHPR3, 0xe000ed20
  .equ SHCSR, 0xe000ed24
  .equ CFSR, 0xe000ed28
  .equ HFSR, 0xe000ed2c
  .equ DFSR, 0xe000ed30
  .equ MMFAR, 0xe000ed34
  .equ BFAR, 0xe000ed38
  .equ CPACR, 0xe000ed88
  .equ DEMCR, 0xe000edfc
  .equ STIR, 0xe000ef00
  .equ FPCCR, 0xe000ef34
  .equ FPCAR, 0xe000ef38
  .equ FPDSCR, 0xe000ef3c
  .equ SYST, 0xe000e010
  .equ ISER, 0xe000e100
  .equ ICER, 0xe000e180
  .equ ISPR, 0xe000e200
  .equ ICPR, 0xe000e280
  .equ IABR, 0xe000e300
  .equ IPR, 0xe000e400
  .equ MPU, 0xe000ed90
  .equ PENDSVSET, 0x10000000
  .equ STACK, 0x20100000
  @ Stores a constant; clobbers r0 and r1.
  .macro put address, value
    ldr r0, =\\address
    ldr r1, =\\value
    str r1, [r0]
    settle
  .endm
  .macro putb address, value
    ldr r0, =\\address
    movs r1, #\\value
    strb r1, [r0]
    settle
  .endm
  @ Loads a word from a constant address into a register.
  .macro get register, address
    ldr \\register, =\\address
    ldr \\register, [\\register]
  .endm
  @ Traces the word at an address.
  .macro tracem address
    ldr r1, =\\address
    ldr r1, [r1]
    tracer r1
  .endm
`;

/** Ours: TRACE and STOP are the probe's. `trace` clobbers r0 and r1, `tracer` r0. */
const PROBE_MACROS = `
  .equ QEMU, 0
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

/** QEMU takes interrupts only at the end of a block, which `settle` forces. Values go to a buffer at 0x6000_0000, which `done` prints through semihosting. */
const QEMU_MACROS = `
  .equ QEMU, 1
  .macro settle
    isb
  .endm
  .macro trace value
    ldr r1, =\\value
    tracer r1
  .endm
  .macro tracer register
    ldr r0, =0x60000000
    ldr r0, [r0]
    add r0, r0, #0x60000000
    str \\register, [r0, #4]
    ldr r0, =0x60000000
    push {r1}
    ldr r1, [r0]
    adds r1, #4
    str r1, [r0]
    pop {r1}
  .endm
  .macro done
    b print_and_exit
  .endm
`;

const QEMU_EXIT = `
print_and_exit:
  cpsid i
  ldr r4, =0x60000000
  ldr r5, [r4]
  ldr sp, =0x20300000
1: cbz r5, 4f
  subs r5, #4
  adds r4, #4
  ldr r6, [r4]
  movs r7, #8
2: mov r1, r6, lsr #28
  lsls r6, #4
  adds r1, #'0'
  cmp r1, #'9'
  it hi
  addhi r1, #39
  push {r1}
  mov r1, sp
  movs r0, #3
  bkpt 0xab
  add sp, #4
  subs r7, #1
  bne 2b
  movs r1, #10
  push {r1}
  mov r1, sp
  movs r0, #3
  bkpt 0xab
  add sp, #4
  b 1b
4: movs r0, #0x18
  ldr r1, =0x20026
  bkpt 0xab
  .ltorg
`;

/** Code stands in subsection 1; the vector table, which comes after it in the source, in subsection 0. */
const VECTORS = `
unexpected:
  mrs r1, ipsr
  add r1, r1, #0xe00
  tracer r1
  done
  .ltorg
  .macro vector name
    .ifdef \\name
      .word \\name + 1
    .else
      .word unexpected + 1
    .endif
  .endm
  .text 0
  .word STACK, reset + 1
  vector nmi
  vector hardfault
  vector memmanage
  vector busfault
  vector usagefault
  .word 0, 0, 0, 0
  vector svcall
  vector debugmonitor
  .word 0
  vector pendsv
  vector systick
  vector irq0
  vector irq1
  vector irq2
  vector irq3
  vector irq4
  vector irq5
  vector irq6
  vector irq7
`;

/** Options of a scenario. */
export interface ScenarioOptions extends RigOptions {
  /** False: not compared with QEMU. */
  readonly qemu?: boolean;
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

/** The scenarios of one test file, which `name` identifies. */
export class Scenarios {
  private readonly programs: ThumbPrograms;
  private readonly outcomes = new Map<string, string>();

  constructor(name: string) {
    this.programs = new ThumbPrograms(name, (source) => `${COMMON}${PROBE_MACROS}.text 1\n${source}\n  .ltorg\n${VECTORS}`);
  }

  /** Runs `source` from its label `reset` until `done`; checks that every engine that ran it before did the same. */
  run(engine: EngineFactory, source: string, options: ScenarioOptions = {}): Outcome {
    const { qemu = true, cycles = 20_000, before, ...rigOptions } = options;
    const { code, symbols } = this.programs.get(source);
    const rig = new Rig(engine, rigOptions);
    rig.bus.writeBytes(0, code);
    rig.core.start(0);
    before?.(rig);
    const stop = rig.run(cycles);
    rig.core.sync();
    const state = {
      stop,
      trace: rig.trace,
      now: rig.scheduler.now,
      instructions: rig.core.instructions,
      cells: [...rig.core.registers.cells],
    };
    const outcome = JSON.stringify(state);
    const key = `${source}${JSON.stringify(rigOptions.profile?.name)}`;
    const earlier = this.outcomes.get(key);
    if (earlier !== undefined) expect(JSON.parse(outcome), `${engine.name} against the engine before`).toEqual(JSON.parse(earlier));
    else if (qemu && process.env['THUMB_QEMU'] && rigOptions.profile === undefined)
      expect(rig.trace, 'against QEMU').toEqual(runInQemu(source));
    this.outcomes.set(key, outcome);
    return { rig, stop, trace: rig.trace, symbols };
  }

  /** The trace of `source`; the scenario must end with `done`. */
  trace(engine: EngineFactory, source: string, options: ScenarioOptions = {}): readonly number[] {
    const { trace, stop } = this.run(engine, source, options);
    expect(stop.kind).toBe('slice');
    return trace;
  }
}

function runInQemu(source: string): number[] {
  const directory = mkdtempSync(join(tmpdir(), 'qemu-'));
  try {
    const elf = join(directory, 'a.elf');
    writeFileSync(elf, assembleElf(`${COMMON}${QEMU_MACROS}.text 1\n${source}\n  .ltorg\n${QEMU_EXIT}${VECTORS}`));
    const args = ['-M', 'mps2-an500', '-semihosting', '-nographic', '-monitor', 'none', '-serial', 'none', '-kernel', elf];
    const { stdout, stderr } = spawnSync('qemu-system-arm', args, { encoding: 'utf8', timeout: 10_000 });
    return `${stdout}${stderr}`
      .split('\n')
      .filter((line) => /^[0-9a-f]{8}$/.test(line))
      .map((line) => Number.parseInt(line, 16));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
