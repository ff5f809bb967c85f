/**
 * A finding in the AWS Security Finding Format, as Security Hub CSPM imports it. One finding that breaks a limit is
 * refused as a whole, so all texts and lists are cut to the limits here.
 */
import { plain } from '../text/untrusted.ts';
import { arnsOf } from './arns.ts';
import type { AlertEvent } from './lifecycle.ts';
import type { Finding } from './model.ts';

/** What a finding is imported with. */
export interface AsffContext {
  /** What happened to the finding. */
  readonly event: AlertEvent;
  /** The account that imports. Security Hub takes findings only of the caller's own account. */
  readonly accountId: string;
  /** The ARN of the integration: `arn:aws:securityhub:REGION:ACCOUNT:product/ACCOUNT/default`. */
  readonly productArn: string;
  readonly deployment: string;
  /** ISO 8601. Security Hub ignores a finding whose time is not later than that of the stored one, without an error. */
  readonly updatedAt: string;
  readonly title: string;
  readonly description: string;
  /** What to do first. Empty where nothing is left to do. */
  readonly recommendation: string;
}

/** https://docs.aws.amazon.com/securityhub/1.0/APIReference/API_AwsSecurityFinding.html */
export const ASFF_LIMITS = {
  title: 256,
  description: 1024,
  id: 512,
  recommendation: 512,
  resources: 32,
  types: 50,
  fieldValue: 2048,
  bytes: 240 * 1024,
} as const;

/** Tactics that are categories of the namespace TTPs. Reconnaissance is not among them. */
const TTPS = [
  'Initial Access',
  'Execution',
  'Persistence',
  'Privilege Escalation',
  'Defense Evasion',
  'Credential Access',
  'Discovery',
  'Lateral Movement',
  'Collection',
  'Command and Control',
];
/** The part of the id that tells our findings from those of other custom integrations. */
const NAMESPACE = 'sweepwatch';

/** Maps a finding. It is always sent whole, since an import replaces the stored one. */
export function toAsff(finding: Finding, context: AsffContext): Record<string, unknown> {
  const { event, accountId, productArn, deployment, updatedAt, title, description, recommendation } = context;
  const idOf = (id: string) => `${NAMESPACE}/${deployment}/${id}`.slice(0, ASFF_LIMITS.id);
  const related = [finding.campaign, finding.mergedInto].filter((id) => id !== undefined);
  return {
    SchemaVersion: '2018-10-08',
    Id: idOf(finding.id),
    ProductArn: productArn,
    ProductName: 'Sweepwatch',
    CompanyName: 'Sweepwatch',
    GeneratorId: `${NAMESPACE}/${finding.kind}`,
    AwsAccountId: accountId,
    CreatedAt: finding.detectedAt,
    UpdatedAt: updatedAt,
    FirstObservedAt: finding.firstSeen,
    LastObservedAt: finding.lastSeen,
    Title: textOf(title, ASFF_LIMITS.title),
    Description: textOf(description, ASFF_LIMITS.description),
    ...(recommendation && {
      Remediation: { Recommendation: { Text: textOf(recommendation, ASFF_LIMITS.recommendation) } },
    }),
    Resources: resourcesOf(finding),
    ...networkOf(finding),
    ...actionOf(finding),
    ProductFields: fieldsOf(finding, deployment),
    ...(finding.test && { Sample: true }),
    // By the event, since a finding may be over when it is first announced. Archived, nobody would see it.
    RecordState: event === 'closed' || finding.test ? 'ARCHIVED' : 'ACTIVE',
    // Given here, they do not overwrite what a person has set.
    FindingProviderFields: {
      Severity: { Label: finding.severity.toUpperCase(), Original: finding.severity },
      Types: typesOf(finding),
      Confidence: Math.round(finding.confidence),
      ...(related.length > 0 && { RelatedFindings: related.map((id) => ({ ProductArn: productArn, Id: idOf(id) })) }),
    },
  };
}

/** Printable text that is not blank. */
const textOf = (text: string, limit: number): string => plain(text).slice(0, limit).trim() || 'unknown';

function typesOf({ techniques, direction, actor }: Finding): string[] {
  const types = techniques
    .filter(({ tactic }) => TTPS.includes(tactic))
    .map(({ id, tactic }) => (id === 'T1046' ? `TTPs/${tactic}/NetworkServiceScan` : `TTPs/${tactic}`));
  if (direction) types.push('Unusual Behaviors/Network Flow');
  else
    types.push(
      ['pod', 'task', 'container'].includes(actor?.kind ?? '')
        ? 'Unusual Behaviors/Container'
        : 'Unusual Behaviors/Process',
    );
  return [...new Set(types)].slice(0, ASFF_LIMITS.types);
}

