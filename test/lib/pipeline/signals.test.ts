/** Flow logs, an audit log and a log of hosts in a deployment: whatever arrives first, one finding names who scanned. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { exec, lines, podAddress } from '../signals/audit-events.ts';
import { subscription } from '../signals/payloads.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';

let database: Database;
beforeAll(async () => {
  database = await startMemory();
});
afterAll(() => database.stop());

/** A real nmap of 1,024 ports from a pod behind its node's interface, at 2026-11-21T19:19:35Z. */
const FLOW_LOG = readFileSync(join(import.meta.dirname, '../../data/lab/pod-nmap-1024.log.gz'));
const FIRST_PROBE = 1795288775;
const MINUTE = 60;
const POD = '10.0.7.105';
const NODE = {
  node: 'ip-10-0-7-10.eu-central-1.compute.internal',
  instanceId: 'i-0ff2a0c6a833fe1a6',
  hostIp: '10.0.7.10',
};
const COMMAND = ['nmap', '-sT', '-p', '1-1024', '10.0.12.30'];
const at = (second: number) => new Date(second * 1000).toISOString().replace('.000Z', 'Z');

const PLACE = lines([podAddress('web-1', { at: at(FIRST_PROBE - 3600), address: POD, ...NODE })]);
const EXEC = lines(exec('web-1', COMMAND, { at: at(FIRST_PROBE - 40) }));
/** The node's record of the same process, in the host's process namespace. */
const AUDITD = `type=EXECVE msg=audit(${FIRST_PROBE - 39}.500:4711): argc=5 ${COMMAND.map((word, n) => `a${n}="${word}"`).join(' ')}`;

type Step = (deployment: Deployment, now: number) => Promise<unknown>;
const messages = (text: string) => text.split('\n').filter(Boolean);
const audit: Step = (deployment, now) => deployment.takeSignals(subscription(messages(EXEC)), now);
const place: Step = (deployment, now) => deployment.takeSignals(subscription(messages(PLACE)), now);
const host: Step = (deployment, now) =>
  deployment.takeSignals(subscription([AUDITD], { group: '/hosts/audit', stream: NODE.instanceId }), now);
const flows: Step = (deployment, now) => deployment.ingest('pod', FLOW_LOG, now);

/** Runs steps two minutes apart, then settle until everything is judged. */
async function replay(steps: readonly Step[], options = {}): Promise<Deployment> {
  const deployment = await newDeployment(database, { hasSignals: true, ...options });
  let now = FIRST_PROBE + 10 * MINUTE;
  for (const step of steps) {
    await step(deployment, now);
    await deployment.deliverAll(now);
    now += 2 * MINUTE;
  }
  for (let run = 0; run < 4; run++) {
    const { failures } = await deployment.settle(now);
    if (failures.length) throw new AggregateError(failures, failures[0]!.message);
    await deployment.deliverAll(now);
    now += 5 * MINUTE;
  }
  return deployment;
}

const isOpen = ({ closedBecause }: Finding) => closedBecause === undefined || closedBecause === 'ended';
const about = async (deployment: Deployment): Promise<Finding[]> =>
  (await deployment.stored())
    .map(({ finding }) => finding)
    .filter((finding) => isOpen(finding) && (finding.actor !== undefined || finding.source?.address === POD));

const ORDERS: Readonly<Record<string, readonly Step[]>> = {
  'signals first': [place, audit, host, flows],
  'flow logs first': [flows, place, audit, host],
  'the address last': [audit, host, flows, place],
  'the host first, and everything twice': [host, audit, flows, place, flows, audit, host, place],
};

test.each(Object.entries(ORDERS))('one finding names user, pod, command, targets and ports: %s', async (_, steps) => {
  const deployment = await replay(steps);
  expect(await about(deployment)).toMatchObject([
    {
      kind: 'vertical-scan',
      source: { address: POD },
      actor: { kind: 'pod', namespace: 'shop', name: 'web-1', user: 'alice', command: COMMAND.join(' ') },
      tool: { name: 'nmap' },
      targets: { sample: ['10.0.12.30'] },
      signals: { count: 2 },
    },
  ]);
});

describe('an alert about signals', () => {
  test('is not repeated as new when the scan arrives', async () => {
    const deployment = await replay([place, audit, flows]);
    const [scan] = await about(deployment);
    const told = deployment.told();
    const merged = (await deployment.stored()).find(({ finding }) => finding.closedBecause === 'merged')!.finding;
    expect(merged).toMatchObject({ kind: 'exec-into-container', mergedInto: scan!.id });
    expect(told.filter(({ event }) => event === 'opened')).toEqual([{ event: 'opened', id: merged.id }]);
    expect(told).toContainEqual({ event: 'closed', id: merged.id });
  });

  test('goes out at once if no flow log shows a scan', async () => {
    const deployment = await newDeployment(database, { hasSignals: true });
    const now = FIRST_PROBE + MINUTE;
    await audit(deployment, now);
    await deployment.deliverAll(now);
    expect(deployment.told()).toHaveLength(1);
    expect(await about(deployment)).toMatchObject([{ kind: 'exec-into-container', status: 'open', source: null }]);
  });
});

test('without a source of signals nothing is read or written about them', async () => {
  const deployment = await newDeployment(database);
  const sent: unknown[] = [];
  deployment.client.middlewareStack.add(
    (next) => (args) => {
      sent.push(args.input);
      return next(args);
    },
    { step: 'initialize' },
  );
  await flows(deployment, FIRST_PROBE + 10 * MINUTE);
  await deployment.settle(FIRST_PROBE + 20 * MINUTE);
  const keys = [...JSON.stringify(sent).matchAll(/":?pk":"([a-z]+(?:#signals)?)/g)].map((match) => match[1]);
  expect(keys).toContain('source');
  expect(keys.filter((key) => key!.includes('signals'))).toEqual([]);
});

test('a pod that told its address more than five days ago is not known until a day was carried', async () => {
  const of = async (days: number) => {
    const told = FIRST_PROBE - days * 24 * 3600;
    const early: Step = (deployment) =>
      deployment.takeSignals(
        subscription(messages(lines([podAddress('web-1', { at: at(told), address: POD, ...NODE })])), {
          at: told * 1000,
        }),
        told,
      );
    const steps = [early, audit, flows];
    return (await about(await replay(steps))).map(({ source, actor }) => [source?.address, actor?.name]);
  };
  expect(await of(4)).toEqual([[POD, 'web-1']]);
  // The first run of settle carries the day, before the flow logs are judged again.
  expect(await of(6)).toContainEqual([POD, undefined]);
});
