/**
 * A flame graph as one HTML page: boxes as wide as their share of the samples, callers below. Zoom by click or keys, search, light and dark.
 *
 * Drawn here and not by a library: d3-flame-graph needs d3 (270 kB) in each file, or the network; this is an SVG and 60 lines of script.
 */
import { ASLEEP, type CallNode, type CallTree } from './call-tree.ts';

const WIDTH = 1200;
const ROW = 18;
/** Narrower boxes are left out, in pixels of the whole picture. */
const NARROWEST = 0.3;
const DEEPEST = 96;

const STYLE = `
:root { color-scheme: light dark; --bg: #fbfbfa; --fg: #1d1f21; --dim: #6a6f75; --text: #1d1f21; --edge: #fbfbfa; --find: #7b4fd0; --light: 74%; --accent: #1769aa; }
@media (prefers-color-scheme: dark) { :root { --bg: #17191c; --fg: #e4e6e8; --dim: #9aa0a6; --edge: #17191c; --light: 58%; --find: #b392f0; --accent: #6cb6ff; } }
body { margin: 0 auto; max-width: 1280px; padding: 20px 24px; background: var(--bg); color: var(--fg); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 20px; margin: 0; } .dim { color: var(--dim); font-size: 13px; }
svg { width: 100%; height: auto; display: block; margin-top: 12px; } svg text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: var(--text); pointer-events: none; }
svg rect { stroke: var(--edge); stroke-width: 0.6; fill: hsl(var(--hue) 70% var(--light)); } svg g { cursor: pointer; } svg g:focus { outline: none; } svg g:focus rect, svg g:hover rect { stroke: var(--accent); stroke-width: 2; }
svg g.found rect { fill: var(--find); } svg g.below rect { opacity: 0.55; }
input, button { font: inherit; color: inherit; background: transparent; border: 1px solid var(--dim); border-radius: 6px; padding: 3px 10px; } :focus-visible { outline: 2px solid var(--accent); }
#what { min-height: 1.5em; } kbd { border: 1px solid var(--dim); border-radius: 4px; padding: 0 5px; font-size: 12px; }
`;

const SCRIPT = `
(() => {
  const boxes = [...document.querySelectorAll('svg g')];
  const what = document.querySelector('#what');
  const search = document.querySelector('input');
  const at = (box) => ({ x: Number(box.dataset.x), w: Number(box.dataset.w), depth: Number(box.dataset.d) });
  const height = Number(document.querySelector('svg').dataset.h);
  const text = (box) => box.dataset.name + ': ' + box.dataset.n + ' samples, ' + (Number(box.dataset.w) / ${WIDTH} * 100).toFixed(2) + ' %, itself ' + box.dataset.self;
  let zoomed = boxes[0];
  const zoom = (target) => {
    zoomed = target;
    const { x, w, depth } = at(target);
    for (const box of boxes) {
      const own = at(box);
      const above = own.depth < depth;
      const shown = above ? own.x <= x + 1e-6 && own.x + own.w >= x + w - 1e-6 : own.x >= x - 1e-6 && own.x + own.w <= x + w + 1e-6;
      box.style.display = shown ? '' : 'none';
      box.classList.toggle('below', above);
      if (!shown) continue;
      const left = above ? 0 : (own.x - x) / w * ${WIDTH};
      const wide = above ? ${WIDTH} : own.w / w * ${WIDTH};
      const rect = box.firstElementChild;
      rect.setAttribute('x', left); rect.setAttribute('width', wide);
      const label = box.lastElementChild;
      label.setAttribute('x', left + 4);
      const letters = Math.floor((wide - 8) / 7.3);
      label.textContent = letters < 3 ? '' : box.dataset.name.length <= letters ? box.dataset.name : box.dataset.name.slice(0, letters - 1) + '\\u2026';
    }
  };
  const find = () => {
    const word = search.value.toLowerCase();
    let sum = 0; let end = -1;
    for (const box of boxes) box.classList.toggle('found', word !== '' && box.dataset.name.toLowerCase().includes(word));
    for (const box of boxes.filter((one) => one.classList.contains('found')).sort((a, b) => at(a).x - at(b).x || at(a).depth - at(b).depth)) {
      const { x, w } = at(box);
      if (x >= end - 1e-6) { sum += w; end = x + w; }
    }
    what.textContent = word === '' ? '' : 'found in ' + (sum / ${WIDTH} * 100).toFixed(2) + ' % of the samples';
  };
  for (const box of boxes) {
    box.addEventListener('click', () => zoom(box));
    for (const kind of ['mouseenter', 'focus']) box.addEventListener(kind, () => { what.textContent = text(box); });
  }
  search.addEventListener('input', find);
  document.querySelector('button').addEventListener('click', () => zoom(boxes[0]));
  const near = (box, key) => {
    const { x, w, depth } = at(box);
    const shown = boxes.filter((one) => one.style.display !== 'none');
    const row = (d) => shown.filter((one) => at(one).depth === d).sort((a, b) => at(a).x - at(b).x);
    if (key === 'ArrowUp') return row(depth + 1).find((one) => at(one).x >= x - 1e-6 && at(one).x < x + w);
    if (key === 'ArrowDown') return row(depth - 1).find((one) => at(one).x <= x + 1e-6 && at(one).x + at(one).w > x);
    const list = row(depth);
    return list[list.indexOf(box) + (key === 'ArrowRight' ? 1 : -1)];
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === search) { if (event.key === 'Escape') { search.value = ''; find(); search.blur(); } return; }
    if (event.key === '/') { event.preventDefault(); search.focus(); return; }
    if (event.key === 'Escape') { zoom(boxes[0]); return; }
    const box = document.activeElement?.closest?.('svg g');
    if (event.key === 'Enter' && box) { zoom(box); return; }
    if (!event.key.startsWith('Arrow')) return;
    const next = box ? near(box, event.key) : zoomed;
    if (next) { event.preventDefault(); next.focus(); }
  });
})();
`;

