/** What one object says, as items of the windows table: who gets an item, who shares one, and who is marked as due. */

import { encodeFragment } from '../evidence/codec.ts';
import { type Fragment, mergeFragments } from '../evidence/evidence.ts';
import type { HashKey } from '../evidence/keyed-hash.ts';
import { GroupCounter, type LeastEvidence, serviceNumber } from '../evidence/least-evidence.ts';
import { hasInitiatorHalf, isFailedProbe, mayBeProbe, outcomeOf } from '../evidence/seen.ts';
import {
  calmPartition,
  duePartition,
  dueSort,
  expiresAt,
  hourText,
  loudPartition,
  noisePartition,
  sourcePartition,
} from './keys.ts';
import { type PackItem, Packs } from './packs.ts';

type Item = Record<string, unknown>;

/** Outside sources with at most this many contacts in one file are kept many to an item. */
const QUIET_CONTACTS = 7;
/** Inside sources with at most this many, all well, share items too. */
const CALM_CONTACTS = 64;
/** Contacts of a louder one in the copy that is kept beside, many to an item; more are sampled. */
const LOUD_CONTACTS = 256;
/** Sources fall due in slots of this many seconds, so that a busy one is marked once a slot. */
const DUE_SLOT = 600;
/** What the items depend on besides the fragments. */
export interface ItemOptions {
  readonly objectId: string;
  /** The clock, epoch seconds. */
  readonly now: number;
  readonly retentionDays: number;
  readonly settleSeconds: number;
  readonly least: LeastEvidence;
  readonly key: HashKey;
}

/** A source that needs no mark unless it comes late; `last` is the end of its last contact, epoch seconds. */
interface Unmarked {
  readonly scope: string;
  readonly address: string;
  readonly hour: number;
  readonly last: number;
  readonly expires: number;
}

/** The items of one object. Take all that {@link fragments} gives; what is to be written after it is known then. */
export class WindowItems {
  /** Due marks, by their sort key. */
  readonly marks = new Map<string, Item>();
  /** Packs of quiet outside sources. */
  readonly noise: PackItem[] = [];
  /** Hours in which outside sources were seen: what they did together is to be looked at. */
  readonly outsideHours = new Set<number>();
  readonly #unmarked: Unmarked[] = [];
  #options: ItemOptions;

  constructor(options: ItemOptions) {
    this.#options = options;
  }

  /** The items of the fragments but for those of quiet outside sources. */
  *fragments(fragments: Iterable<Fragment>): Generator<Item> {
    const { objectId, now, retentionDays, least, key } = this.#options;
    const noise = new Packs(objectId, key);
    const packs = new Packs(objectId, key);
    for (const fragment of fragments) {
      const expires = expiresAt((fragment.hour + 1) * 3600, now, retentionDays);
      if (isOutside(fragment)) this.outsideHours.add(fragment.hour);
      if (isQuiet(fragment)) {
        this.noise.push(...noise.add(noisePartition(fragment.hour, fragment), '', fragment, expires));
        continue;
      }
      this.#markWhereDue(fragment, expires);
      if (isCalm(fragment) && !mayAddUp(fragment, least)) {
        yield* itemsOf(packs.add(calmPartition(fragment), `${hourText(fragment.hour)}#`, fragment, expires));
        continue;
      }
      yield {
        pk: sourcePartition(fragment),
        sk: `${hourText(fragment.hour)}#${objectId}`,
        data: encodeFragment(fragment, key),
        expiresAt: expires,
      };
      if (isOutside(fragment))
        yield* itemsOf(packs.add(loudPartition(fragment.hour, fragment), '', sampleOf(fragment), expires));
    }
    yield* itemsOf(packs.rest());
    this.noise.push(...noise.rest());
  }

  /**
   * Adds marks for sources that would need none, but for others' files having been judged without this one: an answer that
   * comes late may refute what was found, or complete it, and nobody would look at it again.
   * @param judgedUntil log time up to which marks may have been taken back, after the fragments were written.
   */
  markLate(judgedUntil: number): void {
    for (const { last, ...mark } of this.#unmarked) if (this.#dueAt(last) <= judgedUntil) this.#mark({ ...mark, last });
    this.#unmarked.length = 0;
  }

  /** A source with a failure, or with an answer outstanding, is decided again once its answers are overdue. */
  #markWhereDue(fragment: Fragment, expires: number): void {
    const mayBeSweep = fragment.inside && mayAddUp(fragment, this.#options.least);
    let due = 0;
    let last = 0;
    for (const { seen, lastEnd } of fragment.contacts) {
      const isDue = mayBeSweep ? mayBeProbe(seen) : isFailedProbe(seen);
      if (isDue) due = Math.max(due, lastEnd);
      last = Math.max(last, lastEnd);
    }
    const { scope, address, hour } = fragment;
    if (due) this.#mark({ scope, address, hour, last: due, expires });
    // What came after the marked contact is due later, if at all.
    if (last > due) this.#unmarked.push({ scope, address, hour, last, expires });
  }

  /** Inside sources are marked once more, an hour at a time, for the horizons of days. */
  #mark({ scope, address, hour, last, expires }: Unmarked): void {
    const { objectId, settleSeconds } = this.#options;
    const source = { scope, address };
    const mark = { pk: duePartition(source), scope, address, hour, object: objectId, expiresAt: expires };
    const sort = dueSort(this.#dueAt(last), source);
    this.marks.set(sort, { ...mark, sk: sort });
    if (scope === 'internet') return;
    // A second past a slot: the two marks must never be one item.
    const longSort = dueSort((hour + 1) * 3600 + settleSeconds + 1, source);
    this.marks.set(longSort, { ...mark, isLong: true, sk: longSort });
  }

  #dueAt(last: number): number {
    return (Math.floor((last + this.#options.settleSeconds) / DUE_SLOT) + 1) * DUE_SLOT;
  }
}

/** The file may be cut anywhere, so half of a scan is enough for another look. */
const SHARE = 0.5;

/** Whether contacts of an inside source that failed or were left at once may add up to a scan with those of other files. */
function mayAddUp({ contacts }: Pick<Fragment, 'contacts'>, least: LeastEvidence): boolean {
  const counter = new GroupCounter<string>(least.inside, SHARE);
  return contacts.some((contact) => mayBeProbe(contact.seen) && counter.add(contact.target, serviceNumber(contact)));
}

function* itemsOf(packs: Iterable<PackItem>): Generator<Item> {
  for (const { item } of packs) yield item;
}

const isOutside = (fragment: Fragment) => !fragment.inside && fragment.scope === 'internet';
const isQuiet = (fragment: Fragment) => isOutside(fragment) && fragment.contacts.length <= QUIET_CONTACTS;

/** An inside source of few contacts, all of which succeeded as far as it made them. */
const isCalm = ({ inside, contacts }: Fragment) =>
  inside &&
  contacts.length <= CALM_CONTACTS &&
  contacts.every(({ seen }) => !hasInitiatorHalf(seen) || outcomeOf(seen) === 'established');

/** A fragment with its contacts cut to a uniform sample. */
function sampleOf(fragment: Fragment): Fragment {
  const [pane] = mergeFragments([fragment], LOUD_CONTACTS)!.panes;
  return { ...fragment, ...pane! };
}
