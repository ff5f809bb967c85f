/**
 * Campaigns: many outside sources that share out the ports of one target, or the hosts of our networks on one port, each
 * with too little to be seen alone. The victim's view of coordinated scans (Gates: Coordinated Scan Detection, NDSS 2009):
 * many sources, wide cover, little overlap.
 */
import type { DetectionSettings } from '../config/detection.ts';
import type { FirstContact } from './first-contacts.ts';

/** A failed contact of an outside source, with the source's name. */
export interface InboundContact extends FirstContact {
  readonly source: string;
}

/** What the sources share out: the ports of one target, or the targets on one port. */
export type CampaignKind = 'vertical' | 'horizontal';

/** Sources that scan together, and what they did together. */
export interface Campaign {
  readonly kind: CampaignKind;
  /** The target, or port and protocol such as "6379/6". */
  readonly shared: string;
  /** Contacts of the members, in order of time. */
  readonly contacts: readonly InboundContact[];
  /** The window in which the evidence first sufficed, cut off where it did. */
  readonly sufficed: Cover;
}

/** Who takes part in what: enough to tell whether a finding about a single source is part of the campaign. */
export interface CampaignRoll {
  readonly kind: CampaignKind;
  readonly shared: string;
  /** Members, those with the most contacts first; of thousands, the first. */
  readonly members: readonly string[];
}

/** How well some sources cover something together. */
export interface Cover {
  readonly contacts: readonly InboundContact[];
  readonly sources: number;
  /** Distinct ports of the target, or distinct targets on the port. */
  readonly spread: number;
  /** Pairs of source and port (or target) for each distinct port (or target): 1 is no overlap at all. */
  readonly overlap: number;
}

interface Shape {
  readonly kind: CampaignKind;
  readonly groupOf: (contact: InboundContact) => string;
  readonly partOf: (contact: InboundContact) => string;
}

const SHAPES: readonly Shape[] = [
  {
    kind: 'vertical',
    groupOf: (contact) => contact.target,
    partOf: (contact) => `${contact.port} ${contact.protocol}`,
  },
  {
    kind: 'horizontal',
    groupOf: (contact) => `${contact.port}/${contact.protocol}`,
    partOf: (contact) => contact.target,
  },
];

const WINDOW = 3600;
/** Windows slide by this much; those of any span of time are the same, whatever else was read. */
const STEP = 300;
/** A member with this many times the usual share, nearly all of which others have too, scans for itself. */
const OVERSIZE = 4;
const MOSTLY = 0.8;
/** Addresses in a /24: what sources without a plan would draw their targets from. */
const NETWORK_SIZE = 256;
/** Standard deviations by which a cover must exceed one drawn at random. */
const SURPRISE = 5;

/** The time of windows that are looked at: those ending in `(from, to]`, epoch seconds. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

const ALWAYS: Span = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };

/** The campaigns in failed contacts of outside sources, whatever their order. */
export function findCampaigns(
  contacts: readonly InboundContact[],
  settings: DetectionSettings,
  span: Span = ALWAYS,
): Campaign[] {
  const campaigns: Campaign[] = [];
  for (const shape of SHAPES) {
    for (const [shared, group] of Map.groupBy(contacts, shape.groupOf)) {
      if (group.length < smallestSpread(shape.kind, settings)) continue;
      campaigns.push(...campaignsOf(shape, shared, group.toSorted(byTime), settings, span));
    }
  }
  return campaigns;
}

const smallestSpread = (kind: CampaignKind, settings: DetectionSettings): number =>
  kind === 'vertical' ? settings.campaignPorts : settings.campaignTargets;

/** Parts of a group from which on a source can be a member. */
export const smallestShare = (kind: CampaignKind, settings: DetectionSettings): number =>
  kind === 'vertical' ? settings.campaignPortsPerSource : settings.campaignTargetsPerSource;

