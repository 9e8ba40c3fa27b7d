/**
 * Text of a device tree: UTF-8 in values; names are bytes, of which the specification allows printable ASCII alone.
 */
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Bytes of a text in UTF-8. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of bytes; what is no UTF-8 becomes a replacement character. */
export function decodeText(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Most characters that a name may have; the specification says 31, real trees have longer ones. */
export const LONGEST_NAME = 255;

/** What is wrong with the name of a node or property, if something is. */
export function nameProblem(name: string): string | undefined {
  if (name.length > LONGEST_NAME) return `has more than ${LONGEST_NAME} characters`;
  if (name === '') return 'is empty';
  for (const character of name) {
    const code = character.charCodeAt(0);
    if (code <= 0x20 || code >= 0x7f) return `has the character ${JSON.stringify(character)} in it`;
    if (character === '/') return 'has a / in it';
  }
  return name === '.' || name === '..' ? 'cannot be a file in /sys/firmware/devicetree' : undefined;
}
