/** `sweepwatch setup domains`: the setting `routingDomains` from VPCs, peering and transit gateways. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { settingsSchema } from '../../lib/config/schema.ts';
import { type MessagingServer, startMessagingServer } from '../../local/servers/s3-sqs-sns.ts';
import { expectValidOutput } from '../output-schema.ts';
import { runHere } from './run-cli.ts';

const before = { ...process.env };
const [SHOP, NETWORK] = ['111122223333', '555566667777'];
const [HERE, THERE] = ['eu-central-1', 'us-east-1'];
const id = (n: number) => `vpc-0000000000000000${n}`;
let folder: string;
let server: MessagingServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sweepwatch-domains-'));
  server = await startMessagingServer({ region: HERE, accountId: SHOP, mailbox: folder, emit: () => undefined });
  const profile = (name: string, key: string) =>
    `[${name}]\naws_access_key_id = ${key}\naws_secret_access_key = test\n`;
  const credentials = join(folder, 'credentials');
  writeFileSync(credentials, profile('shop', SHOP) + profile('network', NETWORK));
  delete process.env.AWS_ACCESS_KEY_ID;
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: server.url,
    AWS_PROFILE: 'shop',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_REGION: HERE,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: credentials,
  });
});
afterAll(async () => {
  process.env = { ...before };
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  const { described } = server;
  Object.assign(described, { peerings: [], attachments: [], routeTables: [], mostInPage: 1000, isCutOff: false });
  described.vpcs.clear();
  described.denied.clear();
});

const vpc = (n: number, cidr: string, account = SHOP, region = HERE) =>
  server.described.vpcs.set(id(n), { account, region, cidrs: [cidr] });
const attach = (n: number, account = SHOP, owner = NETWORK) =>
  server.described.attachments.push({
    id: `tgw-attach-${n}`,
    gateway: 'tgw-1',
    type: 'vpc',
    resource: id(n),
    account,
    owner,
  });

async function domains(...args: string[]) {
  const { code, stdout, stderr } = await runHere(['setup', 'domains', '--json', ...args]);
  const printed = JSON.parse(stdout);
  expectValidOutput('setup-domains', printed);
  return { code, stderr, printed };
}

test('peered VPCs share a domain, and one with the same addresses is apart', async () => {
  vpc(1, '10.0.0.0/16');
  vpc(2, '10.1.0.0/16');
  vpc(3, '10.0.0.0/20');
  server.described.peerings.push({ id: 'pcx-1', requester: id(1), accepter: id(2), status: 'active' });
  const { code, printed } = await domains();
  expect([code, printed.routingDomains]).toEqual([0, { [id(1)]: [id(1), id(2)], [id(3)]: [id(3)] }]);
  expect(() => settingsSchema.parse({ routingDomains: printed.routingDomains })).not.toThrow();
});

test('a deleted peering connects nothing, and a former block overlaps nothing', async () => {
  vpc(1, '10.0.0.0/16');
  server.described.vpcs.set(id(2), {
    account: SHOP,
    region: HERE,
    cidrs: ['10.1.0.0/16'],
    formerCidrs: ['10.0.0.0/16'],
  });
  vpc(3, '10.7.0.0/16', NETWORK);
  server.described.peerings.push({ id: 'pcx-1', requester: id(1), accepter: id(3), status: 'deleted' });
  expect((await domains()).printed.routingDomains).toEqual({});
});

test('each page is read', async () => {
  server.described.mostInPage = 1;
  for (const n of [1, 2, 3, 4]) vpc(n, `10.${n % 2}.0.0/16`);
  const { printed } = await domains();
  expect(printed.vpcs).toHaveLength(4);
  expect(Object.keys(printed.routingDomains)).toHaveLength(4);
});

test('each Region is read, and a peering between two is one connection', async () => {
  vpc(1, '10.0.0.0/16');
  vpc(2, '10.0.0.0/16', SHOP, THERE);
  vpc(3, '10.3.0.0/16', SHOP, THERE);
  server.described.peerings.push({ id: 'pcx-1', requester: id(1), accepter: id(3), status: 'active' });
  const { printed } = await domains('--region', HERE, '--region', THERE);
  expect(printed.routingDomains).toEqual({ [id(1)]: [id(1), id(3)], [id(2)]: [id(2)] });
});

test('a VPC of another account is known by its end of the peering', async () => {
  vpc(1, '10.0.0.0/16');
  vpc(2, '10.1.0.0/16', NETWORK, THERE);
  server.described.peerings.push({ id: 'pcx-1', requester: id(1), accepter: id(2), status: 'active' });
  const { printed } = await domains();
  expect(printed.routingDomains).toEqual({ [id(1)]: [id(1), id(2)] });
  expect(printed.vpcs[1]).toEqual({ id: id(2), account: NETWORK, region: THERE, cidrs: ['10.1.0.0/16'] });
  expect(printed.unknownAddresses).toEqual([]);
});

describe('a transit gateway', () => {
  beforeEach(() => {
    vpc(1, '10.1.0.0/16');
    vpc(2, '10.2.0.0/16', NETWORK);
    vpc(3, '10.1.0.0/16');
    for (const [n, account] of [
      [1, SHOP],
      [2, NETWORK],
      [3, SHOP],
    ] as const)
      attach(n, account);
  });
  const table = (users: number[], propagated: number[], routes: number[] = []) =>
    server.described.routeTables.push({
      id: `tgw-rtb-${server.described.routeTables.length}`,
      gateway: 'tgw-1',
      owner: NETWORK,
      users: users.map((n) => `tgw-attach-${n}`),
      propagated: propagated.map((n) => `tgw-attach-${n}`),
      routes: routes.map((n) => ({ cidr: '0.0.0.0/0', to: `tgw-attach-${n}` })),
    });
  const both = ['--profile', 'shop', '--profile', 'network'];

  test('connects what its tables lead to, by propagation and by static routes', async () => {
    table([1], [], [2]);
    table([2], [1]);
    table([3], []);
    const { printed } = await domains(...both);
    expect(printed.routingDomains).toEqual({ [id(1)]: [id(1), id(2)], [id(3)]: [id(3)] });
    expect(printed.groups[0].connectedBy).toEqual(['tgw-1']);
  });

  test('does not connect VPCs whose tables lead nowhere', async () => {
    table([1, 2, 3], []);
    expect((await domains(...both)).printed.routingDomains).toEqual({ [id(1)]: [id(1)], [id(3)]: [id(3)] });
  });

  test('connects all its VPCs for those who do not see its tables, and says so', async () => {
    table([3], []);
    const { printed } = await domains();
    expect(printed.routingDomains).toEqual({ [id(1)]: [id(1)], [id(3)]: [id(3)] });
    expect([printed.assumedRoutes, printed.notJoined.length]).toEqual([['tgw-1'], 1]);
    const { stdout } = await runHere(['setup', 'domains']);
    expect(stdout).toContain('tgw-1: its routes are visible to its owner only');
    expect(stdout).toContain(`kept apart, though tgw-1 connects them: ${id(3)} and ${id(1)} both have 10.1.0.0/16`);
  });

  test('connects what routes on all pages lead to', async () => {
    server.described.mostInPage = 1;
    table([1], [], [3, 2]);
    table([3], []);
    const { printed } = await domains(...both);
    expect([printed.routingDomains, printed.assumedRoutes]).toEqual([
      { [id(1)]: [id(1), id(2)], [id(3)]: [id(3)] },
      [],
    ]);
  });

  test('connects all its VPCs where EC2 does not tell all routes of a table, and says so', async () => {
    server.described.mostInPage = 3;
    server.described.isCutOff = true;
    table([1], [], [2, 2, 2]);
    expect((await domains(...both)).printed.assumedRoutes).toEqual([]);
    table([1], [], [1, 1, 1, 2]);
    const { code, printed } = await domains(...both);
    expect([code, printed.assumedRoutes, printed.notLookedAt]).toEqual([0, ['tgw-1'], []]);
    expect(printed.routingDomains).toEqual({ [id(1)]: [id(1), id(2)], [id(3)]: [id(3)] });
  });

  test('names the VPCs whose addresses nobody told', async () => {
    table([1, 2], [1, 2]);
    const { printed } = await domains('--profile', 'network');
    expect(printed.unknownAddresses).toEqual([id(1)]);
  });

  test('is connected to its peer', async () => {
    vpc(4, '10.4.0.0/16', NETWORK, THERE);
    const peer = { id: 'tgw-attach-9', type: 'peering', owner: NETWORK } as const;
    server.described.attachments.push(
      {
        id: 'tgw-attach-4',
        gateway: 'tgw-2',
        type: 'vpc',
        resource: id(4),
        account: NETWORK,
        owner: NETWORK,
        region: THERE,
      },
      { ...peer, gateway: 'tgw-1', resource: 'tgw-2', region: HERE },
      { ...peer, gateway: 'tgw-2', resource: 'tgw-1', region: THERE },
    );
    table([1], [], [9]);
    server.described.routeTables.push({
      ...{ id: 'tgw-rtb-far', gateway: 'tgw-2', owner: NETWORK, region: THERE },
      ...{ users: ['tgw-attach-9'], propagated: ['tgw-attach-4'], routes: [] },
    });
    const { printed } = await domains(...both, '--region', HERE, '--region', THERE);
    expect(printed.routingDomains).toEqual({ [id(1)]: [id(1), id(4)], [id(3)]: [id(3)] });
  });
});

test('prints the setting and the reasons for people', async () => {
  vpc(1, '10.0.0.0/16');
  vpc(2, '10.0.0.0/16');
  vpc(3, '10.3.0.0/16');
  const { code, stdout, stderr } = await runHere(['setup', 'domains']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toBe(`Put this into the settings file:

"routingDomains": {
  "${id(1)}": [
    "${id(1)}"
  ],
  "${id(2)}": [
    "${id(2)}"
  ]
}

${id(1)}: ${id(1)} (${SHOP} ${HERE})
${id(2)}: ${id(2)} (${SHOP} ${HERE})
kept apart, not connected: ${id(1)} and ${id(2)} both have 10.0.0.0/16
1 VPC needs no entry, because its account has each of its addresses once.
`);
});

test('keeps the names of the settings file', async () => {
  vpc(1, '10.0.0.0/16');
  vpc(2, '10.0.0.0/16');
  const file = join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify({ routingDomains: { shop: [id(2)] } }));
  expect((await domains('--config', file)).printed.routingDomains).toEqual({ shop: [id(2)], [id(1)]: [id(1)] });
});

test('says what could not be looked at, and exits with 1', async () => {
  vpc(1, '10.0.0.0/16');
  vpc(2, '10.1.0.0/16', NETWORK);
  attach(1, SHOP, SHOP);
  attach(2, NETWORK, SHOP);
  server.described.denied.set('ec2:DescribeVpcPeeringConnections', 'no').set('ec2:SearchTransitGatewayRoutes', 'no');
  server.described.routeTables.push({ id: 't', gateway: 'tgw-1', users: [], propagated: [], routes: [] });
  const { code, stderr, printed } = await domains();
  expect(code).toBe(1);
  expect(stderr).toContain(
    `peering connections of ${HERE}: not looked at, because the caller may not call ec2:DescribeVpcPeeringConnections`,
  );
  expect(printed.notLookedAt).toHaveLength(2);
  expect(printed.assumedRoutes).toEqual(['tgw-1']);
});

test('without credentials nothing is printed', async () => {
  delete process.env.AWS_PROFILE;
  const { code, stdout, stderr } = await runHere(['setup', 'domains']);
  process.env.AWS_PROFILE = 'shop';
  expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining('no AWS credentials were found')]);
});

test('a settings file that cannot be used is wrong usage', async () => {
  const file = join(folder, 'settings.json');
  writeFileSync(file, '{"routingDomains":{"X":[]}}');
  const { code, stderr } = await runHere(['setup', 'domains', '--config', file]);
  expect([code, stderr]).toEqual([2, expect.stringContaining('routingDomains')]);
});
