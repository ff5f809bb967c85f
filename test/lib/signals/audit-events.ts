/**
 * Audit events as EKS writes them, for tests: fields, levels and stages follow its policy and the requests that kubectl
 * 1.35 and 1.27 really send. Each call gives the events of one request.
 */

import { judgeLedger } from '../../../lib/signals/orchestrator/judge.ts';
import { Ledger } from '../../../lib/signals/orchestrator/ledger.ts';
import { OrchestratorReader } from '../../../lib/signals/orchestrator/reader.ts';
import type { Signal } from '../../../lib/signals/signal.ts';

export type AuditEvent = Record<string, unknown>;

const KUBECTL = 'kubectl/v1.35.2 (linux/amd64) kubernetes/fdc9d74';

/** What differs from an allowed request of a person. */
export interface Request {
  readonly at: string;
  readonly user?: string;
  readonly code?: number;
  readonly namespace?: string;
  readonly agent?: string;
  readonly addresses?: readonly string[];
  readonly extra?: Record<string, readonly string[]>;
}

let serial = 0;

/** Any request. `more` holds bodies, and whatever else differs. */
export function event(verb: string, uri: string, ref: AuditEvent, request: Request, more: AuditEvent = {}): AuditEvent {
  serial++;
  const code = request.code ?? 200;
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: verb === 'get' || verb === 'list' ? 'Request' : 'RequestResponse',
    auditID: `00000000-0000-4000-8000-${String(serial).padStart(12, '0')}`,
    stage: 'ResponseComplete',
    requestURI: uri,
    verb,
    user: {
      username: request.user ?? 'alice',
      groups: ['system:authenticated'],
      ...(request.extra && { extra: request.extra }),
    },
    sourceIPs: request.addresses ?? ['198.51.100.7'],
    userAgent: request.agent ?? KUBECTL,
    objectRef: { apiVersion: 'v1', ...ref },
    responseStatus: { metadata: {}, code, ...(code >= 400 && { status: 'Failure', reason: 'Forbidden' }) },
    ...more,
    requestReceivedTimestamp: `${request.at.replace('Z', '')}.250000Z`,
    stageTimestamp: `${request.at.replace('Z', '')}.260000Z`,
    annotations: {
      'authorization.k8s.io/decision': code === 403 ? 'forbid' : 'allow',
      'authorization.k8s.io/reason': '',
    },
  };
}

/** The words of a command as a query. */
const query = (command: readonly string[], more: string) =>
  [...command.map((word) => `command=${encodeURIComponent(word).replaceAll('%20', '+')}`), more]
    .filter(Boolean)
    .join('&');

/** `kubectl exec`: the session's start, and its end under the same auditID if one is given. */
export function exec(
  pod: string,
  command: readonly string[],
  request: Request & { readonly ended?: string; readonly tty?: boolean },
): AuditEvent[] {
  const namespace = request.namespace ?? 'shop';
  const uri = `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query(command, `container=web&stderr=true${request.tty ? '&stdin=true&tty=true' : ''}&stdout=true`)}`;
  const start: AuditEvent = {
    ...event('get', uri, { resource: 'pods', namespace, name: pod, subresource: 'exec' }, { code: 101, ...request }),
    ...((request.code ?? 101) === 101 && { stage: 'ResponseStarted' }),
  };
  if (request.ended === undefined) return [start];
  return [start, { ...start, stage: 'ResponseComplete', stageTimestamp: request.ended }];
}

/** What kubectl 1.35 does when it is refused: the same request by WebSocket and then by SPDY. */
export function refusedExec(pod: string, command: readonly string[], request: Request): AuditEvent[] {
  const [get] = exec(pod, command, { ...request, code: 403 });
  const [post] = exec(pod, command, { ...request, code: 403 });
  return [get!, { ...post!, verb: 'create' }];
}

/** Any other subresource of a pod. */
export const enter = (
  pod: string,
  subresource: string,
  request: Request & { readonly query?: string; readonly body?: AuditEvent; readonly verb?: string },
): AuditEvent => {
  const namespace = request.namespace ?? 'shop';
  return event(
    request.verb ?? 'get',
    `/api/v1/namespaces/${namespace}/pods/${pod}/${subresource}${request.query ?? ''}`,
    { resource: 'pods', namespace, name: pod, subresource },
    { code: 101, ...request },
    request.body && { requestObject: request.body },
  );
};

