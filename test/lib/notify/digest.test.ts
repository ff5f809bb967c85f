/** The digest of a day. */
import { expect, test } from '@jest/globals';
import { digestMessage } from '../../../lib/notify/digest.ts';
import { findingOf, HOSTILE } from '../finding/samples.ts';

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
  expect(bodies.email).toContain('25 scans began on 2026-09-01 (UTC) without an alert: 12 low, 13 informational.');
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

test('a digest does not depend on the order of its findings', () => {
  const alike = many.map((finding) => ({ ...finding, contacts: many[0]!.contacts }));
  expect(digestMessage('2026-09-01', alike.toReversed(), place)).toEqual(digestMessage('2026-09-01', alike, place));
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
