/** The dashboard of a deployment: whether it works, what it found, what was lost, and what it costs. */
import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  LogQueryVisualizationType,
  LogQueryWidget,
  Metric,
  PeriodOverride,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { DetectorParts } from './detector-parts.ts';

const period = Duration.minutes(5);
/** Columns of a dashboard, and of half of one. */
const [FULL, HALF] = [24, 12];
const HEIGHT = 6;

/** Creates the dashboard. AWS chooses its name, so that two detectors of an account have one each. */
export function createDashboard(scope: Construct, parts: DetectorParts, alarms: readonly Alarm[]): Dashboard {
  const { deploymentName } = parts.settings;
  const dashboard = new Dashboard(scope, 'Dashboard', {
    defaultInterval: Duration.days(1),
    periodOverride: PeriodOverride.AUTO,
  });
  const functions = functionsOf(parts);
  dashboard.addWidgets(
    new TextWidget({
      width: FULL,
      height: 2,
      markdown: `# ${deploymentName}\nFlow logs in, findings out. The numbers that are counted here by log queries cost what CloudWatch Logs Insights charges for reading them. What each alarm means and what to do: \`docs/operations.md\`.`,
    }),
  );
  dashboard.addWidgets(new AlarmStatusWidget({ width: FULL, height: 4, title: 'Alarms', alarms: [...alarms] }));
  dashboard.addWidgets(
    graph('Records read', [ofDeployment(deploymentName, 'RecordsRead')]),
    graph('Lag: age of the oldest file and of the oldest alert, seconds', ageMetrics(parts)),
  );
  dashboard.addWidgets(
    logs('Alerts by severity', parts.alertFunction.logGroup, [
      'filter message = "announcement handled" and outcome = "published"',
      'stats count(*) as alerts by severity',
    ]),
    logs('Findings opened and updated by the scheduled function', parts.settleFunction.logGroup, [
      'filter message = "settled"',
      'stats sum(opened) as opened, sum(updated) as updated, sum(judged) as judged, sum(postponed) as postponed by bin(1h)',
    ]),
  );
  dashboard.addWidgets(
    logs('Read and lost', parts.ingestFunction.logGroup, [
      'filter message = "object read"',
      'stats sum(bytes) as readBytes, sum(lines - records - noData - skipData) as unreadLines, sum(skipData) as skippedByAws, sum(contactsDropped) as contactsDropped, sum(sourcesDropped) as sourcesDropped, sum(opened) as findingsOpened by bin(1h)',
    ]),
    graph(
      'Dead letters',
      deadLettersOf(parts).map((queue) => visible(queue)),
    ),
  );
  dashboard.addWidgets(
    graph('Units of the tables', [
      ...[parts.windowsTable, parts.findingsTable].flatMap((table) => [
        table.metricConsumedWriteCapacityUnits({ period, statistic: Stats.SUM }),
        table.metricConsumedReadCapacityUnits({ period, statistic: Stats.SUM }),
      ]),
    ]),
    graph(
      'Time of the functions, milliseconds in all',
      functions.map((fn) => fn.metricDuration({ period, statistic: Stats.SUM })),
    ),
  );
  dashboard.addWidgets(
    graph(
      'Failed invocations',
      functions.map((fn) => fn.metricErrors({ period })),
    ),
    graph('Throttled', [
      ...functions.map((fn) => fn.metricThrottles({ period })),
      ofDeployment(deploymentName, 'WritesThrottled'),
    ]),
  );
  return dashboard;
}

const functionsOf = (parts: DetectorParts): readonly IFunction[] =>
  [
    parts.ingestFunction,
    parts.settleFunction,
    parts.alertFunction,
    parts.signalsFunction,
    parts.forwardFunction,
  ].filter((fn) => fn !== undefined);

const deadLettersOf = (parts: DetectorParts): readonly IQueue[] =>
  [
    parts.ingestDeadLetters,
    parts.alertDeadLetters,
    parts.settleDeadLetters,
    parts.signalsDeadLetters,
    ...parts.destinationQueues.map(({ deadLetters }) => deadLetters),
  ].filter((queue) => queue !== undefined);

const visible = (queue: IQueue): IMetric =>
  queue.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM });

const ageMetrics = ({ ingestQueue, alertQueue }: DetectorParts): IMetric[] =>
  [ingestQueue, alertQueue].map((queue) =>
    queue.metricApproximateAgeOfOldestMessage({ period, statistic: Stats.MAXIMUM }),
  );

const ofDeployment = (service: string, metricName: string): IMetric =>
  new Metric({ namespace: 'Sweepwatch', metricName, dimensionsMap: { service }, statistic: Stats.SUM, period });

const graph = (title: string, left: readonly IMetric[]): GraphWidget =>
  new GraphWidget({ width: HALF, height: HEIGHT, title, left: [...left], leftYAxis: { min: 0 } });

const logs = (title: string, group: ILogGroup, queryLines: readonly string[]): LogQueryWidget =>
  new LogQueryWidget({
    width: HALF,
    height: HEIGHT,
    title,
    logGroupNames: [group.logGroupName],
    queryLines: [...queryLines],
    view: LogQueryVisualizationType.TABLE,
  });
