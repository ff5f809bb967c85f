/** A finding as an OCSF 1.8.0 Detection Finding (class 2004), the form security lakes and SIEMs take. */
import { epochSeconds, type Finding, type Severity } from './model.ts';

const SEVERITY_IDS: Readonly<Record<Severity, number>> = { informational: 1, low: 2, medium: 3, high: 4, critical: 5 };
const DIRECTION_IDS = { inbound: 1, outbound: 2, lateral: 3 } as const;
const CREATE = 1;
const CLOSE = 3;

/** Maps a finding; times are epoch milliseconds, as OCSF wants them. */
export function toOcsf(finding: Finding): Record<string, unknown> {
  const activity = finding.status === 'closed' ? CLOSE : CREATE;
  const { source } = finding;
  return {
    class_uid: 2004,
    category_uid: 2,
    activity_id: activity,
    type_uid: 200400 + activity,
    severity_id: SEVERITY_IDS[finding.severity],
    confidence_score: finding.confidence,
    status_id: finding.status === 'closed' ? 4 : 1,
    time: epochSeconds(finding.detectedAt) * 1000,
    start_time: epochSeconds(finding.firstSeen) * 1000,
    end_time: epochSeconds(finding.lastSeen) * 1000,
    is_alert: true,
    message: finding.reasons[0]?.text ?? finding.kind,
    metadata: { version: '1.8.0', product: { name: 'Sweepwatch', vendor_name: 'Sweepwatch' } },
    finding_info: {
      uid: finding.id,
      title: `${finding.kind} (${finding.direction})`,
      types: [finding.kind],
      first_seen_time: epochSeconds(finding.firstSeen) * 1000,
      last_seen_time: epochSeconds(finding.lastSeen) * 1000,
      analytic: { type_id: 1, name: finding.reasons[0]?.test ?? finding.kind },
      attacks: finding.techniques.map(({ id, name, tactic }) => ({
        technique: { uid: id.split('.')[0], name: name.split(':')[0] },
        ...(id.includes('.') && { sub_technique: { uid: id, name } }),
        tactic: { name: tactic },
      })),
    },
    evidences: [
      {
        ...(source && { src_endpoint: endpoint(source) }),
        dst_endpoint: { ip: finding.targets.sample[0] },
        connection_info: { direction_id: DIRECTION_IDS[finding.direction], protocol_name: finding.protocols[0] },
      },
    ],
    observables: [
      ...(source ? [{ name: 'source', type_id: 2, value: source.address }] : []),
      ...finding.targets.sample.map((value) => ({ name: 'target', type_id: 2, value })),
    ],
    unmapped: { sweepwatch: finding },
  };
}

function endpoint(source: NonNullable<Finding['source']>): Record<string, string> {
  return {
    ip: source.address,
    ...(source.interfaceId && { interface_uid: source.interfaceId }),
    ...(source.instanceId && { instance_uid: source.instanceId }),
    ...(source.vpcId && { vpc_uid: source.vpcId }),
  };
}
