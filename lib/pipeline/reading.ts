/** Reads what the judgement of one source rests on, and detects in it. */

import { leastEvidenceOf } from '../detections/least-evidence.ts';
import type { DetectionSettings } from '../detections/settings.ts';
import { type Fragment, mergeFragments, type SeenContact, type SourceEvidence } from '../evidence/evidence.ts';
import { type LeastEvidence, mayAddUp } from '../evidence/least-evidence.ts';
import { isBareProbe, mayBeProbe } from '../evidence/seen.ts';
import { type DetectedFinding, detectScans } from '../finding/describe-scan.ts';
import { isVoid } from '../finding/lifecycle.ts';
import { epochSeconds, type Finding } from '../finding/model.ts';
import type { Networks } from '../net/networks.ts';
import { directionOf } from '../scan/contacts.ts';
import { LONGEST_SECONDS } from '../scan/detection.ts';
import type { Hours, StoredFinding } from '../store/finding-item.ts';
import type { SourceName } from '../store/keys.ts';
import type { KnownPacked, WindowsStore } from '../store/windows-store.ts';

export interface ReaderOptions {
  readonly windows: WindowsStore;
  readonly settings: DetectionSettings;
  readonly networks: Networks;
  readonly secret: string;
  /** Days that windows are kept: older findings are not judged anew, for their evidence is gone. */
  readonly windowDays: number;
}

/** When a judgement is made: how far the log has come, and the clock, both epoch seconds. */
export interface Moment {
  readonly logTime: number;
  readonly now: number;
}

/** Which horizons a judgement looks at; those of days cost the reading of days. */
export type Horizons = 'short' | 'all';

/** How to read. */
export interface Asked extends Moment {
  readonly horizons: Horizons;
  /** Of the source, where it is a quiet one from outside. */
  readonly quiet?: KnownPacked | undefined;
}

/** What was read of a source, and what shows in it. */
export interface Reading {
  /** Undefined where there is none, or too little for any finding. */
  readonly evidence: SourceEvidence | undefined;
  readonly detections: readonly DetectedFinding[];
  /** The hours that were read. */
  readonly range: Hours;
  /** As of when: not before what was judged already. */
  readonly moment: Moment;
}

/** A finding, with what an earlier version of it rested on. */
export type Judgement = Pick<StoredFinding, 'finding' | 'hours'> & Partial<Pick<StoredFinding, 'fragments'>>;

const LONGEST_HOURS = LONGEST_SECONDS / 3600;
/** Evidence before an episode decides which of its contacts are first contacts; answers may follow it. */
export const MARGIN = 2;
/** Hours before a probe that say whether its contact is a first one. */
const PAST_HOURS = LONGEST_HOURS + MARGIN + 1;
/** Hours that are read at a time where a scan reaches back. */
export const STEP = 6;
/** Part of a scan by touches with which everything about a source is read. */
const SHARE = 0.5;

