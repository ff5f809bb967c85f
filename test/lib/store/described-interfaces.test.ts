/** Interfaces and subnets as EC2 describes them: whole or not at all, whatever the answers look like. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { formatCidr } from '../../../lib/net/cidr.ts';
import { describeInterfaces } from '../../../lib/store/described-interfaces.ts';
import { SignedCalls } from '../../../lib/store/health/signed-calls.ts';

const answers: [status: number, body: string][] = [];
const asked: URLSearchParams[] = [];
let server: Server;
let calls: SignedCalls;

beforeAll(async () => {
  server = createServer((request, reply) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      asked.push(new URLSearchParams(body));
      const [status, text] = answers.shift() ?? [400, refusal('Unexpected')];
      reply.writeHead(status).end(text);
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
beforeEach(() => {
  answers.length = 0;
  asked.length = 0;
});

const refusal = (code: string) =>
  `<Response><Errors><Error><Code>${code}</Code><Message>no</Message></Error></Errors></Response>`;
const page = (set: string, items: readonly string[], next = '') =>
  `<R><${set}>${items.map((item) => `<item>${item}</item>`).join('')}</${set}>${next && `<nextToken>${next}</nextToken>`}</R>`;
const SUBNETS = page('subnetSet', [
  '<subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><ownerId>111122223333</ownerId><cidrBlock>10.0.9.0/24</cidrBlock><ipv6CidrBlockAssociationSet><item><ipv6CidrBlock>2001:db8::/64</ipv6CidrBlock><ipv6CidrBlockState><state>associated</state></ipv6CidrBlockState></item><item><ipv6CidrBlock>2001:db9::/64</ipv6CidrBlock><ipv6CidrBlockState><state>disassociated</state></ipv6CidrBlockState></item></ipv6CidrBlockAssociationSet>',
]);
const FULL =
  '<networkInterfaceId>eni-1</networkInterfaceId><subnetId>subnet-1</subnetId><vpcId>vpc-1</vpcId><ownerId>111122223333</ownerId><status>in-use</status><privateIpAddress>10.0.9.9</privateIpAddress><groupSet><item><groupId>sg-1</groupId></item></groupSet><privateIpAddressesSet><item><privateIpAddress>10.0.9.9</privateIpAddress><primary>true</primary></item><item><privateIpAddress>10.0.9.10</privateIpAddress></item></privateIpAddressesSet><ipv6AddressesSet><item><ipv6Address>2001:DB8::9</ipv6Address></item></ipv6AddressesSet><ipv4PrefixSet><item><ipv4Prefix>10.0.9.128/28</ipv4Prefix></item></ipv4PrefixSet><ipv6PrefixSet><item><ipv6Prefix>2001:db8:0:0:1::/80</ipv6Prefix></item></ipv6PrefixSet>';
const BARE =
  '<networkInterfaceId>eni-2</networkInterfaceId><vpcId>vpc-1</vpcId><ownerId>111122223333</ownerId><ipv6AddressesSet/>';
const always = () => true;

test('all addresses and prefixes of both families are read, page by page', async () => {
  answers.push(
    [200, SUBNETS],
    [200, page('networkInterfaceSet', [FULL], 'n2')],
    [200, page('networkInterfaceSet', [BARE])],
  );
  const { interfaces, subnets } = await describeInterfaces(calls, always);
  expect(interfaces).toEqual([
    {
      ...{ id: 'eni-1', vpcId: 'vpc-1', owner: '111122223333' },
      addresses: ['10.0.9.9', '10.0.9.10', '2001:db8::9'],
      prefixes: ['10.0.9.128/28', '2001:db8:0:0:1::/80'],
    },
    { id: 'eni-2', vpcId: 'vpc-1', owner: '111122223333', addresses: [], prefixes: [] },
  ]);
  expect(subnets.map(({ cidrs, ...rest }) => ({ ...rest, cidrs: cidrs.map(formatCidr) }))).toEqual([
    { vpcId: 'vpc-1', owner: '111122223333', cidrs: ['10.0.9.0/24', '2001:db8::/64'] },
  ]);
  expect(asked.map((form) => [form.get('Action'), form.get('MaxResults'), form.get('NextToken')])).toEqual([
    ['DescribeSubnets', '1000', null],
    ['DescribeNetworkInterfaces', '1000', null],
    ['DescribeNetworkInterfaces', '1000', 'n2'],
  ]);
  expect(asked[1]!.get('IncludeManagedResources')).toBe('true');
});

test('a Region that does not know hidden resources is asked without them', async () => {
  answers.push([200, SUBNETS], [400, refusal('UnknownParameter')], [200, page('networkInterfaceSet', [FULL])]);
  expect((await describeInterfaces(calls, always)).interfaces).toHaveLength(1);
  expect(asked[2]!.has('IncludeManagedResources')).toBe(false);
});

test('throttling passes', async () => {
  answers.push([200, SUBNETS], [503, refusal('RequestLimitExceeded')], [200, page('networkInterfaceSet', [FULL])]);
  expect((await describeInterfaces(calls, always)).interfaces).toHaveLength(1);
});

test('without its last page nothing is told', async () => {
  answers.push(
    [200, SUBNETS],
    [200, page('networkInterfaceSet', [FULL], 'n2')],
    [403, refusal('UnauthorizedOperation')],
  );
  await expect(describeInterfaces(calls, always)).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
});

test('without time for a further page nothing is told', async () => {
  answers.push([200, SUBNETS], [200, page('networkInterfaceSet', [FULL], 'n2')]);
  let pages = 0;
  await expect(describeInterfaces(calls, () => ++pages < 2)).rejects.toThrow('no time left');
  expect(asked).toHaveLength(2);
});

test('an answer that is no description is refused', async () => {
  answers.push([200, SUBNETS], [200, page('networkInterfaceSet', ['<networkInterfaceId>eni-1</networkInterfaceId>'])]);
  await expect(describeInterfaces(calls, always)).rejects.toThrow('has no VpcId in eni-1');
});
