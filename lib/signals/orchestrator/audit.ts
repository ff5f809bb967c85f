/**
 * Kubernetes audit events (audit.k8s.io). Levels and stages differ by cluster and verb, so nothing is expected to be
 * there: EKS logs a `get` without its answer, and other clusters log what their policy says.
 */

import { type Base, callerOf, codeOf, eventTime, isRefused, type Json, keyOf, podOf } from './audit-event.ts';
import { ENTRIES, MAPS, REVIEWS, SEEKERS, WORKLOADS } from './audit-resources.ts';
import {
  definedText,
  type Entry,
  type ExecFact,
  type Fact,
  instanceIdIn,
  NO_TIME,
  objectOf,
  objectsOf,
  type PlaceFact,
  type RuleFact,
  textOf,
  textsOf,
  timeOf,
  workloadId,
} from './facts.ts';
import { templateOf } from './pod-spec.ts';
import { execCommand, proxyTarget, queryOf } from './request-uri.ts';

const ENDED: ReadonlySet<unknown> = new Set(['Succeeded', 'Failed']);

/** Whether a JSON object is an audit event. Shortened ones have `kind` and little else. */
export const isAuditEvent = (event: Json): boolean =>
  (event.kind === 'Event' && (event.objectRef !== undefined || event.auditID !== undefined)) ||
  (event.auditID !== undefined && event.requestURI !== undefined);

/**
 * The facts of one event.
 * @param received when the log received it, for events without a time of their own.
 */
export function auditFacts(event: Json, received = NO_TIME): Fact[] {
  const verb = textOf(event.verb) ?? '';
  const reference = objectOf(event.objectRef);
  const resource = textOf(reference?.resource);
  const subresource = textOf(reference?.subresource);
  // Status patches of nodes and watches are most of a log, and leave here early.
  if (resource === undefined || (subresource === 'status' && resource !== 'pods') || event.stage === 'Panic') return [];
  const at = eventTime(event) ?? received;
  const uri = textOf(event.requestURI);
  const base = { key: keyOf(event, uri), at };
  if (resource === 'nodes' && subresource === 'proxy') {
    const exec = uri === undefined ? undefined : kubeletExec(event, base, uri);
    if (exec) return [exec];
  }
  const entry = resource === 'pods' && subresource !== undefined ? ENTRIES[subresource] : undefined;
  if (entry !== undefined) return entryFacts(event, base, entry, uri);
  if (subresource === 'proxy') return proxyFacts(event, base, reference!, resource);
  if (subresource === 'status') return verb === 'patch' || verb === 'update' ? statusFacts(event, base) : [];
  const facts: Fact[] = [];
  if (WORKLOADS.has(resource) && subresource === undefined) {
    if (verb === 'create' || verb === 'update' || verb === 'patch') facts.push(...workloadFacts(event, base, verb));
    if (resource === 'pods' && verb === 'delete') facts.push(...deletionFacts(event, base));
  }
  const query = queryFact(event, base, { verb, resource, subresource, reference: reference!, uri });
  if (query) facts.push(query);
  return facts;
}

/** A fact that a rule of the user fits an event. */
export function ruleFact(event: Json, { id, title, author, level }: RuleFact['rule'], received = NO_TIME): RuleFact {
  const reference = objectOf(event.objectRef);
  const subresource = textOf(reference?.subresource);
  const caller = callerOf(event);
  return {
    type: 'rule',
    key: `${keyOf(event, textOf(event.requestURI))} ${id}`,
    at: eventTime(event) ?? received,
    rule: { id, title, ...(author !== undefined && { author }), level },
    where:
      reference?.resource === 'pods'
        ? podOf(event)
        : { platform: 'kubernetes', ...definedText('namespace', reference?.namespace) },
    ...(caller && { caller }),
    request: `${textOf(event.verb) ?? 'some request for'} ${textOf(reference?.resource) ?? 'no resource'}${subresource === undefined ? '' : `/${subresource}`}`,
  };
}

