/** A mail server whose destinations are partly dead, or whose port 25 is closed, as AWS closes it by default. */
import type { Actor } from '../actor.ts';
import { inTurn } from '../habits.ts';
import { type Host, serve, TCP } from '../hosts.ts';
import { exchange } from '../net.ts';
import { HOUR, MINUTE } from '../site.ts';

const SMTP = 25;

interface Domain {
  readonly exchangers: readonly Host[];
  nextTry: number;
  pause: number;
  queued: number;
}

export const MAIL: Actor = {
  name: 'mail server',
  interfaces: [1, 3],
  weight: 1,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    for (const client of site.hosts(size, { tier: 'public', open: [25, 587] })) {
      const domains: Domain[] = Array.from({ length: dice.whole(20, 80) }, () => {
        const exchangers = Array.from({ length: dice.whole(1, 4) }, () => site.internet([SMTP]));
        // Parked domains, and backup exchangers that nobody has used for years.
        for (const host of exchangers)
          if (dice.isLikely(0.12)) serve(host, TCP, SMTP, dice.pick(['mute', 'closed'] as const));
        return { exchangers, nextTry: 0, pause: 300, queued: 0 };
      });
      /** One exchanger after another, 30 s each, until one takes the mail. */
      const deliver = (domain: Domain, done: () => void): void => {
        const attempt = (index: number): void => {
          const target = domain.exchangers[index];
          if (!target) {
            domain.nextTry = clock.now + domain.pause;
            domain.pause = Math.min(domain.pause * 2, 4000);
            done();
            return;
          }
          const says = exchange(Math.round(dice.spread(3000, 300_000)), 1200, 2);
          net.tcp({ actor, client, target, port: SMTP, patience: 30, isBound: true, says }, (outcome) => {
            if (outcome !== 'answered') {
              attempt(index + 1);
              return;
            }
            Object.assign(domain, { queued: 0, pause: 300, nextTry: 0 });
            done();
          });
        };
        attempt(0);
      };
      // The queue manager looks every 300 s, and delivers with 20 processes.
      const runQueue = (): void => {
        inTurn(
          domains.filter(({ queued, nextTry }) => queued > 0 && nextTry <= clock.now),
          20,
          deliver,
        );
        clock.after(300, runQueue);
      };
      clock.after(dice.between(0, 300), runQueue);
      const write = (): void => {
        dice.pick(domains).queued++;
        clock.after(dice.wait(15 * MINUTE), write);
      };
      write();
      // A mailing to all.
      site.happens(2, () => {
        for (const domain of domains) domain.queued++;
      });
      site.happens(0.5, () =>
        site.for(
          dice.spread(20 * MINUTE, 24 * HOUR),
          client,
          (host) => {
            host.mayLeave = (target, _, port) => port !== SMTP || !target.isOutside;
          },
          (host) => {
            host.mayLeave = () => true;
          },
        ),
      );
    }
  },
};
