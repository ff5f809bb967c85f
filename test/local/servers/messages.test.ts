/** The shapes on the wire: notification configuration, S3 events, publications. */
import { describe, expect, test } from '@jest/globals';
import { formatNotifications, parseNotifications, selectsObject } from '../../../local/servers/notification-config.ts';
import { bodyFor, passesFilter, readPublication } from '../../../local/servers/publication.ts';
import {
  createSequencer,
  formEncodeKey,
  notificationMessage,
  objectCreatedEvent,
} from '../../../local/servers/s3-events.ts';

describe('a notification configuration', () => {
  const queue = { id: 'n', queueArn: 'arn:q', events: ['s3:ObjectCreated:*'], prefix: 'a&b/', suffix: '.gz' };

  test('survives the way over the wire', () => {
    const configuration = { queues: [queue], eventBridge: true };
    expect(parseNotifications(formatNotifications(configuration))).toEqual(configuration);
  });

  test('for a topic or a function is refused', () => {
    expect(() => parseNotifications('<TopicConfiguration><Id>x</Id></TopicConfiguration>')).toThrow('not simulated');
  });

  test.each([
    ['ObjectCreated:Put', 'a&b/x.gz', true],
    ['ObjectCreated:Copy', 'a&b/x.gz', true],
    ['ObjectRemoved:Delete', 'a&b/x.gz', false],
    ['ObjectCreated:Put', 'b/x.gz', false],
    ['ObjectCreated:Put', 'a&b/x', false],
  ])('selects %s of %s: %p', (eventName, key, expected) => {
    expect(selectsObject(queue, eventName, key)).toBe(expected);
  });
});

describe('an event of S3', () => {
  const object = {
    bucket: 'logs',
    key: "AWSLogs/a b=c+d (ü)*'~.gz",
    size: 3,
    eTag: 'e',
    eventName: 'ObjectCreated:Put',
    requestId: 'r',
    sequencer: '01',
    time: new Date('2026-11-21T03:04:05.678Z'),
    region: 'us-east-1',
    accountId: '1',
  };

  test('has a form-encoded key that decodes back', () => {
    const encoded = formEncodeKey(object.key);
    expect(encoded).toBe('AWSLogs/a+b%3Dc%2Bd+%28%C3%BC%29*%27%7E.gz');
    expect(decodeURIComponent(encoded.replaceAll('+', ' '))).toBe(object.key);
  });

  test('as a notification has the documented shape', () => {
    expect(notificationMessage(object, 'n')).toMatchObject({
      Records: [
        {
          eventVersion: '2.1',
          eventTime: '2026-11-21T03:04:05.678Z',
          s3: {
            configurationId: 'n',
            bucket: { name: 'logs', arn: 'arn:aws:s3:::logs' },
            object: { size: 3, eTag: 'e' },
          },
        },
      ],
    });
  });

  test('for EventBridge keeps the key as it is', () => {
    expect(objectCreatedEvent(object, 'id')).toMatchObject({
      time: '2026-11-21T03:04:05Z',
      detail: { object: { key: object.key, etag: 'e' }, reason: 'PutObject' },
    });
  });

  test('has a sequencer that grows', () => {
    const next = createSequencer();
    const sequencers = Array.from({ length: 100 }, next);
    expect(new Set(sequencers).size).toBe(100);
    expect([...sequencers].sort()).toEqual(sequencers);
  });
});

describe('a publication', () => {
  const form = {
    TopicArn: 'arn:t',
    Message: JSON.stringify({ default: 'd', email: 'e' }),
    MessageStructure: 'json',
    'MessageAttributes.entry.1.Name': 'severity',
    'MessageAttributes.entry.1.Value.DataType': 'String',
    'MessageAttributes.entry.1.Value.StringValue': 'high',
    'MessageAttributes.entry.2.Name': 'count',
    'MessageAttributes.entry.2.Value.DataType': 'Number',
    'MessageAttributes.entry.2.Value.StringValue': '7',
    'MessageAttributes.entry.3.Name': 'tags',
    'MessageAttributes.entry.3.Value.DataType': 'String.Array',
    'MessageAttributes.entry.3.Value.StringValue': '["a","b"]',
  };

  test('has a body for each protocol, else the default', () => {
    const publication = readPublication(form);
    expect([bodyFor(publication, 'email'), bodyFor(publication, 'sqs')]).toEqual(['e', 'd']);
    expect(bodyFor(readPublication({ Message: '{"email":"x"}' }), 'email')).toBe('{"email":"x"}');
  });

  test('passes the filter policies that match its attributes or its body', () => {
    const publication = readPublication(form);
    const passes = (policy: object, scope?: string) =>
      passesFilter(publication, 'email', JSON.stringify(policy), scope);
    expect(passes({ severity: ['high'], count: [{ numeric: ['>', 5] }], tags: ['b'] })).toBe(true);
    expect(passes({ severity: ['low'] })).toBe(false);
    expect(passes({ missing: [{ exists: false }] })).toBe(true);
    expect(passes({ a: ['x'] }, 'MessageBody')).toBe(false);
    const body = readPublication({ Message: '{"a":{"b":"x"}}' });
    expect(passesFilter(body, 'email', '{"a":{"b":["x"]}}', 'MessageBody')).toBe(true);
  });

  test.each([
    [{ Message: 'x'.repeat(262_145) }, 'Message is 262145 bytes'],
    [{ Message: '[]', MessageStructure: 'json' }, 'not a JSON object'],
    [{ Message: '{"default":"x","sqs":{}}', MessageStructure: 'json' }, 'under "sqs"'],
    [{ Message: 'x', 'MessageAttributes.entry.1.Name': 'vpcId' }, 'the message attribute vpcId is empty'],
  ])('that AWS refuses is refused: %#', (bad, message) => {
    expect(() => readPublication(bad)).toThrow(message);
  });
});
