/** A workload through the counted pipeline, round by round, and what became of the scans in it. */
import { isVoid } from '../../lib/finding/lifecycle.ts';
import type { Count } from './counter.ts';
import type { Deployed, FunctionName } from './deployed.ts';
import { CountedPipeline, TABLES, type Used } from './pipeline.ts';
import { ROUND_SECONDS, SCANS, START, Traffic, type Workload } from './traffic.ts';

/** Everything that a run counted. */
export interface Counted {
  readonly workload: Workload;
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
  /** By name of the scan: whether it was found. */
  readonly found: Readonly<Record<string, boolean>>;
}

/** A file is there this long after its last record. */
const DELIVERY_DELAY = 60;

/** Runs the workload. @param tell is told how far it is, once an hour of it. */
export async function runDay(
  workload: Workload,
  of: Deployed,
  tell: (text: string) => void = () => {},
): Promise<Counted> {
  const pipeline = await CountedPipeline.start(of);
  try {
    const traffic = new Traffic(workload);
    const sums = { files: 0, records: 0, bytes: 0, storedBytes: 0 };
    for (let round = 0; round < workload.rounds; round++) {
      const now = START + (round + 1) * ROUND_SECONDS + DELIVERY_DELAY;
      for (const file of traffic.round(round)) {
        await pipeline.ingest(file, now);
        sums.files++;
        sums.records += file.records;
        sums.bytes += file.bytes;
        sums.storedBytes += file.body.length;
      }
      await pipeline.settle(now);
      await pipeline.alert(now);
      if (round % 12 === 11) tell(`${(round + 1) / 12} h, ${sums.records} records`);
    }
    return {
      workload,
      ...sums,
      used: pipeline.used,
      queueSends: pipeline.queueSends,
      publishes: pipeline.publishes,
      counts: Object.fromEntries(pipeline.counter.counts),
      tables: Object.fromEntries(TABLES.map((table) => [table, pipeline.counter.stored(table)])),
      found: await foundIn(pipeline, workload.rounds),
    };
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
