/** Findings as one HTML page that loads nothing, for people who were not there. */
import { createHash } from 'node:crypto';
import type { SettingsComparison } from '../finding/compare.ts';
import { type Finding, isoTime, severityRank } from '../finding/model.ts';
import type { Tables } from '../notify/commands.ts';
import { titleOf, whoseOf } from '../notify/name.ts';
import { countOf } from '../text/wording.ts';
import { comparisonTables } from './comparison.ts';
import { findingDetails } from './finding-details.ts';
import { html, type Markup, table } from './html.ts';
import { counts, findingsTable, matrix, ports, time } from './overview.ts';
import { SCRIPT, STYLE } from './style.ts';
import { timeline } from './timeline.ts';

/** What a report is about. */
export interface ReportSubject {
  readonly findings: readonly Finding[];
  /** When it was made, epoch seconds. */
  readonly madeAt: number;
  /** The program and its version. */
  readonly madeBy: string;
  /** Options and settings that decided what is in it, by name. */
  readonly options: readonly (readonly [name: string, value: string])[];
  /** What was read: name, number of records, and what was wrong with it. */
  readonly inputs: readonly { readonly name: string; readonly records: number; readonly trouble?: string }[];
  /** What could not be read or was left out. */
  readonly notes: readonly string[];
  /** The comparison of two settings, if `findings` are those that differ. */
  readonly comparison?: SettingsComparison;
  /** Where the findings are kept. Without a deployment commands have words in capitals instead. */
  readonly tables?: Tables;
}

/** Findings that a page shows. It names the number of others. */
const MOST_FINDINGS = 200;
const MOST_INPUTS = 100;
const MOST_NOTES = 100;
/** Characters for findings in full, so that a page stays below a megabyte. Later ones are only in the table. */
const DETAILS_LIMIT = 700_000;
const NO_DEPLOYMENT: Tables = { findings: 'FINDINGS_TABLE', region: 'REGION' };

/** The page. */
export function reportPage(subject: ReportSubject): string {
  const worstFirst = subject.findings.toSorted(
    (a, b) => severityRank(b.severity) - severityRank(a.severity) || (a.firstSeen < b.firstSeen ? -1 : 1),
  );
  const shown = worstFirst.slice(0, MOST_FINDINGS);
  const tables = subject.tables ?? NO_DEPLOYMENT;
  const details = detailsWithin(shown, tables);
  const linked = new Set(shown.slice(0, details.length).map(({ id }) => id));
  const drawn = timeline(shown, linked);
  const crossed = matrix(shown);
  const tried = ports(shown);
  const sections: (readonly [id: string, heading: string, content: Markup])[] = [
    ...(subject.comparison
      ? [['comparison', 'Comparison', comparisonTables(subject.comparison, MOST_FINDINGS, linked)] as const]
      : []),
    ...(drawn ? [['timeline', 'Timeline', drawn] as const] : []),
    ['findings', 'Findings', shown.length ? findingsTable(shown, linked) : html`<p>No findings.</p>`],
    ...(crossed ? [['matrix', 'Sources and targets', crossed] as const] : []),
    ...(tried ? [['ports', 'Ports', tried] as const] : []),
    ...(shown.length
      ? [['details', 'Findings in full', allDetails(details, shown.length, subject.tables === undefined)] as const]
      : []),
    ['quality', 'What could not be seen', quality(subject)],
    ['made', 'How this was made', howMade(subject)],
  ];
  const page = html`<body>
<header>
<h1>Sweepwatch report</h1>
<p>${period(subject)}</p>
</header>
<main>
<section aria-label="Summary">
${counts(subject.findings)}
<p>${inShort(worstFirst, subject)}${subject.findings.length > shown.length ? ` The page shows the worst ${shown.length} of ${subject.findings.length.toLocaleString('en')}.` : ''}</p>
</section>
<nav aria-label="Sections"><ul>${sections.map(([id, heading]) => html`<li><a href="#${id}">${heading}</a></li>`)}</ul></nav>
${sections.map(([id, heading, content]) => html`<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>\n${content}</section>\n`)}</main>
</body>`;
  const policy = `default-src 'none'; style-src '${hashOf(STYLE)}'; script-src '${hashOf(SCRIPT)}'; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Sweepwatch report of ${isoTime(subject.madeAt).slice(0, 10)}</title>
<style>${STYLE}</style>
</head>
${page.text.replace('</body>', '')}<script>${SCRIPT}</script>
</body>
</html>
`;
}

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

