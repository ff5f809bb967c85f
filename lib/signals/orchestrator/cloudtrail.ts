/** CloudTrail records about ECS and Systems Manager, from files of a trail and from EventBridge. */

import { commandWords } from './command-words.ts';
import {
  type Caller,
  definedText,
  type ExecFact,
  type Fact,
  instanceIdIn,
  NO_TIME,
  objectOf,
  objectsOf,
  type Program,
  textOf,
  textsOf,
  timeOf,
  type WorkloadFact,
} from './facts.ts';

type Json = Readonly<Record<string, unknown>>;

/** Whether a JSON object is a record of CloudTrail. */
export const isCloudTrailRecord = (event: Json): boolean =>
  event.eventSource !== undefined && event.eventName !== undefined && event.eventVersion !== undefined;

/** The facts of one record. */
export function cloudTrailFacts(record: Json): Fact[] {
  const name = textOf(record.eventName) ?? '';
  const base = {
    key: textOf(record.eventID) ?? `${name} ${textOf(record.requestID)}`,
    at: timeOf(record.eventTime) ?? NO_TIME,
    isRefused: record.errorCode !== undefined,
    ...callerField(record),
  };
  const request = objectOf(record.requestParameters);
  const response = objectOf(record.responseElements);
  switch (record.eventSource) {
    case 'ecs.amazonaws.com':
      if (name === 'ExecuteCommand') return [ecsExec(base, request, response)];
      if (name === 'RunTask' || name === 'StartTask') return [ecsRun(base, request, response)];
      if (name === 'RegisterTaskDefinition') return [ecsDefinition(base, request)];
      return [];
    case 'ssm.amazonaws.com':
      return name === 'StartSession' ? sessionFacts(base, request, response) : [];
    default:
      return [];
  }
}

type Base = Pick<WorkloadFact, 'key' | 'at' | 'isRefused' | 'caller'>;

function callerField(record: Json): { caller?: Caller } {
  const identity = objectOf(record.userIdentity);
  const user = textOf(identity?.arn) ?? textOf(identity?.userName) ?? textOf(identity?.invokedBy);
  if (user === undefined) return {};
  const address = textOf(record.sourceIPAddress);
  return {
    caller: {
      user,
      addresses: address === undefined ? [] : [address],
      ...definedText('userAgent', record.userAgent),
    },
  };
}

function ecsExec(base: Base, request: Json | undefined, response: Json | undefined): ExecFact {
  const cluster = textOf(response?.clusterArn) ?? textOf(request?.cluster);
  const command = textOf(request?.command);
  return {
    ...base,
    type: 'exec',
    entry: 'exec',
    where: {
      platform: 'ecs',
      // A call may name the task by its id alone. The answer has the whole name.
      ...definedText('taskArn', response?.taskArn ?? taskArnOf(request?.task, cluster)),
      ...definedText('cluster', cluster),
      ...definedText('container', response?.containerName ?? request?.container),
    },
    argv: command === undefined ? [] : commandWords(command),
    ...(command === undefined && { isCommandUnknown: true }),
    isInteractive: true,
  };
}

/** The name of a task from its id and the name of its cluster. */
function taskArnOf(task: unknown, cluster: string | undefined): string | undefined {
  const id = textOf(task);
  if (id === undefined || id.startsWith('arn:')) return id;
  const match = cluster === undefined ? null : /^(arn:[^:]+:ecs:[^:]*:\d+:)cluster\/(.+)$/.exec(cluster);
  return match ? `${match[1]}task/${match[2]}/${id}` : id;
}

function ecsRun(base: Base, request: Json | undefined, response: Json | undefined): WorkloadFact {
  const tasks = objectsOf(response?.tasks);
  const task = tasks[0];
  const images = objectsOf(task?.containers).map(({ image }) => textOf(image));
  const definition = textOf(task?.taskDefinitionArn) ?? textOf(request?.taskDefinition);
  const overrides = programsOf(objectOf(request?.overrides)?.containerOverrides);
  return {
    ...base,
    type: 'workload',
    kind: 'Task',
    where: {
      platform: 'ecs',
      ...definedText('taskArn', task?.taskArn),
      ...definedText('cluster', task?.clusterArn ?? request?.cluster),
    },
    name: definition ?? 'task',
    programs: [
      ...overrides,
      ...images
        .filter((image) => image !== undefined)
        .map((image) => ({ image, argv: [], isCommandUnknown: true }) satisfies Program),
    ],
  };
}

function ecsDefinition(base: Base, request: Json | undefined): WorkloadFact {
  return {
    ...base,
    type: 'workload',
    kind: 'TaskDefinition',
    where: { platform: 'ecs' },
    name: textOf(request?.family) ?? 'task definition',
    programs: programsOf(request?.containerDefinitions),
    ...(request?.networkMode === 'host' && { hasHostNetwork: true }),
  };
}

const programsOf = (containers: unknown): Program[] =>
  objectsOf(containers).map((container) => ({
    ...definedText('image', container.image),
    argv: [...textsOf(container.entryPoint), ...textsOf(container.command)],
  }));

/** A shell on an instance by Systems Manager. Nothing that is typed in it is in CloudTrail. */
function sessionFacts(base: Base, request: Json | undefined, response: Json | undefined): ExecFact[] {
  const instanceId = instanceIdIn(textOf(request?.target));
  if (instanceId === undefined) return [];
  const session = textOf(response?.sessionId);
  return [
    {
      ...base,
      key: session ?? base.key,
      type: 'exec',
      entry: 'session',
      where: { platform: 'ecs', instanceId },
      argv: [],
      isCommandUnknown: true,
      isInteractive: true,
    },
  ];
}
