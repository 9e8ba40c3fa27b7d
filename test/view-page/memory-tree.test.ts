import { describe, expect, it } from 'vitest';
import type { RegisterView, TreeNodeView } from '../../src/view/protocol.ts';
import {
  bitRange,
  bitRuns,
  blocksOf,
  changedFields,
  fieldText,
  matches,
  registerText,
} from '../../view/src/panes/peripherals/registers.ts';
import { ancestors, countNodes, linkedValue, nodeAt, references, treeRows } from '../../view/src/panes/tables/tree.ts';

function node(path: string, properties: Readonly<Record<string, string>> = {}, children: readonly TreeNodeView[] = []): TreeNodeView {
  return {
    name: path.slice(path.lastIndexOf('/') + 1),
    path,
    properties: Object.entries(properties).map(([name, value]) => ({ name, value })),
    children,
  };
}

const ROOT = node('/', { model: '"Board"' }, [
  node('/soc', {}, [
    node('/soc/mu@30aa0000', { compatible: '"fsl,imx8mp-mu"', phandle: '<0x1a>', '#mbox-cells': '<0x02>' }),
    node('/soc/uart@30a60000', { phandle: '<0x20>', status: '"disabled"' }),
  ]),
  node('/imx8mp-cm7', { mboxes: '<0x1a 0x20 0x1>, <0x1a 0x1 0x1a>', reg: '<0x1a 0x20>', 'memory-region': '<0x99>' }),
  node('/aliases', { serial3: '"/soc/uart@30a60000"' }),
]);

describe('the device tree', () => {
  it('is rows of what is open', () => {
    expect(treeRows(ROOT, new Set(), '').map((row) => row.node.path)).toEqual(['/']);
    const rows = treeRows(ROOT, new Set(['/', '/soc']), '');
    expect(rows.map(({ node: each, depth, leaf }) => [each.path, depth, leaf])).toEqual([
      ['/', 0, false],
      ['/soc', 1, false],
      ['/soc/mu@30aa0000', 2, true],
      ['/soc/uart@30a60000', 2, true],
      ['/imx8mp-cm7', 1, true],
      ['/aliases', 1, true],
    ]);
  });

  it('is searched by names and values, with the ways there', () => {
    const rows = treeRows(ROOT, new Set(), 'imx8mp-mu');
    expect(rows.map((row) => [row.node.path, row.hit])).toEqual([
      ['/', false],
      ['/soc', false],
      ['/soc/mu@30aa0000', true],
    ]);
    expect(treeRows(ROOT, new Set(), 'nothing of that')).toHaveLength(1);
    expect(countNodes(ROOT)).toBe(6);
  });

  it('finds nodes by path', () => {
    expect(nodeAt(ROOT, '/soc/uart@30a60000')?.name).toBe('uart@30a60000');
    expect(nodeAt(ROOT, '/nowhere')).toBeUndefined();
    expect(ancestors('/soc/uart@30a60000')).toEqual(['/', '/soc']);
    expect(ancestors('/soc')).toEqual(['/']);
  });

  it('links phandles and paths, and no numbers that are none', () => {
    const known = references(ROOT);
    const links = (name: string, value: string) =>
      linkedValue(name, value, known).flatMap(({ text, path }) => (path === undefined ? [] : [[text, path]]));
    expect(links('mboxes', '<0x1a 0x20 0x1>, <0x1a 0x1 0x1a>')).toEqual([
      ['0x1a', '/soc/mu@30aa0000'],
      ['0x1a', '/soc/mu@30aa0000'],
    ]);
    expect(links('reg', '<0x1a 0x20>')).toEqual([]);
    expect(links('interrupt-parent', '<0x20>')).toEqual([['0x20', '/soc/uart@30a60000']]);
    expect(links('memory-region', '<0x99>')).toEqual([]);
    expect(links('serial3', '"/soc/uart@30a60000"')).toEqual([['"/soc/uart@30a60000"', '/soc/uart@30a60000']]);
    expect(links('stdout-path', '"/soc/uart@30a60000:115200n8"')).toHaveLength(1);
    // Nothing of the text is lost.
    for (const { properties } of ROOT.children) {
      for (const { name, value } of properties)
        expect(
          linkedValue(name, value, known)
            .map(({ text }) => text)
            .join(''),
        ).toBe(value);
    }
  });
});

describe('registers of peripherals', () => {
  const register: RegisterView = {
    name: 'CTRL',
    address: 0x30a6_0018,
    width: 4,
    access: 'rw',
    value: 0x8004_0003,
    reset: 0,
    fields: [
      { name: 'TE', lsb: 0, width: 1, access: 'rw', value: 1 },
      { name: 'MODE', lsb: 1, width: 3, access: 'rw', value: 1 },
      { name: 'TOP', lsb: 31, width: 1, access: 'ro', value: 1 },
    ],
  };

  it('are written in hex and binary', () => {
    expect(registerText(0x12, 2, 'hex')).toBe('0x0012');
    expect(registerText(0x12, 1, 'binary')).toBe('0001_0010');
    expect(fieldText({ width: 1, value: 1 }, 'hex')).toBe('1');
    expect(fieldText({ width: 8, value: 200 }, 'hex')).toBe('0xc8 (200)');
    expect(fieldText({ width: 3, value: 5 }, 'binary')).toBe('0b101');
    expect(bitRange({ lsb: 4, width: 4 })).toBe('[7:4]');
    expect(bitRange({ lsb: 3, width: 1 })).toBe('[3]');
  });

  it('are shown bit by bit, gaps too', () => {
    expect(bitRuns(register).map(({ name, lsb, width, value }) => [name, lsb, width, value])).toEqual([
      ['TOP', 31, 1, 1],
      [undefined, 4, 27, 0x4000],
      ['MODE', 1, 3, 1],
      ['TE', 0, 1, 1],
    ]);
    expect(bitRuns({ width: 1, value: 0xa5, fields: [] })).toEqual([{ name: undefined, lsb: 0, width: 8, value: 0xa5 }]);
  });

  it('tell which fields have changed', () => {
    expect(changedFields(register, 0x0004_0003)).toEqual(['TOP']);
    expect(changedFields(register, 0x8004_0001)).toEqual(['MODE']);
    expect(changedFields(register, register.value)).toEqual([]);
  });

  it('are found by name, field and offset', () => {
    expect(matches(register, 'ctr', 0x30a6_0000)).toBe(true);
    expect(matches(register, 'mode', 0x30a6_0000)).toBe(true);
    expect(matches(register, '0x18', 0x30a6_0000)).toBe(true);
    expect(matches(register, 'baud', 0x30a6_0000)).toBe(false);
  });

  it('are those of the sides of messaging units, too', () => {
    const region = (name: string, base: number) => ({ name, base, size: 0x1_0000, kind: 'device' as const });
    const blocks = blocksOf({
      peripherals: [{ name: 'UART4', kind: 'imx-uart', base: 0x30a6_0000, size: 0x1_0000, modelled: true }],
      mus: [{ name: 'MU1', channels: 4, linux: 'A', cores: ['m7'] }],
      memory: { m7: [region('MU1_B', 0x30ab_0000)], linux: [region('MU1_A', 0x30aa_0000)] },
    });
    expect(blocks.map(({ name, base }) => [name, base])).toEqual([
      ['UART4', 0x30a6_0000],
      ['MU1_A', 0x30aa_0000],
      ['MU1_B', 0x30ab_0000],
    ]);
    expect(blocks[1]!.kind).toBe('mu, Linux');
  });
});
