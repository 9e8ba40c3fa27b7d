/** What the report's pages do when scripts run: sort and fold the tree, filter, go from one uncovered line to the next. Without scripts all is there. */

/** Of the overview. */
export const TREE_SCRIPT = `
(() => {
  const body = document.querySelector('.files tbody');
  const rows = [...body.rows];
  const children = new Map();
  for (const row of rows) { const list = children.get(row.dataset.parent) ?? []; list.push(row); children.set(row.dataset.parent, list); }
  const folded = new Set();
  const filter = document.querySelector('input[type=search]');
  const matches = (row) => row.dataset.path.toLowerCase().includes(filter.value.toLowerCase()) || (children.get(row.dataset.id) ?? []).some(matches);
  const place = () => {
    const walk = (parent, hidden) => {
      for (const row of children.get(parent) ?? []) {
        body.append(row);
        row.hidden = hidden || !matches(row);
        const shut = folded.has(row.dataset.id) && filter.value === '';
        const sign = row.querySelector('button.toggle');
        sign?.setAttribute('aria-expanded', String(!shut));
        if (sign) sign.textContent = shut ? '\\u25b8' : '\\u25be';
        walk(row.dataset.id, hidden || shut);
      }
    };
    walk('', false);
  };
  const heads = [...document.querySelectorAll('.files th')];
  for (const [column, head] of heads.entries()) head.querySelector('button').addEventListener('click', () => {
    const up = head.getAttribute('aria-sort') === 'ascending';
    for (const other of heads) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', up ? 'descending' : 'ascending');
    const key = (row) => row.cells[column].dataset.value;
    const compare = (a, b) => (column === 0 ? key(a).localeCompare(key(b)) : Number(key(a)) - Number(key(b)));
    for (const list of children.values()) list.sort((a, b) => (up ? compare(b, a) : compare(a, b)));
    place();
  });
  body.addEventListener('click', (event) => {
    const toggle = event.target.closest('button.toggle');
    if (!toggle) return;
    const { id } = toggle.closest('tr').dataset;
    if (!folded.delete(id)) folded.add(id);
    place();
  });
  filter.addEventListener('input', place);
  const links = () => [...body.querySelectorAll('tr:not([hidden]) a, tr:not([hidden]) button.toggle')];
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === filter) { if (event.key === 'Escape') { filter.value = ''; place(); filter.blur(); } return; }
    if (event.key === '/') { event.preventDefault(); filter.focus(); return; }
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    const all = links();
    const next = all[all.indexOf(document.activeElement) + step] ?? (step > 0 ? all[0] : all.at(-1));
    if (next) { event.preventDefault(); next.focus(); next.scrollIntoView({ block: 'nearest' }); }
  });
})();
`;

/** Of a source. */
export const SOURCE_SCRIPT = `
(() => {
  const starts = (kinds) => [...document.querySelectorAll('.source tr')].filter((row) => kinds(row) && !(row.previousElementSibling && kinds(row.previousElementSibling)));
  const open = (row) => row.classList.contains('miss') || row.classList.contains('part');
  const targets = starts(open);
  let at = -1;
  const go = (step) => {
    if (targets.length === 0) return;
    targets[at]?.classList.remove('at');
    at = at < 0 && step < 0 ? targets.length - 1 : (at + step + targets.length) % targets.length;
    targets[at].classList.add('at');
    targets[at].scrollIntoView({ block: 'center' });
  };
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'n') go(1);
    else if (event.key === 'p') go(-1);
    else if (event.key === 'u') location.href = document.querySelector('nav a').href;
    else if (event.key === 'f') { const list = document.querySelector('details'); if (list) { list.open = !list.open; list.querySelector('summary').focus(); } }
  });
})();
`;