function entryFacts(event: Json, base: Base, entry: Entry, uri: string | undefined): Fact[] {
  const caller = callerOf(event);
  const where = podOf(event);
  const common = { ...base, type: 'exec' as const, ...(caller && { caller }), isRefused: isRefused(event) };
  if (entry === 'ephemeral-container') {
    if (event.verb === 'get') return [];
    const body = objectOf(event.requestObject);
    const containers = objectsOf(objectOf(body?.spec)?.ephemeralContainers ?? body?.ephemeralContainers);
    const execs = containers.map(
      (container, at): ExecFact => ({
        ...common,
        // A patch repeats the debug containers that the pod had before. The name tells them apart.
        key: `${base.key} ${textOf(container.name) ?? at}`,
        entry,
        where: { ...where, ...definedText('container', container.name), ...definedText('image', container.image) },
        argv: [...textsOf(container.command), ...textsOf(container.args)],
        isInteractive: container.stdin === true,
      }),
    );
    const bare: ExecFact = { ...common, entry, where, argv: [], isCommandUnknown: true };
    return [...(execs.length ? execs : [bare]), ...placeFacts(event, base, objectOf(event.responseObject))];
  }
  const query = queryOf(uri);
  const argv = execCommand(query);
  const ended = event.stage === 'ResponseComplete' && codeOf(event) === 101 ? timeOf(event.stageTimestamp) : undefined;
  return [
    {
      ...common,
      entry,
      where: { ...where, ...definedText('container', query.get('container')) },
      argv,
      ...(entry === 'exec' && argv.length === 0 && { isCommandUnknown: true }),
      isInteractive: query.get('stdin') === 'true',
      ...(ended !== undefined && { until: ended }),
    },
  ];
}

/** An exec that goes to the kubelet through the API server, past the rights to `pods/exec`. */
function kubeletExec(event: Json, base: Base, uri: string): ExecFact | undefined {
  const match = /\/nodes\/([^/]+)\/proxy\/(?:exec|run)\/([^/?]+)\/([^/?]+)\/([^/?]+)/.exec(uri);
  if (!match) return undefined;
  const [, node, namespace, pod, container] = match as unknown as [string, string, string, string, string];
  const query = queryOf(uri);
  const caller = callerOf(event);
  const argv = [...execCommand(query), ...query.getAll('cmd')];
  return {
    ...base,
    type: 'exec',
    entry: 'kubelet-exec',
    where: { platform: 'kubernetes', namespace, pod, container, host: node },
    ...(caller && { caller }),
    argv,
    ...(argv.length === 0 && { isCommandUnknown: true }),
    isInteractive: true,
    isRefused: isRefused(event),
  };
}

function proxyFacts(event: Json, base: Base, reference: Json, resource: string): Fact[] {
  const caller = callerOf(event);
  const name = textOf(reference.name) ?? '';
  if (!caller || !name) return [];
  const { host, port } = proxyTarget(name, textOf(event.requestURI));
  return [
    {
      ...base,
      type: 'proxy',
      caller,
      ...definedText('namespace', reference.namespace),
      resource,
      name: host,
      port,
      isFailed: codeOf(event) >= 500,
    },
  ];
}

/** The kubelet reports addresses and ends of its pods. Its identity names the node and the instance. */
function statusFacts(event: Json, base: Base): Fact[] {
  const body = objectOf(event.requestObject);
  const status = objectOf(body?.status);
  if (!status) return [];
  const facts: Fact[] = placeFacts(event, base, body);
  if (ENDED.has(status.phase)) facts.push({ ...base, type: 'end', id: workloadId(podOf(event)) });
  return facts;
}

function deletionFacts(event: Json, base: Base): Fact[] {
  if (isRefused(event)) return [];
  return [
    { ...base, type: 'end', id: workloadId(podOf(event)) },
    ...placeFacts(event, base, objectOf(event.responseObject)),
  ];
}

