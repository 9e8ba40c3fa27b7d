/**
 * Exception numbers of the M profile (DDI 0403E B1.5.2, DDI 0553B B3.9) and their names.
 *
 * External interrupt line n is exception 16 + n. With the Security Extension some exceptions exist twice, once for each security state: an
 * exception id is the number, plus `NON_SECURE` for the Non-secure one of such a pair.
 */

/** Exception numbers of the system exceptions. */
export const EXCEPTION = {
  RESET: 1,
  NMI: 2,
  HARD_FAULT: 3,
  MEM_MANAGE: 4,
  BUS_FAULT: 5,
  USAGE_FAULT: 6,
  /** ARMv8-M with the Security Extension. */
  SECURE_FAULT: 7,
  SV_CALL: 11,
  DEBUG_MONITOR: 12,
  PEND_SV: 14,
  SYS_TICK: 15,
  /** Exception number of external interrupt line 0. */
  EXTERNAL: 16,
} as const;

/** Added to the number of a banked exception it makes the id of the Non-secure one. */
export const NON_SECURE = 512;

/** The exceptions of which each security state has its own. */
export const BANKED_EXCEPTIONS: readonly number[] = [
  EXCEPTION.HARD_FAULT,
  EXCEPTION.MEM_MANAGE,
  EXCEPTION.USAGE_FAULT,
  EXCEPTION.SV_CALL,
  EXCEPTION.PEND_SV,
  EXCEPTION.SYS_TICK,
];

/** The exception number (as IPSR shows it) of an id. */
export function numberOf(id: number): number {
  return id & (NON_SECURE - 1);
}

const NAMES: Readonly<Record<number, string>> = {
  0: 'Thread mode',
  1: 'Reset',
  2: 'NMI',
  3: 'HardFault',
  4: 'MemManage',
  5: 'BusFault',
  6: 'UsageFault',
  7: 'SecureFault',
  11: 'SVCall',
  12: 'DebugMonitor',
  14: 'PendSV',
  15: 'SysTick',
};

/** The architecture's name of exception `id`, `IRQ n` for external lines. */
export function exceptionName(id: number): string {
  if (id >= NON_SECURE) return `Non-secure ${exceptionName(numberOf(id))}`;
  if (id >= EXCEPTION.EXTERNAL) return `IRQ ${id - EXCEPTION.EXTERNAL}`;
  return NAMES[id] ?? `exception ${id}`;
}

/** True for HardFault, MemManage, BusFault, UsageFault and SecureFault. */
export function isFault(id: number): boolean {
  return numberOf(id) >= EXCEPTION.HARD_FAULT && numberOf(id) <= EXCEPTION.SECURE_FAULT;
}
