/** Decides one source from what the windows table holds, and brings the findings table up to that decision. */
import type { DetectionSettings } from '../config/detection.ts';
import type { Networks } from '../contact/networks.ts';
import { isSuspect } from '../contact/seen.ts';
import { withCampaign } from '../detect/campaign-finding.ts';
import { type Detection, detect } from '../detect/detect.ts';
import { directionOf } from '../detect/first-contacts.ts';
import { LONGEST_SECONDS } from '../detect/windows.ts';
import { isVoid, isWorthWriting, newsOf } from '../finding/lifecycle.ts';
import { type Direction, epochSeconds, type Finding, type Severity } from '../finding/model.ts';
import { findingKey, type Hours, type StoredFinding } from '../store/finding-item.ts';
import type { FindingRef, FindingsStore, Version } from '../store/findings-store.ts';
import type { SourceName } from '../store/keys.ts';
import type { KnownQuiet, WindowsStore } from '../store/windows-store.ts';
import { type Fragment, mergeFragments, type SeenContact, type SourceEvidence } from '../window/evidence.ts';
import { continued } from './continued.ts';
import { Recent, type Sighting } from './recent.ts';
import { inSurroundings } from './surroundings.ts';
import { Uses } from './uses.ts';

export interface JudgeOptions {
  readonly windows: WindowsStore;
  readonly findings: FindingsStore;
  /** Tells the alert function of a finding that was marked. */
  readonly requestAlert: (ref: FindingRef) => Promise<void>;
  readonly settings: DetectionSettings;
  readonly networks: Networks;
  readonly secret: string;
  readonly minSeverity: Severity;
  /** Days that windows are kept: older findings are not judged anew, for their evidence is gone. */
  readonly windowDays: number;
}

/** When a judgement is made: how far the log has come, and the clock, both epoch seconds. */
export interface Moment {
  readonly logTime: number;
  readonly now: number;
}

/** What a judgement did. */
export interface Judged {
  opened: number;
  updated: number;
}

/** What came of judging one source; `isFresh` where it was judged a moment ago, and should be looked at again soon. */
export interface SourceJudged extends Judged {
  readonly isFresh: boolean;
}

/** Which horizons a judgement looks at; those of days cost the reading of days. */
export type Horizons = 'short' | 'all';

/** What one run has read before and need not read again for each of its judgements. */
export interface Shared {
  readonly uses?: Uses;
  /** Of the source, where it is a quiet one from outside; read anew once somebody else proves to know more. */
  readonly quiet?: KnownQuiet | undefined;
  /** The file that the judgement is made for: where it goes on with what was judged a moment ago, nothing is read. */
  readonly sighting?: Sighting;
}

/** What one reading goes by. */
interface Attempt extends Shared {
  readonly uses: Uses;
}

const TRIES = 8;
const LONGEST_HOURS = LONGEST_SECONDS / 3600;
/** Evidence before an episode decides which of its contacts are first contacts; answers may follow it. */
const MARGIN = 2;
const STEP = 6;
const DAY = 86_400;
/** Hours that a campaign may have begun before one of its members. */
const CAMPAIGN_HOURS = 25;
const hourOf = (time: string | number) => Math.floor((typeof time === 'string' ? epochSeconds(time) : time) / 3600);

