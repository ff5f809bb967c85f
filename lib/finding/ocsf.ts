/**
 * A finding as an OCSF Detection Finding (class 2004), the form that security lakes and SIEMs accept: 1.8 by default, 1.6
 * for AWS Security Hub, 1.3 for Security Lake, which takes nothing later.
 */
import type { AlertEvent } from './lifecycle.ts';
import { epochSeconds, type Finding, type Severity, type Verdict } from './model.ts';

const SEVERITY_IDS: Readonly<Record<Severity, number>> = { informational: 1, low: 2, medium: 3, high: 4, critical: 5 };
const DIRECTION_IDS = { inbound: 1, outbound: 2, lateral: 3 } as const;
/** Statuses "New", "In Progress", "Suppressed" and "Resolved". */
const [NEW, IN_PROGRESS, SUPPRESSED, RESOLVED] = [1, 2, 3, 4] as const;
/** Verdicts "True Positive", "Benign" and "False Positive" of the profile for incidents. */
const VERDICT_IDS: Readonly<Record<Verdict, number>> = { true: 2, benign: 5, tuned: 1 };
/** Direction "Unknown". */
const UNKNOWN = 0;
/** The activities "Create", "Update" and "Close". */
const ACTIVITIES: Readonly<Record<AlertEvent, number>> = { opened: 1, escalated: 2, closed: 3 };
/** Observable type "IP Address". */
const IP_ADDRESS = 2;

/** The versions that a finding can be written in. */
export const OCSF_VERSIONS = ['1.3', '1.6', '1.8'] as const;
export type OcsfVersion = (typeof OCSF_VERSIONS)[number];

/**
 * Maps a finding. Times are epoch milliseconds, as OCSF requires.
 * @param event what happened to the finding. By default it was closed, or else created.
 * @param modifiedAt when the finding was so, ISO 8601.
 */
export function toOcsf(
  finding: Finding,
  version: OcsfVersion = '1.8',
  event: AlertEvent = finding.status === 'closed' ? 'closed' : 'opened',
  modifiedAt?: string,
): Record<string, unknown> {
  const latest = toLatest(finding, event, modifiedAt);
  if (version === '1.8') return latest;
  const { metadata, ...rest } = latest;
  return version === '1.6'
    ? { ...latest, metadata: { ...metadata, version: '1.6.0' } }
    : withoutLater({ ...rest, metadata: { ...metadata, version: '1.3.0' } });
}

/** Version 1.3 has no alert flag, no tags, no names of evidence and no verdicts. The finding in `unmapped` has them. */
function withoutLater({ is_alert: _, verdict_id: __, ...event }: ReturnType<typeof toLatest>): Record<string, unknown> {
  const { tags: ___, ...info } = event.finding_info;
  const { profiles: ____, ...metadata } = event.metadata;
  return { ...event, metadata, finding_info: info, evidences: event.evidences.map(({ name: _____, ...one }) => one) };
}

