/** Ingest: one object to fragments, then to judgements about the sources in it that matter. */

import { Collector } from '../evidence/builder.ts';
import type { Fragment } from '../evidence/evidence.ts';
import { isFailure, outcomeOf } from '../evidence/seen.ts';
import type { Direction } from '../finding/model.ts';
import { type FileReport, readFlowLog } from '../flowlog/read.ts';
import type { ByteSource } from '../flowlog/source.ts';
import { inParallel } from '../store/in-parallel.ts';
import { objectId, type SourceName } from '../store/keys.ts';
import type { Judge, Judged } from './judge.ts';
import type { ObjectCreated } from './object-events.ts';
import { failuresToJudge, type Services } from './services.ts';

/** How far the clocks of log and function may be apart, in seconds. */
const CLOCK_SKEW = 900;
/** Sources judged at the same time: a busy file has hundreds, each takes several round trips. */
const PARALLEL = 8;
/** How many times as many failed contacts an outside source must have to be judged at once. */
const OUTSIDE_FACTOR = 2;

/** What ingesting takes from the services. */
type Ingesting = Pick<Services, 'windows' | 'judge' | 'settings' | 'runtime' | 'key'>;

/** What one object came to. */
export interface Ingested extends Judged {
  readonly report: FileReport;
  /** Items written. */
  readonly fragments: number;
  /** Outside sources of few contacts that were dropped, because the table was at its write ceiling. */
  readonly sourcesDropped: number;
  /** Contacts that were dropped because memory was full, the least suspicious first. */
  readonly contactsDropped: number;
}

/** The invocation ended before all was done; what was written stays, and the message comes back. */
export class OutOfTimeError extends Error {
  override name = 'OutOfTimeError';
}

/** The object could be read in part only; what was readable has been used. */
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
 * @param hasTime whether another source may be judged.
 * @throws OutOfTimeError when sources are left that time ran out for.
 * @throws PartlyReadError after all that was readable has been stored and judged, when the file is damaged.
 */
export async function ingestObject(
  object: ObjectCreated,
  source: ByteSource,
  { windows, judge, settings, runtime, key }: Ingesting,
  now: number,
  hasTime: () => boolean = () => true,
): Promise<Ingested> {
  const collector = new Collector({ key, internal: runtime.internal, routingDomains: runtime.routingDomains });
  const report = await readFlowLog(source, collector, runtime.fields ? { fields: runtime.fields } : {});
  // Outside sources are background noise. Unless one scans within this file, the hourly task judges it.
  const isDue = ({ source, failures }: Candidate) =>
    failures >= failuresToJudge(settings) * (source.scope === 'internet' ? OUTSIDE_FACTOR : 1);
  const due: Candidate[] = [];
  const id = objectId(object.bucket, object.key);
  const { items, sourcesDropped } = await windows.writeFragments(id, watch(collector, due, isDue, judge), now);
  // One record dated in the future would make every pending answer overdue and end every scan.
  const logTime = Math.min(collector.logTime, now + CLOCK_SKEW);
  if (logTime) await windows.agenda.advanceLogTime(logName(object.key), logTime, now);
  const ingested = {
    report,
    fragments: items,
    sourcesDropped,
    contactsDropped: collector.dropped.contacts,
    opened: 0,
    updated: 0,
  };
  // Inside ones first: a flood from outside, which may bring the tables to their ceiling, must not keep them waiting.
  const isOutside = ({ source }: Candidate) => Number(source.scope === 'internet');
  due.sort((a, b) => isOutside(a) - isOutside(b));
  const failures: unknown[] = [];
  const reader = judge.newReader();
  const count = (judged: Judged) => {
    ingested.opened += judged.opened;
    ingested.updated += judged.updated;
  };
  const judgeOne = async (candidate: Candidate): Promise<Judged> => {
    const sighting = { logTime, directions: candidate.directions };
    const judged = await judge.judge(candidate.source, candidate, { logTime, now, reader }, 'short', sighting);
    // Many files of one minute may tell of one scan: the next run of settle sees what they add.
    if (judged.isFresh) await windows.agenda.markAgain(candidate.source, candidate.to, logTime, id, now);
    return judged;
  };
  // The failure of one source must not stop the others. The object as a whole fails in the end, and comes again.
  await inParallel(PARALLEL, due, async (candidate) => {
    if (hasTime()) await judgeOne(candidate).then(count, (error) => failures.push(error));
    else
      failures.push(
        new OutOfTimeError(`${report.name}: time ran out before all sources in it that matter were judged`),
      );
  });
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
  readonly from: number;
  readonly to: number;
  /** Of the failed contacts. */
  readonly directions: Set<Direction>;
}

/**
 * The fragments of a file; the sources in it that are to be judged are noted as they pass, and no others: there may be
 * hundreds of thousands with a failure or two.
 */
function* watch(
  collector: Collector,
  due: Candidate[],
  isDue: (candidate: Candidate) => boolean,
  judge: Judge,
): Generator<Fragment> {
  for (const { panes, ...source } of collector.sources()) {
    const failed = panes.flatMap(({ hour, contacts }) =>
      contacts.filter((contact) => isFailure(outcomeOf(contact.seen))).map((contact) => ({ hour, contact })),
    );
    const candidate = {
      source: { scope: source.scope, address: source.address },
      failures: failed.length,
      from: failed[0]?.hour ?? 0,
      to: failed.at(-1)?.hour ?? 0,
      directions: new Set<Direction>(),
    };
    if (isDue(candidate)) {
      for (const { contact } of failed) candidate.directions.add(judge.directionOf(source, contact));
      due.push(candidate);
    }
    for (const pane of panes) yield { ...source, ...pane };
  }
}

/** Which log an object belongs to, from its name: account, region and flow log; one name for all that are called otherwise. */
export function logName(key: string): string {
  const match = /(\d{12})_vpcflowlogs_([a-z0-9-]+)_(fl-[0-9a-f]+)_/.exec(key);
  return match ? `${match[1]}/${match[2]}/${match[3]}` : 'other';
}
