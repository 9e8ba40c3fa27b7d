/**
 * How instructions become rows of the disassembly: labels where functions begin, source lines between them, gaps, and lanes for the arrows of branches.
 * No DOM.
 */
import type { InstructionLine } from '../../../../src/view/protocol.ts';
import { fromBase64 } from '../../format.ts';

export type Row =
  /** A function begins, or the list begins in one. */
  | { readonly kind: 'label'; readonly address: number; readonly text: string }
  | {
      readonly kind: 'source';
      readonly address: number;
      readonly file: string;
      readonly line: number;
      /** The file is another than that of the row before. */
      readonly first: boolean;
      /** Its text cannot be had: one row stands for all of its lines. */
      readonly missing: boolean;
    }
  /** Bytes that are not shown lie between. */
  | { readonly kind: 'gap'; readonly address: number; readonly bytes: number }
  | {
      readonly kind: 'code';
      readonly address: number;
      readonly bytes: Uint8Array;
      readonly line: InstructionLine;
      readonly sourceLine?: number;
    };

/** Source lines before a statement that belong to no instruction (comments, braces) are shown, so many at most. */
const LEAD = 4;

/** `main` of `main+0x12`. */
export function functionOf(symbol: string | undefined): string | undefined {
  return symbol?.replace(/\+0x[\da-f]+$/i, '');
}

/** Rows of instructions in ascending order. `missing`: files whose text cannot be had; their lines are named beside the instructions instead. */
export function layOut(lines: readonly InstructionLine[], withSource: boolean, missing: (file: string) => boolean = () => false): Row[] {
  const rows: Row[] = [];
  let end: number | undefined;
  let name: string | undefined;
  let file: string | undefined;
  let line = 0;
  for (const instruction of lines) {
    const { address, symbol } = instruction.place;
    const bytes = fromBase64(instruction.bytes);
    if (end !== undefined && address > end) {
      rows.push({ kind: 'gap', address: end, bytes: address - end });
      file = undefined;
    }
    const here = functionOf(symbol);
    if (here !== undefined && here !== name) {
      rows.push({ kind: 'label', address, text: symbol! });
      file = undefined;
    }
    name = here;
    const place = instruction.place;
    let sourceLine: number | undefined;
    if (
      withSource &&
      place.file !== undefined &&
      place.line !== undefined &&
      place.line > 0 &&
      (place.file !== file || place.line !== line)
    ) {
      const same = place.file === file;
      const absent = missing(place.file);
      if (absent) sourceLine = place.line;
      const from = absent ? place.line + (same ? 1 : 0) : same && place.line > line && place.line - line <= LEAD ? line + 1 : place.line;
      for (let at = from; at <= place.line; at += 1) {
        rows.push({ kind: 'source', address, file: place.file, line: at, first: !same && at === from, missing: absent });
      }
      file = place.file;
      line = place.line;
    }
    rows.push({ kind: 'code', address, bytes, line: instruction, ...(sourceLine === undefined ? {} : { sourceLine }) });
    end = address + bytes.length;
  }
  return rows;
}

/**
 * Puts a later answer of the server beside what is there. Where they do not agree about where instructions begin, the later one is right: it was
 * aligned at a place nearer to it.
 */
export function merge(known: readonly InstructionLine[], later: readonly InstructionLine[]): InstructionLine[] {
  if (later.length === 0) return [...known];
  const first = later[0]!.place.address;
  const last = later[later.length - 1]!;
  const end = last.place.address + fromBase64(last.bytes).length;
  const before = known.filter(({ place, bytes }) => place.address + fromBase64(bytes).length <= first);
  const after = known.filter(({ place }) => place.address >= end);
  return [...before, ...later, ...after];
}

/** Keeps at most `limit` instructions, those around `address`. */
export function trim(lines: readonly InstructionLine[], address: number, limit: number): readonly InstructionLine[] {
  if (lines.length <= limit) return lines;
  let at = lines.findIndex(({ place }) => place.address >= address);
  if (at === -1) at = lines.length - 1;
  const from = Math.max(0, Math.min(lines.length - limit, at - (limit >> 1)));
  return lines.slice(from, from + limit);
}

/** A branch within the list. */
export interface Arrow {
  /** Rows; one of them lies outside (-1, or the number of rows) when `open`. */
  readonly from: number;
  readonly to: number;
  readonly fromAddress: number;
  readonly toAddress: number;
  /** 0 is next to the code. */
  readonly lane: number;
  /** The target is beyond the list, in the same function. */
  readonly open: boolean;
}

