/**
 * SHCSR and SHPR: state and priorities of the system exceptions, over the NVIC's (DDI 0403E B3.2.11-13, DDI 0553B D1.2.238-244).
 *
 * One view for each security state: what an owner has no id for reads as zero and ignores writes.
 */
import { EXCEPTION, numberOf } from './exception-numbers.ts';
import type { Nvic } from './nvic.ts';

/** Bits of SHCSR and the exceptions they show. */
type Bits = readonly (readonly [at: number, number: number])[];
const ACTIVE: Bits = [
  [0, EXCEPTION.MEM_MANAGE],
  [1, EXCEPTION.BUS_FAULT],
  [2, EXCEPTION.HARD_FAULT],
  [3, EXCEPTION.USAGE_FAULT],
  [4, EXCEPTION.SECURE_FAULT],
  [5, EXCEPTION.NMI],
  [7, EXCEPTION.SV_CALL],
  [8, EXCEPTION.DEBUG_MONITOR],
  [10, EXCEPTION.PEND_SV],
  [11, EXCEPTION.SYS_TICK],
];
const PENDING: Bits = [
  [12, EXCEPTION.USAGE_FAULT],
  [13, EXCEPTION.MEM_MANAGE],
  [14, EXCEPTION.BUS_FAULT],
  [15, EXCEPTION.SV_CALL],
  [20, EXCEPTION.SECURE_FAULT],
  [21, EXCEPTION.HARD_FAULT],
];
const ENABLED: Bits = [
  [16, EXCEPTION.MEM_MANAGE],
  [17, EXCEPTION.BUS_FAULT],
  [18, EXCEPTION.USAGE_FAULT],
  [19, EXCEPTION.SECURE_FAULT],
];
const CONFIGURABLE: readonly number[] = [
  EXCEPTION.MEM_MANAGE,
  EXCEPTION.BUS_FAULT,
  EXCEPTION.USAGE_FAULT,
  EXCEPTION.SECURE_FAULT,
  EXCEPTION.SV_CALL,
  EXCEPTION.DEBUG_MONITOR,
  EXCEPTION.PEND_SV,
  EXCEPTION.SYS_TICK,
];

/** Whose view it is. */
export interface HandlerOwner {
  /** Id of exception `number` as the owner knows it; undefined for what is not its own. */
  idOf(number: number): number | undefined;
  /** True when the owner may end exception `id`, a HardFault or NMI, by clearing its active bit; it never sets one. */
  mayEnd(id: number): boolean;
}

/** The registers of one view. */
export class SystemHandlers {
  private readonly nvic: Nvic;
  private readonly owner: HandlerOwner;

  constructor(nvic: Nvic, owner: HandlerOwner) {
    this.nvic = nvic;
    this.owner = owner;
  }

  /** SHCSR. */
  get state(): number {
    const { nvic } = this;
    let value = 0;
    const collect = (list: Bits, is: (id: number) => boolean): void => {
      for (const [at, number] of list) {
        const id = this.owner.idOf(number);
        if (id !== undefined && is(id)) value |= 1 << at;
      }
    };
    collect(ACTIVE, (id) => nvic.isActive(id));
    collect(PENDING, (id) => nvic.isPending(id));
    collect(ENABLED, (id) => nvic.isEnabled(id));
    return value >>> 0;
  }

  /** Writes the bits of SHCSR in `lanes`. */
  writeState(written: number, lanes: number): void {
    const { nvic } = this;
    const apply = (list: Bits, set: (id: number, on: boolean) => void): void => {
      for (const [at, number] of list) {
        const id = (lanes & (1 << at)) !== 0 ? this.owner.idOf(number) : undefined;
        if (id !== undefined) set(id, (written & (1 << at)) !== 0);
      }
    };
    apply(ENABLED, (id, on) => nvic.setEnabled(id, on));
    apply(ACTIVE, (id, on) => {
      // HardFault and NMI become active by being taken only.
      const fixed = id === EXCEPTION.NMI || numberOf(id) === EXCEPTION.HARD_FAULT;
      if (!fixed || (!on && this.owner.mayEnd(id))) nvic.setActive(id, on);
    });
    apply(PENDING, (id, on) => (on ? nvic.setPending(id) : nvic.clearPending(id)));
  }

  /** SHPR1 to SHPR3: `index` 0 to 2. */
  priorities(index: number): number {
    let word = 0;
    for (let i = 0; i < 4; i++) {
      const id = this.configurable(4 + 4 * index + i);
      if (id !== undefined) word |= this.nvic.priority(id) << (8 * i);
    }
    return word >>> 0;
  }

  /** Writes the bytes of SHPR1 to SHPR3 in `lanes`. */
  writePriorities(index: number, written: number, lanes: number): void {
    for (let i = 0; i < 4; i++) {
      const id = ((lanes >>> (8 * i)) & 0xff) !== 0 ? this.configurable(4 + 4 * index + i) : undefined;
      if (id !== undefined) this.nvic.setPriority(id, (written >>> (8 * i)) & 0xff);
    }
  }

  private configurable(number: number): number | undefined {
    return CONFIGURABLE.includes(number) ? this.owner.idOf(number) : undefined;
  }
}