/** Addresses that a pod's status names. */
function placeFacts(event: Json, base: Base, body: Json | undefined): PlaceFact[] {
  const status = objectOf(body?.status);
  const addresses = [
    ...new Set(
      [textOf(status?.podIP), ...objectsOf(status?.podIPs).map(({ ip }) => textOf(ip))].filter(
        (ip) => ip !== undefined,
      ),
    ),
  ];
  const where = podOf(event);
  if (!addresses.length || where.pod === undefined) return [];
  const metadata = objectOf(body?.metadata);
  const spec = objectOf(body?.spec);
  const user = objectOf(event.user);
  const name = textOf(user?.username);
  const node = name?.startsWith('system:node:') ? name.slice('system:node:'.length) : textOf(spec?.nodeName);
  const instanceId =
    node !== undefined && name?.startsWith('system:node:')
      ? instanceIdIn(textsOf(objectOf(user?.extra)?.sessionName)[0] ?? textsOf(objectOf(user?.extra)?.arn)[0])
      : undefined;
  const nodeAddress = textOf(status?.hostIP);
  return [
    {
      ...base,
      type: 'place',
      id: workloadId(where),
      platform: 'kubernetes',
      ...definedText('namespace', where.namespace),
      name: where.pod,
      ...definedText('uid', metadata?.uid),
      addresses,
      ...definedText('node', node),
      ...definedText('nodeAddress', nodeAddress),
      ...definedText('instanceId', instanceId),
      ...((spec?.hostNetwork === true || (nodeAddress !== undefined && addresses.includes(nodeAddress))) && {
        hasHostNetwork: true,
      }),
      from: timeOf(status?.startTime) ?? base.at,
    },
  ];
}

function workloadFacts(event: Json, base: Base, verb: string): Fact[] {
  const reference = objectOf(event.objectRef)!;
  const request = objectOf(event.requestObject);
  const body = request?.spec === undefined ? (objectOf(event.responseObject) ?? request) : request;
  const template = templateOf(body);
  if (!body || !template) return [];
  const where = podOf(event);
  const resource = textOf(reference.resource)!;
  const name = where.pod ?? textOf(objectOf(body.metadata)?.generateName) ?? '';
  const caller = callerOf(event);
  const isPod = resource === 'pods';
  // Labels of a pod change all the time, its programs do not.
  if (isPod && verb !== 'create') return [];
  return [
    {
      ...base,
      type: 'workload',
      kind: isPod ? 'Pod' : (textOf(body.kind) ?? resource),
      where: isPod ? where : { platform: 'kubernetes', ...definedText('namespace', where.namespace) },
      name,
      ...(caller && { caller }),
      ...template,
      isRefused: isRefused(event),
    },
    ...(isPod ? placeFacts(event, base, objectOf(event.responseObject)) : []),
  ];
}

interface Asked {
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string | undefined;
  readonly reference: Json;
  readonly uri: string | undefined;
}

/** Kept are denied requests, reviews of one's own rights, and lists of what can be reached. */
function queryFact(event: Json, base: Base, { verb, resource, subresource, reference, uri }: Asked): Fact | undefined {
  const isDenied = isRefused(event) && (codeOf(event) === 403 || codeOf(event) === 401 || codeOf(event) === 0);
  const isReview = verb === 'create' && REVIEWS.has(resource);
  const isMap = (verb === 'list' || verb === 'watch') && subresource === undefined && MAPS.has(resource);
  const seeker = SEEKERS.exec(textOf(event.userAgent) ?? '')?.[1]?.toLowerCase();
  if (!isDenied && !isReview && !isMap && seeker === undefined) return undefined;
  const caller = callerOf(event);
  if (!caller) return undefined;
  const isWatch = verb === 'watch' || (uri?.includes('watch=true') ?? false);
  const attributes = objectOf(objectOf(objectOf(event.requestObject)?.spec)?.resourceAttributes);
  const asked = isReview ? textOf(attributes?.resource) : undefined;
  const isGranted = isReview && objectOf(objectOf(event.responseObject)?.status)?.allowed === true;
  const isFollowing = isDenied && (isWatch || (verb === 'list' && queryOf(uri).get('resourceVersion') === '0'));
  return {
    ...base,
    type: 'query',
    caller,
    verb: isWatch ? 'watch' : verb,
    resource: isReview
      ? `${textOf(attributes?.verb) ?? 'any'} ${asked ?? resource}`
      : `${resource}${subresource === undefined ? '' : `/${subresource}`}`,
    ...definedText('namespace', reference.namespace),
    isDenied,
    isReview,
    ...(isGranted && { isGranted }),
    ...(isFollowing && { isFollowing }),
    ...(seeker !== undefined && { seeker }),
  };
}
