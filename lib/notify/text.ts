/** The alert a person reads: plain text, top-down, what and who first. */

import { alternatives } from '../detections/alternatives.ts';
import type { AlertEvent } from '../finding/lifecycle.ts';
import { type Finding, type FindingSource, isoTime } from '../finding/model.ts';
import { plain } from '../text/untrusted.ts';
import { countOf } from '../text/wording.ts';
import { campaignSteps } from './campaign-response.ts';
import { queryById, showFinding, suppressItem, suppressLine, type Tables } from './commands.ts';
import { nameOf, shapeOf, whoseOf } from './name.ts';
import { sourceSteps } from './response.ts';
import { scopeToSilence } from './suppression.ts';

/** Where the alert comes from. */
export interface AlertPlace {
  readonly deployment: string;
  readonly tables: Tables;
}

const EVENT_WORDS: Readonly<Record<AlertEvent, string>> = {
  opened: 'A new scan was found.',
  escalated: 'A known scan has become more serious.',
  closed: 'A known scan has ended.',
};

const WEEK = 7 * 86_400;

/** The whole text; `now` is epoch seconds. */
export function alertText(event: AlertEvent, finding: Finding, place: AlertPlace, now: number): string {
  const sections = [
    `${headline(event, finding)}\n${plain(inShort(finding))}\n${EVENT_WORDS[event]} Confidence ${finding.confidence} of 100.${closing(finding)}`,
    section('WHO', who(finding)),
    section('HOW MUCH', howMuch(finding)),
    section('SINCE WHEN', [
      `first probe ${finding.firstSeen}, last probe ${finding.lastSeen} (times of the log)`,
      `the evidence sufficed with the record that ended ${finding.detectedAt}; this text is of ${isoTime(now)}`,
    ]),
    section('WHAT ANSWERED', answered(finding)),
    section(
      'WHY IT FIRED',
      finding.reasons.map((reason) => `${reason.text} [${reason.test}: ${reason.value} against ${reason.threshold}]`),
    ),
    // Who hears that a scan has ended was told before what to do about it.
    ...(event === 'closed' ? [] : whatToDo(finding, place)),
    section('LOOK FURTHER', [queryById(place.tables, finding.id), showFinding(place.tables, finding.id)]),
    ...(event === 'closed' ? [] : [howToSilence(finding, place, isoTime(now + WEEK).slice(0, 10))]),
    section(
      'NOT VISIBLE',
      finding.dataQuality.length ? finding.dataQuality : ['nothing that the log could not show is known'],
    ),
    `Finding ${finding.id} of deployment ${place.deployment}; ${finding.techniques.map(({ id, name }) => `${id} ${name}`).join(', ')}.`,
  ];
  return `${sections.filter(Boolean).join('\n\n').split('\n').map(plain).join('\n')}\n`;
}

function headline(event: AlertEvent, finding: Finding): string {
  const severity = finding.severity.toUpperCase();
  const label = event === 'closed' ? `ENDED (was ${severity})` : severity;
  return `${label}: ${finding.direction} ${nameOf(finding)} (${shapeOf(finding)})`;
}

/** Who scanned what, and whether anything answered: with the headline, all that the first ten seconds are for. */
function inShort(finding: Finding): string {
  const { targets, ports, openPorts } = finding;
  const where = targets.count === 1 ? `${targets.sample[0]}` : `${about(targets)}${countOf(targets.count, 'target')}`;
  const protocol = finding.protocols.join('/');
  const what =
    ports.count === 0
      ? `${where} by ${protocol}`
      : ports.count === 1
        ? `${where} on ${protocol} port ${ports.sample[0]}`
        : `${about(ports)}${ports.count} ${protocol} ports of ${where}`;
  const stays = connectedOf(finding);
  const outcome = stays.length
    ? `it stayed connected to ${stays[0]}${stays.length > 1 ? ' and others' : ''}`
    : openPorts.count
      ? `${countOf(openPorts.count, 'service')} answered`
      : finding.source
        ? 'nothing answered'
        : 'what answered stands in the findings about single sources';
  return `${whoseOf(finding)} scanned ${what}; ${outcome}.`;
}

function whatToDo(finding: Finding, place: AlertPlace): string[] {
  const { source } = finding;
  const account = source?.accountId ? `account ${plain(source.accountId)}, ` : '';
  const region = plain(source?.region ?? place.tables.region);
  return [
    section('WHAT IT MAY BE INSTEAD', alternatives(finding)),
    section('WHAT TO DO NOW', [
      `with credentials for ${account}region ${region}; CAPITALS stand for what the logs do not say`,
      ...(source ? sourceSteps(finding, source, place.tables) : campaignSteps(finding, place.tables)).map(
        (step, at) =>
          `${at + 1}. ${step.title}. ${step.why}\n${step.commands.map((command) => `     ${command}`).join('\n')}`,
      ),
    ]),
  ];
}

