import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Machine } from '../../../src/machine.ts';
import { AddressSpace } from '../../../src/memory/bus.ts';
import type { Doorbell } from '../../../src/mu/messaging-unit.ts';
import { ObservedSince } from '../../../src/view/inspect/context.ts';
import { breaches, RING_RULES } from '../../../src/view/inspect/ring-rules.ts';
import { type RingState, ramAt, readRing, ringPlaces } from '../../../src/view/inspect/ring-state.ts';
import { inspectVring, listVrings, vringLines, vringProblems } from '../../../src/view/inspect/vrings.ts';
import { contextOf, MS, machineOf, runTo, runToDoorbell } from './support.ts';

/** Bytes that a core gone wrong writes: address, value, size. */
type Store = readonly [address: number, value: number, size: 1 | 2 | 4];

let machine: Machine;
const rings = (): readonly RingState[] => ringPlaces(machine).map((place) => readRing(place, contextOf(machine)));
const tested = new Set<string>();

/** Names of the rules that are broken, in both rings, while `stores` stand in memory. */
function broken(...stores: readonly Store[]) {
  const view = machine.view('linux');
  const before = stores.map(([address, , size]) => [address, view.peek(address, size), size] as const);
  for (const [address, value, size] of stores) view.write(address, value, size);
  try {
    return vringProblems(contextOf(machine)).map(({ problem }) => problem);
  } finally {
    for (const [address, value, size] of before.reverse()) view.write(address, value, size);
  }
}

// The 30th answer of the firmware is in the used ring, its doorbell in the MU; Linux has not taken it. 27 messages from Linux were returned.
beforeAll(() => {
  machine = machineOf('imx8mp_rpmsg');
  runToDoorbell(machine, 30);
});

afterAll(() => machine.dispose());

describe('a ring of a healthy firmware', () => {
  it('is shown with who has which buffer', () => {
    expect(listVrings(contextOf(machine))).toEqual([
      {
        device: 'virtio0',
        queue: 0,
        direction: 'to-linux',
        size: 256,
        availIndex: 285,
        usedIndex: 30,
        owned: { linux: 0, core: 255, inFlight: 1 },
        violations: 0,
      },
      {
        device: 'virtio0',
        queue: 1,
        direction: 'to-core',
        size: 256,
        availIndex: 28,
        usedIndex: 27,
        owned: { linux: 228, core: 1, inFlight: 27 },
        violations: 0,
      },
    ]);
  });

  it('has the message that is on its way, decoded, and older ones marked as such', () => {
    const ring = inspectVring(contextOf(machine), 'virtio0', 0);
    expect(ring.descriptors[29]).toMatchObject({
      owner: 'returned',
      address: 0x5540_3a00,
      length: 512,
      flags: 2,
      message: { src: 0x400, dst: 0x400, length: 12, text: 'hello world!' },
      violations: [],
    });
    expect(ring.descriptors[29]!.message!.old).toBeUndefined();
    expect(ring.descriptors[28]).toMatchObject({ owner: 'core', message: { text: 'hello world!', old: true } });
    expect(ring.descriptors[200]!.message).toBeUndefined();
    expect(ring).toMatchObject({
      descAddress: 0x5500_0000,
      availAddress: 0x5500_1000,
      usedAddress: 0x5500_2000,
      align: 4096,
      problems: [],
    });
    expect(ring.linux).toEqual({ lastUsedIndex: 29, free: 0 });
  });

  it('has announcements decoded', () => {
    const { descriptors } = inspectVring(contextOf(machine), 'virtio0', 0);
    const names = descriptors.flatMap(({ message }) => message?.nameService ?? []);
    expect(names).toEqual([
      { name: 'rpmsg-client-sample', address: 0x400, flags: 'create' },
      { name: 'rpmsg-tty', address: 0x401, flags: 'create' },
    ]);
  });

  it('is told as lines for a terminal', () => {
    expect(vringLines(inspectVring(contextOf(machine), 'virtio0', 0))).toEqual([
      'virtio0 vring0 (core to Linux): 256 descriptors at 0x55000000, avail 0x55001000, used 0x55002000',
      '  avail idx 285 flags 0x0; used idx 30 flags 0x0; Linux has read up to 29',
      '  buffers: 255 with the core, 1 returned, 0 with Linux',
      '  [29] 0x55403a00+512: 0x400 -> 0x400, 12 bytes hello world!',
    ]);
  });

  it('is refused by a name that there is not, with those that there are', () => {
    expect(() => inspectVring(contextOf(machine), 'virtio0', 2)).toThrow('no vring 2 of virtio0');
    expect(() => inspectVring(contextOf(machine), 'virtio7', 0)).toThrow(
      expect.objectContaining({ remedy: 'there are virtio0 0, virtio0 1' }),
    );
  });
});

