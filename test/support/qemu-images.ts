/**
 * Scenarios as images for QEMU's MPS2 boards: the source of a scenario (thumb-scenario.ts, secure-scenario.ts) with macros that collect traced
 * values in the board's PSRAM and print them through semihosting at its end.
 *
 * The images are kept in test/differential/images, so that CI needs QEMU but no assembler; THUMB_AS=1 makes what is missing, as it does for
 * the scenarios' own code. test/differential/exceptions.test.ts runs them.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { CORTEX_M4, CORTEX_M7, CORTEX_M33, type CoreProfile } from '../../src/cpu/profile.ts';
import type { Segment } from './thumb.ts';

/** A board of QEMU and the core on it that is ours. */
export interface QemuBoard {
  readonly machine: string;
  readonly profile: CoreProfile;
  /** Where its vector table is, and the memory in which values are collected. */
  readonly vectors: number;
  readonly buffer: number;
}

/** MPS2 with the three cores. */
export const QEMU_BOARDS: readonly QemuBoard[] = [
  { machine: 'mps2-an386', profile: { ...CORTEX_M4, bitBand: true }, vectors: 0, buffer: 0x2100_0000 },
  { machine: 'mps2-an500', profile: CORTEX_M7, vectors: 0, buffer: 0x6000_0000 },
  { machine: 'mps2-an505', profile: CORTEX_M33, vectors: 0x1000_0000, buffer: 0x8000_0000 },
];

/** Parts of an image: address and compressed bytes in base64. */
type Parts = readonly (readonly [address: number, bytes: string])[];

/** The images of one scenario by core. */
interface QemuScenario {
  readonly test: string;
  /** What QEMU is known to do otherwise. */
  readonly deviation?: string;
  readonly images: Readonly<Record<string, Parts>>;
}

const DIRECTORY = new URL('../differential/images/', import.meta.url).pathname;

/** The scenarios of one test file. */
export class QemuImages {
  private readonly file: string;
  private readonly mode = process.env['THUMB_AS'];
  private readonly known: Record<string, QemuScenario>;
  private readonly counts = new Map<string, number>();
  private readonly seen = new Set<string>();

  constructor(name: string) {
    this.file = join(DIRECTORY, `${name}.json`);
    this.known = this.mode === 'all' ? {} : readScenarios(this.file);
  }

  /**
   * Sees to it that there are images of `text`, which `make` assembles by core. `test` is the name of the test that has the scenario, `qemu`
   * a text where QEMU is known to do otherwise.
   */
  need(text: string, test: string, make: () => readonly (readonly [core: string, image: readonly Segment[]])[], qemu: true | string): void {
    const key = createHash('sha256').update(text).digest('hex').slice(0, 16);
    if (this.seen.has(key)) return;
    this.seen.add(key);
    // Tests that run several programs number them.
    const count = (this.counts.get(test) ?? 0) + 1;
    this.counts.set(test, count);
    if (this.known[key]) return;
    if (!this.mode) throw new Error(`${this.file} has no image of this source: run the test file once with THUMB_AS=1`);
    const images = Object.fromEntries(make().map(([core, image]) => [core, pack(image)]));
    this.known[key] = { test: count === 1 ? test : `${test} (${count})`, ...(qemu === true ? {} : { deviation: qemu }), images };
    mkdirSync(DIRECTORY, { recursive: true });
    writeFileSync(this.file, `${JSON.stringify(this.known, null, 2)}\n`);
  }
}

const pack = (segments: readonly Segment[]): Parts =>
  segments.map(({ address, bytes }) => [address, deflateRawSync(bytes, { level: 9 }).toString('base64')] as const);

const readScenarios = (file: string): Record<string, QemuScenario> =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, QemuScenario>) : {};

/** A scenario on a board. */
export interface QemuCase {
  /** Test file and test. */
  readonly name: string;
  readonly segments: readonly Segment[];
  /** What QEMU is known to do otherwise. */
  readonly deviation: string | undefined;
}

/** Everything that there is for a board. */
export function qemuCases({ profile }: QemuBoard): readonly QemuCase[] {
  return readdirSync(DIRECTORY).flatMap((file) =>
    Object.values(readScenarios(join(DIRECTORY, file))).flatMap(({ test, images, deviation }) => {
      const parts = images[profile.name];
      if (!parts) return [];
      const segments = parts.map(([address, bytes]) => ({ address, bytes: new Uint8Array(inflateRawSync(Buffer.from(bytes, 'base64'))) }));
      return [{ name: `${file.replace('.json', '')}: ${test}`, segments, deviation }];
    }),
  );
}

/** QEMU's version, or undefined where there is none. */
export function qemuVersion(): string | undefined {
  const { stdout, status } = spawnSync('qemu-system-arm', ['--version'], { encoding: 'utf8' });
  return status === 0 ? /version (\S+)/.exec(stdout)?.[1] : undefined;
}

/** Lines that the image prints on a board of QEMU; the last says so when it did not come to an end. */
export function runInQemu({ machine }: QemuBoard, segments: readonly Segment[]): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'qemu-'));
  try {
    const path = join(directory, 'image.elf');
    writeFileSync(path, elfOf(segments));
    const args = ['-M', machine, '-semihosting', '-nographic', '-monitor', 'none', '-serial', 'none', '-kernel', path];
    const { stdout, stderr, status } = spawnSync('qemu-system-arm', args, { encoding: 'utf8', timeout: 10_000 });
    const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !/^Timer with period zero/.test(line));
    return status === 0 ? lines : [...lines, `(no end: status ${status})`];
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** An executable of segments only. */
function elfOf(segments: readonly Segment[]): Uint8Array {
  const headers = 52 + 32 * segments.length;
  const elf = new Uint8Array(headers + segments.reduce((sum, { bytes }) => sum + bytes.length, 0));
  const view = new DataView(elf.buffer);
  elf.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  for (const [at, value] of [
    [16, 2], // ET_EXEC
    [18, 40], // EM_ARM
    [40, 52],
    [42, 32],
    [44, segments.length],
  ] as const)
    view.setUint16(at, value, true);
  view.setUint32(20, 1, true);
  view.setUint32(28, 52, true);
  view.setUint32(36, 0x0500_0000, true);
  let offset = headers;
  for (const [index, { address, bytes }] of segments.entries()) {
    const header = [1, offset, address, address, bytes.length, bytes.length, 7, 4];
    for (const [k, value] of header.entries()) view.setUint32(52 + 32 * index + 4 * k, value, true);
    elf.set(bytes, offset);
    offset += bytes.length;
  }
  return elf;
}

/** Macros of a scenario that collect values at `buffer`; QEMU takes interrupts only at the end of a block, which `settle` forces. */
export const qemuMacros = (buffer: number): string => `
  .equ QEMU, 1
  .macro settle
    isb
  .endm
  .macro trace value
    ldr r1, =\\value
    tracer r1
  .endm
  .macro tracer register
    ldr r0, =${buffer}
    ldr r0, [r0]
    add r0, r0, #${buffer}
    str \\register, [r0, #4]
    ldr r0, =${buffer}
    push {r1}
    ldr r1, [r0]
    adds r1, #4
    str r1, [r0]
    pop {r1}
  .endm
`;

/** Code that prints what was collected at `buffer`, in hexadecimal and lines, and exits; r0 is the stack to print with. */
export const qemuPrint = (buffer: number): string => `
  mov sp, r0
  ldr r4, =${buffer}
  ldr r5, [r4]
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
