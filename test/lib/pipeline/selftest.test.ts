/** The file of a test among live logs: it is found as a test whatever the settings, and live logs are judged as without it. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { SCANS, selftestLog } from '../../../cli/selftest/log.ts';
import { isSelftestScope, selftestKey, selftestRunOf, selftestScope } from '../../../lib/flowlog/selftest-key.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { ingestObject } from '../../../lib/pipeline/ingest.ts';
import { type Database, itemsOf, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { file, scan } from './fixture/flow-logs.ts';

const NOW = Date.UTC(2026, 10, 21, 10, 0, 0) / 1000;
const RUN = '0a1b2c3d';
const KEY = selftestKey('', 'eu-central-1', RUN, NOW);
let database: Database;
let deployment: Deployment;
beforeAll(async () => {
  database = await startMemory();
});
afterAll(() => database.stop());
beforeEach(async () => {
  // With these settings, no real scan would be found or announced.
  const settings = { failuresIn5Minutes: 10_000, openTargetsIn5Minutes: 10_000, campaignSources: 10_000 };
  deployment = await newDeployment(database, { settings, minSeverity: 'critical', alertsIn5Minutes: 1 });
});

async function ingest(at = NOW, run = RUN): Promise<void> {
  const key = selftestKey('', 'eu-central-1', run, at);
  const source = bufferSource(`s3://logs/${key}`, selftestLog('eu-central-1', at, SCANS));
  await ingestObject({ bucket: 'logs', key }, source, deployment.services, at);
}
const kinds = async () => (await deployment.stored()).map(({ finding }) => finding.kind).sort();
const live = (end: number) => file(scan('rejected', { count: 20, end }));

test.each([
  [KEY, RUN],
  [selftestKey('network/', 'us-gov-west-1', RUN, NOW), RUN],
  [KEY.replaceAll('000000000000', '123456789012'), undefined],
  [KEY.replace('fl-5e1f7e57', 'fl-0a1b2c3d'), undefined],
])('the key %s is that of run %s', (key, run) => {
  expect(selftestRunOf(key)).toBe(run);
});

test('no account and no routing domain has the scope of a test', () => {
  expect([selftestScope(RUN), '123456789012', 'internet', 'selftest', 'selftest-vpc'].map(isSelftestScope)).toEqual([
    true,
    ...[false, false, false, false],
  ]);
});

test('each kind is found once and announced, whatever the settings and however often the file comes', async () => {
  for (let n = 0; n < 2; n++) {
    await ingest();
    await deployment.deliverAll(NOW + 1);
    await deployment.settle(NOW + 2);
    await deployment.deliverAll(NOW + 3);
  }
  expect(await kinds()).toEqual(SCANS.map(({ kind }) => kind).sort());
  expect(deployment.told().map(({ event }) => event)).toEqual(SCANS.map(() => 'opened'));
  for (const { subject, bodies, attributes } of deployment.published) {
    expect(subject).toMatch(/^\[(low|medium|high|critical)\] TEST lateral /);
    expect(bodies.email).toContain('This is a TEST by "sweepwatch selftest".');
    expect(attributes.test).toBe('true');
  }
});

test('nothing more is said about it in the day after, with live logs or without', async () => {
  await ingest();
  await deployment.settle(NOW + 2);
  await deployment.deliverAll(NOW + 3);
  const told = deployment.published.length;
  for (let hour = 1; hour < 24; hour += 2) {
    if (hour > 6) await deployment.ingest(`live${hour}`, live(NOW + hour * 3600), NOW + hour * 3600 + 60);
    await deployment.settle(NOW + hour * 3600 + 120);
    await deployment.deliverAll(NOW + hour * 3600 + 121);
  }
  expect(deployment.published).toHaveLength(told);
});

test('what live logs become is the same with a test among them', async () => {
  const outcome = async (withTest: boolean) => {
    deployment = await newDeployment(database);
    await deployment.ingest('one', live(NOW - 300), NOW);
    if (withTest) await ingest();
    await deployment.ingest('two', live(NOW - 200), NOW + 10);
    for (const at of [NOW + 20, NOW + 7200]) await deployment.settle(at);
    const { windows } = deployment.names;
    const items = (await itemsOf(deployment.client, windows)).filter(
      (item) => !JSON.stringify(item).includes('selftest-'),
    );
    return {
      findings: (await deployment.stored()).filter(({ finding }) => !finding.test).map(({ finding }) => finding),
      logTime: await deployment.windows.agenda.logTime(),
      items: items.length,
    };
  };
  expect(await outcome(true)).toEqual(await outcome(false));
});

test('two runs are two tests', async () => {
  await ingest();
  await ingest(NOW + 60, 'ffffffff');
  await deployment.settle(NOW + 62);
  expect(await kinds()).toHaveLength(2 * SCANS.length);
});
