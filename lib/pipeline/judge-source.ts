/** Judges one source: reads its evidence through the port until no scan touches an edge of what was read. */
import { leastEvidenceOf } from '../detections/least-evidence.ts';
import type { DetectionSettings } from '../detections/settings.ts';
import type { SeenContact, SourceEvidence } from '../evidence/evidence.ts';
import type { Inventory } from '../evidence/inventory.ts';
import { type LeastEvidence, mayAddUp } from '../evidence/least-evidence.ts';
import { isBareProbe, isFailedProbe, isSuspect } from '../evidence/seen.ts';
import { type DetectedFinding, detectScans, type JudgingContext } from '../finding/describe-scan.ts';
import { isVoid } from '../finding/lifecycle.ts';
import { epochSeconds, type Finding } from '../finding/model.ts';
import type { Networks } from '../net/networks.ts';
import type { Watches } from '../notify/watch.ts';
import { LONGEST_SECONDS } from '../scan/detection.ts';
import { directionOf } from '../scan/direction.ts';
import type { Hours, StoredFinding } from '../store/finding-item.ts';
import type { SourceName } from '../store/keys.ts';
import type { EvidenceReader, RunContext, SourceReader } from './evidence-reader.ts';
import { detectWatched, EVER, watchedSettings, watchesNear, watchesOf } from './watched.ts';

/** The options of judgements. */
export interface JudgingOptions {
  readonly settings: DetectionSettings;
  readonly networks: Networks;
  /** Watches, in force or over. Absent if none can be. */
  readonly watches?: Watches | undefined;
  readonly secret: string;
  /** Days that evidence is kept. Older findings are not judged again, because their evidence is gone. */
  readonly windowDays: number;
  /** Log time before which a missing answer is overdue. Default: `settleSeconds` before the log time. */
  readonly overdueBefore?: number;
  /** Which addresses interfaces held. Default: not known. */
  readonly inventory?: Inventory | undefined;
}

/** Which horizons a judgement uses. Those of days require reading days of evidence. */
export type Horizons = 'short' | 'all';

/** The source and hours to judge. */
export interface Question {
  readonly source: SourceName;
  readonly hours: Hours;
  readonly horizons: Horizons;
  /** Stored findings of the source. */
  readonly stored: readonly StoredFinding[];
  /** Reads the source. Default: a reader that has read nothing yet. */
  readonly evidence?: SourceReader | undefined;
}

/** The evidence that was read about a source, and the detections in it. */
export interface SourceJudgement {
  /** Undefined if nothing is known, or too little for any finding. */
  readonly evidence: SourceEvidence | undefined;
  readonly detections: readonly DetectedFinding[];
  /** The hours that were read. */
  readonly range: Hours;
  /** The log time of the judgement, never before that of an earlier one. */
  readonly logTime: number;
}

/** A finding, with the evidence of an earlier version of it. */
export type EarlierJudgement = Pick<StoredFinding, 'finding' | 'hours'> &
  Partial<Pick<StoredFinding, 'fragments' | 'signalItems'>>;

const LONGEST_HOURS = LONGEST_SECONDS / 3600;
/** Evidence before an episode decides which of its contacts are first contacts. Answers may follow it. */
export const MARGIN = 2;
/** Hours before a probe that decide whether its contact is a first contact. */
const PAST_HOURS = LONGEST_HOURS + MARGIN + 1;
/** Hours to read at a time if a scan reaches back. */
export const STEP = 6;
/** If touches make up this share of a scan, everything about the source is read. */
const SHARE = 0.5;

/** The hours to read next. */
interface Plan {
  readonly range: Hours;
  /** Whether days must be read even if hours were asked for. */
  readonly needsDays: boolean;
}

/** A plan, with the consequences of the findings that it touches. */
interface WholePlan extends Plan {
  readonly horizons: Horizons;
  readonly known: readonly StoredFinding[];
  readonly logTime: number;
}

