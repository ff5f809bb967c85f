/** Each check of `doctor` over facts alone, and what every verdict prints: a command that exists and a section. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { Verdict } from '../../../cli/doctor/check.ts';
import { CHECKS } from '../../../cli/doctor/checks.ts';
import type { Answer, Facts, FilterFacts } from '../../../lib/store/health/facts.ts';
import { cliFault } from '../../aws-cli.ts';
import { rowsOf, sectionOf } from '../../infra/operations-document.ts';
import { prose, slugOf } from '../../markdown.ts';
import { parseOnly } from '../parse-only.ts';
import { factsOf, LOG, NOW, OTHER, queueOf } from './facts.ts';

const check = (id: string) => CHECKS.find((each) => each.id === id)!;
const judge = (id: string, change: Partial<Facts> = {}): readonly Verdict[] => check(id).judge(factsOf(change));

test.each(CHECKS.map(({ id }) => id))('%s finds nothing wrong with a healthy deployment', (id) => {
  expect(new Set(judge(id).map(({ status }) => status))).toEqual(new Set(['ok']));
});

const log = (change: Partial<typeof LOG>): Partial<Facts> => ({ flowLogs: { value: [{ ...LOG, ...change }] } });
const stack = (change: Partial<Facts['stack']>): Partial<Facts> => ({ stack: { ...factsOf().stack, ...change } });
const queues = (name: string, waiting: number): Partial<Facts> => ({ queues: new Map([[name, queueOf(waiting)]]) });
const EVENTBRIDGE = '{"Statement":[{"Effect":"Allow","Principal":{"Service":"events.amazonaws.com"}}]}';
/** A bucket of another account, and a queue that admits the role of a rule of this account. */
const owned = (admitted = '555566667777'): Partial<Facts> => {
  const Principal = { AWS: `arn:aws:iam::${admitted}:root` };
  const policy = JSON.stringify({ Statement: [{ Effect: 'Allow', Principal, Action: 'sqs:SendMessage' }] });
  return {
    ...stack({ outputs: new Map([...factsOf().stack.outputs, ['LogBucketOwner', '555566667777']]) }),
    queues: new Map([['IngestQueue', { value: { arn: 'q', waiting: 0, policy } }]]),
  };
};
const V2 = LOG.columns.slice(0, 13);

type Case = readonly [
  id: string,
  what: string,
  change: Partial<Facts>,
  expected: readonly [Verdict['status'], RegExp][],
];
/** VPCs with one block, all logged. */
function equalAddresses(routingDomains: Record<string, string[]>, count = 2): Partial<Facts> {
  const ids = Array.from({ length: count }, (_, at) => `vpc-${at + 1}`);
  return {
    flowLogs: { value: ids.map((resource) => ({ ...LOG, resource })) },
    vpcs: { value: ids.map((id) => ({ id, account: '123456789012', cidrs: ['10.0.0.0/16'] })) },
    routingDomains: { value: routingDomains },
  };
}

/** The head of an inventory, with times before now. */
const inventory = (age: number | undefined, more: object = {}): Partial<Facts> => ({
  inventory: {
    value: { ...(age !== undefined && { at: NOW - age }), since: NOW - 500_000, interfaces: 12, vpcs: 1, ...more },
  },
});
const REFUSED = { failedAt: NOW - 3600, failure: 'UnauthorizedOperation: no' };

