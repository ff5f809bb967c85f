/** `doctor` and `selftest` where the bucket exists already, has a prefix, and announces its objects through EventBridge. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { SCANS } from '../../../cli/selftest/log.ts';
import { type RunningStack, startStack } from '../../functions/fixture/stack.ts';
import { runHere } from '../run-cli.ts';

jest.setTimeout(180_000);

const STACK = ['--stack', 'their-bucket', '--region', 'us-east-1'];
let stack: RunningStack;
beforeAll(async () => {
  stack = await startStack('their-bucket');
  await stack.cloud.idle(60_000);
});
afterAll(() => stack.stop());

test('doctor sees the rule that feeds the queue', async () => {
  const { stdout } = await runHere(['doctor', ...STACK, '--only', 'bucket.events', '--only', 'queue.policy']);
  expect(stdout).toContain(
    'ok    bucket.events: the bucket sends its events to EventBridge, whose rule feeds the queue\n',
  );
  expect(stdout).toContain('ok    queue.policy: the ingest queue admits new objects of the bucket\n');
});

test('selftest with the prefix finds and announces each kind', async () => {
  const run = runHere(['selftest', ...STACK, '--prefix', 'vpc/', '--wait', '2']);
  let isOver = false;
  const ended = run.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await stack.settle().catch(() => undefined);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 1000))]);
  }
  const { code, stdout } = await ended;
  expect(stdout).toContain('object   s3://our-flow-logs/vpc/AWSLogs/000000000000/vpcflowlogs/us-east-1/');
  expect(stdout).toContain(`All ${SCANS.length} kinds were found and announced.\n`);
  expect(code).toBe(0);
});
