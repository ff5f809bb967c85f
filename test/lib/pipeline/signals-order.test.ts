/**
 * Flow log files and payloads of signals in any order, split, repeated and interleaved end in the findings of `detect`
 * over the same records.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Collector } from '../../../lib/evidence/builder.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { meetSignals } from '../../../lib/finding/meet-signals.ts';
import type { Finding } from '../../../lib/finding/model.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { Networks } from '../../../lib/net/networks.ts';
import { judgeAll } from '../../../lib/pipeline/judge-all.ts';
import { HostLogReader } from '../../../lib/signals/host/index.ts';
import { judgeLedger } from '../../../lib/signals/orchestrator/judge.ts';
import fc from '../../properties.ts';
import { ask, createPod, deletePod, exec, ledgerOf, podAddress } from '../signals/audit-events.ts';
import { subscription } from '../signals/payloads.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment, SECRET } from './fixture/deployment.ts';
import { file, scan } from './fixture/flow-logs.ts';

let memory: Database;
beforeAll(async () => {
  memory = await startMemory();
});
afterAll(() => memory.stop());

/** More of them for a longer search: ORDER_RUNS=200. */
const RUNS = Number(process.env.ORDER_RUNS ?? 3);
const HOUR = 3600;
/** 09:50, so that what follows crosses an hour. */
const START = Date.UTC(2026, 10, 21, 9, 50) / 1000;
const END = START + 3 * HOUR;
const time = (second: number) => new Date(second * 1000).toISOString().replace('.000Z', 'Z');
const NODE = { node: 'ip-10-0-7-10.ec2.internal', instanceId: 'i-0ff2a0c6a833fe1a6', hostIp: '10.0.7.10' };
const SERVER = 'i-0aaaaaaaaaaaaaaaa';

/** One record of one log. Host records of one second are in order of their serial number. */
type Entry =
  | { readonly log: 'flows'; readonly lines: readonly string[] }
  | { readonly log: 'audit' | 'host'; readonly text: string };

const started = (second: number, serial: number, ...argv: readonly string[]): Entry => ({
  log: 'host',
  text: `node=${SERVER} type=EXECVE msg=audit(${second}.000:${serial}): argc=${argv.length} ${argv.map((word, n) => `a${n}="${word}"`).join(' ')}`,
});

/** Pods that scan or do not, a host that scans, a host whose many small programs add up, churn, and a look around. */
const story = fc
  .record({
    offset: fc.integer({ min: 0, max: 900 }),
    before: fc.integer({ min: -60, max: 700 }),
    later: fc.integer({ min: 600, max: 2 * HOUR }),
    ports: fc.integer({ min: 12, max: 40 }),
    isAddressKnown: fc.boolean(),
  })
  .map(({ offset, before, later, ports, isAddressKnown }): Entry[] => {
    const at = START + offset;
    const nmap = ['nmap', '-sT', '-p', '1-1024', '10.0.12.30'];
    const audit = [
      ...(isAddressKnown ? [podAddress('web-1', { at: time(at - HOUR), address: '10.0.7.1', ...NODE })] : []),
      ...exec('web-1', nmap, { at: time(at - before) }),
      ...exec('web-1', ['ls', '/'], { at: time(at + 30) }),
      ...exec('web-2', ['bash'], { at: time(at + later), tty: true, user: 'bob', ended: time(at + later + 60) }),
      ...exec('web-2', ['masscan', '10.0.0.0/8'], { at: time(at + 2 * later), user: 'bob' }),
      ...Array.from({ length: 6 }, (_, n) => [
        createPod(`job-${n}`, { image: 'instrumentisto/nmap', args: ['10.0.12.30'] }, { at: time(at + n * 20) }),
        deletePod(`job-${n}`, { at: time(at + n * 20 + 15) }),
      ]).flat(),
      ...['pods', 'secrets', 'nodes', 'services', 'endpoints', 'namespaces', 'configmaps'].map((resource, n) =>
        ask('list', resource, { at: time(at + n), code: 403, user: 'system:serviceaccount:shop:web' }),
      ),
    ];
    return [
      ...scan('reset', { from: '10.0.7.1', count: ports, end: at }).map((line) => ({
        log: 'flows' as const,
        lines: [line],
      })),
      ...scan('rejected', { from: '10.0.7.2', count: 20, end: at + later }).map((line) => ({
        log: 'flows' as const,
        lines: [line],
      })),
      ...audit.map((event) => ({ log: 'audit' as const, text: JSON.stringify(event) })),
      started(at + 5, 1, 'sudo', 'nmap', '-sS', '10.0.12.0/24'),
      started(at + 6, 2, 'nmap', '-sS', '10.0.12.0/24'),
      ...Array.from({ length: 12 }, (_, n) => started(at + 60 + n, 10 + n, 'nc', '-z', '10.0.12.30', String(20 + n))),
    ];
  });

