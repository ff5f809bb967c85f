/** What a look back will take, before it begins: objects, bytes, dollars with their arithmetic, time. */
import type { OldLog } from '../../lib/store/old-logs.ts';
import { countOf, grouped } from '../../lib/text/wording.ts';

/** Of docs/cost.md: the workload's bytes per compressed byte, and the marginal dollars per gigabyte of log. */
export const BYTES_PER_COMPRESSED = 15.8;
export const DOLLARS_PER_GB = 0.008_32;
/** Dollars for each request that lists up to 1,000 keys. */
const DOLLARS_PER_LIST = 0.005 / 1000;
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

/** The lines that tell it to a person. */
export function estimateLines(
  { objects, bytes, logBytes, requests, dollars, seconds }: Estimate,
  rate: number,
): string {
  const listing = requests * DOLLARS_PER_LIST;
  return `objects  ${grouped(objects)}
bytes    ${gigabytes(bytes)}, about ${gigabytes(logBytes)} of log (x ${BYTES_PER_COMPRESSED} where compressed)
cost     about ${money(dollars)} = ${gigabytes(logBytes)} x $${DOLLARS_PER_GB} + ${countOf(requests, 'listing')} x $0.000005 (${money(listing)}), docs/cost.md
time     at least ${duration(seconds)} = ${grouped(objects)} objects / ${rate} per second, longer where the queue is full
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
