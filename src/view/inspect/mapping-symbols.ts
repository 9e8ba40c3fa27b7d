/** Mapping symbols of an ELF ($t, $d: ELF for the Arm Architecture, 5.5.5): which stretches between instructions are data. */
import { readElfStructure, SHT } from '../../remoteproc/elf-structure.ts';
import { cString, part, u16, u32 } from '../../remoteproc/file-bytes.ts';

const SYMBOL_SIZE = 16;
/** More than any firmware has. */
const MOST_SYMBOLS = 500_000;

/** Where code begins and where data does, by address. */
export interface Mapping {
  readonly address: number;
  readonly isData: boolean;
}

/** The mapping symbols of `bytes`, sorted; none for a file that was stripped of them. */
export function mappingSymbols(bytes: Uint8Array): readonly Mapping[] {
  const { sections } = readElfStructure(bytes);
  const symtab = sections.find(({ type }) => type === SHT.SYMTAB);
  const strtab = symtab && sections[symtab.link];
  const table = symtab && part(bytes, symtab.offset, symtab.size);
  const strings = strtab && part(bytes, strtab.offset, strtab.size);
  const found: Mapping[] = [];
  const ends = new Set<number>();
  if (!table || !strings) return found;
  for (let at = 0; at + SYMBOL_SIZE <= table.length && at < MOST_SYMBOLS * SYMBOL_SIZE; at += SYMBOL_SIZE) {
    const name = u32(table, at);
    if (strings[name] !== 0x24) continue;
    const kind = /^\$([atd])(?:\.|$)/.exec(cString(strings, name, 4))?.[1];
    // Debug information has some, too, which begins at 0.
    if (kind && !sections[u16(table, at + 14)]?.name.startsWith('.debug'))
      found.push({ address: u32(table, at + 4), isData: kind === 'd' });
  }
  // Behind a section nothing is said any more, unless the next one begins there.
  for (const { address } of found) ends.delete(address);
  for (const address of ends) found.push({ address, isData: false });
  return found.sort((a, b) => a.address - b.address);
}

/** True when `address` lies in data between instructions. */
export function isDataAt(mapping: readonly Mapping[], address: number): boolean {
  let low = 0;
  let high = mapping.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (mapping[middle]!.address <= address) low = middle + 1;
    else high = middle;
  }
  return mapping[low - 1]?.isData ?? false;
}
