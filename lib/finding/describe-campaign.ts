/** Turns campaigns into findings, and marks the findings about single sources that are part of one. */

import { distributedScan } from '../detections/distributed-scan.ts';
import { describeQuality, WITHOUT_FLAGS } from '../evidence/quality.ts';
import { isFailure } from '../evidence/seen.ts';
import type { CampaignContacts } from '../scan/campaign-contacts.ts';
import { type Campaign, type CampaignRoll, findCampaigns, type Span } from '../scan/campaigns.ts';
import { contactKey } from '../scan/first-contact.ts';
import { type CampaignDirection, type SharedContact, shapesOf } from '../scan/sliding-shares.ts';
import type { DetectedFinding, JudgingContext } from './describe-scan.ts';
import { findingId } from './identity.ts';
import { type Finding, isoTime, protocolName, SAMPLE_SIZE, type Severity } from './model.ts';
import { explainCampaign, vulnerableReason } from './reasons.ts';
import { countOutcomes, distinct, hasPorts, spread } from './summary.ts';
import { techniquesOf } from './techniques.ts';
import { toolOf } from './tool.ts';
import { vulnerableServicesOf } from './vulnerable-services.ts';

const HOUR = 3600;
/** The scope of public addresses. */
const INTERNET = 'internet';
/** A campaign's evidence comes from many sources, and each of them might be there by chance. */
const CONFIDENCE = 60;

/** Number of members in a roll: about 60 KB of IPv6 addresses. */
const ROLL_SIZE = 1500;

/** A finding about a campaign, with its members. */
export interface DetectedCampaign extends DetectedFinding {
  readonly roll: CampaignRoll;
}

/**
 * Detects the campaigns among the contacts of the outside sources, or of the inside sources of one scope.
 * @param span the windows to evaluate. Default: all.
 * @param taken ids that belong to other campaigns.
 */
export function detectCampaigns(
  known: CampaignContacts,
  context: JudgingContext,
  span?: Span,
  taken: ReadonlySet<string> = new Set(),
): DetectedCampaign[] {
  const given = new Set(taken);
  const { scope, direction } = known;
  const campaigns = findCampaigns(
    (shape) => known.contactsFor(shape),
    shapesOf(distributedScan, context.settings).filter(({ isOfNetwork }) => !isOfNetwork || direction === 'inbound'),
    {
      gapSeconds: context.settings.episodeGapSeconds,
      span,
      ...(direction === 'inbound' && { hostsIn: known.reach.hostsIn }),
    },
  );
  return campaigns.map((campaign) => {
    const anchorHour = Math.floor(campaign.contacts[0]!.end / HOUR);
    const { shape, shared, network } = campaign;
    const address = `campaign ${shape.kind} ${shared[0]}${network ? ` of ${network}` : ''}`;
    const idAt = (ordinal: number): string =>
      findingId(context.secret, { scope, address, direction, anchorHour, ordinal });
    let ordinal = 0;
    while (given.has(idAt(ordinal))) ordinal++;
    const id = idAt(ordinal);
    given.add(id);
    const members = membersOf(campaign);
    const quality = known.qualityOf(members, anchorHour, Math.floor(campaign.contacts.at(-1)!.end / HOUR));
    return {
      finding: describe(id, campaign, { members, quality, direction, scope }, context),
      anchorHour,
      targets: distinct(campaign.contacts, ({ target }) => target),
      open: [],
      toCheck: [],
      overDays: false,
      roll: { kind: shape.kind, shared, members: members.slice(0, ROLL_SIZE), ...(scope !== INTERNET && { scope }) },
    };
  });
}

/** The services that answered the members, each once. */
function openTo({ contacts }: Campaign): SharedContact[] {
  const open = contacts.filter((contact) => !isFailure(contact.outcome) && hasPorts(contact));
  return [...new Map(open.map((contact) => [contactKey(contact), contact])).values()];
}

/** The members, those with the most contacts first. */
function membersOf({ contacts }: Campaign): string[] {
  return [...Map.groupBy(contacts, ({ source }) => source)]
    .sort(([a, contactsOfA], [b, contactsOfB]) => contactsOfB.length - contactsOfA.length || (a < b ? -1 : 1))
    .map(([source]) => source);
}

