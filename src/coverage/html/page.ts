/** What the pages of a report have in common. */
import { percent, type Ratio, type Totals } from '../report.ts';
import { STYLE } from './style.ts';

/** Text as it may stand in an element or an attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}

/** A whole page. `body` and `script` are markup and code already. */
export function page(title: string, body: string, script: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
${body}
<script>${script}</script>
</body>
</html>
`;
}

/** From which share on it is good, and from which it is not bad. */
const GOOD = 0.9;
const FAIR = 0.75;

/** A share of one, or 1 where there is nothing. */
export function share({ found, hit }: Ratio): number {
  return found === 0 ? 1 : hit / found;
}

/** A bar as long as the share. */
export function bar(ratio: Ratio): string {
  const part = share(ratio);
  const kind = part >= GOOD ? '' : part >= FAIR ? ' mid' : ' bad';
  return `<span class="bar${kind}" aria-hidden="true"><i style="width:${(part * 100).toFixed(1)}%"></i></span>`;
}

/** The three figures of a report or a source. */
export function cards({ lines, functions, branches }: Totals): string {
  const card = (name: string, ratio: Ratio): string =>
    `<div class="card"><div class="dim small">${name}</div><b>${percent(ratio)}</b> <span class="dim small">${ratio.hit} of ${ratio.found}</span>${bar(ratio)}</div>`;
  return `<div class="cards">${card('Lines', lines)}${card('Functions', functions)}${card('Branches', branches)}</div>`;
}
