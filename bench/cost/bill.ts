/** What was counted, in dollars. */
import type { Counted } from './day.ts';
import type { Deployed, FunctionName } from './deployed.ts';
import { PRICES, type Price } from './prices.ts';

/** A line of the bill. */
export interface Line {
  readonly what: string;
  readonly quantity: number;
  readonly price: Price;
  readonly dollars: number;
}

/** What ordinary records take beyond those that were run, told from files with and without them. */
export interface Extrapolation {
  readonly records: number;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly cpuSeconds: number;
}

/** Everything a day costs, in groups, with the volume that it is for. */
export interface Bill {
  readonly gigabytes: number;
  readonly storedGigabytes: number;
  readonly records: number;
  readonly marginal: readonly Line[];
  readonly delivery: readonly Line[];
  /** A month's. */
  readonly fixed: readonly Line[];
}

/** Bytes of what AWS charges as a GB. */
export const GIB = 2 ** 30;
const DAYS = 30;
/** Memory at which a function has one full processor. With less memory it has a share of one. */
const ONE_PROCESSOR = 1769;
/** From one call to the answer of the service, and until the first byte of an object comes. */
export const ROUND_TRIP_SECONDS = 0.005;
const FIRST_BYTE_SECONDS = 0.03;
/** Receive and delete of each message, and its sending. */
const REQUESTS_A_MESSAGE = 3;
/** Lambda polls a queue with five connections, each of which waits twenty seconds for a message. */
const POLLS_A_MONTH = (5 * DAYS * 86_400) / 20;
/** Bytes that an invocation logs: its own line, the metrics, start, end and report. */
export const LOG_BYTES = 2500;
const FUNCTIONS: readonly FunctionName[] = ['ingest', 'settle', 'alert'];

/** The share of a processor that a function with so many mebibytes has. */
export const shareOfProcessor = (memory: number): number => Math.min(1, memory / ONE_PROCESSOR);

/** A line of a bill. */
export const line = (what: string, quantity: number, price: Price): Line => ({
  what,
  quantity,
  price,
  dollars: quantity * price.dollars,
});

export const total = (lines: readonly Line[]): number => lines.reduce((sum, { dollars }) => sum + dollars, 0);

/** Units of one kind of use, by table. Reads are those with days of history. */
export const unitsOf = ({ counts }: Counted, way: 'write' | 'read' | 'index', kinds = /./): number =>
  Object.entries(counts).reduce((sum, [name, { units, steadyUnits }]) => {
    const [, , of, ...kind] = name.split(' ');
    if (of !== way || !kinds.test(kind.join(' '))) return sum;
    return sum + (way === 'read' ? steadyUnits : units);
  }, 0);

/** Seconds that a function is charged for: its processor time on its share of a processor, and its waiting. */
export function billedSeconds(counted: Counted, of: Deployed, name: FunctionName, moreCpu: number): number {
  const used = counted.used[name];
  const share = shareOfProcessor(of.memory[name]);
  // Settle spends its time on what it reads. Ingest does most of its work before it reads anything.
  const cpuSeconds = name === 'settle' ? used.steadyCpuSeconds : used.cpuSeconds;
  const waits = used.roundTrips * ROUND_TRIP_SECONDS + (name === 'ingest' ? used.invocations * FIRST_BYTE_SECONDS : 0);
  return (cpuSeconds + moreCpu) / share + waits;
}

/** The bill of a day. */
export function billOf(counted: Counted, of: Deployed, more: Extrapolation): Bill {
  const days = counted.rounds / 288;
  const bytes = (counted.bytes + more.bytes) / days;
  const storedBytes = (counted.storedBytes + more.storedBytes) / days;
  const aDay = (quantity: number) => quantity / days;
  const gigabyteSeconds = FUNCTIONS.map((name) => {
    const seconds = billedSeconds(counted, of, name, name === 'ingest' ? more.cpuSeconds : 0);
    return line(`Lambda ${name}`, aDay((seconds * of.memory[name]) / 1024), PRICES.lambdaSecond);
  });
  const invocations = FUNCTIONS.reduce((sum, name) => sum + counted.used[name].invocations, 0);
  const tableBytes = Object.values(counted.tables).reduce((sum, table) => sum + table.bytes, 0);
  const kept = aDay(tableBytes) * of.settings.retentionDays.windows;
  const marginal = [
    line(
      'writes, noise and other quiet outside sources',
      aDay(unitsOf(counted, 'write', /^(noise|loud)/)),
      PRICES.writeUnit,
    ),
    line('writes, inside sources', aDay(unitsOf(counted, 'write', /^(source|calm)/)), PRICES.writeUnit),
    line(
      'writes, marks, log times, findings and the rest',
      aDay(unitsOf(counted, 'write', /^(?!noise|loud|source|calm)/) + unitsOf(counted, 'index')),
      PRICES.writeUnit,
    ),
    line('reads, quiet outside sources', aDay(unitsOf(counted, 'read', /^(noise|loud)/)), PRICES.readUnit),
    line('reads, everything else', aDay(unitsOf(counted, 'read', /^(?!noise|loud)/)), PRICES.readUnit),
    ...gigabyteSeconds,
    line('Lambda requests', aDay(invocations), PRICES.lambdaRequest),
    line('S3 GET', aDay(counted.files), PRICES.objectGet),
    line('SQS requests', aDay((counted.files + counted.queueSends) * REQUESTS_A_MESSAGE), PRICES.queueRequest),
    line('SNS publishes, each to one e-mail', aDay(counted.publishes), {
      ...PRICES.publish,
      dollars: PRICES.publish.dollars + PRICES.email.dollars,
    }),
    line('tables, a day of their storage', kept / GIB / DAYS, PRICES.tableStorage),
    line('tables, a day of point-in-time recovery', of.recoverableTables ? kept / GIB / DAYS : 0, PRICES.tableRecovery),
    line('function logs', (aDay(invocations) * LOG_BYTES) / GIB, PRICES.logIngestion),
  ];
  const delivery = [
    line('delivery of the flow logs', bytes / GIB, PRICES.delivery),
    line('S3 PUT', aDay(counted.files), PRICES.objectPut),
    line(
      'files, a day of their storage',
      ((storedBytes / GIB) * of.settings.retentionDays.logObjects) / DAYS,
      PRICES.objectStorage,
    ),
  ];
  const fixed = [
    line('alarms', of.alarms, PRICES.alarm),
    line('custom metrics', of.metrics.length, PRICES.metric),
    line('KMS keys', of.keys, PRICES.key),
    line('polls of queues', of.queuesRead * POLLS_A_MONTH, PRICES.queueRequest),
  ];
  return {
    gigabytes: bytes / GIB,
    storedGigabytes: storedBytes / GIB,
    records: aDay(counted.records + more.records),
    marginal,
    delivery,
    fixed,
  };
}
