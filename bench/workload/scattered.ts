/**
 * Scattered traffic: thousands of outside clients and sites, each met now and then, and noise that comes back all day. A
 * record seldom repeats a contact, so the tables of a detector fill up several times as fast as by the ordinary workload.
 */
import { type Random, randomOf } from '../random.ts';
import { AWS_SERVICES } from './aws-services.ts';
import { ACCEPT, type Batch, REJECT } from './batch.ts';
import {
  addFlow,
  addFlowThroughNat,
  addProbe,
  BEGINNING,
  END,
  type Ends,
  type Exchange,
  MIDDLE,
  TCP,
  UDP,
  WHOLE,
} from './flow.ts';
import type { LayoutName } from './layout.ts';
import { addNoise } from './noise.ts';
import { assortedScans, Scans } from './scans.ts';
import { type Workload, writerOf } from './workload.ts';
import { type Interface, type World, worldOf } from './world.ts';

export interface ScatteredOptions {
  readonly seed: string;
  readonly records: number;
  readonly layout?: LayoutName;
}

/** Six hours of one VPC. */
const INTERVALS = 360;
const INTERFACES = 400;
const CLIENTS = 30_000;
const SITES = 6000;
const NOISE_SOURCES = 40_000;
const BUCKET_ADDRESSES = 120;
/** Hosts whose configuration names a port that its server no longer offers. */
const STALE_HOSTS = 4;
const STALE_PORT = 8125;
/** A balancer checks every so-manyth application host each minute. */
const CHECKED = 14;

/** Outside addresses, scattered: clients in 96.0.0.0/6, sites in 104.0.0.0/6. */
const FIRST_CLIENT = 0x60000000;
const FIRST_SITE = 0x68000000;
const scattered = (first: number, n: number): number => first + (Math.imul(n + 1, 0x9e3779b1) >>> 6);
const TIME_SERVER = (162 << 24) + (159 << 16) + (200 << 8) + 1;
const BUCKETS = AWS_SERVICES.find(({ name }) => name === 'S3')!.first;

const DATABASE_PORTS = [3306, 5432, 6379, 9092, 27_017] as const;
const APPLICATION_PORTS = [8080, 8443, 9000, 50_051] as const;
const FIN = 1;
const RST = 4;
/** How much of a connection falls into one interval: half of them last longer. */
const STAGES = [...new Array(8).fill(WHOLE), BEGINNING, END, ...new Array(5).fill(MIDDLE)] as const;

/** A server and port that an application host keeps using. */
interface Use {
  readonly server: Interface;
  readonly port: number;
}

export function scatteredTraffic({ seed, records, layout = 'v5' }: ScatteredOptions): Workload {
  const world = worldOf(seed, INTERFACES, 1);
  const random = randomOf(`${seed} scattered`);
  const meetings = new Meetings(world, random);
  const scans = new Scans(assortedScans(world, INTERVALS, random), random, writerOf(false));
  let intervalsDone = 0;
  let added = 0;
  return {
    seed,
    layout,
    isIpv6: false,
    world,
    intervals: INTERVALS,
    order: 'delivered',
    labels: scans.labels,
    addInterval(batch: Batch, interval: number): void {
      const before = batch.length;
      const due = (records * ++intervalsDone) / INTERVALS;
      scans.add(batch, interval);
      meetings.addRegular(batch, interval);
      while (added + batch.length - before < due) meetings.add(batch, interval);
      added += batch.length - before;
    },
  };
}

/** Who meets whom. A few hosts do most of it. */
class Meetings {
  readonly #random: Random;
  readonly #roles: World['byRole'][number];
  readonly #all: readonly Interface[];
  readonly #uses: ReadonlyMap<Interface, readonly Use[]>;

