/**
 * Where the instructions of a program lead: what a control flow graph is made of. Reads the encoding table (cpu/encodings), executes nothing.
 */
import { decode, featuresOf, field, immediate, isWide } from '../cpu/encodings/index.ts';

/** What comes behind an instruction. */
export type Flow =
  /** The next one. */
  | { readonly kind: 'next' }
  /** `target`, always. */
  | { readonly kind: 'jump'; readonly target: number }
  /** `target` or the next one. */
  | { readonly kind: 'branch'; readonly target: number }
  /** A call, then the next one; `target` is undefined where a register holds it. */
  | { readonly kind: 'call'; readonly target: number | undefined }
  /** One of a table of addresses behind the instruction, entries of `width` bytes; 4: addresses, else half the distance. */
  | { readonly kind: 'table'; readonly width: 1 | 2 | 4 }
  /** Out of the function, or to an address that a register or memory holds. */
  | { readonly kind: 'leave' }
  /** No instruction. */
  | { readonly kind: 'undefined' };

/** An instruction as a control flow graph sees it. */
export interface CodeInstruction {
  readonly address: number;
  readonly size: 2 | 4;
  readonly flow: Flow;
  /** It stands in an IT block: its flow may also be the next instruction. */
  readonly conditional: boolean;
  /** Compares what registers hold, or goes where a comparison says: a step of the search for the case of a `switch`. */
  readonly compares: boolean;
  readonly nop: boolean;
  /** Does what functions do to return: gives up the frame, moves the result into its register. */
  readonly returns: boolean;
}

/** Reads bytes of a program's code; undefined outside of it. */
export type CodeReader = (address: number, length: number) => Uint8Array | undefined;

/** Everything there is: code is read as it was compiled, for whatever core. */
const FEATURES = featuresOf({ fpu: 'fpv5-dp', architecture: 'armv8-m' });
const NEXT: Flow = { kind: 'next' };
const LEAVE: Flow = { kind: 'leave' };
const UNDEFINED: Flow = { kind: 'undefined' };
const FRAME = 7;
const SP = 13;
const PC = 15;
const COMPARISONS = ['CMP_IMM', 'CMP_REG', 'CMN_IMM', 'CMN_REG', 'TST_IMM', 'TST_REG'];
const PREPARATIONS = ['MOV_IMM', 'MOV_REG', 'MOVT', 'ADR', 'ADD_IMM', 'SUB_IMM', 'UXTB', 'UXTH', 'SXTB', 'SXTH'];
const COMPARES = new Set([...COMPARISONS, ...PREPARATIONS, 'B', 'B_COND', 'CBZ', 'CBNZ', 'TBB', 'TBH']);
const RETURNS = new Set([
  'ADD_IMM',
  'ADD_HIGH',
  'MOV_HIGH',
  'MOV_REG',
  'LDM',
  'BX',
  'VLDM',
  'VMOV',
  'VMOV_TO_S',
  'VMOV_TO_D',
  'VMOV_FROM_S',
  'VMOV_FROM_D',
  'SXTB',
  'SXTH',
  'UXTB',
  'UXTH',
]);
const LOADS_LIST = new Set(['LDM', 'LDMDB']);
const NOP = 0xbf00;

/** Decodes from `address` on; instructions in IT blocks are known to be when decoding starts before the block. */
export class CodeWalker {
  private readonly read: CodeReader;
  /** Conditional instructions that are left of the IT block. */
  private left = 0;

  constructor(read: CodeReader) {
    this.read = read;
  }

  /** Forgets the IT block: decoding goes on elsewhere. */
  jump(): void {
    this.left = 0;
  }

  /** The instruction at `address`, which follows the one before. */
  next(address: number): CodeInstruction {
    const conditional = this.left > 0;
    if (conditional) this.left--;
    const first = this.halfword(address);
    const size = first !== undefined && isWide(first) ? 4 : 2;
    const second = size === 4 ? this.halfword(address + 2) : 0;
    if (first === undefined || second === undefined) return made(address, size, UNDEFINED, conditional);
    const word = size === 4 ? ((first << 16) | second) >>> 0 : first;
    const compiled = decode(word, size, FEATURES);
    if (!compiled) return made(address, size, UNDEFINED, conditional);
    const { op } = compiled.encoding;
    if (op === 'IT') this.left = lengthOfIt(word);
    const flow = flowOf(op, address, word, compiled, this.table(op, address, word, size));
    return {
      address,
      size,
      flow,
      conditional,
      compares: COMPARES.has(op) || flow.kind === 'table',
      nop: word === NOP,
      returns: RETURNS.has(op) || pops(op, compiled, word),
    };
  }

  private halfword(address: number): number | undefined {
    const bytes = this.read(address, 2);
    return bytes && bytes[0]! | (bytes[1]! << 8);
  }

  /** Width of the entries of the table behind `LDR PC, [Rn, Rm, LSL #2]`, if it looks like one. */
  private table(op: string, address: number, word: number, size: number): boolean {
    if (op !== 'LDR_REG' || size !== 4 || ((word >>> 12) & 15) !== PC || ((word >>> 4) & 3) !== 2) return false;
    const at = (address + 4 + 3) & ~3;
    const entry = this.read(at, 4);
    return entry !== undefined && (entry[0]! & 1) === 1;
  }
}

function made(address: number, size: 2 | 4, flow: Flow, conditional: boolean): CodeInstruction {
  return { address, size, flow, conditional, compares: false, nop: false, returns: false };
}

/** LDR from the stack: one register of the frame, or where the caller wants a struct. */
function pops(op: string, compiled: NonNullable<ReturnType<typeof decode>>, word: number): boolean {
  if (op !== 'LDR_IMM') return false;
  const base = field(compiled, word, 'n');
  return base === SP || (base === FRAME && field(compiled, word, 't') === 0);
}

/** Instructions in the block of an IT instruction. */
function lengthOfIt(word: number): number {
  const mask = word & 15;
  for (let bit = 0; bit < 4; bit++) if ((mask >>> bit) & 1) return 4 - bit;
  return 0;
}

function flowOf(op: string, address: number, word: number, compiled: NonNullable<ReturnType<typeof decode>>, table: boolean): Flow {
  const target = () => (address + 4 + immediate(compiled, word)) >>> 0;
  const get = (letter: string) => field(compiled, word, letter);
  switch (op) {
    case 'B':
      return { kind: 'jump', target: target() };
    case 'B_COND':
    case 'CBZ':
    case 'CBNZ':
      return { kind: 'branch', target: target() };
    case 'BL':
      return { kind: 'call', target: target() };
    case 'BLX':
    case 'BLXNS':
      return { kind: 'call', target: undefined };
    case 'TBB':
      return { kind: 'table', width: 1 };
    case 'TBH':
      return { kind: 'table', width: 2 };
    case 'BX':
    case 'BXNS':
    case 'UDF':
      return LEAVE;
    case 'MOV_HIGH':
    case 'ADD_HIGH':
      return get('d') === PC ? LEAVE : NEXT;
    default:
      if (LOADS_LIST.has(op)) return (immediate(compiled, word) >>> PC) & 1 ? LEAVE : NEXT;
      if (table) return { kind: 'table', width: 4 };
      return op.startsWith('LDR_') && get('t') === PC ? LEAVE : NEXT;
  }
}
