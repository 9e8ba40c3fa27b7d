/** Charts as SVG text, without dependencies: readable on a light and on a dark page, the same bytes for the same figures. */

const FONT = 'ui-sans-serif, system-ui, -apple-system, "Segoe UI", sans-serif';

/** Colours of series that stay apart for most kinds of colour vision, on white and on black. */
export const COLOURS = { orange: '#d55e00', blue: '#2f81d0', sky: '#56b4e9', green: '#009e73', grey: '#8a8f98' };

const STYLE = `text{font:12px ${FONT};fill:#24292f}.title{font-weight:600;font-size:14px}.note{font-size:11px;fill:#656d76}
.grid{stroke:#d0d7de;stroke-width:1}.mark{stroke:#24292f;stroke-width:1;stroke-dasharray:4 3}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.note{fill:#9198a1}.grid{stroke:#3d444d}.mark{stroke:#e6edf3}}`;

const escapeXml = (text) => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const fixed = (value) => Number(value.toFixed(1));

const text = (x, y, content, { anchor = 'start', kind } = {}) =>
  `<text x="${fixed(x)}" y="${fixed(y)}" text-anchor="${anchor}"${kind ? ` class="${kind}"` : ''}>${escapeXml(content)}</text>`;
const line = (x1, y1, x2, y2, attributes) =>
  `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" ${attributes}/>`;

/** A number as people write it, of three digits at most that mean something. */
export function short(value) {
  if (value >= 1000) return Math.round(value).toLocaleString('en-US');
  return String(Number(value.toPrecision(3)));
}

const LEFT = 200;
const RIGHT = 64;
const WIDTH = 760;
const TOP = 64;

function document(title, height, body, note) {
  const foot = note ? [text(12, height - 10, note, { kind: 'note' })] : [];
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeXml(title)}">`,
    `<style>${STYLE}</style>`,
    text(12, 22, title, { kind: 'title' }),
    ...body,
    ...foot,
    '</svg>',
  ].join('\n')}\n`;
}

function legend(series) {
  let x = LEFT;
  return Object.entries(series).flatMap(([name, colour]) => {
    const marks = [`<circle cx="${fixed(x)}" cy="42" r="5" fill="${colour}"/>`, text(x + 10, 46, name)];
    x += 28 + 6.6 * name.length;
    return marks;
  });
}

/** Positions on a logarithmic axis from the tick below `low` to that above `high`; over many powers of ten, ticks are powers only. */
function logarithmic(low, high) {
  const steps = high / low > 1000 ? [1] : [1, 2, 5];
  const ticks = [];
  for (let power = Math.floor(Math.log10(low)) - 1; power <= Math.ceil(Math.log10(high)) + 1; power++)
    for (const step of steps) ticks.push(Number((step * 10 ** power).toPrecision(1)));
  const first = ticks.findLastIndex((tick) => tick <= low);
  const last = ticks.findIndex((tick) => tick >= high);
  const [from, to] = [Math.log10(ticks[first]), Math.log10(ticks[last === first ? last + 1 : last])];
  return {
    ticks: ticks.slice(first, (last === first ? last + 1 : last) + 1),
    at: (value) => LEFT + ((Math.log10(value) - from) / (to - from)) * (WIDTH - LEFT - RIGHT),
  };
}

/**
 * Rows of dots on a logarithmic axis: one dot for each series at the median, a stroke from the smallest to the largest.
 * `series` are names and their colours, `rows` are `{ label, values: { name: { min, median, max } } }`.
 */
export function dots({ title, unit, series, rows, note }) {
  const values = rows.flatMap((row) => Object.values(row.values)).filter(Boolean);
  const positive = values.flatMap(({ min, max }) => [min, max]).filter((value) => value > 0);
  const { ticks, at } = logarithmic(Math.min(...positive), Math.max(...positive));
  const pitch = 24;
  const bottom = TOP + rows.length * pitch;
  const axis = ticks.flatMap((tick) => [
    line(at(tick), TOP - 4, at(tick), bottom, 'class="grid"'),
    text(at(tick), bottom + 15, short(tick), { anchor: 'middle', kind: 'note' }),
  ]);
  const body = rows.flatMap(({ label, values: of }, index) => {
    const y = TOP + (index + 0.5) * pitch;
    const row = [text(LEFT - 12, y + 4, label, { anchor: 'end' }), line(LEFT, y, WIDTH - RIGHT, y, 'class="grid" stroke-opacity="0.5"')];
    for (const [name, colour] of Object.entries(series)) {
      const value = of[name];
      if (!value || value.median <= 0) continue;
      const tip = `<title>${escapeXml(`${label}, ${name}: ${short(value.median)} ${unit}`)}</title>`;
      if (value.min > 0)
        row.push(
          line(at(value.min), y, at(value.max), y, `stroke="${colour}" stroke-width="3" stroke-linecap="round" stroke-opacity="0.6"`),
        );
      row.push(`<circle cx="${fixed(at(value.median))}" cy="${fixed(y)}" r="5" fill="${colour}">${tip}</circle>`);
    }
    return row;
  });
  const height = bottom + (note ? 50 : 32);
  return document(`${title} (${unit})`, height, [...legend(series), ...axis, ...body], note);
}

/** Horizontal bars on a linear axis from 0: `rows` are `{ label, value, low?, high?, colour? }`, `marks` are values to compare with. */
export function bars({ title, unit, rows, marks = [], note }) {
  const largest = Math.max(...rows.map(({ value, high = value }) => high), ...marks) * 1.05;
  const at = (value) => LEFT + (value / largest) * (WIDTH - LEFT - RIGHT);
  const pitch = 24;
  const top = TOP - 24;
  const bottom = top + rows.length * pitch;
  const body = rows.flatMap(({ label, value, low, high, colour = COLOURS.blue }, index) => {
    const y = top + index * pitch;
    const bar = `<rect x="${LEFT}" y="${fixed(y + 4)}" width="${fixed(at(value) - LEFT)}" height="${pitch - 8}" rx="2" fill="${colour}"/>`;
    const spread =
      low === undefined ? [] : [line(at(low), y + pitch / 2, at(high), y + pitch / 2, 'class="mark" style="stroke-dasharray:none"')];
    return [text(LEFT - 12, y + 16, label, { anchor: 'end' }), bar, ...spread, text(WIDTH - RIGHT + 8, y + 16, short(value))];
  });
  const lines = marks.flatMap((mark) => [
    line(at(mark), top - 2, at(mark), bottom + 2, 'class="mark"'),
    text(at(mark), bottom + 15, short(mark), { anchor: 'middle', kind: 'note' }),
  ]);
  const height = bottom + (marks.length > 0 ? 22 : 8) + (note ? 20 : 4);
  return document(unit ? `${title} (${unit})` : title, height, [...body, ...lines], note);
}
