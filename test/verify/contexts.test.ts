/** How the effect of contexts and of sensitivities is measured. */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { judgeAll } from '../../lib/pipeline/judge-all.ts';
import { CONTEXTS } from '../../lib/scan/contexts.ts';
import { type ContextEffects, contextEffects, contextTable, effectLines } from '../../verify/coverage/contexts.ts';
import { collect, contextFor } from '../../verify/coverage/detector.ts';
import { HeldLog } from '../../verify/coverage/held-log.ts';
import {
  SENSITIVITIES,
  type SensitivityScores,
  sensitivityLines,
  sensitivityScores,
  sensitivityTable,
} from '../../verify/coverage/sensitivity.ts';
import { allShapes } from '../../verify/coverage/shapes.ts';

const logs = allShapes();
const logOf = (name: string) => logs.find((log) => log.name === name && log.format === 'v5')!;

describe('a log that is held', () => {
  // A scan of one host, campaigns from outside and from inside, pings, and alarms that the traffic of others explains.
  test.each([
    'v8-loop',
    'd4-one-network',
    'd3-inside-sweep',
    'i1-ping-sweep',
    'fp12-cluster-port-range',
    'x10-scan-then-login',
  ])('gives the findings of the detector at every sensitivity: %s', async (name) => {
    const { path } = logOf(name);
    const held = await HeldLog.read(path);
    for (const sensitivity of SENSITIVITIES) {
      const collector = await collect([readFileSync(path)]);
      const judged = await judgeAll(collector, contextFor(collector, sensitivity));
      const byId = ({ id: a }: { id: string }, { id: b }: { id: string }) => (a < b ? -1 : 1);
      // What a campaign explains is marked, which changes neither what is found nor what alarms.
      const expected = judged.map(({ campaign: _, ...finding }) => finding).sort(byId);
      expect((await held.findings({ sensitivity })).sort(byId)).toEqual(expected);
    }
  });
});

describe('without a context', () => {
  let effects: ContextEffects[];
  beforeAll(async () => {
    const names = ['fp12-cluster-port-range', 'v6-everything-open', 'v8-loop'];
    effects = await Promise.all(
      names.map(async (name) => contextEffects(logOf(name), await HeldLog.read(logOf(name).path))),
    );
  });
  const rowOf = (name: string) => contextTable('Contexts', effects).rows.find(([context]) => context === name)!;

  test('ordinary failures alarm', () => {
    expect(rowOf('beside the answered port')).toEqual([
      'beside the answered port',
      '1',
      '0',
      'low',
      '90',
      '·',
      'fp12-cluster-port-range',
    ]);
    expect(effectLines(effects)).toContainEqual(
      expect.stringMatching(
        /^without "beside the answered port": alarms about lateral 10\.\S+ in fp12-cluster-port-range v5$/,
      ),
    );
  });

  test('a scan of open ports is missed, since a touch is then an answer like any other', () => {
    expect(rowOf('answered, then left').slice(5)).toEqual(['v6-everything-open', '·']);
    expect(effectLines(effects)).toContain('without "answered, then left": misses v6 in v6-everything-open v5');
  });

  test('nothing changes where no contact is in it', () => {
    expect(rowOf('traceroute')).toEqual(['traceroute', '0', '0', '-', '0', '·', '·']);
  });
});

describe('the table of contexts', () => {
  test('has a row for each context, and no effect of those that all others are measured by', () => {
    const { rows } = contextTable('Contexts', []);
    expect(rows.map(([name]) => name)).toEqual(Object.keys(CONTEXTS));
    expect(rows.filter((row) => row.at(-1) === '-').map(([name]) => name)).toEqual(['answered', 'failed']);
  });

  test('adds contacts up, names each log once, and counts logs beyond the sixth', () => {
    const effectsIn = (name: string): ContextEffects => ({
      contacts: new Map([['traceroute', 600]]),
      effects: (['v5', 'v2'] as const).map((format) => ({
        context: 'traceroute',
        what: 'missed',
        log: { name, format },
        about: 'a',
      })),
    });
    const row = contextTable('Contexts', Array.from('12345678', effectsIn)).rows.find(
      ([name]) => name === 'traceroute',
    )!;
    expect(row.slice(4)).toEqual(['4,800', '1, 2, 3, 4, 5, 6, 2 more', '·']);
  });
});

describe('a sensitivity', () => {
  test('of low misses what takes few contacts, and a higher one needs fewer', async () => {
    const names = ['v3-polite-vertical', 'r1-remote-access', 'fp5-dead-service-retry'];
    const scores: SensitivityScores[] = [];
    for (const name of names) scores.push(await sensitivityScores(logOf(name), await HeldLog.read(logOf(name).path)));
    const { header, rows } = sensitivityTable('Sensitivity', scores, ['72 min', '3 h', '4 h']);
    expect(header.slice(0, 3)).toEqual(['sensitivity', 'scans found', 'contacts']);
    expect(rows.map((cells) => cells.slice(0, 3))).toEqual([
      ['low', '1 of 2', '25'],
      ['medium', '2 of 2', '8'],
      ['high', '2 of 2', '6'],
    ]);
    expect(rows.map((cells) => cells.slice(4, 7))).toEqual([
      ['72 min', '0 of 3', '0'],
      ['3 h', '0 of 3', '0'],
      ['4 h', '0 of 3', '0'],
    ]);
    expect(sensitivityLines(scores)).toEqual(['low: misses r1-remote-access in r1-remote-access v5']);
  });

  test('is charged for each alarm, and names it', async () => {
    const { labels, ...log } = logOf('v8-loop');
    const held = await HeldLog.read(log.path);
    const scores = [await sensitivityScores({ ...log, labels: [] }, held)];
    expect(labels).toHaveLength(1);
    expect(sensitivityTable('Sensitivity', scores, ['72 min', '3 h', '4 h']).rows.at(-1)).toEqual([
      'high',
      '0 of 0',
      '-',
      '-',
      '4 h',
      '1 of 1',
      '1',
      '0',
    ]);
    expect(sensitivityLines(scores).at(-1)).toMatch(
      /^high: alarms in v8-loop v5: vertical-scan high of 10\.\S+: contacts with 50 distinct/,
    );
  });
});
