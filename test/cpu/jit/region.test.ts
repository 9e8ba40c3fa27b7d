/** What is translated together: small Thumb programs and the blocks that are found in them. */
import { describe, expect, it } from 'vitest';
import type { CodePages } from '../../../src/cpu/interpreter/code-pages.ts';
import { interpreterFactory } from '../../../src/cpu/interpreter/index.ts';
import type { Interpreter } from '../../../src/cpu/interpreter/interpreter.ts';
import { structure } from '../../../src/cpu/jit/control-flow.ts';
import { type Block, edges, formRegion, type Region } from '../../../src/cpu/jit/region.ts';
import { type BareCore, bareCore } from '../../differential/bare-core.ts';
import { ThumbPrograms } from '../../support/thumb.ts';

const programs = new ThumbPrograms(
  'jit-regions',
  (source) => `.syntax unified
.cpu cortex-m7
.fpu fpv5-d16
.thumb
start:
${source}
.balign 4`,
);

/** A region, and the addresses of labels. */
interface Formed {
  readonly region: Region;
  readonly symbols: Readonly<Record<string, number>>;
}

interface Options {
  /** Where the program stands. */
  readonly at?: number;
  readonly limit?: number;
  /** Labels of instructions that the interpreter is to execute. */
  readonly refused?: readonly string[];
}

const { create } = interpreterFactory;

function codeOf({ engine }: BareCore): CodePages {
  return (engine as Interpreter).code;
}

function formed(source: string, { at = 0x1000, limit = 800, refused = [] }: Options = {}): Formed {
  const { code, symbols: offsets } = programs.get(source);
  const core = bareCore(create);
  core.program(at, ...new Uint16Array(code.buffer, code.byteOffset, code.length >> 1));
  const symbols = Object.fromEntries(Object.entries(offsets).map(([name, offset]) => [name, at + offset]));
  const region = formRegion(codeOf(core), () => 0, at, new Set(refused.map((name) => symbols[name]!)), limit);
  core.dispose();
  return { region: region!, symbols };
}

/** The block of the region's own code at an address. */
function at({ blocks }: Region, pc: number, copy = 0): Block {
  return blocks.find((block) => block.pc === pc && block.context.id === copy)!;
}

const names = ({ steps }: Block): string[] => steps.map(({ name }) => name);
const exits = ({ end }: Block): number[] => edges(end).flatMap((edge) => ('block' in edge ? [] : [edge.exit]));
const inside = ({ end }: Block): Block[] => edges(end).flatMap((edge) => ('block' in edge ? [edge.block] : []));

describe('blocks', () => {
  const LOOP = `
  movs r0, #10
head:
  adds r1, r0
  cbz r1, out
  subs r0, #1
  bne head
out:
  svc 0
after:
  bx lr`;

  it('are split where something jumps into the middle', () => {
    const { region, symbols } = formed(LOOP);
    expect(region.blocks[0]!.pc).toBe(symbols['start']);
    expect(inside(region.blocks[0]!)).toEqual([at(region, symbols['head']!)]);
    expect(at(region, symbols['head']!).end).toMatchObject({ kind: 'compare', register: 1, nonZero: false });
    expect(region.instructions).toBe(region.blocks.reduce((sum, { steps }) => sum + steps.length, 0));
    expect(region.instructions).toBe(6);
  });

  it('end where the interpreter has to stop, and nothing follows', () => {
    const { region, symbols } = formed(LOOP);
    const out = at(region, symbols['out']!);
    expect([names(out), out.end]).toEqual([['SVC()'], { kind: 'interpret', next: undefined }]);
    expect(at(region, symbols['after']!)).toBeUndefined();
  });

  it('guard every byte of code once, and no other', () => {
    const { region, symbols } = formed(LOOP);
    const bytes = region.guards
      .flatMap(({ arena, length }) => Array.from({ length }, (_, i) => (arena & 0xfff) + i))
      .toSorted((a, b) => a - b);
    expect(bytes).toEqual(Array.from({ length: symbols['after']! - symbols['start']! }, (_, i) => i));
    expect(region.pages).toHaveLength(1);
  });

  it('leave to the interpreter what is refused', () => {
    const { region } = formed(LOOP, { refused: ['head'] });
    expect(region.blocks.map(names)).toEqual([['MOVS_I', 'ADDS_R']]);
    expect(region.blocks[0]!.end).toEqual({ kind: 'interpret', next: undefined });
  });

  it('do not exist where there is no memory to fetch from', () => {
    const core = bareCore(create);
    expect(formRegion(codeOf(core), () => 0, 0x5000_0000, new Set(), 100)).toBeUndefined();
    core.dispose();
  });

  it('have an instruction in two pages guarded in both', () => {
    const source = '  movs r0, #1\n  movw r1, #0x1234\n  bx lr';
    const { region } = formed(source, { at: 0x1ffc });
    expect(region.instructions).toBe(3);
    expect(region.pages.map(({ virtual }) => virtual).toSorted()).toEqual([1, 2]);
    const guarded = region.guards.map(({ arena, length }) => [arena & 0xfff, length]);
    expect(guarded.toSorted()).toEqual(
      [
        [0, 2],
        [2, 2],
        [0xffc, 2],
        [0xffe, 2],
      ].toSorted(),
    );
    expect(formed(source, { at: 0x1ff8 }).region.pages.map(({ virtual }) => virtual)).toEqual([1]);
  });
});

