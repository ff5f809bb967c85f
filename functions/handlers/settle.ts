/** The settle function, run by a schedule: what falls due with time. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { type SettleOptions, settle } from '../../lib/pipeline/settle.ts';
import type { SNSClient, SQSClient } from '../../lib/store/clients.ts';
import { countConfirmedAddresses, publishAlert } from '../../lib/store/messages.ts';
import { type Deployment, judging } from './deployment.ts';
import type { Invocation } from './time-left.ts';

/** One run, which stops in time. @throws when something in it failed, after all else was done: the run counts as failed and alarms. */
export function settleHandler(
  deployment: Deployment,
  { sns, sqs }: { readonly sns: SNSClient; readonly sqs: SQSClient },
): (event: unknown, invocation: Invocation) => Promise<void> {
  const { findings, outbox, suppressions, place, detection, suspicious, settings } = deployment;
  const { required, clock, logger, metrics, publishMetrics } = deployment;
  const topic = required('ALERT_TOPIC_ARN');
  const topics = { alerts: topic, operations: required('OPERATIONS_TOPIC_ARN') } as const;
  const { options: judgeOptions, judge } = judging(deployment, sqs);
  const options: SettleOptions = {
    windows: judgeOptions.windows,
    findings,
    outbox,
    judge,
    judging: judgeOptions,
    requestAlert: judgeOptions.requestAlert,
    publish: (message) => publishAlert(sns, topic, message),
    suppressions: () => suppressions.list(),
    place,
    episodeGapSeconds: detection.episodeGapSeconds,
    suspicious,
    suspiciousInDays: Math.min(detection.failuresIn72Hours, detection.pairsIn72Hours),
    digestHourUtc: settings.digestHourUtc,
  };

  /** Counts addresses that hear nothing, unconfirmed or removed: SNS has no metric for them. */
  const countListeners = async (): Promise<void> => {
    const count = async (name: keyof typeof topics) =>
      Math.max(0, settings.addresses[name] - (await countConfirmedAddresses(sns, topics[name])));
    const [alerts, operations] = await Promise.all([count('alerts'), count('operations')]);
    if (alerts + operations === 0) return;
    logger.warn('subscriptions are missing', { alerts, operations });
    metrics.addMetric('SubscriptionsMissing', MetricUnit.Count, alerts + operations);
  };

  return async (_event, invocation) => {
    const timeLeft = () => invocation.getRemainingTimeInMillis() / 1000;
    // A pulse: without these zeros an alarm could not tell half an hour of silence from a deployment that has just begun.
    metrics.addMetric('ObjectsRead', MetricUnit.Count, 0);
    metrics.addMetric('RecordsRead', MetricUnit.Count, 0);
    try {
      const { failures, ...counts } = await settle(options, clock(), timeLeft);
      await countListeners().catch((error) => failures.push(error));
      logger.info('settled', { ...counts, failures: failures.length });
      metrics.addMetric('FindingsOpened', MetricUnit.Count, counts.opened);
      metrics.addMetric('FindingsUpdated', MetricUnit.Count, counts.updated);
      if (failures.length)
        throw new AggregateError(
          failures,
          `${failures.length} parts of the run failed, most likely sources that could not be judged; the first: ${failures[0]!.message}`,
        );
    } finally {
      publishMetrics();
    }
  };
}
