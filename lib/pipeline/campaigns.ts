/**
 * Judges campaigns by the evidence in the windows table, hour by hour: of all outside sources, or of a scope's inside
 * ones.
 */

import { distributedScan } from '../detections/distributed-scan.ts';
import { moreSensitive, type Sensitivity } from '../detections/settings.ts';
import { type DetectedCampaign, detectCampaigns } from '../finding/describe-campaign.ts';
import { isVoid } from '../finding/lifecycle.ts';
import { epochSeconds, type Finding } from '../finding/model.ts';
import { isReviewed, reviewOf } from '../finding/review.ts';
import { isSelftestScope } from '../flowlog/selftest-key.ts';
import type { Watches } from '../notify/watch.ts';
import type { CampaignContacts, CampaignContext } from '../scan/campaign-contacts.ts';
import { CAMPAIGN_WINDOW_HOURS } from '../scan/campaigns.ts';
import { anchorHourOf, type Hours, type StoredFinding } from '../store/finding-item.ts';
import type { Version } from '../store/findings-store.ts';
import type { SourceName } from '../store/keys.ts';
import type { CampaignRead, EvidenceReader, RunContext } from './evidence-reader.ts';
import type { Judged, JudgeOptions } from './judge.ts';
import { hourOf } from './judge-source.ts';
import { type Closing, closeFinding, mayClose, storeFinding, takenOverBy } from './recorder.ts';
import { testOptionsOf } from './selftest.ts';
import { currentWatches } from './watched.ts';
import { detectWatchedCampaigns } from './watched-campaigns.ts';

const HOUR = 3600;
/** A campaign is read from its beginning, unless that is further back than this. */
const LONGEST_HOURS = 24;
/** Inside sources of which everything is read for one judgement. Members come first. */
const MOST_SOURCES = 3000;
/** Campaigns that were last seen within this number of hours are judged again. */
const LOOK_BACK_HOURS = 72;

/**
 * The result of a judgement, with the members of the campaigns that it found or withdrew, whose findings name the
 * campaign.
 */
export interface CampaignsJudged extends Judged {
  /** Outside sources that were dropped because memory was full. */
  readonly dropped: number;
  /** Whether time ran out before the end of a campaign. What was judged is stored, and a later judgement goes on from there. */
  readonly isStopped: boolean;
  readonly members: readonly (SourceName & { readonly from: number; readonly to: number })[];
}

/**
 * The hour with new evidence, the latest hour to judge (epoch hours), and the scope of inside sources. Default: outside
 * sources.
 */
export interface Judgeable {
  readonly hour: number;
  readonly last: number;
  readonly scope?: string | undefined;
}

/**
 * Judges the campaigns of an hour, and all others in the evidence read for them. Each is read from its beginning to its
 * end, so that it keeps its identity.
 * @param hasTime whether further hours may be read. An hour that was judged late may show campaigns that go on for days.
 */
export async function judgeCampaigns(
  given: JudgeOptions,
  { hour, last, scope }: Judgeable,
  run: RunContext,
  hasTime: () => boolean = () => true,
): Promise<CampaignsJudged> {
  const options = isSelftestScope(scope) ? testOptionsOf(given) : given;
  const known = await options.findings.campaigns(hour - LOOK_BACK_HOURS);
  const all = known.filter(({ roll }) => roll?.scope === scope);
  const stored = all.filter(({ finding }) => !isVoid(finding));
  const watches = await currentWatches(given.watches, stored, run.now);
  const from = beginningOf(stored, hour);
  let to = Math.min(last, endOf(stored, from, hour, options.settings.episodeGapSeconds));
  for (;;) {
    // Silence is judged by what was read, since a campaign may go on in the next hour.
    const logTime = Math.min(run.logTime, (to + 1) * HOUR);
    const hours = { from: from - CAMPAIGN_WINDOW_HOURS, to };
    const span = { from: from * HOUR, to: (to + 1) * HOUR };
    const look = async (sensitivity?: Sensitivity, taken?: ReadonlySet<string>) => {
      const settings = sensitivity ? moreSensitive(options.settings, sensitivity) : options.settings;
      const context = contextOf({ ...options, settings }, run);
      const detect = (contacts: CampaignContacts) => detectCampaigns(contacts, { ...context, logTime }, span, taken);
      const read = await (scope === undefined
        ? run.reader.outside(hours, context)
        : readInside(run.reader, scope, hours, context, detect));
      return { ...read, detections: detect(read.contacts) };
    };
    const { contacts, fragments, detections: plain } = await look();
    const near = watches?.ofCampaigns(scope === undefined, options.networks, { from: hours.from * HOUR, to: span.to });
    const detections = await detectWatchedCampaigns(plain, near, { stored, look });
    // Late evidence may have shown a campaign that goes on in hours judged before it arrived.
    const goesOn = to < last && detections.some(({ finding }) => finding.status === 'open');
    const isStopped = goesOn && !hasTime();
    if (goesOn && !isStopped) {
      to = Math.min(last, to + CAMPAIGN_WINDOW_HOURS);
      continue;
    }
    const continued = detections.map((detection) => continuing(detection, stored, from));
    const judged = await store(options, { all, stored, from, to, fragments, logTime, watches }, continued, run.now);
    return { ...judged, dropped: contacts.dropped, isStopped };
  }
}

