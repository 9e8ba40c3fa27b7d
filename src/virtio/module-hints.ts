/**
 * Why a channel has no driver, in plain words: modules that would bind, and known names that look like the channel's.
 */

/** What is known of a module. */
export interface ModuleNames {
  readonly name: string;
  /** Service names that its driver binds to. */
  readonly services: readonly string[];
  readonly loaded: boolean;
}

/** A channel that no loaded driver took. */
export interface UnboundChannel {
  /** Service name as announced. */
  readonly name: string;
  /** Address of the remote. */
  readonly src: number;
  /** Modules that are not loaded and would bind. */
  readonly modules: readonly string[];
  /** Known service names that look like it, the most similar first, each with its module. */
  readonly similar: readonly { readonly name: string; readonly module: string }[];
  /** The above as a sentence. */
  readonly text: string;
}

/** Says what became of the channel `name` of the remote address `src`, given the modules that users are told of. */
export function explainUnbound(name: string, src: number, known: readonly ModuleNames[]): UnboundChannel {
  const modules = known.filter(({ services, loaded }) => !loaded && services.includes(name)).map((module) => module.name);
  const byService = new Map<string, string>();
  for (const { name: module, services } of known) for (const id of services) if (!byService.has(id)) byService.set(id, module);
  const similar = [...byService]
    .map(([id, module]) => ({ name: id, module, distance: editDistance(name, id) }))
    .filter(({ name: id, distance }) => distance > 0 && distance <= id.length / 2)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name: id, module }) => ({ name: id, module }));
  const text = `channel "${name}" (remote 0x${src.toString(16)}) has no driver: ${reason(modules, similar)}`;
  return { name, src, modules, similar, text };
}

function reason(modules: readonly string[], similar: UnboundChannel['similar']): string {
  if (modules.length > 0) return `load ${modules.join(' or ')}`;
  if (similar.length === 0) return 'no module knows this service name';
  return `no module knows this name; known and similar: ${similar.map(({ name, module }) => `"${name}" (${module})`).join(', ')}`;
}

/** Levenshtein distance of two short names. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
