/** Ordinary traffic: who talks to whom all the time, and how much is said. */
import type { Random } from '../random.ts';
import { AWS_SERVICES } from './aws-services.ts';
import type { Batch } from './batch.ts';
import {
  addFlow,
  addFlowThroughNat,
  BEGINNING,
  END,
  type Ends,
  type Exchange,
  ICMP,
  MIDDLE,
  TCP,
  UDP,
  WHOLE,
} from './flow.ts';
import type { Interface, Role, World } from './world.ts';

/** A client that keeps coming back to a service. */
interface Relation {
  readonly client: Interface;
  readonly server?: Interface;
  /** The first address of an outside service, one of {@link ADDRESSES_PER_SERVICE}. */
  readonly outside?: number;
  readonly nat?: Interface;
  readonly port: number;
  readonly protocol: number;
  /** The port of the one connection that is always open. */
  readonly pooledPort?: number;
  /** What is usually said. */
  readonly usual: readonly Exchange[];
}

interface Service {
  readonly from: readonly Role[];
  readonly to: Role;
  readonly port: number;
  readonly protocol?: number;
  /** How many servers each client uses. Default: all. */
  readonly servers?: number;
  readonly isPooled?: boolean;
  /** How often, relative to the others, one client uses one server. */
  readonly weight: number;
}

const SERVICES: readonly Service[] = [
  { from: ['lb'], to: 'web', port: 8080, weight: 6 },
  { from: ['web'], to: 'app', port: 8443, servers: 6, weight: 5 },
  { from: ['app'], to: 'db', port: 5432, servers: 2, isPooled: true, weight: 5 },
  { from: ['app', 'web'], to: 'cache', port: 6379, servers: 2, isPooled: true, weight: 5 },
  { from: ['app', 'batch'], to: 'broker', port: 9092, isPooled: true, weight: 3 },
  { from: ['web', 'app', 'batch', 'bastion'], to: 'dns', port: 53, protocol: UDP, weight: 6 },
  { from: ['monitor'], to: 'web', port: 9100, weight: 4 },
  { from: ['monitor'], to: 'app', port: 9100, weight: 4 },
  { from: ['monitor'], to: 'db', port: 0, protocol: ICMP, weight: 4 },
  { from: ['bastion'], to: 'batch', port: 22, servers: 3, isPooled: true, weight: 4 },
];

const ADDRESSES_PER_SERVICE = 24;
const OUTSIDE_WEIGHT = 2;
const NTP = { port: 123, first: (162 << 24) + (159 << 16) + (200 << 8) + 1, servers: 2 };
/** Of a hundred interfaces of a VPC so many keep a database of another VPC open. */
const PEERED = 10;

const EPHEMERAL_FIRST = 32_768;
const EPHEMERAL_LAST = 60_999;
/** Outside clients are 100.0.0.0/6 and beyond, scattered. */
const OUTSIDE_CLIENTS = 0x60000000;

/** The steady conversations of a world, and the outside clients of its load balancers. */
export class Traffic {
  #random: Random;
  #relations: readonly Relation[];
  /** Indices of relations, as often as their weights say. */
  #draw: Int32Array;
  #balancers: readonly Interface[];
  #clients: number;
  #usualOfClients: readonly Exchange[];
  #isIpv6: boolean;
  /** Bytes of IP and TCP headers. */
  #header: number;

  /** @param clients how many outside clients there are. */
  constructor(world: World, random: Random, clients: number, isIpv6: boolean) {
    this.#random = random;
    this.#clients = clients;
    this.#isIpv6 = isIpv6;
    this.#header = isIpv6 ? 60 : 40;
    const weighted = [...this.#inside(world), ...this.#peered(world), ...this.#outbound(world)];
    this.#relations = weighted.map(({ relation }) => relation);
    this.#draw = Int32Array.from(weighted.flatMap(({ weight }, index) => new Array<number>(weight).fill(index)));
    this.#balancers = world.byRole.flatMap(({ lb }) => lb);
    this.#usualOfClients = this.#usual(TCP, 12);
  }

  /** Adds one conversation of the interval. One in five is of an outside client. */
  add(batch: Batch, interval: number): void {
    if (this.#random.next() < 0.2) this.#addOutsideClient(batch, interval);
    else this.#addOf(this.#relations[this.#draw[this.#random.whole(0, this.#draw.length - 1)]!]!, batch, interval);
  }

  #addOf(relation: Relation, batch: Batch, interval: number): void {
    const { client, server, outside, nat, port, protocol, pooledPort } = relation;
    const random = this.#random;
    const isPooled = pooledPort !== undefined && random.next() < 0.8;
    const ends: Ends = {
      interval,
      client: client.address,
      server: server?.address ?? outside! + random.whole(0, ADDRESSES_PER_SERVICE - 1),
      clientInterface: client,
      serverInterface: server,
      clientPort: protocol === ICMP ? 0 : isPooled ? pooledPort : this.#ephemeral(),
      serverPort: port,
      protocol,
    };
    const exchange = this.#exchange(relation.usual, protocol, isPooled);
    if (nat) addFlowThroughNat(batch, ends, exchange, nat, random.whole(1024, 65_535));
    else addFlow(batch, ends, exchange);
  }

  /** A few clients come often, most of them now and then. */
  #addOutsideClient(batch: Batch, interval: number): void {
    const random = this.#random;
    const client = Math.floor(this.#clients * random.next() ** 2.5);
    const server = this.#balancers[client % this.#balancers.length]!;
    addFlow(
      batch,
      {
        interval,
        client: OUTSIDE_CLIENTS + (Math.imul(client, 0x9e3779b1) >>> 6),
        server: server.address,
        serverInterface: server,
        clientPort: this.#ephemeral(),
        serverPort: 443,
        protocol: TCP,
      },
      this.#exchange(this.#usualOfClients, TCP, false),
    );
  }

  /** One in three has the usual size, to the byte. The others have their own sizes. */
  #exchange(usual: readonly Exchange[], protocol: number, isPooled: boolean): Exchange {
    const random = this.#random;
    const said = usual[random.whole(0, usual.length - 1)]!;
    const flags = protocol !== TCP || isPooled ? MIDDLE : this.#stage();
    if (protocol === ICMP || random.next() < 0.33) return { ...said, ...flags };
    const more = protocol === UDP ? 0 : random.whole(0, 9);
    return {
      packets: said.packets + more,
      bytes: said.bytes + more * this.#header + random.whole(0, 900),
      replyPackets: said.replyPackets + more,
      replyBytes: said.replyBytes + more * this.#header + random.whole(0, 9000),
      ...flags,
    };
  }

