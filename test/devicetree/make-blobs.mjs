/** Writes blobs.json: what Debian's dtc and fdtoverlay make of samples/. Run it with node where both are installed. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dir = mkdtempSync(join(tmpdir(), 'dtc-'));
const dtc = (name, ...options) => {
  const out = join(dir, `${name}${options.length}.dtb`);
  const source = fileURLToPath(new URL(`samples/${name}.dts`, import.meta.url));
  execFileSync('dtc', ['-q', ...options, '-I', 'dts', '-O', 'dtb', '-o', out, source]);
  return out;
};
const base = dtc('base', '-@');
const overlay = dtc('overlay', '-@');
const merged = join(dir, 'merged.dtb');
execFileSync('fdtoverlay', ['-i', base, '-o', merged, overlay]);
const files = { language: dtc('language'), languageSymbols: dtc('language', '-@'), base, overlay, merged };
const blobs = Object.fromEntries(Object.entries(files).map(([name, path]) => [name, readFileSync(path).toString('base64')]));
writeFileSync(new URL('blobs.json', import.meta.url), `${JSON.stringify(blobs, null, 2)}\n`);
