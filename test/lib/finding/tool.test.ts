/** Which tool a scan is ascribed to: from contacts made to order, and from captures of the tools themselves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import { Collector } from '../../../lib/evidence/builder.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { FREQUENT_TCP, FREQUENT_UDP, TRIED_FIRST } from '../../../lib/finding/frequent-ports.ts';
import { toolOf } from '../../../lib/finding/tool.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { firstContacts } from '../../../lib/scan/contacts.ts';
import { NOON } from '../scan/traffic.ts';

const DATA = join(import.meta.dirname, '../../data');

type Contact = Parameters<typeof toolOf>[0][number];
type Make = (n: number) => Partial<Contact>;

/** Rejected SYNs of nmap's kind to the ports of one target, unless told otherwise. */
const contacts = (count: number, make: Make = () => ({})): Contact[] =>
  Array.from({ length: count }, (_, n) => ({
    target: '10.0.9.9',
    port: 1001 + n,
    protocol: 6,
    outcome: 'rejected',
    start: NOON,
    direction: 'lateral',
    isRepeat: false,
    isStealth: false,
    sourcePort: 45_000,
    packetBytes: 44,
    ...make(n),
  }));

const sweep = (n: number) => ({ target: `10.0.${8 + (n >> 8)}.${n & 255}` });
/** Scattered, and different for each of a few thousand probes. */
const scattered = (n: number, low: number, high: number) => low + ((n * 7919) % (high - low + 1));
const linuxPort = (n: number) => ({ sourcePort: scattered(n, 32_768, 60_999) });
const windowsPort = (n: number) => ({ sourcePort: scattered(n, 49_152, 65_535) });
const list = (ports: ReadonlySet<number>): Make => {
  const sorted = [...ports].sort((a, b) => a - b);
  return (n) => ({ port: sorted[n] ?? 20_000 + n });
};
const all =
  (...makes: Make[]): Make =>
  (n) =>
    Object.assign({}, ...makes.map((make) => make(n)));

const bareSyn = (n: number) => ({ packetBytes: 40, ...sweep(n) });
/** The ports from 1 on in the order of nmap, a tenth of them a minute. */
const shuffled: Make = (n) => {
  const first = [...TRIED_FIRST].filter((port) => port <= 400);
  const rest = Array.from({ length: 400 }, (_, at) => at + 1).filter((port) => !TRIED_FIRST.has(port));
  return { port: [...first, ...rest][n]!, start: NOON + 60 * Math.floor(n / 40) };
};

