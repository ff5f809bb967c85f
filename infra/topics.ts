/** The two topics: alerts for the analyst, operations for the operator of the pipeline. */
import { Aws } from 'aws-cdk-lib';
import { Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  type CfnTopic,
  type ITopic,
  Subscription,
  SubscriptionFilter,
  SubscriptionProtocol,
  Topic,
} from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { emailFilterPolicy } from '../lib/config/email-filter.ts';
import type { Settings } from '../lib/config/schema.ts';

/** Both topics of a deployment. */
export interface Topics {
  /** Created here, or given. */
  readonly alerts: ITopic;
  readonly operations: Topic;
}

/**
 * Creates the topics, unless the alert topic is given, and their e-mail subscriptions. The alert function decides which
 * findings become alerts. Filter policies do not, since a change of those takes up to 15 minutes.
 */
export function createTopics(
  scope: Construct,
  settings: Settings,
  key: IKey | undefined,
  given: ITopic | undefined,
): Topics {
  if (given !== undefined) {
    subscribeTo(scope, given, settings);
    return { alerts: given, operations: createOperationsTopic(scope, settings) };
  }
  const alerts = new Topic(scope, 'AlertTopic', {
    displayName: `${settings.deploymentName}: scans`,
    enforceSSL: true,
    ...(key === undefined ? {} : { masterKey: key }),
  });
  // Only the stack's functions publish here, and the policy of this key admits every principal of the account that may
  // use SNS.
  if (key === undefined) (alerts.node.defaultChild as CfnTopic).kmsMasterKeyId = 'alias/aws/sns';
  return {
    alerts: subscribe(alerts, settings.emails, filterOf(settings)),
    operations: createOperationsTopic(scope, settings),
  };
}

/**
 * Not encrypted with KMS: CloudWatch alarms may not use `alias/aws/sns`, whose policy cannot be changed, and an alarm
 * about a key that denies access must not need that key. The messages contain names and states of alarms, and wide suppressions that somebody added,
 * nothing from the logs.
 */
function createOperationsTopic(scope: Construct, settings: Settings): Topic {
  const topic = new Topic(scope, 'OperationsTopic', {
    displayName: `${settings.deploymentName}: operations`,
    enforceSSL: true,
  });
  // A topic policy of any kind replaces the default one, which lets alarms of the account publish.
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AlarmsPublish',
      effect: Effect.ALLOW,
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: {
        StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
        ArnLike: { 'aws:SourceArn': `arn:${Aws.PARTITION}:cloudwatch:${Aws.REGION}:${Aws.ACCOUNT_ID}:alarm:*` },
      },
    }),
  );
  return subscribe(topic, settings.opsEmails);
}

function filterOf(settings: Settings): Record<string, SubscriptionFilter> | undefined {
  const policy = emailFilterPolicy(settings);
  return (
    policy &&
    Object.fromEntries(Object.entries(policy).map(([name, conditions]) => [name, new SubscriptionFilter(conditions)]))
  );
}

function subscribe(
  topic: Topic,
  addresses: readonly string[],
  filterPolicy?: Record<string, SubscriptionFilter>,
): Topic {
  for (const address of addresses)
    topic.addSubscription(new EmailSubscription(address, { ...(filterPolicy && { filterPolicy }) }));
  return topic;
}

/**
 * Subscribes within this construct's scope, since another detector may subscribe the same address to the same topic.
 */
function subscribeTo(scope: Construct, topic: ITopic, settings: Settings): void {
  const filterPolicy = filterOf(settings);
  for (const endpoint of settings.emails)
    new Subscription(scope, `AlertsTo-${endpoint}`, {
      topic,
      protocol: SubscriptionProtocol.EMAIL,
      endpoint,
      ...(filterPolicy && { filterPolicy }),
    });
}
