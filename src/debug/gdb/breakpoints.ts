/** `Z` and `z` packets: break- and watchpoints of one GDB. Software breakpoints are those of the debugger, too: guest memory is not changed. */
import { ImxSimError } from '../../errors.ts';
import type { PointKind } from './stop-reply.ts';
import type { GdbTarget } from './target.ts';
import { parseHex } from './text.ts';

const KINDS: readonly PointKind[] = ['swbreak', 'hwbreak', 'watch', 'rwatch', 'awatch'];
const ACCESS = { watch: 'write', rwatch: 'read', awatch: 'access' } as const;
const LARGEST_WATCH = 1 << 24;

/** What one GDB has set. */
export class Breakpoints {
  private readonly target: GdbTarget;
  private readonly owner: string;
  /** Numbers of the debugger, by what the packet says. */
  private readonly ids = new Map<string, number>();
  private readonly kinds = new Map<number, PointKind>();

  constructor(target: GdbTarget, owner: string) {
    this.target = target;
    this.owner = owner;
  }

  /** The kind of what GDB has set under a number. */
  kindOf(id: number): PointKind | undefined {
    return this.kinds.get(id);
  }

  /** Answers a packet that begins with `Z` or `z`. */
  packet(text: string): string {
    const [type = '', address, size] = text.slice(1).split(';', 1)[0]!.split(',');
    const kind = /^[0-4]$/.test(type) ? KINDS[Number(type)] : undefined;
    if (!kind) return '';
    const at = parseHex(address);
    const bytes = parseHex(size, LARGEST_WATCH);
    if (at === undefined || bytes === undefined) return 'E01';
    const key = `${kind} ${at} ${bytes}`;
    return text.startsWith('z') ? this.remove(key) : this.insert(key, kind, at, bytes);
  }

  /** All are gone: somebody has taken them away. */
  forget(): void {
    this.ids.clear();
    this.kinds.clear();
  }

  private insert(key: string, kind: PointKind, address: number, size: number): string {
    if (this.ids.has(key)) return 'OK';
    const { debugger: api, core } = this.target;
    try {
      const id =
        kind === 'swbreak' || kind === 'hwbreak'
          ? api.add({ kind: 'breakpoint', core, address: (address & ~1) >>> 0 }, this.owner)
          : api.add({ kind: 'watchpoint', core, address, size: Math.max(1, size), access: ACCESS[kind] }, this.owner);
      this.ids.set(key, id);
      this.kinds.set(id, kind);
      return 'OK';
    } catch (error) {
      if (error instanceof ImxSimError) return `E.${error.message}`;
      throw error;
    }
  }

  private remove(key: string): string {
    const id = this.ids.get(key);
    if (id === undefined) return 'OK';
    this.ids.delete(key);
    this.kinds.delete(id);
    this.target.debugger.remove(id);
    return 'OK';
  }
}