export class Judge {
  #options: JudgeOptions;
  #recent = new Recent();

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /**
   * Judges a source over the hours given and over whatever earlier or later hours its scans reach into.
   *
   * Every writer of evidence writes first and reads then, strongly consistent, so the one that reads last sees all of
   * it; the condition on the upsert keeps an earlier reading from winning, and a refused upsert reads again. So does an
   * accepted one: evidence that came meanwhile may have left the finding as it was, and so no version to be refused by.
   */
  async judge(
    source: SourceName,
    hours: Hours,
    moment: Moment,
    horizons: Horizons = 'short',
    { uses = new Uses(this.#options.windows), quiet, sighting }: Shared = {},
  ): Promise<SourceJudged> {
    const total = { opened: 0, updated: 0, isFresh: false };
    let shared: Attempt = { uses, quiet, ...(sighting && { sighting }) };
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const judged = await this.#attempt(source, hours, moment, horizons, shared);
      if (judged.isFresh) return { ...total, isFresh: true };
      shared = { uses, quiet: judged.isRefused ? undefined : shared.quiet };
      total.opened += judged.opened;
      total.updated += judged.updated;
      if (!judged.isRefused && judged.opened + judged.updated === 0) return total;
    }
    throw new Error(
      `${source.scope}|${source.address}: others kept judging this source with more evidence in ${TRIES} tries`,
    );
  }

  /** Between which sides a contact of a source goes. */
  directionOf(source: Pick<SourceEvidence, 'inside'>, contact: SeenContact): Direction {
    return directionOf(contact, source, this.#options.networks);
  }

  async #attempt(
    source: SourceName,
    hours: Hours,
    given: Moment,
    horizons: Horizons,
    { uses, quiet, sighting }: Attempt,
  ): Promise<SourceJudged & { isRefused: boolean }> {
    // A source may have thousands of findings; what began twice as long ago as windows are kept begins anew.
    const oldest = hours.from - MARGIN - STEP - 2 * this.#options.windowDays * 24;
    const stored = await this.#options.findings.ofSource(source, oldest);
    const { settings } = this.#options;
    if (sighting && this.#recent.covers(stored, sighting, settings.targetSetGapSeconds))
      return { opened: 0, updated: 0, isRefused: false, isFresh: true };
    const read = await this.#read(source, hours, stored, { ...given, horizons, quiet });
    const { evidence, range, moment } = read;
    const expired = stored.filter(({ finding }) => this.#hasExpired(finding, evidence, moment));
    const own = continued(read.detections, expired, settings.episodeGapSeconds);
    const detections = await this.#withCampaigns(await inSurroundings(this.#options, own, uses));
    const judged = { opened: 0, updated: 0, isRefused: false, isFresh: false };
    for (const detection of detections) {
      const known = stored.find(({ finding }) => finding.id === detection.finding.id);
      const outcome = await this.#store(detection, known, evidence, moment);
      if (outcome === 'refused') return { ...judged, isRefused: true };
      this.#recent.note(detection.finding.id, {
        judgedAt: moment.logTime,
        lastSeen: epochSeconds(detection.finding.lastSeen),
      });
      if (outcome !== 'unchanged') judged[outcome]++;
    }
    for (const orphan of orphansOf(stored, detections, range)) {
      const closing = this.#closingOf(orphan, detections, moment);
      if (!closing) continue;
      if (!(await this.#close(orphan, closing, evidence, moment))) return { ...judged, isRefused: true };
      judged.updated++;
    }
    return judged;
  }

  /** Outside sources may be part of a campaign that was found meanwhile. */
  async #withCampaigns(detections: readonly Detection[]): Promise<readonly Detection[]> {
    const inbound = detections.filter(({ finding }) => finding.direction === 'inbound');
    if (!inbound.length) return detections;
    const from = Math.min(...inbound.map(({ anchorHour }) => anchorHour)) - CAMPAIGN_HOURS;
    const known = (await this.#options.findings.campaigns(from)).flatMap(({ finding, roll }) =>
      roll && !isVoid(finding) ? [{ finding, roll }] : [],
    );
    return detections.map((detection) => withCampaign(detection, known));
  }

  /** Reads on, earlier and later, until no scan touches an edge of what was read. */
  async #read(
    source: SourceName,
    hours: Hours,
    stored: readonly StoredFinding[],
    { horizons: asked, quiet, ...given }: Moment & Pick<Attempt, 'quiet'> & { horizons: Horizons },
  ): Promise<{ evidence: SourceEvidence | undefined; detections: Detection[]; range: Hours; moment: Moment }> {
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
      if (horizons === 'all' && range.from > hours.from - LONGEST_HOURS - MARGIN - 1) {
        range = { ...range, from: hours.from - LONGEST_HOURS - MARGIN - 1 };
        continue;
      }
      // A late file is judged as of its own log time, which must not undo what had fallen due before it came.
      const logTime = known.reduce((latest, { judgedAt }) => Math.max(latest, judgedAt), given.logTime);
      const moment = { ...given, logTime };
      const { from: first, to: last } = range;
      const suspect = await windows.readSuspect(source, first, last);
      if (isPrivate && !known.length && this.#isAboveSuspicion(suspect, moment, horizons))
        return { evidence: undefined, detections: [], range, moment };
      const evidence = mergeFragments(await windows.readSource(source, first, last, { suspect, quiet }));
      const detections = evidence ? this.#detect(evidence, moment, horizons) : [];
      // Whether a contact is a habit, only days can tell; those of an inside source are read in one query.
      if (horizons === 'short' && evidence?.inside && detections.length + known.length > 0) {
        needsDays = true;
        continue;
      }
      const touching = [...detections, ...known].map(hoursOf);
      const from = touching.reduce((hour, reach) => Math.min(hour, reach.from - 1), range.from);
      const to = touching.reduce((hour, reach) => Math.max(hour, reach.to), range.to);
      if ((from >= range.from || range.from <= oldest) && to <= range.to)
        return { evidence, detections, range, moment };
      range = { from: from < range.from ? from - STEP : range.from, to: to > range.to ? to + 1 : range.to };
    }
  }

  /**
   * Whether what failed is too little for any finding, whatever succeeded besides: then that need not be read. Contacts
   * that were found open may add up to a sweep, and probes may have their answers elsewhere, so where half of a sweep shows
   * all is read.
   */
  #isAboveSuspicion(suspect: readonly Fragment[], moment: Moment, horizons: Horizons): boolean {
    const evidence = mergeFragments(suspect);
    if (!evidence) return true;
    const hosts = new Map<number, Set<string>>();
    for (const { contacts } of evidence.panes)
      for (const contact of contacts) {
        if (!isSuspect(contact.seen)) continue;
        const service = serviceOf(contact);
        const known = hosts.get(service) ?? new Set();
        hosts.set(service, known.add(contact.target));
        if (known.size * 2 >= this.#options.settings.openTargetsIn5Minutes) return false;
      }
    return this.#detect(evidence, moment, horizons).length === 0;
  }

  #viewpoint({ logTime }: Moment) {
    const { settings, networks } = this.#options;
    return { networks, logTime, overdueBefore: logTime - settings.settleSeconds };
  }

