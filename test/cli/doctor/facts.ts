/** Facts about a healthy deployment, for tests to change. */
import type { Facts, OtherBucketFacts } from '../../../lib/store/health/facts.ts';

export const NOW = 1_795_000_000;
const QUEUE = 'arn:aws:sqs:eu-central-1:123456789012:Ingest';
const COLUMNS =
  'account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status vpc-id subnet-id instance-id tcp-flags pkt-srcaddr pkt-dstaddr region flow-direction interface-type';

export const LOG = {
  id: 'fl-1',
  resource: 'vpc-1',
  destinationType: 's3',
  destination: 'arn:aws:s3:::logs/network',
  columns: COLUMNS.split(' '),
  trafficType: 'ALL',
  interval: 60,
  delivery: 'SUCCESS',
  error: '',
  isHive: true,
  isHourly: true,
};

/** A queue whose policy admits the bucket. */
export const queueOf = (waiting = 0) => ({
  value: {
    arn: QUEUE,
    waiting,
    policy: JSON.stringify({
      Statement: [
        {
          Effect: 'Allow',
          Principal: { Service: 's3.amazonaws.com' },
          Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:s3:::logs' } },
        },
      ],
    }),
  },
});

/** A healthy bucket of another account and Region. */
export const OTHER: OtherBucketFacts = {
  bucket: 'ireland-logs',
  owner: '555566667777',
  region: 'eu-west-1',
  bucketRegion: { value: 'eu-west-1' },
  newest: { value: { key: 'AWSLogs/x.log.gz', at: NOW - 200 } },
  read: { value: 1024 },
};

const person = { protocol: 'email', endpoint: 'a@example.com', isConfirmed: true };

/** A healthy deployment, but for what is given. */
export function factsOf(change: Partial<Facts> = {}): Facts {
  return {
    now: NOW,
    version: '1.2.3',
    again: '--stack scans --region eu-central-1',
    stack: {
      name: 'scans',
      region: 'eu-central-1',
      account: '123456789012',
      status: 'UPDATE_COMPLETE',
      created: NOW - 86_400,
      outputs: new Map([
        ['Version', '1.2.3'],
        ['LogBucket', 'logs'],
        ['IngestQueue', 'https://sqs.eu-central-1.amazonaws.com/123456789012/Ingest'],
        ['IngestDeadLetters', 'https://sqs.eu-central-1.amazonaws.com/123456789012/IngestDead'],
        ['SettleSchedule', 'scans-Settle'],
        ['AlertTopic', 'arn:aws:sns:eu-central-1:123456789012:alerts'],
        ['OperationsTopic', 'arn:aws:sns:eu-central-1:123456789012:operations'],
        ['IngestLogs', '/aws/lambda/ingest'],
        ['AlertLogs', '/aws/lambda/alert'],
        ['SettleLogs', '/aws/lambda/settle'],
        ['SignalsFunction', 'signals'],
      ]),
    },
    flowLogs: { value: [LOG] },
    vpcs: { value: [{ id: 'vpc-1', account: '123456789012', cidrs: ['10.0.0.0/16'] }] },
    routingDomains: { value: {} },
    inventory: { value: { at: NOW - 100, since: NOW - 500_000, interfaces: 12, vpcs: 1 } },
    bucketRegion: { value: 'eu-central-1' },
    notifications: { value: { eventBridge: false, queues: [{ arn: QUEUE, prefix: 'network/', suffix: '' }] } },
    newest: { value: { key: 'network/AWSLogs/x.log.gz', at: NOW - 200 } },
    read: { value: 1024 },
    logBus: { value: 'scans-flow-logs' },
    otherBuckets: [OTHER],
    sharing: { value: [] },
    queues: new Map([
      ['IngestQueue', queueOf()],
      ['IngestDeadLetters', queueOf()],
    ]),
    ages: { value: new Map([['IngestQueue', undefined]]) },
    functions: [
      {
        name: 'ingest',
        reserved: { value: undefined },
        fedBy: ['IngestQueue'],
        mappings: { value: [{ id: 'm-1', state: 'Enabled', queue: QUEUE }] },
      },
      { name: 'settle', reserved: { value: 5 } },
    ],
    settleRuns: { value: 3 },
    schedule: { value: 'ENABLED' },
    bus: { value: 'security' },
    hub: { value: true },
    filters: {
      value: new Map([
        [
          '/aws/eks/shop/cluster',
          { value: [{ name: 'ours', destination: 'arn:aws:lambda:eu-central-1:1:function:signals' }] },
        ],
      ]),
    },
    logTimes: { value: [{ log: '123456789012/eu-central-1/fl-1', at: NOW - 900 }] },
    subscriptions: new Map([
      ['AlertTopic', { value: [person] }],
      ['OperationsTopic', { value: [person] }],
    ]),
    alarms: { value: [] },
    ...change,
  };
}
