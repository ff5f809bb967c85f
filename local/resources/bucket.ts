/** AWS::S3::Bucket and the CDK's custom resource for the notifications of an existing bucket. */
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  type Event,
  type NotificationConfiguration,
  PutBucketNotificationConfigurationCommand,
  type QueueConfiguration,
} from '@aws-sdk/client-s3';
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
import type { CreateResource, Stack } from './stack.ts';

/** Creates a bucket and its notifications. Encryption, versioning, lifecycle and access settings are left out. */
export const createBucket: CreateResource = async ({ logicalId, properties }, stack) => {
  const name =
    optionalStringAt(properties.BucketName, 'BucketName') ??
    physicalName(stack.stackName, logicalId, { maxLength: 63, lowercase: true });
  // CloudFormation never adopts a bucket, not even one of the same account.
  if (stack.buckets.has(name)) throw new Error(`${name} already exists`);
  await makeBucket(name, stack);
  const notifications = readNotifications(objectAt(properties.NotificationConfiguration, 'NotificationConfiguration'));
  if (notifications !== undefined) await putNotifications(name, notifications, stack);
  return {
    physicalId: name,
    attributes: {
      Arn: `arn:aws:s3:::${name}`,
      DomainName: `${name}.s3.amazonaws.com`,
      RegionalDomainName: `${name}.s3.${stack.region}.amazonaws.com`,
    },
    async remove() {
      await stack.clients.s3.send(new DeleteBucketCommand({ Bucket: name }));
      stack.buckets.delete(name);
    },
  };
};

/** Does what the CDK's notification handler would do to an existing bucket, which is created here. */
export const createBucketNotifications: CreateResource = async ({ properties }, stack) => {
  const name = stringAt(properties.BucketName, 'BucketName');
  const configuration = objectAt(properties.NotificationConfiguration, 'NotificationConfiguration');
  if (!stack.buckets.has(name)) await makeBucket(name, stack);
  await putNotifications(name, configuration as NotificationConfiguration, stack);
  return {
    physicalId: `${name}-notifications`,
    attributes: {},
    remove: () => putNotifications(name, {}, stack),
  };
};

/**
 * Creates the buckets that rules watch and the template lacks, with EventBridge switched on, as their owner must do.
 */
export async function makeWatchedBuckets(stack: Stack): Promise<void> {
  for (const name of stack.watchedBuckets.difference(stack.buckets)) {
    await makeBucket(name, stack);
    await putNotifications(name, { EventBridgeConfiguration: {} }, stack);
  }
}

async function makeBucket(name: string, { clients, region, buckets }: Stack): Promise<void> {
  buckets.add(name);
  const location = region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as never } };
  await clients.s3.send(new CreateBucketCommand({ Bucket: name, ...location }));
}

async function putNotifications(name: string, notifications: NotificationConfiguration, stack: Stack): Promise<void> {
  await stack.clients.s3.send(
    new PutBucketNotificationConfigurationCommand({ Bucket: name, NotificationConfiguration: notifications }),
  );
}

function readNotifications(configuration: JsonObject): NotificationConfiguration | undefined {
  for (const other of ['TopicConfigurations', 'LambdaConfigurations']) {
    if (configuration[other] !== undefined) {
      throw new TemplateError(`NotificationConfiguration.${other} is not simulated, expected QueueConfigurations`);
    }
  }
  const queues = listAt(configuration.QueueConfigurations, 'QueueConfigurations').map((entry, index) =>
    readQueueConfiguration(objectAt(entry, `QueueConfigurations[${index}]`), index),
  );
  const eventBridge = configuration.EventBridgeConfiguration;
  // EventBridgeEnabled is true if the block exists without it.
  const isOnEventBridge = isObject(eventBridge) && String(eventBridge.EventBridgeEnabled ?? true) === 'true';
  if (queues.length === 0 && !isOnEventBridge) return undefined;
  return { QueueConfigurations: queues, ...(isOnEventBridge ? { EventBridgeConfiguration: {} } : {}) };
}

function readQueueConfiguration(entry: JsonObject, index: number): QueueConfiguration {
  const path = `QueueConfigurations[${index}]`;
  const rules = objectAt(objectAt(entry.Filter, `${path}.Filter`).S3Key, `${path}.Filter.S3Key`).Rules;
  const filterRules = listAt(rules, `${path}.Filter.S3Key.Rules`).map((value) => {
    const rule = objectAt(value, `${path}.Filter.S3Key.Rules`);
    const name = stringAt(rule.Name, `${path} filter name`).toLowerCase();
    if (name !== 'prefix' && name !== 'suffix') {
      throw new TemplateError(`${path} filters by ${name}, expected prefix or suffix`);
    }
    return { Name: name, Value: stringAt(rule.Value, `${path} filter value`) } as const;
  });
  return {
    Id: `notification-${index + 1}`,
    QueueArn: stringAt(entry.Queue, `${path}.Queue`),
    Events: [stringAt(entry.Event, `${path}.Event`) as Event],
    ...(filterRules.length === 0 ? {} : { Filter: { Key: { FilterRules: filterRules } } }),
  };
}
