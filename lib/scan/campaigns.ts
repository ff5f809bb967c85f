/**
 * Campaigns: many sources that divide the ports of one target, the hosts of our networks on one port, or pairs of both,
 * each with too few contacts to be found alone. The victim's view of coordinated scans (Gates: Coordinated Scan
 * Detection, NDSS 2009): many sources, wide cover, little overlap.
 */
import { networkOf } from '../net/cidr.ts';
import { HORIZONS } from './detection.ts';
import { type CampaignKind, type Shape, type SharedContact, SlidingShares } from './sliding-shares.ts';

/** Sources that scan together, and their contacts. */
export interface Campaign {
  readonly shape: Shape;
  /** Targets, or ports with protocols such as "6379/6". The first one to be found comes first. Empty for pairs. */
  readonly shared: readonly string[];
  /** The network of all members, if they were found by it: a /24 or a /64. */
  readonly network?: string | undefined;
  /** Contacts of the members, in order of time. */
  readonly contacts: readonly SharedContact[];
  /** The window in which the evidence was first enough, cut off at that point. */
  readonly enough: Cover;
}

/** The members and their targets, enough to decide whether a finding about a single source is part of the campaign. */
export interface CampaignRoll {
  readonly kind: CampaignKind;
  /** Targets, or ports with protocols such as "6379/6". The first one to be found comes first. */
  readonly shared: readonly string[];
  /** Members, those with the most contacts first. Large campaigns name only the first ones. */
  readonly members: readonly string[];
  /** The scope of inside members. Absent for outside ones. */
  readonly scope?: string;
}

/** How well some sources cover something together. */
interface Cover {
  readonly contacts: readonly SharedContact[];
  readonly sources: number;
  /** Distinct ports of the target, or distinct targets on the port. */
  readonly spread: number;
  /** Pairs of source and port (or target) per distinct port (or target). 1 means no overlap. */
  readonly overlap: number;
}

const HOUR = 3600;

/** Hours that the longest window looks back. */
export const CAMPAIGN_WINDOW_HOURS = 3;
/**
 * Windows slide by this many seconds. They are aligned, so that any period has the same windows whatever else was read.
 */
const STEP = 60;
/** Addresses in a /24. Sources without a plan draw their targets from these if the existing hosts are unknown. */
const NETWORK_SIZE = 256;
/** Standard deviations by which a cover must exceed a random one. Inside, few sources fail at so many hosts at all. */
const SURPRISE = { inbound: 5, lateral: 4, outbound: 5 } as const;

/** The windows to evaluate are those ending in `[from, to)`, epoch seconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const ALWAYS: Span = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

export interface CampaignOptions {
  /** Silence that ends a campaign, seconds. */
  readonly gapSeconds: number;
  readonly span?: Span | undefined;
  readonly hostsIn?: Shape['hostsIn'];
}

/** Finds the campaigns in the contacts of possible members, in any order. */
export function findCampaigns(
  contactsFor: (shape: Shape) => readonly SharedContact[],
  shapes: readonly Shape[],
  { gapSeconds, span = ALWAYS, hostsIn }: CampaignOptions,
): Campaign[] {
  const campaigns: Campaign[] = [];
  for (const shape of shapes) {
    // Sources that divide ports or hosts also try distinct pairs, and may be neighbours.
    const isWider = shape.kind === 'block' || shape.isOfNetwork;
    const known = new Set(isWider ? campaigns.flatMap((campaign) => [...membersOf(campaign)]) : []);
    const contacts = contactsFor(shape).filter(({ source }) => !known.has(source));
    for (const { network, group } of groupsOf(shape, contacts)) {
      const shares = sharesIn(shape, group);
      if (shares.length < shape.cover) continue;
      const found = campaignsOf({ ...shape, hostsIn }, shares.sort(byTime), gapSeconds, span);
      const shared = [shape.groupOf(group[0]!)];
      campaigns.push(...found.map((campaign) => ({ ...campaign, shared, network })));
    }
  }
  return uniteCampaigns(campaigns);
}

