/**
 * Which part of an image is the Cortex-M vector table: nothing in an ELF says so.
 *
 * By convention it is the start of the first PT_LOAD, but not when a resource table is linked to a fixed address below or before it.
 * So the entry point decides: it is the reset handler, which is the second word of the vector table.
 */

/** The beginning of something that was loaded. */
export interface LoadedPart {
  readonly da: number;
  /** Its contents, or at least the first 8 bytes of them. */
  readonly data: Uint8Array;
}

/** Device address of the vector table among `parts`, in file order; undefined when no part has 8 bytes. */
export function findVectors(parts: readonly LoadedPart[], entry: number): number | undefined {
  const tables = parts.filter(({ data }) => data.length >= 8).map(({ da, data }) => ({ da, ...firstWords(data) }));
  const exact = tables.find(({ pc }) => (pc | 1) >>> 0 === (entry | 1) >>> 0);
  const plausible = tables.find(({ sp, pc }) => sp !== 0 && sp % 4 === 0 && pc % 2 === 1 && pc !== 1);
  return (exact ?? plausible ?? tables[0])?.da;
}

/** SP and PC, if `data` begins with a vector table; it has at least 8 bytes. */
export function firstWords(data: Uint8Array): { readonly sp: number; readonly pc: number } {
  const view = new DataView(data.buffer, data.byteOffset, 8);
  return { sp: view.getUint32(0, true), pc: view.getUint32(4, true) };
}
