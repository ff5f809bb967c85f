/**
 * `sweepwatch selftest`: puts labelled logs of scans into the buckets of a deployment and waits for the findings and the
 * alerts, both marked as tests.
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { selftestKey, selftestScope } from '../../lib/flowlog/selftest-key.ts';
import { createDocumentClient } from '../../lib/store/clients.ts';
import { FindingsStore } from '../../lib/store/findings-store.ts';
import { NotWritableError, putTestObject, removeTestObject } from '../../lib/store/test-objects.ts';
import { printable, quoted, shellWord } from '../../lib/text/untrusted.ts';
import { countOf } from '../../lib/text/wording.ts';
import { describeAwsError } from '../aws-errors.ts';
import { type OpenStack, openStack, type StackOptions } from '../deployment.ts';
import { bucketsOf, chosenOf, clientFor, prefixFor, type ReadBucket } from '../selftest/buckets.ts';
import { type LabelledScan, SCANS, selftestLog } from '../selftest/log.ts';
import { watch } from '../selftest/watch.ts';
import type { Terminal } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/** The options of `selftest`, as the program reads them. */
export interface SelftestOptions extends StackOptions {
  readonly bucket?: readonly string[];
  readonly keep?: boolean;
  readonly byHand?: boolean;
  readonly prefix?: string;
  readonly wait: string;
}

/** The exit code of a command that Ctrl-C ended. */
const INTERRUPTED = 130;

/** A log in a bucket, or to be put there by hand, and the scans of it that are waited for. */
interface Test {
  readonly bucket: ReadBucket;
  readonly key: string;
  readonly scope: string;
  readonly scans: readonly LabelledScan[];
}

