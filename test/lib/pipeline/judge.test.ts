/**
 * Judging a source again: late evidence merges and refutes, late files undo nothing, and the better informed of two
 * judges wins.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { gate, interfere } from '../store/fixture/faults.ts';
import { type Database, startMemory } from '../store/fixture/tables.ts';
import { type Deployment, newDeployment } from './fixture/deployment.ts';
import { ACCOUNT, answer, file, probe, SCANNER, scan } from './fixture/flow-logs.ts';

let embedded: Database;
let deployment: Deployment;
beforeAll(async () => {
  embedded = await startMemory();
});
afterAll(() => embedded.stop());
beforeEach(async () => {
  deployment = await newDeployment(embedded);
});

const MINUTE = 60;
const START = Date.UTC(2026, 10, 21, 10, 10) / 1000;
const NOW = START + 5 * MINUTE;
/** Far enough for every answer to be overdue, not for the scan to be over. */
const OVERDUE = START + 40 * MINUTE;
const findings = async (): Promise<Finding[]> => (await deployment.stored()).map(({ finding }) => finding);
const contacts = (count: number, end: number) =>
  Array.from({ length: count }, (_, n) => ({ port: n + 1, end: end + n }));
/** Traffic of another host, by which the log moves on. */
const later = (end: number) => file([probe({ from: '10.0.1.1', port: 443, end })]);

test('what was visited sixty hours before is not swept for the first time, however much later the source is judged', async () => {
  const HOUR = 60 * MINUTE;
  const visits = (at: number) =>
    Array.from({ length: 12 }, (_, n) => ({ to: `10.0.12.${n}`, port: 22, end: at + n })).flatMap((contact) => [
      probe(contact),
      answer(contact),
    ]);
  const days = async (name: string, at: number, lines: string[]) => {
    await deployment.ingest(name, file(lines), at + 5 * MINUTE);
    await deployment.ingest(`${name}, later`, later(at + 2 * HOUR), at + 2 * HOUR);
    expect((await deployment.settle(at + 2 * HOUR)).failures).toEqual([]);
  };
  await days('a', START, visits(START));
  expect(await findings()).toMatchObject([{ kind: 'open-port-sweep', openPorts: { count: 12 } }]);
  await days('b', START + 60 * HOUR, visits(START + 60 * HOUR));
  // One failure makes the source due for a look at its last three days, in which the first visits are no more.
  await days('c', START + 80 * HOUR, [probe({ port: 9, end: START + 80 * HOUR })]);
  expect(await findings()).toHaveLength(1);
});

describe('late evidence', () => {
  const bursts = [0, 80, 40].map((minutes, n) =>
    file(scan('rejected', { count: 15, first: 1 + n * 100, end: START + minutes * MINUTE })),
  );

  test('that joins two findings merges them: the older id survives, the other says where it went', async () => {
    await deployment.ingest('first', bursts[0]!, NOW);
    await deployment.ingest('second', bursts[1]!, NOW + 80 * MINUTE);
    expect(await findings()).toHaveLength(2);
    const [older, younger] = (await findings()).toSorted((a, b) => (a.firstSeen < b.firstSeen ? -1 : 1));
    await deployment.ingest('between', bursts[2]!, NOW + 82 * MINUTE);
    const after = await findings();
    expect(after.find(({ id }) => id === older!.id)).toMatchObject({ status: 'open', contacts: { failed: 45 } });
    expect(after.find(({ id }) => id === younger!.id)).toMatchObject({
      closedBecause: 'merged',
      mergedInto: older!.id,
    });
  });

  test('merges also what is closed by then', async () => {
    await deployment.ingest('first', bursts[0]!, NOW);
    await deployment.ingest('second', bursts[1]!, NOW + 80 * MINUTE);
    await deployment.settle(NOW + 300 * MINUTE);
    expect((await findings()).map(({ closedBecause }) => closedBecause)).toEqual(['ended', 'ended']);
    await deployment.ingest('between', bursts[2]!, NOW + 310 * MINUTE);
    expect((await findings()).map(({ closedBecause }) => closedBecause).sort()).toEqual(['ended', 'merged']);
  });

  const silent = contacts(20, START);
  const probes = file(silent.map((contact) => probe(contact)));
  // Without data, this would be a host on which every port is open.
  const answers = file(silent.map((contact) => answer({ ...contact, packets: 14 })));

  test('that answers the probes refutes the finding, and people who were alerted hear of it', async () => {
    await deployment.ingest('probes', probes, NOW);
    expect(await findings()).toEqual([]);
    await deployment.ingest('later', later(OVERDUE), OVERDUE);
    await deployment.settle(OVERDUE);
    expect(await findings()).toMatchObject([{ status: 'open', contacts: { unanswered: 20 } }]);
    await deployment.deliverAll(OVERDUE);
    await deployment.ingest('answers', answers, OVERDUE + MINUTE);
    await deployment.settle(OVERDUE + 120 * MINUTE);
    expect(await findings()).toMatchObject([{ status: 'closed', closedBecause: 'refuted' }]);
    await deployment.deliverAll(OVERDUE + 120 * MINUTE);
    expect(deployment.told().map(({ event }) => event)).toEqual(['opened', 'closed']);
  });

  test('refutes a finding that has ended before it came', async () => {
    await deployment.ingest('probes', probes, NOW);
    await deployment.settle(NOW + 300 * MINUTE);
    expect(await findings()).toMatchObject([{ closedBecause: 'ended' }]);
    await deployment.ingest('answers', answers, NOW + 310 * MINUTE);
    await deployment.settle(NOW + 311 * MINUTE);
    expect(await findings()).toMatchObject([{ closedBecause: 'refuted' }]);
  });
});

