/**
 * What must hold of a ring, as a table: each rule with what its violation leads to in Linux 6.1 and what to do about it.
 *
 * A rule only names what is wrong now. Rules of one subject share a judgement (what is wrong with this element, with this row), so that one mistake
 * is told once, by the most specific of them.
 */
import { CHAIN_RULES, DESCRIPTOR_RULES } from './ring-rules-descriptors.ts';
import { DOORBELL_RULES } from './ring-rules-doorbells.ts';
import { INDEX_RULES } from './ring-rules-indices.ts';
import { MESSAGE_RULES } from './ring-rules-messages.ts';
import { PLACE_RULES } from './ring-rules-places.ts';
import { USED_RULES } from './ring-rules-used.ts';
import type { RingState } from './ring-state.ts';

/** One place at which a rule is broken. */
export interface Breach {
  readonly text: string;
  /** The bytes that are wrong, as Linux sees them. */
  readonly address: number;
  readonly size: number;
  readonly descriptor?: number;
  /** The line that Linux prints, or the lack of one, when that depends on the place. */
  readonly consequence?: string;
}

/** A rule. */
export interface RingRule {
  /** As clients know it. */
  readonly name: string;
  readonly consequence: string;
  readonly remedy: string;
  readonly find: (ring: RingState) => Iterable<Breach>;
}

/** All rules, in the order in which they are told: what the rest follows from first. */
export const RING_RULES: readonly RingRule[] = [
  ...PLACE_RULES,
  ...INDEX_RULES,
  ...USED_RULES,
  ...DESCRIPTOR_RULES,
  ...CHAIN_RULES,
  ...MESSAGE_RULES,
  ...DOORBELL_RULES,
];

/** Of one rule this many places are told: a core gone mad breaks it everywhere. */
const MOST_BREACHES = 16;

/** What is broken at this moment. */
export function breaches(ring: RingState): { readonly rule: RingRule; readonly breach: Breach }[] {
  const found: { rule: RingRule; breach: Breach }[] = [];
  for (const rule of RING_RULES) {
    let count = 0;
    for (const breach of rule.find(ring)) {
      if (count++ === MOST_BREACHES) break;
      found.push({ rule, breach });
    }
  }
  return found;
}
