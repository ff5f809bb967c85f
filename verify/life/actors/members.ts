/** Programs that hold a list of members and ask all of them: proxies with backends, and clusters that gossip. */
import type { Actor } from '../actor.ts';
import { endAll, inTurn, often, poll } from '../habits.ts';
import { type Host, serve, UDP } from '../hosts.ts';
import { exchange } from '../net.ts';
import { HOUR, MINUTE, type Site } from '../site.ts';

/** Backends that were, or never came: a list that nobody has cleaned, for some hours. */
function former(site: Site, most: number): Host[] {
  return Array.from({ length: Math.round(site.dice.spread(1, most)) }, () => site.nobody('data'));
}

/** haproxy, check inter 10s: all servers spread over the interval from the first second. A silent one costs 10 s and rests 10 s. */
const HAPROXY: Actor = {
  name: 'haproxy',
  interfaces: [4, 20],
  weight: 1,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const proxies = site.hosts(size > 8 ? 2 : 1, { open: [80, 443] });
    const servers = Array.from({ length: size - proxies.length }, () =>
      site.server({ open: [8080, 22], others: dice.pick(['blocked', 'closed'] as const) }),
    );
    const check = (client: Host, targets: readonly Host[]) =>
      targets.map((target, index) =>
        poll(net, {
          client,
          target,
          every: 10,
          phase: (index * 10) / targets.length,
          restsAfterSilence: true,
          ask: (done) => net.tcp({ actor, client, target, port: 8080, patience: 10, says: exchange(120, 200) }, done),
        }),
      );
    for (const client of proxies) {
      check(client, servers);
      often(net, client, 6, () => {
        const target = dice.pick(servers);
        net.tcp({ actor, client, target, port: 8080, patience: 5, says: exchange(800, 12_000) });
      });
    }
    site.happens(0.7, () => site.fail(dice.spread(MINUTE, HOUR), dice.some(servers, dice.whole(1, servers.length))));
    site.happens(2, () => site.disturb(dice.spread(5, 2 * MINUTE), dice.some(servers, 3), 8080, 'closed'));
    // A new configuration names a whole group of servers that does not exist yet, or no more.
    site.happens(0.7, () => {
      const dead = former(site, 60);
      const stops = proxies.flatMap((client) => check(client, dead));
      clock.after(dice.spread(5 * MINUTE, 6 * HOUR), () => endAll(stops));
    });
  },
};

/** twemproxy with preconnect: every server at once, one SYN within its timeout of 400 ms, and one try in 5 s after that. */
const TWEMPROXY: Actor = {
  name: 'twemproxy',
  interfaces: [4, 14],
  weight: 0.6,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const client = site.host({ open: [22_121] });
    const servers = Array.from({ length: size - 1 }, () => site.server({ tier: 'data', open: [11_211, 22] }));
    const ask = (target: Host): void => {
      let isAsking = false;
      const attempt = (): void =>
        net.tcp({ actor, client, target, port: 11_211, patience: 0.4, says: exchange(200, 900) }, (outcome) => {
          isAsking = outcome !== 'answered';
          if (isAsking) clock.after(dice.between(5, 12), attempt);
        });
      attempt();
      target.watchers.add(() => {
        if (!isAsking) attempt();
      });
      often(net, client, 1.5, () => isAsking || attempt());
    };
    clock.after(dice.between(0, HOUR), () => servers.forEach(ask));
    site.happens(0.8, () =>
      site.fail(dice.spread(MINUTE, 30 * MINUTE), dice.some(servers, dice.whole(1, servers.length))),
    );
    // The proxy restarts with a list of which a part is gone, and somebody corrects it later.
    site.happens(0.5, () => {
      const end = clock.now + dice.spread(MINUTE, 3 * HOUR);
      for (const target of former(site, 40)) {
        const attempt = (): void =>
          net.tcp({ actor: `${actor}, stale list`, client, target, port: 11_211, patience: 0.4 }, () => {
            if (clock.now < end) clock.after(dice.between(5, 12), attempt);
          });
        attempt();
      }
      for (const target of servers)
        net.tcp({ actor, client, target, port: 11_211, patience: 0.4, says: exchange(200, 900) });
    });
  },
};

/**
 * memberlist under Consul and serf: gossip by UDP from 7946 to 7946, a probe of one member a second, and a push and pull of state by
 * TCP every 30 s. A member that starts again tries the members that it remembers one after another, 10 s each.
 */
const CONSUL: Actor = {
  name: 'consul',
  interfaces: [4, 16],
  weight: 0.8,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const port = 8301;
    const members = Array.from({ length: size }, () => serve(site.server({ open: [port, 8300, 22] }), UDP, port));
    const ping = (client: Host, target: Host) =>
      net.udp({ actor, client, target, port, sourcePort: port, bytes: 90, reply: 70 });
    for (const client of members) {
      often(net, client, 8, () => ping(client, dice.pick(members.filter((member) => member !== client))));
      often(net, client, 2, () => {
        const target = dice.pick(members.filter((member) => member !== client));
        net.tcp({ actor, client, target, port, patience: 10, says: exchange(4000, 4000) });
      });
    }
    // Members that suspect one probe it, also by TCP, until it is declared dead. Then they gossip to it now and then.
    for (const target of members)
      target.watchers.add(() => {
        if (target.isUp) return;
        for (const client of members.filter((member) => member !== target))
          for (let probe = 0; probe < 3; probe++)
            clock.after(dice.between(0, 8) + probe * 8, () => {
              ping(client, target);
              net.tcp({ actor, client, target, port, patience: 1 });
            });
      });
    site.happens(1, () =>
      site.fail(dice.spread(MINUTE, 2 * HOUR), dice.some(members, dice.whole(1, Math.ceil(size / 2)))),
    );
    site.happens(0.8, () => {
      const client = dice.pick(members);
      const remembered = dice.shuffle([...former(site, 60), dice.pick(members)]);
      let isJoined = false;
      inTurn(remembered, 1, (target, done) => {
        if (isJoined) return;
        net.tcp(
          { actor: `${actor}, rejoin`, client, target, port, patience: 10, says: exchange(4000, 4000) },
          (outcome) => {
            isJoined = outcome === 'answered';
            done();
          },
        );
      });
    });
  },
};

/** corosync knet: 54 bytes from 5405 to 5405 every 3 s to each member that is gone, for ever. */
const COROSYNC: Actor = {
  name: 'corosync',
  interfaces: [3, 8],
  weight: 0.4,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const members = Array.from({ length: size }, () => serve(site.server({ tier: 'data', open: [22] }), UDP, 5405));
    for (const client of members)
      for (const target of members) {
        if (client === target) continue;
        let isAlone = false;
        const beat = (): void => {
          net.udp({ actor, client, target, port: 5405, sourcePort: 5405, bytes: 54, reply: 54 });
          isAlone = !target.isUp;
          clock.after(isAlone ? 3 : dice.between(0.7, 1.3) * 1500, beat);
        };
        clock.after(dice.between(0, 1500), beat);
        target.watchers.add(() => {
          if (target.isUp || isAlone) return;
          for (let second = 0; second < 1500; second += 3)
            clock.after(
              second,
              () => target.isUp || net.udp({ actor, client, target, port: 5405, sourcePort: 5405, bytes: 54 }),
            );
        });
      }
    site.happens(0.8, () => site.fail(dice.spread(MINUTE, 3 * HOUR), dice.some(members, dice.whole(1, size - 1))));
  },
};

export const MEMBERS: readonly Actor[] = [HAPROXY, TWEMPROXY, CONSUL, COROSYNC];
