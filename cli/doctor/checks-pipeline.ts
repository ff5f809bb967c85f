/** Checks of the queue and of what comes after it: functions, tables, topics and alarms. */

import { type Facts, outputOf, type SubscriptionFacts } from '../../lib/store/health/facts.ts';
import { shellWord } from '../../lib/text/untrusted.ts';
import { countOf } from '../../lib/text/wording.ts';
import { type Check, fail, judged, ok, region, skip, spanOf, type Verdict, warn } from './check.ts';
import { admitsBucket, admitsRule } from './queue-policy.ts';

/** The alarms IngestLate and AlertLate fire at these ages. */
const LATE: Readonly<Record<string, number>> = { IngestQueue: 900 };
const ALERT_LATE = 300;
/** Traffic reaches the tables within about 20 minutes. */
const LOG_LATE = 2700;
/** Logs that are this old belong to flow logs that were deleted. */
const LOG_GONE = 86_400;
/** A new deployment needs this long for the first run of settle. */
const FIRST_RUN = 900;

export const PIPELINE_CHECKS: readonly Check[] = [
  {
    id: 'queue.policy',
    permission: 'sqs:GetQueueAttributes',
    anchor: 'policies-and-keys',
    judge: (facts) =>
      judged(facts, 'ingest queue', facts.queues.get('IngestQueue'), ({ policy }) => {
        if (admitsBucket(policy, facts) || admitsRule(policy, facts))
          return ok('the ingest queue admits new objects of the bucket');
        return fail(
          'the policy of the ingest queue admits neither the bucket nor a rule',
          'S3 and EventBridge drop their events, and new files are not read',
          `aws sqs get-queue-attributes --queue-url ${outputOf(facts, 'IngestQueue')} --attribute-names Policy ${region(facts)}`,
        );
      }),
  },
  {
    id: 'queue.age',
    permission: 'cloudwatch:GetMetricData',
    anchor: 'ingestlate',
    judge: (facts) =>
      judged(facts, 'age of the oldest message', facts.ages, (ages) =>
        [...ages].map(([name, age = 0]) => {
          const what = name === 'IngestQueue' ? 'file' : 'alert';
          const limit = LATE[name] ?? ALERT_LATE;
          if (age < limit)
            return ok(`${name}: ${age ? `the oldest ${what} has waited for ${spanOf(age)}` : 'nothing waits'}`);
          const logs =
            outputOf(facts, name.replace(/Queue$/, 'Logs')) ||
            outputOf(facts, 'ForwardLogs') ||
            outputOf(facts, 'AlertLogs');
          return fail(
            `the oldest ${what} has waited for ${spanOf(age)}`,
            'alerts are late, because the function fails or cannot keep up',
            `aws logs filter-log-events --log-group-name ${logs} --filter-pattern ERROR ${region(facts)}`,
          );
        }),
      ),
  },
  {
    id: 'queue.dead-letters',
    permission: 'sqs:GetQueueAttributes',
    anchor: 'redriving-dead-letters',
    judge: (facts) => {
      const names = [...facts.queues.keys()].filter((name) => name.endsWith('DeadLetters'));
      const verdicts = names.flatMap((name) =>
        judged(facts, name, facts.queues.get(name), ({ waiting }) =>
          waiting === 0 ? [] : [deadLetters(facts, name, waiting)],
        ),
      );
      return verdicts.length ? verdicts : [ok('no dead letters')];
    },
  },
  {
    id: 'function.mapping',
    permission: 'lambda:ListEventSourceMappings',
    anchor: 'pausing',
    judge: (facts) =>
      facts.functions.flatMap(({ name, fedBy = [], mappings }) =>
        judged(facts, `event source mapping of ${name}`, mappings, (found) => {
          if (!found.length)
            return fail(
              `no queue feeds ${name}`,
              'its event source mapping was deleted, so its queue fills up',
              'npx cdk deploy',
            );
          const absent = fedBy.filter(
            (queue) =>
              !found.some(({ queue: arn }) => arn.split(':').at(-1) === outputOf(facts, queue).split('/').at(-1)),
          );
          const verdicts = [
            ...absent.map((queue) =>
              fail(
                `${queue} does not feed ${name}`,
                'its event source mapping was deleted, so the queue fills up',
                'npx cdk deploy',
              ),
            ),
            ...found
              .filter(({ state }) => !/^(Enabled|Enabling|Creating|Updating)$/.test(state))
              .map(({ id, state }) =>
                fail(
                  `the event source mapping of ${name} is ${state}`,
                  'somebody paused it. Messages wait in the queue for up to 14 days',
                  `aws lambda update-event-source-mapping --uuid ${id} --enabled ${region(facts)}`,
                ),
              ),
          ];
          if (verdicts.length) return verdicts;
          return ok(found.length === 1 ? `a queue feeds ${name}` : `${found.length} queues feed ${name}`);
        }),
      ),
  },
  {
    id: 'function.concurrency',
    permission: 'lambda:GetFunctionConcurrency',
    anchor: 'ingestthrottles',
    judge: (facts) =>
      facts.functions.flatMap(({ name, reserved }) =>
        judged(facts, `function ${name}`, reserved, (value) =>
          value === 0
            ? fail(
                `${name} has a reserved concurrency of 0, so it never runs`,
                'after five tries each message becomes a dead letter',
                `aws lambda delete-function-concurrency --function-name ${name} ${region(facts)}`,
              )
            : ok(`${name} may run`),
        ),
      ),
  },
  {
    id: 'settle.runs',
    permission: 'cloudwatch:GetMetricData',
    anchor: 'settlestopped',
    judge: (facts) =>
      judged(facts, 'settle function', facts.settleRuns, (runs) => {
        if (runs > 0) return ok('settle ran in the last 15 minutes');
        if (facts.now - facts.stack.created < FIRST_RUN)
          return skip('settle function: the deployment is younger than 15 minutes, and its first run may still come');
        return fail(
          'settle has not run for 15 minutes',
          'slow scans, closing of findings, held alerts and the digest wait',
          `aws events describe-rule --name ${outputOf(facts, 'SettleSchedule')} ${region(facts)}`,
        );
      }),
  },
  {
    id: 'settle.schedule',
    permission: 'events:DescribeRule',
    anchor: 'pausing',
    judge: (facts) =>
      judged(facts, 'schedule of settle', facts.schedule, (state) =>
        state.startsWith('ENABLED')
          ? ok('the schedule of settle is enabled')
          : fail(
              `the schedule of settle is ${state}`,
              'somebody paused it. Slow scans, closing of findings, held alerts and the digest wait',
              `aws events enable-rule --name ${outputOf(facts, 'SettleSchedule')} ${region(facts)}`,
            ),
      ),
  },
  {
    id: 'log.time',
    permission: 'dynamodb:Query',
    anchor: 'late-and-missing-logs',
    judge: (facts) =>
      judged(facts, 'windows table', facts.logTimes, (times) => {
        const living = times.filter(({ at }) => facts.now - at < LOG_GONE);
        const late = living.filter(({ at }) => facts.now - at > LOG_LATE);
        if (!times.length) return skip('log time: no file was read yet');
        if (!living.length)
          return fail(
            `no log came further than ${spanOf(facts.now - Math.max(...times.map(({ at }) => at)))} ago`,
            'nothing of the last day was read, so no scan of it was detected',
            `aws ec2 describe-flow-logs ${region(facts)}`,
          );
        if (!late.length) return ok(`${countOf(living.length, 'log')} read up to the last 45 minutes`);
        return late.map(({ log, at }) =>
          warn(
            `log ${log} was read up to ${spanOf(facts.now - at)} ago`,
            'it lags or has no traffic. Scans in it are detected later',
            `aws ec2 describe-flow-logs ${region(facts)}`,
          ),
        );
      }),
  },
  {
    id: 'alert.subscriptions',
    permission: 'sns:ListSubscriptionsByTopic',
    anchor: 'subscriptionsmissing',
    judge: (facts) =>
      judged(facts, 'alert topic', facts.subscriptions.get('AlertTopic'), (found) =>
        subscriptions(facts, 'AlertTopic', 'alerts', found),
      ),
  },
  {
    id: 'operations.subscriptions',
    permission: 'sns:ListSubscriptionsByTopic',
    anchor: 'subscriptionsmissing',
    judge: (facts) =>
      judged(facts, 'operations topic', facts.subscriptions.get('OperationsTopic'), (found) =>
        subscriptions(facts, 'OperationsTopic', 'alarms', found).map((verdict) =>
          // Findings still reach people.
          verdict.status === 'FAIL' ? { ...verdict, status: 'warn' as const } : verdict,
        ),
      ),
  },
  {
    id: 'alarm.state',
    permission: 'cloudwatch:DescribeAlarms',
    anchor: 'alarms',
    judge: (facts) =>
      judged(facts, 'alarms', facts.alarms, (alarms) =>
        alarms.length
          ? alarms.map(({ name, since }) =>
              fail(
                `alarm ${name} is in state ALARM since ${spanOf(facts.now - since)}`,
                'its description says what it means and what to do first',
                `aws cloudwatch describe-alarms --alarm-names ${shellWord(name)} ${region(facts)}`,
              ),
            )
          : ok('no alarm is in state ALARM'),
      ),
  },
];

