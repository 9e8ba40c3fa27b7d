/**
 * Says in plain words what a core did to a ring that the rules forbid, at the moment Linux looks at the ring.
 *
 * Linux checks only what would make it crash and stops with `id 48 is not a head!`; what went wrong before that is what users
 * look for. This observer knows the driver's private state, which the device cannot change, and changes nothing itself.
 */
import { hex } from '../memory/bits.ts';
import type { Vring } from './vring.ts';
import { VRING_DESC_F_WRITE, VRING_USED_F_NO_NOTIFY } from './vring.ts';

/** What the driver keeps for itself about a buffer it has lent out. */
export interface LentBuffer {
  readonly address: number;
  readonly length: number;
  readonly flags: number;
}

/** A core gone mad finds a new way to be wrong with every write; this many findings are enough to see that. */
const MAX_FINDINGS = 100;

/** Watches one ring; each distinct finding is reported once, up to a limit. */
export class VringChecker {
  private readonly vring: Vring;
  private readonly label: string;
  private readonly report: (text: string) => void;
  private readonly reported = new Set<string>();
  /** Used index under which each descriptor came back last. */
  private readonly returned = new Map<number, number>();

  constructor(vring: Vring, label: string, report: (text: string) => void) {
    this.vring = vring;
    this.label = label;
    this.report = report;
  }

  /** Looks at the indices that a step of the device moves. `lent` counts the buffers that the device holds. */
  indices(lastUsedIdx: number, availIdxShadow: number, availFlagsShadow: number, lent: number): void {
    const { vring } = this;
    const { usedIdx, availIdx, usedFlags, availFlags } = vring;
    const pending = (usedIdx - lastUsedIdx) & 0xffff;
    if (pending > 0x8000) {
      this.note(`used.idx went back from ${lastUsedIdx} to ${usedIdx}; it only ever grows (did the core start over without Linux?)`);
    } else if (pending > lent) {
      this.note(`used.idx moved from ${lastUsedIdx} to ${usedIdx}: ${pending} buffers returned, but the core held only ${lent}`);
    }
    if (availIdx !== availIdxShadow) {
      this.note(
        `avail.idx is ${availIdx} where Linux wrote ${availIdxShadow}: the core wrote to the available ring, which belongs to Linux`,
      );
    }
    if (availFlags !== availFlagsShadow) {
      this.note(`avail.flags is ${hex(availFlags)} where Linux wrote ${hex(availFlagsShadow)}: the available ring belongs to Linux`);
    }
    if (usedFlags & ~VRING_USED_F_NO_NOTIFY) this.note(`used.flags is ${hex(usedFlags)}; only bit 0 (NO_NOTIFY) has a meaning`);
  }

  /** Looks at the used element `id`, `length` that Linux reads as number `usedIdx`; `lent` is what Linux knows of descriptor `id`. */
  element(usedIdx: number, id: number, length: number, lent: LentBuffer | undefined): void {
    const { vring } = this;
    if (id >= vring.num) {
      this.note(`used element ${usedIdx} names descriptor ${id}; the ring has ${vring.num}`);
      return;
    }
    if (!lent) {
      const before = this.returned.get(id);
      const history = before === undefined ? 'Linux never offered it' : `it came back as used element ${before} and was not offered again`;
      this.note(`used element ${usedIdx} returns descriptor ${id}, which the core does not hold: ${history}`);
      return;
    }
    this.returned.set(id, usedIdx);
    if (lent.flags & VRING_DESC_F_WRITE && length > lent.length) {
      this.note(`used element ${usedIdx} says ${length} bytes were written to descriptor ${id}, whose buffer has ${lent.length}`);
    }
    const now = vring.descriptor(id);
    if (now.address !== lent.address || now.addressHigh !== 0 || now.length !== lent.length || now.flags !== lent.flags) {
      this.note(
        `descriptor ${id} was ${hex(lent.address)}+${lent.length} flags ${lent.flags} and is now ` +
          `${hex(now.address)}+${now.length} flags ${now.flags}: the descriptor table belongs to Linux`,
      );
    }
  }

  /** The chain that starts at `id` never ends, because the device set flags in the table. */
  loop(id: number): void {
    this.note(`the chain of descriptor ${id} does not end: the core set VRING_DESC_F_NEXT in the table; a real kernel would hang here`);
  }

  private note(text: string): void {
    if (this.reported.has(text) || this.reported.size >= MAX_FINDINGS) return;
    this.reported.add(text);
    this.report(`${this.label}: ${text}`);
  }
}
