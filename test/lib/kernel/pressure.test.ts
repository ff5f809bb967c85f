/** A full table gives up the least suspicious, and what it keeps stays true. */
import { describe, expect, test } from '@jest/globals';
import { type Random, randomOf, shuffled } from '../../../bench/random.ts';
import { Collector } from '../../../lib/evidence/builder.ts';
import type { SeenContact, SourceEvidence } from '../../../lib/evidence/evidence.ts';
import { keyedHash } from '../../../lib/evidence/keyed-hash.ts';
import { DROPPED, SAMPLED } from '../../../lib/evidence/quality.ts';
import { weightIn } from '../../../lib/evidence/sample.ts';
import { isFailedProbe } from '../../../lib/evidence/seen.ts';
import { parseIpv4 } from '../../../lib/net/address.ts';
import { atLength } from '../../tier.ts';
import { START, type Values } from '../flowlog/sample-logs.ts';
import { answered, at, crowd, DIRECTED, hostAt, sent, textOf, UNDIRECTED } from './crowd.ts';
import { OPTIONS, piecesOf, readInto, referenceOf } from './reading.ts';

const MOST = 3000;
const SCANNER = '10.9.9.9';
const HOUR = 3600;

/** Sources by address, with what was dropped. */
interface Kept {
  readonly sources: ReadonlyMap<string, SourceEvidence>;
  readonly dropped: { readonly sources: number; readonly contacts: number };
}

const byAddress = (sources: Iterable<SourceEvidence>) =>
  new Map(Array.from(sources, (source) => [source.address, source]));

function readAt(mostContacts: number, file: Uint8Array, random: Random): Kept {
  const collector = new Collector({ ...OPTIONS, mostContacts });
  readInto(collector, piecesOf(file, random));
  return { sources: byAddress(collector.sources()), dropped: collector.dropped };
}

const contactsOf = (source: SourceEvidence | undefined): SeenContact[] =>
  (source?.panes ?? []).flatMap(({ contacts }) => contacts);
const nameOf = ({ target, port, protocol }: SeenContact): string => `${target} ${port} ${protocol}`;

/** An established connection: no failed probe. */
function visit(from: string, to: string, second: number): Values[] {
  const request = at(second, sent(from, to, { 'tcp-flags': '2', packets: '20', bytes: '9000' }));
  return [request, answered(request)];
}

/** A probe that nobody answers, as the target's interface sees it where the source is outside. */
function probe(from: string, to: string, port: number, second: number): Values {
  const row = at(second, sent(from, to, { dstport: String(port), 'tcp-flags': '2' }));
  return from.startsWith('203.') ? { ...row, 'interface-id': `eni-${to}`, 'flow-direction': 'ingress' } : row;
}

const visits = (count: number, network: string, second = 0): Values[] =>
  Array.from({ length: count }, (_, n) =>
    visit(hostAt(network, n), hostAt('10.2', n % 500), second + (n % 600)),
  ).flat();
const strays = (count: number, network: string, second = 0): Values[] =>
  Array.from({ length: count }, (_, n) => probe(hostAt(network, n), hostAt('10.2', n % 500), 22, second + (n % 600)));
const scan = (count: number, second = 0): Values[] =>
  Array.from({ length: count }, (_, n) => probe(SCANNER, '10.8.8.8', n + 1, second + Math.floor((n * 3000) / count)));

/**
 * Expects of what was kept that each contact is one that there was, with nothing seen that was not, and with the hash that
 * belongs to its addresses: these are the right ones, although they were given new numbers.
 */
function expectTrue({ sources }: Kept, file: Uint8Array): void {
  const reference = byAddress(referenceOf([file]).sources());
  const word = (text: string) => parseIpv4(text)!;
  const untrue = [...sources.values()].flatMap(({ address, inside, panes }): unknown[] => {
    const whole = reference.get(address);
    if (whole?.inside !== inside) return [{ address, inside }];
    return panes.flatMap(({ hour, contacts }) => {
      const pane = whole.panes.find((one) => one.hour === hour);
      const known = new Map(pane?.contacts.map((contact) => [nameOf(contact), contact]));
      return contacts.filter((contact) => {
        const { target, port, protocol, seen, hash, lastEnd } = contact;
        const all = known.get(nameOf(contact));
        const own = keyedHash(OPTIONS.key, 0xffff, word(address), 0, 0, 0xffff, word(target), port * 256 + protocol);
        return !all || hash !== own || (seen & ~all.seen) !== 0 || lastEnd > all.lastEnd;
      });
    });
  });
  expect(untrue.slice(0, 3)).toEqual([]);
}

