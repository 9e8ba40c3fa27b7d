/**
 * Memory and registers as a debugger sees them: a look changes nothing.
 */
import { type AddressSpace, BUS_FAULT } from '../memory/bus.ts';

/** Bytes of `view` from `address` on, without side effects; fewer than `length` where a hole begins. */
export function peekBytes(view: AddressSpace, address: number, length: number): Uint8Array {
  const wanted = Math.max(0, Math.min(length, 2 ** 32 - address));
  const whole = view.readBytes(address, wanted);
  if (whole) return whole;
  const bytes = new Uint8Array(wanted);
  for (let done = 0; done < wanted; ) {
    const at = address + done;
    const region = view.find(at);
    if (!region) return bytes.subarray(0, done);
    const left = Math.min(wanted - done, region.base + region.size - at);
    if (region.ram) {
      bytes.set(region.ram.readBytes(region.ramOffset + at - region.base, left), done);
      done += left;
      continue;
    }
    // Registers are words; most blocks have no others.
    const word = view.peek(at - (at % 4), 4);
    const byte = word === BUS_FAULT ? view.peek(at, 1) : Math.floor(word / 2 ** (8 * (at % 4))) & 0xff;
    if (byte === BUS_FAULT) return bytes.subarray(0, done);
    bytes[done++] = byte;
  }
  return bytes;
}