describe('the limit', () => {
  const LONG = `${'  adds r0, #1\n'.repeat(40)}  bx lr`;

  it('cuts straight code, which goes on outside', () => {
    const { region, symbols } = formed(LONG, { limit: 10 });
    expect(region.instructions).toBe(10);
    expect(exits(region.blocks[0]!)).toEqual([symbols['start']! + 20]);
  });

  it('never cuts inside an IT block', () => {
    const source = `  movs r1, #0\n  movs r2, #0\n  cmp r0, #1\n  itttt eq\n  addeq r0, #1\n  addeq r1, #1\n  addeq r2, #1\n  addeq r3, #1\n  bx lr`;
    const limits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((limit) => formed(source, { limit }).region);
    expect(limits.map(({ instructions }) => instructions)).toEqual([1, 2, 3, 3, 3, 3, 3, 8, 9]);
    for (const { blocks } of limits.slice(0, 7)) expect(blocks[0]!.steps.at(-1)!.itNext).toBe(0);
    expect(exits(limits[5]!.blocks[0]!)).toEqual([0x1006]);
  });
});

describe('IT blocks', () => {
  it('give steps their conditions, and state before and behind', () => {
    const { region } = formed('  cmp r0, #0\n  ite ge\n  movge r1, #1\n  movlt r1, #2\n  bx lr');
    const steps = region.blocks.flatMap((block) => block.steps);
    expect(steps.map(({ condition }) => condition)).toEqual([-1, -1, 10, 11, -1]);
    expect(steps.map(({ it }) => it !== 0)).toEqual([false, false, true, true, false]);
    expect(steps.map(({ itNext }) => itNext !== 0)).toEqual([false, true, true, false, false]);
  });

  it('may end in a branch that is conditional by them', () => {
    const { region, symbols } = formed('  cmp r0, #0\n  it eq\n  beq.w far\n  movs r1, #1\nfar:\n  bx lr');
    expect(inside(region.blocks[0]!).map(({ pc }) => pc)).toContain(symbols['far']);
    const { region: returns } = formed('  cmp r0, #0\n  it eq\n  bxeq lr\n  movs r1, #1\n  bx lr');
    expect(returns.blocks[0]!.end).toMatchObject({ kind: 'dynamic', expected: -1, next: { block: { pc: 0x1006 } } });
  });
});

