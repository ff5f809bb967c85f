/** The ground that situations are built on: a VPC of three zones, the premises beyond a VPN, and the internet. */
import type { Clock } from './clock.ts';
import type { Dice } from './dice.ts';
import { change, type Host, makeHost, type Nic, type Service, serve, type Task, TCP } from './hosts.ts';
import type { Net } from './net.ts';
import { LINUX, OLDER_LINUX, type Stack, WINDOWS } from './stacks.ts';

export const MINUTE = 60;
export const HOUR = 3600;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

const TIERS = ['public', 'app', 'data', 'pods', 'office'] as const;
export type Tier = (typeof TIERS)[number];
const ZONES = 3;
/** Third octets of a subnet. */
const SUBNET_OCTETS = 16;
/** First octets of public addresses, of which none is reserved. */
const PUBLIC_OCTETS = [3, 13, 18, 23, 34, 44, 52, 54, 63, 81, 93, 104, 142, 151, 185, 199, 212];

interface HostChoice {
  readonly tier?: Tier;
  readonly zone?: number;
  readonly stack?: Stack;
  /** TCP ports that are open. */
  readonly open?: readonly number[];
  /** What becomes of other ports: security groups block them unless they allow the whole VPC. */
  readonly others?: Service;
  readonly type?: string;
  readonly task?: Task;
  readonly hasVersion6?: boolean;
  /** Reaches the internet through a NAT gateway. */
  readonly isPrivate?: boolean;
}

export class Site {
  readonly net: Net;
  readonly dice: Dice;
  readonly start: number;
  readonly end: number;
  /** Servers that others may visit: monitoring, backup, configuration management. */
  readonly servers: Host[] = [];
  readonly #gateways: Nic[];
  readonly #taken = new Set<string>();
  #interfaces = 0;

