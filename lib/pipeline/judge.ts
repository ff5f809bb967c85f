/** Judges one source by the windows table and updates the findings table accordingly. */

import type { SeenContact, SourceEvidence } from '../evidence/evidence.ts';
import { withCampaign } from '../finding/describe-campaign.ts';
import type { DetectedFinding } from '../finding/describe-scan.ts';
import { isVoid } from '../finding/lifecycle.ts';
import { type Direction, epochSeconds, type Finding } from '../finding/model.ts';
import { isSelftestScope } from '../flowlog/selftest-key.ts';
import type { Watches } from '../notify/watch.ts';
import { directionOf } from '../scan/direction.ts';
import type { Hours, StoredFinding } from '../store/finding-item.ts';
import type { Version } from '../store/findings-store.ts';
import type { InventoryStore } from '../store/inventory-store.ts';
import type { SourceName } from '../store/keys.ts';
import type { SignalsStore } from '../store/signals-store.ts';
import type { WatchesStore } from '../store/watches-store.ts';
import type { WindowsStore } from '../store/windows-store.ts';
import { continueExpired } from './continued.ts';
import type { RunContext, SourceReader } from './evidence-reader.ts';
import {
  type EarlierJudgement,
  type Horizons,
  hourOf,
  hoursOf,
  type JudgingOptions,
  judgeSource,
  MARGIN,
  overlaps,
  type Question,
  STEP,
  sourceReaderFor,
} from './judge-source.ts';
import { Recent, type Sighting } from './recent.ts';
import {
  type Closing,
  closeFinding,
  mayClose,
  type RecorderOptions,
  storeFinding,
  type ToClose,
  takenOverBy,
} from './recorder.ts';
import { markSignalsOf, type SignalledScans, withSignals } from './scan-signals.ts';
import { testOptionsOf } from './selftest.ts';
import { weighingBySurroundings } from './surroundings.ts';
import { TableEvidence } from './table-evidence.ts';
import { currentWatches } from './watched.ts';

export interface JudgeOptions extends Omit<JudgingOptions, 'inventory' | 'watches'>, RecorderOptions {
  readonly windows: WindowsStore;
  /** What logs of orchestrators and hosts told. Absent if none arrive, and then nothing is read about them. */
  readonly signals?: SignalsStore;
  /** Routing domains: name to VPC ids. Default: none. */
  readonly routingDomains?: Readonly<Record<string, readonly string[]>>;
  /** Where the inventory of addresses is. Absent if no snapshots are taken. */
  readonly inventories?: InventoryStore;
  /** Where watches are. Absent for tests of the pipeline, which nobody watches. */
  readonly watches?: WatchesStore;
}

/** The result of a judgement. */
export interface Judged {
  opened: number;
  updated: number;
}

/** The result for one source. `isFresh` means that it was judged a moment ago and should be judged again soon. */
export interface SourceJudged extends Judged {
  readonly isFresh: boolean;
}

/** A run. By default it reads from the table, with nothing read before. */
type Run = Omit<RunContext, 'reader'> & Partial<Pick<RunContext, 'reader'>>;

/** The input of one attempt. */
interface Attempt extends Omit<Question, 'stored'> {
  readonly evidence: SourceReader;
  /** The file that the judgement is made for. If it continues what was judged a moment ago, nothing is read. */
  readonly sighting?: Sighting | undefined;
}

const TRIES = 8;
const DAY = 86_400;
/** Hours by which a campaign may begin before one of its members. */
const CAMPAIGN_HOURS = 25;

/** How far the log has come, and the clock. Both are epoch seconds. */
type Moment = Omit<RunContext, 'reader'>;