/** Windows that cover enough, joined where they follow each other within the episode gap. */
function campaignsOf(
  shape: Shape,
  shared: string,
  group: readonly InboundContact[],
  settings: DetectionSettings,
  span: Span,
): Campaign[] {
  const found: { contacts: Set<InboundContact>; sufficed: Cover; until: number }[] = [];
  const first = Math.max(group[0]!.end, span.from + 1);
  const last = Math.min(group.at(-1)!.end + WINDOW, span.to);
  let from = 0;
  let to = 0;
  for (let until = Math.ceil(first / STEP) * STEP; until < last + STEP && until <= span.to; until += STEP) {
    while (to < group.length && group[to]!.end <= until) to++;
    while (from < to && group[from]!.end <= until - WINDOW) from++;
    const cover = coverOf(shape, group.slice(from, to), settings);
    if (!cover) continue;
    const open = found.at(-1);
    if (open && cover.contacts[0]!.end - open.until <= settings.episodeGapSeconds) {
      for (const contact of cover.contacts) open.contacts.add(contact);
      open.until = until;
    } else
      found.push({
        contacts: new Set(cover.contacts),
        sufficed: shortest(shape, cover, settings),
        until,
      });
  }
  return found.map(({ contacts, sufficed }) => ({
    kind: shape.kind,
    shared,
    contacts: [...contacts].sort(byTime),
    sufficed,
  }));
}

/** The cover of a window's members, if it meets every threshold. */
function coverOf(shape: Shape, window: readonly InboundContact[], settings: DetectionSettings): Cover | undefined {
  if (window.length < smallestSpread(shape.kind, settings)) return undefined;
  const parts = new Map<string, Set<string>>();
  for (const contact of window) {
    const known = parts.get(contact.source) ?? new Set();
    parts.set(contact.source, known.add(shape.partOf(contact)));
  }
  for (const [source, own] of parts) if (own.size < smallestShare(shape.kind, settings)) parts.delete(source);
  if (parts.size < settings.campaignSources) return undefined;
  dropLoners(parts);
  const sources = parts.size;
  const pairs = [...parts.values()].reduce((sum, own) => sum + own.size, 0);
  const spread = new Set([...parts.values()].flatMap((own) => [...own]));
  const overlap = pairs / spread.size;
  if (sources < settings.campaignSources || spread.size < smallestSpread(shape.kind, settings)) return undefined;
  if (overlap > settings.campaignOverlap) return undefined;
  if (shape.kind === 'horizontal' && !isPlanned(pairs, spread)) return undefined;
  const contacts = window.filter((contact) => parts.has(contact.source));
  return { contacts, sources, spread: spread.size, overlap };
}

/** Leaves out sources that cover by themselves what the others share out: they need no others, and are found alone. */
function dropLoners(parts: Map<string, Set<string>>): void {
  const sizes = [...parts.values()].map((own) => own.size).sort((a, b) => a - b);
  const usual = sizes[Math.floor(sizes.length / 2)]!;
  const holders = new Map<string, number>();
  for (const own of parts.values()) for (const part of own) holders.set(part, (holders.get(part) ?? 0) + 1);
  for (const [source, own] of parts) {
    if (own.size <= OVERSIZE * usual) continue;
    const common = [...own].filter((part) => holders.get(part)! > 1).length;
    if (common >= MOSTLY * own.size) parts.delete(source);
  }
}

/**
 * Whether targets are shared out rather than drawn at random: sources without a plan that draw from as many networks would
 * hit some targets twice (occupancy problem; mean and variance of the number of distinct targets by Feller).
 */
function isPlanned(pairs: number, targets: ReadonlySet<string>): boolean {
  const networks = new Set([...targets].map((target) => target.slice(0, Math.max(0, target.search(/[.:][^.:]*$/)))));
  const size = networks.size * NETWORK_SIZE;
  const missed = Math.exp(-pairs / size);
  const mean = size * (1 - missed);
  const variance = size * missed * (1 - (1 + pairs / size) * missed);
  return targets.size >= mean + SURPRISE * Math.sqrt(variance);
}

/** The fewest of a cover's contacts, from the first on, that would have sufficed. */
function shortest(shape: Shape, cover: Cover, settings: DetectionSettings): Cover {
  let [low, high] = [0, cover.contacts.length];
  let best = cover;
  while (low < high) {
    const middle = (low + high) >> 1;
    const prefix = coverOf(shape, cover.contacts.slice(0, middle), settings);
    if (prefix) {
      best = prefix;
      high = middle;
    } else low = middle + 1;
  }
  return best;
}

function byTime(a: InboundContact, b: InboundContact): number {
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
