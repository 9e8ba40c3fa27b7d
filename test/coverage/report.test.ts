/** Tracefiles, merging, exclusions, paths and JSON, on reports made by hand. */
import { describe, expect, it } from 'vitest';
import { coverageOf } from '../../src/coverage/coverage.ts';
import { globPattern, markedLines } from '../../src/coverage/exclusions.ts';
import { Coverage, type CoverageReport, type FileCoverage, percent } from '../../src/coverage/index.ts';
import { CoverageError } from '../../src/errors.ts';

const file = (path: string, more: Partial<FileCoverage> = {}): FileCoverage => ({
  path,
  lines: new Map([
    [3, 2],
    [4, 0],
    [7, 12],
  ]),
  functions: [
    { name: 'init', line: 3, count: 2 },
    { name: 'never', line: 9, count: 0 },
  ],
  decisions: new Map([[7, [{ ways: [12, 0] }, { ways: [undefined, undefined] }]]]),
  ...more,
});

const report = (files: FileCoverage[], more: Partial<CoverageReport> = {}): CoverageReport => ({ files, tests: [], builds: [], ...more });

describe('lcov tracefiles', () => {
  const coverage = new Coverage(report([file('src/a.c')], { tests: ['boot & ping'], builds: [{ name: 'fw.elf', id: 'abc123' }] }));

  it('have the records of geninfo(1), in its order', () => {
    expect(coverage.toLcov().split('\n')).toEqual([
      '#imx-sim build abc123 fw.elf',
      'TN:boot___ping',
      'SF:src/a.c',
      'FN:3,init',
      'FN:9,never',
      'FNDA:2,init',
      'FNDA:0,never',
      'FNF:2',
      'FNH:1',
      'BRDA:7,0,0,12',
      'BRDA:7,0,1,0',
      'BRDA:7,1,0,-',
      'BRDA:7,1,1,-',
      'BRF:4',
      'BRH:1',
      'DA:3,2',
      'DA:4,0',
      'DA:7,12',
      'LF:3',
      'LH:2',
      'end_of_record',
      '',
    ]);
  });

  it('are read as they were written, in both forms of function records', () => {
    for (const functionRecords of ['FN', 'FNL'] as const) {
      const read = Coverage.fromLcov(coverage.toLcov({ functionRecords }), 'a.info');
      expect(read.files).toEqual(coverage.files);
      expect(read.builds).toEqual(coverage.builds);
    }
    expect(coverage.toLcov({ functionRecords: 'FNL' })).toContain('FNL:0,3\nFNA:0,2,init\n');
  });

  it('of lcov 2 and of other tools are read: last lines of functions, checksums, versions, branches with names', () => {
    const text = `# made elsewhere\nTN:t\nSF:/x/b.cc\nVER:1\nFN:3,9,ns::f(int, char)\nFNDA:4,ns::f(int, char)\nDA:3,4,abc=\nDA:3,1\nBRDA:3,e0,a > b,1\nBRDA:3,e0,!,-\nMCF:0\nend_of_record\n`;
    const read = Coverage.fromLcov(text, 'b.info');
    expect(read.functions()).toEqual([{ file: '/x/b.cc', name: 'ns::f(int, char)', line: 3, count: 4 }]);
    expect(read.lines('b.cc')).toEqual(new Map([[3, 5]]));
    expect(read.file('b.cc')!.decisions.get(3)).toEqual([{ ways: [1, undefined] }]);
  });

  it('tell functions of one name apart', () => {
    const twice = file('a.h', {
      functions: [
        { name: 'f', line: 1, count: 1 },
        { name: 'f', line: 5, count: 2 },
      ],
    });
    expect(new Coverage(report([twice])).toLcov()).toContain('FN:1,f:1\nFN:5,f:5\nFNDA:1,f:1\nFNDA:2,f:5\n');
  });

  it.each([
    ['a text', 'hello', 'x.info:1: no record of a tracefile: hello'],
    ['a record outside of a section', 'DA:1,2', 'x.info:1'],
    ['a number that is none', 'SF:a.c\nDA:1,many\nend_of_record', 'x.info:2'],
    ['a section without an end', 'SF:a.c\nDA:1,2', 'the file ends within a section'],
    ['a branch with a number beyond reason', 'SF:a.c\nBRDA:1,0,99999999,1\nend_of_record', 'x.info:2'],
  ])('refuse %s by line', (_, text, message) => {
    expect(() => Coverage.fromLcov(text, 'x.info')).toThrow(CoverageError);
    expect(() => Coverage.fromLcov(text, 'x.info')).toThrow(message);
  });
});

