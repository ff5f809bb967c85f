/** The part of a page that compares the findings of two settings. */
import { type Change, type SettingsComparison, subjectOf } from '../finding/compare.ts';
import { titleOf, whoseOf } from '../notify/name.ts';
import { countOf } from '../text/wording.ts';
import { html, type Markup, table } from './html.ts';
import { badge, time } from './overview.ts';

/** The settings that differ, the counts by severity, and a row for each of the first changes. */
export function comparisonTables(
  { settings, counts, changes, same }: SettingsComparison,
  most: number,
  linked: ReadonlySet<string>,
): Markup {
  const left = changes.length > most ? `, the first ${most} of ${changes.length.toLocaleString('en')}` : '';
  return html`${table(
    'Settings that differ',
    ['Setting', 'Before', 'After'],
    settings.map(({ name, before, after }) => [name, before, after]),
    { isNarrow: true },
  )}
${table(
  'Findings by severity with both settings',
  ['Severity', 'Before', 'After', 'Gained', 'Lost', 'Changed'],
  counts.map(({ severity, ...row }) => [badge(severity), row.before, row.after, row.gained, row.lost, row.changed]),
  { isNarrow: true },
)}
${
  changes.length
    ? table(
        `Findings that differ${left}`,
        ['Finding', 'Change', 'Severity', 'Source', 'Targets', 'Ports', 'First probe'],
        changes.slice(0, most).map((change) => rowOf(change, linked)),
      )
    : html`<p>No finding differs.</p>`
}
<p class="note">${countOf(same, 'finding')} ${same === 1 ? 'is' : 'are'} the same with both settings. All other sections of this page show only the findings that differ: a lost one as it was, a changed one as it would be.</p>`;
}

function rowOf(change: Change, linked: ReadonlySet<string>): (Markup | string | number)[] {
  const finding = subjectOf(change);
  const title = titleOf(finding);
  const isRenamed = change.change === 'changed' && change.differs.includes('kind');
  const severity =
    change.change === 'changed' && change.differs.includes('severity')
      ? html`${badge(change.before.severity)}, then ${badge(change.after.severity)}`
      : badge(finding.severity);
  return [
    linked.has(finding.id) ? html`<a href="#finding-${finding.id}">${title}</a>` : title,
    isRenamed ? `changed from ${titleOf(change.before)}` : change.change,
    severity,
    whoseOf(finding),
    finding.targets.count,
    finding.ports.count,
    time(finding.firstSeen),
  ];
}
