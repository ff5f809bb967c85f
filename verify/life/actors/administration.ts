/** Administration over many hosts at once: configuration management, backup, and lists of hosts that have grown stale. */
import type { Actor } from '../actor.ts';
import { inTurn, often } from '../habits.ts';
import type { Host } from '../hosts.ts';
import { exchange } from '../net.ts';
import { HOUR, type Site } from '../site.ts';

const SSH = 22;

/** Servers, and addresses of some that no longer exist, as an inventory that nobody has cleaned lists them. */
function inventory(site: Site, most: number): Host[] {
  const { dice } = site;
  const living = dice.some(site.visitable(20), dice.whole(5, most));
  const dead = dice.isLikely(0.5) ? Array.from({ length: Math.round(dice.spread(1, 40)) }, () => site.nobody()) : [];
  return dice.shuffle([...living, ...dead]);
}

interface Tool {
  readonly name: string;
  readonly width: number;
  readonly patience: number;
  /** Seconds of a session. */
  readonly session: readonly [number, number];
  readonly bytes: readonly [number, number];
  /** Runs in a week, or at night. */
  readonly perWeek?: number;
  readonly everySeconds?: number;
}

/** Fan-out and time-outs as in docs/life.md. */
const TOOLS: readonly Tool[] = [
  { name: 'ansible', width: 10, patience: 10, session: [2, 60], bytes: [20_000, 200_000], perWeek: 12 },
  { name: 'clush', width: 64, patience: 15, session: [0.2, 4], bytes: [3000, 20_000], perWeek: 8 },
  { name: 'pdsh', width: 32, patience: 10, session: [0.2, 4], bytes: [3000, 20_000], perWeek: 8 },
  { name: 'nightly backup', width: 8, patience: 134, session: [20, 600], bytes: [200_000, 50_000_000] },
  { name: 'rsync mirror', width: 8, patience: 134, session: [1, 30], bytes: [10_000, 300_000], everySeconds: HOUR },
];

const toolActor = (tool: Tool): Actor => ({
  name: tool.name,
  interfaces: [1, 1],
  weight: 0.6,
  isVisitor: true,
  build(site, _size, actor) {
    const { net, dice } = site;
    const client = site.host({ open: [SSH] });
    const hosts = inventory(site, 60);
    const run = () =>
      inTurn(hosts, tool.width, (target, done) => {
        const seconds = dice.between(...tool.session);
        const bytes = Math.round(dice.spread(...tool.bytes));
        net.tcp(
          { actor, client, target, port: SSH, patience: tool.patience, says: exchange(4000, bytes, seconds) },
          (outcome) => (outcome === 'answered' ? site.clock.after(seconds, done) : done()),
        );
      });
    if (tool.perWeek) site.happens(tool.perWeek, run);
    else if (tool.everySeconds) {
      // A mirror keeps its rounds for some hours on some days.
      site.happens(4, () => {
        for (let round = 0; round < dice.whole(3, 10); round++) site.clock.after(round * tool.everySeconds!, run);
      });
    } else site.nightly(dice.whole(0, 4), run);
  },
});

/** Runners of continuous integration: they fetch, build, start services, and wait for them in a loop. */
const RUNNERS: Actor = {
  name: 'ci runners',
  interfaces: [3, 10],
  weight: 1,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const mirrors = Array.from({ length: 25 }, () => site.internet([443]));
    const runners = site.hosts(size - 1, { tier: 'app' });
    const staging = site.host({ others: 'closed', open: [8080] });
    for (const client of runners)
      often(net, client, 0.5, () => {
        for (const target of dice.some(mirrors, dice.whole(2, 10)))
          clock.after(dice.between(0, 60), () =>
            net.tcp({
              actor,
              client,
              target,
              port: 443,
              says: exchange(1500, Math.round(dice.spread(5000, 3_000_000)), 2),
            }),
          );
        // wait-for-it.sh: a try each second until the service listens. Some jobs wait for one that never comes.
        const ports = dice.some([5432, 6379, 8080, 9092, 3306, 9200, 27017], dice.whole(1, 4));
        const isBroken = dice.isLikely(0.1);
        for (const port of ports) {
          const tries = isBroken ? 60 : dice.whole(0, 15);
          for (let second = 0; second < tries; second++)
            clock.after(60 + second, () =>
              net.tcp({
                actor: `${actor}, waiting for services`,
                client,
                target: staging,
                port: port === 8080 ? 8081 : port,
                patience: 1,
              }),
            );
        }
      });
  },
};

export const ADMINISTRATION: readonly Actor[] = [...TOOLS.map(toolActor), RUNNERS];
