/** Overlays and tunnels: VXLAN, Geneve, WireGuard, OpenVPN and IPsec behind NAT, with peers that are gone. */
import type { Actor } from '../actor.ts';
import { type Host, serve, UDP } from '../hosts.ts';
import { HOUR, MINUTE, type Site } from '../site.ts';

/** A part of the members is gone for some hours, also several at once when a group of nodes was deleted. */
function losePeers(site: Site, members: readonly Host[], perWeek: number): void {
  const { dice } = site;
  site.happens(perWeek, () => {
    const count = Math.max(1, Math.round(members.length * dice.spread(0.05, 0.6)));
    site.fail(dice.spread(5 * MINUTE, 6 * HOUR), dice.some(members, count));
  });
}

interface Overlay {
  readonly name: string;
  readonly port: number;
  readonly bytes: readonly [number, number];
}

const OVERLAYS: readonly Overlay[] = [
  { name: 'vxlan', port: 4789, bytes: [110, 1480] },
  { name: 'geneve', port: 6081, bytes: [118, 1480] },
];

/** An overlay knows nothing of connections: packets go on to a node that is gone. Each inner flow has a source port of its own. */
const overlayActor = ({ name, port, bytes }: Overlay): Actor => ({
  name,
  interfaces: [4, 20],
  weight: 0.7,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const nodes = Array.from({ length: size }, (_, zone) =>
      serve(site.server({ tier: 'pods', zone: zone % 3, open: [22] }), UDP, port),
    );
    for (const client of nodes)
      for (const target of dice.some(nodes, Math.min(6, size))) {
        if (client === target) continue;
        const flow = () => dice.whole(32768, 60999);
        let sourcePort = flow();
        const talk = (): void => {
          if (dice.isLikely(0.5)) sourcePort = flow();
          net.udp({
            actor,
            client,
            target,
            port,
            bytes: dice.whole(...bytes),
            reply: dice.whole(...bytes),
            sourcePort,
          });
          // Inner clients retry, so a dead node is asked more often than a living one that is only sampled here.
          clock.after(target.isUp ? dice.between(0.5, 1.5) * 1800 : dice.between(1, 20), talk);
        };
        target.watchers.add(() => target.isUp || talkSoon());
        const talkSoon = () => {
          for (let inner = 0; inner < 8; inner++)
            for (const second of [0, 1, 3, 7])
              clock.after(inner * 4 + second, () => {
                if (!target.isUp) net.udp({ actor, client, target, port, bytes: 110, sourcePort: 33_000 + inner * 17 });
              });
        };
        clock.after(dice.between(0, 1800), talk);
      }
    losePeers(site, nodes, 0.7);
  },
});

/** Handshakes of 176 bytes every 5 s to a peer that is gone, for as long as keepalive or traffic wants it. One port for all. */
const WIREGUARD: Actor = {
  name: 'wireguard',
  interfaces: [3, 10],
  weight: 0.7,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const hubs = Array.from({ length: size }, () => serve(site.host({ tier: 'public' }), UDP, 51_820));
    const roads = Array.from({ length: size * 4 }, () => serve(site.internet(), UDP, 51_820));
    for (const client of hubs)
      for (const target of [...dice.some(roads, 8), ...hubs.filter((hub) => hub !== client)]) {
        const call = { actor, client, target, port: 51_820, sourcePort: 51_820 };
        const keep = (): void => {
          const isAlive = target.isUp;
          net.udp({ ...call, bytes: isAlive ? 60 : 176, reply: 120 });
          clock.after(isAlive ? dice.between(0.7, 1.3) * 1500 : dice.between(5.1, 5.4), keep);
        };
        clock.after(dice.between(0, 1500), keep);
        target.watchers.add(() => {
          if (!target.isUp) clock.after(dice.between(10, 25), () => net.udp({ ...call, bytes: 176 }));
        });
      }
    losePeers(site, hubs, 0.5);
    // People close their laptops.
    site.happens(3, () => site.fail(dice.spread(10 * MINUTE, 3 * HOUR), dice.some(roads, dice.whole(1, roads.length))));
  },
};

/** A client goes through ten remotes, UDP or TCP, a minute or two each. */
const OPENVPN: Actor = {
  name: 'openvpn',
  interfaces: [1, 3],
  weight: 0.6,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    for (const client of site.hosts(size)) {
      const isTcp = dice.isLikely(0.4);
      const remotes = Array.from({ length: 10 }, () => {
        const host = site.internet([1194]);
        return serve(host, UDP, 1194);
      });
      let turn = 0;
      const connect = (index: number): void => {
        const mine = ++turn;
        const target = remotes[index % remotes.length]!;
        const done = (outcome: string, sourcePort: number): void => {
          if (mine !== turn) return;
          if (outcome !== 'answered') clock.after(dice.between(1, 5), () => connect(index + 1));
          else keep(target, sourcePort, index, mine);
        };
        if (isTcp)
          net.tcp(
            {
              actor,
              client,
              target,
              port: 1194,
              patience: 120,
              says: { request: 3000, reply: 5000, seconds: 1, isKept: true },
            },
            done,
          );
        else
          net.udp(
            { actor, client, target, port: 1194, bytes: 42, reply: 54, repeats: [2, 6, 14, 30], patience: 60 },
            done,
          );
      };
      const keep = (target: Host, sourcePort: number, index: number, mine: number): void => {
        if (mine !== turn) return;
        if (!target.isUp) {
          connect(index + 1);
          return;
        }
        if (isTcp) net.continue({ actor, client, target, port: 1194 }, sourcePort, 4, 400, 400);
        else net.udp({ actor, client, target, port: 1194, sourcePort, bytes: 120, reply: 120 });
        clock.after(dice.between(60, 1500), () => keep(target, sourcePort, index, mine));
      };
      clock.after(dice.between(0, HOUR), () => connect(0));
      site.happens(1, () => site.fail(dice.spread(10 * MINUTE, 6 * HOUR), dice.some(remotes, dice.whole(1, 10))));
    }
  },
};

/** IPsec behind NAT (RFC 3948): keepalives of one byte every 20 s on port 4500, negotiation on 500 and then 4500. */
const IPSEC: Actor = {
  name: 'ipsec',
  interfaces: [1, 3],
  weight: 0.6,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    for (const client of site.hosts(size, { tier: 'public' })) {
      const branches = Array.from({ length: dice.whole(3, 25) }, () => serve(site.internet(), UDP, [500, 4500]));
      for (const target of branches) {
        const send = (port: number, bytes: number, repeats: readonly number[]) =>
          net.udp({ actor, client, target, port, sourcePort: port, bytes, reply: bytes, repeats });
        const keep = (): void => {
          if (target.isUp) send(4500, dice.whole(100, 600), []);
          // strongSwan: five retransmissions at 4, 7.2, 13, 23.3 and 42 s, and a new attempt where the tunnel must stay up.
          else send(500, 464, [4, 11.2, 24.2, 47.5, 89.5]);
          clock.after(target.isUp ? dice.between(0.7, 1.3) * 2400 : 165, keep);
        };
        clock.after(dice.between(0, 1500), keep);
        target.watchers.add(() => {
          if (!target.isUp) send(4500, 108, [4, 11.2, 24.2, 47.5, 89.5]);
        });
      }
      losePeers(site, branches, 1);
    }
  },
};

export const TUNNELS: readonly Actor[] = [...OVERLAYS.map(overlayActor), WIREGUARD, OPENVPN, IPSEC];
