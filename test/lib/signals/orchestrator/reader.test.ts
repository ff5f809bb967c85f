/** Formats told apart by content, and what a file may hold beside events. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { Fact } from '../../../../lib/signals/orchestrator/facts.ts';
import { OrchestratorReader } from '../../../../lib/signals/orchestrator/reader.ts';
import { exec, lines, podAddress, signalsOf, telling } from '../audit-events.ts';

const AT = '2026-11-21T10:00:00Z';
const NMAP = ['nmap', '-sT', '-p', '1-1024', '10.0.12.30'];
const [EVENT] = exec('web-1', NMAP, { at: AT }) as [Record<string, unknown>];
const DATA = join(import.meta.dirname, '../../../data/signals');

function read(text: string | Uint8Array, pieces = 1, name = 'file') {
  const facts: Fact[] = [];
  const reader = new OrchestratorReader(name, (fact) => facts.push(fact));
  const bytes = Buffer.from(text);
  const size = Math.ceil(bytes.length / pieces);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return { ...reader.end(), facts };
}

/** A payload as CloudWatch Logs sends it to Lambda. */
const payload = (messages: readonly string[], more: object = {}) => ({
  awslogs: {
    data: gzipSync(
      JSON.stringify({
        messageType: 'DATA_MESSAGE',
        owner: '123456789012',
        logGroup: '/aws/eks/prod/cluster',
        logStream: 'kube-apiserver-audit-0f1e',
        subscriptionFilters: ['sweepwatch'],
        logEvents: messages.map((message, at) => ({ id: `${at}`, timestamp: Date.parse(AT), message })),
        ...more,
      }),
    ).toString('base64'),
  },
});

describe('one event, whatever surrounds it', () => {
  const text = JSON.stringify(EVENT);
  test.each<[string, string]>([
    ['a line', `${text}\n`],
    ['a line without an end', text],
    ['an array', `[${text},\n${text}]`],
    ['an object over many lines', JSON.stringify(EVENT, undefined, 1)],
    ['a list of events', JSON.stringify({ kind: 'EventList', apiVersion: 'audit.k8s.io/v1', items: [EVENT] })],
    ['a list over many lines', JSON.stringify({ items: [EVENT] }, undefined, 2)],
    ['lines of other streams around it', `I1121 10:00:00.1 1 controller.go:1] sync {"x"}\n${text}\n\n`],
    ['an export of CloudWatch', `2026-11-21T10:00:01.000Z ${text}\n`],
    [
      'what the command line of AWS prints',
      JSON.stringify(
        { events: [{ timestamp: 1, message: text, logStreamName: 'kube-apiserver-audit-1' }] },
        undefined,
        1,
      ),
    ],
    ['a payload for Lambda', JSON.stringify(payload([text, 'I1121 klog']))],
    ['records of Firehose', JSON.stringify({ records: [{ recordId: '1', data: payload([text]).awslogs.data }] })],
    ['a byte order mark before it', `\ufeff${text}`],
  ])('in %s', (_, file) => {
    for (const pieces of [1, 2, 7, file.length]) {
      const { facts } = read(file, pieces);
      expect(facts.length).toBeGreaterThan(0);
      for (const fact of facts)
        expect(fact).toMatchObject({ type: 'exec', argv: NMAP, at: Date.parse('2026-11-21T10:00:00.250Z') });
    }
  });
});