  #detect(evidence: SourceEvidence, moment: Moment, horizons: Horizons): Detection[] {
    const { settings, secret } = this.#options;
    return detect(evidence, { settings, secret, horizons, ...this.#viewpoint(moment) });
  }

  async #store(
    detection: Detection,
    known: StoredFinding | undefined,
    evidence: SourceEvidence | undefined,
    moment: Moment,
  ): Promise<'opened' | 'updated' | 'unchanged' | 'refused'> {
    if (known?.finding.closedBecause === 'analyst') return 'unchanged';
    if (
      known &&
      !isWorthWriting(known.finding, detection.finding) &&
      !this.#isOutdated(known.finding, detection.finding)
    )
      return 'unchanged';
    const version = this.#versionOf(evidence, moment, known ? [detection, known] : [detection]);
    const isNews = newsOf(detection.finding, known?.announced, this.#options.minSeverity) !== undefined;
    if (!(await this.#options.findings.upsert(detection, version, isNews, moment.now))) return 'refused';
    if (isNews) await this.#options.requestAlert(findingKey(detection));
    return known ? 'updated' : 'opened';
  }

  /** Why a finding that the evidence does not bear out is closed; undefined where it stays as it is. */
  #closingOf(
    { finding }: StoredFinding,
    detections: readonly Detection[],
    moment: Moment,
  ): Pick<Finding, 'closedBecause' | 'mergedInto'> | undefined {
    if (hourOf(finding.firstSeen) <= this.#oldest(moment) + MARGIN) {
      // Its evidence is gone rather than refuted, but nobody else would close it.
      const isSilent = moment.logTime - epochSeconds(finding.lastSeen) > this.#options.settings.episodeGapSeconds;
      return finding.status === 'open' && isSilent ? { closedBecause: 'ended' } : undefined;
    }
    const heir = detections.find(
      ({ finding: other }) =>
        other.direction === finding.direction &&
        other.firstSeen <= finding.lastSeen &&
        finding.firstSeen <= other.lastSeen,
    );
    return heir ? { closedBecause: 'merged', mergedInto: heir.finding.id } : { closedBecause: 'refuted' };
  }

  async #close(
    orphan: StoredFinding,
    closing: Pick<Finding, 'closedBecause' | 'mergedInto'>,
    evidence: SourceEvidence | undefined,
    moment: Moment,
  ): Promise<boolean> {
    const version = this.#versionOf(evidence, moment, [orphan]);
    if (!(await this.#options.findings.close(orphan, closing, version, moment.now))) return false;
    // Who was told that it opened is told that it was none; who was not, is not.
    if (orphan.announced || orphan.announceSince) await this.#options.requestAlert(orphan);
    return true;
  }

  /** The version of a judgement: it grows with the evidence and never shrinks, though a scan may turn out shorter. */
  #versionOf(evidence: SourceEvidence | undefined, moment: Moment, judgements: readonly Judgement[]): Version {
    const reaches = judgements.map(hoursOf);
    const from = Math.min(...reaches.map((reach) => reach.from));
    const to = Math.max(...reaches.map((reach) => reach.to));
    const seen = (evidence?.panes ?? [])
      .filter((pane) => pane.hour >= from && pane.hour <= to)
      .reduce((sum, pane) => sum + pane.fragments, 0);
    // What has expired still counts: else no judgement could replace one that saw more.
    const before = from <= this.#oldest(moment) ? judgements.map(({ fragments = 0 }) => fragments) : [];
    return { fragments: Math.max(seen, ...before), judgedAt: moment.logTime, hours: { from, to } };
  }

  /** Whether a scan has gone on so long that its stored end may expire before it is written again. */
  #isOutdated(stored: Finding, next: Finding): boolean {
    return epochSeconds(next.lastSeen) - epochSeconds(stored.lastSeen) >= (this.#options.windowDays * DAY) / 2;
  }

  /** Whether the windows in which a finding began are gone, as far as they were read. */
  #hasExpired(finding: Finding, evidence: SourceEvidence | undefined, moment: Moment): boolean {
    const began = hourOf(finding.firstSeen);
    return began <= this.#oldest(moment) && !evidence?.panes.some((pane) => pane.hour <= began);
  }

  /** The epoch hour before which windows expire. */
  #oldest(moment: Moment): number {
    return hourOf(moment.now) - this.#options.windowDays * 24;
  }
}

