/**
 * A finding drawn: its probes over time, and which targets were asked on which ports. Pure. The evidence has everything
 * that the source began in the time of the finding, ordinary contacts too.
 */
import type { SeenContact, SourceEvidence } from '../evidence/evidence.ts';
import { SAMPLED } from '../evidence/quality.ts';
import { hasInitiatorHalf, isFailure, type Outcome, outcomeOf } from '../evidence/seen.ts';
import type { Networks } from '../net/networks.ts';
import { directionOf } from '../scan/direction.ts';
import { epochSeconds, type Finding } from './model.ts';

/** Counts of equal stretches of time. */
export interface Timeline {
  /** Epoch seconds of the first stretch, and seconds of each. */
  readonly from: number;
  readonly step: number;
  /** Contacts probed in each stretch, by whether they failed. */
  readonly failed: readonly number[];
  readonly answered: readonly number[];
  /** Signals in each stretch. Those outside the time of the finding are left out. */
  readonly signals: readonly number[];
}

/** Targets by ports. */
export interface Grid {
  readonly ports: readonly number[];
  readonly rows: readonly {
    readonly target: string;
    /** The outcome on each port. Undefined if it was not tried. */
    readonly outcomes: readonly (Outcome | undefined)[];
    readonly failed: number;
    readonly answered: number;
  }[];
  /** Targets and ports that are left out. */
  readonly moreTargets: number;
  readonly morePorts: number;
}

export interface Picture {
  readonly contacts: number;
  readonly timeline: Timeline;
  readonly grid: Grid;
  /** Whether the contacts are a sample. */
  readonly isSampled: boolean;
}

/** The size of a picture. */
export interface PictureSize {
  readonly columns: number;
  readonly targets: number;
  readonly ports: number;
}

const MINUTE = 60;
const HOUR = 3600;
/** Shorter scans are drawn by the second. */
const SHORT = 300;
/** Minutes in the first of two words of bits. */
const LOW_MINUTES = 30;

interface Probed {
  readonly hour: number;
  readonly contact: SeenContact;
}

/** The picture of a finding about one source. Undefined if the evidence has no contact of its time and direction. */
export function pictureOf(
  finding: Finding,
  evidence: SourceEvidence,
  networks: Networks,
  size: PictureSize,
): Picture | undefined {
  const [first, last] = [epochSeconds(finding.firstSeen), epochSeconds(finding.lastSeen)];
  const probed: Probed[] = evidence.panes.flatMap(({ hour, contacts }) =>
    contacts
      .filter(({ seen }) => hasInitiatorHalf(seen))
      .filter(({ firstStart, lastEnd }) => firstStart <= last + MINUTE && lastEnd >= first)
      .filter((contact) => directionOf(contact, evidence, networks) === finding.direction)
      .map((contact) => ({ hour, contact })),
  );
  if (!probed.length) return undefined;
  return {
    contacts: new Set(probed.map(({ contact }) => `${contact.target} ${contact.port} ${contact.protocol}`)).size,
    timeline: timelineOf(finding, probed, first, last, size.columns),
    grid: gridOf(
      probed.map(({ contact }) => contact),
      size,
    ),
    isSampled: evidence.panes.some(({ quality }) => (quality & SAMPLED) !== 0),
  };
}

function timelineOf(
  { signals }: Finding,
  probed: readonly Probed[],
  first: number,
  last: number,
  columns: number,
): Timeline {
  // Of short scans the first probe of each contact is known to the second, of others the minutes of all probes.
  const unit = last - first < SHORT ? 1 : MINUTE;
  const from = Math.floor(first / unit) * unit;
  const units = Math.floor((last - from) / unit) + 1;
  const step = Math.ceil(units / columns) * unit;
  const length = Math.ceil((units * unit) / step);
  const [failed, answered, marks] = [0, 1, 2].map(() => new Array<number>(length).fill(0)) as [
    number[],
    number[],
    number[],
  ];
  const at = (time: number) => Math.floor((time - from) / step);
  for (const { hour, contact } of probed) {
    const counts = isFailure(outcomeOf(contact.seen)) ? failed : answered;
    const times = unit === MINUTE ? minutesOf(hour, contact) : [contact.firstEnd];
    for (const index of new Set(times.map(at))) if (index >= 0 && index < length) counts[index]!++;
  }
  for (const { at: time } of signals?.sample ?? []) {
    const index = at(epochSeconds(time));
    if (index >= 0 && index < length) marks[index]!++;
  }
  return { from, step, failed, answered, signals: marks };
}

/** The minutes in which a contact was probed, epoch seconds. */
function minutesOf(hour: number, { minutesLow, minutesHigh, firstEnd }: SeenContact): number[] {
  const minutes: number[] = [];
  for (let minute = 0; minute < 2 * LOW_MINUTES; minute++) {
    const word = minute < LOW_MINUTES ? minutesLow : minutesHigh;
    if ((word >>> (minute % LOW_MINUTES)) & 1) minutes.push(hour * HOUR + minute * MINUTE);
  }
  return minutes.length ? minutes : [firstEnd];
}

function gridOf(contacts: readonly SeenContact[], { targets: mostTargets, ports: mostPorts }: PictureSize): Grid {
  const byTarget = Map.groupBy(contacts, ({ target }) => target);
  const byPort = Map.groupBy(contacts, ({ port }) => port);
  const targets = [...byTarget].sort(byWeight).slice(0, mostTargets);
  const ports = [...byPort]
    .sort(byWeight)
    .slice(0, mostPorts)
    .map(([port]) => port)
    .sort((a, b) => a - b);
  return {
    ports,
    rows: targets.map(([target, ofTarget]) => {
      const outcomes = new Map<number, Outcome>();
      for (const { port, seen } of ofTarget) outcomes.set(port, better(outcomes.get(port), outcomeOf(seen)));
      const failed = ofTarget.filter(({ seen }) => isFailure(outcomeOf(seen))).length;
      return {
        target,
        outcomes: ports.map((port) => outcomes.get(port)),
        failed,
        answered: ofTarget.length - failed,
      };
    }),
    moreTargets: byTarget.size - targets.length,
    morePorts: byPort.size - ports.length,
  };
}

/** Those with answers first, then those with the most contacts. */
function byWeight<Key>(a: [Key, readonly SeenContact[]], b: [Key, readonly SeenContact[]]): number {
  const answers = ([, contacts]: [Key, readonly SeenContact[]]) =>
    contacts.filter(({ seen }) => !isFailure(outcomeOf(seen))).length;
  return answers(b) - answers(a) || b[1].length - a[1].length;
}

/** A service that answered once is open. */
const better = (known: Outcome | undefined, next: Outcome): Outcome => (known && !isFailure(known) ? known : next);
