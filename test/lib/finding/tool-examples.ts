/** For each row of the table of tools, probes that it must match and similar ones that it must not. */
import { FREQUENT_TCP, FREQUENT_UDP, TRIED_FIRST } from '../../../lib/finding/frequent-ports.ts';
import type { toolOf } from '../../../lib/finding/tool.ts';
import type { TOOLS } from '../../../lib/finding/tool-table.ts';
import { NOON } from '../scan/traffic.ts';

export type Contact = Parameters<typeof toolOf>[0][number];
export type Make = (n: number) => Partial<Contact>;

/** Rejected SYNs of nmap's kind to the ports of one target, unless told otherwise. */
export const contacts = (count: number, ...makes: Make[]): Contact[] =>
  Array.from({ length: count }, (_, n) =>
    Object.assign(
      {
        target: '10.0.9.9',
        port: 1001 + n,
        protocol: 6,
        outcome: 'rejected',
        context: 'failed',
        start: NOON,
        direction: 'lateral',
        isRepeat: false,
        isStealth: false,
        weight: 1,
        attempts: 1,
        sourcePort: 45_000,
        packetBytes: 44,
      } satisfies Contact,
      ...makes.map((make) => make(n)),
    ),
  );

const only =
  (what: Partial<Contact>): Make =>
  () =>
    what;
export const bytes = (packetBytes: number): Make => only({ packetBytes });
export const from = (sourcePort: number): Make => only({ sourcePort });
export const on = (port: number): Make => only({ port });
export const udp: Make = only({ protocol: 17, packetBytes: 28 });
export const ping: Make = only({ protocol: 1, port: 0, sourcePort: 0, packetBytes: 28 });
export const stealth: Make = only({ packetBytes: 40, isStealth: true });

/** A target of its own for each probe, out of order. */
export const sweep: Make = (n) => {
  const host = (n * 7919) % 16_384;
  return { target: `10.0.${host >> 8}.${host & 255}` };
};
/** The same in ascending order, one in ten seconds. */
export const inOrder: Make = (n) => ({ target: `10.0.${n >> 8}.${n & 255}`, start: NOON + 10 * n });
/** Ports in ascending order, one in ten seconds. */
export const portsInOrder: Make = (n) => ({ port: 1001 + n, start: NOON + 10 * n });
/** Scattered over a range, and different for each of a few thousand probes. */
const scattered =
  (low: number, high: number): Make =>
  (n) => ({ sourcePort: low + ((n * 7919) % (high - low + 1)) });
export const linux: Make = (n) => ({ sourcePort: 32_768 + 2 * ((n * 7919) % 14_116), packetBytes: 60 });
export const windows = scattered(49_152, 65_535);
export const zmapPort = scattered(32_768, 61_000);
export const anyPort = scattered(1024, 65_535);
const nmapPort = scattered(33_000, 65_516);
export const block: Make = (n) => ({ sourcePort: 45_000 + (n % 16) });
export const list = (ports: ReadonlySet<number>): Make => {
  const sorted = [...ports].sort((a, b) => a - b);
  return (n) => ({ port: sorted[n] ?? 20_000 + n });
};
export const telnet =
  (every: number): Make =>
  (n) => ({ direction: 'outbound', port: n % every ? 23 : 2323 });
/** The ports from 1 on in the order of nmap, a tenth of them a minute. */
export const shuffled: Make = (n) => {
  const first = [...TRIED_FIRST].filter((port) => port <= 400);
  const rest = Array.from({ length: 400 }, (_, at) => at + 1).filter((port) => !TRIED_FIRST.has(port));
  return { port: [...first, ...rest][n]!, start: NOON + 60 * Math.floor(n / 40) };
};
const discovery = (hosts: number) => [
  ...contacts(hosts, sweep, ping, bytes(34)),
  ...contacts(hosts, sweep, on(443)),
  ...contacts(hosts, sweep, on(80), stealth),
];
const nextTo =
  (host: number): Make =>
  (n) => ({ target: `10.0.9.${host + n}` });

interface Examples {
  readonly match: readonly Contact[];
  readonly miss: readonly Contact[];
  /** Whether the log had no flags. */
  readonly isFlagless?: true;
}

