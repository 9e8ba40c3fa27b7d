/** The Thumb encoding table and what reads it. */

export { refusedInIt } from './constraints.ts';
export { COMPILED, decode, ENCODINGS, featuresOf, isWide, match, predictable } from './decoder.ts';
export type { Encoding, Feature } from './encoding.ts';
export { type CompiledEncoding, expandCarry, field, hasField, immediate, shiftAmount } from './operands.ts';
