/** PutEvents of EventBridge, with what it refuses, and what it accepts and drops. */
import { randomUUID } from 'node:crypto';
import type { buildApp } from 'fauxqs';
import { isObject, show } from '../template/json.ts';
import type { Background } from './background.ts';
import { DEFAULT_BUS, type EventBus } from './event-bus.ts';

interface Context {
  readonly bus: EventBus;
  readonly background: Background;
  readonly region: string;
  readonly accountId: string;
}

interface Entry {
  readonly EventBusName?: string;
  readonly Source?: string;
  readonly DetailType?: string;
  readonly Detail?: string;
  readonly Resources?: readonly string[];
}

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html */
const MAX_ENTRIES = 10;
const MAX_BYTES = 1024 * 1024;
/** The time of an event counts so many bytes. */
const TIME_BYTES = 14;

/** Adds the call to the embedded server before it listens. */
export function installPutEvents(app: ReturnType<typeof buildApp>, context: Context): void {
  app.addHook('preHandler', async (request, reply) => {
    if (request.headers['x-amz-target'] !== 'AWSEvents.PutEvents') return;
    reply.header('content-type', 'application/x-amz-json-1.1');
    const { Entries: entries = [] } = bodyOf(request.body) as { Entries?: Entry[] };
    const problem = problemOfCall(entries);
    if (problem !== undefined) {
      await reply.code(400).send(JSON.stringify({ __type: 'ValidationException', message: problem }));
      return;
    }
    const results = entries.map((entry) => put(entry, context));
    const failed = results.filter((result) => 'ErrorCode' in result).length;
    await reply.send(JSON.stringify({ FailedEntryCount: failed, Entries: results }));
  });
}

function bodyOf(body: unknown): object {
  if (isObject(body) && !Buffer.isBuffer(body)) return body;
  const value: unknown = JSON.parse(String(body));
  return isObject(value) ? value : {};
}

function problemOfCall(entries: readonly Entry[]): string | undefined {
  if (entries.length < 1 || entries.length > MAX_ENTRIES)
    return `${entries.length} entries, expected 1 to ${MAX_ENTRIES}`;
  const bytes = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  return bytes > MAX_BYTES ? `Total size of the entries in the request is over the limit: ${bytes} bytes` : undefined;
}

const sizeOf = ({ Source = '', DetailType = '', Detail = '', Resources = [] }: Entry): number =>
  TIME_BYTES + [Source, DetailType, Detail, ...Resources].reduce((sum, text) => sum + Buffer.byteLength(text), 0);

function put(entry: Entry, { bus, background, region, accountId }: Context): Record<string, string> {
  const { Source = '', DetailType = '', Detail, Resources = [], EventBusName = DEFAULT_BUS } = entry;
  const refuse = (ErrorCode: string, ErrorMessage: string) => ({ ErrorCode, ErrorMessage });
  if (Source === '' || DetailType === '' || Detail === undefined)
    return refuse('InvalidArgument', `Parameter ${show(entry)} is not valid. Reason: a field is missing.`);
  const [, , , ofBus = region] = EventBusName.split(':');
  if (ofBus !== region)
    return refuse(
      'InvalidArgument',
      `Parameter EventBusName is not valid. Reason: the bus is in ${ofBus}, not ${region}.`,
    );
  if (Source.startsWith('aws.')) return refuse('NotAuthorizedForSourceException', 'Not authorized for the source.');
  const detail = jsonObject(Detail);
  if (detail === undefined) return refuse('MalformedDetail', 'Detail is malformed.');
  const id = randomUUID();
  const name = EventBusName.split('/').at(-1)!;
  // An event for a bus that does not exist is accepted, and dropped.
  if (bus.hasBus(name))
    background.run(`event ${DetailType}`, () =>
      bus.publish(
        {
          version: '0',
          id,
          'detail-type': DetailType,
          source: Source,
          account: accountId,
          time: `${new Date().toISOString().slice(0, 19)}Z`,
          region,
          resources: Resources,
          detail,
        },
        name,
      ),
    );
  return { EventId: id };
}

function jsonObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
