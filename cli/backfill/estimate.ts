/** What a look back will take, before it begins: objects, bytes, dollars with their arithmetic, time. */
import { type LookBackOutput, UNITS_OF_A_BATCH } from '../../lib/store/look-back-batch.ts';
import type { OldLog } from '../../lib/store/old-logs.ts';
import { countOf, grouped } from '../../lib/text/wording.ts';

/** Of docs/cost.md: the workload's bytes per compressed byte, and the marginal dollars per gigabyte of log. */
export const BYTES_PER_COMPRESSED = 15.8;
export const DOLLARS_PER_GB = 0.007_92;
/** Of docs/cost.md too, for a gigabyte of log: seconds of ingest and of settle, and write units of both. */
export const INGEST_SECONDS_PER_GB = 29.3;
export const SETTLE_SECONDS_PER_GB = 80.2;
export const WRITE_UNITS_PER_GB = 6407;
/** Of five minutes that a run of settle has, the seconds in which it judges. */
const SETTLE_SHARE = 0.9;
/** Dollars for a transition of a standard execution, and how many a batch takes: its start, its state and its end. */
const DOLLARS_PER_TRANSITION = 0.025 / 1000;
const TRANSITIONS_OF_A_BATCH = 3;
/** Dollars for each request that lists up to 1,000 keys. */
const DOLLARS_PER_LIST = 0.005 / 1000;
/** The default of the setting `maxWriteUnits.windows`, write units per second. */
const DEFAULT_CEILING = 500;
const GB = 1e9;

interface Estimate {
  readonly objects: number;
  readonly bytes: number;
  /** Bytes of log after decompression, estimated from the bytes of compressed files. */
  readonly logBytes: number;
  readonly requests: number;
  readonly dollars: number;
  readonly seconds: number;
}

/** Files that are not compressed, by their names. All others shrink as gzip or Parquet do. */
const isPlain = (key: string): boolean => /\.(log|txt|csv)$/i.test(key);

/** Estimates from a listing. @param rate objects per second. */
export function estimateOf(logs: readonly OldLog[], requests: number, rate: number): Estimate {
  const bytes = logs.reduce((sum, { size }) => sum + size, 0);
  const logBytes = logs.reduce((sum, { key, size }) => sum + size * (isPlain(key) ? 1 : BYTES_PER_COMPRESSED), 0);
  return {
    objects: logs.length,
    bytes,
    logBytes,
    requests,
    dollars: (logBytes / GB) * DOLLARS_PER_GB + requests * DOLLARS_PER_LIST,
    seconds: logs.length / rate,
  };
}

/**
 * The lines that tell it to a person.
 * @param writeUnits write units per second that the windows table accepts, if the deployment says so.
 */
export function estimateLines(
  { objects, bytes, logBytes, requests, dollars, seconds }: Estimate,
  rate: number,
  writeUnits?: number,
): string {
  const listing = requests * DOLLARS_PER_LIST;
  const units = Math.ceil(((logBytes / GB) * WRITE_UNITS_PER_GB) / seconds);
  return `objects  ${grouped(objects)}
bytes    ${gigabytes(bytes)}, about ${gigabytes(logBytes)} of log (x ${BYTES_PER_COMPRESSED} where compressed)
cost     about ${money(dollars)} = ${gigabytes(logBytes)} x $${DOLLARS_PER_GB} + ${countOf(requests, 'listing')} x $0.000005 (${money(listing)}), docs/cost.md
time     at least ${duration(seconds)} = ${grouped(objects)} objects / ${rate} per second, longer where the queue is full
${ceilingLine(units, writeUnits, 'Lower --rate')}`;
}

/** Says that writes exceed the ceiling. Empty if they do not. @param remedy what to do, if the ceiling is to stay. */
function ceilingLine(units: number, writeUnits: number | undefined, remedy: string): string {
  if (units <= (writeUnits ?? DEFAULT_CEILING)) return '';
  const ceiling =
    writeUnits === undefined
      ? `with less in maxWriteUnits.windows (default: ${DEFAULT_CEILING})`
      : `above the ${grouped(writeUnits)} of maxWriteUnits.windows`;
  return `writes   about ${grouped(units)} units per second: ${ceiling}, evidence of outside sources is dropped. ${remedy}, or raise the ceiling\n`;
}

