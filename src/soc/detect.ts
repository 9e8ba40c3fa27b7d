/**
 * Finds out from an ELF for which SoC and core it was built, and says why.
 *
 * A core is possible when every segment lies in memory that it sees. Among the possible ones the evidence decides: resource-table
 * addresses that are a board's, constants and texts that only one SoC's firmware has, base addresses of its peripherals in literal pools,
 * the architecture that it was built for, the edges of memories at which vectors and stack lie.
 */
import { hex32 } from '../memory/bits.ts';
import type { BuildAttributes } from '../remoteproc/build-attributes.ts';
import { firstWords } from '../remoteproc/vectors.ts';
import { builtFor, isBuiltFor, mismatch } from './built-for.ts';
import { SOCS } from './index.ts';
import { type BoardDescription, baseIn, type CoreDescription, type SocDescription } from './soc.ts';

/** What detection looks at; a `Firmware` of the ELF reader is one. */
export interface DetectableImage {
  /** Reset handler; with it the vector table is found, whose place and initial SP are evidence. */
  readonly entry?: number;
  /** `da` is the load address as the core sees it, `memsz` the bytes of memory, `data` those from the file. */
  readonly segments: readonly { readonly da: number; readonly memsz: number; readonly data: Uint8Array }[];
  readonly resourceTable?: { readonly bytes: Uint8Array } | undefined;
  readonly symbols?: readonly { readonly name: string }[];
  readonly buildAttributes?: BuildAttributes;
  /** The whole file and its sections, for the paths of sources in its debug information. */
  readonly bytes?: Uint8Array;
  readonly sections?: readonly { readonly name: string; readonly offset: number; readonly size: number }[];
}

/** The choice, and why. */
export interface Detection {
  readonly soc: SocDescription;
  readonly core: string;
  /** Board whose reserved memory the resource table names, if it names any. */
  readonly board?: string;
  readonly reasons: readonly string[];
  /** Other SoCs that the image fits as well, when nothing in it speaks for one. */
  readonly ambiguous?: readonly SocDescription[];
}

/** Haystacks: what the program holds, and what only its debug information does. */
interface Texts {
  readonly program: string;
  readonly debug: string;
}

/** What speaks for a SoC or against it. */
interface Judgement {
  readonly evidence: readonly string[];
  readonly score: number;
}

interface Candidate {
  readonly soc: SocDescription;
  readonly core: CoreDescription;
  readonly memories: readonly string[];
  readonly evidence: readonly string[];
  /** What speaks for it, but for `bases`. */
  readonly score: number;
  /** Addresses of its blocks that the image holds. */
  readonly bases: readonly number[];
  readonly board: string | undefined;
}

/** Weights: what only one SoC has, against what its relatives share. */
const WEIGHT = {
  text: 100,
  source: 80,
  vring: 60,
  architecture: 50,
  constant: 40,
  stack: 30,
  region: 20,
  edge: 15,
  base: 5,
  plain: 1,
} as const;
/** FW_RSC_ADDR_ANY: the table leaves the address to Linux. */
const ANY = 0xffff_ffff;
/** Entries and vrings of a resource table that are looked at. */
const TABLE_LIMIT = 64;
const RSC_VDEV = 3;

/** The SoC and core that `image` was most likely built for, or undefined when it fits none of `socs`. */
export function detectSoc(image: DetectableImage, socs: readonly SocDescription[] = SOCS): Detection | undefined {
  const words = literals(image);
  const text = { program: texts(image), debug: debugTexts(image) };
  const vrings = vringAddresses(image.resourceTable?.bytes);
  const candidates: Candidate[] = [];
  for (const soc of socs) {
    for (const core of soc.cores) {
      const memories = placement(image, soc, core.name);
      if (memories) candidates.push({ soc, core, memories, ...weigh(soc, core, image, words, text, vrings) });
    }
  }
  const whole = ({ score, bases }: Candidate): number => score + WEIGHT.base * bases.length;
  candidates.sort((a, b) => whole(b) - whole(a));
  const best = candidates[0];
  if (!best) return undefined;
  const rivals = candidates.filter((candidate) => candidate.soc !== best.soc && isRival(candidate, best)).map(({ soc }) => soc);
  return {
    soc: best.soc,
    core: best.core.name,
    ...(best.board === undefined ? {} : { board: best.board }),
    reasons: [`its segments lie in ${best.memories.join(', ')} of ${best.soc.name}'s ${best.core.name}`, ...best.evidence],
    ...(rivals.length > 0 ? { ambiguous: [...new Set(rivals)] } : {}),
  };
}

