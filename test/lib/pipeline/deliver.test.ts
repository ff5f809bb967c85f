/** Deliver: what a person hears of a marked finding, once, whatever breaks in between. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { interfere } from '../store/fixture/faults.ts';
import { detection, finding, HOUR, SOURCE } from '../store/fixture/findings.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';

let embedded: Database;
let deployment: Deployment;
const NOW = HOUR * 3600 + 900;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await newDeployment(embedded);
});

let fragments = 0;
/** A judgement, marked. */
async function mark(parts: Partial<Finding> = {}): Promise<void> {
  await deployment.findings.upsert(detection(parts), { fragments: ++fragments, judgedAt: NOW }, true, NOW);
}
const only = async () => (await deployment.stored())[0]!;
const deliver = async (now = NOW) => deployment.deliver(await only(), now);
const openPorts = { count: 1, sample: [{ target: '10.0.12.30', port: 22, protocol: 'tcp' }] };

describe('a person hears', () => {
  test('that a scan was found, once', async () => {
    await mark();
    expect(await deliver()).toEqual({
      outcome: 'published',
      event: 'opened',
      severity: 'high',
      lagSeconds: NOW - (HOUR * 3600 + 120),
    });
    expect(await deliver()).toEqual({ outcome: 'already handled' });
    expect(deployment.told()).toEqual([{ event: 'opened', id: finding().id }]);
  });

  test.each<[string, Partial<Finding>, string]>([
    ['that it is more severe', { severity: 'critical' }, 'escalated'],
    ['that something answered', { openPorts }, 'escalated'],
    ['that it ended', { status: 'closed', closedBecause: 'ended' }, 'closed'],
    ['that it was none', { status: 'closed', closedBecause: 'refuted' }, 'closed'],
  ])('%s', async (_, parts, event) => {
    await mark();
    await deliver();
    await mark(parts);
    expect(await deliver()).toMatchObject({ outcome: 'published', event });
    expect(deployment.told()).toHaveLength(2);
  });

  test.each<[string, Partial<Finding>]>([
    ['that it grew', { contacts: { failed: 900, established: 0, rejected: 900, unanswered: 0, reset: 0 } }],
    ['that it is less severe', { severity: 'medium' }],
  ])('not %s', async (_, parts) => {
    await mark();
    await deliver();
    await mark(parts);
    expect(await deliver()).toEqual({ outcome: 'nothing to tell' });
    expect((await only()).announceSince).toBeUndefined();
  });

  test.each<[string, Partial<Finding>]>([
    ['is below the minimum severity: it waits for the digest', { severity: 'low', direction: 'inbound' }],
    ['was refuted before', { status: 'closed', closedBecause: 'refuted' }],
    ['became part of another', { status: 'closed', closedBecause: 'merged', mergedInto: 'b'.repeat(24) }],
    ['belongs to a campaign that is told of', { campaign: 'c'.repeat(24), severity: 'medium' }],
  ])('nothing of a finding that %s', async (_, parts) => {
    await mark(parts);
    expect(await deliver()).toEqual({ outcome: 'nothing to tell' });
    expect(deployment.published).toEqual([]);
    expect(await only()).not.toHaveProperty('announced');
  });
});

