/** Clients and members of data clusters when a member is gone: see docs/life.md for what each was measured to do. */
import type { Actor } from '../actor.ts';
import { endAll, hold, often, poll } from '../habits.ts';
import { type Host, serviceKey, TCP } from '../hosts.ts';
import { exchange } from '../net.ts';
import { HOUR, MINUTE, type Site } from '../site.ts';

interface Kind {
  readonly name: string;
  readonly port: number;
  readonly members: readonly [number, number];
  readonly clients: readonly [number, number];
  /** What the members say to each other. */
  readonly among?: (site: Site, members: readonly Host[], actor: string) => void;
  /** A client begins within so many seconds. Returns what ends it. */
  readonly use: (site: Site, client: Host, members: readonly Host[], actor: string, beginsWithin: number) => () => void;
}

const works = (host: Host, port: number): boolean => host.isUp && host.services.get(serviceKey(TCP, port)) === 'open';

/** A connection to each member, tried again after a pause. */
const mesh =
  (port: number, patience: number, pause: (outcome: string, member: Host) => number) =>
  (site: Site, members: readonly Host[], actor: string): void => {
    for (const client of members)
      for (const target of members)
        if (client !== target)
          hold(site.net, {
            actor: `${actor}, members`,
            client,
            port,
            choose: () => target,
            patience,
            backoff: (_, outcome) => pause(outcome, client),
          });
  };

/** A client that goes through the list of members until one answers, and stays there. */
const oneAtATime =
  (port: number, patience: number, pause: (dice: Host['dice'], failures: number) => number) =>
  (site: Site, client: Host, members: readonly Host[], actor: string, beginsWithin: number): (() => void) => {
    let order = client.dice.shuffle(members);
    return hold(site.net, {
      actor,
      client,
      port,
      choose: (failures) => {
        if (failures % members.length === 0) order = client.dice.shuffle(members);
        return order[failures % members.length]!;
      },
      patience,
      backoff: (failures) => pause(client.dice, failures),
      beginsWithin,
    });
  };

/** A client that holds a connection to every member. */
const allOfThem =
  (port: number, patience: number, pause: (failures: number, outcome: string) => number) =>
  (site: Site, client: Host, members: readonly Host[], actor: string, beginsWithin: number): (() => void) => {
    const ends = members.map((member) =>
      hold(site.net, { actor, client, port, choose: () => member, patience, backoff: pause, beginsWithin }),
    );
    return () => endAll(ends);
  };

const KINDS: readonly Kind[] = [
  {
    name: 'redis cluster',
    port: 6379,
    members: [6, 9],
    clients: [2, 8],
    // Silence: the link is freed after the node timeout and tried at the next turn. A refusal: tried at each turn, ten a second.
    among: mesh(16379, 5, () => 0.1),
    // ioredis connects to a node when a slot of it is asked for. The dead one: again with each refresh of the slots.
    use: allOfThem(6379, 10, (_, outcome) => (outcome === 'refused' ? 9 : 1)),
  },
  {
    name: 'kafka',
    port: 9092,
    members: [3, 12],
    clients: [4, 12],
    among: mesh(9093, 10, (_, { dice }) => dice.between(0.1, 1)),
    // librdkafka: reconnect.backoff.ms 100 to 10,000, doubling. It holds one connection to each broker that leads a partition.
    use: allOfThem(9092, 30, (failures) => Math.min(10, 0.1 * 2 ** (failures - 1))),
  },
  {
    name: 'kafkajs',
    port: 9092,
    members: [3, 24],
    clients: [2, 6],
    use: oneAtATime(9092, 64, (dice, failures) => Math.min(30, 0.3 * 2 ** (failures % 5)) * dice.between(0.8, 1.2)),
  },
  {
    name: 'cassandra',
    port: 9042,
    members: [3, 18],
    clients: [3, 10],
    among: mesh(7000, 10, (_, { dice }) => dice.between(1, 3)),
    // Driver 4: exponential reconnection, 1 s to 60 s, to each node that is down.
    use: allOfThem(9042, 5, (failures) => Math.min(60, 2 ** (failures - 1))),
  },
  {
    name: 'etcd',
    port: 2379,
    members: [3, 5],
    clients: [2, 5],
    // A dial takes a second at most, and streams dial again after a tenth (rafthttp).
    among: mesh(2380, 1, () => 0.1),
    use: oneAtATime(2379, 5, (dice) => dice.between(0.5, 2)),
  },
  {
    name: 'mongodb',
    port: 27017,
    members: [3, 7],
    clients: [4, 12],
    among: mesh(27017, 10, () => 0.5),
    // heartbeatFrequencyMS 10 s, and 0.5 s while an operation waits for a server.
    use: (site, client, members, actor) => {
      const ends = members.map((target) =>
        poll(site.net, {
          client,
          target,
          every: 10,
          phase: 0,
          restsAfterSilence: true,
          ask: (done) =>
            site.net.tcp({ actor, client, target, port: 27017, patience: 10, says: exchange(400, 800) }, done),
        }),
      );
      return () => endAll(ends);
    },
  },
  {
    name: 'elasticsearch',
    port: 9200,
    members: [3, 10],
    clients: [3, 10],
    among: mesh(9300, 30, () => 10),
    // A request goes to the next node of the pool. Dead ones rest 60 s, doubling, and are tried again by a ping.
    use: (site, client, members, actor) => {
      let next = 0;
      let isEnded = false;
      const restsUntil = new Map<Host, { time: number; rest: number }>();
      const request = (tries: number): void => {
        if (isEnded) return;
        const now = site.clock.now;
        const alive = members.filter((member) => (restsUntil.get(member)?.time ?? 0) <= now);
        const target = (alive.length > 0 ? alive : members)[next++ % (alive.length || members.length)]!;
        site.net.tcp({ actor, client, target, port: 9200, patience: 30, says: exchange(900, 7000) }, (outcome) => {
          if (outcome === 'answered') {
            restsUntil.delete(target);
            return;
          }
          const rest = (restsUntil.get(target)?.rest ?? 30) * 2;
          restsUntil.set(target, { time: site.clock.now + rest, rest });
          if (tries < 3) request(tries + 1);
        });
      };
      often(site.net, client, 3, () => request(0));
      // When something is broken, requests come as often as ever, and only these are made: one every few seconds.
      const inTrouble = (): void => {
        if (isEnded || members.every((member) => works(member, 9200))) return;
        request(0);
        site.clock.after(client.dice.between(1, 5), inTrouble);
      };
      for (const member of members) member.watchers.add(inTrouble);
      inTrouble();
      return () => {
        isEnded = true;
      };
    },
  },
];

