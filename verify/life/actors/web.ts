/** Web applications: balancers, application servers, a database and a cache, with deployments, scaling and outages. */
import type { Actor } from '../actor.ts';
import { doubling, endAll, hold, often, poll } from '../habits.ts';
import { change, type Host, serve, TCP } from '../hosts.ts';
import { exchange } from '../net.ts';
import { HOUR, MINUTE, type Site } from '../site.ts';

const APP = 8080;
const DATABASE = 5432;
const CACHE = 6379;

/**
 * An Application Load Balancer has a node in each zone, and every node checks every target: every 30 s with a timeout of 5 s by
 * default (User Guide for Application Load Balancers, "Health checks for your target groups"). Returns a function for each target
 * that takes it out of the target group.
 */
export function balance(site: Site, actor: string, nodes: readonly Host[], targets: readonly Host[], port: number) {
  const { net, dice } = site;
  const every = dice.pick([10, 30, 30, 30]);
  return targets.map((target) => {
    const stops = nodes.map((client) =>
      poll(net, {
        client,
        target,
        every,
        ask: (done) =>
          net.tcp(
            { actor: `${actor}, health check`, client, target, port, patience: 5, says: exchange(130, 300) },
            done,
          ),
      }),
    );
    return () => endAll(stops);
  });
}

/** Visitors from the internet to balancers, and on to servers that work. */
export function traffic(
  site: Site,
  actor: string,
  nodes: readonly Host[],
  servers: readonly Host[],
  port: number,
): void {
  const { net, dice } = site;
  const visitors = Array.from({ length: 12 }, () => site.internet());
  for (const node of nodes)
    often(net, node, 4, () => {
      // Every one in ten is somebody new.
      const client = dice.isLikely(0.1) ? site.internet() : dice.pick(visitors);
      net.tcp({ actor, client, target: node, port: 443, says: exchange(900, dice.whole(2000, 90_000)) });
      const healthy = servers.filter(({ isUp, services }) => isUp && services.get(`${TCP}/${port}`) === 'open');
      if (healthy.length > 0)
        net.tcp({
          actor,
          client: node,
          target: dice.pick(healthy),
          port,
          says: exchange(1100, dice.whole(2000, 90_000)),
        });
    });
}

function build(site: Site, size: number, actor: string): void {
  const { dice } = site;
  const nodes = site.hosts(2, { tier: 'public', type: 'balancer', open: [80, 443] });
  const databases = site.hosts(2, { tier: 'data', open: [DATABASE] });
  const caches = site.hosts(dice.whole(1, 3), { tier: 'data', open: [CACHE] });
  const choice = (zone: number) => ({
    open: [APP, 22],
    zone: zone % 3,
    ...(dice.isLikely(0.3) && { others: 'closed' as const }),
  });
  const count = size - 4 - caches.length;
  const steady = Array.from({ length: Math.ceil(count * 0.7) }, (_, zone) => site.server(choice(zone)));
  // A part of the servers is there for the rush hours only. Discovery knows them, so that no list of others names them.
  const spare = Array.from({ length: count - steady.length }, (_, zone) => site.host(choice(zone)));
  const servers = [...steady, ...spare];
  balance(site, actor, nodes, steady, APP);
  traffic(site, actor, nodes, servers, APP);
  for (const server of servers) use(site, actor, server, databases, caches);
  scale(site, actor, nodes, spare);
  deploy(site, steady);
  site.happens(0.4, () => breakdown(site, databases[0]!, DATABASE));
  site.happens(0.4, () => breakdown(site, dice.pick(caches), CACHE));
  // Targets that were terminated without leaving the target group: a template with fixed addresses, or a stopped controller.
  site.happens(0.4, () => {
    const dead = Array.from({ length: Math.round(dice.spread(1, 20)) }, () => site.nobody());
    const stops = balance(site, `${actor}, dead targets`, nodes, dead, APP);
    site.clock.after(dice.spread(5 * MINUTE, 8 * HOUR), () => endAll(stops));
  });
}