/**
 * Reads the inside sources of a scope. Their failures alone show where a campaign may be. Whatever else the sources around it
 * did decides whether it is one.
 */
async function readInside(
  reader: EvidenceReader,
  scope: string,
  hours: Hours,
  context: CampaignContext,
  detect: (contacts: CampaignContacts) => readonly DetectedCampaign[],
): Promise<CampaignRead> {
  const shares = await reader.inside(scope, hours, context);
  const found = detect(shares.contacts);
  if (!found.length) return shares;
  const members = found.flatMap(({ roll }) => roll.members);
  const around = found.flatMap(({ roll, finding }) => shares.contacts.sourcesAround(roll, timeAround(finding)));
  const sources = [...new Set([...members, ...around])];
  const read = await reader.inside(scope, hours, context, sources.slice(0, MOST_SOURCES));
  read.contacts.leaveOut(Math.max(0, sources.length - MOST_SOURCES));
  return { ...read, fragments: shares.fragments };
}

/** The time of all windows that touch a campaign, epoch seconds. */
const timeAround = ({ firstSeen, lastSeen }: Finding) => ({
  from: epochSeconds(firstSeen) - CAMPAIGN_WINDOW_HOURS * HOUR,
  to: epochSeconds(lastSeen) + CAMPAIGN_WINDOW_HOURS * HOUR,
});

/** The input of a judgement. */
interface Judgement extends Hours {
  /** Campaigns as they are stored, and those of them that still hold. */
  readonly all: readonly StoredFinding[];
  readonly stored: readonly StoredFinding[];
  readonly fragments: ReadonlyMap<number, number>;
  readonly logTime: number;
  readonly watches: Watches | undefined;
}

async function store(
  options: JudgeOptions,
  { all, stored, from, to, fragments, logTime, watches }: Judgement,
  detections: readonly DetectedCampaign[],
  now: number,
): Promise<Pick<CampaignsJudged, 'opened' | 'updated' | 'members'>> {
  const judged = { opened: 0, updated: 0 };
  const orphans = stored.filter((campaign) => isOrphan(campaign, detections, { from, to }));
  const toClose = orphans
    .flatMap((orphan) => {
      const isWithoutWatch = orphan.finding.watchedBy !== undefined && !watches?.has(orphan.finding.watchedBy);
      const closing = isWithoutWatch ? endingOf(options, orphan, logTime) : closingOf(orphan, detections);
      return closing ? [{ orphan, closing }] : [];
    })
    .filter(({ orphan, closing }) => mayClose(orphan, closing));
  const takenOver = takenOverBy(toClose);
  const refused = new Set<string>();
  for (const detection of detections) {
    const known = all.find(({ finding }) => finding.id === detection.finding.id);
    const outcome = await storeFinding(options, detection, known, {
      version: versionOf(detection, known, fragments, logTime),
      now,
      hasOutgrown: (earlier) => hasGoneOn(earlier, detection.finding),
      takenOver: takenOver.get(detection.finding.id),
    });
    if (outcome === 'opened' || outcome === 'updated') judged[outcome]++;
    else if (outcome === 'refused') refused.add(detection.finding.id);
  }
  for (const { orphan, closing } of toClose) {
    // The next judgement closes it, after what people said of it is in the finding that survives.
    if (isReviewed(reviewOf(orphan.finding)) && closing.mergedInto && refused.has(closing.mergedInto)) continue;
    const version = closingVersionOf(orphan, fragments, logTime);
    if (await closeFinding(options, orphan, closing, { version, now })) judged.updated++;
  }
  return { ...judged, members: [...detections.flatMap(membersOf), ...orphans.flatMap(membersOf)] };
}

const lastHourOf = ({ finding }: StoredFinding): number => hourOf(finding.lastSeen);

/** The first hour whose windows must be examined, so that no stored campaign is cut. */
function beginningOf(stored: readonly StoredFinding[], hour: number): number {
  let from = hour - 1;
  for (let before = Number.POSITIVE_INFINITY; from < before; ) {
    before = from;
    for (const campaign of stored)
      if (lastHourOf(campaign) >= from - CAMPAIGN_WINDOW_HOURS - 1) from = Math.min(from, anchorHourOf(campaign));
  }
  return Math.max(from, hour - LONGEST_HOURS);
}

/**
 * The last hour to read at first: the silence that ends a campaign after the stored ones around an hour, those around them,
 * and so on. What is judged before their end is refused, so that each run which stops there would stop there again.
 */
function endOf(stored: readonly StoredFinding[], from: number, hour: number, gapSeconds: number): number {
  const silence = Math.max(CAMPAIGN_WINDOW_HOURS, Math.ceil(gapSeconds / HOUR));
  let to = hour;
  for (let before = Number.NEGATIVE_INFINITY; to > before; ) {
    before = to;
    for (const campaign of stored)
      if (anchorHourOf(campaign) <= to + silence && lastHourOf(campaign) >= from)
        to = Math.max(to, lastHourOf(campaign));
  }
  return to + silence;
}

