/**
 * Nested Vectored Interrupt Controller: which exceptions are pending, active and enabled, and which of them comes next.
 *
 * DDI 0403E B1.5 (priorities, activation) and B3.4 (registers). Covers the system exceptions too, since one arbiter serves all.
 * Inputs are level-sensitive with a pending latch, as in the Cortex-M3/M4/M7: a rising line latches, a line that is still high when its
 * handler returns latches again, and a falling line does not unlatch. Not modelled: LOCKUP and wake-up interrupt controller outputs.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { defineRegisters, RegisterFile } from '../memory/registers.ts';
import { EXCEPTION, EXCEPTION_COUNT } from './exception-numbers.ts';
import type { CoreProfile } from './profile.ts';

const WORDS = EXCEPTION_COUNT / 32;
/** Priority that nothing reaches: Thread mode with no mask. */
export const LOWEST_PRIORITY = 256;
/** System exceptions that no bit disables. */
const ALWAYS_ENABLED = 0xffff & ~((1 << EXCEPTION.MEM_MANAGE) | (1 << EXCEPTION.BUS_FAULT) | (1 << EXCEPTION.USAGE_FAULT));

/** Offsets are from 0xE000_E000. */
const NVIC = defineRegisters({
  ICTR: { offset: 0x004, access: 'ro' },
  ISER: { offset: 0x100, count: 8 },
  ICER: { offset: 0x180, count: 8 },
  ISPR: { offset: 0x200, count: 8 },
  ICPR: { offset: 0x280, count: 8 },
  IABR: { offset: 0x300, count: 8, access: 'ro' },
  IPR: { offset: 0x400, count: 60 },
  STIR: { offset: 0xf00, access: 'wo' },
});

/** State of all exceptions of one core, and the NVIC's own registers. */
export class Nvic {
  readonly registers: RegisterFile<typeof NVIC>;
  /** External lines implemented. */
  readonly lines: number;
  /** Implemented bits of a priority byte. */
  readonly priorityMask: number;
  /** Called whenever what is pending and enabled, or its priority, may have changed. */
  onChange: () => void = () => {};
  /** Called when an exception goes from not pending to pending (SEVONPEND). */
  onPended: () => void = () => {};
  /** Highest-priority pending and enabled exception, 0 when there is none. */
  next = 0;
  /** Group priority of `next`; above every other when there is none. */
  nextPriority = LOWEST_PRIORITY + 1;
  /** Group priority of the active exceptions, without PRIMASK, BASEPRI and FAULTMASK. */
  activePriority = LOWEST_PRIORITY;

  private readonly pending = new Uint32Array(WORDS);
  private readonly active = new Uint32Array(WORDS);
  private readonly enabled = new Uint32Array(WORDS);
  private readonly level = new Uint32Array(WORDS);
  private readonly priorities = new Int16Array(EXCEPTION_COUNT);
  /** Bits of a priority that are its group; the rest only order pending exceptions. */
  private groupMask = 0xfe;

  constructor(profile: CoreProfile, diagnostics: Diagnostics) {
    this.lines = profile.interrupts;
    this.priorityMask = (0xff << (8 - profile.priorityBits)) & 0xff;
    const setEnable = (bits: number, index: number, on: boolean) => this.setLineBits(this.enabled, index, bits, on);
    this.registers = new RegisterFile(NVIC, {
      name: 'NVIC',
      diagnostics,
      behaviour: {
        ICTR: { value: () => Math.max(0, Math.ceil(this.lines / 32) - 1) },
        ISER: { value: (i) => this.lineBits(this.enabled, i), write: (_n, _p, i, written) => setEnable(written, i, true) },
        ICER: { value: (i) => this.lineBits(this.enabled, i), write: (_n, _p, i, written) => setEnable(written, i, false) },
        ISPR: { value: (i) => this.lineBits(this.pending, i), write: (_n, _p, i, written) => this.pendLines(i, written) },
        ICPR: { value: (i) => this.lineBits(this.pending, i), write: (_n, _p, i, written) => this.unpendLines(i, written) },
        IABR: { value: (i) => this.lineBits(this.active, i) },
        IPR: {
          value: (i) => this.priorityWord(EXCEPTION.EXTERNAL + 4 * i),
          write: (next, _p, i) => this.setPriorityWord(EXCEPTION.EXTERNAL + 4 * i, next),
        },
        STIR: { write: (next) => this.pendLine(next & 0x1ff) },
      },
    });
    this.reset();
  }

