/** Ingest: one object to fragments, then to judgements about the sources in it that matter. */

import { isFailure, outcomeOf } from '../contact/seen.ts';
import { type FileReport, readFlowLog } from '../flowlog/read.ts';
import type { ByteSource } from '../flowlog/source.ts';
import { objectId } from '../store/keys.ts';
import type { SourceName, WindowsStore } from '../store/windows-store.ts';
import { Collector, type CollectorOptions } from '../window/collector.ts';
import type { Fragment } from '../window/evidence.ts';
import type { Judge, Judged } from './judge.ts';
import type { ObjectCreated } from './object-events.ts';

/** How far the clocks of log and function may be apart, in seconds. */
const CLOCK_SKEW = 900;
/** Sources judged at the same time: a busy file has hundreds, each takes several round trips. */
const PARALLEL = 8;
/** How many times as suspicious an outside source must be to be judged at once. */
const PATIENCE_OUTSIDE = 2;

export interface IngestOptions {
  readonly windows: WindowsStore;
  readonly judge: Judge;
  readonly collector: CollectorOptions;
  /** Columns of files without a header. */
  readonly fields?: readonly string[];
  /** Failed contacts in one file from which a source is judged at once; others wait until their answers are overdue. */
  readonly suspicious: number;
}

/** What one object came to. */
export interface Ingested extends Judged {
  readonly report: FileReport;
  readonly fragments: number;
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
 * @throws PartlyReadError after all that was readable has been stored and judged, when the file is damaged.
 */
export async function ingestObject(
  object: ObjectCreated,
  source: ByteSource,
  options: IngestOptions,
  now: number,
): Promise<Ingested> {
  const collector = new Collector(options.collector);
  const report = await readFlowLog(source, collector, options.fields ? { fields: options.fields } : {});
  const suspects = new Map<string, Suspect>();
  const fragments = await options.windows.writeFragments(
    objectId(object.bucket, object.key),
    watch(collector, suspects),
    now,
  );
  // A record from the future, of which one suffices, must not make every answer overdue and every scan over.
  const logTime = Math.min(collector.logTime, now + CLOCK_SKEW);
  if (logTime) await options.windows.advanceLogTime(logName(object.key), logTime, now);
  const ingested = { report, fragments, opened: 0, updated: 0 };
  // Outside ones are weather: what is no scan within one file can wait for the hourly look at all of them.
  const isDue = ({ source, failures }: Suspect) =>
    failures >= options.suspicious * (source.scope === 'internet' ? PATIENCE_OUTSIDE : 1);
  const waiting = [...suspects.values()].filter(isDue).values();
  const failures: unknown[] = [];
  const count = (judged: Judged) => {
    ingested.opened += judged.opened;
    ingested.updated += judged.updated;
  };
  const judgeWaiting = async () => {
    // One source must not keep the others waiting; the object as a whole fails in the end, and comes again.
    for (const suspect of waiting)
      await options.judge.judge(suspect.source, suspect, { logTime, now }).then(count, (error) => failures.push(error));
  };
  await Promise.all(Array.from({ length: PARALLEL }, judgeWaiting));
  if (failures.length) throw failures[0];
  if (report.error)
    throw new PartlyReadError(
      `${report.name}: ${report.error} (${report.records} records were read and used)`,
      ingested,
    );
  return ingested;
}

interface Suspect {
  readonly source: SourceName;
  failures: number;
  from: number;
  to: number;
}

/** The fragments of a file, with their failures counted as they pass. */
function* watch(collector: Collector, suspects: Map<string, Suspect>): Generator<Fragment> {
  for (const { panes, ...source } of collector.sources()) {
    for (const pane of panes) {
      const failures = pane.contacts.reduce((sum, contact) => sum + Number(isFailure(outcomeOf(contact.seen))), 0);
      const name = { scope: source.scope, address: source.address };
      if (failures) {
        const key = `${name.scope}|${name.address}`;
        const suspect = suspects.get(key) ?? { source: name, failures: 0, from: pane.hour, to: pane.hour };
        suspects.set(key, { ...suspect, failures: suspect.failures + failures, to: Math.max(suspect.to, pane.hour) });
      }
      yield { ...source, ...pane };
    }
  }
}

/** Which log an object belongs to, from its name: account, region and flow log; one name for all that are called otherwise. */
export function logName(key: string): string {
  const match = /(\d{12})_vpcflowlogs_([a-z0-9-]+)_(fl-[0-9a-f]+)_/.exec(key);
  return match ? `${match[1]}/${match[2]}/${match[3]}` : 'other';
}
