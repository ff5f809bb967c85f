/** Sliding windows over first contacts, in which enough contacts indicate a scan and far outnumber the others. */

import { type Ceiling, CONTEXTS } from './contexts.ts';
import { HORIZONS, type HorizonName, type SourceDetection, type WindowRule } from './detection.ts';
import type { FirstContact } from './first-contact.ts';
import { type ScanSettings, settingOf } from './settings.ts';

/** A window of a group that met every threshold of its detection. */
export interface Window {
  readonly detection: SourceDetection;
  readonly rule: WindowRule;
  /** The target or the port that the group shares. Empty if it shares only its source. */
  readonly shared: string;
  /** Positions in the group: the window is `[from, at]`. */
  readonly from: number;
  readonly at: number;
  /** The contact that completed the window. */
  readonly contact: FirstContact;
  /** How many of the last contacts would have been enough without the earlier ones. */
  readonly enough: number;
  /** End of the first of these, epoch seconds. */
  readonly since: number;
  /** Distinct contacts in the window that were kept, those that indicate a scan and the others. */
  readonly failures: number;
  /** What the others are worth in successes. A contact that was answered and left is worth half. */
  readonly successes: number;
  /** Distinct contacts that do not indicate a scan, each counted once. */
  readonly others: number;
  /** The highest severity that the contexts allow. Undefined if the thresholds are met without doubtful contacts. */
  readonly atMost: Ceiling | undefined;
  /** Whether the contacts are a sample of a larger number. */
  readonly isSampled: boolean;
  /** Log-likelihood ratio of the walk over the window. */
  readonly walk: number;
}

/**
 * Whether a window counts first contacts, those not made in the hour before. Otherwise it counts each contact once in
 * three days.
 */
export const isShort = ({ horizon }: Pick<WindowRule, 'horizon'>): boolean => HORIZONS[horizon] <= HORIZONS['1h'];

/** Minimum number of contacts that any window of any detection needs. */
export const leastFloor = (detections: readonly SourceDetection[], settings: ScanSettings): number =>
  Math.min(...detections.flatMap(({ windows }) => windows.map(({ floor }) => settingOf(settings, floor))));

/** Number of failures that one success outweighs within a horizon. */
export const ratioOf = (horizon: HorizonName, settings: ScanSettings): number =>
  HORIZONS[horizon] > HORIZONS['1h'] ? settings.failuresPerSuccessSlow : settings.failuresPerSuccess;

/** Number of failed recurring contacts that a group of a detection may have before they count as probes. */
export const habitLimitOf = ({ habitLimit = 'habitLimit' }: SourceDetection, settings: ScanSettings): number =>
  settingOf(settings, habitLimit);

/**
 * The step of the walk for a failure and a success, and the bound above which a source is a scanner (Jung et al. 2004).
 */
export function walkOf(settings: ScanSettings): { failure: number; success: number; bound: number } {
  return {
    failure: Math.log((1 - settings.scannerSuccess) / (1 - settings.benignSuccess)),
    success: Math.log(settings.scannerSuccess / settings.benignSuccess),
    bound: Math.log(settings.detectionRate / settings.falsePositiveRate),
  };
}

/**
 * All windows of one group that meet the thresholds. The group's contacts must be in order of time. A window reaches
 * back one horizon from its last contact, widened by that contact's own record, so that no alignment of records or
 * intervals can split a scan. Only contacts that were kept decide, because a sampled one is not evidence for those it
 * stands for.
 */