/** Calls leave the function; an arrow would say nothing. */
export function isCall(text: string): boolean {
  return /^(bl|blx|blxns|svc|bkpt)\b/i.test(text);
}

/** Bytes between functions that are no instructions: `.word`, `.short`. */
export function isData(text: string): boolean {
  return text.startsWith('.');
}

/** Arrows of all branches, short ones inside. Branches to one target share a lane. Beyond `lanes` they lie over each other. */
export function arrows(rows: readonly Row[], lanes: number): Arrow[] {
  const rowOf = new Map<number, number>();
  for (const [index, row] of rows.entries()) if (row.kind === 'code') rowOf.set(row.address, index);
  const found: Omit<Arrow, 'lane'>[] = [];
  for (const [index, row] of rows.entries()) {
    if (row.kind !== 'code') continue;
    const { target, text, place } = row.line;
    if (target === undefined || isCall(text)) continue;
    const to = rowOf.get(target.address);
    const common = { from: index, fromAddress: row.address, toAddress: target.address };
    if (to !== undefined) found.push({ ...common, to, open: false });
    else if (functionOf(target.symbol) !== undefined && functionOf(target.symbol) === functionOf(place.symbol)) {
      found.push({ ...common, to: target.address < row.address ? -1 : rows.length, open: true });
    }
  }
  return assignLanes(found, lanes);
}

/** Gives each span the innermost lane that is free over all of it. */
export function assignLanes(spans: readonly Omit<Arrow, 'lane'>[], lanes: number): Arrow[] {
  const length = (span: Omit<Arrow, 'lane'>) => Math.abs(span.to - span.from);
  const ordered = [...spans].sort((a, b) => length(a) - length(b) || a.from - b.from);
  const taken: Omit<Arrow, 'lane'>[][] = [];
  const placed: Arrow[] = [];
  for (const span of ordered) {
    let lane = taken.findIndex((others) => others.every((other) => other.toAddress === span.toAddress || !overlap(other, span)));
    if (lane === -1) lane = Math.min(taken.length, lanes - 1);
    taken[lane] = [...(taken[lane] ?? []), span];
    placed.push({ ...span, lane });
  }
  return placed.sort((a, b) => a.from - b.from);
}

function overlap(a: Omit<Arrow, 'lane'>, b: Omit<Arrow, 'lane'>): boolean {
  return Math.min(a.from, a.to) <= Math.max(b.from, b.to) && Math.min(b.from, b.to) <= Math.max(a.from, a.to);
}

/** The row of an address: that of the instruction which covers it. -1 when none does. */
export function rowAt(rows: readonly Row[], address: number): number {
  return rows.findIndex((row) => row.kind === 'code' && address >= row.address && address < row.address + row.bytes.length);
}

/** Mnemonic and operands, for columns. */
export function splitText(text: string): readonly [mnemonic: string, operands: string] {
  const match = /^(\S+)\s*(.*)$/.exec(text.trim());
  return match === null ? [text, ''] : [match[1]!, match[2]!];
}

export type Token = { readonly kind: 'register' | 'number' | 'text'; readonly text: string };

const REGISTER =
  /^(r\d+|sp|lr|pc|ip|fp|sl|sb|[sdq]\d+|apsr|xpsr|ipsr|epsr|msp|psp|primask|basepri|basepri_max|faultmask|control|fpscr|msplim|psplim)$/i;

/** Operands in pieces, for colours. */
export function tokens(operands: string): Token[] {
  const result: Token[] = [];
  for (const [text] of operands.matchAll(/#?-?0x[\da-f]+|#-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[\w.]+|[^\w#]+|#/gi)) {
    result.push({ kind: REGISTER.test(text) ? 'register' : /^#|^-?0x/i.test(text) ? 'number' : 'text', text });
  }
  return result;
}

/** Bytes of an instruction as halfwords, which is how manuals write them: `f3bf 8f4f`. */
export function halfwords(bytes: Uint8Array): string {
  const words: string[] = [];
  for (let at = 0; at + 1 < bytes.length; at += 2) words.push(((bytes[at]! | (bytes[at + 1]! << 8)) >>> 0).toString(16).padStart(4, '0'));
  return words.join(' ');
}
