/** Collects the contacts of sources that may be members of a campaign, in bounded memory. */

import type { SourceEvidence } from '../evidence/evidence.ts';
import type { Identity } from '../evidence/interfaces.ts';
import { SAMPLED } from '../evidence/quality.ts';
import { isFailedProbe, isFailure } from '../evidence/seen.ts';
import { networkOf } from '../net/cidr.ts';
import { firstContacts, firstContactsAlone } from './contacts.ts';
import type { CampaignDetection } from './detection.ts';
import { evenHash } from './even-hash.ts';
import type { FirstContact, Viewpoint } from './first-contact.ts';
import type { ScanSettings } from './settings.ts';
import {
  type CampaignDirection,
  type CampaignKind,
  type ContactName,
  type Shape,
  type SharedContact,
  shapesOf,
} from './sliding-shares.ts';
import { RETURN_SECONDS } from './visits.ts';

/** The scope of public addresses. */
const INTERNET = 'internet';

/** The context in which the contacts are read. */
export interface CampaignContext extends Viewpoint {
  readonly settings: ScanSettings;
  readonly campaign: CampaignDetection;
}

/** With at least this many contacts per host, outside sources can be assumed to have tried every host that exists. */
const WELL_KNOWN = 3;

/** Our hosts that outside sources contact, hour by hour. */
class Reach {
  #byHour = new Map<number, { readonly hosts: Set<string>; tried: number }>();

  /** Adds contacts that outside sources made with a host in an epoch hour. */
  add(hour: number, host: string, contacts = 1): void {
    const known = this.#byHour.get(hour) ?? { hosts: new Set(), tried: 0 };
    this.#byHour.set(hour, known);
    known.hosts.add(host);
    known.tried += contacts;
  }

  /**
   * The number of hosts in a range of hours. Undefined while there are too few contacts to have reached all of them.
   */
  readonly hostsIn = (from: number, to: number): number | undefined => {
    const hosts = new Set<string>();
    let tried = 0;
    for (let hour = from; hour <= to; hour++) {
      const known = this.#byHour.get(hour);
      if (!known) continue;
      for (const host of known.hosts) hosts.add(host);
      tried += known.tried;
    }
    return tried >= WELL_KNOWN * hosts.size ? hosts.size : undefined;
  };
}

/**
 * Limit of contacts in memory. Beyond it, half of the sources are dropped by their hash, then half of the rest, and so
 * on.
 */
export const MOST_CONTACTS = 75_000;

/**
 * Limit of contacts among which pairs are looked for. All are one group, whose windows take a kilobyte for each contact.
 * Beyond it, half of the sources are looked at, then half of the rest, and so on.
 */
const MOST_PAIRS = 8_000;

/** The limits of the logs of each source, hour by hour. */
type Qualities = Map<string, readonly { readonly hour: number; readonly quality: number }[]>;

/** What is known of the holders of inside addresses. */
type Identities = Map<string, Identity>;

/** Contacts in bounded memory. Sources with the same key are kept or dropped together. */
class Reservoir {
  contacts: SharedContact[] = [];
  dropped = 0;
  #mask = 0;
  readonly #qualities: Qualities;
  readonly #keyOf: (address: string) => string;

  constructor(qualities: Qualities, keyOf: (address: string) => string) {
    this.#qualities = qualities;
    this.#keyOf = keyOf;
  }

  add({ address, panes }: SourceEvidence, contacts: readonly FirstContact[]): void {
    if (this.#isDropped(address)) {
      this.dropped++;
      return;
    }
    for (const contact of contacts) this.contacts.push({ ...contact, source: address });
    this.#qualities.set(
      address,
      panes.map(({ hour, quality }) => ({ hour, quality })),
    );
    if (this.contacts.length > MOST_CONTACTS) this.#halve();
  }

  #halve(): void {
    this.#mask = this.#mask * 2 + 1;
    const before = new Set(this.contacts.map(({ source }) => source)).size;
    this.contacts = this.contacts.filter(({ source }) => !this.#isDropped(source));
    this.dropped += before - new Set(this.contacts.map(({ source }) => source)).size;
  }

  #isDropped(address: string): boolean {
    return (evenHash(this.#keyOf(address)) & this.#mask) !== 0;
  }
}

/** The contacts of as many sources as have at most `most` contacts together, selected by their hash. */
function sampled(contacts: readonly SharedContact[], most: number): readonly SharedContact[] {
  let left = contacts;
  for (let mask = 1; left.length > most; mask = mask * 2 + 1)
    left = left.filter(({ source }) => (evenHash(source) & mask) === 0);
  return left;
}

/** A source with more contacts than this needs no others of its network to be found. */
const MOST_OF_ONE = 7;

const UDP = 17;
/** Evidence says so of all datagrams of this size or a larger one. */
const LARGE_BYTES = 255;
/** A scanner sends large datagrams to services that need them, such as QUIC, which has one port or two. */
const LARGE_PORTS = 2;

/**
 * Leaves out large datagrams to many ports: a flood that fills a line. The senders of a flood may be forged, so they
 * are many and none of them has a plan.
 */
function withoutFlood(contacts: readonly FirstContact[]): readonly FirstContact[] {
  const isLarge = ({ protocol, packetBytes }: FirstContact) => protocol === UDP && packetBytes === LARGE_BYTES;
  const ports = new Set(contacts.filter(isLarge).map(({ port }) => port));
  return ports.size > LARGE_PORTS ? contacts.filter((contact) => !isLarge(contact)) : contacts;
}

