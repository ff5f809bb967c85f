/** Programs that visit many sites of the internet: crawlers, link and certificate checks, proxies, and hosts whose way out is closed. */
import type { Actor } from '../actor.ts';
import { inTurn, often } from '../habits.ts';
import { type Host, serve, TCP, UDP } from '../hosts.ts';
import { exchange } from '../net.ts';
import { HOUR, MINUTE, type Site } from '../site.ts';

/** Sites of which some do not answer, as the links of any old page lead to. */
function sites(site: Site, count: number, deadShare: number): Host[] {
  const { dice } = site;
  return Array.from({ length: count }, () => {
    const host = site.internet([80, 443]);
    if (dice.isLikely(deadShare)) serve(host, TCP, [80, 443], dice.pick(['mute', 'mute', 'closed'] as const));
    return host;
  });
}

/** Ten threads, a time-out of 20 or 60 s, one or three tries. */
const CHECKER: Actor = {
  name: 'link checker',
  interfaces: [1, 2],
  weight: 0.7,
  build(site, size, actor) {
    const { net, dice } = site;
    for (const client of site.hosts(size, { tier: dice.pick(['public', 'app'] as const) })) {
      const links = sites(site, dice.whole(40, 300), dice.between(0.02, 0.4));
      const patience = dice.pick([20, 60]);
      const tries = dice.pick([1, 3]);
      const visit = (target: Host, done: () => void): void => {
        const port = dice.isLikely(0.85) ? 443 : 80;
        const attempt = (left: number): void =>
          net.tcp(
            { actor, client, target, port, patience, says: exchange(700, dice.whole(3000, 60_000), 0.5) },
            (outcome) => {
              if (outcome === 'answered') site.clock.after(dice.between(0.2, 2), done);
              else if (left > 1) attempt(left - 1);
              else done();
            },
          );
        attempt(tries);
      };
      site.happens(dice.spread(1, 10), () => inTurn(dice.shuffle(links), 10, visit));
    }
  },
};

/** A crawler goes on for hours: a new site every few seconds, and a site is visited again after a pause out of politeness. */
const CRAWLER: Actor = {
  name: 'crawler',
  interfaces: [1, 3],
  weight: 0.6,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    for (const client of site.hosts(size))
      site.happens(2, () => {
        const end = clock.now + dice.spread(10 * MINUTE, 3 * HOUR);
        const dead = dice.between(0.02, 0.25);
        const step = (): void => {
          if (clock.now > end) return;
          const [target] = sites(site, 1, dead) as [Host];
          net.tcp({
            actor,
            client,
            target,
            port: dice.isLikely(0.9) ? 443 : 80,
            patience: 15,
            says: exchange(600, 40_000, 0.5),
          });
          clock.after(dice.wait(12), step);
        };
        step();
      });
  },
};

/** check_http -S over a list: one short connection to each, milliseconds apart. Some certificates live on hosts that are gone. */
const CERTIFICATES: Actor = {
  name: 'certificate check',
  interfaces: [1, 1],
  weight: 0.6,
  isVisitor: true,
  build(site, _size, actor) {
    const { net, dice } = site;
    const client = site.host();
    const inside = dice.some(site.visitable(20), 40);
    for (const host of inside) serve(host, TCP, 443);
    const dead = Array.from({ length: dice.isLikely(0.4) ? Math.round(dice.spread(1, 25)) : 0 }, () => site.nobody());
    const all = [...inside, ...dead, ...sites(site, 20, 0.05)];
    site.nightly(dice.whole(5, 23), () =>
      inTurn(all, 1, (target, done) =>
        net.tcp({ actor, client, target, port: 443, patience: 10, says: exchange(390, 1200, 0.01) }, () =>
          site.clock.after(0.007, done),
        ),
      ),
    );
  },
};

