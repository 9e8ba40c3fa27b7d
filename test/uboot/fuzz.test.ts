/**
 * Hostile input: whatever is typed, U-Boot answers, resets, or still works when the time is over; nothing is thrown, nothing hangs.
 */
import { describe, expect, it } from 'vitest';
import { HostMemoryExhausted } from '../../src/errors.ts';
import { parseHush } from '../../src/uboot/hush-parser.ts';
import { TestBoot } from './support.ts';

/** A generator of numbers with a stated seed. */
function randomSource(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const PIECES = [
  'if ',
  'then ',
  'else ',
  'elif ',
  'fi; ',
  'for i in ',
  'do ',
  'done; ',
  'while true; ',
  'until false; ',
  ' && ',
  ' || ',
  '; ',
  '\n',
  '"',
  "'",
  '\\',
  '${',
  '}',
  '$',
  '#',
  '&',
  '|',
  'echo ',
  'setenv a ',
  'run a ',
  'md ',
  'md.b ',
  'mw.q ',
  'cp.b ',
  'cmp ',
  'crc32 ',
  'fdt addr 43000000 ',
  'fdt print ',
  'fdt set / ',
  'fdt rm ',
  'fdt mknode / ',
  'fdt apply ',
  'fdt resize ',
  'fdt get value x / ',
  'fatload mmc 1:1 ',
  'ls mmc 1:',
  'mmc dev ',
  'mmc part',
  'bootaux ',
  'booti ',
  'source ',
  'setexpr x ',
  'test ',
  'itest.s ',
  'env export -t ',
  'env default -a ',
  'sleep 0.01 ',
  'printenv ',
  'help ',
  '40000000 ',
  '43000000 ',
  '7e0000 ',
  'ffffffffffffffff ',
  '-1 ',
  '10 ',
  '100000 ',
  'Image ',
  '/soc ',
  '<1 2> ',
  '[00] ',
  '\u0000',
  '\u00ff',
  '\u001b',
];

describe('random lines', () => {
  it.each([1, 2, 3, 4])('seed %i', (seed) => {
    const random = randomSource(seed);
    let boot = new TestBoot();
    boot.useTree(0x4300_0000);
    for (let round = 0; round < 250; round++) {
      if (boot.uboot.state === 'left') {
        boot = new TestBoot();
        boot.useTree(0x4300_0000);
      }
      const line = Array.from({ length: 1 + random(14) }, () => PIECES[random(PIECES.length)]!).join('');
      try {
        if (random(2)) {
          boot.run(line, 0.5);
          boot.uboot.type(new Uint8Array([3]));
          boot.until(() => false, 0.5);
        } else {
          boot.uboot.type(Uint8Array.from(`${line}\r`, (character) => character.charCodeAt(0) & 0xff));
          boot.until(() => false, 0.5);
          boot.uboot.type(new Uint8Array([3]));
          boot.until(() => false, 0.5);
        }
      } catch (error) {
        // A fill of gigabytes ends a machine's run with this; it is the caller's to give more.
        if (!(error instanceof HostMemoryExhausted))
          throw new Error(`seed ${seed}, round ${round}: ${JSON.stringify(line)}`, { cause: error });
        boot = new TestBoot();
        boot.useTree(0x4300_0000);
      }
      boot.take();
    }
    expect(['busy', 'prompt', 'left']).toContain(boot.uboot.state);
  });

  it('random bytes at the keyboard', () => {
    const random = randomSource(5);
    const boot = new TestBoot();
    for (let round = 0; round < 200; round++) {
      boot.uboot.type(Uint8Array.from({ length: random(200) }, () => random(256)));
      boot.until(() => false, 0.2);
    }
    boot.uboot.type(new Uint8Array([3]));
    boot.until(() => boot.uboot.state !== 'busy', 60);
    expect(boot.uboot.state).toBe('prompt');
  });

  it('damaged trees', () => {
    const random = randomSource(6);
    const boot = new TestBoot();
    for (let round = 0; round < 300; round++) {
      boot.useTree(0x4300_0000, undefined, 0x400);
      for (let flips = 0; flips < 3; flips++) boot.view.write(0x4300_0000 + random(700), random(256), 1);
      const lines = [
        'fdt print',
        'fdt set / a b',
        'fdt rm /soc',
        'fdt apply 43000000',
        'fdt header',
        'fdt resize 100',
        'fdt memory 0 1',
        'fdt addr 43000000 800',
      ];
      boot.run(lines[random(lines.length)]!);
      expect(boot.uboot.state).not.toBe('left');
    }
  });
});

describe('what would never end', () => {
  it.each([
    'while true; do true; done',
    'until false; do echo x; done',
    'while true; do ; done',
    "setenv a 'while true; do run b; done'; setenv b true; run a",
    'while :; do echo; done; while true; do setexpr x 1 + 1; done',
    'md 40000000 ffffffffffffffff',
    'cmp 40000000 40000000 ffffffffffffffff',
    'sleep 99999999999999999999',
  ])('%s', (line) => {
    const boot = new TestBoot();
    boot.uboot.type(new TextEncoder().encode(`${line}\r`));
    boot.until(() => false, 1);
    boot.uboot.type(new Uint8Array([3]));
    expect(boot.until(() => boot.uboot.state === 'prompt', 5)).toBe(true);
  });

  it('a variable that doubles', () => {
    const boot = new TestBoot();
    const text = boot.say(`setenv a ${'x'.repeat(100)}; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18; do setenv a $a$a; done`);
    expect(text).toMatch(/## Can't malloc \d+ bytes\n/);
  });

  it('deep nesting', () => {
    expect(parseHush('if true; then '.repeat(50_000))).toEqual({ kind: 'syntax' });
    expect(parseHush('if '.repeat(50_000))).toEqual({ kind: 'syntax' });
    expect(parseHush("'".repeat(100_001))).toEqual({ kind: 'incomplete' });
    const nested = `${'if true; then '.repeat(60)}echo deep; ${'fi; '.repeat(60)}`;
    expect(new TestBoot().say(nested)).toBe('deep\n');
  });
});
