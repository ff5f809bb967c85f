/** AWS::SQS::Queue. */
import { CreateQueueCommand, DeleteQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { isObject, optionalStringAt } from '../template/json.ts';
import { physicalName } from '../template/naming.ts';
import type { CreateResource } from './stack.ts';

const PLAIN_ATTRIBUTES = [
  'DelaySeconds',
  'MaximumMessageSize',
  'MessageRetentionPeriod',
  'ReceiveMessageWaitTimeSeconds',
  'VisibilityTimeout',
  'FifoQueue',
  'ContentBasedDeduplication',
];

/** Creates a queue with its limits and its redrive policy. Encryption is left out. */
export const createQueue: CreateResource = async ({ logicalId, properties }, { clients, stackName }) => {
  const queueName =
    optionalStringAt(properties.QueueName, 'QueueName') ?? physicalName(stackName, logicalId, { maxLength: 80 });
  const attributes: Record<string, string> = {};
  for (const name of PLAIN_ATTRIBUTES) {
    const value = optionalStringAt(properties[name], name);
    if (value !== undefined) attributes[name] = value;
  }
  for (const name of ['RedrivePolicy', 'RedriveAllowPolicy']) {
    const policy = properties[name];
    if (policy !== undefined) attributes[name] = isObject(policy) ? JSON.stringify(policy) : String(policy);
  }
  const { QueueUrl: queueUrl = '' } = await clients.sqs.send(
    new CreateQueueCommand({ QueueName: queueName, Attributes: attributes }),
  );
  const { Attributes: created } = await clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }),
  );
  return {
    physicalId: queueUrl,
    attributes: { Arn: created?.QueueArn ?? '', QueueName: queueName, QueueUrl: queueUrl },
    remove: async () => void (await clients.sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl }))),
  };
};
