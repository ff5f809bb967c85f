/** The embedded DynamoDB dies and comes back: what it had acknowledged is there, at the same address. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type DynamodbServer, startDynamodb } from '../../../local/servers/dynamodb.ts';

const HAS_DYNOXIDE = existsSync(join('node_modules/@dynoxide', `${process.platform}-${process.arch}`));
const ENGINES = HAS_DYNOXIDE ? ['dynoxide', 'dynalite'] : ['dynalite'];
const before = process.env.LOCAL_DYNAMODB;
let folder: string;
let server: DynamodbServer | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sweepwatch-dynamodb-'));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  if (before === undefined) delete process.env.LOCAL_DYNAMODB;
  else process.env.LOCAL_DYNAMODB = before;
  rmSync(folder, { recursive: true, force: true });
});

test.each(ENGINES)('%s keeps its data in a folder', async (engine) => {
  process.env.LOCAL_DYNAMODB = engine;
  server = await startDynamodb(folder);
  expect(server.engine).toBe(engine);
  const client = new DynamoDBClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  await client.send(
    new CreateTableCommand({
      TableName: 'items',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
  await client.send(new PutItemCommand({ TableName: 'items', Item: { pk: { S: 'a' } } }));
  await server.restart(10);
  const read = new GetItemCommand({ TableName: 'items', Key: { pk: { S: 'a' } }, ConsistentRead: true });
  expect((await client.send(read)).Item).toEqual({ pk: { S: 'a' } });
  client.destroy();
});

test('one in memory refuses to restart empty', async () => {
  server = await startDynamodb();
  await expect(server.restart(0)).rejects.toThrow('would restart empty, expected a folder');
});
