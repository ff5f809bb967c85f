/** Logs of orchestrators and hosts on the local cloud: from a log group to the evidence, through the deployed bundle. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { isoTime } from '../../lib/finding/model.ts';
import { createDocumentClient } from '../../lib/store/clients.ts';
import { findingKey } from '../../lib/store/finding-item.ts';
import { runHere } from '../cli/run-cli.ts';
import { file, scan as flows } from '../lib/pipeline/fixture/flow-logs.ts';
import { itemsOf } from '../lib/store/fixture/tables.ts';
import { FUNCTIONS, type RunningStack, startStack } from './fixture/stack.ts';
import { checkPermissions } from './permissions.cases.ts';

const LIMIT_MS = 100_000;
jest.setTimeout(3 * LIMIT_MS);

const EKS = '/aws/eks/shop/cluster';
const HOSTS = '/hosts/auditd';
const DATA = join(import.meta.dirname, '../data/signals');

let stack: RunningStack;
const at = Date.now() - 600_000;
const idle = () => stack.cloud.idle(LIMIT_MS);

beforeAll(async () => {
  stack = await startStack('signals', {}, 'as deployed', [EKS, HOSTS]);
  await idle();
});
afterAll(() => stack.stop());

/** The evidence of logs in the windows table. */
async function evidence(): Promise<string[]> {
  const items = await itemsOf(createDocumentClient(), stack.cloud.outputs.WindowsTable!);
  return items.map(({ pk, sk }) => `${pk} ${sk}`).filter((key) => key.startsWith('signals#'));
}
/** What the signals function said about payloads since the last call. */
let read = 0;
function payloads(): { kind: string; events: number; items: number }[] {
  const fresh = stack.events.slice(read);
  read = stack.events.length;
  return fresh.flatMap((event) =>
    event.type === 'function output' && event.line.includes('"payload read"') ? [JSON.parse(event.line)] : [],
  );
}
const audit = (verb: string, objectRef: object, more: object = {}) =>
  JSON.stringify({
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Request',
    auditID: '6f1ed4e2-0000-4000-8000-000000000001',
    stage: 'ResponseStarted',
    requestURI: '/api/v1/namespaces/shop/pods/web-1/exec?command=nmap&command=-sT&command=10.0.12.30&container=web',
    verb,
    user: { username: 'alice' },
    sourceIPs: ['10.0.3.4'],
    userAgent: 'kubectl/v1.35.2',
    objectRef: { resource: 'pods', namespace: 'shop', name: 'web-1', apiVersion: 'v1', ...objectRef },
    responseStatus: { code: 101 },
    requestReceivedTimestamp: new Date(at).toISOString(),
    stageTimestamp: new Date(at).toISOString(),
    ...more,
  });

test('CloudWatch Logs checks both subscriptions, and the function answers', () => {
  expect(payloads().map(({ kind }) => kind)).toEqual(['control message', 'control message']);
});

describe('an audit log', () => {
  test('is delivered as far as it can hold a signal, and becomes evidence', async () => {
    const lines = [
      audit('update', { resource: 'leases', namespace: 'kube-node-lease' }),
      audit('get', { subresource: 'exec' }),
      audit('get', { resource: 'configmaps' }),
      'I1120 12:00:00.000000 log of another component',
    ];
    expect(stack.cloud.putLogEvents(EKS, 'kube-apiserver-audit-0123', lines)).toBe(1);
    await idle();
    expect(payloads()).toMatchObject([{ kind: 'orchestrator', events: 1, items: 1 }]);
    expect(await evidence()).toHaveLength(1);
  });

  test('that is delivered twice is one evidence', async () => {
    const line = audit('get', { subresource: 'exec' });
    for (let n = 0; n < 2; n++) stack.cloud.putLogEvents(EKS, 'kube-apiserver-audit-0123', [line]);
    await idle();
    expect(await evidence()).toHaveLength(1);
  });

  test('without anything of interest starts no function', async () => {
    read = stack.events.length;
    expect(stack.cloud.putLogEvents(EKS, 'kube-apiserver-audit-0123', [audit('get', { resource: 'secrets' })])).toBe(0);
    await idle();
    expect(stack.events.slice(read).filter(({ type }) => type === 'function invoked')).toEqual([]);
  });
});

test('an exec with a known tool is a finding at once', async () => {
  const line = audit('get', { subresource: 'exec' });
  stack.cloud.putLogEvents(EKS, 'kube-apiserver-audit-0123', [line]);
  await idle();
  expect((await stack.findings()).map(({ finding }) => finding)).toMatchObject([
    { kind: 'exec-into-container', actor: { name: 'web-1', namespace: 'shop', user: 'alice' } },
  ]);
});

