/** An SNS Publish request: its body for each protocol, and the attributes that filter policies see. */
import { isObject, show } from '../template/json.ts';
import { matchesPattern } from './pattern.ts';

/** A message to a topic's subscribers. */
export interface Publication {
  topicArn: string;
  subject: string | undefined;
  /** Bodies by protocol. `default` always exists. */
  bodies: Readonly<Record<string, string>>;
  /** Attribute values by name: strings, numbers, or lists of both. */
  attributes: Record<string, unknown>;
}

/** A request that SNS refuses with InvalidParameter. */
export class InvalidPublication extends Error {
  override name = 'InvalidPublication';
}

const MAX_MESSAGE_BYTES = 262_144;
const MAX_SUBJECT_CHARACTERS = 99;

/** Reads the form fields of Publish (or of one batch entry, whose fields start with `prefix`) as AWS would accept them. */
export function readPublication(form: Readonly<Record<string, string>>, prefix = ''): Publication {
  const message = form[`${prefix}Message`] ?? '';
  if (Buffer.byteLength(message) > MAX_MESSAGE_BYTES) {
    throw new InvalidPublication(
      `Message is ${Buffer.byteLength(message)} bytes, expected at most ${MAX_MESSAGE_BYTES}`,
    );
  }
  const subject = form[`${prefix}Subject`];
  if (subject !== undefined && (subject.length > MAX_SUBJECT_CHARACTERS || !/^[^\s\p{Cc}][^\p{Cc}]*$/u.test(subject))) {
    throw new InvalidPublication(
      `Subject is ${show(subject)}, expected 1 to ${MAX_SUBJECT_CHARACTERS} characters without line breaks`,
    );
  }
  const structure = form[`${prefix}MessageStructure`];
  return {
    topicArn: form.TopicArn ?? '',
    subject,
    bodies: structure === 'json' ? readBodies(message) : { default: message },
    attributes: readAttributes(form, prefix),
  };
}

/** The body that subscribers of `protocol` receive. */
export function bodyFor({ bodies }: Publication, protocol: string): string {
  return bodies[protocol] ?? bodies.default ?? '';
}

/** Whether a subscription with this filter policy receives the publication. Without a policy it always does. */
export function passesFilter(
  publication: Publication,
  protocol: string,
  filterPolicy: string | undefined,
  scope: string | undefined,
): boolean {
  if (filterPolicy === undefined || filterPolicy === '') return true;
  const policy: unknown = JSON.parse(filterPolicy);
  if (!isObject(policy)) throw new Error(`filter policy is ${show(policy)}, expected an object`);
  if (scope !== 'MessageBody') return matchesPattern(policy, publication.attributes);
  const body = parseJson(bodyFor(publication, protocol));
  return isObject(body) && matchesPattern(policy, body);
}

function readBodies(message: string): Record<string, string> {
  const parsed = parseJson(message);
  if (!isObject(parsed)) throw new InvalidPublication('MessageStructure is json, but Message is not a JSON object');
  if (typeof parsed.default !== 'string') {
    throw new InvalidPublication('MessageStructure is json, but Message has no string under "default"');
  }
  for (const [protocol, body] of Object.entries(parsed)) {
    if (typeof body !== 'string') {
      throw new InvalidPublication(`Message has ${show(body)} under "${protocol}", expected a string`);
    }
  }
  return parsed as Record<string, string>;
}

function readAttributes(form: Readonly<Record<string, string>>, prefix: string): Record<string, unknown> {
  const attributes: Record<string, unknown> = {};
  for (let index = 1; ; index++) {
    const entry = `${prefix}MessageAttributes.entry.${index}`;
    const name = form[`${entry}.Name`];
    if (name === undefined) return attributes;
    const value = form[`${entry}.Value.StringValue`] ?? '';
    const type = form[`${entry}.Value.DataType`] ?? 'String';
    if (value === '' && !type.startsWith('Binary')) {
      throw new InvalidPublication(`the message attribute ${name} is empty, expected a value`);
    }
    if (type.startsWith('Number')) attributes[name] = Number(value);
    else attributes[name] = type === 'String.Array' ? parseJson(value) : value;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
