/**
 * EEPROM of the 24C family on I2C: page writes that wrap within the page, sequential and current-address reads, and a write cycle after STOP
 * during which the chip does not acknowledge its address (acknowledge polling).
 *
 * Described in the data sheets of 24C02 to 24C512. Not modelled: write protection by pin, 24C04 to 24C16, which answer at several addresses.
 */
import { defineI2cDevice, type I2cDevice } from './attached-device.ts';

/** Bytes and page size by part. */
const PARTS = {
  '24C01': [128, 8],
  '24C02': [256, 8],
  '24C32': [4096, 32],
  '24C64': [8192, 32],
  '24C128': [16_384, 64],
  '24C256': [32_768, 64],
  '24C512': [65_536, 128],
} as const;

/** A part of the family. */
export type EepromPart = keyof typeof PARTS;

/** State of an EEPROM. */
export interface EepromState {
  memory: Uint8Array;
  pageSize: number;
  /** Duration of a write cycle in ns. */
  writeNs: number;
  /** Address of the next byte. */
  pointer: number;
  /** Bytes of the address that have come since START. */
  addressed: number;
  /** What a STOP will write, by address: pairs of address and byte. */
  page: number[];
  /** Virtual time until which a write cycle lasts, in ns. */
  busyUntil: number;
}

/** The definition. */
export const EEPROM_24C: I2cDevice<EepromState> = defineI2cDevice<EepromState>({
  name: 'eeprom-24c',
  state: { memory: new Uint8Array(256).fill(0xff), pageSize: 8, writeNs: 5e6, pointer: 0, addressed: 0, page: [], busyUntil: 0 },
  start(state, direction, { now }) {
    // A START before STOP gives up what was to be written.
    state.page = [];
    if (direction === 'write') state.addressed = 0;
    return now >= state.busyUntil;
  },
  write(state, byte) {
    const { memory, pageSize } = state;
    const addressBytes = memory.length > 256 ? 2 : 1;
    if (state.addressed < addressBytes) {
      state.pointer = (state.addressed === 0 ? byte : state.pointer * 256 + byte) % memory.length;
      state.addressed++;
      return true;
    }
    // What comes again for an address of the page takes the place of what came before.
    state.page.push(state.pointer, byte);
    if (state.page.length > 2 * pageSize) state.page.splice(0, 2);
    const start = state.pointer - (state.pointer % pageSize);
    state.pointer = start + ((state.pointer + 1 - start) % pageSize);
    return true;
  },
  read(state) {
    const byte = state.memory[state.pointer]!;
    state.pointer = (state.pointer + 1) % state.memory.length;
    return byte;
  },
  stop(state, { now }) {
    if (state.page.length === 0) return;
    for (let index = 0; index < state.page.length; index += 2) state.memory[state.page[index]!] = state.page[index + 1]!;
    state.page = [];
    state.busyUntil = now + state.writeNs;
  },
});

/** An EEPROM (24C02 unless given), erased but for `contents` at its beginning; a write cycle takes `writeMs` (5 unless given). */
export function eeprom(
  part: EepromPart = '24C02',
  options: { readonly contents?: Iterable<number>; readonly writeMs?: number } = {},
): I2cDevice<EepromState> {
  const [size, pageSize] = PARTS[part];
  const memory = new Uint8Array(size).fill(0xff);
  memory.set([...(options.contents ?? [])].slice(0, size));
  return { ...EEPROM_24C, state: { ...EEPROM_24C.state, memory, pageSize, writeNs: (options.writeMs ?? 5) * 1e6 } };
}
