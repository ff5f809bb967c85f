/** Event payloads, as text and as invalid bytes: S3's notifications, EventBridge's events, and what others send. */
import type { Random } from '../../../bench/random.ts';
import { EventError, objectsCreated } from '../../../lib/pipeline/object-events.ts';
import { mutatedJson } from '../mutate/json.ts';
import { must, pick, type Target, type Verdict } from '../target.ts';

const KEYS = [
  'AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/21/123456789012_vpcflowlogs_eu-central-1_fl-0a1b_x.log.gz',
  'AWSLogs/aws-account-id%3D123456789012/year%3D2026/x.log.parquet',
  'a+b/c%2Bd/%C3%A9.log',
];

/** A notification of S3 about some objects. */
export const notification = (...keys: string[]): object => ({
  Records: keys.map((key) => ({
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: 'eu-central-1',
    eventTime: '2026-11-21T10:00:00.000Z',
    eventName: 'ObjectCreated:Put',
    s3: {
      s3SchemaVersion: '1.0',
      bucket: { name: 'logs', arn: 'arn:aws:s3:::logs', ownerIdentity: { principalId: 'A' } },
      object: { key, size: 1024, eTag: 'd41d8cd9', sequencer: '0055AED6DCD90281E5' },
    },
  })),
});

/** What EventBridge sends about an object. */
export const bridged = (key: string): object => ({
  version: '0',
  id: '17793124-05d4-b198-2fde-7ededc63b103',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '123456789012',
  resources: ['arn:aws:s3:::logs'],
  detail: {
    version: '0',
    bucket: { name: 'logs' },
    object: { key, size: 1024, etag: 'b1946ac9', 'version-id': 'IYV3p45' },
    reason: 'PutObject',
  },
});

const wrapped = (message: object): object => ({
  Type: 'Notification',
  MessageId: '22b80b92',
  TopicArn: 'arn:aws:sns:eu-central-1:123456789012:logs',
  Message: JSON.stringify(message),
});
const TEST = { Service: 'Amazon S3', Event: 's3:TestEvent', Time: '2026-11-21T10:00:00.000Z', Bucket: 'logs' };

/** One of the payloads that are sent to a queue, ours or not. */
function somePayload(random: Random): object {
  const key = pick(KEYS, random);
  const chance = random.next();
  if (chance < 0.45) return notification(...Array.from({ length: random.whole(1, 3) }, () => key));
  if (chance < 0.85) return bridged(key);
  if (chance < 0.93) return wrapped(notification(key));
  return TEST;
}

/** Errors about what stands within an event of a known form. */
const WITHIN = /a record of the S3 event|the S3 event version|the EventBridge event|no bucket|no key|form-encoded/;

const events: Target = {
  name: 'events',
  weight: 140,
  covers: ['lib/pipeline/object-events.ts'],
  input: (random) => mutatedJson(somePayload(random), random),
  run: (input): Verdict => {
    const body = Buffer.from(input).toString('utf8');
    try {
      const objects = objectsCreated(body);
      for (const { bucket, key, size } of objects) {
        const isNamed = typeof bucket === 'string' && typeof key === 'string' && bucket !== '' && key !== '';
        must(isNamed, () => `an object without a name: ${JSON.stringify({ bucket, key })}`);
        must(size === undefined || (Number.isSafeInteger(size) && size >= 0), () => `an object of ${size} bytes`);
      }
      must(objects.length <= body.length / 10, () => `${objects.length} objects in ${body.length} characters`);
      return { isPast: true, outcome: objects.length ? 'objects' : 'none' };
    } catch (error) {
      if (!(error instanceof EventError)) throw error;
      must(error.message.length < 1500, () => `a message of ${error.message.length} characters`);
      return { isPast: WITHIN.test(error.message), outcome: 'refused' };
    }
  },
};

export const EVENTS: readonly Target[] = [events];
