/**
 * Device addresses to system addresses, by the table of a remoteproc (`imx_rproc_att` in drivers/remoteproc/imx_rproc.c).
 *
 * The rule is Linux's own, kinks included: the first row that fits wins, and the end of the range must lie strictly below the end of
 * the row, so that a segment that fills a memory to its last byte is refused as it is on a board.
 */

/** A row: `size` bytes at device address `da` are at system address `sa`. */
export interface AddressTranslation {
  readonly da: number;
  readonly sa: number;
  readonly size: number;
}

/** System address of the `length` bytes at device address `da`, or undefined where Linux says `Translation failed`. */
export function translateDa(table: readonly AddressTranslation[], da: number, length: number): number | undefined {
  for (const row of table) {
    if (da >= row.da && da + length < row.da + row.size) return row.sa + (da - row.da);
  }
  return undefined;
}
