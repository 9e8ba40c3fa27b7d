/**
 * Reads device tree source, the language of `dtc -I dts` (version 1): trees, and overlays with `/plugin/`.
 *
 * Labels, references, expressions, `/bits/`, `/delete-node/`, `/delete-property/`, `/omit-if-no-ref/`, `/memreserve/` and `/include/` are
 * understood, line markers of the C preprocessor too; `/incbin/` is refused.
 */
import { DeviceTreeError } from '../errors.ts';
import { scanInteger, unescapeText } from './dts-expression.ts';
import { resolveSource } from './dts-resolve.ts';
import { DtsScanner, type IncludeFile } from './dts-scanner.ts';
import { SourceNode } from './dts-source-tree.ts';
import { scanLabels, scanReference, ValueReader } from './dts-values.ts';
import { MOST_LEVELS } from './fdt-format.ts';
import { nameProblem } from './text.ts';
import { DeviceTree } from './tree.ts';

/** How a source is read. */
export interface DtsOptions {
  /** Name of the file, for errors. */
  readonly file?: string;
  /** Gives the files of `/include/`; they are refused unless given. */
  readonly include?: IncludeFile;
  /** Makes `__symbols__` of the labels, as `dtc -@`, so that overlays can refer to them. */
  readonly symbols?: boolean;
}

