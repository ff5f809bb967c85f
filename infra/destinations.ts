/** Creates the function that passes alerts on to other services, and the queue of each destination on the alert topic. */
import { Aws, Duration, Stack, Token } from 'aws-cdk-lib';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { type CfnTopic, Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { SettingsError } from '../lib/config/load.ts';
import type { Settings } from '../lib/config/settings-types.ts';
import { isToken } from '../lib/config/token.ts';
import { createHandler } from './functions.ts';
import { forwardStatements, type Resources } from './permissions.ts';
import type { DestinationQueue } from './props.ts';
import { createQueuePair } from './queues.ts';

/** The function, the queues, the bus and the topic of a deployment's destinations. */
export interface Destinations {
  readonly function: LambdaFunction;
  readonly queues: readonly DestinationQueue[];
  /** The bus that gets events, created or given. */
  readonly eventBus?: IEventBus;
  /** The topic for Amazon Q. */
  readonly chatTopic?: Topic;
}

/** A storm of 2,000 alerts takes about ten seconds. */
const TIMEOUT = Duration.seconds(60);

/**
 * Creates the function with a queue for each destination, so that one that fails neither holds back the others nor
 * repeats their alerts. The alert function knows nothing of them: SNS copies what it publishes into each queue.
 * @returns undefined if the settings name no destination.
 * @throws SettingsError if the event bus is in another Region.
 */
export function createDestinations(
  scope: Construct,
  settings: Settings,
  resources: Resources,
): Destinations | undefined {
  const { eventBus: wanted, chat, securityHub } = settings.destinations;
  if (wanted === 'none' && chat === undefined && !securityHub) return undefined;
  checkBusRegion(scope, wanted);
  const place = new Construct(scope, 'Destinations');
  const queues: DestinationQueue[] = [];
  const variables: Record<string, string> = {};
  const addQueue = (id: string, name: string, variable: string): void => {
    const pair = createQueuePair(scope, id, TIMEOUT);
    queues.push({ id, name, ...pair });
    variables[variable] = pair.queue.queueArn;
  };
  const eventBus =
    wanted === 'none'
      ? undefined
      : wanted === 'new'
        ? new EventBus(place, 'Bus')
        : EventBus.fromEventBusArn(place, 'GivenBus', wanted);
  if (eventBus) {
    variables.EVENT_BUS = eventBus.eventBusArn;
    variables.EVENT_FORMAT = settings.destinations.eventFormat;
    addQueue('EventBus', 'the event bus', 'EVENT_BUS_QUEUE');
  }
  const chatTopic = chat && createChatTopic(scope, settings, resources.key);
  if (chatTopic) {
    variables.CHAT_TOPIC_ARN = chatTopic.topicArn;
    variables.CHAT_MIN_SEVERITY = chat.minSeverity;
    addQueue('Chat', 'the chat topic', 'CHAT_QUEUE');
  }
  const hubProductArn = securityHub ? productArn() : undefined;
  if (hubProductArn !== undefined) {
    variables.HUB_PRODUCT_ARN = hubProductArn;
    addQueue('SecurityHub', 'Security Hub', 'HUB_QUEUE');
  }
  const handler = createHandler(
    scope,
    'Forward',
    settings,
    forwardStatements(resources, { queues, eventBus, chatTopic, hubProductArn }),
    {
      environment: {
        ...variables,
        FINDINGS_TABLE: resources.tables.findings.tableName,
        DEPLOYMENT: settings.deploymentName,
        POWERTOOLS_SERVICE_NAME: settings.deploymentName,
        POWERTOOLS_LOG_LEVEL: settings.logLevel,
      },
      description: 'Passes alerts on to the destinations of the settings',
      timeout: TIMEOUT,
      memorySize: 256,
    },
  );
  for (const { queue } of queues) {
    resources.topics.alerts.addSubscription(new SqsSubscription(queue, { rawMessageDelivery: true }));
    handler.addEventSource(
      new SqsEventSource(queue, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency: 2 }),
    );
  }
  return { function: handler, queues, ...(eventBus && { eventBus }), ...(chatTopic && { chatTopic }) };
}

/** EventBridge takes events only for buses of its own Region. That of a token, or of a stack for any place, is unknown. */
function checkBusRegion(scope: Construct, bus: string): void {
  const { region } = Stack.of(scope);
  if (!bus.startsWith('arn:') || isToken(bus) || Token.isUnresolved(region) || bus.split(':')[3] === region) return;
  const problem = `destinations.eventBus: must be a bus of the stack's Region ${region}, got ${bus}`;
  throw new SettingsError('settings', [problem]);
}

/** The integration of an account's own findings. It exists once Security Hub CSPM is enabled. */
const productArn = (): string =>
  `arn:${Aws.PARTITION}:securityhub:${Aws.REGION}:${Aws.ACCOUNT_ID}:product/${Aws.ACCOUNT_ID}/default`;

/** A topic of its own, since Amazon Q drops messages that are not in its form, such as plain alerts, without an error. */
function createChatTopic(scope: Construct, settings: Settings, key: IKey | undefined): Topic {
  const topic = new Topic(scope, 'ChatTopic', {
    displayName: `${settings.deploymentName}: scans for chats`,
    enforceSSL: true,
    ...(key && { masterKey: key }),
  });
  if (key === undefined) (topic.node.defaultChild as CfnTopic).kmsMasterKeyId = 'alias/aws/sns';
  return topic;
}
