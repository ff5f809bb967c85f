/**
 * Whether a source can have a finding or be a member of a campaign at all, told from the columns of its contacts. Most
 * sources cannot, and no evidence is made for them.
 *
 * The bound counts too much rather than too little: each window of each detection, with every contact that may speak for
 * a scan and none that speaks against it. `test/lib/evidence/window-floors.test.ts` compares it with full judgements.
 */
import type { ContactColumns } from '../kernel/contact-columns.ts';
import type { GroupFloor } from './least-evidence.ts';
import { firstMinute, laterMinutes } from './minutes.ts';
import { ANSWERED, hasInitiatorHalf, SEEN_CONVERSATION } from './seen.ts';

/** What a window of a detection needs. */
export interface WindowFloor {
  readonly groupBy: GroupFloor['groupBy'];
  /** TCP ports that count. Default: contacts of any protocol and port. */
  readonly tcpPorts?: ReadonlySet<number> | undefined;
  /** Number of contacts that speak for a scan. */
  readonly floor: number;
  /** Length of the window. */
  readonly seconds: number;
  /** Counts repeated visits, the first contacts of each hour, or each contact once in days. */
  readonly counts: 'visits' | 'first contacts' | 'distinct contacts';
  /** Whether contacts that found a port open and left count as well. */
  readonly withOpen: boolean;
  /** Whether the detection looks at outside sources, and at inside ones. */
  readonly ofOutside: boolean;
  readonly ofInside: boolean;
}

/** What a window of a campaign needs of a member. */
export interface ShareFloor {
  readonly groupBy: GroupFloor['groupBy'];
  readonly seconds: number;
  /** Contacts of one group that it must try. */
  readonly share: number;
}

/** What every window of every detection needs. */
export interface WindowFloors {
  readonly windows: readonly WindowFloor[];
  readonly shares: readonly ShareFloor[];
  /** Seconds in which a contact counts once where windows of days count it. */
  readonly lookback: number;
}

const TCP = 6;
const UDP = 17;
const MINUTE = 60;
const HOUR = 3600;
/** A contact that failed counts again if it is tried again after so many minutes. */
const PAUSE_MINUTES = 10;
/** Longest time between two contacts of a source, seconds: half a year. A log beyond that is examined whole. */
const MOST_SECONDS = 2 ** 24;
/** Upper bound of the numbers of services. */
const MOST_SERVICES = 2 ** 24;

/** Windows that count the same points in the same groups, the shortest first. */
interface View extends Omit<WindowFloor, 'floor' | 'seconds'> {
  readonly windows: readonly Pick<WindowFloor, 'floor' | 'seconds'>[];
  readonly least: number;
}

const viewsOf = (windows: readonly WindowFloor[]): View[] =>
  [
    ...Map.groupBy(windows, ({ floor, seconds, tcpPorts, ...view }) =>
      JSON.stringify([view, [...(tcpPorts ?? [])].sort()]),
    ).values(),
  ].map((group) => ({ ...group[0]!, windows: group, least: Math.min(...group.map(({ floor }) => floor)) }));

/** Where the contacts of a source lie. */
export interface Place {
  readonly isInside: boolean;
  /** Whether two numbers of targets may be one address, so that only its services tell contacts apart. */
  readonly mayHaveNamesakes: boolean;
}

/** Examines one source after another. */
export class PossibleFindings {
  readonly #outside: readonly View[];
  readonly #inside: readonly View[];
  readonly #shares: readonly ShareFloor[];
  readonly #lookback: number;
  /** Rows of contacts that may have failed, and of those that may have found a port open. */
  #failed: number[] = [];
  #open: number[] = [];
  /** Keys of the contacts that may have failed, once they are needed. */
  #failedKeys: ReadonlySet<number> | undefined;
  #from = 0;
  /** Length of the longest record of these contacts. */
  #width = 0;
  /** The points of a view: group and time as one number, so that sorting them makes groups in order of time. */
  #points = new Float64Array(1024);
  #count = 0;

