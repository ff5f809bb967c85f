/** People in an office behind a VPN, and the Windows domain that they use: controllers, file servers, printers, discovery. */
import type { Actor } from '../actor.ts';
import { inTurn, often } from '../habits.ts';
import { type Host, ICMP, serve, serviceKey, TCP, UDP } from '../hosts.ts';
import { exchange } from '../net.ts';
import { HOUR, MINUTE, type Site } from '../site.ts';
import { WINDOWS } from '../stacks.ts';

const KERBEROS = 88;
const RPC = 135;
const LDAP = 389;
const SMB = 445;

function controller(site: Site, zone: number): Host {
  const host = site.server({
    tier: 'data',
    zone,
    stack: WINDOWS,
    open: [53, KERBEROS, RPC, LDAP, SMB, 464, 636, 3268, 3389, 22],
  });
  serve(host, UDP, [53, KERBEROS, 123, LDAP]);
  // Dynamic RPC ports of Windows: 49152 to 65535, here the few that a controller has bound.
  serve(host, TCP, [49_664, 49_667, 49_670, 49_701]);
  host.services.set(serviceKey(ICMP, 0), 'open');
  return host;
}

function build(site: Site, size: number, actor: string): void {
  const { net, dice } = site;
  const controllers = [0, 1, 2].slice(0, Math.min(3, size - 3)).map((zone) => controller(site, zone));
  const files = site.hosts(2, { tier: 'data', stack: WINDOWS, open: [SMB, RPC, 3389] });
  const print = site.host({ tier: 'data', stack: WINDOWS, open: [SMB, RPC, 49_668] });
  const apps = site.hosts(Math.max(1, size - controllers.length - 3), { stack: WINDOWS, open: [80, 443, 3389] });
  const people = Array.from({ length: size * 2 }, () => site.premises(dice.whole(1, 3)));
  const printers = Array.from({ length: 6 }, () => serve(site.premises(4), TCP, [9100, 631, 515]));
  const gone = Array.from({ length: 5 }, () => site.nobody('data'));
  const name = (what: string) => `${actor}, ${what}`;
  for (const client of people) {
    logOn(site, name('log-on'), client, controllers);
    const shares = dice.some(files, dice.whole(1, 2));
    duringWork(site, client, 2, () => {
      const target = dice.pick([...shares, ...apps]);
      const port = shares.includes(target) ? SMB : 443;
      net.tcp({ actor, client, target, port, says: exchange(3000, Math.round(dice.spread(2000, 900_000)), 2) });
      net.udp({
        actor,
        client,
        target: dice.pick(controllers),
        port: 53,
        bytes: 75,
        reply: 180,
        repeats: [1, 2, 4, 8],
        patience: 10,
      });
    });
    // Mapped drives and saved printers of servers that were switched off: tried at log-on, and whenever an Explorer window opens.
    if (dice.isLikely(0.3)) {
      const old = dice.some(gone, dice.whole(1, 3));
      duringWork(site, client, 0.5, () => {
        for (const target of old) {
          net.tcp({ actor: name('dead drives'), client, target, port: SMB });
          // Without SMB, the redirector asks for NetBIOS and WebDAV.
          net.tcp({ actor: name('dead drives'), client, target, port: 139 });
          net.tcp({ actor: name('dead drives'), client, target, port: 80 });
        }
      });
    }
  }
  // The spooler asks the state of each printer port by SNMP, and prints to 9100.
  for (const target of printers)
    often(net, print, 2, () => {
      net.udp({
        actor: name('printing'),
        client: print,
        target,
        port: 161,
        bytes: 78,
        reply: 95,
        repeats: [1, 2],
        patience: 5,
      });
      if (dice.isLikely(0.4))
        net.tcp({ actor: name('printing'), client: print, target, port: 9100, says: exchange(200_000, 300, 2) });
    });
  for (const target of printers) serve(target, UDP, 161);
  // At night printers sleep or are off, and the spooler goes on asking.
  site.nightly(20, () => site.fail(10 * HOUR, dice.some(printers, dice.whole(0, 5))));
  replicate(site, name('replication'), controllers);
  site.happens(0.7, () => site.fail(dice.spread(3 * MINUTE, 2 * HOUR), dice.pick(controllers)));
  site.happens(0.4, () => site.fail(dice.spread(MINUTE, 30 * MINUTE), dice.pick([...files, print])));
  site.happens(2, () => manage(site, name('client management'), files[0]!, people));
}

/** From eight to six on weekdays. The log begins on a Monday. */
function duringWork(site: Site, client: Host, perHour: number, what: () => void): void {
  often(site.net, client, perHour, () => {
    const hours = (site.clock.now - site.start) / HOUR;
    if (hours % 24 >= 8 && hours % 24 < 18 && hours < 5 * 24) what();
  });
}

/**
 * The controller locator: an LDAP ping by UDP to one controller after another in random order, 0.4 s apart, until one answers. Then
 * Kerberos, LDAP, RPC and SMB with that one (Microsoft, "Domain Controller Locator: an overview").
 */
function logOn(site: Site, actor: string, client: Host, controllers: readonly Host[]): void {
  const { net, dice, clock } = site;
  duringWork(site, client, 0.3, () => {
    const order = dice.shuffle(controllers);
    const locate = (index: number): void => {
      const target = order[index];
      if (!target) return;
      net.udp({ actor, client, target, port: LDAP, bytes: 190, reply: 210, patience: 0.4 }, (outcome) => {
        if (outcome !== 'answered') {
          locate(index + 1);
          return;
        }
        for (const [delay, port] of [
          [0, KERBEROS],
          [0.2, LDAP],
          [0.4, RPC],
          [0.5, 49_667],
          [0.8, SMB],
        ] as const)
          clock.after(delay, () => net.tcp({ actor, client, target, port, says: exchange(1800, 4000) }));
      });
    };
    locate(0);
  });
}

/** Every controller pulls from the others by RPC: port 135 tells which dynamic port to use. */
function replicate(site: Site, actor: string, controllers: readonly Host[]): void {
  for (const client of controllers)
    for (const target of controllers)
      if (client !== target)
        often(site.net, client, 2, () => {
          site.net.tcp({ actor, client, target, port: RPC, says: exchange(400, 400) }, (outcome) => {
            if (outcome === 'answered')
              site.net.tcp({ actor, client, target, port: 49_670, says: exchange(2000, 9000) });
          });
        });
}

/**
 * An administrator's tool installs a package on all machines, eight at a time: it copies the package to ADMIN$ by SMB, and starts it
 * by RPC (Microsoft, "Client push installation": ports 445 and 135). Machines that sleep do not answer.
 */
function manage(site: Site, actor: string, client: Host, machines: readonly Host[]): void {
  const { net, dice, clock } = site;
  const bytes = Math.round(dice.spread(200_000, 30_000_000));
  for (const target of machines) serve(target, TCP, [SMB, RPC, 49_672], dice.isLikely(0.6) ? 'open' : 'mute');
  inTurn(dice.shuffle(machines), 8, (target, done) =>
    net.tcp({ actor, client, target, port: SMB, says: exchange(bytes, 9000, 4) }, (outcome) => {
      if (outcome !== 'answered') {
        done();
        return;
      }
      clock.after(4, () => net.tcp({ actor, client, target, port: RPC, says: exchange(400, 400) }));
      clock.after(4.2, () => net.tcp({ actor, client, target, port: 49_672, says: exchange(3000, 3000) }));
      clock.after(dice.between(20, 90), done);
    }),
  );
}

export const OFFICE: Actor = { name: 'office', interfaces: [7, 20], weight: 2, build };
