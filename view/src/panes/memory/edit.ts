/** Writes of the memory pane, which can be taken back. */
import { toBase64 } from '../../format.ts';
import { changed } from '../../store.ts';
import { toast } from '../../toast-store.ts';
import { ask, momentNow } from '../cpu/live.ts';
import { withNibble } from './hex-layout.ts';
import { bytesVersion, cacheOf, goTo, view } from './state.ts';

const MOST = 200;
const done: { readonly view: string; readonly address: number; readonly before: Uint8Array }[] = [];

/** Writes bytes; says why when that is not possible. */
export async function write(name: string, address: number, bytes: Uint8Array, undoable = true): Promise<boolean> {
  const cache = cacheOf(name);
  const before = cache.run(address, bytes.length);
  const ok = await ask('memory.write', { view: name, address, bytes: toBase64(bytes) });
  if (ok === undefined) return false;
  if (!ok) {
    toast('warning', 'Nothing there takes what is written.', 'Only RAM can be changed here: not holes, and devices by their registers.');
    return false;
  }
  if (undoable && before.length === bytes.length) {
    done.push({ view: name, address, before });
    if (done.length > MOST) done.shift();
  }
  cache.put(momentNow(), address, bytes);
  bytesVersion.value += 1;
  changed();
  return true;
}

/** The second digit of a byte was typed, after its first if `high` is given. */
export async function writeNibble(name: string, address: number, high: number | undefined, low: number): Promise<void> {
  const old = cacheOf(name).byte(address);
  if (old === undefined) {
    toast('note', 'There is nothing to change here.');
    return;
  }
  await write(name, address, Uint8Array.of(withNibble(high === undefined ? old : withNibble(old, 0, high), 1, low)));
}

/** Puts back what was there before the last write. */
export async function undo(): Promise<void> {
  const last = done.pop();
  if (last === undefined) {
    toast('note', 'Nothing was written here that could be taken back.');
    return;
  }
  if (view.value === last.view) goTo(last.address);
  await write(last.view, last.address, last.before, false);
}
