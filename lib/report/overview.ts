/** The parts of the page that show all findings together: counts, matrix of sources and targets, ports. */
import { type Finding, SEVERITIES, sourceKey } from '../finding/model.ts';
import { stateOf } from '../finding/review.ts';
import { networkOf } from '../net/cidr.ts';
import { titleOf, whoseOf } from '../notify/name.ts';
import { countOf } from '../text/wording.ts';
import { OUTCOME_COLOURS, SEVERITY_COLOURS } from './colours.ts';
import { html, Markup, table } from './html.ts';

const WORST_FIRST = SEVERITIES.toReversed();

/** How many findings there are of each severity. */
export function counts(findings: readonly Finding[]): Markup {
  const count = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  return html`<ul class="counts">${WORST_FIRST.map(
    (severity) =>
      html`<li><svg width="14" height="14" viewBox="0 0 14 14" aria-hidden="true"><rect width="14" height="14" rx="3" fill="${SEVERITY_COLOURS[severity]}"/></svg> <strong>${count(severity)}</strong> ${severity}</li>`,
  )}</ul>`;
}

/** The table of findings, in the given order. `linked` are the ids of those that are on the page in full. */
export function findingsTable(findings: readonly Finding[], linked: ReadonlySet<string>): Markup {
  const headings = [
    'Finding',
    'Severity',
    'Source',
    'Targets',
    'Ports',
    'Failed',
    'Answered',
    'First probe',
    'Last probe',
    'Status',
  ];
  return table(
    'Findings, the worst first',
    headings,
    findings.map((finding) => [
      linked.has(finding.id) ? html`<a href="#finding-${finding.id}">${titleOf(finding)}</a>` : titleOf(finding),
      badge(finding.severity),
      html`${whoseOf(finding)}`,
      finding.targets.count,
      finding.ports.count,
      finding.contacts.failed,
      finding.openPorts.count,
      time(finding.firstSeen),
      time(finding.lastSeen),
      stateOf(finding),
    ]),
    { id: 'findings-table' },
  );
}

/** The word with a mark in its colour. */
export const badge = (severity: Finding['severity']): Markup =>
  html`<span class="severity"><svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true"><circle cx="5" cy="5" r="5" fill="${SEVERITY_COLOURS[severity]}"/></svg> ${severity}</span>`;

/** A time for people and for programs. */
export const time = (iso: string): Markup =>
  html`<time datetime="${iso}">${iso.slice(0, 10)} ${iso.slice(11, 19)}</time>`;

const MOST = 20;

/** Which sources scanned which networks, and where services answered. Undefined if nothing has a target. */
export function matrix(findings: readonly Finding[]): Markup | undefined {
  const sources = ranked(findings, (finding) => [finding.source ? sourceKey(finding.source) : finding.id]);
  const networks = ranked(findings, (finding) => [...new Set(finding.targets.sample.map(networkOf))]);
  if (!networks.length) return undefined;
  const shownSources = sources.slice(0, MOST);
  const shownNetworks = networks.slice(0, MOST);
  const rows = shownSources.map(([, scans]) => [
    whoseOf(scans[0]!),
    ...shownNetworks.map(([network]) => cellOf(network, scans)),
  ]);
  const parts = [
    sources.length > MOST ? `${MOST} of ${sources.length} sources` : '',
    networks.length > MOST ? `${MOST} of ${networks.length} networks` : '',
  ].filter(Boolean);
  const left = parts.length ? ` Shown are ${parts.join(' and ')}.` : '';
  return html`${table('Sources by target network', ['Source', ...shownNetworks.map(([network]) => network)], rows, { isNarrow: true })}
<p class="note">A number counts scans, as far as the examples of a finding name targets. “open” says that a service there answered.${left}</p>`;
}

function cellOf(network: string, scans: readonly Finding[]): Markup {
  const there = scans.filter(({ targets }) => targets.sample.some((target) => networkOf(target) === network));
  if (!there.length) return html`<span class="none">·</span>`;
  const isOpen = there.some(({ openPorts }) => openPorts.sample.some(({ target }) => networkOf(target) === network));
  return html`${there.length}${isOpen ? html` <strong>open</strong>` : ''}`;
}

/** Findings by each of their keys, the key with the most findings first. */
function ranked<Key>(findings: readonly Finding[], keysOf: (finding: Finding) => readonly Key[]): [Key, Finding[]][] {
  const groups = new Map<Key, Finding[]>();
  for (const finding of findings)
    for (const key of keysOf(finding)) {
      const group = groups.get(key);
      if (group) group.push(finding);
      else groups.set(key, [finding]);
    }
  return [...groups].sort((a, b) => b[1].length - a[1].length);
}

const BAR = 220;

/** The ports that most scans tried. Undefined if none has a port. */
export function ports(findings: readonly Finding[]): Markup | undefined {
  const all = ranked(findings, ({ ports: { sample } }) => sample);
  if (!all.length) return undefined;
  const most = all[0]![1].length;
  const rows = all.slice(0, MOST).map(([port, scans]) => {
    const open = scans.filter(({ openPorts }) => openPorts.sample.some((one) => one.port === port)).length;
    const scale = BAR / most;
    const drawing = html`<svg width="${BAR}" height="12" viewBox="0 0 ${BAR} 12" aria-hidden="true"><rect width="${(scans.length * scale).toFixed(1)}" height="12" fill="${OUTCOME_COLOURS.rejected}"/><rect width="${(open * scale).toFixed(1)}" height="12" fill="${OUTCOME_COLOURS.established}"/></svg>`;
    return [String(port), scans.length, open, drawing];
  });
  const left = all.length > MOST ? ` The ${MOST} most frequent of ${all.length} ports are shown.` : '';
  return html`${table('Ports by number of scans', ['Port', 'Scans', 'Answered in', 'Share'], rows, { isNarrow: true })}
<p class="note">As far as the examples of a finding name ports. Blue is the share in which the port answered.${left}</p>`;
}

/** The outcomes of a finding's contacts as a bar, with the same numbers in words. */
export function outcomes({ contacts }: Finding): Markup {
  const names = ['rejected', 'reset', 'unanswered', 'established'] as const;
  const all = names.reduce((sum, name) => sum + contacts[name], 0);
  if (all === 0) return new Markup('');
  let x = 0;
  const parts = names.map((name) => {
    const width = (contacts[name] / all) * 400;
    const part = html`<rect x="${x.toFixed(1)}" width="${width.toFixed(1)}" height="14" fill="${OUTCOME_COLOURS[name]}"/>`;
    x += width;
    return contacts[name] ? part : '';
  });
  const words = names.filter((name) => contacts[name]).map((name) => `${contacts[name]} ${name}`);
  return html`<p><svg width="400" height="14" viewBox="0 0 400 14" role="img" aria-label="${words.join(', ')}">${parts}</svg><br>${countOf(all, 'contact')}: ${words.map(
    (text, at) =>
      html`${at ? ', ' : ''}<span class="key"><svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true"><rect width="10" height="10" fill="${OUTCOME_COLOURS[names.filter((name) => contacts[name])[at]!]}"/></svg> ${text}</span>`,
  )}</p>`;
}
