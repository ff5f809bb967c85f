/** The forward function by itself: a destination that fails, an unknown queue, and no time left. */
import { describe, expect, test } from '@jest/globals';
import type { SQSEvent } from 'aws-lambda';
import { destinationsOf, forwardHandler } from '../../functions/forward.ts';
import { alertMessage } from '../../lib/notify/message.ts';
import { stormMessage } from '../../lib/notify/storm.ts';
import type { Destination } from '../../lib/pipeline/forward.ts';
import { findingOf } from '../lib/finding/samples.ts';

const BUS = 'arn:aws:sqs:eu-west-1:111122223333:bus';
const HUB = 'arn:aws:sqs:eu-west-1:111122223333:hub';
const place = { deployment: 'soc', tables: { findings: 'findings', region: 'eu-west-1' } };
const body = alertMessage('opened', findingOf(), place, 0).bodies.default!;

function handler(destinations: Record<string, Destination>) {
  const errors: string[] = [];
  const warnings: unknown[] = [];
  const ignore = () => undefined;
  const logger = {
    info: ignore,
    warn: (...line: unknown[]) => void warnings.push(line),
    error: (_: unknown, { error }: { error: Error }) => void errors.push(error.message),
  };
  const handle = forwardHandler({
    deployment: 'soc',
    findings: { byId: async () => undefined, at: async () => undefined },
    logger: logger as never,
    clock: () => 0,
    destinations: new Map(Object.entries(destinations)),
  });
  const run = async (records: readonly [queue: string, body: string][], ...left: number[]) => {
    const Records = records.map(([eventSourceARN, text], n) => ({ messageId: `m${n}`, body: text, eventSourceARN }));
    const remaining = () => (left.length > 1 ? left.shift()! : (left[0] ?? 60_000));
    const { batchItemFailures } = await handle({ Records } as unknown as SQSEvent, {
      getRemainingTimeInMillis: remaining,
    });
    return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  };
  return { run, errors, warnings };
}

test('a destination that fails gives back its own message, and the others are passed on', async () => {
  const taken: unknown[] = [];
  const { run, errors } = handler({
    [BUS]: { alerts: async (alerts) => void taken.push(...alerts) },
    [HUB]: { alerts: async () => Promise.reject(new Error('not enabled')) },
  });
  expect(
    await run([
      [BUS, body],
      [HUB, body],
      [BUS, 'no JSON'],
      [BUS, body],
    ]),
  ).toEqual(['m1', 'm2']);
  expect(taken).toHaveLength(2);
  expect(errors).toEqual(['not enabled', expect.stringContaining('JSON')]);
});

test('a queue of no destination fails, so that nothing is lost without a word', async () => {
  const { run, errors } = handler({});
  expect(await run([[BUS, body]])).toEqual(['m0']);
  expect(errors).toEqual(['the queue must be that of a destination']);
});

test('messages for which no time is left return to their queue', async () => {
  const taken: unknown[] = [];
  const { run } = handler({ [BUS]: { alerts: async (alerts) => void taken.push(...alerts) } });
  expect(
    await run(
      [
        [BUS, body],
        [BUS, body],
      ],
      60_000,
      50_000,
      20_000,
    ),
  ).toEqual(['m1']);
  expect(taken).toHaveLength(1);
});

test('findings of a storm that no longer exist are counted in the log', async () => {
  const storm = stormMessage([{ event: 'opened', finding: findingOf() }], false, place, 0).bodies.default!;
  const { run, warnings } = handler({ [BUS]: { alerts: async () => undefined } });
  expect(await run([[BUS, storm]])).toEqual([]);
  expect(warnings).toEqual([['alerts of a storm left out', { queue: 'bus', messageId: 'm0', missing: 1, unknown: 0 }]]);
});

test('a destination learns how much time its calls have, with a rest to give messages back', async () => {
  const left: number[] = [];
  const { run } = handler({ [BUS]: { alerts: async (_, timeLeftMs) => void left.push(timeLeftMs()) } });
  expect(await run([[BUS, body]], 60_000)).toEqual([]);
  expect(left).toEqual([57_000]);
});

describe('the destinations', () => {
  const variables = {
    AWS_REGION: 'eu-west-1',
    EVENT_BUS: 'arn:aws:events:eu-west-1:111122223333:event-bus/soc',
    EVENT_BUS_QUEUE: BUS,
    HUB_PRODUCT_ARN: 'arn:aws:securityhub:eu-west-1:111122223333:product/111122223333/default',
    HUB_QUEUE: HUB,
  };
  const noClient = () => {
    throw new Error('no client is needed');
  };

  test('are those whose variables are set, and a client of SNS is made only for chats', () => {
    expect([...destinationsOf(variables, noClient).keys()]).toEqual([BUS, HUB]);
    expect([...destinationsOf({}, noClient).keys()]).toEqual([]);
    const chat = { CHAT_TOPIC_ARN: 'arn:aws:sns:eu-west-1:111122223333:chat', CHAT_QUEUE: 'arn:chat' };
    expect(() => destinationsOf(chat, noClient)).toThrow('no client is needed');
  });
});

test('a chat shows what is severe enough, and the end of what it showed', async () => {
  const sent: string[] = [];
  const sns = () =>
    ({ send: async ({ input }: { input: { Message: string } }) => void sent.push(input.Message) }) as never;
  const chat = destinationsOf(
    { CHAT_TOPIC_ARN: 'arn:topic', CHAT_QUEUE: 'arn:queue', CHAT_MIN_SEVERITY: 'high', DEPLOYMENT: 'soc' },
    sns,
  ).get('arn:queue')!;
  const severities = ['medium', 'high', 'critical'] as const;
  await chat.alerts(
    severities.map((severity) => ({ event: 'opened', finding: findingOf({ severity }), at: '' })),
    () => 30_000,
  );
  expect(sent.map((text) => (JSON.parse(text) as { content: { keywords: string[] } }).content.keywords[0])).toEqual([
    'high',
    'critical',
  ]);
  const [medium, low] = [findingOf({ severity: 'medium' }), findingOf({ severity: 'low' })];
  await chat.alerts(
    [
      { event: 'closed', finding: medium, at: '', previousSeverity: 'high' },
      { event: 'closed', finding: low, at: '', previousSeverity: 'medium' },
    ],
    () => 30_000,
  );
  expect(sent.slice(2).map((text) => JSON.parse(text))).toMatchObject([{ metadata: { eventType: 'closed' } }]);
});
