/** The functions' code over an embedded DynamoDB that counts every call. Queue, topic and clock are local. */

import { Metrics } from '@aws-lambda-powertools/metrics';
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { createServices } from '../../functions/services.ts';
import { toRuntimeSettings } from '../../lib/config/runtime.ts';
import { isVoid } from '../../lib/finding/lifecycle.ts';
import type { Finding } from '../../lib/finding/model.ts';
import { bufferSource } from '../../lib/flowlog/source.ts';
import { deliver } from '../../lib/pipeline/deliver.ts';
import { ingestObject } from '../../lib/pipeline/ingest.ts';
import type { Services } from '../../lib/pipeline/services.ts';
import { sweep } from '../../lib/pipeline/sweep.ts';
import { takeSignals } from '../../lib/pipeline/take-signals.ts';
import { fromItem } from '../../lib/store/finding-item.ts';
import type { FindingRef } from '../../lib/store/findings-store.ts';
import { startDynamodb } from '../../local/servers/dynamodb.ts';
import { Counter } from './counter.ts';
import type { Deployed, FunctionName } from './deployed.ts';
import { Steady } from './steady.ts';
import type { LogFile } from './traffic.ts';

const SECRET = 'a workload';
export const TABLES = ['windows', 'findings'] as const;

/** What a function took: invocations, processor seconds, round trips one after the other, most memory seen. */
export interface Used {
  invocations: number;
  cpuSeconds: number;
  /** The same with days of history, were the time of each invocation to grow as its reads do. */
  steadyCpuSeconds: number;
  roundTrips: number;
  /** Most megabytes that an invocation added, what was garbage by then included. */
  peakMegabytes: number;
}

/** A deployment whose use is counted. */
export class CountedPipeline {
  readonly counter: Counter;
  readonly #steady: Steady;
  readonly used: Readonly<Record<FunctionName, Used>> = {
    ingest: nothing(),
    settle: nothing(),
    alert: nothing(),
    signals: nothing(),
  };
  queueSends = 0;
  publishes = 0;
  readonly #services: Services;
  readonly #client: DynamoDBDocumentClient;
  readonly #stop: () => Promise<void>;
  readonly #queue: FindingRef[] = [];

