/** The interfaces and subnets of an account and Region, as EC2 describes them now. */
import type { HeldInterface, Subnet } from '../evidence/inventory.ts';
import { interfaceOf, subnetOf } from '../evidence/inventory-file.ts';
import { childrenOf, type Element, type SignedCalls, textOf } from './health/signed-calls.ts';

/** All interfaces and subnets of one moment. */
export interface DescribedInterfaces {
  readonly interfaces: readonly HeldInterface[];
  readonly subnets: readonly Subnet[];
}

/** The largest page that both calls allow. */
const PAGE = { MaxResults: '1000' };
/** Without it, EC2 leaves out the interfaces of services whose resources the account hides. */
const EVERYTHING = { ...PAGE, IncludeManagedResources: 'true' };

/**
 * Asks EC2 page by page. Throttled calls are tried again.
 * @param hasTime asked before each further page.
 * @throws if a page is missing, since half of the interfaces would make the addresses of the others look dark.
 */
export async function describeInterfaces(calls: SignedCalls, hasTime: () => boolean): Promise<DescribedInterfaces> {
  const subnets = await readAll(calls.ec2Pages('DescribeSubnets', 'subnetSet', PAGE), subnetIn, hasTime);
  const interfacesBy = (parameters: Readonly<Record<string, string>>) =>
    readAll(calls.ec2Pages('DescribeNetworkInterfaces', 'networkInterfaceSet', parameters), interfaceIn, hasTime);
  const interfaces = await interfacesBy(EVERYTHING).catch((error: Error) => {
    // Some Regions learn of new parameters later, and then hide nothing.
    if (error.name !== 'UnknownParameter') throw error;
    return interfacesBy(PAGE);
  });
  return { interfaces, subnets };
}

async function readAll<T>(
  pages: AsyncIterable<readonly Element[]>,
  read: (item: Element) => T,
  hasTime: () => boolean,
): Promise<T[]> {
  const found: T[] = [];
  for await (const page of pages) {
    for (const item of page) found.push(read(item));
    if (!hasTime()) throw new Error('no time left to describe interfaces and subnets');
  }
  return found;
}

/** The fields as the AWS CLI names them, since the same code reads its files. */
function interfaceIn(item: Element): HeldInterface {
  return interfaceOf({
    NetworkInterfaceId: textOf(item, 'networkInterfaceId'),
    VpcId: textOf(item, 'vpcId'),
    OwnerId: textOf(item, 'ownerId'),
    PrivateIpAddresses: listOf(item, 'privateIpAddressesSet', 'privateIpAddress', 'PrivateIpAddress'),
    Ipv6Addresses: listOf(item, 'ipv6AddressesSet', 'ipv6Address', 'Ipv6Address'),
    Ipv4Prefixes: listOf(item, 'ipv4PrefixSet', 'ipv4Prefix', 'Ipv4Prefix'),
    Ipv6Prefixes: listOf(item, 'ipv6PrefixSet', 'ipv6Prefix', 'Ipv6Prefix'),
    ...alone(item, 'privateIpAddress', 'PrivateIpAddress'),
    ...alone(item, 'ipv6Address', 'Ipv6Address'),
    // The answer is whole, so an interface without an address has none.
    InterfaceType: 'efa-only',
  });
}

function subnetIn(item: Element): Subnet {
  const associations = childrenOf(item, 'ipv6CidrBlockAssociationSet').flatMap((set) => childrenOf(set, 'item'));
  return subnetOf({
    SubnetId: textOf(item, 'subnetId'),
    VpcId: textOf(item, 'vpcId'),
    OwnerId: textOf(item, 'ownerId'),
    ...alone(item, 'cidrBlock', 'CidrBlock'),
    Ipv6CidrBlockAssociationSet: associations.map((one) => ({
      Ipv6CidrBlock: textOf(one, 'ipv6CidrBlock'),
      Ipv6CidrBlockState: { State: textOf(childrenOf(one, 'ipv6CidrBlockState')[0] ?? '', 'state') },
    })),
  });
}

const listOf = (item: Element, set: string, element: string, name: string): Record<string, string>[] =>
  childrenOf(item, set)
    .flatMap((each) => childrenOf(each, 'item'))
    .map((each) => ({ [name]: textOf(each, element) }));

/** A field, unless it is absent or empty. */
const alone = (item: Element, element: string, name: string): Record<string, string> => {
  const text = textOf(item, element);
  return text ? { [name]: text } : {};
};