describe('what is no event', () => {
  test('is counted with its line, and loses nothing else', () => {
    const { events, unread, facts } = read(`not JSON\n${JSON.stringify(EVENT)}\n{"some":"thing"}\n\u0000\xff\n`);
    expect(events).toBe(1);
    expect(facts).toHaveLength(1);
    expect(unread).toEqual([{ reason: 'not an event', count: 3, firstLine: 1 }]);
  });

  test('control messages and damaged payloads have reasons of their own', () => {
    const control = payload([], { messageType: 'CONTROL_MESSAGE', logGroup: '', logStream: '' });
    expect(read(JSON.stringify(control)).unread).toMatchObject([{ reason: 'control message' }]);
    expect(read('{"awslogs":{"data":"H4sIAAAA"}}').unread).toMatchObject([{ reason: 'bad payload' }]);
  });

  test('an event that was cut off tells what its head says, at the time of the log', () => {
    const { requestReceivedTimestamp: _received, stageTimestamp: _stage, annotations: _annotations, ...head } = EVENT;
    const big = JSON.stringify({ ...head, requestObject: { x: 'y'.repeat(300_000) } }).slice(0, 262_144);
    const { unread, facts } = read(JSON.stringify(payload([big])));
    expect(unread).toMatchObject([{ reason: 'cut off', count: 1 }]);
    expect(facts).toMatchObject([
      {
        type: 'exec',
        argv: NMAP,
        at: Date.parse(AT),
        caller: { user: 'alice' },
        where: { namespace: 'shop', pod: 'web-1' },
      },
    ]);
  });

  test('a line of more than 16 MB is dropped and counted', () => {
    const { events, unread } = read(`{"x":"${'y'.repeat(17 * 1024 * 1024)}"}\n${JSON.stringify(EVENT)}\n`, 50);
    expect([events, unread]).toMatchObject([1, [{ reason: 'too long', count: 1 }]]);
  });

  test.each<[string, unknown]>([
    ['nothing but a kind', { kind: 'Event', objectRef: null, auditID: 'x' }],
    ['a user that is no object', { ...EVENT, user: 'alice' }],
    ['no user', { ...EVENT, user: undefined }],
    ['an objectRef of numbers', { ...EVENT, objectRef: { resource: 7, name: 8 } }],
    ['a level that nobody knows', { ...EVENT, level: 'Everything' }],
    ['a time that is no time', { ...EVENT, requestReceivedTimestamp: 'soon', stageTimestamp: 12 }],
    [
      'a URI with half an escape',
      { ...EVENT, requestURI: '/api/v1/namespaces/shop/pods/a%/exec?command=%&command=nmap' },
    ],
    [
      'containers that are no objects',
      {
        ...EVENT,
        verb: 'create',
        objectRef: { resource: 'pods' },
        requestObject: { spec: { containers: [null, 3, 'x'] } },
      },
    ],
    ['a deep body', { ...EVENT, requestObject: JSON.parse(`${'{"a":'.repeat(2000)}1${'}'.repeat(2000)}`) }],
  ])('an event with %s is read without failing', (_, event) => {
    expect(() => signalsOf(JSON.stringify(event))).not.toThrow();
    expect(read(JSON.stringify(event)).events).toBe(1);
  });
});

