/** Stores of Linux to watched memory: told once each, after they are done, under whatever address and by whatever way; nothing else is told. */
import { describe, expect, it } from 'vitest';
import { LinuxHistory } from '../../src/history/linux-history.ts';
import { LinuxMemory, type LinuxStore, LinuxStores } from '../../src/history/linux-memory.ts';
import { Arena } from '../../src/memory/arena.ts';
import { KiB, MiB } from '../../src/memory/bits.ts';
import { AddressSpace } from '../../src/memory/bus.ts';
import { Ram } from '../../src/memory/ram.ts';
import { RamWindow } from '../../src/memory/ram-window.ts';

/** The core sees the DDR at 0x8000_0000, Linux from its second 4 KiB on at 0x4000_0000 and all of it at 0x5000_0000; the TCM is next to neither. */
function setUp() {
  const arena = new Arena(MiB);
  const ddr = new Ram('DDR', 256 * KiB, arena);
  const tcm = new Ram('TCM', 64 * KiB, arena);
  const core = new AddressSpace('core');
  core.mapRam(0x8000_0000, ddr);
  core.mapRam(0x7fff_0000, tcm);
  const behind = new AddressSpace('linux');
  behind.mapRam(0x4000_0000, ddr, 4 * KiB);
  behind.mapRam(0x5000_0000, ddr);
  behind.mapDevice(0x6000_0000, 0x1000, { read: () => 0, peek: () => 0, write: () => true }, 'device');
  const stores = new LinuxStores();
  const memory = new LinuxMemory(behind, stores);
  const told: (LinuxStore & { readonly now: number })[] = [];
  const watch = (address: number, size: number) =>
    stores.watch(core.stretches(address, size), (store) => told.push({ ...store, now: core.peek(address, 4) }));
  return { core, behind, memory, stores, told, watch };
}

describe('stores of Linux', () => {
  it('are told under the address that Linux has, when they are done', () => {
    const { memory, told, watch } = setUp();
    watch(0x8000_1100, 4);
    memory.write(0x4000_0100, 0x1111_1111, 4);
    memory.write(0x5000_1102, 0x2222, 2);
    memory.writeBytes(0x4000_00f0, new Uint8Array(0x40).fill(0x33));
    memory.fill(0x5000_0000, 0x44, 0x2000);
    expect(told).toEqual([
      { address: 0x4000_0100, size: 4, now: 0x1111_1111 },
      { address: 0x5000_1102, size: 2, now: 0x2222_1111 },
      { address: 0x4000_00f0, size: 0x40, now: 0x3333_3333 },
      { address: 0x5000_0000, size: 0x2000, now: 0x4444_4444 },
    ]);
  });

  it('through a window are told, too, also through one that was used before', () => {
    const { memory, told, watch } = setUp();
    const window = new RamWindow(memory, 0x4000_0100, 0x100);
    window.write(0x4000_0100, 1, 4);
    const end = watch(0x8000_1102, 1);
    window.write(0x4000_0100, 0x5555_5555, 4);
    window.write(0x4000_0104, 0x5555_5555, 4);
    window.write(0x4000_0100, 0x5555, 2);
    window.write(0x4000_0102, 0x66, 2);
    expect(told.map(({ address, size }) => [address, size])).toEqual([
      [0x4000_0100, 4],
      [0x4000_0102, 2],
    ]);
    end();
    expect(memory.direct).toBe(true);
    window.write(0x4000_0100, 2, 4);
    expect(told).toHaveLength(2);
  });

  it('next to what is watched, to devices and holes, and those that fail are not told; nor are those of others', () => {
    const { core, behind, memory, told, watch } = setUp();
    watch(0x8000_1100, 4);
    for (const [address, size] of [
      [0x4000_00fc, 4],
      [0x4000_0104, 4],
      [0x5000_0100, 4],
      [0x6000_0000, 4],
      [0x7000_0000, 4],
    ] as const)
      memory.write(address, 1, size);
    expect(memory.writeBytes(0x4000_0000 + 252 * KiB - 4, new Uint8Array(8))).toBe(false);
    behind.write(0x4000_0100, 1, 4);
    core.write(0x8000_1100, 2, 4);
    expect(told).toEqual([]);
  });

  it('are told across the edge of two memories, and for each who watches', () => {
    const { memory, told, stores, core } = setUp();
    const seen: string[] = [];
    const ends = ['a', 'b'].map((name) =>
      stores.watch(core.stretches(0x7fff_fffe, 8), ({ address }) => seen.push(`${name} ${address.toString(16)}`)),
    );
    memory.write(0x5000_0004, 1, 2);
    memory.write(0x5000_0006, 1, 2);
    ends[0]!();
    memory.write(0x5000_0000, 1, 1);
    expect(seen).toEqual(['a 50000004', 'b 50000004', 'b 50000000']);
    expect(told).toEqual([]);
  });

  it('are not told while a history is gone through, and are behind one that is being written', () => {
    const { memory, told, watch, core } = setUp();
    watch(0x8000_1100, 4);
    const history = new LinuxHistory(() => 0);
    history.replaying = true;
    memory.history = history;
    memory.write(0x4000_0100, 1, 4);
    memory.fill(0x4000_0100, 1, 4);
    expect([told.length, core.peek(0x8000_1100, 4)]).toEqual([0, 0]);
    history.replaying = false;
    memory.write(0x4000_0100, 7, 4);
    expect(told).toEqual([{ address: 0x4000_0100, size: 4, now: 7 }]);
  });
});