function toLatest(finding: Finding, event: AlertEvent, modifiedAt: string | undefined) {
  const activity = ACTIVITIES[event];
  return {
    class_uid: 2004,
    category_uid: 2,
    activity_id: activity,
    type_uid: 200400 + activity,
    severity_id: SEVERITY_IDS[finding.severity],
    confidence_score: finding.confidence,
    status_id: statusOf(finding),
    ...reviewOf(finding),
    time: epochSeconds(finding.detectedAt) * 1000,
    start_time: epochSeconds(finding.firstSeen) * 1000,
    end_time: epochSeconds(finding.lastSeen) * 1000,
    is_alert: true,
    message: finding.reasons[0]?.text ?? finding.kind,
    metadata: {
      version: '1.8.0',
      ...(finding.test && { labels: ['TEST'] }),
      product: { name: 'Sweepwatch', vendor_name: 'Sweepwatch' },
      ...(finding.verdict && { profiles: ['incident'] }),
      // A campaign and the findings about its members share this value.
      correlation_uid: finding.campaign ?? finding.id,
    },
    finding_info: {
      uid: finding.id,
      title: finding.test ? `TEST ${titleOf(finding)}` : titleOf(finding),
      types: [finding.kind],
      first_seen_time: epochSeconds(finding.firstSeen) * 1000,
      last_seen_time: epochSeconds(finding.lastSeen) * 1000,
      ...(modifiedAt && { modified_time: Date.parse(modifiedAt) }),
      analytic: { type_id: 1, name: finding.reasons[0]?.test ?? finding.kind },
      attacks: finding.techniques.map(({ id, name, tactic }) => ({
        technique: { uid: id.split('.')[0], name: name.split(':')[0] },
        ...(id.includes('.') && { sub_technique: { uid: id, name } }),
        tactic: { name: tactic },
      })),
      ...(finding.tool && {
        tags: [
          { name: 'tool', value: finding.tool.name },
          { name: 'tool_confidence', value: String(finding.tool.confidence) },
        ],
      }),
    },
    evidences: evidencesOf(finding),
    observables: [
      ...sourcesOf(finding).map(({ ip }) => ({ name: 'evidences.src_endpoint.ip', type_id: IP_ADDRESS, value: ip })),
      ...finding.targets.sample.map((value) => ({ name: 'evidences.dst_endpoint.ip', type_id: IP_ADDRESS, value })),
    ],
    unmapped: { sweepwatch: finding },
  };
}

const titleOf = ({ kind, direction }: Finding): string => (direction ? `${kind} (${direction})` : kind);

function statusOf({ status, acknowledged, suppressedBy }: Finding): number {
  if (status === 'closed') return RESOLVED;
  if (suppressedBy) return SUPPRESSED;
  return acknowledged ? IN_PROGRESS : NEW;
}

/** Verdict and notes of people. */
const reviewOf = ({ verdict, notes }: Finding) => ({
  ...(verdict && { verdict_id: VERDICT_IDS[verdict] }),
  ...(notes?.length && { comment: notes.map(({ by, at, text }) => `${at} ${by}: ${text}`).join('\n') }),
});

/** One evidence per service that answered and per other target. For a campaign, one per source. */
function evidencesOf(finding: Finding): Record<string, unknown>[] {
  const sources = sourcesOf(finding).map((source) => ({ src_endpoint: source }));
  const direction_id = finding.direction ? DIRECTION_IDS[finding.direction] : UNKNOWN;
  const probed = { connection_info: { direction_id, protocol_name: finding.protocols[0] } };
  const services = finding.openPorts.sample.map(({ target, port, protocol, connected }) => ({
    name: connected ? 'service stayed connected to' : 'service that answered',
    dst_endpoint: { ip: target, ...(port && { port }) },
    connection_info: { direction_id, protocol_name: protocol },
  }));
  const answered = new Set(finding.openPorts.sample.map(({ target }) => target));
  const port = finding.ports.count === 1 && finding.ports.sample[0] ? { port: finding.ports.sample[0] } : {};
  const probes = finding.targets.sample
    .filter((ip) => !answered.has(ip))
    .map((ip) => ({ name: 'probe', dst_endpoint: { ip, ...port }, ...probed }));
  const destinations = [...services, ...probes];
  if (finding.source) return destinations.map((destination) => ({ ...sources[0], ...destination }));
  // The finding does not say which of several targets a member tried.
  return destinations.length === 1
    ? sources.map((source) => ({ ...source, ...destinations[0] }))
    : [...sources.map((source) => ({ name: 'member of the campaign', ...source, ...probed })), ...destinations];
}

const sourcesOf = ({ source, sources }: Finding): { readonly ip: string }[] =>
  source ? [endpoint(source)] : (sources?.sample ?? []).map((ip) => ({ ip }));

function endpoint(source: NonNullable<Finding['source']>): { readonly ip: string } {
  return {
    ip: source.address,
    ...(source.interfaceId && { interface_uid: source.interfaceId }),
    ...(source.instanceId && { instance_uid: source.instanceId }),
    ...(source.vpcId && { vpc_uid: source.vpcId }),
  };
}
