/**
 * The firmware that a core runs, for whoever wants its symbols: the one that the machine was made with, until Linux starts the core with another.
 */
import { FirmwareError } from '../errors.ts';
import { Symbols } from '../symbols.ts';
import { type Firmware, parseFirmware } from './elf-loader.ts';

/** True for two views of the same bytes. */
function sameMemory(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.length === b.length;
}

/** The symbols of a file that Linux has loaded; none when only Linux can read it. */
function symbolsIn(bytes: Uint8Array): Firmware['symbols'] {
  try {
    return parseFirmware(bytes, 'firmware').symbols;
  } catch (error) {
    if (error instanceof FirmwareError) return [];
    throw error;
  }
}

/** The file and its symbols. */
export class LoadedFirmware {
  private file: Uint8Array | undefined;
  private names: Symbols;

  constructor(firmware: Firmware | undefined) {
    this.file = firmware?.bytes;
    this.names = new Symbols(firmware?.symbols ?? []);
  }

  /** The ELF file. */
  get bytes(): Uint8Array | undefined {
    return this.file;
  }

  get symbols(): Symbols {
    return this.names;
  }

  /** The core runs the firmware of another file, or of the same. */
  replace(bytes: Uint8Array): void {
    if (sameMemory(bytes, this.file)) return;
    this.file = bytes;
    this.names = new Symbols(symbolsIn(bytes));
  }
}
