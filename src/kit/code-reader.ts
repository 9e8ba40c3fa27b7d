/**
 * Places in code, for reports: symbols, and source lines and call frames where the firmware has debug information.
 */
import type { Dwarf } from '../dwarf/dwarf.ts';
import type { CodePlace } from '../errors.ts';
import type { Machine } from '../machine.ts';
import type { CodeReader } from './situation.ts';

/** Frames that are shown. */
const DEPTH = 16;

/** Reads places of `machine`; `debug` is the debug information of what its core runs, if there is any. */
export function codeReader(machine: Machine, debug: () => Dwarf | undefined): CodeReader {
  const { core } = machine;
  const place = (address: number, lookup = address): CodePlace => {
    const symbol = machine.symbols.name(lookup);
    const line = quietly(() => debug()?.lineAt(lookup));
    return { address, ...(symbol ? { symbol } : {}), ...(line ? { source: `${line.file}:${line.line}` } : {}) };
  };
  return {
    place: (address) => place(address),
    backtrace: () => {
      const registers = core.registerValues();
      const view = machine.view(core.name);
      const read = (address: number, length: number) => view.readBytes(address, length);
      const found = quietly(() => debug()?.unwind({ pc: core.pc, registers, read }, DEPTH));
      return found ? found.frames.map(({ pc, lookup }) => place(pc, lookup)) : [];
    },
  };
}

/** A report without what cannot be read is better than none. */
function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
