/** Snapshots of interfaces and subnets, as the AWS CLI prints them. */
import { Inventory } from '../../../lib/evidence/inventory.ts';
import { readInventoryFile } from '../../../lib/evidence/inventory-file.ts';

export const ACCOUNT = '111122223333';
export const HOUR = 3600;

/** An interface of `vpc-1`, without addresses unless told. */
export const interfaceOf = (id: string, changes: Readonly<Record<string, unknown>> = {}) => ({
  NetworkInterfaceId: id,
  VpcId: 'vpc-1',
  OwnerId: ACCOUNT,
  SubnetId: 'subnet-1',
  Status: 'in-use',
  InterfaceType: 'interface',
  PrivateIpAddresses: [],
  Ipv6Addresses: [],
  ...changes,
});

/** An interface that holds some IPv4 addresses. */
export const holding = (addresses: readonly string[], changes: Readonly<Record<string, unknown>> = {}) =>
  interfaceOf(`eni-${addresses[0]}`, {
    PrivateIpAddress: addresses[0],
    PrivateIpAddresses: addresses.map((address, at) => ({ PrivateIpAddress: address, Primary: at === 0 })),
    ...changes,
  });

/** A subnet of `vpc-1`. */
export const subnetOf = (block: string, changes: Readonly<Record<string, unknown>> = {}) => ({
  SubnetId: `subnet-${block}`,
  VpcId: 'vpc-1',
  OwnerId: ACCOUNT,
  CidrBlock: block,
  Ipv6CidrBlockAssociationSet: [],
  ...changes,
});

/** A file with interfaces and subnets of one moment. */
export const snapshotText = (at: number, interfaces: readonly unknown[], subnets: readonly unknown[]): string =>
  JSON.stringify({
    at: new Date(at * 1000).toISOString(),
    interfaces: { NetworkInterfaces: interfaces },
    subnets: { Subnets: subnets },
  });

/** The inventory that some files make. */
export function inventoryOf(
  files: readonly string[],
  routingDomains?: Readonly<Record<string, readonly string[]>>,
): Inventory {
  const inventory = new Inventory(routingDomains);
  for (const { snapshot, subnets } of files.map((text) => readInventoryFile(text))) {
    inventory.addSubnets(subnets);
    if (snapshot) inventory.addInterfaces(snapshot.at, snapshot.interfaces);
  }
  return inventory;
}

/** Times from one to another, both included, epoch seconds. */
export const times = (from: number, to: number, step = 2 * HOUR): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, at) => from + at * step);
