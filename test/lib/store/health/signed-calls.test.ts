/** The calls that are signed by hand: answers of EC2 are read, pages are followed, errors have names, throttling passes. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { childrenOf, parseXml, SignedCalls, textOf } from '../../../../lib/store/health/signed-calls.ts';

const answers: [status: number, body: string, headers?: Record<string, string>][] = [];
const asked: { method: string; url: string; body: string; authorization: string }[] = [];
/** In place of a status: the connection ends without an answer. */
const LOST = 0;
let server: Server;
let calls: SignedCalls;

beforeAll(async () => {
  server = createServer((request, reply) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      asked.push({ method, url, body, authorization: String(headers.authorization) });
      const [status, text, more = {}] = answers.shift() ?? [500, ''];
      if (status === LOST) return void request.socket.destroy();
      reply.writeHead(status, more).end(text);
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new SQSClient({ region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
  calls = new SignedCalls(client, { server: { dynamodb: url, other: url } });
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});

test('elements, lists, empty elements and entities of XML are read', () => {
  const xml =
    '<?xml version="1.0"?><R xmlns="x"><set><item><id>a</id><tagSet><item><k>1</k></item></tagSet></item>\n <item><id>b &amp; &#39;c&#x27;</id><none/></item></set></R>';
  const [set] = childrenOf(parseXml(xml), 'set');
  const items = childrenOf(set!, 'item');
  expect(items.map((item) => textOf(item, 'id'))).toEqual(['a', "b & 'c'"]);
  expect(textOf(items[1]!, 'none')).toBe('');
  expect(textOf(items[0]!, 'tagSet')).toBe('');
});

describe('a call', () => {
  test('of EC2 follows the pages, and is signed for its service and Region', async () => {
    answers.push([200, '<R><set><item><id>a</id></item></set><nextToken>n+1</nextToken></R>']);
    answers.push([200, '<R><set><item><id>b</id></item></set></R>']);
    const items = await calls.ec2('DescribeFlowLogs', 'set');
    expect(items.map((item) => textOf(item, 'id'))).toEqual(['a', 'b']);
    expect(asked.map(({ body }) => body)).toEqual([
      'Action=DescribeFlowLogs&Version=2016-11-15',
      'Action=DescribeFlowLogs&Version=2016-11-15&NextToken=n%2B1',
    ]);
    expect(asked[0]!.authorization).toMatch(/Credential=a\/\d{8}\/eu-central-1\/ec2\/aws4_request/);
  });

  test('that is throttled is tried again', async () => {
    answers.push([429, '{"Message":"slow"}', { 'x-amzn-errortype': 'TooManyRequestsException' }], [200, '{"a":1}']);
    expect(await calls.lambda('/2015-03-31/event-source-mappings/', { FunctionName: 'f g' })).toEqual({ a: 1 });
    expect(asked.at(-1)).toMatchObject({ method: 'GET', url: '/2015-03-31/event-source-mappings/?FunctionName=f%20g' });
  });

  test('whose connection is lost is tried again', async () => {
    answers.push([LOST, ''], [200, '{"a":2}']);
    expect(await calls.lambda('/x')).toEqual({ a: 2 });
  });

  test('whose connection is lost each time says so', async () => {
    answers.push([LOST, ''], [LOST, ''], [LOST, ''], [LOST, '']);
    await expect(calls.cloudwatch('DescribeAlarms', {})).rejects.toThrow('monitoring did not answer: ');
    expect(answers).toEqual([]);
  });

  test.each([
    [
      'ec2',
      403,
      '<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no &lt;x&gt;</Message></Error></Errors></Response>',
      {},
      'UnauthorizedOperation: no <x>',
    ],
    [
      'lambda',
      404,
      '{"Message":"gone"}',
      { 'x-amzn-errortype': 'ResourceNotFoundException:http://x/' },
      'ResourceNotFoundException: gone',
    ],
    [
      'cloudwatch',
      400,
      '{"__type":"com.amazonaws#AccessDeniedException","message":"no"}',
      {},
      'AccessDeniedException: no',
    ],
    ['lambda', 403, '<html>proxy</html>', {}, 'Unknown: lambda answered 403'],
  ] as const)('of %s that fails with %d says how', async (service, status, body, headers, expected) => {
    answers.push([status, body, headers]);
    const call = {
      ec2: () => calls.ec2('A', 's'),
      lambda: () => calls.lambda('/x'),
      cloudwatch: () => calls.cloudwatch('A', {}),
    };
    const error = await call[service]().catch((fault: Error) => fault);
    expect(String(error)).toBe(expected);
  });
});