export function findWindows(
  group: readonly FirstContact[],
  shared: string,
  detection: SourceDetection,
  rule: WindowRule,
  settings: ScanSettings,
): Window[] {
  if (!hasSpeakers(group, detection, settingOf(settings, rule.floor))) return [];
  const seconds = HORIZONS[rule.horizon];
  const thresholds = new Thresholds(detection, rule, settings);
  const counts = new Counts(detection);
  const sequel = new Sequel(group, detection, seconds);
  const windows: Window[] = [];
  let from = 0;
  for (let at = 0; at < group.length; at++) {
    const contact = group[at]!;
    counts.add(contact, 1);
    const reach = contact.start - seconds;
    // A record may end later than the previous one and still begin earlier. The window then reaches back further.
    while (from > 0 && group[from - 1]!.end >= reach) counts.add(group[--from]!, 1);
    for (; group[from]!.end < reach; from++) counts.add(group[from]!, -1);
    if (!thresholds.areMet(counts, group, from, at)) continue;
    if (!sequel.isScan(from, at, ratioOf(rule.horizon, settings))) continue;
    const enough = countEnough(group, from, at, detection, thresholds);
    windows.push({
      detection,
      rule,
      shared,
      from,
      at,
      contact,
      enough,
      since: group[at - enough + 1]!.end,
      failures: thresholds.failuresOf(counts),
      successes: counts.successes,
      others: counts.others,
      atMost: CEILINGS.find((ceiling) => !thresholds.areMet(counts, group, from, at, ceiling)),
      isSampled: counts.sampled > 0,
      walk: thresholds.walkOf(counts),
    });
  }
  return windows;
}

/** How many contacts are enough, counted back from the one at `at`. */
function countEnough(
  group: readonly FirstContact[],
  from: number,
  at: number,
  detection: SourceDetection,
  thresholds: Thresholds,
): number {
  const counts = new Counts(detection);
  for (let first = at; first > from; first--) {
    counts.add(group[first]!, 1);
    if (thresholds.areMet(counts, group, first, at)) return at - first + 1;
  }
  return at - from + 1;
}

/** Whether a contact indicates a scan: it failed, or it was a touch or visit and the detection counts these. */
export const speaksForScan = (contact: FirstContact, { counts }: SourceDetection): boolean =>
  CONTEXTS[contact.context].failure > 0 ||
  (counts !== 'failures' && contact.isTouch) ||
  (counts === 'failures, touches and visits' && contact.isVisit);

/** The ceilings of contexts, from the lowest. */
const CEILINGS = ['low', 'medium'] as const satisfies readonly Ceiling[];
const NO_CEILING = CEILINGS.length;

/** Position of a contact's ceiling among {@link CEILINGS}, or behind them if its context has none. */
function ceilingOf({ context }: FirstContact): number {
  const { atMost } = CONTEXTS[context];
  return atMost ? CEILINGS.indexOf(atMost) : NO_CEILING;
}

/** Whether at least `floor` contacts of a group indicate a scan. This rules out most groups at little cost. */
export function hasSpeakers(group: readonly FirstContact[], detection: SourceDetection, floor: number): boolean {
  let speakers = 0;
  for (const contact of group) if (speaksForScan(contact, detection) && ++speakers >= floor) return true;
  return false;
}

/** The contacts in a window by what they indicate. */
export class Counts {
  /** Contacts that indicate a scan and recurring ones among them, by {@link ceilingOf}. */
  readonly #failures = new Array<number>(NO_CEILING + 1).fill(0);
  readonly #habits = new Array<number>(NO_CEILING + 1).fill(0);
  successes = 0;
  others = 0;
  /** Contacts that also stand for others. */
  sampled = 0;
  readonly #detection: SourceDetection;

  constructor(detection: SourceDetection) {
    this.#detection = detection;
  }

