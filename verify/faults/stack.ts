/** The stack as it is deployed, on a local cloud whose parts can be made to fail: processes, database, connections, queues. */
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  GetQueueAttributesCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { createDocumentClient } from '../../lib/store/clients.ts';
import { deadLetterQueue, lookInto } from '../../lib/store/dead-letters.ts';
import { fromItem, type StoredFinding } from '../../lib/store/finding-item.ts';
import { type LocalCloud, type LocalCloudEvent, startLocalCloud } from '../../local/cloud.ts';
import { sharedAssembly, templateOf } from '../../test/deployments/assembly.ts';
import type { DeploymentName } from '../../test/deployments/deployments.ts';
import { addInbox, FUNCTIONS, type FunctionName, type Template, takeAll } from '../../test/functions/fixture/stack.ts';
import { itemsOf } from '../../test/lib/store/fixture/tables.ts';
import { type FaultProxy, startProxy } from './proxy.ts';
import type { LogObject } from './workload.ts';

/** A synthesized stack with its bundles. */
export interface Assembly {
  readonly stack: DeploymentName;
  readonly folder: string;
  readonly template: Template;
  /** What a function is deployed with. */
  memoryMiB(name: FunctionName): number;
}

/** How patient the queues are, and what else differs from what is deployed. */
export interface StackOptions {
  /** Seconds after which a message returns. null keeps the deployed times. */
  readonly patience?: number | null;
  /** Tries for each message. Five are deployed. */
  readonly tries?: number;
  /** Changes the template first. */
  readonly change?: (template: Template) => void;
  /** Replaces a function's handler by one of the module text given, which may import `./index.mjs`. */
  readonly wrapped?: Readonly<Partial<Record<FunctionName, string>>>;
}

/** Resident memory of a function's process at a time (epoch milliseconds). */
interface MemorySample {
  readonly lambda: string;
  readonly at: number;
  readonly bytes: number;
}

const QUEUES = ['IngestQueue', 'AlertQueue'] as const;
type QueueName = (typeof QUEUES)[number];

/** A running stack. */
export interface FaultStack {
  readonly cloud: LocalCloud;
  readonly events: readonly LocalCloudEvent[];
  /** Between the functions and S3, SQS, SNS. */
  readonly aws: FaultProxy;
  readonly dynamodb: FaultProxy;
  put(object: LogObject): Promise<void>;
  /** All that was put. Campaigns unite what several trials put. */
  readonly logs: readonly LogObject[];
  /** Sends a message to the queue of an output. */
  send(output: QueueName, body: string): Promise<void>;
  /** How long the messages of a queue stay invisible, seconds. */
  visibility(output: QueueName): Promise<number>;
  setVisibility(output: QueueName, seconds: number): Promise<void>;
  /** Runs settle, as its schedule does. */
  settle(): Promise<unknown>;
  /** Puts the clock of the functions forward. */
  forward(seconds: number): void;
  findings(): Promise<StoredFinding[]>;
  /** Bodies of all that was published. */
  published(): Promise<Record<string, unknown>[]>;
  /** Takes the bodies in a queue of the template. */
  take(queue: string): Promise<string[]>;
  /** Bodies in a dead-letter queue. They stay there. */
  deadLetters(output: string): Promise<string[]>;
  /** Empties a dead-letter queue. */
  bury(output: string): Promise<void>;
  memory(): MemorySample[];
  stop(): Promise<void>;
}

const PRELOAD = fileURLToPath(new URL('./preload.mjs', import.meta.url));
/** Long beside what a batch takes, short beside what is deployed: a function that hangs ends within a trial. */
const FUNCTION_SECONDS = 30;
const INBOX = 'Inbox';
/** All but digests. The local SNS takes a list of values for one text, so that no list of events would let a storm pass. */
const NOTIFICATION = { event: [{ 'anything-but': ['digest'] }] };

/** A deployment that faults are tried on, with its bundles. Default: one without destinations of alerts. */
export function assemble(stack: DeploymentName = 'functions'): Assembly {
  const template = templateOf(stack) as Template;
  return {
    stack,
    folder: sharedAssembly(),
    template,
    memoryMiB: (name) => functionOf(template, name).Properties.MemorySize as number,
  };
}