export class Reader {
  readonly #options: ReaderOptions;
  readonly #least: LeastEvidence;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#least = leastEvidenceOf(options.settings);
  }

  /** Reads on, earlier and later, until no scan touches an edge of what was read. */
  async read(
    source: SourceName,
    hours: Hours,
    stored: readonly StoredFinding[],
    { horizons: asked, quiet, ...given }: Asked,
  ): Promise<Reading> {
    // Windows expire by the later of record and writing: those of old logs that are read now are there.
    const oldest = Math.min(hourOf(given.now), hours.to) - this.#options.windowDays * 24;
    const { windows } = this.#options;
    let range = { from: hours.from - MARGIN - 1, to: hours.to + MARGIN };
    let needsDays = false;
    for (;;) {
      const known = stored.filter((item) => overlaps(item.finding, range));
      const isPrivate = source.scope !== 'internet';
      // An inside source that has a finding is judged over days in the end, so hours of it need not be read before.
      needsDays ||= isPrivate && known.length > 0;
      // What days of evidence had shown, hours of it would seem to refute.
      const horizons = needsDays || known.some((item) => item.overDays && !isVoid(item.finding)) ? 'all' : asked;
      if (horizons === 'all' && range.from > hours.from - PAST_HOURS) {
        range = { ...range, from: hours.from - PAST_HOURS };
        continue;
      }
      // A late file is judged as of its own log time, which must not undo what had fallen due before it came.
      const logTime = known.reduce((latest, { judgedAt }) => Math.max(latest, judgedAt), given.logTime);
      const moment = { ...given, logTime };
      const { from: first, to: last } = range;
      const own = await windows.readOwnItems(source, first, last);
      if (isPrivate && !known.length && this.#cannotBeAScan(own, moment, horizons))
        return { evidence: undefined, detections: [], range, moment };
      const evidence = mergeFragments(await windows.readSource(source, first, last, { own, packed: quiet }));
      const detections = evidence ? this.#detectScans(evidence, moment, horizons) : [];
      // Whether a contact is a habit, only days can tell; those of an inside source are read in one query.
      if (horizons === 'short' && evidence?.inside && detections.length + known.length > 0) {
        needsDays = true;
        continue;
      }
      const touching = [...detections, ...known].map(hoursOf);
      // What does not stand as a scan yet is none before its own past was read: its hosts may have been visited in it.
      const stands = (id: string) => stored.some(({ finding }) => finding.id === id && !isVoid(finding));
      const pasts = detections
        .filter(({ finding }) => evidence?.inside && horizons === 'all' && !stands(finding.id))
        .map(({ finding }) => hourOf(finding.firstSeen) - PAST_HOURS);
      const from = touching.reduce((hour, reach) => Math.min(hour, reach.from - 1), Math.min(range.from, ...pasts));
      const to = touching.reduce((hour, reach) => Math.max(hour, reach.to), range.to);
      if ((from >= range.from || range.from <= oldest) && to <= range.to)
        return { evidence, detections, range, moment };
      range = { from: from < range.from ? from - STEP : range.from, to: to > range.to ? to + 1 : range.to };
    }
  }

  /**
   * Whether what failed is too little for any finding, whatever succeeded besides: then that need not be read. Contacts
   * that were found open may add up to a sweep of inside hosts, and probes may have their answers elsewhere, so where half
   * of a sweep shows, or as many bare probes as failures make a scan, all is read. A host of ours with a public address
   * that is not among the `internal` networks is one inside only as far as these parts know its interface.
   */
  #cannotBeAScan(own: readonly Fragment[], moment: Moment, horizons: Horizons): boolean {
    const evidence = mergeFragments(own);
    if (!evidence) return true;
    if (countBy(evidence, isBareProbe) >= this.#least.failures) return false;
    const probes = evidence.panes.flatMap(({ contacts }) => contacts.filter(({ seen }) => mayBeProbe(seen)));
    const isLateral = (contact: SeenContact) => directionOf(contact, evidence, this.#options.networks) === 'lateral';
    if (mayAddUp(probes, isLateral, this.#least.inside, SHARE)) return false;
    return this.#detectScans(evidence, moment, horizons).length === 0;
  }

  #viewpoint({ logTime }: Moment) {
    const { settings, networks } = this.#options;
    return { networks, logTime, overdueBefore: logTime - settings.settleSeconds };
  }

  #detectScans(evidence: SourceEvidence, moment: Moment, horizons: Horizons): DetectedFinding[] {
    const { settings, secret } = this.#options;
    return detectScans(evidence, { settings, secret, horizons, ...this.#viewpoint(moment) });
  }
}

/** How many distinct contacts of an hour show something, over all hours. */
const countBy = ({ panes }: SourceEvidence, shows: (seen: number) => boolean): number =>
  panes.reduce((sum, { contacts }) => sum + contacts.filter(({ seen }) => shows(seen)).length, 0);

/** The epoch hour of a second, or of an ISO time. */
export const hourOf = (time: string | number): number =>
  Math.floor((typeof time === 'string' ? epochSeconds(time) : time) / 3600);

/** Whether a finding reaches into some hours, or touches them. */
export function overlaps(finding: Finding, range: Hours): boolean {
  return hourOf(finding.firstSeen) <= range.to + 1 && hourOf(finding.lastSeen) >= range.from - 1;
}

/** The hours whose fragments a judgement rests on: those of its scan and one on either side, and all it rested on before. */
export function hoursOf({ finding, hours }: Judgement): Hours {
  const [from, to] = [hourOf(finding.firstSeen) - 1, hourOf(finding.lastSeen) + 1];
  return hours ? { from: Math.min(from, hours.from), to: Math.max(to, hours.to) } : { from, to };
}