/** A member is gone for a while, several of them are, all restart one by one, or clients have a list of former members. */
function trouble(site: Site, members: readonly Host[], port: number): void {
  const { dice, clock } = site;
  const ports = [port, ...(members[0]!.services.keys() ?? [])].map((key) => Number(String(key).split('/').at(-1)));
  const stop = (seconds: number, hosts: readonly Host[]) => {
    for (const each of new Set(ports)) site.disturb(seconds, hosts, each, 'closed');
  };
  site.happens(0.6, () => site.fail(dice.spread(MINUTE, 3 * HOUR), dice.pick(members)));
  site.happens(0.6, () => stop(dice.spread(10, 6 * MINUTE), [dice.pick(members)]));
  site.happens(0.3, () =>
    site.fail(dice.spread(MINUTE, 20 * MINUTE), dice.some(members, Math.ceil(members.length / 2))),
  );
  site.happens(0.7, () => {
    let delay = 0;
    for (const member of members) {
      clock.after(delay, () => stop(dice.between(5, 40), [member]));
      delay += dice.between(30, 120);
    }
  });
}

const actorOf = (kind: Kind): Actor => ({
  name: kind.name,
  interfaces: [kind.members[0] + kind.clients[0], kind.members[1] + kind.clients[1]],
  weight: 1,
  build(site, size, actor) {
    const { dice } = site;
    const most = Math.min(kind.members[1], size - kind.clients[0]);
    const count = dice.whole(kind.members[0], most);
    const peerPort = { redis: 16379, kafka: 9093, cassandra: 7000, etcd: 2380, mongodb: 27017, elasticsearch: 9300 };
    const inner = peerPort[kind.name.split(' ')[0] as keyof typeof peerPort] ?? kind.port;
    const open = [...new Set([kind.port, inner])];
    const members = Array.from({ length: count }, (_, zone) =>
      site.server({
        tier: 'data',
        zone: zone % 3,
        open: [...open, 22],
        others: dice.pick(['blocked', 'closed'] as const),
      }),
    );
    kind.among?.(site, members, actor);
    const clients = Array.from({ length: size - count }, () => site.server({ open: [22] }));
    for (const client of clients) kind.use(site, client, members, `${actor}, client`, 20 * MINUTE);
    // Now and then a client starts with a list of members that were replaced long ago, until somebody corrects it.
    site.happens(0.6, () => {
      const former = Array.from({ length: dice.whole(1, count) }, () => site.nobody('data'));
      const ends = dice
        .some(clients, dice.whole(1, clients.length))
        .map((client) => kind.use(site, client, dice.shuffle([...members, ...former]), `${actor}, former members`, 1));
      site.clock.after(dice.spread(5 * MINUTE, 6 * HOUR), () => endAll(ends));
    });
    trouble(site, members, kind.port);
  },
});

export const CLUSTERS: readonly Actor[] = KINDS.map(actorOf);
