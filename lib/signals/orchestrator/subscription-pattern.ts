/**
 * The filter pattern of the subscription to an audit log. CloudWatch Logs delivers only events that match, so that reads,
 * leases and status reports cost nothing. Each event of which the reader makes a fact that a rule uses must match: a
 * test compares both. A pattern has at most 1,024 characters, so names are shortened with a star at one end.
 */

const anyOf = (field: string, values: readonly string[]): string =>
  values.map((value) => `${field} = "${value}"`).join(' || ');

const SUBRESOURCE = '$.objectRef.subresource';
const RESOURCE = '$.objectRef.resource';

/** Ways into a running container, and requests that the API server passes on. */
const ENTRIES = ['exec', 'attach', 'port*', 'ephemeral*', 'proxy'];
/** Resources whose body holds a pod, or a template of pods. */
const WORKLOADS = ['pods', '*jobs', 'deployments', '*sets', 'replicationc*'];
/** Lists that tell where services are. */
const MAPS = '^pods$|^services$|^endpoint|^nodes$|^ingress|^networkpol|^namespaces$';
/** Programs that look for weak points, by user agent. A regular expression of CloudWatch has no groups and no flags. */
const SEEKERS = 'kube-?hunter|peirates|kdigger|rakkess|kubeletctl|kubestriker|kubesploit|[Tt]ruffle[Hh]og';

/** Selects the events of an audit log that can hold a fact. */
export const AUDIT_PATTERN = `{ ${[
  anyOf(SUBRESOURCE, ENTRIES),
  anyOf(RESOURCE, ['selfsubject*']),
  '$.responseStatus.code = 403',
  anyOf('$.requestObject.status.podIP', ['*']),
  anyOf('$.requestObject.status.phase', ['Succeeded', 'Failed']),
  `(${SUBRESOURCE} NOT EXISTS && (${anyOf('$.verb', ['create', 'update', 'patch', 'delete'])}) && (${anyOf(RESOURCE, WORKLOADS)}))`,
  // Only lists of all namespaces count towards a look around, and a watch of them tells an operator.
  `($.objectRef.namespace NOT EXISTS && (${anyOf('$.verb', ['list', 'watch'])}) && ${RESOURCE} = %${MAPS}% && $.user.username != "system:node:*")`,
  `$.userAgent = %${SEEKERS}%`,
].join(' || ')} }`;
