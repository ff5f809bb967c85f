/**
 * Judges the signals of some hours: those that belong to a scan have its source judged again, the others become findings
 * of their own. Signals and scans may arrive in any order. Both sides mark the hours before they write, so that the last
 * judgement sees both.
 */
import { anchorHourOf, describeEpisode, episodeId, type SignalEpisode } from '../finding/describe-signals.ts';
import { hasOtherSignals, isVoid } from '../finding/lifecycle.ts';
import { SignalMeeting } from '../finding/meet-signals.ts';
import { epochSeconds, type Finding } from '../finding/model.ts';
import { judgeGathered } from '../signals/gathered.ts';
import { type Hours, type StoredFinding, anchorHourOf as storedHourOf } from '../store/finding-item.ts';
import type { Version } from '../store/findings-store.ts';
import type { SignalsStore } from '../store/signals-store.ts';
import type { Judged } from './judge.ts';
import { hourOf } from './judge-source.ts';
import { type NearSignals, readNearSignals } from './near-signals.ts';
import { type Closing, closeFinding, mayClose, noteReviewOf, storeFinding, takenOverBy } from './recorder.ts';
import type { Services } from './services.ts';

/** The services needed to judge signals. */
export type JudgingSignals = Pick<
  Services,
  'findings' | 'judge' | 'requestAlert' | 'minSeverity' | 'secret' | 'windowDays' | 'watches' | 'runtime' | 'logger'
> & { readonly signals: SignalsStore };

/** How far flow logs have come, and the clock. Both are epoch seconds. */
export interface SignalMoment {
  readonly logTime: number;
  readonly now: number;
}

/** Hours around new evidence in which it may change what others mean. */
const AROUND_HOURS = 24;
/** Hours around new evidence in which it can make a finding or change one. Sessions may last longer. */
const NEWS_HOURS = 3;
/** A scan may begin so many hours before a signal that belongs to it. */
const SCAN_HOURS = 24;
const HOUR = 3600;
const TRIES = 8;

/** Judges the signals of an inclusive range of epoch hours, and of a day on either side. */
export async function judgeSignals(hours: Hours, services: JudgingSignals, moment: SignalMoment): Promise<Judged> {
  const total: Judged = { opened: 0, updated: 0 };
  for (let tries = 0; tries < TRIES; tries++) {
    const { isRefused, ...judged } = await attempt(hours, services, moment);
    total.opened += judged.opened;
    total.updated += judged.updated;
    if (!isRefused) return total;
  }
  throw new Error(
    `signals of ${hours.from} to ${hours.to}: other writers kept judging them with more evidence in ${TRIES} tries`,
  );
}

async function attempt(
  { from, to }: Hours,
  services: JudgingSignals,
  moment: SignalMoment,
): Promise<Judged & { isRefused: boolean }> {
  const range = { from: from - AROUND_HOURS, to: to + AROUND_HOURS };
  if (!(await mayChange({ from, to }, range, services))) return { opened: 0, updated: 0, isRefused: false };
  const near = await readNearSignals(services.signals, { from, to });
  const judged = { opened: 0, updated: 0, isRefused: false };
  const touched = near.meeting.episodes.filter((episode) => isWithin(episode, range));
  // Before anything is judged, so that it is judged under the watch.
  if (services.runtime.watchBySignals) await startWatches(touched, services, moment);
  const scans = (await scansNear(range, services)).filter(({ finding }) => !isVoid(finding));
  const met = new Map<SignalEpisode, Finding>();
  for (const { finding } of scans) {
    const explained = near.meeting.explain(finding);
    for (const episode of explained.episodes) if (!met.has(episode)) met.set(episode, finding);
    if (!hasOtherSignals(finding, explained.finding)) continue;
    const { address, scope } = finding.source!;
    const reach = { from: hourOf(finding.firstSeen), to: hourOf(finding.lastSeen) };
    const again = await services.judge.judge({ scope, address }, reach, moment);
    judged.updated += again.updated;
    judged.opened += again.opened;
  }
  const stored = await services.findings.ofSignals(range);
  // One event dated in the future would end everything.
  const logTime = Math.max(moment.logTime, Math.min(near.lastAt, moment.now));
  const own = touched
    .filter((episode) => !met.has(episode))
    .map((episode) => ({
      anchorHour: anchorHourOf(episode),
      finding: describeEpisode(episode, { secret: services.secret, logTime, hasFlowLogs: true }),
    }));
  const kept = new Set(own.map(({ finding }) => finding.id));
  const toClose = stored
    .filter((orphan) => !kept.has(orphan.finding.id) && !isVoid(orphan.finding))
    .flatMap((orphan) => {
      const closing = closingOf(orphan, near, met, moment, services);
      return closing && mayClose(orphan, closing) ? [{ orphan, closing }] : [];
    });
  const takenOver = takenOverBy(toClose);
  for (const { finding, anchorHour } of own) {
    const known = stored.find((one) => one.finding.id === finding.id);
    const detection = { finding, anchorHour, targets: [], open: [], toCheck: [], overDays: false };
    const outcome = await storeFinding(services, detection, known, {
      version: versionOf(finding, known, near, moment, services),
      now: moment.now,
      hasOutgrown: () => false,
      takenOver: takenOver.get(finding.id),
    });
    if (outcome === 'refused') return { ...judged, isRefused: true };
    if (outcome !== 'unchanged') judged[outcome]++;
  }
  for (const { orphan, closing } of toClose) {
    const scan = scans.find(({ finding }) => finding.id === closing.mergedInto);
    if (scan && !(await noteReviewOf(services, orphan, scan, moment.now))) return { ...judged, isRefused: true };
    const version = versionOf(orphan.finding, orphan, near, moment, services);
    if (!(await closeFinding(services, orphan, closing, { version, now: moment.now })))
      return { ...judged, isRefused: true };
    judged.updated++;
  }
  return judged;
}