/** Starts the assembly on a local cloud of its own. */
export async function startFaultStack(assembly: Assembly, options: StackOptions = {}): Promise<FaultStack> {
  const { patience = 4, tries = 5, wrapped = {}, change } = options;
  const folder = mkdtempSync(join(tmpdir(), 'sweepwatch-faults-'));
  const [clock, memory, data] = ['clock', 'memory', 'data'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(data);
  writeFileSync(clock, '0');
  appendFileSync(memory, '');
  const [aws, dynamodb] = await Promise.all([startProxy(), startProxy()]);
  const template = structuredClone(assembly.template);
  change?.(template);
  hasten(template, patience === null ? undefined : FUNCTION_SECONDS, tries);
  prepare(template, {
    NODE_OPTIONS: `--import=${PRELOAD}`,
    FAULTS_ENDPOINT: aws.url,
    FAULTS_DYNAMODB: dynamodb.url,
    FAULTS_CLOCK: clock,
    FAULTS_MEMORY: memory,
  });
  for (const [name, text] of Object.entries(wrapped)) wrap(template, assembly, folder, name as FunctionName, text);
  addInbox(template, INBOX, NOTIFICATION);
  const events: LocalCloudEvent[] = [];
  const cloud = await startLocalCloud({
    assembly: assembly.folder,
    stack: assembly.stack,
    template,
    mailbox: join(folder, 'mail'),
    data,
    // What functions print is much, and not looked at.
    onEvent: (event) => void (event.type !== 'function output' && events.push(event)),
  });
  aws.target = cloud.endpointUrl;
  dynamodb.target = cloud.dynamodbUrl;
  Object.assign(process.env, cloud.environment);
  const s3 = new S3Client({ forcePathStyle: true });
  const sqs = new SQSClient({ useQueueUrlAsEndpoint: false });
  const documents = createDocumentClient();
  const urlOf = (queue: string) => cloud.outputs[queue] ?? cloud.resources.get(queue)?.physicalId;
  const attribute = async (queue: string, name: 'ApproximateNumberOfMessages' | 'VisibilityTimeout') => {
    const { Attributes = {} } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: urlOf(queue), AttributeNames: [name] }),
    );
    return Number(Attributes[name]);
  };
  let ahead = 0;
  const logs = new Map<string, LogObject>();
  const published: Record<string, unknown>[] = [];
  const stack: FaultStack = {
    cloud,
    events,
    aws,
    dynamodb,
    get logs() {
      return [...logs.values()];
    },
    async put(object) {
      const { key, body } = object;
      logs.set(key, object);
      await s3.send(new PutObjectCommand({ Bucket: cloud.outputs.LogBucket, Key: key, Body: body }));
    },
    async send(output, body) {
      await sqs.send(new SendMessageCommand({ QueueUrl: urlOf(output), MessageBody: body }));
    },
    async setVisibility(output, seconds) {
      const Attributes = { VisibilityTimeout: String(seconds) };
      await sqs.send(new SetQueueAttributesCommand({ QueueUrl: urlOf(output), Attributes }));
    },
    visibility: (output) => attribute(output, 'VisibilityTimeout'),
    settle: () => cloud.invoke([...cloud.resources.keys()].find((id) => /SettleSchedule[0-9A-F]{8}$/.test(id))!),
    forward(seconds) {
      ahead += seconds * 1000;
      writeFileSync(clock, String(ahead));
    },
    async findings() {
      const items = await itemsOf(documents, cloud.outputs.FindingsTable!);
      return items.filter(({ findingId }) => findingId).map(fromItem);
    },
    async published() {
      for (const body of await takeAll(sqs, urlOf(INBOX)!)) published.push(JSON.parse(body) as Record<string, unknown>);
      return published;
    },
    take: (queue) => takeAll(sqs, urlOf(queue)!),
    async deadLetters(output) {
      // Looking asks with a long poll, a second for an empty queue.
      if ((await attribute(output, 'ApproximateNumberOfMessages')) === 0) return [];
      const { letters } = await lookInto(sqs, await deadLetterQueue(sqs, urlOf(output)!));
      return letters.map(({ body }) => body);
    },
    async bury(output) {
      await takeAll(sqs, urlOf(output)!);
    },
    memory: () =>
      readFileSync(memory, 'utf8')
        .trimEnd()
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split(' '))
        .map(([lambda = '', at, bytes]) => ({ lambda, at: Number(at), bytes: Number(bytes) })),
    async stop() {
      for (const client of [s3, sqs, documents]) client.destroy();
      await cloud.stop();
      for (const proxy of [aws, dynamodb]) proxy.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  // Lambda refuses a mapping whose messages return before the function's timeout. A person may still set this later.
  if (patience !== null) for (const queue of QUEUES) await stack.setVisibility(queue, patience);
  return stack;
}

const functionOf = ({ Resources }: Template, name: FunctionName) =>
  Object.entries(Resources).find(
    ([id, { Type }]) => Type === 'AWS::Lambda::Function' && id.includes(`${name}Function`),
  )![1];

function hasten({ Resources }: Template, seconds: number | undefined, tries: number): void {
  for (const [id, { Type, Properties }] of Object.entries(Resources)) {
    // Functions fed by a queue. The scheduled function keeps the timeout of the template.
    if (Type === 'AWS::Lambda::Function' && !id.includes('Settle') && seconds) Properties.Timeout = seconds;
    if (Type !== 'AWS::SQS::Queue' || !Properties.RedrivePolicy) continue;
    if (seconds) Properties.VisibilityTimeout = seconds;
    Properties.RedrivePolicy = { ...(Properties.RedrivePolicy as object), maxReceiveCount: tries };
  }
}

function prepare(template: Template, variables: Readonly<Record<string, string>>): void {
  const hasForward = Object.keys(template.Resources).some((id) => id.includes('ForwardFunction'));
  for (const name of [...FUNCTIONS, ...(hasForward ? (['Forward'] as const) : [])]) {
    const { Variables } = functionOf(template, name).Properties.Environment as { Variables: Record<string, unknown> };
    Object.assign(Variables, variables);
  }
}

/** Puts a module beside a copy of the bundle, and makes its handler the function's. */
function wrap(template: Template, assembly: Assembly, folder: string, name: FunctionName, text: string): void {
  const lambda = functionOf(template, name) as ReturnType<typeof functionOf> & { Metadata?: object };
  const { S3Key } = lambda.Properties.Code as { S3Key: string };
  const copy = join(folder, `wrapped-${name}`);
  cpSync(join(assembly.folder, `asset.${S3Key.replace(/\.zip$/, '')}`), copy, { recursive: true });
  writeFileSync(join(copy, 'wrapped.mjs'), text);
  lambda.Metadata = { ...lambda.Metadata, 'aws:asset:path': copy };
  lambda.Properties.Handler = 'wrapped.handler';
}
