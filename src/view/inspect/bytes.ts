/** Bytes as text, where they are text. */

/** The text of bytes that are all printable, but for line ends and a NUL at the end; undefined for others. */
export function printableText(bytes: Uint8Array): string | undefined {
  const end = bytes.at(-1) === 0 ? bytes.length - 1 : bytes.length;
  if (end <= 0) return undefined;
  let text = '';
  for (const byte of bytes.subarray(0, end)) {
    if ((byte < 0x20 || byte > 0x7e) && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}