const serviceOf = ({ port, protocol }: SeenContact): number => port * 256 + protocol;

/** A finding, with what an earlier version of it rested on. */
type Judgement = Pick<StoredFinding, 'finding' | 'hours'> & Partial<Pick<StoredFinding, 'fragments'>>;

/** Stored findings that the evidence no longer bears out. */
function orphansOf(
  stored: readonly StoredFinding[],
  detections: readonly Detection[],
  range: Hours,
): readonly StoredFinding[] {
  return stored.filter(
    ({ finding }) =>
      overlaps(finding, range) &&
      (finding.closedBecause === undefined || finding.closedBecause === 'ended') &&
      !detections.some((detection) => detection.finding.id === finding.id),
  );
}

function overlaps(finding: Finding, range: Hours): boolean {
  return hourOf(finding.firstSeen) <= range.to + 1 && hourOf(finding.lastSeen) >= range.from - 1;
}

/** The hours whose fragments a judgement rests on: those of its scan and one on either side, and all it rested on before. */
function hoursOf({ finding, hours }: Judgement): Hours {
  const [from, to] = [hourOf(finding.firstSeen) - 1, hourOf(finding.lastSeen) + 1];
  return hours ? { from: Math.min(from, hours.from), to: Math.max(to, hours.to) } : { from, to };
}
