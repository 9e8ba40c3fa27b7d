/**
 * N_TTY against the one of a real kernel: what a pseudo terminal of Linux 6.18 did with random settings (echo, line editing, UTF-8, output
 * processing, VMIN) and random bytes, step by step: what came out, what reads gave, what TIOCINQ said.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { KernelCode } from '../../src/linux/kernel.ts';
import { NTty } from '../../src/virtio/n-tty.ts';
import { decodeTermios, encodeTermios, type Termios, TTY_STD_TERMIOS } from '../../src/virtio/termios.ts';
import { createWorld } from './ring-fixture.ts';

/** c_iflag, c_oflag, c_lflag. */
type Flags = readonly [number, number, number];
/** Typed, read, written or set; what a read or write gave; what came out; TIOCINQ. */
type Step =
  | readonly ['t', string, 0, string, number]
  | readonly ['r', number, string | number, string, number]
  | readonly ['w', string, number, string, number]
  | readonly ['s', Flags, 0, string, number];

const RECORDED = readFileSync(new URL('n-tty-recorded.jsonl', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as [Flags, string, Step[]]);

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const hex = (data: Iterable<number>) => Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');

function settings([iflag, oflag, lflag]: Flags, cc: string): Termios {
  const struct = encodeTermios(TTY_STD_TERMIOS);
  const view = new DataView(struct.buffer);
  for (const [at, word] of [
    [0, iflag],
    [4, oflag],
    [12, lflag],
  ] as const)
    view.setUint32(at, word, true);
  struct.set(bytes(cc), 17);
  return decodeTermios(struct);
}

test.each(RECORDED.map(([first, cc, steps], i) => [i, first, cc, steps] as const))('recording %i', (_i, first, cc, steps) => {
  const { run } = createWorld();
  const out: number[] = [];
  const termios = settings(first, cc);
  const ops = {
    *write(data: Uint8Array): KernelCode<number> {
      out.push(...data);
      return data.length;
    },
    writeRoom: () => 8192,
  };
  const ldisc = new NTty('tty', ops, termios, () => {});

  function take(step: Step): string | number {
    if (step[0] === 't') {
      run(ldisc.receiveBuf(bytes(step[1])), 0.001);
      return 0;
    }
    if (step[0] === 'w') return run(ldisc.write(bytes(step[1])), 0.001)!;
    if (step[0] === 'r') {
      const data = run(ldisc.read({ nonblocking: true, hungUp: false, now: () => 0 }, step[1]), 0.001)!;
      return typeof data === 'number' ? data : hex(data);
    }
    const { icanon } = termios;
    Object.assign(termios, settings(step[1], cc));
    ldisc.modeChanged(icanon);
    return 0;
  }

  const done = steps.map((step) => {
    const result = take(step);
    return [step[0], step[1], result, hex(out.splice(0)), ldisc.inputQueued];
  });
  expect(done).toEqual(steps);
});
