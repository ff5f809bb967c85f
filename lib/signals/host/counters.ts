/** Programs that contact one target per run, counted per parent: repeated `nc`, `curl`, `timeout bash`, `Test-NetConnection`. */

import type { Probe } from '../tools/probes.ts';
import { isAddressLike } from '../tools/targets.ts';
import type { ProcessEvent } from './process-event.ts';

/** Targets count together if they lie this close in time. */
const WINDOW_MS = 300_000;
/** Counters that are kept, targets of each and of all. The oldest are dropped first. */
const MOST_COUNTERS = 4000;
const MOST_TARGETS = 128;
const MOST_TARGETS_OF_ALL = 60_000;
/** So many addresses on one port are a search, wherever they are. Fewer are one if they lie in rows. */
const MANY_ANYWHERE = 64;
/** A name that is longer is cut. */
const LONGEST_HOST = 120;

/** Distinct ports of one host, or distinct addresses on one port, that make a first and a sure signal. */
interface Limits {
  readonly ports: readonly [first: number, sure: number];
  readonly hosts: readonly [first: number, sure: number];
}

/** A health check of one's own servers asks several hosts with curl or ping, and not many ports of one. */
const LIMITS: Readonly<Record<string, Limits>> = {
  curl: { ports: [5, 10], hosts: [20, 40] },
  wget: { ports: [5, 10], hosts: [20, 40] },
  ssh: { ports: [5, 10], hosts: [Infinity, Infinity] },
  ping: { ports: [Infinity, Infinity], hosts: [6, 16] },
};
const USUAL: Limits = { ports: [5, 10], hosts: [5, 10] };
/** Connections of a shell (`/dev/tcp`), of an interpreter, and of other programs, which may be servers. */
const SHELL_CONNECTIONS: Limits = { ports: [8, 16], hosts: [10, 20] };
/** A crawler in Python contacts many hosts on one port. That alone never makes a sure signal. */
const SCRIPT_CONNECTIONS: Limits = { ports: [15, 30], hosts: [60, Infinity] };
/** Servers and agents contact many hosts, but not many ports of one. */
const OTHER_CONNECTIONS: Limits = { ports: [60, 120], hosts: [Infinity, Infinity] };

/** That a count reached a threshold. */
export interface Spread {
  readonly ports: number;
  readonly hosts: number;
  /** Whether the higher of the two thresholds was reached. */
  readonly isSure: boolean;
  /** Targets as `host:port`, at most 20. */
  readonly targets: readonly string[];
}

interface Counter {
  /** When each target was contacted last. The one contacted last stands last. */
  readonly targets: Map<string, number>;
  /** How many targets have this host, and this port if the host is an address. */
  readonly perHost: Map<string, number>;
  readonly perPort: Map<string, number>;
  /** 0 before the first signal, 1 after it, 2 after the sure one. */
  level: number;
  latest: number;
}

const newCounter = (latest: number): Counter => ({
  targets: new Map(),
  perHost: new Map(),
  perPort: new Map(),
  level: 0,
  latest,
});

export class Counters {
  readonly #counters = new Map<string, Counter>();
  #targets = 0;
  /** How many counters were dropped for want of room. */
  dropped = 0;

  /** Counts one run of a program. */
  addProbe({ tool, host, port }: Probe, event: ProcessEvent): Spread | undefined {
    const key = ['probe', event.host, event.parent ?? event.session ?? event.user, tool].join(' ');
    return this.#add(key, host, port, event.at, LIMITS[tool] ?? USUAL, needsRow);
  }

  /** Counts one connection. */
  addConnection(
    address: string,
    port: number,
    event: ProcessEvent,
    by: 'shell' | 'script' | 'program',
  ): Spread | undefined {
    // A shell forks for each connection, so the parent tells more than the process.
    const key = [
      'connection',
      event.host,
      by === 'program' ? event.pid : (event.parent ?? event.pid),
      event.program,
    ].join(' ');
    const limits = { shell: SHELL_CONNECTIONS, script: SCRIPT_CONNECTIONS, program: OTHER_CONNECTIONS }[by];
    return this.#add(key, address, String(port), event.at, limits, () => false);
  }

