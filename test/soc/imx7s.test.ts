/** The 7Solo against numbers typed from Linux 6.1's imx7s.dtsi, imx7s-colibri.dtsi and soc-imx.c; what it shares with the 7Dual is tested there. */
import { describe, expect, it } from 'vitest';
import { builtInTree } from '../../src/devicetree/built-in-tree.ts';
import { IMX7S } from '../../src/soc/imx7s.ts';
import { regionsOf } from './support.ts';

describe('imx7s', () => {
  it('has one Cortex-A7, 256 MiB on a Colibri, and its own names', () => {
    const [board] = IMX7S.boards;
    const tree = builtInTree(IMX7S, board!);
    expect(tree.root.strings('compatible')).toEqual(['toradex,colibri-imx7s-eval-v3', 'toradex,colibri-imx7s', 'fsl,imx7s']);
    expect([...tree.find('/cpus')!.children.keys()]).toEqual(['cpu@0']);
    expect(board!.ddr).toBe(0x1000_0000);
    expect(IMX7S.deviceTree!.kernelNames!.socId).toBe('i.MX7D');
  });

  it('reserves what fits into that memory', () => {
    const regions = Object.values(regionsOf(IMX7S, 'colibri-imx7s'));
    expect(regions).toHaveLength(5);
    for (const [base, size] of regions) expect(base! + size!).toBeLessThanOrEqual(0x9000_0000);
  });

  it('is to its M4 what the 7Dual is', () => {
    expect(IMX7S.cores[0]).toMatchObject({ name: 'm4', hz: 240_000_000, vectors: 0 });
    expect(IMX7S.mus[0]).toMatchObject({
      a: { base: 0x30aa_0000, interrupts: { linux: 88 } },
      b: { base: 0x30ab_0000, interrupts: { m4: 97 } },
    });
    expect(IMX7S.remoteprocs[0]).toMatchObject({ compatible: 'fsl,imx7d-cm4', method: 'mmio' });
  });
});
