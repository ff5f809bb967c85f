/** `sweepwatch doctor` on the local cloud: a healthy deployment, missing permissions, and what cannot be looked at. */
import { ListSubscriptionsByTopicCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { describe, expect, jest, test } from '@jest/globals';
import { expectValidOutput } from '../../output-schema.ts';
import { runHere } from '../run-cli.ts';
import { deploy, described, doctor, linesOf, output, sns, stack } from './deployment.ts';

jest.setTimeout(180_000);

deploy();

test('a healthy deployment has no failure and no warning', async () => {
  const { stdout, code } = await doctor();
  expect(stdout).toMatch(/^Deployment functions \(us-east-1, account 000000000000\)\n {2}ok {4}stack\.status: /);
  expect(stdout).toMatch(/\n\d\d ok, 0 warnings, 0 failed, 5 skipped\. Exit 0\.\n$/);
  expect(code).toBe(0);
});

test('a permission that doctor lacks is a skipped check and no failure', async () => {
  const actions = [
    'ec2:DescribeFlowLogs',
    's3:GetBucketNotification',
    's3:GetObject',
    's3:ListBucket',
    'sqs:GetQueueAttributes',
    'lambda:GetFunctionConcurrency',
    'lambda:ListEventSourceMappings',
    'cloudwatch:GetMetricData',
    'cloudwatch:DescribeAlarms',
    'sns:ListSubscriptionsByTopic',
  ];
  for (const action of actions) described.denied.set(action, 'no identity-based policy allows it');
  const { code, lines } = await linesOf();
  described.denied.clear();
  expect(lines.filter(({ status }) => status === 'FAIL' || status === 'warn')).toEqual([]);
  for (const action of actions.filter((each) => each !== 's3:GetObject'))
    expect(lines.some(({ status, text }) => status === 'skip' && text.includes(action))).toBe(true);
  expect(code).toBe(0);
});

test('nobody who subscribes to the alerts is a failure, to the alarms a warning', async () => {
  for (const topic of ['AlertTopic', 'OperationsTopic']) {
    const TopicArn = output(topic);
    const { Subscriptions = [] } = await sns.send(new ListSubscriptionsByTopicCommand({ TopicArn }));
    for (const { SubscriptionArn } of Subscriptions) await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
  }
  const { lines } = await linesOf('--only', 'alert', '--only', 'operations');
  expect(lines).toMatchObject([
    { id: 'alert.subscriptions', status: 'FAIL', text: 'nobody subscribes to the alerts' },
    { id: 'operations.subscriptions', status: 'warn', text: 'nobody subscribes to the alarms' },
  ]);
});

test('findings why compares with the settings of the deployed function, if it may read them', async () => {
  const why = (...args: string[]) =>
    runHere([
      'findings',
      'why',
      '10.0.0.1',
      '--stack',
      'functions',
      '--region',
      'us-east-1',
      '--format',
      'json',
      ...args,
    ]);
  const known = await why();
  expect(known).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(known.stdout)).toMatchObject([{ contacts: { begun: 1 }, scans: [] }]);
  expectValidOutput('findings-why', JSON.parse(known.stdout));
  described.denied.set('lambda:GetFunctionConfiguration', 'no');
  expect((await why()).stderr).toContain('allow lambda:GetFunctionConfiguration');
  expect((await why('--config', 'sweepwatch.config.json')).stderr).toContain(
    'Thresholds are those of sweepwatch.config.json.',
  );
});

describe('what cannot be looked at is wrong usage', () => {
  test('a stack that does not exist', async () => {
    const run = await runHere(['doctor', '--stack', 'nowhere', '--region', 'us-east-1']);
    expect(run).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('no stack nowhere in us-east-1'),
    });
  });

  test('a check that does not exist', async () => {
    expect(await doctor('--only', 'nothing')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--only nothing: no such check. The checks are stack.status, '),
    });
  });
});

test('a first deployment that failed is named, and nothing else is asked', async () => {
  stack.cloud.stacks.set('broken', { status: 'ROLLBACK_COMPLETE', outputs: {} });
  const run = await runHere(['doctor', '--stack', 'broken', '--region', 'us-east-1']);
  expect(run.code).toBe(1);
  expect(run.stdout).toMatch(/FAIL {2}stack\.status: stack is ROLLBACK_COMPLETE\n/);
  expect(run.stdout).toMatch(/\n0 ok, 0 warnings, 1 failed, 0 skipped\. Exit 1\.\n$/);
});