/** True when all that `best` has before `candidate` is addresses at which this one has blocks too, modelled or not. */
function isRival({ soc, core, score }: Candidate, best: Candidate): boolean {
  if (score !== best.score) return false;
  const theirs = new Set([...soc.mus.flatMap(({ a, b }) => [a, b]), ...soc.peripherals].map((block) => baseIn(block, core.name)));
  return best.bases.every((base) => theirs.has(base));
}

/** Names of the memories that hold the segments, or undefined when one of them lies elsewhere. */
function placement(image: DetectableImage, soc: SocDescription, view: string): string[] | undefined {
  const names = new Set<string>();
  for (const { da, memsz, data } of image.segments) {
    // What lies behind the bytes of the file (.bss at its load address) may stick out: startup code clears it elsewhere.
    const length = data.byteLength || memsz;
    const memory = soc.memories.find(({ size: whole, views }) =>
      views[view]?.some(({ base, offset = 0, size = whole - offset }) => da >= base && da + length <= base + size),
    );
    if (!memory) return undefined;
    names.add(memory.name);
  }
  return names.size > 0 ? [...names] : undefined;
}

function weigh(
  soc: SocDescription,
  core: CoreDescription,
  image: DetectableImage,
  words: ReadonlySet<number>,
  text: Texts,
  vrings: readonly number[],
): Pick<Candidate, 'evidence' | 'score' | 'bases' | 'board'> {
  const placed = judgeBoard(soc, core.name, image, words, text, vrings);
  const parts: readonly Judgement[] = [
    placed,
    judgeBuild(image.buildAttributes, core),
    judgeLayout(vectorTable(image), soc, core.name),
    judgeHints(soc, core.name, words, text),
  ];
  const mus = soc.mus.flatMap(({ name, a, b }) => [
    { name: `${name}_A`, base: baseIn(a, core.name) },
    { name: `${name}_B`, base: baseIn(b, core.name) },
  ]);
  // Blocks that are not modelled would add round numbers that are anybody's constants.
  const modelled = soc.peripherals.filter(({ kind }) => kind !== 'unmodelled' && kind !== 'reserved');
  const blocks = modelled.map((block) => ({ name: block.name, base: baseIn(block, core.name) }));
  const bases = [...mus, ...blocks].filter(({ base }) => words.has(base));
  const held = bases.map(({ name, base }) => `${name} (${hex32(base)})`).join(', ');
  return {
    evidence: [...parts.flatMap(({ evidence }) => evidence), ...(held ? [`it holds the addresses of ${held}`] : [])],
    score: parts.reduce((sum, { score }) => sum + score, 0),
    bases: bases.map(({ base }) => base),
    board: placed.board,
  };
}

/** Boards of one SoC often have the same layout: it speaks for the SoC once, and a text tells them apart. */
function judgeBoard(
  soc: SocDescription,
  view: string,
  image: DetectableImage,
  words: ReadonlySet<number>,
  text: Texts,
  vrings: readonly number[],
): Judgement & { readonly board: string | undefined } {
  const evidence: string[] = [];
  let score = 0;
  const laidOut = soc.boards.flatMap((candidate) => {
    const region = candidate.remoteprocs[view]?.memoryRegions.find(({ base }) => vrings.includes(base));
    return region ? [{ candidate, region }] : [];
  });
  const [first] = laidOut;
  if (first) {
    const sharing = laidOut.filter(({ region }) => region.base === first.region.base).map(({ candidate }) => candidate);
    score += WEIGHT.vring;
    evidence.push(`its resource table has a vring at ${hex32(first.region.base)}, ${first.region.name} of ${boardNames(sharing)}`);
  }
  // Firmware without a resource table has the place of its vrings as a constant.
  const fixed = first ? [] : soc.boards.filter(({ rpmsg }) => rpmsg?.core === view && words.has(rpmsg.base));
  const [fixedFirst] = fixed;
  if (fixedFirst?.rpmsg) {
    const sharing = fixed.filter(({ rpmsg }) => rpmsg?.base === fixedFirst.rpmsg?.base);
    score += WEIGHT.region;
    evidence.push(`it holds the address ${hex32(fixedFirst.rpmsg.base)} of the vrings of ${boardNames(sharing)}`);
  }
  const possible = first ? laidOut.map(({ candidate }) => candidate) : soc.boards;
  const named = boardByText(possible, text);
  if (named) {
    score += named.weight;
    evidence.push(`${named.where} "${named.hint}", as firmware for board ${named.board} does`);
  }
  // Firmware that leaves the vrings to Linux may still lie where a board's Linux looks for its table.
  const starts = new Set(image.segments.map(({ da }) => linuxAddress(soc, view, da)));
  const tabled = soc.boards.filter(({ remoteprocs }) =>
    remoteprocs[view]?.memoryRegions.some(({ name, base }) => name === 'rsc-table' && starts.has(base)),
  );
  if (tabled.length > 0) {
    score += WEIGHT.region;
    evidence.push(`it has a segment where Linux of ${boardNames(tabled)} looks for the resource table`);
  }
  const told = named?.board ?? first?.candidate.name ?? fixedFirst?.name ?? tabled[0]?.name;
  const owner = told === undefined ? soc.boards.find((candidate) => liesInRegion(image, soc, candidate, view)) : undefined;
  if (owner) {
    score += WEIGHT.region;
    evidence.push(`it is linked to memory that board ${owner.name} reserves for ${view}`);
  }
  return { evidence, score, board: told ?? owner?.name };
}

