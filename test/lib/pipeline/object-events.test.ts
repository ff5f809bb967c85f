/** Queue messages to objects: what S3 and EventBridge send, and what neither does. */
import { describe, expect, test } from '@jest/globals';
import { EventError, objectsCreated } from '../../../lib/pipeline/object-events.ts';
import fc from '../../properties.ts';

const notification = (key: string, parts: object = {}) => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  eventName: 'ObjectCreated:Put',
  s3: {
    s3SchemaVersion: '1.0',
    bucket: { name: 'logs', arn: 'arn:aws:s3:::logs' },
    object: { key, size: 1024, eTag: 'x' },
  },
  ...parts,
});
const body = (...records: unknown[]) => JSON.stringify({ Records: records });
const bridged = (key: string, parts: object = {}) =>
  JSON.stringify({
    version: '0',
    'detail-type': 'Object Created',
    source: 'aws.s3',
    detail: { version: '0', bucket: { name: 'logs' }, object: { key, size: 1024 }, reason: 'PutObject' },
    ...parts,
  });
/** As S3 writes keys in notifications. */
const formEncode = (key: string) => encodeURIComponent(key).replaceAll('%20', '+').replaceAll('%2F', '/');

const KEYS = [
  'AWSLogs/123456789012/vpcflowlogs/eu-central-1/2026/11/21/x.log.gz',
  'AWSLogs/aws-account-id=123456789012/year=2026/x.log.parquet',
  'a b/c+d/100%/é ü 漢字/🦊.log',
  '%41%2B+',
];

describe('the key of an S3 notification is decoded', () => {
  test.each(KEYS)('%s', (key) => {
    expect(objectsCreated(body(notification(formEncode(key))))).toEqual([{ bucket: 'logs', key, size: 1024 }]);
  });

  test('whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (key) => {
        expect(objectsCreated(body(notification(formEncode(key))))).toEqual([{ bucket: 'logs', key, size: 1024 }]);
      }),
    );
  });

  test('"=" and other signs also where S3 left them as they are', () => {
    expect(objectsCreated(body(notification('year=2026/a(1).log')))[0]!.key).toBe('year=2026/a(1).log');
  });
});

describe('the key of an EventBridge event is taken as it is', () => {
  test.each(KEYS)('%s', (key) => {
    expect(objectsCreated(bridged(key))).toEqual([{ bucket: 'logs', key, size: 1024 }]);
  });
});

test('a message may name several objects, and be of any 2.x version', () => {
  const records = [
    notification('a'),
    notification('b', { eventVersion: '2.9' }),
    notification('c', { eventName: 'ObjectCreated:CompleteMultipartUpload' }),
  ];
  expect(objectsCreated(body(...records)).map(({ key }) => key)).toEqual(['a', 'b', 'c']);
});

test('an object without a size has none', () => {
  const { s3 } = notification('a');
  expect(objectsCreated(body(notification('a', { s3: { ...s3, object: { key: 'a' } } })))).toEqual([
    { bucket: 'logs', key: 'a' },
  ]);
});

test.each(['-1', '1.5', '1e999', '9007199254740993', '"12"', 'null'])(
  'an object of %s bytes has no size: nothing is read by what cannot be one',
  (size) => {
    const text = body(notification('a')).replace('"size":1024', `"size":${size}`);
    expect(objectsCreated(text)).toEqual([{ bucket: 'logs', key: 'a' }]);
  },
);

test.each([
  [
    'the test event that S3 sends once',
    JSON.stringify({ Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'logs' }),
  ],
  ['a removal', body(notification('a', { eventName: 'ObjectRemoved:Delete' }))],
  ['an EventBridge event of another kind', bridged('a', { 'detail-type': 'Object Deleted' })],
  ['a notification without records', body()],
])('%s names no object and is no error', (_, text) => {
  expect(objectsCreated(text)).toEqual([]);
});

test.each([
  ['no JSON', 'hello', 'the message must be a JSON event of S3 or EventBridge, got "hello"'],
  ['nothing', '', 'got ""'],
  ['a list', '[]', 'the message must be a JSON object, got []'],
  ['null', 'null', 'the message must be a JSON object, got null'],
  [
    'something else',
    '{"hello":1}',
    'the message must contain Records (S3) or detail (EventBridge), got the keys hello',
  ],
  ['an empty object', '{}', 'got the keys none'],
  ['a version to come', body(notification('a', { eventVersion: '3.0' })), 'the S3 event version must be 2.x, got 3.0'],
  [
    'no bucket',
    body({ eventVersion: '2.1', eventName: 'ObjectCreated:Put', s3: { object: { key: 'a' } } }),
    'lacks s3.bucket or s3.object',
  ],
  ['no key', body(notification('', {})), 'the event names no bucket or no key'],
  ['a key that is a number', body(notification(7 as unknown as string)), 'the event names no key'],
  ['a key that is not encoded', body(notification('100%')), 'the key is not form-encoded: "100%"'],
  [
    'a version that cannot become a text',
    body(notification('a', { eventVersion: { toString: 1 } })),
    'the S3 event version must be 2.x, got an object',
  ],
  ['a list nested more deeply than can be written', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'got [[[['],
  ['keys without end', JSON.stringify({ ['x'.repeat(5000)]: 1 }), `the keys ${'x'.repeat(200)}`],
  ['a record that is a text', body('a'), 'lacks s3.bucket or s3.object'],
  [
    'EventBridge without an object',
    bridged('a', { detail: { bucket: { name: 'logs' } } }),
    'lacks detail.bucket or detail.object',
  ],
])('%s is an error that says what was expected', (_, text, message) => {
  expect(() => objectsCreated(text)).toThrow(message);
  expect(() => objectsCreated(text)).toThrow(EventError);
});

test('an event whose name cannot become a text creates nothing', () => {
  expect(objectsCreated(body(notification('a', { eventName: { toString: null } })))).toEqual([]);
});

test('garbage of any kind is that error and no other', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((json) => `{"Records":[${json}]}`),
      ),
      (text) => {
        try {
          objectsCreated(text);
        } catch (error) {
          expect(error).toBeInstanceOf(EventError);
        }
      },
    ),
  );
});
