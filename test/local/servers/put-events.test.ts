/** PutEvents of the local cloud: what EventBridge refuses, and what it accepts and drops. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type MessagingServer, startMessagingServer } from '../../../local/servers/s3-sqs-sns.ts';

let server: MessagingServer;
const mailbox = mkdtempSync(join(tmpdir(), 'sweepwatch-events-'));
beforeAll(async () => {
  server = await startMessagingServer({
    region: 'eu-west-1',
    accountId: '000000000000',
    mailbox,
    emit: () => undefined,
  });
});
afterAll(async () => {
  await server.stop();
  rmSync(mailbox, { recursive: true, force: true });
});

async function put(...Entries: object[]) {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' },
    body: JSON.stringify({ Entries }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}
const entry = { Source: 'sweepwatch', DetailType: 'Scan Digest', Detail: '{"a":1}', Resources: [] };

test('an event reaches the rules of its bus, by name and by ARN, and no others', async () => {
  const got: unknown[] = [];
  const remove = server.bus.addBus('soc');
  const rule = {
    name: 'r',
    pattern: { source: ['sweepwatch'] },
    deliver: async (event: object) => void got.push(event),
  };
  const removeRule = server.bus.addRule({ ...rule, bus: 'soc' });
  expect(await put({ ...entry, EventBusName: 'soc' })).toMatchObject({ status: 200, body: { FailedEntryCount: 0 } });
  await put({ ...entry, EventBusName: 'arn:aws:events:eu-west-1:000000000000:event-bus/soc' }, entry);
  await server.background.settle();
  expect(got).toHaveLength(2);
  expect(got[0]).toMatchObject({ source: 'sweepwatch', 'detail-type': 'Scan Digest', detail: { a: 1 } });
  removeRule();
  remove();
});

test('an event for a bus that does not exist is accepted, and dropped', async () => {
  expect(await put({ ...entry, EventBusName: 'gone' })).toEqual({
    status: 200,
    body: { FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }] },
  });
});

test('a bad entry fails alone, in an answer of 200', async () => {
  const answer = await put(
    entry,
    { ...entry, Detail: 'no JSON' },
    { ...entry, Source: 'aws.s3' },
    { ...entry, DetailType: '' },
  );
  expect(answer).toMatchObject({
    status: 200,
    body: {
      FailedEntryCount: 3,
      Entries: [
        { EventId: expect.any(String) },
        { ErrorCode: 'MalformedDetail' },
        { ErrorCode: 'NotAuthorizedForSourceException' },
        { ErrorCode: 'InvalidArgument' },
      ],
    },
  });
});

test('too many entries and too many bytes are refused as a whole', async () => {
  expect(await put(...Array.from({ length: 11 }, () => entry))).toMatchObject({ status: 400 });
  expect(await put()).toMatchObject({ status: 400 });
  const large = { ...entry, Detail: JSON.stringify({ text: 'x'.repeat(600_000) }) };
  expect(await put(large)).toMatchObject({ status: 200 });
  expect(await put(large, large)).toMatchObject({ status: 400, body: { __type: 'ValidationException' } });
});

test('a bus of another Region is refused', async () => {
  const bus = 'arn:aws:events:us-east-1:000000000000:event-bus/soc';
  const { body } = await put({ ...entry, EventBusName: bus });
  expect(body).toMatchObject({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'InvalidArgument' }] });
});
