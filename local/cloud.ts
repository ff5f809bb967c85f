/** A cloud on one machine: runs a synthesized CloudFormation template with embedded servers and local processes. */
import { ACCOUNT_ID, type AccountOptions, type LocalAccount, openAccount } from './account.ts';
import { connectionTo, environmentFor } from './clients.ts';
import { deploy } from './deploy.ts';
import type { LocalCloudEvent } from './events.ts';
import { createForeignBucket, type ForeignBucket, serveForeignBucket } from './foreign-bucket.ts';
import { startEventSource } from './functions/event-source.ts';
import type { FunctionProcess } from './functions/local-function.ts';
import { startSchedule } from './functions/schedule.ts';
import { waitUntilIdle } from './idle.ts';
import type { CreatedResource, InertResource, Stack } from './resources/stack.ts';
import { createBackground } from './servers/background.ts';
import { type Described, describeResources, nothingDescribed } from './servers/described.ts';
import type { LogMessage } from './servers/log-groups.ts';
import type { DescribedStack } from './servers/stacks.ts';
import { readAssembly } from './template/assembly.ts';
import { readTemplate } from './template/model.ts';

export type { LocalCloudEvent } from './events.ts';

/** The stack to run, and its servers. */
export interface LocalCloudOptions extends AccountOptions {
  /** The folder that `cdk synth` wrote (cdk.out). */
  assembly: string;
  /** The stack's name, or its artifact id. */
  stack: string;
  /** Called for each event. */
  onEvent?: (event: LocalCloudEvent) => void;
  /** A template to use instead of the one on disk. */
  template?: object;
  /** An account that is already open and stays open. The options of an account are ignored then. Default: a new one. */
  account?: LocalAccount;
  /** Values of template parameters that have no default. */
  parameters?: Readonly<Record<string, string>>;
}

/** A running local cloud. */
export interface LocalCloud {
  /** The address of S3, SQS and SNS. */
  endpointUrl: string;
  dynamodbUrl: string;
  region: string;
  /** The same for the commands of this project. */
  connection: ReturnType<typeof connectionTo>;
  /** The AWS_* variables for SDK clients and the CLI. */
  environment: Record<string, string>;
  /** All resources by logical id, including the inert ones. */
  resources: ReadonlyMap<string, CreatedResource>;
  outputs: Record<string, string>;
  /** The resources without an effect here, and why. */
  inert: InertResource[];
  /** What the describing calls of EC2, Lambda and CloudWatch answer, for a test to change. */
  described: Described;
  /** The stacks that DescribeStacks describes by name, for a test to change. */
  stacks: Map<string, DescribedStack>;
  /**
   * Invokes a function, or the target of a schedule (by default with the schedule's event). Rejects if the function
   * fails.
   */
  invoke(logicalId: string, event?: unknown): Promise<unknown>;
  /**
   * Resolves when all consumed queues are empty and nothing runs. Rejects after `timeoutMs` with what is still busy.
   */
  idle(timeoutMs: number): Promise<void>;
  /**
   * Writes messages to a log group. Subscription filters deliver those that match. Returns the number of deliveries.
   */
  putLogEvents(logGroup: string, logStream: string, messages: readonly LogMessage[]): number;
  /** Puts an event on the default event bus, in the form in which rules receive it. */
  putEvent(event: Record<string, unknown>): Promise<void>;
  /** Creates a bucket of another account, or changes what its owner has added for this stack. */
  setForeignBucket(foreign: ForeignBucket): Promise<void>;
  /** The processes of all functions, to inspect or to end one. */
  processes(): FunctionProcess[];
  /** Kills DynamoDB and starts it again after `pauseMs` milliseconds. Requires the option `data`. */
  restartDynamodb(pauseMs: number): Promise<void>;
  /** Stops all processes and servers. Unfinished work is lost. */
  stop(): Promise<void>;
}

