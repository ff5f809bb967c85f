/** The printed commands: each is one command line whose words arrive as meant. */
import { describe, expect, test } from '@jest/globals';
import {
  listBySource,
  listByTarget,
  queryByDay,
  queryById,
  queryBySource,
  queryByTarget,
  showFinding,
  suppressItem,
  suppressLine,
} from '../../../lib/notify/commands.ts';
import { plain } from '../../../lib/text/untrusted.ts';
import { findingOf, HOSTILE } from '../finding/samples.ts';
import { wordsOf, wordsOfEach } from './shell.ts';

const tables = { findings: 'Sweepwatch-Findings', region: 'eu-west-1' };
const argumentOf = (line: string, option: string) => argumentAmong(wordsOf(line), option);
const argumentAmong = (words: readonly string[], option: string) => {
  expect(words.filter((word) => word === option)).toHaveLength(1);
  return words[words.indexOf(option) + 1]!;
};

describe('queries', () => {
  const queries: readonly (readonly [string, string, object])[] = [
    [
      'of a source',
      queryBySource(tables, { scope: 'prod', address: '10.0.0.1' }),
      { ':pk': { S: 'source#prod|10.0.0.1' } },
    ],
    ['by id', queryById(tables, 'abc'), { ':id': { S: 'abc' } }],
    ['by target', queryByTarget(tables, '10.0.9.9'), { ':pk': { S: 'target#10.0.9.9' } }],
    ['by day', queryByDay(tables, '2026-09-01', 2, 3), { ':day': { S: '2026-09-01#2' }, ':rank': { S: '3#' } }],
  ];

  test.each(queries)('%s name table and region, and define every value they use', (_, line, values) => {
    expect(wordsOf(line).slice(0, 3)).toEqual(['aws', 'dynamodb', 'query']);
    expect(argumentOf(line, '--table-name')).toBe('Sweepwatch-Findings');
    expect(argumentOf(line, '--region')).toBe('eu-west-1');
    expect(JSON.parse(argumentOf(line, '--expression-attribute-values'))).toEqual(values);
    const condition = argumentOf(line, '--key-condition-expression');
    expect([...condition.matchAll(/:\w+/g)].map(([name]) => name).sort()).toEqual(Object.keys(values).sort());
    const names = [...condition.matchAll(/#\w+/g)].map(([name]) => name);
    const defined = names.length ? Object.keys(JSON.parse(argumentOf(line, '--expression-attribute-names'))) : [];
    expect(defined).toEqual(names);
  });

  test('carry hostile values as JSON within one word', () => {
    const lines = wordsOfEach(HOSTILE.map((text) => queryById(tables, text)));
    for (const [at, text] of HOSTILE.entries()) {
      const value = JSON.parse(argumentAmong(lines[at]!, '--expression-attribute-values'));
      // JSON escapes line breaks, so they survive. Characters outside ASCII do not.
      expect(value[':id'].S).toBe(JSON.parse(plain(JSON.stringify(text))));
    }
  });
});

describe('sweepwatch lines', () => {
  test('never fetch a package', () => {
    for (const line of [
      showFinding(tables, 'abc'),
      listBySource(tables, { scope: '1', address: '10.0.0.1' }),
      listByTarget(tables, '10.0.9.9'),
      suppressLine(tables, { source: '10.0.0.1/32' }, '2026-09-08'),
    ]) {
      expect(wordsOf(line).slice(0, 3)).toEqual(['npx', '--no-install', 'sweepwatch']);
      expect(argumentOf(line, '--table')).toBe('Sweepwatch-Findings');
      expect(argumentOf(line, '--region')).toBe('eu-west-1');
    }
  });

  test('silence a source, and where it is given only its scans of a target', () => {
    const bySource = suppressLine(tables, { source: '10.0.0.1/32' }, '2026-09-08');
    expect(argumentOf(bySource, '--source')).toBe('10.0.0.1/32');
    expect(wordsOf(bySource)).not.toContain('--target');
    const byTarget = suppressLine(tables, { source: '::/0', target: 'fd00::5/128' }, '2026-09-08');
    expect(argumentOf(byTarget, '--source')).toBe('::/0');
    expect(argumentOf(byTarget, '--target')).toBe('fd00::5/128');
  });

  test('have a plain aws line that writes the same rule', () => {
    const itemOf = (scope: { source: string; target?: string }) =>
      JSON.parse(argumentOf(suppressItem(tables, findingOf().id, scope, '2026-09-08'), '--item'));
    const item = itemOf({ source: '10.0.3.22/32' });
    expect(item).toMatchObject({
      pk: { S: 'suppressions' },
      sk: { S: `suppression#${item.id.S}` },
      source: { S: '10.0.3.22/32' },
      expires: { S: '2026-09-08' },
      expiresAt: { N: String(Date.UTC(2026, 8, 8) / 1000) },
    });
    expect(item).not.toHaveProperty('target');
    expect(itemOf({ source: '0.0.0.0/0', target: '10.0.9.0/24' })).toMatchObject({ target: { S: '10.0.9.0/24' } });
  });
});
