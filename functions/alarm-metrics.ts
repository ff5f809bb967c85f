/** Which metrics a deployment writes. CloudWatch charges for each custom metric, whatever is in it. */
import type { Services } from '../lib/pipeline/services.ts';

/** The metrics of the alarms that every deployment has. All other numbers are in the logs as well. */
export const OF_ALARMS: ReadonlySet<string> = new Set([
  'RecordsRead',
  'SubscriptionsMissing',
  'SourcesDropped',
  'WritesThrottled',
]);

/** Metrics without those that no alarm needs. */
export function ofAlarms(metrics: Services['metrics']): Services['metrics'] {
  return {
    addMetric: (name, ...value) => {
      if (OF_ALARMS.has(name)) metrics.addMetric(name, ...value);
    },
    hasStoredMetrics: () => metrics.hasStoredMetrics(),
    publishStoredMetrics: () => metrics.publishStoredMetrics(),
  };
}
