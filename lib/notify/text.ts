/** The text of an alert for people: plain text, with the most important lines first. */

import { alternatives } from '../detections/alternatives.ts';
import type { AlertEvent } from '../finding/lifecycle.ts';
import { type Finding, type FindingSource, isoTime, restsOnSignals } from '../finding/model.ts';
import { plain } from '../text/untrusted.ts';
import { countOf, grouped, protocolLabel } from '../text/wording.ts';
import { campaignSteps } from './campaign-response.ts';
import { queryById, showFinding, suppressItem, suppressLine, type Tables, watchLine } from './commands.ts';
import { type EarlierAlert, earlierSentence } from './earlier.ts';
import { shapeOf, titleOf, whoseOf } from './name.ts';
import { sourceSteps } from './response.ts';
import { closedByAnalyst, reviewLines, verdictSentence } from './review-text.ts';
import { actorLines, signalLines } from './signal-text.ts';
import { scopeToSilence } from './suppression.ts';

/** The deployment that the alert comes from. */
export interface AlertPlace {
  readonly deployment: string;
  readonly tables: Tables;
}

const EVENT_WORDS: Readonly<Record<Exclude<AlertEvent, 'closed'>, string>> = {
  opened: 'This scan is new.',
  escalated: 'This scan is known and became more serious.',
};

const WEEK = 7 * 86_400;

/** The whole text. `now` is in epoch seconds, `earlier` the alerts about the same source before this one. */
export function alertText(
  event: AlertEvent,
  finding: Finding,
  place: AlertPlace,
  now: number,
  earlier: readonly EarlierAlert[] = [],
): string {
  const sections = [
    [
      headline(event, finding),
      finding.test
        ? 'This is a TEST by "sweepwatch selftest". Nobody scanned anything, and there is nothing to do.'
        : '',
      inShort(finding),
      isOurs(finding),
      ...(event === 'closed'
        ? [closing(finding)]
        : [
            firstAction(finding),
            `${restsOnSignals(finding) ? EVENT_WORDS[event].replace('scan', 'finding') : EVENT_WORDS[event]} Confidence ${finding.confidence} of 100.`,
            verdictSentence(finding) ?? '',
            earlierSentence(earlier) ?? '',
          ]),
    ]
      .filter(Boolean)
      .map(plain)
      .join('\n'),
    section('REVIEW', reviewLines(finding)),
    section('WHO', who(finding)),
    section('HOW MUCH', restsOnSignals(finding) ? targetsNamed(finding) : howMuch(finding)),
    section('WHAT WAS SEEN BESIDE THE FLOW LOGS', signalLines(finding).map(plain)),
    section('WHEN', [
      restsOnSignals(finding)
        ? `first event ${finding.firstSeen}, last event ${finding.lastSeen} (log time, UTC)`
        : `first probe ${finding.firstSeen}, last probe ${finding.lastSeen} (log time, UTC)`,
      `detected ${finding.detectedAt} (${restsOnSignals(finding) ? 'the deciding event' : 'end of the deciding record'}), alert written ${isoTime(now)}`,
    ]),
    ...(restsOnSignals(finding) ? [] : [section('WHAT ANSWERED', answered(finding))]),
    section(
      'WHY IT FIRED',
      finding.reasons.map(({ text, test }) => `${text} [${test}]`),
    ),
    // The alert that opened the finding said what to do.
    ...(event === 'closed' ? [] : whatToDo(finding, place)),
    section('LOOK FURTHER', [queryById(place.tables, finding.id), showFinding(place.tables, finding.id)]),
    ...(event === 'closed' ? [] : [howToSilence(finding, place, isoTime(now + WEEK).slice(0, 10))]),
    ...(event === 'closed' ? [] : [howToWatch(finding, place)]),
    section('NOT VISIBLE', finding.dataQuality.length ? finding.dataQuality : ['no known gaps in the log']),
    `Finding ${finding.id}, deployment ${place.deployment}. ATT&CK: ${finding.techniques.map(({ id, name }) => `${id} ${name}`).join(', ')}.`,
  ];
  return `${sections.filter(Boolean).join('\n\n').split('\n').map(plain).join('\n')}\n`;
}

function headline(event: AlertEvent, finding: Finding): string {
  const severity = finding.severity.toUpperCase();
  const label = event === 'closed' ? `${closedLabel(finding)} (was ${severity})` : severity;
  return `${label}: ${titleOf(finding)} (${shapeOf(finding)})`;
}

function closedLabel({ closedBecause }: Finding): string {
  if (closedBecause === 'refuted') return 'WITHDRAWN';
  if (closedBecause === 'merged') return 'MERGED';
  return closedBecause === 'analyst' ? 'CLOSED' : 'ENDED';
}

