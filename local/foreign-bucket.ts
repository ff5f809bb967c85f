/** A bucket of another account beside a running stack, with what its owner has added for the stack. */
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  type QueueConfiguration,
} from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { arnOf, findByArn, policiesOfRole, policyOf, type Resources } from './checks/policies.ts';
import { type ContextKey, contextOf } from './iam/context.ts';
import { decide, type Principal } from './iam/decide.ts';
import { type Policy, type PolicyKind, readPolicy } from './iam/document.ts';
import type { Stack } from './resources/stack.ts';
import { createEventBus, DEFAULT_BUS } from './servers/event-bus.ts';
import type { ForeignRequest, ServedForeignBucket } from './servers/foreign-buckets.ts';

type Statements = readonly object[];

/** The bucket, and what its owner has added: the output of `setup policy --json`. */
export interface ForeignBucket {
  readonly bucket: string;
  readonly owner: string;
  /** The Region of the bucket. Default: that of the stack. */
  readonly region?: string;
  readonly bucketPolicy: Statements;
  /** The policy of the key of its objects. Missing without a customer managed key. */
  readonly keyPolicy?: { readonly keyArn: string; readonly statements: Statements };
  readonly rule?: {
    readonly name: string;
    readonly pattern: Readonly<Record<string, unknown>>;
    readonly target: { readonly Arn: string; readonly RoleArn: string };
    readonly role: { readonly trust: Statements; readonly permissions: Statements };
  };
  /** A queue configuration of the notifications of the bucket. */
  readonly notification?: Readonly<Record<string, unknown>>;
}

type Located = ForeignBucket & { readonly region: string };

/** Creates the bucket, empty. */
export async function createForeignBucket({ bucket }: ForeignBucket, { clients }: Stack): Promise<void> {
  await clients.s3.send(new CreateBucketCommand({ Bucket: bucket }));
}

/**
 * Puts into effect what the owner has added.
 * @throws Error if S3 would refuse the notification, because the queue does not admit the bucket.
 */
export async function serveForeignBucket(
  given: ForeignBucket,
  resources: Resources,
  stack: Stack,
): Promise<ServedForeignBucket> {
  const foreign = { ...given, region: given.region ?? stack.region };
  const { bucket: Bucket, owner, region, rule, notification } = foreign;
  const bus = createEventBus();
  if (rule)
    bus.addRule({
      name: rule.name,
      bus: DEFAULT_BUS,
      pattern: rule.pattern,
      deliver: senderOf(foreign, rule, resources, stack),
    });
  if (notification) admitNotification(foreign, resources, stack);
  const queues = notification ? [notification as unknown as QueueConfiguration] : [];
  const NotificationConfiguration = { QueueConfigurations: queues, ...(rule && { EventBridgeConfiguration: {} }) };
  await stack.clients.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
  return { owner, region, bus, refusalOf: (request) => refusalOf(request, foreign, resources, stack) };
}

const policyFrom = (statements: Statements, kind: PolicyKind, path: string): Policy =>
  readPolicy({ Version: '2012-10-17', Statement: [...statements] }, kind, path);

/** S3 asks the policies of both accounts, and then those of the key. Whoever is no function acts for the owner. */
function refusalOf(
  { method, key, prefix, functionId }: ForeignRequest,
  { bucket, owner, region, bucketPolicy, keyPolicy }: Located,
  resources: Resources,
  stack: Stack,
): string | undefined {
  if (functionId === undefined) return undefined;
  const role = findByArn(resources, String(resources.get(functionId)?.properties.Role));
  if (role === undefined) return `${functionId} has no role of this stack`;
  const identity = policiesOfRole(resources, role);
  const arn = arnOf(role);
  const isDenied = (action: string, resource: string, policy: Policy, more: Partial<Record<ContextKey, string>>) =>
    !decide(
      {
        principal: { kind: 'role', arn },
        action,
        resource,
        owner,
        context: contextOf({
          'aws:PrincipalArn': arn,
          'aws:PrincipalAccount': stack.accountId,
          'aws:PrincipalIsAWSService': 'false',
          'aws:SecureTransport': 'true',
          'aws:ResourceAccount': owner,
          ...more,
        }),
      },
      { identity, resource: policy, isResourceDecisive: owner !== stack.accountId },
    ).isAllowed;
  const bucketArn = `arn:aws:s3:::${bucket}`;
  const [action, resource] =
    key === ''
      ? ['s3:ListBucket', bucketArn]
      : [method === 'GET' ? 's3:GetObject' : 's3:PutObject', `${bucketArn}/${key}`];
  const policy = policyFrom(bucketPolicy, 'resource', 'the policy of the bucket');
  if (isDenied(action, resource, policy, prefix === undefined ? {} : { 's3:prefix': prefix }))
    return `${arn} is not authorized to perform ${action} on ${resource}`;
  if (keyPolicy === undefined || action !== 's3:GetObject') return undefined;
  const ofKey = policyFrom(keyPolicy.statements, 'resource', 'the policy of the key');
  const viaS3 = { 'kms:ViaService': `s3.${region}.amazonaws.com` };
  return isDenied('kms:Decrypt', keyPolicy.keyArn, ofKey, viaS3)
    ? `${arn} is not authorized to perform kms:Decrypt on ${keyPolicy.keyArn}`
    : undefined;
}

