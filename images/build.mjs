/**
 * Builds the example firmware with arm-none-eabi-gcc and writes images/*.elf and images/manifest.json.
 *
 *   node images/build.mjs              build everything
 *   node images/build.mjs <name>...    build these (the manifest keeps the others)
 *   node images/build.mjs --check      no compiler: do manifest, sources, options and ELFs agree?
 *   node images/build.mjs --reproduce  build into a temporary directory: is each ELF byte for byte the committed one?
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IMAGES } from './catalogue.mjs';

const ROOT = fileURLToPath(new URL('.', import.meta.url));
const GCC = 'arm-none-eabi-gcc';
const MANIFEST = join(ROOT, 'manifest.json');
const LARGEST = 100 * 1024;

const COMMON_FLAGS = [
  '-mthumb',
  '-std=gnu11',
  '-ffreestanding',
  '-fno-tree-loop-distribute-patterns',
  '-ffunction-sections',
  '-fdata-sections',
  '-Wall',
  '-Wextra',
  '-Wshadow',
  '-Wconversion',
  '-Werror',
  '-Icommon',
];
const LINK_FLAGS = ['-nostdlib', '-Wl,--gc-sections', '-Wl,--build-id=sha1', '-Wl,-z,max-page-size=8', '-Wl,--fatal-warnings'];

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const hashOf = (path) => sha256(readFileSync(join(ROOT, path)));

/** Options that decide the ELF's bytes, without paths of this machine. */
function optionsOf(image) {
  if (image.patch) return [];
  const libraries = image.libraries ?? ['-lgcc'];
  return [...image.flags, ...COMMON_FLAGS, ...LINK_FLAGS, `-Wl,-T,${image.map}`, ...image.sources, ...libraries];
}

/** Files that went into an image: what the compiler says it read, and the linker scripts. */
function sourcesOf(image, dependencyFile) {
  const rule = readFileSync(dependencyFile, 'utf8').replaceAll('\\\n', ' ');
  const headers = rule.split(/\s+/).filter((word) => word.endsWith('.h') && !word.startsWith('/'));
  return [...new Set([...image.sources, ...headers, image.map, 'common/sections.ld'])].sort();
}

/** Compiles and links `image` to `output`; returns its sources. Works from ROOT with relative paths, so that no path gets in. */
function compile(image, output) {
  const dependencies = [];
  const work = mkdtempSync(join(tmpdir(), 'imx-sim-images-'));
  try {
    const objects = image.sources.map((source, index) => {
      const object = join(work, `${index}-${basename(source, '.c')}.o`);
      const dependency = join(work, `${index}.d`);
      const map = `-ffile-prefix-map=${ROOT.replace(/\/$/, '')}=images`;
      const arguments_ = [...image.flags, ...COMMON_FLAGS, map, '-MMD', '-MF', dependency, '-c', source, '-o', object];
      execFileSync(GCC, arguments_, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
      dependencies.push(...sourcesOf(image, dependency));
      return object;
    });
    const link = [...image.flags, '-mthumb', ...LINK_FLAGS, '-Wl,-T', `-Wl,${image.map}`, ...objects, ...(image.libraries ?? ['-lgcc'])];
    execFileSync(GCC, [...link, '-o', output], { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] });
  } finally {
    rmSync(work, { recursive: true });
  }
  return [...new Set(dependencies)].sort();
}

/** Finds a section header of a 32-bit little-endian ELF: file offsets of the header and of the contents. */
function findSection(elf, name) {
  const table = elf.readUInt32LE(0x20);
  const size = elf.readUInt16LE(0x2e);
  const count = elf.readUInt16LE(0x30);
  const names = elf.readUInt32LE(table + elf.readUInt16LE(0x32) * size + 0x10);
  for (let header = table; header < table + count * size; header += size) {
    const start = names + elf.readUInt32LE(header);
    if (elf.toString('latin1', start, elf.indexOf(0, start)) === name) return { header, offset: elf.readUInt32LE(header + 0x10) };
  }
  throw new Error(`no section ${name}`);
}

/** Makes a variant of an ELF that exists already. */
function patch(image, directory, output) {
  const base = [directory, ROOT].map((place) => join(place, `${image.patch.of}.elf`)).find(existsSync);
  copyFileSync(base, output);
  const elf = readFileSync(output);
  const { header, offset } = findSection(elf, image.patch.section);
  for (const [at, word] of image.patch.words ?? []) elf.writeUInt32LE(word, offset + at);
  if (image.patch.size !== undefined) elf.writeUInt32LE(image.patch.size, header + 0x14);
  writeFileSync(output, elf);
}

/** What must hold for every image. */
function inspect(name, path) {
  const elf = readFileSync(path);
  if (elf.length > LARGEST) throw new Error(`${name}: ${elf.length} bytes, more than ${LARGEST}`);
  for (const foreign of [ROOT, tmpdir(), '/build/', '/home/']) {
    if (elf.includes(foreign)) throw new Error(`${name}: contains a path of this machine (${foreign})`);
  }
}

