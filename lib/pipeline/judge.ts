/** Decides one source from what the windows table holds, and brings the findings table up to that decision. */
import type { DetectionSettings } from '../config/detection.ts';
import type { Networks } from '../contact/networks.ts';
import { type Detection, detect } from '../detect/detect.ts';
import { isWorthWriting, newsOf } from '../finding/lifecycle.ts';
import { epochSeconds, type Finding, type Severity } from '../finding/model.ts';
import { findingKey, type StoredFinding } from '../store/finding-item.ts';
import type { FindingRef, FindingsStore } from '../store/findings-store.ts';
import type { SourceName, WindowsStore } from '../store/windows-store.ts';
import { mergeFragments, type SourceEvidence } from '../window/evidence.ts';

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

interface Hours {
  readonly from: number;
  readonly to: number;
}

const TRIES = 8;
/** Evidence before an episode decides which of its contacts are first contacts; answers may follow it. */
const MARGIN = 2;
const STEP = 6;
const hourOf = (time: string | number) => Math.floor((typeof time === 'string' ? epochSeconds(time) : time) / 3600);

export class Judge {
  #options: JudgeOptions;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /**
   * Judges a source over the hours given and over whatever earlier or later hours its scans reach into.
   *
   * Every writer of evidence writes first and reads then, strongly consistent, so the one that reads last sees all of
   * it; the condition on the upsert keeps an earlier reading from winning, and a refused upsert reads again.
   */
  async judge(source: SourceName, hours: Hours, moment: Moment): Promise<Judged> {
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const judged = await this.#attempt(source, hours, moment);
      if (judged) return judged;
    }
    throw new Error(
      `${source.scope}|${source.address}: others kept judging this source with more evidence in ${TRIES} tries`,
    );
  }

  async #attempt(source: SourceName, hours: Hours, moment: Moment): Promise<Judged | undefined> {
    const stored = await this.#options.findings.ofSource(source);
    const { evidence, detections, range } = await this.#read(source, hours, stored, moment);
    const judged: Judged = { opened: 0, updated: 0 };
    for (const detection of detections) {
      const known = stored.find(({ finding }) => finding.id === detection.finding.id);
      const outcome = await this.#store(detection, known, evidence, moment);
      if (outcome === 'refused') return undefined;
      if (outcome !== 'unchanged') judged[outcome]++;
    }
    for (const orphan of this.#orphans(stored, detections, range, moment)) {
      if (!(await this.#close(orphan, detections, evidence, moment))) return undefined;
      judged.updated++;
    }
    return judged;
  }

  /** Reads on, earlier and later, until no scan touches an edge of what was read. */
  async #read(
    source: SourceName,
    hours: Hours,
    stored: readonly StoredFinding[],
    moment: Moment,
  ): Promise<{ evidence: SourceEvidence | undefined; detections: Detection[]; range: Hours }> {
    const oldest = hourOf(moment.now) - this.#options.windowDays * 24;
    let range = { from: hours.from - MARGIN - 1, to: hours.to + MARGIN };
    for (;;) {
      const evidence = mergeFragments(await this.#options.windows.readSource(source, range.from, range.to));
      const detections = evidence ? this.#detect(evidence, moment) : [];
      const touching = [...detections, ...stored.filter((item) => overlaps(item.finding, range))].map(
        ({ finding }) => finding,
      );
      const from = touching.reduce((hour, finding) => Math.min(hour, hourOf(finding.firstSeen) - MARGIN), range.from);
      const to = touching.reduce((hour, finding) => Math.max(hour, hourOf(finding.lastSeen) + 1), range.to);
      if ((from >= range.from || range.from <= oldest) && to <= range.to) return { evidence, detections, range };
      range = { from: from < range.from ? from - STEP : range.from, to: to > range.to ? to + 1 : range.to };
    }
  }

  #detect(evidence: SourceEvidence, moment: Moment): Detection[] {
    const { settings, secret, networks } = this.#options;
    return detect(evidence, {
      settings,
      secret,
      networks,
      logTime: moment.logTime,
      overdueBefore: moment.logTime - settings.settleSeconds,
    });
  }

  async #store(
    detection: Detection,
    known: StoredFinding | undefined,
    evidence: SourceEvidence | undefined,
    moment: Moment,
  ): Promise<'opened' | 'updated' | 'unchanged' | 'refused'> {
    if (known?.finding.closedBecause === 'analyst') return 'unchanged';
    if (known && !isWorthWriting(known.finding, detection.finding)) return 'unchanged';
    const version = {
      fragments: countFragments(evidence, [detection.finding, known?.finding]),
      judgedAt: moment.logTime,
    };
    const isNews = newsOf(detection.finding, known?.announced, this.#options.minSeverity) !== undefined;
    if (!(await this.#options.findings.upsert(detection, version, isNews, moment.now))) return 'refused';
    if (isNews) await this.#options.requestAlert(findingKey(detection));
    return known ? 'updated' : 'opened';
  }

  /** Stored findings that the evidence no longer bears out. */
  #orphans(
    stored: readonly StoredFinding[],
    detections: readonly Detection[],
    range: Hours,
    moment: Moment,
  ): StoredFinding[] {
    const oldest = hourOf(moment.now) - this.#options.windowDays * 24 + MARGIN;
    return stored.filter(
      ({ finding }) =>
        overlaps(finding, range) &&
        hourOf(finding.firstSeen) > oldest &&
        (finding.closedBecause === undefined || finding.closedBecause === 'ended') &&
        !detections.some((detection) => detection.finding.id === finding.id),
    );
  }

  async #close(
    orphan: StoredFinding,
    detections: readonly Detection[],
    evidence: SourceEvidence | undefined,
    moment: Moment,
  ): Promise<boolean> {
    const { finding } = orphan;
    const heir = detections.find(
      ({ finding: other }) =>
        other.direction === finding.direction &&
        other.firstSeen <= finding.lastSeen &&
        finding.firstSeen <= other.lastSeen,
    );
    const closing: Pick<Finding, 'closedBecause' | 'mergedInto'> = heir
      ? { closedBecause: 'merged', mergedInto: heir.finding.id }
      : { closedBecause: 'refuted' };
    const version = { fragments: countFragments(evidence, [finding]), judgedAt: moment.logTime };
    if (!(await this.#options.findings.close(orphan, closing, version, moment.now))) return false;
    // Who was told that it opened is told that it was none; who was not, is not.
    if (orphan.announced || orphan.announceSince) await this.#options.requestAlert(orphan);
    return true;
  }
}

function overlaps(finding: Finding, range: Hours): boolean {
  return hourOf(finding.firstSeen) <= range.to + 1 && hourOf(finding.lastSeen) >= range.from - 1;
}

/** Fragments in the hours that the judgements rest on: it grows with the evidence and never shrinks. */
function countFragments(evidence: SourceEvidence | undefined, findings: readonly (Finding | undefined)[]): number {
  const known = findings.filter((finding) => finding !== undefined);
  const from = Math.min(...known.map((finding) => hourOf(finding.firstSeen))) - 1;
  const to = Math.max(...known.map((finding) => hourOf(finding.lastSeen))) + 1;
  return (evidence?.panes ?? [])
    .filter((pane) => pane.hour >= from && pane.hour <= to)
    .reduce((sum, pane) => sum + pane.fragments, 0);
}
