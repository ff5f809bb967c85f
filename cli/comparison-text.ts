/** Differences between the findings of two settings: a table for people, NDJSON and JSON for programs. */
import { type Change, type SettingsComparison, subjectOf } from '../lib/finding/compare.ts';
import { whoseOf } from '../lib/notify/name.ts';
import { jsonText, printable } from '../lib/text/untrusted.ts';
import { countOf, grouped } from '../lib/text/wording.ts';
import { SEVERITY_STYLES } from './formats.ts';
import { alignedTable } from './table.ts';
import type { Style, Terminal } from './terminal.ts';

export type ComparisonFormat = 'table' | 'ndjson' | 'json';

/** Writes a comparison to stdout in a format. */
export function writeComparison(comparison: SettingsComparison, format: ComparisonFormat, terminal: Terminal): void {
  if (format === 'json') terminal.stdout(`${jsonText({ schemaVersion: 1, ...comparison }, 2)}\n`);
  else if (format === 'ndjson') for (const change of comparison.changes) terminal.stdout(`${jsonText(change)}\n`);
  else writeTables(comparison, terminal);
}

function writeTables({ changes, counts, same, settings }: SettingsComparison, { stdout, paint }: Terminal): void {
  const numbers = settings.map((row) => [row.name, String(row.before), String(row.after)].map((text) => ({ text })));
  stdout(`${alignedTable(['SETTING', 'BEFORE', 'AFTER'], numbers, paint)}\n`);
  const rows = counts.map(({ severity, ...row }) => [
    { text: severity, style: SEVERITY_STYLES[severity] },
    ...[row.before, row.after, row.gained, row.lost, row.changed].map((count) => ({ text: grouped(count) })),
  ]);
  stdout(`${alignedTable(['SEVERITY', 'BEFORE', 'AFTER', 'GAINED', 'LOST', 'CHANGED'], rows, paint)}\n`);
  if (changes.length) {
    const headings = ['CHANGE', 'SEVERITY', 'KIND', 'SOURCE', 'TARGETS', 'PORTS', 'FAILED', 'FIRST SEEN', 'ID'];
    stdout(`${alignedTable(headings, changes.map(cellsOf), paint)}\n`);
  }
  stdout(
    `${changes.length ? '' : 'No finding to show differs. '}${countOf(same, 'finding')} ${same === 1 ? 'is' : 'are'} the same with both settings.\n`,
  );
}

const CHANGE_STYLES: Readonly<Record<Change['change'], Style>> = { gained: 'green', lost: 'red', changed: 'yellow' };

function cellsOf(change: Change) {
  const finding = subjectOf(change);
  const wordOf = (field: 'severity' | 'kind') =>
    change.change === 'changed' && change.differs.includes(field)
      ? `${change.before[field]} -> ${change.after[field]}`
      : finding[field];
  return [
    { text: change.change, style: CHANGE_STYLES[change.change] },
    { text: wordOf('severity'), style: SEVERITY_STYLES[finding.severity] },
    ...[
      wordOf('kind'),
      whoseOf(finding),
      grouped(finding.targets.count),
      grouped(finding.ports.count),
      grouped(finding.contacts.failed),
      finding.firstSeen,
      finding.id,
    ].map((text) => ({ text: printable(text) })),
  ];
}
