/** Style and script of the page. It can be read without either. */

export const STYLE = `
:root { color-scheme: light dark; --back: #fff; --text: #1c1f24; --faint: #5a6270; --line: #d5d9e0; --box: #f5f6f8; --link: #0b5cad; }
@media (prefers-color-scheme: dark) {
  :root { --back: #14171c; --text: #e6e8ec; --faint: #a3abb8; --line: #3a414d; --box: #1d2128; --link: #7db8f5; }
}
body { margin: 0 auto; max-width: 72rem; padding: 1rem 1.25rem 4rem; background: var(--back); color: var(--text);
  font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
a { color: var(--link); }
h1 { font-size: 1.7rem; margin: 0.5rem 0 0; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 0.6rem; padding-bottom: 0.2rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1rem 0 0.2rem; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; padding: 0; list-style: none; }
.note, figcaption { color: var(--faint); font-size: 0.875rem; }
.counts { display: flex; flex-wrap: wrap; gap: 0.6rem; padding: 0; list-style: none; }
.counts li { background: var(--box); border: 1px solid var(--line); border-radius: 6px; padding: 0.4rem 0.8rem; }
.counts strong { font-size: 1.25rem; }
svg { max-width: 100%; }
figure { margin: 0; overflow-x: auto; }
figure svg { min-width: 40rem; max-width: none; width: 100%; height: auto; }
.wide { overflow-x: auto; margin: 0.6rem 0; }
table { border-collapse: collapse; width: 100%; font-size: 0.875rem; }
table.narrow { width: auto; }
caption { text-align: left; font-weight: 600; padding: 0.2rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { white-space: nowrap; }
tbody th { font-weight: 400; min-width: 9rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
time, .severity { white-space: nowrap; }
.none { color: var(--faint); }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; padding: 0 0.9rem; }
details[open] { padding-bottom: 0.6rem; }
summary { padding: 0.5rem 0; cursor: pointer; font-weight: 600; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: fit-content(11rem) minmax(0, 1fr); gap: 0.1rem 1rem; font-size: 0.875rem; }
dt { color: var(--faint); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; }
pre { background: var(--box); border: 1px solid var(--line); border-radius: 4px; padding: 0.5rem; overflow-x: auto; font-size: 0.8125rem; }
thead button { font: inherit; font-weight: 600; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; text-decoration: underline dotted; }
.filter input { font: inherit; padding: 0.25rem 0.5rem; background: var(--back); color: inherit; border: 1px solid var(--faint); border-radius: 4px; }
:target { outline: 2px solid var(--link); outline-offset: 2px; }
@media print {
  body { max-width: none; font-size: 11px; }
  nav, .filter { display: none; }
  details::details-content { content-visibility: visible; block-size: auto; }
  details { break-inside: avoid; }
}
`;

/** Sorts and filters the table of findings, and opens the part that a link points to. */
export const SCRIPT = `
'use strict';
const table = document.getElementById('findings-table');
const openTarget = () => {
  const part = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (part && part.tagName === 'DETAILS') part.open = true;
};
addEventListener('hashchange', openTarget);
openTarget();
addEventListener('beforeprint', () => { for (const part of document.querySelectorAll('details')) part.open = true; });
if (table) {
  const RANKS = ['informational', 'low', 'medium', 'high', 'critical'];
  const body = table.tBodies[0];
  const valueOf = (row, at) => {
    const text = row.cells[at].textContent.trim();
    const rank = RANKS.indexOf(text);
    return rank >= 0 ? rank : text !== '' && !Number.isNaN(Number(text)) ? Number(text) : text;
  };
  let sorted = -1;
  let order = 1;
  [...table.tHead.rows[0].cells].forEach((heading, at) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = heading.textContent;
    heading.replaceChildren(button);
    button.addEventListener('click', () => {
      order = sorted === at ? -order : 1;
      sorted = at;
      const rows = [...body.rows].sort((a, b) => {
        const [x, y] = [valueOf(a, at), valueOf(b, at)];
        return order * (typeof x === 'number' && typeof y === 'number' ? x - y : String(x).localeCompare(String(y)));
      });
      body.append(...rows);
      for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
      heading.setAttribute('aria-sort', order === 1 ? 'ascending' : 'descending');
    });
  });
  const label = document.createElement('label');
  const input = document.createElement('input');
  input.type = 'search';
  label.append('Show only rows with ', input);
  const box = document.createElement('p');
  box.className = 'filter';
  const count = document.createElement('span');
  count.setAttribute('role', 'status');
  box.append(label, ' ', count);
  table.parentElement.before(box);
  input.addEventListener('input', () => {
    const wanted = input.value.trim().toLowerCase();
    let left = 0;
    for (const row of body.rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      if (!row.hidden) left++;
    }
    count.textContent = wanted ? left + ' of ' + body.rows.length + ' rows' : '';
  });
}
`;
