/** Inside sources that divide hosts between them, as a deployment sees them: file by file, judged by settle. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { answer, file, probe } from './fixture/flow-logs.ts';

let embedded: Database;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await newDeployment(embedded);
});

const MINUTE = 60;
const START = Date.UTC(2026, 10, 21, 10, 10) / 1000;
const SOURCES = 20;
const EACH = 6;

/** The sources take turns, so that each file has a part of each one's share. */
const contacts = Array.from({ length: SOURCES * EACH }, (_, n) => ({
  from: `10.0.7.${1 + (n % SOURCES)}`,
  to: `10.0.12.${1 + n}`,
  port: 22,
  end: START + n * 5,
}));
const later = (end: number) => file([probe({ from: '10.0.200.1', to: '10.0.200.2', port: 443, end })]);
const campaigns = async () =>
  (await deployment.stored()).map(({ finding }) => finding).filter(({ kind }) => kind === 'distributed-scan');

async function ingestAll(): Promise<void> {
  for (let n = 0; n < contacts.length; n += 30) {
    const part = contacts.slice(n, n + 30);
    await deployment.ingest(`part-${n}`, file(part.map((each) => probe(each, 'REJECT'))), part.at(-1)!.end + MINUTE);
  }
  await deployment.ingest('later', later(START + 40 * MINUTE), START + 41 * MINUTE);
}

test('are one lateral finding, told once', async () => {
  await ingestAll();
  expect(await campaigns()).toEqual([]);
  await deployment.settle(START + 42 * MINUTE);
  expect(await campaigns()).toMatchObject([
    {
      severity: 'high',
      direction: 'lateral',
      source: null,
      sources: { count: SOURCES },
      targets: { count: SOURCES * EACH },
    },
  ]);
  await deployment.settle(START + 60 * MINUTE);
  await deployment.deliverAll(START + 61 * MINUTE);
  expect(deployment.told().map(({ event }) => event)).toEqual(['opened']);
});

test('are no finding if their hosts turn out to answer', async () => {
  await ingestAll();
  await deployment.settle(START + 42 * MINUTE);
  const answers = contacts.map((contact) => answer({ ...contact, packets: 14 }));
  const again = contacts.map((contact) => probe(contact, 'REJECT'));
  await deployment.ingest('answers', file([...again, ...answers]), START + 50 * MINUTE);
  await deployment.settle(START + 80 * MINUTE);
  expect(await campaigns()).toMatchObject([{ status: 'closed', closedBecause: 'refuted' }]);
});

test('end when they are silent', async () => {
  await ingestAll();
  await deployment.settle(START + 42 * MINUTE);
  await deployment.ingest('much-later', later(START + 300 * MINUTE), START + 301 * MINUTE);
  await deployment.settle(START + 302 * MINUTE);
  expect(await campaigns()).toMatchObject([{ status: 'closed', closedBecause: 'ended' }]);
});

test('are judged beside the scanners around them, whose failures decide who is a member', async () => {
  const pairs = (from: string, net: string, first: number, count: number) =>
    Array.from({ length: count }, (_, n) => ({
      from,
      to: `10.0.${net}.${1 + ((first + n) % 12)}`,
      port: 1000 + Math.floor((first + n) / 12),
      // All in the same minute, so that one window has them all.
      end: START + 1 + (n % 50),
    }));
  const even = Array.from({ length: 11 }, (_, n) => pairs(`10.0.7.${1 + n}`, '12', n * EACH, EACH)).flat();
  // The twelfth member: 34 of 160 pairs are a share, while the 60 of the other are too many.
  const large = pairs('10.0.7.100', '12', even.length, 34);
  const alone = pairs('10.0.7.200', '13', 0, 60);
  const probes = [...even, ...large, ...alone].map((each) => probe(each, 'REJECT'));
  await deployment.ingest('all', file(probes), START + 10 * MINUTE);
  await deployment.ingest('later', later(START + 40 * MINUTE), START + 41 * MINUTE);
  await deployment.settle(START + 42 * MINUTE);
  // Without the other, 34 of 100 pairs are too many, too, so that the finding leaves them out.
  expect(await campaigns()).toMatchObject([{ sources: { count: 11 }, contacts: { failed: even.length } }]);
});