function build(images, directory) {
  const sources = new Map();
  for (const image of images) {
    const output = join(directory, `${image.name}.elf`);
    if (image.patch) {
      patch(image, directory, output);
      sources.set(image.name, []);
    } else {
      sources.set(image.name, compile(image, output));
    }
    chmodSync(output, 0o644);
    inspect(image.name, output);
  }
  return sources;
}

/** The part of a manifest entry that comes from the catalogue. */
function describe(image) {
  const { name, title, shows, soc, core, group, millions, virtualTime, until, exit, patch: variant } = image;
  return {
    name,
    file: `${name}.elf`,
    title,
    shows,
    soc,
    core,
    group,
    millions,
    virtualTime,
    until,
    exit,
    patch: variant,
    options: optionsOf(image).join(' '),
  };
}

const readManifest = () => (existsSync(MANIFEST) ? JSON.parse(readFileSync(MANIFEST, 'utf8')) : { images: [] });

function writeManifest(built, sources) {
  const old = new Map(readManifest().images.map((entry) => [entry.name, entry]));
  const images = IMAGES.map((image) => {
    if (!built.includes(image)) return old.get(image.name);
    const file = `${image.name}.elf`;
    const bytes = readFileSync(join(ROOT, file));
    const hashes = Object.fromEntries(sources.get(image.name).map((path) => [path, hashOf(path)]));
    return { ...describe(image), size: bytes.length, sha256: sha256(bytes), sources: hashes };
  }).filter(Boolean);
  const compiler = execFileSync(GCC, ['--version'], { encoding: 'utf8' }).split('\n')[0];
  writeFileSync(MANIFEST, `${JSON.stringify({ compiler, images }, null, 2)}\n`);
}

/** Everything that does not agree, one line each. */
function check() {
  const problems = [];
  const entries = new Map(readManifest().images.map((entry) => [entry.name, entry]));
  for (const image of IMAGES) {
    const entry = entries.get(image.name);
    if (!entry) {
      problems.push(`${image.name}: not in the manifest`);
      continue;
    }
    entries.delete(image.name);
    for (const [key, value] of Object.entries(describe(image))) {
      if (JSON.stringify(entry[key]) !== JSON.stringify(value)) problems.push(`${image.name}: ${key} differs from the catalogue`);
    }
    if (!existsSync(join(ROOT, entry.file))) problems.push(`${entry.file}: missing`);
    else if (hashOf(entry.file) !== entry.sha256) problems.push(`${entry.file}: not the file that was built`);
    for (const [path, hash] of Object.entries(entry.sources)) {
      if (!existsSync(join(ROOT, path))) problems.push(`${image.name}: source ${path} is gone`);
      else if (hashOf(path) !== hash) problems.push(`${image.name}: ${path} changed since it was built`);
    }
  }
  for (const name of entries.keys()) problems.push(`${name}: in the manifest, not in the catalogue`);
  const known = new Set(IMAGES.map(({ name }) => `${name}.elf`));
  for (const file of readdirSync(ROOT)) if (file.endsWith('.elf') && !known.has(file)) problems.push(`${file}: belongs to no image`);
  return problems;
}

/** Builds aside; `done` gets the directory. Nothing in images/ changes if one of them cannot be built. */
function buildAside(images, done) {
  const directory = mkdtempSync(join(tmpdir(), 'imx-sim-images-'));
  try {
    return done(directory, build(images, directory));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function reproduce() {
  return buildAside(IMAGES, (directory) =>
    IMAGES.map(({ name }) => `${name}.elf`)
      .filter((file) => sha256(readFileSync(join(directory, file))) !== hashOf(file))
      .map((file) => `${file}: a new build differs`),
  );
}

function rebuild(names) {
  const unknown = names.filter((name) => !IMAGES.some((image) => image.name === name));
  if (unknown.length > 0) return unknown.map((name) => `${name}: no such image`);
  const images = IMAGES.filter(({ name }) => names.includes(name));
  buildAside(images, (directory, sources) => {
    for (const { name } of images) copyFileSync(join(directory, `${name}.elf`), join(ROOT, `${name}.elf`));
    writeManifest(images, sources);
  });
  return [];
}

function report(problems, success) {
  for (const problem of problems) console.error(problem);
  if (problems.length === 0) console.log(success);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

const [argument, ...more] = process.argv.slice(2);
try {
  if (argument === '--check') report(check(), `${IMAGES.length} images agree with their sources`);
  else if (argument === '--reproduce') report(reproduce(), `${IMAGES.length} images are reproducible`);
  else report(rebuild(argument ? [argument, ...more] : IMAGES.map(({ name }) => name)), 'built');
} catch (error) {
  report([error.code === 'ENOENT' && error.path === GCC ? `${GCC} is not installed` : error.message], '');
}
