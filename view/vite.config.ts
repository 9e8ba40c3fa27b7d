import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type Plugin } from 'vite';

/** Puts the licences of the packages that are in the page beside it; those who minify the code drop its comments. */
const licences: Plugin = {
  name: 'licences',
  apply: 'build',
  generateBundle(_options, bundle) {
    const directories = new Set<string>();
    for (const each of Object.values(bundle)) {
      if (each.type !== 'chunk') continue;
      for (const id of each.moduleIds) {
        const [directory] = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? [];
        if (directory && existsSync(join(directory, 'package.json'))) directories.add(directory);
      }
    }
    const texts = [...directories].sort().map((directory) => {
      const { name, version, license } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Record<string, string>;
      const files = readdirSync(directory).filter((file) => /^(licen[cs]e|notice)/i.test(file));
      if (files.length === 0) this.error(`${name} is in the page and has no licence text`);
      return [`${name} ${version}: ${license}`, ...files.map((file) => readFileSync(join(directory, file), 'utf8'))].join('\n\n');
    });
    this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: texts.join(`\n\n${'-'.repeat(80)}\n\n`) });
  },
};

/** The page of `--view`: one HTML file, scripts and styles with hashed names, nothing from elsewhere. IMX_SIM_DIST is where tsc wrote, if not to dist/. */
export default defineConfig({
  root: import.meta.dirname,
  // The page lies behind a token in the path.
  base: './',
  build: {
    outDir: process.env['IMX_SIM_DIST'] ? `${process.env['IMX_SIM_DIST']}/view-page` : '../dist/view-page',
    emptyOutDir: true,
    // Browsers that know light-dark() and color-mix(), which the theme is made of.
    target: ['chrome125', 'firefox128', 'safari17.5'],
    cssTarget: ['chrome125', 'firefox128', 'safari17.5'],
    // No data: URLs, so that the page's policy needs none.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { output: { comments: false } },
  },
  plugins: [licences],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