function boardNames(boards: readonly BoardDescription[]): string {
  return `board${boards.length > 1 ? 's' : ''} ${boards.map(({ name }) => name).join(', ')}`;
}

/** What the SoC's own hints find. */
function judgeHints(soc: SocDescription, view: string, words: ReadonlySet<number>, text: Texts): Judgement {
  const evidence: string[] = [];
  let score = 0;
  for (const { core, constants, texts } of soc.detection) {
    if (core !== view) continue;
    for (const { value, meaning } of constants) {
      if (!words.has(value)) continue;
      score += WEIGHT.constant;
      evidence.push(`it holds the constant ${hex32(value)}: ${meaning}`);
    }
    const found = texts.find((hint) => text.program.includes(hint));
    const source = found === undefined ? texts.find((hint) => text.debug.includes(hint)) : undefined;
    if (found) evidence.push(`it holds the text "${found}"`);
    else if (source) evidence.push(`its debug information names "${source}"`);
    score += found ? WEIGHT.text : source ? WEIGHT.source : 0;
  }
  return { evidence, score };
}

/** The first board of which there is a text in the image; one in the program counts before one in its debug information. */
function boardByText(
  boards: readonly BoardDescription[],
  text: Texts,
): { board: string; hint: string; where: string; weight: number } | undefined {
  const program = { haystack: text.program, where: 'it holds the text', weight: WEIGHT.text };
  const debug = { haystack: text.debug, where: 'its debug information names', weight: WEIGHT.source };
  for (const { haystack, where, weight } of [program, debug]) {
    for (const { name, texts = [] } of boards) {
      const hint = texts.find((each) => haystack.includes(each));
      if (hint !== undefined) return { board: name, hint, where, weight };
    }
  }
  return undefined;
}

/**
 * What the build attributes say of a core. That it executes a program is no evidence, and neither is that it executes more: it is then only the
 * last choice of those that do.
 */
function judgeBuild(attributes: BuildAttributes | undefined, { profile }: CoreDescription): Judgement {
  if (!attributes || builtFor(attributes) === undefined) return { score: 0, evidence: [] };
  const against = mismatch(attributes, profile);
  if (against) return { score: -WEIGHT.architecture, evidence: [`but it is ${against}`] };
  if (!isBuiltFor(attributes, profile)) return { score: -WEIGHT.plain, evidence: [] };
  const telling = profile.architecture === 'armv8-m';
  return { score: 0, evidence: telling ? [`it is built for ${builtFor(attributes)}`] : [] };
}

/** Where the vector table is, and its first word: the segment whose reset vector is the entry point. */
function vectorTable({ segments, entry }: DetectableImage): { readonly at: number; readonly stack: number } | undefined {
  if (entry === undefined) return undefined;
  const table = segments.find(({ data }) => data.byteLength >= 8 && (firstWords(data).pc | 1) >>> 0 === (entry | 1) >>> 0);
  return table && { at: table.da, stack: firstWords(table.data).sp };
}

/**
 * Linker scripts put the vectors where a memory begins, and the stack where one ends: a 7Dual's program lies in the middle of the TCML of an
 * 8M Mini, and of nothing on the 7Dual.
 */