interface Resource {
  readonly Type: string;
  readonly Id: string;
  readonly Region?: string;
  readonly Partition?: string;
}

/**
 * The source by its ARNs where the log names them, otherwise by its address. Of scans from outside the targets too,
 * since they are what is exposed.
 */
function resourcesOf(finding: Finding): Resource[] {
  const { source, sources, direction, targets, actor } = finding;
  const known = source ? withArns(source) : [];
  const others = [
    ...(known.length > 0 ? [] : source ? [source.address] : (sources?.sample ?? [])),
    ...(direction === 'inbound' ? targets.sample : []),
    ...(source || sources || !actor
      ? []
      : [`${actor.kind}/${actor.namespace ?? actor.host ?? 'unknown'}/${actor.name}`]),
  ];
  const all = [...known, ...others.map((text): Resource => ({ Type: 'Other', Id: textOf(text, ASFF_LIMITS.id) }))];
  // A finding without any resource would be refused.
  if (all.length === 0) all.push({ Type: 'Other', Id: textOf(targets.sample[0] ?? '', ASFF_LIMITS.id) });
  return [...new Map(all.map((resource) => [resource.Id, resource])).values()].slice(0, ASFF_LIMITS.resources);
}

function withArns(source: NonNullable<Finding['source']>): Resource[] {
  const { instance, interface: card, task } = arnsOf(source);
  const named: [type: string, arn: string | undefined][] = [
    ['AwsEc2Instance', instance],
    ['AwsEcsTask', task],
    ['AwsEc2NetworkInterface', card],
  ];
  return named.flatMap(([Type, Id]) => {
    const [, Partition = '', , Region = ''] = Id?.split(':') ?? [];
    return Id ? [{ Type, Id, Partition, Region }] : [];
  });
}

const isV4 = (address: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(address);
const isV6 = (address: string): boolean => /^[0-9a-f:.]*:[0-9a-f:.]*$/i.test(address);

const addressField = (end: 'Source' | 'Destination', address: string | undefined): Record<string, string> => {
  if (address === undefined) return {};
  if (isV4(address)) return { [`${end}IpV4`]: address };
  return isV6(address) ? { [`${end}IpV6`]: address } : {};
};

/** Ends of the connection, as far as the finding has one of them. */
function networkOf({ source, direction, targets, ports, protocols }: Finding): { Network?: object } {
  if (!direction) return {};
  const [port] = ports.sample;
  return {
    Network: {
      Direction: direction === 'inbound' ? 'IN' : 'OUT',
      ...(protocols.length === 1 && { Protocol: protocols[0]!.toUpperCase() }),
      ...addressField('Source', source?.address),
      ...(targets.count === 1 && addressField('Destination', targets.sample[0])),
      ...(ports.count === 1 && port && { DestinationPort: port }),
    },
  };
}

/** Services that answered a source outside. The format knows IPv4 only. */
function actionOf({ source, direction, openPorts }: Finding): { Action?: object } {
  if (direction !== 'inbound' || !source || !isV4(source.address)) return {};
  const details = openPorts.sample
    .filter(({ target, port }) => isV4(target) && port > 0)
    .map(({ target, port }) => ({
      LocalPortDetails: { Port: port },
      LocalIpDetails: { IpAddressV4: target },
      RemoteIpDetails: { IpAddressV4: source.address },
    }));
  return details.length
    ? { Action: { ActionType: 'PORT_PROBE', PortProbeAction: { PortProbeDetails: details, Blocked: false } } }
    : {};
}

/** Fields that a person or a rule filters by. */
function fieldsOf(finding: Finding, deployment: string): Record<string, string> {
  const { source, contacts, targets, ports, openPorts, tool } = finding;
  const all: Record<string, string | number | undefined> = {
    deployment,
    finding: finding.id,
    kind: finding.kind,
    direction: finding.direction,
    sourceAddress: source?.address,
    sourceAccount: source?.accountId,
    sourceVpc: source?.vpcId,
    tool: tool?.name,
    targets: targets.count,
    ports: ports.count,
    openPorts: openPorts.count,
    failedContacts: contacts.failed,
    establishedContacts: contacts.established,
    closedBecause: finding.closedBecause,
    reason: finding.reasons[0]?.text,
    dataQuality: finding.dataQuality.join(', ') || undefined,
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, value]) =>
      value === undefined || value === ''
        ? []
        : [[`${NAMESPACE}/${name}`, textOf(String(value), ASFF_LIMITS.fieldValue)]],
    ),
  );
}
