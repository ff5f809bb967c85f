/** Monitoring of other people's servers: it asks everything on its list at fixed times, whether it is there or not. */
import type { Actor } from '../actor.ts';
import { inTurn, poll } from '../habits.ts';
import { change, type Host, ICMP, serve, serviceKey, TCP, UDP } from '../hosts.ts';
import { exchange } from '../net.ts';
import { HOUR, MINUTE, type Site } from '../site.ts';

/** Servers to watch, prepared by `open`. */
function watched(site: Site, most: number, open: (host: Host) => void): Host[] {
  const { dice } = site;
  const living = dice.some(site.visitable(20), dice.whole(5, most));
  for (const host of living) open(host);
  return living;
}

/**
 * Several targets at once are dead for some hours. Half of the time they answered before: servers of a VPC that logs elsewhere, which
 * were shut down without a word to the monitoring. Otherwise an old list of targets was loaded.
 */
function stale(site: Site, watch: (target: Host) => () => void, open: (host: Host) => void): void {
  const { dice, clock } = site;
  site.happens(0.8, () => {
    const targets = Array.from({ length: Math.round(dice.spread(2, 70)) }, () => site.nobody());
    const working = dice.isLikely(0.5) ? dice.spread(HOUR, 24 * HOUR) : 0;
    if (working > 0) {
      for (const target of targets) open(target);
      const turn = (isUp: boolean) =>
        change(targets, (target) => {
          target.isUp = isUp;
        });
      turn(true);
      clock.after(working, () => turn(false));
    }
    const stops = targets.map(watch);
    clock.after(working + dice.spread(10 * MINUTE, 12 * HOUR), () => {
      for (const stop of stops) stop();
    });
  });
}

const answersPing = (host: Host): void => {
  host.services.set(serviceKey(ICMP, 0), 'open');
};

const visitor = (name: string, build: Actor['build'], weight = 0.6): Actor => ({
  name,
  interfaces: [1, 1],
  weight,
  isVisitor: true,
  build,
});

/** Scrapes every 15 s with a timeout of 10 s, each target at a moment of its own. */
const PROMETHEUS = visitor('prometheus', (site, _size, actor) => {
  const { net, dice } = site;
  const client = site.host({ open: [9090] });
  const port = dice.pick([9100, 9100, 8080, 9404]);
  const every = dice.pick([15, 30, 60]);
  const watch = (target: Host) =>
    poll(net, {
      client,
      target,
      every,
      ask: (done) => net.tcp({ actor, client, target, port, patience: 10, says: exchange(300, 20_000) }, done),
    });
  for (const target of watched(site, 60, (host) => serve(host, TCP, port))) watch(target);
  stale(site, watch, (host) => serve(host, TCP, port));
  // The exporter of a role is broken by an update, or the security group has lost its rule.
  site.happens(0.5, () => {
    const hit = dice.some(site.visitable(20), dice.whole(3, 30));
    site.disturb(dice.spread(10 * MINUTE, 6 * HOUR), hit, port, dice.pick(['closed', 'blocked'] as const));
  });
});

interface HostChecks {
  /** Seconds between checks, how long one waits for a connection, and how many echoes a ping sends. */
  readonly every: number;
  readonly patience: number;
  readonly echoes: number;
  readonly says: ReturnType<typeof exchange>;
  readonly opens?: readonly number[];
  readonly restsAfterSilence?: true;
}

/** A monitor that checks SSH, HTTP and ping of each host, each at a moment of its own. */
const hostMonitor = (name: string, { every, patience, echoes, says, opens, ...pace }: HostChecks) =>
  visitor(name, (site, _size, actor) => {
    const { net } = site;
    const client = site.host(opens && { open: [...opens] });
    const watch = (target: Host) => {
      const stops = [22, 80].map((port) =>
        poll(net, {
          client,
          target,
          every,
          ...pace,
          ask: (done) => net.tcp({ actor, client, target, port, patience, says }, done),
        }),
      );
      stops.push(
        poll(net, { client, target, every, ask: (done) => net.ping({ actor, client, target }, echoes, 1, done) }),
      );
      return () => {
        for (const stop of stops) stop();
      };
    };
    const open = (host: Host) => {
      serve(host, TCP, [22, 80]);
      answersPing(host);
    };
    for (const target of watched(site, 25, open)) watch(target);
    stale(site, watch, open);
  });

