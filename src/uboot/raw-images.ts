/**
 * Raw images of an ELF, as `objcopy -O binary` makes them: what most U-Boots for 8M start, since they know no ELF.
 *
 * One image per group of segments that lie together; segments far from the others (a resource table at its own address) have their own.
 */
import { MiB } from '../memory/bits.ts';
import type { Firmware } from '../remoteproc/elf-loader.ts';
import { findVectors } from '../remoteproc/vectors.ts';
import type { SocDescription } from '../soc/soc.ts';

/** Bytes to be copied to one place. */
export interface RawImage {
  /** Name on the card. */
  readonly file: string;
  /** Where the A cores see the place. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Images of a firmware, and where its vector table is for the A cores. */
export interface RawImages {
  readonly images: readonly RawImage[];
  readonly vectors: number;
}

/** Segments with no more than this between them are one image, filled with zeros. */
const LARGEST_GAP = 64 * 1024;

/** Where the A cores see an address of RAM on the chip that imx_rproc has no row for (OCRAM of the i.MX 6SoloX). */
function onChip({ memories }: SocDescription, core: string, da: number): number | undefined {
  for (const { size: whole, views } of memories) {
    const window = views[core]?.find(({ base, offset = 0, size = whole - offset }) => da >= base && da < base + size);
    const seen = views['linux']?.[0];
    if (whole <= MiB && window && seen) return seen.base - (seen.offset ?? 0) + (window.offset ?? 0) + (da - window.base);
  }
  return undefined;
}

/** The images, the one with the vector table first; undefined when a segment is in no memory that the A cores reach. */
export function rawImages(firmware: Firmware, soc: SocDescription, core: string): RawImages | undefined {
  const systemAddress = (da: number): number | undefined => {
    const row = soc.remoteprocs
      .find((remoteproc) => remoteproc.core === core)
      ?.att.find((entry) => da >= entry.da && da < entry.da + entry.size);
    return row ? row.sa + (da - row.da) : onChip(soc, core, da);
  };
  const groups: { da: number; end: number; parts: { da: number; data: Uint8Array }[] }[] = [];
  const segments = firmware.segments.filter(({ data }) => data.length > 0).sort((a, b) => a.da - b.da);
  for (const { da, data } of segments) {
    const last = groups.at(-1);
    if (last && da - last.end <= LARGEST_GAP) {
      last.parts.push({ da, data });
      last.end = Math.max(last.end, da + data.length);
    } else groups.push({ da, end: da + data.length, parts: [{ da, data }] });
  }
  const table = findVectors(firmware.segments, firmware.entry);
  const vectors = table === undefined ? undefined : systemAddress(table);
  if (table === undefined || vectors === undefined) return undefined;
  const stem = firmware.name.replace(/\.(elf|axf|out)$/i, '');
  const images: RawImage[] = [];
  for (const { da, end, parts } of groups) {
    const address = systemAddress(da);
    if (address === undefined) return undefined;
    const bytes = new Uint8Array(end - da);
    for (const part of parts) bytes.set(part.data, part.da - da);
    const main = table >= da && table < end;
    images.push({ file: main ? `${stem}.bin` : `${stem}-${address.toString(16)}.bin`, address, bytes });
  }
  return { images: images.sort((a, b) => Number(b.file === `${stem}.bin`) - Number(a.file === `${stem}.bin`)), vectors };
}
