/**
 * Builds the programs that coverage is tested with, and what gcov says of them: `<program>-<level>.elf` is the program as a user has it, and
 * `<program>-<level>.gcov` what gcov reports of the same sources and options, instrumented (--coverage) and run on this emulator.
 *
 *   node test/coverage/programs/build.mjs          needs arm-none-eabi-gcc 12.2 and a built imx-sim (npm run build)
 *   node test/coverage/programs/build.mjs <file.c>... <directory>   the same for other programs, into a directory
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

const HERE = import.meta.dirname;
const ROOT = resolve(HERE, '../../..');
const IMAGES = join(ROOT, 'images');
const COMMON = ['start.c', 'string.c', 'print.c', 'semihosting.c'].map((name) => `common/${name}`);
const FLAGS = ['-mcpu=cortex-m4', '-mfloat-abi=soft', '-mthumb', '-std=gnu11', '-ffreestanding', '-g', '-Wall', '-Wextra', '-Icommon'];
const LINK = ['-nostdlib', '-Wl,--build-id=sha1', '-Wl,-z,max-page-size=8', '-Wl,-T,common/bare.ld'];
const LEVELS = ['O0', 'Og'];

const gcc = (args) => execFileSync('arm-none-eabi-gcc', args, { cwd: IMAGES, stdio: ['ignore', 'inherit', 'inherit'] });

/** Paths in the debug information are those of the repository. */
const mapped = (work) => [
  `-ffile-prefix-map=${HERE}=test/coverage/programs`,
  `-ffile-prefix-map=${work}=work`,
  `-ffile-prefix-map=${IMAGES}=.`,
];

/** Compiles and links `source`; only the program itself has `special` options. */
function build(source, output, work, options, special, runner) {
  const objects = [source, join(HERE, 'main.c'), ...COMMON].map((file, index) => {
    const object = join(work, `${basename(file, '.c')}.o`);
    const level = index === 0 ? [...options, ...special] : ['-Os', '-g0', ...runner];
    gcc([...FLAGS, ...level, ...mapped(work), `-I${HERE}`, '-c', file, '-o', object]);
    return object;
  });
  gcc([...FLAGS, ...LINK, ...objects, '-o', output, ...(runner.length > 0 ? ['-lgcov'] : []), '-lgcc']);
}

/** What gcov reports, without what it says of paths: lines, functions and branches of each file. */
function gcovReport(source, work, options, directory) {
  const elf = join(work, 'gcov.elf');
  build(source, elf, work, options, ['--coverage', '-fprofile-info-section=gcov_info', '-fprofile-update=single'], ['-DGCOV']);
  const main = join(ROOT, 'dist/command/main.js');
  const text = execFileSync(process.execPath, [main, 'run', elf, '--soc', 'cortex-m4', '--semihosting', '--timeout', '100s'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const hex = [...text.matchAll(/gcda ([0-9a-f]+)/g)].map(([, bytes]) => bytes).join('');
  const name = basename(source, '.c');
  writeFileSync(join(work, `${name}.gcda`), Buffer.from(hex, 'hex'));
  const gcov = (...how) =>
    execFileSync('arm-none-eabi-gcov', [...how, '-b', '-c', '--stdout', join(work, `${name}.o`)], { cwd: ROOT, encoding: 'utf8' });
  const { files } = JSON.parse(gcov('--json-format'));
  if (directory !== HERE) writeFileSync(join(directory, `${basename(source, '.c')}${options[0]}.listing`), gcov());
  return [`result ${/result ([0-9a-f]+)/.exec(text)[1]}`, ...files.flatMap(reportOf), ''].join('\n');
}

/** `function <name> <line> <count>` and `line <number> <count> [<branches>]` of a file. */
function reportOf({ file, lines, functions }) {
  return [
    `file ${basename(file)}`,
    ...functions.map((one) => `function ${one.name} ${one.start_line} ${one.execution_count}`),
    ...lines.map((one) => ['line', one.line_number, one.count, ...one.branches.map(({ count }) => count)].join(' ')),
  ];
}

function main(sources, directory) {
  mkdirSync(directory, { recursive: true });
  for (const source of sources) {
    for (const level of LEVELS) {
      const work = mkdtempSync(join(tmpdir(), 'imx-sim-coverage-'));
      const name = `${basename(source, '.c')}-${level}`;
      try {
        build(source, join(directory, `${name}.elf`), work, [`-${level}`], [], []);
        writeFileSync(join(directory, `${name}.gcov`), gcovReport(source, work, [`-${level}`], directory));
      } finally {
        rmSync(work, { recursive: true });
      }
    }
  }
}

const args = process.argv.slice(2);
if (args.length > 0)
  main(
    args.slice(0, -1).map((path) => resolve(path)),
    resolve(args.at(-1)),
  );
else
  main(
    ['shapes', 'calculator'].map((name) => join(HERE, `${name}.c`)),
    HERE,
  );