const NAME = /\\?([a-zA-Z0-9,._+*#?@-]+)/y;

/** Parses a source. @throws {DeviceTreeError} */
export function parseDts(text: string, options: DtsOptions = {}): DeviceTree {
  return new Parser(new DtsScanner(text, options.file ?? 'device tree source', options.include), options.symbols ?? false).parse();
}

class Parser {
  private readonly scanner: DtsScanner;
  private readonly symbols: boolean;
  private readonly root = new SourceNode('');
  private readonly labels = new Map<string, SourceNode>();
  /** Labels of properties and values: they name nothing that others could refer to, but must be unique. */
  private readonly otherLabels = new Set<string>();
  private plugin = false;
  private fragments = 0;

  constructor(scanner: DtsScanner, symbols: boolean) {
    this.scanner = scanner;
    this.symbols = symbols;
  }

  parse(): DeviceTree {
    const { scanner, root } = this;
    const tree = new DeviceTree();
    this.header();
    this.reservations(tree);
    if (scanner.atEnd) scanner.fail('there is no node', 'begin with "/ {", or with "&label {" after /plugin/');
    while (!scanner.atEnd) this.definition();
    const find = (reference: string): SourceNode | undefined => this.find(reference);
    resolveSource({ tree, root, find, labels: this.labels, plugin: this.plugin, symbols: this.symbols });
    return tree;
  }

  private header(): void {
    const { scanner } = this;
    if (!scanner.looksAt('/dts-v1/')) scanner.fail(`it begins with ${scanner.here}`, 'a device tree source begins with /dts-v1/;');
    while (scanner.take('/dts-v1/')) {
      scanner.expect(';', 'after /dts-v1/');
      if (scanner.take('/plugin/')) {
        scanner.expect(';', 'after /plugin/');
        this.plugin = true;
      }
    }
  }

  private reservations(tree: DeviceTree): void {
    const { scanner } = this;
    const number = (): bigint => scanInteger(scanner) ?? scanner.fail(`a number is missing before ${scanner.here}`);
    for (;;) {
      const labels = scanLabels(scanner);
      for (const label of labels) this.otherLabel(label);
      if (!scanner.take('/memreserve/')) {
        if (labels.length > 0) scanner.fail(`syntax error at ${scanner.here}: the first node has a label`);
        return;
      }
      const [address, size] = [number(), number()];
      scanner.expect(';', 'after /memreserve/');
      tree.reservations.push({ address, size });
    }
  }

  private definition(): void {
    const { scanner } = this;
    if (scanner.take('/delete-node/')) {
      for (const label of this.target('/delete-node/').erase()) this.labels.delete(label);
      scanner.expect(';', 'after /delete-node/');
    } else if (scanner.take('/omit-if-no-ref/')) {
      this.target('/omit-if-no-ref/').omitIfUnused = true;
      scanner.expect(';', 'after /omit-if-no-ref/');
    } else if (scanner.take('/')) this.body(this.root, 1);
    else this.reference();
  }

  /** `label: &reference { ... };` */
  private reference(): void {
    const { scanner } = this;
    const labels = scanLabels(scanner);
    const { place } = scanner;
    const reference = scanReference(scanner) ?? scanner.fail(`syntax error at ${scanner.here}`);
    const found = this.find(reference);
    const orphan = this.plugin && labels.length === 0 && (found === undefined || reference.startsWith('/'));
    if (orphan) this.body(this.fragment(reference, place), 3);
    else if (!found) throw this.missing(reference, place);
    else {
      for (const label of labels) this.label(found, label);
      this.body(found, found.path.split('/').length);
    }
  }

  /** `add_orphan_node`: a fragment of an overlay for a node of another tree. */
  private fragment(reference: string, place: string): SourceNode {
    const name = `fragment@${this.fragments++}`;
    if (this.root.children.has(name))
      this.scanner.fail(`duplicate node name /${name}`, 'leave the fragments to /plugin/, or write all of them');
    const fragment = this.root.define(name);
    if (reference.startsWith('/')) fragment.set('target-path', [Uint8Array.from(unescapeText(`${reference}\0`))]);
    else fragment.set('target', [{ kind: 'phandle', reference, place }]);
    return fragment.define('__overlay__');
  }

  private target(after: string): SourceNode {
    const { scanner } = this;
    const { place } = scanner;
    const reference = scanReference(scanner) ?? scanner.fail(`a reference is missing after ${after}, before ${scanner.here}`);
    const node = this.find(reference);
    if (!node) throw this.missing(reference, place);
    return node;
  }

  private missing(reference: string, place: string): DeviceTreeError {
    return new DeviceTreeError(
      'E_DTS_REFERENCE',
      `${place}: Label or path ${reference} not found`,
      this.plugin ? 'check the label' : 'check the label, or make it an overlay with /plugin/;',
      place,
    );
  }

  private find(reference: string): SourceNode | undefined {
    return reference.startsWith('/') ? this.root.find(reference) : this.labels.get(reference);
  }

  /** `add_label`; labels are given from right to left. */
  private label(node: SourceNode, label: string): void {
    const other = this.labels.get(label);
    if ((other && other !== node) || this.otherLabels.has(label))
      this.scanner.fail(`duplicate label '${label}'${other ? ` on ${node.path} and ${other.path}` : ''}`);
    if (other) return;
    this.labels.set(label, node);
    node.labels.push(label);
  }

  private otherLabel(label: string): void {
    if (this.labels.has(label) || this.otherLabels.has(label)) this.scanner.fail(`duplicate label '${label}'`);
    this.otherLabels.add(label);
  }

  /** `{ properties children };` */
  private body(node: SourceNode, level: number): void {
    const { scanner } = this;
    const seen = new Set<string>();
    if (level > MOST_LEVELS)
      scanner.fail(`nodes are nested ${level} deep: Linux ignores what is below ${MOST_LEVELS}`, 'make the tree flatter', 'E_DTB_LIMIT');
    scanner.expect('{', `at the beginning of ${node.path}`);
    let children = false;
    while (!scanner.take('}')) {
      if (scanner.take('/delete-property/')) {
        const property = node.properties.get(this.name('property'));
        if (property) property.deleted = true;
      } else if (scanner.take('/delete-node/')) {
        for (const label of node.children.get(this.name('node'))?.erase() ?? []) this.labels.delete(label);
      } else {
        children = this.member(node, level, children, seen);
        continue;
      }
      scanner.expect(';', 'after a deletion');
    }
    scanner.expect(';', `at the end of ${node.path}`);
  }

  /** A property or a child; returns whether children have begun. */
  private member(node: SourceNode, level: number, children: boolean, seen: Set<string>): boolean {
    const { scanner } = this;
    let omit = scanner.take('/omit-if-no-ref/');
    const before = scanLabels(scanner);
    omit = scanner.take('/omit-if-no-ref/') || omit;
    const labels = [...before, ...scanLabels(scanner)];
    const name = this.name('node or property');
    if (scanner.looksAt('{')) {
      if (seen.has(`${name}{`)) scanner.fail(`duplicate node name ${node.path === '/' ? '' : node.path}/${name}`);
      seen.add(`${name}{`);
      const child = node.define(name);
      for (const label of labels.reverse()) this.label(child, label);
      if (omit) child.omitIfUnused = true;
      this.body(child, level + 1);
      return true;
    }
    if (children) scanner.fail('Properties must precede subnodes', `move ${name} before the children of ${node.path}`);
    if (seen.has(name)) scanner.fail(`duplicate property name ${name} in ${node.path}`);
    seen.add(name);
    for (const label of labels) this.otherLabel(label);
    node.set(name, scanner.take('=') ? new ValueReader(scanner, (label) => this.otherLabel(label)).read() : []);
    scanner.expect(';', `after ${name} of ${node.path}`);
    return false;
  }

  private name(what: string): string {
    const name = this.scanner.match(NAME)?.[1] ?? this.scanner.fail(`the name of a ${what} is missing before ${this.scanner.here}`);
    const problem = nameProblem(name);
    if (problem) this.scanner.fail(`the name ${name.slice(0, 40)} ${problem}`);
    return name;
  }
}
