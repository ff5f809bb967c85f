/** The VPCs of an account and Region, and what connects them: peering and transit gateways. */
import { type Connection, createSqsClient } from '../clients.ts';
import { ask } from './ask.ts';
import type { Answer, VpcFacts } from './facts.ts';
import { childrenOf, type Element, SignedCalls, TruncatedError, textOf } from './signed-calls.ts';

/** A VPC at the end of a connection, as far as that end tells. */
interface FarVpc {
  readonly id: string;
  readonly account?: string;
  readonly region?: string;
  readonly cidrs?: readonly string[];
}

/** VPCs that reach each other, and what connects them. */
export interface ConnectionFacts {
  readonly by: string;
  readonly vpcs: readonly FarVpc[];
  /** Peerings of transit gateways that they also reach, named alike from both gateways. */
  readonly through?: readonly string[];
  /** Whether the routes between them could not be looked at, so that all VPCs of a transit gateway count. */
  readonly isAssumed?: boolean;
}

/** All pages of the calls below hold this many. */
const PAGE = { MaxResults: '1000' };
const STATIC_ROUTES = {
  'Filter.1.Name': 'type',
  'Filter.1.Value.1': 'static',
  'Filter.2.Name': 'state',
  'Filter.2.Value.1': 'active',
};

/** All VPCs of the account in this Region, with their blocks. */
export const vpcsOf = async (calls: SignedCalls): Promise<VpcFacts[]> =>
  (await calls.ec2('DescribeVpcs', 'vpcSet', PAGE)).map((vpc) => ({
    id: textOf(vpc, 'vpcId'),
    account: textOf(vpc, 'ownerId'),
    cidrs: [
      ...associated(vpc, 'cidrBlockAssociationSet', 'cidrBlock', 'cidrBlockState'),
      ...associated(vpc, 'ipv6CidrBlockAssociationSet', 'ipv6CidrBlock', 'ipv6CidrBlockState'),
    ],
  }));

/** Blocks that a VPC has or is about to have. Blocks that it gave up stay listed for a while. */
const associated = (vpc: Element, set: string, block: string, state: string): string[] =>
  itemsOf(vpc, set).flatMap((each) => {
    const [found = ''] = childrenOf(each, state);
    return /^(associated|associating)?$/.test(textOf(found, 'state')) ? [textOf(each, block)] : [];
  });

/** The VPCs that peering connects in this Region, those of other accounts and Regions included. */
const peeringsOf = async (calls: SignedCalls): Promise<ConnectionFacts[]> =>
  (await calls.ec2('DescribeVpcPeeringConnections', 'vpcPeeringConnectionSet', PAGE)).flatMap((peering) => {
    const [status = ''] = childrenOf(peering, 'status');
    if (textOf(status, 'code') !== 'active') return [];
    const ends = ['requesterVpcInfo', 'accepterVpcInfo'].flatMap((name) => childrenOf(peering, name));
    return [{ by: textOf(peering, 'vpcPeeringConnectionId'), vpcs: ends.map(peerOf) }];
  });

function peerOf(end: Element): FarVpc {
  const cidrs = [
    ...itemsOf(end, 'cidrBlockSet').map((block) => textOf(block, 'cidrBlock')),
    ...itemsOf(end, 'ipv6CidrBlockSet').map((block) => textOf(block, 'ipv6CidrBlock')),
  ];
  const blocks = cidrs.length ? cidrs : [textOf(end, 'cidrBlock')].filter(Boolean);
  return { id: textOf(end, 'vpcId'), account: textOf(end, 'ownerId'), region: textOf(end, 'region'), cidrs: blocks };
}

/** What is attached to a transit gateway. */
interface Attachment {
  readonly id: string;
  readonly gateway: string;
  readonly type: string;
  /** The id of a VPC, or of the gateway at the other end of a peering. */
  readonly resource: string;
  readonly account: string;
}

/**
 * The VPCs that transit gateways connect in this Region. Route tables are visible only to the account that owns the
 * gateway. For others, and for a gateway with a table of which EC2 does not tell all routes, all VPCs of the gateway that
 * the account sees count as connected.
 */
async function gatewayConnectionsOf(
  calls: SignedCalls,
): Promise<{ readonly connections: Answer<ConnectionFacts[]>; readonly routes: Answer<unknown> }> {
  const attachments = await ask('ec2:DescribeTransitGatewayAttachments', () => attachmentsOf(calls));
  if (!('value' in attachments)) return { connections: attachments, routes: { value: undefined } };
  if (!attachments.value.length) return { connections: { value: [] }, routes: { value: undefined } };
  const routes = await ask(
    'ec2:DescribeTransitGatewayRouteTables, ec2:GetTransitGatewayRouteTableAssociations, ec2:GetTransitGatewayRouteTablePropagations and ec2:SearchTransitGatewayRoutes',
    () => reachOf(calls),
  );
  const all = 'value' in routes ? routes.value : [];
  const cut = new Set(all.filter(({ ids }) => !ids).map(({ gateway }) => gateway));
  const tables = all.filter(({ gateway }) => !cut.has(gateway));
  const seen = new Set(tables.map(({ gateway }) => gateway));
  const byId = new Map(attachments.value.map((attachment) => [attachment.id, attachment]));
  const unseen = [...new Set(attachments.value.map(({ gateway }) => gateway))].filter((gateway) => !seen.has(gateway));
  const value = [
    ...tables.map(({ gateway, ids }) => connection(gateway, ids?.flatMap((id) => byId.get(id) ?? []) ?? [])),
    ...unseen.map((gateway) => ({
      ...connection(
        gateway,
        attachments.value.filter((attachment) => attachment.gateway === gateway),
      ),
      isAssumed: true,
    })),
  ];
  return { connections: { value }, routes };
}

