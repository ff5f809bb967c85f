/** The alarms about messages that could not be processed, and the form of an alarm. */
import { Duration } from 'aws-cdk-lib';
import { type IMetric, Stats, type TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Destinations } from './destinations.ts';
import type { Resources } from './permissions.ts';
import type { SignalSources } from './signal-sources.ts';

/** The period of all alarms. */
export const period = Duration.minutes(5);

/** An alarm. */
export interface AlarmSpec {
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
   * The meaning of a period without data. Default: not breaching, since most metrics have data only while something is
   * wrong.
   */
  readonly missing?: TreatMissingData;
}

/** Parts that only some deployments have. */
export interface Options {
  readonly signals?: SignalSources | undefined;
  readonly destinations?: Destinations | undefined;
}

/** An alarm for each queue of dead letters. */
export function deadLetterAlarms(
  { ingest, alert, settleDeadLetters }: Resources,
  { signals, destinations }: Options,
): AlarmSpec[] {
  const spec = (id: string, queue: Queue, description: string): AlarmSpec => ({
    id,
    metric: queue.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
    description,
  });
  return [
    spec(
      'IngestDeadLetters',
      ingest.deadLetters,
      'Flow log files could not be read in five tries, so scans in them are not detected. First: ' +
        'read the error in the log of the ingest function, fix its cause, then redrive the dead ' +
        'letters.',
    ),
    spec(
      'AlertDeadLetters',
      alert.deadLetters,
      'Findings could not be announced in five tries. First: read the error in the log of the alert ' +
        'function, look at the open findings in the table, then redrive the dead letters.',
    ),
    spec(
      'SettleDeadLetters',
      settleDeadLetters,
      'Runs of the settle function failed or could not be started. First: read the error in its log. ' +
        'The next run does the missed work, so delete the messages once the runs succeed.',
    ),
    ...(signals
      ? [
          spec(
            'SignalsDeadLetters',
            signals.deadLetters,
            'Log events of orchestrators or hosts could not be read in three tries, so signals in them are missing. Flow ' +
              'logs are still judged. First: read the error in the log of the signals function, fix its cause, then invoke ' +
              'the function with the messages again.',
          ),
        ]
      : []),
    ...(destinations?.queues ?? []).map(({ id, name, deadLetters }) =>
      spec(
        `${id}DeadLetters`,
        deadLetters,
        `Alerts were not accepted by ${name} in five tries. All other subscribers received them. First: read the error ` +
          'in the log of the forward function, fix its cause, then redrive the dead letters.',
      ),
    ),
  ];
}
