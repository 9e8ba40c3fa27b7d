/**
 * The line table of a whole file: sequences sorted by address, searched by address, and by file and line.
 *
 * A linker leaves the rows of functions that it discarded, moved to address 0 or to the end of the address space: they are left out.
 */
import { DW_AT } from './constants.ts';
import { Cursor } from './cursor.ts';
import { type LineHeader, readLineHeader, runLineProgram } from './line-program.ts';
import type { LineRow, LineSequence } from './model.ts';
import { pathMatches } from './paths.ts';
import type { UnitTable } from './units.ts';

/** How many sequences that begin before an address are looked at; real ones do not overlap. */
const OVERLAPPING = 16;

/** How far behind a line without code the next one may lie that answers for it. */
const NEXT_LINE = 200;

/** Where statements of a line begin. */
export interface LineAddresses {
  readonly file: string;
  readonly line: number;
  readonly addresses: readonly number[];
}

/** Rows of all units. */
export class Lines {
  private readonly units: UnitTable;
  private readonly isLive: (low: number) => boolean;
  private readonly headers = new Map<number, LineHeader | undefined>();
  private readonly paths = new Map<string, string>();
  private found: LineSequence[] | undefined;
  private foundFiles: string[] | undefined;
  private byFile: Map<string, Map<number, number[]>> | undefined;

  /** `isLive` says whether code which the compiler put at `low` was linked. */
  constructor(units: UnitTable, isLive: (low: number) => boolean) {
    this.units = units;
    this.isLive = isLive;
  }

  private one = (path: string): string => {
    const known = this.paths.get(path);
    if (known !== undefined) return known;
    this.paths.set(path, path);
    return path;
  };

  private cursor(offset: number): Cursor {
    return new Cursor(this.units.sections.bytes('.debug_line'), '.debug_line', offset);
  }

  /** The header at `offset` of .debug_line; undefined when it is damaged. */
  header(offset: number, directory: string): LineHeader | undefined {
    if (this.headers.has(offset)) return this.headers.get(offset);
    let header: LineHeader | undefined;
    this.units.guarded(() => {
      header = readLineHeader(this.units, this.cursor(offset), directory);
    });
    this.headers.set(offset, header);
    return header;
  }

  /** Sequences sorted by address. */
  sequences(): readonly LineSequence[] {
    this.found ??= this.read();
    return this.found;
  }

  private read(): LineSequence[] {
    const sequences: LineSequence[] = [];
    const finish = (rows: LineRow[]): void => {
      if (rows.some((row, n) => n > 0 && row.address < rows[n - 1]!.address)) rows.sort((a, b) => a.address - b.address);
      const low = rows[0]!.address;
      const high = rows.at(-1)!.address;
      if (high > low && this.isLive(low)) sequences.push({ low, high, rows });
    };
    const done = new Set<number>();
    for (const unit of this.units.sources) {
      this.units.guarded(() => {
        const offset = unit.root?.number(DW_AT.stmt_list);
        if (offset === undefined || done.has(offset)) return;
        done.add(offset);
        const header = this.header(offset, unit.directory);
        if (header) runLineProgram(header, this.units, this.cursor(offset), this.one, finish);
      });
    }
    return sequences.sort((a, b) => a.low - b.low || a.high - b.high);
  }

  /** Paths of all sources with rows, sorted. */
  files(): readonly string[] {
    if (this.foundFiles === undefined) {
      const files = new Set<string>();
      for (const { rows } of this.sequences()) for (const row of rows) if (!row.endSequence) files.add(row.file);
      files.delete('');
      this.foundFiles = [...files].sort();
    }
    return this.foundFiles;
  }

  /**
   * The row that covers `address`; of several at one address the last that begins a statement, or the last. With `named`, code that the
   * compiler gives no line counts to the row before it.
   */
  at(address: number, named = false): LineRow | undefined {
    const sequences = this.sequences();
    for (let n = above(sequences, (sequence) => sequence.low, address) - 1, tries = 0; n >= 0 && tries < OVERLAPPING; n--, tries++) {
      const { high, rows } = sequences[n]!;
      if (address >= high) continue;
      let last = above(rows, (row) => row.address, address) - 1;
      while (named && last > 0 && rows[last]!.line === 0) last--;
      const row = rows[last]!;
      for (let at = last; at >= 0 && rows[at]!.address === row.address; at--) if (rows[at]!.isStatement) return rows[at];
      return row;
    }
    return undefined;
  }

  /** Addresses at which statements of `line` begin, or of the next line with code. */
  addresses(file: string, line: number): LineAddresses {
    this.byFile ??= this.indexLines();
    let best: LineAddresses = { file, line, addresses: [] };
    for (const [path, lines] of this.byFile) {
      if (!pathMatches(path, file)) continue;
      for (let next = line; next <= line + NEXT_LINE; next++) {
        const addresses = lines.get(next);
        if (addresses === undefined) continue;
        if (best.addresses.length === 0 || next < best.line) best = { file: path, line: next, addresses };
        else if (next === best.line) best = { ...best, addresses: [...best.addresses, ...addresses].sort((a, b) => a - b) };
        break;
      }
    }
    return best;
  }

  /** The first address of each stretch of a line: where its statements begin. */
  private indexLines(): Map<string, Map<number, number[]>> {
    const index = new Map<string, Map<number, number[]>>();
    for (const { rows } of this.sequences()) {
      let previous: LineRow | undefined;
      for (const row of rows) {
        const continues = previous?.line === row.line && previous.file === row.file;
        if (row.isStatement || previous === undefined || row.endSequence) previous = row;
        if (!row.isStatement || row.endSequence || row.line === 0 || continues) continue;
        let lines = index.get(row.file);
        if (lines === undefined) {
          lines = new Map();
          index.set(row.file, lines);
        }
        const addresses = lines.get(row.line);
        if (addresses === undefined) lines.set(row.line, [row.address]);
        else addresses.push(row.address);
      }
    }
    for (const lines of index.values())
      for (const [line, list] of lines)
        lines.set(
          line,
          [...new Set(list)].sort((a, b) => a - b),
        );
    return index;
  }
}

/** Index of the first element whose key is above `value`, in a sorted list. */
export function above<T>(list: readonly T[], key: (element: T) => number, value: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (key(list[middle]!) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
