/** The contexts that the contacts around one give it. */
import { expect, test } from '@jest/globals';
import { inCompany } from '../../../lib/scan/company.ts';
import type { FirstContact } from '../../../lib/scan/first-contact.ts';

const NOON = Date.UTC(2026, 8, 1, 12) / 1000;
const contact = (port: number, changes: Partial<FirstContact> = {}): FirstContact => ({
  ...{ target: '10.0.9.9', port, protocol: 6, outcome: 'reset', context: 'failed', direction: 'lateral', weight: 1 },
  ...{ start: NOON, end: NOON, last: NOON, attempts: 1, flows: 1, sourcePort: 40_000, packetBytes: 60 },
  ...{ isHabit: false, isTouch: false, isVisit: false, isConnected: false, isRepeat: false, isStealth: false },
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
