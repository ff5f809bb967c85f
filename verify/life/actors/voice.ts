/** Telephony and calls between browsers: SIP, RTP, ICE, and peers of file sharing. */
import type { Actor } from '../actor.ts';
import { often } from '../habits.ts';
import { type Host, serve, TCP, UDP } from '../hosts.ts';
import { exchange } from '../net.ts';
import { HOUR, MINUTE } from '../site.ts';

const SIP = 5060;

/** OPTIONS to every gateway, from 5060 to 5060: again and again to those that are silent (RFC 3261, timer E: 0.5 s doubling to 4 s). */
const VOICE: Actor = {
  name: 'telephony',
  interfaces: [2, 6],
  weight: 0.8,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const proxy = serve(site.host({ tier: 'public' }), UDP, SIP);
    const media = Array.from({ length: size - 1 }, () => site.host({ tier: 'public' }));
    const gateways = Array.from({ length: dice.whole(4, 60) }, () => serve(site.internet(), UDP, SIP));
    const repeats = [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5];
    const round = (): void => {
      const isTrouble = gateways.some(({ isUp }) => !isUp);
      for (const target of gateways)
        if (!target.isUp || !isTrouble)
          net.udp({
            actor: `${actor}, gateways`,
            client: proxy,
            target,
            port: SIP,
            sourcePort: SIP,
            bytes: 402,
            reply: 390,
            repeats,
            patience: 30,
          });
      clock.after(isTrouble ? 30 : 1500, round);
    };
    clock.after(dice.between(0, 1500), round);
    for (const gateway of gateways)
      gateway.watchers.add(
        () =>
          gateway.isUp ||
          net.udp({
            actor: `${actor}, gateways`,
            client: proxy,
            target: gateway,
            port: SIP,
            sourcePort: SIP,
            bytes: 402,
            repeats,
          }),
      );
    site.happens(1, () =>
      site.fail(dice.spread(5 * MINUTE, 4 * HOUR), dice.some(gateways, dice.whole(1, gateways.length))),
    );
    // RTP from an even port of the media server to one that the other side named, RTCP from the next (RFC 3550). A phone that
    // has lost its network is sent to until the session timer ends the call.
    for (const client of media)
      often(net, client, 2, () => {
        const target = site.internet();
        const isLost = dice.isLikely(0.08);
        const port = 2 * dice.whole(8192, 16_000);
        if (!isLost) serve(target, UDP, [port, port + 1]);
        const sourcePort = 2 * dice.whole(5000, 10_000);
        const minutes = isLost ? dice.whole(1, 5) : dice.whole(1, 3);
        for (let minute = 0; minute < minutes; minute++)
          for (const offset of [0, 1])
            clock.after(minute * 60, () =>
              net.udp({
                actor: `${actor}, media`,
                client,
                target,
                port: port + offset,
                sourcePort: sourcePort + offset,
                bytes: 200,
                reply: 200,
              }),
            );
      });
  },
};

/** ICE: a STUN request of 120 bytes to each candidate of the other side, seven times in 32 s (RFC 8445), and most never answer. */
const ICE: Actor = {
  name: 'webrtc',
  interfaces: [1, 4],
  weight: 0.8,
  build(site, size, actor) {
    const { net, dice } = site;
    for (const client of site.hosts(size, { tier: 'public' }))
      often(net, client, dice.spread(0.3, 6), () => {
        const sourcePort = dice.whole(32768, 60999);
        const person = site.internet();
        const answering = dice.whole(49_152, 65_000);
        serve(person, UDP, answering);
        net.udp({ actor, client, target: person, port: answering, sourcePort, bytes: 120, reply: 108 });
        // Host candidates are private addresses of somebody else's home or office. A participant brings a few of them.
        const repeats = [0.5, 1.5, 3.5, 7.5, 15.5, 31.5];
        for (let candidate = 0; candidate < dice.whole(1, 5); candidate++) {
          const target = site.elsewhere();
          net.udp({ actor, client, target, port: dice.whole(49_152, 65_000), sourcePort, bytes: 120, repeats });
        }
      });
  },
};

/** File sharing: the tracker's list of peers is mostly dead. One uTP datagram, again 3 s later, then one TCP SYN. */
const SHARING: Actor = {
  name: 'peer-to-peer',
  interfaces: [1, 2],
  weight: 0.5,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    for (const client of site.hosts(size, { tier: 'public', open: [51_413] }))
      site.happens(2, () => {
        const peers = Array.from({ length: dice.whole(20, 160) }, () => {
          const port = dice.pick([51_413, 6881, dice.whole(10_000, 65_000)]);
          const host = site.internet();
          const isAlive = dice.isLikely(0.3);
          // A peer behind a router that forwards TCP alone hears no uTP: libtransmission then falls back to TCP.
          if (isAlive) serve(host, TCP, port);
          if (isAlive && dice.isLikely(0.7)) serve(host, UDP, port);
          if (!isAlive && dice.isLikely(0.3)) serve(host, TCP, port, 'closed');
          return { host, port };
        });
        const contact = ({ host: target, port }: { host: Host; port: number }): void =>
          net.udp(
            { actor, client, target, port, sourcePort: 51_413, bytes: 58, reply: 54, repeats: [3], patience: 4 },
            (outcome) => {
              const call = { actor, client, target, port, isBound: true };
              if (outcome === 'answered') net.udp({ ...call, sourcePort: 51_413, bytes: 1400, reply: 1400 });
              else net.tcp({ ...call, patience: 0.9, says: exchange(300, 30_000, 4) });
            },
          );
        // The tracker is asked again every 180 s. A dead peer is tried in two to four rounds.
        for (let round = 0; round < dice.whole(2, 4); round++)
          peers.forEach((peer, index) => {
            clock.after(round * 180 + (index / 60) * 4, () => contact(peer));
          });
        const end = clock.now + dice.spread(10 * MINUTE, 5 * HOUR);
        const swarm = (): void => {
          if (clock.now > end) return;
          contact(dice.pick(peers));
          clock.after(dice.wait(120), swarm);
        };
        swarm();
      });
  },
};

export const VOICES: readonly Actor[] = [VOICE, ICE, SHARING];
