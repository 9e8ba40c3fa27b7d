/**
 * The files of the view's page, as they are served: read once, when the server starts, and found by their names only, so that no path that a browser
 * sends ever reaches the file system.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { UsageError } from '../errors.ts';

/** One file. */
export interface PageFile {
  readonly bytes: Buffer;
  readonly type: string;
  /** Its name changes with its content: it may be kept. */
  readonly immutable: boolean;
}

/** Name of the page itself. */
export const INDEX = 'index.html';
/** Files and bytes of a page; the one that is served has a dozen, and a megabyte. */
const MOST_FILES = 500;
const MOST_BYTES = 64 * 1024 * 1024;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.json': 'application/json',
  '.map': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** Reads all files below a directory, by their paths with slashes. @throws {UsageError} when it has no page */
export function readPage(directory: string): ReadonlyMap<string, PageFile> {
  const files = new Map<string, PageFile>();
  let total = 0;
  const read = (path: string, name: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const file = join(path, entry.name);
      const full = name === '' ? entry.name : `${name}/${entry.name}`;
      if (entry.isDirectory()) read(file, full);
      if (!entry.isFile()) continue;
      total += statSync(file).size;
      if (files.size >= MOST_FILES || total > MOST_BYTES)
        throw new UsageError(`${directory} is no page of the view`, 'build it again: npm run build');
      const immutable = /^assets\/.*-[\w-]{8}\.\w+$/.test(full);
      files.set(full, { bytes: readFileSync(file), type: TYPES[extname(entry.name)] ?? 'application/octet-stream', immutable });
    }
  };
  try {
    read(directory, '');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`the page of the view is not at ${directory}`, 'build it: npm run build', '--view');
  }
  if (!files.has(INDEX)) throw new UsageError(`there is no ${INDEX} in ${directory}`, 'build the page: npm run build', '--view');
  return files;
}
