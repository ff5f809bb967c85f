/**
 * `sweepwatch selftest`: puts a labelled log of scans into the bucket of a deployment and waits for the findings and the
 * alerts, both marked as tests.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { selftestKey, selftestPrefix, selftestScope } from '../../lib/flowlog/selftest-key.ts';
import { createDocumentClient, createS3Client } from '../../lib/store/clients.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { notificationsOf } from '../../lib/store/health/bucket.ts';
import { NotWritableError, putTestObject, removeTestObject } from '../../lib/store/test-objects.ts';
import { printable, quoted, shellWord } from '../../lib/text/untrusted.ts';
import { openStack, type StackOptions } from '../deployment.ts';
import { SCANS, selftestLog } from '../selftest/log.ts';
import { watch } from '../selftest/watch.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/** The options of `selftest`, as the program reads them. */
export interface SelftestOptions extends StackOptions {
  readonly keep?: boolean;
  readonly byHand?: boolean;
  readonly prefix?: string;
  readonly wait: string;
}

/** The exit code of a command that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Runs `selftest` and returns the exit code: 0 everything came, 1 something did not, 130 interrupted. */
export async function selftestCommand(options: SelftestOptions, terminal: Terminal): Promise<number> {
  const minutes = Number(options.wait);
  if (!(minutes > 0 && minutes <= 60))
    throw new UsageError(`--wait must be minutes, more than 0 and at most 60, got "${options.wait}"`);
  const { outputs, connection } = await openStack(options);
  const bucket = outputs.get('LogBucket');
  const s3 = createS3Client(connection, outputs.find('LogBucketOwner'));
  const client = createDocumentClient(connection);
  const started = Date.now();
  const run = randomBytes(4).toString('hex');
  const say = (what: string, text: string) =>
    terminal.stdout(
      `${((Date.now() - started) / 1000).toFixed(1).padStart(7)} s  ${what.padEnd(8)} ${printable(text)}\n`,
    );
  // An interrupt ends the wait, so that the object is removed. A second one ends the command at once.
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  const remove = async (key: string) => {
    try {
      await removeTestObject(s3, bucket, key);
      say('removed', 'the object. The findings expire in a day');
    } catch (error) {
      terminal.stderr(
        `sweepwatch: the object of the test stays in the bucket (${printable((error as Error).message)}). Remove it: aws s3 rm ${quoted(`s3://${bucket}/${key}`)} --region ${outputs.region}\n`,
      );
    }
  };
  try {
    const prefix = options.prefix ?? (await prefixOf(s3, bucket, outputs.get('IngestQueue')));
    const key = selftestKey(prefix, outputs.region, run, started / 1000);
    const body = selftestLog(outputs.region, started / 1000);
    terminal.stdout(
      `Test ${run}: ${SCANS.length} scans between addresses for documentation, in scope ${selftestScope(run)}\n`,
    );
    if (options.byHand) {
      const file = `selftest-${run}.log.gz`;
      await writeFile(file, body);
      say('file', `${file} is written. Somebody who may write the bucket puts it there:`);
      terminal.stdout(`aws s3 cp ${file} ${quoted(`s3://${bucket}/${key}`)} --region ${outputs.region}\n`);
    } else {
      await putTestObject(s3, bucket, key, body);
      say('object', `s3://${bucket}/${key} (${body.length} bytes)`);
    }
    const missing = await watch({
      findings: new FindingsStore({ client, table: outputs.get('FindingsTable'), retentionDays: 1 }).forTests(1),
      scope: selftestScope(run),
      scans: SCANS,
      fromHour: Math.floor(started / 3_600_000) - 4,
      waitMs: minutes * 60_000,
      signal: stop.signal,
      onStep: (step, { kind }, { finding }) =>
        say(step, step === 'finding' ? `${kind} (${finding.id})` : `${kind}, subject says TEST`),
    }).finally(async () => {
      if (!options.keep && !options.byHand) await remove(key);
    });
    if (stop.signal.aborted && missing.length) {
      terminal.stderr(`sweepwatch: interrupted. These had not come: ${missing.join(', ')}\n`);
      return INTERRUPTED;
    }
    return conclude(missing, minutes, options, terminal);
  } catch (error) {
    if (!(error instanceof NotWritableError)) throw error;
    throw new Error(notWritable(bucket, options, error.message), { cause: error });
  } finally {
    process.off('SIGINT', onInterrupt);
    s3.destroy();
    client.destroy();
  }
}

function conclude(missing: readonly string[], minutes: number, options: StackOptions, terminal: Terminal): number {
  if (!missing.length) {
    terminal.stdout(`All ${SCANS.length} kinds were found and announced.\n`);
    return 0;
  }
  terminal.stdout(`After ${minutes} minutes these did not come: ${missing.join(', ')}.\n`);
  terminal.stderr(`sweepwatch: "sweepwatch doctor${again(options)}" says where they may have stopped\n`);
  return 1;
}

const again = ({ stack, local }: StackOptions): string =>
  local ? ' --local' : stack ? ` --stack ${shellWord(stack)}` : '';

/** The prefix for the key of the test, as far as the bucket says how it notifies the ingest queue. */
async function prefixOf(
  client: Parameters<typeof notificationsOf>[0],
  bucket: string,
  queueUrl: string,
): Promise<string> {
  try {
    const { queues } = await notificationsOf(client, bucket);
    const own = queues.filter(({ arn }) => arn.split(':').at(-1) === queueUrl.split('/').at(-1));
    return own.length === 1 ? selftestPrefix(own[0]!.prefix) : '';
  } catch {
    // A bucket whose notifications may not be read needs --prefix if it has one.
    return '';
  }
}

const notWritable = (bucket: string, options: StackOptions, message: string): string =>
  `s3://${bucket} may not be written with these credentials (${message}). If the bucket belongs to another account or is read-only for you, ` +
  `run "sweepwatch selftest${again(options)} --by-hand": it writes the file, prints the command that the owner of the bucket runs, and waits`;
