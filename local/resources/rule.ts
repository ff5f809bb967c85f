/** AWS::Events::Rule (schedules, and patterns over events) and AWS::Scheduler::Schedule. */
import { randomUUID } from 'node:crypto';
import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { periodOf } from '../functions/schedule.ts';
import { DEFAULT_BUS } from '../servers/event-bus.ts';
import {
  isObject,
  type JsonObject,
  listAt,
  objectAt,
  optionalStringAt,
  stringAt,
  TemplateError,
} from '../template/json.ts';
import { physicalName } from '../template/naming.ts';
import { type CreateResource, findFunction, invokeInBackground, type Stack } from './stack.ts';

type Deliver = (event: unknown) => Promise<unknown>;
/** A scheduled invocation is awaited, so that a test can ask for its answer. The bus needs no answer. */
type Caller = 'schedule' | 'bus';

/** Creates an event bus. */
export const createEventBus: CreateResource = async ({ logicalId, properties }, stack) => {
  const name =
    optionalStringAt(properties.Name, 'Name') ?? physicalName(stack.stackName, logicalId, { maxLength: 256 });
  const arn = `arn:aws:events:${stack.region}:${stack.accountId}:event-bus/${name}`;
  const remove = stack.bus?.addBus(name);
  return { physicalId: name, attributes: { Arn: arn, Name: name }, remove: async () => remove?.() };
};

/** Creates a rule with a schedule or an event pattern. Its targets are functions and queues of the stack. */
export const createRule: CreateResource = async ({ logicalId, type, properties }, stack) => {
  const name = optionalStringAt(properties.Name, 'Name') ?? physicalName(stack.stackName, logicalId, { maxLength: 64 });
  const bus = (optionalStringAt(properties.EventBusName, 'EventBusName') ?? DEFAULT_BUS).split('/').at(-1)!;
  const path = bus === DEFAULT_BUS ? name : `${bus}/${name}`;
  const arn = `arn:aws:events:${stack.region}:${stack.accountId}:rule/${path}`;
  const targetsFor = (caller: Caller) =>
    listAt(properties.Targets, 'Targets').map((target, index) =>
      createTarget(objectAt(target, `Targets[${index}]`), logicalId, stack, caller),
    );
  const isEnabled = (properties.State ?? 'ENABLED') !== 'DISABLED';
  const expression = optionalStringAt(properties.ScheduleExpression, 'ScheduleExpression');
  if (expression !== undefined) {
    const targets = targetsFor('schedule');
    const source = { source: 'aws.events', resources: [arn], detail: {} };
    const invoke = (event?: unknown) => deliverToAll(targets, event ?? scheduledEvent(source, stack));
    addSchedule({ logicalId, expression, isEnabled, invoke }, type, stack);
  }
  const pattern = properties.EventPattern;
  let removeFromBus: (() => void) | undefined;
  if (isObject(pattern) && isEnabled) {
    if (stack.bus === undefined) {
      throw new TemplateError('EventPattern needs the embedded servers, got the endpoint of another emulator');
    }
    const targets = targetsFor('bus');
    for (const bucket of bucketsNamedIn(pattern)) stack.watchedBuckets.add(bucket);
    removeFromBus = stack.bus.addRule({
      name,
      bus,
      pattern,
      deliver: async (event) => void (await deliverToAll(targets, event)),
    });
  }
  return { physicalId: name, attributes: { Arn: arn }, remove: async () => removeFromBus?.() };
};

/** Creates a schedule of the EventBridge Scheduler. Its target is a function or queue of the stack. */
export const createSchedule: CreateResource = async ({ logicalId, type, properties }, stack) => {
  const name = optionalStringAt(properties.Name, 'Name') ?? physicalName(stack.stackName, logicalId, { maxLength: 64 });
  const group = optionalStringAt(properties.GroupName, 'GroupName') ?? 'default';
  const arn = `arn:aws:scheduler:${stack.region}:${stack.accountId}:schedule/${group}/${name}`;
  const deliver = createTarget(objectAt(properties.Target, 'Target'), logicalId, stack, 'schedule');
  const source = { source: 'aws.scheduler', resources: [arn], detail: '{}' };
  const schedule = {
    logicalId,
    expression: stringAt(properties.ScheduleExpression, 'ScheduleExpression'),
    isEnabled: (properties.State ?? 'ENABLED') !== 'DISABLED',
    invoke: (event?: unknown) => deliver(event ?? scheduledEvent(source, stack)),
  };
  addSchedule(schedule, type, stack);
  return { physicalId: name, attributes: { Arn: arn } };
};

function addSchedule(schedule: Stack['schedules'][number], type: string, stack: Stack): void {
  stack.schedules.push(schedule);
  const { logicalId, expression } = schedule;
  if (periodOf(expression) === undefined) {
    stack.inert.push({ logicalId, type, reason: `no timer runs for ${expression}, but it can be invoked by its id` });
  }
}

function createTarget(target: JsonObject, owner: string, stack: Stack, caller: Caller): Deliver {
  for (const unsupported of ['InputPath', 'InputTransformer', 'EcsParameters', 'SqsParameters']) {
    if (target[unsupported] !== undefined) throw new TemplateError(`Target.${unsupported} is not simulated`);
  }
  const arn = stringAt(target.Arn, 'Target.Arn');
  const input = optionalStringAt(target.Input, 'Target.Input');
  const withInput = (event: unknown): unknown => (input === undefined ? event : JSON.parse(input));
  const service = arn.split(':')[2];
  if (service === 'lambda') {
    const lambda = findFunction(stack, arn, owner);
    return async (event) =>
      caller === 'schedule'
        ? lambda.invoke(withInput(event))
        : invokeInBackground(stack, lambda, withInput(event), `rule ${owner}`);
  }
  if (service !== 'sqs') throw new TemplateError(`Target.Arn is ${arn}, expected a function or a queue`);
  const { sqs } = stack.clients;
  return async (event) => {
    const { QueueUrl: queueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: arn.split(':').at(-1) }));
    return sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(withInput(event)) }));
  };
}

async function deliverToAll(targets: Deliver[], event: unknown): Promise<unknown> {
  const [first] = await Promise.all(targets.map((deliver) => deliver(event)));
  return first;
}

function scheduledEvent(source: JsonObject, { region, accountId }: Stack): JsonObject {
  const time = `${new Date().toISOString().slice(0, 19)}Z`;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Scheduled Event',
    account: accountId,
    time,
    region,
    ...source,
  };
}

function bucketsNamedIn(pattern: JsonObject): string[] {
  if (!listAt(pattern.source, 'EventPattern.source').includes('aws.s3')) return [];
  const bucket = objectAt(objectAt(pattern.detail, 'EventPattern.detail').bucket, 'EventPattern.detail.bucket');
  const names = listAt(bucket.name, 'EventPattern.detail.bucket.name');
  return names.filter((name) => typeof name === 'string');
}