/** The policy of a queue or bus of the stack. */
function targetPolicy(arn: string, resources: Resources): Policy | undefined {
  const target = findByArn(resources, arn);
  if (target === undefined) throw new Error(`${arn} is neither a queue nor a bus of this stack`);
  return policyOf(resources, target)?.policy;
}

function admitNotification({ bucket, owner, notification }: ForeignBucket, resources: Resources, stack: Stack): void {
  const queue = String(notification?.QueueArn);
  const context = contextOf({
    'aws:SourceArn': `arn:aws:s3:::${bucket}`,
    'aws:SourceAccount': owner,
    'aws:SecureTransport': 'true',
    'aws:PrincipalIsAWSService': 'true',
    'aws:ResourceAccount': stack.accountId,
  });
  const principal: Principal = { kind: 'service', name: 's3.amazonaws.com' };
  const request = { principal, action: 'sqs:SendMessage', resource: queue, owner: stack.accountId, context };
  if (!decide(request, { resource: targetPolicy(queue, resources), isResourceDecisive: true }).isAllowed)
    throw new Error(`Unable to validate the following destination configurations: ${queue} does not admit ${bucket}`);
}

/** Sends as a rule of EventBridge does: with its role, which both accounts must admit. */
function senderOf(
  { owner, region }: Located,
  { name, target, role }: NonNullable<ForeignBucket['rule']>,
  resources: Resources,
  stack: Stack,
) {
  const isForBus = target.Arn.split(':')[2] === 'events';
  if (!isForBus && region !== stack.region)
    throw new Error(`rule ${name} of ${region} cannot send to ${target.Arn}, which is in another Region`);
  const service = contextOf({
    'aws:SourceArn': `arn:aws:events:${region}:${owner}:rule/${name}`,
    'aws:SourceAccount': owner,
    'aws:SecureTransport': 'true',
    'aws:PrincipalIsAWSService': 'true',
  });
  const events: Principal = { kind: 'service', name: 'events.amazonaws.com' };
  const assumption = { principal: events, action: 'sts:AssumeRole', resource: target.RoleArn, owner, context: service };
  const sending = {
    principal: { kind: 'role', arn: target.RoleArn } satisfies Principal,
    action: isForBus ? 'events:PutEvents' : 'sqs:SendMessage',
    resource: target.Arn,
    owner: stack.accountId,
    context: contextOf({
      'aws:PrincipalArn': target.RoleArn,
      'aws:PrincipalAccount': owner,
      'aws:SecureTransport': 'true',
      'aws:PrincipalIsAWSService': 'false',
      'aws:ResourceAccount': stack.accountId,
    }),
  };
  return async (event: Record<string, unknown>): Promise<void> => {
    const trust = policyFrom(role.trust, 'trust', 'the trust policy of the role');
    if (!decide(assumption, { resource: trust, isResourceDecisive: true }).isAllowed)
      throw new Error(`rule ${name} of ${owner} may not assume ${target.RoleArn}`);
    const identity = [policyFrom(role.permissions, 'identity', 'the permissions of the role')];
    if (!decide(sending, { identity, resource: targetPolicy(target.Arn, resources) }).isAllowed)
      throw new Error(`${target.RoleArn} may not send to ${target.Arn}`);
    if (isForBus) {
      await stack.bus?.publish(event, target.Arn.split('/').at(-1));
      return;
    }
    const { sqs } = stack.clients;
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: target.Arn.split(':').at(-1) }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(event) }));
  };
}
