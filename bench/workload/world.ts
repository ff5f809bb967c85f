/** The accounts whose traffic is made up: VPCs, interfaces by role, and what the columns of each say that never change. */
import { type Random, randomOf } from '../random.ts';

const ROLES = ['lb', 'nat', 'dns', 'monitor', 'bastion', 'db', 'cache', 'broker', 'web', 'app', 'batch'] as const;
export type Role = (typeof ROLES)[number];

/** How many of a hundred interfaces in a VPC have the role, at least one if there is room. The rest are batch. */
const SHARES: Readonly<Record<Role, number>> = {
  lb: 4,
  nat: 2,
  dns: 1,
  monitor: 0.5,
  bastion: 0.5,
  db: 5,
  cache: 4,
  broker: 3,
  web: 25,
  app: 40,
  batch: 15,
};

/** Whoever runs these keeps the instance to itself. */
const REQUESTER_MANAGED: ReadonlySet<Role> = new Set(['lb', 'nat']);
const ACCOUNTS = ['123456789012', '210987654321'] as const;
const REGION = 'eu-west-1';
const ZONES = ['euw1-az1', 'euw1-az2', 'euw1-az3'] as const;
const HOSTS_PER_SUBNET = 200;
const FIRST_HOST = 10;
const FIRST_VPC = 20;
const MOST_VPCS = 100;

/** An elastic network interface with the one address that it has. */
export interface Interface {
  readonly index: number;
  readonly role: Role;
  readonly vpc: number;
  readonly address: number;
  /** Seconds into the minute at which its aggregation intervals begin. */
  readonly phase: number;
  /** The columns that are the same in all of its records. */
  readonly columns: Readonly<Record<string, string>>;
}

export interface World {
  readonly interfaces: readonly Interface[];
  readonly vpcs: number;
  /** The interfaces of a role in each VPC. */
  readonly byRole: readonly Readonly<Record<Role, readonly Interface[]>>[];
}

/** VPC n is 10.(20+n).0.0/16. */
const networkOf = (vpc: number): number => (10 << 24) + ((FIRST_VPC + vpc) << 16);

/** The VPC that an address belongs to, or -1. */
export function vpcOf(address: number): number {
  const vpc = (address >>> 16) - ((10 << 8) + FIRST_VPC);
  return vpc >= 0 && vpc < MOST_VPCS ? vpc : -1;
}

/** Address of the nth host of a VPC. Addresses beyond its interfaces belong to nobody. */
export const hostOf = (vpc: number, n: number): number =>
  networkOf(vpc) + ((1 + Math.floor(n / HOSTS_PER_SUBNET)) << 8) + FIRST_HOST + (n % HOSTS_PER_SUBNET);

/** A world with this many interfaces. With about fifty or more in each VPC, every role occurs. */
export function worldOf(seed: string, interfaceCount: number, vpcs: number): World {
  const random = randomOf(`${seed} world`);
  const vpcIds = Array.from({ length: vpcs }, () => `vpc-0${hex(random, 16)}`);
  const subnetIds = new Map<string, string>();
  const subnetOf = (vpc: number, n: number): string => {
    const key = `${vpc} ${Math.floor(n / HOSTS_PER_SUBNET)}`;
    const id = subnetIds.get(key) ?? `subnet-0${hex(random, 16)}`;
    subnetIds.set(key, id);
    return id;
  };
  const interfaces: Interface[] = [];
  for (let vpc = 0; vpc < vpcs; vpc++) {
    const count = Math.floor(interfaceCount / vpcs) + Number(vpc < interfaceCount % vpcs);
    const roles = rolesOf(count);
    for (let n = 0; n < count; n++) {
      const role = roles[n]!;
      interfaces.push({
        index: interfaces.length,
        role,
        vpc,
        address: hostOf(vpc, n),
        phase: random.whole(0, 59),
        columns: {
          'account-id': ACCOUNTS[vpc % ACCOUNTS.length]!,
          'interface-id': `eni-0${hex(random, 16)}`,
          'vpc-id': vpcIds[vpc]!,
          'subnet-id': subnetOf(vpc, n),
          'instance-id': REQUESTER_MANAGED.has(role) ? '-' : `i-0${hex(random, 16)}`,
          region: REGION,
          'az-id': ZONES[n % ZONES.length]!,
          ...(role === 'app' ? taskColumns(ACCOUNTS[vpc % ACCOUNTS.length]!, vpc, n, random) : {}),
        },
      });
    }
  }
  const byRole = Array.from(
    { length: vpcs },
    (_, vpc) =>
      Object.fromEntries(
        ROLES.map((role) => [role, interfaces.filter((one) => one.vpc === vpc && one.role === role)]),
      ) as Record<Role, Interface[]>,
  );
  return { interfaces, vpcs, byRole };
}

/** At least one of each role, the larger roles by their share. */
function rolesOf(count: number): Role[] {
  const roles = ROLES.flatMap((role) =>
    new Array<Role>(Math.max(1, Math.round((count * SHARES[role]) / 100))).fill(role),
  );
  while (roles.length < count) roles.push('batch');
  return roles.slice(0, count);
}

/** The application runs as Fargate tasks, ten to a service. */
function taskColumns(account: string, vpc: number, n: number, random: Random): Record<string, string> {
  const arn = (rest: string) => `arn:aws:ecs:${REGION}:${account}:${rest}`;
  const cluster = `production-${vpc}`;
  const service = `orders-${Math.floor(n / 10)}`;
  const task = hex(random, 32);
  return {
    'ecs-cluster-arn': arn(`cluster/${cluster}`),
    'ecs-cluster-name': cluster,
    'ecs-container-id': `${task}-${random.whole(1_000_000_000, 2_000_000_000)}`,
    'ecs-service-name': service,
    'ecs-task-definition-arn': arn(`task-definition/${service}:42`),
    'ecs-task-arn': arn(`task/${cluster}/${task}`),
    'ecs-task-id': task,
  };
}

const hex = (random: Random, digits: number): string =>
  Array.from({ length: digits }, () => random.whole(0, 15).toString(16)).join('');
