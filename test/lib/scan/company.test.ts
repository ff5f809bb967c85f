/** The contexts that the contacts around one give it. */
import { describe, expect, test } from '@jest/globals';
import { inCompany, type Talk } from '../../../lib/scan/company.ts';
import type { FirstContact } from '../../../lib/scan/first-contact.ts';

const NOON = Date.UTC(2026, 8, 1, 12) / 1000;
const contact = (port: number, changes: Partial<FirstContact> = {}): FirstContact => ({
  ...{ target: '10.0.9.9', port, protocol: 6, outcome: 'reset', context: 'failed', direction: 'lateral', weight: 1 },
  ...{ start: NOON, end: NOON, last: NOON, attempts: 1, flows: 1, sourcePort: 40_000, packetBytes: 60 },
  ...{
    isHabit: false,
    isTouch: false,
    isVisit: false,
    isConnected: false,
    isRepeat: false,
    isStealth: false,
    isPatient: false,
    hasSyn: true,
    isDark: false,
  },
  ...changes,
});
const answered = (port: number) => contact(port, { outcome: 'established', context: 'answered' });
const contextsOf = (contacts: readonly FirstContact[]) => [
  ...new Set(inCompany(contacts, { logTime: NOON + 600 }).map(({ context }) => context)),
];

test('closed ports within a short range of one that answers are those of a search for a cluster', () => {
  const near = Array.from({ length: 8 }, (_, n) => contact(5702 + n));
  expect(contextsOf([answered(5701), ...near])).toEqual(['answered', 'beside the answered port']);
  expect(contextsOf([answered(5701), ...near, contact(22)])).toEqual(['answered', 'failed']);
});

test('one target may have more contacts than a call may have arguments', () => {
  const many = Array.from({ length: 300_000 }, (_, n) => contact(1 + (n % 65_535), { end: NOON + n }));
  expect(contextsOf([answered(80), ...many])).toEqual(['answered', 'failed']);
});

test('a client that waits five seconds for each server of a pool asks them one by one', () => {
  const asked = (seconds: number) =>
    Array.from({ length: 40 }, (_, n) => {
      const at = NOON + n * seconds;
      const times = { start: at, end: at, last: at };
      return contact(123, {
        ...{ target: `198.51.100.${n}`, protocol: 17, outcome: 'unanswered', direction: 'outbound', ...times },
      });
    });
  expect(contextsOf(asked(5))).toEqual(['asked one by one']);
  expect(contextsOf(asked(4))).toContain('failed');
});

test('outside services that our own rules refuse are asked one by one, and many ports of one target are a scan', () => {
  const tried = (seconds: number, changes: Partial<FirstContact>, step: 'target' | 'port') =>
    Array.from({ length: 40 }, (_, n) => {
      const at = NOON + n * seconds;
      const changed = step === 'target' ? { target: `198.51.100.${n}` } : { target: '198.51.100.9', port: 100 + n };
      return contact(443, { ...changed, direction: 'outbound', start: at, end: at, last: at, ...changes });
    });
  expect(contextsOf(tried(5, { outcome: 'rejected' }, 'target'))).toEqual(['asked one by one']);
  expect(contextsOf(tried(4, { outcome: 'rejected' }, 'target'))).toContain('failed');
  expect(contextsOf(tried(5, { outcome: 'unanswered' }, 'target'))).toEqual(['failed']);
  expect(contextsOf(tried(1, { protocol: 17, outcome: 'unanswered' }, 'port'))).toEqual(['failed']);
  // Each pair of target and port is another.
  const pairs = Array.from({ length: 160 }, (_, n) =>
    contact(100 + n, { target: `198.51.100.${n}`, direction: 'outbound', outcome: 'rejected' }),
  );
  expect(contextsOf(pairs)).toEqual(['failed']);
});

