import { describe, expect, it } from 'vitest';
import type { ReservedMemory } from '../../src/soc/soc.ts';
import { type Board, createBoard, EVK_REGIONS, ITCM_SA, TABLE } from '../linux/board-fixture.ts';
import { buildElf, random, rpmsgTable, tableOf, words } from './elf-builder.ts';
import { files } from './files.ts';

const code = words(0x2002_0000, 0x401, 0x401, 0x401);
const UP = 'remoteproc remoteproc0: remote processor imx-rproc is now up';

function boot(table: Uint8Array, options: Parameters<typeof createBoard>[0] = {}): Board {
  const elf = buildElf({
    segments: [
      { da: 0, data: code },
      { da: 0x400, data: table },
    ],
    sections: [{ name: '.resource_table', addr: 0x400, data: table }],
  });
  const board = createBoard({ autostart: elf.bytes, ...options });
  board.settle();
  return board;
}

/** What dmesg shows after `Booting fw image`. */
function afterBooting(board: Board): string[] {
  const lines = board.dmesg();
  return lines.slice(lines.findIndex((line) => line.includes('Booting fw image')) + 1);
}

const NAME = [0x6e61_6d65, 0, 0, 0, 0, 0, 0, 0];
const CARVEOUT = [0, 0xffff_ffff, 0, 0x2000, 0, 0, ...NAME];
const TRACE = [2, 0x2000_0100, 0x40, 0, ...NAME];
const VDEV = [3, 7, 0, 1, 0, 0, 0x200, 0xffff_ffff, 16, 8, 0, 0, 0xffff_ffff, 16, 8, 0, 0];

function patched(base: readonly number[], changes: Record<number, number>): number[] {
  return base.map((value, i) => changes[i] ?? value);
}

describe('rproc_handle_resources: entries that end the boot', () => {
  const refused: [string, Uint8Array, string[]][] = [
    ['offset outside of the table', words(1, 1, 0, 0, 0x1000, 3), ['rsc table is truncated']],
    ['offset into the header', words(1, 1, 0, 0, 12, 3), ['rsc table is truncated']],
    ['offset at the last byte', words(1, 1, 0, 0, 22, 3), ['rsc table is truncated']],
    ['rproc_handle_carveout: truncated', tableOf(CARVEOUT.slice(0, 8)), ['carveout rsc is truncated']],
    ['rproc_handle_carveout: reserved', tableOf(patched(CARVEOUT, { 5: 1 })), ['carveout rsc has non zero reserved bytes']],
    ['rproc_handle_carveout: twice the same', tableOf(CARVEOUT, CARVEOUT), ['Carveout already associated to resource table']],
    ['rproc_handle_devmem: no IOMMU, no word', tableOf(patched(CARVEOUT, { 0: 1 })), []],
    ['rproc_handle_trace: truncated', tableOf(TRACE.slice(0, 5)), ['trace rsc is truncated']],
    ['rproc_handle_trace: reserved', tableOf(patched(TRACE, { 3: 1 })), ['trace rsc has non zero reserved bytes']],
    ['rproc_handle_vdev: truncated', tableOf(VDEV.slice(0, 9)), ['vdev rsc is truncated']],
    ['rproc_handle_vdev: config space too long', tableOf(patched(VDEV, { 5: 0xffff_ffff })), ['vdev rsc is truncated']],
    ['rproc_handle_vdev: reserved', tableOf(patched(VDEV, { 6: 0x1_0200 })), ['vdev rsc has non zero reserved bytes']],
    ['rproc_handle_vdev: three vrings', tableOf([...patched(VDEV, { 6: 0x300 }), 0, 16, 8, 0, 0]), ['too many vrings: 3']],
  ];
  it.each(refused)('%s', (_what, table, lines) => {
    const board = boot(table);
    const ret = lines[0]?.startsWith('Carveout') ? -12 : -22;
    expect(afterBooting(board)).toEqual([
      ...lines.map((line) => `remoteproc remoteproc0: ${line}`),
      `remoteproc remoteproc0: Failed to process resources: ${ret}`, // rproc_fw_boot
      `remoteproc remoteproc0: Boot failed: ${ret}`, // state_store
    ]);
    const { rproc } = board.linux.remoteprocs[0]!;
    expect(rproc.state).toBe('offline');
    expect(rproc.carveouts).toEqual([]);
    expect(rproc.table.inEffect).toBeUndefined();
    expect(board.core.starts).toEqual([]);
  });

  it('a table that fails leaves nothing behind for the next', () => {
    const board = boot(tableOf(VDEV, CARVEOUT.slice(0, 8)));
    const good = buildElf({
      segments: [{ da: 0, data: code }],
      sections: [{ name: '.resource_table', addr: 0x400, data: rpmsgTable({ num: 8, align: 16 }) }],
    });
    board.linux.firmwareFiles.set('good.elf', good.bytes);
    board.linux.start(0, 'good.elf');
    board.settle();
    expect(board.dmesg()).toContain('rproc-virtio rproc-virtio.0.auto: registered virtio0 (type 7)');
    expect(board.dmesg().at(-1)).toBe(UP);
  });
});

