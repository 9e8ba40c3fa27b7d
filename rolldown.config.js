/**
 * The command in a few files instead of two hundred modules, which take Node longer to find and link than to run (docs/adr/0009). The
 * library stays as tsc writes it; packages stay where npm puts them. IMX_SIM_DIST is where tsc wrote, if not to dist/.
 */
import { join } from 'node:path';
import { defineConfig } from 'rolldown';

const dist = process.env.IMX_SIM_DIST ?? 'dist';

export default defineConfig({
  input: join(dist, 'cli/main.js'),
  platform: 'node',
  external: ['@alexaltea/capstone-js', 'commander', 'koffi'],
  output: { dir: join(dist, 'command'), cleanDir: true, entryFileNames: '[name].js', chunkFileNames: '[name].js', comments: false },
  logLevel: 'warn',
});
