/**
 * Linux's view of the machine, as `AddressSpace`, with a history: what is read is noted, or comes from a history; while it does, nothing is written.
 */
import { AddressSpace, type Region } from '../memory/bus.ts';
import type { LinuxHistory } from './linux-history.ts';

/** Linux's face of the view `behind` it; without a history it only passes on. Others that look at the memory look at that one. */
export class LinuxMemory extends AddressSpace {
  history: LinuxHistory | undefined;
  private readonly behind: AddressSpace;

  constructor(behind: AddressSpace) {
    super(behind.name);
    this.behind = behind;
  }

  override get direct(): boolean {
    return this.history === undefined;
  }

  override get regions(): readonly Region[] {
    return this.behind.regions;
  }

  override find(address: number): Region | undefined {
    return this.behind.find(address);
  }

  override read(address: number, size: number): number {
    const { history, behind } = this;
    return history ? history.value(() => behind.read(address, size)) : behind.read(address, size);
  }

  override peek(address: number, size: number): number {
    const { history, behind } = this;
    return history ? history.value(() => behind.peek(address, size)) : behind.peek(address, size);
  }

  override write(address: number, value: number, size: number): boolean {
    const { history, behind } = this;
    if (!history) return behind.write(address, value, size);
    // Whether RAM takes a write does not depend on the moment.
    if (this.isRam(address, size)) return history.replaying || behind.write(address, value, size);
    return history.value(() => Number(behind.write(address, value, size))) === 1;
  }

  override readBytes(address: number, length: number): Uint8Array | undefined {
    const { history, behind } = this;
    return history ? history.bytes(length, () => behind.readBytes(address, length)) : behind.readBytes(address, length);
  }

  override writeBytes(address: number, data: Uint8Array): boolean {
    return this.history?.replaying ? this.isRam(address, data.length) : this.behind.writeBytes(address, data);
  }

  override fill(address: number, value: number, length: number): boolean {
    return this.history?.replaying ? this.isRam(address, length) : this.behind.fill(address, value, length);
  }
}