describe('merging', () => {
  it('adds counts of lines, functions and ways', () => {
    const other = file('src/a.c', {
      lines: new Map([
        [4, 5],
        [8, 1],
      ]),
      decisions: new Map([[7, [{ ways: [1, 2] }, { ways: [3, undefined] }]]]),
    });
    const sum = new Coverage(report([file('src/a.c')])).add(report([other]));
    expect([...sum.lines('src/a.c')!]).toEqual([
      [3, 2],
      [4, 5],
      [7, 12],
      [8, 1],
    ]);
    expect(sum.functions().map(({ count }) => count)).toEqual([4, 0]);
    expect(sum.file('src/a.c')!.decisions.get(7)).toEqual([{ ways: [13, 2] }, { ways: [3, undefined] }]);
  });

  it('keeps sources of different programs beside each other', () => {
    const builds = (name: string) => ({ builds: [{ name, id: name }] });
    const sum = new Coverage(report([file('a.c')], builds('one.elf'))).add(report([file('b.c')], builds('two.elf')));
    expect(sum.files.map(({ path }) => path)).toEqual(['a.c', 'b.c']);
    expect(sum.builds.map(({ name }) => name)).toEqual(['one.elf', 'two.elf']);
  });

  it('refuses two builds of one program by name', () => {
    const build = (id: string) => new Coverage(report([file('a.c')], { builds: [{ name: 'fw.elf', id }] }));
    expect(() => build('aaaa').add(build('bbbb'))).toThrow('fw.elf was measured in two builds, aaaa and bbbb');
    const written = Coverage.fromLcov(build('aaaa').toLcov(), 'a.info');
    expect(() => written.add(Coverage.fromLcov(build('bbbb').toLcov(), 'b.info'))).toThrow(CoverageError);
  });
});

describe('what is left out', () => {
  it('are sources by pattern', () => {
    const coverage = new Coverage(
      report(['app/main.c', 'app/test_x.c', 'zephyr/kernel/sched.c', '/opt/zephyr/a.h'].map((path) => file(path))),
    );
    const paths = (what: Parameters<Coverage['filter']>[0]) => coverage.filter(what).files.map(({ path }) => path);
    expect(paths({ exclude: ['zephyr/**'] })).toEqual(['app/main.c', 'app/test_x.c']);
    expect(paths({ exclude: ['test_*.c', '*.h'] })).toEqual(['app/main.c', 'zephyr/kernel/sched.c']);
    expect(paths({ include: ['app/'] })).toEqual(['app/main.c', 'app/test_x.c']);
    expect(paths({ exclude: ['/opt/**'] })).toHaveLength(3);
    expect(globPattern('a?.c').test('x/ab.c')).toBe(true);
    expect(globPattern('a+(b).c').test('a+(b).c')).toBe(true);
  });

  it('are lines with markers in comments', () => {
    const source = [
      'a',
      'b // LCOV_EXCL_LINE',
      'c',
      '/* GCOVR_EXCL_START */',
      'e',
      '/* GCOVR_EXCL_STOP */',
      'g // LCOV_EXCL_BR_LINE',
      'h',
      'LCOV_EXCL_BR_START',
      'j',
    ];
    const { lines, branches } = markedLines(source.join('\n'));
    expect([...lines]).toEqual([2, 4, 5, 6]);
    expect([...branches]).toEqual([2, 4, 5, 6, 7, 9, 10]);
    const lcov = coverageOf(
      report([
        file('a.c', {
          lines: new Map([
            [2, 0],
            [3, 1],
            [7, 1],
          ]),
        }),
      ]),
      () => source.join('\n'),
    );
    expect([...lcov.lines('a.c')!.keys()]).toEqual([3, 7]);
    expect(lcov.file('a.c')!.decisions.size).toBe(0);
  });
});

