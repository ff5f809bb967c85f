/** A bucket that exists already and announces its objects through EventBridge: keys come as they are. And the digest. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { file, scan } from '../lib/pipeline/fixture/flow-logs.ts';
import { type RunningStack, startStack } from './fixture/stack.ts';
import { checkPermissions } from './permissions.cases.ts';

let stack: RunningStack;
const now = Math.floor(Date.now() / 1000) - 300;

beforeAll(async () => {
  stack = await startStack('their-bucket');
  await stack.cloud.idle(40_000);
}, 300_000);
afterAll(() => stack.stop());

test('a new file under the prefix becomes an alert whatever its key, and a file elsewhere is ignored', async () => {
  await stack.put('vpc/a b+c%20=d (ü).log.gz', file(scan('rejected', { from: '10.0.7.1', count: 20, end: now })));
  await stack.put('other/a.log.gz', file(scan('rejected', { from: '10.0.7.2', count: 20, end: now })));
  await stack.cloud.idle(40_000);
  expect(stack.told()).toEqual([expect.stringContaining('10.0.7.1')]);
  expect((await stack.findings()).map(({ finding }) => finding.source?.address)).toEqual(['10.0.7.1']);
  expect(await stack.take('IngestDeadLetters')).toEqual([]);
});

test("yesterday's findings without an alert go out as one digest", async () => {
  const noonYesterday = (Math.floor(Date.now() / 86_400_000) - 0.5) * 86_400;
  await stack.put('vpc/quiet.log.gz', file(scan('rejected', { from: '198.51.100.7', count: 20, end: noonYesterday })));
  await stack.cloud.idle(40_000);
  expect(stack.told()).toEqual([]);
  // A digest is about findings that were found on its day.
  const [quiet] = (await stack.findings()).filter(({ finding }) => finding.source?.address === '198.51.100.7');
  await stack.foundAt(quiet!, noonYesterday);
  await stack.settle();
  await stack.settle();
  await stack.cloud.idle(40_000);
  expect(stack.told()).toEqual([expect.stringContaining('digest')]);
});

checkPermissions('an existing bucket', () => stack);
