/** The reasons of a finding: each test that fired with its value, its threshold and a sentence. */

import { SOURCE_DETECTIONS } from '../detections/index.ts';
import type { DetectionSettings } from '../detections/settings.ts';
import { testName } from '../detections/tests.ts';
import type { Pane, SourceEvidence } from '../evidence/evidence.ts';
import { weightIn } from '../evidence/sample.ts';
import { hasInitiatorHalf } from '../evidence/seen.ts';
import type { Campaign } from '../scan/campaigns.ts';
import { type Ceiling, CONTEXTS, type ContextName } from '../scan/contexts.ts';
import type { FirstContact } from '../scan/first-contact.ts';
import { settingOf } from '../scan/settings.ts';
import type { CampaignDirection, CampaignKind } from '../scan/sliding-shares.ts';
import { ratioOf, type Window, walkOf } from '../scan/windows.ts';
import { countOf, grouped, protocolLabel } from '../text/wording.ts';
import { protocolName, type Reason } from './model.ts';
import type { VulnerableService } from './vulnerable-services.ts';

const SPANS = { '5m': '5 minutes', '1h': '1 hour', '3h': '3 hours', '24h': '24 hours', '72h': '72 hours' } as const;
const round = (value: number) => Math.round(value * 100) / 100;

/** Reasons for the strongest window of each detection, then the walk and the ratio of the strongest window of all. */
export function explainWindows(windows: readonly Window[], settings: DetectionSettings): Reason[] {
  const strongest = SOURCE_DETECTIONS.map((one) =>
    strongestOf(windows.filter(({ detection }) => detection === one)),
  ).filter((window) => window !== undefined);
  const top = strongestOf(strongest);
  if (!top) return [];
  const { bound } = walkOf(settings);
  const ratio = round(top.failures / Math.max(1, top.successes));
  const perSuccess = ratioOf(top.rule.horizon, settings);
  const [speaking, others] = isAboutFailures(top)
    ? ['failed', 'succeeded']
    : ['failed or were never repeated', 'were ordinary'];
  const left = Math.round((top.others - top.successes) * 2);
  const half = left > 0 ? `, ${grouped(left)} of them with hardly any data, which count half` : '';
  return [
    ...strongest.map((window) => fanOutReason(window, settings)),
    {
      test: 'threshold-random-walk',
      value: round(top.walk),
      threshold: round(bound),
      text: `failures and successes fit a scanner, not a benign source: log-likelihood ratio ${grouped(round(top.walk))} (threshold: ${round(bound)})`,
    },
    {
      test: 'failures-per-success',
      value: ratio,
      threshold: perSuccess,
      text: `${countOf(top.failures, 'first contact')} ${speaking} and ${grouped(top.others)} ${others}${half} (threshold: ${perSuccess} to 1)`,
    },
  ];
}

const isAboutFailures = ({ detection }: Window): boolean => detection.counts === 'failures';

function fanOutReason(window: Window, settings: DetectionSettings): Reason {
  const { detection, rule, failures, shared, contact } = window;
  const threshold = settingOf(settings, rule.floor);
  const protocol = protocolLabel(protocolName(contact.protocol));
  const targets = `${window.isSampled ? 'at least ' : ''}${detection.describe({ count: grouped(failures), shared, protocol })}`;
  const observed = isAboutFailures(window)
    ? `contacts with ${targets} failed`
    : `the source contacted ${targets} once each and left${detection.counts === 'failures, touches and visits' ? ' with little data' : ''},`;
  return {
    test: testName(detection.test, rule.horizon),
    value: failures,
    threshold,
    text: `${observed} within ${SPANS[rule.horizon]} (threshold: ${grouped(threshold)})`,
  };
}

/** The first of the windows with the most contacts that indicate a scan. */
const strongestOf = (windows: readonly Window[]): Window | undefined =>
  windows.reduce<Window | undefined>(
    (best, window) => (best && best.failures >= window.failures ? best : window),
    undefined,
  );

/** The reasons of a campaign: how many sources, what they covered together, and how little they overlapped. */
export function explainCampaign({ shape, shared, network, enough }: Campaign, direction: CampaignDirection): Reason[] {
  const { kind, horizon, tests, share } = shape;
  const [what, each, other] = partsOf(kind, shared[0]!);
  const also = shared.length > 1 ? `, and did the same to ${countOf(shared.length - 1, `more ${other}`)}` : '';
  const overlap = round(enough.overlap);
  const sources = `${grouped(enough.sources)} ${direction === 'inbound' ? 'outside' : 'inside'} sources`;
  return [
    {
      test: testName(tests.sources, horizon),
      value: enough.sources,
      threshold: shape.sources,
      text: `${sources}${network ? ` of ${network}` : ''} divided the ${what} between them within ${SPANS[horizon]}, each trying at least ${share}${also} (threshold: ${shape.sources})`,
    },
    {
      test: testName(tests.cover, horizon),
      value: enough.spread,
      threshold: shape.cover,
      text: `together they tried ${grouped(enough.spread)} distinct ${what} (threshold: ${shape.cover})`,
    },
    {
      test: testName(tests.overlap, horizon),
      value: overlap,
      threshold: shape.overlap,
      text: `on average ${overlap} of them tried each ${each}, where unrelated sources would repeat each other (threshold: at most ${shape.overlap})`,
    },
  ];
}

