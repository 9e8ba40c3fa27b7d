/**
 * What the firmware's file tells about addresses: symbols, source lines, debug information. Read once for each file, and only when somebody asks.
 *
 * The file is the one that Linux has started the core with; that may be another one than the machine was made with, and change while it runs.
 */
import { Dwarf } from '../../dwarf/dwarf.ts';
import { FirmwareError, InvariantViolation } from '../../errors.ts';
import type { Machine } from '../../machine.ts';
import { type Firmware, parseFirmware } from '../../remoteproc/elf-loader.ts';
import { Symbols } from '../../symbols.ts';
import type { Place } from '../protocol.ts';
import { type Mapping, mappingSymbols } from './mapping-symbols.ts';

/** A firmware file, read. */
export interface Code {
  readonly bytes: Uint8Array;
  /** Undefined for a file that only Linux can read. */
  readonly firmware: Firmware | undefined;
  readonly symbols: Symbols;
  readonly dwarf: Dwarf | undefined;
  /** Where there is data between instructions; read when it is asked for. */
  readonly mapping: readonly Mapping[];
}

const known = new WeakMap<Uint8Array, Code>();

/** What the firmware of the core that runs it tells; undefined without one. */
export function codeOf(machine: Machine): Code | undefined {
  return read(machine, machine.firmwareFile);
}

/**
 * True for a source that may be read from the host: the firmware that the run was given names it. Linux may have started another file since, and that one
 * can have come from anybody who types at its shell.
 */
export function mayRead(machine: Machine, file: string): boolean {
  return read(machine, machine.firmware?.bytes)?.dwarf?.files.includes(file) ?? false;
}

function read(machine: Machine, bytes: Uint8Array | undefined): Code | undefined {
  if (!bytes) return undefined;
  let code = known.get(bytes);
  if (!code) {
    const firmware = machine.firmware?.bytes === bytes ? machine.firmware : parsed(bytes);
    let mapping: readonly Mapping[] | undefined;
    code = {
      bytes,
      firmware,
      symbols: new Symbols(firmware?.symbols ?? []),
      dwarf: quietly(() => Dwarf.of(bytes)),
      get mapping() {
        mapping ??= quietly(() => mappingSymbols(bytes)) ?? [];
        return mapping;
      },
    };
    known.set(bytes, code);
  }
  return code;
}

function parsed(bytes: Uint8Array): Firmware | undefined {
  try {
    return parseFirmware(bytes, 'firmware');
  } catch (error) {
    if (error instanceof FirmwareError) return undefined;
    throw error;
  }
}

/** What `work` gives; undefined when the file is too damaged for it. @throws {InvariantViolation} for what is our own bug */
export function quietly<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof InvariantViolation) throw error;
    return undefined;
  }
}

/** `address` with its symbol and source line; `lookup` is the address to look those up with, where that is another one (after a call). */
export function placeOf(machine: Machine, address: number, lookup = address): Place {
  const code = codeOf(machine);
  const symbol = code?.symbols.name(lookup);
  const line = quietly(() => code?.dwarf?.lineAt(lookup));
  return { address, ...(symbol ? { symbol } : {}), ...(line ? { file: line.file, line: line.line } : {}) };
}
