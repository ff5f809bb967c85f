/** The handlers of ingest and alert, given batches in which some messages are damaged: each fails alone, and is named. */
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda';
import type { Random } from '../../../bench/random.ts';
import type { Invocation } from '../../../functions/invocation.ts';
import { parseSettings } from '../../../lib/config/load.ts';
import { toRuntimeSettings } from '../../../lib/config/runtime.ts';
import { objectId } from '../../../lib/store/keys.ts';
import { file, scan } from '../../../test/lib/pipeline/fixture/flow-logs.ts';
import { MiniAws } from '../mini-aws.ts';
import { mutatedJson } from '../mutate/json.ts';
import { must, pick, type Target, type Verdict } from '../target.ts';
import { bridged, notification } from './events.ts';

const GOOD = ['good one.log.gz', 'good/two=2.log.gz'];
const DAMAGED = 'cut short.log.gz';
const GONE = 'gone.log.gz';
const END = Date.UTC(2026, 10, 21, 10) / 1000;
/** As S3 writes keys in notifications. */
const encoded = (key: string) => encodeURIComponent(key).replaceAll('%20', '+');

const aws = new MiniAws();
type Handler = (event: SQSEvent, invocation: Invocation) => Promise<SQSBatchResponse>;
const invocation: Invocation = { getRemainingTimeInMillis: () => 30_000 };
let handlers: { readonly ingest: Handler; readonly alert: Handler } | undefined;

/** Reference to the finding that alerts are about. */
let announced = '';

async function setUp(): Promise<void> {
  if (handlers) return;
  const settings = parseSettings({
    deploymentName: 'fuzzed',
    vpcs: [{ vpcId: 'vpc-0123456789abcdef0' }],
    emails: ['soc@example.com'],
    opsEmails: ['platform@example.com'],
  });
  Object.assign(process.env, {
    SETTINGS: JSON.stringify(toRuntimeSettings(settings)),
    HASH_KEY: 'fuzzing',
    WINDOWS_TABLE: 'windows',
    FINDINGS_TABLE: 'findings',
    ALERT_QUEUE_URL: 'https://queue.invalid/alert',
    ALERT_TOPIC_ARN: 'arn:aws:sns:eu-central-1:123456789012:alert',
    OPERATIONS_TOPIC_ARN: 'arn:aws:sns:eu-central-1:123456789012:operations',
    AWS_LAMBDA_FUNCTION_NAME: 'fuzzed',
    AWS_REGION: 'eu-central-1',
    POWERTOOLS_METRICS_NAMESPACE: 'Sweepwatch',
    POWERTOOLS_SERVICE_NAME: 'fuzzed',
  });
  const whole = file(scan('rejected', { count: 20, end: END }));
  for (const key of GOOD) aws.objects.set(key, whole);
  aws.objects.set(DAMAGED, whole.subarray(0, whole.length - 30));
  aws.install();
  handlers = {
    ingest: (await import('../../../functions/ingest.ts')).handler!,
    alert: (await import('../../../functions/alert.ts')).handler!,
  };
  const response = await handlers.ingest(
    eventOf([['first', JSON.stringify(notification(encoded(GOOD[0]!)))]]),
    invocation,
  );
  must(response.batchItemFailures.length === 0, () => 'a good file was refused');
  must(aws.queued.length > 0, () => 'a scan came to no announcement');
  announced = aws.queued[0]!;
  finding = [...aws.items].filter(([, item]) => item.findingId !== undefined);
}
/** Items of the finding, which stay. All others are deleted before each input. */
let finding: [string, Record<string, unknown>][] = [];

function forget(): void {
  aws.items.clear();
  for (const [key, item] of finding) aws.items.set(key, structuredClone(item));
  aws.queued.length = 0;
  aws.published = 0;
}

type Messages = readonly (readonly [string, string])[];

const eventOf = (messages: Messages): SQSEvent =>
  ({ Records: messages.map(([messageId, body]) => ({ messageId, body })) }) as unknown as SQSEvent;

/** The messages of an input: pairs of id and body, as JSON. Undefined for any other input. */
function messagesOf(input: Uint8Array): Messages | undefined {
  try {
    const value = JSON.parse(Buffer.from(input).toString('utf8')) as unknown;
    const isPair = (pair: unknown) =>
      Array.isArray(pair) && pair.length === 2 && pair.every((text) => typeof text === 'string');
    return Array.isArray(value) && value.every(isPair) ? (value as unknown as Messages) : undefined;
  } catch {
    return undefined;
  }
}

