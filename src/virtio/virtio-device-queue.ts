/**
 * The device's side of a split virtqueue: what the remote core, or any other partner of Linux, does with the rings.
 *
 * Tests use it as a scripted peer; models of partners without firmware (a DSP) can use it too. It trusts the driver no more than
 * the driver trusts it: indices are reduced, chains bounded, and buffers outside RAM read as absent.
 */
import type { AddressSpace } from '../memory/bus.ts';
import { VRING_AVAIL_F_NO_INTERRUPT, VRING_DESC_F_NEXT, VRING_DESC_F_WRITE, VRING_USED_F_NO_NOTIFY, Vring } from './vring.ts';

/** A buffer that the driver lent: one descriptor, or several for a chain. */
export interface DeviceBuffer {
  readonly head: number;
  readonly segments: readonly { readonly address: number; readonly length: number; readonly writable: boolean }[];
}

/** A virtqueue as its device sees it. */
export class VirtioDeviceQueue {
  readonly vring: Vring;
  private lastAvailIdx = 0;

  constructor(options: { memory: AddressSpace; address: number; num: number; align: number }) {
    this.vring = new Vring(options.memory, options.address, options.num, options.align);
  }

  /** Buffers that the driver offers and that were not taken yet; never more than the ring holds. */
  get available(): number {
    return Math.min((this.vring.availIdx - this.lastAvailIdx) & 0xffff, this.vring.num);
  }

  /** Takes the next available buffer, or undefined. */
  take(): DeviceBuffer | undefined {
    const { vring } = this;
    if (this.available === 0) return undefined;
    const head = vring.availEntry(this.lastAvailIdx % vring.num) % vring.num;
    this.lastAvailIdx = (this.lastAvailIdx + 1) & 0xffff;
    const segments = [];
    let index = head;
    for (let steps = 0; steps < vring.num; steps++) {
      const { address, length, flags, next } = vring.descriptor(index);
      segments.push({ address, length, writable: (flags & VRING_DESC_F_WRITE) !== 0 });
      if (!(flags & VRING_DESC_F_NEXT)) break;
      index = next % vring.num;
    }
    return { head, segments };
  }

  /** All bytes that the driver wrote into `buffer`, or undefined when a part of it is not RAM. */
  read(buffer: DeviceBuffer): Uint8Array | undefined {
    const parts: Uint8Array[] = [];
    for (const { address, length, writable } of buffer.segments) {
      if (writable) continue;
      if (!this.vring.memory.isRam(address, length)) return undefined;
      parts.push(this.vring.memory.readBytes(address, length)!);
    }
    const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  /** Writes as much of `data` as fits to `buffer`; the number of bytes written. */
  write(buffer: DeviceBuffer, data: Uint8Array): number {
    let done = 0;
    for (const { address, length, writable } of buffer.segments) {
      const part = data.subarray(done, done + length);
      if (!writable || !this.vring.memory.writeBytes(address, part)) continue;
      done += part.length;
      if (done === data.length) break;
    }
    return done;
  }

  /** Returns `head` with `length`; true when the driver wants an interrupt for it. */
  give(head: number, length: number): boolean {
    const { vring } = this;
    const idx = vring.usedIdx;
    vring.setUsedElement(idx % vring.num, head, length);
    vring.usedIdx = idx + 1;
    return (vring.availFlags & VRING_AVAIL_F_NO_INTERRUPT) === 0;
  }

  /** Says whether the driver should kick (VRING_USED_F_NO_NOTIFY). */
  wantKicks(wanted: boolean): void {
    const { vring } = this;
    vring.usedFlags = wanted ? vring.usedFlags & ~VRING_USED_F_NO_NOTIFY : vring.usedFlags | VRING_USED_F_NO_NOTIFY;
  }
}