  #add(
    key: string,
    host: string,
    port: string,
    at: number,
    limits: Limits,
    isDoubtful: (counter: Counter, port: string) => boolean,
  ): Spread | undefined {
    const counter = this.#counters.get(key) ?? newCounter(at);
    // A map keeps the order of insertion: the one used last stands last.
    this.#counters.delete(key);
    this.#counters.set(key, counter);
    if (at - counter.latest > WINDOW_MS) counter.level = 0;
    counter.latest = Math.max(counter.latest, at);
    this.#targets -= counter.targets.size;
    forgetOld(counter);
    const target = `${host.slice(0, LONGEST_HOST)}${SEPARATOR}${port.slice(0, LONGEST_HOST)}`;
    if (counter.targets.delete(target)) counter.targets.set(target, at);
    else {
      counter.targets.set(target, at);
      count(counter, target, 1);
    }
    this.#targets += counter.targets.size;
    this.#makeRoom();
    // Only what was added can have reached a threshold.
    const [own, ownPort] = partsOf(target);
    const ports = counter.perHost.get(own) ?? 0;
    const hosts = isAddressLike(own) ? (counter.perPort.get(ownPort) ?? 0) : 0;
    const isSure =
      ports >= limits.ports[1] || (hosts >= limits.hosts[1] && counter.level < 2 && !isDoubtful(counter, ownPort));
    const level = isSure ? 2 : ports >= limits.ports[0] || hosts >= limits.hosts[0] ? 1 : 0;
    if (level <= counter.level) return undefined;
    counter.level = level;
    const targets = [...counter.targets.keys()].slice(-20).map((text) => partsOf(text).filter(Boolean).join(':'));
    return { ports, hosts, isSure: level === 2, targets };
  }

  #makeRoom(): void {
    for (const [key, { targets }] of this.#counters) {
      if (this.#counters.size <= MOST_COUNTERS && this.#targets <= MOST_TARGETS_OF_ALL) return;
      this.#counters.delete(key);
      this.#targets -= targets.size;
      this.dropped += 1;
    }
  }
}

/**
 * Whether the addresses on a port are fewer than a search has anywhere, and less than half of them have a neighbour: a
 * monitor asks servers from a list, and a sweep goes through a network.
 */
function needsRow({ targets, perPort }: Counter, port: string): boolean {
  if ((perPort.get(port) ?? 0) >= MANY_ANYWHERE) return false;
  const places = new Set<string>();
  for (const target of targets.keys()) {
    const [host, own] = partsOf(target);
    if (own === port && isAddressLike(host)) places.add(host);
  }
  let inRow = 0;
  for (const place of places) if (neighboursOf(place).some((other) => places.has(other))) inRow += 1;
  return inRow < places.size / 2;
}

/** The address before and the one after, within the last part. Networks and ranges have none and are a search alone. */
function neighboursOf(address: string): string[] {
  const [, start, last] = /^(.*[.:])([0-9a-f]{1,4})$/i.exec(address) ?? [];
  if (start === undefined) return [address];
  const radix = start.endsWith('.') ? 10 : 16;
  const number = Number.parseInt(last!, radix);
  return [number - 1, number + 1].map((other) => start + other.toString(radix));
}

const SEPARATOR = '\u0000';

const partsOf = (target: string): [host: string, port: string] => {
  const cut = target.indexOf(SEPARATOR);
  return [target.slice(0, cut), target.slice(cut + 1)];
};

/** Targets that are too old, and the oldest of too many. Those contacted last stand last. */
function forgetOld(counter: Counter): void {
  for (const [target, time] of counter.targets) {
    if (counter.latest - time <= WINDOW_MS && counter.targets.size < MOST_TARGETS) return;
    counter.targets.delete(target);
    count(counter, target, -1);
  }
}

/** Hosts by name are services, so their ports count, but they do not count for a port. */
function count({ perHost, perPort }: Counter, target: string, change: 1 | -1): void {
  const [host, port] = partsOf(target);
  add(perHost, host, change);
  if (isAddressLike(host)) add(perPort, port, change);
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const next = (counts.get(key) ?? 0) + change;
  if (next > 0) counts.set(key, next);
  else counts.delete(key);
}
