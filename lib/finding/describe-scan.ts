/**
 * Turns windows into findings. The decision about one source is pure and does not depend on the order of its evidence.
 */
import { SOURCE_DETECTIONS } from '../detections/index.ts';
import type { DetectionSettings } from '../detections/settings.ts';
import type { SourceEvidence } from '../evidence/evidence.ts';
import { countQuality, describeQuality, WITHOUT_FLAGS } from '../evidence/quality.ts';
import type { CampaignRoll } from '../scan/campaigns.ts';
import { distinctContacts, firstContacts } from '../scan/contacts.ts';
import type { Ceiling } from '../scan/contexts.ts';
import { LONGEST_SECONDS } from '../scan/detection.ts';
import { findScans, type Scan, silenceOf } from '../scan/episodes.ts';
import type { FirstContact, Viewpoint } from '../scan/first-contact.ts';
import { habitLimitOf, isShort, walkOf } from '../scan/windows.ts';
import { type FirstProbe, targetsToCheck } from './callbacks.ts';
import { type Attempt, attemptsToCheck } from './fallbacks.ts';
import { findingId } from './identity.ts';
import { kindOf } from './kind.ts';
import {
  type Direction,
  type Finding,
  isoTime,
  protocolName,
  SAMPLE_SIZE,
  type Severity,
  severityRank,
} from './model.ts';
import {
  againstOwnPast,
  contextReason,
  explainWindows,
  stayedReason,
  stealthReason,
  vulnerableReason,
} from './reasons.ts';
import { findingSource } from './source.ts';
import {
  countOutcomes,
  distinct,
  hasPorts,
  type OpenService,
  type OutcomeCounts,
  spread,
  sumWeights,
} from './summary.ts';
import { techniquesOf } from './techniques.ts';
import { toolOf } from './tool.ts';
import { vulnerableServicesOf } from './vulnerable-services.ts';

/** The input of the decision in addition to the evidence. */
export interface JudgingContext extends Viewpoint {
  readonly settings: DetectionSettings;
  /** Deployment secret that finding ids are keyed with. */
  readonly secret: string;
  /** `short`: the evidence covers only hours, so the horizons of days are skipped. Default: `all`. */
  readonly horizons?: 'short' | 'all';
}

const HOUR = 3600;

/** A finding, with what its stored form needs in addition. */
export interface DetectedFinding {
  readonly finding: Finding;
  /** Epoch hour of the first probe, part of the finding's identity. */
  readonly anchorHour: number;
  /** All distinct targets that were kept, answered ones first. */
  readonly targets: readonly string[];
  /** Services that answered. */
  readonly open: readonly OpenService[];
  /** A sample of the targets, if their own contacts with the source may explain the finding. */
  readonly toCheck: readonly FirstProbe[];
  /** Its failed contacts, if what its interface did over IPv4 may explain them. */
  readonly attempts?: readonly Attempt[];
  /** Whether horizons of days contributed to it, so that evidence of a few hours would not show it. */
  readonly overDays: boolean;
  /** Only for a campaign. */
  readonly roll?: CampaignRoll;
}

/** Detects the scans of one source, in order of time. */
export function detectScans(source: SourceEvidence, context: JudgingContext): DetectedFinding[] {
  const first = firstContacts(source, context.settings, context);
  const overDays =
    context.horizons === 'short' ? [] : distinctContacts(source, context.settings, context, LONGEST_SECONDS);
  const scans = findScans({ first, distinct: overDays }, SOURCE_DETECTIONS, context.settings)
    .filter(({ direction }) => !(direction === 'outbound' && isNatGateway(source)))
    .filter((scan) => !isSlowDoubt(scan))
    .sort((a, b) => a.contacts[0]!.end - b.contacts[0]!.end);
  const taken = new Map<string, number>();
  return scans.map((scan) => {
    const anchorHour = Math.floor(scan.contacts[0]!.end / HOUR);
    const slot = `${scan.direction} ${anchorHour}`;
    const ordinal = taken.get(slot) ?? 0;
    taken.set(slot, ordinal + 1);
    const id = findingId(context.secret, {
      scope: source.scope,
      address: source.address,
      direction: scan.direction,
      anchorHour,
      ordinal,
    });
    const finding = describe(id, source, scan, first, context);
    const attempts = attemptsToCheck(finding, scan.contacts);
    return {
      finding,
      anchorHour,
      targets: distinct(scan.contacts, (contact) => contact.target),
      open: openOf(scan.contacts),
      toCheck: targetsToCheck(finding, scan.contacts),
      ...(attempts.length && { attempts }),
      overDays: scan.isSlow,
    };
  });
}