export class Judge {
  readonly #options: JudgeOptions;
  readonly #recent = new Recent();
  #forTests: Judge | undefined;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  /**
   * Judges a source over the given hours, and over any earlier or later hours that its scans reach into.
   *
   * Every writer of evidence first writes and then reads with strong consistency, so the last reader sees everything.
   * The condition on the upsert keeps an earlier reading from winning, and a rejected upsert reads again. An accepted
   * upsert also reads again: evidence may have arrived that left the finding unchanged, so that no newer version
   * rejected the upsert.
   */
  async judge(
    source: SourceName,
    hours: Hours,
    { reader = this.newReader(), ...moment }: Run,
    horizons: Horizons = 'short',
    sighting?: Sighting,
  ): Promise<SourceJudged> {
    if (isSelftestScope(source.scope) && !this.#options.isTest)
      return this.forTests().judge(source, hours, moment, horizons, sighting);
    const total = { opened: 0, updated: 0, isFresh: false };
    let run: RunContext = { ...moment, reader };
    const asked = { source, hours, horizons };
    let evidence = sourceReaderFor(asked, reader, sighting?.firstHour);
    let attempt: Attempt = { ...asked, sighting, evidence };
    for (let tries = 0; tries < TRIES; tries++) {
      const judged = await this.#attempt(attempt, run);
      if (judged.isFresh) return { ...total, isFresh: true };
      if (judged.isRefused) {
        // Another writer knew more. Nothing may be stale then, or the next try is refused as well.
        run = { ...moment, reader: reader.fresh };
        evidence = run.reader.source(source, 0);
      } else evidence.renew();
      attempt = { ...asked, evidence };
      total.opened += judged.opened;
      total.updated += judged.updated;
      if (!judged.isRefused && judged.opened + judged.updated === 0) return total;
    }
    throw new Error(
      `${source.scope}|${source.address}: other writers kept judging this source with more evidence in ${TRIES} tries`,
    );
  }

  /** The judge of sources in the scopes of tests. */
  forTests(): Judge {
    this.#forTests ??= new Judge(testOptionsOf(this.#options));
    return this.#forTests;
  }

  /** A reader for one run. It reads what several judgements share only once. */
  newReader(): TableEvidence {
    return new TableEvidence(this.#options);
  }

  /** The direction of a source's contact. */
  directionOf(source: Pick<SourceEvidence, 'inside'>, contact: SeenContact): Direction {
    return directionOf(contact, source, this.#options.networks);
  }

  async #attempt({ sighting, ...asked }: Attempt, run: RunContext): Promise<SourceJudged & { isRefused: boolean }> {
    const { source, hours } = asked;
    const { settings, findings, windowDays } = this.#options;
    // A source may have thousands of findings. One that began twice the retention of windows ago has no evidence left.
    const oldest = hours.from - MARGIN - STEP - 2 * windowDays * 24;
    const stored = await findings.ofSource(source, oldest);
    if (sighting && this.#recent.covers(stored, sighting, settings.targetSetGapSeconds))
      return { opened: 0, updated: 0, isRefused: false, isFresh: true };
    const watches = await currentWatches(this.#options.watches, stored, run.now);
    const inventory = await this.#options.inventories?.current(run.now);
    const read = await judgeSource({ ...asked, stored }, run, { ...this.#options, watches, inventory });
    const { evidence, range, logTime } = read;
    const moment = { logTime, now: run.now };
    const expired = stored.filter(({ finding }) => this.#hasExpired(finding, evidence, moment));
    const own = continueExpired(read.detections, expired, settings.episodeGapSeconds);
    const weigh = await weighingBySurroundings(run.reader, own, settings);
    const weighed = await this.#withCampaigns(own.flatMap((detection) => weigh(detection) ?? []));
    const signalled = await withSignals(weighed, run, this.#options);
    const { detections, inherited } = signalled;
    const judged = { opened: 0, updated: 0, isRefused: false, isFresh: false };
    const toClose = this.#toClose(orphansOf(stored, detections, range), detections, moment, watches);
    const takenOver = takenOverBy(toClose);
    for (const detection of detections) {
      const known = stored.find(({ finding }) => finding.id === detection.finding.id);
      if (signalled.itemsIn) await markSignalsOf(detection.finding, known, this.#options, run.now);
      const outcome = await storeFinding(this.#options, detection, known, {
        version: this.#versionOf(evidence, moment, known ? [detection, known] : [detection], signalled),
        now: run.now,
        inherited: inherited.get(detection.finding.id),
        takenOver: takenOver.get(detection.finding.id),
        hasOutgrown: (earlier) => this.#isOutdated(earlier, detection.finding),
      });
      if (outcome === 'refused') return { ...judged, isRefused: true };
      this.#recent.note(detection.finding.id, {
        judgedAt: logTime,
        lastSeen: epochSeconds(detection.finding.lastSeen),
      });
      if (outcome !== 'unchanged') judged[outcome]++;
    }
    for (const { orphan, closing } of toClose) {
      if (this.#options.signals && orphan.finding.signals)
        await markSignalsOf({ ...orphan.finding, ...closing }, orphan, this.#options, run.now);
      const version = this.#versionOf(evidence, moment, [orphan]);
      if (!(await closeFinding(this.#options, orphan, closing, { version, now: run.now })))
        return { ...judged, isRefused: true };
      judged.updated++;
    }
    return judged;
  }

  /** A source may be part of a campaign that was found in the meantime. */
  async #withCampaigns(detections: readonly DetectedFinding[]): Promise<readonly DetectedFinding[]> {
    const possible = detections.filter(({ finding }) => finding.direction !== 'outbound');
    if (!possible.length) return detections;
    const from = Math.min(...possible.map(({ anchorHour }) => anchorHour)) - CAMPAIGN_HOURS;
    const known = (await this.#options.findings.campaigns(from)).flatMap(({ finding, roll }) =>
      roll && !isVoid(finding) ? [{ finding, roll }] : [],
    );
    return detections.map((detection) => withCampaign(detection, known));
  }

  #toClose(
    orphans: readonly StoredFinding[],
    detections: readonly DetectedFinding[],
    moment: Moment,
    watches: Watches | undefined,
  ): readonly ToClose[] {
    return orphans.flatMap((orphan) => {
      const closing = this.#closingOf(orphan, detections, moment, watches);
      return closing && mayClose(orphan, closing) ? [{ orphan, closing }] : [];
    });
  }

  /** Why a finding that the evidence no longer supports is closed. Undefined if it stays as it is. */
  #closingOf(
    { finding }: StoredFinding,
    detections: readonly DetectedFinding[],
    moment: Moment,
    watches: Watches | undefined,
  ): Closing | undefined {
    const isWithoutWatch = finding.watchedBy !== undefined && !watches?.has(finding.watchedBy);
    if (isWithoutWatch || hourOf(finding.firstSeen) <= this.#oldest(moment) + MARGIN) {
      // Its evidence or its watch has expired and does not refute it, but nothing else would close it.
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

  /** The version of a judgement. It grows with the evidence and never shrinks, although a scan may turn out shorter. */
  #versionOf(
    evidence: SourceEvidence | undefined,
    moment: Moment,
    judgements: readonly EarlierJudgement[],
    { itemsIn }: Pick<SignalledScans, 'itemsIn'> = {},
  ): Version {
    const reaches = judgements.map(hoursOf);
    const from = Math.min(...reaches.map((reach) => reach.from));
    const to = Math.max(...reaches.map((reach) => reach.to));
    const seen = (evidence?.panes ?? [])
      .filter((pane) => pane.hour >= from && pane.hour <= to)
      .reduce((sum, pane) => sum + pane.fragments, 0);
    // Expired evidence still counts. Otherwise no judgement could replace one that saw more.
    const before = from <= this.#oldest(moment) ? judgements : [];
    return {
      fragments: Math.max(seen, ...before.map(({ fragments = 0 }) => fragments)),
      judgedAt: moment.logTime,
      hours: { from, to },
      ...(itemsIn && {
        signalItems: Math.max(itemsIn({ from, to }), ...before.map(({ signalItems = 0 }) => signalItems)),
      }),
    };
  }

  /** Whether a scan has gone on for so long that its stored end may expire before it is written again. */
  #isOutdated(stored: Finding, next: Finding): boolean {
    return epochSeconds(next.lastSeen) - epochSeconds(stored.lastSeen) >= (this.#options.windowDays * DAY) / 2;
  }

  /** Whether the windows in which a finding began have expired, as far as they were read. */
  #hasExpired(finding: Finding, evidence: SourceEvidence | undefined, moment: Moment): boolean {
    const began = hourOf(finding.firstSeen);
    return began <= this.#oldest(moment) && !evidence?.panes.some((pane) => pane.hour <= began);
  }

  /** The epoch hour before which windows expire. */
  #oldest(moment: Moment): number {
    return hourOf(moment.now) - this.#options.windowDays * 24;
  }
}

/** Stored findings that the evidence no longer supports. */
function orphansOf(
  stored: readonly StoredFinding[],
  detections: readonly DetectedFinding[],
  range: Hours,
): readonly StoredFinding[] {
  return stored.filter(
    ({ finding }) =>
      overlaps(finding, range) &&
      !isVoid(finding) &&
      !detections.some((detection) => detection.finding.id === finding.id),
  );
}