describe('an alert about a source that was reported before', () => {
  const DAY = 86_400_000;
  const later = (days: number, parts: Partial<Finding> = {}): Partial<Finding> => {
    const at = (text: string) => new Date(Date.parse(text) + days * DAY).toISOString().replace('.000', '');
    const { firstSeen, lastSeen, detectedAt } = finding();
    const id = String(days).repeat(24);
    return { id, firstSeen: at(firstSeen), lastSeen: at(lastSeen), detectedAt: at(detectedAt), ...parts };
  };
  const told = async (days: number, parts: Partial<Finding> = {}) => {
    const values = later(days, parts);
    const anchorHour = HOUR + days * 24;
    const version = { fragments: ++fragments, judgedAt: NOW };
    await deployment.findings.upsert({ ...detection(values), anchorHour }, version, true, NOW);
    const stored = (await deployment.stored()).find((one) => one.finding.id === values.id)!;
    await deployment.deliver(stored, NOW + days * 86_400);
    return deployment.published.at(-1)!;
  };

  test('says so, and names the last finding', async () => {
    await told(0);
    await told(1);
    const { bodies } = await told(3);
    expect(bodies.email).toContain(
      'The same source was reported in 2 findings of the 30 days before, the last one a vertical scan that ended at ' +
        `2026-11-22T10:04:00Z (high, finding ${'1'.repeat(24)}).`,
    );
    expect(JSON.parse(bodies.default!).earlier.map(({ id }: { id: string }) => id[0])).toEqual(['0', '1']);
  });

  test('counts neither what people never heard of nor what was withdrawn', async () => {
    await mark({ ...later(0), severity: 'low', direction: 'inbound' });
    await told(1);
    await told(1, { status: 'closed', closedBecause: 'refuted' });
    const { bodies } = await told(2);
    expect(bodies.email).not.toContain('reported in');
    expect(JSON.parse(bodies.default!)).not.toHaveProperty('earlier');
  });

  test('does not look back further than 30 days', async () => {
    await told(0);
    expect((await told(9)).bodies.email).toContain('reported in 1 finding of');
    await deployment.findings.upsert(
      { ...detection(later(40, { id: 'd'.repeat(24) })), anchorHour: HOUR + 960 },
      { fragments: ++fragments, judgedAt: NOW },
      true,
      NOW,
    );
    const stored = (await deployment.stored()).find((one) => one.finding.id === 'd'.repeat(24))!;
    await deployment.deliver(stored, NOW + 40 * 86_400);
    expect(deployment.published.at(-1)!.bodies.email).not.toContain('reported in');
  });
});

describe('a look back', () => {
  const day = new Date(HOUR * 3_600_000).toISOString().slice(0, 10);
  const rule = { id: 'look-back', from: day, to: day, expires: new Date((NOW + 9 * 86_400) * 1000).toISOString() };
  const later = NOW + 2 * 86_400;

  test('keeps the findings of its days quiet, and is named in them', async () => {
    await deployment.services.lookBacks.put(rule);
    await mark();
    expect(await deliver(later)).toEqual({ outcome: 'suppressed', by: 'look-back' });
    expect(deployment.published).toEqual([]);
    expect((await only()).finding.suppressedBy).toBe('look-back');
    await mark({ status: 'closed', closedBecause: 'ended' });
    expect(await deliver(later)).toEqual({ outcome: 'suppressed', by: 'look-back' });
  });

  test('leaves the news about a finding that was announced before', async () => {
    await mark();
    await deliver();
    await deployment.services.lookBacks.put(rule);
    await mark({ severity: 'critical' });
    expect(await deliver(later)).toMatchObject({ outcome: 'published', event: 'escalated' });
  });

  test('of other days, or that was removed, keeps nothing quiet', async () => {
    const other = new Date((HOUR * 3600 - 86_400 * 3) * 1000).toISOString().slice(0, 10);
    await deployment.services.lookBacks.put({ ...rule, from: other, to: other });
    await mark();
    expect(await deliver(later)).toMatchObject({ outcome: 'published' });
    await deployment.services.lookBacks.remove(rule.id);
    expect(await deployment.services.lookBacks.list()).toEqual([]);
  });
});

describe('a suppression', () => {
  const rule = {
    id: 'r1',
    source: '10.0.7.0/24',
    owner: 'soc',
    reason: 'ours',
    expires: new Date((NOW + 60) * 1000).toISOString(),
  };

  test('silences, and is named in the finding', async () => {
    await deployment.suppressions.add(rule);
    await mark();
    expect(await deliver()).toEqual({ outcome: 'suppressed', by: 'r1' });
    expect(deployment.published).toEqual([]);
    expect((await only()).finding.suppressedBy).toBe('r1');
  });

  test('that has run out silences nothing', async () => {
    await deployment.suppressions.add(rule);
    await mark();
    expect(await deliver(NOW + 61)).toMatchObject({ outcome: 'published', event: 'opened' });
    expect((await only()).finding.suppressedBy).toBeUndefined();
  });

  test('silences no test, whatever its severity', async () => {
    await deployment.suppressions.add(rule);
    const parts = { test: true, status: 'closed', closedBecause: 'ended' } as const;
    await mark({ ...parts, severity: 'informational' });
    expect(await deliver()).toMatchObject({ outcome: 'published', event: 'opened', isTest: true });
    expect((await only()).finding.suppressedBy).toBeUndefined();
  });

  test('of another network silences nothing', async () => {
    await deployment.suppressions.add({ ...rule, source: '10.0.8.0/24' });
    await mark();
    expect(await deliver()).toMatchObject({ outcome: 'published' });
  });
});

