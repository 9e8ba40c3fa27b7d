/** Reading the documents and the sources, for the tests that hold the two together. Paths are relative to the repository. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path/posix';

/** Text of a file. */
export function read(path: string): string {
  return readFileSync(path, 'utf8');
}

/** All files below `directory` whose name ends with `suffix`, in order. */
export function filesUnder(directory: string, suffix: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return filesUnder(path, suffix);
      return entry.name.endsWith(suffix) ? [path] : [];
    })
    .sort();
}

/** True when the file or directory is there. */
export function exists(path: string): boolean {
  return existsSync(path);
}

const cellsOf = (line: string): string[] =>
  line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

/** Rows of all tables of `markdown` whose heading is `heading`. @throws {Error} when there is no such table. */
export function tableRows(markdown: string, heading: readonly string[]): string[][] {
  const rows: string[][] = [];
  let found = false;
  let inside = false;
  for (const line of markdown.split('\n')) {
    if (!line.startsWith('|')) inside = false;
    else if (cellsOf(line).join('|') === heading.join('|')) found = inside = true;
    else if (inside && !/^\|[\s:|-]+\|$/.test(line)) rows.push(cellsOf(line));
  }
  if (!found) throw new Error(`no table with the heading ${heading.join(' | ')}`);
  return rows;
}

/** Names in backticks of one cell or text, fenced blocks left out. */
export function quoted(text: string): string[] {
  return [...text.replace(/^```.*?^```$/gms, '').matchAll(/`([^`]+)`/g)].map(([, name]) => name!);
}

/**
 * The part of a page between `<!-- name -->` and `<!-- /name -->`. With IMX_SIM_WRITE_DOCS in the environment it is made anew from `content` first.
 * @throws {Error} when the page has no such part
 */
export function made(path: string, name: string, content: string): string {
  const page = read(path);
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${path} has no part between ${begin} and ${end}`);
  if (process.env['IMX_SIM_WRITE_DOCS'] === undefined) return page.slice(from + begin.length, to);
  writeFileSync(path, `${page.slice(0, from + begin.length)}\n${content}\n${page.slice(to)}`);
  return `\n${content}\n`;
}