/** `kubectl run`, or a pod that a controller makes for its owner. */
export function createPod(
  name: string,
  container: AuditEvent,
  request: Request & {
    readonly owner?: { kind: string; name: string };
    readonly spec?: AuditEvent;
    readonly labels?: Record<string, string>;
  },
): AuditEvent {
  const namespace = request.namespace ?? 'shop';
  const metadata = {
    ...(request.owner
      ? { generateName: `${name.slice(0, -5)}`, ownerReferences: [{ apiVersion: 'batch/v1', ...request.owner }] }
      : { name }),
    labels: request.labels ?? { run: name },
  };
  const spec = { containers: [{ name: 'main', ...container }], restartPolicy: 'Never', ...request.spec };
  return event(
    'create',
    `/api/v1/namespaces/${namespace}/pods?fieldManager=kubectl-run`,
    { resource: 'pods', namespace, ...(!request.owner && { name }) },
    { code: 201, ...request },
    {
      requestObject: { kind: 'Pod', apiVersion: 'v1', metadata, spec },
      responseObject: {
        kind: 'Pod',
        apiVersion: 'v1',
        metadata: { ...metadata, name, namespace, uid: `uid-${name}` },
        spec,
        status: { phase: 'Pending' },
      },
    },
  );
}

/** A Job, CronJob or Deployment. */
export function createWorkload(
  kind: 'Job' | 'CronJob' | 'Deployment',
  name: string,
  container: AuditEvent,
  request: Request,
): AuditEvent {
  const namespace = request.namespace ?? 'shop';
  const pods = { template: { spec: { containers: [{ name: 'main', ...container }] } } };
  const resource = `${kind.toLowerCase()}s`;
  const group = kind === 'Deployment' ? 'apps' : 'batch';
  return event(
    'create',
    `/apis/${group}/v1/namespaces/${namespace}/${resource}?fieldManager=kubectl-create`,
    { resource, namespace, name, apiGroup: group },
    { code: 201, ...request },
    {
      requestObject: {
        kind,
        metadata: { name, namespace },
        spec: kind === 'CronJob' ? { schedule: '*/5 * * * *', jobTemplate: { spec: pods } } : pods,
      },
    },
  );
}

/** The kubelet reports the address of a pod. */
export function podAddress(
  pod: string,
  {
    address,
    node,
    instanceId,
    hostIp,
    uid,
    ...request
  }: Request & {
    readonly address: string;
    readonly node: string;
    readonly instanceId: string;
    readonly hostIp: string;
    readonly uid?: string;
  },
): AuditEvent {
  const namespace = request.namespace ?? 'shop';
  return event(
    'patch',
    `/api/v1/namespaces/${namespace}/pods/${pod}/status`,
    { resource: 'pods', namespace, name: pod, subresource: 'status' },
    {
      ...request,
      user: `system:node:${node}`,
      agent: 'kubelet/v1.31.0',
      extra: { arn: [`arn:aws:sts::123456789012:assumed-role/node/${instanceId}`], sessionName: [instanceId] },
    },
    {
      requestObject: {
        metadata: { uid: uid ?? `uid-${pod}` },
        status: { hostIP: hostIp, podIP: address, podIPs: [{ ip: address }], phase: 'Running', startTime: request.at },
      },
    },
  );
}

/** A pod is deleted. */
export const deletePod = (pod: string, request: Request): AuditEvent => {
  const namespace = request.namespace ?? 'shop';
  return event(
    'delete',
    `/api/v1/namespaces/${namespace}/pods/${pod}`,
    { resource: 'pods', namespace, name: pod },
    request,
  );
};

/** Any request for a resource. */
export const ask = (verb: string, resource: string, request: Request): AuditEvent =>
  event(
    verb,
    `/api/v1/${request.namespace === undefined ? '' : `namespaces/${request.namespace}/`}${resource}?limit=500`,
    { resource, ...(request.namespace !== undefined && { namespace: request.namespace }) },
    request,
  );

/** A request that the API server passes on to a port. */
export const throughProxy = (resource: string, name: string, port: number | string, request: Request): AuditEvent => {
  const namespace = request.namespace ?? 'shop';
  return event(
    'get',
    `/api/v1/namespaces/${namespace}/${resource}/${name}:${port}/proxy/`,
    { resource, namespace, name: `${name}:${port}`, subresource: 'proxy' },
    request,
  );
};

/** Events as a file of lines. */
export const lines = (events: readonly AuditEvent[]): string =>
  events.map((one) => `${JSON.stringify(one)}\n`).join('');

/** Reads texts as files and judges them together. */
export function signalsOf(...files: readonly (string | readonly AuditEvent[])[]): Signal[] {
  return judgeLedger(ledgerOf(...files));
}

/** Everything that the files say. */
export function ledgerOf(...files: readonly (string | readonly AuditEvent[])[]): Ledger {
  const ledger = new Ledger();
  for (const file of files) {
    const reader = new OrchestratorReader('test', (fact) => ledger.add(fact));
    reader.push(Buffer.from(typeof file === 'string' ? file : lines(file)));
    reader.end();
  }
  return ledger;
}

/** Signals that are findings by themselves. */
export const telling = (signals: readonly Signal[]): Signal[] => signals.filter(({ isContext }) => !isContext);