  constructor({ windows, shares, lookback }: WindowFloors) {
    this.#outside = viewsOf(windows.filter(({ ofOutside }) => ofOutside));
    this.#inside = viewsOf(windows.filter(({ ofInside }) => ofInside));
    this.#shares = shares;
    this.#lookback = lookback;
  }

  /** Whether any window of a detection of single sources can be met. */
  mayScan(contacts: ContactColumns, place: Place): boolean {
    const views = place.isInside ? this.#inside : this.#outside;
    if (!this.#select(contacts, place.isInside)) return true;
    return views.some((view) => this.#mayMeet(view, contacts, place));
  }

  /** Whether the source can be a member of a campaign in any window. */
  mayShare(contacts: ContactColumns, place: Place): boolean {
    if (!this.#select(contacts, false)) return true;
    return this.#shares.some((share) => this.#mayTake(share, contacts, place));
  }

  /** Finds the contacts that may speak for a scan. Returns false if they are too far apart. */
  #select({ length, seen, service, start, end }: ContactColumns, withOpen: boolean): boolean {
    this.#failed = [];
    this.#open = [];
    this.#failedKeys = undefined;
    let [from, to] = [Number.POSITIVE_INFINITY, 0];
    let width = MINUTE;
    for (let row = 0; row < length; row++) {
      if (!hasInitiatorHalf(seen[row]!)) continue;
      if ((seen[row]! & ANSWERED) === 0) this.#failed.push(row);
      else if (withOpen && (seen[row]! & SEEN_CONVERSATION) === 0 && (service[row]! & 255) !== UDP)
        this.#open.push(row);
      from = Math.min(from, end[row]!);
      to = Math.max(to, end[row]!);
      width = Math.max(width, end[row]! - start[row]!);
    }
    this.#from = from;
    this.#width = width;
    return !(to - from >= MOST_SECONDS - HOUR);
  }

  #mayMeet(view: View, contacts: ContactColumns, place: Place): boolean {
    const { counts, withOpen, windows, least } = view;
    const [{ seconds }] = windows as [View['windows'][number]];
    const ofFailed = counts === 'visits' ? this.#visitsWithin(seconds) : 1;
    const open = withOpen ? this.#open : [];
    if (this.#failed.length * ofFailed + open.length < least) return false;
    this.#count = 0;
    const group = groupsOf(view.groupBy, contacts, place);
    const { service } = contacts;
    const isCovered = (row: number) => !view.tcpPorts || isAmong(service[row]!, view.tcpPorts);
    if (counts === 'distinct contacts') this.#addDistinct(contacts, group, isCovered);
    else {
      for (const row of this.#failed) if (isCovered(row)) this.#add(group(row), contacts.end[row]!);
      for (const row of open) if (isCovered(row)) this.#add(group(row), contacts.end[row]!);
      if (counts === 'visits') this.#addVisits(contacts, group, isCovered);
    }
    if (this.#count < least) return false;
    const points = this.#points.subarray(0, this.#count).sort();
    // A window reaches back from the start of its last record, and a visit is known to the minute.
    const width = this.#width + MINUTE;
    return windows.some((window) => mostWithin(points, window.seconds + width, window.floor));
  }

  /** How many points of one contact a window of visits can hold. */
  #visitsWithin(seconds: number): number {
    return 1 + Math.floor((seconds + this.#width + MINUTE) / ((PAUSE_MINUTES - 1) * MINUTE));
  }

  /** Each contact once in a stretch of the lookback, at its first time. */
  #addDistinct(
    { target, service, end }: ContactColumns,
    group: (row: number) => number,
    isCovered: (row: number) => boolean,
  ): void {
    const first = new Map<string, number>();
    for (const row of this.#failed) {
      if (!isCovered(row)) continue;
      const key = `${target[row]} ${service[row]} ${Math.floor(end[row]! / this.#lookback)}`;
      const known = first.get(key);
      if (known === undefined || end[row]! < end[known]!) first.set(key, row);
    }
    for (const row of first.values()) this.#add(group(row), end[row]!);
  }

  /** The minutes in which contacts that failed were tried again after a pause, whatever came of it. */
  #addVisits(contacts: ContactColumns, group: (row: number) => number, isCovered: (row: number) => boolean): void {
    const { target, service, seen, end, minutesLow, minutesHigh } = contacts;
    const keyOf = (row: number) => target[row]! * MOST_SERVICES + service[row]!;
    for (let row = 0; row < contacts.length; row++) {
      if (!hasInitiatorHalf(seen[row]!) || !isCovered(row)) continue;
      const hour = Math.floor(end[row]! / HOUR) * HOUR;
      // The minute of the first record has its point already, unless the contact was answered.
      let previous = Math.floor((end[row]! - hour) / MINUTE);
      if (seen[row]! & ANSWERED) {
        this.#failedKeys ??= new Set(this.#failed.map(keyOf));
        if (!this.#failedKeys.has(keyOf(row))) continue;
        previous = -PAUSE_MINUTES;
      }
      for (const word of [minutesLow, minutesHigh])
        for (let rest = word[row]!; rest; rest = laterMinutes(rest)) {
          const minute = firstMinute(rest) + (word === minutesHigh ? 30 : 0);
          if (minute - previous >= PAUSE_MINUTES) this.#add(group(row), hour + minute * MINUTE);
          previous = minute;
        }
    }
  }

  #mayTake({ groupBy, seconds, share }: ShareFloor, contacts: ContactColumns, place: Place): boolean {
    // An outside member may have found one part of its share open before, an inside one later.
    const least = share - Number(!place.isInside);
    if (this.#failed.length < least) return false;
    const group = groupsOf(groupBy, contacts, place);
    const { seen, end } = contacts;
    this.#count = 0;
    for (let row = 0; row < contacts.length; row++)
      if (hasInitiatorHalf(seen[row]!)) this.#add(group(row), end[row]!, (seen[row]! & ANSWERED) === 0 ? 1 : 0);
    const points = this.#points.subarray(0, this.#count).sort();
    return mayShareWithin(points, seconds, { share, failed: Math.max(1, share - 1) });
  }

  #add(group: number, time: number, mark = 0): void {
    if (this.#count === this.#points.length) {
      const longer = new Float64Array(this.#count * 2);
      longer.set(this.#points);
      this.#points = longer;
    }
    this.#points[this.#count++] = (group * MOST_SECONDS + Math.max(0, time - this.#from)) * 2 + mark;
  }
}

const isAmong = (service: number, tcpPorts: ReadonlySet<number>): boolean =>
  (service & 255) === TCP && tcpPorts.has(service >>> 8);

function groupsOf(
  groupBy: GroupFloor['groupBy'],
  { target, service }: ContactColumns,
  { mayHaveNamesakes }: Place,
): (row: number) => number {
  if (groupBy === 'port') return (row) => service[row]!;
  return groupBy === 'target' && !mayHaveNamesakes ? (row) => target[row]! : () => 0;
}

/** Whether any group has so many points within so many seconds. */
function mostWithin(points: Float64Array, seconds: number, floor: number): boolean {
  // The last of so many points is near the first. Other groups are far.
  const width = 2 * Math.min(seconds, MOST_SECONDS - 1) + 1;
  for (let at = floor - 1; at < points.length; at++) {
    const from = points[at - floor + 1]!;
    if (points[at]! - from <= width && isOneGroup(from, points[at]!)) return true;
  }
  return false;
}

const isOneGroup = (a: number, b: number): boolean =>
  Math.floor(a / (2 * MOST_SECONDS)) === Math.floor(b / (2 * MOST_SECONDS));

/** Whether any group has a share within so many seconds: enough points, and enough of them with a mark. */
function mayShareWithin(points: Float64Array, seconds: number, least: { share: number; failed: number }): boolean {
  let from = 0;
  let failed = 0;
  for (let at = 0; at < points.length; at++) {
    const point = points[at]!;
    failed += point % 2;
    for (; point - points[from]! > 2 * seconds + 1 || !isOneGroup(points[from]!, point); from++)
      failed -= points[from]! % 2;
    if (at - from + 1 >= least.share && failed >= least.failed) return true;
  }
  return false;
}