  /** Most connections begin and end in one interval. Of the others, a beginning, a middle or an end falls into it. */
  #stage(): Pick<Exchange, 'flags' | 'replyFlags'> {
    const chance = this.#random.next();
    return chance < 0.88 ? WHOLE : chance < 0.94 ? BEGINNING : chance < 0.97 ? END : MIDDLE;
  }

  #ephemeral(): number {
    return this.#random.whole(EPHEMERAL_FIRST, EPHEMERAL_LAST);
  }

  #usual(protocol: number, count: number): Exchange[] {
    const random = this.#random;
    return Array.from({ length: count }, () => {
      if (protocol === ICMP) return { packets: 6, bytes: 504, replyPackets: 6, replyBytes: 504, ...MIDDLE };
      const packets = protocol === UDP ? random.whole(1, 3) : random.whole(11, 40);
      return {
        packets,
        bytes: packets * (this.#header + random.whole(20, 60)),
        replyPackets: packets,
        replyBytes: packets * (this.#header + random.whole(50, 900)),
        ...MIDDLE,
      };
    });
  }

  *#inside({ byRole }: World) {
    for (const roles of byRole)
      for (const service of SERVICES)
        for (const client of service.from.flatMap((role) => roles[role]))
          for (const server of this.#some(roles[service.to], service.servers))
            yield this.#relation(service, client, server);
  }

  *#peered({ byRole, vpcs }: World) {
    const service: Service = { from: [], to: 'db', port: 5432, isPooled: true, weight: 3 };
    for (let vpc = 0; vpc < vpcs && vpcs > 1; vpc++)
      for (const client of byRole[vpc]!.app.filter(({ index }) => index % 100 < PEERED))
        yield this.#relation(service, client, this.#some(byRole[(vpc + 1) % vpcs]!.db, 1)[0]!);
  }

  /** To AWS and to time servers, over a gateway endpoint where there is one, else through NAT (IPv6 needs none). */
  *#outbound({ byRole }: World) {
    for (const { web, app, batch, nat } of byRole)
      for (const client of [...web, ...app, ...batch]) {
        const gateway = this.#isIpv6 ? {} : { nat: nat[client.index % nat.length]! };
        for (const { name, first } of AWS_SERVICES) {
          const through = name === 'S3' || name === 'DYNAMODB' ? {} : gateway;
          const outside = first + (client.index % 10) * ADDRESSES_PER_SERVICE;
          const usual = this.#usual(TCP, 5);
          yield { relation: { client, outside, port: 443, protocol: TCP, usual, ...through }, weight: OUTSIDE_WEIGHT };
        }
        const usual = this.#usual(UDP, 1);
        yield {
          relation: { client, outside: NTP.first, port: NTP.port, protocol: UDP, usual, ...gateway },
          weight: 1,
        };
      }
  }

  #relation({ port, protocol = TCP, isPooled, weight }: Service, client: Interface, server: Interface) {
    const relation: Relation = {
      client,
      server,
      port,
      protocol,
      ...(isPooled && { pooledPort: this.#ephemeral() }),
      usual: this.#usual(protocol, 5),
    };
    return { relation, weight };
  }

  /** So many of the items, side by side from a random one on. */
  #some<T>(items: readonly T[], count = items.length): T[] {
    const from = this.#random.whole(0, items.length - 1);
    return Array.from({ length: Math.min(count, items.length) }, (_, n) => items[(from + n) % items.length]!);
  }
}
