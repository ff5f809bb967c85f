/** Signals whose meaning depends on evidence of hours before or after them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createPod, exec, lines, podAddress } from '../signals/audit-events.ts';
import { subscription } from '../signals/payloads.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { answer, file, probe } from './fixture/flow-logs.ts';

const MINUTE = 60;
const HOUR = 3600;
const START = Date.UTC(2026, 10, 21, 10, 10) / 1000;
const POD = '10.0.7.105';
const NODE = {
  instanceId: 'i-0ff2a0c6a833fe1a6',
  node: 'ip-10-0-7-10.eu-central-1.compute.internal',
  hostIp: '10.0.7.10',
};

let database: Database;
beforeAll(async () => {
  database = await startMemory();
});
afterAll(() => database.stop());

const at = (second: number) => new Date(second * 1000).toISOString().replace('.000Z', 'Z');
const told = (events: Parameters<typeof lines>[0], second: number) =>
  subscription(lines(events).trim().split('\n'), { at: second * 1000 });
/** Runs settle often enough for everything that is due. */
async function settled(deployment: Deployment, from: number): Promise<void> {
  for (let run = 0; run < 4; run++) await deployment.settle(from + run * 5 * MINUTE);
}
const summaries = async (deployment: Deployment) =>
  (await deployment.stored())
    .map(({ finding: { kind, closedBecause } }) => `${kind} ${closedBecause ?? 'open'}`)
    .sort();

test.each(['signal', 'scan'])(
  'a tool in a pod is a finding of its own when the scan ten hours after it is refuted, and the %s came first',
  async (first) => {
    const deployment = await newDeployment(database, { hasSignals: true });
    const made = START - 10 * HOUR;
    const signal = () =>
      deployment.takeSignals(
        told(
          [
            createPod('scan-1', { image: 'alpine', args: ['nmap', '-sS', '10.0.12.0/24'] }, { at: at(made) }),
            podAddress('scan-1', { at: at(made + 20), address: POD, ...NODE }),
          ],
          START + HOUR,
        ),
        START + HOUR,
      );
    const contacts = Array.from({ length: 20 }, (_, n) => ({
      to: '10.0.12.30',
      from: POD,
      port: n + 1,
      end: START + n,
    }));
    if (first === 'signal') await signal();
    await deployment.ingest('probes', file(contacts.map((contact) => probe(contact))), START + 5 * MINUTE);
    const goesOn = file([probe({ from: '10.0.1.1', port: 443, end: START + 40 * MINUTE })]);
    await deployment.ingest('later', goesOn, START + 40 * MINUTE);
    await settled(deployment, START + 40 * MINUTE);
    if (first === 'scan') await signal();
    await settled(deployment, START + 61 * MINUTE);
    const answers = file(contacts.map((contact) => answer({ ...contact, packets: 14 })));
    await deployment.ingest('answers', answers, START + 90 * MINUTE);
    await settled(deployment, START + 91 * MINUTE);
    expect(await summaries(deployment)).toEqual([
      expect.stringMatching(/^tool-execution (open|ended)$/),
      'vertical-scan refuted',
    ]);
  },
);

test('regular shells are a finding where one of hours before shows that they have no period', async () => {
  const deployment = await newDeployment(database, { hasSignals: true });
  const shell = (second: number) =>
    exec('web-1', ['sh'], { at: at(second), user: 'system:serviceaccount:shop:web', tty: true });
  const before = START - 20 * HOUR;
  await deployment.takeSignals(told(shell(before), before + MINUTE), before + MINUTE);
  await settled(deployment, before + 10 * MINUTE);
  await settled(deployment, before + 3 * HOUR);
  const now = START + 90 * MINUTE;
  const regular = [0, 40, 80].flatMap((minutes) => shell(START + minutes * MINUTE));
  await deployment.takeSignals(told(regular, now), now);
  await settled(deployment, now);
  const found = (await deployment.stored()).map(({ finding }) => finding.firstSeen.slice(0, 13)).sort();
  expect(found).toEqual([at(before).slice(0, 13), at(START).slice(0, 13)]);
});
