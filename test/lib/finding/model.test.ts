/** Times, names and keys of the public shape. */
import { expect, test } from '@jest/globals';
import { epochSeconds, isoTime, protocolName, sourceKey } from '../../../lib/finding/model.ts';

test('times are ISO 8601 in UTC with whole seconds, and back', () => {
  expect(isoTime(1_788_264_000)).toBe('2026-09-01T12:00:00Z');
  expect(isoTime(1_788_264_000.9)).toBe('2026-09-01T12:00:00Z');
  expect(epochSeconds('2026-09-01T12:00:00Z')).toBe(1_788_264_000);
});

test('protocols have their IANA keyword, rare ones their number', () => {
  expect([6, 17, 1, 58, 47, 132, 99].map(protocolName)).toEqual([
    'tcp',
    'udp',
    'icmp',
    'icmpv6',
    'gre',
    'sctp',
    'protocol-99',
  ]);
});

test('the key of a source is its scope and address', () => {
  expect(sourceKey({ scope: 'prod', address: '10.0.0.1' })).toBe('prod|10.0.0.1');
});