/** Says who scanned what, and whether anything answered. */
export function inShort(finding: Finding): string {
  if (restsOnSignals(finding)) return `${finding.reasons[0]?.text ?? shapeOf(finding)}.`;
  const { targets, ports, openPorts } = finding;
  const where = targets.count === 1 ? `${targets.sample[0]}` : `${about(targets)}${countOf(targets.count, 'target')}`;
  const protocol = protocolsOf(finding);
  const what =
    ports.count === 0
      ? `${where} by ${protocol}`
      : ports.count === 1
        ? `${where} on ${protocol} port ${ports.sample[0]}`
        : `${about(ports)}${countOf(ports.count, `${protocol} port`)} of ${where}`;
  const stays = connectedOf(finding);
  const answers = openPorts.count
    ? `${countOf(openPorts.count, 'service')} answered`
    : finding.source
      ? 'Nothing answered'
      : "Each member's own finding lists its open services";
  const outcome = stays.length
    ? `${answers}, and it stayed connected to ${stays[0]}${stays.length > 1 ? ' and others' : ''}`
    : answers;
  return `${whoseOf(finding)} scanned ${what}. ${outcome}.`;
}

/** Whether the source belongs to the reader's network, with its best identification. */
export function isOurs(finding: Finding): string {
  const { source, sources, direction } = finding;
  if (restsOnSignals(finding)) return 'It happened on your own systems.';
  if (!source) {
    const members = `The ${countOf(sources?.count ?? 0, 'source')} are`;
    return direction === 'lateral'
      ? `${members} yours: hosts or pods of one network.`
      : `${members} outside your networks.`;
  }
  if (direction === 'inbound') return 'The source is outside your networks.';
  const { ecs, instanceId, interfaceId, accountId } = source;
  const holder = ecs?.taskId
    ? `ECS task ${ecs.taskId}`
    : source.behindInterface
      ? `a pod or host behind ${instanceId ? `instance ${instanceId}` : `interface ${interfaceId ?? 'unknown'}`}`
      : instanceId
        ? `instance ${instanceId}`
        : interfaceId
          ? `interface ${interfaceId}`
          : 'holder unknown';
  return `The source is yours: ${holder}${accountId ? `, account ${accountId}` : ''}.`;
}

/** The first action to take, within a minute. */
export function firstAction(finding: Finding): string {
  const { source, direction, openPorts } = finding;
  if (restsOnSignals(finding)) return 'Do first: ask the user whether it was part of their work.';
  if (!source)
    return direction === 'lateral'
      ? 'Do first: find out what the sources have in common: an image, a deployment, a role (step 1). Then stop it (step 2).'
      : 'Do first: ask whether someone hired a scanning service. If not, close the target (step 2).';
  const hasStayed = connectedOf(finding).length > 0;
  if (direction === 'inbound') {
    if (hasStayed) return 'Do first: check what the scanner does on that service, then deny its address (step 2).';
    return openPorts.count
      ? 'Do first: decide whether these services may be reachable from the internet. If not, close them (step 4).'
      : 'Do first: nothing urgent. Make sure that the targets stay closed (step 4).';
  }
  if (hasStayed) return 'Do first: isolate the source (step 2). It may be using what it found.';
  return 'Do first: ask its owner whether scanning is its job (step 1). If not, isolate it (step 2).';
}

function whatToDo(finding: Finding, place: AlertPlace): string[] {
  if (restsOnSignals(finding)) return [section('WHAT IT MAY BE INSTEAD', alternatives(finding))];
  const { source } = finding;
  const account = source?.accountId ? `account ${plain(source.accountId)}, ` : '';
  const region = plain(source?.region ?? place.tables.region);
  return [
    section('WHAT IT MAY BE INSTEAD', alternatives(finding)),
    section('WHAT TO DO NOW', [
      `Use credentials for ${account}region ${region}. Replace words in CAPITALS: the logs do not contain these values.`,
      ...(source ? sourceSteps(finding, source, place.tables) : campaignSteps(finding, place.tables)).map((step, at) =>
        [`${at + 1}. ${step.title}. ${step.why}`, ...step.commands.map((command) => `     ${command}`)].join('\n'),
      ),
    ]),
  ];
}

function howToSilence(finding: Finding, place: AlertPlace, until: string): string {
  // Suppressions name addresses, and this finding has none.
  if (restsOnSignals(finding)) return '';
  const scope = scopeToSilence(finding);
  if (!scope) return section('SILENCE', ['no single rule covers this finding: its targets share no network']);
  return section('SILENCE', [
    scope.target
      ? 'If this is an approved test, silence all scans of these targets. Set your name, a reason and an end date:'
      : 'If this is an approved scanner, silence it. Set your name, a reason and an end date (--target CIDR limits the rule):',
    suppressLine(place.tables, scope, until),
    suppressItem(place.tables, finding.id, scope, until),
  ]);
}

