/** The page of a source: its lines with their counts, what was not executed in colour and with a mark; without the text the counts alone. */
import { type Decision, type FileCoverage, totalsOf } from '../report.ts';
import { cards, escapeHtml, page } from './page.ts';
import { SOURCE_SCRIPT } from './script.ts';

/** The page of `file`; `up` is where the overview is. */
export function sourcePage(file: FileCoverage, source: string | undefined, up: string, title: string): string {
  const numbers =
    source === undefined
      ? [...file.lines.keys()]
      : source
          .replace(/\n$/, '')
          .split('\n')
          .map((_, index) => index + 1);
  const texts = source?.split('\n');
  const rows = numbers.map((number) => lineRow(file, number, texts?.[number - 1])).join('\n');
  const keys =
    '<p class="keys dim small"><kbd>n</kbd> <kbd>p</kbd> next and previous place that is not covered, <kbd>f</kbd> functions, <kbd>u</kbd> up</p>';
  const missing = source === undefined ? '<p class="dim">The source was not found: its lines are shown by number.</p>' : '';
  const body = `<header><nav><a href="${up}">${escapeHtml(title)}</a></nav><h1>${escapeHtml(file.path)}</h1>${cards(totalsOf(file))}${functionTable(file)}${keys}${missing}</header>
<main><table class="source"><tbody>
${rows}
</tbody></table></main>`;
  return page(`${file.path} - ${title}`, body, SOURCE_SCRIPT);
}

function functionTable({ functions }: FileCoverage): string {
  if (functions.length === 0) return '';
  const rows = functions.map(
    ({ name, line, count }) =>
      `<tr class="${count === 0 ? 'miss' : ''}"><td>${count}</td><td><a href="#L${line}">${escapeHtml(name)}</a></td><td class="dim">line ${line}</td></tr>`,
  );
  const unused = functions.filter(({ count }) => count === 0).length;
  const never = unused === 0 ? '' : `, ${unused} never called`;
  return `<details><summary>${functions.length} ${functions.length === 1 ? 'function' : 'functions'}${never}</summary><table class="functions"><tbody>${rows.join('')}</tbody></table></details>`;
}

function lineRow({ lines, decisions }: FileCoverage, number: number, text: string | undefined): string {
  const count = lines.get(number);
  const ways = decisions.get(number) ?? [];
  const partial = ways.some((decision) => decision.ways.some((way) => !way));
  const kind = count === undefined ? '' : count === 0 ? 'miss' : partial ? 'part' : 'hit';
  const label = { miss: 'not executed', part: 'branches not taken', hit: '', '': '' }[kind];
  return `<tr id="L${number}" class="${kind}"${label === '' ? '' : ` title="${label}"`}><td class="n"><a href="#L${number}">${number}</a></td><td class="c">${count ?? ''}</td><td class="b">${ways.map(decisionMarks).join(' ')}</td><td><pre>${escapeHtml(text ?? '') || ' '}</pre></td></tr>`;
}

/** A mark for each way: taken, not taken, or never decided. */
function decisionMarks({ ways }: Decision): string {
  const marks = ways.map((count, index) => {
    const text = count === undefined ? 'never reached' : count === 0 ? 'never taken' : `taken ${count} times`;
    return `<span class="way ${count ? 'yes' : 'no'}" title="way ${index}: ${text}">${count === undefined ? '?' : count === 0 ? '\u2717' : '\u2713'}</span>`;
  });
  return `[${marks.join('')}]`;
}
