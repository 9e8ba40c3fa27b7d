/**
 * From counts of instructions to counts of lines, functions and branches, by the program's debug information.
 *
 * What gcov says of the same sources, compiled with --coverage, is the measure (docs/coverage.md has where the two cannot agree). Code of
 * inlined functions counts for their own lines. Lines of which the compiler left no code do not appear.
 */
import { decisions } from './branch-counts.ts';
import type { ProgramCounts } from './counts.ts';
import { type Block, flowGraph } from './flow-graph.ts';
import type { CodeReader } from './instructions.ts';
import { labelLines } from './labels.ts';
import { LineBlocks } from './line-counts.ts';
import type { Decision, FileCoverage, FunctionCoverage } from './report.ts';

/** What is asked of the debug information; `Dwarf` answers it. */
export interface DebugLines {
  lineTable(): readonly { readonly rows: readonly LineStart[] }[];
  functions(): readonly CodeFunction[];
}

/** A row of the line table, as far as it matters here. */
export interface LineStart {
  readonly address: number;
  readonly file: string;
  readonly line: number;
  readonly endSequence: boolean;
}

/** A function, as far as it matters here. */
export interface CodeFunction {
  readonly name: string;
  /** With namespaces and classes. */
  readonly qualifiedName?: string;
  readonly declaration: { readonly file: string; readonly line: number };
  readonly ranges: readonly { readonly low: number; readonly high: number }[];
  readonly entry: number;
}

/** A program that was run. */
export interface MeasuredProgram {
  readonly lines: DebugLines;
  readonly read: CodeReader;
  /** The symbol at an address, if there is one. */
  readonly symbolAt: (address: number) => string | undefined;
  /** The text of a source, where it can be had: with it lines of labels are counted, of which there is no trace in code. */
  readonly sourceOf?: (path: string) => string | undefined;
}

/** A place that instructions belong to. */
interface Place {
  readonly file: string;
  readonly line: number;
}

interface Row extends Place {
  readonly address: number;
  /** Where the next row begins; the same address when the compiler moved all of a statement's code elsewhere. */
  readonly end: number;
}

/** Functions that the compiler calls by itself, or knows to return always. */
const HELPER =
  /^__(?:aeabi|gnu|ashl|ashr|lshr|clz|ctz|div|mod|udiv|umod|mul|popcount|float|fix|add|sub)|^_*(?:mem(?:cpy|set|move|cmp|chr)|str(?:len|cmp|ncmp|cpy|ncpy|chr|rchr|cat))$/;

