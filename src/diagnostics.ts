/**
 * What the models notice about the guest: mistakes (`guest-error`) and behaviour that is not modelled (`unimplemented`).
 *
 * Each distinct finding is reported once, with the first place and time, and counted from then on. Texts may hold what the guest chose, so
 * there is a limit to their number; beyond it findings are counted together.
 */

/** One finding; `pc` is the address of the instruction, where a core caused it. */
export interface Diagnostic {
  readonly kind: 'guest-error' | 'unimplemented';
  /** Block of the SoC, as the reference manual names it (`UART4`, `CCM_ANALOG`). */
  readonly block: string;
  /** Register or feature. */
  readonly register: string;
  readonly text: string;
  /** Cycle of the first occurrence. */
  readonly cycle: number;
  readonly pc?: number;
  /** Occurrences so far; the only field that changes. */
  count: number;
}

/** Distinct findings that are told apart. */
export const MOST_FINDINGS = 1000;

/** Block of what is counted together. */
const BEYOND = 'imx-sim';

/** Where a finding happened; supplied by the machine. */
export interface DiagnosticContext {
  now(): number;
  /** pc of the core that is executing, undefined when none is. */
  pc(): number | undefined;
}

/** Collects and deduplicates findings. */
export class Diagnostics {
  /** Fields that a snapshot leaves out. */
  static readonly wiring = ['told'];
  private readonly seen = new Map<string, Diagnostic>();
  private readonly context: DiagnosticContext;
  /** Firmware in a loop repeats its last finding, and quickly. */
  private last: Diagnostic | undefined;
  /** True: what is noticed was noticed before, by a Linux that lives through its history again. */
  muted = false;
  /** Findings that have been told, in a machine that was put back into its past; in others each is new where it is first seen. */
  private told: Set<string> | undefined;
  /** Called at the first occurrence of each finding. */
  onFirst: ((diagnostic: Diagnostic) => void) | undefined;

  constructor(context: DiagnosticContext) {
    this.context = context;
  }

  /** The guest did something, `times` times, that the hardware's manual forbids or leaves undefined. */
  guestError(block: string, register: string, text: string, times = 1): void {
    this.note('guest-error', block, register, text, times);
  }

  /** The guest used behaviour, `times` times, that exists in hardware and is not modelled. */
  unimplemented(block: string, register: string, text: string, times = 1): void {
    this.note('unimplemented', block, register, text, times);
  }

  /** The machine is going to be put back: what was seen so far is not told again. */
  keepTold(): void {
    this.told = new Set([...(this.told ?? []), ...this.seen.keys()]);
  }

  /** All findings in order of first occurrence. */
  get all(): readonly Diagnostic[] {
    return [...this.seen.values()];
  }

  private note(kind: Diagnostic['kind'], block: string, register: string, text: string, times: number): void {
    if (this.muted) return;
    const { last } = this;
    if (last && last.text === text && last.register === register && last.block === block && last.kind === kind) {
      last.count += times;
      return;
    }
    const key = `${kind}\0${block}\0${register}\0${text}`;
    const known = this.seen.get(key);
    if (known) {
      this.last = known;
      known.count += times;
      return;
    }
    if (this.seen.size >= MOST_FINDINGS && block !== BEYOND) {
      this.note(kind, BEYOND, '', `more than ${MOST_FINDINGS} different findings; the others are counted here`, times);
      return;
    }
    const pc = this.context.pc();
    const entry: Diagnostic = { kind, block, register, text, cycle: this.context.now(), count: times, ...(pc === undefined ? {} : { pc }) };
    this.last = entry;
    this.seen.set(key, entry);
    if (this.told?.has(key)) return;
    this.told?.add(key);
    this.onFirst?.(entry);
  }
}
