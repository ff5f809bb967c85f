/**
 * Where the windows table stores the evidence that one file has about a source in one hour. Most sources show nothing
 * suspicious, so they share compressed items: cost follows suspicion, not traffic.
 */
import { type Fragment, mergeFragments, type SeenContact } from '../evidence/evidence.ts';
import { GroupCounter, type LeastEvidence, serviceNumber } from '../evidence/least-evidence.ts';
import { limitsOf } from '../evidence/sample.ts';
import {
  hasInitiatorHalf,
  isFailedProbe,
  isSuspect,
  outcomeOf,
  SEEN_OWN_TARGET,
  SEEN_PATIENT,
} from '../evidence/seen.ts';
import { Networks } from '../net/networks.ts';
import {
  hourText,
  insideSharesPartition,
  packedInsidePartition,
  packedOutsidePartition,
  sampledOutsidePartition,
  sourcePartition,
} from './keys.ts';

/** With less evidence than this in one file, no sweep of open ports can have its half there. */
export interface Bound {
  readonly least: LeastEvidence;
  /** Which addresses are inside. */
  readonly networks: Networks;
}

/** One way to store a fragment. */
export interface Placement {
  readonly name: 'packed outside' | 'packed inside' | 'own item' | 'sample of outside' | 'shares of inside';
  /** Whether this placement stores a fragment that no placement above it took. */
  readonly takes: (fragment: Fragment, bound: Bound) => boolean;
  /** Whether the fragment is stored only in this placement. Otherwise placements below may store a copy. */
  readonly isOnly: boolean;
  readonly partition: (fragment: Fragment) => string;
  /** The beginning of the sort key, before the object. */
  readonly sortPrefix: (fragment: Fragment) => string;
  /** Whether many sources share an item. */
  readonly isPacked: boolean;
  /** The contacts that it stores. Default: all. */
  readonly keeps?: (contact: SeenContact) => boolean;
  /** Maximum number of failed contacts, beyond it a sample as in `lib/evidence/sample.ts`. Default: all. */
  readonly sampledTo?: number;
  /**
   * Whether items are dropped while the table is at its write ceiling. All others are retried until they are written.
   */
  readonly mayBeDropped: boolean;
  /** Whether a source with a failure or an outstanding answer is marked to be judged again. */
  readonly isMarked: boolean;
  /** Methods of the store that read it. */
  readonly readBy: readonly (
    | 'readOwnItems'
    | 'readSource'
    | 'packedSources'
    | 'outsideSources'
    | 'insideShares'
    | 'quietSources'
  )[];
}

/** Outside sources with at most this many contacts in one file are packed. */
const PACKED_OUTSIDE_CONTACTS = 7;
/** Inside sources with at most this many contacts, none of which failed, are packed. */
const PACKED_INSIDE_CONTACTS = 64;
/** Contacts of an outside source in the copy beside its own item. */
const SAMPLED_CONTACTS = 256;

/** Failures of an inside source in the copy beside its own item. A source with more is found alone. */
const SHARES = 64;

/**
 * All placements. A fragment goes to the first one that takes it, and also to further ones unless that one is the only.
 */
