/** Findings as text: a table for people, NDJSON, JSON and OCSF for programs. */

import type { Finding } from '../lib/finding/model.ts';
import { toOcsf } from '../lib/finding/ocsf.ts';
import { jsonText, printable } from '../lib/text/untrusted.ts';
import type { Terminal } from './terminal.ts';

export const FORMATS = ['table', 'ndjson', 'json', 'ocsf'] as const;
export type Format = (typeof FORMATS)[number];

/** Writes findings to stdout in a format. */
export function formatFindings(findings: readonly Finding[], format: Format, terminal: Terminal): void {
  if (format === 'json') terminal.stdout(`${jsonText(findings, 2)}\n`);
  else if (format === 'table') terminal.stdout(findings.length ? table(findings) : 'no findings\n');
  else {
    for (const finding of findings) terminal.stdout(`${jsonText(format === 'ocsf' ? toOcsf(finding) : finding)}\n`);
  }
}

const COLUMNS: readonly (readonly [string, (finding: Finding) => string])[] = [
  ['SEVERITY', (finding) => finding.severity],
  ['KIND', (finding) => finding.kind],
  ['DIRECTION', (finding) => finding.direction ?? '-'],
  [
    'SOURCE',
    (finding) =>
      finding.source?.address ?? (finding.sources ? `${finding.sources.count} sources` : (finding.actor?.name ?? '-')),
  ],
  ['TARGETS', (finding) => some(finding.targets)],
  ['PORTS', (finding) => some(finding.ports)],
  ['FAILED', (finding) => String(finding.contacts.failed)],
  ['OPEN', (finding) => String(finding.openPorts.count)],
  ['FIRST SEEN', (finding) => finding.firstSeen],
  ['DETECTED', (finding) => finding.detectedAt.slice(11)],
  ['STATUS', (finding) => finding.closedBecause ?? finding.status],
  ['ID', (finding) => finding.id],
];

function some({
  count,
  exact,
  sample,
}: {
  count: number;
  exact: boolean;
  sample: readonly (string | number)[];
}): string {
  if (count === 0) return '-';
  if (count === 1) return String(sample[0]);
  return `${exact ? '' : '~'}${count}`;
}

/** Findings as aligned columns with a heading. */
function table(findings: readonly Finding[]): string {
  const rows = [
    COLUMNS.map(([heading]) => heading),
    ...findings.map((finding) => COLUMNS.map(([, cell]) => printable(cell(finding)))),
  ];
  const widths = COLUMNS.map((_, at) => Math.max(...rows.map((row) => row[at]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  );

  return `${lines.join('\n')}\n`;
}
