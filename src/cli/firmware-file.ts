/**
 * Firmware files from disk.
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from '../errors.ts';
import { type Firmware, parseFirmware } from '../remoteproc/elf-loader.ts';

/** Reads a firmware file. @throws {UsageError | FirmwareError} */
export function readFirmware(path: string): Firmware {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UsageError(`${path}: no such file`, 'give the path of an ELF; images/ has some to try');
    if (code === 'EISDIR') throw new UsageError(`${path}: it is a directory`, 'give the path of an ELF in it');
    throw new UsageError(`${path}: ${message}`, 'give the path of an ELF that can be read');
  }
  return parseFirmware(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), basename(path));
}
