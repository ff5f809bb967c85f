/** Time and names: what chrony, unbound and bind do, also where the way out is closed. See docs/life.md for the measurements. */
import type { Actor } from '../actor.ts';
import { often } from '../habits.ts';
import { type Host, serve, UDP } from '../hosts.ts';
import { HOUR, MINUTE, type Site } from '../site.ts';

const NTP = 123;
const DNS = 53;

/** Closes the way out for some hosts now and then, by a rule of their security group or of a router further out. */
function closeWayOut(
  site: Site,
  hosts: readonly Host[],
  servers: readonly Host[],
  port: number,
  perWeek: number,
): void {
  const { dice } = site;
  site.happens(perWeek, () => {
    const seconds = dice.spread(2 * MINUTE, 4 * HOUR);
    if (dice.isLikely(0.5)) {
      site.for(
        seconds,
        hosts,
        (host) => {
          host.mayLeave = (target, _, to) => to !== port || !target.isOutside;
        },
        (host) => {
          host.mayLeave = () => true;
        },
      );
    } else site.fail(seconds, servers);
  });
}

/**
 * chronyd with four pools: eight requests to each source at the start, then slower. A source that stays silent is replaced by
 * another address of its pool. Each request comes from a new random port.
 */
const CHRONY: Actor = {
  name: 'chrony',
  interfaces: [2, 8],
  weight: 1,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const pool = Array.from({ length: 40 }, () => serve(site.internet(), UDP, NTP));
    const clients = site.hosts(size, { tier: 'public' });
    const run = (client: Host): void => {
      let generation = 0;
      const track = (target: Host, mine: number, sent: number, missed: number): void => {
        if (mine !== generation) return;
        const sourcePort = dice.whole(1024, 65535);
        net.udp({ actor, client, target, port: NTP, bytes: 76, reply: 76, sourcePort, patience: 1 }, (outcome) => {
          const failed = outcome === 'answered' ? 0 : missed + 1;
          // 150 s of silence after the first burst: another address of the pool takes its place.
          const isReplaced = failed > 0 && failed % 9 === 0;
          const next = isReplaced ? dice.pick(pool) : target;
          const pause = sent < 8 ? 2.85 : failed > 0 ? dice.pick([130, 260]) : 1024;
          clock.after(isReplaced ? 1 : pause, () => track(next, mine, isReplaced ? 0 : sent + 1, failed));
        });
      };
      const start = () => {
        if (!client.isUp) return;
        const mine = ++generation;
        for (const target of dice.some(pool, dice.pick([4, 4, 4, 8, 16])))
          clock.after(dice.between(0, 2), () => track(target, mine, 0, 0));
      };
      client.watchers.add(() => client.isUp || generation++);
      clock.after(dice.between(0, HOUR), start);
      site.happens(1, start);
    };
    for (const client of clients) run(client);
    closeWayOut(site, clients, pool, NTP, 0.8);
  },
};

interface Resolver {
  readonly name: string;
  /** Datagrams to one server that does not answer, in seconds after the first. */
  readonly repeats: readonly number[];
  readonly port: (client: Host) => number;
  readonly serversCutOff: readonly [number, number];
}

const RESOLVERS: readonly Resolver[] = [
  {
    name: 'unbound',
    repeats: [0.4, 1.2, 2.8, 6, 12, 18, 48, 108, 228],
    port: ({ dice }) => dice.whole(1024, 65535),
    serversCutOff: [40, 80],
  },
  {
    name: 'bind',
    repeats: [1.6, 3.2, 4.8],
    port: ({ dice }) => dice.whole(32768, 60999),
    serversCutOff: [60, 139],
  },
];

/** A resolver that asks the servers of the internet itself, for clients inside. */
const resolverActor = ({ name, repeats, port, serversCutOff }: Resolver): Actor => ({
  name,
  interfaces: [4, 12],
  weight: 0.8,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const resolver = serve(site.host({ tier: 'public' }), UDP, DNS);
    const servers = Array.from({ length: 160 }, () => serve(site.internet(), UDP, DNS));
    const roots = servers.slice(0, 13);
    const busy = servers.slice(13, 60);
    const recurse = (target: Host) =>
      net.udp({
        actor,
        client: resolver,
        target,
        port: DNS,
        bytes: dice.whole(68, 95),
        reply: dice.whole(120, 480),
        repeats,
        isNewPortEach: true,
        sourcePort: port(resolver),
      });
    for (const client of site.hosts(size - 1))
      often(net, client, 6, () => {
        net.udp({
          actor,
          client,
          target: resolver,
          port: DNS,
          bytes: dice.whole(58, 90),
          reply: dice.whole(80, 300),
          repeats: [5],
          patience: 10,
        });
        if (dice.isLikely(0.5)) recurse(dice.isLikely(0.8) ? dice.pick(busy) : dice.pick(servers));
      });
    // Some zones of the internet have servers that are dead for good.
    const lame = Array.from({ length: 12 }, () => site.internet());
    often(net, resolver, 1, () => recurse(dice.pick(lame)));
    site.happens(0.8, () => {
      const seconds = dice.spread(MINUTE, HOUR);
      const end = clock.now + seconds;
      // The names that clients want do not change because nothing answers, so every server of them is tried within minutes.
      const wanted = dice.some(servers, dice.whole(...serversCutOff));
      site.fail(seconds, servers);
      wanted.forEach((target, index) => {
        clock.after(dice.isLikely(0.3) ? dice.between(0, 5) : dice.between(0, 480) * (index / wanted.length), () =>
          recurse(target),
        );
      });
      const probe = (): void => {
        if (clock.now > end) return;
        recurse(dice.pick(roots));
        clock.after(name === 'bind' ? 2 : 30, probe);
      };
      probe();
    });
  },
});

export const NAMES: readonly Actor[] = [CHRONY, ...RESOLVERS.map(resolverActor)];
