/** The control flow graph of machine code and the counting of lines, on code written by hand. */
import { describe, expect, it } from 'vitest';
import { CountTable } from '../../src/coverage/counts.ts';
import { flowGraph } from '../../src/coverage/flow-graph.ts';
import { CodeWalker } from '../../src/coverage/instructions.ts';
import { labelLines } from '../../src/coverage/labels.ts';
import { measure } from '../../src/coverage/measure.ts';
import { ThumbPrograms } from '../support/thumb.ts';

const programs = new ThumbPrograms('coverage', (source) => `.syntax unified\n.thumb\n.cpu cortex-m7\n.text\n${source}`);

function assemble(source: string) {
  const { code, symbols } = programs.get(source);
  const read = (address: number, length: number) =>
    address >= 0 && address + length <= code.length ? code.subarray(address, address + length) : undefined;
  return { code, symbols, read };
}

/** Counts of instructions and branches, by address. */
function counts(executed: Record<number, number>, taken: Record<number, number> = {}, failed: Record<number, number> = {}): CountTable {
  const flat = (record: Record<number, number>) => Object.entries(record).flatMap(([address, count]) => [Number(address), count]);
  const table = new CountTable();
  table.addData({ executed: flat(executed), failed: flat(failed), taken: flat(taken), tables: [] });
  return table;
}

describe('instructions', () => {
  it('are told by where they lead', () => {
    const { read, code } = assemble(
      'b .+8; beq .+8; cbz r1, .+8; bl .+16; blx r3; bx lr; pop {r4, pc}; ldr pc, [r1]; mov pc, r2; nop; tbb [pc, r1]; udf #1; ldmia r1!, {r2, r3}',
    );
    const kinds: string[] = [];
    const walker = new CodeWalker(read);
    for (let at = 0; at < code.length; ) {
      const { flow, size } = walker.next(at);
      kinds.push(flow.kind);
      at += size;
    }
    expect(kinds).toEqual([
      'jump',
      'branch',
      'branch',
      'call',
      'call',
      'leave',
      'leave',
      'leave',
      'leave',
      'next',
      'table',
      'leave',
      'next',
    ]);
  });

  it('of an IT block are conditional', () => {
    const { read } = assemble('it eq; bxeq lr; nop');
    const walker = new CodeWalker(read);
    expect([0, 2, 4].map((at) => walker.next(at).conditional)).toEqual([false, true, false]);
  });
});

describe('control flow graphs', () => {
  it('of a switch have an arc for each entry of the table, and take no data for code', () => {
    const { read, code } = assemble(
      'cmp r0, #2; bhi 9f; tbb [pc, r0]; 1: .byte (2f-1b)/2, (3f-1b)/2, (4f-1b)/2, 0xff; 2: nop; b 9f; 3: nop; b 9f; 4: nop; 9: bx lr',
    );
    const graph = flowGraph(
      { ranges: [{ low: 0, high: code.length }], entry: 0, starts: [], read, isHelper: () => false },
      new CountTable(),
    );
    expect(graph.map(({ start }) => start)).toEqual([0, 4, 12, 16, 20, 22]);
    expect(graph[1]!.successors.map(({ to }) => to?.start)).toEqual([12, 16, 20]);
  });

  it('split behind calls, but not behind those that the compiler makes', () => {
    const { read, code } = assemble('push {lr}; bl .; bl .; pop {pc}');
    const at = (isHelper: (target: number) => boolean) =>
      flowGraph({ ranges: [{ low: 0, high: code.length }], entry: 0, starts: [], read, isHelper }, new CountTable()).map(
        ({ start }) => start,
      );
    expect(at(() => false)).toEqual([0, 6, 10]);
    expect(at(() => true)).toEqual([0]);
  });

  it('count what a call does not return from as not gone on', () => {
    const { read, code } = assemble('bl 9f; nop; bx lr; 9: bx lr');
    const graph = flowGraph(
      { ranges: [{ low: 0, high: code.length - 2 }], entry: 0, starts: [], read, isHelper: () => false },
      counts({ 0: 3, 4: 1, 6: 1 }),
    );
    expect(graph[0]!.successors.map(({ count }) => count)).toEqual([1]);
  });

  it('end with code that makes no sense, and with tables that lead out of the function', () => {
    const { read } = assemble('tbb [pc, r0]; .byte 0xff, 0xff, 0xff, 0xff; .short 0xde00, 0xffff, 0xffff');
    const graph = flowGraph({ ranges: [{ low: 0, high: 12 }], entry: 0, starts: [8, 10], read, isHelper: () => false }, new CountTable());
    expect(graph.every(({ instructions }) => instructions.length > 0)).toBe(true);
  });
});

describe('lines', () => {
  const { read, symbols, code } = assemble(`
    movs r0, #0
    b 2f
  1: adds r0, #1
  2: cmp r0, #5
    bne 1b
    it eq
    moveq r1, #1
    bx lr
  end:`);
  const at = { init: 0, body: 4, test: 6, behind: 10 };
  const table = counts({ 0: 1, 2: 1, 4: 5, 6: 6, 8: 6, 10: 1, 12: 1, 14: 1 }, { 8: 5 });
  const lineTable = (rows: readonly (readonly [number, number])[]) => [
    {
      rows: [
        ...rows.map(([address, line]) => ({ address, file: 'a.c', line, endSequence: false })),
        { address: code.length, file: 'a.c', line: 0, endSequence: true },
      ],
    },
  ];
  const coverage = (rows: readonly (readonly [number, number])[], name = 'f') => {
    const functions = () => [{ name, declaration: { file: 'a.c', line: 1 }, ranges: [{ low: 0, high: symbols['end']! }], entry: 0 }];
    return measure({ lines: { lineTable: () => lineTable(rows), functions }, read, symbolAt: () => undefined }, table)[0]!;
  };

  it('that a loop goes through count entries and rounds', () => {
    const { lines, decisions, functions } = coverage([
      [at.init, 2],
      [at.body, 3],
      [at.test, 2],
      [at.behind, 4],
    ]);
    expect([...lines]).toEqual([
      [1, 1],
      [2, 6],
      [3, 5],
      [4, 1],
    ]);
    expect(decisions.get(2)).toEqual([{ ways: [5, 1] }]);
    expect(functions).toEqual([{ name: 'f', line: 1, count: 1 }]);
  });

  it('with a whole loop on them count its rounds and what enters it', () => {
    expect(
      coverage([
        [at.init, 2],
        [at.body, 3],
        [at.behind, 4],
      ]).lines.get(3),
    ).toBe(6);
  });

  it('that are 0 belong to no line', () => {
    expect([
      ...coverage([
        [at.init, 2],
        [at.body, 0],
        [at.behind, 4],
      ]).lines.keys(),
    ]).not.toContain(0);
  });
});

describe('labels', () => {
  it('are lines with nothing else on them', () => {
    const source = [
      'case RED:',
      'default: /* rest */',
      'out:',
      'case A: break;',
      'public:',
      'x ? a : b;',
      'std::',
      '// case B:',
      "case ':':",
      'case 3: {',
      '"',
      'a ?',
      'b :',
    ];
    expect(labelLines(source.join('\n'))).toEqual([1, 2, 3, 9, 10, 13]);
  });
});
