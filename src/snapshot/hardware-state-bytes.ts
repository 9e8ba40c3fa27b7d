/**
 * A hardware state as bytes and back: a tagged binary form of plain data with a checksum.
 *
 * What is read is hostile: every length is checked against the bytes that are left before anything is made of it, and depth is limited.
 */
import type { HardwareState } from './hardware-state.ts';

/** `state` as bytes. */
export function encodeState(state: HardwareState): Uint8Array {
  throw new Error(`not yet: ${state.soc}`);
}

/** The state that `encodeState` made `bytes` of. @throws {SnapshotError} when they are not that, or were damaged. */
export function decodeState(bytes: Uint8Array): HardwareState {
  throw new Error(`not yet: ${bytes.length}`);
}