function judgeLayout(table: ReturnType<typeof vectorTable>, soc: SocDescription, view: string): Judgement {
  if (!table) return { score: 0, evidence: [] };
  const windows = soc.memories.flatMap(({ name, size: whole, views }) =>
    (views[view] ?? []).map(({ base, offset = 0, size = whole - offset }) => ({ name, base, end: base + size })),
  );
  const evidence: string[] = [];
  let score = 0;
  const first = windows.find(({ base }) => base === table.at);
  if (first) {
    score += WEIGHT.edge;
    evidence.push(`its vectors are where ${first.name} begins`);
  }
  const last = windows.find(({ end }) => end === table.stack);
  if (last) {
    score += WEIGHT.edge;
    evidence.push(`its stack is where ${last.name} ends`);
  }
  // A stack grows down from there.
  if (!windows.some(({ base, end }) => table.stack > base && table.stack <= end)) {
    score -= WEIGHT.stack;
    evidence.push(`but its initial stack pointer ${hex32(table.stack)} is in none of its memories`);
  }
  return { score, evidence };
}

/** True when a segment with contents lies in memory that the board reserves for the core's firmware, and not for rings or buffers. */
function liesInRegion(image: DetectableImage, soc: SocDescription, board: BoardDescription, core: string): boolean {
  const regions = (board.remoteprocs[core]?.memoryRegions ?? []).filter(({ name }) => !/^(?:vdev|rsc)/.test(name));
  return image.segments.some(({ da, data }) => {
    const at = linuxAddress(soc, core, da);
    return regions.some(({ base, size }) => data.byteLength > 0 && at >= base && at + data.byteLength <= base + size);
  });
}

/** Where Linux has what the core has at `da`; regions are in its words. */
function linuxAddress(soc: SocDescription, view: string, da: number): number {
  for (const { size: whole, views } of soc.memories) {
    const [linux] = views['linux'] ?? [];
    const window = views[view]?.find(({ base, offset = 0, size = whole - offset }) => da >= base && da < base + size);
    if (linux && window) return linux.base - (linux.offset ?? 0) + (window.offset ?? 0) + da - window.base;
  }
  return da;
}

/** Every aligned word of the segments, where literal pools and pointers are. */
function literals(image: DetectableImage): Set<number> {
  const words = new Set<number>();
  for (const { data } of image.segments) {
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    for (let at = 0; at + 4 <= data.byteLength; at += 4) words.add(view.getUint32(at, true));
  }
  return words;
}

/** Strings of the image and names of its symbols, as one haystack. */
function texts(image: DetectableImage): string {
  const decoder = new TextDecoder('latin1');
  const bytes = image.segments.map(({ data }) => decoder.decode(data));
  return [...bytes, ...(image.symbols ?? []).map(({ name }) => name)].join('\n');
}

/** Sections of debug information that hold paths of sources and names. */
const DEBUG_TEXTS = /^\.debug_(?:line_str|str|line)$/;

/** Their contents as one haystack; a section that leaves the file gives what is there of it. */
function debugTexts({ bytes, sections = [] }: DetectableImage): string {
  if (!bytes) return '';
  const decoder = new TextDecoder('latin1');
  return sections
    .filter(({ name }) => DEBUG_TEXTS.test(name))
    .map(({ offset, size }) => decoder.decode(bytes.subarray(offset, offset + size)))
    .join('\n');
}

/** Fixed device addresses of the vrings in a resource table; a malformed table gives those that can be read. */
function vringAddresses(bytes: Uint8Array | undefined): number[] {
  if (!bytes || bytes.byteLength < 16) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number): number | undefined => (at >= 0 && at + 4 <= view.byteLength ? view.getUint32(at, true) : undefined);
  const found: number[] = [];
  const entries = Math.min(word(4) ?? 0, TABLE_LIMIT);
  for (let entry = 0; entry < entries; entry++) {
    const offset = word(16 + 4 * entry);
    if (offset === undefined || word(offset) !== RSC_VDEV) continue;
    // struct fw_rsc_vdev follows the type: five words, then status, num_of_vrings and two reserved bytes; then 20 bytes per vring.
    const counts = word(offset + 24);
    const vrings = Math.min(((counts ?? 0) >>> 8) & 0xff, TABLE_LIMIT);
    for (let index = 0; index < vrings; index++) {
      const da = word(offset + 28 + 20 * index);
      if (da !== undefined && da !== 0 && da !== ANY) found.push(da);
    }
  }
  return found;
}
