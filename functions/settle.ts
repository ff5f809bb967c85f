/** The settle function, run by a schedule: the sweep tasks. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { publishMetrics, type Services } from '../lib/pipeline/services.ts';
import { sweep } from '../lib/pipeline/sweep.ts';
import { createSnsClient, createSqsClient } from '../lib/store/clients.ts';
import { describeInterfaces } from '../lib/store/described-interfaces.ts';
import { SignedCalls } from '../lib/store/health/signed-calls.ts';
import { type Invocation, onLambda } from './invocation.ts';
import { lambdaServices } from './services.ts';

/**
 * One run, which stops in time. @throws if a part of it failed, once everything else is done, so that the run counts as
 * failed and raises an alarm.
 */
export function settleHandler(services: Services): (event: unknown, invocation: Invocation) => Promise<void> {
  const { logger, metrics } = services;
  return async (_event, invocation) => {
    try {
      const { failures, ...counts } = await sweep(services, () => invocation.getRemainingTimeInMillis() / 1000);
      logger.info('settled', { ...counts, failures: failures.length });
      metrics.addMetric('FindingsOpened', MetricUnit.Count, counts.opened);
      metrics.addMetric('FindingsUpdated', MetricUnit.Count, counts.updated);
      if (failures.length)
        throw new AggregateError(
          failures,
          `${failures.length} parts of the run failed, most likely sources that could not be judged. The first: ${failures[0]!.message}`,
        );
    } finally {
      publishMetrics(services);
    }
  };
}

export const handler = onLambda(() => {
  const sqs = createSqsClient();
  const calls = new SignedCalls(sqs, {});
  return settleHandler({
    ...lambdaServices({ sns: createSnsClient(), sqs }),
    describeInterfaces: (hasTime) => describeInterfaces(calls, hasTime),
  });
});
