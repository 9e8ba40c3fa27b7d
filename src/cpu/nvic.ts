/**
 * Nested Vectored Interrupt Controller: which exceptions are pending, active and enabled, and which of them comes next.
 *
 * DDI 0403E B1.5, DDI 0553B B3.9 (priorities, activation, security). Covers the system exceptions too, since one arbiter serves all.
 * Exceptions go by id (`exception-numbers.ts`), so that a banked one and its Non-secure twin are two. Inputs are level-sensitive with a
 * pending latch, as in the Cortex-M3/M4/M7: a rising line latches, a line that is still high when its handler returns latches again, and
 * a falling line does not unlatch. Not modelled: LOCKUP and wake-up interrupt controller outputs.
 */
import type { Diagnostics } from '../diagnostics.ts';
import { EXCEPTION, NON_SECURE, numberOf } from './exception-numbers.ts';
import { type NvicRegisters, type NvicTargetRegisters, nvicRegisters, nvicTargetRegisters } from './nvic-registers.ts';
import type { CoreProfile } from './profile.ts';

/** Words of exception bits: 16 system exceptions and 240 lines, or those, up to 480 lines, and the Non-secure twins. */
const PLAIN_WORDS = 8;
const SECURITY_WORDS = NON_SECURE / 32 + 1;
/** Priority that nothing reaches: Thread mode with no mask. */
export const LOWEST_PRIORITY = 256;
/** What PRIS adds to a halved Non-secure priority. */
const RESTRICTED_PRIORITY = 0x80;
const ORDERS_PER_GROUP = 256;
const CONFIGURABLE_FAULTS =
  (1 << EXCEPTION.MEM_MANAGE) | (1 << EXCEPTION.BUS_FAULT) | (1 << EXCEPTION.USAGE_FAULT) | (1 << EXCEPTION.SECURE_FAULT);
/** System exceptions that no bit disables. */
const ALWAYS_ENABLED = 0xffff & ~CONFIGURABLE_FAULTS;

/** Made pending; no longer pending without having been entered; entered, its first instruction is next; returned from. */
export type ExceptionPhase = 'pended' | 'cleared' | 'entered' | 'left';

/** Hears of an exception by its id. */
export type PhaseListener = (phase: ExceptionPhase, id: number) => void;

/** State of all exceptions of one core, and the NVIC's own registers. */
export class Nvic {
  static readonly wiring = ['listeners'];
  readonly registers: NvicRegisters;
  /** With the Security Extension: the registers as Non-secure software sees them, and ITNS. */
  readonly nonSecureRegisters: NvicRegisters | undefined;
  readonly targetRegisters: NvicTargetRegisters | undefined;
  /** True with the Security Extension. */
  readonly security: boolean;
  /** External lines implemented. */
  readonly lines: number;
  /** Implemented bits of a priority byte. */
  readonly priorityMask: number;
  /** Called whenever what is pending and enabled, or its priority, may have changed. */
  onChange: () => void = () => {};
  /** Called when an exception goes from not pending to pending (SEVONPEND). */
  onPended: (id: number) => void = () => {};
  /** Called as exceptions go their way; undefined when nobody looks. */
  private onPhase: PhaseListener | undefined;
  private listeners: readonly PhaseListener[] = [];
  /** Highest-priority pending and enabled exception, 0 when there is none. */
  next = 0;
  /** Group priority of `next`; above every other when there is none. */
  nextPriority = LOWEST_PRIORITY + 1;
  /** Group priority of the active exceptions, without PRIMASK, BASEPRI and FAULTMASK. */
  activePriority = LOWEST_PRIORITY;

