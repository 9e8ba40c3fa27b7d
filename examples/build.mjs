/**
 * Builds the firmware of the example projects with arm-none-eabi-gcc and writes examples/manifest.json.
 *
 *   node examples/build.mjs              build everything
 *   node examples/build.mjs --check      no compiler: do sources, options, ELFs and manifest agree?
 *   node examples/build.mjs --reproduce  is a new build byte for byte what is committed?
 *
 * The compiler, its version and its options are those of images/build.mjs; drivers come from images/common.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MANIFEST = join(ROOT, 'examples/manifest.json');
const GCC = 'arm-none-eabi-gcc';
const LARGEST = 100 * 1024;

const UART = ['start', 'string', 'print', 'uart'];
const RPMSG = [...UART, 'mpu', 'vring', 'rpmsg'];

/** Each project: where its ELF goes, its sources, and the drivers that it stands on. */
const PROJECTS = [
  { name: 'bare-metal', elf: 'build/door.elf', sources: ['main', 'door', 'crc16'], drivers: UART },
  { name: 'zephyr-style', elf: 'build/zephyr/zephyr.elf', sources: ['main'], drivers: [...RPMSG, 'mu', 'trace'] },
  { name: 'mcuxpresso-style', elf: 'armgcc/debug/str_echo.elf', sources: ['main_remote', 'task', 'mu_task'], drivers: RPMSG },
];

const FLAGS = ['-mcpu=cortex-m7', '-mthumb', '-mfloat-abi=soft', '-Og', '-g', '-std=gnu11', '-ffreestanding'];
const COMPILE = [
  ...FLAGS,
  '-fno-tree-loop-distribute-patterns',
  '-ffunction-sections',
  '-fdata-sections',
  '-Wall',
  '-Wextra',
  '-Wshadow',
  '-Wconversion',
  '-Werror',
  '-Iimages/common',
];
const LINK = [...FLAGS, '-nostdlib', '-Wl,--gc-sections', '-Wl,--build-id=sha1', '-Wl,-z,max-page-size=8', '-Wl,--fatal-warnings'];

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const hashOf = (path) => sha256(readFileSync(join(ROOT, path)));
const elfOf = ({ name, elf }) => `examples/${name}/${elf}`;
const sourcesOf = ({ name, sources, drivers }) => [
  ...sources.map((source) => `examples/${name}/src/${source}.c`),
  ...drivers.map((driver) => `images/common/${driver}.c`),
];
const optionsOf = (project) => [...COMPILE, ...LINK.slice(FLAGS.length), ...sourcesOf(project)].join(' ');

/** Compiles and links with paths relative to the repository, so that no path of this machine gets in; returns the files that went in. */
function compile(project, output) {
  const work = mkdtempSync(join(tmpdir(), 'imx-sim-examples-'));
  const run = (args, cwd = ROOT) => execFileSync(GCC, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
  try {
    const read = new Set(['images/common/itcm.ld', 'images/common/sections.ld']);
    const objects = sourcesOf(project).map((source, index) => {
      const object = join(work, `${index}-${basename(source, '.c')}.o`);
      run([...COMPILE, `-ffile-prefix-map=${ROOT.replace(/\/$/, '')}=.`, '-MMD', '-MF', `${object}.d`, '-c', source, '-o', object]);
      const words = readFileSync(`${object}.d`, 'utf8').replaceAll('\\\n', ' ').split(/\s+/);
      for (const word of words) if (/\.[ch]$/.test(word) && !word.startsWith('/')) read.add(word);
      return object;
    });
    // The linker scripts include each other as common/....
    run([...LINK, '-Wl,-T', '-Wl,common/itcm.ld', ...objects, '-lgcc', '-o', output], join(ROOT, 'images'));
    return [...read].sort();
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Builds all aside, then `done` gets each project with its new ELF and its sources. */
function build(done) {
  const directory = mkdtempSync(join(tmpdir(), 'imx-sim-examples-'));
  try {
    const built = PROJECTS.map((project) => {
      const output = join(directory, `${project.name}.elf`);
      const sources = compile(project, output);
      const elf = readFileSync(output);
      if (elf.length > LARGEST) throw new Error(`${project.name}: ${elf.length} bytes, more than ${LARGEST}`);
      for (const foreign of [ROOT, tmpdir(), '/home/']) {
        if (elf.includes(foreign)) throw new Error(`${project.name}: contains a path of this machine (${foreign})`);
      }
      return { project, output, sources };
    });
    return done(built);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function rebuild() {
  return build((built) => {
    const projects = built.map(({ project, output, sources }) => {
      const target = join(ROOT, elfOf(project));
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(output, target);
      chmodSync(target, 0o644);
      const hashes = Object.fromEntries(sources.map((path) => [path, hashOf(path)]));
      return { name: project.name, elf: elfOf(project), options: optionsOf(project), sha256: hashOf(elfOf(project)), sources: hashes };
    });
    const compiler = execFileSync(GCC, ['--version'], { encoding: 'utf8' }).split('\n')[0];
    writeFileSync(MANIFEST, `${JSON.stringify({ compiler, projects }, null, 2)}\n`);
    return [];
  });
}

const reproduce = () =>
  build((built) =>
    built
      .filter(({ project, output }) => sha256(readFileSync(output)) !== hashOf(elfOf(project)))
      .map(({ project }) => `${project.name}: a new build differs`),
  );

/** Everything that does not agree, one line each. */
function check() {
  const entries = new Map(JSON.parse(readFileSync(MANIFEST, 'utf8')).projects.map((entry) => [entry.name, entry]));
  return PROJECTS.flatMap((project) => {
    const entry = entries.get(project.name);
    if (!entry) return [`${project.name}: not in the manifest`];
    const problems = entry.options === optionsOf(project) ? [] : [`${project.name}: built with other options`];
    for (const [path, hash] of [[entry.elf, entry.sha256], ...Object.entries(entry.sources)]) {
      if (!existsSync(join(ROOT, path))) problems.push(`${project.name}: ${path} is gone`);
      else if (hashOf(path) !== hash) problems.push(`${project.name}: ${path} changed since it was built`);
    }
    return problems;
  });
}

try {
  const problems = { '--check': check, '--reproduce': reproduce }[process.argv[2]]?.() ?? rebuild();
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(`${PROJECTS.length} projects agree with their sources`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error.code === 'ENOENT' && error.path === GCC ? `${GCC} is not installed` : error.message);
  process.exitCode = 1;
}
