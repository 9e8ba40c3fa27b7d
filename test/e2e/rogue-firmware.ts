/**
 * Firmware that breaks the rules of virtio and RPMsg on purpose: one Thumb program that carries out a script of stores.
 *
 * It waits until Linux's driver is ready (DRIVER_OK in its own table), stores each value at its address, rings the doorbell of vring 0
 * and from then on only takes words out of the MU, asleep in between. What it breaks is data, so no test needs an assembler.
 */
import { buildElf, rpmsgTable, words } from '../remoteproc/elf-builder.ts';
import { ThumbPrograms } from '../support/thumb.ts';

/** Where things are when the table asks for rings of 8 descriptors at the EVK's addresses. */
export const RING = {
  descriptors: 0x5500_0000,
  available: 0x5500_0080,
  used: 0x5500_1000,
  /** First message buffer; descriptor n has the one n * 512 bytes behind it. */
  buffers: 0x5540_0000,
  num: 8,
} as const;

/** A store of `size` bytes. */
export interface Store {
  readonly address: number;
  readonly value: number;
  readonly size?: 1 | 2 | 4;
}

const TABLE = 0x400;
const SCRIPT = 0x800;

const programs = new ThumbPrograms(
  '../../e2e/thumb/rogue-firmware',
  (source) => `.syntax unified\n.thumb\n.cpu cortex-m7\n.text\n${source}`,
);

const SOURCE = `
  .word 0x20020000, start + 1, fault + 1, fault + 1, fault + 1, fault + 1, fault + 1
  .thumb_func
fault:
  b fault
  .thumb_func
start:
  cpsid i
  ldr r6, =0x30ab0000
  ldr r0, =0xe000e10c
  movs r1, #2
  str r1, [r0]
  ldr r1, [r6, #0x24]
  orr r1, r1, #1 << 26
  str r1, [r6, #0x24]
wait_for_linux:
  bl take_word
  ldr r0, =${TABLE + 20 + 4 + 20}
  ldrb r1, [r0]
  tst r1, #4
  beq wait_for_linux
  ldr r0, =${SCRIPT}
next:
  ldmia r0!, {r1, r2, r3}
  cmp r3, #1
  beq byte
  cmp r3, #2
  beq half
  cmp r3, #4
  bne ring
  str r2, [r1]
  b next
half:
  strh r2, [r1]
  b next
byte:
  strb r2, [r1]
  b next
ring:
  dsb
  str r2, [r6, #4]
take_words:
  bl take_word
  b take_words
  .thumb_func
take_word:
  ldr r1, =0xe000e28c
  movs r2, #2
  str r2, [r1]
  wfi
  ldr r1, [r6, #0x20]
  tst r1, #1 << 26
  it ne
  ldrne r1, [r6, #0x14]
  bx lr
  .ltorg
`;

/** An ELF whose firmware carries out `stores` and rings with `doorbell`, the word for vring 0 unless given. */
export function rogueFirmware(stores: readonly Store[], doorbell = 0): Uint8Array {
  const { code, symbols } = programs.get(SOURCE);
  const table = rpmsgTable({ da0: 0x5500_0000, da1: 0x5500_8000, num: RING.num });
  const script = words(...stores.flatMap(({ address, value, size = 4 }) => [address, value, size]), 0, doorbell, 0);
  return buildElf({
    entry: symbols['start']! | 1,
    segments: [
      { da: 0, data: code },
      { da: TABLE, data: table },
      { da: SCRIPT, data: script },
    ],
    sections: [{ name: '.resource_table', addr: TABLE, data: table }],
  }).bytes;
}

/** Stores that put an RPMsg message into buffer `index` and give it back as used element `element`. */
export function message(
  index: number,
  header: { src: number; dst: number; length: number; reserved?: number; flags?: number },
  payload: readonly number[],
  used: { element?: number; length?: number } = {},
): Store[] {
  const { src, dst, length, reserved = 0, flags = 0 } = header;
  const at = RING.buffers + 512 * index;
  const words32 = [src, dst, reserved, length | (flags << 16), ...payload];
  const { element = index, length: written = 16 + length } = used;
  return [...words32.map((value, i) => ({ address: at + 4 * i, value: value >>> 0 })), ...usedElement(element, index, written)];
}

/** Stores that write used element `element`, without moving the index. */
export function usedElement(element: number, id: number, length: number): Store[] {
  const at = RING.used + 4 + 8 * element;
  return [
    { address: at, value: id >>> 0 },
    { address: at + 4, value: length >>> 0 },
  ];
}

/** The store that moves the used index. */
export function usedIndex(value: number): Store {
  return { address: RING.used + 2, value, size: 2 };
}
