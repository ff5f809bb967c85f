/** What a run of settle reports in addition to its work: metrics of zero, and addresses without a subscription. */

import { Metrics } from '@aws-lambda-powertools/metrics';
import { ListSubscriptionsByTopicCommand } from '@aws-sdk/client-sns';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createServices } from '../../functions/services.ts';
import { settleHandler } from '../../functions/settle.ts';
import { parseSettings } from '../../lib/config/load.ts';
import { toRuntimeSettings } from '../../lib/config/runtime.ts';
import type { SettingsInput } from '../../lib/config/settings-types.ts';
import type { SNSClient } from '../../lib/store/clients.ts';
import { startMemory } from '../lib/store/fixture/tables.ts';

const TOPICS = {
  alerts: 'arn:aws:sns:eu-central-1:123456789012:alerts',
  operations: 'arn:aws:sns:eu-central-1:123456789012:ops',
};
type Subscription = { Protocol: string; SubscriptionArn: string };
const confirmed = (topic: string, Protocol = 'email'): Subscription => ({ Protocol, SubscriptionArn: `${topic}:0a1b` });
const listed = (SubscriptionArn: string): Subscription => ({ Protocol: 'email', SubscriptionArn });

let lines: string[];
beforeEach(() => {
  lines = [];
  // The metrics are printed by a console of their own.
  jest.spyOn(process.stdout, 'write').mockImplementation((line) => {
    lines.push(String(line));
    return true;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
});

interface Run {
  /** Values by metric, as CloudWatch reads them from the log. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly warnings: readonly unknown[];
  readonly failure: string | undefined;
}

/** A run of a deployment with two analysts and one operator, over empty tables. */
async function run(
  pagesOf: (topic: string) => Subscription[][],
  broken?: string,
  further: SettingsInput = {},
): Promise<Run> {
  const database = await startMemory();
  const names = await database.tables();
  const warnings: unknown[] = [];
  const settings = parseSettings({
    emails: ['a@example.com', 'b@example.com'],
    opsEmails: ['ops@example.com'],
    ...further,
  });
  const sns = {
    send: async (command: unknown) => {
      if (!(command instanceof ListSubscriptionsByTopicCommand))
        throw new Error('only subscriptions are asked for here');
      const { TopicArn = '', NextToken = '0' } = command.input;
      const pages = pagesOf(TopicArn);
      const next = Number(NextToken) + 1;
      return { Subscriptions: pages[Number(NextToken)], NextToken: next < pages.length ? String(next) : undefined };
    },
  } as unknown as SNSClient;
  const services = createServices({
    variables: {
      SETTINGS: JSON.stringify(toRuntimeSettings(settings)),
      WINDOWS_TABLE: broken ?? names.windows,
      FINDINGS_TABLE: names.findings,
      ALERT_QUEUE_URL: 'https://queue.invalid/alert',
      ALERT_TOPIC_ARN: TOPICS.alerts,
      OPERATIONS_TOPIC_ARN: TOPICS.operations,
      HASH_KEY: 'a secret',
      AWS_REGION: 'eu-central-1',
    },
    clients: { documents: database.client(), sns },
    clock: () => Date.parse('2026-11-28T12:00:00Z') / 1000,
    logger: { info: () => undefined, error: () => undefined, warn: (...words: unknown[]) => void warnings.push(words) },
    metrics: new Metrics({ namespace: 'Sweepwatch', serviceName: 'sweepwatch' }),
  });
  let failure: string | undefined;
  await settleHandler(services)({}, { getRemainingTimeInMillis: () => 300_000 }).catch((error: Error) => {
    failure = error.message;
  });
  await database.stop();
  return { values: Object.assign({}, ...lines.map((line) => JSON.parse(line))), warnings, failure };
}

const everybody = (topic: string) => [Array.from({ length: topic === TOPICS.alerts ? 2 : 1 }, () => confirmed(topic))];

test('writes a zero for files and for records, and no missing subscription while everybody listens', async () => {
  const { values, warnings, failure } = await run(everybody, undefined, { detailedMonitoring: true });
  expect(values).toMatchObject({ ObjectsRead: 0, RecordsRead: 0, service: 'sweepwatch' });
  expect(values).not.toHaveProperty('SubscriptionsMissing');
  expect(JSON.stringify(values._aws)).toContain('{"Name":"ObjectsRead","Unit":"Count"}');
  expect([warnings, failure]).toEqual([[], undefined]);
});

test('writes only the metrics of alarms unless monitoring is detailed', async () => {
  const { values } = await run(() => [[]]);
  expect(values).toMatchObject({ RecordsRead: 0, SubscriptionsMissing: 3 });
  expect(values).not.toHaveProperty('ObjectsRead');
  expect(values).not.toHaveProperty('FindingsOpened');
});

test('writes the zeros also when the run fails', async () => {
  const { values, failure } = await run(everybody, 'no such table');
  expect(failure).toBeDefined();
  expect(values).toMatchObject({ RecordsRead: 0 });
});

test('counts addresses that never confirmed and addresses whose subscription was removed', async () => {
  const { values, warnings } = await run((topic) =>
    topic === TOPICS.alerts ? [[confirmed(topic)], [listed('PendingConfirmation')]] : [[listed('Deleted')]],
  );
  expect(values).toMatchObject({ SubscriptionsMissing: 2 });
  expect(warnings).toEqual([['subscriptions are missing', { alerts: 1, operations: 1 }]]);
});

test('takes no queue for an address, reads every page, and counts no more than the settings name', async () => {
  const { values } = await run((topic) =>
    topic === TOPICS.alerts
      ? [[confirmed(topic, 'sqs'), confirmed(topic, 'https')], [confirmed(topic)]]
      : [[confirmed(topic)], [confirmed(topic), confirmed(topic, 'email-json')]],
  );
  expect(values).toMatchObject({ SubscriptionsMissing: 1 });
});

test('fails the run when SNS does not say who listens, after all else was done', async () => {
  const { values, failure } = await run(() => {
    throw new Error('AuthorizationError: not authorized to perform SNS:ListSubscriptionsByTopic');
  });
  expect(failure).toContain('not authorized to perform SNS:ListSubscriptionsByTopic');
  expect(values).toMatchObject({ RecordsRead: 0 });
});