/** Starts the cloud. Throws with the name of the resource if the template cannot be run as on AWS. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const assembly = await readAssembly(options.assembly, options.stack, options.template);
  const template = readTemplate(assembly.template);
  const account = options.account ?? (await openAccount(options));
  const close = async () => {
    if (options.account === undefined) await account.close();
  };
  let happenings = 0;
  const failures: string[] = [];
  const stopListening = account.listen((event) => {
    happenings++;
    const failure = failureIn(event);
    if (failure !== undefined) failures.push(failure);
    if (event.type === 'function invoked') countInvocation(event.logicalId);
    options.onEvent?.(event);
  });
  const { region, endpointUrl, dynamodb, clients, messaging, emit } = account;
  const described = messaging?.described ?? nothingDescribed();
  const countInvocation = (logicalId: string) => {
    const lambda = stack.functions.find(({ settings }) => settings.logicalId === logicalId);
    const metric = `Invocations ${lambda?.settings.name}`;
    described.metrics.set(metric, (described.metrics.get(metric) ?? 0) + 1);
  };
  const background = messaging?.background ?? createBackground(emit);
  const environment = environmentFor({ endpointUrl, dynamodbUrl: dynamodb.url, region });
  const stack: Stack = {
    stackName: assembly.stackName,
    region,
    accountId: ACCOUNT_ID,
    clients,
    engine: dynamodb.engine,
    background,
    bus: messaging?.bus,
    chats: messaging?.chats,
    hub: messaging?.hub,
    machines: messaging?.machines,
    logGroups: account.logGroups,
    cloud: environment,
    emit,
    bundleFolder: assembly.bundleFolder,
    accountState: account.state,
    buckets: account.buckets,
    watchedBuckets: new Set(),
    functions: [],
    eventSources: [],
    schedules: [],
    invokeConfigs: new Map(),
    inert: [],
  };
  try {
    const { resources, outputs } = await deploy(template, options.parameters ?? {}, stack);
    const id = `arn:aws:cloudformation:${region}:${ACCOUNT_ID}:stack/${stack.stackName}/local`;
    messaging?.stacks.set(stack.stackName, {
      status: 'CREATE_COMPLETE',
      outputs,
      id,
      created: new Date().toISOString(),
    });
    await describeResources(described, resources, stack);
    for (const lambda of stack.functions) lambda.warm();
    const sources = stack.eventSources.map((settings) => startEventSource(settings, clients.sqs, emit));
    const timers = stack.schedules.map((schedule) => startSchedule(schedule));
    const running = () => [
      ...stack.functions
        .filter((lambda) => lambda.busy() > 0)
        .map((lambda) => `function ${lambda.settings.logicalId} runs`),
      ...sources.filter((source) => source.busy() > 0).map((source) => `${source.settings.logicalId} handles a batch`),
      ...(background.pending() > 0 ? ['deliveries are in progress'] : []),
    ];
    const queueUrls = sources.map(({ settings }) => settings.queueUrl);
    let stopping: Promise<void> | undefined;
    return {
      endpointUrl,
      dynamodbUrl: dynamodb.url,
      region,
      connection: connectionTo({ endpointUrl, dynamodbUrl: dynamodb.url, region }),
      environment,
      resources,
      outputs,
      inert: stack.inert,
      described,
      stacks: messaging?.stacks ?? new Map(),
      invoke: async (logicalId, event) => invokeById(stack, logicalId, event),
      putLogEvents: (logGroup, logStream, messages) => account.logGroups.put(logGroup, logStream, messages),
      putEvent: async (event) => messaging?.bus.publish(event),
      setForeignBucket: async (foreign) => {
        if (messaging === undefined)
          throw new Error('another emulator serves S3, and knows no buckets of other accounts');
        if (!messaging.foreignBuckets.has(foreign.bucket)) await createForeignBucket(foreign, stack);
        messaging.foreignBuckets.set(foreign.bucket, await serveForeignBucket(foreign, resources, stack));
      },
      processes: () => stack.functions.flatMap((lambda) => lambda.processes()),
      restartDynamodb: (pauseMs) => dynamodb.restart(pauseMs),
      idle: (timeoutMs) =>
        waitUntilIdle(
          { sqs: clients.sqs, queueUrls, running, happenings: () => happenings, failures: () => failures.slice(-5) },
          timeoutMs,
        ),
      stop: () => {
        stopping ??= (async () => {
          for (const end of timers) end();
          await Promise.all([...stack.functions, ...sources].map((part) => part.stop()));
          await close();
          stopListening();
        })();
        return stopping;
      },
    };
  } catch (error) {
    messaging?.stacks.set(stack.stackName, { status: 'ROLLBACK_COMPLETE', outputs: {} });
    await Promise.all(stack.functions.map((lambda) => lambda.stop()));
    await close();
    stopListening();
    throw error;
  }
}

function failureIn(event: LocalCloudEvent): string | undefined {
  if (event.type === 'function failed') return `${event.logicalId}: ${event.error}`;
  if (event.type === 'batch failed')
    return `${event.logicalId}: ${event.failed} of ${event.received} messages of a batch failed`;
  return event.type === 'delivery failed' ? `${event.what}: ${event.error}` : undefined;
}

async function invokeById(stack: Stack, logicalId: string, event: unknown): Promise<unknown> {
  const lambda = stack.functions.find(({ settings }) => settings.logicalId === logicalId);
  if (lambda !== undefined) return lambda.invoke(event ?? {});
  const schedule = stack.schedules.find((candidate) => candidate.logicalId === logicalId);
  if (schedule !== undefined) return schedule.invoke(event);
  const known = [
    ...stack.functions.map(({ settings }) => settings.logicalId),
    ...stack.schedules.map((one) => one.logicalId),
  ];
  throw new Error(`cannot invoke ${logicalId}, expected one of ${known.sort().join(', ')}`);
}
