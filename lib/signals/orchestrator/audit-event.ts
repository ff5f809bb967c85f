/** The fields of an audit event that all its facts need. */
import { type Caller, objectOf, textOf, textsOf, timeOf, type Where } from './facts.ts';

export type Json = Readonly<Record<string, unknown>>;

/** The caller of an event. */
export function callerOf(event: Json): Caller | undefined {
  const user = objectOf(event.user);
  const name = textOf(user?.username);
  if (name === undefined) return undefined;
  const extra = objectOf(user?.extra);
  // Some products rewrite the slash in the names of these fields.
  const extraOf = (key: string) =>
    textsOf(extra?.[`authentication.kubernetes.io/${key}`] ?? extra?.[`authentication_kubernetes_io_slash_${key}`])[0];
  const pod = extraOf('pod-name');
  const uid = extraOf('pod-uid');
  const impersonates = textOf(objectOf(event.impersonatedUser)?.username);
  const userAgent = textOf(event.userAgent);
  return {
    user: name,
    ...(impersonates !== undefined && { impersonates }),
    ...(pod !== undefined && { pod: { name: pod, ...(uid !== undefined && { uid }) } }),
    addresses: textsOf(event.sourceIPs),
    ...(userAgent !== undefined && { userAgent }),
  };
}

/** When a request was received, as far as the event tells. */
export const eventTime = (event: Json): number | undefined =>
  timeOf(event.requestReceivedTimestamp) ?? timeOf(event.stageTimestamp) ?? timeOf(event.timestamp);

/**
 * Both stages of a request have one auditID. Some fixtures and proxies repeat one auditID for many requests, so that
 * the URI belongs to the key.
 */
export function keyOf(event: Json, uri: string | undefined): string {
  const id = textOf(event.auditID);
  const reference = objectOf(event.objectRef);
  const what = uri ?? `${reference?.namespace}/${reference?.resource}/${reference?.name}`;
  return `${id ?? `${event.verb} ${textOf(objectOf(event.user)?.username)} ${textOf(event.requestReceivedTimestamp)}`} ${what}`;
}

/** The HTTP status of the answer, or 0. */
export const codeOf = (event: Json): number => Number(objectOf(event.responseStatus)?.code ?? 0);
export const isRefused = (event: Json): boolean =>
  codeOf(event) >= 400 || objectOf(event.annotations)?.['authorization.k8s.io/decision'] === 'forbid';

/** What all facts of an event share. */
export type Base = { readonly key: string; readonly at: number };

/** The pod that an event is about. */
export function podOf(event: Json): Where {
  const reference = objectOf(event.objectRef);
  const body = objectOf(event.responseObject) ?? objectOf(event.requestObject);
  const metadata = objectOf(body?.metadata);
  const namespace = textOf(reference?.namespace) ?? textOf(metadata?.namespace);
  const pod = textOf(reference?.name) ?? textOf(metadata?.name);
  return {
    platform: 'kubernetes',
    ...(namespace !== undefined && { namespace }),
    ...(pod !== undefined && { pod }),
  };
}