const connection = (by: string, attachments: readonly Attachment[]): ConnectionFacts => ({
  by,
  vpcs: attachments
    .filter(({ type }) => type === 'vpc')
    .map(({ resource, account }) => ({ id: resource, ...(account && { account }) })),
  through: attachments
    .filter(({ type }) => type === 'peering')
    .map(({ gateway, resource }) => [gateway, resource].sort().join('+')),
});

async function attachmentsOf(calls: SignedCalls): Promise<Attachment[]> {
  const items = await calls.ec2('DescribeTransitGatewayAttachments', 'transitGatewayAttachments', PAGE);
  return items.flatMap((item) =>
    textOf(item, 'state') === 'available'
      ? [
          {
            id: textOf(item, 'transitGatewayAttachmentId'),
            gateway: textOf(item, 'transitGatewayId'),
            type: textOf(item, 'resourceType'),
            resource: textOf(item, 'resourceId'),
            account: textOf(item, 'resourceOwnerId'),
          },
        ]
      : [],
  );
}

/** The attachments of a gateway that a route table connects. Undefined if EC2 does not tell all routes of the table. */
interface Reach {
  readonly gateway: string;
  readonly ids: readonly string[] | undefined;
}

/** The attachments that reach each other by the routes of each table: those that use it, and those that it leads to. */
async function reachOf(calls: SignedCalls): Promise<Reach[]> {
  const tables = await calls.ec2('DescribeTransitGatewayRouteTables', 'transitGatewayRouteTables', PAGE);
  const reach: Reach[] = [];
  // One after the other, because EC2 allows few of these calls in a second.
  for (const item of tables) {
    const table = textOf(item, 'transitGatewayRouteTableId');
    const gateway = textOf(item, 'transitGatewayId');
    const of = { ...PAGE, TransitGatewayRouteTableId: table };
    const users = await calls.ec2('GetTransitGatewayRouteTableAssociations', 'associations', of);
    const propagated = await calls.ec2(
      'GetTransitGatewayRouteTablePropagations',
      'transitGatewayRouteTablePropagations',
      of,
    );
    const routes = await calls
      .ec2('SearchTransitGatewayRoutes', 'routeSet', { ...of, ...STATIC_ROUTES })
      .catch((error: Error) => {
        if (error instanceof TruncatedError) return undefined;
        throw error;
      });
    if (!routes) {
      reach.push({ gateway, ids: undefined });
      continue;
    }
    const from = idsIn(users, 'associated');
    const to = [
      ...idsIn(propagated, 'enabled'),
      ...routes.flatMap((route) => idsIn(itemsOf(route, 'transitGatewayAttachments'))),
    ];
    reach.push({ gateway, ids: from.length && to.length ? [...from, ...to] : [] });
  }
  return reach;
}

const idsIn = (items: readonly Element[], state?: string): string[] =>
  items.flatMap((item) =>
    state === undefined || textOf(item, 'state') === state ? [textOf(item, 'transitGatewayAttachmentId')] : [],
  );

const itemsOf = (element: Element, set: string): readonly Element[] =>
  childrenOf(element, set).flatMap((each) => childrenOf(each, 'item'));

/** What is known of the networks of an account in a Region. */
export interface NetworkFacts {
  readonly region: string;
  readonly vpcs: Answer<readonly VpcFacts[]>;
  readonly peerings: Answer<readonly ConnectionFacts[]>;
  readonly gateways: Answer<readonly ConnectionFacts[]>;
  /** Whether the route tables of transit gateways could be looked at. */
  readonly routes: Answer<unknown>;
}

/** Asks everything. @throws the error of a client if credentials are missing or not valid. */
export async function gatherNetworks(connection: Connection): Promise<NetworkFacts> {
  const client = createSqsClient(connection);
  const calls = new SignedCalls(client, connection);
  try {
    const [region, vpcs, peerings, { connections, routes }] = await Promise.all([
      client.config.region(),
      ask('ec2:DescribeVpcs', () => vpcsOf(calls)),
      ask('ec2:DescribeVpcPeeringConnections', () => peeringsOf(calls)),
      gatewayConnectionsOf(calls),
    ]);
    return { region, vpcs, peerings, gateways: connections, routes };
  } finally {
    client.destroy();
  }
}
