/**
 * Which instructions move SP by some amount, so that it stays in its stack (PUSH, POP, SUB SP, write-back), and which load it with
 * another value (MOV SP, LDR SP, MSR).
 */
import type { AddressSpace } from '../memory/bus.ts';
import type { Feature } from './encodings/encoding.ts';
import { decode, field, hasField, isWide } from './encodings/index.ts';

const SP = 13;

/** True when the instruction at `address`, which has changed SP, has moved it. */
export function movesStack(bus: AddressSpace, features: ReadonlySet<Feature>, address: number): boolean {
  const first = bus.peek(address >>> 0, 2);
  if (first < 0) return false;
  const wide = isWide(first);
  const word = wide ? ((first << 16) | (bus.peek((address + 2) >>> 0, 2) & 0xffff)) >>> 0 : first;
  const compiled = decode(word, wide ? 4 : 2, features);
  if (!compiled) return false;
  const { op } = compiled.encoding;
  const is = (letter: string): boolean => hasField(compiled, letter) && field(compiled, word, letter) === SP;
  // A load into SP itself, write-back or not.
  if (/^LDR/.test(op) && is('t')) return false;
  if (is('n')) return true;
  return /^ADD/.test(op) && is('m');
}
