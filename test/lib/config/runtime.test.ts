/** What travels from synthesis to the functions arrives whole, or is refused by name. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { parseSettings } from '../../../lib/config/load.ts';
import { parseRuntimeSettings, toRuntimeSettings } from '../../../lib/config/runtime.ts';

const full = toRuntimeSettings(
  parseSettings({
    deploymentName: 'east',
    sensitivity: 'high',
    detection: { failuresIn5Minutes: 8, benignSuccess: 0.7 },
    internal: ['203.0.113.0/24', '2001:db8::/32'],
    routingDomains: { core: ['vpc-01234567', 'vpc-89abcdef'] },
    minSeverity: 'low',
    digestHourUtc: null,
    retentionDays: { windows: 10, findings: 90 },
    fields: ['srcaddr', 'dstaddr'],
    inventory: true,
    detailedMonitoring: true,
  }),
);

describe('runtime settings', () => {
  test('arrive as they were sent', () => {
    expect(parseRuntimeSettings(JSON.stringify(full))).toEqual(full);
    const plain = toRuntimeSettings(parseSettings({}));
    expect(parseRuntimeSettings(JSON.stringify(plain))).toEqual(plain);
    const hourly = toRuntimeSettings(parseSettings({ digestEvery: 'hour' }));
    expect(parseRuntimeSettings(JSON.stringify(hourly))).toMatchObject({ digestHourUtc: 'every' });
    expect(toRuntimeSettings(parseSettings({ digestEvery: 'hour', digestHourUtc: null }))).toMatchObject({
      digestHourUtc: null,
    });
    expect(plain).not.toHaveProperty('fields');
    expect(plain).not.toHaveProperty('flowLogKeysOnly');
    expect(plain).not.toHaveProperty('detailedMonitoring');
    expect(plain).not.toHaveProperty('hasInventory');
    const shared = toRuntimeSettings(
      parseSettings({ bucket: { existing: { bucket: 'logs', flowLogsUnder: 'AWSLogs/' } } }),
    );
    expect(parseRuntimeSettings(JSON.stringify(shared))).toMatchObject({ flowLogKeysOnly: true });
  });

  test.each<[string, object, string]>([
    ['no name', { deployment: '' }, 'SETTINGS: deployment must be a text, got ""'],
    ['an unknown sensitivity', { sensitivity: 'x' }, 'SETTINGS: sensitivity must be one of low, medium, high, got "x"'],
    ['a number as text', { detection: { a: '1' } }, 'SETTINGS: detection.a must be a number, got "1"'],
    [
      'text where a list is expected',
      { internal: '10.0.0.0/8' },
      'SETTINGS: internal must be a list of texts, got "10.0.0.0/8"',
    ],
    [
      'a text for yes or no',
      { flowLogKeysOnly: 'true' },
      'SETTINGS: flowLogKeysOnly must be true or false, got "true"',
    ],
    ['a number for yes or no', { hasInventory: 1 }, 'SETTINGS: hasInventory must be true or false, got 1'],
    ['a part that is gone', { retentionDays: undefined }, 'SETTINGS: retentionDays must be an object, got nothing'],
  ])('refuse %s', (_name, change, message) => {
    expect(() => parseRuntimeSettings(JSON.stringify({ ...full, ...change }))).toThrow(message);
  });

  test('refuse what is no JSON', () => {
    expect(() => parseRuntimeSettings('{"deploy')).toThrow('SETTINGS must be JSON, got {"deploy');
    expect(() => parseRuntimeSettings('')).toThrow('SETTINGS must be JSON, got nothing');
  });

  test('pull no schema library into the bundles of the functions', () => {
    const source = readFileSync(new URL('../../../lib/config/runtime.ts', import.meta.url), 'utf8');
    const imports = source.split('\n').filter((line) => /^import (?!type )/.test(line));
    expect(imports.length).toBeGreaterThan(0);
    expect(imports.filter((line) => /zod|schema/.test(line))).toEqual([]);
  });
});
