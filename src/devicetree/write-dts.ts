/**
 * Text of a tree, as `dtc -I dtb -O dts` (1.7) writes it: the type of each value is guessed from its bytes.
 */
import type { DeviceTree, DeviceTreeNode } from './tree.ts';

const ESCAPES: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
};

/** Source text that compiles to the same tree. */
export function writeDts(tree: DeviceTree): string {
  const lines = ['/dts-v1/;', ''];
  const word = (value: bigint): string => `0x${value.toString(16).padStart(16, '0')}`;
  for (const { address, size } of tree.reservations) lines.push(`/memreserve/\t${word(address)} ${word(size)};`);
  writeNode(tree.root, 0, lines);
  return `${lines.join('\n')}\n`;
}

/** The lines of one node with all below it, as U-Boot's `fdt print` and dtc indent them. */
function writeNode(node: DeviceTreeNode, level: number, lines: string[]): void {
  const indent = '\t'.repeat(level);
  lines.push(`${indent}${node.name === '' ? '/' : node.name} {`);
  for (const [name, value] of node.properties) lines.push(`${indent}\t${propertyText(name, value)}`);
  for (const child of node.children.values()) {
    lines.push('');
    writeNode(child, level + 1, lines);
  }
  lines.push(`${indent}};`);
}

/** `name = <0x01>;` */
function propertyText(name: string, value: Uint8Array): string {
  return value.length === 0 ? `${name};` : `${name} = ${propertyValueText(value)};`;
}

/** The value alone: `"okay"`, `<0x01>`, `[0a 0b 0c]`. */
export function propertyValueText(value: Uint8Array): string {
  if (isStrings(value)) return stringTexts(value).join(', ');
  if (value.length % 4 !== 0) return `[${Array.from(value, hexByte).join(' ')}]`;
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const cells = Array.from(
    { length: value.length / 4 },
    (_, index) =>
      `0x${view
        .getUint32(4 * index)
        .toString(16)
        .padStart(2, '0')}`,
  );
  return `<${cells.join(' ')}>`;
}

/** dtc's `guess_value_type`: printable, ends with NUL, no more NULs than characters. */
function isStrings(value: Uint8Array): boolean {
  if (value[value.length - 1] !== 0) return false;
  let nuls = 0;
  for (const byte of value) {
    if (byte === 0) nuls++;
    else if (byte >= 0x7f || (byte < 0x20 && !(byte >= 7 && byte <= 13))) return false;
  }
  return nuls <= value.length - nuls;
}

function stringTexts(value: Uint8Array): string[] {
  const texts: string[] = [];
  let text = '';
  for (const byte of value) {
    if (byte !== 0) text += ESCAPES[byte] ?? String.fromCharCode(byte);
    else {
      texts.push(`"${text}"`);
      text = '';
    }
  }
  return texts;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
