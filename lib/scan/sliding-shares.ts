/** The share of each source in a sliding window. */
import { isFailure } from '../evidence/seen.ts';
import type { CampaignDetection, GroupBy, HorizonName } from './detection.ts';
import type { FirstContact } from './first-contact.ts';
import { type ScanSettings, settingOf } from './settings.ts';

/** A contact of a possible member, with the source's name. */
export interface SharedContact extends FirstContact {
  readonly source: string;
}

/** The fields that name a contact. */
export type ContactName = Pick<FirstContact, 'target' | 'port' | 'protocol'>;

/** Where the members are: outside, or inside. */
export type CampaignDirection = 'inbound' | 'lateral';

/** The parts that sources divide: the ports of one target, the targets on one port, or pairs of both. */
export type CampaignKind = 'vertical' | 'horizontal' | 'block';

/** How a kind of campaign groups contacts, and what its members divide between them. */
export interface Shape {
  readonly kind: CampaignKind;
  /** The horizon within which the shares must be taken. */
  readonly horizon: HorizonName;
  /** Number of distinct parts that a member must try. */
  readonly share: number;
  /** Number of parts that the members must cover together. */
  readonly cover: number;
  /** Minimum number of members, and maximum average number of members per part. */
  readonly sources: number;
  readonly overlap: number;
  /** Whether the members are addresses of one network. */
  readonly isOfNetwork: boolean;
  readonly tests: CampaignDetection['divides'][number]['tests'];
  readonly groupOf: (contact: ContactName) => string;
  readonly partOf: (contact: ContactName) => string;
  /** Number of our hosts that outside sources reach in a range of epoch hours, if known. */
  readonly hostsIn?: ((from: number, to: number) => number | undefined) | undefined;
}

/** The kinds of campaigns, with the numbers of a deployment. */
export const shapesOf = (detection: CampaignDetection, settings: ScanSettings): Shape[] =>
  detection.divides.map(({ groupBy, horizon, share, cover, isOfNetwork = false, tests }) => ({
    ...GROUPS[groupBy],
    horizon,
    tests,
    isOfNetwork,
    share: share === undefined ? 1 : settingOf(settings, share),
    cover: settingOf(settings, cover),
    sources: settingOf(settings, detection.sources),
    overlap: settingOf(settings, detection.overlap),
  }));

const serviceOf = ({ port, protocol }: ContactName) => `${port}/${protocol}`;

const GROUPS = {
  target: { kind: 'vertical', groupOf: ({ target }: ContactName) => target, partOf: serviceOf },
  port: { kind: 'horizontal', groupOf: serviceOf, partOf: ({ target }: ContactName) => target },
  source: {
    kind: 'block',
    groupOf: () => '',
    partOf: (contact: ContactName) => `${contact.target} ${serviceOf(contact)}`,
  },
} as const satisfies Readonly<Record<GroupBy, Pick<Shape, 'kind' | 'groupOf' | 'partOf'>>>;

/** A source that covers more than this share of everything, and more than this many even shares, is found alone. */
const LONER = 0.25;
const LONER_SHARES = 4;
/**
 * How members divide parts between them, without those that alone cover what the others divide: these are found alone.
 */
export interface Division {
  readonly sources: number;
  /** Number of distinct parts. */
  readonly spread: number;
  /** Number of pairs of a member and a part. */
  readonly pairs: number;
  readonly isMember: (source: string) => boolean;
  readonly parts: () => ReadonlySet<string>;
}

/**
 * The parts that each source has in a sliding window. The decisive numbers are updated as contacts enter and leave, so
 * that a flood of unrelated sources costs only its own size.
 */
export class SlidingShares {
  readonly members = new Set<string>();
  /** Number of members that have each part. */
  readonly holders = new Map<string, number>();
  pairs = 0;
  readonly #parts = new Map<string, Map<string, { tried: number; failed: number }>>();
  readonly #failed = new Map<string, number>();
  readonly #shape: Shape;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  count(contact: SharedContact, sign: 1 | -1): void {
    const { source } = contact;
    const own = this.#parts.get(source) ?? new Map<string, { tried: number; failed: number }>();
    this.#parts.set(source, own);
    const part = this.#shape.partOf(contact);
    const known = own.get(part) ?? { tried: 0, failed: 0 };
    const before = { ...known };
    known.tried += sign;
    known.failed += isFailure(contact.outcome) ? sign : 0;
    if (known.tried > 0) own.set(part, known);
    else own.delete(part);
    const failed = (this.#failed.get(source) ?? 0) + Number(known.failed > 0) - Number(before.failed > 0);
    this.#failed.set(source, failed);
    const isMember = own.size >= this.#shape.share && failed >= Math.max(1, this.#shape.share - 1);
    if (this.members.has(source) !== isMember) {
      const parts = isMember ? own.keys() : [...own.keys(), ...(known.tried > 0 ? [] : [part])];
      for (const each of parts) this.#hold(each, isMember ? 1 : -1);
      if (isMember) this.members.add(source);
      else this.members.delete(source);
    } else if (isMember && before.tried > 0 !== known.tried > 0) this.#hold(part, sign);
  }

  /** Whether a cover is possible, so that examining each member is worthwhile. */
  get isPromising(): boolean {
    const { sources, cover, overlap } = this.#shape;
    const spread = this.holders.size;
    if (this.members.size < sources || spread < cover) return false;
    // Without members that may still turn out to be loners. There are only a few of these.
    let pairs = this.pairs;
    if (pairs > overlap * spread)
      for (const source of this.members) {
        const size = this.#parts.get(source)!.size;
        if (size > LONER * cover) pairs -= size;
      }
    return pairs <= overlap * spread;
  }

  /** How the members of the window divide the parts. It holds until the next contact is counted. */
  division(): Division {
    const { members, holders } = this;
    const most = holders.size * Math.max(LONER, LONER_SHARES / members.size);
    const loners = new Set([...members].filter((source) => this.#parts.get(source)!.size > most));
    const ofLoners = new Map<string, number>();
    let pairs = this.pairs;
    for (const source of loners)
      for (const part of this.#parts.get(source)!.keys()) {
        ofLoners.set(part, (ofLoners.get(part) ?? 0) + 1);
        pairs--;
      }
    const left = [...ofLoners].filter(([part, count]) => count === holders.get(part)).map(([part]) => part);
    return {
      sources: members.size - loners.size,
      spread: holders.size - left.length,
      pairs,
      isMember: (source) => members.has(source) && !loners.has(source),
      parts: () => new Set(holders.keys()).difference(new Set(left)),
    };
  }

  #hold(part: string, sign: 1 | -1): void {
    this.pairs += sign;
    const count = (this.holders.get(part) ?? 0) + sign;
    if (count > 0) this.holders.set(part, count);
    else this.holders.delete(part);
  }
}
