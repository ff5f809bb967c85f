/** `sweepwatch doctor` on the local cloud names each fault of the stack, the flow logs and the bucket. */
import { expect, jest, test } from '@jest/globals';
import { LOG_CHECKS } from '../../../cli/doctor/checks-logs.ts';
import { deploy, described, FORMAT, formatOf, output, stack } from './deployment.ts';
import { type Fault, notify, queueArn, setLog, setStack, testEach, V2 } from './faults.ts';

jest.setTimeout(180_000);

deploy();

const FAULTS: readonly Fault[] = [
  {
    name: 'an update that could not be rolled back',
    id: 'stack.status',
    status: 'FAIL',
    says: /stack is UPDATE_ROLLBACK_FAILED/,
    break: setStack({ status: 'UPDATE_ROLLBACK_FAILED' }),
  },
  {
    name: 'a stack of another version',
    id: 'stack.version',
    status: 'warn',
    says: /stack has version 0\.0\.1, this command /,
    break: () => setStack({ outputs: { ...stack.cloud.outputs, Version: '0.0.1' } })(),
  },
  {
    name: 'flow logs that go to CloudWatch Logs only',
    id: 'flow-log.destination',
    status: 'FAIL',
    says: /deliver to CloudWatch Logs or Firehose only/,
    break: setLog({ destinationType: 'cloud-watch-logs', destination: '/aws/vpc/vpc-0123' }),
  },
  {
    name: 'flow logs that go to another bucket',
    id: 'flow-log.destination',
    status: 'warn',
    says: /no flow log of this account in this Region delivers to /,
    break: () => setLog({ destination: `arn:aws:s3:::${output('LogBucket')}-old` })(),
  },
  {
    name: 'an active flow log whose delivery fails',
    id: 'flow-log.delivery',
    status: 'FAIL',
    says: /fl-0a1b2c3d4e5f60718 of vpc-0123 is active, but its delivery fails: Access error/,
    break: setLog({ delivery: 'FAILED', error: 'Access error' }),
  },
  {
    name: 'the default format',
    id: 'flow-log.format',
    status: 'warn',
    says: /lacks vpc-id, subnet-id, instance-id, tcp-flags, pkt-srcaddr, pkt-dstaddr/,
    break: setLog({ format: formatOf(V2) }),
  },
  {
    name: 'a format without the action',
    id: 'flow-log.format',
    status: 'FAIL',
    says: /lacks action$/,
    break: setLog({ format: formatOf(FORMAT.replace(' action', '')) }),
  },
  {
    name: 'a flow log of rejected traffic',
    id: 'flow-log.traffic',
    status: 'FAIL',
    says: /logs only REJECT traffic/,
    break: setLog({ trafficType: 'REJECT' }),
  },
  {
    name: 'a flow log of accepted traffic',
    id: 'flow-log.traffic',
    status: 'FAIL',
    says: /logs only ACCEPT traffic/,
    break: setLog({ trafficType: 'ACCEPT' }),
  },
  {
    name: 'ten minutes of aggregation',
    id: 'flow-log.interval',
    status: 'warn',
    says: /aggregates 600 s/,
    break: setLog({ interval: 600 }),
  },
  {
    name: 'two logged VPCs with the same addresses',
    id: 'flow-log.scopes',
    status: 'warn',
    says: /vpc-0123 \(10\.0\.0\.0\/16\) and vpc-0456 \(10\.0\.128\.0\/20\) overlap and share the scope 000000000000$/,
    break: () => {
      described.vpcs
        .set('vpc-0123', { cidrs: ['10.0.0.0/16'] })
        .set('vpc-0456', { cidrs: ['10.9.0.0/16', '10.0.128.0/20'] });
      described.flowLogs.push({ ...described.flowLogs[0]!, id: 'fl-0456', resourceId: 'vpc-0456' });
    },
  },
  {
    name: 'a bucket in another Region',
    id: 'bucket.region',
    status: 'FAIL',
    says: /bucket is in eu-west-1, the stack in us-east-1/,
    break: () => described.bucketRegions.set(output('LogBucket'), 'eu-west-1'),
  },
  {
    name: 'notifications that are off',
    id: 'bucket.events',
    status: 'FAIL',
    says: /announces its objects neither to the ingest queue nor to EventBridge/,
    break: notify({}),
  },
  {
    name: 'EventBridge without a rule',
    id: 'bucket.events',
    status: 'FAIL',
    says: /no rule may feed the queue/,
    break: notify({ EventBridgeConfiguration: {} }),
  },
  {
    name: 'a notification for another prefix',
    id: 'bucket.prefix',
    status: 'FAIL',
    says: /keys logs\/\.\.\. does not cover AWSLogs\//,
    break: () =>
      notify({
        QueueConfigurations: [
          {
            QueueArn: queueArn(),
            Events: ['s3:ObjectCreated:*'],
            Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'logs/' }] } },
          },
        ],
      })(),
  },
  {
    name: 'no new object for twenty minutes',
    id: 'bucket.recent',
    status: 'warn',
    says: /newest object is 2\d min old/,
    break: () => undefined,
    later: 1260,
  },
  {
    name: 'no new object for three hours',
    id: 'bucket.recent',
    status: 'FAIL',
    says: /newest object is 3 h old/,
    break: () => undefined,
    later: 10_800,
  },
  {
    name: 'a key that denies',
    id: 'bucket.read',
    status: 'FAIL',
    says: /cannot be read: .* not authorized to perform: kms:Decrypt/,
    break: () =>
      described.denied.set(
        's3:GetObject',
        'User: arn:aws:iam::1:user/x is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because no resource-based policy allows the kms:Decrypt action',
      ),
  },
  {
    name: 'a bucket policy that denies',
    id: 'bucket.read',
    status: 'FAIL',
    says: /with an explicit deny in a resource-based policy/,
    break: () =>
      described.denied.set(
        's3:GetObject',
        'User: arn:aws:iam::1:user/x is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::b/k" with an explicit deny in a resource-based policy',
      ),
  },
  {
    name: 'two stacks on one bucket',
    id: 'bucket.shared',
    status: 'warn',
    says: /also that of sweepwatch-old/,
    break: () =>
      stack.cloud.stacks.set('sweepwatch-old', {
        status: 'CREATE_COMPLETE',
        outputs: { ScansLogBucket: output('LogBucket'), ScansFindingsTable: 'findings-old' },
      }),
  },
];

testEach(FAULTS);

test('each check has a fault', () => {
  expect(new Set(FAULTS.map(({ id }) => id))).toEqual(new Set(LOG_CHECKS.map(({ id }) => id)));
});
