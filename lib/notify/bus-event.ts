/** An alert as an event for EventBridge: its name, its body, its resources, within the limit of size. */
import { arnsOf } from '../finding/arns.ts';
import type { AlertEvent } from '../finding/lifecycle.ts';
import type { Finding } from '../finding/model.ts';
import { type OcsfVersion, toOcsf } from '../finding/ocsf.ts';
import { jsonText } from '../text/untrusted.ts';
import { incidentOf } from './incident.ts';
import { alertSubject } from './message.ts';

/** An entry of PutEvents, without bus and source. */
export interface BusEvent {
  readonly detailType: string;
  /** JSON. */
  readonly detail: string;
  /** ARNs, as far as they are known. */
  readonly resources: readonly string[];
}

/** The source of all events. A rule matches it. */
export const EVENT_SOURCE = 'sweepwatch';

/** The names that rules match. */
const DETAIL_TYPES = {
  opened: 'Scan Finding Opened',
  escalated: 'Scan Finding Escalated',
  closed: 'Scan Finding Closed',
} as const satisfies Readonly<Record<AlertEvent, string>>;

/**
 * EventBridge takes 1 MB for a request. Many targets of rules, and other accounts' buses, take no more than 256 KiB for
 * an event with its envelope.
 */
export const EVENT_LIMIT = 256 * 1024;
/** Room for the envelope: names, resources, time, ids. */
const ENVELOPE = 4096;
/** Characters of the one reason that a trimmed event keeps. */
const MOST_TEXT = 500;

/** Cuts of an event that is too large, applied in this order until it fits. */
const TRIMMED: readonly (readonly [name: string, cut: (finding: Finding) => Partial<Finding>])[] = [
  ['signals.sample', ({ signals }) => (signals ? { signals: { ...signals, sample: [] } } : {})],
  ['openPorts.sample', ({ openPorts }) => ({ openPorts: { ...openPorts, sample: [] } })],
  ['targets.sample', ({ targets }) => ({ targets: { ...targets, sample: [] } })],
  ['sources.sample', ({ sources }) => (sources ? { sources: { ...sources, sample: [] } } : {})],
  // A finding has at least one reason.
  [
    'reasons',
    ({ reasons }) => ({ reasons: reasons.slice(0, 1).map((one) => ({ ...one, text: one.text.slice(0, MOST_TEXT) })) }),
  ],
  ['dataQuality', () => ({ dataQuality: [] })],
];

/** The form of an event's detail: our own, or OCSF of a version with our own in `unmapped`. */
export type EventFormat = 'finding' | `ocsf-${OcsfVersion}`;

/**
 * The event about a finding.
 * @param deployment names the stack that found it.
 * @param publishedAt when the finding was so, ISO 8601. Events may arrive in another order.
 */
export function busEvent(
  event: AlertEvent,
  finding: Finding,
  deployment: string,
  format: EventFormat = 'finding',
  publishedAt?: string,
): BusEvent {
  const incident = incidentOf(event, finding, alertSubject(event, finding));
  const trimmed: string[] = [];
  let kept = finding;
  const detail = () => {
    const own = {
      ...kept,
      event,
      deployment,
      ...(publishedAt && { publishedAt }),
      ...(incident && { incident }),
      ...(trimmed.length > 0 && { trimmed: [...trimmed] }),
    };
    if (format === 'finding') return jsonText(own);
    const ocsf = toOcsf(kept, format.slice('ocsf-'.length) as OcsfVersion, event, publishedAt);
    return jsonText({ ...ocsf, unmapped: { sweepwatch: own } });
  };
  let text = detail();
  for (const [name, cut] of TRIMMED) {
    if (Buffer.byteLength(text) <= EVENT_LIMIT - ENVELOPE) break;
    kept = { ...kept, ...cut(kept) };
    trimmed.push(name);
    text = detail();
  }
  if (Buffer.byteLength(text) > EVENT_LIMIT - ENVELOPE)
    throw new Error(`the event about ${finding.id} is ${Buffer.byteLength(text)} bytes, expected ${EVENT_LIMIT}`);
  return {
    detailType: DETAIL_TYPES[event],
    detail: text,
    resources: finding.source ? Object.values(arnsOf(finding.source)) : [],
  };
}

/** The event about the findings of a day. `digest` is the digest's body for programs. */
export const digestEvent = (digest: object, deployment: string): BusEvent => ({
  detailType: 'Scan Digest',
  detail: jsonText({ schemaVersion: 1, ...digest, deployment }),
  resources: [],
});