describe('rproc_handle_rsc_entry: entries that Linux skips', () => {
  it.each([
    ['unsupported vendor resource 128', [128, 0]],
    ['unsupported vendor resource 512', [512, 0]],
    ['unsupported resource 4', [4, 0]],
    ['unsupported resource -1', [0xffff_ffff, 0]],
  ])('%s', (line, entry) => {
    const board = boot(tableOf(entry));
    expect(afterBooting(board)).toEqual([`remoteproc remoteproc0: ${line}`, UP]);
    expect(board.kernel.log.find(({ text }) => text.endsWith(line))!.level).toBe(4);
  });
});

describe('vrings', () => {
  const failed = (err: number): string => `rproc-virtio: probe of rproc-virtio.0.auto failed with error ${err}`;

  it.each([
    ['rproc_parse_vring: num 0', { num: 0 }, 'invalid qsz (0) or alignment (4096)', -22],
    ['rproc_parse_vring: align 0', { align: 0 }, 'invalid qsz (256) or alignment (0)', -22],
    ['rproc_check_carveout_da: below the region', { da0: 0x5400_0000 }, "Registered carveout doesn't fit da request", -12],
    ['rproc_check_carveout_da: above the region', { da0: 0x5500_8000 }, "Registered carveout doesn't fit len request", -12],
    ['rproc_check_carveout_da: larger than the region', { num: 4096 }, "Registered carveout doesn't fit len request", -12],
  ])('%s: the core starts without virtio', (_what, table, line, err) => {
    const board = boot(rpmsgTable(table));
    expect(afterBooting(board)).toEqual([`remoteproc remoteproc0: ${line}`, failed(err), UP]);
    expect(board.kernel.log.find(({ text }) => text === failed(err))!.level).toBe(4);
    expect(board.linux.waitingFor()[0]).toContain('no virtio device');
  });

  it('a ring without a region comes from the general pool; a fixed address is then only complained about', () => {
    const regions = EVK_REGIONS.filter(({ name }) => !name.startsWith('vdev0vring'));
    const free = boot(rpmsgTable({ num: 8, align: 16 }), { regions });
    expect(afterBooting(free)).toContain(UP);
    const da = free.memory.read(TABLE + 24 + 24, 4);
    expect(da).toBeGreaterThanOrEqual(0xbf00_0000);
    expect(free.memory.read(ITCM_SA + 0x400 + 24 + 24, 4)).toBe(da);
    const fixed = boot(rpmsgTable({ da0: 0x5500_0000, da1: 0x5500_8000 }), { regions });
    // rproc_alloc_carveout
    const warning = "imx-rproc remoteproc-cm7: Allocated carveout doesn't fit device address request";
    expect(fixed.kernel.log.filter(({ level, text }) => level === 4 && text === warning)).toHaveLength(2);
    expect(fixed.dmesg().at(-1)).toBe(UP);
  });

  it('a ring that no pool can hold ends the boot', () => {
    const regions = EVK_REGIONS.filter(({ name }) => !name.startsWith('vdev0vring'));
    const board = boot(rpmsgTable({ num: 0x10_0000, align: 16 }), { regions });
    const size = `0x${(26 * 0x10_0000 + 4096).toString(16)}`;
    expect(afterBooting(board)).toEqual([
      `imx-rproc remoteproc-cm7: failed to allocate dma memory: len ${size}`, // rproc_alloc_carveout
      'remoteproc remoteproc0: Unable to allocate carveout vdev0vring0: -12', // rproc_alloc_registered_carveouts
      'remoteproc remoteproc0: Failed to allocate associated carveouts: -12', // rproc_fw_boot
      'remoteproc remoteproc0: Boot failed: -12',
    ]);
  });

  it('more descriptors than a ring can count: vring_new_virtqueue fails', () => {
    // A ring of 2^21 descriptors takes 52 MiB and fits these regions, but its indices have 16 bits.
    const regions: ReservedMemory[] = EVK_REGIONS.map((region) =>
      region.name.startsWith('vdev0vring')
        ? { ...region, base: region.name.endsWith('0') ? 0x5600_0000 : 0x5a00_0000, size: 0x400_0000 }
        : region,
    );
    const board = boot(rpmsgTable({ num: 0x20_0000, align: 16 }), { regions });
    expect(afterBooting(board)).toContain('remoteproc remoteproc0: vring_new_virtqueue input failed'); // rp_find_vq
    expect(afterBooting(board)).toContain('virtio_rpmsg_bus: probe of virtio0 failed with error -12');
    expect(board.dmesg().at(-1)).toBe(UP);
  });

  it('buffers that do not fit: virtio_rpmsg_bus gives up', () => {
    const regions = EVK_REGIONS.map((region) => (region.name === 'vdev0buffer' ? { ...region, size: 0x8000 } : region));
    const board = boot(rpmsgTable(), { regions });
    expect(afterBooting(board)).toContain('virtio_rpmsg_bus: probe of virtio0 failed with error -12');
    const fits = boot(rpmsgTable({ num: 32 }), { regions });
    expect(afterBooting(fits)).toContain('virtio_rpmsg_bus virtio0: rpmsg host is online');
  });

  it('two vdevs get two devices, notify ids in order, and their own numbers', () => {
    const board = boot(tableOf(VDEV, VDEV));
    expect(afterBooting(board).filter((line) => line.includes('registered'))).toEqual([
      'rproc-virtio rproc-virtio.0.auto: registered virtio0 (type 7)',
      'rproc-virtio rproc-virtio.1.auto: registered virtio1 (type 7)',
    ]);
    const { rproc } = board.linux.remoteprocs[0]!;
    expect([...rproc.notifyids.keys()]).toEqual([0, 1, 2, 3]);
    expect(rproc.maxNotifyid).toBe(3);
  });

  it('rproc_add_virtio_dev: a second vdev has a buffer of its own, the first the first memory-region', () => {
    const ring = (n: number) => ({ name: `vdev1vring${n}`, base: 0x5501_0000 + 0x8000 * n, size: 0x8000 });
    const regions = [...EVK_REGIONS, ring(0), ring(1), { name: 'vdev1buffer', base: 0x5550_0000, size: 0x10_0000 }];
    const board = boot(tableOf(VDEV, VDEV), { regions });
    expect(board.dmesg().filter((line) => line.startsWith('rproc-virtio'))).toEqual([
      'rproc-virtio rproc-virtio.0.auto: assigned reserved memory node vdev0buffer@55400000',
      'rproc-virtio rproc-virtio.0.auto: registered virtio0 (type 7)',
      'rproc-virtio rproc-virtio.1.auto: vdev 1 buffer already mapped',
      'rproc-virtio rproc-virtio.1.auto: registered virtio1 (type 7)',
    ]);
    // The first buffer that Linux offers in ring 0 of the second.
    expect(board.memory.read(0x5501_0000, 4)).toBe(0x5550_0000);
  });

  it('imx_rproc_prepare: the region vdevbuffer of older trees is a carveout like any other', () => {
    const [buffer, ...others] = EVK_REGIONS;
    const board = boot(tableOf(VDEV), { regions: [{ ...buffer!, name: 'vdevbuffer' }, ...others] });
    expect(board.dmesg()).toContain('rproc-virtio rproc-virtio.0.auto: assigned reserved memory node vdevbuffer@55400000');
    expect(board.linux.remoteprocs[0]!.rproc.carveouts.map(({ name }) => name)).toEqual(['vdevbuffer', 'vdev0vring0', 'vdev0vring1', 'm7']);
  });

  it('a vdev that no driver takes is registered all the same', () => {
    const board = boot(tableOf(patched(VDEV, { 1: 42 })));
    expect(afterBooting(board)).toContain('rproc-virtio rproc-virtio.0.auto: registered virtio0 (type 42)');
  });

  it('more vdevs than there is memory for', () => {
    const entry = 16 + 4 * 100;
    const board = boot(words(1, 100, 0, 0, ...Array.from({ length: 100 }, () => entry), ...VDEV));
    expect(afterBooting(board)).toContain('remoteproc remoteproc0: failed to create rproc-virtio device'); // rproc_handle_vdev
    expect(board.dmesg().at(-1)).toBe('remoteproc remoteproc0: Boot failed: -12');
  });
});

