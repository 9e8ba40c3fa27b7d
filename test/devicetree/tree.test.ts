/** Nodes, lookups, addresses: what Linux's drivers/of reads out of a tree. */
import { describe, expect, it } from 'vitest';
import { addressCells, deviceName, regEntries, resource, translateAddress } from '../../src/devicetree/address.ts';
import { loadTree } from '../../src/devicetree/load.ts';
import { parseDtb } from '../../src/devicetree/parse-dtb.ts';
import { parseDts } from '../../src/devicetree/parse-dts.ts';
import { DeviceTree } from '../../src/devicetree/tree.ts';
import { writeDtb } from '../../src/devicetree/write-dtb.ts';
import { DeviceTreeError } from '../../src/errors.ts';
import { BLOBS } from './dtc.ts';
import { BASE } from './samples.ts';

const tree = (body: string): DeviceTree => parseDts(`/dts-v1/; / { ${body} };`);

describe('DeviceTreeNode', () => {
  const { root } = tree(
    'a = <1 2>; s = "one", "two"; cut = "one", [74 77]; flag; half = [00 01]; okay { status = "ok"; }; off { status = "fail"; };',
  );

  it('gives cells, strings and flags as of_property_read_* do', () => {
    expect(root.cells('a')).toEqual([1, 2]);
    expect([root.cell('a'), root.cell('half'), root.cell('none')]).toEqual([1, undefined, undefined]);
    expect([root.string('s'), root.string('half'), root.string('a')]).toEqual(['one', '', '']);
    expect([root.strings('s'), root.strings('cut'), root.strings('none')]).toEqual([['one', 'two'], ['one'], []]);
    expect([root.has('flag'), root.has('none'), root.bytes('flag')?.length]).toEqual([true, false, 0]);
  });

  it('knows its path, its name and whether it is available', () => {
    const node = tree('x@1 { y { }; };').node('/x@1/y')!;
    expect([node.path, node.parent?.baseName, root.path]).toEqual(['/x@1/y', 'x', '/']);
    expect([...root.children.values()].map(({ available }) => available)).toEqual([true, false]);
  });

  it('takes new values and loses children', () => {
    const copy = new DeviceTree();
    copy.root.add('a').add('b').set('text', 'x').set('cells', [1, 2]).set('list', ['p', 'q']).set('one', 3).set('flag');
    const b = copy.node('/a/b')!;
    expect([b.string('text'), b.cells('cells'), b.strings('list'), b.cell('one'), b.has('flag')]).toEqual([
      'x',
      [1, 2],
      ['p', 'q'],
      3,
      true,
    ]);
    expect([copy.root.remove('a'), copy.root.remove('a'), copy.node('/a/b')]).toEqual([true, false, undefined]);
  });
});

describe('DeviceTree', () => {
  const base = parseDtb(BLOBS.base);

  it('finds nodes by path, by alias, and by phandle', () => {
    const mu = base.node('/soc@0/mailbox@30aa0000');
    expect(mu).toBeDefined();
    expect([base.node('/soc/mailbox'), base.node('soc@0'), base.find('/soc/mailbox'), base.find('s/mailbox@30aa0000')]).toEqual([
      undefined,
      undefined,
      mu,
      mu,
    ]);
    expect([base.find('none'), base.find('/soc/none')]).toEqual([undefined, undefined]);
    expect([base.byPhandle(1), base.phandles().get(1), base.byPhandle(99)]).toEqual([mu, mu, undefined]);
    // of_find_node_by_phandle: 0 and -1 are no phandles.
    for (const none of [0, 0xffff_ffff]) {
      const tree = new DeviceTree();
      tree.root.add('a').set('phandle', none);
      expect([tree.byPhandle(none), tree.phandles().size]).toEqual([undefined, 0]);
    }
  });

  it('does not follow aliases in a circle', () => {
    expect(tree('aliases { a = "b"; b = "a"; };').find('a')).toBeUndefined();
  });

  it('is copied whole', () => {
    const copy = base.clone();
    copy.root.set('changed', 1);
    copy.node('/soc@0')!.remove('uart@1');
    expect([base.root.has('changed'), base.node('/soc@0/uart@1') !== undefined]).toEqual([false, true]);
  });
});

