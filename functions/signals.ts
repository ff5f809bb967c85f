/**
 * The signals function: takes logs of orchestrators and hosts from CloudWatch Logs subscriptions and EventBridge, stores
 * what may become a signal, and judges it. Lambda calls it asynchronously and retries what it throws.
 */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { publishMetrics, type Services } from '../lib/pipeline/services.ts';
import { type TakenSignals, takeSignals } from '../lib/pipeline/take-signals.ts';
import { createSqsClient } from '../lib/store/clients.ts';
import { type Invocation, onLambda } from './invocation.ts';
import { lambdaServices } from './services.ts';

/**
 * Handles one payload. Handling it again changes nothing.
 * @throws PayloadError if it cannot be read, and any failure of a table, after everything that can be stored is stored.
 */
export function signalsHandler(services: Services): (event: unknown, invocation: Invocation) => Promise<void> {
  const { clock, logger, signals } = services;
  if (!signals) throw new Error('SETTINGS: hasSignals must be true for the function that takes signals');
  return async (event) => {
    try {
      record(services, await takeSignals(event, { ...services, signals }, clock()));
    } catch (error) {
      logger.error('payload failed', { error: error as Error });
      throw error;
    } finally {
      publishMetrics(services);
    }
  };
}

/** Counts go to the log, because each metric has a price. */
function record({ logger, metrics }: Pick<Services, 'logger' | 'metrics'>, taken: TakenSignals): void {
  const { name, kind, events, unread, items, bytes, dropped, opened, updated } = taken;
  logger.info('payload read', { name, kind, events, unread, items, bytes, dropped, opened, updated });
  metrics.addMetric('FindingsOpened', MetricUnit.Count, opened);
  metrics.addMetric('FindingsUpdated', MetricUnit.Count, updated);
}

export const handler = onLambda(() => signalsHandler(lambdaServices({ sqs: createSqsClient() })));