/** The parts that members of a campaign divide, one part, and the thing of which there may be more. */
function partsOf(kind: CampaignKind, shared: string): readonly [parts: string, part: string, other: string] {
  if (kind === 'vertical') return [`ports of ${shared}`, 'port', 'target'];
  if (kind === 'block') return ['pairs of host and port', 'pair', 'group'];
  const [port, protocol] = shared.split('/');
  return [`hosts on ${protocolLabel(protocolName(Number(protocol)))} port ${port}`, 'host', 'port'];
}

/** The first three of the given services as text. */
export const listOf = (services: readonly Pick<FirstContact, 'target' | 'port'>[]): string =>
  services
    .slice(0, 3)
    .map(({ target, port }) => `${target.includes(':') ? `[${target}]` : target}:${port}`)
    .join(', ') + (services.length > 3 ? ' and others' : '');

/** The reason that the scanner stayed connected to services it found. */
export const stayedReason = (services: readonly Pick<FirstContact, 'target' | 'port'>[]): Reason => ({
  test: 'stayed-connected',
  value: services.length,
  threshold: 1,
  text: `the scanner stayed connected to ${listOf(services)}`,
});

/** How a reason words the contexts, after the number of contacts in them. */
const IN_CONTEXT = {
  failed: 'failed at the first try, as probes do',
  'failed patiently': 'were tried three times or more, as clients do that wait for an answer',
  'failed patiently, in a row': 'were tried again or as patiently as clients do, one address after the other',
  'dark address': 'went to addresses that no interface has held for three days',
  'dark address, patiently': 'were tried three times or more at addresses that no interface has held for three days',
  'answered before': 'had answered this source before, so they show an outage',
  'one-way stream': 'carry datagrams that need no answer',
  'kept alive': 'have the size of a keep-alive of an old connection, which a log without flags cannot show',
  'answered on the other protocol': 'were answered on the same port by the other protocol, so the source fell back',
  'beside the answered port': 'are within a few ports of one that answered with data, as in the search for a cluster',
  'scattered over IPv6': 'are scattered IPv6 addresses, which a source knows only by name',
  'private address of a peer': 'are scattered private addresses on a port that outside addresses answer, as of peers',
  'one port per peer': 'are outside hosts with a port of their own, as in the list of a peer-to-peer client',
  'asked one by one': 'were asked one after the other, as clients ask a pool of servers',
  traceroute: 'are ports of traceroute',
  'answered, then left': 'were answered and left with hardly any data',
  'answered, left open': 'were answered and not closed, as the connections of a pool are',
  'answered, end unknown': 'were answered with hardly any data, in a log that does not show whether they were closed',
  'answered once, with data': 'were answered once, with a few kilobytes',
  'answered once, briefly': 'were talked to once, for seconds',
  answered: 'were answered and used',
} as const satisfies Readonly<Record<ContextName, string>>;

/**
 * The reason that weighs a scan's contacts: how many are in which context, for a scanner or against it. If the severity
 * has a limit because of them, the sentence says so.
 */
export function contextReason(contacts: readonly FirstContact[], limit: Ceiling | undefined): Reason {
  const counts = Object.entries(IN_CONTEXT)
    .map(([name, text]) => [contacts.filter(({ context }) => context === name).length, text] as const)
    .filter(([number]) => number > 0);
  const text = counts.map(([number, what]) => `${grouped(number)} ${what}`);
  const conclusion = limit
    ? `the log cannot tell this from an ordinary client, so the severity is at most ${limit}`
    : 'enough of them are not what clients leave whose servers are gone';
  const limited = contacts.filter(({ context }) => CONTEXTS[context].atMost !== undefined).length;
  return {
    ...(limit
      ? { test: 'as-clients-do', value: limited, threshold: contacts.length }
      : { test: 'contexts', value: contacts.length - limited, threshold: 0 }),
    text: `of ${countOf(contacts.length, 'contact')}, ${text.join(', ')}: ${conclusion}`,
  };
}

/** The reason that probes came without a SYN, which scanners leave out to escape notice. */
export function stealthReason(contacts: readonly FirstContact[]): Reason[] {
  const value = contacts.filter(({ isStealth }) => isStealth).length;
  if (value === 0) return [];
  const text = `${countOf(value, 'probe')} had no SYN flag (FIN, NULL, XMAS or ACK scan), so a port that stayed silent may be open`;
  return [{ test: 'probes-without-syn', value, threshold: 1, text }];
}

/** The reason that a scan aims mostly at services known to be vulnerable. */
export const vulnerableReason = (services: readonly VulnerableService[]): Reason[] =>
  services.length === 0
    ? []
    : [
        {
          test: 'known-vulnerable-services',
          value: services.length,
          threshold: 1,
          text: `the scan looked for services known to be vulnerable: ${services.map(({ name, why }) => `${name} (${why})`).join(', ')}`,
        },
      ];

/** Hours before a scan that count as the source's own past, and how many of them must have contacts to judge by it. */
const PAST_HOURS = 24;
const ENOUGH_HOURS = 6;
/** An hourly number of contacts that is ordinary for any source. */
const SMALL_FAN_OUT = 30;

/**
 * The reason that the scan's first hour is far above the source's previous hours. It only informs the reader and never
 * decides, because a source that always behaves this way may be a scanner too.
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
      text: `the source made ${countOf(Math.round(value), 'contact')} in the first hour of the scan, and ${grouped(Math.round(mean))} per hour on average before (threshold: ${grouped(Math.round(threshold))})`,
    },
  ];
}

/** Distinct contacts that a source made in an hour. */
const fanOutOf = ({ contacts, sample }: Pane): number =>
  contacts.reduce((sum, contact) => sum + (hasInitiatorHalf(contact.seen) ? weightIn(sample, contact) : 0), 0);
