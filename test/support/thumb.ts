/**
 * Thumb programs for tests: the source stands in the test, the machine code in a JSON file beside it, so that no assembler is needed.
 *
 * After changing a source run the test file once with THUMB_AS=1 in the environment and arm-none-eabi binutils installed; that assembles
 * what is missing. THUMB_AS=all assembles everything and drops what is no longer used (run the whole file then).
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program linked at address 0. */
export interface ThumbProgram {
  readonly code: Uint8Array;
  /** Address of each label. */
  readonly symbols: Readonly<Record<string, number>>;
}

interface Entry {
  readonly code: string;
  readonly symbols: Readonly<Record<string, number>>;
}

/** The programs of one test file. */
export class ThumbPrograms {
  private readonly file: string;
  private readonly wrap: (source: string) => string;
  private readonly known: Record<string, Entry>;
  private readonly mode = process.env['THUMB_AS'];

  /** `name` is that of the JSON file in test/cpu/thumb; `wrap` makes a whole assembler file of a source. */
  constructor(name: string, wrap: (source: string) => string) {
    this.file = new URL(`../cpu/thumb/${name}.json`, import.meta.url).pathname;
    this.wrap = wrap;
    const fresh = this.mode === 'all' || !existsSync(this.file);
    this.known = fresh ? {} : (JSON.parse(readFileSync(this.file, 'utf8')) as Record<string, Entry>);
  }

  /** The machine code of `source`. */
  get(source: string): ThumbProgram {
    const text = this.wrap(source);
    const key = createHash('sha256').update(text).digest('hex').slice(0, 16);
    if (!this.known[key]) {
      if (!this.mode) throw new Error(`${this.file} has no code for this source: run the test once with THUMB_AS=1`);
      this.known[key] = assemble(text);
      writeFileSync(this.file, `${JSON.stringify(this.known, null, 2)}\n`);
    }
    const { code, symbols } = this.known[key];
    return { code: Uint8Array.from(Buffer.from(code, 'base64')), symbols };
  }
}

/** Bytes at an address. */
export interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Assembles and links `text` at `address`; needs arm-none-eabi binutils. */
export function assembleAt(address: number, text: string): Segment {
  return inTools(
    text,
    (path) => {
      execFileSync('arm-none-eabi-objcopy', ['-O', 'binary', path('a.elf'), path('a.bin')]);
      return { address, bytes: new Uint8Array(readFileSync(path('a.bin'))) };
    },
    address,
  );
}

function assemble(text: string): Entry {
  return inTools(text, (path) => {
    execFileSync('arm-none-eabi-objcopy', ['-O', 'binary', path('a.elf'), path('a.bin')]);
    const symbols: Record<string, number> = {};
    for (const line of execFileSync('arm-none-eabi-nm', [path('a.elf')], { encoding: 'utf8' }).split('\n')) {
      const [address, type, name] = line.split(' ');
      if (name && /^[tT]$/.test(type!) && !name.startsWith('$') && !name.startsWith('_')) symbols[name] = Number.parseInt(address!, 16);
    }
    return { code: readFileSync(path('a.bin')).toString('base64'), symbols };
  });
}

function inTools<T>(text: string, use: (path: (name: string) => string) => T, address = 0): T {
  const directory = mkdtempSync(join(tmpdir(), 'thumb-'));
  const path = (name: string) => join(directory, name);
  try {
    writeFileSync(path('a.s'), `${text}\n`);
    execFileSync('arm-none-eabi-as', ['-o', path('a.o'), path('a.s')]);
    execFileSync('arm-none-eabi-ld', [`-Ttext=0x${address.toString(16)}`, '-e', '0', '-o', path('a.elf'), path('a.o')]);
    return use(path);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
