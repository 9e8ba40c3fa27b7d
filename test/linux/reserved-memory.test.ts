/** Reserved memory as drivers/of/fdt.c and of_reserved_mem.c of Linux 6.1 take it out of a tree; each message names its function. */
import { describe, expect, it } from 'vitest';
import { parseDts } from '../../src/devicetree/parse-dts.ts';
import { ReservedMemories } from '../../src/linux/reserved-memory.ts';
import { GiB, MiB } from '../../src/memory/bits.ts';

const BANKS = [{ base: 0x4000_0000, size: GiB }];

function reserve(children: string, { cells = 2, format = '', before = '' } = {}): ReservedMemories {
  const root = `#address-cells = <${cells}>; #size-cells = <${cells}>;`;
  const head = format || `${root} ranges;`;
  return new ReservedMemories(parseDts(`/dts-v1/; ${before} / { ${root} reserved-memory { ${head} ${children} }; };`), BANKS);
}

const texts = (reserved: ReservedMemories): string[] => reserved.log.map(({ level, text }) => `${level} ${text}`);

describe('regions at a fixed place', () => {
  it('are kept in the order of their addresses, with the messages of pools', () => {
    const reserved = reserve(
      'vdevbuffer@55400000 { compatible = "shared-dma-pool"; reg = <0 0x55400000 0 0x100000>; no-map; }; vdev0vring0@55000000 { reg = <0 0x55000000 0 0x8000>; no-map; };',
    );
    expect(reserved.regions.map(({ name, base, size, pool }) => [name, base, size, pool])).toEqual([
      ['vdev0vring0@55000000', 0x5500_0000, 0x8000, undefined],
      ['vdevbuffer@55400000', 0x5540_0000, MiB, 'dma'],
    ]);
    expect(texts(reserved)).toEqual([
      '6 Reserved memory: created DMA memory pool at 0x0000000055400000, size 1 MiB', // rmem_dma_setup
      '6 OF: reserved mem: initialized node vdevbuffer@55400000, compatible id shared-dma-pool', // __reserved_mem_init_node
    ]);
  });

  it('have 32-bit addresses on 32-bit Linux, where a pool needs no-map', () => {
    const reserved = reserve(
      'a@8fff0000 { compatible = "shared-dma-pool"; reg = <0x8fff0000 0x10000>; no-map; }; b@80000000 { compatible = "shared-dma-pool"; reg = <0x80000000 0x200000>; };',
      { cells: 1 },
    );
    expect(texts(reserved)).toEqual([
      '3 Reserved memory: regions without no-map are not yet supported', // rmem_dma_setup
      '6 OF: reserved mem: node b@80000000 compatible matching fail', // fdt_init_reserved_mem
      '6 Reserved memory: created DMA memory pool at 0x8fff0000, size 0 MiB',
      '6 OF: reserved mem: initialized node a@8fff0000, compatible id shared-dma-pool',
    ]);
  });

  it('__rmem_check_for_overlap: are told of when they overlap', () => {
    const reserved = reserve(
      'a@50000000 { reg = <0 0x50000000 0 0x2000>; no-map; }; b@50001000 { reg = <0 0x50001000 0 0x1000>; no-map; };',
    );
    expect(texts(reserved)).toEqual([
      '3 OF: reserved mem: OVERLAP DETECTED!',
      '3 a@50000000 (0x0000000050000000--0x0000000050002000) overlaps with b@50001000 (0x0000000050001000--0x0000000050002000)',
    ]);
  });

  it('early_init_dt_reserve_memory: cannot be no-map where something is reserved already', () => {
    const reserved = reserve('a@50000000 { reg = <0 0x50000000 0 0x200000>; no-map; };', { before: '/memreserve/ 0x50100000 0x1000;' });
    expect(texts(reserved)).toEqual([
      "3 OF: fdt: Reserved memory: failed to reserve memory for node 'a@50000000': base 0x0000000050000000, size 2 MiB",
    ]);
    expect(reserved.regions).toHaveLength(1);
  });

  it('__reserved_mem_reserve_reg: are skipped with a reg of the wrong size, and told of with an empty one', () => {
    expect(texts(reserve('a@0 { reg = <0 0x50000000 0>; };'))).toEqual([
      "3 OF: fdt: Reserved memory: invalid reg property in 'a@0', skipping node.",
    ]);
    expect(texts(reserve('a@50000000 { reg = <0 0x50000000 0 0>; };'))).toContain(
      "3 OF: fdt: Reserved memory: failed to reserve memory for node 'a@50000000': base 0x0000000050000000, size 0 MiB",
    );
  });

  it('__reserved_mem_check_root: are all ignored below a node of another format', () => {
    for (const format of ['#address-cells = <1>; #size-cells = <2>; ranges;', '#address-cells = <2>; #size-cells = <2>;', 'ranges;']) {
      const reserved = reserve('a@50000000 { reg = <0 0x50000000 0 0x1000>; };', { format });
      expect(texts(reserved)).toEqual(['3 OF: fdt: Reserved memory: unsupported node format, ignoring']);
      expect(reserved.regions).toEqual([]);
    }
  });

  it('are left out when disabled', () => {
    expect(reserve('a@50000000 { status = "disabled"; reg = <0 0x50000000 0 0x1000>; };').regions).toEqual([]);
  });

  it('fdt_reserved_mem_save_node: are at most 64', () => {
    const many = Array.from({ length: 66 }, (_, i) => `a@${i} { reg = <0 ${0x5000_0000 + i * 0x1000} 0 0x1000>; no-map; };`).join(' ');
    const reserved = reserve(many);
    expect(reserved.regions).toHaveLength(64);
    expect(texts(reserved)).toEqual(Array.from({ length: 2 }, () => '3 OF: reserved mem: not enough space for all defined regions.'));
  });
});

