/** AWS::Lambda::Function and AWS::Lambda::EventSourceMapping. */
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { createLocalFunction } from '../functions/local-function.ts';
import { listAt, numberAt, objectAt, optionalStringAt, show, stringAt, TemplateError } from '../template/json.ts';
import { physicalName } from '../template/naming.ts';
import { type CreateResource, findFunction, type Stack } from './stack.ts';

const MAX_PROCESSES = 4;
const DEFAULT_POLLERS = 2;
const MAX_ENVIRONMENT_BYTES = 4096;
const RESERVED =
  /^(_HANDLER|_X_AMZN_TRACE_ID|AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|REGION|DEFAULT_REGION|EXECUTION_ENV|LAMBDA_.*)|LAMBDA_(TASK_ROOT|RUNTIME_DIR)|TZ)$/;

/** Prepares a function. Its first process starts later. */
export const createFunction: CreateResource = async ({ logicalId, properties, metadata }, stack) => {
  const runtime = String(properties.Runtime);
  if (!runtime.startsWith('nodejs')) throw new TemplateError(`Runtime is ${runtime}, expected nodejs...`);
  for (const unsupported of ['Layers', 'ImageConfig', 'FileSystemConfigs']) {
    if (properties[unsupported] !== undefined) throw new TemplateError(`${unsupported} is not simulated`);
  }
  stringAt(properties.Role, 'Role');
  const name =
    optionalStringAt(properties.FunctionName, 'FunctionName') ??
    physicalName(stack.stackName, logicalId, { maxLength: 64 });
  const arn = `arn:aws:lambda:${stack.region}:${stack.accountId}:function:${name}`;
  const reserved = numberAt(properties.ReservedConcurrentExecutions, 'ReservedConcurrentExecutions', MAX_PROCESSES);
  const settings = {
    logicalId,
    name,
    arn,
    bundle: stack.bundleFolder(logicalId, metadata, objectAt(properties.Code, 'Code')),
    handler: stringAt(properties.Handler, 'Handler'),
    memoryMegabytes: numberAt(properties.MemorySize, 'MemorySize', 128),
    timeoutSeconds: numberAt(properties.Timeout, 'Timeout', 3),
    variables: readVariables(properties.Environment),
    cloud: stack.cloud,
  };
  stack.functions.push(createLocalFunction(settings, Math.max(1, Math.min(MAX_PROCESSES, reserved)), stack.emit));
  return { physicalId: name, attributes: { Arn: arn } };
};

function readVariables(environment: unknown): Record<string, string> {
  const path = 'Environment.Variables';
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(objectAt(objectAt(environment, 'Environment').Variables, path))) {
    if (RESERVED.test(name)) throw new TemplateError(`${path}.${name} is reserved by Lambda, expected another name`);
    variables[name] = stringAt(value, `${path}.${name}`);
  }
  const bytes = Object.entries(variables).reduce((sum, pair) => sum + Buffer.byteLength(pair.join('')), 0);
  if (bytes > MAX_ENVIRONMENT_BYTES) {
    throw new TemplateError(`${path} is ${bytes} bytes, expected at most ${MAX_ENVIRONMENT_BYTES}`);
  }
  return variables;
}

/** Prepares the polling of a queue for a function. Polling starts later. */
export const createEventSourceMapping: CreateResource = async ({ logicalId, properties }, stack) => {
  for (const unsupported of ['FilterCriteria', 'DestinationConfig', 'ProvisionedPollerConfig']) {
    if (properties[unsupported] !== undefined) throw new TemplateError(`${unsupported} is not simulated`);
  }
  const queueArn = stringAt(properties.EventSourceArn, 'EventSourceArn');
  if (queueArn.split(':')[2] !== 'sqs') throw new TemplateError(`EventSourceArn is ${queueArn}, expected a queue`);
  const target = findFunction(stack, stringAt(properties.FunctionName, 'FunctionName'), logicalId);
  const queueUrl = await findQueue(queueArn, target.settings.timeoutSeconds, stack);
  const windowSeconds = numberAt(properties.MaximumBatchingWindowInSeconds, 'MaximumBatchingWindowInSeconds', 0);
  const batchSize = numberAt(properties.BatchSize, 'BatchSize', 10);
  if (batchSize > 10 && windowSeconds < 1) {
    throw new TemplateError(`BatchSize is ${batchSize}, expected at most 10 without MaximumBatchingWindowInSeconds`);
  }
  const scaling = objectAt(properties.ScalingConfig, 'ScalingConfig');
  const concurrency = numberAt(scaling.MaximumConcurrency, 'ScalingConfig.MaximumConcurrency', DEFAULT_POLLERS);
  const responseTypes = listAt(properties.FunctionResponseTypes, 'FunctionResponseTypes');
  const settings = {
    logicalId,
    queueUrl,
    queueArn,
    region: stack.region,
    batchSize,
    windowSeconds,
    reportsItemFailures: responseTypes.includes('ReportBatchItemFailures'),
    pollers: Math.min(MAX_PROCESSES, concurrency),
    invoke: target.invoke,
  };
  if (String(properties.Enabled ?? true) === 'true') stack.eventSources.push(settings);
  else stack.inert.push({ logicalId, type: 'AWS::Lambda::EventSourceMapping', reason: 'Enabled is false' });
  return { physicalId: `${stack.stackName}-${logicalId}`, attributes: { Id: `${stack.stackName}-${logicalId}` } };
};

/** The queue's URL. Throws as Lambda does if its messages return while the function may still be handling them. */
async function findQueue(queueArn: string, timeoutSeconds: number, { clients }: Stack): Promise<string> {
  const { QueueUrl: queueUrl = '' } = await clients.sqs.send(
    new GetQueueUrlCommand({ QueueName: queueArn.split(':').at(-1) }),
  );
  const { Attributes: attributes } = await clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['VisibilityTimeout'] }),
  );
  const visibilitySeconds = Number(attributes?.VisibilityTimeout);
  if (visibilitySeconds < timeoutSeconds) {
    throw new TemplateError(
      `VisibilityTimeout of ${show(queueArn)} is ${visibilitySeconds} s, expected at least the function's timeout of ${timeoutSeconds} s`,
    );
  }
  return queueUrl;
}
