/** Samples of call stacks as a tree, and as folded stacks: `main;task;crc16 42`, what speedscope, inferno and FlameGraph read. */

/** Frame of a sleeping core. */
export const ASLEEP = '[asleep]';

/** A function called by those above it. */
export interface CallNode {
  readonly name: string;
  /** Samples in it or in what it called. */
  total: number;
  /** Samples in itself. */
  self: number;
  readonly children: Map<string, CallNode>;
}

/** Adds up samples. */
export class CallTree {
  readonly root: CallNode = { name: 'all', total: 0, self: 0, children: new Map() };

  /** Adds `count` samples of a stack, outermost function first. */
  add(stack: readonly string[], count: number): void {
    let node = this.root;
    node.total += count;
    for (const name of stack) {
      let next = node.children.get(name);
      if (!next) {
        next = { name, total: 0, self: 0, children: new Map() };
        node.children.set(name, next);
      }
      next.total += count;
      node = next;
    }
    node.self += count;
  }

  /** One line for each stack, sorted. */
  folded(): string {
    const lines: string[] = [];
    const walk = (node: CallNode, path: readonly string[]): void => {
      if (node.self > 0 && path.length > 0) lines.push(`${path.join(';')} ${node.self}`);
      for (const child of node.children.values()) walk(child, [...path, child.name.replaceAll(';', ':')]);
    };
    walk(this.root, []);
    return lines.length === 0 ? '' : `${lines.sort().join('\n')}\n`;
  }

  /** Reads folded stacks; lines that are none are left out. */
  static fromFolded(text: string): CallTree {
    const tree = new CallTree();
    for (const line of text.split('\n')) {
      const [, stack, count] = /^(.+) (\d+)$/.exec(line.trim()) ?? [];
      if (stack !== undefined) tree.add(stack.split(';'), Number(count));
    }
    return tree;
  }
}