  add(contact: FirstContact, sign: 1 | -1): void {
    if (contact.weight > 1) this.sampled += sign;
    if (!speaksForScan(contact, this.#detection)) {
      this.others += sign;
      this.successes += sign * CONTEXTS[contact.context].success;
    } else (contact.isHabit ? this.#habits : this.#failures)[ceilingOf(contact)]! += sign;
  }

  /** Contacts that indicate a scan, without recurring ones. @param from leaves out those with a lower ceiling. */
  failures(from: number): number {
    return sumFrom(this.#failures, from);
  }

  /** The recurring contacts among those that would indicate a scan. */
  habits(from: number): number {
    return sumFrom(this.#habits, from);
  }
}

function sumFrom(counts: readonly number[], from: number): number {
  let sum = 0;
  for (let at = from; at < counts.length; at++) sum += counts[at]!;
  return sum;
}

/** The thresholds that a window must meet, all of them. */
export class Thresholds {
  readonly #detection: SourceDetection;
  readonly #floor: number;
  readonly #perSuccess: number;
  readonly #habitLimit: number;
  readonly #walk: ReturnType<typeof walkOf>;

  constructor(detection: SourceDetection, rule: WindowRule, settings: ScanSettings) {
    this.#detection = detection;
    this.#floor = settingOf(settings, rule.floor);
    this.#perSuccess = ratioOf(rule.horizon, settings);
    this.#habitLimit = habitLimitOf(detection, settings);
    this.#walk = walkOf(settings);
  }

  /** @param above counts only contacts whose context allows more than this severity. Default: all. */
  areMet(counts: Counts, group: readonly FirstContact[], from: number, at: number, above?: Ceiling): boolean {
    const least = above ? CEILINGS.indexOf(above) + 1 : 0;
    const failures = this.failuresOf(counts, least);
    if (failures < this.#floor || failures < this.#perSuccess * counts.successes) return false;
    if (this.#walkOf(failures, counts) < this.#walk.bound) return false;
    const { requires } = this.#detection;
    if (!requires) return true;
    const areProbes = this.#areHabitsProbes(counts.habits(least));
    const speaks = (contact: FirstContact) =>
      speaksForScan(contact, this.#detection) && (areProbes || !contact.isHabit) && ceilingOf(contact) >= least;
    return requires(group.slice(from, at + 1).filter(speaks));
  }

  /** Recurring contacts beyond the limit are not a stale configuration, because a scan that repeats is still a scan. */
  failuresOf(counts: Counts, least = 0): number {
    const habits = counts.habits(least);
    return counts.failures(least) + (this.#areHabitsProbes(habits) ? habits : 0);
  }

  /** Uses sums rather than steps, so the order within a window cannot matter. The walk restarts with each window. */
  walkOf(counts: Counts): number {
    return this.#walkOf(this.failuresOf(counts), counts);
  }

  #walkOf(failures: number, { successes }: Counts): number {
    return failures * this.#walk.failure + successes * this.#walk.success;
  }

  #areHabitsProbes(habits: number): boolean {
    return habits > this.#habitLimit;
  }
}

/** Decides whether the group still looks like a scan when the horizon after a window is included. */
class Sequel {
  readonly #group: readonly FirstContact[];
  readonly #seconds: number;
  readonly #failures: Float64Array;
  readonly #successes: Float64Array;
  #until = 0;

  constructor(group: readonly FirstContact[], detection: SourceDetection, seconds: number) {
    this.#group = group;
    this.#seconds = seconds;
    this.#failures = new Float64Array(group.length + 1);
    this.#successes = new Float64Array(group.length + 1);
    for (const [at, contact] of group.entries()) {
      const speaks = speaksForScan(contact, detection);
      this.#failures[at + 1] = this.#failures[at]! + (speaks ? contact.weight : 0);
      this.#successes[at + 1] =
        this.#successes[at]! + (speaks ? 0 : contact.weight * CONTEXTS[contact.context].success);
    }
  }

  /**
   * Success is evidence of innocence even if it comes a little later. A log that begins in the middle of a busy minute
   * shows the retries of the few that fail before it shows the many that succeed. Call in order of `at`.
   */
  isScan(from: number, at: number, failuresPerSuccess: number): boolean {
    const end = this.#group[at]!.end + this.#seconds;
    while (this.#until < this.#group.length && this.#group[this.#until]!.end <= end) this.#until++;
    const failures = this.#failures[this.#until]! - this.#failures[from]!;
    return failures >= failuresPerSuccess * (this.#successes[this.#until]! - this.#successes[from]!);
  }
}
