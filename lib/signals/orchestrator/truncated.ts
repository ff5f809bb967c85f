/**
 * The head of an audit event that was cut off. An event over the limit of a log loses its end, and the fields that tell
 * who did what to which object stand before the bodies.
 */

type Json = Readonly<Record<string, unknown>>;

/** Characters of the head that are read. The fields before the bodies need far less. */
const HEAD = 16_384;

/**
 * What the head of an unfinished event says. Undefined if it is not one. The times stand at the end of an event, so they
 * are missing.
 */
export function headOfEvent(text: string): Json | undefined {
  const head = text.slice(0, HEAD);
  if (!head.trimStart().startsWith('{') || !/"(auditID|requestURI)"\s*:/.test(head)) return undefined;
  // Names within the bodies repeat those of the event.
  const body = head.search(/"(requestObject|responseObject)"\s*:/);
  const fields = body < 0 ? head : head.slice(0, body);
  const reference = /"objectRef"\s*:\s*(\{[^{}]*\})/.exec(fields)?.[1];
  const response = /"responseStatus"\s*:\s*\{[^}]*?(?:\{[^{}]*\}[^}]*?)*"code"\s*:\s*(\d{3})/.exec(fields)?.[1];
  const user = /"user"\s*:\s*\{\s*"username"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(fields)?.[1];
  const objectRef = reference === undefined ? undefined : parsed(reference);
  if (objectRef === undefined) return undefined;
  return {
    kind: 'Event',
    ...textField('auditID', fields),
    ...textField('stage', fields),
    ...textField('requestURI', fields),
    ...textField('verb', fields),
    ...textField('userAgent', fields),
    ...textField('requestReceivedTimestamp', fields),
    ...(user !== undefined && { user: { username: parsed(user) } }),
    ...(response !== undefined && { responseStatus: { code: Number(response) } }),
    objectRef,
  };
}

function textField(name: string, fields: string): Json {
  const value = new RegExp(`"${name}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`).exec(fields)?.[1];
  return value === undefined ? {} : { [name]: parsed(value) };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
