/**
 * A device of registers behind a pointer on I2C, as most sensors, expanders and codecs are: the first byte or two of a write set the pointer,
 * more bytes are stored, a read goes on from the pointer; the pointer moves by one with each byte.
 */
import { defineI2cDevice, type I2cDevice } from './attached-device.ts';

/** State of such a device. */
export interface RegisterFileState {
  /** Contents, one byte each. */
  registers: Uint8Array;
  /** Bytes of the pointer: 1 or 2, most significant first. */
  pointerBytes: number;
  pointer: number;
  /** Bytes of the pointer that have come since START. */
  pointed: number;
}

/** The definition. */
export const REGISTER_FILE: I2cDevice<RegisterFileState> = defineI2cDevice<RegisterFileState>({
  name: 'register-file',
  state: { registers: new Uint8Array(256), pointerBytes: 1, pointer: 0, pointed: 0 },
  start(state) {
    state.pointed = 0;
    return true;
  },
  write(state, byte) {
    const { registers, pointerBytes } = state;
    if (state.pointed < pointerBytes) {
      state.pointer = state.pointed === 0 ? byte : state.pointer * 256 + byte;
      state.pointed++;
      return true;
    }
    state.pointer %= registers.length;
    registers[state.pointer] = byte;
    state.pointer++;
    return true;
  },
  read(state) {
    state.pointer %= state.registers.length;
    return state.registers[state.pointer++]!;
  },
});

/** A register file of `size` bytes (256 unless given) with a pointer of 8 or 16 bits; `values` are initial contents by register. */
export function registerFile(
  options: { readonly size?: number; readonly pointerBits?: 8 | 16; readonly values?: Readonly<Record<number, number>> } = {},
): I2cDevice<RegisterFileState> {
  const { size = 256, pointerBits = 8, values = {} } = options;
  const registers = new Uint8Array(size);
  for (const [register, value] of Object.entries(values)) registers[Number(register)] = value;
  return { ...REGISTER_FILE, state: { ...REGISTER_FILE.state, registers, pointerBytes: pointerBits / 8 } };
}