describe('addresses', () => {
  const soc = tree(`#address-cells = <2>; #size-cells = <2>;
    soc@0 { compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>; ranges = <0x0 0x0 0x30000000 0x1000>, <0x4000 0x1 0x0 0x1000>;
      low: a@10 { reg = <0x10 0x20>, <0x30 0x40>; };
      high: b@4008 { reg = <0x4008 8>; };
      out: c@2000 { reg = <0x2000 4>; };
      same { ranges; #address-cells = <1>; #size-cells = <1>; d@20 { reg = <0x20 4>; }; };
      closed { #address-cells = <1>; #size-cells = <0>; e@3 { reg = <3>; nothing { }; }; };
    };
    top@1 { reg = <1 2 3 4>; };`);

  it('are translated by each bus on the way (of_translate_address)', () => {
    expect(resource(soc.node('/soc@0/a@10')!)).toEqual({ base: 0x3000_0010, size: 0x20 });
    expect(resource(soc.node('/soc@0/a@10')!, 1)).toEqual({ base: 0x3000_0030, size: 0x40 });
    expect(resource(soc.node('/soc@0/b@4008')!)).toEqual({ base: 0x1_0000_0008, size: 8 });
    expect(resource(soc.node('/soc@0/same/d@20')!)).toEqual({ base: 0x3000_0020, size: 4 });
    expect(resource(soc.node('/top@1')!)).toEqual({ base: 0x1_0000_0002, size: 0x3_0000_0004 });
    // of_translate_one: not found; no ranges; OF_CHECK_COUNTS
    expect([resource(soc.node('/soc@0/c@2000')!), resource(soc.node('/soc@0/closed/e@3')!)]).toEqual([undefined, undefined]);
    expect(resource(soc.node('/soc@0/a@10')!, 2)).toBeUndefined();
  });

  it('give devices their names (of_device_make_bus_id)', () => {
    const names = ['/soc@0/a@10', '/soc@0/b@4008', '/soc@0', '/soc@0/closed/e@3', '/soc@0/same/d@20', '/top@1'];
    expect(names.map((path) => deviceName(soc.node(path)!))).toEqual([
      '30000010.a',
      '100000008.b',
      'soc@0',
      'soc@0:closed:e@3',
      '30000020.d',
      '100000002.top',
    ]);
    expect(deviceName(soc.node('/soc@0/closed/e@3/nothing')!)).toBe('soc@0:closed:e@3:nothing');
  });

  it('take cell counts from the nearest node above, and refuse those out of reason', () => {
    const odd = tree('#address-cells = <9>; #size-cells = <0xffffffff>; a { b@1 { reg = <1 2 3>; }; };');
    const b = odd.node('/a/b@1')!;
    expect([addressCells(b), regEntries(b), translateAddress(b, 1), deviceName(b)]).toEqual([9, [], undefined, 'a:b@1']);
    expect(addressCells(tree('a { };').node('/a')!)).toBe(1);
  });
});

describe('loadTree', () => {
  it('takes a blob or a source, whatever its name is', () => {
    expect(loadTree(BLOBS.base).node('/soc@0')).toBeDefined();
    const text = new TextEncoder().encode(BASE);
    expect(loadTree(text, 'base').node('/__symbols__')?.string('mu')).toBe('/soc@0/mailbox@30aa0000');
    expect(loadTree(new TextEncoder().encode('/dts-v1/; / { };'), 'x.dts').root.children.size).toBe(0);
  });

  it('refuses what is neither, and says what a FIT image is', () => {
    expect(() => loadTree(new Uint8Array([1, 2, 3, 4]), 'zImage')).toThrow(/zImage: FDT_ERR_BADMAGIC: it begins with 0x1020304/);
    const fit = parseDts('/dts-v1/; / { images { }; configurations { }; };');
    expect(() => loadTree(writeDtb(fit), 'x.itb')).toThrow(DeviceTreeError);
    expect(() => loadTree(writeDtb(fit), 'x.itb')).toThrow(/FIT image/);
  });
});
