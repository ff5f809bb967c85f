/** Sweeps of open ports of which each file shows a part, and what later visits make of them. */
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { answer, file, line, probe } from './fixture/flow-logs.ts';

type Side = 'egress' | 'ingress';
const MINUTE = 60;
const HOUR = 3600;
const START = Date.UTC(2026, 10, 21, 10, 10) / 1000;

let database: Database;
let deployment: Deployment;
beforeAll(async () => {
  database = await startMemory();
});
afterAll(() => database.stop());
beforeEach(async () => {
  deployment = await newDeployment(database);
});

/** A record of somebody else, so that the log goes on. */
const later = (end: number) => file([probe({ from: '10.0.1.1', port: 443, end })]);

test.each(['one file', 'a file for the source and one for the targets'])(
  'a sweep over IPv6 is found in %s, although only the targets say that they are ours',
  async (files) => {
    const from = '2600:1f14:abc:7::105';
    const halves = (end: number, to: string, [out, back]: readonly [Side, Side]) => [
      line({ from, to, fromPort: 50_000, toPort: 22, flags: 2, end, direction: out }),
      line({ from: to, to: from, fromPort: 22, toPort: 50_000, flags: 18, end, direction: back }),
    ];
    const targets = Array.from({ length: 20 }, (_, n) => `2600:1f14:abc:12::${(n + 1).toString(16)}`);
    const atSource = targets.flatMap((to, n) => halves(START + n, to, ['egress', 'ingress']));
    const atTargets = targets.flatMap((to, n) => halves(START + n, to, ['ingress', 'egress']));
    const parts = files === 'one file' ? [[...atSource, ...atTargets]] : [atSource, atTargets];
    for (const [n, part] of parts.entries()) await deployment.ingest(`part-${n}`, file(part), START + 5 * MINUTE);
    for (const minutes of [40, 140]) {
      const now = START + minutes * MINUTE;
      await deployment.ingest(`later-${minutes}`, later(now), now);
      await deployment.settle(now);
    }
    expect((await deployment.stored()).map(({ finding }) => finding.kind)).toEqual(['open-port-sweep']);
  },
);

test('a sweep is refuted when most of its hosts are visited again a day later, as a job does', async () => {
  const visits = (at: number, count: number) =>
    Array.from({ length: count }, (_, n) => ({ to: `10.0.12.${n}`, port: 22, end: at + n })).flatMap((contact) => [
      probe(contact),
      answer(contact),
    ]);
  for (const [at, count] of [
    [START, 12],
    [START + 20 * HOUR, 9],
  ] as const) {
    await deployment.ingest(`visits-${count}`, file(visits(at, count)), at + 5 * MINUTE);
    await deployment.ingest(`later-${count}`, later(at + 2 * HOUR), at + 2 * HOUR);
    await deployment.settle(at + 2 * HOUR + 6 * MINUTE);
  }
  await deployment.settle(START + 23 * HOUR);
  expect((await deployment.stored()).map(({ finding }) => finding.closedBecause)).toEqual(['refuted']);
});
