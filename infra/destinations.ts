/** What passes alerts on to other services: a queue of each destination on the alert topic, and one function. */
import { Duration } from 'aws-cdk-lib';
import { EventBus, type IEventBus } from 'aws-cdk-lib/aws-events';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsEventSource } from 'aws-cdk-lib/aws-lambda-event-sources';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Settings } from '../lib/config/settings-types.ts';
import { createHandler } from './functions.ts';
import { forwardStatements, type Resources } from './permissions.ts';
import type { DestinationQueue } from './props.ts';
import { createQueuePair } from './queues.ts';

/** What the destinations of a deployment consist of. */
export interface Destinations {
  readonly function: LambdaFunction;
  readonly queues: readonly DestinationQueue[];
  /** The bus that gets events, created or given. */
  readonly eventBus?: IEventBus;
}

/** A storm of 2,000 alerts takes about ten seconds. */
const TIMEOUT = Duration.seconds(60);

/**
 * Creates the function with a queue for each destination, so that one that fails neither holds back the others nor
 * repeats their alerts. The alert function knows nothing of them: SNS copies what it publishes into each queue.
 * @returns undefined if the settings name no destination.
 */
export function createDestinations(
  scope: Construct,
  settings: Settings,
  resources: Resources,
): Destinations | undefined {
  const { eventBus: wanted } = settings.destinations;
  if (wanted === 'none') return undefined;
  const place = new Construct(scope, 'Destinations');
  const queues: DestinationQueue[] = [];
  const variables: Record<string, string> = {};
  const addQueue = (id: string, name: string, variable: string): void => {
    const pair = createQueuePair(scope, id, TIMEOUT);
    queues.push({ id, name, ...pair });
    variables[variable] = pair.queue.queueArn;
  };
  const eventBus = wanted === 'new' ? new EventBus(place, 'Bus') : EventBus.fromEventBusArn(place, 'GivenBus', wanted);
  variables.EVENT_BUS = eventBus.eventBusArn;
  addQueue('EventBus', 'the event bus', 'EVENT_BUS_QUEUE');
  const handler = createHandler(scope, 'Forward', settings, forwardStatements(resources, { queues, eventBus }), {
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
  });
  for (const { queue } of queues) {
    resources.topics.alerts.addSubscription(new SqsSubscription(queue, { rawMessageDelivery: true }));
    handler.addEventSource(
      new SqsEventSource(queue, { batchSize: 10, reportBatchItemFailures: true, maxConcurrency: 2 }),
    );
  }
  return { function: handler, queues, eventBus };
}
