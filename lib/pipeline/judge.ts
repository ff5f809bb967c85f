/** Decides one source from what the windows table holds, and brings the findings table up to that decision. */

import type { SeenContact, SourceEvidence } from '../evidence/evidence.ts';
import { withCampaign } from '../finding/describe-campaign.ts';
import type { DetectedFinding } from '../finding/describe-scan.ts';
import { isVoid, isWorthWriting, newsOf } from '../finding/lifecycle.ts';
import { type Direction, epochSeconds, type Finding, type Severity } from '../finding/model.ts';
import { directionOf } from '../scan/contacts.ts';
import { findingKey, type Hours, type StoredFinding } from '../store/finding-item.ts';
import type { FindingRef, FindingsStore, Version } from '../store/findings-store.ts';
import type { SourceName } from '../store/keys.ts';
import type { KnownPacked } from '../store/windows-store.ts';
import { continued } from './continued.ts';
import {
  type Horizons,
  hourOf,
  hoursOf,
  type Judgement,
  MARGIN,
  type Moment,
  overlaps,
  Reader,
  type ReaderOptions,
  STEP,
} from './reading.ts';
import { Recent, type Sighting } from './recent.ts';
import { inSurroundings } from './surroundings.ts';
import { Uses } from './uses.ts';

export interface JudgeOptions extends ReaderOptions {
  readonly findings: FindingsStore;
  /** Tells the alert function of a finding that was marked. */
  readonly requestAlert: (ref: FindingRef) => Promise<void>;
  readonly minSeverity: Severity;
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

/** What one run has read before and need not read again for each of its judgements. */
export interface Shared {
  readonly uses?: Uses;
  /** Of the source, where it is a quiet one from outside; read anew once somebody else proves to know more. */
  readonly quiet?: KnownPacked | undefined;
  /** The file that the judgement is made for: where it goes on with what was judged a moment ago, nothing is read. */
  readonly sighting?: Sighting;
}

/** What one reading goes by. */
interface Attempt extends Shared {
  readonly uses: Uses;
}

const TRIES = 8;
const DAY = 86_400;
/** Hours that a campaign may have begun before one of its members. */
const CAMPAIGN_HOURS = 25;

export class Judge {
  #options: JudgeOptions;
  #reader: Reader;
  #recent = new Recent();

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#reader = new Reader(options);
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
    const read = await this.#reader.read(source, hours, stored, { ...given, horizons, quiet });
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
  async #withCampaigns(detections: readonly DetectedFinding[]): Promise<readonly DetectedFinding[]> {
    const inbound = detections.filter(({ finding }) => finding.direction === 'inbound');
    if (!inbound.length) return detections;
    const from = Math.min(...inbound.map(({ anchorHour }) => anchorHour)) - CAMPAIGN_HOURS;
    const known = (await this.#options.findings.campaigns(from)).flatMap(({ finding, roll }) =>
      roll && !isVoid(finding) ? [{ finding, roll }] : [],
    );
    return detections.map((detection) => withCampaign(detection, known));
  }

  async #store(
    detection: DetectedFinding,
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
    detections: readonly DetectedFinding[],
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

/** Stored findings that the evidence no longer bears out. */
function orphansOf(
  stored: readonly StoredFinding[],
  detections: readonly DetectedFinding[],
  range: Hours,
): readonly StoredFinding[] {
  return stored.filter(
    ({ finding }) =>
      overlaps(finding, range) &&
      (finding.closedBecause === undefined || finding.closedBecause === 'ended') &&
      !detections.some((detection) => detection.finding.id === finding.id),
  );
}