/** The page of a tree. `unit` says what a sample is, such as `samples of 10 us`. */
export function flameGraphHtml(tree: CallTree, title: string, unit: string): string {
  const boxes: string[] = [];
  const root = awake(tree.root);
  const depth = draw(root, boxes);
  const height = (depth + 1) * ROW + 2;
  const slept = tree.root.total - root.total;
  const about = `${root.total} ${unit}${slept > 0 ? `; ${slept} more found the core asleep and are left out` : ''}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeXml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeXml(title)}</h1>
<p class="dim">${escapeXml(about)}; <kbd>click</kbd> or <kbd>Enter</kbd> zooms, <kbd>Esc</kbd> shows all, arrows move, <kbd>/</kbd> searches</p>
<p><input type="search" placeholder="Search functions" aria-label="Search functions"> <button type="button">Show all</button></p>
<div id="what" class="dim" aria-live="polite"></div>
${svg(boxes, height, title)}
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** The picture alone, without script. */
export function flameGraphSvg(tree: CallTree, title: string): string {
  const boxes: string[] = [];
  const height = (draw(awake(tree.root), boxes) + 1) * ROW + 2;
  return svg(boxes, height, title)
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace('>', `><style>${PLAIN_STYLE}</style>`);
}

/** Without the samples of a sleeping core, among which the others would not be seen. */
function awake(root: CallNode): CallNode {
  const asleep = root.children.get(ASLEEP)?.total ?? 0;
  if (asleep === 0 || asleep === root.total) return root;
  const children = new Map([...root.children].filter(([name]) => name !== ASLEEP));
  return { ...root, total: root.total - asleep, children };
}

const PLAIN_STYLE = 'text{font:12px monospace}rect{stroke:#fff;stroke-width:.6;fill:hsl(var(--hue) 70% 74%)}';

function svg(boxes: readonly string[], height: number, title: string): string {
  // Boxes count their rows from above; the picture grows upwards.
  const turned = boxes.map((box) => box.replace(/@(\d+)@/g, (_, row: string) => String(height - (Number(row) + 1) * ROW)));
  return `<svg viewBox="0 0 ${WIDTH} ${height}" data-h="${height}" role="img" aria-label="${escapeXml(title)}">
${turned.join('\n')}
</svg>`;
}

/** Draws from the root on; returns the deepest row. */
function draw(root: CallNode, boxes: string[]): number {
  let deepest = 0;
  if (root.total === 0) return deepest;
  const walk = (node: CallNode, x: number, depth: number): void => {
    const width = (node.total / root.total) * WIDTH;
    if (width < NARROWEST || depth > DEEPEST) return;
    deepest = Math.max(deepest, depth);
    boxes.push(box(node, x, width, depth));
    let left = x;
    const children = [...node.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const child of children) {
      walk(child, left, depth + 1);
      left += (child.total / root.total) * WIDTH;
    }
  };
  walk(root, 0, 0);
  return deepest;
}

function box(node: CallNode, x: number, width: number, depth: number): string {
  const letters = Math.floor((width - 8) / 7.3);
  const label = letters < 3 ? '' : node.name.length <= letters ? node.name : `${node.name.slice(0, letters - 1)}\u2026`;
  const name = escapeXml(node.name);
  const place = `data-x="${x.toFixed(3)}" data-w="${width.toFixed(3)}" data-d="${depth}"`;
  const title = `${name}: ${node.total} samples, itself ${node.self}`;
  return `<g tabindex="${depth === 0 ? 0 : -1}" data-name="${name}" data-n="${node.total}" data-self="${node.self}" ${place} style="--hue:${hue(node.name)}"><rect x="${x.toFixed(2)}" y="@${depth}@" width="${width.toFixed(2)}" height="${ROW}" rx="2"><title>${title}</title></rect><text x="${(x + 4).toFixed(2)}" y="@${depth}@" dy="13">${escapeXml(label)}</text></g>`;
}

/** The same colour for the same name: warm for code, grey-blue for what is no function. */
function hue(name: string): number {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) >>> 0;
  return name.startsWith('[') ? 210 : 10 + (hash % 46);
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}