  constructor({ byRole, interfaces }: World, random: Random) {
    this.#random = random;
    this.#roles = byRole[0]!;
    this.#all = interfaces;
    const { app, db } = this.#roles;
    const some = (servers: readonly Interface[], ports: readonly number[], count: number): Use[] =>
      Array.from({ length: count }, () => ({ server: this.#any(servers), port: this.#any(ports) }));
    this.#uses = new Map(
      app.map((host) => [
        host,
        [...some(db, DATABASE_PORTS, random.whole(1, 4)), ...some(app, APPLICATION_PORTS, 2)].filter(
          ({ server }) => server !== host,
        ),
      ]),
    );
  }

  /** Adds what happens in each interval: checks by the balancers, and the hosts with a stale configuration. */
  addRegular(batch: Batch, interval: number): void {
    const { lb, app, db } = this.#roles;
    for (const [n, balancer] of lb.entries())
      for (let at = n % CHECKED; at < app.length; at += CHECKED)
        this.#talk(batch, { interval, client: balancer, server: app[at]!, port: 8080 });
    for (const host of app.slice(0, STALE_HOSTS)) this.#fail(batch, interval, host, db[0]!);
  }

  /** Adds one meeting. */
  add(batch: Batch, interval: number): void {
    const random = this.#random;
    const { app, web, dns } = this.#roles;
    const chance = random.next();
    if (chance < 0.32) {
      const client = this.#busy(app);
      const { server, port } = this.#any(this.#uses.get(client)!);
      this.#talk(batch, { interval, client, server, port });
    } else if (chance < 0.56) {
      const client = scattered(FIRST_CLIENT, Math.floor(CLIENTS * random.next() ** 1.7));
      this.#talk(batch, { interval, client, server: this.#busy(web), port: random.next() < 0.85 ? 443 : 80 });
    } else if (chance < 0.67) {
      const server = scattered(FIRST_SITE, Math.floor(SITES * random.next() ** 2));
      this.#talk(batch, { interval, client: this.#busy(app), server, port: 443, isThroughNat: true });
    } else if (chance < 0.74) {
      const server = BUCKETS + random.whole(1, BUCKET_ADDRESSES);
      this.#talk(batch, { interval, client: this.#busy(app), server, port: 443 });
    } else if (chance < 0.82)
      this.#talk(batch, { interval, client: this.#busy(this.#all), server: dns[0]!, port: 53, protocol: UDP });
    else if (chance < 0.84)
      this.#talk(batch, { interval, client: this.#busy(this.#all), server: TIME_SERVER, port: 123, protocol: UDP });
    else if (chance < 0.86) this.#answerLate(batch, interval);
    else addNoise(batch, interval, random.whole(0, NOISE_SOURCES - 1), web, random);
  }

  #talk(
    batch: Batch,
    meeting: {
      readonly interval: number;
      readonly client: Interface | number;
      readonly server: Interface | number;
      readonly port: number;
      readonly protocol?: number;
      readonly isThroughNat?: boolean;
    },
  ): void {
    const { interval, client, server, port, protocol = TCP } = meeting;
    if (client === server) return;
    const ends: Ends = {
      interval,
      client: addressOf(client),
      server: addressOf(server),
      clientInterface: typeof client === 'number' ? undefined : client,
      serverInterface: typeof server === 'number' ? undefined : server,
      clientPort: this.#ephemeral(),
      serverPort: port,
      protocol,
    };
    const { nat } = this.#roles;
    if (meeting.isThroughNat) addFlowThroughNat(batch, ends, this.#said(protocol), this.#any(nat), this.#ephemeral());
    else addFlow(batch, ends, this.#said(protocol));
  }

  #said(protocol: number): Exchange {
    const random = this.#random;
    if (protocol === UDP)
      return { packets: 1, bytes: random.whole(60, 91), replyPackets: 1, replyBytes: random.whole(90, 217), ...MIDDLE };
    const packets = 4 + Math.floor(40 * random.next() ** 6);
    return {
      packets,
      bytes: packets * random.whole(52, 700),
      replyPackets: packets,
      replyBytes: packets * random.whole(52, 1400),
      ...this.#any(STAGES),
    };
  }

  /** The answer to a connection that a host no longer waits for: a security group refuses it. */
  #answerLate(batch: Batch, interval: number): void {
    const random = this.#random;
    const at = this.#busy(this.#roles.web);
    batch.add({
      at: at.index,
      interval,
      isEgress: false,
      source: scattered(FIRST_SITE, Math.floor(SITES * random.next() ** 2)),
      target: at.address,
      sourcePort: 443,
      targetPort: this.#ephemeral(),
      protocol: TCP,
      packets: random.whole(1, 2),
      bytes: 40,
      flags: random.next() < 0.5 ? RST : FIN,
      verdict: REJECT,
    });
  }

  #fail(batch: Batch, interval: number, client: Interface, server: Interface): void {
    const probe = {
      interval,
      client: client.address,
      server: server.address,
      clientPort: this.#ephemeral(),
      serverPort: STALE_PORT,
      protocol: TCP,
      packets: 3,
      bytes: 180,
    };
    addProbe(batch, client, true, ACCEPT, probe);
    addProbe(batch, server, false, REJECT, probe);
  }

  #ephemeral(): number {
    return this.#random.whole(32_768, 60_999);
  }

  #any<T>(items: readonly T[]): T {
    return items[this.#random.whole(0, items.length - 1)]!;
  }

  /** One of them, the first ones far more often. */
  #busy<T>(items: readonly T[]): T {
    return items[Math.floor(items.length * this.#random.next() ** 2.2)]!;
  }
}

const addressOf = (end: Interface | number): number => (typeof end === 'number' ? end : end.address);
