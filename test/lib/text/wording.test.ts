/** Values in messages: as JSON, short, and whatever they are. */
import { expect, test } from '@jest/globals';
import { parseSettings, SettingsError } from '../../../lib/config/load.ts';
import { parseRuntimeSettings } from '../../../lib/config/runtime.ts';
import { shown } from '../../../lib/text/wording.ts';

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