/** What clients of dead servers leave adds up over days, in any network. Below an hour it may be worth a look. */
const isSlowDoubt = ({ direction, windows }: Scan): boolean =>
  direction !== 'inbound' && windows.every(({ atMost, rule }) => atMost === 'low' && !isShort(rule));

/**
 * The contacts that a NAT gateway sends outside come from a host behind it. The gateway's own records show that host,
 * so the finding is about the host.
 */
const isNatGateway = ({ identity }: SourceEvidence): boolean =>
  identity?.fields['interface-type'] === 'nat_gateway' && !identity.behind;

function describe(
  id: string,
  evidence: SourceEvidence,
  scan: Scan,
  all: readonly FirstContact[],
  context: JudgingContext,
): Finding {
  const { contacts, direction } = scan;
  const first = scan.windows[0]!;
  const source = findingSource(evidence.address, evidence.scope, evidence.identity);
  const firstSeen = contacts.reduce((first, contact) => Math.min(first, contact.start), Number.POSITIVE_INFINITY);
  const lastSeen = lastProbeOf(scan, context.settings);
  const hours = [Math.floor(firstSeen / HOUR), Math.floor(lastSeen / HOUR)] as const;
  const quality = evidence.panes
    .filter((pane) => pane.hour >= hours[0] && pane.hour <= hours[1])
    .reduce((bits, pane) => bits | pane.quality, 0);
  const outcomes = countOutcomes(contacts);
  const confidence = confidenceOf(scan, outcomes, countQuality(quality), context.settings);
  const isClosed = context.logTime - lastSeen > silenceOf(scan, context.settings);
  const open = openOf(contacts);
  const vulnerable = vulnerableServicesOf(contacts);
  const connected = contacts.filter((contact) => contact.isConnected && contact.end >= first.since);
  const known = connected.length ? ownServers(contacts, all, first.since) : new Set();
  const stays = connected.filter(({ target }) => !known.has(target));
  const ceiling = ceilingOf(scan);
  const severity = atMost(ceiling, severityOf(direction, confidence, stays.length > 0));
  return {
    schemaVersion: 1,
    id,
    kind: kindOf(scan, context.settings.blockMinimum),
    severity,
    confidence,
    direction,
    techniques: techniquesOf(direction, source, vulnerable.length > 0),
    source,
    protocols: [...new Set(contacts.map((contact) => protocolName(contact.protocol)))].sort(),
    targets: spread(
      contacts,
      ({ target }) => target,
      ({ port, protocol }) => `${port} ${protocol}`,
    ),
    ports: spread(
      contacts.filter(hasPorts),
      ({ port }) => port,
      ({ target, protocol }) => `${target} ${protocol}`,
    ),
    contacts: outcomes,
    contactsAtDetection: first.enough,
    openPorts: {
      count: Math.round(
        sumWeights(contacts.filter((contact) => contact.outcome === 'established' && hasPorts(contact))),
      ),
      sample: open.slice(0, SAMPLE_SIZE).map(({ target, port, protocol, isConnected: connected }) => ({
        target,
        port,
        protocol: protocolName(protocol),
        ...(connected && { connected }),
      })),
    },
    tool: toolOf(contacts, (quality & WITHOUT_FLAGS) === 0),
    horizon: first.rule.horizon,
    firstSeen: isoTime(firstSeen),
    lastSeen: isoTime(lastSeen),
    detectedAt: isoTime(first.contact.end),
    reasons: [
      ...explainWindows(scan.windows, context.settings),
      contextReason(contacts, ceiling),
      ...(severity === 'critical' ? [stayedReason(stays)] : []),
      ...stealthReason(contacts),
      ...vulnerableReason(vulnerable),
      ...(evidence.inside ? againstOwnPast(contacts, evidence, context.settings.ownPastDeviations) : []),
    ],
    dataQuality: describeQuality(quality, evidence),
    status: isClosed ? 'closed' : 'open',
    ...(isClosed && { closedBecause: 'ended' as const }),
  };
}

