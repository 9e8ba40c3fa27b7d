/**
 * A hundred thousand mutated blobs, overlays and sources, and Linux booted with hundreds of mutated trees: nothing is thrown but
 * DeviceTreeError, nothing hangs. IMX_SIM_SEED repeats a run.
 */
import { describe, expect, it } from 'vitest';
import { builtInSource, builtInTree } from '../../src/devicetree/built-in-tree.ts';
import { applyOverlay } from '../../src/devicetree/overlay.ts';
import { parseDtb } from '../../src/devicetree/parse-dtb.ts';
import { parseDts } from '../../src/devicetree/parse-dts.ts';
import type { DeviceTree, DeviceTreeNode } from '../../src/devicetree/tree.ts';
import { writeDtb } from '../../src/devicetree/write-dtb.ts';
import { writeDts } from '../../src/devicetree/write-dts.ts';
import { DeviceTreeError } from '../../src/errors.ts';
import { lintTree } from '../../src/linux/tree-lint.ts';
import { IMX8MP } from '../../src/soc/imx8mp.ts';
import { createBoard, rpmsgElf } from '../linux/board-fixture.ts';
import { BLOBS, hexOf } from './dtc.ts';
import { BASE, LANGUAGE, OVERLAY } from './samples.ts';

const SEED = Number(process.env['IMX_SIM_SEED'] ?? 20_261_121);

/** A generator of numbers below a limit. */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Words that hurt. */
const EVIL = [0, 1, 2, 3, 4, 9, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fff0, 0x10_0000];

function mutateBytes(blob: Uint8Array, next: (below: number) => number): Uint8Array {
  let bytes = blob.slice();
  for (let count = 1 + next(4); count > 0; count--) {
    const at = next(bytes.length);
    const word = at & ~3;
    switch (next(6)) {
      case 0:
        bytes[at] = next(256);
        break;
      case 1:
        bytes[at]! ^= 1 << next(8);
        break;
      case 2:
        if (word + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(word, EVIL[next(EVIL.length)]!);
        break;
      case 3:
        bytes.copyWithin(at, next(bytes.length), next(bytes.length));
        break;
      case 4:
        // A word of the structure block becomes a token.
        if (word + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(word, 1 + next(4));
        break;
      default:
        if (next(8) === 0) bytes = bytes.slice(0, next(bytes.length) + 1);
    }
  }
  return bytes;
}

function mutateText(text: string, next: (below: number) => number): string {
  const pieces = [
    '{',
    '}',
    '<',
    '>',
    ';',
    '&',
    '/',
    '(',
    ')',
    '"',
    '[',
    ']',
    '=',
    ',',
    ':',
    '/delete-node/',
    '/bits/ 64',
    '0x',
    '&mu',
    '@',
    "'",
    '\\',
  ];
  let result = text;
  for (let count = 1 + next(3); count > 0; count--) {
    const at = next(result.length);
    const length = next(4) === 0 ? next(40) : next(3);
    const piece = next(2) === 0 ? pieces[next(pieces.length)]! : result.slice(next(result.length)).slice(0, next(60));
    result = result.slice(0, at) + piece + result.slice(at + length);
  }
  return result;
}

/** What `action` gives, or undefined when it was refused; anything else that is thrown fails the test with the input. */
function attempt<T>(action: () => T, input: () => string): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof DeviceTreeError) {
      expect(error.code).toMatch(/^E_DT[BS]/);
      expect(error.remedy).not.toBe('');
      return undefined;
    }
    throw new Error(`seed ${SEED}: ${error} for ${input()}`, { cause: error });
  }
}