describe('below the bound', () => {
  test('nothing is dropped, and nothing says so', () => {
    const { sources, dropped } = readAt(MOST, textOf([...visits(700, '10.1'), ...scan(200)]), randomOf('below'));
    expect(dropped).toEqual({ sources: 0, contacts: 0, ofInterfaces: 0 });
    expect([...sources.values()].flatMap(({ panes }) => panes).some(({ quality }) => quality & DROPPED)).toBe(false);
  });
});

describe('at the bound', () => {
  const random = randomOf('pressure');

  test('a scanner among ten thousand others is kept with all its contacts, its identity, and those of its target', () => {
    const rows = shuffled([visits(5000, '10.1'), strays(5000, '203.0'), scan(200)].flat(), random);
    const answers = [visit(SCANNER, '10.8.8.8', 0), visit('10.8.8.8', '10.2.0.1', 0)].flat();
    const file = textOf([...answers, ...rows]);
    const kept = readAt(MOST, file, random);
    const whole = byAddress(referenceOf([file]).sources());
    const [found, expected] = [kept.sources.get(SCANNER)!, whole.get(SCANNER)!];
    const sorted = (source: SourceEvidence) => contactsOf(source).sort((a, b) => a.hash - b.hash);
    expect(sorted(found)).toEqual(sorted(expected));
    expect(contactsOf(found)).toHaveLength(201);
    expect([found.scope, found.identity]).toEqual([expected.scope, expected.identity]);
    expect(found.panes.every(({ quality }) => (quality & DROPPED) !== 0)).toBe(true);
    expect(kept.dropped.sources).toBeGreaterThan(5000);
    expect(kept.dropped.contacts).toBeGreaterThan(5000);
    expectTrue(kept, file);
  });

  test('dropped and remaining sources add up, where nothing comes again', () => {
    const file = textOf(visits(10_000, '10.1'));
    const kept = readAt(MOST, file, random);
    const left = [...kept.sources.values()].flatMap(contactsOf).length;
    expect(left).toBeLessThanOrEqual(MOST);
    expect(left).toBeGreaterThan(MOST / 4);
    expect(kept.dropped).toEqual({ sources: 10_000 - left, contacts: 10_000 - left, ofInterfaces: 0 });
  });

  test('sources without a failed probe are dropped before those with one, whenever they were seen', () => {
    for (const early of [strays(1000, '10.3'), []].slice(0, atLength(1, 2))) {
      const late = early.length ? [] : strays(1000, '10.3', 800);
      const file = textOf([...early, ...visits(8000, '10.1', 100), ...late]);
      const kept = readAt(MOST, file, random);
      const failing = [...kept.sources.keys()].filter((address) => address.startsWith('10.3.'));
      expect(failing).toHaveLength(1000);
      expectTrue(kept, file);
    }
  });

  test('of sources alike those go first that were seen least lately', () => {
    const rows = Array.from({ length: 6000 }, (_, n) => probe(hostAt('10.3', n), '10.2.0.1', 22, n));
    const kept = readAt(MOST, textOf(rows), random);
    const times = [...kept.sources.values()].flatMap(contactsOf).map(({ lastEnd }) => lastEnd);
    expect(times.length).toBeGreaterThan(MOST / 4);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(START + 20 + 6000 - MOST);
  });

  test('what a source did in all its hours counts together', () => {
    // One probe an hour, ten in all: no stray, though each hour looks like one.
    const slow = Array.from({ length: 10 }, (_, n) => probe(SCANNER, '10.8.8.8', n + 1, n * HOUR));
    const file = textOf([...slow, ...strays(8000, '10.3', 9 * HOUR)]);
    const kept = readAt(MOST, file, random);
    expect(contactsOf(kept.sources.get(SCANNER))).toHaveLength(10);
    expectTrue(kept, file);
  });

  test.each([
    ['outside', '203.0.113.99', '203.1'],
    ['inside', SCANNER, '10.77'],
  ])('a scan of minutes, once it is sampled, outweighs noise that comes back for hours: %s', (_, from, network) => {
    const noise = (hour: number) =>
      Array.from({ length: 4000 }, (_, n) =>
        probe(hostAt(network, n % 200), hostAt('10.2', n % 391), 1 + (n % 997), hour * HOUR + (n % 3000)),
      );
    const burst = Array.from({ length: 600 }, (_, n) => probe(from, '10.2.0.1', n + 1, HOUR + 60 + (n % 60)));
    const file = textOf([noise(0), burst, ...[1, 2, 3, 4, 5].map(noise)].flat());
    const kept = readAt(MOST, file, randomOf('minutes'));
    const [pane] = kept.sources.get(from)?.panes ?? [];
    const stoodFor = (pane?.contacts ?? []).reduce((sum, contact) => sum + weightIn(pane!.sample, contact), 0);
    expect(pane?.contacts.length).toBeLessThan(600);
    expect(stoodFor).toBeGreaterThan(300);
    expectTrue(kept, file);
  });

  test('a source with more than a sample is kept as one, of known rate', () => {
    const floods = Array.from({ length: 4 }, (_, n) =>
      Array.from({ length: 4000 }, (_, port) => probe(`10.9.9.${n}`, '10.8.8.8', port + 1, port % 600)),
    );
    const rows = shuffled([...floods.flat(), ...visits(3000, '10.1')], random);
    const file = textOf(rows);
    const kept = readAt(MOST, file, random);
    const reference = byAddress(referenceOf([file]).sources());
    for (let n = 0; n < 4; n++) {
      const [pane] = kept.sources.get(`10.9.9.${n}`)!.panes;
      const [whole] = reference.get(`10.9.9.${n}`)!.panes;
      const sample = whole!.contacts.filter(({ hash }) => hash <= pane!.sample.lateral);
      const sorted = (contacts: readonly SeenContact[]) => contacts.toSorted((a, b) => a.hash - b.hash);
      expect(sorted(pane!.contacts)).toEqual(sorted(sample));
      expect(sample.length).toBeGreaterThan(100);
      expect(pane!.quality & SAMPLED).toBe(SAMPLED);
      expect(Math.abs(((sample.length / pane!.sample.lateral) * 2 ** 32) / 4000 - 1)).toBeLessThan(0.4);
    }
    expectTrue(kept, file);
  });

  test('what is answered is dropped before what failed, and does not look like a failure when it comes again', () => {
    // Inside sources that fail a little each, as calls of pods that are gone do, and one that scans.
    const clients = Array.from({ length: 60 }, (_, n) => `10.3.0.${n + 1}`);
    const calls = clients.flatMap((from) => [
      ...Array.from({ length: 80 }, (_, n) => visit(from, hostAt('10.2', n), n)),
      ...Array.from({ length: 5 }, (_, n) => [probe(from, hostAt('10.5', n), 8080, n * 100)]),
    ]);
    // The same connections go on.
    const later = clients.flatMap((from) =>
      Array.from({ length: 80 }, (_, n) => at(900 + n, sent(from, hostAt('10.2', n), { 'tcp-flags': '16' }))),
    );
    const probes = scan(40).map((row) => [row]);
    const file = textOf([...shuffled([...calls, ...probes], random).flat(), ...later]);
    const kept = readAt(MOST, file, random);
    expect(kept.dropped.contacts).toBeGreaterThan(2000);
    const whole = byAddress(referenceOf([file]).sources());
    const failedOf = (source: SourceEvidence | undefined) =>
      contactsOf(source)
        .filter(({ seen }) => isFailedProbe(seen))
        .map(nameOf)
        .sort();
    for (const from of [...clients, SCANNER])
      expect(failedOf(kept.sources.get(from))).toEqual(failedOf(whole.get(from)));
    expect(failedOf(kept.sources.get(SCANNER))).toHaveLength(40);
  });

  test('a source that found ports open is kept before those that did nothing alike', () => {
    const open = (n: number) => {
      const request = at(n, sent(SCANNER, hostAt('10.2', n), { 'tcp-flags': '2' }));
      return [request, at(n, answered(request))];
    };
    const file = textOf([...Array.from({ length: 20 }, (_, n) => open(n)).flat(), ...visits(8000, '10.1', 100)]);
    const kept = readAt(MOST, file, random);
    expect(contactsOf(kept.sources.get(SCANNER))).toHaveLength(20);
    expectTrue(kept, file);
  });

  test('a log of nothing but scanners is held in the same room', () => {
    const rows = Array.from({ length: 20_000 }, (_, n) =>
      probe(hostAt('10.3', n % 1500), hostAt('10.2', n % 77), 1 + (n % 1009), n % 3000),
    );
    const file = textOf(rows);
    const kept = readAt(MOST, file, random);
    const contacts = [...kept.sources.values()].flatMap(contactsOf).length;
    expect(contacts).toBeLessThanOrEqual(MOST);
    expect(contacts).toBeGreaterThan(MOST / 4);
    expectTrue(kept, file);
  });

  test('a log of nothing but floods, of which a room holds only samples, is read to its end', () => {
    // One after the other, so that each is known to be large before the next one needs its room.
    const floods = Array.from({ length: 20 }, (_, source) =>
      Array.from({ length: 9000 }, (_, n) => probe(`203.0.113.${source + 1}`, '10.2.0.1', n + 1, source * 10)),
    );
    const { sources } = readAt(160, textOf(floods.flat()), randomOf('floods'));
    expect([...sources.values()].flatMap(contactsOf).length).toBeLessThanOrEqual(160);
    expect([...sources.values()].flatMap(contactsOf).length).toBeGreaterThan(20);
  });

  test('interfaces keep their addresses where the log has no direction', () => {
    const hosts = Array.from({ length: 200 }, (_, n) => hostAt('10.3', n));
    // Each holds the one address that all its records have in common. The first one is seen long before the last.
    const rounds = [0, 1, 2].flatMap((round) => [
      ...hosts.flatMap((host, n) => [22, 23].map((port) => probe(host, hostAt('10.2', n * 3 + round), port, round))),
      ...Array.from({ length: 6000 }, (_, n) => ({
        ...probe(hostAt('10.4', n), hostAt('10.5', n + round), 22, round),
        'interface-id': 'eni-other',
        action: 'ACCEPT',
      })),
    ]);
    const file = textOf(rounds, UNDIRECTED);
    const kept = readAt(MOST, file, random);
    const reference = byAddress(referenceOf([file]).sources());
    const found = hosts.filter((host) => kept.sources.has(host));
    expect(found.length).toBeGreaterThan(100);
    for (const host of found) expect(kept.sources.get(host)!.identity).toEqual(reference.get(host)!.identity);
    expect(kept.sources.get(found[0]!)!.identity).toMatchObject({ interfaceId: `eni-${found[0]}` });
    expect(kept.dropped.sources).toBeGreaterThan(6000);
  });

  test('more interfaces with addresses of their own than there is room for are no harm', () => {
    const file = textOf(
      Array.from({ length: atLength(8000, 20_000) }, (_, n) => probe(hostAt('10.3', n), '10.2.0.1', 22, 0)),
    );
    expectTrue(readAt(MOST, file, random), file);
  });

  test('more interfaces without direction than there is room for lose their addresses, not their contacts', () => {
    const rows = Array.from({ length: 6000 }, (_, n) => probe(hostAt('10.3', n), hostAt('10.2', n), 22, n));
    const file = textOf(rows, UNDIRECTED);
    const collector = new Collector({ ...OPTIONS, mostContacts: 500 });
    readInto(collector, piecesOf(file, random));
    const kept = [...collector.sources()].flatMap(({ address, panes }) => panes.map((pane) => ({ address, pane })));
    expect(kept.length).toBeGreaterThan(100);
    for (const { address, pane } of kept)
      expect(pane.contacts.map(({ target }) => target)).toEqual([address.replace('10.3.', '10.2.')]);
  });

  test('a bound just beyond a step of growth is kept as well', () => {
    for (const most of atLength([4097], [4096, 4097, 4101])) {
      const file = textOf([...visits(5000, '10.1'), ...scan(100)]);
      const kept = readAt(most, file, random);
      expect(contactsOf(kept.sources.get(SCANNER))).toHaveLength(100);
      expectTrue(kept, file);
    }
  });

  test('any crowd is kept truly, in a room of any size', () => {
    for (let seed = 0; seed < atLength(2, 8); seed++) {
      const own = randomOf(`crowd ${seed}`);
      const file = textOf(crowd(own.whole(2000, 8000), own.whole(20, 3000), own), seed % 2 ? DIRECTED : UNDIRECTED);
      const kept = readAt(own.whole(300, MOST), file, own);
      expect(kept.dropped.sources).toBeGreaterThan(0);
      expectTrue(kept, file);
    }
  });
});

