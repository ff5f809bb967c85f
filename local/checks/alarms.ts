/** Alarms that CloudWatch accepts but that would never end. */
import { isObject, type JsonObject, listAt } from '../template/json.ts';

const NAMESPACE = 'AWS/DynamoDB';

/**
 * Why an alarm on metrics of DynamoDB would never end. Undefined for any other alarm. PutMetricAlarm: "Alarms that
 * evaluate metrics in the AWS/DynamoDB namespace always ignore missing data even if you choose a different option for
 * TreatMissingData." Throttling metrics have no data once the throttling is over, so such an alarm keeps its state and
 * cannot report the next throttling. Metric math may fill the gaps: `FILL(metric, 0)`.
 */
export function refuseDynamodbAlarm({ properties }: { readonly properties: JsonObject }): string | undefined {
  const { Namespace, TreatMissingData = 'missing' } = properties;
  if (TreatMissingData === 'ignore') return undefined;
  const queries = listAt(properties.Metrics, 'Metrics').filter(isObject);
  const expressions = queries.map(({ Expression }) => Expression ?? '').join(' ');
  const isUnfilled = ({ Id, MetricStat }: JsonObject): boolean =>
    isObject(MetricStat) &&
    isObject(MetricStat.Metric) &&
    MetricStat.Metric.Namespace === NAMESPACE &&
    !expressions.replaceAll(' ', '').includes(`FILL(${Id},`);
  if (Namespace !== NAMESPACE && !queries.some(isUnfilled)) return undefined;
  return (
    `TreatMissingData is ${TreatMissingData}, but alarms on ${NAMESPACE} ignore missing data whatever it says, ` +
    'so this one may never return to OK. Use a metric of your own, or fill the gaps with FILL(metric, 0)'
  );
}
