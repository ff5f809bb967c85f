/** Sliding windows over first contacts: where the failures of one group are many, and many more than its successes. */
import type { DetectionSettings } from '../config/detection.ts';
import { isFailure } from '../evidence/seen.ts';
import type { FirstContact } from './contacts.ts';

/**
 * What the contacts of a group share: a target (vertical), a port (horizontal), or only their source (block). `open`
 * ones share a port too, but it is their being fleeting that is counted, not their failing.
 */
export type GroupKind = 'vertical' | 'horizontal' | 'block' | 'open';

/** How far back a test looks, in seconds of log time, and what it is called in a finding. */
export interface Horizon {
  readonly name: '5m' | '1h' | '24h' | '72h';
  readonly seconds: number;
  /** Failures that suffice: of one target or port, or of pairs that share neither. */
  readonly floor: (settings: DetectionSettings, group: GroupKind) => number;
}

/** Looks at first contacts: what was not made in the hour before. */
export const SHORT_HORIZONS: readonly Horizon[] = [
  {
    name: '5m',
    seconds: 300,
    floor: (settings, group) =>
      ({ block: settings.pairsIn5Minutes, open: settings.openTargetsIn5Minutes })[group as string] ??
      settings.failuresIn5Minutes,
  },
  {
    name: '1h',
    seconds: 3600,
    floor: (settings, group) => (group === 'block' ? settings.pairsIn1Hour : settings.failuresIn1Hour),
  },
];

/** How far back the longest horizon looks, in seconds. */
export const LONGEST_SECONDS = 259_200;

/** Looks at distinct contacts: each once in three days. */
export const LONG_HORIZONS: readonly Horizon[] = [
  {
    name: '24h',
    seconds: 86_400,
    floor: (settings, group) => (group === 'block' ? settings.pairsIn24Hours : settings.failuresIn24Hours),
  },
  {
    name: '72h',
    seconds: LONGEST_SECONDS,
    floor: (settings, group) => (group === 'block' ? settings.pairsIn72Hours : settings.failuresIn72Hours),
  },
];

/** Contacts that speak for a scan below which no group of any kind can hit, whatever the horizon. */
export function leastFloor(settings: DetectionSettings): number {
  const kinds: readonly GroupKind[] = ['vertical', 'horizontal', 'block', 'open'];
  const floors = [...SHORT_HORIZONS, ...LONG_HORIZONS].flatMap(({ floor }) =>
    kinds.map((kind) => floor(settings, kind)),
  );
  return Math.min(...floors);
}

/** Failures that a success outweighs within a horizon. */
export const ratioOf = (horizon: Horizon, settings: DetectionSettings): number =>
  horizon.seconds > 3600 ? settings.failuresPerSuccessSlow : settings.failuresPerSuccess;

/** A contact with which a window of its group met every threshold. */
export interface Hit {
  /** Positions in the group: the window is `[from, at]`. */
  readonly from: number;
  readonly at: number;
  /** Distinct contacts in the window that were kept, and whether there were more of which they are a sample. */
  readonly failures: number;
  readonly successes: number;
  readonly isSampled: boolean;
  /** How many of the last contacts would have sufficed, had there been no others. */
  readonly sufficed: number;
  /** Log-likelihood ratio of the walk over the window. */
  readonly walk: number;
}

/** The step of the walk for a failure and a success, and the bound above which a source is a scanner (Jung et al. 2004). */
export function walkOf(settings: DetectionSettings): { failure: number; success: number; bound: number } {
  return {
    failure: Math.log((1 - settings.scannerSuccess) / (1 - settings.benignSuccess)),
    success: Math.log(settings.scannerSuccess / settings.benignSuccess),
    bound: Math.log(settings.detectionRate / settings.falsePositiveRate),
  };
}

/**
 * All hits of one group, whose contacts must be in order of time. A window reaches back `horizon` from its last contact,
 * widened by that contact's own record, so that no alignment of records or intervals can split a scan. What decides are
 * the contacts that were kept: a sampled one is no evidence for those it stands for.
 */
export function findHits(
  group: readonly FirstContact[],
  kind: GroupKind,
  horizon: Horizon,
  settings: DetectionSettings,
): Hit[] {
  if (!hasSpeakers(group, kind, horizon.floor(settings, kind))) return [];
  const decision = new Decision(kind, horizon, settings);
  const tally = new Tally(kind);
  const aftermath = new Aftermath(group, kind, horizon.seconds);
  const hits: Hit[] = [];
  let from = 0;
  for (let at = 0; at < group.length; at++) {
    const contact = group[at]!;
    tally.count(contact, 1);
    const reach = contact.start - horizon.seconds;
    // A record may end later and yet have begun earlier than the one before it: then the window reaches back further.
    while (from > 0 && group[from - 1]!.end >= reach) tally.count(group[--from]!, 1);
    for (; group[from]!.end < reach; from++) tally.count(group[from]!, -1);
    if (!decision.isMet(tally) || !aftermath.goesOn(from, at, ratioOf(horizon, settings))) continue;
    hits.push({
      from,
      at,
      failures: decision.failuresOf(tally),
      successes: tally.successes,
      isSampled: tally.sampled > 0,
      sufficed: shortest(group, from, at, kind, decision),
      walk: decision.walkOf(tally),
    });
  }
  return hits;
}