const hints: readonly (readonly [string, Contact[], string | null])[] = [
  ['SYNs with MSS only from one source port', contacts(50), 'nmap 75'],
  ['the same over IPv6', contacts(50, () => ({ target: 'fd00::9', packetBytes: 64 })), 'nmap 75'],
  ["nmap's hundred ports", contacts(100, list(FREQUENT_TCP)), 'nmap 90'],
  ['its popular ports before all others', contacts(400, shuffled), 'nmap 90'],
  [
    'a group of hosts to a source port',
    contacts(300, (n) => ({ ...sweep(n), sourcePort: 40_000 + 256 * (n >> 6) })),
    'nmap 75',
  ],
  [
    'open ports alone, reset by the system',
    contacts(50, () => ({ outcome: 'established', packetBytes: 42 })),
    'nmap 75',
  ],
  [
    'a ping, a SYN to 443 and an ACK to 80 of each host',
    [
      ...contacts(20, (n) => ({ ...sweep(n), protocol: 1, port: 0, sourcePort: 0, packetBytes: 34 })),
      ...contacts(20, (n) => ({ ...sweep(n), port: 443 })),
      ...contacts(20, (n) => ({ ...sweep(n), port: 80, packetBytes: 40, isStealth: true })),
    ],
    'nmap 95',
  ],
  [
    'packets without a SYN from one source port',
    contacts(50, () => ({ packetBytes: 40, isStealth: true })),
    'nmap-stealth 70',
  ],
  [
    "the same to nmap's ports",
    contacts(
      100,
      all(list(FREQUENT_TCP), () => ({ packetBytes: 40, isStealth: true })),
    ),
    'nmap-stealth 90',
  ],
  [
    'stealth probes from many source ports',
    contacts(50, (n) => ({ ...linuxPort(n), packetBytes: 40, isStealth: true })),
    null,
  ],
  ['bare SYNs from one source port', contacts(300, bareSyn), 'masscan 80'],
  ['bare SYNs to one target', contacts(300, () => ({ packetBytes: 40 })), 'masscan 80'],
  [
    'bare SYNs from a source port that masscan does not choose',
    contacts(300, (n) => ({ ...bareSyn(n), sourcePort: 61_234 })),
    'masscan 55',
  ],
  [
    'SYNs from sixteen successive source ports',
    contacts(300, (n) => ({ ...sweep(n), sourcePort: 45_000 + (n % 16) })),
    'masscan 80',
  ],
  [
    'telnet, both ports alike',
    contacts(100, (n) => ({ ...bareSyn(n), direction: 'outbound', port: n % 2 ? 23 : 2323 })),
    'masscan 80',
  ],
  [
    'telnet, the second port for every tenth target',
    contacts(100, (n) => ({ ...bareSyn(n), direction: 'outbound', port: n % 10 ? 23 : 2323 })),
    'mirai 60',
  ],
  [
    'telnet alone, which may be either',
    contacts(100, (n) => ({ ...bareSyn(n), direction: 'inbound', port: 23 })),
    null,
  ],
  [
    'telnet among private hosts, which Mirai leaves alone',
    contacts(100, (n) => ({ ...bareSyn(n), port: 23 })),
    'masscan 80',
  ],
  [
    'bare SYNs, each with a source port of its own',
    contacts(300, (n) => ({ ...bareSyn(n), ...linuxPort(n) })),
    'zmap 80',
  ],
  ['the same from a counter', contacts(300, (n) => ({ ...bareSyn(n), sourcePort: 40_000 + n })), null],
  ['the same to one target', contacts(300, (n) => ({ packetBytes: 40, ...linuxPort(n) })), null],
  [
    'the same from any source port',
    contacts(300, (n) => ({ ...bareSyn(n), sourcePort: scattered(n, 1024, 65_535) })),
    null,
  ],
  [
    "SYNs of Windows from ZMap's source ports",
    contacts(300, (n) => ({ ...sweep(n), packetBytes: 52, sourcePort: scattered(n, 32_768, 61_000) })),
    'zmap 65',
  ],
  [
    'SYNs of Windows from its own',
    contacts(66, (n) => ({ packetBytes: 52, ...windowsPort(n) })),
    'connect-scan (Windows) 80',
  ],
  ['SYNs of Linux', contacts(66, (n) => ({ packetBytes: 60, ...linuxPort(n) })), 'connect-scan (Linux) 80'],
  [
    'SYNs of Linux over IPv6',
    contacts(66, (n) => ({ target: 'fd00::9', packetBytes: 80, ...linuxPort(n) })),
    'connect-scan (Linux) 80',
  ],
  [
    'SYNs of Linux behind NAT',
    contacts(66, (n) => ({ packetBytes: 60, sourcePort: scattered(n, 1024, 65_535) })),
    'connect-scan (Linux) 60',
  ],
  ['SYNs of macOS', contacts(66, (n) => ({ packetBytes: 64, ...windowsPort(n) })), 'connect-scan (macOS) 70'],
  [
    "SYNs of Linux to nmap's ports",
    contacts(
      100,
      all(list(FREQUENT_TCP), linuxPort, () => ({ packetBytes: 60 })),
    ),
    'nmap-connect 75',
  ],
  [
    'SYNs of Linux in the order of nmap',
    contacts(
      400,
      all(shuffled, linuxPort, () => ({ packetBytes: 60 })),
    ),
    'nmap-connect 75',
  ],
  [
    'SYNs of Linux from port 1 on',
    contacts(
      400,
      all(linuxPort, (n) => ({ packetBytes: 60, port: n + 1, start: NOON + n })),
    ),
    'connect-scan (Linux) 80',
  ],
  ['SYNs of Linux from one source port, which is no connect()', contacts(66, () => ({ packetBytes: 60 })), null],
  ['SYNs of two kinds', contacts(60, (n) => ({ packetBytes: n % 2 ? 44 : 60 })), null],
  ['sizes that were not seen', contacts(60, () => ({ packetBytes: 0 })), null],
  [
    'open ports alone, connected to',
    contacts(60, (n) => ({ outcome: 'established', packetBytes: 55, ...linuxPort(n) })),
    null,
  ],
  ['too few probes', contacts(7), null],
  ['nothing', [], null],
  [
    "datagrams to nmap's UDP ports",
    contacts(
      100,
      all(list(FREQUENT_UDP), () => ({ protocol: 17, packetBytes: 28 })),
    ),
    'nmap 80',
  ],
  ['datagrams to many ports of one target', contacts(50, () => ({ protocol: 17, packetBytes: 28 })), 'nmap 55'],
  [
    'datagrams to one port of many targets',
    contacts(50, (n) => ({ ...sweep(n), protocol: 17, port: 161, packetBytes: 71 })),
    null,
  ],
  [
    'datagrams from sixteen successive source ports',
    contacts(99, (n) => ({ protocol: 17, sourcePort: 45_000 + (n % 16) })),
    'masscan 65',
  ],
  ['datagrams from any source port', contacts(50, (n) => ({ protocol: 17, packetBytes: 28, ...linuxPort(n) })), null],
  [
    'pings with 56 bytes',
    contacts(50, (n) => ({ ...sweep(n), protocol: 1, port: 0, packetBytes: 84 })),
    'ping or fping 60',
  ],
  ['pings with none', contacts(50, (n) => ({ ...sweep(n), protocol: 1, port: 0, packetBytes: 28 })), 'nmap 55'],
  ['pings with others', contacts(50, (n) => ({ ...sweep(n), protocol: 1, port: 0, packetBytes: 60 })), null],
];

