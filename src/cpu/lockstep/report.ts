/**
 * A difference of two engines as text: the instruction, both states with what differs marked, and the instructions before.
 */
import { hex32 } from '../../memory/bits.ts';
import { CELL } from '../core-registers.ts';
import { STOP } from '../engine.ts';
import { exceptionName } from '../exception-numbers.ts';
import { isWide } from '../instruction-stream.ts';
import type { Access } from './access-log.ts';
import type { EngineDifference, SideState } from './difference.ts';

/** Names and text of code, for reports. */
export interface ReportHelp {
  readonly symbolise?: (address: number) => string | undefined;
  readonly disassemble?: (address: number, bytes: Uint8Array) => string | undefined;
}

const STOP_NAMES = new Map<number, string>(Object.entries(STOP).map(([name, code]) => [code, name]));
const SPECIAL = Object.entries(CELL).filter(([name, cell]) => cell >= CELL.APSR && cell < CELL.S0 && name !== 'S0');
/** Cells that are always shown; of the others those that differ are. */
const ALWAYS: readonly string[] = ['APSR', 'IPSR', 'ITSTATE', 'CONTROL', 'FPSCR'];
const BLANK = 34;

/** `r0` to `r12`, `sp`, `lr`, `pc`, `APSR` ..., `s0` to `s31`. */
export function cellName(cell: number): string {
  if (cell < CELL.SP) return `r${cell}`;
  if (cell <= CELL.PC) return ['sp', 'lr', 'pc'][cell - CELL.SP]!;
  return cell >= CELL.S0 ? `s${cell - CELL.S0}` : (SPECIAL.find(([, number]) => number === cell)?.[0] ?? `cell ${cell}`);
}

/** The report, as lines. */
export function reportDifference(difference: EngineDifference, help: ReportHelp = {}): string[] {
  const { first, second, address, bytes, exception, history } = difference;
  const code = (at: number, of: Uint8Array, mark: string) => codeLine(help, at, of, mark);
  return [
    `${first.engine} and ${second.engine} differ ${placeText(difference)}`,
    code(address, bytes, '=>') + where(exception),
    ...outcomeLines(difference),
    ...registerLines(difference),
    ...memoryLines(difference),
    ...accessLines(first, second),
    `the last ${history.length} instructions before it:`,
    ...history.map((step) => code(step.address, step.bytes, '  ') + where(step.exception)),
  ];
}

const counted = (value: number) => value.toLocaleString('en-US');

function placeText({ precision, count, slice }: EngineDifference): string {
  const number = `instruction ${counted(count + 1)}`;
  if (precision === 'instruction') return `in ${number}`;
  if (precision === 'stretch') return `after ${number}: one by one they agree, so the cause is in the stretch of code that ends here`;
  return `in the ${counted(slice)} instructions from ${number} on; executed again they agree`;
}

function where(exception: number): string {
  return exception === 0 ? '' : `  [${exceptionName(exception)}]`;
}

function codeLine({ symbolise, disassemble }: ReportHelp, address: number, bytes: Uint8Array, mark: string): string {
  const half = (at: number) => (bytes[at]! | (bytes[at + 1]! << 8)).toString(16).padStart(4, '0');
  const wide = bytes.length === 4 && isWide(bytes[0]! | (bytes[1]! << 8));
  const own = bytes.subarray(0, wide ? 4 : 2);
  const words = own.length < 2 ? '?' : wide ? `${half(0)} ${half(2)}` : half(0);
  const text = own.length < 2 ? '' : (disassemble?.(address, own) ?? '');
  const name = symbolise?.(address) ?? '';
  return `${mark} ${hex32(address)}  ${words.padEnd(9)}  ${text.padEnd(name ? BLANK : 0)}${name ? `  ${name}` : ''}`.trimEnd();
}

function outcomeLines({ first, second }: EngineDifference): string[] {
  const text = ({ outcome: { stop, detail, address, fault, executed } }: SideState) =>
    `${STOP_NAMES.get(stop)}, ${counted(executed)} executed, detail ${hex32(detail)}, address ${hex32(address)}${fault ? `, ${fault}` : ''}`;
  if (text(first) === text(second)) return [];
  return ['end of the run:', ...[first, second].map((side) => `  ${side.engine.padEnd(12)} ${text(side)}`)];
}

function flags(apsr: number): string {
  const letters = ['N', 'Z', 'C', 'V', 'Q'].map((letter, i) => ((apsr >>> (31 - i)) & 1 ? letter : letter.toLowerCase()));
  return `${letters.join('')} GE=${((apsr >>> 16) & 15).toString(2).padStart(4, '0')}`;
}

function registerLines({ before, first, second, cells }: EngineDifference): string[] {
  const differing = new Set(cells);
  const shown = [
    ...Array.from({ length: 16 }, (_, i) => i),
    ...SPECIAL.filter(([name, cell]) => ALWAYS.includes(name) || differing.has(cell)).map(([, cell]) => cell),
    ...cells.filter((cell) => cell >= CELL.S0),
  ];
  const cell = (of: Int32Array, number: number) => hex32(of[number]! >>> 0);
  const rows = shown.map((number) => {
    const mark = differing.has(number) ? '*' : ' ';
    const extra =
      number === CELL.APSR ? `  ${flags(before[number]!)} | ${flags(first.cells[number]!)} | ${flags(second.cells[number]!)}` : '';
    const values = [before, first.cells, second.cells].map((of) => cell(of, number).padEnd(12));
    return `${mark} ${cellName(number).padEnd(17)}${values.join(' ')}${extra}`.trimEnd();
  });
  const heading = ['before', first.engine, second.engine].map((text) => text.padEnd(12)).join(' ');
  return [`registers          ${heading}`.trimEnd(), ...rows];
}

function memoryLines({ memory, moreMemory, first, second }: EngineDifference): string[] {
  if (memory.length + moreMemory === 0) return [];
  const heading = [first.engine, second.engine].map((text) => text.padEnd(12)).join(' ');
  return [
    `memory             ${heading}`.trimEnd(),
    ...memory.map((word) => `* ${hex32(word.address).padEnd(17)}${hex32(word.first).padEnd(12)} ${hex32(word.second)}`),
    ...(moreMemory > 0 ? [`  and ${counted(moreMemory)} more words`] : []),
  ];
}

function accessText({ kind, address, size, value, executed }: Access): string {
  const to = kind === 'write' || kind === 'MSR' ? ` = ${hex32(value)}` : '';
  return `${kind} ${hex32(address)}, ${size} bytes${to}, after ${counted(executed)} instructions of the slice`;
}

function accessLines(first: SideState, second: SideState): string[] {
  const lines = [first, second].map((side) => side.accesses.map(accessText));
  if (lines[0]!.join() === lines[1]!.join()) return [];
  return [
    'accesses to devices:',
    ...[first, second].flatMap((side, i) =>
      (lines[i]!.length > 0 ? lines[i]! : ['none']).map((text) => `* ${side.engine.padEnd(12)} ${text}`),
    ),
  ];
}