/** A source that used so many services of a host before its scan, beside those of the scan, knew the host. */
const USED_SERVICES = 2;

/**
 * Hosts on which the source used several services before the scan began that are no part of it, so that the scan did not
 * find them.
 */
function ownServers(
  contacts: readonly FirstContact[],
  all: readonly FirstContact[],
  since: number,
): ReadonlySet<string> {
  const sought = new Set(contacts.map(({ port }) => port));
  const used = all.filter(({ context, port, end }) => context === 'answered' && end < since && !sought.has(port));
  const services = Map.groupBy(used, ({ target }) => target);
  const isKnown = (ofTarget: readonly FirstContact[]) =>
    new Set(ofTarget.map(({ port }) => port)).size >= USED_SERVICES;
  return new Set([...services].filter(([, ofTarget]) => isKnown(ofTarget)).map(([target]) => target));
}

/** The time of the last probe. Recurring contacts are not probes, unless there are more of them than a limit. */
function lastProbeOf({ contacts, windows }: Scan, settings: DetectionSettings): number {
  // A scan may have more windows than a call may have arguments, but few detections.
  const detections = new Set(windows.map(({ detection }) => detection));
  const limit = Math.min(...[...detections].map((detection) => habitLimitOf(detection, settings)));
  const areProbes = sumWeights(contacts.filter((contact) => contact.isHabit)) > limit;
  return contacts.reduce(
    (last, contact) => Math.max(last, contact.isHabit && !areProbes ? contact.end : contact.last),
    0,
  );
}

/** Services that answered, starting with those where the scanner stayed connected. */
const openOf = (contacts: readonly FirstContact[]): readonly OpenService[] =>
  contacts
    // An answer to a ping does not mean that a port is open.
    .filter((contact) => contact.outcome === 'established' && hasPorts(contact))
    .map(({ target, port, protocol, isConnected }) => ({ target, port, protocol, isConnected }))
    .sort((a, b) => Number(b.isConnected) - Number(a.isConnected));

/** An inside source is an incident, an outside source is background noise. A scanner that stays connected is worse. */
function severityOf(direction: Direction, confidence: number, isConnected: boolean): Severity {
  if (direction === 'inbound') return 'low';
  if (direction === 'lateral' && isConnected) return 'critical';
  return confidence >= 50 ? 'high' : 'medium';
}

/** The highest severity that any of a scan's windows allows. Undefined if one of them has no limit. */
function ceilingOf({ windows }: Scan): Ceiling | undefined {
  const ceilings = new Set(windows.map(({ atMost }) => atMost));
  if (ceilings.has(undefined)) return undefined;
  return ceilings.has('medium') ? 'medium' : 'low';
}

const atMost = (ceiling: Ceiling | undefined, severity: Severity): Severity =>
  ceiling && severityRank(severity) > severityRank(ceiling) ? ceiling : severity;

/**
 * Confidence from 0 to 100: fifty for meeting every threshold, up to forty-five more for evidence beyond the walk's
 * bound. Five less if all failures are unanswered, fifteen less if nothing failed, ten less for each limit of the log.
 */
function confidenceOf(scan: Scan, outcomes: OutcomeCounts, blindness: number, settings: DetectionSettings): number {
  const strongest = scan.windows.reduce((most, { walk }) => Math.max(most, walk), 0);
  const excess = Math.min(1, (strongest / walkOf(settings).bound - 1) / 2);
  const silence = outcomes.failed ? outcomes.unanswered / outcomes.failed : 0;
  const openness = scan.windows.every(({ detection }) => detection.counts !== 'failures') ? 1 : 0;
  const score = 50 + 45 * excess - 5 * silence - 15 * openness - 10 * blindness;
  return Math.max(5, Math.min(99, Math.round(score)));
}
