/**
 * Scenarios in Thumb code for any core in its only (or its Secure) state; scenario.ts says how they are judged.
 *
 * Their images run on a Cortex-M4, M7 and M33, under QEMU and on our engines: test/differential/exceptions.test.ts.
 */
import type { EngineFactory } from '../../src/cpu/engine.ts';
import type { CoreProfile } from '../../src/cpu/profile.ts';
import { Rig, type RigOptions } from './core-harness.ts';
import { QEMU_BOARDS, type QemuBoard, qemuMacros, qemuPrint } from './qemu-images.ts';
import { PROBE_MACROS, ScenarioFile } from './scenario.ts';
import { assembleAt, type Segment, ThumbPrograms } from './thumb.ts';

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

/** The source as an image for one of QEMU's boards; on AN505 it runs in Secure state. */
function imageOf(source: string, { profile, vectors, buffer }: QemuBoard): readonly Segment[] {
  const v8m = profile.architecture === 'armv8-m';
  const common = v8m
    ? COMMON.replace('cortex-m7', 'cortex-m33').replace('fpv5-d16', 'fpv5-sp-d16').replace('STACK, 0x2010', 'STACK, 0x3810')
    : COMMON;
  // Scenarios with an MPU have a region for the buffer. AN505 has 32 KiB at 0x2000_0000 and megabytes at 0x3800_0000.
  const elsewhere = source.replaceAll('0x60000000', `0x${buffer.toString(16)}`);
  const text = v8m ? elsewhere.replaceAll(/0x20(?=[01][0-9a-f]{5}\b)/g, '0x38') : elsewhere;
  const done = '\n  .macro done\n    b print_and_exit\n  .endm\n';
  const limits = v8m ? '  movs r0, #0\n  msr msplim, r0\n  msr psplim, r0\n' : '';
  const exit = `print_and_exit:\n  cpsid i\n${limits}  ldr r0, =${v8m ? '0x38300000' : '0x20300000'}\n${qemuPrint(buffer)}`;
  return [assembleAt(vectors, `${common}${qemuMacros(buffer)}${done}.text 1\n${text}\n  .ltorg\n${exit}${VECTORS}`)];
}

/** The scenarios of one test file, which `name` identifies; a source begins at its label `reset`. */
export class Scenarios extends ScenarioFile<string> {
  private readonly programs: ThumbPrograms;

  constructor(name: string) {
    super(name);
    this.programs = new ThumbPrograms(name, (source) => `${COMMON}\n  .equ QEMU, 0${PROBE_MACROS}.text 1\n${source}\n  .ltorg\n${VECTORS}`);
  }

  protected keyOf(source: string, profile: CoreProfile | undefined): string {
    return `${source}${profile?.name ?? ''}`;
  }

  protected start(engine: EngineFactory, source: string, options: RigOptions) {
    const { code, symbols } = this.programs.get(source);
    const rig = new Rig(engine, options);
    rig.bus.writeBytes(0, code);
    rig.core.start(0);
    return { rig, symbols };
  }

  protected imagesOf(source: string, profile: CoreProfile | undefined) {
    return QEMU_BOARDS.flatMap((board) => {
      const { name, architecture } = board.profile;
      // The MPU of ARMv8-M is another one.
      if ((profile !== undefined && profile.name !== name) || (architecture === 'armv8-m' && /\bMPU\b/.test(source))) return [];
      return [[name, imageOf(source, board)] as const];
    });
  }
}
