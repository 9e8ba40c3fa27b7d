import { describe, expect, it } from 'vitest';
import { CachedTable, pageAlign, tableEntry } from '../../src/remoteproc/resource-table.ts';
import { addressText, decodeResourceTable } from '../../src/remoteproc/resource-table-report.ts';
import { random, rpmsgTable, words } from './elf-builder.ts';

describe('decodeResourceTable', () => {
  it('decodes the table of an SDK firmware', () => {
    const table = rpmsgTable({ da0: 0x5500_0000, da1: 0x5500_8000 });
    expect(decodeResourceTable(table)).toEqual({
      version: 1,
      count: 1,
      problems: [],
      resources: [
        {
          kind: 'vdev',
          id: 7,
          notifyid: 2,
          features: 1,
          configLength: 0,
          status: 0,
          vrings: [
            { da: 0x5500_0000, align: 0x1000, num: 256, notifyid: 0, bytes: 0x3000 },
            { da: 0x5500_8000, align: 0x1000, num: 256, notifyid: 1, bytes: 0x3000 },
          ],
        },
      ],
    });
  });

  it('decodes carveouts, traces, vendor and unknown entries', () => {
    const name = [0x00_63_62_61, 0, 0, 0, 0, 0, 0, 0];
    const bytes = words(1, 4, 0, 0, 32, 88, 136, 144, 0, 0x1000, 0x2000, 0x3000, 4, 0, ...name, 2, 0x5000, 0x100, 0, ...name, 200, 0, 9, 0);
    const { resources, problems } = decodeResourceTable(bytes);
    expect(resources).toEqual([
      { kind: 'carveout', name: 'abc', da: 0x1000, pa: 0x2000, len: 0x3000, flags: 4 },
      { kind: 'trace', name: 'abc', da: 0x5000, len: 0x100 },
      { kind: 'vendor', type: 200 },
      { kind: 'unknown', type: 9 },
    ]);
    expect(problems.map(({ place, fatal, linux }) => [place, fatal, linux])).toEqual([
      ['entry 2', false, 'unsupported vendor resource 200'],
      ['entry 3', false, 'unsupported resource 9'],
    ]);
  });

  it.each([
    [new Uint8Array(), 'header', 'header-less resource table'],
    [words(1, 0, 0), 'header', 'header-less resource table'],
    [words(3, 0, 0, 0), 'header', 'unsupported fw ver: 3'],
    [words(1, 0, 0, 9), 'header', 'non zero reserved bytes'],
    [words(1, 2, 0, 0, 20), 'header', 'resource table incomplete'],
    [words(1, 1, 0, 0, 20), 'entry 0', 'rsc table is truncated'],
    [words(1, 1, 0, 0, 20, 0, 0), 'entry 0', 'carveout rsc is truncated'],
    [words(1, 1, 0, 0, 20, 2, 0), 'entry 0', 'trace rsc is truncated'],
    [words(1, 1, 0, 0, 20, 3, 7, 0, 1, 0, 0, 0x200), 'entry 0', 'vdev rsc is truncated'],
    [words(1, 1, 0, 0, 20, 3, 7, 0, 1, 0, 0, 0x1_0000), 'entry 0', 'vdev rsc has non zero reserved bytes'],
  ])('names the problem of %# and what Linux prints', (bytes, place, linux) => {
    const { problems } = decodeResourceTable(bytes);
    expect(problems[0]).toMatchObject({ place, linux });
    expect(problems[0]!.text).not.toBe('');
    expect(problems[0]!.remedy).not.toBe('');
  });

  it('finds what Linux does not complain about', () => {
    const text = (bytes: Uint8Array): string =>
      decodeResourceTable(bytes)
        .problems.map((problem) => problem.text)
        .join('; ');
    expect(text(rpmsgTable({ num: 100 }))).toContain('100 descriptors, not a power of two');
    const started = rpmsgTable();
    started[24 + 20] = 7;
    expect(text(started)).toContain('status byte is 0x7 instead of 0');
    const one = rpmsgTable();
    one[24 + 21] = 1;
    expect(text(one)).toContain('has 1 vrings and needs two');
    expect(text(words(1, 1, 0, 0, 20, 1, ...new Array(13).fill(0)))).toContain('needs an IOMMU');
  });

  it('reads 1,000 mutants and random bytes without complaint of its own', () => {
    const seed = 0xdec0_de01;
    const next = random(seed);
    for (let round = 0; round < 1000; round++) {
      const bytes = rpmsgTable().slice(0, next() % 90);
      for (let i = next() % 6; i > 0 && bytes.length > 0; i--) bytes[next() % bytes.length] = next();
      const { resources, problems } = decodeResourceTable(bytes);
      expect(resources.length + problems.length, `seed ${seed} round ${round}`).toBeLessThan(200);
    }
  });

  it('shows at most 64 entries of a table with millions', () => {
    const count = 0x10_0000;
    const bytes = new Uint8Array(16 + 4 * count + 8);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, 1, true);
    view.setUint32(4, count, true);
    for (let i = 0; i < count; i++) view.setUint32(16 + 4 * i, 16 + 4 * count, true);
    view.setUint32(16 + 4 * count, 99, true);
    expect(decodeResourceTable(bytes).resources).toHaveLength(64);
  });
});

describe('views of a table', () => {
  it('never reach beyond it', () => {
    const table = new CachedTable(new Uint8Array(new ArrayBuffer(64), 16, 8).fill(0xff));
    expect([table.get8(8), table.get8(-1), table.get32(5), table.get32(4)]).toEqual([0, 0, 0, 0xffff_ffff]);
    table.set32(6, 0);
    table.set8(8, 0);
    table.set32(-2, 0);
    expect([...table.bytes]).toEqual(new Array(8).fill(0xff));
    expect(tableEntry(table, 0)).toBeUndefined();
  });

  it('helpers', () => {
    expect([pageAlign(0), pageAlign(1), pageAlign(4096), pageAlign(4097)]).toEqual([0, 4096, 4096, 8192]);
    expect([addressText(0xffff_ffff), addressText(0x1000)]).toEqual(['any', '0x1000']);
  });
});