/** The groups of contacts that are large enough for a cover, each with the network of its sources if they share one. */
function* groupsOf(
  shape: Shape,
  contacts: readonly SharedContact[],
): Generator<{ readonly network: string | undefined; readonly group: readonly SharedContact[] }> {
  const isEnough = (group: readonly SharedContact[]) => group.length >= shape.cover;
  for (const group of Map.groupBy(contacts, shape.groupOf).values()) {
    if (!isEnough(group)) continue;
    if (!shape.isOfNetwork) yield { network: undefined, group };
    else
      for (const [network, ofNetwork] of Map.groupBy(group, ({ source }) => networkOf(source)))
        if (isEnough(ofNetwork)) yield { network, group: ofNetwork };
  }
}

/** The contacts of sources that have enough parts of a group to be members at any time. */
function sharesIn(shape: Shape, group: readonly SharedContact[]): SharedContact[] {
  // Most sources have fewer contacts than a share has parts.
  const counts = new Map<string, number>();
  for (const { source } of group) counts.set(source, (counts.get(source) ?? 0) + 1);
  const likely = group.filter(({ source }) => counts.get(source)! >= shape.share);
  const parts = new SlidingShares(shape);
  for (const contact of likely) parts.count(contact, 1);
  return parts.members.size < shape.sources ? [] : likely.filter(({ source }) => parts.members.has(source));
}

/** Campaigns at the same time are one if they have this share of the members of either in common. */
const SAME = 0.5;

/** Unites campaigns of the same sources at the same time into one with several targets or ports. */
function uniteCampaigns(campaigns: readonly Campaign[]): Campaign[] {
  const kept: Campaign[] = [];
  for (const campaign of campaigns.toSorted((a, b) => byTime(lastOf(a.enough), lastOf(b.enough)))) {
    const at = kept.findIndex((other) => areOne(other, campaign));
    if (at < 0) kept.push(campaign);
    else kept[at] = joinTwo(kept[at]!, campaign);
  }
  return kept;
}

const lastOf = ({ contacts }: Pick<Cover, 'contacts'>): SharedContact => contacts.at(-1)!;
const membersOf = ({ contacts }: Campaign): Set<string> => new Set(contacts.map(({ source }) => source));

function areOne(a: Campaign, b: Campaign): boolean {
  if (
    a.shape.kind !== b.shape.kind ||
    a.network !== b.network ||
    a.contacts[0]!.end > lastOf(b).end ||
    b.contacts[0]!.end > lastOf(a).end
  )
    return false;
  const [ours, theirs] = [membersOf(a), membersOf(b)];
  return ours.intersection(theirs).size >= SAME * ours.union(theirs).size;
}

const joinTwo = (a: Campaign, b: Campaign): Campaign => ({
  ...a,
  shared: [...a.shared, ...b.shared],
  contacts: [...a.contacts, ...b.contacts].sort(byTime),
});

/** Windows that cover enough. Windows that follow each other within the episode gap are joined. */
function campaignsOf(
  shape: Shape,
  group: readonly SharedContact[],
  gapSeconds: number,
  span: Span,
): Omit<Campaign, 'shared' | 'network'>[] {
  const found: { contacts: Set<SharedContact>; enough: Cover; last: number }[] = [];
  const shares = new SlidingShares(shape);
  const first = Math.max(group[0]!.end, span.from);
  const end = Math.min(group.at(-1)!.end + STEP, span.to);
  let from = 0;
  let to = 0;
  for (let until = Math.ceil(first / STEP) * STEP; until < end; until += STEP) {
    const before = from + to;
    while (to < group.length && group[to]!.end <= until) shares.count(group[to++]!, 1);
    while (from < to && group[from]!.end <= until - HORIZONS[shape.horizon]) shares.count(group[from++]!, -1);
    // A window with the same contacts as the one before shows nothing new.
    if ((from + to === before && found.length > 0) || !shares.isPromising) continue;
    const cover = coverOf(shape, shares, () => group.slice(from, to));
    if (!cover) continue;
    const open = found.at(-1);
    const last = cover.contacts.at(-1)!.end;
    if (open && cover.contacts[0]!.end - open.last <= gapSeconds) {
      for (const contact of cover.contacts) open.contacts.add(contact);
      open.last = Math.max(open.last, last);
    } else found.push({ contacts: new Set(cover.contacts), enough: shortest(shape, cover), last });
  }
  return found.map(({ contacts, enough }) => ({
    shape,
    contacts: withoutLoners(shape, [...contacts].sort(byTime)),
    enough,
  }));
}

