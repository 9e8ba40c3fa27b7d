/**
 * The committed example firmware: manifest, sources and ELFs agree, and each ELF is what a loader expects. Needs no compiler; that a
 * new build gives the same bytes is checked by `node images/build.mjs --reproduce` where there is one.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Entry {
  readonly name: string;
  readonly file: string;
  readonly soc: readonly string[];
  readonly until: readonly string[];
  readonly patch?: {
    readonly of: string;
    readonly section: string;
    readonly words?: readonly (readonly [number, number])[];
    readonly size?: number;
  };
  readonly options: string;
  readonly size: number;
  readonly sha256: string;
  readonly sources: Readonly<Record<string, string>>;
}

const IMAGES = fileURLToPath(new URL('../../images', import.meta.url));
const manifest = JSON.parse(readFileSync(join(IMAGES, 'manifest.json'), 'utf8')) as {
  readonly compiler: string;
  readonly images: readonly Entry[];
};
const built = manifest.images.filter((entry) => !entry.patch);
const patched = manifest.images.filter((entry) => entry.patch);

/** Where code is linked to, where that is not 0: DDR, the Secure alias, TCML of a Cortex-M4. */
const ORIGINS: readonly (readonly [RegExp, number])[] = [
  [/_ddr/, 0x8000_0000],
  [/^trustzone/, 0x1000_0000],
  [/^imx8m[mq]_/, 0x1ffe_0000],
  [/^imx(?:7d|6sx)_/, 0x1fff_8000],
];
const FAMILY = ['imx8mm', 'imx8mn', 'imx8mq', 'imx7d', 'imx6sx'];

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const read = (file: string): Buffer => readFileSync(join(IMAGES, file));

/** An empty PATH: the check must not need a compiler. */
function check(directory: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(directory, 'build.mjs'), '--check'], { encoding: 'utf8', env: { PATH: '' } });
}

/** PT_LOAD segments of a 32-bit little-endian ELF. */
function segments(elf: Buffer): { offset: number; vaddr: number; paddr: number; filesz: number; memsz: number }[] {
  return Array.from({ length: elf.readUInt16LE(0x2c) }, (_, index) => elf.readUInt32LE(0x1c) + index * 32)
    .filter((header) => elf.readUInt32LE(header) === 1)
    .map((header) => ({
      offset: elf.readUInt32LE(header + 4),
      vaddr: elf.readUInt32LE(header + 8),
      paddr: elf.readUInt32LE(header + 12),
      filesz: elf.readUInt32LE(header + 16),
      memsz: elf.readUInt32LE(header + 20),
    }));
}

/** Section headers by name: file offset of the header, address, offset and size of the contents. */
function section(elf: Buffer, name: string): { header: number; address: number; offset: number; size: number } | undefined {
  const table = elf.readUInt32LE(0x20);
  const names = elf.readUInt32LE(table + elf.readUInt16LE(0x32) * 40 + 16);
  for (let index = 0; index < elf.readUInt16LE(0x30); index++) {
    const header = table + index * 40;
    const start = names + elf.readUInt32LE(header);
    if (elf.toString('latin1', start, elf.indexOf(0, start)) !== name) continue;
    return { header, address: elf.readUInt32LE(header + 12), offset: elf.readUInt32LE(header + 16), size: elf.readUInt32LE(header + 20) };
  }
  return undefined;
}