function howToSilence(finding: Finding, place: AlertPlace, until: string): string {
  const scope = scopeToSilence(finding);
  if (!scope) return section('SILENCE', ['no single rule: the targets have no network in common']);
  return section('SILENCE', [
    scope.target
      ? 'whoever scans these targets together, an approved test say, until a day of your choice, with your name and a reason:'
      : 'an approved scanner, until a day of your choice, with your name and a reason (--target CIDR where it may scan only that):',
    suppressLine(place.tables, scope, until),
    suppressItem(place.tables, finding.id, scope, until),
  ]);
}

const section = (title: string, lines: readonly string[]): string =>
  lines.length ? `${title}\n${lines.map((text) => `  ${text}`).join('\n')}` : '';

function closing(finding: Finding): string {
  if (finding.closedBecause === 'refuted') return ' It was refuted: what looked unanswered was answered later.';
  if (finding.closedBecause === 'merged') return ` It is part of finding ${finding.mergedInto}.`;
  return finding.status === 'closed' ? ' No probe has followed the last one.' : '';
}

function who(finding: Finding): string[] {
  const { source, sources, campaign, tool } = finding;
  const lines = source
    ? aboutSource(source)
    : [`${whoseOf(finding)} (outside): ${listOf(sources?.sample ?? [], sources?.count ?? 0)}`];
  if (campaign) lines.push(`part of campaign ${campaign}: many sources that share out what they scan`);
  if (tool) lines.push(`looks like ${tool.name} (confidence ${tool.confidence} of 100)`);
  // Names out of log fields stay on their line.
  return lines.map(plain);
}

function aboutSource(source: FindingSource): string[] {
  const holder: (readonly [string, string | undefined])[] = [
    ['instance', source.instanceId],
    ['interface', source.interfaceId],
    ['interface type', source.interfaceType],
    ['ECS cluster', source.ecs?.cluster],
    ['ECS service', source.ecs?.service],
    ['ECS task', source.ecs?.taskId],
    ['container', source.ecs?.containerId],
    ['VPC', source.vpcId],
    ['account', source.accountId],
  ];
  const known = holder.filter(([, value]) => value !== undefined).map(([name, value]) => `${name} ${value}`);
  const lines = [`source ${source.address}${whereabouts(source)}`];
  if (known.length) lines.push(known.join(', '));
  if (source.behindInterface)
    lines.push('the interface forwards for this address: a pod behind its node, or a host behind a gateway');
  return lines;
}

/** The scope is worth a word where it is not simply the account. */
function whereabouts({ scope, accountId }: FindingSource): string {
  if (scope === 'internet') return ' (outside)';
  return scope === accountId ? ' (inside)' : ` (inside, scope ${scope})`;
}

function howMuch(finding: Finding): string[] {
  const { contacts, targets, ports } = finding;
  return [
    `${about(targets)}${countOf(targets.count, 'target')}: ${listOf(targets.sample, targets.count)}`,
    ...(ports.count
      ? [
          `${about(ports)}${countOf(ports.count, `${finding.protocols.join('/')} port`)}: ${listOf(ports.sample, ports.count)}`,
        ]
      : [`protocol ${finding.protocols.join(', ')}`]),
    `${countOf(contacts.failed, 'contact')} failed: ${contacts.rejected} rejected, ${contacts.reset} reset, ${contacts.unanswered} unanswered; ${contacts.established} established`,
  ].map(plain);
}

const about = ({ exact }: { readonly exact: boolean }) => (exact ? '' : 'about ');

/** A sample, with dots where it is not all. */
const listOf = (sample: readonly (string | number)[], count: number) =>
  `${sample.join(', ')}${sample.length < count ? ' ...' : ''}`;

function answered(finding: Finding): string[] {
  const { count, sample } = finding.openPorts;
  if (!count)
    return finding.source
      ? [isPinging(finding) ? `${countOf(finding.contacts.established, 'ping')}, no service` : 'nothing']
      : ['not known here: the finding rests on failed contacts; what answered one source stands in its own finding'];
  const stays = connectedOf(finding);
  return [
    `${countOf(count, 'service')}: ${listOf(sample.map(serviceText), count)}`,
    ...(stays.length ? [`the scanner stayed connected to ${stays.join(', ')}`] : []),
  ].map(plain);
}

const isPinging = ({ protocols, contacts }: Finding): boolean =>
  contacts.established > 0 && protocols.some((protocol) => protocol.startsWith('icmp'));

type Service = Finding['openPorts']['sample'][number];

const connectedOf = ({ openPorts }: Finding): string[] =>
  openPorts.sample.filter(({ connected }) => connected).map(serviceText);

const serviceText = ({ target, port, protocol }: Service): string =>
  port ? `${target.includes(':') ? `[${target}]` : target}:${port}/${protocol}` : `${target} ${protocol}`;
