/** The same files in any order, split, repeated and interleaved end in the findings of one pass over all of them. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Collector } from '../../../lib/evidence/builder.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { type Finding, isoTime } from '../../../lib/finding/model.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { Networks } from '../../../lib/net/networks.ts';
import { type Watch, Watches } from '../../../lib/notify/watch.ts';
import { judgeAll } from '../../../lib/pipeline/judge-all.ts';
import { WatchesStore } from '../../../lib/store/watches-store.ts';
import fc from '../../properties.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment, SECRET } from './fixture/deployment.ts';
import { answer, file, probe, scan } from './fixture/flow-logs.ts';

let embedded: Database;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());

const HOUR = 3600;
/** More of them for a longer search: ORDER_RUNS=200. */
const RUNS = Number(process.env.ORDER_RUNS ?? 4);
/** 09:50, so that what follows crosses an hour. */
const START = Date.UTC(2026, 10, 21, 9, 50) / 1000;
const END = START + 3 * HOUR;

/** Five sources, each of whose stories needs more than one file to be told right. */
const storyOf = (least: number, most: number) =>
  fc
    .record({
      ports: fc.integer({ min: least, max: most }),
      answeredShare: fc.integer({ min: 0, max: 3 }),
      pause: fc.integer({ min: 0, max: 2 * HOUR }),
      offset: fc.integer({ min: 0, max: 900 }),
    })
    .map(({ ports, answeredShare, pause, offset }) => {
      const at = START + offset;
      const twice = { from: '10.0.7.1', count: ports };
      const answered = Array.from({ length: 24 }, (_, n) => ({ from: '10.0.7.4', port: 100 + n, end: at + n }));
      const client = Array.from({ length: 20 }, (_, n) => ({
        from: '10.0.7.5',
        to: `10.0.12.${n}`,
        port: 443,
        end: at + n,
      }));
      return [
        ...scan('reset', { ...twice, end: at }),
        ...scan('reset', { ...twice, first: 500, to: '10.0.12.77', end: at + pause }),
        ...scan('unanswered', { from: '10.0.7.2', count: ports, end: at }),
        ...Array.from({ length: ports }, (_, n) =>
          probe({ from: '198.51.100.7', to: `10.0.12.${n}`, port: 23, end: at + n * 60 }, 'REJECT'),
        ),
        ...answered.map((contact) => probe(contact)),
        ...answered.filter((_, n) => n % 4 < answeredShare).map((contact) => answer(contact)),
        // Sixteen strangers share out the ports of one host, four each: nobody is seen alone.
        ...Array.from({ length: 64 }, (_, n) =>
          probe({ from: `203.0.113.${n % 16}`, to: '10.0.12.88', port: 1 + n, end: at + n * 40 }, 'REJECT'),
        ),
        ...client.flatMap((contact) => [probe(contact), answer(contact)]),
      ];
    });

interface Plan {
  readonly files: readonly (readonly string[])[];
  /** Rounds of files delivered at the same time. A file may come twice. */
  readonly rounds: readonly (readonly number[])[];
  readonly settles: readonly boolean[];
}

const planOf = (story: fc.Arbitrary<string[]>): fc.Arbitrary<Plan> =>
  story.chain((lines) =>
    fc.integer({ min: 2, max: 8 }).chain((count) =>
      fc.record({
        files: fc
          .array(fc.integer({ min: 0, max: count - 1 }), { minLength: lines.length, maxLength: lines.length })
          .map((places) =>
            Array.from({ length: count }, (_, at) => lines.filter((__, n) => places[n] === at)).filter(
              (each) => each.length,
            ),
          ),
        rounds: fc
          .shuffledSubarray(
            Array.from({ length: count * 2 }, (_, n) => n % count),
            { minLength: count * 2 },
          )
          .chain((order) =>
            fc
              .array(fc.integer({ min: 1, max: 4 }), { minLength: order.length, maxLength: order.length })
              .map((sizes) => {
                const rounds: number[][] = [];
                for (let at = 0, n = 0; at < order.length; at += sizes[n++]!)
                  rounds.push(order.slice(at, at + sizes[n]!));
                return rounds;
              }),
          ),
        settles: fc.array(fc.boolean(), { minLength: count * 2, maxLength: count * 2 }),
      }),
    ),
  );

