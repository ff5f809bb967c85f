/**
 * What happens when the tables are full: they grow, up to a bound; at the bound the host takes all, or the least
 * suspicious is dropped.
 *
 * In this order, until half of the room is free: sources none of whose contacts may be probes; contacts of sources of
 * which more than a sample is held; sources with few failed probes, those first that were seen least lately; smaller samples.
 * Inside sources with some failed probes are spared, unless they are the flood themselves.
 */
import { KIND_INSIDE, RANK_OWN } from '../rows';
import * as addresses from './addresses';
import * as contacts from './contacts';
import * as interfaces from './interfaces';
import { clearIndexes, hasRoom, resize, rows, scratch } from './layout';

/** Takes all that the tables hold, so that they may begin anew. */
// @ts-ignore: decorator
@external('host', 'spill')
declare function spill(): void;

/** Rows to begin with, and by what they grow; the most are set by the host. */
const FEWEST: u32 = 4096;
const GROWTH: u32 = 8;
let most: u32 = FEWEST;
let spills: bool = false;

/** Samples that are enough to see a source clearly, and at all. */
const LARGE_SAMPLE: u32 = 256;
const SMALL_SAMPLE: u32 = 16;
/** A source with at least so many failed probes is reduced rather than dropped, as long as that helps. */
const FEW: u32 = 8;
/** An inside source with at least so many failed probes is spared: with fewer, answers may yet come. */
const SOME: u32 = 4;
/** No more are kept of any but the largest floods: what has more is not what fills the tables. */
const MANY: u32 = 4096;
/** Classes of sources by when they were seen last. */
const AGES: u32 = 256;

/** Sources (each hour for itself) and contacts that were dropped so far, and how often the bound was met. */
export let sourcesDropped: u32 = 0;
export let contactsDropped: u32 = 0;
export let timesFull: u32 = 0;

/** Sets the bound of the tables, and whether the host takes what they hold when they are full. */
export function start(mostRows: u32, isSpilling: bool): void {
  most = mostRows;
  spills = isSpilling;
  resize(min(FEWEST, most), 1, 1, 1);
}

/** Forgets everything but the bound. */
export function clear(): void {
  contacts.clear();
  addresses.setCount(1);
  addresses.clearTexts();
  interfaces.clear();
  clearIndexes();
}

/** Makes room for so many more contacts, each with a pane and two addresses of its own. */
export function makeRoom(more: u32): void {
  if (hasRoom(more, addresses.count, contacts.paneCount, contacts.contactCount)) return;
  if (rows < most) resize(min(rows * GROWTH, most), addresses.count, contacts.paneCount, contacts.contactCount);
  // The last step may be a small one.
  if (!hasRoom(more, addresses.count, contacts.paneCount, contacts.contactCount)) {
    if (spills) {
      spill();
      clear();
      return;
    }
    relieve(more);
  }
  addresses.clearTexts();
  addresses.clearLastPanes();
  addresses.reindex();
  contacts.reindexPanes();
  contacts.reindexContacts();
}

/** Whether half of the room would be free with so many panes and contacts, and as many addresses as they may have. */
function suffices(panes: u32, kept: u32): bool {
  return panes <= rows / 2 && kept <= rows / 2;
}

function relieve(more: u32): void {
  timesFull++;
  dropUpTo(0);
  while (!isRelieved() && contacts.limit > LARGE_SAMPLE) shrink();
  for (let failedProbes: u32 = 1; failedProbes < FEW && !isRelieved(); failedProbes++) dropUpTo(failedProbes);
  while (!isRelieved() && contacts.limit > SMALL_SAMPLE) shrink();
  for (let failedProbes = FEW; !isRelieved(); failedProbes *= 2) {
    if (failedProbes > MANY) {
      // Then it is a flood from inside, which is cut like any other.
      contacts.setSparesInside(false);
      contacts.cutAll();
      keepAll();
      failedProbes = 1;
    }
    dropUpTo(failedProbes);
  }
  keepAddresses(true);
  // A log in which every address is an interface's own is none of AWS's, nor one with more interfaces than contacts.
  if (isTight(more)) keepAddresses(false);
  if (isTight(more)) {
    interfaces.forgetCandidates();
    keepAddresses(false);
  }
  clearIndexes();
}

/** Whether there is so little room for addresses that the tables would soon be full again. */
function isTight(more: u32): bool {
  return !hasRoom(max(more, rows / 16), addresses.count, contacts.paneCount, contacts.contactCount);
}

function isRelieved(): bool {
  return suffices(contacts.paneCount, contacts.contactCount);
}

