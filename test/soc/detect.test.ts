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

  /** Firmware for the Cortex-M4 of an 8M Mini or Quad, or of a 7Dual or 6SoloX: vectors, then literals. */
  const program = (vectors: number, stack: number, ...literals: number[]): DetectableImage => ({
    segments: [segment(vectors, words(stack, vectors + 0x401)), segment(vectors + 0x400, words(...literals))],
    entry: vectors + 0x401,
  });
  const told = (image: DetectableImage): unknown[] => {
    const found = detectSoc(image)!;
    return [found.soc.name, found.ambiguous?.map(({ name }) => name) ?? []];
  };

  it.each([
    ['imx8mp', 0, 'mimx8mp_evk', 'evk'],
    ['imx8mp', 0, 'dart_mx8mp', 'dart-mx8mp'],
    ['imx8mm', 0x1ffe_0000, 'mimx8mm_evk', 'evk'],
    ['imx8mm', 0x1ffe_0000, 'dart_mx8mm', 'dart-mx8mm'],
    ['imx8mn', 0, 'evkmimx8mn', 'evk'],
    ['imx8mn', 0, 'som_mx8mn', 'som-mx8mn'],
    ['imx8mq', 0x1ffe_0000, 'mimx8mq_evk', 'evk'],
    ['imx8mq', 0x1ffe_0000, 'dart_mx8mq', 'dart-mx8m'],
    ['imx7d', 0x1fff_8000, 'colibri_imx7d_m4', 'colibri-imx7'],
    ['imx7d', 0x1fff_8000, 'warp7_m4', 'warp7'],
    ['imx7d', 0x1fff_8000, 'pico_pi_m4', 'pico-pi'],
    ['imx7d', 0x9000_0000, 'imx7d_sdb_m4', 'sdb'],
    ['imx7d', 0x9000_0000, 'var-som-mx7_m4', 'var-som-mx7'],
    ['imx6sx', 0x8400_0000, 'udoo_neo_full_m4', 'udoo-neo'],
  ])('takes firmware for %s at %i with the text %s for board %s', (soc, da, hint, board) => {
    const found = detectSoc({ segments: [segment(da, text(`Hello World! ${hint}`))] })!;
    expect([found.soc.name, found.board, found.ambiguous]).toEqual([soc, board, undefined]);
    // The same in debug information.
    const bytes = text(`/sdk/boards/${hint}/main.c`);
    const sections = [{ name: '.debug_line_str', offset: 0, size: bytes.length }];
    const built = detectSoc({ segments: [segment(da, words(1))], bytes, sections })!;
    expect([built.soc.name, built.board, built.ambiguous]).toEqual([soc, board, undefined]);
  });

  it('tells 8M Mini and Quad apart by constants, and not by addresses that both have', () => {
    const shared = [0x30a6_0000, 0x3038_0000, 0x303d_0000];
    expect(told(program(0x1ffe_0000, 0x2002_0000, ...shared, 400_000_000))).toEqual(['imx8mm', []]);
    expect(told(program(0x1ffe_0000, 0x2002_0000, ...shared, 25_000_000, 0x3027_0000))).toEqual(['imx8mq', []]);
    expect(told(program(0x1ffe_0000, 0x2002_0000, ...shared))).toEqual(['imx8mm', ['imx8mq']]);
    // The third SDMA, which the Quad does not have.
    expect(told(program(0x1ffe_0000, 0x2002_0000, ...shared, 0x302b_0000))).toEqual(['imx8mm', []]);
  });

  it('tells 8M Nano and Plus apart by constants, and not by addresses that both have', () => {
    const shared = [0x30a6_0000, 0x3038_0000, 0x303d_0000];
    expect(told(program(0, 0x2002_0000, ...shared, 600_000_000))).toEqual(['imx8mn', []]);
    expect(told(program(0, 0x2002_0000, ...shared, 800_000_000))).toEqual(['imx8mp', []]);
    expect(told(program(0, 0x2002_0000, ...shared, 0x30e2_0000))).toEqual(['imx8mp', []]);
    // The Cortex-M4s have their TCM there, too.
    expect(told(program(0, 0x2002_0000, ...shared))).toEqual(['imx8mp', ['imx8mm', 'imx8mn', 'imx8mq']]);
  });

  it('tells 7D and 6SX apart by where their blocks are, and 7D and 8M Mini by where vectors and stack are', () => {
    expect(told(program(0x1fff_8000, 0x2000_8000, 0x3089_0000, 0x3038_0000))).toEqual(['imx7d', ['imx7s']]);
    expect(told(program(0x1fff_8000, 0x2000_8000, 0x421e_8000, 0x420c_4000))).toEqual(['imx6sx', []]);
    expect(told(program(0x1ffe_0000, 0x2002_0000, 0x3089_0000, 0x3038_0000))).toEqual(['imx8mm', ['imx8mq']]);
    expect(detectSoc(program(0x1fff_8000, 0x2000_8000, 0x3089_0000))!.reasons).toEqual(
      expect.arrayContaining(['its vectors are where TCML begins', 'its stack is where TCMU ends']),
    );
  });

  it('names boards by vrings that are constants, by the place of the table, and by aliases of reserved memory', () => {
    const rpmsg = (base: number): DetectableImage => program(0x1fff_8000, 0x2000_8000, 0x3089_0000, 0x3038_0000, base);
    expect(detectSoc(rpmsg(0x8fff_0000))).toMatchObject({ board: 'colibri-imx7' });
    expect(detectSoc(rpmsg(0xbfff_0000))).toMatchObject({
      board: 'sdb',
      reasons: expect.arrayContaining([expect.stringMatching(/^it holds the address 0xbfff0000 of the vrings of boards sdb, /)]),
    });
    const tcm = program(0x1fff_8000, 0x2000_8000, 0x3089_0000, 0x3038_0000);
    const table = { ...tcm, segments: [...tcm.segments, segment(0x9fff_f000, words(1, 0, 0, 0))] };
    expect(detectSoc(table)!.board).toBe('colibri-imx7');
    // DDR as the code bus has it.
    expect(detectSoc({ segments: [segment(0x1ff0_0000, words(0x3089_0000, 0x3025_0000))] })).toMatchObject({ board: 'colibri-imx7' });
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
