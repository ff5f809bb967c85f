/** Ways to hide a scan that do not work: what an attacker adds to it, before, beside and after. */
import { describe, expect, test } from '@jest/globals';
import { randomOf } from '../../../bench/random.ts';
import { Collector } from '../../../lib/evidence/builder.ts';
import { hashKey, keyedHash } from '../../../lib/evidence/keyed-hash.ts';
import { DROPPED } from '../../../lib/evidence/quality.ts';
import { START, type Values } from '../flowlog/sample-logs.ts';
import { hostAt, textOf } from '../kernel/crowd.ts';
import { piecesOf, readInto } from '../kernel/reading.ts';
import { findingsIn, horizontal, NOON, type Row, row, SCANNER, vertical } from './traffic.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;
const fast = (at: number) => vertical(60, { at, fate: 'rejected' });
/** Traffic of somebody else, by which the log goes on. */
const later = row({ srcaddr: '10.0.1.1', dstaddr: '10.0.1.2', start: NOON + HOUR, end: NOON + HOUR });

/** An accomplice answers each probe in the name of its target, as the scanner's own interface sees it. */
const answeredInTheName = (rows: readonly Row[]): Row[] =>
  rows.flatMap((request) => [
    request,
    row({
      'interface-id': `eni-${SCANNER}`,
      srcaddr: request.dstaddr!,
      dstaddr: request.srcaddr!,
      srcport: request.dstport!,
      dstport: request.srcport!,
      'flow-direction': 'ingress',
      'tcp-flags': 18,
      start: request.start!,
      end: request.end!,
    }),
  ]);

describe('a history made on purpose', () => {
  test('of one pass that is too slow to see, over the same ports, does not excuse the scan after it', async () => {
    const slow = vertical(20, { at: NOON - DAY, every: (2 * HOUR) / 3, fate: 'rejected' });
    expect(await findingsIn(slow)).toEqual([]);
    expect(await findingsIn([...slow, ...fast(NOON)])).toMatchObject([{ contacts: { failed: 60 }, severity: 'high' }]);
  });

  test('of one fast pass does not excuse the next: both are found', async () => {
    expect(await findingsIn([...fast(NOON), ...fast(NOON + DAY)])).toHaveLength(2);
  });

  test('of successes with the same ports, while they were open, does not excuse a scan of them', async () => {
    const friendly = vertical(60, { at: NOON - 2 * HOUR, fate: 'established' });
    expect(await findingsIn([...friendly, ...fast(NOON)])).toMatchObject([{ contacts: { failed: 60 } }]);
  });

  test('of more ports than a poller has excuses nothing, however often it is repeated', async () => {
    const passes = [0, 1, 2, 3, 4].flatMap((day) => vertical(100, { at: NOON + day * DAY, fate: 'rejected' }));
    expect(await findingsIn(passes)).toHaveLength(5);
  });
});

describe('answers in the name of the targets', () => {
  test('to a sweep make it an open-port sweep', async () => {
    const sweep = answeredInTheName(horizontal(30, { fate: 'unanswered' }));
    expect(await findingsIn([...sweep, later])).toMatchObject([{ kind: 'open-port-sweep', severity: 'medium' }]);
  });

  test('to a few of many probes do not hide the scan', async () => {
    const rows = vertical(60, { fate: 'unanswered' });
    const some = answeredInTheName(rows.slice(0, 10));
    expect(await findingsIn([...some, ...rows.slice(10)])).toMatchObject([
      { kind: 'vertical-scan', contacts: { failed: 50, established: 10 } },
    ]);
  });
});

describe('contacts chosen to fall out of a sample', () => {
  const key = hashKey('a secret');
  const hashOf = (secret: ReturnType<typeof hashKey>, port: number) =>
    keyedHash(secret, 0xffff, 0x0a000316, 0, 0, 0xffff, 0x0a000909, port * 256 + 6);
  const ports = Array.from({ length: 65_535 }, (_, n) => n + 1);
  const SHARE = 0.05;
  const limit = SHARE * 2 ** 32;

  test('with a guessed key are sampled like any others under the secret key', () => {
    const guessed = hashKey('a guess');
    const chosen = ports.filter((port) => hashOf(guessed, port) > limit * 19);
    expect(chosen.length).toBeGreaterThan(3000);
    expect(chosen.filter((port) => hashOf(guessed, port) <= limit)).toEqual([]);
    const sampled = chosen.filter((port) => hashOf(key, port) <= limit).length;
    expect(Math.abs(sampled / chosen.length - SHARE)).toBeLessThan(0.02);
  });

  test('by any order of their numbers collide no more often than by chance', () => {
    // Every port, every 256th number, and targets one after the other: 2^16 of each into 2^32.
    const families: ((n: number) => number)[] = [
      (n) => hashOf(key, n),
      (n) => keyedHash(key, 0xffff, 0x0a000316, 0, 0, 0xffff, 0x0a000000 + n * 256, 22 * 256 + 6),
      (n) => keyedHash(key, n, 0, 0, 0, 0xffff, 0x0a000909, 22 * 256 + 6),
    ];
    for (const family of families) {
      const distinct = new Set(ports.map(family)).size;
      // Half a collision is expected. Ten would be one in a trillion.
      expect(ports.length - distinct).toBeLessThan(10);
    }
  });
});

describe('a flood that fills the memory', () => {
  const MOST = 3000;
  const flood = (network: string): Values[] =>
    Array.from({ length: 20_000 }, (_, n) =>
      probeOf(hostAt(network, n % 200), hostAt('10.2', n % 77), 1 + (n % 1009), 700),
    );
  const probeOf = (from: string, to: string, port: number, second: number): Values => ({
    'interface-id': `eni-${from.startsWith('10.') ? from : to}`,
    'flow-direction': from.startsWith('10.') ? 'egress' : 'ingress',
    srcaddr: from,
    dstaddr: to,
    'pkt-srcaddr': from,
    'pkt-dstaddr': to,
    dstport: String(port),
    packets: '1',
    bytes: '44',
    start: String(START + second),
    end: String(START + second + 1),
  });
  /** What a file may hold of a scan: the table of days adds it up. */
  const scanBy = (from: string) => Array.from({ length: 6 }, (_, n) => probeOf(from, '10.8.8.8', n + 1, n));
  const keptOf = (rows: readonly Values[], address: string) => {
    const collector = new Collector({ key: hashKey('a test'), mostContacts: MOST });
    readInto(collector, piecesOf(textOf(rows), randomOf('hiding')));
    const source = [...collector.sources()].find((one) => one.address === address);
    return {
      contacts: source?.panes.flatMap(({ contacts }) => contacts).length ?? 0,
      quality: source?.panes[0]?.quality ?? 0,
    };
  };

  test('of busier strangers keeps the beginning of an earlier scan from inside, and findings say that memory was short', () => {
    const { contacts, quality } = keptOf([...scanBy('10.9.9.9'), ...flood('203.0')], '10.9.9.9');
    expect(contacts).toBe(6);
    expect(quality & DROPPED).toBe(DROPPED);
  });

  test('would have dropped the same from outside, which is background noise', () => {
    expect(keptOf([...scanBy('198.51.100.9'), ...flood('203.0')], '198.51.100.9').contacts).toBe(0);
  });
});
