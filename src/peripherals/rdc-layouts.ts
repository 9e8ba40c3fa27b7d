/**
 * What the RDCs of the SoCs differ in, as data: how many masters, peripherals and memory regions they know, and which memory each region guards.
 *
 * Counts and names are those of NXP's headers (RDC_Type, kRDC_Mem_MRCn_m; for 7D and 6SX rdc_defs_imx7d.h and rdc_defs_imx6sx.h).
 */

/** Regions of one memory; they follow each other in the order of the list. */
export interface RdcRegionGroup {
  /** The memory, as the header names it. */
  readonly name: string;
  readonly regions: number;
  /** Only masters other than the memory's own core reach it by the bus that has the regions. */
  readonly tightlyCoupled?: true;
}

/** An RDC. */
export interface RdcLayout {
  /** MDA registers. */
  readonly masters: number;
  /** PDAP registers. */
  readonly peripherals: number;
  /** Bits by which addresses are shifted right in MRSA, MREA and MRVS; 0 unless given. */
  readonly addressShift?: number;
  readonly groups: readonly RdcRegionGroup[];
}

const group = (name: string, regions: number): RdcRegionGroup => ({ name, regions });
const TCM: RdcRegionGroup = { name: 'TCM', regions: 5, tightlyCoupled: true };

/** By SoC. */
export const RDC_LAYOUTS = {
  imx6sx: {
    masters: 32,
    peripherals: 110,
    groups: [
      group('MMDC', 8),
      group('QSPI1', 8),
      group('QSPI2', 8),
      group('WEIM', 8),
      group('PCIE', 8),
      group('OCRAM', 5),
      group('OCRAM_S', 5),
      group('OCRAM_L2', 5),
    ],
  },
  imx7d: {
    masters: 27,
    peripherals: 118,
    groups: [
      group('MMDC', 8),
      group('QSPI', 8),
      group('WEIM', 8),
      group('PCIE', 8),
      group('OCRAM', 5),
      group('OCRAM_S', 5),
      group('OCRAM_EPDC', 5),
      group('OCRAM_PXP', 5),
    ],
  },
  imx8mm: {
    masters: 27,
    peripherals: 118,
    groups: [
      group('DRAM', 8),
      group('QSPI', 8),
      group('PCIE1', 8),
      group('OCRAM', 5),
      group('OCRAM_S', 5),
      TCM,
      group('GIC', 4),
      group('GPU', 8),
      group('VPU', 4),
      group('DAP', 4),
      group('DDRC', 5),
    ],
  },
  imx8mn: {
    masters: 27,
    peripherals: 118,
    groups: [
      group('DRAM', 8),
      group('QSPI', 8),
      group('OCRAM', 5),
      group('OCRAM_S', 5),
      TCM,
      group('GIC', 4),
      group('GPU', 8),
      group('DAP', 4),
      group('DDRC', 5),
    ],
  },
  imx8mp: {
    masters: 40,
    peripherals: 112,
    addressShift: 1,
    groups: [
      group('DAP', 4),
      group('QSPI', 8),
      group('OCRAM', 5),
      group('OCRAM_S', 5),
      TCM,
      group('GIC', 4),
      group('GPU', 8),
      group('DRAM', 8),
      group('DDRC', 5),
      group('PCIE1_USB', 8),
      group('VPU', 4),
      group('NPU', 4),
      group('AUDIO_PROCESSOR', 4),
      group('OCRAM_A', 5),
    ],
  },
  imx8mq: {
    masters: 27,
    peripherals: 118,
    groups: [
      group('DRAM', 8),
      group('PCIE2', 4),
      group('QSPI', 8),
      group('PCIE1', 4),
      group('OCRAM', 5),
      group('OCRAM_S', 5),
      TCM,
      group('GIC', 4),
      group('USBMIX', 4),
      group('GPU', 4),
      group('VPU', 4),
      group('DAP', 4),
      group('DDRC', 5),
    ],
  },
} as const satisfies Record<string, RdcLayout>;

/** Name of one of them. */
export type RdcLayoutName = keyof typeof RDC_LAYOUTS;

/** Memory regions of a layout in all. */
export function regionCount({ groups }: RdcLayout): number {
  return groups.reduce((sum, { regions }) => sum + regions, 0);
}
