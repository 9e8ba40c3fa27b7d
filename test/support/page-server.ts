/**
 * Serves a directory of static files on a port of this machine, and finds a Chromium to look at them with.
 */
import { accessSync, constants, readFileSync, realpathSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, extname, join, sep } from 'node:path';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
};

/** A server that runs. */
export interface PageServer {
  readonly url: string;
  /** Paths that were asked for and are not there. */
  readonly missing: readonly string[];
  close(): Promise<void>;
}

/** Serves the files under `directory`, and nothing else, each with `headers`. */
export async function servePage(directory: string, headers: Readonly<Record<string, string>> = {}): Promise<PageServer> {
  const root = realpathSync(directory);
  const missing: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const path = join(root, pathname === '/' ? 'index.html' : decodeURIComponent(pathname));
    try {
      if (!path.startsWith(root + sep)) throw new Error('outside');
      const bytes = readFileSync(path);
      response.writeHead(200, { ...headers, 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' }).end(bytes);
    } catch {
      missing.push(pathname);
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: `http://127.0.0.1:${port}/`, missing, close };
}

/** Path of an installed Chromium or Chrome, or undefined; IMX_SIM_CHROMIUM names another. */
export function findChromium(): string | undefined {
  const given = process.env['IMX_SIM_CHROMIUM'];
  if (given) return given;
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of names) {
      const path = join(directory, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // The next one.
      }
    }
  }
  return undefined;
}

/** Options with which `chromium.launch` runs it headless; its own sandbox cannot be had as root, as in most containers. */
export function launchOptions(executablePath: string): { executablePath: string; args: string[] } {
  return { executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] };
}
