/**
 * What translated code and the engine share: the control block in the arena, how an exit is encoded, and the lazy flags.
 */
import type { Block, Step } from './region.ts';

/** Words of the control block, by number. */
export const CONTROL = {
  /** Instructions left, written when the dispatcher returns. */
  REMAINING: 0,
  /** Outcome of the last slow load: OK, FAULTED or STOPPING. */
  STATUS: 1,
  /** 1 while floating-point instructions have to stop first. */
  FP_TRAP: 2,
  /** Value that an unusual branch goes to. */
  TARGET: 3,
  /** Lazy flags: kinds (0: APSR is up to date), then the operands. */
  FLAG_KINDS: 4,
  NZ: 5,
  CA: 6,
  CB: 7,
  CC: 8,
  VA: 9,
  /** The same, as a region leaves them at a `cold` exit. */
  COLD_KINDS: 10,
  COLD_NZ: 11,
  COLD_CA: 12,
  COLD_CB: 13,
  COLD_CC: 14,
  COLD_VA: 15,
  /** NORMAL of core-memory.ts while unaligned accesses are allowed, 0 under CCR.UNALIGN_TRP. */
  UNALIGNED: 16,
  /** 1 while the core watches the masks: instructions that change them stop. */
  WATCH: 17,
} as const;

/**
 * Pages that accesses through each register have last reached: for reads and for writes, the virtual address of the page, and what to add to a
 * virtual address to get its arena offset. They are forgotten whenever translated code begins.
 */
export const TAGS = 32;
export const TAGS_END = TAGS + 64;
/** A tag that no address has. */
export const NO_PAGE = 0x800;

/** Words of the control block. */
export const CONTROL_WORDS = TAGS_END;

/** Word of the tag of register `key` (15: PC) for reading (1) or writing (2); the next word is what to add. */
export function tagOf(key: number, right: number): number {
  return TAGS + 4 * key + 2 * (right - 1);
}

/** Outcomes of a slow access or a handler. */
export const OK = 0;
export const FAULTED = 1;
export const STOPPING = 2;

/** What the operands CA and CB are: of CA - CB, of CA = a - CB, of CA + CB, of CA = a + CB. */
export const ARITHMETIC = { NONE: 0, CMP: 1, SUB: 2, CMN: 3, ADD: 4 } as const;
/** How N and Z are known: as the control block says, from the operands CA and CB, or of the value NZ. */
export const NZ_KIND = { CELLS: 0, SAME: 1, VALUE: 2 } as const;
/** How C is known: as the control block says, from the operands, or as 0 or 1 in CC. */
export const C_KIND = { CELLS: 0, SAME: 1, BIT: 2 } as const;
/** How V is known: as the control block says, from the operands, or as the sign of VA. */
export const V_KIND = { CELLS: 0, SAME: 1, SIGN: 2 } as const;
/** At compile time only: known when the code runs. */
export const DYNAMIC = 15;

/** Set in a word of kinds, so that it is never 0. */
export const LAZY = 0x1_0000;

/** Packs kinds into the word of the control block. */
export function kinds(nz: number, c: number, v: number, arithmetic: number): number {
  return LAZY | nz | (c << 4) | (v << 8) | (arithmetic << 12);
}

/** The kinds that a word of compile-time kinds means, given the ones that the code found when it ran. */
export function resolveKinds(word: number, dynamic: number): number {
  let result = word;
  for (const shift of [0, 4, 8, 12])
    if (((word >>> shift) & 15) === DYNAMIC) result = (result & ~(15 << shift)) | (dynamic & (15 << shift));
  return result;
}

/** What an exit means. The instruction of the site is: not executed, done, not to be begun, to be interpreted, done by its handler, a branch to TARGET,
 * not executed as its memory cannot be reached directly. */
export const EXIT = { FAULT: 0, DONE: 1, SHORT: 2, INTERPRET: 3, HANDLED: 4, BRANCH: 5, RETRY: 6 } as const;

const SITE_BITS = 12;
/** Most sites of one region. */
export const SITE_LIMIT = 1 << SITE_BITS;

/** The value that a region function returns instead of an address: always odd. */
export function encodeExit(region: number, site: number, exit: number): number {
  return (((((region << SITE_BITS) | site) << 3) | exit) << 1) | 1;
}

/** The parts of `encodeExit`. */
export function decodeExit(value: number): { region: number; site: number; exit: number } {
  return { exit: (value >>> 1) & 7, site: (value >>> 4) & (SITE_LIMIT - 1), region: value >>> (4 + SITE_BITS) };
}

/** A place at which a region can be left. */
export interface Site {
  readonly step: Step;
  /** Instructions of its block that have been counted but not executed when `step` begins, itself included. */
  readonly counted: number;
  /** Kinds of the flags before the step, in a word like the control block's; DYNAMIC parts are in COLD_KINDS. */
  readonly flags: number;
  /** The same behind it. */
  flagsAfter: number;
  /** Number of the handler that executes it, -1 for none. */
  readonly handler: number;
  readonly block: Block;
  /** While instructions are counted: times that the region was left here with the step done, and with it not done. */
  done: number;
  notDone: number;
}

/** Thrown when a region cannot be translated as a whole; it is given up. */
export class Untranslatable extends Error {}

/** What the generator is given for single instructions: emitters by micro-operation, and the handlers for their rare cases. */
export interface Emitters<G> {
  readonly byName: ReadonlyMap<string, (generator: G, step: Step) => void>;
  readonly handlerOf: Readonly<Record<string, string>>;
}
