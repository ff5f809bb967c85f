/**
 * Judges outside sources with few contacts that add up over some hours, bucket by bucket. Continues where a run
 * stopped.
 */
import { OUTSIDE_BUCKETS } from '../../store/keys.ts';
import { sourcesAddingUp } from '../adding-up.ts';
import type { Horizons } from '../judge-source.ts';
import type { Services } from '../services.ts';
import { type Counts, type JudgingRun, judgeOne, type Run } from './run.ts';

const DAY = 86_400;
/**
 * Number of sources per bucket to judge over hours, those with the most contacts first, so that a flood cannot use up a
 * run.
 */
const JUDGED_OVER_HOURS = 250;
/** The same over days. */
const JUDGED_OVER_DAYS = 20;
/** Positions within one pass: one for each source that may be judged in each bucket. */
export const POSITIONS = OUTSIDE_BUCKETS * JUDGED_OVER_HOURS;

/** Selects the outside sources to judge. */
export interface Look {
  readonly hours: readonly number[];
  /** Number of failed contacts that makes a source worth judging. */
  readonly failures: number;
  readonly horizons: Horizons;
}

/** Judges, starting at a position. @returns the position at which time ran out, or undefined at the end. */
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
    // Packs of days are read bucket by bucket and not kept.
    const windows = horizons === 'all' ? services.windows : judging.recent;
    const packed = await windows.packedSources(hours, bucket, horizons === 'short');
    const sources = sourcesAddingUp(packed, failures);
    const judged = sources.slice(0, horizons === 'all' ? JUDGED_OVER_DAYS : JUDGED_OVER_HOURS);
    counts.dropped += sources.length - judged.length;
    for (const [at, { address, fragments }] of judged.entries()) {
      if (start + at < from) continue;
      if (!run.hasTime()) return start + at;
      const known = { ...judging, reader: judging.reader.knowing({ view: windows, hours: packed.hours, fragments }) };
      await judgeOne(services, run, counts, { scope: 'internet', address }, range, known, horizons);
    }
  }
  return undefined;
}

interface Resumable {
  /** Continues at a position. Returns the position at which time ran out, or undefined at the end. */
  readonly work: (position: number) => Promise<number | undefined>;
  /** Called after a complete pass without a failure. */
  readonly finish: () => Promise<void>;
}

/**
 * Continues work where the last run stopped, if it was about the same `state`. Sources that could not be judged must be
 * found again, so a pass with a failure does not count as finished and starts again after it reached its end.
 * @returns whether time ran out.
 */
export async function resume(
  { claims }: Services,
  { now, failures }: Run,
  name: string,
  state: string,
  { work, finish }: Resumable,
): Promise<boolean> {
  const before = await claims.progressOf(name, state);
  const failuresBefore = failures.length;
  const stoppedAt = await work(before?.position ?? 0);
  const hasFailed = before?.hasFailed === true || failures.length > failuresBefore;
  if (stoppedAt !== undefined) {
    await claims.noteProgress(name, state, { position: stoppedAt, hasFailed }, now + DAY);
    return true;
  }
  if (before?.position) await claims.noteProgress(name, state, { position: 0, hasFailed: false }, now + DAY);
  if (!hasFailed) await finish();
  return false;
}
