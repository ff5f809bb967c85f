/** Which tool a scan is ascribed to: from contacts made to order, and from captures of the tools themselves. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import { Collector } from '../../../lib/evidence/builder.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { FREQUENT_TCP } from '../../../lib/finding/frequent-ports.ts';
import { toolOf } from '../../../lib/finding/tool.ts';
import { marksOf } from '../../../lib/finding/tool-marks.ts';
import { matches } from '../../../lib/finding/tool-pattern.ts';
import { TOOLS } from '../../../lib/finding/tool-table.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';
import { firstContacts } from '../../../lib/scan/contacts.ts';
import { NOON } from '../scan/traffic.ts';
import {
  anyPort,
  block,
  bytes,
  type Contact,
  contacts,
  EXAMPLES,
  from,
  inOrder,
  linux,
  list,
  on,
  ping,
  portsInOrder,
  shuffled,
  stealth,
  sweep,
  telnet,
  udp,
  windows,
  zmapPort,
} from './tool-examples.ts';

const DATA = join(import.meta.dirname, '../../data');

describe.each(TOOLS)('the row $id', (row) => {
  const { match, miss, isFlagless } = EXAMPLES[row.id];

  test('names the tool of its example', () => {
    const marks = marksOf(match)!;
    expect(TOOLS.find((tool) => matches(tool, marks, !isFlagless))?.id).toBe(row.id);
    expect(toolOf(match, !isFlagless)).toEqual({ name: row.name, confidence: row.confidence });
  });

  test('does not name it for probes that are nearly the same', () => {
    expect(matches(row, marksOf(miss)!, !isFlagless)).toBe(false);
    expect(toolOf(miss, !isFlagless)?.name).not.toBe(row.name);
  });

  test('does not hang on the order of the probes', () => {
    expect(toolOf(match.toReversed(), !isFlagless)).toEqual(toolOf(match, !isFlagless));
  });
});

const hints: readonly (readonly [string, Contact[], string | null])[] = [
  ['SYNs with MSS only over IPv6', contacts(50, () => ({ target: 'fd00::9', packetBytes: 64 })), 'nmap'],
  ['its popular ports before all others', contacts(400, shuffled), 'nmap'],
  ['a group of hosts to a source port', contacts(300, sweep, (n) => ({ sourcePort: 40_000 + 256 * (n >> 6) })), 'nmap'],
  ['one port of many hosts in order', contacts(100, inOrder, on(22)), 'nmap'],
  ['the ports of one host in order', contacts(100, portsInOrder), null],
  ['open ports alone, reset by the system', contacts(50, () => ({ outcome: 'established', packetBytes: 42 })), 'nmap'],
  ['SYNs of two kinds', contacts(60, (n) => ({ packetBytes: n % 2 ? 44 : 60 })), null],
  ['sizes that were not seen', contacts(60, bytes(0)), null],
  ['too few probes', contacts(7), null],
  ['nothing', [], null],
  ['SYNs of Linux in the order of nmap', contacts(400, shuffled, linux), 'nmap-connect'],
  ['SYNs of Linux from port 1 on', contacts(400, linux, (n) => ({ port: n + 1, start: NOON + n })), null],
  ['SYNs of Linux', contacts(66, linux), null],
  ['SYNs of Linux to many hosts', contacts(300, sweep, on(443), linux), null],
  ['SYNs of Linux without timestamps to many hosts', contacts(300, sweep, on(443), linux, bytes(52)), null],
  ['SYNs of Linux from one source port, which is no connect()', contacts(66, bytes(60)), null],
  ['SYNs of macOS', contacts(66, windows, bytes(64)), null],
  ['SYNs of Windows', contacts(66, windows, bytes(52)), null],
  ['connections', contacts(60, linux, () => ({ outcome: 'established', packetBytes: 55 })), null],
  ['stealth probes from many source ports', contacts(50, linux, stealth), null],
  ['bare SYNs to one target', contacts(300, bytes(40)), 'masscan'],
  ['bare SYNs over IPv6', contacts(300, () => ({ target: 'fd00::9', packetBytes: 60 })), null],
  ['bare SYNs from a source port that masscan does not choose', contacts(300, sweep, bytes(40), from(61_234)), null],
  ["bare SYNs from the source port of masscan's manual", contacts(300, sweep, bytes(40), from(61_000)), 'masscan'],
  ['bare SYNs to ports in order', contacts(100, portsInOrder, bytes(40)), null],
  ['telnet alone, which may be Mirai or masscan', contacts(100, sweep, telnet(1000), bytes(40)), null],
  ['telnet among private hosts, which Mirai avoids', contacts(100, sweep, on(23), bytes(40)), 'masscan'],
  ['bare SYNs to one target, each from its own source port', contacts(300, bytes(40), zmapPort), null],
  ['a few SYNs with MSS only, each from its own source port', contacts(100, sweep, on(22), zmapPort), null],
  [
    'bare SYNs at one in ten seconds',
    contacts(300, sweep, bytes(40), zmapPort, (n) => ({ start: NOON + n * 10 })),
    null,
  ],
  ['bare SYNs from even source ports', contacts(300, sweep, linux, bytes(40)), null],
  ['datagrams to one port of many targets', contacts(50, sweep, udp, on(161), bytes(71)), null],
  ['datagrams from any source port', contacts(50, udp, anyPort), null],
  ['datagrams of Linux from neighbouring source ports', contacts(99, sweep, block, bytes(60)), null],
  ['pings of 56 bytes, as ping and fping send', contacts(50, sweep, ping, bytes(84)), null],
  [
    'SIP to a row of hosts, logged in two minutes by two interfaces',
    contacts(60, udp, on(5060), from(5060), bytes(255), inOrder, () => ({ attempts: 2 })),
    'sipvicious',
  ],
  [
    'SIP to a row of hosts, again and again',
    contacts(60, udp, on(5060), from(5060), bytes(255), inOrder, () => ({ attempts: 3 })),
    null,
  ],
  ['SIP from one port to gateways here and there', contacts(60, sweep, udp, on(5060), from(5060), bytes(255)), null],
];

describe('the tool of', () => {
  test.each(hints)('%s', (_, of, expected) => {
    expect(toolOf(of)?.name ?? null).toBe(expected);
  });

  test.each(hints)('%s does not hang on the order of the contacts', (_, of) => {
    expect(toolOf(of.toReversed())).toEqual(toolOf(of));
  });
});

describe('without tcp-flags', () => {
  test('forty bytes to one target may be a stealth scan, and are ascribed to nobody', () => {
    expect(toolOf(contacts(300, bytes(40)), false)).toBeNull();
  });

  test("forty bytes to nmap's ports from a source port that nmap does not choose are ascribed to nobody", () => {
    expect(toolOf(contacts(100, list(FREQUENT_TCP), bytes(40), from(20_000)), false)).toBeNull();
  });
});

interface Capture {
  readonly name: string;
  readonly source: string;
  readonly command: string;
  readonly hint: string | null;
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
    expect((await toolIn(`tools/${name}.log.gz`, source))?.name ?? null).toBe(hint);
  });

  test.each([
    ['nmap -sF', 'fin-top1000', '10.0.3.30', 'nmap-stealth'],
    ['one of 32 nmaps that share 1024 ports', 'inet-distributed-32', '198.51.100.10', 'nmap'],
    ['masscan on telnet', 'outbound-internet', '10.0.3.40', 'masscan'],
    // Nothing tells nmap -sT from another connect() where the ports are not its own choice and the scan takes a second.
    ['nmap -sT of ports 1 to 1024', 'pod-nmap-1024', '10.0.7.105', null],
    ['nmap -F -g 53', 'srcport53', '10.0.3.33', 'nmap'],
    ['nmap -sU', 'udp-top50', '10.0.3.25', 'nmap'],
  ])('of %s among other traffic', async (_, name, source, tool) => {
    expect((await toolIn(`lab/${name}.log.gz`, source))?.name ?? null).toBe(tool);
  });
});
