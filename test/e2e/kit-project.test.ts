/**
 * Projects outside of the repository, with the package as npm installs it: README's steps, the examples, the pages, what a failure says, CI's
 * reports. Two runs of vitest and one of tsc; the tests look at what came of them.
 */
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { blocksOf, documentFiles } from '../vitest-kit/documents.ts';
import { addExample, imxSim, type Outcome, project, tsc, vitest } from '../vitest-kit/project.ts';

const EXAMPLES = ['bare-metal', 'zephyr-style', 'mcuxpresso-style'];
const ELFS = {
  'build/door.elf': 'examples/bare-metal/build/door.elf',
  'build/zephyr/zephyr.elf': 'examples/zephyr-style/build/zephyr/zephyr.elf',
  'build/str_echo.elf': 'examples/mcuxpresso-style/armgcc/debug/str_echo.elf',
};

const TSCONFIG = JSON.stringify({
  compilerOptions: { target: 'ES2023', module: 'NodeNext', moduleResolution: 'NodeNext', types: ['node'], strict: true, noEmit: true },
  include: ['suite/*/test', 'suite/*/vitest.config.ts', 'newcomer/test'],
});

/** Beside README's test: one that fails in an assertion, one that would hang, one whose core crashes. */
const FAILING = `
import { expect as expectation } from 'vitest';

test('fails in an assertion', async ({ m }) => {
  await m.until('uart4', 'incoming msg 3');
  expectation(m.uart('uart4').lines.length).toBe(3);
});
`;

const DOOR = `
import { firmwareTest } from 'imx-sim/vitest';
import { expect } from 'vitest';

const door = firmwareTest({ firmware: 'build/door.elf', linux: false, setup: (m) => m.until('uart4', 'ready') });

door('has the trace of its file', async ({ m }) => {
  m.uart('uart4').send('status*831a\\n');
  await m.until('uart4', /^closed/);
  await expect(m).toMatchTrace('status');
});

door('would hang', async ({ m }) => {
  m.uart('uart4').send('calibrate*5774\\n');
  await m.until('uart4', 'calibrated');
});
`;

/** A trace of another build. */
const TRACE = { 'test/__traces__/status.trace': 'uart4      door controller ready\nuart4      closed at 0 %, 1 ms\n' };

interface Result {
  readonly fullName: string;
  readonly status: string;
  readonly meta: { readonly imxSim?: { readonly source?: string; readonly symbol?: string; readonly text: string } };
}

/** What vitest's JSON reporter wrote. */
function resultsOf(path: string): Map<string, Result> {
  const { testResults } = JSON.parse(readFileSync(path, 'utf8')) as {
    readonly testResults: readonly { readonly assertionResults: readonly Result[] }[];
  };
  return new Map(testResults.flatMap(({ assertionResults }) => assertionResults).map((result) => [result.fullName, result]));
}

/** The part of a run's output that is about one failed test. */
function failure(output: string, name: string): string {
  const start = output.indexOf(`> ${name}\n`, output.indexOf('Failed Tests'));
  expect(start, `no failure of ${name} in:\n${output}`).toBeGreaterThan(0);
  const end = output.indexOf('⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯⎯[', start);
  return output.slice(start, end);
}

let path: string;
let dispose: () => void;
let all: Outcome;
let results: Map<string, Result>;
let newcomer: Outcome;
let types: Outcome;

