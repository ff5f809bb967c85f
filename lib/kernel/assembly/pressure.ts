/**
 * Makes room when the tables are full. They grow up to a bound. At the bound the host takes everything, or the least
 * suspicious evidence is dropped.
 *
 * Evidence is dropped in this order until half of the room is free, or a quarter from step 7 on:
 * 1. sources without contacts that may be probes, or with a few ports that they found open,
 * 2. answered contacts beyond a large sample, then beyond a medium one,
 * 3. outside sources with few failed probes, and inside ones without any, starting with those not seen for the longest
 *    time,
 * 4. answered contacts beyond a small sample,
 * 5. inside sources with very few failed probes,
 * 6. answered contacts beyond a tiny sample,
 * 7. failed and touched contacts beyond a large sample, then beyond a small one,
 * 8. sources with more failed probes, and parts of the samples.
 *
 * What is answered never displaces a scan: failed contacts are sampled only when hardly any others are left. Steps with
 * answered contacts are taken only where they free much.
 *
 * Inside sources with some failed probes are spared, unless inside sources are the flood.
 */
import { KIND_INSIDE, RANK_OWN } from '../rows';
import * as addresses from './addresses';
import * as contacts from './contacts';
import * as interfaces from './interfaces';
import * as leftOut from './left-out';
import { clearIndexes, hasRoom, resize, rows, scratch } from './layout';
import * as sampling from './sampling';
import * as table from './table';

/** Passes everything in the tables to the host, so that they can start empty. */
// @ts-ignore: decorator
@external('host', 'spill')
declare function spill(): void;

/** Initial number of rows, and the factor by which they grow. The host sets the maximum. */
const FEWEST: u32 = 4096;
const GROWTH: u32 = 8;
let most: u32 = FEWEST;
let spills: bool = false;

/**
 * Sample sizes that are enough to see a source clearly, to estimate its successes, to see it at all, and to see that it
 * succeeds.
 */
const LARGE_SAMPLE: u32 = 256;
const MEDIUM_SAMPLE: u32 = 64;
const SMALL_SAMPLE: u32 = 16;
const TINY_SAMPLE: u32 = 4;
/** A smaller sample of answered contacts must free this part of the room, or they are of more use where they are. */
const WORTHWHILE: u32 = 4;
/** A source with at least this many failed probes is reduced rather than dropped, as long as that frees enough room. */
const FEW: u32 = 8;
/** A source that found this many ports open within an hour, and left, is worth more than one that did nothing alike. */
const SOME_OPEN: u32 = 8;
/** A failed probe in the weight of a source. Hours with open ports count 1 each, and are fewer. */
const PROBE: u32 = 1024;
/**
 * An inside source with at least this many failed probes is spared. With fewer, its answers may still arrive. As long as
 * answered contacts can be dropped instead, it is spared with any.
 */
