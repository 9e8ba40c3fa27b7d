/**
 * The tree that a source describes while it is read: labels, references that are not resolved, deleted things that keep their place.
 *
 * A later definition of a node is merged into the earlier one; as in dtc, what is deleted and defined again stands where it stood.
 */

/** Part of a value: bytes, the phandle of a node (one cell), or the path of a node (a string). */
export type ValuePart = Uint8Array | { readonly kind: 'phandle' | 'path'; readonly reference: string; readonly place: string };

/** A property of a source. */
export interface SourceProperty {
  parts: readonly ValuePart[];
  deleted: boolean;
}

/** A node of a source. */
export class SourceNode {
  readonly name: string;
  readonly parent: SourceNode | undefined;
  /** From right to left, as dtc reads them; it has the last one first. */
  labels: string[] = [];
  deleted = false;
  /** `/omit-if-no-ref/`. */
  omitIfUnused = false;
  referenced = false;
  phandle: number | undefined;
  readonly properties = new Map<string, SourceProperty>();
  readonly children = new Map<string, SourceNode>();

  constructor(name: string, parent?: SourceNode) {
    this.name = name;
    this.parent = parent;
  }

  get path(): string {
    const names: string[] = [];
    for (let node: SourceNode = this; node.parent; node = node.parent) names.push(node.name);
    return `/${names.reverse().join('/')}`;
  }

  /** The child of that name, made or brought back if need be. */
  define(name: string): SourceNode {
    const old = this.children.get(name);
    if (old) {
      old.deleted = false;
      return old;
    }
    const node = new SourceNode(name, this);
    this.children.set(name, node);
    return node;
  }

  set(name: string, parts: readonly ValuePart[]): void {
    const old = this.properties.get(name);
    if (old) Object.assign(old, { parts, deleted: false });
    else this.properties.set(name, { parts, deleted: false });
  }

  get(name: string): SourceProperty | undefined {
    const property = this.properties.get(name);
    return property?.deleted ? undefined : property;
  }

  /** Children that were not deleted. */
  *live(): Generator<SourceNode, void, undefined> {
    for (const child of this.children.values()) if (!child.deleted) yield child;
  }

  /** This node and all below it that was not deleted, parents first. */
  *walk(): Generator<SourceNode, void, undefined> {
    yield this;
    for (const child of this.live()) yield* child.walk();
  }

  /** The node at a full path below this one. */
  find(path: string): SourceNode | undefined {
    let node: SourceNode | undefined = this;
    for (const name of path.split('/')) {
      if (name === '') continue;
      node = node.children.get(name);
      if (!node || node.deleted) return undefined;
    }
    return node;
  }

  /** Deletes this node with all below it; gives the labels that are gone. */
  erase(): string[] {
    const gone = [...this.labels];
    this.deleted = true;
    this.labels = [];
    for (const property of this.properties.values()) property.deleted = true;
    for (const child of this.children.values()) for (const label of child.erase()) gone.push(label);
    return gone;
  }
}
