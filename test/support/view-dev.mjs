/**
 * A run of an image with the view's server, from the sources, for whoever works on the view's page; the address is always http://127.0.0.1:8420/dev/.
 *
 *   node test/support/view-dev.mjs [elf] [--page <built page>] [--port 8420] [--pace 1] [--wait] [--semihosting] [--quiet] [--vite 5173]
 *
 * With --vite, Vite's development server serves the page at http://localhost:5173/dev/, with its socket led to this one; else --page names
 * a directory, such as one that `IMX_SIM_DIST=... vite build view` has made (its view-page/).
 */
import { resolve } from 'node:path';
import { createServer, runnerImport } from 'vite';

const root = resolve(import.meta.dirname, '../..');
const args = process.argv.slice(2);
const at = args.indexOf('--vite');
const vitePort = at < 0 ? undefined : Number(args.splice(at, 2)[1]);
const given = args.indexOf('--port');
const port = given < 0 ? '8420' : args[given + 1];
if (vitePort !== undefined) {
  const target = `http://127.0.0.1:${port}`;
  const server = await createServer({
    root: resolve(root, 'view'),
    configFile: resolve(root, 'view/vite.config.ts'),
    base: '/dev/',
    server: {
      port: vitePort,
      strictPort: true,
      host: '127.0.0.1',
      proxy: { '/dev/ws': { target, ws: true, changeOrigin: true, rewriteWsOrigin: true } },
    },
  });
  await server.listen();
  console.log(`page: http://127.0.0.1:${vitePort}/dev/`);
}
const { module } = await runnerImport(resolve(root, 'test/support/view-dev.ts'), { root, configFile: false, logLevel: 'warn' });
await module.main(args);