const SOME: u32 = 4;
let spared: u32 = 1;
/** The part of the room that must be free: half of it, or a quarter where only contacts that failed can be dropped. */
const HALF: u32 = 2;
const QUARTER: u32 = 4;
let part: u32 = HALF;
/** Limit per source for all but the largest floods. A source with more contacts is not the reason for full tables. */
const MANY: u32 = 4096;
/** More failed probes make no source heavier, so that the heaviest ones can be dropped too. */
const MOST_WEIGHT: u32 = MANY * PROBE;
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
  resize(min(FEWEST, most), 1, 1, 1, 0);
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
  if (hasRoom(more, addresses.count, table.paneCount, table.contactCount)) return;
  if (rows < most)
    resize(min(rows * GROWTH, most), addresses.count, table.paneCount, table.contactCount, leftOut.used);
  // The last step may be small.
  if (!hasRoom(more, addresses.count, table.paneCount, table.contactCount)) {
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

/** Whether enough of the room would be free with this many panes and contacts, and the addresses they may have. */
function suffices(panes: u32, kept: u32): bool {
  const bound = rows - rows / part;
  return panes <= bound && kept <= bound;
}

function relieve(more: u32): void {
  // Since the tables were last full, sources may have grown beyond the limits of that time.
  if (timesFull++) cutToLimits();
  spared = 1;
  part = HALF;
  dropUpTo(0);
  shrinkAnswered(LARGE_SAMPLE);
  shrinkAnswered(MEDIUM_SAMPLE);
  dropFew();
  shrinkAnswered(SMALL_SAMPLE);
  spared = SOME;
  dropFew();
  shrinkAnswered(TINY_SAMPLE);
  part = QUARTER;
  shrink(LARGE_SAMPLE);
  shrink(SMALL_SAMPLE);
  for (let failedProbes = FEW; !isRelieved(); failedProbes *= 2) {
    if (failedProbes > MANY) {
      // The flood comes from inside, so inside sources are cut like any other.
      sampling.setSparesInside(false);
      sampling.cutAll();
      keepAll();
      failedProbes = 1;
    }
    dropUpTo(failedProbes * PROBE + PROBE - 1);
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

/** Drops sources with few failed probes until there is room, those with the fewest first. */
function dropFew(): void {
  for (let failedProbes: u32 = 0; failedProbes < FEW && !isRelieved(); failedProbes++)
    dropUpTo(failedProbes * PROBE + PROBE - 1);
}

/** Whether there is so little room for addresses that the tables would soon be full again. */
function isTight(more: u32): bool {
  return !hasRoom(max(more, rows / 16), addresses.count, table.paneCount, table.contactCount);
}

function isRelieved(): bool {
  return suffices(table.paneCount, table.contactCount);
}

/** Halves the number of answered contacts kept for each source and hour until there is room, down to a sample. */
function shrinkAnswered(sample: u32): void {
  if (isRelieved() || sampling.excessOver(sample, scratch) < rows / WORTHWHILE) return;
  while (!isRelieved() && sampling.answeredLimit > sample) {
    sampling.setAnsweredLimit(max(sample, sampling.answeredLimit / 2));
    cutToLimits();
  }
}

/** Halves the number of failed and touched contacts kept for each source and hour until there is room. */
function shrink(sample: u32): void {
  while (!isRelieved() && sampling.probeLimit > sample) {
    sampling.setProbeLimit(max(sample, sampling.probeLimit / 2));
    cutToLimits();
  }
}

function cutToLimits(): void {
  const before = table.contactCount;
  sampling.cutAll();
  keepAll();
  contactsDropped += before - table.contactCount;
}

/** Moves the remaining contacts together. */
function keepAll(): void {
  memory.fill(scratch, 1, table.paneCount * 4);
  table.keepPanes(scratch);
}

/**
 * How suspicious an hour of a source is: {@link PROBE} for each failed probe, and 1 for some ports found open. Of a
 * sampled hour, as many probes count as the sample stands for: otherwise a scan of minutes, once it was sampled, would
 * weigh less than noise that comes back for hours.
 */
// @ts-expect-error: decorator
@inline
function weightOf(pane: u32): u32 {
  const counts = table.failedProbesOf(pane);
  const failedProbes = min(MANY, sampling.estimateOf(pane, counts / sampling.PROBE));
  return failedProbes * PROBE + (counts % sampling.PROBE >= SOME_OPEN ? 1 : 0);
}

/**
 * Drops sources of at most this weight until there is room, starting with those not seen for the longest
 * time. The weight of a source counts all its hours.
 */
function dropUpTo(weight: u32): void {
  sampling.weighSuspicion();
  const bySource = scratch;
  memory.fill(bySource, 0, addresses.count * 4);
  let oldest: u32 = u32.MAX_VALUE;
  let latest: u32 = 0;
  for (let pane: u32 = 1; pane < table.paneCount; pane++) {
    const at = bySource + table.sourceOf(pane) * 4;
    store<u32>(at, min(MOST_WEIGHT, load<u32>(at) + weightOf(pane)));
  }
  // An inside source that may be scanning is worth more than any outside source.
  for (let id: u32 = 1; sampling.sparesInside && id < addresses.count; id++)
    if ((addresses.kind(id) & KIND_INSIDE) != 0 && load<u32>(bySource + id * 4) >= spared * PROBE)
      store<u32>(bySource + id * 4, u32.MAX_VALUE);
  for (let pane: u32 = 1; pane < table.paneCount; pane++) {
    if (load<u32>(bySource + table.sourceOf(pane) * 4) > weight) continue;
    oldest = min(oldest, table.latestOf(pane));
    latest = max(latest, table.latestOf(pane));
  }
  const span = latest >= oldest ? latest - oldest + 1 : 1;
  memory.fill(ages, 0, AGES * 8);
  for (let pane: u32 = 1; pane < table.paneCount; pane++) {
    if (load<u32>(bySource + table.sourceOf(pane) * 4) > weight) continue;
    const at = ages + ageOf(pane, oldest, span) * 8;
    store<u32>(at, load<u32>(at) + 1);
    store<u32>(at, load<u32>(at, 4) + table.countOf(pane), 4);
  }
  let youngest: u32 = 0;
  let panes = table.paneCount;
  let kept = table.contactCount;
  while (youngest < AGES && !suffices(panes, kept)) {
    panes -= load<u32>(ages + youngest * 8);
    kept -= load<u32>(ages + youngest * 8, 4);
    youngest++;
  }
  markKept(weight, youngest, oldest, span);
}

const ages: u32 = <u32>memory.data(2048);

// @ts-expect-error: decorator
@inline
function ageOf(pane: u32, oldest: u32, span: u32): u32 {
  return <u32>((<u64>(table.latestOf(pane) - oldest) * AGES) / span);
}

function markKept(weight: u32, youngest: u32, oldest: u32, span: u32): void {
  const before = table.contactCount;
  let gone: u32 = 0;
  // Panes and sources are both numbered from 1. A pane's mark is stored in its own row until all sources were looked
  // up.
  for (let pane: u32 = 1; pane < table.paneCount; pane++) {
    const isLight = load<u32>(scratch + table.sourceOf(pane) * 4) <= weight;
    const goes = isLight && ageOf(pane, oldest, span) < youngest;
    table.setMark(pane, goes ? 0 : 1);
    if (goes) gone++;
  }
  for (let pane: u32 = 1; pane < table.paneCount; pane++) store<u32>(scratch + pane * 4, table.markOf(pane));
  table.keepPanes(scratch);
  sourcesDropped += gone;
  contactsDropped += before - table.contactCount;
}

/** Forgets the addresses that nothing refers to, except those that an interface holds. */
function keepAddresses(ofInterfaces: bool): void {
  memory.fill(scratch, 0, addresses.count * 4);
  table.markAddresses(scratch);
  interfaces.markAddresses(scratch);
  let kept: u32 = 1;
  for (let id: u32 = 1; id < addresses.count; id++) {
    if (load<u32>(scratch + id * 4) == 0 && !(ofInterfaces && addresses.rankOf(id) == RANK_OWN)) continue;
    if (kept != id) addresses.move(id, kept);
    store<u32>(scratch + id * 4, kept++);
  }
  addresses.setCount(kept);
  table.renumber(scratch);
  interfaces.renumber(scratch);
}
