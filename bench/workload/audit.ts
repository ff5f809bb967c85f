/**
 * An audit log of a busy cluster as EKS writes it: leases, status of pods, lists, pods of controllers, execs of operators,
 * and one person who runs nmap in a pod.
 */
import { randomOf } from '../random.ts';

const START = Date.parse('2026-11-20T00:00:00Z');
const GROUPS = ['system:authenticated'];
/** Milliseconds between two events. */
const STEP = 20;
const NODES = 50;
const PODS = 5000;
const PIECE = 256 * 1024;

/** The bytes of the log, and then how many events they hold. */
export function* auditLog(seed: string, bytes: number): Generator<Uint8Array, number> {
  const random = randomOf(seed);
  let written = 0;
  let count = 0;
  let piece = '';
  while (written < bytes) {
    const line = `${JSON.stringify(eventOf(count++, random.whole(0, 99), random.whole(0, PODS - 1)))}\n`;
    written += line.length;
    piece += line;
    if (piece.length < PIECE) continue;
    yield Buffer.from(piece);
    piece = '';
  }
  yield Buffer.from(`${piece}${JSON.stringify(scanOf(count++))}\n`);
  return count;
}

type Json = Record<string, unknown>;

function event(count: number, verb: string, uri: string, user: Json, objectRef: Json, more: Json = {}): Json {
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: 'Request',
    auditID: `6f1ed4e2-0000-4000-8000-${String(count).padStart(12, '0')}`,
    stage: 'ResponseComplete',
    requestURI: uri,
    verb,
    user: { groups: GROUPS, ...user },
    sourceIPs: ['10.0.3.4'],
    userAgent: 'kubelet/v1.31.0 (linux/amd64) kubernetes/9e644ef',
    objectRef: { apiVersion: 'v1', ...objectRef },
    responseStatus: { metadata: {}, code: 200 },
    ...more,
    requestReceivedTimestamp: new Date(START + count * STEP).toISOString(),
    stageTimestamp: new Date(START + count * STEP + 4).toISOString(),
    annotations: { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' },
  };
}

/** An event by its share of a hundred, about a pod. */
function eventOf(count: number, share: number, number: number): Json {
  const node = `ip-10-0-${number % NODES}-7.ec2.internal`;
  const pod = `web-6d4cf56db6-${number}`;
  const kubelet = {
    username: `system:node:${node}`,
    extra: { sessionName: [`i-0123456789abcd${String(number % NODES).padStart(3, '0')}`] },
  };
  if (share < 25) {
    const uri = `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${node}?timeout=10s`;
    return event(count, 'update', uri, kubelet, { resource: 'leases', namespace: 'kube-node-lease', name: node });
  }
  if (share < 55) {
    const status = {
      ...(share < 30 && { podIP: `10.0.${number >> 8}.${number & 255}`, hostIP: `10.0.${number % NODES}.7` }),
      conditions: ['Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({ type, status: 'True' })),
      containerStatuses: [{ name: 'web', image: 'registry/web:1', ready: true, restartCount: 0, started: true }],
    };
    const reference = { resource: 'pods', namespace: 'shop', name: pod, subresource: 'status' };
    const body = { requestObject: { metadata: { uid: `0000-${number}` }, status } };
    return event(count, 'patch', `/api/v1/namespaces/shop/pods/${pod}/status`, kubelet, reference, body);
  }
  if (share < 75) {
    const user = { username: 'system:serviceaccount:monitoring:prometheus' };
    return event(count, 'list', '/api/v1/namespaces/shop/pods?limit=500', user, {
      resource: 'pods',
      namespace: 'shop',
    });
  }
  if (share < 85) return podOf(count, number);
  if (share < 90) {
    const uri = `/api/v1/namespaces/db/pods/pg-${number % 9}/exec?command=bash&command=-c&command=pg_isready&container=pg&stdout=true`;
    const reference = { resource: 'pods', namespace: 'db', name: `pg-${number % 9}`, subresource: 'exec' };
    return event(count, 'get', uri, { username: 'system:serviceaccount:db:operator' }, reference);
  }
  const user = { username: 'system:serviceaccount:kube-system:coredns' };
  return event(count, 'get', '/api/v1/namespaces/kube-system/configmaps/coredns', user, {
    resource: 'configmaps',
    namespace: 'kube-system',
    name: 'coredns',
  });
}

function podOf(count: number, number: number): Json {
  const env = Array.from({ length: 12 }, (_, at) => ({ name: `SETTING_${at}`, value: 'x'.repeat(40) }));
  const containers = [{ name: 'web', image: 'registry/web:1', args: ['--port', '8080'], env }];
  const metadata = {
    generateName: 'web-6d4cf56db6-',
    labels: { app: 'web' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-6d4cf56db6' }],
  };
  const user = { username: 'system:serviceaccount:kube-system:replicaset-controller' };
  return event(
    count,
    'create',
    '/api/v1/namespaces/shop/pods',
    user,
    { resource: 'pods', namespace: 'shop' },
    {
      level: 'RequestResponse',
      requestObject: { kind: 'Pod', metadata, spec: { containers } },
      responseObject: {
        kind: 'Pod',
        metadata: { ...metadata, name: `web-6d4cf56db6-${number}` },
        spec: { containers },
      },
    },
  );
}

const scanOf = (count: number): Json =>
  event(
    count,
    'get',
    '/api/v1/namespaces/shop/pods/web-1/exec?command=nmap&command=-sT&command=-p&command=1-1024&command=10.0.12.30&container=web',
    { username: 'alice' },
    { resource: 'pods', namespace: 'shop', name: 'web-1', subresource: 'exec' },
  );

/** The events of the same log, each as its line of JSON. */
export function* auditEvents(seed: string, bytes: number): Generator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for (const piece of auditLog(seed, bytes)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
}
