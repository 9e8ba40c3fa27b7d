/**
 * The flattened device tree format (Devicetree Specification 0.4, chapter 5), versions 16 and 17, and what trees may not exceed here.
 */

/** First word of a blob. */
export const FDT_MAGIC = 0xd00d_feed;
/** Tokens of the structure block. */
export const FDT_BEGIN_NODE = 1;
export const FDT_END_NODE = 2;
export const FDT_PROP = 3;
export const FDT_NOP = 4;
export const FDT_END = 9;
/** Versions that are read; 17 is written. */
export const FDT_FIRST_VERSION = 16;
export const FDT_LAST_VERSION = 17;
/** Byte offsets of the header's words. */
export const HEADER = {
  magic: 0,
  totalsize: 4,
  structure: 8,
  strings: 12,
  reservations: 16,
  version: 20,
  lastCompatible: 24,
  bootCpu: 28,
  stringsSize: 32,
  structureSize: 36,
} as const;
/** Bytes of the header in version 16 and 17. */
export const HEADER_SIZE: Readonly<Record<number, number>> = { 16: 36, 17: 40 };
/** MAX_FDT_SIZE: what arm64 Linux maps of a tree. */
export const MOST_BYTES = 2 * 1024 * 1024;
/** FDT_MAX_DEPTH: Linux leaves out what is deeper. */
export const MOST_LEVELS = 64;
