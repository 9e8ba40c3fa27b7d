/**
 * Memory as a master sees it: bytes, a map of what lies where, and a search. Registers of devices are peeked, never read.
 */
import { ByteFinder } from '../../debug/find-bytes.ts';
import { peekBytes } from '../../debug/memory.ts';
import type { AddressSpace } from '../../memory/bus.ts';
import { CHUNK_SIZE, type Ram } from '../../memory/ram.ts';
import { fromBase64, toBase64 } from '../base64.ts';
import type { MemoryRegion, Methods } from '../protocol.ts';
import { debuggerOf, type InspectContext, viewOf } from './context.ts';

/** Bytes that one search looks through, a fraction of a second's work; whoever wants more asks again. What was never touched costs nothing and does not count. */
const SEARCHED = 32 * 1024 * 1024;
/** Places that one search tells unless another number is asked for. */
const MOST_PLACES = 100;

/** What `view` has, by address. */
export function regionsOf(view: AddressSpace): MemoryRegion[] {
  return view.regions.map(({ name, base, size, ram, ramOffset }) => ({
    name,
    base,
    size,
    kind: ram ? 'ram' : 'device',
    ...(ram ? { offset: ramOffset } : {}),
  }));
}

/** `memory.read`. */
export function readMemory(
  context: InspectContext,
  { view, address, length }: Methods['memory.read']['params'],
): Methods['memory.read']['result'] {
  return { address, bytes: toBase64(peekBytes(viewOf(context, view), address, length)) };
}

/** `memory.write`: an input of the run. */
export function writeMemory(context: InspectContext, { view, address, bytes }: Methods['memory.write']['params']): boolean {
  viewOf(context, view);
  return debuggerOf(context).writeMemory(view, address, fromBase64(bytes));
}

/** A stretch of RAM that a view has somewhere. */
interface Window {
  readonly ram: Ram;
  /** Address of its byte 0, were all of it there. */
  readonly origin: number;
  readonly from: number;
  readonly to: number;
}

/** RAM that the view has from `address` on, each byte once: a memory that appears several times is searched where it comes first. */
function* windows(view: AddressSpace, address: number): Generator<Window> {
  const seen: Window[] = [];
  for (const { ram, ramOffset, base, size } of view.regions) {
    if (!ram) continue;
    const window = { ram, origin: base - ramOffset, from: ramOffset + Math.max(0, address - base), to: ramOffset + size };
    const again = seen.some((other) => other.ram === ram && other.from <= ramOffset && other.to >= window.to);
    seen.push({ ...window, from: ramOffset });
    if (!again && window.from < window.to) yield window;
  }
}

/** `memory.search`. */
export function searchMemory(context: InspectContext, params: Methods['memory.search']['params']): Methods['memory.search']['result'] {
  const { from = 0, limit = MOST_PLACES } = params;
  const pattern = fromBase64(params.pattern);
  const view = viewOf(context, params.view);
  const found: number[] = [];
  if (pattern.length === 0) return { found, more: false };
  let searched = 0;
  const finder = new ByteFinder(pattern);
  for (const { ram, origin, from: start, to } of windows(view, from)) {
    for (const { offset, length } of touchedStretches(ram, start, to, pattern)) {
      if (searched >= SEARCHED) return { found, more: true, next: origin + offset };
      searched += length;
      finder.restart(origin + offset);
      for (const at of finder.feed(ram.readBytes(offset, length))) {
        if (found.length === limit) return { found, more: true, next: at };
        found.push(at);
      }
    }
  }
  return { found, more: false };
}

/** Parts of a RAM that may hold `pattern`: chunks that were touched, with so much of the next that nothing at a border is missed. */
function* touchedStretches(ram: Ram, start: number, to: number, pattern: Uint8Array): Generator<{ offset: number; length: number }> {
  const isZero = pattern.every((byte) => byte === 0);
  const overlap = pattern.length - 1;
  for (let offset = start; offset < to; ) {
    const next = Math.min(to, (Math.floor(offset / CHUNK_SIZE) + 1) * CHUNK_SIZE);
    const touched = ram.locateIfTouched(offset) !== 0 || (next < to && overlap > 0 && ram.locateIfTouched(next) !== 0);
    const length = Math.min(to - offset, next - offset + overlap);
    if ((touched || isZero) && length >= pattern.length) yield { offset, length };
    offset = next;
  }
}
