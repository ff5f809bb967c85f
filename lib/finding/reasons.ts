/** The reasons of a finding: each test that fired, its value against its threshold, and a sentence. */
import type { DetectionSettings } from '../config/detection.ts';
import type { Pane, SourceEvidence } from '../evidence/evidence.ts';
import { hasInitiatorHalf } from '../evidence/seen.ts';
import type { FirstContact } from '../scan/contacts.ts';
import type { Evidence } from '../scan/groups.ts';
import { ratioOf, walkOf } from '../scan/windows.ts';
import { protocolName, type Reason } from './model.ts';
import type { VulnerableService } from './vulnerable-services.ts';

const ORDER = ['vertical', 'horizontal', 'block', 'open'] as const;
const SPANS = { '5m': '5 minutes', '1h': '1 hour', '24h': '24 hours', '72h': '72 hours' } as const;
const round = (value: number) => Math.round(value * 100) / 100;

/** Reasons for the strongest window of each kind of group, then the walk and the ratio of the strongest of all. */
export function explain(evidence: readonly Evidence[], settings: DetectionSettings): Reason[] {
  const strongest = ORDER.map((group) =>
    evidence.filter((item) => item.group === group).reduce<Evidence | undefined>(stronger, undefined),
  ).filter((item) => item !== undefined);
  const top = strongest.reduce<Evidence | undefined>(stronger, undefined);
  if (!top) return [];
  const { bound } = walkOf(settings);
  const ratio = round(top.failures / Math.max(1, top.successes));
  return [
    ...strongest.map((item) => fanOutReason(item, settings)),
    {
      test: 'threshold-random-walk',
      value: round(top.walk),
      threshold: round(bound),
      text: `the log-likelihood ratio of scanner against benign source is ${round(top.walk)}; ${round(bound)} suffices (false positive rate ${settings.falsePositiveRate})`,
    },
    {
      test: 'failures-per-success',
      value: ratio,
      threshold: ratioOf(top.horizon, settings),
      text: `${top.failures} first contacts ${top.group === 'open' ? 'were for once' : 'failed'} and ${top.successes} ${top.group === 'open' ? 'were not' : 'succeeded'} there; ${ratioOf(top.horizon, settings)} to one suffice`,
    },
  ];
}

function fanOutReason(item: Evidence, settings: DetectionSettings): Reason {
  const threshold = item.horizon.floor(settings, item.group);
  const protocol = protocolName(item.contact.protocol);
  const what = {
    vertical: `${item.failures} distinct ${protocol} ports of ${item.shared}`,
    horizontal:
      item.shared === '0'
        ? `${item.failures} distinct hosts by ${protocol}`
        : `${item.failures} distinct hosts on ${protocol} port ${item.shared}`,
    block: `${item.failures} distinct pairs of host and port`,
    open: `${item.failures} distinct hosts on ${item.shared === '0' ? protocol : `${protocol} port ${item.shared}`}`,
  }[item.group];
  const test = {
    vertical: 'failed-ports-of-one-target',
    horizontal: 'failed-targets-on-one-port',
    block: 'failed-target-port-pairs',
    open: 'fleeting-targets-on-one-port',
  }[item.group];
  return {
    test: `${test}-${item.horizon.name}`,
    value: item.failures,
    threshold,
    text: `${item.isSampled ? 'at least ' : ''}${what} ${item.group === 'open' ? 'were contacted for the first and only time' : 'failed'} within ${SPANS[item.horizon.name]}; ${threshold} suffice`,
  };
}

function stronger(best: Evidence | undefined, item: Evidence): Evidence {
  return best && best.failures >= item.failures ? best : item;
}

/** The first three of some services, as one writes them. */
export const listOf = (services: readonly Pick<FirstContact, 'target' | 'port'>[]): string =>
  services
    .slice(0, 3)
    .map(({ target, port }) => `${target.includes(':') ? `[${target}]` : target}:${port}`)
    .join(', ') + (services.length > 3 ? ' and others' : '');

/** A reason where the scanner went on talking to what it found. */
export const stayedReason = (services: readonly Pick<FirstContact, 'target' | 'port'>[]): Reason => ({
  test: 'stayed-connected',
  value: services.length,
  threshold: 1,
  text: `the scanner stayed connected to ${listOf(services)}`,
});

/** A reason where probes came without a SYN, which only those do who would rather not be seen. */
export function stealthReason(contacts: readonly FirstContact[]): Reason[] {
  const value = contacts.filter(({ isStealth }) => isStealth).length;
  if (value === 0) return [];
  const text = `${value} probes had no SYN (FIN, NULL, XMAS or ACK): to those but ACK a closed port answers with a reset, an open one with silence`;
  return [{ test: 'probes-without-syn', value, threshold: 1, text }];
}

/** A reason where a scan is about services that are known to be vulnerable, and about little else. */
export const vulnerableReason = (services: readonly VulnerableService[]): Reason[] =>
  services.length === 0
    ? []
    : [
        {
          test: 'known-vulnerable-services',
          value: services.length,
          threshold: 1,
          text: `it looked for ${services.map(({ name, why }) => `${name} (${why})`).join('; ')}`,
        },
      ];

/** Hours before a scan that are the source's own past, and how many of them it takes to speak of one. */
const PAST_HOURS = 24;
const ENOUGH_HOURS = 6;
/** Contacts in an hour that are no fan-out for anybody. */
const SMALL_FAN_OUT = 30;
const FULL = 0xffffffff;

/**
 * A reason where the scan's first hour is far above the source's hours before; it adds weight for who reads, and never
 * decides, for a source that always behaves so may be a scanner too.
 */
export function againstOwnPast(
  contacts: readonly FirstContact[],
  { panes }: SourceEvidence,
  deviations: number,
): Reason[] {
  const hour = Math.floor(contacts[0]!.end / 3600);
  const past = panes.filter((pane) => pane.hour >= hour - PAST_HOURS && pane.hour < hour).map(fanOutOf);
  if (past.length < ENOUGH_HOURS) return [];
  const value = contacts
    .filter(({ end }) => Math.floor(end / 3600) === hour)
    .reduce((sum, { weight }) => sum + weight, 0);
  const mean = past.reduce((sum, count) => sum + count, 0) / past.length;
  const variance = past.reduce((sum, count) => sum + (count - mean) ** 2, 0) / past.length;
  const threshold = Math.max(SMALL_FAN_OUT, mean + deviations * Math.sqrt(variance));
  if (value <= threshold) return [];
  return [
    {
      test: 'fan-out-above-own-past',
      value: Math.round(value),
      threshold: Math.round(threshold),
      text: `${Math.round(value)} contacts in its first hour, where this source made ${Math.round(mean)} an hour on average in ${past.length} hours before`,
    },
  ];
}

/** Distinct contacts that a source made in an hour. */
const fanOutOf = ({ contacts, theta }: Pane): number =>
  (contacts.filter(({ seen }) => hasInitiatorHalf(seen)).length * FULL) / theta;