/** A proxy for people, whose way out is cut now and then: each request ends in silence after a minute. */
const PROXY: Actor = {
  name: 'forward proxy',
  interfaces: [2, 8],
  weight: 0.7,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const proxy = site.host({ tier: 'public', open: [3128] });
    const popular = sites(site, 60, 0.01);
    const request = (): void => {
      const target = dice.isLikely(0.8) ? dice.pick(popular) : sites(site, 1, 0.05)[0]!;
      net.tcp({
        actor,
        client: proxy,
        target,
        port: 443,
        patience: 60,
        says: exchange(1500, dice.whole(3000, 200_000), 2),
      });
    };
    for (const client of site.hosts(size - 1))
      often(net, client, 3, () =>
        net.tcp({ actor, client, target: proxy, port: 3128, says: exchange(1500, 30_000) }, () => request()),
      );
    site.happens(0.8, () => {
      const seconds = dice.spread(MINUTE, HOUR);
      const end = clock.now + seconds;
      site.fail(seconds, popular);
      const busy = (): void => {
        if (clock.now > end) return;
        net.tcp({ actor, client: proxy, target: dice.pick(popular), port: 443, patience: 60 });
        clock.after(dice.wait(4), busy);
      };
      busy();
    });
  },
};

/** Hosts with two address families of which IPv6 leads nowhere: one SYN, and IPv4 200 to 250 ms later (RFC 8305). */
const DUAL_STACK: Actor = {
  name: 'dual stack',
  interfaces: [2, 8],
  weight: 0.8,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const targets = Array.from({ length: 60 }, () => site.internet([443, 80], true));
    const clients = site.hosts(size, { tier: 'public', hasVersion6: true });
    const isPatient = dice.isLikely(0.3);
    let isBroken = false;
    const visit = (client: Host, target: Host): void => {
      const says = exchange(800, dice.whole(3000, 60_000), 0.5);
      const call = { actor, client, target, port: 443, says };
      if (!isBroken) net.tcp({ ...call, isVersion6: true });
      // wget tries IPv6 to the end, --connect-timeout 10. The others do not wait for it.
      else if (isPatient)
        net.tcp({ ...call, target: mute(target), isVersion6: true, patience: 10 }, () => net.tcp(call));
      else {
        net.tcp({ ...call, target: mute(target), isVersion6: true, patience: 0.9 });
        clock.after(dice.pick([0.2, 0.25]), () => net.tcp(call));
      }
    };
    const mute = (target: Host): Host => ({ ...target, isUp: false });
    for (const client of clients) {
      often(net, client, 2, () => visit(client, dice.pick(targets)));
      // A job that fetches many things.
      site.happens(6, () =>
        inTurn(dice.some(targets, dice.whole(10, 60)), 4, (target, done) => {
          visit(client, target);
          clock.after(dice.between(0.3, 3), done);
        }),
      );
    }
    site.happens(0.9, () => {
      isBroken = true;
      clock.after(dice.spread(10 * MINUTE, 24 * HOUR), () => {
        isBroken = false;
      });
    });
  },
};

/** Servers that may reach a few addresses only. Agents, updates and telemetry try others, and their own security group refuses them. */
const EGRESS: Actor = {
  name: 'egress firewall',
  interfaces: [3, 15],
  weight: 1.5,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const allowed = Array.from({ length: 4 }, () => site.internet([443]));
    const telemetry = Array.from({ length: 30 }, () => serve(site.internet([443]), UDP, [123, 443]));
    for (const client of Array.from({ length: size }, () => site.server({ open: [22] }))) {
      client.mayLeave = (target) => !target.isOutside || allowed.includes(target);
      often(net, client, 2, () =>
        net.tcp({ actor, client, target: dice.pick(allowed), port: 443, says: exchange(2000, 5000) }),
      );
      const wanted = dice.some(telemetry, dice.whole(1, 8));
      const pause = dice.pick([300, 900, 3600]);
      // An agent asks a name of several addresses, one after another, and again after its interval.
      const report = (): void => {
        inTurn(wanted, 1, (target, done) =>
          net.tcp({ actor, client, target, port: 443, patience: dice.pick([5, 10, 30]) }, done),
        );
        clock.after(pause * dice.between(0.95, 1.05), report);
      };
      site.happens(1, report);
      // Package mirrors after midnight: all addresses of the mirror list.
      site.nightly(dice.whole(0, 5), () =>
        inTurn(dice.some(telemetry, dice.whole(3, 12)), 1, (target, done) =>
          net.tcp({ actor, client, target, port: 80, patience: 30 }, done),
        ),
      );
    }
  },
};

export const OUTWARD: readonly Actor[] = [CHECKER, CRAWLER, CERTIFICATES, PROXY, DUAL_STACK, EGRESS];