/** HTTP, TCP and ICMP probes of each host every 30 s. */
const BLACKBOX = hostMonitor('blackbox exporter', {
  every: 30,
  patience: 9.5,
  echoes: 1,
  says: exchange(200, 800),
  opens: [9115],
});

/** Icinga: check_ssh, check_http and check_ping of each host every minute. */
const ICINGA = hostMonitor('icinga', {
  every: 60,
  patience: 10,
  echoes: 5,
  says: exchange(150, 600),
  restsAfterSilence: true,
});

/** fping -C 20 under smokeping: bursts of twenty echoes, one a second, all hosts at once, every few minutes. */
const SMOKEPING = visitor('smokeping', (site, _size, actor) => {
  const { net } = site;
  const client = site.host();
  const outside = Array.from({ length: 5 }, () => {
    const host = site.internet();
    answersPing(host);
    return host;
  });
  const watch = (target: Host) =>
    poll(net, {
      client,
      target,
      every: 300,
      phase: 0,
      ask: (done) => net.ping({ actor, client, target }, 20, 1, done),
    });
  for (const target of [...watched(site, 30, answersPing), ...outside]) watch(target);
  stale(site, watch, answersPing);
});

/** snmpget -t1 -r5 by xargs -P 10 from cron: six datagrams a second apart to a device that is gone. */
const SNMP = visitor('snmp poller', (site, _size, actor) => {
  const { net, dice, clock } = site;
  const client = site.host();
  const devices = watched(site, 40, (host) => serve(host, UDP, 161));
  const ask = (target: Host, done: () => void) =>
    net.udp({ actor, client, target, port: 161, bytes: 71, reply: 90, repeats: [1, 2, 3, 4, 5], patience: 6 }, done);
  for (let time = site.start; time < site.end; time += 1500) clock.at(time, () => inTurn(devices, 10, ask));
  // A building was cleared: its devices are asked every minute until somebody notices.
  site.happens(0.8, () => {
    const gone = Array.from({ length: Math.round(dice.spread(2, 60)) }, () => site.premisesGone(5));
    const end = clock.now + dice.spread(10 * MINUTE, 8 * HOUR);
    for (let time = clock.now; time < end; time += MINUTE)
      clock.at(time, () => inTurn([...gone, ...devices.slice(0, 3)], 10, ask));
  });
});

/** Agents that log to collectors: UDP syslog without an answer for ever, TCP syslog with the patience of the kernel. */
const SYSLOG = visitor('syslog', (site, _size, actor) => {
  const { net, dice, clock } = site;
  const collectors = [0, 1].map(() => serve(site.host({ open: [6514] }), UDP, 514, 'mute'));
  for (const client of dice.some(site.visitable(20), 25)) {
    const sourcePort = 2 * dice.whole(17_000, 30_000);
    const log = () => {
      for (const target of collectors)
        net.udp({ actor, client, target, port: 514, bytes: dice.whole(120, 900), sourcePort });
      clock.after(dice.between(1000, 3000), log);
    };
    clock.after(dice.between(0, HOUR), log);
  }
  const attempts = (client: Host): void => {
    const target = collectors[0]!;
    net.tcp({ actor, client, target, port: 6514, says: exchange(4000, 300, 60) }, (outcome) => {
      if (outcome !== 'answered') clock.after(30, () => attempts(client));
      else clock.after(dice.between(0.5, 2) * HOUR, () => attempts(client));
    });
  };
  for (const client of dice.some(site.visitable(20), 15)) clock.after(dice.between(0, HOUR), () => attempts(client));
  site.happens(0.5, () => site.fail(dice.spread(MINUTE, HOUR), collectors[0]!));
});

export const MONITORING: readonly Actor[] = [PROMETHEUS, BLACKBOX, ICINGA, SMOKEPING, SNMP, SYSLOG];