describe('when a publish fails', () => {
  test('the lease keeps others off until it runs out, and then it is told once', async () => {
    await mark();
    deployment.faults.publish.push(new Error('throttled'));
    await expect(deliver()).rejects.toThrow('throttled');
    expect(await deliver(NOW + 59)).toEqual({ outcome: 'already handled' });
    expect(await deliver(NOW + 61)).toMatchObject({ outcome: 'published', event: 'opened' });
    expect(await deliver(NOW + 200)).toEqual({ outcome: 'already handled' });
    expect(deployment.told()).toHaveLength(1);
  });

  test('settle asks again when the message itself was lost', async () => {
    await mark();
    deployment.faults.publish.push(new Error('throttled'));
    await expect(deliver()).rejects.toThrow('throttled');
    expect(await deployment.settle(NOW + 180)).toMatchObject({ announcedAgain: 1 });
    await deployment.deliverAll(NOW + 180);
    expect(deployment.told()).toHaveLength(1);
    expect(await deployment.settle(NOW + 400)).toMatchObject({ announcedAgain: 0 });
  });
});

test('a crash between publish and record alerts twice, and never loses the alert', async () => {
  await mark();
  const client = embedded.client();
  // The lease, the place among the announcements, the record.
  interfere(client, (operation, _, nth) =>
    operation === 'UpdateItem' && nth === 3 ? Promise.reject(new Error('the process is gone')) : undefined,
  );
  const crashing = deployment.sibling(client);
  await expect(crashing.deliver(await only(), NOW)).rejects.toThrow('the process is gone');
  await deployment.settle(NOW + 180);
  await deployment.deliverAll(NOW + 180);
  expect([...crashing.told(), ...deployment.told()].map(({ event }) => event)).toEqual(['opened', 'opened']);
});

test('many handlers of one announcement at once alert once', async () => {
  await mark();
  const ref = await only();
  const outcomes = await Promise.all(Array.from({ length: 6 }, () => deployment.deliver(ref, NOW)));
  expect(outcomes.filter(({ outcome }) => outcome === 'published')).toHaveLength(1);
  expect(deployment.told()).toHaveLength(1);
});

test('what becomes news while another publish is under way is told as well, though its own message found the lease taken', async () => {
  await mark();
  const client = embedded.client();
  let isFirst = true;
  interfere(client, async (operation, input) => {
    // The suppressions are read between lease and publish.
    if (isFirst && operation === 'Query' && JSON.stringify(input).includes('suppressions')) {
      isFirst = false;
      await mark({ status: 'closed', closedBecause: 'ended' });
      expect(await deliver()).toEqual({ outcome: 'already handled' });
    }
    return undefined;
  });
  const slow = deployment.sibling(client);
  expect(await slow.deliver(await only(), NOW)).toMatchObject({ event: 'opened' });
  expect(slow.told().map(({ event }) => event)).toEqual(['opened', 'closed']);
  expect((await only()).announceSince).toBeUndefined();
});

test('an announcement of a deleted finding is not an error', async () => {
  expect(await deployment.deliver({ pk: `source#${SOURCE.scope}|x`, sk: 'finding#y' }, NOW)).toEqual({
    outcome: 'already handled',
  });
});

test('the message holds what filter policies, programs and people need', async () => {
  await mark({ source: { ...SOURCE, accountId: SOURCE.scope, vpcId: 'vpc-1' } });
  await deliver();
  const [message] = deployment.published;
  expect(message!.attributes).toEqual({
    severity: 'high',
    kind: 'vertical-scan',
    direction: 'lateral',
    event: 'opened',
    accountId: SOURCE.scope,
    vpcId: 'vpc-1',
  });
  expect(message!.subject).toMatch(/^[\x20-\x7e]{1,99}$/);
  expect(message!.bodies.email).toContain('10.0.7.105');
});