  private readonly pending: Uint32Array;
  private readonly active: Uint32Array;
  private readonly enabled: Uint32Array;
  private readonly level: Uint32Array;
  /** Exceptions that are taken in Non-secure state; none on a core with one state. */
  private readonly nonSecure: Uint32Array;
  private readonly priorities: Int16Array;
  /** What decides between pending exceptions (group, then what is left of the priority), and what decides preemption: both after PRIS. */
  private readonly orders: Int32Array;
  private readonly groups: Int16Array;
  /** Bits of a priority that are its group, of Secure (or the only) and Non-secure exceptions; the rest only order pending exceptions. */
  private readonly groupMasks = [0xfe, 0xfe];
  /** AIRCR.PRIS: all Non-secure exceptions have a priority of 0x80 or more. */
  private restricted = false;

  constructor(profile: CoreProfile, diagnostics: Diagnostics) {
    this.lines = profile.interrupts;
    this.security = profile.security !== undefined;
    this.priorityMask = (0xff << (8 - profile.priorityBits)) & 0xff;
    const words = this.security ? SECURITY_WORDS : PLAIN_WORDS;
    this.pending = new Uint32Array(words);
    this.active = new Uint32Array(words);
    this.enabled = new Uint32Array(words);
    this.level = new Uint32Array(words);
    this.nonSecure = new Uint32Array(words);
    this.priorities = new Int16Array(32 * words);
    this.orders = new Int32Array(32 * words);
    this.groups = new Int16Array(32 * words);
    this.registers = nvicRegisters(this, diagnostics);
    this.nonSecureRegisters = this.security ? nvicRegisters(this, diagnostics, true) : undefined;
    this.targetRegisters = this.security ? nvicTargetRegisters(this, diagnostics) : undefined;
    this.reset();
  }

  /** Returns to the state after reset; lines that the SoC still drives high are pending at once. */
  reset(): void {
    this.registers.reset();
    this.nonSecureRegisters?.reset();
    this.targetRegisters?.reset();
    this.active.fill(0);
    this.enabled.fill(0);
    this.enabled[0] = ALWAYS_ENABLED;
    this.pending.set(this.level);
    this.nonSecure.fill(0);
    this.priorities.fill(0);
    this.priorities[EXCEPTION.RESET] = this.security ? -4 : -3;
    this.priorities[EXCEPTION.NMI] = -2;
    this.priorities[EXCEPTION.HARD_FAULT] = -1;
    if (this.security) {
      // Secure state owns NMI, BusFault and HardFault until BFHFNMINS says otherwise: the Non-secure HardFault is not enabled.
      this.enabled[NON_SECURE >>> 5] = ALWAYS_ENABLED & ~(1 << EXCEPTION.HARD_FAULT);
      this.nonSecure[NON_SECURE >>> 5] = 0xffff_ffff;
      this.priorities[NON_SECURE + EXCEPTION.HARD_FAULT] = -1;
    }
    this.groupMasks.fill(0xfe);
    this.restricted = false;
    this.activePriority = LOWEST_PRIORITY;
    this.orderAll();
  }

  /** Calls `listener` as exceptions go their way, for tables of latency and load; the function ends that. */
  listen(listener: PhaseListener): () => void {
    // One listener may listen twice.
    const own: PhaseListener = (phase, id) => listener(phase, id);
    this.setListeners([...this.listeners, own]);
    return () => this.setListeners(this.listeners.filter((other) => other !== own));
  }