interface Plan {
  readonly entries: readonly Entry[];
  /** The piece in which each entry arrives. */
  readonly places: readonly number[];
  /** Rounds of pieces delivered at the same time. A piece may come twice. */
  readonly rounds: readonly (readonly number[])[];
  readonly settles: readonly boolean[];
}

const plan: fc.Arbitrary<Plan> = story.chain((entries) =>
  fc.integer({ min: 2, max: 6 }).chain((count) =>
    fc.record({
      entries: fc.constant(entries),
      places: fc.array(fc.nat({ max: count - 1 }), { minLength: entries.length, maxLength: entries.length }),
      rounds: fc
        .shuffledSubarray(
          Array.from({ length: count * 2 }, (_, n) => n % count),
          { minLength: count * 2 },
        )
        .chain((order) =>
          fc
            .integer({ min: 1, max: 3 })
            .map((size) =>
              Array.from({ length: Math.ceil(order.length / size) }, (_, n) => order.slice(n * size, (n + 1) * size)),
            ),
        ),
      settles: fc.array(fc.boolean(), { minLength: count * 2, maxLength: count * 2 }),
    }),
  ),
);

const linesOf = (entries: readonly Entry[]) => entries.flatMap((one) => (one.log === 'flows' ? one.lines : []));
const textsOf = (entries: readonly Entry[], log: 'audit' | 'host') =>
  entries.flatMap((one) => (one.log === log ? [one.text] : []));

/** What `detect` says about everything at once. */
async function detected(entries: readonly Entry[], { settings }: Deployment, logTime: number): Promise<Finding[]> {
  const collector = new Collector({ key: hashKey(SECRET) });
  await readFlowLog(bufferSource('all', file(linesOf(entries))), collector);
  const overdueBefore = logTime - settings.settleSeconds;
  const scans = await judgeAll(collector, {
    settings,
    secret: SECRET,
    networks: new Networks(),
    logTime,
    overdueBefore,
  });
  const ledger = ledgerOf(`${textsOf(entries, 'audit').join('\n')}\n`);
  const reader = new HostLogReader(SERVER);
  const host = [...textsOf(entries, 'host').flatMap((line) => [...reader.read(line)]), ...reader.finish()];
  const signals = [...judgeLedger(ledger), ...host.map((signal) => ledger.directory.resolve(signal))];
  return meetSignals(
    [...scans],
    { signals, directory: ledger.directory },
    { secret: SECRET, logTime, hasFlowLogs: true },
  );
}

const plain = (findings: readonly Finding[]): unknown =>
  JSON.parse(JSON.stringify(findings.toSorted((a, b) => (a.id < b.id ? -1 : 1))));

async function deliver(deployment: Deployment, piece: number, entries: readonly Entry[], now: number): Promise<void> {
  const lines = linesOf(entries);
  if (lines.length) await deployment.ingest(`part-${piece}`, file(lines), now);
  const audit = textsOf(entries, 'audit');
  if (audit.length) await deployment.takeSignals(subscription(audit), now);
  const host = textsOf(entries, 'host');
  if (host.length) await deployment.takeSignals(subscription(host, { group: '/hosts', stream: SERVER }), now);
}

test(
  'any order, any split, any repetition and any interleaving of files and payloads end in the findings of detect',
  async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ entries, places, rounds, settles }) => {
        const deployment = await newDeployment(memory, { hasSignals: true });
        const now = END + 60;
        const piece = (at: number) => entries.filter((_, n) => places[n] === at);
        for (const [round, pieces] of rounds.entries()) {
          await Promise.all(pieces.map((at) => deliver(deployment, at, piece(at), now)));
          if (settles[round]) expect((await deployment.settle(now)).failures).toEqual([]);
        }
        for (let hour = 1; hour <= 5; hour++) expect((await deployment.settle(now + hour * HOUR)).failures).toEqual([]);
        const stored = await deployment.stored();
        const standing = stored.flatMap(({ finding }) => (finding.closedBecause === 'ended' ? [finding] : []));
        expect(plain(standing)).toEqual(plain(await detected(entries, deployment, now + 5 * HOUR)));
        expect(stored.every(({ finding }) => finding.status === 'closed')).toBe(true);
        for (const { finding } of stored)
          if (finding.mergedInto) expect(standing.map(({ id }) => id)).toContain(finding.mergedInto);
      }),
      { numRuns: RUNS },
    );
  },
  RUNS * 60_000,
);