/**
 * A reader for judgements of a source over some hours.
 * @param firstHour the first epoch hour in the file for which the source is judged, if it is for one.
 */
export const sourceReaderFor = (
  { source, hours }: Pick<Question, 'source' | 'hours'>,
  reader: EvidenceReader,
  firstHour = Number.POSITIVE_INFINITY,
): SourceReader => reader.source(source, Math.min(firstHour, hours.from - MARGIN - 1));

/** Judges a source over the given hours, and over any earlier or later hours that its scans reach into. */
export async function judgeSource(
  question: Question,
  run: RunContext,
  options: JudgingOptions,
): Promise<SourceJudgement> {
  const { from, to } = question.hours;
  const asked = { ...question, evidence: question.evidence ?? sourceReaderFor(question, run.reader) };
  const oldest = Math.min(hourOf(run.now), to) - options.windowDays * 24;
  let plan = planRange({ range: { from: from - MARGIN - 1, to: to + MARGIN }, needsDays: false }, question, run);
  for (;;) {
    const judgement = await readRange(plan, asked, run, options);
    const next = run.reader.isWhole ? undefined : needsMore(plan, question, judgement, oldest);
    if (!next) return judgement;
    plan = planRange(next, question, run);
  }
}

function planRange(plan: Plan, question: Question, run: Pick<RunContext, 'logTime'>): WholePlan {
  const { source, hours, stored } = question;
  const known = stored.filter(({ finding }) => overlaps(finding, plan.range));
  // An inside source with a finding is judged over days in the end, so reading only hours first would be wasted.
  const needsDays = plan.needsDays || (isPrivate(source) && known.length > 0);
  // Evidence of hours would seem to refute a finding that rests on days.
  const isOverDays = known.some(({ overDays, finding }) => overDays && !isVoid(finding));
  const horizons = needsDays || isOverDays ? 'all' : question.horizons;
  const past = hours.from - PAST_HOURS;
  if (horizons === 'all' && plan.range.from > past)
    return planRange({ range: { ...plan.range, from: past }, needsDays }, question, run);
  // A late file is judged at its own log time, which must not undo what fell due before it arrived.
  const logTime = known.reduce((latest, { judgedAt }) => Math.max(latest, judgedAt), run.logTime);
  return { range: plan.range, needsDays, horizons, known, logTime };
}

async function readRange(
  { range, horizons, known, logTime }: WholePlan,
  { source, evidence: sourceReader }: Question & { readonly evidence: SourceReader },
  { reader }: RunContext,
  options: JudgingOptions,
): Promise<SourceJudgement> {
  const { settings, networks, secret, inventory } = options;
  // A reader that returns everything ignores the hours.
  const hours = reader.isWhole ? EVER : range;
  const near = watchesNear(options.watches, source.address, hours);
  const kept = new Set(known.flatMap(({ finding }) => finding.watchedBy ?? []));
  const overdueBefore = options.overdueBefore ?? logTime - settings.settleSeconds;
  const context = { settings, networks, secret, horizons, logTime, overdueBefore, inventory };
  const isEnough = (suspects: SourceEvidence | undefined) => {
    if (!isPrivate(source) || known.length) return false;
    if (!suspects) return true;
    // Further evidence may name the source.
    const watches = suspects.identity ? watchesOf(near, suspects, kept) : near;
    const closest = watchedSettings(settings, watches);
    return !mayBeScan(suspects, leastEvidenceOf(closest), { ...context, settings: closest });
  };
  const evidence = await sourceReader.read(range, isEnough);
  const watches = evidence && watchesOf(near, evidence, kept);
  const isJudged = evidence !== undefined && hasEnough(evidence, leastEvidenceOf(watchedSettings(settings, watches)));
  const watching = { stored: known.map(({ finding }) => finding), signals: () => reader.signals(range) };
  const detections = isJudged ? await detectWatched(evidence, context, watches, watching) : [];
  return { evidence, detections, range, logTime };
}