const CASES: readonly Case[] = [
  ['inventory.age', 'a deployment without an inventory', { inventory: undefined }, [['skip', /the setting is off/]]],
  [
    'inventory.age',
    'a deployment before its first snapshot',
    { inventory: { value: {} } },
    [['skip', /no snapshot yet/]],
  ],
  ['inventory.age', 'the first three days', inventory(60, { since: NOW - 600 }), [['ok', /known from 20.*Z on$/]]],
  ['inventory.age', 'snapshots that stopped', inventory(1200), [['warn', /snapshot .* is 20 min old/]]],
  ['inventory.age', 'snapshots that stopped long ago', inventory(7300, REFUSED), [['FAIL', /snapshot .* is 2 h old/]]],
  [
    'inventory.age',
    'an account that allows none',
    inventory(undefined, REFUSED),
    [['FAIL', /no snapshot .* for 60 min/]],
  ],
  ['stack.status', 'an update under way', stack({ status: 'UPDATE_IN_PROGRESS' }), [['warn', /UPDATE_IN_PROGRESS/]]],
  ['stack.status', 'an update that was undone', stack({ status: 'UPDATE_ROLLBACK_COMPLETE' }), [['warn', /ROLLBACK/]]],
  ['stack.status', 'a deletion that failed', stack({ status: 'DELETE_FAILED' }), [['FAIL', /DELETE_FAILED/]]],
  ['stack.version', 'a stack from before versions', stack({ outputs: new Map() }), [['skip', /does not say/]]],
  ['flow-log.destination', 'an account without flow logs', { flowLogs: { value: [] } }, [['warn', /no flow log/]]],
  [
    'flow-log.destination',
    'a bucket whose name only begins like ours',
    log({ destination: 'arn:aws:s3:::logs-old' }),
    [['warn', /delivers to logs$/]],
  ],
  [
    'flow-log.delivery',
    'a log of others that fails',
    log({ destination: 'arn:aws:s3:::x', delivery: 'FAILED' }),
    [['skip', /no flow log/]],
  ],
  ['flow-log.delivery', 'a failure', log({ delivery: 'FAILED', error: 'Rate limited' }), [['FAIL', /Rate limited/]]],
  [
    'flow-log.format',
    'the default format',
    log({ columns: V2 }),
    [['warn', /lacks vpc-id, .*pkt-dstaddr, region, flow-direction/]],
  ],
  ['flow-log.format', 'a Transit Gateway', log({ columns: ['tgw-id', 'srcaddr'] }), [['ok', /format/]]],
  [
    'flow-log.format',
    'a column that nothing works without',
    log({ columns: V2.slice(1) }),
    [['FAIL', /lacks account-id$/]],
  ],
  ['flow-log.traffic', 'rejected traffic only', log({ trafficType: 'REJECT' }), [['FAIL', /REJECT/]]],
  ['flow-log.traffic', 'a Transit Gateway, which has no type', log({ trafficType: '' }), [['ok', /both kinds/]]],
  ['flow-log.interval', 'ten minutes', log({ interval: 600 }), [['warn', /600 s/]]],
  [
    'flow-log.scopes',
    'equal addresses in one account',
    equalAddresses({}),
    [['warn', /vpc-1 .* and vpc-2 .* share the scope 123456789012/]],
  ],
  [
    'flow-log.scopes',
    'equal addresses in two domains',
    equalAddresses({ a: ['vpc-1'], b: ['vpc-2'] }),
    [['ok', /2 logged VPCs/]],
  ],
  [
    'flow-log.scopes',
    'equal addresses in one domain',
    equalAddresses({ a: ['vpc-1', 'vpc-2'] }),
    [['warn', /share the scope a$/]],
  ],
  [
    'flow-log.scopes',
    'seven VPCs with the same addresses',
    equalAddresses({}, 7),
    [...Array(5).fill(['warn', /overlap/]), ['warn', /^16 more pairs/]],
  ],
  ['flow-log.scopes', 'no flow log of a VPC', log({ resource: 'subnet-1' }), [['skip', /is known to be logged/]]],
  ['other-buckets.bus', 'no further buckets', { logBus: undefined, otherBuckets: [] }, [['skip', /names none/]]],
  ['other-buckets.bus', 'a bus that is gone', { logBus: { missing: 'no bus' } }, [['FAIL', /does not exist/]]],
  [
    'other-buckets.region',
    'another Region than the settings say',
    { otherBuckets: [OTHER, { ...OTHER, bucket: 'tokyo-logs', bucketRegion: { value: 'ap-northeast-1' } }] },
    [
      ['ok', /^ireland-logs: the bucket is in eu-west-1$/],
      ['FAIL', /^tokyo-logs: the bucket is in ap-northeast-1, and in eu-west-1 by the settings$/],
    ],
  ],
  [
    'other-buckets.recent',
    'old, empty and hidden buckets',
    {
      otherBuckets: [
        { ...OTHER, newest: { value: { key: 'k', at: NOW - 7200 } } },
        { ...OTHER, newest: { value: undefined } },
        { ...OTHER, newest: { denied: 's3:ListBucket' } },
      ],
    },
    [
      ['FAIL', /^ireland-logs: newest object is 2 h old$/],
      ['FAIL', /^ireland-logs: the bucket has no object$/],
      ['skip', /s3:ListBucket/],
    ],
  ],
  [
    'other-buckets.read',
    'an object that the key keeps secret',
    { otherBuckets: [{ ...OTHER, read: { missing: 'kms:Decrypt is denied' } }] },
    [['FAIL', /^ireland-logs: the newest object cannot be read: kms:Decrypt is denied$/]],
  ],
  ['bucket.region', 'another Region', { bucketRegion: { value: 'us-east-1' } }, [['FAIL', /us-east-1/]]],
  [
    'bucket.region',
    'a bucket that is gone',
    { bucketRegion: { missing: 'NoSuchBucket' } },
    [['FAIL', /does not exist/]],
  ],
  [
    'bucket.events',
    'nothing at all',
    { notifications: { value: { eventBridge: false, queues: [] } } },
    [['FAIL', /neither/]],
  ],
  [
    'bucket.events',
    'EventBridge and its rule',
    {
      notifications: { value: { eventBridge: true, queues: [] } },
      queues: new Map([['IngestQueue', { value: { arn: 'q', waiting: 0, policy: EVENTBRIDGE } }]]),
    },
    [['ok', /EventBridge/]],
  ],
  [
    'bucket.events',
    'EventBridge and the rule of an owner in another account',
    { ...owned(), notifications: { value: { eventBridge: true, queues: [] } } },
    [['ok', /a rule of account 555566667777 may feed/]],
  ],
  [
    'bucket.events',
    'EventBridge of an owner in another account, whose rule the queue refuses',
    { ...owned('999988887777'), notifications: { value: { eventBridge: true, queues: [] } } },
    [['FAIL', /no rule may feed the queue/]],
  ],
  [
    'bucket.events',
    'an owner in another account that keeps its notifications to itself',
    { ...owned(), notifications: { denied: 's3:GetBucketNotification' } },
    [['skip', /only account 555566667777 may\. There run: aws s3api get-bucket-notification-configuration/]],
  ],
  [
    'bucket.prefix',
    'an owner in another account that keeps its notifications to itself',
    { ...owned(), notifications: { denied: 's3:GetBucketNotification' } },
    [['skip', /prefix of the notification: not looked at, because only account 555566667777 may/]],
  ],
  ['queue.policy', 'the rule of an owner in another account', owned(), [['ok', /admits new objects/]]],
  ['queue.policy', 'the rule of somebody else', owned('999988887777'), [['FAIL', /admits neither/]]],
  [
    'bucket.prefix',
    'another prefix',
    { newest: { value: { key: 'other/x.log.gz', at: NOW } } },
    [['FAIL', /network\/\.\.\. does not cover other\/x\.log\.gz/]],
  ],
  ['bucket.recent', 'an empty bucket', { newest: { value: undefined } }, [['FAIL', /no object/]]],
  ['bucket.recent', 'half an hour', { newest: { value: { key: 'k', at: NOW - 1800 } } }, [['warn', /30 min/]]],
  ['bucket.recent', 'two days', { newest: { value: { key: 'k', at: NOW - 172_800 } } }, [['FAIL', /2 days/]]],
  [
    'bucket.recent',
    'two days in some of many folders',
    { newest: { value: { key: 'k', at: NOW - 172_800, isSample: true } } },
    [['warn', /folders that were looked at is 2 days old/]],
  ],
  [
    'bucket.prefix',
    'another prefix in some of many folders',
    { newest: { value: { key: 'other/x.log.gz', at: NOW, isSample: true } } },
    [['warn', /does not cover other/]],
  ],
  ['bucket.read', 'an empty bucket', { newest: { value: undefined } }, [['skip', /no object/]]],
  ['bucket.read', 'a key that denies', { read: { missing: 'kms:Decrypt denied' } }, [['FAIL', /kms:Decrypt denied/]]],
  ['bucket.shared', 'another stack', { sharing: { value: ['old'] } }, [['warn', /also that of old/]]],
  [
    'queue.policy',
    'a bucket whose name only begins like ours',
    {
      queues: new Map([
        ['IngestQueue', { value: { ...queueOf().value, policy: queueOf().value.policy.replace('logs', 'logs-old') } }],
      ]),
    },
    [['FAIL', /admits neither/]],
  ],
  [
    'queue.policy',
    'no policy',
    { queues: new Map([['IngestQueue', { value: { arn: '', waiting: 0, policy: '' } }]]) },
    [['FAIL', /admits neither/]],
  ],
  [
    'queue.policy',
    'a queue that is gone',
    { queues: new Map([['IngestQueue', { missing: 'gone' }]]) },
    [['FAIL', /does not exist/]],
  ],
  ['queue.age', 'old files', { ages: { value: new Map([['IngestQueue', 1000]]) } }, [['FAIL', /17 min/]]],
  ['queue.age', 'files of a minute ago', { ages: { value: new Map([['IngestQueue', 60]]) } }, [['ok', /60 s/]]],
  ['queue.dead-letters', 'files', queues('IngestDeadLetters', 3), [['FAIL', /3 dead letters/]]],
  ['queue.dead-letters', 'findings', queues('AlertDeadLetters', 1), [['FAIL', /1 dead letter in Alert/]]],
  ['queue.dead-letters', 'runs of settle', queues('SettleDeadLetters', 1), [['warn', /Settle/]]],
  ['queue.dead-letters', 'signals', queues('SignalsDeadLetters', 1), [['FAIL', /Signals/]]],
  [
    'function.mapping',
    'one that is disabled',
    {
      functions: [
        { name: 'f', reserved: { value: undefined }, mappings: { value: [{ id: 'm', state: 'Disabled', queue: '' }] } },
      ],
    },
    [['FAIL', /Disabled/]],
  ],
  [
    'function.mapping',
    'one that is being changed',
    {
      functions: [
        { name: 'f', reserved: { value: undefined }, mappings: { value: [{ id: 'm', state: 'Updating', queue: '' }] } },
      ],
    },
    [['ok', /feeds f/]],
  ],
  [
    'function.mapping',
    'none',
    { functions: [{ name: 'f', reserved: { value: 1 }, mappings: { value: [] } }] },
    [['FAIL', /no queue feeds/]],
  ],
  [
    'function.mapping',
    'two of three deleted',
    {
      ...stack({
        outputs: new Map(['EventBus', 'Chat', 'SecurityHub'].map((id) => [`${id}Queue`, `https://sqs/1/scans-${id}`])),
      }),
      functions: [
        {
          name: 'forward',
          reserved: { value: undefined },
          fedBy: ['EventBusQueue', 'ChatQueue', 'SecurityHubQueue'],
          mappings: { value: [{ id: 'm', state: 'Enabled', queue: 'arn:aws:sqs:eu-central-1:1:scans-Chat' }] },
        },
      ],
    },
    [
      ['FAIL', /EventBusQueue does not feed forward/],
      ['FAIL', /SecurityHubQueue does not feed forward/],
    ],
  ],
  [
    'function.concurrency',
    'zero',
    { functions: [{ name: 'f', reserved: { value: 0 } }] },
    [['FAIL', /concurrency of 0/]],
  ],
  [
    'function.concurrency',
    'a function that is gone',
    { functions: [{ name: 'f', reserved: { missing: 'x' } }] },
    [['FAIL', /not exist/]],
  ],
  ['settle.runs', 'no run', { settleRuns: { value: 0 } }, [['FAIL', /has not run/]]],
  [
    'settle.runs',
    'a young deployment',
    { settleRuns: { value: 0 }, ...stack({ created: NOW - 300 }) },
    [['skip', /younger/]],
  ],
  ['settle.schedule', 'one that is paused', { schedule: { value: 'DISABLED' } }, [['FAIL', /is DISABLED/]]],
  ['settle.schedule', 'one that was deleted', { schedule: { missing: 'gone' } }, [['FAIL', /does not exist/]]],
  ['destination.event-bus', 'a bus that was deleted', { bus: { missing: 'gone' } }, [['FAIL', /does not exist/]]],
  ['destination.event-bus', 'no such destination', { bus: undefined }, [['skip', /not a destination/]]],
  [
    'destination.hub',
    'a hub that is not enabled',
    { hub: { value: false } },
    [['FAIL', /not enabled in eu-central-1/]],
  ],
  ['destination.hub', 'no such destination', { hub: undefined }, [['skip', /not a destination/]]],
  [
    'signals.filters',
    'groups of which one may not be looked at, and one is gone',
    {
      filters: {
        value: new Map<string, Answer<readonly FilterFacts[]>>([
          ['/hosts', { denied: 'logs:DescribeSubscriptionFilters' }],
          ['/old', { missing: 'The specified log group does not exist.' }],
        ]),
      },
    },
    [
      ['skip', /may not call logs:DescribeSubscriptionFilters/],
      ['FAIL', /log group \/old: it does not exist/],
    ],
  ],
  ['signals.filters', 'only events of ECS', { filters: { value: new Map() } }, [['ok', /only events do/]]],
  ['signals.filters', 'no log', { filters: undefined }, [['skip', /name none/]]],
  ['log.time', 'no file yet', { logTimes: { value: [] } }, [['skip', /no file/]]],
  [
    'log.time',
    'one of two logs',
    {
      logTimes: {
        value: [
          { log: 'a', at: NOW - 60 },
          { log: 'b', at: NOW - 7200 },
        ],
      },
    },
    [['warn', /log b/]],
  ],
  [
    'log.time',
    'a log that ended long ago',
    {
      logTimes: {
        value: [
          { log: 'a', at: NOW - 60 },
          { log: 'b', at: 1 },
        ],
      },
    },
    [['ok', /1 log/]],
  ],
  ['log.time', 'all logs ended', { logTimes: { value: [{ log: 'b', at: NOW - 864_000 }] } }, [['FAIL', /10 days/]]],
  [
    'alert.subscriptions',
    'one of two confirmed',
    {
      subscriptions: new Map([
        [
          'AlertTopic',
          {
            value: [
              { protocol: 'sqs', endpoint: 'q', isConfirmed: true },
              { protocol: 'email', endpoint: 'b@example.com', isConfirmed: false },
            ],
          },
        ],
      ]),
    },
    [['FAIL', /b@example\.com/]],
  ],
  ['alert.subscriptions', 'nobody', { subscriptions: new Map([['AlertTopic', { value: [] }]]) }, [['FAIL', /nobody/]]],
  [
    'operations.subscriptions',
    'nobody',
    { subscriptions: new Map([['OperationsTopic', { value: [] }]]) },
    [['warn', /nobody/]],
  ],
  [
    'alarm.state',
    'an alarm',
    { alarms: { value: [{ name: 'scans-NoRecords', since: NOW - 600 }] } },
    [['FAIL', /NoRecords .* 10 min/]],
  ],
];