function period({ findings, comparison }: ReportSubject): Markup {
  if (!findings.length) return comparison ? html`A comparison of two settings.` : html`Nothing was found.`;
  const first = findings.reduce(
    (least, { firstSeen }) => (firstSeen < least ? firstSeen : least),
    findings[0]!.firstSeen,
  );
  const last = findings.reduce((most, { lastSeen }) => (lastSeen > most ? lastSeen : most), findings[0]!.lastSeen);
  return html`Scans from ${time(first)} to ${time(last)} (UTC).`;
}

function inShort(worstFirst: readonly Finding[], { comparison }: ReportSubject): string {
  const [worst] = worstFirst;
  if (!worst) return comparison ? 'Both settings find the same.' : 'No scan was found in what was read.';
  const open = worstFirst.filter(({ openPorts }) => openPorts.count).length;
  return `${countOf(worstFirst.length, 'finding')}. The worst is a ${titleOf(worst)} by ${whoseOf(worst)} (${worst.severity}). In ${countOf(open, 'finding')} a service answered.`;
}

/** As many findings in full as there is room for, the worst first. */
function detailsWithin(shown: readonly Finding[], tables: Tables): Markup[] {
  const details: Markup[] = [];
  let length = 0;
  for (const finding of shown) {
    const one = findingDetails(finding, tables);
    length += one.text.length;
    if (length > DETAILS_LIMIT) break;
    details.push(one);
  }
  return details;
}

function allDetails(details: readonly Markup[], of: number, isLocal: boolean): Markup {
  const words = isLocal ? ' There was no deployment, so FINDINGS_TABLE and REGION stand for its values.' : '';
  const left = of > details.length ? ` There is room for the worst ${details.length} of the ${of} in the table.` : '';
  return html`<p class="note">Commands are examples. Replace words in capitals.${words}${left} Findings below medium have no steps: they need no action by themselves.</p>
${details.map((one) => html`${one}\n`)}`;
}

function quality({ findings, notes }: ReportSubject): Markup {
  const lines = new Map<string, number>();
  for (const line of findings.flatMap(({ dataQuality }) => dataQuality)) lines.set(line, (lines.get(line) ?? 0) + 1);
  const all = [
    ...notes,
    ...[...lines].sort((a, b) => b[1] - a[1]).map(([line, count]) => `${line} (${countOf(count, 'finding')})`),
  ];
  const left = all.length > MOST_NOTES ? [`and ${countOf(all.length - MOST_NOTES, 'more line')}`] : [];
  return all.length
    ? html`<ul>${[...all.slice(0, MOST_NOTES), ...left].map((line) => html`<li>${line}</li>`)}</ul>`
    : html`<p>No gaps are known.</p>`;
}

function howMade({ madeAt, madeBy, options, inputs }: ReportSubject): Markup {
  const rows: (readonly [string, string])[] = [['made by', madeBy], ['made at', isoTime(madeAt)], ...options];
  const shown = inputs.slice(0, MOST_INPUTS);
  const left = inputs.length - shown.length;
  return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
${
  shown.length
    ? table(
        `Files that were read${left > 0 ? `, the first ${shown.length} of ${inputs.length.toLocaleString('en')}` : ''}`,
        ['File', 'Records', 'Trouble'],
        shown.map(({ name, records, trouble = '' }) => [name, records, trouble]),
      )
    : ''
}`;
}