/** Works out what was covered of every source with code. */
export function measure(program: MeasuredProgram, counts: ProgramCounts): FileCoverage[] {
  const rows = rowsOf(program.lines);
  const isHelper = (target: number): boolean => HELPER.test(program.symbolAt(target) ?? '');
  const files = new Map<string, FileDraft>();
  const draftOf = (path: string): FileDraft => {
    let draft = files.get(path);
    if (!draft) {
      draft = new FileDraft(path);
      files.set(path, draft);
    }
    return draft;
  };
  const known = new Set<number>();
  for (const one of program.lines.functions()) {
    const own = rowsIn(rows, one);
    if (own.length === 0) continue;
    const { name, qualifiedName = name } = one;
    const starts = own.map(({ address }) => address);
    // Two names of one piece of code (aliases, identical functions that the linker joined) are two functions with the same lines.
    const graph = known.has(one.entry)
      ? []
      : flowGraph({ ranges: one.ranges, entry: one.entry, starts, read: program.read, isHelper }, counts);
    known.add(one.entry);
    const entry = rowsAt(own, one.entry)[0];
    const declaration = one.declaration.line > 0 && one.declaration.file !== '' ? one.declaration : entry;
    if (declaration) draftOf(declaration.file).addFunction(qualifiedName, declaration.line, counts.executed(one.entry));
    for (const block of graph) {
      const runs = placesOf(block, own, entry, declaration);
      for (const [index, place] of runs.entries()) {
        const line = draftOf(place.file).line(place.line);
        line.pass(block);
        line.begins(block, index);
        if (runs[index + 1]?.file !== place.file) line.ending.add(block);
      }
    }
  }
  const text = (path: string) => program.sourceOf?.(path);
  return [...files.values()].map((draft) => draft.finish(text(draft.path))).sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** What is being found out of a file. */
class FileDraft {
  readonly path: string;
  private readonly lines = new Map<number, LineBlocks>();
  private readonly functions = new Map<string, FunctionCoverage>();

  constructor(path: string) {
    this.path = path;
  }

  line(number: number): LineBlocks {
    let line = this.lines.get(number);
    if (!line) {
      line = new LineBlocks();
      this.lines.set(number, line);
    }
    return line;
  }

  addFunction(name: string, line: number, count: number): void {
    const key = `${name}:${line}`;
    this.functions.set(key, { name, line, count: (this.functions.get(key)?.count ?? 0) + count });
  }

  finish(source: string | undefined): FileCoverage {
    if (source !== undefined) this.addLabels(source);
    const sorted = [...this.lines].sort(([a], [b]) => a - b);
    const found = new Map<number, Decision[]>();
    for (const [number, line] of sorted) {
      const list = decisions(line.ending).map((ways) => ({ ways: ways.map(({ count, reached }) => (reached === 0 ? undefined : count)) }));
      if (list.length > 0) found.set(number, list);
    }
    return {
      path: this.path,
      lines: new Map(sorted.map(([number, line]) => [number, line.count])),
      functions: [...this.functions.values()].sort((a, b) => a.line - b.line || (a.name < b.name ? -1 : 1)),
      decisions: found,
    };
  }

  /** A label counts as often as the block that begins with the next line of code; of labels that follow each other only the first is one. */
  private addLabels(source: string): void {
    const code = [...this.lines.keys()].sort((a, b) => a - b);
    let next = 0;
    let labelled = 0;
    for (const number of labelLines(source)) {
      while (next < code.length && code[next]! <= number) next++;
      const target = code[next];
      if (target === undefined) break;
      const { first } = this.lines.get(target)!;
      if (target !== labelled && first && !this.lines.has(number)) this.line(number).pass(first);
      labelled = target;
    }
  }
}

/** The rows that cover code, sorted by address. */
function rowsOf(lines: DebugLines): Row[] {
  const rows: Row[] = [];
  for (const sequence of lines.lineTable()) {
    for (const [index, { address, file, line, endSequence }] of sequence.rows.entries()) {
      const end = sequence.rows[index + 1]?.address;
      if (!endSequence && end !== undefined) rows.push({ address, end, file, line });
    }
  }
  return rows.sort((a, b) => a.address - b.address);
}

function firstBehind(rows: readonly Row[], address: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]!.address <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}

function rowAt(rows: readonly Row[], address: number): Row | undefined {
  const row = rows[firstBehind(rows, address) - 1];
  return row && address < row.end ? row : undefined;
}

/** `row` when it does nothing but return; a `nop` in it is a `return`, written or not, that gcov counts. */
function epilogueOf({ instructions }: Block, row: Row | undefined): Row | undefined {
  return row && instructions.every(({ address, returns }) => address < row.address || returns) ? row : undefined;
}

/** The rows of an instruction: those that begin with it, or else the one that covers it. */
function rowsAt(rows: readonly Row[], address: number): readonly Row[] {
  const end = firstBehind(rows, address);
  let start = end;
  while (start > 0 && rows[start - 1]!.address === address) start--;
  return start < end ? rows.slice(start, end) : rows.slice(Math.max(0, end - 1), end);
}

function rowsIn(rows: readonly Row[], { ranges }: CodeFunction): Row[] {
  return ranges.flatMap(({ low, high }) => rows.slice(firstBehind(rows, low - 1), firstBehind(rows, high - 1)));
}

/**
 * The lines that a block goes through, each once, in the order in which it first comes to them. What a function does on entry belongs to the
 * line of its name; what it does only to return belongs to none, unless the compiler kept a `nop` there for a `return` that is not written.
 */
function placesOf(block: Block, rows: readonly Row[], entry: Row | undefined, declaration: Place | undefined): Place[] {
  const places: Place[] = [];
  const last = block.instructions.at(-1)!;
  const epilogue = last.flow.kind === 'leave' && block.successors.length === 0 ? epilogueOf(block, rowAt(rows, last.address)) : undefined;
  for (const { address } of block.instructions) {
    for (const row of rowsAt(rows, address)) {
      if (row.line === 0 || row === epilogue) continue;
      const place = declaration && entry && row.address === entry.address && row.line === entry.line ? declaration : row;
      if (!places.some(({ file, line }) => line === place.line && file === place.file)) places.push(place);
    }
  }
  return places;
}
