/**
 * Reads files of the inventory: what `aws ec2 describe-network-interfaces` and `aws ec2 describe-subnets` print, alone or
 * together with the time. A file is used whole or not at all, because half a snapshot makes held addresses look dark.
 */
import { canonicalAddress } from '../net/address.ts';
import { type Cidr, cidrAround, formatCidr } from '../net/cidr.ts';
import type { HeldInterface, Subnet } from './inventory.ts';

/** What one file says. */
interface InventoryFile {
  /** Interfaces of one moment, epoch seconds. Absent if the file has only subnets. */
  readonly snapshot?: { readonly at: number; readonly interfaces: readonly HeldInterface[] };
  readonly subnets: readonly Subnet[];
}

/** A file cannot be used. The message says why. */
export class InventoryError extends Error {}

const FORMS =
  'Expected the JSON of "aws ec2 describe-network-interfaces" or "aws ec2 describe-subnets", or {"at": TIME, "interfaces": ..., "subnets": ...} with both';
/** A date and a time with a zone, as ISO 8601 writes them. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/;

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads the text of one file.
 * @param time when the snapshot was taken, if that was said outside the file.
 * @throws InventoryError
 */
export function readInventoryFile(text: string, time?: string): InventoryFile {
  const document = jsonOf(text);
  const { at, interfaces = [], subnets = [] }: Json = Array.isArray(document) ? {} : objectOf(document, 'file');
  const pages = [document, interfaces, subnets].flat().map((page) => objectOf(page, 'page'));
  const [ofInterfaces, ofSubnets] = [pagesWith('NetworkInterfaces', pages), pagesWith('Subnets', pages)];
  if (!ofInterfaces.length && !ofSubnets.length)
    throw new InventoryError(`contains neither NetworkInterfaces nor Subnets. ${FORMS}`);
  const read = { subnets: ofSubnets.flatMap((page) => listOf(page, 'Subnets').map(subnetOf)) };
  if (!ofInterfaces.length) return read;
  const said = time ?? at;
  if (said === undefined)
    throw new InventoryError('has no time. Give it as FILE@2026-11-30T10:00:00Z, or as "at" in the file');
  return {
    ...read,
    snapshot: {
      at: secondsOf(said),
      interfaces: ofInterfaces.flatMap((page) => listOf(page, 'NetworkInterfaces').map(interfaceOf)),
    },
  };
}

function jsonOf(text: string): unknown {
  if (!text.trim()) throw new InventoryError('is empty, as a call that failed leaves it');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InventoryError(`is not JSON: ${(error as Error).message}. ${FORMS}`);
  }
}

/** The pages of one answer. The last of them must be the last page. */
function pagesWith(name: string, all: readonly Json[]): readonly Json[] {
  const pages = all.filter((page) => name in page);
  if (pages.at(-1)?.NextToken)
    throw new InventoryError(
      `is incomplete: the last page of ${name} has a NextToken. Call aws without --max-items and --no-paginate, or add the other pages`,
    );
  return pages;
}

function secondsOf(time: unknown): number {
  const milliseconds = typeof time === 'string' && TIME.test(time) ? Date.parse(time) : Number.NaN;
  if (Number.isNaN(milliseconds))
    throw new InventoryError(
      `has a time that is not understood. Expected one such as 2026-11-30T10:00:00Z, got ${JSON.stringify(time)}`,
    );
  return Math.floor(milliseconds / 1000);
}

/** An interface as EC2 describes it. @throws InventoryError */
export function interfaceOf(value: unknown): HeldInterface {
  const one = objectOf(value, 'interface');
  const id = textOf(one, 'NetworkInterfaceId', 'an interface');
  const list = (name: string, field: string) =>
    listOf(one, name).map((entry) => textOf(objectOf(entry, name), field, `${name} of ${id}`));
  const addresses = [
    ...list('PrivateIpAddresses', 'PrivateIpAddress'),
    ...list('Ipv6Addresses', 'Ipv6Address'),
    // Interfaces of several cards and families may have these alone.
    ...['PrivateIpAddress', 'Ipv6Address'].flatMap((name) => (name in one ? [textOf(one, name, id)] : [])),
  ];
  const prefixes = [...list('Ipv4Prefixes', 'Ipv4Prefix'), ...list('Ipv6Prefixes', 'Ipv6Prefix')];
  // An interface for EFA alone has no address. Any other one was cut down by --query.
  if (!addresses.length && !prefixes.length && one.InterfaceType !== 'efa-only')
    throw new InventoryError(`names no address of ${id}. Call aws without --query`);
  return {
    id,
    vpcId: textOf(one, 'VpcId', id),
    owner: textOf(one, 'OwnerId', id),
    addresses: [...new Set(addresses.map((address) => addressOf(address, id)))],
    prefixes: prefixes.map((prefix) => formatCidr(cidrOf(prefix, id))),
  };
}

/** A subnet as EC2 describes it. @throws InventoryError */
export function subnetOf(value: unknown): Subnet {
  const one = objectOf(value, 'subnet');
  const id = textOf(one, 'SubnetId', 'a subnet');
  const ipv6 = listOf(one, 'Ipv6CidrBlockAssociationSet')
    .map((entry) => objectOf(entry, 'Ipv6CidrBlockAssociationSet'))
    .filter(({ Ipv6CidrBlockState: state }) => objectOf(state, 'Ipv6CidrBlockState').State === 'associated')
    .map((entry) => textOf(entry, 'Ipv6CidrBlock', id));
  // A subnet for IPv6 alone has no other block.
  const ipv4 = 'CidrBlock' in one ? [textOf(one, 'CidrBlock', id)] : [];
  return {
    vpcId: textOf(one, 'VpcId', id),
    owner: textOf(one, 'OwnerId', id),
    cidrs: [...ipv4, ...ipv6].map((block) => cidrOf(block, id)),
  };
}

function addressOf(text: string, of: string): string {
  const address = canonicalAddress(text);
  if (address === undefined) throw new InventoryError(`has an address of ${of} that is not understood: ${text}`);
  return address;
}

function cidrOf(text: string, of: string): Cidr {
  const cidr = cidrAround(text);
  if (!cidr) throw new InventoryError(`has a block of ${of} that is not understood: ${text}`);
  return cidr;
}

function objectOf(value: unknown, what: string): Json {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  throw new InventoryError(`has a ${what} that is not an object. ${FORMS}`);
}

/** A list. AWS leaves out some of those that are empty. */
function listOf(value: Json, name: string): readonly unknown[] {
  const list = value[name] ?? [];
  if (Array.isArray(list)) return list;
  throw new InventoryError(`has ${name} that are not a list`);
}

function textOf(value: Json, name: string, of: string): string {
  const text = value[name];
  if (typeof text === 'string' && text !== '') return text;
  throw new InventoryError(`has no ${name} in ${of}. Call aws without --query`);
}
