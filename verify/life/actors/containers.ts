/** ECS services behind a balancer, where one image may crash again and again. */
import type { Actor } from '../actor.ts';
import { doubling, endAll, hold } from '../habits.ts';
import { change, type Host, serve, TCP } from '../hosts.ts';
import { HOUR, MINUTE, type Site } from '../site.ts';
import { balance, traffic } from './web.ts';

const PORT = 3000;

function build(site: Site, size: number, actor: string): void {
  const { dice, clock } = site;
  const nodes = site.hosts(2, { tier: 'public', type: 'balancer', open: [443] });
  const queue = site.host({ tier: 'data', open: [5671] });
  const name = dice.pick(['orders', 'search', 'billing', 'profile', 'media']);
  const cluster = `prod-${dice.whole(1, 4)}`;
  const start = (): Host => {
    const id = Array.from({ length: 32 }, () => dice.whole(0, 15).toString(16)).join('');
    return site.host({ open: [PORT], task: { cluster, service: name, id } });
  };
  const tasks: { host: Host; leave: () => void }[] = [];
  const add = (host: Host): void => {
    const [stop] = balance(site, actor, nodes, [host], PORT);
    const close = hold(site.net, {
      actor: `${actor}, queue`,
      client: host,
      port: 5671,
      choose: () => queue,
      patience: 10,
      backoff: doubling(1, 30, host.dice),
    });
    tasks.push({ host, leave: () => endAll([stop!, close]) });
  };
  const running: Host[] = Array.from({ length: size - 3 }, start);
  for (const host of running) add(host);
  traffic(site, actor, nodes, running, PORT);
  site.happens(0.3, () => site.disturb(dice.spread(MINUTE, 15 * MINUTE), queue, 5671, 'closed'));

  // A deployment replaces every task: the new ones start first, and the old ones drain.
  site.happens(dice.spread(0.5, 3), () => {
    const old = tasks.splice(0);
    running.length = 0;
    for (const { host, leave } of old) {
      const fresh = start();
      running.push(fresh);
      serve(fresh, TCP, PORT, 'closed');
      add(fresh);
      clock.after(dice.between(5, 40), () => change(fresh, () => serve(fresh, TCP, PORT)));
      clock.after(dice.between(40, 200), () => {
        leave();
        change(host, () => {
          host.isUp = false;
        });
      });
    }
  });

  /**
   * A new image does not start. The scheduler tries again, each time with a new address, and with growing pauses of up to 15 minutes
   * (Amazon ECS Developer Guide, "Amazon ECS service throttle logic"). The balancer learns of each address, and of its end some
   * seconds late.
   */
  site.happens(0.5, () => {
    const end = clock.now + dice.spread(20 * MINUTE, 12 * HOUR);
    const attempt = (pause: number): void => {
      if (clock.now > end) return;
      const host = start();
      serve(host, TCP, PORT, 'closed');
      const [stop] = balance(site, `${actor}, crash loop`, nodes, [host], PORT);
      clock.after(dice.between(5, 90), () => {
        change(host, () => {
          host.isUp = false;
        });
        clock.after(dice.between(2, 60), stop!);
        clock.after(pause, () => attempt(Math.min(pause * 2, 15 * MINUTE)));
      });
    };
    attempt(10);
  });
}

export const ECS: Actor = { name: 'ecs service', interfaces: [6, 18], weight: 4, build };
