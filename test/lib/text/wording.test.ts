/** Values in messages: as JSON, short, and whatever they are. */
import { expect, test } from '@jest/globals';
import { parseSettings, SettingsError } from '../../../lib/config/load.ts';
import { parseRuntimeSettings } from '../../../lib/config/runtime.ts';
import { countOf, grouped, protocolLabel, shown } from '../../../lib/text/wording.ts';

const DEEP = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

test.each([
  [undefined, 'nothing'],
  [null, 'null'],
  ['a "text"', '"a \\"text\\""'],
  ['x'.repeat(100), `"${'x'.repeat(76)}...`],
  [JSON.parse(DEEP), 'something nested too deeply'],
])('%# is shown', (value, text) => {
  expect(shown(value)).toBe(text);
});

test('settings nested more deeply than can be written are refused like any others', () => {
  expect(() => parseSettings(JSON.parse(DEEP))).toThrow(SettingsError);
  expect(() => parseRuntimeSettings(DEEP)).toThrow(
    'SETTINGS: SETTINGS must be an object, got something nested too deeply',
  );
});

test.each([
  [0, '0 ports'],
  [1, '1 port'],
  [1024, '1,024 ports'],
  [1_234_567, '1,234,567 ports'],
])('%d is counted with its noun, thousands apart', (count, text) => {
  expect(countOf(count, 'port')).toBe(text);
});

test('a number keeps two decimals at most', () => {
  expect([grouped(1405.7), grouped(9.21), grouped(2 / 3)]).toEqual(['1,405.7', '9.21', '0.67']);
});

test('a protocol is written as people know it, and unknown text stays as it is', () => {
  expect(['tcp', 'icmpv6', 'gre', 'constructor', ''].map(protocolLabel)).toEqual([
    'TCP',
    'ICMPv6',
    'gre',
    'constructor',
    '',
  ]);
});