function batch(random: Random, whole: readonly string[]): Buffer {
  const messages = Array.from({ length: random.whole(2, 5) }, (_, at) => {
    const body = pick(whole, random);
    return [`m${at}`, random.next() < 0.5 ? body : mutatedJson(JSON.parse(body), random).toString('utf8')];
  });
  return Buffer.from(JSON.stringify(messages));
}

/** Runs a batch. The named failures must be some of its messages, each once. */
async function respond(handler: Handler, messages: Messages): Promise<ReadonlySet<string>> {
  const { batchItemFailures } = await handler(eventOf(messages), invocation);
  const named = batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  must(new Set(named).size === named.length, () => `a message is named twice: ${named.join()}`);
  const known = new Set(messages.map(([id]) => id));
  must(
    named.every((id) => known.has(id)),
    () => `a message is named that there is not: ${named.join()}`,
  );
  return new Set(named);
}

function isJson(body: string): boolean {
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

const wholeOf = new Map<string, readonly string[]>(
  [...GOOD, DAMAGED, GONE].flatMap((key) => [
    [JSON.stringify(notification(encoded(key))), [key]],
    [JSON.stringify(bridged(key)), [key]],
  ]),
);
wholeOf.set(JSON.stringify(notification(...[DAMAGED, ...GOOD].map(encoded))), [DAMAGED, ...GOOD]);
wholeOf.set(JSON.stringify(notification(...GOOD.map(encoded))), GOOD);

const HANDLERS = ['functions/ingest.ts', 'functions/alert.ts', 'lib/pipeline/ingest.ts', 'lib/store/objects.ts'];

const ingest: Target = {
  name: 'ingest handler',
  weight: 0.5,
  covers: HANDLERS,
  setUp,
  input: (random) => batch(random, [...wholeOf.keys()]),
  run: async (input): Promise<Verdict> => {
    const messages = messagesOf(input);
    if (!messages) return { isPast: false, outcome: 'no batch' };
    forget();
    const failed = await respond(handlers!.ingest, messages);
    const written = [...aws.items.values()].map(({ sk }) => String(sk));
    for (const [id, body] of messages) {
      const keys = wholeOf.get(body);
      if (!keys) {
        must(failed.has(id) || isJson(body), () => `a message that is no JSON was taken: ${body.slice(0, 100)}`);
        continue;
      }
      const shouldFail = keys.includes(DAMAGED);
      must(
        failed.has(id) === shouldFail,
        () => `${keys.join()} ${shouldFail ? 'was taken' : 'was refused'} beside others`,
      );
      for (const key of keys) {
        const own = objectId('logs', key);
        const isRead = written.some((sk) => sk.includes(own));
        must(isRead === (key !== GONE), () => `of ${key} ${isRead ? 'something' : 'nothing'} was stored`);
      }
    }
    return { isPast: failed.size < messages.length, outcome: failed.size ? 'some failed' : 'all handled' };
  },
};

const alert: Target = {
  name: 'alert handler',
  weight: 2.5,
  covers: HANDLERS,
  setUp,
  input: (random) => batch(random, [announced, JSON.stringify({ pk: 'source#x', sk: 'finding#y' })]),
  run: async (input): Promise<Verdict> => {
    const messages = messagesOf(input);
    if (!messages) return { isPast: false, outcome: 'no batch' };
    forget();
    const failed = await respond(handlers!.alert, messages);
    const known = messages.filter(([, body]) => body === announced);
    for (const [id] of known) must(!failed.has(id), () => 'a good announcement failed beside others');
    // All are of one finding, which is told once.
    must(aws.published === 1 || !known.length, () => `${known.length} announcements, ${aws.published} alerts`);
    for (const [id, body] of messages)
      must(failed.has(id) || isJson(body), () => `a message that is no JSON was taken: ${body.slice(0, 100)}`);
    return { isPast: failed.size < messages.length, outcome: failed.size ? 'some failed' : 'all handled' };
  },
};

export const HANDLER_TARGETS: readonly Target[] = [ingest, alert];
