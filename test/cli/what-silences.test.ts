/** What would have silenced a finding: for every test that the detector has, the setting behind it, and it alone. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { whatSilences } from '../../cli/what-silences.ts';
import { type DetectionSettings, detectionSettings } from '../../lib/detections/settings.ts';
import { TESTS } from '../../lib/detections/tests.ts';
import { Collector } from '../../lib/evidence/builder.ts';
import { hashKey } from '../../lib/evidence/keyed-hash.ts';
import type { Finding, Reason } from '../../lib/finding/model.ts';
import { readFlowLog } from '../../lib/flowlog/read.ts';
import { bufferSource } from '../../lib/flowlog/source.ts';
import { judgeAll } from '../../lib/pipeline/judge-all.ts';
import { campaignOf, findingOf } from '../lib/finding/samples.ts';

const ROOT = join(import.meta.dirname, '../..');
const UNKNOWN = 'this version has no setting for it';

/** The lines about the tests of a finding, by test. */
function linesOf(finding: Finding): Record<string, string> {
  const lines = whatSilences(finding).map((line) => line.split(': '));
  return Object.fromEntries(finding.reasons.map(({ test }) => [test, lines.find(([name]) => name === test)![1]!]));
}
const lineFor = (reason: Partial<Reason> & { test: string }, values: Partial<Finding> = {}) =>
  linesOf(
    findingOf({ reasons: [{ value: 12, threshold: 8, text: '' }].map((rest) => ({ ...rest, ...reason })), ...values }),
  )[reason.test];

describe('no test of the detector is left out:', () => {
  test('those that its files name', () => {
    const folder = join(ROOT, 'lib/finding');
    const named = readdirSync(folder).flatMap((file) =>
      readFileSync(join(folder, file), 'utf8')
        .split('\n')
        .filter((line) => /^\s*(test|sources|cover|overlap): /.test(line))
        .flatMap((line) => [...line.matchAll(/'([a-z\d]+(?:-[a-z\d]+)+)'/g)].map(([, name]) => name!)),
    );
    expect(named.length).toBeGreaterThan(5);
    for (const name of named) expect([name, lineFor({ test: name })]).not.toEqual([name, UNKNOWN]);
  });

  test('those that the registry makes up of detections and horizons', () => {
    expect(TESTS.size).toBeGreaterThan(12);
    for (const name of TESTS.keys()) expect([name, lineFor({ test: name })]).not.toEqual([name, UNKNOWN]);
    expect(lineFor({ test: 'fleeting-targets-on-one-port-5m' })).toMatch(
      /^detection\.openTargetsIn5Minutes of at least 13 /,
    );
  });

  test.each([
    'd1-distributed-vertical',
    'd2-distributed-sweep',
    'h4-sweep-all-answer',
    'x10-scan-then-login',
    'x7-vertical-72h',
    'b1-block',
  ])('those that %s meets', async (file) => {
    const findings = await findingsIn(`shapes/${file}.log.gz`, {});
    expect(findings.length).toBeGreaterThan(0);
    for (const finding of findings)
      for (const [name, line] of Object.entries(linesOf(finding))) expect([name, line]).not.toEqual([name, UNKNOWN]);
  });
});