/** How many contacts suffice, counted back from the one at `at`. */
function shortest(
  group: readonly FirstContact[],
  from: number,
  at: number,
  kind: GroupKind,
  decision: Decision,
): number {
  const tally = new Tally(kind);
  for (let first = at; first > from; first--) {
    tally.count(group[first]!, 1);
    if (decision.isMet(tally)) return at - first + 1;
  }
  return at - from + 1;
}

/** Whether a contact speaks for a scan in a group of this kind: by failing, or by being fleeting. */
const speaksForScan = (contact: FirstContact, kind: GroupKind): boolean =>
  isFailure(contact.outcome) || (kind === 'open' && contact.isFleeting);

/** Whether so many contacts of a group speak for a scan: most groups are soon told not to hit anywhere. */
export function hasSpeakers(group: readonly FirstContact[], kind: GroupKind, floor: number): boolean {
  let speakers = 0;
  for (const contact of group) if (speaksForScan(contact, kind) && ++speakers >= floor) return true;
  return false;
}

/** Contacts in a window, by what they say. */
class Tally {
  failures = 0;
  habits = 0;
  successes = 0;
  /** Contacts that stand for others too. */
  sampled = 0;
  readonly #kind: GroupKind;

  constructor(kind: GroupKind) {
    this.#kind = kind;
  }

  count(contact: FirstContact, sign: 1 | -1): void {
    if (contact.weight > 1) this.sampled += sign;
    if (!speaksForScan(contact, this.#kind)) this.successes += sign;
    else if (contact.isHabit) this.habits += sign;
    else this.failures += sign;
  }
}

/** The thresholds that a window must meet, all of them. */
class Decision {
  readonly #floor: number;
  readonly #perSuccess: number;
  readonly #habitLimit: number;
  readonly #walk: ReturnType<typeof walkOf>;

  constructor(kind: GroupKind, horizon: Horizon, settings: DetectionSettings) {
    this.#floor = horizon.floor(settings, kind);
    this.#perSuccess = ratioOf(horizon, settings);
    this.#habitLimit = settings.habitLimit;
    this.#walk = walkOf(settings);
  }

  isMet(tally: Tally): boolean {
    const failures = this.failuresOf(tally);
    return (
      failures >= this.#floor &&
      failures >= this.#perSuccess * tally.successes &&
      this.walkOf(tally) >= this.#walk.bound
    );
  }

  /** A set of habits beyond the limit is no stale configuration: a scan that repeats is still a scan. */
  failuresOf({ failures, habits }: Tally): number {
    return failures + (habits > this.#habitLimit ? habits : 0);
  }

  /** Sums, not steps: the order within a window cannot matter, and with each window the walk begins anew. */
  walkOf(tally: Tally): number {
    return this.failuresOf(tally) * this.#walk.failure + tally.successes * this.#walk.success;
  }
}

/** Answers whether the group goes on as a scan from a window's first contact until one horizon after its last. */
class Aftermath {
  #group: readonly FirstContact[];
  #seconds: number;
  #failures: Float64Array;
  #successes: Float64Array;
  #until = 0;

  constructor(group: readonly FirstContact[], kind: GroupKind, seconds: number) {
    this.#group = group;
    this.#seconds = seconds;
    this.#failures = new Float64Array(group.length + 1);
    this.#successes = new Float64Array(group.length + 1);
    for (const [at, contact] of group.entries()) {
      const failed = speaksForScan(contact, kind);
      this.#failures[at + 1] = this.#failures[at]! + (failed ? contact.weight : 0);
      this.#successes[at + 1] = this.#successes[at]! + (failed ? 0 : contact.weight);
    }
  }

  /**
   * Success is evidence of innocence also when it comes a little later: a log that begins in the middle of a busy
   * minute shows the retries of the few that fail before it shows the many that succeed. Ask in order of `at`.
   */
  goesOn(from: number, at: number, failuresPerSuccess: number): boolean {
    const end = this.#group[at]!.end + this.#seconds;
    while (this.#until < this.#group.length && this.#group[this.#until]!.end <= end) this.#until++;
    const failures = this.#failures[this.#until]! - this.#failures[from]!;
    return failures >= failuresPerSuccess * (this.#successes[this.#until]! - this.#successes[from]!);
  }
}
