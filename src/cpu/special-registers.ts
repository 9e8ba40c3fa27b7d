/** Special registers as MRS and MSR name them (ARMv7-M ARM B5.2.2, ARMv8-M ARM D1.2.251), and what they show. */

/** SYSm of the registers that are told apart; 0 to 7 are parts of xPSR. */
export const SYSM = {
  IPSR: 5, MSP: 8, PSP: 9, MSPLIM: 10, PSPLIM: 11, PRIMASK: 16, BASEPRI: 17, BASEPRI_MAX: 18, FAULTMASK: 19, CONTROL: 20, CONTROL_NS: 0x94,
} as const; // biome-ignore format: a table

/** CONTROL.SFPA. */
export const SFPA = 8;

/** CONTROL as MRS gives it, for what CELL.CONTROL and CELL.SECURE hold: SFPA is Secure code's to see. */
export function visibleControl(control: number, secure: number): number {
  return secure === 0 ? control & ~SFPA : control;
}
