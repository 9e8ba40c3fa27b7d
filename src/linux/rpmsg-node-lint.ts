/**
 * Device tree nodes of NXP's downstream driver imx_rpmsg, which firmware without a resource table needs: what its probe would refuse.
 */
import { deviceName, regEntries, resource } from '../devicetree/address.ts';
import type { DeviceTree, DeviceTreeNode } from '../devicetree/tree.ts';
import { hex } from '../memory/bits.ts';
import type { LintFinding } from './firmware-lint.ts';
import type { OfTree } from './of.ts';

/** The driver's match table. */
const COMPATIBLES = ['imx8qm', 'imx8qxp', 'imx8mq', 'imx8mm', 'imx7ulp', 'imx7d', 'imx6sx'].map((soc) => `fsl,${soc}-rpmsg`);
/** Bytes of the two vrings of a vdev. */
const VDEV_BYTES = 0x1_0000;
/** MAX_VDEV_NUMS. */
const MOST_VDEVS = 8;

/** Nodes for imx_rpmsg, disabled ones, too. */
export function rpmsgNodes(tree: DeviceTree): DeviceTreeNode[] {
  return [...tree.root.walk()].filter((node) => node.compatible.some((each) => COMPATIBLES.includes(each)));
}

/** Findings about all nodes that look as if they were for imx_rpmsg and are not disabled. */
export function lintRpmsgNodes(tree: DeviceTree, of: OfTree): LintFinding[] {
  const nodes = [...tree.root.walk()].filter((node) => node.available && node.compatible.some((each) => /^fsl,imx\w+-rpmsg$/.test(each)));
  return nodes.flatMap((node) => lintNode(tree, of, node));
}

function lintNode(tree: DeviceTree, of: OfTree, node: DeviceTreeNode): LintFinding[] {
  const findings: LintFinding[] = [];
  const add = (severity: LintFinding['severity'], text: string, remedy: string, linux: readonly string[] = []): void => {
    findings.push({ severity, place: node.path, text, remedy, ...(linux.length > 0 ? { linux } : {}) });
  };
  const device = deviceName(node);
  if (!node.compatible.some((each) => COMPATIBLES.includes(each))) {
    add(
      'warning',
      `NXP's imx_rpmsg has no entry for "${node.string('compatible')}": on a board no driver takes the node, and nothing is printed`,
      'use "fsl,imx8mq-rpmsg", as NXP does on other 8M parts',
    );
  }
  const noBuffer = [`imx-rpmsg ${device}: No vring buffer.`, `imx-rpmsg: probe of ${device} failed with error -12`];
  const vdevs = node.cell('vdev-nums') ?? 1;
  const reg = resource(node);
  if (vdevs > MOST_VDEVS)
    add('error', `vdev-nums is ${vdevs}`, `use at most ${MOST_VDEVS}`, [`imx-rpmsg ${device}: vdev-nums exceed the max 8`]);
  else if (!reg || regEntries(node).length === 0)
    add(
      'error',
      'it has no reg, which is where its vrings are; memory-region does not stand for it',
      `add reg = <base 0x${VDEV_BYTES.toString(16)}> for each vdev`,
      noBuffer,
    );
  else if (reg.size < VDEV_BYTES * vdevs)
    add('error', `${hex(reg.size)} bytes of reg are too few for ${vdevs} vdevs`, `reserve ${hex(VDEV_BYTES * vdevs)} bytes`, noBuffer);
  const other = sharesChannels(tree, of, node);
  if (other)
    add('error', `${other.path} asks for the same mailbox channels: whichever is probed second fails`, 'disable one of the two nodes', [
      `imx-rpmsg: probe of ${device} failed with error -16`,
    ]);
  return findings;
}

/** Another node that takes the first channel that this one takes. */
function sharesChannels(tree: DeviceTree, of: OfTree, node: DeviceTreeNode): DeviceTreeNode | undefined {
  const key = (candidate: DeviceTreeNode): string | undefined => {
    const entry = of.parsePhandleWithArgs(candidate, 'mboxes', '#mbox-cells', 0, false);
    return typeof entry === 'number' ? undefined : `${entry.node.path} ${entry.args.join(' ')}`;
  };
  const own = key(node);
  if (own === undefined) return undefined;
  return [...tree.root.walk()].find(
    (candidate) => candidate !== node && candidate.available && candidate.has('mboxes') && key(candidate) === own,
  );
}