/** A server's pools to the database and the caches, and its calls to interfaces of other companies. */
function use(site: Site, actor: string, client: Host, databases: readonly Host[], caches: readonly Host[]): void {
  const { net, dice } = site;
  // A pool opens again as requests ask for connections: at once, and then once a second or so.
  for (let connection = 0; connection < 3; connection++)
    hold(net, {
      actor: `${actor}, database pool`,
      client,
      port: DATABASE,
      choose: () => databases[0]!,
      patience: 5,
      backoff: doubling(0.5, 10, client.dice),
    });
  hold(net, {
    actor: `${actor}, database pool`,
    client,
    port: DATABASE,
    choose: () => databases[1]!,
    patience: 5,
    backoff: doubling(0.5, 10, client.dice),
  });
  // ioredis: min(times * 50, 2000) ms between tries, connectTimeout 10 s.
  for (const cache of caches)
    hold(net, {
      actor: `${actor}, cache`,
      client,
      port: CACHE,
      choose: () => cache,
      patience: 10,
      backoff: (failures) => Math.min(failures * 0.05, 2),
    });
  const partners = Array.from({ length: 3 }, () => site.internet([443]));
  often(net, client, 0.7, () =>
    net.tcp({ actor, client, target: dice.pick(partners), port: 443, says: exchange(1200, 6000) }),
  );
}

/** A database or a cache restarts, hangs, or is gone. */
function breakdown(site: Site, host: Host, port: number): void {
  const seconds = site.dice.spread(20, 25 * MINUTE);
  if (site.dice.isLikely(0.5)) site.fail(seconds, host);
  else site.disturb(seconds, host, port, 'closed');
}

/** Rolling restarts, several times a week: one server after another stops for some seconds, in place or with its machine. */
function deploy(site: Site, servers: readonly Host[]): void {
  const { dice, clock } = site;
  site.happens(dice.spread(1, 10), () => {
    const isReboot = dice.isLikely(0.3);
    let delay = 0;
    for (const server of dice.shuffle(servers)) {
      clock.after(delay, () => {
        const seconds = isReboot ? dice.between(40, 150) : dice.between(4, 40);
        if (isReboot) site.fail(seconds, server);
        else site.disturb(seconds, server, APP, 'closed');
      });
      delay += dice.between(5, 60);
    }
  });
}

/** Autoscaling: servers come in the morning and go in the evening. The balancer asks them before they are ready. */
function scale(site: Site, actor: string, nodes: readonly Host[], spare: readonly Host[]): void {
  const { clock, dice } = site;
  change(spare, (host) => {
    host.isUp = false;
  });
  const stops = new Map<Host, () => void>();
  site.nightly(dice.whole(6, 9), () => {
    for (const host of spare) {
      clock.after(dice.between(0, HOUR), () => {
        serve(host, TCP, APP, 'closed');
        change(host, () => {
          host.isUp = true;
        });
        stops.set(host, balance(site, actor, nodes, [host], APP)[0]!);
        clock.after(dice.between(20, 120), () => change(host, () => serve(host, TCP, APP)));
      });
      clock.after(dice.between(9, 12) * HOUR, () => {
        change(host, () => {
          host.isUp = false;
        });
        // The target leaves the group when the scaling group has noticed, seconds after the instance.
        clock.after(dice.between(1, 45), () => stops.get(host)?.());
      });
    }
  });
}

export const WEB: Actor = { name: 'web application', interfaces: [9, 30], weight: 5, build };

/** A whole subnet is cut off: a mistake in a route table or an access list, or the zone itself. */
export const SUBNET_OUTAGE: Actor = {
  name: 'subnet outage',
  interfaces: [0, 0],
  weight: 1,
  isVisitor: true,
  build(site) {
    site.happens(0.7, () => {
      const subnet = site.dice.pick(site.servers)?.nic?.subnet;
      const cut = site.servers.filter(({ nic, isUp }) => nic?.subnet === subnet && isUp);
      site.fail(site.dice.spread(MINUTE, 30 * MINUTE), cut);
    });
  },
};