test("yesterday's exec whose log comes late is of the day on which it was found", async () => {
  const yesterday = isoTime(Math.floor(at / 1000) - 26 * 3600);
  const late = {
    auditID: '6f1ed4e2-0000-4000-8000-000000000003',
    requestReceivedTimestamp: yesterday.replace('Z', '.000000Z'),
    stageTimestamp: yesterday.replace('Z', '.000000Z'),
    user: { username: 'bob' },
  };
  stack.cloud.putLogEvents(EKS, 'kube-apiserver-audit-0123', [
    audit('get', { subresource: 'exec', name: 'jobs-1' }, late),
  ]);
  await idle();
  const ofBob = (await stack.findings()).filter(({ finding }) => finding.actor?.user === 'bob');
  expect(ofBob).toMatchObject([{ finding: { kind: 'exec-into-container', firstSeen: yesterday } }]);
  const { finding, foundAt } = ofBob[0]!;
  const ref = findingKey({ finding, anchorHour: Math.floor(Date.parse(yesterday) / 3_600_000) });
  const rows = await itemsOf(createDocumentClient(), stack.cloud.outputs.FindingsTable!);
  expect(rows).toContainEqual(
    expect.objectContaining({
      pk: expect.stringMatching(`^found#${isoTime(foundAt!).slice(0, 10)}#`),
      sk: expect.stringMatching(`^${isoTime(foundAt!)}#`),
      ref,
    }),
  );
});

test('an exec into a pod is a finding, and the scan that follows names who ordered it', async () => {
  const found = async () =>
    (await stack.findings()).map(({ finding }) => finding).filter(({ actor }) => actor?.user === 'alice');
  expect(await found()).toMatchObject([{ source: null, actor: { namespace: 'shop', user: 'alice' } }]);
  const address = audit(
    'patch',
    { subresource: 'status' },
    {
      auditID: '6f1ed4e2-0000-4000-8000-000000000002',
      user: { username: 'system:node:ip-10-0-7-1.ec2.internal' },
      responseStatus: { code: 200 },
      requestObject: { metadata: { uid: 'uid-1' }, status: { podIP: '10.0.7.9', hostIP: '10.0.7.1' } },
    },
  );
  stack.cloud.putLogEvents(EKS, 'kube-apiserver-audit-0123', [address]);
  const end = Math.floor(at / 1000) + 60;
  await stack.put(
    'AWSLogs/000000000000/vpcflowlogs/us-east-1/scan.log.gz',
    file(flows('rejected', { from: '10.0.7.9', count: 40, end })),
  );
  await idle();
  // The hours of a scan with signals are judged once every read shows both, a few minutes later.
  stack.putForward(400);
  await stack.settle();
  await idle();
  const watches = (await itemsOf(createDocumentClient(), stack.cloud.outputs.FindingsTable!)).filter(
    ({ pk }) => pk === 'watches',
  );
  expect(watches).toMatchObject([{ source: '10.0.7.9/32', owner: 'signals', sensitivity: 'high' }]);
  const [scan, ...others] = (await found()).sort((a, b) => Number(a.source === null) - Number(b.source === null));
  expect(scan).toMatchObject({
    source: { address: '10.0.7.9' },
    actor: { namespace: 'shop', user: 'alice' },
    contacts: { rejected: 40 },
  });
  expect(others).toMatchObject([{ source: null, status: 'closed', closedBecause: 'merged', mergedInto: scan!.id }]);
});

test('records of a host become evidence', async () => {
  const lines = readFileSync(join(DATA, 'auditd-raw/tool-execution/nmap-connect-1024.log'), 'utf8').trim().split('\n');
  read = stack.events.length;
  const before = (await evidence()).length;
  stack.cloud.putLogEvents(HOSTS, 'i-0123456789abcdef0', lines);
  await idle();
  expect(payloads()).toMatchObject([{ kind: 'host', items: 1 }]);
  expect(await evidence()).toHaveLength(before + 1);
});

