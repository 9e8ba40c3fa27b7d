/** What the diagram shows, from the description (which does not change) and the overview (which does). Pure. */
import type { CarveOut, Description, Overview, VringSummary } from '../../../../src/view/protocol.ts';
import type { Parts } from './layout.ts';

/** Identity of a vring in the diagram. */
export function vringId(ring: Pick<VringSummary, 'device' | 'direction' | 'queue'>): string {
  return `${ring.device}/${ring.direction}/${ring.queue}`;
}

/** The parts to place. */
export function partsOf(description: Description, overview: Overview | undefined): Parts {
  const cores = [...description.cores].sort((a, b) => Number(b.main) - Number(a.main)).map(({ name }) => name);
  return {
    linux: description.linux,
    cores,
    mus: description.mus.map(({ name, channels, cores: at, linux }) => ({
      name,
      channels,
      cores: at.filter((core) => cores.includes(core)),
      linux: linux !== undefined && description.linux,
    })),
    vrings: (overview?.vrings ?? []).map((ring) => ({ id: vringId(ring), core: cores[0] ?? '' })),
    carveOuts: overview?.carveOuts.length ?? 0,
  };
}

/** What a layout depends on: while it is the same, nothing moves. */
export function partsKey(parts: Parts): string {
  return JSON.stringify(parts);
}

export interface CarveOutRow {
  readonly region: CarveOut;
  readonly hue: 'vring' | 'message' | 'core' | 'note';
  /** 0 to 1 on a logarithmic scale from 1 KiB to the largest. */
  readonly share: number;
  /** Bytes between the one before and this one. */
  readonly gap: number;
}

/** Carve-outs by address, with what they are for. */
export function carveOutRows(regions: readonly CarveOut[]): CarveOutRow[] {
  const sorted = [...regions].sort((a, b) => a.base - b.base);
  const largest = Math.max(2048, ...sorted.map(({ size }) => size));
  return sorted.map((region, index) => {
    const before = sorted[index - 1];
    const share = Math.log2(Math.max(1024, region.size) / 512) / Math.log2(largest / 512);
    return { region, hue: purpose(region.name), share, gap: before ? Math.max(0, region.base - before.base - before.size) : 0 };
  });
}

function purpose(name: string): CarveOutRow['hue'] {
  if (/vring/i.test(name)) return 'vring';
  if (/buffer|shm/i.test(name)) return 'message';
  if (/rsc|resource/i.test(name)) return 'note';
  return 'core';
}

/** Bits of virtio's device status, by name. */
export function vdevStatus(status: number): string {
  const names: [number, string][] = [
    [1, 'ACKNOWLEDGE'],
    [2, 'DRIVER'],
    [8, 'FEATURES_OK'],
    [4, 'DRIVER_OK'],
    [64, 'NEEDS_RESET'],
    [128, 'FAILED'],
  ];
  return (
    names
      .filter(([bit]) => status & bit)
      .map(([, name]) => name)
      .join(' ') || 'RESET'
  );
}

/** The most telling bit of it. */
export function vdevState(status: number): string {
  return vdevStatus(status).split(' ').at(-1) ?? 'RESET';
}
