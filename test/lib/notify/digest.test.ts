/** The digest of a day, and of an hour. */
import { describe, expect, test } from '@jest/globals';
import { digestMessage } from '../../../lib/notify/digest.ts';
import { namedBy } from '../../../lib/notify/most-active.ts';
import { campaignOf, findingOf, HOSTILE } from '../finding/samples.ts';

const place = { deployment: 'Sweepwatch', tables: { findings: 'Findings', region: 'eu-west-1' } };
const many = Array.from({ length: 25 }, (_, n) =>
  findingOf({
    id: String(n).padStart(24, '0'),
    severity: n % 2 ? 'low' : 'informational',
    contacts: { failed: n, established: 0, rejected: n, unanswered: 0, reset: 0 },
  }),
);

test('a day without findings has no digest', () => {
  expect(digestMessage('2026-09-01', [], place)).toBeUndefined();
});

test('a digest counts by severity, the most severe first, and names the ten largest, the largest first', () => {
  const { bodies, subject, attributes } = digestMessage('2026-09-01', many, place)!;
  expect(subject).toBe('Sweepwatch digest 2026-09-01: 25 scans without an alert (Sweepwatch)');
  expect(attributes).toEqual({ event: 'digest' });
  expect(bodies.email).toContain('25 scans found on 2026-09-01 (UTC) raised no alert: 12 low, 13 informational.');
  const body = JSON.parse(bodies.default!);
  expect(body).toMatchObject({
    event: 'digest',
    day: '2026-09-01',
    count: 25,
    bySeverity: { low: 12, informational: 13 },
  });
  expect(body.largest.map(Number)).toEqual([24, 23, 22, 21, 20, 19, 18, 17, 16, 15]);
  expect(body.top.map(({ id }: { id: string }) => id)).toEqual(body.largest);
});

test('a digest of an hour says so, and names it for programs', () => {
  const { bodies, subject } = digestMessage('2026-09-01T09', many, place)!;
  expect(subject).toBe('Sweepwatch digest 2026-09-01 from 09:00 to 09:59: 25 scans without an alert (Sweepwatch)');
  expect(bodies.email).toMatch(/^25 scans found on 2026-09-01 from 09:00 to 09:59 \(UTC\) raised no alert: /);
  expect(bodies.email).toContain('findings list --since 2026-09-01T09:00:00Z');
  expect(JSON.parse(bodies.default!)).toMatchObject({ day: '2026-09-01', hour: '09', count: 25 });
});

test('a digest says how many of its scans began earlier, and lists from the first of them on', () => {
  const began = (...times: readonly string[]) =>
    times.map((firstSeen, n) => findingOf({ id: `${n}`.repeat(24), firstSeen }));
  const textOf = (...times: readonly string[]) => digestMessage('2026-09-01', began(...times), place)!.bodies;
  const late = textOf('2026-09-01T00:00:00Z', '2026-08-31T23:59:59Z', '2026-08-30T04:05:06Z');
  expect(late.email).toContain('\n2 of them began earlier, from 2026-08-30T04:05:06Z on.\n');
  expect(late.email).toContain('findings list --since 2026-08-30T04:05:06Z');
  expect(JSON.parse(late.default!)).toMatchObject({ day: '2026-09-01', since: '2026-08-30T04:05:06Z' });
  const timely = textOf('2026-09-01T00:00:00Z');
  expect(timely.email).not.toContain('earlier');
  expect(JSON.parse(timely.default!)).toMatchObject({ since: '2026-09-01T00:00:00Z' });
});

test('a digest does not depend on the order of its findings', () => {
  const alike = many.map((finding) => ({ ...finding, contacts: many[0]!.contacts }));
  expect(digestMessage('2026-09-01', alike.toReversed(), place)).toEqual(digestMessage('2026-09-01', alike, place));
});

describe('what was most active', () => {
  const ports = (...sample: number[]) => ({ count: sample.length, exact: true, sample });
  const inside = findingOf({ source: { address: '10.0.7.105', scope: 'a' }, ports: ports(22) });
  const outside = (address: string) =>
    findingOf({ direction: 'inbound', source: { address, scope: 'internet' }, ports: ports(22, 23) });
  const findings = [outside('203.0.113.7'), outside('203.0.113.7'), outside('203.0.113.8'), inside];
  const activeOf = (known?: ReadonlySet<string>) =>
    JSON.parse(digestMessage('2026-09-01', findings, place, { known })!.bodies.default!).active;

  test('names sources inside first, then those with the most scans', () => {
    expect(activeOf().sources).toEqual([
      { name: '10.0.7.105', scans: 1 },
      { name: '203.0.113.7', scans: 2 },
      { name: '203.0.113.8', scans: 1 },
    ]);
    expect(activeOf().ports).toEqual([
      { name: '22', scans: 4 },
      { name: '23', scans: 3 },
    ]);
  });

  test('marks what no earlier finding named', () => {
    const known = new Set(namedBy(findingOf({ source: inside.source, ports: ports(23) })));
    expect(activeOf(known).sources.map(({ isNew }: { isNew: boolean }) => isNew)).toEqual([false, true, true]);
    const { email } = digestMessage('2026-09-01', findings, place, { known })!.bodies;
    expect(email).toContain('MOST ACTIVE (new: in no finding of the week before)\n  Sources: 10.0.7.105 (1 scan), 203');
    expect(email).toContain('  Ports: 22 (new, 4 scans), 23 (3 scans)\n');
  });

  test('says the background noise in one line, with the members of campaigns', () => {
    const lineOf = (...of: Parameters<typeof digestMessage>[1]) =>
      digestMessage('2026-09-01', of, place)!.bodies.email!.split('\n')[1];
    expect(lineOf(...findings)).toBe('Background noise: 3 scans among them came from outside, by 2 sources.');
    expect(lineOf(campaignOf({ sources: { count: 40, sample: ['198.51.100.1'] } }))).toContain('by 40 sources.');
    expect(lineOf(inside)).toBe('No scan among them came from outside.');
  });

  test('fits one screen', () => {
    expect(digestMessage('2026-09-01', many, place)!.bodies.email!.split('\n').length).toBeLessThan(40);
  });
});

test.each(HOSTILE.map((text) => [text]))('%j breaks neither subject nor text of a digest', (text) => {
  const hostile = many.map((finding) => ({ ...finding, source: { address: text, scope: text } }));
  const { bodies, subject } = digestMessage('2026-09-01', hostile, { ...place, deployment: text.repeat(9) })!;
  expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
  expect(bodies.email).toMatch(/^[\x20-\x7e\n]*$/);
  expect(bodies.email!.split('\n')).toHaveLength(
    digestMessage('2026-09-01', many, place)!.bodies.email!.split('\n').length,
  );
});

test('counts findings that were too many to read', () => {
  const { bodies } = digestMessage('2026-09-01', many, place, { unread: 1200 })!;
  expect(bodies.email).toContain('Not read: 1,200 further findings that began on another day.\n');
  expect(JSON.parse(bodies.default!)).toMatchObject({ count: many.length, unread: 1200 });
  expect(JSON.parse(digestMessage('2026-09-01', many, place)!.bodies.default!)).not.toHaveProperty('unread');
});