describe('the value that is named', () => {
  test.each([
    ['failed-ports-of-one-target-5m', 12, 'detection.failuresIn5Minutes of at least 13 (was 8)'],
    ['failed-targets-on-one-port-1h', 30, 'detection.failuresIn1Hour of at least 31 (was 8)'],
    ['failed-target-port-pairs-24h', 30, 'detection.pairsIn24Hours of at least 31 (was 8)'],
    ['covers-many-targets', 80, 'detection.broadTargets of at least 81 (was 8), which only changes the severity'],
    ['threshold-random-walk', 11.09, 'detection.falsePositiveRate below 0.000015'],
    // What the settings do not allow is no advice.
    ['threshold-random-walk', 1405.7, 'no allowed value of detection.falsePositiveRate'],
    ['failures-per-success', 6, 'detection.failuresPerSuccess of at least 6.01 (was 8)'],
    ['failures-per-success', 203.8, 'no allowed value of detection.failuresPerSuccess'],
    ['campaign-overlap-1h', 1.2, 'detection.campaignOverlap below 1.2'],
    ['campaign-overlap-1h', 1, 'no allowed value of detection.campaignOverlap'],
    ['known-vulnerable-services', 1, 'no setting, since this test only adds a reason and a technique'],
    ['watched', 1, 'no finding without the watch'],
    ['watched', 0, 'no setting, and a finding without the watch too'],
    ['some-later-test', 1, UNKNOWN],
  ])('for %s at %d is: %s', (name, value, expected) => {
    expect(lineFor({ test: name, value })).toBe(expected);
  });

  test('is the final size of a campaign, not the size at which it was first enough', () => {
    const reasons = ['campaign-sources-1h', 'campaign-targets-3h', 'campaign-ports-1h'].map((test) => ({
      test,
      value: 12,
      threshold: 12,
      text: '',
    }));
    expect(linesOf(campaignOf({ reasons }))).toEqual({
      'campaign-sources-1h': 'detection.campaignSources of at least 41 (was 12)',
      'campaign-targets-3h': 'detection.campaignTargets of at least 61 (was 12)',
      'campaign-ports-1h': 'no allowed value of detection.campaignPorts',
    });
  });

  test('weighs failures against successes by the setting of the horizon, and only where anything succeeded', () => {
    const ratio = { test: 'failures-per-success', value: 6, threshold: 4, text: '' };
    const floor = (test: string, value: number) => ({ test, value, threshold: 25, text: '' });
    const reasons = [floor('failed-ports-of-one-target-5m', 9), floor('failed-targets-on-one-port-72h', 30), ratio];
    expect(linesOf(findingOf({ reasons }))[ratio.test]).toBe(
      'detection.failuresPerSuccessSlow of at least 6.01 (was 4)',
    );
    const contacts = { ...findingOf().contacts, established: 0 };
    expect(linesOf(findingOf({ reasons, contacts }))[ratio.test]).toMatch(/^no allowed value of /);
  });

  test.each<[string, string, string]>([
    ['shapes/d2-distributed-sweep.log.gz', 'campaign-sources-3h', 'campaignSources'],
    ['shapes/d2-distributed-sweep.log.gz', 'campaign-targets-3h', 'campaignTargets'],
    ['shapes/h4-sweep-all-answer.log.gz', 'visited-targets-on-one-port-5m', 'visitedTargetsIn5Minutes'],
  ])('does what it says: in %s, %s', async (file, name, setting) => {
    const [finding] = await findingsIn(file, {});
    const line = linesOf(finding!)[name]!;
    const value = Number(new RegExp(`^detection\\.${setting} of at least (\\d+) `).exec(line)![1]);
    expect(await findingsIn(file, { [setting]: value })).toEqual([]);
  });
});

describe('the suppression that is named', () => {
  const last = (finding: Finding) => whatSilences(finding).at(-1);

  test('goes by the source, of a campaign by its target', () => {
    expect(last(findingOf())).toBe('or the suppression --source 10.0.3.22/32');
    expect(last(campaignOf())).toBe('or the suppression --source 0.0.0.0/0 --target 10.0.9.0/26');
  });

  test('is missing if no setting takes effect', () => {
    const scattered = { count: 2, exact: true, sample: ['10.0.0.1', '198.51.100.1'] };
    expect(last(campaignOf({ targets: scattered }))).toMatch(/^no single suppression/);
  });
});

async function findingsIn(file: string, overrides: Partial<DetectionSettings>): Promise<Finding[]> {
  const collector = new Collector({ key: hashKey('test') });
  await readFlowLog(bufferSource(file, readFileSync(join(ROOT, 'test/data', file))), collector);
  const context = {
    settings: detectionSettings('medium', overrides),
    secret: 'test',
    overdueBefore: Number.POSITIVE_INFINITY,
    logTime: collector.logTime,
  };
  return [...(await judgeAll(collector, context))];
}