/** Collects the contacts of the outside sources, or of the inside sources of one scope, in bounded memory. */
export class CampaignContacts {
  readonly reach = new Reach();
  /** Where the sources are: outside, or in the networks of one scope. */
  readonly scope: string;
  readonly #context: CampaignContext;
  readonly #shapes: readonly Shape[];
  readonly #qualities: Qualities = new Map();
  readonly #identities: Identities = new Map();
  readonly #members = new Reservoir(this.#qualities, (address) => address);
  readonly #single = new Reservoir(this.#qualities, networkOf);
  #leftOut = 0;

  constructor(context: CampaignContext, scope = INTERNET) {
    this.scope = scope;
    this.#context = context;
    this.#shapes = shapesOf(context.campaign, context.settings);
  }

  get direction(): CampaignDirection {
    return this.scope === INTERNET ? 'inbound' : 'lateral';
  }

  /** Sources that were dropped. During a flood of sources only campaigns with many members are found. */
  get dropped(): number {
    return this.#members.dropped + this.#single.dropped + this.#leftOut;
  }

  /** The contacts among which to look for a shape. */
  contactsFor({ isOfNetwork, kind }: Pick<Shape, 'isOfNetwork' | 'kind'>): readonly SharedContact[] {
    if (isOfNetwork) return this.#single.contacts;
    return kind === 'block' ? sampled(this.#members.contacts, MOST_PAIRS) : this.#members.contacts;
  }

  /** Whether nothing can be found. */
  get isEmpty(): boolean {
    return !this.#members.contacts.length && !this.#single.contacts.length;
  }

  /**
   * Adds a source's contacts, unless too many of them succeeded or they are too scattered to be a share of a campaign.
   * @param since leaves out contacts that ended before, epoch seconds: they only tell what the source had done.
   */
  add(source: SourceEvidence, since = Number.NEGATIVE_INFINITY): void {
    const isOutside = this.direction === 'inbound';
    if (source.inside === isOutside) return;
    const candidates = source.panes.flatMap(({ contacts }) => contacts.filter(({ seen }) => isFailedProbe(seen)));
    const mayBeSingle = isOutside && candidates.length > 0;
    if (!mayBeSingle && !this.#shapes.some((shape) => mayBeMember(candidates, shape, isOutside))) return;
    // What an outside source met beside a contact excuses nothing.
    const contactsOf = isOutside ? firstContactsAlone : firstContacts;
    const tried = withoutFlood(contactsOf(source, this.#context.settings, this.#context)).filter(
      (contact) => contact.end >= since && !contact.isRepeat && (isOutside || this.#isShareInside(contact)),
    );
    const failed = tried.filter(({ outcome }) => isFailure(outcome));
    if (this.#shapes.some((shape) => mayBeMember(failed, shape, isOutside))) {
      this.#members.add(source, tried);
      if (source.identity && !isOutside) this.#identities.set(source.address, source.identity);
    }
    if (isOutside && failed.length > 0 && failed.length <= MOST_OF_ONE) this.#single.add(source, failed);
  }

  /**
   * The sources that decide about a campaign: those that may have a share of what its members divide, at about its time.
   * Whether a source is a member depends on the shares of the others. In an order by their hash.
   * @param time of the campaign, with its windows, epoch seconds.
   */
  sourcesAround(
    { kind, shared }: { readonly kind: CampaignKind; readonly shared: readonly string[] },
    time: { readonly from: number; readonly to: number },
  ): string[] {
    const shape = this.#shapes.find((shape) => shape.kind === kind && !shape.isOfNetwork)!;
    const near = this.contactsFor(shape).filter(
      (contact) => contact.end >= time.from && contact.end <= time.to && shared.includes(shape.groupOf(contact)),
    );
    return [...new Set(near.map(({ source }) => source))].sort((a, b) => evenHash(a) - evenHash(b) || (a < b ? -1 : 1));
  }

  /** Counts sources of which nothing was added, because there were too many. */
  leaveOut(count: number): void {
    this.#leftOut += count;
  }

  /** Who held the address of an inside source, as far as the logs say. */
  identityOf(address: string): Identity | undefined {
    return this.#identities.get(address);
  }

  /** The limits of the logs of some sources in a range of epoch hours. */
  qualityOf(sources: Iterable<string>, from: number, to: number): number {
    let bits = this.dropped ? SAMPLED : 0;
    for (const source of sources)
      for (const { hour, quality } of this.#qualities.get(source) ?? [])
        if (hour >= from && hour <= to) bits |= quality;
    return bits;
  }

  /** An inside client fails in many ways. Only what no client does counts: one try, and none after it. */
  #isShareInside({ context, direction, isHabit, last, outcome }: FirstContact): boolean {
    if (direction !== 'lateral' || isHabit) return false;
    if (!isFailure(outcome)) return true;
    return (context === 'failed' || context === 'dark address') && last <= this.#context.logTime - RETURN_SECONDS;
  }
}

/** Whether a source tried enough parts of one group. An outside member may have found one part of its share open. */
function mayBeMember(failed: readonly ContactName[], shape: Shape, isOutside: boolean): boolean {
  const least = shape.share - Number(isOutside);
  if (shape.isOfNetwork || failed.length < least) return false;
  const counts = new Map<string, number>();
  return failed.some((contact) => {
    const group = shape.groupOf(contact);
    const count = (counts.get(group) ?? 0) + 1;
    counts.set(group, count);
    return count >= least;
  });
}
