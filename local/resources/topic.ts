/** AWS::SNS::Topic and AWS::SNS::Subscription. */
import { CreateTopicCommand, DeleteTopicCommand, SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { isObject, isTrue, listAt, objectAt, optionalStringAt, stringAt } from '../template/json.ts';
import { physicalName } from '../template/naming.ts';
import type { CreateResource, Creation, Stack } from './stack.ts';

/** Creates a topic and the subscriptions in its own properties. */
export const createTopic: CreateResource = async ({ logicalId, type, properties }, stack) => {
  const name =
    optionalStringAt(properties.TopicName, 'TopicName') ?? physicalName(stack.stackName, logicalId, { maxLength: 256 });
  const displayName = optionalStringAt(properties.DisplayName, 'DisplayName');
  const { TopicArn: topicArn = '' } = await stack.clients.sns.send(
    new CreateTopicCommand({ Name: name, Attributes: displayName === undefined ? {} : { DisplayName: displayName } }),
  );
  for (const entry of listAt(properties.Subscription, 'Subscription')) {
    const { Protocol: protocol, Endpoint: endpoint } = objectAt(entry, 'Subscription');
    await subscribe({ logicalId, type, topicArn, protocol, endpoint, attributes: {} }, stack);
  }
  return {
    physicalId: topicArn,
    attributes: { TopicArn: topicArn, TopicName: name },
    remove: async () => void (await stack.clients.sns.send(new DeleteTopicCommand({ TopicArn: topicArn }))),
  };
};

/** Subscribes a queue or an e-mail address. Other protocols are accepted and listed as inert. */
export const createSubscription: CreateResource = async ({ logicalId, type, properties }, stack) => {
  const attributes: Record<string, string> = {};
  if (properties.FilterPolicy !== undefined) attributes.FilterPolicy = asJson(properties.FilterPolicy);
  const scope = optionalStringAt(properties.FilterPolicyScope, 'FilterPolicyScope');
  if (scope !== undefined) attributes.FilterPolicyScope = scope;
  if (isTrue(properties.RawMessageDelivery)) attributes.RawMessageDelivery = 'true';
  const { Protocol: protocol, Endpoint: endpoint } = properties;
  const topicArn = stringAt(properties.TopicArn, 'TopicArn');
  return subscribe({ logicalId, type, topicArn, protocol, endpoint, attributes }, stack);
};

interface SubscriptionRequest {
  logicalId: string;
  type: string;
  topicArn: string;
  protocol: unknown;
  endpoint: unknown;
  attributes: Record<string, string>;
}

async function subscribe(request: SubscriptionRequest, stack: Stack): Promise<Creation> {
  const { logicalId, type, topicArn, attributes } = request;
  const protocol = stringAt(request.protocol, 'Protocol');
  const endpoint = stringAt(request.endpoint, 'Endpoint');
  if (protocol === 'email' && stack.bus === undefined) {
    stack.inert.push({ logicalId, type, reason: 'the emulator at the given endpoint handles e-mail' });
  } else if (protocol !== 'sqs' && protocol !== 'email') {
    stack.inert.push({ logicalId, type, reason: `nothing is delivered to subscriptions of protocol ${protocol}` });
  }
  const { SubscriptionArn: physicalId = '' } = await stack.clients.sns.send(
    new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: protocol,
      Endpoint: endpoint,
      Attributes: attributes,
      ReturnSubscriptionArn: true,
    }),
  );
  return {
    physicalId,
    attributes: { Arn: physicalId },
    remove: async () => void (await stack.clients.sns.send(new UnsubscribeCommand({ SubscriptionArn: physicalId }))),
  };
}

function asJson(value: unknown): string {
  return isObject(value) ? JSON.stringify(value) : stringAt(value, 'FilterPolicy');
}
