/** The alarms on the operations topic. Each says what it means, what to do first, and where to read more. */
import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Settings } from '../lib/config/schema.ts';
import type { Functions } from './functions.ts';
import type { Resources } from './permissions.ts';

const period = Duration.minutes(5);
/** The document with a section for each alarm, under its name. */
const DOCUMENT = 'docs/operations.md';

interface AlarmSpec {
  readonly id: string;
  readonly metric: IMetric;
  readonly description: string;
  /** The alarm fires at this value or above. Default: 1. */
  readonly atLeast?: number;
  /** The alarm fires below this value. */
  readonly below?: number;
  /** The alarm fires when this many periods in a row breach. Default: 1. */
  readonly periods?: number;
  /**
   * What a period without data means. Default: not breaching, since most metrics have data only while something is
   * wrong.
   */
  readonly missing?: TreatMissingData;
}

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
): Alarm[] {
  const scope = new Construct(parent, 'Alarms');
  const action = new SnsAction(resources.topics.operations);
  const specs = [
    ...deadLetterAlarms(resources),
    ...functionAlarms(functions),
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

function deadLetterAlarms({ ingest, alert, settleDeadLetters }: Resources): AlarmSpec[] {
  const spec = (id: string, queue: Queue, description: string): AlarmSpec => ({
    id,
    metric: queue.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
    description,
  });
  return [
    spec(
      'IngestDeadLetters',
      ingest.deadLetters,
      'flow log files could not be read in five tries, so scans in them are not found. First: read the error in the ' +
        'log of the ingest function, mend its cause, then redrive the dead letters.',
    ),
    spec(
      'AlertDeadLetters',
      alert.deadLetters,
      'findings could not be announced in five tries. First: read the error in the log of the alert function, look at ' +
        'the open findings in the table, then redrive the dead letters.',
    ),
    spec(
      'SettleDeadLetters',
      settleDeadLetters,
      'runs of the settle function failed or could not be started. First: read the error in its log. The next run does ' +
        'the missed work, so delete the messages once the runs succeed.',
    ),
  ];
}

/** The consequence of a failed invocation, by function. */
const retries: Readonly<Record<keyof Functions, string>> = {
  ingest: '. First: read the error in its log; messages are tried again by themselves.',
  alert: '. First: read the error in its log; messages are tried again by themselves.',
  settle: ', or could not judge some sources. First: read the error in its log; the next run does the missed work.',
};

function functionAlarms({ ingest, alert, settle }: Functions): AlarmSpec[] {
  return [
    errorsAlarm('ingest', ingest),
    throttlesAlarm('ingest', ingest),
    errorsAlarm('alert', alert),
    throttlesAlarm('alert', alert),
    errorsAlarm('settle', settle),
    {
      id: 'SettleStopped',
      metric: settle.metricInvocations({ period, statistic: Stats.SUM }),
      below: 1,
      periods: 3,
      // Lambda writes no zeros. A new alarm therefore fires until the first run, as its description says.
      missing: TreatMissingData.BREACHING,
      description:
        'the settle function has not run for 15 minutes, so slow scans, ends of findings and held alerts wait, and ' +
        'silence goes unnoticed. In the first ten minutes of a deployment: wait. First: look whether its schedule is ' +
        'enabled and whether Lambda refuses to run it.',
    },
  ];
}

const errorsAlarm = (name: keyof Functions, fn: IFunction): AlarmSpec => ({
  id: `${capitalise(name)}Errors`,
  metric: fn.metricErrors({ period }),
  description: `the ${name} function crashed or timed out${retries[name]}`,
});

const throttlesAlarm = (name: keyof Functions, fn: IFunction): AlarmSpec => ({
  id: `${capitalise(name)}Throttles`,
  metric: fn.metricThrottles({ period }),
  atLeast: 10,
  description:
    `Lambda refused to run the ${name} function ten times in 5 minutes, because the account's concurrency is used up. ` +
    'First: look at the ConcurrentExecutions metric, then ask for a higher quota.',
});

function ageAlarms({ ingest, alert }: Resources): AlarmSpec[] {
  const age = (queue: Queue) => queue.metricApproximateAgeOfOldestMessage({ period, statistic: Stats.MAXIMUM });
  return [
    {
      id: 'IngestLate',
      metric: age(ingest.queue),
      atLeast: 900,
      description:
        'a flow log file has waited 15 minutes, so alerts are late. First: look whether files fail again and again (log ' +
        'of the ingest function); if not, raise ingest.maxConcurrency or maxWriteUnits.',
    },
    {
      id: 'AlertLate',
      metric: age(alert.queue),
      atLeast: 300,
      description: 'an alert has waited 5 minutes. First: read the errors in the log of the alert function.',
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
 * The metric, but `calm` in the first period of one hour a day. A standing alarm then returns to OK and fires again
 * once a day. CloudWatch acts only on changes of state, and nobody may have confirmed a subscription when the first
 * message was sent. HOUR and MINUTE are those of the start of each period, in UTC.
 */
function repeatedDaily(settings: Settings, metricName: string, calm: number): MathExpression {
  const hour = settings.digestHourUtc ?? REPEAT_HOUR;
  return new MathExpression({
    expression: `IF(HOUR(measured) == ${hour} AND MINUTE(measured) < ${period.toMinutes()}, ${calm}, measured)`,
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
    silence(
      'NoObjects',
      'ObjectsRead',
      'no flow log file was read for 30 minutes, so nothing would be detected. First: look whether new files are in ' +
        'the bucket; if so its notifications are broken, if not the flow logs are. Repeated daily.',
    ),
    silence(
      'NoRecords',
      'RecordsRead',
      'no flow log record was read for 30 minutes, so nothing would be detected. First: open a recent file; empty or ' +
        'NODATA files mean that the logged interfaces carry no traffic. Repeated daily.',
    ),
  ];
}

function deliveryAlarm({ topics }: Resources): AlarmSpec {
  return {
    id: 'AlertsUndelivered',
    metric: topics.alerts.metricNumberOfNotificationsFailed({ period, statistic: Stats.SUM }),
    description:
      'SNS failed to deliver an alert. To an e-mail address, a queue or a function it does not try again; to an HTTP or ' +
      'HTTPS endpoint it may, since each failed try counts. First: look at the subscriptions of the alert topic for ' +
      'one that is gone or refuses, and read the finding in the table.',
  };
}

function subscriptionsAlarm(settings: Settings): AlarmSpec {
  return {
    id: 'SubscriptionsMissing',
    metric: repeatedDaily(settings, 'SubscriptionsMissing', 0),
    periods: 6,
    description:
      'an address of emails or opsEmails has no confirmed subscription: it was never confirmed, or somebody removed ' +
      'it, so nobody there hears of alerts or alarms. First: list the subscriptions of both topics, subscribe the ' +
      'address again and confirm it. Repeated daily.',
  };
}

function noiseAlarm(settings: Settings): AlarmSpec {
  return {
    id: 'SourcesDropped',
    metric: sumOf(settings, 'SourcesDropped'),
    description:
      'the windows table is at its write ceiling, so outside sources with a few contacts were not remembered: slow scans ' +
      'from outside and campaigns may be missed, nothing else. First: look for a flood among the findings; if the traffic ' +
      'is normal raise maxWriteUnits.windows.',
  };
}

function throttlingAlarm(settings: Settings): AlarmSpec {
  return {
    id: 'WritesThrottled',
    // Counted by the functions, which also see refusals by the indexes of the findings table.
    metric: sumOf(settings, 'WritesThrottled'),
    atLeast: 100,
    description:
      'DynamoDB refused a hundred writes in 5 minutes, mostly at the ceiling of a table, so writes are tried again and ' +
      'files wait. First: look for a flood among the findings; if the traffic is normal raise maxWriteUnits of the ' +
      'table that refused.',
  };
}

function capitalise(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
