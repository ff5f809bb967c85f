/** Findings as text: a table for people, NDJSON, JSON, CSV and OCSF for programs. */

import type { Finding } from '../lib/finding/model.ts';
import { type OcsfVersion, toOcsf } from '../lib/finding/ocsf.ts';
import { stateOf } from '../lib/finding/review.ts';
import { jsonText, printable } from '../lib/text/untrusted.ts';
import { csvHeading, csvRow } from './csv.ts';
import { alignedTable, type Paint } from './table.ts';
import type { Style, Terminal } from './terminal.ts';

export const FORMATS = ['table', 'ndjson', 'json', 'csv', 'ocsf', 'ocsf-1.3', 'ocsf-1.6'] as const;
export type Format = (typeof FORMATS)[number];

/** Writes findings to stdout in a format, no faster than whoever reads them takes them. */
export async function formatFindings(findings: Iterable<Finding>, format: Format, terminal: Terminal): Promise<void> {
  for (const text of textsOf(findings, format, terminal.paint)) {
    terminal.stdout(text);
    await terminal.taken?.();
  }
}

/** The text of findings in a format, in parts of a finding each where the format allows it. */
export function* textsOf(findings: Iterable<Finding>, format: Format, paint?: Paint): Generator<string> {
  if (format === 'json') yield `${jsonText([...findings], 2)}\n`;
  else if (format === 'table') yield table(findings, paint);
  else {
    if (format === 'csv') yield `${csvHeading()}\n`;
    for (const finding of findings) yield `${lineOf(finding, format)}\n`;
  }
}

/** The version of OCSF that a format is, if any. */
const OCSF: Partial<Readonly<Record<Format, OcsfVersion>>> = { ocsf: '1.8', 'ocsf-1.6': '1.6', 'ocsf-1.3': '1.3' };

function lineOf(finding: Finding, format: Exclude<Format, 'table' | 'json'>): string {
  if (format === 'csv') return csvRow(finding);
  const version = OCSF[format];
  return jsonText(version ? toOcsf(finding, version) : finding);
}

/** How severities are painted. */
export const SEVERITY_STYLES: Readonly<Record<string, Style>> = {
  critical: ['bold', 'red'],
  high: 'red',
  medium: 'yellow',
  low: 'cyan',
  informational: 'dim',
};

interface Column {
  readonly heading: string;
  readonly cell: (finding: Finding) => string;
  /** How the cell is painted where the terminal has colours. */
  readonly style?: (finding: Finding) => Style | undefined;
}

const COLUMNS: readonly Column[] = [
  {
    heading: 'SEVERITY',
    cell: (finding) => finding.severity,
    style: (finding) => SEVERITY_STYLES[finding.severity],
  },
  { heading: 'KIND', cell: (finding) => finding.kind },
  { heading: 'DIRECTION', cell: (finding) => finding.direction ?? '-' },
  {
    heading: 'SOURCE',
    cell: (finding) =>
      finding.source?.address ?? (finding.sources ? `${finding.sources.count} sources` : (finding.actor?.name ?? '-')),
    style: () => 'bold',
  },
  { heading: 'TARGETS', cell: (finding) => some(finding.targets) },
  { heading: 'PORTS', cell: (finding) => some(finding.ports) },
  { heading: 'FAILED', cell: (finding) => String(finding.contacts.failed) },
  {
    heading: 'OPEN',
    cell: (finding) => String(finding.openPorts.count),
    style: (finding) => (finding.openPorts.count ? 'bold' : 'dim'),
  },
  { heading: 'FIRST SEEN', cell: (finding) => finding.firstSeen },
  { heading: 'DETECTED', cell: (finding) => finding.detectedAt.slice(11) },
  {
    heading: 'STATUS',
    cell: stateOf,
    style: (finding) => (finding.status === 'closed' ? 'dim' : undefined),
  },
  { heading: 'ID', cell: (finding) => finding.id },
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
function table(findings: Iterable<Finding>, paint?: Paint): string {
  const rows = Array.from(findings, (finding) =>
    COLUMNS.map(({ cell, style }) => ({ text: printable(cell(finding)), style: style?.(finding) })),
  );
  return rows.length
    ? alignedTable(
        COLUMNS.map(({ heading }) => heading),
        rows,
        paint,
      )
    : 'no findings\n';
}
