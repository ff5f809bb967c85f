/** The describing calls of EC2: flow logs, VPCs, subnets, interfaces, peering and transit gateways, in pages. */
import type { Described, DescribedFlowLog, DescribedVpc } from './described.ts';
import { escapeXml } from './notification-config.ts';

type Form = Readonly<Record<string, string>>;

/** Who asks, and where: as the signature of the request says. */
export interface Ec2Caller {
  readonly region: string;
  /** Whoever has a key that is the number of an account sees what belongs to that account. */
  readonly accessKeyId: string;
}

/** An error of EC2. */
export const ec2Error = (code: string, message: string): string =>
  `<Response><Errors><Error><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error></Errors><RequestID>1</RequestID></Response>`;

/** The answer to a call. */
export function ec2(described: Described, form: Form, caller: Ec2Caller): string {
  const lists: Readonly<Record<string, () => readonly [set: string, items: readonly string[]] | string>> = {
    DescribeFlowLogs: () => ['flowLogSet', described.flowLogs.map(flowLogXml)],
    DescribeVpcs: () => vpcs(described, form, caller),
    DescribeSubnets: () => fullPages(form) ?? ['subnetSet', subnets(described, caller)],
    DescribeNetworkInterfaces: () => fullPages(form) ?? ['networkInterfaceSet', interfaces(described, caller)],
    DescribeVpcPeeringConnections: () => ['vpcPeeringConnectionSet', peerings(described, caller)],
    DescribeTransitGatewayAttachments: () => ['transitGatewayAttachments', attachments(described, caller)],
    DescribeTransitGatewayRouteTables: () => [
      'transitGatewayRouteTables',
      tablesOf(described, caller).map(
        ({ id, gateway }) => element('transitGatewayRouteTableId', id) + element('transitGatewayId', gateway),
      ),
    ],
    GetTransitGatewayRouteTableAssociations: () => ofTable(described, form, caller, 'associations'),
    GetTransitGatewayRouteTablePropagations: () =>
      ofTable(described, form, caller, 'transitGatewayRouteTablePropagations'),
    SearchTransitGatewayRoutes: () => ofTable(described, form, caller, 'routeSet'),
  };
  const list = lists[form.Action ?? '']?.();
  if (list === undefined) return ec2Error('InvalidAction', `${form.Action} is not simulated`);
  return typeof list === 'string' ? list : pageOf(described, form, ...list);
}

/** One page, as large as the caller and the cloud allow. */
function pageOf({ mostInPage, isCutOff }: Described, form: Form, set: string, items: readonly string[]): string {
  const from = Number(form.NextToken ?? 0);
  const to = from + Math.min(mostInPage, Number(form.MaxResults ?? mostInPage));
  const hasMore = to < items.length;
  const isSearch = form.Action === 'SearchTransitGatewayRoutes';
  const more = isSearch ? element('additionalRoutesAvailable', hasMore) : '';
  const next = hasMore && !(isSearch && isCutOff) ? element('nextToken', to) : '';
  return (
    `<${form.Action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>1</requestId>` +
    `<${set}>${items
      .slice(from, to)
      .map((item) => `<item>${item}</item>`)
      .join('')}</${set}>${more}${next}</${form.Action}Response>`
  );
}

const element = (name: string, value: string | number | boolean): string =>
  `<${name}>${escapeXml(String(value))}</${name}>`;

const isAccount = (accessKeyId: string): boolean => /^\d{12}$/.test(accessKeyId);

/** Whether the caller sees what belongs to an account, if that is known. */
const sees = ({ accessKeyId }: Ec2Caller, account: string | undefined): boolean =>
  !isAccount(accessKeyId) || account === undefined || account === accessKeyId;

const isHere = ({ region }: Ec2Caller, of: string | undefined): boolean => of === undefined || of === region;

