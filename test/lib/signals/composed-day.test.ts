/** Composed days of clusters and hosts in which nobody scans: nothing of them may alert. One planted scan must. */
import { describe, expect, test } from '@jest/globals';
import { describeEpisodes, episodesOf } from '../../../lib/finding/describe-signals.ts';
import { severityRank } from '../../../lib/finding/model.ts';
import { HostLogReader } from '../../../lib/signals/host/index.ts';
import type { Signal } from '../../../lib/signals/signal.ts';
import { signalsOf } from './audit-events.ts';
import { clusterDay, DAY, PARTS_OF_DAY, partOfDay, plantedScan } from './cluster-day.ts';
import { HOST_PARTS, hostDay, hostPart, plantedTool } from './host-day.ts';

/** More of them for a longer search: DAYS=50. */
const DAYS = Number(process.env.DAYS ?? 1);
const SEEDS = Array.from({ length: DAYS }, (_, number) => `day ${number}`);

/** Findings of medium severity and above, in short. */
const alerts = (signals: readonly Signal[]): string[] =>
  describeEpisodes(episodesOf(signals), { secret: 's', logTime: DAY / 1000 + 24 * 3600, hasFlowLogs: false })
    .filter(({ severity }) => severityRank(severity) >= severityRank('medium'))
    .map(({ kind, severity, reasons }) => `${severity} ${kind}: ${reasons.map(({ text }) => text).join(' ')}`);

describe('of a day of a cluster', () => {
  test.each(PARTS_OF_DAY)('%s give no finding of medium severity or above', (part) => {
    for (const seed of SEEDS) expect(alerts(signalsOf(partOfDay(part, seed)))).toEqual([]);
  });
});

test.each(SEEDS)('the whole cluster gives no alert, and exactly one with an exec of a scanner: %s', (seed) => {
  const day = clusterDay(seed);
  expect(alerts(signalsOf(day))).toEqual([]);
  const second = (seed.length * 7919) % 80_000;
  expect(alerts(signalsOf([...day, ...plantedScan(second)]))).toEqual([
    expect.stringMatching(/^high exec-into-container: .*mallory/),
  ]);
});

const hostSignals = (lines: readonly string[]): Signal[] => {
  const reader = new HostLogReader('i-0ff2a0c6a833fe1a6');
  return [...lines.flatMap((line) => [...reader.read(line)]), ...reader.finish()];
};

describe('of a day of hosts', () => {
  test.each(HOST_PARTS)('%s give no finding of medium severity or above', (part) => {
    for (const seed of SEEDS) expect(alerts(hostSignals(hostPart(part, seed)))).toEqual([]);
  });
});

test.each(SEEDS)('the hosts give no alert, and exactly one with a scanner: %s', (seed) => {
  const day = hostDay(seed);
  expect(alerts(hostSignals(day))).toEqual([]);
  expect(alerts(hostSignals([...day, ...plantedTool(80_000)]))).toEqual([
    expect.stringMatching(/^(?:medium|high) tool-execution: .*nmap/),
  ]);
});
