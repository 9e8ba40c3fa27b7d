/** Bytes of events: base64 in, hex dumps out. */

/** Bytes of standard base64; what is not base64 gives none. */
export function bytesOf(base64: string): Uint8Array {
  try {
    const text = atob(base64);
    const bytes = new Uint8Array(text.length);
    for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);
    return bytes;
  } catch {
    return new Uint8Array(0);
  }
}

/** Lines of 16 bytes: offset, hex, characters. */
export function hexDump(bytes: Uint8Array): readonly { readonly offset: string; readonly hex: string; readonly text: string }[] {
  const lines = [];
  for (let offset = 0; offset < bytes.length; offset += 16) {
    const row = [...bytes.subarray(offset, offset + 16)];
    lines.push({
      offset: offset.toString(16).padStart(4, '0'),
      hex: row.map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
      text: row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join(''),
    });
  }
  return lines;
}
