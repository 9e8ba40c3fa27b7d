/**
 * Device addresses of a core to system addresses of Linux, by the `imx_rproc_att` table of the core.
 */
import type { AttEntry } from '../soc/soc.ts';

/**
 * `imx_rproc_da_to_sys`: the system address of `len` bytes at `da`, by the first row that holds them; undefined when none does. As in
 * the kernel the end must lie strictly below the row's, so the last byte of a memory cannot be reached.
 */
export function translateDa(att: readonly AttEntry[], da: number, len: number): number | undefined {
  const row = att.find((entry) => da >= entry.da && da + len < entry.da + entry.size);
  return row && row.sa + (da - row.da);
}
