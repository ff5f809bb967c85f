/** What a table keeps of more contacts than it may hold: by the rules of sampling, in any order of the records. */
import { describe, expect, test } from '@jest/globals';
import { EVERYTHING, limitsOf, type Sample, sampleOf } from '../../../lib/evidence/sample.ts';
import {
  SEEN_ACCEPT,
  SEEN_LATERAL,
  SEEN_PROBE,
  SEEN_REJECT,
  SEEN_RESET,
  SEEN_SYN,
  SEEN_SYN_ACK,
  SEEN_TCP,
} from '../../../lib/evidence/seen.ts';
import type { ContactTable } from '../../../lib/kernel/contact-table.ts';
import type { Kernel } from '../../../lib/kernel/kernel.ts';
import { KernelAddresses } from '../../../lib/kernel/kernel-tables.ts';
import { MOST_LEFT_OUT } from '../../../lib/kernel/rows.ts';
import fc from '../../properties.ts';
import {
  CONVERSATION,
  contactsOf,
  FULL,
  type Half,
  HOUR,
  hashesOf,
  hashOf,
  NOON,
  PROBE,
  panesOf,
  tableOf,
} from './table-of-halves.ts';

/** What a table holds, free of numbers and order: panes by source and hour with their contacts by hash. */
function contentOf(table: ContactTable): unknown {
  return panesOf(table)
    .map((pane) => ({
      hour: pane.hour,
      sample: pane.sample,
      quality: pane.quality,
      contacts: contactsOf(table, pane)
        .map(({ target: _number, ...contact }) => contact)
        .sort((a, b) => a.hash - b.hash || a.port - b.port),
    }))
    .sort((a, b) => a.hour - b.hour || JSON.stringify(a).localeCompare(JSON.stringify(b)));
}

const halfArbitrary: fc.Arbitrary<Half> = fc.record({
  source: fc.integer({ min: 0, max: 2 }),
  target: fc.integer({ min: 0, max: 6 }),
  port: fc.integer({ min: 0, max: 6 }),
  protocol: fc.constantFrom(6, 17),
  seen: fc.constantFrom(PROBE, SEEN_SYN | SEEN_TCP | SEEN_REJECT, SEEN_SYN_ACK | SEEN_TCP, SEEN_RESET | SEEN_TCP),
  start: fc.integer({ min: NOON - 10, max: NOON + 30 }),
  end: fc.integer({ min: NOON + 30, max: NOON + 2 * HOUR }),
  quality: fc.constantFrom(0, 1, 4),
});

/** Halves of contacts whose class shows in each of them. */
const steadyHalf: fc.Arbitrary<Half> = halfArbitrary.map((half) => {
  const classes = [PROBE, SEEN_SYN | SEEN_TCP | SEEN_REJECT, SEEN_SYN_ACK | SEEN_TCP, CONVERSATION];
  const lateral = half.target! % 2 ? SEEN_LATERAL : 0;
  return { ...half, seen: classes[(half.port! + half.target!) % 4]! | lateral };
});

interface Sampled {
  readonly name: string;
  readonly sample: Sample;
  readonly hashes: readonly number[];
}

const byName = (a: Sampled, b: Sampled) => (a.name < b.name ? -1 : 1);

/** The sample of each source's hour in the table, with the hashes that it has. */
function samplesOf(table: ContactTable & { readonly kernel: Kernel }): Sampled[] {
  const addresses = new KernelAddresses(table.kernel);
  return panesOf(table)
    .map((pane) => ({
      name: `${addresses.text(pane.source)} ${pane.hour}`,
      sample: pane.sample,
      hashes: hashesOf(table, pane),
    }))
    .sort(byName);
}

/** The same by the rules, from all that was seen. */
function expectedOf(list: readonly Half[], limit: number): Sampled[] {
  const panes = new Map<string, Map<number, { seen: number; protocol: number; hash: number }>>();
  for (const { source = 1, target = 1, port = 80, protocol = 6, seen = PROBE, end, start } of list) {
    const hash = hashOf(source, target, port, protocol);
    const name = `10.0.0.${source} ${Math.floor((end ?? start ?? NOON) / HOUR)}`;
    const contacts = panes.get(name) ?? new Map();
    contacts.set(hash, { hash, protocol, seen: (contacts.get(hash)?.seen ?? 0) | seen });
    panes.set(name, contacts);
  }
  return [...panes]
    .map(([name, all]) => {
      const { sample, contacts } = sampleOf({ sample: EVERYTHING, contacts: [...all.values()] }, limitsOf(limit));
      return { name, sample, hashes: contacts.map(({ hash }) => hash).sort((a, b) => a - b) };
    })
    .sort(byName);
}

