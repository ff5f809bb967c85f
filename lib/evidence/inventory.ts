/**
 * The inventory of addresses: which ones interfaces held and when, by snapshots of all interfaces of some VPCs. An address
 * of a subnet that no interface holds is dark: nothing can answer there, and no client has a reason to ask. An address is
 * dark only if the snapshots prove it.
 */
import { addressNumber, parseAddress, type Words } from '../net/address.ts';
import { type Cidr, cidrAround, containsAddress, formatCidr } from '../net/cidr.ts';
import type { SourceEvidence } from './evidence.ts';

/** An interface in a snapshot. */
export interface HeldInterface {
  readonly id: string;
  readonly vpcId: string;
  /** The account that owns the interface. */
  readonly owner: string;
  /** All its addresses, in their canonical spelling. */
  readonly addresses: readonly string[];
  /** Prefixes delegated to it, in their canonical spelling. */
  readonly prefixes: readonly string[];
}

export interface Subnet {
  readonly vpcId: string;
  /** The account that owns the VPC, also where the subnet is shared with others. */
  readonly owner: string;
  readonly cidrs: readonly Cidr[];
}

/** Whether an address was dark from one time to another, epoch seconds. */
export type IsDark = (target: string, from: number, to: number) => boolean;

/** A stretch of time with both ends, epoch seconds. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** An interface may come and go unseen between two snapshots. Snapshots further apart (in seconds) prove nothing. */
const LONGEST_PAUSE = 2 * 3600;
/** Clients still ask for hosts, pods and tasks that went away so many seconds ago. */
const HELD_SECONDS = 72 * 3600;
/** AWS keeps the first four addresses of each subnet, and the last one. */
const RESERVED = 4n;

/** What snapshots say of one VPC. */
class Vpc {
  /** The account that owns it. Undefined until one of its subnets is known. */
  owner: string | undefined;
  readonly #subnets: Cidr[] = [];
  /** When snapshots had an interface of an account, by account. */
  readonly #seen = new Map<string, readonly Span[]>();
  /** When an interface held an address or a prefix. */
  readonly #held = new Map<string, readonly Span[]>();
  /** Lengths of the prefixes, as written. */
  readonly #lengths = new Set<string>();

