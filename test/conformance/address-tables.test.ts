/**
 * Address tables of all SoCs against the kernel's, and against the memories: what Linux writes through a row, the core finds at its device address.
 */
import { describe, expect, it } from 'vitest';
import { interpreterFactory } from '../../src/cpu/interpreter/index.ts';
import { Machine } from '../../src/machine.ts';
import { SOCS } from '../../src/soc/index.ts';
import { KERNEL_TABLES } from './kernel-tables.ts';

const CORES = SOCS.flatMap((soc) => soc.remoteprocs.map((remoteproc) => [remoteproc.compatible, soc, remoteproc] as const));

it('knows the kernel`s table of every core that a remoteproc starts', () => {
  expect(CORES.map(([compatible]) => compatible).filter((compatible) => !(compatible in KERNEL_TABLES))).toEqual([]);
});

describe.each(CORES)('%s', (compatible, soc, remoteproc) => {
  const kernel = KERNEL_TABLES[compatible]!;
  const rows = kernel.att
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
    .map(([da, sa, size, own]) => ({
      da: Number.parseInt(da!, 16),
      sa: Number.parseInt(sa!, 16),
      size: Number.parseInt(size!, 16),
      ...(own ? { own: true } : {}),
    }));

  it('has its rows, in its order', () => {
    expect(remoteproc.att).toEqual(rows);
  });

  it('is started as the kernel starts it', () => {
    expect(remoteproc.method).toBe(kernel.method);
    if (!kernel.src) {
      expect(remoteproc.src).toBeUndefined();
      return;
    }
    const [offset, mask, start, stop] = kernel.src;
    const src = soc.peripherals.find(({ kind }) => kind === 'src')!;
    expect(remoteproc.src).toEqual({ address: src.base + offset, mask, start, stop });
  });

  it('has the same RAM behind both addresses of every row, or memory that is not modelled behind both', () => {
    const machine = new Machine({ soc, linux: false, engine: interpreterFactory });
    const linux = machine.view('linux');
    const core = machine.view(remoteproc.core);
    for (const { da, sa, size } of rows) {
      const shadowed = rows.find((other) => other.da === da)!.sa !== sa;
      if (shadowed) continue;
      for (const at of [0, size / 2, size - 4]) {
        const there = linux.find(sa + at);
        const here = core.find(da + at);
        const label = `da ${(da + at).toString(16)} sa ${(sa + at).toString(16)}`;
        expect(here?.ram, label).toBe(there?.ram);
        if (here?.ram) expect(here.ramOffset + da + at - here.base, label).toBe(there!.ramOffset + sa + at - there!.base);
      }
    }
    machine.dispose();
  });
});