async function onePass(
  files: readonly (readonly string[])[],
  deployment: Deployment,
  logTime: number,
  watches?: Watches,
): Promise<Finding[]> {
  const collector = new Collector({ key: hashKey(SECRET) });
  for (const lines of files) await readFlowLog(bufferSource('all', file(lines)), collector);
  const { settings } = deployment;
  const context = {
    settings,
    secret: SECRET,
    networks: new Networks(),
    logTime,
    overdueBefore: logTime - settings.settleSeconds,
  };
  return [...(await judgeAll(collector, context, watches))];
}

const plain = (findings: readonly Finding[]): unknown =>
  JSON.parse(JSON.stringify(findings.toSorted((a, b) => (a.id < b.id ? -1 : 1))));

async function expectOnePass({ files, rounds, settles }: Plan, watches: readonly Watch[] = []): Promise<void> {
  const deployment = await newDeployment(embedded);
  const store = new WatchesStore(deployment.client, deployment.names.findings);
  for (const watch of watches) await store.put(watch);
  const now = END + 60;
  for (const [round, places] of rounds.entries()) {
    const present = places.filter((place) => files[place]);
    await Promise.all(present.map((place) => deployment.ingest(`part-${place}`, file(files[place]!), now)));
    if (settles[round]) expect((await deployment.settle(now)).failures).toEqual([]);
  }
  // Hour by hour, since sources that send a probe or two are judged by the hour. The last run closes the rest.
  for (let hour = 1; hour <= 5; hour++) expect((await deployment.settle(now + hour * HOUR)).failures).toEqual([]);
  const stored = await deployment.stored();
  const standing = stored.filter(({ finding }) => finding.closedBecause === 'ended').map(({ finding }) => finding);
  const known = watches.length ? new Watches(watches) : undefined;
  expect(plain(standing)).toEqual(plain(await onePass(files, deployment, now + 5 * HOUR, known)));
  expect(stored.every(({ finding }) => finding.status === 'closed')).toBe(true);
  for (const { finding } of stored)
    if (finding.mergedInto) expect(standing.map(({ id }) => id)).toContain(finding.mergedInto);
}

test(
  'any order, any split, any repetition and any interleaving end in the findings of one pass',
  async () => {
    await fc.assert(
      fc.asyncProperty(planOf(storyOf(12, 30)), (plan) => expectOnePass(plan)),
      { numRuns: RUNS },
    );
  },
  RUNS * 60_000,
);

/** A watch of some of the sources, or of a target, in some of the time. */
const watch: fc.Arbitrary<Watch> = fc
  .record({
    scope: fc.constantFrom({ source: '10.0.7.0/24' }, { source: '198.51.100.7/32' }, { target: '10.0.12.30/32' }),
    from: fc.integer({ min: -HOUR, max: HOUR }),
    length: fc.integer({ min: 60, max: 3 * HOUR }),
    id: fc.constantFrom('w1', 'w2', 'w3'),
  })
  .map(({ scope, from, length, id }) => ({
    ...{ id, ...scope, owner: 'a', reason: 'b', sensitivity: 'high' as const },
    ...{ from: isoTime(START + from), until: isoTime(START + from + length) },
  }));
const watches = fc.uniqueArray(watch, { minLength: 1, maxLength: 3, selector: ({ id }) => id });

test(
  'the same holds for small scans under watches, some of which end between probes',
  async () => {
    await fc.assert(
      fc.asyncProperty(planOf(storyOf(5, 12)), watches, (plan, some) => expectOnePass(plan, some)),
      { numRuns: RUNS },
    );
  },
  RUNS * 60_000,
);
