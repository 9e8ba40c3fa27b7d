/** Names of the firmware: symbols by a part of their name, values of variables as gdb prints them, source files that the debug information names. */
import { peekBytes } from '../../debug/memory.ts';
import { Variables } from '../../dwarf/variables.ts';
import { SymbolError, UsageError } from '../../errors.ts';
import type { Methods } from '../protocol.ts';
import { codeOf, mayRead, placeOf } from './code.ts';
import type { InspectContext } from './context.ts';

/** Symbols that are told unless another number is asked for. */
const MOST_SYMBOLS = 50;
/** Lines and characters of a source file: more than anybody writes. */
const MOST_LINES = 200_000;
const MOST_TEXT = 8 * 1024 * 1024;

/** `symbols.search`: those that are called so first, then those that begin so, then all that have it somewhere. */
export function searchSymbols(
  { machine }: InspectContext,
  { text, limit = MOST_SYMBOLS }: Methods['symbols.search']['params'],
): Methods['symbols.search']['result'] {
  const wanted = text.trim().toLowerCase();
  const symbols = codeOf(machine)?.firmware?.symbols ?? [];
  const rank = (name: string): number => {
    const at = name.toLowerCase().indexOf(wanted);
    if (at < 0) return -1;
    return at > 0 ? 2 : name.length === wanted.length ? 0 : 1;
  };
  const found = symbols.flatMap((symbol) => {
    const place = rank(symbol.name);
    return place < 0 ? [] : [{ symbol, place }];
  });
  found.sort(
    (a, b) =>
      a.place - b.place || (a.symbol.name < b.symbol.name ? -1 : a.symbol.name > b.symbol.name ? 1 : a.symbol.address - b.symbol.address),
  );
  return found.slice(0, limit).map(({ symbol }) => ({ ...placeOf(machine, symbol.address), symbol: symbol.name, size: symbol.size }));
}

/** `symbols.value`. @throws {SymbolError} for a name that nothing has, or several have */
export function symbolValue({ machine }: InspectContext, { name }: Methods['symbols.value']['params']): Methods['symbols.value']['result'] {
  const code = codeOf(machine);
  if (!code) throw new UsageError('no firmware', 'give one to have its variables', 'name');
  const view = machine.view(machine.core.name);
  const read = (address: number, length: number): Uint8Array | undefined => {
    const bytes = peekBytes(view, address, length);
    return bytes.length === length ? bytes : undefined;
  };
  const variable = new Variables(code.dwarf, code.firmware?.symbols ?? [], { read, write: () => false }).find(name);
  return { type: variable.type, address: addressOf(() => variable.address), text: variable.toString() };
}

/** 0 for what is nowhere in memory as a whole: the compiler folded it. */
function addressOf(address: () => number): number {
  try {
    return address();
  } catch (error) {
    if (error instanceof SymbolError) return 0;
    throw error;
  }
}

/** `source.read`: only files that the debug information of the firmware names can be had, of the firmware that the run was given (`mayRead`). */
export async function readSource(
  context: InspectContext,
  { file }: Methods['source.read']['params'],
): Promise<Methods['source.read']['result']> {
  const { machine } = context;
  const dwarf = codeOf(machine)?.dwarf;
  if (!dwarf?.present) return { file, why: 'the firmware has no debug information (build it with -g, and do not strip it)' };
  if (!mayRead(machine, file)) {
    const foreign = dwarf.files.includes(file);
    const why = foreign
      ? 'the firmware in /lib/firmware names it, and the one that the run was given does not: start the run with that one'
      : 'the debug information of the firmware names no such file';
    return { file, why };
  }
  const text = await context.readSource(file);
  if (text === undefined) return { file, why: 'this host does not have it: --source-map says where it is now (/workdir=..)' };
  if (text.length > MOST_TEXT) return { file, why: `it is longer than a source: ${text.length} characters, and ${MOST_TEXT} are shown` };
  if (text.includes('\0')) return { file, why: 'it is no text' };
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return { file, lines: lines.slice(0, MOST_LINES) };
}