describe('hostile names and commands', () => {
  test('stay text, whatever they hold', () => {
    const pod = 'web\u001b[2J\u202e"; rm -rf /';
    const [event] = exec('web-1', ['nmap', '-sS', '\u001b]0;x\u0007', '10.0.0.0/24'], { at: AT });
    const signals = signalsOf([
      { ...event, objectRef: { resource: 'pods', subresource: 'exec', namespace: 'shop', name: pod } },
    ]);
    expect(signals).toMatchObject([{ tool: 'nmap', actor: { name: pod } }]);
  });

  test('a megabyte of a command is judged in little time', () => {
    const started = performance.now();
    signalsOf(exec('web-1', ['sh', '-c', `${'a;('.repeat(300_000)}`], { at: AT }));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

/** Real events of Docker, Swarm, Podman and containerd. */
describe('captured events of engines', () => {
  const signalsIn = (file: string) => telling(signalsOf(readFileSync(join(DATA, file), 'utf8')));

  test.each([
    ['docker/docker-exec-nmap.ndjson', 'exec-into-container', 'high', 'nmap'],
    ['docker/docker-exec-it-shell.ndjson', 'exec-into-container', 'low', undefined],
    ['docker/docker-exec-sh-dev-tcp.ndjson', 'exec-into-container', 'high', expect.any(String)],
    ['docker/docker-run-rm-nmap.ndjson', 'tool-execution', 'medium', 'nmap'],
    ['docker/service-create-nmap-and-web.ndjson', 'tool-execution', 'low', 'nmap'],
    ['podman/podman-run-nmap.ndjson', 'tool-execution', 'medium', 'nmap'],
    ['podman/podman-exec-nmap.ndjson', 'exec-into-container', 'informational', undefined],
  ])('%s is %s of severity %s', (file, kind, severity, tool) => {
    expect(signalsIn(file)[0]).toMatchObject({ kind, severity, ...(tool && { tool }) });
  });

  test.each(['docker/eight-nmap-one-offs.ndjson', 'podman/five-nmap-one-offs.ndjson'])('%s is churn', (file) => {
    expect(signalsIn(file)).toContainEqual(
      expect.objectContaining({ kind: 'container-churn', severity: 'medium', tool: 'nmap' }),
    );
  });

  test.each(readdirSync(join(DATA, 'docker/benign')))('benign/%s gives nothing', (file) => {
    expect(signalsIn(join('docker/benign', file))).toEqual([]);
  });

  test('the text that docker events prints without a format says the same as its JSON', () => {
    const id = 'a'.repeat(64);
    const text = `2026-11-28T18:20:31.633878259Z container exec_create: nmap -sT -p 1-100 172.17.0.2 ${id} (com.example.team=shop, execID=${'b'.repeat(64)}, image=team/app:1.4.2, name=web)\n2026-11-28T18:20:24.630060454Z container start ${id} (image=instrumentisto/nmap:7.93, name=nifty_franklin)\n2026-11-28T18:20:24.2Z network connect ${id} (container=${id}, name=bridge, type=bridge)\n`;
    const { events, unread } = read(text);
    expect([events, unread]).toEqual([3, []]);
    expect(telling(signalsOf(text)).map(({ kind, severity, tool }) => [kind, severity, tool])).toEqual([
      ['tool-execution', 'medium', 'nmap'],
      ['exec-into-container', 'high', 'nmap'],
    ]);
  });

  test('containerd names neither image nor command, so that nothing can be told', () => {
    expect(signalsIn('containerd/docker-run-rm-nmap.ctr-events.txt')).toEqual([]);
    expect(read(readFileSync(join(DATA, 'containerd/docker-run-rm-nmap.ctr-events.txt'))).events).toBe(6);
  });

  test('a real exec of 2018 without apiVersion is one', () => {
    expect(signalsIn('k8s-audit/exec_pod.json')).toMatchObject([
      { kind: 'exec-into-container', severity: 'low', actor: { user: 'minikube-user', command: 'bash' } },
    ]);
  });

  test('the host of engine events is in the name of the file or stream, if anywhere', () => {
    const { facts } = read(
      readFileSync(join(DATA, 'docker/docker-exec-nmap.ndjson')),
      1,
      'logs/i-0ff2a0c6a833fe1a6/docker.ndjson',
    );
    expect(facts[0]).toMatchObject({ where: { host: 'i-0ff2a0c6a833fe1a6' } });
  });
});

describe('ECS', () => {
  const taskArn = 'arn:aws:ecs:eu-central-1:123456789012:task/prod/0123456789abcdef0123456789abcdef';
  const change = (more: object = {}) => ({
    source: 'aws.ecs',
    'detail-type': 'ECS Task State Change',
    time: AT,
    detail: {
      taskArn,
      clusterArn: 'arn:aws:ecs:eu-central-1:123456789012:cluster/prod',
      group: 'family:scan',
      createdAt: AT,
      version: 3,
      containers: [
        { name: 'main', image: 'instrumentisto/nmap:7.95', networkInterfaces: [{ privateIpv4Address: '10.0.7.105' }] },
      ],
      attachments: [
        {
          type: 'eni',
          details: [
            { name: 'networkInterfaceId', value: 'eni-04f4a69920d49e85d' },
            { name: 'privateIPv4Address', value: '10.0.7.105' },
          ],
        },
      ],
      ...more,
    },
  });
  const call = (eventName: string, request: object, response: object, eventSource = 'ecs.amazonaws.com') => ({
    eventVersion: '1.09',
    userIdentity: { type: 'AssumedRole', arn: 'arn:aws:sts::123456789012:assumed-role/ops/bob' },
    eventTime: AT,
    eventSource,
    eventName,
    sourceIPAddress: '198.51.100.7',
    eventID: `${eventName}-1`,
    requestParameters: request,
    responseElements: response,
  });

  test('a task of a tool has interface and address, and its command if it was overridden', () => {
    expect(signalsOf(JSON.stringify(change()))).toMatchObject([
      {
        tool: 'nmap',
        severity: 'medium',
        place: { interfaceId: 'eni-04f4a69920d49e85d', addresses: ['10.0.7.105'], taskArn },
      },
    ]);
    const overridden = change({
      overrides: { containerOverrides: [{ name: 'main', command: ['nmap', '-sS', '10.0.0.0/24'] }] },
    });
    expect(signalsOf(JSON.stringify(overridden))[0]!.actor.command).toBe('nmap -sS 10.0.0.0/24');
  });

  test('RunTask names who ran it, in files of a trail and in events', () => {
    const run = call(
      'RunTask',
      {
        cluster: 'prod',
        overrides: {
          containerOverrides: [{ name: 'main', command: ['masscan', '10.0.0.0/16', '-p80', '--rate', '1000'] }],
        },
      },
      { tasks: [{ taskArn, taskDefinitionArn: 'scan:1', containers: [{ image: 'team/tools' }] }] },
    );
    for (const text of [
      JSON.stringify({ Records: [run] }),
      JSON.stringify({ source: 'aws.ecs', 'detail-type': 'AWS API Call via CloudTrail', detail: run }),
    ]) {
      const [signal] = signalsOf(`${text}\n`, JSON.stringify(change()));
      expect(signal).toMatchObject({
        tool: 'masscan',
        actor: { user: 'arn:aws:sts::123456789012:assumed-role/ops/bob' },
        place: { addresses: ['10.0.7.105'] },
      });
    }
  });

  test('ExecuteCommand is an exec into the task, and a denied one an attempt', () => {
    const shell = call(
      'ExecuteCommand',
      { cluster: 'prod', task: taskArn.split('/').at(-1), command: '/bin/sh', interactive: true },
      { taskArn, containerName: 'main', clusterArn: 'arn:aws:ecs:eu-central-1:123456789012:cluster/prod' },
    );
    expect(signalsOf(JSON.stringify({ Records: [shell] }))).toMatchObject([
      { kind: 'exec-into-container', severity: 'low', actor: { kind: 'task' }, place: { taskArn } },
    ]);
    expect(telling(signalsOf(JSON.stringify({ Records: [{ ...shell, errorCode: 'AccessDenied' }] })))).toEqual([]);
    const loop = {
      ...shell,
      requestParameters: {
        ...shell.requestParameters,
        command: 'sh -c "for p in $(seq 1 1024); do nc -z -w1 10.0.12.30 $p; done"',
      },
    };
    expect(signalsOf(JSON.stringify({ Records: [loop] }))).toMatchObject([{ severity: 'high' }]);
  });

  test('a session of Systems Manager is only evidence about its instance', () => {
    const session = call(
      'StartSession',
      { target: 'i-0ff2a0c6a833fe1a6' },
      { sessionId: 'bob-1' },
      'ssm.amazonaws.com',
    );
    expect(signalsOf(JSON.stringify({ Records: [session] }))).toMatchObject([
      { isContext: true, place: { instanceId: 'i-0ff2a0c6a833fe1a6' } },
    ]);
  });
});

test('a file in pieces of any size is the same file', () => {
  const node = { node: 'n', instanceId: 'i-0ff2a0c6a833fe1a6', hostIp: '10.0.7.10' };
  const text = lines([
    ...exec('web-1', NMAP, { at: AT }),
    podAddress('web-1', { at: AT, address: '10.0.7.105', ...node }),
  ]);
  const whole = read(text);
  for (const pieces of [2, 3, 50, text.length]) expect(read(text, pieces)).toEqual(whole);
});