/** Whether a port and protocol such as "6379/6" is among those of a finding. */
const isAmong = (service: string, { ports, protocols }: Finding): boolean => {
  const [port, protocol] = service.split('/').map(Number) as [number, number];
  return ports.sample.includes(port) && protocols.includes(protocolName(protocol));
};

/** A campaign that is already known. */
export interface KnownCampaign {
  readonly finding: Finding;
  readonly roll: CampaignRoll;
}

/** A scan of many more targets than a sample holds is more than a share of one target. */
function isPart({ finding }: DetectedFinding, { finding: of, roll }: KnownCampaign): boolean {
  if (finding.direction !== of.direction || finding.source?.scope !== (roll.scope ?? INTERNET)) return false;
  if (finding.firstSeen > of.lastSeen || finding.lastSeen < of.firstSeen) return false;
  const isShared = roll.shared.some(
    (shared) =>
      roll.kind === 'block' ||
      (roll.kind === 'vertical' ? finding.targets.sample.includes(shared) : isAmong(shared, finding)),
  );
  return isShared && roll.members.includes(finding.source.address);
}

interface Membership {
  /** Addresses, those with the most contacts first. */
  readonly members: readonly string[];
  /** The limits of their logs. */
  readonly quality: number;
  readonly direction: CampaignDirection;
  readonly scope: string;
}

/**
 * Sources that divide a target between them have chosen it. The addresses of one outside network are one source, which
 * is background noise. Inside sources are an incident.
 */
const severityOf = ({ network }: Campaign, direction: CampaignDirection): Severity =>
  direction === 'lateral' ? 'high' : network ? 'low' : 'medium';

function describe(
  id: string,
  campaign: Campaign,
  { members, quality, direction, scope }: Membership,
  context: JudgingContext,
): Finding {
  const { contacts, enough, shape } = campaign;
  const lastSeen = contacts.reduce((last, contact) => Math.max(last, contact.end), 0);
  const open = openTo(campaign);
  const vulnerable = vulnerableServicesOf(contacts);
  const isClosed = context.logTime - lastSeen > context.settings.episodeGapSeconds;
  return {
    schemaVersion: 1,
    id,
    kind: distributedScan.id,
    severity: severityOf(campaign, direction),
    confidence: CONFIDENCE,
    direction,
    techniques: techniquesOf(direction, undefined, vulnerable.length > 0),
    source: null,
    sources: {
      count: members.length,
      sample: members.slice(0, SAMPLE_SIZE),
      ...(direction === 'lateral' && { scope }),
    },
    protocols: [...new Set(contacts.map(({ protocol }) => protocolName(protocol)))].sort(),
    targets: spread(contacts, ({ target }) => target),
    ports: spread(contacts.filter(hasPorts), ({ port }) => port),
    contacts: countOutcomes(contacts),
    contactsAtDetection: enough.contacts.length,
    openPorts: {
      count: open.length,
      sample: open
        .slice(0, SAMPLE_SIZE)
        .map(({ target, port, protocol }) => ({ target, port, protocol: protocolName(protocol) })),
    },
    tool: toolOf(contacts, (quality & WITHOUT_FLAGS) === 0),
    horizon: shape.horizon,
    firstSeen: isoTime(contacts.reduce((first, { start }) => Math.min(first, start), Number.POSITIVE_INFINITY)),
    lastSeen: isoTime(lastSeen),
    detectedAt: isoTime(enough.contacts.at(-1)!.end),
    reasons: [...explainCampaign(campaign, direction), ...vulnerableReason(vulnerable)],
    dataQuality: describeQuality(quality),
    status: isClosed ? 'closed' : 'open',
    ...(isClosed && { closedBecause: 'ended' as const }),
  };
}

/** Names in a detection the campaign that it is part of, if there is one. */
export function withCampaign<T extends DetectedFinding>(detection: T, campaigns: readonly KnownCampaign[]): T {
  const campaign = campaigns.find((known) => isPart(detection, known));
  return campaign ? { ...detection, finding: { ...detection.finding, campaign: campaign.finding.id } } : detection;
}
