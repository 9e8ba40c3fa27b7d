/**
 * Scenarios for a Cortex-M33: a Secure program, what it lets Non-secure code call, and a Non-secure program, judged by what they trace.
 *
 * As in thumb-scenario.ts every engine must do the same, and images for QEMU's mps2-an505 are made. The machine code is kept in
 * test/cpu/thumb; THUMB_AS=1 assembles what is missing, THUMB_AS=all everything.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { CoreStop } from '../../src/cpu/core.ts';
import type { EngineFactory } from '../../src/cpu/engine.ts';
import { CORTEX_M33 } from '../../src/cpu/profile.ts';
import { Rig, type RigOptions } from './core-harness.ts';
import { QemuImages, qemuMacros, qemuPrint } from './qemu-images.ts';
import type { Segment } from './thumb.ts';
import { testName } from './thumb-scenario.ts';

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

const PROBE_MACROS = `
  .equ QEMU, 0
  .equ PROBE, 0x40000000
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
  .macro ending name, stack
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

interface Entry {
  readonly s: string;
  readonly c: string;
  readonly n: string;
  readonly symbols: Readonly<Record<string, number>>;
}

/** Options of a scenario. */
export interface SecureOptions extends RigOptions {
  /** False: nothing for QEMU. A text: QEMU is known to do otherwise, and how. */
  readonly qemu?: boolean | string;
  readonly cycles?: number;
  readonly before?: (rig: Rig) => void;
}

/** What a scenario left behind. */
export interface SecureOutcome {
  readonly rig: Rig;
  readonly stop: CoreStop;
  readonly trace: readonly number[];
  readonly symbols: Readonly<Record<string, number>>;
}

/** The scenarios of one test file, which `name` identifies. */
export class SecureScenarios {
  private readonly file: string;
  private readonly known: Record<string, Entry>;
  private readonly mode = process.env['THUMB_AS'];
  private readonly images: QemuImages;
  private readonly outcomes = new Map<string, string>();

  constructor(name: string) {
    this.images = new QemuImages(name);
    this.file = new URL(`../cpu/thumb/${name}.json`, import.meta.url).pathname;
    const fresh = this.mode === 'all' || !existsSync(this.file);
    this.known = fresh ? {} : (JSON.parse(readFileSync(this.file, 'utf8')) as Record<string, Entry>);
  }

  /** Runs `source` until `done`; checks that every engine that ran it before did the same. */
  run(engine: EngineFactory, source: SecureSource, options: SecureOptions = {}): SecureOutcome {
    const { qemu = true, cycles = 20_000, before, ...rigOptions } = options;
    const entry = this.get(source);
    const rig = new Rig(engine, { profile: CORTEX_M33, ...rigOptions });
    for (const [name, base] of Object.entries(SECTIONS)) {
      rig.bus.writeBytes(base, Uint8Array.from(Buffer.from(entry[name as keyof typeof SECTIONS], 'base64')));
    }
    rig.core.start(SECURE_MAP.secureCode);
    before?.(rig);
    const stop = rig.run(cycles);
    rig.core.sync();
    const { trace } = rig;
    const state = { stop, trace, now: rig.scheduler.now, instructions: rig.core.instructions, cells: [...rig.core.registers.cells] };
    const outcome = JSON.stringify(state);
    const key = JSON.stringify(source);
    const earlier = this.outcomes.get(key);
    if (earlier !== undefined) expect(JSON.parse(outcome), `${engine.name} against the engine before`).toEqual(JSON.parse(earlier));
    else if (qemu && before === undefined && Object.keys(rigOptions).length === 0)
      this.images.need(key, testName(engine), () => [[CORTEX_M33.name, imageOf(source)]], qemu);
    this.outcomes.set(key, outcome);
    return { rig, stop, trace, symbols: entry.symbols };
  }

  /** The trace of `source`, which must end with `done`. */
  trace(engine: EngineFactory, source: SecureSource, options: SecureOptions = {}): readonly number[] {
    const { trace, stop } = this.run(engine, source, options);
    expect(stop.kind).toBe('slice');
    return trace;
  }

  private get(source: SecureSource): Entry {
    const text = wrap(source, PROBE_MACROS);
    const key = createHash('sha256').update(text).digest('hex').slice(0, 16);
    if (!this.known[key]) {
      if (!this.mode) throw new Error(`${this.file} has no code for this source: run the test once with THUMB_AS=1`);
      this.known[key] = assemble(text);
      writeFileSync(this.file, `${JSON.stringify(this.known, null, 2)}\n`);
    }
    return this.known[key];
  }
}

function assemble(text: string): Entry {
  return inTools(text, (path) => {
    const section = (name: string): string => {
      execFileSync('arm-none-eabi-objcopy', ['-O', 'binary', '-j', `.${name}`, path('a.elf'), path(name)]);
      return existsSync(path(name)) ? readFileSync(path(name)).toString('base64') : '';
    };
    const symbols: Record<string, number> = {};
    for (const line of execFileSync('arm-none-eabi-nm', [path('a.elf')], { encoding: 'utf8' }).split('\n')) {
      const [address, type, name] = line.split(' ');
      if (name && /^[tT]$/.test(type!) && !name.startsWith('$')) symbols[name] = Number.parseInt(address!, 16);
    }
    return { s: section('s'), c: section('c'), n: section('n'), symbols };
  });
}

/** The source as an image for AN505. */
function imageOf(source: SecureSource): readonly Segment[] {
  const { s, c, n } = assemble(wrap(source, QEMU_MACROS));
  return Object.entries({ s, c, n }).flatMap(([name, code]) =>
    code === '' ? [] : [{ address: SECTIONS[name as keyof typeof SECTIONS], bytes: Uint8Array.from(Buffer.from(code, 'base64')) }],
  );
}

function inTools<T>(text: string, use: (path: (name: string) => string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'secure-'));
  const path = (name: string) => join(directory, name);
  try {
    writeFileSync(path('a.s'), `${text}\n`);
    execFileSync('arm-none-eabi-as', ['-o', path('a.o'), path('a.s')]);
    const starts = Object.entries(SECTIONS).map(([name, base]) => `--section-start=.${name}=0x${base.toString(16)}`);
    execFileSync('arm-none-eabi-ld', [...starts, '-e', '0', '-o', path('a.elf'), path('a.o')]);
    if (process.env['THUMB_KEEP']) execFileSync('cp', ['-r', directory, process.env['THUMB_KEEP']]);
    return use(path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
