/** Debian's dtc and fdtoverlay, where they are installed, and what they made of samples.ts. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What `make-blobs.mjs` wrote. */
export const BLOBS: Readonly<Record<'language' | 'languageSymbols' | 'base' | 'overlay' | 'merged', Uint8Array>> = Object.fromEntries(
  Object.entries(JSON.parse(readFileSync(new URL('blobs.json', import.meta.url), 'utf8')) as Record<string, string>).map(([name, text]) => [
    name,
    new Uint8Array(Buffer.from(text, 'base64')),
  ]),
) as never;

/** All but what libfdt merged: that has its names in another order. */
export const WRITTEN_BY_DTC = Object.entries(BLOBS).filter(([name]) => name !== 'merged');

/** True where dtc can be run. */
export const HAVE_DTC = spawnSync('dtc', ['--version']).status === 0;

/** Runs dtc with `input`; its standard output. */
export function dtc(input: string | Uint8Array, ...options: string[]): Buffer {
  const { status, stdout, stderr } = spawnSync('dtc', options, { input, maxBuffer: 64 * 2 ** 20 });
  if (status !== 0) throw new Error(`dtc ${options.join(' ')}: ${stderr}`);
  return stdout;
}

/** A blob as text for comparisons. */
export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
