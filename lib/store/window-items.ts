/** Turns the content of one object into items of the windows table: own items, shared items, and due marks. */

import { encodeFragment } from '../evidence/encode.ts';
import type { Fragment } from '../evidence/evidence.ts';
import type { HashKey } from '../evidence/keyed-hash.ts';
import type { LeastEvidence } from '../evidence/least-evidence.ts';
import { isFailedProbe, isSuspect } from '../evidence/seen.ts';
import type { Networks } from '../net/networks.ts';
import { DueMarks } from './due-marks.ts';
import { expiresAt } from './keys.ts';
import { type PackItem, Packs } from './packs.ts';
import { type Bound, isOutside, mayAddUp, placementsOf, sampledFor } from './placements.ts';

type Item = Record<string, unknown>;

/** Sources fall due in slots of this many seconds, so that a file marks most of its sources in one item. */
const DUE_SLOT = 600;
/**
 * The least evidence of a source that is watched. Undefined for all others. A watched source is marked even if it is from
 * outside and has few contacts.
 */
export type Watching = (fragment: Fragment) => LeastEvidence | undefined;

/** The input of the items in addition to the fragments. */
export interface ItemOptions {
  readonly objectId: string;
  /** The clock, epoch seconds. */
  readonly now: number;
  readonly retentionDays: number;
  readonly settleSeconds: number;
  readonly least: LeastEvidence;
  readonly networks: Networks;
  readonly watching?: Watching | undefined;
  readonly key: HashKey;
}

/** A source to mark. `last` is the end of its last contact, epoch seconds. */
interface Markable {
  readonly scope: string;
  readonly address: string;
  readonly hour: number;
  readonly last: number;
  readonly expires: number;
  readonly isWatched: boolean;
}

/** The items of one object. Iterate over all of {@link fragments} first, because the later items depend on it. */
export class WindowItems {
  /** The sources that fall due later. */
  readonly marks: DueMarks;
  /** Items that may be dropped while the table is at its write ceiling. */
  readonly droppable: PackItem[] = [];
  /** Hours in which outside sources were seen, to be judged together. */
  readonly outsideHours = new Set<number>();
  /** Hours in which inside sources of a scope may have had shares of a campaign, by scope. */
  readonly insideHours = new Map<string, Set<number>>();
  /** Sources that need a mark only if their evidence is late. */
  readonly #unmarked: Markable[] = [];
  #options: ItemOptions;

  constructor(options: ItemOptions) {
    this.#options = options;
    this.marks = new DueMarks(options.objectId);
  }

  /** The items of the fragments, except those that may be dropped. No evidence of a watched source may be. */
  *fragments(fragments: Iterable<Fragment>): Generator<Item> {
    const { objectId, now, retentionDays, key, networks } = this.#options;
    const packs = new Packs(objectId, key);
    const droppable = new Packs(objectId, key);
    // Their place in a partition must not be that of droppable packs.
    const watchedPacks = new Packs(`${objectId}#watched`, key);
    for (const fragment of fragments) {
      const expires = expiresAt((fragment.hour + 1) * 3600, now, retentionDays);
      if (isOutside(fragment)) this.outsideHours.add(fragment.hour);
      const watched = this.#options.watching?.(fragment);
      const bound = { least: watched ?? this.#options.least, networks };
      const placements = placementsOf(fragment, bound);
      if (watched || placements.every(({ isMarked }) => isMarked))
        this.#markWhereDue(fragment, expires, { bound, isWatched: watched !== undefined });
      for (const placement of placements) {
        const [pk, sort] = [placement.partition(fragment), placement.sortPrefix(fragment)];
        const kept = sampledFor(placement, fragment);
        if (placement.name === 'shares of inside' && kept.contacts.length) this.#noteShares(fragment);
        if (!placement.isPacked)
          yield { pk, sk: `${sort}${objectId}`, data: encodeFragment(kept, key), expiresAt: expires };
        else if (placement.mayBeDropped && watched) yield* itemsOf(watchedPacks.add(pk, sort, kept, expires));
        else if (placement.mayBeDropped) this.droppable.push(...droppable.add(pk, sort, kept, expires));
        else yield* itemsOf(packs.add(pk, sort, kept, expires));
      }
    }
    yield* itemsOf(packs.rest());
    yield* itemsOf(watchedPacks.rest());
    this.droppable.push(...droppable.rest());
  }

  /**
   * Adds marks for sources that need one only because other files were judged without this one. A late answer may
   * refute a finding or complete it, and without a mark nothing would judge the source again.
   * @param judgedUntil log time up to which marks may have been removed, read after the fragments were written.
   */
  markLate(judgedUntil: number): void {
    for (const { last, ...mark } of this.#unmarked) if (this.#dueAt(last) <= judgedUntil) this.#mark({ ...mark, last });
    this.#unmarked.length = 0;
  }

  #noteShares({ scope, hour }: Fragment): void {
    this.insideHours.set(scope, (this.insideHours.get(scope) ?? new Set()).add(hour));
  }

  /** A source with a failure or an outstanding answer is judged again once its answers are overdue. */
  #markWhereDue(
    fragment: Fragment,
    expires: number,
    { bound, isWatched }: { readonly bound: Bound; readonly isWatched: boolean },
  ): void {
    const mayBeSweep = fragment.inside && mayAddUp(fragment, bound);
    let due = 0;
    let last = 0;
    for (const contact of fragment.contacts) {
      const isDue = mayBeSweep ? isSuspect(contact) : isFailedProbe(contact.seen);
      if (isDue) due = Math.max(due, contact.lastEnd);
      last = Math.max(last, contact.lastEnd);
    }
    const { scope, address, hour } = fragment;
    const mark = { scope, address, hour, expires, isWatched };
    if (due) this.#mark({ ...mark, last: due });
    // Evidence after the marked contact is due later, if at all.
    if (last > due) this.#unmarked.push({ ...mark, last });
  }

  /**
   * Inside sources and watched ones get a second mark per hour for the horizons of days. These find slow scans, and
   * refute a sweep whose hosts are visited again.
   */
  #mark({ last, isWatched, ...mark }: Markable): void {
    this.marks.add({ ...mark, dueAt: this.#dueAt(last), isLong: false });
    if (mark.scope === 'internet' && !isWatched) return;
    // One second past a slot, so that the two marks are never the same item.
    const hourSettled = (mark.hour + 1) * 3600 + this.#options.settleSeconds;
    this.marks.add({ ...mark, dueAt: hourSettled + 1, isLong: true });
  }

  #dueAt(last: number): number {
    return (Math.floor((last + this.#options.settleSeconds) / DUE_SLOT) + 1) * DUE_SLOT;
  }
}

function* itemsOf(packs: Iterable<PackItem>): Generator<Item> {
  for (const { item } of packs) yield item;
}
