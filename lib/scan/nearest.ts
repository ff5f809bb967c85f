/** How near a source came to each threshold: for each detection and horizon the window that lacked least. */
import { HORIZONS, type SourceDetection, type WindowRule } from './detection.ts';
import type { Direction } from './direction.ts';
import type { FirstContact } from './first-contact.ts';
import { type Contacts, type Group, groupsOf } from './groups.ts';
import { type ScanSettings, settingOf } from './settings.ts';
import { Counts, findWindows, habitLimitOf, isShort, ratioOf, speaksForScan, Thresholds, walkOf } from './windows.ts';

/** What a window lacked. */
export type Lack = 'failures' | 'ratio' | 'walk' | 'condition' | 'sequel';

/** The window of a detection and horizon that came nearest to its thresholds, or met them. */
export interface Nearest {
  readonly direction: Direction;
  readonly detection: SourceDetection;
  readonly rule: WindowRule;
  /** The target or the port that its contacts share. Empty if they share only their source. */
  readonly shared: string;
  readonly contacts: readonly FirstContact[];
  /** Contacts that indicate a scan, and how many are needed. */
  readonly failures: number;
  readonly floor: number;
  /** What the other contacts are worth in successes, and how many failures each outweighs. */
  readonly successes: number;
  readonly perSuccess: number;
  readonly walk: number;
  readonly bound: number;
  /** Recurring failures, which count only beyond a limit. */
  readonly recurring: number;
  readonly habitLimit: number;
  /** Empty if it met everything. */
  readonly lacks: readonly Lack[];
  /** 1 if everything is met, otherwise the share of the threshold that it missed most. */
  readonly nearness: number;
}

/** The nearest window of each direction, detection and horizon with any contact that speaks for a scan, nearest first. */
export function nearestWindows(
  { first, distinct }: Contacts,
  detections: readonly SourceDetection[],
  settings: ScanSettings,
): Nearest[] {
  const found: Nearest[] = [];
  const directions = new Set([...first, ...distinct].map(({ direction }) => direction));
  for (const direction of directions) {
    const isHere = (contact: FirstContact) => contact.direction === direction;
    const contacts = { first: first.filter(isHere), distinct: distinct.filter(isHere) };
    for (const detection of detections.filter((one) => one.directions.includes(direction)))
      for (const rule of detection.windows) {
        const nearest = nearestOf(contacts, direction, detection, rule, settings);
        if (nearest) found.push(nearest);
      }
  }
  return found.sort(
    (a, b) => b.nearness - a.nearness || b.failures / b.floor - a.failures / a.floor || b.recurring - a.recurring,
  );
}

function nearestOf(
  contacts: Contacts,
  direction: Direction,
  detection: SourceDetection,
  rule: WindowRule,
  settings: ScanSettings,
): Nearest | undefined {
  let best: Nearest | undefined;
  for (const group of groupsOf(contacts, detection)) {
    const view = viewOf(group, rule);
    const span = spanOf(view, group.shared, detection, rule, settings);
    if (!span) continue;
    const next = describe(view, span, { direction, detection, rule, shared: group.shared }, settings);
    if (!best || isNearer(next, best)) best = next;
  }
  return best;
}

const isNearer = (a: Nearest, b: Nearest): boolean =>
  a.nearness === b.nearness ? a.failures + a.recurring > b.failures + b.recurring : a.nearness > b.nearness;

/** The contacts of a group that windows of a horizon see, as in `groups.ts`. */
function viewOf({ first, distinct }: Group, rule: WindowRule): readonly FirstContact[] {
  if (!isShort(rule)) return distinct;
  return rule.horizon === '5m' ? first : first.filter(({ isRepeat }) => !isRepeat);
}

interface Span {
  readonly from: number;
  readonly at: number;
  readonly isMet: boolean;
}

/** The strongest window that met everything, or else the one that came nearest. */
function spanOf(
  group: readonly FirstContact[],
  shared: string,
  detection: SourceDetection,
  rule: WindowRule,
  settings: ScanSettings,
): Span | undefined {
  let strongest: (Span & { readonly failures: number }) | undefined;
  for (const { from, at, failures } of findWindows(group, shared, detection, rule, settings))
    if (!strongest || failures > strongest.failures) strongest = { from, at, failures, isMet: true };
  if (strongest) return strongest;
  const meter = new Meter(detection, rule, settings);
  const counts = new Counts(detection);
  let best: (Span & { readonly nearness: number; readonly failures: number }) | undefined;
  let from = 0;
  for (let at = 0; at < group.length; at++) {
    const contact = group[at]!;
    counts.add(contact, 1);
    const reach = contact.start - HORIZONS[rule.horizon];
    while (from > 0 && group[from - 1]!.end >= reach) counts.add(group[--from]!, 1);
    for (; group[from]!.end < reach; from++) counts.add(group[from]!, -1);
    const { failures, nearness } = meter.read(counts);
    // Recurring failures are shown too, since people see them in the log.
    const speaking = failures + counts.habits(0);
    if (speaking === 0) continue;
    if (!best || nearness > best.nearness || (nearness === best.nearness && speaking > best.failures))
      best = { from, at, isMet: false, nearness, failures: speaking };
  }
  return best;
}

/** Reads how near some counts are to the thresholds of a window. */
class Meter {
  readonly floor: number;
  readonly perSuccess: number;
  readonly bound: number;
  readonly #thresholds: Thresholds;

  constructor(detection: SourceDetection, rule: WindowRule, settings: ScanSettings) {
    this.floor = settingOf(settings, rule.floor);
    this.perSuccess = ratioOf(rule.horizon, settings);
    this.bound = walkOf(settings).bound;
    this.#thresholds = new Thresholds(detection, rule, settings);
  }

  read(counts: Counts) {
    const failures = this.#thresholds.failuresOf(counts);
    const walk = this.#thresholds.walkOf(counts);
    const needed = this.perSuccess * counts.successes;
    const shares = {
      failures: failures / this.floor,
      ratio: needed === 0 ? 1 : failures / needed,
      walk: Math.max(0, walk / this.bound),
    };
    const nearness = Math.min(1, ...Object.values(shares));
    return { failures, walk, shares, nearness };
  }
}

function describe(
  group: readonly FirstContact[],
  { from, at, isMet }: Span,
  place: Pick<Nearest, 'direction' | 'detection' | 'rule' | 'shared'>,
  settings: ScanSettings,
): Nearest {
  const { detection, rule } = place;
  const contacts = group.slice(from, at + 1);
  const counts = new Counts(detection);
  for (const contact of contacts) counts.add(contact, 1);
  const meter = new Meter(detection, rule, settings);
  const { failures, walk, shares, nearness } = meter.read(counts);
  const lacks: Lack[] = isMet
    ? []
    : (Object.entries(shares) as [Lack, number][]).filter(([, share]) => share < 1).map(([lack]) => lack);
  if (!isMet && !lacks.length) lacks.push(meetsCondition(contacts, detection) ? 'sequel' : 'condition');
  return {
    ...place,
    contacts,
    failures,
    floor: meter.floor,
    successes: counts.successes,
    perSuccess: meter.perSuccess,
    walk,
    bound: meter.bound,
    recurring: counts.habits(0),
    habitLimit: habitLimitOf(detection, settings),
    lacks,
    // What misses no number still missed something.
    nearness: isMet ? 1 : Math.min(nearness, 0.99),
  };
}

const meetsCondition = (contacts: readonly FirstContact[], detection: SourceDetection): boolean =>
  detection.requires?.(contacts.filter((contact) => speaksForScan(contact, detection) && !contact.isHabit)) ?? true;