  constructor(net: Net, dice: Dice, start: number, end: number) {
    this.net = net;
    this.dice = dice;
    this.start = start;
    this.end = end;
    this.#gateways = Array.from({ length: ZONES }, (_, zone) =>
      this.#nic(this.#address('public', zone), 'public', zone, { type: 'nat_gateway' }),
    );
  }

  get clock(): Clock {
    return this.net.clock;
  }

  /** Interfaces so far. */
  get interfaces(): number {
    return this.#interfaces;
  }

  /** A host with an interface of its own. */
  host(choice: HostChoice = {}): Host {
    const { tier = 'app', zone = this.dice.whole(0, ZONES - 1), open = [] } = choice;
    const address = this.#address(tier, zone);
    const nic = this.#nic(address, tier, zone, choice);
    const isPrivate = choice.isPrivate ?? tier !== 'public';
    const host = makeHost({
      address,
      ...(choice.hasVersion6 && { address6: `2a05:d014:40:${zone + 1}00::${nic.index.toString(16)}` }),
      nic,
      dice: this.dice.of(address),
      stack: choice.stack ?? this.#linux(),
      ...(choice.others && { others: choice.others }),
      ...(isPrivate && { gateway: this.#gateways[zone]! }),
    });
    return serve(host, TCP, open);
  }

  hosts(count: number, choice: HostChoice = {}): Host[] {
    return Array.from({ length: count }, (_, index) => this.host({ zone: index % ZONES, ...choice }));
  }

  /** A host that others visit too: administrators, backup, monitoring. */
  server(choice: HostChoice = {}): Host {
    const host = this.host(choice);
    this.servers.push(host);
    return host;
  }

  /** A pod: an address of its own behind the interface of a node. */
  pod(node: Host, open: readonly number[] = []): Host {
    const address = this.#address('pods', this.dice.whole(0, ZONES - 1));
    const host = makeHost({
      address,
      nic: node.nic!,
      node,
      ...(node.gateway && { gateway: node.gateway }),
      dice: this.dice.of(address),
      stack: node.stack,
      others: 'closed',
    });
    return serve(host, TCP, open);
  }

  /** An address of the VPC that no interface holds: a host that was, or is to come. */
  nobody(tier: Tier = 'app'): Host {
    const address = this.#address(tier, this.dice.whole(0, ZONES - 1));
    return makeHost({ address, dice: this.dice.of(address), isUp: false });
  }

  /** All servers that may be visited, and at least so many. */
  visitable(least: number): readonly Host[] {
    while (this.servers.length < least) this.server({ open: [22] });
    return this.servers;
  }

  /** A machine at one of the premises. Its packets come through a virtual private gateway, which logs nothing. */
  premises(place: number, stack = WINDOWS): Host {
    const address = this.#free(() => `172.${16 + place}.${this.dice.whole(0, 255)}.${this.dice.whole(2, 250)}`);
    return makeHost({ address, dice: this.dice.of(address), stack, others: 'mute' });
  }

  /** An address at the premises that is not in use. */
  premisesGone(place: number): Host {
    const host = this.premises(place);
    host.isUp = false;
    return host;
  }

  /** A private address in the home of somebody, which no route leads to. */
  elsewhere(): Host {
    const address = `192.168.${this.dice.pick([0, 1, 2, 178])}.${this.dice.whole(2, 254)}`;
    return makeHost({ address, dice: this.dice, isUp: false });
  }

  /** A host on the internet. */
  internet(open: readonly number[] = [], hasVersion6 = false): Host {
    const part = () => this.dice.whole(1, 254);
    const address = this.#free(() => `${this.dice.pick(PUBLIC_OCTETS)}.${part()}.${part()}.${part()}`);
    const host = makeHost({
      address,
      ...(hasVersion6 && {
        address6: `2a00:1450:${part().toString(16)}:${part().toString(16)}::${part().toString(16)}`,
      }),
      dice: this.dice.of(address),
      isOutside: true,
      others: 'mute',
      stack: this.#linux(),
    });
    return serve(host, TCP, open);
  }

  /** Plans something that happens so many times a week on average, at any moment. */
  happens(perWeek: number, what: () => void): void {
    for (
      let time = this.start + this.dice.wait(WEEK / perWeek);
      time < this.end;
      time += this.dice.wait(WEEK / perWeek)
    )
      this.clock.at(time, what);
  }

  /** Plans something for every day at about an hour of the day. */
  nightly(hour: number, what: () => void): void {
    const first = Math.floor(this.start / DAY) * DAY + hour * HOUR + this.dice.between(0, 20 * MINUTE);
    for (let time = first; time < this.end; time += DAY) if (time >= this.start) this.clock.at(time, what);
  }

  /** Changes hosts for some time, and changes them back. */
  for(seconds: number, hosts: Host | readonly Host[], how: (host: Host) => void, back: (host: Host) => void): void {
    change(hosts, how);
    this.clock.after(seconds, () => change(hosts, back));
  }

  /** Hosts are gone for some time. */
  fail(seconds: number, hosts: Host | readonly Host[]): void {
    const go = (isUp: boolean) => (host: Host) => {
      host.isUp = isUp;
    };
    this.for(seconds, hosts, go(false), go(true));
  }

  /** A service is in another state for some time. */
  disturb(seconds: number, hosts: Host | readonly Host[], port: number, state: Service): void {
    this.for(
      seconds,
      hosts,
      (host) => serve(host, TCP, port, state),
      (host) => serve(host, TCP, port),
    );
  }

  #linux(): Stack {
    return this.dice.isLikely(0.5) ? LINUX : OLDER_LINUX;
  }

  #nic(address: string, tier: Tier, zone: number, { type = '-', task }: HostChoice): Nic {
    const index = this.#interfaces++;
    const id = (prefix: string, number: number) =>
      `${prefix}-0${(number * 2_654_435_761 + 4097).toString(16).padStart(16, '0')}`;
    // Load balancers, gateways and Fargate tasks are of other owners, so their instance is unknown.
    const isManaged = type !== '-' || task !== undefined;
    return {
      index,
      id: id('eni', index),
      address,
      subnet: id('subnet', TIERS.indexOf(tier) * ZONES + zone),
      instance: isManaged ? '-' : id('i', index),
      type: type === 'balancer' ? '-' : type,
      ...(task && { task }),
    };
  }

  #address(tier: Tier, zone: number): string {
    const first = (TIERS.indexOf(tier) * ZONES + zone) * SUBNET_OCTETS;
    return this.#free(() => `10.40.${first + this.dice.whole(0, SUBNET_OCTETS - 1)}.${this.dice.whole(4, 254)}`);
  }

  #free(draw: () => string): string {
    let address = draw();
    while (this.#taken.has(address)) address = draw();
    this.#taken.add(address);
    return address;
  }
}
