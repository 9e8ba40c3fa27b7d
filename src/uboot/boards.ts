/**
 * Every boot loader that is known, and for which boards.
 */
import type { UBootBoard } from './board-description.ts';
import { DART, EVK, EVK_MAINLINE, IMX8MM_EVK, IMX8MN_EVK, IMX8MQ_EVK, MX6SX_SDB, MX7D_SDB, VAR_SOM_MX7 } from './boards-nxp.ts';
import { COLIBRI_IMX7, VERDIN, VERDIN_IMX8MM } from './boards-toradex.ts';

export type { AuxiliaryCore, HostMapping, UBootBoard } from './board-description.ts';

/** The boards' vendors'. */
const VENDORS = {
  EVK,
  VERDIN,
  DART,
  IMX8MM_EVK,
  IMX8MN_EVK,
  IMX8MQ_EVK,
  VERDIN_IMX8MM,
  MX7D_SDB,
  COLIBRI_IMX7,
  VAR_SOM_MX7,
  MX6SX_SDB,
} as const;

/** All of them. */
export const UBOOT_BOARDS = { ...VENDORS, EVK_MAINLINE } as const;

/** The boot loader of a board of `soc`: its vendor's, or mainline's when `mainline` asks for it; undefined when none is known. */
export function findUBootBoard(soc: string, board: string, mainline = false): UBootBoard | undefined {
  const candidates: readonly UBootBoard[] = mainline ? [EVK_MAINLINE] : Object.values(VENDORS);
  return candidates.find(({ boards }) => boards.includes(`${soc}/${board}`));
}
