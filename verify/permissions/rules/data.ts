/** The resources themselves: nothing is public, everything is encrypted, keys rotate, and no type went unseen. */
import type { CreatedResource } from '../../../local/resources/stack.ts';
import { isObject, isTrue, objectAt } from '../../../local/template/json.ts';
import { keyOf } from '../keys.ts';
import type { Problem } from '../problem.ts';
import { nameOf, type PaperStack } from '../stacks.ts';

type Look = (resource: CreatedResource, stack: PaperStack) => string[];

const nothing: Look = () => [];

/** The types that were considered. Any other type is a problem. */
const looks: Readonly<Record<string, Look>> = {
  'AWS::S3::Bucket': ({ properties }) => {
    const block = objectAt(properties.PublicAccessBlockConfiguration, 'PublicAccessBlockConfiguration');
    const ownership = JSON.stringify(properties.OwnershipControls ?? '');
    return [
      ...['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets']
        .filter((flag) => !isTrue(block[flag]))
        .map((flag) => `lacks ${flag}`),
      ...(ownership.includes('"BucketOwnerEnforced"') ? [] : ['takes access lists of objects']),
      ...(properties.AccessControl === undefined ? [] : ['has an access list']),
      ...(properties.WebsiteConfiguration === undefined ? [] : ['is a website']),
      ...(properties.BucketEncryption === undefined ? ['is not encrypted by its own setting'] : []),
    ];
  },
  // Its input is the key of a list, and what its executions keep are keys of files. AWS encrypts both.
  'AWS::StepFunctions::StateMachine': nothing,
  'AWS::SQS::Queue': (queue) =>
    isTrue(queue.properties.SqsManagedSseEnabled) || keyOf(queue) !== undefined ? [] : ['is not encrypted'],
  'AWS::SNS::Topic': (topic) => (keyOf(topic) === undefined ? ['is not encrypted'] : []),
  'AWS::DynamoDB::GlobalTable': ({ properties }) => {
    const policies = [properties.Replicas]
      .flat()
      .filter((replica) => isObject(replica) && replica.ResourcePolicy !== undefined);
    return policies.length === 0 ? [] : ['has a policy of its own, which is not read'];
  },
  'AWS::KMS::Key': ({ properties }) => (isTrue(properties.EnableKeyRotation) ? [] : ['does not rotate']),
  'AWS::SNS::Subscription': ({ properties }) =>
    String(properties.Protocol) === 'http' ? ['sends alerts over plain HTTP'] : [],
  'AWS::Lambda::Function': nothing,
  'AWS::Lambda::Permission': nothing,
  'AWS::Lambda::EventSourceMapping': nothing,
  'AWS::Lambda::EventInvokeConfig': nothing,
  // Keeps nothing: events that no rule matches are dropped.
  'AWS::Events::EventBus': nothing,
  'AWS::Events::Rule': nothing,
  'AWS::IAM::Role': nothing,
  'AWS::IAM::Policy': ({ properties }) =>
    properties.Users === undefined && properties.Groups === undefined ? [] : ['is attached to people'],
  'AWS::S3::BucketPolicy': nothing,
  'AWS::SQS::QueuePolicy': nothing,
  'AWS::SNS::TopicPolicy': nothing,
  'AWS::Logs::LogGroup': nothing,
  'AWS::Logs::SubscriptionFilter': nothing,
  'AWS::CloudWatch::Alarm': nothing,
  'AWS::CloudWatch::Dashboard': nothing,
  'AWS::EC2::FlowLog': nothing,
  'Custom::S3BucketNotifications': nothing,
};

/** With a customer's key, all that holds what logs say is under it. */
const UNDER_KEY = ['AWS::S3::Bucket', 'AWS::DynamoDB::GlobalTable'];

/** What is wrong with the resources. */
export function dataProblems(stack: PaperStack): Problem[] {
  return [...stack.resources.values()].flatMap((resource): Problem[] => {
    const look = looks[resource.type];
    if (look === undefined) return [{ rule: 'type', text: `${resource.type} was never looked at` }];
    const found = look(resource, stack).map((text): Problem => ({ rule: 'data', text: `${nameOf(resource)} ${text}` }));
    const isOutside =
      stack.settings.kmsKey !== 'none' && UNDER_KEY.includes(resource.type) && keyOf(resource) === undefined;
    return isOutside
      ? [...found, { rule: 'data', text: `${nameOf(resource)} is not under the customer's key` }]
      : found;
  });
}