function write(files: Readonly<Record<string, string>>, directory: string): void {
  for (const [name, text] of Object.entries(files)) {
    const file = join(path, directory, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

beforeAll(async () => {
  const manifest = JSON.stringify({ name: 'tests', private: true, type: 'module' });
  const projects = JSON.stringify([...EXAMPLES, 'docs']);
  ({ path, dispose } = project(inject('dist'), {
    'package.json': manifest,
    'tsconfig.json': TSCONFIG,
    'suite/vitest.config.ts': `import { defineConfig } from 'vitest/config';\nexport default defineConfig({ test: { projects: ${projects} } });\n`,
  }));
  for (const name of EXAMPLES) addExample(path, `suite/${name}`, name);
  const [readme] = blocksOf('README.md').filter(({ code }) => code.includes('firmwareTest'));
  write({ 'package.json': manifest, ...documentFiles(blocksOf('docs/testing.md')) }, 'suite/docs');
  write({ 'package.json': manifest, 'test/firmware.test.ts': readme!.code + FAILING, 'test/door.test.ts': DOOR, ...TRACE }, 'newcomer');
  for (const [to, from] of Object.entries(ELFS))
    for (const directory of ['suite/docs', 'newcomer']) cpSync(from, join(path, directory, to));
  cpSync('examples/bare-metal/src', join(path, 'newcomer/src'), { recursive: true });
  [all, newcomer, types] = await Promise.all([
    vitest(join(path, 'suite'), ['--no-isolate', '--pool=threads', '--reporter=default', '--reporter=json', '--outputFile=results.json'], {
      SHOW_FAILURE: '1',
      IMX_SIM_COVERAGE: 'coverage',
    }),
    vitest(
      join(path, 'newcomer'),
      [
        '--reporter=default',
        '--reporter=github-actions',
        '--reporter=imx-sim/vitest/reporter',
        '--reporter=junit',
        '--outputFile=junit.xml',
      ],
      {
        GITHUB_ACTIONS: 'true',
        GITHUB_WORKSPACE: path,
        IMX_SIM_ARTIFACTS: 'artifacts',
      },
    ),
    tsc(path),
  ]);
  results = resultsOf(join(path, 'suite/results.json'));
}, 240_000);

afterAll(() => dispose?.());

it('has types that tsc accepts, with moduleResolution nodenext and those of libraries checked', () => {
  expect(types.output).toBe('');
  expect(types.status).toBe(0);
});

/** Tests of the examples that fail on purpose. */
const SHOWN = ['calibrates', 'answers politely', 'the echo uses half of its stack at most'];

describe('the examples and the pages', () => {
  it('pass, but for the tests that show a failure', () => {
    const failed = [...results.values()].filter(({ status }) => status !== 'passed').map(({ fullName }) => fullName);
    expect(failed.sort(), all.output).toEqual([...SHOWN].sort());
    expect(results.size).toBeGreaterThan(30);
  });

  it('show a wait that is in vain with its place in the firmware, as docs/testing.md has it', () => {
    const text = failure(all.output, 'calibrates');
    expect(text).toContain('WaitTimeout: a line of uart4 that has "calibrated": not within 2 s of virtual time');
    expect(text).toMatch(/pc 0x[0-9a-f]{8} door_calibrate\+0x\w+ at .*src\/door\.c:\d+/);
    expect(text).toMatch(/❯ test\/door\.test\.ts:\d+:\d+/);
    expect(quoted('bare-metal')).toBe(messageOf(text));
  });

  it('show a wrong answer with a diff, and behind it what the firmware did', () => {
    const text = failure(all.output, 'answers politely');
    expect(text).toContain('0.026521 s  "TTY 0x0401: Hello Zephyr\\n"');
    expect(text).toContain('- TTY 0x0401: Hello Linux\n+ TTY 0x0401: Hello Zephyr\n\nthe firmware:\n  at 0.0');
    expect(text).toMatch(/last events:\n {4}\d\.\d{6} s/);
  });

  it('leave coverage of the firmware, a tracefile for each test file', async () => {
    const files = readdirSync(join(path, 'suite/coverage'));
    expect(files).toEqual(expect.arrayContaining(['firmware-tests-bare-metal-test-door.test.ts.info', 'tests-test-door.test.ts.info']));
    expect(files.length).toBe(11);
    const merged = await imxSim(path, 'suite', ['coverage', 'merge', ...files.map((file) => `coverage/${file}`), '-o', 'firmware.info']);
    expect(merged.output).toMatch(/^lines \d\d\.\d % \(\d+ of \d+\), functions/);
    const door = /SF:examples\/bare-metal\/src\/door\.c\n(.*?)end_of_record/s.exec(
      readFileSync(join(path, 'suite/firmware.info'), 'utf8'),
    )![1]!;
    const calls = Object.fromEntries([...door.matchAll(/^FNDA:(\d+),(\w+)$/gm)].map(([, count, name]) => [name, Number(count)]));
    expect(calls).toMatchObject({ door_calibrate: expect.any(Number), motor_current: expect.any(Number) });
    expect(calls['door_calibrate']).toBeGreaterThan(2);
  });

  it('show which task used how much stack', () => {
    const text = failure(all.output, 'the echo uses half of its stack at most');
    expect(text).toMatch(/app has used 1\d\d\d bytes of stack, \d+ more than allowed:/);
    expect(text).toMatch(/^> app +1\d\d\d of +2048 bytes {2}\[#+\.+\] \d\d %$/m);
    expect(text).toMatch(/^ {2}heartbeat +\d+ of +1024 bytes/m);
  });
});

describe("a newcomer's project", () => {
  it("passes README's test and fails where it should", () => {
    expect(newcomer.output).toMatch(/Tests {2}3 failed \| 1 passed \(4\)/);
    expect(newcomer.status).toBe(1);
  });

  it('gets cause and place of a failed assertion, and the command that repeats it', () => {
    const text = failure(newcomer.output, 'fails in an assertion');
    expect(text).toContain('AssertionError: expected 7 to be 3');
    expect(text).toMatch(/❯ test\/firmware\.test\.ts:\d+:\d+/);
    expect(text).toMatch(/the firmware:\n {2}at 0\.0\d{5} s of virtual time/);
    const kept = 'artifacts/test-firmware.test.ts/fails-in-an-assertion';
    expect(text).toContain(`kept in ${kept}; to run it again: npx imx-sim replay ${kept}/recording.imxrec`);
  });

  it('sees the first difference of a trace with its time, as docs/testing.md has it', () => {
    const text = messageOf(failure(newcomer.output, 'has the trace of its file'));
    const block = text.slice(text.indexOf('- test/__traces__'), text.indexOf('\n\nthe firmware:') + 1);
    expect(quoted('trace')).toBe(block);
  });

  it('keeps consoles, dmesg, trace, explanation and recording of each failure', () => {
    const kept = join(path, 'newcomer/artifacts/test-firmware.test.ts/fails-in-an-assertion');
    expect(readdirSync(kept).sort()).toEqual(['dmesg.txt', 'explanation.txt', 'recording.imxrec', 'trace.txt', 'uart4.txt']);
    const read = (name: string): string => readFileSync(join(kept, name), 'utf8');
    expect(read('uart4.txt')).toContain('incoming msg 3: hello world!');
    expect(read('dmesg.txt')).toContain('remote processor imx-rproc is now up');
    expect(read('trace.txt')).toMatch(/^\d\.\d{9} {2}mu {9}MU1 side A transmit 1 0x\w+$/m);
    expect(read('explanation.txt')).toContain('expected 7 to be 3');
    expect(readdirSync(join(kept, '../../test-door.test.ts/would-hang'))).not.toContain('dmesg.txt');
  });

  it('repeats a failure from its recording', async () => {
    const recording = 'artifacts/test-firmware.test.ts/fails-in-an-assertion/recording.imxrec';
    const { output, status } = await imxSim(path, 'newcomer', ['replay', recording]);
    expect(output).toContain('[uart4] [Linux sample client] incoming msg 3: hello world!');
    expect(output).toMatch(/the same run as was recorded/);
    expect(status, output).toBe(0);
  });

  it("has a JUnit report with each failure's text", () => {
    const junit = readFileSync(join(path, 'newcomer/junit.xml'), 'utf8');
    expect(junit).toContain('tests="4" failures="3"');
    expect(junit).toMatch(/<failure message="a line of uart4 that has &quot;calibrated&quot;: not within 10 s of virtual time/);
    expect(junit).toMatch(/the firmware:\n {2}at 0\.0/);
  });

  it("annotates on GitHub the line of the test, and that of the firmware's source", () => {
    const annotations = newcomer.output.split('\n').filter((line) => line.startsWith('::error'));
    const of = (file: string) => annotations.filter((line) => line.includes(file));
    expect(of('test/door.test.ts,')).toHaveLength(2);
    expect(of('test/firmware.test.ts,')).toHaveLength(1);
    expect(of('file=newcomer/src/door.c,')).toEqual([
      expect.stringMatching(
        /^::error file=newcomer\/src\/door\.c,line=\d+,title=would hang::a line of uart4 that has "calibrated": not within 10 s of virtual time \(the firmware was in door_calibrate\+0x\w+\)$/,
      ),
    ]);
    const line = Number(/line=(\d+)/.exec(of('file=newcomer/src/door.c,')[0]!)![1]);
    const source = readFileSync(join(path, 'newcomer/src/door.c'), 'utf8').split('\n');
    expect(source[line - 1]).toMatch(/wait_for_interrupt/);
  });
});

/** Output that docs/testing.md quotes. */
function quoted(name: string): string | undefined {
  return new RegExp(`<!-- output: ${name} -->\\n\`\`\`text\\n(.*?)\`\`\`\\n<!-- /output -->`, 's').exec(
    readFileSync('docs/testing.md', 'utf8'),
  )?.[1];
}

/** The error of a failure: what stands before the stack. */
function messageOf(text: string): string {
  return `${text.slice(text.indexOf('\n') + 1, text.indexOf(' ❯ ')).trimEnd()}\n`;
}