/**
 * What the evidence near some epoch hours says without that of the days before, which can only excuse it: nothing here is
 * nothing with it. Nothing is excused by its period, because the days before may show that it has no period.
 */
async function readNews(store: SignalsStore, { from, to }: Hours): Promise<{ meeting: SignalMeeting; hours: Hours }> {
  const hours = { from: from - NEWS_HOURS, to: to + NEWS_HOURS };
  const { gathered } = await store.read(hours);
  return { meeting: new SignalMeeting(judgeGathered(gathered, { excusesPeriods: false })), hours };
}

/**
 * Whether new evidence about some hours can matter: it makes a finding, or belongs to a finding or a scan of that time or
 * later. Most evidence does not, and reading days of it is most of what signals cost.
 */
async function mayChange({ from, to }: Hours, range: Hours, services: JudgingSignals): Promise<boolean> {
  const { meeting, hours } = await readNews(services.signals, { from, to });
  if (meeting.episodes.some((episode) => isWithin(episode, hours))) return true;
  const isRecent = ({ finding }: StoredFinding): boolean => !isVoid(finding) && hourOf(finding.lastSeen) >= hours.from;
  const stored = await services.findings.ofSignals(range);
  // A caller that watches what it listed hours before is excused for that.
  if (stored.some((one) => isRecent(one) || (one.finding.kind === 'discovery-spree' && !isVoid(one.finding))))
    return true;
  // What belonged to a scan that is refuted by now may be a finding of its own again.
  if (stored.some(({ finding }) => finding.closedBecause === 'merged')) return true;
  const scans = await scansNear(range, services);
  if (scans.some(({ finding }) => isVoid(finding) && finding.signals)) return true;
  return scans.some(
    (scan) =>
      isRecent(scan) &&
      (scan.finding.direction !== 'inbound' || hasOtherSignals(scan.finding, meeting.explain(scan.finding).finding)),
  );
}

/** Starts watches of the places of episodes. Their module is loaded by the first that does. */
async function startWatches(
  episodes: readonly SignalEpisode[],
  services: JudgingSignals,
  { now }: SignalMoment,
): Promise<void> {
  const { watchBySignals } = await import('./watch-by-signals.ts');
  const left = await watchBySignals(episodes, services, now);
  if (left) services.logger.warn('watches not started', { left });
}

/** Scans that may have signals in some hours, refuted ones and merged ones included. */
async function scansNear(
  { from, to }: Hours,
  { findings }: Pick<JudgingSignals, 'findings'>,
): Promise<StoredFinding[]> {
  const found = await findings.begunBetween((from - SCAN_HOURS) * HOUR, (to + 1) * HOUR);
  return found.filter(({ finding }) => finding.source !== null && hourOf(finding.lastSeen) >= from - 1);
}

const isWithin = ({ core }: SignalEpisode, { from, to }: Hours): boolean =>
  hourOf(core.at(-1)!.at / 1000) >= from && hourOf(core[0]!.at / 1000) <= to;

/** Why a stored finding that is no finding of its own now is closed. Undefined if it stays as it is. */
function closingOf(
  { finding, ...stored }: StoredFinding,
  { meeting }: NearSignals,
  met: ReadonlyMap<SignalEpisode, Finding>,
  { now, logTime }: SignalMoment,
  { secret, windowDays }: JudgingSignals,
): Closing | undefined {
  const hour = storedHourOf(stored);
  const heir = meeting.episodes.find(
    (episode) => isDuring(episode, finding) && episodeId(secret, episode, hour) === finding.id,
  );
  const scan = heir && met.get(heir);
  if (scan) return { closedBecause: 'merged', mergedInto: scan.id };
  // An earlier event moved the first hour, which is part of the id.
  if (heir) return { closedBecause: 'merged', mergedInto: episodeId(secret, heir) };
  if (hour > hourOf(now) - windowDays * 24) return { closedBecause: 'refuted' };
  // Its evidence has expired and does not refute it, but nothing else would close it.
  const isSilent = logTime - epochSeconds(finding.lastSeen) > HOUR;
  return finding.status === 'open' && isSilent ? { closedBecause: 'ended' } : undefined;
}

/** Findings tell whole seconds. */
const isDuring = ({ core }: SignalEpisode, { firstSeen, lastSeen }: Finding): boolean =>
  Math.floor(core[0]!.at / 1000) <= epochSeconds(lastSeen) && core.at(-1)!.at / 1000 >= epochSeconds(firstSeen);

/** The number of items in the hours of a finding, which never shrink. */
function versionOf(
  { firstSeen, lastSeen }: Finding,
  known: StoredFinding | undefined,
  near: NearSignals,
  { logTime, now }: SignalMoment,
  { windowDays }: JudgingSignals,
): Version {
  const hours = {
    from: Math.min(hourOf(firstSeen) - 1, known?.hours?.from ?? Number.POSITIVE_INFINITY),
    to: Math.max(hourOf(lastSeen) + 1, known?.hours?.to ?? 0),
  };
  const hasExpired = hours.from <= hourOf(now) - windowDays * 24;
  return {
    fragments: Math.max(near.itemsIn(hours), hasExpired ? (known?.fragments ?? 0) : 0),
    judgedAt: Math.max(logTime, known?.judgedAt ?? 0),
    hours,
  };
}