  addSubnet(cidr: Cidr): void {
    const name = formatCidr(cidr);
    if (!this.#subnets.some((known) => formatCidr(known) === name)) this.#subnets.push(cidr);
  }

  hold(at: number, { owner, addresses, prefixes }: HeldInterface): void {
    addTime(this.#seen, owner, at);
    for (const address of addresses) addTime(this.#held, address, at);
    for (const prefix of prefixes) {
      addTime(this.#held, prefix, at);
      this.#lengths.add(prefix.slice(prefix.indexOf('/')));
    }
  }

  /**
   * The times that snapshots cover without a longer pause. An account to which a subnet is shared sees its own interfaces
   * only, so a snapshot counts if it has an interface of the owner of the VPC.
   */
  get covered(): readonly Span[] {
    return (this.owner !== undefined && this.#seen.get(this.owner)) || [];
  }

  contains(address: Words): boolean {
    return this.#subnets.some((subnet) => containsAddress(subnet, address));
  }

  /** Whether snapshots prove that no interface held the address. */
  isFree(target: string, address: Words, { from, to }: Span): boolean {
    if (this.#subnets.some((subnet) => isReserved(subnet, address))) return false;
    if (!this.covered.some((span) => span.from <= from - HELD_SECONDS && span.to >= to)) return false;
    const prefixes = [...this.#lengths].flatMap((length) => cidrAround(`${target}${length}`) ?? []);
    const spans = [target, ...prefixes.map(formatCidr)].flatMap((name) => this.#held.get(name) ?? []);
    // The address may have been held from just after the snapshot before, or until just before the one after.
    return !spans.some((span) => span.to >= from - HELD_SECONDS - LONGEST_PAUSE && span.from <= to + LONGEST_PAUSE);
  }
}

/** Snapshots and subnets, added in any order. */
export class Inventory {
  readonly #domains: ReadonlyMap<string, string>;
  readonly #vpcs = new Map<string, Vpc>();
  readonly #vpcOfInterface = new Map<string, string>();

  /** @param routingDomains domain name to the ids of the VPCs in it. */
  constructor(routingDomains: Readonly<Record<string, readonly string[]>> = {}) {
    this.#domains = new Map(
      Object.entries(routingDomains).flatMap(([name, vpcs]) => vpcs.map((vpc) => [vpc, name] as const)),
    );
  }

  /** Adds a snapshot, or the part of one that concerns an account or a Region. @param at epoch seconds. */
  addInterfaces(at: number, interfaces: readonly HeldInterface[]): void {
    for (const one of interfaces) {
      this.#vpc(one.vpcId).hold(at, one);
      this.#vpcOfInterface.set(one.id, one.vpcId);
    }
  }

  addSubnets(subnets: readonly Subnet[]): void {
    for (const { vpcId, owner, cidrs } of subnets) {
      const vpc = this.#vpc(vpcId);
      vpc.owner = owner;
      for (const cidr of cidrs) vpc.addSubnet(cidr);
    }
  }

  /**
   * Tells the dark addresses that a source can reach: those of its own VPC, and of the other VPCs in its routing domain. An
   * equal address in another VPC of the same scope must be free as well, because evidence does not tell them apart.
   * Undefined if nothing is known of these VPCs.
   */
  around({ scope, identity }: Pick<SourceEvidence, 'scope' | 'identity'>): IsDark | undefined {
    const own = identity?.fields['vpc-id'] ?? this.#vpcOfInterface.get(identity?.interfaceId ?? '');
    const domain = own === undefined ? scope : this.#domains.get(own);
    const known = [...this.#vpcs].filter(([, { owner }]) => owner !== undefined);
    const isNear = (id: string) => id === own || (domain !== undefined && this.#domains.get(id) === domain);
    const near = known.filter(([id]) => isNear(id));
    if (!near.length) return undefined;
    const scopeOf = ([id, { owner }]: (typeof known)[number]) => this.#domains.get(id) ?? owner;
    const scopes = new Set(near.map(scopeOf));
    const alike = known.filter((each) => scopes.has(scopeOf(each)));
    return (target, from, to) => {
      const address = parseAddress(target);
      if (!address || !near.some(([, vpc]) => vpc.contains(address))) return false;
      return alike.every(([, vpc]) => !vpc.contains(address) || vpc.isFree(target, address, { from, to }));
    };
  }

  /** VPCs whose subnets or interfaces are known. */
  get vpcs(): number {
    return this.#vpcs.size;
  }

  /** For each VPC with dark addresses, the times at which they are known. */
  get known(): readonly (readonly Span[])[] {
    return [...this.#vpcs.values()]
      .map(({ covered }) =>
        covered.map(({ from, to }) => ({ from: from + HELD_SECONDS, to })).filter(({ from, to }) => from <= to),
      )
      .filter((spans) => spans.length > 0);
  }

  #vpc(id: string): Vpc {
    let vpc = this.#vpcs.get(id);
    if (!vpc) {
      vpc = new Vpc();
      this.#vpcs.set(id, vpc);
    }
    return vpc;
  }
}

/** Adds the time of a snapshot. Times without a longer pause between them are one span, in any order of adding. */
function addTime(spans: Map<string, readonly Span[]>, name: string, at: number): void {
  const known = spans.get(name) ?? [];
  const isNear = ({ from, to }: Span) => at >= from - LONGEST_PAUSE && at <= to + LONGEST_PAUSE;
  const near = known.filter(isNear);
  const joined = near.reduce((all, { from, to }) => ({ from: Math.min(all.from, from), to: Math.max(all.to, to) }), {
    from: at,
    to: at,
  });
  spans.set(name, [...known.filter((span) => !isNear(span)), joined]);
}

/** Whether AWS keeps the address for itself, in subnets of either family. */
function isReserved(subnet: Cidr, address: Words): boolean {
  if (!containsAddress(subnet, address)) return false;
  const position = addressNumber(address) - addressNumber(subnet.words);
  return position < RESERVED || position === (1n << BigInt(128 - subnet.bits)) - 1n;
}