  /** Returns to the state after reset; lines that the SoC still drives high are pending at once. */
  reset(): void {
    this.registers.reset();
    this.active.fill(0);
    this.enabled.fill(0);
    this.enabled[0] = ALWAYS_ENABLED;
    this.pending.set(this.level);
    this.priorities.fill(0);
    this.priorities[EXCEPTION.RESET] = -3;
    this.priorities[EXCEPTION.NMI] = -2;
    this.priorities[EXCEPTION.HARD_FAULT] = -1;
    this.groupMask = 0xfe;
    this.activePriority = LOWEST_PRIORITY;
    this.arbitrate();
  }

  /** Drives external input `line`; lines that the core does not have are ignored. */
  setLevel(line: number, level: boolean): void {
    if (line < 0 || line >= this.lines) return;
    const number = EXCEPTION.EXTERNAL + line;
    const word = number >>> 5;
    const bit = 1 << (number & 31);
    if (((this.level[word]! & bit) !== 0) === level) return;
    this.level[word]! ^= bit;
    if (level) this.setPending(number);
  }

  /** Makes exception `number` pending. */
  setPending(number: number): void {
    const word = number >>> 5;
    const bit = 1 << (number & 31);
    if ((this.pending[word]! & bit) !== 0) return;
    this.pending[word]! |= bit;
    this.onPended();
    this.arbitrate();
  }

  /** Makes exception `number` not pending. */
  clearPending(number: number): void {
    this.pending[number >>> 5]! &= ~(1 << (number & 31));
    this.arbitrate();
  }

  isPending(number: number): boolean {
    return hasBit(this.pending, number);
  }

  isActive(number: number): boolean {
    return hasBit(this.active, number);
  }

  isEnabled(number: number): boolean {
    return hasBit(this.enabled, number);
  }

  /** Enables or disables a configurable system exception (SHCSR). */
  setEnabled(number: number, on: boolean): void {
    setBit(this.enabled, number, on);
    this.arbitrate();
  }

  /** Sets or clears an active bit without entering anything (SHCSR). */
  setActive(number: number, on: boolean): void {
    setBit(this.active, number, on);
    this.updateActivePriority();
    this.onChange();
  }

  /** True when an enabled external interrupt could preempt `executionPriority` if it became pending. */
  mayPreempt(executionPriority: number): boolean {
    for (let number: number = EXCEPTION.EXTERNAL; number < EXCEPTION.EXTERNAL + this.lines; number++) {
      if (this.isEnabled(number) && this.groupPriority(number) < executionPriority) return true;
    }
    return false;
  }

  /** Exceptions that are active. */
  get activeCount(): number {
    let count = 0;
    for (const word of this.active) for (let rest = word; rest !== 0; rest &= rest - 1) count++;
    return count;
  }

  /** Numbers of all pending exceptions, in ascending order. */
  pendingNumbers(): number[] {
    return numbersIn(this.pending);
  }

  /** Numbers of all active exceptions, in ascending order. */
  activeNumbers(): number[] {
    return numbersIn(this.active);
  }

  /** True when an external interrupt is pending, enabled or not (ICSR.ISRPENDING). */
  get externalPending(): boolean {
    return this.pending[0]! >>> EXCEPTION.EXTERNAL !== 0 || this.pending.some((word, index) => index > 0 && word !== 0);
  }

  /** Priority byte of `number`; negative for NMI and HardFault. */
  priority(number: number): number {
    return this.priorities[number]!;
  }

  /** Group priority of `number`: what decides preemption. */
  groupPriority(number: number): number {
    return this.group(this.priorities[number]!);
  }

  /** Sets the priority byte of a configurable exception; unimplemented bits stay zero. */
  setPriority(number: number, value: number): void {
    this.priorities[number] = value & this.priorityMask;
    this.updateActivePriority();
    this.arbitrate();
  }

  /** AIRCR.PRIGROUP: bits 7..prigroup+1 of a priority are its group. */
  setPriorityGrouping(prigroup: number): void {
    this.groupMask = (0xff << (prigroup + 1)) & 0xff;
    this.updateActivePriority();
    this.arbitrate();
  }

  /** The group part of a priority; fixed priorities are their own group. */
  group(priority: number): number {
    return priority < 0 ? priority : priority & this.groupMask;
  }

