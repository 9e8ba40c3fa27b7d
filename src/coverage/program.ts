/**
 * An ELF as coverage needs it: its line table, its code, its symbols, and what tells this build from others.
 */
import { Dwarf } from '../dwarf/dwarf.ts';
import { CoverageError } from '../errors.ts';
import type { Firmware } from '../remoteproc/elf-loader.ts';
import { Sha256 } from '../session/sha256.ts';
import type { CodeReader } from './instructions.ts';
import type { MeasuredProgram } from './measure.ts';
import type { BuildId } from './report.ts';

const NT_GNU_BUILD_ID = 3;

/** GNU build id of an ELF, or the digest of the file. */
export function buildIdOf({ name, bytes, notes }: Firmware): BuildId {
  const note = notes.find((one) => one.name === 'GNU' && one.type === NT_GNU_BUILD_ID && one.data.length > 0);
  if (note) return { name, id: hexText(note.data) };
  const hash = new Sha256();
  hash.update(bytes);
  return { name, id: hash.digest() };
}

/** A program to measure. @throws {CoverageError} when it has no line information */
export function measuredProgram(
  firmware: Firmware,
  sourceOf?: (path: string) => string | undefined,
  dwarf = Dwarf.of(firmware.bytes),
): MeasuredProgram {
  if (!dwarf.present || dwarf.lineTable().length === 0) {
    const message = `${firmware.name}: no line information, so nothing tells which lines were executed`;
    throw new CoverageError('E_COVERAGE_LINES', message, 'build it with -g, and give the ELF before it was stripped', firmware.name);
  }
  const names = new Map(firmware.symbols.map(({ address, name }) => [address, name]));
  return { lines: dwarf, read: codeReader(firmware), symbolAt: (address) => names.get(address), ...(sourceOf ? { sourceOf } : {}) };
}

/** Reads code where it runs, not where it is loaded. */
function codeReader({ segments }: Firmware): CodeReader {
  return (address, length) => {
    for (const { vaddr, filesz, data } of segments) {
      if (address >= vaddr && address + length <= vaddr + filesz) return data.subarray(address - vaddr, address - vaddr + length);
    }
    return undefined;
  };
}

function hexText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