describe('servers that fail on a port on which the source talks to others', () => {
  const talks = (count: number, changes: Partial<Talk> = {}): Talk[] =>
    Array.from({ length: count }, (_, n) => ({
      ...{ target: `10.0.8.${n}`, port: 8080, protocol: 6, direction: 'lateral', hour: NOON / 3600, minutes: 3 },
      ...changes,
    }));
  const refused = (count: number, seconds: number, direction: FirstContact['direction'] = 'lateral') =>
    Array.from({ length: count }, (_, n) => {
      const at = NOON + n * seconds;
      return contact(8080, { target: `198.51.100.${n}`, direction, start: at, end: at, last: at });
    });
  const contextsBeside = (contacts: readonly FirstContact[], all: readonly Talk[]) => [
    ...new Set(inCompany(contacts, { logTime: NOON + 900 }, () => all).map(({ context }) => context)),
  ];

  test('are asked one by one, also where the source began to talk an hour before', () => {
    expect(contextsBeside(refused(20, 20), talks(20))).toEqual(['asked one by one']);
    expect(contextsBeside(refused(20, 20), talks(20, { hour: NOON / 3600 - 1 }))).toEqual(['asked one by one']);
  });

  test('are a scan if they are tried faster, or are more', () => {
    expect(contextsBeside(refused(20, 10), talks(20))).toContain('failed');
    expect(contextsBeside(refused(21, 20), talks(20))).toEqual(['failed']);
  });

  test('are a scan if it goes on beside the same talks hour after hour', () => {
    const hours = [0, 1, 2].flatMap((n) => talks(20, { hour: NOON / 3600 + n }));
    expect(contextsBeside(refused(20, 360), hours)).toEqual(['asked one by one']);
    expect(contextsBeside(refused(21, 360), hours)).toEqual(['failed']);
  });

  test('are a scan outside, where browsers talk to many', () => {
    expect(contextsBeside(refused(20, 20, 'outbound'), talks(20, { direction: 'outbound' }))).toEqual(['failed']);
  });

  test('are a scan if the source talks to few, briefly, earlier, elsewhere or on another port', () => {
    expect(contextsBeside(refused(7, 20), talks(7))).toEqual(['failed']);
    for (const other of [{ minutes: 2 }, { hour: NOON / 3600 - 2 }, { direction: 'outbound' }, { port: 80 }] as const)
      expect(contextsBeside(refused(20, 20), talks(20, other))).toEqual(['failed']);
  });
});

test('scattered private addresses are those of peers if they are in three networks and outside peers answer', () => {
  const outside = Array.from({ length: 3 }, (_, n) => ({
    ...answered(30_303),
    ...{ target: `203.0.113.${n}`, protocol: 17, direction: 'outbound' as const },
  }));
  const athome = (networks: readonly string[]) =>
    networks.map((network) => contact(30_303, { target: `${network}.7.7`, protocol: 17, outcome: 'unanswered' }));
  const three = athome(['10.17', '10.80', '192.168']);
  expect(contextsOf([...outside, ...three])).toEqual(['answered', 'private address of a peer']);
  expect(contextsOf([...outside, ...three.slice(1)])).toEqual(['answered', 'failed']);
  expect(contextsOf([...outside.slice(1), ...three])).toEqual(['answered', 'failed']);
});

test('neighbouring private addresses are those of peers if the source is a peer that tries nearly as many outside', () => {
  const peer = { protocol: 17, outcome: 'unanswered', sourcePort: 9993 } as const;
  const outside = (count: number) =>
    Array.from({ length: count }, (_, n) => ({
      ...contact(9993, { ...peer, target: `203.0.113.${n}`, direction: 'outbound' }),
      ...(n < 3 && { outcome: 'established' as const, context: 'answered' as const }),
    }));
  const athome = (changes: Partial<FirstContact> = {}) =>
    ['192.168.1', '10.0.0', '172.16.0'].flatMap((network) =>
      Array.from({ length: 5 }, (_, n) => contact(9993, { ...peer, target: `${network}.${n}`, ...changes })),
    );
  const insideOf = (contacts: readonly FirstContact[]) => [
    ...new Set(
      inCompany(contacts, { logTime: NOON + 600 })
        .filter(({ direction }) => direction === 'lateral')
        .map(({ context }) => context),
    ),
  ];
  expect(insideOf([...outside(12), ...athome()])).toEqual(['private address of a peer']);
  expect(insideOf([...outside(11), ...athome()])).toEqual(['failed']);
  expect(insideOf([...outside(15), ...athome({ sourcePort: 40_000 })])).toEqual(['failed']);
});

describe('a scanner that waits as long as a client', () => {
  const patient = (port: number, changes: Partial<FirstContact> = {}) =>
    contact(port, { outcome: 'unanswered', context: 'failed patiently', sourcePort: 40_000 + port, ...changes });
  const at = (second: number) => ({ start: NOON + second, end: NOON + second, last: NOON + second });
  const ports = (count: number, seconds: number, changes: Partial<FirstContact> = {}) =>
    Array.from({ length: count }, (_, n) => patient(100 + n, { ...at(n * seconds), ...changes }));

  test('tries many ports of one host, each once, within minutes', () => {
    expect(contextsOf(ports(24, 10))).toEqual(['failed']);
    expect(contextsOf(ports(23, 10))).toEqual(['failed patiently']);
    expect(contextsOf(ports(24, 27))).toEqual(['failed patiently']);
  });

  test('tries fewer ports of each of several hosts', () => {
    const of = (hosts: number, count: number) =>
      Array.from({ length: hosts }, (_, n) => ports(count, 10, { target: `10.0.7.${n * 9}` })).flat();
    expect(contextsOf(of(5, 16))).toEqual(['failed']);
    expect(contextsOf(of(4, 16))).toEqual(['failed patiently']);
    expect(contextsOf(of(5, 15))).toEqual(['failed patiently']);
  });

  test.each<[string, Partial<FirstContact>]>([
    ['comes back', { flows: 2 }],
    ['is recurring', { isHabit: true }],
    ['may yet come back', { last: NOON + 550 }],
    ['may be an answer, since the log shows no SYN', { hasSyn: false }],
  ])('what %s is a client', (_, changes) => {
    expect(contextsOf(ports(24, 10, changes))).toEqual(['failed patiently']);
  });

  test('the ports for transfers of an FTP server are those of a client', () => {
    expect(contextsOf([answered(21), ...ports(40, 5)])).toEqual(['answered', 'failed patiently']);
    expect(contextsOf([{ ...answered(21), target: '10.0.9.8' }, ...ports(40, 5)])).toEqual(['answered', 'failed']);
  });
});

