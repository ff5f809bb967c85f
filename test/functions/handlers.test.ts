/** The handlers by themselves: what they do when time runs out, with archived objects, and what they count. */
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { SQSEvent } from 'aws-lambda';
import { alertHandler } from '../../functions/alert.ts';
import { ingestHandler } from '../../functions/ingest.ts';
import { createServices } from '../../functions/services.ts';
import { parseSettings } from '../../lib/config/load.ts';
import { toRuntimeSettings } from '../../lib/config/runtime.ts';
import type { Services } from '../../lib/pipeline/services.ts';
import { type Embedded, startEmbedded } from '../lib/store/fixture/tables.ts';

let embedded: Embedded;
let services: Services;
const logged: string[] = [];
const warned: string[] = [];
const counted: [name: string, value: number][] = [];
beforeAll(async () => {
  embedded = await startEmbedded();
  const names = await embedded.tables();
  const log = (message: unknown) => void logged.push(String(message));
  const ignore = () => undefined;
  const logger = {
    debug: ignore,
    info: ignore,
    error: ignore,
    warn: (message: unknown) => warned.push(String(message)),
  };
  const metrics = new Metrics({ namespace: 'Sweepwatch', serviceName: 'test', logger: logger as unknown as Console });
  const { addMetric } = metrics;
  jest.spyOn(metrics, 'addMetric').mockImplementation((name, unit, value) => {
    counted.push([name, value]);
    return addMetric.call(metrics, name, unit, value);
  });
  services = createServices({
    variables: {
      SETTINGS: JSON.stringify(toRuntimeSettings(parseSettings({ detailedMonitoring: true }))),
      HASH_KEY: 'a secret',
      WINDOWS_TABLE: names.windows,
      FINDINGS_TABLE: names.findings,
      ALERT_QUEUE_URL: 'http://127.0.0.1:9/alert',
      ALERT_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:alerts',
      OPERATIONS_TOPIC_ARN: 'arn:aws:sns:us-east-1:000000000000:operations',
    },
    clients: { documents: embedded.client() },
    clock: () => Date.now() / 1000,
    logger: { info: log, warn: log, error: log } as unknown as Services['logger'],
    metrics,
  });
});
afterEach(() => {
  logged.length = 0;
  warned.length = 0;
  counted.length = 0;
});
afterAll(async () => {
  jest.restoreAllMocks();
  await embedded.stop();
});

const eventOf = (...bodies: string[]) =>
  ({ Records: bodies.map((body, n) => ({ messageId: `m${n}`, body })) }) as unknown as SQSEvent;
const failed = async (response: Promise<{ batchItemFailures: { itemIdentifier: string }[] }>) =>
  (await response).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
/** Answers of the context, one per call. The last one is repeated. */
const timesLeft = (...milliseconds: number[]) => ({
  getRemainingTimeInMillis: () => (milliseconds.length > 1 ? milliseconds.shift()! : milliseconds[0]!),
});
const created = (...keys: string[]) =>
  JSON.stringify({
    Records: keys.map((key) => ({
      eventVersion: '2.1',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: 'logs' }, object: { key } },
    })),
  });

describe('alert', () => {
  const alert = () => alertHandler(services);
  const unknown = '{"pk":"source#x","sk":"finding#y"}';

  test('hands back announcements that time ran out for, and no others', async () => {
    const response = alert()(eventOf(unknown, unknown, unknown), timesLeft(30_000, 29_000, 12_000, 11_999));
    expect(await failed(response)).toEqual(['m2']);
    expect(logged).toEqual([
      'announcement handled',
      'announcement handled',
      'no time left for an announcement, it returns to the queue',
    ]);
  });

  test('does not warn about metrics when it counted nothing', async () => {
    expect(await failed(alert()(eventOf(unknown), timesLeft(30_000)))).toEqual([]);
    expect(warned).toEqual([]);
  });
});

describe('ingest', () => {
  const s3 = (answer: () => Promise<object>) => ({ send: answer }) as unknown as S3Client;
  const ingest = (answer: () => Promise<object>) =>
    ingestHandler({ ...services, clients: { ...services.clients, s3: s3(answer) } });
  const archived = () =>
    Promise.reject(
      Object.assign(new Error('not valid for the storage class'), {
        name: 'InvalidObjectState',
        StorageClass: 'GLACIER',
        $metadata: { httpStatusCode: 403 },
      }),
    );

  test('does not warn about metrics for the test event of S3', async () => {
    const event = eventOf('{"Service":"Amazon S3","Event":"s3:TestEvent"}');
    expect(await failed(ingest(archived)(event, timesLeft(300_000)))).toEqual([]);
    expect(warned).toEqual([]);
  });

  test('fails for an archived object, and counts it', async () => {
    expect(await failed(ingest(archived)(eventOf(created('old.log.gz')), timesLeft(300_000)))).toEqual(['m0']);
    expect(counted).toEqual([['ObjectsArchived', 1]]);
  });

  describe('of a batch of a look back', () => {
    const batch = (...keys: string[]) => ({ Items: keys.map((key) => ({ bucket: 'logs', key, size: 1 })) });
    const gone = () => Promise.reject(Object.assign(new Error('no such key'), { name: 'NoSuchKey' }));

    test('names the files that are gone, and those that failed with the reason', async () => {
      let call = 0;
      const result = ingest(() => (call++ ? archived() : gone()))(
        batch('gone.log.gz', 'old.log.gz'),
        timesLeft(300_000),
      );
      expect(await result).toEqual({
        gone: ['gone.log.gz'],
        failed: [{ key: 'old.log.gz', reason: expect.stringContaining('GLACIER') }],
      });
      expect(logged).toEqual(['object is gone', 'old file failed']);
      expect(counted).toEqual([
        ['ObjectsGone', 1],
        ['ObjectsArchived', 1],
      ]);
    });

    test('names the files that no time was left for', async () => {
      const result = await ingest(gone)(batch('a.log.gz', 'b.log.gz'), timesLeft(300_000, 200_000, 29_000));
      expect(result.gone).toEqual(['a.log.gz']);
      expect(result.failed).toEqual([{ key: 'b.log.gz', reason: 'no time left to read s3://logs/b.log.gz' }]);
    });

    test('keeps the answer small, whatever the reasons say', async () => {
      const long = () => Promise.reject(new Error('x'.repeat(10_000)));
      const { failed } = await ingest(long)(batch('a.log.gz'), timesLeft(300_000));
      expect(failed[0]!.reason.length).toBeLessThanOrEqual(300);
    });
  });

  test('hands a message back without opening its objects when no time is left', async () => {
    let opened = 0;
    const open = () => {
      opened++;
      return archived();
    };
    const response = ingest(open)(eventOf(created('a.log.gz', 'b.log.gz')), timesLeft(300_000, 200_000, 29_000));
    expect(await failed(response)).toEqual(['m0']);
    expect(opened).toBe(1);
  });
});
