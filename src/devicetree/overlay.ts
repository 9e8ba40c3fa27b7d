/**
 * Applies device tree overlays (.dtbo) in the steps of libfdt's fdt_overlay_apply, with its errors; the base stays as it was.
 *
 * Phandles of the overlay move above those of the base, `__local_fixups__` and `__fixups__` are carried out, fragments are merged into
 * their targets, symbols are added. Order is libfdt's, too: what is new comes before what was there.
 */
import { DeviceTreeError } from '../errors.ts';
import { decodeText, encodeText } from './text.ts';
import type { DeviceTree, DeviceTreeNode } from './tree.ts';

/** fdt_strerror's names of what can be wrong. */
type FdtError = 'BADOVERLAY' | 'NOTFOUND' | 'BADPHANDLE' | 'NOPHANDLES' | 'BADPATH' | 'BADVALUE';

/** More nodes at the root than any overlay has. */
const MOST_FRAGMENTS = 1000;
const NO_PHANDLE = 0xffff_ffff;
/** Nodes of a fragment that are no device's. */
const OVERLAY = '__overlay__';
const FIXUPS = '__fixups__';
const LOCAL_FIXUPS = '__local_fixups__';
const SYMBOLS = '__symbols__';

/** A copy of `base` with `overlay` merged into it; `place` names the overlay in errors. @throws {DeviceTreeError} */
export function applyOverlay(base: DeviceTree, overlay: DeviceTree, place = 'overlay'): DeviceTree {
  return new Application(base.clone(), overlay.clone(), place).apply();
}

/** True for a tree that wants to be merged into another: it has a fragment. */
export function isOverlay(tree: DeviceTree): boolean {
  return [...tree.root.children.values()].some((node) => node.child(OVERLAY) !== undefined);
}

class Application {
  private readonly base: DeviceTree;
  private readonly overlay: DeviceTree;
  private readonly place: string;

  constructor(base: DeviceTree, overlay: DeviceTree, place: string) {
    this.base = base;
    this.overlay = overlay;
    this.place = place;
  }

  apply(): DeviceTree {
    const { base, overlay } = this;
    if (!isOverlay(overlay))
      this.fail(
        'BADOVERLAY',
        'it has no fragment with a node __overlay__',
        'give an overlay (compiled from a source with /plugin/), or use it as --dtb',
      );
    if (overlay.root.children.size > MOST_FRAGMENTS)
      throw new DeviceTreeError('E_DTB_LIMIT', `${this.place}: more than ${MOST_FRAGMENTS} fragments`, 'split the overlay', this.place);
    const delta = this.highestPhandle();
    this.movePhandles(overlay.root, delta);
    const local = overlay.root.childByName(LOCAL_FIXUPS);
    if (local) this.moveReferences(overlay.root, local, delta);
    this.resolveFixups();
    // Merged one by one: a fragment may be meant for a node that an earlier one adds.
    for (const fragment of overlay.root.children.values()) {
      const content = fragment.childByName(OVERLAY);
      if (content) merge(this.target(fragment), content);
    }
    this.addSymbols();
    return base;
  }

  private fail(error: FdtError, text: string, remedy: string): never {
    throw new DeviceTreeError('E_DTB_OVERLAY', `${this.place}: FDT_ERR_${error}: ${text}`, remedy, this.place);
  }

  /** `fdt_find_max_phandle`. */
  private highestPhandle(): number {
    let highest = 0;
    for (const { phandle = 0 } of this.base.root.walk()) highest = Math.max(highest, phandle);
    return highest;
  }

  /** `overlay_adjust_local_phandles`. */
  private movePhandles(root: DeviceTreeNode, delta: number): void {
    for (const node of root.walk()) {
      for (const name of ['phandle', 'linux,phandle']) {
        const value = node.bytes(name);
        if (!value) continue;
        if (value.length !== 4) this.fail('BADPHANDLE', `${node.path} has ${name} of ${value.length} bytes`, 'a phandle is one cell');
        const moved = node.cell(name)! + delta;
        if (moved >= NO_PHANDLE) this.fail('NOPHANDLES', `${name} of ${node.path} is too high to be moved`, 'let dtc number the phandles');
        node.set(name, moved);
      }
    }
  }

  /** `overlay_update_local_node_references`. */
  private moveReferences(node: DeviceTreeNode, fixups: DeviceTreeNode, delta: number): void {
    const remedy = 'compile the overlay again with dtc -@';
    for (const [name, offsets] of fixups.properties) {
      if (offsets.length % 4 !== 0) this.fail('BADOVERLAY', `${fixups.path} has ${name} of ${offsets.length} bytes`, remedy);
      const value = node.bytes(name);
      if (!value) this.fail('BADOVERLAY', `${fixups.path} names ${name}, which ${node.path} does not have`, remedy);
      const view = new DataView(value.buffer, value.byteOffset, value.length);
      for (const offset of fixups.cells(name)) {
        if (offset + 4 > value.length) this.fail('BADOVERLAY', `${fixups.path} has an offset past the end of ${name}`, remedy);
        view.setUint32(offset, view.getUint32(offset) + delta);
      }
    }
    for (const [name, child] of fixups.children) {
      const below = node.childByName(name);
      if (!below) this.fail('BADOVERLAY', `${fixups.path} names ${name}, which ${node.path} does not have`, remedy);
      this.moveReferences(below, child, delta);
    }
  }

