/**
 * The import rule of docs/architecture.md, read from its table: values are imported from the layers it names and from nowhere else.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { filesUnder, read, tableRows } from './support.ts';

interface Layer {
  readonly name: string;
  readonly patterns: readonly string[];
  readonly mayImport: ReadonlySet<string>;
}

const LAYERS: readonly Layer[] = tableRows(read('docs/architecture.md'), ['layer', 'files', 'may import']).map(([name, files, may]) => ({
  name: name!,
  patterns: [...files!.matchAll(/`([^`]+)`/g)].map(([, pattern]) => pattern!),
  mayImport: new Set([name!, ...may!.split(' ')]),
}));

const SOURCES = filesUnder('src', '.ts').filter((file) => !file.startsWith('src/types/'));

/** Node's globals; `process` by what only Node's has, since processes of the modelled Linux go by that name, too. */
const NODE_GLOBALS =
  /\b(process\.(?:std(?:in|out|err)|exit\((?:\d|EXIT)|exitCode|versions?|nextTick|hrtime|platform|memoryUsage|env\[)|Buffer\.|require\(|setImmediate)/;

function matches(pattern: string, file: string): boolean {
  return pattern.endsWith('/*') ? file.startsWith(pattern.slice(0, -1)) : file === pattern;
}

/** Layer of a file; `file` is relative to src. */
function layerOf(file: string): Layer | undefined {
  return LAYERS.find(({ patterns }) => patterns.some((pattern) => matches(pattern, file)));
}

/** Files of this project, relative to src, from which `source` imports or re-exports values; and packages. */
function valueImports(source: string): { files: string[]; packages: string[] } {
  const files: string[] = [];
  const packages: string[] = [];
  for (const [, kind, names, from] of readFileSync(source, 'utf8').matchAll(
    /^(?:import|export)\s+(type\s)?([^;'"]*?)\bfrom\s+'([^']+)'/gms,
  )) {
    if (kind !== undefined) continue;
    const list = /^\{(.*)\}\s*$/s.exec(names!.trim())?.[1];
    const onlyTypes = list
      ?.split(',')
      .filter((name) => name.trim() !== '')
      .every((name) => /^\s*type\s/.test(name));
    if (onlyTypes) continue;
    if (from!.startsWith('.')) files.push(join(dirname(source), from!).replace(/^src\//, ''));
    else packages.push(from!);
  }
  return { files, packages };
}

describe('the layers of docs/architecture.md', () => {
  it('cover every file of src', () => {
    expect(SOURCES.filter((file) => !layerOf(file.replace(/^src\//, '')))).toEqual([]);
  });

  it('name no file or directory that does not exist', () => {
    const patterns = LAYERS.flatMap(({ patterns: own }) => own);
    const unknown = patterns.filter((pattern) => !SOURCES.some((file) => matches(pattern, file.replace(/^src\//, ''))));
    expect(unknown).toEqual([]);
  });

  it('have no cycle', () => {
    const names = LAYERS.map(({ name }) => name);
    const done = new Set<string>();
    for (let left = LAYERS.length; left > 0; left--) {
      const next = LAYERS.find(
        ({ name, mayImport }) => !done.has(name) && [...mayImport].every((other) => other === name || done.has(other)),
      );
      if (next) done.add(next.name);
    }
    expect(names.filter((name) => !done.has(name))).toEqual([]);
  });

  it('are obeyed by every import of a value', () => {
    const broken: string[] = [];
    for (const source of SOURCES) {
      const own = layerOf(source.replace(/^src\//, ''))!;
      for (const file of valueImports(source).files) {
        const other = layerOf(file);
        if (!other || !own.mayImport.has(other.name)) broken.push(`${source} (${own.name}) imports ${file} (${other?.name})`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('let no model know the machine or the command, types included', () => {
    const above = ['machine'];
    for (let known = 0; known < above.length; ) {
      known = above.length;
      const more = LAYERS.filter(({ name, mayImport }) => !above.includes(name) && above.some((each) => mayImport.has(each)));
      above.push(...more.map(({ name }) => name));
    }
    expect(above).toEqual(expect.arrayContaining(['session', 'kit', 'library', 'bridges', 'node', 'vitest']));
    const below = SOURCES.filter((source) => !above.includes(layerOf(source.replace(/^src\//, ''))!.name));
    const broken = below.filter((source) =>
      [...readFileSync(source, 'utf8').matchAll(/\bfrom '(\.[^']+)'/g)]
        .map(([, from]) => layerOf(join(dirname(source), from!).replace(/^src\//, ''))?.name ?? '')
        .some((layer) => above.includes(layer)),
    );
    expect(broken).toEqual([]);
  });

  it('keep Node out of what runs in a browser', () => {
    const users = SOURCES.filter((source) =>
      valueImports(source).packages.some((name) => name.startsWith('node:') || name === 'commander'),
    );
    const layers = new Set(users.map((source) => layerOf(source.replace(/^src\//, ''))!.name));
    expect([...layers].sort()).toEqual(['bridges', 'node', 'unicorn', 'vitest']);
    const globals = SOURCES.filter(
      (source) => !['bridges', 'node', 'unicorn', 'vitest'].includes(layerOf(source.replace(/^src\//, ''))!.name),
    ).filter((source) => NODE_GLOBALS.test(readFileSync(source, 'utf8').replace(/\/\*.*?\*\/|\/\/.*$/gms, '')));
    expect(globals).toEqual([]);
  });

  it('keep the time and the chance of the host out of the models', () => {
    // The client of the view runs with whoever looks.
    const models = SOURCES.filter((source) => !['bridges', 'node', 'view-protocol'].includes(layerOf(source.replace(/^src\//, ''))!.name));
    const broken = models.filter((source) =>
      /\b(Date\.now|new Date\(\)|performance\.|setTimeout|setInterval|Math\.random|crypto\.)/.test(
        readFileSync(source, 'utf8').replace(/\/\*.*?\*\/|\/\/.*$/gms, ''),
      ),
    );
    expect(broken).toEqual([]);
  });

  it('name a SoC in data alone: tables of layouts and boards, match tables of the kernel, examples in help', () => {
    const data = [
      /^src\/soc\//,
      /^src\/uboot\/(?:boards|environment|auxiliary-cores|fix-ups)[\w-]*\.ts$/,
      /^src\/peripherals\/[\w-]+-(?:layouts|registers|scripts)\.ts$/,
      /^src\/mu\/(?:mu-layout|imx-mailbox)\.ts$/,
      // Layouts that stand beside the model; models that go by a SoC's name because only it has that block.
      /^src\/peripherals\/(?:ocotp|imx7d-adc|catalogue)\.ts$/,
      // compatible strings, as in the kernel's own tables
      /^src\/(?:virtio\/imx-rpmsg|linux\/rpmsg-node-lint)\.ts$/,
      // examples, and the SoC that `imx-sim shell` has without firmware
      /^src\/(?:cli\/program|cli\/commands\/shell|kit\/options)\.ts$/,
    ];
    const naming = SOURCES.filter((source) =>
      /imx(?:8m[mnpq]|7d|6sx)/i.test(readFileSync(source, 'utf8').replace(/\/\*.*?\*\/|\/\/.*$/gms, '')),
    );
    expect(naming.filter((source) => !data.some((pattern) => pattern.test(source)))).toEqual([]);
  });
});
