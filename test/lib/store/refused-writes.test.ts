/** Writes that DynamoDB refuses are counted in each try, also in those that the client repeats by itself. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchWriteCommand, DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, expect, test } from '@jest/globals';
import { countRefusedWrites } from '../../../lib/store/refused-writes.ts';

type Answer = readonly [status: number, body: object];
let end = () => {};
afterEach(() => end());

const OK: Answer = [200, {}];
/** As DynamoDB refuses a write that an index of the table has no room for. */
const refusal = (name: string): Answer => [
  400,
  {
    __type: `com.amazonaws.dynamodb.v20120810#${name}`,
    message: 'Throughput exceeds the maximum OnDemandThroughput configured on index byDay',
  },
];

/** A client of a server that gives these answers, the last one for ever, and the refusals counted so far. */
async function counting(...answers: Answer[]): Promise<{ client: DynamoDBDocumentClient; counted: number[] }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const [status, body] = answers.length > 1 ? answers.shift()! : answers[0]!;
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const plain = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'none', secretAccessKey: 'none' },
    maxAttempts: 4,
  });
  end = () => {
    plain.destroy();
    server.close();
    server.closeAllConnections();
  };
  const counted: number[] = [];
  const client = DynamoDBDocumentClient.from(plain);
  countRefusedWrites(client, (writes) => counted.push(writes));
  return { client, counted };
}

const puts = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ PutRequest: { Item: { pk: 'a', sk: `${n}` } } }));
const update = new UpdateCommand({ TableName: 'findings', Key: { pk: 'a', sk: 'b' } });

test.each(['ThrottlingException', 'ProvisionedThroughputExceededException', 'RequestLimitExceeded'])(
  'counts each try that ends in %s, although the call succeeds',
  async (name) => {
    const { client, counted } = await counting(refusal(name), refusal(name), OK);
    await client.send(update);
    expect(counted).toEqual([1, 1]);
  },
);

test('counts every item of a batch that is refused, whole or in part', async () => {
  const raw = puts(3).map(({ PutRequest }) => ({
    PutRequest: { Item: { pk: { S: 'a' }, sk: { S: String(PutRequest.Item.sk) } } },
  }));
  const { client, counted } = await counting(refusal('ThrottlingException'), [
    200,
    { UnprocessedItems: { windows: raw } },
  ]);
  const { UnprocessedItems } = await client.send(new BatchWriteCommand({ RequestItems: { windows: puts(25) } }));
  expect(UnprocessedItems?.windows).toHaveLength(3);
  expect(counted).toEqual([25, 3]);
});

test('does not count what is no refusal for a limit, and no read', async () => {
  const condition = await counting([400, { __type: 'x#ConditionalCheckFailedException', message: 'no' }]);
  await expect(condition.client.send(update)).rejects.toThrow('no');
  end();
  const read = await counting(refusal('ThrottlingException'), [200, { Items: [] }]);
  await read.client.send(new QueryCommand({ TableName: 'findings', KeyConditionExpression: 'pk = :pk' }));
  end();
  const fine = await counting(OK);
  await fine.client.send(update);
  expect([...condition.counted, ...read.counted, ...fine.counted]).toEqual([]);
});