describe('a file whose log time lies before the latest judgement', () => {
  const probes = file(scan('unanswered', { count: 20, end: START }));
  /** Suspicious enough to be judged at once, too little to be a finding. */
  const some = file(scan('rejected', { count: 6, first: 900, to: '10.0.12.99', end: START + MINUTE }));

  test('does not undo what fell due meanwhile', async () => {
    await deployment.ingest('probes', probes, NOW);
    await deployment.ingest('later', later(OVERDUE), OVERDUE);
    await deployment.settle(OVERDUE);
    expect(await deployment.ingest('late', some, OVERDUE)).toMatchObject({ opened: 0, updated: 0 });
    expect(await findings()).toMatchObject([{ status: 'open', contacts: { unanswered: 20 } }]);
  });

  test('does not open again what has ended', async () => {
    await deployment.ingest('probes', probes, NOW);
    await deployment.settle(NOW + 300 * MINUTE);
    await deployment.ingest('late', some, NOW + 301 * MINUTE);
    expect(await findings()).toMatchObject([{ status: 'closed', closedBecause: 'ended' }]);
  });

  test('may be a second delivery of a file long read', async () => {
    const body = file(scan('rejected', { count: 20, end: START }));
    await deployment.ingest('a', body, NOW);
    await deployment.settle(NOW + 300 * MINUTE);
    expect(await deployment.ingest('a', body, NOW + 301 * MINUTE)).toMatchObject({ opened: 0, updated: 0 });
    expect(await findings()).toMatchObject([{ status: 'closed', closedBecause: 'ended' }]);
  });
});

test('a scan that turns out shorter is still judged again when more evidence comes', async () => {
  const last = contacts(20, START + 110 * MINUTE);
  await deployment.ingest('a', file(scan('rejected', { count: 20, end: START })), NOW);
  await deployment.ingest('b', file(scan('rejected', { count: 20, first: 100, end: START + 55 * MINUTE })), NOW);
  await deployment.ingest('c', file(last.map((contact) => probe({ ...contact, port: 200 + contact.port }))), NOW);
  for (let n = 0; n < 4; n++)
    await deployment.ingest(
      `d${n}`,
      file([probe({ to: '10.0.13.1', port: 443, end: START + (170 + n) * MINUTE })]),
      NOW,
    );
  await deployment.settle(START + 240 * MINUTE);
  expect(await findings()).toMatchObject([{ contacts: { failed: 60 } }]);
  await deployment.ingest(
    'e',
    file(last.map((contact) => answer({ ...contact, port: 200 + contact.port }))),
    START + 241 * MINUTE,
  );
  await deployment.settle(START + 242 * MINUTE);
  expect(await findings()).toMatchObject([{ contacts: { failed: 40 } }]);
  await deployment.ingest(
    'f',
    file(scan('rejected', { count: 20, first: 300, end: START + MINUTE })),
    START + 243 * MINUTE,
  );
  expect(await findings()).toMatchObject([{ contacts: { failed: 60 } }]);
});

