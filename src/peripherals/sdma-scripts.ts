/**
 * What SDMA's ROM holds: where each script starts, and what it does. NXP does not publish the code; addresses and names are those of NXP's
 * fsl_sdma_script.h and Linux's imx-sdma.c, the behaviour is what the manual's chapter on the scripts and these drivers rely on.
 */

import type { DmaPort } from './sdma-memory.ts';

/** What a script does; `sdma-channel.ts` has each. */
export type SdmaScriptKind =
  /** From memory to memory, at once. */
  | 'memory'
  /** From a peripheral's register to memory, a watermark at each request. */
  | 'from-peripheral'
  /** From memory to a peripheral's register, a watermark at each request. */
  | 'to-peripheral'
  /** From an i.MX UART to memory; its aging timer ends a buffer before it is full. */
  | 'from-uart'
  /** Known by name only. */
  | 'unmodelled';

/** A script of the ROM. */
export interface SdmaScript {
  readonly name: string;
  readonly kind: SdmaScriptKind;
  /** Where its peripherals are; `peripheral` unless given. */
  readonly port?: DmaPort;
}

const SCRIPTS: readonly (SdmaScript & { readonly at: number })[] = [
  { at: 644, name: 'ap_2_ap', kind: 'memory' },
  { at: 685, name: 'app_2_mcu', kind: 'from-peripheral' },
  { at: 749, name: 'mcu_2_app', kind: 'to-peripheral' },
  { at: 819, name: 'uart_2_mcu', kind: 'from-uart' },
  { at: 893, name: 'shp_2_mcu', kind: 'from-peripheral', port: 'shared' },
  { at: 962, name: 'mcu_2_shp', kind: 'to-peripheral', port: 'shared' },
  { at: 1034, name: 'uartsh_2_mcu', kind: 'from-uart', port: 'shared' },
  { at: 1102, name: 'spdif_2_mcu', kind: 'unmodelled' },
  { at: 1136, name: 'mcu_2_spdif', kind: 'unmodelled' },
];

function rom(shift: number): ReadonlyMap<number, SdmaScript> {
  return new Map(SCRIPTS.map(({ at, ...script }) => [at + shift, script]));
}

/** ROMs by the first SoC of the family that has them: scripts by their address. */
export const SDMA_ROMS = {
  /** i.MX 7D and 8M. */
  imx7d: rom(0),
  /** i.MX 6Q and 6SX. */
  imx6q: rom(-2),
} as const;

/** Name of a ROM. */
export type SdmaRomName = keyof typeof SDMA_ROMS;
