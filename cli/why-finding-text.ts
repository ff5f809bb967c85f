/** Why a campaign, or a finding of signals alone, was reported, as text for people. */
import { type Finding, protocolName } from '../lib/finding/model.ts';
import { stateOf } from '../lib/finding/review.ts';
import type { ExplainedFinding, ExplainedMember } from '../lib/finding/why-finding.ts';
import { titleOf, whoseOf } from '../lib/notify/name.ts';
import { actorLines } from '../lib/notify/signal-text.ts';
import { howMuch } from '../lib/notify/text.ts';
import { printable } from '../lib/text/untrusted.ts';
import { countOf, grouped, protocolLabel } from '../lib/text/wording.ts';
import { alignedTable, type Paint } from './table.ts';

/** The text. `prevention` says what would have prevented the finding, a line each. */
export function whyFindingText(
  finding: Finding,
  explained: ExplainedFinding,
  prevention: readonly string[],
  paint?: Paint,
): string {
  const { id, severity, firstSeen, lastSeen, signals, dataQuality } = finding;
  return [
    lines(
      `${severity} ${titleOf(finding)} by ${whoseOf(finding)} from ${firstSeen} to ${lastSeen}, ${stateOf(finding)}, id ${id}`,
      signals
        ? 'It rests on events of orchestrators and hosts alone, so no threshold of a scan was involved.'
        : 'Its members are found together. Each of them may be below every threshold of a single source.',
    ),
    '\n',
    signals ? rulesText(explained, paint) : testsText(explained, finding, paint),
    ...(signals ? [eventsText(signals, paint), section('WHO', actorLines(finding))] : []),
    ...(signals
      ? []
      : [section('WHAT THEY DIVIDED', dividedLines(explained, finding)), membersText(explained, finding, paint)]),
    section('WHAT WOULD HAVE PREVENTED IT (each alone)', prevention),
    section('NOT VISIBLE', dataQuality),
  ].join('');
}

const lines = (...texts: readonly string[]): string => texts.map((text) => `${printable(text)}\n`).join('');

const section = (title: string, texts: readonly string[]): string =>
  texts.length ? `\n${title}\n${lines(...texts.map((text) => `  ${text}`))}` : '';

function testsText({ tests }: ExplainedFinding, { detectedAt }: Finding, paint?: Paint): string {
  const rows = tests.map(({ test, value, threshold, isCeiling, margin, final }) => [
    { text: printable(test) },
    { text: grouped(value) },
    { text: `at ${isCeiling ? 'most' : 'least'} ${grouped(threshold)}` },
    { text: margin === 0 ? 'just met' : `${grouped(margin)} ${isCeiling ? 'below' : 'above'}` },
    { text: final === undefined ? '-' : grouped(final) },
  ]);
  const headings = ['TEST', 'VALUE', 'NEEDED', 'MET BY', 'IN THE END'];
  return `THRESHOLDS THAT WERE MET (values of ${printable(detectedAt)}, when the evidence was first enough)\n${alignedTable(headings, rows, paint)}${lines(
    ...tests.map(({ text }) => `  ${text}`),
    '  Their cover was also compared with chance. The finding does not keep that number.',
  )}`;
}

/** The targets or ports of a campaign. */
function dividedLines({ shared }: ExplainedFinding, finding: Finding): string[] {
  const named = shared?.slice(0, MOST_SHARED).map(sharedText).join(', ');
  const left = (shared?.length ?? 0) - MOST_SHARED;
  const more = left > 0 ? ` and ${grouped(left)} more` : '';
  return [
    ...(shared === undefined
      ? []
      : [named ? `shared: ${named}${more}` : 'pairs of target and port, so they share neither']),
    ...howMuch(finding),
  ];
}

const MOST_SHARED = 10;

function sharedText(shared: string): string {
  const [, port, protocol] = /^(\d+)\/(\d+)$/.exec(shared) ?? [];
  return port === undefined ? `target ${shared}` : `${protocolLabel(protocolName(Number(protocol)))} port ${port}`;
}

function membersText({ members }: ExplainedFinding, { sources }: Finding, paint?: Paint): string {
  if (!members?.length) return '';
  const heading = `\nMEMBERS (${grouped(members.length)} of ${grouped(sources?.count ?? members.length)}, those with the most contacts first)\n`;
  if (members.every(({ share }) => share === undefined))
    return `${heading}${lines(...members.map(({ address }) => `  ${address}`))}`;
  const rows = members.map((member) => [
    { text: printable(member.address) },
    ...[member.share, member.failed].map((value) => ({ text: value === undefined ? '-' : grouped(value) })),
    { text: aloneText(member) },
  ]);
  return `${heading}${alignedTable(['ADDRESS', 'SHARE', 'FAILED', 'NEAREST THRESHOLD ALONE'], rows, paint)}`;
}

function aloneText({ share, nearest }: ExplainedMember): string {
  if (share === undefined) return 'its evidence has expired';
  if (!nearest) return 'no contact speaks for a scan by itself';
  const { test, failures, nearness } = nearest;
  const met = nearness >= 1 ? ', met' : '';
  return printable(`${test}: ${grouped(failures.value)} of ${grouped(failures.threshold)} failures${met}`);
}

function rulesText({ tests }: ExplainedFinding, paint?: Paint): string {
  const rows = tests.map(({ test, value, threshold, text }) => [
    { text: printable(test) },
    { text: grouped(value) },
    { text: `at least ${grouped(threshold)}` },
    { text: printable(text) },
  ]);
  return `RULES THAT MATCHED\n${alignedTable(['RULE', 'VALUE', 'NEEDED', 'STRONGEST EVENT'], rows, paint)}`;
}

function eventsText({ count, sample }: NonNullable<Finding['signals']>, paint?: Paint): string {
  const rows = sample.map(({ at, type, actor, summary, eventId }) =>
    [at, type, actor, summary, eventId].map((text) => ({ text: printable(text) })),
  );
  const heading = `EVENTS (${sample.length < count ? `the strongest ${grouped(sample.length)} of ${grouped(count)}` : countOf(count, 'event')})`;
  return `\n${heading}\n${alignedTable(['TIME', 'KIND', 'ACTOR', 'WHAT HAPPENED', 'EVENT ID'], rows, paint)}`;
}
