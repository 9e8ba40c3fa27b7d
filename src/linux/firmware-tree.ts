/**
 * /sys/firmware: the device tree as directories and files (drivers/of/kobj.c), and as the blob that the boot loader handed over (drivers/of/fdt.c).
 */
import type { DeviceTree, DeviceTreeNode } from '../devicetree/tree.ts';
import { writeDtb } from '../devicetree/write-dtb.ts';
import { binaryAttribute, LazyDirectory } from './fs/kernel-files.ts';
import type { Kernel } from './kernel.ts';

/** Properties that nobody may read (`__of_add_property_sysfs`). */
const SECRET = /^security-/;

/** `safe_name`: a name that a property and a node both have gets a number. */
function safeName(directory: LazyDirectory, name: string): string {
  let safe = name;
  for (let number = 1; directory.children.has(safe); number++) safe = `${name}#${number}`;
  return safe;
}

function nodeDirectory(node: DeviceTreeNode): LazyDirectory {
  return new LazyDirectory(0o755, (directory) => {
    for (const [name, value] of node.properties) {
      directory.add(
        safeName(directory, name),
        binaryAttribute(() => value, SECRET.test(name) ? 0o400 : 0o444),
      );
    }
    if (!node.has('name')) {
      const name = new TextEncoder().encode(`${node.parent ? node.baseName : ''}\0`);
      directory.add(
        'name',
        binaryAttribute(() => name),
      );
    }
    for (const [name, child] of node.children) directory.add(safeName(directory, name), nodeDirectory(child));
  });
}

/** Makes /sys/firmware for the tree that `tree` gives when somebody first looks. */
export function addFirmwareTree(kernel: Kernel, tree: () => DeviceTree): void {
  const firmware = kernel.vfs.directory('/sys/firmware');
  let blob: Uint8Array | undefined;
  firmware.add(
    'fdt',
    binaryAttribute(() => {
      blob ??= writeDtb(tree());
      return blob;
    }, 0o400),
  );
  firmware.add(
    'devicetree',
    new LazyDirectory(0o755, (directory) => {
      directory.add('base', nodeDirectory(tree().root));
    }),
  );
}
