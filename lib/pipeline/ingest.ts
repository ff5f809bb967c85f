/** Ingests one object: writes its fragments, then judges the sources in it that matter. */

import { leastEvidenceOf } from '../detections/least-evidence.ts';
import type { DetectionSettings } from '../detections/settings.ts';
import { Collector } from '../evidence/builder.ts';
import type { Fragment } from '../evidence/evidence.ts';
import { isFailure, outcomeOf } from '../evidence/seen.ts';
import type { Direction } from '../finding/model.ts';
import { type FileReport, readFlowLog } from '../flowlog/read.ts';
import type { ByteSource } from '../flowlog/source.ts';
import type { Watches } from '../notify/watch.ts';
import { inParallel } from '../store/in-parallel.ts';
import { objectId, type SourceName } from '../store/keys.ts';
import type { Watching } from '../store/window-items.ts';
import type { Judge, Judged } from './judge.ts';
import type { ObjectCreated } from './object-events.ts';
import { asSelftest } from './selftest.ts';
import { failuresToJudge, type Services } from './services.ts';
import { watchedSettings, watchesAbout } from './watched.ts';

/** Allowed difference between the clocks of log and function, in seconds. */
const CLOCK_SKEW = 900;
/** Sources judged in parallel. A busy file has hundreds, and each takes several round trips. */
const PARALLEL = 8;
/** An outside source is judged at once only with this multiple of the failed contacts. */
const OUTSIDE_FACTOR = 2;

/** The services needed to ingest an object. */
type Ingesting = Pick<Services, 'windows' | 'judge' | 'settings' | 'runtime' | 'key' | 'watches'>;

/** The result for one object. */
export interface Ingested extends Judged {
  readonly report: FileReport;
  /** Items written. */
  readonly fragments: number;
  /** Outside sources with few contacts that were dropped because the table was at its write ceiling. */
  readonly sourcesDropped: number;
  /** Contacts that were dropped because memory was full, the least suspicious first. */
  readonly contactsDropped: number;
}

/** The invocation ended before everything was done. What was written stays, and the message returns to the queue. */
export class OutOfTimeError extends Error {
  override name = 'OutOfTimeError';
}

/** Only part of the object could be read. The readable part has been used. */
export class PartlyReadError extends Error {
  override name = 'PartlyReadError';
  readonly ingested: Ingested;

  constructor(message: string, ingested: Ingested) {
    super(message);
    this.ingested = ingested;
  }
}

/**
 * Reads an object, writes its fragments, and judges. Doing it twice changes nothing.
 * @param hasTime whether there is time to judge another source.
 * @throws OutOfTimeError if time ran out before all sources were judged.
 * @throws PartlyReadError if the file is damaged, after everything readable has been stored and judged.
 */
