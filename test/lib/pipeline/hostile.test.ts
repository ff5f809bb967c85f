/** What whoever writes a log file chose, on its way through tables, index keys and alerts: it is a value and nothing else. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { sourcePartition } from '../../../lib/store/keys.ts';
import fc from '../../properties.ts';
import { HOSTILE } from '../finding/samples.ts';
import { ALL_FIELDS, log, START, type Values } from '../flowlog/sample-logs.ts';
import { interfere } from '../store/fixture/faults.ts';
import { type Database, itemsOf, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';

let embedded: Database;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await newDeployment(embedded);
});

const NOW = START + 120;
const ADDRESS = '10.0.7.7';
/** As a text log can hold it: no white space, which parts columns, and no controls, which count as such. */
const word = (text: string) => text.toWellFormed().replace(/[\s\p{Cc}]+/gu, '') || 'empty';

/** A lateral scan in which every text that is free is the given one. */
function scanOf(text: string, parts: Values = {}): Uint8Array {
  const name = word(text);
  const ids = ['vpc-id', 'instance-id', 'region', 'ecs-cluster-name', 'ecs-service-name', 'ecs-task-id'];
  const free = Object.fromEntries([...ids, 'instance-tag', 'interface-tag'].map((field) => [field, name]));
  const rows = Array.from({ length: 30 }, (_, n) => ({
    ...free,
    'account-id': name.slice(0, 60),
    'interface-id': name,
    srcaddr: ADDRESS,
    'pkt-srcaddr': ADDRESS,
    srcport: '41000',
    dstport: String(1000 + n),
    action: 'REJECT',
    packets: '1',
    bytes: '44',
    start: String(START + n),
    end: String(START + n),
    ...parts,
  }));
  return Buffer.from(log(rows, ALL_FIELDS));
}

/**
 * Everything that happens to a file for each text, up to the end of the output. Returns the expressions of the queries.
 */
async function live(texts: readonly string[]): Promise<{ expressions: Set<string>; deployment: Deployment }> {
  const expressions = new Set<string>();
  const client = embedded.client();
  interfere(client, (_, input) => {
    for (const [name, value] of Object.entries(input)) if (name.endsWith('Expression')) expressions.add(String(value));
    return undefined;
  });
  const watched = (await newDeployment(embedded)).sibling(client);
  for (const [n, text] of texts.entries()) {
    const address = `10.0.7.${n}`;
    await watched.ingest(`f${n}`, scanOf(text, { srcaddr: address, 'pkt-srcaddr': address }), NOW);
  }
  await watched.deliverAll(NOW);
  await watched.settle(NOW + 3 * 3600);
  await watched.deliverAll(NOW + 3 * 3600);
  return { expressions, deployment: watched };
}

describe('a text in every name of a log file', () => {
  let hostile: { expressions: Set<string>; deployment: Deployment };
  beforeAll(async () => {
    hostile = await live(HOSTILE);
  }, 60_000);

  test('is never part of an expression', async () => {
    const calm = await live(HOSTILE.map((_, n) => `calm-${n}`));
    expect(calm.expressions.size).toBeGreaterThan(10);
    expect([...hostile.expressions].sort()).toEqual([...calm.expressions].sort());
  });

  test.each(HOSTILE.map((text, n) => [text, n] as const))('%j causes two alerts like any other', (text, n) => {
    const told = hostile.deployment.published.map((message) => ({
      ...message,
      body: JSON.parse(message.bodies.default!),
    }));
    const own = told.filter(({ body }) => body.source.address === `10.0.7.${n}`);
    expect(own.map(({ body }) => body.event)).toEqual(['opened', 'closed']);
    for (const { subject, bodies, body } of own) {
      expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
      expect(bodies.email).toMatch(/^[\x20-\x7e\n]*$/);
      expect(bodies.default).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(body.source).toMatchObject({ instanceId: word(text), ecs: { cluster: word(text) } });
    }
  });
});

describe('a scope', () => {
  test('that looks like a part of a key leads to its own sources and no others', async () => {
    const scopes = ['1', `1|${ADDRESS}`, '1#0', '1#2026-11-21T19', '#', '|', 'internet#', `source#1|${ADDRESS}`];
    for (const [n, scope] of scopes.entries())
      await deployment.ingest(`f${n}`, scanOf('calm', { 'account-id': scope }), NOW);
    const stored = await deployment.stored();
    expect(stored.map(({ finding }) => finding.source?.scope).sort()).toEqual(scopes.toSorted());
    for (const { finding } of stored) expect(finding.contacts.failed).toBe(30);
    for (const scope of scopes) {
      const found = await deployment.findings.ofSource({ scope, address: ADDRESS });
      expect(found.map(({ finding }) => finding.source?.scope)).toEqual([scope]);
    }
  });

  test('and an address make a key that no other two make', () => {
    const scope = fc.string({ unit: fc.constantFrom('a', '|', '#', '.', ':', '1') });
    const address = fc.oneof(fc.ipV4(), fc.ipV6());
    fc.assert(
      fc.property(scope, address, scope, address, (a, b, c, d) => {
        const isSame = a === c && b === d;
        expect(sourcePartition({ scope: a, address: b }) === sourcePartition({ scope: c, address: d })).toBe(isSame);
      }),
    );
  });
});

describe('a name that is longer than any', () => {
  test('is ignored, and the file still causes its alert', async () => {
    const long = 'n'.repeat(60_000);
    await deployment.ingest('a', scanOf('calm', { 'account-id': long, 'ecs-cluster-name': 'short' }), NOW);
    await deployment.ingest('b', scanOf('calm', { 'account-id': '1', 'ecs-cluster-name': long }), NOW);
    await deployment.deliverAll(NOW);
    const sources = deployment.published.map(({ bodies }) => JSON.parse(bodies.default!).source);
    expect(sources.map(({ scope, ecs }) => [scope, ecs.cluster]).sort()).toEqual([
      ['1', undefined],
      ['unknown', 'short'],
    ]);
    for (const { bodies } of deployment.published) expect(JSON.stringify(bodies).length).toBeLessThan(64 * 1024);
  });

  test('of the greatest length that is kept fits into keys, items and messages', async () => {
    const wide = '東';
    await deployment.ingest('a', scanOf(wide.repeat(600), { 'account-id': wide.repeat(64) }), NOW);
    await deployment.deliverAll(NOW);
    const [message] = deployment.published;
    expect(JSON.parse(message!.bodies.default!).source).toMatchObject({ instanceId: wide.repeat(600) });
    expect(Buffer.byteLength(JSON.stringify(message!.bodies))).toBeLessThan(64 * 1024);
    for (const table of Object.values(deployment.names))
      for (const { pk, sk } of await itemsOf(embedded.client(), table)) {
        expect(Buffer.byteLength(String(pk))).toBeLessThan(2048);
        expect(Buffer.byteLength(String(sk))).toBeLessThan(1024);
      }
  });
});