  /** ExecutionPriority() of the architecture. */
  executionPriority(primask: boolean, basepri: number, faultmask: boolean): number {
    let boosted = LOWEST_PRIORITY;
    if (basepri !== 0) boosted = basepri & this.groupMask;
    if (primask) boosted = 0;
    if (faultmask) boosted = -1;
    return Math.min(boosted, this.activePriority);
  }

  /** Exception `number` is entered: active and no longer pending. */
  activate(number: number): void {
    setBit(this.active, number, true);
    setBit(this.pending, number, false);
    this.updateActivePriority();
    this.arbitrate();
  }

  /** Exception `number` has returned; pends again when its line is still high. */
  deactivate(number: number): void {
    setBit(this.active, number, false);
    this.updateActivePriority();
    if (hasBit(this.level, number)) this.setPending(number);
  }

  /** Four priority bytes from exception `first` on, as IPR and SHPR show them. */
  priorityWord(first: number): number {
    let word = 0;
    for (let i = 0; i < 4; i++) word |= Math.max(0, this.priorities[first + i]!) << (8 * i);
    return word >>> 0;
  }

  private setPriorityWord(first: number, word: number): void {
    for (let i = 0; i < 4; i++) {
      if (first + i < EXCEPTION.EXTERNAL + this.lines) this.priorities[first + i] = (word >>> (8 * i)) & this.priorityMask;
    }
    this.updateActivePriority();
    this.arbitrate();
  }

  private pendLine(line: number): void {
    if (line < this.lines) this.setPending(EXCEPTION.EXTERNAL + line);
  }

  private pendLines(index: number, lines: number): void {
    for (let rest = lines; rest !== 0; rest &= rest - 1) this.pendLine(32 * index + 31 - Math.clz32(rest & -rest));
  }

  /** A line that is high and not being handled stays pending: the latch sets again at once. */
  private unpendLines(index: number, lines: number): void {
    const held = this.lineBits(this.level, index) & ~this.lineBits(this.active, index);
    this.setLineBits(this.pending, index, lines & ~held, false);
  }

  /** The 32 bits of `set` that belong to lines 32*index and up. */
  private lineBits(set: Uint32Array, index: number): number {
    return ((set[index]! >>> 16) | ((set[index + 1] ?? 0) << 16)) >>> 0;
  }

  private setLineBits(set: Uint32Array, index: number, lines: number, on: boolean): void {
    const left = this.lines - 32 * index;
    const known = left >= 32 ? lines : left <= 0 ? 0 : lines & ((1 << left) - 1);
    const low = known << 16;
    const high = known >>> 16;
    if (on) {
      set[index]! |= low;
      if (index + 1 < WORDS) set[index + 1]! |= high;
    } else {
      set[index]! &= ~low;
      if (index + 1 < WORDS) set[index + 1]! &= ~high;
    }
    this.arbitrate();
  }

  private updateActivePriority(): void {
    let lowest = LOWEST_PRIORITY;
    for (let word = 0; word < WORDS; word++) {
      for (let rest = this.active[word]!; rest !== 0; rest &= rest - 1) {
        const priority = this.priorities[32 * word + 31 - Math.clz32(rest & -rest)]!;
        if (priority < lowest) lowest = priority;
      }
    }
    this.activePriority = lowest === LOWEST_PRIORITY ? lowest : this.group(lowest);
  }

  /** Finds `next`: lowest priority value, then lowest number. */
  private arbitrate(): void {
    let best = 0;
    let lowest = LOWEST_PRIORITY;
    for (let word = 0; word < WORDS; word++) {
      for (let rest = this.pending[word]! & this.enabled[word]!; rest !== 0; rest &= rest - 1) {
        const number = 32 * word + 31 - Math.clz32(rest & -rest);
        if (this.priorities[number]! >= lowest) continue;
        lowest = this.priorities[number]!;
        best = number;
      }
    }
    this.next = best;
    this.nextPriority = best === 0 ? LOWEST_PRIORITY + 1 : this.group(lowest);
    this.onChange();
  }
}

function hasBit(set: Uint32Array, number: number): boolean {
  return (set[number >>> 5]! & (1 << (number & 31))) !== 0;
}

function setBit(set: Uint32Array, number: number, on: boolean): void {
  if (on) set[number >>> 5]! |= 1 << (number & 31);
  else set[number >>> 5]! &= ~(1 << (number & 31));
}

function numbersIn(set: Uint32Array): number[] {
  const out: number[] = [];
  for (let number = 0; number < EXCEPTION_COUNT; number++) if (hasBit(set, number)) out.push(number);
  return out;
}
