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

/** What was made of the assembler texts of one test file: kept in test/cpu/thumb/`name`.json by a hash of the text. */
export class KeptCode<Entry> {
  private readonly file: string;
  private readonly assemble: (text: string) => Entry;
  private readonly known: Record<string, Entry>;
  private readonly mode = process.env['THUMB_AS'];

  constructor(name: string, assemble: (text: string) => Entry) {
    this.file = new URL(`../cpu/thumb/${name}.json`, import.meta.url).pathname;
    this.assemble = assemble;
    const fresh = this.mode === 'all' || !existsSync(this.file);
    this.known = fresh ? {} : (JSON.parse(readFileSync(this.file, 'utf8')) as Record<string, Entry>);
  }

  get(text: string): Entry {
    const key = createHash('sha256').update(text).digest('hex').slice(0, 16);
    const known = this.known[key];
    if (known) return known;
    if (!this.mode) throw new Error(`${this.file} has no code for this source: run the test once with THUMB_AS=1`);
    const entry = this.assemble(text);
    this.known[key] = entry;
    writeFileSync(this.file, `${JSON.stringify(this.known, null, 2)}\n`);
    return entry;
  }
}

interface Entry {
  readonly code: string;
  readonly symbols: ThumbProgram['symbols'];
}

/** The programs of one test file. */
export class ThumbPrograms {
  private readonly wrap: (source: string) => string;
  private readonly kept: KeptCode<Entry>;

  /** `name` is that of the JSON file in test/cpu/thumb; `wrap` makes a whole assembler file of a source. */
  constructor(name: string, wrap: (source: string) => string) {
    this.wrap = wrap;
    this.kept = new KeptCode(name, assemble);
  }

  /** The machine code of `source`. */
  get(source: string): ThumbProgram {
    const { code, symbols } = this.kept.get(this.wrap(source));
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
  return link(text, [`-Ttext=0x${address.toString(16)}`], ({ binary }) => ({ address, bytes: new Uint8Array(binary()) }));
}

function assemble(text: string): Entry {
  return link(text, ['-Ttext=0'], ({ binary, symbols }) => ({ code: binary().toString('base64'), symbols: symbols() }));
}

/** A linked program while its file is there. */
interface Linked {
  /** Its bytes, or those of one section; empty where there is no such section. */
  binary(section?: string): Buffer;
  /** Address of each label. */
  symbols(): Record<string, number>;
}

/** Assembles `text`, links it with `placement` and returns what `use` makes of it; needs arm-none-eabi binutils. */
export function link<T>(text: string, placement: readonly string[], use: (linked: Linked) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'thumb-'));
  const path = (name: string) => join(directory, name);
  const binary = (section?: string): Buffer => {
    const file = path(`${section ?? 'all'}.bin`);
    execFileSync('arm-none-eabi-objcopy', ['-O', 'binary', ...(section ? ['-j', section] : []), path('a.elf'), file]);
    return existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  };
  const symbols = (): Record<string, number> => {
    const found: Record<string, number> = {};
    for (const line of execFileSync('arm-none-eabi-nm', [path('a.elf')], { encoding: 'utf8' }).split('\n')) {
      const [address, type, name] = line.split(' ');
      // What begins with an underscore is the linker's.
      if (name && /^[tT]$/.test(type!) && !/^[$_]/.test(name)) found[name] = Number.parseInt(address!, 16);
    }
    return found;
  };
  try {
    writeFileSync(path('a.s'), `${text}\n`);
    execFileSync('arm-none-eabi-as', ['-o', path('a.o'), path('a.s')]);
    execFileSync('arm-none-eabi-ld', [...placement, '-e', '0', '-o', path('a.elf'), path('a.o')]);
    return use({ binary, symbols });
  } finally {
    rmSync(directory, { recursive: true });
  }
}
