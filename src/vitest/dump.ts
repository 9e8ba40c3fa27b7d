/** Bytes for people: as hex beside text, so that a line diff shows both. */

const ROW = 16;

const TEXT: ReadonlySet<number> = new Set([0x09, 0x0a, 0x0d]);

/** True for bytes that a console would show as text. */
export function isText(bytes: Uint8Array): boolean {
  const text = new TextDecoder().decode(bytes);
  if (text.includes('\ufffd')) return false;
  return bytes.every((byte) => byte >= 0x20 || TEXT.has(byte));
}

/** Bytes as UTF-8, what is not text as U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Lines of offset, bytes and characters, as `hexdump -C` prints them. */
export function dump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let offset = 0; offset < bytes.length; offset += ROW) {
    const row = [...bytes.subarray(offset, offset + ROW)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const characters = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${offset.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * ROW - 1)}  ${characters}`);
  }
  return lines.join('\n');
}

/** Where `part` occurs in `all` from `start` on; -1 when it does not. */
export function indexOfBytes(all: Uint8Array, part: Uint8Array, start = 0): number {
  if (part.length === 0) return start;
  for (let at = all.indexOf(part[0]!, start); at >= 0 && at + part.length <= all.length; at = all.indexOf(part[0]!, at + 1)) {
    if (part.every((byte, index) => all[at + index] === byte)) return at;
  }
  return -1;
}

/** Number of characters that two texts share at their beginnings and ends: how alike they are. */
function likeness(left: string, right: string): number {
  const most = Math.min(left.length, right.length);
  let head = 0;
  while (head < most && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < most - head && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail++;
  return head + tail;
}

/** The one of `candidates` that is most like `wanted`; the last of several; undefined when nothing is alike. */
export function nearest(candidates: readonly string[], wanted: string): string | undefined {
  let best: string | undefined;
  let most = Math.ceil(wanted.length / 4);
  for (const candidate of candidates) {
    const alike = likeness(candidate, wanted);
    if (alike < most) continue;
    best = candidate;
    most = alike;
  }
  return best;
}
