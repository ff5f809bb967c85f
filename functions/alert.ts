/** The alert function: decides whether to alert about a marked finding, and publishes the alert. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { deliver } from '../lib/pipeline/deliver.ts';
import { publishMetrics, type Services } from '../lib/pipeline/services.ts';
import { createSnsClient } from '../lib/store/clients.ts';
import type { FindingRef } from '../lib/store/findings-store.ts';
import { basicLambdaServices } from './basic-services.ts';
import { hasTimeFor, type Invocation, onLambda } from './invocation.ts';

/** Of 30 seconds: enough for one announcement with a call that hung for ten seconds. */
const RESERVED_SHARE = 0.4;

/**
 * Handles a batch of announcements. The result names those that failed or ran out of time, which return to the queue.
 */
export function alertHandler(
  services: Omit<Services, 'judge'>,
): (event: SQSEvent, invocation: Invocation) => Promise<SQSBatchResponse> {
  const { logger, metrics } = services;
  return async (event, invocation) => {
    const hasTime = hasTimeFor(invocation, RESERVED_SHARE);
    const batchItemFailures: SQSBatchResponse['batchItemFailures'] = [];
    for (const { messageId, body } of event.Records) {
      if (!hasTime()) {
        logger.warn('no time left for an announcement, it returns to the queue', { messageId });
        batchItemFailures.push({ itemIdentifier: messageId });
        continue;
      }
      try {
        const ref = JSON.parse(body) as FindingRef;
        if (typeof ref.pk !== 'string' || typeof ref.sk !== 'string')
          throw new Error(`the message must name pk and sk of a finding, got ${body.slice(0, 80)}`);
        const delivered = await deliver(ref, services);
        logger.info('announcement handled', { ...ref, ...delivered });
        if (delivered.outcome !== 'published' || delivered.isTest) continue;
        metrics.addMetric('AlertsPublished', MetricUnit.Count, 1);
        metrics.addMetric('AlertLagSeconds', MetricUnit.Seconds, delivered.lagSeconds);
      } catch (error) {
        logger.error('announcement failed', { messageId, error: error as Error });
        batchItemFailures.push({ itemIdentifier: messageId });
      }
    }
    publishMetrics(services);
    return { batchItemFailures };
  };
}

export const handler = onLambda(() => alertHandler(basicLambdaServices({ sns: createSnsClient() })));