describe(`mutations, IMX_SIM_SEED=${SEED}`, () => {
  it('of 100,000 blobs and overlays are read or refused, and what is read is written back', () => {
    const next = random(SEED);
    const blobs = Object.values(BLOBS);
    const base = parseDtb(BLOBS.base);
    let read = 0;
    let merged = 0;
    for (let round = 0; round < 100_000; round++) {
      const bytes = mutateBytes(blobs[next(blobs.length)]!, next);
      const tree = attempt(
        () => parseDtb(bytes),
        () => hexOf(bytes),
      );
      if (!tree) continue;
      read++;
      if (round % 16 === 0) expect(writeDts(parseDtb(writeDtb(tree)))).toBe(writeDts(tree));
      const result = attempt(
        () => applyOverlay(base, tree),
        () => hexOf(bytes),
      );
      if (result) merged++;
      if (result && round % 16 === 0) expect(writeDts(parseDtb(writeDtb(result)))).toBe(writeDts(result));
    }
    expect(read).toBeGreaterThan(10_000);
    expect(merged).toBeGreaterThan(500);
  }, 120_000);

  it('of 20,000 sources are read or refused', () => {
    const next = random(SEED + 1);
    const texts = [LANGUAGE, BASE, OVERLAY];
    let read = 0;
    for (let round = 0; round < 20_000; round++) {
      const text = mutateText(texts[next(texts.length)]!, next);
      const symbols = next(2) === 0;
      const tree = attempt(
        () => parseDts(text, { symbols }),
        () => text,
      );
      if (!tree) continue;
      read++;
      expect(hexOf(writeDtb(parseDtb(writeDtb(tree))))).toBe(hexOf(writeDtb(tree)));
    }
    expect(read).toBeGreaterThan(500);
  }, 120_000);

  it('of 300 trees: findings are made of them, and Linux boots with them and starts the core, or says why not', () => {
    const next = random(SEED + 2);
    const elf = rpmsgElf();
    const states = new Set<string | undefined>();
    for (let round = 0; round < 300; round++) {
      const mutate = (tree: DeviceTree): void => {
        for (let count = 1 + next(3); count > 0; count--) mutateTree(tree, next);
      };
      const whole = builtInTree(IMX8MP, IMX8MP.boards[0]!);
      mutate(whole);
      lintTree(whole, IMX8MP, IMX8MP.boards[0]!);
      const board = createBoard({ autostart: elf, change: mutate });
      board.settle(0.5);
      states.add(board.linux.remoteproc('m7')?.state);
      expect(() => board.linux.waitingFor()).not.toThrow();
    }
    expect([...states]).toEqual(expect.arrayContaining(['running', 'offline', undefined]));
  }, 120_000);

  it('of 2,000 sources of the built-in tree: findings are made of all that compile', () => {
    const next = random(SEED + 3);
    const [board] = IMX8MP.boards;
    const text = builtInSource(IMX8MP, board!);
    // The end, where reserved memory and the remoteproc are, and the beginning with the cells.
    let linted = 0;
    for (let round = 0; round < 2000; round++) {
      const mutated = mutateText(text, next);
      const tree = attempt(
        () => parseDts(mutated, { symbols: true }),
        () => mutated,
      );
      if (!tree) continue;
      linted += lintTree(tree, IMX8MP, board!).length;
    }
    expect(linted).toBeGreaterThan(0);
  }, 120_000);
});

/** Changes a node that Linux looks at: a property is gone, cut, longer or has other words in it. */
function mutateTree(tree: DeviceTree, next: (below: number) => number): void {
  const wanted = /reserved-memory|mailbox|cm7|interrupt|^\/$|soc|memory/;
  const nodes: DeviceTreeNode[] = [...tree.root.walk()].filter(({ path }) => wanted.test(path));
  const node = nodes[next(nodes.length)]!;
  const names = [...node.properties.keys()];
  const name = names[next(names.length)] ?? 'reg';
  const value = node.bytes(name) ?? new Uint8Array(4);
  switch (next(7)) {
    case 0:
      node.delete(name);
      break;
    case 1:
      node.set(name, value.slice(0, next(value.length + 1)));
      break;
    case 2:
      node.set(name, new Uint8Array([...value, ...value]));
      break;
    case 3:
      node.set(name, mutateBytes(value.length > 0 ? value : new Uint8Array(4), next));
      break;
    case 4:
      node.set(
        name,
        Array.from({ length: 1 + next(8) }, () => EVIL[next(EVIL.length)]!),
      );
      break;
    case 5:
      node.set('status', ['okay', 'disabled', '', 'fail'][next(4)]!);
      break;
    default:
      node.parent?.remove(node.name);
  }
}
