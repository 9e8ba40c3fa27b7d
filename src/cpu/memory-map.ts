/**
 * The default memory map of the M profile (DDI 0403E B3.1, DDI 0553B B7): rights and attributes where no MPU decides.
 */
import { EXECUTE, READ, WRITE } from './core-memory.ts';

/** True in the Private Peripheral Bus, which no MPU reaches. */
export function isPrivateBus(address: number): boolean {
  return address >>> 20 === 0xe00;
}

/** Default map: 512 MiB each of Code, SRAM, Peripheral (XN), two of RAM, two of Device (XN), System (XN). */
export function defaultPermissions(address: number): number {
  return isDefaultDevice(address) ? READ | WRITE : READ | WRITE | EXECUTE;
}

/** True where the default map has Device memory. */
export function isDefaultDevice(address: number): boolean {
  const block = address >>> 29;
  return block === 2 || block >= 5;
}