/** Why a judgement is not final yet, as the range to read next. Undefined if it is final. */
function needsMore(
  { range, needsDays, horizons, known }: WholePlan,
  { stored }: Question,
  { evidence, detections }: SourceJudgement,
  oldest: number,
): Plan | undefined {
  const isSpared = evidence === undefined && known.length === 0;
  if (isSpared) return undefined;
  // Only days show whether a contact is recurring. Those of an inside source are read in one query.
  if (horizons === 'short' && evidence?.inside && detections.length + known.length > 0)
    return { range, needsDays: true };
  const touching = [...detections, ...known].map(hoursOf);
  // Before a new finding is stored, the source's own past is read, because the source may have visited these hosts
  // before.
  const isStored = (id: string) => stored.some(({ finding }) => finding.id === id && !isVoid(finding));
  const pasts = detections
    .filter(({ finding }) => evidence?.inside && horizons === 'all' && !isStored(finding.id))
    .map(({ finding }) => hourOf(finding.firstSeen) - PAST_HOURS);
  const from = touching.reduce((hour, reach) => Math.min(hour, reach.from - 1), Math.min(range.from, ...pasts));
  const to = touching.reduce((hour, reach) => Math.max(hour, reach.to), range.to);
  if ((from >= range.from || range.from <= oldest) && to <= range.to) return undefined;
  return {
    range: { from: from < range.from ? from - STEP : range.from, to: to > range.to ? to + 1 : range.to },
    needsDays,
  };
}

const isPrivate = ({ scope }: SourceName): boolean => scope !== 'internet';

/**
 * Whether an outside source has enough failures for any finding. Most sources that are read can only be members of a
 * campaign.
 */
const hasEnough = (evidence: SourceEvidence, { failures }: LeastEvidence): boolean =>
  evidence.inside || countContacts(evidence, isFailedProbe) >= failures;

/**
 * Whether these contacts may make a finding, whatever else succeeded. Open ports may add up to a sweep of inside hosts,
 * and the answers to probes may be elsewhere. Everything is read if half of a sweep shows, or as many bare probes as
 * the failures that make a scan. One of our hosts whose public address is not in `internal` is inside only if these
 * contacts show its interface.
 */
function mayBeScan(suspects: SourceEvidence, least: LeastEvidence, context: JudgingContext): boolean {
  if (countContacts(suspects, isBareProbe) >= least.failures) return true;
  const candidates = suspects.panes.flatMap(({ contacts }) => contacts.filter(isSuspect));
  const isLateral = (contact: SeenContact) => directionOf(contact, suspects, context.networks) === 'lateral';
  return mayAddUp(candidates, isLateral, least.inside, SHARE) || detectScans(suspects, context).length > 0;
}

/** Number of distinct contacts per hour that show something, summed over all hours. */
const countContacts = ({ panes }: SourceEvidence, shows: (seen: number) => boolean): number =>
  panes.reduce((sum, { contacts }) => sum + contacts.filter(({ seen }) => shows(seen)).length, 0);

/** The epoch hour of a second, or of an ISO time. */
export const hourOf = (time: string | number): number =>
  Math.floor((typeof time === 'string' ? epochSeconds(time) : time) / 3600);

/** Whether a finding overlaps or touches some hours. */
export function overlaps(finding: Finding, range: Hours): boolean {
  return hourOf(finding.firstSeen) <= range.to + 1 && hourOf(finding.lastSeen) >= range.from - 1;
}

/** The hours whose fragments a judgement rests on: those of its scan, one on either side, and all earlier ones. */
export function hoursOf({ finding, hours }: EarlierJudgement): Hours {
  const [from, to] = [hourOf(finding.firstSeen) - 1, hourOf(finding.lastSeen) + 1];
  return hours ? { from: Math.min(from, hours.from), to: Math.max(to, hours.to) } : { from, to };
}
