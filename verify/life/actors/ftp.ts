/** FTP, whose data connections go to ports that nobody knew before, in the one or the other direction. */
import type { Actor } from '../actor.ts';
import { inTurn } from '../habits.ts';
import { serve, TCP } from '../hosts.ts';
import { exchange } from '../net.ts';
import { HOUR, MINUTE } from '../site.ts';

const CONTROL = 21;
const DATA = 20;

export const FTP: Actor = {
  name: 'ftp',
  interfaces: [2, 6],
  weight: 0.8,
  build(site, size, actor) {
    const { net, dice, clock } = site;
    const server = site.host({ tier: 'public', open: [CONTROL] });
    // Whether the range of passive ports, or the way back to the clients, is open.
    let isOpen = true;
    site.happens(0.8, () => {
      isOpen = false;
      clock.after(dice.spread(20 * MINUTE, 24 * HOUR), () => {
        isOpen = true;
      });
    });
    const clients = site.hosts(size - 1);
    clients.forEach((client, index) => {
      const isPassive = index % 2 === 0;
      const files = Array.from({ length: dice.whole(3, 40) }, () => Math.round(dice.spread(2000, 5_000_000)));
      const patience = dice.pick([60, 134]);
      const control = (seconds: number) =>
        net.tcp({ actor, client, target: server, port: CONTROL, says: exchange(600, 1500, seconds) });
      /** The server listens on a new port for each file. */
      const passive = (bytes: number, done: () => void): void => {
        const port = dice.whole(40_000, 50_000);
        if (isOpen) serve(server, TCP, port);
        net.tcp(
          { actor: `${actor}, passive`, client, target: server, port, patience, says: exchange(100, bytes, 1) },
          (outcome) => {
            server.services.delete(`${TCP}/${port}`);
            clock.after(outcome === 'answered' ? dice.between(0.2, 2) : dice.between(1, 5), done);
          },
        );
      };
      /** The client listens, and the server connects from port 20. Two retries of 20 s, then 50 s of rest (vsftpd and lftp). */
      const active = (bytes: number, done: () => void): void => {
        const port = dice.whole(32_768, 60_999);
        if (isOpen) serve(client, TCP, port);
        net.tcp(
          {
            actor: `${actor}, active`,
            client: server,
            target: client,
            port,
            sourcePort: DATA,
            patience: 20,
            says: exchange(100, bytes, 1),
          },
          (outcome) => {
            client.services.delete(`${TCP}/${port}`);
            clock.after(outcome === 'answered' ? dice.between(0.2, 2) : dice.pick([1, 1, 50]), done);
          },
        );
      };
      const run = () => {
        control(10 * MINUTE);
        inTurn(files, 1, isPassive ? passive : active);
      };
      site.happens(7, run);
    });
  },
};