/** Halves what is kept of each source and hour. */
function shrink(): void {
  const before = contacts.contactCount;
  contacts.setLimit(contacts.limit / 2);
  contacts.cutAll();
  keepAll();
  contactsDropped += before - contacts.contactCount;
}

/** Moves the contacts that are left together. */
function keepAll(): void {
  memory.fill(scratch, 1, contacts.paneCount * 4);
  contacts.keepPanes(scratch);
}

/**
 * Drops sources with so many failed probes at most, until half of the room is free: those first that were seen least
 * lately. The weight of a source is that of all its hours.
 */
function dropUpTo(failedProbes: u32): void {
  contacts.weigh();
  // By source: its failed probes, then, for those that may go, one more than the age class.
  const bySource = scratch;
  memory.fill(bySource, 0, addresses.count * 4);
  let oldest: u32 = u32.MAX_VALUE;
  let latest: u32 = 0;
  for (let pane: u32 = 1; pane < contacts.paneCount; pane++) {
    const at = bySource + contacts.sourceOf(pane) * 4;
    store<u32>(at, load<u32>(at) + contacts.failedProbesOf(pane));
  }
  // One of ours that may be scanning is worth more than any stranger.
  for (let id: u32 = 1; contacts.sparesInside && id < addresses.count; id++)
    if ((addresses.kind(id) & KIND_INSIDE) != 0 && load<u32>(bySource + id * 4) >= SOME)
      store<u32>(bySource + id * 4, u32.MAX_VALUE);
  for (let pane: u32 = 1; pane < contacts.paneCount; pane++) {
    if (load<u32>(bySource + contacts.sourceOf(pane) * 4) > failedProbes) continue;
    oldest = min(oldest, contacts.latestOf(pane));
    latest = max(latest, contacts.latestOf(pane));
  }
  const span = latest >= oldest ? latest - oldest + 1 : 1;
  memory.fill(ages, 0, AGES * 8);
  for (let pane: u32 = 1; pane < contacts.paneCount; pane++) {
    if (load<u32>(bySource + contacts.sourceOf(pane) * 4) > failedProbes) continue;
    const at = ages + ageOf(pane, oldest, span) * 8;
    store<u32>(at, load<u32>(at) + 1);
    store<u32>(at, load<u32>(at, 4) + contacts.countOf(pane), 4);
  }
  let youngest: u32 = 0;
  let panes = contacts.paneCount;
  let kept = contacts.contactCount;
  while (youngest < AGES && !suffices(panes, kept)) {
    panes -= load<u32>(ages + youngest * 8);
    kept -= load<u32>(ages + youngest * 8, 4);
    youngest++;
  }
  markKept(failedProbes, youngest, oldest, span);
}

const ages: u32 = <u32>memory.data(2048);

// @ts-expect-error: decorator
@inline
function ageOf(pane: u32, oldest: u32, span: u32): u32 {
  return <u32>((<u64>(contacts.latestOf(pane) - oldest) * AGES) / span);
}

function markKept(failedProbes: u32, youngest: u32, oldest: u32, span: u32): void {
  const before = contacts.contactCount;
  let gone: u32 = 0;
  // Both panes and sources are numbered from 1: a pane's mark stands in its own row until all sources were looked up.
  for (let pane: u32 = 1; pane < contacts.paneCount; pane++) {
    const isLight = load<u32>(scratch + contacts.sourceOf(pane) * 4) <= failedProbes;
    const goes = isLight && ageOf(pane, oldest, span) < youngest;
    contacts.setMark(pane, goes ? 0 : 1);
    if (goes) gone++;
  }
  for (let pane: u32 = 1; pane < contacts.paneCount; pane++) store<u32>(scratch + pane * 4, contacts.markOf(pane));
  contacts.keepPanes(scratch);
  sourcesDropped += gone;
  contactsDropped += before - contacts.contactCount;
}

/** Forgets the addresses that nothing refers to any more, but for those that an interface holds. */
function keepAddresses(ofInterfaces: bool): void {
  memory.fill(scratch, 0, addresses.count * 4);
  contacts.markAddresses(scratch);
  interfaces.markAddresses(scratch);
  let kept: u32 = 1;
  for (let id: u32 = 1; id < addresses.count; id++) {
    if (load<u32>(scratch + id * 4) == 0 && !(ofInterfaces && addresses.rankOf(id) == RANK_OWN)) continue;
    if (kept != id) addresses.move(id, kept);
    store<u32>(scratch + id * 4, kept++);
  }
  addresses.setCount(kept);
  contacts.renumber(scratch);
  interfaces.renumber(scratch);
}
