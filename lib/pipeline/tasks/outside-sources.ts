/** Judges outside sources of few contacts that add up over some hours, bucket by bucket, and goes on where a run stopped. */
import { OUTSIDE_BUCKETS } from '../../store/keys.ts';
import { sourcesAddingUp } from '../adding-up.ts';
import type { Horizons } from '../judge-source.ts';
import type { Services } from '../services.ts';
import { type Counts, type JudgingRun, judgeOne, type Run } from './run.ts';

const DAY = 86_400;
/** Sources judged over hours for each bucket, those with the most contacts first: a flood must not keep a run from its end. */
const JUDGED_OVER_HOURS = 250;
/** The same over days. */
const JUDGED_OVER_DAYS = 20;
/** Positions within one look: one for each source that may be judged in each bucket. */
export const POSITIONS = OUTSIDE_BUCKETS * JUDGED_OVER_HOURS;

/** Which outside sources to judge. */
export interface Look {
  readonly hours: readonly number[];
  /** Failed contacts that make a source worth judging. */
  readonly failures: number;
  readonly horizons: Horizons;
}

/** Judges from a position on. @returns the position that it came to when time ran out; undefined at the end. */
export async function judgeOutside(
  services: Services,
  run: Run,
  counts: Pick<Counts, 'judged' | 'opened' | 'updated' | 'dropped'>,
  judging: JudgingRun,
  { hours, failures, horizons }: Look,
  from: number,
): Promise<number | undefined> {
  const range = { from: Math.max(...hours), to: Math.max(...hours) };
  for (let bucket = Math.floor(from / JUDGED_OVER_HOURS); bucket < OUTSIDE_BUCKETS; bucket++) {
    const start = bucket * JUDGED_OVER_HOURS;
    if (!run.hasTime()) return Math.max(start, from);
    // The packs of days are looked through bucket by bucket, and kept no longer.
    const windows = horizons === 'all' ? services.windows : judging.recent;
    const packed = await windows.packedSources(hours, bucket, horizons === 'short');
    const sources = sourcesAddingUp(packed, failures);
    const judged = sources.slice(0, horizons === 'all' ? JUDGED_OVER_DAYS : JUDGED_OVER_HOURS);
    counts.dropped += sources.length - judged.length;
    for (const [at, { address, fragments }] of judged.entries()) {
      if (start + at < from) continue;
      if (!run.hasTime()) return start + at;
      const known = { ...judging, reader: judging.reader.knowing({ hours: packed.hours, fragments }) };
      await judgeOne(services, run, counts, { scope: 'internet', address }, range, known, horizons);
    }
  }
  return undefined;
}

interface Resumable {
  /** Goes on from a position; returns the one that it came to when time ran out, undefined when it came to the end. */
  readonly work: (position: number) => Promise<number | undefined>;
  /** After a whole pass without a failure. */
  readonly finish: () => Promise<void>;
}

/**
 * Goes on with work where the last run stopped, if it was about the same `state`. Sources that could not be judged are
 * to be found again: a pass with a failure is not finished, and begins again only after it came to its end.
 * @returns whether time ran out.
 */
export async function resume(
  { findings }: Services,
  { now, failures }: Run,
  name: string,
  state: string,
  { work, finish }: Resumable,
): Promise<boolean> {
  const before = await findings.progressOf(name, state);
  const failuresBefore = failures.length;
  const stoppedAt = await work(before?.position ?? 0);
  const hasFailed = before?.hasFailed === true || failures.length > failuresBefore;
  if (stoppedAt !== undefined) {
    await findings.noteProgress(name, state, { position: stoppedAt, hasFailed }, now + DAY);
    return true;
  }
  if (before?.position) await findings.noteProgress(name, state, { position: 0, hasFailed: false }, now + DAY);
  if (!hasFailed) await finish();
  return false;
}