test('doctor finds the filters of both log groups, those of others, and one that somebody removed', async () => {
  const doctor = async () => {
    const { stdout } = await runHere([
      'doctor',
      '--stack',
      'signals',
      '--region',
      'us-east-1',
      '--only',
      'signals',
      '--json',
    ]);
    return (JSON.parse(stdout) as { checks: { status: string; text: string }[] }).checks.map(({ status, text }) => [
      status,
      text,
    ]);
  };
  const { logFilters } = stack.cloud.described;
  const ours = logFilters.get(EKS)!;
  logFilters
    .get(HOSTS)!
    .push({ name: 'datadog', destination: 'arn:aws:lambda:us-east-1:000000000000:function:datadog' });
  expect(await doctor()).toEqual([
    ['ok', `${EKS} delivers to the signals function`],
    ['ok', `${HOSTS} delivers to the signals function, beside datadog`],
  ]);
  logFilters.set(EKS, []);
  expect(await doctor()).toContainEqual(['FAIL', `${EKS} does not deliver to the signals function`]);
  logFilters.set(EKS, ours);
});

test('a task that starts becomes evidence, and its other states start no function', async () => {
  const before = (await evidence()).length;
  read = stack.events.length;
  const taskArn = 'arn:aws:ecs:us-east-1:000000000000:task/prod/0123456789abcdef0123456789abcdef';
  for (const [version, lastStatus] of ['PENDING', 'RUNNING'].entries())
    await stack.cloud.putEvent({
      version: '0',
      id: `00000000-0000-4000-8000-00000000000${version}`,
      'detail-type': 'ECS Task State Change',
      source: 'aws.ecs',
      account: '000000000000',
      time: new Date(at).toISOString(),
      region: 'us-east-1',
      resources: [taskArn],
      detail: {
        taskArn,
        clusterArn: 'arn:aws:ecs:us-east-1:000000000000:cluster/prod',
        lastStatus,
        version,
        createdAt: new Date(at).toISOString(),
        containers: [{ name: 'web', image: 'web:1', networkInterfaces: [{ privateIpv4Address: '10.0.9.9' }] }],
      },
    });
  await idle();
  expect(payloads()).toMatchObject([{ kind: 'orchestrator', events: 1, items: 1 }]);
  expect(await evidence()).toHaveLength(before + 1);
});

describe('a rule of the user', () => {
  const ofRules = async () =>
    (await stack.findings())
      .map(({ finding }) => finding)
      .filter(({ reasons }) => reasons.some(({ text }) => text.includes('Sigma rule')));

  test('about hosts is a finding that credits its author', async () => {
    const head = `msg=audit(${Math.floor(at / 1000)}.123:9001):`;
    const record = (user: number) => [
      `type=SYSCALL ${head} arch=c000003e syscall=59 success=yes exit=0 ppid=1 pid=77 auid=${user} uid=${user} ses=3 comm="bash" exe="/bin/bash"`,
      `type=EXECVE ${head} argc=2 a0="bash" a1="/opt/inventory.sh"`,
    ];
    stack.cloud.putLogEvents(HOSTS, 'i-0fedcba9876543210', record(1001));
    await idle();
    expect(await ofRules()).toMatchObject([
      {
        kind: 'tool-execution',
        severity: 'medium',
        reasons: [
          {
            text: expect.stringContaining(
              'Sigma rule "Inventory script started" (7e3c1f0e-3f52-4c58-9b0a-6a1f5f2a9d11, by Kim Example) matched bash',
            ),
          },
        ],
      },
    ]);
  });

  test('about audit events is one too', async () => {
    const line = audit(
      'create',
      { name: 'agent' },
      {
        auditID: '6f1ed4e2-0000-4000-8000-000000000009',
        requestURI: '/api/v1/namespaces/shop/pods',
        user: { username: 'robin' },
        responseStatus: { code: 201 },
        requestObject: { kind: 'Pod', spec: { hostNetwork: true, containers: [{ name: 'a', image: 'agent:1' }] } },
      },
    );
    stack.cloud.putLogEvents(EKS, 'kube-apiserver-audit-0123', [line]);
    await idle();
    expect((await ofRules()).filter(({ severity }) => severity === 'low')).toMatchObject([
      {
        actor: { name: 'agent' },
        reasons: [{ text: expect.stringContaining('by Robin Example) matched a request of robin') }],
      },
    ]);
  });
});

test('a payload that cannot be read fails with what was expected, so that Lambda repeats and then keeps it', async () => {
  const [signals] = [...stack.cloud.resources.keys()].filter((id) => /SignalsFunction[0-9A-F]{8}$/.test(id));
  await expect(stack.cloud.invoke(signals!, { awslogs: { data: 'H4sIbroken' } })).rejects.toThrow(
    'awslogs.data must be base64 of a whole gzip stream',
  );
});

checkPermissions('logs of orchestrators and hosts', () => stack, [...FUNCTIONS, 'Signals']);
