import { defineConfig } from 'vite';

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
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
