/**
 * Error counters, error status and interrupt of a FlexCAN, as functions of its registers.
 *
 * Described in the FlexCAN chapters of the reference manuals (ECR, ESR1, CTRL1). A bus-off state is not modelled: no bus errors occur.
 */
import type { RegisterFile, RegisterMap } from '../memory/registers.ts';

/** Error counter from which a controller warns. */
const WARNING = 96;
/** Error counter from which a controller is error passive. */
export const PASSIVE = 128;
const WRN_EN = 1 << 21;

/** Counts one of the two counters of ECR up or down; MCR.WRN_EN has ESR1 tell when it comes to the limit for a warning. */
export function countError(device: RegisterFile<RegisterMap>, which: 'transmit' | 'receive', by: number): void {
  const shift = which === 'transmit' ? 0 : 8;
  const ecr = device.get('ECR');
  const before = (ecr >>> shift) & 0xff;
  const after = Math.min(255, Math.max(0, before + by));
  device.set('ECR', ((ecr & ~(0xff << shift)) | (after << shift)) >>> 0);
  const warned = which === 'transmit' ? 1 << 17 : 1 << 16;
  if (before < WARNING && after >= WARNING && device.get('MCR') & WRN_EN) device.set('ESR1', device.get('ESR1') | warned);
}

/** ESR1 as it reads while a controller takes part in the bus or not, sends or not, and the bus is busy or not. */
export function errorStatus(
  device: RegisterFile<RegisterMap>,
  { runs, sending, busy }: { readonly runs: boolean; readonly sending: boolean; readonly busy: boolean },
): number {
  const ecr = device.get('ECR');
  const [transmit, receive] = [ecr & 0xff, (ecr >>> 8) & 0xff];
  return (
    (device.get('ESR1') |
      (runs ? 1 << 18 : 0) |
      (transmit >= WARNING ? 1 << 9 : 0) |
      (receive >= WARNING ? 1 << 8 : 0) |
      (runs && !busy ? 1 << 7 : 0) |
      (sending ? 1 << 6 : 0) |
      (transmit >= PASSIVE || receive >= PASSIVE ? 1 << 4 : 0) |
      (runs && busy && !sending ? 1 << 3 : 0)) >>>
    0
  );
}

/** Level of the interrupt line: flags of buffers, bus off, errors, warnings. */
export function interruptLevel(device: RegisterFile<RegisterMap>): boolean {
  const [status, control] = [device.get('ESR1'), device.get('CTRL1')];
  return (
    (device.get('IFLAG1') & device.get('IMASK1')) !== 0 ||
    (device.get('IFLAG2') & device.get('IMASK2')) !== 0 ||
    ((status >>> 1) & (control >>> 14) & 1) !== 0 ||
    ((status >>> 2) & (control >>> 15) & 1) !== 0 ||
    ((status >>> 17) & (control >>> 11) & 1) !== 0 ||
    ((status >>> 16) & (control >>> 10) & 1) !== 0
  );
}