function howToWatch({ id, source, test, watchedBy }: Finding, { tables }: AlertPlace): string {
  if (!source || test || watchedBy !== undefined) return '';
  return section('WATCH', [
    'To hear of slower and smaller scans by this source, raise its sensitivity for a week. Set your name:',
    watchLine(tables, id, source),
  ]);
}

const section = (title: string, lines: readonly string[]): string =>
  lines.length ? `${title}\n${lines.map((text) => `  ${text}`).join('\n')}` : '';

export function closing(finding: Finding): string {
  const { closedBecause, mergedInto, lastSeen } = finding;
  if (closedBecause === 'refuted')
    return 'This was not a scan: contacts that looked unanswered were answered later. Nothing is left to do.';
  if (closedBecause === 'merged') return `This scan is part of finding ${mergedInto}. Continue there.`;
  if (closedBecause === 'analyst') return closedByAnalyst(finding);
  return `The scan ended: no probe followed the one at ${lastSeen}. Finish the steps of the first alert.`;
}

/** The source of a finding, one fact on each line. */
export function who(finding: Finding): string[] {
  const { source, sources, campaign, tool } = finding;
  const lines = source
    ? aboutSource(source)
    : restsOnSignals(finding)
      ? []
      : [
          `${whoseOf(finding)} (${finding.direction === 'lateral' ? 'inside' : 'outside'}): ${listOf(sources?.sample ?? [], sources?.count ?? 0)}`,
        ];
  lines.push(...actorLines(finding));
  if (campaign) lines.push(`part of campaign ${campaign}: many sources divide these targets between them`);
  if (tool) lines.push(`likely tool: ${tool.name}, confidence ${tool.confidence} of 100`);
  // Makes sure that names from log fields stay on their line.
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
    lines.push('the interface forwards traffic of this address: a pod behind its node, or a host behind a gateway');
  return lines;
}

/** The scope is mentioned only if it is not simply the account. */
function whereabouts({ scope, accountId }: FindingSource): string {
  if (scope === 'internet') return ' (outside)';
  return scope === accountId ? ' (inside)' : ` (inside, scope ${scope})`;
}

/** Targets, ports and outcomes, one line each. */
export function howMuch(finding: Finding): string[] {
  const { contacts, targets, ports } = finding;
  return [
    `${about(targets)}${countOf(targets.count, 'target')}: ${listOf(targets.sample, targets.count)}`,
    ...(ports.count
      ? [`${about(ports)}${countOf(ports.count, `${protocolsOf(finding)} port`)}: ${listOf(ports.sample, ports.count)}`]
      : [`protocol ${protocolsOf(finding)}`]),
    `${countOf(contacts.failed, 'contact')} failed (${grouped(contacts.rejected)} rejected, ${grouped(contacts.reset)} reset, ${grouped(contacts.unanswered)} unanswered), ${grouped(contacts.established)} established`,
  ].map(plain);
}

/** Targets and ports as commands name them. */
const targetsNamed = ({ targets, ports }: Finding): string[] =>
  [
    ...(targets.count
      ? [`${about(targets)}${countOf(targets.count, 'target')} named: ${listOf(targets.sample, targets.count)}`]
      : []),
    ...(ports.count
      ? [`${about(ports)}${countOf(ports.count, 'port')} named: ${listOf(ports.sample, ports.count)}`]
      : []),
  ].map(plain);

const about = ({ exact }: { readonly exact: boolean }) => (exact ? '' : 'about ');

const protocolsOf = ({ protocols }: Finding): string => protocols.map(protocolLabel).join('/');

/** A sample, followed by the number of values that it leaves out. */
const listOf = (sample: readonly (string | number)[], count: number) =>
  `${sample.join(', ')}${sample.length < count ? ` and ${grouped(count - sample.length)} more` : ''}`;

/** The services that answered. */
export function answered(finding: Finding): string[] {
  const { count, sample } = finding.openPorts;
  if (!count)
    return finding.source
      ? [isPinging(finding) ? `${countOf(finding.contacts.established, 'ping')}, no service` : 'nothing']
      : ["not known from this finding: each member's own finding lists the services that answered it"];
  const stays = connectedOf(finding);
  return [
    `${countOf(count, 'service')}: ${listOf(sample.map(serviceText), count)}`,
    ...(stays.length ? [`the scanner stayed connected to ${stays.join(', ')}`] : []),
  ].map(plain);
}

const isPinging = ({ protocols, contacts }: Finding): boolean =>
  contacts.established > 0 && protocols.some((protocol) => protocol.startsWith('icmp'));

const connectedOf = ({ openPorts }: Finding): string[] =>
  openPorts.sample.filter(({ connected }) => connected).map(serviceText);

const serviceText = ({ target, port, protocol }: Finding['openPorts']['sample'][number]): string =>
  port ? `${target.includes(':') ? `[${target}]` : target}:${port}/${protocol}` : `${target} ${protocol}`;
