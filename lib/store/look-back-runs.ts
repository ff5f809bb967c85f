/** Runs of the Distributed Map of look backs: what `backfill --map` starts, follows and reads the results of. */
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type Connection, clientConfig, createSqsClient, TIMEOUTS } from './clients.ts';
import { SignedCalls } from './health/signed-calls.ts';
import {
  type Batch,
  type BatchResult,
  LISTS,
  type ListedFile,
  type LookBackInput,
  type LookBackOutput,
  RESULTS,
} from './look-back-batch.ts';

/** How far a run has come. */
export interface RunState {
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  /** Files whose batch has ended, and all of the list. Both 0 before the list is read. */
  readonly done: number;
  readonly all: number;
  /** Why the run as a whole failed. */
  readonly error?: string;
}

/** What became of the files of a run. Files that are named nowhere were not tried. */
export interface RunOutcome {
  readonly read: ReadonlySet<string>;
  readonly gone: readonly string[];
  /** Keys of files, with the reason. */
  readonly failed: ReadonlyMap<string, string>;
  /** How many of these were in a batch that ended without an answer. One file of the batch may have ended it. */
  readonly unanswered: number;
  /** Where Step Functions wrote the results. */
  readonly folder?: string;
}

/** A list of a large archive takes longer to upload than other calls take. */
const UPLOAD_MS = 300_000;

interface DescribedExecution {
  readonly status: RunState['status'];
  readonly error?: string;
  readonly cause?: string;
}

/** Items of a Map Run by their state. */
type ItemCounts = Readonly<Record<'total' | 'pending' | 'running', number>>;

/** An execution that read a batch, in a file of results. Its input and output are JSON. */
interface BatchExecution {
  readonly Input: string;
  readonly Output?: string;
  readonly Error?: string;
  readonly Cause?: string;
}

export class LookBackRuns {
  readonly #s3: S3Client;
  readonly #sqs: ReturnType<typeof createSqsClient>;
  readonly #calls: SignedCalls;
  readonly #machine: string;
  readonly #bucket: string;

  constructor(connection: Connection, { machine, bucket }: LookBackOutput) {
    this.#s3 = new S3Client(clientConfig(connection, { ...TIMEOUTS, requestTimeout: UPLOAD_MS }));
    this.#sqs = createSqsClient(connection);
    this.#calls = new SignedCalls(this.#sqs, connection);
    this.#machine = machine;
    this.#bucket = bucket;
  }

  destroy(): void {
    this.#s3.destroy();
    this.#sqs.destroy();
  }

  /** Stores a list of files. */
  async writeList(name: string, files: readonly ListedFile[]): Promise<void> {
    const Body = files.map((file) => `${JSON.stringify(file)}\n`).join('');
    await this.#s3.send(new PutObjectCommand({ Bucket: this.#bucket, Key: keyOf(name), Body }));
  }

  /** The list of a run. Undefined if it is gone, since the bucket keeps lists for 90 days. */
  async readList(name: string): Promise<ListedFile[] | undefined> {
    const text = await this.#find(keyOf(name));
    return text
      ?.split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ListedFile);
  }

  /** Starts a run of a list. A second call with the same name changes nothing. */
  async start(name: string, filesInABatch: number): Promise<void> {
    const input: LookBackInput = { list: keyOf(name), filesInABatch };
    await this.#calls.states('StartExecution', { stateMachineArn: this.#machine, name, input: JSON.stringify(input) });
  }

  /** The ARN of a run, for people. */
  arnOf(name: string): string {
    return `${this.#machine.replace(':stateMachine:', ':execution:')}:${name}`;
  }

  /** How far a run has come. Undefined if it was never started, or ended so long ago that AWS has forgotten it. */
  async look(name: string): Promise<RunState | undefined> {
    const executionArn = this.arnOf(name);
    try {
      const { status, error, cause } = await this.#calls.states<DescribedExecution>('DescribeExecution', {
        executionArn,
      });
      const mapRunArn = await this.#mapRunOf(executionArn);
      const counts = mapRunArn === undefined ? undefined : await this.#itemsOf(mapRunArn);
      const { total = 0, pending = 0, running = 0 } = counts ?? {};
      return { status, done: total - pending - running, all: total, ...(error && { error: `${error}: ${cause}` }) };
    } catch (error) {
      if ((error as Error).name === 'ExecutionDoesNotExist') return undefined;
      throw error;
    }
  }

  async #mapRunOf(executionArn: string): Promise<string | undefined> {
    const { mapRuns } = await this.#calls.states<{ mapRuns: { mapRunArn: string }[] }>('ListMapRuns', { executionArn });
    return mapRuns[0]?.mapRunArn;
  }

  async #itemsOf(mapRunArn: string): Promise<ItemCounts> {
    const { itemCounts } = await this.#calls.states<{ itemCounts: ItemCounts }>('DescribeMapRun', { mapRunArn });
    return itemCounts;
  }

  /** What became of the files of a run that has ended. Without a run, or without results, no file counts as tried. */
  async outcome(name: string): Promise<RunOutcome> {
    const mapRunArn = await this.#mapRunOf(this.arnOf(name)).catch((error: Error) => {
      if (error.name === 'ExecutionDoesNotExist') return undefined;
      throw error;
    });
    const folder = `${RESULTS}/${mapRunArn?.split(':').at(-1)}`;
    const manifest = mapRunArn === undefined ? undefined : await this.#find(`${folder}/manifest.json`);
    const read = new Set<string>();
    const gone: string[] = [];
    const failed = new Map<string, string>();
    let unanswered = 0;
    if (manifest === undefined) return { read, gone, failed, unanswered };
    const { ResultFiles } = JSON.parse(manifest) as { ResultFiles: Record<string, { Key: string }[]> };
    for (const { Key } of [ResultFiles.SUCCEEDED ?? [], ResultFiles.FAILED ?? []].flat())
      for (const { Input, Output, Error: error, Cause } of JSON.parse(await this.#read(Key)) as BatchExecution[]) {
        const { Items } = JSON.parse(Input) as Batch;
        if (Output === undefined) {
          for (const { key } of Items) failed.set(key, reasonOf(error, Cause));
          unanswered += Items.length;
          continue;
        }
        const result = JSON.parse(Output) as BatchResult;
        for (const { key, reason } of result.failed) failed.set(key, reason);
        gone.push(...result.gone);
        for (const { key } of Items) if (!failed.has(key)) read.add(key);
      }
    for (const key of gone) read.delete(key);
    return { read, gone, failed, unanswered, folder: `s3://${this.#bucket}/${folder}/` };
  }

  /** An object, or undefined if it does not exist. Without the permission to list the bucket, S3 refuses both alike. */
  async #find(key: string): Promise<string | undefined> {
    try {
      return await this.#read(key);
    } catch (error) {
      if ((error as Error).name === 'NoSuchKey') return undefined;
      throw error;
    }
  }

  async #read(Key: string): Promise<string> {
    const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket: this.#bucket, Key }));
    return (await Body?.transformToString()) ?? '';
  }
}

const keyOf = (name: string): string => `${LISTS}${name}.jsonl`;

/** Lambda writes what its function threw as JSON. */
function reasonOf(error = 'aborted', cause = ''): string {
  try {
    const { errorMessage } = JSON.parse(cause) as { errorMessage?: string };
    return `${error}: ${errorMessage ?? cause}`;
  } catch {
    return cause ? `${error}: ${cause}` : error;
  }
}
