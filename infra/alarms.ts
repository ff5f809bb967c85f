/** The alarms, on the operations topic: each says what it means, the first thing to do, and where the rest is written. */
import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Settings } from '../lib/config/schema.ts';
import type { Functions } from './functions.ts';
import type { Resources } from './permissions.ts';

const period = Duration.minutes(5);
/** Has a section for each alarm, under its name. */
const DOCUMENT = 'docs/operations.md';

interface AlarmSpec {
  readonly id: string;
  readonly metric: IMetric;
  readonly description: string;
  /** Alarm from this value on; 1 unless told. */
  readonly atLeast?: number;
  /** Alarm below 1 in each of this many periods, missing data included, instead of from a value on. */
  readonly silentPeriods?: number;
}

/** Creates all alarms of a deployment; each also tells the operations topic when it is over. */
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
    noiseAlarm(settings),
    throttledTable('WindowsThrottled', resources.tables.windows, 'windows'),
    throttledTable('FindingsThrottled', resources.tables.findings, 'findings'),
  ];
  return specs.map((spec) => {
    const silent = spec.silentPeriods !== undefined;
    const alarm = new Alarm(scope, spec.id, {
      metric: spec.metric,
      alarmDescription: `${settings.deploymentName}: ${spec.description} More: ${DOCUMENT}#${spec.id.toLowerCase()}`,
      threshold: spec.atLeast ?? 1,
      comparisonOperator: silent
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: spec.silentPeriods ?? 1,
      treatMissingData: silent ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
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

/** What follows from a failed invocation of each function. */
const retries: Readonly<Record<keyof Functions, string>> = {
  ingest: '. First: read the error in its log; messages are tried again by themselves.',
  alert: '. First: read the error in its log; messages are tried again by themselves.',
  settle: ', or could not judge some sources. First: read the error in its log; the next run does the missed work.',
};

function functionAlarms(functions: Functions): AlarmSpec[] {
  return Object.entries(functions).flatMap(([name, fn]: [string, IFunction]) => [
    {
      id: `${capitalise(name)}Errors`,
      metric: fn.metricErrors({ period }),
      description: `the ${name} function crashed or timed out${retries[name as keyof Functions]}`,
    },
    {
      id: `${capitalise(name)}Throttles`,
      metric: fn.metricThrottles({ period }),
      atLeast: 10,
      description: `the ${name} function was refused to run ten times in 5 minutes, because the account's Lambda concurrency is used up. First: look at the ConcurrentExecutions metric, then ask for a higher quota.`,
    },
  ]);
}

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

function silenceAlarms(settings: Settings): AlarmSpec[] {
  const sum = (metricName: string) => sumOf(settings, metricName);
  return [
    {
      id: 'NoObjects',
      metric: sum('ObjectsRead'),
      silentPeriods: 6,
      description:
        'no flow log file was read for 30 minutes, so nothing would be detected. First: look whether new files are in ' +
        'the bucket; if so its notifications are broken, if not the flow logs are.',
    },
    {
      id: 'NoRecords',
      metric: sum('RecordsRead'),
      silentPeriods: 6,
      description:
        'no flow log record was read for 30 minutes, so nothing would be detected. First: open a recent file; empty or ' +
        'NODATA files mean that the logged interfaces carry no traffic.',
    },
  ];
}

function deliveryAlarm({ topics }: Resources): AlarmSpec {
  return {
    id: 'AlertsUndelivered',
    metric: topics.alerts.metricNumberOfNotificationsFailed({ period, statistic: Stats.SUM }),
    description:
      'an alert reached the topic and not its subscriber. First: look at the subscriptions of the alert topic for one ' +
      'that is gone or refuses, and read the finding in the table.',
  };
}

function noiseAlarm(settings: Settings): AlarmSpec {
  return {
    id: 'NoiseGivenUp',
    metric: sumOf(settings, 'QuietSourcesGivenUp'),
    description:
      'the windows table is at its write ceiling, so outside sources with a few contacts were not remembered: slow scans ' +
      'from outside and campaigns may be missed, nothing else. First: look for a flood among the findings; if the traffic ' +
      'is normal raise maxWriteUnits.windows.',
  };
}

function throttledTable(id: string, table: TableV2, name: string): AlarmSpec {
  return {
    id,
    metric: table.metric('WriteThrottleEvents', { period, statistic: Stats.SUM }),
    atLeast: 100,
    description: `writes to the ${name} table meet their ceiling, so writes are tried again and files wait. First: look for a flood among the findings; if the traffic is normal raise maxWriteUnits.${name}.`,
  };
}

function capitalise(name: string): string {
  return `${name.slice(0, 1).toUpperCase()}${name.slice(1)}`;
}
