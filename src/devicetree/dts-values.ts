/**
 * Values of properties in a device tree source, and the references and labels that may stand in them.
 */
import { scanInteger, unescapeText } from './dts-expression.ts';
import type { DtsScanner } from './dts-scanner.ts';
import type { ValuePart } from './dts-source-tree.ts';

const LABEL = /([a-zA-Z_]\w*):/y;
const LABEL_REFERENCE = /&([a-zA-Z_]\w*)/y;
const PATH_REFERENCE = /&\{(\/[a-zA-Z0-9,._+*#?@/-]*)\}/y;
const BYTE = /[0-9a-fA-F]{2}/y;
const WIDTHS: readonly bigint[] = [8n, 16n, 32n, 64n];

/** Takes `&label` or `&{/path}`, without the signs around it. */
export function scanReference(scanner: DtsScanner): string | undefined {
  return (scanner.match(PATH_REFERENCE) ?? scanner.match(LABEL_REFERENCE))?.[1];
}

/** Takes all labels that stand here. */
export function scanLabels(scanner: DtsScanner): string[] {
  const labels: string[] = [];
  for (let found = scanner.match(LABEL); found; found = scanner.match(LABEL)) labels.push(found[1]!);
  return labels;
}

/** Reads the value of one property. */
export class ValueReader {
  private readonly scanner: DtsScanner;
  private readonly onLabel: (label: string) => void;

  constructor(scanner: DtsScanner, onLabel: (label: string) => void) {
    this.scanner = scanner;
    this.onLabel = onLabel;
  }

  /** `propdata`: values with commas between them. */
  read(): ValuePart[] {
    const parts: ValuePart[] = [];
    do {
      this.valueLabels();
      this.item(parts);
      this.valueLabels();
    } while (this.scanner.take(','));
    return parts;
  }

  private valueLabels(): void {
    for (const label of scanLabels(this.scanner)) this.onLabel(label);
  }

  private item(parts: ValuePart[]): void {
    const { scanner } = this;
    const { place } = scanner;
    const text = scanner.takeString();
    if (text !== undefined) {
      parts.push(Uint8Array.from([...unescapeText(text), 0]));
      return;
    }
    if (scanner.take('[')) this.byteString(parts);
    else if (scanner.take('<')) this.array(parts, 32n);
    else if (scanner.take('/bits/')) this.array(parts, this.width());
    else if (scanner.looksAt('/incbin/'))
      scanner.fail('/incbin/ is not supported', 'compile the source with dtc and give the .dtb', 'E_DTS_INCLUDE');
    else {
      const reference = scanReference(scanner) ?? scanner.fail(`a value is missing before ${scanner.here}`);
      parts.push({ kind: 'path', reference, place });
    }
  }

  private width(): bigint {
    const { scanner } = this;
    const bits = scanInteger(scanner) ?? 0n;
    if (!WIDTHS.includes(bits)) scanner.fail('Array elements must be 8, 16, 32 or 64-bits');
    scanner.expect('<', 'after /bits/');
    return bits;
  }

  private byteString(parts: ValuePart[]): void {
    const bytes: number[] = [];
    while (!this.scanner.take(']')) {
      this.valueLabels();
      const byte = this.scanner.match(BYTE);
      if (byte) bytes.push(Number.parseInt(byte[0], 16));
      else if (!this.scanner.looksAt(']')) this.scanner.fail(`two hexadecimal digits are missing before ${this.scanner.here}`);
    }
    parts.push(Uint8Array.from(bytes));
  }

  private array(parts: ValuePart[], bits: bigint): void {
    const { scanner } = this;
    const bytes: number[] = [];
    const flush = (): void => void (bytes.length > 0 && parts.push(Uint8Array.from(bytes.splice(0))));
    while (!scanner.take('>')) {
      this.valueLabels();
      if (scanner.looksAt('>')) continue;
      const { place } = scanner;
      const reference = scanReference(scanner);
      if (reference !== undefined) {
        if (bits !== 32n) scanner.fail('References are only allowed in arrays with 32-bit elements.');
        flush();
        parts.push({ kind: 'phandle', reference, place });
        continue;
      }
      const value = scanInteger(scanner) ?? scanner.fail(`syntax error: ${scanner.here} in an array of cells`);
      const mask = (1n << bits) - 1n;
      if (value > mask && (value | mask) !== 0xffff_ffff_ffff_ffffn) scanner.fail(`Value out of range for ${bits}-bit array element`);
      for (let shift = bits - 8n; shift >= 0n; shift -= 8n) bytes.push(Number((value >> shift) & 0xffn));
    }
    flush();
  }
}
