/** How many distinct values some contacts have, all of them or a sample. */
import { describe, expect, test } from '@jest/globals';
import { spread } from '../../../lib/finding/summary.ts';
import type { FirstContact } from '../../../lib/scan/first-contact.ts';

const contact = (target: string, port: number, weight: number): FirstContact =>
  ({ target, port, protocol: 6, outcome: 'reset', weight }) as FirstContact;
const portsOf = (contacts: readonly FirstContact[]) =>
  spread(
    contacts,
    ({ port }) => port,
    ({ target, protocol }) => `${target} ${protocol}`,
  );

describe('distinct values of contacts', () => {
  test('are counted if every contact is kept', () => {
    const { count, exact } = portsOf([contact('10.0.0.1', 80, 1), contact('10.0.0.2', 80, 1)]);
    expect([count, exact]).toEqual([1, true]);
  });

  test('of one target are as many as its contacts, so a sample stands for as many ports as contacts', () => {
    const sample = Array.from({ length: 16 }, (_, n) => contact('10.0.0.1', 1000 + n, 62.5));
    expect(portsOf(sample)).toMatchObject({ count: 1000, exact: false });
  });

  test('count once if a contact is visited again', () => {
    const sample = [contact('10.0.0.1', 80, 10), contact('10.0.0.1', 80, 10), contact('10.0.0.1', 81, 10)];
    expect(portsOf(sample).count).toBe(20);
  });

  test('count as the best sample of them tells, whichever comes first', () => {
    const all = Array.from({ length: 64 }, (_, n) => contact('10.0.0.1', 1000 + n, 4));
    const again = all.slice(0, 16).map((one) => ({ ...one, weight: 16 }));
    expect(portsOf([...all, ...again]).count).toBe(256);
    expect(portsOf([...again, ...all]).count).toBe(256);
  });

  test('of several targets may occur on each, so a sample gives a lower bound', () => {
    const sample = Array.from({ length: 16 }, (_, n) => contact(`10.0.0.${n}`, n < 8 ? 22 : 23, 62.5));
    expect(portsOf(sample).count).toBe(2);
  });
});
