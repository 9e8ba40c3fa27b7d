/** Builds small ELF32 files byte by byte, so that tests can break any field of them. */

export interface TestSegment {
  readonly da: number;
  readonly vaddr?: number;
  readonly data?: Uint8Array;
  readonly memsz?: number;
  readonly type?: number;
}

export interface TestSection {
  readonly name: string;
  readonly type?: number;
  readonly addr?: number;
  readonly data: Uint8Array;
  readonly link?: number;
}

export interface TestElf {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly phoff: number;
  readonly shoff: number;
  /** Offset of the section header of that name. */
  header(name: string): number;
  /** Offset of the contents of the section of that name. */
  contents(name: string): number;
}

const align = (n: number, to = 4): number => Math.ceil(n / to) * to;

/** An executable for ARM with `segments`, then `sections` (a null section before and `.shstrtab` after them). */
export function buildElf(options: { segments: readonly TestSegment[]; sections?: readonly TestSection[]; entry?: number }): TestElf {
  const { segments, entry = 0x401 } = options;
  const all: TestSection[] = [{ name: '', type: 0, data: new Uint8Array() }, ...(options.sections ?? [])];
  let names = '';
  const nameAt = [...all.map(({ name }) => name), '.shstrtab'].map((name) => {
    const at = names.length;
    names += `${name}\0`;
    return at;
  });
  all.push({ name: '.shstrtab', type: 3, data: new TextEncoder().encode(names) });
  const phoff = 52;
  let at = phoff + 32 * segments.length;
  const segmentAt = segments.map(({ data }) => {
    const here = at;
    at = align(at + (data?.length ?? 0));
    return here;
  });
  const sectionAt = all.map(({ data }) => {
    const here = at;
    at = align(at + data.length);
    return here;
  });
  const shoff = at;
  const bytes = new Uint8Array(shoff + 40 * all.length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  const half = (offset: number, value: number): void => view.setUint16(offset, value, true);
  const word = (offset: number, ...values: number[]): void => {
    for (const [i, value] of values.entries()) view.setUint32(offset + 4 * i, value, true);
  };
  half(16, 2);
  half(18, 40);
  word(20, 1, entry, phoff, shoff, 0x0500_0200);
  half(40, 52);
  half(42, 32);
  half(44, segments.length);
  half(46, 40);
  half(48, all.length);
  half(50, all.length - 1);
  for (const [i, { da, vaddr = da, data = new Uint8Array(), memsz = data.length, type = 1 }] of segments.entries()) {
    word(phoff + 32 * i, type, segmentAt[i]!, vaddr, da, data.length, memsz, 7, 4);
    bytes.set(data, segmentAt[i]!);
  }
  for (const [i, { type = 1, addr = 0, data, link = 0 }] of all.entries()) {
    word(shoff + 40 * i, nameAt[i]!, type, 0, addr, i === 0 ? 0 : sectionAt[i]!, data.length, link, 0, 4, 0);
    bytes.set(data, sectionAt[i]!);
  }
  const find = (name: string): number => {
    const index = all.findIndex((section) => section.name === name);
    if (index < 0) throw new Error(`no section ${name}`);
    return index;
  };
  return { bytes, view, phoff, shoff, header: (name) => shoff + 40 * find(name), contents: (name) => sectionAt[find(name)]! };
}

/** Words as little-endian bytes. */
export function words(...values: number[]): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setUint32(4 * i, value, true);
  return bytes;
}

/** A resource table of entries, each with its type in front. */
export function tableOf(...entries: (readonly number[])[]): Uint8Array {
  let offset = 16 + 4 * entries.length;
  const offsets = entries.map((entry) => {
    const at = offset;
    offset += 4 * entry.length;
    return at;
  });
  return words(1, entries.length, 0, 0, ...offsets, ...entries.flat());
}

/** A resource table with one rpmsg vdev of two vrings. */
export function rpmsgTable(options: { da0?: number; da1?: number; num?: number; align?: number; features?: number } = {}): Uint8Array {
  const { da0 = 0xffff_ffff, da1 = 0xffff_ffff, num = 256, align: ringAlign = 0x1000, features = 1 } = options;
  return words(1, 1, 0, 0, 20, 3, 7, 2, features, 0, 0, 0x0000_0200, da0, ringAlign, num, 0, 0, da1, ringAlign, num, 1, 0);
}

/** A seeded generator of u32 (xorshift32): the same seed gives the same test. */
export function random(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