describe('paths and figures', () => {
  it('are relative to a root where they lie below it', () => {
    const coverage = new Coverage(report([file('/home/me/app/a.c'), file('/opt/sdk/b.c')]), (path) =>
      path === '/home/me/app/a.c' ? 'text' : undefined,
    );
    expect(coverage.relativeTo('/home/me').files.map(({ path }) => path)).toEqual(['/opt/sdk/b.c', 'app/a.c']);
    expect(coverage.relativeTo('/home/me').toHtml().get('files/app-a.c.html')).toContain('<pre>text</pre>');
  });

  it('are found by the end of a path, unless two end so', () => {
    const coverage = new Coverage(report([file('x/a.c'), file('y/a.c'), file('y/b.c')]));
    expect(coverage.file('b.c')?.path).toBe('y/b.c');
    expect(coverage.file('a.c')).toBeUndefined();
    expect(coverage.file('x/a.c')?.path).toBe('x/a.c');
  });

  it('are 100 % only when all is covered, and 0 only when nothing is', () => {
    expect(percent({ found: 1000, hit: 1000 })).toBe('100 %');
    expect(percent({ found: 100_000, hit: 99_999 })).toBe('99.9 %');
    expect(percent({ found: 100_000, hit: 1 })).toBe('0.1 %');
    expect(percent({ found: 3, hit: 0 })).toBe('0 %');
    expect(percent({ found: 0, hit: 0 })).toBe('-');
  });

  it('are there as data', () => {
    const data = JSON.parse(JSON.stringify(new Coverage(report([file('a.c')])).toJson()));
    expect(data.totals).toEqual({ lines: { found: 3, hit: 2 }, functions: { found: 2, hit: 1 }, branches: { found: 4, hit: 1 } });
    expect(data.files[0].branches).toEqual([
      {
        line: 7,
        decisions: [
          [12, 0],
          [null, null],
        ],
      },
    ]);
  });
});

describe('pages', () => {
  const text = 'int a;\n\nvoid init(void) {\n  if (x < 1) y();\n}\n\nfor (;;) <b>\n';
  const coverage = new Coverage(report([file('src/a.c'), file('src/deep/b.c'), file('/src/a.c')]), (path) =>
    path.endsWith('a.c') ? text : undefined,
  );
  const pages = coverage.toHtml({ title: 'A & B' });

  it('are an overview and one for each source, under names of their own', () => {
    expect([...pages.keys()].sort()).toEqual(['files/src-a.c-2.html', 'files/src-a.c.html', 'files/src-deep-b.c.html', 'index.html']);
    const index = pages.get('index.html')!;
    expect(index).toContain('<title>A &#38; B</title>');
    for (const name of pages.keys()) if (name !== 'index.html') expect(index).toContain(`href="${name}"`);
    expect(index).toContain('data-path="src/deep"');
  });

  it('refer to nothing elsewhere', () => {
    for (const page of pages.values()) expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\/|@import|url\(/);
  });

  it('show the source as text, what was not executed, and the ways of a decision', () => {
    const page = pages.get('files/src-a.c.html')!;
    expect(page).toContain('<tr id="L4" class="miss" title="not executed">');
    expect(page).toContain('<tr id="L7" class="part" title="branches not taken">');
    expect(page).toContain('&#60;b&#62;');
    expect(page).toContain('title="way 1: never taken"');
    expect(page).toContain('title="way 0: never reached"');
    expect(page.match(/<tr id="L/g)).toHaveLength(7);
  });

  it('show the lines by number where the source is not found', () => {
    const page = pages.get('files/src-deep-b.c.html')!;
    expect(page).toContain('The source was not found');
    expect(page.match(/<tr id="L/g)).toHaveLength(3);
  });
});
