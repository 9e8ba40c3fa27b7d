/** The image that spoils its rings: what the inspector says of each way, and what dmesg has of it. */
import { describe, expect, it } from 'vitest';
import { ObservedSince } from '../../../src/view/inspect/context.ts';
import { inspectVring, vringProblems } from '../../../src/view/inspect/vrings.ts';
import { contextOf, MS, machineOf, runTo } from './support.ts';

/** A machine whose firmware was told to make a mistake, when nothing happens any more. */
function spoilt(word: string) {
  const machine = machineOf('imx8mp_bad_ring');
  runTo(machine, (event) => event.type === 'dmesg' && event.text.includes('goodbye!'));
  // The first mistake would be told, too: Linux uses that descriptor again before long.
  const row = 0x5500_0000 + 16 * 200;
  machine.view('linux').write(row, 0x5541_9000, 4);
  expect(vringProblems(contextOf(machine))).toEqual([]);
  machine.send('ttyRPMSG0', new TextEncoder().encode(`${word}\n`));
  machine.run(machine.scheduler.now + 50 * MS);
  const context = contextOf(machine, { observations: new ObservedSince() });
  const problems = vringProblems(context).map(({ problem }) => problem);
  const ring = inspectVring(context, 'virtio0', 0);
  const dmesg = machine.kernel!.log.map(({ text }) => text);
  machine.dispose();
  return { problems, ring, dmesg };
}

describe('imx8mp_bad_ring', () => {
  it('writes an address of its own into a descriptor, which nobody but the inspector notices', () => {
    const machine = machineOf('imx8mp_bad_ring');
    runTo(machine, (event) => event.type === 'dmesg' && event.text.includes('goodbye!'));
    const [found, ...others] = vringProblems(contextOf(machine));
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      ring: 'virtio0 vring0',
      problem: { rule: 'descriptor-unmapped', address: 0x5500_0c80, size: 8, descriptor: 200 },
    });
    expect(found!.problem.text).toMatch(/descriptor 200 points to 0x2000[0-9a-f]{4}, where Linux wrote 0x55419000/);
    machine.dispose();
  });

  /** What is written to the tty, the rules that are broken then, what Linux prints. */
  it.each([
    ['id', 'used-id-out-of-range', /input:id 300 out of range/],
    ['foreign', 'used-ahead-of-avail', undefined],
    ['length', 'used-length-beyond-buffer buffer-lost', /inbound msg too big: \(600, 6\)/],
    ['header', 'buffer-lost', /inbound msg too big: \(22, 100\)/],
    ['kick', 'not-kicked', undefined],
  ] as const)('%s', (word, rule, line) => {
    const { problems, ring, dmesg } = spoilt(word);
    expect(problems.map((problem) => problem.rule).join(' ')).toBe(rule);
    if (line) expect(dmesg.some((text) => line.test(text))).toBe(true);
    expect(ring.linux!.broken ?? false).toBe(word === 'id');
  });
});
