/** What is explained of a source agrees with what the engine decides about it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { detectionSettings } from '../../../lib/detections/settings.ts';
import { Collector } from '../../../lib/evidence/builder.ts';
import { hashKey } from '../../../lib/evidence/keyed-hash.ts';
import { explainSource } from '../../../lib/finding/why.ts';
import { readFlowLog } from '../../../lib/flowlog/read.ts';
import { bufferSource } from '../../../lib/flowlog/source.ts';

const DATA = join(import.meta.dirname, '../../data');

test.each([
  'shapes/h1-sweep-inside',
  'shapes/h4-sweep-all-answer',
  'shapes/r1-remote-access',
  'shapes/v8-loop',
  'shapes/fp10-stale-discovery',
])('of each source of %s', async (log) => {
  const collector = new Collector({ key: hashKey('local') });
  await readFlowLog(bufferSource(log, readFileSync(join(DATA, `${log}.log.gz`))), collector);
  const settings = detectionSettings('medium');
  const context = {
    settings,
    secret: 'local',
    overdueBefore: Number.POSITIVE_INFINITY,
    logTime: collector.logTime,
  };
  let scanners = 0;
  for (const evidence of collector.sources()) {
    const { windows, scans } = explainSource(evidence, context);
    const met = windows.filter(({ lacks }) => lacks.length === 0);
    if (scans.length) scanners++;
    // A scan has a window that met everything. Such a window without a scan rests on contacts that are doubtful, over days.
    expect(met.length > 0).toBe(scans.length > 0 || met.some(({ horizon }) => horizon === '24h' || horizon === '72h'));
    for (const { lacks, nearness, failures, walk } of windows) {
      expect(nearness === 1).toBe(lacks.length === 0);
      expect(lacks.includes('failures')).toBe(failures.value < failures.threshold);
      if (!lacks.length) expect(walk.value).toBeGreaterThanOrEqual(walk.threshold);
    }
  }
  expect(scanners > 0).toBe(!log.includes('/fp'));
});
