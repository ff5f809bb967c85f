/** A run of a Distributed Map: reads the list, hands batches to the function, counts, and writes results as AWS does. */
import { setTimeout as delay } from 'node:timers/promises';
import { isObject, type JsonObject } from '../template/json.ts';
import type { MapDefinition, Retry } from './definition.ts';

/** What a run needs of its surroundings. */
export interface Surroundings {
  /** Calls the function. Rejects with the error of the function, or of Lambda. Its name is that of the error. */
  invoke(input: object): Promise<unknown>;
  /** The text of an object. Rejects if it cannot be read. */
  read(bucket: string, key: string): Promise<string>;
  write(bucket: string, key: string, text: string): Promise<void>;
}

/** Names of a run, as AWS writes them. */
export interface RunNames {
  readonly mapRunArn: string;
  readonly stateMachineArn: string;
  /** The last part of the ARN, and the folder of the results. */
  readonly id: string;
}

type Status = 'SUCCEEDED' | 'FAILED' | 'ABORTED' | 'PENDING';

/** An execution that reads one batch. */
interface Child {
  readonly name: string;
  readonly items: number;
  readonly input: object;
  status: Status | 'RUNNING';
  started?: Date;
  stopped?: Date;
  output?: unknown;
  error?: { readonly name: string; readonly cause: string };
}

/** The end of a run: an error of Step Functions, or none. */
export interface RunEnd {
  readonly error?: { readonly name: string; readonly cause: string };
}

/** https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html: input and output of a state. */
const MOST_BYTES = 256 * 1024;
/** A second of a retry's pause takes so many milliseconds here. */
const SECOND_MS = 20;

/** One run. It starts once. */
export class MapRun {
  readonly #definition: MapDefinition;
  readonly #around: Surroundings;
  readonly #names: RunNames;
  #children: Child[] = [];
  #isStopped = false;
  #hasResults = false;

  constructor(definition: MapDefinition, names: RunNames, around: Surroundings) {
    this.#definition = definition;
    this.#names = names;
    this.#around = around;
  }

