/** A finding as an SNS message: subject, one body for people, one for programs, attributes for filter policies. */
import type { AlertEvent } from '../finding/lifecycle.ts';
import type { Finding, Severity } from '../finding/model.ts';
import { jsonText, plain } from '../text/untrusted.ts';
import { countOf } from '../text/wording.ts';
import type { EarlierAlert } from './earlier.ts';
import { titleOf, whoseOf } from './name.ts';
import { type AlertPlace, alertText } from './text.ts';

/** The content that SNS publishes with `MessageStructure: json`. */
export interface AlertMessage {
  /** Printable ASCII, under 100 characters, with the first eight digits of the finding's id. */
  readonly subject: string;
  /** `default` is the finding as JSON, `email` is plain text. */
  readonly bodies: Readonly<Record<string, string>>;
  /** Only known values, since SNS refuses empty ones. A list matches a filter policy if one of its values does. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>;
}

const SUBJECT_LIMIT = 99;
/** SNS accepts 256 KiB for body and attributes together. A finding has a few KiB, so this is only a safeguard. */
const TEXT_LIMIT = 64 * 1024;
/** Number of earlier alerts in the body for programs. */
const MOST_EARLIER = 10;

/**
 * The message about a finding. `now` (epoch seconds) dates the suppression that it offers. `earlier` are the alerts about
 * the same source before this one, in order of time. `previous` is the severity in the last alert about the finding.
 */
export function alertMessage(
  event: AlertEvent,
  finding: Finding,
  place: AlertPlace,
  now: number,
  earlier: readonly EarlierAlert[] = [],
  previous?: Severity,
): AlertMessage {
  return {
    subject: alertSubject(event, finding),
    bodies: {
      default: jsonText({
        ...finding,
        event,
        deployment: place.deployment,
        // To the millisecond: destinations that keep only the latest state compare it.
        publishedAt: new Date(now * 1000).toISOString(),
        ...(previous && { previousSeverity: previous }),
        ...(earlier.length > 0 && { earlier: earlier.slice(-MOST_EARLIER) }),
      }),
      email: alertText(event, finding, place, now, earlier).slice(0, TEXT_LIMIT),
    },
    attributes: attributesOf(event, finding),
  };
}

/**
 * `[high] lateral vertical scan by 10.0.3.22 on 10.0.9.9: 1 service answered (8587fc4b)`. If that is too long, the
 * target is left out first and the outcome second.
 */
export function alertSubject(event: AlertEvent, finding: Finding): string {
  const label =
    event === 'closed'
      ? `closed, ${finding.severity}`
      : event === 'escalated'
        ? `escalated, ${finding.severity}`
        : finding.severity;
  const identifier = ` (${finding.id.slice(0, 8)})`;
  const who = `[${label}] ${titleOf(finding)} by ${whoseOf(finding)}`;
  const room = SUBJECT_LIMIT - identifier.length;
  const outcome = outcomeOf(event, finding);
  const text =
    [`${who} on ${targetOf(finding)}${outcome}`, `${who}${outcome}`].find(({ length }) => length <= room) ?? who;
  return plain(text.slice(0, room) + identifier);
}

const targetOf = ({ targets: { count, exact, sample } }: Finding): string =>
  count === 1 ? `${sample[0]}` : `${exact ? '' : 'about '}${countOf(count, 'target')}`;

/** The outcome of the scan in a few words. For a campaign only its members' findings know it. */
function outcomeOf(event: AlertEvent, { closedBecause, mergedInto, openPorts, source }: Finding): string {
  if (event === 'closed' && closedBecause === 'refuted') return ': not a scan, withdrawn';
  if (event === 'closed' && closedBecause === 'merged') return `: part of ${mergedInto?.slice(0, 8)}`;
  if (openPorts.sample.some(({ connected }) => connected)) return ': scanner stayed connected';
  if (openPorts.count) return `: ${countOf(openPorts.count, 'service')} answered`;
  return source ? ': nothing answered' : '';
}

function attributesOf(event: AlertEvent, finding: Finding): Record<string, string> {
  const all: Record<string, string | undefined> = {
    severity: finding.severity,
    kind: finding.kind,
    direction: finding.direction,
    event,
    accountId: finding.source?.accountId,
    vpcId: finding.source?.vpcId,
    test: finding.test && 'true',
  };
  return Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => Boolean(entry[1])));
}
