import { describe, expect, it } from 'vitest';
import { type DetectableImage, detectSoc } from '../../src/soc/detect.ts';
import { SOCS } from '../../src/soc/index.ts';

/** Little-endian words. */
const words = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const segment = (da: number, data: Uint8Array, memsz = data.length): DetectableImage['segments'][number] => ({ da, memsz, data });

/** A resource table with one vdev and the vrings at these device addresses. */
const table = (...das: number[]): Uint8Array =>
  words(1, 1, 0, 0, 20, 3, 7, 0, 1, 0, 0, das.length << 8, ...das.flatMap((da, id) => [da, 0x1000, 256, id, 0]));

describe('detectSoc', () => {
  it('recognises MCUXpresso firmware by its table, its constants and its paths', () => {
    const found = detectSoc({
      segments: [
        segment(0, words(0x2002_0000, 0x401)),
        segment(0x400, words(0x30ab_0000, 0x30e2_0000, 0x30a6_0000)),
        segment(0x500, text('/devices/MIMX8ML8/drivers/fsl_clock.c')),
      ],
      resourceTable: { bytes: table(0x5500_0000, 0x5500_8000) },
    })!;
    expect([found.soc.name, found.core, found.board, found.ambiguous]).toEqual(['imx8mp', 'm7', 'evk', undefined]);
    expect(found.reasons).toEqual([
      "its segments lie in ITCM of imx8mp's m7",
      'its resource table has a vring at 0x55000000, vdev0vring0 of board evk',
      'it holds the constant 0x30e20000: AUDIOMIX, which only the 8M Plus has',
      'it holds the text "MIMX8ML8"',
      expect.stringMatching(/addresses of MU1_B \(0x30ab0000\), UART4 \(0x30a60000\), AUDIOMIX/),
    ]);
  });

  it('recognises a Zephyr image by its texts and symbols alone', () => {
    const segments = [segment(0x8000_0000, text('Hello World! mimx8mp_evk'))];
    expect(detectSoc({ segments })).toMatchObject({
      core: 'm7',
      board: 'evk',
      reasons: [/DDR/, /"mimx8mp_evk", as firmware for board evk does/, /mimx8mp/].map((re) => expect.stringMatching(re)),
    });
    const symbols = [{ name: '__device_dts_ord_imx8mp' }];
    expect(detectSoc({ segments: [segment(0, words(1))], symbols })?.reasons[1]).toBe('it holds the text "imx8mp"');
  });

  it('names the board whose vrings the table has', () => {
    const segments = [segment(0, words(0))];
    expect(detectSoc({ segments, resourceTable: { bytes: table(0xb800_0000, 0xb800_8000) } })?.board).toBe('verdin-hmp');
    expect(detectSoc({ segments, resourceTable: { bytes: table(0x4000_0000) } })?.board).toBe('dart-mx8mp');
    expect(detectSoc({ segments, resourceTable: { bytes: table(0xffff_ffff, 0xffff_ffff) } })?.board).toBeUndefined();
  });

  it('says what else an image fits when nothing in it speaks for one', () => {
    const found = detectSoc({ segments: [segment(0, words(1, 2, 3)), segment(0x2000_0000, words(4))] })!;
    expect(found.soc.name).toBe('imx8mp');
    expect(found.ambiguous?.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['imx8mm', 'imx8mn', 'cortex-m7', 'cortex-m4', 'cortex-m33']),
    );
  });

  it('takes a bare core for what only a bare core holds', () => {
    const found = detectSoc({ segments: [segment(0x10_0000, words(1))] })!;
    expect([found.soc.name, found.ambiguous?.map(({ name }) => name)]).toEqual(['cortex-m7', ['cortex-m4', 'cortex-m33']]);
  });

  it('holds an initial stack pointer outside of all memories against a SoC', () => {
    const image = { segments: [segment(0, words(0x2040_0000, 0x101))], entry: 0x101 };
    const found = detectSoc(image)!;
    expect([found.soc.name, found.ambiguous?.map(({ name }) => name)]).toEqual(['cortex-m7', ['cortex-m4', 'cortex-m33']]);
    expect(detectSoc({ segments: [segment(0, words(0x2002_0000, 0x101))], entry: 0x101 })?.soc.name).toBe('imx8mp');
  });

  it('names the board that reserves the memory to which an image is linked', () => {
    const found = detectSoc({ segments: [segment(0x7e00_0000, words(0x30e2_0000))] })!;
    expect([found.board, found.reasons[1]]).toEqual(['dart-mx8mp', 'it is linked to memory that board dart-mx8mp reserves for m7']);
  });

  it('looks past .bss that sticks out behind the load address, but not past bytes that do', () => {
    expect(detectSoc({ segments: [segment(0x1_f000, words(0x30a6_0000), 0x4000)] })?.soc.name).toBe('imx8mp');
    expect(detectSoc({ segments: [segment(0x1_fffc, words(0, 0))] })?.soc.name).toBe('cortex-m7');
    expect(detectSoc({ segments: [segment(0x2001_0000, new Uint8Array(0), 0x2_0000)] })?.soc.name).toBe('cortex-m7');
  });

  it('gives up on what fits nowhere, and on nothing at all', () => {
    expect(detectSoc({ segments: [segment(0x6000_0000, words(0)), segment(0xf000_0000, words(0))] })).toBeUndefined();
    expect(detectSoc({ segments: [] })).toBeUndefined();
    expect(detectSoc({ segments: [segment(0, words(0))] }, [])).toBeUndefined();
  });

  it('survives malformed resource tables', () => {
    const segments = [segment(0, words(0))];
    const bad = [
      new Uint8Array(3),
      words(1, 0xffff_ffff, 0, 0),
      words(1, 1, 0, 0, 0xffff_fffc),
      words(1, 1, 0, 0, 20, 3, 7, 0, 1, 0, 0, 0xff00, 0x5500_0000),
      words(1, 2, 0, 0, 24, 20, 3),
    ];
    for (const bytes of bad) expect(detectSoc({ segments, resourceTable: { bytes } })?.soc).toBe(SOCS[0]);
    expect(detectSoc({ segments, resourceTable: { bytes: bad[3]! } })?.board).toBe('evk');
  });
});
