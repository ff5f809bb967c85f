/** The alarms on the operations topic. Each says what it means, what to do first, and where to read more. */
import { Alarm, ComparisonOperator, MathExpression, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Settings } from '../lib/config/schema.ts';
import { type AlarmSpec, deadLetterAlarms, type Options, period } from './dead-letter-alarms.ts';
import type { Functions } from './functions.ts';
import type { Resources } from './permissions.ts';

/** The document with a section for each alarm, under its name. */
const DOCUMENT = 'docs/operations.md';

/**
 * Creates all alarms of a deployment. They have no OK action: CloudWatch would also run it when an alarm goes from
 * INSUFFICIENT_DATA to OK, so each new alarm would report the end of something that never began. They do not use
 * metrics of AWS/DynamoDB: alarms on these ignore missing data whatever they ask for, and throttling metrics have no
 * data once the throttling is over.
 */
export function createAlarms(
  parent: Construct,
  settings: Settings,
  resources: Resources,
  functions: Functions,
  { signals, destinations }: Options,
): Alarm[] {
  const scope = new Construct(parent, 'Alarms');
  const action = new SnsAction(resources.topics.operations);
  const specs = [
    ...deadLetterAlarms(resources, { signals, destinations }),
    ...(settings.detailedMonitoring ? functionAlarms(functions, { signals, destinations }) : []),
    stoppedAlarm(functions),
    ...ageAlarms(resources),
    ...silenceAlarms(settings),
    deliveryAlarm(resources),
    subscriptionsAlarm(settings),
    noiseAlarm(settings),
    throttlingAlarm(settings),
  ];
  return specs.map((spec) => {
    const alarm = new Alarm(scope, spec.id, {
      metric: spec.metric,
      alarmDescription: `${settings.deploymentName}: ${spec.description} More: ${DOCUMENT}#${spec.id.toLowerCase()}`,
      threshold: spec.below ?? spec.atLeast ?? 1,
      comparisonOperator:
        spec.below === undefined
          ? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD
          : ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: spec.periods ?? 1,
      treatMissingData: spec.missing ?? TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(action);
    return alarm;
  });
}

/** The consequence of a failed invocation, by function. */
const retries: Readonly<Record<keyof Functions | 'signals' | 'forward', string>> = {
  ingest: '. First: read the error in its log. Its messages are retried automatically.',
  alert: '. First: read the error in its log. Its messages are retried automatically.',
  settle:
    ', or could not judge some sources. First: read the error in its log. The next run does ' + 'the missed work.',
  forward: '. First: read the error in its log. Its messages are retried automatically.',
  signals: ', or could not read log events. First: read the error in its log. Lambda repeats the events twice.',
};

function functionAlarms({ ingest, alert, settle }: Functions, { signals, destinations }: Options): AlarmSpec[] {
  return [
    errorsAlarm('ingest', ingest),
    throttlesAlarm('ingest', ingest),
    errorsAlarm('alert', alert),
    throttlesAlarm('alert', alert),
    errorsAlarm('settle', settle),
    ...(signals ? [errorsAlarm('signals', signals.function)] : []),
    ...(destinations ? [errorsAlarm('forward', destinations.function)] : []),
  ];
}

function stoppedAlarm({ settle }: Functions): AlarmSpec {
  return {
    id: 'SettleStopped',
    metric: settle.metricInvocations({ period, statistic: Stats.SUM }),
    below: 1,
    periods: 3,
    // Lambda writes no zeros. A new alarm therefore fires until the first run, as its description says.
    missing: TreatMissingData.BREACHING,
    description:
      'The settle function has not run for 15 minutes. Slow scans, closing of findings and held ' +
      'alerts are delayed, and missing logs raise no alarm. During the first ten minutes of a ' +
      'deployment, wait. First: check whether its schedule is enabled and whether Lambda throttles ' +
      'it.',
  };
}

const errorsAlarm = (name: keyof typeof retries, fn: IFunction): AlarmSpec => ({
  id: `${capitalise(name)}Errors`,
  metric: fn.metricErrors({ period }),
  description: `The ${name} function crashed or timed out${retries[name]}`,
});

const throttlesAlarm = (name: keyof Functions, fn: IFunction): AlarmSpec => ({
  id: `${capitalise(name)}Throttles`,
  metric: fn.metricThrottles({ period }),
  atLeast: 10,
  description:
    `Lambda refused to run the ${name} function ten times in 5 minutes, because the account's concurrency is used up. ` +
    'First: look at the ConcurrentExecutions metric, then request a higher quota.',
});

function ageAlarms({ ingest, alert }: Resources): AlarmSpec[] {
  const age = (queue: Queue) => queue.metricApproximateAgeOfOldestMessage({ period, statistic: Stats.MAXIMUM });
  return [
    {
      id: 'IngestLate',
      metric: age(ingest.queue),
      atLeast: 900,
      description:
        'A flow log file has waited for 15 minutes, so alerts are late. First: check in the log of ' +
        'the ingest function whether files fail repeatedly. If not, raise ingest.maxConcurrency or ' +
        'maxWriteUnits.',
    },
    {
      id: 'AlertLate',
      metric: age(alert.queue),
      atLeast: 300,
      description: 'An alert has waited for 5 minutes. First: read the errors in the log of the alert ' + 'function.',
    },
  ];
}

const sumOf = (settings: Settings, metricName: string): Metric =>
  new Metric({
    namespace: 'Sweepwatch',
    metricName,
    dimensionsMap: { service: settings.deploymentName },
    statistic: Stats.SUM,
    period,
  });

/** Hour (UTC) at which standing alarms are repeated if the settings have no hour for the digest. */
const REPEAT_HOUR = 6;

/**
 * The metric, but `normal` in the first period of one hour a day. A standing alarm then returns to OK and fires again
 * once a day. CloudWatch acts only on changes of state, and nobody may have confirmed a subscription when the first
 * message was sent. HOUR and MINUTE are those of the start of each period, in UTC.
 */
function repeatedDaily(settings: Settings, metricName: string, normal: number): MathExpression {
  const hour = settings.digestHourUtc ?? REPEAT_HOUR;
  return new MathExpression({
    expression: `IF(HOUR(measured) == ${hour} AND MINUTE(measured) < ${period.toMinutes()}, ${normal}, measured)`,
    usingMetrics: { measured: sumOf(settings, metricName) },
    label: metricName,
    period,
  });
}

function silenceAlarms(settings: Settings): AlarmSpec[] {
  const silence = (id: string, metricName: string, description: string): AlarmSpec => ({
    id,
    metric: repeatedDaily(settings, metricName, 1),
    below: 1,
    periods: 6,
    // Settle writes a zero every five minutes. If even that is missing, the state is unknown and SettleStopped fires.
    missing: TreatMissingData.IGNORE,
    description,
  });
  return [
    ...(settings.detailedMonitoring
      ? [
          silence(
            'NoObjects',
            'ObjectsRead',
            'No flow log file was read for 30 minutes, so no scan would be detected. First: check whether ' +
              'the bucket contains new files. If it does, its notifications are broken. If not, the flow ' +
              'logs are. This alarm repeats daily.',
          ),
        ]
      : []),
    silence(
      'NoRecords',
      'RecordsRead',
      'No flow log record was read for 30 minutes, so no scan would be detected. First: check whether the bucket ' +
        'contains new files. If not, the flow logs are broken. If it does, open one: empty or NODATA files mean that the ' +
        'logged interfaces carry no traffic, others that notifications are broken. This alarm repeats daily.',
    ),
  ];
}

function deliveryAlarm({ topics }: Resources): AlarmSpec {
  return {
    id: 'AlertsUndelivered',
    metric: topics.alerts.metricNumberOfNotificationsFailed({ period, statistic: Stats.SUM }),
    description:
      'SNS failed to deliver an alert. For an HTTP or HTTPS endpoint each failed try counts, so SNS ' +
      'may still succeed. For e-mail addresses, queues and functions it has stopped trying. First: ' +
      'look for a deleted or refusing subscriber among the subscriptions of the alert topic, and ' +
      'read the finding in the table.',
  };
}

function subscriptionsAlarm(settings: Settings): AlarmSpec {
  return {
    id: 'SubscriptionsMissing',
    metric: repeatedDaily(settings, 'SubscriptionsMissing', 0),
    periods: 6,
    description:
      'An address of emails or opsEmails has no confirmed subscription, so it receives no alerts or ' +
      'alarms. It was never confirmed, or somebody removed it. First: list the subscriptions of both ' +
      'topics, subscribe the address again and confirm it. This alarm repeats daily.',
  };
}

function noiseAlarm(settings: Settings): AlarmSpec {
  return {
    id: 'SourcesDropped',
    metric: sumOf(settings, 'SourcesDropped'),
    description:
      'The windows table is at its write ceiling, so evidence about outside sources with few ' +
      'contacts was dropped. Slow scans from outside and campaigns may be missed, nothing else. ' +
      'First: look for a flood among the findings. If the traffic is normal, raise ' +
      'maxWriteUnits.windows.',
  };
}

function throttlingAlarm(settings: Settings): AlarmSpec {
  return {
    id: 'WritesThrottled',
    // Counted by the functions, which also see refusals by the indexes of the findings table.
    metric: sumOf(settings, 'WritesThrottled'),
    atLeast: 100,
    description:
      'DynamoDB refused a hundred writes in 5 minutes, usually because a table is at its write ' +
      'ceiling. Writes are retried and files wait. First: look for a flood among the findings. If ' +
      'the traffic is normal, raise maxWriteUnits of the table that refused.',
  };
}

function capitalise(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
