/** Builds the page into examples/browser/dist, as static files that any server can offer under any path. */
import { resolve } from 'node:path';
import { defineConfig } from 'vite';

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  // As somebody would write it who has installed the package; here it is the checkout's own source.
  resolve: { alias: { 'imx-sim': resolve(import.meta.dirname, '../../src/index.ts') } },
  worker: { format: 'es' },
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 1024, outDir: 'dist', emptyOutDir: true },
  preview: { port: 8000, strictPort: false },
});