test('what is answered displaces no scan, although every inside source fails a little', () => {
  const random = randomOf('all fail a little');
  const SOURCES = 100;
  const FAILED = 4;
  const calls = Array.from({ length: SOURCES }, (_, n) => {
    const from = hostAt('10.4', n);
    const succeeded = Array.from({ length: 30 }, (_, k) =>
      visit(from, hostAt('10.2', n * 30 + k), (n + 100 * k) % 3000),
    );
    const failed = Array.from({ length: FAILED }, (_, k) =>
      probe(from, hostAt('10.3', n + k), 8080, (n + 700 * k) % 3000),
    );
    return [...succeeded.flat(), ...failed];
  }).flat();
  const FROM_OUTSIDE = '203.0.113.9';
  const fromOutside = Array.from({ length: 200 }, (_, n) => probe(FROM_OUTSIDE, '10.8.8.9', n + 1, n * 14));
  const file = textOf(shuffled([...calls, ...scan(300), ...fromOutside], random));
  const { sources, dropped } = readAt(MOST, file, random);
  expect(dropped.contacts).toBeGreaterThan(0);
  const failedOf = (address: string) =>
    contactsOf(sources.get(address)).filter(({ seen }) => isFailedProbe(seen)).length;
  expect([failedOf(SCANNER), failedOf(FROM_OUTSIDE)]).toEqual([300, 200]);
  for (let n = 0; n < SOURCES; n++) expect(failedOf(hostAt('10.4', n))).toBe(FAILED);
});