describe.each([...Map.groupBy(CASES, ([id]) => id)])('%s', (_, cases) => {
  test.each(cases)('%s: %s', (id, _what, change, expected) => {
    expect(judge(id, change)).toMatchObject(
      expected.map(([status, text]) => ({ status, text: expect.stringMatching(text) })),
    );
  });
});

test('each check has a case', () => {
  expect(new Set(CASES.map(([id]) => id))).toEqual(new Set(CHECKS.map(({ id }) => id)));
});

test('what was denied or could not be asked is skipped, and the permission is named', () => {
  const nothing = (answer: Answer<never>): Facts => ({
    ...factsOf(),
    ...{ flowLogs: answer, bucketRegion: answer, notifications: answer, newest: answer, read: answer, sharing: answer },
    ...{
      schedule: answer,
      bus: answer,
      hub: answer,
      filters: answer,
      ages: answer,
      settleRuns: answer,
      logTimes: answer,
      alarms: answer,
    },
    logBus: answer,
    inventory: answer,
    otherBuckets: [{ ...OTHER, bucketRegion: answer, newest: answer, read: answer }],
    queues: new Map([['IngestQueue', answer]]),
    functions: [{ name: 'f', reserved: answer, mappings: answer }],
    subscriptions: new Map([
      ['AlertTopic', answer],
      ['OperationsTopic', answer],
    ]),
  });
  for (const answer of [{ denied: 'a:B' }, { failed: 'TimeoutError: silence' }])
    for (const each of CHECKS.filter(({ id }) => !/^stack|dead-letters/.test(id)))
      expect(each.judge(nothing(answer)).map(({ status }) => status)).toEqual(['skip']);
});