describe('a source-hour beyond the limit', () => {
  const limit = 16;
  const halves = Array.from({ length: 200 }, (_, port) => ({ port }));

  test('is exact up to the limit, with every contact', () => {
    const [pane] = panesOf(tableOf(halves.slice(0, limit), limit));
    expect(pane!.sample).toEqual(EVERYTHING);
    expect(pane!.contacts).toHaveLength(limit);
  });

  test('keeps the contacts with the smallest hashes, and tells the largest hash that it would have kept', () => {
    const hashes = halves.map(({ port }) => hashOf(1, 1, port)).sort((a, b) => a - b);
    const table = tableOf(halves, limit);
    const [pane] = panesOf(table);
    expect(hashesOf(table, pane!)).toEqual(hashes.slice(0, limit));
    expect(pane!.sample.failed).toBe(hashes[limit]! - 1);
  });

  test('does not disturb its neighbours: what is cut leaves the index whole', () => {
    const crowd = Array.from({ length: 40 }, (_, source) => source);
    const mixed = halves.flatMap(({ port }) => crowd.map((source) => ({ source, port, target: port % 7 })));
    // Sources met once more after the cuts must be found again, not entered twice.
    const table = tableOf([...mixed, ...mixed], limit);
    for (const pane of panesOf(table)) {
      expect(pane.contacts).toHaveLength(limit);
      expect(new Set(hashesOf(table, pane))).toHaveProperty('size', limit);
    }
  });

  test('ends the same for any order and repetition of its records', () => {
    const shuffled = fc
      .array(steadyHalf, { minLength: 1, maxLength: 120 })
      .chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length }), fc.subarray(list)),
      );
    fc.assert(
      fc.property(shuffled, fc.integer({ min: 1, max: 12 }), ([list, other, again], max) => {
        expect(contentOf(tableOf([...other, ...again], max))).toEqual(contentOf(tableOf(list, max)));
      }),
      { numRuns: 150 },
    );
  });

  test('keeps of all contacts what the rules of sampling say, for any records', () => {
    fc.assert(
      fc.property(fc.array(steadyHalf, { maxLength: 150 }), fc.integer({ min: 1, max: 12 }), (list, max) => {
        expect(samplesOf(tableOf(list, max))).toEqual(expectedOf(list, max));
      }),
      { numRuns: 150 },
    );
  });

  test('keeps all that may be probes beneath any number of answered contacts, in any order of records, twice or once', () => {
    const max = 12;
    // Fewer failed and touched contacts than their limits, and an answer as the first or second half of each other one.
    const halvesOf = (port: number): Half[] =>
      port < 4
        ? [{ port }, { port, seen: SEEN_SYN | SEEN_TCP | SEEN_REJECT }]
        : port < 8
          ? [{ port }, { port, seen: SEEN_SYN_ACK | SEEN_TCP }]
          : [{ port }, { port, seen: CONVERSATION }, { port, seen: SEEN_PROBE | SEEN_TCP | SEEN_ACCEPT }];
    const order = fc.tuple(
      fc.shuffledSubarray(
        Array.from({ length: 80 }, (_, port) => port),
        { minLength: 30 },
      ),
      fc.infiniteStream(fc.boolean()),
      fc.array(fc.nat({ max: 1000 }), { maxLength: 60 }),
    );
    fc.assert(
      fc.property(order, ([ports, flips, again]) => {
        const contacts = ports.map((port) => (flips.next().value ? halvesOf(port) : halvesOf(port).toReversed()));
        const list: Half[] = [];
        for (const [at, own] of contacts.entries()) {
          list.push(...own);
          // A record of any earlier contact comes once more.
          if (again[at] !== undefined) list.push(list[again[at] % list.length]!);
        }
        const [sample] = samplesOf(tableOf(list, max));
        expect([sample]).toEqual(expectedOf(list, max));
        expect(sample!.sample.failed).toBe(FULL);
        const probes = ports.filter((port) => port < 8).map((port) => hashOf(1, 1, port));
        for (const hash of probes) expect(sample!.hashes).toContain(hash);
      }),
      { numRuns: 150 },
    );
  });

  test('beneath 100,000 answered contacts keeps failures at a known rate, and remembers no more than it may', () => {
    const limit = 2048;
    const failures = 2000;
    const table = tableOf(
      (function* () {
        for (let at = 0; at < 100_000; at++) {
          const [port, target] = [1 + (at % 50_000), 2 + Math.floor(at / 50_000)];
          yield { port, target };
          yield { port, target, seen: CONVERSATION };
          if (at % (100_000 / failures) === 0) yield { port: 60_000 + at / (100_000 / failures), target: 1 };
        }
        // Later records of what was left out, as a connection writes them minute by minute.
        for (let port = 1; port <= 50_000; port++) yield { port, target: 2, seen: SEEN_PROBE | SEEN_TCP | SEEN_ACCEPT };
      })(),
      limit,
    );
    const [pane] = panesOf(table);
    const { sample } = pane!;
    expect(sample.leftOut).toHaveLength(MOST_LEFT_OUT);
    const failed = contactsOf(table, pane!).filter(({ seen }) => (seen & CONVERSATION) !== CONVERSATION);
    expect(failed.every(({ port }) => port >= 60_000)).toBe(true);
    const rate = sample.failed / FULL;
    expect(Math.abs(rate / (MOST_LEFT_OUT / (100_000 - limit)) - 1)).toBeLessThan(0.1);
    expect(Math.abs(failed.length / (failures * rate) - 1)).toBeLessThan(0.15);
  });
});