interface MapEstimate extends Omit<Estimate, 'objects' | 'bytes'> {
  readonly batches: number;
  /** Seconds by the functions that read, and by the write ceiling. The longer one counts. */
  readonly byFunctions: number;
  readonly byCeiling: number;
  /** Seconds until what was read is judged in full. */
  readonly settleSeconds: number;
}

/** Estimates a look back with the Distributed Map. */
export function mapEstimateOf(
  logs: readonly OldLog[],
  requests: number,
  filesInABatch: number,
  { maxConcurrency, writeUnits }: Pick<LookBackOutput, 'maxConcurrency' | 'writeUnits'>,
): MapEstimate {
  const { logBytes, dollars } = estimateOf(logs, requests, 1);
  const batches = Math.ceil(logs.length / filesInABatch);
  const gigabytesOfLog = logBytes / GB;
  const byFunctions = (gigabytesOfLog * INGEST_SECONDS_PER_GB) / Math.min(maxConcurrency, batches || 1);
  const byCeiling = (gigabytesOfLog * WRITE_UNITS_PER_GB) / writeUnits;
  return {
    ...{ logBytes, requests, batches, byFunctions, byCeiling },
    dollars: dollars + batches * TRANSITIONS_OF_A_BATCH * DOLLARS_PER_TRANSITION,
    seconds: Math.max(byFunctions, byCeiling),
    settleSeconds: (gigabytesOfLog * SETTLE_SECONDS_PER_GB) / SETTLE_SHARE,
  };
}

/** The lines that tell it to a person. */
export function mapEstimateLines(logs: readonly OldLog[], estimate: MapEstimate, output: LookBackOutput): string {
  const { logBytes, requests, batches, dollars, seconds, byFunctions, byCeiling, settleSeconds } = estimate;
  const bytes = logs.reduce((sum, { size }) => sum + size, 0);
  const listing = requests * DOLLARS_PER_LIST;
  const transitions = batches * TRANSITIONS_OF_A_BATCH;
  const log = gigabytes(logBytes);
  // A few small files are over before they could exceed what the table accepts in a second.
  const allUnits = byCeiling * output.writeUnits;
  const units = Math.ceil(Math.min(Math.min(output.maxConcurrency, batches) * UNITS_OF_A_BATCH, allUnits));
  return `objects  ${grouped(logs.length)} in ${countOf(batches, 'batch', 'batches')}
bytes    ${gigabytes(bytes)}, about ${log} of log (x ${BYTES_PER_COMPRESSED} where compressed)
cost     about ${money(dollars)} = ${log} x $${DOLLARS_PER_GB} + ${grouped(transitions)} transitions x $0.000025 (${money(transitions * DOLLARS_PER_TRANSITION)}) + ${countOf(requests, 'listing')} x $0.000005 (${money(listing)}), docs/cost.md
time     at least ${duration(seconds)}, the longer of ${duration(byFunctions)} for ${countOf(output.maxConcurrency, 'batch', 'batches')} in parallel and ${duration(byCeiling)} at ${grouped(output.writeUnits)} write units per second
${ceilingLine(units, output.writeUnits, 'Lower lookBack.maxConcurrency')}settle   about ${duration(settleSeconds)} more until slow scans and missing answers are judged
`;
}

const gigabytes = (bytes: number): string =>
  bytes < 1e6 ? `${grouped(bytes / 1e3)} KB` : bytes < GB ? `${grouped(bytes / 1e6)} MB` : `${grouped(bytes / GB)} GB`;

const money = (dollars: number): string => `$${dollars >= 0.01 ? dollars.toFixed(2) : dollars.toFixed(6)}`;

/** A time for people: `43 minutes`. */
export function duration(seconds: number): string {
  if (seconds < 90) return countOf(Math.ceil(seconds), 'second');
  if (seconds < 5400) return countOf(Math.ceil(seconds / 60), 'minute');
  return `${grouped(Math.ceil(seconds / 360) / 10)} hours`;
}