describe('the manifest', () => {
  it('agrees with sources, options and ELFs', () => {
    const result = check(IMAGES);
    expect(result.stderr).toBe('');
    expect(result.stdout).toBe(`${manifest.images.length} images agree with their sources\n`);
    expect(result.status).toBe(0);
  });

  it.each(manifest.images)('has the hash and size of $file', ({ file, size, sha256: hash }) => {
    expect(read(file).length).toBe(size);
    expect(sha256(read(file))).toBe(hash);
  });

  it.each(built)('has the hash of every source of $name', ({ sources }) => {
    expect(Object.keys(sources)).toEqual(expect.arrayContaining(['common/cortex-m.h', 'common/sections.ld']));
    expect(Object.keys(sources).filter((path) => /[/-]start\.c$/.test(path))).toHaveLength(1);
    for (const [path, hash] of Object.entries(sources)) expect(`${path} ${sha256(read(path))}`).toBe(`${path} ${hash}`);
  });

  it('names no path of a machine', () => {
    expect(JSON.stringify(manifest)).not.toMatch(/"\/|\s\/|=\//);
  });

  it.each(manifest.images)('says with valid expressions what a run of $name prints', ({ until }) => {
    expect(until.length).toBeGreaterThan(0);
    for (const line of until) expect(() => new RegExp(line)).not.toThrow();
  });
});

describe('build.mjs --check', () => {
  let copy: string;
  beforeAll(() => {
    copy = mkdtempSync(join(tmpdir(), 'imx-sim-manifest-'));
  });
  afterAll(() => rmSync(copy, { recursive: true }));

  const changed = (name: string, change: (directory: string) => void): ReturnType<typeof check> => {
    const directory = join(copy, name);
    cpSync(IMAGES, directory, { recursive: true });
    change(directory);
    return check(directory);
  };

  it('finds a changed source', () => {
    const { status, stderr } = changed('source', (directory) => appendFileSync(join(directory, 'hello/main.c'), '\n'));
    const users = ['imx8mp', ...FAMILY].map((soc) => `${soc}_hello`);
    expect(stderr).toBe(users.map((name) => `${name}: hello/main.c changed since it was built\n`).join(''));
    expect(status).toBe(1);
  });

  it('finds a source that is gone', () => {
    const { status, stderr } = changed('gone', (directory) => rmSync(join(directory, 'hello/main.c')));
    const users = ['imx8mp', ...FAMILY].map((soc) => `${soc}_hello`);
    expect(stderr).toBe(users.map((name) => `${name}: source hello/main.c is gone\n`).join(''));
    expect(status).toBe(1);
  });

  it('finds a changed ELF', () => {
    const { status, stderr } = changed('elf', (directory) => appendFileSync(join(directory, 'imx8mp_hello.elf'), 'x'));
    expect(stderr).toBe('imx8mp_hello.elf: not the file that was built\n');
    expect(status).toBe(1);
  });

  it('finds an ELF of no image', () => {
    const { status, stderr } = changed('stray', (directory) => writeFileSync(join(directory, 'stray.elf'), ''));
    expect(stderr).toBe('stray.elf: belongs to no image\n');
    expect(status).toBe(1);
  });

  it('finds options that the ELF was not built with', () => {
    const { status, stderr } = changed('options', (directory) => {
      const path = join(directory, 'catalogue.mjs');
      writeFileSync(
        path,
        readFileSync(path, 'utf8').replace("'-mcpu=cortex-m7', '-mfloat-abi=soft', '-Os'", "'-mcpu=cortex-m7', '-mfloat-abi=soft', '-O1'"),
      );
    });
    expect(stderr).toContain('imx8mp_hello: options differs from the catalogue\n');
    expect(status).toBe(1);
  });
});

describe.each(built)('$file', ({ file }) => {
  const elf = read(file);

  it('is a small ELF for Arm without paths of the machine that built it', () => {
    expect(elf.length).toBeLessThan(100 * 1024);
    expect(elf.subarray(0, 6)).toEqual(Buffer.from([0x7f, 0x45, 0x4c, 0x46, 1, 1]));
    expect(elf.readUInt16LE(0x12)).toBe(40);
    for (const path of ['/work', '/tmp/', '/build/', '/home/', '/root/']) expect(elf.includes(path)).toBe(false);
  });

  it('starts with a vector table whose reset vector is the entry point', () => {
    const origin = ORIGINS.find(([pattern]) => pattern.test(file))?.[1] ?? 0;
    const first = segments(elf).find(({ paddr }) => paddr === origin);
    if (!first) throw new Error(`no segment at ${origin}`);
    expect(elf.readUInt32LE(first.offset + 4)).toBe(elf.readUInt32LE(0x18));
    expect(elf.readUInt32LE(0x18) & 1).toBe(1);
    expect(elf.readUInt32LE(first.offset) % 8).toBe(0);
  });

  it('has no empty or overlapping segment in the memory that it loads', () => {
    const loaded = segments(elf).sort((a, b) => a.paddr - b.paddr);
    for (const [index, { paddr, memsz }] of loaded.entries()) {
      expect(memsz).toBeGreaterThan(0);
      const next = loaded[index + 1];
      if (next) expect(paddr + memsz).toBeLessThanOrEqual(next.paddr);
    }
  });
});

/** For remoteproc without RPMsg, and for imx_rpmsg. */
const WITHOUT_TABLE: readonly string[] = ['imx8mp_no_table', 'imx8mp_fixed'];
const withTable = built.filter(({ soc, name }) => soc.includes('imx8mp') && !WITHOUT_TABLE.includes(name));

it.each(WITHOUT_TABLE)('%s has no resource table', (name) => {
  expect(section(read(`${name}.elf`), '.resource_table')).toBeUndefined();
});

describe.each(withTable)('$file', ({ file }) => {
  it('has its resource table where Linux can write it', () => {
    const elf = read(file);
    const table = section(elf, '.resource_table');
    if (!table) throw new Error('no resource table');
    expect(table.address % 16).toBe(0);
    expect(elf.readUInt32LE(table.offset)).toBe(1);
    const home = segments(elf).find(({ vaddr, filesz }) => table.address >= vaddr && table.address + table.size <= vaddr + filesz);
    expect(home).toBeDefined();
    expect(home?.paddr).toBe(home?.vaddr);
  });
});

describe.each(patched)('$file', ({ file, patch }) => {
  it('differs from its base in the patched words and the section size only', () => {
    if (!patch) throw new Error('not a variant');
    const expected = read(`${patch.of}.elf`);
    const place = section(expected, patch.section);
    if (!place) throw new Error('no such section');
    for (const [at, word] of patch.words ?? []) expected.writeUInt32LE(word, place.offset + at);
    if (patch.size !== undefined) expected.writeUInt32LE(patch.size, place.header + 20);
    const elf = read(file);
    expect(elf.equals(expected)).toBe(true);
    expect(elf.equals(read(`${patch.of}.elf`))).toBe(false);
  });
});
