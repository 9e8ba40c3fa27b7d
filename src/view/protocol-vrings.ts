/** Vrings as the view's protocol has them: `vrings.inspect`, `vrings.culprit` (protocol.ts). Types only. */
import type { Base64, Place, VringSummary } from './protocol-machine.ts';

export type BufferOwner =
  /** In the available ring, not taken yet (or being worked on) by the core. */
  | 'core'
  /** In the used ring, not taken back by Linux yet. */
  | 'returned'
  /** Free in Linux's hands. */
  | 'linux'
  /** Both or neither: see `violations`. */
  | 'unknown';

export interface VringDescriptor {
  readonly index: number;
  readonly address: number;
  readonly length: number;
  readonly flags: number;
  readonly next: number;
  readonly owner: BufferOwner;
  /** Its start, if it has a message: rpmsg header decoded. */
  readonly message?: {
    readonly src: number;
    readonly dst: number;
    readonly length: number;
    readonly flags: number;
    readonly data: Base64;
    readonly text?: string;
    /** Of the name service. */
    readonly nameService?: { readonly name: string; readonly address: number; readonly flags: 'create' | 'destroy' };
    /** It was delivered before: the buffer is to be filled anew. */
    readonly old?: true;
  };
  readonly violations: readonly number[];
}

export interface VringViolation {
  readonly id: number;
  /** `used-id-out-of-range`, `used-ahead-of-avail`, `descriptor-outside-carve-out` ... */
  readonly rule: string;
  readonly text: string;
  /** What it leads to in Linux and in the firmware: the message that it shows up as. */
  readonly consequence: string;
  readonly remedy: string;
  /** The bytes that are wrong, in the view of Linux: for `vrings.culprit`. */
  readonly address: number;
  readonly size: number;
  readonly descriptor?: number;
}

export interface Vring extends VringSummary {
  readonly cycle: number;
  /** Addresses of the three parts, as Linux sees them. */
  readonly descAddress: number;
  readonly availAddress: number;
  readonly usedAddress: number;
  readonly align: number;
  readonly descriptors: readonly VringDescriptor[];
  readonly avail: { readonly flags: number; readonly index: number; readonly ring: readonly number[] };
  readonly used: {
    readonly flags: number;
    readonly index: number;
    readonly ring: readonly { readonly id: number; readonly length: number }[];
  };
  /** What Linux's virtqueue remembers by itself. */
  readonly linux?: {
    readonly lastUsedIndex: number;
    readonly free: number;
    /** It has given the queue up: nothing is sent or received any more. */
    readonly broken?: true;
  };
  readonly problems: readonly VringViolation[];
}

/** Who wrote the bytes of a violation. */
export interface Culprit {
  readonly by: string;
  readonly cycle: number;
  readonly seconds: number;
  readonly place?: Place;
  readonly source?: string;
  readonly backtrace?: readonly Place[];
}
