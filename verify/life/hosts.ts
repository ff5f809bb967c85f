/** Hosts, their interfaces, and what a packet to them meets. */

import type { Dice } from './dice.ts';
import { ephemeralPort, LINUX, type Stack } from './stacks.ts';

/** An interface that writes flow log records. */
export interface Nic {
  readonly index: number;
  readonly id: string;
  /** Its primary address, which srcaddr and dstaddr name for every address of the interface. */
  readonly address: string;
  readonly subnet: string;
  readonly instance: string;
  /** As in interface-type. */
  readonly type: string;
  readonly task?: Task;
}

/** An ECS task, as the ecs fields name it. */
export interface Task {
  readonly cluster: string;
  readonly service: string;
  readonly id: string;
}

export const TCP = 6;
export const UDP = 17;
export const ICMP = 1;
export const ICMP6 = 58;
type Protocol = typeof TCP | typeof UDP | typeof ICMP;

/** What a service does with a packet that asks for it. */
export type Service =
  | 'open'
  /** No process listens: RST, or ICMP port unreachable. */
  | 'closed'
  /** No rule of the security group allows it: the interface logs REJECT. */
  | 'blocked'
  /** The interface accepts it and nothing answers: a host firewall, or a one-way receiver. */
  | 'mute';

export interface Host {
  readonly address: string;
  /** Of IPv6, where it has one. */
  readonly address6?: string;
  /** Hosts on the internet, at the premises and addresses of nobody have no interface. */
  readonly nic?: Nic;
  readonly isOutside: boolean;
  readonly stack: Stack;
  readonly dice: Dice;
  /** By protocol and port, `6/443`. */
  readonly services: Map<string, Service>;
  /** What becomes of other ports. */
  others: Service;
  isUp: boolean;
  /** Whether its security group lets a packet out. */
  mayLeave: (target: Host, protocol: number, port: number) => boolean;
  /** Of a pod: the node, which receives packets for it also when the pod has gone. */
  readonly node?: Host;
  /** The NAT gateway on its way to the internet. */
  readonly gateway?: Nic;
  /** Called when something about the host has changed. */
  readonly watchers: Set<() => void>;
}

type HostOptions = Partial<Omit<Host, 'services' | 'watchers'>> & Pick<Host, 'address' | 'dice'>;

export function makeHost(options: HostOptions): Host {
  return {
    isOutside: false,
    stack: LINUX,
    others: 'blocked',
    isUp: true,
    mayLeave: () => true,
    services: new Map(),
    watchers: new Set(),
    ...options,
  };
}

export const serviceKey = (protocol: Protocol, port: number): string => `${protocol}/${port}`;

/** Opens ports, or puts them into another state. */
export function serve(
  host: Host,
  protocol: Protocol,
  ports: number | readonly number[],
  state: Service = 'open',
): Host {
  for (const port of [ports].flat() as number[]) host.services.set(serviceKey(protocol, port), state);
  return host;
}

/** Changes hosts, and wakes those that wait for it. */
export function change(hosts: Host | readonly Host[], how: (host: Host) => void): void {
  const all = [hosts].flat() as Host[];
  for (const host of all) how(host);
  for (const host of all) for (const watcher of [...host.watchers]) watcher();
}

/** What a packet from one host to a port of another meets. */
export type Fate = 'answered' | 'refused' | 'rejected' | 'held back' | 'mute' | 'lost';

export function fateOf(client: Host, target: Host, protocol: Protocol, port: number): Fate {
  if (!client.mayLeave(target, protocol, port)) return 'held back';
  if (target.node && !target.node.isUp) return 'lost';
  if (!target.isUp) return target.node ? 'mute' : 'lost';
  const state = target.services.get(serviceKey(protocol, port)) ?? target.others;
  if (state === 'blocked') return target.nic ? 'rejected' : 'lost';
  return state === 'open' ? 'answered' : state === 'closed' ? 'refused' : 'mute';
}

export const portOf = (host: Host, isBound = false): number => ephemeralPort(host.stack, isBound, host.dice);
