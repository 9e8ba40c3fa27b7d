/**
 * Coverage as pages to read: an overview of directories and sources that can be folded, sorted and searched, and a page for each source.
 *
 * Every page stands alone: no file, font or script from elsewhere. Names of pages come from paths, with everything odd replaced.
 */
import type { SourceReader } from '../exclusions.ts';
import { addTotals, type CoverageReport, type FileCoverage, percent, type Ratio, type Totals, totalsOf } from '../report.ts';
import { bar, cards, escapeHtml, page, share } from './page.ts';
import { TREE_SCRIPT } from './script.ts';
import { sourcePage } from './source-page.ts';

/** A directory, or a source. */
interface Node {
  readonly name: string;
  readonly path: string;
  readonly children: Map<string, Node>;
  file: FileCoverage | undefined;
}

/** Names of pages to their contents. */
export function htmlReport(
  report: CoverageReport,
  { title, source }: { readonly title: string; readonly source: SourceReader },
): Map<string, string> {
  const pages = new Map<string, string>();
  const names = pageNames(report.files.map(({ path }) => path));
  pages.set('index.html', overview(report, title, names));
  for (const file of report.files) pages.set(names.get(file.path)!, sourcePage(file, source(file.path), '../index.html', title));
  return pages;
}

/** A name for each path, below `files/`. */
function pageNames(paths: readonly string[]): Map<string, string> {
  const used = new Set<string>();
  const names = new Map<string, string>();
  for (const path of paths) {
    const plain =
      path
        .replace(/^\/+/, '')
        .replace(/[^\w.-]+/g, '-')
        .replace(/^[.-]+/, '')
        .slice(-120) || 'source';
    let name = plain;
    for (let number = 2; used.has(name.toLowerCase()); number++) name = `${plain}-${number}`;
    used.add(name.toLowerCase());
    names.set(path, `files/${name}.html`);
  }
  return names;
}

function overview(report: CoverageReport, title: string, names: ReadonlyMap<string, string>): string {
  const root = tree(report.files);
  const rows: string[] = [];
  addRows(root, '', 0, names, rows);
  const builds = report.builds
    .map(({ name, id }) => `${escapeHtml(name)} <span class="dim">${escapeHtml(id.slice(0, 12))}</span>`)
    .join(', ');
  const tests = report.tests.length > 0 ? `${report.tests.length} ${report.tests.length === 1 ? 'test' : 'tests'}` : '';
  const about = [builds, tests].filter(Boolean).join('; ');
  const head = ['Source', 'Lines', 'Functions', 'Branches']
    .map((name, index) => `<th scope="col"${index === 0 ? ' aria-sort="ascending"' : ''}><button type="button">${name}</button></th>`)
    .join('');
  const keys = '<span class="keys dim small"><kbd>/</kbd> filter, <kbd>j</kbd> <kbd>k</kbd> move, <kbd>Enter</kbd> open</span>';
  const body = `<header><h1>${escapeHtml(title)}</h1><div class="dim small">${about}</div>${cards(addTotals(report.files.map(totalsOf)))}
<p><input type="search" placeholder="Filter sources" aria-label="Filter sources"> ${keys}</p></header>
<main><table class="files"><thead><tr>${head}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table></main>`;
  return page(title, body, TREE_SCRIPT);
}

function tree(files: readonly FileCoverage[]): Node {
  const root: Node = { name: '', path: '', children: new Map(), file: undefined };
  for (const file of files) {
    let node = root;
    for (const part of file.path.split('/')) {
      const name = part === '' ? '/' : part;
      const path = node.path === '' ? name : `${node.path.replace(/\/$/, '')}/${name}`;
      let next = node.children.get(name);
      if (!next) {
        next = { name, path, children: new Map(), file: undefined };
        node.children.set(name, next);
      }
      node = next;
    }
    node.file = file;
  }
  return root;
}

function totalsOfNode(node: Node): Totals {
  const own = node.file ? [totalsOf(node.file)] : [];
  return addTotals([...own, ...[...node.children.values()].map(totalsOfNode)]);
}

/** Directories with a single directory in them are one row. */
function addRows(parent: Node, parentId: string, depth: number, names: ReadonlyMap<string, string>, rows: string[]): void {
  const sorted = [...parent.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const child of sorted) {
    let node = child;
    let { name } = child;
    while (!node.file && node.children.size === 1) {
      const [only] = node.children.values();
      if (only!.file) break;
      name = name === '/' ? `/${only!.name}` : `${name}/${only!.name}`;
      node = only!;
    }
    const id = String(rows.length + 1);
    rows.push(row(node, name, id, parentId, depth, names));
    addRows(node, id, depth + 1, names, rows);
  }
}

function row(node: Node, name: string, id: string, parent: string, depth: number, names: ReadonlyMap<string, string>): string {
  const { lines, functions, branches } = totalsOfNode(node);
  const text = escapeHtml(name);
  const what = node.file ? `<a href="${names.get(node.file.path)}">${text}</a>` : `${text}/`;
  const fold =
    node.children.size > 0
      ? '<button type="button" class="toggle" aria-expanded="true" aria-label="fold">\u25be</button>'
      : '<span class="toggle"></span>';
  const cell = (ratio: Ratio): string =>
    `<td data-value="${share(ratio).toFixed(4)}">${bar(ratio)}${percent(ratio)} <span class="dim small">${ratio.hit}/${ratio.found}</span></td>`;
  const first = `<td data-value="${text}" style="padding-left:${12 + depth * 20}px">${fold}${what}</td>`;
  return `<tr class="${node.file ? 'file' : 'dir'}" data-id="${id}" data-parent="${parent}" data-path="${escapeHtml(node.path)}">${first}${cell(lines)}${cell(functions)}${cell(branches)}</tr>`;
}
