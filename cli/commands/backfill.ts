/**
 * `sweepwatch backfill`: sends old flow logs of a deployment's bucket through its ingest queue, or its Distributed Map,
 * paced and resumable.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ForeignBucket, otherBucketsIn } from '../../lib/config/foreign-bucket.ts';
import { isDay } from '../../lib/flowlog/key-time.ts';
import { endOf, lookBackId, NEWS_SECONDS } from '../../lib/notify/look-back.ts';
import { createDocumentClient, createS3Client, createSqsClient, type SQSClient } from '../../lib/store/clients.ts';
import { LookBacksStore } from '../../lib/store/look-backs-store.ts';
import {
  announceLogs,
  depthOf,
  listOldLogs,
  MOST_AT_ONCE,
  type OldLog,
  type OldLogs,
} from '../../lib/store/old-logs.ts';
import { printable, shellWord } from '../../lib/text/untrusted.ts';
import { countOf, grouped } from '../../lib/text/wording.ts';
import { type Cursor, type Job, readCursor, removeCursor, writeCursor } from '../backfill/cursor.ts';
import { duration, estimateLines, estimateOf } from '../backfill/estimate.ts';
import { backfillThroughMap, findLookBack } from '../backfill/map.ts';
import { ProgressLine } from '../backfill/progress-line.ts';
import { type OpenStack, openStack, type StackOptions } from '../deployment.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/** The options of `backfill`, as the program reads them. */
export interface BackfillOptions extends StackOptions {
  readonly from: string;
  readonly to: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  /** Whether the findings are announced. */
  readonly alerts?: boolean;
  readonly rate: number;
  /** Whether the Distributed Map reads the files, instead of the queue. */
  readonly map?: boolean;
  /** File for the cursor. */
  readonly cursor: string;
}

const COMMAND = 'sweepwatch backfill';
/** Waiting and in flight. More would delay the files that arrive meanwhile. */
const MOST_IN_QUEUE = 100;
const POLL_MS = 1000;
const DAY = 86_400;
/** Settle may judge the evidence of a look back as long as the table keeps it: at most 90 days (retentionDays.windows). */
const QUIET_DAYS = 91;

/** Runs `backfill` and returns the exit code. It stops early, whole and resumable, when `stop` is aborted. */
export async function backfillCommand(
  address: string,
  options: BackfillOptions,
  terminal: Terminal,
  stop: AbortSignal,
): Promise<number> {
  const { bucket, prefix } = partsOf(address);
  const now = Date.now() / 1000;
  checkDays(options, now);
  const found = await openStack(options);
  const other = otherBucketsIn((name) => found.outputs.find(name)).find((each) => each.bucket === bucket);
  if (!other) checkBucket(bucket, found);
  if (!options.alerts && found.stack !== undefined && found.outputs.find('Version') === undefined)
    throw new UsageError(
      'the deployment is older than this command and would announce every finding. Deploy this version first, or give --alerts',
      COMMAND,
    );
  const list = () => listOrTell(address, { bucket, prefix, other }, options, found, terminal);
  const alerts = `alerts   ${options.alerts ? 'as usual, at most so many in five minutes as the settings say' : 'none: findings are stored, and name the look back in suppressedBy'}\n`;
  if (options.map) {
    const { from, to, cursor, dryRun = false, yes = false } = options;
    const request = {
      ...{ address, from, to, cursor, dryRun, yes, alerts },
      list: async () => {
        const listed = await list();
        return listed && { files: listed.logs.map((log) => ({ bucket, ...log })), requests: listed.requests };
      },
      beforeReading: (seconds: number) => announceOrNot(options, found, now + seconds),
    };
    return backfillThroughMap(request, found, terminal, stop);
  }
  const job = { queue: found.outputs.get('IngestQueue'), address, from: options.from, to: options.to };
  const cursor = await readCursor(options.cursor, job);
  const listed = await list();
  if (listed === undefined) return 1;
  const left = cursor ? listed.logs.filter(({ key }) => key > cursor.lastKey) : listed.logs;
  if (cursor) terminal.stderr(`going on after ${countOf(cursor.sent, 'object')} (${printable(options.cursor)})\n`);
  const estimate = estimateOf(left, listed.requests, options.rate);
  terminal.stdout(estimateLines(estimate, options.rate, findLookBack(found)?.writeUnits));
  terminal.stdout(alerts);
  if (options.dryRun) return 0;
  if (!options.yes)
    throw new UsageError('nothing was sent. Give --yes to begin, or --dry-run for the estimate', COMMAND);
  await announceOrNot(options, found, now + estimate.seconds);
  const client = createSqsClient(found.connection);
  try {
    const sending = { client, job, bucket, options, terminal, stop };
    return conclude(await send(left, cursor?.sent ?? 0, sending), listed.logs.length, options, terminal);
  } finally {
    client.destroy();
  }
}

