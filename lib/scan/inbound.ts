/** Collects the contacts of outside sources that may be shares of a campaign, in bounded memory. */

import type { SourceEvidence } from '../evidence/evidence.ts';
import { SAMPLED } from '../evidence/quality.ts';
import { isFailure } from '../evidence/seen.ts';
import { firstContacts, type Viewpoint } from './contacts.ts';
import type { CampaignDetection } from './detection.ts';
import { evenHash } from './even-hash.ts';
import type { ScanSettings } from './settings.ts';
import { type InboundContact, type Shape, shapesOf } from './sliding-shares.ts';

/** The context in which the contacts are read. */
export interface InboundContext extends Viewpoint {
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

/** Collects the contacts of outside sources, one source after another, in bounded memory. */
export class InboundContacts {
  contacts: InboundContact[] = [];
  readonly reach = new Reach();
  /** Sources that were dropped. During a flood of sources only campaigns with many members are found. */
  dropped = 0;
  #mask = 0;
  #qualities = new Map<string, readonly { readonly hour: number; readonly quality: number }[]>();
  readonly #context: InboundContext;
  readonly #shapes: readonly Shape[];

  constructor(context: InboundContext) {
    this.#context = context;
    this.#shapes = shapesOf(context.campaign, context.settings);
  }

  /**
   * Adds a source's contacts, unless too many of them succeeded or they are too scattered to be a share of a campaign.
   */
  add(source: SourceEvidence): void {
    if (source.inside) return;
    const tried = firstContacts(source, this.#context.settings, this.#context).filter(({ isRepeat }) => !isRepeat);
    const failed = tried.filter(({ outcome }) => isFailure(outcome));
    // A member may have found one part of its share open.
    const isMember = this.#shapes.some(({ groupOf, share }) =>
      [...Map.groupBy(failed, groupOf).values()].some((group) => group.length >= share - 1),
    );
    if (!isMember) return;
    if (evenHash(source.address) & this.#mask) {
      this.dropped++;
      return;
    }
    for (const contact of tried) this.contacts.push({ ...contact, source: source.address });
    this.#qualities.set(
      source.address,
      source.panes.map(({ hour, quality }) => ({ hour, quality })),
    );
    if (this.contacts.length > MOST_CONTACTS) this.#halve();
  }

  #halve(): void {
    this.#mask = this.#mask * 2 + 1;
    this.contacts = this.contacts.filter(({ source }) => !(evenHash(source) & this.#mask));
    for (const source of this.#qualities.keys()) {
      if (!(evenHash(source) & this.#mask)) continue;
      this.#qualities.delete(source);
      this.dropped++;
    }
  }

  /** The limits of the logs of some sources in a range of epoch hours. */
  qualityOf(sources: Iterable<string>, from: number, to: number): number {
    let bits = this.dropped ? SAMPLED : 0;
    for (const source of sources)
      for (const { hour, quality } of this.#qualities.get(source) ?? [])
        if (hour >= from && hour <= to) bits |= quality;
    return bits;
  }
}