describe('what the core writes into a ring', () => {
  const used0 = 0x5500_2000;
  const avail0 = 0x5500_1000;
  const used1 = 0x5500_a000;
  const row = (id: number) => 0x5500_0000 + 16 * id;
  const element = (slot: number) => used0 + 4 + 8 * slot;
  const buffer = 0x5540_3a00;
  /** Rule, what is written, bytes that are blamed, words of the explanation. */
  const cases: readonly (readonly [
    rule: string,
    stores: readonly Store[],
    blamed: readonly [address: number, size: number],
    words: RegExp,
  ])[] = [
    ['used-index-went-back', [[used0 + 2, 26, 2]], [used0 + 2, 2], /used.idx is 26, and Linux has read up to 29/],
    ['used-ahead-of-avail', [[used0 + 2, 330, 2]], [used0 + 2, 2], /301 buffers returned since 29, of 256/],
    ['used-flags', [[used0, 0x10, 2]], [used0, 2], /used.flags is 0x10/],
    ['avail-index-changed', [[avail0 + 2, 286, 2]], [avail0 + 2, 2], /avail.idx is 286, where Linux wrote 285/],
    ['avail-flags-changed', [[avail0, 1, 2]], [avail0, 2], /avail.flags is 0x1, where Linux wrote 0x0/],
    [
      'avail-entry-out-of-range',
      [[avail0 + 4 + 200, 400, 2]],
      [avail0 + 204, 2],
      /entry 100 .* is 400, where Linux wrote 100; the ring has 256/,
    ],
    ['avail-entry-changed', [[avail0 + 4 + 200, 101, 2]], [avail0 + 204, 2], /entry 100 .* is 101, where Linux wrote 100$/],
    ['used-id-out-of-range', [[element(29), 300, 4]], [element(29), 4], /used element 29 returns descriptor 300; the ring has 256/],
    [
      'used-id-twice',
      [
        [element(30), 29, 4],
        [element(30) + 4, 28, 4],
        [used0 + 2, 31, 2],
      ],
      [element(30), 4],
      /used element 30 returns descriptor 29/,
    ],
    ['used-id-not-outstanding', [[used1 + 4 + 8 * 5, 200, 4]], [used1 + 44, 4], /returns descriptor 200, which the core does not have/],
    ['used-length-beyond-buffer', [[element(29) + 4, 600, 4]], [element(29) + 4, 4], /used element 29 says that 600 bytes .* has 512/],
    [
      'used-length-beyond-buffer',
      [[element(7) + 4, 513, 4]],
      [element(7) + 4, 4],
      /used element 7 which Linux has taken, said that 513 bytes/,
    ],
    [
      'used-length-below-header',
      [[element(29) + 4, 12, 4]],
      [element(29) + 4, 4],
      /12 bytes were written to descriptor 29, less than a header/,
    ],
    ['descriptor-unmapped', [[row(100), 0x10, 4]], [row(100), 8], /points to 0x00000010, where Linux wrote 0x5540c800/],
    ['descriptor-unmapped', [[row(100) + 4, 1, 4]], [row(100), 8], /points to 0x1:0x5540c800/],
    ['descriptor-overlap', [[row(100), 0x5540_ca00, 4]], [row(100), 8], /the buffer of another descriptor that is out/],
    ['descriptor-outside-buffers', [[row(100), 0x5530_0000, 4]], [row(100), 8], /the buffers are 0x55400000 to 0x5543ffff/],
    ['descriptor-address-changed', [[row(100), 0x5543_0000, 4]], [row(100), 8], /among the buffers, and not its own/],
    ['descriptor-length-zero', [[row(100) + 8, 0, 4]], [row(100) + 8, 4], /a buffer of 0 bytes, where Linux wrote 512/],
    ['descriptor-length-changed', [[row(100) + 8, 1024, 4]], [row(100) + 8, 4], /a buffer of 1024 bytes, where Linux wrote 512/],
    [
      'descriptor-loop',
      [
        [row(100) + 12, 3, 2],
        [row(100) + 14, 100, 2],
      ],
      [row(100) + 12, 2],
      /goes on at 100, .* never ends/,
    ],
    ['descriptor-chained', [[row(100) + 12, 3, 2]], [row(100) + 12, 2], /flags 0x3 and goes on at 101, where Linux wrote 0x2/],
    ['descriptor-indirect', [[row(100) + 12, 6, 2]], [row(100) + 12, 2], /INDIRECT_DESC was not negotiated/],
    ['descriptor-write-flag', [[row(100) + 12, 0, 2]], [row(100) + 12, 2], /for the core to write/],
    ['descriptor-flags', [[row(100) + 12, 0x42, 2]], [row(100) + 12, 2], /flags 0x42, where Linux wrote 0x2: no such flag/],
    ['header-length-beyond-buffer', [[buffer + 12, 500, 2]], [buffer + 12, 2], /says that it has 500 bytes; a buffer has room for 496/],
    ['header-length-beyond-used', [[buffer + 12, 100, 2]], [buffer + 12, 2], /100 bytes, and the used ring that 28 were written/],
    [
      'no-recipient',
      [[buffer + 4, 0x999, 4]],
      [buffer + 4, 4],
      /from 0x400 to 0x999, where Linux has no endpoint; it has 0x35, 0x400, 0x401/,
    ],
    ['announcement-malformed', [[buffer + 4, 0x35, 4]], [buffer + 12, 2], /has 12 bytes instead of 40/],
  ];
  it.each(cases)('%s', (rule, stores, [address, size], words) => {
    const problems = broken(...stores);
    expect(problems.map((problem) => problem.rule)).toEqual([rule]);
    const [problem] = problems;
    expect(problem).toMatchObject({ address, size });
    expect(problem!.text).toMatch(words);
    expect(problem!.remedy.length).toBeGreaterThan(20);
    tested.add(rule);
  });

  it('is told with the very line that Linux prints', () => {
    const [problem] = broken([element(29), 300, 4]);
    expect(problem!.consequence).toContain('"virtio_rpmsg_bus virtio0: input:id 300 out of range"');
    expect(broken([buffer + 12, 100, 2])[0]!.consequence).toContain('"virtio_rpmsg_bus virtio0: inbound msg too big: (28, 100)"');
  });

  it('is named the same whenever somebody asks', () => {
    const ids = [1, 2].map(() => broken([row(100) + 8, 0, 4])[0]!.id);
    expect(ids[0]).toBe(ids[1]);
    expect(broken([row(101) + 8, 0, 4])[0]!.id).not.toBe(ids[0]);
  });

  it('in the resource table is found, too', () => {
    const table = ringPlaces(machine)[0]!.vdev!.addressInTable!;
    const vring0 = table + 24;
    for (const [rule, at, value, words] of [
      ['ring-address-differs', 0, 0x5510_0000, /tells the core that vring0 is at 0x55100000, and Linux has it at 0x55000000/],
      ['table-ring-changed', 4, 16, /says alignment 0x10 of vring0, and Linux goes by 0x1000/],
      ['table-ring-changed', 8, 128, /says size 0x80 of vring0/],
      ['notify-id-changed', 12, 7, /says notify id 0x7 of vring0, and Linux goes by 0x0/],
    ] as const) {
      const problems = broken([vring0 + at, value, 4]);
      expect(problems.map((problem) => [problem.rule, problem.address])).toEqual([[rule, vring0 + at]]);
      expect(problems[0]!.text).toMatch(words);
      tested.add(rule);
    }
  });
});

