/**
 * The hardware of every SoC as data and back: with all its registers written to, and with transfers and timers at work that must go on as if nothing had been.
 */
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/machine.ts';
import { loadHardware, saveHardware } from '../../src/snapshot/hardware-state.ts';
import { findSoc, SOCS } from '../../src/soc/index.ts';
import { baseIn } from '../../src/soc/soc.ts';

describe.each(SOCS.map((soc) => [soc.name, soc] as const))('%s', (_name, soc) => {
  it('is the same after its state was loaded into another machine', () => {
    const [first, second] = [new Machine({ soc, linux: false }), new Machine({ soc, linux: false })];
    const core = soc.cores[0]!.name;
    let state = 7;
    for (const spec of soc.peripherals) {
      if (spec.views && !spec.views.includes(core)) continue;
      for (let n = 0; n < 40; n++) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        first.view(core).write(baseIn(spec, core) + (((state >>> 8) % 0x140) & ~3), state, 4);
      }
    }
    const saved = saveHardware(first);
    loadHardware(second, saved);
    expect(saveHardware(second)).toEqual(saved);
    first.dispose();
    second.dispose();
  });
});

/** Blocks at work by SoC, each with what is written to it, in order: offset and value. */
const WORK: readonly { soc: string; blocks: Readonly<Record<string, readonly (readonly [offset: number, value: number])[]>> }[] = [
  {
    soc: 'imx6sx',
    blocks: {
      EPIT1: [
        [0x08, 1000],
        [0x0c, 300],
        [0x00, 0x0100_000f],
      ],
      ADC1: [
        [0x18, 0x40],
        [0x00, 3],
      ],
    },
  },
  {
    soc: 'imx7d',
    blocks: {
      PWM1: [
        [0x10, 1000],
        [0x0c, 300],
        [0x0c, 400],
        [0x0c, 500],
        [0x04, 7],
        [0x00, 0x1_0001],
      ],
      OCOTP: [
        [0x00, 0x3e77_0005],
        [0x20, 0x11],
      ],
      // Out of low power, to loop-back, ten frames.
      FLEXCAN1: [
        [0x00, 0x5900_000f],
        [0x00, 0x7000_003f],
        [0x04, 0x0233_1003],
        [0x00, 0x2000_003f],
        ...(Array.from({ length: 10 }, (_, n) => [
          [0x124 + 16 * n, 0x123 << 18],
          [0x128 + 16 * n, n],
          [0x120 + 16 * n, 0x0c04_0000],
        ]).flat() as [number, number][]),
      ],
    },
  },
  {
    soc: 'imx8mm',
    blocks: {
      GPT1: [
        [0x04, 10],
        [0x10, 1000],
        [0x0c, 1],
        [0x00, 0x20_0041],
      ],
      ECSPI1: [
        [0x08, 0x1f00_3011],
        [0x20, 0x8000_0000],
        ...Array.from({ length: 8 }, (_, n) => [0x04, 3 * n] as const),
        [0x08, 0x1f00_3015],
      ],
    },
  },
  { soc: 'imx8mq', blocks: { TMU: [[0x00, 0xffff_0000]] } },
];

/** Cycles from the writes to the snapshot, and from it to the end. */
const MIDDLE = 400;
const LATER = 400_000;

it.each(WORK)('blocks of $soc at work go on in another machine', ({ soc: name, blocks }) => {
  const soc = findSoc(name);
  const machines = [new Machine({ soc, linux: false }), new Machine({ soc, linux: false })] as const;
  const [first, second] = machines;
  for (const [block, writes] of Object.entries(blocks)) {
    const { device } = first.peripherals.find((peripheral) => peripheral.name === block)!;
    for (const [offset, value] of writes) expect(device.write(offset, value, 4)).toBe(true);
  }
  first.run(MIDDLE);
  const saved = saveHardware(first);
  loadHardware(second, saved);
  for (const machine of machines) machine.run(LATER);
  const after = saveHardware(first);
  expect(saveHardware(second)).toEqual(after);
  // Each of them has worked on since.
  for (const block of Object.keys(blocks)) {
    expect(saved.blocks, block).toHaveProperty(block);
    expect(after.blocks[block], block).not.toEqual(saved.blocks[block]);
  }
  for (const machine of machines) machine.dispose();
});
