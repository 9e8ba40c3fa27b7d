/**
 * Exception numbers of the M profile (DDI 0403E, B1.5.2) and their names.
 *
 * External interrupt line n is exception 16 + n.
 */

/** Exception numbers of the system exceptions. */
export const EXCEPTION = {
  RESET: 1,
  NMI: 2,
  HARD_FAULT: 3,
  MEM_MANAGE: 4,
  BUS_FAULT: 5,
  USAGE_FAULT: 6,
  SV_CALL: 11,
  DEBUG_MONITOR: 12,
  PEND_SV: 14,
  SYS_TICK: 15,
  /** Exception number of external interrupt line 0. */
  EXTERNAL: 16,
} as const;

/** Exception numbers in total: 16 and the 240 external lines of ARMv7-M. */
export const EXCEPTION_COUNT = 256;

const NAMES: Readonly<Record<number, string>> = {
  0: 'Thread mode',
  1: 'Reset',
  2: 'NMI',
  3: 'HardFault',
  4: 'MemManage',
  5: 'BusFault',
  6: 'UsageFault',
  11: 'SVCall',
  12: 'DebugMonitor',
  14: 'PendSV',
  15: 'SysTick',
};

/** The architecture's name of exception `number`, `IRQ n` for external lines. */
export function exceptionName(number: number): string {
  if (number >= EXCEPTION.EXTERNAL) return `IRQ ${number - EXCEPTION.EXTERNAL}`;
  return NAMES[number] ?? `exception ${number}`;
}

/** True for HardFault, MemManage, BusFault and UsageFault. */
export function isFault(number: number): boolean {
  return number >= EXCEPTION.HARD_FAULT && number <= EXCEPTION.USAGE_FAULT;
}