describe('regions that Linux places (__reserved_mem_alloc_size)', () => {
  it('lie as high as they can, aligned, within alloc-ranges', () => {
    const reserved = reserve(
      'linux,cma { compatible = "shared-dma-pool"; reusable; size = <0 0x4000000>; alloc-ranges = <0 0x40000000 0 0x20000000>; linux,cma-default; }; a { size = <0 0x1000>; alignment = <0 0x10000>; no-map; };',
    );
    expect(reserved.regions.map(({ name, base, pool }) => [name, base, pool])).toEqual([
      ['linux,cma', 0x5c00_0000, 'cma'],
      ['a', 0x7fff_0000, undefined],
    ]);
    expect(texts(reserved)).toEqual([
      '6 Reserved memory: created CMA memory pool at 0x000000005c000000, size 64 MiB', // rmem_cma_setup
      '6 OF: reserved mem: initialized node linux,cma, compatible id shared-dma-pool',
    ]);
  });

  it('go around what is reserved', () => {
    const reserved = reserve('hole@7ff00000 { reg = <0 0x7ff00000 0 0x100000>; no-map; }; a { size = <0 0x100000>; };');
    expect(reserved.regions.find(({ name }) => name === 'a')?.base).toBe(0x7fe0_0000);
  });

  it.each([
    ['a { size = <0x1000>; };', "invalid size property in 'a' node."],
    ['a { size = <0 0x1000>; alignment = <1>; };', "invalid alignment property in 'a' node."],
    ['a { size = <0 0x1000>; alloc-ranges = <1 2>; };', "invalid alloc-ranges property in 'a', skipping node."],
    ['a { size = <1 0>; };', "failed to allocate memory for node 'a': size 4096 MiB"],
  ])('are refused: %s', (node, text) => {
    expect(texts(reserve(node))).toEqual([`3 OF: reserved mem: ${text}`]);
  });

  it('a CMA area at an odd place is refused (rmem_cma_setup)', () => {
    expect(texts(reserve('a@50001000 { compatible = "shared-dma-pool"; reusable; reg = <0 0x50001000 0 0x200000>; };'))).toEqual([
      '3 Reserved memory: incorrect alignment of CMA region',
      '6 OF: reserved mem: node a@50001000 compatible matching fail',
    ]);
  });
});