describe('the tool of', () => {
  test.each(hints)('%s', (_, of, expected) => {
    const hint = toolOf(of);
    expect(hint && `${hint.name} ${hint.confidence}`).toBe(expected);
  });

  test.each(hints)('%s does not hang on the order of the contacts', (_, of) => {
    expect(toolOf(of.toReversed())).toEqual(toolOf(of));
  });
});

describe('without tcp-flags', () => {
  const bare = () => ({ packetBytes: 40 });

  test('forty bytes to one target may be a stealth scan, and are ascribed to nobody', () => {
    expect(toolOf(contacts(300, bare), false)).toBeNull();
  });

  test("to nmap's ports they are one of nmap's", () => {
    expect(toolOf(contacts(100, all(list(FREQUENT_TCP), bare)), false)).toEqual({
      name: 'nmap-stealth',
      confidence: 60,
    });
  });

  test('to many targets they are less surely masscan', () => {
    expect(toolOf(contacts(300, bareSyn), false)).toEqual({ name: 'masscan', confidence: 65 });
  });
});

interface Capture {
  readonly name: string;
  readonly source: string;
  readonly command: string;
  readonly hint: string;
}

const excerpts = (JSON.parse(readFileSync(join(DATA, 'tools/captures.json'), 'utf8')) as { captures: Capture[] })
  .captures;

/** What the log shows of one source is ascribed to. */
async function toolIn(path: string, address: string) {
  const collector = new Collector({ key: hashKey('test') });
  const report = await readFlowLog(bufferSource(path, readFileSync(join(DATA, path))), collector);
  expect(report.error).toBeUndefined();
  const source = [...collector.sources()].find((candidate) => candidate.address === address)!;
  return toolOf(firstContacts(source, detectionSettings(), { overdueBefore: Number.POSITIVE_INFINITY, logTime: 0 }));
}

describe('captures', () => {
  test.each(excerpts)('of $command', async ({ name, source, hint }) => {
    expect((await toolIn(`tools/${name}.log.gz`, source))?.name).toBe(hint);
  });

  test.each([
    ['nmap -sF', 'fin-top1000', '10.0.3.30', 'nmap-stealth'],
    ['one of 32 nmaps that share 1024 ports', 'inet-distributed-32', '198.51.100.10', 'nmap'],
    ['masscan on telnet', 'outbound-internet', '10.0.3.40', 'masscan'],
    // Nothing tells nmap -sT from another connect() where the ports are not its own choice and the scan takes a second.
    ['nmap -sT of ports 1 to 1024', 'pod-nmap-1024', '10.0.7.105', 'connect-scan (Linux)'],
    ['nmap -F -g 53', 'srcport53', '10.0.3.33', 'nmap'],
    ['nmap -sU', 'udp-top50', '10.0.3.25', 'nmap'],
  ])('of %s among other traffic', async (_, name, source, tool) => {
    expect((await toolIn(`lab/${name}.log.gz`, source))?.name).toBe(tool);
  });
});
