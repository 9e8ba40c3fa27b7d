/** Paths of sources as compilers of Linux and Windows write them, in one form: absolute if known, forward slashes, no `.` and `..`. */

const ABSOLUTE = /^(\/|[A-Za-z]:\/)/;

/** `path` below `directories`, the outermost last; each may be absolute, relative or empty. */
export function normalisePath(path: string, ...directories: readonly string[]): string {
  if (path === '') return '';
  let full = path.replaceAll('\\', '/');
  for (const directory of directories) {
    if (ABSOLUTE.test(full)) break;
    if (directory !== '') full = `${directory.replaceAll('\\', '/')}/${full}`;
  }
  const root = ABSOLUTE.exec(full)?.[0] ?? '';
  const parts: string[] = [];
  for (const part of full.slice(root.length).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '..' || root === '') parts.push(part);
  }
  return root + parts.join('/');
}

/** Whether `path` is `wanted` or ends in it at a directory. */
export function pathMatches(path: string, wanted: string): boolean {
  const end = wanted.replaceAll('\\', '/').replace(/^\.\//, '');
  return path === end || path.endsWith(`/${end}`);
}
