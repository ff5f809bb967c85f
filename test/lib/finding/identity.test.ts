/** Ids: the same for the same scan, another for another, and not to be guessed without the secret. */
import { expect, test } from '@jest/globals';
import { findingId, type IdentityParts } from '../../../lib/finding/identity.ts';

const parts: IdentityParts = { scope: '1', address: '10.0.0.1', direction: 'lateral', anchorHour: 500_000, ordinal: 0 };

test('an id is 24 hexadecimal digits, the same for the same parts', () => {
  expect(findingId('secret', parts)).toMatch(/^[0-9a-f]{24}$/);
  expect(findingId('secret', { ...parts })).toBe(findingId('secret', parts));
});

test('each part and the secret change the id', () => {
  const others: readonly Partial<IdentityParts>[] = [
    { scope: '2' },
    { address: '10.0.0.2' },
    { direction: 'outbound' },
    { anchorHour: 500_001 },
    { ordinal: 1 },
  ];
  const ids = others.map((other) => findingId('secret', { ...parts, ...other }));
  ids.push(findingId('secret', parts), findingId('other', parts));
  expect(new Set(ids).size).toBe(ids.length);
});

test('parts cannot run into each other', () => {
  const a = findingId('s', { ...parts, scope: '1', address: '11' });
  const b = findingId('s', { ...parts, scope: '11', address: '1' });
  expect(a).not.toBe(b);
});
