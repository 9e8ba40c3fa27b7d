/**
 * Two bundles. The command in a few files instead of two hundred modules, which take Node longer to find and link than to run
 * (docs/adr/0009); the library stays as tsc writes it; packages stay where npm puts them. And the shell's language, just-bash, with what it
 * needs in one file, so that nobody has to install its 90 MB (docs/adr/0016). IMX_SIM_DIST is where tsc wrote, if not to dist/.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { defineConfig } from 'rolldown';

const dist = process.env.IMX_SIM_DIST ?? 'dist';
const browserBundle = createRequire(import.meta.url).resolve('just-bash').replace(/index\.c?js$/, 'browser.js');
const justBash = dirname(dirname(dirname(browserBundle)));
const modules = dirname(justBash);
const { version } = JSON.parse(readFileSync(join(justBash, 'package.json'), 'utf8'));

/** Puts the licences of all that is in a bundle beside it. */
const licences = {
  name: 'licences',
  generateBundle(_options, bundle) {
    const packages = new Set();
    const add = (directory) => {
      if (packages.has(directory)) return;
      packages.add(directory);
      const { dependencies = {} } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      for (const name of Object.keys(dependencies)) {
        const found = [join(directory, 'node_modules', name), join(modules, name)].find((each) => existsSync(each));
        if (found) add(found);
      }
    };
    // just-bash's own bundle has its dependencies in it already, and does not say which: all that it could have.
    add(justBash);
    for (const { modules: ids = {} } of Object.values(bundle))
      for (const id of Object.keys(ids)) {
        const [directory] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? [];
        if (directory) add(directory);
      }
    const texts = [...packages].sort().map((directory) => {
      const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      const files = readdirSync(directory).filter((file) => /^(licen[cs]e|notice)/i.test(file));
      return [`${name} ${version}: ${license}`, ...files.map((file) => readFileSync(join(directory, file), 'utf8'))].join('\n\n');
    });
    this.emitFile({ type: 'asset', fileName: 'just-bash.LICENSES.txt', source: texts.join(`\n\n${'-'.repeat(80)}\n\n`) });
  },
};

/** just-bash, and what grep needs: re2js, which just-bash has in it and does not export. */
const entry = {
  name: 'entry',
  resolveId: (id) => (id === 'just-bash-and-re2js' ? `\0${id}` : undefined),
  load: (id) =>
    id === '\0just-bash-and-re2js'
      ? `export * from ${JSON.stringify(browserBundle)}; export { RE2JS } from ${JSON.stringify(createRequire(import.meta.url).resolve('re2js').replace(/index\.cjs\.cjs$/, 'index.esm.js'))};`
      : undefined,
};

/** just-bash uses zlib for gzip alone, which a page does not have; the shell leaves gzip out everywhere. */
const withoutZlib = {
  name: 'without-zlib',
  resolveId: (id) => (id === 'node:zlib' ? '\0zlib' : undefined),
  load: (id) => (id === '\0zlib' ? 'export const constants = {}; export const gzipSync = undefined, gunzipSync = undefined;' : undefined),
};

/** After the minifier, which drops comments. */
const postBanner = `/*! just-bash ${version} (Apache-2.0), minified, node:zlib left out, with its dependencies; see just-bash.LICENSES.txt and docs/adr/0016. */`;

export default defineConfig([
  {
    // The worker is started by its file.
    input: { main: join(dist, 'cli/main.js'), 'explore-worker': join(dist, 'cli/commands/explore-worker.js') },
    platform: 'node',
    external: ['@alexaltea/capstone-js', 'commander', 'koffi', 'ws', '#just-bash'],
    output: { dir: join(dist, 'command'), cleanDir: true, entryFileNames: '[name].js', chunkFileNames: '[name].js', comments: false },
    logLevel: 'warn',
  },
  {
    input: 'just-bash-and-re2js',
    platform: 'browser',
    plugins: [entry, withoutZlib, licences],
    output: { file: join(dist, 'vendor/just-bash.js'), codeSplitting: false, minify: true, comments: { legal: true, annotation: false, jsdoc: false }, postBanner },
    logLevel: 'warn',
  },
]);