export const EXAMPLES: Readonly<Record<(typeof TOOLS)[number]['id'], Examples>> = {
  'nmap host discovery': {
    match: discovery(20),
    miss: discovery(20).map((contact) => ({ ...contact, packetBytes: contact.protocol === 6 ? 60 : 84 })),
  },
  'nmap -sO': {
    match: contacts(200, (n) => ({ protocol: 18 + n, port: 0, sourcePort: 0, packetBytes: 20 })),
    miss: contacts(200, sweep, only({ protocol: 47, port: 0, sourcePort: 0, packetBytes: 60 })),
  },
  'nmap, its ports': {
    match: contacts(100, list(FREQUENT_TCP), from(53)),
    miss: contacts(100, list(FREQUENT_TCP), linux),
  },
  'nmap -sS': {
    match: contacts(50),
    miss: contacts(50, from(20_000)),
  },
  'nmap -g': {
    match: contacts(50, from(53)),
    miss: contacts(50, from(53), bytes(60)),
  },
  'nmap -sS, a run per host': {
    match: contacts(40, inOrder, on(22), nmapPort),
    miss: contacts(40, inOrder, on(22), windows),
  },
  'nmap -sF, its ports': {
    match: contacts(100, list(FREQUENT_TCP), stealth),
    miss: contacts(100, list(FREQUENT_TCP), stealth, linux),
  },
  'nmap -sF': {
    match: contacts(50, stealth),
    // A server's late packets come from its service's port.
    miss: contacts(50, stealth, from(443)),
  },
  'nmap -sF, its ports, without flags': {
    match: contacts(100, list(FREQUENT_TCP), bytes(40)),
    miss: contacts(100, list(FREQUENT_TCP), bytes(60)),
    isFlagless: true,
  },
  'nmap -sT, its ports': {
    match: contacts(100, list(FREQUENT_TCP), linux),
    miss: contacts(100, linux),
  },
  'nmap -sU, its ports': {
    match: contacts(100, list(FREQUENT_UDP), udp),
    miss: contacts(100, list(FREQUENT_UDP), udp, linux),
  },
  'nmap -PU': {
    match: contacts(50, sweep, udp, on(40_125)),
    miss: contacts(50, sweep, udp, on(40_125), bytes(60)),
  },
  'nmap -sU': {
    match: contacts(36, udp, (n) => ({ packetBytes: n % 3 ? 60 + n : 28 })),
    // Media, hole punching and traceroute use one source port too, with a payload.
    miss: contacts(36, udp, bytes(60)),
  },
  'nmap -PE': {
    match: contacts(50, sweep, ping),
    miss: contacts(50, sweep, ping, bytes(84)),
  },
  mirai: {
    match: contacts(100, sweep, telnet(10), bytes(40), from(7331)),
    miss: contacts(100, sweep, telnet(10), bytes(60), from(7331)),
  },
  scapy: {
    match: contacts(50, bytes(40), from(20)),
    // The data connections of active FTP come from port 20 too.
    miss: contacts(50, bytes(60), from(20)),
  },
  'hping3 --scan': {
    match: contacts(50, bytes(40), portsInOrder, from(2087)),
    miss: contacts(50, bytes(40), portsInOrder, from(33_087)),
  },
  'hping3 -S -p ++1': {
    match: contacts(50, bytes(40), (n) => ({ port: 1 + n, sourcePort: 1500 + n })),
    miss: contacts(50, bytes(60), (n) => ({ port: 1 + n, sourcePort: 49_500 + n })),
  },
  'masscan, sixteen source ports': {
    match: contacts(300, sweep, block),
    miss: contacts(300, sweep, block, bytes(60)),
  },
  masscan: {
    match: contacts(300, sweep, bytes(40)),
    miss: contacts(300, inOrder, on(22), bytes(40)),
  },
  'masscan, both telnet ports alike': {
    match: contacts(100, sweep, telnet(2), bytes(40)),
    miss: contacts(100, sweep, telnet(1000), bytes(40)),
  },
  'masscan, without flags': {
    match: contacts(300, sweep, bytes(40)),
    // Forty bytes to one target may be a stealth scan.
    miss: contacts(300, bytes(40)),
    isFlagless: true,
  },
  'masscan, UDP': {
    match: contacts(99, udp, block),
    miss: contacts(99, udp, sweep, on(123), zmapPort),
  },
  'zmap 2': {
    match: contacts(300, sweep, on(6379), bytes(40), zmapPort),
    miss: contacts(300, sweep, on(6379), bytes(40), anyPort),
  },
  'zmap 3 and later': {
    match: contacts(300, sweep, on(6379), bytes(52), zmapPort),
    miss: contacts(300, sweep, on(6379), bytes(52), windows),
  },
  sipvicious: {
    match: contacts(60, udp, on(5060), from(5060), bytes(255), nextTo(10)),
    // A SIP proxy asks its gateways from the same port, and again and again.
    miss: contacts(60, udp, on(5060), from(5060), bytes(255), nextTo(10), only({ context: 'failed patiently' })),
  },
};