/** Lists the flow logs of the days. Undefined if it finds no log, or one that cannot be read, which it tells. */
async function listOrTell(
  address: string,
  { bucket, prefix, other }: { bucket: string; prefix: string; other: ForeignBucket | undefined },
  options: BackfillOptions,
  { connection, outputs }: OpenStack,
  terminal: Terminal,
): Promise<OldLogs | undefined> {
  const s3 = other
    ? createS3Client({ ...connection, ...(other.region && { region: other.region }) }, other.owner)
    : createS3Client(connection, outputs.find('LogBucketOwner'));
  const listed = await listOldLogs(s3, { bucket, prefix, ...options }).finally(() => s3.destroy());
  if (listed.withoutDay)
    terminal.stderr(`${countOf(listed.withoutDay, 'object')} left out: neither the name nor the folders say the day\n`);
  if (listed.archived.size) {
    refuseArchived(bucket, listed, terminal);
    return undefined;
  }
  if (listed.logs.length) return listed;
  terminal.stderr(`no flow logs from ${options.from} to ${options.to} under ${printable(address)}\n`);
  return undefined;
}

function partsOf(address: string): { bucket: string; prefix: string } {
  const [, bucket, prefix = ''] = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(address) ?? [];
  if (bucket === undefined) throw new UsageError(`expected s3://bucket/prefix, got "${address}"`, COMMAND);
  return { bucket, prefix };
}

function checkDays({ from, to }: BackfillOptions, now: number): void {
  for (const [name, day] of Object.entries({ from, to }))
    if (!isDay(day)) throw new UsageError(`--${name} must be a day such as 2026-08-01, got "${day}"`, COMMAND);
  if (from > to) throw new UsageError(`--from must not be after --to, got ${from} and ${to}`, COMMAND);
  if (endOf({ to }) + NEWS_SECONDS > now)
    throw new UsageError(
      `--to must be a day that ended an hour ago or earlier (UTC), got ${to}. Later files arrive by themselves`,
      COMMAND,
    );
}

/** Ingest has the permission for the buckets of the deployment. */
function checkBucket(bucket: string, { outputs }: OpenStack): void {
  const own = outputs.get('LogBucket');
  if (bucket !== own)
    throw new UsageError(
      `the deployment may read s3://${own} and no other bucket, got s3://${bucket}. To look at another one without a deployment: sweepwatch detect s3://${bucket}/`,
      COMMAND,
    );
}

function refuseArchived(bucket: string, { archived, firstArchived = '' }: OldLogs, terminal: Terminal): void {
  const classes = [...archived].map(([storage, count]) => `${grouped(count)} in ${storage}`).join(', ');
  const total = [...archived.values()].reduce((sum, count) => sum + count, 0);
  terminal.stderr(
    `nothing was sent: ${countOf(total, 'object')} of these days cannot be read before ${total === 1 ? 'it is' : 'they are'} restored (storage class: ${classes}).
Restore each like this, or all with a job of S3 Batch Operations, and run this again when they are there:
  aws s3api restore-object --bucket ${shellWord(bucket)} --key ${shellWord(firstArchived)} --restore-request Days=10
Or choose later days.
`,
  );
}

/** Before the first message: otherwise a finding could be announced before anybody said that it should not be. */
async function announceOrNot({ alerts, from, to }: BackfillOptions, found: OpenStack, end: number): Promise<void> {
  const client = createDocumentClient(found.connection);
  try {
    const store = new LookBacksStore(client, found.outputs.get('FindingsTable'));
    const id = lookBackId(from, to);
    const expires = new Date((end + QUIET_DAYS * DAY) * 1000).toISOString();
    await (alerts ? store.remove(id) : store.put({ id, from, to, expires }));
  } finally {
    client.destroy();
  }
}

interface Sending {
  readonly client: SQSClient;
  readonly job: Job;
  readonly bucket: string;
  readonly options: BackfillOptions;
  readonly terminal: Terminal;
  readonly stop: AbortSignal;
}

/** Sends in order of keys, and notes after each call how far it has come. Returns the number of all that were sent. */
async function send(
  logs: readonly OldLog[],
  before: number,
  { client, job, bucket, options, terminal, stop }: Sending,
): Promise<number> {
  const { rate, cursor: file } = options;
  const started = Date.now();
  const line = new ProgressLine(terminal);
  let cursor: Cursor | undefined;
  let sent = 0;
  for (let at = 0; at < logs.length; at += MOST_AT_ONCE) {
    await pause(started + (sent / rate) * 1000 - Date.now(), stop);
    while (!stop.aborted && (await depthOf(client, job.queue)) >= MOST_IN_QUEUE) await pause(POLL_MS, stop);
    if (stop.aborted) break;
    const batch = logs.slice(at, at + MOST_AT_ONCE);
    await announceLogs(client, job.queue, bucket, batch);
    sent += batch.length;
    cursor = { ...job, lastKey: batch.at(-1)!.key, sent: before + sent };
    await writeCursor(file, cursor);
    const left = ((Date.now() - started) / 1000 / sent) * (logs.length - sent);
    line.draw(`${grouped(before + sent)} of ${grouped(before + logs.length)} objects, ${duration(left)} left`);
  }
  line.clear();
  if (sent === logs.length) await removeCursor(file);
  return before + sent;
}

/** Waits, or less if it is to stop. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  ms > 0 ? sleep(ms, undefined, { signal }).catch(() => undefined) : Promise.resolve();

function conclude(sent: number, all: number, { cursor }: BackfillOptions, terminal: Terminal): number {
  terminal.stdout(`sent     ${grouped(sent)} of ${grouped(all)} objects\n`);
  if (sent === all) return 0;
  terminal.stderr(`stopped. The same command goes on from here (${printable(cursor)})\n`);
  return 1;
}