describe('carveouts and traces', () => {
  it('tells the firmware where a carveout is', () => {
    const board = boot(tableOf(CARVEOUT));
    expect(board.dmesg().at(-1)).toBe(UP);
    const [da, pa, len] = [0, 4, 8].map((at) => board.memory.read(TABLE + 20 + 4 + at, 4));
    expect(da).toBe(pa);
    expect(da).toBeGreaterThanOrEqual(0xbf00_0000);
    expect(len).toBe(0x2000);
    // rproc_da_to_va goes through it
    expect(board.linux.remoteprocs[0]!.rproc.carveouts.find(({ name }) => name === 'eman')!.va).toBe(da);
  });

  it('associates a carveout of the table with the region of that name', () => {
    const m7 = [0x376d, 0, 0, 0, 0, 0, 0, 0];
    const board = boot(tableOf([0, 0x8000_1000, 0, 0x1000, 3, 0, ...m7]));
    expect(board.dmesg().at(-1)).toBe(UP);
    expect(board.memory.read(TABLE + 20 + 4, 4)).toBe(0x8000_0000);
    expect(board.memory.read(TABLE + 20 + 12, 4)).toBe(0x100_0000);
    const outside = boot(tableOf([0, 0x9000_0000, 0, 0x1000, 3, 0, ...m7]));
    expect(afterBooting(outside)[0]).toBe("remoteproc remoteproc0: Registered carveout doesn't fit len request");
  });

  it('reads a trace buffer as debugfs does', () => {
    const board = boot(tableOf(TRACE));
    board.memory.writeBytes(0x0080_0100, new TextEncoder().encode('booted\n\0rest'));
    const { rproc } = board.linux.remoteprocs[0]!;
    expect(rproc.traces).toEqual([{ name: 'trace0', da: 0x2000_0100, len: 0x40 }]);
    expect(files(board).cat('/sys/kernel/debug/remoteproc/remoteproc0/trace0')).toBe('booted\n');
  });
});