function deadLetters(facts: Facts, name: string, waiting: number): Verdict {
  const text = `${countOf(waiting, 'dead letter')} in ${name}`;
  const look = `aws sqs receive-message --queue-url ${outputOf(facts, name)} --visibility-timeout 0 ${region(facts)}`;
  if (name === 'IngestDeadLetters')
    return fail(
      text,
      'these files were not read in five tries',
      `npx --no-install sweepwatch redrive ${facts.again} --dry-run`,
    );
  if (name === 'AlertDeadLetters')
    return fail(
      text,
      'these findings were not announced in five tries',
      `npx --no-install sweepwatch redrive ${facts.again} --dry-run`,
    );
  if (name === 'SettleDeadLetters')
    return warn(
      text,
      'runs of settle failed. The next run does the missed work, so delete them once runs succeed',
      look,
    );
  if (name === 'SignalsDeadLetters') return fail(text, 'events of orchestrators or hosts were not read', look);
  return fail(text, 'a destination did not accept these alerts in five tries', look);
}

function subscriptions(
  facts: Facts,
  topic: string,
  what: string,
  found: readonly SubscriptionFacts[],
): readonly Verdict[] {
  const arn = outputOf(facts, topic);
  const pending = found.filter(({ isConfirmed }) => !isConfirmed);
  const list = `aws sns list-subscriptions-by-topic --topic-arn ${arn} ${region(facts)}`;
  if (!found.length)
    return [fail(`nobody subscribes to the ${what}`, `${what} reach the topic and nobody reads them`, list)];
  const waiting = pending.map(({ protocol, endpoint }) =>
    fail(
      `${protocol} subscription of ${endpoint} to the ${what} is not confirmed`,
      'its owner must follow the link in the mail, which is valid for three days',
      list,
    ),
  );
  if (waiting.length) return waiting;
  return [ok(`${countOf(found.length, 'confirmed subscription')} to the ${what}`)];
}
