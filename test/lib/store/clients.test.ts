/** The AWS clients against a server that accepts connections and never answers. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { PublishCommand } from '@aws-sdk/client-sns';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import {
  type Connection,
  createDocumentClient,
  createS3Client,
  createSnsClient,
  createSqsClient,
} from '../../../lib/store/clients.ts';

let server: Server;
let connection: Connection;
let requests = 0;
const { setTimeout: slow } = globalThis;

beforeAll(async () => {
  server = createServer(() => {
    requests++;
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  connection = {
    region: 'us-east-1',
    server: { dynamodb: url, other: url },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  };
});
beforeEach(() => {
  requests = 0;
  // Ten seconds of waiting pass in a tenth of one.
  globalThis.setTimeout = ((work: () => void, milliseconds = 0) => slow(work, milliseconds / 100)) as typeof setTimeout;
});
afterEach(() => {
  globalThis.setTimeout = slow;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

const url = () => connection.server!.other;
test.each([
  ['DynamoDB', () => createDocumentClient(connection).send(new GetItemCommand({ TableName: 't', Key: {} }))],
  ['S3', () => createS3Client(connection).send(new GetObjectCommand({ Bucket: '127.0.0.1', Key: 'k' }))],
  ['SNS', () => createSnsClient(connection).send(new PublishCommand({ TopicArn: 'arn', Message: 'm' }))],
  [
    'SQS',
    () => createSqsClient(connection).send(new SendMessageCommand({ QueueUrl: `${url()}/1/q`, MessageBody: 'm' })),
  ],
])('a call of %s that is never answered is tried again and then fails', async (_, call) => {
  await expect(call()).rejects.toMatchObject({ name: 'TimeoutError', $metadata: { attempts: 8 } });
  // On a busy machine an attempt may be over before its request arrives, since time passes a hundred times as fast.
  expect(requests).toBeGreaterThan(4);
});