function vpcs(described: Described, form: Form, caller: Ec2Caller): readonly [string, readonly string[]] | string {
  const seen = [...described.vpcs].filter(([, vpc]) => isHere(caller, vpc.region) && sees(caller, vpc.account));
  const wanted = Object.entries(form).flatMap(([name, value]) => (/^VpcId\.\d+$/.test(name) ? [value] : []));
  const missing = wanted.find((id) => !seen.some(([each]) => each === id));
  if (missing) return ec2Error('InvalidVpcID.NotFound', `The vpc ID '${missing}' does not exist`);
  return ['vpcSet', seen.filter(([id]) => !wanted.length || wanted.includes(id)).map(([id, vpc]) => vpcXml(id, vpc))];
}

const vpcXml = (
  id: string,
  { account = '000000000000', cidrs = ['10.0.0.0/16'], formerCidrs = [] }: DescribedVpc,
): string => {
  const blocks = [...cidrs.map((cidr) => [cidr, 'associated']), ...formerCidrs.map((cidr) => [cidr, 'disassociated'])];
  const set = (name: string, prefix: string, of: (readonly string[])[]) =>
    `<${name}>${of
      .map(
        ([cidr, state]) =>
          `<item>${element(`${prefix}`, cidr!)}<${prefix}State>${element('state', state!)}</${prefix}State></item>`,
      )
      .join('')}</${name}>`;
  return [
    element('vpcId', id),
    element('ownerId', account),
    element('cidrBlock', cidrs[0] ?? ''),
    set(
      'cidrBlockAssociationSet',
      'cidrBlock',
      blocks.filter(([cidr]) => !cidr!.includes(':')),
    ),
    set(
      'ipv6CidrBlockAssociationSet',
      'ipv6CidrBlock',
      blocks.filter(([cidr]) => cidr!.includes(':')),
    ),
  ].join('');
};

/** The error of calls that allow 5 to 1,000 items in a page. */
const fullPages = ({ MaxResults }: Form): string | undefined =>
  MaxResults !== undefined && (Number(MaxResults) < 5 || Number(MaxResults) > 1000)
    ? ec2Error('InvalidParameterValue', `Value ( ${MaxResults} ) for parameter maxResults is invalid.`)
    : undefined;

const listed = (name: string, items: readonly string[]): string =>
  `<${name}>${items.map((item) => `<item>${item}</item>`).join('')}</${name}>`;

const isIpv6 = (text: string): boolean => text.includes(':');

const subnets = ({ subnets: all }: Described, caller: Ec2Caller): string[] =>
  all
    .filter(({ region, account }) => isHere(caller, region) && sees(caller, account))
    .map(({ id, vpc, account = '000000000000', cidrs }) =>
      [
        element('subnetId', id),
        element('vpcId', vpc),
        element('ownerId', account),
        ...cidrs.filter((cidr) => !isIpv6(cidr)).map((cidr) => element('cidrBlock', cidr)),
        listed(
          'ipv6CidrBlockAssociationSet',
          cidrs
            .filter(isIpv6)
            .map(
              (cidr) =>
                `${element('ipv6CidrBlock', cidr)}<ipv6CidrBlockState>${element('state', 'associated')}</ipv6CidrBlockState>`,
            ),
        ),
      ].join(''),
    );

const interfaces = ({ interfaces: all }: Described, caller: Ec2Caller): string[] =>
  all
    .filter(({ region, account }) => isHere(caller, region) && sees(caller, account))
    .map(({ id, vpc, account = '000000000000', addresses, prefixes = [] }) => {
      const ipv4 = addresses.filter((address) => !isIpv6(address));
      const set = (name: string, field: string, of: readonly string[]) =>
        of.length
          ? listed(
              name,
              of.map((each) => element(field, each)),
            )
          : '';
      return [
        element('networkInterfaceId', id),
        element('vpcId', vpc),
        element('ownerId', account),
        ...ipv4.slice(0, 1).map((address) => element('privateIpAddress', address)),
        set('privateIpAddressesSet', 'privateIpAddress', ipv4),
        set('ipv6AddressesSet', 'ipv6Address', addresses.filter(isIpv6)),
        set(
          'ipv4PrefixSet',
          'ipv4Prefix',
          prefixes.filter((prefix) => !isIpv6(prefix)),
        ),
        set('ipv6PrefixSet', 'ipv6Prefix', prefixes.filter(isIpv6)),
      ].join('');
    });

