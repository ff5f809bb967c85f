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
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What snapshots said of a VPC, as far as it is remembered. Records of one VPC add up, in any order. */
export interface VpcRecord {
  readonly vpcId: string;
  /** The account that owns it. */
  readonly owner?: string | undefined;
  readonly subnets?: readonly Cidr[];
  /** When snapshots had an interface of an account, by account. */
  readonly seen?: Iterable<readonly [account: string, spans: readonly Span[]]>;
  /** When an interface held an address or a prefix, in its canonical spelling. */
  readonly held?: Iterable<readonly [name: string, spans: readonly Span[]]>;
  /** Interfaces, with the time of the last snapshot that had each. */
  readonly interfaces?: Iterable<readonly [id: string, last: number]>;
}

/** An interface may come and go unseen between two snapshots. Snapshots further apart (in seconds) prove nothing. */
export const LONGEST_PAUSE = 2 * 3600;
/** Clients still ask for hosts, pods and tasks that went away so many seconds ago. */
export const HELD_SECONDS = 72 * 3600;
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
  /** When a snapshot last had an interface, by its id. */
  readonly #interfaces = new Map<string, number>();

  add({ owner, subnets = [], seen = [], held = [], interfaces = [] }: VpcRecord): void {
    if (owner !== undefined) this.owner = owner;
    for (const subnet of subnets) {
      const name = formatCidr(subnet);
      if (!this.#subnets.some((known) => formatCidr(known) === name)) this.#subnets.push(subnet);
    }
    for (const [account, spans] of seen) addSpans(this.#seen, account, spans);
    for (const [name, spans] of held) {
      addSpans(this.#held, name, spans);
      if (name.includes('/')) this.#lengths.add(name.slice(name.indexOf('/')));
    }
    for (const [id, last] of interfaces) this.#interfaces.set(id, Math.max(last, this.#interfaces.get(id) ?? 0));
  }

  /** What is left once everything before a time is forgotten. Nothing before that time is proven by it. */
  since(vpcId: string, at: number): VpcRecord {
    const clip = (spans: readonly Span[]) =>
      spans.flatMap(({ from, to }) => (to < at ? [] : [{ from: Math.max(from, at), to }]));
    return {
      ...{ vpcId, owner: this.owner, subnets: this.#subnets },
      seen: [...this.#seen].map(([account, spans]) => [account, clip(spans)] as const),
      held: [...this.#held].flatMap(([name, spans]) => {
        const late = spans.filter(({ to }) => to >= at - LONGEST_PAUSE);
        return late.length ? [[name, late] as const] : [];
      }),
      interfaces: [...this.#interfaces].filter(([, last]) => last >= at),
    };
  }

  hasInterface(id: string): boolean {
    return this.#interfaces.has(id);
  }

  /** Number of addresses, prefixes and interfaces that are remembered. */
  get size(): number {
    return this.#held.size + this.#interfaces.size;
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
  readonly #routingDomains: Readonly<Record<string, readonly string[]>>;
  readonly #domains: ReadonlyMap<string, string>;
  readonly #vpcs = new Map<string, Vpc>();

  /** @param routingDomains domain name to the ids of the VPCs in it. */
  constructor(routingDomains: Readonly<Record<string, readonly string[]>> = {}) {
    this.#routingDomains = routingDomains;
    this.#domains = new Map(
      Object.entries(routingDomains).flatMap(([name, vpcs]) => vpcs.map((vpc) => [vpc, name] as const)),
    );
  }

  /** Adds a snapshot, or the part of one that concerns an account or a Region. @param at epoch seconds. */
  addInterfaces(at: number, interfaces: readonly HeldInterface[]): void {
    const spans = [{ from: at, to: at }];
    for (const { id, vpcId, owner, addresses, prefixes } of interfaces) {
      const held = [...addresses, ...prefixes].map((name) => [name, spans] as const);
      this.addRecord({ vpcId, seen: [[owner, spans]], held, interfaces: [[id, at]] });
    }
  }

  addSubnets(subnets: readonly Subnet[]): void {
    for (const { vpcId, owner, cidrs } of subnets) this.addRecord({ vpcId, owner, subnets: cidrs });
  }

  /** Adds what was remembered of a VPC. */
  addRecord(record: VpcRecord): void {
    this.#vpc(record.vpcId).add(record);
  }

  /** One that remembers nothing yet, with the same routing domains. */
  get empty(): Inventory {
    return new Inventory(this.#routingDomains);
  }

  /** Everything that it remembers. */
  get records(): readonly VpcRecord[] {
    return [...this.#vpcs].map(([id, vpc]) => vpc.since(id, Number.NEGATIVE_INFINITY));
  }

  /**
   * The same without what was before a time, and without VPCs of which nothing else is left. It proves less and never
   * more: no address is dark before {@link HELD_SECONDS} have passed since that time.
   */
  since(at: number): Inventory {
    const later = this.empty;
    for (const [id, vpc] of this.#vpcs) {
      const record = vpc.since(id, at);
      later.addRecord(record);
      if (!later.#vpc(id).size) later.#vpcs.delete(id);
    }
    return later;
  }

  /** Number of addresses, prefixes and interfaces that it remembers. */
  get size(): number {
    return [...this.#vpcs.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Tells the dark addresses that a source can reach: those of its own VPC, and of the other VPCs in its routing domain. An
   * equal address in another VPC of the same scope must be free as well, because evidence does not tell them apart.
   * Undefined if nothing is known of these VPCs.
   */
  around({ scope, identity }: Pick<SourceEvidence, 'scope' | 'identity'>): IsDark | undefined {
    const own = identity?.fields['vpc-id'] ?? this.#vpcOf(identity?.interfaceId);
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

  #vpcOf(interfaceId: string | undefined): string | undefined {
    if (interfaceId === undefined) return undefined;
    for (const [id, vpc] of this.#vpcs) if (vpc.hasInterface(interfaceId)) return id;
    return undefined;
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

/** Adds the times of snapshots. Times without a longer pause between them are one span, in any order of adding. */
function addSpans(all: Map<string, readonly Span[]>, name: string, spans: readonly Span[]): void {
  const known = all.get(name);
  // Names of one record may share their spans, which are never changed.
  all.set(name, known ? spans.reduce(withSpan, known) : spans);
}

function withSpan(spans: readonly Span[], { from, to }: Span): readonly Span[] {
  const isNear = (span: Span) => span.from <= to + LONGEST_PAUSE && span.to >= from - LONGEST_PAUSE;
  const joined = spans
    .filter(isNear)
    .reduce((all, span) => ({ from: Math.min(all.from, span.from), to: Math.max(all.to, span.to) }), { from, to });
  return [...spans.filter((span) => !isNear(span)), joined];
}

/** Whether AWS keeps the address for itself, in subnets of either family. */
function isReserved(subnet: Cidr, address: Words): boolean {
  if (!containsAddress(subnet, address)) return false;
  const position = addressNumber(address) - addressNumber(subnet.words);
  return position < RESERVED || position === (1n << BigInt(128 - subnet.bits)) - 1n;
}