describe('a scanner with raw packets', () => {
  const resent = (count: number, changes: (n: number) => Partial<FirstContact> = () => ({})) =>
    Array.from({ length: count }, (_, n) =>
      contact(445, {
        ...{ target: `10.0.8.${n * 5}`, outcome: 'unanswered', context: 'failed patiently' },
        ...changes(n),
      }),
    );
  const habitsAmong = (contacts: readonly FirstContact[]) =>
    inCompany(contacts, { logTime: NOON + 600 }).filter(({ isHabit }) => isHabit).length;

  test('sends again from the same source port, and so does not wait', () => {
    expect(contextsOf(resent(10))).toEqual(['failed']);
    expect(contextsOf(resent(9))).toEqual(['failed patiently']);
  });

  test.each<[string, (n: number) => Partial<FirstContact>]>([
    ['other source ports', (n) => ({ sourcePort: 40_000 + n })],
    ['the port that peers also listen on', () => ({ sourcePort: 445, port: 445 })],
    ['a port that only servers bind', () => ({ sourcePort: 20 })],
    ['the same source port an hour apart', (n) => ({ start: NOON + n * 3600, end: NOON + n * 3600 })],
    ['answers without a SYN', () => ({ hasSyn: false })],
    ['the lowest of all source ports', () => ({ flows: 32 })],
  ])('%s are those of a client', (_, changes) => {
    expect(contextsOf(resent(12, changes))).toEqual(['failed patiently']);
    expect(habitsAmong(resent(12, (n) => ({ ...changes(n), isHabit: true })))).toBe(12);
  });

  test('is no poller, however often it comes back', () => {
    const recurring = { isHabit: true, flows: 31 };
    expect(habitsAmong(resent(10, () => recurring))).toBe(0);
    expect(habitsAmong(resent(9, () => recurring))).toBe(9);
  });
});

describe('a loop through silent hosts, by a client that does not wait', () => {
  const PAUSE = 120;
  const looped = (count: number, changes: (n: number) => Partial<FirstContact> = () => ({})) =>
    Array.from({ length: count }, (_, n) => {
      const at = NOON + n;
      const visits = { isHabit: true, flows: 4, attempts: 4, start: at, end: at, last: at + 3 * PAUSE };
      const changed = { target: `10.0.8.${10 + 3 * n}`, outcome: 'unanswered', sourcePort: 40_000 + n } as const;
      return contact(445, { context: 'failed patiently', ...visits, ...changed, ...changes(n) });
    });
  const seenIn = (contacts: readonly FirstContact[]) =>
    inCompany(contacts, { logTime: NOON + 600 })
      .filter(({ port }) => port === 445)
      .map(({ context, isHabit }) => `${context}${isHabit ? ', recurring' : ''}`)
      .filter((text, at, all) => all.indexOf(text) === at);

  test('is a scan, however often it comes back', () => {
    expect(seenIn(looped(16))).toEqual(['failed patiently, in a row']);
    expect(seenIn(looped(16, () => ({ context: 'failed' })))).toEqual(['failed']);
    expect(seenIn([...looped(16), answered(443)])).toEqual(['failed patiently, in a row']);
  });

  test('is a scan that runs each night', () => {
    const nights = [0, 1, 2, 3].flatMap((night) =>
      looped(16, (n) => ({ context: 'failed', flows: 1, attempts: 1, end: NOON + night * 86_400 + n })),
    );
    expect(seenIn(nights)).toEqual(['failed']);
  });

  test.each<[string, FirstContact[]]>([
    ['fewer hosts', looped(15)],
    ['the same port of other hosts, which answered', [...looped(16), { ...answered(445), target: '10.0.7.7' }]],
    ['closed ports', looped(16, () => ({ outcome: 'reset' }))],
    ['hosts that are waited for', looped(16, () => ({ isPatient: true }))],
    ['hosts in no order', looped(16, (n) => ({ target: `10.0.8.${10 + ((n * 5) % 16) * 3}` }))],
    ['hosts that are asked all at once', looped(16, () => ({ end: NOON }))],
    ['hosts outside', looped(16, (n) => ({ direction: 'outbound', target: `203.0.113.${n}` }))],
    ['what may be answers, since the log shows no SYN', looped(16, () => ({ hasSyn: false }))],
  ])('%s are those of a poller', (_, contacts) => {
    expect(seenIn(contacts)).toContain('failed patiently, recurring');
  });
});