describe('of two who judge a source at the same time', () => {
  const scanning = file(scan('rejected', { count: 20, end: START }));

  test('the one that saw less does not overwrite the other', async () => {
    const client = embedded.client();
    const writing = gate();
    interfere(client, (operation, _, nth) =>
      operation === 'UpdateItem' && nth === 2 ? writing.arrive().then(() => undefined) : undefined,
    );
    const slow = deployment.sibling(client).ingest('a', scanning, NOW);
    await writing.reached;
    await deployment.ingest('b', file(scan('rejected', { count: 60, first: 100, end: START })), NOW);
    writing.open();
    await slow;
    expect(await findings()).toMatchObject([{ contacts: { failed: 80 } }]);
  });

  test('the one that writes last looks again, for evidence that changed nothing by itself', async () => {
    const client = embedded.client();
    const writing = gate();
    interfere(client, (operation, _, nth) =>
      operation === 'UpdateItem' && nth === 2 ? writing.arrive().then(() => undefined) : undefined,
    );
    const slow = deployment.sibling(client).ingest('a', scanning, NOW);
    await writing.reached;
    const open = contacts(30, START).map((contact) => ({ ...contact, port: 500 + contact.port }));
    await deployment.ingest('b', file(open.flatMap((contact) => [probe(contact), answer(contact)])), NOW);
    writing.open();
    await slow;
    expect(await findings()).toMatchObject([{ closedBecause: 'refuted' }]);
  });

  test('many end in one finding that rests on everything', async () => {
    const parts = Array.from({ length: 10 }, (_, n) =>
      file(scan('rejected', { count: 10, first: 1 + n * 10, end: START + n })),
    );
    await Promise.all(parts.map((part, n) => deployment.sibling(embedded.client()).ingest(`part-${n}`, part, NOW)));
    await deployment.settle(NOW + 300 * MINUTE);
    expect(await findings()).toMatchObject([{ contacts: { failed: 100 }, closedBecause: 'ended' }]);
  });
});

describe('what a judgement reads', () => {
  /** The queries of an ingest: what of, up to when (the first 13 characters are an hour), and how. */
  const readsOf = async (body: Uint8Array) => {
    const client = embedded.client();
    const reads: { kind: string; to: string; isConsistent: unknown }[] = [];
    interfere(client, (operation, input) => {
      if (operation !== 'Query') return undefined;
      const values = input.ExpressionAttributeValues as Record<string, unknown>;
      const kind = String(Object.values(values)[0]).split('#')[0]!;
      reads.push({ kind, to: String(values[':to'] ?? '~'), isConsistent: input.ConsistentRead });
      return undefined;
    });
    await deployment.sibling(client).ingest('a', body, NOW);
    return reads;
  };
  const hourBefore = (hours: number) => new Date((START - hours * 3600) * 1000).toISOString().slice(0, 13);
  const scanning = scan('rejected', { count: 20, end: START });
  const earlier = { port: 443, end: START - 12 * 3600 };

  test.each([
    ['the hours around the probes', scanning, hourBefore(3)],
    ['all hours of the file', [probe(earlier), answer(earlier), ...scanning], hourBefore(12)],
  ])('is strongly consistent in %s, and the days before are read once', async (_, lines, present) => {
    const reads = await readsOf(file(lines));
    const past = reads.filter(({ isConsistent }) => isConsistent === false);
    // The source's own items and those that it shares.
    expect(past.map(({ kind }) => kind).sort()).toEqual(['calm', 'source']);
    for (const { to } of past) expect([to < present, to > hourBefore(24)]).toEqual([true, true]);
    const others = reads.filter((read) => !past.includes(read));
    expect(others.length).toBeGreaterThan(6);
    expect(new Set(others.map(({ isConsistent }) => isConsistent))).toEqual(new Set([true]));
  });
});

test('a source with years of findings is judged by those that its evidence can reach', async () => {
  const client = embedded.client();
  let from: unknown;
  interfere(client, (operation, input) => {
    const values = JSON.stringify(input.ExpressionAttributeValues ?? {});
    if (operation === 'Query' && values.includes(`source#${ACCOUNT}|${SCANNER}`) && values.includes('finding#'))
      from ??= input;
    return undefined;
  });
  await deployment.sibling(client).ingest('a', file(scan('rejected', { count: 20, end: START })), NOW);
  // Twice the eight days of windows, and some hours for the margins.
  expect(JSON.stringify(from)).toMatch(/finding#2026-11-05T\d\d#/);
});