/** A detection under the identity of the stored campaign that it continues, if that began before what was read. */
function continuing(detection: DetectedCampaign, stored: readonly StoredFinding[], from: number): DetectedCampaign {
  const began = stored.find(
    (campaign) =>
      anchorHourOf(campaign) < from && isSame(campaign, detection) && campaign.finding.id !== detection.finding.id,
  );
  if (!began) return detection;
  const { id, firstSeen, detectedAt, contactsAtDetection } = began.finding;
  return {
    ...detection,
    anchorHour: anchorHourOf(began),
    finding: { ...detection.finding, id, firstSeen, detectedAt, contactsAtDetection },
  };
}

/** Whether a stored campaign and a detection are about the same target at the same time. */
const isSame = ({ finding, roll }: StoredFinding, { finding: other, roll: otherRoll }: DetectedCampaign): boolean =>
  roll !== undefined &&
  roll.kind === otherRoll.kind &&
  roll.shared.some((shared) => otherRoll.shared.includes(shared)) &&
  finding.firstSeen <= other.lastSeen &&
  other.firstSeen <= finding.lastSeen;

/** A campaign that goes on must not be taken for one that ended. */
const hasGoneOn = (stored: Finding, next: Finding): boolean => hourOf(next.lastSeen) > hourOf(stored.lastSeen);

/**
 * The version of a judgement: the number of fragments of all outside sources in the campaign's hours, which never
 * shrinks.
 */
function versionOf(
  { finding, anchorHour }: DetectedCampaign,
  known: StoredFinding | undefined,
  fragments: ReadonlyMap<number, number>,
  logTime: number,
): Version {
  const hours = {
    from: Math.min(anchorHour, known?.hours?.from ?? anchorHour),
    to: Math.max(hourOf(finding.lastSeen), known?.hours?.to ?? 0),
  };
  return { fragments: Math.max(countIn(hours, fragments), known?.fragments ?? 0), judgedAt: logTime, hours };
}

/**
 * The version of a judgement that a campaign does not hold. It counts what was read of the campaign's hours, so that it holds
 * against an earlier judgement at a later log time, and never against one that saw more.
 */
function closingVersionOf(orphan: StoredFinding, fragments: ReadonlyMap<number, number>, logTime: number): Version {
  const { hours, judgedAt } = orphan;
  if (!hours) return { fragments: orphan.fragments, judgedAt: logTime };
  return { fragments: countIn(hours, fragments), judgedAt: Math.max(logTime, judgedAt), hours };
}

function countIn({ from, to }: Hours, fragments: ReadonlyMap<number, number>): number {
  let count = 0;
  for (let hour = from; hour <= to; hour++) count += fragments.get(hour) ?? 0;
  return count;
}

/** Closes a campaign that nothing has judged for so long that it must be over. */
export async function closeCampaign(
  options: JudgeOptions,
  stored: StoredFinding,
  run: Omit<RunContext, 'reader'>,
): Promise<void> {
  const version = {
    fragments: stored.fragments,
    judgedAt: run.logTime,
    ...(stored.hours && { hours: stored.hours }),
  };
  await closeFinding(options, stored, { closedBecause: 'ended' }, { version, now: run.now });
}

const membersOf = ({ finding, roll }: Pick<StoredFinding, 'finding' | 'roll'>) =>
  (roll?.members ?? []).map((address) => ({
    scope: roll?.scope ?? 'internet',
    address,
    from: hourOf(finding.firstSeen),
    to: hourOf(finding.lastSeen),
  }));

/** Whether a campaign lies within what was judged now and is no longer supported by the evidence. */
const isOrphan = (campaign: StoredFinding, detections: readonly DetectedCampaign[], { from, to }: Hours): boolean =>
  anchorHourOf(campaign) >= from &&
  lastHourOf(campaign) <= to &&
  !detections.some(({ finding }) => finding.id === campaign.finding.id);

/** Without its watch, nothing refutes a campaign. It ends when it is silent. */
function endingOf({ settings }: JudgeOptions, { finding }: StoredFinding, logTime: number): Closing | undefined {
  const isSilent = logTime - epochSeconds(finding.lastSeen) > settings.episodeGapSeconds;
  return finding.status === 'open' && isSilent ? { closedBecause: 'ended' } : undefined;
}

function closingOf(orphan: StoredFinding, detections: readonly DetectedCampaign[]): Closing {
  const heir = detections.find((detection) => isSame(orphan, detection));
  return heir ? { closedBecause: 'merged', mergedInto: heir.finding.id } : { closedBecause: 'refuted' };
}

const contextOf = ({ settings, networks, secret }: JudgeOptions, { logTime }: Pick<RunContext, 'logTime'>) => ({
  settings,
  campaign: distributedScan,
  networks,
  secret,
  logTime,
  overdueBefore: logTime - settings.settleSeconds,
});