/** Runs `selftest` and returns the exit code: 0 everything came, 1 something did not, 130 interrupted. */
export async function selftestCommand(options: SelftestOptions, terminal: Terminal): Promise<number> {
  const minutes = Number(options.wait);
  if (!(minutes > 0 && minutes <= 60))
    throw new UsageError(`--wait must be minutes, more than 0 and at most 60, got "${options.wait}"`);
  const stack = await openStack(options);
  const selftest = new Selftest(stack, options, terminal);
  // An interrupt ends the wait, so that the objects are removed. A second one ends the command at once.
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once('SIGINT', onInterrupt);
  try {
    try {
      await selftest.begin();
      await selftest.wait(minutes * 60_000, stop.signal);
    } finally {
      await selftest.clean();
    }
    return selftest.conclude(minutes, stop.signal.aborted);
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}

/** One run of the command. */
class Selftest {
  readonly #stack: OpenStack;
  readonly #options: SelftestOptions;
  readonly #terminal: Terminal;
  /** All buckets that the deployment reads. */
  readonly #buckets: readonly ReadBucket[];
  readonly #chosen: readonly ReadBucket[];
  /** Epoch milliseconds. */
  readonly #started = Date.now();
  readonly #tests: Test[] = [];
  readonly #failures: { readonly bucket: ReadBucket; readonly error: Error }[] = [];
  readonly #missing: string[] = [];

  constructor(stack: OpenStack, options: SelftestOptions, terminal: Terminal) {
    this.#stack = stack;
    this.#options = options;
    this.#terminal = terminal;
    this.#buckets = bucketsOf(stack.outputs);
    this.#chosen = chosenOf(this.#buckets, options);
  }

  /**
   * Puts a log into each bucket. The first one has a scan of each kind. The others show that files of their buckets
   * arrive, for which one scan is enough.
   * @throws Error if no bucket can be written.
   */
  async begin(): Promise<void> {
    for (const bucket of this.#chosen) {
      try {
        await this.#beginIn(bucket, this.#tests.length ? SCANS.slice(0, 1) : SCANS);
      } catch (error) {
        this.#failures.push({ bucket, error: error as Error });
      }
    }
    const said = this.#failures.map((failure) => this.#untested(failure));
    if (!this.#tests.length) throw new Error(said.join('\n'), { cause: this.#failures[0]?.error });
    for (const line of said) this.#terminal.stderr(`sweepwatch: ${line}\n`);
  }

  async #beginIn(bucket: ReadBucket, scans: readonly LabelledScan[]): Promise<void> {
    const { outputs, connection } = this.#stack;
    const run = randomBytes(4).toString('hex');
    const given = bucket === this.#buckets[0] ? this.#options.prefix : undefined;
    const prefix = given ?? (await prefixFor(bucket, connection, outputs.get('IngestQueue')));
    const seconds = this.#started / 1000;
    const key = selftestKey(prefix, bucket.region, run, seconds);
    const body = selftestLog(bucket.region, seconds, scans);
    const test = { bucket, key, scope: selftestScope(run), scans };
    if (this.#options.byHand) {
      this.#introduce(run, test);
      const file = `selftest-${run}.log.gz`;
      await writeFile(file, body);
      this.#say('file', `${file} is written. Somebody who may write the bucket puts it there:`);
      this.#terminal.stdout(`aws s3 cp ${file} ${this.#place(test)}\n`);
    } else {
      await this.#withClient(bucket, (client) => putTestObject(client, bucket.name, key, body));
      this.#introduce(run, test);
      this.#say('object', `s3://${bucket.name}/${key} (${body.length} bytes)`);
    }
    this.#tests.push(test);
  }

  #introduce(run: string, { scans, scope }: Test): void {
    this.#terminal.stdout(
      `Test ${run}: ${countOf(scans.length, 'scan')} between addresses for documentation, in scope ${scope}\n`,
    );
  }

  /** Waits for all tests until everything came, the time is over or the signal comes. */
  async wait(waitMs: number, signal: AbortSignal): Promise<void> {
    const { outputs, connection } = this.#stack;
    const client = createDocumentClient(connection);
    const findings = new FindingsStore({ client, table: outputs.get('FindingsTable'), retentionDays: 1 }).forTests(1);
    const fromHour = Math.floor(this.#started / 3_600_000) - 4;
    try {
      const waits = this.#tests.map(async (test) => {
        const missing = await watch({
          findings,
          scope: test.scope,
          scans: test.scans,
          fromHour,
          waitMs,
          signal,
          onStep: (step, { kind }, { finding }) =>
            this.#say(
              step,
              `${this.#of(test)}${step === 'finding' ? `${kind} (${finding.id})` : `${kind}, subject says TEST`}`,
            ),
        });
        this.#missing.push(...missing.map((step) => `${this.#of(test)}${step}`));
      });
      const ends = await Promise.allSettled(waits);
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    } finally {
      client.destroy();
    }
  }

  /** Removes the objects. */
  async clean(): Promise<void> {
    if (this.#options.keep || this.#options.byHand) return;
    for (const test of this.#tests) {
      const { bucket, key } = test;
      try {
        await this.#withClient(bucket, (client) => removeTestObject(client, bucket.name, key));
        this.#say('removed', `${this.#of(test)}the object. The findings expire in a day`);
      } catch (error) {
        this.#terminal.stderr(
          `sweepwatch: the object of the test stays in the bucket (${printable((error as Error).message)}). Remove it: aws s3 rm ${this.#place(test)}\n`,
        );
      }
    }
  }

  /** Says what came, and returns the exit code. */
  conclude(minutes: number, isInterrupted: boolean): number {
    const missing = this.#missing.join(', ');
    if (missing && isInterrupted) {
      this.#terminal.stderr(`sweepwatch: interrupted. These had not come: ${missing}\n`);
      return INTERRUPTED;
    }
    if (missing) {
      this.#terminal.stdout(`After ${minutes} minutes these did not come: ${missing}.\n`);
      this.#terminal.stderr(
        `sweepwatch: "sweepwatch doctor${again(this.#options)}" says where they may have stopped\n`,
      );
      return 1;
    }
    const of = this.#buckets.length > 1 ? ` Logs of ${countOf(this.#tests.length, 'bucket')} arrived.` : '';
    this.#terminal.stdout(`All ${SCANS.length} kinds were found and announced.${of}\n`);
    if (!this.#failures.length) return 0;
    this.#terminal.stdout(`Not tested: ${this.#failures.map(({ bucket }) => bucket.name).join(', ')}.\n`);
    return 1;
  }

  /** Why a bucket is not tested, and what to do. */
  #untested({ bucket: { name }, error }: { readonly bucket: ReadBucket; readonly error: Error }): string {
    const message = printable(describeAwsError(error) ?? error.message);
    if (!(error instanceof NotWritableError)) return `s3://${name} is not tested: ${message}`;
    const only = this.#buckets.length > 1 ? ` --bucket ${shellWord(name)}` : '';
    return (
      `s3://${name} may not be written with these credentials (${message}). If the bucket belongs to another account or is read-only for you, ` +
      `run "sweepwatch selftest${again(this.#options)} --by-hand${only}": it writes the file, prints the command that the owner of the bucket runs, and waits`
    );
  }

  /** The beginning of a line about a test, where there are several buckets. */
  #of = ({ bucket }: Test): string => (this.#buckets.length > 1 ? `${bucket.name}: ` : '');

  /** The object of a test, for the commands of the AWS CLI. */
  #place = ({ bucket, key }: Test): string => `${quoted(`s3://${bucket.name}/${key}`)} --region ${bucket.region}`;

  #say(what: string, text: string): void {
    const seconds = (Date.now() - this.#started) / 1000;
    this.#terminal.stdout(`${seconds.toFixed(1).padStart(7)} s  ${what.padEnd(8)} ${printable(text)}\n`);
  }

  async #withClient(bucket: ReadBucket, use: (client: ReturnType<typeof clientFor>) => Promise<void>): Promise<void> {
    const client = clientFor(bucket, this.#stack.connection);
    try {
      await use(client);
    } finally {
      client.destroy();
    }
  }
}

const again = ({ stack, local }: StackOptions): string =>
  local ? ' --local' : stack ? ` --stack ${shellWord(stack)}` : '';