  /** Starts no further batch. Those that run count as aborted, although their function goes on. */
  stop(): void {
    this.#isStopped = true;
    for (const child of this.#children) if (child.status === 'RUNNING') end(child, 'ABORTED');
  }

  /** Reads all batches, as many at a time as the definition says. */
  async run(input: JsonObject): Promise<RunEnd> {
    const { list, batchSizeField, maxConcurrency, toleratedFailurePercentage } = this.#definition;
    const size = input[batchSizeField];
    if (!(typeof size === 'number' && Number.isInteger(size) && size > 0)) {
      const cause = `The path $.${batchSizeField} must refer to a positive integer`;
      return { error: { name: 'States.Runtime', cause } };
    }
    try {
      const text = await this.#around.read(list.bucket, String(input[list.keyField]));
      this.#children = batches(itemsOf(text), size).map((items, at) => ({
        name: `${this.#names.id}-${at}`,
        items: items.length,
        input: { Items: items },
        status: 'PENDING',
      }));
    } catch (error) {
      return { error: { name: 'States.ItemReaderFailed', cause: (error as Error).message } };
    }
    const waiting = this.#children.values();
    const work = async () => {
      for (const child of waiting) {
        if (this.#isStopped || this.#isOverLimit()) return;
        await this.#handle(child);
      }
    };
    await Promise.all(Array.from({ length: maxConcurrency }, work));
    await this.#writeResults();
    if (!this.#isOverLimit()) return {};
    const cause = `The specified tolerated failure threshold of ${toleratedFailurePercentage} % was exceeded`;
    return { error: { name: 'States.ExceedToleratedFailureThreshold', cause } };
  }

  #isOverLimit(): boolean {
    const { FAILED: failed, total } = this.#counts(({ items }) => items);
    return failed > 0 && (failed / total) * 100 > this.#definition.toleratedFailurePercentage;
  }

  async #handle(child: Child): Promise<void> {
    child.status = 'RUNNING';
    child.started = new Date();
    try {
      child.output = await this.#invoke(child.input);
      checkSize(child.output, 'output');
      if (child.status === 'RUNNING') end(child, 'SUCCEEDED');
    } catch (error) {
      const { name, message } = error as Error;
      child.error = { name, cause: message };
      if (child.status === 'RUNNING') end(child, 'FAILED');
    }
  }

  async #invoke(input: object): Promise<unknown> {
    checkSize(input, 'input');
    for (let tries = 1; ; tries++) {
      try {
        return await this.#around.invoke(input);
      } catch (error) {
        const retry = this.#definition.retries.find(({ errors }) => errors.includes((error as Error).name));
        if (retry === undefined || tries > retry.maxAttempts || this.#isStopped) throw error;
        await delay(pauseSeconds(retry, tries) * SECOND_MS);
      }
    }
  }

  /** How many batches, or items of batches, are in each state. */
  #counts(weight: (child: Child) => number): Record<Child['status'] | 'total', number> {
    const counts = { PENDING: 0, RUNNING: 0, SUCCEEDED: 0, FAILED: 0, ABORTED: 0, total: 0 };
    for (const child of this.#children) {
      counts[child.status] += weight(child);
      counts.total += weight(child);
    }
    return counts;
  }

  /** The counts as DescribeMapRun names them. */
  described(): Record<'itemCounts' | 'executionCounts', Record<string, number>> {
    const named = (weight: (child: Child) => number) => {
      const { PENDING, RUNNING, SUCCEEDED, FAILED, ABORTED, total } = this.#counts(weight);
      return {
        ...{ pending: PENDING, running: RUNNING, succeeded: SUCCEEDED, failed: FAILED, timedOut: 0, aborted: ABORTED },
        ...{ total, resultsWritten: this.#hasResults ? SUCCEEDED + FAILED : 0 },
        ...{ failuresNotRedrivable: 0, pendingRedrive: 0 },
      };
    };
    return { itemCounts: named(({ items }) => items), executionCounts: named(() => 1) };
  }

  /** https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html */
  async #writeResults(): Promise<void> {
    const { bucket, prefix } = this.#definition.results;
    const folder = `${prefix}/${this.#names.id}`;
    const files: Record<string, object[]> = { FAILED: [], PENDING: [], SUCCEEDED: [] };
    for (const status of Object.keys(files)) {
      const children = this.#children.filter(
        (child) => (child.status === 'ABORTED' ? 'FAILED' : child.status) === status,
      );
      if (children.length === 0) continue;
      const Key = `${folder}/${status}_0.json`;
      const text = JSON.stringify(children.map((child) => resultOf(child, this.#names)));
      await this.#around.write(bucket, Key, text);
      files[status]!.push({ Key, Size: Buffer.byteLength(text) });
    }
    const manifest = { DestinationBucket: bucket, MapRunArn: this.#names.mapRunArn, ResultFiles: files };
    await this.#around.write(bucket, `${folder}/manifest.json`, JSON.stringify(manifest));
    this.#hasResults = true;
  }
}

function end(child: Child, status: Status): void {
  child.status = status;
  child.stopped = new Date();
}

/** The items of a list in JSON Lines. What AWS does with an empty list is not documented, so that nobody relies on it. */
function itemsOf(text: string): unknown[] {
  const items = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line): unknown => JSON.parse(line));
  if (items.length === 0) throw new Error('the list has no items');
  return items;
}

/** A batch ends at its number of items, or before its input would be too large. */
function batches(items: readonly unknown[], most: number): unknown[][] {
  const all: unknown[][] = [];
  let bytes = 0;
  for (const item of items) {
    const size = Buffer.byteLength(JSON.stringify(item)) + 1;
    const last = all.at(-1);
    if (last === undefined || last.length >= most || bytes + size > MOST_BYTES - 1024) {
      all.push([item]);
      bytes = size;
    } else {
      last.push(item);
      bytes += size;
    }
  }
  return all;
}

function checkSize(value: unknown, what: string): void {
  const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
  if (bytes > MOST_BYTES)
    throw Object.assign(new Error(`The ${what} has ${bytes} bytes, the limit is ${MOST_BYTES}`), {
      name: 'States.DataLimitExceeded',
    });
}

/** Without the jitter, which only shortens a pause. */
const pauseSeconds = ({ intervalSeconds, backoffRate, maxDelaySeconds }: Retry, tries: number): number =>
  Math.min(maxDelaySeconds, intervalSeconds * backoffRate ** (tries - 1));

function resultOf({ name, input, status, started, stopped, output, error }: Child, names: RunNames): object {
  const machine = names.mapRunArn.replace(':mapRun:', ':stateMachine:').replace(/:[^:]+$/, '');
  return {
    ExecutionArn: `${machine.replace(':stateMachine:', ':execution:')}:${name}`,
    Input: JSON.stringify(input),
    InputDetails: { Included: true },
    Name: name,
    ...(status === 'SUCCEEDED' && { Output: JSON.stringify(output), OutputDetails: { Included: true } }),
    ...(isObject(error) && { Error: error.name, Cause: error.cause }),
    ...(started && { StartDate: started.toISOString() }),
    ...(stopped && { StopDate: stopped.toISOString() }),
    StateMachineArn: machine,
    Status: status,
  };
}