describe('calls', () => {
  const LEAF = `
  movs r0, #1
  bl leaf
back:
  adds r0, #2
  bl leaf
  svc 0
leaf:
  adds r1, r0
  cbz r1, skip
  adds r1, #1
skip:
  bx lr`;

  it('of small leaf functions are copied, each with its way back', () => {
    const { region, symbols } = formed(LEAF);
    const copies = region.blocks.filter(({ pc }) => pc === symbols['leaf']);
    expect(copies.map(({ context }) => context.id).toSorted()).toEqual([1, 2]);
    expect(copies.map(({ context }) => context.returns)).toEqual([symbols['back'], symbols['back']! + 6]);
    const ends = region.blocks.filter(({ end }) => end.kind === 'dynamic').map(({ end }) => end);
    for (const end of ends) expect(end).toMatchObject({ back: { block: { context: { id: 0 } } } });
    expect(ends).toHaveLength(2);
    expect(region.blocks.some(({ end }) => end.kind === 'call')).toBe(false);
  });

  it('are calls when the callee is big, calls others, does not return, or calls itself', () => {
    const callees = {
      big: `${'  adds r1, #1\n'.repeat(60)}  bx lr`,
      caller: '  push {lr}\n  bl other\n  pop {pc}\nother:\n  bx lr',
      endless: '  b callee',
      system: '  cpsid i\n  bx lr',
      computed: '  mov pc, r3',
    };
    for (const [name, body] of Object.entries(callees)) {
      const { region, symbols } = formed(`  bl callee\n  svc 0\ncallee:\n${body}`);
      expect(region.blocks[0]!.end, name).toMatchObject({ kind: 'call', condition: -1, target: symbols['callee'], returns: 0x1004 });
      expect(
        region.blocks.every(({ context }) => context.id === 0),
        name,
      ).toBe(true);
    }
    const itself = formed('callee:\n  bl start\n  svc 0');
    expect(itself.region.blocks[0]!.end).toMatchObject({ kind: 'call', target: 0x1000 });
  });

  it('that save LR on the stack and return by POP are copied, too', () => {
    const { region } = formed('  bl callee\n  svc 0\ncallee:\n  push {r4, lr}\n  movs r4, #1\n  pop {r4, pc}');
    const last = region.blocks.find(({ context, end }) => context.id === 1 && end.kind === 'dynamic')!;
    expect(last.end).toMatchObject({ expected: 0x1004, back: { block: { pc: 0x1004 } } });
  });

  it('by register, and those in IT blocks, are never copied', () => {
    const { region } = formed('  blx r3\n  cmp r0, #0\n  it eq\n  bleq callee\n  svc 0\ncallee:\n  bx lr');
    expect(region.blocks.map(({ end }) => end.kind)).toEqual(expect.arrayContaining(['call-register', 'call', 'interpret']));
    const call = region.blocks.find(({ end }) => end.kind === 'call')!.end;
    expect(call).toMatchObject({ condition: 0 });
    // Whether it is made or not, what follows is the same.
    expect(edges(call)).toHaveLength(2);
  });

  it('return outside from code that was not called here', () => {
    const { region } = formed('  adds r0, #1\n  bx lr');
    expect(region.blocks[0]!.end).toEqual({ kind: 'dynamic', expected: -1, back: undefined, next: undefined });
  });
});

describe('branch tables', () => {
  const table = (compare: string, jump: string, entries: string): string => `
  ${compare}
  bhi out
  ${jump}
table:
  ${entries}
one:
  adds r1, #1
two:
  adds r1, #2
out:
  bx lr`;

  it('whose index was compared before are taken in, their bytes guarded', () => {
    const source = table('cmp r0, #2', 'tbb [pc, r0]', '.byte (one - table) / 2, (two - table) / 2, (one - table) / 2, 0');
    const { region, symbols } = formed(source);
    const dispatcher = region.blocks.find(({ end }) => end.kind === 'table')!;
    expect(dispatcher.end).toMatchObject({ index: 0 });
    expect(inside(dispatcher).map(({ pc }) => pc)).toEqual([symbols['one'], symbols['two'], symbols['one']]);
    expect(region.guards.map(({ arena, length }) => [arena & 0xfff, length])).toContainEqual([symbols['table']! & 0xfff, 3]);
  });

  it('of halfwords, too', () => {
    const source = table('cmp r0, #1', 'tbh [pc, r0, lsl #1]', '.hword (one - table) / 2, (two - table) / 2');
    const { region, symbols } = formed(source);
    expect(inside(region.blocks.find(({ end }) => end.kind === 'table')!).map(({ pc }) => pc)).toEqual([symbols['one'], symbols['two']]);
    expect(region.guards.map(({ arena, length }) => [arena & 0xfff, length])).toContainEqual([symbols['table']! & 0xfff, 4]);
  });

  it.each([
    ['is unknown', table('cmp r2, #2', 'tbb [pc, r0]', '.byte 2, 3, 2, 0')],
    ['has too many values', table('cmp r0, #200', 'tbb [pc, r0]', '.byte 2, 3, 2, 0')],
    ['selects from a table somewhere else', table('cmp r0, #2', 'tbb [r3, r0]', '.byte 2, 3, 2, 0')],
  ])('whose index %s go where the table says when they run', (_, source) => {
    const { region } = formed(source);
    expect(region.blocks.some(({ end }) => end.kind === 'table')).toBe(false);
    expect(region.blocks.find(({ steps }) => steps.at(-1)!.name === 'TB')!.end).toMatchObject({ kind: 'dynamic', back: undefined });
  });
});

describe('a state machine that jumps into loops', () => {
  it('is one region with a hub', () => {
    const { region } = formed(`
  cmp r0, #1
  bhi out
  tbb [pc, r0]
table:
  .byte (top - table) / 2, (mid - table) / 2
top:
  adds r1, #1
mid:
  adds r2, #1
  subs r3, #1
  bne top
out:
  bx lr`);
    const { order } = structure(region);
    expect(order[0]!.end.kind).toBe('hub');
    expect(order.filter(({ end }) => end.kind === 'enter')).toHaveLength(1);
  });
});
