/**
 * Memory as a debugger sees it: a look changes nothing, and a write is that of the master in whose view it is made.
 */
import { type AddressSpace, BUS_FAULT } from '../memory/bus.ts';

/** Bytes of `view` from `address` on, without side effects; fewer than `length` where a hole begins. */
export function peekView(view: AddressSpace, address: number, length: number): Uint8Array {
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

/**
 * Writes `bytes` to memory, or to registers, in words where they are aligned so. False, and nothing written, where something of it is a hole; false, too,
 * when a block refuses.
 */
export function writeView(view: AddressSpace, address: number, bytes: Uint8Array): boolean {
  if (address < 0 || address + bytes.length > 2 ** 32) return false;
  if (view.writeBytes(address, bytes)) return true;
  for (let done = 0; done < bytes.length; ) {
    const region = view.find(address + done);
    if (!region || region.broken) return false;
    done += region.base + region.size - (address + done);
  }
  let fine = true;
  for (let done = 0; done < bytes.length; ) {
    const at = address + done;
    const left = bytes.length - done;
    const size = at % 4 === 0 && left >= 4 ? 4 : at % 2 === 0 && left >= 2 ? 2 : 1;
    let value = 0;
    for (let i = 0; i < size; i++) value += bytes[done + i]! * 2 ** (8 * i);
    fine = view.write(at, value, size) && fine;
    done += size;
  }
  return fine;
}
