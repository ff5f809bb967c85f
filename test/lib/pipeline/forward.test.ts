/** What a destination gets of each message on the alert topic. */
import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { digestMessage } from '../../../lib/notify/digest.ts';
import { alertMessage } from '../../../lib/notify/message.ts';
import { stormMessage } from '../../../lib/notify/storm.ts';
import { type Destination, type ForwardedAlert, forward } from '../../../lib/pipeline/forward.ts';
import type { StoredFinding } from '../../../lib/store/finding-item.ts';
import type { FindingRef } from '../../../lib/store/findings-store.ts';
import { findingOf } from '../finding/samples.ts';

const place = { deployment: 'soc', tables: { findings: 'findings', region: 'eu-west-1' } };
const now = Date.parse('2026-09-01T12:05:00Z') / 1000;
const clock = () => now + 1.5;
const findings = (...all: Finding[]) => ({
  byId: async (id: string) => {
    const finding = all.find((each) => each.id === id);
    // The index may be behind the table.
    return finding && ({ pk: 'source', sk: id, finding: { ...finding, status: 'open' } } as StoredFinding);
  },
  at: async ({ sk }: FindingRef) => {
    const finding = all.find((each) => each.id === sk);
    return finding && ({ finding } as StoredFinding);
  },
});
function collector(): Destination & { taken: ForwardedAlert[]; digests: object[] } {
  const taken: ForwardedAlert[] = [];
  const digests: object[] = [];
  return {
    taken,
    digests,
    alerts: async (alerts) => void taken.push(...alerts),
    digest: async (digest) => void digests.push(digest),
  };
}
const bodyOf = ({ bodies }: { bodies: Readonly<Record<string, string>> }) => bodies.default!;

test('an alert arrives as event and finding, without what the message adds for readers', async () => {
  const to = collector();
  const finding = findingOf();
  const earlier = [
    { id: 'a'.repeat(24), kind: 'vertical-scan', severity: 'low', firstSeen: finding.firstSeen },
  ] as never;
  const message = alertMessage('escalated', finding, place, now, earlier);
  expect(await forward(bodyOf(message), 'soc', to, findings(), clock, () => 30_000)).toEqual({
    alerts: 1,
    missing: 0,
    unknown: 0,
  });
  expect(to.taken).toEqual([{ event: 'escalated', finding, at: '2026-09-01T12:05:00.000Z' }]);
});

test('a storm arrives as one alert for each finding, the worst first, as the table has it now', async () => {
  const to = collector();
  const [critical, medium, gone] = (['critical', 'medium', 'low'] as const).map((severity, n) =>
    findingOf({ severity, id: `${n}`.repeat(24) }),
  ) as [Finding, Finding, Finding];
  const message = stormMessage(
    [
      { event: 'opened', finding: medium },
      { event: 'escalated', finding: critical },
      { event: 'closed', finding: gone },
    ],
    false,
    place,
    now,
  );
  const newer = { ...medium, lastSeen: '2026-09-01T13:00:00Z' };
  expect(await forward(bodyOf(message), 'soc', to, findings(newer, critical), clock, () => 30_000)).toEqual({
    alerts: 2,
    missing: 1,
    unknown: 0,
  });
  expect(to.taken).toEqual([
    { event: 'escalated', finding: critical, at: '2026-09-01T12:05:01.500Z' },
    { event: 'opened', finding: newer, at: '2026-09-01T12:05:01.500Z' },
  ]);
});

test('a finding of a storm that has closed meanwhile arrives closed, though the index shows it open', async () => {
  const to = collector();
  const closed = findingOf({ status: 'closed', closedBecause: 'ended' });
  const message = stormMessage([{ event: 'closed', finding: closed }], false, place, now);
  await forward(bodyOf(message), 'soc', to, findings(closed), clock, () => 30_000);
  expect(to.taken).toMatchObject([{ event: 'closed', finding: { status: 'closed' } }]);
});

test('the message of another deployment that shares the topic is not passed on', async () => {
  const to = collector();
  const alert = alertMessage('opened', findingOf(), { ...place, deployment: 'other' }, now);
  const storm = stormMessage(
    [{ event: 'opened', finding: findingOf() }],
    false,
    { ...place, deployment: 'other' },
    now,
  );
  const digest = digestMessage('2026-09-01', [findingOf()], { ...place, deployment: 'other' })!;
  for (const message of [alert, storm, digest])
    expect(await forward(bodyOf(message), 'soc', to, findings(findingOf()), clock, () => 30_000)).toMatchObject({
      alerts: 0,
    });
  expect([to.taken, to.digests]).toEqual([[], []]);
});

test('an alert says how severe the last one about its finding was', async () => {
  const to = collector();
  const message = alertMessage('closed', findingOf({ severity: 'medium' }), place, now, [], 'high');
  await forward(bodyOf(message), 'soc', to, findings(), clock, () => 30_000);
  expect(to.taken).toMatchObject([{ event: 'closed', previousSeverity: 'high' }]);
});

test('an event of a storm that this release does not know is left out and counted', async () => {
  const to = collector();
  const finding = findingOf();
  const body = JSON.stringify({ event: 'storm', ids: [finding.id, 'b'.repeat(24)], idEvents: 'oz' });
  expect(await forward(body, 'soc', to, findings(finding), clock, () => 30_000)).toEqual({
    alerts: 1,
    missing: 0,
    unknown: 1,
  });
  expect(to.taken).toHaveLength(1);
});

describe('a digest', () => {
  const digest = bodyOf(digestMessage('2026-09-01', [findingOf({ severity: 'low' })], place)!);

  test('goes where digests are taken', async () => {
    const to = collector();
    expect(await forward(digest, 'soc', to, findings(), clock, () => 30_000)).toMatchObject({ alerts: 0 });
    expect(to.digests).toMatchObject([{ event: 'digest', day: '2026-09-01', count: 1 }]);
  });

  test('ends where they are not', async () => {
    expect(
      await forward(digest, 'soc', { alerts: async () => expect(true).toBe(false) }, findings(), clock, () => 30_000),
    ).toMatchObject({ alerts: 0 });
  });
});

test.each(['', 'hello', 'null', '[]', '{}', '{"event":"opened"}', '{"event":"toString","id":"a"}'])(
  '%j is refused',
  async (body) => {
    const to = collector();
    await expect(forward(body, 'soc', to, findings(), clock, () => 30_000)).rejects.toThrow();
    expect(to.taken).toEqual([]);
  },
);