it('1,000 mutated resource tables crash nothing and end in a state that stops', () => {
  const seed = 0x7ab1_e001;
  const next = random(seed);
  const base = tableOf(CARVEOUT, TRACE, VDEV, [128, 0]);
  const board = createBoard();
  board.settle(0.1);
  let up = 0;
  for (let round = 0; round < 1000; round++) {
    const table = base.slice(0, next() % 8 === 0 ? next() % base.length : base.length);
    const interesting = [0, 1, 2, 0x7f, 0x80, 0xff];
    for (let i = next() % 5; i >= 0 && table.length > 0; i--) {
      const at = next() % 3 === 0 ? next() % Math.min(32, table.length) : next() % table.length;
      table[at] = next() % 2 === 0 ? interesting[next() % interesting.length]! : next();
    }
    const elf = buildElf({ segments: [{ da: 0, data: code }], sections: [{ name: '.resource_table', addr: 0x400, data: table }] });
    board.linux.firmwareFiles.set('mutant.elf', elf.bytes);
    try {
      const start = board.linux.start(0, 'mutant.elf');
      board.settle(0.3);
      expect(start.result).not.toBeUndefined();
      if (start.result === 0) {
        up++;
        const stop = board.linux.stop(0);
        board.settle(0.1);
        expect(stop.result).toBe(0);
      }
      expect(board.linux.remoteprocs[0]!.rproc.state).toBe('offline');
    } catch (error) {
      throw new Error(`seed ${seed} round ${round}`, { cause: error });
    }
  }
  expect(up).toBeGreaterThan(100);
  expect(up).toBeLessThan(900);
}, 60_000);
