/**
 * Scenarios for a Cortex-M33: a Secure program, what it lets Non-secure code call, and a Non-secure program; scenario.ts says how they are
 * judged. Their images are for QEMU's mps2-an505.
 */
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { CORTEX_M33 } from '../../src/cpu/profile.ts';
import { Rig, type RigOptions } from './core-harness.ts';
import { qemuMacros, qemuPrint } from './qemu-images.ts';
import { PROBE_MACROS, ScenarioFile } from './scenario.ts';
import { KeptCode, link, type Segment } from './thumb.ts';

/** Where the parts stand. The two halves of each memory are Secure (seen at the alias with bit 28) and Non-secure. */
export const SECURE_MAP = {
  secureCode: 0x1000_0000,
  callable: 0x1000_8000,
  nonSecureCode: 0x0008_0000,
  secureData: 0x3800_0000,
  nonSecureData: 0x2808_0000,
  secureStack: 0x3800_8000,
  nonSecureStack: 0x2809_0000,
  nonSecureProcessStack: 0x280a_0000,
} as const;

const COMMON = `
  .syntax unified
  .cpu cortex-m33
  .fpu fpv5-sp-d16
  .thumb
  .equ SCS, 0xe000e000
  .equ SYST, 0xe000e010
  .equ ISER, 0xe000e100
  .equ ISPR, 0xe000e200
  .equ ICPR, 0xe000e280
  .equ IABR, 0xe000e300
  .equ ITNS, 0xe000e380
  .equ IPR, 0xe000e400
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
  .equ MMFAR, 0xe000ed34
  .equ BFAR, 0xe000ed38
  .equ CPACR, 0xe000ed88
  .equ NSACR, 0xe000ed8c
  .equ MPU, 0xe000ed90
  .equ SAU, 0xe000edd0
  .equ SFSR, 0xe000ede4
  .equ SFAR, 0xe000ede8
  .equ STIR, 0xe000ef00
  .equ FPCCR, 0xe000ef34
  .equ FPCAR, 0xe000ef38
  .equ FPDSCR, 0xe000ef3c
  .equ ALIAS, 0x20000
  .equ PENDSVSET, 0x10000000
  .equ S_STACK, 0x38008000
  .equ NS_STACK, 0x28090000
  .equ NS_PSTACK, 0x280a0000
  .equ S_DATA, 0x38000000
  .equ NS_DATA, 0x28080000
  @ Stores a constant; clobbers r0 and r1.
  .macro put address, value
    ldr r0, =\\address
    ldr r1, =\\value
    str r1, [r0]
    settle
  .endm
  .macro get register, address
    ldr \\register, =\\address
    ldr \\register, [\\register]
  .endm
  .macro tracem address
    ldr r1, =\\address
    ldr r1, [r1]
    tracer r1
  .endm
  .macro sau region, base, limit
    put SAU + 8, \\region
    put SAU + 12, \\base
    put SAU + 16, \\limit
  .endm
`;

const OUR_MACROS = `
  .equ QEMU, 0
  .equ PROBE, 0x40000000${PROBE_MACROS}  .macro ending name, stack
  .endm
`;

const BUFFER = 0x8000_0000;

/** Values go to a buffer in AN505's PSRAM, which `done` prints through semihosting. */
const QEMU_MACROS = `${qemuMacros(BUFFER)}
  .equ PROBE, ${BUFFER}
  .macro done
    b 9900f
  .endm
  .macro ending name, stack
9900:
  cpsid i
  movs r0, #0
  msr msplim, r0
  msr psplim, r0
  ldr r0, =\\stack
${qemuPrint(BUFFER)}
  .endm
`;

/** Start-up of the Secure program: attribution, the Non-secure state's stacks and vectors, AN505's memory and security controllers; then `main`. */
const START = `
  @ Gives the second half of the first MiB behind a memory protection controller to Non-secure accesses: a bit for each block.
  .macro release controller
    ldr r0, =\\controller
    ldr r1, [r0, #0x14]
    and r1, r1, #15
    adds r1, #10
    mov r2, #0x80000
    lsrs r2, r1
    str r2, [r0, #0x18]
    mov r1, #-1
1:  str r1, [r0, #0x1c]
    subs r2, #1
    bne 1b
  .endm
reset:
  .if QEMU
  put 0x50080014, 3
  release 0x58007000
  release 0x58008000
  .endif
  sau 0, 0x00080000, 0x000fffe1
  sau 1, 0x28080000, 0x280fffe1
  sau 2, 0x10008000, 0x10008fe3
  sau 3, PROBE, PROBE + 0xffe1
  put SAU, 1
  put VTOR + ALIAS, 0x00080000
  ldr r0, =NS_STACK
  msr msp_ns, r0
  ldr r0, =NS_PSTACK
  msr psp_ns, r0
  movs r0, #0
  b main
  .ltorg
`;