/** The cover of a window's members if it meets every threshold. */
function coverOf(shape: Shape, window: SlidingShares, inWindow: () => readonly SharedContact[]): Cover | undefined {
  const { sources, spread, pairs, isMember, parts } = window.division();
  const overlap = pairs / spread;
  if (sources < shape.sources || spread < shape.cover || overlap > shape.overlap) return undefined;
  const contacts = inWindow().filter(({ source }) => isMember(source));
  const places =
    shape.kind === 'horizontal'
      ? placesFor(parts(), shape.hostsIn?.(...hoursOf(contacts)))
      : shape.kind === 'block'
        ? pairsAmong(contacts)
        : undefined;
  if (places !== undefined && !isPlanned(pairs, spread, places, SURPRISE[contacts[0]!.direction])) return undefined;
  return { contacts, sources, spread, overlap };
}

/** How many hosts sources without a plan would draw from. Undefined if nobody finds such hosts by chance. */
function placesFor(targets: ReadonlySet<string>, hosts: number | undefined): number | undefined {
  const isIpv6 = [...targets].every((target) => target.includes(':'));
  // Nobody finds dozens of IPv6 hosts by chance. Sources that share a list of hosts may draw from that list.
  if (isIpv6 && hosts === undefined) return undefined;
  const addresses = isIpv6 ? Number.POSITIVE_INFINITY : new Set([...targets].map(networkOf)).size * NETWORK_SIZE;
  return Math.max(targets.size, Math.min(hosts ?? Number.POSITIVE_INFINITY, addresses));
}

/** How many pairs the targets and services of some contacts allow. */
const pairsAmong = (contacts: readonly SharedContact[]): number =>
  new Set(contacts.map(({ target }) => target)).size *
  new Set(contacts.map(({ port, protocol }) => `${port} ${protocol}`)).size;

const hoursOf = (contacts: readonly SharedContact[]): readonly [number, number] => [
  Math.floor(contacts[0]!.end / HOUR),
  Math.floor(contacts.at(-1)!.end / HOUR),
];

function withoutLoners(shape: Shape, contacts: readonly SharedContact[]): readonly SharedContact[] {
  const all = new SlidingShares(shape);
  for (const contact of contacts) all.count(contact, 1);
  const { isMember } = all.division();
  return contacts.filter(({ source }) => isMember(source));
}

/**
 * Whether parts are divided between sources rather than drawn at random. Sources without a plan that draw from as many
 * places would hit some twice (occupancy problem, mean and variance of the number of distinct places by Feller).
 */
function isPlanned(draws: number, distinct: number, places: number, surprise: number): boolean {
  const missed = Math.exp(-draws / places);
  const mean = places * (1 - missed);
  const variance = places * missed * (1 - (1 + draws / places) * missed);
  return distinct >= mean + surprise * Math.sqrt(variance);
}

/** The fewest of a cover's first contacts that would have been enough. */
function shortest(shape: Shape, cover: Cover): Cover {
  const shares = new SlidingShares(shape);
  for (const [at, contact] of cover.contacts.entries()) {
    shares.count(contact, 1);
    const prefix = shares.isPromising ? coverOf(shape, shares, () => cover.contacts.slice(0, at + 1)) : undefined;
    if (prefix) return prefix;
  }
  return cover;
}

function byTime(a: SharedContact, b: SharedContact): number {
  return (
    a.end - b.end ||
    a.start - b.start ||
    compare(a.source, b.source) ||
    compare(a.target, b.target) ||
    a.port - b.port ||
    a.protocol - b.protocol
  );
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