export const PLACEMENTS: readonly Placement[] = [
  {
    name: 'packed outside',
    takes: (fragment) => isOutside(fragment) && fragment.contacts.length <= PACKED_OUTSIDE_CONTACTS,
    isOnly: true,
    partition: (fragment) => packedOutsidePartition(fragment.hour, fragment),
    sortPrefix: () => '',
    isPacked: true,
    mayBeDropped: true,
    isMarked: false,
    readBy: ['readSource', 'packedSources', 'outsideSources'],
  },
  {
    name: 'packed inside',
    takes: (fragment, bound) => isWell(fragment) && !mayAddUp(fragment, bound),
    isOnly: true,
    partition: packedInsidePartition,
    sortPrefix: ({ hour }) => `${hourText(hour)}#`,
    isPacked: true,
    mayBeDropped: false,
    isMarked: true,
    readBy: ['readSource', 'quietSources'],
  },
  {
    name: 'own item',
    takes: () => true,
    isOnly: false,
    partition: sourcePartition,
    sortPrefix: ({ hour }) => `${hourText(hour)}#`,
    isPacked: false,
    mayBeDropped: false,
    isMarked: true,
    readBy: ['readOwnItems', 'readSource'],
  },
  {
    name: 'sample of outside',
    takes: (fragment) => isOutside(fragment),
    isOnly: true,
    partition: (fragment) => sampledOutsidePartition(fragment.hour, fragment),
    sortPrefix: () => '',
    isPacked: true,
    sampledTo: SAMPLED_CONTACTS,
    mayBeDropped: false,
    isMarked: true,
    readBy: ['packedSources', 'outsideSources'],
  },
  {
    name: 'shares of inside',
    // Without shares, the pack only lists the source: its address and its interface.
    takes: (fragment) => isInside(fragment) && (isWell(fragment) || fragment.contacts.some(mayBeShare)),
    isOnly: true,
    partition: ({ scope }) => insideSharesPartition(scope),
    sortPrefix: ({ hour }) => `${hourText(hour)}#`,
    isPacked: true,
    keeps: mayBeShare,
    sampledTo: SHARES,
    mayBeDropped: false,
    isMarked: true,
    readBy: ['insideShares', 'quietSources'],
  },
];

/** The placements of a fragment: one, or an item of its own and a sample beside it. */
export function placementsOf(fragment: Fragment, bound: Bound): readonly Placement[] {
  const chosen: Placement[] = [];
  for (const placement of PLACEMENTS) {
    if (!placement.takes(fragment, bound)) continue;
    chosen.push(placement);
    if (placement.isOnly) break;
  }
  return chosen;
}

/** A fragment in the form that a placement stores. */
export function sampledFor({ sampledTo, keeps }: Placement, fragment: Fragment): Fragment {
  if (sampledTo === undefined) return fragment;
  // Without answered contacts, nothing is gained by knowing which of them were left out.
  const kept = keeps
    ? { ...fragment, sample: { ...fragment.sample, leftOut: [] }, contacts: fragment.contacts.filter(keeps) }
    : fragment;
  const [pane] = mergeFragments([kept], limitsOf(sampledTo))!.panes;
  return { ...fragment, ...pane! };
}

export const isOutside = (fragment: Pick<Fragment, 'inside' | 'scope'>): boolean =>
  !fragment.inside && fragment.scope === 'internet';

/** Whether this is an inside source whose scope tells it apart from all others. */
const isInside = ({ inside, scope }: Fragment): boolean => inside && scope !== 'internet';

const privateNetworks = new Networks();

/** Whether a contact with an inside target failed at the first try, as far as one file shows. Clients try again. */
function mayBeShare({ seen, target }: SeenContact): boolean {
  if (!isFailedProbe(seen) || (outcomeOf(seen) !== 'reset' && seen & SEEN_PATIENT)) return false;
  return (seen & SEEN_OWN_TARGET) !== 0 || privateNetworks.isInsideText(target);
}

/** Whether this is an inside source with few contacts, all of which succeeded as far as it made them. */
const isWell = ({ inside, contacts }: Fragment): boolean =>
  inside &&
  contacts.length <= PACKED_INSIDE_CONTACTS &&
  contacts.every(({ seen }) => !hasInitiatorHalf(seen) || outcomeOf(seen) === 'established');

/** The file may begin or end anywhere, so half of a scan is enough to read more. */
const SHARE = 0.5;

/**
 * Whether contacts of an inside source that failed or were left at once may add up to a scan with those of other files.
 */
export function mayAddUp(fragment: Pick<Fragment, 'contacts' | 'scope'>, { least, networks }: Bound): boolean {
  const counter = new GroupCounter<string>(least.inside, SHARE);
  // Only the file of the target's interface tells that a public address is inside, and this may be another file.
  const isPublic = fragment.scope === 'internet';
  return fragment.contacts.some(
    (contact) =>
      isSuspect(contact) &&
      counter.add(
        contact.target,
        serviceNumber(contact),
        isPublic || (contact.seen & SEEN_OWN_TARGET) !== 0 || networks.isInsideText(contact.target),
      ),
  );
}