describe('where a ring lies', () => {
  const broken = (change: (ring: RingState) => Partial<RingState>): readonly string[] => {
    const ring = rings()[0]!;
    const found = breaches({ ...ring, ...change(ring) }).map(({ rule }) => rule.name);
    for (const name of found) tested.add(name);
    return found;
  };
  /** The core's view without what is in Linux's at `from`. */
  const without = (from: number, size: number) => (ring: RingState) => {
    const coreView = new AddressSpace('m7');
    const { ram, ramOffset, base, size: all } = ring.coreView.find(from)!;
    if (from > base) coreView.mapRam(base, ram!, ramOffset, from - base);
    const behind = from + size;
    if (behind < base + all) coreView.mapRam(behind, ram!, ramOffset + behind - base, base + all - behind);
    return { coreView };
  };

  it('is at a multiple of its alignment', () =>
    expect(broken(() => ({ align: 0x1_0000_0000, vdev: undefined, rproc: undefined }))).toEqual(['ring-misaligned']));

  it('is where the core sees it', () => {
    expect(broken(without(0x5500_0000, 0x1000))).toEqual(['ring-unmapped', 'ring-address-differs']);
    expect(broken(without(0x5543_0000, 0x1_0000))).toEqual(['buffers-unmapped']);
  });

  it('is apart from the other ring, the buffers, carve-outs and the firmware', () => {
    expect(broken(({ desc }) => ({ end: desc + 0x9000 }))).toEqual(['ring-overlaps-ring']);
    expect(broken(({ desc, buffers }) => ({ buffers: { ...buffers, base: desc } }))).toEqual(['ring-overlaps-buffers']);
    const { carveouts } = machine.linux!.remoteprocs[0]!.rproc;
    carveouts.push({ name: 'log', va: 0x5500_2000, dma: 0, da: 0, len: 0x100, rscOffset: 0, flags: 0 });
    expect(broken(() => ({}))).toEqual(['ring-overlaps-carve-out']);
    carveouts.pop();
    // A core that sees the ring where the firmware is linked to.
    const code = (ring: RingState) => {
      const coreView = new AddressSpace('m7');
      const { region } = ramAt(ring.linuxView, ring.desc)!;
      for (const each of ring.coreView.regions)
        if (each.ram && each.base > 0) coreView.mapRam(each.base, each.ram, each.ramOffset, each.size);
      coreView.mapRam(0, region.ram!, region.ramOffset + ring.desc - region.base, 0x2_0000);
      return { coreView };
    };
    expect(broken(code)).toEqual(expect.arrayContaining(['ring-overlaps-code']));
    expect(new Set(broken(code)).size).toBe(1);
  });
});