  /** `overlay_fixup_phandles`. */
  private resolveFixups(): void {
    const fixups = this.overlay.root.childByName(FIXUPS);
    if (!fixups) return;
    for (const [label, value] of fixups.properties) {
      const places = fixups.strings(label);
      if (value.length === 0 || value[value.length - 1] !== 0)
        this.fail('BADOVERLAY', `${FIXUPS} has no list of strings for ${label}`, 'compile it again');
      const phandle = this.phandleOf(label);
      for (const place of places) this.resolveOne(place, label, phandle);
    }
  }

  private phandleOf(label: string): number {
    const symbols = this.base.root.childByName(SYMBOLS);
    const remedy = 'compile the base tree with dtc -@, or give the tree for which the overlay was made';
    if (!symbols) this.fail('NOTFOUND', `it refers to &${label}, and the base tree has no ${SYMBOLS}`, remedy);
    const path = symbols.string(label);
    if (path === undefined) this.fail('NOTFOUND', `it refers to &${label}, which is no label of the base tree`, remedy);
    const node = this.base.find(path);
    if (!node)
      this.fail(
        path.startsWith('/') ? 'NOTFOUND' : 'BADPATH',
        `&${label} is said to be ${path}, which the base tree does not have`,
        remedy,
      );
    const { phandle } = node;
    if (phandle === undefined) this.fail('NOTFOUND', `${path} (&${label}) has no phandle`, remedy);
    return phandle;
  }

  /** Carries out one `path:property:offset`. */
  private resolveOne(text: string, label: string, phandle: number): void {
    const remedy = 'compile the overlay again with dtc -@';
    const match = /^([^:]+):([^:]+):\s*\+?(\d{1,9})$/.exec(text);
    if (!match) this.fail('BADOVERLAY', `${FIXUPS} of ${label} has ${JSON.stringify(text)}, not path:property:offset`, remedy);
    const [, path, property, digits] = match;
    const node = this.overlay.find(path!);
    if (!node) this.fail('BADOVERLAY', `${FIXUPS} of ${label} names ${path}, which is not in it`, remedy);
    const value = node.bytes(property!);
    if (!value) this.fail('NOTFOUND', `${FIXUPS} of ${label} names ${path}:${property}, which is not in it`, remedy);
    const offset = Number(digits);
    if (offset + 4 > value.length)
      this.fail('BADOVERLAY', `${FIXUPS} of ${label} has an offset past the end of ${path}:${property}`, remedy);
    new DataView(value.buffer, value.byteOffset, value.length).setUint32(offset, phandle);
  }

  /** `overlay_get_target`. */
  private target(fragment: DeviceTreeNode): DeviceTreeNode {
    const remedy = 'give the tree for which the overlay was made';
    const target = fragment.bytes('target');
    const phandle = fragment.cell('target');
    if (target && (target.length !== 4 || phandle === NO_PHANDLE))
      this.fail(
        'BADPHANDLE',
        `target of ${fragment.path} is ${target.length === 4 ? 'unresolved' : 'not one cell'}`,
        'compile the overlay again with dtc -@',
      );
    if (phandle)
      return (
        this.base.byPhandle(phandle) ??
        this.fail('NOTFOUND', `target of ${fragment.path}, phandle ${phandle}, is not in the base tree`, remedy)
      );
    const value = fragment.bytes('target-path');
    if (!value) this.fail('BADOVERLAY', `${fragment.path} has neither target nor target-path`, 'say where it belongs');
    const path = textOf(value);
    return (
      this.base.find(path) ??
      this.fail(path.startsWith('/') ? 'NOTFOUND' : 'BADPATH', `target-path of ${fragment.path}, ${path}, is not in the base tree`, remedy)
    );
  }

  /** `overlay_symbol_update`. */
  private addSymbols(): void {
    const labels = this.overlay.root.childByName(SYMBOLS);
    if (!labels) return;
    const { root } = this.base;
    const symbols = root.childByName(SYMBOLS) ?? root.addFirst([SYMBOLS])[0]!;
    const added: [string, Uint8Array][] = [];
    const bases = new Map<DeviceTreeNode, string>();
    for (const [label, value] of labels.properties) {
      const path = textOf(value);
      if (value.indexOf(0) !== value.length - 1 || value.length < 1 || !path.startsWith('/'))
        this.fail('BADVALUE', `${SYMBOLS} has no path for ${label}`, 'compile the overlay again with dtc -@');
      const match = /^\/([^/]+)\/__overlay__(?:\/(.*))?$/s.exec(path);
      // Labels of the fragments themselves name nothing that is merged.
      if (!match) continue;
      const fragment = this.overlay.root.childByName(match[1]!);
      if (!fragment?.childByName(OVERLAY))
        this.fail('BADOVERLAY', `${SYMBOLS} of it says that ${label} is ${path}, which is not in it`, 'compile it again');
      const base = bases.get(fragment) ?? this.target(fragment).path;
      bases.set(fragment, base);
      added.push([label, encodeText(`${base === '/' ? '' : base}/${match[2] ?? ''}\0`)]);
    }
    symbols.setFirst(added);
  }
}

/** `overlay_apply_node`: properties replace those of the same name, children are merged or added. */
function merge(target: DeviceTreeNode, content: DeviceTreeNode): void {
  target.setFirst(content.properties);
  const fresh: string[] = [];
  for (const name of content.children.keys()) if (!target.childByName(name)) fresh.push(name);
  target.addFirst(fresh);
  for (const [name, child] of content.children) {
    const below = target.childByName(name);
    if (below) merge(below, child);
  }
}

function textOf(value: Uint8Array): string {
  const end = value.indexOf(0);
  return decodeText(end < 0 ? value : value.subarray(0, end));
}
