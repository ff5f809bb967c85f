/** The alert a person reads: plain text, top-down, what and who first. */
import type { AlertEvent } from '../finding/lifecycle.ts';
import { type Finding, type FindingSource, isoTime, type Kind } from '../finding/model.ts';
import { queryById, showFinding, suppressItem, suppressSource, type Tables } from './commands.ts';
import { countOf, plain } from './plain.ts';
import { responseSteps } from './response.ts';

/** Where the alert comes from. */
export interface AlertPlace {
  readonly deployment: string;
  readonly tables: Tables;
}

export const KIND_WORDS: Readonly<Record<Kind, string>> = {
  'vertical-scan': 'vertical scan',
  'horizontal-scan': 'horizontal scan',
  'block-scan': 'block scan',
  'distributed-scan': 'distributed scan',
};

const SHAPES: Readonly<Record<Kind, string>> = {
  'vertical-scan': 'many ports of one target',
  'horizontal-scan': 'one port over many targets',
  'block-scan': 'many ports over many targets',
  'distributed-scan': 'many sources, one plan',
};

const EVENT_WORDS: Readonly<Record<AlertEvent, string>> = {
  opened: 'A new scan was found.',
  escalated: 'A known scan has become more serious.',
  closed: 'A known scan has ended.',
};

const WEEK = 7 * 86_400;

/** The whole text; `now` is epoch seconds. */
export function alertText(event: AlertEvent, finding: Finding, place: AlertPlace, now: number): string {
  const sections = [
    `${headline(event, finding)}\n${EVENT_WORDS[event]} Confidence ${finding.confidence} of 100.${closing(finding)}`,
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
    section('NOT VISIBLE', finding.dataQuality),
    `Finding ${finding.id} of deployment ${place.deployment}; ${finding.techniques.map(({ id, name }) => `${id} ${name}`).join(', ')}.`,
  ];
  return `${sections.filter(Boolean).join('\n\n').split('\n').map(plain).join('\n')}\n`;
}

function headline(event: AlertEvent, finding: Finding): string {
  const severity = finding.severity.toUpperCase();
  const isPing = finding.kind === 'horizontal-scan' && finding.ports.count === 0;
  const shape = isPing ? 'a ping sweep of many targets' : SHAPES[finding.kind];
  const label = event === 'closed' ? `ENDED (was ${severity})` : severity;
  return `${label}: ${finding.direction} ${KIND_WORDS[finding.kind]} (${shape})`;
}

function whatToDo(finding: Finding, place: AlertPlace): string[] {
  const { source } = finding;
  const account = source?.accountId ? `account ${plain(source.accountId)}, ` : '';
  const region = plain(source?.region ?? place.tables.region);
  return [
    section('WHAT IT MAY BE INSTEAD', alternatives(finding)),
    section('WHAT TO DO NOW', [
      `with credentials for ${account}region ${region}; CAPITALS stand for what the logs do not say`,
      ...responseSteps(finding, place.tables).map(
        (step, at) =>
          `${at + 1}. ${step.title}. ${step.why}\n${step.commands.map((command) => `     ${command}`).join('\n')}`,
      ),
    ]),
  ];
}

function howToSilence(finding: Finding, place: AlertPlace, until: string): string {
  return section('SILENCE', [
    'an approved scanner, until a day of your choice, with your name and a reason:',
    suppressSource(place.tables, finding.source?.address ?? '', until),
    suppressItem(place.tables, finding, until),
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
  const { source } = finding;
  if (!source)
    return [`${finding.sources?.count ?? 0} sources, among them ${finding.sources?.sample.join(', ') ?? ''}`];
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
  // Names out of log fields stay on their line.
  return lines.map(plain);
}

/** The scope is worth a word where it is not simply the account. */
function whereabouts({ scope, accountId }: FindingSource): string {
  if (scope === 'internet') return ' (outside)';
  return scope === accountId ? ' (inside)' : ` (inside, scope ${scope})`;
}

function howMuch(finding: Finding): string[] {
  const { contacts, targets, ports } = finding;
  const about = (exact: boolean) => (exact ? '' : 'about ');
  const list = (sample: readonly (string | number)[], count: number) =>
    sample.length < count ? `${sample.join(', ')} ...` : sample.join(', ');
  return [
    `${about(targets.exact)}${countOf(targets.count, 'target')}: ${list(targets.sample, targets.count)}`,
    ...(ports.count
      ? [
          `${about(ports.exact)}${countOf(ports.count, `${finding.protocols.join('/')} port`)}: ${list(ports.sample, ports.count)}`,
        ]
      : [`protocol ${finding.protocols.join(', ')}`]),
    `${countOf(contacts.failed, 'contact')} failed: ${contacts.rejected} rejected, ${contacts.reset} reset, ${contacts.unanswered} unanswered; ${contacts.established} established`,
  ];
}

function answered(finding: Finding): string[] {
  const { count, sample } = finding.openPorts;
  if (!count) return ['nothing'];
  return [
    `${countOf(count, 'service')}: ${sample.map(({ target, port, protocol }) => (port ? `${target.includes(':') ? `[${target}]` : target}:${port}/${protocol}` : `${target} ${protocol}`)).join(', ')}${sample.length < count ? ' ...' : ''}`,
  ];
}

function alternatives(finding: Finding): string[] {
  if (finding.direction === 'inbound')
    return [
      'an approved external scanner or penetration test',
      'a partner with a stale address list',
      'a monitoring service of yours outside AWS',
    ];
  if (finding.direction === 'outbound')
    return [
      'a crawler, mail server or peer-to-peer client whose peers are mostly dead',
      'an approved external assessment that runs from here',
    ];
  if (finding.kind === 'vertical-scan')
    return [
      'an approved vulnerability scanner',
      'service discovery or an inventory job that probes many ports of one host',
    ];
  return [
    'an approved vulnerability scanner',
    'monitoring or service discovery whose list of targets is stale',
    'a client that lost its server and tries every address of a subnet',
  ];
}