const VECTOR_NAMES = [
  'nmi',
  'hardfault',
  'memmanage',
  'busfault',
  'usagefault',
  'securefault',
  '',
  '',
  '',
  'svcall',
  'debugmonitor',
  '',
  'pendsv',
  'systick',
  ...Array.from({ length: 8 }, (_, line) => `irq${line}`),
];

const vectors = (prefix: string, section: string, stack: string, marker: number): string => `
${prefix}unexpected:
  mrs r1, ipsr
  add r1, r1, #${marker}
  tracer r1
  done
  ending x, ${stack}
  .ltorg
  ${section} 0
  .word ${stack}, ${prefix === '' ? 'reset' : 'ns_unexpected'} + 1
${VECTOR_NAMES.map((name) => (name === '' ? '  .word 0' : `  vector ${prefix}${name}, ${prefix}unexpected`)).join('\n')}
`;

const VECTOR_MACRO = `
  .macro vector name, otherwise
    .ifdef \\name
      .word \\name + 1
    .else
      .word \\otherwise + 1
    .endif
  .endm
`;

/** The programs of a scenario; `main` is where the Secure one begins. */
export interface SecureSource {
  readonly secure: string;
  /** Code of the Non-secure callable region. */
  readonly callable?: string;
  readonly nonSecure?: string;
}

const wrap = ({ secure, callable = '', nonSecure = '' }: SecureSource, macros: string): string => `${COMMON}${macros}${VECTOR_MACRO}
  .section .s, "ax"
  .subsection 1
${START}
${secure}
  .ltorg
${vectors('', '.subsection', 'S_STACK', 0xe00)}
  .section .c, "ax"
${callable}
  .ltorg
  .section .n, "ax"
  .subsection 1
${nonSecure}
  .ltorg
${vectors('ns_', '.subsection', 'NS_STACK', 0xf00)}
`;

const SECTIONS = { s: SECURE_MAP.secureCode, c: SECURE_MAP.callable, n: SECURE_MAP.nonSecureCode } as const;
const PLACEMENT = Object.entries(SECTIONS).map(([name, base]) => `--section-start=.${name}=0x${base.toString(16)}`);

/** Machine code of each section in base64. */
type Code = Readonly<Record<keyof typeof SECTIONS, string>>;

interface Entry extends Code {
  readonly symbols: Readonly<Record<string, number>>;
}

function assemble(text: string): Entry {
  return link(text, PLACEMENT, ({ binary, symbols }) => {
    const section = (name: string): string => binary(`.${name}`).toString('base64');
    return { s: section('s'), c: section('c'), n: section('n'), symbols: symbols() };
  });
}

/** The sections that have code. */
function segmentsOf({ s, c, n }: Code): readonly Segment[] {
  return Object.entries({ s, c, n }).flatMap(([name, code]) =>
    code === '' ? [] : [{ address: SECTIONS[name as keyof Code], bytes: Uint8Array.from(Buffer.from(code, 'base64')) }],
  );
}

/** The scenarios of one test file, which `name` identifies. */
export class SecureScenarios extends ScenarioFile<SecureSource> {
  private readonly kept: KeptCode<Entry>;

  constructor(name: string) {
    super(name);
    this.kept = new KeptCode(name, assemble);
  }

  protected keyOf(source: SecureSource): string {
    return JSON.stringify(source);
  }

  protected start(engine: EngineFactory, source: SecureSource, options: RigOptions) {
    const entry = this.kept.get(wrap(source, OUR_MACROS));
    const rig = new Rig(engine, { profile: CORTEX_M33, ...options });
    for (const { address, bytes } of segmentsOf(entry)) rig.bus.writeBytes(address, bytes);
    rig.core.start(SECURE_MAP.secureCode);
    return { rig, symbols: entry.symbols };
  }

  protected imagesOf(source: SecureSource) {
    return [[CORTEX_M33.name, segmentsOf(assemble(wrap(source, QEMU_MACROS)))] as const];
  }
}