  private setListeners(listeners: readonly PhaseListener[]): void {
    this.listeners = listeners;
    const tell: PhaseListener = (phase, id) => {
      for (const listener of this.listeners) listener(phase, id);
    };
    this.onPhase = listeners.length > 0 ? tell : undefined;
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

  /** Whether the input of exception `number` is high; only external interrupts have one. */
  isAsserted(number: number): boolean {
    return hasBit(this.level, number);
  }

  /** Makes exception `number` pending. */
  setPending(number: number): void {
    const word = number >>> 5;
    const bit = 1 << (number & 31);
    if ((this.pending[word]! & bit) !== 0) return;
    this.pending[word]! |= bit;
    this.onPended(number);
    this.onPhase?.('pended', number);
    this.arbitrate();
  }

  /** Makes exception `number` not pending. */
  clearPending(number: number): void {
    this.pending[number >>> 5]! &= ~(1 << (number & 31));
    this.onPhase?.('cleared', number);
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
    const isExternal = (word: number, index: number) => index < NON_SECURE >>> 5 && (index > 0 ? word : word >>> EXCEPTION.EXTERNAL) !== 0;
    return this.pending.some(isExternal);
  }

  /** Priority byte of `number`; negative for NMI and HardFault. */
  priority(number: number): number {
    return this.priorities[number]!;
  }

  /** Group priority of `number`: what decides preemption. */
  groupPriority(number: number): number {
    return this.groups[number]!;
  }

  /** Sets the priority byte of a configurable exception; unimplemented bits stay zero. */
  setPriority(number: number, value: number): void {
    this.priorities[number] = value & this.priorityMask;
    this.order(number);
    this.updateActivePriority();
    this.arbitrate();
  }

  /** AIRCR.PRIGROUP of a security state: bits 7..prigroup+1 of a priority are its group. */
  setPriorityGrouping(prigroup: number, nonSecure = false): void {
    this.groupMasks[nonSecure ? 1 : 0] = (0xff << (prigroup + 1)) & 0xff;
    this.orderAll();
  }

  /** The group part of a priority, as PRIS leaves it; fixed priorities are their own group. */
  group(priority: number, nonSecure = false): number {
    return priority < 0 ? priority : this.restrict(priority & this.groupMasks[nonSecure ? 1 : 0]!, nonSecure);
  }

  /** True when exception `id` is taken in Secure state. */
  targetsSecure(id: number): boolean {
    return !hasBit(this.nonSecure, id);
  }

  /** AIRCR.PRIS. */
  setRestriction(on: boolean): void {
    this.restricted = on;
    this.orderAll();
  }

  /** AIRCR.BFHFNMINS: NMI and BusFault target Non-secure state, each state has its own HardFault, the Secure one above NMI. */
  setFaultsNonSecure(on: boolean): void {
    this.priorities[EXCEPTION.HARD_FAULT] = on ? -3 : -1;
    setBit(this.nonSecure, EXCEPTION.NMI, on);
    setBit(this.nonSecure, EXCEPTION.BUS_FAULT, on);
    setBit(this.enabled, NON_SECURE + EXCEPTION.HARD_FAULT, on);
    this.orderAll();
  }

  /** ExecutionPriority() of a core with one security state. */
  executionPriority(primask: boolean, basepri: number, faultmask: boolean): number {
    let boosted = LOWEST_PRIORITY;
    if (basepri !== 0) boosted = basepri & this.groupMasks[0]!;
    if (primask) boosted = 0;
    if (faultmask) boosted = -1;
    return Math.min(boosted, this.activePriority);
  }

  /** Exception `number` is entered: active and no longer pending. */
  activate(number: number): void {
    setBit(this.active, number, true);
    setBit(this.pending, number, false);
    this.onPhase?.('entered', number);
    this.updateActivePriority();
    this.arbitrate();
  }

  /** Exception `number` has returned; pends again when its line is still high. */
  deactivate(number: number): void {
    setBit(this.active, number, false);
    this.onPhase?.('left', number);
    this.updateActivePriority();
    if (hasBit(this.level, number)) this.setPending(number);
  }

  /** Makes line `line` pending, if the core has it. */
  pendLine(line: number): void {
    if (line < this.lines) this.setPending(EXCEPTION.EXTERNAL + line);
  }

  /** ISPR, ICPR, ISER, ICER, ITNS: lines by bit, from 32 * `index` on. */
  pendLines(index: number, lines: number): void {
    for (let rest = lines; rest !== 0; rest &= rest - 1) this.pendLine(32 * index + 31 - Math.clz32(rest & -rest));
  }

  /** A line that is high and not being handled stays pending: the latch sets again at once. */
  unpendLines(index: number, lines: number): void {
    const held = this.lineBits(this.level, index) & ~this.lineBits(this.active, index);
    this.setLineBits(this.pending, index, lines & ~held, false);
  }

  enableLines(index: number, lines: number, on: boolean): void {
    this.setLineBits(this.enabled, index, lines, on);
  }

  setNonSecureLines(index: number, lines: number): void {
    this.setLineBits(this.nonSecure, index, 0xffff_ffff, false);
    this.setLineBits(this.nonSecure, index, lines, true);
    this.orderAll();
  }

  pendingLines(index: number): number {
    return this.lineBits(this.pending, index);
  }

  activeLines(index: number): number {
    return this.lineBits(this.active, index);
  }

  enabledLines(index: number): number {
    return this.lineBits(this.enabled, index);
  }

  nonSecureLines(index: number): number {
    return this.lineBits(this.nonSecure, index);
  }

  /** The 32 bits of `set` that belong to lines 32*index and up. */
  private lineBits(set: Uint32Array, index: number): number {
    const above = index + 1 < NON_SECURE >>> 5 ? (set[index + 1] ?? 0) : 0;
    return ((set[index]! >>> 16) | (above << 16)) >>> 0;
  }

  private setLineBits(set: Uint32Array, index: number, lines: number, on: boolean): void {
    const left = this.lines - 32 * index;
    const known = left >= 32 ? lines : left <= 0 ? 0 : lines & ((1 << left) - 1);
    const low = known << 16;
    const high = known >>> 16;
    if (on) {
      set[index]! |= low;
      if (high !== 0) set[index + 1]! |= high;
    } else {
      set[index]! &= ~low;
      if (high !== 0) set[index + 1]! &= ~high;
    }
    this.arbitrate();
  }

  private restrict(priority: number, nonSecure: boolean): number {
    return nonSecure && this.restricted ? (priority >> 1) + RESTRICTED_PRIORITY : priority;
  }

  /** Works out what the priority of `id` is worth. */
  private order(id: number): void {
    const priority = this.priorities[id]!;
    const nonSecure = hasBit(this.nonSecure, id);
    const group = this.group(priority, nonSecure);
    this.groups[id] = group;
    this.orders[id] = group * ORDERS_PER_GROUP + (priority < 0 ? 0 : priority & ~this.groupMasks[nonSecure ? 1 : 0]!);
  }

  private orderAll(): void {
    for (let id = 0; id < this.priorities.length; id++) this.order(id);
    this.updateActivePriority();
    this.arbitrate();
  }

  private updateActivePriority(): void {
    const { active, groups } = this;
    let lowest = LOWEST_PRIORITY;
    for (let word = 0; word < active.length; word++) {
      for (let rest = active[word]!; rest !== 0; rest &= rest - 1) {
        const priority = groups[32 * word + 31 - Math.clz32(rest & -rest)]!;
        if (priority < lowest) lowest = priority;
      }
    }
    this.activePriority = lowest;
  }

  /** Finds `next`: lowest group priority, then lowest subpriority, then lowest number, then Secure before Non-secure (R_CQRV). */
  private arbitrate(): void {
    const { pending, enabled, orders } = this;
    let best = 0;
    let lowest = LOWEST_PRIORITY * ORDERS_PER_GROUP;
    for (let word = 0; word < pending.length; word++) {
      for (let rest = pending[word]! & enabled[word]!; rest !== 0; rest &= rest - 1) {
        const id = 32 * word + 31 - Math.clz32(rest & -rest);
        const order = orders[id]!;
        if (order > lowest || (order === lowest && numberOf(id) >= numberOf(best))) continue;
        lowest = order;
        best = id;
      }
    }
    this.next = best;
    this.nextPriority = best === 0 ? LOWEST_PRIORITY + 1 : this.groups[best]!;
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
  for (let number = 0; number < 32 * set.length; number++) if (hasBit(set, number)) out.push(number);
  return out;
}
