/**
 * What U-Boot does to the device tree before it hands it to Linux (image_setup_libfdt, common/fdt_support.c), and what boards add to it
 * (ft_board_setup): memory, /chosen, and Toradex' decision of the Colibri iMX7 about its M4.
 *
 * Not modelled: MAC addresses, OP-TEE's nodes, nodes of parts that fuses switch off.
 */
import type { DeviceTree, DeviceTreeNode } from '../devicetree/tree.ts';
import { KiB, MiB } from '../memory/bits.ts';

/** A bank of memory. */
export interface Bank {
  readonly base: number;
  readonly size: number;
}

/** What a board's set-up may ask. */
export interface FixUpContext {
  /** `arch_auxiliary_core_check_up(0)`. */
  readonly auxiliaryUp: boolean;
  readonly dram: readonly Bank[];
}

/** `ft_board_setup`: a message for the console where something was refused. */
export type BoardSetup = (tree: DeviceTree, context: FixUpContext) => string | undefined;

/** `fdt_find_or_add_subnode` of the root. */
function rootNode(tree: DeviceTree, name: string): DeviceTreeNode {
  return tree.root.childByName(name) ?? tree.root.addFirst([name])[0]!;
}

/** `fdt_pack_reg`: addresses and sizes in as many cells as the root says. */
function packReg(tree: DeviceTree, banks: readonly Bank[]): number[] {
  const addressCells = tree.root.cell('#address-cells') ?? 2;
  const sizeCells = tree.root.cell('#size-cells') ?? 1;
  const cells = (value: number, count: number): number[] =>
    count === 2 ? [Math.floor(value / 2 ** 32), (value % 2 ** 32) >>> 0] : [(value % 2 ** 32) >>> 0];
  return banks.flatMap(({ base, size }) => [...cells(base, addressCells), ...cells(size, sizeCells)]);
}

/** `fdt_fixup_memory_banks`. */
export function fixMemory(tree: DeviceTree, banks: readonly Bank[]): void {
  rootNode(tree, 'memory').set('device_type', 'memory').set('reg', packReg(tree, banks));
}

/** `fdt_chosen`: bootargs of the environment, where there are any. */
export function fixChosen(tree: DeviceTree, bootargs: string | undefined): void {
  const node = rootNode(tree, 'chosen');
  if (bootargs !== undefined) node.set('bootargs', bootargs);
}

/** The memory that the Colibri iMX7 leaves to its M4 and the rings, at the end of the first 256 MiB. */
const M4_MEMORY = MiB;

/**
 * Toradex' colibri_imx7.c: with the M4 running, Linux leaves it its MiB of DDR; without, the first node of NXP's RPMsg is disabled, as it
 * would wait for a core that does not answer.
 */
export const colibriImx7Setup: BoardSetup = (tree, { auxiliaryUp, dram }) => {
  if (auxiliaryUp) {
    const { base, size } = dram[0]!;
    const first = 256 * MiB;
    const areas = [{ base, size: Math.min(size, first) - M4_MEMORY }];
    if (size > first) areas.push({ base: base + first, size: size - first });
    rootNode(tree, 'memory').set('linux,usable-memory', packReg(tree, areas));
    return undefined;
  }
  for (const node of tree.root.walk()) {
    if (!node.strings('compatible').includes('fsl,imx7d-rpmsg')) continue;
    node.set('status', 'disabled');
    break;
  }
  return undefined;
};

/** Room that U-Boot leaves behind a tree that it moves (CONFIG_SYS_FDT_PAD). */
export const FDT_PAD = 12 * KiB;