function peerings({ peerings: all, vpcs: known }: Described, caller: Ec2Caller): string[] {
  const end = (name: string, id: string) => {
    const { account = '000000000000', region = caller.region, cidrs = [] } = known.get(id) ?? {};
    const blocks = cidrs.map((cidr) => `<item>${element('cidrBlock', cidr)}</item>`).join('');
    return `<${name}>${element('vpcId', id)}${element('ownerId', account)}${element('region', region)}${element('cidrBlock', cidrs[0] ?? '')}<cidrBlockSet>${blocks}</cidrBlockSet></${name}>`;
  };
  const isEnd = (id: string) => {
    const { account, region } = known.get(id) ?? {};
    return isHere(caller, region) && sees(caller, account);
  };
  return all
    .filter(({ requester, accepter }) => isEnd(requester) || isEnd(accepter))
    .map(
      ({ id, requester, accepter, status }) =>
        element('vpcPeeringConnectionId', id) +
        end('requesterVpcInfo', requester) +
        end('accepterVpcInfo', accepter) +
        `<status>${element('code', status)}</status>`,
    );
}

const attachments = ({ attachments: all }: Described, caller: Ec2Caller): string[] =>
  all
    .filter(({ region, owner, account }) => isHere(caller, region) && (sees(caller, owner) || sees(caller, account)))
    .map(({ id, gateway, type, resource, account = '000000000000', state = 'available' }) =>
      [
        element('transitGatewayAttachmentId', id),
        element('transitGatewayId', gateway),
        element('resourceType', type),
        element('resourceId', resource),
        element('resourceOwnerId', account),
        element('state', state),
      ].join(''),
    );

const tablesOf = ({ routeTables }: Described, caller: Ec2Caller) =>
  routeTables.filter(({ region, owner }) => isHere(caller, region) && sees(caller, owner));

function ofTable(
  described: Described,
  form: Form,
  caller: Ec2Caller,
  set: string,
): readonly [string, readonly string[]] | string {
  const id = form.TransitGatewayRouteTableId ?? '';
  const table = tablesOf(described, caller).find((each) => each.id === id);
  if (!table)
    return ec2Error('InvalidRouteTableID.NotFound', `Transit Gateway Route Table ${id} was deleted or does not exist.`);
  const attachment = (each: string) => element('transitGatewayAttachmentId', each);
  if (set === 'associations')
    return [set, table.users.map((each) => attachment(each) + element('state', 'associated'))];
  if (set !== 'routeSet') return [set, table.propagated.map((each) => attachment(each) + element('state', 'enabled'))];
  const routes = table.routes.map(
    ({ cidr, to }) =>
      `${element('destinationCidrBlock', cidr)}<transitGatewayAttachments><item>${attachment(to)}</item></transitGatewayAttachments>${element('type', 'static')}${element('state', 'active')}`,
  );
  return [set, routes];
}

const flowLogXml = (log: DescribedFlowLog): string =>
  [
    element('flowLogId', log.id),
    element('flowLogStatus', 'ACTIVE'),
    element('resourceId', log.resourceId),
    element('logDestinationType', log.destinationType),
    element('logDestination', log.destination),
    element('logFormat', log.format),
    element('trafficType', log.trafficType),
    element('maxAggregationInterval', log.interval),
    element('deliverLogsStatus', log.delivery),
    ...(log.error ? [element('deliverLogsErrorMessage', log.error)] : []),
    `<destinationOptions>${element('fileFormat', 'plain-text')}${element('hiveCompatiblePartitions', log.isHive)}${element('perHourPartition', log.isHourly)}</destinationOptions>`,
  ].join('');
