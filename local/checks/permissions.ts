/** Finds wiring that AWS would refuse or silently drop: a service that sends to a resource whose policy does not admit it. */
import type { CreatedResource } from '../resources/stack.ts';
import { isObject, listAt, objectAt } from '../template/json.ts';
import { type DependencyGraph, dependsOn } from '../template/order.ts';
import { matchesWildcard } from '../template/wildcard.ts';
import { admitsCall } from './policy.ts';

/** Wiring without permission; the message names the logical ids. */
class PermissionError extends Error {
  override name = 'PermissionError';
}

/** The stack as it was created. */
export interface CheckedStack {
  resources: ReadonlyMap<string, CreatedResource>;
  graph: DependencyGraph;
  accountId: string;
}

/** Throws a PermissionError that lists each connection which no policy, permission or role of the stack admits. */
export function assertPermitted(stack: CheckedStack): void {
  const problems = [...stack.resources.values()].flatMap((resource) => checks[resource.type]?.(resource, stack) ?? []);
  if (problems.length > 0) throw new PermissionError(problems.join('\n'));
}

type Check = (resource: CreatedResource, stack: CheckedStack) => string[];

const checks: Readonly<Record<string, Check>> = {
  'AWS::S3::Bucket': (bucket, stack) => checkNotifications(bucket, bucket.attributes.Arn ?? '', stack),
  'Custom::S3BucketNotifications': (custom, stack) =>
    checkNotifications(custom, `arn:aws:s3:::${custom.properties.BucketName}`, stack),
  'AWS::SNS::Subscription': (subscription, stack) => {
    if (subscription.properties.Protocol !== 'sqs') return [];
    const topicArn = String(subscription.properties.TopicArn);
    const queueArn = String(subscription.properties.Endpoint);
    const admitting = findAdmittingPolicy(queueArn, 'sns.amazonaws.com', topicArn, stack);
    return typeof admitting === 'string'
      ? [`${admitting}, so subscription ${subscription.logicalId} delivers nothing`]
      : [];
  },
  'AWS::Events::Rule': (rule, stack) =>
    listAt(rule.properties.Targets, 'Targets').flatMap((target) => {
      const arn = isObject(target) ? String(target.Arn) : '';
      const ruleArn = rule.attributes.Arn ?? '';
      if (arn.split(':')[2] === 'lambda') {
        if (mayInvoke(arn, ruleArn, stack)) return [];
        const name = findByArn(arn, stack)?.logicalId ?? arn;
        return [
          `no Lambda permission admits events.amazonaws.com to function ${name}, so rule ${rule.logicalId} cannot invoke it`,
        ];
      }
      const admitting = findAdmittingPolicy(arn, 'events.amazonaws.com', ruleArn, stack);
      return typeof admitting === 'string' ? [`${admitting}, so rule ${rule.logicalId} delivers nothing`] : [];
    }),
  'AWS::Scheduler::Schedule': (schedule, stack) => {
    const target = objectAt(schedule.properties.Target, 'Target');
    return checkTrust(schedule, String(target.RoleArn), 'scheduler.amazonaws.com', stack);
  },
  'AWS::Lambda::Function': (lambda, stack) =>
    checkTrust(lambda, String(lambda.properties.Role), 'lambda.amazonaws.com', stack),
};

/** S3 asks each queue when notifications are configured, so its policy must be there before `owner` is created. */
function checkNotifications(owner: CreatedResource, bucketArn: string, stack: CheckedStack): string[] {
  const configuration = objectAt(owner.properties.NotificationConfiguration, 'NotificationConfiguration');
  return listAt(configuration.QueueConfigurations, 'QueueConfigurations').flatMap((entry) => {
    const queueArn = isObject(entry) ? String(entry.Queue ?? entry.QueueArn) : '';
    const admitting = findAdmittingPolicy(queueArn, 's3.amazonaws.com', bucketArn, stack);
    if (typeof admitting === 'string') return [`${admitting}, so bucket ${owner.logicalId} cannot notify it`];
    if (dependsOn(stack.graph, owner.logicalId, admitting.logicalId)) return [];
    return [
      `bucket ${owner.logicalId} may be created before ${admitting.logicalId} lets it notify the queue, and S3 checks then; expected a DependsOn`,
    ];
  });
}

/** The QueuePolicy that admits the call, or what is wrong. */
function findAdmittingPolicy(
  queueArn: string,
  service: string,
  sourceArn: string,
  { resources, accountId }: CheckedStack,
): CreatedResource | string {
  const queue = findByArn(queueArn, { resources });
  if (queue === undefined) return `${queueArn} is no queue of this stack`;
  const call = { service, action: 'sqs:SendMessage', resourceArn: queueArn, sourceArn, accountId };
  for (const policy of resources.values()) {
    if (policy.type !== 'AWS::SQS::QueuePolicy') continue;
    if (!listAt(policy.properties.Queues, 'Queues').includes(queue.physicalId)) continue;
    if (admitsCall(policy.properties.PolicyDocument, call)) return policy;
  }
  return `no queue policy admits ${service} to queue ${queue.logicalId}`;
}

function mayInvoke(functionArn: string, ruleArn: string, { resources }: CheckedStack): boolean {
  const name = functionArn.split(':').at(-1);
  return [...resources.values()].some(({ type, properties }) => {
    if (type !== 'AWS::Lambda::Permission' || properties.Principal !== 'events.amazonaws.com') return false;
    if (properties.FunctionName !== functionArn && properties.FunctionName !== name) return false;
    if (properties.Action !== 'lambda:InvokeFunction' && properties.Action !== 'lambda:*') return false;
    return properties.SourceArn === undefined || matchesWildcard(String(properties.SourceArn), ruleArn, true);
  });
}

/** A role of another stack cannot be looked into and is believed. */
function checkTrust(
  owner: CreatedResource,
  roleArn: string,
  service: string,
  { resources, accountId }: CheckedStack,
): string[] {
  const role = [...resources.values()].find(
    ({ type, attributes }) => type === 'AWS::IAM::Role' && attributes.Arn === roleArn,
  );
  if (role === undefined) return [];
  const call = {
    service,
    action: 'sts:AssumeRole',
    resourceArn: roleArn,
    sourceArn: owner.attributes.Arn ?? '',
    accountId,
  };
  if (admitsCall(role.properties.AssumeRolePolicyDocument, call)) return [];
  return [`role ${role.logicalId} does not trust ${service}, so ${owner.logicalId} cannot run under it`];
}

function findByArn(arn: string, { resources }: Pick<CheckedStack, 'resources'>): CreatedResource | undefined {
  return [...resources.values()].find(({ attributes }) => attributes.Arn === arn);
}