export async function ingestObject(
  object: ObjectCreated,
  source: ByteSource,
  services: Ingesting,
  now: number,
  hasTime: () => boolean = () => true,
): Promise<Ingested> {
  const test = asSelftest(object.key, services);
  const { windows, judge, settings, runtime, key } = test ?? services;
  const collector = new Collector({ key, internal: runtime.internal, routingDomains: runtime.routingDomains });
  const report = await readFlowLog(source, collector, runtime.fields ? { fields: runtime.fields } : {});
  // Outside sources are background noise. Unless one scans within this file, the hourly task judges it.
  const isDue = ({ source, failures, watches }: Candidate) =>
    failures >=
    failuresToJudge(watchedSettings(settings, watches)) *
      (source.scope === 'internet' && !watches?.nameSources ? OUTSIDE_FACTOR : 1);
  const watches = test ? undefined : await services.watches?.current(now);
  const due: Candidate[] = [];
  const id = objectId(object.bucket, object.key);
  const { items, sourcesDropped } = await windows.writeFragments(
    id,
    suspects(collector, due, { isDue, judge, watches }),
    now,
    watchingFor(watches, settings),
  );
  // One record dated in the future would make every pending answer overdue and end every scan.
  const logTime = Math.min(collector.logTime, now + CLOCK_SKEW);
  // A test must not make anything overdue.
  if (logTime && !test) await windows.agenda.advanceLogTime(logName(object.key), logTime, now);
  const ingested = {
    report,
    fragments: items,
    sourcesDropped,
    contactsDropped: collector.dropped.contacts,
    opened: 0,
    updated: 0,
  };
  // Inside sources come first, so that a flood from outside, which may bring the tables to their ceiling, cannot delay
  // them.
  const isOutside = ({ source }: Candidate) => Number(source.scope === 'internet');
  due.sort((a, b) => isOutside(a) - isOutside(b));
  const failures: unknown[] = [];
  const again: (SourceName & { readonly hour: number })[] = [];
  const reader = judge.newReader();
  const count = (judged: Judged) => {
    ingested.opened += judged.opened;
    ingested.updated += judged.updated;
  };
  const judgeOne = async (candidate: Candidate): Promise<Judged> => {
    const { directions, firstHour } = candidate;
    const sighting = { logTime, directions, firstHour };
    const judged = await judge.judge(candidate.source, candidate, { logTime, now, reader }, 'short', sighting);
    // Many files of one minute may be about one scan. The next run of settle sees what they add.
    if (judged.isFresh) again.push({ ...candidate.source, hour: candidate.to });
    return judged;
  };
  // The failure of one source must not stop the others. The object as a whole fails in the end and is retried.
  await inParallel(PARALLEL, due, async (candidate) => {
    if (hasTime()) await judgeOne(candidate).then(count, (error) => failures.push(error));
    else
      failures.push(new OutOfTimeError(`${report.name}: time ran out before all suspicious sources in it were judged`));
  });
  await windows.agenda.markAgain(again, logTime, id, now);
  if (failures.length) throw failures[0];
  if (report.error)
    throw new PartlyReadError(
      `${report.name}: ${report.error} (${report.records} records were read and used)`,
      ingested,
    );
  return ingested;
}

interface Candidate {
  readonly source: SourceName;
  readonly failures: number;
  /** The watches about the source. */
  readonly watches: Watches | undefined;
  readonly from: number;
  readonly to: number;
  /** The first epoch hour in which it has contacts in the file. */
  readonly firstHour: number;
  /** The directions of the failed contacts. */
  readonly directions: Set<Direction>;
}

/**
 * Passes on the fragments of a file and notes the sources to judge. Other sources are not noted, because there may be
 * hundreds of thousands with one or two failures.
 */
function* suspects(
  collector: Collector,
  due: Candidate[],
  {
    isDue,
    judge,
    watches,
  }: {
    readonly isDue: (candidate: Candidate) => boolean;
    readonly judge: Judge;
    readonly watches: Watches | undefined;
  },
): Generator<Fragment> {
  for (const { panes, ...source } of collector.sources()) {
    const failed = panes.flatMap(({ hour, contacts }) =>
      contacts.filter((contact) => isFailure(outcomeOf(contact.seen))).map((contact) => ({ hour, contact })),
    );
    const candidate = {
      source: { scope: source.scope, address: source.address },
      failures: failed.length,
      watches: watchesAbout(watches, source, panes),
      from: failed[0]?.hour ?? 0,
      to: failed.at(-1)?.hour ?? 0,
      firstHour: Math.min(...panes.map(({ hour }) => hour)),
      directions: new Set<Direction>(),
    };
    if (isDue(candidate)) {
      for (const { contact } of failed) candidate.directions.add(judge.directionOf(source, contact));
      due.push(candidate);
    }
    for (const pane of panes) yield { ...source, ...pane };
  }
}

/**
 * Recognises the fragments of watched sources. An outside source that only contacts a watched target is background noise
 * as before, and the hourly task judges it.
 */
function watchingFor(watches: Watches | undefined, settings: DetectionSettings): Watching | undefined {
  if (watches?.isEmpty ?? true) return undefined;
  return (fragment) => {
    const about = watchesAbout(watches, fragment, [fragment]);
    const isMarked = about && (fragment.inside || about.nameSources);
    return isMarked ? leastEvidenceOf(watchedSettings(settings, about)) : undefined;
  };
}

/** The log that an object belongs to, from its name: account, region and flow log. All other names share one log. */
export function logName(key: string): string {
  const match = /(\d{12})_vpcflowlogs_([a-z0-9-]+)_(fl-[0-9a-f]+)_/.exec(key);
  return match ? `${match[1]}/${match[2]}/${match[3]}` : 'other';
}