describe('every verdict that is not ok', () => {
  const verdicts = CASES.flatMap(([id, , change]) => judge(id, change)).filter(({ status }) =>
    /warn|FAIL/.test(status),
  );

  test('says what follows from it, and names one command that exists', async () => {
    expect(verdicts.length).toBeGreaterThan(25);
    for (const { because, command = '' } of verdicts) {
      expect(because).toBeTruthy();
      const [program, ...words] = command.split(' ');
      if (program === 'aws') expect([command, cliFault(words)]).toEqual([command, undefined]);
      else if (words[0] === '--no-install') await parseOnly(words.slice(2));
      else expect(command).toBe('npx cdk deploy');
    }
  });

  test('leads to a section of docs/operations.md', () => {
    const text = prose(readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8'));
    const sections = new Set([...text.matchAll(/^#+ (.+)$/gm)].map((match) => slugOf(match[1]!)));
    expect(CHECKS.filter(({ anchor }) => !sections.has(anchor)).map(({ id }) => id)).toEqual([]);
  });
});

test('docs/operations.md lists each check with its permission', () => {
  const rows = rowsOf(sectionOf('Doctor')).map(([id, , permission]) => [id!.replaceAll('`', ''), permission]);
  expect(rows).toEqual(CHECKS.map(({ id, permission }) => [id, permission]));
});
