/** What becomes of failures over IPv6 whose interface talks over IPv4 at the same time: a client that falls back. */
import { describe, expect, test } from '@jest/globals';
import type { Finding } from '../../../lib/finding/model.ts';
import { findingsIn, NOON, type Probe, probe, type Row } from '../scan/traffic.ts';

const CLIENT = { 'interface-id': 'eni-0c', 'instance-id': 'i-0c', 'account-id': '111122223333' };
const IPV6 = '2600:1f16:a3:7700::7';
const IPV4 = '10.12.1.7';
const overIpv6 = (n: number) => `2600:1f16:a3:77${n % 3}1:4a1::${n}`;
const overIpv4 = (n: number) => `10.12.${n % 3}.${20 + n}`;
const EVERY = 9;

/** A contact over IPv6 that fails, as the interface of the client logs it. */
const fails = (n: number, also: Partial<Probe> = {}): Row[] =>
  probe({ from: IPV6, to: overIpv6(n), port: 443, at: NOON + n * EVERY, ...also, also: { ...CLIENT, ...also.also } });
/** A conversation over IPv4. */
const talks = (n: number, also: Partial<Probe> = {}): Row[] =>
  probe({
    from: IPV4,
    to: overIpv4(n),
    port: 443,
    at: NOON + n * EVERY,
    fate: 'established',
    ...also,
    also: { ...CLIENT, packets: 7, bytes: 5200, ...also.also },
  });
const range = (count: number) => Array.from({ length: count }, (_, n) => n);
const SERVICES = range(14);
/** The target's interface shows that its address is inside. */
const inside = SERVICES.flatMap((n) =>
  probe({ from: overIpv6(n), to: '10.12.9.9', port: 5432, at: NOON, fate: 'established' }),
);
const ofClient = async (rows: readonly Row[]): Promise<Finding[]> =>
  (await findingsIn([...inside, ...rows])).filter(({ source }) => source?.address === IPV6);
const severitiesOf = async (rows: readonly Row[]) => (await ofClient(rows)).map(({ severity }) => severity);

describe('failures over IPv6', () => {
  test('are low if each is followed by a conversation of the same interface over IPv4, with that reason', async () => {
    const [finding, ...others] = await ofClient(SERVICES.flatMap((n) => [...fails(n), ...talks(n)]));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ direction: 'lateral', severity: 'low', targets: { count: 14 } });
    expect(finding!.reasons.find(({ test: name }) => name === 'fell-back-to-ipv4')).toEqual({
      test: 'fell-back-to-ipv4',
      value: 14,
      threshold: 13,
      text: '14 of 14 failed contacts over IPv6 were each followed within 2 seconds by a conversation of the same interface with another inside host on the same port over IPv4, as a client falls back: the severity is at most low',
    });
  });

  test('are low too if nothing answers, and the conversation begins two seconds later', async () => {
    const rows = SERVICES.flatMap((n) => [
      ...fails(n, { fate: 'unanswered' }),
      ...talks(n, { at: NOON + n * EVERY + 2 }),
    ]);
    expect(await severitiesOf(rows)).toEqual(['low']);
  });

  test.each<[string, (n: number) => Row[]]>([
    ['three seconds later', (n) => talks(n, { at: NOON + n * EVERY + 3 })],
    ['before', (n) => talks(n, { at: NOON + n * EVERY - 1 })],
    ['on another port', (n) => talks(n, { port: 8443 })],
    ['of another interface', (n) => talks(n, { also: { 'interface-id': 'eni-0d', 'instance-id': 'i-0d' } })],
    ['with one and the same host', (n) => talks(n, { to: '10.12.2.20' })],
    ['with hosts outside', (n) => talks(n, { to: `203.0.113.${n}` })],
    ['without data', (n) => talks(n, { also: { packets: 2, bytes: 88 } })],
    ['for four of five', (n) => (n % 5 ? talks(n) : [])],
  ])('stay high if the conversation is %s', async (_, conversation) => {
    expect(await severitiesOf(SERVICES.flatMap((n) => [...fails(n), ...conversation(n)]))).toEqual(['high']);
  });

  test('stay high beside so much IPv4 that some of it follows anything', async () => {
    const busy = range(45).flatMap((n) => talks(n, { at: NOON + n * 3 }));
    expect(await severitiesOf([...SERVICES.flatMap((n) => fails(n)), ...busy])).toEqual(['high']);
  });

  test('excuse no services beside them that were found open over IPv6', async () => {
    const many = range(40);
    const hosts = range(50).flatMap((n) =>
      probe({ from: overIpv6(n), to: '10.12.9.9', port: 5432, at: NOON, fate: 'established' }),
    );
    const touched = many.flatMap((n) => fails(n, { port: 22, fate: 'established', at: NOON + n }));
    const later = probe({ from: '10.0.99.1', to: '10.0.99.2', port: 443, at: NOON + 900, fate: 'established' });
    const alone = await severitiesOf([...hosts, ...touched, ...later]);
    expect(alone).toEqual([expect.stringMatching(/medium|high/)]);
    const behind = [...fails(45, { port: 22, at: NOON + 45 }), ...talks(45, { port: 22, at: NOON + 45 })];
    expect(await severitiesOf([...hosts, ...touched, ...behind, ...later])).toEqual(alone);
  });

  test('stay high if anything failed over IPv4 in that hour', async () => {
    const lost = talks(1, { to: '10.12.7.7', port: 5432, fate: 'rejected', at: NOON + 300 });
    expect(await severitiesOf([...SERVICES.flatMap((n) => [...fails(n), ...talks(n)]), ...lost])).toEqual(['high']);
  });

  test('of a client that talks to the inside hosts it knows and sweeps as many look the same: a known limit', async () => {
    const swept = (n: number) => `2600:1f16:a3:7701::${(n + 1).toString(16)}`;
    const rows = SERVICES.flatMap((n) => [...fails(n, { to: swept(n) }), ...talks(n)]);
    expect(await severitiesOf(rows)).toEqual(['low']);
  });
});
