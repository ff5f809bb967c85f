/** The settle function, run by a schedule: what falls due with time. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { settle } from '../lib/pipeline/settle.ts';
import { createSnsClient } from '../lib/store/clients.ts';
import { publishAlert } from '../lib/store/messages.ts';
import {
  clock,
  detection,
  findings,
  judging,
  logger,
  metrics,
  outbox,
  place,
  required,
  settings,
  suspicious,
} from './deployment.ts';

const sns = createSnsClient();
const topic = required('ALERT_TOPIC_ARN');
const { options: judgeOptions, judge } = judging();

/** One run. @throws when a source could not be judged, after all others were: the run counts as failed and alarms. */
export async function handler(): Promise<void> {
  const settled = await settle(
    {
      windows: judgeOptions.windows,
      findings,
      outbox,
      judge,
      judging: judgeOptions,
      requestAlert: judgeOptions.requestAlert,
      publish: (message) => publishAlert(sns, topic, message),
      place,
      episodeGapSeconds: detection.episodeGapSeconds,
      suspicious,
      suspiciousInDays: Math.min(detection.failuresIn72Hours, detection.pairsIn72Hours),
      digestHourUtc: settings.digestHourUtc,
    },
    clock(),
  );
  const { failures, ...counts } = settled;
  logger.info('settled', { ...counts, failures: failures.length });
  metrics.addMetric('FindingsOpened', MetricUnit.Count, settled.opened);
  metrics.addMetric('FindingsUpdated', MetricUnit.Count, settled.updated);
  metrics.publishStoredMetrics();
  if (failures.length)
    throw new AggregateError(
      failures,
      `${failures.length} sources could not be judged; the first: ${failures[0]!.message}`,
    );
}
