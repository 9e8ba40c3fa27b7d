/**
 * Says what a file is that was given in place of an ELF: the raw binary beside it, a U-Boot image, a compressed file, text.
 */
import { hex32 } from '../memory/bits.ts';

/** What the file is, and what to give instead. */
export interface ForeignFile {
  readonly text: string;
  readonly remedy: string;
}

const GIVE_ELF = 'give the .elf that the build made beside it';

const MAGICS: readonly { readonly bytes: readonly number[]; readonly text: string; readonly remedy: string }[] = [
  { bytes: [0x1f, 0x8b], text: 'is compressed with gzip', remedy: 'unpack it first with gunzip' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], text: 'is compressed with xz', remedy: 'unpack it first with unxz' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], text: 'is compressed with zstd', remedy: 'unpack it first with unzstd' },
  { bytes: [0x50, 0x4b, 0x03, 0x04], text: 'is a zip archive', remedy: 'unpack it and give the .elf inside' },
  { bytes: [0x27, 0x05, 0x19, 0x56], text: 'is a U-Boot image (uImage)', remedy: GIVE_ELF },
  { bytes: [0xd0, 0x0d, 0xfe, 0xed], text: 'is a device tree or FIT image', remedy: GIVE_ELF },
  { bytes: [0x21, 0x3c, 0x61, 0x72, 0x63, 0x68, 0x3e], text: 'is a static library (.a)', remedy: 'link it and give the .elf' },
  { bytes: [0x4d, 0x5a], text: 'is a Windows program', remedy: GIVE_ELF },
];

/** RAM of the Cortex-M cores of the i.MX family, in which an initial stack pointer lies: TCMs, OCRAM and DDR. */
function isStackPointer(word: number): boolean {
  return word % 4 === 0 && ((word >= 0x1ffc_0000 && word <= 0x2050_0000) || (word >= 0x4000_0000 && word <= 0xe000_0000));
}

/** Explains a file that does not start with the ELF magic. */
export function explainForeignFile(bytes: Uint8Array): ForeignFile {
  if (bytes.length === 0) return { text: 'is empty', remedy: 'build or copy it again' };
  const known = MAGICS.find((magic) => magic.bytes.every((byte, i) => bytes[i] === byte));
  if (known) return { text: `is not an ELF file: it ${known.text}`, remedy: known.remedy };
  const start = bytes.subarray(0, 512);
  if (start.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 9 && byte <= 13))) return explainText(String.fromCharCode(...start));
  if (bytes.length >= 8) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
    const sp = view.getUint32(0, true);
    const pc = view.getUint32(4, true);
    if (isStackPointer(sp) && pc % 2 === 1 && pc < 0xe000_0000) {
      return {
        text: `is not an ELF file: it looks like a raw binary (.bin) that begins with a vector table (initial SP ${hex32(sp)}, reset vector ${hex32(pc)})`,
        remedy: `${GIVE_ELF}; remoteproc takes the load addresses and the resource table from the ELF headers, which a .bin does not have`,
      };
    }
  }
  const magic = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return { text: `is not an ELF file: it begins with ${magic} instead of 7f 45 4c 46`, remedy: GIVE_ELF };
}

function explainText(start: string): ForeignFile {
  if (start.startsWith('version https://git-lfs')) {
    return { text: 'is not an ELF file: it is a Git LFS pointer', remedy: 'fetch the real file with git lfs pull' };
  }
  if (/^:[0-9A-Fa-f]{8}/.test(start)) return { text: 'is not an ELF file: it is Intel HEX', remedy: GIVE_ELF };
  if (/^S0[0-9A-Fa-f]{4}/.test(start)) return { text: 'is not an ELF file: it is a Motorola S-record', remedy: GIVE_ELF };
  return { text: 'is not an ELF file: it is text', remedy: GIVE_ELF };
}