describe('what should have happened', () => {
  const names = (context: Parameters<typeof vringProblems>[0]): readonly string[] => {
    const found = vringProblems(context).map(({ problem }) => problem.rule);
    for (const name of found) tested.add(name);
    return found;
  };

  it('a doorbell that is lost is missed once the core sleeps', () => {
    const other = machineOf('imx8mp_rpmsg');
    runToDoorbell(other, 20);
    const context = contextOf(other, { observations: new ObservedSince() });
    expect(names(context)).toEqual([]);
    other.units[0]!.unit.interposer = ({ side }) => (side === 'B' ? 'lost' : 'arrives');
    runToDoorbell(other, 1);
    expect(names(context)).toEqual([]);
    other.run(other.scheduler.now + 50 * MS);
    expect(other.core.asleep).toBe(true);
    expect(names(context)).toEqual(['not-kicked']);
    expect(vringProblems(context)[0]!.problem.text).toBe(
      '1 buffer returned (used.idx 21), of which Linux was not told: no doorbell is on its way and the core sleeps',
    );
    // Nothing would ever happen again.
    other.scheduler.advanceTo(other.scheduler.now + 200 * MS);
    expect(vringProblems(context)[0]!.problem.text).toContain('for 0.2 s now');
    other.dispose();
  });

  it('a buffer that Linux keeps, since the message in it was too big', () => {
    const other = machineOf('imx8mp_rpmsg');
    runToDoorbell(other, 20);
    other.view('linux').write(0x5540_0000 + 19 * 512 + 12, 100, 2);
    other.run(other.scheduler.now + 20 * MS);
    expect(names(contextOf(other))).toEqual(['buffer-lost']);
    expect(other.kernel!.log.at(-1)!.text).toContain('inbound msg too big: (28, 100)');
    expect(vringProblems(contextOf(other))[0]!.problem).toMatchObject({ descriptor: 19, address: 0x5540_260c, size: 2 });
    other.dispose();
  });

  it('a doorbell that nobody reads', () => {
    const other = machineOf('imx8mp_bad_table');
    runTo(other, ({ type }) => type === 'mu');
    const context = contextOf(other, { observations: new ObservedSince() });
    expect(names(context)).toEqual([]);
    other.run(other.scheduler.now + 120 * MS);
    expect(names(context)).toEqual(['doorbell-unread']);
    expect(vringProblems(context)[0]!.problem.text).toBe('a doorbell on channel 1 of MU1 has not been read by m7 for 0.1 s');
    // What is said to come of it has come.
    expect(other.kernel!.log.map(({ text }) => text)).toContainEqual(expect.stringContaining('imx_rproc_kick: failed (0, err:-62)'));
    other.dispose();
  });

  it('buffers that do not come back', () => {
    const other = machineOf('imx8mp_leak');
    const context = contextOf(other, { observations: new ObservedSince() });
    runToDoorbell(other, 40);
    // Linux takes one doorbell late.
    const [{ unit }] = other.units as [(typeof other.units)[number]];
    const late: Doorbell[] = [];
    unit.interposer = (doorbell) => (doorbell.side === 'B' && late.push(doorbell) === 1 ? 'stays' : 'arrives');
    other.run(other.scheduler.now + MS);
    unit.deliver(late[0]!);
    for (let n = 0; n < 20; n++) {
      other.run(other.scheduler.now + 50 * MS);
      if (names(context).length > 0) break;
    }
    expect(names(context)).toEqual(['buffers-not-returned']);
    expect(vringProblems(context)[0]!.problem.text).toMatch(/the core has 256 of 256 buffers and has returned none for 0\.\d s/);
    other.dispose();
  });
});

it('every rule was broken by a test', () => {
  expect([...tested].sort()).toEqual(RING_RULES.map(({ name }) => name).sort());
});

it('docs/vring-rules.md has every rule as it is', () => {
  const page = readFileSync('docs/vring-rules.md', 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows).toEqual(RING_RULES.map(({ name, consequence, remedy }) => `| \`${name}\` | ${consequence} | ${remedy} |`));
});
