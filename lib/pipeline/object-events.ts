/** Turns the body of a queue message into the objects it is about: S3 event notifications and EventBridge events. */

/** An object that was created. `key` is the real key, decoded where its event encodes it. */
export interface ObjectCreated {
  readonly bucket: string;
  readonly key: string;
  /** Size in bytes, if the event says. */
  readonly size?: number;
}

/** The message does not come from S3 or EventBridge. It will never be readable and belongs in the dead-letter queue. */
export class EventError extends Error {
  override name = 'EventError';
}

type Json = Record<string, unknown>;

/**
 * The objects that a message body names. Empty for the test event that S3 sends once, and for other kinds of events.
 * @throws EventError if the body does not have a known form.
 */
export function objectsCreated(body: string): ObjectCreated[] {
  let event: unknown;
  try {
    event = JSON.parse(body);
  } catch {
    throw new EventError(
      `the message must be a JSON event of S3 or EventBridge, got ${JSON.stringify(body.slice(0, 60))}`,
    );
  }
  if (!isObject(event))
    // The message quotes the text itself, because deeply nested JSON can be parsed but not written again.
    throw new EventError(`the message must be a JSON object, got ${body.trim().slice(0, 60)}`);
  if (event.Event === 's3:TestEvent') return [];
  if (Array.isArray(event.Records)) return event.Records.flatMap(fromNotification);
  if (isObject(event.detail) && typeof event['detail-type'] === 'string')
    return fromEventBridge(event['detail-type'], event.detail);
  throw new EventError(
    `the message must contain Records (S3) or detail (EventBridge), got the keys ${Object.keys(event).slice(0, 8).join(', ').slice(0, 200) || 'none'}`,
  );
}

function fromNotification(record: unknown): ObjectCreated[] {
  if (!isObject(record) || !isObject(record.s3) || !isObject(record.s3.bucket) || !isObject(record.s3.object)) {
    throw new EventError('a record of the S3 event lacks s3.bucket or s3.object');
  }
  const version = wordOf(record.eventVersion ?? '2');
  if (version.split('.')[0] !== '2') throw new EventError(`the S3 event version must be 2.x, got ${version}`);
  if (!wordOf(record.eventName).startsWith('ObjectCreated:')) return [];
  const { bucket, object } = record.s3;
  // Keys are form-encoded in notifications: a space is "+", and "=" of Hive prefixes is "%3D".
  return [created((bucket as Json).name, decodeFormKey((object as Json).key), (object as Json).size)];
}

function fromEventBridge(type: string, detail: Json): ObjectCreated[] {
  if (type !== 'Object Created') return [];
  const { bucket, object } = detail;
  if (!isObject(bucket) || !isObject(object))
    throw new EventError('the EventBridge event lacks detail.bucket or detail.object');
  return [created(bucket.name, object.key, object.size)];
}

function created(bucket: unknown, key: unknown, size: unknown): ObjectCreated {
  if (typeof bucket !== 'string' || typeof key !== 'string' || !bucket || !key)
    throw new EventError('the event names no bucket or no key');
  const isSize = Number.isSafeInteger(size) && (size as number) >= 0;
  return { bucket, key, ...(isSize && { size: size as number }) };
}

/** A value as text. Not every object can be converted: its own toString may not be a function. */
const wordOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? 'an object' : String(value).slice(0, 60);

function decodeFormKey(key: unknown): string {
  if (typeof key !== 'string') throw new EventError('the event names no key');
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    throw new EventError(`the key is not form-encoded: ${JSON.stringify(key.slice(0, 200))}`);
  }
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
