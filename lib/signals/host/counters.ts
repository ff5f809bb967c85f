/** Programs that contact one target per run, counted per parent: repeated `nc`, `curl`, `timeout bash`, `Test-NetConnection`. */

import type { Probe } from '../tools/probes.ts';
import { isAddressLike } from '../tools/targets.ts';
import type { ProcessEvent } from './process-event.ts';

/** Targets count together if they lie this close in time. */
const WINDOW_MS = 300_000;
/** Counters that are kept, and targets of each. The oldest are dropped first. */
const MOST_COUNTERS = 4000;
const MOST_TARGETS = 128;

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
const SCRIPT_CONNECTIONS: Limits = { ports: [15, 30], hosts: [20, 40] };
const OTHER_CONNECTIONS: Limits = { ports: [100, 300], hosts: [200, 500] };

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
  readonly targets: Map<string, number>;
  /** 0 before the first signal, 1 after it, 2 after the sure one. */
  level: number;
  latest: number;
}

export class Counters {
  readonly #counters = new Map<string, Counter>();
  /** How many counters were dropped for want of room. */
  dropped = 0;

  /** Counts one run of a program. */
  addProbe({ tool, host, port }: Probe, event: ProcessEvent): Spread | undefined {
    const key = ['probe', event.host, event.parent ?? event.session ?? event.user, tool].join(' ');
    return this.#add(key, host, port, event.at, LIMITS[tool] ?? USUAL);
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
    return this.#add(key, address, String(port), event.at, limits);
  }

  #add(key: string, host: string, port: string, at: number, limits: Limits): Spread | undefined {
    const counter = this.#counters.get(key) ?? { targets: new Map<string, number>(), level: 0, latest: at };
    // A map keeps the order of insertion: the one used last stands last.
    this.#counters.delete(key);
    this.#counters.set(key, counter);
    if (this.#counters.size > MOST_COUNTERS) {
      this.#counters.delete(this.#counters.keys().next().value!);
      this.dropped += 1;
    }
    if (at - counter.latest > WINDOW_MS) counter.level = 0;
    counter.latest = Math.max(counter.latest, at);
    for (const [target, time] of counter.targets) if (counter.latest - time > WINDOW_MS) counter.targets.delete(target);
    const target = `${host}\u0000${port}`;
    counter.targets.delete(target);
    counter.targets.set(target, at);
    if (counter.targets.size > MOST_TARGETS) counter.targets.delete(counter.targets.keys().next().value!);
    const { ports, hosts } = spreadOf(counter.targets.keys());
    const level =
      ports >= limits.ports[1] || hosts >= limits.hosts[1]
        ? 2
        : ports >= limits.ports[0] || hosts >= limits.hosts[0]
          ? 1
          : 0;
    if (level <= counter.level) return undefined;
    counter.level = level;
    const targets = [...counter.targets.keys()]
      .slice(0, 20)
      .map((text) => text.replace('\u0000', ':').replace(/:$/, ''));
    return { ports, hosts, isSure: level === 2, targets };
  }
}

/** The most ports of one host, and the most addresses on one port. Hosts by name are services, so they do not count. */
function spreadOf(targets: Iterable<string>): { ports: number; hosts: number } {
  const ofHost = new Map<string, number>();
  const ofPort = new Map<string, number>();
  for (const target of targets) {
    const [host, port] = target.split('\u0000') as [string, string];
    ofHost.set(host, (ofHost.get(host) ?? 0) + 1);
    if (isAddressLike(host)) ofPort.set(port, (ofPort.get(port) ?? 0) + 1);
  }
  return { ports: Math.max(0, ...ofHost.values()), hosts: Math.max(0, ...ofPort.values()) };
}
