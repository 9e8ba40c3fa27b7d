/**
 * Firmware files from disk.
 */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from '../errors.ts';
import { type Firmware, parseFirmware } from '../remoteproc/elf-loader.ts';

/** Bytes above which a file is refused unread: the largest TCM and DDR images with debug information stay far below. */
const LARGEST_FILE = 512 * 1024 * 1024;

/** Reads a firmware file. @throws {UsageError | FirmwareError} */
export function readFirmware(path: string): Firmware {
  let bytes: Buffer;
  try {
    const stat = statSync(path);
    if (stat.isFile() && stat.size > LARGEST_FILE)
      throw new UsageError(`${path}: ${stat.size} bytes are no firmware`, 'give the path of an ELF', path);
    if (stat.isCharacterDevice() || stat.isBlockDevice()) throw new UsageError(`${path}: it is a device`, 'give the path of an ELF', path);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UsageError(`${path}: no such file`, 'give the path of an ELF; images/ has some to try', path);
    if (code === 'EISDIR') throw new UsageError(`${path}: it is a directory`, 'give the path of an ELF in it', path);
    throw new UsageError(`${path}: ${message}`, 'give the path of an ELF that can be read', path);
  }
  return parseFirmware(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), basename(path));
}
