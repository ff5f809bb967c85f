/** A workload through the counted pipeline, round by round, and what became of the scans in it. */
import { isVoid } from '../../lib/finding/lifecycle.ts';
import type { Count } from './counter.ts';
import type { Deployed, FunctionName } from './deployed.ts';
import { type Round, roundsOf } from './given-log.ts';
import { CountedPipeline, TABLES, type Used } from './pipeline.ts';
import { type LogFile, ROUND_SECONDS, SCANS, START, Traffic, type Workload } from './traffic.ts';

/** Everything that a run counted. */
export interface Counted {
  /** Deliveries of five minutes each. */
  readonly rounds: number;
  readonly files: number;
  readonly records: number;
  /** Uncompressed bytes of the files, and as they lie in the bucket. */
  readonly bytes: number;
  readonly storedBytes: number;
  readonly used: Readonly<Record<FunctionName, Readonly<Used>>>;
  readonly queueSends: number;
  readonly publishes: number;
  /** By `function table write|read|index kind`. */
  readonly counts: Readonly<Record<string, Readonly<Count>>>;
  readonly tables: Readonly<Record<string, { readonly items: number; readonly bytes: number }>>;
}

/** What a run of the bench's own workload counted. */
export interface CountedDay extends Counted {
  readonly workload: Workload;
  /** By name of the scan: whether it was found. */
  readonly found: Readonly<Record<string, boolean>>;
}

/** What a run of a given log counted. */
export interface CountedLog extends Counted {
  /** The findings in the end, as text, one for each. */
  readonly findings: readonly string[];
}

/** A file is there this long after its last record. */
const DELIVERY_DELAY = 60;
/**
 * Runs of the scheduled function after the end of a given log. The clock stands for the log after an hour of silence, and
 * missing answers are overdue ten minutes later.
 */
const ROUNDS_AFTER = 18;

/** Runs the workload. @param tell is told how far it is, once an hour of it. */
export async function runDay(
  workload: Workload,
  of: Deployed,
  tell: (text: string) => void = () => {},
): Promise<CountedDay> {
  const traffic = new Traffic(workload);
  function* rounds() {
    for (let round = 0; round < workload.rounds; round++)
      yield { end: START + (round + 1) * ROUND_SECONDS, files: traffic.round(round) };
  }
  return counting(of, START, rounds(), tell, async (pipeline, counted) => ({
    ...counted,
    workload,
    found: await foundIn(pipeline, workload.rounds),
  }));
}

/**
 * Runs a log that you have, in files of five minutes, and the scheduled function also where it has no records and after
 * its end. The runs after its end count as work of its time.
 */
export async function runLog(path: string, of: Deployed, tell: (text: string) => void = () => {}): Promise<CountedLog> {
  const cut = roundsOf(path);
  const first = cut.next();
  // A log without records throws instead of ending at once.
  const start = (first.value as Round).end - ROUND_SECONDS;
  function* rounds() {
    let next = start + ROUND_SECONDS;
    for (const { end, file } of [first.value as Round, ...cut]) {
      for (; next < end; next += ROUND_SECONDS) yield { end: next, files: [] };
      yield { end, files: [file] };
      next = end + ROUND_SECONDS;
    }
  }
  return counting(
    of,
    start,
    rounds(),
    tell,
    async (pipeline, counted) => ({
      ...counted,
      findings: await pipeline.findingTexts(),
    }),
    ROUNDS_AFTER,
  );
}

async function counting<Result>(
  of: Deployed,
  start: number,
  rounds: Iterable<{ readonly end: number; readonly files: Iterable<LogFile> }>,
  tell: (text: string) => void,
  concluded: (pipeline: CountedPipeline, counted: Counted) => Promise<Result>,
  roundsAfter = 0,
): Promise<Result> {
  const pipeline = await CountedPipeline.start(of, start);
  try {
    const sums = { rounds: 0, files: 0, records: 0, bytes: 0, storedBytes: 0 };
    for (const { end, files } of rounds) {
      const now = end + DELIVERY_DELAY;
      for (const file of files) {
        await pipeline.ingest(file, now);
        sums.files++;
        sums.records += file.records;
        sums.bytes += file.bytes;
        sums.storedBytes += file.body.length;
      }
      await pipeline.settle(now);
      await pipeline.alert(now);
      if (++sums.rounds % 12 === 0) tell(`${sums.rounds / 12} h, ${sums.records} records`);
    }
    for (let round = 1; round <= roundsAfter; round++) {
      const now = start + (sums.rounds + round) * ROUND_SECONDS + DELIVERY_DELAY;
      await pipeline.settle(now);
      await pipeline.alert(now);
    }
    return await concluded(pipeline, {
      ...sums,
      used: pipeline.used,
      queueSends: pipeline.queueSends,
      publishes: pipeline.publishes,
      counts: Object.fromEntries(pipeline.counter.counts),
      tables: Object.fromEntries(TABLES.map((table) => [table, pipeline.counter.stored(table)])),
    });
  } finally {
    await pipeline.stop();
  }
}

async function foundIn(pipeline: CountedPipeline, rounds: number): Promise<Record<string, boolean>> {
  const found: Record<string, boolean> = {};
  for (const { name, source, rounds: needed } of SCANS) {
    if (needed > rounds) continue;
    const scope = source.startsWith('10.') ? '123456789012' : 'internet';
    const findings = await pipeline.findingsOf({ scope, address: source });
    found[name] = findings.some((finding) => !isVoid(finding));
  }
  return found;
}
