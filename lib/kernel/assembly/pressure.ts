/**
 * Makes room when the tables are full. They grow up to a bound. At the bound the host takes everything, or the least
 * suspicious evidence is dropped.
 *
 * Evidence is dropped in this order until half of the room is free:
 * 1. sources without contacts that may be probes,
 * 2. contacts beyond a sample, for sources of which more is kept,
 * 3. sources with few failed probes, starting with those not seen for the longest time,
 * 4. parts of the samples.
 *
 * Inside sources with some failed probes are spared, unless inside sources are the flood.
 */
import { KIND_INSIDE, RANK_OWN } from '../rows';
import * as addresses from './addresses';
import * as contacts from './contacts';
import * as interfaces from './interfaces';
import { clearIndexes, hasRoom, resize, rows, scratch } from './layout';

/** Passes everything in the tables to the host, so that they can start empty. */
// @ts-ignore: decorator
@external('host', 'spill')
declare function spill(): void;

/** Initial number of rows, and the factor by which they grow. The host sets the maximum. */
const FEWEST: u32 = 4096;
const GROWTH: u32 = 8;
let most: u32 = FEWEST;
let spills: bool = false;

/** Sample sizes that are enough to see a source clearly, and to see it at all. */
const LARGE_SAMPLE: u32 = 256;
const SMALL_SAMPLE: u32 = 16;
/** A source with at least this many failed probes is reduced rather than dropped, as long as that frees enough room. */
const FEW: u32 = 8;
/** An inside source with at least this many failed probes is spared. With fewer, its answers may still arrive. */
const SOME: u32 = 4;
/** Limit per source for all but the largest floods. A source with more contacts is not the reason for full tables. */
const MANY: u32 = 4096;
/** Classes of sources by the time when they were last seen. */
const AGES: u32 = 256;

/** Hours of sources and contacts that were dropped so far, and how often the bound was reached. */
export let sourcesDropped: u32 = 0;
export let contactsDropped: u32 = 0;
export let timesFull: u32 = 0;

/** Sets the bound of the tables, and whether the host takes their content when they are full. */
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

/** Makes room for this many more contacts, each with a new pane and two new addresses. */
export function makeRoom(more: u32): void {
  if (hasRoom(more, addresses.count, contacts.paneCount, contacts.contactCount)) return;
  if (rows < most) resize(min(rows * GROWTH, most), addresses.count, contacts.paneCount, contacts.contactCount);
  // The last step may be small.
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

/** Whether half of the room would be free with this many panes and contacts, and the addresses they may have. */
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
      // The flood comes from inside, so inside sources are cut like any other.
      contacts.setSparesInside(false);
      contacts.cutAll();
      keepAll();
      failedProbes = 1;
    }
    dropUpTo(failedProbes);
  }
  keepAddresses(true);
  // This happens only if every address is an interface's own, or there are more interfaces than contacts. AWS writes no
  // such log.
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

/** Halves the number of contacts kept for each source and hour. */
function shrink(): void {
  const before = contacts.contactCount;
  contacts.setLimit(contacts.limit / 2);
  contacts.cutAll();
  keepAll();
  contactsDropped += before - contacts.contactCount;
}

/** Moves the remaining contacts together. */
function keepAll(): void {
  memory.fill(scratch, 1, contacts.paneCount * 4);
  contacts.keepPanes(scratch);
}

/**
 * Drops sources with at most this many failed probes until half of the room is free, starting with those not seen for
 * the longest time. The weight of a source counts all its hours.
 */
function dropUpTo(failedProbes: u32): void {
  contacts.weigh();
  // By source: its failed probes, then, for sources that may be dropped, one more than their age class.
  const bySource = scratch;
  memory.fill(bySource, 0, addresses.count * 4);
  let oldest: u32 = u32.MAX_VALUE;
  let latest: u32 = 0;
  for (let pane: u32 = 1; pane < contacts.paneCount; pane++) {
    const at = bySource + contacts.sourceOf(pane) * 4;
    store<u32>(at, load<u32>(at) + contacts.failedProbesOf(pane));
  }
  // An inside source that may be scanning is worth more than any outside source.
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
  // Panes and sources are both numbered from 1. A pane's mark is stored in its own row until all sources were looked
  // up.
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

/** Forgets the addresses that nothing refers to, except those that an interface holds. */
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
