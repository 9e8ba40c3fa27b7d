/** Scenarios in which QEMU is known not to do as the architecture says, or leaves something out that ours models; by name of the test. */

/** One of them. */
export interface Deviation {
  /** Matches "file: test". */
  readonly test: RegExp;
  readonly core?: string;
  readonly reason: string;
}

export const DEVIATIONS: readonly Deviation[] = [];