  private constructor(
    client: DynamoDBDocumentClient,
    { settings, findingsIndexes }: Deployed,
    start: number,
    stop: () => Promise<void>,
  ) {
    this.#steady = new Steady(Math.floor(start / 3600));
    this.counter = new Counter(
      [
        { name: 'windows', indexes: [] },
        { name: 'findings', indexes: findingsIndexes },
      ],
      this.#steady,
    );
    this.counter.watch(client);
    this.#client = client;
    this.#stop = stop;
    this.#services = createServices({
      variables: {
        SETTINGS: JSON.stringify({ ...toRuntimeSettings(settings), digestHourUtc: 6 }),
        HASH_KEY: SECRET,
        WINDOWS_TABLE: 'windows',
        FINDINGS_TABLE: 'findings',
        ALERT_QUEUE_URL: 'a list',
        ALERT_TOPIC_ARN: 'a counter',
        OPERATIONS_TOPIC_ARN: 'nowhere',
        AWS_REGION: 'us-east-1',
      },
      clients: { documents: client },
      clock: () => Number.NaN,
      logger: { info: ignore, warn: ignore, error: ignore },
      metrics: new Metrics({ namespace: 'Sweepwatch', serviceName: 'cost' }),
      outlets: {
        requestAlert: async (ref) => {
          this.queueSends++;
          this.#queue.push({ pk: ref.pk, sk: ref.sk });
        },
        publish: async () => {
          this.publishes++;
        },
        countConfirmedAddresses: async (topic) => settings[topic === 'alerts' ? 'emails' : 'opsEmails'].length,
      },
    });
  }

  /**
   * Starts an embedded DynamoDB with the two tables of the stack.
   * @param start when the first file begins, epoch seconds.
   */
  static async start(of: Deployed, start: number): Promise<CountedPipeline> {
    const server = await startDynamodb();
    const base = new DynamoDBClient({
      endpoint: server.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'cost', secretAccessKey: 'cost' },
    });
    for (const table of TABLES)
      await base.send(new CreateTableCommand(tableInput(table, table === 'findings' ? of.findingsIndexes : [])));
    const client = DynamoDBDocumentClient.from(base, { marshallOptions: { removeUndefinedValues: true } });
    return new CountedPipeline(client, of, start, async () => {
      base.destroy();
      await server.stop();
    });
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  /** One invocation of the ingest function for one file. */
  async ingest(file: LogFile, now: number): Promise<void> {
    this.#steady.hour = Math.floor(now / 3600);
    const object = { bucket: 'logs', key: file.key };
    await this.#invoke('ingest', () => ingestObject(object, bufferSource(file.key, file.body), this.#services, now));
  }

  /** One invocation of the signals function for one payload. */
  async takeSignals(event: unknown, now: number): Promise<void> {
    this.#steady.hour = Math.floor(now / 3600);
    const { signals } = this.#services;
    if (!signals) throw new Error('a deployment without signals takes none');
    await this.#invoke('signals', () => takeSignals(event, { ...this.#services, signals }, now));
  }

  /** One run of the settle function. */
  async settle(now: number): Promise<void> {
    const { failures } = await this.#invoke('settle', () => sweep({ ...this.#services, clock: () => now }));
    if (failures.length) throw new AggregateError(failures, failures[0]!.message);
  }

  /** Invocations of the alert function for all that is queued. */
  async alert(now: number): Promise<void> {
    for (let ref = this.#queue.shift(); ref; ref = this.#queue.shift()) {
      const next = ref;
      await this.#invoke('alert', () => deliver(next, { ...this.#services, clock: () => now }));
    }
  }

  /** The findings about a source. Not part of what is counted for a function. */
  async findingsOf(source: { readonly scope: string; readonly address: string }): Promise<readonly Finding[]> {
    this.counter.caller = '';
    return (await this.#services.findings.ofSource(source)).map(({ finding }) => finding);
  }

  /** All findings that stand, as text, in order. Not part of what is counted for a function. */
  async findingTexts(): Promise<readonly string[]> {
    this.counter.caller = '';
    const texts: string[] = [];
    for await (const { Items } of paginateScan({ client: this.#client }, { TableName: 'findings' }))
      for (const item of Items ?? []) {
        if (!String(item.sk).startsWith('finding#') || String(item.pk).startsWith('target#')) continue;
        const { finding } = fromItem(item);
        if (isVoid(finding)) continue;
        const { severity, kind, source, id, firstSeen } = finding;
        texts.push(`${severity} ${kind} ${source?.address ?? id} ${firstSeen}`);
      }
    return texts.sort();
  }

  async #invoke<T>(name: FunctionName, work: () => Promise<T>): Promise<T> {
    this.counter.caller = name;
    const used = this.used[name];
    const memory = watchMemory();
    const { units, steadyUnits } = this.counter.reads;
    const before = process.cpuUsage();
    const result = await work();
    const { user, system } = process.cpuUsage(before);
    const { reads } = this.counter;
    const growth = reads.units > units ? (reads.steadyUnits - steadyUnits) / (reads.units - units) : 1;
    used.invocations++;
    used.cpuSeconds += (user + system) / 1e6;
    used.steadyCpuSeconds += ((user + system) / 1e6) * growth;
    used.roundTrips += this.counter.takeRoundTrips();
    used.peakMegabytes = Math.max(used.peakMegabytes, memory.done());
    return result;
  }
}

const ignore = () => undefined;

/** Looks at memory whenever the work waits for something. */
function watchMemory(): { done(): number } {
  const held = () => {
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const before = held();
  let most = before;
  const look = () => {
    most = Math.max(most, held());
  };
  const timer = setInterval(look, 20);
  return {
    done() {
      clearInterval(timer);
      look();
      return Math.round((most - before) / 2 ** 20);
    },
  };
}

function nothing(): Used {
  return { invocations: 0, cpuSeconds: 0, steadyCpuSeconds: 0, roundTrips: 0, peakMegabytes: 0 };
}

function tableInput(name: string, indexes: Deployed['findingsIndexes']): CreateTableCommandInput {
  const schema = (keys: readonly string[]) =>
    keys.map((AttributeName, at) => ({ AttributeName, KeyType: at ? ('RANGE' as const) : ('HASH' as const) }));
  const names = new Set(['pk', 'sk', ...indexes.flatMap(({ keys }) => keys)]);
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: schema(['pk', 'sk']),
    AttributeDefinitions: [...names].map((AttributeName) => ({ AttributeName, AttributeType: 'S' as const })),
    ...(indexes.length && {
      GlobalSecondaryIndexes: indexes.map((index) => ({
        IndexName: index.name,
        KeySchema: schema(index.keys),
        Projection: { ProjectionType: 'ALL' as const },
      })),
    }),
  };
}
